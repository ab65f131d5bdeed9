"""setup_timestream.py: database and table, what exists, what fails."""

import boto3
import pytest

import setup_timestream
from tests.conftest import refuse


def test_the_table_keeps_an_hour_in_memory_and_a_week_on_disk_and_takes_late_readings(aws, run):
    assert run(setup_timestream) == (0, [
        "Creating Database",
        "Database DemoDatabase created successfully.",
        "Creating table",
        "Table WeatherMetrics successfully created.",
    ])
    table = boto3.client("timestream-write").describe_table(
        DatabaseName="DemoDatabase", TableName="WeatherMetrics"
    )["Table"]
    assert table["RetentionProperties"] == {
        "MemoryStoreRetentionPeriodInHours": 1,
        "MagneticStoreRetentionPeriodInDays": 7,
    }
    assert table["MagneticStoreWriteProperties"] == {"EnableMagneticStoreWrites": True}


def test_what_exists_is_skipped_and_counts_as_success(aws, run):
    run(setup_timestream)
    assert run(setup_timestream) == (0, [
        "Creating Database",
        "Database DemoDatabase exists. Skipping database creation",
        "Creating table",
        "Table WeatherMetrics exists on database DemoDatabase. Skipping table creation",
    ])


def test_each_function_returns_whether_its_resource_is_there(aws):
    client = setup_timestream.authenticate()
    steps = setup_timestream.create_database, setup_timestream.create_table
    assert [step(client) for step in steps + steps] == [True] * 4
    refuse(client, "*")
    assert [step(client) for step in steps] == [False] * 2


@pytest.mark.parametrize(("operation", "count", "begin"), [
    ("CreateDatabase", 2, "Create database failed: An error occurred (ThrottlingException)"),
    ("CreateTable", 4, "Create table failed: An error occurred (ThrottlingException)"),
])
def test_a_failure_is_one_line_with_status_1_and_nothing_more_is_tried(
    aws, run, monkeypatch, operation, count, begin
):
    client = setup_timestream.authenticate()
    refuse(client, operation)
    monkeypatch.setattr(setup_timestream, "authenticate", lambda: client)
    status, lines = run(setup_timestream)
    assert (status, len(lines)) == (1, count)
    assert lines[-1].startswith(begin) and lines[-1].endswith(": first line second line")


def test_ctrl_c_ends_the_script_with_one_line(aws, run, monkeypatch):
    client = setup_timestream.authenticate()
    refuse(client, "CreateTable", KeyboardInterrupt())
    monkeypatch.setattr(setup_timestream, "authenticate", lambda: client)
    status, lines = run(setup_timestream)
    assert (status, lines[-1]) == (1, "Stopped. Run the script again to finish.")
