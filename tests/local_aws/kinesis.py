"""Kinesis splits and merges shards: what moto does, but its records stay where they are.

moto moves the records of a shard that is split or merged to the new ones, and goes on putting new
records on the closed shard (Kinesis Data Streams Developer Guide, "Resharding a stream").
"""

import contextlib
import functools
import threading
from base64 import b64decode
from collections import OrderedDict
from unittest import mock

from moto.kinesis.exceptions import InvalidArgumentError, RecordSizeExceedsLimit
from moto.kinesis.models import KinesisBackend, Stream
from moto.kinesis.utils import decompose_shard_iterator
from moto.utilities.utils import md5_hash

MAX_BYTES = 2**20  # of a record's data and partition key
HASH_KEYS = 2**128

split_shard = Stream.split_shard
merge_shards = Stream.merge_shards
update_shard_count = Stream.update_shard_count
create_stream = KinesisBackend.create_stream
put_record = KinesisBackend.put_record
put_records = KinesisBackend.put_records
get_records = KinesisBackend.get_records

# Requests come in threads. moto numbers a record by the one before it, and "is not safe for
# concurrency": of two that come at once, one would be lost; also one that comes during a split.
lock = threading.RLock()


def one_at_a_time(method):
    """Return a method that waits until no other thread reads or changes a stream."""

    @functools.wraps(method)
    def locked(*arguments, **named):
        with lock:
            return method(*arguments, **named)

    return locked


def find_open_shards(stream):
    """Return the shards of a stream that take records."""
    return [shard for shard in stream.shards.values() if shard.is_open]


def find_shard(stream, partition_key, explicit_hash_key):
    """Return the open shard for a record."""
    if explicit_hash_key:
        hash_key = int(explicit_hash_key)
    else:
        hash_key = int(md5_hash(partition_key.encode()).hexdigest(), 16)
    if hash_key >= HASH_KEYS:
        raise InvalidArgumentError(f"ExplicitHashKey {hash_key} is too large")
    for shard in find_open_shards(stream):
        if shard.starting_hash <= hash_key <= shard.ending_hash:
            return shard
    raise InvalidArgumentError(f"No open shard has the hash key {hash_key}")


@contextlib.contextmanager
def records_stay(*shards):
    """Let moto find no records in some shards meanwhile, so that it moves none."""
    records = [shard.records for shard in shards]
    for shard in shards:
        shard.records = OrderedDict()
    try:
        yield
    finally:
        for shard, kept in zip(shards, records):
            shard.records = kept


def split(stream, shard_to_split, new_starting_hash_key):
    """Split a shard in two; it is closed, and keeps its records."""
    with records_stay(stream.shards[shard_to_split]):
        split_shard(stream, shard_to_split, new_starting_hash_key)
    stream.shard_count = len(find_open_shards(stream))


def merge(stream, shard_to_merge, adjacent_shard_to_merge):
    """Merge two open shards, in any order; they are closed, and keep their records."""
    shards = [stream.shards[shard_to_merge], stream.shards[adjacent_shard_to_merge]]
    for shard in shards:
        if not shard.is_open:
            text = f"Shard {shard.shard_id} has already been merged or split"
            raise InvalidArgumentError(text)
    first, second = sorted(shards, key=lambda shard: shard.starting_hash)
    with records_stay(first, second):
        merge_shards(stream, first.shard_id, second.shard_id)
    stream.shard_count = len(find_open_shards(stream))


def update_count(stream, target):
    """Split or merge until there are so many open shards: at most double, at least half."""
    count = len(find_open_shards(stream))
    if target > 2 * count or 2 * target < count:
        text = f"UpdateShardCount cannot go from {count} open shards to {target}"
        raise InvalidArgumentError(f"{text}: more than double, or less than half.")
    update_shard_count(stream, target)


def create(backend, stream_name, shard_count, stream_mode=None, retention_period_hours=None):
    """Make a stream, which has to say how many shards it has if it is not on demand."""
    on_demand = stream_mode and stream_mode["StreamMode"] == "ON_DEMAND"
    if shard_count is None and not on_demand:
        raise InvalidArgumentError("ShardCount is required for a stream that is not on demand")
    if shard_count is not None and on_demand:
        raise InvalidArgumentError("A stream with the mode ON_DEMAND takes no ShardCount")
    return create_stream(backend, stream_name, shard_count, stream_mode, retention_period_hours)


def put(backend, stream_arn, stream_name, partition_key, explicit_hash_key, data):
    """Put a record, if it is not too large. moto checks that only for several records at once."""
    if len(b64decode(data)) + len(partition_key.encode()) > MAX_BYTES:
        raise RecordSizeExceedsLimit(1)
    return put_record(backend, stream_arn, stream_name, partition_key, explicit_hash_key, data)


def get(backend, stream_arn, shard_iterator, limit):
    """Return records; of a closed shard that has no more of them, there is no next iterator."""
    iterator, records, milliseconds_behind = get_records(backend, stream_arn, shard_iterator, limit)
    stream_name, shard_name, last = decompose_shard_iterator(iterator)
    shard = backend.describe_stream(stream_arn, stream_name).get_shard(shard_name)
    if not shard.is_open and int(last) >= shard.get_max_sequence_number():
        iterator = None
    return iterator, records, milliseconds_behind


@contextlib.contextmanager
def patch_kinesis():
    """Let moto's streams be split and merged as on AWS."""
    with (
        mock.patch.multiple(
            Stream,
            get_shard_for_key=find_shard,
            split_shard=one_at_a_time(split),
            merge_shards=one_at_a_time(merge),
            update_shard_count=one_at_a_time(update_count),
        ),
        mock.patch.multiple(
            KinesisBackend,
            create_stream=create,
            put_record=one_at_a_time(put),
            put_records=one_at_a_time(put_records),
            get_records=one_at_a_time(get),
        ),
    ):
        yield
