"""What the tests share: an isolated process, moto, Stubber, and a few stand-ins for services."""

import functools
import gc
import json
import os
import sys
import time
from types import SimpleNamespace
from unittest import mock

import boto3
import botocore.loaders
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

import lambda_function
import setup_kinesis
import setup_timestream
from tests import walkthrough


@pytest.fixture(autouse=True, scope="session")
def service_models():
    """Read botocore's service models once, and not again for every session a test makes."""
    gc.freeze()  # what is loaded by now stays, so the garbage collector need not go through it
    create_loader = functools.lru_cache(botocore.loaders.create_loader)
    with mock.patch("botocore.session.create_loader", create_loader):
        yield


@pytest.fixture(autouse=True)
def isolated():
    """Keep each test from the network and from the AWS settings of this machine."""
    with (
        walkthrough.isolated(),
        mock.patch.object(boto3, "Session", find_session),
        mock.patch.object(boto3, "client", find_client),
    ):
        yield


# Making sessions and clients takes longer than most tests, so the tests share them. Scripts make
# their clients themselves.
find_client = functools.lru_cache(boto3.client)
make_session = boto3.Session
sessions = {}


def find_session():
    """Return the session for what the environment says of AWS."""
    settings = tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))
    if settings not in sessions:
        sessions[settings] = make_session()
    return sessions[settings]


@pytest.fixture
def aws():
    """An empty AWS account, by moto."""
    with mock_aws():
        yield


@pytest.fixture
def stream(aws, capsys):
    """A Kinesis client, and the tutorial's stream."""
    client = boto3.client("kinesis")
    setup_kinesis.create_stream(client)
    capsys.readouterr()
    return client


@pytest.fixture
def table(aws, capsys):
    """The list that moto keeps the records in, of the tutorial's table."""
    client = boto3.client("timestream-write")
    setup_timestream.create_database(client)
    setup_timestream.create_table(client)
    capsys.readouterr()
    backend = walkthrough.timestreamwrite_backends[walkthrough.DEFAULT_ACCOUNT_ID]["us-east-1"]
    return backend.databases["DemoDatabase"].tables["WeatherMetrics"].records


@pytest.fixture
def sleeps(monkeypatch):
    """The seconds of each time.sleep(), none of which happens."""
    seconds = []
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds


@pytest.fixture
def ctrl_c(monkeypatch):
    """A function that lets the n-th time.sleep() be Ctrl-C; it returns the list of all seconds."""

    def ctrl_c(number):
        seconds = []

        def sleep(pause):
            seconds.append(pause)
            if len(seconds) == number:
                raise KeyboardInterrupt

        monkeypatch.setattr(time, "sleep", sleep)
        return seconds

    return ctrl_c


@pytest.fixture
def lines(capsys):
    """A function that returns the lines printed since the last call."""
    return lambda: capsys.readouterr().out.splitlines()


@pytest.fixture
def run(monkeypatch, lines):
    """A function that runs a script's main() with options; it returns exit status and lines."""

    def run(script, *options):
        monkeypatch.setattr(sys, "argv", [f"{script.__name__}.py", *options])
        return script.main(), lines()

    return run


@pytest.fixture
def stub():
    """A function that returns a new client of a service and its Stubber, which is in force."""

    def stub(service_name):
        client = boto3.Session().client(service_name)
        stubber = Stubber(client)
        stubber.activate()
        return client, stubber

    return stub


def aws_error(code, message="as asked", operation="Any", **response):
    """Return the ClientError that boto3 raises for an answer of AWS."""
    return ClientError({"Error": {"Code": code, "Message": message}, **response}, operation)


class Service:
    """A plain client of Timestream and Kinesis; it plays the answers given, then it stores all."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.stored = []

    def answer(self, item):
        """Raise the next answer if it is an exception, else store the item."""
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, BaseException):
            raise answer
        self.stored.append(item)
        return {"Stored": len(self.stored), "ResponseMetadata": {"HTTPStatusCode": 200}}

    def write_records(self, DatabaseName, TableName, Records, CommonAttributes):
        """Take a Timestream record."""
        assert (DatabaseName, TableName, CommonAttributes) == ("DemoDatabase", "WeatherMetrics", {})
        [record] = Records
        return self.answer(record)

    def put_record(self, StreamName, Data, PartitionKey):
        """Take a Kinesis record."""
        assert (StreamName, PartitionKey) == ("TUTORIAL", "0")
        return self.answer(Data)


@pytest.fixture
def strict_table(table):
    """The table, with checks that moto lacks; `calls` counts the records of each WriteRecords call.

    As Timestream does, it refuses a call with a value of more than 2,048 bytes as a whole, and
    rejects records from before 2020 one by one, while it stores the others of the call. `errors` is
    played first: an error for each call, None for a call that goes through.
    """
    strict = SimpleNamespace(rows=table, calls=[], errors=[])

    def check(params, **_kwargs):
        records = json.loads(params["body"])["Records"]
        strict.calls.append(len(records))
        error = strict.errors.pop(0) if strict.errors else None
        old = [index for index, record in enumerate(records) if int(record["Time"]) < 1577836800000]
        if error:
            raise error
        if any(len(record["MeasureValue"]) > 2048 for record in records):
            return refuse("ValidationException")
        if old:
            table.extend(record for index, record in enumerate(records) if index not in old)
            rejected = [{"RecordIndex": index, "Reason": "too old"} for index in old]
            return refuse("RejectedRecordsException", RejectedRecords=rejected)
        return None

    def refuse(code, **answer):
        error = {"Code": code, "Message": "as asked"}
        return SimpleNamespace(status_code=400), {"Error": error, **answer}

    events = lambda_function.authenticate().meta.events
    events.register("before-call.timestream-write.WriteRecords", check)
    return strict
