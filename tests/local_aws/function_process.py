"""Starts, calls and ends a function's process, which has its own folder.

The process runs function_runtime.py, so that no function can hang or end the server.
"""

import contextlib
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from multiprocessing.connection import wait
from pathlib import Path

import boto3

RUNTIME = str(Path(__file__).with_name("function_runtime.py"))
PACKAGES = str(Path(boto3.__file__).parent.parent)  # site-packages: Lambda provides the SDK, too
MEMORY_INTERVAL = 0.05  # seconds between two measurements of a process's memory
MAX_LOG = 2**20  # bytes of an invocation's log that are kept
MAX_MESSAGE = 100 * 2**20  # bytes; JSON can need 12 for a character


class ProcessEnded(Exception):
    """A function's process ended before it responded; the message is Lambda's reason."""


def unpack(package, folder):
    """Unpack a zip file; extractall() keeps every path inside the folder."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        archive.extractall(folder)


def measure_memory(process_id):
    """Return a process's peak memory in megabytes; without /proc, its current memory.

    resource.getrusage() cannot be used: a new process inherits its parent's peak.
    """
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process_id}/status").read_text())
    except FileNotFoundError:
        command = ["ps", "-o", "rss=", "-p", str(process_id)]
        found = re.search(r"(\d+)", subprocess.run(command, capture_output=True, text=True).stdout)
    return int(found[1]) // 1024 if found else 0


class FunctionProcess:
    """A process that runs a function, one call at a time.

    package: the function's zip file.
    variables: its environment variables, except those for its folders.
    memory_size: its memory limit in megabytes.
    """

    def __init__(self, package, variables, memory_size):
        self.memory_size, self.memory_used = memory_size, 0
        self.output, self.lost = bytearray(), 0  # its output, and the number of bytes over MAX_LOG
        self.next_check = 0  # when to measure its memory again
        self.lock = threading.Lock()
        self.folder = tempfile.mkdtemp(prefix="local-aws-")
        task, temporary = Path(self.folder, "task"), Path(self.folder, "tmp")
        for path in (task, temporary):
            path.mkdir()
        unpack(package, task)
        self.start(variables, task, temporary)

    def start(self, variables, task, temporary):
        """Start the process in the folder `task`."""
        self.channel, theirs = socket.socketpair()
        their_life, self.life = os.pipe()
        passed = [theirs.fileno(), their_life]
        self.process = subprocess.Popen(
            # As on Lambda: without the reader's own packages, unbuffered, and in UTF-8.
            [sys.executable, "-suX", "utf8", RUNTIME, *map(str, passed), self.folder],
            cwd=task,
            env={
                **variables,
                "HOME": str(temporary),
                "LAMBDA_TASK_ROOT": str(task),
                "PATH": os.defpath,
                "PWD": str(task),
                "PYTHONPATH": PACKAGES,
                "TMPDIR": str(temporary),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=passed,
            start_new_session=True,
        )
        self.log = [self.process.stdout]
        theirs.close()
        os.close(their_life)

    def freeze(self):
        """Stop the process between two calls, as on Lambda: its threads do not go on."""
        self.signal(signal.SIGSTOP)

    def signal(self, number):
        """Send a signal to the process and its child processes, if it has not ended."""
        with contextlib.suppress(OSError):  # macOS: PermissionError
            os.killpg(self.process.pid, number)

    def send(self, message, seconds):
        """Send a message; raise TimeoutError. If the process has ended, receive() finds out."""
        self.signal(signal.SIGCONT)
        self.channel.settimeout(seconds)
        with contextlib.suppress(ConnectionError):
            self.channel.sendall(json.dumps(message).encode() + b"\n")

    def receive(self, seconds):
        """Return the next message, and read the log meanwhile; raise TimeoutError, ProcessEnded."""
        end = time.monotonic() + seconds
        received = bytearray()
        while not received.endswith(b"\n"):
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            ready = wait([*self.log, self.channel], min(left, MEMORY_INTERVAL))
            self.read_log(ready)
            if self.channel in ready:
                data = self.receive_bytes()
                if not data:
                    raise ProcessEnded(self.find_end(left))
                received += data
            if len(received) > MAX_MESSAGE:
                raise ProcessEnded("Runtime exited without providing a reason")
            if time.monotonic() >= self.next_check:
                self.check_memory()
        self.read_log(wait(self.log, 0))  # output from before the response
        self.check_memory()
        try:
            return json.loads(received)
        except ValueError:  # the function has written to the channel itself
            raise ProcessEnded("Runtime exited without providing a reason") from None

    def receive_bytes(self):
        """Return the next bytes of a message; empty if the process has ended."""
        try:
            return self.channel.recv(2**16)
        except ConnectionError:
            return b""

    def read_log(self, ready):
        """Read the process's output, if it is ready; keep up to MAX_LOG bytes."""
        if not self.log or self.log[0] not in ready:
            return
        data = os.read(self.log[0].fileno(), 2**16)
        if not data:
            self.log = []  # the process has closed its output, or has ended
        room = MAX_LOG - len(self.output)
        self.output += data[:room]
        self.lost += len(data[room:])

    def take_output(self):
        """Return the output since the last call."""
        text = self.output.decode(errors="replace")
        if self.lost:
            text += f"\n(this local AWS has dropped {self.lost} more bytes)\n"
        self.output, self.lost = bytearray(), 0
        return text

    def check_memory(self):
        """Raise ProcessEnded if the process uses too much memory, as on Lambda."""
        self.next_check = time.monotonic() + MEMORY_INTERVAL
        self.memory_used = max(self.memory_used, measure_memory(self.process.pid))
        if self.memory_used > self.memory_size:
            self.memory_used = self.memory_size
            raise ProcessEnded("Runtime exited with error: signal: killed")

    def find_end(self, seconds):
        """Return Lambda's reason for the process's end; raise TimeoutError if it still runs."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError from None
        if status < 0:
            return f"Runtime exited with error: signal: {signal.strsignal(-status).lower()}"
        if status > 0:
            return f"Runtime exited with error: exit status {status}"
        return "Runtime exited without providing a reason"

    def close(self):
        """End the process, and delete its folder. Its guard ends its child processes."""
        with self.lock:
            if self.life is None:
                return
            life, self.life = self.life, None
        self.process.kill()
        os.close(life)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)  # it may have ended before it had a guard
