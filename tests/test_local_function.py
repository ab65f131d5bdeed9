"""tests/local_aws/function.py: what is uploaded runs, and fails as it does on Lambda."""

import base64
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from tests.conftest import deploy

FUNCTION, LOG_GROUP = "kinesis-log-consumer", "/aws/lambda/kinesis-log-consumer"


@pytest.fixture
def invoke(aws):
    """A function that uploads code and invokes it: its answer, parsed, its error, its log."""

    def invoke(source=None, payload="{}", handler="code.handler", **settings):
        if source is not None:
            deploy(source, handler, **settings)
        answer = boto3.client("lambda").invoke(
            FunctionName=FUNCTION, Payload=payload, LogType="Tail"
        )
        log = base64.b64decode(answer["LogResult"]).decode()
        assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
        return json.loads(answer["Payload"].read()), answer.get("FunctionError"), log

    return invoke


def test_the_uploaded_code_runs_and_its_log_is_between_lambdas_lines(invoke, lines):
    answer, error, log = invoke(
        "import logging, sys, threading\n"
        "def handler(event, context):\n"
        "    print('one', event['number'])\n"
        "    thread = threading.Thread(target=print, args=['from a thread'])\n"
        "    thread.start()\n"
        "    thread.join()\n"
        "    print(context.function_name, file=sys.stderr)\n"
        "    logging.warning('logged')\n"
        "    sys.stdout.close()\n"
        "    assert 30_000 < context.get_remaining_time_in_millis() <= 60_000\n"
        "    return context.aws_request_id\n",
        '{"number": 21}',
    )
    print("mine")
    start, *printed, end, report = log.splitlines()
    request = start.split()[2]
    assert (answer, error) == (request, None)
    assert printed == ["one 21", "from a thread", FUNCTION, "logged"] and lines() == ["mine"]
    assert start == f"START RequestId: {request} Version: $LATEST"
    assert end == f"END RequestId: {request}"
    assert re.fullmatch(
        rf"REPORT RequestId: {request}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 128 MB\tMax Memory Used: \d+ MB", report
    )
    events = boto3.client("logs").filter_log_events(logGroupName=LOG_GROUP)["events"]
    assert [event["message"] for event in events] == log.splitlines(keepends=True)
    assert abs(events[0]["timestamp"] / 1000 - time.time()) < 60


def test_one_invocation_runs_at_a_time_and_logs_only_what_it_prints(invoke, lines):
    deploy(
        "import time\n"
        "def handler(event, context):\n"
        "    print(event['number'])\n"
        "    time.sleep(0.1)\n"
        "    print(event['number'])\n"
    )
    with ThreadPoolExecutor() as pool:
        payloads = [json.dumps({"number": number}) for number in range(3)]
        results = [pool.submit(invoke, payload=payload) for payload in payloads]
        while not all(result.done() for result in results):
            print("mine")
            time.sleep(0.01)
    logs = [result.result()[2].splitlines()[1:-2] for result in results]
    assert logs == [["0", "0"], ["1", "1"], ["2", "2"]] and set(lines()) == {"mine"}


def test_the_module_stays_until_code_or_configuration_is_changed_or_the_function_made_again(invoke):
    counting = "calls = []\ndef handler(event, context):\n    calls.append(1)\n"
    counting += "    return len(calls)\n"
    assert [invoke(counting)[0], invoke()[0], invoke()[0]] == [1, 2, 3]
    deploy(counting.replace("len(calls)", "-len(calls)"), update=True)
    assert [invoke()[0], invoke()[0]] == [-1, -2]
    boto3.client("lambda").update_function_configuration(FunctionName=FUNCTION, MemorySize=256)
    assert [invoke()[0], invoke()[0]] == [-1, -2]
    boto3.client("lambda").delete_function(FunctionName=FUNCTION)
    assert invoke(counting)[0] == 1


@pytest.mark.parametrize(("source", "handler", "kind", "message"), [
    ("def handler(", "code.handler", "Runtime.ImportModuleError", "'(' was never closed"),
    ("import nope", "code.handler", "Runtime.ImportModuleError", "No module named 'nope'"),
    ("", "wave_sensor.main", "Runtime.ImportModuleError",
     "Unable to import module of handler 'wave_sensor.main': No module named 'wave_sensor'"),
    ("", "code.handler", "AttributeError", "module 'code' has no attribute 'handler'"),
    ("def handler(e, c): import nope", "code.handler", "ModuleNotFoundError", "named 'nope'"),
    ("def handler(e, c): exit(3)", "code.handler", "SystemExit", "3"),
])
def test_an_error_of_the_code_is_a_function_error_and_the_next_invocation_works(
    invoke, source, handler, kind, message
):
    answer, error, log = invoke(source, handler=handler)
    assert error == "Unhandled"
    assert answer["errorType"] == kind and message in answer["errorMessage"]
    assert f"[ERROR] {kind}: " in log
    boto3.client("lambda").delete_function(FunctionName=FUNCTION)
    assert invoke("def handler(event, context): return 'fine'")[:2] == ("fine", None)


def test_the_log_shows_where_in_the_uploaded_code_an_error_came_up(invoke):
    log = invoke("def handler(event, context): return {1, 2}\n\n1 / 0\n")[2]
    assert log.splitlines()[1:-2] == [
        "[ERROR] ZeroDivisionError: division by zero", "Traceback (most recent call last):",
        '  File "/var/task/code.py", line 3, in <module>',
    ]


def test_what_cannot_run_here_is_an_error_that_names_it(invoke):
    source = "def handler(event, context): pass"
    answer = invoke(source, Environment={"Variables": {"MINE": "yes"}})[0]
    assert "no environment variables" in answer["errorMessage"]
    client = boto3.client("lambda")
    client.delete_function(FunctionName=FUNCTION)
    deploy(source)
    client.update_function_code(FunctionName=FUNCTION, ZipFile=b"no zip")
    assert "not a zip" in invoke()[0]["errorMessage"]
    with pytest.raises(client.exceptions.InvalidRequestContentException, match="into json"):
        invoke(payload="{no json")


def test_a_function_that_outlives_its_time_out_is_ended(invoke):
    before = threading.active_count()
    source = "import time\ndef handler(event, context):\n    while True: time.sleep(0.01)"
    answer, error, log = invoke(source, Timeout=1)
    assert (error, answer["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert "Task timed out after 1.00 seconds" in answer["errorMessage"] and "timed out" in log
    while threading.active_count() > before:
        time.sleep(0.01)


def test_a_long_log_is_cut_to_its_last_4_kb(invoke):
    _, _, log = invoke("def handler(event, context): print('x' * 5000)")
    assert len(log) == 4096 and "REPORT RequestId" in log and "START" not in log
