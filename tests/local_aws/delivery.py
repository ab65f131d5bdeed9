"""Delivers batches to the function, and retries or discards what failed.

It follows the Lambda Developer Guide, "Using Lambda to process records from Amazon Kinesis Data
Streams". Records are moto's.
"""

import base64
import functools
import json
import re
import threading
import time
import uuid
from datetime import datetime, timezone

import boto3

LONGEST_PAUSE = 10  # seconds before a retry; the first pause is 1, and each one is twice the last
MAX_PAYLOAD = 6 * 2**20  # bytes of an event
RECORD_FRAME = 600  # bytes of a record in an event, except for its data and partition key
MAX_SHOWN = 100  # characters of a function's output that are shown


class Lane:
    """The records of some of a shard's partition keys, delivered batch by batch.

    records: those not yet in a batch; gathering_since: when the first of them arrived.
    batches: the next batch to deliver, followed by those that bisecting split off.
    attempts: how often the next batch was tried; next_try: when to retry it.
    failed: how many of its records failed last time; error: the function's error.
    busy: a thread is delivering the next batch, and only that thread changes the batches.
    """

    def __init__(self):
        self.records = []
        self.gathering_since = 0
        self.batches = []
        self.busy = False
        self.reset_attempts()

    def reset_attempts(self):
        """Forget how often the batch was tried."""
        self.attempts, self.failed, self.error, self.next_try = 0, 0, "", 0

    def add(self, record, now):
        """Add a new record."""
        if not self.records:
            self.gathering_since = now
        self.records.append(record)

    def make_batch(self, size, window, now):
        """Make a batch if there are enough records, or if the batching window has passed."""
        if self.batches or not self.records:
            return
        count = count_fitting(self.records, size)
        is_full = count == size or count < len(self.records)
        if is_full or now >= self.gathering_since + window:
            self.batches.append(self.records[:count])
            self.records = self.records[count:]
            self.gathering_since = now

    def is_due(self, now):
        """Return whether a batch is due for delivery."""
        return bool(self.batches) and not self.busy and now >= self.next_try

    def drop(self, records):
        """Remove records from the batch. The rest counts as a new batch."""
        dropped = {record.sequence_number for record in records}
        rest = [each for each in self.batches[0] if each.sequence_number not in dropped]
        self.batches[:1] = [rest] if rest else []
        self.reset_attempts()

    def split(self):
        """Split the batch into two."""
        batch = self.batches[0]
        middle = len(batch) // 2
        self.batches[:1] = [batch[:middle], batch[middle:]]

    def find_all(self):
        """Return all records, starting with those in batches."""
        return [record for batch in self.batches for record in batch] + self.records


def count_fitting(records, size):
    """Return how many records fit in a batch of this size and in Lambda's largest event."""
    payload = 0
    for count, record in enumerate(records[:size]):
        payload += len(record.data) + len(record.partition_key) + RECORD_FRAME
        if payload > MAX_PAYLOAD and count:
            return count
    return min(size, len(records))


class FunctionResponse:
    """Lambda's response to Invoke: the function's result, its error or "", the end of its log."""

    def __init__(self, response):
        self.answer = json.load(response["Payload"])
        self.error = find_error(self.answer) if "FunctionError" in response else ""
        self.log = base64.b64decode(response["LogResult"]).decode(errors="replace")


def find_error(answer):
    """Return type and message of a function error, without its request id."""
    message = re.sub(r"RequestId: \S+ (Error: )?", "", answer["errorMessage"])
    return shorten(f"{answer['errorType']}: {message}")


def find_failed(response, settings, batch):
    """Return the positions in a batch of the records to retry, in order."""
    if response.error:
        return [*range(len(batch))]
    if "ReportBatchItemFailures" not in settings["FunctionResponseTypes"]:
        return []
    answer = response.answer if isinstance(response.answer, dict) else {}
    failures = answer.get("batchItemFailures")
    numbers = [str(record.sequence_number) for record in batch]
    try:
        return sorted({numbers.index(failure["itemIdentifier"]) for failure in failures or []})
    except (KeyError, TypeError, ValueError):  # one unknown number means that all records failed
        return [*range(len(batch))]


def find_printed_reason(log, record):
    """Return what a function printed after "Failed:" about a record, or ""."""
    printed = re.findall(r"^Failed: (.*)$", log, re.MULTILINE)
    of_record = [line for line in printed if line.startswith(f"{record.sequence_number}:")]
    return shorten((of_record or printed or [""])[0])


def shorten(text):
    """Return a text, cut off if it is too long."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def count_records(records):
    """Return "1 record", "2 records" and so on."""
    return "1 record" if len(records) == 1 else f"{len(records)} records"


@functools.lru_cache
def make_client(service, region):
    """Return a client for the mappings; cached.

    It has its own session: threads must not create clients with a shared session.
    """
    return boto3.Session().client(service, region_name=region)


def invoke(settings, shard_name, batch):
    """Call the function with a batch; return a FunctionResponse."""
    arn = settings["FunctionArn"]
    client = make_client("lambda", arn.split(":")[3])
    role = client.get_function_configuration(FunctionName=arn)["Role"]
    records = [
        build_event_record(record, shard_name, settings["EventSourceArn"], role) for record in batch
    ]
    return FunctionResponse(
        client.invoke(FunctionName=arn, Payload=json.dumps({"Records": records}), LogType="Tail")
    )


def build_event_record(record, shard_name, stream_arn, role_arn):
    """Return a record in the form of a Lambda event, with all documented fields."""
    number = str(record.sequence_number)
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record.partition_key,
            "sequenceNumber": number,
            "data": record.data,  # base64, as sent by the client
            "approximateArrivalTimestamp": round(record.created_at, 3),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard_name}:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role_arn,
        "awsRegion": stream_arn.split(":")[3],
        "eventSourceARN": stream_arn,
    }


def build_message(settings, shard_name, lane, records, condition):
    """Return the message for an on-failure destination, which says where the records are."""
    message = {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": settings["FunctionArn"],
            "condition": condition,
            "approximateInvokeCount": max(lane.attempts, 1),
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled" if lane.error else None,
        },
        "version": "1.0",
        "timestamp": format_message_time(time.time()),
        "KinesisBatchInfo": {
            "shardId": shard_name,
            "startSequenceNumber": str(records[0].sequence_number),
            "endSequenceNumber": str(records[-1].sequence_number),
            "approximateArrivalOfFirstRecord": format_message_time(records[0].created_at),
            "approximateArrivalOfLastRecord": format_message_time(records[-1].created_at),
            "batchSize": len(records),
            "streamArn": settings["EventSourceArn"],
        },
    }
    if condition == "RecordAgeExceeded":  # the function's response does not matter
        del message["responseContext"]
    return message


def format_message_time(seconds):
    """Return a time in the format of on-failure messages."""
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return f"{moment.isoformat(timespec='milliseconds')[:-6]}Z"


class Delivery:
    """Delivers the batches of mappings, each in its own thread.

    report: called with a line for each thing that happens.
    speed: how many times faster time passes; pauses are shorter, and records age faster.
    wake: an event that is set whenever there may be more to do.
    """

    def __init__(self, report, speed):
        self.report = report
        self.speed = speed
        self.wake = threading.Event()
        self.counting = threading.Lock()

    def say(self, settings, text):
        """Report a line about a mapping's function."""
        self.report(f"{settings['FunctionArn'].split(':')[6]}: {text}")

    def start(self, mapping, shard_name, lane):
        """Deliver a lane's next batch in a thread, with the current settings."""
        lane.busy = True
        arguments = (mapping, mapping.settings, shard_name, lane)
        threading.Thread(target=self.deliver, args=arguments, daemon=True).start()

    def deliver(self, mapping, settings, shard_name, lane):
        """Deliver a lane's next batch."""
        try:
            old = self.find_expired(settings, lane.batches[0])
            if old:
                limit = settings["MaximumRecordAgeInSeconds"]
                reason = f", older than the maximum record age of {limit} seconds"
                self.discard(mapping, settings, shard_name, lane, old, "RecordAgeExceeded", reason)
            else:
                self.call(mapping, settings, shard_name, lane)
            mapping.problem = ""
        except Exception as error:  # for instance, the function or the queue is gone
            lane.next_try = time.monotonic() + 1 / self.speed
            self.report_problem(mapping, error)
        finally:
            lane.busy = False
            self.wake.set()

    def report_problem(self, mapping, error):
        """Report what keeps a mapping from working, once."""
        if mapping.problem != str(error):
            self.report(f"Mapping {mapping.uuid[:8]}: {error}")
            mapping.problem = str(error)

    def find_age(self, record):
        """Return a record's age in seconds."""
        return (time.time() - record.created_at) * self.speed

    def find_expired(self, settings, batch):
        """Return the records of a batch that exceed the maximum age."""
        limit = settings["MaximumRecordAgeInSeconds"]
        return [record for record in batch if limit != -1 and self.find_age(record) > limit]

    def call(self, mapping, settings, shard_name, lane):
        """Call the function with a batch; drop what is done, and retry the rest."""
        batch = lane.batches[0]
        what = "retry of a batch" if lane.failed else "batch"
        mapping.result = "PROBLEM: Function call failed"
        response = invoke(settings, shard_name, batch)
        failed = find_failed(response, settings, batch)
        outcome = "done"
        if response.error:
            outcome = f"function error {response.error}"
        else:
            mapping.result = "OK"
            if failed:
                reason = find_printed_reason(response.log, batch[failed[0]])
                outcome = f"{len(failed)} failed" + (f": {reason}" if reason else "")
        self.say(settings, f"{what} of {len(batch)}, {outcome}")
        done = batch[: failed[0]] if failed else batch
        if done:
            lane.drop(done)
            with self.counting:
                mapping.done += len(done)
        else:
            lane.attempts += 1
        if failed:
            lane.failed, lane.error = len(failed), response.error
            self.plan_retry(mapping, settings, shard_name, lane)

    def plan_retry(self, mapping, settings, shard_name, lane):
        """Plan a retry of the next batch, or split or discard it."""
        batch = lane.batches[0]
        if settings["BisectBatchOnFunctionError"] and lane.error and len(batch) > 1:
            lane.split()
            lane.reset_attempts()
            return
        pause = min(2 ** max(lane.attempts - 1, 0), LONGEST_PAUSE)
        lane.next_try = time.monotonic() + pause / self.speed
        limit = settings["MaximumRetryAttempts"]
        if 0 <= limit < lane.attempts:
            reason = f" after {limit} {'retry' if limit == 1 else 'retries'}"
            condition = "RetryAttemptsExhausted"
            self.discard(mapping, settings, shard_name, lane, batch, condition, reason)

    def discard(self, mapping, settings, shard_name, lane, records, condition, reason):
        """Discard records of a batch; send a message to the on-failure destination, if any."""
        numbers = [str(record.sequence_number) for record in records]
        numbers = numbers[0] if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
        self.say(settings, f"discarded {count_records(records)}{reason}: {numbers}")
        message = build_message(settings, shard_name, lane, records, condition)
        lane.drop(records)  # before the message is sent, because that can fail
        with self.counting:
            mapping.discarded += len(records)
        target = settings["DestinationConfig"]["OnFailure"].get("Destination")
        if target:
            self.send(target, message)
            self.say(settings, f"sent a message about them to queue {target.split(':')[5]}")

    def send(self, queue_arn, message):
        """Send a message to a queue."""
        _, _, _, region, _, name = queue_arn.split(":")
        sqs = make_client("sqs", region)
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(message))
