"""How a response is printed: --output json, text or table, as the AWS CLI prints it."""

import json
import shutil
import unicodedata
from dataclasses import dataclass, field


def is_scalar(value):
    """Return whether a value has no parts."""
    return not isinstance(value, (dict, list))


def refuse_mixture(values):
    """Refuse a list that holds structures and other values, which text and table cannot show."""
    if not all(isinstance(value, dict) for value in values):
        raise ValueError("a list of structures and other values is shown by --output json only")


def format_json(value):
    """Return a value as JSON; of an empty response nothing is shown."""
    if value == {}:
        return ""
    return json.dumps(value, indent=4, ensure_ascii=False) + "\n"


# --output text: a line of values between tabs for each structure, and its parts below it.


def format_text(value, name=None):
    """Return a value's lines; those of a part begin with its name in capital letters."""
    if isinstance(value, dict):
        return format_structure(value, name, sort_scalars([value]))
    if not isinstance(value, list):
        return f"{value}\n"
    if any(isinstance(item, dict) for item in value):
        refuse_mixture(value)
        columns = sort_scalars(value)
        return "".join(format_structure(item, name, columns) for item in value)
    scalars = [str(item) for item in value if is_scalar(item)]
    lines = [format_text(item, name) for item in value if not is_scalar(item)]
    return format_scalars(scalars, name) + "".join(lines)


def format_scalars(scalars, name):
    """Return the lines of a plain list: one, or of a part one for each value."""
    if not scalars:
        return ""
    if name is None:
        return "\t".join(scalars) + "\n"
    return "".join(f"{name.upper()}\t{scalar}\n" for scalar in scalars)


def format_structure(structure, name, columns):
    """Return the line of a structure's plain values, and below it the lines of its parts."""
    cells = [str(structure.get(column, "")) for column in columns]
    if cells and name is not None:
        cells.insert(0, name.upper())
    line = "\t".join(cells) + "\n" if cells else ""
    parts = sorted(structure.keys() - set(columns))
    return line + "".join(format_text(structure[part], part) for part in parts)


def sort_scalars(structures):
    """Return the names of all plain values in some structures."""
    return sorted({key for one in structures for key, value in one.items() if is_scalar(value)})


# --output table: a section for each structure or list, the deeper the more it is indented.


@dataclass
class Section:
    """A part of a table: a title, perhaps a line of headers, and rows."""

    title: str
    indent: int
    headers: list = field(default_factory=list)
    rows: list = field(default_factory=list)

    def add_headers(self, headers):
        """Set the headers; a section that has rows of another length cannot have them."""
        self.headers = headers
        for row in self.rows:
            self.check(row)

    def add_row(self, values):
        """Add a row."""
        row = [str(value) for value in values]
        self.rows.append(row)
        self.check(row)

    def check(self, row):
        """Refuse a row that is not as long as the others."""
        first = self.headers or self.rows[0]
        if len(row) != len(first):
            raise ValueError(
                f"a table's rows are all as long: this one has {len(row)} values, "
                f"the first one {len(first)}"
            )

    def stand_up(self):
        """Make a section of one row narrow: each header beside its value."""
        if self.headers and len(self.rows) == 1:
            self.rows = [[header, value] for header, value in zip(self.headers, self.rows[0])]
            self.headers = []

    def measure_columns(self):
        """Return the width of each column, with its margins."""
        lines = [self.headers, *self.rows] if self.headers else self.rows
        return [max(measure(cell) for cell in column) + 4 for column in zip(*lines)]

    def measure(self):
        """Return the width that the section needs, with its borders."""
        return max(measure(self.title), sum(self.measure_columns())) + 2 + 2 * self.indent

    def draw(self, width):
        """Return the section's lines, in a table of this width."""
        width -= 2 * self.indent
        lines = []
        if self.title:
            lines.append(center(self.title, width, "|"))
            if not self.headers and not self.rows:
                lines.append(f"+{'-' * (width - 2)}+")
        widths = stretch(self.measure_columns(), width)
        if widths:
            border = "+" + "".join(f"{'-' * (column - 1)}+" for column in widths)[1:]
            if self.headers:
                lines += [border, draw_row(center, self.headers, widths)]
            lines.append(border)
            lines += [draw_row(align_left, row, widths) for row in self.rows]
            lines.append(border)
        edge = "|" * self.indent
        return [f"{edge}{line}{edge}" for line in lines]


def format_table(title, value):
    """Return a value as a table, drawn with plain letters."""
    sections = []
    collect_sections(sections, title, value, indent=0)
    if not sections:
        return ""
    width = max(section.measure() for section in sections)
    if width > shutil.get_terminal_size((80, 24)).columns:
        for section in sections:
            section.stand_up()
        width = max(section.measure() for section in sections)
    lines = ["-" * width]
    for section in sections:
        lines += section.draw(width)
    return "".join(f"{line}\n" for line in lines)


def collect_sections(sections, title, value, indent):
    """Add the sections for a value; without a title its rows belong to the latest section."""
    if not value:
        return
    if title is not None:
        sections.append(Section(title, indent))
    if isinstance(value, dict):
        collect_structure(sections, value, indent)
    elif isinstance(value, list) and isinstance(value[0], dict):
        collect_structures(sections, title or "", value, indent)
    elif isinstance(value, list):
        collect_list(sections, value)


def collect_structure(sections, structure, indent):
    """Add a structure's plain values to the latest section, and sections for its parts."""
    headers = sort_scalars([structure])
    if len(headers) == 1:
        sections[-1].add_row([headers[0], structure[headers[0]]])
    elif headers:
        sections[-1].add_headers(headers)
        sections[-1].add_row([structure[header] for header in headers])
    for part in sorted(structure.keys() - set(headers)):
        collect_sections(sections, part, structure[part], indent + 1)


def collect_structures(sections, title, structures, indent):
    """Add a row for each structure; if they have parts, each gets a section of its own."""
    refuse_mixture(structures)
    headers = sort_scalars(structures)
    parts = {key for one in structures for key, value in one.items() if not is_scalar(value)}
    for number, structure in enumerate(structures):
        if number and parts:
            sections.append(Section(title, indent))
        sections[-1].add_headers(headers)
        sections[-1].add_row([structure.get(header, "") for header in headers])
        for part in sorted(parts & structure.keys()):
            collect_sections(sections, part, structure[part], indent + 1)


def collect_list(sections, values):
    """Add a row for each value of a list."""
    for value in values:
        if is_scalar(value):
            sections[-1].add_row([value])
        elif all(is_scalar(item) for item in value):
            sections[-1].add_row(value)
        else:
            collect_sections(sections, None, value, indent=0)


def measure(text):
    """Return how wide a terminal shows a text: some letters of East Asia take two places."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in text)


def stretch(widths, total):
    """Return column widths that fill a total width, in the same proportions."""
    if not widths:
        return []
    scale = total / sum(widths)
    stretched = [round(scale * width) for width in widths]
    surplus = sum(stretched) - total  # of rounding
    for number in range(abs(surplus)):
        if surplus > 0:
            stretched[number % len(widths)] -= 1
        else:
            stretched[-1 - number % len(widths)] += 1
    return stretched


def draw_row(place, cells, widths):
    """Return a line of cells; `place` puts a text into its cell. Only the first has a left edge."""
    line = place(cells[0], widths[0], "|")
    for cell, width in zip(cells[1:], widths[1:]):
        line += place(cell, width, "")
    return line


def center(text, width, edge):
    """Return a cell with a text in its middle; the edge on its left counts for the width."""
    left = f"{edge}{' ' * (width // 2 - measure(text) // 2 - 1)}{text}"
    return f"{left}{' ' * (width - measure(left) - 1)}|"


def align_left(text, width, edge):
    """Return a cell with a text on its left."""
    margin = "  " if measure(text) + 3 + len(edge) <= width else ""
    left = f"{edge}{margin}{text}"
    return f"{left}{' ' * (width - measure(left) - 1)}|"
