"""Every change between two contracts: each field of the model is compared by one function, and the document after it.

A field without a comparison is an error of a test, so that none can be forgotten.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from contract.model import DataContract
from contract_diff.anomaly_rules import anomaly_rule_changes
from contract_diff.changes import EFFECTS, Change, View, breaking, documented, rerun, safe, shown
from contract_diff.columns import column_changes, paired
from contract_diff.documentation import documentation_changes
from contract_diff.rules import ONLY_RERUN_TELLS, rule_changes

_Compare: TypeAlias = Callable[[DataContract, DataContract], Iterable[Change]]
_SCHEMA_STAYS: Final = "columns and their types stay"


def changes_between(old: DataContract, new: DataContract) -> tuple[Change, ...]:
    """Return all changes, the worst first; only the version may differ without being one."""
    found = [change for compare in COMPARED.values() for change in compare(old, new)]
    found += documentation_changes(old.document, new.document)
    if not found and _without_version(old) != _without_version(new):
        found = [documented("contract", "written in other words that mean the same")]
    return tuple(sorted(found, key=lambda change: (-EFFECTS.index(change.effect), change.is_documentation)))


def _without_version(contract: DataContract) -> dict[str, Any]:
    return {key: value for key, value in contract.document.items() if key != "version"}


def _moved(place: str, old: object, new: object, *, readers: View, written: View) -> Iterator[Change]:
    """Yield the change of a statement that is one value."""
    if old != new:
        yield Change(place, f"{shown(old)} -> {shown(new)}", readers, written)


def _statement(name: str, place: str, *, readers: View, written: View) -> _Compare:
    """Return the comparison of a field whose every change means the same."""

    def compare(old: DataContract, new: DataContract) -> Iterator[Change]:
        return _moved(place, getattr(old, name), getattr(new, name), readers=readers, written=written)

    return compare


def _table(old: DataContract, new: DataContract) -> Iterator[Change]:
    if old.table != new.table:
        written = safe("files stay where they are; the new table has no partitions until pipeline repair")
        readers = breaking("queries that name the old table fail")
        yield Change("table", f"{old.table} -> {new.table}", readers, written, parts_catalog=True)


def _columns(old: DataContract, new: DataContract) -> Iterator[Change]:
    return column_changes(old.columns, new.columns)


def _primary_key(old: DataContract, new: DataContract) -> Iterator[Change]:
    now = paired(old.columns, new.columns).names.renamed
    before = tuple(now.get(name, name) for name in old.primary_key)
    if set(before) == set(new.primary_key):
        if before != new.primary_key:
            yield documented("primary key", f"{shown(before)} -> {shown(new.primary_key)}, the same columns")
        return
    readers = breaking("a row stands for something else: counts differ, and joins on the old key may multiply rows")
    written = rerun("written dates have their duplicates removed by the old key")
    yield from _moved("primary key", before, new.primary_key, readers=readers, written=written)


def _rules(old: DataContract, new: DataContract) -> Iterator[Change]:
    return rule_changes(old.rules, new.rules, paired(old.columns, new.columns).names)


def _anomaly_rules(old: DataContract, new: DataContract) -> Iterator[Change]:
    return anomaly_rule_changes(old.anomaly_rules, new.anomaly_rules, paired(old.columns, new.columns).names.renamed)


def _event_time(old: DataContract, new: DataContract) -> Iterator[Change]:
    now = paired(old.columns, new.columns).names.renamed
    before = old.event_time and now.get(old.event_time, old.event_time)
    written = rerun("of rows with equal keys, written dates have the one that the old event time chose")
    return _moved("event time", before, new.event_time, readers=safe(_SCHEMA_STAYS), written=written)


def _max_malformed_percent(old: DataContract, new: DataContract) -> Iterator[Change]:
    before, after = old.max_malformed_percent, new.max_malformed_percent
    if after < before:
        readers, written = safe("fewer lines may be missing than before"), rerun(ONLY_RERUN_TELLS)
    else:
        readers, written = safe("more lines may be missing from a day; they are in quarantine"), safe()
    return _moved("maxMalformedPercent", before, after, readers=readers, written=written)


def _raw_objects(old: DataContract, new: DataContract) -> Iterator[Change]:
    written = rerun("written dates were made of the objects that the old patterns chose")
    for name, place in RAW_OBJECTS.items():
        before, after = getattr(old.raw_objects, name), getattr(new.raw_objects, name)
        if name == "max_unread":
            written = rerun(ONLY_RERUN_TELLS) if after < before else safe()
        elif sorted(before) == sorted(after):
            continue
        yield from _moved(place, before, after, readers=safe(_SCHEMA_STAYS), written=written)


RAW_OBJECTS: Final = {"include": "includeObjects", "exclude": "excludeObjects", "max_unread": "maxUnreadObjects"}


def _example_lines(old: DataContract, new: DataContract) -> Iterator[Change]:
    words = {True: "one", False: "none"}
    before, after = words[old.shows_example_lines], words[new.shows_example_lines]
    readers = safe("it is about messages and metrics, not about the table")
    return _moved("exampleLines", before, after, readers=readers, written=safe("metrics of written dates stay"))


_PACKING: Final = {
    "readers": safe(_SCHEMA_STAYS),
    "written": rerun("written dates have the records that were found by the old statement"),
}
# What warns and refuses nothing.
_COST: Final = {"readers": safe("rows stay the same"), "written": safe("it is about runs to come")}
# How each field of a contract is compared.
COMPARED: Final[Mapping[str, _Compare]] = {
    "name": _statement(
        "name",
        "dataset name",
        readers=breaking("it is another dataset: paths, job, alarms and metrics have its name"),
        written=breaking("versions, records and metrics lie under the old name, where nothing looks any more"),
    ),
    "table": _table,
    "source_system": _statement(
        "source_system",
        "source system",
        readers=breaking("rows come from another source, and mean what that one means by them"),
        written=breaking("raw data of written dates lies under the old source system, so that no rerun finds it"),
    ),
    "primary_key": _primary_key,
    "columns": _columns,
    "rules": _rules,
    "anomaly_rules": _anomaly_rules,
    "event_time": _event_time,
    "max_malformed_percent": _max_malformed_percent,
    "raw_objects": _raw_objects,
    "object_format": _statement("object_format", "objectFormat", **_PACKING),
    "records_path": _statement("records_path", "recordsPath", **_PACKING),
    "shows_example_lines": _example_lines,
    "freshness_hours": _statement(
        "freshness_hours",
        "freshness in hours",
        readers=safe("rows stay the same; who plans by the promise has to know the new one"),
        written=safe("it is about days to come"),
    ),
    "max_run_cost_usd": _statement("max_run_cost_usd", "maxRunCostUsd", **_COST),
    "max_monthly_cost_usd": _statement("max_monthly_cost_usd", "maxMonthlyCostUsd", **_COST),
    "id": _statement(
        "id",
        "id",
        readers=safe("the table stays; who looks for the contract by its id has to know the new one"),
        written=safe("metrics of written dates keep the old id"),
    ),
}
NOT_COMPARED: Final = {
    "version": "it is what changes are judged by, and none itself",
    "description": "documentation, compared in the document",
    "checksum": "made of what is compared",
    "document": "compared for documentation, when the model is",
}
