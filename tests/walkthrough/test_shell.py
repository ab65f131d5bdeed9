"""The walkthrough's shell: what it knows it does as bash does, and whatever else is an error."""

from pathlib import Path

import boto3
import pytest

from tests.walkthrough.shell import Shell
from tests.walkthrough.tokens import ShellError, split_commands


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A shell in an empty folder, that prints pauses."""
    monkeypatch.chdir(tmp_path)
    return Shell(print, {}, patience=10)


def run(shell, block):
    """Run the commands of a block; return what they show."""
    return "".join([shell.run(command) for command in split_commands(block)])


def test_a_block_is_split_into_commands_and_each_ends_where_it_does_in_bash():
    commands = [
        "echo a",
        "aws x \\\n  --query b",
        'aws x --query-string "select a\n\n  from b"',
        "cat > f <<'EOF'\n'a\nEOF \n\nEOF",
        "until aws x | grep -q b\ndo\n  sleep 5\ndone",
        "until aws x | grep -q b; do sleep 5; done",
        "A=$(aws x \\\n  | base64 --decode)",
        "echo b | echo (",  # an error, when it is run
        "echo 'a",
    ]
    assert split_commands("\n\n".join(commands) + "\n") == commands


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        pytest.param("echo a", "a\n", id="a word"),
        pytest.param(
            """echo 'a  $\\"'"\\"b\\$\\n"c""", 'a  $\\""b$\\nc\n', id="quotes side by side"
        ),
        pytest.param('echo "a\n  b\\\nc"', "a\n  bc\n", id="quotes over several lines"),
        pytest.param("A='b  c'\necho \"${A}-${A}\"", "b  c-b  c\n", id="a variable"),
        pytest.param('export A="b"\necho ${A}/c', "b/c\n", id="an exported variable"),
        pytest.param("A=$(echo 'b\nc')\necho \"${A}\"", "b\nc\n", id="the output of a command"),
        pytest.param('A="x $(echo "b )")"\necho "${A}"', "x b )\n", id="... among other text"),
        pytest.param('echo $(python -c "print(1 + 2)")', "3\n", id="the output of Python"),
        pytest.param("echo aGk= | base64 --decode", "hi", id="base64"),
        pytest.param("echo a > f\ncp f g\nrm -f f h\ncat g", "a\n", id="files"),
        pytest.param(
            "echo a > f\npython3 -m zipfile -c z f\nrm -f f\npython3 -m zipfile -e z .\ncat f",
            "a\n",
            id="a zip file",
        ),
        pytest.param("echo a > /dev/null &\nwait", "", id="in the background, and unseen"),
        pytest.param("A=b\ncat <<EOF\n${A} \"\\$'\nEOF", "b \"$'\n", id="lines with variables"),
        pytest.param("cat > f <<'EOF'\n${A} \\$\nEOF\ncat f", "${A} \\$\n", id="lines as they are"),
        pytest.param("cat <<EOF > f\na\nEOF\ncat f", "a\n", id="lines before the file"),
        pytest.param("python - <<'EOF'\nprint(7)\nEOF", "7\n", id="a program"),
        pytest.param("test -n a", "", id="a test"),
    ],
)
def test_it_does_what_bash_does(shell, block, shown):
    assert run(shell, block) == shown


def test_what_a_command_has_printed_is_kept_wherever_it_went(shell):
    run(shell, "A=$(echo b)\necho c > f")
    assert shell.printed == [("echo b", "b\n"), ("A=$(echo b)", ""), ("echo c > f", "c\n")]
    assert not Path("/dev/null").is_file()


def test_it_pauses_for_sleep_and_after_a_script(shell, aws, lines):
    run(shell, "sleep 7\npython setup_timestream.py\nwait")
    assert lines() == ["7", "0"]


UNTIL = (
    "until aws kinesis list-streams --query StreamNames --output text | grep -q x; do sleep 5; done"
)


@pytest.mark.parametrize("command", [UNTIL, UNTIL.replace("; ", "\n")])
def test_until_pauses_until_the_word_is_there(shell, aws, lines, command):
    def pause(seconds):
        print(seconds)
        boto3.client("kinesis").create_stream(StreamName="x", ShardCount=1)

    shell.pause = pause
    run(shell, command)
    assert lines() == ["5"]


def test_until_runs_all_commands_of_its_body(shell, lines):
    loop = """
BEFORE=0
NOW=1
until test ${BEFORE} = ${NOW}; do
    BEFORE=${NOW}
    sleep 3
    NOW=$(echo 2)
done"""
    for command in split_commands(loop):
        shell.run(command)
    assert lines() == ["3", "3"]


def test_until_ends_when_patience_does(shell, lines):
    command = "until echo a | grep -q b; do sleep 4; done"
    with pytest.raises(ShellError, match="not true after 12 seconds: until echo a"):
        shell.run(command)
    assert lines() == ["4", "4", "4"]


def test_each_until_has_its_own_patience(shell):
    shell.run("sleep 9")
    with pytest.raises(ShellError, match="not true after 12 seconds: until echo a"):
        shell.run("until echo a | grep -q b; do sleep 4; done")


@pytest.mark.parametrize(
    ("block", "named"),
    [
        ("ls -l", "ls -l"),
        ("wait 7", "wait 7"),
        ("echo -n a", "echo -n a"),
        ("sleep 0.5", "sleep 0.5"),
        ("cat > a", "cat"),
        ("cat >", "> without a file"),
        ("echo a >> b", ">"),
        ("echo a 2> b", ">"),
        ("echo a > b > c", "> after echo a"),
        ("echo a | tr a b", "tr a b"),
        ("echo a | grep -q 'a.'", "grep -q a."),
        ("echo a | grep -q b", "grep -q b: exit status 1"),
        ('test -n ""', "exit status 1"),
        ("sleep 1 & wait", "&"),
        ("echo a && echo b", "&"),
        ("echo a; ls", ";"),
        ("echo *", "*"),
        ("echo 'a", "'"),
        ('echo "a', '"'),
        ("echo $(echo a", ")"),
        ("cat <<EOF\na", "EOF is missing"),
        ("echo a \\", "\\ in echo a"),
        ("A=b wait", "A=b wait"),
        ("export A=b B=c", "export A=b B=c"),
        ("echo $(ls)", "ls"),
        ("echo $(echo 'a b')", "$(echo 'a b') needs double quotes: it is 'a b'"),
        ("A=\necho ${A}", "${A} needs double quotes"),
        ('echo "`ls`"', "`"),
        ("echo ${NOPE}", "${NOPE}"),
        ("cat > a <<EOF\n$NOPE\nEOF", "$ in $NOPE"),
        ("until echo a; do echo b; done", "until echo a; do echo b; done"),
        ("until echo a & do sleep 1; done", "until echo a & do"),
        ("until ls; do sleep 1; done", "ls"),
        ("A=$(aws kinesis nope)", "status 252: aws: "),
        ("echo a > f\nrm -f f g\naws iam get-role --role-name file://f", "No such file"),
        ("python cleanup.py -x", "SystemExit(2)"),
        ("python - <<'EOF'\n1 / 0\nEOF", "ZeroDivision"),
        ("python -c '1 / 0'", "ZeroDivision"),
    ],
)
def test_a_command_that_fails_or_is_not_known_is_an_error_that_names_it(shell, block, named):
    with pytest.raises(ShellError) as error:
        run(shell, block)
    assert named in str(error.value)
