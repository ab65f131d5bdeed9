"""tests/aws/output.py: each text and table here is what AWS CLI 2.38.1 prints of the same value."""

import pytest

from tests.aws.output import format_json, format_table, format_text

FUNCTION = {
    "FunctionName": "consumer",
    "Timeout": 60,
    "Layers": [],
    "Architectures": ["x86_64"],
    "SnapStart": {"ApplyOn": "None"},
}
ROWS = [{"Data": [{"ScalarValue": "a"}, {"NullValue": True}]}, {"Data": []}]
TAGS = [{"Key": "ü", "Value": "漢"}, {"Key": "y"}]


def test_json_is_indented_and_shows_any_letter_and_nothing_of_an_empty_response():
    assert format_json({"Ü": []}) == '{\n    "Ü": []\n}\n'
    assert format_json(None) == "null\n"
    assert format_json({}) == ""


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        pytest.param("a", ["a"], id="a text"),
        pytest.param(None, ["None"], id="nothing"),
        pytest.param([], [], id="an empty list"),
        pytest.param(["a", 1, True], ["a\t1\tTrue"], id="a list"),
        pytest.param([["a", 1], ["b", None], "c"], ["c", "a\t1", "b\tNone"], id="rows"),
        pytest.param({"Names": ["a", "b"]}, ["NAMES\ta", "NAMES\tb"], id="a list that is a part"),
        pytest.param(
            FUNCTION,
            ["consumer\t60", "ARCHITECTURES\tx86_64", "SNAPSTART\tNone"],
            id="a structure with parts",
        ),
        pytest.param(TAGS, ["ü\t漢", "y\t"], id="structures, one incomplete"),
        pytest.param(ROWS, ["DATA\t\ta", "DATA\tTrue\t"], id="the rows of a query"),
    ],
)
def test_text_is_a_line_for_each_structure_and_for_each_of_its_parts(value, lines):
    assert format_text(value).splitlines() == lines


PARTS = """\
-----------------------------
|            Get            |
+---------------+-----------+
| FunctionName  |  Timeout  |
+---------------+-----------+
|  consumer     |  60       |
+---------------+-----------+
||      Architectures      ||
|+-------------------------+|
||  x86_64                 ||
|+-------------------------+|
||        SnapStart        ||
|+--------------+----------+|
||  ApplyOn     |  None    ||
|+--------------+----------+|
"""
PARTS_OF_EACH = """\
--------------------------------
|             Query            |
||            Data            ||
|+------------+---------------+|
||  NullValue |  ScalarValue  ||
|+------------+---------------+|
||            |  a            ||
||  True      |               ||
|+------------+---------------+|
|             Query            |
"""
LISTS = """\
---------------
|    List     |
+----+--------+
|  a |  1     |
|  b |  None  |
+----+--------+
"""
WIDE_LETTERS = """\
------------------
|    ListTags    |
+------+---------+
|  Key |  Value  |
+------+---------+
|  ü  |  漢     |
|  y   |         |
+------+---------+
"""
NARROW_COLUMNS = """\
------------------------------
|           Narrow           |
+---+----+-------------------+
| A | C  |  Value of three   |
+---+----+-------------------+
|  1|  3 |  2                |
+---+----+-------------------+
"""
STANDING = """\
------------------------
|          Get         |
+---------------+------+
|  FunctionName |  x   |
|  Timeout      |  60  |
+---------------+------+
"""
ONLY_A_TITLE = """\
-------
|Title|
+-----+
"""


@pytest.mark.parametrize(
    ("title", "value", "table"),
    [
        pytest.param("Get", FUNCTION, PARTS, id="a structure with parts"),
        pytest.param("Query", ROWS, PARTS_OF_EACH, id="structures with parts"),
        pytest.param("List", [["a", 1], ["b", None]], LISTS, id="lists in a list"),
        pytest.param("ListTags", TAGS, WIDE_LETTERS, id="letters that are two places wide"),
        pytest.param(
            "Narrow", [{"A": 1, "Value of three": 2, "C": 3}], NARROW_COLUMNS, id="narrow"
        ),
        pytest.param("Title", "a text", ONLY_A_TITLE, id="a text, of which it shows nothing"),
        pytest.param("Title", [], "", id="an empty list"),
    ],
)
def test_a_table_has_a_section_for_each_part(title, value, table):
    assert format_table(title, value) == table


def test_a_row_that_is_wider_than_the_terminal_stands_up(monkeypatch):
    row = {"FunctionName": "x", "Timeout": 60}
    monkeypatch.setenv("COLUMNS", "30")
    assert len(format_table("Get", row).splitlines()[0]) == 29
    monkeypatch.setenv("COLUMNS", "28")
    assert format_table("Get", row) == STANDING


@pytest.mark.parametrize(
    ("value", "error"),
    [
        pytest.param([["a", 1], ["b"]], "this one has 1 values, the first one 2", id="rows"),
        pytest.param([{"A": 1}, "b"], "--output json only", id="a mixture"),
    ],
)
def test_what_a_table_cannot_show_is_an_error_that_says_why(value, error):
    with pytest.raises(ValueError, match=error):
        format_table("Title", value)
