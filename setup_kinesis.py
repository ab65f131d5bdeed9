"""Create the Kinesis data stream that the alarm sensor writes to, and tag it.

Run it after setup_timestream.py:  python setup_kinesis.py

A new stream takes a while to become usable. The script waits for that, so you can start the alarm
sensor as soon as it has ended. Running it again is safe: an existing stream is left as it is. The
exit status is 0 if the stream is usable and tagged when the script ends, else 1. The functions take
the client that authenticate() returns.
"""

import argparse
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

STREAM_NAME = "TUTORIAL"

# A shard takes 1,000 records or 1 MB a second (Kinesis Data Streams Developer Guide, "Quotas and
# limits"), a thousand times what one sensor sends.
SHARD_COUNT = 1

# The waiter checks the stream every 2 seconds, up to 90 times: three minutes in all.
WAITER_CONFIG = {"Delay": 2, "MaxAttempts": 90}


def create_stream(client):
    """Request the stream; return True if it exists or is being created, False if that failed."""
    print("Creating Stream")
    try:
        client.create_stream(StreamName=STREAM_NAME, ShardCount=SHARD_COUNT)
    except client.exceptions.ResourceInUseException:
        print(f"Stream {STREAM_NAME} exists. Skipping Stream creation")
    except Exception as error:
        print(f"Create stream failed: {error}")
        return False
    else:
        print(f"Stream {STREAM_NAME} created successfully.")
    return True


def wait_for_stream(client):
    """Return True once the stream is ACTIVE, False after three minutes or an error.

    CreateStream returns at once, while the stream is still CREATING. Only an ACTIVE stream should
    be used (Kinesis API Reference, "CreateStream").
    """
    print(f"Waiting for stream {STREAM_NAME} to become ACTIVE")
    try:
        waiter = client.get_waiter("stream_exists")
        waiter.wait(StreamName=STREAM_NAME, WaiterConfig=WAITER_CONFIG)
    except Exception as error:
        print(f"Stream {STREAM_NAME} did not become ACTIVE: {error}")
        return False
    print(f"Stream {STREAM_NAME} is ACTIVE.")
    return True


def build_tags():
    """Return the stream's tags, a dict of names and values."""
    return {"ENVIRONMENT": "TUTORIAL"}


def add_tags(client):
    """Tag the stream; return True if that worked, else False.

    A stream that is not ACTIVE yet can refuse its tags with a ResourceInUseException (Kinesis API
    Reference, "AddTagsToStream").
    """
    print("Adding Tags")
    try:
        client.add_tags_to_stream(StreamName=STREAM_NAME, Tags=build_tags())
    except Exception as error:
        print(f"Could not add tags: {error}")
        return False
    print("Tags added")
    return True


def authenticate():
    """Return a Kinesis client, for the region and credentials that boto3 finds."""
    retries = {"max_attempts": 10, "mode": "standard"}
    config = Config(connect_timeout=5, read_timeout=20, retries=retries)
    return boto3.Session().client("kinesis", config=config)


def main():
    """Create the stream, wait for it and tag it; return the exit status."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    try:
        client = authenticate()
    except (BotoCoreError, OSError, ValueError) as error:  # no region, or an endpoint without http
        print(f'Could not create a client: {error} Is this terminal signed in ("aws configure")?')
        return 1
    return 0 if create_stream(client) and wait_for_stream(client) and add_tags(client) else 1


if __name__ == "__main__":
    sys.exit(main())
