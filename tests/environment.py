"""The environment of everything in tests/: no account, no network, no home folder.

Tests, programs and all processes that they start run in it. Whatever the shell, ~/.aws, ~/.boto or
the machine's metadata service contain, nothing can reach anything but this machine. Only
tests/aws_cli uses the settings of the shell that calls it, like the real CLI.
"""

import contextlib
import os
from pathlib import Path
from unittest import mock

import botocore.loaders
import moto.settings

REPOSITORY = Path(__file__).parent.parent
REGION = "us-east-1"

# A proxy that does not exist, so that processes cannot reach anything else.
NOWHERE = "http://127.0.0.1:9"
PROXIES = ["http_proxy", "https_proxy"]  # all programs know the lower-case names

# SDKs and AWS CLI find no account here, and nothing of this machine.
AWS_SETTINGS = {
    **dict.fromkeys(["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "BOTO_CONFIG"], os.devnull),
    **dict.fromkeys(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], "testing"),
    **dict.fromkeys(["AWS_DEFAULT_REGION", "AWS_REGION"], REGION),
    "AWS_EC2_METADATA_DISABLED": "true",
}
SETTINGS = dict.fromkeys(PROXIES, NOWHERE) | AWS_SETTINGS


def build_environment():
    """Return environment variables for a process: this one's, made harmless."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "BOTO_", "MOTO_", "TEST_"))  # what SDKs and moto read
        and not name.upper().endswith("_PROXY")
    }
    return (
        kept | SETTINGS | dict.fromkeys(["HOME", "USERPROFILE"], os.devnull)
    )  # USERPROFILE is for Windows


@contextlib.contextmanager
def isolated():
    """Run this process in that environment for a while."""
    with (
        mock.patch.dict(os.environ, build_environment(), clear=True),
        mock.patch.object(moto.settings, "TEST_SERVER_MODE", False),
        # When botocore was imported, it found ~/.aws/models, which could contain other endpoints.
        mock.patch.object(botocore.loaders.Loader, "CUSTOMER_DATA_PATH", os.devnull),
    ):
        yield
