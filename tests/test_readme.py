"""README.md: what it shows is what the programs print."""

import itertools
import re

import pytest

from tests.conftest import REPOSITORY
from tests.shell import COMMAND

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
TUTORIAL = README[README.index("\n## Walkthrough\n"):README.index("\n## Troubleshooting\n")]
QUICK_START = README.partition("\n## Quick start\n")[2].partition("\n## ")[0]


def find_blocks(text):
    """Return kind and content of the blocks of code in a text."""
    return [(kind, content) for _, kind, content in BLOCK.findall(text)]


def find_outputs():
    """Return the tutorial's output blocks, each with the commands of the bash block before it."""
    blocks = [(kind, text) for kind, text in find_blocks(TUTORIAL) if kind in ("bash", "text")]
    return [
        (COMMAND.findall(before), text)
        for (_, before), (kind, text) in zip(blocks, blocks[1:]) if kind == "text"
    ]


def blur(text):
    """Return a text's lines without what differs from run to run: numbers, ids, how many alike."""
    text = re.sub(r"id=b(['\"]).*?\1\|\|", "id||", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "UUID", text)
    text = re.sub(r"status=\w+", "status", text)
    text = re.sub(r"\d+ (Alarm|Elevated|Normal),? ?", "", text)
    text = re.sub(r"\d+(\.\d+)?(E\d+)?|None", "0", re.sub("[▁▂▃▄▅▆▇█]+", "wave", text))
    lines = [re.sub(r"\s+", " ", line).strip(" ,") for line in text.splitlines() if line.strip()]
    return [line for line, _ in itertools.groupby(lines)]


def is_shown(lines, output):
    """Return whether the lines are those of the output; "..." stands for any number of them."""
    pattern = "".join("(?:.*\n)*?" if line == "..." else re.escape(f"{line}\n") for line in lines)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in output))


@pytest.mark.parametrize(("commands", "text"), find_outputs())
def test_an_output_block_is_what_its_commands_have_printed(walked, commands, text):
    printed = iter(walked.printed)
    outputs = [next(output for command, output in printed if command == one) for one in commands]
    lines = blur("".join(out for one, out in zip(commands, outputs) if " > " not in one))
    assert is_shown(blur(text), lines), "\n".join(lines)


def test_the_commands_are_those_that_the_walkthrough_has_run(walked):
    for kind, block in find_blocks(TUTORIAL):
        if kind == "bash":
            assert all(f"$ {command}\n" in walked.shown for command in COMMAND.findall(block))


def test_what_the_last_commands_find_is_what_readme_says(walked):
    counts = [output for command, output in walked.printed if '"${COUNT}"' in command]
    assert counts[-1] == "65\n" and "\n60\n65\n```" in TUTORIAL
    bad_record, rows = [out for command, out in walked.printed if command.startswith("python -")]
    assert bad_record.endswith(" b'id=1||status=Normal||location=TUTORIAL||sensor=Alarm-1\\n'\n")
    assert "'measure_value::double DOUBLE': None, 'measure_value::varchar VARCHAR': 'N" in rows
    assert len(rows.splitlines()) == 155


def test_all_links_lead_somewhere():
    text = BLOCK.sub("", README)
    headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in headings}
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif not target.startswith("https://"):
            assert (REPOSITORY / target).exists(), target
    defined = set(re.findall(r"^\[([\w-]+)\]: https://", text, re.MULTILINE))
    assert defined == set(re.findall(r"\]\[([\w-]+)\]", text))


def test_the_quick_start_is_two_commands_from_a_fresh_clone():
    venv = "python3 -m venv .venv && .venv/bin/pip install -q -r requirements.txt && "
    assert [text for kind, text in find_blocks(QUICK_START) if kind == "bash"] == [
        f"{venv}.venv/bin/python -m tests.walkthrough\n", f"{venv}.venv/bin/python -m pytest\n"
    ]


def test_the_end_of_the_walkthrough_is_what_it_shows(walked):
    end = next(text for kind, text in find_blocks(QUICK_START) if kind == "text")
    assert is_shown(["...", *blur(end), "..."], blur(walked.shown))
