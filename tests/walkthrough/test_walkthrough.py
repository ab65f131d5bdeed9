"""tests/walkthrough: everything is run and accounted for, and every fault is noticed."""

import re
import signal
import time
from types import SimpleNamespace

import pytest

from tests.helpers import LIMIT
from tests.walkthrough import account, walk

WARM = ("Tutorial", "1", "Temperature", "2026-11-24 04:57:40.000000000", "61.0")
WARMER = ("Tutorial", "1", "Temperature", "2026-11-24 04:57:40.000000000", "62.0")
ALARM = ("TUTORIAL", "Alarm-1", "Alarm", "2026-11-24 04:57:40.001000000", "Normal")


def test_every_step_is_run_and_nothing_is_wrong(walk_result):
    assert walk_result.faults == [], walk_result.shown
    titles = re.findall("^== (.*)", walk_result.shown, re.MULTILINE)
    assert [*titles[:13], "Clean up"] == [title for title, _ in walk.read_steps()]
    assert titles[12].startswith("13. ")
    assert titles[-2:] == ["Clean up", "What came of it"]


def test_it_shows_long_output_shortened_an_outage_whole_and_what_happens_by_itself(walked):
    assert "passes 30 times as fast" in walked.shown
    assert "\n    # AWS does not respond to three calls.\n" in walked.shown
    assert "\n... 54 more lines ...\n" in walked.shown
    outage = re.findall(r"^Not sent, (\d+) waiting: Read timeout on", walked.shown, re.MULTILINE)
    assert outage == ["1", "2", "3"]
    assert "\n    # kinesis-log-consumer: batch of " in walked.shown


def test_the_readings_are_read_from_what_the_sensors_print():
    record = {
        "Dimensions": [{"Name": "Location", "Value": "A"}, {"Name": "Sensor", "Value": "2"}],
        "MeasureName": "Temperature",
        "MeasureValue": "61",
        "Time": "1795496260000",
    }
    log_line = "id=b'||'||status=Alarm||time=1795496260001||location=B||sensor=C"
    printed = [
        ("python wave_sensor.py --count 1", f"{[record]}\n{{'RecordsIngested': 1}}\nDone. 1\n"),
        ("python alarm_sensor.py --count 1", f"{log_line}\n{{'ShardId': 'x'}}\nDone. 1\n"),
        ("cat bad-record.txt", "id=1||status=Normal||location=TUTORIAL||sensor=Alarm-1\n"),
    ]
    assert account.find_sent(printed) == [
        ("A", "2", "Temperature", "2026-11-24 04:57:40.000000000", "61.0"),
        ("B", "C", "Alarm", "2026-11-24 04:57:40.001000000", "Alarm"),
    ]


def find_faults(found, **changes):
    """Return the faults if WARM and ALARM were sent, one bad record, and this was found."""
    mappings = {"failed": {"1": b"bad"}, "discarded": {"1": b"bad"}, "errors": [], "delivered": 1}
    mappings = SimpleNamespace(**mappings | changes)
    return account.find_faults([WARM, ALARM], found, 1, mappings)


def test_what_is_stored_as_it_was_sent_is_no_fault():
    assert find_faults([ALARM, WARM]) == []


def test_a_reading_that_is_missing_or_too_much_is_a_fault():
    lost, extra = "sent, but not in the table: ", "in the table, but not sent: "
    assert find_faults([WARM]) == [f"{lost}{ALARM}"]
    assert find_faults([WARM, ALARM, ALARM]) == [f"{extra}{ALARM}"]
    assert find_faults([WARMER, ALARM]) == [f"{lost}{WARM}", f"{extra}{WARMER}"]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"failed": {"1": b"bad", "2": b"x"}}, "the function has reported a good record: b'x'"),
        ({"discarded": {"1": b"bad", "2": b"x"}}, "2 records were discarded, not 1"),
        ({"errors": ["KeyError: x"]}, "the function failed: KeyError: x"),
        ({"delivered": 2}, "the mapping has delivered 2 alarms, not 1"),
    ],
)
def test_what_the_mapping_should_not_have_done_is_a_fault(changes, fault):
    assert find_faults([WARM, ALARM], **changes) == [fault]


@pytest.mark.parametrize(
    ("command", "status", "line"),
    [
        ("echo a", 0, "an account"),
        ("cat README.md", 1, "WRONG: [Errno 2]"),  # it runs in a folder of its own
        ("sleep 1", 1, "WRONG: the mapping is still busy after 0 seconds"),
        ("aws logs create-log-group --log-group-name x", 1, "WRONG: left after the clean-up: x"),
    ],
)
def test_what_goes_wrong_is_a_line_and_status_1(run_script, monkeypatch, command, status, line):
    tutorial = [
        "python setup_timestream.py",
        "python wave_sensor.py --count 2",
        "aws logs create-log-group --log-group-name /aws/lambda/kinesis-log-consumer",
        "JOINED=a",
        'echo "${JOINED}"',
        command,
    ]
    steps = [("12. x", tutorial), ("Clean up", ["python cleanup.py"])]
    monkeypatch.setattr(walk, "read_steps", lambda: steps)
    monkeypatch.setattr(walk, "PATIENCE", 0 if "sleep" in command else LIMIT)
    result, lines = run_script(walk)
    assert lines[-1].startswith(line)
    assert result == status


def test_help_says_what_it_does_and_runs_nothing(run_script, capsys):
    with pytest.raises(SystemExit, match="^0$"):
        run_script(walk, "--help")
    assert "Walk through the whole tutorial on this machine" in capsys.readouterr().out


def test_ctrl_c_in_a_script_ends_the_walkthrough_with_one_line(spawn):
    process = spawn("-m", "tests.walkthrough")
    next(line for line in process.stdout if line == "$ python setup_timestream.py\n")
    time.sleep(0.03)  # now it makes its client, and would take Ctrl-C for its own
    process.send_signal(signal.SIGINT)
    assert process.wait(LIMIT) == 1
    assert process.stdout.read().endswith("\nStopped.\n")
