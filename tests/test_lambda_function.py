"""lambda_function.py: what is stored, and that exactly what is not stored is reported.

The SDK is real; Timestream's answers come from the fixture `timestream`, below botocore.
"""

import base64
import json
import threading
import time
from types import SimpleNamespace

import boto3
import pytest
from botocore import exceptions

import alarm_sensor
import lambda_function
from tests.helpers import refusal


def once(text):
    """Return text or bytes as Lambda delivers them if they were put on the stream as they are."""
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def twice(text):
    """Return a log line as Lambda delivers what the sensor sends."""
    return once(once(text))


def line(number=0, **fields):
    """Return a log line taken so many milliseconds after some moment; None leaves a field out."""
    fields = {
        "id": "x",
        "status": "Normal",
        "time": 1600000000000 + number,
        "location": "TUTORIAL",
        "sensor": "a=b",
    } | fields
    return "||".join(f"{name}={value}" for name, value in fields.items() if value is not None)


# What is stored of line(123).
RECORD = {
    "Dimensions": [{"Name": "Location", "Value": "TUTORIAL"}, {"Name": "Sensor", "Value": "a=b"}],
    "MeasureName": "Alarm",
    "MeasureValue": "Normal",
    "MeasureValueType": "VARCHAR",
    "Time": "1600000000123",
    "TimeUnit": "MILLISECONDS",
}


def record(number, data):
    """Return a record of a Kinesis event."""
    return {"kinesis": {"sequenceNumber": str(number), "data": data}}


def handle(*data):
    """Pass data through the handler, as the records 1, 2, …; return those that it reports."""
    records = [record(number, item) for number, item in enumerate(data, start=1)]
    answer = lambda_function.lambda_handler({"Records": records}, None)
    failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    assert answer == {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
    return failed


@pytest.fixture
def timestream(wire):
    """A Timestream: the `records` that are stored, and how many came in each of the `calls`.

    As AWS does, it refuses a call with a value of more than 2,048 bytes as a whole, and rejects
    records from before 2020 one by one, while it stores the others of the call. `fail` gets the
    records of each call first, and can return a refusal or an error to raise.
    """
    timestream = SimpleNamespace(records=[], calls=[], fail=lambda records: None)
    table = {"DatabaseName": "DemoDatabase", "TableName": "WeatherMetrics", "CommonAttributes": {}}

    def respond(operation, body):
        if operation != "WriteRecords":
            return None
        call = json.loads(body)
        records = call.pop("Records")
        assert call == table
        timestream.calls.append(len(records))
        failure = timestream.fail(records)
        if isinstance(failure, Exception):
            raise failure
        if failure or any(len(record["MeasureValue"]) > 2048 for record in records):
            return failure or refusal("ValidationException")
        old = [i for i, record in enumerate(records) if int(record["Time"]) < 1577836800000]
        timestream.records.extend(record for i, record in enumerate(records) if i not in old)
        rejected = [{"RecordIndex": i, "Reason": "too old"} for i in old]
        return refusal("RejectedRecordsException", 419, RejectedRecords=rejected) if old else None

    wire.respond = respond
    return timestream


def stored(timestream):
    """Return the numbers of the lines that are stored, the lowest first."""
    return sorted(int(record["Time"]) - 1600000000000 for record in timestream.records)


@pytest.mark.parametrize(
    "text",
    [
        line(123),
        line(123) + "\n",
        line(123, id=None),
        line(123, id="Tür").encode("latin-1"),
        line(123, id="=||a=||||status=Alarm||time=1||location=x||sensor=y|"),
    ],
)
def test_a_reading_is_stored_with_the_time_of_its_line_whatever_its_id(timestream, lines, text):
    assert handle(twice(text), once(text), once(f"{once(text)}\n")) == []
    assert timestream.records == [RECORD] * 3
    assert lines() == ["3 of 3 records stored"]


NOT_COMPLETE = "ValueError: the log line does not end in status, time, location and sensor"
SEVERAL = "ValueError: the record holds more than one line"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (line(status=None, id="b'||status=Alarm||'"), NOT_COMPLETE),
        (line(level=3), NOT_COMPLETE),
        (line(sensor=""), NOT_COMPLETE),
        ("no log line", NOT_COMPLETE),
        ("YWI", NOT_COMPLETE),
        ("", NOT_COMPLETE),
        (f"{line(1)}\n{line(2)}", SEVERAL),
        (f"{line(1)}\r{line(2)}", SEVERAL),
        (f"{once(line(1))}\n{once(line(2))}", SEVERAL),
    ],
)
def test_a_line_that_cannot_be_read_fails_alone_and_is_shown(timestream, lines, text, reason):
    assert handle(twice(line(1)), twice(text), once(text), twice(line(4))) == ["2", "3"]
    assert stored(timestream) == [1, 4]
    failed = [f"Failed: {number}: {reason!r}: {text!r}" for number in (2, 3)]
    assert lines() == [*failed, "2 of 4 records stored"]


@pytest.mark.parametrize(
    ("strange", "number", "reason"),
    [
        (record(2, "no base64!"), "2", "base64"),
        (record(2, None), "2", "TypeError"),
        ({"kinesis": {"sequenceNumber": "2"}}, "2", "KeyError: 'data'"),
        ({"body": "from SQS"}, None, "KeyError: 'kinesis'"),
        (None, None, "TypeError"),
    ],
)
def test_a_strange_record_costs_no_other_record(timestream, lines, strange, number, reason):
    records = [record(1, twice(line(1))), strange, record(3, twice(line(3)))]
    answer = lambda_function.lambda_handler({"Records": records}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": number}]}
    assert stored(timestream) == [1, 3]
    assert reason in lines()[0]


def test_of_a_bad_record_and_its_reason_500_characters_go_to_the_log(timestream, lines):
    bad = "\x1b[31m" + "x" * 4_500_000
    timestream.fail = lambda records: refusal("AnyException", message="y" * 10_000)
    assert handle(twice(bad), twice(line(2))) == ["1", "2"]
    first, second, _ = lines()
    assert first.endswith(f": {bad[:500]!r}") and "\x1b" not in first and len(first) < 700
    assert "y" * 400 in second and len(second) < 700


def test_an_event_without_records_is_nothing_to_do(timestream, lines):
    assert lambda_function.lambda_handler({"key1": "value1"}, None) == {"batchItemFailures": []}
    assert lines() == ["0 of 0 records stored"]
    assert timestream.calls == []


def test_as_many_calls_as_an_event_can_take_are_made_side_by_side_by_one_client(wire, monkeypatch):
    Session = boto3.Session
    monkeypatch.setattr(boto3, "Session", lambda: time.sleep(0.1) or Session())
    all_are_here = threading.Barrier(100, timeout=20)
    wire.respond = lambda name, _: name == "WriteRecords" and all_are_here.wait() and None
    assert handle(*[twice(line(number)) for number in range(10_000)]) == []
    assert lambda_function.authenticate.cache_info().misses == 1


def test_what_is_not_stored_is_reported_in_the_order_of_the_stream(timestream, lines):
    data = [twice(line(number)) for number in range(250)]
    data[1] = data[120] = data[249] = twice(line(time=5))
    data[130] = "bad!"
    assert handle(*data) == ["2", "121", "131", "250"]
    assert stored(timestream) == [n for n in range(250) if n not in (1, 120, 130, 249)]
    assert sorted(timestream.calls) == [49, 100, 100]
    assert lines()[:2] == [f"Failed: {n}: 'too old': {line(time=5)!r}" for n in (2, 121)]


def test_a_rejection_without_a_reason_is_reported_with_its_code(timestream, lines):
    answer = refusal("RejectedRecordsException", 419, RejectedRecords=[{"RecordIndex": 1}])
    timestream.fail = lambda records: answer
    assert handle(twice(line(1)), twice(line(2))) == ["2"]
    assert lines()[0].startswith("Failed: 2: 'RejectedRecordsException'")


@pytest.mark.parametrize("bad", [[0], [99], [3, 4], [0, 50, 120], [*range(130)]])
def test_an_invalid_value_costs_only_its_own_record(timestream, bad):
    status = {n: "x" * 2049 if n in bad else "Alarm" for n in range(130)}
    assert handle(*[twice(line(n, status=status[n])) for n in status]) == [str(n + 1) for n in bad]
    assert stored(timestream) == [n for n in status if n not in bad]
    assert len(timestream.calls) <= 2 + 14 * len(bad)  # halves, not one by one


@pytest.mark.parametrize(
    "failure",
    [
        refusal("RejectedRecordsException"),
        refusal("RejectedRecordsException", RejectedRecords=[]),
        refusal("ThrottlingException"),
        (502, "<html>\n<p>Bad gateway</p>\n</html>"),
        exceptions.EndpointConnectionError(endpoint_url="https://x"),
        OSError("broken"),
    ],
)
def test_any_other_error_costs_the_records_of_its_call_alone(timestream, sleeps, lines, failure):
    timestream.fail = lambda records: failure if records[0]["Time"] == "1600000000100" else None
    assert handle(*[twice(line(n)) for n in range(250)]) == [str(n) for n in range(101, 201)]
    assert stored(timestream) == [*range(100), *range(200, 250)]
    assert len(lines()) == 101


def test_an_outage_is_over_before_the_functions_60_seconds_are(wire, sleeps):
    def hang(operation, body):
        if operation == "WriteRecords":
            sleeps.append(sum(wire.timeouts))
            raise exceptions.ReadTimeoutError(endpoint_url="https://x")

    wire.respond = hang
    assert handle(twice(line(1))) == ["1"]
    assert 3 * 15 <= sum(sleeps) < 60


def test_no_region_is_reported_like_any_other_error(monkeypatch, lines):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert handle(twice(line(1))) == ["1"]
    assert "You must specify a region" in lines()[0]


def test_any_byte_can_stand_in_an_id(timestream):
    ids = [repr(bytes([byte]) + b"||status=Alarm||time=1||") for byte in range(256)]
    data = [once(alarm_sensor.encode(line(number, id=text))) for number, text in enumerate(ids)]
    assert handle(*data) == [] and stored(timestream) == [*range(256)]
    assert {record["MeasureValue"] for record in timestream.records} == {"Normal"}
