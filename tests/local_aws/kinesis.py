"""Kinesis streams: sequence numbers, resharding, iterators and limits, as on AWS.

When a shard is split or merged, moto moves its records to the new shards, and still puts new
records on the closed one; AWS does neither (Kinesis Data Streams Developer Guide, "Resharding a
stream"). moto's sequence numbers start again on each shard, and its iterators never expire.
"""

import contextlib
import functools
import itertools
import threading
import time
from base64 import b64decode, b64encode
from collections import OrderedDict
from datetime import datetime, timezone
from unittest import mock

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.kinesis.exceptions import InvalidArgumentError, ResourceInUseError
from moto.kinesis.models import KinesisBackend, Record, Shard, Stream
from moto.kinesis.responses import KinesisResponse
from moto.utilities.utils import md5_hash

from tests.local_aws.supported import unsupported

MAX_BYTES = 2**20  # size of a record's data and partition key
MAX_CALL = 10 * 2**20  # bytes that PutRecords accepts and GetRecords returns
MAX_RECORDS = 10_000  # that GetRecords returns
HASH_KEYS = 2**128
ITERATOR_LIFETIME = 300  # seconds

split_shard = Stream.split_shard
merge_shards = Stream.merge_shards
update_shard_count = Stream.update_shard_count
create_stream = KinesisBackend.create_stream
put_record = KinesisBackend.put_record
get_shard_iterator = KinesisBackend.get_shard_iterator
get_records = KinesisBackend.get_records
answer_get_records = KinesisResponse.get_records
describe = Stream.to_json
summarize = Stream.to_json_summary

# Requests come in threads, but moto derives a sequence number from the last record: of two records
# put at the same time, or of one put during a split, one would be lost.
lock = threading.RLock()


def one_at_a_time(method):
    """Return a method that waits while another thread reads or changes a stream."""

    @functools.wraps(method)
    def locked(*arguments, **named):
        with lock:
            return method(*arguments, **named)

    return locked


class Numbers:
    """Sequence numbers that always grow, across all streams and shards."""

    last = 0

    def next(self):
        """Return the next number."""
        with lock:
            self.last += 1
            return self.last


numbers = Numbers()


class NumberedShard(Shard):
    """A shard whose sequence numbers continue those of its parents."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.first_number = numbers.last

    def put_record(self, partition_key, data, explicit_hash_key):
        """Add a record; return its sequence number."""
        number = numbers.next()
        self.records[number] = Record(partition_key, data, number, explicit_hash_key)
        return str(number)

    def get_min_sequence_number(self):
        """Return the shard's starting number."""
        return self.first_number

    def get_max_sequence_number(self):
        """Return the last record's number."""
        return next(reversed(self.records), self.first_number)

    def get_records(self, last_sequence_id, limit):
        """Return records, the last one's number, and how far behind it is."""
        records, last, behind = super().get_records(last_sequence_id, limit or MAX_RECORDS)
        sizes = itertools.accumulate(len(b64decode(record.data)) for record in records)
        count = sum(size <= MAX_CALL for size in sizes)
        if count < len(records):
            return super().get_records(last_sequence_id, count)
        return records, last, behind


def find_open_shards(stream):
    """Return a stream's open shards."""
    return [shard for shard in stream.shards.values() if shard.is_open]


def find_shard(stream, partition_key, explicit_hash_key):
    """Return the open shard for a record."""
    if partition_key is None:  # older versions of botocore let this pass
        raise unsupported("A record without a PartitionKey")
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
    """Hide the records of some shards from moto for a while, so that it does not move them."""
    records = [shard.records for shard in shards]
    for shard in shards:
        shard.records = OrderedDict()
    try:
        yield
    finally:
        for shard, kept in zip(shards, records):
            shard.records = kept


def split(stream, shard_to_split, new_starting_hash_key):
    """Split a shard; it is closed, and keeps its records."""
    with records_stay(stream.shards[shard_to_split]):
        split_shard(stream, shard_to_split, new_starting_hash_key)
    stream.shard_count = len(find_open_shards(stream))


def merge(stream, shard_to_merge, adjacent_shard_to_merge):
    """Merge two open shards, given in any order; they are closed, and keep their records."""
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
    """Split or merge until `target` shards are open: at most twice, at least half as many."""
    count = len(find_open_shards(stream))
    if target > 2 * count or 2 * target < count:
        text = f"UpdateShardCount cannot go from {count} open shards to {target}"
        raise InvalidArgumentError(f"{text}: more than double, or less than half.")
    update_shard_count(stream, target)


def create(backend, stream_name, shard_count, stream_mode=None, retention_period_hours=None):
    """Create a stream. It needs a shard count unless it is on demand."""
    if stream_name in backend.streams:
        text = f"Stream {stream_name} under account {backend.account_id} already exists."
        raise ResourceInUseError(text)
    on_demand = stream_mode and stream_mode["StreamMode"] == "ON_DEMAND"
    if shard_count is None and not on_demand:
        raise InvalidArgumentError("ShardCount is required for a stream that is not on demand")
    if shard_count is not None and on_demand:
        raise InvalidArgumentError("A stream with the mode ON_DEMAND cannot have a ShardCount")
    return create_stream(backend, stream_name, shard_count, stream_mode, retention_period_hours)


def refuse_size(place):
    """Refuse a record that is too large."""
    raise JsonRESTError(
        "ValidationException",
        f"1 validation error detected: Value at '{place}' failed to satisfy constraint: Member must"
        f" have length less than or equal to {MAX_BYTES}",
    )


def put(backend, stream_arn, stream_name, partition_key, explicit_hash_key, data):
    """Put a record, unless it is too large."""
    if len(b64decode(data)) + len((partition_key or "").encode()) > MAX_BYTES:
        refuse_size("data")
    return put_record(backend, stream_arn, stream_name, partition_key, explicit_hash_key, data)


def put_several(backend, stream_arn, stream_name, records):
    """Put records, unless one of them, or all together, are too large."""
    stream = backend.describe_stream(stream_arn, stream_name)
    total = 0
    for number, record in enumerate(records, 1):
        size = len(b64decode(record["Data"])) + len((record.get("PartitionKey") or "").encode())
        if size > MAX_BYTES:
            refuse_size(f"records.{number}.member.data")
        total += size
    if total > MAX_CALL:
        raise InvalidArgumentError("Records size exceeds 10 MB limit")
    for record in records:  # put nothing if one of them has no shard
        stream.get_shard_for_key(record.get("PartitionKey"), record.get("ExplicitHashKey"))
    answers = []
    for record in records:
        number, shard = stream.put_record(
            record["PartitionKey"], record.get("ExplicitHashKey"), record["Data"]
        )
        answers.append({"SequenceNumber": number, "ShardId": shard})
    return {"FailedRecordCount": 0, "Records": answers}


def check_start(backend, stream, shard_id, kind, number, moment):
    """Refuse a starting position that does not fit its type, or does not exist."""
    if (number is not None) != kind.endswith("_SEQUENCE_NUMBER"):
        raise InvalidArgumentError(
            "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and"
            " StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber."
            f" Request specified {kind} and"
            f" {'no' if number is None else 'also a'} StartingSequenceNumber."
        )
    if (moment is not None) != (kind == "AT_TIMESTAMP"):
        raise InvalidArgumentError(
            "Must either specify AT_TIMESTAMP and a Timestamp or another type and no Timestamp."
            f" Request specified {kind} and {'no' if moment is None else 'also a'} Timestamp."
        )
    if moment is not None and moment > time.time():
        raise InvalidArgumentError(
            "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis."
            f" timestampInMillis: {round(moment * 1000)},"
            f" currentTimestampInMillis: {round(time.time() * 1000)}"
        )
    if number is not None:
        check_number(backend, stream, shard_id, number)


def check_number(backend, stream, shard_id, number):
    """Refuse a starting sequence number that is not in the shard."""
    here = stream.shards[shard_id]
    if int(number) in here.records or int(number) == here.first_number:
        return
    for shard in stream.shards.values():
        if int(number) in shard.records:
            raise InvalidArgumentError(
                f"Invalid StartingSequenceNumber. It encodes {shard.shard_id}, while it was used in"
                f" a call to a shard with {shard_id}"
            )
    raise InvalidArgumentError(
        f"StartingSequenceNumber {number} used in GetShardIterator on shard {shard_id} in stream"
        f" {stream.stream_name} under account {backend.account_id} is invalid because it did not"
        " come from this stream."
    )


def open_iterator(backend, stream_arn, stream_name, shard_id, kind, number, moment):
    """Return an iterator at a starting position."""
    stream = backend.describe_stream(stream_arn, stream_name)
    if shard_id in stream.shards:
        check_start(backend, stream, shard_id, kind, number, moment)
    return get_shard_iterator(
        backend, stream_arn, stream.stream_name, shard_id, kind, number, moment
    )


def write_iterator(stream_name, shard, last_number):
    """Return an iterator that continues after a number; it contains the time of its creation."""
    text = f"{stream_name}:{shard.shard_id}:{last_number}:{time.time()}"
    return b64encode(text.encode()).decode()


def read_iterator(iterator):
    """Return an iterator's stream, shard and last number, unless it has expired."""
    try:
        stream_name, shard_name, last, made = b64decode(iterator, validate=True).decode().split(":")
        last, age = int(last), time.time() - float(made)
    except ValueError:
        raise InvalidArgumentError("Invalid ShardIterator.") from None
    if age > ITERATOR_LIFETIME:
        created, now = format_expiry_time(float(made)), format_expiry_time(time.time())
        raise JsonRESTError(
            "ExpiredIteratorException",
            f"Iterator expired. The iterator was created at time {created} while right now it is"
            f" {now} which is further in the future than the tolerated delay of"
            f" {ITERATOR_LIFETIME}000 milliseconds.",
        )
    return stream_name, shard_name, last


def format_expiry_time(seconds):
    """Return a time as Thu Jan 22 01:22:02 UTC 2015."""
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%a %b %d %H:%M:%S UTC %Y}"


def get(backend, stream_arn, shard_iterator, limit):
    """Return records and the next iterator, which is None at the end of a closed shard."""
    iterator, records, milliseconds_behind = get_records(backend, stream_arn, shard_iterator, limit)
    stream_name, shard_name, last = read_iterator(iterator)
    shard = backend.describe_stream(stream_arn, stream_name).get_shard(shard_name)
    if not shard.is_open and last >= next(reversed(shard.records), 0):
        iterator = None
    return iterator, records, milliseconds_behind


def answer_with_children(response):
    """Answer GetRecords; at the end of a closed shard, name its child shards."""
    answer = answer_get_records(response)
    if answer.result["NextShardIterator"] is None:
        stream_name, name, _ = read_iterator(response._get_param("ShardIterator"))
        stream = response.kinesis_backend.describe_stream(None, stream_name)
        answer.result["ChildShards"] = [
            {
                "ShardId": shard.shard_id,
                "ParentShards": [each for each in (shard.parent, shard.adjacent_parent) if each],
                "HashKeyRange": shard.to_json()["HashKeyRange"],
            }
            for shard in stream.shards.values()
            if name in (shard.parent, shard.adjacent_parent)
        ]
    return answer


def answer_list_streams(response):
    """Answer ListStreams: sorted by name, and starting after any name, which moto cannot."""
    start, limit = response._get_param("ExclusiveStartStreamName", ""), response._get_param("Limit")
    streams = sorted(response.kinesis_backend.list_streams(), key=lambda each: each.stream_name)
    streams = [each for each in streams if each.stream_name > start]
    some = streams[: limit or 100]
    return ActionResult(
        {
            "HasMoreStreams": len(some) < len(streams),
            "StreamNames": [each.stream_name for each in some],
            "StreamSummaries": [summarize(each)["StreamDescriptionSummary"] for each in some],
        }
    )


def describe_with_mode(stream, shard_limit=None):
    """Return a stream's description."""
    description = describe(stream, shard_limit)
    description["StreamDescription"]["StreamModeDetails"] = stream.stream_mode
    return description


def summarize_with_consumers(stream):
    """Return a stream's summary."""
    summary = summarize(stream)
    summary["StreamDescriptionSummary"]["ConsumerCount"] = 0
    return summary


@contextlib.contextmanager
def patch_kinesis():
    """Make moto's streams work as on AWS."""
    with (
        mock.patch.object(numbers, "last", 0),
        mock.patch.multiple(
            "moto.kinesis.models",
            Shard=NumberedShard,
            compose_shard_iterator=write_iterator,
            decompose_shard_iterator=read_iterator,
        ),
        # moto.kinesis.utils also composes one.
        mock.patch("moto.kinesis.utils.compose_shard_iterator", write_iterator),
        mock.patch.multiple(
            Stream,
            get_shard_for_key=find_shard,
            split_shard=one_at_a_time(split),
            merge_shards=one_at_a_time(merge),
            update_shard_count=one_at_a_time(update_count),
            to_json=describe_with_mode,
            to_json_summary=summarize_with_consumers,
        ),
        mock.patch.multiple(
            KinesisBackend,
            create_stream=create,
            get_shard_iterator=one_at_a_time(open_iterator),
            put_record=one_at_a_time(put),
            put_records=one_at_a_time(put_several),
            get_records=get,
        ),
        mock.patch.multiple(
            KinesisResponse,
            get_records=one_at_a_time(answer_with_children),
            list_streams=answer_list_streams,
        ),
    ):
        yield
