"""setup_timestream.py: database and table, what exists, what fails."""

import boto3
import pytest

import setup_timestream

CREATE = {
    "create_database": (setup_timestream.create_database, "Create database failed: "),
    "create_table": (setup_timestream.create_table, "Create table failed: "),
}


def test_the_table_keeps_an_hour_in_memory_and_a_week_on_disk_and_takes_late_readings(aws, run):
    assert run(setup_timestream)[0] == 0
    table = boto3.client("timestream-write").describe_table(
        DatabaseName="DemoDatabase", TableName="WeatherMetrics"
    )["Table"]
    assert table["RetentionProperties"] == {
        "MemoryStoreRetentionPeriodInHours": 1,
        "MagneticStoreRetentionPeriodInDays": 7,
    }
    assert table["MagneticStoreWriteProperties"] == {"EnableMagneticStoreWrites": True}


def test_each_step_is_printed(aws, run):
    assert run(setup_timestream) == (0, [
        "Creating Database",
        "Database DemoDatabase created successfully.",
        "Creating table",
        "Table WeatherMetrics successfully created.",
    ])


def test_each_function_returns_true_for_what_it_created(aws):
    client = boto3.client("timestream-write")
    assert setup_timestream.create_database(client) is True
    assert setup_timestream.create_table(client) is True


@pytest.mark.parametrize(("operation", "line"), [
    (
        "create_database",
        "Database DemoDatabase exists. Skipping database creation",
    ),
    (
        "create_table",
        "Table WeatherMetrics exists on database DemoDatabase. Skipping table creation",
    ),
])
def test_what_exists_is_skipped_and_counts_as_success(stub, lines, operation, line):
    client, stubber = stub("timestream-write")
    stubber.add_client_error(operation, "ConflictException")
    assert CREATE[operation][0](client) is True
    assert lines()[1:] == [line]


@pytest.mark.parametrize("operation", CREATE)
@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "502"])
def test_a_failure_is_one_line_and_false(stub, lines, operation, code):
    client, stubber = stub("timestream-write")
    stubber.add_client_error(operation, code, "first line\n  second line")
    create, begin = CREATE[operation]
    assert create(client) is False
    [line] = lines()[1:]
    assert line.startswith(begin) and code in line and line.endswith("first line second line")


@pytest.mark.parametrize(("failing", "count"), [("create_database", 2), ("create_table", 4)])
def test_the_exit_status_is_1_and_nothing_more_is_tried_after_a_failure(
    stub, run, monkeypatch, failing, count
):
    client, stubber = stub("timestream-write")
    if failing == "create_table":
        stubber.add_client_error("create_database", "ConflictException")
    stubber.add_client_error(failing, "AccessDeniedException")
    monkeypatch.setattr(setup_timestream, "authenticate", lambda: client)
    status, lines = run(setup_timestream)
    assert (status, len(lines)) == (1, count)
    stubber.assert_no_pending_responses()


def test_ctrl_c_ends_the_script_with_one_line(aws, run, monkeypatch):
    def interrupt(_client):
        raise KeyboardInterrupt

    monkeypatch.setattr(setup_timestream, "create_table", interrupt)
    status, lines = run(setup_timestream)
    assert (status, lines[-1]) == (1, "Stopped. Run the script again to finish.")
