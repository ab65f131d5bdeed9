"""The fixtures of the tests of walkthrough and README."""

import contextlib
import io
import re
from types import SimpleNamespace

import pytest

from tests.environment import REPOSITORY
from tests.walkthrough import walk
from tests.walkthrough.tokens import ShellError

TRY = re.compile(r"\*Try:\* `(aws [^`]+)`\.\s+It\s+says\s+`([^`]+)`")


def find_tries():
    """Return {title of a step: [(command, what it says), ...]} of the README's short tries."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    steps = [part.partition("\n") for part in readme.split("\n### ")]
    return {title: TRY.findall(text) for title, _, text in steps if TRY.search(text)}


@pytest.fixture(scope="session")
def walk_result():
    """The walkthrough with the short tries and "Where to go from here".

    shown: what it has shown; printed, faults: what walk.run() returned.
    """
    tries = find_tries()
    steps = []
    for title, commands in walk.read_steps(["Walkthrough", "Where to go from here", "Clean up"]):
        steps.append((title, commands + [command for command, _ in tries.get(title, [])]))
    shown, printed, faults = io.StringIO(), [], []
    with walk.folder_of_its_own(), contextlib.redirect_stdout(shown):
        try:
            printed, faults = walk.run(steps)
        except ShellError as error:
            faults = [str(error)]
    return SimpleNamespace(shown=shown.getvalue(), printed=printed, faults=faults)


@pytest.fixture
def walked(walk_result):
    """The walkthrough, if nothing is wrong with it; if something is, one test says so."""
    if walk_result.faults:
        pytest.skip("the walkthrough has failed: see test_walkthrough.py")
    return walk_result
