"""What changed in the columns of a dataset: which come, go, move or are renamed, their types, what they are made of.

Columns are found again by name, whatever its case, since catalogs ignore it; types are compared in `types`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from contract.model import Column
from contract_diff.changes import Change, breaking, documented, rerun, safe, shown
from contract_diff.rules import Names
from contract_diff.types import type_changes

_BY_NAME: Final = "engines find columns by name in files already written"
_SAME_TYPE: Final = "name and type stay; values mean what the contract says now"
_NOT_STORED: Final = "the column is input only, so the table does not have it"


@dataclass(frozen=True)
class Columns:
    """The columns of both contracts: pairs of the same one, and those that only one contract has."""

    kept: tuple[tuple[Column, Column], ...]
    removed: tuple[Column, ...]
    added: tuple[Column, ...]

    @property
    def names(self) -> Names:
        """Return what became of the old names."""
        return Names(
            {old.name: new.name for old, new in self.kept if old.name != new.name},
            {column.name for column in self.added},
            {column.name for column in self.removed},
        )


def paired(old: Sequence[Column], new: Sequence[Column]) -> Columns:
    """Find each column again: by its name, else as the only one that is made of the same in the same type."""
    now = {column.name.lower(): column for column in new}
    before = {column.name.lower() for column in old}
    removed = [column for column in old if column.name.lower() not in now]
    added = [column for column in new if column.name.lower() not in before]
    kept = [(column, now[column.name.lower()]) for column in old if column.name.lower() in now]
    renamed = [(column, twins[0]) for column in removed if len(twins := _twins(column, added)) == 1]
    renamed = [(column, twin) for column, twin in renamed if len(_twins(twin, removed)) == 1]
    gone, come = {column.name for column, _ in renamed}, {twin.name for _, twin in renamed}
    return Columns(
        (*kept, *renamed),
        tuple(column for column in removed if column.name not in gone),
        tuple(column for column in added if column.name not in come),
    )


def _twins(column: Column, others: Iterable[Column]) -> list[Column]:
    def content(of: Column) -> Column:
        return replace(of, name="", description="", required=False, valid_values=None)

    return [other for other in others if content(other) == content(column)]


def column_changes(old: Sequence[Column], new: Sequence[Column]) -> Iterator[Change]:
    columns = paired(old, new)
    yield from map(_removed, columns.removed)
    yield from (_added(column, columns.removed) for column in columns.added)
    for before, after in columns.kept:
        for compare in COMPARED.values():
            yield from compare(before, after)
    yield from _order(old, new, columns)


def _place(column: Column) -> str:
    return f"column {column.name}"


def _removed(column: Column) -> Change:
    if not column.is_stored:
        return Change(_place(column), "removed (input only)", safe(_NOT_STORED), safe())
    written = safe("its values stay in the files and are no longer shown")
    return Change(_place(column), f"removed ({column.type})", breaking("queries that name it fail"), written)


def _added(column: Column, removed: Sequence[Column]) -> Change:
    if not column.is_stored:
        return Change(_place(column), "added (input only)", safe(_NOT_STORED), safe())
    alike = [other.name for other in removed if other.type == column.type and other.is_stored]
    hint = f"; if it is {' or '.join(alike)} renamed, have it read the same field, and run written dates again"
    why = f"it is null in written dates until they are run again{hint if alike else ''}"
    readers = safe("queries that name their columns go on; SELECT * has one more")
    return Change(_place(column), f"added ({column.type})", readers, safe(f"{_BY_NAME}; {why}"))


def _name(old: Column, new: Column) -> Iterator[Change]:
    if old.name == new.name:
        return
    if old.name.lower() == new.name.lower():
        why = "catalog, Athena, DuckDB and Spark by default do not tell upper from lower case in a column's name"
        yield Change(_place(old), f"now written {new.name}", safe(why), safe(why))
    elif not new.is_stored:
        yield Change(_place(old), f"renamed to {new.name} (input only)", safe(_NOT_STORED), safe())
    else:
        readers = breaking("queries that name it fail")
        written = rerun(f"{_BY_NAME}, so written dates show null under the new one until they are run again")
        yield Change(_place(old), f"renamed to {new.name} (it is made of the same)", readers, written)


def _type(old: Column, new: Column) -> Iterator[Change]:
    if old.is_stored and new.is_stored:
        yield from type_changes(_place(new), old.type, new.type)
    elif old.type != new.type:
        why = rerun("lines are judged, and columns derived, by the new type")
        yield Change(_place(new), f"type {old.type} -> {new.type} (input only)", safe(_NOT_STORED), why)


def _is_stored(old: Column, new: Column) -> Iterator[Change]:
    if old.is_stored and not new.is_stored:
        written = safe("its values stay in the files and are no longer shown; delete versions that must not hold them")
        yield Change(_place(new), "is input only now", breaking("queries that name it fail"), written)
    elif new.is_stored and not old.is_stored:
        yield replace(_added(new, ()), what=f"is stored now ({new.type})")


def _source(old: Column, new: Column) -> Iterator[Change]:
    if old.sources != new.sources and not (old.logic or new.logic):
        what = f"read from {_listed(old)} -> {_listed(new)}"
        yield Change(_place(new), what, safe(_SAME_TYPE), rerun("written dates have what the old field held"))


def _logic(old: Column, new: Column) -> Iterator[Change]:
    before, after = _made_of(old), _made_of(new)
    if (old.logic or new.logic) and before != after:
        what = f"made of {before} -> {after}"
        yield Change(_place(new), what, safe(_SAME_TYPE), rerun("written dates have the results of the old expression"))


def _made_of(column: Column) -> str:
    return f"field {_listed(column)}" if column.logic is None else column.logic.sql


def _listed(column: Column) -> str:
    return ", ".join(map(str, column.sources))


def _form(name: str, words: str) -> Callable[[Column, Column], Iterator[Change]]:
    """Return the comparison of a statement on how values are read."""

    def compare(old: Column, new: Column) -> Iterator[Change]:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            why = rerun("written dates have values, and malformed lines, as the old form read them")
            yield Change(_place(new), f"{words} {shown(before)} -> {shown(after)}", safe(_SAME_TYPE), why)

    return compare


def _required(old: Column, new: Column) -> Iterator[Change]:
    if old.required != new.required:
        yield documented(_place(new), f"required {shown(old.required)} -> {shown(new.required)}; see its rule on nulls")


def _order(old: Sequence[Column], new: Sequence[Column], columns: Columns) -> Iterator[Change]:
    now = {before.name: after.name for before, after in columns.kept}
    before = [now[column.name] for column in old if column.name in now]
    after = [column.name for column in new if column.name in before]
    if before != after:
        readers = safe("queries that name their columns go on; SELECT * has them in another order")
        yield Change("columns", "reordered", readers, safe(_BY_NAME))


# How each field of a column is compared.
COMPARED: Final[Mapping[str, Callable[[Any, Any], Iterable[Change]]]] = {
    "name": _name,
    "type": _type,
    "required": _required,
    "sources": _source,
    "logic": _logic,
    "time_pattern": _form("time_pattern", "format of times"),
    "time_zone": _form("time_zone", "zone of times without one"),
    "epoch_unit": _form("epoch_unit", "epochUnit"),
    "sent_as_string": _form("sent_as_string", "sent as string"),
    "null_result_allowed": _form("null_result_allowed", "null result allowed"),
    "is_stored": _is_stored,
}
NOT_COMPARED: Final = {
    "description": "documentation, compared in the document",
    "valid_values": "the list of a rule, compared there",
}
