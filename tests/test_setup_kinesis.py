"""setup_kinesis.py: the stream, the wait for it, its tags."""

import boto3
import pytest

import setup_kinesis
from tests.conftest import describe_stream

STEPS = {
    "create_stream": (setup_kinesis.create_stream, "Create stream failed: "),
    "describe_stream": (setup_kinesis.wait_for_stream, "Stream TUTORIAL did not become ACTIVE: "),
    "add_tags_to_stream": (setup_kinesis.add_tags, "Could not add tags: "),
}


def test_the_stream_has_one_shard_and_is_tagged(aws, run):
    assert run(setup_kinesis)[0] == 0
    client = boto3.client("kinesis")
    summary = client.describe_stream_summary(StreamName="TUTORIAL")["StreamDescriptionSummary"]
    tags = client.list_tags_for_stream(StreamName="TUTORIAL")["Tags"]
    assert summary["OpenShardCount"] == 1
    assert tags == [{"Key": "ENVIRONMENT", "Value": "TUTORIAL"}]


def test_each_step_is_printed(aws, run):
    assert run(setup_kinesis) == (0, [
        "Creating Stream",
        "Stream TUTORIAL created successfully.",
        "Waiting for stream TUTORIAL to become ACTIVE",
        "Stream TUTORIAL is ACTIVE.",
        "Adding Tags",
        "Tags added",
    ])


def test_a_stream_that_exists_is_skipped_and_counts_as_success(aws, run):
    run(setup_kinesis)
    status, lines = run(setup_kinesis)
    assert status == 0
    assert lines[1] == "Stream TUTORIAL exists. Skipping Stream creation"
    assert setup_kinesis.create_stream(boto3.client("kinesis")) is True


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


def test_tags_are_added_with_true(stream):
    assert setup_kinesis.build_tags() == {"ENVIRONMENT": "TUTORIAL"}
    assert setup_kinesis.add_tags(stream) is True


@pytest.mark.parametrize("operation", STEPS)
@pytest.mark.parametrize("code", ["AccessDeniedException", "LimitExceededException", "502"])
def test_a_failure_is_one_line_and_false(stub, lines, operation, code):
    client, stubber = stub("kinesis")
    stubber.add_client_error(operation, code, "first line\n  second line")
    call, begin = STEPS[operation]
    assert call(client) is False
    [line] = lines()[1:]
    assert line.startswith(begin) and code in line and "first line second line" in line


@pytest.mark.parametrize(("failing", "count"), [
    ("create_stream", 2), ("describe_stream", 4), ("add_tags_to_stream", 6)
])
def test_the_exit_status_is_1_and_nothing_more_is_tried_after_a_failure(
    stub, run, monkeypatch, failing, count
):
    client, stubber = stub("kinesis")
    if failing != "create_stream":
        stubber.add_response("create_stream", {})
    if failing == "add_tags_to_stream":
        describe_stream(stubber, "ACTIVE")
    stubber.add_client_error(failing, "AccessDeniedException")
    monkeypatch.setattr(setup_kinesis, "authenticate", lambda: client)
    status, lines = run(setup_kinesis)
    assert (status, len(lines)) == (1, count)


def test_ctrl_c_during_the_wait_ends_it_with_one_line(aws, run, monkeypatch):
    def interrupt(_client):
        raise KeyboardInterrupt

    monkeypatch.setattr(setup_kinesis, "wait_for_stream", interrupt)
    status, lines = run(setup_kinesis)
    assert (status, lines[-1]) == (1, "Stopped. Run the script again to finish.")
