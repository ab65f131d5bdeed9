"""tests/local_aws/query.py: it answers as Timestream does, or says what it cannot."""

import time

import pytest

from tests.local_aws.query import QueryError, Record, query

# 2026-11-24 03:04:05.123 UTC, in seconds and in nanoseconds.
NOW, MOMENT = 1795489445.123, 1795489445123000000


def create_record(measure, kind, value, seconds_ago, **dimensions):
    return Record(tuple(dimensions.items()), measure, MOMENT - seconds_ago * 10**9, kind, value)


FLAG = create_record("flag", "BOOLEAN", True, 40, Room="1")
TABLES = {
    ("D", "T"): [
        create_record("n", "BIGINT", 7, 2, Sensor="a"),
        create_record("n", "BIGINT", -7, 1, Sensor="b"),
        FLAG,
    ],
    ("D", "One"): [create_record("level", "DOUBLE", 61.5, 0, Sensor="it's")],
    ("D", "Twins"): [FLAG, FLAG._replace(dimensions=[("room", "1")])],
    ("D", "Empty"): [],
}


@pytest.fixture
def ask(monkeypatch):
    """A function that asks; it returns "column:TYPE ..." and a list of "value, ..."."""
    monkeypatch.setattr(time, "time", lambda: NOW)

    def ask(what):
        answer = query(f"select {what}", TABLES)
        columns = [f"{c['Name']}:{c['Type']['ScalarType']}" for c in answer["ColumnInfo"]]
        rows = [
            ["None" if value.get("NullValue") else value["ScalarValue"] for value in row["Data"]]
            for row in answer["Rows"]
        ]
        return " ".join(columns), [", ".join(row) for row in rows]

    return ask


@pytest.mark.parametrize(
    ("what", "columns", "rows"),
    [
        ("* from D.Empty", "measure_name:VARCHAR time:TIMESTAMP", []),
        (
            '* FROM "D"."One" -- all\n WHERE time between ago(15m) and NOW();',
            "Sensor:VARCHAR measure_name:VARCHAR time:TIMESTAMP measure_value::double:DOUBLE",
            ["it's, level, 2026-11-24 03:04:05.123000000, 61.5"],
        ),
        (
            "SENSOR, -measure_value::bigint as time from D.T order by TIME, sensor limit 2",
            "SENSOR:VARCHAR time:BIGINT",
            ["a, -7", "b, 7"],
        ),
        (
            "\"Sensor\" as time from D.T where MEASURE_NAME != 'x' order by sensor desc",
            "time:VARCHAR",
            ["b", "a", "None"],
        ),
        (
            "bin(time, 10s) t, avg(case when measure_name = 'n' then measure_value::bigint end) - 1, "
            "count_if(time < now() or 1 = 2) = 2 from D.T group by bin(time, 10s) order by t asc",
            "t:TIMESTAMP _col1:DOUBLE _col2:BOOLEAN",
            [
                "2026-11-24 03:03:20.000000000, None, false",
                "2026-11-24 03:04:00.000000000, -1.0, true",
            ],
        ),
        (
            "count(*), count(sensor), sum(measure_value::bigint), min(sensor) from D.T where 1 <> 2",
            "_col0:BIGINT _col1:BIGINT _col2:BIGINT _col3:VARCHAR",
            ["3, 2, 0, a"],
        ),
        (
            "measure_name, max(time) from D.T group by measure_name order by count(*) desc limit 1",
            "measure_name:VARCHAR _col1:TIMESTAMP",
            ["n, 2026-11-24 03:04:04.123000000"],
        ),
        (
            "measure_name from D.T where measure_value::bigint > 6.5 or measure_value::boolean and 1 >= 2",
            "measure_name:VARCHAR",
            ["n"],
        ),
        (
            "(2 + 3000000000) * 3, 7 - 2 - 1, case when 1 < 1 then 2.5 else 1 end from D.One",
            "_col0:BIGINT _col1:BIGINT _col2:DOUBLE",
            ["9000000006, 4, 1.0"],
        ),
        (
            "bin(now(), 10ms), ago(61m) + 1h from D.One where sensor is not null and sensor = 'it''s'",
            "_col0:TIMESTAMP _col1:TIMESTAMP",
            ["2026-11-24 03:04:05.120000000, 2026-11-24 03:03:05.123000000"],
        ),
        (
            "1 from D.T where sensor is null and 14 between 13 + 1 and 2 + 3 * 4 and "
            "now() - 1h = ago(1h) and ago(1D) = ago(24h) and ago(1h) = ago(60m) and "
            "ago(1m) = ago(60s) and ago(1s) = ago(1000ms) and ago(1ms) = ago(1000us) and "
            "ago(1us) = ago(1000ns)",
            "_col0:BIGINT",
            ["1"],
        ),
        ("1 from D.One where 'a' <= 'A'", "_col0:BIGINT", []),
    ],
)
def test_columns_types_and_rows_are_those_of_trino(ask, what, columns, rows):
    assert ask(what) == (columns, rows)


@pytest.mark.parametrize(
    ("reason", "what"),
    [
        ("Table 'D.t' does not exist", "* from D.t"),
        ("Column 'rowid' does not exist", '* from D.T where "rowid" = 1'),
        ("Column 's' does not exist", "sensor as s from D.T group by s"),
        ("Column 'A' is ambiguous", "sensor as a, time as a from D.T order by A"),
        ("Column 'room' is ambiguous", "room from D.Twins"),
        ("'=' cannot be applied to (varchar, bigint). Known here: count(*)", "'5' = 5 from D.T"),
        ("'where' cannot be applied to (varchar)", "time from D.T where 'a'"),
        ("'select' cannot be applied to (interval day to second)", "5m from D.Empty"),
        ("'bin' cannot be applied to (timestamp)", "bin(time) from D.T"),
        ("'limit' cannot be applied to (double)", "time from D.T limit 1.5"),
        ("'Sensor' must be an aggregate", "sensor, count(*) from D.T"),
        ("'time' must be", "1 from D.T group by sensor, bin(time, 1s) order by bin(time, 2s)"),
        ("'time' must be", "case when sensor = 'a' then time end from D.T group by sensor"),
        ("no constants", "sensor from D.T order by 1"),
        ("out of range", f"time from D.T where {2**63 - 1} * 2 - {2**63 - 1} > 0"),
        ("out of range", "time from D.T where bin(ago(30000d), 7d) > ago(30000d)"),
        ("out of range", "time from D.T where now() + 106751d + 1ns = now() + 106751d"),
        ("without FROM", "1"),
        ("mismatched input 'from'. What is known here would be: an expression", "1 + from D.T"),
        ("mismatched input '10x'", "ago(10x) from D.T"),
        ("mismatched input '0s'", "bin(now(), 0s) from D.T"),
        ("mismatched input 'in'", "time from D.T where sensor in ('1')"),
        ("mismatched input 'when'", "case when 1 = 1 then 1 when 2 = 2 then 2 end from D.T"),
        ("mismatched input 'drop'", "time from D.T; drop table D.T"),
        ("cannot be answered here", "(" * 9999 + " from D.T"),
        ("cannot be answered here", f"{2**63} from D.T"),
    ],
    ids=str,
)
def test_what_is_wrong_or_unknown_is_named(ask, reason, what):
    with pytest.raises(QueryError) as error:
        ask(what)
    assert reason in str(error.value)
