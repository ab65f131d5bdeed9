"""Show how fast the Lambda function is, and where its time goes.

    python -m tests.benchmark

What it takes is mostly the round trips to Timestream, which are simulated here, below botocore. The
bound of a batch size is what the round trips alone allow; with many records a batch, it is what a
shard can be read at, 2 MB a second (Kinesis Data Streams Developer Guide, "Quotas and limits"). The
share of the bound that is reached can be compared between machines, the records a second cannot.
"""

import argparse
import base64
import contextlib
import io
import os
import statistics
import sys
import time

import alarm_sensor
import lambda_function
from tests import environment
from tests.transport import Transport

RECORD_COUNT = 1000
BATCH_SIZES = (10, 100, 1000)
ROUND_TRIP = 0.02  # seconds
LOADS = 5
SHARD_BYTES_PER_SECOND = 2_000_000


def build_records(count):
    """Return so many alarms as Lambda would deliver them."""
    data = [alarm_sensor.encode(alarm_sensor.create_log_line("Normal")) for _ in range(count)]
    return [
        {"kinesis": {"sequenceNumber": str(number), "data": base64.b64encode(alarm).decode()}}
        for number, alarm in enumerate(data)
    ]


def measure(batch_size, round_trip, record_count, loads):
    """Pass loads of records through the handler, after one event that warms it up as a cold start.

    Returns the median of the seconds that a load takes, and how many records each call has written.
    """
    records = build_records(record_count)
    events = [{"Records": records[i : i + batch_size]} for i in range(0, record_count, batch_size)]
    calls, times = [], []

    def respond(operation, body):
        time.sleep(round_trip)
        if operation == "WriteRecords":
            calls.append(body.count(b'"Dimensions"'))  # faster than reading the JSON

    with (
        environment.isolated(),
        Transport(respond).in_place(),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        for load in [events[:1], *[events] * loads]:
            begin = time.perf_counter()
            for event in load:
                answer = lambda_function.lambda_handler(event, None)
                if answer["batchItemFailures"]:
                    raise RuntimeError(f"not stored: {answer}")
            times.append(time.perf_counter() - begin)
    return statistics.median(times[1:]), calls


def find_bound(batch_size, round_trip):
    """Return the records a second that the round trips allow, or the shard if that is less."""
    data = [alarm_sensor.encode(alarm_sensor.create_log_line("Normal")) for _ in range(100)]
    size = sum(map(len, data)) / len(data)
    return min(batch_size / round_trip, SHARD_BYTES_PER_SECOND / size)


def main():
    """Print a line for each batch size; return the exit status."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    print(f"{LOADS} loads of {RECORD_COUNT} records, at a round trip of {ROUND_TRIP * 1000:.0f} ms")
    print("batch size  records/s  bound  share of it  records  WriteRecords calls")
    try:
        for batch_size in BATCH_SIZES:
            seconds, calls = measure(batch_size, ROUND_TRIP, RECORD_COUNT, LOADS)
            rate, bound = RECORD_COUNT / seconds, find_bound(batch_size, ROUND_TRIP)
            print(
                f"{batch_size:10}  {rate:9.0f}  {bound:5.0f}  {rate / bound:11.0%}"
                f"  {sum(calls):7}  {len(calls):18}"
            )
    except KeyboardInterrupt:
        print("Stopped.")
        return 1
    return 0


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    try:
        sys.exit(main())
    except BrokenPipeError:  # whoever reads the output is gone, as with "| head -1"
        os._exit(1)  # without flushing what nobody reads
