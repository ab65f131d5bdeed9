"""Serve AWS on this machine, until Ctrl-C, for scripts and AWS CLI in another terminal.

    python -m tests.local_aws [--port 5005] [--after N] [--fail OPERATION=ERROR[:SHARE]]

It prints a line that begins with "export": paste that into the other terminal. It needs no account
and no network. What is in it is gone when it ends. It prints a line for each thing that happens.
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
from tests.local_aws.acted_on import ACTED_ON, find_near
from tests.local_aws.gateway import Call, answer, respond, respond_json
from tests.local_aws.terminal import Terminal, patch_terminal

WELCOME = """\
This is AWS on your machine. Nothing leaves the machine, and nothing costs money.

Paste this long line into a second terminal. After it, the commands of README.md work there:

{line}

If you have no AWS CLI, paste this line, too:

{alias}

The query editor is at http://127.0.0.1:{port}/
Ctrl-C stops it. Everything in it is then gone.
"""

# What else could lead the other terminal to a real account, or change what its commands print.
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
    # With it, SDKs and AWS CLI do not look at AWS_ENDPOINT_URL.
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    # These come before AWS_ENDPOINT_URL.
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
# The reader's own proxy goes on serving everything else. Some programs read small letters only.
NO_PROXY = "${no_proxy:-${NO_PROXY:-localhost}}"  # or * for all, to which nothing can be added

# AWS's words for some errors that --fail can ask for.
FAULT_TEXTS = {
    "AccessDeniedException": "User: arn:aws:iam::123456789012:user/learner is not authorized to"
    " perform: {action} because no identity-based policy allows the {action} action",
    "ThrottlingException": "Rate exceeded",
}
WRONG_KEY = (
    "The security token included in the request is invalid. This local AWS has another access key"
    " each time it starts: paste the line that begins with export again."
)

REPLAY_SPEED = 300  # how much faster time passes while the steps of README.md are done

MAX_BODY = 100 * 2**20  # bytes of a request; a function's zip file is what needs most
THIS_MACHINE = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?")


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of a connection, which stays open for more."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or the body of a response waits 40 ms behind its headers
    timeout = 120  # seconds in which nothing comes, after which the connection is closed

    def answer(self):
        """Answer a request."""
        try:
            length = int(self.headers.get("Content-Length", 0))
        except ValueError:
            length = -1
        if length < 0 or "Transfer-Encoding" in self.headers:
            self.send_error(HTTPStatus.LENGTH_REQUIRED, "A request has to have a Content-Length")
            return
        if not self.comes_from_here():
            self.send_error(HTTPStatus.FORBIDDEN, "Only requests of this machine are answered")
            return
        if length > MAX_BODY:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large")
            return
        body = self.rfile.read(length)
        if "Authorization" in self.headers:
            call = Call(self.command, self.path, self.headers, body)
        else:
            response = page.respond(self.command, self.path, self.server.mappings)
            if response:
                self.respond(response)
                return
            call = page.read_call(self.command, self.path, self.headers, body, self.server)
        response = self.refuse_stranger(call) or self.fail_as_asked(call)
        self.respond(response or answer(call, f"http://{self.headers['Host']}"))

    def fail_as_asked(self, call):
        """Return the error that --fail asks for, None if it asks for none now."""
        if not self.server.faults or not call.host:
            return None
        code, share = self.server.faults.get(call.operation, (None, 0))
        if random.random() >= share:
            return None
        action = f"{call.service}:{call.operation}"
        text = FAULT_TEXTS.get(code, "This local AWS was started with --fail {action}={code}")
        return respond(call, code, text.format(action=action, code=code))

    def refuse_stranger(self, call):
        """Return AWS's error for an access key that is not this server's, else None."""
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
        """Return whether no page of another server has made the browser send this request."""
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
        if has_body and self.command != "HEAD":  # or it would be the start of the next answer
            self.wfile.write(response.body)

    def send_error(self, code, message=None, explain=None):
        """Send an error as AWS would, not in HTML, and end the connection."""
        content = {"__type": "InvalidRequest", "message": message or HTTPStatus(code).phrase}
        response = respond_json(code, content)
        response.headers["Connection"] = "close"  # send_header() knows what that means
        self.respond(response)

    def log_message(self, format, *values):
        """Show a line about a request, with --verbose."""
        if self.server.verbose:
            headers = getattr(self, "headers", {})  # there are none of what is no HTTP
            say(f"# {format % values} {headers.get('X-Amz-Target', '')}".rstrip())


class Server(socketserver.ThreadingTCPServer):
    """Serves each connection in a thread, and ends without waiting for them.

    access_key: the one that it knows. Nobody else on this machine can guess it.
    mappings: the Mappings, see mapping.py; running() sets them.
    verbose: show a line about each request.
    faults: {operation: (error code, share of the calls that fail with it)}.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, verbose=False):
        self.verbose, self.faults, self.mappings = verbose, {}, None
        self.access_key = f"LOCAL{secrets.token_hex(16).upper()}"
        super().__init__(("127.0.0.1", port), Handler)
        self.port = self.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}"

    def handle_error(self, request, client_address):
        """Say nothing about a client that went away; an error of our own shows as what it is."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            with contextlib.suppress(OSError):  # of a full disk, or a closed pipe
                super().handle_error(request, client_address)


def build_line(server):
    """Return the command with which another terminal gets to this AWS, and to no other."""
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
    """Print a line at once. What cannot be printed, on a full disk for instance, is left out."""
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)


def read_fault(text):
    """Return operation, error code and share in a value of --fail."""
    found = re.fullmatch(r"(\w+)=(\w+)(?::(0?\.[0-9]+|1|1\.0))?", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not OPERATION=ERROR or OPERATION=ERROR:0.5")
    operation, code, share = found.groups()
    known = {name for operations in ACTED_ON.values() for name in operations}
    if operation not in known:
        near = find_near(operation, known)
        raise argparse.ArgumentTypeError(f"{operation} is not an operation of this AWS.{near}")
    return operation, (code, float(share or 1))


def replay(number, line):
    """Do the README's steps up to one; return the command that sets the variables that they set."""
    from tests.walkthrough import replay  # which needs this package

    return replay.replay(number, line)


def serve(port=5005, verbose=False, speed=1, faults=None, after=0):
    """Serve until Ctrl-C or SIGTERM; return 0, or for sys.exit() what is wrong.

    after: the step of README.md up to which everything is done before that.
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
            line, alias = build_line(server), build_alias()
            if after:
                say(f"Doing the steps 1 to {after} of README.md ...")
                line += f"; {replay(after, line)}"
                aws.speed = aws.functions.speed = speed
            server.faults = faults or {}
            say(WELCOME.format(line=line, alias=alias, port=server.port))
            while True:
                time.sleep(0.5)
                terminal.tell_waiting()
    except (OSError, OverflowError) as error:
        return f"Port {port} cannot be used, try another one with --port: {error}"
    except KeyboardInterrupt:
        terminal.end()
        say("Stopped. Everything that was in it is gone.")
    return 0


def main():
    """Read the options, and serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=5005, help="where to listen (default: 5005)")
    parser.add_argument(
        "--fail",
        type=read_fault,
        action="append",
        default=[],
        metavar="OPERATION=ERROR[:SHARE]",
        help="let calls fail, all or a share: WriteRecords=ThrottlingException:0.5",
    )
    parser.add_argument(
        "--after",
        type=int,
        default=0,
        choices=range(1, 14),
        metavar="N",
        help="do the steps of README.md up to N first",
    )
    parser.add_argument("--verbose", action="store_true", help="show a line about each request")
    options = parser.parse_args()
    sys.stdout.reconfigure(errors="backslashreplace")  # a query can hold any letter
    return serve(options.port, options.verbose, faults=dict(options.fail), after=options.after)
