"""A function's process, in a folder of its own: it is started, called, and ended.

It runs function_runtime.py. Nothing that a function does there can hold up or end the server.
"""

import contextlib
import io
import json
import os
import re
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
PACKAGES = str(Path(boto3.__file__).parent.parent)  # site-packages: the SDK is there on Lambda, too
LOOK_EVERY = 0.05  # seconds between two looks at the memory that a process takes
MAX_LOG = 2**20  # bytes of an invocation's log that are kept


class ProcessEnded(Exception):
    """A function's process has ended before it answered; why, in Lambda's words."""


def unpack(package, folder):
    """Unpack a zip file; extractall() lets no path lead out of the folder."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        archive.extractall(folder)


def measure_memory(process_id):
    """Return the megabytes that a process has taken at most, or where there is no /proc takes now.

    What resource.getrusage() says of a new process counts the memory of the one that started it.
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
    variables: its environment variables, besides those that name its folders.
    memory_size: the megabytes that it may take.
    """

    def __init__(self, package, variables, memory_size):
        self.memory_size, self.memory_used = memory_size, 0
        self.output, self.lost = bytearray(), 0  # what it has printed; how many bytes more
        self.next_look = 0  # when the memory is measured again
        self.lock = threading.Lock()
        self.folder = tempfile.mkdtemp(prefix="local-aws-")
        task, temporary = Path(self.folder, "task"), Path(self.folder, "tmp")
        for path in (task, temporary):
            path.mkdir()
        unpack(package, task)
        self.channel, theirs = socket.socketpair()
        their_life, self.life = os.pipe()
        passed = [theirs.fileno(), their_life]
        self.process = subprocess.Popen(
            # Without the reader's own packages, unbuffered, and in UTF-8, as on Lambda.
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

    def send(self, message):
        """Send a message. A process that has ended is noticed when its answer is awaited."""
        with contextlib.suppress(OSError):
            self.channel.sendall(json.dumps(message).encode() + b"\n")

    def receive(self, seconds):
        """Return the next message, and read the log meanwhile; raise what prevents one."""
        end = time.monotonic() + seconds
        received = bytearray()
        while not received.endswith(b"\n"):
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            ready = wait([*self.log, self.channel], min(left, LOOK_EVERY))
            self.read_log(ready)
            if self.channel in ready:
                data = self.receive_bytes()
                if not data:
                    raise ProcessEnded(self.find_end(left))
                received += data
            if time.monotonic() >= self.next_look:
                self.check_memory()
        self.read_log(wait(self.log, 0))  # what was printed before the answer
        self.check_memory()
        return json.loads(received)

    def receive_bytes(self):
        """Return the next bytes of a message; none if the process has ended."""
        try:
            return self.channel.recv(2**16)
        except ConnectionError:
            return b""

    def read_log(self, ready):
        """Read what the process has printed, if it has; keep MAX_LOG bytes of it."""
        if not self.log or self.log[0] not in ready:
            return
        data = os.read(self.log[0].fileno(), 2**16)
        if not data:
            self.log = []  # the process has closed it, or has ended
        room = MAX_LOG - len(self.output)
        self.output += data[:room]
        self.lost += len(data[room:])

    def take_output(self):
        """Return what was printed since the last call."""
        text = self.output.decode(errors="replace")
        if self.lost:
            text += f"\n({self.lost} more bytes are not kept by this local AWS)\n"
        self.output, self.lost = bytearray(), 0
        return text

    def check_memory(self):
        """End the process if it takes too much memory, as Lambda does."""
        self.next_look = time.monotonic() + LOOK_EVERY
        self.memory_used = max(self.memory_used, measure_memory(self.process.pid))
        if self.memory_used > self.memory_size:
            self.memory_used = self.memory_size
            raise ProcessEnded("Runtime exited with error: signal: killed")

    def find_end(self, seconds):
        """Return how the process has ended, as Lambda says it; raise TimeoutError if it has not."""
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
        """End the process and what it has started. Its guard deletes the folder."""
        with self.lock:
            if self.life is None:
                return
            life, self.life = self.life, None
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended already
            os.killpg(self.process.pid, signal.SIGKILL)
        os.close(life)
        self.process.wait()
