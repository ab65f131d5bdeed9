"""kinesis.py: records are numbered and read as on AWS, and resharding does not move them."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from setup_kinesis import STREAM_NAME
from tests.helpers import LIMIT, make_client
from tests.local_aws import kinesis

FIRST, LEFT, RIGHT, MERGED = (f"shardId-{number:012}" for number in range(4))
MIDDLE, HIGHEST = 2**127, 2**128 - 1


@pytest.fixture
def put(stream):
    """A function that puts a letter on the stream, and returns its shard."""

    def put(letter, hash_key=0):
        return stream.put_record(
            StreamName=STREAM_NAME, Data=letter, PartitionKey="0", ExplicitHashKey=str(hash_key)
        )["ShardId"]

    return put


@pytest.fixture
def start(stream):
    """A function that returns an iterator, or the error's message."""

    def start(kind="TRIM_HORIZON", shard=FIRST, **options):
        try:
            return stream.get_shard_iterator(
                StreamName=STREAM_NAME, ShardId=shard, ShardIteratorType=kind, **options
            )["ShardIterator"]
        except ClientError as error:
            assert error.response["Error"]["Code"] == "InvalidArgumentException"
            return error.response["Error"]["Message"]

    return start


@pytest.fixture
def read(stream, start):
    """A function that returns the letters on a shard."""

    def read(shard):
        records = stream.get_records(ShardIterator=start(shard=shard))["Records"]
        return "".join(record["Data"].decode() for record in records)

    return read


def split(stream):
    """Split the first shard in the middle."""
    stream.split_shard(StreamName=STREAM_NAME, ShardToSplit=FIRST, NewStartingHashKey=str(MIDDLE))


def count_shards(stream):
    """Return the number of open shards."""
    summary = stream.describe_stream_summary(StreamName=STREAM_NAME)["StreamDescriptionSummary"]
    return summary["OpenShardCount"]


def test_a_split_shard_keeps_its_records_and_accepts_no_more(stream, put, read):
    assert put("a") == FIRST
    split(stream)
    assert put("b") == LEFT
    assert put("c", MIDDLE) == put("d", HIGHEST) == RIGHT
    assert [read(shard) for shard in (FIRST, LEFT, RIGHT)] == ["a", "b", "cd"]
    assert count_shards(stream) == 2


@pytest.mark.parametrize("shards", [(LEFT, RIGHT), (RIGHT, LEFT)])
def test_shards_can_be_merged_in_any_order_and_keep_their_records(stream, put, read, shards):
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


def test_the_shard_count_can_be_doubled_and_halved_at_most(stream, put):
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


def test_the_end_of_a_closed_shard_has_child_shards_and_no_next_iterator(stream, put, start):
    put("a")
    put("b")
    split(stream)
    response = stream.get_records(ShardIterator=start(), Limit=1)
    assert response["Records"][0]["Data"] == b"a"
    assert "ChildShards" not in response
    response = stream.get_records(ShardIterator=response["NextShardIterator"])
    assert response["Records"][0]["Data"] == b"b"
    assert "NextShardIterator" not in response
    first, second = response["ChildShards"]
    assert first == {
        "ShardId": LEFT,
        "ParentShards": [FIRST],
        "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": str(MIDDLE - 1)},
    }
    assert second["ShardId"] == RIGHT


def test_a_merged_shard_is_the_child_of_both(stream, start):
    split(stream)
    stream.merge_shards(StreamName=STREAM_NAME, ShardToMerge=LEFT, AdjacentShardToMerge=RIGHT)
    response = stream.get_records(ShardIterator=start(shard=RIGHT))
    assert [child["ParentShards"] for child in response["ChildShards"]] == [[LEFT, RIGHT]]


def test_sequence_numbers_grow_across_a_split(stream, put):
    put("a")
    before = stream.put_record(StreamName=STREAM_NAME, Data="x", PartitionKey="0")
    split(stream)
    after = stream.put_record(StreamName=STREAM_NAME, Data="x", PartitionKey="0")
    assert int(after["SequenceNumber"]) > int(before["SequenceNumber"])
    parent, *children = stream.list_shards(StreamName=STREAM_NAME)["Shards"]
    end = parent["SequenceNumberRange"]["EndingSequenceNumber"]
    assert end == before["SequenceNumber"]
    for child in children:
        assert int(child["SequenceNumberRange"]["StartingSequenceNumber"]) >= int(end)


def test_a_starting_number_must_be_from_the_same_shard_and_stream(stream, put, start):
    split(stream)
    stream.create_stream(StreamName="other", ShardCount=1)
    other = stream.put_record(StreamName="other", Data="x", PartitionKey="0")["SequenceNumber"]
    put("a")
    mine = stream.put_record(
        StreamName=STREAM_NAME, Data="b", PartitionKey="0", ExplicitHashKey="0"
    )["SequenceNumber"]
    for kind, letters in {"AT_SEQUENCE_NUMBER": [b"b"], "AFTER_SEQUENCE_NUMBER": []}.items():
        iterator = start(kind, LEFT, StartingSequenceNumber=mine)
        records = stream.get_records(ShardIterator=iterator)["Records"]
        assert [record["Data"] for record in records] == letters
    assert start("AT_SEQUENCE_NUMBER", RIGHT, StartingSequenceNumber=mine) == (
        f"Invalid StartingSequenceNumber. It encodes {LEFT}, while it was used in a call to a shard"
        f" with {RIGHT}"
    )
    assert start("AT_SEQUENCE_NUMBER", LEFT, StartingSequenceNumber=other) == (
        f"StartingSequenceNumber {other} used in GetShardIterator on shard {LEFT} in stream"
        f" {STREAM_NAME} under account 123456789012 is invalid because it did not come from this"
        " stream."
    )


def test_a_shards_first_number_is_a_valid_start(stream, put, start):
    put("a")
    split(stream)
    put("b")
    for shard, letter in zip(
        stream.list_shards(StreamName=STREAM_NAME)["Shards"][:2], (b"a", b"b")
    ):
        number = shard["SequenceNumberRange"]["StartingSequenceNumber"]
        iterator = start("AT_SEQUENCE_NUMBER", shard["ShardId"], StartingSequenceNumber=number)
        [record] = stream.get_records(ShardIterator=iterator)["Records"]
        assert record["Data"] == letter


@pytest.mark.parametrize(
    ("kind", "options", "end"),
    [
        ("AT_SEQUENCE_NUMBER", {}, "AT_SEQUENCE_NUMBER and no StartingSequenceNumber."),
        ("LATEST", {"StartingSequenceNumber": "1"}, "LATEST and also a StartingSequenceNumber."),
        ("AT_TIMESTAMP", {}, "AT_TIMESTAMP and no Timestamp."),
        ("TRIM_HORIZON", {"Timestamp": 1}, "TRIM_HORIZON and also a Timestamp."),
    ],
)
def test_parameters_that_do_not_fit_an_iterators_type_are_refused(start, kind, options, end):
    message = start(kind, **options)
    assert message.startswith("Must either specify ")
    assert message.endswith(f" Request specified {end}")


def test_a_start_in_the_future_is_refused(start):
    later = time.time() + 60
    assert start("AT_TIMESTAMP", Timestamp=later).startswith(
        "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis."
        f" timestampInMillis: {int(later)}"
    )
    assert start("AT_TIMESTAMP", Timestamp=time.time() - 1)


def test_an_iterator_has_no_line_breaks_and_expires_after_five_minutes(stream, start, monkeypatch):
    iterator = start()
    assert "\n" not in iterator
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 299)
    stream.get_records(ShardIterator=iterator)
    monkeypatch.setattr(time, "time", lambda: now + 301)
    with pytest.raises(stream.exceptions.ExpiredIteratorException, match="delay of 300000 milli"):
        stream.get_records(ShardIterator=iterator)


@pytest.mark.parametrize("iterator", ["nonsense", "?", "YTpiOmM6ZA=="])
def test_an_invalid_iterator_is_refused(stream, iterator):
    with pytest.raises(stream.exceptions.InvalidArgumentException, match="Invalid ShardIterator."):
        stream.get_records(ShardIterator=iterator)


def test_an_iterator_can_be_requested_by_the_streams_arn(stream, put):
    put("a")
    arn = stream.describe_stream(StreamName=STREAM_NAME)["StreamDescription"]["StreamARN"]
    iterator = stream.get_shard_iterator(
        StreamARN=arn, ShardId=FIRST, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert len(stream.get_records(ShardIterator=iterator)["Records"]) == 1


def test_a_call_accepts_and_returns_at_most_ten_mebibytes(stream, start):
    record = {"Data": b"x" * (2**20 - 1), "PartitionKey": "0"}
    stream.put_records(StreamName=STREAM_NAME, Records=[record] * 10)
    with pytest.raises(stream.exceptions.InvalidArgumentException, match="exceeds 10 MB"):
        stream.put_records(StreamName=STREAM_NAME, Records=[record] * 11)
    stream.put_record(StreamName=STREAM_NAME, **record)
    response = stream.get_records(ShardIterator=start())
    assert len(response["Records"]) == 10
    response = stream.get_records(ShardIterator=response["NextShardIterator"])
    assert len(response["Records"]) == 1


def test_an_existing_stream_is_refused_in_awss_words(stream):
    with pytest.raises(stream.exceptions.ResourceInUseException) as caught:
        stream.create_stream(StreamName=STREAM_NAME, ShardCount=1)
    text = f"Stream {STREAM_NAME} under account 123456789012 already exists."
    assert caught.value.response["Error"]["Message"] == text


def test_streams_are_listed_by_name_starting_after_any_name(stream):
    for name in ("b", "a"):
        stream.create_stream(StreamName=name, ShardCount=1)
    assert stream.list_streams()["StreamNames"] == [STREAM_NAME, "a", "b"]
    response = stream.list_streams(ExclusiveStartStreamName="U", Limit=1)
    assert (response["StreamNames"], response["HasMoreStreams"]) == (["a"], True)


def test_descriptions_have_the_mode_and_the_number_of_consumers(stream):
    description = stream.describe_stream(StreamName=STREAM_NAME)["StreamDescription"]
    assert description["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
    summary = stream.describe_stream_summary(StreamName=STREAM_NAME)["StreamDescriptionSummary"]
    assert summary["ConsumerCount"] == 0


def test_a_record_without_a_partition_key_is_refused(stream):
    client = make_client("kinesis", parameter_validation=False)
    for put, options in (
        (client.put_record, {"Data": "x"}),
        (client.put_records, {"Records": [{"Data": "x"}]}),
    ):
        with pytest.raises(ClientError, match="(?i)partitionkey"):
            put(StreamName=STREAM_NAME, **options)


def test_the_partition_key_determines_a_records_shard(stream):
    split(stream)
    shards = {
        stream.put_record(StreamName=STREAM_NAME, Data="a", PartitionKey=key)["ShardId"]
        for key in "abcdefgh"
    }
    assert shards == {LEFT, RIGHT}


def test_records_and_streams_that_aws_refuses_are_refused(stream):
    with pytest.raises(
        stream.exceptions.ClientError, match="at 'data' failed .* less than or equal to 1048576"
    ):
        stream.put_record(StreamName=STREAM_NAME, Data=b"x" * 2**20, PartitionKey="0")
    with pytest.raises(stream.exceptions.InvalidArgumentException, match="ExplicitHashKey"):
        stream.put_record(
            StreamName=STREAM_NAME, Data="x", PartitionKey="0", ExplicitHashKey=str(2**128)
        )
    with pytest.raises(stream.exceptions.InvalidArgumentException, match="ShardCount"):
        stream.create_stream(StreamName="S")


@pytest.fixture
def restless(monkeypatch):
    """Make threads switch a thousand times more often, and whenever a record is created."""
    make_record = kinesis.Record

    def make_slowly(*arguments):
        time.sleep(0.0001)
        return make_record(*arguments)

    monkeypatch.setattr(kinesis, "Record", make_slowly)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(interval / 1000)
    yield
    sys.setswitchinterval(interval)


def test_concurrent_puts_during_resharding_lose_no_record(stream, read, restless):
    def put_one(key):
        response = stream.put_record(StreamName=STREAM_NAME, Data="x", PartitionKey=key)
        return [response["SequenceNumber"]]

    def put_several(key):
        records = [{"Data": "x", "PartitionKey": f"{key}-{number}"} for number in range(3)]
        response = stream.put_records(StreamName=STREAM_NAME, Records=records)
        return [record["SequenceNumber"] for record in response["Records"]]

    def put_many(thread):
        put = put_several if thread % 2 else put_one
        return [number for each in range(40) for number in put(f"{thread}-{each}")]

    with ThreadPoolExecutor(6) as pool:
        puts = [pool.submit(put_many, thread) for thread in range(6)]
        for count in (2, 4, 2, 1):
            stream.update_shard_count(
                StreamName=STREAM_NAME, TargetShardCount=count, ScalingType="UNIFORM_SCALING"
            )
        received = [number for each in puts for number in each.result()]
    assert len(set(received)) == len(received) == 480
    shards = stream.list_shards(StreamName=STREAM_NAME)["Shards"]
    assert "".join(read(shard["ShardId"]) for shard in shards) == "x" * 480


def test_records_can_be_read_while_others_are_put(stream, start, restless):
    def put_many():
        records = [{"Data": "x", "PartitionKey": "0"}] * 25
        for _ in range(20):
            stream.put_records(StreamName=STREAM_NAME, Records=records)

    def read_all():
        iterator, count, end = start(), 0, time.monotonic() + LIMIT
        while count < 1000 and time.monotonic() < end:
            response = stream.get_records(ShardIterator=iterator)
            iterator, count = response["NextShardIterator"], count + len(response["Records"])
        return count

    with ThreadPoolExecutor(4) as pool:
        puts = [pool.submit(put_many) for _ in range(2)]
        assert [each.result() for each in [pool.submit(read_all) for _ in range(2)]] == [1000, 1000]
        assert [each.result() for each in puts] == [None, None]


def test_an_on_demand_stream_has_no_shard_count(stream):
    with pytest.raises(stream.exceptions.InvalidArgumentException, match="ON_DEMAND"):
        stream.create_stream(
            StreamName="other", ShardCount=7, StreamModeDetails={"StreamMode": "ON_DEMAND"}
        )
