"""What a contract says about the whole dataset: the custom properties that steer the pipeline, and freshness."""

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Final

from contract import odcs_keys
from contract.column_properties import properties_by_name
from contract.own_properties import DATASET_PROPERTIES
from contract.section import Section
from contract.sources import PathNotUsableError, Source, parse_records_path
from core.layout import DATASET_NAME, DATASET_NAME_RULE
from core.raw_objects import MAX_SETTINGS_BYTES, RawObjects, pattern_problem

OBJECT_FORMATS: Final = ("lines", "concatenated", "document")
EXAMPLE_LINES: Final = ("one", "none")
DEFAULT_MAX_MALFORMED_PERCENT: Final = 1.0
_NEAR_MISS: Final = 0.8
FRESHNESS_NAMES: Final = ("latency", "ly", "freshness")
_LONGEST_PROMISE_HOURS: Final = 366 * 24
_HOURS_BY_UNIT: Final[Mapping[str, float]] = {
    **dict.fromkeys(("d", "day", "days"), 24.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 1 / 60),
}


def custom_properties(root: Section) -> Section:
    """Return the root's customProperties, of which each has to mean something."""
    section = properties_by_name(root, lambda _, name: name != "")
    section.allow_only(DATASET_PROPERTIES)
    return section


def source_system(custom: Section) -> str:
    name = custom.text("sourceSystem") or ""
    if not custom.has("sourceSystem"):
        custom.report("sourceSystem", "is required: the raw data lies under raw/source_system=<this value>/")
    elif name and DATASET_NAME.fullmatch(name) is None:
        custom.report("sourceSystem", f"{name!r} must be {DATASET_NAME_RULE}: it is part of the raw prefix")
    return name


def max_malformed_percent(custom: Section) -> float:
    percent = custom.number("maxMalformedPercent")
    if percent is None:
        return DEFAULT_MAX_MALFORMED_PERCENT
    if not 0 <= percent <= 100:
        custom.report("maxMalformedPercent", f"{percent} must lie in 0 to 100")
    return float(percent)


def shows_example_lines(custom: Section) -> bool:
    """Say whether messages and metrics may show a malformed line for each reason: raw data, whatever it holds."""
    return custom.choice("exampleLines", EXAMPLE_LINES, default="one") == "one"


def max_cost_usd(custom: Section, key: str) -> float | None:
    """Return the estimated cost, in US dollars, above which people are warned; None where there is no limit."""
    limit = custom.number(key)
    if limit is not None and limit <= 0:
        custom.report(key, f"{limit} must be greater than 0; leave it out to have no limit")
    return None if limit is None else float(limit)


def raw_objects(custom: Section) -> RawObjects:
    """Return which objects of a day are read beside those whose names say what they are, and how many may be left."""
    include, exclude = (_patterns(custom, key) for key in ("includeObjects", "excludeObjects"))
    for pattern in set(include) & set(exclude):
        custom.report("excludeObjects", f"{pattern!r} is also listed in includeObjects; keep it in one of them")
    settings = RawObjects(include, exclude, custom.whole_number("maxUnreadObjects", at_least=0) or 0)
    size_bytes = len(settings.to_json().encode())
    if size_bytes > MAX_SETTINGS_BYTES:
        custom.report(
            "includeObjects" if len(include) >= len(exclude) else "excludeObjects",
            f"and its counterpart are {size_bytes} bytes as JSON, and a function's environment has room for "
            f"{MAX_SETTINGS_BYTES}; use fewer, wider patterns",
        )
    return settings


def object_format(custom: Section) -> str:
    """Return how records are packed in an object: as JSON texts on a line each, unless something else is said."""
    return custom.choice("objectFormat", OBJECT_FORMATS, default="lines")


def records_path(custom: Section) -> Source | None:
    """Return where the records of a JSON text lie; None where the text itself is the record."""
    text = custom.text("recordsPath")
    if text is None:
        return None
    try:
        return parse_records_path(text)
    except PathNotUsableError as problem:
        custom.report("recordsPath", str(problem))
        return None


def _patterns(custom: Section, key: str) -> tuple[str, ...]:
    given = custom.items(key)
    if given is not None and not given:
        custom.report(key, "must list at least one pattern; leave it out to have none")
    for position, pattern in enumerate(given or ()):
        problem = pattern_problem(pattern)
        if problem is not None:
            custom.report(f"{key}[{position}]", problem)
        elif pattern in (given or ())[:position]:
            custom.report(f"{key}[{position}]", f"{pattern!r} is listed twice")
        elif key == "excludeObjects" and pattern == "**":
            custom.report(f"{key}[{position}]", "'**' excludes every object, so that no day has data; narrow it")
    return tuple(pattern for pattern in given or () if isinstance(pattern, str))


def freshness_hours(root: Section) -> float | None:
    """Return the hours after the end of a day within which its data is promised, or None without a promise."""
    promises = []
    for sla in root.sections("slaProperties"):
        sla.allow_only(odcs_keys.SLA)
        name = sla.required_text("property").lower()
        if name in FRESHNESS_NAMES:
            promises.append(_hours(sla))
        else:
            _refuse_near_miss(sla, name)
    if len(promises) > 1:
        root.report("slaProperties", f"state freshness {len(promises)} times ({', '.join(FRESHNESS_NAMES)}); keep one")
    return promises[0] if promises else None


def _hours(sla: Section) -> float | None:
    unit, value = sla.text("unit"), sla.number("value")
    if not sla.has("value"):
        sla.report("value", "is required")
    if unit is None:
        sla.report("unit", f"is required; allowed: {', '.join(_HOURS_BY_UNIT)}")
    elif unit not in _HOURS_BY_UNIT:
        sla.report("unit", f"{unit!r} is not known; allowed: {', '.join(_HOURS_BY_UNIT)}")
    if value is not None and value <= 0:
        sla.report("value", f"{value} must be greater than 0")
    hours = None if value is None or unit is None else value * _HOURS_BY_UNIT.get(unit, 1.0)
    if hours is not None and hours > _LONGEST_PROMISE_HOURS:
        sla.report("value", f"{value} {unit} is more than a year, so no day would ever be late; write a shorter time")
    return hours


def _refuse_near_miss(sla: Section, name: str) -> None:
    """Report a misspelt freshness: ODCS leaves the names open, so it would silently promise nothing."""
    for known in ("latency", "freshness"):
        if SequenceMatcher(None, name, known).ratio() >= _NEAR_MISS:
            sla.report("property", f"{name!r} is not known and would not be enforced; did you mean {known!r}?")
