"""tests/aws_cli prints what version 2 of the AWS CLI prints, and refuses what it cannot do."""

import json
import shlex
import subprocess
from pathlib import Path

import boto3
import pytest

from cleanup import FUNCTION_NAME
from setup_kinesis import STREAM_NAME
from tests.aws_cli import build_alias, cli
from tests.aws_cli.output import format_json, format_text
from tests.helpers import LIMIT, deploy


@pytest.fixture
def ask(capsys, tmp_path, monkeypatch):
    """A function that runs a command and returns its output, or its error if it must fail."""
    monkeypatch.chdir(tmp_path)

    def ask(command, status=0):
        found = cli.main(shlex.split(command))
        output, error = capsys.readouterr()
        assert found == status, output + error
        assert (output if status else error) == ""
        return output + error

    return ask


PUT = "kinesis put-record --stream-name TUTORIAL --partition-key 0"


@pytest.fixture
def read_data(ask, stream):
    """A function that returns the base64 data of all records on the stream."""

    def read_data():
        iterator = ask(
            "kinesis get-shard-iterator --stream-name TUTORIAL --shard-id shardId-000000000000"
            " --shard-iterator-type TRIM_HORIZON --query ShardIterator --output text"
        )
        records = f"kinesis get-records --shard-iterator {iterator.strip()}"
        return json.loads(ask(f"{records} --query Records[].Data"))

    return read_data


# Output


@pytest.mark.parametrize(
    ("query", "output"),
    [
        ("StreamNames", '[\n    "TUTORIAL"\n]\n'),
        ("\"'ü'\"", '"ü"\n'),
        ("x", "null\n"),
        ("x --output text", "None\n"),
        ("'[[StreamNames[0], `1`], [x, `true`]]' --output text", "TUTORIAL\t1\nNone\tTrue\n"),
    ],
)
def test_the_result_of_a_query_is_printed_as_json_or_text(ask, stream, query, output):
    assert ask(f"kinesis list-streams --query {query}") == output


FUNCTION = {
    "FunctionName": "consumer",
    "Timeout": 60,
    "Layers": [],
    "Architectures": ["x86_64"],
    "SnapStart": {"ApplyOn": "None"},
}
ROWS = [{"Data": [{"ScalarValue": "a"}, {"NullValue": True}]}, {"Data": []}]


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        pytest.param("a", ["a"], id="a text"),
        pytest.param(None, ["None"], id="null"),
        pytest.param([], [], id="an empty list"),
        pytest.param(["a", 1, True], ["a\t1\tTrue"], id="a list"),
        pytest.param([["a", 1], ["b", None], "c"], ["c", "a\t1", "b\tNone"], id="rows"),
        pytest.param({"Names": ["a", "b"]}, ["NAMES\ta", "NAMES\tb"], id="a list in a structure"),
        pytest.param(
            FUNCTION,
            ["consumer\t60", "ARCHITECTURES\tx86_64", "SNAPSTART\tNone"],
            id="a structure with parts",
        ),
        pytest.param([{"A": 1, "B": 2}, {"B": 3}], ["1\t2", "\t3"], id="one incomplete structure"),
        pytest.param(ROWS, ["DATA\t\ta", "DATA\tTrue\t"], id="the rows of a query"),
    ],
)
def test_text_has_a_line_for_each_structure_and_each_of_its_parts(value, lines):
    assert format_text(value).splitlines() == lines


def test_an_empty_response_prints_nothing():
    assert format_json({}) == ""


def test_the_environment_and_the_config_file_set_the_output_format(ask, stream, monkeypatch):
    Path("config").write_text("[default]\noutput = text\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", "config")
    assert ask("kinesis list-streams --query x") == "None\n"
    monkeypatch.setenv("AWS_DEFAULT_OUTPUT", "json")
    assert ask("kinesis list-streams --query x") == "null\n"


def test_pages_come_as_one_response_but_text_is_printed_page_by_page(ask, aws):
    for number in range(60):  # the service returns 50 at once
        boto3.client("logs").create_log_group(logGroupName=f"{number:02}")
    count = "logs describe-log-groups --query length(logGroups)"
    assert ask(count) == "60\n"
    assert ask(f"{count} --output text") == "50\n10\n"
    assert ask(f"{count} --output text --page-size 40") == "40\n20\n"
    assert ask(f"{count} --limit 3") == "3\n"
    assert ask(f"{count} --no-paginate") == "50\n"
    token = json.loads(ask("logs describe-log-groups --max-items 58"))["NextToken"]
    text = ask("logs describe-log-groups --max-items 58 --output text")
    assert text.splitlines()[-1] == f"NEXTTOKEN\t{token}"
    names = "logs describe-log-groups --query logGroups[].logGroupName --output text"
    assert ask(f"{names} --starting-token {token}") == "58\t59\n"


def test_anything_but_a_list_comes_with_the_first_page(ask, stream):
    name = "--query StreamDescription.StreamName --output text"
    assert ask(f"kinesis describe-stream --stream-name TUTORIAL {name}") == "TUTORIAL\n"


def test_times_are_iso_8601(ask, stream):
    created = "StreamDescriptionSummary.StreamCreationTimestamp"
    text = ask(
        f"kinesis describe-stream-summary --stream-name TUTORIAL --query {created} --output text"
    )
    assert text[10] == "T" and text.endswith("+00:00\n")


# Parameters


def test_bytes_are_given_as_base64_in_a_file_or_as_raw_text(ask, read_data):
    Path("data").write_bytes(b"\xff|")
    ask(f"{PUT} --data fileb://data")
    ask(f"{PUT} --data /3w=")
    ask("kinesis put-records --stream-name TUTORIAL --records Data=/3w=,PartitionKey=0")
    assert read_data() == ["/3w="] * 3
    ask(f"{PUT} --data aGk= --cli-binary-format raw-in-base64-out")
    assert read_data()[-1] == "YUdrPQ=="


@pytest.mark.parametrize(
    "tags",
    [
        "Key=x,Value=y Key=z,Value=",
        """'[{"Key": "x", "Value": "y"}, {"Key": "z", "Value": ""}]'""",
        """'{"Key": "x", "Value": "y"}' Key=z,Value=""",
        "file://tags",
    ],
)
def test_a_list_is_given_as_words_json_or_a_file(ask, aws, tags):
    Path("tags").write_text('\n[{"Key": "x", "Value": "y"}, {"Key": "z", "Value": ""}]')
    ask(f"iam create-role --role-name r --assume-role-policy-document {{}} --tags {tags}")
    found = json.loads(ask("iam list-role-tags --role-name r --query Tags"))
    assert found == [{"Key": "x", "Value": "y"}, {"Key": "z", "Value": ""}]


def test_maps_numbers_and_flags_are_converted_to_the_parameters_type(ask, stream):
    ask("kinesis add-tags-to-stream --stream-name TUTORIAL --tags a=b,c=d")
    assert len(json.loads(ask("kinesis list-tags-for-stream --stream-name TUTORIAL"))["Tags"]) == 2
    ask(
        "kinesis increase-stream-retention-period --stream-name TUTORIAL"
        " --retention-period-hours 48"
    )
    summary = stream.describe_stream_summary(StreamName=STREAM_NAME)["StreamDescriptionSummary"]
    assert summary["RetentionPeriodHours"] == 48
    ask("logs create-log-group --log-group-name g")
    for name in "ab":
        ask(f"logs create-log-stream --log-group-name g --log-stream-name {name}")
    for flag, name in {"--descending": "b", "--no-descending": "a"}.items():
        found = json.loads(ask(f"logs describe-log-streams --log-group-name g {flag}"))
        assert found["logStreams"][0]["logStreamName"] == name


def test_a_function_is_updated_from_a_zip_file_and_its_response_goes_to_a_file(ask, aws):
    deploy("def handler(event, context): return event")
    Path("function.zip").write_bytes(b"not a zip file")
    update = f"lambda update-function-code --function-name {FUNCTION_NAME}"
    assert "ValueException" in ask(f"{update} --zip-file fileb://function.zip", 254)
    answer = ask(f"lambda invoke --function-name {FUNCTION_NAME} --payload eyJhIjogMX0= a.json")
    assert json.loads(answer) == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
    assert json.loads(Path("a.json").read_text()) == {"a": 1}


def test_a_waiter_waits(ask, stream):
    assert ask("kinesis wait stream-exists --stream-name TUTORIAL") == ""
    error = ask("lambda wait function-active-v2 --function-name nope", 255)
    assert error.startswith("\naws: [ERROR]: Waiter FunctionActiveV2 failed: ")


# Errors


@pytest.mark.parametrize(
    ("status", "command", "text"),
    [
        (
            252,
            "kinesis put-record --partition-key 0",
            "An error occurred (ParamValidation): the following arguments are required: --data\n\n"
            + cli.USAGE,
        ),
        (
            252,
            "kinesis list-stream",
            "An error occurred (ParamValidation): argument operation: Found invalid choice "
            f"'list-stream'\n\nMaybe you meant:\n\n  * list-streams\n\n{cli.USAGE}",
        ),
        (
            252,
            "kinesis list-streams --limit 0",
            "An error occurred (ParamValidation): Parameter validation failed:\n"
            "Invalid value for parameter Limit, value: 0, valid min value: 1\n",
        ),
        (
            254,
            "lambda get-function --function-name nope",
            "An error occurred (ResourceNotFoundException) when calling the GetFunction operation: "
            "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nope\n",
        ),
        (255, f"{PUT} --data hello", 'Invalid base64: "hello"\n'),
    ],
)
def test_an_error_is_what_the_aws_cli_prints(ask, aws, status, command, text):
    assert ask(command, status) == f"\naws: [ERROR]: {text}"


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("", "the following arguments are required: command"),
        ("kinesis", "the following arguments are required: operation"),
        ("nope list", "argument command: Found invalid choice 'nope'"),
        ("kinesis wait", "too few arguments"),
        ("kinesis wait nope", "argument subcommand: Found invalid choice 'nope'"),
        ("kinesis list-streams --nope 1", "Unknown options: --nope, 1"),
        ("lambda invoke --function-name f", "the following arguments are required: outfile"),
        ("kinesis list-streams --query [", "Bad value for --query [: Invalid jmespath expression"),
        (f"{PUT} --data file://nope", "Error parsing parameter '--data': Unable to load paramfile"),
        ("iam tag-role --role-name r --tags [", "Error parsing parameter '--tags': Invalid JSON: "),
    ],
)
def test_a_command_it_does_not_know_has_status_252(ask, command, named):
    assert named in ask(command, 252)


@pytest.mark.parametrize(
    "command",
    [
        "kinesis list-streams --output table",
        "s3 ls",
        "kinesis subscribe-to-shard",
        "kinesis add-tags-to-stream --tags nope",
        "sqs create-queue --queue-name q --attributes a={b}",
        "lambda update-event-source-mapping --uuid u --destination-config OnFailure={D=q}",
    ],
)
def test_a_command_only_the_real_cli_can_run_points_to_it(ask, command):
    assert "https://docs.aws.amazon.com/cli/" in ask(command, 252)


def test_without_region_or_credentials_it_says_what_to_do(ask, monkeypatch):
    advice = ". Paste the export line of tests.local_aws, or sign in.\n"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    error = ask("kinesis list-streams", 253)
    assert error == f"\naws: [ERROR]: Unable to locate credentials{advice}"
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    error = ask("kinesis list-streams", 253)
    assert error == f"\naws: [ERROR]: You must specify a region{advice}"


def test_help_lists_operations_waiters_and_options_with_required_ones_first(ask):
    assert ask("help").startswith("This is a stand-in for the AWS CLI")
    assert {"list-streams", "wait stream-exists"} <= {*ask("kinesis help").splitlines()}
    lines = ask("lambda invoke help").splitlines()
    assert lines[:2] == ["--function-name <string>  required", "<outfile>  required"]
    assert "--payload <blob>" in lines


def test_the_alias_works_in_every_folder_and_in_scripts(tmp_path):
    (tmp_path / "tests").mkdir()  # another project's
    script = "aws kinesis nope; echo $?"
    done = subprocess.run(
        ["bash", "-c", f"{build_alias()}\nbash -c '{script}'"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert done.stdout == "252\n"
    assert "argument operation: Found invalid choice 'nope'" in done.stderr
