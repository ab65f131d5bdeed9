"""Timestream's operations: databases and tables, WriteRecords, and Query with its pages.

moto keeps databases and tables, but does not check records or answer queries. The rules are those
of the Timestream Developer Guide, "Quotas" and "Writes", and of the API Reference, "WriteRecords",
"RejectedRecord" and "Query".
"""

import contextlib
import json
import re
import threading
import uuid
from collections import OrderedDict
from unittest import mock

from moto.core.exceptions import JsonRESTError
from moto.timestreamwrite.responses import TimestreamWriteResponse

from tests.local_aws.query import QueryError
from tests.local_aws.records import Names, check_record, explain_version, find_window, read_record
from tests.local_aws.store import Store
from tests.local_aws.supported import invalid, unsupported

MAX_PAGE = 2**20  # bytes of rows in one response
MAX_KEPT = 64 * 2**20  # bytes of rows kept for next tokens

# Held while something changes, because the Lambda function writes in several threads.
changing = threading.RLock()


def answer_request(response):
    """Answer a request that supported.py has checked; replaces moto's method."""
    answer = OPERATIONS[response._get_action()]
    content = answer(response.timestreamwrite_backend, response.parameters)
    status = 419 if "RejectedRecords" in content else 200  # AWS's status for rejected records
    return status, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(content)


def get_store(backend):
    """Return the Store of a moto backend, that is, of an account in a region."""
    with changing:
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
        table.names = Names()
    return {"Table": table.description()}


def update_table(backend, parameters):
    """Answer UpdateTable. Settings that are not given stay as they are."""
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
    """Answer ListTables, for one database or for all."""
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
    """Refuse an invalid name for a database or table."""
    if not 3 <= len(name) <= 256:
        raise invalid(f"{parameter} has {len(name)} characters, not 3 to 256")


def list_some(title, descriptions, key, parameters):
    """Return a page of descriptions; the next token is the position of the next page."""
    start, size = parameters.get("NextToken", "0"), parameters.get("MaxResults", 20)
    if not re.fullmatch("[0-9]{1,9}", start):
        raise invalid("Invalid pagination token")
    end = int(start) + size
    answer = {title: sorted(descriptions, key=lambda one: one[key])[int(start) : end]}
    if end < len(descriptions):
        answer["NextToken"] = str(end)
    return answer


def write_records(backend, parameters):
    """Answer WriteRecords: check all records, then store those not rejected."""
    database, name = parameters["DatabaseName"], parameters["TableName"]
    records = read_records(parameters["Records"], parameters.get("CommonAttributes", {}))
    with changing:
        table = backend.describe_table(database, name)
        window = find_window(table)
        rejected = reject_invalid(records, table.names, window)
        valid = [index for index in range(len(records)) if index not in rejected]
        conflicts = get_store(backend).write(database, name, [records[index] for index in valid])
    conflicts = {valid[place]: stored for place, stored in conflicts.items()}
    rejected |= reject_conflicting(records, conflicts, window)
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


def reject_invalid(records, names, window):
    """Return {index: rejection} for the records that a table cannot have."""
    rejected = {}
    for index, record in enumerate(records):
        reason = check_record(record, names, window)
        if reason:
            rejected[index] = {"RecordIndex": index, "Reason": reason}
    return rejected


def reject_conflicting(records, conflicts, window):
    """Return {index: rejection} for records that conflict; conflicts: {index: Stored reading}."""
    rejected = {}
    for index, stored in conflicts.items():
        record = records[index]
        # As on AWS, the magnetic store silently drops a version that is not higher.
        if record.time >= window["memory"] or record.version > stored.version:
            rejected[index] = {
                "RecordIndex": index,
                "Reason": explain_version(record, stored),
                "ExistingVersion": stored.version,
            }
    return rejected


def read_records(records, common):
    """Return a request's Records; raise an error for the first invalid one."""
    read = []
    for index, record in enumerate(records):
        try:
            read.append(read_record(record, common))
        except ValueError as error:
            # AWS's own texts end with a full stop, and do not name the record.
            text = str(error) if str(error).endswith(".") else f"Record {index}: {error}"
            raise invalid(text) from None
    return read


def query(backend, parameters):
    """Answer Query with a page of rows."""
    sql, size = parameters["QueryString"], parameters.get("MaxRows")
    store = get_store(backend)
    if "NextToken" in parameters:
        with changing:
            return backend.pages.answer(parameters["NextToken"], sql, size)
    forget_old_readings(backend)
    try:
        answer = store.query(sql)
    except QueryError as error:
        raise invalid(str(error)) from error
    answer = answer | {
        "QueryId": uuid.uuid4().hex.upper(),
        "QueryStatus": {"ProgressPercentage": 100.0},
    }
    rows = [json.dumps(row) for row in answer["Rows"]]
    fits = size is None or len(rows) < size
    if fits and count_rows(rows, 0, size) == len(rows):
        return answer
    # As on AWS, if not all rows fit, the first response has a token but no rows.
    with changing:
        token = backend.pages.keep(sql, answer, rows)
    return answer | {"Rows": [], "NextToken": token}


def forget_old_readings(backend):
    """Delete the readings that are older than their table's retention."""
    with changing:
        for database in backend.list_databases():
            for table in database.list_tables():
                end = find_window(table)["magnetic"]
                get_store(backend).forget(database.name, table.name, end)


def count_rows(rows, start, size):
    """Return how many rows, given as JSON, fit in a response, starting at a position."""
    count = space = 0
    for row in rows[start : start + (size or len(rows))]:
        space += len(row)
        if count and space > MAX_PAGE:
            break
        count += 1
    return count


class Pages:
    """The latest query results that did not fit in one response.

    A next token is the name of a result and the position of a page in it.
    """

    def __init__(self):
        self.kept = OrderedDict()  # {name: the query, its answer, the rows of it as JSON}

    def keep(self, sql, answer, rows):
        """Keep a result; return the token for its first page."""
        if sum(map(len, rows)) > MAX_KEPT:
            raise unsupported(f"A query with more than {MAX_KEPT >> 20} MB of rows")
        name = uuid.uuid4().hex
        self.kept[name] = {"sql": sql, "answer": answer | {"Rows": []}, "rows": rows}
        while sum(len(row) for kept in self.kept.values() for row in kept["rows"]) > MAX_KEPT:
            self.kept.popitem(last=False)
        return f"{name}-0"

    def answer(self, token, sql, size):
        """Return the page for a token, which must belong to the same query."""
        name, _, start = token.partition("-")
        kept = self.kept.get(name)
        if kept is None or kept["sql"] != sql or not re.fullmatch("[0-9]{1,9}", start):
            raise invalid("Invalid pagination token")
        rows, start = kept["rows"], int(start)
        end = start + count_rows(rows, start, size)
        response = kept["answer"] | {"Rows": [json.loads(row) for row in rows[start:end]]}
        if end < len(rows):
            response["NextToken"] = f"{name}-{end}"
        return response


def describe_endpoints(backend, parameters):
    """Answer DescribeEndpoints in this process. gateway.py does so for other processes."""
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
    """Make moto's Timestream answer with answer_request()."""
    with mock.patch.object(TimestreamWriteResponse, "call_action", answer_request):
        yield
