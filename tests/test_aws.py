"""tests/aws.py: it does what the AWS CLI does with the same words, and refuses what it cannot."""

import json
import shlex
import zipfile
from pathlib import Path

import boto3
import pytest

from cleanup import ROLE_NAME
from tests import aws as cli
from tests.conftest import deploy


@pytest.fixture
def call(aws, capsys, tmp_path, monkeypatch):
    """A function that runs a command; it returns exit status, output and error."""
    monkeypatch.chdir(tmp_path)
    return lambda command: (cli.main(shlex.split(command)), *capsys.readouterr())


@pytest.fixture
def ask(call):
    """A function that runs a command that works; it returns its output."""
    def ask(command):
        status, output, error = call(command)
        assert (status, error) == (0, "")
        return output

    return ask


@pytest.mark.parametrize(("query", "output"), [
    ("StreamNames", '[\n    "TUTORIAL"\n]\n'), ("StreamNames --output text", "TUTORIAL\n"),
    ("'[[StreamNames[0], `1`], [x, `true`]]' --output text", "TUTORIAL\t1\nNone\tTrue\n"),
    ("x --output text", "None\n"), ("StreamSummaries[].x --output text", ""),
])
def test_an_answer_is_json_or_text_with_tabs_of_what_a_query_takes_of_it(
    ask, stream, query, output
):
    assert ask(f"kinesis list-streams --query {query}") == output


def test_times_are_iso_8601_and_what_concerns_the_call_is_left_out(ask, stream):
    output = ask("kinesis describe-stream-summary --stream-name TUTORIAL")
    summary = json.loads(output)["StreamDescriptionSummary"]
    assert summary["StreamCreationTimestamp"][10] == "T" and "ResponseMetadata" not in output
    assert ask("configure get region") == "us-east-1\n"


def test_bytes_come_from_files_or_are_base64_within_json_too(ask, stream):
    Path("data").write_bytes(b"\xff|")
    for data in ("fileb://data", "/3w="):
        ask(f"kinesis put-record --stream-name TUTORIAL --partition-key 0 --data {data}")
    records = """'[{"Data": "eA==", "PartitionKey": "0"}, {"Data": "eQ==", "PartitionKey": "0"}]'"""
    ask(f"kinesis put-records --stream-name TUTORIAL --records {records}")
    iterator = ask(
        "kinesis get-shard-iterator --stream-name TUTORIAL --shard-id shardId-000000000000 "
        "--shard-iterator-type TRIM_HORIZON --query ShardIterator --output text"
    )
    output = ask(f"kinesis get-records --shard-iterator {iterator} --query Records[].Data")
    assert json.loads(output) == ["/3w=", "/3w=", "eA==", "eQ=="]


def test_structures_lists_maps_and_numbers_are_in_json_files_or_words(ask):
    tags = [{"Key": "x", "Value": "1"}, {"Key": "y", "Value": "2"}]
    Path("tags.json").write_text(json.dumps(tags))
    role = "iam create-role --assume-role-policy-document {} --max-session-duration 7200 --role-name"
    ask(f"{role} a --tags '{json.dumps(tags[0])}' '{json.dumps(tags[1])}'")
    ask(f"{role} b --tags file://tags.json")
    for name in "ab":
        found = boto3.client("iam").get_role(RoleName=name)["Role"]
        assert found["Tags"] == tags and found["MaxSessionDuration"] == 7200
    attributes = """'{"DelaySeconds": "7"}'"""
    url = ask(f"sqs create-queue --queue-name q --attributes {attributes} --query QueueUrl")
    names = "--attribute-names DelaySeconds Policy --query Attributes.DelaySeconds"
    assert ask(f"sqs get-queue-attributes --queue-url {url} {names}") == '"7"\n'


def test_a_function_is_made_of_a_zip_file_and_its_answer_goes_to_a_file(ask):
    deploy("def handler(event, context): pass")
    with zipfile.ZipFile("f.zip", "w") as archive:
        archive.writestr("code.py", "def handler(event, context): return {**event, 'b': 'ü'}")
    assert ask(
        f"lambda create-function --role arn:aws:iam::123456789012:role/{ROLE_NAME} --description ü "
        "--function-name f --zip-file fileb://f.zip --handler code.handler --runtime python3.13 "
        "--query Description"
    ) == '"ü"\n'
    Path("event.json").write_text('{"a": 1}')
    output = ask("lambda invoke --function-name f --payload fileb://event.json answer.json")
    assert json.loads(output) == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
    assert json.loads(Path("answer.json").read_text()) == {"a": 1, "b": "ü"}
    assert ask("lambda wait function-active-v2 --function-name f") == ""


def test_answers_come_whole_or_as_far_as_wanted(ask):
    for number in range(60):
        boto3.client("logs").create_log_group(logGroupName=f"g{number:02}")
    assert ask("logs describe-log-groups --query length(logGroups)") == "60\n"
    assert ask("logs describe-log-groups --query length(logGroups) --limit 3") == "3\n"


def test_an_empty_answer_prints_nothing_and_flags_are_booleans(ask):
    assert ask("iam update-account-password-policy --require-symbols --no-require-numbers") == ""
    policy = json.loads(ask("iam get-account-password-policy"))["PasswordPolicy"]
    assert (policy["RequireSymbols"], policy["RequireNumbers"]) == (True, False)


@pytest.mark.parametrize(("status", "command", "named"), [
    (252, "nope list", "aws nope list"),
    (252, "kinesis", "operation"),
    (252, "kinesis nope", "'aws kinesis' has no 'nope'"),
    (252, "kinesis wait nope", "Waiter does not exist: nope"),
    (252, "kinesis put-record", 'Missing required parameter in input: "Data"'),
    (252, "kinesis list-streams --nope 1", "unrecognized arguments: --nope 1"),
    (252, "kinesis list-streams --query [", "expression"),
    (252, "kinesis list-streams --limit many", "--limit"),
    (252, "kinesis list-streams --output text", "--query"),
    (252, "kinesis delete-stream --stream-name file://nope", "--stream-name: [Errno 2]"),
    (252, "kinesis put-record --stream-name x --partition-key 0 --data *", "--data: "),
    (252, "iam create-role --role-name x --assume-role-policy-document {} --tags a", "--tags: "),
    (254, "kinesis describe-stream --stream-name nope", "ResourceNotFoundException"),
    (255, "kinesis list-streams --profile nope", "nope"),
])
def test_what_it_cannot_do_is_one_line_and_the_status_of_the_cli(call, status, command, named):
    result, output, error = call(command)
    assert (result, output) == (status, "")
    assert error.startswith("aws: error: ") and error.count("\n") == 1 and named in error


def test_without_region_or_credentials_it_names_aws_configure(call, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    commands = ["kinesis list-streams", "configure get region", "kinesis list-streams"]
    for command, reason in zip(commands, ["credentials", "region", "region"]):
        status, _, error = call(command)
        assert status == 253 and "aws configure" in error and reason in error
        monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)


def test_as_a_process_it_hands_its_status_to_the_shell(finish):
    status, [line] = finish("-m", "tests.aws", "kinesis", "nope")
    assert status == 252 and line.startswith("aws: error: ")
    assert finish('"$PYTHON" -m tests.aws help | grep -c "aws configure"', shell=True) == (0, ["1"])
