"""tests/local_aws/mapping.py: records reach the function, come again, are given up, by the rules.

A record is a letter here, a batch a word. The function reports the letters of its next answer.
"""

import base64
import json
import re
import time
from datetime import timedelta

import boto3
import pytest
from moto.core.utils import utcnow

from tests.helpers import LIMIT, deploy

SOURCE = f"import {__name__} as tests\ndef handler(event, context): return tests.handle(event)\n"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:kinesis-log-consumer"
ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/TUTORIAL"
QUEUE = {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:discarded"}}

FAIL = ValueError("broken")

events, batches, times, answers, said = [], [], [], [], []


def handle(event):
    """Be the function: note the event, and answer."""
    parts = [record["kinesis"] for record in event["Records"]]
    numbers = {base64.b64decode(part["data"]).decode(): part["sequenceNumber"] for part in parts}
    events.append(event)
    batches.append("".join(numbers))
    times.append(time.monotonic())
    answer = answers.pop(0) if len(answers) > 1 else answers[0]
    if answer is FAIL:
        raise FAIL
    if isinstance(answer, str):
        reported = [numbers[letter] for letter in answer if letter in numbers]
        answer = {"batchItemFailures": [{"itemIdentifier": number} for number in reported]}
    return answer


def put(letters, key="0"):
    """Put letters on the stream."""
    boto3.client("kinesis").put_records(
        StreamName="TUTORIAL",
        Records=[
            {"Data": letter, "PartitionKey": "0", "ExplicitHashKey": key} for letter in letters
        ],
    )


@pytest.fixture(autouse=True)
def function(aws, stream):
    """The function, and the stream."""
    deploy(SOURCE)
    aws.report = said.append
    for noted in (events, batches, times, said):
        noted.clear()


def deliver(aws, *these, **settings):
    """Make a mapping of a function with these answers, the last one repeated; return its id."""
    answers[:] = these
    mapping = boto3.client("lambda").create_event_source_mapping(
        **{
            "FunctionName": FUNCTION,
            "EventSourceArn": ARN,
            "StartingPosition": "TRIM_HORIZON",
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        }
        | settings
    )
    assert aws.wait_until_idle(LIMIT)
    return mapping["UUID"]


def wait_for(aws, condition):
    """Wait until a condition is met, and until all is done that belongs to it."""
    while not condition():
        assert aws.wait_until_idle(LIMIT)
    assert aws.wait_until_idle(LIMIT)


def test_an_event_has_all_fields_that_lambda_documents(aws):
    put("i")
    deliver(aws, "")
    [record] = events[0]["Records"]
    number = record["kinesis"]["sequenceNumber"]
    assert abs(record["kinesis"].pop("approximateArrivalTimestamp") - time.time()) < LIMIT
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "0",
            "data": "aQ==",
            "sequenceNumber": number,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventSourceARN": ARN,
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/kinesis-log-consumer-role",
        "awsRegion": "us-east-1",
    }


OTHER, NULL = {"batchItemFailures": [{"itemIdentifier": "x"}]}, {"batchItemFailures": None}
ONE_BY_ONE = {"BatchSize": 1, "MaximumRetryAttempts": 1}
BISECT = {"BisectBatchOnFunctionError": True, "MaximumRetryAttempts": 0}


# What is put, the function's answers, the mapping's settings, the batches and what is discarded.
@pytest.mark.parametrize(
    ("letters", "answers", "settings", "expected", "discarded"),
    [
        ("abcdefghijk", [""], {"BatchSize": 6}, "abcdef ghijk", []),
        ("abcdef", ["dc", ""], {}, "abcdef cdef", []),
        ("abc", ["b", ""], {"FunctionResponseTypes": []}, "abc", []),
        ("ab", [FAIL, FAIL, OTHER, NULL], {}, "ab ab ab ab", []),
        ("abcd", ["bc"], {"MaximumRetryAttempts": 2}, "abcd bcd bcd", ["2 to 4"]),
        ("abcd", [FAIL, "", FAIL, FAIL, ""], BISECT, "abcd ab cd c d", ["3 to 3"]),
        ("abcd", ["b"], BISECT, "abcd", ["2 to 4"]),
        # There is no such queue.
        (
            "abc",
            ["ac"],
            ONE_BY_ONE | {"DestinationConfig": QUEUE},
            "a a b c c",
            ["1 to 1", "3 to 3"],
        ),
    ],
)
def test_records_come_and_come_again(aws, letters, answers, settings, expected, discarded):
    put(letters)
    deliver(aws, *answers, **settings)
    put("z")  # it comes when all that stands before it is done
    wait_for(aws, lambda: "z" in batches)
    assert " ".join(batches) == f"{expected} z"
    assert [line.rpartition(": ")[2] for line in said if " discarded, " in line] == discarded


def test_what_happens_is_said_and_counted_and_the_queue_is_told_what_is_discarded(aws):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="discarded")["QueueUrl"]
    put("abc")
    deliver(aws, "bc", FAIL, "", MaximumRetryAttempts=1, DestinationConfig=QUEUE)
    put("d")
    wait_for(aws, lambda: "d" in batches)
    assert said == [
        "kinesis-log-consumer: batch of 3, 2 reported",
        "kinesis-log-consumer: batch of 2, try 2, the function failed",
        "batch of 2 discarded, RetryAttemptsExhausted: 2 to 3",
        "kinesis-log-consumer: batch of 1, all done",
    ]
    assert aws.failed == aws.discarded == {"2": b"b", "3": b"c"}
    assert (aws.errors, aws.delivered) == (["ValueError: broken"], 2)
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "then", message["Body"])
    assert json.loads(re.sub(r"[0-9a-f-]{36}", "UUID", text)) == {
        "requestContext": {
            "requestId": "UUID",
            "functionArn": FUNCTION,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 2,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "version": "1.0",
        "timestamp": "then",
        "KinesisBatchInfo": {
            "shardId": "shardId-000000000000",
            "startSequenceNumber": "2",
            "endSequenceNumber": "3",
            "batchSize": 2,
            "streamArn": ARN,
            "approximateArrivalOfFirstRecord": "then",
            "approximateArrivalOfLastRecord": "then",
        },
    }


def test_a_mapping_begins_where_it_is_told_to_can_be_disabled_and_exists_once(aws):
    put("a")
    name = deliver(aws, "", StartingPosition="LATEST")
    put("b")
    assert aws.wait_until_idle(LIMIT) and batches == ["b"]
    client = boto3.client("lambda")
    client.update_event_source_mapping(UUID=name, Enabled=False)
    assert aws.wait_until_idle(LIMIT)
    put("c")
    assert aws.wait_until_idle(LIMIT) and batches == ["b"]
    client.update_event_source_mapping(UUID=name, Enabled=True)
    assert aws.wait_until_idle(LIMIT) and batches == ["b", "c"]
    with pytest.raises(client.exceptions.ResourceConflictException, match=name):
        deliver(aws, "")
    client.delete_event_source_mapping(UUID=name)
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="TRIM_HORIZON"):
        client.create_event_source_mapping(FunctionName=FUNCTION, EventSourceArn=ARN)
    for act in client.delete_event_source_mapping, client.update_event_source_mapping:
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            act(UUID=name)


def test_what_is_older_than_the_maximum_age_is_given_up_and_no_more(aws, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("moto.kinesis.models.utcnow", lambda: utcnow() - timedelta(seconds=1000))
        put("a")  # at a speed of 100 it is 100,000 seconds old
    put("b")
    name = deliver(aws, "a", MaximumRecordAgeInSeconds=600_000)
    assert set(batches) == {"ab"}
    boto3.client("lambda").update_event_source_mapping(UUID=name, MaximumRecordAgeInSeconds=50_000)
    wait_for(aws, lambda: "b" in batches)
    assert "batch of 1 discarded, RecordAgeExpired: 1 to 1" in said


def test_a_bad_record_holds_up_its_own_shard_only(aws, stream):
    stream.delete_stream(StreamName="TUTORIAL")
    stream.create_stream(StreamName="TUTORIAL", ShardCount=2)
    put("ab")
    put("VWXYZ", key=str(2**127))
    deliver(aws, "a")
    wait_for(aws, lambda: "VWXYZ" in batches)


def test_without_function_or_stream_a_mapping_waits_and_says_so_once(aws, stream):
    deliver(aws, "")
    boto3.client("lambda").delete_function(FunctionName=FUNCTION)
    put("a")
    for _ in range(3):
        assert aws.wait_until_idle(LIMIT)
    [line] = said
    assert "waits: " in line and "Function not found" in line
    deploy(SOURCE)
    wait_for(aws, lambda: batches == ["a"])
    stream.delete_stream(StreamName="TUTORIAL")
    assert aws.wait_until_idle(LIMIT) and "Stream TUTORIAL" in said[-1]
    stream.create_stream(StreamName="TUTORIAL", ShardCount=1)
    put("b")  # the first of another stream
    wait_for(aws, lambda: batches == ["a", "b"])


def test_the_pauses_between_retries_grow_up_to_ten_seconds(aws):
    put("a")
    deliver(aws, "a")
    wait_for(aws, lambda: len(times) > 7)
    pauses = [100 * (end - begin) for begin, end in zip(times, times[1:])]
    assert all(pause > least for pause, least in zip(pauses, [1, 2, 4, 8, 10, 10]))
    assert min(pauses[5:]) < 30  # growing on, they would be 32 and 64
