"""CloudWatch Logs finds what a filter pattern asks for. moto knows a word, or a phrase in quotes.

The rules are those of the CloudWatch Logs User Guide, "Filter pattern syntax": of patterns for
unstructured log events. Those for JSON and space-delimited events, and regular expressions, are
refused.
"""

import contextlib
import functools
import re
from unittest import mock

from moto.core.exceptions import JsonRESTError
from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import LogGroup

# A term, with what stands before it: - none, ? one of several. It is a word or a phrase in quotes.
TERM = re.compile(r'\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|(\w+))(?=\s|$)')
OTHER_PATTERNS = {"{": "JSON", "[": "space-delimited events", "%": "regular expressions"}

filter_log_events = LogGroup.filter_log_events
create_log_stream = LogGroup.create_log_stream
delete_log_stream = LogGroup.delete_log_stream
get_log_events = LogGroup.get_log_events
describe_group = LogGroup.to_describe_dict


def refuse_pattern(message):
    """Raise the error of CloudWatch Logs for a pattern."""
    raise JsonRESTError("InvalidParameterException", message)


class Pattern:
    """A filter pattern: what an event has to contain, may contain, and must not contain."""

    def __init__(self, text):
        text = (text or "").strip()
        if text == '" "':  # AWS's own way to ask for everything
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
                    f"Invalid character(s) in term '{text[place:].strip()}'. A term that holds more"
                    " than letters, digits and _ has to be in double quotes."
                )
            sign, phrase, word = found.groups()
            if phrase is not None:
                word = re.sub(r"\\(.)", r"\1", phrase)
            self.terms[sign].append(word)
            place = found.end()
        if self.terms["?"] and (self.terms[""] or self.terms["-"]):
            refuse_pattern(f"? beside other terms is not supported by this local AWS: {text}")

    def matches(self, message):
        """Return whether a log event is one that the pattern asks for."""
        if any(term in message for term in self.terms["-"]):
            return False
        if self.terms["?"]:
            return any(term in message for term in self.terms["?"])
        return all(term in message for term in self.terms[""])


read_pattern = functools.lru_cache(Pattern)  # moto makes one for each event


def filter_in_order(group, *arguments):
    """Return the events of all log streams in the order of time, as AWS always does."""
    *arguments, next_token, pattern, interleaved = arguments
    read_pattern(pattern)  # so that a wrong one is refused even if there are no events
    events, token, streams = filter_log_events(group, *arguments, next_token, pattern, True)
    if next_token and not events:  # moto finds no event for a token that is none of its own
        raise JsonRESTError("InvalidParameterException", "The specified nextToken is invalid.")
    return events, token, streams


def find_log_stream(group, name):
    """Refuse a log stream that does not exist."""
    if name not in group.streams:
        raise ResourceNotFoundException("The specified log stream does not exist.")


def create_new_stream(group, name):
    """Create a log stream that does not exist yet."""
    if name in group.streams:
        text = "The specified log stream already exists"
        raise JsonRESTError("ResourceAlreadyExistsException", text)
    create_log_stream(group, name)


def delete_existing_stream(group, name):
    """Delete a log stream."""
    find_log_stream(group, name)
    delete_log_stream(group, name)


def get_existing_events(group, log_stream_name, *arguments):
    """Return the events of a log stream."""
    find_log_stream(group, log_stream_name)
    return get_log_events(group, log_stream_name, *arguments)


def describe_whole_group(group):
    """Return a group's description."""
    description = describe_group(group)
    return description | {"logGroupClass": "STANDARD", "deletionProtectionEnabled": False}


@contextlib.contextmanager
def patch_logs():
    """Let moto's log groups be filtered as on AWS."""
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
    ):
        yield
