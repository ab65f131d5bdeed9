"""wave_sensor.py: the wave, the record, what reaches Timestream. What fails: test_sensors.py."""

import itertools
import json
import time

import pytest
from botocore import exceptions

import wave_sensor
from tests.conftest import refusal

RECORD = {
    "Dimensions": [
        {"Name": "Location", "Value": "Tutorial"},
        {"Name": "Sensor", "Value": "1"},
    ],
    "MeasureName": "Temperature",
    "MeasureValue": "61",
    "MeasureValueType": "DOUBLE",
    "Time": "1600000000123",
    "TimeUnit": "MILLISECONDS",
}


@pytest.fixture
def clock(monkeypatch):
    """Let it be 1600000000.123 all the time."""
    monkeypatch.setattr(time, "time", lambda: 1600000000.123)


def test_the_wave_goes_up_first_and_turns_one_short_of_each_bound():
    up, down, again = [*range(61, 100)], [*range(98, 32, -1)], [*range(34, 100)]
    assert [*itertools.islice(wave_sensor.wave(100, 32, 60), 172)] == [*up, *down, *again, 98]


@pytest.mark.parametrize(("start", "values"), [
    (99, [98, 97]), (100, [99, 98]), (33, [34, 35]), (32, [33, 34]), (98, [99, 98]), (34, [35, 36])
])
def test_the_wave_stays_within_its_bounds_wherever_it_starts(start, values):
    assert [*itertools.islice(wave_sensor.wave(100, 32, start), 2)] == values


def test_a_record_is_the_measure_with_its_dimensions_in_order(clock):
    assert wave_sensor.create_record(wave_sensor.create_measurement("61")) == [RECORD]


@pytest.fixture
def records(wire):
    """The records that Timestream gets, one for each call."""
    records = []

    def respond(operation, body):
        if operation == "WriteRecords":
            call = json.loads(body)
            assert (call["DatabaseName"], call["TableName"]) == ("DemoDatabase", "WeatherMetrics")
            assert call["CommonAttributes"] == {}
            [record] = call["Records"]
            records.append(record)

    wire(respond)
    return records


def test_a_full_wave_of_the_named_sensor_arrives(records, run, sleeps):
    status, lines = run(wave_sensor, "--count", "132", "--sensor", " North ", "--interval", "0.5")
    wave = [*range(61, 100), *range(98, 32, -1), *range(34, 61)]
    assert [record["MeasureValue"] for record in records] == [str(value) for value in wave]
    assert {record["Dimensions"][1]["Value"] for record in records} == {"North"}
    assert sleeps == [0.5] * 131
    assert (status, lines[-1]) == (0, "Done. 132 readings sent, 0 not sent.")


def test_each_record_and_the_answer_to_it_are_printed(records, run, clock):
    _, lines = run(wave_sensor, "--count", "1")
    answer = {"RecordsIngested": {"Total": 1, "MemoryStore": 1, "MagneticStore": 0}}
    assert lines[:2] == [str([RECORD]), str(answer)]
    assert records == [RECORD]


@pytest.mark.parametrize(("details", "reason"), [
    ({"RejectedRecords": [{"RecordIndex": 0, "Reason": "too old"}]}, "'Reason': 'too old'"),
])
def test_a_rejected_record_is_shown_with_its_reason_and_not_sent_again(
    run, wire, sleeps, details, reason
):
    values = []

    def respond(operation, body):
        if operation == "WriteRecords":
            values.append(json.loads(body)["Records"][0]["MeasureValue"])
            return refusal("RejectedRecordsException", 419, **details) if len(values) == 1 else None

    wire(respond)
    status, lines = run(wave_sensor, "--count", "2")
    assert lines[0].startswith("Rejected: ") and reason in lines[0] and "'61'" in lines[0]
    assert values == ["61", "62"]
    assert (status, lines[-1]) == (1, "Done. 1 readings sent, 1 not sent.")


def test_an_endpoint_that_cannot_be_discovered_for_now_does_not_end_it(run, wire, sleeps):
    failures = iter([exceptions.EndpointConnectionError(endpoint_url="https://x")])

    def respond(operation, body):
        for failure in failures:
            raise failure

    wire(respond)
    status, lines = run(wave_sensor, "--count", "2")
    assert lines[0].startswith("Not sent, 1 waiting: Endpoint Discovery failed")
    assert (status, lines[-1]) == (0, "Done. 2 readings sent, 0 not sent.")


def test_a_name_of_2048_bytes_at_most_is_accepted_whatever_the_characters(run, records, capsys):
    assert run(wave_sensor, "--count", "1", "--sensor", "ü" * 1024)[0] == 0
    with pytest.raises(SystemExit):
        run(wave_sensor, "--count", "1", "--sensor", "ü" * 1025)
    assert len(records) == 1


def test_a_terminal_without_unicode_shows_a_name_all_the_same(finish):
    status, lines = finish(
        "-c", "import runpy, sys; from unittest import mock;"
        "from tests.transport import Transport; sys.argv = sys.argv[1:];"
        "t = Transport().in_place(); t.__enter__(); runpy.run_path(sys.argv[0], None, '__main__')",
        "wave_sensor.py", "--count", "1", "--sensor", "Nord-Süd", PYTHONIOENCODING="ascii",
    )
    assert r"Nord-S\xfcd" in lines[0]
    assert (status, lines[-1]) == (0, "Done. 1 readings sent, 0 not sent.")
