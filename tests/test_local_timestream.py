"""tests/local_aws/timestream.py: it refuses what AWS refuses, and keeps the rest once."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import setup_timestream

DATABASE = {"DatabaseName": "DemoDatabase"}
TABLE = DATABASE | {"TableName": "WeatherMetrics"}
# The time of the tests, 2026-11-24 03:04:05.123 UTC; like all times here in milliseconds.
NOW, MINUTE = 1795489445123, 60_000
HOUR, WEEK = 60 * MINUTE, 7 * 24 * 60 * MINUTE


@pytest.fixture
def timestream(aws, monkeypatch):
    """A client, and the tutorial's table, with an hour in memory and a week in all; time stands."""
    monkeypatch.setattr(time, "time", lambda: NOW / 1000)
    client = boto3.client("timestream-write", config=Config(parameter_validation=False))
    setup_timestream.create_database(client)
    setup_timestream.create_table(client)
    return client


def reading(value="61", later=0, **changes):
    """Return a record of so many milliseconds from now."""
    return {
        "Dimensions": [{"Name": "Sensor", "Value": "1"}], "MeasureName": "Temperature",
        "MeasureValue": value, "Time": str(NOW + later),
    } | changes


def write(client, *records, **options):
    """Return the answer to WriteRecords, also if it is an error."""
    try:
        return client.write_records(**TABLE | options, Records=records)
    except ClientError as error:
        return error.response


def read(what="measure_value::double"):
    """Return the values that a query finds."""
    answer = boto3.client("timestream-query").query(
        QueryString=f"select {what} from DemoDatabase.WeatherMetrics"
    )
    return [value.get("ScalarValue") for row in answer["Rows"] for value in row["Data"]]


def test_what_exists_or_does_not_is_refused(timestream):
    for operation, options, error in [
        (timestream.create_database, DATABASE, "Conflict.* DemoDatabase already exists"),
        (timestream.create_table, TABLE, "Conflict.* WeatherMetrics already exists"),
        (timestream.delete_database, DATABASE, "Validation.* still has tables"),
        (timestream.delete_table, TABLE | {"TableName": "Nope"}, "ResourceNotFound"),
        (timestream.delete_database, {"DatabaseName": "Nope"}, "ResourceNotFound"),
        (timestream.create_table, TABLE | {"DatabaseName": "Nope"}, "ResourceNotFound"),
        (timestream.write_records, TABLE | {"TableName": "Nope", "Records": []}, "NotFound"),
    ]:
        with pytest.raises(ClientError, match=error):
            operation(**options)
    timestream.delete_table(**TABLE)
    timestream.delete_database(**DATABASE)


@pytest.mark.parametrize("change", [
    {"MeasureValue": "warm"}, {"MeasureValue": "NaN"}, {"MeasureValue": ""}, {"MeasureValue": 61},
    {"MeasureValue": "9223372036854775808", "MeasureValueType": "BIGINT"},
    {"MeasureValue": "yes", "MeasureValueType": "BOOLEAN"},
    {"MeasureValue": "x" * 2049, "MeasureValueType": "VARCHAR"}, {"MeasureName": "x" * 257},
    {"MeasureValueType": "MULTI"}, {"Time": "now"}, {"Time": "-1"}, {"TimeUnit": "MINUTES"},
    {"Dimensions": []}, {"Dimensions": [{"Name": "Sensor", "Value": "1"}] * 2},
    {"Dimensions": [{"Name": "Sensor", "Value": "x" * 2049}]},
    {"Dimensions": [{"Name": "x" * 61, "Value": "1"}]},
    {"Dimensions": [{"Name": "time", "Value": "1"}]},
], ids=lambda change: str(change)[:50])
def test_one_invalid_value_makes_it_refuse_the_whole_call(timestream, change):
    error = write(timestream, reading(), reading("62", 1, **change))["Error"]
    assert error["Code"] == "ValidationException" and error["Message"].startswith("Record 1: ")
    assert read("count(*)") == ["0"]


def test_a_call_takes_a_hundred_records(timestream):
    records = [reading(later=number) for number in range(101)]
    assert write(timestream, *records)["Error"]["Code"] == "ValidationException"
    assert write(timestream, *records[:100])["RecordsIngested"]["Total"] == 100
    assert read("count(*)") == ["100"]


def test_a_time_out_of_range_is_rejected_and_the_others_are_stored(timestream):
    times = [-WEEK - 1, -WEEK, 15 * MINUTE, 15 * MINUTE + 1]
    answer = write(timestream, *(reading(later=later) for later in times))
    assert answer["Error"]["Code"] == "RejectedRecordsException"
    assert [record["RecordIndex"] for record in answer["RejectedRecords"]] == [0, 3]
    assert "time range [2026-11-17 03:04:05.123" in answer["RejectedRecords"][0]["Reason"]
    assert read("time") == ["2026-11-17 03:04:05.123000000", "2026-11-24 03:19:05.123000000"]


def test_a_late_reading_goes_to_the_magnetic_store_if_the_table_has_it_written(timestream):
    late, in_time = reading(later=-HOUR - 1), reading(later=-HOUR)
    assert write(timestream, late, in_time)["RecordsIngested"] == {
        "Total": 2, "MemoryStore": 1, "MagneticStore": 1
    }
    # By default, a table keeps six hours in memory, and nothing is written elsewhere.
    timestream.create_table(**DATABASE, TableName="Default")
    late, in_time = reading(later=-6 * HOUR - 1), reading(later=-6 * HOUR)
    [rejected] = write(timestream, late, in_time, TableName="Default")["RejectedRecords"]
    assert rejected["RecordIndex"] == 0


def test_the_same_again_is_kept_once_and_another_value_needs_a_higher_version(timestream):
    for version in (1, 1, 3, 2):
        assert write(timestream, reading(Version=version))["RecordsIngested"]["Total"] == 1
    [rejected] = write(timestream, reading("62", Version=3))["RejectedRecords"]
    assert rejected["ExistingVersion"] == 3 and "already exists" in rejected["Reason"]
    assert read() == ["61.0"]
    write(timestream, reading("63", Version=4), reading(TimeUnit="NANOSECONDS", Time=f"{NOW}000001"))
    assert read("measure_value::double, time") == [
        "63.0", "2026-11-24 03:04:05.123000000", "61.0", "2026-11-24 03:04:05.123000001"
    ]


def test_common_attributes_belong_to_every_record_and_each_type_has_a_column(timestream):
    place = {"Dimensions": [{"Name": "Location", "Value": "here"}], "MeasureValue": "62"}
    number = {"MeasureValueType": "BIGINT", "MeasureValue": "-7"}
    switch = {"MeasureValueType": "BOOLEAN", "MeasureValue": "True"}
    write(timestream, {}, place, number, switch, CommonAttributes=reading())
    kinds = "measure_value::double, measure_value::bigint, measure_value::boolean"
    assert read(f"sensor, location, {kinds}") == [
        "1", None, "61.0", None, None,
        "1", "here", "62.0", None, None,
        "1", None, None, "-7", None,
        "1", None, None, None, "true",
    ]


def test_calls_side_by_side_lose_no_record(timestream):
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: write(timestream, reading(later=n)), range(200)))
    sys.setswitchinterval(interval)
    assert read("count(*)") == ["200"]


def test_a_query_that_is_wrong_is_a_validation_exception(timestream):
    with pytest.raises(ClientError, match="Validation.* Column 'nope' does not exist"):
        read("nope")
