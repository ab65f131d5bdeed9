"""tests/benchmark.py runs."""

from tests import benchmark


def test_it_prints_a_line_for_each_batch_size(run_script, monkeypatch):
    monkeypatch.setattr(benchmark, "LOADS", 1)
    monkeypatch.setattr(benchmark, "RATIO_LOADS", 1)
    monkeypatch.setattr(benchmark, "RECORD_COUNT", 120)
    _, [title, _, *lines] = run_script(benchmark)
    assert title == "1 loads of 120 records, at a round trip of 20 ms"
    rows = [line.split() for line in lines]
    assert [row[0] for row in rows] == ["10", "100", "1000"]
    assert [row[2] for row in rows] == ["500", "5000", "50000"]
    assert 0 < int(rows[0][1]) < 500
    assert all(0.1 < float(row[4]) < 100 for row in rows)  # both kinds of calls have been made
