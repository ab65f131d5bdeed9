"""The processes of a walk: the local AWS, and the bash that runs the README's commands."""

import contextlib
import os
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

from tests.environment import REPOSITORY, build_environment

FUNCTIONS = Path(__file__).with_name("functions.sh")
SHOWN_LINES = 20  # lines of a failed command's output
LIMIT = 60  # seconds that a command may take; the outage takes ten

SERVE = """
import sys
from tests.local_aws import server

sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
sys.exit(server.serve(port=0, speed={speed}))
"""


class WalkError(Exception):
    """The walk cannot continue."""


class Group:
    """A group of processes that ends when this process ends, for whatever reason."""

    def __init__(self):
        # It waits for the end of its input, which it gets even if this process is killed.
        self.guard = self.start(["bash", "-c", "read; kill -KILL 0"], stdout=subprocess.DEVNULL)

    def start(self, command, group=0, **options):
        """Start a process."""
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            preexec_fn=lambda: os.setpgid(0, group),
            **options,
        )

    def add(self, command, **options):
        """Start a process in the group."""
        return self.start(command, self.guard.pid, stdout=subprocess.PIPE, **options)

    def end(self):
        """Kill all processes of the group."""
        self.guard.stdin.close()
        self.guard.wait()


@contextlib.contextmanager
def group():
    """Yield a Group; end its processes afterwards."""
    processes = Group()
    try:
        yield processes
    finally:
        processes.end()


class LocalAws:
    """The local AWS in a process of its own.

    line: its `export` line; happened: the lines that it printed after that.
    """

    def __init__(self, processes, speed):
        command = [sys.executable, "-c", SERVE.format(speed=speed)]
        self.process = processes.add(command, cwd=REPOSITORY, env=build_environment())
        self.line, self.happened = "", []
        printed = []
        for line in self.process.stdout:
            printed.append(line)
            if line.startswith("export "):
                self.line = line
                break
        else:
            raise WalkError(f"the local AWS did not start: {''.join(printed)}")
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        """Collect its output."""
        for line in self.process.stdout:
            self.happened.append(line.rstrip("\n"))

    def take_happened(self):
        """Return the lines since the last call."""
        lines = [*self.happened]  # the other thread adds to them
        del self.happened[: len(lines)]
        return lines


class Bash:
    """A bash that uses the local AWS, in a folder.

    speed: how many times shorter `sleep` and the pauses of sensors are.
    start: when the first sensor's readings start, in seconds since 1970.
    sent: the folder for the output of each run of a sensor.
    """

    def __init__(self, processes, folder, sent, line, speed, start):
        self.sent = Path(sent)
        clock = self.sent / "clock"
        clock.touch()
        os.utime(clock, (start, start))
        settings = {
            "PYTHON": sys.executable,
            "REPOSITORY": str(REPOSITORY),
            "SPEED": str(speed),
            "CLOCK": str(clock),
            "SENT": str(sent),
        }
        self.group = processes
        self.process = processes.add(
            ["bash", "--norc", "--noprofile"],
            cwd=folder,
            env=build_environment() | settings,
        )
        self.marker = uuid.uuid4().hex
        self.run(line)
        self.run(FUNCTIONS.read_text())

    def run(self, command, watch=lambda line: None, limit=LIMIT):
        """Run a command; return its output. Raise WalkError if it fails or hangs.

        watch: called at once with each line of the output.
        """
        self.process.stdin.write(f"{{ {command}\n}} < /dev/null\n")
        self.process.stdin.write(f"printf '%s %s\\n' {self.marker} $?\n")
        self.process.stdin.flush()
        start = time.monotonic()
        timer = threading.Timer(limit, self.group.end)
        timer.daemon = True  # after Ctrl-C, nothing cancels it
        timer.start()
        printed, status = [], ""
        for line in self.process.stdout:
            text, is_end, status = line.partition(self.marker)
            printed.append(text)
            if is_end:
                break
            watch(text)
        timer.cancel()
        output = "".join(printed)
        if not status.strip():
            how = "timed out" if time.monotonic() - start >= limit else "has ended the bash"
            raise WalkError(describe_failure(how, command, output))
        if int(status):
            raise WalkError(describe_failure(f"exit status {int(status)}", command, output))
        return output


def describe_failure(fault, command, output):
    """Return a command's fault, and the end of its output."""
    lines = output.splitlines()[-SHOWN_LINES:]
    return "\n".join([f"{fault}: {command}", "It printed:", *lines])
