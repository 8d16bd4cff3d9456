"""From text to tokens: the closed alphabet of expressions; knows nothing of what tokens mean together."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from contract.expressions.errors import ExpressionError, problem_at
from contract.expressions.texts import meaning_of, named

MAX_LENGTH: Final = 4000
_TOKEN: Final = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<comment>--|/\*|\*/)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?L?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|`(?P<quoted>[A-Za-z_][A-Za-z0-9_]*)`"
    r"|'(?P<text>(?:[^'\\]|''|\\.)*)'"
    r"|(?P<symbol><=>|<>|!=|<=|>=|==|\|\||[-+*/%=<>()\[\],.])",
    re.DOTALL | re.ASCII,
)
_NUMBER_ENDS: Final = re.compile(r"(?![A-Za-z0-9_.])", re.ASCII)
_ALLOWED: Final = (
    "allowed are column names, numbers, texts in single quotes, "
    "the operators + - * / % || = <> != < <= > >= <=>, and ( ) [ ] , ."
)
_ADVICE: Final = {
    '"': "write texts in single quotes and names in backticks",
    "'": "a text begins here and does not end; write '' for a quote inside it",
    "`": "a name in backticks is a letter or '_', then letters, digits or '_', and ends with a backtick",
    ";": "there is one expression, and no statement",
    ":": "write CAST(x AS type)",
    "!": "write NOT",
    "{": "nothing is filled in",
    "$": "nothing is filled in",
    "#": "there are no comments",
}


@dataclass(frozen=True)
class Token:
    """A piece of the text: its kind (``number``, ``name``, ``quoted``, ``text``, ``symbol``, ``end``), and its offset.

    ``text`` is the value for texts and names in backticks, and what was written for all others.
    """

    kind: str
    text: str
    at: int
    end: int

    @property
    def word(self) -> str:
        """Return what keywords and symbols are compared by: nothing for texts and for names in backticks."""
        return self.text.upper() if self.kind in ("name", "symbol") else ""

    @property
    def shown(self) -> str:
        """Return how a message names the token."""
        if self.kind == "end":
            return "the end"
        brief = self.text if len(self.text) <= 40 else f"{self.text[:37]}..."
        return f"the text {brief!r}" if self.kind == "text" else repr(brief)


def tokens_of(source: str) -> list[Token]:
    """Return all tokens, the last of which is the end. Raises ExpressionError."""
    if len(source) > MAX_LENGTH:
        raise ExpressionError(
            f"the expression has {len(source):,} characters, and at most {MAX_LENGTH:,} are allowed; "
            "spread it over several derived columns"
        )
    return [*_tokens(source), Token("end", "", len(source), len(source))]


def _tokens(source: str) -> Iterator[Token]:
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None or match.lastgroup == "comment":
            raise _not_a_token(source, position)
        if match.lastgroup != "space":
            yield _token(match)
        position = match.end()


def _token(match: re.Match[str]) -> Token:
    kind, at = str(match.lastgroup), match.start()
    text = match.group(kind)
    if kind == "text":
        text = meaning_of(text, position=match.start(kind))
    if kind == "number" and not _NUMBER_ENDS.match(match.string, match.end()):
        raise problem_at(at, f"a number goes on with {named(match.string[match.end()])} after {text}; {NUMBERS}")
    return Token(kind, text, at, match.end())


NUMBERS: Final = (
    "numbers are digits, with a point and more digits for decimals (0.5), or with an L for bigint (5L); other forms, "
    "such as exponents or hexadecimal digits, are not read: write CAST(1.5 AS double) for a double"
)


def _not_a_token(source: str, position: int) -> ExpressionError:
    character = source[position]
    if source[position : position + 2] in ("--", "/*", "*/"):
        return problem_at(
            position,
            f"found {source[position : position + 2]!r}, which is a comment in SQL, and there are none here; "
            "put comments into transformDescription, and a space between two signs",
        )
    advice = _ADVICE.get(character)
    return problem_at(position, f"found {named(character)}; {f'{advice}; ' if advice else ''}{_ALLOWED}")
