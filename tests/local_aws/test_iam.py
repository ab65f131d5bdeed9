"""tests/local_aws/iam.py: AWS's managed policies are read once, and all are there."""

import boto3
from moto.iam.models import iam_backends

from tests import local_aws

POLICIES = [
    "arn:aws:iam::aws:policy/AmazonTimestreamFullAccess",
    "arn:aws:iam::aws:policy/AmazonKinesisFullAccess",
    "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
]


def test_the_managed_policies_are_read_for_one_partition():
    with local_aws.running():
        iam = boto3.client("iam")
        for arn in POLICIES:
            assert iam.get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn
        made = [partition for _, partition, _ in iam_backends.iter_backends()]
    assert made == ["aws"], "moto has read the policies more than once"
