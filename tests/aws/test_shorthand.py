"""tests/aws/shorthand.py: it reads what the AWS CLI's documentation shows, and nothing else."""

import pytest
from botocore.session import Session

from tests.aws.shorthand import Reader, parse_shorthand


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("Key=x,Value=y z", {"Key": "x", "Value": "y z"}, id="texts"),
        pytest.param("A=b,c,D=e=f", {"A": ["b", "c"], "D": "e=f"}, id="a list without brackets"),
        pytest.param(
            "A={B=c,D={E=f}},G=h", {"A": {"B": "c", "D": {"E": "f"}}, "G": "h"}, id="depth"
        ),
        pytest.param(
            "A=[b,{C=d}],E=[]", {"A": ["b", {"C": "d"}], "E": []}, id="a list in brackets"
        ),
        pytest.param(
            r"""A='b, \'c\'',D="e\"}",F=g\,h""",
            {"A": "b, 'c'", "D": 'e"}', "F": "g,h"},
            id="quotes and a comma that separates nothing",
        ),
        pytest.param("A = b , C= d ,E=", {"A": "b", "C": "d", "E": ""}, id="blanks, and no value"),
    ],
)
def test_pairs_lists_and_structures_are_read(text, value):
    assert Reader(text).read() == value


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a", "Key=value is missing before 'a'"),
        ("A=b,", "a value is missing at the end"),
        ("A=b,,c", "a value is missing before ',c'"),
        ("A={B=c", ", is missing at the end"),
        ("A=[b", ", is missing at the end"),
        ("A='b", "a closing ' is missing"),
        ("A=b}", ", is missing before '}'"),
        ("A='b'c", ", is missing before 'c'"),
        ("A=b,A=c", "A stands twice"),
    ],
)
def test_what_it_cannot_read_is_an_error_that_names_the_place(text, error):
    with pytest.raises(ValueError, match="^" + error.replace("}", r"\}")):
        Reader(text).read()


def test_values_get_the_types_of_the_parameter():
    model = Session().get_service_model("lambda").operation_model("CreateEventSourceMapping")
    text = "SourceAccessConfigurations=Type=VPC_SUBNET,BatchSize=7,Enabled=false,Topics=t,Nope=1"
    text = text.replace("=Type=VPC_SUBNET", "=[{Type=VPC_SUBNET}]")
    assert parse_shorthand(model.input_shape, text) == {
        "SourceAccessConfigurations": [{"Type": "VPC_SUBNET"}],
        "BatchSize": 7,
        "Enabled": False,
        "Topics": ["t"],
        "Nope": "1",  # botocore refuses it by name
    }


def test_values_get_the_types_of_the_parameter_in_a_map_too():
    model = Session().get_service_model("dynamodb").operation_model("PutItem")
    value = parse_shorthand(model.input_shape.members["Item"], "a={BOOL=true},b={SS=x}")
    assert value == {"a": {"BOOL": True}, "b": {"SS": ["x"]}}
