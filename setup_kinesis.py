"""Create the Kinesis data stream that the alarm sensor writes to, and tag it.

Run it after setup_timestream.py:  python setup_kinesis.py

A new stream takes a while to become usable. The script waits for that, so the alarm sensor can be
started as soon as it has ended. A stream that exists is left as it is, so running it again does no
harm. The exit status is 0 if the stream is usable and tagged when the script ends, else 1.
"""

import argparse
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import NoCredentialsError

STREAM_NAME = "TUTORIAL"

# A shard takes 1,000 records or 1 MB a second (Kinesis Data Streams Developer Guide, "Quotas and
# limits"), a thousand times what one sensor sends.
SHARD_COUNT = 1

# Seconds between two looks at the stream, and how many of them: three minutes in all.
WAIT_DELAY = 2
WAIT_MAX_ATTEMPTS = 90


def create_stream(client):
    """Ask for the stream; return True if it exists or is being created now, False if that failed.

    client: a Kinesis client, see authenticate().
    """
    print("Creating Stream")
    try:
        client.create_stream(StreamName=STREAM_NAME, ShardCount=SHARD_COUNT)
    except client.exceptions.ResourceInUseException:
        print(f"Stream {STREAM_NAME} exists. Skipping Stream creation")
    except Exception as error:
        print(f"Create stream failed: {reason(error)}")
        return False
    else:
        print(f"Stream {STREAM_NAME} created successfully.")
    return True


def wait_for_stream(client):
    """Wait until the stream is ACTIVE; return True then, False after three minutes or an error.

    CreateStream only starts the work and answers at once. Until the stream is ACTIVE, it refuses
    records and tags (Kinesis API Reference, "CreateStream").

    client: a Kinesis client, see authenticate().
    """
    print(f"Waiting for stream {STREAM_NAME} to become ACTIVE")
    try:
        client.get_waiter("stream_exists").wait(
            StreamName=STREAM_NAME,
            WaiterConfig={"Delay": WAIT_DELAY, "MaxAttempts": WAIT_MAX_ATTEMPTS},
        )
    except Exception as error:
        print(f"Stream {STREAM_NAME} did not become ACTIVE: {reason(error)}")
        return False
    print(f"Stream {STREAM_NAME} is ACTIVE.")
    return True


def build_tags():
    """Return the stream's tags, a dict of names and values."""
    return {"ENVIRONMENT": "TUTORIAL"}


def add_tags(client):
    """Tag the stream, which has to be ACTIVE; return True if that worked, else False.

    client: a Kinesis client, see authenticate().
    """
    print("Adding Tags")
    try:
        client.add_tags_to_stream(StreamName=STREAM_NAME, Tags=build_tags())
    except Exception as error:
        print(f"Could not add tags: {reason(error)}")
        return False
    print("Tags added")
    return True


def reason(error):
    """Return the text of an error in one line, or the name of its type if it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def authenticate():
    """Return a Kinesis client for the region and credentials that the AWS CLI uses too.

    A call is tried up to eleven times: nobody else would try it again. Raises a BotoCoreError if
    there is no region or no credentials.
    """
    session = boto3.Session()
    retries = {"max_attempts": 10, "mode": "standard"}
    config = Config(
        connect_timeout=5, read_timeout=20, max_pool_connections=5000, retries=retries
    )
    client = session.client("kinesis", config=config)
    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError()
    credentials.get_frozen_credentials()  # now, so that what is wrong with them shows at once
    return client


def main():
    """Create, await and tag the stream; return the exit status, 0 only if all of it worked."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    try:
        client = authenticate()
        succeeded = create_stream(client) and wait_for_stream(client) and add_tags(client)
    except KeyboardInterrupt:
        print("Stopped. Run the script again to finish.")
        return 1
    except Exception as error:  # on the way to credentials, boto3 raises errors of any kind
        print(f'AWS is not configured, run "aws configure" first: {reason(error)}')
        return 1
    return 0 if succeeded else 1


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    try:
        sys.exit(main())
    except BrokenPipeError:  # whoever reads the output is gone, as with "| head -1"
        os._exit(1)  # without flushing what nobody reads
