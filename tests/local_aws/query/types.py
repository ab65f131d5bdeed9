"""Timestream's types: how SQLite stores their values, conversions, and their form in responses.

A scalar type is a name, see SCALARS. The others are an Array, a Row or a Series: SQLite stores them
as JSON, in which each value has the form that SQLite stores for its type.
"""

import json
import math
import re
from collections import namedtuple
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from tests.local_aws.query.errors import QueryError

Array = namedtuple("Array", "element")
Row = namedtuple("Row", "fields")  # fields: ((name or None, type), ...)
Series = namedtuple("Series", "element")  # stored as an array of rows of time and value
Function = namedtuple("Function", "parameters result")  # a lambda, which is not a value

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

TIME = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?: (\d\d?):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?", re.ASCII
)
ZONE = re.compile(r"(.*\d)(?:Z|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?)", re.ASCII)
# The format of numbers for cast(). Python alone would also accept 1_000 and nan.
DOUBLE = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.IGNORECASE | re.ASCII)
INTEGER = re.compile(r"[+-]?\d{1,30}", re.ASCII)
NOT_FINITE = "Infinity and NaN are not supported by this local AWS"


def format_time(nanoseconds):
    """Return a time in the form 2026-11-24 03:04:05.123456789."""
    seconds, rest = divmod(nanoseconds, 10**9)
    moment = datetime(1970, 1, 1) + timedelta(seconds=seconds)
    return f"{moment.isoformat(' ')}.{rest:09}"


def format_date(nanoseconds):
    """Return a date in the form 2026-11-24."""
    return format_time(nanoseconds)[:10]


def format_interval(nanoseconds):
    """Return an interval in the form 1 21:00:00.000000000: days, hours, minutes, seconds."""
    seconds, rest = divmod(abs(nanoseconds), 10**9)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    sign = "-" if nanoseconds < 0 else ""
    return f"{sign}{day} {hour:02}:{minute:02}:{second:02}.{rest:09}"


def format_months(months):
    """Return an interval of months in the form 1-2: years and months."""
    years, rest = divmod(abs(months), 12)
    return f"{'-' if months < 0 else ''}{years}-{rest}"


def format_double(value):
    """Return a number in the form of Java's Double.toString, as Trino does: 61.0, 1.0E10."""
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


# A scalar type. kept: what SQLite stores, compares and sorts. limits: its first value, and the
# first one after its last. shown: its name in a response. write: formats a value for a response.
Scalar = namedtuple("Scalar", "kept limits shown write")
SCALARS = {
    "BOOLEAN": Scalar("0 or 1", None, "BOOLEAN", format_boolean),
    "INTEGER": Scalar("an integer", (-(2**31), 2**31), "INTEGER", str),
    "BIGINT": Scalar("an integer", (-(2**63), 2**63), "BIGINT", str),
    # Numbers with a decimal point are DOUBLE: Timestream has no DECIMAL.
    "DOUBLE": Scalar("a float, neither infinite nor NaN", None, "DOUBLE", format_double),
    "VARCHAR": Scalar("a text", None, "VARCHAR", str),
    # Timestream has no times before the epoch: "Date / time functions".
    "TIMESTAMP": Scalar("nanoseconds since the epoch", (0, 2**63), "TIMESTAMP", format_time),
    "DATE": Scalar("its midnight, as a TIMESTAMP", (0, 2**63), "DATE", format_date),
    "INTERVAL": Scalar("nanoseconds", (-(2**63), 2**63), "INTERVAL_DAY_TO_SECOND", format_interval),
    "MONTHS": Scalar("months", (-(2**31), 2**31), "INTERVAL_YEAR_TO_MONTH", format_months),
}
# UNKNOWN is the type of a bare null. TEXT is the type of a text in quotes, which may be a time.
UNKNOWN, TEXT = "UNKNOWN", "TEXT"
INTEGERS = ["INTEGER", "BIGINT"]
NUMBERS = [*INTEGERS, "DOUBLE"]

# The names of types in a query: Timestream Developer Guide, "Supported data types".
NAMES = {
    "int": "INTEGER",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "varchar": "VARCHAR",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
}
UNSUPPORTED_NAMES = "char decimal json map real smallint time tinyint varbinary".split()

# Implicit conversions of scalars, with their SQL. A TEXT is read as a time where one is needed.
COERCIONS = {
    ("INTEGER", "BIGINT"): "{}",
    ("INTEGER", "DOUBLE"): "CAST({} AS REAL)",
    ("BIGINT", "DOUBLE"): "CAST({} AS REAL)",
    ("DATE", "TIMESTAMP"): "{}",
    (TEXT, "VARCHAR"): "{}",
    (TEXT, "TIMESTAMP"): "{}",
    (TEXT, "DATE"): "{}",
}


def parts_of(kind):
    """Return the types of the parts of an array, a row or a time series."""
    if isinstance(kind, Row):
        return [part for _, part in kind.fields]
    if isinstance(kind, (Array, Series)):
        return [kind.element]
    return []


def element_of(kind):
    """Return the type of an array's or a time series' elements, for a lambda or UNNEST."""
    if isinstance(kind, Series):
        return Row((("time", "TIMESTAMP"), ("value", kind.element)))
    return kind.element


def is_nested(kind):
    """Return whether a type is an array, a row or a time series."""
    return not isinstance(kind, str)


def rebuild(kind, parts):
    """Return a type like another one, but with these parts."""
    if isinstance(kind, Row):
        return Row(tuple((name, part) for (name, _), part in zip(kind.fields, parts)))
    return type(kind)(*parts)


def settle(kind):
    """Return a value's final type: VARCHAR for a text in quotes that was not needed as a time."""
    if is_nested(kind):
        return rebuild(kind, [settle(part) for part in parts_of(kind)])
    return "VARCHAR" if kind == TEXT else kind


def fits(given, wanted):
    """Return whether a value of a type can be used where another type is wanted."""
    if given in (wanted, UNKNOWN) or (given, wanted) in COERCIONS:
        return True
    return common_kind([given, wanted]) == wanted


def common_kind(kinds):
    """Return the common type of several types, or None."""
    common, *others = kinds
    for kind in others:
        common = common_of_two(common, kind)
        if common is None:
            return None
    return common


def common_of_two(one, other):
    """Return the common type of two types, or None."""
    if one == other or other == UNKNOWN or (other, one) in COERCIONS:
        return one
    if one == UNKNOWN or (one, other) in COERCIONS:
        return other
    if type(one) is not type(other) or not is_nested(one):
        return None
    if len(parts_of(one)) != len(parts_of(other)):
        return None
    parts = [common_of_two(*pair) for pair in zip(parts_of(one), parts_of(other))]
    if None in parts:
        return None
    common = rebuild(one, parts)
    if isinstance(one, Row):  # fields with different names get none
        names = [a if a == b else None for (a, _), (b, _) in zip(one.fields, other.fields)]
        common = Row(tuple(zip(names, parts)))
    return common


def name_kind(kind):
    """Return a type's name in Trino's form: array(bigint)."""
    if isinstance(kind, Function):
        return f"function({', '.join(map(name_kind, (*kind.parameters, kind.result)))})"
    if isinstance(kind, Row):
        fields = [
            f"{name} {name_kind(part)}" if name else name_kind(part) for name, part in kind.fields
        ]
        return f"row({', '.join(fields)})"
    if isinstance(kind, Array):
        return f"array({name_kind(kind.element)})"
    if isinstance(kind, Series):
        return f"timeseries({name_kind(kind.element)})"
    names = {
        TEXT: "varchar",
        "INTERVAL": "interval day to second",
        "MONTHS": "interval year to month",
    }
    return names.get(kind, kind.lower() if kind in SCALARS or kind == UNKNOWN else kind)


def describe_kind(kind):
    """Return a type in the form of a response: the Type of a ColumnInfo."""
    if isinstance(kind, Row):
        fields = [describe_column(name, part) for name, part in kind.fields]
        return {"RowColumnInfo": fields}
    if isinstance(kind, Array):
        return {"ArrayColumnInfo": {"Type": describe_kind(kind.element)}}
    if isinstance(kind, Series):
        return {"TimeSeriesMeasureValueColumnInfo": {"Type": describe_kind(kind.element)}}
    return {"ScalarType": SCALARS[kind].shown if kind in SCALARS else kind}


def describe_column(name, kind):
    """Return a ColumnInfo."""
    info = {"Type": describe_kind(kind)}
    return {"Name": name, **info} if name else info


def choose_show(kind):
    """Return a function that puts a value stored by SQLite in the form of a response: a Datum."""
    if kind in SCALARS:  # the usual case, for each value of a response
        write = SCALARS[kind].write
        return lambda value: {"NullValue": True} if value is None else {"ScalarValue": write(value)}
    return lambda value: show_loaded(None if value is None else json.loads(value), kind)


def show_loaded(value, kind):
    """Return a value from loaded JSON in the form of a response."""
    if value is None:
        return {"NullValue": True}
    if kind in SCALARS:
        return {"ScalarValue": SCALARS[kind].write(value)}
    if isinstance(kind, Series):
        return {
            "TimeSeriesValue": [
                {"Time": format_time(time), "Value": show_loaded(part, kind.element)}
                for time, part in value
            ]
        }
    if isinstance(kind, Row):
        pairs = zip(value, parts_of(kind))
        return {"RowValue": {"Data": [show_loaded(part, part_kind) for part, part_kind in pairs]}}
    return {"ArrayValue": [show_loaded(part, kind.element) for part in value]}


def in_range(value, kind):
    """Return a number or time, or None; raise QueryError if it is out of its type's range."""
    if value is None:
        return None
    if kind == "DOUBLE":
        if not math.isfinite(value):  # SQLite has no NaN, and would store null
            raise QueryError(NOT_FINITE)
        return value
    # SQLite turns integers that are too large into floats.
    least, end = SCALARS[kind].limits
    is_right = isinstance(value, int) and least <= value < end
    if kind in ("TIMESTAMP", "DATE") and isinstance(value, int) and value < 0:
        raise QueryError("A time before 1970 is not supported by this local AWS")
    if not is_right:
        raise QueryError(f"{value} is out of range of {name_kind(kind)}")
    return value


def read_interval(text):
    """Return the nanoseconds of an interval such as 15m or 2hour; raise QueryError."""
    count, unit = re.fullmatch(r"(\d+)(\w+)", text.lower(), re.ASCII).groups()
    if unit not in INTERVAL_UNITS:
        units = ", ".join(INTERVAL_UNITS)
        raise QueryError(f"'{text}' is not an interval. Its unit must be one of: {units}")
    if len(count) > 20:  # Python cannot read integers of more than 4300 digits
        raise QueryError(f"{count[:20]}... is out of range of interval")
    return in_range(int(count) * INTERVAL_UNITS[unit], "INTERVAL")


def read_time(text):
    """Return the nanoseconds of a time such as 2026-11-24 03:04:05.123; raise QueryError."""
    match = TIME.fullmatch(text.strip())
    try:
        *numbers, fraction = match.groups(default="0")
        moment = datetime(*map(int, numbers), tzinfo=timezone.utc)
    except (AttributeError, ValueError):
        raise QueryError(f"'{text}' is not a timestamp such as 2026-11-24 03:04:05") from None
    seconds = (moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(seconds=1)
    return in_range(seconds * 10**9 + int(fraction.ljust(9, "0")), "TIMESTAMP")


def read_iso_time(text):
    """Return the nanoseconds of a time in ISO 8601, in its time zone or in UTC."""
    if " " in text:
        raise QueryError(f"'{text}' is not a time in ISO 8601 such as 2026-11-24T03:04:05Z")
    text = text.replace("T", " ", 1)
    match = ZONE.fullmatch(text) if " " in text else None  # a bare date ends like a zone
    if not match:
        return read_time(text)
    rest, sign, hours, minutes = match.groups(default="0")
    offset = int(hours) * UNITS["h"] + int(minutes) * UNITS["m"]
    moment = read_time(rest) + (offset if sign == "-" else -offset)
    return in_range(moment, "TIMESTAMP")


def read_text(text, kind):
    """Return the value that cast() reads from a text, for a scalar type."""
    if kind == "DOUBLE" and text.strip() in ("NaN", "Infinity", "+Infinity", "-Infinity"):
        raise QueryError(NOT_FINITE)
    try:
        if kind == "DOUBLE":
            if not DOUBLE.fullmatch(text):
                raise ValueError
            return in_range(float(text), kind)
        if kind == "BOOLEAN":
            return {"true": 1, "t": 1, "1": 1, "false": 0, "f": 0, "0": 0}[text.lower()]
        if kind == "TIMESTAMP":
            return read_time(text)
        if kind == "DATE":
            if " " in text.strip():
                raise ValueError
            return read_time(text)
        if not INTEGER.fullmatch(text):
            raise ValueError
        return in_range(int(text), kind)
    except (ValueError, KeyError, QueryError):
        raise QueryError(f"Cannot cast '{text}' to {kind}") from None


def round_half_away(number, decimals):
    """Round like Trino, half away from zero."""
    if isinstance(number, int):
        unit = 10 ** min(-decimals, 20) if decimals < 0 else 1
        size = (abs(number) + unit // 2) // unit * unit
        return -size if number < 0 else size
    if decimals > 300 or decimals < -300:
        return number if decimals > 0 else 0.0
    factor = 10.0**decimals
    size = abs(number) * factor
    if size >= 2**52:  # it has no decimals to cut, and it may be infinite
        return number
    size = (math.floor(size) + (size % 1 >= 0.5)) / factor
    return math.copysign(size, number)


def can_cast(given, wanted):
    """Return whether cast() can convert a type to another one."""
    if given in (wanted, UNKNOWN) or fits(given, wanted):
        return True
    if is_nested(given) or is_nested(wanted):
        pairs = list(zip(parts_of(given), parts_of(wanted)))
        if type(given) is not type(wanted) or len(parts_of(given)) != len(parts_of(wanted)):
            return False
        return all(can_cast(*pair) for pair in pairs)
    if wanted == "VARCHAR":
        return True
    if given in ("VARCHAR", TEXT):
        return wanted not in ("INTERVAL", "MONTHS")
    if (given, wanted) == ("TIMESTAMP", "DATE"):
        return True
    return given in (*NUMBERS, "BOOLEAN") and wanted in (*NUMBERS, "BOOLEAN")


def cast(value, given, wanted):
    """Convert a value stored by SQLite from one type to another."""
    if value is None or given == wanted:
        return value
    if is_nested(given):
        return json.dumps(cast_loaded(json.loads(value), given, wanted))
    return cast_loaded(value, given, wanted)


def cast_loaded(value, given, wanted):
    """Convert a value from loaded JSON to another type."""
    if value is None or given == wanted:
        return value
    if isinstance(given, Row):
        pairs = zip(value, parts_of(given), parts_of(wanted))
        return [cast_loaded(*part) for part in pairs]
    if isinstance(given, Array):
        return [cast_loaded(part, given.element, wanted.element) for part in value]
    if isinstance(given, Series):
        return [[time, cast_loaded(part, given.element, wanted.element)] for time, part in value]
    if wanted == "VARCHAR":
        return value if given == TEXT else SCALARS[given].write(value)
    if given in ("VARCHAR", TEXT):
        return read_text(value, wanted)
    if wanted == "DATE":
        return value // UNITS["d"] * UNITS["d"]
    if wanted == "DOUBLE":
        return float(value)
    if wanted == "BOOLEAN":
        return int(value != 0)
    if wanted in INTEGERS and given == "DOUBLE":
        return in_range(int(round_half_away(value, 0)), wanted)
    return in_range(value, wanted) if wanted in INTEGERS else value
