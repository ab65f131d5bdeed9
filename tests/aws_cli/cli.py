"""A stand-in for the AWS CLI, for readers who do not have it.

    aws <service> <operation> [options]     aws <service> <operation> help
    aws <service> wait <waiter> [options]   aws <service> help

It takes services and operations from botocore's models of AWS, and prints what version 2 of the AWS
CLI prints, including its errors. For anything it cannot do, it points to the real one.
"""

import difflib
import os
import sys
from pathlib import Path

import botocore.session
import jmespath
from botocore import exceptions, xform_name
from botocore.config import Config
from botocore.utils import parse_timestamp, set_value_from_jmespath

from tests.aws_cli.options import (
    NOT_HERE,
    USAGE,
    Parser,
    UsageError,
    list_parameters,
    list_required,
    read_options,
    spell,
    usage_error,
)
from tests.aws_cli.output import format_json, format_text

# Names that the AWS CLI uses differently from botocore.
RENAMED = ["s3", "config", "codedeploy"]

HELP = """\
This is a stand-in for the AWS CLI. It can do what README.md needs:

    aws <service> <operation> [options]     such as: aws kinesis list-streams
    aws <service> wait <waiter> [options]   wait until something is ready
    aws <service> help                      list operations and waiters
    aws <service> <operation> help          list options

All commands accept --query, --output json or text, --region, --profile, --endpoint-url,
--no-paginate and --cli-binary-format.

It calls the local AWS of your `export` line, so there is nothing to configure. To use an account,
open a new terminal and install the real AWS CLI:
https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html
"""


def main(words):
    """Run the words after "aws"; print the response or the error, and return the exit status."""
    try:
        output = run(words)
    except Exception as error:  # a reader never gets a traceback
        print(describe_error(error).rstrip("\n"), file=sys.stderr)
        return find_status(error)
    print(output, end="", flush=True)
    return 0


def describe_error(error):
    """Return an error's text, as the AWS CLI prints it."""
    if isinstance(error, UsageError):
        return str(error)
    text = str(error)
    if isinstance(error, exceptions.ParamValidationError):
        text = f"An error occurred (ParamValidation): {error}"
    if isinstance(error, (exceptions.NoCredentialsError, exceptions.NoRegionError)):
        text = f"{text.rstrip('.')}. Paste the export line of tests.local_aws, or sign in."
    return f"\naws: [ERROR]: {text}"


def find_status(error):
    """Return the AWS CLI's exit status for an error."""
    if isinstance(error, (UsageError, exceptions.ParamValidationError)):
        return 252
    if isinstance(error, (exceptions.NoRegionError, exceptions.NoCredentialsError)):
        return 253
    if isinstance(error, exceptions.ClientError):
        return 254
    return 255


def run(words):
    """Run a command; return its output."""
    options, words = read_global_options(words)
    if words in (["help"], ["--version"]):
        return HELP
    session = open_session(options)
    service, *words = words or refuse_missing("command")
    model = find_service(session, service)
    operation, *words = words or refuse_missing("operation")
    if operation == "help":
        return list_operations(open_client(session, options, service))
    if operation == "wait":
        return wait(open_client(session, options, service), options, words)
    known = {xform_name(name, "-"): name for name in model.operation_names}
    operation = model.operation_model(choose("operation", operation, known))
    if words == ["help"]:
        return list_options(operation)
    return call(session, options, operation, words)


def read_global_options(words):
    """Return the options common to all commands, and the other words."""
    parser = Parser()
    for name in ("output", "region", "profile", "endpoint-url"):
        parser.add_argument(f"--{name}", default=None)
    parser.add_argument("--cli-binary-format", default="base64")
    parser.add_argument("--query", default="@")
    parser.add_argument("--no-paginate", action="store_true", default=False)
    parser.add_argument("--no-cli-pager", action="store_true")  # there is no pager here
    options, words = parser.parse_known_args(words)
    options.raw = options.cli_binary_format == "raw-in-base64-out"
    try:
        options.query = jmespath.compile(options.query)
    except jmespath.exceptions.JMESPathError as error:
        raise usage_error(f"Bad value for --query {options.query}: {error}") from None
    return options, words


def refuse_missing(name):
    """Refuse a command that is too short."""
    raise usage_error(f"the following arguments are required: {name}\n\n{USAGE}")


def choose(argument, word, known):
    """Return the meaning of a word in {word: meaning}; refuse others, with suggestions."""
    if word in known:
        return known[word]
    near = difflib.get_close_matches(word, known, cutoff=0.8)
    lines = ["Maybe you meant:", "", *[f"  * {name}" for name in near]] if near else []
    text = "\n".join([f"argument {argument}: Found invalid choice '{word}'", "", *lines])
    raise usage_error(f"{text}\n\n{USAGE}")


def open_session(options):
    """Return a botocore session whose responses keep bytes as base64 and times as text."""
    session = botocore.session.Session(profile=options.profile)
    session.get_component("response_parser_factory").set_parser_defaults(
        blob_parser=lambda text: text,
        timestamp_parser=lambda moment: parse_timestamp(moment).isoformat(),
    )
    output = os.environ.get("AWS_DEFAULT_OUTPUT") or session.get_scoped_config().get("output")
    options.output = options.output or output or "json"
    if options.output not in ("json", "text"):
        raise usage_error(f"--output {options.output} {NOT_HERE}")
    return session


def find_service(session, name):
    """Return botocore's model of a service."""
    known = {service: service for service in session.get_available_services()}
    if name in RENAMED:
        raise usage_error(f"aws {name} {NOT_HERE}")
    return session.get_service_model(choose("command", name, known))


def open_client(session, options, service):
    """Return the client for a service."""
    return session.create_client(
        service,
        region_name=options.region,
        endpoint_url=options.endpoint_url,
        config=Config(retries={"mode": "standard"}),  # as in version 2
    )


def wait(client, options, words):
    """Run the waiter named by the words after "wait"."""
    if not words:
        usage = f"usage: aws [options] {client.meta.service_model.service_name} wait"
        raise usage_error(f"{usage} <subcommand> [parameters]\naws: [ERROR]: too few arguments")
    waiter, *words = words
    known = {name.replace("_", "-"): name for name in client.waiter_names}
    waiter = client.get_waiter(choose("subcommand", waiter, known))
    operation = client.meta.service_model.operation_model(waiter.config.operation)
    params, _ = read_options(operation, None, words, options.raw)
    waiter.wait(**params)
    return ""


def call(session, options, operation, words):
    """Call an operation with the options after its name; return the formatted response."""
    if operation.has_event_stream_output:
        raise usage_error(f"{operation.name} {NOT_HERE}")
    paging = None if options.no_paginate else find_paging(session, operation)
    params, others = read_options(operation, paging, words, options.raw)
    client = open_client(session, options, operation.service_model.service_name)
    method = xform_name(operation.name)
    if paging and not is_one_page(paging, params):
        pages = client.get_paginator(method).paginate(**params, PaginationConfig=others)
        if options.output == "text":  # --query applies to each page, as in the real CLI
            return "".join(format_text(options.query.search(part)) for part in split_pages(pages))
        response = pages.build_full_result()
    else:
        response = getattr(client, method)(**params)
        del response["ResponseMetadata"]
    if "outfile" in others:
        body = response.pop(operation.output_shape.serialization["payload"])
        Path(others["outfile"]).write_bytes(body.read())
    value = options.query.search(response)
    return format_text(value) if options.output == "text" else format_json(value)


def find_paging(session, operation):
    """Return botocore's model of an operation's pages, or None."""
    try:
        pagers = session.get_paginator_model(operation.service_model.service_name)
        return pagers.get_paginator(operation.name)
    except (exceptions.DataNotFoundError, ValueError):
        return None


def is_one_page(paging, params):
    """Return whether the parameters ask for a single page, by a token or a limit."""
    tokens = paging["input_token"]
    tokens = tokens if isinstance(tokens, list) else [tokens]
    return any(name in params for name in [*tokens, paging.get("limit_key")])


def split_pages(pages):
    """Yield a response page by page; anything but lists is only in the first page."""
    part = None
    for page in pages:
        part = pages.non_aggregate_part if part is None else {}
        for key in pages.result_keys:
            set_value_from_jmespath(part, key.expression, key.search(page))
        yield part
    if pages.resume_token:
        yield {"NextToken": {"NextToken": pages.resume_token}}


def list_operations(client):
    """Return a service's operations and waiters, one per line."""
    names = [xform_name(name, "-") for name in client.meta.service_model.operation_names]
    names += [f"wait {name.replace('_', '-')}" for name in client.waiter_names]
    return "".join(f"{name}\n" for name in sorted(names))


def list_options(operation):
    """Return an operation's options, one per line, required ones first."""
    required = list_required(operation)
    lines = []
    for name, shape in list_parameters(operation).items():
        line = f"{spell(name)} <{shape.type_name}>"
        lines.append(f"{line}  required\n" if name in required else f"{line}\n")
    if operation.has_streaming_output:
        lines.append("<outfile>  required\n")
    return "".join(sorted(lines, key=lambda line: "required" not in line))
