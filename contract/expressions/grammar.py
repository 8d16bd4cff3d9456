"""From tokens to nodes, by precedence as in Spark: OR, AND, NOT, comparisons, + - ||, * / % DIV, signs, [ ] and fields.

What is not in this grammar is refused, whatever Spark would make of it; types are checked elsewhere.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, TypeVar

from contract.ddl_types import COMPLEX_KINDS, MAX_PRECISION, TypeNotUsableError, canonical_type, kind_of
from contract.expressions import literals, tree
from contract.expressions.calls import call
from contract.expressions.errors import ExpressionError, problem_at
from contract.expressions.refused import CONSTANTS_OF_THE_RUN, REASONS
from contract.expressions.tokens import Token, tokens_of
from contract.iso_times import date_of, moment_of
from contract.patterns import portable_pattern

MAX_HEIGHT: Final = 60
MAX_NESTING: Final = 2 * MAX_HEIGHT + 5  # what is printed has parentheses around every operator
MAX_NODES: Final = 1000
_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _SIGN = range(1, 8)
_LEVELS: Final = {
    "OR": _OR,
    "AND": _AND,
    **dict.fromkeys(("=", "<>", "!=", "<", "<=", ">", ">=", "<=>"), _COMPARISON),
    **dict.fromkeys(("IS", "NOT", "IN", "BETWEEN", "LIKE", "RLIKE"), _COMPARISON),
    **dict.fromkeys(("+", "-", "||"), _SUM),
    **dict.fromkeys(("*", "/", "%", "DIV"), _PRODUCT),
}
_PREDICATES: Final = ("IN", "BETWEEN", "LIKE", "RLIKE")
_KEYWORDS: Final = frozenset(
    "OR AND NOT IS IN BETWEEN LIKE RLIKE DIV CASE WHEN THEN ELSE END NULL TRUE FALSE CAST TRY_CAST AS".split()
)
_VALUES: Final = "a column name, a number, a text in single quotes, a function, CASE, CAST, NOT, - or ("
_MAX_LONG: Final = 2**63 - 1
_MAX_INT: Final = 2**31 - 1
_N = TypeVar("_N", bound=tree.Node)


def parse(source: str) -> tree.Node:
    """Return the node of a whole expression. Raises ExpressionError."""
    parser = _Parser(tokens_of(source), source)
    node = parser.expression()
    parser.expect_end()
    return node


class _Parser:
    """Read nodes off a list of tokens, with a bound on how deep and how many, so that nothing recurses without end."""

    def __init__(self, tokens: Sequence[Token], source: str) -> None:
        self._tokens = tokens
        self._source = source
        self._position = 0
        self._nesting = 0
        self._measures: dict[int, tuple[tree.Node, int, int]] = {}  # a node, how high, how many nodes

    def expression(self, lowest: int = _OR) -> tree.Node:
        """Read operators of at least a level, and what they apply to."""
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise problem_at(
                self._next.at,
                f"nested deeper than {MAX_NESTING} levels; spread the expression over several derived columns",
            )
        left, highest = self._prefixed(lowest), _SIGN
        while lowest <= (level := _LEVELS.get(self._next.word, 0)):
            if level > highest or (level == highest == _COMPARISON):
                raise problem_at(
                    self._next.at, f"found {self._next.shown} behind a comparison; put one of them into parentheses"
                )
            left = self._kept(self._infix(left, self._advance(), level))
            highest = level
        self._nesting -= 1
        return left

    def expect_end(self) -> None:
        if self._next.kind != "end":
            raise self._unexpected("an operator or the end of the expression")

    @property
    def _next(self) -> Token:
        return self._tokens[self._position]

    def _advance(self) -> Token:
        token = self._next
        self._position += token.kind != "end"
        return token

    def _accept(self, *words: str) -> Token | None:
        return self._advance() if self._next.word in words else None

    def _expect(self, *words: str) -> Token:
        if self._next.word not in words:
            raise self._unexpected(" or ".join(map(repr, words)))
        return self._advance()

    def _unexpected(self, allowed: str) -> ExpressionError:
        before = self._tokens[self._position - 1] if self._position else None
        if self._next.kind == "text" and before is not None and before.kind == "name" and before.end == self._next.at:
            text = f"found a text that begins with {before.text}; a text has no prefix"
            return problem_at(before.at, f"{text}; allowed are '…', DATE '…' and TIMESTAMP '…'")
        advice = {"==": "; write =", ".": "; write 0.5 for .5, and names of fields behind a column"}
        found = f"found {self._next.shown}{advice.get(self._next.word, '')}"
        return problem_at(self._next.at, f"{found}; allowed here: {allowed}")

    def _kept(self, node: _N) -> _N:
        """Measure a new node. Raises ExpressionError when there are too many, or too many levels."""
        inside = [self._measures[id(part)] for part in node.parts]
        height = 1 + max((height for _, height, _ in inside), default=0)
        count = 1 + sum(count for _, _, count in inside)
        if height > MAX_HEIGHT or count > MAX_NODES:
            limit = f"{MAX_NODES:,} parts" if count > MAX_NODES else f"{MAX_HEIGHT} levels of operators and functions"
            raise problem_at(node.at, f"the expression has more than {limit}; spread it over several derived columns")
        self._measures[id(node)] = node, height, count
        return node

    def _kept_deeply(self, node: tree.Node) -> tree.Node:
        """Measure a node that was rewritten, with the new ones inside."""
        for part in node.parts:
            if id(part) not in self._measures:
                self._kept_deeply(part)
        return self._kept(node)

    def _infix(self, left: tree.Node, operator: Token, level: int) -> tree.Node:
        word, at = operator.word, operator.at
        if word == "IS":
            negated = self._accept("NOT") is not None
            self._expect("NULL")
            return tree.IsNull(left, negated, at=at)
        if word == "NOT":
            return self._predicate(left, self._expect(*_PREDICATES), negated=True)
        if word in _PREDICATES:
            return self._predicate(left, operator, negated=False)
        return tree.Binary("<>" if word == "!=" else word, left, self.expression(level + 1), at=at)

    def _predicate(self, left: tree.Node, operator: Token, *, negated: bool) -> tree.Node:
        if operator.word == "IN":
            self._expect("(")
            return tree.In(left, self._arguments(), negated, at=operator.at)
        if operator.word == "BETWEEN":
            low = self.expression(_SUM)
            self._expect("AND")
            return tree.Between(left, low, self.expression(_SUM), negated, at=operator.at)
        return tree.Matches(operator.word, left, self._pattern(operator.word), negated, at=operator.at)

    def _pattern(self, operator: str) -> str:
        token = self._next
        if token.kind != "text":
            raise self._unexpected(f"a pattern in single quotes, as {operator} takes no computed one")
        self._advance()
        problem = literals.like_pattern(token.text) if operator == "LIKE" else literals.pattern(token.text)
        if problem is not None:
            raise problem_at(token.at, problem)
        return token.text if operator == "LIKE" else portable_pattern(token.text)

    def _prefixed(self, lowest: int) -> tree.Node:
        token = self._next
        if token.word == "NOT" and lowest <= _NOT:
            self._advance()
            return self._kept(tree.Not(self.expression(_COMPARISON if self._next.word != "NOT" else _NOT), at=token.at))
        if token.word in ("-", "+"):
            return self._signed(self._advance())
        return self._postfixed(self._primary())

    def _signed(self, sign: Token) -> tree.Node:
        if self._next.kind == "number" and sign.word == "-":
            return self._postfixed(self._number(self._advance(), sign=sign))
        operand = self.expression(_SIGN)
        if sign.word == "+":
            return operand
        # Spark's -x returns the smallest integer unchanged; 0 - x is null for it.
        zero = self._kept(tree.Literal(0, "int", at=sign.at))
        return self._kept(tree.Binary("-", zero, operand, at=sign.at))

    def _postfixed(self, node: tree.Node) -> tree.Node:
        while (opened := self._accept("[", ".")) is not None:
            if opened.word == "[":
                node = self._kept(tree.Item(node, self.expression(), at=opened.at))
                self._expect("]")
            else:
                node = self._kept(tree.StructField(node, self._field_name(), at=opened.at))
        return node

    def _field_name(self) -> str:
        if self._next.kind not in ("name", "quoted"):
            raise self._unexpected("the name of a field")
        return self._advance().text

    def _primary(self) -> tree.Node:
        token = self._next
        if token.kind == "number":
            return self._number(self._advance())
        if token.kind == "text":
            return self._kept(tree.Literal(self._advance().text, "string", at=token.at))
        if token.kind == "quoted":
            return self._kept(tree.ColumnName(self._advance().text, at=token.at))
        if token.word == "(":
            self._advance()
            return self._closed(self.expression())
        if token.kind == "name":
            return self._worded(self._advance())
        raise self._unexpected(_VALUES)

    def _closed(self, node: tree.Node) -> tree.Node:
        self._expect(")")
        return node

    def _worded(self, token: Token) -> tree.Node:
        """Read what begins with a word: a constant, a typed text, CASE, CAST, a function, or a column."""
        if token.word in ("NULL", "TRUE", "FALSE"):
            return self._kept(_CONSTANTS[token.word](token.at))
        if token.word == "CASE":
            return self._case(token)
        if token.word in ("CAST", "TRY_CAST"):
            return self._cast(token)
        if self._next.kind == "text" and token.word in ("DATE", "TIMESTAMP"):
            return self._kept(_typed(token, self._advance()))
        if token.word in _KEYWORDS:
            self._position -= 1
            raise self._unexpected(f"{_VALUES}; a column of this name is written in backticks")
        if self._accept("("):
            return self._kept_deeply(call(token.text, self._arguments(of=token), at=token.at))
        if token.text.lower() in CONSTANTS_OF_THE_RUN:
            reason = REASONS[token.text.lower()]
            raise problem_at(
                token.at, f"{token.text} is not allowed: {reason}; write a column of this name in backticks"
            )
        return self._kept(tree.ColumnName(token.text, at=token.at))

    def _arguments(self, of: Token | None = None) -> tuple[tree.Node, ...]:
        """Read expressions between commas, up to the closing parenthesis."""
        if of is not None and self._accept(")"):
            return ()
        if self._next.word in ("SELECT", "WITH", "FROM", "VALUES", "TABLE", "DISTINCT"):
            raise problem_at(self._next.at, f"found {self._next.shown}; there are no queries here; allowed: {_VALUES}")
        arguments = [self.expression()]
        while self._expect(",", ")").word == ",":
            arguments.append(self.expression())
        return tuple(arguments)

    def _case(self, token: Token) -> tree.Node:
        operand = None if self._next.word == "WHEN" else self.expression()
        branches = []
        self._expect("WHEN")
        following = "WHEN"
        while following == "WHEN":
            condition = self.expression()
            self._expect("THEN")
            branches.append((condition, self.expression()))
            following = self._expect("WHEN", "ELSE", "END").word
        otherwise = self.expression() if following == "ELSE" else None
        if following == "ELSE":
            self._expect("END")
        return self._kept(tree.Case(operand, tuple(branches), otherwise, at=token.at))

    def _cast(self, token: Token) -> tree.Node:
        self._expect("(")
        operand = self.expression()
        self._expect("AS")
        start, depth = self._next.at, 1
        while depth:
            inside = self._advance()
            if inside.kind == "end":
                raise self._unexpected("a type and ')'")
            depth += (inside.word == "(") - (inside.word == ")")
        return self._kept(tree.Cast(operand, _simple_type(self._source[start : inside.at], start), at=token.at))

    def _number(self, token: Token, sign: Token | None = None) -> tree.Node:
        text = f"-{token.text}" if sign else token.text
        return self._kept(_number(text, at=(sign or token).at))


def _number(text: str, *, at: int) -> tree.Literal:
    if "." in text:
        return _decimal(text, at=at)
    whole = int(text.removesuffix("L"))
    if not -_MAX_LONG - 1 <= whole <= _MAX_LONG:
        raise problem_at(at, f"{text} is beyond bigint ({_MAX_LONG}); write a decimal with its point, such as {text}.0")
    is_int = -_MAX_INT - 1 <= whole <= _MAX_INT and not text.endswith("L")
    return tree.Literal(whole, "int" if is_int else "bigint", at=at)


def _decimal(text: str, *, at: int) -> tree.Literal:
    value = Decimal(text) if not text.endswith("L") else None
    if value is None:
        raise problem_at(at, f"{text} is neither a bigint nor a decimal; leave out the L or the point")
    scale = len(text.partition(".")[2])
    precision = max(len(value.as_tuple().digits), scale)
    if precision > MAX_PRECISION:
        raise problem_at(
            at, f"the number has {precision} digits; a decimal holds at most {MAX_PRECISION}, so write fewer"
        )
    return tree.Literal(value or value.copy_abs(), f"decimal({precision},{scale})", at=at)


def _typed(word: Token, text: Token) -> tree.Literal:
    """Return a date or a time that is written out; words such as 'today', which Spark knows, are none."""
    value = date_of(text.text) if word.word == "DATE" else moment_of(text.text)
    if value is None:
        form = "'2025-01-31'" if word.word == "DATE" else "'2025-01-31 10:15:00Z'"
        raise problem_at(text.at, f"{text.shown} is no {word.word.lower()}; write {word.word} {form}")
    return tree.Literal(value, word.word.lower(), at=word.at)


def _simple_type(text: str, position: int) -> str:
    try:
        found = canonical_type(text)
    except TypeNotUsableError as error:
        raise problem_at(position, str(error)) from None
    if kind_of(found) in COMPLEX_KINDS:
        raise problem_at(position, f"{found} is not made by CAST; take its fields and elements one by one")
    return found


_CONSTANTS: Final = {
    "NULL": lambda at: tree.Literal(None, "null", at=at),
    "TRUE": lambda at: tree.Literal(value=True, type="boolean", at=at),
    "FALSE": lambda at: tree.Literal(value=False, type="boolean", at=at),
}
