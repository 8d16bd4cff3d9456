"""The custom properties of a column that mean something here, as ODCS has no words for it; others are documentation."""

from difflib import get_close_matches
from typing import Any, Final

from contract import odcs_keys
from contract.section import Section

COLUMN_PROPERTIES: Final = ("epochUnit", "sentAs", "inputOnly", "nullResult")
_NEAR_MISS: Final = 0.75


def column_properties(prop: Section) -> Section:
    """Return those of a column's customProperties that mean something here; others are documentation.

    One that looks like a misspelling is an error, as it would be documentation without a word.
    """
    values: dict[str, Any] = {}
    for entry in prop.sections("customProperties"):
        entry.allow_only(odcs_keys.CUSTOM_PROPERTY)
        name = entry.required_text("property")
        if name in values:
            entry.report("property", f"{name!r} is stated twice")
        elif name in COLUMN_PROPERTIES:
            values[name] = entry.values.get("value")
            if values[name] is None:
                entry.report("value", "is required")
        else:
            _refuse_near_miss(entry, name)
    return Section(values, prop.at("customProperties"), prop.problems)


def _refuse_near_miss(entry: Section, name: str) -> None:
    by_lower_case = {known.lower(): known for known in COLUMN_PROPERTIES}
    close = get_close_matches(name.lower().replace("_", ""), by_lower_case, n=1, cutoff=_NEAR_MISS)
    if close:
        meant = by_lower_case[close[0]]
        entry.report("property", f"{name!r} is not known and would do nothing; did you mean {meant!r}?")
