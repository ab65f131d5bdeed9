"""logs.py: a filter pattern matches what it matches on AWS, or is refused."""

import time

import pytest
from botocore.exceptions import ClientError
from moto.core.exceptions import JsonRESTError

from tests.helpers import make_client
from tests.local_aws.logs import Pattern

MESSAGES = ["a", "b", "a b", "A", "b a c", '"']


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", MESSAGES),
        ("a", ["a", "a b", "b a c"]),
        ("a b", ["a b", "b a c"]),
        ('"b a"', ["b a c"]),
        ("?c ?A", ["A", "b a c"]),
        ("-b", ["a", "A", '"']),
        ("a -b", ["a"]),
        ('a -"b a"', ["a", "a b"]),
        (r'"\""', ['"']),
        ('" "', MESSAGES),
    ],
)
def test_a_pattern_matches_events(pattern, found):
    assert [message for message in MESSAGES if Pattern(pattern).matches(message)] == found


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("{ $.a = 1 }", "for JSON is not supported by this local AWS"),
        ("[a, b]", "for space-delimited events is not supported by this local AWS"),
        ("%a|b%", "for regular expressions is not supported by this local AWS"),
        ("?a b", "beside other terms is not supported by this local AWS"),
        ("a id=1", "Invalid character(s) in term 'id=1'"),
        ('"a', "Invalid character(s) in term"),
    ],
)
def test_an_unsupported_pattern_is_refused(pattern, text):
    with pytest.raises(JsonRESTError) as caught:
        Pattern(pattern)
    assert caught.value.error_type == "InvalidParameterException"
    assert text in caught.value.message


def test_events_of_several_log_streams_are_filtered_and_sorted(aws):
    logs = make_client("logs")
    logs.create_log_group(logGroupName="g")
    with pytest.raises(logs.exceptions.InvalidParameterException, match="not supported"):
        logs.filter_log_events(logGroupName="g", filterPattern="%a%")
    now = round(time.time() * 1000)
    for name, moments in {"first": [1, 3], "second": [2, 4]}.items():
        logs.create_log_stream(logGroupName="g", logStreamName=name)
        events = [{"timestamp": now + moment, "message": f"a {moment}"} for moment in moments]
        logs.put_log_events(logGroupName="g", logStreamName=name, logEvents=events)
    events = logs.filter_log_events(logGroupName="g", filterPattern="?2 ?3 ?4")["events"]
    assert [event["message"] for event in events] == ["a 2", "a 3", "a 4"]


def test_the_errors_of_logs_are_awss(aws):
    logs = make_client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    [group] = logs.describe_log_groups()["logGroups"]
    assert group["logGroupClass"] == "STANDARD"
    missing = {"logGroupName": "g", "logStreamName": "missing"}
    for call, options, message in (
        (logs.create_log_stream, missing | {"logStreamName": "s"}, "stream already exists"),
        (logs.delete_log_stream, missing, "stream does not exist."),
        (logs.get_log_events, missing, "stream does not exist."),
        (logs.filter_log_events, {"logGroupName": "g", "nextToken": "x"}, "nextToken is invalid."),
    ):
        with pytest.raises(ClientError) as caught:
            call(**options)
        assert caught.value.response["Error"]["Message"].endswith(message)


def test_stored_bytes_are_not_counted(aws):
    logs = make_client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    events = [{"timestamp": round(time.time() * 1000), "message": "a"}]
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events)
    assert logs.describe_log_groups()["logGroups"][0]["storedBytes"] == 0
    assert logs.describe_log_streams(logGroupName="g")["logStreams"][0]["storedBytes"] == 0
