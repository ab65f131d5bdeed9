"""What the first terminal tells: a line for each thing that happens, and one for many alike."""

import contextlib
import json
import re
import threading
import time
from unittest import mock

from moto.core.botocore_stubber import BotocoreStubber

from tests.local_aws.gateway import Call

PAUSE = 10  # seconds between two lines about things that are alike
LONGEST_QUERY = 100  # characters of it that are shown
COUNTED = re.compile(r"([0-9]+) (\w+?)s? (.+)", re.DOTALL)  # 3 readings stored in WeatherMetrics

# What is told of an operation that has succeeded, with its parameters.
LINES = {
    "CreateDatabase": "Database {DatabaseName} created.",
    "DeleteDatabase": "Database {DatabaseName} deleted.",
    "CreateTable": "Table {TableName} created.",
    "UpdateTable": "Table {TableName} updated.",
    "DeleteTable": "Table {TableName} deleted.",
    "CreateStream": "Stream {StreamName} created.",
    "DeleteStream": "Stream {StreamName} deleted.",
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
    "PutRecord": "1 record put on stream {StreamName}",
}
SERVICES = ["iam", "kinesis", "lambda", "logs", "sqs", "timestream"]


class Alike:
    """Lines that differ in their numbers alone: how many wait to be told, and since when."""

    def __init__(self, line, now):
        self.line, self.told, self.lines, self.count = line, now, 0, 0

    def add(self, line):
        """Take one more line."""
        counted = COUNTED.fullmatch(line)
        self.line = line
        self.lines += 1
        self.count += int(counted[1]) if counted else 0

    def tell(self, now):
        """Return the line for all that wait; none waits any more."""
        counted = COUNTED.fullmatch(self.line)
        if counted:
            ending = "" if self.count == 1 else "s"
            line = f"{self.count} more {counted[2]}{ending} {counted[3]}"
        elif self.lines == 1:
            line = self.line
        else:
            line = f"{self.line} ({self.lines - 1} more like this)"
        self.told, self.lines, self.count = now, 0, 0
        return line


class Story:
    """Takes lines from any thread, and prints them.

    The first line of a kind is printed at once. Those that follow it and are alike wait, and are
    summed up after a pause, or when something else happens.
    """

    def __init__(self, write, clock=time.monotonic):
        self.write, self.clock = write, clock
        self.kinds = {}  # {what alike lines have in common: Alike}
        self.lock = threading.Lock()

    def __call__(self, line, kind=None):
        """Tell a line. Lines are of a kind that differ in their numbers alone, unless it is given.

        A line that begins with a number tells how many things: their numbers are added up.
        """
        line = "".join(letter if letter.isprintable() else " " for letter in line)
        if kind is None:
            kind = find_kind(line)
        with self.lock:
            if kind in self.kinds:
                self.kinds[kind].add(line)
                return
            self.tell_all()
            self.kinds[kind] = Alike(line, self.clock())
            self.write(line)

    def tell_waiting(self):
        """Print what has waited for long enough. To be called now and then."""
        with self.lock:
            now = self.clock()
            for alike in self.kinds.values():
                if alike.lines and now - alike.told >= PAUSE:
                    self.write(alike.tell(now))
            self.forget()

    def end(self):
        """Print all that waits."""
        with self.lock:
            self.tell_all()

    def tell_all(self):
        """Print all that waits. The lock is held."""
        for alike in self.kinds.values():
            if alike.lines:
                self.write(alike.tell(self.clock()))

    def forget(self):
        """Let a kind of which there was nothing for a while be a new one. The lock is held."""
        now = self.clock()
        for kind, alike in list(self.kinds.items()):
            if not alike.lines and now - alike.told > PAUSE:
                del self.kinds[kind]


def find_kind(line):
    """Return what a line has in common with those that differ in their numbers alone."""
    counted = COUNTED.fullmatch(line)
    if counted:
        line = f"{counted[2]} {counted[3]}"  # without the plural
    return re.sub("[0-9]+", "0", line)


@contextlib.contextmanager
def told(story):
    """Tell what is asked of moto, by other processes and by the function, and what comes of it."""
    ask = BotocoreStubber.__call__

    def ask_and_tell(stubber, event_name, request, **options):
        response = ask(stubber, event_name, request, **options)
        if response:
            call = Call(request.method, read_path(request.url), request.headers, request.body)
            if call.service in SERVICES:
                tell(story, call, response)
        return response

    with mock.patch.object(BotocoreStubber, "__call__", ask_and_tell):
        yield


def read_path(url):
    """Return what follows the host in a URL."""
    return "/" + url.partition("://")[2].partition("/")[2]


def tell(story, call, response):
    """Tell what has come of a call, if that is worth a line."""
    status = response.status_code
    if call.operation == "WriteRecords":
        tell_records(story, call.read_parameters(), status, json.loads(response.content))
    elif call.operation == "Query":
        tell_query(story, call.read_parameters(), json.loads(response.content))
    elif call.operation == "PutRecords" and status == 200:
        parameters = shorten_names(call.read_parameters())
        failed = json.loads(response.content)["FailedRecordCount"]
        count = len(parameters["Records"]) - failed
        story(f"{format_count(count, 'record')} put on stream {parameters['StreamName']}")
    elif call.operation in LINES and status < 300:
        story(LINES[call.operation].format_map(shorten_names(call.read_parameters())))


def tell_records(story, parameters, status, answer):
    """Tell how many records were stored, and why others were not."""
    table = parameters.get("TableName")
    if status not in (200, 419):
        story(f"Nothing stored in {table}: {find_message(answer)}")
        return
    rejected = answer.get("RejectedRecords", [])
    stored = len(parameters["Records"]) - len(rejected)
    if stored:
        story(f"{format_count(stored, 'reading')} stored in {table}")
    for record in rejected:
        story(f"1 reading rejected by {table}: {record['Reason']}")


def tell_query(story, parameters, answer):
    """Tell how many rows a query has returned, or why it has failed."""
    query = " ".join(str(parameters.get("QueryString")).split())
    if len(query) > LONGEST_QUERY:
        query = f"{query[:LONGEST_QUERY]}..."
    if "Rows" in answer:
        outcome = f"returned {format_count(len(answer['Rows']), 'row')}"
        if "NextToken" in answer:
            outcome += ", and there are more"
    else:
        outcome = f"failed: {find_message(answer)}"
    # A number makes another query of it.
    kind = query + re.sub("[0-9]+", "0", outcome)
    story(f'Query "{query}" {outcome}', kind)


def find_message(error):
    """Return the message of an error."""
    return error.get("Message") or error.get("message")


def format_count(count, noun):
    """Return 1 reading, or 2 readings."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def shorten_names(parameters):
    """Return parameters with the last part of each ARN and URL only."""
    names = dict(parameters)
    for name, value in parameters.items():
        if isinstance(value, str) and value.startswith(("arn:", "http")):
            names[name] = re.split("[:/]", value)[-1]
    names.setdefault("StreamName", names.get("StreamARN"))
    return names
