"""What the benchmark counts: calls and records. How fast it is, no test can tell."""

import pytest

from tests import benchmark


@pytest.mark.parametrize(("record_count", "batch_size", "calls"), [
    (1000, 10, [10] * 101), (1000, 1000, [100] * 20), (1, 100, [1] * 2),
    (950, 250, [50] * 4 + [100] * 10),
])
def test_n_records_take_as_few_calls_as_can_be(record_count, batch_size, calls):
    # The first event comes once more, to warm up.
    assert sorted(benchmark.measure(batch_size, 0, record_count, loads=1)[1]) == calls


def test_the_bound_is_the_round_trips_or_what_a_shard_can_be_read_at():
    assert benchmark.find_bound(10, round_trip=0.02) == 500
    assert 10_000 < benchmark.find_bound(1000, round_trip=0.02) < 20_000


def test_it_prints_a_line_for_each_batch_size(run, monkeypatch):
    monkeypatch.setattr(benchmark, "LOADS", 1)
    monkeypatch.setattr(benchmark, "RECORD_COUNT", 100)
    monkeypatch.setattr(benchmark, "ROUND_TRIP", 0.001)
    status, [_, _, *lines] = run(benchmark)
    assert status == 0
    rows = [(row[0], *row[4:]) for row in map(str.split, lines)]
    assert rows == [("10", "110", "11"), ("100", "200", "2"), ("1000", "200", "2")]
