"""The account of the walkthrough: where every reading is that the sensors sent.

A reading is a row here: location, sensor, measure, time and value, as a query shows them.
"""

import ast
import base64
from collections import Counter

import boto3

import lambda_function
from tests.local_aws.query import format_time

BLOCKS = "▁▂▃▄▅▆▇█"


def find_sent(printed):
    """Return the rows of the readings that sensors have printed as sent.

    printed: pairs of a command and what it printed.
    """
    rows = []
    for command, output in printed:
        if command.startswith("python wave_sensor.py"):
            records = [line for line in output.splitlines() if line.startswith("[{'Dimensions'")]
            rows += [read_temperature(record) for record in records]
        if command.startswith("python alarm_sensor.py"):
            rows += [read_alarm(line) for line in output.splitlines() if line.startswith("id=")]
    return rows


def read_temperature(printed):
    """Return the row of a Timestream record, as the wave sensor prints it."""
    [record] = ast.literal_eval(printed)
    location, sensor = [dimension["Value"] for dimension in record["Dimensions"]]
    moment, value = format_milliseconds(record["Time"]), float(record["MeasureValue"])
    return location, sensor, record["MeasureName"], moment, str(value)


def read_alarm(log_line):
    """Return the row of a log line."""
    status, timestamp, location, sensor = lambda_function.parse(log_line)
    return location, sensor, "Alarm", format_milliseconds(timestamp), status


def format_milliseconds(timestamp):
    """Return a time in milliseconds as a query shows it."""
    return format_time(int(timestamp) * 10**6)


def read_stored():
    """Return the rows that are stored."""
    query = "select * from DemoDatabase.WeatherMetrics where time >= ago(1h)"
    pages = boto3.client("timestream-query").get_paginator("query").paginate(QueryString=query)
    # Of the columns of numbers and of texts, one is null, and so left out.
    return [tuple(row) for row in pages.search("Rows[*].Data[*].ScalarValue")]


def read_swallowed():
    """Return the rows of the alarms that the skeleton got: it only printed them, in base64."""
    paginator = boto3.client("logs").get_paginator("filter_log_events")
    pages = paginator.paginate(logGroupName="/aws/lambda/kinesis-log-consumer")
    messages = pages.search("events[?starts_with(message, 'aWQ9')].message")
    return [read_alarm(base64.b64decode(message).decode()) for message in messages]


def find_faults(sent, found, bad_records, mappings):
    """Return a line for each thing that is wrong with how the readings got where they are.

    sent, found: rows, of what the sensors sent and of what is stored or swallowed.
    bad_records: how many records on the stream are no alarms.
    """
    missing, extra = Counter(sent) - Counter(found), Counter(found) - Counter(sent)
    alarms = sum(row[2] == "Alarm" for row in sent)
    good = mappings.failed.keys() - mappings.discarded.keys()
    faults = [f"sent, but not in the table: {row}" for row in missing.elements()]
    faults += [f"in the table, but not sent: {row}" for row in extra.elements()]
    faults += [f"the function has reported a good record: {mappings.failed[key]}" for key in good]
    faults += [f"the function failed: {error}" for error in mappings.errors]
    if len(mappings.discarded) != bad_records:
        faults.append(f"{len(mappings.discarded)} records were discarded, not {bad_records}")
    if mappings.delivered != alarms:
        faults.append(f"the mapping has delivered {mappings.delivered} alarms, not {alarms}")
    return faults


def draw(values):
    """Return a line of block characters, higher for a greater value."""
    low, high = min(values), max(values)
    scale = (len(BLOCKS) - 1) / (high - low)
    return "".join(BLOCKS[round((value - low) * scale)] for value in values)


def tell(sent, swallowed, joined):
    """Show the wave, the alarms, the joined query's answer, and where every reading is."""
    temperatures = [float(row[4]) for row in sent if row[2] == "Temperature"]
    alarms = Counter(row[4] for row in sent if row[2] == "Alarm")
    alarms -= Counter(row[4] for row in swallowed)
    print(f"""
== What came of it

The wave of step 12:   {draw(temperatures[-60:])}
The alarms stored:     {", ".join(f"{alarms[name]} {name}" for name in sorted(alarms))}

The answer to step 12's query. At this speed it has a row or two:

{joined}
{len(sent)} readings sent:
{len(temperatures):5} temperatures are stored
{alarms.total():5} alarms are stored
{len(swallowed):5} alarms went to the skeleton, which only prints them (step 10)
    0 lost. Only the bad record of step 13 was discarded.

Now do it yourself: run `.venv/bin/python -m tests.local_aws`, and continue in README.md at "Without
an account".""")
