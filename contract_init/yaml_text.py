"""Texts in YAML and in its comments, whatever characters they hold; knows nothing of contracts."""

import re
from collections.abc import Iterable
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z/][A-Za-z0-9_./+-]*(?: [A-Za-z0-9_./+-]+)*", re.ASCII)
_OTHER_MEANING: Final = re.compile(r"y|n|yes|no|on|off|true|false|null|nan|inf", re.IGNORECASE)
# What some editors and terminals do not show as it is.
_HIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\xa0\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff\ud800-\udfff]"
)
_LONGEST_COMMENT: Final = 116


def scalar(text: str) -> str:
    """Write a text so that YAML reads the same text, in block and in flow style."""
    if _PLAIN.fullmatch(text) and not _OTHER_MEANING.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_HIDDEN.sub(_escape, escaped)}"'


def flow_list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(scalar, texts))}]"


def comment(text: str, *, indent: int = 0) -> list[str]:
    """Write a comment, over as many lines as it needs."""
    printable = _HIDDEN.sub(_escape, text)
    lines, line = [], ""
    for word in printable.split(" "):
        if line and len(line) + len(word) >= _LONGEST_COMMENT - indent:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [f"{' ' * indent}# {part}".rstrip() for part in [*lines, line]]


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
