"""wave_sensor.py: the wave, and records in Timestream. Outages: test_sensors.py."""

import itertools
import json
import time

import pytest
from botocore import exceptions

import wave_sensor
from tests.helpers import query
from tests.network import refusal

REJECTED = refusal("RejectedRecordsException", 419, RejectedRecords=[{"Reason": "too old"}])


@pytest.fixture
def clock(monkeypatch):
    """A clock that only the sensor's pauses move, so that each reading has its own time."""
    now = [1000 * int(time.time())]
    end = now[0] + 600_000

    def sleep(seconds):
        now[0] += round(seconds * 1000)
        if now[0] > end:
            pytest.fail("the sensor did not stop")

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "time", lambda: now[0] / 1000)
    monkeypatch.setattr(time, "monotonic", lambda: now[0] / 1000)
    return now


def test_the_wave_goes_up_first_turns_one_short_of_each_bound_and_arrives(table, run_script, clock):
    run_script(wave_sensor, "--count", "172")
    values = [int(float(value)) for (value,) in query("measure_value::double")]
    assert values == [*range(61, 100), *range(98, 32, -1), *range(34, 100), 98]


def test_the_wave_stays_within_its_bounds_wherever_it_starts():
    assert [*itertools.islice(wave_sensor.wave(100, 32, 100), 2)] == [99, 98]
    assert [*itertools.islice(wave_sensor.wave(100, 32, 32), 2)] == [33, 34]


def test_a_record_has_measure_and_dimensions_and_is_printed(table, run_script, clock):
    record = {
        "Dimensions": [
            {"Name": "Location", "Value": "Tutorial"},
            {"Name": "Sensor", "Value": "North"},
        ],
        "MeasureName": "Temperature",
        "MeasureValue": "61",
        "MeasureValueType": "DOUBLE",
        "Time": str(clock[0]),
        "TimeUnit": "MILLISECONDS",
    }
    _, lines = run_script(wave_sensor, "--count", "1", "--sensor", "North")
    response = {"RecordsIngested": {"Total": 1, "MemoryStore": 1, "MagneticStore": 0}}
    assert lines == [str([record]), str(response), "Done. 1 reading sent, 0 not sent."]
    columns = "Location, Sensor, measure_name, measure_value::double, to_milliseconds(time)"
    assert query(columns) == [("Tutorial", "North", "Temperature", "61.0", str(clock[0]))]


def test_common_attributes_stay_in_the_call_as_the_readme_explains_them(table, network, run_script):
    bodies = []
    network.answer = lambda operation, body: bodies.append(json.loads(body))
    run_script(wave_sensor, "--count", "1")
    assert bodies[-1]["CommonAttributes"] == {}


def test_a_first_record_that_is_rejected_ends_it_with_the_reason_and_no_advice(
    table, network, run_script
):
    network.answer = lambda operation, body: REJECTED if operation == "WriteRecords" else None
    assert run_script(wave_sensor, "--count", "3") == (
        1,
        ["The first reading could not be sent: [{'Reason': 'too old'}]"],
    )


def test_rejected_and_refused_readings_are_shown_and_do_not_hold_up_others(
    table, run_script, clock, monkeypatch
):
    values = [20, "nan", "1e999", 21, "x" * 3000, 22]
    monkeypatch.setattr(wave_sensor, "wave", lambda high, low, start: values)
    status, lines = run_script(wave_sensor)
    refused = [line for line in lines if line.startswith("Refused: ")]
    assert ["'nan'" in line or "'1e999'" in line or "xxx" in line for line in refused] == [True] * 3
    assert query("measure_value::double") == [("20.0",), ("21.0",), ("22.0",)]
    assert (status, lines[-1]) == (1, "Done. 3 readings sent, 3 not sent.")


def test_records_rejected_after_an_outage_do_not_hold_up_others(table, network, run_script, clock):
    answers = iter([None, *[refusal("ThrottlingException")] * 3, REJECTED, REJECTED])
    network.answer = lambda operation, body: (
        next(answers, None) if operation == "WriteRecords" else None
    )
    _, lines = run_script(wave_sensor, "--count", "6")
    [first, *_] = [line for line in lines if line.startswith("Refused: ")]
    assert first.startswith("Refused: [{'Reason': 'too old'}]: [{'Dimensions'")
    assert query("measure_value::double") == [(f"{value}.0",) for value in (61, 64, 65, 66)]
    assert lines[-1] == "Done. 4 readings sent, 2 not sent."


def test_rejected_records_do_not_hold_up_new_readings_either(table, network, run_script, clock):
    taken = []

    def answer(operation, body):
        if operation != "WriteRecords":
            return None
        taken.append(clock[0])
        clock[0] += 20  # a call takes a moment
        if len(taken) == 1:
            return None
        return refusal("ThrottlingException") if len(taken) < 200 else REJECTED

    network.answer = answer
    _, lines = run_script(wave_sensor, "--count", "230")
    assert lines[-1] == "Done. 1 reading sent, 229 not sent."
    gaps = [later - earlier for earlier, later in zip(taken, taken[1:])]
    assert max(gaps) < 1530


def test_a_rejection_without_record_indexes_is_shown_as_it_is(table, network, run_script, clock):
    answers = iter([None, refusal("RejectedRecordsException", 419)])
    network.answer = lambda operation, body: (
        next(answers, None) if operation == "WriteRecords" else None
    )
    _, lines = run_script(wave_sensor, "--count", "2")
    assert "Refused: An error occurred (RejectedRecordsException)" in lines[2]


def test_if_the_endpoint_cannot_be_discovered_the_first_reading_fails(run_script, network):
    def answer(operation, body):
        raise exceptions.EndpointConnectionError(endpoint_url="https://x")

    network.answer = answer
    status, [why, _] = run_script(wave_sensor, "--count", "2")
    assert status == 1
    assert why.startswith("The first reading could not be sent: Endpoint Discovery failed")
