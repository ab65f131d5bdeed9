"""Lambda-Role-Trust-Policy.json: it trusts Lambda, and nobody else."""

import json

from tests.conftest import REPOSITORY


def test_lambda_alone_may_assume_the_role():
    assert json.loads((REPOSITORY / "Lambda-Role-Trust-Policy.json").read_text()) == {
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }],
    }
