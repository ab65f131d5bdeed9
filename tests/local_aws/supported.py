"""The table of supported operations and parameters, and the check of every request against it.

moto silently ignores parameters that it does not support. So each request is checked here before
moto sees it: nothing is accepted that is not acted on. There are three kinds of refusal:

- AWS refuses it as well: AWS's own error. Types, required parameters, ranges, patterns and
  enumerations come from botocore's models of the services.
- Only AWS supports it: "is not supported by this local AWS".
- A typo in a name: AWS's error, with the name that was probably meant.
"""

import base64
import contextlib
import difflib
import functools
import json
import re
from unittest import mock
from xml.sax.saxutils import escape

from botocore.model import OperationNotFoundError
from botocore.validate import ParamValidator
from moto.core.exceptions import JsonRESTError
from moto.core.responses import BaseResponse
from moto.core.utils import get_service_model


def inside(structure, *names):
    """Return the paths of parameters in a structure, or in a list of structures."""
    return [f"{structure}.{name}" for name in names]


FUNCTION = [
    "FunctionName",
    "Runtime",
    "Role",
    "Handler",
    "Description",
    "Timeout",
    "MemorySize",
]
MAPPING = [
    "FunctionName",
    "Enabled",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "ParallelizationFactor",
    "FunctionResponseTypes",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "BisectBatchOnFunctionError",
    "DestinationConfig.OnFailure.Destination",
]
STREAM = ["StreamName", "StreamARN"]
DATA = ["Data", "PartitionKey", "ExplicitHashKey"]
LOG_STREAM = ["logGroupName", "logStreamName"]
PAGE = ["Marker", "MaxItems"]
TABLE = ["DatabaseName", "TableName"]
TABLE_SETTINGS = [
    *inside(
        "RetentionProperties",
        "MemoryStoreRetentionPeriodInHours",
        "MagneticStoreRetentionPeriodInDays",
    ),
    "MagneticStoreWriteProperties.EnableMagneticStoreWrites",
]
READING = [
    *inside("Dimensions", "Name", "Value", "DimensionValueType"),
    "MeasureName",
    "MeasureValue",
    "MeasureValueType",
    *inside("MeasureValues", "Name", "Value", "Type"),
    "Time",
    "TimeUnit",
    "Version",
]

# {service: {operation: paths of parameters}}; a path includes everything inside it.
SUPPORTED = {
    "timestream-write": {
        "CreateDatabase": ["DatabaseName"],
        "DescribeDatabase": ["DatabaseName"],
        "ListDatabases": ["MaxResults", "NextToken"],
        "DeleteDatabase": ["DatabaseName"],
        "CreateTable": [*TABLE, *TABLE_SETTINGS],
        "UpdateTable": [*TABLE, *TABLE_SETTINGS],
        "DescribeTable": TABLE,
        "ListTables": ["DatabaseName", "MaxResults", "NextToken"],
        "DeleteTable": TABLE,
        "WriteRecords": [
            *TABLE,
            *inside("CommonAttributes", *READING),
            *inside("Records", *READING),
        ],
        "DescribeEndpoints": [],
    },
    "timestream-query": {
        # SDKs add a ClientToken so that they can retry; repeating a query is harmless.
        "Query": ["QueryString", "MaxRows", "NextToken", "ClientToken"],
        "DescribeEndpoints": [],
    },
    "kinesis": {
        "CreateStream": ["StreamName", "ShardCount", "StreamModeDetails.StreamMode"],
        "DescribeStream": STREAM,
        "DescribeStreamSummary": STREAM,
        "ListStreams": ["Limit", "ExclusiveStartStreamName"],
        "DeleteStream": [*STREAM, "EnforceConsumerDeletion"],
        "AddTagsToStream": [*STREAM, "Tags"],
        "ListTagsForStream": STREAM,
        "RemoveTagsFromStream": [*STREAM, "TagKeys"],
        "IncreaseStreamRetentionPeriod": [*STREAM, "RetentionPeriodHours"],
        "DecreaseStreamRetentionPeriod": [*STREAM, "RetentionPeriodHours"],
        "PutRecord": [*STREAM, *DATA, "SequenceNumberForOrdering"],
        "PutRecords": [*STREAM, *inside("Records", *DATA)],
        "ListShards": [*STREAM, "NextToken", "MaxResults"],
        "GetShardIterator": [
            *STREAM,
            "ShardId",
            "ShardIteratorType",
            "StartingSequenceNumber",
            "Timestamp",
        ],
        "GetRecords": ["StreamARN", "ShardIterator", "Limit"],
        "SplitShard": [*STREAM, "ShardToSplit", "NewStartingHashKey"],
        "MergeShards": [*STREAM, "ShardToMerge", "AdjacentShardToMerge"],
        "UpdateShardCount": [*STREAM, "TargetShardCount", "ScalingType"],
    },
    "lambda": {
        "CreateFunction": [*FUNCTION, "Code.ZipFile", "PackageType", "Tags"],
        "UpdateFunctionCode": ["FunctionName", "ZipFile"],
        "UpdateFunctionConfiguration": FUNCTION,
        "GetFunction": ["FunctionName", "Qualifier"],
        "GetFunctionConfiguration": ["FunctionName", "Qualifier"],
        "ListFunctions": [],
        "DeleteFunction": ["FunctionName", "Qualifier"],
        "Invoke": ["FunctionName", "Qualifier", "InvocationType", "LogType", "Payload"],
        "CreateEventSourceMapping": [
            *MAPPING,
            "EventSourceArn",
            "StartingPosition",
            "StartingPositionTimestamp",
            "Tags",
        ],
        "UpdateEventSourceMapping": [*MAPPING, "UUID"],
        "GetEventSourceMapping": ["UUID"],
        "ListEventSourceMappings": ["EventSourceArn", "FunctionName"],
        "DeleteEventSourceMapping": ["UUID"],
        "ListTags": ["Resource"],
        "TagResource": ["Resource", "Tags"],
        "UntagResource": ["Resource", "TagKeys"],
    },
    "logs": {
        "CreateLogGroup": ["logGroupName", "tags"],
        "DescribeLogGroups": ["logGroupNamePrefix", "limit", "nextToken"],
        "DeleteLogGroup": ["logGroupName"],
        "CreateLogStream": LOG_STREAM,
        "DescribeLogStreams": [
            "logGroupName",
            "logStreamNamePrefix",
            "orderBy",
            "descending",
            "limit",
            "nextToken",
        ],
        "DeleteLogStream": LOG_STREAM,
        "PutLogEvents": [
            *LOG_STREAM,
            *inside("logEvents", "timestamp", "message"),
            "sequenceToken",
        ],
        "GetLogEvents": [
            *LOG_STREAM,
            "startTime",
            "endTime",
            "limit",
            "nextToken",
            "startFromHead",
        ],
        "FilterLogEvents": [
            "logGroupName",
            "logStreamNames",
            "startTime",
            "endTime",
            "filterPattern",
            "limit",
            "nextToken",
            "interleaved",
        ],
        "ListTagsForResource": ["resourceArn"],
        "TagResource": ["resourceArn", "tags"],
        "UntagResource": ["resourceArn", "tagKeys"],
        "ListTagsLogGroup": ["logGroupName"],
    },
    "iam": {
        "AttachRolePolicy": ["RoleName", "PolicyArn"],
        "CreatePolicy": ["PolicyName", "PolicyDocument", "Path", "Description", "Tags"],
        "CreateRole": ["RoleName", "AssumeRolePolicyDocument", "Path", "Description", "Tags"],
        "DeletePolicy": ["PolicyArn"],
        "DeleteRole": ["RoleName"],
        "DeleteRolePolicy": ["RoleName", "PolicyName"],
        "DetachRolePolicy": ["RoleName", "PolicyArn"],
        "GetPolicy": ["PolicyArn"],
        "GetPolicyVersion": ["PolicyArn", "VersionId"],
        "GetRole": ["RoleName"],
        "GetRolePolicy": ["RoleName", "PolicyName"],
        "ListAttachedRolePolicies": ["RoleName", "PathPrefix", *PAGE],
        "ListPolicies": ["Scope", "OnlyAttached", "PathPrefix", *PAGE],
        "ListRolePolicies": ["RoleName", *PAGE],
        "ListRoles": ["PathPrefix", *PAGE],
        "ListRoleTags": ["RoleName", *PAGE],
        "PutRolePolicy": ["RoleName", "PolicyName", "PolicyDocument"],
        "TagRole": ["RoleName", "Tags"],
        "UntagRole": ["RoleName", "TagKeys"],
        "UpdateAssumeRolePolicy": ["RoleName", "PolicyDocument"],
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
    "sts": {
        "GetCallerIdentity": [],
    },
}

# Parameters of which only some values are supported. {service: {path: pattern}}
VALUES = {
    "lambda": {
        "FunctionName": r"(arn:[\w-]+:lambda:[\w-]+:\d{12}:function:)?[\w-]+"
        r"(:(\$LATEST|[\w-]{1,128}))?",
        "PackageType": r"Zip",
        "InvocationType": r"RequestResponse|DryRun",
        "EventSourceArn": r"arn:[\w-]+:kinesis:[\w-]+:\d{12}:stream/[\w.-]+",
        "DestinationConfig.OnFailure.Destination": r"arn:[\w-]+:sqs:[\w-]+:\d{12}:[\w-]+",
    },
    "sqs": {"QueueName": r"(?!.*\.fifo$).*"},
}

# The runtimes that AWS accepts for new functions; botocore's model also has all retired ones.
RUNTIMES = """
    nodejs20.x python3.14 provided.al2023 python3.12 python3.13 nodejs24.x nodejs22.x java25
    python3.10 python3.11 java21 ruby3.3 ruby3.4 ruby3.2 python3.8 python3.9 java17 nodejs16.x
    dotnet10 dotnet8 java11 dotnet6 nodejs18.x provided.al2 java8.al2
""".split()

# Ranges that the models lack, or that are narrower here. {path: (least, most)}
RANGES = {
    "Timeout": (1, 900),
    "MemorySize": (128, 10240),
    "MaxNumberOfMessages": (1, 10),
    "WaitTimeSeconds": (0, 20),
}
# What SQS says about a value out of range.
SQS_REASONS = {
    "MaxNumberOfMessages": "Must be between 1 and 10, if provided.",
    "WaitTimeSeconds": "Must be >= 0 and <= 20, if provided.",
}

# Lambda's errors with the type "User", and SQS's errors whose type in JSON differs from their code.
USER_ERRORS = ["InvalidParameterValueException", "InvalidRequestContentException"]
SQS_TYPES = {
    "InvalidParameterValue": "InvalidParameterValueException",
    "MissingParameter": "MissingRequiredParameterException",
}
MAX_SHOWN = 1000  # characters of a value in an error

# The error code for a value that the model does not allow, if it is not ValidationException.
INVALID = {
    "iam": "ValidationError",
    "logs": "InvalidParameterException",
    "sqs": "InvalidParameterValue",
    "sts": "ValidationError",
}


class Refused(Exception):
    """The error for a refused request: an error code and a message."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code, self.message = code, message


def invalid(message):
    """Return the error for a request that AWS refuses; raise it inside moto."""
    return JsonRESTError("ValidationException", message)


def unsupported(what):
    """Return the error for a request that only AWS supports; raise it inside moto."""
    return JsonRESTError("UnsupportedOperation", f"{what} is not supported by this local AWS")


def refuse_unsupported(what):
    """Refuse something that only AWS supports."""
    raise Refused("UnsupportedOperation", f"{what} is not supported by this local AWS")


def find_near(name, names):
    """Return "Did you mean ...?" with the nearest names, or an empty string."""
    near = difflib.get_close_matches(name, names, n=2, cutoff=0.8)
    return f" Did you mean {' or '.join(near)}?" if near else ""


# The check of a request


def asks_for_nothing(value):
    """Return whether a parameter is empty, 0 or false, at every level."""
    if isinstance(value, dict):
        return all(asks_for_nothing(each) for each in value.values())
    return not value


def contains(outer, inner):
    """Return whether a path is the same as another one, or includes it."""
    return f"{inner}.".startswith(f"{outer}.")


@functools.lru_cache
def is_supported(service, operation, path):
    """Return whether the table has a parameter, a structure around it, or a part of it."""
    paths = SUPPORTED[service][operation]
    return any(contains(each, path) or contains(path, each) for each in paths)


def find_parameters(value, shape, path="", place=""):
    """Yield (path, place, value, shape) for a request's parameters, at every level.

    path: as in the table; place: as in AWS's errors; value: None if a required one is missing.
    """
    if path:
        yield path, place, value, shape
    if value is None:
        return
    if shape.type_name == "structure":
        missing = dict.fromkeys(shape.required_members)
        for name, member in (missing | value).items():
            if member is not None or name in missing:
                inner = f"{path}.{name}".lstrip(".")
                where = f"{place}.{name[0].lower()}{name[1:]}".lstrip(".")
                yield from find_parameters(member, shape.members[name], inner, where)
    elif shape.type_name == "list" and shape.member.type_name != "string":
        for number, member in enumerate(value, 1):
            yield from find_parameters(member, shape.member, path, f"{place}.{number}.member")


def matches(value, pattern):
    """Return whether a text matches one of AWS's patterns; ignore those that Python cannot read."""
    try:
        return re.fullmatch(pattern, value)
    except re.error:
        return True


def find_constraint(path, value, shape):
    """Return the first constraint of AWS's model that a value violates, or None."""
    limits = shape.metadata
    if value is None:
        return "Member must not be null"
    if shape.type_name == "string":
        if "enum" in limits and value not in limits["enum"]:
            return f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]"
        if "pattern" in limits and not matches(value, limits["pattern"]):
            return f"Member must satisfy regular expression pattern: {limits['pattern']}"
    if shape.type_name == "list" and shape.member.type_name == "string":
        for member in value:
            constraint = find_constraint(path, member, shape.member)
            if constraint:
                also = ", Member must not be null" if "enum" in shape.member.metadata else ""
                return f"Member must satisfy constraint: [{constraint}{also}]"
    if shape.type_name in ("string", "list", "map", "blob"):
        size, what = len(value), "length"
    elif shape.type_name in ("integer", "long"):
        size, what = value, "value"
    else:
        return None
    least, most = RANGES.get(path, (limits.get("min"), limits.get("max")))
    if least is not None and size < least:
        return f"Member must have {what} greater than or equal to {least}"
    if most is not None and size > most:
        return f"Member must have {what} less than or equal to {most}"
    return None


def refuse_value(service, place, value, constraint):
    """Refuse a value in its service's own words."""
    if service == "sqs":
        name = place[0].upper() + place[1:]
        if value is None:
            raise Refused("MissingParameter", f"The request must contain the parameter {name}.")
        reason = f" Reason: {SQS_REASONS[name]}" if name in SQS_REASONS else ""
        raise Refused(INVALID["sqs"], f"Value {value} for parameter {name} is invalid.{reason}")
    if service == "logs" and constraint.endswith("to 512"):
        raise Refused(
            INVALID["logs"],
            "Invalid LogGroup or LogStream, both must have length less than or equal to 512.",
        )
    if value is None:
        shown = " null"
    elif service == "iam" or isinstance(value, bytes):
        shown = ""
    elif isinstance(value, list):
        shown = f" '[{', '.join(map(str, value))[:MAX_SHOWN]}]'"
    else:
        shown = f" '{str(value)[:MAX_SHOWN]}'"
    raise Refused(
        INVALID.get(service, "ValidationException"),
        f"1 validation error detected: Value{shown} at '{place}' failed to satisfy constraint:"
        f" {constraint}",
    )


def check_runtime(runtime, shape):
    """Refuse a runtime that AWS does not have or has retired, or that is not Python."""
    if runtime not in RUNTIMES and runtime in shape.metadata["enum"]:
        raise Refused(
            "InvalidParameterValueException",
            f"The runtime parameter of {runtime} is no longer supported for creating or updating"
            " AWS Lambda functions. We recommend you use a supported runtime while creating or"
            " updating functions.",
        )
    if runtime not in RUNTIMES:
        near = find_near(runtime, RUNTIMES)
        raise Refused(
            "InvalidParameterValueException",
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum"
            f" value set: [{', '.join(RUNTIMES)}] or be a valid ARN" + ("." + near if near else ""),
        )
    if not runtime.startswith("python"):
        refuse_unsupported(f"Runtime {runtime}")


def check_types(parameters, shape):
    """Refuse parameters that do not exist, and values of the wrong type."""
    lines = ParamValidator().validate(parameters, shape).generate_report().splitlines()
    for line in lines:
        if line.startswith("Unknown parameter"):
            unknown = re.search('"(.*)", must be one of: (.*)', line)
            near = find_near(unknown[1], unknown[2].split(", "))
            raise Refused("ValidationException", line + ("." + near if near else ""))
        if line.startswith("Invalid type"):
            raise Refused("SerializationException", line)


def decode(value, shape):
    """Return a value with its base64 decoded; refuse wrong types that botocore lets pass."""
    is_wrong = {"timestamp": isinstance(value, str), "boolean": False}
    if is_wrong.get(shape.type_name, isinstance(value, bool)):
        raise Refused("SerializationException", f"{value!r} is not a number")
    try:
        if shape.type_name == "blob" and isinstance(value, str):
            return base64.b64decode(value, validate=True)
        if shape.type_name == "string" and value is not None:
            value.encode()  # raises an error for half a character such as "\udcff"
    except ValueError as error:
        raise Refused("SerializationException", f"{str(value)[:100]!r}: {error}") from None
    return value


def check(service, operation, parameters):
    """Refuse a request that AWS refuses, or that has unsupported parameters."""
    shape = get_service_model(service).operation_model(operation).input_shape
    if shape is None:
        return
    check_types(parameters, shape)
    patterns = VALUES.get(service, {})
    for path, place, value, member in find_parameters(parameters, shape):
        value = decode(value, member)
        if path == "MessageBody" and value == "":
            value = None  # SQS treats an empty message as missing
        if path == "AttributeNames":
            continue  # moto names the unknown one, like SQS
        if path in patterns and value and re.fullmatch(patterns[path], value):
            continue  # even if botocore's model is too old to know it
        if path == "Runtime":
            check_runtime(value, member)
            continue
        constraint = find_constraint(path, value, member)
        if constraint:
            refuse_value(service, place, value, constraint)
        if not is_supported(service, operation, path) and not asks_for_nothing(value):
            refuse_unsupported(f"The parameter {path} of {operation}")
        if path in patterns and value:
            refuse_unsupported(f"{path} {value}")


# Reading a request


def has_form(request):
    """Return whether a request's body is form-encoded."""
    return "form-urlencoded" in request.headers.get("Content-Type", "")


def read_json(service, request):
    """Return the JSON object in a request's body."""
    code, text = "SerializationException", "The body of the request is not a JSON object"
    if service == "lambda":
        code, text = "InvalidRequestContentException", "Could not parse request body into json"
        if request.path.endswith("/invocations"):
            text += ": Could not parse payload into json"
    try:
        content = json.loads(request.data or b"{}")
    except (ValueError, RecursionError) as error:
        raise Refused(code, f"{text}: {error}") from None
    if not isinstance(content, dict):
        raise Refused(code, text)
    return content


def read_parameters(response, service, operation):
    """Return a request's parameters, under the names of AWS's model."""
    request = response.normalized_request
    shape = get_service_model(service).operation_model(operation).input_shape
    payload = shape.serialization.get("payload") if shape else None
    content = {} if has_form(request) or payload else read_json(service, request)
    if service != "lambda" and not has_form(request):
        return content
    try:
        response.parse_parameters(
            request
        )  # including those in the path, the query string and the headers
    except (AttributeError, TypeError, ValueError) as error:
        raise Refused("SerializationException", str(error)) from None
    return response.params | content


def find_service(response, operation):
    """Return a request's service. moto treats both Timestream services as one."""
    if response.service_name == "timestream-write" and operation == "Query":
        return "timestream-query"
    return response.boto3_service_name


def check_request(response):
    """Check a request to moto; store its operation and parameters on moto's response object."""
    operation = response.operation = response._get_action()
    service = find_service(response, operation)
    if service not in SUPPORTED:
        refuse_unsupported(f"The service {service}")
    if operation not in SUPPORTED[service]:
        refuse_operation(service, operation)
    response.parameters = read_parameters(response, service, operation)
    check(service, operation, response.parameters)


def refuse_operation(service, operation):
    """Refuse an operation that AWS does not have, or only AWS."""
    names = get_service_model(service).operation_names
    if service == "timestream-write":
        names = [*names, *get_service_model("timestream-query").operation_names]
    if operation in names:
        refuse_unsupported(operation)
    near = find_near(str(operation), names)
    raise Refused("UnknownOperationException", f"AWS has no operation {operation}.{near}")


# Responding


def respond_error(code, message, as_xml):
    """Return status, headers and body of an error in the service's own format."""
    headers = {"x-amzn-ErrorType": code, "Content-Type": "application/x-amz-json-1.0"}
    content = {"__type": code, "message": message}
    if code in USER_ERRORS:
        content["Type"] = "User"
    if code in SQS_TYPES:
        content["__type"] = SQS_TYPES[code]
        headers["x-amzn-query-error"] = f"{code};Sender"
    if not as_xml:
        return 400, headers, json.dumps(content)
    parts = f"<Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message>"
    body = f"<ErrorResponse><Error>{parts}</Error></ErrorResponse>"
    return 400, headers | {"Content-Type": "text/xml"}, body


def answer_checked(response, request, full_url=None, headers=None):
    """Check and answer a request; replaces the moto method that all services share."""
    response.operation, response.parameters = None, {}
    try:
        set_up(response, request, full_url, headers)
        check_request(response)
    except Refused as error:
        as_xml = has_form(request) or response.service_name in ("iam", "sts")
        return respond_error(error.code, error.message, as_xml)
    return response.call_action()


def set_up(response, request, full_url, headers):
    """Have moto read a request; moto raises errors for malformed ones."""
    try:
        response.setup_class(request, full_url, headers)
    except OperationNotFoundError as error:
        refuse_operation(find_service(response, None), str(error))
    except (AttributeError, TypeError, ValueError) as error:
        read_json(find_service(response, None), request)
        raise Refused("SerializationException", str(error)) from None


@contextlib.contextmanager
def patch_supported():
    """Make moto's services check every request first."""
    with mock.patch.object(BaseResponse, "_dispatch", answer_checked):
        yield
