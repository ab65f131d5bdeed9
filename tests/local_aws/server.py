"""Serve AWS on this machine, until Ctrl-C, for scripts and AWS CLI in another terminal.

    python -m tests.local_aws [--port 5005] [--verbose]

It prints a line that begins with "export": paste that into the other terminal. It needs no account
and no network, and writes nothing to disk. Then it prints a line for each thing that happens.
"""

import argparse
import os
import re
import shlex
import signal
import socketserver
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

from tests import local_aws
from tests.environment import AWS_SETTINGS
from tests.local_aws.function import find_terminal
from tests.local_aws.gateway import Call, Response, answer, respond_json
from tests.local_aws.terminal import Terminal, patch_terminal

WELCOME = """\
This is AWS on your machine. Nothing leaves the machine, and nothing costs money.

Paste this long line into a second terminal. After it, the commands of README.md work there:

{line}

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

MAX_BODY = 100 * 2**20  # bytes of a request; a function's zip file is what needs most
THIS_MACHINE = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?")
PAGE = Path(__file__).with_name("page.html")
PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    # The page needs nothing from elsewhere, and no page elsewhere can put it into a frame.
    "Content-Security-Policy": "default-src 'self' 'unsafe-inline' data: blob:;"
    " frame-ancestors 'none'",
}


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
        if self.is_for_page():
            self.respond(Response(200, PAGE.read_bytes(), PAGE_HEADERS))
        else:
            call = Call(self.command, self.path, self.headers, body)
            self.respond(answer(call, f"http://{self.headers['Host']}"))

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = answer

    def comes_from_here(self):
        """Return whether no page of another server has made the browser send this request."""
        host = self.headers.get("Host", "")
        return (
            THIS_MACHINE.fullmatch(host) is not None
            and self.headers.get("Origin", f"http://{host}") == f"http://{host}"
        )

    def is_for_page(self):
        """Return whether this is a browser; what is signed is for a service, such as S3."""
        return (
            self.command in ("GET", "HEAD")
            and urlsplit(self.path).path == "/"
            and "Authorization" not in self.headers
        )

    def respond(self, response):
        """Send a Response."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        headers["content-length"] = len(response.body)
        self.log_request(response.status)
        self.send_response_only(response.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
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

    terminal: shows what happens, see terminal.py.
    verbose: show a line about each request.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, terminal, verbose=False):
        self.terminal, self.verbose = terminal, verbose
        super().__init__(("127.0.0.1", port), Handler)

    def service_actions(self):
        """Do what is to be done now and then, which is twice a second."""
        self.terminal.tell_waiting()

    def handle_error(self, request, client_address):
        """Say nothing about a client that went away; an error of our own shows as what it is."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def build_line(port):
    """Return the command with which another terminal gets to this AWS, and to no other."""
    settings = AWS_SETTINGS | {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
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
    """Print a line at once. Whoever closes the pipe ends the program, also from another thread."""
    try:
        # Not to a function's log: that its readings are stored, for instance, its thread tells.
        print(line, file=find_terminal(), flush=True)
    except BrokenPipeError:
        os._exit(1)


def main():
    """Serve until Ctrl-C or SIGTERM; return 0, or for sys.exit() what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=5005, help="where to listen (default: 5005)")
    parser.add_argument("--verbose", action="store_true", help="show a line about each request")
    options = parser.parse_args()
    sys.stdout.reconfigure(errors="backslashreplace")  # a query can hold any letter
    terminal = Terminal(say)
    try:
        server = Server(options.port, terminal, options.verbose)
    except (OSError, OverflowError) as error:
        return f"Port {options.port} cannot be used, try another one with --port: {error}"
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with server, local_aws.running(report=terminal), patch_terminal(terminal):
            port = server.server_address[1]
            say(WELCOME.format(line=build_line(port), port=port))
            server.serve_forever()
    except KeyboardInterrupt:
        terminal.end()
        say("Stopped. Everything that was in it is gone.")
    return 0
