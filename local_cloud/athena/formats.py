"""The small languages inside of SQL - date formats, JSON paths, replacements - from Trino's to DuckDB's."""

import re
from typing import Final

from sqlglot import exp

from local_cloud.athena.errors import NotSupported, QueryFailed

# https://trino.io/docs/current/functions/datetime.html#mysql-date-functions
_MYSQL: Final = {
    "Y": "%Y", "y": "%y", "m": "%m", "c": "%-m", "d": "%d", "e": "%-d", "H": "%H", "k": "%-H", "h": "%I", "I": "%I",
    "l": "%-I", "i": "%M", "s": "%S", "S": "%S", "f": "%f", "p": "%p", "M": "%B", "b": "%b", "W": "%A", "a": "%a",
    "j": "%j", "T": "%H:%M:%S", "r": "%I:%M:%S %p", "v": "%V", "x": "%G", "%": "%%",
}  # fmt: skip
_STEP: Final = re.compile(r"""\.([A-Za-z_]\w*)|\[(\d+)\]|\["([^"\]]+)"\]|\['([^'\]]+)'\]""")


def text_of(argument: exp.Expr, *, what: str) -> str:
    """Return a literal's text; what is only known row by row cannot be translated."""
    if isinstance(argument, exp.Literal) and argument.is_string:
        return str(argument.this)
    raise NotSupported(f"{what} as an expression; write it as a literal")


def of_mysql(argument: exp.Expr) -> exp.Expr:
    """Translate the format of date_format and date_parse."""
    text = text_of(argument, what="a date format")
    return exp.Literal.string(re.sub(r"%(.)", lambda found: _field(found[1]), text))


def _field(letter: str) -> str:
    if letter in "DUuVwX":
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: %{letter} not supported in date format string")
    return _MYSQL.get(letter, letter)


def replacement(argument: exp.Expr) -> exp.Expr:
    """Translate the groups of a replacement, which Trino marks with a dollar sign."""
    text = text_of(argument, what="a replacement")
    if "\\" in text or "${" in text:
        raise NotSupported(f"the replacement {text!r}; only $1 to $9 are known")
    return exp.Literal.string(re.sub(r"\$(\d)", r"\\\1", text))


def json_path(argument: exp.Expr) -> exp.Expr:
    """Translate a path of names and indices."""
    text = text_of(argument, what="a JSON path")
    steps = list(_STEP.finditer(text, 1)) if text.startswith("$") else []
    if not text.startswith("$") or "".join(step[0] for step in steps) != text[1:]:
        raise NotSupported(f"the JSON path {text!r}")
    return exp.Literal.string("$" + "".join(_step(*step.groups()) for step in steps))


def _step(name: str | None, index: str | None, *quoted: str | None) -> str:
    return f"[{index}]" if index else f'."{name or next(filter(None, quoted))}"'
