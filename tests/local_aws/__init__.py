"""AWS on this machine: moto, plus one file for each thing that moto lacks.

README.md in this folder lists what it does, what it refuses, and how it differs from AWS.

How a request gets in:
  server.py             the HTTP server, and its options
  gateway.py            turns an HTTP request into a request to moto
  supported.py          THE TABLE of supported operations and parameters; checks every request
  page.py, page.html    the query editor in the browser
  terminal.py           the lines that the server prints about requests

What happens to it, service by service (each patches moto's classes):
  timestream.py         Timestream's operations
    records.py            validates records
    store.py              keeps records in SQLite
    query/                answers SQL; the SQL functions are in query/functions.py
  kinesis.py            streams, shards and iterators
  function.py           Lambda functions
    function_invocation.py  one invocation, with its log
    function_process.py   a function's process, seen from the server
    function_runtime.py   what runs in that process
  mapping.py            event source mappings
    shard.py              reads a stream's shards for a mapping
    delivery.py           delivers batches to the function, with retries
  logs.py               CloudWatch Logs, with filter patterns
  iam.py                IAM and STS
  sqs.py                queues
"""

import contextlib
import threading

from moto import mock_aws

from tests import environment
from tests.local_aws.function import patch_functions
from tests.local_aws.iam import patch_iam
from tests.local_aws.kinesis import patch_kinesis
from tests.local_aws.logs import patch_logs
from tests.local_aws.mapping import patch_mappings
from tests.local_aws.server import Server
from tests.local_aws.sqs import patch_sqs
from tests.local_aws.supported import patch_supported
from tests.local_aws.timestream import patch_timestream


@contextlib.contextmanager
def running(report=print, speed=1, managed_policies=True, port=0, verbose=False):
    """Turn this process into an empty AWS, and serve it; yield the Mappings of mapping.py.

    Their `server` is the Server, with its port and access key; their `functions` are the Functions
    of function.py.
    report: called with a line for each thing that happens without a request.
    speed: how many times faster than AWS everything is that takes AWS a moment.
    managed_policies: load AWS's managed policies, which takes moto 0.3 s.
    port: the port on 127.0.0.1; 0 for any free one.
    verbose: print a line about each request.
    """
    with (
        Server(port, verbose) as server,
        environment.isolated(),
        mock_aws(config={"iam": {"load_aws_managed_policies": managed_policies}}),
        patch_iam(),
        patch_kinesis(),
        patch_logs(),
        patch_sqs(),
        patch_timestream(),
        patch_functions(server, speed) as functions,
        patch_mappings(report, speed) as mappings,
        patch_supported(),
        serving(server),
    ):
        mappings.server, server.mappings = server, mappings
        mappings.functions = functions
        yield mappings


@contextlib.contextmanager
def serving(server):
    """Answer requests in a separate thread."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
