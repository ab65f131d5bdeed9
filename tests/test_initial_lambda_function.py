"""initial_lambda_function.py: what the skeleton prints."""

import json
import re

import pytest

import initial_lambda_function
from tests.environment import REPOSITORY

RULES = re.DOTALL | re.MULTILINE


def test_the_sample_event_of_the_readme_is_printed_as_a_log_line(lines):
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    event = json.loads(re.search(r"> sample-event.json <<'EOF'\n(.*?)^EOF", readme, RULES)[1])
    initial_lambda_function.lambda_handler(event, None)
    assert lines() == [
        r"id=b'\x9c||\x11'||status=Normal||time=1617143893158||location=BLOG||sensor=Alarm"
    ]


@pytest.mark.parametrize(
    ("record", "error"),
    [
        ({"kinesis": {"data": "%%%%"}}, "error: "),
        ({}, "error: 'kinesis'"),
        ({"kinesis": {"data": "YWI"}}, "error: Incorrect padding"),
        ({"kinesis": {"data": "/w=="}}, "error: 'utf-8' codec can't decode byte 0xff"),
    ],
)
def test_a_record_that_cannot_be_decoded_is_an_error_line_and_does_not_stop_the_others(
    lines, record, error
):
    encoded = {"kinesis": {"data": "WVdKag=="}}  # twice, like the sensor's lines
    initial_lambda_function.lambda_handler({"Records": [encoded, record, encoded]}, None)
    first, middle, last = lines()
    assert first == last == "YWJj"
    assert middle.startswith(error)


def test_the_default_test_event_of_the_console_prints_nothing(lines):
    initial_lambda_function.lambda_handler({"key1": "value1"}, None)
    assert lines() == []
