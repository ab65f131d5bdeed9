"""tests/local_aws/timestream.py: it refuses what AWS refuses, keeps the rest once, and pages."""

import time

import boto3
import pytest

TABLE = {"DatabaseName": "DemoDatabase", "TableName": "WeatherMetrics"}


@pytest.fixture
def timestream(aws):
    """A client, and a table that keeps an hour in memory and seven days in all."""
    client = boto3.client("timestream-write")
    client.create_database(DatabaseName="DemoDatabase")
    client.create_table(
        **TABLE, MagneticStoreWriteProperties={"EnableMagneticStoreWrites": True},
        RetentionProperties={
            "MemoryStoreRetentionPeriodInHours": 1, "MagneticStoreRetentionPeriodInDays": 7
        },
    )
    return client


def reading(value="61", minutes=0, **changes):
    """Return a record of so many minutes from now."""
    return {
        "Dimensions": [{"Name": "Sensor", "Value": "1"}], "MeasureName": "Temperature",
        "MeasureValue": value, "MeasureValueType": "DOUBLE",
        "Time": str(NOW + minutes * 60_000), "TimeUnit": "MILLISECONDS",
    } | changes


NOW = round(time.time() * 1000)


def read(what="count(*)", **options):
    """Return the values that a query finds, and the number of pages that they came on."""
    query = f"select {what} from DemoDatabase.WeatherMetrics"
    pages = [*boto3.client("timestream-query").get_paginator("query").paginate(
        QueryString=query, **options
    )]
    rows = [row["Data"] for page in pages for row in page["Rows"]]
    return [value.get("ScalarValue") for row in rows for value in row], pages


def test_what_exists_or_does_not_is_refused(timestream):
    refused = timestream.exceptions
    with pytest.raises(refused.ConflictException, match="DemoDatabase already exists"):
        timestream.create_database(DatabaseName="DemoDatabase")
    with pytest.raises(refused.ConflictException, match="WeatherMetrics already exists"):
        timestream.create_table(**TABLE)
    with pytest.raises(refused.ValidationException):
        timestream.delete_database(DatabaseName="DemoDatabase")
    timestream.delete_table(**TABLE)
    timestream.delete_database(DatabaseName="DemoDatabase")
    for call, options in [
        (timestream.delete_table, TABLE), (timestream.create_table, TABLE),
        (timestream.delete_database, {"DatabaseName": "DemoDatabase"}),
        (timestream.write_records, TABLE | {"Records": [reading()]}),
    ]:
        with pytest.raises(refused.ResourceNotFoundException):
            call(**options)


@pytest.mark.parametrize("change", [
    {"MeasureValue": "warm"}, {"MeasureValue": "x", "MeasureValueType": "BIGINT"},
    {"MeasureValue": "x", "MeasureValueType": "BOOLEAN"}, {"MeasureValue": "x" * 2049,
    "MeasureValueType": "VARCHAR"}, {"MeasureName": "x" * 257}, {"Dimensions": []},
    {"MeasureValueType": "MULTI"}, {"Time": "now"}, {"Time": "-1"},
    {"Dimensions": [{"Name": "Sensor", "Value": "x" * 2049}]},
    {"Dimensions": [{"Name": "x" * 61, "Value": "1"}]},
    {"Dimensions": [{"Name": "Sensor", "Value": "1"}] * 2},
], ids=lambda change: str(change)[:40])
def test_one_invalid_value_makes_it_refuse_the_whole_call(timestream, change):
    with pytest.raises(timestream.exceptions.ValidationException, match="Record 1: "):
        timestream.write_records(**TABLE, Records=[reading(), reading("62", 1, **change)])
    assert read()[0] == ["0"]


def test_each_type_has_a_column_of_its_own_and_the_others_are_null(timestream):
    values = {"DOUBLE": "1.5", "BIGINT": "-7", "BOOLEAN": "true", "VARCHAR": "warm"}
    for kind, value in values.items():
        timestream.write_records(**TABLE, Records=[reading(value, MeasureValueType=kind)])
    [page] = read("*")[1]
    columns = {c["Name"]: c["Type"]["ScalarType"] for c in page["ColumnInfo"]}
    assert columns == {"Sensor": "VARCHAR", "measure_name": "VARCHAR", "time": "TIMESTAMP"} | {
        f"measure_value::{kind.lower()}": kind for kind in values
    }
    found = [[v.get("ScalarValue") for v in row["Data"][3:]] for row in page["Rows"]]
    assert sorted([*filter(None, row)] for row in found) == [["-7"], ["1.5"], ["true"], ["warm"]]


def test_a_call_takes_a_hundred_records(timestream):
    records = [reading(Time=str(NOW + number)) for number in range(101)]
    with pytest.raises(timestream.exceptions.ValidationException):
        timestream.write_records(**TABLE, Records=records)
    assert timestream.write_records(**TABLE, Records=records[:100])["RecordsIngested"] == {
        "Total": 100, "MemoryStore": 100, "MagneticStore": 0
    }
    assert read()[0] == ["100"]


@pytest.mark.parametrize("minutes", [-7 * 24 * 60 - 1, 16])
def test_a_time_out_of_range_is_rejected_with_its_index_and_the_others_are_stored(
    timestream, minutes
):
    with pytest.raises(timestream.exceptions.RejectedRecordsException) as refusal:
        timestream.write_records(**TABLE, Records=[reading(), reading("1", minutes), reading("2", 1)])
    [rejected] = refusal.value.response["RejectedRecords"]
    assert rejected["RecordIndex"] == 1 and "outside the time range [20" in rejected["Reason"]
    assert read("measure_value::double")[0] == ["61.0", "2.0"]


def test_a_late_reading_goes_to_the_magnetic_store_if_the_table_has_it_written(timestream):
    late = reading("60", -61)
    answer = timestream.write_records(**TABLE, Records=[late, reading("61", 14)])
    assert answer["RecordsIngested"] == {"Total": 2, "MemoryStore": 1, "MagneticStore": 1}
    timestream.update_table(
        **TABLE, MagneticStoreWriteProperties={"EnableMagneticStoreWrites": False},
        RetentionProperties={
            "MemoryStoreRetentionPeriodInHours": 1, "MagneticStoreRetentionPeriodInDays": 7
        },
    )
    with pytest.raises(timestream.exceptions.RejectedRecordsException):
        timestream.write_records(**TABLE, Records=[late])


def test_the_same_again_is_kept_once_and_another_value_needs_a_higher_version(timestream):
    for _ in range(2):
        timestream.write_records(**TABLE, Records=[reading()])
    with pytest.raises(timestream.exceptions.RejectedRecordsException) as refusal:
        timestream.write_records(**TABLE, Records=[reading("62")])
    [rejected] = refusal.value.response["RejectedRecords"]
    assert rejected["ExistingVersion"] == 1 and "already exists" in rejected["Reason"]
    assert read("measure_value::double")[0] == ["61.0"]
    timestream.write_records(**TABLE, Records=[reading("63", Version=2)])
    assert read("measure_value::double")[0] == ["63.0"]


def test_common_attributes_belong_to_every_record(timestream):
    common = reading("61")
    timestream.write_records(**TABLE, CommonAttributes=common, Records=[
        {"Dimensions": [{"Name": "Location", "Value": place}]} for place in ("here", "there")
    ])
    assert read("location, sensor, measure_value::double")[0] == [
        "here", "1", "61.0", "there", "1", "61.0"
    ]


def test_the_first_page_is_empty_if_there_are_more_rows_than_it_may_have(timestream):
    records = [reading(Time=str(NOW + number)) for number in range(7)]
    timestream.write_records(**TABLE, Records=records)
    values, pages = read("time", PaginationConfig={"PageSize": 3})
    assert [len(page["Rows"]) for page in pages] == [0, 3, 3, 1]
    assert len(set(values)) == 7
    assert [len(page["Rows"]) for page in read("time")[1]] == [7]


def test_a_query_that_is_wrong_or_a_strange_token_is_a_validation_exception(timestream):
    client = boto3.client("timestream-query")
    with pytest.raises(client.exceptions.ValidationException, match="Column 'nope' does not exist"):
        read("nope")
    with pytest.raises(client.exceptions.ValidationException, match="pagination token"):
        client.query(QueryString="select 1", NextToken="eHg=")
