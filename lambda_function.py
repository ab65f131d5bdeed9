"""The Lambda function: it stores the alarm log lines that Kinesis delivers in Timestream.

Paste it into the code editor of the Lambda console as lambda_function.py, or upload it with the
AWS CLI as the README does. The Lambda runtime brings all it needs.

The event source mapping has to have ReportBatchItemFailures switched on: then Lambda delivers again
what the function reports as not stored. Without it nobody reads the report, and those are lost.
"""

import base64
import functools
import re

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

DATABASE_NAME = "DemoDatabase"
TABLE_NAME = "WeatherMetrics"

# The most records that one WriteRecords call takes (Timestream Developer Guide, "Quotas").
BATCH_SIZE = 100

# Two pipes. Of three or more in a row it is the last two: the others end the value before.
DELIMITER = re.compile(r"\|\|(?!\|)")

FIELDS = ("status", "time", "location", "sensor")


def decode(data):
    """Return the log line in the data of a Kinesis record, as far as the data can be decoded.

    Lambda base64-encodes what is on the stream, and the sensor has encoded it once before. A record
    put by hand may lack the sensor's encoding. Its pipes tell, as base64 does not use them.
    """
    for _ in range(2):
        try:
            # Tools that encode base64 may break it into lines, which count for nothing.
            payload = base64.b64decode("".join(data.split()), validate=True)
        except ValueError:
            break  # no base64, so this is the log line already
        data = payload.decode("utf-8", errors="backslashreplace")
    return data.strip()


def parse(line):
    """Return the fields of a log line as a dict; raise ValueError if one of FIELDS is missing.

    The id comes first and can contain anything, even what looks like a field. The real ones come
    after it, and the last one of a name counts.
    """
    fields = dict(part.split("=", 1) for part in DELIMITER.split(line) if "=" in part)
    missing = [name for name in FIELDS if not fields.get(name)]
    if missing:
        raise ValueError(f"no {', '.join(missing)} in the log line")
    return fields


def create_measurement(status, timestamp):
    """Return the measure of an alarm reading.

    status: the alarm status, such as "Normal".
    timestamp: when the reading was taken, in milliseconds since 1970, as a string.
    """
    return {
        "MeasureName": "Alarm",
        "MeasureValue": status,
        "MeasureValueType": "VARCHAR",
        "Time": timestamp,
        "TimeUnit": "MILLISECONDS",
    }


def create_record(measurement, location, sensor):
    """Return a list with one Timestream record: the measure and the dimensions it was taken in."""
    dimensions = [
        {"Name": "Location", "Value": location},
        {"Name": "Sensor", "Value": sensor},
    ]
    return [{"Dimensions": dimensions, **measurement}]


@functools.lru_cache
def authenticate():
    """Return the Timestream write client, made once and kept as long as Lambda keeps the container.

    Region and credentials are the function's own. The settings are those of AWS's own examples for
    writing to Timestream (Timestream Developer Guide, "Write SDK client").
    """
    return boto3.Session().client(
        "timestream-write",
        config=Config(read_timeout=20, max_pool_connections=5000, retries={"max_attempts": 10}),
    )


def write_records(batch):
    """Write up to 100 records to Timestream; return {position: reason} of those not stored.

    Timestream rejects records one by one and stores the others of the call. But a value that is no
    valid input, an overlong one for instance, makes it refuse the whole call. Such a call is
    repeated in halves, until the bad record is alone. Writing a record twice does no harm.

    batch: a list of pairs, the record's position in the event and the Timestream record.
    """
    try:
        authenticate().write_records(
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
        invalid = code == "ValidationException" or isinstance(error, ParamValidationError)
        if invalid and len(batch) > 1:
            middle = len(batch) // 2
            return {**write_records(batch[:middle]), **write_records(batch[middle:])}
        return {position: str(error) for position, _ in batch}
    return {}


def lambda_handler(event, context):
    """Store the alarm readings in a Kinesis event, and report those that are not stored.

    event: the event as Lambda hands it over, a dict with a list "Records" (Lambda Developer Guide,
    "Process Amazon Kinesis Data Streams records").
    context: information on this invocation, not used here.

    Returns {"batchItemFailures": [{"itemIdentifier": sequence number}, ...]}: the records that are
    not stored, in the order of the stream, none if all are (Lambda Developer Guide, "Configuring
    partial batch response with Kinesis Data Streams and Lambda").
    """
    deliveries = event.get("Records") or []
    if not deliveries:
        print("No records in this event, nothing to do")
        return {"batchItemFailures": []}

    lines, records, failures = [], [], {}
    for position, delivery in enumerate(deliveries):
        lines.append(delivery)
        try:
            lines[position] = delivery["kinesis"]["data"]
            lines[position] = decode(lines[position])
            fields = parse(lines[position])
        except Exception as error:  # whatever is wrong with one record, the others go on
            failures[position] = f"{type(error).__name__}: {error}"
        else:
            measurement = create_measurement(fields["status"], fields["time"])
            [record] = create_record(measurement, fields["location"], fields["sensor"])
            records.append((position, record))

    for start in range(0, len(records), BATCH_SIZE):
        failures.update(write_records(records[start : start + BATCH_SIZE]))

    report = []
    for position in sorted(failures):
        number = deliveries[position].get("kinesis", {}).get("sequenceNumber")
        reason = " ".join(failures[position].split())  # some reasons span several lines
        print(f"Failed: {number}: {reason}: {lines[position]!r}")
        report.append({"itemIdentifier": number})
    stored = len(deliveries) - len(report)
    print(f"{len(deliveries)} records: {stored} stored, {len(report)} failed")
    return {"batchItemFailures": report}
