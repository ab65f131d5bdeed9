"""What the first terminal shows: a line for each thing that happens, and one for many alike."""

import contextlib
import json
import re
import threading
import time
from unittest import mock

from moto.core.responses import BaseResponse
from werkzeug.exceptions import HTTPException

from tests.environment import REGION

PAUSE = 10  # seconds between two lines that are alike
LONGEST_QUERY = 100  # characters of it that are shown

# What is shown of an operation that has succeeded, with its parameters.
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
    """Takes lines from any thread, and shows them.

    The first line of a kind is shown at once. Those that follow it and differ in numbers alone
    wait, and become one line after a pause, or when something else happens.
    """

    def __init__(self, write, clock=time.monotonic):
        self.write, self.clock = write, clock
        self.kinds = {}  # {kind: its last line, how many wait, when one was shown}
        self.lock = threading.Lock()

    def __call__(self, line):
        """Show a line, at once or later."""
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

    def tell_waiting(self):
        """Show what has waited for long enough. To be called now and then."""
        with self.lock:
            self.show_waiting(PAUSE)

    def end(self):
        """Show all that waits."""
        with self.lock:
            self.show_waiting()

    def show_waiting(self, pause=0):
        """Show what has waited for a pause, and forget kinds that have gone quiet."""
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
    """Show what is asked of this AWS, and what comes of it.

    show: a function that takes a line.
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
    """Show what has come of a request, if that is worth a line."""
    operation, parameters = response.operation, shorten_names(response.parameters)
    if operation is None:
        return  # it could not be read
    if operation == "Invoke" and "X-Forwarded-For" not in response.headers:
        return  # a mapping's, which tells itself what it does
    region = "" if response.region in (REGION, "aws") else f" ({response.region})"
    if operation in DESCRIBE:
        for line in DESCRIBE[operation](
            parameters, status, dict(headers), json.loads(body or "{}")
        ):
            show(line + region)
    elif operation in LINES and status < 300:
        show(LINES[operation].format_map(parameters) + region)


def describe_write(parameters, status, headers, content):
    """Return how many readings were stored, and why others were not."""
    table = parameters.get("TableName")
    if status not in (200, 419):
        return [f"Nothing stored in {table}: {find_message(content)}"]
    rejected = content.get("RejectedRecords", [])
    stored = len(parameters["Records"]) - len(rejected)
    lines = [f"{count(stored, 'reading')} stored in {table}"] if stored else []
    return lines + [f"1 reading rejected by {table}: {record['Reason']}" for record in rejected]


def describe_query(parameters, status, headers, content):
    """Return how many rows a query has returned, or why it has failed."""
    query = " ".join(str(parameters.get("QueryString")).split())
    if len(query) > LONGEST_QUERY:
        query = f"{query[:LONGEST_QUERY]}..."
    if status != 200:
        return [f'Query "{query}" failed: {find_message(content)}']
    more = ", and there are more" if "NextToken" in content else ""
    return [f'Query "{query}" returned {count(len(content["Rows"]), "row")}{more}']


def describe_records(parameters, status, headers, content):
    """Return how many records were put on a stream."""
    if status != 200:
        return []
    stored = len(parameters["Records"]) - content["FailedRecordCount"]
    return [f"{count(stored, 'record')} put on stream {parameters['StreamName']}"]


def describe_invocation(parameters, status, headers, content):
    """Return what has come of an invocation."""
    name = parameters.get("FunctionName")
    if status >= 300:
        return [f"Function {name} was not invoked: {find_message(content)}"]
    if "x-amz-function-error" in {each.lower() for each in headers}:
        return [f"Function {name} failed: {content['errorType']}: {content['errorMessage']}"]
    return [f"Function {name} invoked."]


DESCRIBE = {
    "WriteRecords": describe_write,
    "Query": describe_query,
    "PutRecords": describe_records,
    "Invoke": describe_invocation,
}


def find_message(error):
    """Return the message of an error."""
    return error.get("Message") or error.get("message")


def count(number, noun):
    """Return 1 reading, or 2 readings."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shorten_names(parameters):
    """Return parameters with the last part of each ARN and URL only."""
    names = dict(parameters)
    for name, value in parameters.items():
        if isinstance(value, str) and value.startswith(("arn:", "http")):
            names[name] = re.split("[:/]", value)[-1]
    names.setdefault("StreamName", names.get("StreamARN"))
    return names
