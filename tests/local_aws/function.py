"""The function runs: what was uploaded to Lambda, in this process. moto would need Docker for it.

Its module stays between invocations, like a warm container, until code or configuration change.
What it prints goes to CloudWatch Logs. One invocation runs at a time. Environment variables are
refused, as an error of the function, and of the zip file the handler's module is all that is taken.
"""

import base64
import contextlib
import ctypes
import io
import json
import logging
import sys
import threading
import time
import traceback
import uuid
import zipfile
from datetime import datetime, timezone
from types import ModuleType, SimpleNamespace
from unittest import mock

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaFunction

LOG_TAIL = 4096  # bytes of the log that an invocation can answer with

running = threading.Lock()


class Output:
    """Takes the place of sys.stdout or sys.stderr: what a function prints goes to its log."""

    log, others = None, ()  # the log of the function that runs; threads that were there before it

    def __init__(self, real):
        self.real = real

    def write(self, text):
        """Write a text where it belongs."""
        log = None if threading.current_thread() in Output.others else Output.log
        return (log or self.real).write(text)

    def __getattr__(self, name):
        return getattr(self.real, name)


def take_output():
    """Let an Output take the place of sys.stdout and sys.stderr, if none has done so yet."""
    for name in ("stdout", "stderr"):
        if not isinstance(getattr(sys, name), Output):
            setattr(sys, name, Output(getattr(sys, name)))


@contextlib.contextmanager
def capture():
    """Give a buffer with what is printed meanwhile, except by functions."""
    take_output()
    out, err, buffer = sys.stdout, sys.stderr, io.StringIO()
    with mock.patch.object(out, "real", buffer), mock.patch.object(err, "real", buffer):
        yield buffer


class Container:
    """A function as it was configured, its log stream, and its handler once that is loaded."""

    def __init__(self, function):
        self.function, self.configuration = function, function.get_configuration()
        self.log_stream = f"{datetime.now(timezone.utc):%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
        self.handler = None

    def load(self):
        """Return the handler. Its module is the uploaded one, never one of this folder."""
        if self.function.environment_vars:
            raise NotImplementedError("a function has no environment variables here")
        name, _, handler = self.function.handler.rpartition(".")
        with zipfile.ZipFile(io.BytesIO(self.function.code_bytes)) as archive:
            if f"{name}.py" not in archive.namelist():
                raise ImportError(f"Unable to import module '{name}': it was not uploaded")
            code = compile(archive.read(f"{name}.py"), f"/var/task/{name}.py", "exec")
        module = ModuleType(name)
        exec(code, vars(module))
        return getattr(module, handler)

    def call(self, event, context, done):
        """Append to `done` the answer, as JSON, and no error; or both as describe_error() does."""
        try:
            self.handler = self.handler or self.load()
            done.append((json.dumps(self.handler(event, context)), ""))
        except BaseException as error:  # sys.exit(), too, ends nothing but the invocation
            frames = traceback.extract_tb(error.__traceback__)
            trace = traceback.format_list([each for each in frames if each.filename != __file__])
            done.append(describe_error(type(error).__name__, str(error), trace))


def describe_error(kind, message, trace=()):
    """Return an error as Lambda answers with it, as JSON, and as it stands in the log."""
    answer = {"errorMessage": message, "errorType": kind, "stackTrace": trace}
    heading = "\nTraceback (most recent call last):\n" if trace else ""
    return json.dumps(answer), f"[ERROR] {kind}: {message}{heading}{''.join(trace).rstrip()}\n"


def run(function, event):
    """Run a function with an event; return its answer, whether it failed, and its log."""
    container = getattr(function, "container", None)
    if not container or container.configuration != function.get_configuration():
        container = function.container = Container(function)
    request, log, done, begin = str(uuid.uuid4()), io.StringIO(), [], time.monotonic()
    end = begin + function.timeout
    context = SimpleNamespace(
        aws_request_id=request,
        function_name=function.function_name,
        get_remaining_time_in_millis=lambda: round(1000 * (end - time.monotonic())),
    )
    thread = threading.Thread(target=container.call, args=[event, context, done], daemon=True)
    log.write(f"START RequestId: {request} Version: $LATEST\n")
    take_output()
    Output.others, Output.log = set(threading.enumerate()), log
    with mock.patch.object(logging.root, "handlers", [logging.StreamHandler(log)]):
        thread.start()
        thread.join(function.timeout)
    Output.log = None
    if done:
        answer, error = done[0]
    else:  # it has outlived its time-out, and is ended before its next line
        set_error = ctypes.pythonapi.PyThreadState_SetAsyncExc
        set_error(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
        text = f"RequestId: {request} Error: Task timed out after {function.timeout:.2f} seconds"
        answer, error = describe_error("Sandbox.Timedout", text)
    milliseconds = (time.monotonic() - begin) * 1000
    log.write(
        f"{error}END RequestId: {request}\n"
        f"REPORT RequestId: {request}\tDuration: {milliseconds:.2f} ms\t"
        f"Billed Duration: {int(milliseconds) + 1} ms\tMemory Size: {function.memory_size} MB\t"
        f"Max Memory Used: {function.memory_size} MB\n"
    )
    write_log(function, container.log_stream, log.getvalue())
    return answer, bool(error), log.getvalue()


def write_log(function, log_stream, text):
    """Put a log into the function's log group, which Lambda makes when the function first runs."""
    logs, group, now = function.logs_backend, function.logs_group_name, round(time.time() * 1000)
    events = [{"timestamp": now, "message": f"{line}\n"} for line in text.splitlines()]
    logs.ensure_log_group(group)
    logs.ensure_log_stream(group, log_stream)
    logs.put_log_events(group, log_stream, events)


def invoke(function, body, request_headers, response_headers):
    """Answer Lambda's Invoke, in the place of moto's LambdaFunction.invoke()."""
    try:
        event = json.loads(body or "{}")
    except ValueError as error:
        text = f"Could not parse request body into json: {error}"
        raise LambdaClientError("InvalidRequestContentException", text) from None
    with running:
        answer, failed, log = run(function, event)
    if failed:
        response_headers["x-amz-function-error"] = "Unhandled"
    response_headers["X-Amz-Executed-Version"] = "$LATEST"
    tail = log.encode(errors="replace")[-LOG_TAIL:]
    response_headers["x-amz-log-result"] = base64.b64encode(tail).decode()
    return answer


@contextlib.contextmanager
def functions_run():
    """Let functions run when Lambda is asked to invoke them."""
    with mock.patch.object(LambdaFunction, "invoke", invoke):
        yield
