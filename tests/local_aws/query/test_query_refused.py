"""query/: what is wrong or not supported is named, with its place; nothing is answered wrongly."""

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
    """Return the error that a query is answered with."""
    with pytest.raises(QueryError) as error:
        store.query(sql)
    return str(error.value)


HERE = "is not supported by this local AWS"


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("select interpolate_linear(x) from D.T", f"line 1:8: interpolate_linear {HERE}"),
        ("select\n  avgg(time) from D.T", f"line 2:3: avgg {HERE}. Did you mean avg"),
        ("select qqq(1)", f"line 1:8: qqq {HERE}. query/functions.py lists those that are."),
        ("select from_iso8601_timestamp('2026-11-24 03:04:05')", "is no time in ISO 8601"),
        ("select from_iso8601_timestamp('2026-11-24T03:04:05+25:00')", "is no timestamp"),
        ("select cast('2026-11-24T03:04:05' as timestamp)", "Cannot cast"),
        ("select cast('NaN' as double)", "Infinity and NaN are not supported by this local AWS"),
        ("select measure_value :: double from D.T", "write measure_value::double and so on"),
        ("select time > '2024-01-01' from D.T", "Write a time as timestamp '2026-11-24 03:04:05'"),
        ("select ago('15m')", "Write ago(15m), without quotes"),
        ('select "Wave A" from D.T', "Text stands in single quotes"),
        ("select date_format(now(), '%f')", f"%f in date_format {HERE}"),
        ("select ago(100000d)", f"A time before 1970 {HERE}"),
        ("select filter(x, y -> y > 1)", f"line 1:8: filter {HERE}"),
        ("select regexp_like(Sensor, 'a') from D.T", f"line 1:8: regexp_like {HERE}"),
        ("select array[1, 2]", f"line 1:8: array {HERE}"),
        ("select date '2026-11-24'", f"line 1:8: the type date {HERE}"),
        ("select cast(1 as decimal)", f"line 1:18: the type decimal {HERE}"),
        ("select cast(1 as varchar(9))", f"line 1:18: the type varchar(...) {HERE}"),
        ("select Sensor::varchar from D.T", f"'::' (write it as cast(x as type)) {HERE}"),
        ("select current_date", f"line 1:8: current_date {HERE}"),
        ("select extract(hour from time) from D.T", f"line 1:8: extract {HERE}"),
        ("select try_cast('a' as bigint)", f"line 1:8: try_cast {HERE}"),
        ("select interval '1' month", f"line 1:8: an interval of months {HERE}"),
        ("select (1, 2)", f"line 1:8: a row of values {HERE}"),
        ("select date_trunc('century', now())", f"Unit 'century' {HERE}. There are: nanosecond"),
        ("select 1.0 / 0", "Infinity and NaN are not supported by this local AWS"),
        ("select sqrt(-1)", "Infinity and NaN are not supported by this local AWS"),
        ("select 1 where exists (select 1)", f"line 1:16: exists {HERE}"),
        ("select 1 where 1 = any (select 1)", f"line 1:20: any {HERE}"),
        (
            "select 1 from D.T a where time = (select max(time) from D.Twins where a.time = time)",
            f"line 1:71: a sub-query with columns of the query around it {HERE}",
        ),
        ("select * from D.T, unnest(x)", f"line 1:20: unnest {HERE}"),
        ("select * from D.T a full outer join D.T b on true", f"line 1:21: full {HERE}"),
        ("select * from D.T a right join D.T b on true", f"line 1:21: right {HERE}"),
        ("select * from D.T natural join D.T", f"line 1:19: natural {HERE}"),
        ("select * from D.T join D.T using (time)", f"line 1:28: using {HERE}"),
        ("select * from D.T as t (a)", f"a list of columns behind a table's alias {HERE}"),
        ("with t (a) as (select 1) select * from t", f"a list of columns in WITH {HERE}"),
        ("with recursive t as (select 1) select 1", f"line 1:6: recursive {HERE}"),
        ("select 1 except select 1", f"line 1:10: except {HERE}"),
        ("select 1 intersect select 1", f"line 1:10: intersect {HERE}"),
        ("values (1)", f"line 1:1: values {HERE}"),
        ("select time from D.T group by rollup (time)", f"line 1:31: rollup {HERE}"),
        ("select time from D.T group by grouping sets (time)", f"line 1:31: grouping {HERE}"),
        ("select time from D.T limit 1 offset 2", f"line 1:30: offset {HERE}"),
        ("select max(time) from D.T having count(*) > 1", f"HAVING without GROUP BY {HERE}"),
        ("select 1 from D.T order by count(*)", f"an aggregate function in ORDER BY alone {HERE}"),
        ("select count(*) filter (where true) from D.T", f"line 1:17: filter {HERE}"),
        ("select min_by(distinct time, 1) from D.T", f"DISTINCT in min_by {HERE}"),
        ("select min_by(time, 1) over () from D.T", f"line 1:8: min_by with OVER {HERE}"),
        ("select count(distinct 1) over () from D.T", f"line 1:8: DISTINCT with OVER {HERE}"),
        ("select sum(1) over (order by 1 range 1 preceding)", f"line 1:32: range {HERE}"),
        ("select lag(time) ignore nulls over () from D.T", f"line 1:18: ignore {HERE}"),
        ("show tables", f"SHOW TABLES without FROM {HERE}"),
        ("insert into D.T select 1", f"line 1:1: insert {HERE}"),
        ("select time from D.T; drop table D.T", f"line 1:23: drop {HERE}"),
    ],
    ids=str,
)
def test_what_is_not_supported_is_named_with_its_place(store, sql, error):
    assert error in refuse(store, sql)


COLUMNS = "There are: Sensor, measure_name, time, measure_value::bigint"


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        (
            "select temperature from D.T",
            f"line 1:8: Column 'temperature' does not exist. {COLUMNS}",
        ),
        ("select sensor from D.T", f"Column 'sensor' does not exist. {COLUMNS}. Upper and lower"),
        ("select TIME from D.T", "Column 'TIME' does not exist"),
        ('select "rowid" from D.T', "Column 'rowid' does not exist"),
        ("select t.x from D.T t", f"line 1:8: Column 't.x' does not exist. {COLUMNS}"),
        ("select D.T.time from D.T t", "line 1:8: Table 'D.T' is not in FROM"),
        ("select x.* from D.T", "line 1:8: Table 'x' is not in FROM"),
        ("select room, ROOM from D.Twins", "line 1:14: Column 'ROOM' does not exist"),
        (
            "select Sensor as s from D.T group by s",
            "'s' is given in SELECT; only ORDER BY knows it",
        ),
        ("select 1 as x from D.T where x = 1", "line 1:30: Column 'x' does not exist"),
        ("select Sensor a, time A from D.T order by a", "line 1:43: Column 'a' is ambiguous"),
        ("select time from D.T a, D.T b", "line 1:8: Column 'time' is ambiguous"),
        ("select 1 from D.T a, D.T b order by a.time, time", "line 1:45: Column 'time' is ambig"),
        ("select x from (select 1 as x, 2 as X)", "line 1:8: Column 'x' is ambiguous"),
        (
            "select 1 from D.t",
            "line 1:15: The table 't' does not exist in database 'D'. There are: T",
        ),
        ("select 1 from d.T", "line 1:15: Database 'd' does not exist. There are: D"),
        ("select 1 from T", "line 1:15: Table 'T' does not exist. A table is named database.table"),
        ("show tables from X", "Database 'X' does not exist. There are: D"),
        ("show measures from D.X", "The table 'X' does not exist in database 'D'. There are: T"),
        ("describe D.X", "The table 'X' does not exist"),
        (
            "select * from x, (with x as (select 1) select * from x)",
            "line 1:15: Table 'x' does not",
        ),
    ],
    ids=str,
)
def test_a_wrong_name_gets_the_names_that_there_are(store, sql, error):
    assert error in refuse(store, sql)


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("select '5' = 5", "line 1:12: '=' cannot be applied to (varchar, integer)"),
        ("select 1 + 'a'", "'+' cannot be applied to (integer, varchar)"),
        ("select 1 || 'a'", "'||' cannot be applied to (integer, varchar)"),
        ("select 1 in ('a')", "'in' cannot be applied to (integer, varchar)"),
        ("select 1 in (select 'a')", "IN cannot compare integer and varchar"),
        ("select 1 like 'a'", "'like' cannot be applied to (integer, varchar)"),
        ("select time > '2026-11-24' from D.T", "'>' cannot be applied to (timestamp, varchar)"),
        ("select not 1", "'not' cannot be applied to (integer)"),
        ("select -'a'", "'negative' cannot be applied to (varchar)"),
        ("select abs('a')", "It takes (t), where t is integer or bigint or double"),
        ("select abs(1, 2)", "'abs' cannot be applied to (integer, integer)"),
        ("select lower(1)", "'lower' cannot be applied to (integer). It takes (varchar)"),
        ("select bin(time, 10) from D.T", "'bin' cannot be applied to (timestamp, integer)"),
        ("select ago(1)", "'ago' cannot be applied to (integer). It takes (interval)"),
        ("select sum(Sensor) from D.T", "'sum' cannot be applied to (varchar)"),
        ("select coalesce(1, 'a')", "'coalesce' cannot be applied to (integer, varchar)"),
        (
            "select case when true then 1 else 'a' end",
            "CASE have different types: integer, varchar",
        ),
        ("select case when 1 then 2 end", "WHEN has to be a boolean, and this is of type integer"),
        ("select case 'a' when 1 then 2 end", "'=' cannot be applied to (varchar, integer)"),
        ("select 1 from D.T where Sensor", "line 1:25: WHERE has to be a boolean"),
        ("select 1 from D.T a join D.T b on 1", "line 1:35: ON has to be a boolean"),
        (
            "select Sensor from D.T group by Sensor having 1",
            "line 1:47: HAVING has to be a boolean",
        ),
        ("select cast(1 as timestamp)", "line 1:8: Cannot cast integer to timestamp"),
        ("select cast(1 as text)", "line 1:18: Unknown type: text. There are: int,"),
        ("select 1 union select 'a'", "UNION has a column of different types: integer, varchar"),
        ("select 1 union select 1, 2", "UNION has different numbers of columns: 1, 2"),
        ("select (select 1, 2)", "line 1:8: The sub-query has 2 columns, and needs one"),
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
        ("select rank() from D.T", "line 1:8: rank needs OVER (...) behind it"),
        (
            "select -measure_value::bigint as n from D.T group by 1 order by sum(n)",
            "line 1:69: ORDER BY knows no alias in an aggregate function",
        ),
        ("select time from D.T order by 2", "line 1:31: ORDER BY position 2 is not in the select"),
        ("select time from D.T group by 0", "line 1:31: GROUP BY position 0 is not in the select"),
        ("select distinct time from D.T order by Sensor", "With SELECT DISTINCT, ORDER BY takes"),
        ("with t as (select 1), T as (select 2) select 1", "two queries with the name 'T'"),
        ("select *", "line 1:8: SELECT * needs FROM"),
    ],
    ids=str,
)
def test_sqlite_never_picks_a_row_of_a_group(store, sql, error):
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
        ("select bin(now(), 0s)", "bin() takes an interval that is greater than zero"),
        ("select cast('x' as bigint)", "Cannot cast 'x' to BIGINT"),
        ("select cast('nan' as double)", "Cannot cast 'nan' to DOUBLE"),
        ("select cast(3e9 as integer)", "3000000000 is out of range of integer"),
        ("select timestamp '2026-13-01'", "Cannot cast '2026-13-01' to TIMESTAMP"),
        ("select timestamp '1969-12-31'", "Cannot cast '1969-12-31' to TIMESTAMP"),
        ("select 'a' like 'b$c' escape '$'", "Escape character must be followed by"),
        ("select (select time from D.T)", "Scalar sub-query has returned multiple rows"),
        ("select lag(1, -1) over () from D.T", "Offset must be at least 0"),
        ("select approx_percentile(1, 2) from D.T", "Percentile must be between 0 and 1"),
    ],
    ids=lambda text: text[:60],
)
def test_a_value_that_cannot_be_is_an_error(store, sql, error):
    assert error in refuse(store, sql)


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("", "line 1:1: mismatched input '<EOF>'. Expecting: 'select'"),
        ("select 1 +\n from D.T", "line 2:2: mismatched input 'from'. Expecting: an expression"),
        ("select 1 as from D.T", "line 1:13: mismatched input 'from'. Expecting: a name"),
        ("select 1 = 1 = 1", "line 1:14: mismatched input '='"),
        ("select time Sensor, from D.T", "line 1:21: mismatched input 'from'"),
        ("select ago(10x)", "'10x' is no interval. Its unit has to be one of: ns, us, ms, s,"),
        ("select 5minutes", "line 1:8: '5minutes' is no interval"),
        ("select interval '1h' second", "line 1:8: '1h' is no whole number"),
        ("select 'abc", "line 1:8: a string that does not end: 'abc"),
        ('select "abc', 'line 1:8: a name that does not end: "abc'),
        ("select 1 " + "/* " * 50_000, "line 1:10: a comment that does not end: /* /*"),
        ("select `time` from D.T", "line 1:8: an unknown sign: `time`"),
        ("select '\ud800'", "The query is not Unicode text"),
        ("select " + "(" * 9999, "The query is nested too deeply for this local AWS"),
        ("select 1" + " union all select 1" * 600, "The query is too large for this local AWS"),
    ],
    ids=lambda text: ascii(text)[:60],
)
def test_what_is_no_query_is_an_error_with_its_place(store, sql, error):
    assert error in refuse(store, sql)


def test_an_error_of_the_engine_is_not_blamed_on_the_query():
    engine = Engine(sqlite3.connect(":memory:"))
    with pytest.raises(QueryError, match="Internal error of this local AWS, not of the query: "):
        engine.execute("select nothing", {})
    engine.connection.close()


def test_a_query_that_takes_too_long_is_given_up(store, monkeypatch):
    monkeypatch.setattr("tests.local_aws.query.answer.TIMEOUT", 0.01)
    many = ", ".join(f"(select 1 {'union all select 1 ' * 99}) t{number}" for number in range(8))
    assert "took longer than 0.01 seconds" in refuse(store, f"select count(*) from {many}")
    assert store.query("select 1")["Rows"]


def test_an_answer_of_too_many_rows_is_given_up(store, monkeypatch):
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


def test_nonsense_is_an_error_or_an_answer_and_never_a_fault(store):
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
