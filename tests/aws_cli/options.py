"""The options of a command, as version 2 of the AWS CLI reads them.

Each parameter is an option, such as --stream-name for StreamName. Its value is text, JSON,
Key=value,... or the content of a file: file://path for text, fileb://path for bytes.
"""

import argparse
import base64
import binascii
import json
from pathlib import Path

from botocore import xform_name

USAGE = """\
usage: aws [options] <command> <subcommand> [<subcommand> ...] [parameters]
To see help text, you can run:

  aws help
  aws <command> help
  aws <command> <subcommand> help
"""
NOT_HERE = (
    "is not supported by this stand-in for the AWS CLI. Use the real one: "
    "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
)


class UsageError(Exception):
    """The error for a command that cannot be run as written; only its text is printed."""


def usage_error(text):
    """Return a UsageError in the AWS CLI's format."""
    return UsageError(f"\naws: [ERROR]: An error occurred (ParamValidation): {text}")


class Parser(argparse.ArgumentParser):
    """Reads options; they cannot be abbreviated."""

    def __init__(self):
        super().__init__(add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)

    def error(self, message):
        raise usage_error(f"{message}\n\n{USAGE}")


def build_parser(operation, paging):
    """Return the parser for an operation's options; paging: botocore's model of its pages."""
    parser = Parser()
    if paging:
        parser.add_argument("--max-items", dest="MaxItems", type=int)
        parser.add_argument("--page-size", dest="PageSize", type=int)
        parser.add_argument("--starting-token", dest="StartingToken")
    for name, shape in list_parameters(operation).items():
        option = spell(name)
        settings = {"dest": name, "required": name in list_required(operation)}
        if option in parser._option_string_actions:
            continue  # MaxItems is the paginator's own option
        if shape.type_name == "boolean":
            settings["action"] = argparse.BooleanOptionalAction
        elif shape.type_name == "list":
            settings["nargs"] = "*"
        parser.add_argument(option, **settings)
    if operation.has_streaming_output:
        parser.add_argument("outfile")
    return parser


def list_parameters(operation):
    """Return an operation's parameters as {name: shape}."""
    members = dict(operation.input_shape.members) if operation.input_shape else {}
    if operation.name == "CreateFunction":  # in the AWS CLI, this part of Code has its own option
        members["ZipFile"] = members.pop("Code").members["ZipFile"]
    return members


def list_required(operation):
    """Return the names of the required parameters."""
    return operation.input_shape.required_members if operation.input_shape else []


def spell(name):
    """Return a parameter's option."""
    return f"--{xform_name(name, '-')}"


def read_options(operation, paging, words, raw):
    """Return the parameters and the other options in the words after an operation.

    raw: bytes are given as text, not in base64.
    """
    found, unknown = build_parser(operation, paging).parse_known_args(words)
    if unknown:
        raise UsageError(f"\n{USAGE}\n\naws: [ERROR]: Unknown options: {', '.join(unknown)}")
    shapes = list_parameters(operation)
    params, others = {}, {}
    for name, value in vars(found).items():
        if name in shapes:
            value = read_value(spell(name), shapes[name], value)
            params[name] = read_bytes(shapes[name], value, raw)
        else:
            others[name] = value
    if operation.name == "CreateFunction" and "ZipFile" in params:
        params["Code"] = {"ZipFile": params.pop("ZipFile")}
    return params, others


def read_value(option, shape, value):
    """Convert a word, or a list's words, to a parameter's type."""
    if isinstance(value, list):
        words = [read_file(option, word) for word in value]
        if len(words) == 1 and words[0].lstrip().startswith("["):
            return read_json(option, words[0])
        return [read_value(option, shape.member, word) for word in words]
    if not isinstance(value, str):
        return value  # a boolean
    text = read_file(option, value)
    if shape.type_name in ("structure", "map"):
        if text.lstrip()[:1] in ("{", "["):
            return read_json(option, text)
        return read_pairs(option, shape, text)
    return read_scalar(shape, text)


def read_scalar(shape, text):
    """Convert a text to a number if the parameter is one."""
    if shape.type_name in ("integer", "long"):
        return int(text)
    if shape.type_name in ("double", "float"):
        return float(text)
    return text


def read_file(option, word):
    """Return the file's content for file://path or fileb://path; return other words unchanged."""
    prefix, _, path = word.partition("://")
    if prefix not in ("file", "fileb"):
        return word
    try:
        content = Path(path).expanduser().read_bytes()
        return content if prefix == "fileb" else content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise usage_error(
            f"Error parsing parameter '{option}': Unable to load paramfile {word}: {error}"
        ) from None


def read_json(option, text):
    """Return the content of JSON text."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise usage_error(
            f"Error parsing parameter '{option}': Invalid JSON: {error}\nJSON received: {text}"
        ) from None


def read_pairs(option, shape, text):
    """Parse Key=value,Key=value; refuse any other shorthand."""
    values = {}
    for pair in text.split(","):
        name, equals, value = pair.partition("=")
        member = shape.value if shape.type_name == "map" else shape.members.get(name)
        is_plain = member is None or member.type_name not in ("structure", "map", "list")
        if not equals or not is_plain or any(sign in value for sign in "[]{}'\"\\"):
            raise usage_error(
                f"{option}: {text!r} is not Key=value,... Use JSON; other shorthand {NOT_HERE}"
            )
        if member is not None and member.type_name == "boolean":
            values[name] = value == "true"
        else:
            values[name] = read_scalar(member, value) if member else value
    return values


def read_bytes(shape, value, raw):
    """Return a value with base64 (or text, if raw) replaced by bytes, at every level."""
    if shape.type_name == "blob" and isinstance(value, str):
        return value.encode() if raw else decode(value)
    if shape.type_name == "list" and isinstance(value, list):
        return [read_bytes(shape.member, item, raw) for item in value]
    if shape.type_name == "structure" and isinstance(value, dict):
        known = value.keys() & shape.members.keys()
        return value | {key: read_bytes(shape.members[key], value[key], raw) for key in known}
    return value


def decode(text):
    """Return base64 text as bytes."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError(f'Invalid base64: "{text}"') from None
