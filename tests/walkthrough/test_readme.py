"""README.md shows what the programs print, and quotes what is in the scripts."""

import re
import shlex
import sys
import textwrap
from types import ModuleType

import boto3
import pytest
from moto import mock_aws

import setup_timestream
from setup_kinesis import STREAM_NAME
from tests.aws_cli import cli
from tests.environment import REPOSITORY
from tests.helpers import STREAM_ARN, deploy, wait_until_idle
from tests.walkthrough import outputs, readme, walk

README = readme.read()
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in REPOSITORY.glob("*.py")}
BLOCKS = readme.read_blocks(walk.EVERYTHING, short_tries=True)
CODE = "".join(readme.read_section(section) for section in walk.EVERYTHING)
QUOTES = readme.find_quotes(CODE, "python")
SHOWN = [
    pytest.param(place, id=f"{block.title[:20]}: {block.shown[:20].strip()}")
    for place, block in enumerate(BLOCKS)
    if block.shown is not None
]


@pytest.mark.parametrize("place", SHOWN)
def test_an_output_is_what_its_commands_print(walked, place):
    shown, printed = BLOCKS[place].shown, walked.printed[place]
    if not outputs.is_shown(shown, printed):
        pytest.fail(f"{outputs.explain(shown, printed)}\n\nTo correct README.md: {CORRECT}")


CORRECT = "python -m tests.walkthrough --write-outputs"


def test_only_what_differs_from_run_to_run_may_differ_in_an_output():
    line = "{'ShardId': 'shardId-0', 'SequenceNumber': '1'}"
    assert outputs.is_shown(f"...\n{line}\n", f"a\nb\n{line.replace('1', '234')}\n")
    assert not outputs.is_shown(f"{line}\n", f"a\n{line}\n")
    assert not outputs.is_shown(f"{line}\n", line.replace("shardId-0", "shardId-1"))
    for falsified in ["7 readings sent", "9 not sent.", "'MagneticStore': 7}", "65"]:
        text = "40 readings sent, 0 not sent. {'MagneticStore': 0} 60"
        assert not outputs.is_shown(falsified, text)


def test_only_outdated_outputs_are_corrected(monkeypatch, tmp_path):
    monkeypatch.setattr(readme, "PATH", tmp_path / "README.md")
    before = "```text\na 1\n...\nat 2026-11-24 04:55:12.310000000\n```\n```text\nb\n```\n"
    readme.PATH.write_text(before)
    shown = ["a 1\n...\nat 2026-11-24 04:55:12.310000000\n", "b\n"]
    blocks = [readme.Block("x", [], text) for text in shown]
    printed = ["a 2\nx\ny\nat 2027-01-01 00:00:00.000000000\n", "b\n"]
    assert outputs.write(blocks, printed) == shown[:1]
    assert readme.PATH.read_text() == before.replace("a 1", "a 2")
    assert "README.md shows:  a 1\n    it prints:    a 2" in outputs.explain(shown[0], printed[0])


def test_query_from_python_shows_the_latest_readings(walked):
    [rows] = [text for block, text in zip(BLOCKS, walked.printed) if "QUERY =" in block.commands[0]]
    assert len(rows.splitlines()) == 5
    assert "'measure_value::double DOUBLE': None, 'measure_value::varchar VARCHAR': '" in rows


def test_the_quick_start_ends_as_shown(walked):
    [end] = readme.find_quotes(readme.read_section("Quick start"), "text")
    ending = walked.printed[-1]
    assert outputs.is_shown(end, ending), outputs.explain(end, ending)
    assert ending in walked.shown


def test_the_quick_start_counts_as_many_statuses_as_alarms():
    [end] = readme.find_quotes(readme.read_section("Quick start"), "text")
    [alarms] = re.findall(r"(\d+) alarms are stored", end)
    assert sum(map(int, re.findall(rf"(\d+) {outputs.STATUS}", end))) == int(alarms)


@pytest.mark.parametrize("quote", QUOTES, ids=lambda quote: quote[:30].strip())
def test_a_quote_is_in_a_script(quote):
    lines = quote.splitlines()
    for script in SCRIPTS.values():
        rows = script.splitlines()
        for start in range(len(rows)):
            if textwrap.dedent("\n".join(rows[start : start + len(lines)])) == "\n".join(lines):
                return
    pytest.fail(explain_quote(lines))


def explain_quote(lines):
    """Return the lines of a quote that no script has, with the most similar lines."""
    rows = [row.strip() for script in SCRIPTS.values() for row in script.splitlines()]
    text = ["No script has these lines in a row:", *lines]
    for line in lines:
        if line.strip() and line.strip() not in rows:
            text += [f"README.md quotes: {line.strip()}"]
            text += [f"    a script has: {near}" for near in outputs.find_near(line.strip(), rows)]
    return "\n".join(text)


def test_for_a_missing_quote_the_most_similar_lines_are_shown():
    text = explain_quote(["for value in wave(low, high, start):"])
    assert "\n    a script has: for value in wave(high, low, start):" in text


def test_each_script_is_quoted():
    quoted = [line.strip() for quote in QUOTES for line in quote.splitlines()]
    for name, text in SCRIPTS.items():
        script = {line.strip() for line in text.splitlines()}
        assert sum(line in script for line in quoted) >= 6, name


def test_commands_that_need_an_account_have_valid_parameters(capsys):
    commands = [
        command
        for block in readme.find_quotes(CODE, "sh")
        for command in readme.split_commands(block)
    ]
    commands = [command for command in commands if command.startswith("aws cloudwatch ")]
    assert len(commands) == 2
    with mock_aws():
        for command in commands:
            assert cli.main(shlex.split(command.replace("\\\n", ""))[1:]) == 0, (
                capsys.readouterr().err
            )
        assert boto3.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


def change(script, place):
    """Return a script's text, changed by the README's diff number `place`."""
    diff = readme.find_quotes(CODE, "diff")[place]
    text = SCRIPTS[script]
    for part in re.split(r"^@@.*\n", diff, flags=re.MULTILINE):
        lines = part.splitlines()
        before = "\n".join(line[1:] for line in lines if not line.startswith("+"))
        after = "\n".join(line[1:] for line in lines if not line.startswith("-"))
        assert text.count(f"\n{before}\n") == 1, f"{script} does not have once:\n{before}"
        text = text.replace(f"\n{before}\n", f"\n{after}\n")
    return text


@pytest.fixture
def run_changed(aws, monkeypatch, capsys):
    """A function that runs a changed script with options."""
    setup_timestream.create_database(boto3.client("timestream-write"))
    setup_timestream.create_table(boto3.client("timestream-write"))

    def run_changed(script, place, *options):
        module = ModuleType("script")
        exec(compile(change(script, place), script, "exec"), vars(module))
        monkeypatch.setattr(sys, "argv", [script, *options])
        assert module.main() == 0, capsys.readouterr().out

    return run_changed


def ask(query):
    """Return a query's rows."""
    pages = boto3.client("timestream-query").query(QueryString=query)
    return [[value["ScalarValue"] for value in row["Data"]] for row in pages["Rows"]]


def test_the_second_measure_is_stored(run_changed):
    run_changed("wave_sensor.py", 0, "--count", "3", "--interval", "0.01")
    [query] = readme.find_quotes(CODE, "sql")
    assert [row[1:] for row in ask(query)] == [["63.0", "57.0"], ["62.0", "58.0"], ["61.0", "59.0"]]


def test_the_new_field_of_the_log_line_is_stored(run_changed, aws):
    boto3.client("kinesis").create_stream(StreamName=STREAM_NAME, ShardCount=1)
    deploy(change("lambda_function.py", 1), Handler="code.lambda_handler")
    boto3.client("lambda").create_event_source_mapping(
        FunctionName="kinesis-log-consumer",
        EventSourceArn=STREAM_ARN,
        StartingPosition="TRIM_HORIZON",
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    run_changed("alarm_sensor.py", 2, "--count", "3", "--interval", "0.01")
    assert wait_until_idle(aws)
    assert ask(
        "select measure_name, count(*), max(measure_value::double) from "
        "DemoDatabase.WeatherMetrics where measure_name = 'Battery' group by measure_name"
    ) == [["Battery", "3", "87.0"]]
    assert ask("select count(*) from DemoDatabase.WeatherMetrics where measure_name = 'Alarm'") == [
        ["3"]
    ]


def test_no_link_is_broken():
    text = readme.BLOCK.sub("", README)
    headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    anchors = {"#" + re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in headings}
    for target in re.findall(r"\]\(([^)]+)\)", text):
        is_there = target in anchors or (REPOSITORY / target).exists()
        assert is_there or target.startswith(("https://", "http://127.0.0.1:5005")), target
    defined = set(re.findall(r"^\[([\w-]+)\]: https://", text, re.MULTILINE))
    assert defined == set(re.findall(r"\]\[([\w-]+)\]", text))
