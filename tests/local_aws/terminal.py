"""The lines that the server prints in the first terminal; similar ones are summed up."""

import contextlib
import json
import re
import threading
import time
from unittest import mock

from moto.core.responses import BaseResponse
from werkzeug.exceptions import HTTPException

from tests.environment import REGION

PAUSE = 10  # seconds between two similar lines
MAX_QUERY = 100  # characters of a query that are shown

# What is shown for an operation that has succeeded, with its parameters filled in.
LINES = {
    "CreateDatabase": "Database {DatabaseName} created.",
    "DeleteDatabase": "Database {DatabaseName} deleted.",
    "CreateTable": "Table {TableName} created.",
    "UpdateTable": "Table {TableName} updated.",
    "DeleteTable": "Table {TableName} deleted.",
    "CreateStream": "Stream {StreamName} created.",
    "DeleteStream": "Stream {StreamName} deleted.",
    "PutRecord": "1 record put on stream {StreamName}",
    "CreateRole": "Role {RoleName} created.",
    "DeleteRole": "Role {RoleName} deleted.",
    "CreateFunction": "Function {FunctionName} created.",
    "UpdateFunctionCode": "Function {FunctionName} has new code.",
    "UpdateFunctionConfiguration": "Function {FunctionName} has a new configuration.",
    "DeleteFunction": "Function {FunctionName} deleted.",
    "CreateEventSourceMapping": "Mapping from {EventSourceArn} to {FunctionName} created.",
    "UpdateEventSourceMapping": "Mapping {UUID:.8} updated.",
    "DeleteEventSourceMapping": "Mapping {UUID:.8} deleted.",
    "DeleteLogGroup": "Log group {logGroupName} deleted.",
    "CreateQueue": "Queue {QueueName} created.",
    "DeleteQueue": "Queue {QueueUrl} deleted.",
}


class Terminal:
    """Shows lines, from any thread.

    The first line of a kind is shown at once. Lines that differ from it only in numbers are held
    back, and summed up in one line after a pause, or when something else happens.
    """

    def __init__(self, write, clock=time.monotonic):
        self.write, self.clock = write, clock
        self.kinds = {}  # {kind: its last line, the number held back, when one was shown}
        self.lock = threading.Lock()

    def __call__(self, line):
        """Show a line now, or hold it back."""
        line = "".join(letter if letter.isprintable() else " " for letter in line)
        kind = re.sub(r"[0-9]+|s\b", "", line)  # without numbers and plurals
        with self.lock:
            if kind in self.kinds:
                waiting = self.kinds[kind]
                waiting["line"] = line
                waiting["count"] += 1
                return
            self.show_waiting()
            self.kinds[kind] = {"line": line, "count": 0, "shown": self.clock()}
            self.write(line)

    def show_due(self):
        """Show lines that have been held back for a pause. Call it every now and then."""
        with self.lock:
            self.show_waiting(PAUSE)

    def end(self):
        """Show all pending lines."""
        with self.lock:
            self.show_waiting()

    def show_waiting(self, pause=0):
        """Show lines held back for `pause` seconds, and forget kinds that have gone quiet."""
        now = self.clock()
        for kind, waiting in [*self.kinds.items()]:
            if now - waiting["shown"] < pause:
                continue
            if waiting["count"]:
                more = waiting["count"] - 1
                self.write(waiting["line"] + (f" ({more} more like this)" if more else ""))
                waiting |= {"count": 0, "shown": now}
            elif pause:
                del self.kinds[kind]


@contextlib.contextmanager
def patch_terminal(show):
    """Show requests and their outcome.

    show: called with each line.
    """
    dispatch = BaseResponse._dispatch

    def answer_and_show(response, *request):
        try:
            answer = dispatch(response, *request)
        except HTTPException as error:
            show_request(show, response, error.code, error.get_headers(), error.get_body())
            raise
        show_request(show, response, *answer)
        return answer

    with mock.patch.object(BaseResponse, "_dispatch", answer_and_show):
        yield


def show_request(show, response, status, headers, body):
    """Show the outcome of a request, if it is worth a line."""
    operation, parameters = response.operation, shorten_names(response.parameters)
    if operation is None:
        return  # the request could not be read
    if operation == "Invoke" and "X-Forwarded-For" not in response.headers:
        return  # from a mapping, which reports its own calls
    region = "" if response.region in (REGION, "aws") else f" ({response.region})"
    if operation in DESCRIBE:
        for line in DESCRIBE[operation](
            parameters, status, dict(headers), json.loads(body or "{}")
        ):
            show(line + region)
    elif operation in LINES and status < 300:
        show(LINES[operation].format_map(parameters) + region)


def describe_write(parameters, status, headers, content):
    """Return lines: how many readings were stored, and why others were rejected."""
    table = parameters.get("TableName")
    if status not in (200, 419):
        return [f"Nothing stored in {table}: {find_message(content)}"]
    rejected = content.get("RejectedRecords", [])
    stored = len(parameters["Records"]) - len(rejected)
    lines = [f"{count(stored, 'reading')} stored in {table}"] if stored else []
    return lines + [f"1 reading rejected by {table}: {record['Reason']}" for record in rejected]


def describe_query(parameters, status, headers, content):
    """Return a line: how many rows a query returned, or why it failed."""
    query = " ".join(str(parameters.get("QueryString")).split())
    if len(query) > MAX_QUERY:
        query = f"{query[:MAX_QUERY]}..."
    if status != 200:
        return [f'Query "{query}" failed: {find_message(content)}']
    more = ", and there are more" if "NextToken" in content else ""
    return [f'Query "{query}" returned {count(len(content["Rows"]), "row")}{more}']


def describe_records(parameters, status, headers, content):
    """Return a line: how many records were put on a stream."""
    if status != 200:
        return []
    stored = len(parameters["Records"]) - content["FailedRecordCount"]
    return [f"{count(stored, 'record')} put on stream {parameters['StreamName']}"]


def describe_invocation(parameters, status, headers, content):
    """Return a line: the outcome of an invocation."""
    name = parameters.get("FunctionName")
    if status >= 300:
        return [f"Function {name} was not invoked: {find_message(content)}"]
    if "x-amz-function-error" in {each.lower() for each in headers}:
        return [f"Function {name} failed: {content['errorType']}: {content['errorMessage']}"]
    return [f"Function {name} invoked."]


def describe_fault(operation, code):
    """Return the line about a call that fails because of --fail."""
    return f"{operation} failed with {code}, because of --fail."


DESCRIBE = {
    "WriteRecords": describe_write,
    "Query": describe_query,
    "PutRecords": describe_records,
    "Invoke": describe_invocation,
}


def find_message(error):
    """Return an error's message."""
    return error.get("Message") or error.get("message")


def count(number, noun):
    """Return 1 reading, or 2 readings."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shorten_names(parameters):
    """Return the parameters, with each ARN and URL cut to its last part."""
    names = dict(parameters)
    for name, value in parameters.items():
        if isinstance(value, str) and value.startswith(("arn:", "http")):
            names[name] = re.split("[:/]", value)[-1]
    names.setdefault("StreamName", names.get("StreamARN"))
    return names
