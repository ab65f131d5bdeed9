"""Show how fast the Lambda function is, and where its time goes.

    python -m tests.benchmark

One shard delivers up to 1,000 records a second, and one function at a time works on it. The time
that it takes is mostly that of the round trips to Timestream, which are simulated here: below
botocore, so that all that boto3 does for a call is part of the measurement. What the round trips
alone allow (batch size / round trip) is the bound; the share of it that is reached is comparable
between machines, the records per second are not.
"""

import contextlib
import gc
import io
import json
import statistics
import sys
import time
from collections import Counter
from datetime import datetime, timezone
from unittest import mock

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session

import alarm_sensor
import lambda_function
from tests import event_source_mapping, walkthrough

RECORD_COUNT = 1000
BATCH_SIZES = (10, 100)
ROUND_TRIP = 0.02  # seconds
LOADS = 5

STREAM_ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/TUTORIAL"


class Body(io.BytesIO):
    """A response body as botocore reads it."""

    def stream(self, **_kwargs):
        """Yield the body's parts."""
        yield self.read()


class SimulatedTimestream:
    """Answers Timestream's requests after a round trip, and counts what comes.

    counts: a Counter of the calls by operation, of "records" written and of "clients" made.
    """

    def __init__(self, round_trip):
        self.round_trip = round_trip
        self.counts = Counter()

    def send(self, request):
        """Take the place of the HTTP session's send()."""
        time.sleep(self.round_trip)
        operation = request.headers["X-Amz-Target"].decode().partition(".")[2]
        self.counts[operation] += 1
        if operation == "DescribeEndpoints":
            endpoint = {"Address": "ingest.timestream.invalid", "CachePeriodInMinutes": 1440}
            answer = {"Endpoints": [endpoint]}
        else:
            total = request.body.count(b'"Dimensions"')  # faster than reading all of the JSON
            self.counts["records"] += total
            answer = {"RecordsIngested": {"Total": total, "MemoryStore": total}}
        headers = {"content-type": "application/x-amz-json-1.0"}
        return AWSResponse(request.url, 200, headers, Body(json.dumps(answer).encode()))

    @contextlib.contextmanager
    def in_place(self):
        """Take the place of Timestream for all clients, and count those that are made."""
        create_client = botocore.session.Session.create_client

        def counting(session, *args, **kwargs):
            self.counts["clients"] += 1
            return create_client(session, *args, **kwargs)

        with (
            walkthrough.isolated(),
            mock.patch.object(botocore.session.Session, "create_client", counting),
            mock.patch.object(URLLib3Session, "send", lambda _, request: self.send(request)),
        ):
            yield


def build_events(record_count, batch_size):
    """Return the events in which Lambda would deliver so many alarms."""
    now = datetime.now(timezone.utc)
    records = [
        event_source_mapping.build_event_record(
            {
                "PartitionKey": alarm_sensor.PARTITION_KEY,
                "SequenceNumber": str(number),
                "Data": alarm_sensor.encode(alarm_sensor.create_log_line("Normal")),
                "ApproximateArrivalTimestamp": now,
            },
            "shardId-000000000000",
            STREAM_ARN,
        )
        for number in range(record_count)
    ]
    return [
        {"Records": records[start : start + batch_size]}
        for start in range(0, record_count, batch_size)
    ]


def measure(batch_size, round_trip=ROUND_TRIP, record_count=RECORD_COUNT, loads=LOADS):
    """Pass loads of records through the handler, after one event that warms it up as a cold start.

    Returns the median of the seconds that a load takes, and the Counter of SimulatedTimestream.
    """
    events = build_events(record_count, batch_size)
    timestream = SimulatedTimestream(round_trip)
    times = []
    gc.collect()
    gc.freeze()  # Lambda has not imported all that the tests need, so it is not to be searched here
    with timestream.in_place(), contextlib.redirect_stdout(io.StringIO()):
        for number in range(loads + 1):
            begin = time.perf_counter()
            for event in events if number else events[:1]:
                answer = lambda_function.lambda_handler(event, None)
                if answer["batchItemFailures"]:
                    raise RuntimeError(f"not stored: {answer}")
            times.append(time.perf_counter() - begin)
    return statistics.median(times[1:]), timestream.counts


def main():
    """Print a line for each batch size; return the exit status."""
    print(
        f"{LOADS} loads of {RECORD_COUNT} records and a first event for the cold start,"
        f" at a round trip of {ROUND_TRIP * 1000:.0f} ms"
    )
    print("batch size  records/s  share of the bound  records  WriteRecords calls  clients made")
    for batch_size in BATCH_SIZES:
        seconds, counts = measure(batch_size)
        rate = RECORD_COUNT / seconds
        share = rate / (batch_size / ROUND_TRIP)
        print(
            f"{batch_size:10}  {rate:9.0f}  {share:18.0%}  {counts['records']:7}"
            f"  {counts['WriteRecords']:18}  {counts['clients']:12}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
