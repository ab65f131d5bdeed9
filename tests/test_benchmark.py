"""What the benchmark counts: calls and clients. How fast it is, no test can tell."""

import pytest

from tests import benchmark


@pytest.mark.parametrize(("record_count", "batch_size", "calls"), [
    (1000, 10, 100), (1000, 100, 10), (1000, 1000, 10), (950, 250, 11), (1, 100, 1),
])
def test_n_records_take_as_few_calls_as_can_be_and_one_client(record_count, batch_size, calls):
    _, counts = benchmark.measure(batch_size, round_trip=0, record_count=record_count, loads=1)
    first = min(batch_size, record_count)  # the event that warms up
    assert counts["WriteRecords"] == calls + -(-first // 100)
    assert counts["records"] == record_count + first
    assert counts["clients"] == 1
    assert counts["DescribeEndpoints"] == 1


def test_it_prints_a_line_for_each_batch_size(lines, monkeypatch):
    monkeypatch.setattr(benchmark, "ROUND_TRIP", 0.0001)
    monkeypatch.setattr(benchmark.measure, "__defaults__", (0.0001, 1000, 1))
    assert benchmark.main() == 0
    rows = [line.split() for line in lines()[2:]]
    assert [row[0] for row in rows] == ["10", "100"]
    assert [row[3:] for row in rows] == [["1010", "101", "1"], ["1100", "11", "1"]]
