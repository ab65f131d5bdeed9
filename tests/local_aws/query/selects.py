"""Writes a whole query as SQL for SQLite: its tables, groups and order."""

import itertools
import json

from tests.local_aws.query import nodes
from tests.local_aws.query.errors import QueryError, unsupported, wrong
from tests.local_aws.query.expressions import (
    AGGREGATE,
    WINDOW,
    Column,
    Expressions,
    Relation,
    Value,
    check_ordered,
    merge,
    order_by,
)
from tests.local_aws.query.types import (
    Array,
    Row,
    Series,
    common_kind,
    element_of,
    name_kind,
)

MAX_SOURCES = 10_000


class Writer:
    """Writes a query as SQL.

    databases: {name: {table name: Table}}, see store.py. now: in nanoseconds. check_time(): it
    fails if the query takes too long.
    constants: the values of the SQL's parameters. objects: Python objects that functions need, such
    as lambdas; SQL refers to them by numbers. sources: the number of tables and sub-queries that
    SQLite reads; it copies a query of WITH to each place that uses it.
    """

    def __init__(self, databases, now, check_time):
        self.databases, self.check_time = databases, check_time
        self.constants, self.names = {"now": now}, {}
        self.objects = {}
        self.numbers = itertools.count()
        self.sources = 0

    def constant(self, kind, value):
        """Return a parameter for a constant, always the same one, so that SQL can be compared."""
        name = self.names.setdefault((kind, repr(value)), f"k{len(self.names)}")
        self.constants[name] = value
        return f":{name}"

    def object(self, value):
        """Return an object's number, as SQL."""
        return str(self.objects.setdefault(value, len(self.objects)))

    def query(self, node, known=None, outer=None):
        """Write a query; return its Relation, whose columns are named c0, c1, ... in SQL.

        known: the queries of WITH, {name: Relation}, each with its name as SQL. outer: the
        Expressions around the query.
        """
        known, with_queries = dict(known or {}), {}
        for name, columns, query in node.with_queries:
            if name.lower() in with_queries:
                raise wrong(node.place, f"WITH query name '{name}' specified more than once")
            before = self.sources
            relation = rename(node.place, self.query(query, known, outer), columns)
            known[name.lower()] = Relation(
                f"q{next(self.numbers)}", relation.columns, sources=self.sources - before
            )
            self.sources = before
            with_queries[name.lower()] = f"{known[name.lower()].sql} AS ({relation.sql})"
        if isinstance(node.body, nodes.Union):
            sql, columns, *_ = self.ordered_union(node, known, outer)
        else:
            sql, columns, *_ = self.select(node.body, node.orders, known, outer)
        if with_queries:
            sql = f"WITH {', '.join(with_queries.values())} {sql}"
        if node.limit is not None or node.offset is not None:
            sql = f"{sql} LIMIT {-1 if node.limit is None else node.limit}"
            sql = f"{sql} OFFSET {node.offset or 0}"
        return Relation(sql, columns)

    # UNION

    def ordered_union(self, node, known, outer):
        """Write UNION, and ORDER BY on its columns."""
        relation = self.union(node.body, known, outer)
        if not node.orders:
            return relation
        expressions = Expressions(self, [relation], outer, known)
        values = [Value(column.sql, column.kind) for column in relation.columns]
        keys = [self.order_key(order, values, expressions) for order in node.orders]
        for order, key in zip(node.orders, keys):
            expressions.forbid(order.key.place, key, "ORDER BY")
        sql = f"SELECT * FROM ({relation.sql}) ORDER BY {order_by(keys, node.orders)}"
        return Relation(sql, relation.columns)

    def union(self, node, known, outer):
        """Write UNION and others; each column has the common type of all SELECTs."""
        written = [self.select(select, [], known, outer) for select in node.selects]
        word = node.words[0].split()[0]
        counts = {len(one.columns) for one in written}
        if len(counts) > 1:
            text = ", ".join(str(len(one.columns)) for one in written)
            raise wrong(node.place, f"{word} query has different number of fields: {text}")
        columns = []
        for number, (first, *others) in enumerate(zip(*(one.columns for one in written)), 1):
            kinds = [column.kind for column in (first, *others)]
            kind = common_kind(kinds)
            if kind is None:
                text = ", ".join(map(name_kind, kinds))
                raise wrong(
                    node.place, f"column {number} in {word} query has incompatible types: {text}"
                )
            columns.append(Column(first.name, first.sql, kind))
        expressions = Expressions(self, [])
        sql, *others = [convert(expressions, node.place, one, columns) for one in written]
        for word, other in zip(node.words, others):
            sql = f"{sql} {word} {other}"
        return Relation(sql, columns)

    # SELECT

    def select(self, node, orders, known, outer):
        """Write SELECT and ORDER BY."""
        source, relations = "", []
        if node.source:
            source, relations = self.source(node.source, known, outer)
        expressions = Expressions(self, relations, outer, known, node.windows)
        expressions.aliases = {
            item.name.lower() for item in node.items if isinstance(item, nodes.Item) and item.name
        }
        where, having = [], []
        if node.where:
            where = [expressions.condition(node.where, "WHERE")]
        groups = [self.group(group, node, expressions) for group in node.groups]
        # From here on, grouped expressions are no longer loose.
        expressions.grouped = {group.sql for group in groups}
        columns, values, places = [], [], []
        for name, place, value in self.items(node, relations, expressions):
            columns.append(Column(name, f"c{len(columns)}", value.kind))
            values.append(value)
            places.append(place)
        if node.having:
            having = [expressions.condition(node.having, "HAVING", [WINDOW])]
        # From here on, aliases are known.
        expressions.outputs = [
            (column._replace(sql=value.sql), value) for column, value in zip(columns, values)
        ]
        keys = [self.order_key(order, values, expressions) for order in orders]
        check_grouped(node, groups, having, list(zip(places, values)), order_places(orders, keys))
        if node.distinct:
            check_distinct(orders, keys, values)
        items = name_columns(values, columns)
        if having and not groups:
            items = f"{items}, {having[0].sql} AS is_kept"
        clauses = [
            ("SELECT DISTINCT" if node.distinct else "SELECT", items),
            ("FROM", source),
            ("WHERE", join_sql(where)),
            ("GROUP BY", join_sql(groups)),
            ("HAVING", join_sql(having) if groups else ""),
            ("ORDER BY", order_by(keys, orders)),
        ]
        sql = " ".join(f"{word} {sql}" for word, sql in clauses if sql)
        if having and not groups:  # before 3.39, SQLite only allows it with GROUP BY
            names = ", ".join(column.sql for column in columns)
            sql = f"SELECT {names} FROM ({sql}) WHERE is_kept"
        return Relation(sql, columns)

    def items(self, node, relations, expressions):
        """Yield name, place and Value of each item of a select list, and of each column of *."""
        for item in node.items:
            if isinstance(item, nodes.Star):
                for column in columns_of_star(item, relations):
                    value = Value(column.sql, column.kind, frozenset([column.name or column.sql]))
                    if value.sql in expressions.grouped:
                        value = value._replace(loose=frozenset())
                    yield column.name, item.place, value
            else:
                value = expressions.write_final(item.expression)
                yield name_item(item), item.expression.place, value

    def group(self, node, select, expressions):
        """Write an expression of GROUP BY, or its position in the select list."""
        if isinstance(node, nodes.Constant) and node.kind in ("INTEGER", "BIGINT"):
            items = list(self.items(select, expressions.relations, expressions))
            check_position(node, items, "GROUP BY")
            value = items[node.value - 1][2]
        else:
            value = expressions.write_final(node)
        if isinstance(value.kind, Series):
            raise wrong(node.place, f"{name_kind(value.kind)} is not comparable: GROUP BY")
        expressions.forbid(node.place, value, "GROUP BY")
        return value

    def order_key(self, order, values, expressions):
        """Write a key of ORDER BY, or its position in the select list."""
        node = order.key
        if isinstance(node, nodes.Constant) and node.kind in ("INTEGER", "BIGINT"):
            check_position(node, values, "ORDER BY")
            value = values[node.value - 1]
        else:
            value = expressions.write(node)
        check_ordered(node.place, value)
        return value

    # FROM

    def source(self, node, known, outer):
        """Write a table, a sub-select or a join; return the SQL and its Relations."""
        if isinstance(node, nodes.Join):
            return self.join(node, known, outer)
        if isinstance(node, nodes.Unnest):
            return self.unnest(node, [], known, outer)
        if isinstance(node, nodes.Derived):
            relation = self.query(node.query, known, outer)
            relation = Relation(f"({relation.sql})", relation.columns)
        elif len(node.parts) == 1 and node.parts[0].lower() in known:
            relation = known[node.parts[0].lower()]._replace(names=[node.parts[0].lower()])
        else:
            table = find_table(self.databases, node)
            names = [node.parts[-1].lower(), ".".join(node.parts).lower()]
            relation = Relation(table.sql, table.columns, names)
        self.add_sources(1 + relation.sources)
        relation = self.alias(node, relation)
        return relation.sql, [relation]

    def add_sources(self, count):
        """Count tables and sub-queries that SQLite reads; fail if there are too many."""
        self.sources += count
        if self.sources > MAX_SOURCES:
            raise QueryError(
                f"The query is too large for this local AWS: more than {MAX_SOURCES} tables and "
                "sub-queries, with those of WITH counted at each use"
            )

    def alias(self, node, relation):
        """Return a relation with a unique name in SQL, and the names given by the query."""
        name = f"r{next(self.numbers)}"
        columns = rename(node.place, relation, node.columns).columns
        columns = [column._replace(sql=f"{name}.{column.sql}") for column in columns]
        names = [node.alias.lower()] if node.alias else relation.names
        return Relation(f"{relation.sql} AS {name}", columns, names)

    def unnest(self, node, relations, known, outer):
        """Write UNNEST of arrays, which can use the columns of the relations before it.

        SQLite's json_each returns a row for each element of an array. t_unnest turns each element
        into an array of columns.
        """
        expressions = Expressions(self, relations, outer, known)
        values = [expressions.write_final(array) for array in node.arrays]
        widths, kinds = [], []
        for array, value in zip(node.arrays, values):
            expressions.forbid(array.place, value, "UNNEST")
            if not isinstance(value.kind, (Array, Series)):
                raise wrong(array.place, f"Cannot unnest type: {name_kind(value.kind)}")
            element = element_of(value.kind)
            is_row = isinstance(element, Row)
            widths.append(len(element.fields) if is_row else None)
            kinds += element.fields if is_row else [(None, element)]
        columns = [
            Column(name, f"value, {number}", kind) for number, (name, kind) in enumerate(kinds)
        ]
        if node.numbered:
            columns.append(Column("ordinality" if node.alias else None, "key", "BIGINT"))
        arrays = ", ".join(value.sql for value in values)
        sql = f"json_each(t_unnest({json_text(widths)}, {arrays}))"
        relation = self.alias(node, Relation(sql, columns))
        columns = [
            column._replace(sql=f"({column.sql} + 1)")
            if column.sql.endswith(".key")
            else column._replace(sql=f"t_field({column.sql})")
            for column in relation.columns
        ]
        return relation.sql, [relation._replace(columns=columns)]

    def join(self, node, known, outer):
        """Write a join; return the SQL and its Relations."""
        before = self.sources
        left, left_relations = self.source(node.left, known, outer)
        if isinstance(node.right, nodes.Unnest):
            if node.kind not in ("cross", "left"):
                raise unsupported(node.place, f"{node.kind.upper()} JOIN with UNNEST")
            right, right_relations = self.unnest(node.right, left_relations, known, outer)
        else:
            right, right_relations = self.source(node.right, known, outer)
        if node.kind in ("right", "full"):
            left, left_relations = self.wrap(left, left_relations)
            right, right_relations = self.wrap(right, right_relations)
        relations = left_relations + right_relations
        expressions = Expressions(self, relations, outer, known)
        condition = ""
        if node.condition:
            condition = f" ON {expressions.condition(node.condition, 'JOIN ON').sql}"
        if node.using:
            condition = f" ON {self.using(node, left_relations, right_relations)}"
        word = "LEFT JOIN" if node.kind in ("left", "right", "full") else "JOIN"
        if node.kind == "right":
            sql = f"{right} {word} {left}{condition}"
        elif node.kind == "full":
            self.add_sources(self.sources - before)
            sql, relations = self.full_join(left, right, condition, relations)
            left_relations = relations[: len(left_relations)]
            right_relations = relations[len(left_relations) :]
        elif isinstance(node.right, nodes.Join):
            sql = f"{left} {word} ({right}){condition}"
        else:
            sql = f"{left} {word} {right}{condition}"
        if node.using:
            relations = merge_columns(node, left_relations, right_relations)
        return sql, relations

    def wrap(self, sql, relations):
        """Return a table or a join as one sub-select, and its Relations.

        It is needed because SQLite has right and full joins only since 3.39.
        """
        name = f"r{next(self.numbers)}"
        columns = [column for relation in relations for column in relation.columns]
        sqls = [f"{column.sql} AS c{number}" for number, column in enumerate(columns)]
        sql = f"(SELECT {', '.join([*sqls, '1 AS is_there'])} FROM {sql}) AS {name}"
        return sql, replace_columns(relations, [f"{name}.c{n}" for n in range(len(columns))])

    def full_join(self, left, right, condition, relations):
        """Write a full join as a left join, plus the missing rows of the right side."""
        name, missing = f"r{next(self.numbers)}", left.rpartition(" AS ")[2]
        columns = [column for relation in relations for column in relation.columns]
        sqls = ", ".join(f"{column.sql} AS c{number}" for number, column in enumerate(columns))
        sql = (
            f"(SELECT {sqls} FROM {left} LEFT JOIN {right}{condition} UNION ALL "
            f"SELECT {sqls} FROM {right} LEFT JOIN {left}{condition} "
            f"WHERE {missing}.is_there IS NULL) AS {name}"
        )
        return sql, replace_columns(relations, [f"{name}.c{n}" for n in range(len(columns))])

    def using(self, node, left_relations, right_relations):
        """Return the SQL of USING's condition."""
        parts = []
        for name in node.using:
            left, right = [
                Expressions(self, relations).write(nodes.Name(node.place, [name]))
                for relations in (left_relations, right_relations)
            ]
            sqls = Expressions(self, []).compared(node.place, "USING", left, right)
            parts.append(" = ".join(sqls))
        return " AND ".join(parts)


def json_text(value):
    """Return a value as JSON in a SQL string."""
    return f"'{json.dumps(value)}'"


def replace_columns(relations, sqls):
    """Return the relations, with other SQL for their columns."""
    sqls = iter(sqls)
    return [
        relation._replace(columns=[column._replace(sql=next(sqls)) for column in relation.columns])
        for relation in relations
    ]


def merge_columns(node, left_relations, right_relations):
    """Return the relations of a join with USING, whose columns come first, and only once."""
    names = [name.lower() for name in node.using]

    def find(relations, name):
        columns = [column for relation in relations for column in relation.columns]
        return next(column for column in columns if (column.name or "").lower() == name)

    merged = []
    for name in names:
        left, right = find(left_relations, name), find(right_relations, name)
        kind = common_kind([left.kind, right.kind])
        sqls = [right.sql, left.sql] if node.kind == "right" else [left.sql, right.sql]
        sql = left.sql if node.kind in ("inner", "left") else f"coalesce({', '.join(sqls)})"
        merged.append(Column(left.name, sql, kind, left.is_stored))
    others = [
        relation._replace(
            columns=[c for c in relation.columns if (c.name or "").lower() not in names]
        )
        for relation in left_relations + right_relations
    ]
    return [Relation("", merged), *others]


def rename(place, relation, names):
    """Return a relation with its columns renamed, if names are given."""
    if not names:
        return relation
    if len(names) != len(relation.columns):
        raise wrong(
            place,
            f"Column alias list has {len(names)} entries but relation has "
            f"{len(relation.columns)} columns",
        )
    pairs = zip(names, relation.columns)
    columns = [Column(name, column.sql, column.kind) for name, column in pairs]
    return relation._replace(columns=columns)


def find_table(databases, node):
    """Return the stored Table that a node names. Names are case-sensitive."""
    if len(node.parts) != 2:
        name = ".".join(node.parts)
        text = f"Table '{name}' does not exist. Write database.table"
        if len(node.parts) == 1 and "." in name:
            quoted = ".".join(f'"{part}"' for part in name.split("."))
            text = f"{text}. Quote each name separately: {quoted}"
        raise wrong(node.place, text)
    database, table = node.parts
    tables = find_database(databases, node)
    if table not in tables:
        known = ", ".join(sorted(tables)) or "none"
        text = f"The table '{table}' does not exist in database '{database}'. Tables: {known}"
        raise wrong(node.place, text)
    return tables[table]


def find_database(databases, node):
    """Return the tables of the database that a node names."""
    database = node.parts[0]
    if database not in databases:
        known = ", ".join(sorted(databases)) or "none"
        raise wrong(node.place, f"Database '{database}' does not exist. Databases: {known}")
    return databases[database]


def columns_of_star(star, relations):
    """Return the columns of a *."""
    found = relations
    if star.qualifier:
        name = ".".join(star.qualifier)
        found = [relation for relation in relations if name.lower() in relation.names]
        if len(found) != 1:
            raise wrong(star.place, f"Table '{name}' is not in FROM, or appears twice")
    if not found:
        raise wrong(star.place, "SELECT * not allowed in queries without FROM clause")
    return [column for relation in found for column in relation.columns]


def name_item(item):
    """Return the name of an item of a select list, or None."""
    if item.name is None and isinstance(item.expression, nodes.Name):
        return item.expression.parts[-1]
    if item.name is None and isinstance(item.expression, nodes.Field):
        return item.expression.name
    return item.name


def convert(expressions, place, relation, columns):
    """Return a SELECT from a relation that converts it to the types of these columns."""
    pairs = zip(relation.columns, columns)
    items = [
        f"{expressions.coerce(place, Value(one.sql, one.kind), other.kind)} AS {other.sql}"
        for one, other in pairs
    ]
    return f"SELECT {', '.join(items)} FROM ({relation.sql})"


def join_sql(values):
    """Return the SQL of values, separated by commas."""
    return ", ".join(value.sql for value in values)


def name_columns(values, columns):
    """Return the SQL of a select list, with the columns' names in SQL."""
    return ", ".join(f"{value.sql} AS {column.sql}" for value, column in zip(values, columns))


def order_places(orders, keys):
    """Return the keys of ORDER BY, each with its place."""
    return [(order.key.place, key) for order, key in zip(orders, keys)]


def check_position(node, items, clause):
    """Fail if a number is not a position in the select list."""
    if not 1 <= node.value <= len(items):
        raise wrong(node.place, f"{clause} position {node.value} is not in the select list")


def check_grouped(node, groups, having, placed_values, placed_keys):
    """Fail if a query with groups uses a column that is neither grouped nor aggregated.

    SQLite would pick any row. placed_*: (place, value) pairs.
    """
    is_grouped = groups or having or any(AGGREGATE in value.parts for _, value in placed_values)
    parts = [value for _, value in placed_values] + having
    if having and not groups and AGGREGATE not in merge(parts, "parts"):
        raise unsupported(node.having.place, "HAVING without GROUP BY and aggregate functions")
    if not is_grouped:
        for place, key in placed_keys:
            if AGGREGATE in key.parts:  # without groups, SQLite does not allow it only here
                raise unsupported(place, "an aggregate function in ORDER BY alone")
        return
    placed_having = [(node.having.place, value) for value in having]
    for place, value in placed_values + placed_keys + placed_having:
        if value.loose:
            name = min(value.loose)
            raise wrong(
                place, f"'{name}' must be an aggregate expression or appear in GROUP BY clause"
            )


def check_distinct(orders, keys, values):
    """Fail if SELECT DISTINCT is ordered by something that is not selected."""
    selected = {value.sql for value in values}
    for place, key in order_places(orders, keys):
        if key.sql not in selected:
            text = "For SELECT DISTINCT, ORDER BY expressions must appear in select list"
            raise wrong(place, text)
