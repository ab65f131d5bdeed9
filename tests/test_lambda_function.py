"""lambda_function.py: what is stored, and that exactly what is not stored is reported."""

import base64
import random
import time
import uuid
from collections import Counter

import boto3
import pytest
from botocore import exceptions

import alarm_sensor
import lambda_function
from tests import event_source_mapping
from tests.conftest import aws_error
from tests.walkthrough import SAMPLE_EVENT

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


def stored(table):
    """Return the numbers of the lines that are in the table."""
    return [int(record["Time"]) - 1600000000000 for record in table]


def test_a_reading_is_stored_with_the_time_of_its_log_line(table, lines):
    assert handle(twice(LINE)) == []
    assert table == [RECORD]
    assert lines() == ["1 records: 1 stored, 0 failed"]


def test_a_record_is_returned_in_a_list(table):
    measurement = lambda_function.create_measurement("Alarm", "1")
    record = lambda_function.create_record(measurement, "a", "b")
    assert [entry["MeasureValue"] for entry in record] == ["Alarm"]


@pytest.mark.parametrize("text", [
    "id=a=b||status=Normal||time=1600000000123||location=TUTORIAL||sensor=Alarm-1",
    "id=a||b||=||status=Normal||time=1600000000123||location=TUTORIAL||sensor=Alarm-1",
    "id=||status=Alarm||time=1||location=x||sensor=y||" + LINE[6:],
    "id=|" + LINE[4:],
    "id=||||" + LINE[4:],
    LINE.replace("||", "||no field||"),
    LINE + "||",
    LINE + "\n",
    LINE + "||level=3",
    LINE[6:],
    "id=Tür" + LINE[4:],
])
def test_whatever_the_id_and_other_parts_look_like_the_fields_are_read(table, text):
    assert handle(twice(text), once(text)) == []
    assert table == [RECORD, RECORD]


def test_a_value_can_contain_an_equals_sign(table):
    assert handle(twice(LINE.replace("Alarm-1", "a=b"))) == []
    assert table[0]["Dimensions"][1]["Value"] == "a=b"


def test_bytes_that_are_no_text_do_no_harm_in_the_id(table):
    assert handle(once(b"id=\xff\xfe" + LINE[4:].encode())) == []
    assert len(table) == 1


def test_base64_in_several_lines_is_read(table):
    assert handle(once(base64.encodebytes(LINE.encode()))) == []
    assert len(table) == 1


@pytest.mark.parametrize(("data", "reason", "shown"), [
    (twice(line(status=None)), "no status in the log line", line(status=None)),
    (twice(line(time=None)), "no time in the log line", line(time=None)),
    (twice(line(location=None)), "no location in the log line", line(location=None)),
    (twice(line(sensor=None)), "no sensor in the log line", line(sensor=None)),
    (twice(line(sensor="")), "no sensor in the log line", line(sensor="")),
    (once("no log line"), "no status, time, location, sensor in the log line", "no log line"),
    (twice("no log line"), "no status, time, location, sensor in the log line", "no log line"),
    ("no base64!", "no status, time, location, sensor in the log line", "no base64!"),
    (once("YWI"), "no status, time, location, sensor in the log line", "YWI"),
    ("", "no status, time, location, sensor in the log line", ""),
    (once(twice(LINE)), "no status, time, location, sensor in the log line", once(LINE)),
    (None, "AttributeError: ", None),
    (7, "AttributeError: ", 7),
])
def test_a_record_that_cannot_be_read_fails_alone_and_is_shown(table, lines, data, reason, shown):
    assert handle(twice(line(1)), data, twice(line(3))) == ["2"]
    assert stored(table) == [1, 3]
    failure, summary = lines()
    assert failure.startswith("Failed: 2: ") and reason in failure
    assert failure.endswith(f": {shown!r}")
    assert summary == "3 records: 2 stored, 1 failed"


def test_a_record_of_another_kind_is_reported_so_that_the_batch_counts_as_failed(table, lines):
    records = [{"body": "from SQS"}, *event(twice(LINE))["Records"]]
    answer = lambda_function.lambda_handler({"Records": records}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": None}]}
    assert len(table) == 1
    assert lines()[0] == "Failed: None: KeyError: 'kinesis': {'body': 'from SQS'}"


def test_records_with_the_same_sequence_number_are_told_apart(table):
    answer = lambda_function.lambda_handler(
        {"Records": event(twice(line(1)))["Records"] * 2 + event("bad")["Records"]}, None
    )
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert stored(table) == [1, 1]


@pytest.mark.parametrize("nothing", [
    {}, {"Records": []}, {"Records": None}, {"key1": "value1", "key2": "value2", "key3": "value3"}
])
def test_an_event_without_records_says_that_there_was_nothing_to_do(lines, nothing):
    assert lambda_function.lambda_handler(nothing, None) == {"batchItemFailures": []}
    assert lines() == ["No records in this event, nothing to do"]


def test_the_sample_event_is_stored_where_nobody_minds_its_age(table):
    assert lambda_function.lambda_handler(SAMPLE_EVENT, None) == {"batchItemFailures": []}
    assert table[0]["Time"] == "1617143893158"


@pytest.mark.parametrize(("count", "calls"), [
    (1, [1]), (99, [99]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])
])
def test_records_are_written_in_order_by_the_hundred(strict_table, count, calls):
    assert handle(*[twice(line(number)) for number in range(count)]) == []
    assert strict_table.calls == calls
    assert stored(strict_table.rows) == [*range(count)]


def test_a_batch_without_a_good_record_makes_no_call(strict_table):
    assert handle("bad", "bad") == ["1", "2"]
    assert strict_table.calls == []


def test_rejected_records_are_reported_one_by_one_with_their_reasons(strict_table, lines):
    old = twice(line(time=5))
    data = [old if number in (1, 120, 149) else twice(line(number)) for number in range(150)]
    assert handle(*data) == ["2", "121", "150"]
    assert len(strict_table.rows) == 147
    assert strict_table.calls == [100, 50]
    assert lines()[:2] == [f"Failed: {n}: too old: {line(time=5)!r}" for n in ("2", "121")]


def test_a_rejection_without_a_list_reports_the_whole_call(strict_table):
    strict_table.errors = [aws_error("RejectedRecordsException")]
    assert handle(twice(line(1)), twice(line(2))) == ["1", "2"]


def test_a_rejection_without_a_reason_is_reported_by_its_code(strict_table, lines):
    answer = {"RejectedRecords": [{"RecordIndex": 1}]}
    strict_table.errors = [aws_error("RejectedRecordsException", **answer)]
    assert handle(twice(line(1)), twice(line(2))) == ["2"]
    assert lines()[0].startswith("Failed: 2: RejectedRecordsException: ")


@pytest.mark.parametrize("bad", [[0], [99], [3, 4], [0, 50, 120], [*range(130)]])
def test_an_invalid_value_costs_only_its_own_record(strict_table, bad):
    data = [twice(line(n, status="x" * 2049 if n in bad else "Alarm")) for n in range(130)]
    assert handle(*data) == [str(number + 1) for number in bad]
    assert stored(strict_table.rows) == [number for number in range(130) if number not in bad]


def test_one_invalid_value_among_a_hundred_takes_few_calls_to_find(strict_table):
    data = [twice(line(n, status="x" * 2049 if n == 42 else "Alarm")) for n in range(100)]
    handle(*data)
    assert len(strict_table.calls) <= 15


def test_a_value_that_botocore_refuses_costs_only_its_own_record(table, lines, monkeypatch):
    parse = lambda_function.parse
    monkeypatch.setattr(lambda_function, "parse", lambda text: {**parse(text), "time": ""}
                        if "time=2||" in text else parse(text))
    assert handle(twice(line(1)), twice(line(time=2)), twice(line(3))) == ["2"]
    assert stored(table) == [1, 3]
    assert "Invalid length for parameter Records[0].Time" in lines()[0]


@pytest.mark.parametrize("error", [
    aws_error("ThrottlingException"),
    aws_error("AccessDeniedException"),
    aws_error("ResourceNotFoundException"),
    aws_error("502", "<html>\n<p>Bad gateway</p>\n</html>"),
    exceptions.EndpointConnectionError(endpoint_url="https://x"),
    exceptions.HTTPClientError(error="broken"),
    OSError("broken"),
], ids=lambda error: type(error).__name__)
def test_any_other_error_reports_the_records_of_its_call_and_the_other_calls_are_made(
    strict_table, lines, error
):
    strict_table.errors = [None, error, None]
    assert handle(*[twice(line(n)) for n in range(250)]) == [str(n) for n in range(101, 201)]
    assert strict_table.calls == [100, 100, 50]
    assert stored(strict_table.rows) == [*range(100), *range(200, 250)]
    output = lines()
    assert len(output) == 101
    assert " ".join(str(error).split()) in output[0]


def test_no_region_is_reported_like_any_other_error(monkeypatch, lines):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert handle(twice(line(1))) == ["1"]
    assert "You must specify a region" in lines()[0]


def test_failures_of_all_kinds_are_reported_in_the_order_of_the_stream(strict_table, lines):
    data = [
        twice(line(time=5)), "bad", twice(line(3)), twice(line(time=6)), twice("bad"),
        twice(line(6)),
    ]
    assert handle(*data) == ["1", "2", "4", "5"]
    assert stored(strict_table.rows) == [3, 6]
    assert lines()[-1] == "6 records: 2 stored, 4 failed"


def test_the_client_is_made_at_the_first_invocation_and_kept(table, monkeypatch):
    clients = []
    make = boto3.session.Session.client
    monkeypatch.setattr(
        boto3.session.Session, "client",
        lambda *args, **kwargs: clients.append(make(*args, **kwargs)) or clients[-1],
    )
    for number in range(3):
        handle(twice(line(number)))
    assert len(clients) == 1
    assert lambda_function.authenticate() is clients[0]


@pytest.fixture
def noisy_lines(monkeypatch):
    """10,000 log lines as the sensor makes them, but their ids are noise; and what they report.

    The noise is made of random bytes and of what could be taken for a delimiter or a field.
    """
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    traps = [b"||", b"=", b"|", b"status=", b"time=1", b"'", b'"', b"\\", b"\n"]
    lines, readings = [], []
    for number in range(10_000):
        noise = b"".join([*dice.choices(traps, k=4), dice.randbytes(16)])
        start = dice.randrange(len(noise) - 16)
        identifier = uuid.UUID(bytes=noise[start : start + 16])
        monkeypatch.setattr(uuid, "uuid4", lambda identifier=identifier: identifier)
        monkeypatch.setattr(time, "time", lambda number=number: 1600000000 + number / 1000)
        status = alarm_sensor.choose_status(dice.randint(0, 24))
        lines.append(alarm_sensor.create_log_line(status))
        readings.append((str(1600000000000 + number), status))
    return lines, readings


def test_10_000_lines_with_any_bytes_as_id_all_arrive_with_their_own_status_and_time(
    table, stream, noisy_lines
):
    lines, readings = noisy_lines
    records = [{"Data": alarm_sensor.encode(line), "PartitionKey": "0"} for line in lines]
    for start in range(0, 10_000, 500):
        stream.put_records(StreamName="TUTORIAL", Records=records[start : start + 500])
    tally = Counter()
    event_source_mapping.drain(stream, lambda_function.lambda_handler, {}, tally, batch_size=100)
    assert tally == {"read": 10_000, "dropped": 0}
    assert [(record["Time"], record["MeasureValue"]) for record in table] == readings
