"""Send alarm readings to the Kinesis data stream, as log lines.

Run it after setup_kinesis.py, and stop it with Ctrl-C:  python alarm_sensor.py

A reading that cannot be sent for the moment (network, throttling, a server error) is kept and sent
again with the next one. The exit status is 0 if all readings were sent, else 1.
"""

import argparse
import base64
import itertools
import random
import sys
import time
import uuid
from collections import Counter, deque

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
)
from botocore.exceptions import ConnectionError as BotocoreConnectionError

STREAM_NAME = "TUTORIAL"
LOCATION = "TUTORIAL"
SENSOR = "Alarm-1"

# Kinesis puts records with the same partition key on the same shard, and keeps their order there.
# With one shard every key will do. With several, take the sensor's name as the key: the sensors
# spread over the shards, and the readings of each stay in order.
PARTITION_KEY = "0"

# How many unsent readings are kept: an hour of them at one a second.
MAX_UNSENT = 3600

# What the network is to blame for.
NETWORK_ERRORS = (BotocoreConnectionError, HTTPClientError)

# Error codes that stay the same however long one waits. AWS appends "Exception" to some of them.
NO_ACCESS = {
    "AccessDenied",
    "ExpiredToken",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignature",
    "KMSAccessDenied",
    "KMSDisabled",
    "KMSInvalidState",
    "KMSNotFound",
    "KMSOptInRequired",
    "MissingAuthenticationToken",
    "NotAuthorized",
    "OptInRequired",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClient",
}


def choose_status(number):
    """Return the status that a number from 0 to 24 stands for."""
    if number <= 20:
        return "Normal"
    if number <= 23:
        return "Elevated"
    return "Alarm"


def create_log_line(status, sensor=SENSOR):
    """Return the log line of a reading taken now: ASCII, its fields delimited by two pipes.

    The id is free text, as logs have it: its bytes can look like a delimiter or a field. It comes
    from uuid4, which is random; uuid1 would publish this machine's network address.

    status: what choose_status() returns.
    sensor: the sensor's name, ASCII and without a pipe.
    """
    return "||".join(
        [
            f"id={uuid.uuid4().bytes!r}",
            f"status={status}",
            f"time={round(time.time() * 1000)}",
            f"location={LOCATION}",
            f"sensor={sensor}",
        ]
    )


def encode(line):
    """Return a log line as the sensor puts it on the stream: base64-encoded, as bytes."""
    return base64.b64encode(line.encode("ascii"))


def generate_reading(client, sensor=SENSOR, interval=1, count=None, tally=None):
    """Take and send a reading every `interval` seconds, `count` times, or for ever if it is None.

    client: a Kinesis client, see authenticate().
    sensor: the sensor's name in the log line, ASCII and without a pipe.
    tally: a Counter in which the readings "taken" and "sent" are counted, for a caller that wants
    to know after an interruption.

    Raises the ClientError or BotoCoreError of a failure that waiting does not mend. Other failures
    are shown, and the readings kept for the next try; the last reading is followed by one more.
    """
    tally = Counter() if tally is None else tally
    unsent = deque()
    for number in itertools.islice(itertools.count(), count):
        if number:
            time.sleep(interval)
        if len(unsent) == MAX_UNSENT:
            print(f"Dropped, as {MAX_UNSENT} newer readings wait: {unsent.popleft()}")
        unsent.append(create_log_line(choose_status(random.randint(0, 24)), sensor))
        tally["taken"] += 1
        send(client, unsent, tally)
    send(client, unsent, tally)


def send(client, unsent, tally):
    """Send the log lines in the deque `unsent`, oldest first, and take out those that were sent.

    A failure that may pass is shown and ends the round; another one is raised.
    """
    while unsent:
        try:
            answer = client.put_record(
                StreamName=STREAM_NAME,
                Data=encode(unsent[0]),
                PartitionKey=PARTITION_KEY,
            )
        except (BotoCoreError, ClientError) as error:
            if advice(error):
                raise
            print(f"Not sent, {len(unsent)} waiting: {reason(error)}", flush=True)
            return
        tally["sent"] += 1
        print(unsent.popleft())
        print(summarize(answer), flush=True)


def summarize(answer):
    """Return an answer of AWS without its ResponseMetadata, which says nothing of the reading."""
    return {name: value for name, value in (answer or {}).items() if name != "ResponseMetadata"}


def error_code(error):
    """Return the code of an answer of AWS without its ending "Exception"; "" for other errors."""
    if not isinstance(error, ClientError):
        return ""
    return error.response.get("Error", {}).get("Code", "").removesuffix("Exception")


def advice(error):
    """Return what to do about an error that waiting does not mend; None for one that may pass."""
    code = error_code(error)
    if code == "ResourceNotFound":
        return f"No stream {STREAM_NAME}, run setup_kinesis.py first"
    if code in NO_ACCESS:
        return f"No access to stream {STREAM_NAME}"
    if code in ("InvalidArgument", "Validation") or isinstance(error, ParamValidationError):
        return "Kinesis does not take this reading"
    if isinstance(error, (ClientError, *NETWORK_ERRORS)):
        return None
    return 'AWS is not configured, run "aws configure" first'


def reason(error):
    """Return the text of an error as one line; some answers span several."""
    return " ".join(str(error).split())


def authenticate():
    """Return a Kinesis client for the region and credentials that the AWS CLI uses too.

    Raises a BotoCoreError if there are none. All scripts have the same settings, those of AWS's
    own examples for Timestream.
    """
    session = boto3.Session()
    client = session.client(
        "kinesis",
        config=Config(read_timeout=20, max_pool_connections=5000, retries={"max_attempts": 10}),
    )
    if session.get_credentials() is None:
        raise NoCredentialsError()
    return client


def sensor_name(text):
    """Return a sensor's name from the command line, one that the log line can carry."""
    name = text.strip()
    if not name or "|" in name or not (name.isascii() and name.isprintable()):
        raise argparse.ArgumentTypeError("a sensor needs a name, in ASCII and without |")
    return name


def seconds(text):
    """Return a number of seconds from the command line, up to a day."""
    value = float(text)
    if not 0 <= value <= 86400:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 86400")
    return value


def positive(text):
    """Return a whole number of at least 1 from the command line."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def parse_options():
    """Return the command line's options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sensor", metavar="NAME", type=sensor_name, default=SENSOR,
        help="the sensor's name, to tell several sensors apart (default: %(default)s)",
    )
    parser.add_argument(
        "--interval", metavar="SECONDS", type=seconds, default=1,
        help="time between two readings (default: %(default)s)",
    )
    parser.add_argument(
        "--count", metavar="N", type=positive, help="stop after N readings (default: never)"
    )
    return parser.parse_args()


def main():
    """Send readings until Ctrl-C or --count; return the exit status, 0 only if all was sent."""
    options = parse_options()
    tally = Counter()
    ending, status = "Done", 0
    try:
        generate_reading(
            authenticate(), options.sensor, options.interval, options.count, tally
        )
    except KeyboardInterrupt:
        ending = "Stopped"
    except (BotoCoreError, ClientError, ValueError) as error:
        ending, status = f"{advice(error)}: {reason(error).rstrip('.')}", 1
    not_sent = tally["taken"] - tally["sent"]
    print(f"{ending}. {tally['sent']} readings sent, {not_sent} not sent.")
    return 1 if not_sent else status


if __name__ == "__main__":
    sys.exit(main())
