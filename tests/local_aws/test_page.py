"""page.py and page.html: what a browser gets, without an access key.

The page's script is not tested, as that would need a browser. Its requests are tested here.
"""

import http.client
import json
import re
import time

import boto3
import pytest

from setup_kinesis import STREAM_NAME
from tests.helpers import LIMIT, STREAM_ARN, deploy, make_client, wait_until_idle
from tests.local_aws import page

HTML = page.PAGE.read_text(encoding="utf-8")


@pytest.fixture
def send(aws):
    """A function that sends a browser's request, and returns the response with its body."""
    connection = http.client.HTTPConnection("127.0.0.1", aws.server.port, timeout=LIMIT)

    def send(method, path, body=None, **headers):
        connection.request(method, path, body and json.dumps(body), headers)
        response = connection.getresponse()
        response.body = response.read()
        return response

    yield send
    connection.close()


@pytest.fixture
def read(send):
    """A function that returns the JSON at a path."""
    return lambda path: json.loads(send("GET", path).body)


@pytest.fixture
def ask(send):
    """A function that sends a query like page.html, and returns status and result."""

    def ask(query, region="us-east-1", **options):
        response = send("POST", f"/query?region={region}", {"QueryString": query} | options)
        return response.status, json.loads(response.body)

    return ask


def write(count, region="us-east-1"):
    """Store readings a second apart, each of a different sensor."""
    client = boto3.client("timestream-write", region_name=region)
    client.create_database(DatabaseName="DemoDatabase")
    client.create_table(DatabaseName="DemoDatabase", TableName="WeatherMetrics")
    now = time.time()
    records = [
        {
            "Dimensions": [{"Name": "Location", "Value": "A"}, {"Name": "Sensor", "Value": "1"}],
            "MeasureName": name,
            "MeasureValue": value,
            "MeasureValueType": kind,
            "Time": str(round((now - number) * 1000)),
        }
        for number in range(count)
        for name, kind, value in [
            ("Temperature", "DOUBLE", str(61 + number)),
            ("Alarm", "VARCHAR", "Elevated"),
        ]
    ]
    client.write_records(DatabaseName="DemoDatabase", TableName="WeatherMetrics", Records=records)


def test_of_two_regions_the_first_one_is_asked(ask):
    assert ask("select 1", region="us-east-1&region=eu-west-1")[0] == 200


@pytest.mark.parametrize("path", ["/", "/?query=select%201"])
def test_a_browser_gets_the_page_and_does_not_cache_it(send, path):
    response = send("GET", path)
    assert response.status == 200
    assert response.body == HTML.encode()
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    head = send("HEAD", path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(response.body))


def test_the_page_loads_nothing_from_elsewhere():
    assert re.findall(r"(?:src|href)=[\"']([^\"']+)", HTML) == ["data:,"]
    assert "://" not in HTML.replace("http://www.w3.org/2000/svg", "")
    assert "default-src 'none'; connect-src 'self'" in page.HEADERS["Content-Security-Policy"]
    assert "Content-Security-Policy" not in HTML  # there must not be a second policy


def test_without_a_key_a_browser_gets_the_page_and_nothing_else(send):
    query = {"QueryString": "select 1"}
    other = {"X-Amz-Target": "Timestream_20181101.DescribeEndpoints"}
    assert "Rows" in json.loads(send("POST", "/query", query, **other).body)
    assert send("POST", "/", query).status == 400
    assert send("POST", "/state", query).status == 400
    assert send("GET", "/query").status == 400
    assert send("POST", "/query", query, Origin="https://attacker.example").status == 403
    assert send("GET", "/state", Origin="https://attacker.example").status == 403


def test_a_query_returns_rows_or_an_errors_message(ask):
    write(1)
    status, answer = ask("select Sensor, measure_value::double from DemoDatabase.WeatherMetrics")
    assert status == 200
    kinds = [column["Type"]["ScalarType"] for column in answer["ColumnInfo"]]
    assert kinds == ["VARCHAR", "DOUBLE"]
    assert {"Data": [{"ScalarValue": "1"}, {"ScalarValue": "61.0"}]} in answer["Rows"]
    status, answer = ask("select\n  nope from DemoDatabase.WeatherMetrics")
    assert status == 400
    assert answer["message"].startswith("line 2:3: ")  # the page marks this place in the query


def test_many_rows_come_page_by_page(ask):
    write(3)
    query = "select Sensor from DemoDatabase.WeatherMetrics"
    _, answer = ask(query, MaxRows=4)
    sizes = [len(answer["Rows"])]
    while "NextToken" in answer:
        _, answer = ask(query, MaxRows=4, NextToken=answer["NextToken"])
        sizes.append(len(answer["Rows"]))
    assert sizes == [0, 4, 2]  # the first one has none, as on AWS


def test_a_query_goes_to_the_chosen_region(ask, read):
    write(2, "eu-west-1")
    query = "select count(*) from DemoDatabase.WeatherMetrics"
    assert ask(query, "us-east-1")[0] == 400
    _, answer = ask(query, "eu-west-1")
    assert answer["Rows"] == [{"Data": [{"ScalarValue": "4"}]}]
    assert [region["name"] for region in read("/state")["regions"]] == ["eu-west-1"]


def test_without_tables_the_state_has_the_default_region(read):
    assert read("/state") == {"regions": [{"name": "us-east-1", "tables": [], "mappings": []}]}


def test_the_state_has_the_tables_with_their_columns(read):
    write(1)
    [region] = read("/state")["regions"]
    [table] = region["tables"]
    assert table["name"] == "DemoDatabase.WeatherMetrics"
    columns = {column["name"]: column["type"] for column in table["columns"]}
    assert columns == {
        "Location": "VARCHAR",
        "Sensor": "VARCHAR",
        "measure_name": "VARCHAR",
        "time": "TIMESTAMP",
        "measure_value::double": "DOUBLE",
        "measure_value::varchar": "VARCHAR",
    }


def test_the_state_shows_the_progress_of_the_alarms(aws, stream, read):
    deploy("def handler(event, context): pass")
    stream.put_record(StreamName=STREAM_NAME, PartitionKey="0", Data=b"x")
    make_client("lambda").create_event_source_mapping(
        FunctionName="kinesis-log-consumer",
        EventSourceArn=STREAM_ARN,
        StartingPosition="TRIM_HORIZON",
    )
    assert wait_until_idle(aws)
    [mapping] = read("/state")["regions"][0]["mappings"]
    for name in re.findall(r"mapping\.(\w+)", HTML):
        assert name in mapping
    assert (mapping["on_stream"], mapping["waiting"], mapping["done"]) == (1, 0, 1)


def test_each_function_has_a_line(read):
    functions = {each["name"]: each for each in read("/functions")}
    assert functions["ago"]["signature"] == "ago(interval day to second) -> timestamp"
    assert all(each["about"] for each in functions.values())


EXAMPLES = re.search(r"const EXAMPLES = \{\n(.*?)\n\};", HTML, re.DOTALL)[1]
QUERIES = dict(re.findall(r'"([^"]+)": `([^`]+)`', EXAMPLES))


def test_all_examples_are_found():
    assert len(QUERIES) == EXAMPLES.count('": ') - EXAMPLES.count('": STEP_9') == 6


@pytest.fixture
def show(ask):
    """A function that returns the rows of an example: {column: value}."""
    write(20)

    def show(name):
        status, answer = ask(QUERIES[name])
        assert status == 200, answer
        columns = [column["Name"] for column in answer["ColumnInfo"]]
        values = [[next(iter(value.values())) for value in row["Data"]] for row in answer["Rows"]]
        return [dict(zip(columns, row)) for row in values]

    return show


def test_the_example_of_temperatures_and_alarms(show):
    rows = show("temperature and alarms together")
    assert sum(int(row["warnings"]) for row in rows) == 20
    assert all(61 <= float(row["temperature"]) <= 80 for row in rows)


def test_the_example_of_the_latest_values(show):
    rows = {row["measure_name"]: row for row in show("latest value of each sensor")}
    assert rows["Temperature"]["temperature"] == "61.0"
    assert rows["Alarm"]["status"] == "Elevated"


def test_the_example_of_a_moving_average(show):
    last = show("moving average")[-1]
    assert (last["temperature"], last["of_ten"]) == ("61.0", "65.5")


def test_the_example_of_the_gap(show):
    [row] = show("the gaps, filled")
    values = [float(point["Value"]["ScalarValue"]) for point in row["readings"]]
    assert values == [80 - number for number in range(20)]


def test_the_examples_of_alarms(show):
    assert show("alarms by status") == [{"status": "Elevated", "alarms": "20"}]
    latest = show("the latest alarms")
    assert {(row["Location"], row["Sensor"], row["status"]) for row in latest} == {
        ("A", "1", "Elevated")
    }
    assert [row["time"] for row in latest] == sorted({row["time"] for row in latest})[::-1]
