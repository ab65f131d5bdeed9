"""setup_kinesis.py: the stream and its tags. Failures: test_all_scripts.py."""

import setup_kinesis
from setup_kinesis import STREAM_NAME
from tests.network import response


def test_the_stream_has_one_shard_and_is_tagged(aws, run_script):
    assert run_script(setup_kinesis) == (
        0,
        [
            "Creating Stream",
            "Stream TUTORIAL created successfully.",
            "Waiting for stream TUTORIAL to become ACTIVE",
            "Stream TUTORIAL is ACTIVE.",
            "Adding Tags",
            "Tags added",
        ],
    )
    client = setup_kinesis.authenticate()
    summary = client.describe_stream_summary(StreamName=STREAM_NAME)["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == 1
    tags = client.list_tags_for_stream(StreamName=STREAM_NAME)["Tags"]
    assert tags == [{"Key": "ENVIRONMENT", "Value": "TUTORIAL"}]


def test_an_existing_stream_is_skipped(stream, run_script):
    status, lines = run_script(setup_kinesis)
    assert (status, lines[1]) == (0, "Stream TUTORIAL exists. Skipping Stream creation")


def test_it_waits_for_the_stream_to_become_active_before_it_adds_tags(network, run_script, sleeps):
    operations = []

    def answer(operation, body):
        operations.append(operation)
        status = "ACTIVE" if len(sleeps) == 2 else "CREATING"
        return response({"StreamDescription": {"StreamStatus": status}})

    network.answer = answer
    assert run_script(setup_kinesis)[0] == 0
    assert operations == ["CreateStream", *["DescribeStream"] * 3, "AddTagsToStream"]
    assert sleeps == [2, 2]


def test_the_wait_ends_after_three_minutes(network, lines, sleeps):
    creating = response({"StreamDescription": {"StreamStatus": "CREATING"}})
    network.answer = lambda operation, body: creating
    assert setup_kinesis.wait_for_stream(setup_kinesis.authenticate()) is False
    assert sleeps == [2] * 89
    assert lines()[1].startswith("Stream TUTORIAL did not become ACTIVE: Waiter")
