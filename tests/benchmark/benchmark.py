"""Show how fast the Lambda function is, and where its time goes.

    python -m tests.benchmark

What it takes is mostly the round trips to Timestream, which are simulated here, below botocore. The
bound of a batch size is what they alone allow. The share of it that is reached can be compared
between machines, the records a second cannot.
"""

import argparse
import base64
import contextlib
import io
import statistics
import time

import alarm_sensor
import lambda_function
from tests import environment
from tests.transport import Transport

RECORD_COUNT = 1000
BATCH_SIZES = (10, 100, 1000)
ROUND_TRIP = 0.02  # seconds
LOADS = 5


def measure(alarms, batch_size):
    """Return the median of the seconds that the warm handler takes for all alarms."""
    data = [base64.b64encode(alarm).decode() for alarm in alarms]
    records = [{"kinesis": {"sequenceNumber": str(i), "data": item}} for i, item in enumerate(data)]
    events = [{"Records": records[i : i + batch_size]} for i in range(0, len(data), batch_size)]
    times = []
    quiet = contextlib.redirect_stdout(io.StringIO())
    with environment.isolated(), Transport(lambda *_: time.sleep(ROUND_TRIP)).in_place(), quiet:
        for load in [events[:1], *[events] * LOADS]:
            begin = time.perf_counter()
            for event in load:
                if failures := lambda_function.lambda_handler(event, None)["batchItemFailures"]:
                    raise RuntimeError(f"not stored: {failures}")
            times.append(time.perf_counter() - begin)
    return statistics.median(times[1:])  # the first one warms it up


def main():
    """Print a line for each batch size; return the exit status."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    print(f"{LOADS} loads of {RECORD_COUNT} records, at a round trip of {ROUND_TRIP * 1000:.0f} ms")
    print("batch size  records/s  bound  share of it")
    lines = [alarm_sensor.create_log_line("Normal") for _ in range(RECORD_COUNT)]
    alarms = [alarm_sensor.encode(line) for line in lines]
    for batch_size in BATCH_SIZES:
        rate, bound = RECORD_COUNT / measure(alarms, batch_size), batch_size / ROUND_TRIP
        print(f"{batch_size:10}  {rate:9.0f}  {bound:5.0f}  {rate / bound:11.0%}")
    return 0
