"""The mapping acts: it reads the streams of all event source mappings, and calls their functions.

The rules are those of the Lambda Developer Guide, "Using Lambda to process records from Amazon
Kinesis Data Streams".
"""

import base64
import contextlib
import functools
import json
import threading
import time
import uuid
from datetime import datetime, timezone
from unittest import mock

import boto3
from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaBackend, lambda_backends
from moto.awslambda.responses import LambdaResponse
from moto.core import DEFAULT_ACCOUNT_ID

POLL_INTERVAL = 1  # seconds between two looks at an empty shard, as Lambda's
LONGEST_PAUSE = 10  # seconds before a retry; the first is 1, each next one twice as long

create = LambdaBackend.create_event_source_mapping


def build_event_record(record, shard_id, stream_arn, role_arn):
    """Return a record of a stream as it stands in a Lambda event, with all documented fields."""
    number, arrival = record["SequenceNumber"], record["ApproximateArrivalTimestamp"]
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": number,
            "data": base64.b64encode(record["Data"]).decode(),
            "approximateArrivalTimestamp": round(arrival.timestamp(), 3),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventName": "aws:kinesis:record",
        "eventID": f"{shard_id}:{number}",
        "invokeIdentityArn": role_arn,
        "awsRegion": stream_arn.split(":")[3],
        "eventSourceARN": stream_arn,
    }


def find_failed(answer, batch):
    """Return the places in a batch that an answer reports, in order; all, if one is unknown."""
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    numbers = [record["SequenceNumber"] for record in batch]
    try:
        return sorted({numbers.index(failure["itemIdentifier"]) for failure in failures or []})
    except (KeyError, TypeError, ValueError):
        return [*range(len(batch))]


def build_message(settings, shard, records, condition):
    """Return what an on-failure destination is told: where the records are that are given up."""
    first, last = records[0], records[-1]
    return {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": settings["FunctionArn"],
            "condition": condition,
            "approximateInvokeCount": shard.attempts,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled" if shard.error else None,
        },
        "version": "1.0",
        "timestamp": format_time(datetime.now()),
        "KinesisBatchInfo": {
            "shardId": shard.name,
            "batchSize": len(records),
            "streamArn": settings["EventSourceArn"],
            "startSequenceNumber": first["SequenceNumber"],
            "endSequenceNumber": last["SequenceNumber"],
            "approximateArrivalOfFirstRecord": format_time(first["ApproximateArrivalTimestamp"]),
            "approximateArrivalOfLastRecord": format_time(last["ApproximateArrivalTimestamp"]),
        },
    }


def format_time(moment):
    """Return a time as the messages of on-failure destinations show it."""
    return f"{moment.astimezone(timezone.utc).isoformat(timespec='milliseconds')[:-6]}Z"


class Shard:
    """How far a mapping has come with a shard.

    iterator: where to read on; batches: those that have been read and are not done.
    attempts, error, next_try: how often the first one failed, whether with an error, when it comes.
    """

    def __init__(self, name, iterator):
        self.name, self.iterator, self.batches = name, iterator, []
        self.attempts, self.error, self.next_try = 0, False, 0

    def drop(self, count):
        """Go on with what follows the first records of the first batch."""
        self.batches[0] = self.batches[0][count:]
        if not self.batches[0]:
            del self.batches[0]
            self.attempts, self.error, self.next_try = 0, False, 0


class Mappings:
    """Reads and delivers, a batch of each shard in a round.

    report: a function that takes a line for each thing that happens.
    speed: how much faster time passes here: pauses are that much shorter, records that much older.
    delivered: how many records are done.
    failed, discarded: {sequence number: data} of the records that were reported, and given up.
    errors: type and message of each error of the function.
    """

    def __init__(self, report, speed):
        self.report, self.speed = report, speed
        self.failed, self.discarded, self.errors, self.delivered = {}, {}, [], 0
        self.shards, self.waiting = {}, set()
        self.idle_round, self.stopped = 0, threading.Event()  # when the last idle round began
        # Its own session: threads must not make clients with the same one at the same time.
        self.client = functools.lru_cache(boto3.Session().client)

    def run(self):
        """Do one round after the other until told to stop; pause after an idle one."""
        pause = 0
        while not self.stopped.wait(pause):
            begin, pause = time.monotonic(), 0.001  # even when busy: others want to run, too
            if not self.do_round():
                self.idle_round, pause = begin, POLL_INTERVAL / self.speed

    def wait_until_idle(self, limit):
        """Wait until there is nothing to do but to retry; return False after `limit` seconds."""
        begin = time.monotonic()
        while self.idle_round <= begin and time.monotonic() < begin + limit:
            self.stopped.wait(0.005)
        return self.idle_round > begin

    def do_round(self):
        """Deliver a batch of each shard of each mapping; return whether there was one."""
        busy = False
        for backend in list(lambda_backends[DEFAULT_ACCOUNT_ID].values()):  # one for each region
            for mapping in backend.list_event_source_mappings("", ""):
                try:
                    busy |= mapping.enabled and self.follow(mapping)
                    self.waiting.discard(mapping.uuid)
                except Exception as error:  # a stream or a function that is gone, for instance
                    if mapping.uuid not in self.waiting:
                        self.report(f"mapping {mapping.uuid[:8]} waits: {error}")
                    self.waiting.add(mapping.uuid)
        return busy

    def follow(self, mapping):
        """Deliver a batch of each shard of a mapping's stream; return whether there was one."""
        settings, busy = mapping.get_configuration(), False
        arn = settings["EventSourceArn"]
        kinesis = self.client("kinesis", region_name=arn.split(":")[3])
        stream = kinesis.describe_stream(StreamARN=arn)["StreamDescription"]
        for name in [each["ShardId"] for each in stream["Shards"]]:
            # A stream that was deleted and made again is another stream.
            key = mapping.uuid, stream["StreamCreationTimestamp"], name
            if key not in self.shards:
                self.shards[key] = Shard(
                    name,
                    kinesis.get_shard_iterator(
                        StreamName=stream["StreamName"],
                        ShardId=name,
                        ShardIteratorType=settings["StartingPosition"],
                    )["ShardIterator"],
                )
            shard = self.shards[key]
            if not shard.batches:
                size = settings["BatchSize"]
                answer = kinesis.get_records(ShardIterator=shard.iterator, Limit=size)
                shard.iterator = answer["NextShardIterator"]
                shard.batches = [answer["Records"]] if answer["Records"] else []
            if shard.batches and time.monotonic() >= shard.next_try:
                self.deliver(settings, shard)
                busy = True
        return busy

    def deliver(self, settings, shard):
        """Call the function with the batch that is next, or discard what is too old of it."""
        batch, limit = shard.batches[0], settings.get("MaximumRecordAgeInSeconds", -1)
        now = datetime.now(timezone.utc)
        ages = [(now - record["ApproximateArrivalTimestamp"]) * self.speed for record in batch]
        if old := sum(0 <= limit < age.total_seconds() for age in ages):
            self.discard(settings, shard, old, "RecordAgeExpired")
            return
        answer, shard.error = self.call_function(settings, shard.name, batch)
        partial = "ReportBatchItemFailures" in settings.get("FunctionResponseTypes", [])
        done, outcome = len(batch), "all done"
        if shard.error:
            done, outcome = 0, "the function failed"
            self.errors.append(f"{answer['errorType']}: {answer['errorMessage']}")
        elif partial and (failed := find_failed(answer, batch)):
            done, outcome = failed[0], f"{len(failed)} reported"
            self.failed |= {batch[i]["SequenceNumber"]: batch[i]["Data"] for i in failed}
        self.delivered += done
        again = f", try {shard.attempts + 1}" if shard.attempts else ""
        name = settings["FunctionArn"].rpartition(":")[2]
        self.report(f"{name}: batch of {len(batch)}{again}, {outcome}")
        shard.drop(done)
        if done < len(batch):
            self.retry(settings, shard)

    def call_function(self, settings, shard_id, batch):
        """Return what the function returned for a batch, and whether it has failed."""
        arn, stream = settings["FunctionArn"], settings["EventSourceArn"]
        client = self.client("lambda", region_name=arn.split(":")[3])
        role = client.get_function_configuration(FunctionName=arn)["Role"]
        records = [build_event_record(record, shard_id, stream, role) for record in batch]
        answer = client.invoke(FunctionName=arn, Payload=json.dumps({"Records": records}))
        return json.load(answer["Payload"]), "FunctionError" in answer

    def retry(self, settings, shard):
        """Plan another try of the batch that is next, or split or discard it."""
        batch = shard.batches[0]
        if settings.get("BisectBatchOnFunctionError") and shard.error and len(batch) > 1:
            middle = len(batch) // 2  # splitting does not count as a retry
            shard.batches[:1] = [batch[:middle], batch[middle:]]
            return
        shard.next_try = time.monotonic() + min(2**shard.attempts, LONGEST_PAUSE) / self.speed
        shard.attempts += 1
        if 0 <= settings.get("MaximumRetryAttempts", -1) < shard.attempts:
            self.discard(settings, shard, len(batch), "RetryAttemptsExhausted")

    def discard(self, settings, shard, count, condition):
        """Give up the first records of a batch; tell the on-failure destination, if a queue."""
        records = shard.batches[0][:count]
        self.discarded |= {record["SequenceNumber"]: record["Data"] for record in records}
        first, last = records[0]["SequenceNumber"], records[-1]["SequenceNumber"]
        self.report(f"batch of {count} discarded, {condition}: {first} to {last}")
        message = build_message(settings, shard, records, condition)
        shard.drop(count)  # before the queue is told, as that can fail
        target = settings.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
        if ":sqs:" in target:
            sqs = self.client("sqs", region_name=target.split(":")[3])
            url = sqs.get_queue_url(QueueName=target.split(":")[5])["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps(message))


def create_checked(backend, spec):
    """Make a mapping with a start, but no second one of a stream and function, as Lambda does."""
    if spec.get("StartingPosition") not in ("TRIM_HORIZON", "LATEST"):
        text = "The starting position has to be TRIM_HORIZON or LATEST here"
        raise LambdaClientError("InvalidParameterValueException", text)
    arn = backend.get_function(spec["FunctionName"]).function_arn
    for mapping in backend.list_event_source_mappings(spec["EventSourceArn"], None):
        if mapping.function_arn == arn:
            text = f"There is one of this stream and function already, with UUID {mapping.uuid}"
            raise LambdaClientError("ResourceConflictException", text)
    return create(backend, spec)


def refusing(operation):
    """Return moto's method for an operation, after what refuses a mapping that does not exist."""
    answer = getattr(LambdaResponse, operation)

    def method(response):
        found = response.get_event_source_mapping()
        return found if found[0] == 404 else answer(response)

    return method


@contextlib.contextmanager
def mappings_act(report, speed):
    """Let the mappings act in a thread of their own; give the Mappings."""
    mappings = Mappings(report, speed)
    thread = threading.Thread(target=mappings.run, daemon=True)
    operations = ["update_event_source_mapping", "delete_event_source_mapping"]
    with (
        mock.patch.object(LambdaBackend, "create_event_source_mapping", create_checked),
        mock.patch.multiple(LambdaResponse, **{name: refusing(name) for name in operations}),
        # moto would call the function for each record that is put on the stream.
        mock.patch.object(LambdaBackend, "send_kinesis_message"),
    ):
        thread.start()
        try:
            yield mappings
        finally:
            mappings.stopped.set()
            thread.join(5)
