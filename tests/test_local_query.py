"""tests/local_aws/query.py: it answers as Timestream does, or says what it cannot."""

import time

import pytest

from tests.local_aws.query import Parser, QueryError, query

# 2026-11-24 03:04:05.123 UTC
NOW = 1795489445.123


def create_record(name, value, kind, seconds_ago, sensor="1"):
    return {
        "Dimensions": [{"Name": "Location", "Value": "here"}, {"Name": "Sensor", "Value": sensor}],
        "MeasureName": name,
        "MeasureValue": value,
        "MeasureValueType": kind,
        "Time": str(int(NOW * 1000) - seconds_ago * 1000),
    }


WEATHER = [
    create_record("Temperature", "61", "DOUBLE", 3),
    create_record("Temperature", "62.5", "DOUBLE", 2),
    create_record("Alarm", "Normal", "VARCHAR", 1, "Alarm-1"),
    create_record("Alarm", "Alarm", "VARCHAR", 40, "Alarm-1"),
]
FLAG = {
    "Dimensions": [{"Name": "Other", "Value": "x"}],
    "MeasureName": "flag",
    "MeasureValue": "true",
    "MeasureValueType": "BOOLEAN",
    "Time": "30000000001",
    "TimeUnit": "NANOSECONDS",
}
NUMBERS = [create_record("n", "7", "BIGINT", 2, "a"), create_record("n", "-7", "BIGINT", 1, "b")]
DATABASES = {"Demo": {"Weather": WEATHER, "N": [*NUMBERS, FLAG], "Empty": []}}


def ask(sql, databases=DATABASES):
    """Return the columns as name:TYPE, and the rows as lists of strings and None."""
    answer = query(sql, databases, NOW)
    columns = [f"{c['Name']}:{c['Type']['ScalarType']}" for c in answer["ColumnInfo"]]
    return columns, [[data.get("ScalarValue") for data in row["Data"]] for row in answer["Rows"]]


def test_the_answer_has_the_shape_of_boto3():
    assert query("select 'a' as letter, null", DATABASES) == {
        "ColumnInfo": [
            {"Name": "letter", "Type": {"ScalarType": "VARCHAR"}},
            {"Name": "_col1", "Type": {"ScalarType": "UNKNOWN"}},
        ],
        "Rows": [{"Data": [{"ScalarValue": "a"}, {"NullValue": True}]}],
    }


def test_select_all_gives_dimensions_measure_name_time_and_values():
    columns, rows = ask("select * from Demo.Weather where time >= ago(2s)")
    assert " ".join(columns) == (
        "Location:VARCHAR Sensor:VARCHAR measure_name:VARCHAR time:TIMESTAMP "
        "measure_value::double:DOUBLE measure_value::varchar:VARCHAR"
    )
    assert rows == [
        ["here", "1", "Temperature", "2026-11-24 03:04:03.123000000", "62.5", None],
        ["here", "Alarm-1", "Alarm", "2026-11-24 03:04:04.123000000", None, "Normal"],
    ]


def test_temperatures_and_alarms_meet_in_bins_of_time():
    columns, rows = ask(
        "select bin(time, 10s) as moment, avg(case when measure_name = 'Temperature' then "
        "measure_value::double end) as temperature, count_if(measure_name = 'Alarm' and "
        "measure_value::varchar != 'Normal') as alarms from Demo.Weather "
        "where time >= ago(5m) group by bin(time, 10s) order by 1"
    )
    assert columns == ["moment:TIMESTAMP", "temperature:DOUBLE", "alarms:BIGINT"]
    assert rows == [
        ["2026-11-24 03:03:20.000000000", None, "1"],
        ["2026-11-24 03:04:00.000000000", "61.75", "0"],
    ]


def test_the_query_of_the_console_is_understood():
    _, rows = ask(
        'SELECT * FROM "Demo"."Weather" -- the newest\n'
        "WHERE time between ago(15m) and now() ORDER BY time DESC LIMIT 2;\n"
    )
    assert [row[4:] for row in rows] == [[None, "Normal"], ["62.5", None]]


def test_a_table_without_records_has_columns_and_no_rows():
    assert ask("select * from Demo.Empty") == (["measure_name:VARCHAR", "time:TIMESTAMP"], [])


def test_types_are_known_without_rows():
    what = "bin(time, 1m), avg(measure_value::bigint), SENSOR"
    columns, rows = ask(f"select {what} from Demo.N where false group by 1, 3")
    assert (columns, rows) == (["_col0:TIMESTAMP", "_col1:DOUBLE", "SENSOR:VARCHAR"], [])


@pytest.mark.parametrize(
    "expressions, row",
    [
        ("1, 3000000000, 1.5, 'it''s', true", ["1", "3000000000", "1.5", "it's", "true"]),
        ("61.0, 1e10, 0.00001, 12345678.9", ["61.0", "1.0E10", "1.0E-5", "1.23456789E7"]),
        ("7 / 2, -7 / 2, 7 / 2.0, 2 + 3 * 4", ["3", "-3", "3.5", "14"]),
        ("round(2.5), round(-2.5), round(2.345, 1), abs(-3)", ["3.0", "-3.0", "2.3", "3"]),
        ("'abc' like 'A%', 'abc' like 'a_c', 'axc' like 'a.c'", ["false", "true", "false"]),
        ("null = null, null is null, 3 in (1, null)", [None, "true", None]),
        ("case when false then 1 else 2.5 end, coalesce(null, 'x')", ["2.5", "x"]),
        ("case when true then 1 else 2.5 end / 2", ["0.5"]),
        ("not 5 between 1 and 3 and 'a' || 'b' = 'ab'", ["true"]),
        ("now(), ago(1d)", ["2026-11-24 03:04:05.123000000", "2026-11-23 03:04:05.123000000"]),
        ("bin(timestamp '2022-06-17 10:15:20', 30day)", ["2022-05-28 00:00:00.000000000"]),
        ("timestamp '2022-06-17' - interval '1' hour", ["2022-06-16 23:00:00.000000000"]),
        ("timestamp '2022-06-17 01:02:03.5'", ["2022-06-17 01:02:03.500000000"]),
        ("from_iso8601_timestamp('2022-06-17T08:04+05:00')", ["2022-06-17 03:04:00.000000000"]),
        ("to_milliseconds(from_milliseconds(5) + 1s)", ["1005"]),
    ],
)
def test_expressions_have_the_values_of_trino(expressions, row):
    assert ask(f"select {expressions}")[1] == [row]


@pytest.mark.parametrize(
    "what, rows",
    [
        ("time from Demo.N where measure_value::boolean", [["1970-01-01 00:00:30.000000001"]]),
        ("SENSOR from Demo.N where MEASURE_NAME = 'n' order by sensor desc", [["b"], ["a"]]),
        ("sensor from Demo.N order by sensor", [["a"], ["b"], [None]]),
        ("sensor from Demo.N order by sensor desc", [["b"], ["a"], [None]]),
        ("sensor from Demo.N order by sensor nulls first limit 1", [[None]]),
        ("count(*), count(sensor), count(distinct measure_name) from Demo.N", [["3", "2", "2"]]),
        ("sum(measure_value::bigint), avg(measure_value::bigint) from Demo.N", [["0", "0.0"]]),
        ("min(sensor), count(*), max(time) from Demo.N where false", [[None, "0", None]]),
        ("sensor, count(*) as n from Demo.N group by 1 order by sensor desc limit 1", [["b", "1"]]),
        ("measure_name from Demo.N group by 1 order by count(*) desc", [["n"], ["flag"]]),
        ("measure_name from Demo.N group by measure_name having count(*) > 1", [["n"]]),
        ("distinct measure_name || '!' from Demo.N order by 1", [["flag!"], ["n!"]]),
        ("count(*) from Demo.N where measure_value::bigint > 6.5", [["1"]]),
        ("-measure_value::bigint as time from Demo.N order by time limit 1", [["-7"]]),
    ],
)
def test_rows_are_found_grouped_and_ordered_as_in_trino(what, rows):
    assert ask(f"select {what}")[1] == rows


@pytest.mark.parametrize(
    "sql, named",
    [
        ("select * from Nope.T", "database 'Nope' not found"),
        ("select * from demo.N", "database 'demo' not found"),
        ("select * from Demo.sqlite_master", "table 'sqlite_master' not found"),
        ("select measure_value::varchar from Demo.N", "line 1:8: Column 'measure_value::varchar'"),
        ('select * from Demo.N where "nope" = 1', "Column 'nope' does not exist"),
        ("select rowid from Demo.N", "Column 'rowid' does not exist"),
        ("select ifnull(sensor, 'x') from Demo.N", "Function ifnull not registered"),
        ("select ago(10x)", "mismatched input '10x'"),
        ("select ago(10)", "'ago' cannot be applied to integer"),
        ("select 5m", "an interval cannot be selected"),
        ("select * from Demo.N where sensor = 5", "'=' cannot be applied to varchar, integer"),
        ("select * from Demo.N where time = '2026'", "'=' cannot be applied to timestamp, varchar"),
        ("select 1 where 'a'", "'where' cannot be applied to varchar"),
        ("select sensor, count(*) from Demo.N", "'sensor' must be an aggregate expression"),
        ("select time from Demo.N group by bin(time, 1s)", "'time' must be an aggregate"),
        ("select * from Demo.N group by location", "'Sensor' must be an aggregate expression"),
        ("select count(*) from Demo.N order by sensor", "'sensor' must be an aggregate"),
        ("select sensor from Demo.N order by 2", "ORDER BY position 2"),
        ("select distinct sensor from Demo.N order by time", "ORDER BY expressions must appear"),
        ("select bin(time, 1s) as b from Demo.N group by b", "Column 'b' does not exist"),
        ("select count(*) from Demo.N where count(*) > 1", "misuse of aggregate"),
        ("select 9223372036854775807 + 1", "9223372036854775808 is out of range of bigint"),
        ("select 1 / 0", "Division by zero"),
        ("select from_milliseconds(-1)", "before 1970"),
        ("select sensor from Demo.N union select 1", "mismatched input 'union'"),
        ("select sensor from Demo.N wher sensor = 'a'", "mismatched input 'wher'"),
        ("select 1; select 2", "mismatched input ';'"),
        ("select 'open", "line 1:8: mismatched input"),
        ("drop table Demo.N", "mismatched input 'drop'"),
        ("", "mismatched input '<EOF>'"),
        pytest.param("select " + "(" * 9999, "cannot be answered here", id="too deep"),
    ],
)
def test_what_is_wrong_or_unknown_is_named(sql, named):
    with pytest.raises(QueryError) as error:
        ask(sql)
    assert named in str(error.value)


def test_sqlite_may_do_nothing_but_read(monkeypatch):
    monkeypatch.setattr(Parser, "select", lambda parser: ("ATTACH ':memory:' AS other", []))
    with pytest.raises(QueryError, match="not authorized"):
        ask("select 1")


def test_columns_that_differ_only_in_case_are_ambiguous():
    record = {**FLAG, "Dimensions": [{"Name": name, "Value": "x"} for name in ("room", "Room")]}
    with pytest.raises(QueryError, match="Column 'ROOM' is ambiguous"):
        ask("select ROOM from d.t", {"d": {"t": [record]}})


@pytest.mark.parametrize("value, kind", [("NaN", "DOUBLE"), ("-inf", "DOUBLE"), ("-", "MULTI")])
def test_values_that_it_cannot_represent_are_refused(value, kind):
    with pytest.raises(QueryError):
        ask("select 1 from d.t", {"d": {"t": [create_record("m", value, kind, 1)]}})


def test_ten_thousand_records_are_answered_at_once():
    records = [create_record("n", "61", "DOUBLE", number) for number in range(10000)]
    start = time.perf_counter()
    _, rows = ask("select bin(time, 1h), count(*) from d.t group by 1", {"d": {"t": records}})
    assert sum(int(count) for _, count in rows) == 10000
    assert time.perf_counter() - start < 1
