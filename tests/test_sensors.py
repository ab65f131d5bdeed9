"""Both sensors: what they keep and send again, what ends them, their options."""

import base64
import time
from types import SimpleNamespace

import pytest
from botocore import exceptions
from botocore.discovery import EndpointDiscoveryRefreshFailed

import alarm_sensor
import wave_sensor
from tests.conftest import Service, aws_error

URL = {"endpoint_url": "https://x", "error": "broken"}

PASSING = [
    aws_error("ThrottlingException"),
    aws_error("ProvisionedThroughputExceededException"),
    aws_error("KMSThrottlingException"),
    aws_error("InternalServerException"),
    aws_error("ServiceUnavailable"),
    aws_error("502", "<html>\n<p>Bad gateway</p>\n</html>"),
    exceptions.EndpointConnectionError(**URL),
    exceptions.ConnectTimeoutError(**URL),
    exceptions.ReadTimeoutError(**URL),
    exceptions.ConnectionClosedError(**URL),
    exceptions.SSLError(**URL),
    exceptions.ProxyConnectionError(proxy_url="http://x", error="broken"),
]

NO_ACCESS = [
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "NotAuthorized",
    "OptInRequired",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
]

NOT_CONFIGURED = [
    exceptions.NoRegionError(),
    exceptions.NoCredentialsError(),
    exceptions.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
    exceptions.CredentialRetrievalError(provider="sso", error_msg="expired"),
    exceptions.ProfileNotFound(profile="x"),
    ValueError("Invalid endpoint: x"),
]


@pytest.fixture(params=[wave_sensor, alarm_sensor], ids=lambda script: script.__name__)
def sensor(request, monkeypatch, run, sleeps):
    """A sensor: run(service, options) runs its main(), read(service) numbers what it has stored."""
    script = request.param
    numbers = iter(range(1, 10_000))
    if script is alarm_sensor:  # its lines are numbered by their time, the wave by its value
        monkeypatch.setattr(time, "time", lambda: next(numbers) / 1000)

    def start(service, *options):
        monkeypatch.setattr(script, "authenticate", lambda: service)
        return run(script, *options)

    def read(service):
        if script is wave_sensor:
            return [int(record["MeasureValue"]) - 60 for record in service.stored]
        lines = [base64.b64decode(data).decode() for data in service.stored]
        return [int(line.rpartition("||time=")[2].partition("||")[0]) for line in lines]

    return SimpleNamespace(script=script, run=start, read=read, sleeps=sleeps)


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_a_reading_that_fails_for_now_is_sent_with_the_next_one_oldest_first(sensor, error):
    service = Service(None, error, error)
    status, lines = sensor.run(service, "--count", "5")
    assert sensor.read(service) == [1, 2, 3, 4, 5]
    text = " ".join(str(error).split())
    assert [line for line in lines if line.startswith("Not sent")] == [
        f"Not sent, 1 waiting: {text}", f"Not sent, 2 waiting: {text}"
    ]
    assert (status, lines[-1]) == (0, "Done. 5 readings sent, 0 not sent.")
    assert len(sensor.sleeps) == 4


def test_a_timestream_endpoint_that_is_not_found_for_now_does_not_end_it(run, monkeypatch, sleeps):
    service = Service(EndpointDiscoveryRefreshFailed())
    monkeypatch.setattr(wave_sensor, "authenticate", lambda: service)
    status, _ = run(wave_sensor, "--count", "2")
    assert (status, len(service.stored)) == (0, 2)


def test_after_the_last_reading_what_is_left_gets_one_more_try(sensor):
    error = aws_error("ThrottlingException")
    service = Service(error, error)
    assert sensor.run(service, "--count", "2")[0] == 0
    assert sensor.read(service) == [1, 2]


def test_what_is_left_after_that_try_is_counted_and_the_exit_status_is_1(sensor):
    service = Service(None, *[aws_error("ThrottlingException")] * 3, RuntimeError("one try more"))
    status, lines = sensor.run(service, "--count", "3")
    assert (status, lines[-1]) == (1, "Done. 1 readings sent, 2 not sent.")


def test_an_hour_of_readings_is_kept_and_the_oldest_dropped_with_a_line(sensor):
    service = Service(*[aws_error("ThrottlingException")] * 3602)
    status, lines = sensor.run(service, "--count", "3602")
    dropped = [line for line in lines if line.startswith("Dropped, as 3600 newer readings wait: ")]
    assert len(service.stored) == 3600
    assert len(dropped) == 2
    assert lines[-1] == "Done. 3600 readings sent, 2 not sent."
    assert status == 1


def test_the_oldest_of_too_many_readings_is_the_one_that_is_dropped(sensor, monkeypatch):
    monkeypatch.setattr(sensor.script, "MAX_UNSENT", 2)
    service = Service(*[aws_error("ThrottlingException")] * 4)
    sensor.run(service, "--count", "4")
    assert sensor.read(service) == [3, 4]


def test_ctrl_c_ends_with_the_number_of_readings_sent_and_status_0(sensor, ctrl_c):
    service = Service()
    ctrl_c(3)
    status, lines = sensor.run(service)
    assert len(service.stored) == 3
    assert (status, lines[-1]) == (0, "Stopped. 3 readings sent, 0 not sent.")


def test_ctrl_c_tries_nothing_more_and_status_1_tells_that_readings_are_left(sensor, ctrl_c):
    service = Service(None, aws_error("ThrottlingException"))
    ctrl_c(2)
    status, lines = sensor.run(service)
    assert sensor.read(service) == [1]
    assert (status, lines[-1]) == (1, "Stopped. 1 readings sent, 1 not sent.")


def test_ctrl_c_during_a_call_counts_its_reading_as_not_sent(sensor):
    status, lines = sensor.run(Service(None, KeyboardInterrupt()))
    assert (status, lines[-1]) == (1, "Stopped. 1 readings sent, 1 not sent.")


@pytest.mark.parametrize("code", NO_ACCESS)
def test_no_access_ends_the_script_at_once_with_one_line_and_status_1(sensor, code):
    service = Service(None, aws_error(code, "no,\nyou may not"))
    status, lines = sensor.run(service)
    assert status == 1
    assert len(lines) == 3  # the first reading, its answer, and this
    assert lines[-1].startswith("No access to ") and "no, you may not" in lines[-1]
    assert lines[-1].endswith(". 1 readings sent, 1 not sent.")


@pytest.mark.parametrize("error", NOT_CONFIGURED, ids=lambda error: type(error).__name__)
def test_a_missing_configuration_ends_the_script_with_one_line_that_names_aws_configure(
    sensor, monkeypatch, run, error
):
    monkeypatch.setattr(sensor.script, "authenticate", lambda: Service(error).answer(None))
    status, [line] = run(sensor.script)
    assert status == 1
    assert "aws configure" in line and line.endswith(". 0 readings sent, 0 not sent.")


@pytest.mark.parametrize("error", [
    aws_error("ValidationException"),
    exceptions.ParamValidationError(report="bad\nvalue"),
], ids=lambda error: type(error).__name__)
def test_a_reading_that_can_never_be_accepted_ends_the_script_with_one_line(sensor, error):
    status, [line] = sensor.run(Service(error))
    assert status == 1
    assert "does not take this reading" in line


def test_a_missing_table_or_stream_names_the_setup_script(sensor):
    status, [line] = sensor.run(Service(aws_error("ResourceNotFoundException")))
    script = {wave_sensor: "setup_timestream.py", alarm_sensor: "setup_kinesis.py"}[sensor.script]
    assert status == 1
    assert f"run {script} first" in line


@pytest.mark.parametrize("options", [
    ["--count", "0"], ["--count", "-1"], ["--count", "1.5"], ["--count", "many"],
    ["--interval", "-1"], ["--interval", "nan"], ["--interval", "inf"], ["--interval", "86401"],
    ["--interval", "often"], ["--sensor", ""], ["--sensor", "  "], ["--pace", "1"], ["more"],
], ids=" ".join)
def test_bad_options_are_named_in_one_line_with_status_2_before_anything_is_sent(
    sensor, capsys, options
):
    service = Service()
    with pytest.raises(SystemExit) as stop:
        sensor.run(service, *options)
    error = capsys.readouterr().err.splitlines()[-1]
    assert stop.value.code == 2
    assert f"{sensor.script.__name__}.py: error: " in error and options[0] in error
    assert service.stored == []


def test_the_smallest_options_are_accepted(sensor):
    service = Service()
    assert sensor.run(service, "--count", "1", "--interval", "0", "--sensor", "x")[0] == 0
    assert len(service.stored) == 1


def test_the_pace_is_a_reading_a_second_unless_told_otherwise(sensor):
    sensor.run(Service(), "--count", "3")
    assert sensor.sleeps == [1, 1]


def test_the_longest_interval_is_a_day(sensor):
    sensor.run(Service(), "--count", "2", "--interval", "86400")
    assert sensor.sleeps == [86400]


def test_help_explains_the_options(run, capsys, sensor):
    with pytest.raises(SystemExit) as stop:
        run(sensor.script, "--help")
    text = capsys.readouterr().out
    assert stop.value.code == 0
    assert all(option in text for option in ("--sensor NAME", "--interval SECONDS", "--count N"))
