"""Splits a query into tokens."""

import re
from collections import namedtuple

from tests.local_aws.query.errors import QueryError, wrong

# word: the text in lower case. place: its place in Timestream's form, "line 1:8".
Token = namedtuple("Token", "kind text word place")

TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<string>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")+")
    |(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?(?![\w.]))
    |(?P<interval>[0-9]+[a-z]\w*)
    |(?P<name>measure_value::\w+|[a-z_]\w*)
    |(?P<unclosed>/\*|['"])
    |(?P<sign><>|!=|<=|>=|\|\||::|->|[-+*/%=<>(),.;?\[\]])""",
    re.VERBOSE | re.IGNORECASE | re.ASCII | re.DOTALL,
)
UNCLOSED = {"'": "string", '"': "name", "/*": "comment"}

# Words that are names only in double quotes: Timestream Developer Guide, "Quotas", "Reserved
# keywords".
RESERVED = set(
    "alter and as between by case cast constraint create cross cube current_date current_time "
    "current_timestamp current_user deallocate delete describe distinct drop else end escape "
    "except execute exists extract false for from full group grouping having in inner insert "
    "intersect into is join left like localtime localtimestamp natural normalize not null on or "
    "order outer prepare recursive right rollup select table then true uescape union unnest using "
    "values when where with".split()
)


def read_tokens(sql):
    """Return a query's tokens, without spaces and comments; the last one has the kind "end"."""
    try:
        sql.encode()
    except UnicodeEncodeError:
        raise QueryError("The query is not Unicode text") from None
    tokens, position, line, line_start = [], 0, 1, 0
    while position < len(sql):
        place = f"line {line}:{position - line_start + 1}"
        match = TOKEN.match(sql, position)
        if not match:
            hint = ". Use :: in measure_value::double" if sql[position] == ":" else ""
            raise wrong(place, f"unexpected character: {sql[position:][:20]}{hint}")
        if match.lastgroup == "unclosed":
            raise wrong(place, f"unterminated {UNCLOSED[match.group()]}: {sql[position:][:20]}")
        if match.lastgroup != "space":
            text = match.group()
            tokens.append(Token(match.lastgroup, text, text.lower(), place))
        newlines = match.group().count("\n")
        if newlines:
            line += newlines
            line_start = position + match.group().rindex("\n") + 1
        position = match.end()
    place = f"line {line}:{position - line_start + 1}"
    return [*tokens, Token("end", "<EOF>", "<eof>", place)]
