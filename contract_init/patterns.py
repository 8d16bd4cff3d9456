"""Patterns of names for objects that a contract includes or leaves out: as wide as another day's names need.

Knows names only; what an object holds, others decide.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from core.raw_objects import RawObjects, pattern_problem

_MOST_PATTERNS: Final = 5
_LONGEST: Final = 60
# What a name says of its content, with how that is compressed: of a.csv.gz .csv.gz, as another .gz may be read.
_SUFFIX: Final = re.compile(r"\.[A-Za-z][A-Za-z0-9]*(?:\.(?:gz|bz2|zst))?$")
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


def excluding_patterns(keys: Iterable[str], read: Collection[str], *, by_suffix: bool = False) -> dict[str, str]:
    """Return for each key a pattern that leaves it out, on other days too, and nothing that is read.

    Keys for which there is none are not in it.
    """
    patterns: dict[str, str] = {}
    for key in keys:
        same = next((pattern for pattern in patterns.values() if _matches(pattern, key)), None)
        candidates = [same] if same is not None else _candidates(key, read, by_suffix=by_suffix)
        fitting = (pattern for pattern in candidates if pattern_problem(pattern) is None)
        pattern = next((one for one in fitting if not any(_matches(one, other) for other in read)), None)
        if pattern is not None and len({*patterns.values(), pattern}) <= _MOST_PATTERNS:
            patterns[key] = pattern
    return patterns


def _candidates(key: str, read: Collection[str], *, by_suffix: bool) -> Iterator[str]:
    *folders, name = key.split("/")
    known = {folder for other in read for folder in other.split("/")[:-1]}
    anywhere = "**/" if folders else ""
    suffix = _SUFFIX.search(name)
    if by_suffix and suffix is not None:
        yield f"{anywhere}*{suffix.group()}"
    yield from (f"**/{as_pattern(one)}/**" for one in folders if one not in known and not re.search("[0-9]", one))
    start = _start(name)
    if start:
        yield f"{anywhere}{as_pattern(start)}{'' if start == name else '*'}"


def _matches(pattern: str, key: str) -> bool:
    return RawObjects(exclude=(pattern,)).classify(f"day/{key}", 1, day_prefix="day/").kind == "ignored"


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
