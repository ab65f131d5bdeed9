"""IAM reads AWS's managed policies once. moto reads them six times, which takes over a second.

To find out whose access key a request has, moto looks into the IAM of every partition (aws, aws-cn,
aws-us-gov, ...), and makes it for that, with all policies. Here it looks into the first only: no
access key is checked anyway. The others are made when a region of theirs is used.
"""

import contextlib
from unittest import mock


@contextlib.contextmanager
def one_partition():
    """Let moto look for access keys in the partition aws only."""
    with mock.patch("moto.iam.models.PARTITION_NAMES", ["aws"]):
        yield
