"""README.md's tables, policies, diagram and numbers agree with its commands and the scripts."""

import json
import re

import botocore
import botocore.session
import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

import alarm_sensor
import cleanup
import lambda_function
import setup_kinesis
import setup_timestream
from tests.environment import REPOSITORY
from tests.walkthrough import readme, walk

README = readme.read()
STEPS = {title: text for section in walk.EVERYTHING for title, text in readme.read_steps(section)}
COMMANDS = [
    " ".join(command.replace("\\\n", " ").split())
    for block in readme.read_blocks(walk.EVERYTHING)
    for command in block.commands
]
SESSION = botocore.session.Session()
OPERATIONS = {
    "iam": {"iam"},
    "kinesis": {"kinesis"},
    "logs": {"logs"},
    "sqs": {"sqs"},
    "timestream": {"timestream-write", "timestream-query"},
}


# The options' table of step 7

OPTION_ROW = re.compile(r"^\| `(--[\w-]+)`? ?`?(\w+)` \| (.*?) \| (.*?) \|$", re.MULTILINE)
OPTIONS = OPTION_ROW.findall(README)
# What a value means, in the table's words.
MEANINGS = {
    ("--batch-size", "10"): "up to ten records at a time",
    ("--starting-position", "TRIM_HORIZON"): "starts with the oldest record",
    (
        "--function-response-types",
        "ReportBatchItemFailures",
    ): "from the first record that the function",
    ("--maximum-record-age-in-seconds", "3600"): "until it is an hour old",
}
# Lambda's default for an option: in botocore's words, and in the table's.
DEFAULTS = {
    "--batch-size": ("<b>Amazon Kinesis</b> – Default 100.", "100"),
    "--starting-position": ("Required for Amazon Kinesis", "none"),
    "--function-response-types": ("", "failed records are lost"),
    "--maximum-record-age-in-seconds": ("default value is infinite (-1)", "no limit"),
}


def test_the_options_table_has_the_options_of_the_command_and_their_values():
    command = next(each for each in COMMANDS if "lambda create-event-source-mapping" in each)
    options = dict(re.findall(r"(--[\w-]+) (\S+)", command))
    others = {"--function-name", "--event-source-arn", "--query", "--output"}
    table = {name: value for name, value, _, _ in OPTIONS}
    assert table == {name: options[name] for name in options if name not in others}


@pytest.mark.parametrize(("name", "value", "meaning", "default"), OPTIONS)
def test_a_row_of_the_options_table_agrees_with_botocore(name, value, meaning, default):
    assert MEANINGS[name, value] in meaning
    documented, said = DEFAULTS[name]
    model = SESSION.get_service_model("lambda").operation_model("CreateEventSourceMapping")
    member = "".join(word.title() for word in name.strip("-").split("-"))
    assert documented in model.input_shape.members[member].documentation
    assert default.startswith(said)


# The policies


def find_policies():
    """Return the statements of all policies that README.md shows."""
    sources = [quote for text in STEPS.values() for quote in readme.find_quotes(text, "json")]
    sources += readme.find_quotes(readme.read_section("Prerequisites"), "json")
    sources += re.findall(r"<<'?EOF'?\n(\{.*?\})\nEOF$", README, re.MULTILINE | re.DOTALL)
    policies = [json.loads(source) for source in sources if '"Version"' in source]
    statements = [policy["Statement"] for policy in policies]
    return [
        each for found in statements for each in (found if isinstance(found, list) else [found])
    ]


def as_list(value):
    """Return a list unchanged, and any other value in a list."""
    return value if isinstance(value, list) else [value]


POLICIES = find_policies()
QUEUES = {
    name for text in COMMANDS for name in re.findall(r"create-queue --queue-name (\S+)", text)
}
TABLE = f"{lambda_function.DATABASE_NAME}/table/{lambda_function.TABLE_NAME}"
RESOURCES = {
    "iam": {f"arn:aws:iam::*:role/{cleanup.ROLE_NAME}"},
    "logs": {f"arn:aws:logs:*:*:log-group:{cleanup.LOG_GROUP_NAME}*"},
    "kinesis": {f"arn:aws:kinesis:*:*:stream/{alarm_sensor.STREAM_NAME}"},
    "timestream": {f"arn:aws:timestream:*:*:database/{TABLE}"},
    "sqs": {f"arn:aws:sqs:*:*:{queue}" for queue in QUEUES},
}


def test_the_policies_that_the_tests_below_need_exist():
    actions = {action for policy in POLICIES for action in as_list(policy["Action"])}
    assert {action.partition(":")[0] for action in actions} == set(RESOURCES)


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_a_policy_allows_existing_operations_on_the_scripts_resources(policy):
    services = set()
    for action in as_list(policy["Action"]):
        service, _, operation = action.partition(":")
        services.add(service)
        models = [SESSION.get_service_model(name) for name in OPERATIONS[service]]
        assert any(operation in model.operation_names for model in models), action
    [service] = services
    resource = re.sub(r"\$\{\w+\}", "*", policy["Resource"])
    if resource == "*":
        assert policy["Action"] == "timestream:DescribeEndpoints"  # it has no resource
    else:
        assert {resource} == RESOURCES[service]
    assert policy.get("Effect") == "Allow"


def read_managed(name):
    """Return the actions that one of AWS's managed policies allows."""
    document = json.loads(aws_managed_policies_data)[name]["Document"]
    return {action for each in as_list(document["Statement"]) for action in as_list(each["Action"])}


def find_actions(resource_part):
    """Return the actions that the function's policy allows on a resource."""
    return {
        action
        for policy in POLICIES
        if resource_part in policy["Resource"] and "${REGION}" in policy["Resource"]
        for action in as_list(policy["Action"])
    }


def test_the_functions_policy_allows_the_same_as_awss_policies():
    kinesis = read_managed("AWSLambdaKinesisExecutionRole") - {"kinesis:ListStreams"}
    logs = read_managed("AWSLambdaBasicExecutionRole")
    assert find_actions("stream/") == {each for each in kinesis if each.startswith("kinesis:")}
    assert find_actions("log-group:") == logs
    assert find_actions("table/") == {"timestream:WriteRecords"}


def test_the_readers_policy_allows_all_operations_on_the_role():
    [policy] = [each for each in POLICIES if "iam:CreateRole" in as_list(each["Action"])]
    done = {words.split()[2] for words in COMMANDS if words.startswith("aws iam ")}
    script = (REPOSITORY / "cleanup.py").read_text()
    changes = {name.replace("-", "_") for name in done} | set(
        re.findall(r"client\.(\w+role\w*)\(", script)
    )
    changes = {name for name in changes if name.partition("_")[0] not in ("list", "get", "detach")}
    allowed = {action.partition(":")[2] for action in as_list(policy["Action"])}
    assert {"".join(map(str.title, name.split("_"))) for name in changes} <= allowed
    assert len(allowed) == 4


# The diagram


ARROW = re.compile(r"^ *(\w+)(?:\[.*?\])? -- (\w+) --> (\w+)", re.MULTILINE)
DIAGRAM = readme.find_quotes(README, "mermaid")[0]
# The operations on the arrows, and the resources to which they lead.
TARGETS = {
    "WriteRecords": f"Timestream<br>{TABLE.replace('/table/', '.')}",
    "PutRecord": f"Kinesis<br>{setup_kinesis.STREAM_NAME}",
    "batches": "Lambda<br>lambda_function.py",
}


def test_the_diagram_names_scripts_operations_and_resources():
    nodes = dict(re.findall(r'(\w+)[\[(]+"([^"]*)"', DIAGRAM))
    arrows = ARROW.findall(DIAGRAM)
    assert len(arrows) == 4
    for source, operation, target in arrows:
        assert nodes[target] == TARGETS[operation]
        for script in re.findall(r"\w+\.py", nodes[source]):
            method = botocore.xform_name(operation)
            assert f"client.{method}(" in (REPOSITORY / script).read_text(encoding="utf-8")


def test_the_diagram_uses_the_tutorials_names_for_readings():
    for words in ["wave_sensor.py<br>temperatures", "alarm_sensor.py<br>log lines", "query"]:
        assert f'["{words}"]' in DIAGRAM


# Names in commands


def test_commands_use_the_scripts_names():
    names = {
        "--function-name": {cleanup.FUNCTION_NAME},
        "--stream-name": {setup_kinesis.STREAM_NAME},
        "--role-name": {cleanup.ROLE_NAME},
        "--log-group-name": {cleanup.LOG_GROUP_NAME},
        "--log-group-name-prefix": {cleanup.LOG_GROUP_NAME},
    }
    for command in COMMANDS:
        for option, value in re.findall(r"(--[\w-]+)[ =](\S+)", command):
            assert value in names.get(option, {value}), command
        for database, table in re.findall(r"\bfrom (\w+)\.(\w+)", command):
            assert database == setup_timestream.DATABASE_NAME, command
            assert table == setup_timestream.TABLE_NAME1, command


# Waits. A walk cannot notice a missing one: at its speed, everything is ready in time.

WAITS = {
    r"aws lambda (create-function|update-function-\w+) ": r"aws lambda wait function-",
    r"aws lambda (create|update|delete)-event-source-mapping ": r"wait_for_mapping ",
    r"aws iam put-role-policy ": r"sleep \d+",
    r"aws kinesis update-shard-count ": r"aws kinesis wait stream-exists ",
}


@pytest.mark.parametrize(("change", "wait"), WAITS.items())
def test_after_a_change_commands_wait_until_it_has_taken_effect(change, wait):
    for block in readme.read_blocks(walk.EVERYTHING):
        pending = None
        for command in block.commands:
            if re.match(change, command):
                assert pending is None, f"nothing waits for {pending}"
                pending = command
            elif re.match(wait, command):
                pending = None
        assert pending is None, f"nothing waits for {pending}"


# Numbers in sentences

WORDS = {
    **{"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7},
    **{
        "eight": 8,
        "nine": 9,
        "ten": 10,
        "twenty": 20,
        "thirty": 30,
        "half an": 0.5,
        "twice a": 0.5,
    },
}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "HOURS": 3600, "DAYS": 86400}
DIGITS = r"\d[\d,]*(?:\.\d+)?"
LONG_FIRST = "|".join(sorted(WORDS, key=len, reverse=True))
TIME = re.compile(rf"\b({DIGITS}|{LONG_FIRST})[\s-]+((s)econd|(m)inute|(h)our|(d)ay)s?\b")
COUNTED = "|".join(word for word in WORDS if word not in ("a", "an", "one"))
COUNT = re.compile(rf"(?<![\w.#:/-])({DIGITS}|{COUNTED})\b(?![:/])")

# Numbers in sentences that are in no command, output, quote or constant of their step, because they
# are computed, or come from AWS's documentation. Add yours here.
FACTS = {
    "2. Create database and table": ["six hours"],
    "3. Create the stream": ["24 hours", "1,000"],
    "5. Create the function, as a skeleton": ["45 seconds"],  # three calls and their pauses
    "7. Connect the stream to the function": ["five minutes"],  # 60 times 5 seconds
    "8. Send the wave": ["five seconds"],  # a sensor's timeouts
    "9. Query it": [
        *["six seconds", "half an hour", "30 hours", "170 hours", "seven days", "169 hours"],
        *["90", "89", "88", "100"],
    ],
    "10. Send alarms": ["a day"],
    "11. Give the function its final code": ["two", "four", "100", "2021"],
    "13. Follow a bad record": ["three minutes", "thirty", "30"],
    "Make it yours": ["three"],
    "Growing it": ["a day", "1,000", "450", "4,000"],
    "Fill a gap": ["six seconds"],
    "Other services": ["3"],
}


def read_number(text):
    """Return the value of a number written in digits or words."""
    return WORDS[text] if text in WORDS else float(text.replace(",", ""))


def find_in_prose(text):
    """Return {number as written: its value}; times are in seconds."""
    text = " ".join(
        re.sub(r"[Ss]teps? [\d, and]+|\d+ (April|June) \d+|\bversion \d", "", text).split()
    )
    found = {
        match[0]: read_number(match[1]) * SECONDS[match[2][0]] for match in TIME.finditer(text)
    }
    rest = TIME.sub("", text)
    return found | {words: read_number(words) for words in COUNT.findall(rest)}


def find_in_code(text):
    """Return the numbers in commands, outputs and quotes; times are in seconds."""
    numbers = {float(number) for number in re.findall(r"(?<![\d.])\d+(?:\.\d+)?", text)}
    times = re.findall(r"(?<![\d.])(\d+)([smhd])\b", text)
    times += [(number, unit) for unit, number in re.findall(r"_(HOURS|DAYS) = (\d+)", text)]
    return numbers | {int(number) * SECONDS[unit] for number, unit in times}


def read_constants(code):
    """Return the lines of the scripts that set the constants used in some code."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in REPOSITORY.glob("*.py"))
    lines = re.findall(r"^([A-Z_\d]+)( = .*)", text, re.MULTILINE)
    return "\n".join(f"{name}{value}" for name, value in lines if re.search(rf"\b{name}\b", code))


def find_unexplained(text):
    """Return the numbers in a step's sentences that are not in its code."""
    prose = readme.BLOCK.sub("", text)
    code = "\n".join(match[3] for match in readme.BLOCK.finditer(text))
    code += " ".join(re.findall(r"`([^`]+)`", prose))
    code += read_constants(code)
    prose = re.sub(r"`[^`]+`|\]\([^)]*\)|\[[^]]*\]: .*|^\|.*", "", prose, flags=re.MULTILINE)
    known = find_in_code(code)
    return [words for words, value in find_in_prose(prose).items() if value not in known]


@pytest.mark.parametrize("title", STEPS)
def test_a_number_in_a_sentence_is_in_the_steps_code_or_a_known_fact(title):
    unexplained = find_unexplained(STEPS[title])
    assert unexplained == FACTS.get(title, []), "not in the code of this step, nor in FACTS"


def find_introductions():
    """Return (sentence, block) for each sentence with a time that introduces commands."""
    found = []
    for text in STEPS.values():
        for block in readme.BLOCK.finditer(text):
            paragraph = text[: block.start()].rstrip().rpartition("\n\n")[2]
            sentence = re.split(r"(?<=[.)])\s", paragraph)[-1]
            times = {time[0] for time in TIME.finditer(sentence) if time[2][0] != "d"}
            if block[2] == "bash" and sentence.endswith(":") and times:
                found.append((sentence, block[3]))
    return found


@pytest.mark.parametrize(("sentence", "block"), find_introductions())
def test_a_time_in_the_sentence_before_commands_is_in_the_commands(sentence, block):
    assert find_in_code(block) & set(find_in_prose(sentence).values())


def test_another_number_in_a_sentence_is_noticed():
    code = "```bash\naws x --maximum-record-age-in-seconds 3600 --count 30\n```\n"
    assert find_unexplained(f"{code}an hour, and thirty alarms") == []
    for sentence in ["a minute", "half an hour", "forty-two, 42"]:
        assert find_unexplained(f"{code}{sentence}") != []
