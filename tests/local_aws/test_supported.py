"""supported.py refuses what is not supported by name, and what AWS refuses as AWS does."""

import json
from types import SimpleNamespace

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from cleanup import FUNCTION_NAME
from setup_kinesis import STREAM_NAME
from tests import local_aws
from tests.helpers import build_package, deploy
from tests.local_aws.supported import RANGES, SUPPORTED, check, find_constraint, is_supported

SOURCE = "def handler(event, context): return 'done'"
STREAM = f"arn:aws:kinesis:us-east-1:123456789012:stream/{STREAM_NAME}"
ARN = f"arn:aws:lambda:us-east-1:123456789012:function:{FUNCTION_NAME}"
ROLE = "arn:aws:iam::123456789012:role/kinesis-log-consumer-role"

NEW_MAPPING = {
    "FunctionName": FUNCTION_NAME,
    "EventSourceArn": STREAM,
    "StartingPosition": "LATEST",
}
NEW_FUNCTION = {"FunctionName": "another", "Runtime": "python3.13", "Handler": "h", "Role": ROLE}
NOT_HERE = "is not supported by this local AWS"


@pytest.fixture(scope="module")
def aws():
    """One AWS for all tests here, since their requests are refused."""
    with local_aws.running(managed_policies=False):
        yield


@pytest.fixture(scope="module")
def functions(aws):
    """A Lambda client that checks nothing itself; the function exists."""
    deploy(SOURCE)
    return boto3.client("lambda", config=Config(parameter_validation=False))


@pytest.fixture(scope="module")
def stream(aws):
    """A Kinesis client; the stream exists."""
    client = boto3.client("kinesis")
    client.create_stream(StreamName=STREAM_NAME, ShardCount=1)
    return client


@pytest.fixture(scope="module")
def mapping(functions, stream):
    """A mapping's id."""
    return functions.create_event_source_mapping(
        FunctionName=FUNCTION_NAME,
        EventSourceArn=STREAM,
        StartingPosition="LATEST",
        Enabled=False,
    )["UUID"]


def find_refusal(call, **parameters):
    """Return code and message of a call's error."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    return error["Error"]["Code"], error["Error"]["Message"]


NOT_OF_A_MAPPING = {
    "FilterCriteria": {"Filters": [{"Pattern": "{}"}]},
    "TumblingWindowInSeconds": 30,
    "MetricsConfig": {"Metrics": ["EventCount"]},
    "KMSKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1",
    "ScalingConfig": {"MaximumConcurrency": 2},
}


@pytest.mark.parametrize("name", NOT_OF_A_MAPPING)
def test_unsupported_parameters_of_mappings_are_refused(functions, mapping, name):
    settings = {name: NOT_OF_A_MAPPING[name]}
    create, update = functions.create_event_source_mapping, functions.update_event_source_mapping
    for operation, refused in {
        "CreateEventSourceMapping": find_refusal(create, **NEW_MAPPING, **settings),
        "UpdateEventSourceMapping": find_refusal(update, UUID=mapping, **settings),
    }.items():
        text = f"The parameter {name} of {operation} {NOT_HERE}"
        assert refused == ("UnsupportedOperation", text)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sns:us-east-1:123456789012:topic",
        "arn:aws:s3:::bucket",
        "arn:aws:sqs:us-east-1:123456789012:queue.fifo",
    ],
)
def test_a_destination_must_be_a_queue(functions, mapping, arn):
    update = functions.update_event_source_mapping
    destination = {"OnFailure": {"Destination": arn}}
    _, message = find_refusal(update, UUID=mapping, DestinationConfig=destination)
    assert message == f"DestinationConfig.OnFailure.Destination {arn} {NOT_HERE}"
    destination = {"OnSuccess": {"Destination": arn}}
    _, message = find_refusal(update, UUID=mapping, DestinationConfig=destination)
    assert message.startswith("The parameter DestinationConfig.OnSuccess of ")


@pytest.mark.parametrize(
    ("settings", "name", "constraint"),
    [
        ({"BatchSize": 20_000}, "batchSize", "less than or equal to 10000"),
        ({"BatchSize": 0}, "batchSize", "greater than or equal to 1"),
        ({"MaximumBatchingWindowInSeconds": 301}, "maximumBatchingWindowInSeconds", "to 300"),
        ({"ParallelizationFactor": 11}, "parallelizationFactor", "less than or equal to 10"),
        ({"MaximumRetryAttempts": -2}, "maximumRetryAttempts", "greater than or equal to -1"),
        ({"MaximumRecordAgeInSeconds": 604_801}, "maximumRecordAgeInSeconds", "to 604800"),
        (
            {"FunctionResponseTypes": ["reportBatchItemFailures"]},
            "functionResponseTypes",
            "constraint: [Member must satisfy enum value set: [ReportBatchItemFailures], Member"
            " must not be null]",
        ),
    ],
    ids=str,
)
def test_settings_of_a_mapping_have_awss_ranges_and_enumerations(
    functions, mapping, settings, name, constraint
):
    code, message = find_refusal(functions.update_event_source_mapping, UUID=mapping, **settings)
    assert code == "ValidationException"
    assert message.startswith("1 validation error detected: Value '")
    assert f"' at '{name}' failed to satisfy constraint: Member must " in message
    assert constraint in message


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"StartingPosition": "FIRST"}, "[TRIM_HORIZON, LATEST, AT_TIMESTAMP]"),
        ({"EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:q"}, f":q {NOT_HERE}"),
        ({"EventSourceArn": f"{STREAM}/consumer/c:1"}, f"consumer/c:1 {NOT_HERE}"),
    ],
    ids=str,
)
def test_a_mapping_needs_a_stream_and_a_position(functions, stream, settings, text):
    create = functions.create_event_source_mapping
    assert text in find_refusal(create, **NEW_MAPPING | settings)[1]


NOT_OF_A_FUNCTION = {
    "Environment": {"Variables": {"MINE": "yes"}},
    "Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:l:1"],
    "VpcConfig": {"SubnetIds": ["s"], "SecurityGroupIds": ["g"]},
    "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:123456789012:queue"},
    "TracingConfig": {"Mode": "Active"},
    "EphemeralStorage": {"Size": 1024},
    "LoggingConfig": {"LogFormat": "JSON"},
    "SnapStart": {"ApplyOn": "PublishedVersions"},
    "KMSKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1",
}


@pytest.mark.parametrize("name", NOT_OF_A_FUNCTION)
def test_unsupported_parameters_of_functions_are_refused(functions, name):
    settings = {name: NOT_OF_A_FUNCTION[name]}
    create, update = functions.create_function, functions.update_function_configuration
    code = {"ZipFile": build_package(SOURCE)}
    for operation, refused in {
        "CreateFunction": find_refusal(create, **NEW_FUNCTION, **settings, Code=code),
        "UpdateFunctionConfiguration": find_refusal(update, FunctionName=FUNCTION_NAME, **settings),
    }.items():
        text = f"The parameter {name} of {operation} {NOT_HERE}"
        assert refused == ("UnsupportedOperation", text)


@pytest.mark.parametrize(
    ("runtime", "start", "end"),
    [
        ("nodejs22.x", "Runtime nodejs22.x", NOT_HERE),
        (
            "python3.7",
            "The runtime parameter of python3.7 is no longer supported for",
            "functions.",
        ),
        (
            "python3.99",
            "Value python3.99 at 'runtime' failed to satisfy constraint: Member must",
            "?",
        ),
        ("pyhton3.13", "Value pyhton3.13 at 'runtime' failed", "?"),
        ("cobol", "Value cobol at 'runtime' failed", "] or be a valid ARN"),
    ],
)
def test_a_runtime_must_be_a_python_that_aws_has(functions, runtime, start, end):
    update = functions.update_function_configuration
    code, message = find_refusal(update, FunctionName=FUNCTION_NAME, Runtime=runtime)
    assert message.startswith(start) and message.endswith(end)
    is_there = message.endswith(NOT_HERE)
    assert code == ("UnsupportedOperation" if is_there else "InvalidParameterValueException")


def test_lambdas_errors_have_the_type_user(functions):
    with pytest.raises(ClientError) as caught:
        functions.update_function_configuration(FunctionName=FUNCTION_NAME, Runtime="python3.7")
    assert caught.value.response["Type"] == "User"


def test_a_value_that_is_too_long_is_shown_whole(functions):
    qualifier = "a" * 129
    invoke = functions.invoke
    _, message = find_refusal(invoke, FunctionName=FUNCTION_NAME, Qualifier=qualifier)
    assert f"Value '{qualifier}' at 'qualifier' failed" in message


def test_a_body_that_is_not_text_is_refused(functions):
    code, message = find_refusal(functions.invoke, FunctionName=FUNCTION_NAME, Payload=b"n\x87r")
    assert code == "InvalidRequestContentException"
    start = "Could not parse request body into json: Could not parse payload into json: "
    assert message.startswith(start)


def test_code_must_be_uploaded_as_a_zip_file(functions):
    bucket = {"S3Bucket": "bucket", "S3Key": "key"}
    _, message = find_refusal(functions.create_function, **NEW_FUNCTION, Code=bucket)
    assert message == f"The parameter Code.S3Bucket of CreateFunction {NOT_HERE}"
    update = functions.update_function_code
    _, message = find_refusal(update, FunctionName=FUNCTION_NAME, **bucket)
    assert message == f"The parameter S3Bucket of UpdateFunctionCode {NOT_HERE}"
    image = {"PackageType": "Image", "Code": {"ImageUri": "uri"}}
    assert find_refusal(functions.create_function, **NEW_FUNCTION, **image)[1].endswith(NOT_HERE)
    package = build_package(SOURCE)
    for setting in ({"Publish": True}, {"DryRun": True}, {"Architectures": ["arm64"]}):
        _, message = find_refusal(update, FunctionName=FUNCTION_NAME, ZipFile=package, **setting)
        assert message == f"The parameter {next(iter(setting))} of UpdateFunctionCode {NOT_HERE}"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"Timeout": 901}, "'901' at 'timeout' failed"),
        ({"Timeout": 0}, "'0' at 'timeout' failed"),
        ({"MemorySize": 64}, "'64' at 'memorySize' failed"),
        ({"Handler": "no handler"}, "'no handler' at 'handler' failed"),
    ],
    ids=str,
)
def test_settings_of_a_function_have_awss_ranges_and_patterns(functions, settings, text):
    update = functions.update_function_configuration
    code, message = find_refusal(update, FunctionName=FUNCTION_NAME, **settings)
    assert code == "ValidationException"
    assert text in message


def test_unsupported_parameters_are_accepted_if_empty():
    check(
        "lambda",
        "UpdateFunctionConfiguration",
        {"FunctionName": "f", "Layers": [], "VpcConfig": {}, "Environment": {"Variables": {}}},
    )
    check(
        "lambda",
        "UpdateEventSourceMapping",
        {
            "UUID": "u" * 36,
            "TumblingWindowInSeconds": 0,
            "FilterCriteria": {},
            "DestinationConfig": {},
        },
    )


def test_an_invocation_must_be_synchronous_or_a_dry_run(functions):
    invoke = functions.invoke
    for setting, what in (
        ({"InvocationType": "Event"}, "InvocationType Event"),
        ({"ClientContext": "e30="}, "The parameter ClientContext of Invoke"),
    ):
        _, message = find_refusal(invoke, FunctionName=FUNCTION_NAME, **setting)
        assert message == f"{what} {NOT_HERE}"
    response = invoke(FunctionName=FUNCTION_NAME, InvocationType="DryRun")
    assert (response["StatusCode"], response["Payload"].read()) == (204, b"")
    response = invoke(FunctionName=FUNCTION_NAME, Qualifier="$LATEST")
    assert response["Payload"].read() == b'"done"'


def test_a_function_is_identified_by_its_name_or_its_full_arn(functions):
    name = f"123456789012:function:{FUNCTION_NAME}"
    _, message = find_refusal(functions.create_event_source_mapping, FunctionName=name)
    assert message == f"FunctionName {name} {NOT_HERE}"
    for name in (FUNCTION_NAME, f"{FUNCTION_NAME}:$LATEST", ARN):
        assert functions.get_function(FunctionName=name)["Configuration"]["Runtime"]


def test_a_pattern_that_python_cannot_read_refuses_nothing(functions):
    functions.tag_resource(Resource=ARN, Tags={"a": "b", "c": "d"})
    functions.untag_resource(Resource=ARN, TagKeys=["a"])
    assert functions.list_tags(Resource=ARN)["Tags"] == {"c": "d"}


# All services


@pytest.fixture
def ask(aws):
    """A function that calls an operation with an unchecked JSON body, and returns the error."""

    def ask(service, operation, body):
        client = boto3.client(service, config=Config(parameter_validation=False))
        target = f"{client.meta.service_model.metadata['targetPrefix']}.{operation}"

        def replace(params, **_):
            params["headers"]["X-Amz-Target"] = target
            params["body"] = body if isinstance(body, bytes) else json.dumps(body).encode()

        client.meta.events.register("before-call", replace)
        lists = {"kinesis": "list_streams", "logs": "describe_log_groups", "sqs": "list_queues"}
        return find_refusal(getattr(client, lists.get(service, "describe_endpoints")))

    return ask


def null(place):
    """Return AWS's text about a missing parameter."""
    return (
        f"1 validation error detected: Value null at '{place}' failed to satisfy constraint:"
        " Member must not be null"
    )


DATABASE = {"DatabaseName": "D", "TableName": "T"}


@pytest.mark.parametrize(
    ("service", "operation", "body", "code", "message"),
    [
        ("kinesis", "PutRecord", {"PartitionKey": "0"}, "ValidationException", null("data")),
        (
            "kinesis",
            "PutRecords",
            {"Records": [{"Data": "", "PartitionKey": "0"}, {"PartitionKey": "0"}]},
            "ValidationException",
            null("records.2.member.data"),
        ),
        (
            "kinesis",
            "SplitShard",
            {"ShardToSplit": "?", "NewStartingHashKey": "1"},
            "ValidationException",
            "1 validation error detected: Value '?' at 'shardToSplit' failed to satisfy constraint:"
            " Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
        ),
        (
            "logs",
            "FilterLogEvents",
            {"logGroupName": "g", "limit": 10001},
            "InvalidParameterException",
            "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint:"
            " Member must have value less than or equal to 10000",
        ),
        (
            "sqs",
            "SendMessage",
            {"QueueUrl": "q"},
            "MissingParameter",
            "The request must contain the parameter MessageBody.",
        ),
        ("timestream-write", "WriteRecords", DATABASE, "ValidationException", null("records")),
        ("timestream-query", "Query", {}, "ValidationException", null("queryString")),
    ],
)
def test_invalid_values_are_refused_in_awss_words(ask, service, operation, body, code, message):
    assert ask(service, operation, body) == (code, message)


@pytest.mark.parametrize(
    ("service", "operation", "body", "text"),
    [
        ("kinesis", "ListStreams", b"{", "not a JSON object"),
        ("kinesis", "ListStreams", b"[]", "not a JSON object"),
        ("kinesis", "ListStreams", b"\xff", "not a JSON object"),
        ("kinesis", "ListStreams", {"Limit": "1"}, "Invalid type for parameter Limit, value: 1"),
        ("kinesis", "ListStreams", {"Limit": True}, "True is not a number"),
        (
            "kinesis",
            "GetShardIterator",
            {"ShardId": "s", "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": "2026-11-24"},
            "'2026-11-24' is not a number",
        ),
        ("kinesis", "PutRecord", {"Data": "?", "PartitionKey": "0"}, "'?'"),
        ("kinesis", "PutRecord", {"Data": "", "PartitionKey": "\udcff"}, "surrogates not allowed"),
        ("sqs", "SendMessage", {"QueueUrl": "q", "MessageBody": 1}, "Invalid type"),
        ("timestream-write", "WriteRecords", DATABASE | {"Records": "R"}, "Invalid type"),
    ],
)
def test_a_malformed_request_is_a_serialization_exception(ask, service, operation, body, text):
    code, message = ask(service, operation, body)
    assert code == "SerializationException"
    assert text in message


def test_an_unknown_parameter_is_refused_with_the_nearest_name(ask):
    code, message = ask("kinesis", "PutRecord", {"Data": "", "PartitionsKey": "0"})
    assert code == "ValidationException"
    assert message.startswith('Unknown parameter in input: "PartitionsKey", must be one of: ')
    assert message.endswith(". Did you mean PartitionKey?")
    assert "Did you mean" not in ask("kinesis", "PutRecord", {"Data": "", "Zebra": 1})[1]


@pytest.mark.parametrize(
    ("body", "unknown"),
    [
        ({"Version": 1, "Records": []}, 'Unknown parameter in input: "Version"'),
        ({"Records": [{"Name": "x"}]}, 'Unknown parameter in Records[0]: "Name"'),
        ({"Records": [{"Dimensions": [{"Time": "1"}]}]}, 'in Records[0].Dimensions[0]: "Time"'),
    ],
)
def test_a_parameter_in_the_wrong_place_is_unknown(ask, body, unknown):
    assert unknown in ask("timestream-write", "WriteRecords", DATABASE | body)[1]


@pytest.mark.parametrize(
    ("service", "operation", "code", "message"),
    [
        ("kinesis", "RegisterStreamConsumer", "UnsupportedOperation", NOT_HERE),
        ("logs", "PutSubscriptionFilter", "UnsupportedOperation", NOT_HERE),
        ("timestream-query", "PrepareQuery", "UnsupportedOperation", NOT_HERE),
        ("timestream-write", "CreateBatchLoadTask", "UnsupportedOperation", NOT_HERE),
        (
            "kinesis",
            "PutRecrod",
            "UnknownOperationException",
            "Did you mean PutRecord or PutRecords?",
        ),
        ("logs", "Zebra", "UnknownOperationException", "AWS has no operation Zebra."),
    ],
)
def test_an_operation_that_aws_lacks_has_another_error_than_an_unsupported_one(
    ask, service, operation, code, message
):
    refused = ask(service, operation, {})
    assert refused[0] == code
    assert refused[1].endswith(message)


def test_xml_services_return_errors_in_xml(aws):
    iam = boto3.client("iam", config=Config(parameter_validation=False))
    trust = {"AssumeRolePolicyDocument": "{}"}
    assert find_refusal(iam.create_role, **trust) == ("ValidationError", null("roleName"))
    assert find_refusal(iam.create_role, RoleName="?", **trust) == (
        "ValidationError",
        "1 validation error detected: Value at 'roleName' failed to satisfy constraint: Member must"
        r" satisfy regular expression pattern: [\w+=,.@-]+",
    )
    assert find_refusal(iam.list_roles, MaxItems="many")[0] == "SerializationException"
    code, message = find_refusal(iam.create_role, RoleName="r", MaxSessionDuration=3600, **trust)
    assert message == f"The parameter MaxSessionDuration of CreateRole {NOT_HERE}"
    assert find_refusal(iam.create_user, UserName="u")[1] == f"CreateUser {NOT_HERE}"


def test_a_payload_must_be_json_in_utf_8(functions):
    for payload in (b"no JSON", b"\xff"):
        code, message = find_refusal(functions.invoke, FunctionName=FUNCTION_NAME, Payload=payload)
        assert code == "InvalidRequestContentException"
        assert message.startswith("Could not parse request body into json: ")


def test_each_operation_and_path_of_the_table_exists():
    """Each operation is one of AWS's, and each path leads to one of its parameters."""
    for service, operations in SUPPORTED.items():
        for operation, paths in operations.items():
            shape = get_service_model(service).operation_model(operation).input_shape
            for path in paths:
                assert find_shape(shape, path), f"{operation} has no {path}"


def find_shape(shape, path):
    """Return the shape at the end of a path."""
    for name in path.split("."):
        shape = shape.member if shape.type_name == "list" else shape
        shape = shape.members[name]
    return shape


@pytest.mark.parametrize("service", SUPPORTED)
def test_all_other_parameters_are_refused(service):
    for operation, paths in SUPPORTED[service].items():
        shape = get_service_model(service).operation_model(operation).input_shape
        for name in shape.members if shape else []:
            expected = any(path.partition(".")[0] == name for path in paths)
            assert is_supported(service, operation, name) == expected, f"{name} of {operation}"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"WaitTimeSeconds": 21}, "Must be >= 0 and <= 20, if provided."),
        ({"WaitTimeSeconds": -1}, "Must be >= 0 and <= 20, if provided."),
        ({"MaxNumberOfMessages": 11}, "Must be between 1 and 10, if provided."),
        ({"MaxNumberOfMessages": 0}, "Must be between 1 and 10, if provided."),
    ],
)
def test_sqs_names_the_reason(ask, options, reason):
    [(name, value)] = options.items()
    text = f"Value {value} for parameter {name} is invalid. Reason: {reason}"
    assert ask("sqs", "ReceiveMessage", {"QueueUrl": "q"} | options)[1] == text


@pytest.mark.parametrize(
    ("operation", "options", "codes"),
    [
        (
            "receive_message",
            {"WaitTimeSeconds": 21},
            ("InvalidParameterValue", "InvalidParameterValueException"),
        ),
        ("send_message", {}, ("MissingParameter", "MissingRequiredParameterException")),
    ],
)
def test_sqs_errors_have_two_codes(aws, operation, options, codes):
    client = boto3.client("sqs", config=Config(parameter_validation=False))
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(QueueUrl="q", **options)
    error = caught.value.response["Error"]
    assert (error["Code"], error["QueryErrorCode"]) == codes


def test_an_unknown_attribute_of_a_queue_is_named(aws):
    client = boto3.client("sqs", config=Config(parameter_validation=False))
    url = client.create_queue(QueueName="attributes")["QueueUrl"]
    refusal = find_refusal(client.get_queue_attributes, QueueUrl=url, AttributeNames=["Foo"])
    assert refusal == ("InvalidAttributeName", "Unknown Attribute Foo.")


def test_a_log_groups_name_that_is_too_long_is_refused_in_awss_words(ask):
    code, message = ask("logs", "CreateLogGroup", {"logGroupName": "a" * 513})
    assert code == "InvalidParameterException"
    assert message == (
        "Invalid LogGroup or LogStream, both must have length less than or equal to 512."
    )


def test_an_empty_message_and_a_fifo_queue_are_refused(ask):
    code, _ = ask("sqs", "SendMessage", {"QueueUrl": "q", "MessageBody": ""})
    assert code == "MissingParameter"
    assert ask("sqs", "CreateQueue", {"QueueName": "a.fifo"})[1] == f"QueueName a.fifo {NOT_HERE}"


@pytest.mark.parametrize("path", RANGES)
def test_both_ends_of_a_range_are_checked(path):
    shape = SimpleNamespace(type_name="integer", metadata={})
    least, most = RANGES[path]
    assert find_constraint(path, least, shape) is find_constraint(path, most, shape) is None
    assert find_constraint(path, least - 1, shape).endswith(f"greater than or equal to {least}")
    assert find_constraint(path, most + 1, shape).endswith(f"less than or equal to {most}")
