"""What functions.py says in SQL and SQLite does not have, or does otherwise than Trino.

They are given to SQLite as t_<name>. A null among the arguments makes the result null, but for
those in TAKING_NULLS.
"""

import functools
import math
import re
import statistics
from datetime import datetime, timedelta

from tests.local_aws.query import types
from tests.local_aws.query.errors import QueryError
from tests.local_aws.query.types import UNITS, in_range

EPOCH = datetime(1970, 1, 1)
# What cast() takes for numbers. Python would read more: 1_000, nan.
DOUBLE = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.IGNORECASE | re.ASCII)
INTEGER = re.compile(r"[+-]?\d{1,30}", re.ASCII)


def double(compute):
    """Return a function whose result is finite, or an error."""

    @functools.wraps(compute)
    def function(*arguments):
        try:
            return in_range(float(compute(*arguments)), "DOUBLE")
        except (ValueError, OverflowError, ZeroDivisionError):
            raise QueryError(types.NOT_FINITE) from None

    return function


def divide(dividend, divisor):
    """Divide as Java does: integers are cut towards zero."""
    if isinstance(dividend, float):
        return double(float.__truediv__)(dividend, divisor)
    if divisor == 0:
        raise QueryError("Division by zero")
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def mod(dividend, divisor):
    """Return what is left of a division, with the sign of the dividend."""
    if isinstance(dividend, float):
        return double(math.fmod)(dividend, divisor)
    if divisor == 0:
        raise QueryError("Division by zero")
    rest = abs(dividend) % abs(divisor)
    return -rest if dividend < 0 else rest


def round_half_away(number, decimals):
    """Round as Trino does: half away from zero."""
    if isinstance(number, int):
        unit = 10 ** min(-decimals, 20) if decimals < 0 else 1
        size = (abs(number) + unit // 2) // unit * unit
        return -size if number < 0 else size
    if decimals > 300 or decimals < -300:
        return number if decimals > 0 else 0.0
    factor = 10.0**decimals
    size = abs(number) * factor
    if size >= 2**52:  # it has no decimals left to be cut, and it may be infinite
        return number
    size = (math.floor(size) + (size % 1 >= 0.5)) / factor
    return math.copysign(size, number)


def whole(number):
    """Return the integer next to a double."""
    return int(round_half_away(number, 0))


def sign(number):
    """Return -1, 0 or 1, of the same type."""
    return type(number)((number > 0) - (number < 0))


def each_letter(change):
    """Return a function of a text that changes its letters as Trino does: each into one."""

    def function(text):
        changed = ((letter, getattr(letter, change)()) for letter in text)
        return "".join(new if len(new) == 1 else letter for letter, new in changed)

    return function


def substr(text, start, length=None):
    """Return a part of a text. It begins at 1, or from the end at -1."""
    if start < 0:
        start += len(text) + 1
    if start < 1:
        return ""
    end = None if length is None else start - 1 + max(length, 0)
    return text[start - 1 : end]


def split_part(text, separator, number):
    """Return a part of a text, or null if there are fewer. The first is 1."""
    if number < 1 or not separator:
        raise QueryError("split_part takes a separator, and a number from 1")
    parts = text.split(separator)
    return parts[number - 1] if number <= len(parts) else None


@functools.lru_cache
def like_parts(pattern, escape):
    """Return what stands between the % of a pattern: a length and a regular expression each."""
    if escape is not None and len(escape) != 1:
        raise QueryError("Escape string must be a single character")
    parts, letters = [[]], iter(pattern)
    for letter in letters:
        if letter == escape:
            letter = next(letters, "")
            if letter not in ("%", "_", escape):
                raise QueryError(
                    "Escape character must be followed by '%', '_' or the escape character itself"
                )
            parts[-1].append(re.escape(letter))
        elif letter == "%":
            parts.append([])
        else:
            parts[-1].append("." if letter == "_" else re.escape(letter))
    return [(len(part), re.compile("".join(part), re.DOTALL)) for part in parts]


def like(text, pattern, escape=None):
    """Return whether a text is like a pattern. Unlike SQLite's LIKE, it is case-sensitive.

    One part after the other is looked for, since one regular expression with many .* can take
    for ever.
    """
    (_, first), *others = like_parts(pattern, escape)
    if not others:
        return first.fullmatch(text) is not None
    *others, (length, last) = others
    found = first.match(text)
    for _, part in others:
        found = found and part.search(text, found.end())
    if not found or found.end() + length > len(text):
        return False
    return last.match(text, len(text) - length) is not None


def width(interval):
    """Return the width of a bin, which cannot be nothing."""
    if interval <= 0:
        raise QueryError("bin() takes an interval that is greater than zero")
    return interval


def offset(number):
    """Return the offset of lag() and lead()."""
    if number < 0:
        raise QueryError("Offset must be at least 0")
    return number


def read(kind, text):
    """Read a text as cast() does."""
    if kind == "DOUBLE" and text.strip() in ("NaN", "Infinity", "+Infinity", "-Infinity"):
        raise QueryError(types.NOT_FINITE)
    try:
        if kind == "DOUBLE":
            if not DOUBLE.fullmatch(text):
                raise ValueError
            return in_range(float(text), kind)
        if kind == "BOOLEAN":
            return {"true": 1, "t": 1, "1": 1, "false": 0, "f": 0, "0": 0}[text.lower()]
        if kind == "TIMESTAMP":
            return types.read_time(text)
        if not INTEGER.fullmatch(text):
            raise ValueError
        return in_range(int(text), kind)
    except (ValueError, KeyError, QueryError):
        raise QueryError(f"Cannot cast '{text}' to {kind}") from None


def part(name, nanoseconds):
    """Return a part of a time: year(time) and so on."""
    moment = EPOCH + timedelta(seconds=nanoseconds // 10**9)
    if name == "quarter":
        return (moment.month + 2) // 3
    if name == "day_of_week":
        return moment.isoweekday()
    if name == "day_of_year":
        return moment.timetuple().tm_yday
    return getattr(moment, name)


def unit_of(name, others=()):
    """Return the nanoseconds of a unit that is always as long. others: those that are not."""
    units = {unit: types.INTERVAL_UNITS[unit] for unit in types.LONG_UNITS}
    units["week"] = 7 * UNITS["d"]
    if name.lower() not in units:
        known = ", ".join([*units, *others])
        raise QueryError(f"Unit '{name}' is not supported by this local AWS. There are: {known}")
    return units[name.lower()]


def date_trunc(unit, nanoseconds):
    """Return the begin of the second, minute, hour, day, week, month, quarter or year."""
    unit, moment = unit.lower(), EPOCH + timedelta(seconds=nanoseconds // 10**9)
    if unit == "week":  # it begins on a Monday
        day = nanoseconds // UNITS["d"] * UNITS["d"]
        return in_range(day - moment.weekday() * UNITS["d"], "TIMESTAMP")
    months = {"month": moment.month, "quarter": (moment.month - 1) // 3 * 3 + 1, "year": 1}
    if unit in months:
        begin = datetime(moment.year, months[unit], 1)
        return (begin - EPOCH) // timedelta(seconds=1) * 10**9
    return nanoseconds // unit_of(unit, months) * unit_of(unit)


def date_add(unit, count, nanoseconds):
    """Return a time, so many units later."""
    return in_range(nanoseconds + count * unit_of(unit), "TIMESTAMP")


def date_diff(unit, first, second):
    """Return how many whole units it is from one time to another."""
    return divide(second - first, unit_of(unit))


def parse_duration(text):
    """Return an interval that is written as 42m."""
    if not re.fullmatch(r"\d+[a-z]+", text, re.IGNORECASE | re.ASCII):
        raise QueryError(f"'{text}' is not a duration such as 42m")
    return types.read_interval(text)


def date_format(nanoseconds, pattern):
    """Return a time in a format of MySQL's, which Trino has taken over."""
    moment = EPOCH + timedelta(seconds=nanoseconds // 10**9)

    def write(found):
        if found[0] not in DATE_FORMATS:
            raise QueryError(f"{found[0]} in date_format is not supported by this local AWS")
        return DATE_FORMATS[found[0]](moment)

    return re.sub(r"%.?", write, pattern, flags=re.DOTALL)


# Names are English, whatever the machine speaks.
MONTHS = (
    "January February March April May June July August September October November December"
).split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
DATE_FORMATS = {
    "%Y": lambda moment: f"{moment.year:04}",
    "%y": lambda moment: f"{moment.year % 100:02}",
    "%m": lambda moment: f"{moment.month:02}",
    "%c": lambda moment: str(moment.month),
    "%b": lambda moment: MONTHS[moment.month - 1][:3],
    "%M": lambda moment: MONTHS[moment.month - 1],
    "%d": lambda moment: f"{moment.day:02}",
    "%e": lambda moment: str(moment.day),
    "%j": lambda moment: f"{moment.timetuple().tm_yday:03}",
    "%a": lambda moment: DAYS[moment.weekday()][:3],
    "%W": lambda moment: DAYS[moment.weekday()],
    "%H": lambda moment: f"{moment.hour:02}",
    "%i": lambda moment: f"{moment.minute:02}",
    "%s": lambda moment: f"{moment.second:02}",
    "%S": lambda moment: f"{moment.second:02}",
    "%T": lambda moment: moment.strftime("%H:%M:%S"),
    "%%": lambda moment: "%",
}


def only_value(value, rows):
    """Return the value of a sub-query that stands for one value."""
    if rows > 1:
        raise QueryError("Scalar sub-query has returned multiple rows")
    return value


FUNCTIONS = {
    "abs": abs,
    "ceil": double(math.ceil),
    "concat": lambda *texts: "".join(texts),
    "date_add": date_add,
    "date_diff": date_diff,
    "date_format": date_format,
    "date_trunc": date_trunc,
    "divide": divide,
    "exp": double(math.exp),
    "floor": double(math.floor),
    "format": lambda kind, value: types.FORMATS[kind](value),
    "from_iso8601": types.read_iso_time,
    "length": len,
    "like": like,
    "ln": double(math.log),
    "log10": double(math.log10),
    "log2": double(math.log2),
    "lower": each_letter("lower"),
    "ltrim": str.lstrip,
    "mod": mod,
    "offset": offset,
    "only_value": only_value,
    "parse_duration": parse_duration,
    "part": part,
    "power": double(math.pow),
    "read": read,
    "replace": str.replace,
    "reverse": lambda text: text[::-1],
    "round": round_half_away,
    "rtrim": str.rstrip,
    "sign": sign,
    "split_part": split_part,
    "sqrt": double(math.sqrt),
    "starts_with": str.startswith,
    "strpos": lambda text, part: text.find(part) + 1,
    "substr": substr,
    "trim": str.strip,
    "upper": each_letter("upper"),
    "whole": whole,
    "width": width,
}
TAKING_NULLS = ["only_value"]


def percentile(rows):
    """Return the value at a percentile. AWS's is an approximation, this is exact."""
    values = sorted(value for value, _ in rows if value is not None)
    share = rows[0][1]
    if not values:
        return None
    if not 0 <= share <= 1:
        raise QueryError("Percentile must be between 0 and 1")
    return values[min(int(share * len(values)), len(values) - 1)]


def spread(compute, least):
    """Return an aggregate function of numbers that is null if there are too few."""

    def function(rows):
        values = [value for [value] in rows]
        return double(compute)(values) if len(values) >= least else None

    return function


# They get the arguments in each row, but for the rows in which the last one is null.
AGGREGATES = {
    "max_by": lambda rows: max(rows, key=lambda row: row[1])[0],
    "min_by": lambda rows: min(rows, key=lambda row: row[1])[0],
    "percentile": percentile,
    "stddev": spread(statistics.stdev, 2),
    "stddev_pop": spread(statistics.pstdev, 1),
    "variance": spread(statistics.variance, 2),
    "variance_pop": spread(statistics.pvariance, 1),
}
