"""Turns a query's tokens into nodes. It only knows the grammar, not tables or types.

Each method reads what its name says, starting at the next token, and returns the node.
"""

from tests.local_aws.query import functions, nodes, types
from tests.local_aws.query.advice import explain_function, explain_statement
from tests.local_aws.query.errors import QueryError, unsupported, wrong
from tests.local_aws.query.tokens import RESERVED, read_tokens

# Words of Timestream's SQL whose meaning is not supported here.
UNSUPPORTED = set(
    "all any cube current_time current_user fetch grouping lateral localtime match_recognize "
    "natural normalize recursive rollup some table tablesample unload within".split()
)
# Words that can follow a table or an item, so they are not its alias unless AS comes first.
NO_ALIAS = {"limit", "offset", "fetch", "tablesample", "window", "match_recognize", "at"}
# Words that turn the string after them into a constant.
TYPED = {"interval", *types.NAMES, *types.UNSUPPORTED_NAMES}
COMPARISONS = set(functions.COMPARISONS)
ZERO = nodes.Constant("line 1:1", "INTEGER", 0)


def parse(sql):
    """Return a statement's node; raise QueryError."""
    try:
        return Parser(read_tokens(sql)).statement()
    except RecursionError:
        raise QueryError("The query is nested too deeply for this local AWS") from None


class Parser:
    """Reads tokens, from left to right."""

    def __init__(self, tokens):
        self.tokens, self.position = tokens, 0
        self.joins_at = set()  # positions of brackets that contain a join

    @property
    def token(self):
        """The next token."""
        return self.tokens[self.position]

    @property
    def behind(self):
        """The token after the next one."""
        return self.tokens[min(self.position + 1, len(self.tokens) - 1)]

    @property
    def place(self):
        """The place of the next token."""
        return self.token.place

    def next_is(self, *words):
        """Return whether these tokens come next; words are not case-sensitive."""
        coming = self.tokens[self.position : self.position + len(words)]
        return [token.word for token in coming] == list(words)

    def accept(self, *words):
        """Skip these tokens if they come next; return whether they do."""
        if not self.next_is(*words):
            return False
        self.position += len(words)
        return True

    def expect(self, *words):
        """Skip these tokens, which must come next."""
        for word in words:
            if not self.accept(word):
                raise self.mismatch(f"'{word}'")

    def take(self):
        """Return the next token, and skip it."""
        token = self.token
        self.position += token.kind != "end"
        return token

    def mismatch(self, expected):
        """Return the error for a token that is not allowed here."""
        kind, text, word, place = self.token
        if kind == "name" and word in UNSUPPORTED:
            return unsupported(place, text)
        return wrong(place, f"mismatched input '{text}'. Expecting: {expected}")

    def list_of(self, read):
        """Return the results of read() for a list with commas."""
        parts = [read()]
        while self.accept(","):
            parts.append(read())
        return parts

    def enclosed(self, read):
        """Return what read() returns for what the next brackets contain."""
        self.expect("(")
        part = read()
        self.expect(")")
        return part

    def enclosed_list(self, read):
        """Return what read() returns for each part of a list in brackets."""
        return self.enclosed(lambda: self.list_of(read))

    def next_is_query(self):
        """Return whether a query comes next."""
        return self.token.word in ("select", "with", "values")

    def next_is_name(self):
        """Return whether a name comes next."""
        kind, _, word, _ = self.token
        return kind == "quoted" or (kind == "name" and word not in RESERVED)

    def name(self):
        """Read a name."""
        if not self.next_is_name():
            raise self.mismatch("a name")
        kind, text, _, _ = self.take()
        return text[1:-1].replace('""', '"') if kind == "quoted" else text

    def dotted_name(self):
        """Read names separated by dots; return a list."""
        parts = [self.name()]
        while self.accept("."):
            parts.append(self.name())
        return parts

    def alias(self):
        """Read an alias, with or without AS; return None without an alias."""
        if self.accept("as"):
            return self.name()
        if self.next_is_name() and self.token.word not in NO_ALIAS:
            return self.name()
        return None

    # Statements

    def statement(self):
        """Read a whole statement."""
        if self.next_is("show"):
            statement = self.show()
        elif self.next_is("describe") or self.next_is("desc"):
            statement = self.describe()
        else:
            text = explain_statement(self.token)
            if text:
                raise wrong(self.place, text)
            statement = self.query()
        self.accept(";")
        if self.token.kind != "end":
            text = explain_statement(self.token)
            raise wrong(self.place, text) if text else self.mismatch("the end of the query")
        return statement

    def show(self):
        """Read SHOW DATABASES, SHOW TABLES FROM a database, or SHOW MEASURES FROM a table."""
        place = self.take().place
        what = self.token.word
        if what not in ("databases", "tables", "measures"):
            raise self.mismatch("DATABASES, TABLES, MEASURES")
        self.take()
        if what == "databases":
            parts = []
        elif self.accept("from"):
            parts = self.dotted_name()
        else:
            raise unsupported(self.place, f"SHOW {what.upper()} without FROM")
        pattern = None
        if self.accept("like"):
            if self.token.kind != "string":
                raise self.mismatch("a string")
            pattern = self.constant().value
        return nodes.Show(place, what, parts, pattern)

    def describe(self):
        """Read DESCRIBE and a table."""
        place = self.take().place
        return nodes.Describe(place, self.dotted_name())

    # Queries

    def query(self):
        """Read a query: WITH, SELECT or UNION, ORDER BY, LIMIT."""
        place = self.place
        with_queries = []
        if self.accept("with"):
            with_queries = self.list_of(self.with_query)
        body = self.union()
        orders = self.orders()
        offset = self.offset()
        limit = self.limit()
        if limit is not None and self.next_is("offset"):
            raise wrong(self.place, "mismatched input 'offset'. Put OFFSET before LIMIT")
        return nodes.Query(place, with_queries, body, orders, offset, limit)

    def with_query(self):
        """Read a named query of WITH."""
        name = self.name()
        columns = self.names_in_brackets()
        self.expect("as")
        return name, columns, self.query_in_brackets()

    def names_in_brackets(self):
        """Read a list of names in brackets, if it is next."""
        return self.enclosed_list(self.name) if self.next_is("(") else []

    def query_in_brackets(self):
        """Read a query in brackets."""
        return self.enclosed(self.query)

    def union(self):
        """Read one SELECT, or several separated by UNION or EXCEPT."""
        return self.set_operation(("union", "except"), self.intersection)

    def intersection(self):
        """Read one SELECT, or several separated by INTERSECT, which binds more tightly."""
        node = self.set_operation(("intersect",), self.select)
        if isinstance(node, nodes.Union):
            query = nodes.Query(node.place, [], node)
            return select_all(node.place, query)
        return node

    def set_operation(self, words, read):
        """Read one SELECT, or several separated by one of these words."""
        place = self.place
        selects, found = [read()], []
        while self.token.kind == "name" and self.token.word in words:
            word = self.take().word.upper()
            if self.accept("all"):
                if word != "UNION":
                    raise unsupported(self.place, f"{word} ALL")
                word = "UNION ALL"
            else:
                self.accept("distinct")
            found.append(word)
            selects.append(read())
        return nodes.Union(place, selects, found) if found else selects[0]

    def select(self):
        """Read a SELECT, VALUES, or a query in brackets."""
        place = self.place
        if self.next_is("("):
            return select_all(place, self.query_in_brackets())
        if self.accept("values"):
            return self.values(place)
        self.expect("select")
        distinct = self.accept("distinct")
        if not distinct:
            self.accept("all")
        if self.next_is("top") and self.behind.kind == "number":
            raise wrong(self.place, "mismatched input 'top'. Put limit 10 at the end of the query")
        items = self.list_of(self.item)
        source = self.sources() if self.accept("from") else None
        where = self.expression() if self.accept("where") else None
        groups, is_whole = self.groups()
        having = self.expression() if self.accept("having") else None
        if is_whole:  # one group of all rows, as an aggregate in HAVING makes it
            always = nodes.Call(place, ">=", [nodes.Call(place, "count", []), ZERO])
            having = nodes.Call(place, "and", [always, having]) if having else always
        windows = dict(self.list_of(self.named_window)) if self.accept("window") else {}
        return nodes.Select(place, distinct, items, source, where, groups, having, windows)

    def values(self, place):
        """Read the rows of VALUES; each becomes a SELECT."""
        rows = self.list_of(self.expression)
        selects = []
        for row in rows:
            parts = row.items if isinstance(row, nodes.RowOf) else [row]
            items = [nodes.Item(part, None) for part in parts]
            selects.append(nodes.Select(row.place, False, items))
        if len(selects) == 1:
            return selects[0]
        union = nodes.Union(place, selects, ["UNION ALL"] * (len(selects) - 1))
        return select_all(place, nodes.Query(place, [], union))

    def named_window(self):
        """Read a window of the WINDOW clause; return its name and the window."""
        name = self.name()
        self.expect("as")
        return name.lower(), self.window()

    def item(self):
        """Read an item of the select list."""
        place = self.place
        if self.accept("*"):
            return nodes.Star(place, None)
        if self.next_is_name() and self.behind.text == ".":
            start = self.position
            qualifier = [self.name()]
            while self.accept("."):
                if self.accept("*"):
                    return nodes.Star(place, qualifier)
                qualifier.append(self.name())
            self.position = start
        expression = self.expression()
        return nodes.Item(expression, self.alias())

    def groups(self):
        """Read GROUP BY, if it comes next; return its parts, and whether there is only ()."""
        if not self.accept("group"):
            return [], False
        self.expect("by")
        groups = [part for parts in self.list_of(self.group) for part in parts]
        return groups, not groups

    def group(self):
        """Read a part of GROUP BY: an expression, or several in brackets, or ()."""
        if self.accept("(", ")"):
            return []
        in_brackets = self.next_is("(")
        node = self.expression()
        return node.items if in_brackets and isinstance(node, nodes.RowOf) else [node]

    def orders(self):
        """Read ORDER BY, if it comes next."""
        if not self.accept("order"):
            return []
        self.expect("by")
        return self.list_of(self.order)

    def order(self):
        """Read a key of ORDER BY."""
        key = self.expression()
        descending = self.accept("desc")
        if not descending:
            self.accept("asc")
        nulls = "last"  # in Trino for both directions; in SQLite, nulls are the smallest values
        if self.accept("nulls"):
            nulls = "first" if self.accept("first") else "last"
            if nulls == "last":
                self.expect("last")
        return nodes.Order(key, descending, nulls)

    def offset(self):
        """Read OFFSET, if it comes next; return a number, or None."""
        if not self.accept("offset"):
            return None
        number = self.whole_number()
        if not self.accept("rows"):
            self.accept("row")
        return number

    def limit(self):
        """Read LIMIT, if it comes next; return a number, or None for all."""
        if not self.accept("limit") or self.accept("all"):
            return None
        return self.whole_number()

    def whole_number(self):
        """Read an integer."""
        if self.token.kind != "number" or not self.token.text.isdecimal():
            raise self.mismatch("an integer")
        return self.constant().value

    # Tables

    def sources(self):
        """Read the items of FROM; those separated by commas are joined without a condition."""
        left = self.joins()
        while self.next_is(","):
            place = self.take().place
            left = nodes.Join(place, "cross", left, self.joins(), None, [])
        return left

    def joins(self):
        """Read a table and its joins."""
        left = self.source()
        while self.next_is_join():
            place = self.place
            kind = self.join_kind()
            right = self.source()
            condition, using = None, []
            if kind != "cross" and self.accept("using"):
                using = self.names_in_brackets()
            elif kind != "cross":
                self.expect("on")
                condition = self.expression()
            left = nodes.Join(place, kind, left, right, condition, using)
        return left

    def next_is_join(self):
        """Return whether a join comes next, even an unsupported one."""
        words = ("join", "inner", "left", "right", "full", "cross", "natural")
        return self.token.kind == "name" and self.token.word in words

    def join_kind(self):
        """Read the words of a join; return its kind."""
        kind = "inner"
        if self.accept("cross"):
            kind = "cross"
        elif self.next_is("left") or self.next_is("right") or self.next_is("full"):
            kind = self.take().word
            self.accept("outer")
        else:
            self.accept("inner")
        self.expect("join")
        return kind

    def source(self):
        """Read a table, a sub-select, a join in brackets or UNNEST, with its alias."""
        place = self.place
        if self.accept("unnest"):
            arrays = self.enclosed_list(self.expression)
            numbered = self.accept("with", "ordinality")
            return nodes.Unnest(place, arrays, numbered, *self.alias_and_columns())
        if self.next_is("lateral", "("):
            raise unsupported(place, self.token.text)
        if self.next_is("("):
            return self.source_in_brackets(place)
        return nodes.Table(place, self.dotted_name(), *self.alias_and_columns())

    def source_in_brackets(self, place):
        """Read a sub-select, or a join, which can start like one: ((select 1) a join b)."""
        start, word = self.position, self.behind.word
        if word in ("select", "with", "values", "(") and start not in self.joins_at:
            try:
                query = self.query_in_brackets()
            except QueryError:
                if word != "(" or not self.next_is_name():
                    raise
                self.joins_at.add(start)
                self.position = start
            else:
                return nodes.Derived(place, query, *self.alias_and_columns())
        return self.enclosed(self.joins)

    def alias_and_columns(self):
        """Read an alias and its column names; return None and [] without an alias."""
        alias = self.alias()
        return alias, self.names_in_brackets() if alias else []

    # Expressions, the loosest binding first

    def expression(self):
        """Read an expression."""
        return self.chain("or", self.conjunction)

    def conjunction(self):
        """Read an expression without OR."""
        return self.chain("and", self.negation)

    def chain(self, operator, read):
        """Read expressions separated by an associative operator."""
        place = self.place
        parts = [read()]
        while self.next_is(operator):
            place = self.take().place
            parts.append(read())
        return nodes.Call(place, operator, parts) if len(parts) > 1 else parts[0]

    def negation(self):
        """Read an expression without AND and OR."""
        place = self.place
        if self.accept("not"):
            return nodes.Call(place, "not", [self.negation()])
        return self.predicate()

    def predicate(self):
        """Read a comparison or another predicate."""
        left = self.concatenation()
        place = self.place
        if self.token.text in COMPARISONS and self.token.kind == "sign":
            operator = self.take().text
            if operator == "=" and self.next_is("="):
                raise wrong(self.place, "mismatched input '='. Compare values with a single =")
            if self.next_is("all") or self.next_is("any") or self.next_is("some"):
                return self.quantified(place, left, operator)
            return nodes.Call(place, operator, [left, self.concatenation()])
        if self.accept("is"):
            return self.is_predicate(place, left)
        negative = self.accept("not")
        if self.accept("between"):
            low = self.concatenation()
            self.expect("and")
            node = nodes.Call(place, "between", [left, low, self.concatenation()])
        elif self.accept("in"):
            node = self.in_predicate(place, left)
        elif self.accept("like"):
            node = self.like_predicate(place, left)
        elif negative:
            raise self.mismatch("BETWEEN, IN, LIKE")
        else:
            return left
        return nodes.Call(place, "not", [node]) if negative else node

    def quantified(self, place, left, operator):
        """Read ANY or ALL with a query, where they are equivalent to IN and NOT IN."""
        token = self.take()
        if operator == "=" and token.word in ("any", "some"):
            return nodes.InQuery(place, left, self.query_in_brackets())
        if operator in ("<>", "!=") and token.word == "all":
            return nodes.Call(place, "not", [nodes.InQuery(place, left, self.query_in_brackets())])
        raise unsupported(token.place, f"{operator} {token.text}")

    def is_predicate(self, place, left):
        """Read the rest of a predicate with IS."""
        negative = self.accept("not")
        if self.accept("null"):
            node = nodes.Call(place, "is null", [left])
        else:
            self.expect("distinct", "from")
            node = nodes.Call(place, "is distinct from", [left, self.concatenation()])
        return nodes.Call(place, "not", [node]) if negative else node

    def in_predicate(self, place, left):
        """Read the rest of a predicate with IN."""
        self.expect("(")
        if self.next_is_query():
            node = nodes.InQuery(place, left, self.query())
        else:
            node = nodes.Call(place, "in", [left, *self.list_of(self.expression)])
        self.expect(")")
        return node

    def like_predicate(self, place, left):
        """Read the rest of a predicate with LIKE."""
        arguments = [left, self.concatenation()]
        if self.accept("escape"):
            arguments.append(self.concatenation())
        return nodes.Call(place, "like", arguments)

    def concatenation(self):
        """Read an expression made with ||."""
        return self.chain("||", self.sum)

    def sum(self):
        """Read an expression made with + and -."""
        return self.operators(["+", "-"], self.product)

    def product(self):
        """Read an expression made with *, / and %."""
        return self.operators(["*", "/", "%"], self.signed)

    def operators(self, signs, read):
        """Read expressions separated by operators, from left to right."""
        left = read()
        while self.token.text in signs:
            operator = self.take()
            left = nodes.Call(operator.place, operator.text, [left, read()])
        return left

    def signed(self):
        """Read a value with or without a sign."""
        place = self.place
        if self.accept("-"):
            return nodes.Call(place, "negative", [self.signed()])
        if self.accept("+"):
            return nodes.Call(place, "positive", [self.signed()])
        value = self.value()
        while True:
            place = self.place
            if self.next_is("::"):
                text = f"mismatched input '::'. {self.advise_on_cast(value)}"
                raise wrong(place, text)
            if self.next_is("at", "time", "zone") or self.next_is("at", "timezone"):
                raise unsupported(place, "AT TIME ZONE (times are in UTC; add an interval)")
            if self.accept("["):
                value = nodes.Call(place, "subscript", [value, self.expression()])
                self.expect("]")
            elif self.accept("."):
                value = nodes.Field(place, value, self.name())
            else:
                return value

    def advise_on_cast(self, value):
        """Return what to write instead of a value and ::"""
        if isinstance(value, nodes.Name) and value.parts[-1].lower() == "measure_value":
            return "Write measure_value::double without spaces"
        return "Write it as cast(x as type)"

    def value(self):
        """Read a constant, a column, a call, or something in brackets."""
        if self.token.kind in ("string", "number", "interval"):
            return self.constant()
        if self.next_is("("):
            return self.in_brackets()
        if self.next_is("case"):
            return self.case()
        if self.next_is("cast") or self.next_is("try_cast"):
            return self.cast()
        if self.next_is("null") or self.next_is("true") or self.next_is("false"):
            return self.truth()
        if self.token.word in ("current_timestamp", "localtimestamp"):
            return nodes.Call(self.take().place, "now", [])
        if self.token.word == "current_date":
            place = self.take().place
            return nodes.Call(place, "date", [nodes.Call(place, "now", [])])
        if self.next_is("exists", "("):
            place = self.take().place
            return nodes.Exists(place, self.query_in_brackets())
        if self.next_is("extract", "("):
            return self.extract()
        if self.next_is("array", "["):
            return self.array()
        behind = self.behind
        if self.token.kind in ("name", "quoted") and behind.text == "->":
            place, name = self.place, self.name()
            self.expect("->")
            return nodes.Lambda(place, [name], self.expression())
        if self.token.kind == "name" and behind.text == "(":
            return self.call()
        if self.token.word in TYPED and behind.kind == "string":
            return self.typed_constant()
        is_interval = behind.text in ("-", "+") or behind.kind == "number"
        if self.next_is("interval") and is_interval:
            return self.typed_constant()
        if not self.next_is_name():
            raise self.mismatch("an expression")
        return nodes.Name(self.place, self.dotted_name())

    def in_brackets(self):
        """Read an expression, a query, a row or a lambda in brackets."""
        place = self.take().place
        if self.next_is_query():
            node = nodes.ScalarQuery(place, self.query())
            self.expect(")")
            return node
        items = [] if self.next_is(")") else self.list_of(self.expression)
        self.expect(")")
        if self.accept("->"):
            names = [
                item.parts[0] if isinstance(item, nodes.Name) and len(item.parts) == 1 else None
                for item in items
            ]
            if None in names:
                raise wrong(place, "The parameters of a lambda must be names: (x, y) -> x + y")
            return nodes.Lambda(place, names, self.expression())
        if not items:
            raise wrong(place, "mismatched input ')'. Expecting: an expression")
        return items[0] if len(items) == 1 else nodes.RowOf(place, items)

    def extract(self):
        """Read EXTRACT(field FROM time), which is the function with the field's name."""
        place = self.take().place
        self.expect("(")
        token = self.take()
        if token.word not in functions.PARTS:
            known = ", ".join(functions.PARTS)
            raise wrong(token.place, f"'{token.text}' is not a valid field. Fields: {known}")
        self.expect("from")
        node = nodes.Call(place, token.word, [self.expression()])
        self.expect(")")
        return node

    def array(self):
        """Read ARRAY[...]."""
        place = self.take().place
        self.take()
        items = [] if self.next_is("]") else self.list_of(self.expression)
        self.expect("]")
        return nodes.ArrayOf(place, items)

    def constant(self):
        """Read a string, a number or an interval."""
        kind, text, _, place = self.take()
        if kind == "string":
            return nodes.Constant(place, types.TEXT, text[1:-1].replace("''", "'"))
        try:
            if kind == "interval":
                return nodes.Constant(place, "INTERVAL", types.read_interval(text))
            if not text.isdecimal():
                return nodes.Constant(place, "DOUBLE", types.in_range(float(text), "DOUBLE"))
            if len(text) > 30:  # Python cannot read integers of more than 4300 digits
                raise QueryError(f"{text[:20]}... is out of range of bigint")
            value = types.in_range(int(text), "BIGINT")
        except QueryError as error:
            raise wrong(place, error) from None
        return nodes.Constant(place, "INTEGER" if value < 2**31 else "BIGINT", value)

    def truth(self):
        """Read null, true or false."""
        token = self.take()
        if token.word == "null":
            return nodes.Constant(token.place, "UNKNOWN", None)
        return nodes.Constant(token.place, "BOOLEAN", int(token.word == "true"))

    def typed_constant(self):
        """Read a constant such as timestamp '2026-11-24' or interval '1' hour."""
        place = self.place
        if self.accept("interval"):
            return self.interval(place)
        kind = self.kind()
        try:
            value = types.cast(self.constant().value, types.TEXT, kind)
        except QueryError as error:
            raise wrong(place, error) from None
        return nodes.Constant(place, kind, value)

    def interval(self, place):
        """Read the rest of INTERVAL."""
        sign = -1 if self.accept("-") else 1
        if sign == 1:
            self.accept("+")
        if self.token.kind != "string":
            raise wrong(self.place, "Put the number of an interval in quotes: interval '15' minute")
        text = self.take().text.strip("'")
        token = self.take()
        unit = token.word
        if unit not in ("second", "minute", "hour", "day", "month", "year"):
            known = "second, minute, hour, day, month, year"
            hint = " Write 7d." if unit == "week" else ""
            raise wrong(token.place, f"mismatched input '{token.text}'. Expecting: {known}.{hint}")
        if self.next_is("to"):
            raise unsupported(self.place, "an interval of two units")
        if text.startswith(("-", "+")):
            sign, text = -sign if text[0] == "-" else sign, text[1:]
        if not (text.isdecimal() and text.isascii()):
            raise wrong(place, f"'{text}' is not an integer. Write interval '15' minute, or 15m")
        try:
            if unit in ("month", "year"):
                months = int(text[:20]) * (12 if unit == "year" else 1)
                return nodes.Constant(place, "MONTHS", types.in_range(sign * months, "MONTHS"))
            return nodes.Constant(place, "INTERVAL", sign * types.read_interval(text + unit))
        except QueryError as error:
            raise wrong(place, error) from None

    def kind(self):
        """Read a type."""
        _, text, name, place = self.take()
        if name == "array" and self.next_is("("):
            return types.Array(self.enclosed(self.kind))
        if name == "row" and self.next_is("("):
            return types.Row(tuple(self.enclosed_list(self.row_field)))
        if name == "timeseries" and self.next_is("("):
            return types.Series(self.enclosed(self.kind))
        if name in types.UNSUPPORTED_NAMES or (name in types.NAMES and self.next_is("(")):
            raise unsupported(place, f"the type {text}{'(...)' if self.next_is('(') else ''}")
        if name not in types.NAMES:
            known = ", ".join(types.NAMES)
            raise wrong(place, f"Unknown type: {text}. Types: {known}")
        return types.NAMES[name]

    def row_field(self):
        """Read a field of a row's type: its name, if it has one, and its type."""
        name = self.name() if self.behind.text not in (",", ")", "(") else None
        return name, self.kind()

    def case(self):
        """Read CASE, with conditions or with values."""
        place = self.take().place
        operand = None
        if not self.next_is("when"):
            operand = self.expression()
        branches = []
        while self.next_is("when"):
            when = self.take().place
            condition = self.expression()
            if operand:
                condition = nodes.Call(when, "=", [operand, condition])
            self.expect("then")
            branches.append((condition, self.expression()))
        if not branches:
            raise self.mismatch("'when'")
        otherwise = nodes.Constant(place, "UNKNOWN", None)
        if self.accept("else"):
            otherwise = self.expression()
        self.expect("end")
        return nodes.Case(place, branches, otherwise)

    def cast(self):
        """Read CAST or TRY_CAST."""
        token = self.take()
        self.expect("(")
        operand = self.expression()
        self.expect("as")
        kind = self.kind()
        self.expect(")")
        return nodes.Cast(token.place, operand, kind, token.word == "try_cast")

    def call(self):
        """Read a function call."""
        _, text, name, place = self.take()
        if name in UNSUPPORTED:
            raise unsupported(place, text)
        if name == "row":
            return nodes.RowOf(place, self.enclosed_list(self.expression))
        if name not in functions.FUNCTIONS and name != "try":
            raise wrong(place, explain_function(text))
        self.expect("(")
        if name == "position":
            return self.position_of(place)
        distinct = self.accept("distinct")
        if not distinct:
            self.accept("all")
        arguments = []
        if name == "count" and self.next_is("*"):
            self.take()
        elif name == "trim":
            name, arguments = self.trimmed()
        elif not self.next_is(")"):
            arguments = self.list_of(self.expression)
        if name == "substring" and self.accept("from"):
            arguments.append(self.expression())
            if self.accept("for"):
                arguments.append(self.expression())
        if self.next_is("order") and (name != "array_agg" or distinct):
            raise unsupported(self.place, f"{'DISTINCT with ' * distinct}ORDER BY in {name}")
        orders = self.orders()
        self.expect(")")
        where = None
        if self.accept("filter", "("):
            self.expect("where")
            where = self.expression()
            self.expect(")")
        ignores_nulls = self.accept("ignore", "nulls")
        if not ignores_nulls:
            self.accept("respect", "nulls")
        over = None
        if self.accept("over"):
            over = self.window() if self.next_is("(") else self.name()
        elif ignores_nulls:
            raise self.mismatch("'over'")
        return nodes.Call(place, name, arguments, distinct, over, where, ignores_nulls, orders)

    def position_of(self, place):
        """Read the rest of POSITION: a IN b."""
        part = self.sum()
        self.expect("in")
        node = nodes.Call(place, "position", [part, self.sum()])
        self.expect(")")
        return node

    def trimmed(self):
        """Read what stands in TRIM; return the function for its sides, and its arguments."""
        sides = {"both": "trim", "leading": "ltrim", "trailing": "rtrim"}
        name = "trim"
        if self.token.word in sides and self.behind.kind in ("string", "name", "quoted"):
            name = sides[self.take().word]
        if self.accept("from"):
            return name, [self.expression()]
        arguments = self.list_of(self.expression)
        if self.accept("from"):
            arguments = [self.expression(), *arguments]
        return name, arguments

    def window(self):
        """Read a window in brackets."""
        self.expect("(")
        partition = []
        if self.accept("partition"):
            self.expect("by")
            partition = self.list_of(self.expression)
        orders = self.orders()
        frame = None
        if self.next_is("rows") or self.next_is("range") or self.next_is("groups"):
            frame = self.frame()
        self.expect(")")
        return nodes.Window(partition, orders, frame)

    def frame(self):
        """Read a frame; return its unit, and its two bounds."""
        token = self.take()
        if not self.accept("between"):
            first, last = self.bound(), (None, "CURRENT ROW")
        else:
            first = self.bound()
            self.expect("and")
            last = self.bound()
        if first == ("UNBOUNDED", "FOLLOWING") or last == ("UNBOUNDED", "PRECEDING"):
            raise wrong(token.place, "The frame of a window ends before it starts")
        return token.word.upper(), first, last

    def bound(self):
        """Read a bound of a frame: a distance and a direction, or the current row."""
        if self.accept("current", "row"):
            return None, "CURRENT ROW"
        distance = "UNBOUNDED" if self.accept("unbounded") else self.distance()
        if self.accept("preceding"):
            return distance, "PRECEDING"
        self.expect("following")
        return distance, "FOLLOWING"

    def distance(self):
        """Read the distance of a bound: a number or an interval."""
        node = self.value()
        if not isinstance(node, nodes.Constant) or node.value is None or node.kind == types.TEXT:
            raise wrong(node.place, "The distance of a frame must be a number or an interval")
        if node.value < 0:
            raise wrong(node.place, "The distance of a frame must not be negative")
        return node


def select_all(place, query):
    """Return the SELECT of all columns of a query."""
    source = nodes.Derived(place, query, None, [])
    return nodes.Select(place, False, [nodes.Star(place, None)], source)
