"""Walk through the whole tutorial on this machine: no AWS account, no network, no Docker.

    python -m tests.walkthrough

It starts the local AWS, runs the commands of README.md in bash, in order, and shows their output.
Then it accounts for every reading. The exit status is 0 only if exactly what was sent is stored,
and nothing is left after the clean-up.
"""

import argparse
import contextlib
import io
import json
import os
import re
import shutil
import signal
import tempfile
import time
from pathlib import Path
from unittest import mock

from tests.environment import REPOSITORY
from tests.leftovers import find_leftovers
from tests.walkthrough import account, outputs
from tests.walkthrough.bash import Bash, LocalAws, WalkError, group
from tests.walkthrough.readme import (
    Block,
    NotWhole,
    find_quotes,
    find_steps,
    read_blocks,
    read_section,
)

SPEED = 30  # how many times faster time passes: `sleep`, a mapping's pauses, a record's age
TUTORIAL = ["Walkthrough", "Clean up"]
EVERYTHING = ["Walkthrough", "Where to go from here", "Clean up"]

INTRODUCTION = f"""\
This is the tutorial, run on your machine. Nothing reaches AWS, even where a line shows an address
of AWS. Time passes {SPEED} times faster: in `sleep`, between retries, between readings, and for the
age of a record. Lines that start with # are what the first terminal shows meanwhile."""

WHAT_NEXT = """\
Now do it yourself: run `.venv/bin/python -m tests.local_aws`, and continue in README.md at "Without
an account"."""


class Outage:
    """Stops the local AWS while a sensor runs, like Ctrl-Z, until some calls have failed."""

    def __init__(self, server, failures):
        self.server, self.failures, self.sent = server, failures, 0

    def watch(self, line):
        """Look at a line of the sensor's output."""
        if line.startswith("{"):
            self.sent += 1
            if self.sent == 10:
                self.server.send_signal(signal.SIGSTOP)
                print("    # Ctrl-Z: AWS does not respond")
        elif line.startswith("Not sent, "):
            self.failures -= 1
            if self.failures == 0:
                self.server.send_signal(signal.SIGCONT)
                print("    # fg: AWS responds again")


def shorten(lines, head=5, tail=2):
    """Return the first and the last lines of long output, and all lines about an outage."""
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


def run_block(bash, aws, block):
    """Run a Block's commands, and show them with their output; return the whole output."""
    printed = []
    for command in block.commands:
        print(f"$ {command}")
        watch = Outage(aws.process, count_failures(block)).watch if is_outage(block) else ignore
        output = bash.run(command, watch)
        printed.append(output)
        for line in shorten(output.splitlines()):
            print(line)
        for line in shorten(aws.take_happened(), head=2):
            print(f"    # {line}")
    return "".join(printed)


def is_outage(block):
    """Return whether a Block's commands run during the README's outage."""
    return count_failures(block) > 0


def count_failures(block):
    """Return how many calls fail in the output that README.md shows for a Block."""
    return len(re.findall("^Not sent, ", block.shown or "", re.MULTILINE))


def ignore(line):
    """Do nothing with a line of output."""


def walk(bash, aws, blocks):
    """Run Blocks under the titles of their steps; return the output of each."""
    printed, title = [], None
    for block in blocks:
        if block.title != title:
            title = block.title
            print(f"\n== {title}\n")
        printed.append(run_block(bash, aws, block))
    return printed


def find_duration(blocks):
    """Return about how many seconds the sensors in these Blocks run in all."""
    commands = "\n".join(command for block in blocks for command in block.commands)
    counts = re.findall(r"^python \w+_sensor\.py .*--count (\d+)(?!.*&$)", commands, re.MULTILINE)
    # Each starts up to 12 seconds after the last one, and an outage takes some time as well.
    return sum(int(count) + 12 for count in counts) + 30


@contextlib.contextmanager
def terminals(blocks, speed):
    """Start a local AWS and a Bash; yield both, while this process uses that AWS as well.

    blocks: the Blocks by whose end the sensors' clock, which starts in the past, is about right.
    """
    start = time.time() - find_duration(blocks)
    with tempfile.TemporaryDirectory() as sent, folder_of_its_own() as folder, group() as processes:
        aws = LocalAws(processes, speed)
        bash = Bash(processes, folder, sent, aws.line, speed, start)
        variables = dict(word.split("=", 1) for word in bash.run("env -0").split("\0") if word)
        aws.take_happened()  # the rest of its welcome
        with mock.patch.dict(os.environ, variables, clear=True):
            yield aws, bash


@contextlib.contextmanager
def folder_of_its_own():
    """Yield a new folder with copies of the scripts."""
    with tempfile.TemporaryDirectory() as folder:
        for path in [*REPOSITORY.glob("*.py"), *REPOSITORY.glob("Lambda-*.json")]:
            shutil.copy(path, folder)
        activate = Path(folder, ".venv", "bin", "activate")
        activate.parent.mkdir(parents=True)
        activate.write_text("# python is a function of this bash\n")
        yield folder


def run(blocks):
    """Walk through Blocks; return the output of each, the account in words, and all faults.

    The account is that of the Walkthrough; the faults include those after the other Blocks.
    """
    print(INTRODUCTION)
    clean_up = [block for block in blocks if block.title == "Clean up"]
    steps = [block for block in blocks if block.title[0].isdigit()]
    others = blocks[len(steps) : len(blocks) - len(clean_up)]
    # The sensors' clock starts in the past and reaches the present in step 12, whose query looks at
    # the last minutes.
    with terminals(find_steps(12), SPEED) as (aws, bash):
        printed = walk(bash, aws, steps)
        found = account.Account(bash.sent)
        faults, ending = found.faults, account.describe_outcome(found, find_joined(steps, printed))
        printed += walk(bash, aws, others)
        if others:
            faults += account.Account(bash.sent).faults
        printed += walk(bash, aws, clean_up)
        faults += [f"left after the clean-up: {name}" for name in find_leftovers()]
    if not faults:
        print(f"\n== Result\n\n{ending}\n\n{WHAT_NEXT}")
    for fault in faults[:20]:
        print(f"WRONG: {fault}")
    return printed, ending, faults


def find_joined(blocks, printed):
    """Return the result of step 12's query."""
    commands = ["".join(block.commands) for block in blocks]
    return "".join(text for command, text in zip(commands, printed) if "${JOINED}" in command)


def run_everything():
    """Run everything in README.md; return the Blocks, the output of each, and all faults.

    The last Block is the end of the quick start.
    """
    blocks = read_blocks(EVERYTHING, short_tries=True)
    [end] = find_quotes(read_section("Quick start"), "text")
    printed, ending, faults = run(blocks)
    return [*blocks, Block("Quick start", [], end)], [*printed, ending], faults


def record(path):
    """Run everything in README.md; write what was shown and printed, and all faults, to a file."""
    result = {"shown": "", "printed": [], "faults": []}
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        try:
            _, result["printed"], result["faults"] = run_everything()
        except (WalkError, NotWhole) as error:
            result["faults"] = [str(error)]
    result["shown"] = shown.getvalue()
    Path(path).write_text(json.dumps(result))


def main():
    """Run the walkthrough; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--write-outputs",
        action="store_true",
        help="for contributors: run everything in README.md, and correct the outputs there",
    )
    options = parser.parse_args()
    try:
        if options.write_outputs:
            blocks, printed, faults = run_everything()
            for text in outputs.write(blocks, printed):
                print(f"Corrected in README.md:\n{text}")
        else:
            _, _, faults = run(read_blocks(TUTORIAL))
        return 1 if faults else 0
    except (WalkError, NotWhole, OSError) as error:
        print(f"WRONG: {error}")
    return 1
