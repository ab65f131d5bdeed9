"""Walk through the whole tutorial on this machine: no AWS account, no network, no Docker.

    python -m tests.walkthrough

It takes the commands from README.md, runs them in their order on the AWS of tests/local_aws, and
shows what they print. Then it accounts for every reading. The exit status is 0 only if everything
that was sent is stored, as it was sent and nothing else, and if nothing is left after the clean-up.
"""

import argparse
import contextlib
import os
import re
import shutil
import tempfile
import threading

from tests import local_aws
from tests.environment import REPOSITORY
from tests.leftovers import find_leftovers
from tests.walkthrough.account import find_faults, find_sent, read_stored, read_swallowed, tell
from tests.walkthrough.outage import outage
from tests.walkthrough.shell import Shell
from tests.walkthrough.tokens import ShellError, split_commands

# The sensors' pace, fast, but never two readings in a millisecond: for Timestream the second would
# be another value of the first.
PACE = {"wave_sensor.py": ["--interval", "0.004"], "alarm_sensor.py": ["--interval", "0.004"]}
SPEED = 30  # seconds of `sleep`, of the mapping's pauses and of a record's age in one second
PATIENCE = 30  # seconds for the mapping to deliver what is on the stream
STOPPED = threading.Event()  # by Ctrl-C, which no script is to handle here as it does on its own

# The command during which the README has you stop AWS, and the calls that time out here.
OUTAGE_COMMAND = "python wave_sensor.py --count 40"
OUTAGE_CALLS = {"first": 12, "last": 14}

INTRODUCTION = f"""\
The tutorial on this machine. Nothing of it reaches AWS, whatever address a line shows. Time
passes {SPEED} times as fast: in `sleep`, between retries, and for the age of a record. The
sensors send every few milliseconds, one after the other. Lines with # tell what happens in
the background."""


def read_steps(sections=("Walkthrough", "Clean up")):
    """Return the README's steps: a list of titles and the commands that stand under each."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    steps = []
    for section in sections:
        text = readme.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
        for part in re.split(r"^### ", f"{section}\n{text}", flags=re.MULTILINE):
            title, _, text = part.partition("\n")
            blocks = re.findall(r"^```bash\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
            commands = [command for block in blocks for command in split_commands(block)]
            if commands:
                steps.append((title, commands))
    return steps


def shorten(lines, head=5, tail=2):
    """Return lines, of many only the first and the last ones, and those of an outage."""
    shown, left_out = [], []
    for place, line in enumerate(lines):
        is_at_an_end = place < head or place >= len(lines) - tail
        if not is_at_an_end and not line.startswith("Not sent, "):
            left_out.append(line)
            continue
        if len(left_out) == 1:
            shown += left_out
        elif left_out:
            shown.append(f"... {len(left_out)} more lines ...")
        shown.append(line)
        left_out = []
    return shown


def run_command(shell, command):
    """Run a command; return the lines that it shows."""
    if command != OUTAGE_COMMAND:
        return shell.run(command).splitlines()
    print("    # AWS does not respond to three calls.")
    with outage(**OUTAGE_CALLS):
        return shell.run(command).splitlines()


def walk(shell, steps, happened):
    """Run all commands; show each with what it prints, and with the lines that `happened`."""
    for title, commands in steps:
        print(f"\n== {title}\n")
        for command in commands:
            if STOPPED.is_set():
                raise KeyboardInterrupt
            print(f"$ {command}")
            for line in shorten(run_command(shell, command)):
                print(line)
            events = [*happened]  # another thread adds to them
            del happened[: len(events)]
            for line in shorten(events, head=2):
                print(f"    # {line}")


def run(steps):
    """Walk through steps in this folder; return [(command, what it printed)], and what is wrong."""
    happened = []
    print(INTRODUCTION)
    with local_aws.running(happened.append, SPEED) as mappings:

        def pause(seconds):
            STOPPED.wait(seconds / SPEED)
            if not mappings.wait_until_idle(PATIENCE):
                raise ShellError(f"the mapping is still busy after {PATIENCE} seconds")

        shell = Shell(pause, PACE)
        walk(shell, steps[:-1], happened)
        sent, swallowed = find_sent(shell.printed), read_swallowed()
        bad_records = sum("put-record" in command for command, _ in shell.printed)
        faults = find_faults(sent, read_stored() + swallowed, bad_records, mappings)
        walk(shell, steps[-1:], happened)
        faults += [f"left after the clean-up: {name}" for name in find_leftovers()]
    if not faults:
        [joined] = [output for command, output in shell.printed if "${JOINED}" in command]
        tell(sent, swallowed, joined)
    for fault in faults[:20]:
        print(f"WRONG: {fault}")
    return shell.printed, faults


@contextlib.contextmanager
def folder_of_its_own():
    """Go to a folder with copies of the scripts, and back."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        for path in [*REPOSITORY.glob("*.py"), *REPOSITORY.glob("*.json")]:
            shutil.copy(path, folder)
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def main():
    """Run the walkthrough; return the exit status."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    try:
        with folder_of_its_own():
            _, faults = run(read_steps())
            return 1 if faults else 0
    except (ShellError, OSError) as error:
        print(f"WRONG: {error}")
    except KeyboardInterrupt:
        print("Stopped.")
    return 1
