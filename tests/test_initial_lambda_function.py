"""initial_lambda_function.py: what the skeleton prints."""

import base64
import json
import re

import pytest

import initial_lambda_function
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
SAMPLE_EVENT = json.loads(re.search(r"echo '(.*)' > sample-event.json", README)[1])


def event(*data):
    """Return an event with a record for each piece of data."""
    return {"Records": [{"kinesis": {"data": item}} for item in data]}


def test_the_sample_event_is_printed_as_a_log_line(lines):
    initial_lambda_function.lambda_handler(SAMPLE_EVENT, None)
    assert lines() == [
        r"""id=b'\x9c\x87v>\x91\xa8\x11\xeb\x94\xe2\xac\xdeH\x00\x11"'"""
        "||status=Normal||time=1617143893158||location=BLOG||sensor=Alarm"
    ]


def test_data_is_decoded_once(lines):
    twice = base64.b64encode(base64.b64encode(b"status=Normal")).decode()
    initial_lambda_function.lambda_handler(event(twice), None)
    assert lines() == [base64.b64encode(b"status=Normal").decode()]


@pytest.mark.parametrize(("record", "error"), [
    ({"kinesis": {"data": "no base64!"}}, "error: "),
    ({"kinesis": {"data": "%%%%"}}, "error: "),
    ({"kinesis": {"data": "YWI"}}, "error: Incorrect padding"),
    ({"kinesis": {"data": "/w=="}}, "error: 'utf-8' codec can't decode byte 0xff"),
    ({"kinesis": {"data": None}}, "error: argument should be"),
    ({"kinesis": {}}, "error: 'data'"),
    ({}, "error: 'kinesis'"),
])
def test_a_record_that_cannot_be_decoded_is_an_error_line_and_others_go_on(lines, record, error):
    good = event("Z29vZA==")["Records"]
    initial_lambda_function.lambda_handler({"Records": [*good, record, *good]}, None)
    first, middle, last = lines()
    assert (first, last) == ("good", "good")
    assert middle.startswith(error)


def test_the_default_test_event_of_the_console_prints_nothing(lines):
    initial_lambda_function.lambda_handler({"key1": "value1"}, None)
    assert lines() == []
