"""README.md: its commands, excerpts, names, links and lists are true."""

import json
import re
import shlex
import subprocess
import textwrap
from fnmatch import fnmatch

import botocore.session
import pytest
from botocore import xform_name

import cleanup
import initial_lambda_function
import lambda_function
import setup_kinesis
import setup_timestream
from tests import walkthrough
from tests.walkthrough import REPOSITORY, SAMPLE_EVENT

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^ *```(\w+)\n(.*?)^ *```$", README, re.MULTILINE | re.DOTALL)
BASH = [textwrap.dedent(text) for language, text in BLOCKS if language == "bash"]
HEADINGS = re.findall(r"^#+ (.*)$", README, re.MULTILINE)

# The command line's own options, and the customisations of its commands.
GLOBAL_OPTIONS = {"--query", "--output", "--region", "--profile"}
CUSTOM_OPTIONS = {("lambda", "create-function"): {"--zip-file"}}

NAMES = {
    "--function-name": {cleanup.FUNCTION_NAME},
    "--role-name": {cleanup.ROLE_NAME},
    "--stream-name": {setup_kinesis.STREAM_NAME},
    "--event-source-arn": {
        f"arn:aws:kinesis:${{REGION}}:${{ACCOUNT_ID}}:stream/{cleanup.STREAM_NAME}"
    },
    "--role": {f"arn:aws:iam::${{ACCOUNT_ID}}:role/{cleanup.ROLE_NAME}"},
    "--log-group-name": {cleanup.LOG_GROUP_NAME},
    "--log-group-name-prefix": {cleanup.LOG_GROUP_NAME},
    "--policy-arn": {f"arn:aws:iam::aws:policy/{name}" for name in walkthrough.POLICIES},
    "--assume-role-policy-document": {"file://Lambda-Role-Trust-Policy.json"},
    "--handler": {"initial_lambda_function.lambda_handler", "lambda_function.lambda_handler"},
}


def section(title):
    """Return what stands under a heading of the second level."""
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def aws_commands():
    """Return each aws command of the README as a list of words, inline ones included."""
    text = "\n".join(BASH).replace("\\\n", " ")
    found = re.findall(r"(?:^|\$\()(aws (?:[^()\n\"]|\"[^\"]*\")*)", text, re.MULTILINE)
    found += re.findall(r"`(aws [^`]*)`", README)
    commands = [shlex.split(command.partition(" | ")[0]) for command in found]
    return [words for words in commands if words[1] != "configure"]


@pytest.fixture(scope="module")
def session():
    """A botocore session, for its service models."""
    return botocore.session.Session()


def slug(heading):
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_quick_start_has_two_commands_of_one_line():
    blocks = re.findall(r"^```bash\n(.*?)^```$", section("Quick start"), re.MULTILINE | re.DOTALL)
    setup = "python3 -m venv .venv && .venv/bin/pip install -q -r requirements.txt && "
    assert blocks == [
        f"{setup}.venv/bin/python -m tests.walkthrough\n", f"{setup}.venv/bin/python -m pytest\n"
    ]


def test_the_sections_stand_in_the_order_of_the_tutorial():
    assert re.findall(r"^## (.*)$", README, re.MULTILINE) == [
        "Quick start", "Prerequisites", "Walkthrough", "Without AWS, by hand", "Clean up",
        "Where to go from here", "Troubleshooting", "Tests",
    ]
    steps = re.findall(r"^### (\d+)\.", section("Walkthrough"), re.MULTILINE)
    assert steps == [str(number) for number in range(1, len(steps) + 1)]


def test_each_python_excerpt_stands_in_the_file_that_it_names():
    excerpts = [textwrap.dedent(text) for language, text in BLOCKS if language == "python"]
    assert len(excerpts) >= 5
    for excerpt in excerpts:
        name, _, code = excerpt.partition("\n")
        source = (REPOSITORY / name.removeprefix("# ")).read_text(encoding="utf-8")
        lines = [line.strip() for line in source.splitlines()]
        wanted = [line.strip() for line in code.splitlines()]
        assert wanted in [lines[i : i + len(wanted)] for i in range(len(lines))], excerpt


def test_the_sample_event_is_the_one_that_the_tests_use():
    events = re.findall(r"^echo '(\{\"Records\".*\})' > sample-event.json$", README, re.MULTILINE)
    assert [json.loads(event) for event in events] == [SAMPLE_EVENT] * 2


def test_the_sample_event_goes_through_both_handlers(table, lines):
    initial_lambda_function.lambda_handler(SAMPLE_EVENT, None)
    assert lines()[0] in README
    assert lambda_function.lambda_handler(SAMPLE_EVENT, None) == {"batchItemFailures": []}
    assert len(table) == 1


def get_options(session, service, operation):
    """Return the options that the AWS CLI has for an operation; a KeyError if there is none."""
    model = session.get_service_model(service)
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    members = model.operation_model(operations[operation]).input_shape.members
    options = {f"--{xform_name(name, '-')}" for name in members}
    return options | GLOBAL_OPTIONS | CUSTOM_OPTIONS.get((service, operation), set())


def test_every_aws_command_and_option_exists(session):
    commands = [command for command in aws_commands() if command[2] != "wait"]
    assert len(commands) > 25
    for _, service, operation, *words in commands:
        used = {word for word in words if word.startswith("--")}
        assert used <= get_options(session, service, operation), f"aws {service} {operation}"


def test_every_waiter_exists(session):
    for _, service, _, waiter, option, _ in [c for c in aws_commands() if c[2] == "wait"]:
        names = session.get_waiter_model(service).waiter_names
        assert waiter in [xform_name(name, "-") for name in names]
        assert option == "--function-name"


def test_the_commands_name_the_things_as_the_scripts_do():
    seen = set()
    for command in aws_commands():
        for option, value in zip(command, command[1:]):
            if option in NAMES:
                assert value in NAMES[option]
                seen.add(option)
    assert seen == set(NAMES)


def test_queries_name_database_and_table_and_are_bounded_in_time():
    name = f"{setup_timestream.DATABASE_NAME}.{setup_timestream.TABLE_NAME1}"
    queries = [command[-1] for command in aws_commands() if command[1] == "timestream-query"]
    assert walkthrough.QUERY in queries and len(queries) == 2
    for query in queries:
        assert re.search(rf"from {name} where time >= ago\(\d+m\)", query)


def test_every_script_that_a_command_runs_exists():
    scripts = re.findall(r"^python (\w+\.py)", "\n".join(BASH), re.MULTILINE)
    modules = re.findall(r"python -m (tests\.\w+)", "\n".join(BASH))
    assert set(scripts) == {
        "setup_timestream.py", "setup_kinesis.py", "wave_sensor.py", "alarm_sensor.py", "cleanup.py"
    }
    assert set(modules) == {"tests.walkthrough", "tests.event_source_mapping", "tests.benchmark"}
    for name in [*scripts, *(f"{module.replace('.', '/')}.py" for module in modules)]:
        assert (REPOSITORY / name).is_file()


def test_no_command_has_a_placeholder():
    assert re.findall(r"<[\w .-]+>", "\n".join(BASH)) == []


def test_commands_are_bash_that_can_be_parsed():
    for block in BASH:
        assert subprocess.run(["bash", "-n"], input=block.encode(), check=False).returncode == 0


def test_every_file_and_heading_that_is_linked_exists():
    anchors = {slug(heading) for heading in HEADINGS}
    for target in re.findall(r"\]\(([^)]+)\)", README):
        if target.startswith("#"):
            assert target[1:] in anchors
        elif not target.startswith("https://"):
            assert (REPOSITORY / target).exists(), target


def test_every_named_link_is_defined_and_used():
    defined = set(re.findall(r"^\[([\w-]+)\]: https://", README, re.MULTILINE))
    used = set(re.findall(r"\]\[([\w-]+)\]", README))
    assert used == defined


def test_the_list_of_files_is_the_top_level():
    listed = re.findall(r"^\| \[`([^`]+)`\]", README, re.MULTILINE)
    ignored = [".*", "__pycache__", "*.egg-info"]
    ignored += [
        line for line in (REPOSITORY / ".gitignore").read_text().splitlines() if line[:1] != "#"
    ]
    there = [
        path.name + "/" * path.is_dir() for path in REPOSITORY.iterdir()
        if not any(fnmatch(path.name, pattern.rstrip("/")) for pattern in ignored)
    ]
    assert sorted(listed) == sorted(there)


def test_the_output_of_the_scripts_is_as_printed(aws, run):
    for script in (setup_timestream, setup_kinesis):
        _, lines = run(script)
        assert "\n".join(lines) in README


def test_the_error_lines_in_the_troubleshooting_table_are_those_of_the_scripts(run, monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    _, [line] = run(setup_timestream)
    assert f"`{line.partition(':')[0]}: ...`" in section("Troubleshooting")


def test_requirements_are_the_four_packages_with_bounds():
    lines = (REPOSITORY / "requirements.txt").read_text().split()
    assert [re.match(r"(\w+)>=[\d.]+,<\d+$", line)[1] for line in lines] == [
        "boto3", "botocore", "moto", "pytest"
    ]
