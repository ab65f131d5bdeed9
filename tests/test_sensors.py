"""Both sensors: the first reading, outages, unsent readings, Ctrl-C and the options.

The SDK is real and AWS is the local one, but the network between them has outages. Time is
simulated, except in the tests with processes.
"""

import base64
import errno
import json
import re
import signal
import sys
import time

import pytest
from botocore import exceptions

import alarm_sensor
import wave_sensor
from tests.helpers import LIMIT
from tests.network import refusal, response

NO_NETWORK = exceptions.EndpointConnectionError(endpoint_url="https://x")
THROTTLED = refusal("ThrottlingException")
NO_SESSION = refusal("ExpiredTokenException")
NOT_THERE = refusal("ResourceNotFoundException")
NO_KEYS = exceptions.CredentialRetrievalError(provider="sso", error_msg="expired")
NO_FILE = FileNotFoundError(2, "No such file", "/missing/token")
STRANGE = ValueError("the SDK's error for a strange credential process")


class Service:
    """The service that a sensor calls, and a clock that only calls and pauses move.

    call_seconds: how long a call takes.
    outage: an exception or a refusal for each of the next calls; None if the call succeeds.
    taken: when the received readings were taken, in the order of arrival.
    pauses: the length of each pause in seconds; Ctrl-C is pressed in pause number `ctrl_c`.
    """

    def __init__(self):
        self.now = round(time.time(), 2)
        self.call_seconds = 0.02
        self.outage = []
        self.taken = []
        self.pauses = []
        self.ctrl_c = None

    def sleep(self, seconds):
        self.now += seconds
        self.pauses.append(seconds)
        if len(self.pauses) == 1000:
            pytest.fail("the sensor did not stop")
        if len(self.pauses) == self.ctrl_c:
            raise KeyboardInterrupt

    def answer(self, operation, body):
        if operation == "DescribeEndpoints":
            return None
        self.now += self.call_seconds
        trouble = self.outage.pop(0) if self.outage else None
        if isinstance(trouble, BaseException):
            raise trouble
        if trouble is None:
            self.taken.append(read_time(operation, json.loads(body)))
        return trouble

    def gaps(self):
        """Return the seconds between received readings."""
        return [later - earlier for earlier, later in zip(self.taken, self.taken[1:])]


def read_time(operation, body):
    """Return when the reading in a request was taken, in seconds."""
    if operation == "WriteRecords":
        return int(body["Records"][0]["Time"]) / 1000
    line = base64.b64decode(base64.b64decode(body["Data"])).decode()
    return int(line.rpartition("||time=")[2].partition("||")[0]) / 1000


@pytest.fixture
def service(table, stream, network, monkeypatch):
    """The Service in front of the local AWS."""
    service = Service()
    network.answer = service.answer
    monkeypatch.setattr(time, "time", lambda: service.now)
    monkeypatch.setattr(time, "monotonic", lambda: service.now)
    monkeypatch.setattr(time, "sleep", service.sleep)
    return service


@pytest.fixture(params=[wave_sensor, alarm_sensor], ids=lambda script: script.__name__)
def script(request):
    """Either sensor."""
    return request.param


@pytest.fixture
def run_sensor(script, run_script):
    """A function that runs the sensor with options, and returns its status and lines."""
    return lambda *options: run_script(script, *options)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        pytest.param(NO_NETWORK, "Could not connect", id="no network"),
        pytest.param(THROTTLED, "(ThrottlingException)", id="throttled"),
        pytest.param(NO_SESSION, "(ExpiredTokenException)", id="expired session"),
        pytest.param(NOT_THERE, "(ResourceNotFoundException)", id="not there"),
        pytest.param(NO_KEYS, "Error when retrieving credentials from sso", id="no credentials"),
        pytest.param(NO_FILE, "[Errno 2] No such file", id="no token file"),
    ],
)
def test_if_the_first_reading_cannot_be_sent_two_lines_say_why_and_what_to_do(
    service, script, run_sensor, trouble, said
):
    service.outage = [trouble]
    status, [why, advice] = run_sensor("--count", "3")
    setup = {wave_sensor: "setup_timestream.py", alarm_sensor: "setup_kinesis.py"}[script]
    assert status == 1
    assert why.startswith("The first reading could not be sent: ")
    assert said in why
    assert advice == f'Is this terminal signed in, and did you run "python {setup}" in us-east-1?'


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        pytest.param(refusal("ValidationException"), "(ValidationException)", id="by AWS"),
        pytest.param(exceptions.ParamValidationError(report="Bad"), "Bad", id="by the SDK"),
    ],
)
def test_a_refused_first_reading_ends_it_without_advice(service, run_sensor, trouble, said):
    service.outage = [trouble]
    status, lines = run_sensor("--count", "3")
    assert (status, service.taken) == (1, [])
    assert lines[0].startswith("The first reading could not be sent: ")
    assert said in lines[-1]


@pytest.mark.parametrize(
    "trouble",
    [
        refusal("ValidationException"),
        exceptions.ParamValidationError(report="(ValidationException)"),
    ],
    ids=["by AWS", "by the SDK"],
)
def test_a_refused_reading_is_shown_and_does_not_hold_up_the_others(service, run_sensor, trouble):
    service.outage = [None, THROTTLED, trouble]
    status, lines = run_sensor("--count", "4")
    shown = "\n".join(lines).partition("Refused: ")[2]
    assert re.match(r"(.*\n)?.*\(ValidationException\).*: .*\bsensor\b", shown, re.IGNORECASE)
    assert (status, lines[-1]) == (1, "Done. 3 readings sent, 1 not sent.")
    assert [round(gap) for gap in service.gaps()] == [2, 1]


FOREIGN = [response({}), response("<html>")]


@pytest.mark.parametrize("answer", FOREIGN, ids=["empty", "a page"])
def test_a_response_that_is_not_from_aws_is_not_a_success(service, run_sensor, answer):
    service.outage = [answer]
    assert run_sensor("--count", "3")[0] == 1
    service.outage = [None, answer]
    status, lines = run_sensor("--count", "3")
    [failure] = [line for line in lines if line.startswith("Not sent, 1 waiting: ")]
    assert "response" in failure
    assert (status, lines[-1]) == (0, "Done. 3 readings sent, 0 not sent.")


def test_after_the_first_reading_nothing_stops_it_and_all_arrive_in_order(service, run_sensor):
    troubles = [NO_NETWORK, THROTTLED, NO_SESSION, NOT_THERE, NO_KEYS, NO_FILE, STRANGE]
    troubles += [exceptions.ReadTimeoutError(endpoint_url="https://x"), response("<html>", 503)]
    service.outage = [None] + troubles * 3
    status, lines = run_sensor("--interval", "0.2", "--count", "60")
    assert (status, lines[-1]) == (0, "Done. 60 readings sent, 0 not sent.")
    assert sum(line.startswith("Not sent, ") for line in lines) == 27
    assert len(service.taken) == 60
    assert min(service.gaps()) > 0.2
    assert max(service.gaps()) < 0.2 + 0.1 + 2 * service.call_seconds + 0.001


def test_it_says_how_many_readings_wait_and_why(service, run_sensor):
    service.outage = [None, THROTTLED, THROTTLED]
    _, lines = run_sensor("--count", "4")
    said = [line for line in lines if line.startswith("Not sent, ")]
    assert said[0].startswith("Not sent, 1 waiting: An error occurred (ThrottlingException)")
    assert said[1].startswith("Not sent, 2 waiting: An error occurred (ThrottlingException)")


def test_while_calls_hang_readings_are_at_most_6_seconds_apart(
    service, network, script, run_sensor
):
    timeout = script.authenticate().meta.config.read_timeout

    def answer(operation, body):
        if 5 <= len(service.pauses) < 15:
            service.now += timeout
            raise exceptions.ReadTimeoutError(endpoint_url="https://x")
        return service.answer(operation, body)

    network.answer = answer
    _, lines = run_sensor("--count", "60")
    assert lines[-1] == "Done. 60 readings sent, 0 not sent."
    assert 5 < max(service.gaps()) < 6.01


def test_catching_up_takes_at_most_half_of_each_interval(service, run_sensor):
    service.outage = [None] * 5 + [THROTTLED] * 60
    service.ctrl_c = 80  # before the last attempt
    status, lines = run_sensor()
    assert (status, lines[-1]) == (0, "Stopped. 80 readings sent, 0 not sent.")
    assert service.taken == sorted(set(service.taken))
    assert 1.4 < max(service.gaps()) < 1.53


def test_on_a_slow_network_it_sends_one_with_each_reading_and_the_rest_at_the_end(
    service, run_sensor
):
    service.call_seconds = 1.2
    service.outage = [None] + [THROTTLED] * 9
    status, lines = run_sensor("--count", "30")
    assert (status, lines[-1]) == (0, "Done. 30 readings sent, 0 not sent.")
    assert max(service.gaps()) < 2.21


def test_an_hour_of_readings_is_kept_and_older_ones_are_discarded_with_a_line(
    service, script, run_sensor, monkeypatch
):
    assert script.MAX_UNSENT == 3600
    monkeypatch.setattr(script, "MAX_UNSENT", 10)
    service.outage = [None] + [THROTTLED] * 12
    start = service.now
    status, lines = run_sensor("--count", "14")
    assert sum(line.startswith("Discarded, as 10 newer readings wait: ") for line in lines) == 2
    assert [round(taken - start) for taken in service.taken] == [0, *range(3, 14)]
    assert (status, lines[-1]) == (1, "Done. 12 readings sent, 2 not sent.")


def test_ctrl_c_in_an_outage_ends_at_once_with_true_counts(service, run_sensor):
    service.outage = [None, None, THROTTLED, THROTTLED, KeyboardInterrupt()]
    status, lines = run_sensor()
    assert lines[-2].startswith("Not sent, 2 waiting: ")
    assert (status, lines[-1]) == (1, "Stopped. 2 readings sent, 3 not sent.")


def test_the_loop_passes_ctrl_c_on_to_its_caller(service, script):
    service.ctrl_c = 2
    client = script.authenticate()
    with pytest.raises(KeyboardInterrupt):
        if script is wave_sensor:
            wave_sensor.generate_wave(100, 32, 60, client)
        else:
            alarm_sensor.generate_reading(client)
    assert len(service.taken) == 2
    assert service.pauses == [1, 1]


def test_a_plain_stub_of_a_client_is_enough(service, script):
    class Client:
        def write_records(self, **parameters):
            service.taken.append(parameters["Records"])
            return {"RecordsIngested": {"Total": 1}}

        def put_record(self, **parameters):
            service.taken.append(parameters["Data"])
            return {"SequenceNumber": "1"}

    if script is wave_sensor:
        wave_sensor.generate_wave(100, 32, 60, Client(), count=2)
    else:
        alarm_sensor.generate_reading(Client(), count=2)
    assert len(service.taken) == 2


def test_a_full_disk_is_not_mistaken_for_an_unsent_reading(service, run_sensor, monkeypatch):
    write = sys.stdout.write
    full = OSError(errno.ENOSPC, "No space left on device")

    def write_once_there_is_space(text):
        monkeypatch.setattr(sys.stdout, "write", write)
        raise full

    monkeypatch.setattr(sys.stdout, "write", write_once_there_is_space)
    with pytest.raises(OSError, match="No space left on device"):
        run_sensor("--count", "3")
    assert len(service.taken) == 1


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--count", "0", "must be 1 or more"),
        ("--count", "1.5", "invalid int value: '1.5'"),
        ("--interval", "0.0009", "must be from 0.001 to 86400"),
        ("--interval", "86401", "must be from 0.001 to 86400"),
        ("--interval", "nan", "must be from 0.001 to 86400"),
        ("--interval", "often", "invalid float value: 'often'"),
    ],
)
def test_a_bad_option_is_named_before_anything_is_sent(
    service, script, run_sensor, capsys, option, value, reason
):
    with pytest.raises(SystemExit) as stop:
        run_sensor(option, value)
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"{script.__name__}.py: error: argument {option}: ")
    assert error.endswith(reason)
    assert (stop.value.code, service.taken) == (2, [])


@pytest.mark.parametrize(
    ("options", "pause"),
    [
        ([], 1),
        (["--interval", "86400"], 86400),
        (["--interval", "0.001"], 0.001),
    ],
)
def test_the_pace_is_a_reading_a_second_unless_told_otherwise(service, run_sensor, options, pause):
    assert run_sensor("--count", "3", *options)[0] == 0
    assert service.pauses == [pause] * 2
    assert len(service.taken) == 3


# The sensors as processes, with a service that fails all calls but the first.
SENSOR_IN_A_PROCESS = """
import itertools, runpy, signal, sys
from tests.network import ENDPOINTS, answered_by, response

calls = itertools.count()
def answer(operation, body):
    if operation == "DescribeEndpoints":
        return response(ENDPOINTS)
    if next(calls):
        return response("busy", 503)
    return response({"RecordsIngested": {}, "SequenceNumber": "1"})

signal.signal(signal.SIGINT, signal.default_int_handler)  # even if it was ignored before
sys.argv = sys.argv[1:]
with answered_by(answer):
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_each_line_is_in_the_pipe_at_once_and_ctrl_c_ends_it_without_a_traceback(script, spawn):
    process = spawn("-c", SENSOR_IN_A_PROCESS, f"{script.__name__}.py", "--interval", "3600")
    process.stdout.readline()
    assert "'" in process.stdout.readline()  # the response, long before the next reading
    time.sleep(0.1)  # it is sleeping now
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=LIMIT)[0] == "Stopped. 1 reading sent, 0 not sent.\n"
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("sensor", "count"),
    [("wave_sensor.py --interval 0.01", 3), ("alarm_sensor.py --interval 0.01", 0)],
)
def test_its_output_can_be_cut_off_without_a_traceback(finish, sensor, count):
    command = f"""("$PYTHON" -c '{SENSOR_IN_A_PROCESS}' {sensor}; echo $? >&2) | head -{count}"""
    status, lines = finish(command, shell=True)
    assert (status, len(lines), lines[-1]) == (0, count + 1, "1")
