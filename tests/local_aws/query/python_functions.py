"""Functions for functions.py that SQLite lacks, or that differ between SQLite and Trino.

In SQLite they are named t_<name>. A null argument makes the result null, except for the functions
in TAKING_NULLS.
"""

import calendar
import functools
import json
import math
import operator
import re
from datetime import datetime, timedelta
from decimal import Decimal

from tests.local_aws.query import types
from tests.local_aws.query.errors import NOT_HERE, QueryError
from tests.local_aws.query.types import UNITS, in_range, round_half_away

EPOCH = datetime(1970, 1, 1)


def double(compute):
    """Return a function that fails if its result is not finite."""

    @functools.wraps(compute)
    def function(*arguments):
        try:
            return in_range(float(compute(*arguments)), "DOUBLE")
        except (ValueError, OverflowError, ZeroDivisionError):
            raise QueryError(types.NOT_FINITE) from None

    return function


def divide(dividend, divisor):
    """Divide like Java, which truncates integers."""
    if isinstance(dividend, float):
        return double(float.__truediv__)(dividend, divisor)
    if divisor == 0:
        raise QueryError("Division by zero")
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def mod(dividend, divisor):
    """Return the remainder of a division, with the sign of the dividend."""
    if isinstance(dividend, float):
        return double(math.fmod)(dividend, divisor)
    if divisor == 0:
        raise QueryError("Division by zero")
    rest = abs(dividend) % abs(divisor)
    return -rest if dividend < 0 else rest


def sign(number):
    """Return -1, 0 or 1, of the same type."""
    return type(number)((number > 0) - (number < 0))


def each_letter(change):
    """Return a function that changes the case of a text like Trino, letter by letter."""

    def function(text):
        changed = ((letter, getattr(letter, change)()) for letter in text)
        return "".join(new if len(new) == 1 else letter for letter, new in changed)

    return function


def substr(text, start, length=None):
    """Return a part of a text, starting at 1, or at -1 from the end."""
    if start < 0:
        start += len(text) + 1
    if start < 1:
        return ""
    end = None if length is None else start - 1 + max(length, 0)
    return text[start - 1 : end]


def split_part(text, separator, number):
    """Return a part of a text, counted from 1, or null if there are fewer."""
    if number < 1 or not separator:
        raise QueryError("split_part needs a separator, and a number of at least 1")
    parts = text.split(separator)
    return parts[number - 1] if number <= len(parts) else None


@functools.lru_cache
def like_parts(pattern, escape):
    """Return a pattern's parts between %, each as a length and a regular expression."""
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
    """Return whether a text matches a pattern. Unlike SQLite's LIKE, it is case-sensitive.

    It searches for one part after another, because one regular expression with many .* can take
    forever.
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


# Escapes with the same meaning in Java's and Python's regular expressions.
SAFE_ESCAPE = re.compile(r"\\(?:[dDwWsSbBtnrf1-9]|[^\w\s])", re.ASCII)
CLASS = re.compile(r"\[\^?\]?[^\[\]]*\]")
GROUP = re.compile(r"\((?:\?[:=!]|\?<[=!]|\?<\w+>)?([^()]*)\)")
# The start of a named group: (?P<name>...) in Python. Escapes and classes are passed over.
NAMED = re.compile(rf"\\.|{CLASS.pattern}|(?P<start>\(\?<(?=[A-Za-z]))", re.DOTALL)
# A group that is quick when it is repeated, if its separators are not like its item: ([a-z]+\.)+
SEPARATED = re.compile(
    r"""(?<!\\)\((?:\?:)?(?P<first>\\[^\w\s]|[^\\\[\](){}.*+?|^$])?
    (?P<item>\[\^?(?:\\[dws.-]|[^\[\]\\&])+\]|\\[dws]|\w)[*+]
    (?P<last>\\[^\w\s]|[^\\\[\](){}.*+?|^$])?\)""",
    re.VERBOSE | re.ASCII,
)
WORK = 3 * 10**8  # steps that a regular expression may take, in the worst case: some seconds


@functools.lru_cache(maxsize=64)
def read_pattern(pattern):
    """Return a compiled regular expression, and the power with which its time can grow.

    Python cannot stop a search, so an expression that could take forever is refused.
    """
    unescaped = SAFE_ESCAPE.sub("x", pattern)
    bare = CLASS.sub("x", unescaped)
    if "\\" in unescaped or "[" in bare or "&&" in unescaped or re.search(r"\(\?[^:=!<i]", bare):
        raise QueryError(f"The regular expression '{pattern}' is not supported by this local AWS")
    repeats = len(re.findall(r"[*+{]", bare))
    bare = CLASS.sub("x", SAFE_ESCAPE.sub("x", SEPARATED.sub(shorten, pattern)))
    while GROUP.search(bare):
        bare = GROUP.sub(lambda group: "r" if re.search(r"[*+{|r]", group[1]) else "x", bare)
        if re.search(r"r[*+{]", bare):
            text = "a repetition of a group that has repetitions or alternatives in it"
            raise QueryError(f"{text} is not supported by this local AWS: '{pattern}'")
    try:
        renamed = NAMED.sub(lambda found: "(?P<" if found["start"] else found[0], pattern)
        return re.compile(renamed, re.ASCII), repeats + 1
    except (re.error, OverflowError, RecursionError) as error:
        raise QueryError(f"'{pattern}' is not a regular expression: {error}") from None


def shorten(group):
    """Return a repeated group without its repetition, if that ends where its separator is."""
    separators = [part[-1] for part in (group["first"], group["last"]) if part]
    item = re.compile(group["item"], re.ASCII | re.IGNORECASE)
    is_quick = separators and not any(item.match(separator) for separator in separators)
    return "(x)" if is_quick else group[0]


def compiled(pattern, text):
    """Return a compiled regular expression, unless it could be too slow for a text."""
    compiled, power = read_pattern(pattern)
    if len(text) ** min(power, 30) > WORK:
        raise QueryError(
            f"The regular expression '{pattern}' on {len(text)} characters is not supported by "
            "this local AWS: it could take too long"
        )
    return compiled


def regexp_extract(text, pattern, group):
    """Return the first match in a text, or a group of it; null without a match."""
    regex = compiled(pattern, text)
    check_group(regex, group)
    found = regex.search(text)
    return found and found[group]


def regexp_extract_all(text, pattern, group):
    """Return all matches in a text."""
    regex = compiled(pattern, text)
    check_group(regex, group)
    return json.dumps([found[group] for found in regex.finditer(text)])


def check_group(regex, group):
    """Fail if a regular expression does not have this group."""
    if not 0 <= group <= regex.groups:
        raise QueryError(f"Pattern has {regex.groups} groups. Cannot access group {group}")


def regexp_replace(text, pattern, new):
    """Replace all matches in a text. $1 in the new text is the first group."""
    regex = compiled(pattern, text)

    def write(found):
        def part_of(reference):
            if reference["escaped"]:
                return reference["escaped"]
            if reference["name"]:
                if reference["name"] not in regex.groupindex:
                    raise QueryError(f"No group with name {{{reference['name']}}}")
                return found[reference["name"]] or ""
            if reference["number"] is None:
                raise QueryError("$ in regexp_replace is not followed by the number of a group")
            check_group(regex, int(reference["number"]))
            return found[int(reference["number"])] or ""

        return REFERENCE.sub(part_of, new)

    check_size(len(new) * (len(text) + 1))
    return regex.sub(write, text)


REFERENCE = re.compile(
    r"\\(?P<escaped>.)|\$(?:(?P<number>\d)|\{(?P<name>\w+)\})?", re.DOTALL | re.ASCII
)


def regexp_split(text, pattern):
    """Split a text at the matches."""
    parts, start = [], 0
    for found in compiled(pattern, text).finditer(text):
        parts.append(text[start : found.start()])
        start = found.end()
    return json.dumps([*parts, text[start:]])


def check_size(length):
    """Fail if a text would be too large."""
    if length > MAX_TEXT:
        raise QueryError(f"A text of more than {MAX_TEXT} characters {NOT_HERE}")


MAX_TEXT = 2**16


def concat(*texts):
    """Join texts."""
    check_size(sum(map(len, texts)))
    return "".join(texts)


def concat_ws(separator, *texts):
    """Join texts with a separator; omit nulls."""
    return None if separator is None else separator.join(t for t in texts if t is not None)


def replace(text, old, new):
    """Replace all occurrences of a text."""
    check_size(len(text) + len(new) * (text.count(old)))
    return text.replace(old, new)


def pad(at_start):
    """Return lpad or rpad, which pads or cuts a text to a size."""

    def function(text, size, padding):
        if size < 0 or not padding:
            raise QueryError("lpad and rpad need a size of at least 0, and text to pad with")
        check_size(size)
        missing = max(size - len(text), 0)
        filler = (padding * (missing // len(padding) + 1))[:missing]
        return filler + text if at_start and missing else (text + filler)[:size]

    return function


def split(text, separator, limit=None):
    """Split a text at separators; return an array."""
    if not separator:
        raise QueryError("The delimiter may not be the empty string")
    if limit is not None and limit < 1:
        raise QueryError("The limit must be positive")
    return json.dumps(text.split(separator, -1 if limit is None else limit - 1))


def translate(text, old, new):
    """Replace each letter of `old` in a text by that of `new`, or remove it."""
    letters = {}
    for place, letter in enumerate(old):
        letters.setdefault(ord(letter), new[place] if place < len(new) else None)
    return text.translate(letters)


def levenshtein_distance(one, other):
    """Return the number of letters to change to turn a text into another."""
    check_size(len(one) * len(other))
    costs = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        before, costs[0] = costs[0], row
        for column, other_letter in enumerate(other, 1):
            change = before + (letter != other_letter)
            before = costs[column]
            costs[column] = min(change, before + 1, costs[column - 1] + 1)
    return costs[-1]


def codepoint(text):
    """Return a letter's number."""
    if len(text) != 1:
        raise QueryError("codepoint needs a text of one character")
    return ord(text)


def character(number):
    """Return a number's letter."""
    if not 0 <= number < 0x110000 or 0xD800 <= number < 0xE000:
        raise QueryError(f"Not a valid Unicode code point: {number}")
    return chr(number)


def width_bucket(value, low, high, count):
    """Return the number of a value's bucket, of `count` buckets of equal width."""
    if count <= 0 or low == high:
        raise QueryError("width_bucket needs a count greater than 0, and different bounds")
    if low > high:
        value, low, high = -value, -low, -high
    if value < low:
        return 0
    return count + 1 if value >= high else int((value - low) / (high - low) * count) + 1


def bit_count(number, bits):
    """Return how many bits of a number are 1, in two's complement of this many bits."""
    if not 2 <= bits <= 64:
        raise QueryError(f"Bits specified in bit_count must be between 2 and 64, got {bits}")
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise QueryError(
            "Number must be representable with the bits specified. "
            f"{number} cannot be represented with {bits} bits"
        )
    return bin(number & (2**bits - 1)).count("1")


def from_one(name, number):
    """Return a number; fail if it is less than 1."""
    if number is None:
        raise QueryError(f"{name} null {NOT_HERE}")
    if number < 1:
        raise QueryError(f"{name} must be greater than 0")
    return number


def width(interval):
    """Return the width of a bin; fail if it is not positive."""
    if interval <= 0:
        raise QueryError("bin() needs an interval greater than zero")
    return interval


def offset(number):
    """Return the offset of lag() or lead(); fail if it is invalid."""
    if number is None:
        raise QueryError(f"Offset null {NOT_HERE}")
    if number < 0:
        raise QueryError("Offset must be at least 0")
    return number


def moment_of(nanoseconds):
    """Return a time as a datetime, without fractions of a second."""
    return EPOCH + timedelta(seconds=nanoseconds // 10**9)


def nanoseconds_of(moment):
    """Return a datetime in the form stored by SQLite."""
    return in_range((moment - EPOCH) // timedelta(microseconds=1) * 1000, "TIMESTAMP")


def part(name, nanoseconds):
    """Return a part of a time: year(time) and so on."""
    return PARTS[name](moment_of(nanoseconds))


PARTS = {
    **{
        name: operator.attrgetter(name)
        for name in ("year", "month", "day", "hour", "minute", "second")
    },
    "day_of_month": lambda moment: moment.day,
    "day_of_week": lambda moment: moment.isoweekday(),
    "day_of_year": lambda moment: moment.timetuple().tm_yday,
    "dow": lambda moment: moment.isoweekday(),
    "doy": lambda moment: moment.timetuple().tm_yday,
    "quarter": lambda moment: (moment.month + 2) // 3,
    "week": lambda moment: moment.isocalendar()[1],
    "week_of_year": lambda moment: moment.isocalendar()[1],
    "year_of_week": lambda moment: moment.isocalendar()[0],
    "yow": lambda moment: moment.isocalendar()[0],
}

# Units whose length varies, in months.
MONTHS_OF = {"month": 1, "quarter": 3, "year": 12}


def unit_of(name):
    """Return the nanoseconds of a fixed-length unit."""
    units = {unit: types.INTERVAL_UNITS[unit] for unit in types.LONG_UNITS}
    units["week"] = 7 * UNITS["d"]
    if name.lower() not in units:
        known = ", ".join([*units, *MONTHS_OF])
        raise QueryError(f"'{name}' is not a valid time unit. Units: {known}")
    return units[name.lower()]


def date_trunc(unit, nanoseconds):
    """Return the start of a time's second, minute, hour, day, week, month, quarter or year."""
    unit, moment = unit.lower(), moment_of(nanoseconds)
    if unit == "week":  # a week starts on Monday
        day = nanoseconds // UNITS["d"] * UNITS["d"]
        return in_range(day - moment.weekday() * UNITS["d"], "TIMESTAMP")
    if unit in MONTHS_OF:
        first = (moment.month - 1) // MONTHS_OF[unit] * MONTHS_OF[unit] + 1
        return nanoseconds_of(datetime(moment.year, first, 1))
    return nanoseconds // unit_of(unit) * unit_of(unit)


def add_months(nanoseconds, months):
    """Return a time some months later, on the same day of the month or on its last day."""
    moment = moment_of(nanoseconds)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise QueryError(f"The year {year} is out of range of timestamp")
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    later = nanoseconds_of(moment.replace(year=year, month=month + 1, day=day))
    return in_range(later + nanoseconds % 10**9, "TIMESTAMP")


def date_add(unit, count, nanoseconds):
    """Return a time, `count` units later."""
    if unit.lower() in MONTHS_OF:
        return add_months(nanoseconds, count * MONTHS_OF[unit.lower()])
    return in_range(nanoseconds + count * unit_of(unit), "TIMESTAMP")


def date_add_to_date(unit, count, nanoseconds):
    """Return a date, `count` units later."""
    if unit.lower() not in MONTHS_OF and unit_of(unit) < UNITS["d"]:
        raise QueryError(f"'{unit}' is not a valid DATE field")
    return date_add(unit, count, nanoseconds)


def date_diff(unit, first, second):
    """Return the number of whole units from one time to another."""
    if unit.lower() not in MONTHS_OF:
        return divide(second - first, unit_of(unit))
    early, late = sorted([first, second])
    start, end = moment_of(early), moment_of(late)
    months = (end.year - start.year) * 12 + end.month - start.month
    months -= add_months(early, months) > late
    months //= MONTHS_OF[unit.lower()]
    return months if first <= second else -months


def last_day_of_month(nanoseconds):
    """Return the date of the last day of a time's month."""
    moment = moment_of(nanoseconds)
    day = calendar.monthrange(moment.year, moment.month)[1]
    return nanoseconds_of(datetime(moment.year, moment.month, day))


def whole_days(interval):
    """Return an interval; fail if it cannot be added to a date."""
    if interval % UNITS["d"]:
        raise QueryError("Cannot add hour, minutes or seconds to a date")
    return interval


def scale(interval, factor):
    """Multiply an interval by a number, and truncate it to nanoseconds."""
    return in_range(int(interval * factor), "INTERVAL")


def shrink(interval, divisor):
    """Divide an interval by a number, and truncate it to nanoseconds."""
    if divisor == 0:
        raise QueryError("Division by zero")
    return in_range(int(interval / divisor), "INTERVAL")


def from_unixtime(seconds):
    """Return the time some seconds after the epoch, rounded to milliseconds as in Trino."""
    return in_range(int(round_half_away(seconds * 1000, 0)) * 10**6, "TIMESTAMP")


def parse_duration(text):
    """Return an interval written as 42m or 42.8ms."""
    match = re.fullmatch(r"(\d{1,20}(?:\.\d{1,9})?)\s*([a-z]+)", text.strip().lower(), re.ASCII)
    if not match or match[2] not in types.INTERVAL_UNITS:
        units = ", ".join(types.INTERVAL_UNITS)
        raise QueryError(f"'{text}' is not a duration such as 42m. Units: {units}")
    return in_range(int(Decimal(match[1]) * types.INTERVAL_UNITS[match[2]]), "INTERVAL")


def date_format(nanoseconds, pattern):
    """Return a time in one of MySQL's formats, which Trino has adopted."""
    moment = moment_of(nanoseconds)

    def write(found):
        if found[0] == "%f":
            return f"{nanoseconds % 10**9 // 1000:06}"
        if found[0] in WRITTEN:
            return moment.strftime(WRITTEN[found[0]])
        if found[0] not in DATE_FORMATS:
            raise QueryError(f"{found[0]} in date_format is not supported by this local AWS")
        return DATE_FORMATS[found[0]](moment)

    return re.sub(r"%.?", write, pattern, flags=re.DOTALL)


# English names, whatever this machine's language.
MONTHS = (
    "January February March April May June July August September October November December"
).split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
DATE_FORMATS = {
    "%c": lambda moment: str(moment.month),
    "%b": lambda moment: MONTHS[moment.month - 1][:3],
    "%M": lambda moment: MONTHS[moment.month - 1],
    "%e": lambda moment: str(moment.day),
    "%a": lambda moment: DAYS[moment.weekday()][:3],
    "%W": lambda moment: DAYS[moment.weekday()],
    "%k": lambda moment: str(moment.hour),
    "%l": lambda moment: str((moment.hour + 11) % 12 + 1),
    "%p": lambda moment: "AM" if moment.hour < 12 else "PM",
}
# Formats that Python has under another name, or the same one.
SHARED = {"%Y": "%Y", "%y": "%y", "%m": "%m", "%d": "%d", "%H": "%H", "%i": "%M", "%s": "%S"}
SHARED |= {"%S": "%S", "%T": "%H:%M:%S", "%%": "%%"}
WRITTEN = SHARED | {"%j": "%j", "%h": "%I", "%I": "%I", "%v": "%V", "%x": "%G"}
# What date_parse and parse_datetime read.
PARSED = SHARED | {"%c": "%m", "%e": "%d", "%k": "%H", "%f": "%f"}
# Joda's letters, used by format_datetime, with the equivalent formats of date_format.
JODA = {
    "yyyy": "%Y", "YYYY": "%Y", "y": "%Y", "yy": "%y", "MMMM": "%M", "MMM": "%b", "MM": "%m",
    "M": "%c", "dd": "%d", "d": "%e", "HH": "%H", "H": "%k", "hh": "%h", "h": "%l", "mm": "%i",
    "ss": "%s", "a": "%p", "EEEE": "%W", "EEE": "%a", "E": "%a", "DDD": "%j",
}  # fmt: skip


def format_datetime(nanoseconds, pattern):
    """Return a time in one of Joda's formats."""

    def write(found):
        if found["quoted"] is not None:
            return found["quoted"].replace("''", "'") or "'"
        letters = found["letters"]
        if letters and set(letters) == {"S"}:
            return f"{nanoseconds % 10**9:09}".ljust(len(letters), "0")[: len(letters)]
        if letters and letters not in JODA:
            text = f"{letters} in format_datetime is not supported by this local AWS"
            raise QueryError(text)
        return date_format(nanoseconds, JODA[letters]) if letters else found[0]

    return JODA_PART.sub(write, pattern)


JODA_PART = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|.", re.DOTALL)


def date_parse(text, pattern):
    """Read a time from a text in one of MySQL's formats."""

    def translate(found):
        if found[0] not in PARSED:
            raise QueryError(f"{found[0]} in date_parse is not supported by this local AWS")
        return PARSED[found[0]]

    return parse_time(text, re.sub(r"%.?", translate, pattern, flags=re.DOTALL), pattern)


def parse_datetime(text, pattern):
    """Read a time from a text in one of Joda's formats."""

    def translate(found):
        letters = found["letters"]
        if found["quoted"] is not None:
            return (found["quoted"].replace("''", "'") or "'").replace("%", "%%")
        if letters and set(letters) == {"S"}:
            return "%f"
        if letters and PARSED.get(JODA.get(letters)) is None:
            raise QueryError(f"{letters} in parse_datetime is not supported by this local AWS")
        return PARSED[JODA[letters]] if letters else found[0].replace("%", "%%")

    return parse_time(text, JODA_PART.sub(translate, pattern), pattern)


def parse_time(text, pattern, given):
    """Read a time from a text in a format of strptime()."""
    try:
        moment = datetime.strptime(text, pattern)
    except (ValueError, re.error):
        raise QueryError(f"Invalid format: '{text}' does not match '{given}'") from None
    year = 1970 if "%Y" not in pattern and "%y" not in pattern else moment.year
    return nanoseconds_of(moment.replace(year=year))


def only_value(value, rows):
    """Return a sub-query's value; fail if it has several rows."""
    if rows > 1:
        raise QueryError("Scalar sub-query has returned multiple rows")
    return value


# These have the same name in SQL, after t_.
SAME_NAMES = [
    add_months, bit_count, codepoint, concat, concat_ws, date_add, date_add_to_date,
    date_diff, date_format, date_parse, date_trunc, divide, format_datetime, from_one,
    from_unixtime, last_day_of_month, levenshtein_distance, like, mod, offset, only_value,
    parse_datetime, parse_duration, part, regexp_extract, regexp_extract_all,
    regexp_replace, regexp_split, replace, scale, shrink, sign, split, split_part, substr,
    translate, whole_days, width, width_bucket,
]  # fmt: skip
FUNCTIONS = {
    **{function.__name__: function for function in SAME_NAMES},
    "abs": abs,
    "atan2": double(math.atan2),
    "ceil": double(math.ceil),
    "ceiling": double(math.ceil),
    "cbrt": double(lambda number: math.copysign(abs(number) ** (1 / 3), number)),
    "chr": character,
    "e": lambda: math.e,
    "floor": double(math.floor),
    "format": lambda kind, value: types.SCALARS[kind].write(value),
    "from_iso8601_timestamp": types.read_iso_time,
    "length": len,
    "ln": double(math.log),
    "log": double(lambda base, number: math.log(number) / math.log(base)),
    "lower": each_letter("lower"),
    "lpad": pad(at_start=True),
    "ltrim": str.lstrip,
    "negative": operator.neg,
    "pi": lambda: math.pi,
    "pow": double(math.pow),
    "power": double(math.pow),
    "read": lambda kind, text: types.read_text(text, kind),
    "regexp_count": lambda text, pattern: len(list(compiled(pattern, text).finditer(text))),
    "regexp_like": lambda text, pattern: int(compiled(pattern, text).search(text) is not None),
    "reverse": lambda text: text[::-1],
    "round": round_half_away,
    "rpad": pad(at_start=False),
    "rtrim": str.rstrip,
    "starts_with": str.startswith,
    "strpos": lambda text, part: text.find(part) + 1,
    "substring": substr,
    "to_unixtime": lambda nanoseconds: nanoseconds / 10**9,
    "trim": str.strip,
    "truncate": double(math.trunc),
    "upper": each_letter("upper"),
    "bitwise_xor": operator.xor,
    **{
        name: double(getattr(math, name))
        for name in (
            "acos asin atan cos cosh degrees exp log10 log2 radians sin sinh sqrt tan tanh"
        ).split()
    },
}
TAKING_NULLS = ["only_value", "concat_ws", "from_one", "offset"]
