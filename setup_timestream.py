"""Create the Timestream database and the table that the tutorial writes to.

Run it first:  python setup_timestream.py

What exists already is left as it is, so running it again does no harm. The exit status is 0 if
database and table are there when the script ends, else 1.
"""

import argparse
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import NoCredentialsError

DATABASE_NAME = "DemoDatabase"
TABLE_NAME1 = "WeatherMetrics"

# New readings live in the memory store, which is fast and costs the most. Timestream moves them to
# the magnetic store by itself when they are older than this, and deletes them at the end.
MEMORY_STORE_HOURS = 1
MAGNETIC_STORE_PERIOD_DAYS = 7


def create_database(client):
    """Create the database; return True if it is there afterwards, False if that failed.

    client: a Timestream write client, see authenticate().
    """
    print("Creating Database")
    try:
        client.create_database(DatabaseName=DATABASE_NAME)
    except client.exceptions.ConflictException:
        print(f"Database {DATABASE_NAME} exists. Skipping database creation")
    except Exception as error:
        print(f"Create database failed: {reason(error)}")
        return False
    else:
        print(f"Database {DATABASE_NAME} created successfully.")
    return True


def create_table(client):
    """Create the table; return True if it is there afterwards, False if that failed.

    A reading that is older than the memory store keeps is rejected, unless magnetic store writes
    are enabled: then it goes straight to the magnetic store (Timestream Developer Guide, "Writing
    data"). A sensor that was cut off sends such readings.

    client: a Timestream write client, see authenticate().
    """
    print("Creating table")
    try:
        client.create_table(
            DatabaseName=DATABASE_NAME,
            TableName=TABLE_NAME1,
            RetentionProperties={
                "MemoryStoreRetentionPeriodInHours": MEMORY_STORE_HOURS,
                "MagneticStoreRetentionPeriodInDays": MAGNETIC_STORE_PERIOD_DAYS,
            },
            MagneticStoreWriteProperties={"EnableMagneticStoreWrites": True},
        )
    except client.exceptions.ConflictException:
        print(f"Table {TABLE_NAME1} exists on database {DATABASE_NAME}. Skipping table creation")
    except Exception as error:
        print(f"Create table failed: {reason(error)}")
        return False
    else:
        print(f"Table {TABLE_NAME1} successfully created.")
    return True


def reason(error):
    """Return the text of an error in one line, or the name of its type if it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def authenticate():
    """Return a Timestream write client for the region and credentials that the AWS CLI uses too.

    A call is tried up to eleven times: nobody else would try it again. Raises a BotoCoreError if
    there is no region or no credentials.
    """
    session = boto3.Session()
    retries = {"max_attempts": 10, "mode": "standard"}
    config = Config(
        connect_timeout=5, read_timeout=20, max_pool_connections=5000, retries=retries
    )
    client = session.client("timestream-write", config=config)
    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError()
    credentials.get_frozen_credentials()  # now, so that what is wrong with them shows at once
    return client


def main():
    """Create database and table; return the exit status, 0 only if both are there."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    try:
        client = authenticate()
        succeeded = create_database(client) and create_table(client)
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
