"""query/functions.py, line by line: values, nulls, empty groups and wrong types, as in Trino."""

import json
import time

import pytest

from tests.local_aws.query import QueryError, expressions, functions
from tests.local_aws.query.reference import describe_signature, list_functions
from tests.local_aws.store import Store

NOW = 1795489445.123  # 2026-11-24 03:04:05.123 UTC


@pytest.fixture(scope="module")
def store():
    return Store()


@pytest.fixture
def ask(store, monkeypatch):
    """A function that queries one value and returns it as text, arrays as JSON."""
    monkeypatch.setattr(time, "time", lambda: NOW)

    def ask(sql):
        [row] = store.query(sql)["Rows"]
        values = [flatten(value) for value in row["Data"]]
        return [value if isinstance(value, str) else json.dumps(value) for value in values]

    return ask


def flatten(value):
    """Return a value of a response as text, or a list of texts."""
    if "ArrayValue" in value:
        return [flatten(part) for part in value["ArrayValue"]]
    if "RowValue" in value:
        return [flatten(part) for part in value["RowValue"]["Data"]]
    if "TimeSeriesValue" in value:
        return [
            [point["Time"][14:19], flatten(point["Value"])] for point in value["TimeSeriesValue"]
        ]
    return value.get("ScalarValue")


CALLS = """
abs(-3)                                                | 3
acos(1)                                                | 0.0
ago(1h)                                                | 2026-11-24 02:04:05.123000000
all_match(array[1, 2], x -> x > 0)                     | true
all_match(array[1, null], x -> x > 0)                  | null
all_match(array[0, null], x -> x > 0)                  | false
any_match(array[1, 2], x -> x > 1)                     | true
any_match(array[1, null], x -> x > 1)                  | null
array_distinct(array[2, 1, 2, null, null])             | ["2", "1", null]
array_except(array[1, 2, null], array[2])              | ["1", null]
array_intersect(array[1, 2, null], array[2, null])     | ["2", null]
array_join(array[1.5, null, 2], '-')                   | 1.5-2.0
array_join(array[1, null], '-', 'none')                | 1-none
array_max(array[1, 3, 2])                              | 3
array_max(array[1, null])                              | null
array_min(array['b', 'a'])                             | a
array_position(array['a', 'b'], 'b')                   | 2
array_position(array['a', 'b'], 'c')                   | 0
array_remove(array[1, 2, null, 1], 1)                  | ["2", null]
array_sort(array[3, null, 1])                          | ["1", "3", null]
array_union(array[1, 2], array[2, null])               | ["1", "2", null]
arrays_overlap(array[1, 2], array[2])                  | true
arrays_overlap(array[1, null], array[2])               | null
arrays_overlap(array[1], array[2])                     | false
asin(0)                                                | 0.0
atan(0)                                                | 0.0
atan2(0, 1)                                            | 0.0
bin(now(), 10s)                                        | 2026-11-24 03:04:00.000000000
bin('2022-06-17 10:15:20', 5m)                         | 2022-06-17 10:15:00.000000000
bitwise_and(12, 10)                                    | 8
bitwise_not(5)                                         | -6
bitwise_or(12, 10)                                     | 14
bitwise_xor(12, 10)                                    | 6
cardinality(array[])                                   | 0
cbrt(-27)                                              | -3.0
ceil(2)                                                | 2
ceil(3000000000)                                       | 3000000000
ceil(1.2)                                              | 2.0
ceiling(2)                                             | 2
ceiling(3000000000)                                    | 3000000000
ceiling(-1.2)                                          | -1.0
chr(65)                                                | A
coalesce(null, 1, 2)                                   | 1
codepoint('A')                                         | 65
concat('a', 'b', 'c')                                  | abc
concat(array[1], array[2, 3])                          | ["1", "2", "3"]
concat_ws('-', 'a', null, 'b')                         | a-b
contains(array[1, 2], 2)                               | true
contains(array[1, null], 2)                            | null
contains(array[1], 2)                                  | false
cos(0)                                                 | 1.0
cosh(0)                                                | 1.0
current_timezone()                                     | UTC
date('2026-11-24')                                     | 2026-11-24
date(now())                                            | 2026-11-24
date_add('day', -1, now())                             | 2026-11-23 03:04:05.123000000
date_add('month', 3, timestamp '2026-11-30 01:00')     | 2027-02-28 01:00:00.000000000
date_add('year', 1, date '2028-02-29')                 | 2029-02-28
date_diff('minute', ago(90s), now())                   | 1
date_diff('month', date '2026-01-31', date '2026-02-28') | 1
date_diff('month', date '2026-01-31', date '2026-02-27') | 0
date_diff('quarter', '2026-11-01', '2026-01-01')       | -3
date_format(now(), '%Y-%m-%d %H:%i:%s.%f %p')          | 2026-11-24 03:04:05.123000 AM
date_parse('2026-11-24', '%Y-%m-%d')                   | 2026-11-24 00:00:00.000000000
date_trunc('month', date '2026-11-24')                 | 2026-11-01
date_trunc('hour', '2026-11-24 03:04:05')              | 2026-11-24 03:00:00.000000000
day(now())                                             | 24
day_of_month(now())                                    | 24
day_of_week(now())                                     | 2
day_of_year(now())                                     | 328
degrees(pi())                                          | 180.0
dow(now())                                             | 2
doy(now())                                             | 328
e()                                                    | 2.718281828459045
element_at(array[1, 2], -1)                            | 2
element_at(array[1, 2], 3)                             | null
exp(0)                                                 | 1.0
filter(array[1, null, 2], x -> x > 1)                  | ["2"]
flatten(array[array[1], null, array[2]])               | ["1", "2"]
floor(2)                                               | 2
floor(3000000000)                                      | 3000000000
floor(-1.2)                                            | -2.0
format_datetime(now(), 'yyyy-MM-dd''T''HH:mm:ss.SSS')  | 2026-11-24T03:04:05.123
from_iso8601_date('2026-11-24')                        | 2026-11-24
from_iso8601_timestamp('2026-11-24T03:04:05+01:00')    | 2026-11-24 02:04:05.000000000
from_milliseconds(1500)                                | 1970-01-01 00:00:01.500000000
from_nanoseconds(1500)                                 | 1970-01-01 00:00:00.000001500
from_unixtime(1.5)                                     | 1970-01-01 00:00:01.500000000
greatest(1, 3, 2)                                      | 3
hour(now())                                            | 3
if(true, 1)                                            | 1
if(false, 1)                                           | null
if(null, 1, 2)                                         | 2
last_day_of_month(now())                               | 2026-11-30
least(1, null)                                         | null
length('äöü')                                          | 3
levenshtein_distance('apple', 'ample')                 | 1
ln(e())                                                | 1.0
log(2, 8)                                              | 3.0
log10(1000)                                            | 3.0
log2(8)                                                | 3.0
lower('ÄB')                                            | äb
lpad('a', 3, 'xy')                                     | xya
lpad('abc', 2, 'x')                                    | ab
ltrim(' a')                                            | a
millisecond(now())                                     | 123
minute(now())                                          | 4
mod(-7, 3)                                             | -1
month(now())                                           | 11
nanosecond(now())                                      | 123000000
none_match(array[1], x -> x > 1)                       | true
now()                                                  | 2026-11-24 03:04:05.123000000
nullif(1, 1.0)                                         | null
nullif('a', 'b')                                       | a
parse_datetime('24.11.2026 03', 'dd.MM.yyyy HH')       | 2026-11-24 03:00:00.000000000
parse_duration('42.8ms')                               | 0 00:00:00.042800000
pi()                                                   | 3.141592653589793
position('b' in 'abc')                                 | 2
pow(2, 3)                                              | 8.0
power(2, 3)                                            | 8.0
quarter(now())                                         | 4
radians(180)                                           | 3.141592653589793
reduce(array[1, 2], 0, (s, x) -> s + x, s -> s * 10)   | 30
reduce(array[1, 2], 0.5, (s, x) -> s + x, s -> s)      | 3.5
regexp_count('a1b22', '\\d+')                          | 2
regexp_extract('a12b', '\\d+')                         | 12
regexp_extract('a12b', 'a(\\d)', 1)                    | 1
regexp_extract('ab', '\\d')                            | null
regexp_extract_all('a1b22', '\\d+')                    | ["1", "22"]
regexp_extract_all('a1b2', '([a-z])\\d', 1)            | ["a", "b"]
regexp_like('abc', 'b.')                               | true
regexp_replace('a1b2', '\\d')                          | ab
regexp_replace('a1', '([a-z])(\\d)', '$2$1')           | 1a
regexp_split('a1b2c', '\\d')                           | ["a", "b", "c"]
repeat('a', 2)                                         | ["a", "a"]
replace('banana', 'an')                                | ba
replace('banana', 'an', 'x')                           | bxxa
reverse('abc')                                         | cba
reverse(array[1, 2])                                   | ["2", "1"]
round(2.5)                                             | 3.0
round(1.25, 1)                                         | 1.3
rpad('a', 3, 'xy')                                     | axy
rtrim('a ')                                            | a
second(now())                                          | 5
sequence(3, 1)                                         | ["3", "2", "1"]
sequence(1, 6, 2)                                      | ["1", "3", "5"]
sequence(date '2026-11-24', date '2026-11-25')         | ["2026-11-24", "2026-11-25"]
sequence(date '2026-11-24', date '2026-11-27', 2d)     | ["2026-11-24", "2026-11-26"]
cardinality(sequence(ago(1h), now(), 10m))             | 7
sign(-2.5)                                             | -1.0
sin(0)                                                 | 0.0
sinh(0)                                                | 0.0
slice(array[1, 2, 3], -2, 2)                           | ["2", "3"]
slice(array[1, 2, 3], 2, 0)                            | []
split('a,b,c', ',')                                    | ["a", "b", "c"]
split('a,b,c', ',', 2)                                 | ["a", "b,c"]
split_part('a-b', '-', 2)                              | b
sqrt(9)                                                | 3.0
starts_with('abc', 'ab')                               | true
strpos('abc', 'c')                                     | 3
substr('hello', 2)                                     | ello
substr('hello', 2, 3)                                  | ell
substring('hello', -3)                                 | llo
substring('hello', 2, 3)                               | ell
tan(0)                                                 | 0.0
tanh(0)                                                | 0.0
to_iso8601(date '2026-11-24')                          | 2026-11-24
to_iso8601(now())                                      | 2026-11-24T03:04:05.123000000
to_milliseconds(now())                                 | 1795489445123
to_milliseconds(2s)                                    | 2000
to_nanoseconds(now())                                  | 1795489445123000000
to_nanoseconds(1us)                                    | 1000
to_unixtime(timestamp '1970-01-01 00:00:01.5')         | 1.5
transform(array[1, null], x -> x * 2)                  | ["2", null]
translate('abcd', 'abc', 'xy')                         | xyd
trim(' a ')                                            | a
trim('xax', 'x')                                       | a
trim(both 'x' from 'xax')                              | a
trim(leading 'x' from 'xax')                           | ax
trim(trailing from 'a ')                               | a
ltrim('xax', 'x')                                      | ax
rtrim('xax', 'x')                                      | xa
substring('hello' from 2)                              | ello
substring('hello' from 2 for 3)                        | ell
bit_count(9, 64)                                       | 2
bit_count(-7, 8)                                       | 6
truncate(-1.7)                                         | -1.0
upper('äb')                                            | ÄB
week(date '2027-01-01')                                | 53
week_of_year(now())                                    | 48
width_bucket(5, 0, 10, 4)                              | 3
year(now())                                            | 2026
year_of_week(date '2027-01-01')                        | 2026
yow(date '2027-01-01')                                 | 2026
zip(array[1, 2], array['a'])                           | [["1", "a"], ["2", null]]
zip_with(array[1, 2], array[10], (x, y) -> x + y)      | ["11", null]
try(1 / 0)                                             | null
try(cast('x' as bigint))                               | null
try(5)                                                 | 5
array[1, 2][2]                                         | 2
array[1] || array[2.5]                                 | ["1.0", "2.5"]
array[1] || 2                                          | ["1", "2"]
(1 || array[cast(null as int)]) || 2                   | ["1", null, "2"]
regexp_extract('abc', '(?<x>b)c', 1)                   | b
regexp_replace('a(?<b', '[(?<](?<x>\\w)', '<${x}>')      | a(?<b>
regexp_like('a-b.c.com', '^([a-z0-9-]+\\.)+com$')       | true
regexp_like('1,23,', '^\\d+(,\\d+)*$')                   | false
array[1, 2] = array[1, 2]                              | true
array[1, null] = array[1, null]                        | null
row(1, 'a') = row(1, 'b')                              | false
date '2026-11-24' + 1d                                 | 2026-11-25
date '2026-01-31' + interval '1' month                 | 2026-02-28
timestamp '2026-01-31' + interval '1' month            | 2026-02-28 00:00:00.000000000
interval '1' month + timestamp '2026-01-31'            | 2026-02-28 00:00:00.000000000
1h + timestamp '2026-01-31'                            | 2026-01-31 01:00:00.000000000
interval '1' year + interval '2' month                 | 1-2
interval '1' year - interval '2' month                 | 0-10
date '2026-11-24' - 1d                                 | 2026-11-23
date '2026-11-24' - interval '1' year                  | 2025-11-24
timestamp '2026-11-24' - interval '1' year             | 2025-11-24 00:00:00.000000000
1h - 30m                                               | 0 00:30:00.000000000
1h * 3                                                 | 0 03:00:00.000000000
1h * 1.5                                               | 0 01:30:00.000000000
2 * 1h                                                 | 0 02:00:00.000000000
1.5 * 1h                                               | 0 01:30:00.000000000
interval '5' month * 3                                 | 1-3
3 * interval '5' month                                 | 1-3
1h / 2                                                 | 0 00:30:00.000000000
- interval '5' month                                   | -0-5
+ 5m                                                   | 0 00:05:00.000000000
- 5m                                                   | -0 00:05:00.000000000
-0.0                                                   | -0.0
'a' like 'a'                                           | true
'a%' like 'a$%' escape '$'                             | true
extract(hour from now())                               | 3
current_date = date '2026-11-24'                       | true
date '2026-11-24' < now()                              | true
date '2026-11-24' < '2026-11-25'                       | true
time_ between '2026-11-01' and now()                   | true
"""
CALLS = [[part.strip() for part in line.rsplit("|", 1)] for line in CALLS.strip().splitlines()]
# Aggregate functions of x and y, in the rows (1, 10), (3, 5), (null, 7).
GROUPS = """
approx_distinct(x)                                     | 2
approx_percentile(x, 0.5)                              | 3
approx_percentile(x, array[0.1, 0.9])                  | ["1", "3"]
arbitrary(x)                                           | 1
any_value(x)                                           | 1
array_agg(x)                                           | ["1", "3", null]
array_agg(x order by y)                                | ["3", null, "1"]
array_agg(x order by x desc nulls first, y)            | [null, "3", "1"]
array_agg(array[x] order by x / x, y desc)             | [["1"], ["3"], [null]]
array_agg(x order by y) filter (where x > 0)           | ["3", "1"]
array_agg(array[x])                                    | [["1"], ["3"], [null]]
avg(x)                                                 | 2.0
bitwise_and_agg(x)                                     | 1
bitwise_or_agg(x)                                      | 3
bool_and(x > 1)                                        | false
bool_or(x > 1)                                         | true
every(x > 0)                                           | true
corr(x, y)                                             | -1.0
count(*)                                               | 3
count(x)                                               | 2
count(*) filter (where y > 6)                          | 2
array_agg(x) filter (where y > 6)                      | ["1", null]
count_if(x > 1)                                        | 1
covar_pop(x, y)                                        | -2.5
covar_samp(x, y)                                       | -5.0
create_time_series(from_milliseconds(y * 1000), x)     | [["00:05", "3"], ["00:10", "1"]]
round(geometric_mean(x * x), 6)                        | 3.0
max(x)                                                 | 3
max(x, 2)                                              | ["3", "1"]
max_by(x, y)                                           | 1
max_by(x, y, 2)                                        | ["1", null]
min(x)                                                 | 1
min(x, 2)                                              | ["1", "3"]
min_by(x, y)                                           | 3
min_by(x, y, 2)                                        | ["3", null]
regr_intercept(x, y)                                   | 5.0
regr_slope(x, y)                                       | -0.4
stddev(x)                                              | 1.4142135623730951
stddev_pop(x)                                          | 1.0
stddev_samp(x)                                         | 1.4142135623730951
sum(x)                                                 | 4
sum(x * 1.5)                                           | 6.0
sum(x * 1h)                                            | 0 04:00:00.000000000
sum(distinct x / x)                                    | 1
array_agg(distinct x / x)                              | ["1", null]
var_pop(x)                                             | 1.0
var_samp(x)                                            | 2.0
variance(x)                                            | 2.0
"""
GROUPS = [[part.strip() for part in line.rsplit("|", 1)] for line in GROUPS.strip().splitlines()]
# Window functions, in the second of these rows, ordered by y.
WINDOWS = """
row_number()                       | 2
rank()                             | 2
dense_rank()                       | 2
percent_rank()                     | 0.5
cume_dist()                        | 0.6666666666666666
ntile(3)                           | 2
first_value(x)                     | 3
last_value(x)                      | null
last_value(x) ignore nulls         | 3
nth_value(x, 1)                    | 3
nth_value(x, 1) ignore nulls       | 3
lag(x)                             | 3
lag(x, 2)                          | null
lag(x, 2, 9)                       | 9
lag(x) ignore nulls                | 3
lag(x, 0, 9) ignore nulls          | null
lead(x)                            | 1
lead(x, 2)                         | null
lead(x, 2, 9)                      | 9
lead(x, 1, 9) ignore nulls         | 1
first_value(x) ignore nulls        | 3
sum(x)                             | 3
sum(x * 1.5)                       | 4.5
sum(x * 1h)                        | 0 03:00:00.000000000
count(*)                           | 2
count(*) filter (where x is null)  | 1
count(x)                           | 1
count_if(x > 1)                    | 1
avg(x)                             | 3.0
min(x)                             | 3
max(x)                             | 3
bool_and(x > 1)                    | true
bool_or(x > 1)                     | true
every(x > 1)                       | true
"""
WINDOWS = [[part.strip() for part in line.rsplit("|", 1)] for line in WINDOWS.strip().splitlines()]
# Functions of a time series with the values 1, 4 and 2 at seconds 0, 10 and 20.
SERIES = """
cardinality(array[s])                                                  | 1
interpolate_linear(s, array[from_milliseconds(5000)])                  | [["00:05", "2.5"]]
interpolate_linear(s, from_milliseconds(5000))                         | 2.5
interpolate_locf(s, array[from_milliseconds(15000)])                   | [["00:15", "4.0"]]
interpolate_locf(s, from_milliseconds(30000))                          | 2.0
interpolate_fill(s, array[from_milliseconds(5000)], 9)                 | [["00:05", "9.0"]]
interpolate_fill(s, from_milliseconds(5000), 9)                        | 9.0
interpolate_spline_cubic(s, array[from_milliseconds(10000)])           | [["00:10", "4.0"]]
interpolate_spline_cubic(s, from_milliseconds(5000))                   | 2.96875
derivative_linear(s, 1m)                           | [["00:10", "18.0"], ["00:20", "-12.0"]]
non_negative_derivative_linear(s, 1m)                                  | [["00:10", "18.0"]]
integral_trapezoidal(s)                                                | 55.0
integral_trapezoidal(s, 10s)                                           | 5.5
correlate_pearson(s, s)                                                | 1.0
correlate_spearman(s, s)                                               | 1.0
filter(s, p -> p.value > 1)                        | [["00:10", "4"], ["00:20", "2"]]
reduce(s, 0, (n, p) -> n + p.value, n -> n)                            | 7
"""
SERIES = [[part.strip() for part in line.rsplit("|", 1)] for line in SERIES.strip().splitlines()]

ROWS = "(values (1, 10), (3, 5), (null, 7)) t(x, y)"
POINTS = (
    "(select create_time_series(from_milliseconds(t), v) s "
    "from (values (0, 1), (20000, 2), (10000, 4)) v(t, v)) v"
)


def complete(call, group):
    """Return a query for a function call from one of the tables above."""
    if group == "scalar":
        return f"select {call} from (select now() as time_) t".replace("\\\\", "\\")
    if group == "group":
        return f"select {call} from {ROWS}"
    if group == "window":
        return f"select v from (select y, {call} over (order by y) as v from {ROWS}) where y = 7"
    return f"select {call} from {POINTS}"


TABLES = {"scalar": CALLS, "group": GROUPS, "window": WINDOWS, "series": SERIES}
ALL = [
    pytest.param(complete(call, group), value, id=f"{group}-{call}")
    for group, calls in TABLES.items()
    for call, value in calls
]


@pytest.mark.parametrize(("sql", "value"), ALL)
def test_a_function_has_trinos_value(ask, sql, value):
    assert ask(sql) == [value]


def test_each_signature_is_tested_here(ask, monkeypatch):
    used = []
    find_match = expressions.find_match

    def note(signatures, given):
        match = find_match(signatures, given)
        used.append(match[0])
        return match

    monkeypatch.setattr(expressions, "find_match", note)
    for parameters in ALL:
        ask(parameters.values[0])
    plain = functions.PLAIN_SIGNATURES
    missing = [
        describe_signature(name, signature)
        for name, signatures in functions.FUNCTIONS.items()
        for signature in [*signatures, *plain.get(name, [])]
        if not any(signature is one for one in used)
    ]
    assert missing == []


AGGREGATES = functions.AGGREGATES | functions.PLAIN_AGGREGATES
SCALARS = {
    name: signatures
    for name, signatures in functions.FUNCTIONS.items()
    if name not in AGGREGATES and name not in functions.WINDOW_FUNCTIONS
}
# A value of each type.
SAMPLES = {
    "N": "1",
    "M": "1",
    "S": "'a'",
    "T": "'a'",
    "U": "'b'",
    "INTEGER": "1",
    "BIGINT": "1",
    "DOUBLE": "1.5",
    "BOOLEAN": "true",
    "VARCHAR": "'a'",
    "TIMESTAMP": "now()",
    "DATE": "current_date",
    "INTERVAL": "1d",
}
# Functions whose result is not null for every null argument.
TAKING_NULLS = {"coalesce", "if", "nullif", "concat_ws", "repeat", "reduce", "array_join"}


def write_sample(kind):
    """Return SQL for a value of a type in a signature, and for null of this type."""
    if isinstance(kind, functions.Function):
        names = "xyz"[: len(kind.parameters)]
        return f"({', '.join(names)}) -> {'true' if kind.result == 'BOOLEAN' else 'x'}", None
    if isinstance(kind, functions.Series):
        series = "(select create_time_series(now(), 1.5))"
        return series, f"nullif_series({series})"
    if isinstance(kind, functions.Array):
        element, _ = write_sample(kind.element)
        return f"array[{element}]", f"if(false, array[{element}])"
    return SAMPLES[kind], f"if(false, {SAMPLES[kind]})"


def nulls_of_scalars():
    """Yield a query for each parameter of each signature, with null as its argument."""
    for name, signatures in SCALARS.items():
        for signature in signatures:
            samples = [write_sample(kind) for kind in signature.parameters]
            for place, (_, null) in enumerate(samples):
                is_series = null is None or "series" in null
                if name in TAKING_NULLS or is_series or name in ("date_trunc", "position"):
                    continue
                values = [sample for sample, _ in samples]
                values[place] = null
                sql = f"{name}({', '.join(values)})"
                yield pytest.param(sql, id=sql)


@pytest.mark.parametrize("call", list(nulls_of_scalars()))
def test_a_null_argument_makes_the_result_null(ask, call):
    assert ask(f"select {call}") == ["null"]


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("coalesce(null, null)", "null"),
        ("if(null, 1)", "null"),
        ("nullif(null, 1)", "null"),
        ("nullif(1, null)", "1"),
        ("concat_ws(if(false, ','), 'a')", "null"),
        ("array_join(if(false, array['a']), '-')", "null"),
        ("array_join(array['a', null], '-', if(false, 'x'))", "a"),
        ("repeat(if(false, 1), 2)", "[null, null]"),
        ("reduce(if(false, array[1]), 0, (s, x) -> s, s -> s)", "null"),
        ("reduce(array[1], if(false, 0), (s, x) -> coalesce(s, 5) + x, s -> s)", "6"),
        ("reduce(array[0.5], null, (s, x) -> coalesce(s, 1) + x, s -> s / 2)", "0.75"),
        ("date_trunc(if(false, 'day'), now())", "null"),
        ("position(if(false, 'a') in 'a')", "null"),
        ("array[1][if(false, 1)]", "null"),
        ("array[1] || if(false, array[1])", "null"),
        ("now() + if(false, 1h)", "null"),
        ("current_date + if(false, interval '1' month)", "null"),
        ("1h * if(false, 1.5)", "null"),
        ("array[1] = if(false, array[1])", "null"),
    ],
    ids=str,
)
def test_a_null_is_treated_as_in_trino(ask, call, value):
    assert ask(f"select {call}") == [value]


@pytest.mark.parametrize("call", [call for call, _ in SERIES if "[s]" not in call])
def test_a_null_time_series_makes_the_result_null(ask, call):
    series = "(select create_time_series(now(), 1) s from (values 1) v(x) where false)"
    assert ask(f"select {call} from {series}") == ["null"]


ZEROS = ("count(", "count_if(", "approx_distinct(")


@pytest.mark.parametrize("call", [call for call, _ in GROUPS])
def test_an_aggregate_of_no_rows_is_null_or_zero(ask, call):
    expected = "0" if call.startswith(ZEROS) else "null"
    assert ask(f"select {call} from {ROWS} where false") == [expected]


@pytest.mark.parametrize("call", [call for call, _ in GROUPS if "filter" not in call])
def test_an_aggregate_of_only_nulls_is_that_of_no_rows(ask, call):
    expected = "0" if call.startswith(ZEROS) else "null"
    expected = {
        "array_agg(x)": "[null]",
        "array_agg(array[x])": "[[null]]",
        "array_agg(x order by y)": "[null]",
        "array_agg(x order by x desc nulls first, y)": "[null]",
        "array_agg(array[x] order by x / x, y desc)": "[[null]]",
        "array_agg(distinct x / x)": "[null]",
        "count(*)": "1",
        "max_by(x, y, 2)": "[null]",
        "min_by(x, y, 2)": "[null]",
    }.get(call, expected)
    assert ask(f"select {call} from {ROWS} where x is null") == [expected]


# Functions whose first argument can have any type.
ANY_TYPE = {
    name
    for name, signatures in functions.FUNCTIONS.items()
    if any(one.parameters[:1] == ["T"] for one in signatures)
} | {"position"}


def wrong_types():
    """Yield a call with a wrong type for each function that does not accept any type."""
    for name, [signature, *_] in functions.FUNCTIONS.items():
        samples = [write_sample(kind)[0] for kind in signature.parameters]
        if not samples or name in ANY_TYPE:
            continue
        over = " over ()" if name in functions.WINDOW_FUNCTIONS else ""
        yield pytest.param(f"{name}({', '.join(['row(1)', *samples[1:]])}){over}", id=name)


@pytest.mark.parametrize("call", list(wrong_types()))
def test_a_wrong_type_is_an_error_with_its_place(store, call):
    with pytest.raises(QueryError, match=r"line 1:8: Unexpected parameters \(row\(integer\)"):
        store.query(f"select {call}")


@pytest.mark.parametrize("name", sorted(functions.FUNCTIONS.keys() - {"coalesce", "position"}))
def test_a_wrong_number_of_arguments_is_an_error_with_its_place(store, name):
    over = " over ()" if name in functions.WINDOW_FUNCTIONS else ""
    arguments = ", ".join(["row(1)"] * 7)
    with pytest.raises(QueryError, match="line 1:8: "):
        store.query(f"select {name}({arguments}){over}")


@pytest.mark.parametrize(
    ("types", "sql", "error"),
    [
        ("VARCHAR VARCHAR -> VARCHAR", "f({})", "does not use all"),
        ("T T... -> T", "f({})", "does not use all"),
        ("VARCHAR -> VARCHAR", "f({}){tail}", "has {tail}"),
    ],
    ids=str,
)
def test_sql_that_does_not_use_its_arguments_is_an_error(types, sql, error):
    with pytest.raises(ValueError, match=error):
        functions.row(types, sql)


def test_an_aggregate_without_a_place_for_over_is_an_error():
    with pytest.raises(ValueError, match="has no {tail}"):
        functions.row("BOOLEAN -> BOOLEAN", "max({})", has_tail=True)


def test_each_function_has_a_description():
    listed = list_functions()
    assert {one["name"] for one in listed} == set(functions.FUNCTIONS)
    assert all(one["about"] for one in listed)
    assert "bin(timestamp, interval day to second) -> timestamp" in [
        one["signature"] for one in listed
    ]
