"""README.md in parts: its blocks, and the commands in them."""

import re
import subprocess
import textwrap
from typing import NamedTuple

from tests.environment import REPOSITORY

PATH = REPOSITORY / "README.md"
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
# Commands in a sentence, with what they say. Only the tests run them.
SHORT_TRY = re.compile(r"\*Try:\* `(aws [^`]+)`\.\s+It\s+says\s+`([^`]+)`")


class Block(NamedTuple):
    """Commands that are pasted together.

    title: of the step; shown: what the README says they print, None if it does not say.
    """

    title: str
    commands: list
    shown: str | None


class NotWhole(Exception):
    """Commands that bash does not understand, or that lack their end."""


def read():
    """Return the text of README.md."""
    return PATH.read_text(encoding="utf-8")


def read_section(name):
    """Return the text under a heading of the second level."""
    return read().partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def read_steps(section):
    """Return (title, text) of each part of a section, the part before the first title included."""
    text = f"{section}\n{read_section(section)}"
    parts = re.split(r"^### ", text, flags=re.MULTILINE)
    return [part.partition("\n")[::2] for part in parts]


def find_quotes(text, kind):
    """Return the contents of a text's blocks of one kind."""
    return [textwrap.dedent(content) for _, found, content in BLOCK.findall(text) if found == kind]


def read_blocks(sections, short_tries=False):
    """Return the Blocks of commands in some sections, in their order."""
    blocks = []
    for section in sections:
        for title, text in read_steps(section):
            blocks += find_blocks(title, text, short_tries)
    return blocks


def find_steps(number):
    """Return the Blocks of the steps 1 to `number`."""
    blocks = read_blocks(["Walkthrough"])
    return [block for block in blocks if int(block.title.partition(".")[0]) <= number]


def find_blocks(title, text, short_tries):
    """Return the Blocks of a step."""
    found = [
        (match.start(), match) for match in BLOCK.finditer(text) if match[2] in ("bash", "text")
    ]
    if short_tries:
        found += [(match.start(), match) for match in SHORT_TRY.finditer(text)]
    blocks = []
    for _, match in sorted(found, key=lambda place_and_match: place_and_match[0]):
        if match.re is SHORT_TRY:
            blocks.append(Block(title, [match[1]], f"{match[2]}\n"))
        elif match[2] == "bash":
            blocks.append(Block(title, split_commands(textwrap.dedent(match[3])), None))
        elif blocks and blocks[-1].shown is None:
            blocks[-1] = blocks[-1]._replace(shown=textwrap.dedent(match[3]))
    return blocks


def split_commands(text):
    """Return the commands of a block. A command ends with the line after which it is whole."""
    commands, lines = [], []
    for line in text.splitlines():
        if lines or line.strip():
            lines.append(line)
        if lines and is_whole("\n".join(lines)):
            commands.append("\n".join(lines))
            lines = []
    if lines:
        raise NotWhole("bash does not understand, or lacks the end of:\n" + "\n".join(lines))
    return commands


def is_whole(command):
    """Return whether bash understands a command and waits for no more lines of it."""
    if command.endswith("\\"):
        return False
    checked = subprocess.run(["bash", "-n"], input=f"{command}\n", capture_output=True, text=True)
    return checked.returncode == 0 and not checked.stderr  # it warns of text that lacks its EOF
