"""story.py: what the first terminal tells."""

import threading
import time

import boto3
import pytest
from botocore.exceptions import ClientError

import setup_kinesis
import setup_timestream
from tests.helpers import build_package, deploy
from tests.local_aws.story import PAUSE, Story, told

TABLE = {"DatabaseName": "DemoDatabase", "TableName": "WeatherMetrics"}


class Clock:
    """A time that passes when a test says so."""

    now = 0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    """The time of the story."""
    return Clock()


@pytest.fixture
def written():
    """The lines that the story has printed."""
    return []


@pytest.fixture
def story(written, clock):
    """A Story."""
    return Story(written.append, clock)


def pass_time(story, clock, seconds):
    """Let time pass, second by second."""
    for _ in range(seconds):
        clock.now += 1
        story.tell_waiting()


def test_the_first_of_a_kind_is_told_at_once_and_others_are_summed_up(story, clock, written):
    for _ in range(PAUSE):
        story("1 reading stored in WeatherMetrics")
        pass_time(story, clock, 1)
    assert written == [
        "1 reading stored in WeatherMetrics",
        f"{PAUSE - 1} more readings stored in WeatherMetrics",
    ]


def test_numbers_are_added_up_and_one_is_one(story, written):
    for line in ("2 readings stored", "1 reading stored"):
        story(line)
    story.end()
    assert written == ["2 readings stored", "1 more reading stored"]
    for line in ("1 reading stored", "3 readings stored"):
        story(line)
    story.end()
    assert written[2:] == ["4 more readings stored"]


def test_things_that_take_turns_are_summed_up_each(story, clock, written):
    for number in range(3):
        story(f"batch of 1, try {number}")
        story("1 reading stored")
    pass_time(story, clock, PAUSE)
    assert written == [
        "batch of 1, try 0",
        "1 reading stored",
        "batch of 1, try 2 (1 more like this)",
        "2 more readings stored",
    ]


def test_what_waits_is_told_before_something_else(story, written):
    for line in ("1 reading stored", "1 reading stored", "Table WeatherMetrics deleted."):
        story(line)
    assert written == [
        "1 reading stored",
        "1 more reading stored",
        "Table WeatherMetrics deleted.",
    ]


def test_after_a_quiet_time_the_next_one_is_the_first_again(story, clock, written):
    story("1 reading stored")
    pass_time(story, clock, PAUSE + 1)
    story("1 reading stored")
    assert written == ["1 reading stored"] * 2


def test_a_line_is_one_line(story, written):
    story("a\nb\x1b[31mc")
    assert written == ["a b [31mc"]


def test_lines_of_many_threads_all_count(story, written):
    threads = [
        threading.Thread(target=lambda: [story("1 reading stored") for _ in range(200)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    story.end()
    assert written == ["1 reading stored", "1599 more readings stored"]


@pytest.fixture
def lines(aws):
    """The lines about what is asked of this AWS, each as it is."""
    lines = []
    with told(lambda line, kind=None: lines.append(line)):
        yield lines


@pytest.fixture
def table(lines):
    """A client; there is the tutorial's table."""
    client = boto3.client("timestream-write")
    setup_timestream.create_database(client)
    setup_timestream.create_table(client)
    lines.clear()
    return client


def reading(later=0):
    """Return a record of so many milliseconds from now."""
    return {
        "Dimensions": [{"Name": "Sensor", "Value": "1"}],
        "MeasureName": "Temperature",
        "MeasureValue": "61",
        "Time": str(round(time.time() * 1000) + later),
    }


def test_what_is_made_and_deleted_is_told(lines):
    timestream, kinesis = boto3.client("timestream-write"), boto3.client("kinesis")
    setup_timestream.create_database(timestream)
    setup_timestream.create_database(timestream)  # there is one
    setup_timestream.create_table(timestream)
    timestream.delete_table(**TABLE)
    timestream.delete_database(DatabaseName="DemoDatabase")
    setup_kinesis.create_stream(kinesis)
    deploy("def handler(event, context): pass")
    client = boto3.client("lambda")
    client.update_function_code(FunctionName="kinesis-log-consumer", ZipFile=build_package("x = 1"))
    client.update_function_configuration(FunctionName="kinesis-log-consumer", Timeout=30)
    mapping = client.create_event_source_mapping(
        FunctionName="kinesis-log-consumer",
        EventSourceArn=kinesis.describe_stream(StreamName="TUTORIAL")["StreamDescription"][
            "StreamARN"
        ],
        StartingPosition="TRIM_HORIZON",
    )["UUID"]
    client.update_event_source_mapping(UUID=mapping, BatchSize=10)
    client.delete_event_source_mapping(UUID=mapping)
    client.delete_function(FunctionName="kinesis-log-consumer")
    boto3.client("iam").delete_role(RoleName="kinesis-log-consumer-role")
    kinesis.delete_stream(StreamARN="arn:aws:kinesis:us-east-1:123456789012:stream/TUTORIAL")
    assert lines == [
        "Database DemoDatabase created.",
        "Table WeatherMetrics created.",
        "Table WeatherMetrics deleted.",
        "Database DemoDatabase deleted.",
        "Stream TUTORIAL created.",
        "Role kinesis-log-consumer-role created.",
        "Function kinesis-log-consumer created.",
        "Function kinesis-log-consumer has new code.",
        "Function kinesis-log-consumer has a new configuration.",
        "Mapping from TUTORIAL to kinesis-log-consumer created.",
        f"Mapping {mapping[:8]} updated.",
        f"Mapping {mapping[:8]} deleted.",
        "Function kinesis-log-consumer deleted.",
        "Role kinesis-log-consumer-role deleted.",
        "Stream TUTORIAL deleted.",
    ]


def test_records_on_the_stream_are_told(stream, lines):
    record = {"Data": b"x", "PartitionKey": "0"}
    stream.put_record(StreamName="TUTORIAL", **record)
    stream.put_records(StreamName="TUTORIAL", Records=[record] * 3)
    assert lines == ["1 record put on stream TUTORIAL", "3 records put on stream TUTORIAL"]


def test_readings_that_are_stored_or_rejected_are_told(table, lines):
    table.write_records(**TABLE, Records=[reading(), reading(1)])
    with pytest.raises(ClientError):
        table.write_records(**TABLE, Records=[reading(2), reading(10**7)])
    with pytest.raises(ClientError):
        table.write_records(**TABLE, Records=[reading() | {"MeasureValue": "warm"}])
    assert lines[:2] == [
        "2 readings stored in WeatherMetrics",
        "1 reading stored in WeatherMetrics",
    ]
    assert lines[2].startswith(
        "1 reading rejected by WeatherMetrics: The record timestamp is outside the time range ["
    )
    assert lines[3:] == ["Nothing stored in WeatherMetrics: Record 0: 'warm' is no DOUBLE"]


def test_rejected_readings_are_alike_though_the_times_differ(table, written, story):
    with told(story):
        for later in (10**7, 10**7 + 1):
            with pytest.raises(ClientError):
                table.write_records(**TABLE, Records=[reading(later)])
            time.sleep(0.002)
    story.end()
    assert [line.partition(":")[0] for line in written] == [
        "1 reading rejected by WeatherMetrics",
        "1 more reading rejected by WeatherMetrics",
    ]


def test_queries_are_told_with_what_came_of_them(table, lines):
    table.write_records(**TABLE, Records=[reading(), reading(1)])
    lines.clear()
    client = boto3.client("timestream-query")
    query = "select time\n   from DemoDatabase.WeatherMetrics"
    client.query(QueryString=query)
    client.query(QueryString=query, MaxRows=1)
    with pytest.raises(ClientError):
        client.query(QueryString=f"select nope, {'time, ' * 50} time from DemoDatabase.Nope")
    assert lines[:2] == [
        'Query "select time from DemoDatabase.WeatherMetrics" returned 2 rows',
        'Query "select time from DemoDatabase.WeatherMetrics" returned 0 rows, and there are more',
    ]
    assert lines[2].startswith('Query "select nope, time, ')
    assert 'time, tim..." failed: ' in lines[2]


def test_a_query_with_another_number_is_another_query(table, written, story):
    client = boto3.client("timestream-query")
    with told(story):
        for limit in (1, 2, 2):
            client.query(QueryString=f"select time from DemoDatabase.WeatherMetrics limit {limit}")
    assert len(written) == 2


def test_a_query_that_returns_more_rows_each_time_is_summed_up(table, written, story):
    client = boto3.client("timestream-query")
    for count in (2, 3, 12):
        table.write_records(**TABLE, Records=[reading(later) for later in range(count)])
        with told(story):
            client.query(QueryString="select time from DemoDatabase.WeatherMetrics")
    assert len(written) == 1


def test_what_cannot_be_read_is_refused_as_ever(aws, lines):
    config = boto3.session.Config(parameter_validation=False)
    client = boto3.client("timestream-query", config=config)
    with pytest.raises(ClientError, match="QueryString is missing"):
        client.query()
    assert len(lines) == 1
