"""The environment of everything in tests/: no account, no network, no home folder.

Tests and programs run in it, and so does every process that they start. Whatever the shell, ~/.aws,
~/.boto or the machine's metadata service hold, nothing can reach anything but this machine. Only
tests/aws_cli, like the CLI for which it stands, goes where the shell that calls it points.
"""

import contextlib
import os
from pathlib import Path
from unittest import mock

import botocore.loaders
import moto.settings

REPOSITORY = Path(__file__).parent.parent
REGION = "us-east-1"

# A proxy that nobody serves, so that a process which is told of no other one reaches nothing.
NOWHERE = "http://127.0.0.1:9"
PROXIES = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"]  # Python prefers small letters

# What SDKs and AWS CLI are to know: no account, and nothing of this machine.
AWS_SETTINGS = {
    **dict.fromkeys(["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "BOTO_CONFIG"], os.devnull),
    **dict.fromkeys(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], "testing"),
    **dict.fromkeys(["AWS_DEFAULT_REGION", "AWS_REGION"], REGION),
    "AWS_EC2_METADATA_DISABLED": "true",
}
SETTINGS = dict.fromkeys(PROXIES, NOWHERE) | AWS_SETTINGS


def build_environment():
    """Return the environment variables for a process: those of this one, made harmless."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "BOTO_", "MOTO_", "TEST_"))  # what SDKs and moto read
        and not name.upper().endswith("_PROXY")
    }
    return kept | SETTINGS | dict.fromkeys(["HOME", "USERPROFILE"], os.devnull)  # of Windows, too


@contextlib.contextmanager
def isolated():
    """Put this process into that environment while it lasts."""
    with (
        mock.patch.dict(os.environ, build_environment(), clear=True),
        mock.patch.object(moto.settings, "TEST_SERVER_MODE", False),
        # botocore looked for ~/.aws/models, which could name other endpoints, when it was imported.
        mock.patch.object(botocore.loaders.Loader, "CUSTOMER_DATA_PATH", os.devnull),
    ):
        yield
