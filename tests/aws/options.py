"""What follows "aws": the options of all commands, and those of one operation, as botocore has it.

A parameter is an option, --stream-name for StreamName. Its value is text, JSON, the AWS CLI's short
form of that, or what is in a file: file://path holds text, fileb://path bytes.
"""

import argparse
import base64
import binascii
import difflib
import json
from dataclasses import dataclass, field
from pathlib import Path

import jmespath
from botocore import xform_name

from tests.aws.shorthand import parse_shorthand

OUTPUTS = ["json", "text", "table"]
BINARY_FORMATS = ["base64", "raw-in-base64-out"]  # of bytes in a command

# Options of the AWS CLI that are refused by name.
NOT_HERE = [
    "--debug",
    "--no-verify-ssl",
    "--ca-bundle",
    "--no-sign-request",
    "--color",
    "--cli-read-timeout",
    "--cli-connect-timeout",
    "--cli-auto-prompt",
    "--no-cli-auto-prompt",
    "--cli-error-format",
    "--cli-input-yaml",
    "--generate-cli-skeleton",
]

# The zip file of a function is a part of this parameter; in the AWS CLI it has an own option.
ZIP_FILE_IN = {"CreateFunction": "Code", "PublishLayerVersion": "Content"}

# How many items a response in pages has, in the AWS CLI's words and in those of botocore.
PAGING = {"max_items": "MaxItems", "page_size": "PageSize", "starting_token": "StartingToken"}


class Refused(Exception):
    """A command that cannot be run as it stands; the text says why."""


class Parser(argparse.ArgumentParser):
    """Takes options by their whole names; what it cannot take is Refused."""

    def __init__(self):
        super().__init__(
            prog="aws",
            usage=argparse.SUPPRESS,
            add_help=False,
            allow_abbrev=False,
            argument_default=argparse.SUPPRESS,
        )

    def error(self, message):
        """Refuse, instead of printing the usage."""
        raise Refused(message)


@dataclass
class Request:
    """What an operation is called with."""

    params: dict
    outfile: str = None  # where its response goes, if that is a stream of bytes
    paging: dict = field(default_factory=dict)  # botocore's PaginationConfig


def suggest(word, known):
    """Return a question that names known words which are like this one; "" if there are none."""
    near = difflib.get_close_matches(word, known)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def choose(value, known, option):
    """Refuse a value that is not one of those known."""
    if value not in known:
        raise Refused(f"{option} {value} is not supported here: it is one of {', '.join(known)}")
    return value


def read_global_options(words):
    """Return the options that all commands have, and the words that are left."""
    for word in words:
        if word.partition("=")[0] in NOT_HERE:
            raise Refused(f"{word} is an option of the AWS CLI that is not supported here")
    parser = Parser()
    parser.set_defaults(region=None, profile=None, endpoint_url=None, output=None, query="@")
    parser.set_defaults(cli_binary_format=None, no_paginate=False)
    for name in ("region", "profile", "endpoint-url", "output", "query", "cli-binary-format"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--no-paginate", action="store_true")
    parser.add_argument("--no-cli-pager", action="store_true")  # there is never one here
    options, rest = parser.parse_known_args(words)
    url = options.endpoint_url
    if url is not None and not url.startswith(("http://", "https://")):
        raise Refused(f"--endpoint-url {url} does not begin with http:// or https://")
    try:
        options.query = jmespath.compile(options.query)
    except jmespath.exceptions.JMESPathError as error:
        raise Refused(f"--query: {error}") from None
    return options, rest


def name_options(operation):
    """Return {option: shape} of an operation's parameters, by their names in botocore."""
    members = dict(getattr(operation.input_shape, "members", {}))
    if operation.name in ZIP_FILE_IN:
        members["ZipFile"] = members[ZIP_FILE_IN[operation.name]].members["ZipFile"]
    return members


def spell(name):
    """Return the option for a parameter."""
    return f"--{xform_name(name, '-')}"


def read_request(operation, paging, words, binary_format):
    """Return the Request that the words after an operation ask for.

    paging: botocore's description of the operation's pages; None if there are none.
    binary_format: how bytes are written in a command, one of BINARY_FORMATS.
    """
    members = name_options(operation)
    paging_options = name_paging_options(paging)
    parser = build_parser(operation, members, paging_options)
    found, unknown = parser.parse_known_args(words)
    if unknown:
        known = [*paging_options, *[spell(name) for name in members]]
        raise Refused(f"unknown options: {' '.join(unknown)}{suggest(unknown[0], known)}")
    values = vars(found)
    request = Request({}, values.pop("outfile", None))
    for word, name in PAGING.items():
        if word in values:
            request.paging[name] = values.pop(word)
    if "cli_input_json" in values:
        document = values.pop("cli_input_json")
        request.params = read_value(
            "--cli-input-json", operation.input_shape, document, binary_format
        )
    for name, value in values.items():
        request.params[name] = read_value(spell(name), members[name], value, binary_format)
    if operation.name in ZIP_FILE_IN and "ZipFile" in request.params:
        zip_file = request.params.pop("ZipFile")
        request.params.setdefault(ZIP_FILE_IN[operation.name], {})["ZipFile"] = zip_file
    refuse_missing(operation, request.params)
    return request


def name_paging_options(paging):
    """Return {option: type} of what says how many items of a response in pages are wanted."""
    if paging is None:
        return {}
    options = {"--starting-token": str, "--max-items": int}
    if "limit_key" in paging:
        options["--page-size"] = int
    return options


def build_parser(operation, members, paging_options):
    """Return the parser for an operation's own options."""
    parser = Parser()
    if operation.input_shape:
        parser.add_argument("--cli-input-json")
    for option, kind in paging_options.items():
        parser.add_argument(option, type=kind)
    for name, shape in members.items():
        option = spell(name)
        if option in paging_options:
            continue  # a parameter MaxItems is botocore's business then
        if shape.type_name == "boolean":
            parser.add_argument(option, dest=name, action=argparse.BooleanOptionalAction)
        elif shape.type_name == "list":
            parser.add_argument(option, dest=name, nargs="*")
        else:
            parser.add_argument(option, dest=name)
    if operation.has_streaming_output:
        parser.add_argument("outfile")
    return parser


def refuse_missing(operation, params):
    """Refuse a request that lacks a parameter, except one that botocore makes up."""
    if not operation.input_shape:
        return
    made_up = operation.idempotent_members
    required = operation.input_shape.required_members
    missing = [spell(name) for name in required if name not in params and name not in made_up]
    if missing:
        raise Refused(f"the following arguments are required: {', '.join(missing)}")


def read_value(option, shape, value, binary_format):
    """Return what an option says, in the type that botocore wants."""
    try:
        return convert_bytes(shape, parse(shape, value), binary_format)
    except (ValueError, OSError) as error:
        raise Refused(f"argument {option}: {error}") from None


def parse(shape, value):
    """Return a word, or a list of them, as the JSON, the number or the text that it is."""
    if isinstance(value, list):
        if len(value) != 1:
            return [parse(shape.member, word) for word in value]
        value = read_file(value[0])
        if value.lstrip()[:1] != "[":
            return [parse(shape.member, value)]
    elif isinstance(value, str):
        value = read_file(value)
    match shape.type_name, value:
        case "blob", str() if shape.serialization.get("streaming"):  # as of s3api put-object
            return Path(value).read_bytes()
        case "blob", _:
            return value
        case _, bytes():
            raise ValueError("this takes text: write file://, not fileb://")
        case "integer" | "long", str():
            return int(value)
        case "double" | "float", str():
            return float(value)
        case "structure" | "map" | "list", str() if value.lstrip()[:1] in ("{", "["):
            return parse_json(value)
        case "structure" | "map", str():
            try:
                return parse_shorthand(shape, value)
            except ValueError as error:
                raise ValueError(f"neither JSON nor Key=value,...: {error}") from None
    return value


def read_file(word):
    """Return the content of the file for file://path and fileb://path, other words as they are."""
    prefix, _, path = word.partition("://")
    if prefix not in ("file", "fileb"):
        return word
    content = Path(path).read_bytes()
    if prefix == "fileb":
        return content
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ValueError(f"{path} holds bytes, not text: write fileb://") from None


def parse_json(text):
    """Return what is in JSON."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"no JSON: {error}") from None


def convert_bytes(shape, value, binary_format):
    """Return a value with bytes for the texts that stand for bytes, however deep they are."""
    match shape.type_name, value:
        case "blob", str() if binary_format == "raw-in-base64-out":
            return value.encode()
        case "blob", str():
            return decode(value)
        case "list", list():
            return [convert_bytes(shape.member, item, binary_format) for item in value]
        case "map", dict():
            return {
                key: convert_bytes(shape.value, item, binary_format) for key, item in value.items()
            }
        case "structure", dict():
            known = value.keys() & shape.members.keys()
            return value | {
                key: convert_bytes(shape.members[key], value[key], binary_format) for key in known
            }
    return value


def decode(text):
    """Return the bytes of a text in base64, which may be broken into lines."""
    try:
        return base64.b64decode("".join(text.splitlines()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(
            f"{text[:40]!r} is no base64; write fileb://FILE, or the text with "
            "--cli-binary-format raw-in-base64-out"
        ) from None
