"""Reads README.md: its steps, its blocks, and their commands."""

import re
import subprocess
import textwrap
from typing import NamedTuple

from tests.environment import REPOSITORY

PATH = REPOSITORY / "README.md"
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
# Commands in a sentence, with their output. Only the tests run them.
SHORT_TRY = re.compile(r"\*Try:\* `(aws [^`]+)`\.\s+It\s+says\s+`([^`]+)`")


class Block(NamedTuple):
    """Commands that are pasted together.

    title: of the step; shown: the output that the README shows, or None.
    """

    title: str
    commands: list
    shown: str | None


class NotWhole(Exception):
    """The error for commands that bash does not understand, or that are incomplete."""


def read():
    """Return README.md's text."""
    return PATH.read_text(encoding="utf-8")


def read_section(name):
    """Return the text of a section (##)."""
    return read().partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def read_steps(section):
    """Return (title, text) of each step of a section, including the text before the first step."""
    text = f"{section}\n{read_section(section)}"
    parts = re.split(r"^### ", text, flags=re.MULTILINE)
    return [part.partition("\n")[::2] for part in parts]


def find_quotes(text, kind):
    """Return the contents of all blocks of one kind in a text."""
    return [textwrap.dedent(content) for _, found, content in BLOCK.findall(text) if found == kind]


def read_blocks(sections, short_tries=False):
    """Return the Blocks of commands in some sections, in order."""
    blocks = []
    for section in sections:
        for title, text in read_steps(section):
            blocks += find_blocks(title, text, short_tries)
    return blocks


def find_steps(number):
    """Return the Blocks of steps 1 to `number`."""
    blocks = read_blocks(["Walkthrough"])
    return [block for block in blocks if int(block.title.partition(".")[0]) <= number]


def find_blocks(title, text, short_tries):
    """Return a step's Blocks."""
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
    """Return a block's commands. Each ends with the line that makes it complete."""
    commands, lines = [], []
    for line in text.splitlines():
        if lines or line.strip():
            lines.append(line)
        if lines and is_whole("\n".join(lines)):
            commands.append("\n".join(lines))
            lines = []
    if lines:
        raise NotWhole("bash does not understand this, or it is incomplete:\n" + "\n".join(lines))
    return commands


def is_whole(command):
    """Return whether a command is complete for bash."""
    if command.endswith("\\"):
        return False
    checked = subprocess.run(["bash", "-n"], input=f"{command}\n", capture_output=True, text=True)
    return checked.returncode == 0 and not checked.stderr  # it warns of a missing EOF
