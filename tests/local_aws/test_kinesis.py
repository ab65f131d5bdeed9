"""tests/local_aws/kinesis.py: shards are split and merged, and records stay where they are."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from setup_kinesis import STREAM_NAME

FIRST, LEFT, RIGHT, MERGED = (f"shardId-{number:012}" for number in range(4))
MIDDLE, HIGHEST = 2**127, 2**128 - 1


@pytest.fixture
def put(stream):
    """A function that puts a letter on the stream; it returns the shard that has it now."""

    def put(letter, hash_key=0):
        return stream.put_record(
            StreamName=STREAM_NAME, Data=letter, PartitionKey="0", ExplicitHashKey=str(hash_key)
        )["ShardId"]

    return put


@pytest.fixture
def read(stream):
    """A function that returns the letters on a shard."""

    def read(shard):
        iterator = stream.get_shard_iterator(
            StreamName=STREAM_NAME, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records = stream.get_records(ShardIterator=iterator)["Records"]
        return "".join(record["Data"].decode() for record in records)

    return read


def split(stream):
    """Split the first shard in the middle."""
    stream.split_shard(StreamName=STREAM_NAME, ShardToSplit=FIRST, NewStartingHashKey=str(MIDDLE))


def count_shards(stream):
    """Return how many shards are open."""
    summary = stream.describe_stream_summary(StreamName=STREAM_NAME)["StreamDescriptionSummary"]
    return summary["OpenShardCount"]


def test_a_shard_that_is_split_keeps_its_records_and_takes_no_more(stream, put, read):
    assert put("a") == FIRST
    split(stream)
    assert put("b") == LEFT
    assert put("c", MIDDLE) == put("d", HIGHEST) == RIGHT
    assert [read(shard) for shard in (FIRST, LEFT, RIGHT)] == ["a", "b", "cd"]
    assert count_shards(stream) == 2


@pytest.mark.parametrize("shards", [(LEFT, RIGHT), (RIGHT, LEFT)])
def test_shards_are_merged_in_any_order_and_keep_their_records(stream, put, read, shards):
    split(stream)
    put("a")
    put("b", HIGHEST)
    merge = {"ShardToMerge": shards[0], "AdjacentShardToMerge": shards[1]}
    stream.merge_shards(StreamName=STREAM_NAME, **merge)
    assert put("c") == put("d", HIGHEST) == MERGED
    assert [read(shard) for shard in (LEFT, RIGHT, MERGED)] == ["a", "b", "cd"]
    assert count_shards(stream) == 1
    with pytest.raises(stream.exceptions.InvalidArgumentException, match="already"):
        stream.merge_shards(StreamName=STREAM_NAME, **merge)


def test_the_shard_count_is_at_most_doubled_and_at_least_halved(stream, put):
    def update(count):
        stream.update_shard_count(
            StreamName=STREAM_NAME, TargetShardCount=count, ScalingType="UNIFORM_SCALING"
        )
        return count_shards(stream)

    assert [update(count) for count in (2, 4, 3, 2)] == [2, 4, 3, 2]
    with pytest.raises(stream.exceptions.InvalidArgumentException, match="more than double"):
        update(5)
    update(4)
    with pytest.raises(stream.exceptions.InvalidArgumentException, match="less than half"):
        update(1)


def test_a_closed_shard_has_no_next_iterator_when_all_is_read(stream, put):
    put("a")
    put("b")
    split(stream)
    iterator = stream.get_shard_iterator(
        StreamName=STREAM_NAME, ShardId=FIRST, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    response = stream.get_records(ShardIterator=iterator, Limit=1)
    assert response["Records"][0]["Data"] == b"a"
    response = stream.get_records(ShardIterator=response["NextShardIterator"])
    assert response["Records"][0]["Data"] == b"b"
    assert "NextShardIterator" not in response


def test_a_record_has_a_shard_by_its_partition_key(stream):
    split(stream)
    shards = {
        stream.put_record(StreamName=STREAM_NAME, Data="a", PartitionKey=key)["ShardId"]
        for key in "abcdefgh"
    }
    assert shards == {LEFT, RIGHT}


def test_a_record_and_a_stream_that_aws_refuses_are_refused(stream):
    with pytest.raises(stream.exceptions.ClientError, match="less than or equal to 1048576"):
        stream.put_record(StreamName=STREAM_NAME, Data=b"x" * 2**20, PartitionKey="0")
    with pytest.raises(stream.exceptions.InvalidArgumentException, match="ExplicitHashKey"):
        stream.put_record(
            StreamName=STREAM_NAME, Data="x", PartitionKey="0", ExplicitHashKey=str(2**128)
        )
    with pytest.raises(stream.exceptions.InvalidArgumentException, match="ShardCount"):
        stream.create_stream(StreamName="S")


@pytest.fixture
def restless():
    """Threads that take turns a thousand times as often as usual."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(interval / 1000)
    yield
    sys.setswitchinterval(interval)


def test_records_put_at_once_during_resharding_are_all_kept(stream, read, restless):
    received = []

    def put_many(thread):
        for number in range(40):
            response = stream.put_record(
                StreamName=STREAM_NAME, Data="x", PartitionKey=f"{thread}-{number}"
            )
            received.append((response["ShardId"], response["SequenceNumber"]))

    with ThreadPoolExecutor(6) as pool:
        puts = [pool.submit(put_many, thread) for thread in range(6)]
        for count in (2, 4, 2, 1):
            stream.update_shard_count(
                StreamName=STREAM_NAME, TargetShardCount=count, ScalingType="UNIFORM_SCALING"
            )
        for each in puts:
            each.result()
    assert len(set(received)) == len(received) == 240
    shards = stream.list_shards(StreamName=STREAM_NAME)["Shards"]
    assert "".join(read(shard["ShardId"]) for shard in shards) == "x" * 240


def test_a_stream_on_demand_has_no_number_of_shards(stream):
    with pytest.raises(stream.exceptions.InvalidArgumentException, match="ON_DEMAND"):
        stream.create_stream(
            StreamName="other", ShardCount=7, StreamModeDetails={"StreamMode": "ON_DEMAND"}
        )
