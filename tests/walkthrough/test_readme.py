"""README.md: what it shows is what the programs print."""

import itertools
import re

import pytest

from tests.environment import REPOSITORY
from tests.walkthrough.tokens import split_commands

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


def find_blocks(first, last):
    """Return the commands and outputs between two headings, as kind and content of each block."""
    text = README[README.index(f"\n## {first}\n") : README.index(f"\n## {last}\n")]
    return [(kind, content) for _, kind, content in BLOCK.findall(text) if kind in ("bash", "text")]


TUTORIAL = find_blocks("Walkthrough", "Troubleshooting")
OUTPUTS = [
    (split_commands(before), text)
    for (_, before), (kind, text) in zip(TUTORIAL, TUTORIAL[1:])
    if kind == "text"
]


def blur(text):
    """Return a text's lines without what differs from run to run: numbers, ids, how many alike."""
    text = re.sub(r"id=b(['\"]).*?\1\|\|status=\w+", "id||status", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "UUID", text)
    text = re.sub(r"\d+ (Alarm|Elevated|Normal),? ?", "", text)
    text = re.sub(r"\d+(\.\d+)?(E\d+)?|None", "0", text)
    lines = [re.sub(r"\s+", " ", line).strip(" ,") for line in text.splitlines() if line.strip()]
    return [line for line, _ in itertools.groupby(lines)]


def is_shown(text, output):
    """Return whether a text of README is the output; "..." stands for any number of lines."""
    lines = blur(text)
    pattern = "".join("(?:.*\n)*?" if line == "..." else re.escape(f"{line}\n") for line in lines)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in blur(output)))


@pytest.mark.parametrize(("commands", "text"), OUTPUTS)
def test_an_output_block_is_what_its_commands_have_printed(walked, commands, text):
    printed = iter(walked.printed)
    outputs = [next(output for command, output in printed if command == one) for one in commands]
    output = "".join(out for one, out in zip(commands, outputs) if " > " not in one)
    assert is_shown(text, output), output


def test_the_commands_are_those_that_the_walkthrough_has_run(walked):
    for kind, block in TUTORIAL:
        if kind == "bash":
            assert all(f"$ {command}\n" in walked.shown for command in split_commands(block))


def test_what_the_last_commands_find_is_what_readme_says(walked):
    counts = [output for command, output in walked.printed if '"${COUNT}"' in command]
    assert counts[-1] == "65\n" and "\n60\n65\n```" in README  # the first depends on the machine
    [rows] = [output for command, output in walked.printed if "QUERY =" in command]
    assert "'measure_value::double DOUBLE': None, 'measure_value::varchar VARCHAR': 'N" in rows
    assert len(rows.splitlines()) == 155


def test_the_quick_start_ends_as_shown(walked):
    _walk, (_, end), _test = find_blocks("Quick start", "Prerequisites")
    assert is_shown(f"...\n{end}...", walked.shown)
    assert end.partition("readings sent:")[2] in walked.shown  # with these numbers


def test_all_links_lead_somewhere():
    text = BLOCK.sub("", README)
    headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    anchors = {"#" + re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in headings}
    for target in re.findall(r"\]\(([^)]+)\)", text):
        is_there = target in anchors or (REPOSITORY / target).exists()
        assert is_there or target.startswith("https://"), target
    defined = set(re.findall(r"^\[([\w-]+)\]: https://", text, re.MULTILINE))
    assert defined == set(re.findall(r"\]\[([\w-]+)\]", text))
