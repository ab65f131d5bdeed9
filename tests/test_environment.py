"""environment.py: whatever AWS settings this machine has, nothing in tests/ reaches AWS."""

import urllib.request

import boto3
import moto.settings
import pytest
from botocore.loaders import Loader

from tests import environment


@pytest.fixture(autouse=True)
def machine(hostile, monkeypatch):
    """Run these tests with the settings of a hostile machine."""
    for name, value in hostile.items():
        monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)


def test_a_process_started_by_a_test_reaches_nothing(finish):
    status, lines = finish("alarm_sensor.py", "--count", "1")
    assert status == 1
    assert f'Failed to connect to proxy URL: "{environment.NOWHERE}"' in lines[0]


def test_all_requests_go_to_a_proxy_that_does_not_exist():
    with environment.isolated():
        proxies = urllib.request.getproxies()
    assert proxies == {"http": environment.NOWHERE, "https": environment.NOWHERE}


@pytest.mark.parametrize(
    "variables",
    [{}, dict.fromkeys(["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "BOTO_CONFIG"])],
)
def test_without_the_tests_credentials_no_others_are_found(tmp_path, variables):
    with environment.isolated(), pytest.MonkeyPatch.context() as patch:
        # Either the home folder alone hides them, or the variables with the file names do.
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", *variables]:
            patch.delenv(name)
        if not variables:
            patch.setenv("HOME", str(tmp_path))
        assert boto3.Session().get_credentials() is None


def test_in_this_process_aws_is_where_it_should_be_and_cannot_be_reached(sleeps):
    with environment.isolated():
        assert not any(path.endswith("models") for path in Loader().search_paths)  # of ~/.aws
        client = boto3.client("kinesis")
        assert client.meta.endpoint_url == "https://kinesis.us-east-1.amazonaws.com"
        with pytest.raises(Exception, match="Failed to connect to proxy URL"):
            client.list_streams()
    with pytest.raises(Exception, match="theirs"):  # the old environment is back
        boto3.Session().client("kinesis")


def test_moto_answers_in_this_process_though_it_was_told_to_ask_a_server(monkeypatch):
    monkeypatch.setattr(moto.settings, "TEST_SERVER_MODE", True)  # as TEST_SERVER_MODE=true does
    with environment.isolated(), moto.mock_aws():
        assert boto3.client("kinesis").list_streams()["StreamNames"] == []
