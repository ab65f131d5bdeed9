"""Reads the little of bash that README.md's commands use: the text of a command into its parts.

Whatever is not known here is an error that names it.
"""

import re
from dataclasses import dataclass

BLANKS = re.compile(r"(?:[ \t]|\\\n)*")  # also a line's end, if a backslash stands before it
SIGN = re.compile(r"[|&;>\n]")  # what stands between words
HERE_DOCUMENT = re.compile(r"<<('?)(\w+)\1")  # where its text ends, and whether ${NAME} is text
END_OF_WORD = " \t\n\\|&;>)"
BARE = re.compile(r"[\w./:=,@%+-]+")  # a part of a word that needs no quotes
SINGLE = re.compile(r"'([^']*)'")  # text in single quotes, in which nothing is special
VARIABLE = re.compile(r"\$\{(\w+)\}")
PLAIN = re.compile(r'[^"$`\\]+')  # text in double quotes up to what is special there
ASSIGNMENT = re.compile(r"\w+=")  # how a word begins that sets a variable


class ShellError(Exception):
    """A command that this shell does not know, or that failed; the text names it."""


class Unfinished(ShellError):
    """A command that goes on in the next line."""


@dataclass
class Text:
    """A part of a word: what it says."""

    text: str


@dataclass
class Variable:
    """A part of a word: ${NAME}."""

    name: str
    quoted: bool


@dataclass
class Substitution:
    """A part of a word: $(COMMAND)."""

    command: str
    quoted: bool


@dataclass
class Word:
    """A word of a command: how it is written, and its parts."""

    source: str
    parts: list


@dataclass
class Sign:
    """What stands between words: | & > or ; which also stands for the end of a line."""

    sign: str


@dataclass
class HereDocument:
    """The lines behind a command that it reads as its input."""

    word: Word


def split_commands(block):
    """Return the commands of a block of lines."""
    commands, command = [], ""
    for line in block.splitlines():
        command += f"{line}\n"
        if is_finished(command):
            commands.append(command.strip("\n"))
            command = ""
    commands.append(command.strip("\n"))  # if there is one, running it says what is missing
    return [command for command in commands if command]


def is_finished(command):
    """Return whether a command ends with these lines."""
    try:
        tokens = tokenize(command)
    except Unfinished:
        return False
    except ShellError:
        return True  # running it says what is wrong
    words = [token.source for token in tokens if isinstance(token, Word)]
    return words[:1] != ["until"] or words[-1] == "done"


def is_do(tokens):
    """Return whether the last of some tokens is `do`."""
    return bool(tokens) and isinstance(tokens[-1], Word) and tokens[-1].source == "do"


def tokenize(text):
    """Return the words, signs and here-documents of a command."""
    return Tokenizer(text).read()


class Tokenizer:
    """Reads a text from left to right; `position` is how far it is."""

    def __init__(self, text):
        self.text = text
        self.position = 0

    def read(self):
        """Return all tokens."""
        tokens, begun = [], []  # here-documents whose text begins with the next line
        while True:
            blank = self.match(BLANKS)[0]
            if self.position == len(self.text):
                if begun or blank.endswith("\n"):
                    raise Unfinished(f"this command does not end: {self.text}")
                return tokens
            if found := self.match(SIGN):
                if not blank and tokens and found[0] not in ";\n":
                    raise self.error(found[0])  # `2>` and `>>` mean something else
                if found[0] != "\n":
                    tokens.append(Sign(found[0]))
                elif begun:
                    tokens += [self.read_here_document(start[1], start[2]) for start in begun]
                    begun = []
                elif not is_do(tokens):  # a line goes on after `do`; else it ends like a ;
                    tokens.append(Sign(";"))
            elif found := self.match(HERE_DOCUMENT):
                begun.append(found)
            else:
                tokens.append(self.read_word())

    def read_word(self):
        """Return the word that comes next."""
        parts, start = [], self.position
        while self.position < len(self.text) and self.text[self.position] not in END_OF_WORD:
            parts += self.read_parts()
        if not parts:
            raise self.error(self.text[self.position])
        return Word(self.text[start : self.position], parts)

    def read_parts(self):
        """Return the next parts of a word: those in quotes, or a single one without."""
        if found := self.match(BARE):
            return [Text(found[0])]
        match self.text[self.position]:
            case "'":
                found = self.match(SINGLE)
                if found is None:
                    raise Unfinished(f"a ' is missing in {self.text}")
                return [Text(found[1])]
            case '"':
                self.position += 1
                return self.read_quoted()
            case "$":
                return [self.read_dollar(quoted=False)]
        raise self.error(self.text[self.position])

    def read_quoted(self):
        """Return the parts of a text in double quotes."""
        parts = [Text("")]
        while self.position < len(self.text):
            if found := self.match(PLAIN):
                parts.append(Text(found[0]))
                continue
            match self.text[self.position]:
                case '"':
                    self.position += 1
                    return parts
                case "$":
                    parts.append(self.read_dollar(quoted=True))
                case "\\":
                    parts.append(self.read_escape(special='"$`\\'))
                case sign:
                    raise self.error(sign)
        raise Unfinished(f'a " is missing in {self.text}')

    def read_escape(self, special):
        """Return what a backslash and the next letter mean: the letter alone, if it is special."""
        letter = self.text[self.position + 1 : self.position + 2]
        self.position += 2
        if letter == "\n":
            return Text("")
        return Text(letter if letter in special else f"\\{letter}")

    def read_dollar(self, quoted):
        """Return the ${NAME} or $(COMMAND) that comes next."""
        if found := self.match(VARIABLE):
            return Variable(found[1], quoted)
        if not self.text.startswith("$(", self.position):
            raise self.error("$")
        self.position += 2
        start = self.position
        while True:
            self.match(BLANKS)
            if self.position == len(self.text):
                raise Unfinished(f"a ) is missing in {self.text}")
            if self.text[self.position] == ")":
                break
            if self.match(SIGN) is None:
                self.read_word()
        command = self.text[start : self.position]
        self.position += 1
        return Substitution(command, quoted)

    def read_here_document(self, quote, end):
        """Return a here-document: the lines up to one that is its end."""
        start = self.position
        while True:
            line, newline, _ = self.text[self.position :].partition("\n")
            if line == end:
                break
            if not newline:
                raise Unfinished(f"{end} is missing after {self.text}")
            self.position += len(line) + 1
        lines = self.text[start : self.position]
        self.position += len(end)
        if quote:
            return HereDocument(Word(lines, [Text(lines)]))
        return HereDocument(Word(lines, Tokenizer(lines).read_lines()))

    def read_lines(self):
        """Return the parts of a here-document's lines, in which double quotes are text."""
        parts = []
        while self.position < len(self.text):
            if found := self.match(PLAIN):
                parts.append(Text(found[0]))
                continue
            match self.text[self.position]:
                case '"':
                    parts.append(Text('"'))
                    self.position += 1
                case "$":
                    parts.append(self.read_dollar(quoted=True))
                case "\\":
                    parts.append(self.read_escape(special="$`\\"))
                case sign:
                    raise self.error(sign)
        return parts

    def match(self, pattern):
        """Return what a pattern finds here, and go behind it; None if it finds nothing."""
        found = pattern.match(self.text, self.position)
        if found:
            self.position = found.end()
        return found

    def error(self, sign):
        """Return the error that a sign is not known."""
        return ShellError(f"this shell does not know {sign} in {self.text}")
