"""query/: the queries of AWS's own sample application, on its table of hosts.

awslabs/amazon-timestream-tools, sample_apps/python; Timestream Developer Guide, "Sample queries".
"""

import time

import pytest

from tests.local_aws.query import QueryError
from tests.local_aws.store import Record, Store

NOW = 1795489445


@pytest.fixture(scope="module")
def store():
    """Two hosts: every ten seconds, the CPU of a is at 10, 20, ..., 60 %, that of b at 80 %."""
    store = Store()
    store.create_table("sample", "DevOps")
    records = []
    for host, values in {"host-a": range(10, 70, 10), "host-b": [80] * 6}.items():
        dimensions = (("az", "us-east-1a"), ("hostname", host), ("region", "us-east-1"))
        for number, value in enumerate(values):
            moment = (NOW - 65 + 10 * number) * 10**9
            records.append(Record(dimensions, "cpu_utilization", moment, "DOUBLE", float(value)))
            records.append(Record(dimensions, "network_bytes_in", moment, "BIGINT", value * 100))
    store.write("sample", "DevOps", records)
    return store


@pytest.fixture
def ask(store, monkeypatch):
    """A function that asks, and returns the rows as lists of texts."""
    monkeypatch.setattr(time, "time", lambda: NOW)

    def ask(sql):
        rows = store.query(sql)["Rows"]
        return [[value.get("ScalarValue") for value in row["Data"]] for row in rows]

    return ask


def test_average_and_percentiles_in_bins(ask):
    assert ask("""
        SELECT region, az, hostname, BIN(time, 15s) AS binned_timestamp,
            ROUND(AVG(measure_value::double), 2) AS avg_cpu_utilization,
            ROUND(APPROX_PERCENTILE(measure_value::double, 0.9), 2) AS p90_cpu_utilization,
            ROUND(APPROX_PERCENTILE(measure_value::double, 0.95), 2) AS p95_cpu_utilization
        FROM sample.DevOps
        WHERE measure_name = 'cpu_utilization' AND hostname = 'host-a' AND time > ago(2h)
        GROUP BY region, hostname, az, BIN(time, 15s)
        ORDER BY binned_timestamp ASC
        LIMIT 2
    """) == [
        [
            "us-east-1",
            "us-east-1a",
            "host-a",
            "2026-11-24 03:03:00.000000000",
            *["15.0", "20.0", "20.0"],
        ],
        [
            "us-east-1",
            "us-east-1a",
            "host-a",
            "2026-11-24 03:03:15.000000000",
            *["30.0", "30.0", "30.0"],
        ],
    ]


def test_hosts_above_the_average_of_the_fleet(ask):
    assert ask("""
        WITH avg_fleet_utilization AS (
            SELECT COUNT(DISTINCT hostname) AS total_host_count,
                AVG(measure_value::double) AS fleet_avg_cpu_utilization
            FROM "sample"."DevOps"
            WHERE measure_name = 'cpu_utilization' AND time > ago(2h)
        ), avg_per_host_cpu AS (
            SELECT region, az, hostname, AVG(measure_value::double) AS avg_cpu_utilization
            FROM "sample"."DevOps"
            WHERE measure_name = 'cpu_utilization' AND time > ago(2h)
            GROUP BY region, az, hostname
        )
        SELECT region, az, hostname, avg_cpu_utilization, fleet_avg_cpu_utilization
        FROM avg_fleet_utilization, avg_per_host_cpu
        WHERE avg_cpu_utilization > 1.1 * fleet_avg_cpu_utilization
        ORDER BY avg_cpu_utilization DESC
    """) == [["us-east-1", "us-east-1a", "host-b", "80.0", "57.5"]]


def test_latest_value_of_each_host(ask):
    assert ask("""
        SELECT hostname, max_by(measure_value::double, time) AS latest, max(time) AS moment
        FROM sample.DevOps WHERE measure_name = 'cpu_utilization' AND time >= ago(15m)
        GROUP BY hostname ORDER BY latest DESC
    """) == [
        ["host-b", "80.0", "2026-11-24 03:03:50.000000000"],
        ["host-a", "60.0", "2026-11-24 03:03:50.000000000"],
    ]


def test_latest_record_of_each_host_by_a_join(ask):
    assert ask("""
        WITH latest_recorded_time AS (
            SELECT hostname, measure_name, max(time) AS latest_time
            FROM sample.DevOps WHERE time >= ago(1h) GROUP BY hostname, measure_name
        )
        SELECT b.hostname, b.measure_name, b.measure_value::bigint AS last_reported
        FROM latest_recorded_time a INNER JOIN sample.DevOps b
        ON a.hostname = b.hostname AND a.measure_name = b.measure_name AND b.time = a.latest_time
        WHERE b.time > ago(1h) AND b.measure_name LIKE 'network%'
        ORDER BY 1
    """) == [["host-a", "network_bytes_in", "6000"], ["host-b", "network_bytes_in", "8000"]]


def test_change_from_one_measurement_to_the_next(ask):
    assert ask("""
        SELECT hostname, max(change) FROM (
            SELECT hostname, measure_value::double - lag(measure_value::double) OVER (
                PARTITION BY hostname ORDER BY time) AS change
            FROM sample.DevOps WHERE measure_name = 'cpu_utilization'
        ) GROUP BY hostname ORDER BY hostname
    """) == [["host-a", "10.0"], ["host-b", "0.0"]]


def test_first_rows_of_each_host(ask):
    assert ask("""
        SELECT hostname, cpu FROM (
            SELECT hostname, measure_value::double AS cpu,
                row_number() OVER (PARTITION BY hostname ORDER BY time DESC) AS row_num
            FROM sample.DevOps WHERE measure_name = 'cpu_utilization'
        ) AS ranked
        WHERE row_num <= 1 ORDER BY hostname
    """) == [["host-a", "60.0"], ["host-b", "80.0"]]


def test_both_measures_in_one_row(ask):
    assert ask("""
        SELECT date_trunc('minute', time) AS minute,
            avg(CASE WHEN measure_name = 'cpu_utilization' THEN measure_value::double
                ELSE NULL END) AS cpu,
            sum(CASE WHEN measure_name = 'network_bytes_in' THEN measure_value::bigint
                ELSE NULL END) / 1000.0 AS kilobytes
        FROM sample.DevOps
        WHERE time BETWEEN from_milliseconds(1795489320000) AND from_milliseconds(1795489445000)
            AND hostname IN ('host-a', 'host-b')
        GROUP BY 1 ORDER BY 1
    """) == [["2026-11-24 03:03:00.000000000", "57.5", "69.0"]]


def test_share_of_measurements_above_a_limit(ask):
    assert ask("""
        SELECT hostname, round(100.0 * count_if(measure_value::double > 45) / count(*), 1) AS share
        FROM sample.DevOps WHERE measure_name = 'cpu_utilization'
        GROUP BY hostname HAVING count(*) > 1 ORDER BY share
    """) == [["host-a", "33.3"], ["host-b", "100.0"]]


@pytest.mark.parametrize(
    "function",
    ["INTERPOLATE_LINEAR", "INTERPOLATE_LOCF", "INTERPOLATE_FILL", "INTERPOLATE_SPLINE_CUBIC"],
)
def test_interpolation_is_refused_by_name(ask, function):
    with pytest.raises(QueryError, match=rf"line 8:13: {function} is not supported by this local"):
        ask(f"""
        WITH binned_timeseries AS (
            SELECT hostname, BIN(time, 30s) AS binned_timestamp,
                ROUND(AVG(measure_value::double), 2) AS avg_cpu_utilization
            FROM sample.DevOps WHERE time > ago(2h) GROUP BY hostname, BIN(time, 30s)
        ), interpolated_timeseries AS (
            SELECT hostname,
            {function}(CREATE_TIME_SERIES(binned_timestamp, avg_cpu_utilization),
                SEQUENCE(min(binned_timestamp), max(binned_timestamp), 15s)) AS interpolated
            FROM binned_timeseries GROUP BY hostname
        )
        SELECT time, ROUND(value, 2) AS cpu
        FROM interpolated_timeseries CROSS JOIN UNNEST(interpolated)
        """)
