"""tests/aws.py: it does what the AWS CLI does with the same words, and refuses what it cannot."""

import json
import shlex
from pathlib import Path

import boto3
import pytest

from cleanup import FUNCTION_NAME
from tests.aws import cli
from tests.helpers import deploy


@pytest.fixture
def ask(aws, capsys, tmp_path, monkeypatch):
    """A function that runs a command; it returns its output, or its error if it has to fail."""
    monkeypatch.chdir(tmp_path)

    def ask(command, status=0):
        assert cli.main(shlex.split(command)) == status
        output, error = capsys.readouterr()
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
    ],
)
def test_an_answer_is_json_or_text_of_what_a_query_takes_of_it(ask, stream, query, output):
    assert ask(f"kinesis list-streams --query {query}") == output


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


def test_structures_maps_numbers_and_flags_are_what_the_service_gets(ask):
    tags = [{"Key": "x", "Value": "1"}, {"Key": "y", "Value": "2"}]
    words = " ".join(f"'{json.dumps(tag)}'" for tag in tags)
    ask(f"iam create-role --role-name x --assume-role-policy-document {{}} --tags {words}")
    assert json.loads(ask("iam list-role-tags --role-name x --query Tags")) == tags
    attributes = """'{"DelaySeconds": "7"}' --region us-west-2"""
    ask(f"sqs create-queue --queue-name q --attributes {attributes}")
    [queue] = boto3.resource("sqs", "us-west-2").queues.all()
    assert queue.attributes["DelaySeconds"] == "7"
    assert ask("iam update-account-password-policy --require-symbols --no-require-numbers") == ""
    found = json.loads(ask("iam get-account-password-policy --output json"))["PasswordPolicy"]
    assert (found["RequireSymbols"], found["RequireNumbers"]) == (True, False)


def test_the_answer_of_a_function_goes_to_a_file(ask):
    deploy("def handler(event, context): return event")
    answer = ask(f"lambda invoke --function-name {FUNCTION_NAME} --payload eyJhIjogMX0= a.json")
    assert json.loads(answer) == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
    assert json.loads(Path("a.json").read_text()) == {"a": 1}


def test_answers_come_whole_or_as_far_as_wanted(ask):
    for number in range(60):
        boto3.client("logs").create_log_group(logGroupName=f"{number}")
    assert ask("logs describe-log-groups --query length(logGroups)") == "60\n"
    assert ask("logs describe-log-groups --query length(logGroups) --limit 3") == "3\n"


@pytest.mark.parametrize(
    ("status", "command", "named"),
    [
        (255, "nope list", "aws nope list"),
        (252, "kinesis", "operation"),
        (255, "kinesis nope", "'aws kinesis' has no 'nope'"),
        (255, "kinesis wait nope", "nope"),
        (255, "kinesis wait", "Waiter"),
        (252, "kinesis list-streams --nope 1", "--nope 1"),
        (252, "kinesis list-streams --lim 1 --out json", "--lim 1 --out json"),
        (255, "kinesis put-record", 'Missing required parameter in input: "Data"'),
        (252, "kinesis list-streams --query [", "--query"),
        (255, "kinesis list-streams --output text", "--query"),
        (255, "kinesis list-streams --limit many", "--limit"),
        (255, "kinesis delete-stream --stream-name file://nope", "No such file"),
        (255, "sqs create-queue --queue-name x --attributes []", "Invalid type"),
        (254, "kinesis describe-stream --stream-name nope", "ResourceNotFoundException"),
        (
            255,
            "lambda wait function-active-v2 --function-name nope",
            "Waiter FunctionActiveV2 failed",
        ),
    ],
)
def test_what_it_cannot_do_is_one_line_and_the_status_of_the_cli(ask, status, command, named):
    error = ask(command, status)
    assert error.startswith("aws: error: ") and error.count("\n") == 1 and named in error


def test_without_region_or_credentials_it_names_aws_configure(ask, monkeypatch):
    assert ask("configure get region") == "us-east-1\n"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    error = "aws: error: run 'aws configure', or set the environment: "
    assert ask("kinesis list-streams", 255) == f"{error}Unable to locate credentials\n"
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    for command in ("kinesis list-streams", "configure get region"):
        assert ask(command, 255) == f"{error}You must specify a region.\n"


def test_as_a_process_it_hands_its_status_to_the_shell(finish):
    status, [line] = finish("-m", "tests.aws", "kinesis", "nope")
    assert status == 255 and line.startswith("aws: error: ")
    command = "{0}; (sleep 0.1; {0}) | true".format('"$PYTHON" -m tests.aws configure get region')
    settings = {"AWS_DEFAULT_REGION": "Süd", "PYTHONIOENCODING": "ascii"}
    assert finish(command, shell=True, **settings) == (0, [r"S\xfcd"])
