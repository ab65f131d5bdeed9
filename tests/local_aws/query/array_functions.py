"""Functions of arrays and time series, which SQLite stores as JSON, see types.py.

A time series is an array of [time, value]. "Loaded" means read from JSON: in a loaded array, an
inner array is a list, but SQLite passes it as JSON.
"""

import json
import math
from bisect import bisect_right
from functools import lru_cache
from statistics import fmean

from tests.local_aws.query import types
from tests.local_aws.query.errors import NOT_HERE, QueryError
from tests.local_aws.query.types import in_range

MAX_ELEMENTS = 100_000  # of an array


def keep(value):
    """Return a loaded value in the form stored by SQLite."""
    return json.dumps(value) if isinstance(value, list) else value


@lru_cache(maxsize=8)
def load(text):
    """Load an array stored by SQLite. Do not change it, because it is cached."""
    return json.loads(text)


def check_length(array):
    """Return an array, unless it is too long."""
    if len(array) > MAX_ELEMENTS:
        raise QueryError(f"More than {MAX_ELEMENTS} elements are not supported by this local AWS")
    return array


def of_arrays(compute):
    """Return a function that takes and returns arrays in the form stored by SQLite."""

    def function(*arrays):
        return json.dumps(check_length(compute(*map(load, arrays))))

    return function


def make_list(nested, *values):
    """Return an array or a row of values. nested: a letter for each value, j if it is JSON."""
    pairs = zip(nested, values)
    items = [
        json.loads(value) if letter == "j" and value is not None else value
        for letter, value in pairs
    ]
    return json.dumps(items)


def field(row, index):
    """Return a field of a row, counted from 0."""
    return keep(load(row)[index])


def subscript(array, index):
    """Return an element of an array, counted from 1."""
    if index == 0:
        raise QueryError("SQL array indices start at 1")
    if index < 0:
        raise QueryError(f"Array subscript is negative: {index}")
    items = load(array)
    if index > len(items):
        raise QueryError(
            f"Array subscript must be less than or equal to array length: {index} > {len(items)}"
        )
    return keep(items[index - 1])


def element_at(array, index):
    """Return an element of an array or null; a negative index counts from the end."""
    items = load(array)
    if index == 0:
        raise QueryError("SQL array indices start at 1")
    if abs(index) > len(items):
        return None
    return keep(items[index - 1 if index > 0 else index])


def equal(one, other):
    """Return whether two arrays or rows are equal; None if that depends on a null."""
    return equal_loaded(load(one), load(other))


def equal_loaded(one, other):
    """Return whether two loaded values are equal, or None."""
    if one is None or other is None:
        return None
    if not isinstance(one, list):
        return int(one == other)
    if len(one) != len(other):
        return 0
    results = [equal_loaded(*pair) for pair in zip(one, other)]
    if 0 in results:
        return 0
    return None if None in results else 1


def distinct(items):
    """Return items without duplicates."""
    found = {}
    for item in items:
        found.setdefault(json.dumps(item), item)
    return list(found.values())


def has(items, item):
    """Return whether an item is among items; nulls are equal here."""
    return json.dumps(item) in {json.dumps(other) for other in items}


def contains(array, item):
    """Return whether an array has an element; None if that depends on a null."""
    items = load(array)
    if item in [other for other in items if other is not None]:
        return 1
    return None if None in items else 0


def overlap(one, other):
    """Return whether two arrays have a common element, or None."""
    one, other = load(one), load(other)
    if {*one} & {*other} - {None}:
        return 1
    return None if one and other and None in one + other else 0


def extreme(choose):
    """Return a function for the least or the greatest element of an array."""

    def function(array):
        items = load(array)
        return None if not items or None in items else choose(items)

    return function


def array_sort(items):
    """Return items sorted, nulls last."""
    return sorted(item for item in items if item is not None) + [None] * items.count(None)


def array_position(array, item):
    """Return the position of an element in an array, counted from 1; 0 if it is missing."""
    items = load(array)
    return items.index(item) + 1 if item in items else 0


def array_remove(array, item):
    """Return an array without the elements equal to an item."""
    return json.dumps([other for other in load(array) if other != item])


def array_join(kind, array, separator, null=None):
    """Return an array's elements as one text."""
    texts = [
        null if item is None else types.cast(item, kind, "VARCHAR")
        for item in load(array)
        if item is not None or null is not None
    ]
    return separator.join(texts)


def array_slice(array, start, length):
    """Return a part of an array, starting at 1, or at -1 from the end."""
    items = load(array)
    if start == 0:
        raise QueryError("SQL array indices start at 1")
    if length < 0:
        raise QueryError("length must be greater than or equal to 0")
    first = start - 1 if start > 0 else len(items) + start
    return json.dumps(items[first : first + length] if first >= 0 else [])


def repeat(item, count):
    """Return an array with an element repeated."""
    if count > MAX_ELEMENTS:
        check_length(range(count))
    return json.dumps([item] * count)


def sequence(start, stop, step=None):
    """Return an array of values from `start` to `stop`; Trino allows 10,000 of them."""
    if step is None:
        step = 1 if start <= stop else -1
    if step == 0:
        raise QueryError("interval must not be zero")
    if (stop - start) * step < 0:
        raise QueryError(
            "sequence stop value should be greater than or equal to start value if "
            "step is greater than zero otherwise stop should be less than or equal to start"
        )
    if abs(stop - start) // abs(step) >= 10_000:
        raise QueryError("result of sequence function must not have more than 10000 entries")
    return json.dumps(list(range(start, stop + (1 if step > 0 else -1), step)))


def zip_arrays(one, other):
    """Return an array of rows, with nulls where an array is shorter."""
    return [list(pair) for pair in pad(one, other)]


def pad(*arrays):
    """Yield the elements of arrays at each position, with nulls where an array is shorter."""
    for place in range(max(map(len, arrays))):
        yield [array[place] if place < len(array) else None for array in arrays]


def unnest(rows, *arrays):
    """Return an array of arrays: the columns of each row of UNNEST.

    rows: for each array a letter, r if its elements are rows, which have a column for each field;
    and how many.
    """
    loaded = [[] if array is None else load(array) for array in arrays]
    widths = json.loads(rows)
    result = []
    for items in pad(*loaded):
        columns = []
        for item, width in zip(items, widths):
            if width is None:
                columns.append(item)
            else:
                columns.extend([None] * width if item is None else item)
        result.append(columns)
    return json.dumps(check_length(result))


# Time series


def check_times(series):
    """Return a loaded time series; fail if a time appears twice."""
    points = [point for point in load(series) if point[1] is not None]
    if len({time for time, _ in points}) < len(points):
        raise QueryError(
            "A time series with several values at one time is not supported by this local AWS"
        )
    return points


def interpolate(method, series, times, fill=None):
    """Return a time series with interpolated values at these times."""
    points = check_times(series)
    if not points:
        return json.dumps([])
    find = INTERPOLATIONS[method](points, fill)
    wanted = [time for time in load(times) if time is not None]
    return json.dumps([[time, find(time)] for time in wanted])


def interpolate_at(method, series, time, fill=None):
    """Return a time series' interpolated value at a time."""
    points = check_times(series)
    return INTERPOLATIONS[method](points, fill)(time) if points else None


def check_inside(points, time, has_end=True):
    """Fail if a time is outside a time series, because AWS's result is not known."""
    if time < points[0][0] or (has_end and time > points[-1][0]):
        text = types.format_time(time)
        raise QueryError(f"Interpolation outside a time series, at {text}, {NOT_HERE}")


def linear(points, fill):
    """Return a function of the time: linear interpolation between its neighbours."""
    times = [time for time, _ in points]

    def find(time):
        check_inside(points, time)
        place = bisect_right(times, time) - 1
        start, value = points[place]
        if start == time:
            return value
        end, next_value = points[place + 1]
        return value + (next_value - value) * (time - start) / (end - start)

    return find


def locf(points, fill):
    """Return a function of the time: the last value before it."""
    times = [time for time, _ in points]

    def find(time):
        check_inside(points, time, has_end=False)
        return points[bisect_right(times, time) - 1][1]

    return find


def constant(points, fill):
    """Return a function of the time: the value of a point, or a fixed one."""
    values = dict(map(tuple, points))
    return lambda time: values.get(time, fill)


def spline(points, fill):
    """Return a function of the time: the natural cubic spline through the points."""
    if len(points) < 3:
        raise QueryError(f"interpolate_spline_cubic with fewer than three points {NOT_HERE}")
    start = points[0][0]
    times = [(time - start) / 10**9 for time, _ in points]
    values = [value for _, value in points]
    curves = second_derivatives(times, values)

    def find(time):
        check_inside(points, time)
        x = (time - start) / 10**9
        place = min(bisect_right(times, x), len(times) - 1) - 1
        width = times[place + 1] - times[place]
        right = (x - times[place]) / width
        left = 1 - right
        if right == 0 or left == 0:
            return values[place] if right == 0 else values[place + 1]
        bend = (left**3 - left) * curves[place] + (right**3 - right) * curves[place + 1]
        return left * values[place] + right * values[place + 1] + bend * width**2 / 6

    return find


def second_derivatives(x, y):
    """Return the second derivatives of the natural spline at its points (Thomas algorithm)."""
    count = len(x)
    width = [x[i + 1] - x[i] for i in range(count - 1)]
    slope = [(y[i + 1] - y[i]) / width[i] for i in range(count - 1)]
    factors, rights = [0.0] * count, [0.0] * count
    for i in range(1, count - 1):
        pivot = 2 * (width[i - 1] + width[i]) - width[i - 1] * factors[i - 1]
        factors[i] = width[i] / pivot
        rights[i] = (6 * (slope[i] - slope[i - 1]) - width[i - 1] * rights[i - 1]) / pivot
    curves = [0.0] * count
    for i in range(count - 2, 0, -1):
        curves[i] = rights[i] - factors[i] * curves[i + 1]
    return curves


INTERPOLATIONS = {
    "interpolate_linear": linear,
    "interpolate_locf": locf,
    "interpolate_fill": constant,
    "interpolate_spline_cubic": spline,
}


def slopes(series, interval):
    """Yield [time, slope] for each point but the first: the change since the last point."""
    if interval <= 0:
        raise QueryError("The interval of a derivative must be greater than zero")
    points = check_times(series)
    for (start, value), (end, next_value) in zip(points, points[1:]):
        yield [end, in_range((next_value - value) / (end - start) * interval, "DOUBLE")]


def derivative_linear(series, interval):
    """Return the time series of the change in each interval."""
    return json.dumps(list(slopes(series, interval)))


def non_negative_derivative_linear(series, interval):
    """Return the time series of the change, without negative values."""
    return json.dumps([point for point in slopes(series, interval) if point[1] >= 0])


def integral_trapezoidal(series, interval):
    """Return the area under a time series, by the trapezoidal rule."""
    if interval <= 0:
        raise QueryError("The interval of an integral must be greater than zero")
    points = check_times(series)
    if not points:
        return None
    areas = [
        (value + next_value) / 2 * (end - start) / interval
        for (start, value), (end, next_value) in zip(points, points[1:])
    ]
    return in_range(math.fsum(areas), "DOUBLE")


def paired_values(one, other):
    """Return the values of two time series, which must have the same times."""
    one, other = check_times(one), check_times(other)
    if [time for time, _ in one] != [time for time, _ in other]:
        raise QueryError("Correlated time series must have the same timestamps")
    return [value for _, value in one], [value for _, value in other]


def correlation(xs, ys):
    """Return Pearson's coefficient, or None if one of them does not vary."""
    if len(xs) < 2:
        return None
    x_mean, y_mean = fmean(xs), fmean(ys)
    together = math.fsum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys))
    alone = math.fsum((x - x_mean) ** 2 for x in xs) * math.fsum((y - y_mean) ** 2 for y in ys)
    return max(-1.0, min(1.0, together / math.sqrt(alone))) if alone else None


def ranks(values):
    """Return the rank of each value; equal values share their mean rank."""
    ordered = sorted(values)
    first = {value: place for place, value in reversed(list(enumerate(ordered)))}
    last = {value: place for place, value in enumerate(ordered)}
    return [(first[value] + last[value]) / 2 for value in values]


def correlate_pearson(one, other):
    """Return Pearson's correlation of two time series."""
    return correlation(*paired_values(one, other))


def correlate_spearman(one, other):
    """Return Spearman's correlation of two time series, which is Pearson's of the ranks."""
    xs, ys = paired_values(one, other)
    return correlation(ranks(xs), ranks(ys))


# These have the same name in SQL, after t_.
SAME_NAMES = [
    array_join, array_position, array_remove, contains, derivative_linear, element_at,
    equal, field, integral_trapezoidal, interpolate, interpolate_at, correlate_pearson,
    repeat, non_negative_derivative_linear, sequence, correlate_spearman, subscript, unnest,
]  # fmt: skip
FUNCTIONS = {
    **{function.__name__: function for function in SAME_NAMES},
    "array_concat": of_arrays(lambda *arrays: sum(arrays, [])),
    "array_distinct": of_arrays(distinct),
    "array_except": of_arrays(
        lambda one, other: [item for item in distinct(one) if not has(other, item)]
    ),
    "array_intersect": of_arrays(
        lambda one, other: [item for item in distinct(one) if has(other, item)]
    ),
    "array_max": extreme(max),
    "array_min": extreme(min),
    "array_reverse": of_arrays(lambda array: array[::-1]),
    "array_sort": of_arrays(array_sort),
    "array_union": of_arrays(lambda one, other: distinct(one + other)),
    "arrays_overlap": overlap,
    "cardinality": lambda array: len(load(array)),
    "flatten": of_arrays(lambda arrays: sum((array for array in arrays if array), [])),
    "list": make_list,
    "slice": array_slice,
    "zip": of_arrays(zip_arrays),
}
TAKING_NULLS = ["list", "repeat", "unnest"]


# With lambdas. call: the lambda as a function of loaded values.


def filter_array(call, array):
    """Return the elements for which a lambda is true."""
    return json.dumps([item for item in load(array) if call(item)])


def transform(call, array):
    """Apply a lambda to each element."""
    return json.dumps([call(item) for item in load(array)])


def zip_with(call, one, other):
    """Apply a lambda to the pairs of elements of two arrays."""
    return json.dumps([call(*pair) for pair in pad(load(one), load(other))])


def any_match(call, array):
    """Return whether a lambda is true for any element; None if that depends on a null."""
    results = [call(item) for item in load(array)]
    if 1 in results:
        return 1
    return None if None in results else 0


def all_match(call, array):
    """Return whether a lambda is true for all elements; None if that depends on a null."""
    results = [call(item) for item in load(array)]
    if 0 in results:
        return 0
    return None if None in results else 1


# Their first argument is the lambda, as a function.
LAMBDA_FUNCTIONS = {
    "all_match": all_match,
    "any_match": any_match,
    "filter": filter_array,
    "transform": transform,
    "zip_with": zip_with,
}
