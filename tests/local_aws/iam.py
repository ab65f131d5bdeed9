"""IAM says what it says on AWS, and reads AWS's managed policies once.

moto reads them six times, which takes over a second.

To find out whose access key a request has, moto looks into the IAM of every partition (aws, aws-cn,
aws-us-gov, ...), and makes it for that, with all policies. Here it looks into the first only: no
access key is checked anyway. The others are made when a region of theirs is used.
"""

import contextlib
import json
from unittest import mock

from moto.core.serialize import never_return
from moto.iam.exceptions import (
    DeleteConflictException,
    MalformedPolicyDocument,
    NotFoundException,
    ValidationError,
)
from moto.iam.models import IAMBackend
from moto.iam.responses import IamResponse
from moto.sts.models import STSBackend

create_role = IAMBackend.create_role
attach_role_policy = IAMBackend.attach_role_policy
delete_policy = IAMBackend.delete_policy

# What AWS does not tell of a role that was just created.
UNTOLD = dict.fromkeys(
    ["CreateRoleResponse.Role.MaxSessionDuration", "CreateRoleResponse.Role.RoleLastUsed"],
    never_return,
)


def create_checked_role(backend, role_name, assume_role_policy_document, *others, **named):
    """Create a role, if its trust policy is JSON."""
    try:
        json.loads(assume_role_policy_document)
    except ValueError:
        raise MalformedPolicyDocument("This policy contains invalid Json") from None
    return create_role(backend, role_name, assume_role_policy_document, *others, **named)


def get_role(backend, role_name):
    """Return a role."""
    for role in backend.get_roles():
        if role.name == role_name:
            return role
    raise NotFoundException(f"The role with name {role_name} cannot be found.")


def attach_checked_policy(backend, policy_arn, role_name):
    """Attach a policy to a role, if it is named by an ARN."""
    if not policy_arn.startswith("arn:"):
        raise ValidationError("Invalid ARN:  Could not be parsed!")
    attach_role_policy(backend, policy_arn, role_name)


def delete_checked_policy(backend, policy_arn):
    """Delete a policy that exists and is not attached."""
    policy = backend.managed_policies.get(policy_arn)
    if policy is None:
        raise NotFoundException(f"Policy {policy_arn} was not found.")
    if policy.attachment_count:
        raise DeleteConflictException("Cannot delete a policy attached to entities.")
    delete_policy(backend, policy_arn)


def get_caller_identity(backend, access_key_id, region):
    """Return id, ARN and account of who asks."""
    return (
        "AIDAIOSFODNN7EXAMPLE",
        f"arn:aws:iam::{backend.account_id}:user/moto",
        backend.account_id,
    )


@contextlib.contextmanager
def patch_iam():
    """Let moto's IAM and STS answer as on AWS; look for access keys in the partition aws only."""
    with (
        mock.patch("moto.iam.models.PARTITION_NAMES", ["aws"]),
        mock.patch.multiple(
            IAMBackend,
            create_role=create_checked_role,
            get_role=get_role,
            attach_role_policy=attach_checked_policy,
            delete_policy=delete_checked_policy,
        ),
        mock.patch.dict(IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER, UNTOLD),
        mock.patch.object(STSBackend, "get_caller_identity", get_caller_identity),
    ):
        yield
