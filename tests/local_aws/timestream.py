"""Timestream refuses what it refuses on AWS, stores records, and answers queries.

moto keeps databases and tables; it checks no record and answers no query. The rules are those of
the Timestream Developer Guide, "Quotas" and "Writes", and of the API Reference, "WriteRecords",
"RejectedRecord" and "Query". What is accepted here is acted on; everything else is refused.
"""

import contextlib
import json
import math
import re
import threading
import time
import uuid
from collections import OrderedDict
from datetime import datetime, timezone
from unittest import mock

from moto.core.exceptions import JsonRESTError
from moto.timestreamwrite.responses import TimestreamWriteResponse

from tests.local_aws.acted_on import invalid
from tests.local_aws.query import QueryError
from tests.local_aws.store import Record, Store

HOUR = 3600 * 10**9  # all times in here are nanoseconds since the epoch
FUTURE = HOUR // 4  # how far a record can be ahead
UNITS = {"SECONDS": 10**9, "MILLISECONDS": 10**6, "MICROSECONDS": 10**3, "NANOSECONDS": 1}

# Quotas that AWS's description of WriteRecords does not have. Names and series are in bytes.
MAX_DIMENSION_NAME = 60
MAX_MEASURE_NAME = 256
MAX_SERIES = 2048  # the names and values of a record's dimensions together
MAX_VALUE = 2048
MAX_DIMENSIONS = 128  # different names in a table
MAX_MEASURES = 8192

MAX_PAGE = 2**20  # bytes of the rows that come with one response
MAX_TOKENS = 5  # how many next tokens are remembered: each keeps a whole answer

# Columns of Timestream's own.
RESERVED = re.compile(r"time$|ts_|measure_name|measure_value", re.IGNORECASE)

# How a value of each type is written, and read. Python would also read 1_000, " 61 " and NaN.
TYPES = {
    "DOUBLE": {"format": r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", "read": float},
    "BIGINT": {"format": r"[+-]?[0-9]+", "read": int},
    "BOOLEAN": {"format": r"(?i:true|false)", "read": lambda text: int(text.lower() == "true")},
    "VARCHAR": {"format": r"(?s:.+)", "read": str},
}

# Requests that change something come one at a time. The function writes in several threads.
changing = threading.Lock()


def answer_request(response):
    """Answer a request that acted_on.py has checked, in the place of moto's method."""
    answer = OPERATIONS[response._get_action()]
    content = answer(response.timestreamwrite_backend, response.parameters)
    status = 419 if "RejectedRecords" in content else 200  # AWS's number for rejected records
    return status, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(content)


def get_store(backend):
    """Return the store of one of moto's backends: of an account in a region."""
    if not hasattr(backend, "store"):
        backend.store, backend.pages = Store(), Pages()
    return backend.store


def create_database(backend, parameters):
    """Answer CreateDatabase."""
    name = parameters["DatabaseName"]
    check_name("DatabaseName", name)
    with changing:
        if name in backend.databases:
            raise JsonRESTError("ConflictException", f"The database {name} already exists.")
        database = backend.create_database(name, kms_key_id=None, tags=[])
        get_store(backend).create_database(name)
    return {"Database": database.description()}


def describe_database(backend, parameters):
    """Answer DescribeDatabase."""
    return {"Database": backend.describe_database(parameters["DatabaseName"]).description()}


def list_databases(backend, parameters):
    """Answer ListDatabases."""
    databases = [database.description() for database in backend.list_databases()]
    return list_some("Databases", databases, "DatabaseName", parameters)


def delete_database(backend, parameters):
    """Answer DeleteDatabase."""
    name = parameters["DatabaseName"]
    with changing:
        if backend.describe_database(name).tables:
            raise invalid(f"The database {name} still has tables.")
        backend.delete_database(name)
        get_store(backend).drop_database(name)
    return {}


def create_table(backend, parameters):
    """Answer CreateTable."""
    database, name = parameters["DatabaseName"], parameters["TableName"]
    check_name("TableName", name)
    with changing:
        if name in backend.describe_database(database).tables:
            raise JsonRESTError("ConflictException", f"The table {name} already exists.")
        table = backend.create_table(
            database,
            name,
            retention_properties=parameters.get("RetentionProperties"),
            magnetic_store_write_properties=parameters.get("MagneticStoreWriteProperties"),
            schema={"CompositePartitionKey": [{"Type": "MEASURE"}]},
            tags=[],
        )
        get_store(backend).create_table(database, name)
        table.dimension_names, table.measure_names = set(), set()
    return {"Table": table.description()}


def update_table(backend, parameters):
    """Answer UpdateTable. What it is not told to change stays as it is."""
    with changing:
        table = backend.describe_table(parameters["DatabaseName"], parameters["TableName"])
        table.update(
            retention_properties=parameters.get("RetentionProperties", table.retention_properties),
            magnetic_store_write_properties=parameters.get("MagneticStoreWriteProperties"),
            schema=None,
        )
    return {"Table": table.description()}


def describe_table(backend, parameters):
    """Answer DescribeTable."""
    table = backend.describe_table(parameters["DatabaseName"], parameters["TableName"])
    return {"Table": table.description()}


def list_tables(backend, parameters):
    """Answer ListTables: of one database, or of all."""
    tables = [table.description() for table in backend.list_tables(parameters.get("DatabaseName"))]
    return list_some("Tables", tables, "TableName", parameters)


def delete_table(backend, parameters):
    """Answer DeleteTable."""
    database, name = parameters["DatabaseName"], parameters["TableName"]
    with changing:
        backend.describe_table(database, name)
        backend.delete_table(database, name)
        get_store(backend).drop_table(database, name)
    return {}


def check_name(parameter, name):
    """Raise the error for a name that a database or table cannot have."""
    if not 3 <= len(name) <= 256:
        raise invalid(f"{parameter} has {len(name)} characters, not 3 to 256")


def list_some(title, descriptions, key, parameters):
    """Return a page of descriptions; the next token is the place where the next one begins."""
    start, size = parameters.get("NextToken", "0"), parameters.get("MaxResults", 20)
    if not re.fullmatch("[0-9]{1,9}", start):
        raise invalid("Invalid pagination token")
    end = int(start) + size
    answer = {title: sorted(descriptions, key=lambda one: one[key])[int(start) : end]}
    if end < len(descriptions):
        answer["NextToken"] = str(end)
    return answer


def write_records(backend, parameters):
    """Answer WriteRecords: check all records, then store those that are not rejected."""
    database, name = parameters["DatabaseName"], parameters["TableName"]
    common, records = parameters.get("CommonAttributes", {}), []
    for index, record in enumerate(parameters["Records"]):
        try:
            records.append(read_record(record, common))
        except ValueError as error:
            raise invalid(f"Record {index}: {error}") from None
    with changing:
        table = backend.describe_table(database, name)
        window = find_window(table)
        rejected = {}
        for index, record in enumerate(records):
            reason = find_reason(record, table, window)
            if reason:
                rejected[index] = {"RecordIndex": index, "Reason": reason}
        accepted = [index for index in range(len(records)) if index not in rejected]
        refused = get_store(backend).write(database, name, [records[index] for index in accepted])
    for place, version in refused.items():
        index = accepted[place]
        rejected[index] = {
            "RecordIndex": index,
            "Reason": explain_version(records[index].version, version),
            "ExistingVersion": version,
        }
    if rejected:
        return {
            "__type": "com.amazonaws.timestream.v20181101#RejectedRecordsException",
            "Message": "One or more records have been rejected. See RejectedRecords for details.",
            "RejectedRecords": [rejected[index] for index in sorted(rejected)],
        }
    in_memory = sum(record.time >= window["memory"] for record in records)
    return {
        "RecordsIngested": {
            "Total": len(records),
            "MemoryStore": in_memory,
            "MagneticStore": len(records) - in_memory,
        }
    }


def read_record(given, common):
    """Return a Record of what is given for it and for all; raise ValueError for what is wrong."""
    record = common | given
    kind = record.get("MeasureValueType", "DOUBLE")
    if kind == "MULTI":
        raise ValueError("MeasureValueType MULTI is not supported by this local AWS")
    for name in ("MeasureName", "MeasureValue", "Time"):
        if name not in record:
            raise ValueError(f"{name} is missing")
    return Record(
        dimensions=read_dimensions(common.get("Dimensions", []) + given.get("Dimensions", [])),
        measure=record["MeasureName"],
        time=read_time(record["Time"], record.get("TimeUnit", "MILLISECONDS")),
        kind=kind,
        value=read_value(record["MeasureValue"], kind),
        version=read_version(record.get("Version", 1)),
    )


def read_dimensions(dimensions):
    """Return the dimensions of a record as sorted pairs; raise ValueError for what is wrong."""
    if not dimensions:
        raise ValueError("it has no dimensions")
    pairs = {dimension["Name"]: dimension["Value"] for dimension in dimensions}
    if len(pairs) < len(dimensions):
        raise ValueError("it has a dimension twice")
    for name, value in pairs.items():
        if RESERVED.match(name) or ":" in name:
            raise ValueError(f"a dimension cannot have the name {name!r}")
        if not value:
            raise ValueError(f"the dimension {name} is empty")
    return tuple(sorted(pairs.items()))


def read_time(text, unit):
    """Return a time since the epoch in nanoseconds; raise ValueError if it is none."""
    if not re.fullmatch("[0-9]+", text) or int(text) * UNITS[unit] >= 2**63:
        raise ValueError(f"{text!r} is no valid time in {unit}")
    return int(text) * UNITS[unit]


def read_value(text, kind):
    """Return a measure's value; raise ValueError if it is not of its type."""
    if kind not in TYPES:
        raise ValueError(f"{kind} is an invalid measure value type")  # but for MULTI
    if not re.fullmatch(TYPES[kind]["format"], text):
        raise ValueError(f"{text[:50]!r} is no {kind}")
    if len(text.encode()) > MAX_VALUE:
        raise ValueError(f"the value has more than {MAX_VALUE} bytes")
    value = TYPES[kind]["read"](text)
    if kind == "DOUBLE" and not math.isfinite(value):
        raise ValueError(f"{text} is out of range of DOUBLE")
    if kind == "BIGINT" and not -(2**63) <= value < 2**63:
        raise ValueError(f"{text} is out of range of BIGINT")
    return value


def read_version(version):
    """Return the version of a record; raise ValueError if it is none."""
    if not 1 <= version < 2**63:
        raise ValueError(f"{version} is no valid version")
    return version


def find_window(table):
    """Return the times between which a table takes records, and where its memory store begins."""
    now, retention = round(time.time() * 1000) * 10**6, table.retention_properties
    memory = now - retention["MemoryStoreRetentionPeriodInHours"] * HOUR
    window = {"memory": memory, "first": memory, "end": now + FUTURE, "name": "memory store"}
    if table.magnetic_store_write_properties.get("EnableMagneticStoreWrites"):
        days = retention["MagneticStoreRetentionPeriodInDays"]
        window |= {"first": min(memory, now - days * 24 * HOUR), "name": "data ingestion window"}
    return window


def find_reason(record, table, window):
    """Return why a table rejects a record, or None; what it takes counts for the next one."""
    size = sum(len(text.encode()) for pair in record.dimensions for text in pair)
    names = {name for name, _ in record.dimensions}
    if any(len(name.encode()) > MAX_DIMENSION_NAME for name in names):
        return f"A dimension name has more than {MAX_DIMENSION_NAME} bytes."
    if len(record.measure.encode()) > MAX_MEASURE_NAME:
        return f"The measure name has more than {MAX_MEASURE_NAME} bytes."
    if size > MAX_SERIES:
        return f"The dimension names and values have {size} bytes, more than {MAX_SERIES}."
    if not window["first"] <= record.time < window["end"]:
        times = f"[{format_time(window['first'])}, {format_time(window['end'])})"
        return f"The record timestamp is outside the time range {times} of the {window['name']}."
    if len(table.dimension_names | names) > MAX_DIMENSIONS:
        return f"The table would have more than {MAX_DIMENSIONS} dimensions."
    if len(table.measure_names | {record.measure}) > MAX_MEASURES:
        return f"The table would have more than {MAX_MEASURES} measure names."
    table.dimension_names |= names
    table.measure_names.add(record.measure)
    return None


def format_time(nanoseconds):
    """Return a time as 2026-11-24T03:04:05.123Z."""
    moment = datetime.fromtimestamp(nanoseconds // 10**9, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds // 10**6 % 1000:03}Z"


def explain_version(version, existing):
    """Return why a record is rejected of which there is one with another value, as AWS says it."""
    if version < existing:
        return (
            f"The record version {version} is lower than the existing version {existing}. "
            "A higher version is required to update the measure value."
        )
    return (
        "A record already exists with the same time, dimensions, measure name, and record version. "
        "A higher record version must be specified in order to update the measure value."
    )


def query(backend, parameters):
    """Answer Query, with a page of the rows."""
    sql, size = parameters["QueryString"], parameters.get("MaxRows")
    store = get_store(backend)
    if "NextToken" in parameters:
        return backend.pages.answer(parameters["NextToken"], sql, size)
    try:
        answer = store.query(sql)
    except QueryError as error:
        raise invalid(str(error)) from error
    answer = answer | {
        "QueryId": uuid.uuid4().hex.upper(),
        "QueryStatus": {"ProgressPercentage": 100.0},
    }
    rows = answer["Rows"]
    fits = size is None or len(rows) < size
    if fits and count_rows(rows, 0, size) == len(rows):
        return answer
    # As on AWS, the first response to a query with more rows than fit has none, but a token.
    return answer | {"Rows": [], "NextToken": backend.pages.keep(sql, answer, 0)}


def count_rows(rows, start, size):
    """Return how many rows from a place on fit in a response."""
    count = space = 0
    for row in rows[start : start + (size or len(rows))]:
        space += len(json.dumps(row))
        if count and space > MAX_PAGE:
            break
        count += 1
    return count


class Pages:
    """The answers to queries whose rows do not fit in one response, the latest few."""

    def __init__(self):
        self.kept = OrderedDict()  # {token: the query, its whole answer, where the page begins}

    def keep(self, sql, answer, start):
        """Return a token for the page that begins at a place in an answer."""
        token = uuid.uuid4().hex
        self.kept[token] = {"sql": sql, "answer": answer, "start": start}
        while len(self.kept) > MAX_TOKENS:
            self.kept.popitem(last=False)
        return token

    def answer(self, token, sql, size):
        """Return the page for a token, which is one of the same query."""
        page = self.kept.get(token)
        if page is None or page["sql"] != sql:
            raise invalid("Invalid pagination token")
        answer, start = page["answer"], page["start"]
        end = start + count_rows(answer["Rows"], start, size)
        response = answer | {"Rows": answer["Rows"][start:end]}
        if end < len(answer["Rows"]):
            response["NextToken"] = self.keep(sql, answer, end)
        return response


def describe_endpoints(backend, parameters):
    """Answer DescribeEndpoints in this process. For all others, gateway.py does it."""
    return backend.describe_endpoints()


OPERATIONS = {
    "CreateDatabase": create_database,
    "DescribeDatabase": describe_database,
    "ListDatabases": list_databases,
    "DeleteDatabase": delete_database,
    "CreateTable": create_table,
    "UpdateTable": update_table,
    "DescribeTable": describe_table,
    "ListTables": list_tables,
    "DeleteTable": delete_table,
    "WriteRecords": write_records,
    "Query": query,
    "DescribeEndpoints": describe_endpoints,
}


@contextlib.contextmanager
def patch_timestream():
    """Let moto's Timestream refuse what AWS refuses, and answer queries."""
    with mock.patch.object(TimestreamWriteResponse, "call_action", answer_request):
        yield
