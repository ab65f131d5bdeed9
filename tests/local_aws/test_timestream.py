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
NOW, MINUTE, HOUR, WEEK = 1795489445123, 60_000, 3_600_000, 7 * 24 * 3_600_000


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
        "Dimensions": [{"Name": "Sensor", "Value": "1"}],
        "MeasureName": "Temperature",
        "MeasureValue": value,
        "Time": str(NOW + later),
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
    assert answer["QueryId"] and answer["QueryStatus"]["ProgressPercentage"] == 100
    return [value.get("ScalarValue") for row in answer["Rows"] for value in row["Data"]]


@pytest.mark.parametrize(
    ("operation", "names", "error"),
    [
        ("create_database", DATABASE, r"\(ConflictException\).* DemoDatabase already"),
        ("create_table", TABLE, r"\(ConflictException\).* WeatherMetrics already"),
        ("delete_database", DATABASE, r"\(ValidationException\).* still has tables"),
        ("delete_table", DATABASE | {"TableName": "Nope"}, "ResourceNotFound"),
        ("create_table", {"DatabaseName": "Nope", "TableName": "Nope"}, "ResourceNotFound"),
    ],
)
def test_what_exists_or_does_not_is_refused(timestream, operation, names, error):
    with pytest.raises(ClientError, match=error):
        getattr(timestream, operation)(**names)


@pytest.mark.parametrize(
    "change",
    [
        {"MeasureValue": "warm"},
        {"MeasureValue": "NaN"},
        {"MeasureValue": ""},
        {"MeasureValue": 61},
        {"MeasureValue": f"{2**63}", "MeasureValueType": "BIGINT"},
        {"MeasureName": ""},
        {"MeasureValue": "x" * 2049, "MeasureValueType": "VARCHAR"},
        {"MeasureValueType": "MULTI"},
        {"TimeUnit": "MINUTES"},
        {"Time": "now"},
        {"Time": "-1"},
        {"Time": f"{2**63 // 10**6 + 1}"},
        {"Dimensions": []},
        *(
            {"Dimensions": pairs}
            for pairs in (
                [{"Name": "Sensor", "Value": "1"}] * 2,
                [{"Name": "Sensor", "Value": ""}],
                *([{"Name": name, "Value": "1"}] for name in ("Time", "measure_value", "ts_", "`")),
            )
        ),
    ],
    ids=lambda change: str(change)[:50],
)
def test_one_invalid_value_makes_it_refuse_the_whole_call(timestream, change):
    error = write(timestream, reading(), reading("62", 1, **change))["Error"]
    assert error["Code"] == "ValidationException" and error["Message"].startswith("Record 1: ")
    assert read("count(*)") == ["0"]


def test_a_call_takes_a_hundred_records(timestream):
    records = [reading(later=number) for number in range(101)]
    for wrong in ([], records):
        assert write(timestream, *wrong)["Error"]["Code"] == "ValidationException"
    assert write(timestream, *records[:100])["RecordsIngested"]["Total"] == 100
    assert read("count(*)") == ["100"]


def test_a_time_out_of_range_is_rejected_and_the_others_are_stored(timestream):
    times = [-WEEK - 1, -WEEK, 15 * MINUTE, 15 * MINUTE + 1]
    answer = write(timestream, *(reading(later=later) for later in times))
    assert answer["Error"]["Code"] == "RejectedRecordsException"
    assert "RejectedRecords for details" in answer["Error"]["Message"]
    assert [record["RecordIndex"] for record in answer["RejectedRecords"]] == [0, 3]
    assert "time range [2026-11-17 03:04:05.123" in answer["RejectedRecords"][0]["Reason"]
    assert read("time") == ["2026-11-17 03:04:05.123000000", "2026-11-24 03:19:05.123000000"]


def test_a_late_reading_goes_to_the_magnetic_store_if_the_table_has_it_written(timestream):
    assert write(timestream, reading(later=-HOUR - 1), reading(later=-HOUR))["RecordsIngested"] == {
        "Total": 2,
        "MemoryStore": 1,
        "MagneticStore": 1,
    }
    # By default, a table keeps six hours in memory, and nothing is written elsewhere.
    timestream.create_table(**DATABASE, TableName="Default")
    records = reading(later=-6 * HOUR - 1), reading(later=-6 * HOUR)
    [rejected] = write(timestream, *records, TableName="Default")["RejectedRecords"]
    assert rejected["RecordIndex"] == 0


def test_the_same_again_is_kept_once_and_another_value_needs_a_higher_version(timestream):
    [rejected] = write(timestream, reading(), reading(), reading("62"))["RejectedRecords"]
    assert (rejected["RecordIndex"], rejected["ExistingVersion"]) == (2, 1)
    assert "already exists" in rejected["Reason"] and read() == ["61.0"]
    write(timestream, reading("63", Version=3), reading("63", Version=2), reading("64", 1))
    [rejected] = write(timestream, reading("64", Version=3))["RejectedRecords"]
    assert rejected["ExistingVersion"] == 3
    assert read() == ["63.0", "64.0"]


def test_common_attributes_belong_to_every_record_and_each_type_has_a_column(timestream):
    place = {"Dimensions": [{"Name": "Location", "Value": "x" * 2048}], "MeasureValue": "62"}
    number = {"MeasureValueType": "BIGINT", "MeasureValue": "-7"}
    switch = {"MeasureValueType": "BOOLEAN", "MeasureValue": "True"}
    text = {"MeasureValueType": "VARCHAR", "MeasureValue": "Normal"}
    write(timestream, place, number, switch, text, CommonAttributes=reading())
    kinds = [f"measure_value::{kind}" for kind in ("double", "bigint", "boolean", "varchar")]
    assert read(", ".join(["sensor", "location", *kinds])) == [
        "1",
        "x" * 2048,
        "62.0",
        None,
        None,
        None,
        "1",
        None,
        None,
        "-7",
        None,
        None,
        "1",
        None,
        None,
        None,
        "true",
        None,
        "1",
        None,
        None,
        None,
        None,
        "Normal",
    ]


def test_a_time_has_one_of_four_units(timestream):
    times = {"SECONDS": NOW // 1000, "MICROSECONDS": NOW * 10**3, "NANOSECONDS": NOW * 10**6 + 1}
    write(timestream, *(reading(Time=str(times[unit]), TimeUnit=unit) for unit in times))
    assert read("time") == [
        f"2026-11-24 03:04:05.{rest}" for rest in ("000000000", "123000000", "123000001")
    ]


def test_calls_side_by_side_lose_no_record(timestream):
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: write(timestream, reading(later=n)), range(200)))
    sys.setswitchinterval(interval)
    assert read("count(*)") == ["200"]


def test_a_query_that_is_wrong_is_a_validation_exception(timestream):
    with pytest.raises(ClientError, match=r"\(ValidationException\).* 'nope' does not exist"):
        read("nope")
