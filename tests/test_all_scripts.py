"""What holds for every script, or for those that set up and clean up; and the trust policy."""

import inspect
import json
import re
import sys

import boto3
import pytest

import alarm_sensor
import cleanup
import initial_lambda_function
import lambda_function
import setup_kinesis
import setup_timestream
import wave_sensor
from tests.benchmark import benchmark
from tests.environment import REPOSITORY
from tests.helpers import refusal
from tests.walkthrough import walk

SETUP = [setup_timestream, setup_kinesis, cleanup]
COMMANDS = [*SETUP, wave_sensor, alarm_sensor]
SCRIPTS = [*COMMANDS, lambda_function, initial_lambda_function]

KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
ROLE = "role_arn = arn:aws:iam::123456789012:role/x\n"
STOPPED = "Stopped. Run the script again to finish."
# Seconds to connect and to read, connections, attempts (the first one, and the retries).
PATIENT, SENSOR, HANDLER = (5, 20, 5000, 11), (5, 5, 10, 1), (5, 10, 5000, 3)


@pytest.mark.parametrize(
    ("authenticate", "service", "settings"),
    [
        (setup_timestream.authenticate, "timestream-write", PATIENT),
        (setup_kinesis.authenticate, "kinesis", PATIENT),
        (cleanup.authenticate_kinesis, "kinesis", PATIENT),  # its others differ in the service
        (wave_sensor.authenticate, "timestream-write", SENSOR),
        (alarm_sensor.authenticate, "kinesis", SENSOR),
        (lambda_function.authenticate, "timestream-write", HANDLER),
    ],
)
def test_the_clients_try_as_often_and_as_long_as_they_should(authenticate, service, settings):
    client = authenticate()
    config = client.meta.config
    assert client.meta.service_model.service_name == service
    *limits, attempts = settings
    assert [config.connect_timeout, config.read_timeout, config.max_pool_connections] == limits
    assert config.retries == {"mode": "standard", "total_max_attempts": attempts}


@pytest.mark.parametrize("script", COMMANDS)
@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (KEYS, "Unable to locate credentials"),
        (KEYS | {"AWS_DEFAULT_REGION": None}, "You must specify a region"),
        ({"AWS_PROFILE": "missing"}, "The config profile (missing) could not be found"),
        ({"AWS_ENDPOINT_URL": "nowhere"}, "Invalid endpoint"),
    ],
)
def test_a_missing_or_wrong_setting_is_one_line(run, monkeypatch, script, settings, reason):
    for variable, value in settings.items():
        monkeypatch.delenv(variable) if value is None else monkeypatch.setenv(variable, value)
    status, [line] = run(script)
    assert status == 1
    assert line.startswith(f'AWS is not configured, run "aws configure" first: {reason}')


@pytest.mark.parametrize(
    ("script", "config", "reason"),
    [
        *[
            (script, "credential_process = /no/tööl", r"'/no/t\x") for script in COMMANDS
        ],  # no ASCII
        (setup_kinesis, f"{ROLE}web_identity_token_file = /no/token", "directory: '/no/token'"),
        (cleanup, f"{ROLE}source_profile = keys\nmfa_serial = y", "EOF"),  # MFA, without a terminal
        (wave_sensor, f"{ROLE}source_profile = keys\nmfa_serial = y", "EOF"),
    ],
)
def test_credentials_that_cannot_be_had_are_one_line(finish, tmp_path, script, config, reason):
    keys = "[profile keys]\naws_access_key_id = a\naws_secret_access_key = b"
    (tmp_path / "config").write_text(f"[default]\n{config}\n{keys}", encoding="utf-8")
    settings = KEYS | {"AWS_CONFIG_FILE": str(tmp_path / "config"), "PYTHONIOENCODING": "ascii"}
    status, lines = finish(f"{script.__name__}.py", **settings)
    assert status == 1 and not any("Traceback" in line for line in lines)
    assert 'AWS is not configured, run "aws configure" first: ' in lines[-1] and reason in lines[-1]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_imports_only_boto3_botocore_and_the_standard_library(script):
    imported = re.findall(r"^ *(?:import|from) (\w+)", inspect.getsource(script), re.MULTILINE)
    assert set(imported) <= {"boto3", "botocore"} | sys.stdlib_module_names


def test_importing_the_scripts_needs_neither_network_nor_credentials_nor_region(finish):
    code = "import socket; socket.socket.connect = socket.getaddrinfo = None; import boto3;"
    code += "boto3.Session = boto3.client = None; import "
    code += ", ".join(script.__name__ for script in SCRIPTS)
    assert finish("-c", code, AWS_DEFAULT_REGION=None, **KEYS) == (0, [])


@pytest.mark.parametrize("script", [*COMMANDS, walk, benchmark])
def test_help_and_unknown_options_do_nothing_to_aws(run, capsys, script):
    with pytest.raises(SystemExit, match="^0$"):
        run(script, "--help")
    assert script.__doc__.splitlines()[0] in " ".join(capsys.readouterr().out.split())
    with pytest.raises(SystemExit, match="^2$"):
        run(script, "--force")
    assert "unrecognized arguments: --force" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        *[f"{script.__name__}.py" for script in COMMANDS],
        "-m tests.benchmark",
        "-m tests.walkthrough",
        "-m tests.local_aws --port 0",
    ],
)
def test_when_nobody_reads_the_output_there_is_status_1_and_no_traceback(finish, command):
    # The reader of the pipe is gone before the first line is printed.
    pipe = f'(sleep 0.1; "$PYTHON" {command}; echo $? >&2) | true'
    assert finish(pipe, shell=True, AWS_DEFAULT_REGION=None) == (0, ["1"])


@pytest.mark.parametrize(
    ("service", "step", "line"),
    [
        ("timestream-write", setup_timestream.create_database, "Create database failed: "),
        ("timestream-write", setup_timestream.create_table, "Create table failed: "),
        ("kinesis", setup_kinesis.create_stream, "Create stream failed: "),
        ("kinesis", setup_kinesis.add_tags, "Could not add tags: "),
        ("lambda", cleanup.delete_event_source_mappings, "List event source mappings failed: "),
    ],
)
def test_a_step_that_fails_returns_false_and_says_why_in_one_line(wire, lines, service, step, line):
    refused = refusal("AccessDeniedException", message="first line\n  second line")
    wire.respond = lambda operation, body: None if operation == "DescribeEndpoints" else refused
    assert step(boto3.client(service)) is False
    _, last = lines()
    assert last.startswith(line + "An error occurred (AccessDeniedException)")
    assert last.endswith(": first line second line")


@pytest.mark.parametrize(
    ("wait", "status", "line"),
    [
        (
            setup_kinesis.wait_for_stream,
            "CREATING",
            "Stream TUTORIAL did not become ACTIVE: Waiter",
        ),
        (cleanup.wait_until_stream_is_gone, "DELETING", "Stream TUTORIAL is not gone: Waiter"),
    ],
)
def test_a_wait_ends_after_three_minutes(wire, sleeps, lines, wait, status, line):
    wire.respond = lambda *_: (200, {"StreamDescription": {"StreamStatus": status}})
    assert wait(boto3.client("kinesis")) is False
    assert sleeps == [2] * 89
    assert lines()[1].startswith(line)


@pytest.mark.parametrize(
    ("script", "operation", "error", "line"),
    [
        (setup_timestream, "CreateDatabase", OSError(), "Create database failed: OSError"),
        (setup_kinesis, "CreateStream", OSError(), "Create stream failed: OSError"),
        (setup_timestream, "CreateTable", KeyboardInterrupt(), STOPPED),
        (setup_kinesis, "DescribeStream", KeyboardInterrupt(), STOPPED),
        (cleanup, "DeleteStream", KeyboardInterrupt(), STOPPED),
        (cleanup, "DescribeStream", KeyboardInterrupt(), STOPPED),
    ],
)
def test_a_failure_and_ctrl_c_end_a_script_at_once(run, wire, script, operation, error, line):
    def respond(requested, body):
        if requested == operation:
            raise error
        return None if requested == "DescribeEndpoints" else (200, {})

    wire.respond = respond
    status, lines = run(script)
    assert (status, lines[-1]) == (1, line)


def test_the_trust_policy_lets_lambda_alone_assume_the_role():
    policy = json.loads((REPOSITORY / "Lambda-Role-Trust-Policy.json").read_text())
    principal = {"Service": "lambda.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    assert policy == {"Version": "2012-10-17", "Statement": [statement]}
