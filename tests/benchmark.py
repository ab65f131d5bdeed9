"""Show how fast the Lambda function is, and how much work it adds to the calls of the SDK.

    python -m tests.benchmark

The function spends most of its time waiting for Timestream, whose round trips are simulated here.
"possible" is the rate that these round trips alone would allow, and "reached" is the share that the
function achieves. The last column is the ratio of the function's CPU time to that of the bare SDK
calls with the same records: with Lambda's smallest memory, you pay for CPU time. The last two
columns are comparable between machines; records per second are not.
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
from tests.network import ENDPOINTS, answered_by, response

RECORD_COUNT = 1000
BATCH_SIZES = (10, 100, 1000)
ROUND_TRIP = 0.02  # seconds
LOADS = 5
RATIO_LOADS = 15


def create_kinesis_records(count):
    """Return `count` alarms as Lambda delivers them."""
    records = []
    for number in range(count):
        line = alarm_sensor.create_log_line("Normal")
        data = base64.b64encode(alarm_sensor.encode(line)).decode()
        records.append({"kinesis": {"sequenceNumber": str(number), "data": data}})
    return records


def split(items, size):
    """Return lists of up to `size` items each."""
    return [items[i : i + size] for i in range(0, len(items), size)]


def run_function(batches):
    """Pass batches of Kinesis records through the handler; raise RuntimeError if any fails."""
    with contextlib.redirect_stdout(io.StringIO()):
        for batch in batches:
            response = lambda_function.lambda_handler({"Records": batch}, None)
            if response["batchItemFailures"]:
                raise RuntimeError(f"not stored: {response['batchItemFailures']}")


def run_bare_calls(calls):
    """Write prepared Timestream records, one call for each list of them."""
    client = lambda_function.authenticate()
    for records in calls:
        client.write_records(
            DatabaseName=lambda_function.DATABASE_NAME,
            TableName=lambda_function.TABLE_NAME,
            Records=records,
            CommonAttributes={},
        )


def create_calls(batches):
    """Return the lists of Timestream records that the function would write for these batches."""
    calls = []
    for batch in batches:
        records = []
        for kinesis_record in batch:
            line = lambda_function.decode(kinesis_record["kinesis"]["data"])
            status, timestamp, location, sensor = lambda_function.parse(line)
            measurement = lambda_function.create_measurement(status, timestamp)
            records += lambda_function.create_record(measurement, location, sensor)
        calls += split(records, lambda_function.BATCH_SIZE)
    return calls


def answer(operation, body):
    """Respond like Timestream when all is well."""
    if operation == "DescribeEndpoints":
        return response(ENDPOINTS)
    return response({"RecordsIngested": {}})


def answer_after_a_round_trip(operation, body):
    """Respond like Timestream, but after a round trip."""
    time.sleep(ROUND_TRIP)
    return answer(operation, body)


def measure_seconds(batches):
    """Return the median time of the warm function in seconds, with round trips."""
    times = []
    with answered_by(answer_after_a_round_trip):
        run_function(batches[:1])  # creates the client
        for _ in range(LOADS):
            start = time.perf_counter()
            run_function(batches)
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure_ratio(batches):
    """Return the ratio of the function's CPU time to the bare calls'."""
    calls, ratios = create_calls(batches), []
    with answered_by(answer):
        run_function(batches[:1])
        for _ in range(RATIO_LOADS):
            start = time.process_time()
            run_bare_calls(calls)
            middle = time.process_time()
            run_function(batches)
            ratios.append((time.process_time() - middle) / (middle - start))
    return statistics.median(ratios)


def main():
    """Print a line for each batch size; return the exit status."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    print(f"{LOADS} loads of {RECORD_COUNT} records, at a round trip of {ROUND_TRIP * 1000:.0f} ms")
    print("batch size  records/s  possible  reached  CPU time (bare calls = 1)")
    records = create_kinesis_records(RECORD_COUNT)
    with environment.isolated():
        for batch_size in BATCH_SIZES:
            batches = split(records, batch_size)
            rate, bound = RECORD_COUNT / measure_seconds(batches), batch_size / ROUND_TRIP
            ratio = measure_ratio(batches)
            print(f"{batch_size:10}  {rate:9.0f}  {bound:8.0f}  {rate / bound:7.0%}  {ratio:25.2f}")
    return 0
