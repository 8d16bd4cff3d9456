"""The forms in which texts and numbers name moments, and what a contract says to have them read; knows no fields."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from contract.iso_times import date_of, moment_of

ISO_DATE: Final = "ISO 8601 date"
ISO_TIMESTAMP: Final = "ISO 8601 timestamp"
# Of numbers since 1970, those that lie in the years 2001 to 2100.
EPOCH_RANGES: Final = {
    unit: (978_307_200 * factor, 4_133_980_800 * factor - 1)
    for unit, factor in (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9))
}
UNITS_WITH_FRACTIONS: Final = ("s", "ms")
# The years 1 to 9999, of which a timestamp is; the end is the first second after them.
READABLE_SECONDS: Final = (-62_135_596_800, 253_402_300_800)
_LONGEST: Final = 48
_MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_MONTH: Final = f"(?P<name>{'|'.join(_MONTHS)})"
_YEAR: Final = "(?P<year>[0-9]{4})"
_MONTH_NUMBER: Final = "(?P<month>[0-9]{2})"
_DAY: Final = "(?P<day>[0-9]{2})"
_WEEKDAY: Final = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_CLOCK: Final = (
    r"(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9])(?P<point>[.,])?(?P<fraction>(?<=[.,])[0-9]{1,9})?)?"
    r"(?P<gap> ?)(?P<zone>Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_SHAPES: Final = (
    # The pattern of the date, and the texts that have it.
    (
        "yyyy{s}MM{s}dd",
        rf"{_YEAR}(?P<s>[-/.]){_MONTH_NUMBER}(?P=s){_DAY}(?:(?P<between>[ T]){_CLOCK})?",
    ),
    (
        "dd{s}MM{s}yyyy",
        rf"{_DAY}(?P<s>[-/.]){_MONTH_NUMBER}(?P=s){_YEAR}(?:(?P<between> ){_CLOCK})?",
    ),
    (
        "MM{s}dd{s}yyyy",
        rf"{_MONTH_NUMBER}(?P<s>[-/]){_DAY}(?P=s){_YEAR}(?:(?P<between> ){_CLOCK})?",
    ),
    (
        "dd{s}MMM{s}yyyy",
        rf"{_DAY}(?P<s>[-/ ]){_MONTH}(?P=s){_YEAR}(?:(?P<between>[: ]){_CLOCK})?",
    ),
    ("EEE, dd MMM yyyy", rf"{_WEEKDAY}, {_DAY} {_MONTH} {_YEAR}(?P<between> ){_CLOCK}"),
)
_YEAR_LAST: Final = (
    rf"{_WEEKDAY} {_MONTH} {_DAY} (?P<hour>[0-9]{{2}}):(?P<minute>[0-9]{{2}}):(?P<second>[0-9]{{2}}) "
    rf"(?P<zone>[+-][0-9]{{4}}) {_YEAR}"
)
_COMPACT: Final = (
    r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
    r"(?:(?P<between>T?)(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})(?P<zone>Z|[+-][0-9]{4})?)?"
)
_COMPILED: Final = tuple((pattern, re.compile(shape)) for pattern, shape in _SHAPES)
_COMPILED_YEAR_LAST: Final = re.compile(_YEAR_LAST)
_COMPILED_COMPACT: Final = re.compile(_COMPACT)
# What reads each form of a zone; of several, that which reads most comes first.
_ZONES: Final = ((r"Z", ("XXX", "XX", "X")), (r"[+-]..:..", ("XXX",)), (r"[+-]....", ("Z", "XX")), (r"[+-]..", ("X",)))


def forms_of(text: str) -> tuple[str, ...]:
    """Return the forms that read a text: ISO_DATE, ISO_TIMESTAMP, or patterns for ``format``; none for what is no time.

    A text that several patterns read, such as 01/02/2025, has them all.
    """
    if not 8 <= len(text) <= _LONGEST or not any(character.isdigit() for character in text[:16]):
        return ()
    if date_of(text) is not None:
        return (ISO_DATE, ISO_TIMESTAMP)
    if moment_of(text) is not None:
        return (ISO_TIMESTAMP,)
    return tuple(dict.fromkeys(_patterns(text)))


def has_time_of_day(form: str) -> bool:
    return form == ISO_TIMESTAMP or "H" in form


def has_zone(form: str) -> bool:
    """Say whether texts of a pattern name their zone."""
    return re.search(r"[XZ]|'(?:UTC|GMT)'", form) is not None


def is_digits(form: str) -> bool:
    """Say whether texts of a pattern are nothing but digits, as those of other things are."""
    return form in ("yyyyMMdd", "yyyyMMddHHmmss")


def are_of_different_days(forms: Iterable[str]) -> bool:
    """Say whether forms read a text as different days: 01/02 may be in January or in February."""
    return len({form.index("M") < form.index("d") for form in forms if "d" in form and "M" in form}) > 1


def epoch_units(number: float) -> Iterator[str]:
    """Yield the units in which a number since 1970 lies in the years 2001 to 2100; at most one."""
    return (unit for unit, (first, last) in EPOCH_RANGES.items() if first <= number <= last)


def _patterns(text: str) -> Iterator[str]:
    for pattern, shape in _COMPILED:
        match = shape.fullmatch(text)
        if match is not None and _is_day(match):
            separated = pattern.replace("{s}", match.groupdict().get("s") or "")
            yield from (separated + clock for clock in _clocks(match))
    match = _COMPILED_YEAR_LAST.fullmatch(text)
    if match is not None and _is_day(match):
        yield "EEE MMM dd HH:mm:ss Z yyyy"
    match = _COMPILED_COMPACT.fullmatch(text)
    if match is not None and _is_day(match):
        yield from _compact_patterns(match)


def _compact_patterns(match: re.Match[str]) -> Iterator[str]:
    if match["hour"] is None:
        yield "yyyyMMdd"
    else:
        between = "'T'" if match["between"] else ""
        yield from (f"yyyyMMdd{between}HHmmss{zone}" for zone in _zones(match["zone"]))


def _is_day(match: re.Match[str]) -> bool:
    """Say whether there is such a day, and time of day, in the years that people mean."""
    found = match.groupdict()
    month = _MONTHS.index(found["name"]) + 1 if found.get("name") else int(found["month"])
    hour, minute, second = (int(found.get(part) or 0) for part in ("hour", "minute", "second"))
    try:
        moment = datetime(int(found["year"]), month, int(found["day"]), hour, minute, second, tzinfo=UTC)
    except ValueError:
        return False
    return 1900 <= moment.year <= 2100


def _clocks(match: re.Match[str]) -> Iterator[str]:
    """Yield the patterns of what follows the date."""
    if match["between"] is None:
        yield ""
        return
    if match["point"] and not match["fraction"]:
        return
    between = "'T'" if match["between"] == "T" else match["between"]
    fraction = match["point"] + "S" * len(match["fraction"]) if match["fraction"] else ""
    clock = f"{between}HH:mm" + (f":ss{fraction}" if match["second"] else "")
    if match["gap"] and not match["zone"]:
        return
    yield from (f"{clock}{match['gap']}{zone}" for zone in _zones(match["zone"]))


def _zones(zone: str | None) -> tuple[str, ...]:
    if zone is None:
        return ("",)
    if zone in ("UTC", "GMT"):
        return (f"'{zone}'",)
    return next(patterns for form, patterns in _ZONES if re.fullmatch(form, zone))
