"""tests/local_aws/function.py: what is uploaded runs, and fails as it does on Lambda."""

import base64
import json
import re

import boto3
import pytest

from tests.conftest import deploy


@pytest.fixture
def invoke(aws):
    """A function that uploads code and invokes it: its answer, parsed, its error, its log."""

    def invoke(source=None, payload="{}", handler="code.handler", **settings):
        if source is not None:
            deploy(source, handler, **settings)
        answer = boto3.client("lambda").invoke(
            FunctionName="kinesis-log-consumer", Payload=payload, LogType="Tail"
        )
        log = base64.b64decode(answer["LogResult"]).decode()
        assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
        return json.loads(answer["Payload"].read()), answer.get("FunctionError"), log

    return invoke


def test_the_uploaded_code_runs_and_its_log_is_between_lambdas_lines(invoke):
    answer, error, log = invoke(
        "import sys, threading\n"
        "def handler(event, context):\n"
        "    print('one', event['number'])\n"
        "    thread = threading.Thread(target=print, args=['from a thread'])\n"
        "    thread.start()\n"
        "    thread.join()\n"
        "    print('three', file=sys.stderr)\n"
        "    return {'twice': 2 * event['number']}\n",
        '{"number": 21}',
    )
    start, *printed, end, report = log.splitlines()
    request = start.split()[2]
    assert (answer, error) == ({"twice": 42}, None)
    assert printed == ["one 21", "from a thread", "three"]
    assert start == f"START RequestId: {request} Version: $LATEST"
    assert end == f"END RequestId: {request}"
    assert re.fullmatch(
        rf"REPORT RequestId: {request}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 128 MB\tMax Memory Used: \d+ MB", report
    )
    events = boto3.client("logs").filter_log_events(logGroupName="/aws/lambda/kinesis-log-consumer")
    assert [event["message"] for event in events["events"]] == log.splitlines(keepends=True)


def test_what_the_function_prints_goes_nowhere_else(invoke, lines):
    invoke("def handler(event, context): print('for the log')")
    assert lines() == []


def test_code_stays_warm_until_it_is_changed(invoke):
    counting = "calls = []\ndef handler(event, context):\n    calls.append(1)\n    return len(calls)\n"
    assert [invoke(counting)[0], invoke()[0], invoke()[0]] == [1, 2, 3]
    deploy(counting.replace("len(calls)", "-len(calls)"), update=True)
    assert [invoke()[0], invoke()[0]] == [-1, -2]


def test_the_context_and_the_environment_are_those_of_the_function(invoke):
    answer, _, log = invoke(
        "import os\n"
        "def handler(event, context):\n"
        "    left = context.get_remaining_time_in_millis()\n"
        "    return [context.function_name, context.function_version, context.memory_limit_in_mb,\n"
        "            context.invoked_function_arn, context.log_group_name, context.aws_request_id,\n"
        "            55000 < left <= 60000, os.environ['AWS_REGION'],\n"
        "            os.environ['AWS_DEFAULT_REGION'], os.environ['MINE']]\n",
        Environment={"Variables": {"MINE": "yes"}},
    )
    arn = "arn:aws:lambda:us-east-1:123456789012:function:kinesis-log-consumer"
    assert answer == [
        "kinesis-log-consumer", "$LATEST", "128", arn, "/aws/lambda/kinesis-log-consumer",
        log.split()[2], True, "us-east-1", "us-east-1", "yes",
    ]


@pytest.mark.parametrize(("source", "handler", "kind", "message"), [
    ("def handler(", "code.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'code'"),
    ("", "cod.handler", "Runtime.ImportModuleError", "Unable to import module 'cod'"),
    ("import nope", "code.handler", "Runtime.ImportModuleError", "No module named 'nope'"),
    ("", "wave_sensor.main", "Runtime.ImportModuleError", "No module named 'wave_sensor'"),
    ("", "code.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'code'"),
    ("", "handler", "Runtime.MalformedHandlerName", "Bad handler 'handler'"),
    ("def handler(e, c): return {1, 2}", "code.handler", "Runtime.MarshalError", "serializable"),
    ("def handler(e, c): exit(3)", "code.handler", "Runtime.ExitError", "exit status 3"),
    ("def handler(e, c):\n    1 / 0", "code.handler", "ZeroDivisionError", "division by zero"),
    ("1 / 0", "code.handler", "ZeroDivisionError", "division by zero"),
])
def test_an_error_of_the_code_is_a_function_error_and_the_next_invocation_works(
    invoke, source, handler, kind, message
):
    answer, error, log = invoke(source, handler=handler)
    assert error == "Unhandled"
    assert answer["errorType"] == kind and message in answer["errorMessage"]
    assert f"[ERROR] {kind}: " in log
    assert ("Traceback (most recent call last):" in log) is (kind == "ZeroDivisionError")
    deploy("def handler(event, context): return 'fine'", update=True)
    boto3.client("lambda").update_function_configuration(
        FunctionName="kinesis-log-consumer", Handler="code.handler"
    )
    assert invoke()[:2] == ("fine", None)


def test_a_function_that_outlives_its_time_out_is_ended(invoke):
    answer, error, log = invoke(
        "import threading\ndef handler(e, c): threading.Event().wait(5)\n", Timeout=1
    )
    assert (error, answer["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert "Task timed out after 1.00 seconds" in answer["errorMessage"] and "timed out" in log


def test_a_long_log_is_cut_to_its_last_4_kb(invoke):
    _, _, log = invoke("def handler(event, context): print('x' * 5000)")
    assert len(log) == 4096 and "REPORT RequestId" in log and "START" not in log


def test_a_file_that_is_no_zip_file_is_refused_when_it_is_to_run(invoke):
    deploy("")
    client = boto3.client("lambda")
    client.update_function_code(FunctionName="kinesis-log-consumer", ZipFile=b"no zip")
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="unzip"):
        invoke()


def test_a_payload_that_is_no_json_is_refused(invoke):
    with pytest.raises(Exception, match="InvalidRequestContentException.*into json"):
        invoke("def handler(event, context): pass", "{no json")


def test_modules_of_the_upload_are_found_and_are_not_those_of_this_process(invoke):
    import lambda_function

    source = "import sys\ndef lambda_handler(event, context): return 'the uploaded one'"
    assert invoke(source, handler="lambda_function.lambda_handler")[0] == "the uploaded one"
    import lambda_function as again
    assert again is lambda_function
