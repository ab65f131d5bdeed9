"""Timestream refuses what it refuses on AWS, and answers queries. moto does neither.

The rules are those of the Timestream Developer Guide, "Quotas" and "Writes", and of the API
Reference, "WriteRecords" and "RejectedRecord".
"""

import base64
import contextlib
import json
import time
import uuid
from unittest import mock

from moto.core.exceptions import JsonRESTError
from moto.timestreamwrite.models import TimestreamWriteBackend
from moto.timestreamwrite.responses import TimestreamWriteResponse

from tests.local_aws import query

MAX_RECORDS = 100
MAX_VALUE = 2048  # bytes
MAX_NAME = {"dimension": 60, "measure": 256}  # bytes
FUTURE = 15 * 60  # seconds
UNITS = {"SECONDS": 1, "MILLISECONDS": 1_000, "MICROSECONDS": 1_000_000, "NANOSECONDS": 10**9}

# How a value of each type is read, to see whether it is one.
TYPES = {
    "DOUBLE": float, "BIGINT": int, "VARCHAR": str,
    "BOOLEAN": {"true": True, "false": False}.__getitem__,
}

OUTSIDE = "The record timestamp is outside the time range [{first}, {last}) of the table's retention."
EXISTS = (
    "A record already exists with the same time, dimensions, measure name, and record version. "
    "A higher record version must be specified in order to update the measure value."
)


def refuse(code, message):
    """Raise an answer of Timestream that says no."""
    raise JsonRESTError(code, message)


def find_seconds(record):
    """Return the time of a record in seconds since 1970."""
    return int(record["Time"]) / UNITS[record.get("TimeUnit", "MILLISECONDS")]


def check_value(condition, index, what):
    """Refuse the whole call if a record does not meet a condition."""
    if not condition:
        refuse("ValidationException", f"Record {index}: {what}")


def check_record(record, index):
    """Refuse the whole call if a record holds what is no valid input."""
    dimensions = record.get("Dimensions") or []
    names = [dimension.get("Name") or "" for dimension in dimensions]
    check_value(dimensions, index, "a record needs at least one dimension")
    check_value(len(set(names)) == len(names), index, "a dimension is named twice")
    for dimension, name in zip(dimensions, names):
        check_value(1 <= len(name.encode()) <= MAX_NAME["dimension"], index, "bad dimension name")
        value = dimension.get("Value") or ""
        check_value(1 <= len(value.encode()) <= MAX_VALUE, index, f"bad value of dimension {name}")
    name, value = record.get("MeasureName") or "", record.get("MeasureValue") or ""
    check_value(1 <= len(name.encode()) <= MAX_NAME["measure"], index, "bad measure name")
    check_value(1 <= len(value.encode()) <= MAX_VALUE, index, f"bad value of measure {name}")
    kind = record.get("MeasureValueType", "DOUBLE")
    check_value(kind in TYPES, index, f"this local Timestream has no measures of type {kind}")
    check_value(record.get("TimeUnit", "MILLISECONDS") in UNITS, index, "bad time unit")
    try:
        TYPES[kind](value.lower() if kind == "BOOLEAN" else value)
        time_is_valid = int(record.get("Time", "")) > 0
    except (KeyError, ValueError):
        time_is_valid = False
    check_value(time_is_valid, index, f"no valid {kind} or time")


def find_reason(table, record, stored):
    """Return why Timestream rejects this record and stores others: a RejectedRecord, or None.

    stored: {key: record} of what is in the table.
    """
    now, seconds = time.time(), find_seconds(record)
    retention = table.retention_properties
    oldest = now - int(retention["MemoryStoreRetentionPeriodInHours"]) * 3600
    if table.magnetic_store_write_properties.get("EnableMagneticStoreWrites"):
        oldest = now - int(retention["MagneticStoreRetentionPeriodInDays"]) * 86400
    if not oldest <= seconds <= now + FUTURE:
        first, last = (
            query.format_time(round(moment) * 10**9)
            for moment in (oldest, now + FUTURE)
        )
        return {"Reason": OUTSIDE.format(first=first, last=last)}
    existing = stored.get(find_key(record))
    if existing and existing["MeasureValue"] != record["MeasureValue"] and (
        existing.get("Version", 1) >= record.get("Version", 1)
    ):
        return {"Reason": EXISTS, "ExistingVersion": existing.get("Version", 1)}
    return None


def find_key(record):
    """Return what two records have in common that are one reading."""
    dimensions = tuple(sorted((d["Name"], d["Value"]) for d in record["Dimensions"]))
    kind = record.get("MeasureValueType", "DOUBLE")
    return dimensions, record["MeasureName"], kind, round(find_seconds(record) * 10**9)


def create_database(create, backend, database_name, *arguments, **options):
    """Refuse a database that exists, as moto does not."""
    if database_name in backend.databases:
        refuse("ConflictException", f"The database {database_name} already exists.")
    return create(backend, database_name, *arguments, **options)


def create_table(create, backend, database_name, table_name, *arguments, **options):
    """Refuse a table that exists."""
    if table_name in backend.describe_database(database_name).tables:
        refuse("ConflictException", f"The table {table_name} already exists.")
    return create(backend, database_name, table_name, *arguments, **options)


def delete_database(delete, backend, database_name):
    """Refuse a database that does not exist, and one that has tables."""
    if backend.describe_database(database_name).tables:
        refuse("ValidationException", "The database cannot be deleted while it has tables.")
    return delete(backend, database_name)


def delete_table(delete, backend, database_name, table_name):
    """Refuse a table that does not exist."""
    backend.describe_table(database_name, table_name)
    return delete(backend, database_name, table_name)


def write_records(response):
    """Answer WriteRecords: check each record, store those that are right, and each reading once."""
    table = response.timestreamwrite_backend.describe_table(
        response._get_param("DatabaseName"), response._get_param("TableName")
    )
    common = response._get_param("CommonAttributes") or {}
    records = [merge(common, record) for record in response._get_param("Records")]
    if not 1 <= len(records) <= MAX_RECORDS:
        refuse("ValidationException", f"A call takes 1 to {MAX_RECORDS} records.")
    for index, record in enumerate(records):
        check_record(record, index)
    # moto keeps the records in a list. The same, by what makes them one reading:
    stored = {find_key(record): record for record in table.records}
    rejected, in_memory = [], 0
    newest = time.time() - int(table.retention_properties["MemoryStoreRetentionPeriodInHours"]) * 3600
    for index, record in enumerate(records):
        reason = find_reason(table, record, stored)
        if reason:
            rejected.append({"RecordIndex": index, **reason})
            continue
        in_memory += find_seconds(record) >= newest
        stored[find_key(record)] = record
    table.records[:] = stored.values()
    if rejected:
        return 419, {"status": 419}, json.dumps({
            "__type": "com.amazonaws.timestream.v20181101#RejectedRecordsException",
            "Message": "One or more records have been rejected. See RejectedRecords for details.",
            "RejectedRecords": rejected,
        })
    return json.dumps({"RecordsIngested": {
        "Total": len(records), "MemoryStore": in_memory, "MagneticStore": len(records) - in_memory,
    }})


def merge(common, record):
    """Return a record with the attributes that all records of its call have in common."""
    dimensions = common.get("Dimensions", []) + record.get("Dimensions", [])
    return {**common, **record, "Dimensions": dimensions}


def read_record(record):
    """Return a stored record as query.query() takes it."""
    kind, value = record.get("MeasureValueType", "DOUBLE"), record["MeasureValue"]
    return query.Record(
        {dimension["Name"]: dimension["Value"] for dimension in record["Dimensions"]},
        record["MeasureName"], round(find_seconds(record) * 1000) * 10**6, kind,
        TYPES[kind](value.lower() if kind == "BOOLEAN" else value),
    )


def answer_query(response, results):
    """Answer Query. With MaxRows and more rows than that, the first page is empty, as on AWS.

    results: {query's id: (answer, rows)} of what is not yet fetched.
    """
    token, limit = response._get_param("NextToken"), response._get_param("MaxRows")
    if token:
        name, _, start = base64.b64decode(token).decode().partition(" ")
        if name not in results:
            refuse("ValidationException", "The pagination token is not valid.")
        start = int(start)
    else:
        name, start = str(uuid.uuid4()).upper().replace("-", ""), 0
        databases = response.timestreamwrite_backend.databases.items()
        try:
            results[name] = query.query(response._get_param("QueryString"), {
                database: {
                    table: list(map(read_record, found.records))
                    for table, found in content.tables.items()
                }
                for database, content in databases
            })
        except query.QueryError as error:
            refuse("ValidationException", str(error))
    rows = results[name]["Rows"]
    end = start + int(limit or len(rows) or 1)
    if not token and end < len(rows):
        end = start
    answer = {"QueryId": name, "ColumnInfo": results[name]["ColumnInfo"], "Rows": rows[start:end]}
    if end < len(rows):
        answer["NextToken"] = base64.b64encode(f"{name} {end}".encode()).decode()
    else:
        del results[name]
    scanned = len(json.dumps(rows))
    return json.dumps(answer | {"QueryStatus": {
        "ProgressPercentage": 100.0, "CumulativeBytesScanned": scanned,
        "CumulativeBytesMetered": max(scanned, 10_000_000),
    }})


@contextlib.contextmanager
def timestream_refuses():
    """Let moto's Timestream refuse what AWS refuses, and answer queries."""
    results = {}
    with contextlib.ExitStack() as patches:
        for check in (create_database, create_table, delete_database, delete_table):
            original = getattr(TimestreamWriteBackend, check.__name__)
            patches.enter_context(mock.patch.object(
                TimestreamWriteBackend, check.__name__,
                lambda *arguments, check=check, original=original, **options: check(
                    original, *arguments, **options
                ),
            ))
        patches.enter_context(
            mock.patch.object(TimestreamWriteResponse, "write_records", write_records)
        )
        patches.enter_context(mock.patch.object(
            TimestreamWriteResponse, "query", lambda response: answer_query(response, results)
        ))
        yield
