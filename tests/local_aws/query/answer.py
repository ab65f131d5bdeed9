"""Answers a query: from its text to ColumnInfo and Rows."""

import json
import re
import sqlite3
import time

from tests.local_aws.query import aggregates, array_functions, metadata, nodes, python_functions
from tests.local_aws.query.errors import NOT_HERE, QueryError
from tests.local_aws.query.parser import parse
from tests.local_aws.query.selects import Writer
from tests.local_aws.query.types import SCALARS, cast, describe_column, in_range, show

TIMEOUT = 10  # seconds for a query; Timestream gives it 60, but here the writes wait
MAX_ROWS = 100_000  # of an answer, which is kept in memory as a whole
MAX_ANSWER = 50_000_000  # characters of it
MAX_VALUE = 2**23  # characters of one value, such as an array
# What SQLite says of a query that is right, but too much for it.
TOO_LARGE = re.compile(
    "parser stack overflow|Expression tree is too large|too many|at most 64 tables|too big|too long"
)
PARAMETER = re.compile(r":(now|[klp][\d_]+)")


class Engine:
    """Answers queries with a connection to SQLite. It is used by one thread at a time."""

    def __init__(self, connection):
        self.connection = connection
        # SQLite hides what went wrong in a function.
        self.errors = []
        # What the query that runs has in the place of numbers, see Writer, and for its parameters.
        self.objects, self.constants, self.statements = [], {}, {}
        self.end = 0  # when it is given up, by time.monotonic()
        functions = python_functions.FUNCTIONS | array_functions.FUNCTIONS
        taking_nulls = python_functions.TAKING_NULLS + array_functions.TAKING_NULLS
        for name, function in functions.items():
            self.add_function(f"t_{name}", function, name in taking_nulls)
        for name, function in array_functions.LAMBDA_FUNCTIONS.items():
            self.add_function(f"t_{name}", self.with_lambda(name, function))
        for kind, scalar in SCALARS.items():
            if scalar.limits or kind == "DOUBLE":
                self.add_function(kind, lambda value, kind=kind: in_range(value, kind))
        self.add_function("t_among", self.among)
        self.add_function("t_array_join", self.array_join, True)
        self.add_function("t_cast", lambda value, number: cast(value, *self.objects[number]))
        self.add_function("t_lambda", lambda *parts: json.dumps(parts), True)
        self.add_function("t_pack", lambda value: json.dumps(value))
        self.add_function("t_pick", pick)
        self.add_function("t_reduce", self.reduce, True)
        self.add_function("t_try", self.try_, True)
        self.add_function("t_try_cast", self.try_cast)
        for name, function in aggregates.AGGREGATES.items():
            self.add_aggregate(f"t_{name}", function, with_nulls=False)
        for name, function in aggregates.AGGREGATES_OF_NULLS.items():
            self.add_aggregate(f"t_{name}", function, with_nulls=True)

    def note(self, error):
        """Note what has gone wrong in a function, as SQLite hides it."""
        if isinstance(error, OverflowError):
            error = QueryError("A number is out of range")
        self.errors.append(error)

    def add_function(self, name, function, takes_nulls=False):
        """Let SQLite call a function; a null makes its result null."""

        def call(*arguments):
            if not takes_nulls and None in arguments:
                return None
            try:
                self.check_time()
                return check_result(function(*arguments))
            except Exception as error:
                self.note(error)
                raise

        # Not as deterministic: SQLite would call it ahead of the conditions that guard it.
        self.connection.create_function(name, -1, call)

    def add_aggregate(self, name, function, with_nulls):
        """Let SQLite call a function with the rows of a group."""
        note = self.note

        class Aggregate:
            def __init__(self):
                self.rows, self.size = [], 0

            def step(self, *arguments):
                if with_nulls or None not in arguments:
                    self.rows.append(arguments)
                    if isinstance(arguments[0], str):
                        self.add_size(len(arguments[0]))

            def add_size(self, size):
                self.size += size
                if self.size > MAX_ANSWER:
                    error = QueryError(f"A group of more than {MAX_ANSWER} characters {NOT_HERE}")
                    note(error)
                    raise error

            def finalize(self):
                try:
                    return check_result(function(self.rows)) if self.rows else None
                except Exception as error:
                    note(error)
                    raise

        self.connection.create_aggregate(name, -1, Aggregate)

    # What needs the query's objects

    def among(self, value, number):
        """Return whether a value is one of many constants, or None."""
        constants = self.objects[number]
        if value in constants:
            return 1
        return None if None in constants else 0

    def array_join(self, number, *arguments):
        """Return the elements of an array of a type as one text."""
        if None in arguments[:2]:
            return None
        return array_functions.array_join(self.objects[number], *arguments)

    def try_cast(self, value, number):
        """Return a value cast to another type, or None if that fails."""
        try:
            return cast(value, *self.objects[number])
        except QueryError as error:
            return none_if_tried(error)

    def try_(self, text):
        """Return the value of an expression, or None if it fails."""
        errors = len(self.errors)
        try:
            return array_functions.keep(self.read_lambda(text)())
        except sqlite3.Error as error:
            inner = self.errors[errors:]
            del self.errors[errors:]
            if inner and isinstance(inner[0], QueryError):
                return none_if_tried(inner[0])
            return none_if_tried(self.explain(error))

    def with_lambda(self, name, function):
        """Return a function of arrays and a lambda, which SQLite has as the last argument."""
        return lambda *arguments: function(self.read_lambda(arguments[-1]), *arguments[:-1])

    def reduce(self, array, state, step, finish):
        """Return what a lambda makes of a state and each element, one after the other."""
        if array is None:
            return None
        step, finish = self.read_lambda(step, with_state=True), self.read_lambda(finish, True)
        for item in array_functions.load(array):
            state = array_functions.keep(step(state, item))
        return array_functions.keep(finish(state))

    def read_lambda(self, text, with_state=False):
        """Return a lambda as a function of loaded values, which returns one.

        with_state: the first value is as SQLite keeps it.
        """
        number, *captured = json.loads(text)
        sql, depth, count, _, is_nested = self.objects[number]
        if number not in self.statements:
            names = []
            statement = PARAMETER.sub(lambda found: names.append(found[1]) or "?", f"SELECT {sql}")
            self.statements[number] = statement, names
        statement, names = self.statements[number]
        values = {f"p{depth}_{place}": value for place, value in enumerate(captured)}
        values = {name: values.get(name, self.constants.get(name)) for name in names}

        def call(*arguments):
            for place, argument in enumerate(arguments):
                values[f"l{depth}_{place}"] = array_functions.keep(argument)
            row = self.connection.execute(statement, [values[name] for name in names]).fetchone()
            return json.loads(row[0]) if is_nested and row[0] is not None else row[0]

        return call

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
            statement, columns, _ = writer.query(node)
        except RecursionError:
            raise QueryError("The query is nested too deeply for this local AWS") from None
        self.objects, self.statements = list(writer.objects), {}
        rows = self.execute(statement, writer.constants)
        return {
            "ColumnInfo": [
                describe_column(column.name or f"_col{number}", column.kind)
                for number, column in enumerate(columns)
            ],
            "Rows": [
                {"Data": [show(value, c.kind) for value, c in zip(row, columns)]} for row in rows
            ],
        }

    def execute(self, statement, constants):
        """Return the rows that SQLite finds; raise QueryError, which says whose mistake it is."""
        self.errors.clear()
        self.constants = constants
        # SQLite finds parameters without names sooner.
        values = []
        statement = PARAMETER.sub(
            lambda found: values.append(constants[found[1]]) or "?", statement
        )
        self.end = time.monotonic() + TIMEOUT
        # SQLite asks each time it has done so many steps.
        self.connection.set_progress_handler(lambda: time.monotonic() > self.end, 100_000)
        try:
            return self.fetch(self.connection.execute(statement, values))
        except (sqlite3.Error, OverflowError) as error:
            raise self.explain(error) from error
        finally:
            self.connection.set_progress_handler(None, 0)

    def fetch(self, cursor):
        """Return the rows of an answer that is not too large."""
        rows, size = [], 0
        while chunk := cursor.fetchmany(100):
            rows += chunk
            size += sum(len(value) for row in chunk for value in row if isinstance(value, str))
            if len(rows) > MAX_ROWS:
                text = f"More than {MAX_ROWS} rows are not supported by this local AWS: add a limit"
                raise QueryError(text)
            if size > MAX_ANSWER:
                text = f"An answer of more than {MAX_ANSWER} characters {NOT_HERE}: add a limit"
                raise QueryError(text)
        return rows

    def check_time(self):
        """Fail if the query takes too long."""
        if time.monotonic() > self.end:
            raise QueryError(f"The query took longer than {TIMEOUT} seconds, which {NOT_HERE}")

    def explain(self, error):
        """Return the QueryError for an error of SQLite."""
        text = str(error)
        if self.errors:
            error = self.errors[0]
            if isinstance(error, QueryError):
                return error
        elif text == "interrupted":
            return QueryError(f"The query took longer than {TIMEOUT} seconds, which {NOT_HERE}")
        elif text == "integer overflow":
            return QueryError("A sum is out of range of bigint")
        elif text == "unsupported frame specification":
            return QueryError("The frame of a window ends before it starts")
        elif TOO_LARGE.search(text):
            return QueryError(f"The query is too large for this local AWS: {text}")
        # What is written here must be right for SQLite, whatever the query says.
        return QueryError(f"Internal error of this local AWS, not of the query: {error!r}")


def check_result(result):
    """Return the result of a function, if SQLite can keep it."""
    if isinstance(result, int):
        return in_range(result, "BIGINT")
    if isinstance(result, str) and len(result) > MAX_VALUE:
        raise QueryError(f"A value of more than {MAX_VALUE} characters {NOT_HERE}")
    return result


def none_if_tried(error):
    """Return None, which TRY makes of an error, unless it is one of this local AWS."""
    if "this local AWS" in str(error):
        raise error
    return None


def pick(end, number, text):
    """Return a value of a text that has one a line, counted from one of its ends."""
    lines = text.rsplit("\n", number) if end == "last" else text.split("\n", number)
    if end == "last":
        return json.loads(lines[-number]) if len(lines) >= number and lines[-number] else None
    return json.loads(lines[number - 1]) if len(lines) >= number else None
