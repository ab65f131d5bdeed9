"""setup_timestream.py: database and table; what fails is in test_all_scripts.py."""

import boto3

import setup_timestream


def test_database_and_table_are_created_for_late_readings_too_and_skipped_if_they_exist(aws, run):
    assert run(setup_timestream) == (
        0,
        [
            "Creating Database",
            "Database DemoDatabase created successfully.",
            "Creating table",
            "Table WeatherMetrics successfully created.",
        ],
    )
    assert run(setup_timestream) == (
        0,
        [
            "Creating Database",
            "Database DemoDatabase exists. Skipping database creation",
            "Creating table",
            "Table WeatherMetrics exists on database DemoDatabase. Skipping table creation",
        ],
    )
    [table] = boto3.client("timestream-write").list_tables(DatabaseName="DemoDatabase")["Tables"]
    assert table["RetentionProperties"] == {
        "MemoryStoreRetentionPeriodInHours": 1,
        "MagneticStoreRetentionPeriodInDays": 7,
    }
    assert table["MagneticStoreWriteProperties"] == {"EnableMagneticStoreWrites": True}
