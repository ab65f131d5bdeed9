"""The mapping acts: it reads the streams of all event source mappings, and calls their functions.

It follows the settings that Lambda documents for Kinesis (Lambda Developer Guide, "Lambda
parameters for Amazon Kinesis Data Streams event source mappings" and "Configuring partial batch
response with Kinesis Data Streams and Lambda"): batch size, starting position, partial batch
responses, retry attempts, record age, bisecting and the on-failure destination.
"""

import base64
import contextlib
import json
import threading
import time
import uuid
from collections import Counter
from datetime import datetime, timezone
from unittest import mock

import boto3
from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaBackend, lambda_backends
from moto.core import DEFAULT_ACCOUNT_ID

from tests.local_aws import function

POLL_INTERVAL = 1  # seconds between two looks at an empty shard, as Lambda's
FIRST_PAUSE, LONGEST_PAUSE = 1, 10  # seconds before a retry, doubled each time


def build_event_record(record, shard_id, stream_arn, role_arn):
    """Return a record of a Lambda event, with all the fields that AWS documents.

    See the Lambda Developer Guide, "Process Amazon Kinesis Data Streams records with Lambda".

    record: one of the Records that GetRecords returns.
    """
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": record["SequenceNumber"],
            "data": base64.b64encode(record["Data"]).decode("ascii"),
            "approximateArrivalTimestamp": round(
                record["ApproximateArrivalTimestamp"].timestamp(), 3
            ),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard_id}:{record['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role_arn,
        "awsRegion": stream_arn.split(":")[3],
        "eventSourceARN": stream_arn,
    }


def count_done(answer, numbers):
    """Return how many records of a batch need no retry: those before the lowest reported number.

    If the function reports what is no sequence number of the batch, all of it has failed.

    answer: what the function returned, parsed.
    numbers: the sequence numbers of the batch.
    """
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    try:
        reported = [numbers.index(failure["itemIdentifier"]) for failure in failures or []]
    except (KeyError, TypeError, ValueError):
        return 0
    return min(reported, default=len(numbers))


def find_data(records):
    """Return {sequence number: data} of records of an event."""
    parts = [record["kinesis"] for record in records]
    return {part["sequenceNumber"]: base64.b64decode(part["data"]) for part in parts}


def count_records(records):
    """Return "1 record" or "2 records"."""
    return f"{len(records)} record{'s' if len(records) > 1 else ''}"


class Shard:
    """How far a mapping has come with a shard.

    iterator: where to read on; pending: batches that have been read and are not done; attempts and
    next_try: of the first of them. finished: it is closed, and all of it has been read.
    """

    def __init__(self, iterator):
        self.iterator, self.pending = iterator, []
        self.attempts, self.next_try, self.finished = 0, 0, False

    def next_batch(self):
        """Go on to the next batch."""
        self.pending.pop(0)
        self.attempts, self.next_try = 0, 0


class Mappings:
    """Reads and delivers, a batch of each shard in a round.

    report: a function that takes a line for each thing that happens.
    speed: how much faster time passes here: pauses are that much shorter, records that much older.
    delivered: how many records are done.
    failed, discarded: {sequence number: data} of the records that were reported, and given up.
    errors: type and message of each error of the function.
    """

    def __init__(self, report, speed, containers):
        self.report, self.speed, self.containers = report, speed, containers
        self.shards, self.said = {}, {}
        self.failed, self.discarded, self.errors, self.delivered = {}, {}, [], 0
        self.rounds, self.idle_round = 0, 0
        self.changed, self.stopped = threading.Condition(), threading.Event()

    def run(self):
        """Do one round after the other until stop(); pause after one in which nothing happened."""
        while not self.stopped.is_set():
            busy = self.do_round()
            with self.changed:
                self.rounds += 1
                self.idle_round = self.idle_round if busy else self.rounds
                self.changed.notify_all()
            if not busy:
                self.stopped.wait(POLL_INTERVAL / self.speed)

    def wait_until_idle(self, limit):
        """Wait until there is nothing to do but to retry; return False if it lasts over the limit.

        limit: in seconds.
        """
        with self.changed:
            seen = self.rounds
            return self.changed.wait_for(lambda: self.idle_round > seen + 1, limit)

    def do_round(self):
        """Deliver a batch of each shard of each mapping; return whether anything got on."""
        mappings = find_mappings()
        busy = False
        for name, settings in mappings.items():
            if settings["State"] != "Enabled":
                continue
            try:
                busy |= self.follow(settings)
                self.said.pop(name, None)
            except Exception as error:  # a stream or a function that is gone, for instance
                self.say_once(name, f"mapping {name[:8]} waits: {error}")
        for key in [key for key in self.shards if key[0] not in mappings]:
            del self.shards[key]
        return busy

    def say_once(self, name, line):
        """Report a line, unless it is what was said of that mapping before."""
        if self.said.get(name) != line:
            self.said[name] = line
            self.report(line)

    def follow(self, settings):
        """Deliver a batch of each shard of a mapping's stream; return whether anything got on."""
        _, _, _, region, _, name = settings["EventSourceArn"].split(":")
        kinesis, stream_name = boto3.client("kinesis", region_name=region), name.partition("/")[2]
        stream = kinesis.describe_stream_summary(StreamName=stream_name)["StreamDescriptionSummary"]
        pages = kinesis.get_paginator("list_shards").paginate(StreamName=stream_name)
        listed = pages.build_full_result()["Shards"]
        name = settings["UUID"], str(stream["StreamCreationTimestamp"])
        known = any(key[:2] == name for key in self.shards)
        busy = False
        for description in listed:
            key = *name, description["ShardId"]
            parent = self.shards.get((*name, description.get("ParentShardId")))
            if parent and not parent.finished:
                continue  # what was split or merged is read before what came of it
            if key not in self.shards:
                start = {"ShardIteratorType": "TRIM_HORIZON" if known else settings["StartingPosition"]}
                if start["ShardIteratorType"] == "AT_TIMESTAMP":
                    start["Timestamp"] = settings["StartingPositionTimestamp"]
                self.shards[key] = Shard(kinesis.get_shard_iterator(
                    StreamName=stream_name, ShardId=description["ShardId"], **start
                )["ShardIterator"])
            shard = self.shards[key]
            busy |= self.step(kinesis, settings, description, shard)
        return busy

    def step(self, kinesis, settings, description, shard):
        """Read a batch of a shard, unless one waits, and deliver it; return whether it got on."""
        lambda_function = find_function(settings["FunctionArn"])
        if not shard.pending:
            answer = kinesis.get_records(ShardIterator=shard.iterator, Limit=settings["BatchSize"])
            shard.iterator = answer.get("NextShardIterator")
            if not answer["Records"]:
                # moto goes on putting records on a closed shard, so it is read on all the same.
                shard.finished = "EndingSequenceNumber" in description["SequenceNumberRange"]
                return False
            shard.pending = [[
                build_event_record(
                    record, description["ShardId"], settings["EventSourceArn"], lambda_function.role
                )
                for record in answer["Records"]
            ]]
        if time.time() < shard.next_try:
            return False
        return self.deliver(settings, shard, lambda_function)

    def deliver(self, settings, shard, lambda_function):
        """Call the function with the batch that is next; return whether anything got on.

        What is older than the mapping's maximum record age is discarded, and so is what is left of
        a batch after the last retry.
        """
        batch = shard.pending[0]
        limit = settings.get("MaximumRecordAgeInSeconds", -1)
        now = time.time()
        old = [
            record for record in batch
            if limit >= 0
            and (now - record["kinesis"]["approximateArrivalTimestamp"]) * self.speed > limit
        ]
        if old:
            self.discard(settings, shard, old, "RecordAgeExpired")
            shard.pending[0] = [record for record in batch if record not in old]
            if not shard.pending[0]:
                shard.next_batch()
            return True
        answer, error, _ = function.invoke(
            self.containers, lambda_function, json.dumps({"Records": batch})
        )
        numbers = [record["kinesis"]["sequenceNumber"] for record in batch]
        partial = "ReportBatchItemFailures" in settings.get("FunctionResponseTypes", [])
        answer = json.loads(answer)
        if error:
            self.errors.append(f"{answer['errorType']}: {answer['errorMessage']}")
        done = 0 if error else count_done(answer, numbers) if partial else len(batch)
        self.delivered += done
        self.tell(lambda_function, shard, batch, answer if partial and not error else None, error)
        if done == len(batch):
            shard.next_batch()
            return True
        shard.pending[0] = batch[done:]
        self.retry(settings, shard, error)
        return done > 0 or not shard.pending or shard.attempts <= 1

    def tell(self, lambda_function, shard, batch, answer, error):
        """Report a delivery, and remember which records were reported as failed."""
        data = find_data(batch)
        reported = set()
        with contextlib.suppress(AttributeError, KeyError, TypeError):
            reported = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        reported &= set(data)
        self.failed.update({number: data[number] for number in reported})
        count = "the function failed" if error else f"{len(reported)} reported" if reported else "all done"
        again = f" again, try {shard.attempts + 1}" if shard.attempts else ""
        name = lambda_function.function_name
        self.report(f"{name}: {count_records(batch)} delivered{again}, {count}")

    def retry(self, settings, shard, error):
        """Plan another try of the batch that is next, split it, or discard it after the last try."""
        batch, limit = shard.pending[0], settings.get("MaximumRetryAttempts", -1)
        if settings.get("BisectBatchOnFunctionError") and len(batch) > 1:
            middle = len(batch) // 2  # splitting does not count as a retry
            shard.pending[:1] = [batch[:middle], batch[middle:]]
            return
        shard.attempts += 1
        if 0 <= limit < shard.attempts:
            self.discard(settings, shard, batch, "RetryAttemptsExhausted")
            shard.next_batch()
            return
        pause = min(FIRST_PAUSE * 2 ** (shard.attempts - 1), LONGEST_PAUSE)
        shard.next_try = time.time() + pause / self.speed

    def discard(self, settings, shard, records, condition):
        """Say that records are given up, also to the on-failure destination if there is one.

        See the Lambda Developer Guide, "Retain discarded batch records for a Kinesis Data Streams
        event source": the message names the records, it does not hold them.
        """
        numbers = [record["kinesis"]["sequenceNumber"] for record in records]
        self.discarded.update(find_data(records))
        self.report(f"{count_records(records)} discarded, {condition}: {numbers[0]} to {numbers[-1]}")
        target = settings.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
        if ":sqs:" not in target:
            return
        first, last = records[0]["kinesis"], records[-1]["kinesis"]
        message = {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": settings["FunctionArn"],
                "condition": condition,
                "approximateInvokeCount": shard.attempts,
            },
            "responseContext": {
                "statusCode": 200, "executedVersion": "$LATEST", "functionError": None,
            },
            "version": "1.0",
            "timestamp": format_time(time.time()),
            "KinesisBatchInfo": {
                "shardId": records[0]["eventID"].partition(":")[0],
                "startSequenceNumber": first["sequenceNumber"],
                "endSequenceNumber": last["sequenceNumber"],
                "approximateArrivalOfFirstRecord": format_time(first["approximateArrivalTimestamp"]),
                "approximateArrivalOfLastRecord": format_time(last["approximateArrivalTimestamp"]),
                "batchSize": len(records),
                "streamArn": settings["EventSourceArn"],
            },
        }
        _, _, _, region, account, queue = target.split(":")
        sqs = boto3.client("sqs", region_name=region)
        url = sqs.get_queue_url(QueueName=queue, QueueOwnerAWSAccountId=account)["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(message))


def format_time(seconds):
    """Return a time as the messages of on-failure destinations show it."""
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def find_mappings():
    """Return the settings of all event source mappings by UUID, as ListEventSourceMappings does."""
    backends = list(lambda_backends[DEFAULT_ACCOUNT_ID].values())
    return {
        # moto's answer lacks the time, as Lambda's does not.
        name: mapping.get_configuration()
        | {"StartingPositionTimestamp": mapping.starting_position_timestamp}
        for backend in backends
        for name, mapping in list(backend._event_source_mappings.items())
    }


def find_function(arn):
    """Return moto's function; raise LookupError if there is none."""
    found = lambda_backends[DEFAULT_ACCOUNT_ID][arn.split(":")[3]].get_function_by_arn(arn)
    if not found:
        raise LookupError(f"there is no function {arn}")
    return found


@contextlib.contextmanager
def mappings_act(report, speed, containers):
    """Let the mappings act in a thread of their own; give the Mappings."""
    create = LambdaBackend.create_event_source_mapping

    def create_once(backend, spec):
        """Refuse a second mapping of the same stream and function, as Lambda does."""
        for mapping in backend._event_source_mappings.values():
            names = mapping.function_arn, mapping.function_arn.rpartition(":")[2]
            if mapping.event_source_arn == spec.get("EventSourceArn") and (
                spec.get("FunctionName") in names
            ):
                raise MappingExists(mapping)
        return create(backend, spec)

    mappings = Mappings(report, speed, containers)
    thread = threading.Thread(target=mappings.run, daemon=True)
    with (
        mock.patch.object(LambdaBackend, "create_event_source_mapping", create_once),
        # moto would call the function for each record that is put on the stream.
        mock.patch.object(LambdaBackend, "send_kinesis_message", lambda *_, **__: None),
    ):
        thread.start()
        try:
            yield mappings
        finally:
            mappings.stopped.set()
            thread.join(5)


class MappingExists(LambdaClientError):
    """Lambda's refusal of a second mapping."""

    code = 409

    def __init__(self, mapping):
        super().__init__(
            "ResourceConflictException",
            f'The event source arn (" {mapping.event_source_arn} ") and function '
            f'(" {mapping.function_arn.rpartition(":")[2]} ") provided mapping already exists. '
            f"Please update or delete the existing mapping with UUID {mapping.uuid}",
        )
