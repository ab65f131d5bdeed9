"""tests/local_aws/function.py: what is uploaded runs, and fails as it does on Lambda."""

import base64
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from tests.helpers import build_package, deploy

FUNCTION, LOG_GROUP = "kinesis-log-consumer", "/aws/lambda/kinesis-log-consumer"
NOTHING = "def handler(event, context): pass"

pytestmark = pytest.mark.usefixtures("aws")


def invoke(source=None, payload="", **settings):
    """Upload code, if there is any, and invoke it; return its answer, its error and its log."""
    if source is not None:
        deploy(source, **settings)
    answer = boto3.client("lambda").invoke(FunctionName=FUNCTION, Payload=payload, LogType="Tail")
    log = base64.b64decode(answer["LogResult"]).decode()
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    return json.loads(answer["Payload"].read()), answer.get("FunctionError"), log


def test_the_uploaded_code_runs_and_its_log_is_between_lambdas_lines(lines):
    answer, error, log = invoke(
        "import logging, sys, threading\n"
        "def handler(event, context):\n"
        "    print('one', event['number'])\n"
        "    thread = threading.Thread(target=print, args=['from a thread'])\n"
        "    thread.start()\n"
        "    thread.join()\n"
        "    print(context.function_name, file=sys.stderr)\n"
        "    logging.warning('logged')\n"
        "    assert 30_000 < context.get_remaining_time_in_millis() <= 60_000\n"
        "    return context.aws_request_id\n",
        '{"number": 21}',
    )
    print("mine")
    assert lines() == ["mine"]
    found = re.fullmatch(
        rf"START RequestId: (\S+) Version: \$LATEST\none 21\nfrom a thread\n{FUNCTION}\nlogged\n"
        r"END RequestId: \1\nREPORT RequestId: \1\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 128 MB\tMax Memory Used: 128 MB\n",
        log,
    )
    assert (answer, error) == (found[1], None)
    events = boto3.client("logs").filter_log_events(logGroupName=LOG_GROUP)["events"]
    assert [event["message"] for event in events] == log.splitlines(keepends=True)
    assert abs(events[0]["timestamp"] / 1000 - time.time()) < 60


def test_one_invocation_runs_at_a_time_and_logs_only_what_it_prints(lines):
    deploy(
        "import time\n"
        "def handler(event, context):\n"
        "    print(event['n'])\n"
        "    time.sleep(0.1)\n"
        "    print(event['n'])\n"
    )
    with ThreadPoolExecutor() as pool:
        results = [pool.submit(invoke, payload=f'{{"n": {n}}}') for n in range(3)]
        while not all(result.done() for result in results):
            print("mine")
            time.sleep(0.01)
    logs = [result.result()[2].splitlines()[1:-2] for result in results]
    assert logs == [["0", "0"], ["1", "1"], ["2", "2"]] and set(lines()) == {"mine"}


def test_the_module_stays_until_code_or_configuration_is_changed():
    counting = "calls = []\ndef handler(event, context):\n    calls.append(1)\n"
    counting += "    return len(calls)\n"
    assert [invoke(counting)[0], invoke()[0], invoke()[0]] == [1, 2, 3]
    client, changed = boto3.client("lambda"), build_package(counting.replace("len", "-len"))
    client.update_function_code(FunctionName=FUNCTION, ZipFile=changed)
    assert [invoke()[0], invoke()[0]] == [-1, -2]
    client.update_function_configuration(FunctionName=FUNCTION, MemorySize=256)
    assert [invoke()[0], invoke()[0]] == [-1, -2]


@pytest.mark.parametrize(
    ("source", "handler", "text"),
    [
        ("def handler(", "code.handler", "SyntaxError: '(' was never closed (code.py, line 1)"),
        (NOTHING, "wave_sensor.main", "ImportError: Unable to import module 'wave_sensor': "),
        (NOTHING, "code.main", "AttributeError: module 'code' has no attribute 'main'"),
        (
            f"{NOTHING}\n1 / 0",
            "code.handler",
            "ZeroDivisionError: division by zero\n"
            'Traceback (most recent call last):\n  File "/var/task/code.py", line 2, in <module>',
        ),
        ("def handler(e, c): exit(3)", "code.handler", "SystemExit: 3"),
    ],
)
def test_an_error_of_the_code_is_one_of_the_invocation_alone(source, handler, text):
    answer, error, log = invoke(source, Handler=handler)
    assert error == "Unhandled" and f"\n[ERROR] {text}" in log
    assert f"{answer['errorType']}: {answer['errorMessage']}" in log
    boto3.client("lambda").delete_function(FunctionName=FUNCTION)
    assert invoke(NOTHING)[:2] == (None, None)


def test_what_cannot_run_here_is_an_error_that_names_it():
    client = boto3.client("lambda")
    answer = invoke(NOTHING, Environment={"Variables": {"MINE": "yes"}})[0]
    assert "no environment variables" in answer["errorMessage"]
    client.delete_function(FunctionName=FUNCTION)
    assert "not a zip" in invoke(NOTHING, Code={"ZipFile": b"no zip"})[0]["errorMessage"]
    with pytest.raises(client.exceptions.InvalidRequestContentException, match="into json"):
        invoke(payload="{no json")


def test_a_function_that_outlives_its_time_out_is_ended():
    before = threading.active_count()
    source = "import time\ndef handler(event, context):\n    while True: time.sleep(0.01)"
    answer, error, log = invoke(source, Timeout=1)
    assert (error, answer["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert "Error: Task timed out after 1.00 seconds\n" in log
    while threading.active_count() > before:
        time.sleep(0.01)


def test_a_long_log_is_cut_to_its_last_4_kb():
    log = invoke("def handler(event, context): print('x' * 5000)")[2]
    assert len(log) == 4096 and "REPORT RequestId" in log and "START" not in log
