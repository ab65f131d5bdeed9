"""The Lambda function: it stores the alarm log lines that Kinesis delivers in Timestream.

Paste it into the code editor of the Lambda console as lambda_function.py, or upload it with the
AWS CLI as the README does. The event source mapping must have ReportBatchItemFailures: then
Lambda retries from the first record reported as failed. Without it, failed records are lost.
"""

import base64
import contextlib
import functools
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

DATABASE_NAME = "DemoDatabase"
TABLE_NAME = "WeatherMetrics"
FIELDS = ["status", "time", "location", "sensor"]

# A WriteRecords call takes up to 100 records (Timestream Developer Guide, "Quotas").
BATCH_SIZE = 100

MAX_SHOWN = 500  # characters of a line in the log: a bad record can be long, and is retried often


def lambda_handler(event, context):
    """Store the alarm readings of a Kinesis event, and report those that could not be stored.

    Returns {"batchItemFailures": [{"itemIdentifier": sequence number}, ...]}: the records that are
    not stored, in the order of the stream; empty if all are stored (Lambda Developer Guide,
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
        except Exception as error:  # one bad record must not stop the others
            failures[number] = f"{type(error).__name__}: {error}"
        lines[number] = line

    failures.update(store(records))
    failed = [number for number in lines if number in failures]  # in the order of the stream
    for number in failed:
        print(f"Failed: {number}: {failures[number][:MAX_SHOWN]!r}: {lines[number][:MAX_SHOWN]!r}")
    print(f"{len(lines) - len(failed)} of {len(lines)} records stored")
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}


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
    """Return the values of FIELDS in a log line; raise ValueError if one is missing.

    They are the last parts of the line. Everything before them is the id, whatever it looks like.
    """
    if "\n" in line or "\r" in line:
        raise ValueError("the record holds more than one line")
    parts = line.rsplit("||", len(FIELDS))[-len(FIELDS) :]
    fields = dict(part.partition("=")[::2] for part in parts)
    if list(fields) != FIELDS or not all(fields.values()):
        raise ValueError(f"the log line does not end in {', '.join(FIELDS)}")
    return fields.values()


def create_measurement(status, timestamp):
    """Return the measure of an alarm; timestamp: milliseconds since 1970, as a string."""
    return {
        "MeasureName": "Alarm",
        "MeasureValue": status,
        "MeasureValueType": "VARCHAR",
        "Time": timestamp,
        "TimeUnit": "MILLISECONDS",
    }


def create_record(measurement, location, sensor):
    """Return a list with one Timestream record: the measure, with its dimensions."""
    dimensions = [
        {"Name": "Location", "Value": location},
        {"Name": "Sensor", "Value": sensor},
    ]
    return [{"Dimensions": dimensions, **measurement}]


def store(records):
    """Write records to Timestream, 100 a call; return {sequence number: reason} for failures.

    records: pairs of a sequence number and the Timestream record made of its Kinesis record.
    """
    client = authenticate()
    batches = [records[i : i + BATCH_SIZE] for i in range(0, len(records), BATCH_SIZE)]
    if len(batches) == 1:
        return write_records(client, batches[0])
    failures = {}
    # The calls run side by side, since each mostly waits. An event can have 10,000 records.
    with ThreadPoolExecutor(max_workers=100) as pool:
        for not_stored in pool.map(lambda batch: write_records(client, batch), batches):
            failures.update(not_stored)
    return failures


def write_records(client, batch):
    """Write up to 100 records in one call; return {sequence number: reason} for those that fail.

    Timestream rejects records one by one and stores the others of the call. But an invalid value,
    such as one that is too long, can make it refuse the whole call. Such a call is retried in
    halves until the bad record is alone. Writing a record twice does no harm.
    """
    try:
        response = client.write_records(
            DatabaseName=DATABASE_NAME,
            TableName=TABLE_NAME,
            Records=[record for _, record in batch],
            CommonAttributes={},
        )
        if "RecordsIngested" not in response:  # from a proxy, for instance
            raise ConnectionError("the response is not from Timestream")
    except Exception as error:
        details = error.response if isinstance(error, ClientError) else {}
        code = details.get("Error", {}).get("Code")
        if code == "RejectedRecordsException" and details.get("RejectedRecords"):
            return {
                batch[rejected["RecordIndex"]][0]: rejected.get("Reason", code)
                for rejected in details["RejectedRecords"]
            }
        if code == "ValidationException" and len(batch) > 1:
            middle = len(batch) // 2
            return write_records(client, batch[:middle]) | write_records(client, batch[middle:])
        return {number: str(error) for number, _ in batch}
    return {}


@functools.lru_cache
def authenticate():
    """Return the Timestream write client, made once and kept as long as Lambda keeps the container.

    It tries a call three times, which fits into the function's 60 seconds even if every call hangs:
    the function can still report what is not stored. Timestream validates the records itself;
    validating them here as well would take half of the function's own time.
    """
    config = Config(
        connect_timeout=5,
        read_timeout=10,
        # AWS shows this for Timestream write clients (Developer Guide, "Write SDK client").
        max_pool_connections=5000,
        retries={"total_max_attempts": 3, "mode": "standard"},
        parameter_validation=False,
    )
    return boto3.Session().client("timestream-write", config=config)
