"""An outage: AWS does not answer for a while, as when you stop it with Ctrl-Z."""

import contextlib
import itertools

import botocore.handlers
from botocore.exceptions import ReadTimeoutError


@contextlib.contextmanager
def outage(first, last):
    """Let the calls with these numbers time out, of clients that are made meanwhile.

    botocore asks the handlers of "before-send" before it sends a request; that is where moto
    answers, too. An error that a handler raises is to botocore one of the network.
    """
    numbers = itertools.count(1)

    def time_out(request, **more):
        if first <= next(numbers) <= last:
            raise ReadTimeoutError(endpoint_url=request.url)

    handler = ("before-send", time_out)
    botocore.handlers.BUILTIN_HANDLERS.insert(0, handler)
    try:
        yield
    finally:
        botocore.handlers.BUILTIN_HANDLERS.remove(handler)
