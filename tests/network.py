"""The network below botocore: the SDK is real, and here its requests get another response.

The tests make outages and refusals with it, the benchmark the round trips to Timestream.
"""

import contextlib
import json
from unittest import mock

from botocore.awsrequest import AWSResponse
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

# What Timestream says when it is asked where to send the records: anywhere, as all goes here.
ENDPOINTS = {"Endpoints": [{"Address": "any", "CachePeriodInMinutes": 60}]}


def response(body, status=200):
    """Return a response of AWS; its body is a text, or a dict that becomes JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    return AWSResponse("https://x", status, {}, MockRawResponse(text))


def refusal(code, status=400, **details):
    """Return a response of AWS that says no."""
    return response({"__type": code, "message": "as asked"} | details, status)


@contextlib.contextmanager
def answered_by(answer):
    """Let answer(operation, body) respond to the requests of this process while it lasts.

    It returns a response, or raises what can happen on a network. If it returns None, the request
    goes on: to moto, if that is active.
    """
    go_on = BotocoreStubber.__call__

    def handle(stubber, event_name, request, **more):
        answered = answer(event_name.rpartition(".")[2], request.body)
        if answered is None:
            return go_on(stubber, event_name, request, **more)
        return answered

    with mock.patch.object(BotocoreStubber, "__call__", handle):
        yield
