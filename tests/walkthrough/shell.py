"""The little of bash that README.md's commands use, run in this process: no shell, no AWS CLI.

`python SCRIPT` is the script's main(), `aws` is tests/aws_cli, the few others are what they mean.
Whatever else the README may come to use is an error that names it, so it cannot show a command
that was not run. tokens.py reads a command, this runs it:

    COMMAND [| COMMAND] [> FILE] [<<EOF] [&]
    [export] NAME=VALUE
    until COMMAND; do COMMAND; ... done, one of which is `sleep`
"""

import base64
import importlib
import shlex
import shutil
import sys
import zipfile
from pathlib import Path
from unittest import mock

from tests.aws_cli import cli
from tests.local_aws.function import capture
from tests.walkthrough.tokens import (
    ASSIGNMENT,
    HereDocument,
    ShellError,
    Sign,
    Substitution,
    Text,
    Variable,
    Word,
    tokenize,
)


class NotTrue(ShellError):
    """A test that did not come true: `grep -q` found nothing."""


class Shell:
    """Runs commands, one after the other, with the current folder for files.

    pause: a function that is called with the seconds of a `sleep`, and with 0 after a script.
    script_options: {script: options to add}, to give the sensors another pace.
    patience: seconds of `sleep` in which the condition of an `until` has to come true.
    printed: [(command, what it printed)], also of a part of another one, and what goes to a file.
    """

    def __init__(self, pause, script_options, patience=600):
        self.pause = pause
        self.script_options = script_options
        self.patience = patience
        self.variables = {}
        self.printed = []
        self.slept = 0  # seconds of `sleep` so far

    def run(self, command):
        """Run a command; return what it shows. Raise ShellError if it fails or is not known."""
        output, shown = self.run_tokens(command, tokenize(command))
        self.printed.append((command, output))
        return shown

    def run_tokens(self, command, tokens):
        """Run a command that has been read; return what it prints, and what of that it shows."""
        match tokens:
            case [Word("until"), *condition_and_body]:
                self.run_until(command, condition_and_body)
                return "", ""
            case [Word("export"), Word() as word] | [Word() as word] if is_assignment(word):
                self.assign(word)
                return "", ""
        target = take_target(tokens)
        output = self.run_pipeline(tokens)
        if target is None:
            return output, output
        self.write(self.expand(target), output)
        return output, ""

    def run_until(self, command, tokens):
        """Run `until CONDITION; do COMMAND; ... done`, as long as patience lasts."""
        condition, body = split_loop(command, tokens)
        begin = self.slept
        while not self.is_true(condition):
            if self.slept - begin >= self.patience:
                raise ShellError(f"not true after {self.slept - begin} seconds: {command}")
            for step in body:
                self.run_tokens(command, [*step])

    def is_true(self, condition):
        """Return whether a condition is true. A command in it that fails is an error."""
        try:
            self.run_pipeline(condition)
        except NotTrue:
            return False
        return True

    def assign(self, word):
        """Set a variable, as in NAME=value."""
        name, _, start = word.parts[0].text.partition("=")
        parts = [Text(start), *word.parts[1:]]
        self.variables[name] = "".join(self.read_part(part) for part in parts)

    def run_pipeline(self, tokens):
        """Run commands that each read what the one before prints; return the last output."""
        if tokens and tokens[-1] == Sign("&"):
            tokens = tokens[:-1]  # in the background: here it is done at once
        output, words = None, []
        for token in tokens:
            match token:
                case Word():
                    words.append(self.expand(token))
                case HereDocument(word):
                    output = self.expand(word)
                case Sign("|"):
                    output, words = self.execute(words, output), []
                case Sign(sign):
                    source = shlex.join(words)
                    raise ShellError(f"this shell does not know {sign} after {source}")
        return self.execute(words, output)

    def expand(self, word):
        """Return what a word says, with the values of its variables."""
        texts = []
        for part in word.parts:
            text = self.read_part(part)
            if isinstance(part, (Variable, Substitution)) and not part.quoted:
                refuse_several(word, text)
            texts.append(text)
        return "".join(texts)

    def read_part(self, part):
        """Return what a part of a word says."""
        match part:
            case Text(text):
                return text
            case Variable(name) if name in self.variables:
                return self.variables[name]
            case Variable(name):
                raise ShellError(f"this shell does not know ${{{name}}}")
            case Substitution(command):
                return self.run(command).rstrip("\n")

    def write(self, target, output):
        """Write what a command has printed to a file."""
        if target != "/dev/null":  # Windows has none
            Path(target).write_text(output, encoding="utf-8")

    def sleep(self, seconds):
        """Pause for some seconds."""
        if not seconds.isdecimal():
            raise ShellError(f"this shell does not know: sleep {seconds}")
        self.pause(int(seconds))
        self.slept += int(seconds)

    def execute(self, words, text):
        """Run one program; return what it prints. `text` is what it can read, or None."""
        match words:
            case ["aws", *options]:
                return self.call(words, cli.main, options)
            case ["python", "-"] if text is not None:
                return self.call(words, exec, text, {})
            case ["python", "-c", code]:
                return self.call(words, exec, code, {})
            case ["python", script, *options] if script.endswith(".py"):
                main = importlib.import_module(script.removesuffix(".py")).main
                argv = [script, *options, *self.script_options.get(script, [])]
                with mock.patch.object(sys, "argv", argv):
                    output = self.call(words, main)
                self.pause(0)
                return output
            case ["python3", "-m", "zipfile", *options]:
                return self.call(words, zipfile.main, options)
            case ["echo", value] if not value.startswith("-"):
                return f"{value}\n"
            case ["cat"] if text is not None:
                return text
            case ["cat", name]:
                return Path(name).read_text(encoding="utf-8")
            case ["base64", "--decode"] if text is not None:
                return base64.b64decode(text).decode()
            case ["grep", "-q", word] if text is not None and word.isalnum():
                if word not in text:
                    raise NotTrue(f"grep -q {word}: exit status 1")
            case ["test", "-n", value]:
                if not value:
                    raise NotTrue("test -n '': exit status 1")
            case ["test", one, "=", other]:
                if one != other:
                    raise NotTrue(f"test {one} = {other}: exit status 1")
            case ["sleep", seconds]:
                self.sleep(seconds)
            case ["cp", source, target]:
                shutil.copy(source, target)
            case ["rm", "-f", *names]:
                for name in names:
                    Path(name).unlink(missing_ok=True)
            case ["source", ".venv/bin/activate"] | ["wait"]:
                pass  # this process is in it already, and nothing runs in the background
            case _:
                raise ShellError(f"this shell does not know: {shlex.join(words)}")
        return ""

    def call(self, words, function, *arguments):
        """Call a function that prints; return what it prints, raise ShellError if it fails."""
        with capture() as output:
            try:
                status = function(*arguments)
            except (Exception, SystemExit) as error:
                status = repr(error)
        if status:
            text = output.getvalue().strip()[-500:]
            raise ShellError(f"{shlex.join(words)}: exit status {status}: {text}")
        return output.getvalue()


def split_loop(command, tokens):
    """Return the condition of an `until`, and the list of commands in its body."""
    match tokens:
        case [*start, Sign(";"), Word("done")] if Word("do", [Text("do")]) in start:
            place = start.index(Word("do", [Text("do")]))
            condition, body = start[:place], [[]]
        case _:
            raise ShellError(f"this shell does not know: {command}")
    for token in start[place + 1 :]:
        if token == Sign(";"):
            body.append([])
        else:
            body[-1].append(token)
    pauses = any(step[0] == Word("sleep", [Text("sleep")]) for step in body if step)
    if condition[-1:] != [Sign(";")] or [] in body or not pauses:
        raise ShellError(f"this shell does not know: {command}")
    return condition[:-1], body


def refuse_several(word, text):
    """Refuse what bash would take for several words, or for none."""
    if len(text.split()) != 1:
        raise ShellError(f"{word.source} needs double quotes: it is {text!r}")


def is_assignment(word):
    """Return whether a word sets a variable."""
    return ASSIGNMENT.match(word.source) is not None


def take_target(tokens):
    """Take the file that a command's output goes to out of its tokens; None if there is none."""
    if Sign(">") not in tokens:
        return None
    place = tokens.index(Sign(">"))
    match tokens[place : place + 2]:
        case [_, Word() as target]:
            del tokens[place : place + 2]
            return target
    raise ShellError("this shell does not know > without a file behind it")
