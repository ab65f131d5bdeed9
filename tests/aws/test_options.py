"""tests/aws/options.py: what stands in a command is what the service gets, or is refused."""

import shlex
from pathlib import Path

import pytest
from botocore.session import Session

from tests.aws.options import Refused, read_global_options, read_request

SESSION = Session()


@pytest.fixture
def read(tmp_path, monkeypatch):
    """A function that returns the parameters which words for an operation ask for."""
    monkeypatch.chdir(tmp_path)

    def read(service, operation, *words, binary_format="base64"):
        model = SESSION.get_service_model(service).operation_model(operation)
        return read_request(model, None, words, binary_format).params

    return read


TAG = {"Key": "x", "Value": "y"}


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["Key=x,Value=y"], id="the short form"),
        pytest.param(['{"Key": "x", "Value": "y"}'], id="JSON"),
        pytest.param(['\n [{"Key": "x", "Value": "y"}]'], id="a list in JSON after a blank line"),
        pytest.param(["file://tags"], id="a file with a list in JSON after a blank line"),
        pytest.param(["file://tag"], id="a file with one in JSON after a blank line"),
    ],
)
def test_a_list_of_structures_is_written_in_several_ways(read, words):
    Path("tags").write_text('\n\n[{"Key": "x", "Value": "y"}]')
    Path("tag").write_text('\n{"Key": "x", "Value": "y"}')
    assert read("iam", "TagRole", "--role-name", "r", "--tags", *words)["Tags"] == [TAG]


def test_several_words_are_several_items(read):
    params = read("iam", "TagRole", "--role-name", "r", "--tags", "Key=x,Value=y", "Key=z,Value=")
    assert params == {"RoleName": "r", "Tags": [TAG, {"Key": "z", "Value": ""}]}
    assert read("kinesis", "AddTagsToStream", "--tags", "a=b,c=d") == {"Tags": {"a": "b", "c": "d"}}


def test_structures_numbers_and_flags_have_the_types_of_the_parameter(read):
    assert read(
        "lambda",
        "UpdateEventSourceMapping",
        *["--uuid", "u", "--destination-config", "OnFailure={Destination=arn:aws:sqs:q}"],
        *["--batch-size", "7", "--no-enabled"],
    ) == {
        "UUID": "u",
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:q"}},
        "BatchSize": 7,
        "Enabled": False,
    }
    alarm = ["--alarm-name", "a", "--evaluation-periods", "1", "--threshold", "1.5"]
    alarm += ["--comparison-operator", "LessThanThreshold"]
    assert read("cloudwatch", "PutMetricAlarm", *alarm)["Threshold"] == 1.5


@pytest.mark.parametrize(
    ("word", "binary_format", "content"),
    [
        pytest.param("/3w=", "base64", b"\xff|", id="base64"),
        pytest.param("file://text", "base64", b"\xff|\xff|", id="a file with lines of base64"),
        pytest.param("fileb://bytes", "base64", b"\xff\n", id="a file with bytes"),
        pytest.param("/3ü", "raw-in-base64-out", "/3ü".encode(), id="text"),
        pytest.param("file://text", "raw-in-base64-out", b"/3z/\nfA==\n", id="a file with text"),
        pytest.param(
            "fileb://bytes", "raw-in-base64-out", b"\xff\n", id="a file with bytes, again"
        ),
    ],
)
def test_bytes_are_base64_text_or_in_a_file(read, word, binary_format, content):
    Path("text").write_bytes(b"/3z/\nfA==\n")
    Path("bytes").write_bytes(b"\xff\n")
    words = ["--stream-name", "s", "--partition-key", "0", "--data", word]
    assert read("kinesis", "PutRecord", *words, binary_format=binary_format)["Data"] == content


def test_bytes_in_a_list_are_base64_or_text_too(read):
    words = ["--stream-name", "s", "--records", "Data=aGk=,PartitionKey=1"]
    assert read("kinesis", "PutRecords", *words)["Records"][0]["Data"] == b"hi"
    raw = read("kinesis", "PutRecords", *words, binary_format="raw-in-base64-out")
    assert raw["Records"][0]["Data"] == b"aGk="


def test_a_stream_of_bytes_is_the_name_of_a_file(read):
    Path("f").write_bytes(b"\xff")
    words = ["--bucket", "b", "--key", "k", "--body", "f"]
    assert read("s3", "PutObject", *words)["Body"] == b"\xff"


def test_the_zip_file_is_an_option_of_its_own(read):
    Path("z").write_bytes(b"PK")
    words = ["--function-name", "f", "--zip-file", "fileb://z"]
    role = ["--role", "r"]
    assert read("lambda", "CreateFunction", *words, *role)["Code"] == {"ZipFile": b"PK"}
    assert read("lambda", "UpdateFunctionCode", *words)["ZipFile"] == b"PK"


def test_all_parameters_can_stand_in_one_json_file_and_options_go_before_them(read):
    Path("f").write_text('{"StreamName": "s", "PartitionKey": "0", "Data": "aGk="}')
    words = ["--cli-input-json", "file://f", "--stream-name", "t"]
    params = read("kinesis", "PutRecord", *words)
    assert params == {"StreamName": "t", "PartitionKey": "0", "Data": b"hi"}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("--data", "--data: expected one argument"),
        ("--stream-name s", "the following arguments are required: --data"),
        ("--data aGk= --nope 1", "unknown options: --nope 1"),
        ("--data aGk= --part 1", "unknown options: --part 1"),
        ("--partition-kye 1", "; did you mean --partition-key?"),
        ("--data hello", "'hello' is no base64; write fileb://FILE, or the text with --cli-bin"),
        ("--data file://nope", "argument --data: [Errno 2]"),
        ("--data file://bytes", "bytes holds bytes, not text: write fileb://"),
        ("--stream-name fileb://bytes", "this takes text: write file://, not fileb://"),
        ("--cli-input-json {", "argument --cli-input-json: no JSON: Expecting property name"),
    ],
)
def test_what_cannot_be_a_parameter_is_refused_with_its_option(read, words, error):
    Path("bytes").write_bytes(b"\xff")
    with pytest.raises(Refused) as refused:
        read("kinesis", "PutRecord", *words.split())
    assert error in str(refused.value)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("--tags nope", "argument --tags: neither JSON nor Key=value,...: Key=value is missing"),
        ("--tags {", "argument --tags: no JSON"),
        ("--limit many", "argument --limit: invalid literal"),
    ],
)
def test_neither_json_nor_a_number_nor_the_short_form_is_refused(read, words, error):
    operation = "ListStreams" if "limit" in words else "AddTagsToStream"
    with pytest.raises(Refused) as refused:
        read("kinesis", operation, *words.split())
    assert error in str(refused.value)


def test_options_of_all_commands_stand_anywhere_in_a_command():
    words = "--region r kinesis list-streams --query a --no-cli-pager --limit 1 --no-paginate"
    options, rest = read_global_options(shlex.split(words))
    assert (options.region, options.no_paginate, options.output) == ("r", True, None)
    assert options.query.search({"a": 7}) == 7
    assert rest == ["kinesis", "list-streams", "--limit", "1"]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--debug"], "--debug is an option of the AWS CLI that is not supported here"),
        (["--color=on"], "--color=on is an option"),
        (["--query", "["], "--query: Invalid jmespath"),
    ],
)
def test_what_the_options_of_all_commands_cannot_do_is_refused(words, error):
    with pytest.raises(Refused) as refused:
        read_global_options(["kinesis", "list-streams", *words])
    assert str(refused.value).startswith(error)
