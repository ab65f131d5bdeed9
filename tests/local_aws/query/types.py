"""Timestream's types: what fits what, and how their values are read and shown.

In SQLite, a BOOLEAN is 0 or 1, a TIMESTAMP nanoseconds since the epoch, an interval nanoseconds.
"""

import math
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from tests.local_aws.query.errors import QueryError

# UNKNOWN is the type of a bare null. Numbers with a point are DOUBLE: Timestream has no decimals.
NUMBERS = ["INTEGER", "BIGINT", "DOUBLE"]
SCALARS = [*NUMBERS, "VARCHAR", "BOOLEAN", "TIMESTAMP", "INTERVAL"]
TYPES = ["UNKNOWN", *SCALARS]
# What is called otherwise in an answer.
LONG_NAMES = {"INTERVAL": "INTERVAL_DAY_TO_SECOND"}

# What becomes what by itself, and the SQL for it.
COERCIONS = {
    ("INTEGER", "BIGINT"): "{}",
    ("INTEGER", "DOUBLE"): "CAST({} AS REAL)",
    ("BIGINT", "DOUBLE"): "CAST({} AS REAL)",
    **{("UNKNOWN", kind): "{}" for kind in SCALARS},
}
# The names of types in a query: Timestream Developer Guide, "Supported data types".
NAMES = {
    "int": "INTEGER",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "varchar": "VARCHAR",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
}
UNSUPPORTED_NAMES = "array char date decimal real row smallint time timeseries tinyint".split()

UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}
UNITS |= {"m": 60 * UNITS["s"], "h": 3600 * UNITS["s"], "d": 86400 * UNITS["s"]}
LONG_UNITS = {
    "nanosecond": "ns",
    "microsecond": "us",
    "millisecond": "ms",
    "second": "s",
    "minute": "m",
    "hour": "h",
    "day": "d",
}
INTERVAL_UNITS = UNITS | {name: UNITS[short] for name, short in LONG_UNITS.items()}

# Timestream knows no time before the epoch ("Date / time functions").
RANGES = {
    "INTEGER": (-(2**31), 2**31),
    "BIGINT": (-(2**63), 2**63),
    "TIMESTAMP": (0, 2**63),
    "INTERVAL": (-(2**63), 2**63),
}
TIME = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?: (\d\d?):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?", re.ASCII
)
ZONE = re.compile(r"(.*\d)(?:Z|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?)", re.ASCII)


NOT_FINITE = "Infinity and NaN are not supported by this local AWS"


def fits(given, wanted):
    """Return whether a value of a type can stand where another type is wanted."""
    return given == wanted or (given, wanted) in COERCIONS


def common_kind(kinds):
    """Return the type that values of these types have in common, or None."""
    for wanted in TYPES:
        if all(fits(kind, wanted) for kind in kinds):
            return wanted
    return None


def in_range(value, kind):
    """Return a number or time that is in the range of its type, or None; else raise QueryError."""
    if value is None:
        return None
    if kind == "DOUBLE":
        if not math.isfinite(value):  # SQLite has no NaN: it would be a null
            raise QueryError(NOT_FINITE)
        return value
    # Where an integer gets too large, SQLite goes on with a float.
    least, end = RANGES[kind]
    is_right = isinstance(value, int) and least <= value < end
    if kind == "TIMESTAMP" and isinstance(value, int) and value < 0:
        raise QueryError("A time before 1970 is not supported by this local AWS")
    if not is_right:
        raise QueryError(f"{value} is out of range of {kind.lower()}")
    return value


def read_interval(text):
    """Return the nanoseconds of an interval as 15m or 2hour; raise QueryError."""
    count, unit = re.fullmatch(r"(\d+)(\w+)", text.lower(), re.ASCII).groups()
    if unit not in INTERVAL_UNITS:
        units = ", ".join(INTERVAL_UNITS)
        raise QueryError(f"'{text}' is no interval. Its unit has to be one of: {units}")
    if len(count) > 20:  # Python reads no integer of more than 4300 digits
        raise QueryError(f"{count[:20]}... is out of range of interval")
    return in_range(int(count) * INTERVAL_UNITS[unit], "INTERVAL")


def read_time(text):
    """Return the nanoseconds of a time as 2026-11-24 03:04:05.123; raise QueryError."""
    match = TIME.fullmatch(text.strip())
    try:
        *numbers, fraction = match.groups(default="0")
        moment = datetime(*map(int, numbers), tzinfo=timezone.utc)
    except (AttributeError, ValueError):
        raise QueryError(f"'{text}' is no timestamp such as 2026-11-24 03:04:05") from None
    seconds = (moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(seconds=1)
    return in_range(seconds * 10**9 + int(fraction.ljust(9, "0")), "TIMESTAMP")


def read_iso_time(text):
    """Return the nanoseconds of a time in ISO 8601, in its time zone or in UTC."""
    if " " in text:
        raise QueryError(f"'{text}' is no time in ISO 8601 such as 2026-11-24T03:04:05Z")
    text = text.replace("T", " ", 1)
    match = ZONE.fullmatch(text) if " " in text else None  # a date alone ends like a zone
    if not match:
        return read_time(text)
    rest, sign, hours, minutes = match.groups(default="0")
    offset = int(hours) * UNITS["h"] + int(minutes) * UNITS["m"]
    moment = read_time(rest) + (offset if sign == "-" else -offset)
    return in_range(moment, "TIMESTAMP")


def format_time(nanoseconds):
    """Return a time as 2026-11-24 03:04:05.123456789."""
    seconds, rest = divmod(nanoseconds, 10**9)
    moment = datetime(1970, 1, 1) + timedelta(seconds=seconds)
    return f"{moment.isoformat(' ')}.{rest:09}"


def format_interval(nanoseconds):
    """Return an interval as 1 21:00:00.000000000: days, hours, minutes, seconds."""
    seconds, rest = divmod(abs(nanoseconds), 10**9)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    sign = "-" if nanoseconds < 0 else ""
    return f"{sign}{day} {hour:02}:{minute:02}:{second:02}.{rest:09}"


def format_double(value):
    """Return a number as Java's Double.toString does, which Trino uses: 61.0, 1.0E10, 1.0E-5."""
    text = repr(float(value))
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return text
    negative, digits, exponent = Decimal(text).as_tuple()
    power = len(digits) - 1 + exponent
    first, *others = map(str, digits)
    fraction = "".join(others).rstrip("0") or "0"
    return f"{'-' if negative else ''}{first}.{fraction}E{power}"


def format_boolean(value):
    """Return true or false."""
    return "true" if value else "false"


FORMATS = {
    "BOOLEAN": format_boolean,
    "DOUBLE": format_double,
    "TIMESTAMP": format_time,
    "INTERVAL": format_interval,
}


def format_value(value, kind):
    """Return a value as Timestream has it in an answer."""
    if value is None:
        return {"NullValue": True}
    return {"ScalarValue": FORMATS.get(kind, str)(value)}
