"""The Lambda function: it stores the alarm log lines that Kinesis delivers in Timestream.

Paste it into the code editor of the Lambda console as lambda_function.py, or upload it with the
AWS CLI as the README does. The event source mapping has to have ReportBatchItemFailures: then
Lambda delivers again what the function reports as not stored. Without it that is lost.
"""

import base64
import contextlib
import functools
import threading
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

DATABASE_NAME = "DemoDatabase"
TABLE_NAME = "WeatherMetrics"
FIELDS = ["status", "time", "location", "sensor"]

# The most records that one WriteRecords call takes (Timestream Developer Guide, "Quotas").
BATCH_SIZE = 100

# Characters of a line that the log shows: a bad record can be long, and comes again and again.
MAX_SHOWN = 500

CLIENT_LOCK = threading.Lock()


def decode(data):
    """Return the log line in the data of a Kinesis record.

    Lambda base64-encodes what is on the stream, and the sensor has encoded it once before. A record
    put by hand may lack the sensor's encoding: its line has pipes, which base64 does not have.
    """
    line = base64.b64decode(data, validate=True)
    with contextlib.suppress(ValueError):
        line = base64.b64decode(line.strip(), validate=True)
    return line.decode("utf-8", errors="backslashreplace").strip()


def parse(line):
    """Return status, time, location and sensor from a log line; raise ValueError if one is missing.

    They are its last four parts. All that stands before them is the id, whatever it looks like.
    """
    if "\n" in line or "\r" in line:
        raise ValueError("the record holds more than one line")
    fields = [part.partition("=") for part in line.rsplit("||", 4)[-4:]]
    values = [value for _, _, value in fields]
    if [name for name, _, _ in fields] != FIELDS or not all(values):
        raise ValueError("the log line does not end in status, time, location and sensor")
    return values


def create_measurement(status, timestamp):
    """Return the measure of an alarm, taken at a time in milliseconds since 1970, as a string."""
    return {
        "MeasureName": "Alarm",
        "MeasureValue": status,
        "MeasureValueType": "VARCHAR",
        "Time": timestamp,
        "TimeUnit": "MILLISECONDS",
    }


def create_record(measurement, location, sensor):
    """Return a list with one Timestream record: the measure, and as dimensions where it is from."""
    dimensions = [
        {"Name": "Location", "Value": location},
        {"Name": "Sensor", "Value": sensor},
    ]
    return [{"Dimensions": dimensions, **measurement}]


@functools.lru_cache
def authenticate():
    """Return the Timestream write client, made once and kept as long as Lambda keeps the container.

    Three attempts of a call fit into the function's 60 seconds even if all hang, so that it can
    still report what is not stored. Timestream validates the records itself; done here as well,
    that would be half of the function's own time.
    """
    retries = {"total_max_attempts": 3, "mode": "standard"}
    config = Config(
        connect_timeout=5, read_timeout=10, max_pool_connections=5000, retries=retries,
        parameter_validation=False,
    )
    return boto3.Session().client("timestream-write", config=config)


def write_records(batch):
    """Write up to 100 records to Timestream; return {sequence number: reason} of those not stored.

    Timestream rejects records one by one and stores the others of the call. But a value that is no
    valid input, an overlong one for instance, makes it refuse the whole call. Such a call is
    repeated in halves, until the bad record is alone. Writing a record twice does no harm.

    batch: a list of pairs, a sequence number and the Timestream record made of its Kinesis record.
    """
    try:
        with CLIENT_LOCK:  # of several threads, one makes the client, and the others wait for it
            client = authenticate()
        client.write_records(
            DatabaseName=DATABASE_NAME,
            TableName=TABLE_NAME,
            Records=[record for _, record in batch],
            CommonAttributes={},
        )
    except Exception as error:
        answer = error.response if isinstance(error, ClientError) else {}
        code = answer.get("Error", {}).get("Code")
        if code == "RejectedRecordsException" and answer.get("RejectedRecords"):
            return {
                batch[rejected["RecordIndex"]][0]: rejected.get("Reason", code)
                for rejected in answer["RejectedRecords"]
            }
        if code == "ValidationException" and len(batch) > 1:
            middle = len(batch) // 2
            return write_records(batch[:middle]) | write_records(batch[middle:])
        return {number: str(error) for number, _ in batch}
    return {}


def lambda_handler(event, context):
    """Store the alarm readings in a Kinesis event, and report those that are not stored.

    Returns {"batchItemFailures": [{"itemIdentifier": sequence number}, ...]}: every record that is
    not stored, in the order of the stream, and none if all are (Lambda Developer Guide,
    "Configuring partial batch response with Kinesis Data Streams and Lambda").
    """
    lines, records, failures = {}, [], {}
    for kinesis_record in event.get("Records", []):
        number, line = None, ""
        try:
            number = kinesis_record["kinesis"]["sequenceNumber"]
            line = decode(kinesis_record["kinesis"]["data"])
            status, timestamp, location, sensor = parse(line)
            measurement = create_measurement(status, timestamp)
            [record] = create_record(measurement, location, sensor)
            records.append((number, record))
        except Exception as error:  # whatever is wrong with one record, the others go on
            failures[number] = f"{type(error).__name__}: {error}"
        lines[number] = line

    batches = [records[i : i + BATCH_SIZE] for i in range(0, len(records), BATCH_SIZE)]
    # Side by side, since a call is mostly waiting. An event has 10,000 records at most.
    with ThreadPoolExecutor(max_workers=100) as pool:
        for not_stored in pool.map(write_records, batches):
            failures.update(not_stored)

    failed = [number for number in lines if number in failures]  # in the order of the stream
    for number in failed:
        print(f"Failed: {number}: {failures[number][:MAX_SHOWN]!r}: {lines[number][:MAX_SHOWN]!r}")
    print(f"{len(lines) - len(failed)} of {len(lines)} records stored")
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
