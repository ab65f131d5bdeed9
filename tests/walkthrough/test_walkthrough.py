"""tests/walkthrough runs and accounts for everything, and notices every fault."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.helpers import LIMIT
from tests.walkthrough import account, walk
from tests.walkthrough.bash import Bash, LocalAws, WalkError, group
from tests.walkthrough.readme import NotWhole, is_whole, read_blocks, split_commands

ALARM = "id=b'||'||status=Alarm||time=1795496260001||location=B||sensor=C"


def test_every_step_runs_without_a_fault(walk_result):
    assert walk_result.faults == [], "\n".join(walk_result.faults)
    titles = re.findall("^== (.*)", walk_result.shown, re.MULTILINE)
    expected = dict.fromkeys(block.title for block in read_blocks(walk.EVERYTHING))
    assert titles == [*expected, "Result"]
    assert titles[12].startswith("13. ")


def test_it_shortens_long_output_but_shows_outages_in_full_and_the_first_terminal(walked):
    assert "passes 30 times faster" in walked.shown
    assert "\n    # Ctrl-Z: AWS does not respond\n" in walked.shown
    assert "\n... 54 more lines ...\n" in walked.shown
    outage = re.findall(r"^Not sent, (\d+) waiting: Read timeout on", walked.shown, re.MULTILINE)
    assert outage == ["1", "2"]
    assert "\n    # kinesis-log-consumer: batch of " in walked.shown


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("a\n\nb \\\n  c\n", ["a", "b \\\n  c"]),
        ("cat <<EOF\nif\nEOF\nb\n", ["cat <<EOF\nif\nEOF", "b"]),
        ("f() {\n  a\n}\nuntil a; do\n  b\ndone\n", ["f() {\n  a\n}", "until a; do\n  b\ndone"]),
        ('A="\n  b"\n', ['A="\n  b"']),
    ],
)
def test_a_command_ends_where_it_is_complete_for_bash(text, commands):
    assert split_commands(text) == commands


def test_an_incomplete_command_is_an_error_that_shows_it():
    assert not is_whole("a \\")
    with pytest.raises(NotWhole, match="if true"):
        split_commands("a\nif true; then\n")


@pytest.fixture
def bash(tmp_path):
    """A Bash without a local AWS."""
    with group() as processes:
        yield Bash(processes, tmp_path, tmp_path, "true", speed=100, start=0)


def test_commands_run_in_the_same_bash_and_pauses_are_short(bash):
    start = time.monotonic()
    assert bash.run("A=1; sleep 100 &") == ""
    assert bash.run("printf $A; wait") == "1"
    assert 0.9 < time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("echo a; ls nowhere", r"exit status 2: echo a; ls nowhere\nIt printed:\na\n.*nowhere"),
        ("echo a; command sleep 99", r"timed out: echo a; command sleep 99\nIt printed:\na"),
        ("exit 3", "has ended the bash: exit 3"),
        ("aws kinesis list-tags", "exit status 252"),
    ],
)
def test_a_command_that_fails_or_hangs_is_shown_with_its_output(bash, command, fault):
    with pytest.raises(WalkError, match=fault):
        bash.run(command, limit=1 if "99" in command else LIMIT)


def test_a_server_that_does_not_start_is_an_error_with_its_output(monkeypatch):
    monkeypatch.setattr("tests.walkthrough.bash.SERVE", "print('no {speed}')")
    with group() as processes, pytest.raises(WalkError, match="did not start: no 7\n"):
        LocalAws(processes, 7)


def test_readings_of_a_sensor_are_a_second_apart_whatever_the_speed():
    with walk.terminals([], speed=100) as (_, bash):
        bash.run("python setup_timestream.py; python wave_sensor.py --count 12")
        times = [dict(reading.records[0])["time"] for reading in read_waves(bash)]
    seconds = [int(text[17:19]) for text in times]
    assert [(later - early) % 60 for early, later in zip(seconds, seconds[1:])] == [1] * 11
    assert seconds[0] % 10 == 2


def read_waves(bash):
    """Return the wave sensor's Readings."""
    return account.read_sent(bash.sent, "wave_sensor.py", "[{", account.read_temperature)


def record(**more):
    """Return a record as the wave sensor prints it."""
    return {
        "Dimensions": [{"Name": "Location", "Value": "A"}, {"Name": "Sensor", "Value": "2"}],
        "MeasureName": "Temperature",
        "MeasureValue": "61",
        "MeasureValueType": "DOUBLE",
        "Time": "1795496260000",
    } | more


def test_a_reading_is_read_from_a_sensors_output():
    [row] = account.read_temperature(str([record()])).records
    assert dict(row) == {
        "Location": "A",
        "Sensor": "2",
        "measure_name": "Temperature",
        "time": "2026-11-24 04:57:40.000000000",
        "measure_value::double": "61.0",
    }
    [row] = account.read_alarm(ALARM).records
    assert dict(row)["measure_value::varchar"] == "Alarm"


def test_a_reading_can_be_several_records_or_one_with_several_measures():
    second = record(MeasureName="Humidity", MeasureValue="59")
    reading = account.read_temperature(str([record(), second]))
    assert (len(reading.records), reading.value) == (2, "61")
    measures = [
        {"Name": "Temperature", "Value": "61", "Type": "DOUBLE"},
        {"Name": "Humidity", "Value": "59", "Type": "BIGINT"},
    ]
    several = record(MeasureValueType="MULTI", MeasureValues=measures)
    del several["MeasureValue"]
    reading = account.read_temperature(str([several]))
    [row] = reading.records
    assert (dict(row)["Temperature"], dict(row)["Humidity"]) == ("61.0", "59")
    assert reading.value == "61"


def find_faults(*found):
    """Return the faults if a temperature and an alarm were sent, and these records were found."""
    sent = [account.read_temperature(str([record()])), account.read_alarm(ALARM)]
    return account.find_faults(sent, set(found))


[WARM] = account.read_temperature(str([record()])).records
[WARMER] = account.read_temperature(str([record(MeasureValue="62")])).records
[LATER] = account.read_temperature(str([record(Time="1795496260001")])).records
[OTHER] = account.read_alarm(ALARM).records


def test_readings_stored_as_sent_are_not_a_fault():
    battery = frozenset(OTHER | {("measure_name", "Battery")} - {("measure_name", "Alarm")})
    assert find_faults(OTHER, WARM) == find_faults(OTHER, WARM, battery) == []


def test_missing_and_additional_readings_are_faults():
    lost, extra = "sent, but not in the table: ", "in the table, but not sent: "
    assert find_faults(WARM) == [f"{lost}{account.show(OTHER)}"]
    assert find_faults(WARM, OTHER, LATER) == [f"{extra}{account.show(LATER)}"]
    assert find_faults(WARMER, OTHER) == [f"{lost}{account.show(WARM)}"]


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (f"Failed: 1: 'x': {ALARM!r}", "the function reported a good record: "),
        ("[ERROR] KeyError: 'x'", "the function failed: "),
        ("2026 x Task timed out after 60.00 seconds", "the function failed: "),
    ],
)
def test_an_error_of_the_function_and_a_reported_good_alarm_are_faults(message, fault):
    alarms = [account.read_alarm(ALARM)]
    assert account.find_faults_of_function([message], alarms) == [f"{fault}{message}"]
    assert account.find_faults_of_function(["Failed: 1: 'x': 'id=1'"], alarms) == []


TUTORIAL = """
## Walkthrough

### 12. x

```bash
python setup_timestream.py
python setup_kinesis.py
python wave_sensor.py --count 2
aws logs create-log-group --log-group-name /aws/lambda/kinesis-log-consumer
echo "${JOINED}"
COMMAND
```

## Clean up

```bash
python cleanup.py
```
"""


@pytest.fixture
def walk_through(run_script, monkeypatch, tmp_path):
    """A function that walks through a short tutorial and returns exit status and lines."""

    def walk_through(command):
        path = tmp_path / "README.md"
        path.write_text(TUTORIAL.replace("COMMAND", command))
        monkeypatch.setattr("tests.walkthrough.readme.PATH", path)
        return run_script(walk)

    return walk_through


def test_a_lost_reading_and_a_leftover_of_the_clean_up_are_lines_with_status_1(walk_through):
    status, lines = walk_through(
        "python alarm_sensor.py --count 1\naws logs create-log-group --log-group-name x"
    )
    assert "sent, but not in the table: Location TUTORIAL, Sensor Alarm-1" in lines[-2]
    assert (status, lines[-1]) == (1, "WRONG: left after the clean-up: x")


def test_a_failed_command_is_shown_with_status_1(walk_through):
    status, lines = walk_through("cat README.md")  # it runs in its own folder, without README.md
    assert lines[-3] == "WRONG: exit status 1: cat README.md"
    assert lines[-1].startswith("cat: ")
    assert status == 1


def test_help_describes_the_program_and_does_not_start_it(run_script, capsys):
    with pytest.raises(SystemExit, match="^0$"):
        run_script(walk, "--help")
    assert "Walk through the whole tutorial on this machine" in capsys.readouterr().out


def find_processes(marker):
    """Return the processes whose environment or command line contains a text."""
    listed = subprocess.run(["ps", "axeww"], capture_output=True, text=True, timeout=LIMIT)
    return [line for line in listed.stdout.splitlines() if marker in line and " ps " not in line]


@pytest.mark.skipif(sys.platform != "linux", reason="ps shows no environment of others")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_all_processes_end_with_the_walkthrough_whatever_ends_it(spawn, number):
    marker = f"WALK_MARKER=is{os.getpid()}"
    process = spawn("-m", "tests.walkthrough", WALK_MARKER=marker.partition("=")[2])
    next(line for line in process.stdout if line.startswith("$ "))
    assert len(find_processes(marker)) >= 4
    process.send_signal(number)
    printed = process.communicate(timeout=LIMIT)[0]
    if number != signal.SIGKILL:
        assert process.returncode == 1
        assert printed.splitlines()[-1] == "Stopped."
        assert "Traceback" not in printed
    end = time.monotonic() + 5
    while find_processes(marker) and time.monotonic() < end:
        time.sleep(0.05)
    assert find_processes(marker) == []
