"""The catalog as the shadow of the publication records: each partition shows its date's current version, or is gone.

Reads records and turns partitions; must not change a record.
"""

from datetime import date

from core.errors import CatalogNotUpdated
from core.faults import partition_problem
from core.ports import Catalog, Store
from core.publication import Version
from core.stored_records import StoredRecords

# Another run may point a partition elsewhere at the same time, which is rare and over at the next attempt.
_ATTEMPTS = 5
_REPAIR = "pipeline repair"


class CatalogView:
    """What readers find of one dataset by its catalog; nothing, and nothing to do, where there is none."""

    def __init__(self, catalog: Catalog | None, records: StoredRecords, store: Store) -> None:
        self._catalog = catalog
        self._records = records
        self._store = store

    def locations(self) -> dict[date, str] | None:
        """Return where the partition of each day points; None without a catalog."""
        return None if self._catalog is None else self._catalog.locations()

    def problem(self, day: date, version: Version) -> str | None:
        """Say why readers would not find a published version by its partition, or None when they would."""
        if self._catalog is None:
            return None
        return partition_problem(version, shown_at=self._catalog.location(day))

    def remove(self, day: date) -> None:
        """Take the partition of a day away."""
        if self._catalog is not None:
            self._catalog.remove(day)

    def show(self, day: date) -> bool:
        """Let the catalog show the record's version and check that it does; tell whether it had to change.

        Without a record it shows none. A run that publishes meanwhile moves the record on, so the record is read again
        until both agree.

        Raises:
            CatalogNotUpdated: when they do not agree after a few attempts, or the catalog cannot be changed.
        """
        if self._catalog is None:
            return False
        try:
            return self._shown(day, self._catalog)
        except Exception as error:  # whatever it is, the record holds
            raise CatalogNotUpdated(f"{day}: {error}; the publication record holds: {_REPAIR}") from error

    def _shown(self, day: date, catalog: Catalog) -> bool:
        for attempt in range(_ATTEMPTS):
            record = self._records.read(day).record
            wanted = None if record is None else record.current.location
            if catalog.location(day) == wanted:
                return attempt > 0
            if wanted is None:
                catalog.remove(day)
            else:
                catalog.point(day, wanted)
        raise CatalogNotUpdated(
            f"the catalog's partition does not stay on the published version after {_ATTEMPTS} attempts; find out who "
            "else changes it"
        )

    def days_shown_in_vain(self) -> list[date]:
        """List the days that the catalog shows though nothing is published of them and no file lies there any more."""
        return sorted(day for day, at in self.shown_without_record().items() if self._is_empty(at))

    def shown_without_record(self) -> dict[date, str]:
        """Return the location that the catalog shows of each day of which nothing is published."""
        shown = self.locations() or {}
        published = set(self._records.days()) if shown else set()
        return {day: at for day, at in shown.items() if day not in published}

    def _is_empty(self, location: str) -> bool:
        """Tell whether a location is in this data root and has no file."""
        root = f"{self._store.uri('').rstrip('/')}/"
        return location.startswith(root) and not self._store.objects(f"{location.removeprefix(root).rstrip('/')}/")

    def days_with_other_columns(self) -> list[date]:
        """List the published days that the catalog shows by other columns than the table has now."""
        others = [] if self._catalog is None else self._catalog.days_with_other_columns()
        return sorted(set(others).intersection(self._records.days())) if others else []

    def show_columns(self, day: date) -> bool:
        """Give a partition the table's columns; tell whether there is a record that says where it points."""
        record = self._records.read(day).record
        if self._catalog is None or record is None:
            return False
        self._catalog.point(day, record.current.location)
        self.show(day)  # where a run has published meanwhile
        return True
