"""Send a temperature that goes up and down, like a wave, straight to Timestream.

Run it after setup_timestream.py, and stop it with Ctrl-C:  python wave_sensor.py

The first reading has to be sent; after that, no error of AWS or the network stops the sensor. In an
outage it goes on taking readings, keeps them, and sends them when the outage is over. The exit
status is 0 if all readings were sent, else 1.
"""

import argparse
import contextlib
import math
import sys
import time
from collections import Counter, deque

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

DATABASE_NAME = "DemoDatabase"
TABLE_NAME = "WeatherMetrics"
LOCATION = "Tutorial"
SENSOR = "1"

MAX_UNSENT = 3600  # readings to keep in an outage: an hour's worth, at one a second


def generate_wave(high, low, start, client, sensor=SENSOR, interval=1, count=None, counts=None):
    """Take a reading and send it, `count` times or for ever, with a pause of `interval` seconds.

    high, low, start: the temperatures, see wave().
    counts: a Counter of the readings "taken" and "sent"; the caller still has it after Ctrl-C.

    Raises the error if the first reading cannot be sent.
    """
    counts = Counter() if counts is None else counts
    unsent = deque()
    for value in wave(high, low, start):
        unsent.append(create_record(create_measurement(str(value)), sensor))
        counts["taken"] += 1
        send(client, unsent, counts, seconds=interval / 2)
        if len(unsent) > MAX_UNSENT:
            print(f"Discarded, as {MAX_UNSENT} newer readings wait: {unsent.popleft()}")
        if counts["taken"] == count:
            break
        time.sleep(interval)
    send(client, unsent, counts, seconds=math.inf)  # one last attempt to send all


def wave(high, low, start):
    """Yield the values after `start` for ever: up by one to high - 1, down to low + 1, up again."""
    value, step = start, 1
    while True:
        if not low < value + step < high:
            step = -step
        value += step
        yield value


def create_measurement(metric):
    """Return the measure of a reading taken now; Timestream wants value and time as strings."""
    return {
        "MeasureName": "Temperature",
        "MeasureValue": metric,
        "MeasureValueType": "DOUBLE",
        "Time": str(round(time.time() * 1000)),
        "TimeUnit": "MILLISECONDS",
    }


def create_record(measurement, sensor=SENSOR):
    """Return a list with one Timestream record: the measure, with its dimensions."""
    dimensions = [
        {"Name": "Location", "Value": LOCATION},
        {"Name": "Sensor", "Value": sensor},
    ]
    return [{"Dimensions": dimensions, **measurement}]


def send(client, unsent, counts, seconds):
    """Send the readings in `unsent`, oldest first, until one fails or `seconds` have passed.

    What fails stays in `unsent` for the next call. Before the first success, the error is raised.
    A refused reading would be refused again, so it is only shown.
    """
    start = time.monotonic()
    while unsent and time.monotonic() - start <= seconds:
        try:
            response = client.write_records(
                DatabaseName=DATABASE_NAME,
                TableName=TABLE_NAME,
                Records=unsent[0],
                CommonAttributes={},
            )
            if "RecordsIngested" not in response:  # from a proxy, for instance
                raise ConnectionError("the response is not from Timestream")
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
    """Return why Timestream or the SDK refuses the record itself; None for any other error."""
    if isinstance(error, ParamValidationError):
        return error
    details = error.response if isinstance(error, ClientError) else {}
    code = details.get("Error", {}).get("Code")
    if code == "RejectedRecordsException":
        return details.get("RejectedRecords") or error
    return error if code == "ValidationException" else None


def authenticate():
    """Return a Timestream write client, for the region and credentials that boto3 finds.

    Each call is made once, with timeouts of 5 seconds: the sensor retries with its next reading.
    """
    retries = {"total_max_attempts": 1, "mode": "standard"}
    config = Config(connect_timeout=5, read_timeout=5, retries=retries)
    return boto3.Session().client("timestream-write", config=config)


def read_options():
    """Return the command line's options; end with a usage error if one is invalid."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sensor", metavar="NAME", default=SENSOR, help="the sensor's name")
    parser.add_argument("--interval", metavar="SECONDS", type=float, default=1, help="default: 1")
    parser.add_argument("--count", metavar="N", type=int, help="stop after N readings")
    options = parser.parse_args()
    if not 0.001 <= options.interval <= 86400:  # one value per millisecond in Timestream
        parser.error("argument --interval: must be from 0.001 to 86400")
    if options.count is not None and options.count < 1:
        parser.error("argument --count: must be 1 or more")
    return options


def main():
    """Send the wave until Ctrl-C or --count; return the exit status."""
    options = read_options()
    try:
        client = authenticate()
    except (BotoCoreError, OSError, ValueError) as error:  # no region, or an endpoint without http
        print(f'Could not create a client: {error} Is this terminal signed in ("aws configure")?')
        return 1
    counts, ending = Counter(), "Done"
    try:
        generate_wave(100, 32, 60, client, options.sensor, options.interval, options.count, counts)
    except KeyboardInterrupt:
        ending = "Stopped"
    except (ClientError, BotoCoreError, OSError) as error:
        if counts["sent"]:  # the error comes from print(), see below
            raise
        refusal = find_refusal(error)
        print(f"The first reading could not be sent: {refusal or error}")
        if refusal is None:
            setup = f'"python setup_timestream.py" in {client.meta.region_name}'
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
