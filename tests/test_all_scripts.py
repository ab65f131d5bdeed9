"""What holds for every script; and the tutorial with each of them in a process of its own."""

import ast
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import moto.moto_proxy
import pytest
from botocore.exceptions import NoCredentialsError

import alarm_sensor
import cleanup
import initial_lambda_function
import lambda_function
import setup_kinesis
import setup_timestream
import wave_sensor
from tests import event_source_mapping
from tests.walkthrough import REPOSITORY

COMMANDS = [setup_timestream, setup_kinesis, wave_sensor, alarm_sensor, cleanup]
SCRIPTS = [*COMMANDS, lambda_function, initial_lambda_function]

AUTHENTICATE = [
    (setup_timestream.authenticate, "timestream-write"),
    (setup_kinesis.authenticate, "kinesis"),
    (wave_sensor.authenticate, "timestream-write"),
    (alarm_sensor.authenticate, "kinesis"),
    (lambda_function.authenticate, "timestream-write"),
    (cleanup.authenticate_kinesis, "kinesis"),
    (cleanup.authenticate_timestream, "timestream-write"),
    (cleanup.authenticate_lambda, "lambda"),
    (cleanup.authenticate_iam, "iam"),
    (cleanup.authenticate_logs, "logs"),
]


def name(script):
    """Name a script in a test's id."""
    return script.__name__


@pytest.mark.parametrize(("authenticate", "service"), AUTHENTICATE)
def test_the_clients_are_configured_as_aws_does_it_in_its_examples(authenticate, service):
    client = authenticate()
    config = client.meta.config
    assert client.meta.service_model.service_name == service
    assert (config.read_timeout, config.max_pool_connections) == (20, 5000)
    assert config.retries["total_max_attempts"] == 11  # the first one, and 10 retries


@pytest.mark.parametrize("authenticate", [
    function for function, _ in AUTHENTICATE if function is not lambda_function.authenticate
])
def test_missing_credentials_are_noticed_before_anything_is_tried(monkeypatch, authenticate):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(NoCredentialsError):
        authenticate()


@pytest.mark.parametrize("script", COMMANDS, ids=name)
@pytest.mark.parametrize(("missing", "reason"), [
    (["AWS_DEFAULT_REGION"], "You must specify a region"),
    (["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], "Unable to locate credentials"),
    (
        ["AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
        "You must specify a region",
    ),
])
def test_nothing_configured_is_one_line_that_names_aws_configure(
    run, monkeypatch, script, missing, reason
):
    for variable in missing:
        monkeypatch.delenv(variable)
    status, [line] = run(script)
    assert status == 1
    assert line.startswith('AWS is not configured, run "aws configure" first: ') and reason in line


@pytest.mark.parametrize("script", COMMANDS, ids=name)
def test_a_profile_that_does_not_exist_is_one_line(run, monkeypatch, script):
    monkeypatch.setenv("AWS_PROFILE", "missing")
    status, [line] = run(script)
    assert status == 1
    assert "aws configure" in line and "The config profile (missing) could not be found" in line


@pytest.mark.parametrize("script", COMMANDS, ids=name)
def test_an_endpoint_that_is_none_is_one_line(run, monkeypatch, script):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nowhere")
    status, [line] = run(script)
    assert status == 1
    assert "aws configure" in line and "Invalid endpoint" in line


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


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_public_functions_have_docstrings(script):
    functions = [
        value for key, value in vars(script).items()
        if callable(value) and getattr(value, "__module__", "") == script.__name__
    ]
    assert functions
    assert script.__doc__ and [f for f in functions if not f.__doc__] == []


def spawn(*command, **environment):
    """Start a Python process in the repository, with no environment but the one given."""
    kept = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT") if key in os.environ}
    environment = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", **kept, **environment}
    # A shell lets what it starts in the background ignore Ctrl-C; the tests may be started so too.
    hear_ctrl_c = None if os.name == "nt" else lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(
        [sys.executable, *command], cwd=REPOSITORY, env=environment, text=True, encoding="utf-8",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        preexec_fn=hear_ctrl_c,
    )


def test_importing_the_scripts_needs_neither_network_nor_credentials_nor_region():
    code = (
        "import socket; socket.socket.connect = socket.getaddrinfo = None; import boto3;"
        "boto3.Session = boto3.client = None; import "
    )
    process = spawn("-c", code + ", ".join(script.__name__ for script in SCRIPTS))
    assert process.communicate() == ("", None)
    assert process.returncode == 0


def test_every_command_hands_its_exit_status_to_the_shell():
    modules = [[f"{script.__name__}.py"] for script in COMMANDS]
    modules.append(["-m", "tests.event_source_mapping"])
    processes = [spawn(*module, HOME=os.devnull) for module in modules]
    for process in processes:
        [line] = process.communicate()[0].splitlines()
        assert "aws configure" in line
        assert process.returncode == 1


@pytest.mark.parametrize(("script", "command"), [
    (setup_timestream, ["setup_timestream.py"]),
    (setup_kinesis, ["setup_kinesis.py"]),
    (cleanup, ["cleanup.py"]),
    (event_source_mapping, ["-m", "tests.event_source_mapping"]),
])
def test_help_and_unknown_options_do_nothing_to_aws(script, command):
    helped, refused = (spawn(*command, option) for option in ("--help", "--force"))
    text, error = helped.communicate()[0], refused.communicate()[0]
    assert helped.returncode == 0 and script.__doc__.splitlines()[0] in text
    assert refused.returncode == 2 and "unrecognized arguments: --force" in error


@pytest.fixture
def proxy():
    """Start moto_proxy; the fixture is the environment in which all processes find AWS there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = spawn("-c", "from moto.proxy import main; main()", "-p", str(port))
    assert any("Serving" in line for line in process.stdout)
    yield {
        "HTTPS_PROXY": f"http://127.0.0.1:{port}",
        "AWS_CA_BUNDLE": str(Path(moto.moto_proxy.__file__).parent / "ca.crt"),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    process.kill()
    process.communicate()


@pytest.fixture
def shell(proxy):
    """A function that runs a command on moto_proxy; it returns exit status and last line.

    interrupt: what the line begins with at which the command gets Ctrl-C.
    """

    def shell(*command, interrupt=None):
        process = spawn(*command, **proxy)
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if interrupt and line.startswith(interrupt):
                process.send_signal(signal.SIGINT)
        return process.wait(), lines[-1]

    return shell


@pytest.mark.skipif(not shutil.which("openssl"), reason="moto_proxy needs openssl")
@pytest.mark.skipif(os.name == "nt", reason="there is no Ctrl-C for a single process")
def test_the_unmodified_scripts_do_the_whole_tutorial_each_in_its_own_process(shell):
    assert shell("setup_timestream.py") == (0, "Table WeatherMetrics successfully created.")
    assert shell("setup_kinesis.py") == (0, "Tags added")
    wave = shell("wave_sensor.py", interrupt="{'RecordsIngested'")
    assert wave == (0, "Stopped. 1 readings sent, 0 not sent.")
    alarms = shell("alarm_sensor.py", "--count", "3", "--interval", "0")
    assert alarms == (0, "Done. 3 readings sent, 0 not sent.")
    mapping = shell("-m", "tests.event_source_mapping", interrupt="3 records: 3 stored")
    assert mapping == (0, "Stopped. 3 records read, 0 dropped.")
    assert shell("cleanup.py") == (0, "Nothing of the tutorial is left.")
