"""lambda_function.py: what is stored, and that exactly what is not stored is reported.

The SDK is real; Timestream's answers come from the fixture `timestream`, below botocore.
"""

import base64
import json
import random
import threading
import time
import uuid
from types import SimpleNamespace

import pytest
from botocore import exceptions

import alarm_sensor
import lambda_function
from tests.conftest import refusal

LINE = "id=x||status=Normal||time=1600000000123||location=TUTORIAL||sensor=Alarm-1"

# What is stored of it.
RECORD = {
    "Dimensions": [
        {"Name": "Location", "Value": "TUTORIAL"},
        {"Name": "Sensor", "Value": "Alarm-1"},
    ],
    "MeasureName": "Alarm",
    "MeasureValue": "Normal",
    "MeasureValueType": "VARCHAR",
    "Time": "1600000000123",
    "TimeUnit": "MILLISECONDS",
}


def once(text):
    """Return text or bytes as Lambda delivers them if they were put on the stream as they are."""
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def twice(text):
    """Return a log line as Lambda delivers what the sensor sends."""
    return once(once(text))


def line(number=0, status="Normal", sensor="Alarm-1", **fields):
    """Return a log line taken so many milliseconds after some moment; None leaves a field out."""
    fields = {
        "id": "x", "status": status, "time": 1600000000000 + number, "location": "TUTORIAL",
        "sensor": sensor, **fields,
    }
    return "||".join(f"{name}={value}" for name, value in fields.items() if value is not None)


def event(*data):
    """Return a Kinesis event; its records have the sequence numbers 1, 2, …"""
    return {
        "Records": [
            {"kinesis": {"sequenceNumber": str(number), "data": item}}
            for number, item in enumerate(data, start=1)
        ]
    }


def handle(*data):
    """Pass data through the handler; return the sequence numbers that it reports."""
    answer = lambda_function.lambda_handler(event(*data), None)
    assert list(answer) == ["batchItemFailures"]
    assert all(list(failure) == ["itemIdentifier"] for failure in answer["batchItemFailures"])
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture
def timestream(wire):
    """A Timestream: `records` that are stored, how many came in each of the `calls`, `failures`.

    As AWS does, it refuses a call with a value of more than 2,048 bytes as a whole, and rejects
    records from before 2020 one by one, while it stores the others of the call. `failures` are
    functions of a call's records; each can return a refusal or raise an error.
    """
    timestream = SimpleNamespace(records=[], calls=[], failures=[])
    lock = threading.Lock()

    def respond(operation, body):
        if operation != "WriteRecords":
            return None
        call = json.loads(body)
        assert (call["DatabaseName"], call["TableName"]) == ("DemoDatabase", "WeatherMetrics")
        assert call["CommonAttributes"] == {}
        with lock:
            return write(call["Records"])

    def write(records):
        timestream.calls.append(len(records))
        for failure in timestream.failures:
            if answer := failure(records):
                return answer
        if any(len(record["MeasureValue"]) > 2048 for record in records):
            return refusal("ValidationException")
        old = [i for i, record in enumerate(records) if int(record["Time"]) < 1577836800000]
        timestream.records += [record for i, record in enumerate(records) if i not in old]
        rejected = [{"RecordIndex": i, "Reason": "too old"} for i in old]
        return refusal("RejectedRecordsException", 419, RejectedRecords=rejected) if old else None

    wire(respond)
    return timestream


def stored(timestream):
    """Return the numbers of the lines that are stored, the lowest first."""
    return sorted(int(record["Time"]) - 1600000000000 for record in timestream.records)


def test_a_reading_is_stored_with_the_time_of_its_log_line(timestream, lines):
    assert handle(twice(LINE)) == []
    assert timestream.records == [RECORD]
    assert lines() == ["1 of 1 records stored"]


def test_a_record_is_a_list_of_one():
    measurement = lambda_function.create_measurement("Normal", "1600000000123")
    assert lambda_function.create_record(measurement, "TUTORIAL", "Alarm-1") == [RECORD]


@pytest.mark.parametrize("text", [
    "id=a=b||status=Normal||time=1600000000123||location=TUTORIAL||sensor=Alarm-1",
    "id=a||b||=||status=Normal||time=1600000000123||location=TUTORIAL||sensor=Alarm-1",
    "id=||status=Alarm||time=1||location=x||sensor=y||" + LINE[6:],
    "id=|" + LINE[4:],
    "id=||||" + LINE[4:],
    LINE.replace("||", "||no field||", 1),
    LINE + "\n",
    LINE[6:],
    "id=Tür" + LINE[4:],
    b"id=\xff\xfe" + LINE[4:].encode(),
])
def test_whatever_the_id_looks_like_the_fields_after_it_are_read(timestream, text):
    assert handle(twice(text), once(text), once(f"{once(text)}\n")) == []
    assert timestream.records == [RECORD] * 3


def test_a_value_can_contain_an_equals_sign(timestream):
    assert handle(twice(LINE.replace("Alarm-1", "a=b"))) == []
    assert timestream.records[0]["Dimensions"][1]["Value"] == "a=b"


NOT_COMPLETE = "ValueError: the log line does not end in status, time, location and sensor"
SEVERAL = "ValueError: the record holds more than one line"


@pytest.mark.parametrize(("data", "reason", "shown"), [
    (twice(line(status=None)), NOT_COMPLETE, line(status=None)),
    (twice(line(time=None)), NOT_COMPLETE, line(time=None)),
    (twice(line(location=None)), NOT_COMPLETE, line(location=None)),
    (twice(line(sensor=None)), NOT_COMPLETE, line(sensor=None)),
    (twice(line(sensor="")), NOT_COMPLETE, line(sensor="")),
    (twice(line(status=None, id="b'||status=Alarm||'")), NOT_COMPLETE,
     line(status=None, id="b'||status=Alarm||'")),
    (twice(line(level=3)), NOT_COMPLETE, line(level=3)),
    (twice(line() + "||"), NOT_COMPLETE, line() + "||"),
    (twice(f"{line(1)}\n{line(2)}"), SEVERAL, f"{line(1)}\n{line(2)}"),
    (once(f"{line(1)}\r\n{line(2)}\n"), SEVERAL, f"{line(1)}\r\n{line(2)}"),
    (twice(f"{line(1)}\r{line(2)}"), SEVERAL, f"{line(1)}\r{line(2)}"),
    (once(f"{once(line(1))}\n{once(line(2))}"), SEVERAL, f"{once(line(1))}\n{once(line(2))}"),
    (once("no log line"), NOT_COMPLETE, "no log line"),
    (twice("no log line"), NOT_COMPLETE, "no log line"),
    (once("YWI"), NOT_COMPLETE, "YWI"),
    ("", NOT_COMPLETE, ""),
    (once(twice(LINE)), NOT_COMPLETE, once(LINE)),
])
def test_a_record_that_cannot_be_read_fails_alone_and_is_shown(
    timestream, lines, data, reason, shown
):
    assert handle(twice(line(1)), data, twice(line(3))) == ["2"]
    assert stored(timestream) == [1, 3]
    assert lines() == [f"Failed: 2: {reason!r}: {shown!r}", "2 of 3 records stored"]


@pytest.mark.parametrize("strange", [
    {"kinesis": {"sequenceNumber": "2", "data": "no base64!"}},
    {"kinesis": {"sequenceNumber": "2", "data": None}}, {"kinesis": {"sequenceNumber": "2"}},
    {"body": "from SQS"}, {"kinesis": None}, None,
])
def test_a_record_of_another_kind_costs_no_other_record(timestream, strange):
    first, second = event(twice(line(1)), twice(line(2)))["Records"]
    answer = lambda_function.lambda_handler({"Records": [first, strange, second]}, None)
    number = "2" if "sequenceNumber" in str(strange) else None
    assert answer == {"batchItemFailures": [{"itemIdentifier": number}]}
    assert stored(timestream) == [1, 2]


def test_of_a_bad_record_and_its_reason_500_characters_go_to_the_log(timestream, lines):
    bad = "\x1b[31m" + "x" * 4_500_000
    timestream.failures.append(lambda records: refusal("AnyException", message="y" * 10_000))
    assert handle(twice(bad), twice(line(2))) == ["1", "2"]
    first, second, _ = lines()
    assert first.endswith(f": {bad[:500]!r}") and "\x1b" not in first and len(first) < 700
    assert "y" * 400 in second and len(second) < 700


@pytest.mark.parametrize("nothing", [
    {}, {"Records": []}, {"key1": "value1", "key2": "value2", "key3": "value3"}
])
def test_an_event_without_records_is_nothing_to_do(timestream, lines, nothing):
    assert lambda_function.lambda_handler(nothing, None) == {"batchItemFailures": []}
    assert lines() == ["0 of 0 records stored"]
    assert timestream.calls == []


@pytest.mark.parametrize(("count", "calls"), [
    (1, [1]), (99, [99]), (100, [100]), (101, [1, 100]), (250, [50, 100, 100]), (1000, [100] * 10)
])
def test_records_are_written_by_the_hundred_each_once(timestream, count, calls):
    assert handle(*[twice(line(number)) for number in range(count)]) == []
    assert sorted(timestream.calls) == calls
    assert stored(timestream) == [*range(count)]


def test_the_calls_of_an_event_are_made_side_by_side(wire):
    all_are_here = threading.Barrier(100, timeout=20)  # as many as an event can take
    wire(lambda operation, body: operation == "WriteRecords" and all_are_here.wait() and None)
    assert handle(*[twice(line(number)) for number in range(10_000)]) == []


def test_the_client_is_made_once_though_several_calls_ask_for_it_at_the_same_time(timestream):
    for _ in range(2):
        handle(*[twice(line(number)) for number in range(1000)])
    assert lambda_function.authenticate.cache_info().misses == 1


def test_rejected_records_are_reported_one_by_one_with_their_reasons(timestream, lines):
    old = twice(line(time=5))
    data = [old if number in (1, 120, 149) else twice(line(number)) for number in range(150)]
    assert handle(*data) == ["2", "121", "150"]
    assert len(timestream.records) == 147
    assert lines()[:2] == [f"Failed: {n}: 'too old': {line(time=5)!r}" for n in ("2", "121")]


@pytest.mark.parametrize(("details", "failed"), [
    ({}, ["1", "2"]),
    ({"RejectedRecords": []}, ["1", "2"]),
    ({"RejectedRecords": [{"RecordIndex": 1}]}, ["2"]),
])
def test_a_rejection_that_lacks_details_is_reported_with_its_code(
    timestream, lines, details, failed
):
    timestream.failures.append(lambda _: refusal("RejectedRecordsException", 419, **details))
    assert handle(twice(line(1)), twice(line(2))) == failed
    assert "RejectedRecordsException" in lines()[0]


@pytest.mark.parametrize("bad", [[0], [99], [3, 4], [0, 50, 120], [*range(130)]])
def test_an_invalid_value_costs_only_its_own_record(timestream, bad):
    data = [twice(line(n, status="x" * 2049 if n in bad else "Alarm")) for n in range(130)]
    assert handle(*data) == [str(number + 1) for number in bad]
    assert stored(timestream) == [number for number in range(130) if number not in bad]
    assert len(timestream.calls) <= 2 + 14 * len(bad)  # halves, not one by one


@pytest.mark.parametrize("failure", [
    refusal("ThrottlingException"),
    refusal("AccessDeniedException"),
    refusal("ResourceNotFoundException"),
    (502, "<html>\n<p>Bad gateway</p>\n</html>"),
    exceptions.EndpointConnectionError(endpoint_url="https://x"),
    exceptions.ReadTimeoutError(endpoint_url="https://x"),
    OSError("broken"),
], ids=lambda failure: str(getattr(failure, "fmt", failure))[:40])
def test_any_other_error_reports_the_records_of_its_call_and_of_no_other(
    timestream, sleeps, lines, failure
):
    def fail(records):
        if int(records[0]["Time"]) != 1600000000100:
            return None
        if isinstance(failure, Exception):
            raise failure
        return failure

    timestream.failures.append(fail)
    assert handle(*[twice(line(n)) for n in range(250)]) == [str(n) for n in range(101, 201)]
    assert stored(timestream) == [*range(100), *range(200, 250)]
    assert len(lines()) == 101


def test_an_outage_is_over_before_the_functions_60_seconds_are(wire, monkeypatch):
    seconds = []
    monkeypatch.setattr(time, "sleep", seconds.append)

    def hang(operation, body):
        if operation == "WriteRecords":
            seconds.append(sum(transport.timeouts))
            raise exceptions.ReadTimeoutError(endpoint_url="https://x")

    transport = wire(hang)
    assert handle(twice(line(1))) == ["1"]
    assert 3 * 15 <= sum(seconds) < 60


def test_no_region_is_reported_like_any_other_error(monkeypatch, lines):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert handle(twice(line(1))) == ["1"]
    assert "You must specify a region" in lines()[0]


def test_failures_of_all_kinds_are_reported_in_the_order_of_the_stream(timestream, lines):
    data = [
        twice(line(time=5)), "bad", twice(line(3)), twice(line(time=6)), twice("bad"),
        twice(line(6)),
    ]
    assert handle(*data) == ["1", "2", "4", "5"]
    assert stored(timestream) == [3, 6]
    assert lines()[-1] == "2 of 6 records stored"


def test_10_000_lines_with_any_bytes_as_id_all_arrive_with_their_own_status_and_time(
    timestream, monkeypatch
):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    traps = [b"||", b"=", b"|", b"status=", b"time=1", b"'", b'"', b"\\", b"\n"]
    data, readings = [], []
    for number in range(10_000):
        noise = b"".join([*dice.choices(traps, k=4), dice.randbytes(16)])
        start = dice.randrange(len(noise) - 16)
        identifier = uuid.UUID(bytes=noise[start : start + 16])
        monkeypatch.setattr(uuid, "uuid4", lambda identifier=identifier: identifier)
        monkeypatch.setattr(time, "time", lambda number=number: 1600000000 + number / 1000)
        status = alarm_sensor.choose_status(dice.randint(0, 24))
        encoded = alarm_sensor.encode(alarm_sensor.create_log_line(status))
        data.append(base64.b64encode(encoded).decode())
        readings.append((str(1600000000000 + number), status))
    assert handle(*data) == []
    records = sorted((record["Time"], record["MeasureValue"]) for record in timestream.records)
    assert records == readings
