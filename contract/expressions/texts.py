r"""Texts in quotes: what they mean here, and how they are printed so that Spark reads exactly that.

A backslash is an escape as in Spark, but only a few are known: Spark drops the backslash of all others without a word.
"""

import re
import unicodedata
from typing import Final

from contract.expressions.errors import problem_at

_ESCAPED: Final = {"\\": "\\", "'": "'", "n": "\n", "r": "\r", "t": "\t"}
_PRINTED: Final = {
    "\\": r"\\",
    "'": r"\'",  # Spark 3.5 reads '' as the end of one text and the start of another
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "$": r"\u0024",  # Spark replaces ${env:NAME} and ${setting} anywhere in its SQL, also inside texts
}
_UNICODE: Final = re.compile(r"u([0-9A-Fa-f]{4})")
_ALLOWED: Final = r"allowed are \\ for a backslash, \' or '' for a quote, \n, \r, \t and \uXXXX"
_NOT_SEEN: Final = ("Cc", "Cf", "Zl", "Zp", "Zs", "Cs", "Co")


def meaning_of(body: str, *, position: int) -> str:
    """Return the value of what stands between the quotes, the first character of which is at the given offset."""
    parts, offset = [], 0
    while offset < len(body):
        part, length = _next_part(body, offset, position + offset)
        parts.append(part)
        offset += length
    return "".join(parts)


def printed(value: str) -> str:
    """Return the text in quotes, with nothing in it that Spark would read as anything but itself."""
    return f"'{''.join(_PRINTED.get(character) or _seen(character) for character in value)}'"


def named(character: str) -> str:
    """Name a character so that it can be found, whether or not it is one that people see."""
    code = f"U+{ord(character):04X} {unicodedata.name(character, '')}".strip()
    return repr(character) if " " <= character <= "~" else code


def is_seen(character: str) -> bool:
    """Say whether people can see a character: none that is a control, a format, or a space other than the usual."""
    return character == " " or unicodedata.category(character) not in _NOT_SEEN


def _next_part(body: str, offset: int, position: int) -> tuple[str, int]:
    character = body[offset]
    if character == "'":
        return "'", 2  # the tokenizer lets a quote through only as a pair
    if character == "\\":
        return _unescaped(body, offset + 1, position)
    if not is_seen(character):
        raise problem_at(position, f"a text holds {named(character)}, which nobody sees; {_ALLOWED}")
    return character, 1


def _unescaped(body: str, offset: int, position: int) -> tuple[str, int]:
    following = body[offset]
    if following in _ESCAPED:
        return _ESCAPED[following], 2
    code = _UNICODE.match(body, offset)
    if code is None:
        shown = rf"\{following}" if is_seen(following) else f"a backslash before {named(following)}"
        raise problem_at(position, rf"{shown} in a text is not known; {_ALLOWED} (in a pattern, \\d means \d)")
    character = chr(int(code.group(1), 16))
    if character == "\0" or unicodedata.category(character) == "Cs":
        raise problem_at(position, rf"\{code.group()} is no character that a text can hold; write another")
    return character, 6


def _seen(character: str) -> str:
    return character if is_seen(character) else f"\\u{ord(character):04x}"
