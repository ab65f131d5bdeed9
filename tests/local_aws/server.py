"""Serve AWS on this machine, until Ctrl-C, for scripts and AWS CLI in another terminal.

    python -m tests.local_aws [--port 5005] [--verbose]

It prints a line that begins with "export": paste that in the other terminal. It needs `openssl`, no
account, no Docker, no network. Then it prints a line for each thing that happens by itself.
"""

import argparse
import os
import shlex
import shutil
import signal
from http.server import ThreadingHTTPServer
from pathlib import Path

from moto.moto_proxy import logger
from moto.moto_proxy.proxy3 import CertificateCreator, ProxyRequestHandler

from tests import local_aws
from tests.environment import PROXIES, SETTINGS

WELCOME = """\
This is AWS on this machine: moto, and nothing leaves the machine. Ctrl-C ends it and forgets all.
Paste this line into another terminal. After it, the commands of README.md work there:
"""

# What could lead the other terminal to a real account, or change what its commands print.
UNSET = (
    "AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_ENDPOINT_URL "
    "AWS_CREDENTIAL_EXPIRATION AWS_DATA_PATH AWS_USE_FIPS_ENDPOINT AWS_USE_DUALSTACK_ENDPOINT "
    "AWS_DEFAULT_OUTPUT"
)


class Handler(ProxyRequestHandler):
    """moto's handler of a request."""

    def end_headers(self):
        """End the headers; say that the connection is used once, or a client uses it again."""
        if self.command != "CONNECT":
            self.send_header("Connection", "close")
        super().end_headers()

    def log_message(self, format, *values):
        """Hand a line about a request to moto's log, which shows it with --verbose."""
        logger.debug(format, *values)


class Server(ThreadingHTTPServer):
    """Serves each connection in a thread, and ends without waiting for them."""

    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Print nothing about a client that went away."""


def build_line(port):
    """Return the command with which another terminal gets to this AWS, and to no other."""
    settings = (
        SETTINGS
        | dict.fromkeys(PROXIES, f"http://127.0.0.1:{port}")
        | {
            **dict.fromkeys(["NO_PROXY", "no_proxy", "AWS_PAGER"], ""),
            "AWS_CA_BUNDLE": CertificateCreator.cacert,
            "AWS_CONFIG_FILE": str(Path(__file__).with_name("config")),
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        }
    )
    words = (f"{name}={shlex.quote(value)}" for name, value in settings.items())
    return f"export {' '.join(words)}; unset {UNSET}"


def say(line):
    """Print a line at once. Whoever closes the pipe ends the program, also from another thread."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        os._exit(1)


def main():
    """Serve until Ctrl-C or SIGTERM; return 0, or for sys.exit() what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=5005, help="where to listen (default: 5005)")
    parser.add_argument("--verbose", action="store_true", help="show moto's log of each request")
    options = parser.parse_args()
    logger.setLevel("DEBUG" if options.verbose else "ERROR")
    if not shutil.which("openssl"):
        return "openssl is missing: moto's proxy makes its certificates with it"
    CertificateCreator().validate()
    try:
        server = Server(("127.0.0.1", options.port), Handler)
    except (OSError, OverflowError) as error:
        return f"Port {options.port} cannot be used, try another one with --port: {error}"
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with server, local_aws.running(report=say):
            say(f"{WELCOME}\n{build_line(server.server_port)}\n")
            server.serve_forever()
    except KeyboardInterrupt:
        say("Ended, and all that was in it is gone.")
    return 0
