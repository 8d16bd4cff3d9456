"""Patterns of dates and times that a contract states, of those that Spark reads alike in all its versions.

The letters are Java's (DateTimeFormatter), as ODCS asks; knows nothing of columns.
"""

import re
from collections.abc import Iterator
from typing import Final

from core.wording import not_known

_RUN: Final = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z]", re.DOTALL)
# Each letter with the lengths that it may have.
_LENGTHS: Final = {
    "y": (2, 4),
    "u": (4,),
    "M": (1, 2, 3, 4),
    "d": (1, 2),
    "D": (3,),
    "H": (1, 2),
    "h": (1, 2),
    "a": (1,),
    "m": (1, 2),
    "s": (1, 2),
    "S": tuple(range(1, 10)),
    "X": (1, 2, 3),
    "x": (1, 2, 3),
    "Z": (1, 2, 3),
    "V": (2,),
    "E": (1, 2, 3, 4),
}
# Letters of numbers, with the most of them that stand for one: MMM is a name.
_DIGITS: Final = {"y": 4, "M": 2, "d": 2, "D": 3, "H": 2, "h": 2, "m": 2, "s": 2, "S": 9}
_ZONES: Final = frozenset("XxZV")
_TIMES: Final = frozenset("HhamsS")
_REFUSED_CHARACTERS: Final = "{}#[]"
_LONGEST: Final = 100
# Spark reads no names of weekdays, which say nothing that the date does not.
_WEEKDAY: Final = re.compile(r"E{1,4}(,? )")


def pattern_problem(pattern: str, *, is_date: bool) -> str | None:
    """Return why a pattern is refused, or None."""
    if len(pattern) > _LONGEST:
        return f"is longer than {_LONGEST} characters"
    if not pattern.isascii() or not pattern.isprintable():
        return "has characters beyond printable ASCII"
    if pattern.count("'") % 2:
        return "has an apostrophe that is not closed; write '' for one"
    return (
        _letters_problem(pattern)
        or _parts_problem(set(_letters(pattern)), is_date=is_date)
        or next(filter(None, map(_joined_digits_problem, _joined_digits(pattern))), None)
    )


def has_zone(pattern: str) -> bool:
    """Say whether texts of the pattern have a zone of their own."""
    return not _ZONES.isdisjoint(_letters(pattern))


def spark_pattern(pattern: str) -> str:
    """Return the pattern as Spark takes it, for a text `without_weekday`."""
    without = _WEEKDAY.sub("", pattern, count=1) if _WEEKDAY.match(pattern) else pattern
    return "".join(run.replace("u", "y") if run[0] == "u" else run for run in _runs(without))


def weekday_form(pattern: str) -> str | None:
    """Return the regular expression of the weekday before a time, which is to be taken off; None for none."""
    match = _WEEKDAY.match(pattern)
    return None if match is None else f"^[A-Za-z]{{3,9}}{match[1]}"


def _letters_problem(pattern: str) -> str | None:
    for run in _runs(pattern):
        letter = run[0]
        if letter == "'":
            continue
        if letter in _REFUSED_CHARACTERS:
            return f"has {letter!r}, which is no part of a pattern here; write a text between apostrophes"
        if not letter.isalpha():
            continue
        if letter not in _LENGTHS:
            advice = "; put words between apostrophes" if len(run) == 1 else ""
            return f"has {run!r}: {not_known(letter, _LENGTHS)}{advice}"
        if len(run) not in _LENGTHS[letter]:
            lengths = ", ".join(letter * length for length in _LENGTHS[letter])
            return f"has {run!r}; allowed: {lengths}"
        if letter == "E" and not _WEEKDAY.match(pattern):
            return "has a weekday that does not come first, with a space behind it"
    return None


def _parts_problem(letters: set[str], *, is_date: bool) -> str | None:
    if letters.isdisjoint("yu"):
        return "has no year (yyyy or yy)"
    if "D" not in letters and not {"M", "d"} <= letters:
        return "has no month and day (MM and dd, or DDD)"
    if ("h" in letters) != ("a" in letters):
        return "needs both hh and a, for hours of the half day, or HH for those of the whole"
    if {"H", "h"} <= letters:
        return "has both HH and hh; keep one"
    if not is_date and letters.isdisjoint("Hh") and not letters.isdisjoint(_TIMES | _ZONES):
        return "has parts of a time, and no hours (HH)"
    return None


def _joined_digits(pattern: str) -> Iterator[list[str]]:
    """Yield the parts of a pattern that are digits with nothing between them."""
    joined: list[str] = []
    for run in _runs(spark_pattern(pattern)):
        if run[0] in _DIGITS and len(run) <= _DIGITS[run[0]]:
            joined.append(run)
        else:
            yield joined
            joined = []
    yield joined


def _joined_digits_problem(joined: list[str]) -> str | None:
    """Say where Spark cannot tell one number from the next: after one of any length, all others need their own."""
    ends_anywhere: str | None = None
    for run in joined:
        is_of_any_length = run == "yyyy" or (len(run) == 1 and run != "S")
        if ends_anywhere is not None and (is_of_any_length or run.startswith("SS")):
            return (
                f"has {''.join(joined)!r}, in which Spark does not find the end of {ends_anywhere} before {run}; put "
                "something between them, or read the text as a string and derive the time of it (transformLogic)"
            )
        if is_of_any_length:
            ends_anywhere = run
    return None


def _letters(pattern: str) -> Iterator[str]:
    return (run[0] for run in _runs(pattern) if run[0].isalpha())


def _runs(pattern: str) -> Iterator[str]:
    return (match[0] for match in _RUN.finditer(pattern))
