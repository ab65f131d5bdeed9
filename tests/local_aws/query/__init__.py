"""Timestream's Query for the local AWS: Timestream's SQL, answered by SQLite.

Timestream's SQL is that of Trino, to which SQLite would often silently give a wrong answer: it
treats an unknown name in double quotes as a string, compares text with numbers, and picks any row
for a column that is not grouped. So no query reaches SQLite unchanged:

tokens.py      splits a query into tokens, each with its place
parser.py      turns tokens into nodes (see nodes.py), and checks only the grammar
expressions.py finds each expression's type, as Trino does, and its SQL for SQLite
selects.py     does the same for a whole query, with its tables, groups and order
functions.py   THE LIST of functions and operators, one per line: types, result, SQL
types.py       the types: how SQLite stores their values, conversions, and how they are shown
reference.py   lists the functions for the page
advice.py      the texts of errors: AWS's own, and what the reader probably meant
python_functions.py, array_functions.py, aggregates.py   functions that SQLite lacks, in Python
metadata.py    answers SHOW and DESCRIBE
answer.py      answers a query, with all of the above

Anything unsupported is an error that names it, never a wrong answer.
"""

from tests.local_aws.query.answer import Engine
from tests.local_aws.query.errors import QueryError
from tests.local_aws.query.reference import list_functions
from tests.local_aws.query.types import UNITS, format_time, in_range

__all__ = ["UNITS", "Engine", "QueryError", "format_time", "in_range", "list_functions"]
