"""Timestream's Query for the local AWS: it answers SELECT on stored records, with SQLite.

Timestream speaks the SQL of Trino, much of which SQLite would answer wrongly without a word: it
takes an unknown name in double quotes for a string, compares text with numbers, and picks any row
for a column that is not grouped. So no query reaches SQLite as it stands. It is read here, each
expression gets its type as in Trino, and SQLite gets a statement of our own. What is not known
here (FUNCTIONS and OPERATORS say what is) is an error that names it, never a wrong answer.
"""

import contextlib
import re
import sqlite3
import sys
import time
from collections import namedtuple
from datetime import datetime, timedelta
from decimal import Decimal

# A stored record: dimensions is {name: value}, time in nanoseconds, kind the type of the value.
Record = namedtuple("Record", "dimensions measure time kind value version", defaults=[1])

# SQL for SQLite, its type, and its name in the answer. parts: the expressions that it is made of,
# but for those of which an aggregate function makes one value.
Expression = namedtuple("Expression", "sql kind name parts", defaults=[None, ()])

TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*)
    |(?P<string>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")+")
    |(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[-+]?[0-9]+)?(?!\w))
    |(?P<interval>[0-9]+[a-z]+\b)
    |(?P<name>measure_value::\w+|[a-z_]\w*)
    |(?P<other><>|!=|<=|>=|\w+|.)""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
# Words that are names only in double quotes.
KEYWORDS = (
    "and as between by case distinct else end false from group having in is like limit not null or "
    "order select then true when where"
).split()
CONSTANTS = {"null": "UNKNOWN", "true": "BOOLEAN", "false": "BOOLEAN"}
COMPARISONS = ["=", "!=", "<>", "<", "<=", ">", ">="]
LEVELS = [["or"], ["and"], COMPARISONS, ["+", "-"], ["*"]]  # of operators, the last bind most

INTERVAL = "INTERVAL_DAY_TO_SECOND"
UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}
UNITS |= {"m": 60 * UNITS["s"], "h": 3600 * UNITS["s"], "d": 86400 * UNITS["s"]}
NUMBERS = ["INTEGER", "BIGINT", "DOUBLE"]
TYPES = ["UNKNOWN", *NUMBERS, "VARCHAR", "BOOLEAN", "TIMESTAMP"]
RANGES = {
    "INTEGER": (-(2**31), 2**31 - 1),
    "BIGINT": (-(2**63), 2**63 - 1),
    "TIMESTAMP": (0, 2**63 - 1),
    "DOUBLE": (-sys.float_info.max, sys.float_info.max),
}


def for_each(kinds, count, sql, result=None):
    """Return a signature for each type: so many arguments of it, and a result of it or another."""
    return [([kind] * count, result or kind, sql) for kind in kinds]


# Types of the arguments, type of the result, and SQL. The first signature that fits is taken.
AGGREGATES = {
    "count(*)": [([], "BIGINT", "count(*)")],
    "count": for_each(TYPES, 1, "count({})", "BIGINT"),
    "count_if": for_each(["BOOLEAN"], 1, "count(CASE WHEN {} THEN 1 END)", "BIGINT"),
    "sum": for_each(["BIGINT", "DOUBLE"], 1, "sum({})"),
    "avg": for_each(["DOUBLE"], 1, "avg({})"),
    "min": for_each(TYPES, 1, "min({})"),
    "max": for_each(TYPES, 1, "max({})"),
}
FUNCTIONS = AGGREGATES | {
    "now": [([], "TIMESTAMP", ":now")],
    "ago": [([INTERVAL], "TIMESTAMP", "(:now - {})")],
    "bin": [(["TIMESTAMP", INTERVAL], "TIMESTAMP", "({0} / {1} * {1})")],
}
OPERATORS = {
    "where": for_each(["BOOLEAN"], 1, "{}"),
    "limit": for_each(["INTEGER"], 1, "{}"),
    "or": for_each(["BOOLEAN"], 2, "({} OR {})"),
    "and": for_each(["BOOLEAN"], 2, "({} AND {})"),
    "not": for_each(["BOOLEAN"], 1, "(NOT {})"),
    **{sign: for_each(TYPES, 2, f"({{}} {sign} {{}})", "BOOLEAN") for sign in COMPARISONS},
    "is null": for_each(TYPES, 1, "({} IS NULL)", "BOOLEAN"),
    "is not null": for_each(TYPES, 1, "({} IS NOT NULL)", "BOOLEAN"),
    "between": for_each(TYPES, 3, "({} BETWEEN {} AND {})", "BOOLEAN"),
    "case": [(["BOOLEAN", k, k], k, "CASE WHEN {} THEN {} ELSE {} END") for k in TYPES],
    **{
        sign: for_each(NUMBERS, 2, f"({{}} {sign} {{}})")
        + [(["TIMESTAMP", INTERVAL], "TIMESTAMP", f"({{}} {sign} {{}})")]
        for sign in "+-"
    },
    "*": for_each(NUMBERS, 2, "({} * {})"),
    "negative": for_each(NUMBERS, 1, "(-1 * {})"),
}


class QueryError(Exception):
    """What Timestream answers with a ValidationException; the message is for the reader."""


def query(sql, databases, now=None):
    """Return what Timestream's Query answers: a dictionary with ColumnInfo and Rows.

    databases: {database name: {table name: [Record, ...]}}.
    now: seconds since the epoch; the clock's if None.
    Raises QueryError if the query is wrong, or needs something that is not supported here.
    """
    # Timestream's now() has milliseconds. All times in here are nanoseconds since the epoch.
    now = int((time.time() if now is None else now) * 1000) * 10**6
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        try:
            parser = Parser(sql, databases, connection)
            statement, items = parser.select()
            rows = connection.execute(statement, parser.constants | {"now": now}).fetchall()
        except (sqlite3.Error, RecursionError, ValueError, OverflowError) as error:
            raise QueryError(f"cannot be answered here: {error}") from None
    kinds = [item.kind for item in items]
    return {
        "ColumnInfo": [{"Name": item.name, "Type": {"ScalarType": item.kind}} for item in items],
        "Rows": [{"Data": list(map(format_value, row, kinds))} for row in rows],
    }


class Parser:
    """Reads a query token by token, and writes it anew for SQLite.

    statement, constants: the query for SQLite, and the values of the constants in it.
    columns, selected: what names stand for: the columns of FROM, and in ORDER BY the select list.
    aggregated: whether there is an aggregate function.
    """

    def __init__(self, sql, databases, connection):
        tokens = [(match.lastgroup, match.group()) for match in TOKEN.finditer(sql)]
        self.tokens = [token for token in tokens if token[0] != "space"] + [("end", "<EOF>")]
        self.databases, self.connection = databases, connection
        self.statement, self.constants = "", {}
        self.columns, self.selected, self.aggregated = [], [], False

    def accept(self, *texts):
        """Return the next token in small letters and go on if it is one of these; or None."""
        return self.tokens.pop(0)[1].lower() if self.tokens[0][1].lower() in texts else None

    def expect(self, text):
        return self.accept(text) or self.mismatch(text)

    def mismatch(self, expected):
        raise QueryError(f"mismatched input '{self.tokens[0][1]}'. Expecting: {expected}")

    def name(self):
        """Return the name that comes next, or None if that is not a name."""
        kind, text = self.tokens[0]
        if kind != "quoted" and (kind != "name" or text.lower() in KEYWORDS):
            return None
        self.tokens.pop(0)
        return text if kind == "name" else text[1:-1].replace('""', '"')

    def list_of(self, read):
        """Return what read() returns for each part of a list with commas."""
        parts = [read()]
        while self.accept(","):
            parts.append(read())
        return parts

    def select(self):
        """Return the statement for SQLite, and the expressions that it selects."""
        # The table says which columns there are, so it is read first: three tokens after FROM.
        texts = [text.lower() for _, text in self.tokens]
        if "from" in texts:
            start = texts.index("from") + 1
            table = self.tokens[start : start + 3]
            self.tokens = table + self.tokens[:start] + self.tokens[start + 3 :]
            self.columns = self.table()
        self.expect("select")
        items = sum(self.list_of(self.item), [])
        self.statement = f"SELECT {', '.join(item.sql for item in items)}"
        if self.accept("from"):
            self.statement += " FROM data"
        conditions = self.clause("where", self.expression)
        groups = self.clause("group by", lambda: self.choice(items))
        self.selected = items
        orders = self.clause("order by", lambda: self.order(items))
        self.clause("limit", lambda: self.call("limit", self.constant()))
        self.accept(";")
        self.expect("<eof>")
        for condition in conditions:  # now, as a WHERE that has not ended has no type
            self.call("where", condition)
        if groups or self.aggregated:
            self.check_grouped(items + orders, [group.sql for group in groups])
        named = [item._replace(name=item.name or f"_col{n}") for n, item in enumerate(items)]
        return self.statement, named

    def table(self):
        """Read the name of a table, put that into SQLite, and return its columns."""
        database = self.name() or self.mismatch("a database")
        self.expect(".")
        table = self.name() or self.mismatch("a table")
        # Unlike the names of columns, these are case-sensitive in Timestream.
        if table not in self.databases.get(database, {}):
            raise QueryError(f"Table '{database}.{table}' does not exist")
        return fill_table(self.connection, self.databases[database][table])

    def clause(self, words, read):
        """Read a clause into the statement if these words come next; return its expressions."""
        first, *others = words.split()
        if not self.accept(first):
            return []
        for word in others:
            self.expect(word)
        expressions = self.list_of(read) if others else [read()]
        self.statement += f" {words} {', '.join(expression.sql for expression in expressions)}"
        return expressions

    def item(self):
        """Return the expressions of an item of the select list: one, but for a *."""
        if self.accept("*"):
            return self.columns or self.mismatch("an expression, as there is no FROM")
        expression = self.expression()
        if expression.kind == INTERVAL:
            raise QueryError("an interval cannot be selected here")
        name = self.name() or self.mismatch("a name") if self.accept("as") else self.name()
        return [expression._replace(name=name or expression.name)]

    def choice(self, items):
        """Return an expression, or that of the select list for which a number stands."""
        kind, text = self.tokens[0]
        if kind != "number":
            return self.expression()
        self.tokens.pop(0)
        if text not in map(str, range(1, len(items) + 1)):
            raise QueryError(f"position {text} is not in select list")
        return items[int(text) - 1]

    def order(self, items):
        """Return a part of ORDER BY, as an expression whose SQL has the direction, too."""
        expression, direction = self.choice(items), self.accept("asc", "desc") or "asc"
        # Trino has nulls last in either direction. For SQLite they are the smallest.
        sql = f"{expression.sql} {direction} NULLS LAST"
        return Expression(sql, expression.kind, parts=[expression])

    def expression(self, level=0):
        """Return an expression, made with operators of a level or higher ones."""
        if level == len(LEVELS):
            return self.value()
        comparing = LEVELS[level] is COMPARISONS
        if comparing and self.accept("not"):
            return self.call("not", self.expression(level))
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
            if comparing:  # a = b = c is none
                break
        return left

    def value(self):
        """Return a constant, a column, a call, or an expression in brackets."""
        if self.accept("-"):
            return self.call("negative", self.value())
        if self.accept("("):
            expression = self.expression()
            self.expect(")")
            return expression
        if self.accept("case"):
            return self.expect("when") and self.case()
        if word := self.accept(*CONSTANTS):
            return Expression(word, CONSTANTS[word])
        if name := self.name():
            return self.function(name.lower()) if self.accept("(") else self.column(name)
        return self.constant()

    def constant(self):
        """Return a string, an interval or a number."""
        kind, text = self.tokens[0]
        if kind == "string":
            value, kind = text[1:-1].replace("''", "'"), "VARCHAR"
        elif kind == "interval":
            count, unit = re.fullmatch("([0-9]+)([a-z]+)", text.lower()).groups()
            if unit not in UNITS or int(count) == 0:
                self.mismatch(f"a number above 0 and a unit of time: {', '.join(UNITS)}")
            value, kind = int(count) * UNITS[unit], INTERVAL
        elif kind != "number":
            self.mismatch("an expression")
        elif text.isdecimal():
            value, kind = int(text), "INTEGER" if int(text) < 2**31 else "BIGINT"
        else:
            value, kind = in_range(float(text), "DOUBLE"), "DOUBLE"
        self.tokens.pop(0)
        # The same value gets the same name everywhere, so that GROUP BY can be compared.
        name = f"{kind}_{repr(value).encode().hex()}"
        self.constants[name] = value
        return Expression(f":{name}", kind)

    def case(self):
        """Return a CASE; the words CASE and WHEN have been read already."""
        test, _, value = self.expression(), self.expect("then"), self.expression()
        if self.accept("when"):
            return self.call("case", test, value, self.case())
        otherwise = self.expression() if self.accept("else") else Expression("null", "UNKNOWN")
        self.expect("end")
        return self.call("case", test, value, otherwise)

    def function(self, name):
        """Return a call of a function; its name and bracket have been read already."""
        arguments = []
        if self.accept("*"):
            name += "(*)"
        elif self.tokens[0][1] != ")":
            arguments = self.list_of(self.expression)
        self.expect(")")
        return self.call(name, *arguments)

    def call(self, name, *arguments):
        """Return a function or operator of arguments; fail if it does not take their types."""
        given = [argument.kind for argument in arguments]
        for wanted, result, sql in (OPERATORS | FUNCTIONS).get(name, []):
            if len(given) == len(wanted) and all(map(fits, given, wanted)):
                break
        else:
            kinds = ", ".join(given).lower().replace("_", " ")
            known = ", ".join(FUNCTIONS)
            raise QueryError(f"'{name}' cannot be applied to ({kinds}). Known here: {known}")
        values = [
            f"CAST({argument.sql} AS REAL)" if kind == "DOUBLE" else argument.sql
            for argument, kind in zip(arguments, wanted)
        ]
        if name in AGGREGATES:
            self.aggregated, arguments = True, ()
        return Expression(sql.format(*values), result, parts=arguments)

    def column(self, name):
        """Return the column of a name, in any case; in ORDER BY the select list goes first."""
        for columns in (self.selected, self.columns):
            found = {c.sql: c for c in columns if c.name and c.name.lower() == name.lower()}
            if len(found) > 1:
                raise QueryError(f"Column '{name}' is ambiguous")
            for column in found.values():
                return column._replace(name=name)
        raise QueryError(f"Column '{name}' does not exist")

    def check_grouped(self, expressions, groups):
        """Fail if a column in these expressions is neither aggregated nor in one of the groups."""
        columns = [column.sql for column in self.columns]
        for sql, _, name, parts in expressions:
            if sql in columns and sql not in groups:
                raise QueryError(f"'{name}' must be an aggregate expression or in GROUP BY")
            if sql not in groups:
                self.check_grouped(parts, groups)


def fits(given, wanted):
    """Return whether a type can be used where another one is wanted, as it is or widened."""
    if given in NUMBERS and wanted in NUMBERS:
        return NUMBERS.index(given) <= NUMBERS.index(wanted)
    return given in (wanted, "UNKNOWN")


def in_range(value, kind):
    """Return a number or time that is in the range of its type, or raise QueryError."""
    low, high = RANGES[kind]
    # Where an integer gets too large, SQLite goes on with a float.
    if not low <= value <= high or isinstance(value, float) != (kind == "DOUBLE"):
        raise QueryError(f"{value} is out of range of {kind.lower()}")
    return value


def fill_table(connection, records):
    """Put records into the table data of SQLite, and return its columns, as expressions."""
    kinds = {name: "VARCHAR" for record in records for name in record.dimensions}
    kinds |= {"measure_name": "VARCHAR", "time": "TIMESTAMP"}
    kinds |= {f"measure_value::{record.kind.lower()}": record.kind for record in records}
    columns = [f"c{number}" for number in range(len(kinds))]
    connection.execute(f"CREATE TABLE data ({', '.join(columns)})")
    for record in records:
        row = record.dimensions | {"measure_name": record.measure, "time": record.time}
        row[f"measure_value::{record.kind.lower()}"] = record.value
        values = [row.get(name) for name in kinds]
        connection.execute(f"INSERT INTO data VALUES ({', '.join('?' * len(values))})", values)
    return [
        Expression(f"data.{sql}", kind, name) for sql, (name, kind) in zip(columns, kinds.items())
    ]


def format_double(value):
    """Return a number as Java writes it: 61.0, 1.0E10, 1.5E-5."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    text = f"{Decimal(repr(value)).normalize():E}".replace("E+", "E")
    return text if "." in text else text.replace("E", ".0E")


def format_time(nanoseconds):
    """Return a time as 2026-11-24 03:04:05.123456789."""
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{datetime(1970, 1, 1) + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S}.{rest:09}"


def format_value(value, kind):
    """Return a value as Timestream has it in an answer."""
    if value is None:
        return {"NullValue": True}
    if kind in RANGES:
        in_range(value, kind)
    formats = {"BOOLEAN": lambda truth: str(bool(truth)).lower(), "DOUBLE": format_double,
               "TIMESTAMP": format_time}
    return {"ScalarValue": formats.get(kind, str)(value)}
