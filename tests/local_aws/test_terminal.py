"""terminal.py: the lines in the first terminal."""

import contextlib
import threading
import time

import boto3
import pytest
from botocore.exceptions import ClientError

import setup_kinesis
import setup_timestream
from setup_kinesis import STREAM_NAME
from tests.helpers import STREAM_ARN, build_package, deploy, until, wait_for_function
from tests.local_aws.terminal import PAUSE, Terminal, patch_terminal

TABLE = {"DatabaseName": "DemoDatabase", "TableName": "WeatherMetrics"}


class Clock:
    """A clock that a test moves."""

    now = 0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    """The terminal's clock."""
    return Clock()


@pytest.fixture
def written():
    """The lines that the terminal has shown."""
    return []


@pytest.fixture
def terminal(written, clock):
    """A Terminal."""
    return Terminal(written.append, clock)


def pass_time(terminal, clock, seconds):
    """Let time pass, second by second."""
    for _ in range(seconds):
        clock.now += 1
        terminal.show_due()


def test_the_first_line_of_a_kind_is_shown_at_once_and_others_are_summed_up(
    terminal, clock, written
):
    for _ in range(2 * PAUSE):
        terminal("1 reading stored in WeatherMetrics")
        pass_time(terminal, clock, 1)
    assert written == [
        "1 reading stored in WeatherMetrics",
        f"1 reading stored in WeatherMetrics ({PAUSE - 2} more like this)",
        f"1 reading stored in WeatherMetrics ({PAUSE - 1} more like this)",
    ]


def test_lines_that_differ_only_in_numbers_are_of_one_kind(terminal, written):
    for line in ("2 readings stored", "1 reading stored", "3 readings stored"):
        terminal(line)
    terminal.end()
    assert written == ["2 readings stored", "3 readings stored (1 more like this)"]


def test_kinds_that_alternate_are_each_summed_up(terminal, clock, written):
    for number in range(3):
        terminal(f"batch of 1, try {number}")
        terminal("1 reading stored")
    pass_time(terminal, clock, PAUSE)
    assert written == [
        "batch of 1, try 0",
        "1 reading stored",
        "batch of 1, try 2 (1 more like this)",
        "1 reading stored (1 more like this)",
    ]


def test_pending_lines_are_shown_before_another_kind(terminal, written):
    for line in ("1 reading stored", "1 reading stored", "Table WeatherMetrics deleted."):
        terminal(line)
    assert written == ["1 reading stored", "1 reading stored", "Table WeatherMetrics deleted."]


def test_after_a_quiet_time_the_next_line_is_a_first_one_again(terminal, clock, written):
    terminal("1 reading stored")
    pass_time(terminal, clock, PAUSE + 1)
    terminal("1 reading stored")
    assert written == ["1 reading stored"] * 2


def test_line_breaks_are_removed(terminal, written):
    terminal("a\nb\x1b[31mc")
    assert written == ["a b [31mc"]


def test_lines_from_many_threads_are_all_counted(terminal, written):
    threads = [
        threading.Thread(target=lambda: [terminal("1 reading stored") for _ in range(200)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    terminal.end()
    assert written == ["1 reading stored", "1 reading stored (1598 more like this)"]


@pytest.fixture
def lines(aws):
    """The lines about requests, without summing up."""
    lines = []
    with patch_terminal(lines.append):
        yield lines


@pytest.fixture
def table(lines):
    """A client; the tutorial's table exists."""
    client = boto3.client("timestream-write")
    setup_timestream.create_database(client)
    setup_timestream.create_table(client)
    lines.clear()
    return client


def reading(later=0):
    """Return a record, taken `later` milliseconds from now."""
    return {
        "Dimensions": [{"Name": "Sensor", "Value": "1"}],
        "MeasureName": "Temperature",
        "MeasureValue": "61",
        "Time": str(round(time.time() * 1000) + later),
    }


def wait_for_mapping(client, mapping):
    """Wait until a mapping is enabled."""
    until(lambda: client.get_event_source_mapping(UUID=mapping)["State"] == "Enabled")


def test_created_and_deleted_resources_are_shown(lines):
    timestream, kinesis = boto3.client("timestream-write"), boto3.client("kinesis")
    setup_timestream.create_database(timestream)
    setup_timestream.create_database(timestream)  # it already exists
    setup_timestream.create_table(timestream)
    timestream.update_table(**TABLE)
    timestream.delete_table(**TABLE)
    timestream.delete_database(DatabaseName="DemoDatabase")
    setup_kinesis.create_stream(kinesis)
    deploy("def handler(event, context): pass")
    client = boto3.client("lambda")
    client.update_function_code(FunctionName="kinesis-log-consumer", ZipFile=build_package("x = 1"))
    wait_for_function(client)
    client.update_function_configuration(FunctionName="kinesis-log-consumer", Timeout=30)
    mapping = client.create_event_source_mapping(
        FunctionName="kinesis-log-consumer",
        EventSourceArn=kinesis.describe_stream(StreamName=STREAM_NAME)["StreamDescription"][
            "StreamARN"
        ],
        StartingPosition="TRIM_HORIZON",
    )["UUID"]
    wait_for_mapping(client, mapping)
    client.update_event_source_mapping(UUID=mapping, BatchSize=10)
    wait_for_mapping(client, mapping)
    client.delete_event_source_mapping(UUID=mapping)
    client.delete_function(FunctionName="kinesis-log-consumer")
    boto3.client("iam").delete_role(RoleName="kinesis-log-consumer-role")
    kinesis.delete_stream(StreamARN=STREAM_ARN)
    assert lines == [
        "Database DemoDatabase created.",
        "Table WeatherMetrics created.",
        "Table WeatherMetrics updated.",
        "Table WeatherMetrics deleted.",
        "Database DemoDatabase deleted.",
        f"Stream {STREAM_NAME} created.",
        "Role kinesis-log-consumer-role created.",
        "Function kinesis-log-consumer created.",
        "Function kinesis-log-consumer has new code.",
        "Function kinesis-log-consumer has a new configuration.",
        f"Mapping from {STREAM_NAME} to kinesis-log-consumer created.",
        f"Mapping {mapping[:8]} updated.",
        f"Mapping {mapping[:8]} deleted.",
        "Function kinesis-log-consumer deleted.",
        "Role kinesis-log-consumer-role deleted.",
        f"Stream {STREAM_NAME} deleted.",
    ]


def test_queues_and_log_groups_are_shown(lines):
    sqs, logs = boto3.client("sqs"), boto3.client("logs")
    sqs.delete_queue(QueueUrl=sqs.create_queue(QueueName="discarded")["QueueUrl"])
    logs.create_log_group(logGroupName="/aws/lambda/f")
    logs.delete_log_group(logGroupName="/aws/lambda/f")
    assert lines == [
        "Queue discarded created.",
        "Queue discarded deleted.",
        "Log group /aws/lambda/f deleted.",
    ]


def test_records_on_the_stream_are_shown(stream, lines):
    record = {"Data": b"x", "PartitionKey": "0"}
    stream.put_record(StreamName=STREAM_NAME, **record)
    stream.put_records(StreamName=STREAM_NAME, Records=[record] * 3)
    assert lines == [
        f"1 record put on stream {STREAM_NAME}",
        f"3 records put on stream {STREAM_NAME}",
    ]


def test_stored_and_rejected_readings_are_shown(table, lines):
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
    assert lines[3:] == ["Nothing stored in WeatherMetrics: Record 0: 'warm' is not a DOUBLE"]


def test_rejected_readings_are_of_one_kind_although_their_times_differ(table, written, terminal):
    with patch_terminal(terminal):
        for later in (10**7, 10**7 + 1):
            with pytest.raises(ClientError):
                table.write_records(**TABLE, Records=[reading(later)])
            time.sleep(0.002)
    terminal.end()
    assert [line.partition(":")[0] for line in written] == [
        "1 reading rejected by WeatherMetrics",
        "1 reading rejected by WeatherMetrics",
    ]


def test_queries_are_shown_with_their_outcome(table, lines):
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


def test_a_repeated_query_with_more_rows_each_time_is_summed_up(table, written, terminal):
    client = boto3.client("timestream-query")
    for count in (2, 3, 12):
        table.write_records(**TABLE, Records=[reading(later) for later in range(count)])
        with patch_terminal(terminal):
            client.query(QueryString="select time from DemoDatabase.WeatherMetrics")
    assert len(written) == 1


def test_refused_requests_are_shown(aws, lines):
    config = boto3.session.Config(parameter_validation=False)
    client = boto3.client("timestream-query", config=config)
    with pytest.raises(ClientError, match="at 'queryString' failed"):
        client.query()
    assert len(lines) == 1


def test_any_region_but_the_default_one_is_named(lines):
    boto3.client("kinesis", region_name="eu-west-1").create_stream(StreamName="S", ShardCount=1)
    assert lines == ["Stream S created. (eu-west-1)"]


def invoke(payload):
    """Invoke the tutorial's function like another process."""
    client = boto3.client("lambda")
    come_from_outside = {"X-Forwarded-For": "127.0.0.1"}
    client.meta.events.register(
        "before-call", lambda params, **_: params["headers"].update(come_from_outside)
    )
    with contextlib.suppress(ClientError):
        client.invoke(FunctionName="kinesis-log-consumer", Payload=payload)


def test_invocations_and_their_errors_are_shown(lines):
    invoke("{}")
    deploy("def handler(event, context): return 1 / event['by']")
    lines.clear()
    for payload in ('{"by": 1}', '{"by": 0}', "no JSON"):
        invoke(payload)
    assert lines[:2] == [
        "Function kinesis-log-consumer invoked.",
        "Function kinesis-log-consumer failed: ZeroDivisionError: division by zero",
    ]
    assert lines[2].startswith("Function kinesis-log-consumer was not invoked: Could not parse")
