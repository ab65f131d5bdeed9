"""A stand-in for the AWS CLI, for readers who have none: alias aws='python -m tests.aws'

    aws <service> <operation> [options]
    aws <service> wait <waiter> [options]
    aws configure get region

It takes services, operations and options from botocore's descriptions of AWS, and does with them
what version 2 of the real one does. What it cannot do, it refuses.
"""

import argparse
import base64
import json
import os
import sys

import botocore.session
import jmespath
from botocore import exceptions, xform_name
from botocore.loaders import create_loader
from botocore.utils import parse_timestamp

LOADER = create_loader()  # it keeps the descriptions that it has read, and they are large

# How a word becomes a value of these types; all others are texts.
SCALARS = {
    "integer": int, "long": int, "float": float, "double": float, "boolean": json.loads,
    "blob": lambda word: base64.b64decode(word, validate=True),
}


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are ValueErrors, as all that is wrong with a command."""

    def error(self, message):
        """Raise ValueError."""
        raise ValueError(message)


def main(arguments=None):
    """Run one command and print its answer, or what is wrong.

    arguments: the words after "aws", by default those of this process.
    Returns the exit status of the real CLI: 252 if the command is wrong, 253 without region or
    credentials, 254 if the service answers with an error, 255 if anything else fails.
    """
    try:
        output = run(sys.argv[1:] if arguments is None else list(arguments))
    except (ValueError, exceptions.ParamValidationError) as error:
        return fail(252, error)
    except (exceptions.NoRegionError, exceptions.NoCredentialsError) as error:
        return fail(253, f"run 'aws configure', or set the environment: {error}")
    except exceptions.ClientError as error:
        return fail(254, error)
    except Exception as error:  # a connection, a profile: a line is all that a reader needs
        return fail(255, error or type(error).__name__)
    print(output, end="", flush=True)
    return 0


def fail(status, reason):
    """Print the reason as one line; return the exit status."""
    print("aws: error:", *str(reason).split(), file=sys.stderr)
    return status


def run(arguments):
    """Return what the command prints."""
    parser = Parser(
        prog="aws", description=__doc__, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("service")
    parser.add_argument("operation")
    parser.add_argument("--region")
    parser.add_argument("--profile")
    parser.add_argument("--query", default="@", help="the part of the answer to print, in JMESPath")
    parser.add_argument("--output", choices=["json", "text"], default="json")
    if arguments[-1:] == ["help"]:
        return parser.format_help()
    options, rest = parser.parse_known_args(arguments)
    session = botocore.session.Session(profile=options.profile)
    session.register_component("data_loader", LOADER)
    session.get_component("response_parser_factory").set_parser_defaults(
        blob_parser=lambda text: text,  # base64, as it comes
        timestamp_parser=lambda moment: parse_timestamp(moment).isoformat(),
    )
    if [options.service, options.operation, *rest] == ["configure", "get", "region"]:
        region = session.get_config_variable("region")
        if not region:
            raise exceptions.NoRegionError
        return f"{region}\n"
    query = jmespath.compile(options.query)
    answer = query.search(call(session, options, rest))
    if options.output == "text":
        return format_text(answer)
    return "" if answer == {} else json.dumps(answer, indent=4, ensure_ascii=False) + "\n"


def call(session, options, rest):
    """Do what the command says; return the service's answer.

    rest: the words that are not options of every command.
    """
    service, method = options.service, options.operation.replace("-", "_")
    if service not in session.get_available_services():
        raise ValueError(f"there is no 'aws {service} {options.operation}' here")
    client = session.create_client(service, region_name=options.region)
    waiter = None
    if method == "wait":
        name, *rest = rest or [""]
        waiter = client.get_waiter(name.replace("-", "_"))
        operation = waiter.config.operation
    elif method in client.meta.method_to_api_mapping:
        operation = client.meta.method_to_api_mapping[method]
    else:
        raise ValueError(f"'aws {service}' has no {options.operation!r}")
    operation = client.meta.service_model.operation_model(operation)
    outfile, params = parse_options(operation, rest)
    if waiter:
        waiter.wait(**params)
        return {}
    if client.can_paginate(method):
        pager = session.get_paginator_model(service).get_paginator(operation.name)
        if pager.get("limit_key") not in params:  # with a limit there is one page
            return client.get_paginator(method).paginate(**params).build_full_result()
    answer = getattr(client, method)(**params)
    del answer["ResponseMetadata"]
    if outfile:
        body = answer.pop(operation.output_shape.serialization["payload"])
        with open(outfile, "wb") as file:
            file.write(body.read())
    return answer


def parse_options(operation, words):
    """Return the file for the answer, or None, and the operation's parameters."""
    members = dict(operation.input_shape.members) if operation.input_shape else {}
    # The CLI's own --zip-file: for botocore, the function's code is a part of Code.
    zipped = "ZipFile" in getattr(members.get("Code"), "members", ())
    if zipped:
        members["ZipFile"] = members["Code"].members["ZipFile"]
    parser = Parser(allow_abbrev=False, argument_default=argparse.SUPPRESS)
    for name, shape in members.items():
        settings = {"nargs": "+" if shape.type_name == "list" else 1}
        if shape.type_name == "boolean":
            settings = {"action": argparse.BooleanOptionalAction}
        parser.add_argument(f"--{xform_name(name, '-')}", dest=name, **settings)
    if operation.has_streaming_output:
        parser.add_argument("outfile")
    given = vars(parser.parse_args(words))
    outfile, params = given.pop("outfile", None), {}
    for name, value in given.items():
        try:
            params[name] = read_option(members[name], value)
        except (ValueError, OSError) as error:
            raise ValueError(f"argument --{xform_name(name, '-')}: {error}") from None
    if zipped and "ZipFile" in params:
        params.setdefault("Code", {})["ZipFile"] = params.pop("ZipFile")
    return outfile, params


def read_option(shape, value):
    """Return an option's value, True, False or a list of words, in the type that botocore wants."""
    if isinstance(value, bool):
        return value
    words = [read_file(word) for word in value]
    if shape.type_name == "list" and words[0][:1] != "[":
        return [convert(shape.member, word) for word in words]
    return convert(shape, words[0])


def read_file(word):
    """Return the content of the file for file://path and fileb://path, other words as they are."""
    prefix, found, path = word.partition("://")
    if not found or prefix not in ("file", "fileb"):
        return word
    with open(os.path.expanduser(path), "rb") as file:
        content = file.read()
    return content if prefix == "fileb" else content.decode()


def convert(shape, value):
    """Return a word, or what was in JSON, in the type that botocore wants."""
    kind = shape.type_name
    if isinstance(value, str) and kind in ("structure", "map", "list"):
        value = json.loads(value)
    if kind == "list" and isinstance(value, list):
        return [convert(shape.member, item) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: convert(shape.value, item) for key, item in value.items()}
    if kind == "structure" and isinstance(value, dict):
        members = shape.members
        return {k: convert(members[k], v) if k in members else v for k, v in value.items()}
    if isinstance(value, str) and kind in SCALARS:
        return SCALARS[kind](value)
    return value


def format_text(value):
    """Return the lines of --output text: what is in a list stands between tabs."""
    if isinstance(value, dict):
        raise ValueError("text of names and values is not supported here, take values with --query")
    if not isinstance(value, list):
        return f"{value}\n"
    cells = [str(item) for item in value if not isinstance(item, (dict, list))]
    others = [format_text(item) for item in value if isinstance(item, (dict, list))]
    return "\t".join(cells) + "\n" * bool(cells) + "".join(others)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:  # the reader of the pipe has gone, as with "| head -1"
        os._exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
