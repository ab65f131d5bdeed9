"""query/: the queries of AWS's own sample application, on its table of hosts.

awslabs/amazon-timestream-tools, sample_apps/python; Timestream Developer Guide, "Sample queries".
"""

import time

import pytest

from tests.local_aws.store import Record, Store

NOW = 1795489445


@pytest.fixture(scope="module")
def store():
    """Two hosts: every ten seconds, a's CPU is at 10, 20, ..., 60 %, and b's is at 80 %."""
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
    """A function that runs a query and returns its rows as lists of texts."""
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


def test_latest_record_of_each_host_with_a_join(ask):
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


# In bins of 20 seconds: 15, 35 and 55 %. Then values for every ten seconds.
INTERPOLATIONS = {
    "INTERPOLATE_LINEAR(points, moments)": ["15.0", "25.0", "35.0", "45.0", "55.0"],
    "INTERPOLATE_LOCF(points, moments)": ["15.0", "15.0", "35.0", "35.0", "55.0"],
    "INTERPOLATE_FILL(points, moments, 10.0)": ["15.0", "10.0", "35.0", "10.0", "55.0"],
    "INTERPOLATE_SPLINE_CUBIC(points, moments)": ["15.0", "25.0", "35.0", "45.0", "55.0"],
}


@pytest.mark.parametrize("call", INTERPOLATIONS)
def test_missing_values_are_interpolated(ask, call):
    filled = call.replace("points", "CREATE_TIME_SERIES(binned_timestamp, avg_cpu_utilization)")
    times = "SEQUENCE(min(binned_timestamp), max(binned_timestamp), 10s)"
    filled = filled.replace("moments", times)
    rows = ask(f"""
        WITH binned_timeseries AS (
            SELECT hostname, BIN(time, 20s) AS binned_timestamp,
                ROUND(AVG(measure_value::double), 2) AS avg_cpu_utilization
            FROM sample.DevOps
            WHERE measure_name = 'cpu_utilization' AND hostname = 'host-a' AND time > ago(2h)
            GROUP BY hostname, BIN(time, 20s)
        ), interpolated_timeseries AS (
            SELECT hostname, {filled} AS interpolated_avg_cpu_utilization
            FROM binned_timeseries GROUP BY hostname
        )
        SELECT time, ROUND(value, 2) AS interpolated_cpu
        FROM interpolated_timeseries CROSS JOIN UNNEST(interpolated_avg_cpu_utilization)
    """)
    assert [value for _, value in rows] == INTERPOLATIONS[call]
    assert rows[0][0] == "2026-11-24 03:03:00.000000000"


def test_average_of_each_host_with_its_last_value_for_each_second(ask):
    assert ask("""
        WITH per_host_min_max_timestamp AS (
            SELECT hostname, min(time) as min_timestamp, max(time) as max_timestamp
            FROM sample.DevOps
            WHERE measure_name = 'cpu_utilization' AND time > ago(2h) GROUP BY hostname
        ), interpolated_timeseries AS (
            SELECT m.hostname, INTERPOLATE_LOCF(
                CREATE_TIME_SERIES(time, measure_value::double),
                SEQUENCE(MIN(ph.min_timestamp), MAX(ph.max_timestamp), 1s)
            ) as interpolated_avg_cpu_utilization
            FROM sample.DevOps m
                INNER JOIN per_host_min_max_timestamp ph ON m.hostname = ph.hostname
            WHERE measure_name = 'cpu_utilization' AND time > ago(2h) GROUP BY m.hostname
        )
        SELECT hostname, ROUND(AVG(cpu_utilization), 3) AS avg_cpu_utilization
        FROM interpolated_timeseries
        CROSS JOIN UNNEST(interpolated_avg_cpu_utilization) AS t (time, cpu_utilization)
        GROUP BY hostname ORDER BY avg_cpu_utilization DESC
    """) == [["host-b", "80.0"], ["host-a", "30.588"]]  # (10 * (10+20+30+40+50) + 60) / 51


# host-a's time series, as in four of the samples.
VIEW = """
    WITH time_series_view AS (
        SELECT min(time) AS oldest_time, INTERPOLATE_LINEAR(
            CREATE_TIME_SERIES(time, ROUND(measure_value::double, 2)),
            SEQUENCE(min(time), max(time), 10s)) AS cpu_utilization
        FROM sample.DevOps
        WHERE hostname = 'host-a' AND measure_name = 'cpu_utilization' AND time > ago(2h)
        GROUP BY hostname
    )
"""


def point(second, value):
    """Return a point of a time series in the form of a response."""
    time = f"2026-11-24 03:03:{second}.000000000"
    return {"Time": time, "Value": {"ScalarValue": value}}


def test_points_of_a_time_series_chosen_by_a_lambda(store, ask):
    sql = "SELECT FILTER(cpu_utilization, x -> x.value < 55 AND x.time > oldest_time + 30s)"
    [row] = store.query(f"{VIEW} {sql} FROM time_series_view")["Rows"]
    assert row["Data"] == [{"TimeSeriesValue": [point(40, "50.0")]}]


def test_share_of_the_points_above_a_limit(ask):
    assert ask(f"""{VIEW}
        SELECT REDUCE(FILTER(cpu_utilization, x -> x.value > 45.0), 0, (s, x) -> s + 1, s -> s)
                AS count_cpu_above_threshold,
            ROUND(REDUCE(cpu_utilization,
                CAST(ROW(0, 0) AS ROW(count_high BIGINT, count_total BIGINT)),
                (s, x) -> CAST(ROW(s.count_high + IF(x.value > 45.0, 1, 0), s.count_total + 1)
                    AS ROW(count_high BIGINT, count_total BIGINT)),
                s -> IF(s.count_total = 0, NULL, CAST(s.count_high AS DOUBLE) / s.count_total)), 4)
                AS fraction_cpu_above_threshold
        FROM time_series_view
    """) == [["2", "0.3333"]]


def test_number_of_the_points(ask):
    sql = "SELECT REDUCE(cpu_utilization, DOUBLE '0.0', (s, x) -> s + 1, s -> s)"
    assert ask(f"{VIEW} {sql} FROM time_series_view") == [["6.0"]]


def test_average_of_the_points(ask):
    assert ask(f"""{VIEW}
        SELECT REDUCE(cpu_utilization, CAST(ROW(0.0, 0) AS ROW(sum DOUBLE, count INTEGER)),
            (s, x) -> CAST(ROW(x.value + s.sum, s.count + 1) AS ROW(sum DOUBLE, count INTEGER)),
            s -> IF(s.count = 0, NULL, s.sum / s.count)) AS avg_cpu
        FROM time_series_view
    """) == [["35.0"]]
