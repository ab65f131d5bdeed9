"""tests/walkthrough.py and its shell: all is run and accounted for, and every fault is noticed."""

import signal
import time
from types import SimpleNamespace

import boto3
import pytest

import setup_timestream
from tests import benchmark, walkthrough
from tests.conftest import LIMIT
from tests.shell import COMMAND, Shell, ShellError

NOW = round(time.time() * 1000)
WARM = ("Tutorial", "1", "Temperature", NOW, "61.0", None)
ALARM = ("TUTORIAL", "Alarm-1", "Alarm", NOW, None, "Normal")
PRINTED = [
    ("python wave_sensor.py", f"[{{'Time': '{NOW}'}}]\n"),
    ("python alarm_sensor.py",
     f"id=b'x'||status=Normal||time={NOW}||location=TUTORIAL||sensor=Alarm-1\nDone.\n"),
    ("aws kinesis put-record", ""),
]


@pytest.fixture
def shell(aws, tmp_path, monkeypatch):
    """A shell in an empty folder, that prints pauses and adds "--count x" to the wave sensor."""
    monkeypatch.chdir(tmp_path)
    return Shell(print, {"wave_sensor.py": ["--count", "x"]})


@pytest.mark.parametrize(("block", "output"), [
    ("NAME=\"a b\"\nexport ALL=$(echo ${NAME} \\\n    'c  d')\n\necho \"${ALL}|\"", "a b c  d|\n"),
    (r"""echo "\"'x > y'\"" '${NAME}'""", "\"'x > y'\" ${NAME}\n"),
    ("A=1\ncat > f <<EOF\n${A}\n\nEOF\ncat > g <<'EOF'\n${A} \\\nEOF\ncat f g", "1\n\n${A} \\\n"),
    ("echo aGk= | base64 --decode > f\nrm -f g\ncat f\necho a > f\nwait", "hi"),
    ("python - <<'EOF'\nprint(6 * 7)\nEOF", "42\n"), ("python setup_timestream.py > log &", ""),
])
def test_the_shell_does_what_bash_does_with_the_same_words(shell, block, output):
    assert "".join(map(shell.run, COMMAND.findall(block))) == output


def test_the_shell_pauses_for_sleep_and_after_a_script(shell, lines):
    for command in ("sleep 7", "python setup_timestream.py", "wait"):
        shell.run(command)
    assert lines() == ["7", "0"]


@pytest.mark.parametrize(("block", "named"), [
    ("ls -l", "ls -l"), ("wait 7", "wait 7"), ("echo -n a", "echo -n a"), ("cat > a", "cat"),
    ("echo a | tr a b", "|"), ("sleep 1 & wait", "&"), ("echo a; ls", ";"), ("echo a 2> b", ">"),
    ("echo *", "*"), ("echo 'a", "'"), ("A=b wait", "b wait"), ("echo $(ls)", "$"),
    ('echo "`ls`"', "`"), ("echo ${NOPE}", "${NOPE}"), ("cat > a <<EOF\n$NOPE\nEOF", "$ in $NOPE"),
    ("echo a > f\nrm -f f g\ncat f", "No such file"), ("aws kinesis nope", "exit status 252"),
    ("python wave_sensor.py", "SystemExit: 2"), ("python - <<'EOF'\n1 / 0\nEOF", "ZeroDivision"),
])
def test_a_command_that_fails_or_is_not_known_is_an_error_that_names_it(shell, block, named):
    with pytest.raises(ShellError) as error:
        list(map(shell.run, COMMAND.findall(block)))
    assert named in str(error.value)


def store(location, sensor, name, moment, double, varchar):
    """Store a row."""
    dimensions = {"Location": location, "Sensor": sensor}
    boto3.client("timestream-write").write_records(
        DatabaseName="DemoDatabase", TableName="WeatherMetrics", Records=[{
            "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions.items()],
            "MeasureName": name, "Time": str(moment), "MeasureValue": double or varchar,
            "MeasureValueType": "DOUBLE" if double else "VARCHAR",
        }]
    )


def change(column, value):
    """Return the temperature with another value in a column."""
    return (*WARM[:column], value, *WARM[column + 1 :])


LOST, EXTRA = "sent, but not in the table: ", "in the table, but not sent: "


@pytest.mark.parametrize(("stored", "swallowed", "changes", "faults"), [
    ([WARM, ALARM], [], {}, []),
    ([WARM], [ALARM], {}, []),
    ([WARM], [], {}, [f"{LOST}{ALARM}"]),
    ([WARM, ALARM, change(1, "2")], [], {}, [f"{EXTRA}{change(1, '2')}"]),
    ([WARM, ALARM], [ALARM], {}, [f"{EXTRA}{ALARM}"]),
    ([change(3, NOW - 86_400_000), ALARM], [], {}, [f"{LOST}{WARM}"]),
    *[([row, ALARM], [], {}, [f"{LOST}{WARM}", f"{EXTRA}{row}"]) for row in (
        change(0, "elsewhere"), change(2, "Warmth"), change(3, NOW + 1), change(4, "62.0")
    )],
    ([WARM, ALARM], [], {"failed": {"2": b"x"}}, ["the function has reported a good record: b'x'"]),
    ([WARM, ALARM], [], {"failed": {}, "discarded": {}}, ["0 records were discarded, not 1"]),
    ([WARM, ALARM], [], {"errors": ["KeyError: x"]}, ["the function failed: KeyError: x"]),
    ([WARM, ALARM], [], {"delivered": 2}, ["the mapping has delivered 2 alarms, not 1"]),
])
def test_whatever_is_missing_too_much_or_failed_is_noticed(
    aws, run, stored, swallowed, changes, faults
):
    run(setup_timestream)
    for row in stored:
        store(*row)
    bad = {"failed": {"1": b"bad"}, "discarded": {"1": b"bad"}, "errors": [], "delivered": 1}
    mappings = SimpleNamespace(**bad | changes)
    assert walkthrough.find_faults(PRINTED, swallowed, mappings) == faults


@pytest.mark.parametrize(("command", "status", "line"), [
    ("echo a", 0, "told"),
    ("curl example.org", 1, "WRONG: this shell does not know: curl example.org"),
    ("python setup_kinesis.py", 1, "WRONG: left after the clean-up: TUTORIAL"),
])
def test_what_goes_wrong_is_a_line_and_status_1(run, monkeypatch, command, status, line):
    monkeypatch.setattr(walkthrough, "read_steps", lambda: [("1. x", [command])] * 2)
    monkeypatch.setattr(walkthrough, "read_swallowed", list)
    monkeypatch.setattr(walkthrough, "find_faults", lambda *_: [])
    monkeypatch.setattr(walkthrough, "tell", lambda *_: print("told"))
    result, lines = run(walkthrough)
    assert (result, lines[-1]) == (status, line)


@pytest.mark.parametrize(("program", "part"), [(walkthrough, "read_steps"), (benchmark, "measure")])
def test_ctrl_c_and_an_unknown_option_are_one_line(run, monkeypatch, capsys, program, part):
    def interrupt(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(program, part, interrupt)
    status, lines = run(program)
    assert (status, lines[-1]) == (1, "Stopped.")
    with pytest.raises(SystemExit):
        run(program, "--fast")
    assert "unrecognized arguments: --fast" in capsys.readouterr().err


def test_ctrl_c_in_a_script_ends_it_with_one_line_too(spawn):
    process = spawn("-m", "tests.walkthrough")
    for line in process.stdout:
        if line == "$ python setup_timestream.py\n":
            process.send_signal(signal.SIGINT)
            break
    output = process.communicate(timeout=LIMIT)[0]
    assert (process.returncode, output.splitlines()[-1]) == (1, "Stopped.")


def test_every_step_is_run_and_nothing_is_wrong(walked):
    shown = walked.shown
    assert walked.faults == []
    steps = [title for title, _ in walkthrough.read_steps()]
    assert [title.split(".")[0] for title in steps] == [*map(str, range(1, 14)), "Clean up"]
    places = [shown.index(f"\n== {title}\n") for title in steps]
    assert places == sorted(places)
    assert "   90 temperatures are stored\n   65 alarms are stored\n   30 alarms went to" in shown
    assert "   ▁▁▁▂▂▂" in shown and "\n... 54 more lines ...\n" in shown
    assert "python -m tests.local_aws" in shown.splitlines()[-1]
