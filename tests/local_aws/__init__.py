"""AWS on this machine: moto, and a file here for each thing that moto lacks.

README.md beside this file says what it does, what it refuses, and where it differs from AWS.

server.py       serves it to other processes:
gateway.py        what a request asks of moto, and errors in AWS's form
page.py           the query editor in the browser, page.html
terminal.py       what the first terminal shows
function.py     functions run and change as on Lambda,
function_process.py  in processes of their own,
function_runtime.py  which this starts
mapping.py      the event source mapping acts: it follows streams,
shard.py          reads their shards,
delivery.py       and calls the function, which can fail
kinesis.py      Kinesis splits and merges shards
logs.py         CloudWatch Logs finds what a filter pattern asks for
iam.py          IAM refuses a trust policy that is no JSON
timestream.py   Timestream refuses what it refuses on AWS,
records.py        checks records,
store.py          stores them,
query/            and answers queries
acted_on.py     the table of what is acted on, and the check of every request
"""

import contextlib
import threading

from moto import mock_aws

from tests import environment
from tests.local_aws.acted_on import patch_acted_on
from tests.local_aws.function import patch_functions
from tests.local_aws.iam import patch_iam
from tests.local_aws.kinesis import patch_kinesis
from tests.local_aws.logs import patch_logs
from tests.local_aws.mapping import patch_mappings
from tests.local_aws.server import Server
from tests.local_aws.timestream import patch_timestream


@contextlib.contextmanager
def running(report=print, speed=1, managed_policies=True, port=0, verbose=False):
    """Let this process be an empty AWS, and serve it; give the Mappings, see mapping.py.

    Their `server` is the Server, with its port and the access key that it wants; their `functions`
    are the Functions, see function.py.
    report: a function that takes a line for each thing that happens by itself.
    speed: how much faster time passes where AWS needs a moment.
    managed_policies: there are AWS's managed policies; it takes moto 0.3 s to read them.
    port: where to listen on 127.0.0.1; 0 for any port that is free.
    verbose: show a line about each request.
    """
    with (
        Server(port, verbose) as server,
        environment.isolated(),
        mock_aws(config={"iam": {"load_aws_managed_policies": managed_policies}}),
        patch_iam(),
        patch_kinesis(),
        patch_logs(),
        patch_timestream(),
        patch_functions(server, speed) as functions,
        patch_mappings(report, speed) as mappings,
        patch_acted_on(),
        serving(server),
    ):
        mappings.server, server.mappings = server, mappings
        mappings.functions = functions
        yield mappings


@contextlib.contextmanager
def serving(server):
    """Let a server answer requests in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
