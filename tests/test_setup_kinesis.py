"""setup_kinesis.py: the stream, the wait for it, its tags."""

import boto3
import pytest

import setup_kinesis
from tests.conftest import describe_stream, refuse


def test_the_stream_has_one_shard_and_is_tagged(aws, run):
    assert run(setup_kinesis) == (0, [
        "Creating Stream",
        "Stream TUTORIAL created successfully.",
        "Waiting for stream TUTORIAL to become ACTIVE",
        "Stream TUTORIAL is ACTIVE.",
        "Adding Tags",
        "Tags added",
    ])
    client = boto3.client("kinesis")
    summary = client.describe_stream_summary(StreamName="TUTORIAL")["StreamDescriptionSummary"]
    tags = client.list_tags_for_stream(StreamName="TUTORIAL")["Tags"]
    assert summary["OpenShardCount"] == 1
    assert tags == [{"Key": "ENVIRONMENT", "Value": "TUTORIAL"}]
    assert setup_kinesis.build_tags() == {"ENVIRONMENT": "TUTORIAL"}


def test_a_stream_that_exists_is_skipped_and_counts_as_success(aws, run):
    run(setup_kinesis)
    status, lines = run(setup_kinesis)
    assert (status, lines[1]) == (0, "Stream TUTORIAL exists. Skipping Stream creation")


def test_each_function_returns_whether_it_worked(aws):
    client = setup_kinesis.authenticate()
    steps = setup_kinesis.create_stream, setup_kinesis.wait_for_stream, setup_kinesis.add_tags
    assert [step(client) for step in steps + steps] == [True] * 6
    refuse(client, "*")
    assert [step(client) for step in steps] == [False] * 3


def test_the_wait_looks_every_two_seconds_until_the_stream_is_active(stub, sleeps):
    client, stubber = stub("kinesis")
    describe_stream(stubber, "CREATING", "CREATING", "UPDATING", "ACTIVE")
    assert setup_kinesis.wait_for_stream(client) is True
    assert sleeps == [2, 2, 2]
    stubber.assert_no_pending_responses()


def test_a_stream_that_never_becomes_active_ends_the_wait_after_three_minutes(stub, sleeps, lines):
    client, stubber = stub("kinesis")
    describe_stream(stubber, *["CREATING"] * 100)
    assert setup_kinesis.wait_for_stream(client) is False
    assert sleeps == [2] * 89
    assert lines()[1].startswith("Stream TUTORIAL did not become ACTIVE: ")


@pytest.mark.parametrize(("operation", "count", "begin"), [
    ("CreateStream", 2, "Create stream failed: "),
    ("DescribeStream", 4, "Stream TUTORIAL did not become ACTIVE: "),
    ("AddTagsToStream", 6, "Could not add tags: "),
])
def test_a_failure_is_one_line_with_status_1_and_nothing_more_is_tried(
    aws, run, monkeypatch, operation, count, begin
):
    client = setup_kinesis.authenticate()
    refuse(client, operation)
    monkeypatch.setattr(setup_kinesis, "authenticate", lambda: client)
    status, lines = run(setup_kinesis)
    assert (status, len(lines)) == (1, count)
    assert lines[-1].startswith(begin) and lines[-1].endswith("first line second line")
    assert "ThrottlingException" in lines[-1]


def test_ctrl_c_during_the_wait_ends_it_with_one_line(stub, run, monkeypatch, ctrl_c):
    client, stubber = stub("kinesis")
    stubber.add_response("create_stream", {})
    describe_stream(stubber, "CREATING")
    monkeypatch.setattr(setup_kinesis, "authenticate", lambda: client)
    status, lines = run(setup_kinesis)
    assert (status, lines[-1]) == (1, "Stopped. Run the script again to finish.")
