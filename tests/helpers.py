"""Names and functions that the tests import."""

import contextlib
import functools
import io
import threading
import time
import zipfile

import boto3
from botocore.config import Config

from cleanup import FUNCTION_NAME, ROLE_NAME
from setup_kinesis import STREAM_NAME
from tests.environment import REGION
from tests.local_aws import kinesis, mapping

# Seconds that anything in a test may take before the test fails.
LIMIT = 30

ACCOUNT_ID = "123456789012"  # moto's
STREAM_ARN = f"arn:aws:kinesis:{REGION}:{ACCOUNT_ID}:stream/{STREAM_NAME}"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT_ID}:role/{ROLE_NAME}"
LOG_GROUP = f"/aws/lambda/{FUNCTION_NAME}"


def read_stream(client):
    """Return the records on the tutorial's stream."""
    iterator = client.get_shard_iterator(
        StreamName=STREAM_NAME, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return client.get_records(ShardIterator=iterator)["Records"]


def query(columns):
    """Return the rows of the tutorial's table, sorted by time."""
    statement = f"select {columns} from DemoDatabase.WeatherMetrics order by time"
    pages = make_client("timestream-query").get_paginator("query").paginate(QueryString=statement)
    return [tuple(row) for row in pages.search("Rows[*].Data[*].ScalarValue")]


def build_package(source):
    """Return a zip file for Lambda, as bytes, with the source as code.py."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("code.py", source)
    return package.getvalue()


@functools.lru_cache
def make_client(service, parameter_validation=True):
    """Return a client for moto; cached, as creating one costs twenty calls.

    Without parameter_validation, it is up to the service to refuse bad parameters.
    """
    return boto3.client(service, config=Config(parameter_validation=parameter_validation))


def deploy(source, **settings):
    """Create the tutorial's role and function from source code, with other settings."""
    iam = make_client("iam")
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=ROLE_NAME, AssumeRolePolicyDocument="{}")
    create_function(make_client("lambda"), source, **settings)


def create_function(client, source, **settings):
    """Create the tutorial's function from source code, once its role can be assumed."""
    defaults = {
        "FunctionName": FUNCTION_NAME,
        "Runtime": "python3.13",
        "Handler": "code.handler",
        "Role": ROLE_ARN,
        "Timeout": 60,
        "Code": {"ZipFile": build_package(source)},
    }
    until(lambda: try_to_create(client, defaults | settings))
    wait_for_function(client, settings.get("FunctionName", FUNCTION_NAME))


def try_to_create(client, parameters):
    """Create a function; return False if Lambda cannot assume its role yet."""
    try:
        return client.create_function(**parameters)
    except client.exceptions.InvalidParameterValueException as error:
        if "cannot be assumed" not in str(error):
            raise
        return False


def wait_for_function(client, name=FUNCTION_NAME):
    """Wait until a function has been created or updated."""
    until(
        lambda: (
            client.get_function_configuration(FunctionName=name).get("LastUpdateStatus")
            == "Successful"
        )
    )


def until(condition):
    """Wait until a condition is true; fail after LIMIT seconds."""
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, f"Timed out after {LIMIT} s"
        threading.Event().wait(0.005)  # tests may replace time.sleep()


def wait_until_idle(mappings, limit=LIMIT):
    """Wait until Mappings have only retries left to do; return False after `limit` seconds."""
    end = time.monotonic() + limit
    while not is_idle(mappings):
        if time.monotonic() > end:
            return False
        threading.Event().wait(0.005)
    return True


def is_idle(mappings):
    """Return whether Mappings have only retries left to do."""
    with mapping.lock, kinesis.lock:
        for _, each in mappings.list_all():
            if each.state in mapping.SECONDS:
                return False
            if not each.active:
                continue
            reader = mappings.find_reader(each)
            if reader is not each.reader:
                return False
            if not each.problem and (reader is None or has_work(reader)):
                return False
    return True


def has_work(reader):
    """Return whether a mapping's Reader has something to do other than waiting for a retry."""
    for _, lane in reader.list_lanes():
        if lane.busy or (lane.find_all() and not lane.failed):
            return True
    return any(shard.find_unread() for shard in reader.find_readable())
