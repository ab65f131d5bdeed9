"""setup_timestream.py: database and table. Failures: test_all_scripts.py."""

import boto3

import setup_timestream


def test_database_and_table_are_created_and_their_creation_is_printed(aws, run_script):
    assert run_script(setup_timestream) == (
        0,
        [
            "Creating Database",
            "Database DemoDatabase created successfully.",
            "Creating table",
            "Table WeatherMetrics successfully created.",
        ],
    )


def test_an_existing_database_and_table_are_skipped(aws, run_script):
    run_script(setup_timestream)
    assert run_script(setup_timestream) == (
        0,
        [
            "Creating Database",
            "Database DemoDatabase exists. Skipping database creation",
            "Creating table",
            "Table WeatherMetrics exists on database DemoDatabase. Skipping table creation",
        ],
    )


def test_the_table_keeps_an_hour_in_memory_and_a_week_in_all_and_takes_late_readings(
    aws, run_script
):
    run_script(setup_timestream)
    [table] = boto3.client("timestream-write").list_tables(DatabaseName="DemoDatabase")["Tables"]
    assert table["TableName"] == "WeatherMetrics"
    assert table["RetentionProperties"] == {
        "MemoryStoreRetentionPeriodInHours": 1,
        "MagneticStoreRetentionPeriodInDays": 7,
    }
    assert table["MagneticStoreWriteProperties"] == {"EnableMagneticStoreWrites": True}


def test_without_a_database_it_does_not_try_to_create_a_table(network, run_script):
    def answer(operation, body):
        raise OSError("broken")

    network.answer = answer
    assert run_script(setup_timestream) == (
        1,
        ["Creating Database", "Create database failed: broken"],
    )
