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


def read_table(text, has_tail=False):
    """Return {name: [Signature, ...]} of lines as "names | types | SQL". {name} in SQL is the name.

    Without SQL, it is the function t_<name>. An indented line continues the line above.
    """
    table = {}
    for line in text.strip().replace("\n    ", " ").splitlines():
        names, types, *rest = line.split(" | ", 2)
        sql = rest[0] if rest else "t_{name}({all})" + "{tail}" * has_tail
        for name in names.split(", "):
            signature = row(types, sql.replace("{name}", name), has_tail)
            table.setdefault(name, []).append(signature)
    return table


# With OVER and without.
AGGREGATES = """
count | -> BIGINT | count(*){tail}
count | T -> BIGINT | count({}){tail}
count_if | BOOLEAN -> BIGINT | count(CASE WHEN {} THEN 1 END){tail}
sum | BIGINT -> BIGINT | sum({}){tail}
sum | DOUBLE -> DOUBLE | DOUBLE(sum({}){tail})
sum | INTERVAL -> INTERVAL | sum({}){tail}
avg | DOUBLE -> DOUBLE | DOUBLE(avg({}){tail})
min, max | S -> S | {name}({}){tail}
bool_and, every | BOOLEAN -> BOOLEAN | min({}){tail}
bool_or | BOOLEAN -> BOOLEAN | max({}){tail}
"""
AGGREGATES = read_table(AGGREGATES, has_tail=True)
TAKING_DISTINCT = ["count", "sum", "avg", "min", "max", "array_agg"]
# Only without OVER, because Python 3.10 cannot register window functions. approx_distinct is exact
# here; on AWS, its standard error is 2.3 %.
PLAIN_AGGREGATES = """
approx_distinct | S -> BIGINT | count(DISTINCT {}){tail}
approx_percentile | N DOUBLE -> N | t_percentile({}, {}){tail}
approx_percentile | N array(DOUBLE) -> array(N) | t_percentiles({}, {}){tail}
arbitrary, any_value | T -> T | t_arbitrary({}){tail}
array_agg | S -> array(S)
array_agg | T -> array(T) | t_array_agg_nested({}){tail}
create_time_series | TIMESTAMP S -> timeseries(S)
min_by, max_by | T S -> T
min_by, max_by | S R BIGINT -> array(S) | t_{name}_n({all}){tail}
stddev, stddev_samp | DOUBLE -> DOUBLE | t_stddev({}){tail}
variance, var_samp | DOUBLE -> DOUBLE | t_variance({}){tail}
stddev_pop, var_pop, geometric_mean | DOUBLE -> DOUBLE
corr, covar_pop, covar_samp, regr_slope, regr_intercept | DOUBLE DOUBLE -> DOUBLE
bitwise_and_agg, bitwise_or_agg | BIGINT -> BIGINT
"""
PLAIN_AGGREGATES = read_table(PLAIN_AGGREGATES, has_tail=True)
# max(x, n) and min(x, n) are no window functions, unlike max(x).
PLAIN_SIGNATURES = read_table(
    "max, min | S BIGINT -> array(S) | t_{name}_n({all}){tail}", has_tail=True
)
# Only with OVER. AGGREGATES can also have it.
WINDOW_FUNCTIONS = """
row_number, rank, dense_rank | -> BIGINT | {name}(){tail}
percent_rank, cume_dist | -> DOUBLE | {name}(){tail}
ntile | BIGINT -> BIGINT | ntile(t_from_one('Buckets', {})){tail}
first_value, last_value | T -> T | {name}({}){tail}
nth_value | T BIGINT -> T | nth_value({}, t_from_one('Offset', {})){tail}
lag, lead | T -> T | {name}({}){tail}
lag, lead | T BIGINT -> T | {name}({}, t_offset({})){tail}
lag, lead | T BIGINT T -> T | {name}({}, t_offset({}), {}){tail}
"""
WINDOW_FUNCTIONS = read_table(WINDOW_FUNCTIONS, has_tail=True)

SERIES_FUNCTIONS = """
interpolate_linear, interpolate_locf, interpolate_spline_cubic |
    timeseries(DOUBLE) array(TIMESTAMP) -> timeseries(DOUBLE) | t_interpolate('{name}', {}, {})
interpolate_linear, interpolate_locf, interpolate_spline_cubic |
    timeseries(DOUBLE) TIMESTAMP -> DOUBLE | t_interpolate_at('{name}', {}, {})
interpolate_fill | timeseries(DOUBLE) array(TIMESTAMP) DOUBLE -> timeseries(DOUBLE) |
    t_interpolate('{name}', {}, {}, {})
interpolate_fill | timeseries(DOUBLE) TIMESTAMP DOUBLE -> DOUBLE |
    t_interpolate_at('{name}', {}, {}, {})
derivative_linear, non_negative_derivative_linear |
    timeseries(DOUBLE) INTERVAL -> timeseries(DOUBLE)
integral_trapezoidal | timeseries(DOUBLE) -> DOUBLE | t_integral_trapezoidal({}, 1000000000)
integral_trapezoidal | timeseries(DOUBLE) INTERVAL -> DOUBLE
correlate_pearson, correlate_spearman | timeseries(DOUBLE) timeseries(DOUBLE) -> DOUBLE
"""
ARRAY_FUNCTIONS = """
all_match, any_match | array(T) function(T,BOOLEAN) -> BOOLEAN
none_match | array(T) function(T,BOOLEAN) -> BOOLEAN | (NOT t_any_match({}, {}))
array_distinct | array(T) -> array(T)
array_except, array_intersect, array_union | array(T) array(T) -> array(T)
array_join | array(S) VARCHAR -> VARCHAR | t_array_join({S_object}, {all})
array_join | array(S) VARCHAR VARCHAR -> VARCHAR | t_array_join({S_object}, {all})
array_max, array_min | array(S) -> S
array_position | array(S) S -> BIGINT
array_remove | array(S) S -> array(S)
array_sort | array(S) -> array(S)
arrays_overlap | array(S) array(S) -> BOOLEAN
cardinality | array(T) -> BIGINT
contains | array(S) S -> BOOLEAN
element_at | array(T) BIGINT -> T
filter | array(T) function(T,BOOLEAN) -> array(T)
filter | timeseries(T) function(point(T),BOOLEAN) -> timeseries(T)
flatten | array(array(T)) -> array(T)
reduce | array(T) U function(U,T,U) function(U,V) -> V
reduce | timeseries(T) U function(U,point(T),U) function(U,V) -> V
repeat | S INTEGER -> array(S)
sequence | BIGINT BIGINT -> array(BIGINT)
sequence | DATE DATE -> array(DATE) | t_sequence({}, {}, 86400000000000)
sequence | DATE DATE INTERVAL -> array(DATE) | t_sequence({}, {}, t_whole_days({}))
sequence | BIGINT BIGINT BIGINT -> array(BIGINT)
sequence | TIMESTAMP TIMESTAMP INTERVAL -> array(TIMESTAMP)
slice | array(T) BIGINT BIGINT -> array(T)
transform | array(T) function(T,U) -> array(U)
zip | array(T) array(U) -> array(row(T,U))
zip_with | array(T) array(U) function(T,U,V) -> array(V)
"""
NUMBER_FUNCTIONS = """
abs, sign | N -> N | {N}(t_{name}({}))
bit_count, bitwise_xor | BIGINT BIGINT -> BIGINT
bitwise_and | BIGINT BIGINT -> BIGINT | ({} & {})
bitwise_or | BIGINT BIGINT -> BIGINT | ({} | {})
bitwise_not | BIGINT -> BIGINT | (~{})
acos, asin, atan, cbrt, cos, cosh, degrees, exp, ln, log10, log2, radians, sin, sinh, sqrt, tan,
    tanh, truncate | DOUBLE -> DOUBLE
ceil, ceiling, floor | INTEGER -> INTEGER | {}
ceil, ceiling, floor | BIGINT -> BIGINT | {}
ceil, ceiling, floor | DOUBLE -> DOUBLE
e, pi | -> DOUBLE
atan2, log, pow, power | DOUBLE DOUBLE -> DOUBLE
mod | N N -> N | {N}(t_mod({}, {}))
round | N -> N | {N}(t_round({}, 0))
round | N INTEGER -> N | {N}(t_round({}, {}))
width_bucket | DOUBLE DOUBLE DOUBLE BIGINT -> BIGINT
"""
TEXT_FUNCTIONS = """
chr | BIGINT -> VARCHAR
codepoint | VARCHAR -> INTEGER
concat | VARCHAR VARCHAR VARCHAR... -> VARCHAR
concat | array(T) array(T) array(T)... -> array(T) | t_array_concat({all})
concat_ws | VARCHAR VARCHAR... -> VARCHAR
length | VARCHAR -> BIGINT
levenshtein_distance, regexp_count, strpos | VARCHAR VARCHAR -> BIGINT
lower, upper | VARCHAR -> VARCHAR
lpad, rpad | VARCHAR BIGINT VARCHAR -> VARCHAR
position | VARCHAR VARCHAR -> BIGINT | t_strpos({1}, {0})
regexp_extract | VARCHAR VARCHAR -> VARCHAR | t_{name}({}, {}, 0)
regexp_extract | VARCHAR VARCHAR BIGINT -> VARCHAR
regexp_extract_all | VARCHAR VARCHAR -> array(VARCHAR) | t_{name}({}, {}, 0)
regexp_extract_all | VARCHAR VARCHAR BIGINT -> array(VARCHAR)
regexp_like, starts_with | VARCHAR VARCHAR -> BOOLEAN
regexp_replace, replace | VARCHAR VARCHAR -> VARCHAR | t_{name}({}, {}, '')
regexp_replace, replace | VARCHAR VARCHAR VARCHAR -> VARCHAR
regexp_split, split | VARCHAR VARCHAR -> array(VARCHAR)
reverse | VARCHAR -> VARCHAR
reverse | array(T) -> array(T) | t_array_reverse({})
split | VARCHAR VARCHAR BIGINT -> array(VARCHAR)
split_part | VARCHAR VARCHAR BIGINT -> VARCHAR
substr, substring | VARCHAR BIGINT -> VARCHAR
substr, substring | VARCHAR BIGINT BIGINT -> VARCHAR
translate | VARCHAR VARCHAR VARCHAR -> VARCHAR
trim, ltrim, rtrim | VARCHAR -> VARCHAR
trim, ltrim, rtrim | VARCHAR VARCHAR -> VARCHAR
"""
# The parts of a time that functions and extract() return.
PARTS = (
    "year quarter month week day hour minute second day_of_month day_of_week dow day_of_year doy "
    "week_of_year year_of_week yow"
).split()
# bin() calls t_width() for its error only: a call for each row would be slow.
TIME_FUNCTIONS = """
ago | INTERVAL -> TIMESTAMP | TIMESTAMP(:now - {})
bin | TIMESTAMP INTERVAL -> TIMESTAMP |
    ({0} / (CASE WHEN {1} > 0 THEN {1} ELSE t_width({1}) END) * {1})
current_timezone | -> VARCHAR | 'UTC'
date, from_iso8601_date | VARCHAR -> DATE | t_read('DATE', {})
date | TIMESTAMP -> DATE | ({} / 86400000000000 * 86400000000000)
date_add | VARCHAR BIGINT DATE -> DATE | t_date_add_to_date({}, {}, {})
date_add | VARCHAR BIGINT TIMESTAMP -> TIMESTAMP
date_diff | VARCHAR TIMESTAMP TIMESTAMP -> BIGINT
date_format, format_datetime | TIMESTAMP VARCHAR -> VARCHAR
date_parse, parse_datetime | VARCHAR VARCHAR -> TIMESTAMP
date_trunc | VARCHAR DATE -> DATE
date_trunc | VARCHAR TIMESTAMP -> TIMESTAMP
from_iso8601_timestamp | VARCHAR -> TIMESTAMP
from_milliseconds | BIGINT -> TIMESTAMP | TIMESTAMP({} * 1000000)
from_nanoseconds | BIGINT -> TIMESTAMP | TIMESTAMP({})
from_unixtime | DOUBLE -> TIMESTAMP
last_day_of_month | TIMESTAMP -> DATE
millisecond | TIMESTAMP -> BIGINT | ({} / 1000000 % 1000)
nanosecond | TIMESTAMP -> BIGINT | ({} % 1000000000)
now | -> TIMESTAMP | :now
parse_duration | VARCHAR -> INTERVAL
to_iso8601 | DATE -> VARCHAR | t_format('DATE', {})
to_iso8601 | TIMESTAMP -> VARCHAR | replace(t_format('TIMESTAMP', {}), ' ', 'T')
to_milliseconds | TIMESTAMP -> BIGINT | ({} / 1000000)
to_milliseconds | INTERVAL -> BIGINT | ({} / 1000000)
to_nanoseconds | TIMESTAMP -> BIGINT | {}
to_nanoseconds | INTERVAL -> BIGINT | {}
to_unixtime | TIMESTAMP -> DOUBLE
"""
GENERAL_FUNCTIONS = """
coalesce | T T T... -> T | coalesce({all})
greatest | S S S... -> S | max({all})
least | S S S... -> S | min({all})
nullif | N M -> N | nullif({}, {})
nullif | S S -> S | nullif({}, {})
if | BOOLEAN T -> T | CASE WHEN {} THEN {} END
if | BOOLEAN T T -> T | CASE WHEN {} THEN {} ELSE {} END
"""
FUNCTIONS = {
    **AGGREGATES,
    **PLAIN_AGGREGATES,
    **WINDOW_FUNCTIONS,
    **read_table(SERIES_FUNCTIONS),
    **read_table(ARRAY_FUNCTIONS),
    **read_table(NUMBER_FUNCTIONS),
    **read_table(TEXT_FUNCTIONS),
    **read_table(TIME_FUNCTIONS),
    **read_table(GENERAL_FUNCTIONS),
    **{part: [row("TIMESTAMP -> BIGINT", f"t_part('{part}', {{}})")] for part in PARTS},
}

COMPARISONS = ["=", "<>", "!=", "<", "<=", ">", ">="]
# "and" and "or" are written by Expressions.guarded().
OPERATORS = """
=, <>, !=, <, <=, >, >= | S S -> BOOLEAN | ({} {name} {})
= | T T -> BOOLEAN | t_equal({}, {})
is distinct from | T T -> BOOLEAN | ({} IS NOT {})
is null | T -> BOOLEAN | ({} IS NULL)
between | S S S -> BOOLEAN | ({} BETWEEN {} AND {})
in | S S... -> BOOLEAN | ({} IN ({rest}))
like | VARCHAR VARCHAR -> BOOLEAN
like | VARCHAR VARCHAR VARCHAR -> BOOLEAN
not | BOOLEAN -> BOOLEAN | (NOT {})
and, or | BOOLEAN... -> BOOLEAN | {all}
|| | VARCHAR... -> VARCHAR | t_concat({all})
|| | array(T)... -> array(T) | t_array_concat({all})
|| | array(S) S -> array(S) | t_array_concat({}, t_list('v', {}))
|| | S array(S) -> array(S) | t_array_concat(t_list('v', {}), {})
+, - | N N -> N | {N}({} {name} {})
+, - | INTERVAL INTERVAL -> INTERVAL | INTERVAL({} {name} {})
+, - | MONTHS MONTHS -> MONTHS | MONTHS({} {name} {})
+, - | DATE INTERVAL -> DATE | DATE({} {name} t_whole_days({}))
+, - | DATE MONTHS -> DATE | t_add_months({}, {name}{})
+, - | TIMESTAMP INTERVAL -> TIMESTAMP | TIMESTAMP({} {name} {})
+, - | TIMESTAMP MONTHS -> TIMESTAMP | t_add_months({}, {name}{})
+ | INTERVAL TIMESTAMP -> TIMESTAMP | TIMESTAMP({} + {})
+ | MONTHS TIMESTAMP -> TIMESTAMP | t_add_months({1}, {0})
- | TIMESTAMP TIMESTAMP -> INTERVAL | INTERVAL({} - {})
* | N N -> N | {N}({} * {})
* | INTERVAL BIGINT -> INTERVAL | INTERVAL({} * {})
* | INTERVAL DOUBLE -> INTERVAL | t_scale({}, {})
* | BIGINT INTERVAL -> INTERVAL | INTERVAL({} * {})
* | DOUBLE INTERVAL -> INTERVAL | t_scale({1}, {0})
* | MONTHS BIGINT -> MONTHS | MONTHS({} * {})
* | BIGINT MONTHS -> MONTHS | MONTHS({} * {})
/ | N N -> N | {N}(t_divide({}, {}))
/ | INTERVAL DOUBLE -> INTERVAL | t_shrink({}, {})
% | N N -> N | {N}(t_mod({}, {}))
negative | N -> N | {N}(t_negative({}))
negative | INTERVAL -> INTERVAL | INTERVAL(-{})
negative | MONTHS -> MONTHS | MONTHS(-{})
positive | N -> N | {}
positive | INTERVAL -> INTERVAL | {}
subscript | array(T) BIGINT -> T
"""
OPERATORS = read_table(OPERATORS)
