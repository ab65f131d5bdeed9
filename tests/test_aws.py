"""tests/aws.py: it does what the AWS CLI does with the same words, and refuses what it cannot."""

import json
import zipfile

import boto3
import pytest

import cleanup
from tests import aws as cli
from tests.conftest import deploy


@pytest.fixture
def call(aws, capsys):
    """A function that runs a command; it returns exit status, output and error."""

    def call(*words):
        status = cli.main(words)
        return status, *capsys.readouterr()

    return call


def test_an_answer_is_json_or_what_a_query_takes_of_it_as_text(call, stream):
    status, output, error = call("kinesis", "describe-stream-summary", "--stream-name", "TUTORIAL")
    assert (status, error) == (0, "")
    summary = json.loads(output)["StreamDescriptionSummary"]
    assert summary["StreamName"] == "TUTORIAL" and "ResponseMetadata" not in output
    assert "T" in summary["StreamCreationTimestamp"]
    assert call("kinesis", "list-streams", "--query", "StreamNames", "--output", "text")[1] == "TUTORIAL\n"
    assert call("kinesis", "list-streams", "--query", "StreamNames[0]")[1] == '"TUTORIAL"\n'
    assert call("kinesis", "list-streams", "--query", "x", "--output", "text")[1] == "None\n"


@pytest.mark.parametrize(("value", "lines"), [
    ([["a", 1], ["b", None]], ["a\t1", "b\tNone"]), ([True, False], ["True\tFalse"]), ([], []),
    ({"B": 1, "A": "x", "C": {"D": 2}, "E": ["y", "z"]}, ["x\t1", "C\t2", "E\ty", "E\tz"]),
    ([{"A": 1}, {"A": 2, "B": 3}], ["1\t", "2\t3"]),
])
def test_text_has_values_between_tabs_in_the_order_of_their_names(value, lines):
    assert [*cli.format_text(value)] == lines


def test_values_can_come_from_files_and_bytes_are_base64(call, stream, tmp_path):
    file = tmp_path / "data"
    file.write_bytes(b"\xff|")
    put = ["kinesis", "put-record", "--stream-name", "TUTORIAL", "--partition-key", "0", "--data"]
    for words in ([f"fileb://{file}"], ["/3w="], ["x|", "--cli-binary-format", "raw-in-base64-out"]):
        assert call(*put, *words)[0] == 0
    iterator = call("kinesis", "get-shard-iterator", "--stream-name", "TUTORIAL", "--shard-id",
                    "shardId-000000000000", "--shard-iterator-type", "TRIM_HORIZON",
                    "--query", "ShardIterator", "--output", "text")[1].strip()
    _, output, _ = call("kinesis", "get-records", "--shard-iterator", iterator, "--limit", "10",
                        "--query", "Records[].Data", "--output", "text")
    assert output == "/3w=\t/3w=\teHw=\n"


def test_structures_lists_and_maps_are_json_or_key_value(call, tmp_path):
    policy = tmp_path / "policy.json"
    policy.write_text("{}")
    role = ["iam", "create-role", "--assume-role-policy-document", f"file://{policy}"]
    assert call(*role, "--role-name", "a", "--tags", "Key=x,Value=1", "Key=y,Value=2")[0] == 0
    assert call(*role, "--role-name", "b", "--tags", '[{"Key": "x", "Value": "1"}]')[0] == 0
    tags = [boto3.client("iam").list_role_tags(RoleName=name)["Tags"] for name in "ab"]
    assert tags[0] == [{"Key": "x", "Value": "1"}, {"Key": "y", "Value": "2"}]
    assert tags[1] == tags[0][:1]
    queue = call("sqs", "create-queue", "--queue-name", "q", "--attributes", "DelaySeconds=7",
                 "--query", "QueueUrl", "--output", "text")[1].strip()
    assert boto3.client("sqs").get_queue_attributes(
        QueueUrl=queue, AttributeNames=["DelaySeconds"])["Attributes"] == {"DelaySeconds": "7"}


def test_bytes_within_json_and_lists_of_lists(call, stream, aws):
    records = '[{"Data": "/3w=", "PartitionKey": "0"}, {"Data": "eHw=", "PartitionKey": "0"}]'
    put = ["kinesis", "put-records", "--stream-name", "TUTORIAL", "--records"]
    assert call(*put, records, "--query", "FailedRecordCount")[1] == "0\n"
    assert call(*put, "Data=/3w=,PartitionKey=0", "--query", "FailedRecordCount")[1] == "0\n"
    assert call(*put, "Data={},PartitionKey=0")[0] == 252
    iterator = stream.get_shard_iterator(StreamName="TUTORIAL", ShardId="shardId-000000000000",
                                         ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    data = [record["Data"] for record in stream.get_records(ShardIterator=iterator)["Records"]]
    assert data == [b"\xff|", b"x|", b"\xff|"]


def test_a_function_is_made_of_a_zip_file_and_its_answer_goes_to_a_file(call, tmp_path):
    deploy("def handler(event, context): pass")
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        archive.writestr("code.py", "def handler(event, context): return {**event, 'b': 'ü'}")
    words = ["--zip-file", f"fileb://{tmp_path / 'f.zip'}", "--handler", "code.handler"]
    role = f"arn:aws:iam::123456789012:role/{cleanup.ROLE_NAME}"
    assert call("lambda", "create-function", "--function-name", "f", *words, "--role", role,
                "--runtime", "python3.13", "--query", "Timeout")[:2] == (0, "3\n")
    answer = tmp_path / "answer.json"
    status, output, _ = call("lambda", "invoke", "--function-name", "f", "--payload",
                             '{"a": 1}', "--cli-binary-format", "raw-in-base64-out", str(answer))
    assert status == 0 and json.loads(output) == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
    assert json.loads(answer.read_text()) == {"a": 1, "b": "ü"}
    assert call("lambda", "wait", "function-active-v2", "--function-name", "f") == (0, "", "")


def test_as_a_process_it_hands_its_status_to_the_shell(finish):
    status, [line] = finish("-m", "tests.aws", "kinesis", "nope")
    assert status == 252 and line.startswith("aws: error: ")
    assert finish('"$PYTHON" -m tests.aws help | true', shell=True) == (0, [])


def test_answers_come_whole_or_as_far_as_wanted(call):
    logs = boto3.client("logs")
    for number in range(60):
        logs.create_log_group(logGroupName=f"g{number:02}")
    groups = ["logs", "describe-log-groups", "--query", "length(logGroups)"]
    assert call(*groups)[1] == "60\n"
    assert call(*groups, "--no-paginate")[1] == "50\n"
    assert call(*groups, "--limit", "3")[1] == "3\n"
    assert call(*groups, "--max-items", "7")[1] == "7\n"
    token = call(*groups[:2], "--max-items", "7", "--query", "NextToken", "--output", "text")[1]
    assert call(*groups, "--starting-token", token.strip())[1] == "53\n"


def test_wait_waits_and_says_nothing(call, stream):
    assert call("kinesis", "wait", "stream-exists", "--stream-name", "TUTORIAL") == (0, "", "")


def test_no_answer_prints_nothing_and_flags_are_booleans(call, stream):
    words = ["kinesis", "delete-stream", "--stream-name", "TUTORIAL", "--enforce-consumer-deletion"]
    assert call(*words) == (0, "", "")


def test_configure_get_region(call):
    assert call("configure", "get", "region") == (0, "us-east-1\n", "")


def test_help_and_version(call):
    assert "--cli-binary-format" in call("help")[1]
    assert call("--version")[1].startswith("tests.aws, a stand-in for the AWS CLI")


@pytest.mark.parametrize(("status", "words", "named"), [
    (252, "nope list", "no service 'nope'"),
    (252, "kinesis nope", "aws kinesis has no 'nope'"),
    (252, "kinesis wait nope", "aws kinesis wait has no 'nope'"),
    (252, "kinesis", "operation"),
    (252, "kinesis put-record", "--data"),
    (252, "kinesis list-streams --nope 1", "Unknown options: --nope, 1"),
    (252, "kinesis list-streams --query [", "Bad value for --query ["),
    (252, "kinesis list-streams --output yaml", "--output yaml"),
    (252, "kinesis list-streams --limit many", "'--limit'"),
    (252, "kinesis delete-stream --stream-name file://nope", "'--stream-name': [Errno 2]"),
    (252, "kinesis put-record --stream-name x --partition-key 0 --data *", "'--data'"),
    (252, "iam create-role --role-name x --assume-role-policy-document {} --tags a", "Key=Value"),
    (252, "kinesis create-stream --stream-name x --shard-count 0", "valid min value: 1"),
    (252, "configure set region x", "configure get region"),
    (252, "kinesis subscribe-to-shard --consumer-arn x --shard-id x --starting-position {}", "events"),
    (254, "kinesis describe-stream --stream-name nope", "ResourceNotFoundException"),
    (255, "kinesis list-streams --profile nope", "nope"),
])
def test_what_it_cannot_do_is_one_line_with_the_status_of_the_real_one(call, status, words, named):
    result, output, error = call(*words.split())
    assert (result, output) == (status, "")
    assert error.startswith("aws: error: ") and error.count("\n") == 1 and named in error


@pytest.mark.parametrize("missing", ["AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"])
def test_without_region_or_credentials_it_names_aws_configure(call, monkeypatch, missing):
    for name in (missing, missing.replace("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")):
        monkeypatch.delenv(name, raising=False)
    status, _, error = call("kinesis", "list-streams")
    assert status == 253 and "aws configure" in error
