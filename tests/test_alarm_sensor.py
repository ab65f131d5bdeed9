"""alarm_sensor.py: status, log line, and records on the stream. Outages: test_sensors.py."""

import ast
import base64
import itertools
import random
import re
import time
import uuid

import pytest

import alarm_sensor
from tests.helpers import read_stream


def test_of_25_readings_3_are_elevated_and_1_is_an_alarm(run_script, stream, sleeps, monkeypatch):
    drawn = itertools.count()  # 0.5, 1.5, ... 24.5, and again
    monkeypatch.setattr(random, "uniform", lambda low, high: low + next(drawn) % (high - low) + 0.5)
    _, lines = run_script(alarm_sensor, "--count", "50")
    statuses = re.findall(r"\|\|status=(\w+)\|\|time=", "\n".join(lines))
    assert statuses == (["Normal"] * 21 + ["Elevated"] * 3 + ["Alarm"]) * 2


def test_the_id_is_random_and_not_the_machines_address():
    text, _, rest = alarm_sensor.create_log_line("Normal").rpartition("||status=")
    assert text.startswith("id=b")
    assert rest.endswith("||location=TUTORIAL||sensor=Alarm-1")
    assert uuid.UUID(bytes=ast.literal_eval(text[3:])).version == 4


def test_the_line_is_put_on_the_stream_and_printed_with_the_response(
    stream, run_script, monkeypatch
):
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(bytes=b"0123||status=Off"))
    monkeypatch.setattr(time, "time", lambda: 1600000000.123)
    monkeypatch.setattr(random, "uniform", lambda low, high: high - 0.001)
    fields = "||status=Alarm||time=1600000000123||location=TUTORIAL||sensor=North_1.a-b"
    line = f"id=b'0123||status=Off'{fields}"
    status, lines = run_script(alarm_sensor, "--count", "1", "--sensor", "North_1.a-b")
    response = {"ShardId": "shardId-000000000000", "SequenceNumber": "1"}
    assert lines == [line, str(response), "Done. 1 reading sent, 0 not sent."]
    [record] = read_stream(stream)
    assert base64.b64decode(record["Data"], validate=True).decode("ascii") == line
    assert (status, record["PartitionKey"]) == (0, "0")


@pytest.mark.parametrize("name", ["", "a|b", "a=b", "Tür", "a b", "x" * 101])
def test_a_name_that_does_not_fit_into_a_log_line_is_refused(run_script, capsys, name):
    with pytest.raises(SystemExit):
        run_script(alarm_sensor, "--count", "1", "--sensor", name)
    reason = "argument --sensor: use up to 100 letters, digits, '.', '_', '-'"
    assert capsys.readouterr().err.endswith(f"error: {reason}\n")
