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
import signal
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import boto3

from tests import local_aws
from tests.leftovers import find_leftovers
from tests.shell import COMMAND, Shell, ShellError

REPOSITORY = Path(__file__).parent.parent
LOG_GROUP = "/aws/lambda/kinesis-log-consumer"

# The sensors' pace, fast, but never two readings in a millisecond: for Timestream the second would
# be another value of the first.
PACE = {"wave_sensor.py": ["--interval", "0.004"], "alarm_sensor.py": ["--interval", "0.004"]}
SPEED = 30  # seconds of `sleep`, of the mapping's pauses and of a record's age in one second
PATIENCE = 30  # seconds for the mapping to deliver what is on the stream

WAVE = [*range(61, 100), *range(98, 32, -1), *range(34, 61)]
ALARM = re.compile(
    r"id=.*\|\|status=(Normal|Elevated|Alarm)\|\|time=(\d+)\|\|location=TUTORIAL\|\|sensor=Alarm-1"
)
COLUMNS = (
    "Location", "Sensor", "measure_name", "time", "measure_value::double", "measure_value::varchar"
)
BLOCKS = "▁▂▃▄▅▆▇█"


def read_steps(sections=("Walkthrough", "Clean up")):
    """Return the README's steps: a list of titles and the commands that stand under each."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    steps = []
    for section in sections:
        text = readme.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
        for part in re.split(r"^### ", f"### {section}\n{text}", flags=re.MULTILINE)[1:]:
            title, _, text = part.partition("\n")
            blocks = re.findall(r"^```bash\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
            commands = [command for block in blocks for command in COMMAND.findall(block)]
            if commands:
                steps.append((title, commands))
    return steps


def show(output, head=5, tail=2, width=300):
    """Print what a command has printed, the middle of long output and of long lines left out."""
    lines = output.splitlines()
    left_out = len(lines) - head - tail
    if left_out > 1:
        lines[head:-tail] = [f"... {left_out} more lines ..."]
    for line in lines:
        print(line if len(line) <= width else f"{line[:width]} ... ({len(line) - width} more)")


def walk(shell, steps, happened):
    """Run all commands, and show each under its step with what it prints.

    happened: a list of lines about what happens by itself; they are shown, and taken out of it.
    """
    for title, commands in steps:
        print(f"\n== {title}\n")
        for command in commands:
            print(f"$ {command}")
            show(shell.run(command))
            lines = [happened.pop(0) for _ in range(len(happened))]
            show("".join(f"    # {line}\n" for line in lines), head=2)


def read_sent(printed):
    """Return the readings that the sensors printed, as rows of the table with COLUMNS.

    printed: [(command, what it printed)]
    """
    rows = []
    for command, output in printed:
        if "wave_sensor.py" in command:
            for moment, value in zip(re.findall(r"'Time': '(\d+)'", output), WAVE):
                row = ("Tutorial", "1", "Temperature", int(moment), str(float(value)), None)
                rows.append(row)
        if "alarm_sensor.py" in command:
            rows += find_alarms(output.splitlines())
    return rows


def find_alarms(lines):
    """Return the rows that the alarms among these lines have to become."""
    return [
        ("TUTORIAL", "Alarm-1", "Alarm", int(found[2]), None, found[1])
        for found in map(ALARM.fullmatch, lines) if found
    ]


def read_stored():
    """Return the rows of the last hour; what is in other columns follows those of COLUMNS."""
    rows = []
    query = "select * from DemoDatabase.WeatherMetrics where time >= ago(1h)"
    pages = boto3.client("timestream-query").get_paginator("query").paginate(QueryString=query)
    for page in pages:
        names = [column["Name"] for column in page["ColumnInfo"]]
        for row in page["Rows"]:
            values = dict(zip(names, (value.get("ScalarValue") for value in row["Data"])))
            moment = datetime.fromisoformat(f"{values['time'][:26]}+00:00")
            values["time"] = round(moment.timestamp() * 1000)
            rows.append(tuple(values.pop(name, None) for name in COLUMNS) + tuple(values.items()))
    return rows


def read_swallowed():
    """Return the rows of the alarms that the skeleton got: it only printed them, in base64."""
    pages = boto3.client("logs").get_paginator("filter_log_events").paginate(logGroupName=LOG_GROUP)
    messages = pages.search("events[?starts_with(message, 'aWQ9')].message")
    return find_alarms(base64.b64decode(message).decode() for message in messages)


def draw(values):
    """Return a line of block characters, higher for a greater value."""
    low, high = min(values), max(values)
    scale = (len(BLOCKS) - 1) / (high - low or 1)
    return "".join(BLOCKS[round((value - low) * scale)] for value in values)


def find_faults(printed, swallowed, mappings):
    """Compare what was sent with what is there, while it is; return a line for each difference."""
    rows = read_sent(printed)
    sent, there = Counter(rows), Counter(read_stored() + swallowed)
    bad_records = sum("put-record" in command for command, _ in printed)
    good = mappings.failed.keys() - mappings.discarded.keys()
    faults = [f"sent, but not in the table: {row}" for row in (sent - there).elements()]
    faults += [f"in the table, but not sent: {row}" for row in (there - sent).elements()]
    faults += [f"the function has reported a good record: {mappings.failed[key]}" for key in good]
    faults += [f"the function failed: {error}" for error in mappings.errors]
    if len(mappings.discarded) != bad_records:
        faults.append(f"{len(mappings.discarded)} records were discarded, not {bad_records}")
    alarms = sum(row[2] == "Alarm" for row in rows)
    if mappings.delivered != alarms:
        faults.append(f"the mapping has delivered {mappings.delivered} alarms, not {alarms}")
    return faults


def tell(printed, swallowed):
    """Show the wave, the alarms, the joined query's table, and where every reading is."""
    rows = read_sent(printed)
    alarms = Counter(row[5] for row in rows if row[5]) - Counter(row[5] for row in swallowed)
    stored, shown = sum(alarms.values()), len(swallowed)
    waves = [part for part in printed if "wave_sensor.py" in part[0]]
    [joined] = [output for command, output in printed if "as moment" in command]
    print(f"""
== What came of it

The wave of step 12:   {draw([float(row[4]) for row in read_sent(waves[-1:])])}
The alarms stored:     {', '.join(f"{alarms[name]} {name}" for name in sorted(alarms))}

Both together, as step 12 asks for them; at this speed it is all in one row or two:

{joined}
{len(rows)} readings sent:
{len(rows) - stored - shown:5} temperatures are stored
{stored:5} alarms are stored
{shown:5} alarms went to the skeleton, which only prints them (step 10)
    0 lost. The bad record of step 13 was discarded, and nothing else.

Now type it yourself: `.venv/bin/python -m tests.local_aws`, README.md, "Without an account".""")


def run(steps):
    """Walk through the tutorial in the current folder.

    Returns [(command, what it printed)], and a list of what is wrong.
    """
    happened = []
    print(
        f"The tutorial on this machine. Time passes {SPEED} times as fast: in `sleep`, between the\n"
        "mapping's tries, for the age of a record. The sensors send every 4 ms, one after the\n"
        "other. Behind # stands what happens by itself."
    )
    with local_aws.running(happened.append, SPEED) as mappings:

        def pause(seconds):
            time.sleep(seconds / SPEED)
            if not mappings.wait_until_idle(PATIENCE):
                raise ShellError(f"the mapping is still busy after {PATIENCE} seconds")

        shell = Shell(pause, PACE)
        walk(shell, steps[:-1], happened)
        swallowed = read_swallowed()
        faults = find_faults(shell.printed, swallowed, mappings)
        walk(shell, steps[-1:], happened)
        faults += [f"left after the clean-up: {name}" for name in find_leftovers()]
    if not faults:
        tell(shell.printed, swallowed)
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
            return 1 if run(read_steps())[1] else 0
    except ShellError as error:
        print(f"WRONG: {error}")
    except (KeyboardInterrupt, Stopped):
        print("Stopped.")
    return 1


class Stopped(BaseException):
    """Ctrl-C, which no script is to handle here as it does on its own."""


def stop(*_arguments):
    """Handle Ctrl-C."""
    raise Stopped


if __name__ == "__main__":
    signal.signal(signal.SIGINT, stop)
    sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)
    try:
        sys.exit(main())
    except BrokenPipeError:  # the reader of the pipe has gone, as with "| head -1"
        os._exit(1)
