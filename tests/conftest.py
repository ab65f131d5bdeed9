"""What the tests share: an isolated process, moto, services below botocore, and processes."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import boto3
import botocore.loaders
import pytest

import lambda_function
import setup_kinesis
from cleanup import FUNCTION_NAME, ROLE_NAME
from tests import environment, local_aws, walkthrough
from tests.transport import Transport

REPOSITORY = Path(__file__).parent.parent

# Seconds that anything a test starts may take. It is ended then, and the test fails.
LIMIT = 30


@pytest.fixture(autouse=True, scope="session")
def service_models():
    """Let botocore's loaders share what they have read: a client takes 15 ms, not 85."""
    read = defaultdict(dict)  # {search paths: a loader's cache}
    cache = property(lambda self: read[tuple(self.search_paths)], lambda self, empty: None)
    with mock.patch.object(botocore.loaders.Loader, "_cache", cache, create=True):
        yield


@pytest.fixture(autouse=True)
def limit():
    """Let a test fail that hangs; no `except Exception` on the way catches that."""
    if hasattr(signal, "SIGALRM"):  # Windows has none
        signal.signal(signal.SIGALRM, lambda *_: pytest.fail("It does not end."))
        signal.alarm(2 * LIMIT)
    yield
    if hasattr(signal, "SIGALRM"):
        signal.alarm(0)


@pytest.fixture(autouse=True)
def isolated():
    """Keep each test from the network, and from what this machine knows of AWS."""
    lambda_function.authenticate.cache_clear()
    with environment.isolated():
        yield
    lambda_function.authenticate.cache_clear()


@pytest.fixture
def aws():
    """An empty AWS, see tests/local_aws; the Mappings. Its mappings are 100 times as fast."""
    with local_aws.running(print, speed=100, managed_policies=False) as mappings:
        yield mappings


@pytest.fixture(scope="session")
def walked():
    """The walkthrough, and what stands under "Where to go from here".

    shown: what it printed; printed, faults: what run() returns.
    """
    with environment.isolated(), walkthrough.folder_of_its_own():
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            printed, faults = walkthrough.run(walkthrough.read_steps(
                ["Walkthrough", "Where to go from here", "Clean up"]
            ))
    return SimpleNamespace(shown=shown.getvalue(), printed=printed, faults=faults)


@pytest.fixture
def stream(aws, capsys):
    """A Kinesis client, and the tutorial's stream."""
    client = boto3.client("kinesis")
    setup_kinesis.create_stream(client)
    capsys.readouterr()
    return client


@pytest.fixture
def wire():
    """A function that lets another one respond to the requests of all clients.

    It takes the operation's name and the body, and returns status and body, or None if all is well.
    """
    transport = Transport()
    with transport.in_place():
        yield lambda respond: setattr(transport, "respond", respond) or transport


@pytest.fixture
def sleeps(monkeypatch):
    """The seconds of each time.sleep(), none of which happens."""
    seconds = []
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds


@pytest.fixture
def lines(capsys):
    """A function that returns the lines printed since the last call."""
    return lambda: capsys.readouterr().out.splitlines()


@pytest.fixture
def run(monkeypatch, lines):
    """A function that runs a script's main() with options; it returns exit status and lines."""

    def run(script, *options):
        monkeypatch.setattr(sys, "argv", [f"{script.__name__}.py", *options])
        return script.main(), lines()

    return run


@pytest.fixture
def spawn():
    """A function that starts a Python process in the repository; each ends with the test.

    settings: environment variables besides those of tests.environment, None for one to leave out.
    """
    processes = []

    def spawn(*command, shell=False, **settings):
        variables = environment.build_environment()
        variables |= {"PYTHON": sys.executable, "PYTHONDONTWRITEBYTECODE": "1"}
        variables |= {"PYTHONUNBUFFERED": "", **settings}  # so that a program has to flush itself
        processes.append(subprocess.Popen(
            command[0] if shell else [sys.executable, *command],
            cwd=REPOSITORY, shell=shell, text=True, encoding="utf-8", errors="replace",
            env={name: value for name, value in variables.items() if value is not None},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        ))
        return processes[-1]

    yield spawn
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL) if os.name == "posix" else process.kill()
        process.communicate(timeout=LIMIT)


@pytest.fixture
def finish(spawn):
    """A function that starts a process as spawn() does; it returns its exit status and lines."""

    def finish(*command, **settings):
        process = spawn(*command, **settings)
        output = process.communicate(timeout=LIMIT)[0]
        return process.returncode, output.splitlines()

    return finish


def refusal(code, status=400, **details):
    """Return status and body of an answer of AWS that says no."""
    return status, {"__type": code, "message": "as asked"} | details


def refuse(client, operation, error=None):
    """Let a client raise an error on an operation, by default an answer of AWS in two lines."""
    answer = {"Error": {"Code": "ThrottlingException", "Message": "first line\n  second line"}}

    def respond(**_):
        if error:
            raise error
        return SimpleNamespace(status_code=400), answer

    client.meta.events.register(f"before-call.*.{operation}", respond)


def deploy(source, handler="code.handler", update=False, **settings):
    """Upload code to the local Lambda, as code.py or, with a handler in it, lambda_function.py.

    update: the function exists already.
    settings: further parameters of CreateFunction.
    """
    package, client = io.BytesIO(), boto3.client("lambda")
    with zipfile.ZipFile(package, "w") as archive:
        name = "lambda_function" if handler.startswith("lambda_function.") else "code"
        archive.writestr(f"{name}.py", source)
    if update:
        client.update_function_code(FunctionName=FUNCTION_NAME, ZipFile=package.getvalue())
        return
    with contextlib.suppress(boto3.client("iam").exceptions.EntityAlreadyExistsException):
        boto3.client("iam").create_role(RoleName=ROLE_NAME, AssumeRolePolicyDocument="{}")
    client.create_function(**{
        "FunctionName": FUNCTION_NAME, "Runtime": "python3.13", "Handler": handler, "Timeout": 60,
        "Role": f"arn:aws:iam::123456789012:role/{ROLE_NAME}",
        "Code": {"ZipFile": package.getvalue()},
    } | settings)
