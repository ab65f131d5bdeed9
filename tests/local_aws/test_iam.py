"""iam.py: AWS's own errors and responses, and managed policies that are loaded once."""

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.iam.models import iam_backends

from tests import local_aws
from tests.helpers import make_client

POLICIES = [
    "arn:aws:iam::aws:policy/AmazonTimestreamFullAccess",
    "arn:aws:iam::aws:policy/AmazonKinesisReadOnlyAccess",
    "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
]


def test_managed_policies_are_loaded_for_one_partition():
    with local_aws.running():
        iam = boto3.client("iam")
        for arn in POLICIES:
            assert iam.get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn
        made = [partition for _, partition, _ in iam_backends.iter_backends()]
    assert made == ["aws"], "moto has loaded the policies more than once"


def test_a_trust_policy_that_is_not_json_is_refused(aws):
    iam = make_client("iam")
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException, match="invalid Json"):
        iam.create_role(RoleName="any", AssumeRolePolicyDocument="this is not JSON")
    assert iam.list_roles()["Roles"] == []


POLICY = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
)
TRUST = '{"Version": "2012-10-17", "Statement": []}'


def find_message(call, **options):
    """Return the message of a call's error."""
    with pytest.raises(ClientError) as caught:
        call(**options)
    return caught.value.response["Error"]["Message"]


def test_a_new_role_has_only_awss_fields(aws):
    iam = make_client("iam")
    tags = [{"Key": "a", "Value": "b"}]
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, Tags=tags)["Role"]
    assert sorted(role) == [
        "Arn",
        "AssumeRolePolicyDocument",
        "CreateDate",
        "Path",
        "RoleId",
        "RoleName",
        "Tags",
    ]
    assert iam.get_role(RoleName="r")["Role"]["MaxSessionDuration"] == 3600


def test_iams_errors_are_awss(aws):
    iam = make_client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    arn = iam.create_policy(PolicyName="p", PolicyDocument=POLICY)["Policy"]["Arn"]
    assert find_message(iam.get_role, RoleName="no") == "The role with name no cannot be found."
    assert (
        find_message(iam.attach_role_policy, RoleName="r", PolicyArn="a-name-that-is-no-arn-at-all")
        == "Invalid ARN:  Could not be parsed!"
    )
    assert find_message(iam.delete_policy, PolicyArn=f"{arn}x") == f"Policy {arn}x was not found."
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    message = find_message(iam.delete_policy, PolicyArn=arn)
    assert message == "Cannot delete a policy attached to entities."


def test_a_policy_that_is_not_attached_can_be_deleted(aws):
    iam = make_client("iam")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=POLICY)["Policy"]["Arn"]
    iam.delete_policy(PolicyArn=arn)
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_the_caller_is_a_user(aws):
    arn = make_client("sts").get_caller_identity()["Arn"]
    assert arn == "arn:aws:iam::123456789012:user/moto"


def test_a_new_policy_is_no_permissions_boundary_and_an_error_has_one_message(aws):
    iam = make_client("iam")
    policy = iam.create_policy(PolicyName="p", PolicyDocument=POLICY)["Policy"]
    assert policy["PermissionsBoundaryUsageCount"] == 0
    with pytest.raises(ClientError) as caught:
        iam.delete_policy(PolicyArn=f"{policy['Arn']}x")
    assert "message" not in caught.value.response
