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
from tests.local_aws.store import Record, Store

MAX_RECORDS = 100
MAX_BYTES = 2048
FUTURE = 15 * query.UNITS["m"]
UNITS = {"SECONDS": 10**9, "MILLISECONDS": 10**6, "MICROSECONDS": 10**3, "NANOSECONDS": 1}
# The name of a dimension. Some are reserved.
DIMENSION = r"(?!(?i:time$|measure_name|measure_value|ts_))[A-Za-z0-9_.-]{1,60}"
# How a value of each type is read.
TYPES = {
    "DOUBLE": lambda text: query.in_range(float(text), "DOUBLE"),
    "BIGINT": lambda text: query.in_range(int(text), "BIGINT"),
    "BOOLEAN": lambda text: ["false", "true"].index(text.lower()),
    "VARCHAR": str,
}
# The function writes in several threads.
making = threading.Lock()


def store_of(backend):
    """Return the Store of one of moto's backends: there is one for each region."""
    with making:
        if not hasattr(backend, "store"):
            backend.store = Store()
        return backend.store


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
        result = answer(response)
        names = [database, table] if table else [database]
        getattr(store_of(backend), operation.replace("delete", "drop"))(*names)
        return result

    return method


def read_record(record, common):
    """Return a record, with what is common to all, as a Record; raise what is wrong."""
    given = common.get("Dimensions", []) + record.get("Dimensions", [])
    dimensions = {one["Name"]: one["Value"] for one in given}
    if not 1 <= len(dimensions) == len(given):
        raise ValueError("it needs dimensions, each of them once")
    if not all(re.fullmatch(DIMENSION, name) for name in dimensions):
        raise ValueError("a dimension has to have another name")
    record = common | record
    name, value = record["MeasureName"], record["MeasureValue"]
    for text in [*dimensions.values(), name, value]:
        if not 1 <= len(text.encode()) <= MAX_BYTES:
            raise ValueError(f"a text has to have 1 to {MAX_BYTES} bytes: {text[:50]!r}")
    kind, unit = record.get("MeasureValueType", "DOUBLE"), record.get("TimeUnit", "MILLISECONDS")
    moment = query.in_range(int(record["Time"]) * UNITS[unit], "TIMESTAMP")
    value, pairs = TYPES[kind](value), tuple(sorted(dimensions.items()))
    return Record(pairs, name, moment, kind, value, record.get("Version", 1))


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
    first = memory = now - int(retention["MemoryStoreRetentionPeriodInHours"]) * query.UNITS["h"]
    if table.magnetic_store_write_properties.get("EnableMagneticStoreWrites"):
        first = now - int(retention["MagneticStoreRetentionPeriodInDays"]) * query.UNITS["d"]
    if rejected := store(response, records, first, now + FUTURE):
        return 419, {"status": 419}, json.dumps({
            "__type": "com.amazonaws.timestream.v20181101#RejectedRecordsException",
            "Message": "One or more records have been rejected. See RejectedRecords for details.",
            "RejectedRecords": rejected,
        })
    in_memory = sum(record.time >= memory for record in records)
    return json.dumps({"RecordsIngested": {
        "Total": len(records), "MemoryStore": in_memory, "MagneticStore": len(records) - in_memory,
    }})


def store(response, records, first, last):
    """Store valid records in a range of time; return RejectedRecords of those that are refused."""
    times = f"[{query.format_time(first)}, {query.format_time(last)}]"
    names = response._get_param("DatabaseName"), response._get_param("TableName")
    accepted = [index for index, record in enumerate(records) if first <= record.time <= last]
    versions = store_of(response.timestreamwrite_backend).write(
        *names, [records[index] for index in accepted]
    )
    existing = {accepted[number]: version for number, version in versions.items()}
    rejected = []
    for index, record in enumerate(records):
        if index not in accepted:
            reason = f"The record timestamp is outside the time range {times} of the table."
            rejected.append({"RecordIndex": index, "Reason": reason})
        elif index in existing:
            reason = "A record already exists with the same time, dimensions and measure name."
            refused = {"RecordIndex": index, "Reason": reason}
            rejected.append(refused | {"ExistingVersion": existing[index]})
    return rejected


def answer_query(response):
    """Answer Query, with all rows on one page."""
    try:
        answer = store_of(response.timestreamwrite_backend).query(response._get_param("QueryString"))
    except query.QueryError as error:
        raise JsonRESTError("ValidationException", str(error)) from error
    status = {"ProgressPercentage": 100.0}
    return json.dumps(answer | {"QueryId": uuid.uuid4().hex.upper(), "QueryStatus": status})


@contextlib.contextmanager
def timestream_refuses():
    """Let moto's Timestream refuse what AWS refuses, and answer queries."""
    operations = ["create_database", "create_table", "delete_database", "delete_table"]
    with mock.patch.multiple(
        TimestreamWriteResponse, write_records=write_records, query=answer_query,
        **{operation: refusing(operation) for operation in operations},
    ):
        yield
