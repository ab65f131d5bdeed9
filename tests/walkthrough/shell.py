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

from tests.aws import cli
from tests.local_aws.function import capture

# A command ends with its line, unless that ends with a backslash or begins a here-document.
COMMAND = re.compile(r"(?:\\\n|.)+?(?: <<'?EOF'?\n(?:.*\n)*?EOF)?$", re.MULTILINE)
ASSIGNMENT = re.compile(r"""(?:export )?(\w+)=(?:\$\((.*)\)|(\S+|"[^"]*"))""", re.DOTALL)
# The words of another command, and what it can end with.
LINE = re.compile(
    r"(.*?)( \| base64 --decode)?(?: > ([\w./-]+))?(?: <<('?)EOF\4\n(.*)EOF| &)?", re.DOTALL
)
# A word in single quotes, in double quotes, or in none; or else what this shell does not know.
WORD = re.compile(
    r"""(?:'([^']*)'|"((?:\\"|[^"\\])*)"|((?:[\w./:=,@%+-]|\$\{\w+\})+))(?!\S)|(\S+)"""
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
        if found := ASSIGNMENT.fullmatch(command):
            name, inner, value = found.groups()
            self.variables[name] = self.run(inner).strip() if inner else self.read(value)[0]
            self.printed.append((command, ""))
            return ""
        line, decode, target, quote, text = LINE.fullmatch(command).groups("")
        output = self.execute(self.read(line), text if quote else self.expand(text))
        if decode:
            output = base64.b64decode(output).decode()
        self.printed.append((command, output))
        if not target:
            return output
        if target != "/dev/null":  # Windows has none
            Path(target).write_text(output, encoding="utf-8")
        return ""

    def read(self, line):
        """Return the words of a line, without quotes and with the values of its variables."""
        words = []
        for single, double, bare, unknown in WORD.findall(line.replace("\\\n", " ")):
            if unknown:
                raise ShellError(f"this shell does not know {unknown} in {line}")
            words.append(single + self.expand(double.replace('\\"', '"') + bare))
        return words

    def expand(self, text):
        """Return a text with the values of its variables."""

        def find(found):
            if found[1] not in self.variables:
                raise ShellError(f"this shell does not know {found[0]} in {text}")
            return self.variables[found[1]]

        return re.sub(r"\$\{(\w+)\}|[$`\\]", find, text)

    def execute(self, words, text):
        """Run one program; return what it prints. `text` is that of its here-document."""
        match words:
            case ["aws", *options]:
                return self.call(words, cli.main, options)
            case ["python", "-"]:
                return self.call(words, exec, text, {})
            case ["python", script, *options] if script.endswith(".py"):
                main = importlib.import_module(script.removesuffix(".py")).main
                argv = [script, *options, *self.script_options.get(script, [])]
                with mock.patch.object(sys, "argv", argv):
                    output = self.call(words, main)
                self.pause(0)
                return output
            case ["python3", "-m", "zipfile", *options]:
                return self.call(words, zipfile.main, options)
            case ["echo", value]:
                return f"{value}\n"
            case ["cat"] if text:
                return text
            case ["cat", name]:
                return Path(name).read_text(encoding="utf-8")
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
