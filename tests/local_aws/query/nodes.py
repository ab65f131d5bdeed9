"""What a query consists of. Each node has its place in the query, for errors."""

from collections import namedtuple

# Expressions. kind: of a constant, as in types.py. parts: of a name, ["t", "time"] for t.time.
Constant = namedtuple("Constant", "place kind value")
Name = namedtuple("Name", "place parts")
# Functions and operators. distinct: as in count(distinct x). over: a Window, or None.
Call = namedtuple("Call", "place name arguments distinct over", defaults=[False, None])
Case = namedtuple("Case", "place branches otherwise")  # branches: [(condition, value), ...]
Cast = namedtuple("Cast", "place operand kind")
InQuery = namedtuple("InQuery", "place operand query")
ScalarQuery = namedtuple("ScalarQuery", "place query")
# What has been written for SQLite already: a column that a * stands for.
Written = namedtuple("Written", "place value")

# frame: SQL, which is the same for SQLite.
Window = namedtuple("Window", "partition orders frame")
# nulls: "first" or "last".
Order = namedtuple("Order", "key descending nulls")

# Items of a select list. name: the alias, or None. qualifier: t of t.*, or None.
Item = namedtuple("Item", "expression name")
Star = namedtuple("Star", "place qualifier")

# What stands behind FROM. alias: or None.
Table = namedtuple("Table", "place parts alias")
Derived = namedtuple("Derived", "place query alias")
Join = namedtuple("Join", "place kind left right condition")  # kind: "inner", "left" or "cross"

# Queries. source: Table, Derived, Join or None. with_queries: [(name, Query), ...].
Select = namedtuple("Select", "place distinct items source where groups having")
# words: "UNION" or "UNION ALL", one between two selects.
Union = namedtuple("Union", "place selects words")
Query = namedtuple("Query", "place with_queries body orders limit")

# Statements about tables. what: "databases", "tables" or "measures". pattern: of LIKE, or None.
Show = namedtuple("Show", "place what parts pattern")
Describe = namedtuple("Describe", "place parts")
