"""Send alarm readings to the Kinesis data stream, as log lines.

Run it after setup_kinesis.py, and stop it with Ctrl-C:  python alarm_sensor.py

In an outage it goes on taking readings, keeps them, and sends them when the outage is over. The
exit status is 0 if all readings were sent, else 1.
"""

import argparse
import base64
import os
import random
import signal
import sys
import time
import uuid
from collections import Counter, deque

import boto3
import botocore.session
from botocore import exceptions
from botocore.config import Config

STREAM_NAME = "TUTORIAL"
LOCATION = "TUTORIAL"
SENSOR = "Alarm-1"

# Records with the same key go to the same shard, and stay in order there if they are sent one after
# the other. With one shard every key will do. With several, take the sensor's name: that spreads
# the sensors over the shards.
PARTITION_KEY = "0"

MAX_UNSENT = 3600  # readings that are kept: an hour of them, at one a second
MAX_SENT_PER_READING = 5  # so that catching up after an outage does not hold up new readings


def generate_reading(client, sensor=SENSOR, interval=1, count=None, counts=None):
    """Take and send a reading every `interval` seconds, `count` times, or for ever if it is None.

    client: a Kinesis client, see authenticate().
    counts: a Counter that gets the readings "taken" and "sent", known after Ctrl-C too.

    Until a first reading is sent, an error that will not pass by itself is raised.
    """
    counts = Counter() if counts is None else counts
    unsent = deque()
    while True:
        unsent.append(create_log_line(choose_status(random.randint(0, 24)), sensor))
        counts["taken"] += 1
        send(client, unsent, counts, MAX_SENT_PER_READING)
        if len(unsent) > MAX_UNSENT:
            print(f"Discarded, as {MAX_UNSENT} newer readings wait: {unsent.popleft()}")
        if counts["taken"] == count:
            break
        time.sleep(max(interval, 0.001))  # Timestream takes one value of a sensor per millisecond
    send(client, unsent, counts, MAX_UNSENT)  # no reading follows, so this is the last try


def choose_status(number):
    """Return the status that a number from 0 to 24 stands for."""
    if number <= 20:
        return "Normal"
    if number <= 23:
        return "Elevated"
    return "Alarm"


def create_log_line(status, sensor=SENSOR):
    """Return the log line of a reading taken now: ASCII, its fields delimited by two pipes.

    The id is free text, as logs have it: its bytes can look like a delimiter or a field.
    """
    fields = {
        "id": repr(uuid.uuid4().bytes),  # uuid1 would tell the machine's address
        "status": status,
        "time": round(time.time() * 1000),
        "location": LOCATION,
        "sensor": sensor,
    }
    return "||".join(f"{name}={value}" for name, value in fields.items())


def encode(line):
    """Return a log line as the sensor puts it on the stream: base64-encoded, as bytes."""
    return base64.b64encode(line.encode("ascii"))


def send(client, unsent, counts, limit):
    """Send up to `limit` lines of the deque `unsent`, oldest first, until one cannot be sent."""
    begin = time.time()
    for _ in range(min(limit, len(unsent))):
        try:
            answer = client.put_record(
                StreamName=STREAM_NAME, Data=encode(unsent[0]), PartitionKey=PARTITION_KEY
            )
        except Exception as error:
            if not counts["sent"] and not may_pass(error):
                raise
            print(f"Not sent, {len(unsent)} waiting: {reason(error)}")
            return
        counts["sent"] += 1
        print(unsent.popleft())
        print({key: value for key, value in (answer or {}).items() if key != "ResponseMetadata"})
        if limit < MAX_UNSENT and time.time() - begin > 1:
            return  # on a slow network, one is enough: the next reading is due


# What may pass by itself: of the errors in the Kinesis API Reference, "PutRecord" and "Common
# Errors", and of the SDK's own, without a network.
MAY_PASS = ("InternalFailureException", "KMSThrottlingException", "ThrottlingException",
            "ProvisionedThroughputExceededException")
NETWORK = (exceptions.ConnectionError, exceptions.HTTPClientError)


def may_pass(error):
    """Tell whether an error may pass by itself: the network's, throttling, a fault of AWS."""
    if isinstance(error, exceptions.ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or status in (408, 429) or error_code(error) in MAY_PASS
    return isinstance(error, NETWORK)


def advise(error):
    """Return what to do about an error that will not pass by itself."""
    if not error_code(error):
        return 'AWS is not configured, run "aws configure" first'
    if error_code(error) == "ResourceNotFoundException":
        return f"No stream {STREAM_NAME}, run setup_kinesis.py first"
    return f"No access to stream {STREAM_NAME}"


def error_code(error):
    """Return the code of an answer of AWS, None for an error that is no answer of AWS."""
    return error.response["Error"]["Code"] if isinstance(error, exceptions.ClientError) else None


def reason(error):
    """Return the text of an error in one line, or the name of its type if it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def authenticate():
    """Return a Kinesis client for the region and credentials that the AWS CLI uses too.

    A call is tried once, for 5 seconds: the sensor itself tries again, with its next reading. The
    same goes for the calls with which the SDK renews credentials, and for a look at a name server.
    """
    retries = {"total_max_attempts": 1, "mode": "standard"}
    config = Config(connect_timeout=5, read_timeout=5, retries=retries)
    os.environ.setdefault("RES_OPTIONS", "timeout:2 attempts:1")  # of Linux, in seconds
    session = botocore.session.get_session()
    session.set_default_client_config(config)
    return boto3.Session(botocore_session=session).client("kinesis", config=config)


def main():
    """Send readings until Ctrl-C or --count; return the exit status, 0 only if all was sent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sensor", metavar="NAME", default=SENSOR, help="tells sensors apart")
    parser.add_argument("--interval", metavar="SECONDS", type=float, default=1, help="default: 1")
    parser.add_argument("--count", metavar="N", type=int, help="stop after N readings")
    options = parser.parse_args()
    name = options.sensor.strip()
    if not (name.isascii() and name.isprintable() and "|" not in name and 1 <= len(name) <= 2048):
        parser.error("argument --sensor: a name has up to 2,048 ASCII characters, and no |")
    if not 0 <= options.interval <= 86400:
        parser.error("argument --interval: has to be from 0 to 86400")
    if options.count is not None and options.count < 1:
        parser.error("argument --count: has to be 1 or more")
    counts, ending = Counter(), "Done"
    try:
        generate_reading(authenticate(), name, options.interval, options.count, counts)
    except KeyboardInterrupt:
        ending = "Stopped"
    except Exception as error:  # on the way to credentials, boto3 raises errors of any kind
        print(f"{advise(error)}: {reason(error)}")
        return 1
    not_sent = counts["taken"] - counts["sent"]
    print(f"{ending}. {counts['sent']} readings sent, {not_sent} not sent.")
    return 1 if not_sent else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # SIGTERM ends it as Ctrl-C does
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    try:
        sys.exit(main())
    except BrokenPipeError:  # whoever reads the output is gone, as with "| head -1"
        os._exit(1)  # without flushing what nobody reads
