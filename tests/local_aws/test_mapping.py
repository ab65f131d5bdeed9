"""tests/local_aws/mapping.py: records reach the function, are retried and discarded, by the rules.

A record is a letter here, a batch a word. The function reports the letters of its next answer.
"""

import base64
import gc
import itertools
import json
import re
import threading
import time
import weakref
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError
from moto.awslambda.models import LambdaBackend
from moto.core.utils import utcnow

from cleanup import FUNCTION_NAME
from setup_kinesis import STREAM_NAME
from tests.helpers import create_function, deploy, make_client
from tests.local_aws import mapping as mapping_module

SOURCE = "def handler(event, context): pass\n"
FUNCTION = f"arn:aws:lambda:us-east-1:123456789012:function:{FUNCTION_NAME}"
STREAM = f"arn:aws:kinesis:us-east-1:123456789012:stream/{STREAM_NAME}"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:discarded"
SHARD = "shardId-000000000000"
HIGHEST = str(2**128 - 1)  # hash key of a record for the last shard
PATIENCE = 10  # seconds; the mappings are 100 times as fast as on AWS

FAIL = ("broken",)


class Consumer:
    """The function: it notes what it gets, and gives its answers, the last one again and again.

    An answer is the letters to report, an error to raise, or what to return.
    slow: a word that takes until `go_on` is set.
    """

    def __init__(self):
        self.answers = [""]
        self.events, self.batches, self.times = [], [], []
        self.slow, self.go_on = None, threading.Event()

    def invoke(self, backend, function_name, qualifier, body, headers, response_headers):
        """Stand for LambdaBackend.invoke()."""
        event = json.loads(body)
        parts = [record["kinesis"] for record in event["Records"]]
        numbers = {
            base64.b64decode(part["data"]).decode(): part["sequenceNumber"] for part in parts
        }
        self.events.append(event)
        self.batches.append("".join(numbers))
        self.times.append(time.monotonic())
        if "".join(numbers) == self.slow:
            assert self.go_on.wait(PATIENCE)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        reported = [numbers[letter] for letter in answer or "" if letter in numbers]
        log = "".join(f"Failed: {number}: 'no good'\n" for number in reported)
        response_headers["x-amz-log-result"] = base64.b64encode(log.encode()).decode()
        if answer is FAIL:
            response_headers["x-amz-function-error"] = "Unhandled"
            answer = {"errorType": "ValueError", "errorMessage": "broken"}
        elif isinstance(answer, str):
            failures = [{"itemIdentifier": number} for number in reported]
            answer = {"batchItemFailures": failures}
        return json.dumps(answer)


consumer = Consumer()


class Stage:
    """A stream, the function, and what is done with them."""

    def __init__(self, mappings, kinesis):
        self.mappings, self.kinesis = mappings, kinesis
        self.functions = make_client("lambda")
        self.lines = []
        mappings.report = self.lines.append

    def put(self, letters, partition_key="0", hash_key="0"):
        """Put letters on the stream."""
        keys = {"PartitionKey": partition_key, "ExplicitHashKey": hash_key}
        records = [{"Data": letter, **keys} for letter in letters]
        self.kinesis.put_records(StreamName=STREAM_NAME, Records=records)

    def split(self):
        """Split the only shard in the middle."""
        self.kinesis.split_shard(
            StreamName=STREAM_NAME, ShardToSplit=SHARD, NewStartingHashKey=str(2**127)
        )

    def connect(self, *answers, **settings):
        """Make a mapping of a function with these answers; return its id."""
        consumer.answers = list(answers)
        usual = {
            "FunctionName": FUNCTION_NAME,
            "EventSourceArn": STREAM,
            "StartingPosition": "TRIM_HORIZON",
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        }
        mapping = self.functions.create_event_source_mapping(**usual | settings)
        self.rest()
        return mapping["UUID"]

    def update(self, mapping, **settings):
        """Change settings of a mapping."""
        self.functions.update_event_source_mapping(UUID=mapping, **settings)
        self.rest()

    def rest(self):
        """Wait until there is nothing to do but to retry."""
        if not self.mappings.wait_until_idle(PATIENCE):
            pytest.fail(f"no rest after {PATIENCE} s; batches: {consumer.batches}; {self.lines}")

    def wait_for(self, batch):
        """Wait until the function has got a batch."""
        end = time.monotonic() + PATIENCE
        while batch not in consumer.batches:
            if time.monotonic() > end:
                pytest.fail(f"{batch!r} did not come, but {consumer.batches}; {self.lines}")
            time.sleep(0.002)
        self.rest()

    def finish(self):
        """Wait until all before a last record is done or discarded; return the batches."""
        self.put("z")
        self.wait_for("z")
        return consumer.batches[:-1]


@pytest.fixture
def stage(aws, stream, monkeypatch):
    """The Stage, with the function."""
    consumer.__init__()
    monkeypatch.setattr(LambdaBackend, "invoke", lambda *given: consumer.invoke(*given))
    deploy(SOURCE)
    yield Stage(aws, stream)
    consumer.go_on.set()


def put_old(stage, letters, monkeypatch):
    """Put letters on the stream a thousand seconds ago."""
    with monkeypatch.context() as patch:
        patch.setattr("moto.kinesis.models.utcnow", lambda: utcnow() - timedelta(seconds=1000))
        stage.put(letters)


def test_an_event_has_all_fields_that_lambda_documents(stage):
    stage.put("i")
    stage.connect("")
    [record] = consumer.events[0]["Records"]
    number = record["kinesis"]["sequenceNumber"]
    assert abs(record["kinesis"].pop("approximateArrivalTimestamp") - time.time()) < PATIENCE
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "0",
            "data": "aQ==",
            "sequenceNumber": number,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventSourceARN": STREAM,
        "eventID": f"{SHARD}:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/kinesis-log-consumer-role",
        "awsRegion": "us-east-1",
    }


def test_a_batch_holds_no_more_than_the_batch_size(stage):
    stage.put("abcdefghijk")
    stage.connect("", BatchSize=6)
    assert consumer.batches == ["abcdef", "ghijk"]


def test_a_batch_is_retried_from_the_lowest_record_that_is_reported(stage):
    stage.put("abcdef")
    stage.connect("dc", "")
    assert stage.finish() == ["abcdef", "cdef"]


def test_without_the_response_type_reports_are_ignored(stage):
    stage.put("abc")
    stage.connect("b", FunctionResponseTypes=[])
    assert stage.finish() == ["abc"]


def test_after_an_error_or_an_unknown_number_the_whole_batch_is_retried(stage):
    unknown = {"batchItemFailures": [{"itemIdentifier": "x"}]}
    nothing = {"batchItemFailures": None}
    stage.put("ab")
    stage.connect(FAIL, unknown, nothing, None)
    assert stage.finish() == ["ab", "ab", "ab"]


def test_after_the_maximum_retry_attempts_the_rest_of_the_batch_is_discarded(stage):
    stage.put("abcd")
    stage.connect("bc", MaximumRetryAttempts=2)
    assert stage.finish() == ["abcd", "bcd", "bcd", "bcd"], "counted anew after a was done"
    assert f"{FUNCTION_NAME}: discarded 3 records after 2 retries: 2 to 4" in stage.lines


def test_each_batch_has_its_own_retries(stage):
    stage.put("abc")
    stage.connect("ac", BatchSize=1, MaximumRetryAttempts=1)
    assert stage.finish() == ["a", "a", "b", "c", "c"]


def test_a_batch_is_bisected_after_an_error_but_not_after_a_report(stage):
    settings = {"BisectBatchOnFunctionError": True, "MaximumRetryAttempts": 0}
    stage.put("abcd")
    stage.connect(FAIL, "", FAIL, FAIL, "", **settings)
    assert stage.finish() == ["abcd", "ab", "cd", "c", "d"]
    stage.put("efgh")
    consumer.answers = ["f"]
    stage.rest()
    assert consumer.batches[-1] == "efgh"


def test_what_is_older_than_the_maximum_record_age_is_discarded_and_no_more(stage, monkeypatch):
    put_old(stage, "a", monkeypatch)  # at a speed of 100 it is 100,000 seconds old
    stage.put("b")
    mapping = stage.connect("a", MaximumRecordAgeInSeconds=600_000)
    assert set(consumer.batches) == {"ab"}
    stage.update(mapping, MaximumRecordAgeInSeconds=50_000)
    stage.wait_for("b")
    line = "discarded 1 record, older than the maximum record age of 50000 seconds: 1"
    assert f"{FUNCTION_NAME}: {line}" in stage.lines


def test_the_pauses_between_retries_grow_up_to_ten_seconds(stage):
    stage.put("a")
    stage.connect("a")
    while len(consumer.times) <= 7:
        stage.rest()
    pauses = [100 * (end - begin) for begin, end in itertools.pairwise(consumer.times)]
    for pause, least in zip(pauses, [1, 2, 4, 8, 10, 10]):
        assert pause > least
    assert min(pauses[5:]) < 30, "growing on, they would be 32 and 64"


def test_a_batch_waits_for_more_records_as_long_as_the_batching_window(stage):
    stage.connect("", MaximumBatchingWindowInSeconds=50, BatchSize=3)
    begin = time.monotonic()
    stage.put("ab")
    stage.rest()
    assert consumer.batches == ["ab"]
    assert consumer.times[0] - begin > 0.5, "the window is half a second here"
    begin = time.monotonic()
    stage.put("cde")
    stage.wait_for("cde")
    assert consumer.times[1] - begin < 0.5, "a full batch does not wait"


def test_a_record_that_fails_holds_up_its_partition_key_only_if_there_are_several_lanes(stage):
    stage.put("a", partition_key="bad")
    mapping = stage.connect("a")
    stage.put("bc", partition_key="good")
    stage.put("d", partition_key="bad")
    stage.rest()
    assert set(consumer.batches) == {"a"}
    stage.update(mapping, ParallelizationFactor=10)
    stage.wait_for("bc")
    consumer.answers = [""]
    stage.wait_for("ad")
    assert "d" not in consumer.batches


def test_a_record_that_fails_holds_up_its_own_shard_only(stage):
    stage.split()
    stage.put("ab")
    stage.put("VWXYZ", hash_key=HIGHEST)
    stage.connect("a")
    stage.wait_for("VWXYZ")
    assert "ab" in consumer.batches


@pytest.mark.parametrize("position", ["TRIM_HORIZON", "LATEST"])
def test_what_is_on_new_shards_comes_when_all_on_the_old_one_is_done(stage, position):
    stage.connect("a", StartingPosition=position)
    stage.put("a")
    stage.split()
    stage.put("b")
    stage.put("c", hash_key=HIGHEST)
    stage.rest()
    assert set(consumer.batches) == {"a"}
    consumer.answers = [""]
    stage.wait_for("b")
    stage.wait_for("c")


def test_what_is_on_a_merged_shard_comes_when_all_on_both_old_ones_is_done(stage):
    stage.split()
    stage.connect("b")
    stage.put("a")
    stage.put("b", hash_key=HIGHEST)
    stage.kinesis.merge_shards(
        StreamName=STREAM_NAME,
        ShardToMerge="shardId-000000000001",
        AdjacentShardToMerge="shardId-000000000002",
    )
    stage.put("c")
    stage.rest()
    assert set(consumer.batches) == {"a", "b"}
    consumer.answers = [""]
    stage.wait_for("c")


def test_what_happens_is_said_and_counted(stage):
    stage.put("abc")
    mapping = stage.connect("bc", FAIL, FAIL, "", MaximumRetryAttempts=1)
    stage.finish()
    assert stage.lines == [
        f"{FUNCTION_NAME}: batch of 3, 2 failed: 2: 'no good'",
        f"{FUNCTION_NAME}: retry of a batch of 2, function error ValueError: broken",
        f"{FUNCTION_NAME}: retry of a batch of 2, function error ValueError: broken",
        f"{FUNCTION_NAME}: discarded 2 records after 1 retry: 2 to 3",
        f"{FUNCTION_NAME}: batch of 1, done",
    ]
    assert stage.mappings.look() == [
        {
            "uuid": mapping,
            "stream": STREAM_NAME,
            "function": FUNCTION_NAME,
            "state": "Enabled",
            "on_stream": 4,
            "waiting": 0,
            "oldest": 0,
            "failing": 0,
            "done": 2,
            "discarded": 2,
        }
    ]


def test_what_waits_is_counted_while_one_record_fails(stage):
    stage.put("abc")
    stage.connect("b", BatchSize=3)
    stage.put("de")
    stage.rest()
    [seen] = stage.mappings.look()
    assert seen["oldest"] > 0
    counts = {name: seen[name] for name in ("on_stream", "waiting", "failing", "done")}
    assert counts == {"on_stream": 5, "waiting": 4, "failing": 1, "done": 1}


def test_what_waits_is_counted_while_the_mapping_is_disabled(stage):
    mapping = stage.connect("")
    stage.update(mapping, Enabled=False)
    stage.put("ab")
    assert stage.mappings.look()[0]["waiting"] == 2


def test_the_on_failure_destination_is_told_where_the_discarded_records_are(stage):
    sqs = make_client("sqs")
    url = sqs.create_queue(QueueName="discarded")["QueueUrl"]
    stage.put("abc")
    stage.connect(
        "bc",
        FAIL,
        FAIL,
        "",
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": QUEUE}},
    )
    stage.finish()
    assert f"{FUNCTION_NAME}: sent a message about that to the queue discarded" in stage.lines
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
            "shardId": SHARD,
            "startSequenceNumber": "2",
            "endSequenceNumber": "3",
            "batchSize": 2,
            "streamArn": STREAM,
            "approximateArrivalOfFirstRecord": "then",
            "approximateArrivalOfLastRecord": "then",
        },
    }


def test_a_queue_that_does_not_exist_is_refused(stage):
    destination = {"OnFailure": {"Destination": QUEUE}}
    with pytest.raises(ClientError, match="The specified queue does not exist"):
        stage.connect("", DestinationConfig=destination)
    mapping = stage.connect("")
    with pytest.raises(ClientError, match="The specified queue does not exist"):
        stage.update(mapping, DestinationConfig=destination)


def test_a_queue_that_is_gone_stops_nothing(stage):
    sqs = make_client("sqs")
    url = sqs.create_queue(QueueName="discarded")["QueueUrl"]
    destination = {"OnFailure": {"Destination": QUEUE}}
    stage.connect("a", BatchSize=1, MaximumRetryAttempts=0, DestinationConfig=destination)
    sqs.delete_queue(QueueUrl=url)
    stage.put("a")
    assert stage.finish() == ["a"]
    assert "NonExistentQueue" in stage.lines[2]


def test_a_mapping_begins_with_the_next_record_after_latest(stage):
    stage.put("a")
    stage.connect("", StartingPosition="LATEST")
    stage.put("b")
    stage.rest()
    assert consumer.batches == ["b"]


def test_a_mapping_begins_with_the_first_record_at_a_timestamp(stage, monkeypatch):
    put_old(stage, "a", monkeypatch)
    stage.put("b")
    stage.connect("", StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=time.time() - 500)
    assert consumer.batches == ["b"]


def test_a_mapping_that_is_disabled_goes_on_where_it_was(stage):
    mapping = stage.connect("")
    stage.update(mapping, Enabled=False)
    stage.put("a")
    stage.rest()
    assert consumer.batches == []
    stage.update(mapping, Enabled=True)
    assert consumer.batches == ["a"]


def test_without_its_function_a_mapping_waits_and_says_so_once_each_time(stage):
    stage.connect("")
    stage.functions.delete_function(FunctionName=FUNCTION_NAME)
    stage.put("a")
    for _ in range(3):
        stage.rest()
    [line] = stage.lines
    assert re.match(r"Mapping \w{8}: .*Function not found", line)
    create_function(stage.functions, SOURCE)
    stage.wait_for("a")
    stage.functions.delete_function(FunctionName=FUNCTION_NAME)
    stage.put("b")
    stage.rest()
    assert len([text for text in stage.lines if "Function not found" in text]) == 2


def test_a_stream_that_is_made_again_is_another_one(stage):
    stage.connect("")
    stage.put("a")
    stage.rest()
    stage.kinesis.delete_stream(StreamName=STREAM_NAME)
    stage.rest()
    assert f"Stream {STREAM_NAME} not found" in stage.lines[-1]
    stage.kinesis.create_stream(StreamName=STREAM_NAME, ShardCount=1)
    stage.put("b")
    stage.wait_for("b")
    assert consumer.batches == ["a", "b"]


def test_what_was_gathered_from_a_stream_that_is_gone_is_forgotten(stage):
    stage.connect("", MaximumBatchingWindowInSeconds=300)
    stage.put("a")
    while not stage.mappings.list_all()[0][1].reader.shards[SHARD].find_read():
        time.sleep(0.002)
    stage.kinesis.delete_stream(StreamName=STREAM_NAME)
    stage.rest()
    stage.kinesis.create_stream(StreamName=STREAM_NAME, ShardCount=1)
    stage.rest()
    assert consumer.batches == []


def test_there_is_one_mapping_of_a_stream_and_a_function(stage):
    mapping = stage.connect("")
    with pytest.raises(stage.functions.exceptions.ResourceConflictException, match=mapping):
        stage.connect("", FunctionName=FUNCTION)


@pytest.mark.parametrize("name", [FUNCTION_NAME, FUNCTION], ids=["name", "ARN"])
def test_a_mapping_is_found_by_the_functions_name_and_arn_however_it_was_made(stage, name):
    mapping = stage.connect("", FunctionName=name)
    for wanted in (FUNCTION_NAME, FUNCTION):
        found = stage.functions.list_event_source_mappings(FunctionName=wanted)
        assert [each["UUID"] for each in found["EventSourceMappings"]] == [mapping]
    found = stage.functions.list_event_source_mappings(FunctionName="another")
    assert found["EventSourceMappings"] == []


@pytest.mark.parametrize(
    "operation", ["update_event_source_mapping", "delete_event_source_mapping"]
)
def test_a_mapping_that_does_not_exist_is_an_error(stage, operation):
    with pytest.raises(stage.functions.exceptions.ResourceNotFoundException):
        getattr(stage.functions, operation)(UUID="0" * 36)
