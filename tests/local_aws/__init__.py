"""AWS on this machine: moto, and a file here for each thing that moto lacks.

function.py     the Lambda function runs
mapping.py      the event source mapping acts
timestream.py   Timestream refuses what it refuses on AWS
query.py        Timestream answers queries
__main__.py     the program that serves all this to other processes
"""

import contextlib

from moto import mock_aws

from tests import environment
from tests.local_aws.function import functions_run
from tests.local_aws.mapping import mappings_act
from tests.local_aws.timestream import timestream_refuses


@contextlib.contextmanager
def running(report=print, speed=1, managed_policies=True):
    """Let this process be an empty AWS; give the Mappings, see mapping.py.

    report: a function that takes a line for each thing that happens by itself.
    speed: how much faster time passes for the event source mappings.
    managed_policies: there are AWS's managed policies; it takes moto a second to read them.
    """
    with (
        environment.isolated(),
        mock_aws(config={"iam": {"load_aws_managed_policies": managed_policies}}),
        timestream_refuses(),
        functions_run(),
        mappings_act(report, speed) as mappings,
    ):
        yield mappings
