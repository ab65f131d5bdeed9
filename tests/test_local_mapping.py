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

from tests.conftest import LIMIT, deploy

SOURCE = f"import {__name__} as tests\ndef handler(event, context): return tests.handle(event)\n"
FUNCTION, ARN = "kinesis-log-consumer", "arn:aws:kinesis:us-east-1:123456789012:stream/TUTORIAL"
QUEUE = {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:discarded"}}

events, batches, answers = [], [], []


def handle(event):
    """Be the function: note the event, and answer."""
    parts = [record["kinesis"] for record in event["Records"]]
    numbers = {base64.b64decode(part["data"]).decode(): part["sequenceNumber"] for part in parts}
    events.append(event)
    batches.append("".join(numbers))
    answer = answers.pop(0) if len(answers) > 1 else answers[0]
    if callable(answer):
        answer = answer(batches[-1])
    if isinstance(answer, str):
        reported = [numbers[letter] for letter in answer if letter in numbers]
        answer = {"batchItemFailures": [{"itemIdentifier": number} for number in reported]}
    return answer


def fail(batch):
    """Let the function fail altogether."""
    raise ValueError("broken")


def put(letters, key="0"):
    """Put letters on the stream."""
    boto3.client("kinesis").put_records(StreamName="TUTORIAL", Records=[
        {"Data": letter, "PartitionKey": "0", "ExplicitHashKey": key} for letter in letters
    ])


@pytest.fixture
def deliver(stream, aws):
    """A function that makes a mapping, and waits until it has done all that it can.

    It takes the function's answers, of which the last one is repeated, and the mapping's settings.
    """
    deploy(SOURCE)
    events.clear()
    batches.clear()

    def deliver(*these, **settings):
        answers[:] = these
        mapping = boto3.client("lambda").create_event_source_mapping(**{
            "FunctionName": FUNCTION, "EventSourceArn": ARN, "StartingPosition": "TRIM_HORIZON",
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        } | settings)
        assert aws.wait_until_idle(LIMIT)
        return mapping["UUID"]

    return deliver


def wait_for(aws, condition):
    """Wait until a condition is met, and until all is done that belongs to it."""
    while not condition():
        assert aws.wait_until_idle(LIMIT)
    assert aws.wait_until_idle(LIMIT)


def test_an_event_has_all_fields_that_lambda_documents(deliver):
    put("i")
    deliver("")
    [record] = events[0]["Records"]
    number = record["kinesis"]["sequenceNumber"]
    assert abs(record["kinesis"].pop("approximateArrivalTimestamp") - time.time()) < LIMIT
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0", "partitionKey": "0", "data": "aQ==",
            "sequenceNumber": number,
        },
        "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventSourceARN": ARN,
        "eventID": f"shardId-000000000000:{number}", "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/kinesis-log-consumer-role",
        "awsRegion": "us-east-1",
    }


OTHER, NULL = {"batchItemFailures": [{"itemIdentifier": "x"}]}, {"batchItemFailures": None}
ONE_BY_ONE = {"BatchSize": 1, "MaximumRetryAttempts": 1}
BISECT = {"BisectBatchOnFunctionError": True, "MaximumRetryAttempts": 0}


# What is put, the function's answers, the mapping's settings, the batches and what is discarded.
@pytest.mark.parametrize(("letters", "answers", "settings", "expected", "discarded"), [
    ("abcdefghijk", [""], {"BatchSize": 6}, "abcdef ghijk", ""),
    ("abcdef", ["dc", ""], {}, "abcdef cdef", ""),
    ("abc", ["b", ""], {"FunctionResponseTypes": []}, "abc", ""),
    ("ab", [fail, fail, OTHER, NULL], {}, "ab ab ab ab", ""),
    ("abcd", ["bc"], {"MaximumRetryAttempts": 2}, "abcd bcd bcd", "bcd"),
    ("abcd", [fail, "", fail, fail, ""], BISECT, "abcd ab cd c d", "c"),
    ("abcd", ["b"], BISECT, "abcd", "bcd"),
    ("abc", ["ac"], ONE_BY_ONE | {"DestinationConfig": QUEUE}, "a a b c c", "ac"),  # no such queue
])
def test_records_come_come_again_and_are_discarded(
    deliver, aws, letters, answers, settings, expected, discarded
):
    put(letters)
    deliver(*answers, **settings)
    wait_for(aws, lambda: aws.delivered + len(aws.discarded) >= len(letters))
    assert " ".join(batches) == expected
    assert b"".join(aws.discarded.values()).decode() == discarded
    assert aws.delivered == len(letters) - len(discarded)


def test_what_happens_is_said_in_short_lines_and_remembered(deliver, aws):
    said = []
    aws.report = said.append
    put("abc")
    deliver("bc", fail, MaximumRetryAttempts=1)
    wait_for(aws, lambda: aws.discarded)
    answers[:] = [""]
    put("d")
    wait_for(aws, lambda: aws.delivered == 2)
    assert said == [
        "kinesis-log-consumer: batch of 3, 2 reported",
        "kinesis-log-consumer: batch of 2, try 2, the function failed",
        "batch of 2 discarded, RetryAttemptsExhausted: 2 to 3",
        "kinesis-log-consumer: batch of 1, all done",
    ]
    assert aws.failed == aws.discarded == {"2": b"b", "3": b"c"}
    assert aws.errors == ["ValueError: broken"]


def test_a_mapping_begins_where_it_is_told_to_and_waits_while_it_is_disabled(deliver, aws):
    put("a")
    name = deliver("", StartingPosition="LATEST")
    put("b")
    assert aws.wait_until_idle(LIMIT) and batches == ["b"]
    client = boto3.client("lambda")
    client.update_event_source_mapping(UUID=name, Enabled=False)
    assert aws.wait_until_idle(LIMIT)
    put("c")
    assert aws.wait_until_idle(LIMIT) and batches == ["b"]
    client.update_event_source_mapping(UUID=name, Enabled=True)
    assert aws.wait_until_idle(LIMIT) and batches == ["b", "c"]


def test_what_is_older_than_the_maximum_age_is_given_up_and_no_more(deliver, aws, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("moto.kinesis.models.utcnow", lambda: utcnow() - timedelta(seconds=1000))
        put("a")  # at a speed of 100 it is 100,000 seconds old
    put("b")
    name = deliver("a", MaximumRecordAgeInSeconds=600_000)
    assert not aws.discarded and set(batches) == {"ab"}
    boto3.client("lambda").update_event_source_mapping(UUID=name, MaximumRecordAgeInSeconds=50_000)
    wait_for(aws, lambda: aws.delivered)
    assert batches[-1] == "b" and [*aws.discarded.values()] == [b"a"]


def test_the_on_failure_destination_is_told_where_the_discarded_records_are(deliver, aws):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="discarded")["QueueUrl"]
    put("abc")
    deliver("b", fail, MaximumRetryAttempts=1, DestinationConfig=QUEUE)
    wait_for(aws, lambda: aws.discarded)
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    body = json.loads(message["Body"])
    batch, (first, last) = body["KinesisBatchInfo"], aws.discarded
    assert body["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert body["requestContext"]["approximateInvokeCount"] == 2
    assert body["responseContext"]["functionError"] == "Unhandled"
    times = [batch.pop(f"approximateArrivalOf{which}Record") for which in ("First", "Last")]
    for moment in (*times, body["timestamp"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)
    assert batch == {
        "shardId": "shardId-000000000000", "startSequenceNumber": first,
        "endSequenceNumber": last, "batchSize": 2, "streamArn": ARN,
    }


def test_a_bad_record_holds_up_its_own_shard_only(deliver, aws, stream):
    stream.delete_stream(StreamName="TUTORIAL")
    stream.create_stream(StreamName="TUTORIAL", ShardCount=2)
    put("ab")
    put("VWXYZ", key=str(2**127))
    deliver("a")
    wait_for(aws, lambda: aws.delivered == 5)
    assert "VWXYZ" in batches


def test_a_second_mapping_of_stream_and_function_and_one_that_is_missing_are_refused(deliver):
    name, client = deliver("", Enabled=False), boto3.client("lambda")
    with pytest.raises(client.exceptions.ResourceConflictException, match=name):
        deliver("")
    client.delete_event_source_mapping(UUID=name)
    for act in "get", "update", "delete":
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            getattr(client, f"{act}_event_source_mapping")(UUID=name)


def test_without_function_or_stream_a_mapping_waits_and_says_so_once(deliver, aws, stream):
    said = []
    aws.report = said.append
    deliver("")
    for letter, count in (("a", 1), ("b", 2)):
        boto3.client("lambda").delete_function(FunctionName=FUNCTION)
        put(letter)
        for _ in range(3):
            assert aws.wait_until_idle(LIMIT)
        assert sum("waits: " in line and "Function not found" in line for line in said) == count
        deploy(SOURCE)
        wait_for(aws, lambda: batches[-1:] == [letter])
    stream.delete_stream(StreamName="TUTORIAL")
    assert aws.wait_until_idle(LIMIT) and "Stream TUTORIAL" in said[-1]
    stream.create_stream(StreamName="TUTORIAL", ShardCount=1)
    put("c")  # the first of another stream
    wait_for(aws, lambda: batches[-1:] == ["c"])


def test_the_pauses_between_retries_grow_up_to_ten_seconds(deliver, aws):
    times = []
    put("a")
    deliver(lambda batch: times.append(time.monotonic()) or "a")
    wait_for(aws, lambda: len(times) > 6)
    pauses = [100 * (end - begin) for begin, end in zip(times, times[1:])]
    assert all(pause > least for pause, least in zip(pauses, [1, 2, 4, 8, 10, 10]))
