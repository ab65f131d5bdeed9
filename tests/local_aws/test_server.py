"""server.py and gateway.py: what other terminals and browsers get."""

import http.client
import json
import re
import shlex
import socket
import threading
from types import SimpleNamespace
from xml.etree import ElementTree

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import create_loader
from moto.kinesis.models import KinesisBackend
from moto.kinesis.responses import KinesisResponse

from cleanup import FUNCTION_NAME
from setup_kinesis import STREAM_NAME
from tests import local_aws
from tests.helpers import LIMIT, create_function
from tests.local_aws import gateway, server

QUERY = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=any/20261124/us-east-1/timestream/aws4_request",
    "X-Amz-Target": "Timestream_20181101.Query",
    "Content-Type": "application/x-amz-json-1.0",
}


@pytest.fixture
def here(aws, monkeypatch):
    """The Server in this process."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return aws.server


@pytest.fixture
def client(here):
    """A function that returns a client for the server."""

    def client(service, region="us-east-1", access_key=None):
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=here.address,
            aws_access_key_id=access_key or here.access_key,
            aws_secret_access_key="any",
            config=Config(parameter_validation=False),
        )

    return client


@pytest.fixture
def connection(here):
    """An open connection to the server."""
    connection = http.client.HTTPConnection("127.0.0.1", here.port, timeout=LIMIT)
    yield connection
    connection.close()


@pytest.fixture
def send(connection, here):
    """A function that sends a request, and returns the response with its `body`."""

    def send(method, path, headers=None, body=None):
        headers = dict(headers or {})
        if "Authorization" in headers:
            signature = headers["Authorization"]
            headers["Authorization"] = signature.replace("=any/", f"={here.access_key}/")
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        response.body = response.read()
        return response

    return send


@pytest.fixture
def table(client):
    """A client; DemoDatabase.WeatherMetrics exists."""
    timestream = client("timestream-write")
    timestream.create_database(DatabaseName="DemoDatabase")
    timestream.create_table(DatabaseName="DemoDatabase", TableName="WeatherMetrics")
    return timestream


def test_it_stops_although_a_client_keeps_its_connection():
    with server.Server(0) as stopping, local_aws.serving(stopping):
        connection = http.client.HTTPConnection("127.0.0.1", stopping.port, timeout=LIMIT)
        connection.request("GET", "/")
        connection.getresponse().read()
        end = threading.Thread(target=stopping.server_close)
        end.start()
        end.join(5)
        is_closed = not end.is_alive()
        connection.close()
    assert is_closed


# The export line


@pytest.fixture
def process(spawn, hostile):
    """The program in its own process, with its export line and its alias."""
    process = spawn("-m", "tests.local_aws", "--port", "0", **hostile)
    shown = []
    for line in process.stdout:  # the loop ends if the program does, and the test has a timeout
        shown.append(line.strip())
        if line.startswith("The query editor"):
            break
    commands = [line for line in shown if line.startswith(("export ", "aws() "))]
    assert len(commands) == 2, shown
    return SimpleNamespace(process=process, line=commands[0], alias=commands[1])


def test_after_the_line_all_commands_use_it_whatever_the_terminals_settings(
    process, finish, hostile
):
    commands = [
        process.line,
        "set -e",
        "test -f $AWS_CONFIG_FILE",
        'alias aws="$PYTHON -m tests.aws_cli"',
        "echo $AWS_REGION",
        "aws sts get-caller-identity --query Account --output text",
        "$PYTHON setup_timestream.py",
        "$PYTHON setup_timestream.py",
        "$PYTHON setup_kinesis.py",
        "$PYTHON wave_sensor.py --count 2 --interval 0.1",
        "aws timestream-query query --query-string 'select max(measure_value::double) from"
        " DemoDatabase.WeatherMetrics' --query 'Rows[].Data[].ScalarValue' --output text",
        "$PYTHON cleanup.py",
        'echo "$HTTPS_PROXY $NO_PROXY"',
    ]
    theirs = {"HTTPS_PROXY": "http://proxy.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    status, lines = finish("\n".join(commands), shell=True, **hostile | theirs)
    assert status == 0, "\n".join(lines)
    assert lines[:2] == ["us-east-1", "123456789012"]
    assert "Database DemoDatabase exists. Skipping database creation" in lines
    assert "62.0" in lines
    assert lines[-2:] == [
        "Nothing of the tutorial is left in us-east-1.",
        "http://proxy.example *",  # other programs still work
    ]
    process.process.terminate()
    assert process.process.wait(LIMIT) == 0
    shown = process.process.stdout.read().splitlines()
    assert "Table WeatherMetrics created." in shown
    assert shown.count("1 reading stored in WeatherMetrics") == 2
    assert shown[-1] == "Stopped. Everything in it is gone."


def test_the_alias_works_from_every_folder(process, finish, tmp_path):
    commands = f"{process.line}\n{process.alias}\ncd {tmp_path}\n"
    commands += "aws sts get-caller-identity --query Account --output text"
    assert finish(f"bash -c {shlex.quote(commands)}", shell=True) == (0, ["123456789012"])


def test_a_requested_fault_is_the_response_to_its_share_of_calls(here, client, monkeypatch):
    shown = []
    here.show = shown.append
    here.faults = dict([server.read_fault("ListStreams=ThrottlingException:0.5")])
    draws = [0.4, 0.6]
    monkeypatch.setattr(server, "random", SimpleNamespace(random=lambda: draws.pop(0)))
    kinesis = client("kinesis")
    assert kinesis.list_streams()["ResponseMetadata"]["RetryAttempts"] == 1
    assert shown == ["ListStreams failed with ThrottlingException, because of --fail."]
    here.faults = dict([server.read_fault("ListRoles=AccessDeniedException")])
    draws += [0.99]
    with pytest.raises(ClientError, match="is not authorized to perform: iam:ListRoles because"):
        client("iam").list_roles()


def test_the_first_terminal_shows_calls_that_fail_because_of_fail(spawn, finish):
    fault = "ListStreams=AccessDeniedException"
    process = spawn("-m", "tests.local_aws", "--port", "0", "--fail", fault)
    line = next(line for line in process.stdout if line.startswith("export "))
    calls = (
        "import boto3\nclient = boto3.client('kinesis')\n"
        "for _ in range(3):\n"
        "    try: client.list_streams()\n"
        "    except Exception as error: print(error)\n"
    )
    _, printed = finish(f"{line.strip()}; $PYTHON -c {shlex.quote(calls)}", shell=True)
    assert len(printed) == 3 and all("AccessDeniedException" in each for each in printed)
    process.terminate()
    shown = process.stdout.read()
    text = "ListStreams failed with AccessDeniedException, because of --fail."
    assert f"\n{text}\n{text} (1 more like this)\n" in shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("WriteRecords", "OPERATION=ERROR"),
        ("WriteRecords=ThrottlingException:2", "OPERATION=ERROR"),
        ("WriteRecord=ThrottlingException", "WriteRecord is not an operation"),
    ],
)
def test_an_invalid_fault_is_a_usage_error(run_script, capsys, value, text):
    with pytest.raises(SystemExit, match="^2$"):
        run_script(server, "--fail", value)
    assert text in capsys.readouterr().err


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("kinesis", "list_streams", "UnrecognizedClientException", 400),
        ("timestream-write", "describe_endpoints", "UnrecognizedClientException", 400),
        ("lambda", "list_functions", "UnrecognizedClientException", 403),
        ("iam", "list_roles", "InvalidClientTokenId", 403),
        ("sts", "get_caller_identity", "InvalidClientTokenId", 403),
    ],
)
def test_any_other_access_key_is_refused(client, service, operation, code, status):
    with pytest.raises(ClientError, match="paste its export line again") as raised:
        getattr(client(service, access_key="testing"), operation)()
    assert raised.value.response["Error"]["Code"] == code
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_after_an_empty_response_the_connection_is_still_usable(client):
    lambda_client = client("lambda")
    iam = client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    role = "arn:aws:iam::123456789012:role/r"
    create_function(lambda_client, "def handler(e, c): pass", Role=role)
    arn = lambda_client.get_function(FunctionName=FUNCTION_NAME)["Configuration"]["FunctionArn"]
    lambda_client.untag_resource(Resource=arn, TagKeys=["a"])
    assert lambda_client.list_tags(Resource=arn)["ResponseMetadata"]["RetryAttempts"] == 0


def test_a_full_disk_changes_no_response(send, here, monkeypatch):
    here.verbose = True

    def fail(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr("builtins.print", fail)
    assert send("GET", "/").status == 200


def test_the_line_unsets_variables_that_override_its_address(here):
    loader = create_loader()
    for name in gateway.HOSTS:
        services = [gateway.SERVICES.get(name, name)]
        if name == "timestream":
            services.append("timestream-query")
        for service in services:
            metadata = loader.load_service_model(service, "service-2")["metadata"]
            variable = metadata["serviceId"].upper().replace(" ", "_")
            assert f"AWS_ENDPOINT_URL_{variable}" in server.build_export_line(here).split()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("unset NO_PROXY", "localhost,127.0.0.1", id="none"),
        pytest.param("NO_PROXY=a.example", "a.example,127.0.0.1", id="capital letters"),
        pytest.param("no_proxy=b.example NO_PROXY=a.example", "b.example,127.0.0.1", id="both"),
    ],
)
def test_the_line_keeps_the_terminals_own_no_proxy(here, finish, before, after):
    command = f'{before}; {server.build_export_line(here)}; echo "$NO_PROXY $no_proxy"'
    assert finish(command, shell=True) == (0, [f"{after} {after}"])


def test_after_without_bash_is_one_line(finish, monkeypatch):
    monkeypatch.setenv("PATH", "")
    status, lines = finish("-m", "tests.local_aws", "--port", "0", "--after", "1")
    assert status == 1
    assert "cannot be done" in lines[-1] and lines[-1].endswith("'bash'")


def test_a_port_in_use_is_one_line(here, finish):
    status, lines = finish("-m", "tests.local_aws", "--port", str(here.port))
    assert status == 1
    assert len(lines) == 1 and lines[0].startswith(f"Port {here.port} cannot be used")


# Clients


def test_timestreams_endpoint_is_the_server_except_in_this_process(client, here):
    for service in ("timestream-write", "timestream-query"):
        [endpoint] = client(service).describe_endpoints()["Endpoints"]
        assert endpoint["Address"] == f"http://127.0.0.1:{here.port}"
    [endpoint] = boto3.client("timestream-write").describe_endpoints()["Endpoints"]
    assert endpoint["Address"] == "ingest.timestream.us-east-1.amazonaws.com"


def test_each_service_is_reached_in_its_region(client):
    client("kinesis", "eu-west-1").create_stream(StreamName=STREAM_NAME, ShardCount=1)
    assert client("kinesis", "eu-west-1").list_streams()["StreamNames"] == [STREAM_NAME]
    assert client("kinesis").list_streams()["StreamNames"] == []
    assert client("lambda").list_functions()["Functions"] == []
    assert client("logs").describe_log_groups()["logGroups"] == []
    assert client("iam").list_roles()["Roles"] == []
    assert client("sts").get_caller_identity()["Account"] == "123456789012"


def test_a_queues_url_leads_to_the_server(client, here):
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="discarded")["QueueUrl"]
    assert url == f"http://127.0.0.1:{here.port}/123456789012/discarded"
    assert sqs.get_queue_url(QueueName="discarded")["QueueUrl"] == url
    text = "https://sqs.us-east-1.amazonaws.com is left alone in a message"
    sqs.send_message(QueueUrl=url, MessageBody=text)
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == text


@pytest.mark.parametrize(
    ("service", "operation", "options", "message"),
    [
        pytest.param(
            "timestream-query",
            "prepare_query",
            {"QueryString": "select 1"},
            "PrepareQuery is not supported by this local AWS",
            id="of Timestream",
        ),
        pytest.param(
            "kinesis",
            "subscribe_to_shard",
            {},
            "SubscribeToShard is not supported by this local AWS",
            id="in JSON",
        ),
        pytest.param(
            "lambda",
            "get_account_settings",
            {},
            "GetAccountSettings is not supported by this local AWS",
            id="in REST",
        ),
        pytest.param(
            "sts",
            "decode_authorization_message",
            {"EncodedMessage": "<&"},
            "DecodeAuthorizationMessage is not supported by this local AWS",
            id="in XML",
        ),
        pytest.param(
            "dynamodb",
            "list_tables",
            {},
            "The service dynamodb is not supported by this local AWS",
            id="service in JSON",
        ),
        pytest.param(
            "cloudwatch",
            "list_metrics",
            {},
            "The service cloudwatch is not supported by this local AWS",
            id="service by its usual name",
        ),
        pytest.param(
            "ec2",
            "describe_instances",
            {},
            "The service ec2 is not supported by this local AWS",
            id="service in XML",
        ),
        pytest.param(
            "s3",
            "list_buckets",
            {},
            "The service s3 is not supported by this local AWS",
            id="service in REST, at the address of the page",
        ),
    ],
)
def test_unsupported_operations_and_services_are_named_and_not_retried(
    client, service, operation, options, message
):
    with pytest.raises(ClientError) as raised:
        getattr(client(service), operation)(**options)
    response = raised.value.response
    assert re.fullmatch(message, response["Error"]["Message"])
    assert response["Error"]["Code"] in ("UnsupportedOperation", "InternalFailure")
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert response["ResponseMetadata"]["RetryAttempts"] == 0


@pytest.mark.parametrize(
    ("service", "operation", "options", "what"),
    [
        pytest.param("iam", "create_user", {"UserName": "x"}, "CreateUser", id="operation of IAM"),
        pytest.param(
            "iam",
            "create_role",
            {"RoleName": "x", "AssumeRolePolicyDocument": "{}", "MaxSessionDuration": 3600},
            "The parameter MaxSessionDuration of CreateRole",
            id="parameter of IAM",
        ),
        pytest.param(
            "sqs",
            "create_queue",
            {"QueueName": "x", "Attributes": {"DelaySeconds": "1"}},
            "The parameter Attributes of CreateQueue",
            id="parameter of SQS",
        ),
        pytest.param("sts", "get_session_token", {}, "GetSessionToken", id="operation of STS"),
    ],
)
def test_parameters_of_iam_sqs_and_sts_that_moto_would_ignore_are_refused(
    client, service, operation, options, what
):
    with pytest.raises(ClientError, match=f": {what} is not supported by this local AWS$"):
        getattr(client(service), operation)(**options)


def test_an_exception_in_moto_is_shown_and_not_retried(client, monkeypatch):
    def break_down(*arguments, **options):
        raise TypeError("broken")

    monkeypatch.setattr(KinesisBackend, "list_streams", break_down)
    with pytest.raises(ClientError) as raised:
        client("kinesis").list_streams()
    response = raised.value.response
    assert response["Error"]["Message"] == (
        "ListStreams failed in this local AWS: TypeError: broken"
    )
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert response["ResponseMetadata"]["RetryAttempts"] == 0


@pytest.mark.parametrize(
    ("service", "region", "hint"),
    [
        pytest.param(
            "timestream-write",
            "eu-north-1",
            " timestream is in ap-northeast-1, .*, us-west-2.",
            id="without LiveAnalytics",
        ),
        pytest.param("kinesis", "us-est-1", " Did you mean us-west-1 or us-east-1?", id="a slip"),
        pytest.param("kinesis", "mars-1", "", id="that does not exist"),
    ],
)
def test_a_region_that_aws_does_not_have_is_awss_error(client, service, region, hint):
    operation = "describe_endpoints" if service == "timestream-write" else "list_streams"
    with pytest.raises(ClientError) as caught:
        getattr(client(service, region), operation)()
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidSignatureException"
    text = f"Credential should be scoped to a valid region, not '{region}'.{hint}"
    assert re.fullmatch(text.replace("?", "[?]"), error["Message"])


@pytest.mark.parametrize(("service", "near"), [("kinessis", " Did you mean kinesis?"), ("zzz", "")])
def test_a_service_that_aws_lacks_has_another_error_than_an_unsupported_one(send, service, near):
    signature = QUERY["Authorization"].replace("timestream", service)
    answer = json.loads(send("POST", "/", QUERY | {"Authorization": signature}, b"{}").body)
    assert answer == {
        "__type": "InvalidSignatureException",
        "message": f"Credential should be scoped to a valid service, not '{service}'.{near}",
    }


def test_a_204_has_no_body(client, send, monkeypatch):
    monkeypatch.setattr(KinesisResponse, "list_streams", lambda _: (204, {"status": 204}, "{}"))
    signature = QUERY["Authorization"].replace("timestream", "kinesis")
    headers = {"Authorization": signature, "X-Amz-Target": "Kinesis_20131202.ListStreams"}
    response = send("POST", "/", headers, b"{}")
    assert (response.status, response.headers["Content-Length"]) == (204, None)


def test_motos_error_page_becomes_an_aws_error(client, monkeypatch):
    page = 500, {"status": 500}, "<!doctype html><title>500 Internal Server Error</title>"
    monkeypatch.setattr(KinesisResponse, "list_streams", lambda _: page)
    with pytest.raises(ClientError, match="ListStreams is not supported by this local AWS"):
        client("kinesis").list_streams()


def test_motos_status_500_is_not_retried(client, monkeypatch):
    body = '{"__type": "InternalFailure", "message": "as moto says it"}'
    error = 500, {"status": 500}, body
    monkeypatch.setattr(KinesisResponse, "list_streams", lambda _: error)
    with pytest.raises(ClientError, match="as moto says it") as raised:
        client("kinesis").list_streams()
    assert raised.value.response["ResponseMetadata"]["RetryAttempts"] == 0


# Other requests


def test_a_connection_serves_request_after_request(connection, send):
    send("GET", "/")
    opened = connection.sock
    send("POST", "/", {}, b"whatever")
    send("POST", "/", QUERY, b"{}")
    assert connection.sock is opened


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        pytest.param("GET", "/favicon.ico", {}, None, id="another path"),
        pytest.param("POST", "/", {}, b"", id="not signed"),
        pytest.param("OPTIONS", "/", {}, None, id="a browser's first request"),
        pytest.param("POST", "/", QUERY, b"no JSON", id="no JSON"),
        pytest.param("POST", "/", QUERY, b"[]", id="no object"),
        pytest.param("POST", "/", QUERY, b"\xff", id="no UTF-8"),
        pytest.param("POST", "/", QUERY | {"X-Amz-Target": "."}, b"{}", id="no operation"),
    ],
)
def test_everything_else_is_an_error_in_json(send, method, path, headers, body):
    response = send(method, path, headers, body)
    assert response.status == 400
    assert "json" in response.headers["Content-Type"]
    assert json.loads(response.body).keys() == {"__type", "message"}


@pytest.mark.parametrize("body", [b"{", b"[]", b"[" * 100_000])
def test_a_body_must_be_a_json_object(send, body):
    answer = json.loads(send("POST", "/", QUERY, body).body)
    assert answer["__type"] == "SerializationException"
    assert answer["message"].startswith("The body of the request is not a JSON object")


def test_an_unsigned_request_is_refused(send):
    message = json.loads(send("POST", "/", {}, b"{}").body)["message"]
    assert message == "Missing Authentication Token"


@pytest.mark.parametrize(
    ("content_type", "body", "message"),
    [
        pytest.param("text/plain", b"\xff", ".+", id="no form"),
        pytest.param(
            "application/x-www-form-urlencoded",
            b"Action=<%26",
            "AWS has no operation <&.",
            id="a form with special characters of XML",
        ),
    ],
)
def test_errors_of_xml_services_are_xml(send, content_type, body, message):
    signature = QUERY["Authorization"].replace("timestream", "iam")
    headers = {"Authorization": signature, "Content-Type": content_type}
    response = send("POST", "/", headers, body)
    assert response.status == 400
    assert re.fullmatch(message, ElementTree.fromstring(response.body).findtext("Error/Message"))


@pytest.mark.parametrize("path", ["/", "/?query=select"])
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Host": "attacker.example"}, id="a name that leads here"),
        pytest.param({"Host": "127.0.0.1.attacker.example"}, id="a name like the address"),
        pytest.param({"Host": "attacker.example@127.0.0.1"}, id="a name before the address"),
        pytest.param({"Origin": "https://attacker.example"}, id="a page elsewhere"),
        pytest.param({"Origin": "http://localhost:8000"}, id="a page of another server here"),
        pytest.param({"Origin": "null"}, id="a page of nowhere"),
    ],
)
def test_another_servers_page_gets_nothing(send, path, headers):
    for method in ("GET", "POST"):
        response = send(method, path, QUERY | headers, b"{}")
        assert response.status == 403
        assert (
            json.loads(response.body)["message"] == "Only requests from this machine are answered"
        )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_all_names_of_this_machine_work(send, here, host):
    headers = {"Host": f"{host}:{here.port}", "Origin": f"http://{host}:{here.port}"}
    assert send("GET", "/", headers).status == 200


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        pytest.param("POST / HTTP/1.1\r\nContent-Length: many", 411, id="no length"),
        pytest.param("POST / HTTP/1.1\r\nContent-Length: -1", 411, id="a negative length"),
        pytest.param("POST / HTTP/1.1\r\nTransfer-Encoding: chunked", 411, id="chunks"),
        pytest.param(f"POST / HTTP/1.1\r\nContent-Length: {10**15}", 413, id="a huge body"),
        pytest.param("STEAL / HTTP/1.1", 501, id="an unknown method"),
        pytest.param("GET", 400, id="no path"),
        pytest.param("GET http://[::1 HTTP/1.1", 400, id="a broken address"),
        pytest.param("what is this", 400, id="no HTTP"),
    ],
)
def test_a_malformed_request_is_refused_in_json(here, request_line, status):
    with socket.create_connection(("127.0.0.1", here.port), LIMIT) as connection:
        connection.sendall(f"{request_line}\r\nHost: 127.0.0.1\r\n\r\n".encode())
        received = b"".join(
            iter(lambda: connection.recv(1000), b"")
        )  # until the connection is closed
    assert re.search(rb'"message": "[^"]+"\}$', received), received
    assert b"<" not in received
    if status != 400:  # without HTTP there is no status line
        assert received.startswith(f"HTTP/1.1 {status} ".encode())


def test_verbose_prints_a_line_about_each_request(here, send, capsys):
    send("GET", "/")
    assert capsys.readouterr().out == ""
    here.verbose = True
    send("GET", "/")
    send("POST", "/", QUERY, b"{}")
    assert capsys.readouterr().out.splitlines() == [
        '# "GET / HTTP/1.1" 200 -',
        '# "POST / HTTP/1.1" 400 - Timestream_20181101.Query',
    ]


def test_help_describes_the_program_and_does_not_start_it(run_script, capsys):
    with pytest.raises(SystemExit, match="^0$"):
        run_script(server, "--help")
    assert "Serve AWS on this machine, until Ctrl-C" in capsys.readouterr().out
