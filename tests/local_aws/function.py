"""The function runs: what was uploaded to Lambda, in this process. moto would need Docker for it.

As on Lambda, code and its module stay between invocations, like a warm container, until code or
configuration change. What is printed goes to CloudWatch Logs. One invocation runs at a time.
"""

import base64
import contextlib
import importlib
import io
import json
import os
import sys
import tempfile
import threading
import time
import traceback
import uuid
import zipfile
from datetime import datetime, timezone
from types import SimpleNamespace
from unittest import mock

import boto3
from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaFunction

LOG_TAIL = 4096  # bytes of the log that an invocation can answer with

running = threading.RLock()
captured = {}  # thread: the buffer that takes what it prints


class Output:
    """Takes the place of sys.stdout and sys.stderr.

    What a thread prints that captures it goes to its buffer; what the threads of a running function
    print goes to the function's log; all other goes where it would have gone.
    """

    log = None  # of the function that runs
    others = ()  # the threads that are not the function's
    changing = threading.Lock()

    @classmethod
    def install(cls):
        """Take their place, if not done yet."""
        with cls.changing:
            for name in ("stdout", "stderr"):
                if not isinstance(getattr(sys, name), Output):
                    setattr(sys, name, Output(getattr(sys, name)))

    @classmethod
    def remove(cls):
        """Give their place back."""
        with cls.changing:
            for name in ("stdout", "stderr"):
                if isinstance(getattr(sys, name), Output):
                    setattr(sys, name, getattr(sys, name).real)

    def __init__(self, real):
        self.real = real

    def write(self, text):
        """Write a text where it belongs."""
        target = captured.get(threading.get_ident())
        if target is None and Output.log and threading.current_thread() not in Output.others:
            target = Output.log
        return (self.real if target is None else target).write(text)

    def __getattr__(self, name):
        return getattr(self.real, name)


@contextlib.contextmanager
def capture():
    """Give a buffer with what this thread prints meanwhile."""
    Output.install()
    thread, buffer = threading.get_ident(), io.StringIO()
    before = captured.get(thread)
    captured[thread] = buffer
    try:
        yield buffer
    finally:
        captured[thread] = before


class FunctionError(Exception):
    """An error of Lambda's runtime, not of the function's own code: its type and message."""


class Container:
    """The unpacked code of a function; `load()` imports it and returns the handler."""

    def __init__(self, function):
        self.fingerprint = find_fingerprint(function)
        self.folder = tempfile.TemporaryDirectory()
        self.module_name, _, self.handler_name = (function.handler or "").rpartition(".")
        self.module = None
        self.log_stream = f"{datetime.now(timezone.utc):%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
        try:
            with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as archive:
                archive.extractall(self.folder.name)
        except zipfile.BadZipFile:
            raise LambdaClientError(
                "InvalidParameterValueException",
                "Could not unzip uploaded file. Please check your file, then try to upload again.",
            ) from None

    def load(self):
        """Return the handler; raise FunctionError with what Lambda's Python runtime would say."""
        if not self.module_name:
            raise FunctionError(
                "Runtime.MalformedHandlerName",
                f"Bad handler '{self.handler_name}': not enough values to unpack",
            )
        try:
            self.module = self.module or self.import_module()
        except SyntaxError as error:
            text = f"Syntax error in module '{self.module_name}': {error}"
            raise FunctionError("Runtime.UserCodeSyntaxError", text) from None
        except ImportError as error:
            text = f"Unable to import module '{self.module_name}': {error}"
            raise FunctionError("Runtime.ImportModuleError", text) from None
        if not hasattr(self.module, self.handler_name):
            text = f"Handler '{self.handler_name}' missing on module '{self.module_name}'"
            raise FunctionError("Runtime.HandlerNotFound", text)
        return getattr(self.module, self.handler_name)

    def import_module(self):
        """Import the handler's module from the uploaded code, whatever this process has imported."""
        theirs = {name.partition(".")[0] for name in os.listdir(self.folder.name)}
        if self.module_name.partition(".")[0] not in theirs:
            raise ImportError(f"No module named '{self.module_name}'")
        ours = {name: sys.modules[name] for name in theirs & set(sys.modules)}
        for name in ours:
            del sys.modules[name]
        sys.path.insert(0, self.folder.name)
        importlib.invalidate_caches()
        try:
            return importlib.import_module(self.module_name)
        finally:
            sys.path.remove(self.folder.name)
            for name in theirs:
                sys.modules.pop(name, None)
            sys.modules.update(ours)


def find_fingerprint(function):
    """Return what makes Lambda start a new container when it changes."""
    return (
        function.code_sha_256, function.handler, function.timeout, function.memory_size,
        str(function.environment_vars),
    )


def find_container(containers, function):
    """Return the function's container, a new one if code or configuration have changed."""
    container = containers.get(function.function_arn)
    if not container or container.fingerprint != find_fingerprint(function):
        container = containers[function.function_arn] = Container(function)
    return container


def build_context(function, request_id, log_stream, end):
    """Return the context that the handler gets (Lambda Developer Guide, "Python context")."""
    return SimpleNamespace(
        aws_request_id=request_id,
        function_name=function.function_name,
        function_version="$LATEST",
        invoked_function_arn=function.function_arn,
        memory_limit_in_mb=str(function.memory_size),
        log_group_name=function.logs_group_name,
        log_stream_name=log_stream,
        identity=None,
        client_context=None,
        get_remaining_time_in_millis=lambda: max(0, round((end - time.monotonic()) * 1000)),
    )


def call_handler(container, event, context):
    """Return the handler's answer as JSON, and None; or its error as JSON, and its log line."""
    try:
        answer = container.load()(json.loads(event), context)
        try:
            return json.dumps(answer), None
        except (TypeError, ValueError) as error:
            raise FunctionError(
                "Runtime.MarshalError", f"Unable to marshal response: {error}"
            ) from None
    except FunctionError as error:
        kind, message, trace = *error.args, []
    except SystemExit as error:
        kind, trace = "Runtime.ExitError", []
        message = (
            f"RequestId: {context.aws_request_id} Error: "
            f"Runtime exited with error: exit status {error.code or 0}"
        )
    except BaseException as error:
        kind, message = type(error).__name__, str(error)
        trace = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])
    answer = {
        "errorMessage": message, "errorType": kind, "requestId": context.aws_request_id,
        "stackTrace": trace,
    }
    lines = [f"[ERROR] {kind}: {message}"]
    if trace:
        lines += ["Traceback (most recent call last):", *"".join(trace).splitlines()]
    return json.dumps(answer), "\n".join(lines)


def invoke(containers, function, event):
    """Run a function with an event, a JSON text; return its answer, whether it failed, its log.

    A function that outlives its time-out is reported as such. Its thread cannot be ended, so it
    goes on until it ends by itself.
    """
    request_id, log, result = str(uuid.uuid4()), io.StringIO(), []
    begin = time.monotonic()
    with running:
        container = find_container(containers, function)
        context = build_context(
            function, request_id, container.log_stream, begin + function.timeout
        )
        log.write(f"START RequestId: {request_id} Version: $LATEST\n")
        settings = {
            "AWS_REGION": function.region, "AWS_DEFAULT_REGION": function.region,
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name, **function.environment_vars,
        }
        thread = threading.Thread(
            target=lambda: result.append(call_handler(container, event, context)), daemon=True
        )
        Output.install()
        Output.log, Output.others = log, set(threading.enumerate())
        try:
            with mock.patch.dict(os.environ, settings):
                thread.start()
                thread.join(function.timeout)
        finally:
            Output.log = None
        if not result:
            del containers[function.function_arn]
            error = f"Task timed out after {function.timeout:.2f} seconds"
            message = f"RequestId: {request_id} Error: {error}"
            answer = {"errorType": "Sandbox.Timedout", "errorMessage": message}
            result.append((json.dumps(answer), f"{request_id} {error}"))
        answer, error = result[0]
        milliseconds = (time.monotonic() - begin) * 1000
        log.write(f"{error}\n" if error else "")
        log.write(f"END RequestId: {request_id}\n")
        log.write(
            f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\t"
            f"Billed Duration: {int(milliseconds) + 1} ms\tMemory Size: {function.memory_size} MB\t"
            f"Max Memory Used: {function.memory_size} MB\n"
        )
        write_log(function, container.log_stream, log.getvalue())
    return answer, bool(error), log.getvalue()


def write_log(function, log_stream, text):
    """Put the lines of a log into the function's log group, which Lambda makes when it first runs."""
    logs = boto3.client("logs", region_name=function.region)
    group = function.logs_group_name
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=group)
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=group, logStreamName=log_stream)
    now = round(time.time() * 1000)
    events = [{"timestamp": now, "message": f"{line}\n"} for line in text.splitlines() if line]
    logs.put_log_events(logGroupName=group, logStreamName=log_stream, logEvents=events)


@contextlib.contextmanager
def functions_run():
    """Let Lambda's Invoke run the function; give the containers, {function's ARN: Container}."""
    containers = {}

    def invoke_from_api(function, body, request_headers, response_headers):
        try:
            event = json.dumps(json.loads(body or "{}"))
        except ValueError as error:
            text = f"Could not parse request body into json: {error}"
            raise LambdaClientError("InvalidRequestContentException", text) from None
        if request_headers.get("X-Amz-Invocation-Type") == "DryRun":
            return ""
        answer, failed, log = invoke(containers, function, event)
        if failed:
            response_headers["x-amz-function-error"] = "Unhandled"
        response_headers["X-Amz-Executed-Version"] = "$LATEST"
        response_headers["x-amz-log-result"] = base64.b64encode(log.encode()[-LOG_TAIL:]).decode()
        return answer

    with mock.patch.object(LambdaFunction, "invoke", invoke_from_api):
        try:
            yield containers
        finally:
            Output.remove()
