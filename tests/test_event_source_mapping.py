"""event_source_mapping.py: it delivers as Lambda does, and retries and drops by Lambda's rules."""

import time
from collections import Counter
from datetime import datetime, timezone

import boto3
import pytest

from tests import event_source_mapping

RECORD = {
    "PartitionKey": "0",
    "SequenceNumber": "4959",
    "Data": b"\xff\x00data",
    "ApproximateArrivalTimestamp": datetime(2026, 1, 1, 12, 0, 0, 500499, timezone.utc),
}


EVENT_RECORD = {
    "kinesis": {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": "0",
        "sequenceNumber": "4959",
        "data": "/wBkYXRh",
        "approximateArrivalTimestamp": 1767268800.5,
    },
    "eventSource": "aws:kinesis",
    "eventVersion": "1.0",
    "eventID": "shardId-000000000006:4959",
    "eventName": "aws:kinesis:record",
    "invokeIdentityArn": "arn:aws:iam::123456789012:role/kinesis-log-consumer-role",
    "awsRegion": "eu-west-1",
    "eventSourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/TUTORIAL",
}


class Function:
    """A handler that fails for certain records so many times, and notes its batches."""

    def __init__(self, failures=None):
        self.failures = dict(failures or {})
        self.batches = []

    def __call__(self, event, context):
        numbers = [record["kinesis"]["sequenceNumber"] for record in event["Records"]]
        self.batches.append("".join(numbers))
        failed = [number for number in numbers if self.failures.get(number, 0) > 0]
        for number in failed:
            self.failures[number] -= 1
        return {"batchItemFailures": [{"itemIdentifier": n} for n in reversed(failed)]}


def batch(numbers):
    """Return a batch of event records with these sequence numbers, a character each."""
    return [{"kinesis": {"sequenceNumber": number}} for number in numbers]


def put(stream, count):
    """Put so many records on the stream."""
    for number in range(count):
        stream.put_record(StreamName="TUTORIAL", Data=str(number), PartitionKey=str(number))


def drain(stream, function, positions=None, **options):
    """Deliver what is on the stream; return how many records were read and dropped."""
    tally = Counter()
    positions = {} if positions is None else positions
    event_source_mapping.drain(stream, function, positions, tally, **options)
    return tally["read"], tally["dropped"]


def test_an_event_record_has_all_the_fields_that_aws_documents():
    arn = EVENT_RECORD["eventSourceARN"]
    built = event_source_mapping.build_event_record(RECORD, "shardId-000000000006", arn)
    assert built == EVENT_RECORD


def test_the_stream_is_delivered_in_order_in_batches_of_ten(stream):
    function = Function()
    put(stream, 25)
    assert drain(stream, function) == (25, 0)
    numbers = [str(number) for number in range(1, 26)]
    assert function.batches == [
        "".join(numbers[:10]), "".join(numbers[10:20]), "".join(numbers[20:])
    ]


def test_every_shard_is_read_and_what_was_split_before_what_came_of_it(aws):
    client, function = boto3.client("kinesis"), Function()
    client.create_stream(StreamName="TUTORIAL", ShardCount=3)
    put(client, 40)
    positions = {}
    assert drain(client, function, positions) == (40, 0)
    assert sorted(positions) == [f"shardId-00000000000{number}" for number in range(3)]


def test_the_next_call_goes_on_where_the_last_one_ended(stream):
    function, positions = Function(), {}
    put(stream, 3)
    drain(stream, function, positions)
    put(stream, 2)
    assert drain(stream, function, positions) == (2, 0)
    assert function.batches == ["123", "45"]
    assert drain(stream, function, positions) == (0, 0)


@pytest.mark.parametrize("answer", [
    None, {}, "", "done", [], {"batchItemFailures": None}, {"batchItemFailures": []}, {"other": 1}
])
def test_an_answer_that_reports_nothing_is_a_success(answer):
    assert event_source_mapping.invoke(lambda event, context: answer, batch("123")) == 3


@pytest.mark.parametrize("failures", [
    [{"itemIdentifier": ""}], [{"itemIdentifier": None}], [{"itemIdentifier": "9"}], [{"id": "1"}],
    [{"itemIdentifier": "2"}, {"itemIdentifier": "9"}], ["2"], [None], "2", 2,
])
def test_an_answer_that_reports_what_is_not_in_the_batch_fails_all_of_it(failures, lines):
    answer = {"batchItemFailures": failures}
    assert event_source_mapping.invoke(lambda event, context: answer, batch("123")) == 0
    assert lines() == [f"The function reported what is not in the batch: {failures}"]


def test_a_function_that_raises_fails_all_of_the_batch(lines):
    assert event_source_mapping.invoke(lambda event, context: 1 / 0, batch("123")) == 0
    assert lines() == ["The function failed: ZeroDivisionError('division by zero')"]


@pytest.mark.parametrize("answer", [{1, 2}, b"bytes", {"batchItemFailures": {1}}])
def test_an_answer_that_is_no_json_fails_all_of_the_batch(answer):
    assert event_source_mapping.invoke(lambda event, context: answer, batch("123")) == 0


def test_the_function_gets_a_copy_of_the_event():
    records = batch("123")
    event_source_mapping.invoke(lambda event, context: event["Records"].clear(), records)
    assert records == batch("123")


@pytest.mark.parametrize(("failures", "batches", "dropped"), [
    ({}, ["12345"], 0),
    ({"1": 1}, ["12345", "12345"], 0),
    ({"3": 1}, ["12345", "345"], 0),
    ({"3": 1, "5": 1}, ["12345", "345"], 0),
    ({"2": 1, "4": 2}, ["12345", "2345", "45"], 0),
    ({"5": 3}, ["12345", "5", "5", "5"], 0),
    ({"5": 4}, ["12345", "5", "5", "5"], 1),
    ({"3": 9}, ["12345", "345", "345", "345"], 3),
    ({"1": 2, "3": 9}, ["12345", "12345", "12345", "345"], 3),
])
def test_retries_start_at_the_lowest_number_reported_and_then_the_rest_is_dropped(
    failures, batches, dropped
):
    function = Function(failures)
    assert event_source_mapping.deliver(function, batch("12345"), retries=3) == dropped
    assert function.batches == batches


def test_a_batch_is_retried_ten_times_and_each_time_and_the_end_are_said(lines):
    function = Function({"2": 99})
    assert event_source_mapping.deliver(function, batch("123")) == 2
    assert function.batches == ["123", *["23"] * 10]
    assert lines() == [
        *[f"Retry {number} of 10: 2 records from 2" for number in range(1, 11)],
        "Dropped after 10 retries: 2 records from 2",
    ]


def test_what_is_dropped_is_named_by_the_number_it_starts_at_in_the_end(lines):
    function = Function({"1": 1, "3": 9})
    assert event_source_mapping.deliver(function, batch("12345"), retries=1) == 3
    assert lines()[-1] == "Dropped after 1 retries: 3 records from 3"


def test_after_a_dropped_batch_the_next_one_is_delivered(stream):
    function = Function({"9": 99})
    put(stream, 12)
    assert drain(stream, function, retries=1) == (12, 2)
    assert function.batches == ["12345678910", "910", "1112"]


@pytest.fixture
def slow(stream, monkeypatch):
    """The stream, read two records at a time and then so slowly that the iterator expires."""
    get_records, get_shard_iterator, age = stream.get_records, stream.get_shard_iterator, Counter()

    def get_aged_records(**parameters):
        age["reads"] += 1
        if age["reads"] > 1 and age["iterators"] < 2:
            raise stream.exceptions.ExpiredIteratorException({}, "GetRecords")
        return get_records(Limit=2, **parameters)

    def get_new_iterator(**parameters):
        age["iterators"] += 1
        return get_shard_iterator(**parameters)

    monkeypatch.setattr(stream, "get_records", get_aged_records)
    monkeypatch.setattr(stream, "get_shard_iterator", get_new_iterator)
    return stream


def test_an_iterator_that_has_expired_is_replaced_after_the_last_record(slow):
    function = Function()
    put(slow, 3)
    assert drain(slow, function) == (3, 0)
    assert function.batches == ["12", "3"]


@pytest.mark.parametrize(("answers", "batches"), [
    ([([], 5000, "more"), (["7"], 0, "more"), ([], 0, "more")], [["7"]]),  # a gap in the shard
    ([(["7"], 0, None)], [["7"]]),  # the end of a shard that is closed
    ([([], 0, "more")], []),
    ([([], 5000, None)], []),
])
def test_a_shard_is_read_to_its_tip_or_its_end(stub, answers, batches):
    client, stubber = stub("kinesis")
    stubber.add_response("get_shard_iterator", {"ShardIterator": "first"})
    for numbers, behind, iterator in answers:
        records = [{**RECORD, "SequenceNumber": number} for number in numbers]
        more = {"NextShardIterator": iterator} if iterator else {}
        stubber.add_response(
            "get_records", {"Records": records, "MillisBehindLatest": behind} | more
        )
    read = event_source_mapping.read_shard(client, "shardId-000000000000")
    assert [[record["SequenceNumber"] for record in records] for records in read] == batches
    stubber.assert_no_pending_responses()


@pytest.fixture
def follow(run, monkeypatch):
    """A function that runs the command, and stops it with Ctrl-C at its n-th pause of a second."""

    def follow(pauses=1, before_each=lambda: None):
        seconds = []

        def sleep(pause):
            seconds.append(pause)
            if sum(seconds) >= pauses:
                raise KeyboardInterrupt
            before_each()

        monkeypatch.setattr(time, "sleep", sleep)
        return run(event_source_mapping)

    return follow


def test_the_command_follows_the_stream_until_ctrl_c_and_says_what_it_read(stream, table, follow):
    line = b"id=x||status=Alarm||time=1600000000000||location=a||sensor=b"

    def put_one():
        stream.put_record(StreamName="TUTORIAL", Data=line, PartitionKey="0")

    put_one()
    status, lines = follow(3, put_one)
    assert len(table) == 3
    assert (status, lines[-1]) == (0, "Stopped. 3 records read, 0 dropped.")


def test_the_exit_status_is_1_if_a_record_was_dropped(stream, table, follow):
    put(stream, 1)
    status, lines = follow()
    assert "Dropped after 10 retries: 1 records from 1" in lines
    assert (status, lines[-1]) == (1, "Stopped. 1 records read, 1 dropped.")


def test_a_stream_that_does_not_exist_is_one_line_and_status_1(aws, follow):
    status, lines = follow()
    assert status == 1
    assert lines[-1].startswith("Cannot read stream TUTORIAL: An error occurred (ResourceNotFound")


@pytest.mark.parametrize("missing", ["AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"])
def test_nothing_configured_is_one_line_that_names_aws_configure(follow, monkeypatch, missing):
    monkeypatch.delenv(missing)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    status, [line] = follow()
    assert status == 1
    assert 'run "aws configure"' in line
