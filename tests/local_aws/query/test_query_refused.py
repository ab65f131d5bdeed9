"""query/: mistakes and unsupported features are named, with their places; no wrong answers."""

import random
import sqlite3

import pytest

from tests.local_aws.query import Engine, QueryError
from tests.local_aws.store import Record, Store

MOMENT = 1795489445123000000


@pytest.fixture(scope="module")
def store():
    store = Store()
    store.create_table("D", "T")
    store.create_table("D", "Twins")
    record = Record((("Sensor", "a"),), "n", MOMENT, "BIGINT", 7)
    store.write("D", "T", [record, record._replace(time=MOMENT + 1, value=2**63 - 1)])
    twins = (("Room", "1"), ("room", "2"))
    store.write("D", "Twins", [record._replace(dimensions=twins)])
    return store


def refuse(store, sql):
    """Return a query's error."""
    with pytest.raises(QueryError) as error:
        store.query(sql)
    return str(error.value)


HERE = "is not supported by this local AWS"


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("select interpolate_linear(x) from D.T", "line 1:27: Column 'x' cannot be resolved"),
        (
            "select\n  avgg(time) from D.T",
            "line 2:3: Function 'avgg' not registered. Did you mean avg?",
        ),
        ("select qqq(1)", "line 1:8: Function 'qqq' not registered"),
        (
            "select from_iso8601_timestamp('2026-11-24 03:04:05')",
            "'2026-11-24 03:04:05' is not a time in ISO 8601 such as 2026-11-24T03:04:05Z",
        ),
        (
            "select from_iso8601_timestamp('2026-11-24T03:04:05+25:00')",
            "'2026-11-24 03:04:05+25:00' is not a timestamp such as 2026-11-24 03:04:05",
        ),
        ("select cast('2026-11-24T03:04:05' as timestamp)", "Cannot cast"),
        ("select cast('NaN' as double)", "Infinity and NaN are not supported by this local AWS"),
        (
            "select measure_value :: double from D.T",
            "line 1:22: mismatched input '::'. Write measure_value::double without spaces",
        ),
        (
            "select ago('15m')",
            "line 1:8: Unexpected parameters (varchar) for function ago. Expected:",
        ),
        ('select "Wave A" from D.T', "line 1:8: Column 'Wave A' cannot be resolved"),
        ("select ago(100000d)", f"A time before 1970 {HERE}"),
        (
            "select filter(x, y -> y > 1)",
            "line 1:15: Column 'x' cannot be resolved. Put text in single quotes: 'x'",
        ),
        ("select cast(1 as decimal)", f"line 1:18: the type decimal {HERE}"),
        ("select cast(1 as varchar(9))", f"line 1:18: the type varchar(...) {HERE}"),
        (
            "select Sensor::varchar from D.T",
            "line 1:14: mismatched input '::'. Write it as cast(x as type)",
        ),
        (
            "select date_trunc('century', now())",
            "'century' is not a valid time unit. Units: nanosecond, microsecond,",
        ),
        ("select 1.0 / 0", "Infinity and NaN are not supported by this local AWS"),
        ("select sqrt(-1)", "Infinity and NaN are not supported by this local AWS"),
        ("select 1 where 1 < any (select 1)", f"line 1:20: < any {HERE}"),
        ("select * from D.T, unnest(x)", "line 1:27: Column 'x' cannot be resolved"),
        ("select * from D.T natural join D.T", f"line 1:19: natural {HERE}"),
        (
            "select * from D.T as t (a)",
            "line 1:15: Column alias list has 1 entries but relation has 4 columns",
        ),
        ("with recursive t as (select 1) select 1", f"line 1:6: recursive {HERE}"),
        ("select time from D.T group by rollup (time)", f"line 1:31: rollup {HERE}"),
        ("select time from D.T group by grouping sets (time)", f"line 1:31: grouping {HERE}"),
        (
            "select time from D.T limit 1 offset 2",
            "line 1:30: mismatched input 'offset'. Put OFFSET before LIMIT",
        ),
        (
            "select 1 from D.T having true",
            f"HAVING without GROUP BY and aggregate functions {HERE}",
        ),
        ("select 1 from D.T order by count(*)", f"an aggregate function in ORDER BY alone {HERE}"),
        ("select min_by(distinct time, 1) from D.T", f"DISTINCT in min_by {HERE}"),
        ("select min_by(time, 1) over () from D.T", f"line 1:8: min_by with OVER {HERE}"),
        (
            "select count(distinct 1) over () from D.T",
            "line 1:8: DISTINCT in window function parameters not yet supported",
        ),
        ("show tables", f"SHOW TABLES without FROM {HERE}"),
        (
            "insert into D.T select 1",
            "line 1:1: mismatched input 'insert'. Only SELECT, SHOW and DESCRIBE are allowed:",
        ),
        (
            "select time from D.T; drop table D.T",
            "line 1:23: mismatched input 'drop'. Only SELECT, SHOW and DESCRIBE are allowed:",
        ),
    ],
    ids=str,
)
def test_an_unsupported_feature_is_named_with_its_place(store, sql, error):
    assert error in refuse(store, sql)


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("select temperature from D.T", "line 1:8: Column 'temperature' cannot be resolved"),
        ("select sensor from D.T", "line 1:8: Column 'sensor' cannot be resolved"),
        ("select TIME from D.T", "line 1:8: Column 'TIME' cannot be resolved"),
        ('select "rowid" from D.T', "line 1:8: Column 'rowid' cannot be resolved"),
        ("select t.x from D.T t", "line 1:8: Column 't.x' cannot be resolved"),
        ("select D.T.time from D.T t", "line 1:8: Table 'D.T' is not in FROM"),
        ("select x.* from D.T", "line 1:8: Table 'x' is not in FROM"),
        (
            "select room, ROOM from D.Twins",
            "line 1:14: Column 'ROOM' cannot be resolved. Columns: Room, room,",
        ),
        ("select Sensor as s from D.T group by s", "line 1:38: Column 's' cannot be resolved"),
        ("select 1 as x from D.T where x = 1", "line 1:30: Column 'x' cannot be resolved"),
        ("select Sensor a, time A from D.T order by a", "line 1:43: Column 'a' is ambiguous"),
        ("select time from D.T a, D.T b", "line 1:8: Column 'time' is ambiguous"),
        ("select 1 from D.T a, D.T b order by a.time, time", "line 1:45: Column 'time' is ambig"),
        ("select x from (select 1 as x, 2 as X)", "line 1:8: Column 'x' is ambiguous"),
        (
            "select 1 from D.t",
            "line 1:15: The table 't' does not exist in database 'D'. Tables: T",
        ),
        ("select 1 from d.T", "line 1:15: Database 'd' does not exist. Databases: D"),
        ("select 1 from T", "line 1:15: Table 'T' does not exist. Write database.table"),
        ("show tables from X", "Database 'X' does not exist. Databases: D"),
        ("show measures from D.X", "The table 'X' does not exist in database 'D'. Tables: T"),
        ("describe D.X", "The table 'X' does not exist"),
        (
            "select * from x, (with x as (select 1) select * from x)",
            "line 1:15: Table 'x' does not",
        ),
    ],
    ids=str,
)
def test_for_a_wrong_name_the_existing_names_are_listed(store, sql, error):
    assert error in refuse(store, sql)


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        (
            "select '5' = 5",
            "line 1:12: '=' cannot be applied to varchar, integer. Put text in quotes",
        ),
        (
            "select 1 + 'a'",
            "line 1:10: '+' cannot be applied to integer, varchar. Convert one of them",
        ),
        (
            "select 1 || 'a'",
            "line 1:10: '||' cannot be applied to integer, varchar. Convert one of them",
        ),
        (
            "select 1 in ('a')",
            "line 1:10: 'in' cannot be applied to integer, varchar. Put text in quotes",
        ),
        ("select 1 in (select 'a')", "IN cannot compare integer and varchar"),
        (
            "select 1 like 'a'",
            "line 1:10: 'like' cannot be applied to integer, varchar. Convert one of them",
        ),
        ("select not 1", "line 1:8: 'not' cannot be applied to integer"),
        ("select -'a'", "line 1:8: 'negative' cannot be applied to varchar"),
        (
            "select abs('a')",
            "line 1:8: Unexpected parameters (varchar) for function abs. Expected: (number)",
        ),
        (
            "select abs(1, 2)",
            "line 1:8: Unexpected parameters (integer, integer) for function abs.",
        ),
        (
            "select lower(1)",
            "line 1:8: Unexpected parameters (integer) for function lower. Expected: (varchar)",
        ),
        (
            "select bin(time, 10) from D.T",
            "line 1:8: Unexpected parameters (timestamp, integer) for function bin.",
        ),
        (
            "select ago(1)",
            "line 1:8: Unexpected parameters (integer) for function ago. Expected:",
        ),
        (
            "select sum(Sensor) from D.T",
            "line 1:8: Unexpected parameters (varchar) for function sum. Expected:",
        ),
        (
            "select coalesce(1, 'a')",
            "line 1:8: Unexpected parameters (integer, varchar) for function coalesce.",
        ),
        (
            "select case when true then 1 else 'a' end",
            "line 1:8: All CASE results must be the same type: integer, varchar",
        ),
        (
            "select case when 1 then 2 end",
            "line 1:18: WHEN clause must evaluate to a boolean: actual type integer",
        ),
        (
            "select case 'a' when 1 then 2 end",
            "line 1:17: '=' cannot be applied to varchar, integer. Put text in quotes",
        ),
        (
            "select 1 from D.T where Sensor",
            "line 1:25: WHERE clause must evaluate to a boolean: actual type varchar",
        ),
        (
            "select 1 from D.T a join D.T b on 1",
            "line 1:35: JOIN ON clause must evaluate to a boolean: actual type integer",
        ),
        (
            "select Sensor from D.T group by Sensor having 1",
            "line 1:47: HAVING clause must evaluate to a boolean: actual type integer",
        ),
        ("select cast(1 as timestamp)", "line 1:8: Cannot cast integer to timestamp"),
        ("select cast(1 as text)", "line 1:18: Unknown type: text. Types: int,"),
        (
            "select 1 union select 'a'",
            "line 1:1: column 1 in UNION query has incompatible types: integer, varchar",
        ),
        (
            "select 1 union select 1, 2",
            "line 1:1: UNION query has different number of fields: 1, 2",
        ),
        (
            "select (select 1, 2)",
            "line 1:8: Multiple columns returned by subquery are not yet supported. Found 2",
        ),
    ],
    ids=str,
)
def test_types_that_do_not_fit_are_an_error(store, sql, error):
    assert error in refuse(store, sql)


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("select Sensor, count(*) from D.T", "line 1:8: 'Sensor' must be an aggregate expression"),
        ("select *, count(*) from D.T", "line 1:8: 'Sensor' must be an aggregate"),
        ("select bin(time, 1s) from D.T group by bin(time, 2s)", "'time' must be an aggregate"),
        ("select Sensor from D.T group by Sensor order by time", "line 1:49: 'time' must be"),
        ("select Sensor from D.T group by Sensor having time > now()", "'time' must be"),
        ("select rank() over (order by time), count(*) from D.T", "'time' must be an aggregate"),
        ("select 1 from D.T where count(*) > 1", "WHERE cannot contain aggregate functions"),
        ("select 1 from D.T where rank() over () > 1", "WHERE cannot contain window functions"),
        ("select count(*) from D.T group by 1", "GROUP BY cannot contain aggregate functions"),
        ("select 1 from D.T join D.T on max(1) = 1", "ON cannot contain aggregate functions"),
        ("select max(count(*)) from D.T", "The aggregate function max cannot contain aggregate"),
        ("select max(rank() over ()) from D.T", "function max cannot contain window functions"),
        ("select sum(rank() over ()) over () from D.T", "of sum cannot contain window functions"),
        ("select rank() from D.T", "line 1:8: Window function rank needs OVER (...) after it"),
        (
            "select -measure_value::bigint as n from D.T group by 1 order by sum(n)",
            "line 1:69: ORDER BY cannot use an alias in an aggregate function",
        ),
        ("select Sensor from D.T group by ()", "line 1:8: 'Sensor' must be an aggregate"),
        ("select try(time) from D.T group by Sensor", "line 1:8: 'time' must be an aggregate"),
        ("select transform(array[1], x -> try(sum(1))) from D.T", "Lambda expression cannot"),
        ("select time from D.T order by 2", "line 1:31: ORDER BY position 2 is not in the select"),
        ("select time from D.T group by 0", "line 1:31: GROUP BY position 0 is not in the select"),
        ("select distinct time from D.T order by Sensor", "For SELECT DISTINCT, ORDER BY"),
        (
            "with t as (select 1), T as (select 2) select 1",
            "line 1:1: WITH query name 'T' specified more than once",
        ),
        ("select *", "line 1:8: SELECT * not allowed in queries without FROM clause"),
    ],
    ids=str,
)
def test_no_column_is_taken_from_any_row_of_a_group(store, sql, error):
    assert error in refuse(store, sql)


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("select 2147483647 + 1", "2147483648 is out of range of integer"),
        ("select 9223372036854775808", "line 1:8: 9223372036854775808 is out of range of bigint"),
        ("select " + "9" * 5000, "is out of range of bigint"),
        ("select 1e999", "line 1:8: Infinity and NaN are not supported by this local AWS"),
        ("select 1e308 * 10", "Infinity and NaN are not supported by this local AWS"),
        ("select 1 from D.T where measure_value::bigint + 1 > 0", "is out of range of bigint"),
        ("select sum(measure_value::bigint) from D.T", "A sum is out of range of bigint"),
        ("select abs(-9223372036854775807 - 1)", "9223372036854775808 is out of range of bigint"),
        ("select round(9223372036854775807, -1)", "is out of range of bigint"),
        ("select ago(30000d)", "A time before 1970 is not supported"),
        ("select now() + 106751d", "is out of range of timestamp"),
        ("select 99999999999d", "is out of range of interval"),
        ("select " + "9" * 5000 + "d", "line 1:8: 99999999999999999999... is out of range of int"),
        ("select 1 / 0", "Division by zero"),
        ("select 1 % 0", "Division by zero"),
        ("select bin(now(), 0s)", "bin() needs an interval greater than zero"),
        ("select cast('x' as bigint)", "Cannot cast 'x' to BIGINT"),
        ("select cast('nan' as double)", "Cannot cast 'nan' to DOUBLE"),
        ("select cast(3e9 as integer)", "3000000000 is out of range of integer"),
        ("select timestamp '2026-13-01'", "Cannot cast '2026-13-01' to TIMESTAMP"),
        ("select timestamp '1969-12-31'", "Cannot cast '1969-12-31' to TIMESTAMP"),
        ("select 'a' like 'b$c' escape '$'", "Escape character must be followed by"),
        ("select (select time from D.T)", "Scalar sub-query has returned multiple rows"),
        ("select lpad('a', -1, 'b')", "lpad and rpad need a size of at least 0"),
        ("select rpad('a', 2, '')", "lpad and rpad need a size of at least 0"),
        ("select split('a', '')", "The delimiter may not be the empty string"),
        ("select split('a', ',', 0)", "The limit must be positive"),
        ("select codepoint('ab')", "codepoint needs a text of one character"),
        ("select chr(-1)", "Not a valid Unicode code point: -1"),
        ("select width_bucket(1, 2, 2, 5)", "width_bucket needs a count greater than 0"),
        ("select array[1][0]", "SQL array indices start at 1"),
        ("select array[1][-1]", "Array subscript is negative: -1"),
        ("select array[1][2]", "Array subscript must be less than or equal to array length: 2 > 1"),
        ("select element_at(array[1], 0)", "SQL array indices start at 1"),
        ("select slice(array[1], 0, 1)", "SQL array indices start at 1"),
        ("select slice(array[1], 1, -1)", "length must be greater than or equal to 0"),
        ("select sequence(1, 5, 0)", "interval must not be zero"),
        ("select sequence(1, 5, -1)", "sequence stop value should be greater than or equal to"),
        ("select max(x, 0) from (values 1) t(x)", "must be from 1 to 10000"),
        ("select regexp_extract('a', 'a', 1)", "Pattern has 0 groups. Cannot access group 1"),
        ("select regexp_replace('a', 'a', '$1')", "Pattern has 0 groups. Cannot access group 1"),
        ("select regexp_replace('a', 'a', '$x')", "is not followed by the number of a group"),
        ("select parse_duration('5')", "'5' is not a duration such as 42m"),
        ("select date_parse('x', '%Y')", "Invalid format: 'x' does not match '%Y'"),
        ("select date_add('hour', 1, current_date)", "'hour' is not a valid DATE field"),
        ("select date_add('era', 1, now())", "'era' is not a valid time unit"),
        ("select 1h / 0", "Division by zero"),
        (
            "select timestamp '9999-01-01' + interval '9' year",
            "Cannot cast '9999-01-01' to TIMESTA",
        ),
        ("select now() + interval '999' year", "is out of range of timestamp"),
        ("select from_unixtime(1e308)", "A number is out of range"),
        ("select ntile(null) over ()", "Buckets null is not supported by this local AWS"),
        ("select nth_value(1, 0) over ()", "Offset must be greater than 0"),
        ("select lag(1, -1) over () from D.T", "Offset must be at least 0"),
        ("select approx_percentile(1, 2) from D.T", "Percentile must be between 0 and 1"),
    ],
    ids=lambda text: text[:60],
)
def test_an_impossible_value_is_an_error(store, sql, error):
    assert error in refuse(store, sql)


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("", "line 1:1: mismatched input '<EOF>'. Expecting: 'select'"),
        ("select 1 +\n from D.T", "line 2:2: mismatched input 'from'. Expecting: an expression"),
        ("select 1 as from D.T", "line 1:13: mismatched input 'from'. Expecting: a name"),
        ("select 1 = 1 = 1", "line 1:14: mismatched input '='"),
        ("select time Sensor, from D.T", "line 1:21: mismatched input 'from'"),
        ("select ago(10x)", "'10x' is not an interval. Its unit must be one of: ns, us, ms, s,"),
        ("select 5minutes", "line 1:8: '5minutes' is not an interval"),
        ("select interval '1h' second", "line 1:8: '1h' is not an integer"),
        ("select 'abc", "line 1:8: unterminated string: 'abc"),
        ('select "abc', 'line 1:8: unterminated name: "abc'),
        ("select 1 " + "/* " * 50_000, "line 1:10: unterminated comment: /* /*"),
        ("select `time` from D.T", "line 1:8: unexpected character: `time`"),
        (
            "select measure_value:double from D.T",
            ":double from D.T. Use :: in measure_value::double",
        ),
        ("select '\ud800'", "The query is not Unicode text"),
        ("select " + "(" * 9999, "The query is nested too deeply for this local AWS"),
        ("select 1" + " union all select 1" * 600, "The query is too large for this local AWS"),
    ],
    ids=lambda text: ascii(text)[:60],
)
def test_a_syntax_error_has_its_place(store, sql, error):
    assert error in refuse(store, sql)


def test_an_error_of_the_engine_is_not_blamed_on_the_query():
    engine = Engine(sqlite3.connect(":memory:"))
    with pytest.raises(QueryError, match="Internal error of this local AWS, not of the query: "):
        engine.execute("select nothing", {})
    engine.connection.close()


def test_a_query_that_takes_too_long_is_stopped(store, monkeypatch):
    monkeypatch.setattr("tests.local_aws.query.answer.TIMEOUT", 0.01)
    many = ", ".join(f"(select 1 {'union all select 1 ' * 99}) t{number}" for number in range(8))
    assert "took longer than 0.01 seconds" in refuse(store, f"select count(*) from {many}")
    assert store.query("select 1")["Rows"]


def test_a_result_with_too_many_rows_is_refused(store, monkeypatch):
    monkeypatch.setattr("tests.local_aws.query.answer.MAX_ROWS", 2)
    assert len(store.query("select 1 union all select 2")["Rows"]) == 2
    sql = "select 1 union all select 2 union all select 3"
    assert refuse(store, sql) == (
        "More than 2 rows are not supported by this local AWS: add a limit"
    )


def test_a_frame_that_ends_before_it_starts_is_the_querys_mistake(store):
    sql = (
        "select sum(a) over (order by a rows between current row and 1 preceding) from (select 1 a)"
    )
    assert refuse(store, sql) == "The frame of a window ends before it starts"


@pytest.mark.parametrize(
    "frame",
    [
        "rows unbounded following",
        "rows between unbounded following and current row",
        "rows between current row and unbounded preceding",
    ],
)
def test_a_frame_without_an_end_in_its_direction_is_the_querys_mistake(store, frame):
    sql = f"select sum(a) over (order by a {frame}) from (select 1 a)"
    assert "line 1:" in refuse(store, sql)
    assert "The frame of a window ends before it starts" in refuse(store, sql)


def test_nonsense_never_raises_another_exception(store):
    words = (
        "select from where group by order limit and or not in like is null case when then end cast "
        "as ( ) , . * + - / = < [ distinct having over partition union all with join left on D.T t "
        "x 'a' \"b\" 1 2.5 5m ago( bin( count(*) sum( time Sensor show describe measures interval"
    ).split()
    dice = random.Random(1)
    for _ in range(1000):
        sql = " ".join(dice.choice(words) for _ in range(dice.randint(1, 20)))
        try:
            store.query(sql)
        except QueryError as error:
            assert "Internal error" not in str(error), sql


# What readers write, and the hint that leads them to the cause.
SLIPS = [
    ("Sensor = 2", "line 1:15: '=' cannot be applied to varchar, integer. Put text in quotes: '2'"),
    ("bin(time, '10s')", "Write an interval without quotes: 10s"),
    ("bin(time, 10)", "An interval needs a unit: 10s"),
    ("ago('15m')", "Write an interval without quotes: 15m"),
    ("now() - '1h'", "Write an interval without quotes: 1h"),
    ("now() - 1", "An interval needs a unit: 1s"),
    ("measure_name = Temperature", "Put text in single quotes: 'Temperature'"),
    ("date_diff(second, time, now())", "line 1:18: Column 'second' cannot be resolved"),
    ("time > 1795884685107", "Write from_milliseconds(1795884685107), or a time in quotes"),
    ("time > 'yesterday'", "line 1:15: Cannot cast 'yesterday' to TIMESTAMP"),
    ("interval '1' week", "Expecting: second, minute, hour, day, month, year. Write 7d"),
    ("interval 1 day", "Put the number of an interval in quotes: interval '15' minute"),
    (
        "time at time zone 'Europe/Berlin'",
        "AT TIME ZONE (times are in UTC; add an interval) is not",
    ),
    ("avrage(time)", "line 1:8: Function 'avrage' not registered. Did you mean avg?"),
    ("median(time)", "Function 'median' not registered. Timestream has approx_percentile(x, 0.5)"),
    ("nvl(time, 1)", "Function 'nvl' not registered. Timestream has coalesce(x, y)"),
    (
        "time_bucket(5m, time)",
        "Function 'time_bucket' not registered. Timestream has bin(time, 5m)",
    ),
    ("strftime('%Y', time)", "Function 'strftime' not registered. Timestream has date_format"),
    ("ifnull(time, 1)", "Timestream has coalesce(x, y)"),
    ("Sensor == 'a'", "line 1:16: mismatched input '='. Compare values with a single ="),
    ("avg(measure_value)", "Did you mean measure_value::bigint?"),
    ("measure_value::bigin", "Did you mean measure_value::bigint?"),
    ("top 10 time", "Put limit 10 at the end of the query"),
    ("count(distinct Sensor, time)", "Unexpected parameters (varchar, timestamp) for function cou"),
    ("filter(array[1], x -> x + y)", "line 1:34: Column 'y' cannot be resolved. Columns: x"),
    ("filter(array[1], (x, y) -> true)", "This lambda takes 1 arguments, not 2"),
    ("filter(array[1], x -> x)", "This lambda returns integer, not boolean"),
    ("reduce(array[0.5], 0, (s, x) -> s + x, s -> s)", "Cast the first state of reduce to double"),
    ("x -> x", "A lambda can only be an argument of functions such as filter()"),
    ("filter(array[1], x -> count(*) > x)", "Lambda expression cannot contain aggregations"),
    ("sum(1) filter (where 1)", "FILTER clause must evaluate to a boolean: actual type integer"),
    ("abs(1) filter (where true)", "Filter is only valid for aggregation functions"),
    ("sum(1) over w", "WINDOW 'w' is not defined"),
    ("sum(1) ignore nulls over ()", "Cannot specify null treatment clause for sum function"),
    ("array[1, 'a']", "All ARRAY elements must be the same type: integer, varchar"),
    ("(row(1)).a", "row(integer) has no field 'a'"),
    ("time.a", "Expression of type timestamp has no field 'a'"),
    ("extract(epoch from time)", "'epoch' is not a valid field. Fields: year, quarter, month"),
    ("timestamp '2026-13-01'", "line 1:8: Cannot cast '2026-13-01' to TIMESTAMP"),
    ("date '2026-11-24' + 1h", "Cannot add hour, minutes or seconds to a date"),
    ("regexp_like('a', '(')", "'(' is not a regular expression"),
    ("regexp_replace('a', '(?<x>a)', '${y}')", "No group with name {y}"),
    ("bit_count(200, 8)", "200 cannot be represented with 8 bits"),
    ("bit_count(1, 65)", "Bits specified in bit_count must be between 2 and 64, got 65"),
    ("array[1] || 'a'", "'||' cannot be applied to array(integer), varchar"),
]


@pytest.mark.parametrize(("expression", "error"), SLIPS, ids=str)
def test_the_error_for_a_mistake_leads_to_its_cause(store, expression, error):
    assert error in refuse(store, f"select {expression} from D.T")


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ('select 1 from "D.T"', 'Quote each name separately: "D"."T"'),
        ("select 1 from unnest(5)", "line 1:22: Cannot unnest type: integer"),
        (
            "select 1 from D.T as t (a)",
            "Column alias list has 1 entries but relation has 4 columns",
        ),
        (
            "select t.x from (values 1) t(x) join (values 1) u(x) using (x)",
            "Column 't.x' cannot be",
        ),
        ("select (select max(a.time) from D.T) from D.T a", "from outer scope not allowed"),
        ("select Sensor, (select 1 where a.time > now()) from D.T a group by 1", "'time' must be"),
        ("select Sensor, transform(array[1], x -> time) from D.T group by 1", "'time' must be an"),
        (
            "select s from (select create_time_series(time, 1) s from D.T) order by s",
            "not orderable",
        ),
        ("delete from D.T", "line 1:1: mismatched input 'delete'. Only SELECT, SHOW and DESCRIBE"),
        ("insert into D.T values (1)", "line 1:1: mismatched input 'insert'. Only SELECT, SHOW"),
        ("drop table D.T", "line 1:1: mismatched input 'drop'. Only SELECT, SHOW and DESCRIBE"),
        ("unload (select 1) to 's3://x'", f"line 1:1: unload {HERE}"),
    ],
    ids=str,
)
def test_queries_that_aws_refuses_are_refused_in_its_words(store, sql, error):
    assert error in refuse(store, sql)


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("listagg(Sensor)", "listagg"),
        ("random()", "random"),
        ("typeof(1)", "typeof"),
        ("json_extract(Sensor, '$')", "json_extract"),
        ("array_sort(array[1], (x, y) -> 1)", "array_sort with 2 arguments"),
        ("approx_percentile(1, 2, 0.5)", "approx_percentile with 3 arguments"),
        ("cardinality((select create_time_series(time, 1) from D.T))", "cardinality of timeseries"),
        ("max_by(1, 2 order by 1)", "ORDER BY in max_by"),
        ("array_agg(distinct 1 order by 1)", "ORDER BY in array_agg"),
        ("1 > all (select 1)", "> all"),
        ("filter(array[1], x -> x > (select 1))", "a sub-query in a lambda"),
        ("array[1] < array[2]", "< of array(integer)"),
        ("max_by(Sensor, time) over ()", "max_by with OVER"),
        ("regexp_like('a', '(a+)+b')", "a repetition of a group that has repetitions"),
        ("regexp_like('a', '([a-z.]+\\.)+b')", "a repetition of a group that has repetitions"),
        ("regexp_like('a', '(?i)([a-z]+X)+b')", "a repetition of a group that has repetitions"),
        ("array_agg(distinct 1 order by 1)", "DISTINCT with ORDER BY in array_agg"),
        ("array[1] || 2 || 3", "Put brackets around two at a time"),
        ("array[array[1]] || array[2]", "|| of these arrays and elements"),
        ("regexp_like('a', '\\p{Lower}')", "The regular expression '\\p{Lower}'"),
        ("time '03:04:05'", "the type time"),
        ("cast(1 as map)", "the type map"),
    ],
    ids=str,
)
def test_features_that_only_aws_has_are_refused_by_name(store, expression, what):
    error = refuse(store, f"select {expression} from D.T")
    assert what in error
    assert HERE in error


@pytest.mark.parametrize(
    "text",
    ["1_000", "x", "", "1e5", "0x10"],
)
def test_a_text_that_is_not_an_integer_is_not_cast(store, text):
    assert f"Cannot cast '{text}' to BIGINT" in refuse(store, f"select cast('{text}' as bigint)")


@pytest.mark.parametrize("text", ["1_000.5", "x", "", "0x1p3"])
def test_a_text_that_is_not_a_number_is_not_cast(store, text):
    assert f"Cannot cast '{text}' to DOUBLE" in refuse(store, f"select cast('{text}' as double)")


def test_a_text_with_a_time_is_not_cast_to_a_date(store):
    assert "Cannot cast" in refuse(store, "select cast('2026-11-24 03:04' as date)")


def test_try_does_not_hide_unsupported_features(store):
    assert "Infinity and NaN are not supported" in refuse(store, "select try(sqrt(0 - 1))")
    assert HERE in refuse(store, "select try(regexp_like('a', '(a+)+'))")


@pytest.mark.parametrize(
    "expression",
    [
        "reduce(sequence(1, 40), 'ab', (s, x) -> s || s, s -> length(s))",
        "reduce(sequence(1, 40), 'ab', (s, x) -> replace(s, 'a', s), s -> length(s))",
        "lpad('a', 1000000000, 'b')",
        "cardinality(repeat(1, 1000000000))",
        "reduce(sequence(1, 40), array[1], (s, x) -> s || s, s -> cardinality(s))",
        "levenshtein_distance(lpad('a', 60000, 'a'), lpad('b', 60000, 'b'))",
    ],
)
def test_an_expression_that_would_take_all_memory_is_stopped(store, expression):
    assert "supported by this local AWS" in refuse(store, f"select {expression}")


def test_a_result_with_too_many_characters_is_refused(store, monkeypatch):
    monkeypatch.setattr("tests.local_aws.query.answer.MAX_ANSWER", 10)
    assert "An answer of more than 10 characters" in refuse(store, "select 'abcdef' || 'ghijkl'")
    assert "A group of more than 10 characters" in refuse(
        store, "select array_agg(x) from (values 'abcdef', 'ghijkl') t(x)"
    )


def test_conditions_that_are_nested_too_deeply_are_refused(store):
    condition = "1 / time_ > 1"
    for operator in ["and", "or"] * 15:
        condition = f"({condition} {operator} 2 / time_ > 1)"
    assert "too large" in refuse(store, f"select {condition} from (values 1) t(time_)")


def test_queries_that_double_from_one_to_the_next_are_refused(store):
    queries = [f"a{n} as (select p.x from a{n - 1} p, a{n - 1} q)" for n in range(1, 31)]
    sql = f"with a0 as (select 1 as x), {', '.join(queries)} select * from a30"
    assert "too large for this local AWS: more than 10000 tables" in refuse(store, sql)
    joins = " full join D.T using (time)" * 20
    assert "more than 10000 tables" in refuse(store, f"select 1 from D.T {joins}")


def test_a_query_that_takes_too_long_to_translate_is_given_up(store, monkeypatch):
    monkeypatch.setattr("tests.local_aws.query.answer.TIMEOUT", 0.05)
    expression = "1"  # a lambda whose state is null is translated twice
    for level in range(25):
        expression = f"reduce(array[1], null, (s, x{level}) -> {expression}, s -> s)"
    assert "took longer than 0.05 seconds" in refuse(store, f"select {expression}")


def test_each_table_of_a_query_counts_once(store, monkeypatch):
    monkeypatch.setattr("tests.local_aws.query.selects.MAX_SOURCES", 2)
    store.query("select 1 from D.T a cross join D.T b")
    assert "too large" in refuse(store, "select 1 from D.T a cross join D.T b cross join D.T c")


def test_brackets_behind_from_are_read_once(store):
    for start, end in (("(", ")"), ("((", ") a cross join (select 2) b)")):
        sql = f"{'select * from ' + start}" * 30 + "select 1" + end * 30
        assert "too large for this local AWS: parser stack" in refuse(store, sql)


def test_a_sequence_that_is_too_long_is_refused_as_in_trino(store):
    assert "must not have more than 10000 entries" in refuse(store, "select sequence(1, 10001)")


def test_a_lambda_that_takes_too_long_is_stopped(store, monkeypatch):
    monkeypatch.setattr("tests.local_aws.query.answer.TIMEOUT", 0.05)
    many = "transform(sequence(1, 9999), x -> transform(sequence(1, 9999), y -> abs(y)))"
    assert "took longer than 0.05 seconds" in refuse(store, f"select {many}")
