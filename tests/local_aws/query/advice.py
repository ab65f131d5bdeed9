"""The texts of errors: AWS's own where they are known, and hints that lead to the cause."""

import difflib
import re

from tests.local_aws.query import functions, nodes, types
from tests.local_aws.query.errors import NOT_HERE
from tests.local_aws.query.types import name_kind

# Functions that only AWS supports.
OF_TIMESTREAM = set(
    "approx_most_frequent approx_set checksum combinations cume_dist current_time empty_approx_set "
    "entropy from_base from_big_endian_64 from_utf8 hamming_distance histogram "
    "human_readable_seconds infinity is_finite is_infinite is_nan json_extract json_extract_scalar "
    "json_parse json_format kurtosis listagg map map_agg map_filter merge multimap_agg nan "
    "ngrams normalize numeric_histogram rand random reduce_agg regexp_position shuffle skewness "
    "soundex split_to_map timezone_hour to_base to_hex to_utf8 typeof url_decode url_encode uuid "
    "cardinality_intersection bool_xor bitwise_left_shift bitwise_right_shift format "
    "array_average array_sum localtime map_keys map_values transform_values transform_keys "
    "word_stem xxhash64 md5 sha1 sha256 sha512 to_big_endian_64".split()
)
# Numbers of arguments that only AWS supports.
WAYS_OF_TIMESTREAM = {
    "approx_distinct": [2],
    "approx_percentile": [3, 4],
    "array_sort": [2],
    "from_unixtime": [2, 3],
    "strpos": [3],
    "zip": [3, 4, 5],
}
# Functions of other databases, and their equivalents here.
OF_OTHERS = {
    "average": "avg(x)",
    "mean": "avg(x)",
    "median": "approx_percentile(x, 0.5)",
    "percentile": "approx_percentile(x, 0.5)",
    "percentile_cont": "approx_percentile(x, 0.5)",
    "quantile": "approx_percentile(x, 0.5)",
    "nvl": "coalesce(x, y)",
    "ifnull": "coalesce(x, y)",
    "isnull": "x is null, or coalesce(x, y)",
    "iif": "if(condition, x, y)",
    "decode": "case x when y then z end",
    "time_bucket": "bin(time, 5m)",
    "date_bin": "bin(time, 5m)",
    "strftime": "date_format(time, '%Y-%m-%d')",
    "to_char": "date_format(time, '%Y-%m-%d')",
    "datediff": "date_diff('second', x, y)",
    "timestampdiff": "date_diff('second', x, y)",
    "dateadd": "date_add('second', 1, time)",
    "date_sub": "time - 1d",
    "date_part": "extract(hour from time)",
    "datepart": "extract(hour from time)",
    "datetime": "timestamp '2026-11-24 03:04:05'",
    "to_timestamp": "from_milliseconds(x), or date_parse(x, '%Y-%m-%d')",
    "getdate": "now()",
    "sysdate": "now()",
    "curdate": "current_date",
    "len": "length(x)",
    "char_length": "length(x)",
    "left": "substr(x, 1, n)",
    "mid": "substr(x, start, n)",
    "instr": "strpos(x, y)",
    "charindex": "strpos(x, y)",
    "group_concat": "array_join(array_agg(x), ',')",
    "string_agg": "array_join(array_agg(x), ',')",
    "first": "min_by(x, time)",
    "last": "max_by(x, time)",
    "top": "limit 10 at the end of the query",
    "std": "stddev(x)",
    "pow2": "power(2, x)",
}


def explain_statement(token):
    """Return why Timestream's Query does not have a statement, or None."""
    changes = (
        "alter analyze call commit create deallocate delete drop execute explain grant insert "
        "merge prepare revoke rollback set start truncate update use"
    ).split()
    if token.kind != "name" or token.word not in changes:
        return None
    return (
        f"mismatched input '{token.text}'. Only SELECT, SHOW and DESCRIBE are allowed: "
        "Timestream's queries cannot change anything"
    )


def explain_function(name):
    """Return the error text for the name of a function that does not exist here."""
    if name.lower() in OF_TIMESTREAM:
        return f"{name} {NOT_HERE}"
    text = f"Function '{name}' not registered"
    if name.lower() in OF_OTHERS:
        return f"{text}. Timestream has {OF_OTHERS[name.lower()]}"
    known = {**{one: one for one in functions.FUNCTIONS}, "average": "avg"}
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.75)
    return f"{text}. Did you mean {known[near[0]]}?" if near else text


def describe_mismatch(node, values, signatures):
    """Return the error text for arguments of the wrong types."""
    given = ["a lambda" if value is None else name_kind(value.kind) for value in values]
    wanted = " or ".join(dict.fromkeys(describe_parameters(one) for one in signatures))
    if node.name in functions.OPERATORS:
        text = f"'{node.name}' cannot be applied to {', '.join(given)}"
    else:
        text = f"Unexpected parameters ({', '.join(given)}) for function {node.name}. "
        text += f"Expected: {wanted}"
    nested = [value for value in values if value and types.is_nested(value.kind)]
    if nested and len(set(given)) == 1 and node.name in (*functions.COMPARISONS, "between", "in"):
        return f"{node.name} of {given[0]} {NOT_HERE}"
    if node.name == "||" and (len(nested) > 1 or (nested and len(values) > 2)):
        return f"|| of these arrays and elements {NOT_HERE}. Put brackets around two at a time"
    series = [kind for kind in given if kind.startswith("timeseries")]
    if series and any("array(" in describe_parameters(one) for one in signatures):
        return f"{node.name} of {series[0]} {NOT_HERE}"
    if len(values) in WAYS_OF_TIMESTREAM.get(node.name, []):
        return f"{node.name} with {len(values)} arguments {NOT_HERE}"
    hint = find_hint(node, values)
    return f"{text}. {hint}" if hint else text


def describe_parameters(signature):
    """Return a function's parameters, such as (timestamp, interval day to second)."""
    words = []
    for parameter in signature.parameters:
        letters = {"N": "number", "M": "number"}
        words.append(letters.get(parameter) or name_kind(parameter))
    return f"({', '.join(words)}{', ...' if signature.repeats else ''})"


def find_hint(node, values):
    """Return what the reader probably meant, or None."""
    kinds = [value and value.kind for value in values]
    texts = [value.text for value in values if value and value.text is not None]
    has_text = any(kind in ("VARCHAR", types.TEXT) for kind in kinds)
    numbers = [one for one in node.arguments if is_number(one)]
    if "INTERVAL" not in kinds and any(re.fullmatch(r"\d+\s?[a-z]+", str(one)) for one in texts):
        text = next(one for one in texts if re.fullmatch(r"\d+\s?[a-z]+", str(one)))
        return f"Write an interval without quotes: {text}"
    if node.name in ("bin", "ago") and numbers:
        return f"An interval needs a unit: {numbers[0].value}s"
    if has_text and numbers and node.name in (*functions.COMPARISONS, "in", "between"):
        return f"Put text in quotes: '{numbers[0].value}'"
    if "TIMESTAMP" in kinds and numbers:
        if node.name in ("+", "-"):
            return f"An interval needs a unit: {numbers[0].value}s"
        return f"Write from_milliseconds({numbers[0].value}), or a time in quotes"
    if has_text and any(kind in types.NUMBERS for kind in kinds):
        return "Convert one of them with cast(x as varchar) or cast(x as double)"
    return None


def is_number(node):
    """Return whether a node is a number written in the query."""
    return isinstance(node, nodes.Constant) and node.kind in types.NUMBERS


def explain_missing(expressions, node):
    """Return the error text for the name of a column that does not exist."""
    *qualifier, name = node.parts
    relations = expressions.relations
    full = ".".join(node.parts)
    is_table = any(".".join(qualifier).lower() in one.names for one in relations)
    if qualifier and not is_table and not is_column(relations, node.parts[0]):
        return f"Table '{'.'.join(qualifier)}' is not in FROM"
    text = f"Column '{full}' cannot be resolved"
    found = [
        column.name
        for relation in relations
        if not qualifier or ".".join(qualifier).lower() in relation.names
        for column in relation.columns
        if column.name
    ]
    if found:
        text += f". Columns: {', '.join(dict.fromkeys(found))}"
    if name.lower() in map(str.lower, found):
        return f"{text}. Names are case-sensitive"
    if name.lower() in expressions.aliases:
        return f"{text}. '{name}' is an alias; only ORDER BY can use it"
    near = [column for column in found if column.startswith(f"{name}::")]
    near = near or difflib.get_close_matches(name, found, n=1, cutoff=0.75)
    if near:
        return f"{text}. Did you mean {near[0]}?"
    if not qualifier and "::" not in name:
        return f"{text}. Put text in single quotes: '{name}'"
    return text


def is_column(relations, name):
    """Return whether any of the relations has a column with this name."""
    return any(column.name == name for one in relations for column in one.columns)
