"""alarm_sensor.py: status, log line, what reaches the stream. What fails: test_sensors.py."""

import ast
import base64
import itertools
import random
import re
import time
import uuid

import pytest

import alarm_sensor


def test_of_25_readings_3_are_elevated_and_one_is_an_alarm(run, wire, sleeps, monkeypatch):
    drawn = itertools.count()  # each number once, then again
    monkeypatch.setattr(random, "randint", lambda low, high: low + next(drawn) % (high - low + 1))
    wire.respond = lambda operation, body: None
    _, lines = run(alarm_sensor, "--count", "50")
    statuses = re.findall(r"\|\|status=(\w+)\|\|time=", "\n".join(lines))
    assert statuses == (["Normal"] * 21 + ["Elevated"] * 3 + ["Alarm"]) * 2


def test_the_id_is_random_and_not_the_address_of_the_machine():
    text, _, rest = alarm_sensor.create_log_line("Normal").rpartition("||status=")
    assert text.startswith("id=b") and rest.endswith("||location=TUTORIAL||sensor=Alarm-1")
    assert uuid.UUID(bytes=ast.literal_eval(text[3:])).version == 4


def test_the_line_is_put_on_the_stream_and_printed_with_the_answer(stream, run, monkeypatch):
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(bytes=b"0123||status=Off"))
    monkeypatch.setattr(time, "time", lambda: 1600000000.123)
    monkeypatch.setattr(random, "randint", lambda low, high: high)
    fields = "||status=Alarm||time=1600000000123||location=TUTORIAL||sensor=North"
    line = f"id=b'0123||status=Off'{fields}"
    status, lines = run(alarm_sensor, "--count", "1", "--sensor", " North ")
    answer = {"ShardId": "shardId-000000000000", "SequenceNumber": "1"}
    assert lines == [line, str(answer), "Done. 1 readings sent, 0 not sent."]
    iterator = stream.get_shard_iterator(
        StreamName="TUTORIAL", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    [record] = stream.get_records(ShardIterator=iterator)["Records"]
    assert base64.b64decode(record["Data"], validate=True).decode("ascii") == line
    assert (status, record["PartitionKey"]) == (0, "0")


def test_a_name_with_a_pipe_which_the_log_line_cannot_carry_is_refused(run, capsys):
    with pytest.raises(SystemExit):
        run(alarm_sensor, "--count", "1", "--sensor", "a|b")
    reason = "argument --sensor: a name has up to 2,048 ASCII characters, and no |"
    assert capsys.readouterr().err.endswith(f"error: {reason}\n")
