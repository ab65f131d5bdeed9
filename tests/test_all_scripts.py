"""What is true for all scripts, or for all that set up and clean up; the trust policy."""

import inspect
import json
import re
import runpy
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
from tests.environment import REPOSITORY
from tests.network import refusal

SETUP = [setup_timestream, setup_kinesis, cleanup]
COMMANDS = [*SETUP, wave_sensor, alarm_sensor]
SCRIPTS = [*COMMANDS, lambda_function, initial_lambda_function]

PATIENT = {"connect_timeout": 5, "read_timeout": 20, "attempts": 11}  # one call and ten retries
SENSOR = {"connect_timeout": 5, "read_timeout": 5, "attempts": 1}
HANDLER = {"connect_timeout": 5, "read_timeout": 10, "attempts": 3}


def name_of(script):
    return script.__name__


@pytest.mark.parametrize(
    ("authenticate", "service", "expected"),
    [
        (setup_timestream.authenticate, "timestream-write", PATIENT),
        (setup_kinesis.authenticate, "kinesis", PATIENT),
        (cleanup.authenticate_kinesis, "kinesis", PATIENT),
        (cleanup.authenticate_timestream, "timestream-write", PATIENT),
        (cleanup.authenticate_lambda, "lambda", PATIENT),
        (cleanup.authenticate_iam, "iam", PATIENT),
        (cleanup.authenticate_logs, "logs", PATIENT),
        (wave_sensor.authenticate, "timestream-write", SENSOR),
        (alarm_sensor.authenticate, "kinesis", SENSOR),
        (lambda_function.authenticate, "timestream-write", HANDLER),
    ],
)
def test_the_clients_have_their_retries_and_timeouts(authenticate, service, expected):
    client = authenticate()
    config = client.meta.config
    assert client.meta.service_model.service_name == service
    assert config.connect_timeout == expected["connect_timeout"]
    assert config.read_timeout == expected["read_timeout"]
    assert config.retries == {"mode": "standard", "total_max_attempts": expected["attempts"]}
    is_handler = authenticate is lambda_function.authenticate
    assert config.max_pool_connections == (5000 if is_handler else 10)


@pytest.mark.parametrize("script", COMMANDS, ids=name_of)
@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("AWS_DEFAULT_REGION", None, "You must specify a region."),
        ("AWS_PROFILE", "missing", "The config profile (missing) could not be found"),
        ("AWS_ENDPOINT_URL", "127.0.0.1:5005", "Invalid endpoint: 127.0.0.1:5005"),
    ],
)
def test_without_a_region_profile_or_endpoint_one_line_names_aws_configure(
    run_script, monkeypatch, script, variable, value, reason
):
    if value is None:
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, value)
    status, [line] = run_script(script)
    assert status == 1
    assert (
        line == f'Could not create a client: {reason} Is this terminal signed in ("aws configure")?'
    )


@pytest.mark.parametrize("script", COMMANDS, ids=name_of)
def test_a_missing_credential_process_is_one_line(run_script, monkeypatch, tmp_path, script):
    (tmp_path / "config").write_text("[default]\ncredential_process = /no/tool")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    status, [line] = run_script(script)
    assert status == 1
    assert line.startswith("Could not create a client: ")
    assert "/no/tool" in line
    assert line.endswith(' Is this terminal signed in ("aws configure")?')


@pytest.mark.parametrize("script", COMMANDS, ids=name_of)
def test_a_mistake_where_the_client_is_made_is_not_blamed_on_the_configuration(
    run_script, monkeypatch, script
):
    monkeypatch.delattr(script, "Config")  # as if its import was missing
    with pytest.raises(NameError, match="name 'Config' is not defined"):
        run_script(script)


@pytest.mark.parametrize("script", COMMANDS, ids=name_of)
def test_without_credentials_the_first_call_says_so(run_script, monkeypatch, script):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    status, lines = run_script(script)
    assert status == 1
    [first, *_] = [line for line in lines if not re.match("Creating|Deleting|Looking", line)]
    assert first.endswith(": Unable to locate credentials")


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_a_script_imports_only_boto3_botocore_and_the_standard_library(script):
    imported = re.findall(r"^ *(?:import|from) (\w+)", inspect.getsource(script), re.MULTILINE)
    assert set(imported) <= {"boto3", "botocore"} | sys.stdlib_module_names


def test_importing_the_scripts_needs_neither_network_nor_credentials_nor_region(finish):
    code = "import socket; socket.socket.connect = socket.getaddrinfo = None; import boto3;"
    code += "boto3.Session = boto3.client = None; import "
    code += ", ".join(script.__name__ for script in SCRIPTS)
    settings = dict.fromkeys(["AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    assert finish("-c", code, **settings) == (0, [])


@pytest.mark.parametrize("script", COMMANDS, ids=name_of)
def test_help_and_unknown_options_do_not_touch_aws(run_script, capsys, script):
    with pytest.raises(SystemExit, match="^0$"):
        run_script(script, "--help")
    assert script.__doc__.splitlines()[0] in " ".join(capsys.readouterr().out.split())
    with pytest.raises(SystemExit, match="^2$"):
        run_script(script, "--force")
    assert "unrecognized arguments: --force" in capsys.readouterr().err


@pytest.mark.parametrize("script", COMMANDS, ids=name_of)
def test_a_script_exits_with_its_status(monkeypatch, lines, script):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setattr(sys, "argv", [script.__file__])
    with pytest.raises(SystemExit, match="^1$"):
        runpy.run_path(script.__file__, run_name="__main__")
    [line] = lines()
    assert line.startswith("Could not create a client: You must specify a region. ")


@pytest.mark.parametrize(
    ("service", "step", "line"),
    [
        ("timestream-write", setup_timestream.create_database, "Create database failed: "),
        ("timestream-write", setup_timestream.create_table, "Create table failed: "),
        ("kinesis", setup_kinesis.create_stream, "Create stream failed: "),
        ("kinesis", setup_kinesis.wait_for_stream, "Stream TUTORIAL did not become ACTIVE: "),
        ("kinesis", setup_kinesis.add_tags, "Could not add tags: "),
    ],
)
def test_a_failed_step_returns_false_and_says_why(network, lines, service, step, line):
    network.answer = lambda operation, body: refusal("AccessDeniedException")
    assert step(boto3.client(service)) is False
    _, last = lines()
    assert last.startswith(line)
    assert "(AccessDeniedException)" in last


def test_the_trust_policy_lets_lambda_alone_assume_the_role():
    policy = json.loads((REPOSITORY / "Lambda-Role-Trust-Policy.json").read_text())
    principal = {"Service": "lambda.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    assert policy == {"Version": "2012-10-17", "Statement": [statement]}
