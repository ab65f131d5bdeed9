"""Keeps Timestream's records in SQLite, so that a query's cost depends on what it reads."""

import contextlib
import sqlite3
import threading
import weakref
from collections import namedtuple

from tests.local_aws.query import Engine
from tests.local_aws.query.expressions import Column

# dimensions: sorted pairs of name and value. time: in nanoseconds since the epoch. kind: the type
# of the value, which is 0 or 1 for BOOLEAN, and nanoseconds for TIMESTAMP. A record of the kind
# MULTI has a list of Measures as its value.
Record = namedtuple("Record", "dimensions measure time kind value version", defaults=[1])
Measure = namedtuple("Measure", "name kind value")
# The columns of single-measure records.
SINGLE = {
    kind: f"measure_value::{kind.lower()}" for kind in "DOUBLE BIGINT BOOLEAN VARCHAR".split()
}
Stored = namedtuple("Stored", "values version")  # values: {name of a column: value}


def list_measures(record):
    """Return the Measures of a record: each has the name and type of a column, and a value."""
    if record.kind == "MULTI":
        return record.value
    return [Measure(SINGLE[record.kind], record.kind, record.value)]


class Table:
    """A table in SQLite, with a column for each dimension and each measure.

    Its columns have names of our own: SQLite's are not case-sensitive, and no name from a reader
    gets into SQL this way.

    sql: its name in SQLite.
    series: {(dimensions, measure, kind): number}. A series has one reading at a time.
    measures: {(measure, kind): names of dimensions}.
    dimensions, values: {name of a column: its name in SQLite}.
    kinds: {name of a column of values: type}.
    """

    def __init__(self, connection, sql):
        self.connection, self.sql = connection, sql
        self.series, self.measures = {}, {}
        self.dimensions, self.values, self.kinds = {}, {}, {}
        # Without types, SQLite keeps and compares values as they are.
        connection.execute(
            f"CREATE TABLE {sql} (series, measure, time, version, UNIQUE (series, time))"
        )
        connection.execute(f"CREATE INDEX {sql}_time ON {sql} (time)")

    @property
    def columns(self):
        """Its Columns, in Timestream's order."""
        return [
            *(Column(name, sql, "VARCHAR", True) for name, sql in self.dimensions.items()),
            Column("measure_name", "measure", "VARCHAR", True),
            Column("time", "time", "TIMESTAMP", True),
            *(Column(name, sql, self.kinds[name], True) for name, sql in self.values.items()),
        ]

    def add_columns(self, record):
        """Add the columns that a record needs."""
        for name, _ in record.dimensions:
            self.add_column(self.dimensions, name)
        for measure in list_measures(record):
            self.add_column(self.values, measure.name)
            self.kinds[measure.name] = measure.kind

    def add_column(self, columns, name):
        """Add a column, if the table does not have it yet."""
        if name not in columns:
            sql = f"c{len(self.dimensions) + len(self.values)}"
            self.connection.execute(f"ALTER TABLE {self.sql} ADD COLUMN {sql}")
            columns[name] = sql

    def write(self, record):
        """Store a record; return the Stored reading that it conflicts with, or None."""
        key = record.dimensions, record.measure, record.kind
        series = self.series.setdefault(key, len(self.series))
        values = {measure.name: measure.value for measure in list_measures(record)}
        stored = self.find(series, record.time)
        if stored is None:
            self.insert(record, series, values)
            return None
        if record.version <= stored.version:
            return None if values == stored.values else stored
        if not stored.values.keys() <= values.keys():
            return stored
        names = [*(self.values[name] for name in values), "version"]
        assignments = ", ".join(f"{name} = ?" for name in names)
        self.connection.execute(
            f"UPDATE {self.sql} SET {assignments} WHERE series = ? AND time = ?",
            [*values.values(), record.version, series, record.time],
        )
        return None

    def find(self, series, time):
        """Return a series' Stored reading at a time, or None."""
        columns = ", ".join([*self.values.values(), "version"])
        row = self.connection.execute(
            f"SELECT {columns} FROM {self.sql} WHERE series = ? AND time = ?", (series, time)
        ).fetchone()
        if row is None:
            return None
        values = {name: value for name, value in zip(self.values, row) if value is not None}
        return Stored(values, row[-1])

    def insert(self, record, series, values):
        """Store a record as a new reading of a series."""
        row = {
            "series": series,
            "measure": record.measure,
            "time": record.time,
            "version": record.version,
        }
        for name, value in record.dimensions:
            row[self.dimensions[name]] = value
        for name, value in values.items():
            row[self.values[name]] = value
        columns, places = ", ".join(row), ", ".join("?" * len(row))
        self.connection.execute(
            f"INSERT INTO {self.sql} ({columns}) VALUES ({places})", list(row.values())
        )
        names = self.measures.setdefault((record.measure, record.kind), {})
        names.update(dict(record.dimensions))

    def forget(self, end):
        """Delete the readings before a time."""
        self.connection.execute(f"DELETE FROM {self.sql} WHERE time < ?", (end,))


class Store:
    """All of a region's records, in one in-memory SQLite database.

    Several threads can use it at once.
    """

    def __init__(self):
        self.lock = threading.Lock()
        self.connection = sqlite3.connect(":memory:", check_same_thread=False)
        weakref.finalize(self, self.connection.close)
        self.engine = Engine(self.connection)
        self.databases, self.created = {}, 0

    def create_database(self, database):
        """Add a database, for SHOW DATABASES."""
        with self.lock:
            self.databases.setdefault(database, {})

    def drop_database(self, database):
        """Remove a database that has no tables."""
        with self.lock:
            del self.databases[database]

    def create_table(self, database, table):
        """Add a table, and its database."""
        with self.changing():
            self.created += 1
            new = Table(self.connection, f"t{self.created}")
            self.databases.setdefault(database, {})[table] = new

    def drop_table(self, database, table):
        """Remove a table with its records."""
        with self.changing():
            dropped = self.databases[database].pop(table)
            self.connection.execute(f"DROP TABLE {dropped.sql}")

    def write(self, database, table, records):
        """Store records; return {index in records: Stored reading} for those that conflict.

        A record conflicts if its reading is stored with other values, at the same or a higher
        version, or if it would update only some of the values. Repeating a record is fine.
        """
        with self.changing():
            written = self.databases[database][table]
            for record in records:
                written.add_columns(record)
            found = {index: written.write(record) for index, record in enumerate(records)}
        return {index: stored for index, stored in found.items() if stored}

    def forget(self, database, table, end):
        """Delete the readings of a table before a time."""
        with self.changing():
            self.databases[database][table].forget(end)

    def query(self, sql):
        """Return {"ColumnInfo": [...], "Rows": [...]}, as Query does; raise QueryError."""
        with self.lock:
            return self.engine.answer(sql, self.databases)

    @contextlib.contextmanager
    def changing(self):
        """Let only one thread make changes; undo them all if one fails."""
        with self.lock, self.connection:
            yield
