"""Timestream's Query for the local AWS: SQL as Timestream has it, answered by SQLite.

Timestream speaks the SQL of Trino, much of which SQLite would answer wrongly without a word: it
takes an unknown name in double quotes for a string, compares text with numbers, and picks any row
for a column that is not grouped. So no query reaches SQLite as it stands:

tokens.py      splits a query into words, each with its place
parser.py      makes nodes of them (nodes.py): what the query says, nothing checked but its grammar
expressions.py gives each expression its type, as Trino does, and its SQL for SQLite
selects.py     does the same for a whole query, with its tables, groups and order
functions.py   the functions and operators, one a line: types, result, SQL
types.py       the types: how SQLite keeps a value, what fits what, and how it is shown
reference.py   lists the functions for the page
advice.py      what an error says beside AWS's words: what the reader has probably meant
python_functions.py, array_functions.py, aggregates.py   what SQLite does not have
metadata.py    answers SHOW and DESCRIBE
answer.py      answers a query: all of this, one after the other

What is not known here is an error that names it, never a wrong answer.
"""

from tests.local_aws.query.answer import Engine
from tests.local_aws.query.errors import QueryError
from tests.local_aws.query.reference import list_functions
from tests.local_aws.query.types import UNITS, format_time, in_range

__all__ = ["UNITS", "Engine", "QueryError", "format_time", "in_range", "list_functions"]
