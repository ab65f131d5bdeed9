"""CloudWatch Logs: filter patterns, and AWS's own errors.

moto's patterns are a word, or a phrase in quotes. Here they follow the CloudWatch Logs User Guide,
"Filter pattern syntax", for unstructured log events. Patterns for JSON and for space-delimited
events, and regular expressions, are refused.
"""

import contextlib
import functools
import re
from unittest import mock

from moto.core.exceptions import JsonRESTError
from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import LogGroup, LogStream

# A term is a word or a phrase in quotes. Before it: "-" excludes it, "?" makes it one of several.
TERM = re.compile(r'\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|(\w+))(?=\s|$)')
OTHER_PATTERNS = {"{": "JSON", "[": "space-delimited events", "%": "regular expressions"}

filter_log_events = LogGroup.filter_log_events
create_log_stream = LogGroup.create_log_stream
delete_log_stream = LogGroup.delete_log_stream
get_log_events = LogGroup.get_log_events
describe_group = LogGroup.to_describe_dict
describe_stream = LogStream.to_describe_dict


def refuse_pattern(message):
    """Raise CloudWatch Logs' error for a pattern."""
    raise JsonRESTError("InvalidParameterException", message)


class Pattern:
    """A filter pattern: the terms that an event must, may and must not contain."""

    def __init__(self, text):
        text = (text or "").strip()
        if text == '" "':  # AWS's own way to match everything
            text = ""
        if text[:1] in OTHER_PATTERNS:
            kind = OTHER_PATTERNS[text[0]]
            refuse_pattern(
                f"A filter pattern for {kind} is not supported by this local AWS: {text}"
            )
        self.terms = {"": [], "?": [], "-": []}
        place = 0
        while place < len(text):
            found = TERM.match(text, place)
            if not found:
                refuse_pattern(
                    f"Invalid character(s) in term '{text[place:].strip()}'. Put a term in double"
                    " quotes if it has other characters than letters, digits and _."
                )
            sign, phrase, word = found.groups()
            if phrase is not None:
                word = re.sub(r"\\(.)", r"\1", phrase)
            self.terms[sign].append(word)
            place = found.end()
        if self.terms["?"] and (self.terms[""] or self.terms["-"]):
            refuse_pattern(f"? beside other terms is not supported by this local AWS: {text}")

    def matches(self, message):
        """Return whether the pattern matches a log event."""
        if any(term in message for term in self.terms["-"]):
            return False
        if self.terms["?"]:
            return any(term in message for term in self.terms["?"])
        return all(term in message for term in self.terms[""])


read_pattern = functools.lru_cache(Pattern)  # moto creates one for each event


def filter_in_order(group, *arguments):
    """Return the matching events of all log streams, sorted by time, as AWS always does."""
    *arguments, next_token, pattern, interleaved = arguments
    read_pattern(pattern)  # refuses a wrong pattern even if there are no events
    events, token, streams = filter_log_events(group, *arguments, next_token, pattern, True)
    if next_token and not events:  # moto returns no events for an unknown token
        raise JsonRESTError("InvalidParameterException", "The specified nextToken is invalid.")
    return events, token, streams


def check_stream_exists(group, name):
    """Refuse a log stream that does not exist."""
    if name not in group.streams:
        raise ResourceNotFoundException("The specified log stream does not exist.")


def create_new_stream(group, name):
    """Create a log stream; it must not exist yet."""
    if name in group.streams:
        text = "The specified log stream already exists"
        raise JsonRESTError("ResourceAlreadyExistsException", text)
    create_log_stream(group, name)


def delete_existing_stream(group, name):
    """Delete a log stream; it must exist."""
    check_stream_exists(group, name)
    delete_log_stream(group, name)


def get_existing_events(group, log_stream_name, *arguments):
    """Return the events of a log stream; it must exist."""
    check_stream_exists(group, log_stream_name)
    return get_log_events(group, log_stream_name, *arguments)


def describe_whole_group(group):
    """Return a group's description, with the fields that moto lacks."""
    description = describe_group(group)
    return description | {
        "deletionProtectionEnabled": False,
        "logGroupClass": "STANDARD",
        "storedBytes": 0,  # AWS counts them hours later
    }


def describe_whole_stream(stream):
    """Return a log stream's description, in which AWS no longer counts bytes."""
    return describe_stream(stream) | {"storedBytes": 0}


@contextlib.contextmanager
def patch_logs():
    """Make moto's log groups work as on AWS."""
    with (
        mock.patch("moto.logs.models.EventMessageFilter", read_pattern),
        mock.patch.multiple(
            LogGroup,
            filter_log_events=filter_in_order,
            create_log_stream=create_new_stream,
            delete_log_stream=delete_existing_stream,
            get_log_events=get_existing_events,
            to_describe_dict=describe_whole_group,
        ),
        mock.patch.object(LogStream, "to_describe_dict", describe_whole_stream),
    ):
        yield
