"""The conditions in a column's logicalTypeOptions: each is enforced, implied by the type, or refused."""

import re
from collections.abc import Mapping
from typing import Any, Final

from contract.columns import UNKNOWN_TYPE
from contract.ddl_types import COMPLEX_KINDS, INTEGER_BITS, holds_inside, kind_of
from contract.own_properties import TYPE_OPTIONS, where_it_belongs
from contract.patterns import pattern_problem
from contract.section import Section
from contract.time_patterns import pattern_problem as time_pattern_problem
from contract.time_zones import is_zone
from core.wording import not_known

_FIELD_BY_KEY: Final = {
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "exclusive_minimum",
    "exclusiveMaximum": "exclusive_maximum",
    "minLength": "min_length",
    "maxLength": "max_length",
    "pattern": "pattern",
}
_BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_LENGTHS: Final = ("minLength", "maxLength")
_NUMBER_KINDS: Final = (*INTEGER_BITS, "float", "double", "decimal")
_TIME_KINDS: Final = ("timestamp", "date")
_ALLOWED_BY_KIND: Final[Mapping[str, tuple[str, ...]]] = {
    "string": (*_LENGTHS, "pattern"),
    **dict.fromkeys(_NUMBER_KINDS, (*_BOUNDS, "format")),
    **dict.fromkeys(_TIME_KINDS, ("format", "timezone", "defaultTimezone")),
    # Whatever is allowed anywhere, where the column's type could not be read.
    UNKNOWN_TYPE: (*_BOUNDS, *_LENGTHS, "pattern", "format", "timezone", "defaultTimezone"),
}
_NOT_ENFORCED: Final = TYPE_OPTIONS | {"required"}
_NUMBER_FORMATS: Final = {"integer": ("i8", "i16", "i32", "i64"), "number": ("f32", "f64")}
_ISO_DATE: Final = re.compile(r"yyyy-MM-dd|uuuu-MM-dd|iso[-_ ]?(8601|date|local_date)", re.IGNORECASE)
_ISO_TIMESTAMP: Final = re.compile(
    r"(yyyy|uuuu)-MM-dd( |'?T'?)HH:mm:ss((\.|\[\.)S{1,9}\]?)?('?Z'?|\[?[Xx]{1,3}\]?)?"
    r"|iso[-_ ]?(8601|instant|date_time|offset_date_time)|date-time",
    re.IGNORECASE,
)
_UTC_NAMES: Final = ("UTC", "Etc/UTC")


def value_conditions(prop: Section, column_type: str) -> dict[str, Any]:
    """Return the conditions that the options put on values, by the name of the rule's field."""
    options = prop.section("logicalTypeOptions")
    if options is None:
        return {}
    kind = kind_of(column_type)
    allowed = _allowed(column_type)
    _report_unusable_keys(options, allowed, kind=kind, column_type=column_type)
    if "format" in allowed:
        _check_format(options, column_type, logical=str(prop.values.get("logicalType")))
    _check_time_zone(options)
    return _read_conditions(options, allowed=allowed)


def stated_pattern(options: Section, column_type: str) -> str | None:
    """Return the pattern of a column's dates and times, here or inside; None where they are ISO 8601."""
    written = options.values.get("format")
    if not isinstance(written, str) or kind_of(column_type) in _NUMBER_KINDS or _is_iso(written, column_type):
        return None
    return written


def stated_zone(options: Section) -> str | None:
    """Return the zone of times that carry none; None where it is not stated."""
    zone = options.values.get("defaultTimezone")
    return zone if isinstance(zone, str) else None


def _allowed(column_type: str) -> tuple[str, ...]:
    if kind_of(column_type) in COMPLEX_KINDS:
        inside = (name for name in _TIME_KINDS if holds_inside(column_type, (name,)))
        return tuple(dict.fromkeys(key for name in inside for key in _ALLOWED_BY_KIND[name]))
    return _ALLOWED_BY_KIND.get(kind_of(column_type), ())


def _report_unusable_keys(options: Section, allowed: tuple[str, ...], *, kind: str, column_type: str) -> None:
    names = ", ".join(allowed) or "none"
    for key in options.values:
        if key in allowed:
            continue
        if key in _NOT_ENFORCED:
            advice = "; describe it with pattern" if (kind, key) == ("string", "format") else ""
            where = "any column" if kind == UNKNOWN_TYPE else f"a {column_type} column"
            refusal = f"would not be enforced on {where}, so it is refused"
            options.report(key, f"{refusal}; enforced there: {names}{advice}")
        else:
            options.report(key, where_it_belongs(key, options.values[key]) or not_known(key, allowed or ("none",)))


def _read_conditions(options: Section, *, allowed: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in allowed:
        value = _read_condition(options, key)
        if value is not None:
            found[_FIELD_BY_KEY[key]] = value
    return found


def _read_condition(options: Section, key: str) -> float | str | None:
    if key in _BOUNDS:
        return options.number(key)
    if key in _LENGTHS:
        return options.whole_number(key, at_least=0)
    return checked_pattern(options) if key == "pattern" else None


def checked_pattern(section: Section) -> str | None:
    """Return the section's pattern, or None when there is none or it was reported."""
    pattern = section.text("pattern")
    problem = None if pattern is None else pattern_problem(pattern)
    if problem is not None:
        section.report("pattern", f"{pattern!r} {problem}")
        return None
    return pattern


def _check_format(options: Section, column_type: str, *, logical: str) -> None:
    written = options.text("format")
    if written is None or column_type == UNKNOWN_TYPE:
        return
    if kind_of(column_type) in _NUMBER_KINDS:
        allowed = _NUMBER_FORMATS.get(logical, ())
        if written not in allowed:
            options.report("format", not_known(written, allowed) + "; unsigned and wider types have no column type")
        return
    problem = None if _is_iso(written, column_type) else time_pattern_problem(written, is_date=column_type == "date")
    if problem is not None:
        options.report("format", f"{written!r} {problem}; without a format, times are ISO 8601")


def _is_iso(pattern: str, column_type: str) -> bool:
    return (_ISO_DATE if column_type == "date" else _ISO_TIMESTAMP).fullmatch(pattern) is not None


def _check_time_zone(options: Section) -> None:
    zone, default = options.values.get("timezone"), options.values.get("defaultTimezone")
    if zone is not None and not isinstance(zone, bool) and zone not in _UTC_NAMES:
        options.report("timezone", f"must be true, false or UTC, got {zone!r}; timestamps are stored in UTC")
    if default is not None and not is_zone(default):
        options.report(
            "defaultTimezone", f"{default!r} is not the name of a time zone; write one as Europe/Berlin, or +02:00"
        )
