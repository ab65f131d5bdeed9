"""shard.py: records are read in order, and a key stays in one lane until its records are done."""

import pytest
from moto.kinesis.models import Stream

from tests.local_aws.shard import READ_AHEAD, Reader, Shard

NAME = "shardId-000000000000"


@pytest.fixture
def stream():
    """A moto stream with one shard."""
    return Stream("TUTORIAL", 1, None, None, "123456789012", "us-east-1")


@pytest.fixture
def shard(stream):
    """The stream's Shard."""
    return Shard(stream.shards[NAME], 0)


def put(shard, letters):
    """Put records on a shard, with these letters as partition keys."""
    for letter in letters:
        shard.shard.put_record(letter, "", None)


def find_numbers(records, key=None):
    """Return the sequence numbers of the records with a partition key, as a word."""
    return "".join(
        str(record.sequence_number) for record in records if key in (None, record.partition_key)
    )


def test_everything_is_read_once_and_in_order(shard):
    put(shard, "ab")
    shard.read(0)
    put(shard, "c")
    assert find_numbers(shard.find_unread()) == "3"
    shard.read(0)
    assert find_numbers(shard.find_read()) == "123"
    assert shard.find_unread() == []


def test_a_shard_is_done_when_it_is_closed_and_nothing_is_left(shard):
    put(shard, "ab")
    shard.read(0)
    lane = shard.lanes[0]
    lane.make_batch(size=2, window=0, now=0)
    lane.drop(lane.batches[0])
    assert not shard.is_done(), "more can come"
    put(shard, "c")
    shard.shard.is_open = False
    assert not shard.is_done(), "one is not read"
    shard.read(0)
    assert not shard.is_done(), "one is not delivered"
    lane.make_batch(size=2, window=0, now=0)
    lane.drop(lane.batches[0])
    assert shard.is_done()


def test_a_keys_records_stay_in_one_lane_and_in_order_when_the_lanes_change(shard):
    put(shard, "abcabcabc")
    shard.read(0)
    shard.lanes[0].make_batch(4, 0, 0)
    for count in (3, 2, 10):
        shard.set_lane_count(count, 0)
        assert len(shard.lanes) == count
        for key, numbers in {"a": "147", "b": "258", "c": "369"}.items():
            lanes = [find_numbers(lane.find_all(), key) for lane in shard.lanes]
            assert sorted(lanes) == [""] * (count - 1) + [numbers]
    assert len([lane for lane in shard.lanes if lane.find_all()]) > 1


def test_lanes_do_not_change_while_one_is_busy(shard):
    shard.lanes[0].busy = True
    shard.set_lane_count(3, 0)
    assert len(shard.lanes) == 1
    shard.lanes[0].busy = False
    shard.set_lane_count(3, 0)
    assert len(shard.lanes) == 3


def test_if_the_number_of_lanes_is_right_they_keep_their_batches(shard):
    put(shard, "a")
    shard.read(0)
    shard.lanes[0].make_batch(1, 0, 0)
    shard.lanes[0].attempts = 5
    shard.set_lane_count(1, 0)
    assert shard.lanes[0].attempts == 5


def test_a_mapping_stops_reading_ahead_at_its_limit(shard):
    put(shard, "a" * (READ_AHEAD + 2))
    shard.read(0)
    shard.read(0)
    assert len(shard.find_read()) == READ_AHEAD
    assert find_numbers(shard.find_unread()) == f"{READ_AHEAD + 2}{READ_AHEAD + 1}"


@pytest.mark.parametrize(
    "position, seconds, numbers",
    [("TRIM_HORIZON", None, "12"), ("LATEST", None, ""), ("AT_TIMESTAMP", 150, "2")],
)
def test_a_reader_starts_at_its_mappings_position(stream, position, seconds, numbers):
    records = stream.shards[NAME]
    for moment in (100, 200):
        records.put_record("a", "", None)
        records.records[records.get_max_sequence_number()].created_at = moment
    reader = Reader(stream, position, seconds)
    reader.read(1, 0)
    assert find_numbers(reader.shards[NAME].find_read()) == numbers


def test_a_new_shard_is_read_from_its_first_record(stream):
    reader = Reader(stream, "LATEST", None)
    [old] = stream.shards.values()
    new = stream.shards["new"] = type(old)(1, 0, 1)
    new.put_record("a", "", None)
    reader.read(1, 0)
    assert find_numbers(reader.shards["new"].find_read()) == "1"


@pytest.mark.parametrize("name", ["parent", "adjacent_parent"])
def test_a_shard_waits_for_both_of_its_parents(stream, name):
    [parent] = stream.shards.values()
    child = stream.shards["new"] = type(parent)(1, 0, 1)
    setattr(child, name, NAME)
    child.put_record("a", "", None)
    reader = Reader(stream, "TRIM_HORIZON", None)
    reader.read(1, 0)
    assert reader.shards["new"].find_read() == []
    parent.is_open = False
    reader.read(1, 0)
    assert find_numbers(reader.shards["new"].find_read()) == "1"
