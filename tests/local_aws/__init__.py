"""AWS on this machine: moto, and a file here for each thing that moto lacks.

README.md beside this file says what it does, what it refuses, and where it differs from AWS.

server.py       serves it to other processes:
gateway.py        what a request asks of moto, and errors in AWS's form
page.html         the query editor
story.py          what the first terminal tells
function.py     the Lambda function runs
mapping.py      the event source mapping acts: it follows streams,
shard.py          reads their shards,
delivery.py       and calls the function, which can fail
kinesis.py      Kinesis splits and merges shards
logs.py         CloudWatch Logs finds what a filter pattern asks for
iam.py          IAM refuses a trust policy that is no JSON
timestream.py   Timestream refuses what it refuses on AWS,
store.py          stores records,
query/            and answers queries
accepted.py     what Lambda, Kinesis and CloudWatch Logs do not act on is refused
parameters.py   what Timestream does not act on is refused
of_moto.py      what IAM, STS and SQS, which are moto's, do not act on is refused
"""

import contextlib

from moto import mock_aws

from tests import environment
from tests.local_aws.accepted import only_what_is_acted_on
from tests.local_aws.function import functions_run
from tests.local_aws.iam import iam_checks
from tests.local_aws.kinesis import streams_reshard
from tests.local_aws.logs import patterns_filter
from tests.local_aws.mapping import patch_mappings
from tests.local_aws.timestream import timestream_refuses


@contextlib.contextmanager
def running(report=print, speed=1, managed_policies=True):
    """Let this process be an empty AWS; give the Mappings, see mapping.py.

    report: a function that takes a line for each thing that happens by itself.
    speed: how much faster time passes for the event source mappings.
    managed_policies: there are AWS's managed policies; it takes moto 0.3 s to read them.
    """
    with (
        environment.isolated(),
        mock_aws(config={"iam": {"load_aws_managed_policies": managed_policies}}),
        iam_checks(),
        streams_reshard(),
        patterns_filter(),
        timestream_refuses(),
        functions_run(),
        patch_mappings(report, speed) as mappings,
        only_what_is_acted_on(),
    ):
        yield mappings
