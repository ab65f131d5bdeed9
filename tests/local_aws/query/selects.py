"""Writes a whole query for SQLite: its tables, groups and order."""

import itertools
from collections import namedtuple

from tests.local_aws.query import nodes
from tests.local_aws.query.errors import unsupported, wrong
from tests.local_aws.query.expressions import (
    AGGREGATE,
    WINDOW,
    Column,
    Expressions,
    Relation,
    Value,
    coerce,
    order_by,
)
from tests.local_aws.query.types import common_kind

# SQL for SQLite, and its columns, which are called c0, c1, ... in it.
Written = namedtuple("Written", "sql columns")
# A column of the select list, as ORDER BY sees it.
Output = namedtuple("Output", "name sql value is_stored", defaults=[False])


class Writer:
    """Writes a query.

    databases: {name: {table name: Table}}, see store.py. now: in nanoseconds.
    constants: the values of the parameters in what is written.
    """

    def __init__(self, databases, now):
        self.databases = databases
        self.constants, self.names = {"now": now}, {}
        self.numbers = itertools.count()

    def constant(self, kind, value):
        """Return a parameter for a constant: always the same, so that SQL can be compared."""
        name = self.names.setdefault((kind, value), f"k{len(self.names)}")
        self.constants[name] = value
        return f":{name}"

    def query(self, node, known=None, outer=None):
        """Write a query. known: the queries of WITH, {name: Written}, each with its name as SQL."""
        known, outer, with_queries = dict(known or {}), outer or [], {}
        for name, query in node.with_queries:
            if name.lower() in with_queries:
                raise wrong(node.place, f"WITH has two queries with the name '{name}'")
            sql, columns = self.query(query, known, outer)
            known[name.lower()] = Written(f"q{next(self.numbers)}", columns)
            with_queries[name.lower()] = f"{known[name.lower()].sql} AS ({sql})"
        if isinstance(node.body, nodes.Union):
            sql, columns = self.ordered_union(node, known, outer)
        else:
            sql, columns = self.select(node.body, node.orders, known, outer)
        if with_queries:
            sql = f"WITH {', '.join(with_queries.values())} {sql}"
        if node.limit is not None:
            sql = f"{sql} LIMIT {node.limit}"
        return Written(sql, columns)

    # UNION

    def ordered_union(self, node, known, outer):
        """Write UNION, and ORDER BY on its columns."""
        sql, columns = self.union(node.body, known, outer)
        if not node.orders:
            return Written(sql, columns)
        relation = Relation([], columns)
        expressions = Expressions(self, [relation], outer, known)
        values = [Value(column.sql, column.kind) for column in columns]
        keys = [self.order_key(order, values, expressions) for order in node.orders]
        for order, key in zip(node.orders, keys):
            expressions.forbid(order.key.place, key, "ORDER BY")
        return Written(f"SELECT * FROM ({sql}) ORDER BY {order_by(keys, node.orders)}", columns)

    def union(self, node, known, outer):
        """Write UNION: each column with the type that all SELECTs have in common."""
        written = [self.select(select, [], known, outer) for select in node.selects]
        counts = {len(one.columns) for one in written}
        if len(counts) > 1:
            text = ", ".join(str(len(one.columns)) for one in written)
            raise wrong(node.place, f"UNION has different numbers of columns: {text}")
        columns = []
        for first, *others in zip(*(one.columns for one in written)):
            kinds = [column.kind for column in (first, *others)]
            kind = common_kind(kinds)
            if kind is None:
                text = ", ".join(map(str.lower, kinds))
                raise wrong(node.place, f"UNION has a column of different types: {text}")
            columns.append(Column(first.name, first.sql, kind))
        sql, *others = [convert(one, columns) for one in written]
        for word, other in zip(node.words, others):
            sql = f"{sql} {word} {other}"
        return Written(sql, columns)

    # SELECT

    def select(self, node, orders, known, outer):
        """Write SELECT and ORDER BY."""
        source, relations = self.from_clause(node, known, outer)
        expressions = Expressions(self, relations, outer, known)
        expressions.aliases = {item.name.lower() for item in node.items if is_alias(item)}
        where, having = [], []
        if node.where:
            where = [expressions.condition(node.where, "WHERE")]
        items = list(expand_stars(node, relations))
        groups = [self.group(group, items, expressions) for group in node.groups]
        # From here on, what is grouped by is not loose any more.
        expressions.grouped = {group.sql for group in groups}
        values = [expressions.write(item.expression) for item in items]
        if node.having:
            having = [expressions.condition(node.having, "HAVING", [WINDOW])]
        # From here on, the aliases are known.
        expressions.outputs = [
            Output(name_item(item), value.sql, value) for item, value in zip(items, values)
        ]
        keys = [self.order_key(order, values, expressions) for order in orders]
        check_grouped(node, groups, having, item_places(items, values), order_places(orders, keys))
        if node.distinct:
            check_distinct(orders, keys, values)
        columns = [
            Column(name_item(item), f"c{number}", value.kind)
            for number, (item, value) in enumerate(zip(items, values))
        ]
        clauses = [
            ("SELECT DISTINCT" if node.distinct else "SELECT", name_columns(values, columns)),
            ("FROM", source),
            ("WHERE", join_sql(where)),
            ("GROUP BY", join_sql(groups)),
            ("HAVING", join_sql(having)),
            ("ORDER BY", order_by(keys, orders)),
        ]
        return Written(" ".join(f"{word} {sql}" for word, sql in clauses if sql), columns)

    def group(self, node, items, expressions):
        """Write an expression of GROUP BY, or the position of one in the select list."""
        if isinstance(node, nodes.Constant) and node.kind in ("INTEGER", "BIGINT"):
            check_position(node, items, "GROUP BY")
            node = items[node.value - 1].expression
        value = expressions.write(node)
        expressions.forbid(node.place, value, "GROUP BY")
        return value

    def order_key(self, order, values, expressions):
        """Write a key of ORDER BY, or the position of one in the select list."""
        node = order.key
        if isinstance(node, nodes.Constant) and node.kind in ("INTEGER", "BIGINT"):
            check_position(node, values, "ORDER BY")
            return values[node.value - 1]
        return expressions.write(node)

    # FROM

    def from_clause(self, node, known, outer):
        """Write what stands behind FROM of a SELECT; return it, and its Relations."""
        if not node.source:
            return "", []
        return self.source(node.source, known, outer)

    def source(self, node, known, outer):
        """Write a table, a sub-select or a join; return it, and its Relations."""
        if isinstance(node, nodes.Join):
            return self.join(node, known, outer)
        name = f"r{next(self.numbers)}"
        if isinstance(node, nodes.Derived):
            sql, columns = self.query(node.query, known, outer)
            sql, names = f"({sql})", []
        elif len(node.parts) == 1 and node.parts[0].lower() in known:
            sql, columns = known[node.parts[0].lower()]
            names = [node.parts[0].lower()]
        else:
            table = find_table(self.databases, node)
            sql, columns = table.sql, table.columns
            names = [node.parts[-1].lower(), ".".join(node.parts).lower()]
        if node.alias:
            names = [node.alias.lower()]
        columns = [column._replace(sql=f"{name}.{column.sql}") for column in columns]
        return f"{sql} AS {name}", [Relation(names, columns)]

    def join(self, node, known, outer):
        """Write a join; return it, and its Relations."""
        left, left_relations = self.source(node.left, known, outer)
        right, right_relations = self.source(node.right, known, outer)
        relations = left_relations + right_relations
        word = "LEFT JOIN" if node.kind == "left" else "JOIN"
        sql = f"{left} {word} {right}"
        if node.condition:
            expressions = Expressions(self, relations, outer, known)
            sql = f"{sql} ON {expressions.condition(node.condition, 'ON').sql}"
        return sql, relations


def find_table(databases, node):
    """Return the stored Table that a node with place and parts names. The case counts."""
    if len(node.parts) != 2:
        name = ".".join(node.parts)
        raise wrong(node.place, f"Table '{name}' does not exist. A table is named database.table")
    database, table = node.parts
    tables = find_database(databases, node)
    if table not in tables:
        known = ", ".join(sorted(tables)) or "none"
        text = f"The table '{table}' does not exist in database '{database}'. There are: {known}"
        raise wrong(node.place, text)
    return tables[table]


def find_database(databases, node):
    """Return the tables of the database that a node with place and parts names."""
    database = node.parts[0]
    if database not in databases:
        known = ", ".join(sorted(databases)) or "none"
        raise wrong(node.place, f"Database '{database}' does not exist. There are: {known}")
    return databases[database]


def expand_stars(node, relations):
    """Give the items of a SELECT, for a * one for each of its columns."""
    for item in node.items:
        if isinstance(item, nodes.Item):
            yield item
            continue
        found = relations
        if item.qualifier:
            name = ".".join(item.qualifier)
            found = [relation for relation in relations if name.lower() in relation.names]
            if len(found) != 1:
                raise wrong(item.place, f"Table '{name}' is not in FROM, or is there twice")
        if not found:
            raise wrong(item.place, "SELECT * needs FROM")
        for column in itertools.chain(*(relation.columns for relation in found)):
            loose = frozenset([column.name or column.sql])
            value = nodes.Written(item.place, Value(column.sql, column.kind, loose))
            yield nodes.Item(value, column.name)


def is_alias(item):
    """Return whether an item of a select list has an alias."""
    return isinstance(item, nodes.Item) and item.name is not None


def name_item(item):
    """Return the name of an item of a select list, or None."""
    if item.name is None and isinstance(item.expression, nodes.Name):
        return item.expression.parts[-1]
    return item.name


def convert(written, columns):
    """Return a SELECT from what is written, with the types that these columns have."""
    pairs = zip(written.columns, columns)
    items = [f"{coerce(one, other.kind)} AS {other.sql}" for one, other in pairs]
    return f"SELECT {', '.join(items)} FROM ({written.sql})"


def join_sql(values):
    """Return the SQL of values, with commas."""
    return ", ".join(value.sql for value in values)


def name_columns(values, columns):
    """Return the SQL of a select list, with the names that the columns have in SQL."""
    return ", ".join(f"{value.sql} AS {column.sql}" for value, column in zip(values, columns))


def item_places(items, values):
    """Return the values of a select list, each with its place."""
    return [(item.expression.place, value) for item, value in zip(items, values)]


def order_places(orders, keys):
    """Return the keys of ORDER BY, each with its place."""
    return [(order.key.place, key) for order, key in zip(orders, keys)]


def check_position(node, items, clause):
    """Fail if a number is no position in the select list."""
    if not 1 <= node.value <= len(items):
        raise wrong(node.place, f"{clause} position {node.value} is not in the select list")


def check_grouped(node, groups, having, placed_values, placed_keys):
    """Fail if a query has groups, and a column in it that is not the same for all of a group.

    SQLite takes the value of any row. What is placed stands beside its place.
    """
    if node.having and not groups:
        raise unsupported(node.having.place, "HAVING without GROUP BY")
    if not groups and not any(AGGREGATE in value.parts for _, value in placed_values):
        for place, key in placed_keys:
            if AGGREGATE in key.parts:  # without groups, SQLite does not take it here alone
                raise unsupported(place, "an aggregate function in ORDER BY alone")
        return
    placed_having = [(node.having.place, value) for value in having]
    for place, value in placed_values + placed_keys + placed_having:
        if value.loose:
            name = min(value.loose)
            raise wrong(place, f"'{name}' must be an aggregate expression or in GROUP BY")


def check_distinct(orders, keys, values):
    """Fail if SELECT DISTINCT is ordered by what is not selected."""
    selected = {value.sql for value in values}
    for place, key in order_places(orders, keys):
        if key.sql not in selected:
            raise wrong(place, "With SELECT DISTINCT, ORDER BY takes what is in the select list")
