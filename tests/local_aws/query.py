"""Timestream's Query for the local AWS: it answers SELECT on stored records, with SQLite.

Timestream speaks the SQL of Trino, much of which SQLite would answer wrongly without a word: it
takes an unknown name in double quotes for a string, compares text with numbers, and picks any row
for a column that is not grouped. So no query reaches SQLite as it stands. It is read here, each
expression gets its type as in Trino, and SQLite gets a statement of our own. What is not known
here (OPERATORS and FUNCTIONS say what is) is an error that names it, never a wrong answer.
"""

import math
import operator
import re
import sqlite3
import time
from collections import namedtuple
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce


class QueryError(Exception):
    """What Timestream answers with a ValidationException; the message is for the reader."""


def query(sql, databases, now=None):
    """Return what Timestream's Query answers: a dictionary with ColumnInfo and Rows.

    databases: {database name: {table name: [record, ...]}}, records as WriteRecords takes them.
    now: seconds since the epoch; the clock's if None.
    Raises QueryError if the query is wrong, or needs something that is not supported here.
    """
    # Timestream's now() has milliseconds. All times in here are nanoseconds since the epoch.
    now = int((time.time() if now is None else now) * 1000) * 10**6
    connection = sqlite3.connect(":memory:")
    errors = []
    try:
        add_functions(connection, errors)
        parser = Parser(tokenize(sql), connection, databases, now)
        statement, columns = parser.select()
        connection.set_authorizer(allow_reading)
        rows = connection.execute(statement, parser.parameters).fetchall()
        data = [[format_value(value, c.kind) for value, c in zip(row, columns)] for row in rows]
    except (sqlite3.Error, RecursionError, ValueError, OverflowError) as error:
        # SQLite does not say what went wrong in a Python function, so errors keeps it.
        raise errors[0] if errors else QueryError(f"cannot be answered here: {error}") from error
    finally:
        connection.close()
    return {
        "ColumnInfo": [{"Name": c.name, "Type": {"ScalarType": c.kind}} for c in columns],
        "Rows": [{"Data": row} for row in data],
    }


def allow_reading(action, *_):
    allowed = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION)
    return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY


Token = namedtuple("Token", "kind text place")
TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<string>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")+")
    |(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[-+]?[0-9]+)?(?!\w))
    |(?P<interval>(?:[0-9]+|interval\s*'[0-9]+'\s*)[a-z]+\b)
    |(?P<name>measure_value::\w+|[a-z_]\w*)
    |(?P<symbol><>|!=|<=|>=|\|\||[-+*/=<>(),.;])
    |(?P<unknown>.)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL | re.ASCII,
)
# Words that are names only in double quotes.
KEYWORDS = set(
    "and as between by case cast current_date current_time current_timestamp distinct else end "
    "except exists extract false from full group having in inner intersect is join left like limit "
    "natural not null on or order outer right select then true union values when where with".split()
)
CLAUSES = ("from", "where", "group", "having", "order", "limit", "<eof>")
COMPARISONS = ["=", "!=", "<>", "<", "<=", ">", ">="]
# From those that bind least to those that bind most.
OPERATORS = [["or"], ["and"], COMPARISONS, ["||"], ["+", "-"], ["*", "/"]]


def tokenize(sql):
    """Return the tokens of a query, and at its end one with the text <EOF>."""
    tokens = []
    for match in TOKEN.finditer(sql):
        line, before = sql.count("\n", 0, match.start()) + 1, sql.rfind("\n", 0, match.start())
        token = Token(match.lastgroup, match.group(), f"line {line}:{match.start() - before}")
        if token.kind == "unknown":
            fail(token, f"mismatched input '{token.text}'")
        if token.kind != "space":
            tokens.append(token)
    if tokens and tokens[-1].text == ";":
        tokens.pop()
    return tokens + [Token("end", "<EOF>", "end of the query")]


def fail(token, message):
    raise QueryError(f"{token.place}: {message}")


# SQL for SQLite, its type, and its name if it is a column. bare: the token of a column in it that
# is neither grouped nor aggregated. aggregate: whether there is an aggregate function in it.
Expression = namedtuple("Expression", "sql kind name bare aggregate", defaults=(None, None, False))


class Parser:
    """Reads a query from its tokens, and writes it anew for SQLite."""

    def __init__(self, tokens, connection, databases, now):
        self.tokens, self.position = tokens, 0
        self.connection, self.databases = connection, databases
        # The values of the constants in the new statement.
        self.parameters = {"now": now}
        # What expressions can name: the columns of FROM; in ORDER BY the select list, too.
        self.columns, self.selected = [], []
        # The SQL of what the query groups by.
        self.groups = []

    def coming(self):
        return self.tokens[self.position]

    def accept(self, *texts):
        """Return the coming token and go on if it is one of these; else return None."""
        token = self.coming()
        if token.text.lower() not in texts:
            return None
        self.position += 1
        return token

    def expect(self, *texts):
        return self.accept(*texts) or self.mismatch(" or ".join(texts))

    def mismatch(self, expected):
        fail(self.coming(), f"mismatched input '{self.coming().text}'. Expecting: {expected}")

    def name(self):
        """Return the name that comes, or None if what comes is not a name."""
        kind, text = self.coming().kind, self.coming().text
        if kind != "quoted" and (kind != "name" or text.lower() in KEYWORDS):
            return None
        self.position += 1
        return text if kind == "name" else text[1:-1].replace('""', '"')

    def list_of(self, read, *arguments):
        """Return what the method read returns for each part of a list with commas."""
        parts = [read(*arguments)]
        while self.accept(","):
            parts.append(read(*arguments))
        return parts

    def select(self):
        """Return the statement for SQLite, and the expressions that it selects."""
        self.expect("select")
        distinct = self.accept("distinct")
        # The select list has to wait until FROM has said which columns there are, and is read
        # again when GROUP BY has said which of them are grouped.
        start = self.position
        while self.coming().text.lower() not in CLAUSES:
            self.position += 1
        end = self.position
        clauses = self.table() if self.accept("from") else ""
        if token := self.accept("where"):
            clauses += f" WHERE {self.call(token, 'where', self.expression()).sql}"
        items = self.select_list(start, end)
        grouped = self.accept("group")
        if grouped:
            self.expect("by")
            self.groups = [group.sql for group in self.list_of(self.choice, items, "GROUP BY")]
            clauses += f" GROUP BY {', '.join(self.groups)}"
            items = self.select_list(start, end)
        checked = list(items)
        if token := self.accept("having"):
            grouped = token
            checked.append(self.call(token, "having", self.expression()))
            clauses += f" HAVING {checked[-1].sql}"
        if self.accept("order"):
            self.expect("by")
            self.selected = items
            orders = self.list_of(self.order, items, distinct)
            clauses += f" ORDER BY {', '.join(order.sql for order in orders)}"
            checked += orders
        if self.accept("limit"):
            if not re.fullmatch("[0-9]+", self.coming().text):
                self.mismatch("a number")
            clauses += f" LIMIT {self.coming().text}"
            self.position += 1
        self.expect("<eof>")
        for bare in [item.bare for item in checked if item.bare]:
            if grouped or any(item.aggregate for item in checked):
                rule = "must be an aggregate expression or appear in GROUP BY clause"
                fail(bare, f"'{bare.text}' {rule}")
        selected = ", ".join(item.sql for item in items)
        items = [item._replace(name=item.name or f"_col{n}") for n, item in enumerate(items)]
        return f"SELECT {'DISTINCT ' if distinct else ''}{selected}{clauses}", items

    def table(self):
        """Read the table of FROM, and put it into SQLite."""
        token = self.coming()
        database = self.name() or self.mismatch("a database")
        self.expect(".")
        table = self.name() or self.mismatch("a table")
        # Unlike the names of columns, these are case-sensitive in Timestream.
        tables = self.databases.get(database, {})
        if table not in tables:
            what = f"table '{table}'" if database in self.databases else f"database '{database}'"
            place = f"for identifier '{database}.{table}' at {token.place}"
            raise QueryError(f"Requested {what} not found {place}")
        self.columns = fill_table(self.connection, tables[table])
        return " FROM data"

    def select_list(self, start, end):
        """Return the expressions of the select list, which stands between two positions."""
        back, self.position = self.position, start
        items = sum(self.list_of(self.item), [])
        if self.position != end:
            self.mismatch("a comma or FROM")
        self.position = back
        return items

    def item(self):
        """Return the expressions of an item of the select list: one, but for a *."""
        token = self.coming()
        if self.accept("*"):
            columns = [c._replace(bare=token._replace(text=c.name)) for c in self.columns]
            return [self.grouped(c) for c in columns] or fail(token, "SELECT * without FROM")
        expression = self.expression()
        name = self.name() or self.mismatch("a name") if self.accept("as") else self.name()
        return [expression._replace(name=name or expression.name)]

    def choice(self, items, clause):
        """Return an expression, or that of the select list for which a number stands."""
        start, token, expression = self.position, self.coming(), self.expression()
        if token.kind != "number" or self.position != start + 1:
            return expression
        if not token.text.isdecimal() or not 1 <= int(token.text) <= len(items):
            fail(token, f"{clause} position {token.text} is not in select list")
        return items[int(token.text) - 1]

    def order(self, items, distinct):
        """Return a part of ORDER BY; its SQL has the direction, too."""
        start, expression = self.coming(), self.choice(items, "ORDER BY")
        if distinct and expression.sql not in [item.sql for item in items]:
            fail(start, "For SELECT DISTINCT, ORDER BY expressions must appear in select list")
        direction = "ASC" if self.accept("asc") or not self.accept("desc") else "DESC"
        # Trino has nulls last in either direction. For SQLite they are the smallest.
        nulls = self.expect("first", "last").text if self.accept("nulls") else "LAST"
        return expression._replace(sql=f"{expression.sql} {direction} NULLS {nulls}")

    def expression(self, level=0):
        """Return an expression of the operators in OPERATORS[level] and those that bind more."""
        if level == len(OPERATORS):
            return self.value()
        if OPERATORS[level] is COMPARISONS:
            return self.predicate(level + 1)
        left = self.expression(level + 1)
        while token := self.accept(*OPERATORS[level]):
            left = self.call(token, token.text, left, self.expression(level + 1))
        return left

    def predicate(self, level):
        """Return NOT, a comparison, IS NULL, BETWEEN, LIKE or IN, or only what they compare."""
        if token := self.accept("not"):
            return self.call(token, "not", self.predicate(level))
        left = self.expression(level)
        if token := self.accept(*COMPARISONS):
            return self.call(token, token.text, left, self.expression(level))
        if token := self.accept("is"):
            negated, _ = self.accept("not"), self.expect("null")
            result = self.call(token, "is null", left)
            return self.call(token, "not", result) if negated else result
        negated = self.accept("not")
        if token := self.accept("between"):
            low, _ = self.expression(level), self.expect("and")
            result = self.call(token, "between", left, low, self.expression(level))
        elif token := self.accept("like"):
            result = self.call(token, "like", left, self.expression(level))
        elif token := self.accept("in"):
            self.expect("(")
            equal = [self.call(token, "=", left, v) for v in self.list_of(self.expression)]
            self.expect(")")
            result = reduce(lambda one, other: self.call(token, "or", one, other), equal)
        else:
            return self.mismatch("between, like or in") if negated else left
        return self.call(token, "not", result) if negated else result

    def value(self):
        """Return a constant, a column, a call, or an expression in brackets."""
        token, text = self.coming(), self.coming().text
        following = self.tokens[self.position + 1] if token.kind == "name" else token
        if self.accept("-"):
            return self.call(token, "-", self.value())
        if self.accept("("):
            expression = self.expression()
            self.expect(")")
            return expression
        if self.accept("null"):
            return Expression("NULL", "UNKNOWN")
        if self.accept("true", "false"):
            return self.constant(text.lower() == "true", "BOOLEAN")
        if self.accept("case"):
            return self.case()
        name = self.name()
        if name and following.text == "(":
            return self.function(token, name.lower())
        if name and following.kind == "string":
            # timestamp '2026-11-24 03:04:05'
            return self.call(token, f"{name} ''", self.value())
        if name:
            return self.column(token, name)
        self.position += 1
        if token.kind == "string":
            return self.constant(text[1:-1].replace("''", "'"), "VARCHAR")
        if token.kind == "interval":
            count, unit = re.search("([0-9]+)'?\\s*([a-z]+)$", text.lower()).groups()
            if unit not in UNITS:
                fail(token, f"mismatched input '{text}'. Units of time are {', '.join(UNITS)}")
            return self.constant(int(count) * UNITS[unit], INTERVAL)
        if text.isdecimal():
            return self.constant(int(text), "INTEGER" if int(text) < 2**31 else "BIGINT")
        if token.kind == "number":
            return self.constant(check(float(text), "DOUBLE"), "DOUBLE")
        self.position -= 1
        return self.mismatch("an expression")

    def constant(self, value, kind):
        # The same value gets the same name everywhere, so that self.groups can be compared.
        name = f"{kind}_{repr(value).encode().hex()}"
        self.parameters[name] = value
        return Expression(f":{name}", kind)

    def case(self):
        """Return a CASE as a chain of if(condition, value, otherwise)."""
        branches = []
        while token := self.accept("when"):
            test, _ = self.expression(), self.expect("then")
            branches.append((token, test, self.expression()))
        if not branches:
            self.mismatch("when")
        result = self.expression() if self.accept("else") else Expression("NULL", "UNKNOWN")
        self.expect("end")
        for token, test, value in reversed(branches):
            result = self.call(token, "if", test, value, result)
        return result

    def function(self, token, name):
        """Return a call of a function, whose name has been read already."""
        self.expect("(")
        distinct = "DISTINCT " if name in AGGREGATES and self.accept("distinct") else ""
        if name == "count" and not distinct and self.accept("*"):
            name, arguments = "count(*)", []
        else:
            arguments = [] if self.coming().text == ")" else self.list_of(self.expression)
        self.expect(")")
        return self.call(token, name, *arguments, distinct=distinct)

    def call(self, token, name, *arguments, distinct=""):
        """Return a function or operator of arguments; fail if it does not take their types."""
        name = name.lower()
        for kinds, result, how in FUNCTIONS.get(name, []):
            if len(kinds) == len(arguments) and all(map(fits, arguments, kinds)):
                break
        else:
            if name not in FUNCTIONS:
                fail(token, f"Function {name} not registered. Those known here: {NAMED}")
            kinds = [argument.kind.lower().replace("_", " ") for argument in arguments]
            fail(token, f"'{name}' cannot be applied to {', '.join(kinds) or 'nothing'}")
        values = [
            distinct + (f"CAST({argument.sql} AS REAL)" if kind == "DOUBLE" else argument.sql)
            for argument, kind in zip(arguments, kinds)
        ]
        if callable(how):
            how = f"`{name}({', '.join(kinds)})`({', '.join(['{}'] * len(values))})"
        sql = how.format(*values)
        if name in AGGREGATES:
            return Expression(sql, result, aggregate=True)
        bare = next((argument.bare for argument in arguments if argument.bare), None)
        aggregate = any(argument.aggregate for argument in arguments)
        return self.grouped(Expression(sql, result, None, bare, aggregate))

    def grouped(self, expression):
        """Return an expression that is not bare any more, if the query groups by it."""
        return expression._replace(bare=None) if expression.sql in self.groups else expression

    def column(self, token, name):
        """Return the column of a name, in any case; in ORDER BY the select list goes first."""
        found = [item for item in self.selected if item.name and item.name.lower() == name.lower()]
        if not found:
            found = [c for c in self.columns if c.name.lower() == name.lower()]
            found = [self.grouped(c._replace(name=name, bare=token)) for c in found]
        if not found:
            fail(token, f"Column '{name}' does not exist")
        if len({item.sql for item in found}) > 1:
            fail(token, f"Column '{name}' is ambiguous")
        return found[0]


# Types, and the values of the records.

NUMBERS = ["INTEGER", "BIGINT", "DOUBLE"]
INTERVAL = "INTERVAL_DAY_TO_SECOND"
TYPES = ["UNKNOWN", *NUMBERS, "VARCHAR", "BOOLEAN", "TIMESTAMP", INTERVAL]
UNITS = {"nanosecond": 1, "microsecond": 10**3, "millisecond": 10**6, "second": 10**9}
UNITS.update({"minute": 60 * 10**9, "hour": 3600 * 10**9, "day": 86400 * 10**9})
UNITS.update(zip(["ns", "us", "ms", "s", "m", "h", "d"], list(UNITS.values())))
# How to read the values of records, which are strings.
MEASURES = {"DOUBLE": float, "BIGINT": int, "TIMESTAMP": int, "VARCHAR": str}
MEASURES["BOOLEAN"] = lambda value: value.lower() == "true"


def fits(argument, kind):
    """Return whether an expression can be used where this type is wanted, as it is or widened."""
    if argument.kind in NUMBERS and kind in NUMBERS:
        return NUMBERS.index(argument.kind) <= NUMBERS.index(kind)
    return argument.kind in (kind, "UNKNOWN")


def check(value, kind):
    """Return a value that is within its type, or raise QueryError."""
    limit = {"INTEGER": 2**31, "DOUBLE": math.inf}.get(kind, 2**63)
    if kind not in ("VARCHAR", "BOOLEAN") and not -limit <= value < limit or value == -math.inf:
        raise QueryError(f"{value} is out of range of {kind.lower()}")
    if kind == "TIMESTAMP" and value < 0:
        raise QueryError("a timestamp cannot be before 1970 in Timestream")
    return value


def fill_table(connection, records):
    """Put records into the table data of SQLite, and return its columns, as expressions."""
    columns = {d["Name"]: "VARCHAR" for record in records for d in record["Dimensions"]}
    columns.update({"measure_name": "VARCHAR", "time": "TIMESTAMP"})
    kinds = [record.get("MeasureValueType", "DOUBLE") for record in records]
    columns.update({f"measure_value::{kind.lower()}": kind for kind in kinds})
    rows = []
    for record, kind in zip(records, kinds):
        value = record["MeasureValue"]
        unit = UNITS[record.get("TimeUnit", "MILLISECONDS").lower()[:-1]]
        if kind not in MEASURES:
            raise QueryError(f"measure values of type {kind} are not supported here")
        value = MEASURES[kind](value) * (unit if kind == "TIMESTAMP" else 1)
        row = {dimension["Name"]: dimension["Value"] for dimension in record["Dimensions"]}
        row.update({"measure_name": record["MeasureName"], "time": int(record["Time"]) * unit})
        row[f"measure_value::{kind.lower()}"] = check(value, kind)
        rows.append([row.get(name) for name in columns])
    names = [f"c{number}" for number in range(len(columns))]
    connection.execute(f"CREATE TABLE data ({', '.join(names)})")
    connection.executemany(f"INSERT INTO data VALUES ({', '.join('?' for _ in names)})", rows)
    return [
        Expression(f"data.{sql}", kind, name) for sql, (name, kind) in zip(names, columns.items())
    ]


def format_value(value, kind):
    """Return a value as Timestream has it in an answer."""
    if value is None:
        return {"NullValue": True}
    if kind == INTERVAL:
        raise QueryError("an interval cannot be selected here")
    if kind == "BOOLEAN":
        return {"ScalarValue": "true" if value else "false"}
    if kind == "DOUBLE":
        return {"ScalarValue": format_double(check(float(value), kind))}
    if kind == "TIMESTAMP":
        seconds, nanoseconds = divmod(value, 10**9)
        moment = datetime(1970, 1, 1) + timedelta(seconds=seconds)
        return {"ScalarValue": f"{moment:%Y-%m-%d %H:%M:%S}.{nanoseconds:09}"}
    return {"ScalarValue": str(value)}


def format_double(value):
    """Return a number as Java writes it: 61.0, 1.0E10, 1.5E-5."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    first, *rest = map(str, digits)
    return f"{'-' * sign}{first}.{''.join(rest) or 0}E{exponent + len(rest)}"


# Operators and functions.


def add_functions(connection, errors):
    """Give SQLite the Python functions of FUNCTIONS; what they raise is put into errors."""

    def guarded(function, kind):
        def run(*values):
            try:
                return None if None in values else check(function(*values), kind)
            except (QueryError, ArithmeticError, ValueError) as error:
                errors.append(QueryError(str(error)))
                raise

        return run

    for name, signatures in FUNCTIONS.items():
        for kinds, result, how in signatures:
            if callable(how):
                signature = f"{name}({', '.join(kinds)})"
                connection.create_function(signature, len(kinds), guarded(how, result))


def divide(dividend, divisor):
    # Trino has Infinity and NaN for doubles; SQLite has no NaN, and here neither is supported.
    if divisor == 0:
        raise QueryError("Division by zero")
    if isinstance(dividend, float):
        return dividend / divisor
    # Python's // rounds down, SQL towards zero.
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def bin_time(moment, width):
    return divide(moment, width) * width


def round_half_up(value, digits=0):
    if digits < 0:
        raise QueryError("round to the left of the point is not supported here")
    if isinstance(value, int):
        return value
    # Python's own round() goes to the even neighbour; Trino goes away from zero.
    scaled = Decimal(abs(value) * 10.0**digits).to_integral_value(ROUND_HALF_UP)
    return math.copysign(float(scaled) / 10.0**digits, value)


def like(text, pattern):
    wildcards = {"%": ".*", "_": "."}
    pattern = "".join(wildcards.get(letter) or re.escape(letter) for letter in pattern)
    return re.fullmatch(pattern, text, re.DOTALL) is not None


def parse_time(text):
    """Return nanoseconds for 2026-11-24 03:04:05.123456789, with T and Z or +01:00, or less."""
    pattern = r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[-+]\d\d:\d\d)?)?"
    match = re.fullmatch(pattern, text, re.ASCII)
    if not match:
        raise QueryError(f"'{text}' is not a valid timestamp")
    day, minute, second, fraction, zone = match.groups()
    zone = (zone or "Z").replace("Z", "+00:00")
    moment = datetime.fromisoformat(f"{day} {minute or '00:00'}:{second or '00'}{zone}")
    return int(moment.timestamp()) * 10**9 + int((fraction or "").ljust(9, "0"))


def for_types(types, count, result, how):
    """Return signatures of so many arguments of one type; result is a type, or None for that."""
    return [([kind] * count, result or kind, how) for kind in types]


# What there is: argument types, type of the result, and how: SQL, or a Python function. The first
# signature that fits is taken.
FUNCTIONS = {
    "where": [(["BOOLEAN"], "BOOLEAN", "{}")],
    "having": [(["BOOLEAN"], "BOOLEAN", "{}")],
    "or": [(["BOOLEAN"] * 2, "BOOLEAN", "({} OR {})")],
    "and": [(["BOOLEAN"] * 2, "BOOLEAN", "({} AND {})")],
    "not": [(["BOOLEAN"], "BOOLEAN", "(NOT {})")],
    **{sign: for_types(TYPES, 2, "BOOLEAN", f"({{}} {sign} {{}})") for sign in COMPARISONS},
    "is null": for_types(TYPES, 1, "BOOLEAN", "({} IS NULL)"),
    "between": for_types(TYPES, 3, "BOOLEAN", "({} BETWEEN {} AND {})"),
    "like": [(["VARCHAR", "VARCHAR"], "BOOLEAN", like)],
    "||": [(["VARCHAR", "VARCHAR"], "VARCHAR", operator.add)],
    "+": for_types([*NUMBERS, INTERVAL], 2, None, operator.add)
    + [(["TIMESTAMP", INTERVAL], "TIMESTAMP", operator.add)]
    + [([INTERVAL, "TIMESTAMP"], "TIMESTAMP", operator.add)],
    "-": for_types([*NUMBERS, INTERVAL], 2, None, operator.sub)
    + [(["TIMESTAMP", INTERVAL], "TIMESTAMP", operator.sub)]
    + for_types([*NUMBERS, INTERVAL], 1, None, operator.neg),
    "*": for_types(NUMBERS, 2, None, operator.mul),
    "/": for_types(NUMBERS, 2, None, divide),
    "now": [([], "TIMESTAMP", ":now")],
    "ago": [([INTERVAL], "TIMESTAMP", f"`-(TIMESTAMP, {INTERVAL})`(:now, {{}})")],
    "bin": [(["TIMESTAMP", INTERVAL], "TIMESTAMP", bin_time)],
    "from_milliseconds": [(["BIGINT"], "TIMESTAMP", lambda value: value * 10**6)],
    "to_milliseconds": for_types(["TIMESTAMP"], 1, "BIGINT", lambda value: value // 10**6),
    "from_iso8601_timestamp": [(["VARCHAR"], "TIMESTAMP", parse_time)],
    "timestamp ''": [(["VARCHAR"], "TIMESTAMP", parse_time)],
    "abs": for_types(NUMBERS, 1, None, abs),
    "round": for_types(NUMBERS, 1, None, round_half_up)
    + [([kind, "INTEGER"], kind, round_half_up) for kind in NUMBERS],
    "if": [(["BOOLEAN", k, k], k, "CASE WHEN {} THEN {} ELSE {} END") for k in TYPES],
    "coalesce": for_types(TYPES, 2, None, "coalesce({}, {})")
    + for_types(TYPES, 3, None, "coalesce({}, {}, {})"),
    "count(*)": [([], "BIGINT", "count(*)")],
    "count": for_types(TYPES, 1, "BIGINT", "count({})"),
    "count_if": [(["BOOLEAN"], "BIGINT", "count(CASE WHEN {} THEN 1 END)")],
    "sum": [(["BIGINT"], "BIGINT", "sum({})"), (["DOUBLE"], "DOUBLE", "sum({})")],
    "avg": [(["DOUBLE"], "DOUBLE", "avg({})")],
    "min": for_types(TYPES, 1, None, "min({})"),
    "max": for_types(TYPES, 1, None, "max({})"),
}
AGGREGATES = ["count(*)", "count", "count_if", "sum", "avg", "min", "max"]
NAMED = ", ".join(name for name in FUNCTIONS if name.isidentifier() and name not in KEYWORDS)
