"""Custom properties by their names; of a column, those that mean something here, while others are documentation."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from contract import odcs_keys
from contract.own_properties import COLUMN_PROPERTIES, as_entries, where_it_belongs
from contract.section import Section

_NEAR_MISS: Final = 0.75


def custom_entries(section: Section) -> list[Section]:
    """Return the entries of customProperties; those that stand as a mapping are told how to write them."""
    given = section.values.get("customProperties")
    if isinstance(given, Mapping) and given:
        section.report("customProperties", f"must be a list; write {as_entries(given)}")
        return []
    return section.sections("customProperties")


def column_properties(prop: Section) -> Section:
    """Return those of a column's customProperties that mean something here; others are documentation.

    One that belongs elsewhere or looks like a misspelling is an error: it would be documentation without a word.
    """

    def means_something(entry: Section, name: str) -> bool:
        if name not in COLUMN_PROPERTIES:
            _refuse_without_effect(entry, name)
        return name in COLUMN_PROPERTIES

    return properties_by_name(prop, means_something)


def properties_by_name(owner: Section, is_kept: Callable[[Section, str], bool]) -> Section:
    """Return the customProperties that are kept as one mapping of property to value; their paths name the property."""
    values: dict[str, Any] = {}
    for entry in custom_entries(owner):
        entry.allow_only(odcs_keys.CUSTOM_PROPERTY)
        name = entry.required_text("property")
        if name in values:
            entry.report("property", f"{name!r} is stated twice")
        elif is_kept(entry, name):
            values[name] = entry.values.get("value")
            if values[name] is None:
                entry.report("value", "is required")
    return Section(values, owner.at("customProperties"), owner.problems)


def refuse_misplaced(section: Section) -> None:
    """Report customProperties that mean something elsewhere, in a section where they are documentation of any form."""
    is_list = isinstance(section.values.get("customProperties"), list)
    for entry in section.sections("customProperties") if is_list else ():
        _is_misplaced(entry, str(entry.values.get("property")))


def _is_misplaced(entry: Section, name: str) -> bool:
    """Report a property that means something elsewhere; say whether it does."""
    place = where_it_belongs(name, entry.values.get("value"))
    if place is not None:
        entry.report("property", f"{name!r} would do nothing here: {place}")
    return place is not None


def _refuse_without_effect(entry: Section, name: str) -> None:
    if _is_misplaced(entry, name):
        return
    by_lower_case = {known.lower(): known for known in COLUMN_PROPERTIES}
    close = get_close_matches(name.lower().replace("_", ""), by_lower_case, n=1, cutoff=_NEAR_MISS)
    if close:
        meant = by_lower_case[close[0]]
        entry.report("property", f"{name!r} is not known and would do nothing; did you mean {meant!r}?")
