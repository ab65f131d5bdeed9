"""Serve AWS on this machine, until Ctrl-C, for scripts and AWS CLI in another terminal.

    python -m tests.local_aws [--port 5005] [--after N] [--fail OPERATION=ERROR[:SHARE]]

It prints a line that begins with "export": paste that into the other terminal. It needs no account
and no network. It logs every event, and forgets everything when it ends.
"""

import argparse
import contextlib
import hmac
import random
import re
import secrets
import shlex
import signal
import socketserver
import sys
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests import local_aws
from tests.aws_cli import build_alias
from tests.environment import AWS_SETTINGS
from tests.local_aws import page
from tests.local_aws.gateway import Call, answer_call, respond, respond_json
from tests.local_aws.supported import SUPPORTED, find_near
from tests.local_aws.terminal import Terminal, describe_fault, patch_terminal

WELCOME = """\
This is AWS on your machine. Nothing leaves your machine, and nothing costs money.

Paste this long line into a second terminal. Then the commands of README.md work there:

{line}

If you do not have the AWS CLI, paste this line as well:

{alias}

The query editor is at http://127.0.0.1:{port}/
Press Ctrl-C to stop it. It then forgets everything.
"""

# Other variables that could point to a real account, or change what commands print.
UNSET = [
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_DATA_PATH",
    "AWS_DEFAULT_OUTPUT",
    "AWS_CLI_AUTO_PROMPT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_ENDPOINT_DISCOVERY_ENABLED",
    # It makes SDKs and AWS CLI ignore AWS_ENDPOINT_URL.
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    # These override AWS_ENDPOINT_URL.
    "AWS_ENDPOINT_URL_CLOUDWATCH",
    "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
    "AWS_ENDPOINT_URL_IAM",
    "AWS_ENDPOINT_URL_KINESIS",
    "AWS_ENDPOINT_URL_LAMBDA",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_TIMESTREAM_QUERY",
    "AWS_ENDPOINT_URL_TIMESTREAM_WRITE",
]
# The reader's own proxy still serves everything else. Some programs only read the lower-case name.
NO_PROXY = "${no_proxy:-${NO_PROXY:-localhost}}"  # "*" means all, and nothing can be added to it

# AWS's words for some errors that --fail can ask for.
FAULT_TEXTS = {
    "AccessDeniedException": "User: arn:aws:iam::123456789012:user/learner is not authorized to"
    " perform: {action} because no identity-based policy allows the {action} action",
    "ThrottlingException": "Rate exceeded",
}
WRONG_KEY = (
    "The security token included in the request is invalid. This local AWS gets a new access key"
    " each time it starts: paste its export line again."
)

REPLAY_SPEED = 300  # how many times faster time passes while --after does README.md's steps
MAX_BODY = 100 * 2**20  # bytes of a request; a function's zip file is the largest
THIS_MACHINE = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?")


class Handler(BaseHTTPRequestHandler):
    """Answers the requests on a connection, which stays open between them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a response's body arrives 40 ms after its headers
    timeout = 120  # seconds of silence after which a connection is closed

    def answer(self):
        """Answer a request."""
        try:
            length = int(self.headers.get("Content-Length", 0))
        except ValueError:
            length = -1
        if length < 0 or "Transfer-Encoding" in self.headers:
            self.send_error(HTTPStatus.LENGTH_REQUIRED, "A request must have a Content-Length")
            return
        if not self.path.startswith("/"):
            self.send_error(HTTPStatus.BAD_REQUEST, "A request's path must begin with a slash")
            return
        if not self.comes_from_here():
            self.send_error(HTTPStatus.FORBIDDEN, "Only requests from this machine are answered")
            return
        if length > MAX_BODY:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large")
            return
        body = self.rfile.read(length)
        if "Authorization" in self.headers:
            call = Call(self.command, self.path, self.headers, body)
        else:
            response = page.respond_to_page(self.command, self.path, self.server.mappings)
            if response:
                self.respond(response)
                return
            call = page.read_call(self.command, self.path, self.headers, body, self.server)
        response = self.refuse_stranger(call) or self.fail_as_asked(call)
        self.respond(response or answer_call(call, f"http://{self.headers['Host']}"))

    def fail_as_asked(self, call):
        """Return the error that --fail asks for, or None."""
        if not self.server.faults or not call.host:
            return None
        code, share = self.server.faults.get(call.operation, (None, 0))
        if random.random() >= share:
            return None
        self.server.show(describe_fault(call.operation, code))
        action = f"{call.service}:{call.operation}"
        text = FAULT_TEXTS.get(code, "This local AWS was started with --fail {action}={code}")
        return respond(call, code, text.format(action=action, code=code))

    def refuse_stranger(self, call):
        """Return AWS's error for any access key but this server's, or None."""
        known = self.server.access_key
        if not call.service or hmac.compare_digest(call.access_key.encode(), known.encode()):
            return None
        code = "UnrecognizedClientException"
        if call.service in ("iam", "sqs", "sts"):
            code = "InvalidClientTokenId"
        response = respond(call, code, WRONG_KEY)
        response.status = 400 if call.service in ("kinesis", "logs", "timestream") else 403
        return response

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = answer

    def comes_from_here(self):
        """Return whether the request is from this machine, and not from another server's page."""
        host = self.headers.get("Host", "")
        return (
            THIS_MACHINE.fullmatch(host) is not None
            and self.headers.get("Origin", f"http://{host}") == f"http://{host}"
        )

    def respond(self, response):
        """Send a Response."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        has_body = response.status != HTTPStatus.NO_CONTENT
        if has_body:
            headers["content-length"] = len(response.body)
        self.log_request(response.status)
        self.send_response_only(response.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if has_body and self.command != "HEAD":  # else it would precede the next response
            self.wfile.write(response.body)

    def send_error(self, code, message=None, explain=None):
        """Send an error as AWS would, not in HTML, and end the connection."""
        content = {"__type": "InvalidRequest", "message": message or HTTPStatus(code).phrase}
        response = respond_json(code, content)
        response.headers["Connection"] = "close"  # send_header() knows what that means
        self.respond(response)

    def log_message(self, format, *values):
        """With --verbose, print a line about a request."""
        if self.server.verbose:
            headers = getattr(self, "headers", {})  # absent if this was not HTTP
            say(f"# {format % values} {headers.get('X-Amz-Target', '')}".rstrip())


class Server(socketserver.ThreadingTCPServer):
    """Serves each connection in a thread, and stops without waiting for the threads.

    access_key: the only one it accepts; nobody else on this machine can guess it.
    mappings: the Mappings of mapping.py, set by running().
    verbose: print a line about each request.
    faults: {operation: (error code, share of calls that fail)}.
    show: called with a line for each call that fails because of --fail.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, verbose=False):
        self.verbose, self.faults, self.show, self.mappings = verbose, {}, say, None
        self.access_key = f"LOCAL{secrets.token_hex(16).upper()}"
        super().__init__(("127.0.0.1", port), Handler)
        self.port = self.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}"

    def handle_error(self, request, client_address):
        """Ignore a client that has disconnected; show the traceback of any other error."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            with contextlib.suppress(OSError):  # a full disk, or a closed pipe
                super().handle_error(request, client_address)


def build_export_line(server):
    """Return the command that points another terminal at this AWS, and at no other."""
    settings = AWS_SETTINGS | {
        "AWS_ACCESS_KEY_ID": server.access_key,
        "AWS_ENDPOINT_URL": server.address,
        "AWS_CONFIG_FILE": str(Path(__file__).with_name("config")),
        "AWS_PAGER": "",
    }
    words = [f"{name}={shlex.quote(value)}" for name, value in settings.items()]
    proxy = f'NO_PROXY="{NO_PROXY},127.0.0.1" no_proxy="{NO_PROXY},127.0.0.1"'
    return (
        f"export {' '.join(words)}; "
        f'[ "{NO_PROXY}" = "*" ] || export {proxy}; '
        f"unset {' '.join(UNSET)}"
    )


def say(line):
    """Print a line at once; ignore errors such as a full disk."""
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)


def read_fault(text):
    """Parse a value of --fail: return the operation, the error code and the share."""
    found = re.fullmatch(r"(\w+)=(\w+)(?::(0?\.[0-9]+|1|1\.0))?", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not OPERATION=ERROR or OPERATION=ERROR:0.5")
    operation, code, share = found.groups()
    known = {name for operations in SUPPORTED.values() for name in operations}
    if operation not in known:
        near = find_near(operation, known)
        raise argparse.ArgumentTypeError(
            f"{operation} is not an operation of this local AWS.{near}"
        )
    return operation, (code, float(share or 1))


def replay(number, line):
    """Do the README's steps up to `number`; return a command that sets their variables."""
    from tests.walkthrough import replay  # not at the top, as it imports this package

    return replay.replay(number, line, say)


def serve(port=5005, verbose=False, speed=1, faults=None, after=0):
    """Serve until Ctrl-C or SIGTERM; return 0, or an error message for sys.exit().

    after: first do README.md's steps up to this one.
    """
    terminal = Terminal(say)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with (
            local_aws.running(
                terminal, REPLAY_SPEED if after else speed, port=port, verbose=verbose
            ) as aws,
            patch_terminal(terminal),
        ):
            server = aws.server
            line, alias = build_export_line(server), build_alias()
            if after:
                say(f"Doing steps 1 to {after} of README.md ...")
                line += f"; {replay(after, line)}"
                aws.speed = aws.functions.speed = speed
            server.faults, server.show = faults or {}, terminal
            say(WELCOME.format(line=line, alias=alias, port=server.port))
            while True:
                time.sleep(0.5)
                terminal.show_due()
    except FileNotFoundError as error:  # there is no bash
        return f"The README's steps cannot be done: {error}"
    except (OSError, OverflowError) as error:
        return f"Port {port} cannot be used. Try another one with --port: {error}"
    except KeyboardInterrupt:
        terminal.end()
        say("Stopped. Everything in it is gone.")
    return 0


def main():
    """Read the options, and serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--port", type=int, default=5005, help="the port to listen on (default: 5005)"
    )
    parser.add_argument(
        "--fail",
        type=read_fault,
        action="append",
        default=[],
        metavar="OPERATION=ERROR[:SHARE]",
        help="make calls fail, all or a share of them: WriteRecords=ThrottlingException:0.5",
    )
    parser.add_argument(
        "--after",
        type=int,
        default=0,
        choices=range(1, 14),
        metavar="N",
        help="first do README.md's steps up to N",
    )
    parser.add_argument("--verbose", action="store_true", help="print a line about each request")
    options = parser.parse_args()
    sys.stdout.reconfigure(errors="backslashreplace")  # a query can contain any character
    return serve(options.port, options.verbose, faults=dict(options.fail), after=options.after)
