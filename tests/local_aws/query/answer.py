"""Answers a query, from its text to ColumnInfo and Rows."""

import json
import re
import sqlite3
import time

from tests.local_aws.query import aggregates, array_functions, metadata, nodes, python_functions
from tests.local_aws.query.errors import NOT_HERE, QueryError
from tests.local_aws.query.parser import parse
from tests.local_aws.query.selects import Writer
from tests.local_aws.query.types import SCALARS, cast, choose_show, describe_column, in_range

TIMEOUT = 10  # seconds for a query; 60 in Timestream, but here writes have to wait meanwhile
MAX_ROWS = 100_000  # of a result, which is kept in memory
MAX_ANSWER = 50_000_000  # characters of a result
MAX_VALUE = 2**23  # characters of one value, such as an array
# SQLite's errors for queries that are correct, but too large for it.
TOO_LARGE = re.compile(
    "parser stack overflow|Expression tree is too large|too many|at most 64 tables|too big|too long"
)
PARAMETER = re.compile(r":(now|[klp][\d_]+)")


class Engine:
    """Answers queries with a connection to SQLite. Only one thread may use it at a time."""

    def __init__(self, connection):
        self.connection = connection
        # SQLite hides what went wrong in a function.
        self.errors = []
        # The objects and parameters of the running query, see Writer.
        self.objects, self.constants, self.statements = [], {}, {}
        self.end = 0  # when to stop it, by time.monotonic()
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
        """Keep a function's error, because SQLite hides it."""
        if isinstance(error, OverflowError):
            error = QueryError("A number is out of range")
        self.errors.append(error)

    def add_function(self, name, function, takes_nulls=False):
        """Register a function in SQLite; it returns null if an argument is null."""

        def call(*arguments):
            if not takes_nulls and None in arguments:
                return None
            try:
                self.check_time()
                return check_result(function(*arguments))
            except Exception as error:
                self.note(error)
                raise

        # Not deterministic, or SQLite would call it before the conditions that guard it.
        self.connection.create_function(name, -1, call)

    def add_aggregate(self, name, function, with_nulls):
        """Register an aggregate function in SQLite, called with the rows of a group."""
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

    # Functions that use the query's objects

    def among(self, value, number):
        """Return whether a value is one of many constants, or None."""
        constants = self.objects[number]
        if value in constants:
            return 1
        return None if None in constants else 0

    def array_join(self, number, *arguments):
        """Return an array's elements as one text."""
        if None in arguments[:2]:
            return None
        return array_functions.array_join(self.objects[number], *arguments)

    def try_cast(self, value, number):
        """Cast a value to another type; return None if that fails."""
        try:
            return cast(value, *self.objects[number])
        except QueryError as error:
            return none_if_tried(error)

    def try_(self, text):
        """Return an expression's value, or None if it fails."""
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
        """Return a function of arrays and a lambda, whose last argument in SQLite is the lambda."""
        return lambda *arguments: function(self.read_lambda(arguments[-1]), *arguments[:-1])

    def reduce(self, array, state, step, finish):
        """Apply a lambda to a state and each element in turn; return the final state."""
        if array is None:
            return None
        step, finish = self.read_lambda(step, with_state=True), self.read_lambda(finish, True)
        for item in array_functions.load(array):
            state = array_functions.keep(step(state, item))
        return array_functions.keep(finish(state))

    def read_lambda(self, text, with_state=False):
        """Return a lambda as a function of loaded values, which returns a loaded value.

        with_state: the first argument is in the form stored by SQLite.
        """
        number, *captured = json.loads(text)
        sql, depth, is_nested = self.objects[number]
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
        """Return Query's response: a dictionary with ColumnInfo and Rows.

        databases: {name: {table name: Table}}, see store.py.
        Raises QueryError if the query is wrong or not supported.
        """
        node = parse(sql)
        if isinstance(node, nodes.Show):
            return metadata.show(node, databases)
        if isinstance(node, nodes.Describe):
            return metadata.describe(node, databases)
        # Timestream's now() is in milliseconds.
        self.end = time.monotonic() + TIMEOUT
        writer = Writer(databases, int(time.time() * 1000) * 10**6, self.check_time)
        try:
            statement, columns, *_ = writer.query(node)
        except RecursionError:
            raise QueryError("The query is nested too deeply for this local AWS") from None
        self.objects, self.statements = list(writer.objects), {}
        rows = self.execute(statement, writer.constants)
        shows = [choose_show(column.kind) for column in columns]
        return {
            "ColumnInfo": [
                describe_column(column.name or f"_col{number}", column.kind)
                for number, column in enumerate(columns)
            ],
            "Rows": [{"Data": [show(value) for show, value in zip(shows, row)]} for row in rows],
        }

    def execute(self, statement, constants):
        """Return SQLite's rows; raise a QueryError that says whose mistake it is."""
        self.errors.clear()
        self.constants = constants
        # SQLite finds unnamed parameters faster.
        values = []
        statement = PARAMETER.sub(
            lambda found: values.append(constants[found[1]]) or "?", statement
        )
        # SQLite calls this each time after that many steps.
        self.connection.set_progress_handler(lambda: time.monotonic() > self.end, 100_000)
        try:
            return self.fetch(self.connection.execute(statement, values))
        except (sqlite3.Error, OverflowError) as error:
            raise self.explain(error) from error
        finally:
            self.connection.set_progress_handler(None, 0)

    def fetch(self, cursor):
        """Return the rows of a result, unless it is too large."""
        rows, size = [], 0
        while chunk := cursor.fetchmany(100):
            rows += chunk
            texts = [value for row in chunk for value in row if isinstance(value, str)]
            size += sum(map(len, texts))
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
        # SQL written here must be correct for SQLite, whatever the query is.
        return QueryError(f"Internal error of this local AWS, not of the query: {error!r}")


def check_result(result):
    """Return a function's result, if SQLite can store it."""
    if isinstance(result, int):
        return in_range(result, "BIGINT")
    if isinstance(result, str) and len(result) > MAX_VALUE:
        raise QueryError(f"A value of more than {MAX_VALUE} characters {NOT_HERE}")
    return result


def none_if_tried(error):
    """Return None, as TRY does for an error, unless it is an error of this local AWS."""
    if "this local AWS" in str(error):
        raise error
    return None


def pick(end, number, text):
    """Return a line of a text, counted from one of its ends."""
    lines = text.rsplit("\n", number) if end == "last" else text.split("\n", number)
    if end == "last":
        return json.loads(lines[-number]) if len(lines) >= number and lines[-number] else None
    return json.loads(lines[number - 1]) if len(lines) >= number else None
