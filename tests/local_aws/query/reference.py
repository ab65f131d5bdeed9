"""Describes each function in one line, for the page of the local AWS."""

from tests.local_aws.query import functions
from tests.local_aws.query.types import name_kind

ABOUT = """
abs: the absolute value
acos: the arc cosine
ago: the time that is an interval before now
all_match: whether a condition is true for all elements
any_match: whether a condition is true for any element
any_value: any value of the group
approx_distinct: the number of distinct values
approx_percentile: the value at a percentile, from 0 to 1
arbitrary: any value of the group
array_agg: all values of the group, as an array
array_distinct: the elements without duplicates
array_except: the elements that are not in the other array
array_intersect: the elements that are in both arrays
array_join: the elements as one text, with a separator
array_max: the greatest element
array_min: the least element
array_position: the position of an element, from 1, or 0
array_remove: the elements that are not equal to a value
array_sort: the elements, sorted
array_union: the elements of both arrays without duplicates
arrays_overlap: whether two arrays have a common element
asin: the arc sine
atan: the arc tangent
atan2: the arc tangent of y / x
avg: the average
bin: the start of the interval that contains a time
bit_count: the number of bits that are set, in two's complement
bitwise_and: the bits that are set in both numbers
bitwise_and_agg: the bits that are set in all numbers
bitwise_not: all bits inverted
bitwise_or: the bits that are set in either number
bitwise_or_agg: the bits that are set in any number of the group
bitwise_xor: the bits that differ
bool_and: whether all values are true
bool_or: whether any value is true
cardinality: the number of elements
cbrt: the cube root
ceil: rounded up to an integer
ceiling: rounded up to an integer
chr: the character with a Unicode number
coalesce: the first value that is not null
codepoint: the Unicode number of a character
concat: texts or arrays, joined
concat_ws: texts, joined with a separator
contains: whether an array has an element
corr: the correlation of two numbers
correlate_pearson: Pearson's correlation of two time series
correlate_spearman: Spearman's correlation of two time series
cos: the cosine
cosh: the hyperbolic cosine
count: the number of rows, or of values that are not null
count_if: the number of rows for which a condition is true
covar_pop: the covariance of a population
covar_samp: the covariance of a sample
create_time_series: the values of the group as a time series
cume_dist: the share of the rows up to this one
current_timezone: UTC
date: the date of a time
date_add: the time some units later
date_diff: the number of units from one time to another
date_format: a time as text, such as '%Y-%m-%d %H:%i:%s'
date_parse: the time in a text such as '%Y-%m-%d'
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
filter: the elements for which a condition is true
first_value: the first value of the window
flatten: the elements of all arrays in an array
floor: rounded down to an integer
format_datetime: a time as text, such as 'yyyy-MM-dd HH:mm:ss'
from_iso8601_date: the date in a text such as 2026-11-24
from_iso8601_timestamp: the time in a text such as 2026-11-24T03:04:05Z
from_milliseconds: the time of milliseconds since 1970
from_nanoseconds: the time of nanoseconds since 1970
from_unixtime: the time of seconds since 1970
geometric_mean: the geometric mean
greatest: the greatest of the values
hour: the hour
if: one value or another, by a condition
integral_trapezoidal: the area under a time series
interpolate_fill: a time series with a fixed value at missing times
interpolate_linear: a time series with values on the lines between its points
interpolate_locf: a time series that carries its last value forward
interpolate_spline_cubic: a time series with values on a smooth curve
lag: the value of a row before this one
last_day_of_month: the last day of a time's month
last_value: the last value of the window
lead: the value of a row after this one
least: the least of the values
length: the number of characters in a text
levenshtein_distance: the number of characters to change
ln: the natural logarithm
log: the logarithm to a base
log10: the logarithm to base 10
log2: the logarithm to base 2
lower: in lower case
lpad: a text padded at its start
ltrim: without spaces at its start
max: the greatest value, or the n greatest ones
max_by: the value in the row with the greatest other value
millisecond: the milliseconds of the second
min: the least value, or the n least ones
min_by: the value in the row with the least other value
minute: the minute
mod: the remainder of a division
month: the month
nanosecond: the nanoseconds of the second
non_negative_derivative_linear: the change per interval, where it does not fall
none_match: whether a condition is true for no element
now: the time now
nth_value: the nth value of the window
ntile: the row's part, of n equal parts
nullif: null if two values are equal, else the first
parse_datetime: the time in a text such as 'yyyy-MM-dd'
parse_duration: the interval in a text such as 42.8ms
percent_rank: the rank as a share, from 0 to 1
pi: pi
position: the position of a text in another: position('b' in 'abc')
pow: a number to the power of another
power: a number to the power of another
quarter: the quarter of the year
radians: degrees in radians
rank: the rank, with gaps
reduce: one value computed from all elements in turn
regexp_count: the number of matches of a regular expression
regexp_extract: the first match, or a group of it
regexp_extract_all: all matches
regexp_like: whether a regular expression matches anywhere
regexp_replace: a text with all matches replaced
regexp_split: the parts of a text between matches
regr_intercept: the y intercept of the line through the points
regr_slope: the slope of the line through the points
repeat: an array with a value repeated
replace: a text with a part of it replaced
reverse: a text or an array in reverse
round: rounded, to a number of decimals
row_number: the number of the row in the window
rpad: a text padded at its end
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
strpos: the position of a text in another, from 1, or 0
substr: a part of a text
substring: a part of a text
sum: the sum
tan: the tangent
tanh: the hyperbolic tangent
to_iso8601: a time as text, such as 2026-11-24T03:04:05
to_milliseconds: the milliseconds of a time or an interval
to_nanoseconds: the nanoseconds of a time or an interval
to_unixtime: the seconds of a time since 1970
transform: the result of an expression for each element
translate: a text with letters replaced by others
trim: without spaces around it
truncate: without decimals
upper: in upper case
var_pop: the variance of a population
var_samp: the variance of a sample
variance: the variance of a sample
week: the week of the year
week_of_year: the week of the year
width_bucket: the range of a number, of n equal ranges
year: the year
year_of_week: the year to which the week belongs
yow: the year to which the week belongs
zip: the elements of two arrays as rows
zip_with: the result of an expression for each pair of elements
"""
ABOUT = dict(line.split(": ", 1) for line in ABOUT.strip().splitlines())


def list_functions():
    """Return the functions: a list of {"name", "signature", "about"}, by name."""
    return [
        {"name": name, "signature": describe_signature(name, signature), "about": ABOUT[name]}
        for name in sorted(functions.FUNCTIONS)
        for signature in functions.FUNCTIONS[name] + functions.PLAIN_SIGNATURES.get(name, [])
    ]


def describe_signature(name, signature):
    """Return a signature as text: abs(number) -> number."""
    parameters = [describe_kind(parameter) for parameter in signature.parameters]
    dots = ", ..." if signature.repeats else ""
    return f"{name}({', '.join(parameters)}{dots}) -> {describe_kind(signature.result)}"


def describe_kind(kind):
    """Return the name of a type in a signature; letters for numbers become "number"."""
    if kind in ("N", "M"):
        return "number"
    return name_kind(kind).replace("(N)", "(number)")
