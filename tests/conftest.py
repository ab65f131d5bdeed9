"""The fixtures: isolation, a local AWS, a simulated network, scripts and processes."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from types import SimpleNamespace
from unittest import mock

import botocore.loaders
import pytest

import lambda_function
import setup_timestream
from setup_kinesis import STREAM_NAME
from tests import environment, local_aws
from tests.helpers import LIMIT, make_client
from tests.network import answered_by


def pytest_addoption(parser):
    parser.addoption("--reverse", action="store_true", help="run the tests in reversed order")


def pytest_collection_modifyitems(config, items):
    if config.getoption("reverse"):  # each test must pass in any order
        items.reverse()


@pytest.fixture(autouse=True, scope="session")
def service_models():
    """Make all clients share botocore's service models.

    Each boto3.Session() has its own botocore loader, which would read these files again: 85 ms for
    each of hundreds of clients. So the loaders get one common cache.
    """
    read = defaultdict(dict)  # {search paths: what a loader has read there}

    def get_cache(loader):
        return read[tuple(loader.search_paths)]

    def keep_cache(loader, empty):  # each new loader sets an empty one
        pass

    cache = property(get_cache, keep_cache)
    with mock.patch.object(botocore.loaders.Loader, "_cache", cache, create=True):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol():
    """Fail a test or a fixture that hangs; no `except Exception` can catch this."""
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail(f"Timed out after {2 * LIMIT} s"))
    signal.alarm(2 * LIMIT)
    result = yield
    signal.alarm(0)
    return result


@pytest.fixture(autouse=True)
def isolated():
    """Keep each test away from the network, and from this machine's AWS settings."""
    lambda_function.authenticate.cache_clear()
    with environment.isolated():
        yield


@pytest.fixture
def aws():
    """An empty local AWS, in which time passes 100 times faster; the Mappings of mapping.py."""
    with local_aws.running(print, speed=100, managed_policies=False) as mappings:
        yield mappings


@pytest.fixture
def stream(aws):
    """A Kinesis client; the tutorial's stream exists."""
    client = make_client("kinesis")
    client.create_stream(StreamName=STREAM_NAME, ShardCount=1)
    return client


@pytest.fixture
def table(aws, capsys):
    """The tutorial's database and table exist."""
    client = make_client("timestream-write")
    setup_timestream.create_database(client)
    setup_timestream.create_table(client)
    capsys.readouterr()


@pytest.fixture
def network():
    """The network; a test can replace its `answer`, see tests/network.py."""
    network = SimpleNamespace(answer=lambda operation, body: None)
    with answered_by(lambda operation, body: network.answer(operation, body)):
        yield network


@pytest.fixture
def sleeps(monkeypatch):
    """The seconds of each time.sleep(), which does not really sleep."""
    seconds = []

    def sleep(pause):
        seconds.append(pause)
        if len(seconds) == 1000:
            pytest.fail("the script did not stop")

    monkeypatch.setattr(time, "sleep", sleep)
    return seconds


@pytest.fixture
def lines(capsys):
    """A function that returns the lines printed since the last call."""
    return lambda: capsys.readouterr().out.splitlines()


@pytest.fixture
def run_script(monkeypatch, lines):
    """A function that runs a script's main() with options, and returns its status and lines."""

    def run_script(script, *options):
        monkeypatch.setattr(sys, "argv", [f"{script.__name__}.py", *options])
        return script.main(), lines()

    return run_script


@pytest.fixture
def spawn():
    """A function that starts a process in the repository, which ends with the test.

    command: the words after "python"; with shell=True, a line that can use "$PYTHON".
    settings: environment variables to add to those of tests.environment, or to remove if None.
    """
    processes = []

    def spawn(*command, shell=False, **settings):
        variables = environment.build_environment()
        variables["PYTHON"] = sys.executable
        variables["PYTHONDONTWRITEBYTECODE"] = "1"
        variables["PYTHONUNBUFFERED"] = ""  # so that programs must flush their output themselves
        variables |= settings
        process = subprocess.Popen(
            command[0] if shell else [sys.executable, *command],
            cwd=environment.REPOSITORY,
            env={name: value for name, value in variables.items() if value is not None},
            shell=shell,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield spawn
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=LIMIT)


@pytest.fixture
def finish(spawn):
    """A function that runs a process like spawn(), and returns its exit status and lines."""

    def finish(*command, **settings):
        process = spawn(*command, **settings)
        output = process.communicate(timeout=LIMIT)[0]
        return process.returncode, output.splitlines()

    return finish


@pytest.fixture
def hostile(tmp_path):
    """Environment variables that point to a server; the test fails if anybody connects to it."""
    server = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{server.getsockname()[1]}"
    keys = "aws_access_key_id = theirs\naws_secret_access_key = theirs\n"
    settings = f"[default]\nregion = eu-west-1\noutput = yaml\nendpoint_url = {url}\n{keys}"
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(settings)
    (tmp_path / ".aws" / "credentials").write_text(settings)
    (tmp_path / ".boto").write_text(f"[Credentials]\n{keys}")
    yield {
        "AWS_ACCESS_KEY_ID": None,
        "AWS_CONFIG_FILE": str(tmp_path / ".aws" / "config"),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": url,
        "AWS_DEFAULT_OUTPUT": "yaml",
        "AWS_EC2_METADATA_DISABLED": "false",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": url,
        "AWS_ENDPOINT_URL": url,
        "AWS_ENDPOINT_URL_KINESIS": url,
        "AWS_PROFILE": "theirs",
        "AWS_REGION": "eu-west-1",
        "AWS_SECRET_ACCESS_KEY": None,
        "AWS_SESSION_TOKEN": "theirs",
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / ".aws" / "credentials"),
        "AWS_USE_FIPS_ENDPOINT": "true",
        "BOTO_CONFIG": str(tmp_path / ".boto"),
        "HOME": str(tmp_path),
        "HTTPS_PROXY": url,
        "HTTP_PROXY": url,
        "MOTO_ACCOUNT_ID": "1",
        "NO_PROXY": "*",
        "TEST_SERVER_MODE_ENDPOINT": url,
        "https_proxy": url,
        "no_proxy": "*",
    }
    server.setblocking(False)
    with server, pytest.raises(BlockingIOError):  # nobody has connected
        server.accept()
