"""Keeps the records of Timestream in SQLite, so that a query costs what it reads."""

import contextlib
import sqlite3
import threading
import weakref
from collections import namedtuple

from tests.local_aws.query import Engine
from tests.local_aws.query.expressions import Column

# dimensions: sorted pairs of name and value. time: in nanoseconds since the epoch. kind: the type
# of the value, which is 0 or 1 for BOOLEAN, and nanoseconds for TIMESTAMP.
Record = namedtuple("Record", "dimensions measure time kind value version", defaults=[1])


class Table:
    """A table in SQLite, which gets a column for each dimension and type of measure.

    The names of its columns are ours: SQLite's are not case-sensitive, and no reader's name has to
    stand in SQL.

    sql: its name in SQLite.
    series: {(dimensions, measure, kind): number}. A series has one reading at a time.
    measures: {(measure, kind): names of dimensions}.
    """

    def __init__(self, connection, sql):
        self.connection, self.sql = connection, sql
        self.series, self.measures, self.dimensions, self.values = {}, {}, {}, {}
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
            *(
                Column(f"measure_value::{kind.lower()}", sql, kind, True)
                for kind, sql in self.values.items()
            ),
        ]

    def add_columns(self, record):
        """Add the columns that a record needs."""
        wanted = [(self.dimensions, name) for name, _ in record.dimensions]
        for columns, name in [*wanted, (self.values, record.kind)]:
            if name not in columns:
                sql = f"c{len(self.dimensions) + len(self.values)}"
                self.connection.execute(f"ALTER TABLE {self.sql} ADD COLUMN {sql}")
                columns[name] = sql

    def write(self, record):
        """Store a record; return the version of another one that forbids it, or None."""
        key = record.dimensions, record.measure, record.kind
        series = self.series.setdefault(key, len(self.series))
        value = self.values[record.kind]
        existing = self.connection.execute(
            f"SELECT {value}, version FROM {self.sql} WHERE series = ? AND time = ?",
            (series, record.time),
        ).fetchone()
        if existing is None:
            self.insert(record, series)
            return None
        existing_value, version = existing
        if record.version <= version:
            return None if record.value == existing_value else version
        self.connection.execute(
            f"UPDATE {self.sql} SET {value} = ?, version = ? WHERE series = ? AND time = ?",
            (record.value, record.version, series, record.time),
        )
        return None

    def insert(self, record, series):
        """Store a record of a series as a new reading."""
        row = {
            "series": series,
            "measure": record.measure,
            "time": record.time,
            "version": record.version,
            self.values[record.kind]: record.value,
        }
        row |= {self.dimensions[name]: value for name, value in record.dimensions}
        columns, values = ", ".join(row), ", ".join("?" * len(row))
        self.connection.execute(
            f"INSERT INTO {self.sql} ({columns}) VALUES ({values})", list(row.values())
        )
        names = self.measures.setdefault((record.measure, record.kind), {})
        names.update(dict(record.dimensions))


class Store:
    """All records of one region's Timestream, in one in-memory database of SQLite.

    It can be used by several threads at once.
    """

    def __init__(self):
        self.lock = threading.Lock()
        self.connection = sqlite3.connect(":memory:", check_same_thread=False)
        weakref.finalize(self, self.connection.close)
        self.engine = Engine(self.connection)
        self.databases, self.created = {}, 0

    def create_database(self, database):
        """Add a database; SHOW DATABASES knows it then."""
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
        """Store records; return {index in records: existing version} of those that are refused.

        A record is refused if the same reading has another value, with the same version or a higher
        one. The same record again is accepted.
        """
        with self.changing():
            stored = self.databases[database][table]
            for record in records:
                stored.add_columns(record)
            versions = [stored.write(record) for record in records]
        return {index: version for index, version in enumerate(versions) if version is not None}

    def query(self, sql):
        """Return {"ColumnInfo": [...], "Rows": [...]}, as Timestream's Query answers.

        Raises QueryError.
        """
        with self.lock:
            return self.engine.answer(sql, self.databases)

    @contextlib.contextmanager
    def changing(self):
        """Let one thread change what is stored, all of it or nothing."""
        with self.lock, self.connection:
            yield
