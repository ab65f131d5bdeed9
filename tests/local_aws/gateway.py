"""Passes HTTP requests on to moto, and returns its responses.

A request's signature names its service and region; moto needs the service's host name on AWS
instead. Anything that goes wrong becomes an error in the service's own format, so that SDKs and
the AWS CLI show it in one line and do not retry.
"""

import functools
import json
import re
from dataclasses import dataclass, field

from botocore.awsrequest import AWSPreparedRequest
from botocore.loaders import create_loader
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.request import normalize_request
from moto.core.responses import BaseResponse

from tests.local_aws.supported import find_near, respond_error

# The supported services by their names in a signature, and their hosts on AWS.
HOSTS = {
    "iam": "iam.amazonaws.com",
    "kinesis": "kinesis.{region}.amazonaws.com",
    "lambda": "lambda.{region}.amazonaws.com",
    "logs": "logs.{region}.amazonaws.com",
    "sqs": "sqs.{region}.amazonaws.com",
    "sts": "sts.{region}.amazonaws.com",
    # Queries have a different host on AWS, but not in moto.
    "timestream": "ingest.timestream.{region}.amazonaws.com",
}
# Services whose names in botocore differ.
SERVICES = {"monitoring": "cloudwatch", "timestream": "timestream-write"}

SIGNATURE = re.compile(
    r"Credential=(?P<access_key>[^/,]*)/[0-9]{8}/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)"
    r"/aws4_request"
)
QUEUE_URLS = ["CreateQueue", "GetQueueUrl", "ListQueues", "ListDeadLetterSourceQueues"]


@dataclass
class Response:
    """An HTTP response."""

    status: int
    body: bytes
    headers: dict = field(default_factory=dict)


class Call:
    """A request that calls an AWS operation.

    access_key, region, service: from its signature; None if it is not signed.
    name: the service's name in botocore.
    """

    def __init__(self, method, path, headers, body):
        self.method, self.path, self.body = method, path, body
        self.headers = {name.lower(): value for name, value in headers.items()}
        found = SIGNATURE.search(self.headers.get("authorization", ""))
        signature = found.groupdict() if found else {}
        self.access_key, self.region = signature.get("access_key"), signature.get("region")
        self.service = signature.get("service")
        self.host = HOSTS.get(self.service, "").format(region=self.region)
        self.name = SERVICES.get(self.service, self.service)

    @functools.cached_property
    def request(self):
        """The request, as a client in this process would send it."""
        url = f"https://{self.host}{self.path}"
        headers = {name: value for name, value in self.headers.items() if name != "host"}
        headers["x-forwarded-for"] = "127.0.0.1"  # tells terminal.py that it comes from outside
        return AWSPreparedRequest(self.method, url, headers, self.body, stream_output=False)

    @functools.cached_property
    def operation(self):
        """The operation's name, from a header, a form, or method and path."""
        if "x-amz-target" in self.headers:
            return self.headers["x-amz-target"].rpartition(".")[2]
        response = BaseResponse(self.name)
        response.setup_class(normalize_request(self.request), use_raw_body=True)
        return response._get_action() or f"{self.method} {self.path}"


def answer_call(call, address):
    """Return the Response to a Call, even if it is an error.

    address: this server's address, as the client knows it.
    """
    try:
        return find_refusal(call) or find_answer(call, address)
    except Exception as error:  # the reader gets one line, whatever the error is
        text = f"{call.operation} failed in this local AWS: {type(error).__name__}: {error}"
        return respond(call, "InternalFailure", text)


def find_answer(call, address):
    """Return the Response to a Call of a supported service."""
    if call.service == "timestream" and call.operation == "DescribeEndpoints":
        endpoint = {"Address": address, "CachePeriodInMinutes": 1440}
        return respond_json(200, {"Endpoints": [endpoint]})
    response = ask_moto(call)
    if call.service == "sqs" and call.operation in QUEUE_URLS:
        response.body = response.body.replace(f"https://{call.host}".encode(), address.encode())
    return response


@functools.lru_cache
def find_endpoints():
    """Return botocore's {service: regions} for all of AWS, and its regions."""
    [partition] = [
        each
        for each in create_loader().load_data("endpoints")["partitions"]
        if each["partition"] == "aws"
    ]
    services = {name: [*each["endpoints"]] for name, each in partition["services"].items()}
    return services, [*partition["regions"]]


def find_refusal(call):
    """Return the error for a Call that cannot be passed on, or None."""
    if not call.service:
        return respond(call, "MissingAuthenticationToken", "Missing Authentication Token")
    services, regions = find_endpoints()
    if not call.host and call.service in services:
        return respond_unsupported(call, f"The service {call.name}")
    if not call.host:
        near = find_near(call.service, services)
        text = f"Credential should be scoped to a valid service, not '{call.service}'.{near}"
        return respond(call, "InvalidSignatureException", text)
    here = get_backend(call.name)[DEFAULT_ACCOUNT_ID]
    # In services that are global for moto, the region is called "aws".
    if call.region in here or "aws" in here:
        return None
    text = f"Credential should be scoped to a valid region, not '{call.region}'."
    if call.region in regions:
        text += f" {call.service} is in {', '.join(each for each in regions if each in here)}."
    else:
        text += find_near(call.region, regions)
    return respond(call, "InvalidSignatureException", text)


def ask_moto(call):
    """Return moto's Response to a Call."""
    stubber = BotocoreStubber()
    stubber.enabled = True
    response = stubber("before-send", call.request)
    failed = response is None or response.status_code >= 400
    if failed and not (response and is_error(response.content)):
        return respond_unsupported(call, call.operation)
    # SDKs would retry a status of 500 or more.
    status = min(response.status_code, 499)
    body = (
        b"" if status == 204 else response.content
    )  # a body after status 204 would break the next response
    return Response(status, body, dict(response.headers.items()))


def is_error(body):
    """Return whether a response's body is an error in AWS's formats, JSON or XML."""
    text = body.strip().lower()
    if text.startswith(b"{"):
        return True
    return text.startswith(b"<") and not text.startswith((b"<!doctype html", b"<html"))


def respond_unsupported(call, what):
    """Return the error for a Call that AWS supports, and this does not."""
    return respond(call, "UnsupportedOperation", f"{what} is not supported by this local AWS")


def respond(call, code, message):
    """Return an error in the service's own format, XML or JSON."""
    status, headers, body = respond_error(code, message, speaks_xml(call))
    if call.service == "s3":
        body = body.replace("<ErrorResponse>", "").replace("</ErrorResponse>", "")
    return Response(status, body.encode(), headers)


def speaks_xml(call):
    """Return whether the service responds in XML."""
    if "x-amz-target" in call.headers:
        return False
    form = "form-urlencoded" in call.headers.get("content-type", "")
    return form or call.service in ("iam", "s3", "sts")


def respond_json(status, content):
    """Return a JSON Response."""
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    return Response(status, json.dumps(content).encode(), headers)
