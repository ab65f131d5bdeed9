"""tests/local_aws/mapping.py: records reach the function, come again, and are given up by the rules.

The function of these tests hands each batch to `rule`, and reports the numbers that it returns.
"""

import base64
import json
import re
import time
from datetime import timedelta

import boto3
import pytest
from moto.core.utils import utcnow

from tests.conftest import LIMIT, deploy

SOURCE = f"import {__name__} as tests\ndef handler(event, context): return tests.handle(event)\n"
ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/TUTORIAL"
PARTIAL = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}

events, batches, rules = [], [], []


def handle(event):
    """Be the function: note the event, and do what the rule says."""
    records = {int(base64.b64decode(r["kinesis"]["data"])): r for r in event["Records"]}
    events.append(event)
    batches.append([*records])
    bad = [records[number] for number in rules[-1]([*records]) if number in records]
    failures = [{"itemIdentifier": record["kinesis"]["sequenceNumber"]} for record in bad]
    return {"batchItemFailures": failures}


@pytest.fixture
def put(stream):
    """A function that puts records on the stream, numbers, for which there is a function."""
    deploy(SOURCE)
    events.clear()
    batches.clear()
    rules[:] = [lambda numbers: []]

    def put(*numbers):
        for number in numbers:
            stream.put_record(StreamName="TUTORIAL", Data=str(number), PartitionKey="0")

    return put


@pytest.fixture
def deliver(put, aws):
    """A function that makes a mapping, and waits until it has done all that it can."""

    def deliver(rule=lambda numbers: [], **settings):
        rules.append(rule)
        mapping = boto3.client("lambda").create_event_source_mapping(**{
            "FunctionName": "kinesis-log-consumer", "EventSourceArn": ARN, "BatchSize": 10,
            "StartingPosition": "TRIM_HORIZON",
        } | settings)
        assert aws.wait_until_idle(LIMIT)
        return mapping["UUID"]

    return deliver


def wait_for(aws, condition):
    """Wait until a condition is met, as long as there is something to be retried."""
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "it does not come"
        aws.wait_until_idle(LIMIT)


def test_an_event_has_all_fields_that_lambda_documents(put, deliver):
    put(7)
    deliver()
    [event] = events
    [record] = event["Records"]
    number = record["kinesis"]["sequenceNumber"]
    assert isinstance(record["kinesis"].pop("approximateArrivalTimestamp"), float)
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0", "partitionKey": "0", "sequenceNumber": number,
            "data": "Nw==",
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/kinesis-log-consumer-role",
        "awsRegion": "us-east-1",
        "eventSourceARN": ARN,
    }


def test_records_come_in_batches_of_the_size_in_the_order_of_the_stream(put, deliver, aws):
    put(*range(25))
    deliver()
    assert batches == [[*range(10)], [*range(10, 20)], [*range(20, 25)]]
    assert aws.delivered == 25


def test_latest_begins_with_what_comes_after_the_mapping(put, deliver, aws):
    put(1)
    deliver(StartingPosition="LATEST")
    put(2)
    aws.wait_until_idle(LIMIT)
    assert batches == [[2]]


@pytest.mark.parametrize(("seconds", "delivered"), [(-3600, [[1]]), (3600, [])])
def test_a_mapping_can_begin_at_a_time(put, deliver, seconds, delivered):
    put(1)
    deliver(StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=time.time() + seconds)
    assert batches == delivered


def test_a_disabled_mapping_waits_until_it_is_enabled(put, deliver, aws):
    put(1)
    name = deliver(Enabled=False)
    assert batches == []
    boto3.client("lambda").update_event_source_mapping(UUID=name, Enabled=True)
    aws.wait_until_idle(LIMIT)
    assert batches == [[1]]


def test_what_comes_again_begins_with_the_lowest_number_reported(put, deliver, aws):
    put(*range(10))
    deliver(lambda numbers: [5, 3] if len(batches) == 1 else [], **PARTIAL)
    wait_for(aws, lambda: aws.delivered == 10)
    assert batches == [[*range(10)], [*range(3, 10)]]
    assert sorted(aws.failed.values()) == [b"3", b"5"]


def test_without_report_batch_item_failures_the_answer_is_ignored(put, deliver):
    put(*range(3))
    deliver(lambda numbers: [1])
    assert batches == [[0, 1, 2]]


def fail(numbers):
    """Let the function fail altogether."""
    raise ValueError("broken")


@pytest.mark.parametrize("settings", [{}, PARTIAL])
def test_a_function_that_fails_gets_the_whole_batch_again(put, deliver, aws, settings):
    put(1, 2)
    deliver(lambda numbers: fail(numbers) if len(batches) < 3 else [], **settings)
    wait_for(aws, lambda: aws.delivered == 2)
    assert batches == [[1, 2]] * 3
    assert len(aws.errors) == 2 and "ValueError: broken" in aws.errors[0]


def test_a_report_of_what_is_not_in_the_batch_means_all_of_it(put, deliver, aws, monkeypatch):
    put(1, 2)
    answers = [{"batchItemFailures": [{"itemIdentifier": "unknown"}]},
               {"batchItemFailures": [{"wrong": "key"}]}, {"batchItemFailures": None}]
    real = handle
    monkeypatch.setitem(globals(), "handle", lambda event: (real(event), answers.pop(0))[1])
    deliver(**PARTIAL)
    wait_for(aws, lambda: aws.delivered == 2)
    assert batches == [[1, 2]] * 3


def test_after_the_last_retry_the_rest_of_the_batch_is_given_up_and_the_next_one_comes(
    put, deliver, aws
):
    put(*range(12))
    deliver(lambda numbers: [4], MaximumRetryAttempts=2, **PARTIAL)
    wait_for(aws, lambda: len(batches) == 4)
    assert batches == [[*range(10)], *[[*range(4, 10)]] * 2, [10, 11]]
    assert [int(data) for data in aws.discarded.values()] == [*range(4, 10)]


def test_what_is_older_than_the_maximum_record_age_is_given_up_and_nothing_else(
    put, deliver, aws, monkeypatch
):
    aws.speed = 10  # so that a record has 6 seconds here until it is 60 seconds old
    with monkeypatch.context() as patch:
        patch.setattr("moto.kinesis.models.utcnow", lambda: utcnow() - timedelta(seconds=30))
        put(1)
    name = deliver(lambda numbers: [1], MaximumRecordAgeInSeconds=3600, **PARTIAL)
    put(2)
    assert not aws.discarded and {1} == {number for batch in batches for number in batch}
    boto3.client("lambda").update_event_source_mapping(UUID=name, MaximumRecordAgeInSeconds=60)
    wait_for(aws, lambda: batches[-1] == [2])
    assert [*aws.discarded.values()] == [b"1"]


def test_bisecting_finds_the_bad_record_and_costs_no_retry(put, deliver, aws):
    put(*range(8))
    deliver(lambda numbers: fail(numbers) if 5 in numbers else [], MaximumRetryAttempts=0,
            BisectBatchOnFunctionError=True)
    wait_for(aws, lambda: aws.delivered == 7)
    assert batches == [[*range(8)], [0, 1, 2, 3], [4, 5, 6, 7], [4, 5], [4], [5], [6, 7]]
    assert [*aws.discarded.values()] == [b"5"]


def test_the_on_failure_destination_is_told_where_the_discarded_records_are(
    put, deliver, aws, stream
):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="discarded")["QueueUrl"]
    put(1, 2, 3)
    deliver(
        lambda numbers: [2], MaximumRetryAttempts=1, **PARTIAL,
        DestinationConfig={"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:discarded"}},
    )
    wait_for(aws, lambda: aws.discarded)
    [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    body = json.loads(message["Body"])
    first, last = aws.discarded
    assert body["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert body["requestContext"]["approximateInvokeCount"] == 2
    batch = body["KinesisBatchInfo"]
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    for name in ("approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord"):
        assert re.fullmatch(moment, batch.pop(name))
    assert re.fullmatch(moment, body["timestamp"])
    assert batch == {
        "shardId": "shardId-000000000000", "startSequenceNumber": first,
        "endSequenceNumber": last, "batchSize": 2, "streamArn": ARN,
    }
    iterator = stream.get_shard_iterator(
        StreamName="TUTORIAL", ShardId=batch["shardId"], StartingSequenceNumber=first,
        ShardIteratorType="AT_SEQUENCE_NUMBER",
    )["ShardIterator"]
    records = stream.get_records(ShardIterator=iterator, Limit=2)["Records"]
    assert [record["Data"] for record in records] == [b"2", b"3"]


def test_a_bad_record_holds_up_its_own_shard_only(put, deliver, aws, stream):
    stream.delete_stream(StreamName="TUTORIAL")
    stream.create_stream(StreamName="TUTORIAL", ShardCount=2)
    deliver(lambda numbers: [10], **PARTIAL)
    for number, key in [(10, 0), (11, 0), (12, 2**127), (13, 2**127)]:
        stream.put_record(
            StreamName="TUTORIAL", Data=str(number), PartitionKey="0", ExplicitHashKey=str(key)
        )
    wait_for(aws, lambda: aws.delivered == 2)
    assert {12, 13} <= {number for batch in batches for number in batch}


def test_what_a_shard_held_before_it_was_split_comes_first(aws, put, deliver, stream):
    put(*range(15))
    middle = str(2**127)
    stream.split_shard(
        StreamName="TUTORIAL", ShardToSplit="shardId-000000000000", NewStartingHashKey=middle
    )
    put(15, 16)
    deliver()
    wait_for(aws, lambda: aws.delivered == 17)
    assert [number for batch in batches for number in batch] == [*range(17)]


def test_a_second_mapping_of_stream_and_function_is_refused(deliver):
    name = deliver()
    with pytest.raises(Exception, match=f"ResourceConflictException.*{name}"):
        deliver()


def test_without_function_or_stream_the_mapping_waits_and_says_so_once(put, deliver, aws, monkeypatch):
    said = []
    monkeypatch.setattr(aws, "report", said.append)
    boto3.client("lambda").delete_function(FunctionName="kinesis-log-consumer")
    deploy(SOURCE)
    deliver()
    boto3.client("lambda").delete_function(FunctionName="kinesis-log-consumer")
    put(1)
    wait_for(aws, lambda: said)
    for _ in range(5):
        aws.wait_until_idle(LIMIT)
    assert len(said) == 1 and "waits: there is no function" in said[0]
    deploy(SOURCE)
    wait_for(aws, lambda: batches == [[1]])


def test_the_pauses_between_retries_grow_up_to_ten_seconds(put, deliver, aws):
    times = []
    put(1)
    deliver(lambda numbers: (times.append(time.monotonic()), [1])[1], **PARTIAL)
    wait_for(aws, lambda: len(times) == 8)
    pauses = [100 * (later - earlier) for earlier, later in zip(times, times[1:])]
    assert all(pause >= least for pause, least in zip(pauses, [1, 2, 4, 8, 10, 10, 10]))


def test_each_delivery_is_a_short_line(put, deliver, aws, monkeypatch):
    said = []
    monkeypatch.setattr(aws, "report", said.append)
    put(1, 2)
    deliver(lambda numbers: [2] if len(batches) < 3 else [], MaximumRetryAttempts=9, **PARTIAL)
    wait_for(aws, lambda: aws.delivered == 2)
    assert said == [
        "kinesis-log-consumer: 2 records delivered, 1 reported",
        "kinesis-log-consumer: 1 record delivered again, try 2, 1 reported",
        "kinesis-log-consumer: 1 record delivered again, try 3, all done",
    ]
