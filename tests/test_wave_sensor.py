"""wave_sensor.py: the wave, the record, what reaches Timestream. What fails: test_sensors.py."""

import itertools
import json
import time

from botocore import exceptions

import wave_sensor
from tests.helpers import refusal


def test_the_wave_goes_up_first_turns_one_short_of_each_bound_and_arrives(run, wire, sleeps):
    calls = []
    wire.respond = lambda operation, body: calls.append(json.loads(body))
    run(wave_sensor, "--count", "172")
    values = [int(call["Records"][0]["MeasureValue"]) for call in calls[1:]]  # after discovery
    assert values == [*range(61, 100), *range(98, 32, -1), *range(34, 100), 98]
    assert calls[1]["Records"][0]["Dimensions"][1] == {"Name": "Sensor", "Value": "1"}


def test_the_wave_stays_within_its_bounds_wherever_it_starts():
    assert [*itertools.islice(wave_sensor.wave(100, 32, 100), 2)] == [99, 98]
    assert [*itertools.islice(wave_sensor.wave(100, 32, 32), 2)] == [33, 34]


def test_a_record_has_measure_and_dimensions_and_is_printed(run, wire, monkeypatch):
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
    calls = []
    wire.respond = lambda operation, body: calls.append(json.loads(body))
    _, lines = run(wave_sensor, "--count", "1", "--sensor", " North ")
    answer = {"RecordsIngested": {"Total": 1, "MemoryStore": 1, "MagneticStore": 0}}
    assert lines == [str([record]), str(answer), "Done. 1 readings sent, 0 not sent."]
    assert calls[-1] == {
        "DatabaseName": "DemoDatabase",
        "TableName": "WeatherMetrics",
        "CommonAttributes": {},
        "Records": [record],
    }


def test_a_rejected_record_is_shown_with_its_reason_and_not_sent_again(run, wire, sleeps):
    def respond(operation, body):
        if operation == "WriteRecords" and not sleeps:
            rejected = [{"RecordIndex": 0, "Reason": "too old"}]
            return refusal("RejectedRecordsException", 419, RejectedRecords=rejected)

    wire.respond = respond
    status, lines = run(wave_sensor, "--count", "2")
    assert lines[0].startswith("Rejected: [{'RecordIndex': 0, 'Reason': 'too old'}]: [{'Dimens")
    assert "'61'" in lines[0] and "'62'" in lines[1]
    assert (status, lines[-1]) == (1, "Done. 1 readings sent, 1 not sent.")


def test_an_endpoint_that_cannot_be_discovered_for_now_does_not_end_it(run, wire, sleeps):
    def respond(operation, body):
        if operation == "DescribeEndpoints" and not sleeps:
            raise exceptions.EndpointConnectionError(endpoint_url="https://x")

    wire.respond = respond
    status, lines = run(wave_sensor, "--count", "2")
    assert lines[0].startswith("Not sent, 1 waiting: Endpoint Discovery failed")
    assert (status, lines[-1]) == (0, "Done. 2 readings sent, 0 not sent.")
