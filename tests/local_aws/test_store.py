"""store.py keeps each reading once, and stays fast however much is stored."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.local_aws.query import QueryError
from tests.local_aws.store import Measure, Record, Store, Stored

# 2026-11-24 03:04:05.123 UTC
MOMENT = 1795489445123000000


def reading(value=61.0, later=0, **changes):
    """Return a record, taken `later` nanoseconds later."""
    record = Record((("Sensor", "1"),), "Temperature", MOMENT + later, "DOUBLE", value)
    return record._replace(**changes)


@pytest.fixture
def store():
    store = Store()
    store.create_table("D", "T")
    return store


def read(store, sql="select measure_value::double from D.T order by 1"):
    """Return each row's first value."""
    return [row["Data"][0].get("ScalarValue") for row in store.query(sql)["Rows"]]


def test_the_same_record_again_is_accepted_and_kept_once(store):
    assert store.write("D", "T", [reading(), reading()]) == {}
    assert store.write("D", "T", [reading()]) == {}
    assert read(store) == ["61.0"]


def test_another_value_of_a_reading_is_refused(store):
    assert store.write("D", "T", [reading(), reading(62.0), reading(63.0, later=1)]) == {
        1: Stored({"measure_value::double": 61.0}, 1)
    }
    assert read(store) == ["61.0", "63.0"]


def test_a_higher_version_replaces_a_reading(store):
    store.write("D", "T", [reading(), reading(62.0, version=3)])
    refused = store.write("D", "T", [reading(63.0, version=2), reading(64.0, version=3)])
    assert [stored.version for stored in refused.values()] == [3, 3]
    assert read(store) == ["62.0"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"dimensions": (("Sensor", "2"),)}, id="dimension's value"),
        pytest.param({"dimensions": (("sensor", "1"),)}, id="case of a dimension's name"),
        pytest.param({"measure": "temperature"}, id="case of a measure's name"),
        pytest.param({"time": MOMENT + 1}, id="time"),
        pytest.param({"kind": "BIGINT", "value": 61}, id="type"),
    ],
)
def test_a_record_that_differs_is_a_different_reading(store, changes):
    assert store.write("D", "T", [reading(), reading(62.0)._replace(**changes)]) == {}
    assert read(store, "select count(*) from D.T") == ["2"]


def test_a_new_dimension_or_type_adds_a_column_that_is_null_in_other_records(store):
    store.write("D", "T", [reading()])
    place = (("Place", "x"), ("Sensor", "1"))
    store.write("D", "T", [reading(dimensions=place, kind="VARCHAR", value="warm")])
    answer = store.query("select * from D.T order by Place")
    assert [column["Name"] for column in answer["ColumnInfo"]] == [
        *("Sensor", "Place", "measure_name", "time"),
        *("measure_value::double", "measure_value::varchar"),
    ]
    assert answer["Rows"][1]["Data"][1] == {"NullValue": True}
    assert answer["Rows"][1]["Data"][4] == {"ScalarValue": "61.0"}


def test_describe_and_show_measures_list_the_values_of_multi_measure_records(store):
    values = [Measure("level", "DOUBLE", 1.5), Measure("since", "TIMESTAMP", MOMENT)]
    store.write("D", "T", [reading(kind="MULTI", value=values, measure="tank"), reading()])
    rows = store.query("describe D.T")["Rows"]
    assert [[value["ScalarValue"] for value in row["Data"]] for row in rows] == [
        ["Sensor", "varchar", "DIMENSION"],
        ["measure_name", "varchar", "MEASURE_NAME"],
        ["time", "timestamp", "TIMESTAMP"],
        ["level", "double", "MULTI"],
        ["since", "timestamp", "MULTI"],
        ["measure_value::double", "double", "MEASURE_VALUE"],
    ]
    rows = store.query("show measures from D.T")["Rows"]
    assert [[value["ScalarValue"] for value in row["Data"][:2]] for row in rows] == [
        ["Temperature", "double"],
        ["tank", "multi"],
    ]


def test_old_readings_can_be_deleted(store):
    store.write("D", "T", [reading(61.0), reading(62.0, later=1)])
    store.forget("D", "T", MOMENT + 1)
    assert read(store) == ["62.0"]


def test_a_dropped_table_keeps_no_records(store):
    store.write("D", "T", [reading()])
    store.drop_table("D", "T")
    [count] = store.connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    assert count == 0


def test_tables_have_their_own_records_and_lose_them_when_dropped(store):
    store.create_table("D", "t")
    store.create_table("d", "T")
    store.write("D", "T", [reading()])
    assert read(store, "select count(*) from D.t") == ["0"]
    assert read(store, "select count(*) from d.T") == ["0"]
    store.drop_table("D", "T")
    with pytest.raises(QueryError, match="'T' does not exist in database 'D'. Tables: t"):
        read(store)
    store.create_table("D", "T")
    assert read(store, "select time from D.T") == []


def test_a_database_without_tables_exists_until_it_is_dropped(store):
    store.create_database("Empty")
    store.drop_table("D", "T")
    assert read(store, "show databases") == ["D", "Empty"]
    store.drop_database("D")
    assert read(store, "show databases") == ["Empty"]


def test_a_failed_write_stores_nothing(store):
    with pytest.raises(OverflowError):
        store.write("D", "T", [reading(), reading(2**70, kind="BIGINT")])
    assert read(store, "select count(*) from D.T") == ["0"]
    store.write("D", "T", [reading(7, kind="BIGINT")])
    assert read(store, "select measure_value::bigint from D.T") == ["7"]


def test_threads_lose_no_record(store):
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    with ThreadPoolExecutor(8) as pool:
        jobs = [
            pool.submit(store.write, "D", "T", [reading(later=number)]) for number in range(200)
        ]
        jobs += [pool.submit(read, store, "select count(*) from D.T") for _ in range(20)]
    sys.setswitchinterval(interval)
    for job in jobs:
        job.result()
    assert read(store, "select count(*) from D.T") == ["200"]


def count_steps(store, call):
    """Return the number of instructions that SQLite runs, in hundreds."""
    steps = []
    store.connection.set_progress_handler(lambda: steps.append(1), 100)
    call()
    store.connection.set_progress_handler(None, 0)
    return len(steps)


def test_a_write_costs_the_same_however_much_is_stored(store):
    def write(start):
        records = [reading(later=number) for number in range(start, start + 100)]
        return count_steps(store, lambda: store.write("D", "T", records))

    write(0)
    first = write(100)
    for start in range(200, 5000, 100):
        write(start)
    assert write(5000) < 1.5 * first


@pytest.mark.parametrize(
    "condition",
    [
        "time >= ago(5m)",
        "time > now() - 1h and Sensor = '1'",
        "measure_name = 'Temperature' and time between ago(1h + 10m) and ago(1h)",
        "time = timestamp '2026-11-24 03:04:05'",
        "time > date_trunc('hour', now())",
        "from_milliseconds(1795489445123) <= time",
    ],
)
def test_a_query_with_a_time_reads_only_the_records_of_that_time(store, condition):
    store.write("D", "T", [reading()])
    statements = []
    store.connection.set_trace_callback(statements.append)
    store.query(f"select * from D.T where {condition}")
    store.connection.set_trace_callback(None)
    plan = store.connection.execute(f"EXPLAIN QUERY PLAN {statements[-1]}").fetchall()
    assert [row[3].split(" (")[0] for row in plan] == ["SEARCH r0 USING INDEX t1_time"]
