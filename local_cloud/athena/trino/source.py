"""A statement's text: where its parts stand in it, for messages."""

from dataclasses import dataclass, field
from typing import Final

from sqlglot import exp
from sqlglot.tokenizer_core import Token

from local_cloud.athena.dialect import tokens_of

_KEYWORDS: Final[dict[type[exp.Expr], str]] = {
    exp.Cast: "CAST", exp.TryCast: "TRY_CAST", exp.Case: "CASE", exp.Extract: "EXTRACT", exp.Trim: "TRIM",
    exp.Interval: "INTERVAL", exp.Array: "ARRAY", exp.Exists: "EXISTS", exp.Not: "NOT", exp.Subquery: "(",
}  # fmt: skip

_OPENING: Final = frozenset({"(", "SELECT", "DISTINCT", "ALL", "VALUES", "WITH"})


@dataclass
class Source:
    """A text that was parsed."""

    sql: str
    _tokens: list[Token] = field(default_factory=list)

    def position(self, node: exp.Expr) -> str:
        """Say where an expression begins, as `line L:C`."""
        start = _start(node)
        if start is None:
            return "line 1:1"
        keyword = _KEYWORDS.get(type(node))
        if keyword:
            before = [token.start for token in self._all() if token.start <= start and token.text.upper() == keyword]
            start = before[-1] if before else start
        return self._line(start)

    def operator(self, node: exp.Expr, sign: str) -> str:
        """Say where the operator of a binary expression stands."""
        end = max((int(part.meta["end"]) for part in node.this.walk() if "end" in part.meta), default=-1)
        wanted = {sign, "!="} if sign == "<>" else {sign}
        after = (token for token in self._all() if token.start > end and token.text.upper() in wanted)
        found = next(after, None)
        return self.position(node) if found is None else self._line(found.start)

    def follows(self, node: exp.Expr, word: str) -> bool:
        """Tell whether an expression, or the query in parentheses that it is, stands right behind a word."""
        start = _start(node)
        before = [token.text.upper() for token in self._all() if start is not None and token.start < start]
        while before and before[-1] in _OPENING:
            before.pop()
        return bool(before) and before[-1] == word

    def _all(self) -> list[Token]:
        if not self._tokens:
            self._tokens = tokens_of(self.sql)
        return self._tokens

    def _line(self, start: int) -> str:
        before = self.sql[:start]
        return f"line {before.count(chr(10)) + 1}:{start - before.rfind(chr(10))}"


def _start(node: exp.Expr) -> int | None:
    return min((int(part.meta["start"]) for part in node.walk() if "start" in part.meta), default=None)
