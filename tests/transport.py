"""AWS below botocore: the SDK is real, and what it sends over the network is answered here.

The benchmark simulates round trips with it, the tests simulate outages and refusals.
"""

import contextlib
import json
from types import SimpleNamespace
from typing import NamedTuple
from unittest import mock

from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session

# What Timestream and Kinesis say when all is well.
DEFAULT_BODIES = {
    "DescribeEndpoints": {"Endpoints": [{"Address": "any", "CachePeriodInMinutes": 60}]},
    "WriteRecords": {"RecordsIngested": {"Total": 1, "MemoryStore": 1, "MagneticStore": 0}},
    "PutRecord": {"ShardId": "shardId-000000000000", "SequenceNumber": "1"},
}


class Response(NamedTuple):
    """A response of AWS: its HTTP status, and its body as text or as what becomes JSON."""

    status: int
    body: str | dict


class Transport:
    """Takes the place of botocore's HTTP session, and responds as Timestream or Kinesis would.

    respond: a function of the operation's name and the request's body that is called first. It can
    take its time, raise an error, or return another Response than the default one.
    timeouts: the connect timeout and the read timeout of the latest request, in seconds.
    """

    def __init__(self, respond=lambda operation, body: None):
        self.respond = respond
        self.timeouts = None

    def send(self, session, request):
        """Respond to a request, in place of URLLib3Session.send()."""
        target = request.headers.get("X-Amz-Target", b"")  # STS has none
        operation = target.decode().partition(".")[2]
        self.timeouts = session._timeout.connect_timeout, session._timeout.read_timeout
        response = self.respond(operation, request.body)
        if response is None:
            response = Response(200, DEFAULT_BODIES[operation])
        text = response.body if isinstance(response.body, str) else json.dumps(response.body)
        raw = SimpleNamespace(stream=lambda: [text.encode()])
        return AWSResponse(request.url, response.status, {}, raw)

    @contextlib.contextmanager
    def in_place(self):
        """Respond to the requests of all clients in this process while it lasts."""
        with mock.patch.object(URLLib3Session, "send", lambda *arguments: self.send(*arguments)):
            yield
