"""python -m tests.local_aws: what another terminal meets, with the scripts as they are."""

import re

import pytest

from tests.helpers import LIMIT


@pytest.fixture
def server(spawn, hostile):
    """A running local AWS: its process, and its line for the other terminal."""
    process = spawn("-m", "tests.local_aws", "--port", "0", **hostile)
    return process, next(line for line in process.stdout if line.startswith("export ")).strip()


def test_the_line_leads_all_to_it_whatever_the_terminal_holds(server, finish, hostile):
    process, line = server
    commands = [
        line,
        "set -e",
        "test -f $AWS_CONFIG_FILE",
        'alias aws="$PYTHON -m tests.aws"',
        "aws configure get region",
        "aws sts get-caller-identity --query Account --output text",
        "$PYTHON setup_timestream.py",
        "$PYTHON setup_timestream.py",
        "$PYTHON setup_kinesis.py",
        "$PYTHON wave_sensor.py --count 2 --interval 0.1",
        "aws timestream-query query --query-string 'select max(measure_value::double) from"
        " DemoDatabase.WeatherMetrics' --query 'Rows[].Data[].ScalarValue' --output text",
        # A connection is used once, and the client has to know, or it fails now and then.
        "$PYTHON -c \"import boto3; answer = boto3.client('iam').list_roles()['ResponseMetadata'];"
        " print(answer['HTTPHeaders']['connection'])\"",
        "$PYTHON cleanup.py",
    ]
    status, lines = finish("\n".join(commands), shell=True, **hostile)
    assert status == 0, lines
    assert lines[:2] == ["us-east-1", "123456789012"]
    assert "Database DemoDatabase exists. Skipping database creation" in lines
    assert "62.0" in lines and "close" in lines
    assert lines[-1] == "Nothing of the tutorial is left in us-east-1."
    process.terminate()
    assert process.wait(LIMIT) == 0
    assert process.stdout.read().splitlines()[-1] == "Ended, and all that was in it is gone."


def test_without_a_free_port_or_openssl_it_says_so_in_one_line(server, finish):
    port = re.search(r"http://127.0.0.1:(\d+)", server[1])[1]
    for option, path, text in (port, None, f"Port {port} cannot be used"), ("0", "", "openssl is"):
        status, [line] = finish("-m", "tests.local_aws", "--port", option, PATH=path)
        assert status == 1 and line.startswith(text)
