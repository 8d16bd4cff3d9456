"""Patterns of names for objects that a contract includes or leaves out: as wide as another day's names need.

Knows names only; what an object holds, others decide.
"""

import re
from collections.abc import Collection, Iterable
from typing import Final

_MOST_PATTERNS: Final = 5
_LONGEST: Final = 60
_SEPARATORS: Final = "-_."


def patterns_of(keys: Collection[str]) -> list[str]:
    """Return patterns of names like these, whose dates, numbers and ids another day has others of."""
    folders = "**/" if any("/" in key for key in keys) else ""
    names = [key.rpartition("/")[2] for key in keys]
    starts = _without_longer({_start(name) for name in names})
    if len(starts) > _MOST_PATTERNS:
        starts = [_whole_words(_common_start(starts[0], starts[-1]))]
    if starts == [""]:
        any_name = "[0-9]*" if all(name[0].isdecimal() and name.isascii() for name in names) else "*"
        return [f"{folders}{any_name}"]
    return [f"{folders}{as_pattern(start)}*" for start in starts]


def as_pattern(name: str) -> str:
    """Write a name so that a pattern has no other meaning for its characters."""
    return re.sub(r"[*?[]", "?", name)


def _start(name: str) -> str:
    """Return what comes before the first date, number or id: of part-0001 part-, of part0001 part."""
    digit = re.search("[0-9]", name)
    if digit is None:
        return name[:_LONGEST]
    start = name[: digit.start()]
    word = re.split(f"[{_SEPARATORS}]", name[len(_whole_words(start)) :])[0]
    is_numbered = re.fullmatch("[^0-9]+[0-9]+", word) is not None
    return (start if is_numbered else _whole_words(start))[:_LONGEST]


def _whole_words(start: str) -> str:
    """Return the beginning of a name up to its last separator."""
    return start[: max(start.rfind(separator) for separator in _SEPARATORS) + 1]


def _common_start(first: str, last: str) -> str:
    """Return what the first and the last of sorted names have in common, and so all between them."""
    length = next((number for number, pair in enumerate(zip(first, last, strict=False)) if len(set(pair)) > 1), None)
    return first[:length]


def _without_longer(starts: Iterable[str]) -> list[str]:
    """Return the beginnings without those that begin with another one."""
    kept: list[str] = []
    for start in sorted(starts):
        if not any(start.startswith(shorter) for shorter in kept):
            kept.append(start)
    return kept
