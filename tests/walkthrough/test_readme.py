"""README.md: what it shows is what the programs print, and what it quotes stands in the scripts."""

import itertools
import re
import sys
import textwrap
import time
from types import ModuleType

import boto3
import pytest
from moto import mock_aws

import setup_timestream
from tests.environment import REPOSITORY
from tests.helpers import STREAM_ARN, deploy
from tests.walkthrough.conftest import find_tries
from tests.walkthrough.shell import Shell
from tests.walkthrough.tokens import split_commands

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
SCRIPTS = [path.read_text(encoding="utf-8") for path in sorted(REPOSITORY.glob("*.py"))]
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


def find_blocks(first, last, kinds=("bash", "text")):
    """Return kind and content of the blocks between two headings."""
    text = README[README.index(f"\n## {first}\n") : README.index(f"\n## {last}\n")]
    return [(kind, content) for _, kind, content in BLOCK.findall(text) if kind in kinds]


TUTORIAL = find_blocks("Walkthrough", "Troubleshooting")
OUTPUTS = [
    pytest.param(split_commands(before), text, id=text[:30].strip())
    for (_, before), (kind, text) in itertools.pairwise(TUTORIAL)
    if kind == "text"
]
QUOTES = [content for _, content in find_blocks("Walkthrough", "Troubleshooting", ["python"])]


def blur(text):
    """Return a text's lines without what differs from run to run: numbers, ids, how many alike."""
    text = re.sub(r"id=b(['\"]).*?\1\|\|status=\w+", "id||status", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "UUID", text)
    text = re.sub(r'"https?://[^"]*"', "URL", text)
    text = re.sub(r'"aWQ9[^"]*"', "BASE64", text)
    text = re.sub(r"\d+ (Alarm|Elevated|Normal),? ?", "", text)
    text = re.sub(r"\d+(\.\d+)?(E\d+)?|None", "0", text)
    lines = [re.sub(r"\s+", " ", line).strip(" ,") for line in text.splitlines() if line.strip()]
    return [line for line, _ in itertools.groupby(lines)]


def is_shown(text, output):
    """Return whether a text of README is the output; "..." stands for any number of lines."""
    lines = blur(text)
    pattern = "".join("(?:.*\n)*?" if line == "..." else re.escape(f"{line}\n") for line in lines)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in blur(output))) is not None


@pytest.mark.parametrize(("commands", "text"), OUTPUTS)
def test_an_output_block_is_what_its_commands_have_printed(walked, commands, text):
    printed = iter(walked.printed)
    outputs = []
    for command in commands:
        output = next(output for ran, output in printed if ran == command)
        if " > " not in command:
            outputs.append(output)
    assert is_shown(text, "".join(outputs)), f"README shows\n{text}\nbut it is\n{''.join(outputs)}"


def test_the_commands_are_those_that_the_walkthrough_has_run(walked):
    for kind, block in TUTORIAL:
        if kind == "bash":
            for command in split_commands(block):
                assert f"$ {command}\n" in walked.shown


def test_a_short_try_says_what_the_readme_says(walked):
    tries = [each for step in find_tries().values() for each in step]
    assert len(tries) == 3
    for command, said in tries:
        output = next(output for ran, output in walked.printed if ran == command)
        assert output.strip() == said, command


def test_the_last_commands_find_what_the_readme_says(walked):
    counts = [output for command, output in walked.printed if '"${COUNT}"' in command]
    assert counts == ["60\n", "65\n"]
    [rows] = [output for command, output in walked.printed if "QUERY =" in command]
    assert "'measure_value::double DOUBLE': None, 'measure_value::varchar VARCHAR': 'N" in rows
    assert len(rows.splitlines()) == 130 + 65 + 3


def test_the_quick_start_ends_as_shown(walked):
    _walk, (_, end), _test = find_blocks("Quick start", "Prerequisites")
    assert is_shown(f"...\n{end}...", walked.shown)
    commands = "".join(block for _, block in find_blocks("Walkthrough", "Where to go from here"))
    temperatures = sum(map(int, re.findall(r"wave_sensor.py --count (\d+)", commands)))
    swallowed, *alarms = map(int, re.findall(r"alarm_sensor.py --count (\d+)", commands))
    numbers = [temperatures + swallowed + sum(alarms), temperatures, sum(alarms), swallowed]
    assert numbers == [int(found) for found in re.findall(r"^ *(\d+) \w+", end, re.MULTILINE)[:4]]


@pytest.mark.parametrize("quote", QUOTES, ids=lambda quote: quote[:30].strip())
def test_a_quote_stands_in_a_script(quote):
    lines = quote.splitlines()
    for script in SCRIPTS:
        rows = script.splitlines()
        for start in range(len(rows)):
            block = "\n".join(rows[start : start + len(lines)])
            if textwrap.dedent(block) == "\n".join(lines):
                return
    pytest.fail(f"no script has\n{quote}")


def test_each_script_is_quoted():
    quoted = textwrap.dedent("\n".join(QUOTES))
    for path in sorted(REPOSITORY.glob("*.py")):
        script = {line.strip() for line in path.read_text(encoding="utf-8").splitlines()}
        assert sum(line.strip() in script for line in quoted.splitlines()) >= 6, path.name


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A shell in an empty folder, on moto alone."""
    monkeypatch.chdir(tmp_path)
    with mock_aws():
        yield Shell(time.sleep, {})


def test_what_needs_an_account_is_a_command_that_aws_takes(shell):
    blocks = find_blocks("Walkthrough", "Troubleshooting", ["sh"])
    assert len(blocks) == 1
    for _, block in blocks:
        for command in split_commands(textwrap.dedent(block)):
            shell.run(command)
    [alarm] = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (alarm["MetricName"], alarm["Threshold"]) == ("IteratorAge", 60000)
    [delete] = re.findall(r"`(aws cloudwatch delete-alarms [^`]+)`", README)
    shell.run(" ".join(delete.split()))
    assert boto3.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


def change(script, place):
    """Return a script's text, changed as the README's diff number `place` says."""
    diffs = find_blocks("Where to go from here", "Clean up", ["diff"])
    text = (REPOSITORY / script).read_text(encoding="utf-8")
    for part in re.split(r"^@@.*\n", diffs[place][1], flags=re.MULTILINE):
        lines = part.splitlines()
        before = "\n".join(line[1:] for line in lines if not line.startswith("+"))
        after = "\n".join(line[1:] for line in lines if not line.startswith("-"))
        assert text.count(f"\n{before}\n") == 1, before
        text = text.replace(f"\n{before}\n", f"\n{after}\n")
    return text


@pytest.fixture
def run_changed(aws, monkeypatch, capsys):
    """A function that runs a changed script with options, on a local AWS with the table."""
    setup_timestream.create_database(boto3.client("timestream-write"))
    setup_timestream.create_table(boto3.client("timestream-write"))

    def run_changed(script, place, *options):
        module = ModuleType("script")
        exec(compile(change(script, place), script, "exec"), vars(module))
        monkeypatch.setattr(sys, "argv", [script, *options])
        assert module.main() == 0, capsys.readouterr().out

    return run_changed


def ask(query):
    """Return the rows that a query finds."""
    pages = boto3.client("timestream-query").query(QueryString=query)
    return [[value["ScalarValue"] for value in row["Data"]] for row in pages["Rows"]]


def test_the_second_measure_arrives(run_changed):
    run_changed("wave_sensor.py", 0, "--count", "3", "--interval", "0.01")
    [query] = re.findall(r"`(select measure_name, avg[^`]+)`", README)
    rows = ask(" ".join(query.split()))
    assert sorted(rows) == [["Humidity", "58.0"], ["Temperature", "62.0"]]


def test_the_new_field_of_the_log_line_arrives(run_changed, aws):
    boto3.client("kinesis").create_stream(StreamName="TUTORIAL", ShardCount=1)
    deploy(change("lambda_function.py", 1), Handler="code.lambda_handler")
    boto3.client("lambda").create_event_source_mapping(
        FunctionName="kinesis-log-consumer",
        EventSourceArn=STREAM_ARN,
        StartingPosition="TRIM_HORIZON",
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    run_changed("alarm_sensor.py", 2, "--count", "3", "--interval", "0.01")
    assert aws.wait_until_idle(10)
    assert ask(
        "select measure_name, count(*), max(measure_value::double) from "
        "DemoDatabase.WeatherMetrics where measure_name = 'Battery' group by measure_name"
    ) == [["Battery", "3", "87.0"]]
    assert ask("select count(*) from DemoDatabase.WeatherMetrics where measure_name = 'Alarm'") == [
        ["3"]
    ]


def test_all_links_lead_somewhere():
    text = BLOCK.sub("", README)
    headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    anchors = {"#" + re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in headings}
    for target in re.findall(r"\]\(([^)]+)\)", text):
        is_there = target in anchors or (REPOSITORY / target).exists()
        assert is_there or target.startswith(("https://", "http://127.0.0.1:5005")), target
    defined = set(re.findall(r"^\[([\w-]+)\]: https://", text, re.MULTILINE))
    assert defined == set(re.findall(r"\]\[([\w-]+)\]", text))
