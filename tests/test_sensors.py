"""Both sensors: outages, what is kept and sent again, what ends them, their options.

The SDK is real, and what goes over the network is answered by tests/transport.py. Time is counted,
not slept, but for the last test's.
"""

import base64
import json
import os
import time
from types import SimpleNamespace

import pytest
from botocore import exceptions

import alarm_sensor
import wave_sensor
from tests.helpers import LIMIT, refusal

URL = {"endpoint_url": "https://x", "error": "broken"}
THROTTLED = refusal("ThrottlingException")


@pytest.fixture(params=[wave_sensor, alarm_sensor], ids=lambda script: script.__name__)
def sensor(request, monkeypatch, run, wire):
    """A sensor, a clock, and a service that stores what it gets, but for the first `outcomes`.

    An outcome is None, an exception, a refusal, or a function that returns one. A call takes
    `seconds`, and Ctrl-C is pressed at pause number `ctrl_c`.
    """
    script = request.param
    sensor = SimpleNamespace(
        script=script,
        run=lambda *options: run(script, *options),
        outcomes=[],
        ctrl_c=None,
        now=1_800_000_000.0,
        seconds=0.02,
        pauses=[],
        stored=[],
    )

    def sleep(seconds):
        sensor.now += seconds
        sensor.pauses.append(seconds)
        if len(sensor.pauses) == sensor.ctrl_c:
            raise KeyboardInterrupt

    def respond(operation, body):
        if operation == "DescribeEndpoints":
            return None
        sensor.now += sensor.seconds
        outcome = sensor.outcomes.pop(0) if sensor.outcomes else None
        outcome = outcome() if callable(outcome) else outcome
        if isinstance(outcome, BaseException):
            raise outcome
        if outcome is None:
            sensor.stored.append(read_time(script, json.loads(body)))
        return outcome

    monkeypatch.setattr(time, "time", lambda: sensor.now)
    monkeypatch.setattr(time, "sleep", sleep)
    sensor.transport, wire.respond = wire, respond
    return sensor


def read_time(script, body):
    """Return when the reading in a request was taken, in seconds."""
    if script is wave_sensor:
        return int(body["Records"][0]["Time"]) / 1000
    line = base64.b64decode(base64.b64decode(body["Data"])).decode()
    return int(line.rpartition("||time=")[2].partition("||")[0]) / 1000


def gaps(times):
    """Return the seconds between one time and the next."""
    return [later - earlier for earlier, later in zip(times, times[1:])]


PASSING = [
    exceptions.EndpointConnectionError(**URL),
    exceptions.ReadTimeoutError(**URL),
    THROTTLED,
    refusal("AnyException", status=408),
    refusal("AnyException", status=429),
    refusal("AnyException", status=500),
    (503, "<html>\n<p>Try later</p>\n</html>"),
]
PASSING_CODES = {
    wave_sensor: ["InternalServerException"],
    alarm_sensor: [
        "InternalFailureException",
        "KMSThrottlingException",
        "ProvisionedThroughputExceededException",
    ],
}


def test_in_an_outage_at_the_start_readings_keep_their_pace_and_all_are_stored_in_order(sensor):
    sensor.outcomes = [*PASSING, *map(refusal, PASSING_CODES[sensor.script])] * 8
    status, lines = sensor.run("--interval", "0.2", "--count", "150")
    assert (status, lines[-1]) == (0, "Done. 150 readings sent, 0 not sent.")
    assert len(sensor.stored) == 150
    assert min(gaps(sensor.stored)) > 0.2 and max(gaps(sensor.stored)) < 0.31


def test_while_calls_hang_readings_are_at_most_6_seconds_apart(sensor):
    def hang():
        sensor.now += max(sensor.transport.timeouts) - sensor.seconds
        return exceptions.ReadTimeoutError(**URL)

    sensor.outcomes = [None] * 5 + [hang] * 10
    assert sensor.run("--count", "60")[1][-1] == "Done. 60 readings sent, 0 not sent."
    assert 5 < max(gaps(sensor.stored)) < 6.01


def test_catching_up_after_an_outage_does_not_hold_up_new_readings(sensor):
    sensor.outcomes = [None] * 5 + [THROTTLED] * 300
    sensor.ctrl_c = 400  # before a last try
    status, lines = sensor.run()
    assert (status, lines[-1]) == (0, "Stopped. 400 readings sent, 0 not sent.")
    assert sensor.stored == sorted(set(sensor.stored)) and max(gaps(sensor.stored)) < 1.2


def test_on_a_slow_network_it_does_not_either_and_a_last_try_sends_all_that_waits(sensor):
    sensor.seconds, sensor.outcomes = 1.2, [THROTTLED] * 9
    status, lines = sensor.run("--count", "30")
    assert (status, lines[-1]) == (0, "Done. 30 readings sent, 0 not sent.")
    assert max(gaps(sensor.stored)) < 2.3


def test_credentials_are_renewed_and_names_looked_up_in_seconds_too(sensor, monkeypatch, tmp_path):
    (tmp_path / "config").write_text(
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/any\nsource_profile = default\n"
        "aws_access_key_id = any\naws_secret_access_key = any\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    attempts = []

    def respond(operation, body):
        attempts.append((operation, *sensor.transport.timeouts))
        raise exceptions.EndpointConnectionError(**URL)

    sensor.transport.respond = respond
    status, lines = sensor.run("--count", "3")
    assert (status, lines[-1]) == (1, "Done. 0 readings sent, 3 not sent.")
    assert attempts == [("", 5, 5)] * 4  # of STS: one with each reading, and the last try
    assert os.environ["RES_OPTIONS"] == "timeout:2 attempts:1"  # resolv.conf(5)


def test_an_hour_of_readings_is_kept_and_the_oldest_discarded_with_a_line(sensor, monkeypatch):
    assert sensor.script.MAX_UNSENT == 3600
    monkeypatch.setattr(sensor.script, "MAX_UNSENT", 10)
    sensor.outcomes, start = [THROTTLED] * 12, sensor.now
    status, lines = sensor.run("--count", "13")
    assert sum(line.startswith("Discarded, as 10 newer readings wait: ") for line in lines) == 2
    assert [round(taken - start) for taken in sensor.stored] == [*range(2, 13)]
    assert (status, lines[-1]) == (1, "Done. 11 readings sent, 2 not sent.")


CONFIGURE = 'AWS is not configured, run "aws configure" first: '
LASTING = [  # what will not pass by itself, and how the line begins that says what to do
    (
        refusal("ResourceNotFoundException", message="no\n  such"),
        "No {thing}, run {setup} first: An error occurred (ResourceNotFoundException)",
    ),
    (
        refusal("AccessDeniedException"),
        "No access to {thing}: An error occurred (AccessDeniedException)",
    ),
    (exceptions.CredentialRetrievalError(provider="sso", error_msg="expired"), CONFIGURE),
    (FileNotFoundError(2, "No such file", "/missing/token"), CONFIGURE + "[Errno 2] No such file"),
    (EOFError(), CONFIGURE + "EOFError"),
]


@pytest.mark.parametrize(("outcome", "advice"), LASTING)
def test_a_first_reading_that_fails_for_good_ends_it_with_advice(sensor, outcome, advice):
    sensor.outcomes = [outcome]
    status, [line] = sensor.run("--count", "3")
    thing, setup = {
        wave_sensor: ("table DemoDatabase.WeatherMetrics", "setup_timestream.py"),
        alarm_sensor: ("stream TUTORIAL", "setup_kinesis.py"),
    }[sensor.script]
    assert status == 1 and line.startswith(advice.format(thing=thing, setup=setup))


def test_after_a_first_reading_it_waits_for_every_error_to_be_mended(sensor):
    sensor.outcomes = [None, *[outcome for outcome, _ in LASTING]]
    status, lines = sensor.run("--count", "6")
    assert (status, lines[-1]) == (0, "Done. 6 readings sent, 0 not sent.")
    assert sum(line.startswith("Not sent, ") for line in lines) == 5
    assert len(sensor.stored) == 6 and sensor.stored == sorted(sensor.stored)


def test_ctrl_c_in_an_outage_ends_at_once_with_true_counts(sensor):
    sensor.outcomes = [None, None, THROTTLED, THROTTLED, KeyboardInterrupt()]
    status, lines = sensor.run()
    assert lines[-2].startswith("Not sent, 2 waiting: ") and len(sensor.pauses) == 4
    assert (status, lines[-1]) == (1, "Stopped. 2 readings sent, 3 not sent.")


def test_the_loop_lets_ctrl_c_through_to_its_caller(sensor):
    sensor.ctrl_c = 2
    client = sensor.script.authenticate()
    with pytest.raises(KeyboardInterrupt):
        if sensor.script is wave_sensor:
            wave_sensor.generate_wave(100, 32, 60, client)
        else:
            alarm_sensor.generate_reading(client)
    assert len(sensor.stored) == 2 and sensor.pauses == [1, 1]


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--count", "0", "has to be 1 or more"),
        ("--count", "1.5", "invalid int value: '1.5'"),
        ("--interval", "-0.1", "has to be from 0 to 86400"),
        ("--interval", "86401", "has to be from 0 to 86400"),
        ("--interval", "nan", "has to be from 0 to 86400"),
        ("--interval", "often", "invalid float value: 'often'"),
        ("--sensor", " ", ""),
        ("--sensor", "a\tb", ""),
        ("--sensor", "\udcff", ""),
        ("--sensor", "x" * 2049, ""),
        ("--sensor", "ü" * 1025, ""),
    ],
)
def test_a_bad_option_is_named_before_anything_is_sent(sensor, capsys, option, value, reason):
    with pytest.raises(SystemExit) as stop:
        sensor.run(option, value)
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"{sensor.script.__name__}.py: error: argument {option}: ")
    assert error.endswith(reason) and (stop.value.code, sensor.stored) == (2, [])


@pytest.mark.parametrize(
    ("options", "pause"),
    [
        ([], 1),
        (["--interval", "86400", "--sensor", "x" * 2048], 86400),
        (["--interval", "0", "--sensor", "x"], 0.001),  # Timestream takes one value per millisecond
    ],
)
def test_the_pace_is_a_reading_a_second_unless_told_otherwise(sensor, options, pause):
    assert sensor.run("--count", "3", *options)[0] == 0
    assert sensor.pauses == [pause] * 2 and len(sensor.stored) == 3


def test_sigterm_ends_it_as_ctrl_c_does_and_each_line_is_there_at_once(sensor, spawn):
    process = spawn(f"{sensor.script.__name__}.py", "--interval", "3600")
    first = process.stdout.readline()
    time.sleep(0.3)  # now it sleeps: in a destructor, Python would drop what the signal raises
    process.terminate()
    output = process.communicate(timeout=LIMIT)[0]
    assert first.startswith("Not sent, 1 waiting: ")
    assert output == "Stopped. 0 readings sent, 1 not sent.\n" and process.returncode == 1
