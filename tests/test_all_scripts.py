"""What holds for every script, each run as a reader runs it."""

import ast
import sys
from pathlib import Path

import pytest

import alarm_sensor
import cleanup
import initial_lambda_function
import lambda_function
import setup_kinesis
import setup_timestream
import wave_sensor

SETUP = [setup_timestream, setup_kinesis, cleanup]
COMMANDS = [*SETUP, wave_sensor, alarm_sensor]
SCRIPTS = [*COMMANDS, lambda_function, initial_lambda_function]

PATIENT = {"connect": 5, "read": 20, "pool": 5000, "attempts": 11}  # the first, and 10 retries
SENSOR = {"connect": 5, "read": 5, "pool": 10, "attempts": 1}
HANDLER = {"connect": 5, "read": 10, "pool": 5000, "attempts": 3}
AUTHENTICATE = [
    (setup_timestream.authenticate, "timestream-write", PATIENT),
    (setup_kinesis.authenticate, "kinesis", PATIENT),
    (wave_sensor.authenticate, "timestream-write", SENSOR),
    (alarm_sensor.authenticate, "kinesis", SENSOR),
    (lambda_function.authenticate, "timestream-write", HANDLER),
    (cleanup.authenticate_kinesis, "kinesis", PATIENT),
    (cleanup.authenticate_timestream, "timestream-write", PATIENT),
    (cleanup.authenticate_lambda, "lambda", PATIENT),
    (cleanup.authenticate_iam, "iam", PATIENT),
    (cleanup.authenticate_logs, "logs", PATIENT),
]


def name(script):
    """Name a script in a test's id."""
    return script.__name__


@pytest.mark.parametrize(("authenticate", "service", "settings"), AUTHENTICATE)
def test_the_clients_try_as_often_and_as_long_as_they_should(authenticate, service, settings):
    client = authenticate()
    config = client.meta.config
    assert client.meta.service_model.service_name == service
    assert settings == {
        "connect": config.connect_timeout, "read": config.read_timeout,
        "pool": config.max_pool_connections, "attempts": config.retries["total_max_attempts"],
    }
    assert config.retries["mode"] == "standard"


KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


@pytest.mark.parametrize("script", COMMANDS, ids=name)
@pytest.mark.parametrize(("settings", "config", "reason"), [
    ({"AWS_DEFAULT_REGION": None}, "", "You must specify a region"),
    (KEYS, "", "Unable to locate credentials"),
    (KEYS | {"AWS_DEFAULT_REGION": None}, "", "You must specify a region"),
    ({"AWS_PROFILE": "missing"}, "", "The config profile (missing) could not be found"),
    ({"AWS_ENDPOINT_URL": "nowhere"}, "", "Invalid endpoint"),
    (KEYS, "credential_process = /missing/tool", "No such file or directory: '/missing/tool'"),
])
def test_what_is_missing_or_wrong_in_the_configuration_is_one_line_that_names_aws_configure(
    run, monkeypatch, tmp_path, script, settings, config, reason
):
    (tmp_path / "config").write_text(f"[default]\n{config}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for variable, value in settings.items():
        monkeypatch.delenv(variable) if value is None else monkeypatch.setenv(variable, value)
    status, [line] = run(script)
    assert status == 1
    assert line.startswith('AWS is not configured, run "aws configure" first: ') and reason in line


LATE = [
    ("role_arn = arn:aws:iam::123456789012:role/x\nweb_identity_token_file = /missing/token",
     "No such file or directory: '/missing/token'"),
    ("role_arn = arn:aws:iam::123456789012:role/x\nsource_profile = keys\nmfa_serial = y\n"
     "[profile keys]\naws_access_key_id = a\naws_secret_access_key = b", "EOF"),
]


@pytest.mark.parametrize("script", [*SETUP, wave_sensor], ids=name)
@pytest.mark.parametrize(("config", "reason"), LATE, ids=["token file", "MFA"])
def test_what_goes_wrong_on_the_way_to_credentials_is_one_line(
    finish, tmp_path, script, config, reason
):
    (tmp_path / "config").write_text(f"[default]\n{config}\n")
    status, lines = finish(
        f"{script.__name__}.py", AWS_CONFIG_FILE=str(tmp_path / "config"), **KEYS
    )
    assert status == 1
    assert 'AWS is not configured, run "aws configure" first: ' in lines[-1] and reason in lines[-1]
    assert not any("Traceback" in line for line in lines)


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_a_script_imports_only_boto3_botocore_and_the_standard_library(script):
    tree = ast.parse(Path(script.__file__).read_text(encoding="utf-8"))
    imported = {
        module.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for module in ([node.module] if isinstance(node, ast.ImportFrom) else
                       [alias.name for alias in node.names])
    }
    assert imported <= {"boto3", "botocore"} | sys.stdlib_module_names


def test_importing_the_scripts_needs_neither_network_nor_credentials_nor_region(finish):
    code = (
        "import socket; socket.socket.connect = socket.getaddrinfo = None; import boto3;"
        "boto3.Session = boto3.client = None; import "
    )
    names = ", ".join(script.__name__ for script in SCRIPTS)
    assert finish("-c", code + names, AWS_DEFAULT_REGION=None, **KEYS) == (0, [])


@pytest.mark.parametrize("script", COMMANDS, ids=name)
def test_a_command_hands_its_exit_status_to_the_shell(finish, script):
    status, [line] = finish(f"{script.__name__}.py", AWS_DEFAULT_REGION=None)
    assert status == 1
    assert "aws configure" in line


@pytest.mark.parametrize("script", SETUP, ids=name)
def test_help_and_unknown_options_do_nothing_to_aws(run, capsys, script):
    with pytest.raises(SystemExit) as helped:
        run(script, "--help")
    assert helped.value.code == 0 and script.__doc__.splitlines()[0] in capsys.readouterr().out
    with pytest.raises(SystemExit) as refused:
        run(script, "--force")
    assert refused.value.code == 2
    assert "unrecognized arguments: --force" in capsys.readouterr().err


@pytest.mark.parametrize("command", [*[f"{script.__name__}.py" for script in SETUP],
                                     "-m tests.benchmark", "-m tests.local_aws --port 0"])
def test_when_nobody_reads_the_output_there_is_no_traceback(finish, command):
    # The reader of the pipe is gone before the first line is printed.
    pipe = f'(sleep 0.3; "$PYTHON" {command}) | true'
    assert finish(pipe, shell=True, AWS_DEFAULT_REGION=None) == (0, [])
