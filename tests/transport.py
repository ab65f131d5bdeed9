"""AWS below botocore: the SDK is real, and what it sends over the network is answered here.

The benchmark simulates round trips with it, the tests simulate outages and refusals.
"""

import contextlib
import json
from types import SimpleNamespace
from unittest import mock

from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session


class Transport:
    """Takes the place of botocore's HTTP session, and answers what Timestream or Kinesis would.

    respond: a function of the operation's name and the request's body that is called before each
    answer. It can take its time, raise an error, or return status and body of another answer.
    timeouts: the connect and read time-outs of the latest request, in seconds.
    """

    def __init__(self, respond=lambda operation, body: None):
        self.respond = respond
        self.timeouts = None

    def send(self, session, request):
        """Answer a request, as URLLib3Session.send() does."""
        target = request.headers.get("X-Amz-Target", b"")  # of STS there is none
        operation = target.decode().partition(".")[2]
        self.timeouts = session._timeout.connect_timeout, session._timeout.read_timeout
        status, body = self.respond(operation, request.body) or (
            200,
            {
                "DescribeEndpoints": {
                    "Endpoints": [{"Address": "any", "CachePeriodInMinutes": 60}]
                },
                "WriteRecords": {
                    "RecordsIngested": {"Total": 1, "MemoryStore": 1, "MagneticStore": 0}
                },
                "PutRecord": {"ShardId": "shardId-000000000000", "SequenceNumber": "1"},
            }[operation],
        )
        content = body if isinstance(body, str) else json.dumps(body)
        raw = SimpleNamespace(stream=lambda: [content.encode()])
        return AWSResponse(request.url, status, {}, raw)

    @contextlib.contextmanager
    def in_place(self):
        """Answer the requests of all clients in this process while it lasts."""
        with mock.patch.object(URLLib3Session, "send", lambda *arguments: self.send(*arguments)):
            yield
