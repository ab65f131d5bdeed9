"""environment.py: whatever this machine knows of AWS, nothing in tests/ reaches anything."""

import socket

import boto3
import moto.settings
import pytest
from botocore.loaders import Loader

from tests import environment

CREDENTIALS = "aws_access_key_id = theirs\naws_secret_access_key = theirs\n"


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    """A machine with settings that lead to a server, which nothing may connect to."""
    server = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{server.getsockname()[1]}"
    (tmp_path / ".aws").mkdir()
    for name in (".aws/config", ".aws/credentials"):
        settings = f"[default]\nregion = eu-west-1\nendpoint_url = {url}\n{CREDENTIALS}"
        (tmp_path / name).write_text(settings)
    (tmp_path / ".boto").write_text(f"[Credentials]\n{CREDENTIALS}")
    urls = [
        "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KINESIS", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY",
        "TEST_SERVER_MODE_ENDPOINT",
    ]
    for name, value in dict.fromkeys(urls, url).items() | {
        "HOME": str(tmp_path), "AWS_CONFIG_FILE": str(tmp_path / ".aws" / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / ".aws" / "credentials"),
        "BOTO_CONFIG": str(tmp_path / ".boto"), "AWS_PROFILE": "theirs", "NO_PROXY": "*",
        "AWS_EC2_METADATA_DISABLED": "false", "MOTO_ACCOUNT_ID": "1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    yield
    server.setblocking(False)
    with server, pytest.raises(BlockingIOError):  # nobody waits to be let in
        server.accept()


def test_a_process_that_a_test_starts_reaches_nothing(hostile, finish):
    status, lines = finish("alarm_sensor.py", "--count", "1")
    assert status == 1
    assert f'Failed to connect to proxy URL: "{environment.NOWHERE}"' in lines[0]


@pytest.mark.parametrize("variables", [
    {}, dict.fromkeys(["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "BOTO_CONFIG"])
])
def test_without_credentials_of_the_tests_none_are_found_elsewhere(hostile, tmp_path, variables):
    with environment.isolated(), pytest.MonkeyPatch.context() as patch:
        # Either the home folder alone keeps them out, or the names of the files do.
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", *variables]:
            patch.delenv(name)
        if not variables:
            patch.setenv("HOME", str(tmp_path))
        assert boto3.Session().get_credentials() is None


@pytest.mark.parametrize("connect", [
    socket.create_connection, lambda address: socket.getaddrinfo(*address),
    lambda address: socket.socket().connect_ex(address),
])
def test_in_this_process_no_connection_can_be_made(hostile, connect):
    with environment.isolated(), pytest.raises(OSError, match="there is no network here"):
        connect(("127.0.0.1", 80))


def test_in_this_process_aws_is_where_it_should_be_and_cannot_be_reached(hostile):
    with environment.isolated():
        assert not any(path.endswith("models") for path in Loader().search_paths)  # of ~/.aws
        client = boto3.client("kinesis")
        assert client.meta.endpoint_url == "https://kinesis.us-east-1.amazonaws.com"
        with pytest.raises(Exception, match="Failed to connect to proxy URL"):
            client.list_streams()
    with pytest.raises(Exception, match="theirs"):  # all is as it was before
        boto3.Session().client("kinesis")


def test_moto_answers_in_this_process_though_it_was_told_to_ask_a_server(hostile, monkeypatch):
    monkeypatch.setattr(moto.settings, "TEST_SERVER_MODE", True)  # as TEST_SERVER_MODE=true does
    with environment.isolated(), moto.mock_aws():
        assert boto3.client("kinesis").list_streams()["StreamNames"] == []
