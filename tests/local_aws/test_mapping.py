"""mapping.py: records reach the function, and are retried and discarded, by Lambda's rules.

Here a record is a letter, and a batch is a word. The function reports the letters of its answer.
"""

import base64
import contextlib
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
from tests.helpers import create_function, deploy, make_client, wait_until_idle
from tests.local_aws.delivery import MAX_PAYLOAD
from tests.local_aws.mapping import lock

SOURCE = "def handler(event, context): pass\n"
FUNCTION = f"arn:aws:lambda:us-east-1:123456789012:function:{FUNCTION_NAME}"
STREAM = f"arn:aws:kinesis:us-east-1:123456789012:stream/{STREAM_NAME}"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:discarded"
SHARD = "shardId-000000000000"
HIGHEST = str(2**128 - 1)  # hash key of a record on the last shard
PATIENCE = 10  # seconds; the mappings are 100 times faster than on AWS

FAIL = ("broken",)


class Consumer:
    """The function: it records its batches, and gives its answers in turn, repeating the last one.

    An answer is the letters to report, an error to raise, or a value to return.
    slow: a batch that takes until `go_on` is set.
    """

    def __init__(self):
        self.answers = [""]
        self.events, self.batches, self.times = [], [], []
        self.slow, self.go_on = None, threading.Event()

    def invoke(self, backend, function_name, qualifier, body, headers, response_headers):
        """Replace LambdaBackend.invoke()."""
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
    """A stream and the function, and what tests do with them."""

    def __init__(self, mappings, kinesis):
        self.mappings, self.kinesis = mappings, kinesis
        self.functions = make_client("lambda")
        self.lines = []
        self.numbers = {}  # sequence number by letter
        mappings.report = self.lines.append

    def put(self, letters, partition_key="0", hash_key="0"):
        """Put letters on the stream."""
        keys = {"PartitionKey": partition_key, "ExplicitHashKey": hash_key}
        records = [{"Data": letter, **keys} for letter in letters]
        response = self.kinesis.put_records(StreamName=STREAM_NAME, Records=records)
        for letter, record in zip(letters, response["Records"]):
            self.numbers[letter] = record["SequenceNumber"]

    def split(self):
        """Split the only shard in the middle."""
        self.kinesis.split_shard(
            StreamName=STREAM_NAME, ShardToSplit=SHARD, NewStartingHashKey=str(2**127)
        )

    def connect(self, *answers, **settings):
        """Create a mapping, with a function that gives these answers, and wait until it is idle."""
        mapping = self.start(*answers, **settings)
        self.rest()
        return mapping

    def start(self, *answers, **settings):
        """Create a mapping, with a function that gives these answers; return its id."""
        consumer.answers = list(answers)
        usual = {
            "FunctionName": FUNCTION_NAME,
            "EventSourceArn": STREAM,
            "StartingPosition": "TRIM_HORIZON",
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        }
        mapping = self.functions.create_event_source_mapping(**usual | settings)["UUID"]
        self.wait_until(lambda: self.look(mapping)[0] != "Creating")
        return mapping

    def update(self, mapping, **settings):
        """Change settings of a mapping."""
        self.functions.update_event_source_mapping(UUID=mapping, **settings)
        self.rest()

    def rest(self):
        """Wait until only retries are left to do."""
        if not wait_until_idle(self.mappings, PATIENCE):
            pytest.fail(f"no rest after {PATIENCE} s; batches: {consumer.batches}; {self.lines}")

    def wait_until(self, condition):
        """Wait until a condition is true."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                pytest.fail(f"timed out; batches: {consumer.batches}; {self.lines}")
            time.sleep(0.002)

    def wait_for(self, batch):
        """Wait until the function has received a batch."""
        self.wait_until(lambda: batch in consumer.batches)
        self.rest()

    def look(self, mapping):
        """Return a mapping's state and result."""
        found = self.functions.get_event_source_mapping(UUID=mapping)
        return found["State"], found["LastProcessingResult"]

    @contextlib.contextmanager
    def slow(self):
        """Keep changes of mappings from finishing for a while."""
        self.mappings.speed = 0.01
        yield
        self.mappings.speed = 100
        self.mappings.wake.set()

    def finish(self):
        """Wait until all records are done or discarded; return the batches."""
        self.put("z")
        self.wait_for("z")
        return consumer.batches[:-1]


@pytest.fixture
def stage(aws, stream, monkeypatch):
    """A Stage."""
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


def test_a_batch_has_at_most_batch_size_records(stage):
    stage.put("abcdefghijk")
    stage.connect("", BatchSize=6)
    assert consumer.batches == ["abcdef", "ghijk"]


def test_a_batch_is_retried_from_the_lowest_reported_record(stage):
    stage.put("abcdef")
    stage.connect("dc", "")
    assert stage.finish() == ["abcdef", "cdef"]


def test_without_report_batch_item_failures_reports_are_ignored(stage):
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
    assert stage.finish() == ["abcd", "bcd", "bcd", "bcd"], "counted from 0 after a was done"
    numbers = f"{stage.numbers['b']} to {stage.numbers['d']}"
    assert f"{FUNCTION_NAME}: discarded 3 records after 2 retries: {numbers}" in stage.lines


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
    assert "efgh" in consumer.batches and "ef" not in consumer.batches


def test_only_records_above_the_maximum_age_are_discarded(stage, monkeypatch):
    put_old(stage, "a", monkeypatch)  # at a speed of 100 it is 100,000 seconds old
    stage.put("b")
    mapping = stage.connect("a", MaximumRecordAgeInSeconds=600_000)
    assert set(consumer.batches) == {"ab"}
    stage.update(mapping, MaximumRecordAgeInSeconds=50_000)
    stage.wait_for("b")
    line = "discarded 1 record, older than the maximum record age of 50000 seconds"
    assert f"{FUNCTION_NAME}: {line}: {stage.numbers['a']}" in stage.lines


def test_the_pauses_between_retries_grow_up_to_ten_seconds(stage):
    stage.put("a")
    stage.connect("a")
    while len(consumer.times) <= 7:
        stage.rest()
    pauses = [100 * (end - begin) for begin, end in itertools.pairwise(consumer.times)]
    for pause, least in zip(pauses, [1, 2, 4, 8, 10, 10]):
        assert pause > least
    assert min(pauses[5:]) < 30, "without a limit, they would be 32 and 64"


def test_a_batch_waits_for_more_records_during_the_batching_window(stage):
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


def test_with_several_lanes_a_failed_record_only_holds_up_its_own_lane(stage):
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


def test_a_failed_record_only_holds_up_its_own_shard(stage):
    stage.split()
    stage.put("ab")
    stage.put("VWXYZ", hash_key=HIGHEST)
    stage.connect("a")
    stage.wait_for("VWXYZ")
    assert "ab" in consumer.batches


@pytest.mark.parametrize("position", ["TRIM_HORIZON", "LATEST"])
def test_new_shards_are_delivered_after_the_old_one_is_done(stage, position):
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


def test_a_merged_shard_is_delivered_after_both_old_ones_are_done(stage):
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


def test_events_are_reported_and_counted(stage):
    stage.put("abc")
    mapping = stage.connect("bc", FAIL, FAIL, "", MaximumRetryAttempts=1)
    stage.finish()
    numbers = stage.numbers
    assert stage.lines == [
        f"{FUNCTION_NAME}: batch of 3, 2 failed: {numbers['b']}: 'no good'",
        f"{FUNCTION_NAME}: retry of a batch of 2, function error ValueError: broken",
        f"{FUNCTION_NAME}: retry of a batch of 2, function error ValueError: broken",
        f"{FUNCTION_NAME}: discarded 2 records after 1 retry: {numbers['b']} to {numbers['c']}",
        f"{FUNCTION_NAME}: batch of 1, done",
    ]
    assert stage.mappings.describe_progress() == [
        {
            "uuid": mapping,
            "region": "us-east-1",
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


def test_waiting_records_are_counted_while_one_record_fails(stage):
    stage.put("abc")
    stage.connect("b", BatchSize=3)
    stage.put("de")
    stage.rest()
    [seen] = stage.mappings.describe_progress()
    assert seen["oldest"] > 0
    counts = {name: seen[name] for name in ("on_stream", "waiting", "failing", "done")}
    assert counts == {"on_stream": 5, "waiting": 4, "failing": 1, "done": 1}


def test_waiting_records_are_counted_while_the_mapping_is_disabled(stage):
    mapping = stage.connect("")
    stage.update(mapping, Enabled=False)
    stage.put("ab")
    assert stage.mappings.describe_progress()[0]["waiting"] == 2


def test_the_on_failure_destination_gets_the_place_of_the_discarded_records(stage):
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
    assert f"{FUNCTION_NAME}: sent a message about them to queue discarded" in stage.lines
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
            "startSequenceNumber": stage.numbers["b"],
            "endSequenceNumber": stage.numbers["c"],
            "batchSize": 2,
            "streamArn": STREAM,
            "approximateArrivalOfFirstRecord": "then",
            "approximateArrivalOfLastRecord": "then",
        },
    }


def test_a_missing_queue_is_refused(stage):
    destination = {"OnFailure": {"Destination": QUEUE}}
    with pytest.raises(ClientError, match="The specified queue does not exist"):
        stage.connect("", DestinationConfig=destination)
    mapping = stage.connect("")
    with pytest.raises(ClientError, match="The specified queue does not exist"):
        stage.update(mapping, DestinationConfig=destination)


def test_a_deleted_queue_does_not_stop_the_mapping(stage):
    sqs = make_client("sqs")
    url = sqs.create_queue(QueueName="discarded")["QueueUrl"]
    destination = {"OnFailure": {"Destination": QUEUE}}
    stage.connect("a", BatchSize=1, MaximumRetryAttempts=0, DestinationConfig=destination)
    sqs.delete_queue(QueueUrl=url)
    stage.put("a")
    assert stage.finish() == ["a"]
    assert "NonExistentQueue" in stage.lines[2]


def test_from_latest_a_mapping_starts_with_the_next_record(stage):
    stage.put("a")
    stage.connect("", StartingPosition="LATEST")
    stage.put("b")
    stage.rest()
    assert consumer.batches == ["b"]


def test_at_timestamp_a_mapping_starts_with_the_first_record_from_then_on(stage, monkeypatch):
    put_old(stage, "a", monkeypatch)
    stage.put("b")
    stage.connect("", StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=time.time() - 500)
    assert consumer.batches == ["b"]


def test_a_disabled_mapping_continues_where_it_stopped(stage):
    mapping = stage.connect("")
    stage.update(mapping, Enabled=False)
    stage.put("a")
    stage.rest()
    assert consumer.batches == []
    stage.update(mapping, Enabled=True)
    assert consumer.batches == ["a"]


def test_a_mapping_without_its_function_waits_and_reports_that_once(stage):
    stage.connect("")
    stage.functions.delete_function(FunctionName=FUNCTION_NAME)
    stage.put("a")
    stage.rest()
    time.sleep(0.05)  # five retries
    [line] = stage.lines
    assert re.match(r"Mapping \w{8}: .*Function not found", line)
    create_function(stage.functions, SOURCE)
    stage.wait_for("a")
    stage.functions.delete_function(FunctionName=FUNCTION_NAME)
    stage.put("b")
    stage.wait_until(lambda: "".join(stage.lines).count("Function not found") == 2)


def test_a_recreated_stream_is_a_new_stream(stage):
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


def test_shards_are_polled_once_a_second(stage, monkeypatch):
    pauses, wait = [], stage.mappings.wake.wait
    monkeypatch.setattr(
        stage.mappings.wake, "wait", lambda seconds: pauses.append(seconds) or wait(seconds)
    )
    stage.wait_until(lambda: len(pauses) > 2)
    assert set(pauses) == {1 / stage.mappings.speed}


def test_a_stream_recreated_at_once_is_a_new_stream(stage):
    stage.connect("")
    stage.put("a")
    stage.rest()
    with lock:  # the mapping does not poll meanwhile
        stage.kinesis.delete_stream(StreamName=STREAM_NAME)
        stage.kinesis.create_stream(StreamName=STREAM_NAME, ShardCount=1)
    stage.put("b")
    stage.wait_for("b")


def test_records_gathered_from_a_deleted_stream_are_forgotten(stage):
    stage.connect("", MaximumBatchingWindowInSeconds=300)
    stage.put("a")
    stage.wait_until(lambda: stage.mappings.list_all()[0][1].reader.shards[SHARD].find_read())
    stage.kinesis.delete_stream(StreamName=STREAM_NAME)
    stage.rest()
    stage.kinesis.create_stream(StreamName=STREAM_NAME, ShardCount=1)
    stage.rest()
    assert consumer.batches == []


def test_a_stream_and_a_function_have_at_most_one_mapping(stage):
    mapping = stage.connect("")
    with pytest.raises(stage.functions.exceptions.ResourceConflictException, match=mapping):
        stage.connect("", FunctionName=FUNCTION)


@pytest.mark.parametrize("name", [FUNCTION_NAME, FUNCTION], ids=["name", "ARN"])
def test_a_mapping_is_found_by_its_functions_name_or_arn(stage, name):
    mapping = stage.connect("", FunctionName=name)
    for wanted in (FUNCTION_NAME, FUNCTION):
        found = stage.functions.list_event_source_mappings(FunctionName=wanted)
        assert [each["UUID"] for each in found["EventSourceMappings"]] == [mapping]
    found = stage.functions.list_event_source_mappings(FunctionName="another")
    assert found["EventSourceMappings"] == []


@pytest.mark.parametrize(
    "operation", ["update_event_source_mapping", "delete_event_source_mapping"]
)
def test_a_missing_mapping_is_an_error(stage, operation):
    with pytest.raises(stage.functions.exceptions.ResourceNotFoundException):
        getattr(stage.functions, operation)(UUID="0" * 36)


# As recorded on AWS, in LocalStack's test_create_kinesis_event_source_mapping.
RECORDED = {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "EventSourceArn": STREAM,
    "FunctionArn": FUNCTION,
    "FunctionResponseTypes": [],
    "LastProcessingResult": "No records processed",
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "StartingPosition": "LATEST",
    "State": "Creating",
    "StateTransitionReason": "User action",
    "TumblingWindowInSeconds": 0,
}


def strip(answer):
    """Return a response without the values that differ each time, and its status."""
    status = answer.pop("ResponseMetadata")["HTTPStatusCode"]
    arn = answer.pop("EventSourceMappingArn")
    assert arn == f"arn:aws:lambda:us-east-1:123456789012:event-source-mapping:{answer.pop('UUID')}"
    assert abs(answer.pop("LastModified").timestamp() - time.time()) < PATIENCE
    return status, answer


def test_each_operations_response_is_as_recorded(stage):
    created = stage.functions.create_event_source_mapping(
        FunctionName=FUNCTION_NAME, EventSourceArn=STREAM, StartingPosition="LATEST", Tags={"a": ""}
    )
    name = {"UUID": created["UUID"]}
    assert strip(created) == (202, RECORDED)
    stage.rest()
    enabled = RECORDED | {"State": "Enabled"}
    assert strip(stage.functions.get_event_source_mapping(**name)) == (200, enabled)
    [listed] = stage.functions.list_event_source_mappings()["EventSourceMappings"]
    assert strip(listed | {"ResponseMetadata": {"HTTPStatusCode": 200}}) == (200, enabled)
    updating = RECORDED | {"State": "Updating", "BatchSize": 10}
    assert strip(stage.functions.update_event_source_mapping(**name, BatchSize=10)) == (
        202,
        updating,
    )
    stage.rest()
    deleting = updating | {"State": "Deleting"}
    with stage.slow():
        assert strip(stage.functions.delete_event_source_mapping(**name)) == (202, deleting)
        assert strip(stage.functions.get_event_source_mapping(**name)) == (200, deleting)
    stage.rest()
    assert stage.functions.list_event_source_mappings()["EventSourceMappings"] == []


def test_a_mapping_at_a_timestamp_returns_the_timestamp(stage):
    moment = int(time.time()) - 100
    mapping = stage.connect(
        "", StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=moment, Enabled=False
    )
    found = stage.functions.get_event_source_mapping(UUID=mapping)
    assert (found["State"], found["StartingPositionTimestamp"].timestamp()) == ("Disabled", moment)


def test_an_empty_destination_removes_the_destination(stage):
    make_client("sqs").create_queue(QueueName="discarded")
    destination = {"OnFailure": {"Destination": QUEUE}}
    mapping = stage.connect("", DestinationConfig=destination)
    found = stage.functions.get_event_source_mapping(UUID=mapping)
    assert found["DestinationConfig"] == destination
    stage.update(mapping, DestinationConfig={"OnFailure": {"Destination": ""}})
    found = stage.functions.get_event_source_mapping(UUID=mapping)
    assert found["DestinationConfig"] == {"OnFailure": {}}


def test_a_functions_version_is_kept_in_its_arn(stage):
    mapping = stage.connect("", FunctionName=f"{FUNCTION_NAME}:$LATEST")
    found = stage.functions.get_event_source_mapping(UUID=mapping)
    assert found["FunctionArn"] == f"{FUNCTION}:$LATEST"


def test_during_a_change_another_one_is_refused(stage):
    mapping = stage.connect("")
    for change in ({"BatchSize": 5}, {"Enabled": False}, {"Enabled": True}):
        with stage.slow():
            stage.functions.update_event_source_mapping(UUID=mapping, **change)
            with pytest.raises(ClientError) as update:
                stage.functions.update_event_source_mapping(UUID=mapping, BatchSize=7)
            with pytest.raises(ClientError) as delete:
                stage.functions.delete_event_source_mapping(UUID=mapping)
        for verb, caught in {"update": update, "delete": delete}.items():
            assert caught.value.response["Error"] == {
                "Code": "ResourceInUseException",
                "Message": f"Cannot {verb} the event source mapping because it is in use.",
            }
        stage.rest()


@pytest.mark.parametrize(
    "change, during, after",
    [
        ({"BatchSize": 5}, "Updating", "Enabled"),
        ({"Enabled": False}, "Disabling", "Disabled"),
        ({"Enabled": True}, "Enabling", "Enabled"),
        ({"BatchSize": 5}, "Updating", "Disabled"),
    ],
)
def test_a_change_goes_through_awss_states(stage, change, during, after):
    mapping = stage.connect("")
    if during == "Enabling" or after == "Disabled" and during == "Updating":
        stage.update(mapping, Enabled=False)
    with stage.slow():
        stage.functions.update_event_source_mapping(UUID=mapping, **change)
        assert stage.look(mapping)[0] == during
    stage.rest()
    assert stage.look(mapping)[0] == after


def test_until_an_update_has_finished_the_old_settings_are_in_effect(stage):
    mapping = stage.connect("", BatchSize=2)
    with stage.slow():
        stage.functions.update_event_source_mapping(UUID=mapping, BatchSize=4)
        stage.put("abcd")
        stage.mappings.wake.set()
        stage.wait_until(lambda: consumer.batches == ["ab", "cd"])
    stage.rest()
    stage.put("efgh")
    stage.rest()
    assert consumer.batches == ["ab", "cd", "efgh"]


def test_nothing_is_delivered_before_a_mapping_is_created(stage):
    stage.put("a")
    with stage.slow():
        stage.functions.create_event_source_mapping(
            FunctionName=FUNCTION_NAME, EventSourceArn=STREAM, StartingPosition="TRIM_HORIZON"
        )
        stage.mappings.wake.set()
        time.sleep(0.05)
        assert consumer.batches == []
        assert stage.mappings.describe_progress()[0]["waiting"] == 1
    stage.wait_for("a")


@pytest.mark.parametrize(
    "settings, code, message",
    [
        ({"StartingPosition": None}, "InvalidParameterValueException", "Value null at 'startingPo"),
        ({"EventSourceArn": None}, "InvalidParameterValueException", "Unrecognized event source."),
        ({"FunctionName": "no"}, "InvalidParameterValueException", "Function does not exist"),
        (
            {"EventSourceArn": f"{STREAM}2"},
            "InvalidParameterValueException",
            f"Stream not found: {STREAM}2",
        ),
        ({"StartingPosition": "AT_TIMESTAMP"}, "InvalidParameterValueException", "Need to specify"),
        (
            {"StartingPositionTimestamp": 1},
            "InvalidParameterValueException",
            "only allowed with AT_TIMESTAMP",
        ),
        (
            {"MaximumRecordAgeInSeconds": 59},
            "InvalidParameterValueException",
            "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800",
        ),
        (
            {"DestinationConfig": {"OnFailure": {}}},
            "InvalidParameterValueException",
            "The Destination field is required for an OnFailure configuration.",
        ),
    ],
)
def test_invalid_settings_are_refused_in_awss_words(stage, settings, code, message):
    usual = {
        "FunctionName": FUNCTION_NAME,
        "EventSourceArn": STREAM,
        "StartingPosition": "TRIM_HORIZON",
    }
    given = {key: value for key, value in (usual | settings).items() if value is not None}
    with pytest.raises(ClientError) as caught:
        stage.functions.create_event_source_mapping(**given)
    assert caught.value.response["Error"]["Code"] == code
    assert message in caught.value.response["Error"]["Message"]


def test_the_smallest_record_age_is_accepted(stage):
    stage.connect("", MaximumRecordAgeInSeconds=60)


def test_tags_of_a_missing_mapping_are_refused_in_awss_words(stage):
    uuid = "00000000-0000-0000-0000-000000000000"
    arn = f"arn:aws:lambda:us-east-1:123456789012:event-source-mapping:{uuid}"
    with pytest.raises(ClientError) as caught:
        stage.functions.list_tags(Resource=arn)
    assert caught.value.response["Message"] == f"Event source mapping not found: {arn}"
    assert caught.value.response["Type"] == "User"


def test_the_last_result_is_the_outcome_of_the_last_call(stage):
    mapping = stage.connect("b")
    assert stage.look(mapping) == ("Enabled", "No records processed")
    stage.put("a")
    stage.wait_for("a")
    assert stage.look(mapping) == ("Enabled", "OK")
    consumer.answers = [FAIL]
    stage.put("b")
    stage.wait_for("b")
    assert stage.look(mapping) == ("Enabled", "PROBLEM: Function call failed")


def test_a_mapping_outlives_its_function(stage):
    mapping = stage.connect("")
    stage.functions.delete_function(FunctionName=FUNCTION_NAME)
    assert stage.look(mapping) == ("Enabled", "No records processed")


def receive(stage):
    """Return the message about discarded records."""
    sqs = make_client("sqs")
    url = sqs.get_queue_url(QueueName="discarded")["QueueUrl"]
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    return json.loads(message["Body"])


def test_the_message_about_a_record_that_is_too_old_is_as_recorded(stage, monkeypatch):
    make_client("sqs").create_queue(QueueName="discarded")
    put_old(stage, "a", monkeypatch)
    destination = {"OnFailure": {"Destination": QUEUE}}
    stage.connect("", MaximumRecordAgeInSeconds=50_000, DestinationConfig=destination)
    stage.finish()
    message = receive(stage)
    assert message["requestContext"]["condition"] == "RecordAgeExceeded"
    assert message["requestContext"]["approximateInvokeCount"] == 1
    assert "responseContext" not in message
    assert message["KinesisBatchInfo"]["batchSize"] == 1


def test_a_partial_failure_is_not_a_function_error(stage):
    make_client("sqs").create_queue(QueueName="discarded")
    destination = {"OnFailure": {"Destination": QUEUE}}
    stage.put("abc")
    stage.connect("c", MaximumRetryAttempts=3, DestinationConfig=destination)
    assert stage.finish() == ["abc", "c", "c", "c", "c"]
    message = receive(stage)
    assert message["requestContext"]["approximateInvokeCount"] == 4
    assert message["responseContext"]["functionError"] is None


def test_records_that_are_too_old_are_discarded_wherever_they_are_in_the_batch(stage, monkeypatch):
    stage.put("a")
    put_old(stage, "b", monkeypatch)  # the clock was set back
    stage.put("c")
    stage.connect("", MaximumRecordAgeInSeconds=50_000)
    assert stage.finish() == ["ac"]
    assert stage.mappings.describe_progress()[0]["discarded"] == 1


def test_an_event_is_not_larger_than_lambda_allows(stage):
    number = 20
    megabyte = "x" * 1_000_000
    for _ in range(number):
        stage.kinesis.put_record(StreamName=STREAM_NAME, PartitionKey="0", Data=megabyte)
    stage.connect("", BatchSize=100)
    sizes = [len(json.dumps(event)) for event in consumer.events]
    assert sum(len(event["Records"]) for event in consumer.events) == number
    assert MAX_PAYLOAD / 2 < max(sizes) < 6 * 2**20


def test_a_slow_function_does_not_stop_other_shards(stage):
    stage.split()
    consumer.slow = "ab"
    stage.put("ab")
    stage.put("yz", hash_key=HIGHEST)
    stage.start("")
    stage.wait_until(lambda: set(consumer.batches) == {"ab", "yz"})


def test_a_slow_function_does_not_stop_other_lanes(stage):
    consumer.slow = "ab"
    stage.put("ab", partition_key="bad")
    stage.put("yz", partition_key="good")
    stage.start("", ParallelizationFactor=10)
    stage.wait_until(lambda: set(consumer.batches) == {"ab", "yz"})


def test_a_slow_function_does_not_stop_other_mappings(stage):
    create_function(stage.functions, SOURCE, FunctionName="other")
    consumer.slow = "ab"
    stage.put("ab")
    stage.start("")
    stage.wait_until(lambda: consumer.batches == ["ab"])
    stage.start("", FunctionName="other", BatchSize=1)
    stage.wait_until(lambda: consumer.batches == ["ab", "a", "b"])


def test_a_deleted_mapping_keeps_no_records(stage):
    mapping = stage.connect("a")
    stage.put("a")
    stage.wait_for("a")
    reader = weakref.ref(stage.mappings.list_all()[0][1].reader)
    stage.functions.delete_event_source_mapping(UUID=mapping)
    stage.rest()
    gc.collect()
    assert reader() is None


def test_a_running_batch_is_delivered_once_if_its_mapping_is_updated(stage):
    mapping = stage.start("", BatchSize=2)
    consumer.slow = "ab"
    stage.put("abcd")
    stage.wait_until(lambda: consumer.batches == ["ab"])
    stage.functions.update_event_source_mapping(UUID=mapping, BatchSize=1, ParallelizationFactor=3)
    stage.wait_until(lambda: stage.look(mapping)[0] == "Enabled")
    consumer.go_on.set()
    stage.rest()
    assert consumer.batches == ["ab", "c", "d"]


def test_a_running_batch_is_delivered_once_if_its_mapping_is_disabled(stage):
    mapping = stage.start("", BatchSize=2)
    consumer.slow = "ab"
    stage.put("abcd")
    stage.wait_until(lambda: consumer.batches == ["ab"])
    stage.functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    stage.wait_until(lambda: stage.look(mapping)[0] == "Disabled")
    consumer.go_on.set()
    stage.wait_until(lambda: stage.mappings.describe_progress()[0]["done"] == 2)
    assert consumer.batches == ["ab"]
    stage.update(mapping, Enabled=True)
    assert consumer.batches == ["ab", "cd"]


def test_a_batch_that_fails_after_its_mapping_is_deleted_is_not_retried(stage):
    mapping = stage.start(FAIL)
    consumer.slow = "ab"
    stage.put("ab")
    stage.wait_until(lambda: consumer.batches == ["ab"])
    stage.functions.delete_event_source_mapping(UUID=mapping)
    consumer.go_on.set()
    stage.wait_until(lambda: "function error" in "".join(stage.lines))
    stage.wait_until(lambda: not stage.mappings.list_all())
    time.sleep(0.05)  # a retry would follow after 0.01 seconds
    assert consumer.batches == ["ab"]
