"""The function runs: what was uploaded to Lambda, in this process. moto would need Docker for it.

Its module stays between invocations, as in a warm container, until code or configuration change.
What it prints goes to CloudWatch Logs. One invocation runs at a time, and of the zip file only the
handler's module is used.
"""

import base64
import contextlib
import ctypes
import importlib.abc
import importlib.util
import io
import json
import logging
import os
import sys
import threading
import time
import traceback
import uuid
import zipfile
from datetime import datetime, timezone
from importlib.util import spec_from_loader
from types import SimpleNamespace
from unittest import mock

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaBackend

LOG_TAIL = 4096  # bytes of the log that an invocation can answer with

one_at_a_time = threading.Lock()
start_thread = threading.Thread.start
create_function = LambdaBackend.create_function
update_function_code = LambdaBackend.update_function_code


class Output:
    """Takes the place of sys.stdout or sys.stderr: what a function prints goes to its log."""

    def __init__(self, real):
        self.real = real

    def write(self, text):
        """Write a text to the log of the thread's function, or where it went before."""
        log = getattr(threading.current_thread(), "function_log", None)
        return (log or self.real).write(text)

    def __getattr__(self, name):
        return getattr(self.real, name)


def take_output():
    """Let an Output take the place of sys.stdout and sys.stderr, if none has done so yet."""
    for name in ("stdout", "stderr"):
        if not isinstance(getattr(sys, name), Output):
            setattr(sys, name, Output(getattr(sys, name)))


def find_terminal():
    """Return what sys.stdout is outside of functions, for lines that are not a function's own."""
    return sys.stdout.real if isinstance(sys.stdout, Output) else sys.stdout


def start_with_log(thread):
    """Start a thread, in the place of Thread.start(): it prints where its maker prints."""
    thread.function_log = getattr(threading.current_thread(), "function_log", None)
    start_thread(thread)


@contextlib.contextmanager
def capture():
    """Give a buffer with what is printed meanwhile, except by functions."""
    take_output()
    out, err, buffer = sys.stdout, sys.stderr, io.StringIO()
    with mock.patch.object(out, "real", buffer), mock.patch.object(err, "real", buffer):
        yield buffer


class Result:
    """What an invocation answers, as JSON; of an error also the lines that the log shows."""

    def __init__(self, payload, error_lines=""):
        self.payload = payload
        self.error_lines = error_lines


def build_error(kind, message, trace=()):
    """Return the Result of an invocation that has failed, in Lambda's form."""
    payload = {"errorMessage": message, "errorType": kind, "stackTrace": trace}
    lines = f"[ERROR] {kind}: {message}\n"
    if trace:
        lines += f"Traceback (most recent call last):\n{''.join(trace).rstrip()}\n"
    return Result(json.dumps(payload), lines)


class Uploaded(importlib.abc.InspectLoader):
    """Shows Python the source of an uploaded module, for the lines of a traceback."""

    def __init__(self, source):
        self.source = source

    def get_source(self, name):
        """Return the module's source."""
        return importlib.util.decode_source(self.source)


class Container:
    """A function as it was configured, its log, and its handler once that is loaded."""

    def __init__(self, function):
        self.function = function
        self.configuration = function.get_configuration()
        self.log_stream = f"{datetime.now(timezone.utc):%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
        self.log = io.StringIO()  # of one invocation, and then of the next
        self.handler = None

    def load(self):
        """Return the handler. Its module is the uploaded one, never one of this folder."""
        name, _, handler = self.function.handler.rpartition(".")
        with zipfile.ZipFile(io.BytesIO(self.function.code_bytes)) as archive:
            if f"{name}.py" not in archive.namelist():
                raise ImportError(f"Unable to import module '{name}': it was not uploaded")
            source = archive.read(f"{name}.py")
        module = importlib.util.module_from_spec(spec_from_loader(name, Uploaded(source)))
        exec(compile(source, f"/var/task/{name}.py", "exec"), vars(module))
        return getattr(module, handler)

    def call(self, event, context, results):
        """Call the handler, in a thread of its own that prints to the log; append its Result."""
        threading.current_thread().function_log = self.log
        try:
            if self.handler is None:
                self.handler = self.load()
            results.append(Result(json.dumps(self.handler(event, context))))
        except BaseException as error:  # sys.exit(), too, ends nothing but the invocation
            frames = traceback.extract_tb(error.__traceback__)
            trace = traceback.format_list([each for each in frames if each.filename != __file__])
            results.append(build_error(type(error).__name__, str(error), trace))


def find_container(function):
    """Return the container that is warm, or a new one if code or configuration have changed."""
    container = getattr(function, "container", None)
    if container is None or container.configuration != function.get_configuration():
        container = function.container = Container(function)
    return container


def build_context(function, container, request):
    """Return the context object of an invocation that begins now."""
    end = time.monotonic() + function.timeout
    return SimpleNamespace(
        aws_request_id=request,
        function_name=function.function_name,
        function_version="$LATEST",
        invoked_function_arn=function.function_arn,
        memory_limit_in_mb=str(function.memory_size),
        log_group_name=function.logs_group_name,
        log_stream_name=container.log_stream,
        get_remaining_time_in_millis=lambda: round(1000 * (end - time.monotonic())),
    )


@contextlib.contextmanager
def in_region(region):
    """Let new clients be those of the function's region. Almost always they are already."""
    names = ["AWS_REGION", "AWS_DEFAULT_REGION"]
    before = {name: os.environ.get(name) for name in names}
    if set(before.values()) == {region}:
        yield
        return
    os.environ.update(dict.fromkeys(names, region))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def call_until_timeout(container, event, context):
    """Call the handler; return its Result, None if it has not ended in time."""
    results = []
    thread = threading.Thread(target=container.call, args=[event, context, results], daemon=True)
    take_output()
    with (
        mock.patch.object(logging.root, "handlers", [logging.StreamHandler(sys.stderr)]),
        in_region(container.function.region),
    ):
        thread.start()
        thread.join(container.function.timeout)
    if results:
        return results[0]
    # It is ended before its next line, and Lambda does not use the container again.
    container.function.container = None
    set_error = ctypes.pythonapi.PyThreadState_SetAsyncExc
    set_error(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
    return None


def run_once(function, event):
    """Run a function with an event; return its Result and its log."""
    container, request = find_container(function), str(uuid.uuid4())
    context = build_context(function, container, request)
    begin = time.monotonic()
    log = container.log
    log.seek(0)
    log.truncate()
    log.write(f"START RequestId: {request} Version: $LATEST\n")
    result = call_until_timeout(container, event, context)
    if result is None:
        text = f"RequestId: {request} Error: Task timed out after {function.timeout:.2f} seconds"
        result = build_error("Sandbox.Timedout", text)
    milliseconds = (time.monotonic() - begin) * 1000
    log.write(
        f"{result.error_lines}END RequestId: {request}\n"
        f"REPORT RequestId: {request}\tDuration: {milliseconds:.2f} ms\t"
        f"Billed Duration: {int(milliseconds) + 1} ms\tMemory Size: {function.memory_size} MB\t"
        f"Max Memory Used: {function.memory_size} MB\n"
    )
    write_log(function, container.log_stream, log.getvalue())
    return result, log.getvalue()


def write_log(function, log_stream, text):
    """Put a log into the function's log group, which Lambda makes when the function first runs."""
    logs, group, now = function.logs_backend, function.logs_group_name, round(time.time() * 1000)
    events = [{"timestamp": now, "message": f"{line}\n"} for line in text.splitlines()]
    logs.ensure_log_group(group)
    logs.ensure_log_stream(group, log_stream)
    logs.put_log_events(group, log_stream, events)


def refuse(message, code="InvalidParameterValueException"):
    """Raise an error of Lambda."""
    raise LambdaClientError(code, message)


def check_package(zip_file):
    """Refuse what is no zip file, base64-encoded as in a request."""
    if not zipfile.is_zipfile(io.BytesIO(base64.b64decode(zip_file or ""))):
        refuse("Could not unzip uploaded file. Please check your file, then try to upload again.")


def create(backend, spec):
    """Make a function that can run, in the place of moto's LambdaBackend.create_function()."""
    if not spec.get("Runtime") or not spec.get("Handler"):
        refuse("Runtime and Handler are mandatory for functions created with deployment packages.")
    check_package(spec.get("Code", {}).get("ZipFile"))
    return create_function(backend, spec)


def update_code(backend, function_name, qualifier, body):
    """Replace a function's code, in the place of moto's LambdaBackend.update_function_code()."""
    check_package(body.get("ZipFile"))
    return update_function_code(backend, function_name, qualifier, body)


def invoke(backend, function_name, qualifier, body, headers, response_headers):
    """Answer Lambda's Invoke, in the place of moto's LambdaBackend.invoke()."""
    function = backend.get_function(function_name, qualifier)
    try:
        event = json.loads(body or "{}")
    except ValueError as error:
        text = f"Could not parse request body into json: {error}"
        refuse(text, "InvalidRequestContentException")
    response_headers["X-Amz-Executed-Version"] = "$LATEST"
    if headers.get("X-Amz-Invocation-Type") == "DryRun":
        return ""
    with one_at_a_time:
        result, log = run_once(function, event)
    if result.error_lines:
        response_headers["x-amz-function-error"] = "Unhandled"
    tail = log.encode(errors="replace")[-LOG_TAIL:]
    response_headers["x-amz-log-result"] = base64.b64encode(tail).decode()
    return result.payload


@contextlib.contextmanager
def functions_run():
    """Let functions run when Lambda is asked to invoke them."""
    with (
        mock.patch.multiple(
            LambdaBackend, create_function=create, update_function_code=update_code, invoke=invoke
        ),
        mock.patch.object(threading.Thread, "start", start_with_log),
    ):
        yield
