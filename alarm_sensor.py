"""Send alarm readings to the Kinesis data stream, as log lines.

Run it after setup_kinesis.py, and stop it with Ctrl-C:  python alarm_sensor.py

The first reading has to be sent; after that, no error of AWS or the network stops the sensor. In an
outage it goes on taking readings, keeps them, and sends them when the outage is over. The exit
status is 0 if all readings were sent, else 1.
"""

import argparse
import base64
import contextlib
import math
import random
import re
import sys
import time
import uuid
from collections import Counter, deque

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

STREAM_NAME = "TUTORIAL"
LOCATION = "TUTORIAL"
SENSOR = "Alarm-1"

# Records with the same key go to the same shard, and stay in order if they are sent one at a time.
# With one shard any key will do. With several, use the sensor's name to spread the sensors over
# the shards.
PARTITION_KEY = "0"

MAX_UNSENT = 3600  # readings to keep in an outage: an hour's worth, at one a second


def generate_reading(client, sensor=SENSOR, interval=1, count=None, counts=None):
    """Take a reading and send it, `count` times or for ever, with a pause of `interval` seconds.

    counts: a Counter of the readings "taken" and "sent"; the caller still has it after Ctrl-C.

    Raises the error if the first reading cannot be sent.
    """
    counts = Counter() if counts is None else counts
    unsent = deque()
    while True:
        unsent.append(create_log_line(choose_status(int(random.uniform(0, 25))), sensor))
        counts["taken"] += 1
        send(client, unsent, counts, seconds=interval / 2)
        if len(unsent) > MAX_UNSENT:
            print(f"Discarded, as {MAX_UNSENT} newer readings wait: {unsent.popleft()}")
        if counts["taken"] == count:
            break
        time.sleep(interval)
    send(client, unsent, counts, seconds=math.inf)  # one last attempt to send all


def choose_status(number):
    """Return the status for a number from 0 to 24."""
    if number <= 20:
        return "Normal"
    if number <= 23:
        return "Elevated"
    return "Alarm"


def create_log_line(status, sensor=SENSOR):
    """Return the log line of a reading taken now: ASCII, its fields delimited by two pipes.

    The id is free text, as in real logs: its bytes can look like a delimiter or a field.
    """
    fields = {
        "id": repr(uuid.uuid4().bytes),  # uuid1 would publish the machine's network address
        "status": status,
        "time": round(time.time() * 1000),
        "location": LOCATION,
        "sensor": sensor,
    }
    return "||".join(f"{name}={value}" for name, value in fields.items())


def encode(line):
    """Return a log line as the sensor puts it on the stream: base64-encoded, as bytes."""
    return base64.b64encode(line.encode("ascii"))


def send(client, unsent, counts, seconds):
    """Send the log lines in `unsent`, oldest first, until one fails or `seconds` have passed.

    What fails stays in `unsent` for the next call. Before the first success, the error is raised.
    A refused line would be refused again, so it is only shown.
    """
    start = time.monotonic()
    while unsent and time.monotonic() - start <= seconds:
        data = encode(unsent[0])
        try:
            response = client.put_record(
                StreamName=STREAM_NAME, Data=data, PartitionKey=PARTITION_KEY
            )
            if "SequenceNumber" not in response:  # from a proxy, for instance
                raise ConnectionError("the response is not from Kinesis")
        except Exception as error:
            if not counts["sent"]:
                raise
            refusal = find_refusal(error)
            if refusal is None:
                print(f"Not sent, {len(unsent)} waiting: {error}")
                return
            print(f"Refused: {refusal}: {unsent.popleft()}")
            continue
        counts["sent"] += 1
        print(unsent.popleft())
        print({key: value for key, value in response.items() if key != "ResponseMetadata"})


def find_refusal(error):
    """Return why Kinesis or the SDK refuses the record itself; None for any other error."""
    if isinstance(error, ParamValidationError):
        return error
    details = error.response if isinstance(error, ClientError) else {}
    code = details.get("Error", {}).get("Code")
    return error if code == "ValidationException" else None


def authenticate():
    """Return a Kinesis client, for the region and credentials that boto3 finds.

    Each call is made once, with timeouts of 5 seconds: the sensor retries with its next reading.
    """
    retries = {"total_max_attempts": 1, "mode": "standard"}
    config = Config(connect_timeout=5, read_timeout=5, retries=retries)
    return boto3.Session().client("kinesis", config=config)


def read_options():
    """Return the command line's options; end with a usage error if one is invalid."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sensor", metavar="NAME", default=SENSOR, help="the sensor's name")
    parser.add_argument("--interval", metavar="SECONDS", type=float, default=1, help="default: 1")
    parser.add_argument("--count", metavar="N", type=int, help="stop after N readings")
    options = parser.parse_args()
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", options.sensor):  # the name goes into a log line
        parser.error("argument --sensor: use up to 100 letters, digits, '.', '_', '-'")
    if not 0.001 <= options.interval <= 86400:  # one value per millisecond in Timestream
        parser.error("argument --interval: must be from 0.001 to 86400")
    if options.count is not None and options.count < 1:
        parser.error("argument --count: must be 1 or more")
    return options


def main():
    """Send readings until Ctrl-C or --count; return the exit status."""
    options = read_options()
    try:
        client = authenticate()
    except (BotoCoreError, OSError, ValueError) as error:  # no region, or an endpoint without http
        print(f'Could not create a client: {error} Is this terminal signed in ("aws configure")?')
        return 1
    counts, ending = Counter(), "Done"
    try:
        generate_reading(client, options.sensor, options.interval, options.count, counts)
    except KeyboardInterrupt:
        ending = "Stopped"
    except (ClientError, BotoCoreError, OSError) as error:
        if counts["sent"]:  # the error comes from print(), see below
            raise
        refusal = find_refusal(error)
        print(f"The first reading could not be sent: {refusal or error}")
        if refusal is None:
            setup = f'"python setup_kinesis.py" in {client.meta.region_name}'
            print(f"Is this terminal signed in, and did you run {setup}?")
        return 1
    not_sent = counts["taken"] - counts["sent"]
    noun = "reading" if counts["sent"] == 1 else "readings"
    print(f"{ending}. {counts['sent']} {noun} sent, {not_sent} not sent.")
    return 1 if not_sent else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # a file or a pipe gets each line at once
    try:
        sys.exit(main())
    except BrokenPipeError:  # the program that reads the pipe has ended, as with "| head -3"
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.close()
        sys.exit(1)
