r"""The AWS CLI's short form of JSON: Key=a,Value=b is {"Key": "a", "Value": "b"}.

Key=a,Values=b,c        {"Key": "a", "Values": ["b", "c"]}
A={B=c,D=e},F=[g,h]     {"A": {"B": "c", "D": "e"}, "F": ["g", "h"]}
Key='a, b',Value=c\,d   {"Key": "a, b", "Value": "c,d"}
"""

import re

BLANKS = re.compile(r"\s*")
KEY = re.compile(r"([\w.#/:-]+)\s*=\s*")  # also tells Key=a,Value=b from a list such as Key=a,b
# Quoted text; a backslash takes the next letter as it is.
QUOTED = {"'": re.compile(r"'((?:\\.|[^'\\])*)'"), '"': re.compile(r'"((?:\\.|[^"\\])*)"')}
BARE = re.compile(r"""(?:\\,|[^,'"\]}])*""")  # text without quotes; a backslash keeps the comma


class Reader:
    """Reads one word of a command from left to right; `position` is how far it is."""

    def __init__(self, text):
        self.text = text
        self.position = 0

    def read(self):
        """Return the names and values of the whole word."""
        return self.read_pairs(end="")

    def read_pairs(self, end):
        """Return Key=value pairs as a dict, up to the sign that ends them."""
        pairs = {}
        while not self.accept(end):
            if pairs:
                self.expect(",")
            found = self.match(KEY)
            if found is None:
                raise self.error("Key=value")
            if found[1] in pairs:
                raise ValueError(f"{found[1]} stands twice in {self.text}")
            pairs[found[1]] = self.read_value() if end else self.read_values()
        return pairs

    def read_values(self):
        """Return a value, or the list of several that are separated by commas."""
        values = [self.read_value()]
        while self.next() == ",":
            if KEY.match(self.text, BLANKS.match(self.text, self.position + 1).end()):
                break  # after this comma comes the next pair
            self.expect(",")
            if self.next() in ("", ","):
                raise self.error("a value")
            values.append(self.read_value())
        return values if len(values) > 1 else values[0]

    def read_value(self):
        """Return the one value that comes next: a text, a list or a dict."""
        match self.next():
            case "{":
                self.expect("{")
                return self.read_pairs(end="}")
            case "[":
                self.expect("[")
                return self.read_list()
            case "'" | '"' as quote:
                found = self.match(QUOTED[quote])
                if found is None:
                    raise self.error(f"a closing {quote}")
                return re.sub(rf"\\([{quote}\\])", r"\1", found[1])
        return self.match(BARE)[0].replace("\\,", ",").rstrip()

    def read_list(self):
        """Return the values up to a closing bracket."""
        values = []
        while not self.accept("]"):
            if values:
                self.expect(",")
            values.append(self.read_value())
        return values

    def next(self):
        """Return the sign that comes next, blanks left out; "" at the end."""
        self.position = BLANKS.match(self.text, self.position).end()
        return self.text[self.position : self.position + 1]

    def match(self, pattern):
        """Return what a pattern finds here, and go behind it; None if it finds nothing."""
        self.next()
        found = pattern.match(self.text, self.position)
        if found:
            self.position = found.end()
        return found

    def accept(self, sign):
        """Return whether a sign comes next, and go behind it; "" stands for the end."""
        if self.next() != sign:
            return False
        self.position += len(sign)
        return True

    def expect(self, sign):
        """Go behind a sign that has to come next."""
        if not self.accept(sign):
            raise self.error(sign)

    def error(self, wanted):
        """Return the error that something else was wanted here."""
        rest = self.text[self.position :]
        place = f"before {rest!r}" if rest else "at the end"
        return ValueError(f"{wanted} is missing {place}")


def parse_shorthand(shape, text):
    """Return what a word in the short form says, in the types that a shape has."""
    return fit(shape, Reader(text).read())


def fit(shape, value):
    """Return a value, all texts so far, in the types of a shape; what does not fit stays."""
    match shape.type_name, value:
        case "structure", dict():
            known = value.keys() & shape.members.keys()
            return value | {key: fit(shape.members[key], value[key]) for key in known}
        case "map", dict():
            return {key: fit(shape.value, item) for key, item in value.items()}
        case "list", list():
            return [fit(shape.member, item) for item in value]
        case "list", _:
            return [fit(shape.member, value)]
        case "integer" | "long", str():
            return int(value)
        case "double" | "float", str():
            return float(value)
        case "boolean", "true" | "false":
            return value == "true"
    return value
