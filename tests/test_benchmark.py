"""What the benchmark counts: calls and records. How fast it is, no test can tell."""

import pytest

from tests import benchmark


@pytest.mark.parametrize(("record_count", "batch_size", "calls"), [
    (1000, 10, 100), (1000, 100, 10), (1000, 1000, 10), (950, 250, 11), (1, 100, 1),
])
def test_n_records_take_as_few_calls_as_can_be(record_count, batch_size, calls):
    _, counts = benchmark.measure(batch_size, round_trip=0, record_count=record_count, loads=1)
    first = min(batch_size, record_count)  # the event that warms up
    assert counts["WriteRecords"] == calls + -(-first // 100)
    assert counts["records"] == record_count + first


def test_the_bound_is_the_round_trips_or_what_a_shard_can_be_read_at():
    assert benchmark.find_bound(10, round_trip=0.02) == 500
    assert 10_000 < benchmark.find_bound(1000, round_trip=0.02) < 20_000


def test_it_prints_a_line_for_each_batch_size(run, monkeypatch):
    monkeypatch.setattr(benchmark, "LOADS", 1)
    monkeypatch.setattr(benchmark, "RECORD_COUNT", 100)
    monkeypatch.setattr(benchmark, "ROUND_TRIP", 0.001)
    status, lines = run(benchmark)
    rows = [line.split() for line in lines[2:]]
    assert status == 0
    assert [row[0] for row in rows] == ["10", "100", "1000"]
    assert [row[4:] for row in rows] == [["110", "11"], ["200", "2"], ["200", "2"]]


def test_an_unknown_option_is_a_usage_error_and_ctrl_c_one_line(run, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        run(benchmark, "--fast")
    assert stop.value.code == 2 and "unrecognized arguments: --fast" in capsys.readouterr().err

    def interrupt(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(benchmark, "measure", interrupt)
    status, lines = run(benchmark)
    assert (status, lines[-1]) == (1, "Stopped.")
