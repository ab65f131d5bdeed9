"""tests/local_aws/iam.py: a trust policy is JSON, and AWS's policies are read once."""

import boto3
import pytest
from moto.iam.models import iam_backends

from tests import local_aws
from tests.helpers import make_client

POLICIES = [
    "arn:aws:iam::aws:policy/AmazonTimestreamFullAccess",
    "arn:aws:iam::aws:policy/AmazonKinesisReadOnlyAccess",
    "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
]


def test_the_managed_policies_are_read_for_one_partition():
    with local_aws.running():
        iam = boto3.client("iam")
        for arn in POLICIES:
            assert iam.get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn
        made = [partition for _, partition, _ in iam_backends.iter_backends()]
    assert made == ["aws"], "moto has read the policies more than once"


def test_a_trust_policy_that_is_no_json_is_refused(aws):
    iam = make_client("iam")
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException, match="invalid Json"):
        iam.create_role(RoleName="any", AssumeRolePolicyDocument="this is no json")
    assert iam.list_roles()["Roles"] == []
