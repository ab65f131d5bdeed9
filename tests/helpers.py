"""What the tests import: names of the tutorial, how long they wait, what they make and expect."""

import contextlib
import functools
import io
import threading
import time
import zipfile

import boto3
from botocore.config import Config

from cleanup import FUNCTION_NAME, ROLE_NAME
from tests.environment import REGION

# Seconds that anything a test starts may take. It is ended then, and the test fails.
LIMIT = 30

ACCOUNT_ID = "123456789012"  # moto's
STREAM_ARN = f"arn:aws:kinesis:{REGION}:{ACCOUNT_ID}:stream/TUTORIAL"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT_ID}:role/{ROLE_NAME}"
LOG_GROUP = f"/aws/lambda/{FUNCTION_NAME}"


def read_stream(client):
    """Return the records that are on the tutorial's stream."""
    iterator = client.get_shard_iterator(
        StreamName="TUTORIAL", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return client.get_records(ShardIterator=iterator)["Records"]


def query(columns):
    """Return the rows of the tutorial's table, in the order in which their readings were taken."""
    statement = f"select {columns} from DemoDatabase.WeatherMetrics order by time"
    pages = make_client("timestream-query").get_paginator("query").paginate(QueryString=statement)
    return [tuple(row) for row in pages.search("Rows[*].Data[*].ScalarValue")]


def build_package(source):
    """Return the bytes of a zip file for Lambda, with some code as code.py."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("code.py", source)
    return package.getvalue()


@functools.lru_cache
def make_client(service, parameter_validation=True):
    """Return a client for moto, made once for all tests: that takes as long as twenty calls.

    Without parameter_validation it is the service that has to refuse what is wrong.
    """
    return boto3.client(service, config=Config(parameter_validation=parameter_validation))


def deploy(source, **settings):
    """Make the tutorial's role and function, with some code and further settings."""
    iam = make_client("iam")
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=ROLE_NAME, AssumeRolePolicyDocument="{}")
    create_function(make_client("lambda"), source, **settings)


def create_function(client, source, **settings):
    """Make the tutorial's function, with some code and further settings, as soon as its role is."""
    defaults = {
        "FunctionName": FUNCTION_NAME,
        "Runtime": "python3.13",
        "Handler": "code.handler",
        "Role": ROLE_ARN,
        "Timeout": 60,
        "Code": {"ZipFile": build_package(source)},
    }
    until(lambda: can_be_assumed(client, defaults | settings))
    wait_for_function(client, settings.get("FunctionName", FUNCTION_NAME))


def can_be_assumed(client, parameters):
    """Return whether a function has been created; not while Lambda cannot assume its role yet."""
    try:
        return client.create_function(**parameters)
    except client.exceptions.InvalidParameterValueException as error:
        if "cannot be assumed" not in str(error):
            raise
        return False


def wait_for_function(client, name=FUNCTION_NAME):
    """Wait until a function is as it was created or updated."""
    until(
        lambda: (
            client.get_function_configuration(FunctionName=name).get("LastUpdateStatus")
            == "Successful"
        )
    )


def until(condition):
    """Wait until a condition holds, for LIMIT seconds at most."""
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "It does not come about."
        threading.Event().wait(0.005)  # whatever time.sleep() is in a test
