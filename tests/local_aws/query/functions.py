"""The functions and operators that there are, one a line, with their types and their SQL.

What they mean is said in the Timestream Developer Guide, "Functions", "Operators", and in the
documentation of Trino.
"""

from collections import namedtuple

from tests.local_aws.query.types import NUMBERS, TYPES

# parameters: types, or T and U for any of kinds, the same in each place; T... is any number of T.
# result: its type. sql: for SQLite, with a {} for each argument. {all} is all of them with commas,
# {rest} all but the first, {chain} all with the operator between them, {T} the type T.
Signature = namedtuple("Signature", "parameters result sql kinds")

INTEGERS = ["INTEGER", "BIGINT"]


def row(types, sql, kinds=("T",)):
    """Return a signature: its types as "INTEGER T -> T", and its SQL."""
    parameters, _, result = types.partition("->")
    return Signature(parameters.split(), result.strip(), sql, kinds)


# In SQLite, a function with the name of a type is in_range() for it, and those with a small t_ are
# in python_functions.py. {over} is where an OVER stands, if there is one.
AGGREGATES = {
    "count": [
        row("-> BIGINT", "count(*){over}"),
        row("T -> BIGINT", "count({}){over}", TYPES),
    ],
    "count_if": [row("BOOLEAN -> BIGINT", "count(CASE WHEN {} THEN 1 END){over}")],
    "sum": [
        row("BIGINT -> BIGINT", "sum({}){over}"),
        row("DOUBLE -> DOUBLE", "DOUBLE(sum({}){over})"),
    ],
    "avg": [row("DOUBLE -> DOUBLE", "DOUBLE(avg({}){over})")],
    "min": [row("T -> T", "min({}){over}", TYPES)],
    "max": [row("T -> T", "max({}){over}", TYPES)],
    "bool_and": [row("BOOLEAN -> BOOLEAN", "min({}){over}")],
    "bool_or": [row("BOOLEAN -> BOOLEAN", "max({}){over}")],
}
TAKING_DISTINCT = ["count", "sum", "avg", "min", "max"]
# Without OVER: SQLite counts nothing distinct there, and Python makes no function for it in 3.10.
PLAIN_AGGREGATES = {
    # Exact here. On AWS its standard error is 2.3 %.
    "approx_distinct": [row("T -> BIGINT", "count(DISTINCT {})", TYPES)],
    "min_by": [row("T U -> T", "t_min_by({}, {})", TYPES)],
    "max_by": [row("T U -> T", "t_max_by({}, {})", TYPES)],
    "approx_percentile": [row("T DOUBLE -> T", "t_percentile({}, {})", NUMBERS)],
    "stddev": [row("DOUBLE -> DOUBLE", "t_stddev({})")],
    "stddev_samp": [row("DOUBLE -> DOUBLE", "t_stddev({})")],
    "stddev_pop": [row("DOUBLE -> DOUBLE", "t_stddev_pop({})")],
    "variance": [row("DOUBLE -> DOUBLE", "t_variance({})")],
    "var_samp": [row("DOUBLE -> DOUBLE", "t_variance({})")],
    "var_pop": [row("DOUBLE -> DOUBLE", "t_variance_pop({})")],
}
# Only with OVER, as all AGGREGATES can be.
WINDOW_FUNCTIONS = {
    "row_number": [row("-> BIGINT", "row_number(){over}")],
    "rank": [row("-> BIGINT", "rank(){over}")],
    "dense_rank": [row("-> BIGINT", "dense_rank(){over}")],
    "first_value": [row("T -> T", "first_value({}){over}", TYPES)],
    "last_value": [row("T -> T", "last_value({}){over}", TYPES)],
    **{
        name: [
            row("T -> T", name + "({}){over}", TYPES),
            row("T BIGINT -> T", name + "({}, t_offset({})){over}", TYPES),
            row("T BIGINT T -> T", name + "({}, t_offset({}), {}){over}", TYPES),
        ]
        for name in ("lag", "lead")
    },
}
SCALAR_FUNCTIONS = {
    # Numbers
    "abs": [row("T -> T", "{T}(t_abs({}))", NUMBERS)],
    "ceil": [row("T -> T", "{}", INTEGERS), row("DOUBLE -> DOUBLE", "t_ceil({})")],
    "ceiling": [row("T -> T", "{}", INTEGERS), row("DOUBLE -> DOUBLE", "t_ceil({})")],
    "exp": [row("DOUBLE -> DOUBLE", "t_exp({})")],
    "floor": [row("T -> T", "{}", INTEGERS), row("DOUBLE -> DOUBLE", "t_floor({})")],
    "ln": [row("DOUBLE -> DOUBLE", "t_ln({})")],
    "log10": [row("DOUBLE -> DOUBLE", "t_log10({})")],
    "log2": [row("DOUBLE -> DOUBLE", "t_log2({})")],
    "mod": [row("T T -> T", "{T}(t_mod({}, {}))", NUMBERS)],
    "pow": [row("DOUBLE DOUBLE -> DOUBLE", "t_power({}, {})")],
    "power": [row("DOUBLE DOUBLE -> DOUBLE", "t_power({}, {})")],
    "round": [
        row("T -> T", "{T}(t_round({}, 0))", NUMBERS),
        row("T INTEGER -> T", "{T}(t_round({}, {}))", NUMBERS),
    ],
    "sign": [row("T -> T", "{T}(t_sign({}))", NUMBERS)],
    "sqrt": [row("DOUBLE -> DOUBLE", "t_sqrt({})")],
    # Text
    "concat": [row("VARCHAR VARCHAR VARCHAR... -> VARCHAR", "t_concat({all})")],
    "length": [row("VARCHAR -> BIGINT", "t_length({})")],
    "lower": [row("VARCHAR -> VARCHAR", "t_lower({})")],
    "ltrim": [row("VARCHAR -> VARCHAR", "t_ltrim({})")],
    "replace": [
        row("VARCHAR VARCHAR -> VARCHAR", "t_replace({}, {}, '')"),
        row("VARCHAR VARCHAR VARCHAR -> VARCHAR", "t_replace({}, {}, {})"),
    ],
    "reverse": [row("VARCHAR -> VARCHAR", "t_reverse({})")],
    "rtrim": [row("VARCHAR -> VARCHAR", "t_rtrim({})")],
    "split_part": [row("VARCHAR VARCHAR BIGINT -> VARCHAR", "t_split_part({}, {}, {})")],
    "starts_with": [row("VARCHAR VARCHAR -> BOOLEAN", "t_starts_with({}, {})")],
    "strpos": [row("VARCHAR VARCHAR -> BIGINT", "t_strpos({}, {})")],
    **dict.fromkeys(
        ["substr", "substring"],
        [
            row("VARCHAR BIGINT -> VARCHAR", "t_substr({}, {})"),
            row("VARCHAR BIGINT BIGINT -> VARCHAR", "t_substr({}, {}, {})"),
        ],
    ),
    "trim": [row("VARCHAR -> VARCHAR", "t_trim({})")],
    "upper": [row("VARCHAR -> VARCHAR", "t_upper({})")],
    # Times
    "ago": [row("INTERVAL -> TIMESTAMP", "TIMESTAMP(:now - {})")],
    "bin": [row("TIMESTAMP INTERVAL -> TIMESTAMP", "({0} / t_width({1}) * {1})")],
    "date_add": [row("VARCHAR BIGINT TIMESTAMP -> TIMESTAMP", "t_date_add({}, {}, {})")],
    "date_diff": [row("VARCHAR TIMESTAMP TIMESTAMP -> BIGINT", "t_date_diff({}, {}, {})")],
    "date_format": [row("TIMESTAMP VARCHAR -> VARCHAR", "t_date_format({}, {})")],
    "date_trunc": [row("VARCHAR TIMESTAMP -> TIMESTAMP", "t_date_trunc({}, {})")],
    "from_iso8601_timestamp": [row("VARCHAR -> TIMESTAMP", "t_from_iso8601({})")],
    "from_milliseconds": [row("BIGINT -> TIMESTAMP", "TIMESTAMP({} * 1000000)")],
    "from_nanoseconds": [row("BIGINT -> TIMESTAMP", "TIMESTAMP({})")],
    "now": [row("-> TIMESTAMP", ":now")],
    "parse_duration": [row("VARCHAR -> INTERVAL", "t_parse_duration({})")],
    "to_milliseconds": [
        row("TIMESTAMP -> BIGINT", "({} / 1000000)"),
        row("INTERVAL -> BIGINT", "({} / 1000000)"),
    ],
    "to_nanoseconds": [row("TIMESTAMP -> BIGINT", "{}"), row("INTERVAL -> BIGINT", "{}")],
    **{
        part: [row("TIMESTAMP -> BIGINT", f"t_part('{part}', {{}})")]
        for part in "year quarter month day day_of_week day_of_year hour minute second".split()
    },
    # Any type
    "coalesce": [row("T T T... -> T", "coalesce({all})", TYPES)],
    "greatest": [row("T T T... -> T", "max({all})", TYPES)],
    "least": [row("T T T... -> T", "min({all})", TYPES)],
    "nullif": [
        row("T U -> T", "nullif({}, {})", NUMBERS),
        row("T T -> T", "nullif({}, {})", TYPES),
    ],
    "if": [
        row("BOOLEAN T -> T", "CASE WHEN {} THEN {} END", TYPES),
        row("BOOLEAN T T -> T", "CASE WHEN {} THEN {} ELSE {} END", TYPES),
    ],
}
FUNCTIONS = AGGREGATES | PLAIN_AGGREGATES | WINDOW_FUNCTIONS | SCALAR_FUNCTIONS

COMPARISONS = ["=", "<>", "!=", "<", "<=", ">", ">="]
# The signs are the names of operators. Those with two arguments stand between them.
OPERATORS = {
    **{sign: [row("T T -> BOOLEAN", f"({{}} {sign} {{}})", TYPES)] for sign in COMPARISONS},
    "is distinct from": [row("T T -> BOOLEAN", "({} IS NOT {})", TYPES)],
    "is null": [row("T -> BOOLEAN", "({} IS NULL)", TYPES)],
    "between": [row("T T T -> BOOLEAN", "({} BETWEEN {} AND {})", TYPES)],
    "in": [row("T T... -> BOOLEAN", "({} IN ({rest}))", TYPES)],
    "like": [
        row("VARCHAR VARCHAR -> BOOLEAN", "t_like({}, {})"),
        row("VARCHAR VARCHAR VARCHAR -> BOOLEAN", "t_like({}, {}, {})"),
    ],
    "not": [row("BOOLEAN -> BOOLEAN", "(NOT {})")],
    # Chains of these are flat, since SQLite's parser takes only so many brackets.
    "and": [row("BOOLEAN... -> BOOLEAN", "({chain})")],
    "or": [row("BOOLEAN... -> BOOLEAN", "({chain})")],
    "||": [row("VARCHAR... -> VARCHAR", "({chain})")],
    "+": [
        row("T T -> T", "{T}({} + {})", [*NUMBERS, "INTERVAL"]),
        row("TIMESTAMP INTERVAL -> TIMESTAMP", "TIMESTAMP({} + {})"),
        row("INTERVAL TIMESTAMP -> TIMESTAMP", "TIMESTAMP({} + {})"),
    ],
    "-": [
        row("T T -> T", "{T}({} - {})", [*NUMBERS, "INTERVAL"]),
        row("TIMESTAMP INTERVAL -> TIMESTAMP", "TIMESTAMP({} - {})"),
        row("TIMESTAMP TIMESTAMP -> INTERVAL", "INTERVAL({} - {})"),
    ],
    "*": [
        row("T T -> T", "{T}({} * {})", NUMBERS),
        row("INTERVAL BIGINT -> INTERVAL", "INTERVAL({} * {})"),
        row("BIGINT INTERVAL -> INTERVAL", "INTERVAL({} * {})"),
    ],
    "/": [row("T T -> T", "{T}(t_divide({}, {}))", NUMBERS)],
    "%": [row("T T -> T", "{T}(t_mod({}, {}))", NUMBERS)],
    "negative": [row("T -> T", "{T}(-{})", [*NUMBERS, "INTERVAL"])],
    "positive": [row("T -> T", "{}", [*NUMBERS, "INTERVAL"])],
}

# From which type to which, and the SQL.
CASTS = {
    ("BIGINT", "INTEGER"): "INTEGER({})",
    ("DOUBLE", "INTEGER"): "INTEGER(t_whole({}))",
    ("DOUBLE", "BIGINT"): "BIGINT(t_whole({}))",
    **{(number, "BOOLEAN"): "({} <> 0)" for number in NUMBERS},
    ("BOOLEAN", "INTEGER"): "{}",
    ("BOOLEAN", "BIGINT"): "{}",
    ("BOOLEAN", "DOUBLE"): "CAST({} AS REAL)",
    **{(number, "VARCHAR"): "CAST({} AS TEXT)" for number in INTEGERS},
    **{
        (kind, "VARCHAR"): f"t_format('{kind}', {{}})"
        for kind in ("DOUBLE", "BOOLEAN", "TIMESTAMP", "INTERVAL")
    },
    **{("VARCHAR", kind): f"t_read('{kind}', {{}})" for kind in (*NUMBERS, "BOOLEAN", "TIMESTAMP")},
}
