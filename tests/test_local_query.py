"""tests/local_aws/query.py: it answers as Timestream does, or says what it cannot."""

import pytest

from tests.local_aws.query import QueryError, Record, query

# 2026-11-24 03:04:05.123 UTC, in seconds and in nanoseconds.
NOW, MOMENT = 1795489445.123, 1795489445123000000


def create_record(measure, kind, value, seconds_ago, sensor):
    dimensions = {"Location": "here", "Sensor": sensor}
    return Record(dimensions, measure, MOMENT - seconds_ago * 10**9, kind, value)


DATABASES = {"D": {
    "Weather": [
        create_record("Temperature", "DOUBLE", 61.0, 3, "1"),
        create_record("Temperature", "DOUBLE", 62.5, 2, "1"),
        create_record("Alarm", "VARCHAR", "Normal", 1, "Alarm-1"),
        create_record("Alarm", "VARCHAR", "Alarm", 40, "Alarm-1"),
    ],
    "N": [
        create_record("n", "BIGINT", 7, 2, "a"),
        create_record("n", "BIGINT", -7, 1, "b"),
        Record({"Room": "1", "room": "2"}, "flag", 30000000001, "BOOLEAN", True),
    ],
    "Empty": [],
}}


def ask(what):
    """Return the columns as "name:TYPE ...", and the rows as lists of strings and None."""
    answer = query(f"select {what}", DATABASES, NOW)
    columns = [f"{c['Name']}:{c['Type']['ScalarType']}" for c in answer["ColumnInfo"]]
    rows = [[data.get("ScalarValue") for data in row["Data"]] for row in answer["Rows"]]
    return " ".join(columns), rows


def test_the_answer_has_the_shape_of_boto3():
    assert query("select 'a' as letter, null", DATABASES) == {
        "ColumnInfo": [
            {"Name": "letter", "Type": {"ScalarType": "VARCHAR"}},
            {"Name": "_col1", "Type": {"ScalarType": "UNKNOWN"}},
        ],
        "Rows": [{"Data": [{"ScalarValue": "a"}, {"NullValue": True}]}],
    }


@pytest.mark.parametrize("what, columns, rows", [
    ("* from D.Empty", "measure_name:VARCHAR time:TIMESTAMP", []),
    ("TIME, bin(time, 1m) t from D.Empty", "TIME:TIMESTAMP t:TIMESTAMP", []),
    ("count(*), max(time) from D.Empty", "_col0:BIGINT _col1:TIMESTAMP", [["0", None]]),
    ("sum(1), avg(1) from D.N where false", "_col0:BIGINT _col1:DOUBLE", [[None, None]]),
    ("1 + 3, 4 * 3000000000", "_col0:INTEGER _col1:BIGINT", [["4", "12000000000"]]),
    ("case when true then 1 else 2.5 end", "_col0:DOUBLE", [["1.0"]]),
    (
        '* FROM "D"."Weather" -- the newest\n'
        "WHERE time between ago(15m) and now() ORDER BY time DESC LIMIT 2;\n",
        "Location:VARCHAR Sensor:VARCHAR measure_name:VARCHAR time:TIMESTAMP "
        "measure_value::double:DOUBLE measure_value::varchar:VARCHAR",
        [
            ["here", "Alarm-1", "Alarm", "2026-11-24 03:04:04.123000000", None, "Normal"],
            ["here", "1", "Temperature", "2026-11-24 03:04:03.123000000", "62.5", None],
        ],
    ),
    (
        "bin(time, 10s) as moment, avg(case when measure_name = 'Temperature' then "
        "measure_value::double end) as temperature, count_if(measure_name = 'Alarm' and "
        "measure_value::varchar != 'Normal') as alarms from D.Weather "
        "where time >= ago(5m) group by bin(time, 10s) order by 1",
        "moment:TIMESTAMP temperature:DOUBLE alarms:BIGINT",
        [
            ["2026-11-24 03:03:20.000000000", None, "1"],
            ["2026-11-24 03:04:00.000000000", "61.75", "0"],
        ],
    ),
])
def test_an_answer_has_columns_with_types_also_without_rows(what, columns, rows):
    assert ask(what) == (columns, rows)


@pytest.mark.parametrize("expressions, values", [
    ("'it''s', true, 61.0, 1e10", "it's, true, 61.0, 1.0E10"),
    ("0.00001, 12345678.9, -0.0", "1.0E-5, 1.23456789E7, -0.0"),
    ("null * 2, 2 + 3 * 4, 7 - 2 - 1", "None, 14, 4"),
    ("null = null, null is null, 1 is not null", "None, true, true"),
    ("case when 1 > 1 then 1 when 1 >= 1 then 2 when true then 3 end", "2"),
    ("5 between 1 and 3, 2 < 1, 'a' <> 'a', 'a' = 'A'", "false, false, false, false"),
    ("true or false and false, not true or true", "true, true"),
    ("now(), ago(1d)", "2026-11-24 03:04:05.123000000, 2026-11-23 03:04:05.123000000"),
    ("ago(61m) + 1h, now() - 1us",
     "2026-11-24 03:03:05.123000000, 2026-11-24 03:04:05.122999000"),
    ("bin(now(), 10ms), bin(now(), 30d)",
     "2026-11-24 03:04:05.120000000, 2026-11-03 00:00:00.000000000"),
])
def test_expressions_have_the_values_of_trino(expressions, values):
    assert [*map(str, ask(expressions)[1][0])] == values.split(", ")


@pytest.mark.parametrize("what, rows", [
    ("time from D.N where measure_value::boolean", [["1970-01-01 00:00:30.000000001"]]),
    ("SENSOR from D.N where MEASURE_NAME = 'n' order by sensor desc", [["b"], ["a"]]),
    ("sensor from D.N order by measure_name desc, 1 desc", [["b"], ["a"], [None]]),
    ("0 as zero, sensor from D.N order by zero + 1, zero, 2 limit 2", [["0", "a"], ["0", "b"]]),
    ("count(*), count(sensor) from D.N", [["3", "2"]]),
    ("sum(measure_value::bigint), avg(measure_value::bigint) from D.N", [["0", "0.0"]]),
    ("min(measure_value::bigint), max(measure_value::bigint) from D.N", [["-7", "7"]]),
    ("sensor, count(*) as n from D.N group by 1 order by sensor desc limit 1", [["b", "1"]]),
    ("measure_name from D.N group by 1 order by count(*) desc", [["n"], ["flag"]]),
    ("2, true, count(*) from D.N group by 1, 2", [["2", "true", "3"]]),
    ("count(*) from D.N where measure_value::bigint > 6.5", [["1"]]),
    ("-measure_value::bigint as time from D.N order by time limit 1", [["-7"]]),
])
def test_rows_are_found_grouped_and_ordered_as_in_trino(what, rows):
    assert ask(what)[1] == rows


@pytest.mark.parametrize("reason, what", [
    ("Table 'D.n' does not exist", "* from D.n"),
    ("Column 'rowid' does not exist", '* from D.N where "rowid" = 1'),
    ("Column 'sensor' does not exist", "1 as sensor group by sensor"),
    ("Column 'ROOM' is ambiguous", "ROOM from D.N"),
    ("'=' cannot be applied to (varchar, integer)", "'5' = 5"),
    ("cannot be applied to (timestamp, varchar)", "now() > '2026'"),
    ("'ago' cannot be applied to (integer). Known here: count(*)", "ago(10)"),
    ("'where' cannot be applied to (varchar)", "1 from D.N where 'a'"),
    ("an interval cannot be selected", "5m from D.Empty"),
    ("must be an aggregate", "sensor, count(*) from D.N"),
    ("must be an aggregate", "count(*) from D.N order by sensor"),
    ("must be an aggregate", "time from D.N group by bin(time, 1s)"),
    ("position 2 is not in select list", "sensor from D.N order by 2"),
    ("position 0 is not in select list", "sensor from D.N group by 0"),
    ("misuse of aggregate", "1 from D.N where count(*) > 1"),
    ("is out of range of integer", "2147483647 + 1"),
    ("is out of range of bigint", "-9223372036854775807 - 2"),
    ("is out of range of double", "1e309"),
    ("is out of range of timestamp", "ago(30000d)"),
    ("mismatched input '<EOF>'. Expecting: an expression", "1 +"),
    ("mismatched input '<EOF>'. Expecting: a table", "* from D."),
    ("mismatched input '10x'. Expecting: a number above 0 and a unit of time: ns", "ago(10x)"),
    ("mismatched input '0s'", "bin(now(), 0s)"),
    ("mismatched input 'union'", "time from D.N union select 1"),
    ("mismatched input '='", "1 = 1 = true"),
    ("mismatched input 'in'", "1 from D.N where sensor in ('1')"),
    ("mismatched input '/'", "7 / 2"),
    ("mismatched input 'drop'", "1; drop table D.N"),
    ("mismatched input '''", "'open"),
    ("cannot be answered here", "(" * 9999),
], ids=lambda text: text[:50])
def test_what_is_wrong_or_unknown_is_named(reason, what):
    with pytest.raises(QueryError) as error:
        ask(what)
    assert reason in str(error.value)
