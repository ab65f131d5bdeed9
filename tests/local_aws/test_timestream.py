"""timestream.py and records.py: what Timestream refuses, stores and answers."""

import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.timestreamwrite.models import timestreamwrite_backends

import setup_timestream
from tests.helpers import make_client
from tests.local_aws import records as quotas
from tests.local_aws import timestream as here

DATABASE = {"DatabaseName": "DemoDatabase"}
TABLE = DATABASE | {"TableName": "WeatherMetrics"}
# The time in these tests, 2026-11-24 03:04:05.123 UTC; all times here are in milliseconds.
NOW, MINUTE, HOUR, WEEK = 1795489445123, 60_000, 3_600_000, 7 * 24 * 3_600_000


@pytest.fixture
def timestream(aws, monkeypatch):
    """A client, and the tutorial's table with its retention; time stands still."""
    monkeypatch.setattr(time, "time", lambda: NOW / 1000)
    client = make_client("timestream-write", parameter_validation=False)
    setup_timestream.create_database(client)
    setup_timestream.create_table(client)
    return client


@pytest.fixture
def query(timestream):
    """A function that sends a query with options, and returns the response or the error."""
    client = make_client("timestream-query", parameter_validation=False)

    def query(text, **options):
        try:
            return client.query(QueryString=text, **options)
        except ClientError as error:
            return error.response

    return query


@pytest.fixture
def read(query):
    """A function that returns the values in the stored rows, row by row."""

    def read(what="measure_value::double"):
        answer = query(f"select {what} from DemoDatabase.WeatherMetrics")
        return [[value.get("ScalarValue") for value in row["Data"]] for row in answer["Rows"]]

    return read


def reading(value="61", later=0, **changes):
    """Return a record, taken `later` milliseconds from now."""
    return {
        "Dimensions": [{"Name": "Sensor", "Value": "1"}],
        "MeasureName": "Temperature",
        "MeasureValue": value,
        "Time": str(NOW + later),
    } | changes


def name_dimensions(*names, value="1"):
    """Return changes that give a reading dimensions of these names."""
    return {"Dimensions": [{"Name": name, "Value": value} for name in names]}


def multi_reading(values, later=0, **changes):
    """Return a multi-measure record. values: {name: (value, type)}."""
    record = reading(later=later, MeasureName="weather", MeasureValueType="MULTI")
    del record["MeasureValue"]
    record["MeasureValues"] = [
        {"Name": name, "Value": value, "Type": kind} for name, (value, kind) in values.items()
    ]
    return record | changes


def write(client, *records, **options):
    """Call WriteRecords; return the response or the error."""
    try:
        return client.write_records(**TABLE | options, Records=records)
    except ClientError as error:
        return error.response


def list_reasons(answer):
    """Return {index: reason} for the rejected records."""
    assert answer["Error"]["Code"] == "RejectedRecordsException", answer
    return {record["RecordIndex"]: record["Reason"] for record in answer["RejectedRecords"]}


# Databases and tables


@pytest.mark.parametrize(
    ("operation", "names", "error"),
    [
        ("create_database", DATABASE, r"\(ConflictException\).* DemoDatabase already"),
        ("create_table", TABLE, r"\(ConflictException\).* WeatherMetrics already"),
        ("delete_database", DATABASE, r"\(ValidationException\).* still has tables"),
        ("delete_database", {"DatabaseName": "Nope"}, "ResourceNotFound"),
        ("delete_table", DATABASE | {"TableName": "Nope"}, "ResourceNotFound"),
        ("update_table", DATABASE | {"TableName": "Nope"}, "ResourceNotFound"),
        ("list_tables", {"DatabaseName": "Nope"}, "ResourceNotFound"),
        ("create_table", {"DatabaseName": "Nope", "TableName": "Nope"}, "ResourceNotFound"),
    ],
)
def test_existing_and_missing_names_are_refused(timestream, operation, names, error):
    with pytest.raises(ClientError, match=error):
        getattr(timestream, operation)(**names)


@pytest.mark.parametrize(
    ("operation", "options", "message"),
    [
        pytest.param(
            "create_database",
            {"DatabaseName": "ab"},
            "DatabaseName has 2 characters, not 3 to 256",
            id="too short",
        ),
        pytest.param(
            "create_table",
            DATABASE | {"TableName": "x" * 257},
            "TableName has 257 characters, not 3 to 256",
            id="too long",
        ),
        pytest.param(
            "create_database",
            {"DatabaseName": "a b c"},
            "Value 'a b c' at 'databaseName' failed .* pattern: .*",
            id="a character that a name cannot have",
        ),
        pytest.param("create_table", DATABASE, "Value null at 'tableName' failed .*", id="missing"),
        pytest.param(
            "list_databases",
            {"MaxResults": 21},
            "Value '21' at 'maxResults' failed .* less than or equal to 20",
            id="a page that is too long",
        ),
        pytest.param(
            "list_databases",
            {"NextToken": "x"},
            "Invalid pagination token",
            id="an unknown token",
        ),
    ],
)
def test_an_invalid_parameter_is_named(timestream, operation, options, message):
    with pytest.raises(ClientError, match=rf"\(ValidationException\).* {message}$"):
        getattr(timestream, operation)(**options)


@pytest.mark.parametrize(
    ("hours", "days", "message"),
    [
        (0, 7, "'0' at 'retentionProperties.memoryStoreRetentionPeriodInHours' failed"),
        (8767, 7, "'8767' at 'retentionProperties.memoryStoreRetentionPeriodInHours' "),
        (1, 0, "'0' at 'retentionProperties.magneticStoreRetentionPeriodInDays' failed"),
        (1, 73001, "'73001' at 'retentionProperties.magneticStoreRetentionPeriodInDays'"),
    ],
)
@pytest.mark.parametrize("operation", ["create_table", "update_table"])
def test_retention_has_limits(timestream, operation, hours, days, message):
    retention = {
        "MemoryStoreRetentionPeriodInHours": hours,
        "MagneticStoreRetentionPeriodInDays": days,
    }
    with pytest.raises(ClientError, match=message):
        getattr(timestream, operation)(
            **DATABASE, TableName="WeatherMetrics", RetentionProperties=retention
        )


@pytest.mark.parametrize(
    ("operation", "options", "name"),
    [
        (
            "create_database",
            {"DatabaseName": "any", "Tags": [{"Key": "a", "Value": "b"}]},
            "Tags",
        ),
        ("create_database", {"DatabaseName": "any", "KmsKeyId": "alias/any"}, "KmsKeyId"),
        (
            "create_table",
            TABLE | {"Schema": {"CompositePartitionKey": [{"Type": "MEASURE"}]}},
            "Schema",
        ),
        (
            "create_table",
            TABLE
            | {
                "MagneticStoreWriteProperties": {
                    "EnableMagneticStoreWrites": True,
                    "MagneticStoreRejectedDataLocation": {"S3Configuration": {"BucketName": "any"}},
                }
            },
            "MagneticStoreWriteProperties.MagneticStoreRejectedDataLocation",
        ),
    ],
)
def test_an_unsupported_parameter_is_refused(timestream, operation, options, name):
    words = rf"The parameter {name} of \w+ is not supported by this local AWS$"
    with pytest.raises(ClientError, match=rf"\(UnsupportedOperation\).*: {words}"):
        getattr(timestream, operation)(**options)


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("timestream-write", "create_batch_load_task"),
        ("timestream-write", "update_database"),
        ("timestream-write", "tag_resource"),
        ("timestream-query", "create_scheduled_query"),
        ("timestream-query", "prepare_query"),
        ("timestream-query", "cancel_query"),
    ],
)
def test_an_unsupported_operation_is_refused(aws, service, operation):
    with pytest.raises(ClientError, match="[a-z] is not supported by this local AWS$"):
        getattr(make_client(service, parameter_validation=False), operation)()


def test_lists_are_sorted_and_come_page_by_page(timestream):
    for name in ("Zoo", "Berlin", "Athens"):
        timestream.create_database(DatabaseName=name)
    first = timestream.list_databases(MaxResults=3)
    names = [database["DatabaseName"] for database in first["Databases"]]
    assert names == ["Athens", "Berlin", "DemoDatabase"]
    last = timestream.list_databases(MaxResults=3, NextToken=first["NextToken"])
    assert [database["DatabaseName"] for database in last["Databases"]] == ["Zoo"]
    assert "NextToken" not in last
    timestream.create_table(DatabaseName="Zoo", TableName="Lions")
    for options, tables in ({"DatabaseName": "Zoo"}, 1), ({}, 2):
        assert len(timestream.list_tables(**options)["Tables"]) == tables


def test_a_tables_description_has_its_settings(timestream):
    table = timestream.describe_table(**TABLE)["Table"]
    assert table["RetentionProperties"] == {
        "MemoryStoreRetentionPeriodInHours": 1,
        "MagneticStoreRetentionPeriodInDays": 7,
    }
    assert table["MagneticStoreWriteProperties"] == {"EnableMagneticStoreWrites": True}
    assert table["Schema"] == {"CompositePartitionKey": [{"Type": "MEASURE"}]}
    assert timestream.describe_database(**DATABASE)["Database"]["TableCount"] == 1


def test_an_update_changes_only_the_given_settings(timestream):
    timestream.update_table(
        **TABLE, MagneticStoreWriteProperties={"EnableMagneticStoreWrites": False}
    )
    assert list_reasons(write(timestream, reading(later=-2 * HOUR))).keys() == {0}
    timestream.update_table(
        **TABLE,
        RetentionProperties={
            "MemoryStoreRetentionPeriodInHours": 2,
            "MagneticStoreRetentionPeriodInDays": 1,
        },
    )
    assert write(timestream, reading(later=-2 * HOUR))["RecordsIngested"]["MemoryStore"] == 1
    assert list_reasons(write(timestream, reading(later=-3 * HOUR))).keys() == {0}


def test_readings_older_than_the_retention_are_gone(timestream, read):
    write(timestream, *(reading(later=-age * 24 * HOUR) for age in (1, 3)))
    timestream.update_table(
        **TABLE,
        RetentionProperties={
            "MemoryStoreRetentionPeriodInHours": 1,
            "MagneticStoreRetentionPeriodInDays": 2,
        },
    )
    assert read("time") == [["2026-11-23 03:04:05.123000000"]]


def test_a_recreated_table_is_empty(timestream, query, read):
    write(timestream, reading())
    timestream.delete_table(**TABLE)
    assert "Error" in query("select time from DemoDatabase.WeatherMetrics")
    timestream.create_table(**TABLE)
    assert read("time") == []


def test_each_account_and_region_has_its_own_tables(timestream):
    other = boto3.client("timestream-write", region_name="eu-west-1")
    assert other.list_databases()["Databases"] == []
    assert setup_timestream.create_database(other)


# Writing records


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"MeasureValue": "warm"}, "'warm' is not a DOUBLE", id="no number"),
        pytest.param({"MeasureValue": "1_000"}, "'1_000' is not a DOUBLE", id="Python's digits"),
        pytest.param({"MeasureValue": " 61 "}, "' 61 ' is not a DOUBLE", id="blanks"),
        pytest.param({"MeasureValue": "61\n"}, r"'61\\n' is not a DOUBLE", id="a line break"),
        pytest.param({"MeasureValue": "NaN"}, "'NaN' is not a DOUBLE", id="NaN"),
        pytest.param({"MeasureValue": "Infinity"}, "'Infinity' is not a DOUBLE", id="Infinity"),
        pytest.param({"MeasureValue": "0x10"}, "'0x10' is not a DOUBLE", id="hexadecimal"),
        pytest.param({"MeasureValue": "٣"}, "'٣' is not a DOUBLE", id="other digits"),
        pytest.param({"MeasureValue": "1e999"}, "1e999 is out of range of DOUBLE", id="too large"),
        pytest.param(
            {"MeasureValue": "6.1", "MeasureValueType": "BIGINT"}, "'6.1' is not a BIGINT"
        ),
        pytest.param({"MeasureValue": f"{2**63}", "MeasureValueType": "BIGINT"}, "out of range"),
        pytest.param({"MeasureValue": "1", "MeasureValueType": "BOOLEAN"}, "'1' is not a BOOLEAN"),
        pytest.param(
            {"MeasureValue": "1", "MeasureValueType": "TIMESTAMP"},
            r"^TIMESTAMP is an invalid measure value type\.$",
        ),
        pytest.param(
            {"MeasureValueType": "FLOAT"},
            "Value 'FLOAT' at 'records.2.member.measureValueType' failed .* enum value set:",
        ),
        pytest.param({"MeasureValue": ""}, "Value '' at 'records.2.member.measureValue' "),
        pytest.param(
            {"MeasureValue": "x" * 2049, "MeasureValueType": "VARCHAR"},
            "at 'records.2.member.measureValue' failed .* less than or equal to 2048",
            id="a long text",
        ),
        pytest.param({"MeasureName": ""}, "Value '' at 'records.2.member.measureName' "),
        pytest.param({"TimeUnit": "MINUTES"}, "'MINUTES' at 'records.2.member.timeUnit'"),
        pytest.param({"Time": "now"}, r"^Invalid time for record\.$", id="no time"),
        pytest.param({"Time": "-1"}, r"^Invalid time for record\.$", id="before 1970"),
        pytest.param({"Time": "9" * 256}, r"^Invalid time for record\.$", id="the largest time"),
        pytest.param({"Time": f"{2**63 // 10**6 + 1}"}, r"^Invalid time for record\.$", id="2262"),
        pytest.param({"Version": 0}, "0 is not a valid version"),
        pytest.param({"Version": 2**63}, f"{2**63} is not a valid version"),
        pytest.param({"Dimensions": []}, "it needs a dimension", id="no dimensions"),
        pytest.param(name_dimensions("Sensor", "Sensor"), "a dimension appears twice", id="twice"),
        pytest.param(name_dimensions("S", value=""), "the dimension S is empty", id="empty"),
        pytest.param(
            {"Dimensions": [{"Name": "S"}]},
            "Value null at 'records.2.member.dimensions.1.member.value' ",
            id="a dimension without a value",
        ),
        pytest.param(
            {"Dimensions": [{"Name": "S", "Value": "1", "DimensionValueType": "BIGINT"}]},
            "'BIGINT' at 'records.2.member.dimensions.1.member.dimensionValueType' ",
            id="a dimension that is not text",
        ),
        pytest.param(
            name_dimensions(*(f"d{number}" for number in range(129))),
            "at 'records.2.member.dimensions' failed .* less than or equal to 128",
            id="many dimensions",
        ),
    ],
)
def test_with_one_invalid_value_the_whole_call_is_refused(timestream, read, change, words):
    error = write(timestream, reading(), reading("62", 1, **change))["Error"]
    assert error["Code"] == "ValidationException"
    assert re.search(words, error["Message"])
    assert read("count(*)") == [["0"]]


NAMES = ["time", "ts_", "ts_x", "measure_value", "measure_name2", "a:b", "a\n", "\x7f", "\x85"]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_timestreams_own_columns_and_control_characters_are_refused(timestream, name):
    message = f"Record 0: a measure cannot have the name {name!r}"
    for record in (reading(MeasureName=name), multi_reading({name: ("1", "DOUBLE")})):
        assert write(timestream, record)["Error"]["Message"] == message
    answer = write(timestream, reading(**name_dimensions(name)))
    assert answer["Error"]["Message"] == message.replace("measure", "dimension", 1)


def test_timestreams_own_names_are_case_sensitive(timestream, read):
    write(timestream, reading(MeasureName="TS_x", **name_dimensions("TIME", "timetable")))
    assert read('"TIME", time, measure_name') == [["1", "2026-11-24 03:04:05.123000000", "TS_x"]]


@pytest.mark.parametrize("missing", ["MeasureName", "MeasureValue", "Time"])
def test_required_values_can_be_common_attributes_but_not_missing(timestream, missing):
    record = reading()
    value = record.pop(missing)
    assert write(timestream, record)["Error"]["Message"] == f"Record 0: {missing} is missing"
    answer = write(timestream, record, CommonAttributes={missing: value})
    assert answer["RecordsIngested"]["Total"] == 1


@pytest.mark.parametrize(
    ("value", "stored"),
    [("61", "61.0"), ("-6.1e1", "-61.0"), (".5", "0.5"), ("+5.", "5.0"), ("1E3", "1000.0")],
)
def test_numbers_can_be_written_in_several_ways(timestream, read, value, stored):
    write(timestream, reading(value))
    assert read() == [[stored]]


def test_a_call_accepts_a_hundred_records(timestream, read):
    records = [reading(later=number) for number in range(101)]
    for wrong, limit in (
        ([], "greater than or equal to 1"),
        (records, "less than or equal to 100"),
    ):
        message = write(timestream, *wrong)["Error"]["Message"]
        assert message.endswith(
            f"at 'records' failed to satisfy constraint: Member must have length {limit}"
        )
    assert write(timestream, *records[:100])["RecordsIngested"]["Total"] == 100
    assert read("count(*)") == [["100"]]


def many(count, kind="BIGINT"):
    """Return values for a multi-measure record."""
    return {f"m{number}": ("1", kind) for number in range(count)}


@pytest.mark.parametrize(
    ("largest", "too_large", "words"),
    [
        pytest.param(
            reading(**name_dimensions("ä" * 30)),
            reading(**name_dimensions("ä" * 30 + "x")),
            "A dimension name has more than 60 bytes.",
            id="name of a dimension",
        ),
        pytest.param(
            reading(MeasureName="ä" * 128),
            reading(MeasureName="ä" * 128 + "x"),
            "A measure name has more than 256 bytes.",
            id="name of a measure",
        ),
        pytest.param(
            multi_reading({"ä" * 128: ("1", "DOUBLE")}),
            multi_reading({"ä" * 128 + "x": ("1", "DOUBLE")}),
            "A measure name has more than 256 bytes.",
            id="name of a measure in a multi-measure record",
        ),
        pytest.param(
            reading(**name_dimensions("a", "b", value="x" * 1023)),
            reading(**name_dimensions("a", "bb", value="x" * 1023)),
            "The dimension names and values have 2049 bytes, more than 2048.",
            id="all dimensions together",
        ),
        pytest.param(
            reading("ä" * 1024, MeasureValueType="VARCHAR"),
            reading("ä" * 1024 + "x", MeasureValueType="VARCHAR"),
            "The measure values have 2049 bytes, more than 2048.",
            id="value",
        ),
        pytest.param(
            multi_reading(many(256)),
            multi_reading(many(257, "VARCHAR")),
            "The record has 257 measures, more than 256.",
            id="measures of a record",
        ),
        pytest.param(
            multi_reading(many(254) | {"a": ("true", "BOOLEAN"), "b": ("ä" * 7 + "x", "VARCHAR")}),
            multi_reading(many(254) | {"a": ("true", "BOOLEAN"), "b": ("ä" * 8, "VARCHAR")}),
            "The measure values have 2049 bytes, more than 2048.",
            id="values of a multi-measure record",
        ),
    ],
)
def test_only_the_record_that_is_too_large_is_rejected(timestream, largest, too_large, words):
    assert write(timestream, largest)["RecordsIngested"]["Total"] == 1
    answer = write(timestream, reading(later=1), too_large)
    assert list_reasons(answer) == {1: words}


@pytest.mark.parametrize(
    ("quota", "standard", "create", "words"),
    [
        (
            "MAX_DIMENSIONS",
            128,
            lambda name: reading(**name_dimensions(name)),
            "The table would have more than 2 dimensions.",
        ),
        (
            "MAX_MEASURES",
            8192,
            lambda name: reading(MeasureName=name),
            "The table would have more than 2 measure names.",
        ),
        (
            "MAX_COLUMNS",
            1024,
            lambda name: multi_reading({name: ("1", "DOUBLE")}),
            "The table would have more than 2 multi-measure values.",
        ),
    ],
)
def test_a_table_has_quotas_for_names(timestream, monkeypatch, quota, standard, create, words):
    assert getattr(quotas, quota) == standard
    monkeypatch.setattr(quotas, quota, 2)
    records = [
        create(name) | {"Time": str(NOW + later)} for later, name in enumerate(["a", "b", "c", "a"])
    ]
    assert list_reasons(write(timestream, *records)) == {2: words}


def test_a_table_can_have_as_many_columns_as_all_quotas_allow_together(timestream, read):
    dimensions = name_dimensions(*(f"d{number}" for number in range(128)))
    for start in range(0, 1024, 128):
        values = {f"m{number}": ("1", "BIGINT") for number in range(start, start + 128)}
        record = multi_reading(values, later=start, **dimensions)
        assert "RecordsIngested" in write(timestream, record)
    assert len(read("*")[0]) == 128 + 2 + 1024


def test_a_time_out_of_range_is_rejected_and_the_others_are_stored(timestream, read):
    # As recorded on AWS: the retention of both stores together, plus 40 minutes.
    first, end = -WEEK - HOUR - 25 * MINUTE, 15 * MINUTE
    answer = write(timestream, *(reading(later=at) for at in (first - 1, first, end - 1, end)))
    assert "RejectedRecords for details" in answer["Error"]["Message"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 419
    reason = (
        "The record timestamp is outside the time range "
        "[2026-11-17T01:39:05.123Z, 2026-11-24T03:19:05.123Z) of the data ingestion window."
    )
    assert list_reasons(answer) == {0: reason, 3: reason}
    assert read("time") == [["2026-11-17 01:39:05.123000000"], ["2026-11-24 03:19:05.122000000"]]


def test_a_late_reading_goes_to_the_magnetic_store_if_such_writes_are_enabled(timestream):
    late = -HOUR - 25 * MINUTE
    assert write(timestream, reading(later=late - 1), reading(later=late))["RecordsIngested"] == {
        "Total": 2,
        "MemoryStore": 1,
        "MagneticStore": 1,
    }
    # By default, a table keeps six hours in memory, without magnetic store writes.
    timestream.create_table(**DATABASE, TableName="Default")
    late -= 5 * HOUR
    records = reading(later=late - 1), reading(later=late)
    assert list_reasons(write(timestream, *records, TableName="Default")) == {
        0: "The record timestamp is outside the time range "
        "[2026-11-23T20:39:05.123Z, 2026-11-24T03:19:05.123Z) of the memory store."
    }


def test_a_repeated_reading_is_kept_once_and_another_value_needs_a_higher_version(timestream, read):
    [rejected] = write(timestream, reading(), reading(), reading("62"))["RejectedRecords"]
    assert rejected == {
        "RecordIndex": 2,
        "Reason": "A record already exists with the same time, dimensions, measure name, and "
        "record version. A higher record version must be specified in order to update the measure "
        "value. Specifying record version is supported by the latest SDKs.",
        "ExistingVersion": 1,
    }
    assert read() == [["61.0"]]
    write(timestream, reading("63", Version=200))
    [rejected] = write(timestream, reading("64", Version=2))["RejectedRecords"]
    assert rejected == {
        "RecordIndex": 0,
        "Reason": "The record version 2 is lower than the existing version 200. A higher version "
        "is required to update the measure value.",
        "ExistingVersion": 200,
    }
    assert read() == [["63.0"]]


def test_the_magnetic_store_drops_versions_that_are_not_higher(timestream, read):
    """Timestream Developer Guide, "Handling rejected records"."""
    for value, version in (("61", 2), ("62", 2), ("63", 1)):
        answer = write(timestream, reading(value, -5 * HOUR, Version=version))
        assert answer["RecordsIngested"]["MagneticStore"] == 1
    assert read() == [["61.0"]]
    write(timestream, reading("64", -5 * HOUR, Version=3))
    assert read() == [["64.0"]]


def test_a_rejected_record_has_its_index_in_the_call(timestream):
    write(timestream, reading("61", 1))
    reasons = list_reasons(write(timestream, reading(later=-2 * WEEK), reading(), reading("62", 1)))
    assert "outside the time range" in reasons[0]
    assert "already exists" in reasons[2]
    assert reasons.keys() == {0, 2}


def test_each_type_has_a_column(timestream, read):
    write(
        timestream,
        reading("-7", MeasureValueType="BIGINT"),
        reading("True", MeasureValueType="BOOLEAN"),
        reading("x\n" * 1024, MeasureValueType="VARCHAR"),
        reading("62"),
    )
    kinds = ["bigint", "boolean", "varchar", "double"]
    assert read(", ".join(f"measure_value::{kind}" for kind in kinds)) == [
        ["-7", None, None, None],
        [None, "true", None, None],
        [None, None, "x\n" * 1024, None],
        [None, None, None, "62.0"],
    ]


def test_common_dimensions_and_those_of_a_record_are_combined(timestream, read):
    write(timestream, reading(), CommonAttributes=name_dimensions("Location"))
    assert read("Sensor, Location") == [["1", "1"]]


# Multi-measure records

VALUES = {
    "temperature": ("21.5", "DOUBLE"),
    "count": ("-7", "BIGINT"),
    "open": ("True", "BOOLEAN"),
    "state": ("ok", "VARCHAR"),
    "since": ("1600000000000", "TIMESTAMP"),
}


def test_a_multi_measure_record_is_one_row_with_a_column_for_each_value(timestream, query):
    write(timestream, multi_reading(VALUES))
    answer = query("select * from DemoDatabase.WeatherMetrics")
    columns = [(column["Name"], column["Type"]["ScalarType"]) for column in answer["ColumnInfo"]]
    assert columns == [
        ("Sensor", "VARCHAR"),
        ("measure_name", "VARCHAR"),
        ("time", "TIMESTAMP"),
        *((name, kind) for name, (_, kind) in VALUES.items()),
    ]
    [row] = answer["Rows"]
    assert [value["ScalarValue"] for value in row["Data"]] == [
        *("1", "weather", "2026-11-24 03:04:05.123000000"),
        *("21.5", "-7", "true", "ok", "2020-09-13 12:26:40.000000000"),
    ]


def test_a_timestamp_value_has_the_records_time_unit(timestream, read):
    since = {"since": (str(2**63 - 1), "TIMESTAMP")}
    write(timestream, multi_reading(since, Time=f"{NOW}000000", TimeUnit="NANOSECONDS"))
    assert read("since") == [["2262-04-11 23:47:16.854775807"]]


def test_records_of_both_kinds_share_a_table(timestream, read):
    write(timestream, reading(), multi_reading({"temperature": ("21.5", "DOUBLE")}))
    assert read("measure_name, measure_value::double, temperature") == [
        ["Temperature", "61.0", None],
        ["weather", None, "21.5"],
    ]


def test_measure_values_can_be_common_to_all_records(timestream, read):
    common = multi_reading({"a": ("1", "BIGINT")})
    records = [{"MeasureValues": [{"Name": "b", "Value": "2", "Type": "BIGINT"}]}]
    assert "RecordsIngested" in write(timestream, *records, CommonAttributes=common)
    assert read("a, b") == [["1", "2"]]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (multi_reading({}), "Record 0: MeasureValues is missing"),
        (
            multi_reading(VALUES, MeasureValue="1"),
            "Record 0: MeasureValue is not allowed for the type MULTI",
        ),
        (
            reading(MeasureValues=multi_reading(VALUES)["MeasureValues"]),
            "Record 0: MeasureValues is not allowed for the type DOUBLE",
        ),
        (multi_reading({"a": ("warm", "DOUBLE")}), "Record 0: 'warm' is not a DOUBLE"),
        (multi_reading({"a": ("1", "MULTI")}), "MULTI is an invalid measure value type."),
        (multi_reading({"a": ("now", "TIMESTAMP")}), "Invalid time for record."),
        (
            multi_reading({}, MeasureValues=2 * multi_reading(VALUES)["MeasureValues"]),
            "Record 0: a measure appears twice",
        ),
    ],
)
def test_an_invalid_multi_measure_record_is_refused(timestream, read, record, message):
    error = write(timestream, record)["Error"]
    assert (error["Code"], error["Message"]) == ("ValidationException", message)


def test_a_column_keeps_its_type(timestream, read):
    records = [multi_reading({"a": ("1", kind)}) for kind in ("DOUBLE", "BIGINT", "DOUBLE")]
    assert list_reasons(write(timestream, *records)) == {
        1: "Each multi measure name can have only one measure value type and cannot be changed."
    }
    assert read("a") == [["1.0"]]


def test_a_column_cannot_be_both_a_dimension_and_a_value(timestream):
    answer = write(
        timestream,
        reading(**name_dimensions("a")),
        multi_reading({"a": ("1", "DOUBLE")}),
        multi_reading({"b": ("1", "DOUBLE"), "Sensor": ("1", "DOUBLE")}),
        multi_reading({"c": ("1", "DOUBLE")}),
        reading(**name_dimensions("c")),
    )
    assert list_reasons(answer) == {
        1: "'a' would be both a dimension and a measure value.",
        2: "'Sensor' would be both a dimension and a measure value.",
        4: "'c' would be both a dimension and a measure value.",
    }


def test_a_higher_version_replaces_all_values_and_can_add_some(timestream, read):
    first = {"a": ("1", "BIGINT"), "b": ("2", "BIGINT")}
    other = {"a": ("1", "BIGINT"), "b": ("3", "BIGINT")}
    more = other | {"c": ("4", "BIGINT")}
    write(timestream, multi_reading(first))
    for values in (other, {"a": ("1", "BIGINT")}, first | {"c": ("4", "BIGINT")}):
        [rejected] = write(timestream, multi_reading(values))["RejectedRecords"]
        assert rejected["Reason"].startswith("A record already exists with the same time")
    assert "RecordsIngested" in write(timestream, multi_reading(first))
    write(timestream, multi_reading(more, Version=2))
    assert read("a, b, c") == [["1", "3", "4"]]


def test_an_update_of_some_values_is_refused(timestream, read):
    for later in (0, -5 * HOUR):
        write(timestream, multi_reading({"a": ("1", "BIGINT"), "b": ("2", "BIGINT")}, later))
        answer = write(timestream, multi_reading({"a": ("3", "BIGINT")}, later, Version=2))
        reason = "An update without b is not supported by this local AWS."
        assert list_reasons(answer) == {0: reason}
    assert read("a, b") == [["1", "2"], ["1", "2"]]


# Times and threads


def test_a_time_has_one_of_four_units(timestream, read):
    times = {"SECONDS": NOW // 1000, "MICROSECONDS": NOW * 10**3, "NANOSECONDS": NOW * 10**6 + 1}
    write(timestream, *(reading(Time=str(times[unit]), TimeUnit=unit) for unit in times))
    assert read("time") == [
        ["2026-11-24 03:04:05.000000000"],
        ["2026-11-24 03:04:05.123000000"],
        ["2026-11-24 03:04:05.123000001"],
    ]


def test_concurrent_calls_lose_no_record(timestream, read):
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: write(timestream, reading(later=n)), range(200)))
    sys.setswitchinterval(interval)
    assert read("count(*)") == [["200"]]


# Queries


@pytest.fixture
def five(timestream):
    """Five rows, with values from 0 to 4."""
    write(timestream, *(reading(str(number), number) for number in range(5)))


ROWS = "select measure_value::double from DemoDatabase.WeatherMetrics order by time"


def list_values(answer):
    """Return the values on a page."""
    return [row["Data"][0]["ScalarValue"] for row in answer["Rows"]]


def test_a_result_that_fits_comes_at_once(five, query):
    for options in ({}, {"MaxRows": 6}):
        answer = query(ROWS, **options)
        assert len(answer["Rows"]) == 5
        assert "NextToken" not in answer
        assert answer["QueryId"]
        assert answer["QueryStatus"]["ProgressPercentage"] == 100


def test_more_rows_come_page_by_page_after_a_first_response_without_rows(five, query):
    answer = query(ROWS, MaxRows=2)
    assert answer["Rows"] == []
    assert answer["ColumnInfo"]
    pages = []
    while "NextToken" in answer:
        answer = query(ROWS, MaxRows=2, NextToken=answer["NextToken"])
        pages.append(list_values(answer))
    assert pages == [["0.0", "1.0"], ["2.0", "3.0"], ["4.0"]]


def test_the_first_response_has_rows_only_if_there_are_fewer_than_max_rows(five, query):
    answer = query(ROWS, MaxRows=5)
    assert answer["Rows"] == []
    answer = query(ROWS, MaxRows=5, NextToken=answer["NextToken"])
    assert len(answer["Rows"]) == 5
    assert "NextToken" not in answer


def test_a_page_can_be_requested_again_and_does_not_change(five, timestream, query):
    token = query(ROWS, MaxRows=2)["NextToken"]
    write(timestream, reading("9", -1))
    for _ in range(2):
        assert list_values(query(ROWS, MaxRows=2, NextToken=token)) == ["0.0", "1.0"]


@pytest.mark.parametrize(
    ("space", "pages"),
    [
        pytest.param(3000, [0, 2, 1], id="for two rows"),
        pytest.param(10, [0, 1, 1, 1], id="for less than a row"),
    ],
)
def test_a_page_has_a_limit_in_bytes(timestream, query, monkeypatch, space, pages):
    monkeypatch.setattr(here, "MAX_PAGE", space)
    for number in range(3):
        write(timestream, reading("x" * 1200, number, MeasureValueType="VARCHAR"))
    text = "select measure_value::varchar from DemoDatabase.WeatherMetrics"
    answer, sizes = query(text), []
    while "NextToken" in answer:
        sizes.append(len(answer["Rows"]))
        answer = query(text, NextToken=answer["NextToken"])
    assert [*sizes, len(answer["Rows"])] == pages


def test_a_token_belongs_to_its_query(five, query):
    token = query(ROWS, MaxRows=2)["NextToken"]
    for text, used in (f"{ROWS} desc", token), (ROWS, "somebody-elses"):
        error = query(text, NextToken=used)["Error"]
        assert (error["Code"], error["Message"]) == (
            "ValidationException",
            "Invalid pagination token",
        )


def test_only_the_latest_results_are_kept(five, query, monkeypatch):
    size = sum(len('{"Data": [{"ScalarValue": "0.0"}]}') for _ in range(5))
    monkeypatch.setattr(here, "MAX_KEPT", 2 * size)
    tokens = [query(ROWS, MaxRows=2)["NextToken"] for _ in range(3)]
    assert "Error" in query(ROWS, NextToken=tokens[0])
    for token in tokens[1:]:
        assert len(list_values(query(ROWS, NextToken=token))) == 5


def test_a_result_that_is_too_large_to_keep_is_refused(five, query, monkeypatch):
    monkeypatch.setattr(here, "MAX_KEPT", 100)
    message = query(ROWS, MaxRows=2)["Error"]["Message"]
    assert message == "A query with more than 0 MB of rows is not supported by this local AWS"


@pytest.mark.parametrize("token", ["-0", "-", "-x", "-٣", "--1"])
def test_a_made_up_token_is_refused(five, query, token):
    name = query(ROWS, MaxRows=2)["NextToken"].partition("-")[0]
    assert "Rows" in query(ROWS, NextToken=f"{name}-1")
    for used in (token, name + token.replace("-0", "")):
        assert query(ROWS, NextToken=used)["Error"]["Message"] == "Invalid pagination token"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"MaxRows": 0}, "Member must have value greater than or equal to 1"),
        ({"MaxRows": 1001}, "Member must have value less than or equal to 1000"),
        (
            {"QueryInsights": {"Mode": "DISABLED"}},
            "The parameter QueryInsights of Query is not supported by this local AWS",
        ),
    ],
)
def test_invalid_and_unsupported_options_of_a_query_are_refused(query, options, message):
    assert query(ROWS, **options)["Error"]["Message"].endswith(message)


def test_a_wrong_query_is_a_validation_exception(query):
    error = query("select nope from DemoDatabase.WeatherMetrics")["Error"]
    assert error["Code"] == "ValidationException"
    assert "nope" in error["Message"]


# Relying on moto


def test_moto_has_a_backend_for_each_region_and_drops_it_with_its_attributes(timestream):
    backend = timestreamwrite_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    assert backend.databases["DemoDatabase"].tables["WeatherMetrics"].names.dimensions == set()
    assert here.get_store(backend) is backend.store
    backend.reset()
    assert not hasattr(backend, "store")


def test_threads_that_need_a_store_at_the_same_time_share_it(aws, monkeypatch):
    class SlowStore(here.Store):
        def __init__(self):
            time.sleep(0.05)
            super().__init__()

    monkeypatch.setattr(here, "Store", SlowStore)
    backend = timestreamwrite_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    with ThreadPoolExecutor(8) as pool:
        stores = set(pool.map(here.get_store, [backend] * 8))
    assert len(stores) == 1
