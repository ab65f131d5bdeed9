"""wave_sensor.py: the wave, the record, what reaches the table. What fails: test_sensors.py."""

import itertools
import time

import boto3
import pytest

import wave_sensor
from tests.conftest import Service, aws_error

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


def test_generate_wave_sends_a_reading_each_second_until_its_caller_is_interrupted(ctrl_c):
    service, pauses = Service(), ctrl_c(3)
    with pytest.raises(KeyboardInterrupt):
        wave_sensor.generate_wave(100, 32, 60, service)
    assert [record["MeasureValue"] for record in service.stored] == ["61", "62", "63"]
    assert pauses == [1, 1, 1]


def test_a_full_wave_of_the_named_sensor_is_in_the_table(table, run, sleeps):
    status, lines = run(wave_sensor, "--count", "132", "--sensor", " North ", "--interval", "0.5")
    temperatures = [record["MeasureValue"] for record in table]
    wave = [*range(61, 100), *range(98, 32, -1), *range(34, 61)]
    assert temperatures == [str(value) for value in wave]
    assert {record["Dimensions"][1]["Value"] for record in table} == {"North"}
    assert sleeps == [0.5] * 131
    assert (status, lines[-1]) == (0, "Done. 132 readings sent, 0 not sent.")


def test_each_record_and_the_answer_to_it_are_printed(table, run, clock):
    _, lines = run(wave_sensor, "--count", "1")
    answer = {"RecordsIngested": {"Total": 1, "MemoryStore": 1, "MagneticStore": 0}}
    assert lines[:2] == [str([RECORD]), str(answer)]


@pytest.mark.parametrize(("answer", "reason"), [
    ({"RejectedRecords": [{"RecordIndex": 0, "Reason": "too old"}]}, "too old"),
    ({"RejectedRecords": []}, "as asked"),
    ({}, "as asked"),
])
def test_a_rejected_record_is_shown_with_its_reason_and_not_sent_again(
    run, monkeypatch, sleeps, answer, reason
):
    service = Service(aws_error("RejectedRecordsException", **answer))
    monkeypatch.setattr(wave_sensor, "authenticate", lambda: service)
    status, lines = run(wave_sensor, "--count", "2")
    assert lines[0].startswith("Rejected: ") and reason in lines[0] and "'61'" in lines[0]
    assert [record["MeasureValue"] for record in service.stored] == ["62"]
    assert (status, lines[-1]) == (1, "Done. 1 readings sent, 1 not sent.")


def test_a_missing_table_names_the_script_that_creates_it(aws, run):
    boto3.client("timestream-write").create_database(DatabaseName="DemoDatabase")
    status, [line] = run(wave_sensor)
    assert status == 1
    assert line.startswith("No table DemoDatabase.WeatherMetrics, run setup_timestream.py first: ")
