"""Fixtures for the tests of the walkthrough and of README.md."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.environment import REPOSITORY, build_environment

RECORD = "import sys; from tests.walkthrough import walk; walk.record(sys.argv[1])"
WALK_LIMIT = 300  # seconds; each command of a walk has a limit of its own
WALK = pytest.StashKey()


@pytest.hookimpl(trylast=True)  # also after --reverse
def pytest_collection_modifyitems(items):
    """Run the tests that need the walk last, because it takes long."""
    items.sort(key=needs_walk)


def pytest_collection_finish(session):
    """If a test needs the walk, start it in a process that runs during the other tests."""
    if any(map(needs_walk, session.items)) and not session.config.option.collectonly:
        folder = session.config._tmp_path_factory.mktemp("walk")
        session.config.stash[WALK] = (
            folder / "walk.json",
            subprocess.Popen(
                [sys.executable, "-c", RECORD, folder / "walk.json"],
                cwd=REPOSITORY,
                env=build_environment(),
                start_new_session=True,
            ),
        )


def pytest_unconfigure(config):
    """End the walk, if it is still running."""
    if WALK in config.stash:
        _, process = config.stash[WALK]
        process.kill()
        process.wait()


def needs_walk(item):
    """Return whether a test needs the walk."""
    return "walk_result" in getattr(item, "fixturenames", [])


@pytest.fixture(scope="session")
def walk_result(request):
    """The walk through everything in README.md, including the short tries.

    shown: what it showed; printed: the output of each Block; faults: what is wrong.
    """
    path, process = request.config.stash[WALK]
    signal.alarm(WALK_LIMIT)
    process.wait(WALK_LIMIT)
    return SimpleNamespace(**json.loads(Path(path).read_text()))


@pytest.fixture
def walked(walk_result):
    """The walk without faults; if it has some, the test is skipped, as another one reports them."""
    if walk_result.faults:
        pytest.skip("the walkthrough has failed: see test_walkthrough.py")
    return walk_result
