"""tests/walkthrough.py and its shell: all is run and accounted for, and what is wrong is noticed."""

import base64
import time
from types import SimpleNamespace

import boto3
import pytest

import setup_timestream
from tests import local_aws, walkthrough
from tests.shell import Shell, ShellError, split_commands

NOW = round(time.time() * 1000)
ROWS = [
    ("Tutorial", "1", "Temperature", NOW, "61.0", None),
    ("TUTORIAL", "Alarm-1", "Alarm", NOW, None, "Normal"),
]
PRINTED = f"id=b'x'||status=Normal||time={NOW}||location=TUTORIAL||sensor=Alarm-1"


def test_every_step_is_run_and_nothing_is_wrong(walked):
    printed, faults, shown, _ = walked
    assert faults == []
    steps = [title for title, _ in walkthrough.read_steps()]
    assert [title.split(".")[0] for title in steps] == [*map(str, range(1, 14)), "Clean up"]
    places = [shown.index(f"\n== {title}\n") for title in steps]
    assert places == sorted(places)
    assert "   90 temperatures are stored\n   65 alarms are stored\n   30 alarms were sw" in shown
    assert sum(words[0] == "aws" for words, _ in printed) > 20


@pytest.fixture
def find_faults(aws, run, tmp_path, monkeypatch):
    """A function that stores rows and says what is wrong, if others were to be there."""
    run(setup_timestream)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad-record.txt").write_bytes(b"bad\n")
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName=walkthrough.LOG_GROUP)
    logs.create_log_stream(logGroupName=walkthrough.LOG_GROUP, logStreamName="x")
    message = base64.b64encode(PRINTED.encode()).decode()
    event = {"timestamp": NOW, "message": f"{message}\n"}
    logs.put_log_events(logGroupName=walkthrough.LOG_GROUP, logStreamName="x", logEvents=[event])

    def find_faults(stored, sent=ROWS, swallowed=(PRINTED,), said=None, **mappings):
        for location, sensor, name, moment, double, varchar in stored:
            dimensions = [("Location", location), ("Sensor", sensor)]
            boto3.client("timestream-write").write_records(
                DatabaseName="DemoDatabase", TableName="WeatherMetrics", Records=[{
                    "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions],
                    "MeasureName": name, "Time": str(moment), "MeasureValue": double or varchar,
                    "MeasureValueType": "DOUBLE" if double else "VARCHAR",
                }]
            )
        said = len(sent) + len(swallowed) if said is None else said
        state = SimpleNamespace(failed={"1": b"bad\n"}, discarded={"1": b"bad\n"}, errors=[])
        vars(state).update(mappings)
        return walkthrough.find_faults(list(sent), list(swallowed), said, state)

    return find_faults


def test_what_is_right_is_not_wrong(find_faults):
    assert find_faults(ROWS) == []


@pytest.mark.parametrize(("column", "value"), [
    (0, "elsewhere"), (1, "2"), (2, "Warmth"), (3, NOW + 1), (4, "62.0"),
])
def test_a_difference_in_any_column_is_noticed(find_faults, column, value):
    changed = list(ROWS[0])
    changed[column] = value
    lost, extra = find_faults([changed, ROWS[1]])
    assert lost.startswith("sent, but not in the table: ('Tutorial'")
    assert extra.startswith("in the table, but not sent: ") and str(value) in extra


@pytest.mark.parametrize(("stored", "changes", "fault"), [
    (ROWS[:1], {}, "sent, but not in the table"),
    ([*ROWS, ("Tutorial", "2", *ROWS[0][2:])], {}, "in the table, but not sent"),
    (ROWS, {"said": 4}, "the sensors said that they sent 4 readings, but showed others"),
    (ROWS, {"swallowed": ["never printed"]}, "not in the skeleton's log: never printed"),
    (ROWS, {"swallowed": []}, "but showed others"),
    (ROWS, {"failed": {"2": b"good"}}, "has reported a good record: b'good'"),
    (ROWS, {"discarded": {"2": b"good"}}, "has lost a good record: b'good'"),
    (ROWS, {"discarded": {}}, "0 records were discarded, not 1"),
    (ROWS, {"errors": ["ValueError: broken"]}, "function failed: ValueError: broken"),
])
def test_whatever_is_missing_too_much_or_failed_is_noticed(find_faults, stored, changes, fault):
    [found] = find_faults(stored, **changes)
    assert fault in found


def test_readings_of_another_day_are_noticed(find_faults):
    late = [(*row[:3], NOW - 86_400_000, *row[4:]) for row in ROWS]
    assert [fault[:25] for fault in find_faults(late, sent=late)] == ["not near the time of now:"] * 2


def test_a_sensor_that_shows_another_location_is_noticed():
    line = PRINTED.replace("TUTORIAL", "ELSEWHERE")
    rows, swallowed, said = walkthrough.read_sent([
        (["python", "alarm_sensor.py"], f"{line}\nDone. 1 readings sent, 0 not sent.\n")
    ])
    assert (rows, swallowed, said) == ([], [], 1)


def test_an_unknown_command_ends_it_with_a_line_that_names_it(run, monkeypatch):
    monkeypatch.setattr(walkthrough, "read_steps", lambda: [("1. x", ["curl example.org"])] * 2)
    status, lines = run(walkthrough)
    assert (status, lines[-1]) == (1, "WRONG: this shell does not know: curl example.org")


def test_ctrl_c_and_an_unknown_option_are_one_line(run, monkeypatch, capsys):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(walkthrough, "read_steps", interrupt)
    assert run(walkthrough) == (1, ["Stopped."])
    with pytest.raises(SystemExit):
        run(walkthrough, "--fast")
    assert "unrecognized arguments: --fast" in capsys.readouterr().err


@pytest.fixture
def shell(aws, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pauses = []
    shell = Shell(local_aws.capture, pauses.append, {"wave_sensor.py": ["--count", "x"]})
    shell.pauses = pauses
    return shell


def test_the_shell_does_what_bash_does_with_the_same_words(shell, tmp_path):
    block = (
        'NAME="a b"\nexport OTHER=$(echo ${NAME} \\\n    c)\necho "${OTHER}|"\n\nsleep 7\n'
        "cat > one.json <<EOF\n${NAME}\n\nEOF\ncat > two.json <<'EOF'\n${NAME}\nEOF\n"
        "cat one.json two.json\nrm -f one.json\necho aGk= | base64 --decode > hi\n"
        "python - <<'EOF'\nprint(6 * 7)\nEOF\npython setup_timestream.py > log\npython3 -m zipfile -c z.zip hi\nwait"
    )
    output = [shell.run(command) for command in split_commands(block)]
    assert [text for text in output if text] == ["a b c|\n", "a b\n\n${NAME}\n", "42\n"]
    assert shell.pauses == [7, 0]
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["hi", "log", "two.json", "z.zip"]
    assert (tmp_path / "hi").read_text() == "hi"


@pytest.mark.parametrize(("command", "named"), [
    ("ls -l", "does not know: ls -l"), ("echo a | tr a b", "does not know: echo a . tr a b"),
    ("aws kinesis nope", "exit status 252"), ("python cleanup.py --nope", "cleanup.py"),
    ("python setup_timestream.py && python setup_kinesis.py", "&&"), ("echo ${NOPE}", "NOPE"),
    ("python wave_sensor.py", "SystemExit: 2"), ("echo a; ls", "ls"), ("wait 7", "wait 7"),
    ("python - <<'EOF'\n1 / 0\nEOF", "ZeroDivisionError"),
])
def test_a_command_that_fails_or_is_not_known_is_an_error_that_names_it(shell, command, named):
    with pytest.raises(ShellError, match=named.replace("|", ".")):
        shell.run(command)
