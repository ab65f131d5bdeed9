"""A stand-in for the AWS CLI, for readers who have none: alias aws='python -m tests.aws'

    aws <service> <operation> [options]
    aws <service> wait <waiter> [options]
    aws configure get region

It takes services, operations and options from botocore's descriptions of AWS, and does with them
what version 2 of the real one does. What it cannot do, it refuses.
"""

import argparse
import base64
import contextlib
import functools
import json
import os
import sys
import warnings
from datetime import datetime

import botocore
import botocore.session
import jmespath
from botocore import exceptions, xform_name
from botocore.loaders import create_loader

USAGE = f"""{__doc__}
Options of every command: --region, --profile, --endpoint-url, --query, --output json|text,
--no-paginate, --no-cli-pager, --cli-binary-format base64|raw-in-base64-out
"""

# The descriptions of the services are large: whoever runs many commands reads them only once.
find_loader = functools.lru_cache(create_loader)


class UsageError(Exception):
    """The command is not one that this program knows; nothing was sent."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UsageError and leaves out what was not given."""

    def __init__(self):
        super().__init__(add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)

    def error(self, message):
        """Raise UsageError."""
        raise UsageError(message)


def main(arguments=None):
    """Run one command and print its answer, or what is wrong.

    arguments: the words after "aws", by default those of this process.
    Returns the exit status of the real CLI: 252 if the command is wrong, 253 without region or
    credentials, 254 if the service answers with an error, 255 if anything else fails.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        output = run(arguments)
    except (UsageError, exceptions.ParamValidationError) as error:
        return fail(252, error)
    except (exceptions.NoRegionError, exceptions.NoCredentialsError) as error:
        return fail(253, f"{error} Run 'aws configure' or set the environment.")
    except exceptions.ClientError as error:
        return fail(254, error)
    except Exception as error:  # a connection, a file, a profile: a line is all that a reader needs
        return fail(255, error or type(error).__name__)
    print(output, end="")
    return 0


def fail(status, reason):
    """Print the reason as one line; return the exit status."""
    print("aws: error:", *str(reason).split(), file=sys.stderr)
    return status


def run(arguments):
    """Return what the command prints."""
    if arguments[-1:] in ([], ["help"]):
        return USAGE
    if arguments == ["--version"]:
        return f"tests.aws, a stand-in for the AWS CLI, with botocore/{botocore.__version__}\n"
    options, rest = parse_common_options(arguments)
    session = botocore.session.Session(profile=options.profile)
    loader = find_loader(session.get_config_variable("data_path"))
    session.register_component("data_loader", loader)
    if options.service == "configure":
        return find_region(session, [options.operation, *rest])
    config = session.get_scoped_config()
    output = options.output or os.environ.get("AWS_DEFAULT_OUTPUT") or config.get("output", "json")
    if output not in ("json", "text"):
        raise UsageError(f"--output {output} is not supported here, only json and text")
    try:
        query = jmespath.compile("@" if options.query is None else options.query)
    except jmespath.exceptions.JMESPathError as error:
        raise UsageError(f"Bad value for --query {options.query}: {error}") from None
    answer = query.search(plain(call(session, options, rest)))
    if output == "text":
        return "".join(f"{line}\n" for line in format_text(answer))
    return "" if answer == {} else json.dumps(answer, indent=4, ensure_ascii=False) + "\n"


def parse_common_options(arguments):
    """Return service, operation and the options that every command has, and all other words."""
    parser = Parser()
    parser.add_argument("service")
    parser.add_argument("operation")
    for name in ("region", "profile", "endpoint-url", "query", "output"):
        parser.add_argument(f"--{name}", default=None)
    parser.add_argument("--no-paginate", dest="paginate", action="store_false", default=True)
    parser.add_argument("--no-cli-pager", action="store_true")  # there never is a pager
    formats = ("base64", "raw-in-base64-out")
    parser.add_argument("--cli-binary-format", choices=formats, default="base64")
    return parser.parse_known_args(arguments)


def find_region(session, words):
    """Return the region, for "aws configure get region"."""
    if words != ["get", "region"]:
        raise UsageError("of 'aws configure' there is only 'aws configure get region' here")
    region = session.get_config_variable("region")
    if not region:
        raise exceptions.NoRegionError
    return f"{region}\n"


def call(session, options, rest):
    """Do what the command says; return the service's answer."""
    service = options.service
    try:
        model = session.get_service_model(service)
    except exceptions.UnknownServiceError:
        raise UsageError(f"no service {service!r} here") from None
    waiter, name = None, options.operation
    if name == "wait":
        waiters = session.get_waiter_model(service)
        waiter, rest = find_name(waiters.waiter_names, rest[:1], f"{service} wait"), rest[1:]
        name = waiters.get_waiter(waiter).operation
    else:
        name = find_name(model.operation_names, [name], service)
    operation = model.operation_model(name)
    if operation.has_event_stream_output:
        raise UsageError(f"{service} {options.operation} answers with events, not supported here")
    pager = None if waiter or not options.paginate else find_pager(session, service, name)
    raw = options.cli_binary_format == "raw-in-base64-out"
    params, paging, outfile = parse_options(operation, pager, rest, raw, bool(waiter))
    client = session.create_client(
        service, region_name=options.region, endpoint_url=options.endpoint_url
    )
    if waiter:
        client.get_waiter(xform_name(waiter)).wait(**params)
        return {}
    if pager and not find_own(pager) & set(params):
        pages = client.get_paginator(xform_name(name)).paginate(**params, PaginationConfig=paging)
        return pages.build_full_result()
    answer = getattr(client, xform_name(name))(**params)
    answer.pop("ResponseMetadata", None)
    if outfile:
        body = answer.pop(operation.output_shape.serialization["payload"])
        with open(outfile, "wb") as file:
            file.write(body.read())
    return answer


def find_name(names, words, where):
    """Return AWS's name for the command's, as DescribeStream for describe-stream."""
    found = {xform_name(name, "-"): name for name in names}
    if not words or words[0] not in found:
        raise UsageError(f"aws {where} has no {' '.join(words) or 'command without a name'!r}")
    return found[words[0]]


def find_pager(session, service, name):
    """Return how the operation's answers come in pages; None if they do not."""
    with contextlib.suppress(exceptions.DataNotFoundError, ValueError):
        return session.get_paginator_model(service).get_paginator(name)
    return None


def find_own(pager):
    """Return the operation's own parameters for paging; who gives one gets a single page."""
    tokens = pager["input_token"]
    return {*(tokens if isinstance(tokens, list) else [tokens]), pager.get("limit_key")}


def parse_options(operation, pager, rest, raw, waiting):
    """Return the operation's parameters, those of the paginator, and the file for the answer.

    raw: binary values are text as it is, not base64.
    """
    shape = operation.input_shape
    members = dict(shape.members) if shape else {}
    required = set(shape.required_members if shape else ())
    required.difference_update(operation.idempotent_members)  # botocore fills them in
    # The CLI's own --zip-file: for botocore, the function's code is a part of Code.
    zipped = "ZipFile" in getattr(members.get("Code"), "members", ())
    if zipped:
        members["ZipFile"] = members["Code"].members["ZipFile"]
        required.discard("Code")
    parser = Parser()
    own = {option_of(name) for name in members}
    paging = {"--starting-token": str, "--max-items": int, "--page-size": int} if pager else {}
    for option in paging.keys() - own:
        parser.add_argument(option, type=paging[option])
    for name, member in members.items():
        add_option(parser, name, member, name in required)
    if operation.has_streaming_output and not waiting:
        parser.add_argument("outfile")
    given, unknown = parser.parse_known_args(rest)
    if unknown:
        raise UsageError(f"Unknown options: {', '.join(unknown)}")
    given = vars(given)
    params = {
        name: parse_value(option_of(name), member, given[name], raw)
        for name, member in members.items() if name in given
    }
    if zipped and "ZipFile" in params:
        params.setdefault("Code", {})["ZipFile"] = params.pop("ZipFile")
    names = {"max_items": "MaxItems", "page_size": "PageSize", "starting_token": "StartingToken"}
    paging = {names[name]: given[name] for name in names if name in given}
    return params, paging, given.get("outfile")


def option_of(name):
    """Return --stream-name for StreamName."""
    return "--" + xform_name(name, "-")


def add_option(parser, name, shape, required):
    """Let the parser know an operation's option."""
    option = option_of(name)
    if shape.type_name == "boolean":
        group = parser.add_mutually_exclusive_group(required=required)
        group.add_argument(option, dest=name, action="store_true")
        group.add_argument(f"--no-{option[2:]}", dest=name, action="store_false")
    else:
        several = {"nargs": "*"} if shape.type_name == "list" else {}
        parser.add_argument(option, dest=name, required=required, **several)


def parse_value(option, shape, value, raw):
    """Return an option's value, a word or a list of words, in the type that botocore wants."""
    if isinstance(value, bool):
        return value
    try:
        if shape.type_name != "list":
            return parse_word(shape, read_file(value), raw)
        words = [read_file(word) for word in value]
        if len(words) == 1 and words[0].lstrip()[:1] == "[":
            return parse_json(shape, json.loads(words[0]), raw)
        return [parse_word(shape.member, word, raw) for word in words]
    except (ValueError, OSError) as error:
        raise UsageError(f"Error parsing parameter '{option}': {error}") from None


def read_file(word):
    """Return the content of the file for file://path and fileb://path, other words as they are."""
    prefix, found, path = word.partition("://")
    if not found or prefix not in ("file", "fileb"):
        return word
    with open(os.path.expanduser(path), "rb") as file:
        content = file.read()
    return content if prefix == "fileb" else content.decode()


def parse_word(shape, word, raw):
    """Return what a word stands for: a single value, JSON, or the CLI's Key=Value,Key=Value."""
    if shape.type_name not in ("structure", "map", "list"):
        return parse_single(shape, word, raw)
    if isinstance(word, bytes):
        raise ValueError("fileb:// is for binary values, use file://")
    if word.lstrip()[:1] in ("{", "["):
        return parse_json(shape, json.loads(word), raw)
    if shape.type_name == "list":
        return [parse_word(shape.member, part, raw) for part in word.split(",")]
    fields = {}
    for part in word.split(","):
        key, found, text = part.partition("=")
        if not found or text[:1] in ("{", "[", '"', "'"):
            raise ValueError(f"expected Key=Value or JSON, not {part}")
        member = shape.value if shape.type_name == "map" else shape.members.get(key)
        fields[key] = parse_word(member, text, raw) if member else text  # botocore complains of it
    return fields


def parse_json(shape, value, raw):
    """Return a parsed JSON value, the binary values in it as bytes."""
    if shape.type_name == "structure" and isinstance(value, dict):
        members = shape.members
        return {
            name: parse_json(members[name], item, raw) if name in members else item
            for name, item in value.items()
        }
    if shape.type_name == "map" and isinstance(value, dict):
        return {name: parse_json(shape.value, item, raw) for name, item in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [parse_json(shape.member, item, raw) for item in value]
    return parse_single(shape, value, raw) if shape.type_name == "blob" else value


def parse_single(shape, word, raw):
    """Return a number, a boolean or bytes where the shape says so; else the word."""
    if shape.type_name in ("integer", "long"):
        return int(word)
    if shape.type_name in ("float", "double"):
        return float(word)
    if shape.type_name == "boolean":
        return {"true": True, "false": False}.get(word.lower(), word)
    if shape.type_name == "blob" and isinstance(word, str):
        return word.encode() if raw else base64.b64decode(word, validate=True)
    return word


def plain(value):
    """Return an answer as the CLI prints it: times in ISO 8601, bytes in base64."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def format_text(value, label=None, columns=None):
    """Yield the lines of --output text: values between tabs, each part after its label."""
    if isinstance(value, dict):
        columns = find_columns([value]) if columns is None else columns
        cells = [str(value.get(name, "")) for name in columns]
        if cells:
            yield "\t".join(([label.upper()] if label else []) + cells)
        for name in sorted(value.keys() - set(columns)):
            yield from format_text(value[name], name)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        columns = find_columns(value)
        for item in value:
            yield from format_text(item, label, columns)
    elif isinstance(value, list):
        cells = [str(item) for item in value if not isinstance(item, list)]
        if label:
            yield from (f"{label.upper()}\t{cell}" for cell in cells)
        elif cells:
            yield "\t".join(cells)
        for item in value:
            if isinstance(item, list):
                yield from format_text(item, label)
    else:
        yield str(value)


def find_columns(rows):
    """Return the names under which the rows have single values, in alphabetical order."""
    rows = [row for row in rows if isinstance(row, dict)]
    return sorted({k for row in rows for k, v in row.items() if not isinstance(v, (dict, list))})


if __name__ == "__main__":
    warnings.filterwarnings("ignore", module="boto")  # of old Pythons; there is nothing to do here
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of the pipe has gone, as with "| head -1"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
