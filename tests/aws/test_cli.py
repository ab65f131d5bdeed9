"""tests/aws: it does what the AWS CLI does with the same words, and refuses what it cannot."""

import json
import shlex
from pathlib import Path

import boto3
import pytest

from cleanup import FUNCTION_NAME
from tests.aws import cli
from tests.helpers import deploy


@pytest.fixture
def ask(capsys, tmp_path, monkeypatch):
    """A function that runs a command; it returns its output, or its error if it has to fail."""
    monkeypatch.chdir(tmp_path)

    def ask(command, status=0):
        found = cli.main(shlex.split(command))
        output, error = capsys.readouterr()
        assert found == status, output + error
        assert (output if status else error) == ""
        return output + error

    return ask


@pytest.mark.parametrize(
    ("query", "output"),
    [
        ("StreamNames", '[\n    "TUTORIAL"\n]\n'),
        ("\"'ü'\"", '"ü"\n'),
        ("x --output text", "None\n"),
        ("'[[StreamNames[0], `1`], [x, `true`]]' --output text", "TUTORIAL\t1\nNone\tTrue\n"),
        (
            "StreamNames --output table",
            "--------------\n| ListStreams|\n+------------+\n|  TUTORIAL  |\n+------------+\n",
        ),
    ],
)
def test_a_response_is_json_text_or_a_table_of_what_a_query_takes_of_it(ask, stream, query, output):
    assert ask(f"kinesis list-streams --query {query}") == output


@pytest.mark.parametrize(
    ("variable", "config", "output"),
    [("text", "json", "None\n"), ("", "text", "None\n"), ("", "json", "null\n")],
)
def test_the_environment_and_the_config_file_name_the_output(
    ask, stream, monkeypatch, variable, config, output
):
    Path("config").write_text(f"[default]\noutput = {config}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", "config")
    monkeypatch.setenv("AWS_DEFAULT_OUTPUT", variable)
    assert ask("kinesis list-streams --query x") == output


def test_bytes_come_from_files_or_are_base64_and_times_are_iso_8601(ask, stream):
    Path("data").write_bytes(b"\xff|")
    ask("kinesis put-record --stream-name TUTORIAL --partition-key 0 --data fileb://data")
    record = json.dumps({"Data": "/3w=", "PartitionKey": "0"})
    ask(f"kinesis put-records --stream-name TUTORIAL --records '[{record}, {record}]'")
    iterator = stream.get_shard_iterator(
        StreamName="TUTORIAL", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    answer = json.loads(ask(f"kinesis get-records --shard-iterator {iterator}"))
    assert [record["Data"] for record in answer["Records"]] == ["/3w="] * 3
    assert answer["Records"][0]["ApproximateArrivalTimestamp"][10] == "T"
    assert "ResponseMetadata" not in answer


@pytest.mark.parametrize(
    ("option", "config", "data"),
    [
        ("--cli-binary-format raw-in-base64-out", "base64", "YUdrPQ=="),
        ("", "raw-in-base64-out", "YUdrPQ=="),
        ("--cli-binary-format base64", "raw-in-base64-out", "aGk="),
        ("", "base64", "aGk="),
    ],
)
def test_an_option_or_the_config_file_says_how_bytes_are_written(
    ask, stream, monkeypatch, option, config, data
):
    Path("config").write_text(f"[default]\ncli_binary_format = {config}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", "config")
    ask(f"kinesis put-record --stream-name TUTORIAL --partition-key 0 --data aGk= {option}")
    iterator = ask(
        "kinesis get-shard-iterator --stream-name TUTORIAL --shard-id shardId-000000000000 "
        "--shard-iterator-type TRIM_HORIZON --query ShardIterator --output text"
    )
    records = f"kinesis get-records --shard-iterator {iterator.strip()} --output text"
    assert ask(f"{records} --query Records[].Data") == f"{data}\n"


def test_options_are_what_the_service_gets(ask, aws):
    ask("iam create-role --role-name x --assume-role-policy-document {} --tags Key=x,Value=1")
    tags = json.loads(ask("iam list-role-tags --role-name x --query Tags"))
    assert tags == [{"Key": "x", "Value": "1"}]
    ask("sqs create-queue --queue-name q --attributes DelaySeconds=7 --region us-west-2")
    [queue] = boto3.resource("sqs", "us-west-2").queues.all()
    assert queue.attributes["DelaySeconds"] == "7"
    assert ask("iam update-account-password-policy --require-symbols --no-require-numbers") == ""
    found = json.loads(ask("iam get-account-password-policy --output json"))["PasswordPolicy"]
    assert (found["RequireSymbols"], found["RequireNumbers"]) == (True, False)


def test_the_answer_of_a_function_goes_to_a_file(ask, aws):
    deploy("def handler(event, context): return event")
    answer = ask(f"lambda invoke --function-name {FUNCTION_NAME} --payload eyJhIjogMX0= a.json")
    assert json.loads(answer) == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
    assert json.loads(Path("a.json").read_text()) == {"a": 1}


def test_responses_come_whole_or_as_far_as_wanted(ask, aws):
    for number in range(60):  # the service answers with 50 at once
        boto3.client("logs").create_log_group(logGroupName=f"{number:02}")
    count = "logs describe-log-groups --query length(logGroups)"
    assert ask(count) == "60\n"
    assert ask(f"{count} --limit 3") == "3\n"
    assert ask(f"{count} --no-paginate") == "50\n"
    assert ask(f"{count} --max-items 55") == "55\n"
    assert ask(f"{count} --output text") == "50\n10\n"  # page by page, as the AWS CLI does
    assert ask(f"{count} --output text --page-size 40") == "40\n20\n"
    token = json.loads(ask("logs describe-log-groups --max-items 58"))["NextToken"]
    text = ask("logs describe-log-groups --max-items 58 --output text")
    assert text.splitlines()[-1] == f"NEXTTOKEN\t{token}"
    names = "logs describe-log-groups --query logGroups[].logGroupName --output text"
    assert ask(f"{names} --starting-token {token}") == "58\t59\n"


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("--region us-east-1", "a service is missing"),
        ("nope list", "there is no 'aws nope' here"),
        ("kinesys list-streams", "did you mean kinesis"),
        ("configure list", "only 'aws configure get region' here"),
        ("s3 ls", "there is no 'aws s3' here"),
        ("kinesis", "'aws kinesis help' lists them"),
        ("kinesis nope", "'aws kinesis' has no 'nope'"),
        (
            "kinesis list-stream",
            "aws: error: 'aws kinesis' has no 'list-stream'; did you mean list-streams",
        ),
        ("kinesis list_streams", "has no 'list_streams'; did you mean list-streams"),
        ("kinesis subscribe-to-shard", "a stream of events, which is not supported here"),
        ("kinesis wait nope", "stream-exists"),
        ("kinesis wait", "stream-exists"),
        ("kinesis list-streams --nope 1", "unknown options: --nope 1"),
        ("kinesis list-streams --max-itmes 1", "did you mean --max-items"),
        ("kinesis describe-stream --max-items many", "--max-items: invalid int value: 'many'"),
        ("kinesis list-streams --output yaml", "it is one of json, text, table"),
        ("kinesis list-streams --cli-binary-format hex", "one of base64, raw-in-base64-out"),
        ("kinesis put-record", "the following arguments are required: --data"),
        ("lambda invoke --function-name f", "the following arguments are required: outfile"),
        ("kinesis list-streams --limit 0", "valid min value: 1"),
        ("sqs create-queue --queue-name x --attributes []", "Invalid type"),
        ("kinesis list-streams --endpoint-url nope", "--endpoint-url nope does not begin"),
    ],
)
def test_what_it_does_not_know_is_one_line_and_status_252(ask, command, named):
    error = ask(command, 252)
    assert error.startswith("aws: error: ") and error.count("\n") == 1 and named in error


@pytest.mark.parametrize(
    ("status", "command", "named"),
    [
        (
            254,
            "kinesis describe-stream --stream-name nope",
            "aws: error: An error occurred (ResourceNotFoundException)",
        ),
        (255, "kinesis list-streams --query length(x)", "In function length(), invalid type"),
        (255, "kinesis list-streams --query '[{A:x},x]' --output text", "--output json only"),
        (
            255,
            "lambda wait function-active-v2 --function-name nope",
            "Waiter FunctionActiveV2 failed",
        ),
    ],
)
def test_what_fails_is_one_line_and_the_status_of_the_cli(ask, aws, status, command, named):
    error = ask(command, status)
    assert error.startswith("aws: error: ") and error.count("\n") == 1 and named in error


def test_without_region_or_credentials_it_says_what_to_do(ask, monkeypatch):
    assert ask("configure get region") == "us-east-1\n"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    advice = ": run 'aws configure' to see what to do\n"
    assert ask("kinesis list-streams", 253) == f"aws: error: Unable to locate credentials{advice}"
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    error = f"aws: error: You must specify a region{advice}"
    assert ask("kinesis list-streams", 253) == error
    assert ask("configure get region", 253) == error


@pytest.mark.parametrize(("command", "status"), [("", 252), ("configure", 252), ("help", 0)])
def test_alone_it_says_what_it_is_and_what_to_do(ask, command, status):
    lines = ask(command, status).splitlines()
    assert lines[0].startswith("This is a stand-in for the AWS CLI")
    assert "run `.venv/bin/python -m tests.local_aws` in another terminal" in " ".join(lines)
    assert "install the AWS CLI" in " ".join(lines)


def test_help_lists_operations_and_options(ask):
    assert "list-streams" in ask("kinesis help").splitlines()
    assert ask("kinesis list-streams help").splitlines()[-2:] == ["--limit", "--next-token"]
    assert ask("--version").startswith("a stand-in for the AWS CLI, on botocore ")


def test_another_endpoint_and_another_profile_are_taken(ask, wire, monkeypatch):
    Path("config").write_text("[profile x]\nregion = eu-west-1\n")
    Path("credentials").write_text("[x]\naws_access_key_id = a\naws_secret_access_key = b\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", "config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "credentials")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    asked = []

    def remember(session, request):
        asked.append(request)
        return send(session, request)

    send = wire.send
    monkeypatch.setattr(wire, "send", remember)
    command = "kinesis put-record --data aGk= --partition-key 0 --stream-name s"
    ask(f"{command} --endpoint-url http://127.0.0.1:1 --profile x")
    assert asked[0].url == "http://127.0.0.1:1/"
    assert "Credential=a/" in asked[0].headers["Authorization"].decode()
    assert "/eu-west-1/" in asked[0].headers["Authorization"].decode()


def test_as_a_process_it_hands_its_status_to_the_shell(finish):
    status, [line] = finish("-m", "tests.aws", "kinesis", "nope")
    assert status == 252 and line.startswith("aws: error: ")
    command = "{0}; (sleep 0.1; {0}) | true".format('"$PYTHON" -m tests.aws configure get region')
    settings = {"AWS_DEFAULT_REGION": "Süd", "PYTHONIOENCODING": "ascii"}
    assert finish(command, shell=True, **settings) == (0, [r"S\xfcd"])
