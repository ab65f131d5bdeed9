"""Finds each expression's type, as Trino does, and writes its SQL for SQLite."""

import re
from collections import namedtuple

from tests.local_aws.query import functions, nodes, types
from tests.local_aws.query.advice import describe_mismatch, explain_missing
from tests.local_aws.query.errors import QueryError, unsupported, wrong
from tests.local_aws.query.types import (
    COERCIONS,
    TEXT,
    UNKNOWN,
    Array,
    Function,
    Row,
    Series,
    common_kind,
    fits,
    is_nested,
    name_kind,
    settle,
)

# A typed expression. loose: the names of its columns that are neither grouped nor aggregated.
# parts: AGGREGATE and WINDOW, if it has such functions. text: the text, if it is one in quotes.
Value = namedtuple("Value", "sql kind loose parts text", defaults=[frozenset(), frozenset(), None])
AGGREGATE, WINDOW = "aggregate", "window"

# A column of a table or a query. is_stored: whether its name is stored, not given by the query.
Column = namedtuple("Column", "name sql kind is_stored", defaults=[False])
# A table or a query: its SQL, its columns, and the names that can qualify its columns.
# sources: those of a query of WITH, see Writer.
Relation = namedtuple("Relation", "sql columns names sources", defaults=[(), 0])

MAX_SQL = 200_000  # characters of an expression
CAPTURED = re.compile(r":p\d+_(\d+)")  # a parameter of a lambda, see Expressions.take()
# A function call in SQL, which can fail.
CALL = re.compile(r"[A-Za-z_]\(")
# The functions that can ignore nulls, and the end of the values from which they count.
NULLS_IGNORED = {
    "first_value": "first",
    "last_value": "last",
    "nth_value": "first",
    "lag": "last",
    "lead": "first",
}


def is_named(column, name):
    """Return whether a name in a query is a column's.

    Stored names are case-sensitive: Timestream Developer Guide, "Quotas", "Naming constraints"
    ("All Column Names") and "System identifiers". Names given by a query are not, as in Trino.
    """
    if column.is_stored or column.name is None:
        return column.name == name
    return column.name.lower() == name.lower()


def merge(values, field):
    """Return a field of all values, `loose` or `parts`, as one set."""
    return frozenset().union(*(getattr(value, field) for value in values))


class Expressions:
    """Writes the expressions of one SELECT, or of a lambda in it.

    writer: the Writer of the whole query, see selects.py.
    relations: where names are looked up. outer: the enclosing Expressions, or None.
    known: the queries of WITH. windows: those of the WINDOW clause.
    aliases: the select list's names in lower case, for errors.
    grouped: the SQL of the grouped expressions. outputs: (Column, Value) pairs that are looked up
    first, except in_aggregate functions.
    captured: the Values used from outside. is_try: whether this is the lambda of TRY:
    its aggregates, window functions and sub-queries are computed outside.
    """

    def __init__(self, writer, relations, outer=None, known=None, windows=None):
        self.writer, self.relations, self.outer = writer, relations, outer
        self.known, self.windows = known or {}, windows or {}
        self.aliases, self.grouped, self.outputs, self.in_aggregate = set(), set(), [], False
        self.captured, self.depth = [], outer.depth + 1 if outer else 0
        self.is_lambda = self.is_try = False

    def write(self, node):
        """Return the Value of a node."""
        if self.is_try and is_of_query(node):
            return self.take(self.outer.write(node))
        self.writer.check_time()
        value = WRITERS[type(node)](self, node)
        if len(value.sql) > MAX_SQL:  # some nodes have their parts twice, on each level
            raise QueryError("The query is too large for this local AWS: nested expressions")
        return self.find_key(value) or value

    def find_key(self, value):
        """Return the Value of a grouped expression, which is not loose; None for others."""
        if not self.is_lambda:
            return value._replace(loose=frozenset()) if value.sql in self.grouped else None
        if not value.loose:
            return None
        sql = CAPTURED.sub(lambda found: self.captured[int(found[1])].sql, value.sql)
        key = self.outer.find_key(value._replace(sql=sql))
        return key and self.take(key)

    def write_final(self, node):
        """Return the Value of a node in its final type."""
        value = self.write(node)
        return value._replace(kind=settle(value.kind))

    def condition(self, node, clause, forbidden=(AGGREGATE, WINDOW)):
        """Return the Value of a clause's condition."""
        # In these clauses, AND is kept, so that SQLite can use its index.
        is_and = isinstance(node, nodes.Call) and node.name == "and"
        if is_and and clause in ("WHERE", "JOIN ON"):
            parts = [self.condition(part, clause, forbidden) for part in node.arguments]
            sql = " AND ".join(part.sql for part in parts)
            return Value(f"({sql})", "BOOLEAN", merge(parts, "loose"), merge(parts, "parts"))
        value = self.write(node)
        if not fits(value.kind, "BOOLEAN"):
            kind = name_kind(value.kind)
            raise wrong(
                node.place, f"{clause} clause must evaluate to a boolean: actual type {kind}"
            )
        self.forbid(node.place, value, clause, forbidden)
        return value

    def forbid(self, place, value, clause, forbidden=(AGGREGATE, WINDOW)):
        """Fail if a value has functions that a clause does not allow."""
        for part in forbidden:
            if part in value.parts:
                raise wrong(place, f"{clause} cannot contain {part} functions")

    def coerce(self, place, value, kind):
        """Return a value's SQL, converted to a type that it fits."""
        if value.kind == TEXT and kind in ("TIMESTAMP", "DATE"):
            return self.writer.constant(kind, self.read(place, value.text, kind))
        if (value.kind, kind) in COERCIONS:
            return COERCIONS[value.kind, kind].format(value.sql)
        if value.kind in (kind, UNKNOWN) or not is_nested(value.kind):
            return value.sql
        return f"t_cast({value.sql}, {self.writer.object((value.kind, kind))})"

    def compared(self, place, word, left, right):
        """Return the SQL of two values in the type that they have in common."""
        kind = common_kind([left.kind, right.kind])
        if kind is None or is_nested(kind):
            kinds = f"{name_kind(left.kind)} and {name_kind(right.kind)}"
            raise wrong(place, f"{word} cannot compare {kinds}")
        return self.coerce(place, left, kind), self.coerce(place, right, kind)

    def read(self, place, text, kind):
        """Read a text in quotes as a time."""
        try:
            return types.read_text(text, kind)
        except QueryError as error:
            hint = ""
            if re.fullmatch(r"\d+\s?[a-z]+", text):
                hint = f". Write an interval without quotes: {text}"
            raise wrong(place, f"{error}{hint}") from None

    # Constants and names

    def constant(self, node):
        """Write a constant."""
        if node.value is None:
            return Value("NULL", UNKNOWN)
        text = node.value if node.kind == TEXT else None
        return Value(self.writer.constant(node.kind, node.value), node.kind, text=text)

    def name(self, node):
        """Write a column, or a field of one."""
        for count in range(len(node.parts), 0, -1):
            value = self.find(node._replace(parts=node.parts[:count]))
            if value:
                for name in node.parts[count:]:
                    value = self.field_of(node.place, value, name)
                return value
        raise wrong(node.place, explain_missing(self, node))

    def find(self, node):
        """Return the Value of a column, here or in an enclosing query, or None."""
        *qualifier, name = node.parts
        found = find_columns(self.relations, qualifier, name)
        if not qualifier:
            pairs = [pair for pair in self.outputs if is_named(pair[0], name)]
            selected = {column.sql: value for column, value in pairs}
            if len(selected) > 1:
                raise wrong(node.place, f"Column '{name}' is ambiguous")
            if selected and not self.in_aggregate:
                return selected.popitem()[1]
            if selected and [column.sql for column in found] != list(selected):
                raise wrong(node.place, "ORDER BY cannot use an alias in an aggregate function")
        if len(found) > 1:
            raise wrong(node.place, f"Column '{'.'.join(node.parts)}' is ambiguous")
        if found:
            loose = frozenset() if self.is_lambda else frozenset([name])
            value = Value(found[0].sql, found[0].kind, loose)
            return self.find_key(value) or value
        return self.capture(node) if self.outer else None

    def capture(self, node):
        """Return the Value of an enclosing query's column, or None."""
        value = self.outer.find(node)
        if value is None:
            return None
        if self.in_aggregate:
            name = ".".join(node.parts)
            raise wrong(
                node.place,
                f"Reference to column '{name}' from outer scope not allowed in this context",
            )
        if self.is_lambda:
            return self.take(value)
        self.captured.append(value)
        return Value(value.sql, value.kind)

    def take(self, value):
        """Return the Value of a lambda's parameter for a Value of what is around it."""
        sqls = [one.sql for one in self.captured]
        if value.sql not in sqls:
            sqls.append(value.sql)
            self.captured.append(value)
        return value._replace(sql=f":p{self.depth}_{sqls.index(value.sql)}", text=None)

    def field_of(self, place, value, name):
        """Return a field of a row."""
        if not isinstance(value.kind, Row):
            raise wrong(place, f"Expression of type {name_kind(value.kind)} has no field '{name}'")
        found = [
            index
            for index, (field, _) in enumerate(value.kind.fields)
            if field and field.lower() == name.lower()
        ]
        if len(found) != 1:
            raise wrong(place, f"{name_kind(value.kind)} has no field '{name}'")
        sql = f"t_field({value.sql}, {found[0]})"
        return value._replace(sql=sql, kind=value.kind.fields[found[0]][1])

    def field(self, node):
        """Write a field of a row that is not a column."""
        return self.field_of(node.place, self.write(node.operand), node.name)

    # Functions

    def call(self, node):
        """Write a function call, or an operator."""
        if node.over:
            return self.windowed(node)
        if node.name == "try":
            return self.try_(node)
        if node.name in functions.WINDOW_FUNCTIONS:
            raise wrong(node.place, f"Window function {node.name} needs OVER (...) after it")
        if node.name in functions.AGGREGATES or node.name in functions.PLAIN_AGGREGATES:
            return self.aggregate(node)
        if node.where:
            raise wrong(node.place, "Filter is only valid for aggregation functions")
        if node.distinct:
            raise wrong(node.place, f"DISTINCT is not valid for {node.name}")
        if node.name in ("in", "and", "or"):
            return getattr(self, f"{node.name}_")(node)
        return self.apply(node, node.arguments)

    def aggregate(self, node):
        """Write an aggregate function call."""
        self.forbid_in_lambda(node)
        self.in_aggregate = True
        value = self.apply(node, node.arguments, self.filter(node))
        if node.orders:
            value = self.ordered_array(node, value)
        self.in_aggregate = False
        self.forbid(node.place, value, f"The aggregate function {node.name}")
        return value._replace(loose=frozenset(), parts=frozenset([AGGREGATE]))

    def forbid_in_lambda(self, node):
        """Fail if this is inside a lambda, which cannot have such a node."""
        if self.is_lambda:
            text = "Lambda expression cannot contain aggregations, window functions or grouping"
            raise wrong(node.place, f"{text} operations: {node.name}")

    def ordered_array(self, node, value):
        """Write array_agg with ORDER BY; a text has the direction of each key."""
        keys = [self.order_key(order) for order in node.orders]
        words = [f"{'desc' if order.descending else 'asc'} {order.nulls}" for order in node.orders]
        kind = "nested" if is_nested(value.kind.element) else "plain"
        item = self.write(node.arguments[0])
        sqls = [repr(",".join([kind, *words])), item.sql, *(key.sql for key in keys)]
        return value._replace(
            sql=f"t_array_agg_ordered({', '.join(sqls)}){self.filter(node)}",
            parts=merge([value, *keys], "parts"),
        )

    def filter(self, node):
        """Return the SQL of FILTER."""
        if not node.where:
            return ""
        return f" FILTER (WHERE {self.condition(node.where, 'FILTER').sql})"

    def apply(self, node, arguments, tail=""):
        """Return the Value of a function or operator with these arguments."""
        signatures = functions.OPERATORS.get(node.name) or functions.FUNCTIONS[node.name]
        if not node.over:
            signatures = signatures + functions.PLAIN_SIGNATURES.get(node.name, [])
        values = [None if isinstance(one, nodes.Lambda) else self.write(one) for one in arguments]
        given = [value and value.kind for value in values]
        match = find_match(signatures, given)
        if match is None:
            raise wrong(node.place, describe_mismatch(node, values, signatures))
        signature, wanted, letters = match
        sqls = []
        for argument, value, parameter in zip(arguments, values, wanted):
            if value is None:
                value, sql = self.lambda_(argument, parameter, letters)
                values[len(sqls)] = value
                sqls.append(sql)
            else:
                kind = substitute(parameter, letters)
                sqls.append(self.coerce(argument.place, value, kind))
        if node.distinct:
            if node.name not in functions.TAKING_DISTINCT or len(sqls) != 1:
                raise unsupported(node.place, f"DISTINCT in {node.name}")
            sqls = [f"DISTINCT {sqls[0]}"]
        sql = signature.sql.format(
            *sqls,
            **{letter: kind for letter, kind in letters.items() if kind in types.SCALARS},
            S_object=self.writer.object(letters.get("S")) if "S_object" in signature.sql else None,
            all=", ".join(sqls),
            rest=", ".join(sqls[1:]),
            tail=tail,
        )
        result = substitute(signature.result, letters)
        return Value(sql, result, merge(values, "loose"), merge(values, "parts"))

    def lambda_(self, node, parameter, letters):
        """Write a lambda; return a Value with its loose names and parts, and its SQL.

        Its result determines the last letter of its type, if that is not known yet.
        """
        given = [substitute(kind, letters) for kind in parameter.parameters]
        names = node.parameters
        if len(names) != len(given):
            raise wrong(node.place, f"This lambda takes {len(given)} arguments, not {len(names)}")
        body = Expressions(self.writer, [], self, self.known)
        body.is_lambda, body.is_try = True, not names
        columns = [
            Column(name, f":l{body.depth}_{number}", kind)
            for number, (name, kind) in enumerate(zip(names, given))
        ]
        body.relations = [Relation("", columns)]
        value = body.write_final(node.body)
        letter = parameter.result
        wanted = letters.setdefault(letter, value.kind) if letter in LETTERS else letter
        if wanted == UNKNOWN != value.kind:  # reduce()'s state may be null at first
            letters[letter] = value.kind
            return self.lambda_(node, parameter, letters)
        if not fits(value.kind, wanted):
            text = f"This lambda returns {name_kind(value.kind)}, not {name_kind(wanted)}"
            if letter == "U":
                text = f"{text}. Cast the first state of reduce to {name_kind(value.kind)}"
            raise wrong(node.place, text)
        sql = body.coerce(node.place, value, wanted)
        number = self.writer.object((sql, body.depth, is_nested(wanted)))
        captured = [one.sql for one in body.captured]
        return value, f"t_lambda({', '.join([number, *captured])})"

    def stray_lambda(self, node):
        """Refuse a lambda outside of a function that takes one."""
        raise wrong(node.place, "A lambda can only be an argument of functions such as filter()")

    def try_(self, node):
        """Write TRY, which turns an expression's error into null."""
        if len(node.arguments) != 1:
            raise wrong(node.place, "try takes one expression")
        letters = {}
        body = nodes.Lambda(node.place, [], node.arguments[0])
        value, sql = self.lambda_(body, Function((), "T"), letters)
        return value._replace(sql=f"t_try({sql})", kind=letters["T"], text=None)

    def and_(self, node):
        """Write AND. As in Trino, nothing after a false part is computed."""
        return self.guarded(node, "NOT ", 0)

    def or_(self, node):
        """Write OR. As in Trino, nothing after a true part is computed."""
        return self.guarded(node, "", 1)

    def guarded(self, node, negation, result):
        """Write AND or OR. SQLite computes all parts, so CASE guards parts that can fail."""
        values = [self.write(part) for part in node.arguments]
        if not all(fits(value.kind, "BOOLEAN") for value in values):
            signatures = functions.OPERATORS[node.name]
            raise wrong(node.place, describe_mismatch(node, values, signatures))
        sqls = [value.sql for value in values]
        sql = f"({f' {node.name.upper()} '.join(sqls)})"
        if any(CALL.search(part) for part in sqls[1:]):
            whens = " ".join(f"WHEN {negation}{part} THEN {result}" for part in sqls)
            sql = f"(CASE {whens} ELSE {sql} END)"
        return Value(sql, "BOOLEAN", merge(values, "loose"), merge(values, "parts"))

    def in_(self, node):
        """Write IN. Many constants become one object, as SQLite is slow with many parameters."""
        operand, *items = node.arguments
        if len(items) < 100 or not all(isinstance(item, nodes.Constant) for item in items):
            return self.apply(node, node.arguments)
        value = self.write(operand)
        kinds = dict.fromkeys(item.kind for item in items)
        kind = common_kind([value.kind, *kinds])
        if kind is None or is_nested(kind):
            return self.apply(node, node.arguments)
        kind = settle(kind)
        constants = frozenset(
            None if item.value is None else types.cast(item.value, item.kind, kind)
            for item in items
        )
        sql = self.coerce(operand.place, value, kind)
        return value._replace(
            sql=f"t_among({sql}, {self.writer.object(constants)})", kind="BOOLEAN", text=None
        )

    def windowed(self, node):
        """Write a function call with OVER."""
        name, window = node.name, node.over
        if isinstance(window, str):
            if window.lower() not in self.windows:
                raise wrong(node.place, f"WINDOW '{window}' is not defined")
            window = self.windows[window.lower()]
        self.forbid_in_lambda(node)
        if name not in functions.AGGREGATES and name not in functions.WINDOW_FUNCTIONS:
            if name in functions.PLAIN_AGGREGATES:
                raise unsupported(node.place, f"{name} with OVER")
            raise wrong(node.place, f"'{name}' is not an aggregate or a window function")
        if node.distinct:
            raise wrong(node.place, "DISTINCT in window function parameters not yet supported")
        if node.where and name in functions.WINDOW_FUNCTIONS:
            raise wrong(node.place, "Filter is only valid for aggregation functions")
        partition = [self.write(part) for part in window.partition]
        keys = [self.order_key(order) for order in window.orders]
        words = []
        if partition:
            words.append(f"PARTITION BY {', '.join(value.sql for value in partition)}")
        if keys:
            words.append(f"ORDER BY {order_by(keys, window.orders)}")
        if node.ignores_nulls:
            value = self.ignoring_nulls(node, words, window)
        else:
            words.append(self.frame(node.place, window, keys))
            value = self.apply(
                node, node.arguments, f"{self.filter(node)} OVER ({' '.join(words)})"
            )
        values = [value, *partition, *keys]
        self.forbid(
            node.place,
            value._replace(parts=merge(values, "parts")),
            f"The window of {name}",
            [WINDOW],
        )
        parts = merge(values, "parts") | {WINDOW}
        return value._replace(loose=merge(values, "loose"), parts=parts)

    def order_key(self, order):
        """Write a key of ORDER BY in a window."""
        value = self.write(order.key)
        check_ordered(order.key.place, value)
        return value

    def frame(self, place, window, keys):
        """Return a window's frame. A range may be an interval, which becomes nanoseconds."""
        if not window.frame:
            return ""
        unit, *bounds = window.frame
        texts = []
        for number, word in bounds:
            if isinstance(number, nodes.Constant):
                if unit == "RANGE" and (len(keys) != 1 or not fits_range(number, keys[0])):
                    raise wrong(
                        place,
                        "RANGE with a distance needs ORDER BY with one number or one time, and a "
                        "distance that can be added to it",
                    )
                if unit != "RANGE" and number.kind not in types.INTEGERS:
                    raise wrong(place, f"The frame of {unit} needs an integer")
                number = number.value
            texts.append(word if number is None else f"{number} {word}")
        return f"{unit} BETWEEN {' AND '.join(texts)}"

    def ignoring_nulls(self, node, words, window):
        """Write a window function that ignores nulls, which SQLite does not support.

        All values of the frame that are not null are joined to one text, one per line.
        """
        name = node.name
        if name not in NULLS_IGNORED:
            raise wrong(node.place, f"Cannot specify null treatment clause for {name} function")
        checked = self.apply(node._replace(ignores_nulls=False), node.arguments, " OVER ()")
        first, *others = [self.write(argument) for argument in node.arguments]
        number = "1"
        if others:
            check = "t_offset({})" if name in ("lag", "lead") else "t_from_one('Offset', {})"
            number = check.format(others[0].sql)
        frame = self.frame(node.place, window, [self.write(o.key) for o in window.orders])
        if name == "lag":
            frame = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
        if name == "lead":
            frame = "ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING"
        values = f"group_concat(t_pack({first.sql}), char(10))"
        over = f"OVER ({' '.join([*words, frame])})"
        end = NULLS_IGNORED[name]
        sql = f"t_pick('{end}', {number}, {values} {over})"
        if len(others) > 1:
            other = self.coerce(node.place, others[1], checked.kind)
            sql = f"coalesce({sql}, {other})"
        if name in ("lag", "lead"):  # with an offset of 0, it is the row itself, null or not
            sql = f"(CASE WHEN {number} = 0 THEN {first.sql} ELSE {sql} END)"
        return checked._replace(sql=sql)

    # Other expressions

    def case(self, node):
        """Write CASE."""
        conditions = [self.condition(condition, "WHEN", []) for condition, _ in node.branches]
        results = [self.write(result) for _, result in node.branches]
        results.append(self.write(node.otherwise))
        kind = common_kind([result.kind for result in results])
        if kind is None:
            kinds = ", ".join(name_kind(result.kind) for result in results)
            raise wrong(node.place, f"All CASE results must be the same type: {kinds}")
        kind = settle(kind)
        places = [result.place for _, result in node.branches] + [node.otherwise.place]
        *branches, otherwise = [
            self.coerce(place, result, kind) for place, result in zip(places, results)
        ]
        whens = [
            f"WHEN {condition.sql} THEN {branch}" for condition, branch in zip(conditions, branches)
        ]
        values = conditions + results
        sql = f"CASE {' '.join(whens)} ELSE {otherwise} END"
        return Value(sql, kind, merge(values, "loose"), merge(values, "parts"))

    def cast(self, node):
        """Write CAST or TRY_CAST."""
        value = self.write_final(node.operand)
        if value.kind == node.kind:
            return value
        if not types.can_cast(value.kind, node.kind):
            text = f"Cannot cast {name_kind(value.kind)} to {name_kind(node.kind)}"
            raise wrong(node.place, text)
        if (value.kind, node.kind) in COERCIONS or value.kind == UNKNOWN:
            sql = self.coerce(node.place, value, node.kind)
        else:
            name = "t_try_cast" if node.tries else "t_cast"
            sql = f"{name}({value.sql}, {self.writer.object((value.kind, node.kind))})"
        return value._replace(sql=sql, kind=node.kind)

    def array(self, node):
        """Write ARRAY[...]."""
        values = [self.write_final(item) for item in node.items]
        kind = common_kind([UNKNOWN, *(value.kind for value in values)])
        if kind is None:
            kinds = ", ".join(name_kind(value.kind) for value in values)
            raise wrong(node.place, f"All ARRAY elements must be the same type: {kinds}")
        sqls = [self.coerce(node.place, value, kind) for value in values]
        return self.list_of(sqls, [kind] * len(sqls), Array(kind), values)

    def row(self, node):
        """Write ROW(...)."""
        values = [self.write_final(item) for item in node.items]
        kinds = [value.kind for value in values]
        row = Row(tuple((None, kind) for kind in kinds))
        return self.list_of([value.sql for value in values], kinds, row, values)

    def list_of(self, sqls, kinds, kind, values):
        """Write an array or a row."""
        nested = "".join("j" if is_nested(one) else "v" for one in kinds)
        sql = f"t_list({', '.join([repr(nested), *sqls])})"
        return Value(sql, kind, merge(values, "loose"), merge(values, "parts"))

    # Sub-queries

    def in_query(self, node):
        """Write IN with a sub-query."""
        value = self.write_final(node.operand)
        relation, captured = self.sub_query(node)
        column = relation.columns[0]
        left, right = self.compared(node.place, "IN", value, Value(column.sql, column.kind))
        sql = f"({left} IN (SELECT {right} FROM ({relation.sql})))"
        return Value(sql, "BOOLEAN", value.loose | merge(captured, "loose"), value.parts)

    def exists(self, node):
        """Write EXISTS."""
        relation, captured = self.sub_query(node, only_one=False)
        return Value(f"EXISTS ({relation.sql})", "BOOLEAN", merge(captured, "loose"))

    def scalar_query(self, node):
        """Write a sub-query used as a value. SQLite would take the first of several rows."""
        relation, captured = self.sub_query(node)
        column = relation.columns[0]
        value = f"t_only_value({column.sql}, count(*) OVER ())"
        sql = f"(SELECT {value} FROM ({relation.sql}))"
        return Value(sql, column.kind, merge(captured, "loose"))

    def sub_query(self, node, only_one=True):
        """Return a sub-query's Relation, and the Values of this query that it uses."""
        if self.is_lambda:
            raise unsupported(node.place, "a sub-query in a lambda")
        scope = Expressions(self.writer, [], self)
        relation = self.writer.query(node.query, self.known, scope)
        if only_one and len(relation.columns) != 1:
            count = len(relation.columns)
            raise wrong(
                node.place,
                f"Multiple columns returned by subquery are not yet supported. Found {count}",
            )
        return relation, scope.captured


LETTERS = functions.LETTERS
WRITERS = {
    nodes.Constant: Expressions.constant,
    nodes.Name: Expressions.name,
    nodes.Field: Expressions.field,
    nodes.Call: Expressions.call,
    nodes.Case: Expressions.case,
    nodes.Cast: Expressions.cast,
    nodes.ArrayOf: Expressions.array,
    nodes.RowOf: Expressions.row,
    nodes.InQuery: Expressions.in_query,
    nodes.Exists: Expressions.exists,
    nodes.Lambda: Expressions.stray_lambda,
    nodes.ScalarQuery: Expressions.scalar_query,
}


def is_of_query(node):
    """Return whether a node needs the rows of a query, so that it cannot stand in a lambda."""
    if isinstance(node, nodes.Call):
        is_aggregate = node.name in functions.AGGREGATES or node.name in functions.PLAIN_AGGREGATES
        return is_aggregate or node.over is not None
    return isinstance(node, (nodes.Exists, nodes.ScalarQuery))


def is_qualified(relation, qualifier):
    """Return whether a qualifier names a relation; an empty one names all of them."""
    return not qualifier or ".".join(qualifier).lower() in relation.names


def find_columns(relations, qualifier, name):
    """Return the columns with a name, in the relations that the qualifier names."""
    return [
        column
        for relation in relations
        if is_qualified(relation, qualifier)
        for column in relation.columns
        if is_named(column, name)
    ]


def find_match(signatures, given):
    """Return the first signature that accepts these types, its parameters, and its letters.

    None is the type of a lambda.
    """
    for signature in signatures:
        parameters = list(signature.parameters)
        if signature.repeats:
            parameters += parameters[-1:] * (len(given) - len(parameters))
            if len(given) < len(signature.parameters) - 1:
                continue
            parameters = parameters[: len(given)]
        letters = {}
        if len(parameters) == len(given) and all(
            bind(parameter, kind, letters) for parameter, kind in zip(parameters, given)
        ):
            for letter, kind in letters.items():
                is_number = LETTERS[letter] == types.NUMBERS
                letters[letter] = "INTEGER" if is_number and kind == UNKNOWN else settle(kind)
            return signature, parameters, letters
    return None


def bind(parameter, kind, letters):
    """Return whether a type fits a parameter; add the meaning of letters to `letters`."""
    if isinstance(parameter, Function) or kind is None:
        return isinstance(parameter, Function) and kind is None
    if parameter in LETTERS:
        common = common_kind([letters.get(parameter, UNKNOWN), kind])
        allowed = LETTERS[parameter]
        if common is None or (allowed and common not in (*allowed, UNKNOWN, TEXT)):
            return False
        if common == TEXT and allowed == types.NUMBERS:
            return False
        letters[parameter] = common
        return True
    if isinstance(parameter, (Array, Series)):
        if kind == UNKNOWN:
            return bind(parameter.element, UNKNOWN, letters)
        return type(kind) is type(parameter) and bind(parameter.element, kind.element, letters)
    # A text in quotes is a date only next to dates; otherwise it is a time.
    return fits(kind, parameter) and (kind, parameter) != (TEXT, "DATE")


def substitute(kind, letters):
    """Return a type with its letters replaced by their meaning."""
    if isinstance(kind, (Array, Series)):
        return type(kind)(substitute(kind.element, letters))
    if isinstance(kind, Row):
        return Row(tuple((name, substitute(part, letters)) for name, part in kind.fields))
    return letters.get(kind, UNKNOWN) if kind in LETTERS else kind


def fits_range(number, key):
    """Return whether a distance can be added to a window's ORDER BY key."""
    if key.kind in ("TIMESTAMP", "DATE", "INTERVAL"):
        return number.kind == "INTERVAL"
    return key.kind in types.NUMBERS and number.kind in types.NUMBERS


def check_ordered(place, value):
    """Fail if values of this type cannot be ordered."""
    if isinstance(value.kind, Series):
        raise wrong(place, f"{name_kind(value.kind)} is not orderable")
    if is_nested(value.kind):
        raise unsupported(place, f"ORDER BY {name_kind(value.kind)}")


def order_by(values, orders):
    """Return the SQL of ORDER BY keys, with their directions."""
    keys = [
        f"{value.sql} {'DESC' if order.descending else 'ASC'} NULLS {order.nulls.upper()}"
        for value, order in zip(values, orders)
    ]
    return ", ".join(keys)
