"""tests/walkthrough: all is run and accounted for, and every fault is noticed."""

import re
import signal
import time
from types import SimpleNamespace

import pytest

from tests.helpers import LIMIT
from tests.walkthrough import walk

WARM = ("Tutorial", "1", "Temperature", "2026-11-24 04:57:40.000000000", "61.0")
ALARM = ("TUTORIAL", "Alarm-1", "Alarm", "2026-11-24 04:57:40.001000000", "Normal")
LOST, EXTRA = "sent, but not in the table: ", "in the table, but not sent: "


@pytest.mark.parametrize(
    ("found", "changes", "faults"),
    [
        ([ALARM, WARM], {}, []),
        ([WARM], {}, [f"{LOST}{ALARM}"]),
        ([WARM, ALARM, ALARM], {}, [f"{EXTRA}{ALARM}"]),
        ([(*WARM[:4], "62.0"), ALARM], {}, [f"{LOST}{WARM}", f"{EXTRA}{(*WARM[:4], '62.0')}"]),
        (
            [WARM, ALARM],
            {"failed": {"1": b"bad", "2": b"x"}},
            ["the function has reported a good record: b'x'"],
        ),
        (
            [WARM, ALARM],
            {"discarded": {"1": b"bad", "2": b"x"}},
            ["2 records were discarded, not 1"],
        ),
        ([WARM, ALARM], {"errors": ["KeyError: x"]}, ["the function failed: KeyError: x"]),
        ([WARM, ALARM], {"delivered": 2}, ["the mapping has delivered 2 alarms, not 1"]),
    ],
)
def test_whatever_is_missing_too_much_or_failed_is_noticed(found, changes, faults):
    bad = {"failed": {"1": b"bad"}, "discarded": {"1": b"bad"}, "errors": [], "delivered": 1}
    mappings = SimpleNamespace(**bad | changes)
    assert walk.find_faults([WARM, ALARM], found, 1, mappings) == faults


@pytest.mark.parametrize(
    ("command", "status", "line"),
    [
        ("echo a", 0, "Now type it yourself: "),
        ("cat README.md", 1, "WRONG: [Errno 2]"),  # it runs in a folder of its own
        ("sleep 1", 1, "WRONG: the mapping is still busy after 0 seconds"),
        ("aws logs create-log-group --log-group-name x", 1, "WRONG: left after the clean-up: x"),
    ],
)
def test_what_goes_wrong_is_a_line_and_status_1(run_script, monkeypatch, command, status, line):
    log_group = "aws logs create-log-group --log-group-name /aws/lambda/kinesis-log-consumer"
    tutorial = ["python setup_timestream.py", "python wave_sensor.py --count 2", log_group, command]
    steps = [("12. x", [*tutorial, "echo 'as moment'"]), ("Clean up", ["python cleanup.py"])]
    monkeypatch.setattr(walk, "read_steps", lambda: steps)
    monkeypatch.setattr(walk, "PATIENCE", 0 if "sleep" in command else LIMIT)
    result, lines = run_script(walk)
    assert result == status and lines[-1].startswith(line)


def test_ctrl_c_in_a_script_ends_the_walkthrough_with_one_line(spawn):
    process = spawn("-m", "tests.walkthrough")
    next(line for line in process.stdout if line == "$ python setup_timestream.py\n")
    time.sleep(0.03)  # now it makes its client, and would take Ctrl-C for its own
    process.send_signal(signal.SIGINT)
    assert process.wait(LIMIT) == 1 and process.stdout.read().endswith("\nStopped.\n")


def test_every_step_is_run_and_nothing_is_wrong(walked):
    assert walked.faults == [] and "Time passes 30 times as fast" in walked.shown
    titles = re.findall("^== (.*)", walked.shown, re.MULTILINE)
    assert [*titles[:13], "Clean up"] == [title for title, _ in walk.read_steps()]
    assert titles[12].startswith("13. ") and titles[-2:] == ["Clean up", "What came of it"]
    assert "\n... 54 more lines ...\n" in walked.shown
    assert "\n    # kinesis-log-consumer: batch of " in walked.shown
