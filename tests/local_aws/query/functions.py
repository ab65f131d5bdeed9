"""All functions and operators, with one line for each way to call them. Add a function here.

Their meaning is in the Timestream Developer Guide, "Functions" and "Operators", and in Trino's
documentation.
"""

import string
from collections import namedtuple

from tests.local_aws.query.types import NUMBERS, SCALARS, Array, Function, Row, Series, element_of

# Letters that mean any of several types; the same letter is the same type.
LETTERS = {
    "N": NUMBERS,
    "M": NUMBERS,
    "S": SCALARS,  # types that can be compared and ordered
    "R": SCALARS,
    "T": None,  # any type
    "U": None,
    "V": None,
}

# A way to call a function. parameters, result: types or letters. repeats: whether the last
# parameter can be repeated.
# sql: for SQLite, with a {} for each argument. {all}: all of them with commas; {rest}: all but the
# first; {N}: the type N; {tail}: the place of FILTER and OVER. In SQLite, a function with the name
# of a type is in_range() for it, and those named t_... are in python_functions.py,
# array_functions.py and aggregates.py. A null argument makes their result null.
Signature = namedtuple("Signature", "parameters repeats result sql")


def read_type(text):
    """Return a type written as array(T), function(T,BOOLEAN) and so on.

    point(T) is a row of time and value, which is an element of a timeseries(T).
    """
    word, bracket, rest = text.partition("(")
    if not bracket:
        return word
    if word in ("array", "timeseries"):
        return {"array": Array, "timeseries": Series}[word](read_type(rest[:-1]))
    if word == "point":
        return element_of(Series(rest[:-1]))
    parts = [read_type(part) for part in rest[:-1].split(",")]
    if word == "row":
        return Row(tuple((None, part) for part in parts))
    *parameters, result = parts
    return Function(tuple(parameters), result)


def row(types, sql, has_tail=False):
    """Return a signature; types: such as "INTEGER T -> T".

    SQL that does not use all its arguments would give wrong answers, so it is an error.
    """
    words, _, result = types.partition("->")
    words = words.split()
    repeats = bool(words) and words[-1].endswith("...")
    parameters = [read_type(word.replace("...", "")) for word in words]
    fields = [field for _, field, _, _ in string.Formatter().parse(sql) if field is not None]
    places = {str(number) for number in range(len(fields))} if "" in fields else set(fields)
    used = "all" in fields or ("rest" in fields and repeats)
    if not used and not {str(number) for number in range(len(parameters))} <= places:
        raise ValueError(f"{sql} does not use all of {types}")
    if ("tail" in fields) != has_tail:
        raise ValueError(f"{sql} has {'no ' if has_tail else ''}{{tail}}")
    return Signature(parameters, repeats, read_type(result.strip()), sql)


def tailed(types, sql):
    """Return the signature of an aggregate or window function, with a place for FILTER and OVER."""
    return row(types, sql, has_tail=True)


DOUBLES = "DOUBLE -> DOUBLE"
SPREADS = {
    "stddev": "t_stddev",
    "stddev_samp": "t_stddev",
    "stddev_pop": "t_stddev_pop",
    "variance": "t_variance",
    "var_samp": "t_variance",
    "var_pop": "t_variance_pop",
    "geometric_mean": "t_geometric_mean",
}
PAIRS = ["corr", "covar_pop", "covar_samp", "regr_slope", "regr_intercept"]

# With or without OVER.
AGGREGATES = {
    "count": [tailed("-> BIGINT", "count(*){tail}"), tailed("T -> BIGINT", "count({}){tail}")],
    "count_if": [tailed("BOOLEAN -> BIGINT", "count(CASE WHEN {} THEN 1 END){tail}")],
    "sum": [
        tailed("BIGINT -> BIGINT", "sum({}){tail}"),
        tailed("DOUBLE -> DOUBLE", "DOUBLE(sum({}){tail})"),
        tailed("INTERVAL -> INTERVAL", "sum({}){tail}"),
    ],
    "avg": [tailed("DOUBLE -> DOUBLE", "DOUBLE(avg({}){tail})")],
    "min": [tailed("S -> S", "min({}){tail}")],
    "max": [tailed("S -> S", "max({}){tail}")],
    "bool_and": [tailed("BOOLEAN -> BOOLEAN", "min({}){tail}")],
    "bool_or": [tailed("BOOLEAN -> BOOLEAN", "max({}){tail}")],
    "every": [tailed("BOOLEAN -> BOOLEAN", "min({}){tail}")],
}
TAKING_DISTINCT = ["count", "sum", "avg", "min", "max", "array_agg"]
# Only without OVER, because Python 3.10 cannot register window functions.
PLAIN_AGGREGATES = {
    # Exact here; on AWS, the standard error is 2.3 %.
    "approx_distinct": [tailed("S -> BIGINT", "count(DISTINCT {}){tail}")],
    "approx_percentile": [
        tailed("N DOUBLE -> N", "t_percentile({}, {}){tail}"),
        tailed("N array(DOUBLE) -> array(N)", "t_percentiles({}, {}){tail}"),
    ],
    "arbitrary": [tailed("T -> T", "t_arbitrary({}){tail}")],
    "any_value": [tailed("T -> T", "t_arbitrary({}){tail}")],
    "array_agg": [
        tailed("S -> array(S)", "t_array_agg({}){tail}"),
        tailed("T -> array(T)", "t_array_agg_nested({}){tail}"),
    ],
    "create_time_series": [
        tailed("TIMESTAMP S -> timeseries(S)", "t_create_time_series({}, {}){tail}")
    ],
    "min_by": [
        tailed("T S -> T", "t_min_by({}, {}){tail}"),
        tailed("S R BIGINT -> array(S)", "t_min_by_n({}, {}, {}){tail}"),
    ],
    "max_by": [
        tailed("T S -> T", "t_max_by({}, {}){tail}"),
        tailed("S R BIGINT -> array(S)", "t_max_by_n({}, {}, {}){tail}"),
    ],
    **{name: [tailed(DOUBLES, name_sql + "({}){tail}")] for name, name_sql in SPREADS.items()},
    **{
        name: [tailed("DOUBLE DOUBLE -> DOUBLE", f"t_{name}({{}}, {{}}){{tail}}")] for name in PAIRS
    },
    "bitwise_and_agg": [tailed("BIGINT -> BIGINT", "t_bitwise_and_agg({}){tail}")],
    "bitwise_or_agg": [tailed("BIGINT -> BIGINT", "t_bitwise_or_agg({}){tail}")],
}
# Unlike max(x), max(x, n) and min(x, n) are not window functions.
PLAIN_SIGNATURES = {
    "max": [tailed("S BIGINT -> array(S)", "t_max_n({}, {}){tail}")],
    "min": [tailed("S BIGINT -> array(S)", "t_min_n({}, {}){tail}")],
}
# Only with OVER. AGGREGATES can also have it.
WINDOW_FUNCTIONS = {
    "row_number": [tailed("-> BIGINT", "row_number(){tail}")],
    "rank": [tailed("-> BIGINT", "rank(){tail}")],
    "dense_rank": [tailed("-> BIGINT", "dense_rank(){tail}")],
    "percent_rank": [tailed("-> DOUBLE", "percent_rank(){tail}")],
    "cume_dist": [tailed("-> DOUBLE", "cume_dist(){tail}")],
    "ntile": [tailed("BIGINT -> BIGINT", "ntile(t_from_one('Buckets', {})){tail}")],
    "first_value": [tailed("T -> T", "first_value({}){tail}")],
    "last_value": [tailed("T -> T", "last_value({}){tail}")],
    "nth_value": [tailed("T BIGINT -> T", "nth_value({}, t_from_one('Offset', {})){tail}")],
    **{
        name: [
            tailed("T -> T", name + "({}){tail}"),
            tailed("T BIGINT -> T", name + "({}, t_offset({})){tail}"),
            tailed("T BIGINT T -> T", name + "({}, t_offset({}), {}){tail}"),
        ]
        for name in ("lag", "lead")
    },
}
SERIES_TIMES = "timeseries(DOUBLE) array(TIMESTAMP)"
SERIES_FUNCTIONS = {
    **{
        f"interpolate_{name}": [
            row(f"{SERIES_TIMES} -> timeseries(DOUBLE)", f"t_interpolate('{name}', {{}}, {{}})"),
            row(
                "timeseries(DOUBLE) TIMESTAMP -> DOUBLE", f"t_interpolate_at('{name}', {{}}, {{}})"
            ),
        ]
        for name in ("linear", "locf", "spline_cubic")
    },
    "interpolate_fill": [
        row(f"{SERIES_TIMES} DOUBLE -> timeseries(DOUBLE)", "t_interpolate('fill', {}, {}, {})"),
        row(
            "timeseries(DOUBLE) TIMESTAMP DOUBLE -> DOUBLE", "t_interpolate_at('fill', {}, {}, {})"
        ),
    ],
    "derivative_linear": [
        row("timeseries(DOUBLE) INTERVAL -> timeseries(DOUBLE)", "t_derivative({}, {})")
    ],
    "non_negative_derivative_linear": [
        row("timeseries(DOUBLE) INTERVAL -> timeseries(DOUBLE)", "t_rising_derivative({}, {})")
    ],
    "integral_trapezoidal": [
        row("timeseries(DOUBLE) -> DOUBLE", "t_integral({}, 1000000000)"),
        row("timeseries(DOUBLE) INTERVAL -> DOUBLE", "t_integral({}, {})"),
    ],
    "correlate_pearson": [
        row("timeseries(DOUBLE) timeseries(DOUBLE) -> DOUBLE", "t_pearson({}, {})")
    ],
    "correlate_spearman": [
        row("timeseries(DOUBLE) timeseries(DOUBLE) -> DOUBLE", "t_spearman({}, {})")
    ],
}
ARRAY_FUNCTIONS = {
    "all_match": [row("array(T) function(T,BOOLEAN) -> BOOLEAN", "t_all_match({}, {})")],
    "any_match": [row("array(T) function(T,BOOLEAN) -> BOOLEAN", "t_any_match({}, {})")],
    "none_match": [row("array(T) function(T,BOOLEAN) -> BOOLEAN", "(NOT t_any_match({}, {}))")],
    "array_distinct": [row("array(T) -> array(T)", "t_array_distinct({})")],
    "array_except": [row("array(T) array(T) -> array(T)", "t_array_except({}, {})")],
    "array_intersect": [row("array(T) array(T) -> array(T)", "t_array_intersect({}, {})")],
    "array_join": [
        row("array(S) VARCHAR -> VARCHAR", "t_array_join({S_object}, {}, {})"),
        row("array(S) VARCHAR VARCHAR -> VARCHAR", "t_array_join({S_object}, {}, {}, {})"),
    ],
    "array_max": [row("array(S) -> S", "t_array_max({})")],
    "array_min": [row("array(S) -> S", "t_array_min({})")],
    "array_position": [row("array(S) S -> BIGINT", "t_array_position({}, {})")],
    "array_remove": [row("array(S) S -> array(S)", "t_array_remove({}, {})")],
    "array_sort": [row("array(S) -> array(S)", "t_array_sort({})")],
    "array_union": [row("array(T) array(T) -> array(T)", "t_array_union({}, {})")],
    "arrays_overlap": [row("array(S) array(S) -> BOOLEAN", "t_arrays_overlap({}, {})")],
    "cardinality": [row("array(T) -> BIGINT", "t_cardinality({})")],
    "contains": [row("array(S) S -> BOOLEAN", "t_contains({}, {})")],
    "element_at": [row("array(T) BIGINT -> T", "t_element_at({}, {})")],
    "filter": [
        row("array(T) function(T,BOOLEAN) -> array(T)", "t_filter({}, {})"),
        row("timeseries(T) function(point(T),BOOLEAN) -> timeseries(T)", "t_filter({}, {})"),
    ],
    "flatten": [row("array(array(T)) -> array(T)", "t_flatten({})")],
    "reduce": [
        row("array(T) U function(U,T,U) function(U,V) -> V", "t_reduce({}, {}, {}, {})"),
        row(
            "timeseries(T) U function(U,point(T),U) function(U,V) -> V", "t_reduce({}, {}, {}, {})"
        ),
    ],
    "repeat": [row("S INTEGER -> array(S)", "t_repeat({}, {})")],
    "sequence": [
        row("BIGINT BIGINT -> array(BIGINT)", "t_sequence({}, {})"),
        row("DATE DATE -> array(DATE)", "t_sequence({}, {}, 86400000000000)"),
        row("DATE DATE INTERVAL -> array(DATE)", "t_sequence({}, {}, t_whole_days({}))"),
        row("BIGINT BIGINT BIGINT -> array(BIGINT)", "t_sequence({}, {}, {})"),
        row("TIMESTAMP TIMESTAMP INTERVAL -> array(TIMESTAMP)", "t_sequence({}, {}, {})"),
    ],
    "slice": [row("array(T) BIGINT BIGINT -> array(T)", "t_slice({}, {}, {})")],
    "transform": [row("array(T) function(T,U) -> array(U)", "t_transform({}, {})")],
    "zip": [row("array(T) array(U) -> array(row(T,U))", "t_zip({}, {})")],
    "zip_with": [row("array(T) array(U) function(T,U,V) -> array(V)", "t_zip_with({}, {}, {})")],
}
NUMBER_FUNCTIONS = {
    "abs": [row("N -> N", "{N}(t_abs({}))")],
    "bit_count": [row("BIGINT BIGINT -> BIGINT", "t_bit_count({}, {})")],
    "bitwise_and": [row("BIGINT BIGINT -> BIGINT", "({} & {})")],
    "bitwise_or": [row("BIGINT BIGINT -> BIGINT", "({} | {})")],
    "bitwise_not": [row("BIGINT -> BIGINT", "(~{})")],
    "bitwise_xor": [row("BIGINT BIGINT -> BIGINT", "t_xor({}, {})")],
    "cbrt": [row(DOUBLES, "t_cbrt({})")],
    "ceil": [
        row("INTEGER -> INTEGER", "{}"),
        row("BIGINT -> BIGINT", "{}"),
        row(DOUBLES, "t_ceil({})"),
    ],
    "e": [row("-> DOUBLE", "t_e()")],
    "floor": [
        row("INTEGER -> INTEGER", "{}"),
        row("BIGINT -> BIGINT", "{}"),
        row(DOUBLES, "t_floor({})"),
    ],
    "log": [row("DOUBLE DOUBLE -> DOUBLE", "t_log({}, {})")],
    "mod": [row("N N -> N", "{N}(t_mod({}, {}))")],
    "pi": [row("-> DOUBLE", "t_pi()")],
    "power": [row("DOUBLE DOUBLE -> DOUBLE", "t_power({}, {})")],
    "round": [
        row("N -> N", "{N}(t_round({}, 0))"),
        row("N INTEGER -> N", "{N}(t_round({}, {}))"),
    ],
    "sign": [row("N -> N", "{N}(t_sign({}))")],
    "atan2": [row("DOUBLE DOUBLE -> DOUBLE", "t_atan2({}, {})")],
    "truncate": [row(DOUBLES, "t_truncate({})")],
    "width_bucket": [
        row("DOUBLE DOUBLE DOUBLE BIGINT -> BIGINT", "t_width_bucket({}, {}, {}, {})")
    ],
    **{
        name: [row(DOUBLES, f"t_{name}({{}})")]
        for name in (
            "acos asin atan cos cosh degrees exp ln log10 log2 radians sin sinh sqrt tan tanh"
        ).split()
    },
}
NUMBER_FUNCTIONS |= {
    "ceiling": NUMBER_FUNCTIONS["ceil"],
    "pow": NUMBER_FUNCTIONS["power"],
}
TEXT_FUNCTIONS = {
    "chr": [row("BIGINT -> VARCHAR", "t_chr({})")],
    "codepoint": [row("VARCHAR -> INTEGER", "t_codepoint({})")],
    "concat": [
        row("VARCHAR VARCHAR VARCHAR... -> VARCHAR", "t_concat({all})"),
        row("array(T) array(T) array(T)... -> array(T)", "t_array_concat({all})"),
    ],
    "concat_ws": [row("VARCHAR VARCHAR... -> VARCHAR", "t_concat_ws({all})")],
    "length": [row("VARCHAR -> BIGINT", "t_length({})")],
    "levenshtein_distance": [row("VARCHAR VARCHAR -> BIGINT", "t_levenshtein({}, {})")],
    "lower": [row("VARCHAR -> VARCHAR", "t_lower({})")],
    "lpad": [row("VARCHAR BIGINT VARCHAR -> VARCHAR", "t_lpad({}, {}, {})")],
    "position": [row("VARCHAR VARCHAR -> BIGINT", "t_strpos({1}, {0})")],
    "regexp_count": [row("VARCHAR VARCHAR -> BIGINT", "t_regexp_count({}, {})")],
    "regexp_extract": [
        row("VARCHAR VARCHAR -> VARCHAR", "t_regexp_extract({}, {}, 0)"),
        row("VARCHAR VARCHAR BIGINT -> VARCHAR", "t_regexp_extract({}, {}, {})"),
    ],
    "regexp_extract_all": [
        row("VARCHAR VARCHAR -> array(VARCHAR)", "t_regexp_extract_all({}, {}, 0)"),
        row("VARCHAR VARCHAR BIGINT -> array(VARCHAR)", "t_regexp_extract_all({}, {}, {})"),
    ],
    "regexp_like": [row("VARCHAR VARCHAR -> BOOLEAN", "t_regexp_like({}, {})")],
    "regexp_replace": [
        row("VARCHAR VARCHAR -> VARCHAR", "t_regexp_replace({}, {}, '')"),
        row("VARCHAR VARCHAR VARCHAR -> VARCHAR", "t_regexp_replace({}, {}, {})"),
    ],
    "regexp_split": [row("VARCHAR VARCHAR -> array(VARCHAR)", "t_regexp_split({}, {})")],
    "replace": [
        row("VARCHAR VARCHAR -> VARCHAR", "t_replace({}, {}, '')"),
        row("VARCHAR VARCHAR VARCHAR -> VARCHAR", "t_replace({}, {}, {})"),
    ],
    "reverse": [
        row("VARCHAR -> VARCHAR", "t_reverse({})"),
        row("array(T) -> array(T)", "t_array_reverse({})"),
    ],
    "rpad": [row("VARCHAR BIGINT VARCHAR -> VARCHAR", "t_rpad({}, {}, {})")],
    "split": [
        row("VARCHAR VARCHAR -> array(VARCHAR)", "t_split({}, {})"),
        row("VARCHAR VARCHAR BIGINT -> array(VARCHAR)", "t_split({}, {}, {})"),
    ],
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
    "translate": [row("VARCHAR VARCHAR VARCHAR -> VARCHAR", "t_translate({}, {}, {})")],
    **{
        name: [
            row("VARCHAR -> VARCHAR", f"t_{name}({{}})"),
            row("VARCHAR VARCHAR -> VARCHAR", f"t_{name}({{}}, {{}})"),
        ]
        for name in ("trim", "ltrim", "rtrim")
    },
    "upper": [row("VARCHAR -> VARCHAR", "t_upper({})")],
}
# The parts of a time that functions and extract() return.
PARTS = (
    "year quarter month week day hour minute second day_of_month day_of_week dow day_of_year doy "
    "week_of_year year_of_week yow"
).split()
# t_width() is for the error, as a call for each row takes long.
BIN = "({0} / (CASE WHEN {1} > 0 THEN {1} ELSE t_width({1}) END) * {1})"
TIME_FUNCTIONS = {
    "ago": [row("INTERVAL -> TIMESTAMP", "TIMESTAMP(:now - {})")],
    "bin": [row("TIMESTAMP INTERVAL -> TIMESTAMP", BIN)],
    "current_timezone": [row("-> VARCHAR", "'UTC'")],
    "date": [
        row("VARCHAR -> DATE", "t_read('DATE', {})"),
        row("TIMESTAMP -> DATE", "({} / 86400000000000 * 86400000000000)"),
    ],
    "date_add": [
        row("VARCHAR BIGINT DATE -> DATE", "t_date_add_to_date({}, {}, {})"),
        row("VARCHAR BIGINT TIMESTAMP -> TIMESTAMP", "t_date_add({}, {}, {})"),
    ],
    "date_diff": [row("VARCHAR TIMESTAMP TIMESTAMP -> BIGINT", "t_date_diff({}, {}, {})")],
    "date_format": [row("TIMESTAMP VARCHAR -> VARCHAR", "t_date_format({}, {})")],
    "date_parse": [row("VARCHAR VARCHAR -> TIMESTAMP", "t_date_parse({}, {})")],
    "date_trunc": [
        row("VARCHAR DATE -> DATE", "t_date_trunc({}, {})"),
        row("VARCHAR TIMESTAMP -> TIMESTAMP", "t_date_trunc({}, {})"),
    ],
    "format_datetime": [row("TIMESTAMP VARCHAR -> VARCHAR", "t_format_datetime({}, {})")],
    "from_iso8601_date": [row("VARCHAR -> DATE", "t_read('DATE', {})")],
    "from_iso8601_timestamp": [row("VARCHAR -> TIMESTAMP", "t_from_iso8601({})")],
    "from_milliseconds": [row("BIGINT -> TIMESTAMP", "TIMESTAMP({} * 1000000)")],
    "from_nanoseconds": [row("BIGINT -> TIMESTAMP", "TIMESTAMP({})")],
    "from_unixtime": [row("DOUBLE -> TIMESTAMP", "t_from_unixtime({})")],
    "last_day_of_month": [row("TIMESTAMP -> DATE", "t_last_day_of_month({})")],
    "millisecond": [row("TIMESTAMP -> BIGINT", "({} / 1000000 % 1000)")],
    "nanosecond": [row("TIMESTAMP -> BIGINT", "({} % 1000000000)")],
    "now": [row("-> TIMESTAMP", ":now")],
    "parse_datetime": [row("VARCHAR VARCHAR -> TIMESTAMP", "t_parse_datetime({}, {})")],
    "parse_duration": [row("VARCHAR -> INTERVAL", "t_parse_duration({})")],
    "to_iso8601": [
        row("DATE -> VARCHAR", "t_format('DATE', {})"),
        row("TIMESTAMP -> VARCHAR", "replace(t_format('TIMESTAMP', {}), ' ', 'T')"),
    ],
    "to_milliseconds": [
        row("TIMESTAMP -> BIGINT", "({} / 1000000)"),
        row("INTERVAL -> BIGINT", "({} / 1000000)"),
    ],
    "to_nanoseconds": [row("TIMESTAMP -> BIGINT", "{}"), row("INTERVAL -> BIGINT", "{}")],
    "to_unixtime": [row("TIMESTAMP -> DOUBLE", "t_to_unixtime({})")],
    **{part: [row("TIMESTAMP -> BIGINT", f"t_part('{part}', {{}})")] for part in PARTS},
}
GENERAL_FUNCTIONS = {
    "coalesce": [row("T T T... -> T", "coalesce({all})")],
    "greatest": [row("S S S... -> S", "max({all})")],
    "least": [row("S S S... -> S", "min({all})")],
    "nullif": [row("N M -> N", "nullif({}, {})"), row("S S -> S", "nullif({}, {})")],
    "if": [
        row("BOOLEAN T -> T", "CASE WHEN {} THEN {} END"),
        row("BOOLEAN T T -> T", "CASE WHEN {} THEN {} ELSE {} END"),
    ],
}
FUNCTIONS = {
    **AGGREGATES,
    **PLAIN_AGGREGATES,
    **WINDOW_FUNCTIONS,
    **SERIES_FUNCTIONS,
    **ARRAY_FUNCTIONS,
    **NUMBER_FUNCTIONS,
    **TEXT_FUNCTIONS,
    **TIME_FUNCTIONS,
    **GENERAL_FUNCTIONS,
}

COMPARISONS = ["=", "<>", "!=", "<", "<=", ">", ">="]
# Operators; their signs are their names.
OPERATORS = {
    **{sign: [row("S S -> BOOLEAN", f"({{}} {sign} {{}})")] for sign in COMPARISONS},
    "=": [
        row("S S -> BOOLEAN", "({} = {})"),
        row("T T -> BOOLEAN", "t_equal({}, {})"),
    ],
    "is distinct from": [row("T T -> BOOLEAN", "({} IS NOT {})")],
    "is null": [row("T -> BOOLEAN", "({} IS NULL)")],
    "between": [row("S S S -> BOOLEAN", "({} BETWEEN {} AND {})")],
    "in": [row("S S... -> BOOLEAN", "({} IN ({rest}))")],
    "like": [
        row("VARCHAR VARCHAR -> BOOLEAN", "t_like({}, {})"),
        row("VARCHAR VARCHAR VARCHAR -> BOOLEAN", "t_like({}, {}, {})"),
    ],
    "not": [row("BOOLEAN -> BOOLEAN", "(NOT {})")],
    # These are written by Expressions.guarded().
    "and": [row("BOOLEAN... -> BOOLEAN", "{all}")],
    "or": [row("BOOLEAN... -> BOOLEAN", "{all}")],
    "||": [
        row("VARCHAR... -> VARCHAR", "t_concat({all})"),
        row("array(T)... -> array(T)", "t_array_concat({all})"),
        row("array(S) S -> array(S)", "t_array_concat({}, t_list('v', {}))"),
        row("S array(S) -> array(S)", "t_array_concat(t_list('v', {}), {})"),
    ],
    "+": [
        row("N N -> N", "{N}({} + {})"),
        row("INTERVAL INTERVAL -> INTERVAL", "INTERVAL({} + {})"),
        row("MONTHS MONTHS -> MONTHS", "MONTHS({} + {})"),
        row("DATE INTERVAL -> DATE", "DATE({} + t_whole_days({}))"),
        row("DATE MONTHS -> DATE", "t_add_months({}, {})"),
        row("TIMESTAMP INTERVAL -> TIMESTAMP", "TIMESTAMP({} + {})"),
        row("TIMESTAMP MONTHS -> TIMESTAMP", "t_add_months({}, {})"),
        row("INTERVAL TIMESTAMP -> TIMESTAMP", "TIMESTAMP({} + {})"),
        row("MONTHS TIMESTAMP -> TIMESTAMP", "t_add_months({1}, {0})"),
    ],
    "-": [
        row("N N -> N", "{N}({} - {})"),
        row("INTERVAL INTERVAL -> INTERVAL", "INTERVAL({} - {})"),
        row("MONTHS MONTHS -> MONTHS", "MONTHS({} - {})"),
        row("DATE INTERVAL -> DATE", "DATE({} - t_whole_days({}))"),
        row("DATE MONTHS -> DATE", "t_add_months({}, -{})"),
        row("TIMESTAMP INTERVAL -> TIMESTAMP", "TIMESTAMP({} - {})"),
        row("TIMESTAMP MONTHS -> TIMESTAMP", "t_add_months({}, -{})"),
        row("TIMESTAMP TIMESTAMP -> INTERVAL", "INTERVAL({} - {})"),
    ],
    "*": [
        row("N N -> N", "{N}({} * {})"),
        row("INTERVAL BIGINT -> INTERVAL", "INTERVAL({} * {})"),
        row("INTERVAL DOUBLE -> INTERVAL", "t_scale({}, {})"),
        row("BIGINT INTERVAL -> INTERVAL", "INTERVAL({} * {})"),
        row("DOUBLE INTERVAL -> INTERVAL", "t_scale({1}, {0})"),
        row("MONTHS BIGINT -> MONTHS", "MONTHS({} * {})"),
        row("BIGINT MONTHS -> MONTHS", "MONTHS({} * {})"),
    ],
    "/": [
        row("N N -> N", "{N}(t_divide({}, {}))"),
        row("INTERVAL DOUBLE -> INTERVAL", "t_shrink({}, {})"),
    ],
    "%": [row("N N -> N", "{N}(t_mod({}, {}))")],
    "negative": [
        row("N -> N", "{N}(t_negative({}))"),
        row("INTERVAL -> INTERVAL", "INTERVAL(-{})"),
        row("MONTHS -> MONTHS", "MONTHS(-{})"),
    ],
    "positive": [row("N -> N", "{}"), row("INTERVAL -> INTERVAL", "{}")],
    "subscript": [row("array(T) BIGINT -> T", "t_subscript({}, {})")],
}
