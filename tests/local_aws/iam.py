"""IAM and STS: AWS's own errors and responses, and managed policies that are loaded only once.

To find the owner of an access key, moto creates the IAM backend of every partition (aws, aws-cn,
aws-us-gov, ...), each with all managed policies, which takes over a second. Here it only uses the
partition aws, as no access key belongs to a user anyway.
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
from moto.iam.models import IAMBackend, Policy
from moto.iam.responses import IamResponse
from moto.sts.models import STSBackend

create_role = IAMBackend.create_role
attach_role_policy = IAMBackend.attach_role_policy
delete_policy = IAMBackend.delete_policy

# Fields that AWS leaves out of the response to CreateRole, and of errors, whose text is "Message".
LEFT_OUT = dict.fromkeys(
    [
        "CreateRoleResponse.Role.MaxSessionDuration",
        "CreateRoleResponse.Role.RoleLastUsed",
        ".message",
    ],
    never_return,
)


def create_checked_role(backend, role_name, assume_role_policy_document, *others, **named):
    """Create a role; its trust policy must be JSON."""
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
    """Attach a policy to a role; it must be given by its ARN."""
    if not policy_arn.startswith("arn:"):
        raise ValidationError("Invalid ARN:  Could not be parsed!")
    attach_role_policy(backend, policy_arn, role_name)


def delete_checked_policy(backend, policy_arn):
    """Delete a policy; it must exist and not be attached."""
    policy = backend.managed_policies.get(policy_arn)
    if policy is None:
        raise NotFoundException(f"Policy {policy_arn} was not found.")
    if policy.attachment_count:
        raise DeleteConflictException("Cannot delete a policy attached to entities.")
    delete_policy(backend, policy_arn)


def get_caller_identity(backend, access_key_id, region):
    """Return id, ARN and account of the caller."""
    return (
        "AIDAIOSFODNN7EXAMPLE",
        f"arn:aws:iam::{backend.account_id}:user/moto",
        backend.account_id,
    )


@contextlib.contextmanager
def patch_iam():
    """Make moto's IAM and STS answer as on AWS."""
    with (
        mock.patch("moto.iam.models.PARTITION_NAMES", ["aws"]),
        mock.patch.multiple(
            IAMBackend,
            create_role=create_checked_role,
            get_role=get_role,
            attach_role_policy=attach_checked_policy,
            delete_policy=delete_checked_policy,
        ),
        mock.patch.object(Policy, "permissions_boundary_usage_count", 0, create=True),
        mock.patch.dict(IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER, LEFT_OUT),
        mock.patch.object(STSBackend, "get_caller_identity", get_caller_identity),
    ):
        yield
