"""A simulated network below botocore: the SDK is real, but its requests get other responses.

Tests simulate outages and refusals with it, and the benchmark simulates round trips.
"""

import contextlib
import json
from unittest import mock

from botocore.awsrequest import AWSResponse
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

# Timestream's response when asked for its endpoint; any address will do.
ENDPOINTS = {"Endpoints": [{"Address": "any", "CachePeriodInMinutes": 60}]}


def response(body, status=200):
    """Return a response of AWS; body: a text, or a dict to send as JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    return AWSResponse("https://x", status, {}, MockRawResponse(text))


def refusal(code, status=400, **details):
    """Return an error response of AWS."""
    return response({"__type": code, "message": "as asked"} | details, status)


@contextlib.contextmanager
def answered_by(answer):
    """Have answer(operation, body) respond to this process's requests for a while.

    It returns a response, or raises a network error. If it returns None, the request is passed on
    to moto, if moto is active.
    """
    pass_on = BotocoreStubber.__call__

    def handle(stubber, event_name, request, **more):
        answered = answer(event_name.rpartition(".")[2], request.body)
        if answered is None:
            return pass_on(stubber, event_name, request, **more)
        return answered

    with mock.patch.object(BotocoreStubber, "__call__", handle):
        yield
