"""A stand-in for the AWS CLI, for readers who have none: alias aws='python -m tests.aws'

    aws <service> <operation> [options]
    aws <service> wait <waiter> [options]
    aws configure get region

It takes services, operations and options from botocore's descriptions of AWS, and does with them
what version 2 of the AWS CLI does. What it cannot do, it refuses.
"""

import os
import sys

import botocore
import botocore.session
from botocore import exceptions, xform_name
from botocore.config import Config
from botocore.loaders import create_loader
from botocore.utils import parse_timestamp, set_value_from_jmespath

from tests.aws.options import (
    BINARY_FORMATS,
    OUTPUTS,
    Refused,
    choose,
    name_options,
    read_global_options,
    read_request,
    spell,
    suggest,
)
from tests.aws.output import format_json, format_table, format_text

LOADER = create_loader()  # it keeps the descriptions that it has read, and they are large

# Services that the AWS CLI calls otherwise than botocore does. Its `aws s3` is another program.
RENAMED = {"s3api": "s3", "configservice": "config", "deploy": "codedeploy"}

WHAT_THIS_IS = """\
This is a stand-in for the AWS CLI, with as much of it as README.md uses:
    aws <service> <operation> [options]     for example: aws kinesis list-streams
    aws <service> help                      lists the operations

Without an AWS account: run `.venv/bin/python -m tests.local_aws` in another terminal, and
paste the `export` line that it prints into this one. There is nothing to configure.

With an account: install the AWS CLI, and run its `aws configure`, in a new terminal:
https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html
"""


def main(words):
    """Run the words after "aws"; print the response or what is wrong, return the exit status."""
    match words:
        case ["help"] | ["--help"]:
            print(WHAT_THIS_IS, end="")
            return 0
        case [] | ["configure"]:
            print(WHAT_THIS_IS, end="", file=sys.stderr)
            return 252
    try:
        output = run(words)
    except Exception as error:  # whatever is wrong with a command is one line, not a traceback
        print("aws: error:", *describe(error).split(), file=sys.stderr)
        return find_status(error)
    print(output, end="", flush=True)
    return 0


def describe(error):
    """Return what an error says, and what to do about it if that is known."""
    match error:
        case exceptions.NoRegionError() | exceptions.NoCredentialsError():
            return f"{error.args[0].rstrip('.')}: run 'aws configure' to see what to do"
        case Refused() | exceptions.BotoCoreError() | exceptions.ClientError():
            return str(error)
        case OSError() | ValueError():  # of files; of what a table or text cannot show
            return str(error)
    return f"{type(error).__name__}: {error}"


def find_status(error):
    """Return the AWS CLI's exit status for an error."""
    match error:
        case Refused() | exceptions.ParamValidationError():
            return 252
        case exceptions.NoRegionError() | exceptions.NoCredentialsError():
            return 253
        case exceptions.ClientError():
            return 254
    return 255


def run(words):
    """Return what a command prints."""
    options, words = read_global_options(words)
    session = open_session(options)
    match words:
        case ["--version"]:
            return f"a stand-in for the AWS CLI, on botocore {botocore.__version__}\n"
        case ["configure", "get", "region"]:
            return get_region(session)
        case ["configure", *_]:
            raise Refused("of 'aws configure' there is only 'aws configure get region' here")
        case [service]:
            find_service(session, service)
            raise Refused(f"an operation is missing: 'aws {service} help' lists them")
        case [service, "help"]:
            return list_words(find_operations(find_service(session, service)))
        case [service, "wait", *rest]:
            return wait(session, options, find_service(session, service), rest)
        case [service, operation, *rest]:
            model = find_service(session, service)
            return ask(session, options, find_operation(model, operation), rest)
    raise Refused("a service is missing, such as kinesis: aws kinesis list-streams")


def open_session(options):
    """Return a botocore session in which bytes stay base64 and times are text."""
    session = botocore.session.Session(profile=options.profile)
    session.register_component("data_loader", LOADER)
    session.get_component("response_parser_factory").set_parser_defaults(
        blob_parser=lambda text: text,
        timestamp_parser=lambda moment: parse_timestamp(moment).isoformat(),
    )
    return session


def open_client(session, options, model):
    """Return the client for a service."""
    return session.create_client(
        model.service_name,
        region_name=options.region,
        endpoint_url=options.endpoint_url,
        config=Config(retries={"mode": "standard"}),  # as in version 2
    )


def get_region(session):
    """Return the region that is configured, as a line."""
    region = session.get_config_variable("region")
    if not region:
        raise exceptions.NoRegionError
    return f"{region}\n"


def find_service(session, name):
    """Return botocore's description of a service."""
    known = {*session.get_available_services(), *RENAMED} - {*RENAMED.values()}
    if name not in known:
        raise Refused(f"there is no 'aws {name}' here{suggest(name, known)}")
    return session.get_service_model(RENAMED.get(name, name))


def find_operations(model):
    """Return the operations of a service, {name in a command: name in botocore}."""
    return {xform_name(name, "-"): name for name in model.operation_names}


def find_operation(model, name):
    """Return botocore's description of an operation."""
    known = find_operations(model)
    if name not in known:
        raise Refused(f"'aws {model.service_name}' has no {name!r}{suggest(name, known)}")
    operation = model.operation_model(known[name])
    if operation.has_event_stream_input or operation.has_event_stream_output:
        raise Refused(f"{name} is a stream of events, which is not supported here")
    return operation


def find_paging(session, operation):
    """Return botocore's description of an operation's pages; None if it has none."""
    try:
        pagers = session.get_paginator_model(operation.service_model.service_name)
        return pagers.get_paginator(operation.name)
    except (exceptions.DataNotFoundError, ValueError):
        return None


def find_output(session, options):
    """Return how the response is printed."""
    setting = session.get_scoped_config().get("output", "json")
    output = options.output or os.environ.get("AWS_DEFAULT_OUTPUT") or setting
    return choose(output, OUTPUTS, "--output")


def find_binary_format(session, options):
    """Return how bytes are written in a command."""
    setting = session.get_scoped_config().get("cli_binary_format", "base64")
    return choose(options.cli_binary_format or setting, BINARY_FORMATS, "--cli-binary-format")


def wait(session, options, model, words):
    """Wait for what the words after "wait" say."""
    client = open_client(session, options, model)
    known = {name.replace("_", "-"): name for name in client.waiter_names}
    name, *rest = words or [""]
    if name not in known:
        raise Refused(f"'aws {model.service_name} wait' has no {name!r}: it has {' '.join(known)}")
    waiter = client.get_waiter(known[name])
    operation = model.operation_model(waiter.config.operation)
    request = read_request(operation, None, rest, find_binary_format(session, options))
    waiter.wait(**request.params)
    return ""


def ask(session, options, operation, words):
    """Call an operation with the words after it; return its response as it is printed."""
    output = find_output(session, options)
    paging = None if options.no_paginate else find_paging(session, operation)
    if words == ["help"]:
        return list_words([spell(name) for name in name_options(operation)])
    request = read_request(operation, paging, words, find_binary_format(session, options))
    client = open_client(session, options, operation.service_model)
    method = xform_name(operation.name)
    if paging and not is_one_page(paging, request.params):
        pager = client.get_paginator(method)
        pages = pager.paginate(**request.params, PaginationConfig=request.paging)
        if output == "text":  # which shows, and queries, each page by itself
            return "".join(format_text(options.query.search(page)) for page in split(pages))
        response = pages.build_full_result()
    else:
        response = getattr(client, method)(**request.params)
        del response["ResponseMetadata"]
    if request.outfile:
        body = response.pop(operation.output_shape.serialization["payload"])
        with open(request.outfile, "wb") as file:
            file.write(body.read())
    value = options.query.search(response)
    match output:
        case "text":
            return format_text(value)
        case "table":
            return format_table(operation.name, value)
    return format_json(value)


def is_one_page(paging, params):
    """Return whether parameters ask for a single page: they say which, or how large it is."""
    tokens = paging["input_token"]
    tokens = tokens if isinstance(tokens, list) else [tokens]
    return not params.keys().isdisjoint([*tokens, paging.get("limit_key")])


def split(pages):
    """Give the pages of a response: its lists piece by piece, and all else with the first."""
    part = None
    for page in pages:
        part = pages.non_aggregate_part if part is None else {}
        for key in pages.result_keys:
            set_value_from_jmespath(part, key.expression, key.search(page))
        yield part
    if pages.resume_token:
        yield {"NextToken": {"NextToken": pages.resume_token}}


def list_words(words):
    """Return words, a line for each."""
    return "".join(f"{word}\n" for word in sorted(words))
