"""query/: the columns, types and rows of results are Timestream's."""

import time

import pytest

from tests.local_aws.store import Record, Store

# 2026-11-24 03:04:05.123 UTC, in seconds and in nanoseconds.
NOW, MOMENT = 1795489445.123, 1795489445123000000


def create_record(measure, kind, value, seconds_ago, **dimensions):
    pairs = tuple(sorted(dimensions.items()))
    return Record(pairs, measure, MOMENT - seconds_ago * 10**9, kind, value)


@pytest.fixture(scope="module")
def store():
    """Tables: T has two sensors' numbers and a room's flag, One has a level, Empty is empty."""
    store = Store()
    for table in ("T", "One", "Empty"):
        store.create_table("D", table)
    records = [
        create_record("n", "BIGINT", 7, 2, Sensor="a"),
        create_record("n", "BIGINT", -7, 1, Sensor="b"),
        create_record("flag", "BOOLEAN", 1, 40, Room="1"),
    ]
    store.write("D", "T", records)
    store.write("D", "One", [create_record("level", "DOUBLE", 61.5, 0, Sensor="it's")])
    return store


@pytest.fixture
def ask(store, monkeypatch):
    """A function that runs a query and returns "column:TYPE ..." and a list of "value, ..."."""
    monkeypatch.setattr(time, "time", lambda: NOW)

    def ask(sql):
        answer = store.query(sql)
        columns = [f"{c['Name']}:{c['Type']['ScalarType']}" for c in answer["ColumnInfo"]]
        rows = [
            ["null" if value.get("NullValue") else value["ScalarValue"] for value in row["Data"]]
            for row in answer["Rows"]
        ]
        return " ".join(columns), [", ".join(row) for row in rows]

    return ask


EXPRESSIONS = """
1                                     | INTEGER   | 1
3000000000                            | BIGINT    | 3000000000
1.5                                   | DOUBLE    | 1.5
1e10                                  | DOUBLE    | 1.0E10
.5                                    | DOUBLE    | 0.5
0.00025                               | DOUBLE    | 2.5E-4
-1234567.0                            | DOUBLE    | -1234567.0
12345678.0                            | DOUBLE    | 1.2345678E7
'it''s'                               | VARCHAR   | it's
null                                  | UNKNOWN   | null
true                                  | BOOLEAN   | true
15m                                   | INTERVAL_DAY_TO_SECOND | 0 00:15:00.000000000
1minute + 1d                          | INTERVAL_DAY_TO_SECOND | 1 00:01:00.000000000
interval '-2' hour                    | INTERVAL_DAY_TO_SECOND | -0 02:00:00.000000000
interval - '2' hour                   | INTERVAL_DAY_TO_SECOND | -0 02:00:00.000000000
interval + '2' hour                   | INTERVAL_DAY_TO_SECOND | 0 02:00:00.000000000
2 * 36h                               | INTERVAL_DAY_TO_SECOND | 3 00:00:00.000000000
7 / 2                                 | INTEGER   | 3
-7 / 2                                | INTEGER   | -3
7 / 2.0                               | DOUBLE    | 3.5
7 % 3                                 | INTEGER   | 1
-7 % 3                                | INTEGER   | -1
7.5 % 2                               | DOUBLE    | 1.5
7 - 2 - 1                             | INTEGER   | 4
1 + 2 * 3                             | INTEGER   | 7
(1 + 2) * 3                           | INTEGER   | 9
- -1                                  | INTEGER   | 1
1 + 3000000000                        | BIGINT    | 3000000001
1 + 1.0                               | DOUBLE    | 2.0
null + 1                              | INTEGER   | null
'a' || 'b' || 'c'                     | VARCHAR   | abc
'a' || null                           | VARCHAR   | null
1 = 1.0                               | BOOLEAN   | true
1 <> 1 or 2 != 1                      | BOOLEAN   | true
'a' < 'B'                             | BOOLEAN   | false
'Z' < 'ä'                             | BOOLEAN   | true
null = null                           | BOOLEAN   | null
null is null                          | BOOLEAN   | true
1 is not null                         | BOOLEAN   | true
1 is distinct from null               | BOOLEAN   | true
null is not distinct from null        | BOOLEAN   | true
null and false                        | BOOLEAN   | false
null or false                         | BOOLEAN   | null
null or true                          | BOOLEAN   | true
not null                              | BOOLEAN   | null
not 1 = 2 and true                    | BOOLEAN   | true
2 in (1, 2, null)                     | BOOLEAN   | true
3 in (1, 2, null)                     | BOOLEAN   | null
3 not in (1, 2, null)                 | BOOLEAN   | null
3 not in (1, 2)                       | BOOLEAN   | true
2 in (1, 2.0)                         | BOOLEAN   | true
2 between 1 and 1 + 1                 | BOOLEAN   | true
2 not between 1 and 3                 | BOOLEAN   | false
'abc' like 'a%'                       | BOOLEAN   | true
'abc' like 'A%'                       | BOOLEAN   | false
'abc' like '%b_'                      | BOOLEAN   | true
'aXbXc' like 'a%b%b%c'                | BOOLEAN   | false
'a.c' like 'a_c' and 'abc' not like 'a.c' | BOOLEAN | true
'5%' like '5$%' escape '$'            | BOOLEAN   | true
'50' like '5$%' escape '$'            | BOOLEAN   | false
null like 'a'                         | BOOLEAN   | null
case when false then 1 when true then 2.5 end | DOUBLE | 2.5
case when null then 1 else null end   | INTEGER   | null
case 2 when 1 then 'a' when 2 then 'b' else 'c' end | VARCHAR | b
cast(61 as double)                    | DOUBLE    | 61.0
cast(2.5 as bigint)                   | BIGINT    | 3
cast(-2.5 as integer)                 | INTEGER   | -3
cast('-12' as bigint)                 | BIGINT    | -12
cast(' 1e3 ' as double)               | DOUBLE    | 1000.0
cast(61.0 as varchar)                 | VARCHAR   | 61.0
cast(1e7 as varchar)                  | VARCHAR   | 1.0E7
cast(true as varchar)                 | VARCHAR   | true
cast('T' as boolean)                  | BOOLEAN   | true
cast(0 as boolean)                    | BOOLEAN   | false
cast(true as integer)                 | INTEGER   | 1
cast(null as bigint)                  | BIGINT    | null
cast('2026-11-24' as timestamp)       | TIMESTAMP | 2026-11-24 00:00:00.000000000
cast(timestamp '2026-11-24 03:04' as varchar) | VARCHAR | 2026-11-24 03:04:00.000000000
bigint '5'                            | BIGINT    | 5
coalesce(null, 1, 2.5)                | DOUBLE    | 1.0
coalesce(null, null)                  | UNKNOWN   | null
nullif(1, 1)                          | INTEGER   | null
if(1 = 2, 'a')                        | VARCHAR   | null
if(1 = 1, 'a', 'b')                   | VARCHAR   | a
greatest(1, 2.5)                      | DOUBLE    | 2.5
least('b', 'a')                       | VARCHAR   | a
greatest(1, null)                     | INTEGER   | null
abs(-3)                               | INTEGER   | 3
abs(-2.5)                             | DOUBLE    | 2.5
round(2.5)                            | DOUBLE    | 3.0
round(-2.5)                           | DOUBLE    | -3.0
round(1.25, 1)                        | DOUBLE    | 1.3
round(3)                              | INTEGER   | 3
round(155, -1)                        | INTEGER   | 160
ceil(1.2)                             | DOUBLE    | 2.0
floor(-1.2)                           | DOUBLE    | -2.0
ceil(2) + ceiling(2) + floor(2)       | INTEGER   | 6
ceiling(-1.2)                         | DOUBLE    | -1.0
exp(0)                                | DOUBLE    | 1.0
ln(exp(2))                            | DOUBLE    | 2.0
log2(8)                               | DOUBLE    | 3.0
log10(1000)                           | DOUBLE    | 3.0
mod(-7, 3)                            | INTEGER   | -1
pow(2, 3)                             | DOUBLE    | 8.0
sqrt(9)                               | DOUBLE    | 3.0
power(2, 10)                          | DOUBLE    | 1024.0
sign(-2.5)                            | DOUBLE    | -1.0
lower('ÄB')                           | VARCHAR   | äb
upper('straße')                       | VARCHAR   | STRAßE
length('äöü')                         | BIGINT    | 3
lower(null)                           | VARCHAR   | null
trim('  a ')                          | VARCHAR   | a
'<' || ltrim(' a ') || rtrim(' b ') || '>' | VARCHAR | <a  b>
reverse('äbc')                        | VARCHAR   | cbä
substr('hello', 2, 3)                 | VARCHAR   | ell
substr('hello', -3)                   | VARCHAR   | llo
substr('hello', 0)                    | VARCHAR   |
replace('banana', 'an', 'x')          | VARCHAR   | bxxa
replace('banana', 'an')               | VARCHAR   | ba
concat('a', 'b', 'c')                 | VARCHAR   | abc
strpos('abc', 'c')                    | BIGINT    | 3
starts_with('abc', 'ab')              | BOOLEAN   | true
split_part('a-b', '-', 2)             | VARCHAR   | b
split_part('a-b', '-', 3)             | VARCHAR   | null
now()                                 | TIMESTAMP | 2026-11-24 03:04:05.123000000
current_timestamp - 1ms               | TIMESTAMP | 2026-11-24 03:04:05.122000000
ago(1h + 10m)                         | TIMESTAMP | 2026-11-24 01:54:05.123000000
now() - ago(90s)                      | INTERVAL_DAY_TO_SECOND | 0 00:01:30.000000000
ago(1D) = ago(24h) and ago(1s) = ago(1000ms) and ago(1us) = ago(1000ns) | BOOLEAN | true
bin(now(), 10ms)                      | TIMESTAMP | 2026-11-24 03:04:05.120000000
timestamp '2026-11-24 03:04:05.5'     | TIMESTAMP | 2026-11-24 03:04:05.500000000
from_milliseconds(1795489445123)      | TIMESTAMP | 2026-11-24 03:04:05.123000000
from_nanoseconds(1795489445123000001) | TIMESTAMP | 2026-11-24 03:04:05.123000001
to_milliseconds(now())                | BIGINT    | 1795489445123
to_nanoseconds(now())                 | BIGINT    | 1795489445123000000
to_nanoseconds(1us)                   | BIGINT    | 1000
to_milliseconds(2s)                   | BIGINT    | 2000
from_iso8601_timestamp('2026-11-24T03:04:05.5+01:00') | TIMESTAMP | 2026-11-24 02:04:05.500000000
from_iso8601_timestamp('2026-11-24T03:04:05-01') | TIMESTAMP | 2026-11-24 04:04:05.000000000
substring('abcd', 2, 2)               | VARCHAR   | bc
date_format(timestamp '2026-11-04 03:04:05', '%Y-%m-%d %H:%i') | VARCHAR | 2026-11-04 03:04
date_format(timestamp '2026-11-04', '%y %c %b %M %e %j') | VARCHAR | 26 11 Nov November 4 308
date_format(timestamp '2026-11-04 03:04:05', '%a %W %T %%') | VARCHAR | Wed Wednesday 03:04:05 %
nullif(bigint '7', 7.0)               | BIGINT    | null
nullif(bigint '-7', 0.0)              | BIGINT    | -7
from_iso8601_timestamp('2026-11-24T03:04:05Z') | TIMESTAMP | 2026-11-24 03:04:05.000000000
date_trunc('hour', now())             | TIMESTAMP | 2026-11-24 03:00:00.000000000
date_trunc('week', now())             | TIMESTAMP | 2026-11-23 00:00:00.000000000
date_trunc('quarter', now())          | TIMESTAMP | 2026-10-01 00:00:00.000000000
date_add('day', -1, now())            | TIMESTAMP | 2026-11-23 03:04:05.123000000
date_diff('minute', ago(1h), now())   | BIGINT    | 60
year(now()) * 100 + month(now())      | BIGINT    | 202611
day(now()) * 100 + hour(now())        | BIGINT    | 2403
minute(now()) * 100 + second(now())   | BIGINT    | 405
quarter(now())                        | BIGINT    | 4
day_of_week(now())                    | BIGINT    | 2
day_of_year(now())                    | BIGINT    | 328
parse_duration('42m')                 | INTERVAL_DAY_TO_SECOND | 0 00:42:00.000000000
(select 1)                            | INTEGER   | 1
(select 1 where false)                | INTEGER   | null
2 in (select 1 union all select 2.0)  | BOOLEAN   | true
1 not in (select null)                | BOOLEAN   | null
"""
EXPRESSIONS = [
    [part.strip() for part in line.rsplit("|", 2)] for line in EXPRESSIONS.strip().splitlines()
]


@pytest.mark.parametrize(("expression", "kind", "value"), EXPRESSIONS, ids=str)
def test_an_expression_has_trinos_type_and_value(ask, expression, kind, value):
    assert ask(f"select {expression}") == (f"_col0:{kind}", [value])


# A query, and the columns and rows of its result.
QUERIES = [
    pytest.param(
        "select * from D.Empty",
        "measure_name:VARCHAR time:TIMESTAMP",
        [],
        id="all of an empty table",
    ),
    pytest.param(
        '/* all */ SELECT * FROM "D"."One" -- of it\n WHERE time between ago(15m) and NOW();',
        "Sensor:VARCHAR measure_name:VARCHAR time:TIMESTAMP measure_value::double:DOUBLE",
        ["it's, level, 2026-11-24 03:04:05.123000000, 61.5"],
        id="all of a table",
    ),
    pytest.param(
        "select *, 1 as x, t.* from D.One t where Sensor = 'it''s' and measure_value::double > 61",
        "Sensor:VARCHAR measure_name:VARCHAR time:TIMESTAMP measure_value::double:DOUBLE x:INTEGER "
        "Sensor:VARCHAR measure_name:VARCHAR time:TIMESTAMP measure_value::double:DOUBLE",
        [
            "it's, level, 2026-11-24 03:04:05.123000000, 61.5, 1, "
            "it's, level, 2026-11-24 03:04:05.123000000, 61.5"
        ],
        id="all columns and others",
    ),
    pytest.param(
        "select Sensor, -measure_value::bigint as time from D.T order by time, Sensor limit 2",
        "Sensor:VARCHAR time:BIGINT",
        ["a, -7", "b, 7"],
        id="ORDER BY takes what is selected first",
    ),
    pytest.param(
        "select Sensor from D.T order by Sensor",
        "Sensor:VARCHAR",
        ["a", "b", "null"],
        id="nulls are last",
    ),
    pytest.param(
        "select Sensor s from D.T order by S desc",
        "s:VARCHAR",
        ["b", "a", "null"],
        id="nulls are last in the other direction, too",
    ),
    pytest.param(
        "select Sensor from D.T order by 1 nulls first",
        "Sensor:VARCHAR",
        ["null", "a", "b"],
        id="nulls are first if asked for",
    ),
    pytest.param(
        "select T.Sensor from D.T where D.T.Sensor is not null order by length(Sensor), 1 desc",
        "Sensor:VARCHAR",
        ["b", "a"],
        id="a column with its table",
    ),
    pytest.param(
        "select distinct length(Sensor) as l from D.T order by l",
        "l:BIGINT",
        ["1", "null"],
        id="DISTINCT",
    ),
    pytest.param(
        "select count(*), count(Sensor), count(distinct length(Sensor)), min(Sensor), max(time), "
        "sum(measure_value::bigint), avg(measure_value::bigint) from D.T",
        "_col0:BIGINT _col1:BIGINT _col2:BIGINT _col3:VARCHAR _col4:TIMESTAMP _col5:BIGINT "
        "_col6:DOUBLE",
        ["3, 2, 1, a, 2026-11-24 03:04:04.123000000, 0, 0.0"],
        id="aggregate functions",
    ),
    pytest.param(
        "select count(*), sum(measure_value::double), min(time), max_by(Sensor, time) from D.One "
        "where false",
        "_col0:BIGINT _col1:DOUBLE _col2:TIMESTAMP _col3:VARCHAR",
        ["0, null, null, null"],
        id="aggregate functions of nothing",
    ),
    pytest.param(
        "select min_by(Sensor, time), max_by(Sensor, time), max_by(time, measure_value::bigint) "
        "from D.T where measure_name = 'n'",
        "_col0:VARCHAR _col1:VARCHAR _col2:TIMESTAMP",
        ["a, b, 2026-11-24 03:04:03.123000000"],
        id="min_by and max_by",
    ),
    pytest.param(
        "select sum(measure_value::double), max(measure_value::double) from D.One",
        "_col0:DOUBLE _col1:DOUBLE",
        ["61.5, 61.5"],
        id="aggregate functions of doubles",
    ),
    pytest.param(
        "select approx_percentile(x, 0.5), approx_percentile(x, 1), approx_distinct(x), stddev(x) "
        "from (select 1 as x union all select 3 union all select 2 union all select null) t",
        "_col0:INTEGER _col1:INTEGER _col2:BIGINT _col3:DOUBLE",
        ["2, 3, 3, 1.0"],
        id="percentiles",
    ),
    pytest.param(
        "select stddev(x), stddev_samp(x), stddev_pop(x), variance(x), var_samp(x), var_pop(x) "
        "from (select 1 as x union all select 5 union all select null) t",
        "_col0:DOUBLE _col1:DOUBLE _col2:DOUBLE _col3:DOUBLE _col4:DOUBLE _col5:DOUBLE",
        ["2.8284271247461903, 2.8284271247461903, 2.0, 8.0, 8.0, 4.0"],
        id="how far values are spread",
    ),
    pytest.param(
        "select bool_and(x > 1), bool_or(x > 1), stddev(x - x / 2 * 2), variance(1) "
        "from (select 1 as x union all select 3) t group by 1 = 1",
        "_col0:BOOLEAN _col1:BOOLEAN _col2:DOUBLE _col3:DOUBLE",
        ["false, true, 0.0, 0.0"],
        id="aggregates of booleans",
    ),
    pytest.param(
        "select bin(time, 10s) t, avg(case when measure_name = 'n' then measure_value::bigint end) "
        "- 1, count_if(time < now() or 1 = 2) = 2 from D.T group by bin(time, 10s) order by t asc",
        "t:TIMESTAMP _col1:DOUBLE _col2:BOOLEAN",
        ["2026-11-24 03:03:20.000000000, null, false", "2026-11-24 03:04:00.000000000, -1.0, true"],
        id="groups by time",
    ),
    pytest.param(
        "select bin(time, 1h) + 1h as t, count(*) from D.T group by bin(time, 1h)",
        "t:TIMESTAMP _col1:BIGINT",
        ["2026-11-24 04:00:00.000000000, 3"],
        id="an expression made of what is grouped",
    ),
    pytest.param(
        "select measure_name, max(time) from D.T group by 1 order by count(*) desc limit 1",
        "measure_name:VARCHAR _col1:TIMESTAMP",
        ["n, 2026-11-24 03:04:04.123000000"],
        id="groups by position, ordered by an aggregate",
    ),
    pytest.param(
        "select measure_name n from D.T group by measure_name having count(*) > 1",
        "n:VARCHAR",
        ["n"],
        id="HAVING",
    ),
    pytest.param(
        "select count(*) from D.Empty having count(*) = 0 union all "
        "select count(*) from D.T having count(*) = 0",
        "_col0:BIGINT",
        ["0"],
        id="HAVING without GROUP BY",
    ),
    pytest.param(
        "select x, upper(t.Sensor) from (select Sensor, 1 as X from D.T) as t "
        "where sensor in ('a', 'c')",
        "x:INTEGER _col1:VARCHAR",
        ["1, A"],
        id="a sub-select, whose names have no case",
    ),
    pytest.param(
        "with a as (select time as moment from D.T), b as (select max(moment) as m from A) "
        "select b.m, count(*) from a, b where moment < m group by b.m",
        "m:TIMESTAMP _col1:BIGINT",
        ["2026-11-24 03:04:04.123000000, 2"],
        id="WITH, each query using the one before",
    ),
    pytest.param(
        "select a.Sensor, b.measure_name from D.T a join D.T b on a.time = b.time order by 1",
        "Sensor:VARCHAR measure_name:VARCHAR",
        ["a, n", "b, n", "null, flag"],
        id="JOIN",
    ),
    pytest.param(
        "select a.Sensor, b.Sensor from D.T a left join D.T b on a.Sensor = b.Sensor "
        "and b.Sensor = 'a' order by a.time",
        "Sensor:VARCHAR Sensor:VARCHAR",
        ["null, null", "a, a", "b, null"],
        id="LEFT JOIN",
    ),
    pytest.param(
        "select count(*) from D.T cross join D.T, D.One o inner join D.One p on o.time = p.time",
        "_col0:BIGINT",
        ["9"],
        id="joins without a condition",
    ),
    pytest.param(
        "select Sensor, row_number() over (order by time desc) n, "
        "lag(Sensor) over (order by time), lead(Sensor, 1, 'none') over (order by time) from D.T "
        "order by n",
        "Sensor:VARCHAR n:BIGINT _col2:VARCHAR _col3:VARCHAR",
        ["b, 1, a, none", "a, 2, null, b", "null, 3, null, a"],
        id="window functions",
    ),
    pytest.param(
        "select x, rank() over (order by x) r, dense_rank() over (order by x), "
        "first_value(x) over (order by x desc), last_value(x) over (order by x) "
        "from (select 1 as x union all select 1 union all select 5) order by x",
        "x:INTEGER r:BIGINT _col2:BIGINT _col3:INTEGER _col4:INTEGER",
        ["1, 1, 1, 5, 1", "1, 1, 1, 5, 1", "5, 3, 2, 5, 5"],
        id="ranks",
    ),
    pytest.param(
        "select time, sum(x) over (order by time rows between 1 preceding and current row), "
        "avg(x) over (partition by measure_name) from (select time, measure_name, "
        "measure_value::bigint as x from D.T) where measure_name = 'n' order by time",
        "time:TIMESTAMP _col1:BIGINT _col2:DOUBLE",
        ["2026-11-24 03:04:03.123000000, 7, 0.0", "2026-11-24 03:04:04.123000000, 0, 0.0"],
        id="sums and averages of windows",
    ),
    pytest.param(
        "select measure_name, sum(count(*)) over (order by measure_name) from D.T "
        "group by measure_name order by 1",
        "measure_name:VARCHAR _col1:BIGINT",
        ["flag, 1", "n, 3"],
        id="a window of groups",
    ),
    pytest.param(
        "select 1 as x union all select 2.5 union all select null order by x desc limit 2",
        "x:DOUBLE",
        ["2.5", "1.0"],
        id="UNION ALL, with one type",
    ),
    pytest.param(
        "(select 1) union select 1 union all (select 1 order by 1 limit 1)",
        "_col0:INTEGER",
        ["1", "1"],
        id="UNION",
    ),
    pytest.param(
        "select Sensor from D.T where time = (select max(time) from D.T)",
        "Sensor:VARCHAR",
        ["b"],
        id="a sub-query for a value",
    ),
    pytest.param(
        'select "select", "a ""b""" from (select 1 as "select", 2 as "a ""b""")',
        'select:INTEGER a "b":INTEGER',
        ["1, 2"],
        id="names in double quotes",
    ),
    pytest.param(
        "select a.Sensor from D.T a where exists (select 1 from D.T b where b.time > a.time "
        "and b.measure_name = a.measure_name)",
        "Sensor:VARCHAR",
        ["a"],
        id="EXISTS",
    ),
    pytest.param(
        "select Sensor from D.T a where not exists (select 1 from D.One where Sensor = a.Sensor) "
        "and Sensor is not null order by 1",
        "Sensor:VARCHAR",
        ["a", "b"],
        id="NOT EXISTS, with a name of the query around it",
    ),
    pytest.param(
        "select a.Sensor, (select count(*) from D.T b where b.Sensor = a.Sensor) n from D.T a "
        "group by a.Sensor order by 1",
        "Sensor:VARCHAR n:BIGINT",
        ["a, 1", "b, 1", "null, 0"],
        id="a sub-query with a column that is grouped",
    ),
    pytest.param(
        "select Sensor from D.T a where time = (select max(time) from D.T b "
        "where b.measure_name = a.measure_name) order by 1",
        "Sensor:VARCHAR",
        ["b", "null"],
        id="the latest row of each measure",
    ),
    pytest.param(
        "select x = any (values 1, 2), x <> all (values 1, null) from (values 2, 3) t(x)",
        "_col0:BOOLEAN _col1:BOOLEAN",
        ["true, null", "false, null"],
        id="ANY and ALL that are IN and NOT IN",
    ),
    pytest.param(
        "select x, y from (values 1, 2) t(x) right join (values 2, 3) u(y) on x = y order by y",
        "x:INTEGER y:INTEGER",
        ["2, 2", "null, 3"],
        id="RIGHT JOIN",
    ),
    pytest.param(
        "select x, y from (values 1, 2, null) t(x) full outer join (values 2, 3, null) u(y) "
        "on x = y order by x, y",
        "x:INTEGER y:INTEGER",
        ["1, null", "2, 2", "null, 3", "null, null", "null, null"],
        id="FULL JOIN",
    ),
    pytest.param(
        "select * from (values (1, 'a'), (2, 'b')) t(x, p) full join (values (2, 'c'), (3, 'd')) "
        "u(x, q) using (x) order by x",
        "x:INTEGER p:VARCHAR q:VARCHAR",
        ["1, a, null", "2, b, c", "3, null, d"],
        id="FULL JOIN with USING",
    ),
    pytest.param(
        "select x, p, q from (values (1, 'a')) t(x, p) right join (values (3.0, 'd')) u(x, q) "
        "using (x)",
        "x:DOUBLE p:VARCHAR q:VARCHAR",
        ["3.0, null, d"],
        id="RIGHT JOIN with USING, of two types",
    ),
    pytest.param(
        "select t.x, v from (values 1, 2, 3) t(x) left join ((values 2, 3) u(y) join "
        "(values 3) w(v) on y = v) on x = y order by x",
        "x:INTEGER v:INTEGER",
        ["1, null", "2, null", "3, 3"],
        id="a join in brackets",
    ),
    pytest.param(
        "values (1, 'a'), (2.5, null) order by 1 desc",
        "_col0:DOUBLE _col1:VARCHAR",
        ["2.5, null", "1.0, a"],
        id="VALUES",
    ),
    pytest.param(
        "with t(a, b) as (values (1, 2)) select b, u.c from t, (select a from t) as u(c)",
        "b:INTEGER c:INTEGER",
        ["2, 1"],
        id="lists of columns",
    ),
    pytest.param(
        "select n, v, o from (values 1) t(x) cross join unnest(array[1, 2], array['a']) "
        "with ordinality as u(n, v, o)",
        "n:INTEGER v:VARCHAR o:BIGINT",
        ["1, a, 1", "2, null, 2"],
        id="UNNEST of two arrays, numbered",
    ),
    pytest.param(
        "select x, v from (values (1, array['p']), (2, array[]), (3, null)) t(x, a) "
        "left join unnest(a) as u(v) on true order by x",
        "x:INTEGER v:VARCHAR",
        ["1, p", "2, null", "3, null"],
        id="LEFT JOIN UNNEST of an empty array and of null",
    ),
    pytest.param(
        "select a, b from unnest(array[row(1, 'x'), null]) as t(a, b)",
        "a:INTEGER b:VARCHAR",
        ["1, x", "null, null"],
        id="UNNEST of rows",
    ),
    pytest.param(
        "select u.time, value from (select create_time_series(time, measure_value::bigint) s "
        "from D.T) cross join unnest(s) as u",
        "time:TIMESTAMP value:BIGINT",
        ["2026-11-24 03:04:03.123000000, 7", "2026-11-24 03:04:04.123000000, -7"],
        id="UNNEST of a time series",
    ),
    pytest.param(
        "select x from (values 1, 2, 3, 3) t(x) except select 2 intersect values 2, 5 order by x",
        "x:INTEGER",
        ["1", "3"],
        id="INTERSECT binds more than EXCEPT",
    ),
    pytest.param(
        "select x from (values 1, 2, 3) t(x) order by x offset 1 rows limit 1",
        "x:INTEGER",
        ["2"],
        id="OFFSET",
    ),
    pytest.param(
        "select sum(x) over (order by t range between 1m preceding and current row) from (values "
        "(1, timestamp '2026-11-24 03:04:05'), (3, timestamp '2026-11-24 03:05:06'), "
        "(5, timestamp '2026-11-24 03:05:07'), (9, null)) v(x, t)",
        "_col0:BIGINT",
        ["1", "3", "8", "9"],
        id="a frame of an interval",
    ),
    pytest.param(
        "select x, sum(x) over w, count(*) over w2 from (values 1, 1, 2) t(x) "
        "window w as (order by x groups 1 preceding), w2 as (order by x)".replace("(w2)", "w2"),
        "x:INTEGER _col1:BIGINT _col2:BIGINT",
        ["1, 2, 2", "1, 2, 2", "2, 4, 3"],
        id="named windows, a frame of groups",
    ),
    pytest.param(
        "select y, last_value(x) ignore nulls over (order by y) from (values (1, 1.5), (2, null), "
        "(3, 0.1)) t(y, x)",
        "y:INTEGER _col1:DOUBLE",
        ["1, 1.5", "2, 1.5", "3, 0.1"],
        id="IGNORE NULLS carries the last value forward",
    ),
    pytest.param(
        "select count(*) filter (where x > 1), sum(x) filter (where x > 5) from (values 1, 2) t(x)",
        "_col0:BIGINT _col1:BIGINT",
        ["1, null"],
        id="FILTER",
    ),
    pytest.param(
        "select try_cast('x' as bigint), try_cast('5' as bigint), try(1 / 0), if(try(1 / 0) is "
        "null, 'none')",
        "_col0:BIGINT _col1:BIGINT _col2:INTEGER _col3:VARCHAR",
        ["null, 5, null, none"],
        id="TRY",
    ),
    pytest.param(
        "select x % 2 as y, try(1 / (x % 2)), try(10 / (count(*) - 1)), "
        "try(1 / (row_number() over (order by x % 2) - 1)), try((select 1) / 0) "
        "from (values 1, 2, 4) t(x) group by x % 2 order by y",
        "y:INTEGER _col1:INTEGER _col2:BIGINT _col3:BIGINT _col4:INTEGER",
        ["0, null, 10, null, null", "1, 1, null, 1, null"],
        id="TRY of aggregates, window functions and groups",
    ),
    pytest.param(
        "select x + 1, array_join(transform(array[0], y -> try((x + 1) / y)), '', 'none') "
        "from (values 1, 2) t(x) group by x + 1 having any_match(array[2], y -> y = x + 1)",
        "_col0:INTEGER _col1:VARCHAR",
        ["2, none"],
        id="a lambda with what is grouped by",
    ),
    pytest.param(
        "select a and 1 / b > 0, count(*), case when a and 1 / b > 0 then 'yes' end "
        "from (values (true, 1), (true, 1), (false, 0)) t(a, b) "
        "group by a and 1 / b > 0 having a and 1 / b > 0",
        "_col0:BOOLEAN _col1:BIGINT _col2:VARCHAR",
        ["true, 2, yes"],
        id="conditions that are grouped by",
    ),
    pytest.param(
        "select 5, count(*) from (values 1, 2) t(x) where x > 2 group by () having count(*) = 0",
        "_col0:INTEGER _col1:BIGINT",
        ["5, 0"],
        id="GROUP BY ()",
    ),
    pytest.param(
        "select 5 from (values 1, 2) t(x) group by ()",
        "_col0:INTEGER",
        ["5"],
        id="GROUP BY () without aggregates",
    ),
    pytest.param(
        "select x, y, count(*) from (values (1, 2), (1, 2)) t(x, y) group by (), (x, y)",
        "x:INTEGER y:INTEGER _col2:BIGINT",
        ["1, 2, 2"],
        id="GROUP BY with brackets",
    ),
    pytest.param(
        "select x, lag(x, 0, 9) ignore nulls over (order by y), "
        "lead(x, y, 9) ignore nulls over (order by y) "
        "from (values (1, 0), (null, 1), (2, 2)) t(x, y)",
        "x:INTEGER _col1:INTEGER _col2:INTEGER",
        ["1, 1, 1", "null, null, 2", "2, 2, 9"],
        id="with an offset of 0, lag and lead have the row itself",
    ),
    pytest.param(
        "select t.y.a, y.b, (y).b from (values (1, cast(row(1, 2) as row(a int, b double)))) "
        "t(x, y) where y.a = 1",
        "a:INTEGER b:DOUBLE b:DOUBLE",
        ["1, 2.0, 2.0"],
        id="fields of a row",
    ),
    pytest.param(
        "select cardinality(filter(array[1, 2, 3], e -> e > x)), "
        "reduce(transform(array[1, 2], e -> e + x), 0, (s, e) -> s + e * x, s -> s) "
        "from (values 1, 2) t(x) order by x",
        "_col0:BIGINT _col1:INTEGER",
        ["2, 5", "1, 14"],
        id="a lambda with a column",
    ),
    pytest.param(
        "select array_join(transform(sequence(1, 3), x -> array_join(transform(sequence(1, x), "
        "y -> x * y), '+')), ' ')",
        "_col0:VARCHAR",
        ["1 2+4 3+6+9"],
        id="a lambda in a lambda",
    ),
    pytest.param(
        "select x <> 0 and 4 / x > 1, x = 0 or 4 / x > 1 from (values 0, 2, null) t(x)",
        "_col0:BOOLEAN _col1:BOOLEAN",
        ["false, true", "true, true", "null, null"],
        id="conditions guard what stands beside them",
    ),
    pytest.param(
        "select -x, -0.0, cast(-x as varchar), -x = 0.0 from (values 0.0) t(x)",
        "_col0:DOUBLE _col1:DOUBLE _col2:VARCHAR _col3:BOOLEAN",
        ["-0.0, -0.0, -0.0, true"],
        id="minus zero stays",
    ),
    pytest.param(
        "select Sensor from D.T where time between '2026-11-24 03:04:04' and now() and "
        "time in ('2026-11-24 03:04:04.123', '2026-11-24') and time <> '2026-11-01'",
        "Sensor:VARCHAR",
        ["b"],
        id="texts that are times",
    ),
    pytest.param(
        "select date '2026-11-24', current_date, interval '14' month, date(time) from D.One",
        "_col0:DATE _col1:DATE _col2:INTERVAL_YEAR_TO_MONTH _col3:DATE",
        ["2026-11-24, 2026-11-24, 1-2, 2026-11-24"],
        id="dates and months",
    ),
    pytest.param("show databases like '_'", "Database:VARCHAR", ["D"], id="SHOW DATABASES"),
    pytest.param("SHOW TABLES FROM D", "Table:VARCHAR", ["Empty", "One", "T"], id="SHOW TABLES"),
    pytest.param("show tables from D like 'E%'", "Table:VARCHAR", ["Empty"], id="SHOW with LIKE"),
    pytest.param(
        "describe D.T",
        "Column:VARCHAR Type:VARCHAR Timestream attribute type:VARCHAR",
        [
            "Sensor, varchar, DIMENSION",
            "Room, varchar, DIMENSION",
            "measure_name, varchar, MEASURE_NAME",
            "time, timestamp, TIMESTAMP",
            "measure_value::bigint, bigint, MEASURE_VALUE",
            "measure_value::boolean, boolean, MEASURE_VALUE",
        ],
        id="DESCRIBE",
    ),
]


@pytest.mark.parametrize(("sql", "columns", "rows"), QUERIES)
def test_a_query_has_timestreams_columns_and_rows(ask, sql, columns, rows):
    assert ask(sql) == (columns, rows)


def test_show_measures_has_the_dimensions_of_each_measure(store):
    answer = store.query("show measures from D.T")
    assert [column["Name"] for column in answer["ColumnInfo"]] == [
        "measure_name",
        "data_type",
        "dimensions",
    ]
    dimension = {"RowValue": {"Data": [{"ScalarValue": "Room"}, {"ScalarValue": "varchar"}]}}
    assert answer["Rows"][0]["Data"] == [
        {"ScalarValue": "flag"},
        {"ScalarValue": "boolean"},
        {"ArrayValue": [dimension]},
    ]
    assert len(answer["Rows"]) == 2


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("select a from (select 0 a union all select 5) where a <> 0 and 10 / a > 1", "5"),
        (
            "select s from (select '12' s union all select 'x') "
            "where s <> 'x' and cast(s as bigint) > 1",
            "12",
        ),
    ],
    ids=["division", "cast"],
)
def test_a_condition_guards_the_next_one(store, sql, value):
    assert store.query(sql)["Rows"] == [{"Data": [{"ScalarValue": value}]}]


def test_arrays_rows_and_time_series_are_returned_as_on_aws(store):
    answer = store.query(
        "select array[1, null] a, row(1, 'x') r, cast(row(1) as row(f double)) c, "
        "create_time_series(time, measure_value::double) s from D.One"
    )
    double = {"ScalarType": "DOUBLE"}
    assert answer["ColumnInfo"] == [
        {"Name": "a", "Type": {"ArrayColumnInfo": {"Type": {"ScalarType": "INTEGER"}}}},
        {
            "Name": "r",
            "Type": {
                "RowColumnInfo": [
                    {"Type": {"ScalarType": "INTEGER"}},
                    {"Type": {"ScalarType": "VARCHAR"}},
                ]
            },
        },
        {"Name": "c", "Type": {"RowColumnInfo": [{"Name": "f", "Type": double}]}},
        {"Name": "s", "Type": {"TimeSeriesMeasureValueColumnInfo": {"Type": double}}},
    ]
    [row] = answer["Rows"]
    assert row["Data"] == [
        {"ArrayValue": [{"ScalarValue": "1"}, {"NullValue": True}]},
        {"RowValue": {"Data": [{"ScalarValue": "1"}, {"ScalarValue": "x"}]}},
        {"RowValue": {"Data": [{"ScalarValue": "1.0"}]}},
        {
            "TimeSeriesValue": [
                {"Time": "2026-11-24 03:04:05.123000000", "Value": {"ScalarValue": "61.5"}}
            ]
        },
    ]


def test_numbers_in_arrays_are_exact(ask):
    numbers = "9223372036854775807, -9223372036854775807"
    assert ask(f"select v from unnest(array[{numbers}]) as t(v)")[1] == numbers.split(", ")
    doubles = "0.1, 1.7976931348623157E308, 2.2250738585072014E-308, 0.30000000000000004"
    assert ask(f"select v from unnest(array[{doubles}]) as t(v)")[1] == doubles.split(", ")


def test_fifty_thousand_items_of_in_are_fast(ask):
    items = ", ".join(f"'{number}'" for number in range(50_000))
    start = time.perf_counter()
    assert ask(f"select x in ({items}) from (values '49999', 'x', null) t(x)")[1] == [
        "true",
        "false",
        "null",
    ]
    assert time.perf_counter() - start < 10


def test_many_items_of_in_respect_types_and_nulls(ask):
    items = ", ".join(map(str, range(200)))
    sql = f"select x in ({items}), x not in (null, {items}) from (values 7.0, 7.5, null) t(x)"
    assert ask(sql)[1] == ["true, false", "false, null", "null, null"]
