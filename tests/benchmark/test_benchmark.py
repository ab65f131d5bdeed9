"""What the benchmark prints."""

import pytest

import alarm_sensor
import lambda_function
from tests.benchmark import benchmark


@pytest.fixture
def few(monkeypatch):
    """Less to measure than usual."""
    monkeypatch.setattr(benchmark, "LOADS", 3)
    monkeypatch.setattr(benchmark, "RATIO_LOADS", 3)
    monkeypatch.setattr(benchmark, "RECORD_COUNT", 120)
    monkeypatch.setattr(benchmark, "ROUND_TRIP", 0.01)


def test_it_prints_a_line_for_each_batch_size(run_script, few):
    status, [title, columns, *lines] = run_script(benchmark)
    assert (status, title) == (0, "3 loads of 120 records, at a round trip of 10 ms")
    assert columns.split("  ")[0] == "batch size"
    rows = [line.split() for line in lines]
    assert [row[0] for row in rows] == ["10", "100", "1000"]
    assert [row[2] for row in rows] == ["1000", "10000", "100000"]
    rate, share = int(rows[0][1]), int(rows[0][3].rstrip("%"))
    assert rate < 1000
    assert share == pytest.approx(rate / 10, abs=1)


def test_help_says_what_it_shows(run_script, lines):
    with pytest.raises(SystemExit, match="^0$"):
        run_script(benchmark, "--help")
    assert benchmark.__doc__.splitlines()[0] in " ".join(" ".join(lines()).split())


def test_the_ratio_tells_how_much_work_the_function_adds(run_script, few, monkeypatch):
    parse = lambda_function.parse

    def parse_slowly(line):
        for _ in range(200):
            parse(line)
        return parse(line)

    def read_ratio():
        return float(run_script(benchmark)[1][2].split()[-1])

    monkeypatch.setattr(benchmark, "BATCH_SIZES", [100])
    before = read_ratio()
    monkeypatch.setattr(lambda_function, "parse", parse_slowly)
    assert read_ratio() > 3 * before


def test_what_is_not_stored_ends_it(run_script, few, monkeypatch):
    monkeypatch.setattr(alarm_sensor, "encode", lambda line: b"not readable")
    with pytest.raises(RuntimeError, match="not stored"):
        run_script(benchmark)
