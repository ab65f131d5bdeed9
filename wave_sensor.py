"""Send a temperature that goes up and down, like a wave, straight to Timestream.

Run it after setup_timestream.py, and stop it with Ctrl-C:  python wave_sensor.py

A reading that cannot be sent for the moment (network, throttling, a server error) is kept and sent
again with the next one. The exit status is 0 if all readings were sent, else 1.
"""

import argparse
import itertools
import sys
import time
from collections import Counter, deque

import boto3
from botocore.config import Config
from botocore.discovery import EndpointDiscoveryRefreshFailed
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
)
from botocore.exceptions import ConnectionError as BotocoreConnectionError

DATABASE_NAME = "DemoDatabase"
TABLE_NAME = "WeatherMetrics"
LOCATION = "Tutorial"
SENSOR = "1"

# How many unsent readings are kept: an hour of them at one a second.
MAX_UNSENT = 3600

# What the network is to blame for. A Timestream client asks for its endpoint first, so without a
# network it is often this discovery that fails.
NETWORK_ERRORS = (BotocoreConnectionError, HTTPClientError, EndpointDiscoveryRefreshFailed)

# Error codes that stay the same however long one waits. AWS appends "Exception" to some of them.
NO_ACCESS = {
    "AccessDenied",
    "ExpiredToken",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignature",
    "MissingAuthenticationToken",
    "NotAuthorized",
    "OptInRequired",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClient",
}


def wave(high, low, start):
    """Yield the values of the wave for ever: up by one to high - 1, down to low + 1, up again.

    start: the value before the first one.
    """
    value, step = start, 1
    while True:
        if value >= high - 1:
            step = -1
        elif value <= low + 1:
            step = 1
        value += step
        yield value


def create_measurement(metric):
    """Return the measure of a reading: a temperature, taken now.

    metric: the temperature, as a string. Timestream takes every value and every time as a string
    and converts it to the type that is named beside it.
    """
    return {
        "MeasureName": "Temperature",
        "MeasureValue": metric,
        "MeasureValueType": "DOUBLE",
        "Time": str(round(time.time() * 1000)),
        "TimeUnit": "MILLISECONDS",
    }


def create_record(measurement, sensor=SENSOR):
    """Return a list with one Timestream record: the measure and the dimensions it was taken in.

    measurement: what create_measurement() returns.
    sensor: the value of the dimension Sensor, not empty.
    """
    dimensions = [
        {"Name": "Location", "Value": LOCATION},
        {"Name": "Sensor", "Value": sensor},
    ]
    return [{"Dimensions": dimensions, **measurement}]


def generate_wave(high, low, start, client, sensor=SENSOR, interval=1, count=None, tally=None):
    """Take and send a reading every `interval` seconds, `count` times, or for ever if it is None.

    high, low, start: the bounds of the wave, which turns one short of them, and where it starts.
    client: a Timestream write client, see authenticate().
    sensor: the value of the dimension Sensor.
    tally: a Counter in which the readings "taken" and "sent" are counted, for a caller that wants
    to know after an interruption.

    Raises the ClientError or BotoCoreError of a failure that waiting does not mend. Other failures
    are shown, and the readings kept for the next try; the last reading is followed by one more.
    """
    tally = Counter() if tally is None else tally
    unsent = deque()
    for number, value in enumerate(itertools.islice(wave(high, low, start), count)):
        if number:
            time.sleep(interval)
        if len(unsent) == MAX_UNSENT:
            print(f"Dropped, as {MAX_UNSENT} newer readings wait: {unsent.popleft()}")
        unsent.append(create_record(create_measurement(str(value)), sensor))
        tally["taken"] += 1
        send(client, unsent, tally)
    send(client, unsent, tally)


def send(client, unsent, tally):
    """Send the readings in the deque `unsent`, oldest first, and take out those that are done with.

    A failure that may pass is shown and ends the round; another one is raised. A record that
    Timestream rejects, because it is too old for instance, is shown and not sent again.
    """
    while unsent:
        try:
            answer = client.write_records(
                DatabaseName=DATABASE_NAME,
                TableName=TABLE_NAME,
                Records=unsent[0],
                CommonAttributes={},
            )
        except (BotoCoreError, ClientError) as error:
            if error_code(error) == "RejectedRecords":
                rejected = error.response.get("RejectedRecords") or [{}]
                print(f"Rejected: {rejected[0].get('Reason', reason(error))}: {unsent[0]}")
            elif advice(error):
                raise
            else:
                print(f"Not sent, {len(unsent)} waiting: {reason(error)}", flush=True)
                return
        else:
            tally["sent"] += 1
            print(unsent[0])
            print(summarize(answer), flush=True)
        unsent.popleft()


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
        return f"No table {DATABASE_NAME}.{TABLE_NAME}, run setup_timestream.py first"
    if code in NO_ACCESS:
        return f"No access to table {DATABASE_NAME}.{TABLE_NAME}"
    if code == "Validation" or isinstance(error, ParamValidationError):
        return "Timestream does not take this reading"
    if isinstance(error, (ClientError, *NETWORK_ERRORS)):
        return None
    return 'AWS is not configured, run "aws configure" first'


def reason(error):
    """Return the text of an error as one line; some answers span several."""
    return " ".join(str(error).split())


def authenticate():
    """Return a Timestream write client for the region and credentials that the AWS CLI uses too.

    Raises a BotoCoreError if there are none. The settings are those of AWS's own examples for
    writing to Timestream (Timestream Developer Guide, "Write SDK client").
    """
    session = boto3.Session()
    client = session.client(
        "timestream-write",
        config=Config(read_timeout=20, max_pool_connections=5000, retries={"max_attempts": 10}),
    )
    if session.get_credentials() is None:
        raise NoCredentialsError()
    return client


def sensor_name(text):
    """Return a sensor's name from the command line."""
    if not text.strip():
        raise argparse.ArgumentTypeError("a sensor needs a name")
    return text.strip()


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
        help="the dimension Sensor, to tell several sensors apart (default: %(default)s)",
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
    """Send the wave until Ctrl-C or --count; return the exit status, 0 only if all was sent."""
    options = parse_options()
    tally = Counter()
    ending, status = "Done", 0
    try:
        generate_wave(
            100, 32, 60, authenticate(), options.sensor, options.interval, options.count, tally
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
