"""What the benchmark prints."""

import pytest

import alarm_sensor
from tests.benchmark import benchmark


def test_it_prints_a_line_for_each_batch_size(run, monkeypatch):
    for name, value in [("LOADS", 3), ("RECORD_COUNT", 120), ("ROUND_TRIP", 0.01)]:
        monkeypatch.setattr(benchmark, name, value)
    status, [title, columns, *lines] = run(benchmark)
    assert (status, title) == (0, "3 loads of 120 records, at a round trip of 10 ms")
    assert columns == "batch size  records/s  bound  share of it"
    sizes, rates, bounds, shares = zip(*map(str.split, lines))
    assert sizes == ("10", "100", "1000") and bounds == ("1000", "10000", "100000")
    assert int(rates[0]) < 1000
    assert int(shares[0].rstrip("%")) == pytest.approx(int(rates[0]) / 10, abs=1)


def test_what_is_not_stored_ends_it(run, monkeypatch):
    monkeypatch.setattr(alarm_sensor, "encode", lambda line: b"not readable")
    with pytest.raises(RuntimeError, match="not stored"):
        run(benchmark)
