"""alarm_sensor.py: status, log line, what reaches the stream. What fails: test_sensors.py."""

import base64
import random
import re
import time
import uuid
from collections import Counter
from unittest import mock

import pytest

import alarm_sensor


@pytest.fixture
def reading(monkeypatch):
    """Let a reading always be the same."""
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(bytes=b"0123||status=Off"))
    monkeypatch.setattr(time, "time", lambda: 1600000000.123)
    monkeypatch.setattr(random, "randint", lambda low, high: 24)
    identifier = "id=b'0123||status=Off'"
    return f"{identifier}||status=Alarm||time=1600000000123||location=TUTORIAL||sensor=Alarm-1"


def read(stream):
    """Return the log lines that are on the stream."""
    iterator = stream.get_shard_iterator(
        StreamName="TUTORIAL", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = stream.get_records(ShardIterator=iterator)["Records"]
    assert {record["PartitionKey"] for record in records} <= {"0"}
    return [base64.b64decode(record["Data"], validate=True).decode("ascii") for record in records]


def test_the_log_line_has_its_fields_in_order(reading):
    assert alarm_sensor.create_log_line("Alarm") == reading


def test_the_id_is_random_and_not_the_address_of_the_machine():
    ids = [alarm_sensor.create_log_line("Normal").split("||status=")[0] for _ in range(50)]
    assert len(set(ids)) == 50
    assert all(re.fullmatch(r"id=b(['\"]).*\1", text) for text in ids)
    versions = {uuid.UUID(bytes=eval(text[3:])).version for text in ids}
    assert versions == {4}


def test_about_one_status_in_25_is_alarm_and_three_are_elevated(run, sleeps, wire):
    wire(lambda operation, body: None)
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    random.seed(seed)
    _, lines = run(alarm_sensor, "--count", "2000")
    counts = Counter(re.findall(r"\|\|status=(\w+)\|\|time=", "\n".join(lines)))
    assert 30 < counts["Alarm"] < 140 and 140 < counts["Elevated"] < 360  # on average 80 and 240
    assert counts.total() == 2000 and len(counts) == 3


@pytest.mark.parametrize(("number", "status"), [(0, "Normal"), (20, "Normal"), (21, "Elevated"),
                                                (23, "Elevated"), (24, "Alarm")])
def test_the_number_that_is_drawn_from_0_to_24_decides_the_status(
    run, stream, monkeypatch, number, status
):
    drawn = mock.Mock(return_value=number)
    monkeypatch.setattr(random, "randint", drawn)
    run(alarm_sensor, "--count", "1")
    assert f"||status={status}||time=" in read(stream)[-1]
    drawn.assert_called_once_with(0, 24)


def test_the_line_is_put_on_the_stream_and_printed_with_the_answer(stream, run, reading):
    status, lines = run(alarm_sensor, "--count", "1")
    assert read(stream) == [reading]
    answer = {"ShardId": "shardId-000000000000", "SequenceNumber": "1"}
    assert lines == [reading, str(answer), "Done. 1 readings sent, 0 not sent."]
    assert status == 0


def test_the_options_name_the_sensor_and_set_the_pace(stream, run, sleeps):
    run(alarm_sensor, "--count", "3", "--sensor", " North ", "--interval", "0.5")
    assert [line.rpartition("||")[2] for line in read(stream)] == ["sensor=North"] * 3
    assert sleeps == [0.5] * 2


@pytest.mark.parametrize("name", ["a||b", "a|", "Küche", "tab\there"])
def test_a_name_that_the_log_line_cannot_carry_is_refused(run, capsys, name):
    with pytest.raises(SystemExit) as stop:
        run(alarm_sensor, "--sensor", name, "--count", "1")
    assert stop.value.code == 2
    assert "error: argument --sensor: " in capsys.readouterr().err
