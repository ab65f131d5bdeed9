"""Does the README's steps up to one of them, quickly, so that a reader can continue after it."""

import re
import shlex
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.environment import REPOSITORY
from tests.local_aws.function import ROLE_DELAY
from tests.local_aws.server import REPLAY_SPEED
from tests.walkthrough.bash import Bash, group
from tests.walkthrough.readme import find_steps
from tests.walkthrough.walk import find_duration, folder_of_its_own, is_outage

ASSIGNMENT = re.compile(r"^(?:export )?(\w+)=", re.MULTILINE)
FUNCTION = re.compile(r"^(\w+) *\(\) *\{", re.MULTILINE)


def replay(number, line, show, folder=REPOSITORY):
    """Run steps 1 to `number` on a local AWS; return a command that sets their variables.

    line: the `export` line of that AWS, which must run REPLAY_SPEED times faster meanwhile.
    show: a function that takes the title of each step.
    folder: where to put the files that the steps create, such as sample-event.json.
    """
    blocks = find_steps(number)
    start = time.time() - find_duration(blocks)
    with tempfile.TemporaryDirectory() as sent, folder_of_its_own() as work, group() as processes:
        bash = Bash(processes, work, sent, line, REPLAY_SPEED, start)
        before = set(Path(work).iterdir())
        title = ""
        for block in blocks:
            if block.title != title:
                title = block.title
                show(f"Step {title}")
            bash.run("export OUTAGE=yes" if is_outage(block) else "unset OUTAGE")
            for command in block.commands:
                bash.run(command)
        if any("create-role" in command for command in blocks[-1].commands):
            time.sleep(ROLE_DELAY)  # the next step must find it usable, at any speed
        for path in set(Path(work).iterdir()) - before:
            if path.is_file():  # not __pycache__
                shutil.copy(path, folder)
        return read_settings(bash, blocks)


def read_settings(bash, blocks):
    """Return a command that sets the variables and functions that Blocks have set in a Bash."""
    source = "\n".join(command for block in blocks for command in block.commands)
    settings = []
    activate = Path(sys.prefix, "bin", "activate")  # of the .venv, as in step 1
    if activate.exists():
        settings.append(f"source {shlex.quote(str(activate))}")
    for name in dict.fromkeys(ASSIGNMENT.findall(source)):
        value = bash.run(f'printf %s "${{{name}}}"')
        if "\n" not in value and not name.startswith("AWS_"):  # these are in the `export` line
            settings.append(f"{name}={shlex.quote(value)}")
    for name in dict.fromkeys(FUNCTION.findall(source)):
        definition = bash.run(f"declare -f {name}")
        settings.append(f"eval {quote_on_one_line(definition)}")
    return "; ".join(settings)


def quote_on_one_line(text):
    """Return a text as a bash word on one line."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"$'{escaped}'"
