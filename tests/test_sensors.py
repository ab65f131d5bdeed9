"""Both sensors: outages, what is kept and sent again, what ends them, their options.

The SDK is real, and what goes over the network is answered by tests/transport.py. Time is counted,
not slept.
"""

import base64
import itertools
import json
import os
import time
from types import SimpleNamespace

import pytest
from botocore import exceptions

import alarm_sensor
import wave_sensor
from tests.conftest import LIMIT, refusal

SEND = {wave_sensor: "WriteRecords", alarm_sensor: "PutRecord"}
THROTTLED = {
    wave_sensor: "ThrottlingException", alarm_sensor: "ProvisionedThroughputExceededException"
}
THROTTLED_KEYS = {wave_sensor: "ThrottlingException", alarm_sensor: "KMSThrottlingException"}
INTERNAL = {wave_sensor: "InternalServerException", alarm_sensor: "InternalFailureException"}
URL = {"endpoint_url": "https://x", "error": "broken"}


@pytest.fixture(params=SEND, ids=lambda script: script.__name__)
def sensor(request, monkeypatch, run, wire):
    """A sensor, a clock, and a service that the sensor sends to.

    run(*options): runs main(); returns exit status and lines.
    outcomes: an iterator of what becomes of the calls: None, an exception, a refusal, or a function
    that returns one of these.
    ctrl_c: at which pause, the first being 1, Ctrl-C is pressed.
    now: the time; pauses: the seconds that the sensor has paused.
    stored: when the readings that are stored were taken, in the order in which they came.
    lags: how old each of them was then.
    """
    script = request.param
    sensor = SimpleNamespace(
        script=script, run=lambda *options: run(script, *options),
        outcomes=itertools.repeat(None), ctrl_c=None, now=1_800_000_000.0, pauses=[], stored=[],
        lags=[],
    )

    def sleep(seconds):
        sensor.now += seconds
        sensor.pauses.append(seconds)
        if len(sensor.pauses) == sensor.ctrl_c:
            raise KeyboardInterrupt

    def respond(operation, body):
        if operation != SEND[script]:
            return None
        outcome = next(sensor.outcomes)
        outcome = outcome() if callable(outcome) else outcome
        if isinstance(outcome, BaseException):
            raise outcome
        if outcome is None:
            sensor.stored.append(read_time(script, json.loads(body)))
            sensor.lags.append(sensor.now - sensor.stored[-1])
        return outcome

    monkeypatch.setattr(time, "time", lambda: sensor.now)
    monkeypatch.setattr(time, "sleep", sleep)
    sensor.transport = wire(respond)
    return sensor


def read_time(script, body):
    """Return when the reading in a request was taken, in seconds."""
    if script is wave_sensor:
        return int(body["Records"][0]["Time"]) / 1000
    line = base64.b64decode(base64.b64decode(body["Data"])).decode()
    return int(line.rpartition("||time=")[2].partition("||")[0]) / 1000


def passing_errors(script):
    """Return what may pass by itself: answers and errors, by name."""
    return {
        "refused": exceptions.EndpointConnectionError(**URL),
        "no connection": exceptions.ConnectTimeoutError(**URL),
        "broken off": exceptions.ConnectionClosedError(**URL),
        "no proxy": exceptions.ProxyConnectionError(proxy_url="http://x", error="broken"),
        "throttled": refusal(THROTTLED[script]),
        "throttled by name": refusal("ThrottlingException"),
        "throttled keys": refusal(THROTTLED_KEYS[script]),
        "internal": refusal(INTERNAL[script]),
        "a fault of AWS": refusal("AnyException", status=500),
        "too many requests": refusal("AnyException", status=429),
        "timed out": refusal("AnyException", status=408),
        "503": (503, "<html>\n<p>Try later</p>\n</html>"),
    }


PASSING = list(passing_errors(wave_sensor))


def gaps(times):
    """Return the seconds between one time and the next."""
    return [later - earlier for earlier, later in zip(times, times[1:])]


def plan(sensor, begin, seconds, failure):
    """Let calls take 20 ms, and let them fail for so many seconds."""
    start = sensor.now

    def outcome():
        if begin <= sensor.now - start < begin + seconds:
            return failure()
        sensor.now += 0.02
        return None

    sensor.outcomes = itertools.repeat(outcome)
    return start + begin, start + begin + seconds


@pytest.mark.parametrize("name", PASSING)
def test_readings_keep_their_pace_in_an_outage_and_all_are_stored_in_order(sensor, name):
    begin, end = plan(sensor, 2, 14, lambda: passing_errors(sensor.script)[name])
    status, lines = sensor.run("--interval", "0.2", "--count", "150")
    assert (status, lines[-1]) == (0, "Done. 150 readings sent, 0 not sent.")
    assert len(sensor.stored) == 150
    assert sensor.stored == sorted(set(sensor.stored))
    assert max(gaps(sensor.stored)) < 1
    assert len([taken for taken in sensor.stored if begin <= taken < end]) >= 63  # 90 % of 70


@pytest.mark.parametrize(("error", "step"), [
    (exceptions.ConnectTimeoutError, 0), (exceptions.ReadTimeoutError, 1)
])
def test_while_calls_hang_readings_are_at_most_6_seconds_apart(sensor, error, step):
    def hang():
        sensor.now += sensor.transport.timeouts[step]
        return error(**URL)

    plan(sensor, 5, 60, hang)
    status, lines = sensor.run("--count", "60")
    assert (status, lines[-1]) == (0, "Done. 60 readings sent, 0 not sent.")
    assert sensor.stored == sorted(set(sensor.stored))
    assert 5 < max(gaps(sensor.stored)) <= 6


def test_catching_up_does_not_hold_up_new_readings(sensor):
    error = exceptions.EndpointConnectionError(**URL)
    plan(sensor, 5, 300, lambda: error)
    status, lines = sensor.run("--count", "450")
    waiting = [line.split()[2] for line in lines if line.startswith("Not sent, ")]
    assert int(waiting[-1]) >= 299
    assert len(sensor.stored) == 450 and status == 0
    assert max(gaps(sensor.stored)) < 2
    assert max(sensor.lags) > 290 and max(sensor.lags[-50:]) < 1  # it has caught up


def test_on_a_slow_network_catching_up_does_not_hold_up_new_readings_either(sensor):
    def outcome():
        sensor.now += 4
        return refusal(THROTTLED[sensor.script]) if len(sensor.pauses) < 9 else None

    sensor.outcomes = itertools.repeat(outcome)
    assert sensor.run("--count", "30")[0] == 0
    assert max(gaps(sensor.stored)) <= 5


ROLE = """[profile role]
role_arn = arn:aws:iam::123456789012:role/any
source_profile = keys
[profile keys]
aws_access_key_id = any
aws_secret_access_key = any
"""


def test_credentials_are_renewed_in_one_attempt_too(sensor, monkeypatch, tmp_path):
    (tmp_path / "config").write_text(ROLE)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "role")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    attempts = []

    def respond(operation, body):
        attempts.append((operation, *sensor.transport.timeouts))
        raise exceptions.EndpointConnectionError(**URL)

    sensor.transport.respond = respond
    assert sensor.run("--count", "3")[1][-1] == "Done. 0 readings sent, 3 not sent."
    assert attempts == [("", 5, 5)] * 4  # one with each reading, and the last try


def test_a_name_server_that_is_silent_is_not_waited_for(sensor):
    sensor.run("--count", "1")
    assert os.environ["RES_OPTIONS"] == "timeout:2 attempts:1"  # resolv.conf(5)


def test_what_fails_is_shown_in_one_line_with_the_number_of_readings_that_wait(sensor):
    sensor.outcomes = itertools.chain([None, (503, "<p>\n no\n</p>")] * 2, itertools.repeat(None))
    _, lines = sensor.run("--count", "3")
    failed = [line for line in lines if line.startswith("Not sent, ")]
    assert [line.split(":")[0] for line in failed] == ["Not sent, 1 waiting", "Not sent, 1 waiting"]
    assert "An error occurred (503)" in failed[0]


def test_an_outage_at_the_start_does_not_end_it(sensor):
    for name, error in passing_errors(sensor.script).items():
        sensor.outcomes = itertools.chain([error], itertools.repeat(None))
        assert sensor.run("--count", "2")[0] == 0, name
    assert len(sensor.stored) == 2 * len(PASSING)


@pytest.mark.parametrize("error", [
    refusal("ExpiredTokenException"), refusal("ResourceNotFoundException"),
    refusal("AccessDeniedException"), refusal("UnheardOfException"),
    exceptions.CredentialRetrievalError(provider="sso", error_msg="expired"),
    FileNotFoundError(2, "No such file", "/missing/tool"), EOFError(),
], ids=str)
def test_after_a_first_reading_it_waits_for_every_error_to_be_mended(sensor, error):
    sensor.outcomes = itertools.chain([None, error, error, error], itertools.repeat(None))
    status, lines = sensor.run("--count", "6")
    assert (status, lines[-1]) == (0, "Done. 6 readings sent, 0 not sent.")
    assert len([line for line in lines if line.startswith("Not sent, ")]) == 3
    assert sensor.stored == sorted(set(sensor.stored)) and len(sensor.stored) == 6


@pytest.mark.parametrize(("failing", "count", "calls", "sent"), [
    (range(0, 2), 2, 4, 2), (range(1, 21), 21, 41, 21), (range(1, 99), 3, 4, 1)
])
def test_after_the_last_reading_there_is_one_more_try_to_send_all(
    sensor, failing, count, calls, sent
):
    made = itertools.count()
    error = refusal(THROTTLED[sensor.script])
    sensor.outcomes = itertools.repeat(lambda: error if next(made) in failing else None)
    status, lines = sensor.run("--count", str(count))
    assert next(made) == calls
    assert len(sensor.stored) == sent and sensor.stored == sorted(set(sensor.stored))
    assert lines[-1] == f"Done. {sent} readings sent, {count - sent} not sent."
    assert status == (0 if sent == count else 1)


def test_an_hour_of_readings_is_kept_and_the_oldest_discarded_with_a_line(sensor, monkeypatch):
    assert sensor.script.MAX_UNSENT == 3600
    monkeypatch.setattr(sensor.script, "MAX_UNSENT", 10)
    plan(sensor, 0, 11.5, lambda: refusal(THROTTLED[sensor.script]))
    start = sensor.now
    status, lines = sensor.run("--count", "13")
    discarded = [line for line in lines if line.startswith("Discarded, as 10 newer readings wait")]
    assert len(discarded) == 2
    assert [round(taken - start) for taken in sensor.stored] == [*range(2, 13)]
    assert (status, lines[-1]) == (1, "Done. 11 readings sent, 2 not sent.")


@pytest.mark.parametrize("name", ["refused", "throttled", "503"])
def test_ctrl_c_in_an_outage_ends_at_once_with_true_counts(sensor, name):
    sensor.ctrl_c = 30
    plan(sensor, 10, 60, lambda: passing_errors(sensor.script)[name])
    status, lines = sensor.run()
    assert len(sensor.pauses) == 30
    assert (status, lines[-1]) == (1, "Stopped. 10 readings sent, 20 not sent.")


def test_the_loop_lets_ctrl_c_through_to_its_caller(sensor):
    sensor.ctrl_c = 2
    client = sensor.script.authenticate()
    with pytest.raises(KeyboardInterrupt):
        if sensor.script is wave_sensor:
            wave_sensor.generate_wave(100, 32, 60, client)
        else:
            alarm_sensor.generate_reading(client)
    assert len(sensor.stored) == 2 and sensor.pauses == [1, 1]


def test_ctrl_c_during_a_call_counts_its_reading_as_not_sent(sensor):
    sensor.outcomes = iter([None, KeyboardInterrupt()])
    status, lines = sensor.run()
    assert (status, lines[-1]) == (1, "Stopped. 1 readings sent, 1 not sent.")


def test_ctrl_c_with_nothing_left_is_exit_status_0(sensor):
    sensor.ctrl_c = 3
    status, lines = sensor.run("--count", "100000000000000000000")
    assert len(sensor.stored) == 3
    assert (status, lines[-1]) == (0, "Stopped. 3 readings sent, 0 not sent.")


CONFIGURE = 'AWS is not configured, run "aws configure" first: '


@pytest.mark.parametrize(("outcome", "advice"), [
    (refusal("ResourceNotFoundException"), "No {thing}, run {setup} first: "),
    (refusal("AccessDeniedException"), "No access to {thing}: "),
    (refusal("ExpiredTokenException"), "No access to {thing}: "),
    (refusal("UnrecognizedClientException"), "No access to {thing}: "),
    (refusal("ValidationException"), "No access to {thing}: "),
    (exceptions.NoCredentialsError(), CONFIGURE + "Unable to locate credentials"),
    (exceptions.CredentialRetrievalError(provider="sso", error_msg="expired"), CONFIGURE),
    (FileNotFoundError(2, "No such file", "/missing/token"), CONFIGURE + "[Errno 2] No such file"),
    (EOFError(), CONFIGURE + "EOFError"),
])
def test_a_first_reading_that_fails_for_good_ends_it_with_one_line_of_advice(
    sensor, outcome, advice
):
    sensor.outcomes = iter([outcome])
    status, [line] = sensor.run("--count", "3")
    thing, setup = {
        wave_sensor: ("table DemoDatabase.WeatherMetrics", "setup_timestream.py"),
        alarm_sensor: ("stream TUTORIAL", "setup_kinesis.py"),
    }[sensor.script]
    assert line.startswith(advice.format(thing=thing, setup=setup))
    assert status == 1 and (isinstance(outcome, Exception) or f"({outcome[1]['__type']})" in line)


@pytest.mark.parametrize("options", [
    ["--count", "0"], ["--count", "-1"], ["--count", "1.5"], ["--count", "many"],
    ["--interval", "-1"], ["--interval", "nan"], ["--interval", "inf"], ["--interval", "86401"],
    ["--interval", "often"], ["--sensor", ""], ["--sensor", "  "], ["--sensor", "a\tb"],
    ["--sensor", "x" * 2049], ["--sensor", "\udcff"], ["--pace", "1"], ["more"],
], ids=lambda options: " ".join(options)[:20].encode("unicode_escape").decode())
def test_bad_options_are_named_in_one_line_with_status_2_before_anything_is_sent(
    sensor, capsys, options
):
    with pytest.raises(SystemExit) as stop:
        sensor.run(*options)
    error = capsys.readouterr().err.splitlines()[-1]
    assert stop.value.code == 2
    assert f"{sensor.script.__name__}.py: error: " in error and options[0] in error
    assert sensor.stored == []


@pytest.mark.parametrize(("options", "pause"), [
    ([], 1), (["--interval", "0.5"], 0.5), (["--interval", "86400"], 86400),
    (["--interval", "0"], 0.001),  # as Timestream takes one value of a sensor per millisecond
    (["--sensor", "x"], 1), (["--sensor", "x" * 2048], 1),
], ids=str)
def test_the_pace_is_a_reading_a_second_unless_told_otherwise(sensor, options, pause):
    assert sensor.run("--count", "3", *options)[0] == 0
    assert sensor.pauses == [pause] * 2 and len(sensor.stored) == 3


def test_sigterm_ends_it_as_ctrl_c_does_and_each_line_is_there_at_once(sensor, spawn):
    process = spawn(
        f"{sensor.script.__name__}.py", "--interval", "3600", HTTPS_PROXY="http://127.0.0.1:1"
    )
    first = process.stdout.readline()
    process.terminate()
    output = process.communicate(timeout=LIMIT)[0]
    assert first.startswith("Not sent, 1 waiting: ")
    assert output == "Stopped. 0 readings sent, 1 not sent.\n" and process.returncode == 1


def test_when_nobody_reads_on_it_ends_without_a_traceback(sensor, finish):
    command = f'"$PYTHON" {sensor.script.__name__}.py --interval 0.01 | head -1'
    _, lines = finish(command, shell=True, HTTPS_PROXY="http://127.0.0.1:1")
    [line] = lines
    assert line.startswith("Not sent, 1 waiting: ")
