"""replay.py does the README's steps up to one of them, and the next one works."""

import boto3
import pytest

from tests import local_aws
from tests.helpers import LIMIT
from tests.local_aws.server import REPLAY_SPEED, build_export_line
from tests.walkthrough import replay
from tests.walkthrough.bash import Bash, group
from tests.walkthrough.readme import Block


@pytest.fixture
def fast_aws():
    """A local AWS that is fast enough for a replay."""
    with local_aws.running(print, REPLAY_SPEED) as aws:
        yield aws


def test_after_step_8_there_are_readings_of_the_last_minutes_and_an_outage(fast_aws, tmp_path):
    replay.replay(8, build_export_line(fast_aws.server), print, tmp_path)
    query = """
        select to_milliseconds(time) / 1000 from DemoDatabase.WeatherMetrics
        where time between ago(5m) and now() order by time"""
    pages = boto3.Session().client("timestream-query").query(QueryString=query)
    seconds = [int(row["Data"][0]["ScalarValue"]) for row in pages["Rows"]]
    pauses = sorted(later - early for early, later in zip(seconds, seconds[1:]))
    assert len(seconds) == 70
    assert max(pauses[:-3]) <= 2  # a second, or a little more on a busy machine
    assert pauses[-3:-1] == [6, 6]  # the outage; the longest is between the two commands


def test_the_next_step_has_the_variables_and_files_of_the_steps_before(fast_aws, tmp_path):
    line = build_export_line(fast_aws.server)
    settings = replay.replay(7, line, print, tmp_path)
    assert {"REGION=us-east-1", "ACCOUNT_ID=123456789012"} < set(settings.split("; "))
    assert "\n" not in settings
    assert (tmp_path / "sample-event.json").exists()
    with group() as processes:
        bash = Bash(processes, tmp_path, tmp_path, line, speed=1, start=0)
        bash.run(settings)
        mapping = (
            "aws lambda get-event-source-mapping --uuid ${MAPPING} --query State --output text"
        )
        assert bash.run(mapping, limit=LIMIT) == "Enabled\n"


def test_a_shell_function_of_the_steps_is_defined_on_one_line(fast_aws, tmp_path):
    with group() as processes:
        bash = Bash(
            processes, tmp_path, tmp_path, build_export_line(fast_aws.server), speed=1, start=0
        )
        definition = "wait_for() {\n  printf '%s\\n' \"it's $1\"\n}"
        bash.run(definition)
        blocks = [Block("1. x", [definition], None)]
        settings = replay.read_settings(bash, blocks)
        bash.run(f"unset -f wait_for\n{settings}")
        assert "\n" not in settings
        assert bash.run("wait_for me") == "it's me\n"
