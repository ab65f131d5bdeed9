"""What a request to this machine asks of AWS, and moto's response to it.

A request says in its signature to which service and region it goes. moto wants it under the host
that the service has on AWS. What goes wrong there becomes an error in the form that the service
has on AWS, so that SDKs and AWS CLI show it in a line, and do not retry.
"""

import functools
import json
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import create_loader
from botocore.model import OperationNotFoundError
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.botocore_stubber import BotocoreStubber

from tests.local_aws.of_moto import find_unsupported

# The services that are here, by their names in a signature, and their hosts on AWS.
HOSTS = {
    "iam": "iam.amazonaws.com",
    "kinesis": "kinesis.{region}.amazonaws.com",
    "lambda": "lambda.{region}.amazonaws.com",
    "logs": "logs.{region}.amazonaws.com",
    "sqs": "sqs.{region}.amazonaws.com",
    "sts": "sts.{region}.amazonaws.com",
    # Queries have another host on AWS, but not for moto.
    "timestream": "ingest.timestream.{region}.amazonaws.com",
}
# What they are for botocore, where that is not the same.
SERVICES = {"monitoring": "cloudwatch", "timestream": "timestream-write"}

SIGNATURE = re.compile(r"Credential=[^/,]*/[0-9]{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
QUEUE_URLS = ["CreateQueue", "GetQueueUrl", "ListQueues", "ListDeadLetterSourceQueues"]


@dataclass
class Response:
    """What is sent back."""

    status: int
    body: bytes
    headers: dict = field(default_factory=dict)


class Call:
    """What a request asks for.

    service, region: as they stand in its signature; None if it has none.
    """

    def __init__(self, method, path, headers, body):
        self.method, self.path = method, path
        self.body = body.encode() if isinstance(body, str) else body
        self.headers = {name.lower(): read_header(value) for name, value in headers.items()}
        found = SIGNATURE.search(self.headers.get("authorization", ""))
        self.region, self.service = found.groups() if found else (None, None)
        self.host = HOSTS.get(self.service, "").format(region=self.region)
        self.name = SERVICES.get(self.service, self.service)

    @functools.cached_property
    def operation(self):
        """The name that AWS has for what is asked: from a header, a form, or method and path."""
        if "x-amz-target" in self.headers:
            return self.headers["x-amz-target"].rpartition(".")[2]
        if self.has_form():
            return self.read_form().get("Action", "No action")
        routes = list_routes(self.name) if self.host else []
        for route in routes:
            if route["method"] == self.method and route["path"].fullmatch(self.read_path()):
                return route["operation"]
        return f"{self.method} {self.read_path() or '/'}"

    def read_parameters(self):
        """Return the operation's parameters: from a form, or from path and JSON."""
        if self.has_form():
            return self.read_form()
        parameters = {}
        routes = [] if "x-amz-target" in self.headers else list_routes(self.name)
        for route in routes:
            if route["operation"] == self.operation:
                found = route["path"].fullmatch(self.read_path())
                parameters = {name: unquote(text) for name, text in found.groupdict().items()}
        try:
            content = json.loads(self.body or "{}")
        except ValueError:
            return parameters
        return parameters | content if isinstance(content, dict) else parameters

    def has_form(self):
        """Return whether the body is what a form in HTML would send."""
        return "form-urlencoded" in self.headers.get("content-type", "")

    def read_form(self):
        """Return the first value of each name in such a body."""
        form = parse_qs(self.body.decode(errors="replace"))
        return {name: values[0] for name, values in form.items()}

    def read_path(self):
        """Return the path without its query, and without a slash at its end."""
        return urlsplit(self.path).path.rstrip("/")


@functools.lru_cache
def list_routes(service):
    """Return method, path and name of a service's operations, but those at the path / alone."""
    routes = []
    for name, operation in describe_service(service)["operations"].items():
        path = operation["http"]["requestUri"].partition("?")[0].rstrip("/")
        # {FunctionName} stands for a part of the path.
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
        if path:
            route = {"method": operation["http"]["method"], "operation": name}
            routes.append(route | {"path": re.compile(pattern)})
    return routes


@functools.lru_cache
def describe_service(service):
    """Return what botocore knows of a service."""
    return create_loader().load_service_model(service, "service-2")


def read_header(value):
    """Return the value of a header as text."""
    return value.decode() if isinstance(value, bytes) else str(value)


def answer(call, address):
    """Return the Response to a Call, be it an error.

    address: where this server is, as the client knows it.
    """
    try:
        return find_refusal(call) or find_answer(call, address)
    except (NotImplementedError, OperationNotFoundError):  # moto's words for it
        return refuse_unsupported(call, call.operation)
    except Exception as error:  # whatever it is, the reader gets it as a line
        text = f"{call.operation} failed in this local AWS: {type(error).__name__}: {error}"
        return refuse(call, "InternalFailure", text)


def find_answer(call, address):
    """Return the Response to a Call of a service that is here."""
    if call.service == "timestream" and call.operation == "DescribeEndpoints":
        endpoint = {"Address": address, "CachePeriodInMinutes": 1440}
        return respond_json(200, {"Endpoints": [endpoint]})
    response = ask_moto(call)
    if call.service == "sqs" and call.operation in QUEUE_URLS:
        response.body = response.body.replace(f"https://{call.host}".encode(), address.encode())
    return response


def find_refusal(call):
    """Return the Response to a Call that cannot be passed on, or None."""
    if not call.service:
        return refuse(call, "MissingAuthenticationToken", "The request is not signed")
    if not call.host:
        return refuse_unsupported(call, f"The service {call.name}")
    regions = get_backend(call.name)[DEFAULT_ACCOUNT_ID]
    # "aws" stands for all of them, in services that have no regions for moto.
    if call.region not in regions and "aws" not in regions:
        return refuse_unsupported(call, f"The service {call.service} in region {call.region}")
    parameters = call.read_parameters().keys() - {"Action", "Version"}  # in a form, they are AWS's
    what = find_unsupported(call.service, call.operation, sorted(parameters))
    return refuse_unsupported(call, what) if what else None


def ask_moto(call):
    """Return moto's Response to a Call, as its clients in this process get it."""
    url = f"https://{call.host}{call.path}"
    headers = {name: value for name, value in call.headers.items() if name != "host"}
    request = AWSPreparedRequest(call.method, url, headers, call.body, stream_output=False)
    stubber = BotocoreStubber()
    stubber.enabled = True
    response = stubber("before-send", request)
    failed = response is None or response.status_code >= 400
    if failed and not (response and is_error(response.content)):
        return refuse_unsupported(call, call.operation)
    # An SDK would retry what has failed with 500 or more.
    status = min(response.status_code, 499)
    return Response(status, response.content, dict(response.headers.items()))


def is_error(body):
    """Return whether the body of a response is an error as AWS writes it: JSON or XML."""
    text = body.strip().lower()
    if text.startswith(b"{"):
        return True
    return text.startswith(b"<") and not text.startswith((b"<!doctype html", b"<html"))


def refuse_unsupported(call, what):
    """Return the Response to a Call that AWS may know, but this does not."""
    return refuse(call, "UnsupportedOperation", f"{what} is not supported by this local AWS")


def refuse(call, code, message):
    """Return an error in the form that the service has on AWS: XML or JSON."""
    if not speaks_xml(call):
        return respond_json(400, {"__type": code, "message": message})
    error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    if call.service != "s3":  # which is refused as a whole
        error = f"<ErrorResponse>{error}</ErrorResponse>"
    return Response(400, error.encode(), {"Content-Type": "text/xml"})


def speaks_xml(call):
    """Return whether the service has its responses in XML."""
    if "x-amz-target" in call.headers:
        return False
    if call.has_form():
        return True
    try:
        protocol = describe_service(call.name)["metadata"]["protocol"]
    except (UnknownServiceError, TypeError):  # TypeError: it has no name
        return False
    return protocol in ("query", "ec2", "rest-xml")


def respond_json(status, content):
    """Return a Response in JSON."""
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    return Response(status, json.dumps(content).encode(), headers)
