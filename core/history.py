"""What was counted on the published dates before one: one profile per date, of the version that is current.

Runs that failed, were superseded or rolled back have no current version, so nothing of theirs is in here.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final, TypeVar

from core.errors import InvalidDocument
from core.layout import DatasetPaths
from core.ports import Store
from core.publication import Version
from core.publishing import Publications
from core.runs import Runs

_READERS: Final = 8
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class DateProfile:
    """The counts of one published date; ``nulls`` and ``distributions`` by column, as far as its metrics have them.

    ``accepted`` has the ids of the checks that people let its version pass, because it was odd and right.
    """

    day: date
    rows_read: int
    rows_quarantined: int
    duplicates_removed: int
    nulls: Mapping[str, int] = field(default_factory=dict)
    distributions: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    accepted: frozenset[str] = frozenset()

    @property
    def rows_parsed(self) -> int:
        """Rows that became typed rows: the base of all rates."""
        return self.rows_read - self.rows_quarantined


class History:
    """The published dates of one dataset, read many at once."""

    def __init__(self, store: Store, paths: DatasetPaths, publications: Publications) -> None:
        self._publications = publications
        self._runs = Runs(store, paths)

    def versions(self, before: date, *, days: int) -> dict[date, Version]:
        """Read the current version of each published date among the ``days`` days before one, oldest first.

        Raises:
            InvalidDocument: when a record cannot be used.
        """
        known = self._days(before, days)
        with ThreadPoolExecutor(_READERS) as readers:
            records = list(readers.map(lambda day: self._publications.records.read(day).record, known))
        return {day: record.current for day, record in zip(known, records, strict=True) if record is not None}

    def profiles(self, before: date, *, days: int, of_columns: bool) -> tuple[list[DateProfile], list[str]]:
        """Read the profile of each published date among the ``days`` days before one, oldest first.

        Rows come from the publication records; what is known of columns comes from the metrics, if asked for.

        Returns:
            The profiles, and what could not be read: a date whose record is broken has no profile, one whose metrics
            are gone has one without columns.
        """
        known = self._days(before, days)
        with ThreadPoolExecutor(_READERS) as readers:
            read = list(readers.map(lambda day: self._profile(day, of_columns=of_columns), known))
        profiles = [profile for profile, _ in read if profile is not None]
        return profiles, [problem for _, problem in read if problem is not None]

    def _days(self, before: date, days: int) -> list[date]:
        first = before - timedelta(days=days)
        return [day for day in self._publications.records.days() if first <= day < before]

    def _profile(self, day: date, *, of_columns: bool) -> tuple[DateProfile | None, str | None]:
        try:
            record = self._publications.records.read(day).record
            profile = None if record is None else _of_version(day, record.current)
        except InvalidDocument as error:
            return None, f"{day} is left out of what is usual: {error}"
        if record is None or profile is None or not of_columns:
            return profile, None
        try:
            columns = _mapping(self._runs.metrics(day, record.current.run_id).get("columns"))
            nulls = {name: _rows(_mapping(column).get("nulls")) for name, column in columns.items()}
            distributions = {name: _distribution(_mapping(column)) for name, column in columns.items()}
        except InvalidDocument as error:
            return profile, f"{day} is left out of what is usual in columns: {error}"
        known = {name: found for name, found in distributions.items() if found is not None}
        return replace(profile, nulls=nulls, distributions=known), None


def of_column(values: Mapping[str, _Value], column: str | None) -> _Value | None:
    """Return what is known of a column, whose name had other capitals at the time perhaps; None without any."""
    wanted = str(column).lower()
    return next((value for name, value in values.items() if name.lower() == wanted), None)


def _of_version(day: date, version: Version) -> DateProfile:
    replaced = _rows(version.raw.get("rows_replaced", 0))
    read, quarantined = _rows(version.rows_read) - replaced, _rows(version.rows_quarantined) - replaced
    accepted = frozenset() if version.accepted is None else _ids(_mapping(version.accepted).get("checks"))
    return DateProfile(day, read, quarantined, _rows(version.duplicates_removed), accepted=accepted)


def _distribution(column: Mapping[str, Any]) -> Mapping[str, int] | None:
    found = column.get("distribution")
    return None if found is None else {value: _rows(rows) for value, rows in _mapping(found).items()}


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidDocument(f"{value!r} is not an object")
    return value


def _ids(value: object) -> frozenset[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise InvalidDocument(f"{value!r} is not a list of checks")
    return frozenset(value)


def _rows(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidDocument(f"{value!r} is not a number of rows")
    return value
