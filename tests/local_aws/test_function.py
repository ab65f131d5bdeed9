"""function.py and its process: uploaded code runs, fails and changes as on Lambda."""

import base64
import io
import json
import re
import signal
import subprocess
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from cleanup import FUNCTION_NAME
from tests.helpers import (
    LOG_GROUP,
    ROLE_ARN,
    build_package,
    create_function,
    deploy,
    make_client,
    until,
    wait_for_function,
)
from tests.local_aws import function, function_process

NOTHING = "def handler(event, context): pass"
ARN = f"arn:aws:lambda:us-east-1:123456789012:function:{FUNCTION_NAME}"
TOO_MANY_TAGS = "Number of tags exceeds resource tag limit."


class Functions:
    """Uploads, configures and invokes the function."""

    def __init__(self, client):
        self.client = client

    def upload(self, source):
        """Replace the function's code."""
        package = build_package(source) if isinstance(source, str) else source
        self.client.update_function_code(FunctionName=FUNCTION_NAME, ZipFile=package)
        wait_for_function(self.client)

    def configure(self, **settings):
        """Change the function's configuration."""
        self.client.update_function_configuration(FunctionName=FUNCTION_NAME, **settings)
        wait_for_function(self.client)

    def invoke(self, payload="{}"):
        """Invoke the function; return its response, its error and its log."""
        response = self.client.invoke(FunctionName=FUNCTION_NAME, Payload=payload, LogType="Tail")
        assert (response["StatusCode"], response["ExecutedVersion"]) == (200, "$LATEST")
        log = base64.b64decode(response["LogResult"]).decode()
        return json.load(response["Payload"]), response.get("FunctionError"), log

    def run(self, source, payload="{}"):
        """Upload code and invoke it; return its response, its error and its log."""
        self.upload(source)
        return self.invoke(payload)


@pytest.fixture
def functions(aws):
    """The Functions, with a function that does nothing."""
    deploy(NOTHING)
    return Functions(make_client("lambda"))


def read_events():
    """Return the messages in the function's log."""
    events = make_client("logs").filter_log_events(logGroupName=LOG_GROUP)["events"]
    return [event["message"] for event in events]


def is_alive(process_id):
    """Return whether a process exists and is not a zombie."""
    command = ["ps", "-o", "stat=", "-p", str(process_id)]
    state = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")


def find_error(call, **parameters):
    """Return code, status and message of a call's error."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    response = caught.value.response
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return response["Error"]["Code"], status, response["Error"]["Message"]


# Output and result


def test_uploaded_code_runs_and_its_output_is_between_lambdas_log_lines(functions, lines):
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
    assert lines() == []
    found = re.fullmatch(
        r"START RequestId: (\S+) Version: \$LATEST\n"
        rf"one 21\nfrom a thread\n{FUNCTION_NAME}\n"
        r"\[WARNING\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t\1\tlogged\n"
        r"END RequestId: \1\nREPORT RequestId: \1\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 128 MB\tMax Memory Used: (\d+) MB\tInit Duration: [\d.]+ ms\t\n",
        log,
    )
    assert (answer, error) == (found[1], None)
    assert 5 < int(found[2]) < 60
    assert "Init Duration" not in functions.invoke('{"number": 1}')[2]


def test_each_line_is_a_log_event_except_empty_ones(functions):
    functions.run("def handler(event, context): print('multi\\n\\nline\\na\\rb')")
    start, _, *printed = read_events()[:5]
    arn = r"arn:aws:lambda:us-east-1::runtime:\w{64}"
    pattern = rf"INIT_START Runtime Version: python:3\.13\.v1\tRuntime Version ARN: {arn}\n"
    assert re.fullmatch(pattern, start)
    assert printed == ["multi\n", "line\n", "a\rb\n"]


def test_an_error_is_one_log_event_as_on_lambda(functions):
    answer, error, _ = functions.run("def handler(event, context):\n    raise ValueError('bad')\n")
    frame = "  File \"/var/task/code.py\", line 2, in handler\n    raise ValueError('bad')\n"
    assert error == "Unhandled"
    assert list(answer) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert (answer["errorMessage"], answer["errorType"]) == ("bad", "ValueError")
    assert answer["stackTrace"] == [frame]
    shown = "Traceback (most recent call last):\n" + frame.replace("  ", "\u00a0\u00a0")
    assert f"[ERROR] ValueError: bad\n{shown}" in read_events()


def test_the_response_has_the_request_id_of_the_log(functions):
    response = functions.client.invoke(FunctionName=FUNCTION_NAME)
    assert f"END RequestId: {response['ResponseMetadata']['RequestId']}\n" in read_events()


def test_the_context_has_lambdas_attributes_and_the_time_left(functions):
    names = "function_name memory_limit_in_mb function_version log_group_name invoked_function_arn"
    answer, _, _ = functions.run(
        "def handler(event, context):\n"
        "    seconds = context.get_remaining_time_in_millis() / 1000\n"
        "    identity = context.identity\n"
        "    assert identity.cognito_identity_id is identity.cognito_identity_pool_id is None\n"
        "    assert context.client_context is context.tenant_id is None\n"
        f"    return [seconds, *(getattr(context, name) for name in '{names}'.split())]\n"
    )
    assert 30 < answer[0] <= 60
    assert answer[1:] == [FUNCTION_NAME, "128", "$LATEST", LOG_GROUP, ARN]


def test_the_module_is_kept_until_code_or_configuration_change(functions):
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


def test_the_log_in_a_response_is_its_last_4_kb(functions):
    log = functions.run("def handler(event, context): print('x' * 5000)")[2]
    assert len(log) == 4096
    assert "REPORT RequestId" in log
    assert "START" not in log


# Isolation


def test_it_has_lambdas_environment_and_not_the_readers(functions, aws, monkeypatch):
    monkeypatch.setenv("READERS_SECRET", "secret")
    names = functions.run("import os\ndef handler(event, context): return dict(os.environ)")[0]
    assert "READERS_SECRET" not in names
    assert names["_HANDLER"] == "code.handler"
    assert names["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert names["AWS_LAMBDA_FUNCTION_NAME"] == FUNCTION_NAME
    assert names["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "128"
    assert names["AWS_LAMBDA_LOG_GROUP_NAME"] == LOG_GROUP
    assert names["AWS_REGION"] == names["AWS_DEFAULT_REGION"] == "us-east-1"
    assert names["AWS_ACCESS_KEY_ID"] == aws.server.access_key
    assert names["LAMBDA_TASK_ROOT"] == names["PWD"]


def test_it_has_its_own_folders_and_no_modules_of_this_repository(functions):
    task, temporary, repository = functions.run(
        "import importlib.util, os, tempfile\n"
        "def handler(event, context):\n"
        "    found = map(importlib.util.find_spec, ['tests', 'function', 'cleanup'])\n"
        "    return [os.getcwd(), tempfile.gettempdir(), any(found)]\n"
    )[0]
    assert Path(task).parent == Path(temporary).parent != Path(tempfile.gettempdir())
    assert not repository
    functions.client.delete_function(FunctionName=FUNCTION_NAME)
    until(lambda: not Path(task).parent.exists())


def test_all_modules_of_the_zip_file_are_there_and_none_outside_its_folder(functions):
    package = io.BytesIO(build_package("import other\ndef handler(e, c): return other.find()\n"))
    with zipfile.ZipFile(package, "a") as archive:
        archive.writestr("other.py", "import os\ndef find(): return sorted(os.listdir('..'))\n")
        archive.writestr("../outside.py", "")
    assert functions.run(package.getvalue())[0] == ["task", "tmp"]


def test_it_calls_this_aws_over_http_and_unsupported_services_are_refused(functions):
    answer, _, _ = functions.run(
        "import boto3\n"
        "def handler(event, context):\n"
        "    account = boto3.client('sts').get_caller_identity()['Account']\n"
        "    try:\n"
        "        boto3.client('s3').list_buckets()\n"
        "    except Exception as error:\n"
        "        return [account, str(error)]\n"
    )
    assert answer[0] == "123456789012"
    assert "s3 is not supported by this local AWS" in answer[1]


def test_a_functions_clients_use_its_region(functions):
    client = boto3.client("lambda", region_name="eu-north-1")
    create_function(
        client,
        "import os, boto3\n"
        "def handler(event, context):\n"
        "    return [boto3.Session().region_name, os.environ['AWS_REGION']]\n",
    )
    assert Functions(client).invoke()[0] == ["eu-north-1", "eu-north-1"]


# Errors


@pytest.mark.parametrize(
    ("source", "handler", "kind", "text"),
    [
        pytest.param(
            "def handler(",
            "code.handler",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'code': '(' was never closed (code.py, line 1)",
            id="syntax error",
        ),
        pytest.param(
            NOTHING,
            "wave_sensor.main",
            "Runtime.ImportModuleError",
            "Unable to import module 'wave_sensor': No module named 'wave_sensor'",
            id="not uploaded",
        ),
        pytest.param(
            NOTHING,
            "code.main",
            "Runtime.HandlerNotFound",
            "Handler 'main' missing on module 'code'",
            id="no such handler",
        ),
        pytest.param(
            NOTHING,
            "handler",
            "Runtime.MalformedHandlerName",
            "Bad handler 'handler': not enough values to unpack (expected 2, got 1)",
            id="no module",
        ),
        pytest.param(
            "def handler(e, c): return {1}",
            "code.handler",
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type set is not JSON serializable",
            id="no JSON",
        ),
        pytest.param(
            "def handler(e, c): return '\\ud800'",
            "code.handler",
            "Runtime.MarshalError",
            "Unable to marshal response: 'utf-8' codec can't encode character '\\ud800' in position"
            " 1: surrogates not allowed",
            id="no UTF-8",
        ),
        pytest.param(
            f"{NOTHING}\n1 / 0",
            "code.handler",
            "ZeroDivisionError",
            "division by zero",
            id="error while imported",
        ),
    ],
)
def test_an_error_has_lambdas_type_and_text(functions, source, handler, kind, text):
    functions.configure(Handler=handler)
    answer, error, log = functions.run(source)
    assert (error, answer["errorType"], answer["errorMessage"]) == ("Unhandled", kind, text)
    assert f"\n[ERROR] {kind}: {text}\nTraceback (most recent call last):\n" in log
    functions.configure(Handler="code.handler")
    assert functions.run(NOTHING)[:2] == (None, None)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("exit(3)", "Runtime exited with error: exit status 3"),
        ("exit(0)", "Runtime exited without providing a reason"),
        (
            "__import__('os').kill(__import__('os').getpid(), 9)",
            "Runtime exited with error: signal: killed",
        ),
        ("bytearray(300 * 2**20)", "Runtime exited with error: signal: killed"),
    ],
)
def test_the_end_of_a_process_is_an_exit_error_with_its_reason(functions, source, reason):
    answer, error, log = functions.run(f"def handler(event, context): {source}")
    request = re.search(r"START RequestId: (\S+)", log)[1]
    assert answer == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request} Error: {reason}",
    }
    assert f"RequestId: {request} Error: {reason}\nRuntime.ExitError\n" in log


def test_a_process_can_end_before_the_handler_is_imported(functions):
    answer, error, log = functions.run("import sys\nsys.exit(0)\n")
    assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert answer["errorMessage"].endswith(" Error: Runtime exited without providing a reason")
    assert log.startswith("START RequestId: ")


def test_a_function_that_exceeds_its_memory_size_is_ended(functions):
    functions.configure(MemorySize=512)
    source = "def handler(event, context): return len(bytearray(300 * 2**20))"
    answer, _, log = functions.run(source)
    assert answer == 300 * 2**20
    assert int(re.search(r"Max Memory Used: (\d+) MB", log)[1]) > 300


def test_an_exception_that_cannot_be_printed_ends_the_process(functions):
    source = (
        "class Bad(Exception):\n"
        "    def __str__(self): return 1 / 0\n"
        "def handler(event, context): raise Bad\n"
    )
    assert functions.run(source)[0]["errorType"] == "Runtime.ExitError"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("__import__('re').match('(a+)+$', 'a' * 50 + 'b')", id="regular expression"),
        pytest.param("[print('x' * 1000) for _ in iter(int, 1)]", id="endless printing"),
        pytest.param("__import__('time').sleep(100)", id="sleep"),
    ],
)
def test_a_function_that_exceeds_its_timeout_is_ended(functions, source):
    functions.configure(Timeout=1)
    start = time.monotonic()
    answer, error, log = functions.run(f"def handler(event, context): {source}")
    assert time.monotonic() - start < 10
    assert (error, answer["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert answer["errorMessage"].endswith(" Error: Task timed out after 1.00 seconds")
    assert list(answer) == ["errorType", "errorMessage"]
    assert re.search(r"Z \S+ Task timed out after 1.00 seconds\n", log)
    assert "Status: timeout\t\n" in log
    assert functions.run(NOTHING)[:2] == (None, None)


def test_the_timeout_holds_while_a_large_event_is_sent(functions):
    functions.configure(Timeout=1)
    functions.run(
        "import re, threading, time\n"
        "def block(): time.sleep(0.05); re.match('(a+)+$', 'a' * 50 + 'b')\n"
        "def handler(event, context): threading.Thread(target=block).start()\n"
    )
    answer = functions.invoke(json.dumps("x" * 5 * 2**20))[0]
    assert answer["errorType"] == "Sandbox.Timedout"


def test_a_process_is_frozen_between_two_calls(functions):
    source = (
        "import threading, time\n"
        "beats = []\n"
        "def beat():\n"
        "    while True:\n"
        "        beats.append(1)\n"
        "        time.sleep(0.01)\n"
        "threading.Thread(target=beat, daemon=True).start()\n"
        "def handler(event, context): return len(beats)\n"
    )
    first = functions.run(source)[0]
    time.sleep(0.5)
    assert functions.invoke()[0] < first + 20


def test_a_forked_process_cannot_answer(functions):
    functions.upload(
        "import os\ndef handler(event, context): return event if os.fork() else 'fork'"
    )
    assert [functions.invoke(str(number))[0] for number in range(3)] == [0, 1, 2]


def test_a_function_that_writes_to_the_channel_is_ended(functions):
    source = "import os, sys\ndef handler(e, c): os.write(int(sys.orig_argv[4]), b'x\\n')"
    assert functions.run(source)[0]["errorType"] == "Runtime.ExitError"


def test_a_function_that_sends_more_than_any_response_is_ended(functions, monkeypatch):
    monkeypatch.setattr(function_process, "MAX_MESSAGE", 1000)
    assert functions.run("def handler(e, c): return 'x' * 900")[0] == "x" * 900
    answer = functions.run("def handler(e, c): return 'x' * 1001")[0]
    assert answer["errorType"] == "Runtime.ExitError"


def test_a_process_that_ends_while_it_starts_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    function_process.FunctionProcess(
        build_package(NOTHING), {"_HANDLER": "code.handler"}, 128
    ).close()
    assert not list(tmp_path.iterdir())


def test_an_invocations_log_has_a_limit(functions, monkeypatch):
    monkeypatch.setattr(function_process, "MAX_LOG", 1000)
    log = functions.run("def handler(event, context): print('x' * 3000)")[2]
    assert "(this local AWS has dropped 2001 more bytes)\n" in log
    assert "x" * 1000 in log and "x" * 1001 not in log


def test_a_deleted_function_is_ended_whatever_it_catches(functions, tmp_path):
    functions.upload(
        "import time\n"
        "def handler(event, context):\n"
        "    while True:\n"
        "        try:\n"
        f"            open({str(tmp_path / 'beat')!r}, 'w').close()\n"
        "            time.sleep(0.01)\n"
        "        except BaseException:\n"
        "            pass\n"
    )
    functions.configure(Timeout=5)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(functions.invoke)
        until((tmp_path / "beat").exists)
        functions.client.delete_function(FunctionName=FUNCTION_NAME)
        assert answer.result()[0]["errorType"] == "Runtime.ExitError"
    (tmp_path / "beat").unlink()
    time.sleep(0.1)
    assert not (tmp_path / "beat").exists()


def test_a_functions_child_processes_end_with_it(functions, tmp_path):
    functions.configure(Timeout=1)
    functions.run(
        "import subprocess, time\n"
        "def handler(event, context):\n"
        "    child = subprocess.Popen(['sleep', '100'])\n"
        f"    print(child.pid, file=open({str(tmp_path / 'pid')!r}, 'w'), flush=True)\n"
        "    time.sleep(100)\n"
    )
    until(lambda: not is_alive((tmp_path / "pid").read_text().strip()))


def test_a_process_with_old_code_ends_after_its_invocation(functions):
    functions.upload("import os, time\ndef handler(e, c): time.sleep(0.3); return os.getpid()")
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(functions.invoke)
        time.sleep(0.15)
        functions.upload(NOTHING)
        functions.invoke()
        process_id = answer.result()[0]
    until(lambda: not is_alive(process_id))


def test_a_function_that_closes_its_output_does_not_affect_the_next_one(functions):
    source = "import sys\ndef handler(event, context):\n    sys.stdout.close()\n    return 1\n"
    assert [functions.run(source)[0], functions.invoke()[0]] == [1, 1]
    assert "shown\n" in functions.run("def handler(event, context): print('shown')")[2]


def test_a_traceback_quotes_the_code_that_ran(functions):
    functions.run("def handler(event, context):\n    raise ValueError('first')\n")
    log = functions.run("def handler(event, context):\n    raise KeyError('second')\n")[2]
    assert "raise KeyError('second')" in log and "first" not in log


def test_a_dataclass_works(functions):
    source = (
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "@dataclass\nclass Reading:\n    value: int\n"
        "def handler(event, context): return Reading(1).value\n"
    )
    assert functions.run(source)[0] == 1


def test_several_invocations_run_at_once_each_with_its_own_log(functions):
    functions.upload(
        "import os, time\n"
        "def handler(event, context):\n"
        "    print(event['n'])\n"
        "    time.sleep(0.3)\n"
        "    return os.getpid()\n"
    )
    with ThreadPoolExecutor() as pool:
        results = [*pool.map(functions.invoke, [f'{{"n": {number}}}' for number in range(3)])]
    assert [log.splitlines()[1] for _, _, log in results] == ["0", "1", "2"]
    assert len({process for process, _, _ in results}) == 3


def test_a_process_ends_with_the_server_even_if_the_server_is_killed(spawn, tmp_path):
    source = (
        "import os, re, sys\n"
        "def handler(event, context):\n"
        f"    path = {str(tmp_path / 'pid')!r}\n"
        "    open(path + '_', 'w').write(f'{os.getpid()} {os.getcwd()}')\n"
        "    os.rename(path + '_', path)\n"
        "    re.match('(a+)+$', 'a' * 50 + 'b')\n"  # which blocks all other threads
    )
    program = (
        "from tests import local_aws\n"
        "from tests.helpers import deploy, make_client, FUNCTION_NAME\n"
        "with local_aws.running(speed=100, managed_policies=False):\n"
        f"    deploy({source!r})\n"
        "    make_client('lambda').invoke(FunctionName=FUNCTION_NAME)\n"
    )
    server = spawn("-c", program)
    until((tmp_path / "pid").exists)
    process_id, folder = (tmp_path / "pid").read_text().split()
    assert is_alive(process_id)
    server.send_signal(signal.SIGKILL)
    until(lambda: not is_alive(process_id) and not Path(folder).parent.exists())


# Creating and updating


def test_a_new_function_is_pending_then_active_with_the_recorded_fields(aws):
    deploy(NOTHING)
    client = make_client("lambda")
    client.delete_function(FunctionName=FUNCTION_NAME)
    package = {"ZipFile": build_package(NOTHING)}
    function.CHANGE_DELAY, before = 1000, function.CHANGE_DELAY
    try:
        created = client.create_function(
            FunctionName=FUNCTION_NAME,
            Runtime="python3.13",
            Handler="code.handler",
            Role=ROLE_ARN,
            Code=package,
        )
        with pytest.raises(client.exceptions.ResourceConflictException, match="state: Pending"):
            client.invoke(FunctionName=FUNCTION_NAME)
    finally:
        function.CHANGE_DELAY = before
    assert created.pop("ResponseMetadata")["HTTPStatusCode"] == 201
    assert sorted(created) == sorted(
        "Architectures CodeSha256 CodeSize Description EphemeralStorage FunctionArn FunctionName"
        " Handler LastModified LoggingConfig MemorySize PackageType RevisionId Role Runtime"
        " RuntimeVersionConfig SnapStart State StateReason StateReasonCode Timeout TracingConfig"
        " Version".split()
    )
    assert (created["State"], created["StateReasonCode"]) == ("Pending", "Creating")
    assert created["StateReason"] == "The function is being created."


def test_during_an_update_the_old_code_runs(functions, monkeypatch):
    client = functions.client
    functions.upload("def handler(event, context): return 'old'")
    listed = client.list_functions()["Functions"][0]
    assert not listed.keys() & {"State", "LastUpdateStatus", "RuntimeVersionConfig"}
    monkeypatch.setattr(function, "CHANGE_DELAY", 50)
    package = build_package("def handler(event, context): return 'new'")
    answer = client.update_function_code(FunctionName=FUNCTION_NAME, ZipFile=package)
    assert (answer["State"], answer["LastUpdateStatus"]) == ("Active", "InProgress")
    assert answer["LastUpdateStatusReason"] == "The function is being created."
    assert answer["LastUpdateStatusReasonCode"] == "Creating"
    assert functions.invoke()[0] == "old"
    text = f"An update is in progress for resource: {ARN}"
    with pytest.raises(client.exceptions.ResourceConflictException, match=text):
        client.update_function_configuration(FunctionName=FUNCTION_NAME, Timeout=5)
    wait_for_function(client)
    assert functions.invoke()[0] == "new"
    after = client.get_function(FunctionName=FUNCTION_NAME)["Configuration"]
    assert (after["LastUpdateStatus"], after["State"]) == ("Successful", "Active")
    assert after["RevisionId"] != answer["RevisionId"]


def test_a_new_role_cannot_be_assumed_for_a_moment(monkeypatch, functions):
    iam = make_client("iam")
    role = iam.create_role(RoleName="new", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    monkeypatch.setattr(function, "ROLE_DELAY", 1000)
    text = r"The role defined for the function cannot be assumed by Lambda\."
    with pytest.raises(ClientError, match=text):
        functions.client.create_function(
            FunctionName="f",
            Runtime="python3.13",
            Handler="code.handler",
            Role=role,
            Code={"ZipFile": build_package(NOTHING)},
        )
    with pytest.raises(ClientError, match=text):
        functions.configure(Role=role)


def refuse(functions, text, **settings):
    """Try to create a function; expect an error."""
    functions.client.delete_function(FunctionName=FUNCTION_NAME)
    with pytest.raises(functions.client.exceptions.InvalidParameterValueException) as raised:
        create_function(functions.client, NOTHING, **settings)
    assert text in str(raised.value)
    assert raised.value.response["Type"] == "User"


def test_a_zip_file_that_cannot_be_unpacked_is_refused(functions):
    text = "Could not unzip uploaded file. Please check your file, then try to upload again."
    with pytest.raises(ClientError, match=re.escape(text)):
        functions.upload(b"not a zip file")
    refuse(functions, text, Code={"ZipFile": b"not a zip file"})


def test_a_zip_file_that_is_too_large_unpacked_is_refused(functions):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(25):
            archive.writestr(f"large-{number}", bytes(10 * 2**20))
    text = "Unzipped size must be smaller than 262144000 bytes"
    refuse(functions, text, Code={"ZipFile": package.getvalue()})


def test_a_zip_file_above_50_mb_is_refused(functions, monkeypatch):
    update = functions.client.update_function_code
    package = build_package(NOTHING)
    monkeypatch.setattr(function, "MAX_ZIPPED", len(package))
    functions.upload(package)
    monkeypatch.setattr(function, "MAX_ZIPPED", 100)
    code, status, message = find_error(update, FunctionName=FUNCTION_NAME, ZipFile=package)
    assert (code, status) == ("RequestEntityTooLargeException", 413)
    assert message == "Zipped size must be smaller than 100 bytes"


def test_a_name_of_65_letters_is_refused_and_one_of_64_is_not(functions):
    text = (
        f"1 validation error detected: Value '{'a' * 65}' at 'functionName' failed to satisfy"
        " constraint: Member must have length less than or equal to 64"
    )
    refuse(functions, text, FunctionName="a" * 65)
    create_function_alone = functions.client.create_function
    create_function_alone(
        FunctionName="a" * 64,
        Runtime="python3.13",
        Handler="code.handler",
        Role=ROLE_ARN,
        Code={"ZipFile": build_package(NOTHING)},
    )


@pytest.mark.parametrize("operation", ["get_function", "get_function_configuration", "invoke"])
def test_a_functions_only_version_is_latest(functions, operation):
    call = getattr(functions.client, operation)
    call(FunctionName=ARN, Qualifier="$LATEST")
    _, status, message = find_error(call, FunctionName=FUNCTION_NAME, Qualifier="1221")
    assert (status, message) == (404, f"Function not found: {ARN}:1221")
    _, status, message = find_error(call, FunctionName=f"{ARN}:$LATEST", Qualifier="1")
    assert message == (
        "The derived qualifier from the function name does not match the specified qualifier."
    )


def test_a_version_cannot_be_deleted_or_created(functions):
    delete = functions.client.delete_function
    _, _, message = find_error(delete, FunctionName=FUNCTION_NAME, Qualifier="$LATEST")
    assert message == "$LATEST version cannot be deleted without deleting the function."
    _, _, message = find_error(delete, FunctionName=FUNCTION_NAME, Qualifier="1")
    assert message == "Qualifier 1 is not supported by this local AWS"
    with pytest.raises(ClientError, match="FunctionName f:1 is not supported by this local AWS"):
        create_function(functions.client, NOTHING, FunctionName="f:1")
    assert functions.invoke()[0] is None


@pytest.mark.parametrize("operation", ["get_function", "delete_function", "invoke"])
def test_a_function_in_another_region_is_not_reachable(aws, operation):
    arn = ARN.replace("us-east-1", "us-west-2")
    code, status, message = find_error(getattr(make_client("lambda"), operation), FunctionName=arn)
    assert (code, status) == ("ResourceNotFoundException", 404)
    assert message == "Functions from 'us-west-2' are not reachable in this region ('us-east-1')"


def test_the_context_has_the_qualifier_of_the_call(functions):
    functions.upload("def handler(event, context): return context.invoked_function_arn")
    response = functions.client.invoke(FunctionName=FUNCTION_NAME, Qualifier="$LATEST")
    assert json.load(response["Payload"]) == f"{ARN}:$LATEST"
    assert functions.invoke('{"qualifier": "1"}')[0] == ARN, "an event is no qualifier"


def test_tags_are_added_up_to_fifty(functions):
    tag = functions.client.tag_resource
    assert tag(Resource=ARN, Tags={"a": "b"})["ResponseMetadata"]["HTTPStatusCode"] == 204
    more = {f"key {number}": "value" for number in range(50)}
    assert find_error(tag, Resource=ARN, Tags=more)[2] == TOO_MANY_TAGS
    with pytest.raises(ClientError, match=TOO_MANY_TAGS):
        create_function(functions.client, NOTHING, FunctionName="f", Tags=more | {"a": "b"})
    assert functions.client.list_tags(Resource=ARN)["Tags"] == {"a": "b"}
    del more["key 0"]
    tag(Resource=ARN, Tags=more)
    assert len(functions.client.list_tags(Resource=ARN)["Tags"]) == 50
    message = find_error(tag, Resource=ARN, Tags={})[2]
    assert message == "An error occurred and the request cannot be processed."
    assert find_error(tag, Resource=f"{ARN}:alias", Tags={"a": "b"})[2] == (
        "Tags on function aliases and versions are not supported. Please specify a function ARN."
    )


def test_a_missing_function_is_named(functions):
    functions.client.delete_function(FunctionName=FUNCTION_NAME)
    not_found = functions.client.exceptions.ResourceNotFoundException
    with pytest.raises(not_found) as raised:
        functions.invoke()
    response = raised.value.response
    assert response["Message"] == f"Function not found: {ARN}:$LATEST"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_an_event_must_be_json_of_at_most_6_mb(functions):
    for event in ("{no json", "[" * 100_000):
        with pytest.raises(ClientError, match="Could not parse request body into json"):
            functions.invoke(payload=event)
    functions.invoke(payload=b'"' + b"x" * (6 * 2**20 - 2) + b'"')
    with pytest.raises(ClientError, match="Request must be smaller than 6291456 bytes") as raised:
        functions.invoke(payload=b'"' + b"x" * (6 * 2**20 - 1) + b'"')
    assert raised.value.response["Error"]["Code"] == "RequestEntityTooLargeException"


def test_a_response_above_6_mb_is_an_error(functions):
    functions.configure(MemorySize=1024)
    functions.upload("def handler(event, context): return 'x' * event")
    assert len(functions.invoke("6291554")[0]) == 6291554  # and two quotation marks
    for length in ("6291555", "110000000"):
        assert functions.invoke(length)[0] == {
            "errorMessage": "Response payload size exceeded maximum allowed payload size"
            " (6291556 bytes).",
            "errorType": "Function.ResponseSizeTooLarge",
        }


def test_a_dry_run_runs_nothing(functions):
    response = functions.client.invoke(FunctionName=FUNCTION_NAME, InvocationType="DryRun")
    assert (response["StatusCode"], response["Payload"].read()) == (204, b"")
    assert "ExecutedVersion" not in response


@pytest.mark.parametrize(
    ("setting", "value"),
    [("MemorySize", 127), ("MemorySize", 10241), ("Timeout", 0), ("Timeout", 901)],
)
def test_a_setting_outside_its_range_is_refused(functions, setting, value):
    with pytest.raises(ClientError, match="failed to satisfy constraint"):
        make_client("lambda", parameter_validation=False).update_function_configuration(
            FunctionName=FUNCTION_NAME, **{setting: value}
        )


@pytest.mark.parametrize(
    ("setting", "value"),
    [("MemorySize", 128), ("MemorySize", 10240), ("Timeout", 1), ("Timeout", 900)],
)
def test_a_setting_at_the_ends_of_its_range_is_accepted(functions, setting, value):
    functions.configure(**{setting: value})
    found = functions.client.get_function_configuration(FunctionName=FUNCTION_NAME)
    assert found[setting] == value
