"""delivery.py: how batches are made, and what is reported about a failure."""

import json
from types import SimpleNamespace

import pytest

from tests.local_aws.delivery import (
    MAX_PAYLOAD,
    Lane,
    build_event_record,
    count_fitting,
    find_error,
    find_printed_reason,
)

LOG = "START RequestId: 1\nFailed: 7: 'first'\nFailed: 8: 'second'\n1 of 3 records stored\n"


def record(number, data=""):
    """Return a record with this sequence number."""
    return SimpleNamespace(sequence_number=number, data=data, partition_key="0", created_at=0)


@pytest.fixture
def lane():
    """A Lane with records 0 to 4, added at seconds 100 to 104."""
    lane = Lane()
    for number in range(5):
        lane.add(record(number), now=100 + number)
    return lane


def find_numbers(records):
    """Return the sequence numbers of records."""
    return [each.sequence_number for each in records]


def test_a_full_batch_is_made_at_once(lane):
    lane.make_batch(size=3, window=10, now=104)
    assert find_numbers(lane.batches[0]) == [0, 1, 2]
    assert find_numbers(lane.records) == [3, 4]


def test_a_batch_that_is_not_full_waits_for_the_batching_window(lane):
    lane.make_batch(size=9, window=10, now=109)
    assert lane.batches == []
    lane.make_batch(size=9, window=10, now=110)
    assert find_numbers(lane.batches[0]) == [0, 1, 2, 3, 4]


def test_records_left_over_from_a_batch_wait_for_their_own_window(lane):
    lane.make_batch(size=3, window=10, now=104)
    lane.drop(lane.batches[0])
    lane.make_batch(size=3, window=10, now=113)
    assert lane.batches == []
    lane.make_batch(size=3, window=10, now=114)
    assert find_numbers(lane.batches[0]) == [3, 4]


def test_the_rest_of_a_batch_counts_as_a_new_batch(lane):
    lane.make_batch(size=5, window=0, now=104)
    lane.attempts, lane.failed, lane.next_try = 3, 1, 200
    lane.drop(lane.batches[0][1:3])
    assert find_numbers(lane.batches[0]) == [0, 3, 4]
    assert (lane.attempts, lane.failed) == (0, 0)
    assert lane.is_due(now=104)


def test_a_batch_is_due_after_its_pause_unless_a_thread_is_delivering_it(lane):
    assert not lane.is_due(now=100), "there is no batch"
    lane.make_batch(size=5, window=0, now=104)
    lane.next_try = 110
    assert [lane.is_due(now) for now in (109, 110)] == [False, True]
    lane.busy = True
    assert not lane.is_due(now=110)


def test_a_batch_is_cut_before_its_event_is_too_large():
    half = "x" * (MAX_PAYLOAD // 2 - 1000)
    assert count_fitting([record(number, half) for number in range(5)], 4) == 2
    assert count_fitting([record(0, "x" * (MAX_PAYLOAD + 1)), record(1)], 4) == 1
    assert count_fitting([record(number) for number in range(5)], 4) == 4


def test_an_event_of_many_small_records_is_not_too_large():
    records = [record(10**55 + number, "x" * 100) for number in range(10_000)]
    stream = f"arn:aws:kinesis:us-east-1:123456789012:stream/{'s' * 30}"
    role = f"arn:aws:iam::123456789012:role/{'r' * 30}"
    event = [
        build_event_record(each, "shardId-000000000000", stream, role)
        for each in records[: count_fitting(records, 10_000)]
    ]
    assert MAX_PAYLOAD * 0.8 < len(json.dumps({"Records": event})) < MAX_PAYLOAD


def test_the_reason_for_a_failure_is_what_the_function_printed_about_that_record():
    assert find_printed_reason(LOG, record(8)) == "8: 'second'"
    assert find_printed_reason(LOG, record(9)) == "7: 'first'"
    assert find_printed_reason("START\n", record(7)) == ""
    assert find_printed_reason(f"Failed: 7: {'x' * 1000}", record(7)) == f"7: {'x' * 97}..."


def test_an_error_is_reported_without_its_request_id():
    message = "RequestId: 1-2-3 Error: Task timed out after 60.00 seconds"
    found = find_error({"errorType": "Sandbox.Timedout", "errorMessage": message})
    assert found == "Sandbox.Timedout: Task timed out after 60.00 seconds"
