"""What a contract says about the whole dataset: the custom properties that steer the pipeline, and freshness."""

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Final

from contract import odcs_keys
from contract.section import Section
from core.layout import DATASET_NAME, DATASET_NAME_RULE

CUSTOM_PROPERTIES: Final = ("sourceSystem", "eventTime", "maxMalformedPercent")
DEFAULT_MAX_MALFORMED_PERCENT: Final = 1.0
_NEAR_MISS: Final = 0.8
_FRESHNESS_NAMES: Final = ("latency", "ly", "freshness")
_HOURS_BY_UNIT: Final[Mapping[str, float]] = {
    **dict.fromkeys(("d", "day", "days"), 24.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 1 / 60),
}


def custom_properties(root: Section) -> Section:
    """Return the root's customProperties as one mapping of property to value; their paths name the property."""
    values = {}
    for entry in root.sections("customProperties"):
        entry.allow_only(odcs_keys.CUSTOM_PROPERTY)
        name = entry.required_text("property")
        if name in values:
            entry.report("property", f"{name!r} is stated twice")
        elif name:
            values[name] = entry.values.get("value")
            if values[name] is None:
                entry.report("value", "is required")
    section = Section(values, root.at("customProperties"), root.problems)
    section.allow_only(CUSTOM_PROPERTIES)
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


def freshness_hours(root: Section) -> float | None:
    """Return the hours after the end of a day within which its data is promised, or None without a promise."""
    promises = []
    for sla in root.sections("slaProperties"):
        sla.allow_only(odcs_keys.SLA)
        name = sla.required_text("property").lower()
        if name in _FRESHNESS_NAMES:
            promises.append(_hours(sla))
        else:
            _refuse_near_miss(sla, name)
    if len(promises) > 1:
        root.report("slaProperties", f"state freshness {len(promises)} times ({', '.join(_FRESHNESS_NAMES)}); keep one")
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
    return None if value is None or unit is None else value * _HOURS_BY_UNIT.get(unit, 1.0)


def _refuse_near_miss(sla: Section, name: str) -> None:
    """Report a misspelt freshness: ODCS leaves the names open, so it would silently promise nothing."""
    for known in ("latency", "freshness"):
        if SequenceMatcher(None, name, known).ratio() >= _NEAR_MISS:
            sla.report("property", f"{name!r} is not known and would not be enforced; did you mean {known!r}?")
