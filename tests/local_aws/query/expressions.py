"""Gives each expression its type, as Trino does, and its SQL for SQLite."""

import itertools
from collections import namedtuple

from tests.local_aws.query import functions, nodes
from tests.local_aws.query.errors import unsupported, wrong
from tests.local_aws.query.types import COERCIONS, TYPES, common_kind, fits

# A typed expression. loose: the names of columns in it that are neither grouped nor aggregated.
# parts: AGGREGATE and WINDOW, as far as there are such functions in it.
Value = namedtuple("Value", "sql kind loose parts", defaults=[frozenset(), frozenset()])
AGGREGATE, WINDOW = "aggregate", "window"

# What names are looked up in. names: of the relation itself, in small letters.
Relation = namedtuple("Relation", "names columns")
# is_stored: whether it is one of a table, not one that the query has named itself.
Column = namedtuple("Column", "name sql kind is_stored", defaults=[False])


def is_named(column, name):
    """Return whether a name in a query is that of a column.

    What is stored has a name that is case-sensitive: Timestream Developer Guide, "Quotas", "Naming
    constraints" ("All Column Names") and "System identifiers". The names that a query itself gives
    are not, as in Trino.
    """
    if column.is_stored or column.name is None:
        return column.name == name
    return column.name.lower() == name.lower()


def merge(values, field):
    """Return all that is loose in values, or all their parts."""
    return frozenset().union(*(getattr(value, field) for value in values))


def coerce(value, kind):
    """Return the SQL of a value, made one of a type that it fits."""
    return COERCIONS.get((value.kind, kind), "{}").format(value.sql)


class Expressions:
    """Writes the expressions of one SELECT.

    writer: of the whole query, see selects.py.
    relations: where names are looked up. outer: those of the queries around it.
    aliases: what the select list has named, in small letters, for errors.
    grouped: the SQL of what is grouped by. outputs: columns that are looked up before all others,
    but not in_aggregate functions.
    """

    def __init__(self, writer, relations, outer, known):
        self.writer, self.relations, self.outer, self.known = writer, relations, outer, known
        self.aliases, self.grouped, self.outputs, self.in_aggregate = set(), set(), [], False

    def write(self, node):
        """Return the Value of a node."""
        value = WRITERS[type(node)](self, node)
        return value._replace(loose=frozenset()) if value.sql in self.grouped else value

    def condition(self, node, clause, forbidden=(AGGREGATE, WINDOW)):
        """Return the Value of a condition, which stands in a clause."""
        value = self.write(node)
        if not fits(value.kind, "BOOLEAN"):
            kind = value.kind.lower()
            raise wrong(node.place, f"{clause} has to be a boolean, and this is of type {kind}")
        self.forbid(node.place, value, clause, forbidden)
        return value

    def forbid(self, place, value, clause, forbidden=(AGGREGATE, WINDOW)):
        """Fail if there are functions in a value that cannot stand in a clause."""
        for part in forbidden:
            if part in value.parts:
                raise wrong(place, f"{clause} cannot contain {part} functions")

    def constant(self, node):
        """Write a constant."""
        if node.value is None:
            return Value("NULL", "UNKNOWN")
        return Value(self.writer.constant(node.kind, node.value), node.kind)

    def name(self, node):
        """Write a column."""
        *qualifier, name = node.parts
        found = find_columns(self.relations, qualifier, name)
        if not qualifier:
            selected = {c.sql: c for c in self.outputs if is_named(c, name)}
            if len(selected) > 1:
                raise wrong(node.place, f"Column '{name}' is ambiguous")
            if selected and not self.in_aggregate:
                return selected.popitem()[1].value
            if selected and [column.sql for column in found] != list(selected):
                raise wrong(node.place, "ORDER BY knows no alias in an aggregate function")
        if len(found) > 1:
            raise wrong(node.place, f"Column '{'.'.join(node.parts)}' is ambiguous")
        if not found:
            raise self.missing(node)
        return Value(found[0].sql, found[0].kind, frozenset([name]))

    def missing(self, node):
        """Return the error for a column that is not there."""
        *qualifier, name = node.parts
        if find_columns(self.outer, qualifier, name):
            return unsupported(node.place, "a sub-query with columns of the query around it")
        if qualifier and not any(is_qualified(one, qualifier) for one in self.relations):
            return wrong(node.place, f"Table '{'.'.join(qualifier)}' is not in FROM")
        text = f"Column '{'.'.join(node.parts)}' does not exist"
        found = [
            column.name
            for relation in self.relations
            if is_qualified(relation, qualifier)
            for column in relation.columns
            if column.name
        ]
        if found:
            text += f". There are: {', '.join(dict.fromkeys(found))}"
        if not name.isidentifier() and "::" not in name:
            text += ". Text stands in single quotes"
        if name.lower() in map(str.lower, found):
            text += ". Upper and lower case count"
        if name.lower() in self.aliases:
            text += f". '{name}' is given in SELECT; only ORDER BY knows it"
        return wrong(node.place, text)

    def call(self, node):
        """Write the call of a function, or an operator."""
        if node.over:
            return self.windowed(node)
        if node.name in functions.WINDOW_FUNCTIONS:
            raise wrong(node.place, f"{node.name} needs OVER (...) behind it")
        if node.name in functions.AGGREGATES or node.name in functions.PLAIN_AGGREGATES:
            return self.aggregate(node)
        return self.apply(node, [self.write(argument) for argument in node.arguments])

    def aggregate(self, node):
        """Write the call of an aggregate function."""
        self.in_aggregate = True
        arguments = [self.write(argument) for argument in node.arguments]
        self.in_aggregate = False
        for value in arguments:
            self.forbid(node.place, value, f"The aggregate function {node.name}")
        value = self.apply(node, arguments)
        return value._replace(loose=frozenset(), parts=frozenset([AGGREGATE]))

    def apply(self, node, arguments, over=""):
        """Return the Value of a function or operator of arguments that has their types."""
        signatures = functions.OPERATORS.get(node.name) or functions.FUNCTIONS[node.name]
        given = [argument.kind for argument in arguments]
        match = find_match(signatures, given)
        if match is None:
            raise wrong(node.place, describe_mismatch(node.name, given, signatures))
        signature, wanted, kinds = match
        sqls = [coerce(*pair) for pair in zip(arguments, wanted)]
        if node.distinct:
            if node.name not in functions.TAKING_DISTINCT or len(sqls) != 1:
                raise unsupported(node.place, f"DISTINCT in {node.name}")
            sqls = [f"DISTINCT {sqls[0]}"]
        sql = signature.sql.format(
            *sqls,
            **kinds,
            all=", ".join(sqls),
            rest=", ".join(sqls[1:]),
            chain=f" {node.name.upper()} ".join(sqls),
            over=over,
        )
        result = kinds.get(signature.result, signature.result)
        return Value(sql, result, merge(arguments, "loose"), merge(arguments, "parts"))

    def windowed(self, node):
        """Write the call of a function with OVER."""
        name, window = node.name, node.over
        if name not in functions.AGGREGATES and name not in functions.WINDOW_FUNCTIONS:
            raise unsupported(node.place, f"{name} with OVER")
        if node.distinct:
            raise unsupported(node.place, "DISTINCT with OVER")
        arguments = [self.write(argument) for argument in node.arguments]
        partition = [self.write(part) for part in window.partition]
        keys = [self.write(order.key) for order in window.orders]
        values = arguments + partition + keys
        for value in values:
            self.forbid(node.place, value, f"The window of {name}", [WINDOW])
        words = []
        if partition:
            words.append(f"PARTITION BY {', '.join(value.sql for value in partition)}")
        if keys:
            words.append(f"ORDER BY {order_by(keys, window.orders)}")
        words.append(window.frame)
        value = self.apply(node, arguments, f" OVER ({' '.join(words)})")
        return value._replace(loose=merge(values, "loose"), parts=merge(values, "parts") | {WINDOW})

    def case(self, node):
        """Write CASE."""
        conditions = [self.condition(condition, "WHEN", []) for condition, _ in node.branches]
        results = [self.write(result) for _, result in node.branches]
        results.append(self.write(node.otherwise))
        kind = common_kind([result.kind for result in results])
        if kind is None:
            kinds = ", ".join(result.kind.lower() for result in results)
            raise wrong(node.place, f"The results of CASE have different types: {kinds}")
        *branches, otherwise = [coerce(result, kind) for result in results]
        whens = [
            f"WHEN {condition.sql} THEN {branch}" for condition, branch in zip(conditions, branches)
        ]
        values = conditions + results
        sql = f"CASE {' '.join(whens)} ELSE {otherwise} END"
        return Value(sql, kind, merge(values, "loose"), merge(values, "parts"))

    def cast(self, node):
        """Write CAST."""
        value = self.write(node.operand)
        if value.kind == node.kind:
            return value
        sql = (COERCIONS | functions.CASTS).get((value.kind, node.kind))
        if not sql:
            kinds = f"{value.kind.lower()} to {node.kind.lower()}"
            raise wrong(node.place, f"Cannot cast {kinds}")
        return value._replace(sql=sql.format(value.sql), kind=node.kind)

    def in_query(self, node):
        """Write IN and a sub-query."""
        operand = self.write(node.operand)
        sql, column = self.sub_query(node)
        kind = common_kind([operand.kind, column.kind])
        if kind is None:
            kinds = f"{operand.kind.lower()} and {column.kind.lower()}"
            raise wrong(node.place, f"IN cannot compare {kinds}")
        values = f"SELECT {coerce(column, kind)} FROM ({sql})"
        return operand._replace(sql=f"({coerce(operand, kind)} IN ({values}))", kind="BOOLEAN")

    def scalar_query(self, node):
        """Write a sub-query that stands for a value. SQLite would take the first of several."""
        sql, column = self.sub_query(node)
        value = f"t_only_value({column.sql}, count(*) OVER ())"
        return Value(f"(SELECT {value} FROM ({sql}))", column.kind)

    def sub_query(self, node):
        """Return the SQL of a sub-query in an expression, and its only column."""
        sql, columns = self.writer.query(node.query, self.known, self.outer + self.relations)
        if len(columns) != 1:
            raise wrong(node.place, f"The sub-query has {len(columns)} columns, and needs one")
        return sql, columns[0]


WRITERS = {
    nodes.Written: lambda expressions, node: node.value,
    nodes.Constant: Expressions.constant,
    nodes.Name: Expressions.name,
    nodes.Call: Expressions.call,
    nodes.Case: Expressions.case,
    nodes.Cast: Expressions.cast,
    nodes.InQuery: Expressions.in_query,
    nodes.ScalarQuery: Expressions.scalar_query,
}


def is_qualified(relation, qualifier):
    """Return whether a qualifier names a relation; an empty one names all."""
    return not qualifier or ".".join(qualifier).lower() in relation.names


def find_columns(relations, qualifier, name):
    """Return the columns of a name in relations, of those that the qualifier names."""
    return [
        column
        for relation in relations
        if is_qualified(relation, qualifier)
        for column in relation.columns
        if is_named(column, name)
    ]


def find_match(signatures, given):
    """Return the first signature that takes these types, what it wants for them, and T and U."""
    for signature in signatures:
        uses_u = "U" in signature.parameters
        for pair in itertools.product(signature.kinds, signature.kinds if uses_u else ["U"]):
            kinds = dict(zip("TU", pair))
            parameters = expand(signature.parameters, len(given))
            wanted = [kinds.get(kind, kind) for kind in parameters]
            if len(wanted) == len(given) and all(map(fits, given, wanted)):
                return signature, wanted, kinds
    return None


def expand(parameters, count):
    """Return parameters, a last one with points as often as it takes to have so many."""
    if not parameters or not parameters[-1].endswith("..."):
        return parameters
    *first, last = parameters
    return first + [last[:-3]] * (count - len(first))


def describe_mismatch(name, given, signatures):
    """Return what is wrong with the types of the arguments of a function or an operator."""
    kinds = ", ".join(map(str.lower, given))
    wanted = " or ".join(f"({', '.join(map(str.lower, row.parameters))})" for row in signatures)
    text = f"'{name}' cannot be applied to ({kinds}). It takes {wanted}"
    if any("T" in row.parameters for row in signatures):
        letters = dict.fromkeys(kind for row in signatures for kind in row.kinds if kind != "T")
        text += ", where t is any type" if set(letters) == set(TYPES) else ""
        if set(letters) < set(TYPES):
            text += f", where t is {' or '.join(map(str.lower, letters))}"
    if name == "ago" and given == ["VARCHAR"]:
        text += ". Write ago(15m), without quotes"
    elif {"TIMESTAMP", "VARCHAR"} <= {*given}:
        text += ". Write a time as timestamp '2026-11-24 03:04:05'"
    return text


def order_by(values, orders):
    """Return the SQL of the keys of ORDER BY, with their directions."""
    keys = [
        f"{value.sql} {'DESC' if order.descending else 'ASC'} NULLS {order.nulls.upper()}"
        for value, order in zip(values, orders)
    ]
    return ", ".join(keys)
