"""Answers a query: from its text to ColumnInfo and Rows."""

import re
import sqlite3
import time

from tests.local_aws.query import metadata, nodes
from tests.local_aws.query.errors import QueryError
from tests.local_aws.query.parser import parse
from tests.local_aws.query.python_functions import AGGREGATES, FUNCTIONS, TAKING_NULLS
from tests.local_aws.query.selects import Writer
from tests.local_aws.query.types import LONG_NAMES, RANGES, format_value, in_range

TIMEOUT = 10  # seconds for a query; Timestream gives it 60, but here the writes wait
MAX_ROWS = 100_000  # of an answer, which is kept in memory as a whole
# What SQLite says of a query that is right, but too much for it.
TOO_LARGE = re.compile(
    "parser stack overflow|Expression tree is too large|too many|at most 64 tables|too big|too long"
)


def describe_column(name, kind):
    """Return what Timestream says of a column of an answer."""
    return {"Name": name, "Type": {"ScalarType": LONG_NAMES.get(kind, kind)}}


class Engine:
    """Answers queries with a connection to SQLite. It is used by one thread at a time."""

    def __init__(self, connection):
        self.connection = connection
        # SQLite says of an error in a function only that there was one.
        self.errors = []
        for name, function in FUNCTIONS.items():
            takes_nulls = name in TAKING_NULLS
            self.add_function(f"t_{name}", function, takes_nulls)
        for kind in [*RANGES, "DOUBLE"]:
            self.add_function(kind, lambda value, kind=kind: in_range(value, kind))
        for name, function in AGGREGATES.items():
            self.add_aggregate(f"t_{name}", function)

    def add_function(self, name, function, takes_nulls=False):
        """Let SQLite call a function; a null makes its result null."""

        def call(*arguments):
            if not takes_nulls and None in arguments:
                return None
            try:
                result = function(*arguments)
                return in_range(result, "BIGINT") if isinstance(result, int) else result
            except Exception as error:
                self.errors.append(error)
                raise

        # Not as deterministic: SQLite would call it ahead of the conditions that guard it.
        self.connection.create_function(name, -1, call)

    def add_aggregate(self, name, function):
        """Let SQLite call a function with the rows of a group whose last argument is not null."""
        errors = self.errors

        class Aggregate:
            def __init__(self):
                self.rows = []

            def step(self, *arguments):
                if arguments[-1] is not None:
                    self.rows.append(arguments)

            def finalize(self):
                try:
                    return function(self.rows) if self.rows else None
                except Exception as error:
                    errors.append(error)
                    raise

        self.connection.create_aggregate(name, -1, Aggregate)

    def answer(self, sql, databases):
        """Return what Timestream's Query answers: a dictionary with ColumnInfo and Rows.

        databases: {name: {table name: Table}}, see store.py.
        Raises QueryError if the query is wrong, or needs something that is not supported here.
        """
        node = parse(sql)
        if isinstance(node, nodes.Show):
            return metadata.show(node, databases)
        if isinstance(node, nodes.Describe):
            return metadata.describe(node, databases)
        # Timestream's now() has milliseconds.
        writer = Writer(databases, int(time.time() * 1000) * 10**6)
        try:
            statement, columns = writer.query(node)
        except RecursionError:
            raise QueryError("The query is nested too deeply for this local AWS") from None
        rows = self.execute(statement, writer.constants)
        return {
            "ColumnInfo": [
                describe_column(column.name or f"_col{number}", column.kind)
                for number, column in enumerate(columns)
            ],
            "Rows": [
                {"Data": [format_value(value, c.kind) for value, c in zip(row, columns)]}
                for row in rows
            ],
        }

    def execute(self, statement, constants):
        """Return the rows that SQLite finds; raise QueryError, which says whose mistake it is."""
        self.errors.clear()
        end = time.monotonic() + TIMEOUT
        self.connection.set_progress_handler(lambda: time.monotonic() > end, 100_000)
        try:
            rows = self.connection.execute(statement, constants).fetchmany(MAX_ROWS + 1)
        except sqlite3.Error as error:
            raise self.explain(error) from error
        finally:
            self.connection.set_progress_handler(None, 0)
        if len(rows) > MAX_ROWS:
            text = f"More than {MAX_ROWS} rows are not supported by this local AWS: add a limit"
            raise QueryError(text)
        return rows

    def explain(self, error):
        """Return the QueryError for an error of SQLite."""
        text = str(error)
        if self.errors:
            error = self.errors[0]
            if isinstance(error, QueryError):
                return error
        elif text == "interrupted":
            text = f"The query took longer than {TIMEOUT} seconds, which is not supported by"
            return QueryError(f"{text} this local AWS")
        elif text == "integer overflow":
            return QueryError("A sum is out of range of bigint")
        elif text == "unsupported frame specification":
            return QueryError("The frame of a window ends before it starts")
        elif TOO_LARGE.search(text):
            return QueryError(f"The query is too large for this local AWS: {text}")
        # What is written here must be right for SQLite, whatever the query says.
        return QueryError(f"Internal error of this local AWS, not of the query: {error!r}")
