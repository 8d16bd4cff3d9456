"""The published versions of one dataset: which one is current, which are gone back to, withdrawn and deleted.

Owns every change of what readers see, in the stored records, the catalog and the version folders. It does not know how
a version was made or why it may be published.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime

from core.catalog_view import CatalogView
from core.errors import AccessDenied, CatalogNotUpdated, PipelineError, Superseded
from core.faults import Fault, files_problem, partition_problem
from core.layout import DatasetPaths, date_in, parse_ingestion_date, run_id_in
from core.ports import Catalog, Store, StoredObject
from core.publication import Publication, Version, published, relocated, rolled_back, without_expired
from core.stored_records import StoredPublication, StoredRecords, commit_state_unknown, state_of
from core.times import iso

# A page of a listing has a thousand objects: a few days are listed one by one, many all at once.
_MOST_LISTED_BY_DAY = 40
_READERS = 8


@dataclass(frozen=True)
class Retention:
    """How long replaced versions stay, so that a running query keeps its files and a rollback has somewhere to go."""

    keep_versions: int = 2
    keep_hours: int = 24


@dataclass(frozen=True)
class Repaired:
    """The days that were wrong and are right now, and why others could not be put right."""

    days: list[date]
    problems: Mapping[date, PipelineError]


class Publications:
    """What is published of one dataset: its ``records``, and its ``catalog`` as far as there is one."""

    def __init__(self, store: Store, paths: DatasetPaths, catalog: Catalog | None) -> None:
        self._store = store
        self._paths = paths
        self.records = StoredRecords(store, paths)
        self.catalog = CatalogView(catalog, self.records, store)

    def publish(self, day: date, version: Version, *, over: StoredPublication, retention: Retention) -> list[str]:
        """Make a complete version current, if the record is still the one the run started from.

        The catalog does not show it yet, and expired versions still have their files.

        Returns:
            The runs whose versions have expired.

        Raises:
            Superseded: when another run published first; nothing has changed then.
            CommitStateUnknown: when it is not known whether the record was swapped.
        """
        record = published(over.record, version, dataset=self._paths.dataset, ingestion_date=str(day))
        now = datetime.fromisoformat(version.published_at)
        kept = without_expired(record, now=now, keep_versions=retention.keep_versions, keep_hours=retention.keep_hours)
        self.records.swap(day, kept, over=over)
        return sorted({old.run_id for old in record.versions} - {old.run_id for old in kept.versions})

    def withdraw_if_swept(self, day: date, version: Version, *, over: StoredPublication) -> None:
        """Go back to the record before, where the files of a version were deleted before it was published.

        So they may be when its run was held up between renewing its lease and the swap until the lease was over.

        Raises:
            Superseded: when the files were deleted; readers see what they saw before.
            CatalogNotUpdated: when the record was put back, and the catalog could not be.
            CommitStateUnknown: when storage does not show the files, or does not take the record back.
        """
        try:
            if self.integrity_problem(day, version) is None:
                return
            stored = self.records.read(day)
            if stored.record is not None and state_of(stored.record.current) == state_of(version):
                self._go_back(day, to=over.record, over=stored)
        except (Superseded, CatalogNotUpdated):
            raise
        except PipelineError as error:
            raise commit_state_unknown(day, error) from error
        raise Superseded(
            f"{day}: superseded, the lease of run {version.run_id} ended while it published, and another run deleted "
            f"its files; nothing was changed; run {day} again"
        )

    def _go_back(self, day: date, *, to: Publication | None, over: StoredPublication) -> None:
        """Put a record back, or take the date from readers, and turn the catalog, which others may have turned."""
        if to is None:
            self._remove(day, over=over)
        else:
            self.records.swap(day, to, over=over)
        self.catalog.show(day)

    def rollback(self, day: date, run_id: str | None, *, now: datetime) -> Publication:
        """Make a kept version current again: the newest one older than the current one, or the one named.

        Raises:
            PipelineError: when the day was never published, no such version is kept, or its files are not complete.
            Superseded: when a run published meanwhile.
        """
        stored = self.records.read(day)
        if stored.record is None:
            raise PipelineError(f"{day}: never published, so there is nothing to roll back")
        try:
            record = rolled_back(stored.record, run_id, at=iso(now))
        except ValueError as error:
            raise PipelineError(str(error)) from error
        missing = self.integrity_problem(day, record.current)
        if missing is not None:
            raise PipelineError(f"{day}: {missing}; choose another version or restore the files")
        self.records.swap(day, record, over=stored)
        self.catalog.show(day)
        return record

    def rewrite(self, day: date, change: Callable[[Publication], Publication]) -> Publication | None:
        """Change what a day's record tells of its versions; return the record as it is then, None without one.

        Versions that it names no more are not deleted yet.

        Raises:
            Superseded: when a run published meanwhile.
        """
        stored = self.records.read(day)
        if stored.record is None:
            return None
        record = change(stored.record)
        if record != stored.record:
            self.records.swap(day, record, over=stored)
        return record

    def unpublish(self, day: date) -> list[str]:
        """Take a date from readers for good: its partition, then its record, then the files of all its versions.

        Returns:
            The runs whose versions are deleted.

        Raises:
            Superseded: when a run published meanwhile; readers see its version.
        """
        stored = self.records.read(day)
        record = stored.record
        if record is None:
            return []
        self.catalog.remove(day)
        self._remove(day, over=stored)
        self.catalog.show(day)  # another command may have read the record before, and pointed the partition again
        for version in record.versions:
            self.discard(day, version.run_id)
        return [version.run_id for version in record.versions]

    def _remove(self, day: date, *, over: StoredPublication) -> None:
        try:
            self.records.remove(day, over=over)
        except Superseded:
            self.catalog.show(day)
            raise

    def repair(self) -> Repaired:
        """Let every record name its files in this data root, and the catalog the record's version, by today's columns.

        A record is wrong when the data root was copied or moved here from another place. A day that cannot be put
        right keeps no other from it.

        Raises:
            AccessDenied: to records or files.
        """
        wrong: set[date] = set()
        problems: dict[date, PipelineError] = {}
        for days, mend in (
            (self.records.days, self._bring_here),
            (self.records.days, self.catalog.show),
            (self.catalog.days_shown_in_vain, self.catalog.show),
            (self.catalog.days_with_other_columns, self.catalog.show_columns),
        ):
            for day in days():
                if day in problems:
                    continue
                try:
                    wrong |= {day} if mend(day) else set()
                except AccessDenied:
                    raise
                except PipelineError as problem:
                    problems[day] = problem
        return Repaired(sorted(wrong - problems.keys()), problems)

    def hidden_from_readers(self, day: date, version: Version) -> str | None:
        """Say why readers would not find a published version, or None when its files are there and shown."""
        return self.catalog.problem(day, version) or self.integrity_problem(day, version)

    def faults(self, records: Sequence[Publication]) -> list[Fault]:
        """Return the published days that readers do not find, in the order of the records.

        Partitions and files are listed once for all of them, or the files of each where there are few.
        """
        shown = self.catalog.locations()
        files = self._files_by_folder(records)
        found = (self._fault(record, files, shown) for record in records)
        return [fault for fault in found if fault is not None]

    def _fault(
        self, record: Publication, files: Mapping[str, list[StoredObject]], shown: Mapping[date, str] | None
    ) -> Fault | None:
        day, version = parse_ingestion_date(record.ingestion_date), record.current
        folder = self._paths.version_prefix(day, version.run_id)
        missing = files_problem(version, folder_uri=self._store.uri(folder), objects=files.get(folder, ()))
        hidden = None if shown is None else partition_problem(version, shown_at=shown.get(day))
        is_here = version.location.startswith(self._store.uri(self._paths.versions_prefix(day)))
        reason = missing or hidden
        return None if reason is None else Fault(day, reason, is_about_files=missing is not None and is_here)

    def _files_by_folder(self, records: Sequence[Publication]) -> Mapping[str, list[StoredObject]]:
        """List the files of current versions by the folder of their version, and perhaps others."""
        days = [parse_ingestion_date(record.ingestion_date) for record in records]
        if len(days) > _MOST_LISTED_BY_DAY:
            prefixes = [self._paths.versions]
        else:
            prefixes = [self._paths.versions_prefix(day) for day in days]
        with ThreadPoolExecutor(_READERS) as readers:
            listed = [item for objects in readers.map(self._store.objects, prefixes) for item in objects]
        found: dict[str, list[StoredObject]] = {}
        for item in listed:
            day, run_id = date_in(item.key), run_id_in(item.key)
            if day is not None and run_id is not None:
                found.setdefault(self._paths.version_prefix(day, run_id), []).append(item)
        return found

    def discard(self, day: date, run_id: str) -> None:
        """Delete the files of a version that no record names."""
        self._store.delete_prefix(self._paths.version_prefix(day, run_id))

    def integrity_problem(self, day: date, version: Version) -> str | None:
        """Say what is wrong with the files of a recorded version, or None when they are all there."""
        prefix = self._paths.version_prefix(day, version.run_id)
        return files_problem(version, folder_uri=self._store.uri(prefix), objects=self._store.objects(prefix))

    def _bring_here(self, day: date) -> bool:
        """Let a record that was copied from another data root name its files in this one; tell whether it had to."""
        stored = self.records.read(day)
        if stored.record is None:
            return False
        record = relocated(stored.record, lambda version: self._location_here(day, version))
        if record == stored.record:
            return False
        missing = self.integrity_problem(day, record.current)
        if missing is not None:
            raise PipelineError(
                f"{day}: published at {stored.record.current.location}, but {missing}; "
                "copy the files of its version here, then run repair again"
            )
        self.records.swap(day, record, over=stored)
        return True

    def _location_here(self, day: date, version: Version) -> str:
        prefix = self._paths.version_prefix(day, version.run_id)
        _, known, within = version.location.rpartition(prefix)
        return f"{self._store.uri(prefix)}{within}" if known else version.location

    def delete_versions(self, day: date, run_ids: Iterable[str]) -> list[str]:
        """Delete the files of versions that have expired; say which could not be: the day's next run sweeps those."""
        problems = []
        for run_id in run_ids:
            try:
                self.discard(day, run_id)
            except Exception as error:  # noqa: BLE001  what is published stays published, whatever becomes of the old
                problems.append(f"version {run_id} has expired, but could not be deleted yet: {error}")
        return problems
