"""What may stand where a function or an operator takes a literal only; every check returns what is wrong, or None.

Patterns, replacements, zones, units and formats are checked here, as Spark fails on bad ones or reads them its own way.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from contract.patterns import pattern_problem
from contract.time_zones import is_zone
from core.wording import did_you_mean

Check = Callable[[Any], str | None]

MAX_PADDED: Final = 10_000
URL_PARTS: Final = ("PROTOCOL", "HOST", "PATH", "QUERY", "REF", "FILE", "AUTHORITY", "USERINFO")
DATE_UNITS: Final = ("YEAR", "QUARTER", "MONTH", "WEEK")
TIME_UNITS: Final = (*DATE_UNITS, "DAY", "HOUR", "MINUTE", "SECOND")
HASH_BITS: Final = (224, 256, 384, 512)
_FORMAT: Final = re.compile(r"yyyy|MM?|dd?|HH?|mm?|ss?|S{1,6}|'[A-Za-z ]+'|[-/:., _]", re.ASCII)
_ZONE: Final = re.compile(
    r"UTC|[+-](?:0[0-9]|1[0-7]):[0-5][0-9]|[+-]18:00"
    r"|(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[A-Z][A-Za-z]*(?:[_/-][A-Za-z]+)*",
    re.ASCII,
)
_REPLACEMENT: Final = re.compile(r"\\[\\$]|\$([0-9])(?![0-9])|[^\\$]", re.DOTALL | re.ASCII)
_BASIC: Final = 0xFFFF  # characters beyond it are two in Java, and LIKE looks for each by itself
_PAIRS: Final = ("\U0001f600" * 2, "\U0001f601" * 2, "\U00020000" * 2)  # of which no pattern names all
_LIKE: Final = re.compile(r"(?:\\[\\%_]|[^\\])*", re.DOTALL)


def one_of(values: tuple[object, ...]) -> Check:
    """Return the check that a value is one of those listed; texts are compared as they are written."""
    shown = ", ".join(map(repr, values))
    return lambda value: (
        None if value in values else f"{value!r} is not one of {shown}{did_you_mean(value, map(str, values))}"
    )


def within(low: int, high: int, *, but: int | None = None) -> Check:
    """Return the check that a whole number lies between two, and is not a third."""
    exception = "" if but is None else f" and not {but}"
    return lambda value: (
        None if low <= value <= high and value != but else f"{value} is not from {low:,} to {high:,}{exception}"
    )


def any_value(_value: object) -> None:
    return None


def pattern(value: str) -> str | None:
    problem = pattern_problem(value)
    return f"the pattern {value!r} {problem}" if problem else None


def splitting_pattern(value: str) -> str | None:
    problem = pattern(value)
    if problem is None and (re.search(value, "", re.ASCII) or _matches_between_characters(value)):
        return f"the pattern {value!r} matches nothing at all, so where it would split is a question; write + for *"
    return problem


def replaced_pattern(value: str) -> str | None:
    problem = pattern(value)
    if problem is None and _matches_between_characters(value):
        return (
            f"the pattern {value!r} matches nothing at all between any two characters, and Spark would part the halves "
            "of some (emoji) by what it puts there; write + for *"
        )
    return problem


def _matches_between_characters(value: str) -> bool:
    return any(match.span() == (1, 1) for pair in _PAIRS for match in re.finditer(value, pair, re.ASCII))


def like_pattern(value: str) -> str | None:
    wide = next((character for character in value if ord(character) > _BASIC), None)
    if wide is not None:
        return (
            f"the pattern {value!r} has {wide!r}, which Spark's LIKE never finds; write contains, startswith or RLIKE"
        )
    if _LIKE.fullmatch(value):
        return None
    return rf"the pattern {value!r} has a backslash before something else than % _ or \; write '\\%' for a percent sign"


def replacement(value: str) -> str | None:
    if re.fullmatch(f"(?:{_REPLACEMENT.pattern})*", value, _REPLACEMENT.flags):
        return None
    return rf"the replacement {value!r} has a $ that is no group ($1), or a backslash; write '\\$' for a dollar sign"


def groups_used(value: str) -> int:
    """Return the highest group that a replacement takes."""
    return max((int(match.group(1) or 0) for match in _REPLACEMENT.finditer(value)), default=0)


def time_format(value: str) -> str | None:
    if value and re.fullmatch(f"(?:{_FORMAT.pattern})+", value, _FORMAT.flags):
        return None
    return (
        rf"the format {value!r} has something else than yyyy, MM, M, dd, d, HH, H, mm, m, ss, s, S to SSSSSS, "
        r"- / : . , _ and spaces; put letters into quotes, as in 'yyyy-MM-dd\'T\'HH:mm:ss'"
    )


def zone(value: str) -> str | None:
    if _ZONE.fullmatch(value) and (value.endswith("18:00") or is_zone(value)):
        return None
    return f"the zone {value!r} is not known; write UTC, an offset such as +02:00, or a place such as Europe/Berlin"


def url_key(value: str) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9_-]+", value, re.ASCII):
        return None
    return f"the key {value!r} has something else than letters, digits, '_' and '-', which Spark reads as a pattern"


def some_text(value: str) -> str | None:
    return None if value else "the text is empty"


def group_count(value: str) -> int:
    """Return how many groups an accepted pattern has."""
    return re.compile(value, re.ASCII).groups


PATTERNS: Final[tuple[Check, ...]] = (pattern, splitting_pattern, replaced_pattern)
