"""Where in a JSON text the elements of an array stand, so that some can be taken out and all else stays as it was.

Plain functions over a text; must not know what the elements are.
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from erasure.subject import Members, Number

Span: TypeAlias = tuple[int, int]

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_PARSER: Final = json.JSONDecoder(
    object_pairs_hook=Members, parse_float=Number, parse_int=Number, parse_constant=Number, strict=False
)
# Behind a string, as one may hold braces; a string without an end is left as it is, with all behind it.
_STRING_OR_BREAK: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|"|\}[ \t\r]*(?=\{)', re.DOTALL)


def parsed(text: str) -> object:
    """Parse one JSON text with all that it says. Raises ValueError or RecursionError."""
    return _PARSER.decode(text)


def elements(text: str, start: int, names: Sequence[str]) -> list[Span] | None:
    """Return where the elements of an array stand, which lies behind these names; None where there is no array."""
    position: int | None = _behind_space(text, start)
    for name in names:
        position = None if position is None else _member(text, position, name)
    return None if position is None else _elements(text, position)


def concatenated(text: str) -> list[Span]:
    """Return the parts of a line between which an object ends and another one begins."""
    starts, found = [0], 0
    for match in _STRING_OR_BREAK.finditer(text):
        if match.group() == '"':
            break
        found = match.end()
        if match.group().startswith("}"):
            starts.append(found)
    return list(zip(starts, [*starts[1:], len(text)], strict=True))


def cuts_of(spans: Sequence[Span], removed: Iterable[int]) -> list[Span]:
    """Return what is cut out of an array for some of its elements to be gone, each with one comma."""
    gone = set(removed)
    kept = [number for number in range(len(spans)) if number not in gone]
    if not kept:
        return [(spans[0][0], spans[-1][1])] if spans else []
    return [
        (spans[number][0], spans[number + 1][0]) if number < kept[0] else (spans[number - 1][1], spans[number][1])
        for number in sorted(gone)
    ]


def without(text: str, cuts: Iterable[Span]) -> str:
    """Return a text without what is cut out of it."""
    parts, position = [], 0
    for start, end in sorted(cuts):
        parts.append(text[position : max(start, position)])
        position = max(position, end)
    return "".join([*parts, text[position:]])


def _behind_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return position if match is None else match.end()


def _member(text: str, position: int, name: str) -> int | None:
    """Return where the value of a member begins, the last one of that name; None where there is no object or none."""
    if text[position : position + 1] != "{":
        return None
    found, position = None, _behind_space(text, position + 1)
    while text[position : position + 1] == '"':
        key, position = _PARSER.raw_decode(text, position)
        position = _behind_space(text, _behind_space(text, position) + 1)  # the colon
        if key == name:
            found = position
        position = _next(text, _end_of_value(text, position))
    return found


def _elements(text: str, position: int) -> list[Span] | None:
    if text[position : position + 1] != "[":
        return None
    spans, position = [], _behind_space(text, position + 1)
    while position < len(text) and text[position] != "]":
        end = _end_of_value(text, position)
        spans.append((position, end))
        position = _next(text, end)
    return spans


def _end_of_value(text: str, position: int) -> int:
    return _PARSER.raw_decode(text, position)[1]


def _next(text: str, position: int) -> int:
    """Go over a comma and the space around it."""
    position = _behind_space(text, position)
    return _behind_space(text, position + 1) if text[position : position + 1] == "," else position
