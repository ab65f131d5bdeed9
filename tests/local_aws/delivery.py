"""A batch is delivered: the function is called, and what it could not do is retried or discarded.

The rules are those of the Lambda Developer Guide, "Using Lambda to process records from Amazon
Kinesis Data Streams".
"""

import base64
import functools
import json
import re
import time
import uuid
from datetime import datetime, timezone

import boto3

LONGEST_PAUSE = 10  # seconds before a retry; the first is 1, each next one twice as long
MAX_SHOWN = 100  # characters of what a function printed


def build_event_record(record, shard_name, stream_arn, role_arn):
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
        "eventID": f"{shard_name}:{number}",
        "invokeIdentityArn": role_arn,
        "awsRegion": stream_arn.split(":")[3],
        "eventSourceARN": stream_arn,
    }


class Response:
    """What Lambda answers to Invoke: the function's answer, its error or "", the end of its log."""

    def __init__(self, response):
        self.answer = json.load(response["Payload"])
        self.error = find_error(self.answer) if "FunctionError" in response else ""
        self.log = base64.b64decode(response["LogResult"]).decode(errors="replace")


def find_failed(response, settings, batch):
    """Return the places in a batch of what has to be retried, in order."""
    if response.error:
        return [*range(len(batch))]
    if "ReportBatchItemFailures" not in settings.get("FunctionResponseTypes", []):
        return []
    answer = response.answer if isinstance(response.answer, dict) else {}
    failures = answer.get("batchItemFailures")
    numbers = [record["SequenceNumber"] for record in batch]
    try:
        return sorted({numbers.index(failure["itemIdentifier"]) for failure in failures or []})
    except (KeyError, TypeError, ValueError):  # all, if one of them is unknown
        return [*range(len(batch))]


def find_reason(log, number):
    """Return what a function printed of a record after "Failed:", "" if it printed no such line."""
    printed = re.findall(r"^Failed: (.*)$", log, re.MULTILINE)
    of_record = [line for line in printed if line.startswith(f"{number}:")]
    return shorten((of_record or printed or [""])[0])


def find_error(answer):
    """Return type and message of a function error, without what differs each time."""
    message = re.sub(r"RequestId: \S+ (Error: )?", "", answer["errorMessage"])
    return shorten(f"{answer['errorType']}: {message}")


@functools.lru_cache
def make_client(service, region):
    """Return a client for the mappings, made once.

    It has its own session: threads must not make clients with the same one at the same time.
    """
    return boto3.Session().client(service, region_name=region)


def shorten(text):
    """Return a text, cut if it is long."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def count(records):
    """Return how many records there are, in words."""
    return "1 record" if len(records) == 1 else f"{len(records)} records"


def build_message(settings, shard, lane, records, condition):
    """Return what an on-failure destination is told: where the records are that are discarded."""
    first, last = records[0], records[-1]
    return {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": settings["FunctionArn"],
            "condition": condition,
            "approximateInvokeCount": lane.attempts,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled" if lane.error else None,
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


class Delivery:
    """Calls functions with batches, and keeps account of what became of them.

    report: a function that takes a line for each thing that happens.
    speed: how much faster time passes here: pauses are that much shorter, records that much older.
    delivered: how many records are done.
    failed, discarded: {event id: data} of the records that were reported, and discarded.
    reasons: {event id: what the function printed of a record that it reported}.
    errors: type and message of each error of the function.
    """

    def __init__(self, report, speed):
        self.report = report
        self.speed = speed
        self.delivered = 0
        self.failed, self.discarded, self.reasons = {}, {}, {}
        self.errors = []

    def say(self, settings, text):
        """Report a line about a mapping's function."""
        self.report(f"{settings['FunctionArn'].rpartition(':')[2]}: {text}")

    def deliver(self, settings, shard, lane):
        """Call the function with a lane's next batch, or discard what is too old of it."""
        old = self.find_expired(settings, lane.batches[0])
        if old:
            limit = settings["MaximumRecordAgeInSeconds"]
            reason = f", older than the maximum record age of {limit} seconds"
            self.discard(settings, shard, lane, old, "RecordAgeExpired", reason)
        else:
            self.call(settings, shard, lane)

    def find_expired(self, settings, batch):
        """Return the first records of a batch that are older than they may be."""
        limit = settings.get("MaximumRecordAgeInSeconds", -1)
        if limit == -1:
            return []
        now = datetime.now(timezone.utc)
        return [
            record
            for record in batch
            if (now - record["ApproximateArrivalTimestamp"]).total_seconds() * self.speed > limit
        ]

    def call(self, settings, shard, lane):
        """Call the function with a batch; go on with what is done, retry the rest."""
        batch = lane.batches[0]
        response = self.invoke(settings, shard, batch)
        failed = find_failed(response, settings, batch)
        lane.error = response.error
        if response.error:
            self.errors.append(response.error)
            outcome = f"function error {response.error}"
        elif failed:
            outcome = self.note_failed(shard, batch, failed, response.log)
        else:
            outcome = "done"
        what = "retry of a batch" if lane.attempts else "batch"
        self.say(settings, f"{what} of {len(batch)}, {outcome}")
        done = failed[0] if failed else len(batch)
        self.delivered += done
        lane.drop(done)
        if failed:
            self.plan_retry(settings, shard, lane)

    def invoke(self, settings, shard, batch):
        """Call the function with a batch; return its Response."""
        arn, stream = settings["FunctionArn"], settings["EventSourceArn"]
        client = make_client("lambda", arn.split(":")[3])
        role = client.get_function_configuration(FunctionName=arn)["Role"]
        records = [build_event_record(record, shard.name, stream, role) for record in batch]
        response = client.invoke(
            FunctionName=arn, Payload=json.dumps({"Records": records}), LogType="Tail"
        )
        return Response(response)

    def note_failed(self, shard, batch, failed, log):
        """Remember the records that the function reports; return what is said of them."""
        for place in failed:
            record = batch[place]
            event_id = f"{shard.name}:{record['SequenceNumber']}"
            self.failed[event_id] = record["Data"]
            self.reasons[event_id] = find_reason(log, record["SequenceNumber"])
        reason = find_reason(log, batch[failed[0]]["SequenceNumber"])
        return f"{len(failed)} failed" + (f": {reason}" if reason else "")

    def plan_retry(self, settings, shard, lane):
        """Plan a retry of the batch that is next, or split or discard it."""
        batch = lane.batches[0]
        if settings.get("BisectBatchOnFunctionError") and lane.error and len(batch) > 1:
            lane.split()  # which does not count as a retry
            return
        pause = min(2**lane.attempts, LONGEST_PAUSE)
        lane.next_try = time.monotonic() + pause / self.speed
        lane.attempts += 1
        limit = settings.get("MaximumRetryAttempts", -1)
        if 0 <= limit < lane.attempts:
            reason = f" after {limit} {'retry' if limit == 1 else 'retries'}"
            self.discard(settings, shard, lane, batch, "RetryAttemptsExhausted", reason)

    def discard(self, settings, shard, lane, records, condition, reason):
        """Discard the first records of a batch; tell the on-failure destination, if any."""
        for record in records:
            self.discarded[f"{shard.name}:{record['SequenceNumber']}"] = record["Data"]
        first, last = records[0]["SequenceNumber"], records[-1]["SequenceNumber"]
        numbers = first if first == last else f"{first} to {last}"
        self.say(settings, f"discarded {count(records)}{reason}: {numbers}")
        message = build_message(settings, shard, lane, records, condition)
        lane.drop(len(records))  # before the queue is told, as that can fail
        target = settings.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if target:
            self.send(target, message)
            self.say(settings, f"sent a message about that to the queue {target.split(':')[5]}")

    def send(self, queue_arn, message):
        """Send a message to a queue."""
        _, _, _, region, _, name = queue_arn.split(":")
        sqs = make_client("sqs", region)
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(message))
