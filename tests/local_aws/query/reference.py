"""Describes each function in one line, for the page of the local AWS."""

from tests.local_aws.query import functions
from tests.local_aws.query.types import name_kind

ABOUT = """
abs: the absolute value
acos: the arc cosine
ago: the time that is an interval before now
all_match: whether a condition holds for all elements
any_match: whether a condition holds for an element
any_value: some value of the group
approx_distinct: how many different values there are
approx_percentile: the value at a percentile, from 0 to 1
arbitrary: some value of the group
array_agg: all values of the group, as an array
array_distinct: the elements, each once
array_except: the elements that the other array lacks
array_intersect: the elements that both arrays have
array_join: the elements as one text, with a separator
array_max: the greatest element
array_min: the least element
array_position: where an element is, from 1, or 0
array_remove: the elements that differ from a value
array_sort: the elements in order
array_union: the elements of both arrays, each once
arrays_overlap: whether two arrays have an element in common
asin: the arc sine
atan: the arc tangent
atan2: the arc tangent of y / x
avg: the average
bin: the start of the interval in which a time is
bitwise_and: the bits that both numbers have
bitwise_and_agg: the bits that all numbers have
bitwise_not: all bits the other way round
bitwise_or: the bits that one of the numbers has
bitwise_or_agg: the bits that one number of the group has
bitwise_xor: the bits that differ
bool_and: whether all values are true
bool_or: whether a value is true
cardinality: how many elements there are
cbrt: the cube root
ceil: the next integer above
ceiling: the next integer above
chr: the letter of a Unicode number
coalesce: the first value that is not null
codepoint: the Unicode number of a letter
concat: texts or arrays as one
concat_ws: texts as one, with a separator
contains: whether an array has an element
corr: the correlation of two numbers
correlate_pearson: Pearson's correlation of two time series
correlate_spearman: Spearman's correlation of two time series
cos: the cosine
cosh: the hyperbolic cosine
count: how many rows, or values that are not null, there are
count_if: for how many rows a condition holds
covar_pop: the covariance of a population
covar_samp: the covariance of a sample
create_time_series: the values of the group as a time series
cume_dist: the share of the rows up to this one
current_timezone: UTC
date: the date of a time
date_add: a time, some units later
date_diff: how many units it is from one time to another
date_format: a time as text, as '%Y-%m-%d %H:%i:%s'
date_parse: the time that a text has, as '%Y-%m-%d'
date_trunc: the start of the hour, day, week ... of a time
day: the day of the month
day_of_month: the day of the month
day_of_week: the day of the week; Monday is 1
day_of_year: the day of the year
degrees: radians in degrees
dense_rank: the rank without gaps
derivative_linear: the change per interval, as a time series
dow: the day of the week; Monday is 1
doy: the day of the year
e: Euler's number
element_at: an element, or null if there is none
every: whether all values are true
exp: e to the power of a number
filter: the elements for which a condition holds
first_value: the first value of the window
flatten: the elements of all arrays in an array
floor: the next integer below
format_datetime: a time as text, as 'yyyy-MM-dd HH:mm:ss'
from_iso8601_date: the date of a text as 2026-11-24
from_iso8601_timestamp: the time of a text as 2026-11-24T03:04:05Z
from_milliseconds: the time of milliseconds since 1970
from_nanoseconds: the time of nanoseconds since 1970
from_unixtime: the time of seconds since 1970
geometric_mean: the geometric mean
greatest: the greatest of the values
hour: the hour
if: one value or another, by a condition
integral_trapezoidal: the area below a time series
interpolate_fill: a time series with a fixed value where it has none
interpolate_linear: a time series with values on the lines between its points
interpolate_locf: a time series that keeps its last value
interpolate_spline_cubic: a time series with values on a smooth curve
lag: the value of a row before this one
last_day_of_month: the last day of a time's month
last_value: the last value of the window
lead: the value of a row after this one
least: the least of the values
length: how many characters a text has
levenshtein_distance: how many characters have to change
ln: the natural logarithm
log: the logarithm to a base
log10: the logarithm to base 10
log2: the logarithm to base 2
lower: in small letters
lpad: a text made longer at its start
ltrim: without spaces at its start
max: the greatest value, or the n greatest ones
max_by: the value in the row where another one is greatest
millisecond: the milliseconds of the second
min: the least value, or the n least ones
min_by: the value in the row where another one is least
minute: the minute
mod: what is left of a division
month: the month
nanosecond: the nanoseconds of the second
non_negative_derivative_linear: the change per interval, where it does not fall
none_match: whether a condition holds for no element
now: the time now
nth_value: the nth value of the window
ntile: in which of n equal parts the row is
nullif: null if two values are equal, else the first
parse_datetime: the time that a text has, as 'yyyy-MM-dd'
parse_duration: the interval that a text as 42.8ms is
percent_rank: the rank as a share, from 0 to 1
pi: pi
position: where a text is in another: position('b' in 'abc')
pow: a number to the power of another
power: a number to the power of another
quarter: the quarter of the year
radians: degrees in radians
rank: the rank, with gaps
reduce: one value made of all elements, one after the other
regexp_count: how often a regular expression matches
regexp_extract: what matches, or a group of it
regexp_extract_all: all that matches
regexp_like: whether a regular expression matches somewhere
regexp_replace: a text with another one for what matches
regexp_split: the parts between what matches
regr_intercept: where the line through the points crosses the y axis
regr_slope: the slope of the line through the points
repeat: an array of a value, several times
replace: a text with another one for a part of it
reverse: a text or an array from its end
round: rounded, to a number of decimals
row_number: the number of the row in the window
rpad: a text made longer at its end
rtrim: without spaces at its end
second: the second
sequence: the values from one to another, as an array
sign: -1, 0 or 1
sin: the sine
sinh: the hyperbolic sine
slice: a part of an array
split: the parts of a text between separators
split_part: a part of a text between separators
sqrt: the square root
starts_with: whether a text starts with another
stddev: the standard deviation of a sample
stddev_pop: the standard deviation of a population
stddev_samp: the standard deviation of a sample
strpos: where a text is in another, from 1, or 0
substr: a part of a text
substring: a part of a text
sum: the sum
tan: the tangent
tanh: the hyperbolic tangent
to_iso8601: a time as 2026-11-24T03:04:05
to_milliseconds: the milliseconds of a time or an interval
to_nanoseconds: the nanoseconds of a time or an interval
to_unixtime: the seconds of a time since 1970
transform: what an expression makes of each element
translate: a text with letters replaced by others
trim: without spaces around it
truncate: without decimals
upper: in capital letters
var_pop: the variance of a population
var_samp: the variance of a sample
variance: the variance of a sample
week: the week of the year
week_of_year: the week of the year
width_bucket: in which of n equal ranges a number is
year: the year
year_of_week: the year to which the week belongs
yow: the year to which the week belongs
zip: the elements of two arrays as rows
zip_with: what an expression makes of the elements of two arrays
"""
ABOUT = dict(line.split(": ", 1) for line in ABOUT.strip().splitlines())


def list_functions():
    """Return the functions: a list of {"name", "signature", "about"}, by name."""
    return [
        {"name": name, "signature": describe(name, signature), "about": ABOUT[name]}
        for name in sorted(functions.FUNCTIONS)
        for signature in functions.FUNCTIONS[name] + functions.PLAIN_SIGNATURES.get(name, [])
    ]


def describe(name, signature):
    """Return a signature as text: abs(number) -> number."""
    parameters = [describe_kind(parameter) for parameter in signature.parameters]
    dots = ", ..." if signature.repeats else ""
    return f"{name}({', '.join(parameters)}{dots}) -> {describe_kind(signature.result)}"


def describe_kind(kind):
    """Return the name of a type in a signature; letters for numbers become "number"."""
    if kind in ("N", "M"):
        return "number"
    return name_kind(kind).replace("(N)", "(number)")
