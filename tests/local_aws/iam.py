"""IAM refuses a trust policy that is no JSON, and reads AWS's managed policies once.

moto reads them six times, which takes over a second.

To find out whose access key a request has, moto looks into the IAM of every partition (aws, aws-cn,
aws-us-gov, ...), and makes it for that, with all policies. Here it looks into the first only: no
access key is checked anyway. The others are made when a region of theirs is used.
"""

import contextlib
import json
from unittest import mock

from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.models import IAMBackend

create_role = IAMBackend.create_role


def create_checked_role(backend, role_name, assume_role_policy_document, *others, **named):
    """Make a role, if its trust policy is JSON."""
    try:
        json.loads(assume_role_policy_document)
    except ValueError:
        raise MalformedPolicyDocument("This policy contains invalid Json") from None
    return create_role(backend, role_name, assume_role_policy_document, *others, **named)


@contextlib.contextmanager
def patch_iam():
    """Let moto refuse such a policy, and look for access keys in the partition aws only."""
    with (
        mock.patch("moto.iam.models.PARTITION_NAMES", ["aws"]),
        mock.patch.object(IAMBackend, "create_role", create_checked_role),
    ):
        yield
