"""lambda_function.py stores records, and reports exactly those that are not stored.

The SDK is real, and Timestream is the local one.
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
from tests.helpers import query
from tests.network import ENDPOINTS, refusal, response

START = 1000 * int(time.time()) - 60_000  # a minute ago, in milliseconds
TOO_OLD = START - 8 * 24 * 3600 * 1000  # the table keeps seven days


def once(text):
    """Return text or bytes as Lambda delivers them if they are put on the stream unencoded."""
    content = text.encode() if isinstance(text, str) else text
    return base64.b64encode(content).decode()


def twice(text):
    """Return a log line as Lambda delivers it if the sensor sends it."""
    return once(once(text))


def log_line(number=0, **changes):
    """Return a log line taken `number` milliseconds after START; None omits a field."""
    fields = {
        "id": "x",
        "status": "Normal",
        "time": START + number,
        "location": "TUTORIAL",
        "sensor": "a=b",
        **changes,
    }
    return "||".join(f"{name}={value}" for name, value in fields.items() if value is not None)


def kinesis_record(number, data):
    """Return a record of a Kinesis event."""
    return {"kinesis": {"sequenceNumber": str(number), "data": data}}


def handle(*data):
    """Pass data through the handler as records 1, 2, ...; return the numbers that it reports."""
    records = [kinesis_record(number, item) for number, item in enumerate(data, start=1)]
    answer = lambda_function.lambda_handler({"Records": records}, None)
    failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    assert answer == {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
    return failed


@pytest.fixture
def timestream(table, network):
    """The local Timestream, with a network in front of it.

    calls: the number of records in each call.
    trouble: called with the records of each call; it can return a response, or an error to raise.
    """
    timestream = SimpleNamespace(calls=[], trouble=lambda records: None)

    def answer(operation, body):
        if operation != "WriteRecords":
            return None
        records = json.loads(body)["Records"]
        timestream.calls.append(len(records))
        trouble = timestream.trouble(records)
        if isinstance(trouble, Exception):
            raise trouble
        return trouble

    network.answer = answer
    return timestream


def stored():
    """Return the numbers of the stored log lines, lowest first."""
    return [int(milliseconds) - START for (milliseconds,) in query("to_milliseconds(time)")]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(log_line(123), id="as the sensor sends it"),
        pytest.param(log_line(123) + "\n", id="with a line break at its end"),
        pytest.param(log_line(123, id=None), id="without an id"),
        pytest.param(log_line(123, id="Tür").encode("latin-1"), id="with bytes that are not UTF-8"),
        pytest.param(
            log_line(123, id="=||a=||||status=Alarm||time=1||location=x||sensor=y|"),
            id="with an id that looks like fields",
        ),
    ],
)
def test_a_reading_is_stored_with_its_lines_time_whatever_its_id(timestream, lines, text):
    assert handle(twice(text), once(text), once(f"{once(text)}\n")) == []
    columns = "Location, Sensor, measure_name, measure_value::varchar"
    assert query(columns) == [("TUTORIAL", "a=b", "Alarm", "Normal")]
    assert stored() == [123]
    assert timestream.calls == [3]
    assert lines() == ["3 of 3 records stored"]


def test_an_id_can_contain_any_byte(timestream):
    ids = [repr(bytes([byte]) + b"||status=Alarm||time=1||") for byte in range(256)]
    data = [once(alarm_sensor.encode(log_line(n, id=text))) for n, text in enumerate(ids)]
    assert handle(*data) == []
    assert stored() == [*range(256)]
    assert query("measure_value::varchar") == [("Normal",)] * 256


NOT_COMPLETE = "ValueError: the log line does not end in status, time, location, sensor"
SEVERAL = "ValueError: the record holds more than one line"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            log_line(status=None, id="b'||status=Alarm||'"), NOT_COMPLETE, id="no status but an id"
        ),
        pytest.param(log_line(level=3), NOT_COMPLETE, id="a field too many"),
        pytest.param(log_line(sensor=""), NOT_COMPLETE, id="an empty field"),
        pytest.param("no log line", NOT_COMPLETE, id="no log line"),
        pytest.param("YWI", NOT_COMPLETE, id="almost base64"),
        pytest.param("", NOT_COMPLETE, id="nothing"),
        pytest.param(f"{log_line(1)}\n{log_line(2)}", SEVERAL, id="two lines"),
        pytest.param(f"{log_line(1)}\r{log_line(2)}", SEVERAL, id="two lines of an old Mac"),
        pytest.param(f"{once(log_line(1))}\n{once(log_line(2))}", SEVERAL, id="two encoded lines"),
    ],
)
def test_a_line_that_cannot_be_read_fails_alone_and_is_shown(timestream, lines, text, reason):
    good = twice(log_line(1)), twice(log_line(4))
    assert handle(good[0], twice(text), once(text), good[1]) == ["2", "3"]
    assert stored() == [1, 4]
    assert lines() == [
        f"Failed: 2: {reason!r}: {text!r}",
        f"Failed: 3: {reason!r}: {text!r}",
        "2 of 4 records stored",
    ]


@pytest.mark.parametrize(
    ("strange", "number", "reason"),
    [
        pytest.param(kinesis_record(2, "no base64!"), "2", "base64", id="no base64"),
        pytest.param(kinesis_record(2, None), "2", "TypeError", id="data that is not text"),
        pytest.param({"kinesis": {"sequenceNumber": "2"}}, "2", "KeyError: 'data'", id="no data"),
        pytest.param({"body": "x"}, None, "KeyError: 'kinesis'", id="a record of SQS"),
        pytest.param(None, None, "TypeError", id="no record"),
    ],
)
def test_a_strange_record_does_not_harm_the_others(timestream, lines, strange, number, reason):
    first, last = kinesis_record(1, twice(log_line(1))), kinesis_record(3, twice(log_line(3)))
    answer = lambda_function.lambda_handler({"Records": [first, strange, last]}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": number}]}
    assert stored() == [1, 3]
    assert reason in lines()[0]


def test_the_log_shows_500_characters_of_a_bad_record_and_of_its_reason(timestream, lines):
    bad = "\x1b[31m" + "x" * 4_500_000
    timestream.trouble = lambda records: refusal("AnyException", message="y" * 10_000)
    assert handle(twice(bad), twice(log_line(2))) == ["1", "2"]
    first, second, _ = lines()
    assert first.endswith(f": {bad[:500]!r}")
    assert "\x1b" not in first
    assert len(first) < 700
    assert "y" * 400 in second
    assert len(second) < 700


def test_an_event_without_records_is_nothing_to_do(timestream, lines):
    assert lambda_function.lambda_handler({"key1": "value1"}, None) == {"batchItemFailures": []}
    assert lines() == ["0 of 0 records stored"]
    assert timestream.calls == []


def test_one_client_makes_a_hundred_calls_in_parallel(network, monkeypatch):
    monkeypatch.setattr(lambda_function, "BATCH_SIZE", 1)
    all_are_here = threading.Barrier(100, timeout=20)

    def answer(operation, body):
        if operation == "DescribeEndpoints":
            return response(ENDPOINTS)
        all_are_here.wait()
        return response({"RecordsIngested": {"Total": 1}})

    network.answer = answer
    assert handle(*[twice(log_line(number)) for number in range(100)]) == []
    assert lambda_function.authenticate.cache_info().misses == 1


def test_a_warm_invocation_creates_no_client_and_a_single_call_no_thread(timestream, monkeypatch):
    handle(twice(log_line(1)))
    monkeypatch.setattr(boto3, "Session", None)
    monkeypatch.setattr(threading, "Thread", None)
    assert handle(*[twice(log_line(number)) for number in range(100)]) == []
    assert timestream.calls == [1, 100]


def test_records_that_are_not_stored_are_reported_in_the_streams_order(timestream, lines):
    data = [twice(log_line(number)) for number in range(250)]
    for number in (1, 120, 249):
        data[number] = twice(log_line(time=TOO_OLD))
    data[130] = "bad!"
    assert handle(*data) == ["2", "121", "131", "250"]
    assert stored() == [n for n in range(250) if n not in (1, 120, 130, 249)]
    assert sorted(timestream.calls) == [49, 100, 100]
    first, second, _, _, last = lines()
    assert first.startswith("Failed: 2: '")
    assert "time range" in first
    assert first.endswith(f": {log_line(time=TOO_OLD)!r}")
    assert second.startswith("Failed: 121: '")
    assert last == "246 of 250 records stored"


def test_a_rejection_without_a_reason_is_reported_with_its_code(timestream, lines):
    rejection = refusal("RejectedRecordsException", 419, RejectedRecords=[{"RecordIndex": 1}])
    timestream.trouble = lambda records: rejection
    assert handle(twice(log_line(1)), twice(log_line(2))) == ["2"]
    assert lines()[0].startswith("Failed: 2: 'RejectedRecordsException'")


@pytest.mark.parametrize("bad", [[0], [99], [0, 50, 120], [*range(130)]])
def test_an_invalid_value_only_affects_its_own_record(timestream, bad):
    statuses = ["x" * 2049 if number in bad else "Alarm" for number in range(130)]
    data = [twice(log_line(number, status=status)) for number, status in enumerate(statuses)]
    assert handle(*data) == [str(number + 1) for number in bad]
    assert stored() == [number for number in range(130) if number not in bad]
    assert len(timestream.calls) <= 2 + 14 * len(bad)  # in halves, not one by one


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(refusal("RejectedRecordsException"), id="rejected, without naming records"),
        pytest.param(refusal("RejectedRecordsException", RejectedRecords=[]), id="rejected: none"),
        pytest.param(refusal("ThrottlingException"), id="throttled"),
        pytest.param(response("<html>\n<p>Bad gateway</p>\n</html>", 502), id="a bad gateway"),
        pytest.param(response({}), id="an empty response"),
        pytest.param(response("<html>"), id="a proxy's page"),
        pytest.param(exceptions.EndpointConnectionError(endpoint_url="https://x"), id="no network"),
        pytest.param(OSError("broken"), id="an error of the operating system"),
    ],
)
def test_any_other_error_only_affects_the_records_of_its_call(timestream, sleeps, lines, trouble):
    second_call = str(START + 100)
    timestream.trouble = lambda records: trouble if records[0]["Time"] == second_call else None
    assert handle(*[twice(log_line(n)) for n in range(250)]) == [str(n) for n in range(101, 201)]
    assert stored() == [*range(100), *range(200, 250)]
    assert len(lines()) == 101


def test_in_an_outage_it_ends_before_the_functions_60_seconds_are_over(timestream, sleeps):
    timestream.trouble = lambda records: exceptions.ReadTimeoutError(endpoint_url="https://x")
    assert handle(twice(log_line(1))) == ["1"]
    assert timestream.calls == [1] * 3
    config = lambda_function.authenticate().meta.config
    assert 3 * (config.connect_timeout + config.read_timeout) + sum(sleeps) < 60


def test_without_a_region_the_invocation_fails_so_that_lambda_retries_the_batch(monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(exceptions.NoRegionError):
        handle(twice(log_line(1)))
