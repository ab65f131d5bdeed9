"""Lambda functions: they run, and they take a moment to be created and updated, as on AWS.

moto only stores functions, and would need Docker to run them. Here each concurrent invocation has
its own process, see function_process.py. Like a warm container, the process is kept for the next
invocation until code or configuration change. Its output goes to CloudWatch Logs.
"""

import base64
import contextlib
import copy
import io
import json
import tempfile
import time
import uuid
import zipfile
from datetime import datetime, timezone
from types import SimpleNamespace
from unittest import mock
from urllib.parse import unquote

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.core.exceptions import JsonRESTError
from moto.core.utils import utcnow
from moto.iam.exceptions import NotFoundException as IAMNotFoundException
from moto.iam.models import iam_backends

from tests.environment import SETTINGS
from tests.local_aws.function_invocation import Invocation, Processes, describe_runtime
from tests.local_aws.function_process import FunctionProcess, unpack
from tests.local_aws.supported import unsupported

ROLE_DELAY = 5  # seconds until a new role can be used
CHANGE_DELAY = 1  # seconds until a new or updated function is ready

MAX_EVENT = 6 * 2**20  # bytes
MAX_ZIPPED = 50 * 2**20
MAX_UNZIPPED = 250 * 2**20
MAX_TAGS = 50
MAX_NAME = 64

# The fields of a function's configuration that come from moto.
FIELDS = [
    "Architectures",
    "CodeSha256",
    "CodeSize",
    "Description",
    "EphemeralStorage",
    "FunctionArn",
    "FunctionName",
    "Handler",
    "MemorySize",
    "PackageType",
    "Role",
    "Runtime",
    "SnapStart",
    "Timeout",
    "TracingConfig",
    "Version",
]
# Fields that ListFunctions does not show.
NOT_LISTED = [
    "LastUpdateStatus",
    "LastUpdateStatusReason",
    "LastUpdateStatusReasonCode",
    "RuntimeVersionConfig",
    "State",
    "StateReason",
    "StateReasonCode",
]
REASON = "The function is being created."  # AWS says so about updates as well

configure = LambdaFunction.get_configuration
answer_invoke = LambdaResponse.invoke
create_function = LambdaBackend.create_function
delete_function = LambdaBackend.delete_function
get_function = LambdaBackend.get_function
tag_resource = LambdaBackend.tag_resource
update_function_code = LambdaBackend.update_function_code
update_function_configuration = LambdaBackend.update_function_configuration
enrich = LambdaResponse._enrich_response


class Conflict(LambdaClientError):
    """The error for an operation that is not possible at the moment."""

    code = 409

    def __init__(self, reason):
        message = f"The operation cannot be performed at this time. {reason}"
        super().__init__("ResourceConflictException", message)


class TooLarge(LambdaClientError):
    """The error for a request or a zip file that is too large."""

    code = 413

    def __init__(self, message):
        super().__init__("RequestEntityTooLargeException", message)


class NotReachable(LambdaClientError):
    """The error for a function in another region."""

    code = 404

    def __init__(self, theirs, ours):
        message = f"Functions from '{theirs}' are not reachable in this region ('{ours}')"
        super().__init__("ResourceNotFoundException", message)


def raise_error(message, code="InvalidParameterValueException"):
    """Raise one of Lambda's errors."""
    raise LambdaClientError(code, message)


# Lambda's operations


def split_name(name):
    """Split a function's name or ARN into name and qualifier."""
    name = name.partition(":function:")[2] or name
    name, _, qualifier = name.partition(":")
    return name, qualifier


def read_name(backend, name, qualifier):
    """Split a name or ARN into name and qualifier; refuse another region, and two qualifiers."""
    if name.startswith("arn:") and name.split(":")[3] != backend.region_name:
        raise NotReachable(name.split(":")[3], backend.region_name)
    name, named = split_name(name)
    if qualifier and named and qualifier != named:
        raise_error(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return name, qualifier or named or None


def find_function(backend, name, qualifier=None):
    """Return a function; $LATEST is the only version that exists."""
    return get_function(backend, *read_name(backend, name, qualifier))


def check_package(zip_file):
    """Refuse a zip file that cannot be unpacked; it is base64-encoded, as in a request."""
    package = base64.b64decode(zip_file or "")
    if len(package) > MAX_ZIPPED:
        raise TooLarge(f"Zipped size must be smaller than {MAX_ZIPPED} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            is_too_large = sum(file.file_size for file in archive.infolist()) >= MAX_UNZIPPED
        if not is_too_large:
            with tempfile.TemporaryDirectory() as folder:
                unpack(package, folder)
    except Exception:  # zipfile raises many different ones
        raise_error(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        )
    if is_too_large:
        raise_error(f"Unzipped size must be smaller than {MAX_UNZIPPED} bytes")


def check_tags(tags):
    """Refuse too many tags for a function or a mapping."""
    if len(tags) > MAX_TAGS:
        raise_error("Number of tags exceeds resource tag limit.")


def add_tags(backend, arn, tags):
    """Add tags to a function or a mapping."""
    if not tags:
        raise_error("An error occurred and the request cannot be processed.")
    check_tags(backend.list_tags(arn) | tags)
    tag_resource(backend, arn, tags)


def answer_tagged(response):
    """Answer TagResource, with AWS's status 204."""
    arn = unquote(response.path.rpartition("/")[2])
    response.backend.tag_resource(arn, response.json_body["Tags"])
    return 204, {"status": 204}, ""


def answer_invoked(response):
    """Answer Invoke. moto looks for "qualifier", and if there is none, in the event, too."""
    response.querystring["qualifier"] = response.querystring.get("Qualifier", [None])
    return answer_invoke(response)


def is_changing(function):
    """Return whether a function is being created or updated."""
    return time.monotonic() < function.changed


def check_state(function):
    """Refuse to change a function while it is being created or updated."""
    if is_changing(function) and function.before is None:
        raise Conflict("The function is currently in the following state: Pending")
    if is_changing(function):
        arn = function.function_arn
        raise Conflict(f"An update is in progress for resource: {arn}")


def describe_function(function, on_create=False):
    """Return a function's configuration with AWS's fields; replaces moto's method."""
    fields = configure(function, on_create)
    fields = {name: fields[name] for name in FIELDS}
    fields["LastModified"] = function.modified
    fields["LoggingConfig"] = {"LogFormat": "Text", "LogGroup": function.logs_group_name}
    fields["RuntimeVersionConfig"] = {"RuntimeVersionArn": describe_runtime(function)[1]}
    changing = is_changing(function)
    fields["RevisionId"] = function.revisions[0 if changing else 1]
    if changing and function.before is None:
        fields |= {"State": "Pending", "StateReason": REASON, "StateReasonCode": "Creating"}
    elif changing:
        reason = {"LastUpdateStatusReason": REASON, "LastUpdateStatusReasonCode": "Creating"}
        fields |= {"State": "Active", "LastUpdateStatus": "InProgress", **reason}
    else:
        fields |= {"State": "Active", "LastUpdateStatus": "Successful"}
    return fields


def list_functions(response):
    """Answer ListFunctions, which leaves out states."""
    functions = [describe_function(function) for function in response.backend.list_functions()]
    for fields in functions:
        for name in NOT_LISTED:
            fields.pop(name, None)
    return json.dumps({"Functions": functions})


class Functions:
    """Replaces some of the methods of moto's LambdaBackend.

    server: the Server, which functions call.
    speed: how many times faster time passes.
    """

    def __init__(self, server, speed):
        self.server, self.speed = server, speed
        self.processes = []  # the Processes of all functions

    def begin_change(self, function, before):
        """Mark a function as created or updated; this takes effect after a moment.

        before: the version that runs until then, None if the function is new.
        """
        if before and before.before:
            before.before.processes.retire()
            before.before = None
        function.before = before
        function.changed = time.monotonic() + CHANGE_DELAY / self.speed
        moment = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        function.modified = moment.replace("+00:00", "+0000")
        function.revisions = [str(uuid.uuid4()), str(uuid.uuid4())]
        function.processes = Processes()
        self.processes.append(function.processes)

    def check_role(self, backend, arn):
        """Refuse a role that is too new to be assumed."""
        try:
            role = iam_backends[backend.account_id][backend.partition].get_role_by_arn(arn)
        except IAMNotFoundException:
            return  # moto refuses it
        if (utcnow() - role.create_date).total_seconds() < ROLE_DELAY / self.speed:
            raise_error("The role defined for the function cannot be assumed by Lambda.")

    def create(self, backend, spec):
        """Create a function."""
        name, qualifier = read_name(backend, spec["FunctionName"], None)
        if qualifier not in (None, "$LATEST"):
            raise unsupported(f"FunctionName {spec['FunctionName']}")
        spec["FunctionName"] = name
        if len(name) > MAX_NAME:
            raise_error(
                f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy"
                f" constraint: Member must have length less than or equal to {MAX_NAME}"
            )
        if not spec.get("Runtime") or not spec.get("Handler"):
            raise_error(
                "Runtime and Handler are mandatory parameters for functions created with"
                " deployment packages."
            )
        check_tags(spec.get("Tags") or {})
        check_package(spec.get("Code", {}).get("ZipFile"))
        self.check_role(backend, spec["Role"])
        function = create_function(backend, spec)
        self.begin_change(function, None)
        return function

    def update_code(self, backend, name, qualifier, body):
        """Replace a function's code."""
        function = backend.get_function(name, qualifier)
        check_state(function)
        check_package(body.get("ZipFile"))
        self.begin_change(function, copy.copy(function))
        return update_function_code(backend, name, qualifier, body)

    def update_configuration(self, backend, name, qualifier, body):
        """Change a function's configuration."""
        function = backend.get_function(name, qualifier)
        check_state(function)
        if body.get("Role"):
            self.check_role(backend, body["Role"])
        self.begin_change(function, copy.copy(function))
        return update_function_configuration(backend, name, qualifier, body)

    def delete(self, backend, name, qualifier=None):
        """Delete a function, and end its processes."""
        name, qualifier = read_name(backend, name, qualifier)
        if qualifier == "$LATEST":
            raise_error("$LATEST version cannot be deleted without deleting the function.")
        function = backend.get_function(name)
        if qualifier:
            raise unsupported(f"Qualifier {qualifier}")
        delete_function(backend, name)
        if function.before:
            function.before.processes.end_all()
        function.processes.end_all()

    def find_running(self, function):
        """Return the version that runs now: the previous one during an update."""
        if not is_changing(function):
            if function.before:
                function.before.processes.retire()
            return function
        if function.before is None:
            check_state(function)
        return self.find_running(function.before)

    def make_process(self, function):
        """Start a process for a function."""
        moment = datetime.now(timezone.utc)
        log_stream = f"{moment:%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
        variables = SETTINGS | {
            "_HANDLER": function.handler,
            "AWS_ACCESS_KEY_ID": self.server.access_key,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_ENDPOINT_URL": self.server.address,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
            "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
            "AWS_REGION": function.region,
            "LANG": "en_US.UTF-8",
            "NO_PROXY": "127.0.0.1",
            "TZ": ":UTC",
            "no_proxy": "127.0.0.1",
        }
        process = FunctionProcess(function.code_bytes, variables, function.memory_size)
        process.log_stream = log_stream
        return process

    def invoke(self, backend, name, qualifier, body, headers, response_headers):
        """Run a function."""
        name, qualifier = read_name(backend, name, qualifier)
        function = backend.get_function(name, qualifier or "$LATEST")
        event = body.encode() if isinstance(body, str) else body or b""
        if len(event) > MAX_EVENT:
            text = (
                f"Request must be smaller than {MAX_EVENT} bytes for the InvokeFunction operation"
            )
            raise TooLarge(text)
        try:
            json.loads(event or b"{}")
        except (ValueError, RecursionError) as error:
            text = "Could not parse request body into json: Could not parse payload into json: "
            raise_error(text + str(error), "InvalidRequestContentException")
        if headers.get("X-Amz-Invocation-Type") == "DryRun":
            return ""
        arn = function.function_arn + (f":{qualifier}" if qualifier else "")
        invocation = Invocation(self.find_running(function), arn)
        payload = invocation.run((event or b"{}").decode(), self.make_process)
        response_headers["x-amzn-requestid"] = invocation.request_id
        response_headers["X-Amz-Executed-Version"] = "$LATEST"
        if invocation.error:
            response_headers["x-amz-function-error"] = "Unhandled"
        tail = base64.b64encode(invocation.find_tail())
        response_headers["x-amz-log-result"] = tail.decode()
        return payload


def keep_request_id(headers, body):
    """Keep the request id of an invocation, which its log has as well; moto would replace it."""
    request_id = headers.get("x-amzn-requestid")
    headers, body = enrich(headers, body)
    if request_id:
        headers["x-amzn-requestid"] = request_id
    return headers, body


def set_error_body(error, code, message):
    """Replace the constructor of moto's errors: Lambda's have other keys in their bodies."""
    JsonRESTError.__init__(error, code, message)
    name = "Message" if code == "ResourceNotFoundException" else "message"
    error.description = json.dumps({"Type": "User", name: message, "__type": code})


def bind(action):
    """Return a method for LambdaBackend that calls a method of Functions."""
    return lambda backend, *arguments, **named: action(backend, *arguments, **named)


@contextlib.contextmanager
def patch_functions(server, speed):
    """Make moto's functions run, and take a moment to change; yield the Functions."""
    functions = Functions(server, speed)
    with (
        mock.patch.multiple(
            LambdaBackend,
            create_function=bind(functions.create),
            delete_function=bind(functions.delete),
            get_function=find_function,
            invoke=bind(functions.invoke),
            tag_resource=add_tags,
            update_function_code=bind(functions.update_code),
            update_function_configuration=bind(functions.update_configuration),
        ),
        mock.patch.object(LambdaFunction, "get_configuration", describe_function),
        mock.patch.multiple(
            LambdaResponse,
            _enrich_response=staticmethod(keep_request_id),
            invoke=answer_invoked,
            list_functions=list_functions,
            tag_resource=answer_tagged,
        ),
        mock.patch.object(LambdaClientError, "__init__", set_error_body),
        # moto's limit for a response is below AWS's, which Invocation.read() checks.
        mock.patch("moto.awslambda.responses.sys", SimpleNamespace(getsizeof=lambda payload: 0)),
    ):
        try:
            yield functions
        finally:
            for processes in functions.processes:
                processes.end_all()
