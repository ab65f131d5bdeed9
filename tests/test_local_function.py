"""tests/local_aws/function.py: what is uploaded runs, and fails as it does on Lambda."""

import base64
import json
import os
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

import lambda_function
from tests.conftest import deploy

FUNCTION, LOG_GROUP = "kinesis-log-consumer", "/aws/lambda/kinesis-log-consumer"
ARN = f"arn:aws:lambda:us-east-1:123456789012:function:{FUNCTION}"


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
        "    print('three', file=sys.stderr)\n"
        "    logging.warning('logged')\n"
        "    sys.stdout.close()\n"
        "    return {'twice': 2 * event['number']}\n",
        '{"number": 21}',
    )
    print("mine")
    start, *printed, end, report = log.splitlines()
    request = start.split()[2]
    assert (answer, error) == ({"twice": 42}, None)
    assert printed == ["one 21", "from a thread", "three", "logged"] and lines() == ["mine"]
    assert start == f"START RequestId: {request} Version: $LATEST"
    assert end == f"END RequestId: {request}"
    assert re.fullmatch(
        rf"REPORT RequestId: {request}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 128 MB\tMax Memory Used: \d+ MB", report
    )
    events = boto3.client("logs").filter_log_events(logGroupName=LOG_GROUP)["events"]
    assert [event["message"] for event in events] == log.splitlines(keepends=True)


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


def test_code_stays_warm_until_it_is_changed_or_the_function_made_again(invoke):
    counting = "calls = []\ndef handler(e, c):\n    import code\n    code.calls.append(1)\n"
    counting += "    return len(calls)\n"
    assert [invoke(counting)[0], invoke()[0], invoke()[0]] == [1, 2, 3]
    deploy(counting.replace("len(calls)", "-len(calls)"), update=True)
    assert [invoke()[0], invoke()[0]] == [-1, -2]
    boto3.client("lambda").update_function_configuration(FunctionName=FUNCTION, MemorySize=256)
    assert [invoke()[0], invoke()[0]] == [-1, -2]
    boto3.client("lambda").delete_function(FunctionName=FUNCTION)
    assert invoke(counting)[0] == 1


def test_the_context_and_the_environment_are_those_of_the_function(invoke):
    answer, _, log = invoke(
        "import os\n"
        "def handler(event, c):\n"
        "    return [c.function_name, c.function_version, c.memory_limit_in_mb, c.log_group_name,\n"
        "            c.invoked_function_arn, 30000 < c.get_remaining_time_in_millis() <= 60000,\n"
        "            c.aws_request_id, os.environ['AWS_REGION'], os.environ['MINE']]\n",
        Environment={"Variables": {"MINE": "yes", "AWS_CONFIG_FILE": "none"}},
    )
    request = log.split()[2]
    assert answer == [
        FUNCTION, "$LATEST", "128", LOG_GROUP, ARN, True, request, "us-east-1", "yes"
    ]
    assert "MINE" not in os.environ and os.environ["AWS_CONFIG_FILE"] == os.devnull


@pytest.mark.parametrize(("source", "handler", "kind", "message"), [
    ("def handler(", "code.handler", "Runtime.ImportModuleError", "'code': '(' was never closed"),
    ("", "cod.handler", "Runtime.ImportModuleError", "Unable to import module 'cod'"),
    ("import nope", "code.handler", "Runtime.ImportModuleError", "No module named 'nope'"),
    ("", "wave_sensor.main", "Runtime.ImportModuleError", "No module named 'wave_sensor'"),
    ("", "code.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'code'"),
    ("def handler(e, c): return {1, 2}", "code.handler", "TypeError", "not JSON serializable"),
    ("def handler(e, c): exit(3)", "code.handler", "SystemExit", "3"),
    ("1 / 0", "code.handler", "ZeroDivisionError", "division by zero"),
])
def test_an_error_of_the_code_is_a_function_error_and_the_next_invocation_works(
    invoke, source, handler, kind, message
):
    answer, error, log = invoke(source, handler=handler)
    assert error == "Unhandled"
    assert answer["errorType"] == kind and message in answer["errorMessage"]
    assert f"[ERROR] {kind}: " in log
    assert ("Traceback (most recent call last):\n  File" in log) is ("Runtime" not in kind)
    boto3.client("lambda").delete_function(FunctionName=FUNCTION)
    assert invoke("def handler(event, context): return 'fine'")[:2] == ("fine", None)


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


def test_a_file_that_is_no_zip_file_and_a_payload_that_is_no_json_are_refused(invoke):
    client = boto3.client("lambda")
    with pytest.raises(Exception, match="InvalidRequestContentException.*into json"):
        invoke("def handler(event, context): pass", "{no json")
    client.update_function_code(FunctionName=FUNCTION, ZipFile=b"no zip")
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="not a zip"):
        invoke()


def test_the_code_is_the_uploaded_one_whatever_this_process_has_imported(invoke):
    source = "def lambda_handler(event, context): return 'the uploaded one'"
    assert invoke(source, handler="lambda_function.lambda_handler")[0] == "the uploaded one"
    import lambda_function as again
    assert again is lambda_function
