"""Walk through the whole tutorial on this machine: no AWS account, no network, no Docker.

    python -m tests.walkthrough

It takes the commands from README.md, runs them in their order on the AWS of tests/local_aws, and
shows what they print. Then it accounts for every reading. The exit status is 0 only if all that
was sent is stored, as it was sent and nothing else, and if nothing is left after the clean-up.
"""

import argparse
import base64
import contextlib
import os
import re
import shutil
import tempfile
import threading
from collections import Counter

import boto3

from tests import local_aws
from tests.environment import REPOSITORY
from tests.leftovers import find_leftovers
from tests.local_aws.query import format_time
from tests.walkthrough.shell import Shell
from tests.walkthrough.tokens import ShellError, split_commands

# The sensors' pace, fast, but never two readings in a millisecond: for Timestream the second would
# be another value of the first.
PACE = {"wave_sensor.py": ["--interval", "0.004"], "alarm_sensor.py": ["--interval", "0.004"]}
SPEED = 30  # seconds of `sleep`, of the mapping's pauses and of a record's age in one second
PATIENCE = 30  # seconds for the mapping to deliver what is on the stream
STOPPED = threading.Event()  # by Ctrl-C, which no script is to handle here as it does on its own

# What the sensors print of a reading.
TEMPERATURE = re.compile(r"^\[\{.*'MeasureValue': '(\d+)'.*'Time': '(\d+)'.*\}\]$", re.MULTILINE)
ALARM = re.compile(
    r"^id=.*\|\|status=(\w+)\|\|time=(\d+)\|\|location=TUTORIAL\|\|sensor=Alarm-1$", re.MULTILINE
)
BLOCKS = "▁▂▃▄▅▆▇█"


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


def show(lines, head=5, tail=2):
    """Print lines, the middle of many left out."""
    left_out = len(lines) - head - tail
    if left_out > 1:
        lines[head:-tail] = [f"... {left_out} more lines ..."]
    for line in lines:
        print(line)


def walk(shell, steps, happened):
    """Run all commands; show each with what it prints, and with the lines that `happened`."""
    for title, commands in steps:
        print(f"\n== {title}\n")
        for command in commands:
            if STOPPED.is_set():
                raise KeyboardInterrupt
            print(f"$ {command}")
            show(shell.run(command).splitlines())
            show([f"    # {happened.pop(0)}" for _ in range(len(happened))], head=2)


def find_readings(text):
    """Return the rows that the readings in a text have to become, as read_stored() has them."""
    temperatures = [
        ("Tutorial", "1", "Temperature", format_time(int(moment) * 10**6), f"{value}.0")
        for value, moment in TEMPERATURE.findall(text)
    ]
    return temperatures + [
        ("TUTORIAL", "Alarm-1", "Alarm", format_time(int(moment) * 10**6), status)
        for status, moment in ALARM.findall(text)
    ]


def read_stored():
    """Return the rows of the last hour: location, sensor, measure, time, and the one value."""
    query = "select * from DemoDatabase.WeatherMetrics where time >= ago(1h)"
    pages = boto3.client("timestream-query").get_paginator("query").paginate(QueryString=query)
    return [tuple(row) for row in pages.search("Rows[*].Data[*].ScalarValue")]


def read_swallowed():
    """Return the rows of the alarms that the skeleton got: it only printed them, in base64."""
    paginator = boto3.client("logs").get_paginator("filter_log_events")
    pages = paginator.paginate(logGroupName="/aws/lambda/kinesis-log-consumer")
    messages = pages.search("events[?starts_with(message, 'aWQ9')].message")
    return find_readings("\n".join(base64.b64decode(message).decode() for message in messages))


def draw(values):
    """Return a line of block characters, higher for a greater value."""
    low, high = min(values), max(values)
    scale = (len(BLOCKS) - 1) / (high - low)
    return "".join(BLOCKS[round((value - low) * scale)] for value in values)


def find_faults(sent, found, bad_records, mappings):
    """Return a line for each thing that is wrong with how the readings got where they are.

    sent, found: rows, of what the sensors sent and of what is stored or swallowed.
    bad_records: how many records on the stream are no alarms.
    """
    missing, extra = Counter(sent) - Counter(found), Counter(found) - Counter(sent)
    alarms = sum(row[2] == "Alarm" for row in sent)
    good = mappings.failed.keys() - mappings.discarded.keys()
    faults = [f"sent, but not in the table: {row}" for row in missing.elements()]
    faults += [f"in the table, but not sent: {row}" for row in extra.elements()]
    faults += [f"the function has reported a good record: {mappings.failed[key]}" for key in good]
    faults += [f"the function failed: {error}" for error in mappings.errors]
    if len(mappings.discarded) != bad_records:
        faults.append(f"{len(mappings.discarded)} records were discarded, not {bad_records}")
    if mappings.delivered != alarms:
        faults.append(f"the mapping has delivered {mappings.delivered} alarms, not {alarms}")
    return faults


def tell(sent, swallowed, joined):
    """Show the wave, the alarms, the joined query's table, and where every reading is."""
    temperatures = [float(row[4]) for row in sent if row[2] == "Temperature"]
    alarms = Counter(row[4] for row in sent if row[2] == "Alarm")
    alarms -= Counter(row[4] for row in swallowed)
    print(f"""
== What came of it

The wave of step 12:   {draw(temperatures[-60:])}
The alarms stored:     {", ".join(f"{alarms[name]} {name}" for name in sorted(alarms))}

Both together, as step 12 asks for them; at this speed it is all in one row or two:

{joined}
{len(sent)} readings sent:
{len(temperatures):5} temperatures are stored
{alarms.total():5} alarms are stored
{len(swallowed):5} alarms went to the skeleton, which only prints them (step 10)
    0 lost. The bad record of step 13 was discarded, and nothing else.

Now type it yourself: `.venv/bin/python -m tests.local_aws`, README.md, "Without an account".""")


def run(steps):
    """Walk through steps in this folder; return [(command, what it printed)], and what is wrong."""
    happened = []
    print(
        f"The tutorial on this machine. Time passes {SPEED} times as fast: in `sleep`, between\n"
        "the mapping's tries, for the age of a record. The sensors send every 4 ms, one after\n"
        "the other. Behind # stands what happens by itself."
    )
    with local_aws.running(happened.append, SPEED) as mappings:

        def pause(seconds):
            STOPPED.wait(seconds / SPEED)
            if not mappings.wait_until_idle(PATIENCE):
                raise ShellError(f"the mapping is still busy after {PATIENCE} seconds")

        shell = Shell(pause, PACE)
        walk(shell, steps[:-1], happened)
        sent = find_readings("\n".join(output for _, output in shell.printed))
        swallowed = read_swallowed()
        bad_records = sum("put-record" in command for command, _ in shell.printed)
        faults = find_faults(sent, read_stored() + swallowed, bad_records, mappings)
        walk(shell, steps[-1:], happened)
        faults += [f"left after the clean-up: {name}" for name in find_leftovers()]
    if not faults:
        [joined] = [output for command, output in shell.printed if "as moment" in command]
        tell(sent, swallowed, joined)
    for fault in faults[:20]:
        print(f"WRONG: {fault}")
    return shell.printed, faults


@contextlib.contextmanager
def folder_of_its_own():
    """Go to a folder with copies of the scripts, and back."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        for path in [*REPOSITORY.glob("*.py"), *REPOSITORY.glob("*.json")]:
            shutil.copy(path, folder)
        stack.callback(os.chdir, os.getcwd())
        os.chdir(folder)
        yield


def main():
    """Run the walkthrough; return the exit status."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    try:
        with folder_of_its_own():
            return 1 if run(read_steps())[1] else 0
    except (ShellError, OSError) as error:
        print(f"WRONG: {error}")
    except KeyboardInterrupt:
        print("Stopped.")
    return 1
