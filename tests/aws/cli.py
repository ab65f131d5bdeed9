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
import sys

import botocore.session
import jmespath
from botocore import exceptions, xform_name
from botocore.loaders import create_loader
from botocore.utils import parse_timestamp

LOADER = create_loader()  # it keeps the descriptions that it has read, and they are large

# A parser's settings: what is wrong is one line, and no option can be shortened.
STRICT = {"prog": "aws", "usage": argparse.SUPPRESS, "allow_abbrev": False}


def main(arguments):
    """Run the words after "aws" and print the answer, or what is wrong; return the exit status."""
    try:
        output = run(arguments)
    except SystemExit as stop:  # of a parser, which has printed what is wrong, or help
        return 252 if stop.code else 0
    except Exception as error:  # a line is all that a reader needs
        unset = isinstance(error, (exceptions.NoRegionError, exceptions.NoCredentialsError))
        advice = "run 'aws configure', or set the environment: " if unset else ""
        print("aws: error:", *f"{advice}{error}".split(), file=sys.stderr)
        return 254 if isinstance(error, exceptions.ClientError) else 255
    print(output, end="", flush=True)
    return 0


def run(arguments):
    """Return what the command prints."""
    parser = argparse.ArgumentParser(**STRICT, description=__doc__.splitlines()[0])
    parser.add_argument("service")
    parser.add_argument("operation")
    parser.add_argument("--region")
    parser.add_argument("--query", type=jmespath.compile, default="@", help="in JMESPath")
    parser.add_argument("--output", choices=["json", "text"], default="json")
    options, rest = parser.parse_known_args(arguments)
    session = botocore.session.Session()
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
    answer = options.query.search(call(session, options, rest))
    if options.output == "text":
        return format_text(answer)
    return "" if answer == {} else json.dumps(answer, indent=4, ensure_ascii=False) + "\n"


def call(session, options, rest):
    """Do what a command with these options and other words says; return the service's answer."""
    service, method = options.service, options.operation.replace("-", "_")
    if service not in session.get_available_services():
        raise ValueError(f"there is no 'aws {service} {options.operation}' here")
    client = session.create_client(service, region_name=options.region)
    model, operations = client.meta.service_model, client.meta.method_to_api_mapping
    if method == "wait":
        name, *rest = rest or [""]
        waiter = client.get_waiter(name.replace("-", "_"))
        params, _ = parse_options(model.operation_model(waiter.config.operation), rest)
        waiter.wait(**params)
        return {}
    if method not in operations:
        raise ValueError(f"'aws {service}' has no {options.operation!r}")
    operation = model.operation_model(operations[method])
    params, outfile = parse_options(operation, rest)
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
    """Return an operation's parameters, and the name of the file for its answer, or None."""
    members = dict(getattr(operation.input_shape, "members", {}))
    if operation.name == "CreateFunction":  # the CLI's own --zip-file; for botocore a part of Code
        members["ZipFile"] = members["Code"].members["ZipFile"]
    parser = argparse.ArgumentParser(**STRICT, argument_default=argparse.SUPPRESS)
    for name, shape in members.items():
        settings = {"type": read_file, "nargs": "+" if shape.type_name == "list" else None}
        if shape.type_name == "boolean":
            settings = {"action": argparse.BooleanOptionalAction}
        parser.add_argument(f"--{xform_name(name, '-')}", dest=name, **settings)
    if operation.has_streaming_output:
        parser.add_argument("outfile")
    params = vars(parser.parse_args(words))
    outfile = params.pop("outfile", None)
    for name, value in params.items():
        if isinstance(value, list) and len(value) == 1 and value[0][:1] == "[":
            value = value[0]  # the list in JSON
        try:
            params[name] = convert(members[name], value)
        except ValueError as error:
            option = xform_name(name, "-")
            raise ValueError(f"argument --{option}: no JSON or base64: {error}") from None
    if operation.name == "CreateFunction" and "ZipFile" in params:
        params.setdefault("Code", {})["ZipFile"] = params.pop("ZipFile")
    return params, outfile


def read_file(word):
    """Return the content of the file for file://path and fileb://path, other words as they are."""
    prefix, _, path = word.partition("://")
    if prefix not in ("file", "fileb"):
        return word
    with open(path, "rb") as file:
        content = file.read()
    return content if prefix == "fileb" else content.decode()


def convert(shape, value):
    """Return a word, or what was in JSON, in the type that botocore wants."""
    if isinstance(value, str) and shape.type_name not in ("string", "timestamp", "blob"):
        value = json.loads(value)
    match shape.type_name, value:
        case "blob", str():
            return base64.b64decode(value, validate=True)
        case "list", list():
            return [convert(shape.member, item) for item in value]
        case "map", dict():
            return {key: convert(shape.value, item) for key, item in value.items()}
        case "structure", dict():
            known = value.keys() & shape.members.keys()
            return value | {key: convert(shape.members[key], value[key]) for key in known}
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
