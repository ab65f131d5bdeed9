"""What IAM, STS and SQS act on here. They are moto's; what moto would ignore is refused.

{service: {operation: parameters}}, without those of their structures.
"""

PAGE = ["Marker", "MaxItems"]
ROLE = ["RoleName"]

ACTED_ON = {
    "iam": {
        "AttachRolePolicy": [*ROLE, "PolicyArn"],
        "CreatePolicy": ["PolicyName", "PolicyDocument", "Path", "Description", "Tags"],
        "CreateRole": [*ROLE, "AssumeRolePolicyDocument", "Path", "Description", "Tags"],
        "DeletePolicy": ["PolicyArn"],
        "DeleteRole": ROLE,
        "DeleteRolePolicy": [*ROLE, "PolicyName"],
        "DetachRolePolicy": [*ROLE, "PolicyArn"],
        "GetPolicy": ["PolicyArn"],
        "GetPolicyVersion": ["PolicyArn", "VersionId"],
        "GetRole": ROLE,
        "GetRolePolicy": [*ROLE, "PolicyName"],
        "ListAttachedRolePolicies": [*ROLE, "PathPrefix", *PAGE],
        "ListPolicies": ["Scope", "OnlyAttached", "PathPrefix", *PAGE],
        "ListRolePolicies": [*ROLE, *PAGE],
        "ListRoles": ["PathPrefix", *PAGE],
        "ListRoleTags": [*ROLE, *PAGE],
        "PutRolePolicy": [*ROLE, "PolicyName", "PolicyDocument"],
        "TagRole": [*ROLE, "Tags"],
        "UntagRole": [*ROLE, "TagKeys"],
        "UpdateAssumeRolePolicy": [*ROLE, "PolicyDocument"],
    },
    "sts": {
        "GetCallerIdentity": [],
    },
    "sqs": {
        "CreateQueue": ["QueueName"],
        "DeleteMessage": ["QueueUrl", "ReceiptHandle"],
        "DeleteQueue": ["QueueUrl"],
        "GetQueueAttributes": ["QueueUrl", "AttributeNames"],
        "GetQueueUrl": ["QueueName"],
        "ListQueues": ["QueueNamePrefix"],
        "PurgeQueue": ["QueueUrl"],
        "ReceiveMessage": [
            "QueueUrl",
            "MaxNumberOfMessages",
            "VisibilityTimeout",
            "WaitTimeSeconds",
        ],
        "SendMessage": ["QueueUrl", "MessageBody", "DelaySeconds"],
    },
}


def find_unsupported(service, operation, parameters):
    """Return what of a request is not acted on, in words; None if all of it is."""
    if service not in ACTED_ON:
        return None
    if operation not in ACTED_ON[service]:
        return operation
    for name in parameters:
        if name.partition(".")[0] not in ACTED_ON[service][operation]:
            return f"The parameter {name.partition('.')[0]} of {operation}"
    return None
