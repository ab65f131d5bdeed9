"""What a learner's own mistakes look like: each is shown where it is, and not blamed on AWS.

Each test changes one thing in a script, and runs the script on a local AWS after the set-up.
"""

import random
import sys
import traceback
from types import ModuleType

import pytest

from tests.environment import REPOSITORY


@pytest.fixture
def run_with(table, stream, monkeypatch, capsys):
    """A function that replaces a text in a script, runs it, and returns its lines."""

    def run_with(script, text, replacement):
        source = (REPOSITORY / script).read_text(encoding="utf-8")
        assert source.count(text) == 1
        module = ModuleType("script")
        exec(compile(source.replace(text, replacement), script, "exec"), vars(module))
        options = ["--count", "1"] if "sensor" in script else []
        monkeypatch.setattr(sys, "argv", [script, *options])
        monkeypatch.setattr(random, "uniform", lambda low, high: low)
        status = module.main()
        lines = capsys.readouterr().out.splitlines()
        assert status == 1
        assert not any(line.startswith("Not sent") for line in lines)
        return lines

    return run_with


@pytest.mark.parametrize(
    ("script", "text", "mistake", "error", "place"),
    [
        pytest.param(
            "wave_sensor.py",
            '"MeasureValue": metric',
            '"MeasureValue": metrc',
            "NameError: name 'metrc' is not defined",
            "create_measurement",
            id="a name with a typo",
        ),
        pytest.param(
            "alarm_sensor.py",
            "import uuid\n",
            "",
            "NameError: name 'uuid' is not defined",
            "create_log_line",
            id="a missing import",
        ),
        pytest.param(
            "wave_sensor.py",
            "unsent.append(create_record(",
            "unsent.append(create_records(",
            "NameError: name 'create_records' is not defined",
            "generate_wave",
            id="a function that does not exist",
        ),
        pytest.param(
            "wave_sensor.py",
            "DatabaseName=DATABASE_NAME",
            "DatabaseName=DATABASE",
            "NameError: name 'DATABASE' is not defined",
            "send",
            id="a constant that does not exist, in the call itself",
        ),
        pytest.param(
            "alarm_sensor.py",
            '"ascii"))',
            '"asci"))',
            "LookupError: unknown encoding: asci",
            "encode",
            id="an encoding that does not exist",
        ),
        pytest.param(
            "alarm_sensor.py",
            'return "Normal"',
            'return "Überlast"',
            "UnicodeEncodeError: 'ascii' codec can't encode character",
            "encode",
            id="a status that is not ASCII",
        ),
        pytest.param(
            "cleanup.py",
            "logGroupName=LOG_GROUP_NAME",
            "logGroupName=LOG_GROUP",
            "NameError: name 'LOG_GROUP' is not defined",
            "delete_log_group",
            id="a typo in the clean-up",
        ),
    ],
)
def test_a_mistake_in_the_code_is_a_traceback_that_ends_there(
    run_with, script, text, mistake, error, place
):
    with pytest.raises(Exception) as raised:
        run_with(script, text, mistake)
    [last] = traceback.format_exception_only(raised.value)[-1:]
    assert last.startswith(error)
    functions = [frame.name for frame in raised.traceback if str(frame.path).endswith(script)]
    assert functions[-1] == place


@pytest.mark.parametrize(
    ("script", "text", "mistake", "said"),
    [
        pytest.param(
            "setup_kinesis.py",
            "ShardCount=SHARD_COUNT",
            "ShardCount=SHARDS",
            "Create stream failed: name 'SHARDS' is not defined",
            id="a name with a typo, in a set-up script",
        ),
        pytest.param(
            "setup_timestream.py",
            '"MagneticStoreRetentionPeriodInDays": MAG',
            '"MagneticStoreRetentionDays": MAG',
            'Unknown parameter in RetentionProperties: "MagneticStoreRetentionDays"',
            id="a parameter with a typo",
        ),
        pytest.param(
            "wave_sensor.py",
            'client("timestream-write", config',
            'client("timestream", config',
            "Could not create a client: Unknown service: 'timestream'. Valid service names are:",
            id="a service that does not exist",
        ),
        pytest.param(
            "wave_sensor.py",
            'TABLE_NAME = "WeatherMetrics"',
            'TABLE_NAME = "WetherMetrics"',
            "WetherMetrics",
            id="a table with a typo",
        ),
        pytest.param(
            "alarm_sensor.py",
            'STREAM_NAME = "TUTORIAL"',
            'STREAM_NAME = "TUTORAL"',
            "TUTORAL",
            id="a stream with a typo",
        ),
    ],
)
def test_an_error_of_aws_or_the_sdk_is_a_line_that_names_it(run_with, script, text, mistake, said):
    lines = run_with(script, text, mistake)
    assert said in "\n".join(lines)


@pytest.mark.parametrize(
    ("script", "text", "mistake", "said"),
    [
        pytest.param(
            "wave_sensor.py",
            "create_measurement(str(value))",
            "create_measurement(value)",
            "Invalid type for parameter Records[0].MeasureValue, value: 61, type: <class 'int'>",
            id="a number where Timestream wants a string",
        ),
        pytest.param(
            "wave_sensor.py",
            "create_measurement(str(value))",
            "create_measurement('hot')",
            "hot",
            id="text instead of a number",
        ),
        pytest.param(
            "wave_sensor.py",
            '"MeasureValueType": "DOUBLE"',
            '"MeasureValueType": "FLOAT"',
            "FLOAT",
            id="a type that Timestream does not have",
        ),
        pytest.param(
            "alarm_sensor.py",
            'PARTITION_KEY = "0"',
            "PARTITION_KEY = 0",
            "Invalid type for parameter PartitionKey, value: 0, type: <class 'int'>",
            id="a partition key that is a number",
        ),
    ],
)
def test_a_wrong_record_is_named_without_advice_on_signing_in(
    run_with, script, text, mistake, said
):
    lines = run_with(script, text, mistake)
    assert said in lines[-1]
    assert "signed in" not in "\n".join(lines)


@pytest.mark.parametrize(
    ("script", "advice"),
    [
        ("wave_sensor.py", '"python setup_timestream.py" in eu-west-1?'),
        ("alarm_sensor.py", '"python setup_kinesis.py" in eu-west-1?'),
    ],
)
def test_in_a_region_without_the_set_up_a_sensor_names_the_region(
    run_with, monkeypatch, script, advice
):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    lines = run_with(script, "MAX_UNSENT = 3600", "MAX_UNSENT = 7200")
    assert "(ResourceNotFoundException)" in lines[0]
    assert lines[-1] == f"Is this terminal signed in, and did you run {advice}"
