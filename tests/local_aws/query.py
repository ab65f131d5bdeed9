"""Timestream's Query for the local AWS: it answers SELECT on stored records, with SQLite.

Timestream speaks the SQL of Trino, much of which SQLite would answer wrongly without a word: it
takes an unknown name in double quotes for a string, compares text with numbers, and picks any row
for a column that is not grouped. So no query reaches SQLite as it stands. It is read here, each
expression gets its type as in Trino, and SQLite gets a statement of our own. What is not known
here (FUNCTIONS and OPERATORS say what is) is an error that names it, never a wrong answer.
"""

import contextlib
import functools
import math
import re
import sqlite3
import time
from collections import namedtuple
from datetime import datetime, timedelta

# A stored record: pairs of name and value, time in nanoseconds, and kind, the type of the value.
Record = namedtuple("Record", "dimensions measure time kind value version", defaults=[1])

# SQL for SQLite, its type, and its name in the answer. columns: the SQL of the columns in it, but
# for those of which an aggregate function makes one value.
Expression = namedtuple("Expression", "sql kind name columns", defaults=[None, frozenset()])

TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*)
    |(?P<string>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")+")
    |(?P<number>[0-9]+(?:\.[0-9]+)?(?!\w))
    |(?P<interval>[1-9][0-9]*(?:ns|us|ms|s|m|h|d)\b)
    |(?P<name>measure_value::\w+|[a-z_]\w*)
    |(?P<other><>|!=|<=|>=|\w+|.)""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
# Words that are names only in double quotes.
KEYWORDS = [
    "and",
    "as",
    "between",
    "by",
    "case",
    "distinct",
    "else",
    "end",
    "false",
    "from",
    "group",
    "having",
    "in",
    "is",
    "like",
    "limit",
    "not",
    "null",
    "or",
    "order",
    "select",
    "then",
    "true",
    "when",
    "where",
]
COMPARISONS = ["=", "!=", "<>", "<", "<=", ">", ">="]
LEVELS = [["or"], ["and"], COMPARISONS, ["+", "-"], ["*"]]  # of operators, the last bind most

INTERVAL = "INTERVAL_DAY_TO_SECOND"
UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}
UNITS |= {"m": 60 * UNITS["s"], "h": 3600 * UNITS["s"], "d": 86400 * UNITS["s"]}
# Timestream has INTEGER, too, for constants only.
NUMBERS = ["BIGINT", "DOUBLE"]
TYPES = [*NUMBERS, "VARCHAR", "BOOLEAN", "TIMESTAMP"]
# What can be added to what. The result has to be in_range(), which SQLite calls as the type.
ADDED = [("BIGINT", "BIGINT"), ("DOUBLE", "DOUBLE"), ("TIMESTAMP", INTERVAL)]


def for_each(kinds, count, sql, result=None):
    """Return a signature for each type: so many arguments of it, and a result of it or another."""
    return [([kind] * count, result or kind, sql) for kind in kinds]


# Types of the arguments, type of the result, and SQL. The first signature that fits is taken.
AGGREGATES = {
    "count(*)": [([], "BIGINT", "count(*)")],
    "count": for_each(TYPES, 1, "count({})", "BIGINT"),
    "count_if": for_each(["BOOLEAN"], 1, "count(CASE WHEN {} THEN 1 END)", "BIGINT"),
    "sum": [([kind], kind, kind + "(sum({}))") for kind in NUMBERS],
    "avg": for_each(["DOUBLE"], 1, "avg({})"),
    "min": for_each(TYPES, 1, "min({})"),
    "max": for_each(TYPES, 1, "max({})"),
}
FUNCTIONS = AGGREGATES | {
    "now": [([], "TIMESTAMP", ":now")],
    "ago": [([INTERVAL], "TIMESTAMP", "TIMESTAMP(:now - {})")],
    "bin": [(["TIMESTAMP", INTERVAL], "TIMESTAMP", "({0} / {1} * {1})")],
}
OPERATORS = {
    "select": for_each(TYPES, 1, "{}"),
    "where": for_each(["BOOLEAN"], 1, "{}"),
    "limit": for_each(["BIGINT"], 1, "{}"),
    "or": for_each(["BOOLEAN"], 2, "({} OR {})"),
    "and": for_each(["BOOLEAN"], 2, "({} AND {})"),
    **{sign: for_each(TYPES, 2, f"({{}} {sign} {{}})", "BOOLEAN") for sign in COMPARISONS},
    "is null": for_each(TYPES, 1, "({} IS NULL)", "BOOLEAN"),
    "is not null": for_each(TYPES, 1, "({} IS NOT NULL)", "BOOLEAN"),
    "between": for_each(TYPES, 3, "({} BETWEEN {} AND {})", "BOOLEAN"),
    "case": [(["BOOLEAN", k, k], k, "CASE WHEN {} THEN {} ELSE {} END") for k in TYPES],
    "*": [([kind, kind], kind, kind + "({} * {})") for kind in NUMBERS],
    **{
        sign: [([kind, other], kind, f"{kind}({{}} {sign} {{}})") for kind, other in ADDED]
        for sign in "+-"
    },
}


class QueryError(Exception):
    """What Timestream answers with a ValidationException; the message is for the reader."""


def query(sql, tables):
    """Return what Timestream's Query answers: a dictionary with ColumnInfo and Rows.

    tables: {(database name, table name): [Record, ...]}.
    Raises QueryError if the query is wrong, or needs something that is not supported here.
    """
    try:
        parser = Parser(sql, tables)
        statement, items = parser.select()
        rows = execute(statement, parser.constants, parser.columns, parser.records)
    except (sqlite3.Error, RecursionError, ValueError, OverflowError) as error:
        text = str(error).replace("user-defined function raised exception", "out of range")
        raise QueryError(f"cannot be answered here: {text}") from None
    kinds = [item.kind for item in items]
    return {
        "ColumnInfo": [
            {"Name": item.name or f"_col{number}", "Type": {"ScalarType": item.kind}}
            for number, item in enumerate(items)
        ],
        "Rows": [{"Data": list(map(format_value, row, kinds))} for row in rows],
    }


class Parser:
    """Reads a query token by token, and writes it anew for SQLite.

    records, columns: what is in the table that it asks.
    scopes: where names are looked up, the first first: columns, and in ORDER BY what is selected.
    constants: the values of the parameters in what is written.
    aggregated: whether there is an aggregate function.
    """

    def __init__(self, sql, tables):
        tokens = [(match.lastgroup, match.group()) for match in TOKEN.finditer(sql)]
        self.tokens = [token for token in tokens if token[0] != "space"] + [("end", "<EOF>")]
        self.tables, self.aggregated = tables, False
        # Timestream's now() has milliseconds. All times in here are nanoseconds since the epoch.
        self.constants = {"now": int(time.time() * 1000) * 10**6}

    def accept(self, *texts):
        """Return the next token in small letters and go on if it is one of these; or None."""
        return self.tokens.pop(0)[1].lower() if self.tokens[0][1].lower() in texts else None

    def expect(self, text):
        return self.accept(text) or self.mismatch(text)

    def mismatch(self, expected):
        found = self.tokens[0][1]
        raise QueryError(f"mismatched input '{found}'. What is known here would be: {expected}")

    def name(self):
        """Return the name that comes next, or None if that is not a name."""
        kind, text = self.tokens[0]
        if kind != "quoted" and (kind != "name" or text.lower() in KEYWORDS):
            return None
        self.tokens.pop(0)
        return text if kind == "name" else text[1:-1]

    def list_of(self, read):
        """Return what read() returns for each part of a list with commas."""
        parts = [read()]
        while self.accept(","):
            parts.append(read())
        return parts

    def select(self):
        """Return the statement for SQLite, and the expressions that it selects."""
        texts = [text.lower() for _, text in self.tokens]
        if "from" not in texts:
            raise QueryError("a query without FROM is not supported here")
        # The table says which columns there are, so it is read first.
        start = texts.index("from") + 1
        before, self.tokens = self.tokens[:start], self.tokens[start:]
        self.table()
        self.tokens = before + self.tokens

        self.expect("select")
        items = sum(self.list_of(self.item), [])
        self.expect("from")
        where = self.expression() if self.accept("where") else Expression("true", "BOOLEAN")
        groups = self.list_of(self.key) if self.accept("group") and self.expect("by") else []
        self.scopes.insert(0, items)
        orders = []
        if self.accept("order") and self.expect("by"):
            orders = self.list_of(lambda: (self.key(), self.accept("asc", "desc") or "asc"))
        limit = self.constant() if self.accept("limit") else Expression("-1", "BIGINT")
        self.accept(";")
        self.expect("<eof>")

        self.call("where", where)  # now, as a WHERE that has not ended has no type
        self.call("limit", limit)
        grouped = {group.sql for group in groups}
        for sql, _, _, columns in items + [key for key, _ in orders]:
            if (groups or self.aggregated) and sql not in grouped and (others := columns - grouped):
                name = next(column.name for column in self.columns if column.sql in others)
                raise QueryError(f"'{name}' must be an aggregate expression or in GROUP BY")
        statement = f"SELECT {', '.join(item.sql for item in items)} FROM data WHERE {where.sql}"
        if groups:
            statement += f" GROUP BY {', '.join(group.sql for group in groups)}"
        if orders:  # Trino has nulls last in either direction. For SQLite they are the smallest.
            parts = [f"{key.sql} {direction} NULLS LAST" for key, direction in orders]
            statement += f" ORDER BY {', '.join(parts)}"
        return f"{statement} LIMIT {limit.sql}", items

    def table(self):
        """Read the name of a table, and find its records and columns."""
        database, _, table = self.name(), self.expect("."), self.name()
        # Unlike the names of columns, these are case-sensitive in Timestream.
        if (database, table) not in self.tables:
            raise QueryError(f"Table '{database}.{table}' does not exist")
        self.records = self.tables[database, table]
        kinds = {name: "VARCHAR" for record in self.records for name, _ in record.dimensions}
        kinds |= {"measure_name": "VARCHAR", "time": "TIMESTAMP"}
        kinds |= {f"measure_value::{record.kind.lower()}": record.kind for record in self.records}
        self.columns = [
            Expression(f"c{number}", kind, name, frozenset([f"c{number}"]))
            for number, (name, kind) in enumerate(kinds.items())
        ]
        self.scopes = [self.columns]

    def item(self):
        """Return the expressions of an item of the select list: one, but for a *."""
        if self.accept("*"):
            return self.columns
        expression = self.expression()
        self.call("select", expression)
        if self.accept("as"):
            name = self.name() or self.mismatch("a name")
        else:
            name = self.name() or expression.name
        return [expression._replace(name=name)]

    def key(self):
        """Return an expression of GROUP BY or ORDER BY."""
        expression = self.expression()
        if expression.sql[1:] in self.constants:  # in Trino, a number is a position
            raise QueryError("GROUP BY and ORDER BY take names and expressions here, no constants")
        return expression

    def expression(self, level=0):
        """Return an expression, made with operators of a level or higher ones."""
        if level == len(LEVELS):
            return self.value()
        comparing = LEVELS[level] is COMPARISONS
        left = self.expression(level + 1)
        if comparing and self.accept("between"):
            low, _ = self.expression(level + 1), self.expect("and")
            return self.call("between", left, low, self.expression(level + 1))
        if comparing and self.accept("is"):
            name = "is not null" if self.accept("not") else "is null"
            self.expect("null")
            return self.call(name, left)
        while operator := self.accept(*LEVELS[level]):
            left = self.call(operator, left, self.expression(level + 1))
        return left

    def value(self):
        """Return a constant, a column, a call, or an expression in brackets."""
        if self.accept("-"):
            return self.call("*", Expression("-1", "BIGINT"), self.value())
        if self.accept("("):
            expression = self.expression()
            self.expect(")")
            return expression
        if self.accept("case"):
            return self.case()
        name = self.name()
        if not name:
            return self.constant()
        if not self.accept("("):
            return self.column(name)
        if self.accept("*"):
            name, arguments = f"{name}(*)", []
        else:
            arguments = [] if self.tokens[0][1] == ")" else self.list_of(self.expression)
        self.expect(")")
        return self.call(name.lower(), *arguments)

    def constant(self):
        """Return a string, an interval or a number."""
        kind, text = self.tokens[0]
        if kind == "string":
            value, kind = text[1:-1].replace("''", "'"), "VARCHAR"
        elif kind == "interval":
            count, unit = re.findall("[0-9]+|[a-z]+", text.lower())
            value, kind = int(count) * UNITS[unit], INTERVAL
        elif kind == "number" and "." in text:
            value, kind = float(text), "DOUBLE"
        elif kind == "number":
            value, kind = int(text), "BIGINT"
        else:
            self.mismatch("an expression")
        self.tokens.pop(0)
        # The same constant gets the same name everywhere, so that GROUP BY can be compared.
        name = f"{kind}_{text.encode().hex()}"
        self.constants[name] = value
        return Expression(f":{name}", kind)

    def case(self):
        """Return a CASE with one WHEN; the word CASE has been read already."""
        self.expect("when")
        test, _, value = self.expression(), self.expect("then"), self.expression()
        null = Expression("null", value.kind)
        otherwise = self.expression() if self.accept("else") else null
        self.expect("end")
        return self.call("case", test, value, otherwise)

    def call(self, name, *arguments):
        """Return a function or operator of arguments; fail if it does not take their types."""
        given = [argument.kind for argument in arguments]
        widened = ["DOUBLE" if kind == "BIGINT" else kind for kind in given]
        for wanted, result, sql in (OPERATORS | FUNCTIONS).get(name, []):
            if wanted in (given, widened):
                break
        else:
            kinds = ", ".join(given).lower().replace("_", " ")
            known = ", ".join(FUNCTIONS)
            raise QueryError(f"'{name}' cannot be applied to ({kinds}). Known here: {known}")
        columns = frozenset().union(*(argument.columns for argument in arguments))
        if name in AGGREGATES:
            self.aggregated, columns = True, frozenset()
        sql = sql.format(*(argument.sql for argument in arguments))
        return Expression(sql, result, columns=columns)

    def column(self, name):
        """Return the column of a name, in any case; in ORDER BY the select list goes first."""
        for columns in self.scopes:
            found = {c.sql: c for c in columns if c.name and c.name.lower() == name.lower()}
            if len(found) > 1:
                raise QueryError(f"Column '{name}' is ambiguous")
            for column in found.values():
                return column._replace(name=name)
        raise QueryError(f"Column '{name}' does not exist")


def execute(statement, constants, columns, records):
    """Return the rows that SQLite finds in a table, data, with these columns and records."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        for kind, _ in ADDED:
            connection.create_function(kind, 1, functools.partial(in_range, kind=kind))
        connection.execute(f"CREATE TABLE data ({', '.join(column.sql for column in columns)})")
        for record in records:
            row = dict(record.dimensions) | {"measure_name": record.measure, "time": record.time}
            row[f"measure_value::{record.kind.lower()}"] = record.value
            values = [row.get(column.name) for column in columns]
            connection.execute(f"INSERT INTO data VALUES ({', '.join('?' * len(values))})", values)
        return connection.execute(statement, constants).fetchall()


def in_range(value, kind):
    """Return a number or time that is in the range of its type, or None; else raise QueryError."""
    # Where an integer gets too large, SQLite goes on with a float.
    least = 0 if kind == "TIMESTAMP" else -(2**63)
    is_whole = isinstance(value, int) and least <= value < 2**63
    if value is not None and not (math.isfinite(value) if kind == "DOUBLE" else is_whole):
        raise QueryError(f"{value} is out of range of {kind.lower()}")
    return value


def format_time(nanoseconds):
    """Return a time as 2026-11-24 03:04:05.123456789."""
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{datetime(1970, 1, 1) + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S}.{rest:09}"


def format_value(value, kind):
    """Return a value as Timestream has it in an answer."""
    if value is None:
        return {"NullValue": True}
    formats = {
        "BOOLEAN": lambda truth: str(bool(truth)).lower(),
        "DOUBLE": float,
        "TIMESTAMP": format_time,
    }
    return {"ScalarValue": str(formats.get(kind, str)(value))}
