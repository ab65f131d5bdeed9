"""Create the Timestream database and table that the tutorial writes to.

Run it first:  python setup_timestream.py

Running it again is safe: what already exists is left as it is. The exit status is 0 if database and
table exist when the script ends, else 1. The functions take the client that authenticate() returns.
"""

import argparse
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

DATABASE_NAME = "DemoDatabase"
TABLE_NAME1 = "WeatherMetrics"

# New readings are kept in the memory store, which is fast and costs the most. After these hours
# Timestream moves them to the magnetic store, and after these days it deletes them.
MEMORY_STORE_HOURS = 1
MAGNETIC_STORE_PERIOD_DAYS = 7


def create_database(client):
    """Create the database; return True if it exists afterwards, False if that failed."""
    print("Creating Database")
    try:
        client.create_database(DatabaseName=DATABASE_NAME)
    except client.exceptions.ConflictException:
        print(f"Database {DATABASE_NAME} exists. Skipping database creation")
    except Exception as error:
        print(f"Create database failed: {error}")
        return False
    else:
        print(f"Database {DATABASE_NAME} created successfully.")
    return True


def create_table(client):
    """Create the table; return True if it exists afterwards, False if that failed.

    A reading that is older than the memory store keeps is rejected, unless magnetic store writes
    are enabled: then it goes straight to the magnetic store (Timestream Developer Guide, "Writing
    data"). A sensor that was cut off for more than an hour sends such readings.
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
        print(f"Create table failed: {error}")
        return False
    else:
        print(f"Table {TABLE_NAME1} successfully created.")
    return True


def authenticate():
    """Return a Timestream write client, for the region and credentials that boto3 finds."""
    retries = {"max_attempts": 10, "mode": "standard"}
    config = Config(connect_timeout=5, read_timeout=20, retries=retries)
    return boto3.Session().client("timestream-write", config=config)


def main():
    """Create database and table; return the exit status."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    try:
        client = authenticate()
    except (BotoCoreError, OSError, ValueError) as error:  # no region, or an endpoint without http
        print(f'Could not create a client: {error} Is this terminal signed in ("aws configure")?')
        return 1
    return 0 if create_database(client) and create_table(client) else 1


if __name__ == "__main__":
    sys.exit(main())
