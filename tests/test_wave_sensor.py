"""wave_sensor.py: the wave, the record, what reaches Timestream. Outages: test_sensors.py."""

import itertools
import json
import time

import pytest
from botocore import exceptions

import wave_sensor
from tests.helpers import refusal


@pytest.fixture
def calls(wire):
    """The bodies of the calls of WriteRecords that were made."""
    calls = []

    def respond(operation, body):
        if operation == "WriteRecords":
            calls.append(json.loads(body))

    wire.respond = respond
    return calls


def test_the_wave_goes_up_first_turns_one_short_of_each_bound_and_arrives(
    calls, run_script, sleeps
):
    run_script(wave_sensor, "--count", "172")
    values = [int(call["Records"][0]["MeasureValue"]) for call in calls]
    assert values == [*range(61, 100), *range(98, 32, -1), *range(34, 100), 98]
    assert calls[0]["Records"][0]["Dimensions"][1] == {"Name": "Sensor", "Value": "1"}


def test_the_wave_stays_within_its_bounds_wherever_it_starts():
    assert [*itertools.islice(wave_sensor.wave(100, 32, 100), 2)] == [99, 98]
    assert [*itertools.islice(wave_sensor.wave(100, 32, 32), 2)] == [33, 34]


def test_a_record_has_measure_and_dimensions_and_is_printed(calls, run_script, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1600000000.123)
    record = {
        "Dimensions": [
            {"Name": "Location", "Value": "Tutorial"},
            {"Name": "Sensor", "Value": "North"},
        ],
        "MeasureName": "Temperature",
        "MeasureValue": "61",
        "MeasureValueType": "DOUBLE",
        "Time": "1600000000123",
        "TimeUnit": "MILLISECONDS",
    }
    _, lines = run_script(wave_sensor, "--count", "1", "--sensor", "North")
    response = {"RecordsIngested": {"Total": 1, "MemoryStore": 1, "MagneticStore": 0}}
    assert lines == [str([record]), str(response), "Done. 1 readings sent, 0 not sent."]
    assert calls == [
        {
            "DatabaseName": "DemoDatabase",
            "TableName": "WeatherMetrics",
            "CommonAttributes": {},
            "Records": [record],
        }
    ]


def test_a_rejected_record_is_shown_with_its_reason_and_not_sent_again(run_script, wire, sleeps):
    def respond(operation, body):
        if operation == "WriteRecords" and "'61'" in str(json.loads(body)):
            rejected = [{"RecordIndex": 0, "Reason": "too old"}]
            return refusal("RejectedRecordsException", 419, RejectedRecords=rejected)

    wire.respond = respond
    status, lines = run_script(wave_sensor, "--count", "2")
    assert lines[0].startswith("Rejected: [{'RecordIndex': 0, 'Reason': 'too old'}]: [{'Dimens")
    assert "'61'" in lines[0]
    assert "'62'" in lines[1]
    assert (status, lines[-1]) == (1, "Done. 1 readings sent, 1 not sent.")


def test_a_rejected_record_among_those_that_wait_does_not_keep_the_others_back(
    run_script, wire, sleeps
):
    def respond(operation, body):
        if operation == "WriteRecords":
            value = json.loads(body)["Records"][0]["MeasureValue"]
            if 0 < len(sleeps) < 4:
                return refusal("ThrottlingException")
            if value in ("62", "63"):
                return refusal("RejectedRecordsException", 419, RejectedRecords=[{"Reason": "old"}])

    wire.respond = respond
    _, lines = run_script(wave_sensor, "--count", "5")
    after_the_outage = [line for line in lines if line.startswith(("Rejected: ", "[{"))][1:]
    assert [line.partition("'MeasureValue': '")[2][:2] for line in after_the_outage] == [
        *["62", "63"],  # rejected
        *["64", "65"],
    ]


def test_rejected_records_do_not_hold_up_new_readings_either(run_script, wire, monkeypatch):
    now, pauses, times = [1_800_000_000.0], [], []

    def sleep(seconds):
        now[0] += seconds
        pauses.append(seconds)

    def respond(operation, body):
        if operation != "WriteRecords":
            return None
        now[0] += 0.02
        times.append(int(json.loads(body)["Records"][0]["Time"]) / 1000)
        if not pauses:
            return None
        if len(pauses) < 200:
            return refusal("ThrottlingException")
        return refusal("RejectedRecordsException", 419)

    wire.respond = respond
    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "time", lambda: now[0])
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    _, lines = run_script(wave_sensor, "--count", "230")
    assert lines[-1] == "Done. 1 readings sent, 229 not sent."
    taken = sorted(set(times))
    assert max(later - earlier for earlier, later in zip(taken, taken[1:])) < 1.53
    assert "(RejectedRecordsException)" in lines[-2]  # it was not said which


def test_an_endpoint_that_cannot_be_discovered_is_what_the_first_reading_meets(run_script, wire):
    def respond(operation, body):
        raise exceptions.EndpointConnectionError(endpoint_url="https://x")

    wire.respond = respond
    status, [why, _] = run_script(wave_sensor, "--count", "2")
    assert status == 1
    assert why.startswith("The first reading could not be sent: Endpoint Discovery failed")
