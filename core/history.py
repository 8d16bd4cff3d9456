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
        first = before - timedelta(days=days)
        known = [day for day in self._publications.days() if first <= day < before]
        with ThreadPoolExecutor(_READERS) as readers:
            records = readers.map(lambda day: self._publications.read(day).record, known)
            return {day: record.current for day, record in zip(known, records, strict=True) if record is not None}

    def profiles(self, before: date, *, days: int, of_columns: bool) -> tuple[list[DateProfile], list[str]]:
        """Read the profile of each published date among the ``days`` days before one, oldest first.

        Rows come from the publication records; what is known of columns comes from the metrics, if asked for.

        Returns:
            The profiles, and what could not be read: a date whose metrics are gone has a profile without columns.
        """
        versions = self.versions(before, days=days)
        columns, problems = self._columns(versions) if of_columns else ({}, [])
        return [_profile(day, version, columns.get(day, {})) for day, version in versions.items()], problems

    def _columns(self, versions: Mapping[date, Version]) -> tuple[dict[date, Mapping[str, Any]], list[str]]:
        with ThreadPoolExecutor(_READERS) as readers:
            found = dict(zip(versions, readers.map(self._columns_of, versions.items()), strict=True))
        columns = {day: of_day for day, of_day in found.items() if not isinstance(of_day, str)}
        return columns, [problem for problem in found.values() if isinstance(problem, str)]

    def _columns_of(self, dated: tuple[date, Version]) -> Mapping[str, Any] | str:
        day, version = dated
        try:
            columns = self._runs.metrics(day, version.run_id)["columns"]
        except (InvalidDocument, KeyError) as error:
            return f"{day} is not in the baseline of columns: {error}"
        return columns if isinstance(columns, Mapping) else f"{day} is not in the baseline of columns: it has none"


def _profile(day: date, version: Version, columns: Mapping[str, Any]) -> DateProfile:
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
        if isinstance(column, Mapping) and isinstance(column.get(key), kind):
            yield name, column[key]
