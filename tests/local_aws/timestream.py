"""Timestream refuses what it refuses on AWS, and answers queries. moto does neither.

The rules are those of the Timestream Developer Guide, "Quotas" and "Writes", and of the API
Reference, "WriteRecords" and "RejectedRecord".
"""

import contextlib
import json
import re
import threading
import time
import uuid
from unittest import mock

from moto.core.exceptions import JsonRESTError
from moto.timestreamwrite.responses import TimestreamWriteResponse

from tests.local_aws import query

MAX_RECORDS = 100
FUTURE = 15 * query.UNITS["m"]
UNITS = {"SECONDS": 10**9, "MILLISECONDS": 10**6, "MICROSECONDS": 10**3, "NANOSECONDS": 1}
# How a value of each type is read.
TYPES = {
    "DOUBLE": lambda text: query.in_range(float(text), "DOUBLE"),
    "BIGINT": lambda text: query.in_range(int(text), "BIGINT"),
    "BOOLEAN": lambda text: {"true": True, "false": False}[text.lower()],
    "VARCHAR": str,
}
EXISTS = (
    "A record already exists with the same time, dimensions, measure name, and record version. "
    "A higher record version must be specified in order to update the measure value."
)

# The function writes in several threads.
writing = threading.Lock()


def refusing(operation):
    """Return moto's method for an operation, after what refuses a thing that is there or is not."""
    answer = getattr(TimestreamWriteResponse, operation)

    def method(response):
        backend = response.timestreamwrite_backend
        database, table = response._get_param("DatabaseName"), response._get_param("TableName")
        if operation == "create_database" and database in backend.databases:
            raise JsonRESTError("ConflictException", f"The database {database} already exists.")
        if operation == "create_table" and table in backend.describe_database(database).tables:
            raise JsonRESTError("ConflictException", f"The table {table} already exists.")
        if operation == "delete_database" and backend.describe_database(database).tables:
            raise JsonRESTError("ValidationException", "The database still has tables.")
        if operation == "delete_table":
            backend.describe_table(database, table)
        return answer(response)

    return method


def read_record(record, common):
    """Return a record of WriteRecords as a query.Record; raise what is wrong with it.

    common: the attributes that all records of the call have.
    """
    given = common.get("Dimensions", []) + record.get("Dimensions", [])
    dimensions = {one["Name"]: one["Value"] for one in given}
    if not 1 <= len(dimensions) == len(given):
        raise ValueError("it needs dimensions, each of them once")
    record = common | record
    name, value = record["MeasureName"], record["MeasureValue"]
    limits = [*((text, 60) for text in dimensions), *((text, 2048) for text in dimensions.values())]
    for text, limit in [*limits, (name, 256), (value, 2048)]:
        if not 0 < len(text.encode()) <= limit:
            raise ValueError(f"a text has to have 1 to {limit} bytes: {text[:limit]!r}")
    if any(re.match("time$|measure_name|measure_value|ts_", text) for text in dimensions):
        raise ValueError("the name of a dimension is reserved")
    kind, unit = record.get("MeasureValueType", "DOUBLE"), record.get("TimeUnit", "MILLISECONDS")
    moment = query.in_range(int(record["Time"]) * UNITS[unit], "TIMESTAMP")
    return query.Record(
        dimensions, name, moment, kind, TYPES[kind](value), record.get("Version", 1)
    )


def find_key(record):
    """Return what two records have in common that are one reading."""
    return frozenset(record.dimensions.items()), record.measure, record.time, record.kind


def find_reason(record, existing, first, last):
    """Return why Timestream rejects a record that is valid: a RejectedRecord, or None.

    existing: the same reading as it is stored, or None. first, last: the table's range of time.
    """
    if not first <= record.time <= last:
        times = f"[{query.format_time(first)}, {query.format_time(last)})"
        return {"Reason": f"The record timestamp is outside the time range {times} of the table."}
    if existing and existing.value != record.value and existing.version >= record.version:
        return {"Reason": EXISTS, "ExistingVersion": existing.version}
    return None


def write_records(response):
    """Answer WriteRecords: check each record, store those that are right, and each reading once."""
    table = response.timestreamwrite_backend.describe_table(
        response._get_param("DatabaseName"), response._get_param("TableName")
    )
    common, given = response._get_param("CommonAttributes") or {}, response._get_param("Records")
    if not 1 <= len(given) <= MAX_RECORDS:
        raise JsonRESTError("ValidationException", f"A call takes 1 to {MAX_RECORDS} records.")
    records = []
    for index, record in enumerate(given):
        try:
            records.append(read_record(record, common))
        except (KeyError, ValueError, AttributeError, query.QueryError) as error:
            raise JsonRESTError("ValidationException", f"Record {index}: {error!r}") from None
    now, retention = round(time.time() * 1000) * 10**6, table.retention_properties
    memory = now - int(retention["MemoryStoreRetentionPeriodInHours"]) * query.UNITS["h"]
    oldest = memory
    if table.magnetic_store_write_properties.get("EnableMagneticStoreWrites"):
        oldest = now - int(retention["MagneticStoreRetentionPeriodInDays"]) * query.UNITS["d"]
    rejected = []
    with writing:
        # moto keeps the records in a list. The same, by what makes them one reading:
        stored = {find_key(record): record for record in table.records}
        for index, record in enumerate(records):
            existing = stored.get(find_key(record))
            if reason := find_reason(record, existing, oldest, now + FUTURE):
                rejected.append({"RecordIndex": index, **reason})
            elif not existing or existing.version < record.version:
                stored[find_key(record)] = record
        table.records = list(stored.values())
    if rejected:
        return 419, {"status": 419}, json.dumps({
            "__type": "com.amazonaws.timestream.v20181101#RejectedRecordsException",
            "Message": "One or more records have been rejected. See RejectedRecords for details.",
            "RejectedRecords": rejected,
        })
    in_memory = sum(record.time >= memory for record in records)
    return json.dumps({"RecordsIngested": {
        "Total": len(records), "MemoryStore": in_memory, "MagneticStore": len(records) - in_memory,
    }})


def answer_query(response):
    """Answer Query, with all rows on one page."""
    databases = {
        name: {table: found.records for table, found in database.tables.items()}
        for name, database in response.timestreamwrite_backend.databases.items()
    }
    try:
        answer = query.query(response._get_param("QueryString"), databases)
    except query.QueryError as error:
        raise JsonRESTError("ValidationException", str(error)) from error
    # Ten megabytes are the least that a query costs.
    return json.dumps(answer | {"QueryId": uuid.uuid4().hex.upper(), "QueryStatus": {
        "ProgressPercentage": 100.0, "CumulativeBytesScanned": len(json.dumps(answer["Rows"])),
        "CumulativeBytesMetered": 10_000_000,
    }})


@contextlib.contextmanager
def timestream_refuses():
    """Let moto's Timestream refuse what AWS refuses, and answer queries."""
    operations = ["create_database", "create_table", "delete_database", "delete_table"]
    with mock.patch.multiple(
        TimestreamWriteResponse, write_records=write_records, query=answer_query,
        **{operation: refusing(operation) for operation in operations},
    ):
        yield
