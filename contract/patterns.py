"""Regular expressions that mean the same in Java (where Spark runs them), in Python and in ECMA-262 (which ODCS names).

A pattern searches: it may match anywhere in the value, so `^` and `$` are written by whoever wants the whole value.
Everything whose meaning differs between those engines is refused; what remains is made exact by `portable_pattern`.
"""

import re
from collections.abc import Iterator
from typing import Final

_ESCAPES: Final = r"\\(?:[dDwWsStnrf]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[1-9](?![0-9])|[!-/:-@\[-^`{-~])"
_TOKEN: Final = re.compile(
    rf"(?P<escape>{_ESCAPES})"
    r"|(?P<bad_escape>\\(?:.|$))"
    r"|(?P<quantifier>(?:[*+?]|\{\d+(?:,\d*)?\})[+?]?)"
    r"|(?P<group>\(\?(?:<?[=!]|:)|\((?!\?))"
    r"|(?P<bad_group>\(\?.?)"
    r"|(?P<bad_brace>\{)"
    r"|(?P<open>\[\^?)"
    r"|(?P<plain>.)",
    re.DOTALL,
)
_CLASS_TOKEN: Final = re.compile(rf"(?P<escape>{_ESCAPES})|(?P<bad_escape>\\(?:.|$))|(?P<plain>.)", re.DOTALL)


def pattern_problem(pattern: str) -> str | None:
    """Return why a pattern is refused, or None when every engine reads it alike."""
    for kind, text in _tokens(pattern):
        problem = _token_problem(kind, text)
        if problem is not None:
            return problem
    try:
        re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is not a regular expression: {error}"
    return None


def portable_pattern(pattern: str) -> str:
    r"""Rewrite an accepted pattern so that Java, Python and ECMA-262 agree on the odd values too.

    `$` becomes the very end of the value (Java and Python also stop before a final line break) and `.` any character
    but a line feed (Java leaves out four more). Java's `\d`, `\w`, `\s` are ASCII; in Python add `re.ASCII`.
    """
    exact = {"$": r"(?![\s\S])", ".": r"[^\n]"}
    return "".join(exact.get(text, text) if kind == "plain" else text for kind, text in _tokens(pattern))


def _tokens(pattern: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, text) whose texts joined are the pattern; characters inside brackets have kinds `class_…`."""
    position, in_class, class_start = 0, False, 0
    while position < len(pattern):
        match = (_CLASS_TOKEN if in_class else _TOKEN).match(pattern, position)
        if match is None:
            raise AssertionError(f"no token at {position} of {pattern!r}: every character is one")
        kind, text = str(match.lastgroup), match.group()
        if not in_class and kind == "open":
            in_class, class_start = True, match.end()
        elif in_class and text == "]":
            in_class, kind = False, "class_empty" if position == class_start else "class_close"
        elif in_class:
            kind = f"class_{kind}"
            if text == "[" or pattern[position : position + 2] in ("&&", "~~", "||", "--"):
                kind = "class_set_operation"
        yield kind, text
        position = match.end()


def _token_problem(kind: str, text: str) -> str | None:
    if kind.endswith("bad_escape") or (kind == "class_escape" and text[1:].isdigit()):
        return f"uses {text!r}, which is not read alike everywhere; {_ESCAPE_ADVICE}"
    if kind == "quantifier" and text.endswith("+") and len(text) > 1:
        return f"uses the possessive quantifier {text!r}, which only some engines know; leave out the last '+'"
    return _PROBLEMS.get(kind)


_ESCAPE_ADVICE: Final = (
    r"allowed are \d \w \s and their capitals, \t \n \r \f, \xhh, \uhhhh, \1-\9 outside brackets, and a backslash "
    "before a punctuation mark"
)
_PROBLEMS: Final = {
    "bad_brace": r"has a '{' that begins no {n}, {n,} or {n,m}; write \{ for the character itself",
    "bad_group": "has a group that only some engines know; allowed after '(?' are ':', '=', '!', '<=' and '<!'",
    "class_empty": r"has a bracket expression that begins with ']'; write \] for the character itself",
    "class_set_operation": r"has '[' or a doubled && || ~~ -- inside brackets, which some engines read as a set "
    r"operation; put a backslash before each of them",
}
