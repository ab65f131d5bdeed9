"""What is accepted is acted on: every other operation, parameter and value is refused.

moto takes what it is sent, and forgets what it cannot do. Here is what Lambda, Kinesis and
CloudWatch Logs act on. All else is answered with an error that says that it is not supported by
this local AWS. Ranges, patterns and enumerations are AWS's own, from botocore's models of the
services. A parameter that asks for nothing, such as an empty list of layers, is accepted.
"""

import contextlib
import functools
import json
import re
from unittest import mock

from moto.awslambda.responses import LambdaResponse
from moto.core.exceptions import JsonRESTError
from moto.core.utils import camelcase_to_underscores, get_service_model
from moto.kinesis.responses import KinesisResponse
from moto.logs.responses import LogsResponse

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
CONFIGURATION = [
    "FunctionName",
    "Runtime",
    "Role",
    "Handler",
    "Description",
    "Timeout",
    "MemorySize",
]
STREAM = ["StreamName", "StreamARN"]
RECORD = ["Data", "PartitionKey", "ExplicitHashKey"]
LOG_STREAM = ["logGroupName", "logStreamName"]

# {service: {operation: parameters}}
ACTED_ON = {
    "lambda": {
        "CreateFunction": [*CONFIGURATION, "Code.ZipFile", "PackageType", "Tags"],
        "UpdateFunctionCode": ["FunctionName", "ZipFile"],
        "UpdateFunctionConfiguration": CONFIGURATION,
        "GetFunction": ["FunctionName", "Qualifier"],
        "GetFunctionConfiguration": ["FunctionName", "Qualifier"],
        "ListFunctions": [],
        "DeleteFunction": ["FunctionName"],
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
        "PutRecord": [*STREAM, *RECORD, "SequenceNumberForOrdering"],
        "PutRecords": [*STREAM, *(f"Records.{name}" for name in RECORD)],
        "ListShards": [*STREAM, "NextToken", "MaxResults"],
        "GetShardIterator": [
            "StreamName",
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
        "PutLogEvents": [*LOG_STREAM, "logEvents", "sequenceToken"],
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
}

# Of some parameters not every value is acted on. {parameter: pattern}
VALUES = {
    "FunctionName": r"(arn:[\w-]+:lambda:[\w-]+:\d{12}:function:)?[\w-]+(:\$LATEST)?",
    "Runtime": r"python3\.\d+",
    "PackageType": r"Zip",
    "Qualifier": r"\$LATEST",
    "InvocationType": r"RequestResponse|DryRun",
    "EventSourceArn": r"arn:[\w-]+:kinesis:[\w-]+:\d{12}:stream/[\w.-]+",
    "DestinationConfig.OnFailure.Destination": r"arn:[\w-]+:sqs:[\w-]+:\d{12}:[\w-]+",
}

# What the models leave open, or allow for what is not supported here.
RANGES = {"Timeout": (1, 900), "MemorySize": (128, 10240)}

RESPONSES = {"lambda": LambdaResponse, "kinesis": KinesisResponse, "logs": LogsResponse}
INVALID = {
    "lambda": "InvalidParameterValueException",
    "kinesis": "InvalidArgumentException",
    "logs": "InvalidParameterException",
}


def refuse(service, what):
    """Raise AWS's error for what is not acted on."""
    raise JsonRESTError(INVALID[service], f"{what} is not supported by this local AWS.")


def asks_for_nothing(value):
    """Return whether a parameter is empty, 0 or false, or holds nothing that is not."""
    if isinstance(value, dict):
        return all(asks_for_nothing(each) for each in value.values())
    return not value


def find_values(value, shape, path=""):
    """Yield (path, value, shape) of all that a request holds, also in lists and structures."""
    if path:
        yield path, value, shape
    if shape.type_name == "structure":
        for name, member in (value or {}).items():
            if member is not None:
                yield from find_values(member, shape.members[name], f"{path}.{name}".strip("."))
    elif shape.type_name == "list":
        for member in value:
            yield from find_values(member, shape.member, path)


def fits(value, pattern):
    """Return whether a value fits a pattern of AWS's; some are not in Python's language."""
    try:
        return re.fullmatch(pattern, value)
    except re.error:
        return True


def find_violation(value, shape):
    """Return the constraint of AWS's model that a value does not satisfy, None if it does all."""
    limits = shape.metadata
    if shape.type_name == "string":
        if "enum" in limits and value not in limits["enum"]:
            return f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]"
        if "pattern" in limits and not fits(value, limits["pattern"]):
            return f"Member must satisfy regular expression pattern: {limits['pattern']}"
    if shape.type_name in ("string", "list", "map", "blob"):
        size, what = len(value), "length"
    elif shape.type_name in ("integer", "long"):
        size, what = value, "value"
    else:
        return None
    if size < limits.get("min", size):
        return f"Member must have {what} greater than or equal to {limits['min']}"
    if size > limits.get("max", size):
        return f"Member must have {what} less than or equal to {limits['max']}"
    return None


def check_model(path, value, shape):
    """Refuse a value that AWS's model of the service does not allow."""
    constraint = find_violation(value, shape)
    if path in RANGES:
        low, high = RANGES[path]
        if not low <= value <= high:
            constraint = f"Member must have value between {low} and {high}"
    if constraint:
        name = ".".join(part[0].lower() + part[1:] for part in path.split("."))
        raise JsonRESTError(
            "ValidationException",
            f"1 validation error detected: Value '{str(value)[:100]}' at '{name}' failed to satisfy"
            f" constraint: {constraint}",
        )


def contains(outer, inner):
    """Return whether a parameter is another one, or a structure around it."""
    return f"{inner}.".startswith(f"{outer}.")


def is_acted_on(path, parameters):
    """Return whether parameters hold one, a structure around it, or something in it."""
    return any(contains(name, path) or contains(path, name) for name in parameters)


def check(service, operation, request):
    """Refuse a request that AWS refuses, or that holds what is not acted on."""
    shape = get_service_model(service).operation_model(operation).input_shape
    for path, value, member in find_values(request, shape):
        if path not in VALUES:  # VALUES says what counts here, however old botocore's model is
            check_model(path, value, member)
        if not is_acted_on(path, ACTED_ON[service][operation]) and not asks_for_nothing(value):
            refuse(service, path)
        if path in VALUES and value and not re.fullmatch(VALUES[path], value):
            refuse(service, f"{path} {value}")


def check_names(service, operation, body):
    """Refuse a parameter that is newer than botocore's model, which a request could hold."""
    shape = get_service_model(service).operation_model(operation).input_shape
    if not body or "payload" in shape.serialization:
        return
    for name in json.loads(body):
        if name not in shape.members:
            refuse(service, name)


@functools.lru_cache
def find_operations(service):
    """Return {the name of moto's method: operation} of all operations that moto knows."""
    found = {}
    for operation in get_service_model(service).operation_names:
        name = camelcase_to_underscores(operation)
        if hasattr(RESPONSES[service], name):
            found[name] = operation
    return found


def only_if_acted_on(service, operation, answer):
    """Return moto's method for an operation, after a check of the request."""

    def method(response):
        if operation not in ACTED_ON[service]:
            refuse(service, operation)
        response.parse_parameters(response.normalized_request)
        check_names(service, operation, response.body)
        check(service, operation, response.params)
        return answer(response)

    return method


@contextlib.contextmanager
def only_what_is_acted_on():
    """Let Lambda, Kinesis and CloudWatch Logs refuse what this local AWS does not act on."""
    with contextlib.ExitStack() as stack:
        for service, responses in RESPONSES.items():
            methods = {
                name: only_if_acted_on(service, operation, getattr(responses, name))
                for name, operation in find_operations(service).items()
            }
            stack.enter_context(mock.patch.multiple(responses, **methods))
        yield
