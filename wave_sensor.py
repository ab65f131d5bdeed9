"""Send a temperature that goes up and down, like a wave, straight to Timestream.

Run it after setup_timestream.py, and stop it with Ctrl-C:  python wave_sensor.py

In an outage it goes on taking readings, keeps them, and sends them when the outage is over. The
exit status is 0 if all readings were sent, else 1.
"""

import argparse
import os
import signal
import sys
import time
from collections import Counter, deque

import boto3
import botocore.session
from botocore import exceptions
from botocore.config import Config
from botocore.discovery import EndpointDiscoveryRefreshFailed

DATABASE_NAME = "DemoDatabase"
TABLE_NAME = "WeatherMetrics"
LOCATION = "Tutorial"
SENSOR = "1"

MAX_UNSENT = 3600  # readings that are kept: an hour of them, at one a second
MAX_SENT_PER_READING = 5  # so that catching up after an outage does not hold up new readings


def generate_wave(high, low, start, client, sensor=SENSOR, interval=1, count=None, counts=None):
    """Take and send a reading every `interval` seconds, `count` times, or for ever if it is None.

    high, low, start: see wave().
    client: a Timestream write client, see authenticate().
    counts: a Counter that gets the readings "taken" and "sent", known after Ctrl-C too.

    Until a first reading is sent, an error that will not pass by itself is raised.
    """
    counts = Counter() if counts is None else counts
    unsent = deque()
    for value in wave(high, low, start):
        unsent.append(create_record(create_measurement(str(value)), sensor))
        counts["taken"] += 1
        send(client, unsent, counts, MAX_SENT_PER_READING)
        if len(unsent) > MAX_UNSENT:
            print(f"Discarded, as {MAX_UNSENT} newer readings wait: {unsent.popleft()}")
        if counts["taken"] == count:
            break
        time.sleep(max(interval, 0.001))  # Timestream takes one value of a sensor per millisecond
    send(client, unsent, counts, MAX_UNSENT)  # no reading follows, so this is the last try


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
    """Return a list with one Timestream record: the measure, and as dimensions where it is from."""
    dimensions = [
        {"Name": "Location", "Value": LOCATION},
        {"Name": "Sensor", "Value": sensor},
    ]
    return [{"Dimensions": dimensions, **measurement}]


def send(client, unsent, counts, limit):
    """Send up to `limit` readings of the deque `unsent`, oldest first, until one cannot be sent."""
    begin = time.time()
    for _ in range(min(limit, len(unsent))):
        try:
            answer = client.write_records(
                DatabaseName=DATABASE_NAME,
                TableName=TABLE_NAME,
                Records=unsent[0],
                CommonAttributes={},
            )
        except Exception as error:
            if error_code(error) == "RejectedRecordsException":  # and would be again
                rejected = error.response.get("RejectedRecords") or reason(error)
                print(f"Rejected: {rejected}: {unsent.popleft()}")
                continue
            if not counts["sent"] and not may_pass(error):
                raise
            print(f"Not sent, {len(unsent)} waiting: {reason(error)}")
            return
        counts["sent"] += 1
        print(unsent.popleft())
        print({key: value for key, value in (answer or {}).items() if key != "ResponseMetadata"})
        if limit < MAX_UNSENT and time.time() - begin > 1:
            return  # on a slow network, one is enough: the next reading is due


# What may pass by itself: of the errors in the Timestream API Reference, "WriteRecords" and "Common
# Errors", and of the SDK's own, without a network. It asks for the endpoint before its first call.
MAY_PASS = ("InternalServerException", "InvalidEndpointException", "ThrottlingException")
NETWORK = (exceptions.ConnectionError, exceptions.HTTPClientError, EndpointDiscoveryRefreshFailed)


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
        return f"No table {DATABASE_NAME}.{TABLE_NAME}, run setup_timestream.py first"
    return f"No access to table {DATABASE_NAME}.{TABLE_NAME}"


def error_code(error):
    """Return the code of an answer of AWS, None for an error that is no answer of AWS."""
    return error.response["Error"]["Code"] if isinstance(error, exceptions.ClientError) else None


def reason(error):
    """Return the text of an error in one line, or the name of its type if it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def authenticate():
    """Return a Timestream write client for the region and credentials that the AWS CLI uses too.

    A call is tried once, for 5 seconds: the sensor itself tries again, with its next reading. The
    same goes for the calls with which the SDK renews credentials, and for a look at a name server.
    """
    retries = {"total_max_attempts": 1, "mode": "standard"}
    config = Config(connect_timeout=5, read_timeout=5, retries=retries)
    os.environ.setdefault("RES_OPTIONS", "timeout:2 attempts:1")  # of Linux, in seconds
    session = botocore.session.get_session()
    session.set_default_client_config(config)
    return boto3.Session(botocore_session=session).client("timestream-write", config=config)


def main():
    """Send the wave until Ctrl-C or --count; return the exit status, 0 only if all was sent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sensor", metavar="NAME", default=SENSOR, help="tells sensors apart")
    parser.add_argument("--interval", metavar="SECONDS", type=float, default=1, help="default: 1")
    parser.add_argument("--count", metavar="N", type=int, help="stop after N readings")
    options = parser.parse_args()
    sensor = options.sensor.strip()
    if not sensor.isprintable() or not 1 <= len(sensor.encode()) <= 2048:
        parser.error("argument --sensor: a sensor needs a name, of up to 2,048 bytes")
    if not 0 <= options.interval <= 86400:
        parser.error("argument --interval: has to be from 0 to 86400")
    if options.count is not None and options.count < 1:
        parser.error("argument --count: has to be 1 or more")
    counts, ending = Counter(), "Done"
    try:
        generate_wave(100, 32, 60, authenticate(), sensor, options.interval, options.count, counts)
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
