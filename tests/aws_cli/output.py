"""Formats responses for --output json and text, as version 2 of the AWS CLI does."""

import json


def format_json(value):
    """Return a value as JSON. An empty response prints nothing."""
    if value == {}:
        return ""
    return json.dumps(value, indent=4, ensure_ascii=False) + "\n"


def format_text(value, name=None):
    """Return a value's lines. The lines of a part start with its name in capitals."""
    if isinstance(value, dict):
        return format_structure(value, name, sort_scalars([value]))
    if not isinstance(value, list):
        return f"{value}\n"
    if any(isinstance(item, dict) for item in value):
        columns = sort_scalars(value)
        return "".join(format_structure(item, name, columns) for item in value)
    scalars = [str(item) for item in value if is_scalar(item)]
    lines = [format_text(item, name) for item in value if not is_scalar(item)]
    return format_scalars(scalars, name) + "".join(lines)


def format_scalars(scalars, name):
    """Return a list's plain values on one line, or one per line if the list has a name."""
    if not scalars:
        return ""
    if name is None:
        return "\t".join(scalars) + "\n"
    return "".join(f"{name.upper()}\t{scalar}\n" for scalar in scalars)


def format_structure(structure, name, columns):
    """Return the line of a structure's plain values, followed by the lines of its parts."""
    cells = [str(structure.get(column, "")) for column in columns]
    if cells and name is not None:
        cells.insert(0, name.upper())
    line = "\t".join(cells) + "\n" if cells else ""
    parts = sorted(structure.keys() - set(columns))
    return line + "".join(format_text(structure[part], part) for part in parts)


def sort_scalars(structures):
    """Return the names of all plain values in the structures, sorted."""
    return sorted({key for one in structures for key, value in one.items() if is_scalar(value)})


def is_scalar(value):
    """Return whether a value is plain, without parts."""
    return not isinstance(value, (dict, list))
