"""Walk through the whole tutorial on this machine: no AWS account, no network, no Docker.

    python -m tests.walkthrough

It goes the reader's way through the README and runs the very scripts, with moto in the place of AWS
and tests/event_source_mapping.py in the place of Lambda. The exit status is 0 only if every reading
that the sensors sent is in the table, and nothing is left after the clean-up.
"""

import base64
import contextlib
import io
import json
import os
import re
import shlex
import socket
import sys
import time
import zipfile
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from unittest import mock

import boto3
import moto.settings
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.kinesis.models import kinesis_backends
from moto.timestreamwrite.models import timestreamwrite_backends

import alarm_sensor
import cleanup
import initial_lambda_function
import lambda_function
import setup_kinesis
import setup_timestream
import wave_sensor
from tests import event_source_mapping

REPOSITORY = Path(__file__).parent.parent
REGION = "us-east-1"

POLICIES = [
    "AmazonTimestreamFullAccess",
    "AmazonKinesisFullAccess",
    "service-role/AWSLambdaBasicExecutionRole",
]

# One alarm reading as Lambda would deliver it, its log line encoded once. It is from March 2021.
SAMPLE_EVENT = {
    "Records": [
        {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": "1",
                "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
                "data": (
                    "aWQ9YidceDljXHg4N3Y+XHg5MVx4YThceDExXHhlYlx4OTRceGUyXHhhY1x4ZGVIXHgwMFx4MTEi"
                    "J3x8c3RhdHVzPU5vcm1hbHx8dGltZT0xNjE3MTQzODkzMTU4fHxsb2NhdGlvbj1CTE9HfHxzZW5z"
                    "b3I9QWxhcm0="
                ),
                "approximateArrivalTimestamp": 1607497475.0,
            }
        }
    ]
}

# One full wave, as it should come, and how many alarms. All are sent faster than by hand, but never
# two in one millisecond: for Timestream the second would be another version of the first.
WAVE = [*range(61, 100), *range(98, 32, -1), *range(34, 61)]
ALARM_COUNT = 200
INTERVAL = 0.002

# AWS's managed policies are many, so moto loads them only if it is asked to.
MOTO_CONFIG = {"iam": {"load_aws_managed_policies": True}}

QUERY = f"select * from {wave_sensor.DATABASE_NAME}.{wave_sensor.TABLE_NAME} where time >= ago(1m)"
COLUMNS = (
    "Location", "Sensor", "measure_name", "time", "measure_value::double", "measure_value::varchar"
)
BLOCKS = "▁▂▃▄▅▆▇█"


def refuse_connection(*_args, **_kwargs):
    """Stand in for whatever opens a connection."""
    raise OSError("this runs without a network")


@contextlib.contextmanager
def isolated():
    """Make sure that nothing in this process can reach a real account.

    What the environment and AWS's configuration files say of credentials and endpoints counts for
    nothing, nor does what is said to moto (TEST_SERVER_MODE, MOTO_ACCOUNT_ID and their like); and
    there is no network.
    """
    theirs = ("AWS_", "MOTO_", "TEST_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    environment |= {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    # The function keeps its client, but one that was made outside knows nothing of this isolation.
    
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.object(moto.settings, "TEST_SERVER_MODE", False),
        mock.patch.object(socket.socket, "connect", refuse_connection),
        mock.patch.object(socket.socket, "connect_ex", refuse_connection),
        mock.patch.object(socket, "getaddrinfo", refuse_connection),
    ):
        yield
    


def say(text=""):
    """Print a line at once, even into a pipe."""
    print(text, flush=True)


def step(title):
    """Print a heading."""
    say(f"\n== {title}\n")


def show(output, head=4, tail=2):
    """Print the lines that a command has printed, the middle of long output left out."""
    lines = output.splitlines()
    left_out = len(lines) - head - tail
    if left_out > 1:
        lines[head:-tail] = [f"... {left_out} more lines ..."]
    for line in lines:
        say(line if len(line) <= 400 else f"{line[:400]} ... ({len(line) - 400} more characters)")


def run(script, *options, head=6, tail=2):
    """Run a script's main() as its command would; show both, return what went wrong or None."""
    command = ["python", f"{script.__name__}.py", *options]
    say(f"$ {shlex.join(command)}")
    output = io.StringIO()
    with mock.patch.object(sys, "argv", command[1:]), contextlib.redirect_stdout(output):
        status = script.main()
    show(output.getvalue(), head, tail)
    say()
    return f"{command[1]} ended with exit status {status}." if status else None


def zip_file(*names):
    """Return a deployment package with files of the repository, as bytes."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        for name in names:
            archive.write(REPOSITORY / name, name)
    return package.getvalue()


def create_role():
    """Create the function's role with its policies; return its ARN."""
    iam = boto3.client("iam")
    say(
        f"$ aws iam create-role --role-name {cleanup.ROLE_NAME}"
        " --assume-role-policy-document file://Lambda-Role-Trust-Policy.json"
    )
    trust_policy = (REPOSITORY / "Lambda-Role-Trust-Policy.json").read_text()
    role = iam.create_role(RoleName=cleanup.ROLE_NAME, AssumeRolePolicyDocument=trust_policy)
    say(f"{role['Role']['Arn']}\n")
    for policy in POLICIES:
        arn = f"arn:aws:iam::aws:policy/{policy}"
        say(f"$ aws iam attach-role-policy --role-name {cleanup.ROLE_NAME} --policy-arn {arn}")
        iam.attach_role_policy(RoleName=cleanup.ROLE_NAME, PolicyArn=arn)
    say()
    return role["Role"]["Arn"]


def create_function(role_arn):
    """Create the function with the skeleton as its code."""
    say("$ python3 -m zipfile -c function.zip initial_lambda_function.py")
    say(
        f"$ aws lambda create-function --function-name {cleanup.FUNCTION_NAME}"
        " --runtime python3.13 --handler initial_lambda_function.lambda_handler"
        " --role arn:aws:iam::${ACCOUNT_ID}:role/" + cleanup.ROLE_NAME
        + " --timeout 60 --zip-file fileb://function.zip"
    )
    function = boto3.client("lambda").create_function(
        FunctionName=cleanup.FUNCTION_NAME,
        Runtime="python3.13",
        Handler="initial_lambda_function.lambda_handler",
        Role=role_arn,
        Timeout=60,
        Code={"ZipFile": zip_file("initial_lambda_function.py")},
    )
    # Lambda creates the log group when the function runs for the first time. Here it never does.
    boto3.client("logs").create_log_group(logGroupName=cleanup.LOG_GROUP_NAME)
    say(f"{function['FunctionArn']}\n")


def update_function():
    """Give the function its final code."""
    say("$ python3 -m zipfile -c function.zip lambda_function.py")
    say(
        f"$ aws lambda update-function-code --function-name {cleanup.FUNCTION_NAME}"
        " --zip-file fileb://function.zip"
    )
    client = boto3.client("lambda")
    code = zip_file("lambda_function.py")
    client.update_function_code(FunctionName=cleanup.FUNCTION_NAME, ZipFile=code)
    handler = "lambda_function.lambda_handler"
    say(
        "$ aws lambda update-function-configuration"
        f" --function-name {cleanup.FUNCTION_NAME} --handler {handler}"
    )
    function = client.update_function_configuration(
        FunctionName=cleanup.FUNCTION_NAME, Handler=handler
    )
    say(f"{function['FunctionArn']} calls {function['Handler']} now\n")


def create_event_source_mapping():
    """Connect the stream with the function; moto notes it down, and nobody is to act on it."""
    say(
        f"$ aws lambda create-event-source-mapping --function-name {cleanup.FUNCTION_NAME}"
        " --event-source-arn arn:aws:kinesis:${REGION}:${ACCOUNT_ID}:stream/"
        f"{cleanup.STREAM_NAME}"
        " --batch-size 10 --starting-position TRIM_HORIZON"
        " --function-response-types ReportBatchItemFailures --maximum-retry-attempts 10"
    )
    stream_arn = f"arn:aws:kinesis:{REGION}:{DEFAULT_ACCOUNT_ID}:stream/{cleanup.STREAM_NAME}"
    mapping = boto3.client("lambda").create_event_source_mapping(
        FunctionName=cleanup.FUNCTION_NAME,
        EventSourceArn=stream_arn,
        BatchSize=10,
        StartingPosition="TRIM_HORIZON",
        FunctionResponseTypes=["ReportBatchItemFailures"],
        MaximumRetryAttempts=10,
    )
    # With a mapping, moto would start a Docker container for every record put on the stream. So it
    # is unhooked from the stream, and still there for all to see, and for the clean-up.
    stream = kinesis_backends[DEFAULT_ACCOUNT_ID][REGION].streams[cleanup.STREAM_NAME]
    stream.lambda_event_source_mappings.clear()
    say(f"{mapping['UUID']}\n")


def try_skeleton():
    """Pass the sample event through the skeleton."""
    say("The sample event, through initial_lambda_function.lambda_handler:")
    initial_lambda_function.lambda_handler(json.loads(json.dumps(SAMPLE_EVENT)), None)
    say()


def deliver_alarms():
    """Pass what is on the stream through the function."""
    say("(moto runs functions in Docker. This calls it on this machine, by Lambda's rules.)")
    say("$ python -m tests.event_source_mapping")
    client, tally, output = boto3.client("kinesis"), Counter(), io.StringIO()
    with contextlib.redirect_stdout(output):
        event_source_mapping.drain(client, lambda_function.lambda_handler, {}, tally)
    show(output.getvalue())
    say(f"{tally['read']} records read, {tally['dropped']} dropped.\n")


def read_stream():
    """Return what the alarm sensor has put on the stream: a list of pairs, time and status."""
    # Its log lines end like this, whatever the id before looks like.
    form = re.compile(rb"\|\|status=(\w+)\|\|time=(\d+)\|\|location=TUTORIAL\|\|sensor=Alarm-1$")
    client = boto3.client("kinesis")
    alarms = []
    for shard in client.list_shards(StreamName=cleanup.STREAM_NAME)["Shards"]:
        for records in event_source_mapping.read_shard(client, shard["ShardId"]):
            for record in records:
                with contextlib.suppress(ValueError):  # other things may be on the stream too
                    match = form.search(base64.b64decode(record["Data"]))
                    alarms += [(int(match[2]), match[1].decode())] if match else []
    return alarms


def read_table():
    """Return the rows of the table, oldest first: dicts of the columns that the query shows.

    moto keeps the records as they come, so one that was delivered twice is there twice. Timestream
    keeps one row for each time, measure and set of dimensions, so that is what is returned.
    """
    databases = timestreamwrite_backends[DEFAULT_ACCOUNT_ID][REGION].databases
    rows = {}
    for record in databases[cleanup.DATABASE_NAME].tables[cleanup.TABLE_NAME1].records:
        row = {dimension["Name"]: dimension["Value"] for dimension in record["Dimensions"]}
        row |= {"measure_name": record["MeasureName"], "time": int(record["Time"])}
        row[f"measure_value::{record['MeasureValueType'].lower()}"] = record["MeasureValue"]
        rows[row["Location"], row["Sensor"], row["measure_name"], row["time"]] = row
    return sorted(rows.values(), key=lambda row: row["time"])


def format_row(row):
    """Return the columns of a row as Timestream shows them: UTC, nanoseconds, - for null."""
    moment = datetime.fromtimestamp(row["time"] / 1000, timezone.utc)
    row = row | {"time": f"{moment:%Y-%m-%d %H:%M:%S}.{row['time'] % 1000:03}000000"}
    return [row.get(column, "-") for column in COLUMNS]


def show_query(rows):
    """Print what the tutorial's query would show of the table's rows."""
    say(f'$ aws timestream-query query --query-string "{QUERY}"')
    say("(moto runs no queries; this is what is in the table.)\n")
    newest = [row for row in rows if row["time"] >= (time.time() - 60) * 1000]
    table = [COLUMNS, *map(format_row, newest)]
    widths = [max(map(len, column)) for column in zip(*table)]
    lines = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in table]
    lines.insert(1, "  ".join("-" * width for width in widths))
    show("\n".join(lines), head=7, tail=5)
    say(f"({len(newest)} rows)\n")


def draw(values):
    """Return a line of block characters, one for every other value, higher for a greater one."""
    low, high = min(values), max(values)
    scale = (len(BLOCKS) - 1) / (high - low or 1)
    return "".join(BLOCKS[round((value - low) * scale)] for value in values[::2])


def show_readings(temperatures, alarms):
    """Print the wave as a line of block characters, and the alarms counted by status."""
    if temperatures:
        say(f"Temperature, {min(temperatures)} to {max(temperatures)}: {draw(temperatures)}")
    counts = Counter(status for _, status in alarms)
    say("Alarms by status: " + ", ".join(f"{n} {status}" for status, n in counts.most_common()))


def find_leftovers():
    """Ask each service what there is; return a list of all that it names."""
    timestream, functions = boto3.client("timestream-write"), boto3.client("lambda")
    left = {
        "DatabaseName": timestream.list_databases()["Databases"],
        "TableName": timestream.list_tables()["Tables"],
        "StreamName": boto3.client("kinesis").list_streams()["StreamSummaries"],
        "UUID": functions.list_event_source_mappings()["EventSourceMappings"],
        "FunctionName": functions.list_functions()["Functions"],
        "RoleName": boto3.client("iam").list_roles()["Roles"],
        "logGroupName": boto3.client("logs").describe_log_groups()["logGroups"],
    }
    return [thing[name] for name, things in left.items() for thing in things]


def walk():
    """Go through the tutorial; return a list of what went wrong."""
    step("1. Create database, table and stream, twice: the second time they exist")
    wrong = [run(script) for script in (setup_timestream, setup_timestream)]
    say("(Timestream says now that both exist, and they are skipped. moto does not notice.)\n")
    wrong += [run(script) for script in (setup_kinesis, setup_kinesis)]

    step("2. Create the function, with the skeleton as its code, and connect it with the stream")
    create_function(create_role())
    try_skeleton()
    create_event_source_mapping()

    step("3. Send a wave of temperatures to Timestream, and alarms to Kinesis")
    pace = ["--interval", str(INTERVAL)]
    wrong.append(run(wave_sensor, *pace, "--count", str(len(WAVE))))
    wrong.append(run(alarm_sensor, *pace, "--count", str(ALARM_COUNT)))

    step("4. Give the function its final code, and the alarms to the function")
    update_function()
    deliver_alarms()

    step("5. Query both")
    rows, sent = read_table(), read_stream()
    show_query(rows)
    temperatures = [int(row["measure_value::double"]) for row in rows if row["Sensor"] == "1"]
    alarms = [
        (row["time"], row["measure_value::varchar"]) for row in rows if row["Sensor"] == "Alarm-1"
    ]
    show_readings(temperatures, alarms)
    say(
        f"In the table: {len(temperatures)} of {len(WAVE)} temperatures,"
        f" {len(alarms)} of {ALARM_COUNT} alarms"
    )
    if temperatures != WAVE:
        wrong.append("The temperatures in the table are not those that were sent.")
    if alarms != sorted(sent) or len(sent) != ALARM_COUNT:
        wrong.append("The alarms in the table are not those that were sent.")

    step("6. Clean up")
    wrong.append(run(cleanup, head=20))
    left = find_leftovers()
    if left:
        wrong.append(f"Left on AWS: {', '.join(left)}")
    else:
        say("Asked each service what is left: nothing.")
    return [line for line in wrong if line]


def main():
    """Walk through the tutorial; return the exit status, 0 only if all went as it should."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal may know no block characters
    say("The tutorial, with moto in the place of AWS: nothing leaves this machine.")
    with isolated(), mock_aws(config=MOTO_CONFIG):
        wrong = walk()
    step("That was the tutorial" if not wrong else "This went wrong")
    for line in wrong:
        say(line)
    if not wrong:
        say("Every reading that was sent is in the table, and nothing is left.")
        say('To type it all yourself, go on with "Without AWS, by hand" in README.md.')
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
