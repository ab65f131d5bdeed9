"""The program in a function's process, which Lambda calls the runtime.

It imports the handler, and calls it with each event that the server sends. Messages are lines of
JSON. The uploaded files are in LAMBDA_TASK_ROOT; nothing of this repository is imported here.
"""

import contextlib
import importlib
import json
import logging
import os
import signal
import socket
import sys
import time
import traceback

MAX_CHARACTERS = 7 * 2**20  # of a response; the server refuses one that is longer than 6 MB

TASK_ROOT = os.environ["LAMBDA_TASK_ROOT"]
# The folders of this machine, and what tracebacks show on Lambda instead.
SHOWN_FOLDERS = {
    TASK_ROOT: "/var/task",
    os.environ["PYTHONPATH"]: "/var/runtime",
    os.path.dirname(os.__file__): "/var/lang/lib/python{}.{}".format(*sys.version_info),
}


class Fault(Exception):
    """An error found by the runtime, not raised by the function."""

    def __init__(self, kind, message, trace=()):
        self.answer = {"errorType": kind, "errorMessage": message, "stackTrace": [*trace]}


class LambdaContext:
    """A handler's second argument."""

    client_context = None
    tenant_id = None

    def __init__(self, values, milliseconds):
        vars(self).update(values)
        self.identity = CognitoIdentity()
        self._end = time.monotonic() + milliseconds / 1000

    def get_remaining_time_in_millis(self):
        """Return the milliseconds left before the timeout."""
        return max(0, round(1000 * (self._end - time.monotonic())))

    def log(self, message):
        """Write a message to the log."""
        print(message, end="")


class CognitoIdentity:
    """The caller, if it is an Amazon Cognito app. Here it never is."""

    cognito_identity_id = None
    cognito_identity_pool_id = None


class LogFormatter(logging.Formatter):
    """Lambda's log format: level, time in UTC, request id and message."""

    converter = time.gmtime
    request_id = ""

    def __init__(self):
        line = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
        super().__init__(line, "%Y-%m-%dT%H:%M:%S")

    def format(self, record):
        """Return a log record as a line."""
        record.aws_request_id = self.request_id
        return super().format(record)


def start_guard(life, channel, folder):
    """Start a process that ends this one and deletes its folder when the server wants, or ends.

    The server holds the other end of the pipe `life`, which closes in both cases. A thread could
    not do this: a long regular expression, for instance, blocks all other threads.
    """
    function = os.getpid()
    if os.fork():
        return
    os.setpgid(0, 0)  # leave the process group that it will kill
    for descriptor in (0, 1, 2, channel):
        os.close(descriptor)
    os.read(life, 1)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(function, signal.SIGKILL)
    os.execvp("rm", ["rm", "-rf", folder])


def load(handler):
    """Import and return a handler, given as module.function."""
    module_name, dot, name = handler.rpartition(".")
    if not dot:
        text = f"Bad handler '{handler}': not enough values to unpack (expected 2, got 1)"
        raise Fault("Runtime.MalformedHandlerName", text)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        text = f"Unable to import module '{module_name}': {error}"
        raise Fault("Runtime.ImportModuleError", text) from error
    except SyntaxError as error:
        text = f"Syntax error in module '{module_name}': {error}"
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise Fault("Runtime.UserCodeSyntaxError", text, trace) from error
    if not hasattr(module, name):
        text = f"Handler '{name}' missing on module '{module_name}'"
        raise Fault("Runtime.HandlerNotFound", text)
    return getattr(module, name)


def to_json(result):
    """Return a handler's result as JSON."""
    try:
        text = json.dumps(result, ensure_ascii=False)
        text.encode()
        return text[:MAX_CHARACTERS]
    except Exception as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def describe_error(error, request_id):
    """Return an error in the form of Lambda's response."""
    if isinstance(error, Fault):
        answer = error.answer
    else:
        frames = traceback.extract_tb(error.__traceback__)
        trace = traceback.format_list([each for each in frames if each.filename != __file__])
        answer = {
            "errorType": type(error).__name__,
            "errorMessage": str(error),
            "stackTrace": trace,
        }
    for folder, shown in SHOWN_FOLDERS.items():
        answer["stackTrace"] = [line.replace(folder, shown) for line in answer["stackTrace"]]
    return {
        "errorMessage": answer["errorMessage"],
        "errorType": answer["errorType"],
        "requestId": request_id,
        "stackTrace": answer["stackTrace"],
    }


def main():
    """Import the handler, then call it with each event until the server closes the channel."""
    channel, life, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    start_guard(life, channel, folder)
    sys.path[0] = TASK_ROOT  # instead of this file's folder
    sys.argv = [""]
    os.set_inheritable(channel, False)  # child processes of the function do not get it
    os.register_at_fork(after_in_child=lambda: os.close(channel))
    stream = socket.socket(fileno=channel).makefile("rw", encoding="utf-8", newline="\n")

    def send(**message):
        stream.write(json.dumps(message) + "\n")
        stream.flush()

    log_handler, formatter = logging.StreamHandler(sys.stdout), LogFormatter()
    log_handler.setFormatter(formatter)
    logging.root.addHandler(log_handler)
    try:
        handler = load(os.environ["_HANDLER"])
    except Exception as error:
        send(error=describe_error(error, ""))
        return
    send(ready=True)
    for line in stream:
        message = json.loads(line)
        context = LambdaContext(message["context"], message["milliseconds"])
        formatter.request_id = context.aws_request_id
        try:
            send(result=to_json(handler(json.loads(message["event"]), context)))
        except Exception as error:
            send(error=describe_error(error, context.aws_request_id))


if __name__ == "__main__":
    main()
