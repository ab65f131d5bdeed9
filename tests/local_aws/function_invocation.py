"""One invocation of a function: its process, its result, and its log as Lambda writes it."""

import hashlib
import io
import json
import threading
import time
import uuid
from datetime import datetime, timezone

from tests.local_aws.function_process import ProcessEnded

LOG_TAIL = 4096  # bytes of the log in a response to Invoke
MAX_INIT = 10  # seconds
MAX_RESPONSE = 6291556  # bytes


class Processes:
    """The processes of one version of a function, both idle and running."""

    def __init__(self):
        self.idle, self.all, self.lock, self.outdated = [], set(), threading.Lock(), False

    def take(self):
        """Return an idle process, or None."""
        with self.lock:
            return self.idle.pop() if self.idle else None

    def add(self, process):
        """Add a new, running process."""
        with self.lock:
            self.all.add(process)

    def give_back(self, process):
        """Keep a process for the next invocation, unless the function has changed."""
        with self.lock:
            if not self.outdated:
                process.freeze()
                self.idle.append(process)
                return
        self.end(process)

    def end(self, process):
        """End a process."""
        process.close()
        self.all.discard(process)

    def retire(self):
        """End the idle processes now, and the others when they are done."""
        with self.lock:
            self.outdated, idle, self.idle = True, self.idle, []
        for process in idle:
            self.end(process)

    def end_all(self):
        """End all processes at once."""
        self.retire()
        for process in [*self.all]:
            self.end(process)


class Invocation:
    """One invocation of a function, with its log and its result."""

    def __init__(self, function, arn):
        self.function, self.arn = function, arn
        self.request_id = str(uuid.uuid4())
        self.log = []  # log events
        self.error = ""  # the type of the error, if it failed
        self.init = ""  # the part of the report about a cold start

    def run(self, event, make_process):
        """Run the function with an event, given as JSON; return its response as JSON."""
        processes = self.function.processes
        process = processes.take()
        is_cold = process is None
        if is_cold:
            process = make_process(self.function)
            processes.add(process)
        start = time.monotonic()
        usable = False
        try:
            message = self.prepare(process, is_cold)
            start = time.monotonic()
            if "ready" in message:
                message = self.call(process, event)
                usable = True
        except TimeoutError:
            seconds = f"{self.function.timeout:.2f} seconds"
            message = self.make_error("Sandbox.Timedout", f"Task timed out after {seconds}")
        except ProcessEnded as error:
            message = self.make_error("Runtime.ExitError", str(error))
        milliseconds = 1000 * (time.monotonic() - start)
        self.add_lines(process.take_output())
        answer = self.read(message)
        self.report(process, milliseconds)
        if usable:
            processes.give_back(process)
        else:
            processes.end(process)
        return answer

    def prepare(self, process, is_cold):
        """Return the message of a process, which is ready or could not start."""
        try:
            return self.start(process) if is_cold else {"ready": True}
        finally:
            self.log.append(f"START RequestId: {self.request_id} Version: $LATEST\n")

    def start(self, process):
        """Wait until a new process has imported the function; return its message."""
        start = time.monotonic()
        version, arn = describe_runtime(self.function)
        self.log.append(f"INIT_START Runtime Version: {version}\tRuntime Version ARN: {arn}\n")
        try:
            return process.receive(MAX_INIT)
        finally:
            self.init = f"Init Duration: {1000 * (time.monotonic() - start):.2f} ms\t"
            self.add_lines(process.take_output())

    def call(self, process, event):
        """Have a process call the handler; return its message."""
        context = {
            "aws_request_id": self.request_id,
            "function_name": self.function.function_name,
            "function_version": "$LATEST",
            "invoked_function_arn": self.arn,
            "memory_limit_in_mb": str(self.function.memory_size),
            "log_group_name": self.function.logs_group_name,
            "log_stream_name": process.log_stream,
        }
        milliseconds = 1000 * self.function.timeout
        message = {"event": event, "context": context, "milliseconds": milliseconds}
        process.send(message, self.function.timeout)
        return process.receive(self.function.timeout)

    def make_error(self, kind, reason):
        """Return the message for a process that ended without sending one."""
        text = f"RequestId: {self.request_id} Error: {reason}"
        return {"error": {"errorType": kind, "errorMessage": text}}

    def read(self, message):
        """Return the function's response; add an error to the log."""
        if "result" in message and len(message["result"].encode()) > MAX_RESPONSE:
            text = "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
            kind = "Function.ResponseSizeTooLarge"
            message = {"error": {"errorMessage": text, "errorType": kind}}
        if "result" in message:
            return message["result"]
        error = message["error"]
        self.error = error["errorType"]
        if self.error == "Sandbox.Timedout":
            moment = datetime.now(timezone.utc).isoformat(timespec="milliseconds")[:-6]
            text = error["errorMessage"].partition("Error: ")[2]
            self.log.append(f"{moment}Z {self.request_id} {text}\n")
        elif "stackTrace" in error:
            self.log.append(format_error(error))
        else:
            self.log.append(f"{error['errorMessage']}\n{self.error}\n")
        return json.dumps(error)

    def report(self, process, milliseconds):
        """Finish the log with Lambda's REPORT line, and store it."""
        outcome = ""
        if self.error == "Sandbox.Timedout":
            outcome = "Status: timeout\t"
        elif self.error:
            outcome = f"Status: error\tError Type: {self.error}\t"
        self.log += [
            f"END RequestId: {self.request_id}\n",
            f"REPORT RequestId: {self.request_id}\tDuration: {milliseconds:.2f} ms\t"
            f"Billed Duration: {int(milliseconds) + 1} ms\t"
            f"Memory Size: {self.function.memory_size} MB\t"
            f"Max Memory Used: {process.memory_used} MB\t{self.init}{outcome}\n",
        ]
        write_log(self.function, process.log_stream, self.log)

    def add_lines(self, text):
        """Add output to the log: one event for each line that is not empty."""
        self.log += [line for line in io.StringIO(text, newline="\n") if line.strip("\n")]

    def find_tail(self):
        """Return the last bytes of the log, without INIT_START."""
        text = "".join(self.log)
        return text[text.index("START RequestId") :].encode(errors="replace")[-LOG_TAIL:]


def format_error(error):
    """Return an error as one log event; Lambda indents it with non-breaking spaces."""
    lines = [f"[ERROR] {error['errorType']}: {error['errorMessage']}"]
    lines.append("Traceback (most recent call last):")
    for entry in error["stackTrace"]:
        for line in entry.splitlines():
            text = line.lstrip(" ")
            lines.append("\u00a0" * (len(line) - len(text)) + text)
    return "\n".join(lines) + "\n"


def write_log(function, log_stream, messages):
    """Put events into the function's log group, which the first invocation creates."""
    logs, group, now = function.logs_backend, function.logs_group_name, round(time.time() * 1000)
    logs.ensure_log_group(group)
    logs.ensure_log_stream(group, log_stream)
    events = [{"timestamp": now, "message": message} for message in messages]
    logs.put_log_events(group, log_stream, events)


def describe_runtime(function):
    """Return the version of a function's runtime, and its ARN."""
    digest = hashlib.sha256(function.run_time.encode()).hexdigest()
    name = function.run_time.replace("python", "python:")
    return f"{name}.v1", f"arn:aws:lambda:{function.region}::runtime:{digest}"
