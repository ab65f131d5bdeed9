"""Aggregate functions that SQLite lacks. They get the rows of a group, each with the arguments."""

import heapq
import json
import statistics
from functools import reduce

from tests.local_aws.query import types
from tests.local_aws.query.array_functions import correlation
from tests.local_aws.query.errors import QueryError
from tests.local_aws.query.types import in_range


def find_percentile(values, share):
    """Return the exact value at a percentile of sorted values; AWS's is approximate."""
    if share is None or not 0 <= share <= 1:
        raise QueryError("Percentile must be between 0 and 1")
    return values[min(int(share * len(values)), len(values) - 1)]


def percentile(rows):
    """Return the value at a percentile."""
    return find_percentile(sorted(value for value, _ in rows), rows[0][1])


def percentiles(rows):
    """Return the values at several percentiles."""
    values = sorted(value for value, _ in rows)
    return json.dumps([find_percentile(values, share) for share in json.loads(rows[0][1])])


def spread(compute, least):
    """Return an aggregate function of numbers, which is null if there are too few."""

    def function(rows):
        values = [value for [value] in rows]
        return finite(compute, values) if len(values) >= least else None

    return function


def finite(compute, *arguments):
    """Compute a result; fail if it is infinite or NaN."""
    try:
        return in_range(float(compute(*arguments)), "DOUBLE")
    except (ValueError, OverflowError, ZeroDivisionError, statistics.StatisticsError):
        raise QueryError(types.NOT_FINITE) from None


def covariance(rows, least):
    """Return the covariance of pairs of numbers, or None if there are too few."""
    if len(rows) < least:
        return None
    ys, xs = zip(*rows)
    y_mean, x_mean = statistics.fmean(ys), statistics.fmean(xs)
    total = sum((y - y_mean) * (x - x_mean) for y, x in rows)
    return in_range(total / (len(rows) - least + 1), "DOUBLE")


def slope(rows):
    """Return the slope of the line through points (y, x), or None if x does not vary."""
    variance = statistics.pvariance([x for _, x in rows])
    return in_range(covariance(rows, 1) / variance, "DOUBLE") if variance else None


def intercept(rows):
    """Return the y intercept of the line through points (y, x), or None."""
    if slope(rows) is None:
        return None
    ys, xs = zip(*rows)
    return in_range(statistics.fmean(ys) - slope(rows) * statistics.fmean(xs), "DOUBLE")


def count_of(rows):
    """Return n of max(x, n) and max_by(x, y, n)."""
    count = rows[0][-1]
    if count is None or not 0 < count <= 10_000:
        raise QueryError("n of max(x, n) must be from 1 to 10000")
    return count


def by(choose):
    """Return max_by or min_by: the value in the row where the key is greatest or least."""

    def function(rows):
        rows = [row for row in rows if row[1] is not None]
        return choose(rows, key=lambda row: row[1])[0] if rows else None

    return function


def first_n(choose):
    """Return max(x, n) or min(x, n): the greatest or the least values, in this order."""

    def function(rows):
        values = [value for value, _ in rows if value is not None]
        return json.dumps(choose(count_of(rows), values)) if values else None

    return function


def first_n_by(choose):
    """Return max_by(x, y, n) or min_by(x, y, n)."""

    def function(rows):
        found = [row for row in rows if row[1] is not None]
        chosen = choose(count_of(rows), found, key=lambda row: row[1])
        return json.dumps([row[0] for row in chosen]) if found else None

    return function


def array_agg_ordered(rows):
    """Return the values of array_agg with ORDER BY. A row: the order, the value, and its keys."""
    kind, *orders = rows[0][0].split(",")
    for place, order in reversed(list(enumerate(orders, 2))):
        direction, nulls = order.split()
        known = [row for row in rows if row[place] is not None]
        known.sort(key=lambda row: row[place], reverse=direction == "desc")
        unknown = [row for row in rows if row[place] is None]
        rows = unknown + known if nulls == "first" else known + unknown
    return array_agg([(row[1],) for row in rows], kind == "nested")


def array_agg(rows, is_nested=False):
    """Return the values of a group."""
    values = [value for [value] in rows]
    if is_nested:
        values = [None if value is None else json.loads(value) for value in values]
    return json.dumps(values)


def create_time_series(rows):
    """Return the points of a time series, sorted by time."""
    return json.dumps(sorted(map(list, rows), key=lambda point: point[0]))


# These ignore rows with a null,
AGGREGATES = {
    "bitwise_and_agg": lambda rows: reduce(lambda x, y: x & y, (value for [value] in rows)),
    "bitwise_or_agg": lambda rows: reduce(lambda x, y: x | y, (value for [value] in rows)),
    "arbitrary": lambda rows: rows[0][0],
    "corr": lambda rows: correlation(*zip(*rows)),
    "covar_pop": lambda rows: covariance(rows, 1),
    "covar_samp": lambda rows: covariance(rows, 2),
    "create_time_series": create_time_series,
    "geometric_mean": spread(statistics.geometric_mean, 1),
    "percentile": percentile,
    "percentiles": percentiles,
    "regr_intercept": intercept,
    "regr_slope": slope,
    "stddev": spread(statistics.stdev, 2),
    "stddev_pop": spread(statistics.pstdev, 1),
    "variance": spread(statistics.variance, 2),
    "var_pop": spread(statistics.pvariance, 1),
}
# but these do not.
AGGREGATES_OF_NULLS = {
    "array_agg": array_agg,
    "array_agg_nested": lambda rows: array_agg(rows, is_nested=True),
    "array_agg_ordered": array_agg_ordered,
    "max_by": by(max),
    "max_by_n": first_n_by(heapq.nlargest),
    "max_n": first_n(heapq.nlargest),
    "min_by": by(min),
    "min_by_n": first_n_by(heapq.nsmallest),
    "min_n": first_n(heapq.nsmallest),
}
