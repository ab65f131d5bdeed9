"""Answers SHOW and DESCRIBE: Timestream Developer Guide, "SHOW statements", "DESCRIBE statements".

The columns are as recorded on AWS.
"""

from tests.local_aws.query.errors import wrong
from tests.local_aws.query.python_functions import like
from tests.local_aws.query.selects import find_database, find_table

DIMENSIONS = {
    "ArrayColumnInfo": {
        "Type": {
            "RowColumnInfo": [
                {"Name": "dimension_name", "Type": {"ScalarType": "VARCHAR"}},
                {"Name": "data_type", "Type": {"ScalarType": "VARCHAR"}},
            ]
        }
    }
}


def text_column(name):
    """Return the description of a text column."""
    return {"Name": name, "Type": {"ScalarType": "VARCHAR"}}


def text_row(*texts):
    """Return a row of texts."""
    return {"Data": [{"ScalarValue": text} for text in texts]}


def show(node, databases):
    """Answer SHOW DATABASES, SHOW TABLES FROM a database, SHOW MEASURES FROM a table."""
    if node.what == "databases":
        columns, rows = [text_column("Database")], {name: text_row(name) for name in databases}
    elif node.what == "tables":
        if len(node.parts) != 1:
            raise wrong(node.place, "SHOW TABLES FROM needs the name of a database")
        tables = find_database(databases, node)
        columns, rows = [text_column("Table")], {name: text_row(name) for name in tables}
    else:
        columns = [text_column("measure_name"), text_column("data_type")]
        columns.append({"Name": "dimensions", "Type": DIMENSIONS})
        rows = show_measures(find_table(databases, node))
    if node.pattern is not None:
        rows = {name: row for name, row in rows.items() if like(key_name(name), node.pattern)}
    return {"ColumnInfo": columns, "Rows": [rows[name] for name in sorted(rows)]}


def key_name(key):
    """Return the name in a row; a measure has a row for each of its types."""
    return key if isinstance(key, str) else key[0]


def show_measures(table):
    """Return {(measure name, type): row} for the measures of a table, with their dimensions."""
    rows = {}
    for (measure, kind), dimensions in table.measures.items():
        names = [{"RowValue": text_row(name, "varchar")} for name in dimensions]
        row = text_row(measure, kind.lower())
        row["Data"].append({"ArrayValue": names})
        rows[measure, kind] = row
    return rows


def describe(node, databases):
    """Answer DESCRIBE."""
    names = ["Column", "Type", "Timestream attribute type"]
    table = find_table(databases, node)
    rows = []
    for column in table.columns:
        category = find_category(table, column.name)
        rows.append(text_row(column.name, column.kind.lower(), category))
    return {"ColumnInfo": [text_column(name) for name in names], "Rows": rows}


def find_category(table, name):
    """Return a column's Timestream attribute type."""
    if name in table.dimensions:
        return "DIMENSION"
    if name.startswith("measure_value::"):
        return "MEASURE_VALUE"
    return {"measure_name": "MEASURE_NAME", "time": "TIMESTAMP"}.get(name, "MULTI")
