"""What the tests import: how long they wait, and what they make and expect."""

import contextlib
import functools
import io
import zipfile

import boto3

from cleanup import FUNCTION_NAME, ROLE_NAME

# Seconds that anything a test starts may take. It is ended then, and the test fails.
LIMIT = 30


def refusal(code, status=400, **details):
    """Return status and body of an answer of AWS that says no."""
    return status, {"__type": code, "message": "as asked"} | details


def build_package(source):
    """Return the bytes of a zip file for Lambda, with some code as code.py."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("code.py", source)
    return package.getvalue()


@functools.lru_cache
def make_client(service):
    """Return a client for moto, made once for all tests: that takes as long as twenty calls."""
    return boto3.client(service)


def deploy(source, **settings):
    """Make the tutorial's role and function, with some code and further settings."""
    iam = make_client("iam")
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=ROLE_NAME, AssumeRolePolicyDocument="{}")
    create_function(make_client("lambda"), source, **settings)


def create_function(client, source, **settings):
    """Make the tutorial's function, with some code and further settings."""
    client.create_function(
        **{
            "FunctionName": FUNCTION_NAME,
            "Runtime": "python3.13",
            "Handler": "code.handler",
            "Role": f"arn:aws:iam::123456789012:role/{ROLE_NAME}",
            "Timeout": 60,
            "Code": {"ZipFile": build_package(source)},
        }
        | settings
    )
