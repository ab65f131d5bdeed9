"""Reads the records of WriteRecords, and explains why one is rejected.

The rules are those of the Timestream Developer Guide, "Quotas" and "Writes", and of the API
Reference, "WriteRecords", "Record", "MeasureValue" and "RejectedRecord". README.md names the
recordings of AWS from which the texts and the time range are taken.
"""

import math
import re
import time

from tests.local_aws.query import format_time
from tests.local_aws.store import Measure, Record, list_measures

# All times here are in nanoseconds since the epoch.
MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
# Recorded time ranges are 40 minutes longer than the retention; AWS documents 15 minutes ahead.
FUTURE, PAST = 15 * MINUTE, 25 * MINUTE
UNITS = {"SECONDS": 10**9, "MILLISECONDS": 10**6, "MICROSECONDS": 10**3, "NANOSECONDS": 1}

# Quotas that botocore's model of WriteRecords lacks. Lengths of names and sizes are in bytes.
MAX_DIMENSION_NAME = 60
MAX_MEASURE_NAME = 256
MAX_SERIES = 2048  # all names and values of a record's dimensions
MAX_VALUES = 2048  # all values of a record; 8 for a number or time, 1 for a BOOLEAN
MAX_RECORD_MEASURES = 256  # values of a multi-measure record
MAX_DIMENSIONS = 128  # distinct names in a table
MAX_MEASURES = 8192  # distinct measure names in a table
MAX_COLUMNS = 1024  # distinct names of values in a table's multi-measure records

# "Quotas", "Naming constraints" and "System identifiers", which are case-sensitive.
NAME = re.compile(r"(?!time$|ts_|measure_name|measure_value)[^:\x00-\x1f\x7f-\x9f]+")

# Recorded on AWS.
CHANGED_TYPE = "Each multi measure name can have only one measure value type and cannot be changed."

# The format of each type's values. Python alone would also accept 1_000, " 61 " and NaN.
TYPES = {
    "DOUBLE": {"format": r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", "read": float},
    "BIGINT": {"format": r"[+-]?[0-9]+", "read": int},
    "BOOLEAN": {"format": r"(?i:true|false)", "read": lambda text: int(text.lower() == "true")},
    "VARCHAR": {"format": r"(?s:.+)", "read": str},
}


def read_record(given, common):
    """Return a Record, with the common attributes added; raise ValueError if it is invalid."""
    record = common | given
    for name in ("Dimensions", "MeasureValues"):
        if name in common and name in given:
            record[name] = common[name] + given[name]
    kind = record.get("MeasureValueType", "DOUBLE")
    unit = record.get("TimeUnit", "MILLISECONDS")
    for name in ("MeasureName", "Time"):
        if name not in record:
            raise ValueError(f"{name} is missing")
    check_column_name("measure", record["MeasureName"])
    return Record(
        dimensions=read_dimensions(record.get("Dimensions")),
        measure=record["MeasureName"],
        time=read_time(record["Time"], unit),
        kind=kind,
        value=read_measure(record, kind, unit),
        version=read_version(record.get("Version", 1)),
    )


def check_column_name(what, name):
    """Raise ValueError for a name that a dimension or measure cannot have."""
    if not NAME.fullmatch(name):
        raise ValueError(f"a {what} cannot have the name {name!r}")


def read_dimensions(dimensions):
    """Return the dimensions of a record as sorted pairs; raise ValueError if one is invalid."""
    if not dimensions:
        raise ValueError("it needs a dimension")
    pairs = {dimension["Name"]: dimension["Value"] for dimension in dimensions}
    if len(pairs) < len(dimensions):
        raise ValueError("a dimension appears twice")
    for name, value in pairs.items():
        check_column_name("dimension", name)
        if not value:
            raise ValueError(f"the dimension {name} is empty")
    return tuple(sorted(pairs.items()))


def read_time(text, unit):
    """Return a time since the epoch in nanoseconds; raise ValueError if it is invalid."""
    if not re.fullmatch("[0-9]+", text) or int(text) * UNITS[unit] >= 2**63:
        raise ValueError("Invalid time for record.")
    return int(text) * UNITS[unit]


def read_measure(record, kind, unit):
    """Return the value of a record, or its list of Measures; raise ValueError if it is invalid."""
    needed, other = "MeasureValue", "MeasureValues"
    if kind == "MULTI":
        needed, other = other, needed
    if not record.get(needed):
        raise ValueError(f"{needed} is missing")
    if record.get(other):
        raise ValueError(f"{other} is not allowed for the type {kind}")
    if kind == "MULTI":
        return read_measures(record["MeasureValues"], unit)
    return read_value(record["MeasureValue"], kind)


def read_measures(values, unit):
    """Return the Measures of a multi-measure record; raise ValueError if one is invalid."""
    measures = []
    for value in values:
        name, text, kind = value["Name"], value["Value"], value["Type"]
        check_column_name("measure", name)
        if kind == "TIMESTAMP":
            measures.append(Measure(name, kind, read_time(text, unit)))
        else:
            measures.append(Measure(name, kind, read_value(text, kind)))
    if len({measure.name for measure in measures}) < len(measures):
        raise ValueError("a measure appears twice")
    return measures


def read_value(text, kind):
    """Return a measure's value; raise ValueError if it does not have this type."""
    if kind not in TYPES:  # TIMESTAMP outside of a multi-measure record, and MULTI inside
        raise ValueError(f"{kind} is an invalid measure value type.")
    if not re.fullmatch(TYPES[kind]["format"], text):
        raise ValueError(f"{text[:50]!r} is not a {kind}")
    value = TYPES[kind]["read"](text)
    if kind == "DOUBLE" and not math.isfinite(value):
        raise ValueError(f"{text} is out of range of DOUBLE")
    if kind == "BIGINT" and not -(2**63) <= value < 2**63:
        raise ValueError(f"{text} is out of range of BIGINT")
    return value


def read_version(version):
    """Return a record's version; raise ValueError if it is invalid."""
    if not 1 <= version < 2**63:
        raise ValueError(f"{version} is not a valid version")
    return version


def find_window(table):
    """Return the time range in which a moto table accepts records, and the limits of its stores."""
    now, retention = round(time.time() * 1000) * 10**6, table.retention_properties
    memory = now - PAST - retention["MemoryStoreRetentionPeriodInHours"] * HOUR
    magnetic = memory - retention["MagneticStoreRetentionPeriodInDays"] * 24 * HOUR
    window = {"memory": memory, "magnetic": magnetic, "end": now + FUTURE}
    if table.magnetic_store_write_properties.get("EnableMagneticStoreWrites"):
        return window | {"first": magnetic, "name": "data ingestion window"}
    return window | {"first": memory, "name": "memory store"}


def check_record(record, names, window):
    """Return why a table rejects a record, or None. A valid record's names are added to `names`."""
    return check_time(record, window) or check_values(record) or names.add(record)


def check_time(record, window):
    """Return AWS's text for a record that is too old or too far ahead, or None."""
    if window["first"] <= record.time < window["end"]:
        return None
    times = f"[{format_window_time(window['first'])}, {format_window_time(window['end'])})"
    return f"The record timestamp is outside the time range {times} of the {window['name']}."


def format_window_time(nanoseconds):
    """Return a time as 2026-11-24T03:04:05.123Z."""
    return f"{format_time(nanoseconds)[:23].replace(' ', 'T')}Z"


def check_values(record):
    """Return the quota that a record's values exceed, or None."""
    if record.kind not in ("VARCHAR", "MULTI"):
        return None  # a number is never too large
    measures = list_measures(record)
    if len(measures) > MAX_RECORD_MEASURES:
        return f"The record has {len(measures)} measures, more than {MAX_RECORD_MEASURES}."
    size = sum(count_bytes(measure) for measure in measures)
    if size > MAX_VALUES:
        return f"The measure values have {size} bytes, more than {MAX_VALUES}."
    return None


def count_bytes(measure):
    """Return the size of a measure's value in bytes."""
    if measure.kind == "VARCHAR":
        return len(measure.value.encode())
    return 1 if measure.kind == "BOOLEAN" else 8


class Names:
    """The names used in a table's records, which quotas limit."""

    def __init__(self):
        self.dimensions, self.measures = set(), set()
        self.columns = {}  # {name of a value in multi-measure records: type}
        self.checked = set()  # a cache, because most records have the same names as earlier ones

    def add(self, record):
        """Add a record's names; if the table cannot have them, return why."""
        measures = record.value if record.kind == "MULTI" else []
        columns = {measure.name: measure.kind for measure in measures}
        key = record.dimensions, record.measure, *columns.items()
        if key in self.checked:
            return None
        reason = self.check_new(record, columns)
        if not reason:
            self.dimensions |= {name for name, _ in record.dimensions}
            self.measures.add(record.measure)
            self.columns |= columns
            self.checked.add(key)
        return reason

    def check_new(self, record, columns):
        """Return why the table cannot have a record's names, or None."""
        size = sum(len(text.encode()) for pair in record.dimensions for text in pair)
        if any(len(name.encode()) > MAX_DIMENSION_NAME for name, _ in record.dimensions):
            return f"A dimension name has more than {MAX_DIMENSION_NAME} bytes."
        if any(len(name.encode()) > MAX_MEASURE_NAME for name in [record.measure, *columns]):
            return f"A measure name has more than {MAX_MEASURE_NAME} bytes."
        if size > MAX_SERIES:
            return f"The dimension names and values have {size} bytes, more than {MAX_SERIES}."
        dimensions = self.dimensions | {name for name, _ in record.dimensions}
        if len(dimensions) > MAX_DIMENSIONS:
            return f"The table would have more than {MAX_DIMENSIONS} dimensions."
        if len(self.measures | {record.measure}) > MAX_MEASURES:
            return f"The table would have more than {MAX_MEASURES} measure names."
        if any(self.columns.get(name, kind) != kind for name, kind in columns.items()):
            return CHANGED_TYPE
        names = self.columns.keys() | columns.keys()
        if len(names) > MAX_COLUMNS:
            return f"The table would have more than {MAX_COLUMNS} multi-measure values."
        if dimensions & names:
            return f"{min(dimensions & names)!r} would be both a dimension and a measure value."
        return None


def explain_version(record, stored):
    """Return why a record conflicts with a stored one."""
    if record.version > stored.version:
        missing = ", ".join(stored.values.keys() - {measure.name for measure in record.value})
        return f"An update without {missing} is not supported by this local AWS."
    if record.version < stored.version:
        return (
            f"The record version {record.version} is lower than the existing version "
            f"{stored.version}. A higher version is required to update the measure value."
        )
    return (
        "A record already exists with the same time, dimensions, measure name, and record version. "
        "A higher record version must be specified in order to update the measure value. "
        "Specifying record version is supported by the latest SDKs."
    )
