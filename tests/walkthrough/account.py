"""The account of the walkthrough: what became of every reading that the sensors sent.

A reading becomes one or more records. Here a record is a set of (column, value), as in the result
of a query, without null columns.
"""

import ast
import base64
from collections import Counter
from typing import NamedTuple

import boto3

import alarm_sensor
import lambda_function
from cleanup import DATABASE_NAME, LOG_GROUP_NAME, STREAM_NAME, TABLE_NAME1
from tests.local_aws.query import format_time

BLOCKS = "▁▂▃▄▅▆▇█"
KEY = ["Location", "Sensor", "time"]  # the columns that identify a reading


class Reading(NamedTuple):
    """A reading that a sensor has sent.

    line: as printed by the sensor; records: those expected in the table.
    value: the temperature, or the alarm's status.
    """

    line: str
    records: list
    value: str


class Account:
    """What the sensors sent, what became of it, and all faults.

    folder: has the output of each run of a sensor.
    """

    def __init__(self, folder):
        self.waves = read_sent(folder, "wave_sensor.py", "[{", read_temperature)
        self.alarms = read_sent(folder, "alarm_sensor.py", "id=", read_alarm)
        stored, printed = read_stored(), read_log()
        self.swallowed = [alarm for alarm in self.alarms if is_swallowed(alarm, stored, printed)]
        on_stream = read_stream()
        self.bad_records = [data for data in on_stream if not is_alarm(data)]
        kept = [reading for reading in self.alarms if reading not in self.swallowed]
        by_hand = [read_alarm(decode(data)) for data in on_stream if is_alarm(data)]
        self.faults = find_faults(self.waves + kept, stored, by_hand)
        self.faults += find_faults_of_function(printed, self.alarms)


def read_sent(folder, script, prefix, read):
    """Return the Readings in the output of all runs of a sensor, sorted by time.

    prefix: the start of each line with a reading; read: turns such a line into a Reading.
    """
    runs = [path.read_text(encoding="utf-8") for path in folder.glob(f"{script}.*")]
    lines = [line for printed in runs for line in printed.splitlines() if line.startswith(prefix)]
    return sorted(map(read, lines), key=lambda reading: min(get(reading.records[0], "time")))


def get(record, *columns):
    """Return the values of some of a record's columns."""
    values = dict(record)
    return tuple(values.get(column) for column in columns)


def read_temperature(line):
    """Return the Reading in a line with Timestream records, as printed by the wave sensor."""
    records = ast.literal_eval(line)
    measures = records[0].get("MeasureValues") or [{"Value": records[0]["MeasureValue"]}]
    return Reading(line, [build_row(record) for record in records], measures[0]["Value"])


def build_row(record):
    """Return a Timestream record in the form of a query's result."""
    row = {dimension["Name"]: dimension["Value"] for dimension in record["Dimensions"]}
    row["measure_name"] = record["MeasureName"]
    row["time"] = format_milliseconds(record["Time"])
    if record["MeasureValueType"] == "MULTI":
        for measure in record["MeasureValues"]:
            row[measure["Name"]] = format_value(measure["Type"], measure["Value"])
    else:
        kind = record["MeasureValueType"]
        row[f"measure_value::{kind.lower()}"] = format_value(kind, record["MeasureValue"])
    return frozenset(row.items())


def format_value(kind, value):
    """Return a measure's value in the form of a query's result."""
    match kind:
        case "DOUBLE":
            return str(float(value))
        case "BIGINT":
            return str(int(value))
        case "TIMESTAMP":
            return format_milliseconds(value)
    return value


def read_alarm(line):
    """Return the Reading in a log line; its record has the status as value."""
    fields = dict(zip(lambda_function.FIELDS, lambda_function.parse(line)))
    measurement = lambda_function.create_measurement(fields["status"], fields["time"])
    records = lambda_function.create_record(measurement, fields["location"], fields["sensor"])
    return Reading(line, [build_row(record) for record in records], fields["status"])


def decode(data):
    """Return the log line of a record on the stream."""
    return base64.b64decode(data, validate=True).decode()


def is_alarm(data):
    """Return whether a record on the stream is from the alarm sensor."""
    try:
        read_alarm(decode(data))
    except ValueError:
        return False
    return True


def format_milliseconds(timestamp):
    """Return a time, given in milliseconds, in the form of a query's result."""
    return format_time(int(timestamp) * 10**6)


def make_client(service):
    """Return a client with the current access key, not with that of an earlier walk."""
    return boto3.Session().client(service)


def read_stored():
    """Return the records in the table."""
    table = f"{DATABASE_NAME}.{TABLE_NAME1}"
    query = f"select * from {table} where time >= ago(1h)"
    rows = set()
    for page in make_client("timestream-query").get_paginator("query").paginate(QueryString=query):
        columns = [column["Name"] for column in page["ColumnInfo"]]
        for row in page["Rows"]:
            values = [value.get("ScalarValue") for value in row["Data"]]
            row = zip(columns, values)
            rows.add(frozenset((column, value) for column, value in row if value is not None))
    return rows


def read_log():
    """Return the lines of the function's log."""
    paginator = make_client("logs").get_paginator("filter_log_events")
    pages = paginator.paginate(logGroupName=LOG_GROUP_NAME)
    return [message.rstrip("\n") for message in pages.search("events[].message")]


def read_stream():
    """Return the data of all records on the stream."""
    client = make_client("kinesis")
    data = []
    for shard in client.list_shards(StreamName=STREAM_NAME)["Shards"]:
        iterator = client.get_shard_iterator(
            StreamName=STREAM_NAME,
            ShardId=shard["ShardId"],
            ShardIteratorType="TRIM_HORIZON",
        )["ShardIterator"]
        while iterator:
            response = client.get_records(ShardIterator=iterator)
            data += [record["Data"] for record in response["Records"]]
            iterator = response.get("NextShardIterator") if response["Records"] else None
    return data


def is_swallowed(alarm, stored, printed):
    """Return whether the skeleton got an alarm: it only prints the data from the stream."""
    return alarm.records[0] not in stored and alarm_sensor.encode(alarm.line).decode() in printed


def find_faults(sent, stored, on_stream=()):
    """Return a line for each record that is missing, or that no sensor sent.

    on_stream: all alarms on the stream, including those that were not put there by a sensor.
    It allows for readers who changed the function so that it stores more than an alarm's status.
    """
    expected = {record for reading in sent for record in reading.records}
    keys = {get(record, *KEY) for record in expected}
    keys |= {get(reading.records[0], *KEY) for reading in on_stream}
    senders = {key[:2] for key in keys}
    faults = [f"sent, but not in the table: {show(record)}" for record in expected - stored]
    for record in stored - expected:
        key = get(record, *KEY)
        if key[:2] in senders and key not in keys:
            faults.append(f"in the table, but not sent: {show(record)}")
    return sorted(faults)


def show(record):
    """Return a record as readable text."""
    return ", ".join(f"{column} {value}" for column, value in sorted(record))


def find_faults_of_function(printed, alarms):
    """Return a line for each error of the function, and for each good alarm that it reported."""
    faults = [f"the function failed: {line}" for line in printed if line.startswith("[ERROR]")]
    faults += [f"the function failed: {line}" for line in printed if "Task timed out" in line]
    lines = [repr(alarm.line) for alarm in alarms]
    for message in printed:
        if message.startswith("Failed: ") and any(line in message for line in lines):
            faults.append(f"the function reported a good record: {message}")
    return faults


def draw(values):
    """Return the values as a line of blocks; higher blocks are greater values."""
    low, high = min(values), max(values)
    scale = (len(BLOCKS) - 1) / (high - low)
    return "".join(BLOCKS[round((value - low) * scale)] for value in values)


def describe_outcome(account, joined):
    """Return in words: the wave, the alarms, the joined query's result, and all counts."""
    temperatures = [float(reading.value) for reading in account.waves]
    stored = [alarm for alarm in account.alarms if alarm not in account.swallowed]
    counts = sorted(Counter(alarm.value for alarm in stored).items())
    lines = [
        f"The wave of step 12:   {draw(temperatures[-60:])}",
        f"The alarms stored:     {', '.join(f'{count} {name}' for name, count in counts)}",
        "",
        "The result of step 12's query, for its minute:",
        "",
        *joined.splitlines()[-7:],
        "",
        f"{len(account.waves) + len(account.alarms)} readings sent:",
        f"{len(account.waves):5} temperatures are stored",
        f"{len(stored):5} alarms are stored",
    ]
    if account.swallowed:
        lines.append(f"{len(account.swallowed):5} alarms were only printed, by the skeleton")
    lines.append(f"    0 lost. Only {describe_bad(account.bad_records)} not stored.")
    return "\n".join(lines)


def describe_bad(records):
    """Return in words which records are not stored."""
    if len(records) == 1:
        return "the bad record of step 13 is"
    return f"the {len(records)} bad records are"
