"""python -m tests.local_aws: what another terminal meets, with the scripts as they are."""

import re
import socket

import pytest

from tests.conftest import LIMIT

# A connection is used once, and the client knows: it would use it again, and fail now and then.
HEADERS = "import boto3; answer = boto3.client('iam').list_roles()['ResponseMetadata']; " \
          "print(answer['HTTPHeaders']['connection'])"


@pytest.fixture
def server(spawn):
    """A running local AWS: its process, and its line for the other terminal."""
    process = spawn("-m", "tests.local_aws", "--port", "0")
    return process, next(line for line in process.stdout if line.startswith("export ")).strip()


def test_the_line_leads_all_to_it_whatever_the_terminal_holds(server, finish, tmp_path):
    process, line = server
    trap = socket.create_server(("127.0.0.1", 0))
    trap.setblocking(False)
    url = f"http://127.0.0.1:{trap.getsockname()[1]}"
    (tmp_path / ".aws").mkdir()
    settings = f"[default]\nregion = eu-west-1\nendpoint_url = {url}\noutput = yaml\n"
    (tmp_path / ".aws" / "config").write_text(settings)
    (tmp_path / ".aws" / "credentials").write_text("[default]\naws_access_key_id = theirs\n")
    commands = [
        line, "set -e", 'alias aws="$PYTHON -m tests.aws"', "aws configure get region",
        "aws sts get-caller-identity --query Account --output text",
        "$PYTHON setup_timestream.py", "$PYTHON setup_timestream.py", "$PYTHON setup_kinesis.py",
        "$PYTHON wave_sensor.py --count 2 --interval 0.1",
        "aws timestream-query query --query-string 'select max(measure_value::double) from"
        " DemoDatabase.WeatherMetrics' --query 'Rows[].Data[].ScalarValue' --output text",
        f'$PYTHON -c "{HEADERS}"', "$PYTHON cleanup.py",
    ]
    status, lines = finish(
        "\n".join(commands), shell=True, HOME=str(tmp_path), AWS_PROFILE="nope",
        AWS_ACCESS_KEY_ID="theirs", AWS_SESSION_TOKEN="theirs", AWS_ENDPOINT_URL=url, no_proxy="*",
        AWS_ENDPOINT_URL_KINESIS=url, AWS_EC2_METADATA_SERVICE_ENDPOINT=url, AWS_REGION="eu-west-1",
        AWS_CONFIG_FILE=None, AWS_SHARED_CREDENTIALS_FILE=None, HTTPS_PROXY=url, HTTP_PROXY=url,
        AWS_DEFAULT_OUTPUT="yaml", AWS_USE_FIPS_ENDPOINT="true",
    )
    assert status == 0, lines
    assert lines[:2] == ["us-east-1", "123456789012"]
    assert "Database DemoDatabase exists. Skipping database creation" in lines
    assert "62.0" in lines and "close" in lines
    assert lines[-1] == "Nothing of the tutorial is left in us-east-1."
    with pytest.raises(BlockingIOError):
        trap.accept()
    process.terminate()
    output = process.communicate(timeout=LIMIT)[0]
    assert process.returncode == 0
    assert output.splitlines()[-1] == "Ended, and all that was in it is gone."


def test_without_a_free_port_or_openssl_it_says_so_in_one_line(server, finish):
    port = re.search(r"http://127.0.0.1:(\d+)", server[1])[1]
    for option, path, text in (port, None, f"Port {port} cannot be used"), ("0", "", "openssl is"):
        status, [line] = finish("-m", "tests.local_aws", "--port", option, PATH=path)
        assert status == 1 and line.startswith(text)
