"""Lambda-Role-Trust-Policy.json: IAM takes it, and it trusts Lambda alone."""

import boto3

from tests.conftest import REPOSITORY


def test_iam_accepts_the_trust_policy_and_it_names_lambda_alone(aws):
    policy = (REPOSITORY / "Lambda-Role-Trust-Policy.json").read_text()
    role = boto3.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument=policy)["Role"]
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
