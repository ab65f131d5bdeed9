"""walkthrough.py: it shows the whole tutorial, and notices when something is missing."""

import base64
import contextlib
import hashlib
import io
import itertools
import os
import socket
import uuid
import zipfile

import boto3
import pytest
from moto import mock_aws

import alarm_sensor
import cleanup
import lambda_function
import setup_kinesis
import wave_sensor
from tests import walkthrough

SHOWN = [
    "arn:aws:iam::123456789012:role/kinesis-log-consumer-role",
    "arn:aws:lambda:us-east-1:123456789012:function:kinesis-log-consumer",
    "10 records: 10 stored, 0 failed",
    "$ python setup_timestream.py",
    "Stream TUTORIAL exists. Skipping Stream creation",
    "$ python wave_sensor.py --interval 0.002 --count 132",
    "Done. 132 readings sent, 0 not sent.",
    "$ python alarm_sensor.py --interval 0.002 --count 200",
    "Done. 200 readings sent, 0 not sent.",
    "200 records read, 0 dropped.",
    "(332 rows)",
    "In the table: 132 of 132 temperatures, 200 of 200 alarms",
    "$ python cleanup.py",
    "Nothing of the tutorial is left.",
    "Asked each service what is left: nothing.",
    "Every reading that was sent is in the table, and nothing is left.",
]

SCRIPTS = [
    "setup_timestream.py", "setup_timestream.py", "setup_kinesis.py", "setup_kinesis.py",
    "wave_sensor.py", "alarm_sensor.py", "-m", "cleanup.py",
]

AWS_COMMANDS = [
    "create-role", *["attach-role-policy"] * 3, "create-function", "create-event-source-mapping",
    "update-function-code", "update-function-configuration", "query",
]


@pytest.fixture(scope="module")
def walked():
    """Exit status and lines of the whole walkthrough, which takes a few seconds."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        status = walkthrough.main()
    return status, output.getvalue().splitlines()


@pytest.fixture
def walk(monkeypatch, lines):
    """A function that walks a shorter way; it returns exit status and lines."""
    monkeypatch.setattr(walkthrough, "WAVE", walkthrough.WAVE[:10])
    monkeypatch.setattr(walkthrough, "ALARM_COUNT", 20)
    monkeypatch.setattr(walkthrough, "MOTO_CONFIG", {})
    monkeypatch.setattr(walkthrough, "POLICIES", [])

    def walk():
        return walkthrough.main(), lines()

    return walk


def break_function(monkeypatch, script, name, change):
    """Let a function of a script return something else: change(what it returns)."""
    original = getattr(script, name)
    monkeypatch.setattr(script, name, lambda *args, **kwargs: change(original(*args, **kwargs)))


def test_the_whole_tutorial_succeeds_and_shows_commands_and_results(walked):
    status, lines = walked
    assert status == 0
    assert [line for line in SHOWN if line not in lines] == []


def test_each_step_has_a_heading(walked):
    _, lines = walked
    headings = [line.split()[1] for line in lines if line.startswith("== ")]
    assert headings == ["1.", "2.", "3.", "4.", "5.", "6.", "That"]


def test_the_wave_is_drawn_and_the_alarms_are_counted(walked):
    _, lines = walked
    [wave] = [line for line in lines if line.startswith("Temperature, 33 to 99: ")]
    assert len(wave.split()[-1]) == 66
    [alarms] = [line for line in lines if line.startswith("Alarms by status: ")]
    assert sum(int(word) for word in alarms.split() if word.isdigit()) == 200


def test_a_terminal_without_block_characters_is_no_reason_to_fail(walk):
    output = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with contextlib.redirect_stdout(output):
        status, _ = walk()
    assert status == 0


def test_the_commands_come_in_the_order_of_the_tutorial(walked):
    _, lines = walked
    assert [line.split()[2] for line in lines if line.startswith("$ python ")] == SCRIPTS
    assert [line.split()[3] for line in lines if line.startswith("$ aws ")] == AWS_COMMANDS


def test_the_commands_stand_in_the_readme_too(walked):
    _, lines = walked
    readme = (walkthrough.REPOSITORY / "README.md").read_text(encoding="utf-8")
    text = " ".join(readme.replace("\\\n", " ").split())
    starts = ("$ aws ", "$ python3 ", "$ python -m ", "$ python setup", "$ python cleanup")
    commands = [line[2:] for line in lines if line.startswith(starts)]
    assert len(commands) == 17
    assert [command for command in commands if command not in text] == []


def test_the_sample_event_is_shown_as_its_log_line(walked):
    _, lines = walked
    assert [line for line in lines if line.endswith("||location=BLOG||sensor=Alarm")]


@pytest.fixture
def trouble(monkeypatch):
    """Let the alarms have ids like delimiters and fields, and one record in ten be poison."""
    ids = [b"=", b"||", b"||status=Off", b"||time=1||", b"'", b'"||', b"||sensor=x||"]
    poison = [b"\xff", b"status=||||", base64.b64encode(b"no log line")]
    original, numbers = alarm_sensor.create_log_line, itertools.count(1)

    def create_log_line(*args):
        number = next(numbers)
        if number % 10 == 0:
            data = poison[number % len(poison)]
            stream = boto3.client("kinesis")
            stream.put_record(StreamName="TUTORIAL", Data=data, PartitionKey="0")
        identifier = uuid.UUID(bytes=ids[number % len(ids)].ljust(16, b"|"))
        monkeypatch.setattr(uuid, "uuid4", lambda: identifier)
        return original(*args)

    monkeypatch.setattr(alarm_sensor, "create_log_line", create_log_line)


def test_ids_like_delimiters_and_fields_and_one_poison_record_in_ten_lose_no_reading(
    trouble, walk
):
    status, lines = walk()
    assert status == 0
    assert "In the table: 10 of 10 temperatures, 20 of 20 alarms" in lines
    [delivered] = [line for line in lines if line.startswith("22 records read, ")]
    assert delivered != "22 records read, 0 dropped."


def test_a_lost_temperature_is_noticed(walk, monkeypatch):
    break_function(monkeypatch, wave_sensor, "wave", lambda values: (v + (v == 70) for v in values))
    status, lines = walk()
    assert (status, lines[-1]) == (1, "The temperatures in the table are not those that were sent.")


@pytest.mark.parametrize(("script", "name", "change"), [
    (lambda_function, "parse", lambda fields: {**fields, "status": "Broken"}),
    (lambda_function, "parse", lambda fields: {**fields, "time": fields["time"][:-3] + "000"}),
    (alarm_sensor, "create_log_line", lambda line: line.replace("Alarm-1", "Alarm-2")),
])
def test_a_lost_or_changed_alarm_is_noticed(walk, monkeypatch, script, name, change):
    break_function(monkeypatch, script, name, change)
    status, lines = walk()
    assert (status, lines[-1]) == (1, "The alarms in the table are not those that were sent.")


def test_a_script_that_fails_is_noticed(walk, monkeypatch):
    monkeypatch.setattr(setup_kinesis, "add_tags", lambda client: False)
    status, lines = walk()
    assert (status, lines[-2:]) == (1, ["setup_kinesis.py ended with exit status 1."] * 2)


def test_what_the_clean_up_leaves_is_noticed(walk, monkeypatch):
    for name in ("delete_role", "delete_stream", "wait_until_stream_is_gone"):
        monkeypatch.setattr(cleanup, name, lambda client: True)
    status, lines = walk()
    assert status == 1
    assert lines[-1] == "Left on AWS: TUTORIAL, kinesis-log-consumer-role"


@pytest.fixture
def hostile(monkeypatch, tmp_path):
    """An environment and a home folder in which everything leads elsewhere."""
    (tmp_path / ".aws").mkdir()
    for name in ("config", "credentials"):
        config = tmp_path / ".aws" / name
        config.write_text("[default]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:9\n")
    for name, value in {
        "HOME": str(tmp_path), "USERPROFILE": str(tmp_path),
        "AWS_PROFILE": "missing", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "x",
        "AWS_ENDPOINT_URL_KINESIS": "http://127.0.0.1:9", "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(config), "TEST_PROXY_MODE": "true",
        "HTTPS_PROXY": "http://127.0.0.1:9", "AWS_CA_BUNDLE": "/missing",
        "MOTO_ACCOUNT_ID": "111111111111",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(walkthrough.moto.settings, "TEST_SERVER_MODE", True)


def test_no_environment_can_lead_it_to_a_real_account(hostile, walk):
    assert walk()[0] == 0
    assert os.environ["AWS_PROFILE"] == "missing"


def test_isolation_leaves_no_way_into_a_network(monkeypatch):
    with walkthrough.isolated(), socket.socket() as connection:
        with pytest.raises(OSError, match="without a network"):
            connection.connect(("127.0.0.1", 9))
        with pytest.raises(OSError, match="without a network"):
            connection.connect_ex(("127.0.0.1", 9))
        with pytest.raises(OSError, match="without a network"):
            socket.create_connection(("localhost", 9))


def test_a_client_made_outside_is_not_used_inside_and_the_other_way_round(monkeypatch):
    outside = lambda_function.authenticate()
    with walkthrough.isolated():
        inside = lambda_function.authenticate()
    assert inside is not outside
    assert lambda_function.authenticate() is not inside


def test_a_record_that_was_delivered_twice_is_one_row(table):
    record = {
        "Dimensions": [{"Name": "Location", "Value": "a"}, {"Name": "Sensor", "Value": "b"}],
        "MeasureName": "Alarm", "MeasureValueType": "VARCHAR", "MeasureValue": "Normal",
    }
    table += [{**record, "Time": "1600000001000"}, {**record, "Time": "1600000000123"}] * 2
    rows = walkthrough.read_table()
    assert [row["time"] for row in rows] == [1600000000123, 1600000001000]
    assert walkthrough.format_row(rows[0]) == [
        "a", "b", "Alarm", "2020-09-13 12:26:40.123000000", "-", "Normal"
    ]


def test_the_query_shows_the_last_minute_alone(lines, monkeypatch):
    monkeypatch.setattr(walkthrough.time, "time", lambda: 1600000100)
    row = {"Location": "a", "Sensor": "b", "measure_name": "c"}
    walkthrough.show_query([row | {"time": 1600000000000 + 1000 * s} for s in (39, 40, 41, 100)])
    output = lines()
    assert output[3].split() == [
        "Location", "Sensor", "measure_name", "time", "measure_value::double",
        "measure_value::varchar",
    ]
    assert output[-2] == "(3 rows)"
    assert [line for line in output if "2020-09-13 12:27:20" in line]
    assert not [line for line in output if "2020-09-13 12:27:19" in line]


@pytest.mark.parametrize(("values", "line"), [
    ([0, 0, 7, 0, 3, 0], "▁█▄"), ([5, 5], "▁"), ([1, 9, 2, 9], "▁▂"), ([20, 10, 80, 10], "▂█"),
])
def test_the_wave_is_drawn_a_block_for_two_values_higher_for_a_greater_one(values, line):
    assert walkthrough.draw(values) == line


@pytest.mark.parametrize(("count", "shown"), [
    (6, list("012345")), (7, list("0123456")), (8, [*"0123", "... 2 more lines ...", *"67"])
])
def test_long_output_is_shortened_and_says_so(lines, count, shown):
    walkthrough.show("\n".join(map(str, range(count))), head=4, tail=2)
    assert lines() == shown


def test_a_long_line_is_shortened_and_says_so(lines):
    walkthrough.show("x" * 400 + "\n" + "x" * 403)
    assert lines() == ["x" * 400, "x" * 400 + " ... (3 more characters)"]


@pytest.fixture
def functions(stream, monkeypatch):
    """A Lambda client, and what the walkthrough makes for Lambda."""
    monkeypatch.setattr(walkthrough, "POLICIES", [])
    walkthrough.create_function(walkthrough.create_role())
    return boto3.client("lambda")


def code_and_handler(client):
    """Return the digest of the function's code, and its handler."""
    function = client.get_function_configuration(FunctionName="kinesis-log-consumer")
    return function["CodeSha256"], function["Handler"]


def digest(name):
    """Return the digest of a deployment package with this file."""
    return base64.b64encode(hashlib.sha256(walkthrough.zip_file(name)).digest()).decode()


def test_the_function_is_the_skeleton_first_and_has_its_final_code_then(functions):
    skeleton = digest("initial_lambda_function.py"), "initial_lambda_function.lambda_handler"
    assert code_and_handler(functions) == skeleton
    walkthrough.update_function()
    final = digest("lambda_function.py"), "lambda_function.lambda_handler"
    assert code_and_handler(functions) == final


def test_the_function_has_the_role_and_a_minute(functions):
    function = functions.get_function_configuration(FunctionName="kinesis-log-consumer")
    assert function["Role"] == "arn:aws:iam::123456789012:role/kinesis-log-consumer-role"
    assert (function["Timeout"], function["Runtime"]) == (60, "python3.13")


def test_the_function_has_a_log_group_as_if_it_had_run(functions):
    [group] = boto3.client("logs").describe_log_groups()["logGroups"]
    assert group["logGroupName"] == "/aws/lambda/kinesis-log-consumer"


def test_a_deployment_package_has_the_file_as_it_is():
    package = zipfile.ZipFile(io.BytesIO(walkthrough.zip_file("lambda_function.py")))
    assert package.namelist() == ["lambda_function.py"]
    source = (walkthrough.REPOSITORY / "lambda_function.py").read_bytes()
    assert package.read("lambda_function.py") == source


def test_the_mapping_is_as_in_the_readme(functions):
    walkthrough.create_event_source_mapping()
    [mapping] = functions.list_event_source_mappings()["EventSourceMappings"]
    assert mapping["FunctionArn"].endswith(":function:kinesis-log-consumer")
    assert mapping["EventSourceArn"] == "arn:aws:kinesis:us-east-1:123456789012:stream/TUTORIAL"
    assert (mapping["BatchSize"], mapping["MaximumRetryAttempts"]) == (10, 10)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["StartingPosition"] == "TRIM_HORIZON"


def test_the_role_has_the_three_policies_and_trusts_lambda():
    with mock_aws(config=walkthrough.MOTO_CONFIG):
        walkthrough.create_role()
        iam = boto3.client("iam")
        role = iam.get_role(RoleName="kinesis-log-consumer-role")["Role"]
        attached = iam.list_attached_role_policies(RoleName="kinesis-log-consumer-role")
    assert "lambda.amazonaws.com" in str(role["AssumeRolePolicyDocument"])
    assert sorted(policy["PolicyName"] for policy in attached["AttachedPolicies"]) == [
        "AWSLambdaBasicExecutionRole", "AmazonKinesisFullAccess", "AmazonTimestreamFullAccess"
    ]
