"""Makes nodes of a query's tokens. It knows the grammar; what a name or a type is, it does not.

A method reads what its name says, from the next token on, and returns the node.
"""

import difflib

from tests.local_aws.query import functions, nodes, types
from tests.local_aws.query.errors import QueryError, unsupported, wrong
from tests.local_aws.query.tokens import RESERVED, read_tokens

# Words of Timestream's SQL that lead to something which is not supported here.
UNSUPPORTED = set(
    "all alter any array at create cube current_date current_time current_user deallocate delete "
    "drop escape except execute exists explain extract fetch filter full grouping groups ignore "
    "insert intersect into lateral localtime localtimestamp match_recognize natural normalize "
    "offset prepare range recursive respect right rollup row some table tablesample try_cast "
    "unload unnest update use using values window within".split()
)
# Words that stand behind a table or an item, so that they are no alias of it without AS.
NO_ALIAS = {"limit", "offset", "fetch", "tablesample", "window", "match_recognize"}
# Words that make a constant of the string behind them.
TYPED = {"interval", *types.NAMES, *types.UNSUPPORTED_NAMES}
COMPARISONS = set(functions.COMPARISONS)
SEE = "query/functions.py lists those that are."


def parse(sql):
    """Return the node of a statement; raise QueryError if it is none."""
    try:
        return Parser(read_tokens(sql)).statement()
    except RecursionError:
        raise QueryError("The query is nested too deeply for this local AWS") from None


class Parser:
    """Reads tokens from left to right."""

    def __init__(self, tokens):
        self.tokens, self.position = tokens, 0

    @property
    def token(self):
        """The token that comes next."""
        return self.tokens[self.position]

    @property
    def place(self):
        """Where the token that comes next stands."""
        return self.token.place

    def next_is(self, *words):
        """Return whether these tokens come next. Words may be in any case."""
        coming = self.tokens[self.position : self.position + len(words)]
        return [token.word for token in coming] == list(words)

    def accept(self, *words):
        """Go on behind these tokens if they come next; return whether they do."""
        if not self.next_is(*words):
            return False
        self.position += len(words)
        return True

    def expect(self, *words):
        """Go on behind these tokens, which have to come next."""
        for word in words:
            if not self.accept(word):
                raise self.mismatch(f"'{word}'")

    def take(self):
        """Return the next token, and go on behind it."""
        token = self.token
        self.position += token.kind != "end"
        return token

    def mismatch(self, expected):
        """Return the error for a token that cannot stand here."""
        kind, text, word, place = self.token
        if kind == "name" and word in UNSUPPORTED:
            return unsupported(place, text)
        return wrong(place, f"mismatched input '{text}'. Expecting: {expected}")

    def list_of(self, read):
        """Return what read() returns for each part of a list with commas."""
        parts = [read()]
        while self.accept(","):
            parts.append(read())
        return parts

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
        """Read names with points between them; return a list of them."""
        parts = [self.name()]
        while self.accept("."):
            parts.append(self.name())
        return parts

    def alias(self):
        """Read an alias, with AS or without; return None if there is none."""
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
            statement = self.query()
        self.accept(";")
        if self.token.kind != "end":
            raise self.mismatch("the end of the query")
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
        return nodes.Query(place, with_queries, body, orders, self.limit())

    def with_query(self):
        """Read a named query of WITH."""
        name = self.name()
        if self.next_is("("):
            raise unsupported(self.place, "a list of columns in WITH")
        self.expect("as")
        return name, self.query_in_brackets()

    def query_in_brackets(self):
        """Read a query in brackets."""
        self.expect("(")
        query = self.query()
        self.expect(")")
        return query

    def union(self):
        """Read one SELECT or several with UNION between them."""
        place = self.place
        selects, words = [self.select()], []
        while self.accept("union"):
            if self.accept("all"):
                words.append("UNION ALL")
            else:
                words.append("UNION")
                self.accept("distinct")
            selects.append(self.select())
        return nodes.Union(place, selects, words) if words else selects[0]

    def select(self):
        """Read a SELECT, or a query in brackets."""
        place = self.place
        if self.next_is("("):
            query = self.query_in_brackets()
            star = nodes.Star(place, None)
            source = nodes.Derived(place, query, None)
            return nodes.Select(place, False, [star], source, None, [], None)
        self.expect("select")
        distinct = self.accept("distinct")
        if not distinct:
            self.accept("all")
        items = self.list_of(self.item)
        source = self.sources() if self.accept("from") else None
        where = self.expression() if self.accept("where") else None
        groups = self.groups()
        having = self.expression() if self.accept("having") else None
        return nodes.Select(place, distinct, items, source, where, groups, having)

    def item(self):
        """Read an item of the select list."""
        place = self.place
        if self.accept("*"):
            return nodes.Star(place, None)
        if self.next_is_name() and self.tokens[self.position + 1].text == ".":
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
        """Read GROUP BY, if it comes next."""
        if not self.accept("group"):
            return []
        self.expect("by")
        return self.list_of(self.expression)

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
        nulls = "last"  # in Trino, in either direction; in SQLite, nulls are the smallest
        if self.accept("nulls"):
            nulls = "first" if self.accept("first") else "last"
            if nulls == "last":
                self.expect("last")
        return nodes.Order(key, descending, nulls)

    def limit(self):
        """Read LIMIT, if it comes next; return a number, or None for all."""
        if not self.accept("limit") or self.accept("all"):
            return None
        if self.token.kind != "number" or not self.token.text.isdecimal():
            raise self.mismatch("a whole number")
        return self.constant().value

    # Tables

    def sources(self):
        """Read what stands behind FROM: tables with commas are joined without a condition."""
        left = self.joins()
        while self.next_is(","):
            place = self.take().place
            left = nodes.Join(place, "cross", left, self.joins(), None)
        return left

    def joins(self):
        """Read a table, and what is joined to it."""
        left = self.source()
        while self.next_is_join():
            place = self.place
            kind = self.join_kind()
            right = self.source()
            condition = None
            if kind != "cross":
                self.expect("on")
                condition = self.expression()
            left = nodes.Join(place, kind, left, right, condition)
        return left

    def next_is_join(self):
        """Return whether a join comes next, one of those that are not supported, too."""
        words = ("join", "inner", "left", "right", "full", "cross", "natural")
        return self.token.kind == "name" and self.token.word in words

    def join_kind(self):
        """Read the words of a join; return its kind."""
        kind = "inner"
        if self.accept("cross"):
            kind = "cross"
        elif self.accept("left"):
            kind = "left"
            self.accept("outer")
        else:
            self.accept("inner")
        self.expect("join")
        return kind

    def source(self):
        """Read a table or a sub-select, with its alias."""
        place = self.place
        if self.next_is("("):
            query = self.query_in_brackets()
            source = nodes.Derived(place, query, self.alias())
        else:
            source = nodes.Table(place, self.dotted_name(), self.alias())
        if source.alias and self.next_is("("):
            raise unsupported(self.place, "a list of columns behind a table's alias")
        return source

    # Expressions, those that bind least first

    def expression(self):
        """Read an expression."""
        return self.chain("or", self.conjunction)

    def conjunction(self):
        """Read an expression without OR."""
        return self.chain("and", self.negation)

    def chain(self, operator, read):
        """Read expressions with an operator between them, whose order does not matter."""
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
        """Read a comparison, or what can stand beside one."""
        left = self.concatenation()
        place = self.place
        if self.token.text in COMPARISONS and self.token.kind == "sign":
            operator = self.take().text
            if self.next_is("all") or self.next_is("any") or self.next_is("some"):
                raise unsupported(self.place, self.token.text)
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

    def is_predicate(self, place, left):
        """Read what stands behind IS."""
        negative = self.accept("not")
        if self.accept("null"):
            node = nodes.Call(place, "is null", [left])
        else:
            self.expect("distinct", "from")
            node = nodes.Call(place, "is distinct from", [left, self.concatenation()])
        return nodes.Call(place, "not", [node]) if negative else node

    def in_predicate(self, place, left):
        """Read what stands behind IN."""
        self.expect("(")
        if self.next_is("select") or self.next_is("with"):
            node = nodes.InQuery(place, left, self.query())
        else:
            node = nodes.Call(place, "in", [left, *self.list_of(self.expression)])
        self.expect(")")
        return node

    def like_predicate(self, place, left):
        """Read what stands behind LIKE."""
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
        """Read expressions with operators between them, from the left to the right."""
        left = read()
        while self.token.text in signs:
            operator = self.take()
            left = nodes.Call(operator.place, operator.text, [left, read()])
        return left

    def signed(self):
        """Read a value with a sign, or without."""
        place = self.place
        if self.accept("-"):
            return nodes.Call(place, "negative", [self.signed()])
        if self.accept("+"):
            return nodes.Call(place, "positive", [self.signed()])
        value = self.value()
        if self.next_is("::"):
            raise unsupported(self.place, f"'::' ({self.advise_on_cast(value)})")
        if self.next_is("["):
            raise unsupported(self.place, "an element of an array")
        return value

    def advise_on_cast(self, value):
        """Return what to write in place of a value and ::"""
        if isinstance(value, nodes.Name) and value.parts[-1].lower() == "measure_value":
            return "write measure_value::double and so on without spaces"
        return "write it as cast(x as type)"

    def value(self):
        """Read a constant, a column, a call, or something in brackets."""
        if self.token.kind in ("string", "number", "interval"):
            return self.constant()
        if self.next_is("("):
            return self.in_brackets()
        if self.next_is("case"):
            return self.case()
        if self.next_is("cast"):
            return self.cast()
        if self.next_is("null") or self.next_is("true") or self.next_is("false"):
            return self.truth()
        if self.next_is("current_timestamp"):
            return nodes.Call(self.take().place, "now", [])
        behind = self.tokens[min(self.position + 1, len(self.tokens) - 1)]
        if self.token.kind == "name" and behind.text == "(":
            return self.call()
        if self.token.word in TYPED and behind.kind == "string":
            return self.typed_constant()
        if self.token.kind == "name" and behind.text == "[":
            raise unsupported(self.place, self.token.text)
        if self.next_is("interval", "-") or self.next_is("interval", "+"):
            return self.typed_constant()
        if not self.next_is_name():
            raise self.mismatch("an expression")
        return nodes.Name(self.place, self.dotted_name())

    def in_brackets(self):
        """Read an expression or a query in brackets."""
        place = self.take().place
        if self.next_is("select") or self.next_is("with"):
            node = nodes.ScalarQuery(place, self.query())
        else:
            node = self.expression()
        if self.next_is(","):
            raise unsupported(place, "a row of values")
        self.expect(")")
        return node

    def constant(self):
        """Read a string, a number or an interval."""
        kind, text, _, place = self.take()
        if kind == "string":
            return nodes.Constant(place, "VARCHAR", text[1:-1].replace("''", "'"))
        try:
            if kind == "interval":
                return nodes.Constant(place, "INTERVAL", types.read_interval(text))
            if not text.isdecimal():
                return nodes.Constant(place, "DOUBLE", types.in_range(float(text), "DOUBLE"))
            if len(text) > 30:  # Python reads no integer of more than 4300 digits
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
        """Read a constant as timestamp '2026-11-24' or interval '1' hour."""
        place = self.place
        if self.accept("interval"):
            return self.interval(place)
        kind = self.kind()
        return nodes.Cast(place, self.constant(), kind)

    def interval(self, place):
        """Read what stands behind INTERVAL."""
        sign = -1 if self.accept("-") else 1
        if sign == 1:
            self.accept("+")
        text = self.take().text.strip("'")
        unit = self.take().word
        if unit in ("year", "month"):
            raise unsupported(place, f"an interval of {unit}s")
        if unit not in ("second", "minute", "hour", "day"):
            raise wrong(place, "an interval is written as 15m, or as interval '15' minute")
        if text.startswith("-"):
            sign, text = -sign, text[1:]
        if not (text.isdecimal() and text.isascii()):
            raise wrong(place, f"'{text}' is no whole number")
        try:
            return nodes.Constant(place, "INTERVAL", sign * types.read_interval(text + unit))
        except QueryError as error:
            raise wrong(place, error) from None

    def kind(self):
        """Read the name of a type."""
        _, text, name, place = self.take()
        if name in types.UNSUPPORTED_NAMES or (name in types.NAMES and self.next_is("(")):
            raise unsupported(place, f"the type {text}{'(...)' if self.next_is('(') else ''}")
        if name not in types.NAMES:
            known = ", ".join(types.NAMES)
            raise wrong(place, f"Unknown type: {text}. There are: {known}")
        return types.NAMES[name]

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
        """Read CAST."""
        place = self.take().place
        self.expect("(")
        operand = self.expression()
        self.expect("as")
        kind = self.kind()
        self.expect(")")
        return nodes.Cast(place, operand, kind)

    def call(self):
        """Read the call of a function."""
        _, text, name, place = self.take()
        if name in UNSUPPORTED:
            raise unsupported(place, text)
        if name not in functions.FUNCTIONS:
            near = difflib.get_close_matches(name, functions.FUNCTIONS)
            hint = f"Did you mean {', '.join(near)}?" if near else SEE
            raise QueryError(f"{unsupported(place, text)}. {hint}")
        self.expect("(")
        distinct = self.accept("distinct")
        arguments = []
        if name == "count" and self.next_is("*"):
            self.take()
        elif not self.next_is(")"):
            arguments = self.list_of(self.expression)
        if self.next_is("order"):
            raise unsupported(self.place, "ORDER BY in a function")
        self.expect(")")
        if self.next_is("filter", "(") or self.next_is("ignore", "nulls"):
            raise self.mismatch("")
        over = self.window() if self.accept("over") else None
        return nodes.Call(place, name, arguments, distinct, over)

    def window(self):
        """Read what stands behind OVER."""
        self.expect("(")
        partition = []
        if self.accept("partition"):
            self.expect("by")
            partition = self.list_of(self.expression)
        orders = self.orders()
        frame = ""
        if self.accept("rows"):
            frame = self.frame()
        self.expect(")")
        return nodes.Window(partition, orders, frame)

    def frame(self):
        """Read what stands behind ROWS."""
        place = self.token.place
        if not self.accept("between"):
            first, last = self.bound(), "CURRENT ROW"
        else:
            first = self.bound()
            self.expect("and")
            last = self.bound()
        if first == "UNBOUNDED FOLLOWING" or last == "UNBOUNDED PRECEDING":
            raise wrong(place, "The frame of a window ends before it starts")
        return f"ROWS BETWEEN {first} AND {last}"

    def bound(self):
        """Read a bound of a frame; return it as SQL, which is the same for SQLite."""
        if self.accept("current", "row"):
            return "CURRENT ROW"
        number = "UNBOUNDED"
        if not self.accept("unbounded"):
            if self.token.kind != "number" or not self.token.text.isdecimal():
                raise self.mismatch("a whole number")
            number = self.constant().value
        if self.accept("preceding"):
            return f"{number} PRECEDING"
        self.expect("following")
        return f"{number} FOLLOWING"
