"""SQS: a queue's times are in whole seconds, as on AWS; moto's have fractions."""

import contextlib
from unittest import mock

from moto.sqs.models import Queue

describe = Queue.attributes.fget


def describe_in_seconds(queue):
    """Return a queue's attributes, with whole seconds."""
    attributes = describe(queue)
    for name in ("CreatedTimestamp", "LastModifiedTimestamp"):
        attributes[name] = int(attributes[name])
    return attributes


@contextlib.contextmanager
def patch_sqs():
    """Make moto's queues return their attributes as on AWS."""
    with mock.patch.object(Queue, "attributes", property(describe_in_seconds)):
        yield
