"""README.md: what it shows is what the programs print, what it quotes is what the files hold."""

import re

import pytest

from tests import walkthrough
from tests.conftest import REPOSITORY
from tests.shell import split_commands

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
TEXT = re.sub(r"^ *```.*?^ *```", "", README, flags=re.MULTILINE | re.DOTALL)
BLOCKS = [
    (kind, content) for _, kind, content in
    re.findall(r"^( *)```(\w*)\n(.*?)^\1```", README, re.MULTILINE | re.DOTALL)
]


def find_outputs():
    """Return the README's output blocks, each with the commands of the bash block before it."""
    tutorial = README[README.index("\n## Walkthrough\n"):README.index("\n## Where to go")]
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", tutorial, re.MULTILINE | re.DOTALL)
    return [
        (split_commands(before), text)
        for (kind, before), (after, text) in zip(blocks, blocks[1:])
        if (kind, after) == ("bash", "text")
    ]


def blur(text):
    """Return a text without what differs from run to run: numbers, ids, spaces between columns."""
    text = re.sub(r"id=b(['\"]).*?\1\|\|", "id||", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "UUID", text)
    text = re.sub(r"status=\w+", "status", text)
    text = re.sub(r"\d+ (Alarm|Elevated|Normal),? ?", "", text)
    text = re.sub(r"\d+(\.\d+)?(E\d+)?", "0", text)
    return [re.sub(r"\s+", " ", line).strip(" ,") for line in text.splitlines() if line.strip()]


def is_shown(lines, output):
    """Return whether the lines are those of the output; "..." stands for any number of them."""
    pattern = "".join("(?:.*\n)*?" if line == "..." else re.escape(f"{line}\n") for line in lines)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in output))


@pytest.mark.parametrize(("commands", "text"), find_outputs())
def test_an_output_block_is_what_its_commands_have_printed(walked, commands, text):
    printed = walked[2]
    position = 0
    for command in commands:
        position = printed.index(f"$ {command}\n", position)
    outputs = [output for command, output in walked[3] if command in commands]
    lines = [line for output in outputs for line in blur(output)]
    assert is_shown(blur(text), lines), "\n".join(lines)


def test_the_counts_that_are_promised_are_the_ones_that_come(walked):
    counts = [output for words, output in walked[0] if "count(*)" in " ".join(words)]
    assert counts == ["60\n", "65\n"]
    _, text = find_outputs()[-2]
    assert text.splitlines()[-2:] == ["60", "65"]


def test_what_has_no_output_block_has_run_all_the_same(walked):
    shown = walked[2]
    for section in ("Walkthrough", "Where to go from here", "Clean up"):
        for _, commands in walkthrough.read_steps([section]):
            assert all(f"$ {command}\n" in shown for command in commands)


@pytest.mark.parametrize("content", [
    content for kind, content in BLOCKS if kind == "python" and content.lstrip().startswith("# ")
])
def test_an_excerpt_stands_in_its_file_word_for_word(content):
    first, _, excerpt = content.partition("\n")
    assert excerpt in (REPOSITORY / first.strip("# ")).read_text(encoding="utf-8")


def test_the_record_read_back_from_the_stream_is_the_bad_one(walked):
    [read_back] = [output for words, output in walked[0] if "b'id=1||" in output]
    assert read_back.endswith(" b'id=1||status=Normal||location=TUTORIAL||sensor=Alarm-1\\n'\n")


def test_the_query_from_python_prints_rows_with_types_and_nulls(walked):
    [output] = [output for _, output in walked[0] if "measure_value::double DOUBLE" in output]
    assert "'measure_value::double DOUBLE': None, 'measure_value::varchar VARCHAR': 'Normal'" in output
    assert len(output.splitlines()) == 155


def test_all_links_lead_somewhere():
    headings = re.findall(r"^#+ (.*)", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in headings}
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif not target.startswith("https://"):
            assert (REPOSITORY / target).exists(), target
    defined = set(re.findall(r"^\[([\w-]+)\]: https://", TEXT, re.MULTILINE))
    assert defined == set(re.findall(r"\]\[([\w-]+)\]", TEXT))


def test_every_file_of_the_top_level_is_in_the_table():
    linked = set(re.findall(r"^\| \[`([^`]+?)/?`\]", README, re.MULTILINE))
    there = {path.name for path in REPOSITORY.iterdir() if not path.name.startswith((".", "__"))}
    assert linked == there - {"conftest.py", "build", "dist"}


def test_the_quick_start_is_two_commands_from_a_fresh_clone():
    section = README.partition("\n## Quick start\n")[2].partition("\n## ")[0]
    venv = "python3 -m venv .venv && .venv/bin/pip install -q -r requirements.txt && "
    assert re.findall(r"^```bash\n(.*?)\n```", section, re.MULTILINE) == [
        f"{venv}.venv/bin/python -m tests.walkthrough", f"{venv}.venv/bin/python -m pytest"
    ]


def test_the_drawn_table_has_the_columns_that_the_walkthrough_draws(walked):
    header, *rows = re.search(r"```text\n( +moment.*?)```", README, re.DOTALL)[1].splitlines()
    assert header.split() in [line.split() for line in walked[2].splitlines()]
    assert len(rows) == 6 and all(len(row.split()) == 4 for row in rows)


def test_the_end_of_the_walkthrough_is_the_one_that_is_shown(walked):
    section = README.partition("\n## Quick start\n")[2].partition("\n## ")[0]
    shown = re.search(r"^```text\n(.*?)^```", section, re.MULTILINE | re.DOTALL)[1]

    def simplify(text):  # how many rows the table has depends on when the readings came
        lines = [re.sub("[▁▂▃▄▅▆▇█]+", "~", line) for line in blur(text)]
        return [line for line in lines if not line.startswith("0-0-0 0:0:0")]

    assert is_shown(["...", *simplify(shown)], simplify(walked[2]))
