"""setup_timestream.py: database and table; what fails is in test_all_scripts.py."""

import boto3

import setup_timestream


def test_database_and_table_are_created_and_skipped_if_they_exist(aws, run):
    assert run(setup_timestream) == (0, [
        "Creating Database", "Database DemoDatabase created successfully.",
        "Creating table", "Table WeatherMetrics successfully created.",
    ])
    assert run(setup_timestream) == (0, [
        "Creating Database", "Database DemoDatabase exists. Skipping database creation",
        "Creating table",
        "Table WeatherMetrics exists on database DemoDatabase. Skipping table creation",
    ])


def test_the_table_keeps_an_hour_in_memory_and_a_week_on_disk_and_takes_late_readings(aws, run):
    run(setup_timestream)
    [table] = boto3.client("timestream-write").list_tables(DatabaseName="DemoDatabase")["Tables"]
    assert table["RetentionProperties"] == {
        "MemoryStoreRetentionPeriodInHours": 1, "MagneticStoreRetentionPeriodInDays": 7
    }
    assert table["MagneticStoreWriteProperties"] == {"EnableMagneticStoreWrites": True}
