"""What was counted on the published dates before one: one profile per date, of the version that is current.

Runs that failed, were superseded or rolled back have no current version, so nothing of theirs is in here.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from core.errors import InvalidDocument
from core.layout import DatasetPaths
from core.ports import Store
from core.publication import Version
from core.publishing import Publications
from core.runs import Runs

_READERS: Final = 8


@dataclass(frozen=True)
class DateProfile:
    """The counts of one published date; ``nulls`` and ``distributions`` by column, as far as its metrics have them."""

    day: date
    rows_read: int
    rows_quarantined: int
    duplicates_removed: int
    nulls: Mapping[str, int] = field(default_factory=dict)
    distributions: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

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
            records = list(readers.map(lambda day: self._publications.read(day).record, known))
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
        return [day for day in self._publications.days() if first <= day < before]

    def _profile(self, day: date, *, of_columns: bool) -> tuple[DateProfile | None, str | None]:
        try:
            record = self._publications.read(day).record
        except InvalidDocument as error:
            return None, f"{day} is left out of what is usual: {error}"
        if record is None:
            return None, None
        if not of_columns:
            return _profile(day, record.current, {}), None
        try:
            columns = self._runs.metrics(day, record.current.run_id)["columns"]
        except (InvalidDocument, KeyError) as error:
            return _profile(day, record.current, {}), f"{day} is left out of what is usual in columns: {error}"
        return _profile(day, record.current, columns), None


def _profile(day: date, version: Version, columns: Mapping[str, Mapping[str, Any]]) -> DateProfile:
    return DateProfile(
        day=day,
        rows_read=version.rows_read,
        rows_quarantined=version.rows_quarantined,
        duplicates_removed=version.duplicates_removed,
        nulls=dict(_each(columns, "nulls", int)),
        distributions=dict(_each(columns, "distribution", dict)),
    )


def _each(columns: Mapping[str, Any], key: str, kind: type) -> Iterable[tuple[str, Any]]:
    for name, column in columns.items():
        if isinstance(column.get(key), kind):
            yield name, column[key]
