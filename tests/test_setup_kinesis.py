"""setup_kinesis.py: the stream and its tags; the wait and what fails are in test_all_scripts.py."""

import boto3

import setup_kinesis


def test_the_stream_has_one_shard_and_is_tagged_and_one_that_exists_is_skipped(aws, run):
    assert run(setup_kinesis) == (
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
    client = boto3.client("kinesis")
    summary = client.describe_stream_summary(StreamName="TUTORIAL")["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == 1
    tags = client.list_tags_for_stream(StreamName="TUTORIAL")["Tags"]
    assert tags == [{"Key": "ENVIRONMENT", "Value": "TUTORIAL"}]
    status, lines = run(setup_kinesis)
    assert (status, lines[1]) == (0, "Stream TUTORIAL exists. Skipping Stream creation")
