"""timestream.py: what Timestream refuses, and what it keeps and answers."""

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
from tests.local_aws import timestream as here

DATABASE = {"DatabaseName": "DemoDatabase"}
TABLE = DATABASE | {"TableName": "WeatherMetrics"}
# The time of the tests, 2026-11-24 03:04:05.123 UTC; like all times here in milliseconds.
NOW, MINUTE, HOUR, WEEK = 1795489445123, 60_000, 3_600_000, 7 * 24 * 3_600_000


@pytest.fixture
def timestream(aws, monkeypatch):
    """A client, and the tutorial's table, with an hour in memory and a week in all; time stands."""
    monkeypatch.setattr(time, "time", lambda: NOW / 1000)
    client = make_client("timestream-write", parameter_validation=False)
    setup_timestream.create_database(client)
    setup_timestream.create_table(client)
    return client


@pytest.fixture
def query(timestream):
    """A function that asks a query with options, and returns the answer, also if it is an error."""
    client = make_client("timestream-query", parameter_validation=False)

    def query(text, **options):
        try:
            return client.query(QueryString=text, **options)
        except ClientError as error:
            return error.response

    return query


@pytest.fixture
def read(query):
    """A function that returns the values of the rows that are stored, row by row."""

    def read(what="measure_value::double"):
        answer = query(f"select {what} from DemoDatabase.WeatherMetrics")
        return [[value.get("ScalarValue") for value in row["Data"]] for row in answer["Rows"]]

    return read


def reading(value="61", later=0, **changes):
    """Return a record of so many milliseconds from now."""
    return {
        "Dimensions": [{"Name": "Sensor", "Value": "1"}],
        "MeasureName": "Temperature",
        "MeasureValue": value,
        "Time": str(NOW + later),
    } | changes


def name_dimensions(*names, value="1"):
    """Return what makes a reading one with dimensions of these names."""
    return {"Dimensions": [{"Name": name, "Value": value} for name in names]}


def write(client, *records, **options):
    """Return the answer to WriteRecords, also if it is an error."""
    try:
        return client.write_records(**TABLE | options, Records=records)
    except ClientError as error:
        return error.response


def list_reasons(answer):
    """Return {index: reason} of the records that are rejected."""
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
def test_what_exists_or_does_not_is_refused(timestream, operation, names, error):
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
            id="a letter that a name cannot have",
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
            id="a token of somebody else",
        ),
    ],
)
def test_a_parameter_that_is_wrong_is_named(timestream, operation, options, message):
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
def test_a_parameter_that_is_not_acted_on_is_refused(timestream, operation, options, name):
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
def test_an_operation_that_is_not_acted_on_is_refused(aws, service, operation):
    with pytest.raises(ClientError, match="[a-z] is not supported by this local AWS$"):
        getattr(make_client(service, parameter_validation=False), operation)()


def test_lists_come_page_by_page_in_order(timestream):
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


def test_a_table_is_described_as_it_was_made(timestream):
    table = timestream.describe_table(**TABLE)["Table"]
    assert table["RetentionProperties"] == {
        "MemoryStoreRetentionPeriodInHours": 1,
        "MagneticStoreRetentionPeriodInDays": 7,
    }
    assert table["MagneticStoreWriteProperties"] == {"EnableMagneticStoreWrites": True}
    assert table["Schema"] == {"CompositePartitionKey": [{"Type": "MEASURE"}]}
    assert timestream.describe_database(**DATABASE)["Database"]["TableCount"] == 1


def test_an_update_changes_what_it_is_told_and_nothing_else(timestream):
    timestream.update_table(
        **TABLE, MagneticStoreWriteProperties={"EnableMagneticStoreWrites": False}
    )
    assert list_reasons(write(timestream, reading(later=-HOUR - 1))).keys() == {0}
    timestream.update_table(
        **TABLE,
        RetentionProperties={
            "MemoryStoreRetentionPeriodInHours": 2,
            "MagneticStoreRetentionPeriodInDays": 1,
        },
    )
    assert write(timestream, reading(later=-2 * HOUR))["RecordsIngested"]["MemoryStore"] == 1
    assert list_reasons(write(timestream, reading(later=-2 * HOUR - 1))).keys() == {0}


def test_a_table_that_is_deleted_is_gone_and_empty_when_it_is_made_again(timestream, query, read):
    write(timestream, reading())
    timestream.delete_table(**TABLE)
    assert "Error" in query("select time from DemoDatabase.WeatherMetrics")
    timestream.create_table(**TABLE)
    assert read("time") == []


def test_an_account_and_a_region_have_tables_of_their_own(timestream):
    other = boto3.client("timestream-write", region_name="eu-west-1")
    assert other.list_databases()["Databases"] == []
    assert setup_timestream.create_database(other)


# What is written


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"MeasureValue": "warm"}, "'warm' is no DOUBLE", id="no number"),
        pytest.param({"MeasureValue": "1_000"}, "'1_000' is no DOUBLE", id="Python's digits"),
        pytest.param({"MeasureValue": " 61 "}, "' 61 ' is no DOUBLE", id="blanks"),
        pytest.param({"MeasureValue": "61\n"}, r"'61\\n' is no DOUBLE", id="a line break"),
        pytest.param({"MeasureValue": "NaN"}, "'NaN' is no DOUBLE", id="NaN"),
        pytest.param({"MeasureValue": "Infinity"}, "'Infinity' is no DOUBLE", id="Infinity"),
        pytest.param({"MeasureValue": "0x10"}, "'0x10' is no DOUBLE", id="hexadecimal"),
        pytest.param({"MeasureValue": "٣"}, "'٣' is no DOUBLE", id="other digits"),
        pytest.param({"MeasureValue": "1e999"}, "1e999 is out of range of DOUBLE", id="too large"),
        pytest.param({"MeasureValue": "6.1", "MeasureValueType": "BIGINT"}, "'6.1' is no BIGINT"),
        pytest.param({"MeasureValue": f"{2**63}", "MeasureValueType": "BIGINT"}, "out of range"),
        pytest.param({"MeasureValue": "1", "MeasureValueType": "BOOLEAN"}, "'1' is no BOOLEAN"),
        pytest.param(
            {"MeasureValue": "1", "MeasureValueType": "TIMESTAMP"},
            "TIMESTAMP is an invalid measure value type",
        ),
        pytest.param(
            {"MeasureValueType": "MULTI"},
            "MeasureValueType MULTI is not supported by this local AWS",
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
        pytest.param(
            {"MeasureValue": "ä" * 1025, "MeasureValueType": "VARCHAR"},
            "the value has more than 2048 bytes",
            id="a text of many bytes",
        ),
        pytest.param({"MeasureName": ""}, "Value '' at 'records.2.member.measureName' "),
        pytest.param({"TimeUnit": "MINUTES"}, "'MINUTES' at 'records.2.member.timeUnit'"),
        pytest.param({"Time": "now"}, "'now' is no valid time in MILLISECONDS"),
        pytest.param({"Time": "-1"}, "'-1' is no valid time"),
        pytest.param({"Time": "9" * 256}, "is no valid time", id="the end of time"),
        pytest.param({"Version": 0}, "0 is no valid version"),
        pytest.param({"Dimensions": []}, "it has no dimensions", id="no dimensions"),
        pytest.param(name_dimensions("Sensor", "Sensor"), "it has a dimension twice", id="twice"),
        pytest.param(name_dimensions("S", value=""), "the dimension S is empty", id="empty"),
        pytest.param(
            {"Dimensions": [{"Name": "S"}]},
            "Value null at 'records.2.member.dimensions.1.member.value' ",
            id="a dimension without a value",
        ),
        pytest.param(
            {"Dimensions": [{"Name": "S", "Value": "1", "DimensionValueType": "BIGINT"}]},
            "'BIGINT' at 'records.2.member.dimensions.1.member.dimensionValueType' ",
            id="a dimension that is no text",
        ),
        pytest.param(
            name_dimensions(*(f"d{number}" for number in range(129))),
            "at 'records.2.member.dimensions' failed .* less than or equal to 128",
            id="many dimensions",
        ),
        *(
            pytest.param(
                name_dimensions(name), f"a dimension cannot have the name '{name}'", id=name
            )
            for name in ("Time", "measure_value", "measure_name", "ts_", "a:b")
        ),
    ],
)
def test_one_invalid_value_makes_it_refuse_the_whole_call(timestream, read, change, words):
    error = write(timestream, reading(), reading("62", 1, **change))["Error"]
    assert error["Code"] == "ValidationException"
    assert re.match(f"(Record 1:|1 validation error) .*{words}", error["Message"]), error["Message"]
    assert read("count(*)") == [["0"]]


@pytest.mark.parametrize("missing", ["MeasureName", "MeasureValue", "Time"])
def test_what_a_record_needs_can_be_common_to_all_but_not_missing(timestream, missing):
    record = reading()
    value = record.pop(missing)
    assert write(timestream, record)["Error"]["Message"] == f"Record 0: {missing} is missing"
    answer = write(timestream, record, CommonAttributes={missing: value})
    assert answer["RecordsIngested"]["Total"] == 1


@pytest.mark.parametrize(
    ("value", "stored"),
    [("61", "61.0"), ("-6.1e1", "-61.0"), (".5", "0.5"), ("+5.", "5.0"), ("1E3", "1000.0")],
)
def test_a_number_has_several_spellings(timestream, read, value, stored):
    write(timestream, reading(value))
    assert read() == [[stored]]


def test_a_call_takes_a_hundred_records(timestream, read):
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


@pytest.mark.parametrize(
    ("largest", "too_large", "words"),
    [
        pytest.param(
            name_dimensions("ä" * 30),
            name_dimensions("ä" * 30 + "x"),
            "A dimension name has more than 60 bytes",
            id="name of a dimension",
        ),
        pytest.param(
            {"MeasureName": "ä" * 128},
            {"MeasureName": "ä" * 128 + "x"},
            "The measure name has more than 256 bytes",
            id="name of a measure",
        ),
        pytest.param(
            name_dimensions("a", "b", value="x" * 1023),
            name_dimensions("a", "bb", value="x" * 1023),
            "The dimension names and values have 2049 bytes, more than 2048",
            id="all dimensions together",
        ),
    ],
)
def test_a_record_that_is_too_large_is_rejected_alone(timestream, largest, too_large, words):
    assert write(timestream, reading(**largest))["RecordsIngested"]["Total"] == 1
    [(index, reason)] = list_reasons(
        write(timestream, reading(later=1), reading(later=2, **too_large))
    ).items()
    assert index == 1
    assert words in reason


def test_a_table_has_so_many_dimensions(timestream, read):
    names = [f"d{number}" for number in range(128)]
    assert "RecordsIngested" in write(timestream, reading(**name_dimensions(*names)))
    one_more = write(timestream, reading(later=1), reading(later=2, **name_dimensions("d127")))
    assert "more than 128 dimensions" in list_reasons(one_more)[0]
    assert read("count(*)") == [["2"]]


def test_a_table_has_so_many_measures(timestream, monkeypatch):
    monkeypatch.setattr(here, "MAX_MEASURES", 2)
    records = [reading(MeasureName=name) for name in ("a", "b", "c", "a")]
    reasons = list_reasons(write(timestream, *records))
    assert reasons == {2: "The table would have more than 2 measure names."}


def test_a_time_out_of_range_is_rejected_and_the_others_are_stored(timestream, read):
    times = [-WEEK - 1, -WEEK, 15 * MINUTE - 1, 15 * MINUTE]
    answer = write(timestream, *(reading(later=later) for later in times))
    assert "RejectedRecords for details" in answer["Error"]["Message"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 419
    reason = (
        "The record timestamp is outside the time range "
        "[2026-11-17T03:04:05.123Z, 2026-11-24T03:19:05.123Z) of the data ingestion window."
    )
    assert list_reasons(answer) == {0: reason, 3: reason}
    assert read("time") == [["2026-11-17 03:04:05.123000000"], ["2026-11-24 03:19:05.122000000"]]


def test_a_late_reading_goes_to_the_magnetic_store_if_the_table_has_it_written(timestream):
    assert write(timestream, reading(later=-HOUR - 1), reading(later=-HOUR))["RecordsIngested"] == {
        "Total": 2,
        "MemoryStore": 1,
        "MagneticStore": 1,
    }
    # By default, a table keeps six hours in memory, and nothing is written elsewhere.
    timestream.create_table(**DATABASE, TableName="Default")
    records = reading(later=-6 * HOUR - 1), reading(later=-6 * HOUR)
    reasons = list_reasons(write(timestream, *records, TableName="Default"))
    assert reasons.keys() == {0}
    assert reasons[0].endswith("of the memory store.")


def test_the_same_again_is_kept_once_and_another_value_needs_a_higher_version(timestream, read):
    [rejected] = write(timestream, reading(), reading(), reading("62"))["RejectedRecords"]
    assert (rejected["RecordIndex"], rejected["ExistingVersion"]) == (2, 1)
    assert rejected["Reason"].startswith("A record already exists with the same time, dimensions")
    assert read() == [["61.0"]]
    write(timestream, reading("63", Version=3))
    [rejected] = write(timestream, reading("64", Version=2))["RejectedRecords"]
    assert rejected["ExistingVersion"] == 3
    assert rejected["Reason"].startswith(
        "The record version 2 is lower than the existing version 3."
    )
    assert read() == [["63.0"]]


def test_what_the_store_refuses_has_its_place_in_the_call(timestream):
    write(timestream, reading("61", 1))
    reasons = list_reasons(write(timestream, reading(later=-WEEK - 1), reading(), reading("62", 1)))
    assert "outside the time range" in reasons[0]
    assert "already exists" in reasons[2]
    assert reasons.keys() == {0, 2}


def test_each_type_has_a_column(timestream, read):
    write(
        timestream,
        reading("-7", MeasureValueType="BIGINT"),
        reading("True", MeasureValueType="BOOLEAN"),
        reading("x" * 2048, MeasureValueType="VARCHAR"),
        reading("62"),
    )
    kinds = ["bigint", "boolean", "varchar", "double"]
    assert read(", ".join(f"measure_value::{kind}" for kind in kinds)) == [
        ["-7", None, None, None],
        [None, "true", None, None],
        [None, None, "x" * 2048, None],
        [None, None, None, "62.0"],
    ]


def test_dimensions_of_the_call_and_of_a_record_are_put_together(timestream, read):
    write(timestream, reading(), CommonAttributes=name_dimensions("Location"))
    assert read("Sensor, Location") == [["1", "1"]]


def test_a_time_has_one_of_four_units(timestream, read):
    times = {"SECONDS": NOW // 1000, "MICROSECONDS": NOW * 10**3, "NANOSECONDS": NOW * 10**6 + 1}
    write(timestream, *(reading(Time=str(times[unit]), TimeUnit=unit) for unit in times))
    assert read("time") == [
        ["2026-11-24 03:04:05.000000000"],
        ["2026-11-24 03:04:05.123000000"],
        ["2026-11-24 03:04:05.123000001"],
    ]


def test_calls_side_by_side_lose_no_record(timestream, read):
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: write(timestream, reading(later=n)), range(200)))
    sys.setswitchinterval(interval)
    assert read("count(*)") == [["200"]]


# What is asked


@pytest.fixture
def five(timestream):
    """There are five rows, with values from 0 to 4."""
    write(timestream, *(reading(str(number), number) for number in range(5)))


ROWS = "select measure_value::double from DemoDatabase.WeatherMetrics order by time"


def list_values(answer):
    """Return the values of the rows of a page."""
    return [row["Data"][0]["ScalarValue"] for row in answer["Rows"]]


def test_an_answer_that_fits_comes_at_once(five, query):
    for options in ({}, {"MaxRows": 6}):
        answer = query(ROWS, **options)
        assert len(answer["Rows"]) == 5
        assert "NextToken" not in answer
        assert answer["QueryId"]
        assert answer["QueryStatus"]["ProgressPercentage"] == 100


def test_more_rows_come_page_by_page_after_a_first_response_without_any(five, query):
    answer = query(ROWS, MaxRows=2)
    assert answer["Rows"] == []
    assert answer["ColumnInfo"]
    pages = []
    while "NextToken" in answer:
        answer = query(ROWS, MaxRows=2, NextToken=answer["NextToken"])
        pages.append(list_values(answer))
    assert pages == [["0.0", "1.0"], ["2.0", "3.0"], ["4.0"]]


def test_a_first_response_has_rows_only_if_there_are_fewer_than_asked_for(five, query):
    answer = query(ROWS, MaxRows=5)
    assert answer["Rows"] == []
    answer = query(ROWS, MaxRows=5, NextToken=answer["NextToken"])
    assert len(answer["Rows"]) == 5
    assert "NextToken" not in answer


def test_a_page_can_be_asked_for_again_and_does_not_change(five, timestream, query):
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
def test_a_page_has_so_much_space(timestream, query, monkeypatch, space, pages):
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


def test_only_the_latest_tokens_are_remembered(five, query, monkeypatch):
    monkeypatch.setattr(here, "MAX_TOKENS", 2)
    tokens = [query(ROWS, MaxRows=2)["NextToken"] for _ in range(3)]
    assert "Error" in query(ROWS, NextToken=tokens[0])
    assert list_values(query(ROWS, NextToken=tokens[1]))


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
def test_options_of_a_query_are_obeyed_or_refused(query, options, message):
    assert query(ROWS, **options)["Error"]["Message"].endswith(message)


def test_a_query_that_is_wrong_is_a_validation_exception(query):
    error = query("select nope from DemoDatabase.WeatherMetrics")["Error"]
    assert error["Code"] == "ValidationException"
    assert "nope" in error["Message"]


# Where this leans on moto


def test_moto_has_a_backend_for_each_region_and_forgets_what_hangs_on_it(timestream):
    backend = timestreamwrite_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    assert backend.databases["DemoDatabase"].tables["WeatherMetrics"].dimension_names == set()
    assert here.get_store(backend) is backend.store
    backend.reset()
    assert not hasattr(backend, "store")
