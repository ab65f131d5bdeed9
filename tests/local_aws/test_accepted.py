"""tests/local_aws/accepted.py: what is not acted on is refused, by name and as AWS would."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from cleanup import FUNCTION_NAME
from setup_kinesis import STREAM_NAME
from tests import local_aws
from tests.helpers import build_package, deploy
from tests.local_aws.accepted import ACTED_ON

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
NOT_HERE = "is not supported by this local AWS."


@pytest.fixture(scope="module")
def aws():
    """An AWS for all tests here, as what they ask for is refused."""
    with local_aws.running(managed_policies=False):
        yield


@pytest.fixture(scope="module")
def functions(aws):
    """A Lambda client that checks nothing itself; there is the function."""
    deploy(SOURCE)
    return boto3.client("lambda", config=Config(parameter_validation=False))


@pytest.fixture(scope="module")
def stream(aws):
    """A Kinesis client; there is the stream."""
    client = boto3.client("kinesis")
    client.create_stream(StreamName=STREAM_NAME, ShardCount=1)
    return client


@pytest.fixture(scope="module")
def mapping(functions, stream):
    """The id of a mapping."""
    return functions.create_event_source_mapping(
        FunctionName=FUNCTION_NAME,
        EventSourceArn=STREAM,
        StartingPosition="LATEST",
        Enabled=False,
    )["UUID"]


def find_refusal(call, **parameters):
    """Return code and message of the error of a call."""
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
def test_a_mapping_is_not_made_or_updated_with_what_is_not_acted_on(functions, mapping, name):
    settings = {name: NOT_OF_A_MAPPING[name]}
    expected = "InvalidParameterValueException", f"{name} {NOT_HERE}"
    create, update = functions.create_event_source_mapping, functions.update_event_source_mapping
    assert find_refusal(create, **NEW_MAPPING, **settings) == expected
    assert find_refusal(update, UUID=mapping, **settings) == expected


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sns:us-east-1:123456789012:topic",
        "arn:aws:s3:::bucket",
        "arn:aws:sqs:us-east-1:123456789012:queue.fifo",
    ],
)
def test_a_destination_is_a_queue(functions, mapping, arn):
    update = functions.update_event_source_mapping
    destination = {"OnFailure": {"Destination": arn}}
    _, message = find_refusal(update, UUID=mapping, DestinationConfig=destination)
    assert message == f"DestinationConfig.OnFailure.Destination {arn} {NOT_HERE}"
    destination = {"OnSuccess": {"Destination": arn}}
    _, message = find_refusal(update, UUID=mapping, DestinationConfig=destination)
    assert message == f"DestinationConfig.OnSuccess {NOT_HERE}"


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
            "enum value set: [ReportBatchItemFailures]",
        ),
    ],
    ids=str,
)
def test_a_mapping_keeps_to_awss_ranges_and_enumerations(
    functions, mapping, settings, name, constraint
):
    code, message = find_refusal(functions.update_event_source_mapping, UUID=mapping, **settings)
    assert code == "ValidationException"
    assert message.startswith("1 validation error detected: Value '")
    assert f"' at '{name}' failed to satisfy constraint: Member must " in message
    assert constraint in message


def test_the_maximum_record_age_is_none_or_a_minute_at_least(functions, mapping):
    update = functions.update_event_source_mapping
    create = functions.create_event_source_mapping
    for age in (0, 59):
        for refused in (
            find_refusal(update, UUID=mapping, MaximumRecordAgeInSeconds=age),
            find_refusal(create, **NEW_MAPPING, MaximumRecordAgeInSeconds=age),
        ):
            assert refused[0] == "InvalidParameterValueException"
            assert "must be -1 or at least 60" in refused[1]
    for age in (-1, 60):
        found = update(UUID=mapping, MaximumRecordAgeInSeconds=age)
        assert found["MaximumRecordAgeInSeconds"] == age


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"StartingPosition": "FIRST"}, "[TRIM_HORIZON, LATEST, AT_TIMESTAMP]"),
        ({"StartingPosition": None}, "StartingPosition is required"),
        ({"StartingPosition": "AT_TIMESTAMP"}, "StartingPositionTimestamp"),
        ({"StartingPositionTimestamp": 1}, "StartingPositionTimestamp"),
        ({"EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:q"}, f":q {NOT_HERE}"),
        ({"EventSourceArn": f"{STREAM}/consumer/c:1"}, f"consumer/c:1 {NOT_HERE}"),
        ({"EventSourceArn": f"{STREAM}S"}, f"Stream not found: {STREAM}S"),
        ({"EventSourceArn": None}, "EventSourceArn is required"),
    ],
    ids=str,
)
def test_a_mapping_needs_a_stream_and_a_start(functions, stream, settings, text):
    given = {name: value for name, value in (NEW_MAPPING | settings).items() if value is not None}
    assert text in find_refusal(functions.create_event_source_mapping, **given)[1]


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
def test_a_function_is_not_made_or_updated_with_what_is_not_acted_on(functions, name):
    settings = {name: NOT_OF_A_FUNCTION[name]}
    expected = "InvalidParameterValueException", f"{name} {NOT_HERE}"
    create, update = functions.create_function, functions.update_function_configuration
    code = {"ZipFile": build_package(SOURCE)}
    assert find_refusal(create, **NEW_FUNCTION, **settings, Code=code) == expected
    assert find_refusal(update, FunctionName=FUNCTION_NAME, **settings) == expected


def test_a_function_runs_on_python(functions):
    update = functions.update_function_configuration
    _, message = find_refusal(update, FunctionName=FUNCTION_NAME, Runtime="nodejs22.x")
    assert message == f"Runtime nodejs22.x {NOT_HERE}"


def test_code_is_a_zip_file_that_is_uploaded(functions):
    bucket = {"S3Bucket": "bucket", "S3Key": "key"}
    _, message = find_refusal(functions.create_function, **NEW_FUNCTION, Code=bucket)
    assert message == f"Code.S3Bucket {NOT_HERE}"
    update = functions.update_function_code
    _, message = find_refusal(update, FunctionName=FUNCTION_NAME, **bucket)
    assert message == f"S3Bucket {NOT_HERE}"
    image = {"PackageType": "Image", "Code": {"ImageUri": "uri"}}
    assert find_refusal(functions.create_function, **NEW_FUNCTION, **image)[1].endswith(NOT_HERE)
    package = build_package(SOURCE)
    for setting in ({"Publish": True}, {"DryRun": True}, {"Architectures": ["arm64"]}):
        _, message = find_refusal(update, FunctionName=FUNCTION_NAME, ZipFile=package, **setting)
        assert message == f"{next(iter(setting))} {NOT_HERE}"


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
def test_a_function_keeps_to_awss_ranges_and_patterns(functions, settings, text):
    update = functions.update_function_configuration
    code, message = find_refusal(update, FunctionName=FUNCTION_NAME, **settings)
    assert code == "ValidationException"
    assert text in message


def test_what_asks_for_nothing_is_accepted(functions, mapping):
    functions.update_function_configuration(
        FunctionName=FUNCTION_NAME, Layers=[], VpcConfig={}, Environment={"Variables": {}}
    )
    functions.update_event_source_mapping(
        UUID=mapping, TumblingWindowInSeconds=0, FilterCriteria={}, DestinationConfig={}
    )


def test_an_invocation_is_one_that_is_waited_for_or_a_dry_run(functions):
    invoke = functions.invoke
    for setting, what in (
        ({"InvocationType": "Event"}, "InvocationType Event"),
        ({"Qualifier": "1"}, "Qualifier 1"),
        ({"ClientContext": "e30="}, "ClientContext"),
    ):
        _, message = find_refusal(invoke, FunctionName=FUNCTION_NAME, **setting)
        assert message == f"{what} {NOT_HERE}"
    response = invoke(FunctionName=FUNCTION_NAME, InvocationType="DryRun")
    assert (response["StatusCode"], response["Payload"].read()) == (204, b"")
    response = invoke(FunctionName=FUNCTION_NAME, Qualifier="$LATEST")
    assert response["Payload"].read() == b'"done"'


def test_a_parameter_that_is_newer_than_the_models_is_refused(functions, mapping):
    def add(params, **_):
        params["body"] = b'{"Invented": true}'

    functions.meta.events.register("before-call.lambda.UpdateEventSourceMapping", add, "add")
    _, message = find_refusal(functions.update_event_source_mapping, UUID=mapping)
    functions.meta.events.unregister("before-call.lambda.UpdateEventSourceMapping", unique_id="add")
    assert message == f"Invented {NOT_HERE}"


def test_a_function_is_called_by_its_name_or_its_whole_arn(functions):
    name = f"123456789012:function:{FUNCTION_NAME}"
    _, message = find_refusal(functions.create_event_source_mapping, FunctionName=name)
    assert message == f"FunctionName {name} {NOT_HERE}"
    for name in (FUNCTION_NAME, f"{FUNCTION_NAME}:$LATEST", ARN):
        assert functions.get_function(FunctionName=name)["Configuration"]["Runtime"]


def test_a_pattern_that_is_not_pythons_refuses_nothing(functions):
    functions.tag_resource(Resource=ARN, Tags={"a": "b", "c": "d"})
    functions.untag_resource(Resource=ARN, TagKeys=["a"])
    assert functions.list_tags(Resource=ARN)["Tags"] == {"c": "d"}


def test_an_operation_that_is_not_acted_on_is_refused(functions, stream):
    name = {"FunctionName": FUNCTION_NAME}
    _, message = find_refusal(functions.publish_version, **name)
    assert message == f"PublishVersion {NOT_HERE}"
    _, message = find_refusal(
        stream.start_stream_encryption, StreamName=STREAM_NAME, EncryptionType="KMS", KeyId="k"
    )
    assert message == f"StartStreamEncryption {NOT_HERE}"
    _, message = find_refusal(
        boto3.client("logs").put_subscription_filter,
        logGroupName="g",
        filterName="f",
        filterPattern="",
        destinationArn="a",
    )
    assert message == f"PutSubscriptionFilter {NOT_HERE}"


def test_kinesis_refuses_what_it_would_forget(stream):
    refused = find_refusal(stream.create_stream, StreamName="S", ShardCount=1, Tags={"a": "b"})
    assert refused == ("InvalidArgumentException", f"Tags {NOT_HERE}")


@pytest.mark.parametrize("service", ACTED_ON)
def test_the_tables_name_what_aws_and_moto_know(service):
    model = get_service_model(service)
    for operation, parameters in ACTED_ON[service].items():
        for parameter in parameters:
            shape = model.operation_model(operation).input_shape
            for name in parameter.split("."):
                shape = shape.member if shape.type_name == "list" else shape
                assert name in shape.members, f"{operation} has no {parameter}"
                shape = shape.members[name]
