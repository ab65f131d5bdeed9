"""tests/local_aws/function.py: what is uploaded runs, and fails as it does on Lambda."""

import base64
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from cleanup import FUNCTION_NAME, ROLE_NAME
from tests.helpers import build_package, create_function, deploy, make_client

LOG_GROUP = f"/aws/lambda/{FUNCTION_NAME}"
NOTHING = "def handler(event, context): pass"


class Functions:
    """What is done with the function."""

    def __init__(self, client):
        self.client = client

    def upload(self, source):
        """Replace the function's code."""
        package = build_package(source)
        self.client.update_function_code(FunctionName=FUNCTION_NAME, ZipFile=package)

    def configure(self, **settings):
        """Change the function's configuration."""
        self.client.update_function_configuration(FunctionName=FUNCTION_NAME, **settings)

    def invoke(self, payload="{}"):
        """Invoke the function; return its answer, its error and its log."""
        response = self.client.invoke(FunctionName=FUNCTION_NAME, Payload=payload, LogType="Tail")
        assert (response["StatusCode"], response["ExecutedVersion"]) == (200, "$LATEST")
        log = base64.b64decode(response["LogResult"]).decode()
        return json.load(response["Payload"]), response.get("FunctionError"), log

    def run(self, source, payload="{}"):
        """Upload code and invoke it; return its answer, its error and its log."""
        self.upload(source)
        return self.invoke(payload)


@pytest.fixture
def functions(aws):
    """The Functions; there is one that does nothing."""
    deploy(NOTHING)
    return Functions(make_client("lambda"))


def test_the_uploaded_code_runs_and_its_log_is_between_lambdas_lines(functions, lines):
    answer, error, log = functions.run(
        "import logging, sys, threading\n"
        "def handler(event, context):\n"
        "    print('one', event['number'])\n"
        "    thread = threading.Thread(target=print, args=['from a thread'])\n"
        "    thread.start()\n"
        "    thread.join()\n"
        "    print(context.function_name, file=sys.stderr)\n"
        "    logging.warning('logged')\n"
        "    return context.aws_request_id\n",
        '{"number": 21}',
    )
    print("mine")
    assert lines() == ["mine"]
    found = re.fullmatch(
        r"START RequestId: (\S+) Version: \$LATEST\n"
        rf"one 21\nfrom a thread\n{FUNCTION_NAME}\nlogged\n"
        r"END RequestId: \1\nREPORT RequestId: \1\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 128 MB\tMax Memory Used: 128 MB\n",
        log,
    )
    assert (answer, error) == (found[1], None)
    events = make_client("logs").filter_log_events(logGroupName=LOG_GROUP)["events"]
    assert [event["message"] for event in events] == log.splitlines(keepends=True)
    assert abs(events[0]["timestamp"] / 1000 - time.time()) < 60


def test_what_the_server_tells_meanwhile_is_not_in_the_log(functions, lines):
    log = functions.run(
        "from tests.local_aws.server import say\n"
        "def handler(event, context): say('1 reading stored')\n"
    )[2]
    assert lines() == ["1 reading stored"]
    assert "stored" not in log


def test_the_context_says_what_runs_and_how_long_it_may(functions):
    names = "function_name memory_limit_in_mb function_version log_group_name invoked_function_arn"
    answer, _, _ = functions.run(
        "def handler(event, context):\n"
        "    seconds = context.get_remaining_time_in_millis() / 1000\n"
        f"    return [seconds, *(getattr(context, name) for name in '{names}'.split())]\n"
    )
    assert 30 < answer[0] <= 60
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{FUNCTION_NAME}"
    assert answer[1:] == [FUNCTION_NAME, "128", "$LATEST", LOG_GROUP, arn]


def test_one_invocation_runs_at_a_time_and_logs_only_what_it_prints(functions, lines):
    functions.upload(
        "import time\n"
        "def handler(event, context):\n"
        "    print(event['n'])\n"
        "    time.sleep(0.05)\n"
        "    print(event['n'])\n"
    )
    with ThreadPoolExecutor() as pool:
        results = [pool.submit(functions.invoke, f'{{"n": {number}}}') for number in range(3)]
        while not all(result.done() for result in results):
            # A thread that is made meanwhile is none of the function's.
            threading.Thread(target=print, args=["mine"]).start()
            time.sleep(0.01)
    logs = [result.result()[2].splitlines()[1:-2] for result in results]
    assert logs == [["0", "0"], ["1", "1"], ["2", "2"]]
    assert set(lines()) == {"mine"}


def test_the_module_stays_until_code_or_configuration_is_changed(functions):
    counting = "calls = []\ndef handler(event, context):\n    calls.append(1)\n"
    counting += "    return len(calls)\n"
    functions.upload(counting)
    assert [functions.invoke()[0] for _ in range(3)] == [1, 2, 3]
    functions.upload(counting.replace("len", "-len"))
    assert [functions.invoke()[0] for _ in range(2)] == [-1, -2]
    functions.configure(MemorySize=256)
    answer, _, log = functions.invoke()
    assert answer == -1
    assert "Memory Size: 256 MB" in log


@pytest.mark.parametrize(
    ("source", "handler", "text"),
    [
        pytest.param(
            "def handler(",
            "code.handler",
            "SyntaxError: '(' was never closed (code.py, line 1)",
            id="syntax error",
        ),
        pytest.param(
            NOTHING,
            "wave_sensor.main",
            "ImportError: Unable to import module 'wave_sensor': ",
            id="not uploaded",
        ),
        pytest.param(
            NOTHING,
            "code.main",
            "AttributeError: module 'code' has no attribute 'main'",
            id="no such handler",
        ),
        pytest.param(
            f"{NOTHING}\n1 / 0",
            "code.handler",
            "ZeroDivisionError: division by zero\n"
            'Traceback (most recent call last):\n  File "/var/task/code.py", line 2, in <module>\n'
            "    1 / 0",
            id="error while imported",
        ),
        pytest.param("def handler(e, c): exit(3)", "code.handler", "SystemExit: 3", id="exit"),
    ],
)
def test_an_error_of_the_code_is_one_of_the_invocation_alone(functions, source, handler, text):
    functions.configure(Handler=handler)
    answer, error, log = functions.run(source)
    assert error == "Unhandled"
    assert f"\n[ERROR] {text}" in log
    assert f"{answer['errorType']}: {answer['errorMessage']}" in log
    functions.configure(Handler="code.handler")
    assert functions.run(NOTHING)[:2] == (None, None)


def test_what_cannot_run_is_refused(functions):
    client = functions.client
    invalid = client.exceptions.InvalidParameterValueException
    with pytest.raises(invalid, match="Could not unzip uploaded file"):
        client.update_function_code(FunctionName=FUNCTION_NAME, ZipFile=b"no zip")
    client.delete_function(FunctionName=FUNCTION_NAME)
    with pytest.raises(invalid, match="Could not unzip uploaded file"):
        create_function(client, NOTHING, Code={"ZipFile": b"no zip"})
    with pytest.raises(invalid, match="Runtime and Handler"):
        role = f"arn:aws:iam::123456789012:role/{ROLE_NAME}"
        code = {"ZipFile": build_package(NOTHING)}
        client.create_function(FunctionName=FUNCTION_NAME, Role=role, Code=code)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        functions.invoke()


def test_an_event_that_is_no_json_is_refused(functions):
    error = functions.client.exceptions.InvalidRequestContentException
    with pytest.raises(error, match="into json"):
        functions.invoke(payload="{no json")


def test_a_function_that_outlives_its_timeout_is_ended_and_so_is_its_container(functions):
    before = threading.active_count()
    functions.configure(Timeout=1)
    functions.upload(
        "import time\n"
        "calls = []\n"
        "def handler(event, context):\n"
        "    calls.append(1)\n"
        "    while 'hang' in event:\n"
        "        time.sleep(0.01)\n"
        "    return len(calls)\n"
    )
    assert [functions.invoke()[0] for _ in range(2)] == [1, 2]
    answer, error, log = functions.invoke('{"hang": true}')
    assert (error, answer["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert "Error: Task timed out after 1.00 seconds\n" in log
    assert functions.invoke()[0] == 1
    while threading.active_count() > before:
        time.sleep(0.01)


def test_threads_that_stay_print_to_the_log_of_each_invocation(functions):
    functions.upload(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "pool = ThreadPoolExecutor(1)\n"
        "def handler(event, context):\n"
        "    pool.submit(print, event['n']).result()\n"
    )
    for number in ("1234567890", "2"):
        log = functions.invoke(f'{{"n": {number}}}')[2]
        assert [line[:10] for line in log.splitlines()] == [
            "START Requ",
            number,
            "END Reques",
            "REPORT Req",
        ]


def test_a_long_log_is_cut_to_its_last_4_kb(functions):
    log = functions.run("def handler(event, context): print('x' * 5000)")[2]
    assert len(log) == 4096
    assert "REPORT RequestId" in log
    assert "START" not in log


def test_the_clients_of_a_function_are_those_of_its_region(functions):
    client = boto3.client("lambda", region_name="eu-north-1")
    create_function(
        client,
        "import os, boto3\n"
        "def handler(event, context):\n"
        "    return [boto3.Session().region_name, os.environ['AWS_REGION']]\n",
    )
    there = Functions(client).invoke()[0]
    assert there == ["eu-north-1", "eu-north-1"]
    assert boto3.Session().region_name == "us-east-1"
