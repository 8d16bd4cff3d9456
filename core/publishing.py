"""The published versions of one dataset: the stored records, the catalog that shadows them, and the version folders.

Owns every change of what readers see. It does not know how a version was made or why it may be published.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime

from core.errors import (
    AccessDenied,
    CatalogNotUpdated,
    CommitStateUnknown,
    PipelineError,
    ServiceError,
    Superseded,
    TransientError,
)
from core.faults import Fault, files_problem, partition_problem
from core.layout import DatasetPaths, date_in, parse_ingestion_date, run_id_in
from core.ports import Catalog, Store, StoredObject, WriteConflict
from core.publication import (
    Publication,
    Version,
    from_json,
    published,
    relocated,
    rolled_back,
    to_json,
    without_expired,
)
from core.times import iso

# A swap that storage declines without anybody having swapped, and a catalog that another run points elsewhere at the
# same time: both are rare and over at the next attempt.
_ATTEMPTS = 5
_REPAIR = "pipeline repair"
# A page of a listing has a thousand objects: a few days are listed one by one, many all at once.
_MOST_LISTED_BY_DAY = 40
_READERS = 8


@dataclass(frozen=True)
class Retention:
    """How long replaced versions stay, so that a running query keeps its files and a rollback has somewhere to go."""

    keep_versions: int = 2
    keep_hours: int = 24


@dataclass(frozen=True)
class StoredPublication:
    """A record and the token that a swap of it must name; both None before the first publication."""

    record: Publication | None
    token: str | None


@dataclass(frozen=True)
class Repaired:
    """The days that were wrong and are right now, and why others could not be put right."""

    days: list[date]
    problems: Mapping[date, PipelineError]


class Publications:
    """Reads and swaps the publication records of one dataset."""

    def __init__(self, store: Store, paths: DatasetPaths, catalog: Catalog | None) -> None:
        self._store = store
        self._paths = paths
        self._catalog = catalog

    def read(self, day: date) -> StoredPublication:
        """Read a day's record.

        Raises:
            InvalidDocument: when the stored document is not a record.
        """
        key = self._paths.publication_key(day)
        content = self._store.read(key)
        if content is None:
            return StoredPublication(None, None)
        return StoredPublication(from_json(content.data, source=self._store.uri(key)), content.version)

    def records(self, days: Iterable[date]) -> list[Publication]:
        """Read the records of days, many at once and in the order given; those without one are left out.

        Raises:
            InvalidDocument: when one of the stored documents is not a record.
        """
        with ThreadPoolExecutor(_READERS) as readers:
            found = list(readers.map(lambda day: self.read(day).record, days))
        return [record for record in found if record is not None]

    def days(self) -> list[date]:
        """List the days that have a record, oldest first."""
        keys = [item.key for item in self._store.objects(self._paths.publications)]
        return sorted(day for key in keys if (day := date_in(key)) is not None)

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
        self._swap(day, kept, over=over)
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
            stored = self.read(day)
            if stored.record is not None and _state(stored.record.current) == _state(version):
                self._go_back(day, to=over.record, over=stored)
        except (Superseded, CatalogNotUpdated):
            raise
        except PipelineError as error:
            raise _unknown(day, error) from error
        raise Superseded(
            f"{day}: superseded, the lease of run {version.run_id} ended while it published, and another run deleted "
            f"its files; nothing was changed; run {day} again"
        )

    def _go_back(self, day: date, *, to: Publication | None, over: StoredPublication) -> None:
        """Put a record back, or take the date from readers, and turn the catalog, which others may have turned."""
        if to is None:
            self._remove(day, over=over)
        else:
            self._swap(day, to, over=over)
        self.show(day)

    def rollback(self, day: date, run_id: str | None, *, now: datetime) -> Publication:
        """Make a kept version current again: the newest one older than the current one, or the one named.

        Raises:
            PipelineError: when the day was never published, no such version is kept, or its files are not complete.
            Superseded: when a run published meanwhile.
        """
        stored = self.read(day)
        if stored.record is None:
            raise PipelineError(f"{day}: never published, so there is nothing to roll back")
        try:
            record = rolled_back(stored.record, run_id, at=iso(now))
        except ValueError as error:
            raise PipelineError(str(error)) from error
        missing = self.integrity_problem(day, record.current)
        if missing is not None:
            raise PipelineError(f"{day}: {missing}; choose another version or restore the files")
        self._swap(day, record, over=stored)
        self.show(day)
        return record

    def rewrite(self, day: date, change: Callable[[Publication], Publication]) -> Publication | None:
        """Change what a day's record tells of its versions; return the record as it is then, None without one.

        Versions that it names no more are not deleted yet.

        Raises:
            Superseded: when a run published meanwhile.
        """
        stored = self.read(day)
        if stored.record is None:
            return None
        record = change(stored.record)
        if record != stored.record:
            self._swap(day, record, over=stored)
        return record

    def unpublish(self, day: date) -> list[str]:
        """Take a date from readers for good: its partition, then its record, then the files of all its versions.

        Returns:
            The runs whose versions are deleted.

        Raises:
            Superseded: when a run published meanwhile; readers see its version.
        """
        stored = self.read(day)
        record = stored.record
        if record is None:
            return []
        if self._catalog is not None:
            self._catalog.remove(day)
        self._remove(day, over=stored)
        self.show(day)  # another command may have read the record before, and pointed the partition again
        for version in record.versions:
            self.discard(day, version.run_id)
        return [version.run_id for version in record.versions]

    def _remove(self, day: date, *, over: StoredPublication) -> None:
        """Delete the record that ``over`` was read from; that it is gone already counts as done, as in `_swap`."""
        found = over
        for _ in range(_ATTEMPTS):
            if found.token is None:
                return
            if found.token != over.token:
                self.show(day)
                raise _superseded(day, found.record)
            try:
                self._store.remove(self._paths.publication_key(day), expected=found.token)
            except WriteConflict:
                found = self.read(day)
            else:
                return
        record_uri = self._store.uri(self._paths.publication_key(day))
        raise ServiceError(
            f"{day}: storage declined {_ATTEMPTS} times to delete {record_uri}, though no run changed it; readers "
            "do not find the date any more, its files are there; give the same command again"
        )

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
            (self.days, self._bring_here),
            (self.days, self.show),
            (self.days_shown_in_vain, self.show),
            (self.days_with_other_columns, self._show_columns),
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

    def days_shown_in_vain(self) -> list[date]:
        """List the days that the catalog shows though nothing is published of them and no file lies there any more."""
        return sorted(day for day, at in self.shown_without_record().items() if self._is_empty(at))

    def shown_without_record(self) -> dict[date, str]:
        """Return the location that the catalog shows of each day of which nothing is published."""
        shown = {} if self._catalog is None else self._catalog.locations()
        published = set(self.days()) if shown else set()
        return {day: at for day, at in shown.items() if day not in published}

    def _is_empty(self, location: str) -> bool:
        """Tell whether a location is in this data root and has no file."""
        root = f"{self._store.uri('').rstrip('/')}/"
        return location.startswith(root) and not self._store.objects(f"{location.removeprefix(root).rstrip('/')}/")

    def days_with_other_columns(self) -> list[date]:
        """List the published days that the catalog shows by other columns than the table has now."""
        others = [] if self._catalog is None else self._catalog.days_with_other_columns()
        return sorted(set(others).intersection(self.days())) if others else []

    def _show_columns(self, day: date) -> bool:
        """Give a partition the table's columns; tell whether there is a record that says where it points."""
        record = self.read(day).record
        if self._catalog is None or record is None:
            return False
        self._catalog.point(day, record.current.location)
        self.show(day)  # where a run has published meanwhile
        return True

    def _shown(self, day: date, catalog: Catalog) -> bool:
        for attempt in range(_ATTEMPTS):
            record = self.read(day).record
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

    def hidden_from_readers(self, day: date, version: Version) -> str | None:
        """Say why readers would not find a published version, or None when its files are there and shown."""
        hidden = self._catalog and partition_problem(version, shown_at=self._catalog.location(day))
        return hidden or self.integrity_problem(day, version)

    def faults(self, records: Sequence[Publication]) -> list[Fault]:
        """Return the published days that readers do not find, in the order of the records.

        Partitions and files are listed once for all of them, or the files of each where there are few.
        """
        shown = None if self._catalog is None else self._catalog.locations()
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
        stored = self.read(day)
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
        self._swap(day, record, over=stored)
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

    def _swap(self, day: date, record: Publication, *, over: StoredPublication) -> None:
        """Replace the record that ``over`` was read from; a write of ours whose answer got lost counts as done.

        A write that is not answered is tried again, as only one of them can succeed over ``over``. Once one was not
        answered, storage may still carry it out, whatever it says to the next.

        Raises:
            Superseded: when another run's record lies there, so that none of ours can be written any more.
            AccessDenied, ServiceError: when storage has answered every write, and each time that it does not.
            CommitStateUnknown: in all other cases.
        """
        key = self._paths.publication_key(day)
        unanswered: PipelineError | None = None
        for _ in range(_ATTEMPTS):
            try:
                self._store.replace(key, to_json(record), expected=over.token)
            except WriteConflict:
                if self._is_written(day, record, over=over):
                    return
            except TransientError as error:
                unanswered = error
            except PipelineError as error:
                if unanswered is None:
                    raise
                raise _unknown(day, error) from error
            else:
                return
        if unanswered is not None:
            raise _unknown(day, unanswered) from unanswered
        raise ServiceError(
            f"{day}: storage declined {_ATTEMPTS} times to replace {self._store.uri(key)}, though no other run did; "
            f"nothing was changed; run {day} again"
        )

    def _is_written(self, day: date, record: Publication, *, over: StoredPublication) -> bool:
        """Look whether a write of ours is the cause of a conflict; False where nothing has changed.

        Raises:
            Superseded: when it is another run's.
            CommitStateUnknown: when it cannot be read.
        """
        try:
            found = self.read(day)
        except PipelineError as error:
            raise _unknown(day, error) from error
        # Another run may have published over ours since.
        if found.record == record or _state(record.current) in _states(found.record) - _states(over.record):
            return True
        if found.token != over.token:
            raise _superseded(day, found.record)
        return False


def _states(record: Publication | None) -> set[tuple[str, str]]:
    return set() if record is None else {_state(version) for version in record.versions}


def _state(version: Version) -> tuple[str, str]:
    """Tell a version that was published from the same one that people went back to later."""
    return version.run_id, version.published_at


def _unknown(day: date, reason: PipelineError) -> CommitStateUnknown:
    return CommitStateUnknown(
        f"{day}: storage did not say whether it replaced the publication record, and may do so yet: {reason}; before "
        f"anything else, see: pipeline status {day}"
    )


def _superseded(day: date, winner: Publication | None) -> Superseded:
    by = f"run {winner.current.run_id} published" if winner else "the publication record was deleted"
    return Superseded(
        f"{day}: superseded, {by} while this run was at work; nothing was changed; "
        f"if raw data arrived since, run {day} again"
    )
