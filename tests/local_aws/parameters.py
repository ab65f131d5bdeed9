"""Checks what a request holds, as AWS describes its operations. botocore brings the descriptions.

SDKs check types and what is required, unless they are told not to; AWS also checks ranges, lengths,
patterns and choices.
"""

import json
import re

from moto.core.exceptions import JsonRESTError
from moto.core.utils import get_service_model

# What there is in JSON for each type of a description.
TYPES = {
    "structure": (dict, "an object"),
    "list": (list, "a list"),
    "string": (str, "a string"),
    "integer": (int, "a whole number"),
    "long": (int, "a whole number"),
    "boolean": (bool, "true or false"),
}


def invalid(message):
    """Return the error of a request that AWS does not accept."""
    return JsonRESTError("ValidationException", message)


def unsupported(what, code="ValidationException"):
    """Return the error of a request that AWS may accept, but this does not."""
    return JsonRESTError(code, f"{what} is not supported by this local AWS")


def read_parameters(body):
    """Return the parameters in the body of a request, which is JSON."""
    try:
        parameters = json.loads(body or "{}")
    except ValueError:
        parameters = None
    if not isinstance(parameters, dict):
        raise JsonRESTError("SerializationException", "The body of the request is no JSON object")
    return parameters


def check(service, operation, parameters, acted_on):
    """Raise the error for the first parameter that is not acted on, or that AWS does not accept.

    acted_on: the names of parameters that are acted on, at any depth.
    """
    for name in find_names(parameters):
        if name not in acted_on:
            raise unsupported(f"The parameter {name} of {operation}")
    shape = get_service_model(service).operation_model(operation).input_shape
    check_value(parameters, shape, "The request", "")


def find_names(value):
    """Yield the names of all parameters, at any depth."""
    if isinstance(value, list):
        for item in value:
            yield from find_names(item)
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from find_names(item)


def check_value(value, shape, name, where):
    """Raise the error for what is wrong with a value or in it.

    where: words in front of its name, which say of which record it is.
    """
    json_type, words = TYPES[shape.type_name]
    if type(value) is not json_type:  # for isinstance(), true is a whole number
        raise invalid(f"{where}{name} has to be {words}, not {json.dumps(value)[:50]}")
    if shape.type_name == "structure":
        check_structure(value, shape, where)
        return
    check_size(value, shape.metadata, f"{where}{name}")
    if shape.type_name == "list":
        for index, item in enumerate(value):
            part = f"{name.removesuffix('s')} {index}"
            check_value(item, shape.member, part, f"{where}{part}: ")
    if shape.type_name == "string":
        check_text(value, shape, f"{where}{name}")


def check_structure(value, shape, where):
    """Raise the error for a parameter that is missing, or for what is wrong with one."""
    for name in shape.required_members:
        if name not in value:
            raise invalid(f"{where}{name} is missing")
    for name, member in shape.members.items():
        if name in value:
            check_value(value[name], member, name, where)


def check_size(value, metadata, name):
    """Raise the error for a number that is out of range, or for a wrong length."""
    size, unit = value, ""
    if isinstance(value, list):
        size, unit = len(value), " items"
    if isinstance(value, str):
        size, unit = len(value), " characters"
    least, most = metadata.get("min"), metadata.get("max")
    too_small = least is not None and size < least
    too_large = most is not None and size > most
    if too_small or too_large:
        verb = "has" if unit else "is"
        limits = f"at least {least}" if most is None else f"{least or 0} to {most}"
        raise invalid(f"{name} {verb} {size}{unit}, not {limits}")


def check_text(text, shape, name):
    """Raise the error for a text that is none of the choices, or does not match the pattern."""
    choices, pattern = getattr(shape, "enum", []), shape.metadata.get("pattern")
    if choices and text not in choices:
        raise invalid(f"{name} has to be one of {', '.join(choices)}, not {text[:50]!r}")
    if pattern and not re.fullmatch(pattern, text):
        raise invalid(f"{name} has to match {pattern}, and {text[:50]!r} does not")
