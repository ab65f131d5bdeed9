"""Compares the outputs in README.md with what the commands print.

In an output, "..." means any number of lines. Whatever differs from run to run may differ: times,
ids, sequence numbers, ports, and numbers of alarms. Everything else must be exactly as printed.
"""

import difflib
import re

from alarm_sensor import LOCATION
from tests.walkthrough import readme

STATUS = "(?:Normal|Elevated|Alarm)"
TIMESTAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9}"

ALL_OF_A_BATCH = "|".join(f"{size} of {size}" for size in range(1, 11))  # that came together

# What may differ, and where.
LEFT_OPEN = [
    rf"id=b(?:'.*'|\".*\")\|\|status={STATUS}\|\|time=\d{{13}}(?=\|\|location={LOCATION}\b)",
    r"'Time': '\d{13}'",
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d0\.000000000(?=\t)",  # of bin(time, 10s)
    TIMESTAMP,
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    r"'SequenceNumber': '\d+'",
    r"(?<=Failed: )\d+(?=:)",
    r"\b\d+(?= b'id=)",  # a sequence number and the record's data
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    r'"aWQ9[^"]*"',  # a log line in base64
    r"(?<=127\.0\.0\.1:)\d+",
    r"(?<=\.5\t)\d+$",  # number of alarms in ten seconds, after a mean temperature
    rf"\d+(?= {STATUS}\b)",
    rf"(?:{ALL_OF_A_BATCH})(?= records stored)",
]
OPEN = re.compile("|".join(f"({pattern})" for pattern in LEFT_OPEN))


def build_pattern(line):
    """Return a pattern that matches a line of README.md, and lines that may differ from it."""
    pattern, end = "", 0
    for found in OPEN.finditer(line):
        pattern += re.escape(line[end : found.start()]) + LEFT_OPEN[found.lastindex - 1]
        end = found.end()
    return pattern + re.escape(line[end:])


def is_shown(shown, printed):
    """Return whether README.md shows the printed output."""
    pattern = ""
    for line in shown.splitlines():
        pattern += r"(?:.*\n)*?" if line == "..." else f"{build_pattern(line)}\n"
    text = "".join(f"{line}\n" for line in printed.splitlines())
    return re.fullmatch(pattern, text, re.MULTILINE) is not None


def explain(shown, printed):
    """Return the lines of README.md that were not printed, with the most similar printed lines."""
    lines = printed.splitlines()
    text = []
    for line in shown.splitlines():
        if line != "..." and not any(re.fullmatch(build_pattern(line), each) for each in lines):
            text += [f"README.md shows:  {line}"]
            text += [f"    it prints:    {near}" for near in find_near(line, lines)]
    return "\n".join(text) or f"README.md shows\n{shown}\nbut it prints\n{printed}"


def find_near(line, lines, count=2):
    """Return the lines that are most similar to a line."""
    return difflib.get_close_matches(line, dict.fromkeys(lines), count, cutoff=0)


def correct(shown, printed):
    """Return an output of README.md, its lines replaced by those that were printed."""
    parts = [part.strip("\n").splitlines() for part in re.split(r"^\.\.\.$", shown, flags=re.M)]
    lines = printed.splitlines()
    first, last = parts[0], parts[-1] if len(parts) > 1 else []
    taken = lines if len(parts) == 1 else lines[: len(first)]
    new = [keep_open(line, first) for line in taken]
    for part in parts[1:-1]:
        new += ["...", *(keep_open(find_near(line, lines, 1)[0], part) for line in part)]
    if len(parts) > 1:
        ending = lines[len(lines) - len(last) :]
        new += ["...", *(keep_open(line, last) for line in ending)]
    return "".join(f"{line}\n" for line in new)


def keep_open(line, shown):
    """Return README.md's own line if it matches a printed one, else the printed line."""
    for each in shown:
        if re.fullmatch(build_pattern(each), line):
            return each
    return re.sub(r"(?<=127\.0\.0\.1:)\d+", "5005", line)


def write(blocks, printed):
    """Correct outdated outputs in README.md; return the old ones."""
    text, drifted = readme.read(), []
    for block, output in zip(blocks, printed):
        if block.shown is not None and not is_shown(block.shown, output):
            drifted.append(block.shown)
            text = text.replace(
                f"```text\n{block.shown}```", f"```text\n{correct(block.shown, output)}```"
            )
    readme.PATH.write_text(text, encoding="utf-8")
    return drifted
