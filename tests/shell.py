"""The little of bash that README.md's commands use, run in this process: no shell, no AWS CLI.

`python SCRIPT` is the script's main(), `aws` is tests/aws.py, and the few others are what they
mean. Whatever else the README may come to use is an error that names it, so it cannot show a
command that was not run.
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
from tests.local_aws import capture

# A command ends with its line, unless that ends with a backslash or begins a here-document.
COMMAND = re.compile(r"(?:\\\n|.)+?(?: <<'?EOF'?\n(?:.*\n)*?EOF)?$", re.MULTILINE)
HERE_DOCUMENT = re.compile(r"(.*) <<('?)EOF\2\n(.*)EOF", re.DOTALL)
ASSIGNMENT = re.compile(r"(?:export )?(\w+)=(?:\$\((.*)\)|(.*))", re.DOTALL)
WORD = re.compile(r"""(?:'[^']*'|"(?:\\"|[^"\\])*"|\S)+""")
PART = re.compile(
    r"""'([^']*)'|"((?:\\"|[^"\\])*)"|((?:[\w./:=,@%+-]|\$\{\w+\})+)|(.)""", re.DOTALL
)


class ShellError(Exception):
    """A command that this shell does not know, or that failed; the text names it."""


class Shell:
    """Runs commands, one after the other, with the current folder for files.

    pause: a function that is called with the seconds of a `sleep`, and with 0 after a script.
    script_options: {script: options to add}, to give the sensors another pace.
    printed: [(command, what it printed)], also of a part of another one, and what goes to a file.
    """

    def __init__(self, pause, script_options):
        self.pause, self.script_options = pause, script_options
        self.variables, self.printed = {}, []

    def run(self, command):
        """Run a command; return what it shows. Raise ShellError if it fails or is not known."""
        whole, found = command, HERE_DOCUMENT.fullmatch(command)
        command, quote, text = found.groups() if found else (command, "'", "")
        if not quote:
            text = self.expand(text)
        command = command.replace("\\\n", " ").removesuffix(" &")
        if found := ASSIGNMENT.fullmatch(command):
            name, inner, value = found.groups()
            self.variables[name] = self.run(inner).strip() if inner else self.read(value)
            self.printed.append((whole, ""))
            return ""
        tokens, target, decode = WORD.findall(command), None, False
        if tokens[-2:-1] == [">"]:
            *tokens, _, target = tokens
        if tokens[-3:] == ["|", "base64", "--decode"]:
            tokens, decode = tokens[:-3], True
        words = [self.read(token) for token in tokens]
        try:
            output = self.execute(words, text)
        except OSError as error:
            raise ShellError(f"{shlex.join(words)}: {error}") from None
        if decode:
            output = base64.b64decode(output).decode()
        self.printed.append((whole, output))
        if target:
            Path(self.read(target)).write_text(output, encoding="utf-8")
        return "" if target else output

    def read(self, token):
        """Return a word of a command, without its quotes and with the values of its variables."""
        text = ""
        for single, double, bare, unknown in PART.findall(token):
            if unknown:
                raise ShellError(f"this shell does not know {unknown} in {token}")
            text += single + self.expand(double.replace('\\"', '"') + bare)
        return text

    def expand(self, text):
        """Return a text with the values of its variables."""
        def find(found):
            if found[1] not in self.variables:
                raise ShellError(f"this shell does not know {found[0]} in {text}")
            return self.variables[found[1]]

        return re.sub(r"\$\{(\w+)\}|[$`]", find, text)

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
            case ["python3", "-m", "zipfile", *options]:
                return self.call(zipfile.main, words, options)
            case ["echo", *values] if not "".join(values).startswith("-"):
                return " ".join(values) + "\n"
            case ["cat", *names] if names or text:
                return text or "".join(Path(name).read_text(encoding="utf-8") for name in names)
            case ["sleep", seconds] if seconds.isdigit():
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
        with capture() as output:
            try:
                status = function(*arguments)
            except (Exception, SystemExit) as error:
                status = f"{type(error).__name__}: {error}"
        if status:
            text = output.getvalue()
            raise ShellError(f"{shlex.join(words)}: exit status {status}: {text.strip()[-500:]}")
        return output.getvalue()
