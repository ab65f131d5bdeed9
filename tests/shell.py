"""The little of bash that README.md's commands use, run in this process: no shell, no AWS CLI.

`python SCRIPT` is the script's main(), `aws` is tests/aws.py, and the few others are what they mean.
Whatever else the README may come to use is an error that names it, so it cannot show a command that
was not run.
"""

import base64
import importlib
import re
import shlex
import sys
import zipfile
from pathlib import Path
from unittest import mock

from tests import aws

ASSIGNMENT = re.compile(r"(\w+)=(.*)", re.DOTALL)
HERE_DOCUMENT = re.compile(r" <<('?)EOF\1$")
REDIRECTION = re.compile(r"(.*?)(?: > (\S+))?", re.DOTALL)
OPERATOR = re.compile(r"[();<>|&]+")


class ShellError(Exception):
    """A command that this shell does not know, or that failed; the text names it."""


def split_commands(block):
    """Return the commands of a bash block, each with its continued lines or its here-document."""
    commands, lines = [], iter(block.splitlines())
    for line in lines:
        command = line
        while command.endswith("\\"):
            command += "\n" + next(lines)
        if HERE_DOCUMENT.search(command):
            for line in lines:
                command += "\n" + line
                if line == "EOF":
                    break
        if command.strip():
            commands.append(command)
    return commands


def split_here_document(command):
    """Return a command in one line, and the text of its here-document."""
    first, _, text = command.partition("\n")
    if HERE_DOCUMENT.search(first):
        return first, text.removesuffix("EOF")
    return command.replace("\\\n", " "), ""


def split_words(command):
    """Return the words of a command; what bash takes for an operator is a word of its own."""
    words = shlex.shlex(command, posix=True, punctuation_chars=True)
    words.whitespace_split, words.commenters = True, ""
    return list(words)


class Shell:
    """Runs commands, one after the other, with the current folder for files.

    capture: a context manager that gives what this thread prints, see tests/local_aws/function.py.
    pause: a function that is called with the seconds of a `sleep`, and with 0 after a script.
    script_options: {script: options to add}, to give the sensors another pace.
    printed: [(words of a command, what it printed)], also of what has gone to a file.
    """

    def __init__(self, capture, pause, script_options):
        self.capture, self.pause, self.script_options = capture, pause, script_options
        self.variables, self.printed = {}, []

    def run(self, command):
        """Run a command; return what it prints. Raise ShellError if it fails or is not known."""
        command, text = split_here_document(command)
        if found := HERE_DOCUMENT.search(command):
            command, text = command[: found.start()], text if found[1] else self.expand(text)
        if found := ASSIGNMENT.fullmatch(command.removeprefix("export ")):
            self.variables[found[1]] = " ".join(shlex.split(self.expand(found[2])))
            return ""
        command, target = REDIRECTION.fullmatch(command.removesuffix(" &")).groups()
        plain = command.removesuffix(" | base64 --decode")
        words = split_words(self.expand(plain))
        if any(OPERATOR.fullmatch(word) for word in words):
            raise ShellError(f"this shell does not know: {command}")
        output = self.execute(words, text)
        self.printed.append((words, output))
        if plain != command:
            output = base64.b64decode(output).decode()
        if target:
            Path(target).write_text(output, encoding="utf-8")
        return "" if target else output

    def expand(self, text):
        """Return a text with its variables and the output of its $(commands) put in."""
        text = re.sub(r"\$\((.*)\)", lambda found: self.run(found[1]).strip(), text)
        return re.sub(r"\$\{(\w+)\}", lambda found: self.find(found[1]), text)

    def find(self, name):
        """Return the value of a variable."""
        if name not in self.variables:
            raise ShellError(f"there is no variable {name}")
        return self.variables[name]

    def execute(self, words, text):
        """Run one program; return what it prints. `text` is that of its here-document."""
        match words:
            case ["aws", *options]:
                return self.call(aws.main, words, options)
            case ["python", "-"]:
                return self.call(exec, words, text, {})
            case ["python", script, *options] if script.endswith(".py"):
                main = importlib.import_module(script.removesuffix(".py")).main
                argv = [script, *options, *self.script_options.get(script, [])]
                with mock.patch.object(sys, "argv", argv):
                    output = self.call(main, words)
                self.pause(0)
                return output
            case ["python3", "-m", "zipfile", "-c", target, *names]:
                with zipfile.ZipFile(target, "w") as archive:
                    for name in names:
                        archive.write(name)
            case ["echo", *values]:
                return " ".join(values) + "\n"
            case ["cat", *names] if names or text:
                return text or "".join(Path(name).read_text(encoding="utf-8") for name in names)
            case ["sleep", seconds]:
                self.pause(int(seconds))
            case ["rm", "-f", *names]:
                for name in names:
                    Path(name).unlink(missing_ok=True)
            case ["source", ".venv/bin/activate"] | ["wait"]:
                pass  # this process is in it already, and nothing runs in the background
            case _:
                raise ShellError(f"this shell does not know: {shlex.join(words)}")
        return ""

    def call(self, function, words, *arguments):
        """Call a function that prints; return what it prints, raise ShellError if it fails."""
        with self.capture() as output:
            try:
                status = function(*arguments)
            except (Exception, SystemExit) as error:
                status = f"{type(error).__name__}: {error}"
        if status:
            text = output.getvalue()
            raise ShellError(f"{shlex.join(words)}: exit status {status}: {text.strip()[-500:]}")
        return output.getvalue()
