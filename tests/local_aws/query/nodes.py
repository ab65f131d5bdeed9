"""The parts of a query. Each node has its place in the query, for errors."""

from collections import namedtuple

# Expressions. kind: of a constant, as in types.py. parts: of a name, ["t", "time"] for t.time.
Constant = namedtuple("Constant", "place kind value")
Name = namedtuple("Name", "place parts")
# Functions and operators. distinct: as in count(distinct x). over: a Window, its name, or None.
# where: of FILTER, or None. ignores_nulls: as in lag(x) ignore nulls. orders: as in
# array_agg(x order by y).
Call = namedtuple(
    "Call",
    "place name arguments distinct over where ignores_nulls orders",
    defaults=[False, None, None, False, ()],
)
Lambda = namedtuple("Lambda", "place parameters body")
Case = namedtuple("Case", "place branches otherwise")  # branches: [(condition, value), ...]
Cast = namedtuple("Cast", "place operand kind tries", defaults=[False])  # tries: TRY_CAST
Field = namedtuple("Field", "place operand name")  # as in x.value
ArrayOf = namedtuple("ArrayOf", "place items")
RowOf = namedtuple("RowOf", "place items")
InQuery = namedtuple("InQuery", "place operand query")
Exists = namedtuple("Exists", "place query")
ScalarQuery = namedtuple("ScalarQuery", "place query")

# frame: SQL, which SQLite understands as it is.
Window = namedtuple("Window", "partition orders frame")
# nulls: "first" or "last".
Order = namedtuple("Order", "key descending nulls")

# Items of a select list. name: the alias, or None. qualifier: t of t.*, or None.
Item = namedtuple("Item", "expression name")
Star = namedtuple("Star", "place qualifier")

# Items of FROM. alias: or None. columns: their names after the alias, or [].
Table = namedtuple("Table", "place parts alias columns")
Derived = namedtuple("Derived", "place query alias columns")
# numbered: WITH ORDINALITY.
Unnest = namedtuple("Unnest", "place arrays numbered alias columns")
# kind: "inner", "left", "right", "full" or "cross". using: names of columns, or [].
Join = namedtuple("Join", "place kind left right condition using")

# Queries. source: Table, Derived, Unnest, Join or None. windows: {name: Window}.
Select = namedtuple(
    "Select",
    "place distinct items source where groups having windows",
    defaults=[None, None, (), None, {}],
)
# words: "UNION", "UNION ALL", "EXCEPT" or "INTERSECT", one between two selects.
Union = namedtuple("Union", "place selects words")
# with_queries: [(name, names of columns, Query), ...].
Query = namedtuple(
    "Query", "place with_queries body orders offset limit", defaults=[(), None, None]
)

# Statements about tables. what: "databases", "tables" or "measures". pattern: of LIKE, or None.
Show = namedtuple("Show", "place what parts pattern")
Describe = namedtuple("Describe", "place parts")
