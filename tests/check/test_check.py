"""tests/check: the next step after each step, and what it says about each mistake."""

import io
import json
import re
import time
import zipfile

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

import alarm_sensor
import cleanup
import setup_kinesis
import setup_timestream
import wave_sensor
from cleanup import FUNCTION_NAME, LOG_GROUP_NAME, ROLE_NAME
from setup_kinesis import STREAM_NAME
from tests.check import check
from tests.check.found import Found
from tests.environment import REPOSITORY
from tests.helpers import LIMIT, ROLE_ARN, STREAM_ARN, make_client, query, wait_until_idle

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "timestream:WriteRecords", "Resource": "*"},
        {"Effect": "Allow", "Action": ["kinesis:GetRecords", "logs:Put*"], "Resource": "*"},
    ],
}
LINE = re.compile("[ 1][0-9]  (done|not yet|wrong) |Next: ")  # other lines come from the local AWS
BAD = b"id=1||status=Normal||location=TUTORIAL||sensor=Alarm-1\n"


def build_package(script, name=None):
    """Return the bytes of a zip file with a script, under its own name or another one."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(name or script, (REPOSITORY / script).read_text(encoding="utf-8"))
    return package.getvalue()


def wait_until(is_true, what):
    """Wait until something is true; fail after LIMIT seconds."""
    end = time.monotonic() + LIMIT
    while not is_true():
        assert time.monotonic() < end, f"timed out after {LIMIT} s: {what}"
        time.sleep(0.02)


def count_in_log(text):
    """Return how many lines of the function's log contain a text."""
    pages = make_client("logs").get_paginator("filter_log_events")
    found = pages.paginate(logGroupName=LOG_GROUP_NAME, filterPattern=f'"{text}"')
    return len(list(found.search("events[]")))


def update_mapping(**settings):
    """Update the tutorial's mapping, and wait until that is done."""
    make_client("lambda").update_event_source_mapping(UUID=find_mapping()["UUID"], **settings)
    wait_for_mapping()


def find_mapping():
    """Return the tutorial's mapping."""
    [mapping] = make_client("lambda").list_event_source_mappings()["EventSourceMappings"]
    return mapping


def wait_for_mapping():
    """Wait until the mapping is ready."""
    wait_until(lambda: find_mapping()["State"] in ("Enabled", "Disabled"), "the mapping is ready")


def wait_for_function(waiter):
    """Wait until the function is ready."""
    waiter = make_client("lambda").get_waiter(waiter)
    waiter.wait(FunctionName=FUNCTION_NAME, WaiterConfig={"Delay": 0.02})


# The steps of the README, with boto3


def make_table():
    client = make_client("timestream-write")
    assert setup_timestream.create_database(client)
    assert setup_timestream.create_table(client)


def make_stream():
    client = make_client("kinesis")
    assert setup_kinesis.create_stream(client)
    assert setup_kinesis.wait_for_stream(client)


def make_role():
    iam = make_client("iam")
    iam.create_role(RoleName=ROLE_NAME, AssumeRolePolicyDocument="{}")
    iam.put_role_policy(
        RoleName=ROLE_NAME, PolicyName="just-enough", PolicyDocument=json.dumps(POLICY)
    )
    time.sleep(0.15)  # instead of the README's `sleep 10`, as time passes 100 times faster


def make_skeleton():
    make_client("lambda").create_function(
        FunctionName=FUNCTION_NAME,
        Runtime="python3.13",
        Handler=check.SKELETON,
        Role=ROLE_ARN,
        Timeout=60,
        Code={"ZipFile": build_package("initial_lambda_function.py")},
    )
    wait_for_function("function_active_v2")


def try_skeleton():
    make_client("lambda").invoke(FunctionName=FUNCTION_NAME, Payload="{}")


def connect():
    make_client("lambda").create_event_source_mapping(
        FunctionName=FUNCTION_NAME,
        EventSourceArn=STREAM_ARN,
        BatchSize=10,
        StartingPosition="TRIM_HORIZON",
        FunctionResponseTypes=["ReportBatchItemFailures"],
        MaximumRecordAgeInSeconds=3600,
    )
    wait_for_mapping()


def send_wave():
    wave_sensor.generate_wave(100, 32, 60, make_client("timestream-write"), "1", 0.001, 30)


def send_second_wave():
    wave_sensor.generate_wave(100, 32, 60, make_client("timestream-write"), "2", 0.001, 20)


def send_alarms(count=30):
    before = count_in_log("aWQ9") + count_in_log("records stored")
    alarm_sensor.generate_reading(make_client("kinesis"), "Alarm-1", 0.002, count)
    wait_until(
        lambda: count_in_log("aWQ9") + count_in_log("records stored") > before,
        "alarms reach the function",
    )


def give_final_code(package=None):
    package = package or build_package("lambda_function.py")
    client = make_client("lambda")
    client.update_function_code(FunctionName=FUNCTION_NAME, ZipFile=package)
    wait_for_function("function_updated_v2")
    handler = "lambda_function.lambda_handler"
    client.update_function_configuration(FunctionName=FUNCTION_NAME, Handler=handler)
    wait_for_function("function_updated_v2")


def put_bad_record():
    make_client("kinesis").put_record(StreamName=STREAM_NAME, PartitionKey="0", Data=BAD)
    wait_until(lambda: count_in_log("Failed") > 1, "the bad record is retried")


def follow_bad_record():
    put_bad_record()
    update_mapping(MaximumRecordAgeInSeconds=60)
    wait_until_discarded()
    update_mapping(MaximumRecordAgeInSeconds=3600)


def wait_until_discarded():
    """Send alarms until one is stored: the bad record no longer holds up the shard.

    Those that wait behind it for too long are discarded as well.
    """
    stored = len(query("time"))

    def send_one():
        alarm_sensor.generate_reading(make_client("kinesis"), "Alarm-1", 0.002, 1)
        return len(query("time")) > stored

    wait_until(send_one, "a good alarm is stored")


STEPS = [
    lambda: None,
    make_table,
    make_stream,
    make_role,
    make_skeleton,
    try_skeleton,
    connect,
    send_wave,
    send_second_wave,
    send_alarms,
    give_final_code,
    send_alarms,
    follow_bad_record,
]


@pytest.fixture
def look(aws, run_script, capsys):
    """A function that runs the program and returns its exit status and lines."""

    def look():
        capsys.readouterr()
        status, lines = run_script(check)
        return status, [line for line in lines if LINE.match(line)]

    return look


def take_steps(last):
    """Do the README's steps up to `last`."""
    for step in STEPS[:last]:
        step()


# Steps


def test_after_each_step_the_next_one_is_named(look):
    titles = check.read_titles()
    for number, step in enumerate(STEPS, start=1):
        step()
        status, lines = look()
        assert status == 0, lines
        if number == 13:
            assert lines[-1] == "Next: Clean up"
        else:
            assert lines[-1] == f"Next: step {number + 1}, {titles[number]}"
        states = [line[4:11].strip() for line in lines[:-1]]
        assert states == ["done"] * number + ["not yet"] * (13 - number)
    cleanup.main()
    assert look()[1][-1] == "Next: step 2, Create database and table"


def test_missing_resources_are_named(look):
    assert look()[1][1:6] == [
        " 2  not yet  there is no table DemoDatabase.WeatherMetrics in us-east-1",
        f" 3  not yet  there is no stream {STREAM_NAME} in us-east-1",
        " 4  not yet  there is no role kinesis-log-consumer-role",
        " 5  not yet  there is no function kinesis-log-consumer in us-east-1",
        " 6  not yet  the function has no log, so it has not run yet",
    ]


def test_a_function_that_is_being_created_is_not_there_yet(aws, monkeypatch):
    monkeypatch.setattr(Found, "function", {"State": "Pending"})
    expected = (check.NOT_YET, "function kinesis-log-consumer is still Pending")
    assert check.check_function(Found()) == expected


def test_records_on_closed_shards_count(stream):
    for _ in range(3):
        stream.put_record(StreamName=STREAM_NAME, PartitionKey="0", Data=BAD)
    stream.update_shard_count(
        StreamName=STREAM_NAME, TargetShardCount=2, ScalingType="UNIFORM_SCALING"
    )
    assert Found().records == 3


def test_it_changes_nothing(look, monkeypatch):
    take_steps(7)
    reads = ("Describe", "Filter", "Get", "List", "Query")
    asked = []
    make_api_call = BaseClient._make_api_call

    def remember(client, operation, parameters):
        asked.append(operation)
        return make_api_call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", remember)
    look()
    assert len(asked) > 10
    assert [operation for operation in asked if not operation.startswith(reads)] == []


# Mistakes


@pytest.fixture
def find_wrong(look):
    """A function that returns the lines with `wrong`; the next step must be one of them."""

    def find_wrong():
        status, lines = look()
        assert status == 1
        wrong = [line for line in lines if line[4:9] == "wrong"]
        assert lines[-1].startswith(f"Next: step {wrong[0].split()[0]}, ")
        return wrong

    return find_wrong


def test_no_region(find_wrong, monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    [line] = find_wrong()
    assert line.startswith(" 1  wrong    no region is set")


def test_cli_and_scripts_in_two_regions(find_wrong, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    [line] = find_wrong()
    assert line.endswith("the CLI uses eu-west-1, but the scripts use us-east-1: repeat step 1")


def test_no_credentials(find_wrong, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    [line] = find_wrong()
    assert line.endswith("Unable to locate credentials")


def test_aws_does_not_respond(find_wrong, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    [line] = find_wrong()
    assert line.startswith(" 1  wrong    this could not be checked: Failed to connect")


def test_another_region(find_wrong, monkeypatch):
    take_steps(3)
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.setenv(name, "eu-west-1")
    table, stream = find_wrong()
    assert table.endswith("WeatherMetrics is in us-east-1, but this terminal uses eu-west-1")
    where = "is in us-east-1, but this terminal uses eu-west-1"
    assert stream.endswith(f"stream {STREAM_NAME} {where}")


def test_a_table_and_a_stream_that_are_gone(find_wrong):
    take_steps(7)
    cleanup.delete_stream(make_client("kinesis"))
    cleanup.delete_table(make_client("timestream-write"))
    table, stream = find_wrong()
    assert "WeatherMetrics is gone from us-east-1: run setup_timestream.py" in table
    assert f"{STREAM_NAME} is gone from us-east-1: run setup_kinesis.py" in stream


def test_a_role_without_policies(find_wrong):
    take_steps(4)
    make_client("iam").delete_role_policy(RoleName=ROLE_NAME, PolicyName="just-enough")
    [line] = find_wrong()
    assert line.endswith(
        "has no policy that allows timestream:WriteRecords, kinesis:GetRecords, logs:PutLogEvents"
    )


def test_a_role_and_a_function_that_are_gone(find_wrong):
    take_steps(7)
    cleanup.delete_role(make_client("iam"))
    [line] = find_wrong()
    assert line.endswith("is gone, but the function needs it")
    make_role()
    cleanup.delete_lambda(make_client("lambda"))
    [line] = find_wrong()
    assert line.endswith("is gone, but a mapping still calls it")


def test_the_timeout_of_the_console(find_wrong):
    take_steps(5)
    make_client("lambda").update_function_configuration(FunctionName=FUNCTION_NAME, Timeout=3)
    assert "has a timeout of 3 seconds, not 60" in find_wrong()[0]


def test_the_skeleton_while_alarms_flow(find_wrong):
    take_steps(10)
    send_alarms()
    [line] = find_wrong()
    assert line.endswith(
        "alarms arrive, but the function is still the skeleton, which stores nothing"
    )


def test_the_skeleton_under_the_final_name_as_in_the_console(find_wrong, aws):
    take_steps(10)
    send_alarms()
    assert wait_until_idle(aws)  # or new code is called by the old handler's name
    give_final_code(build_package("initial_lambda_function.py", name="lambda_function.py"))
    [line] = find_wrong()
    assert line.endswith("is its code still the skeleton?")


def write_log(message):
    """Write a line into the function's log."""
    logs = make_client("logs")
    logs.create_log_stream(logGroupName=LOG_GROUP_NAME, logStreamName="x")
    event = {"timestamp": round(time.time() * 1000) + 2000, "message": message}
    logs.put_log_events(logGroupName=LOG_GROUP_NAME, logStreamName="x", logEvents=[event])


def test_a_handler_that_is_not_in_the_code(find_wrong):
    take_steps(11)
    error = "[ERROR] Runtime.HandlerNotFound: Handler 'nope' missing on module 'lambda_function'"
    write_log(error)
    [line] = find_wrong()
    assert line == f"11  wrong    the function cannot be loaded: {error}"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"Enabled": False}, "the mapping is Disabled: aws lambda update-event-source-mapping"),
        ({"FunctionResponseTypes": []}, "the mapping has no ReportBatchItemFailures"),
        ({"MaximumRecordAgeInSeconds": 60}, "the mapping discards records after 60 seconds"),
    ],
)
def test_settings_that_a_mapping_should_not_have(find_wrong, settings, words):
    take_steps(7)
    update_mapping(**settings)
    [line] = find_wrong()
    assert line.startswith(f" 7  wrong    {words}")


def test_a_bad_record_that_holds_up_the_shard(find_wrong, look):
    take_steps(12)
    put_bad_record()
    [line] = find_wrong()
    assert "13  wrong    a bad record holds up the shard until it is discarded. " in line
    assert "status=Normal||location=TUTORIAL" in line


def test_after_a_bad_record_the_minute_belongs_to_step_13(find_wrong):
    take_steps(13)
    update_mapping(MaximumRecordAgeInSeconds=60)
    [line] = find_wrong()
    assert line.startswith("13  wrong    the mapping discards records after 60 seconds")


@pytest.mark.parametrize(("age", "state"), [(34, check.WRONG), (36, check.DONE)])
def test_without_a_retry_for_a_while_a_bad_record_was_discarded(monkeypatch, age, state):
    now = time.time() * 1000
    retries = [now - age * 1000 - 10_000, now - age * 1000]  # the pause was ten seconds
    failed = [{"timestamp": moment, "message": "Failed: 7: bad"} for moment in retries]
    monkeypatch.setattr(Found, "failed", failed)
    monkeypatch.setattr(Found, "find_in_log", lambda *_, **__: [])
    monkeypatch.setattr(Found, "mappings", [])
    assert check.check_bad_record(Found())[0] == state


def test_a_failed_line_from_a_manual_invocation_is_not_a_bad_record(look):
    take_steps(12)
    record = {"sequenceNumber": "7", "data": "aWQ9MQ=="}
    payload = json.dumps({"Records": [{"kinesis": record}]})
    make_client("lambda").invoke(FunctionName=FUNCTION_NAME, Payload=payload)
    assert count_in_log("Failed") == 1
    status, lines = look()
    assert (status, lines[-1]) == (0, "Next: step 13, Follow a bad record")


def test_a_step_that_cannot_be_checked_is_wrong(find_wrong, monkeypatch):
    def refuse(found):
        error = {"Error": {"Code": "AccessDeniedException", "Message": "not you"}}
        raise ClientError(error, "GetFunctionConfiguration")

    take_steps(3)
    monkeypatch.setattr(Found, "function", property(refuse))
    assert " 5  wrong    this could not be checked: " in find_wrong()[1]


@pytest.mark.parametrize(
    ("policies", "is_allowed"),
    [
        (["AmazonTimestreamFullAccess", "AmazonKinesisReadOnlyAccess"], False),
        (["AmazonTimestreamFullAccess", "AWSLambdaKinesisExecutionRole"], True),
        (["AdministratorAccess"], True),
    ],
)
def test_managed_policies_count(aws, monkeypatch, policies, is_allowed):
    make_role()
    iam = make_client("iam")
    iam.delete_role_policy(RoleName=ROLE_NAME, PolicyName="just-enough")
    for name in policies:
        arn = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(POLICY))["Policy"]["Arn"]
        iam.attach_role_policy(RoleName=ROLE_NAME, PolicyArn=arn)
    state, _ = check.check_role(Found())
    assert (state == check.DONE) == is_allowed


def test_the_program_exits_with_its_status(finish):
    status, lines = finish("-m", "tests.check", AWS_DEFAULT_REGION=None, AWS_REGION=None)
    assert (status, lines[-1]) == (1, "Next: step 1, Look where you are")
