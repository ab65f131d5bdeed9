"""The fixture of the tests of walkthrough and README."""

import contextlib
import io
from types import SimpleNamespace

import pytest

from tests.walkthrough import walk


@pytest.fixture(scope="session")
def walked():
    """The walkthrough and "Where to go from here": what it has shown, and what run() returned."""
    steps = walk.read_steps(["Walkthrough", "Where to go from here", "Clean up"])
    shown = io.StringIO()
    with walk.folder_of_its_own(), contextlib.redirect_stdout(shown):
        printed, faults = walk.run(steps)
    return SimpleNamespace(shown=shown.getvalue(), printed=printed, faults=faults)
