"""tests/local_aws/shard.py: what is read is in order, and a key in one lane, until it is done."""

from types import SimpleNamespace

import pytest

from tests.local_aws.shard import Lane, Shard


@pytest.fixture
def shard():
    """A Shard."""
    return Shard({"ShardId": "shardId-000000000000"}, "begin")


def read(shard, letters, iterator="next"):
    """Let a shard read records with these letters as partition keys."""
    records = [
        {"SequenceNumber": str(number), "PartitionKey": letter}
        for number, letter in enumerate(letters, start=1)
    ]
    response = {"Records": records}
    if iterator:
        response["NextShardIterator"] = iterator
    shard.read(SimpleNamespace(get_records=lambda **_: response), 0)


def find_numbers(records):
    """Return the sequence numbers of records, as a word."""
    return "".join(record["SequenceNumber"] for record in records)


def test_a_shard_is_done_when_all_was_read_and_nothing_is_left(shard):
    read(shard, "")
    assert not shard.is_done(), "more can come"
    read(shard, "ab", iterator=None)
    lane = shard.lanes[0]
    lane.make_batch(size=1, window=0, now=0)
    lane.drop(1)
    assert not shard.is_done()
    lane.make_batch(size=1, window=0, now=0)
    assert not shard.is_done()
    lane.drop(1)
    assert shard.is_done()
    read(shard, "c")
    assert shard.is_done(), "nothing is read any more"


def test_the_records_of_a_key_are_in_one_lane_in_order_also_when_the_lanes_change(shard):
    read(shard, "abcabcabc")
    shard.lanes[0].make_batch(4, 0, 0)
    for count in (3, 2, 10):
        shard.set_lane_count(count, 0)
        assert len(shard.lanes) == count
        for key, numbers in {"a": "147", "b": "258", "c": "369"}.items():
            found = shard.find_lane({"PartitionKey": key}).find_all()
            assert numbers in find_numbers(each for each in found if each["PartitionKey"] == key)
    assert len([lane for lane in shard.lanes if lane.find_all()]) > 1


def test_a_batch_is_made_when_it_is_full_or_the_window_has_passed():
    lane = Lane()
    lane.add(0, now=100)
    lane.make_batch(size=3, window=10, now=109)
    assert lane.is_gathering()
    for number in range(1, 5):
        lane.add(number, now=100 + number)
    lane.make_batch(size=3, window=10, now=104)
    assert (lane.batches, lane.records) == ([[0, 1, 2]], [3, 4])
    lane.drop(3)
    lane.make_batch(size=3, window=10, now=113)
    assert lane.batches == []
    assert lane.is_gathering()
    lane.make_batch(size=3, window=10, now=114)
    assert lane.batches == [[3, 4]]
    assert not lane.is_gathering()
