"""The published versions of one dataset: the stored records, the catalog that shadows them, and the version folders.

Owns every change of what readers see. It does not know how a version was made or why it may be published.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime

from curation.catalog import Catalog
from curation.errors import CurationError, Superseded
from curation.storage import Store, WriteConflict
from data_contract.paths import DatasetPaths, date_in
from data_contract.publication import (
    Publication,
    Version,
    from_json,
    pruned,
    published,
    relocated,
    rolled_back,
    to_json,
)

log = logging.getLogger("curation")
# A swap that storage declines without anybody having swapped, and a catalog that another run points elsewhere at the
# same time: both are rare and over at the next attempt.
_ATTEMPTS = 5


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


class Publications:
    """Reads and swaps the publication records of one dataset."""

    def __init__(self, store: Store, paths: DatasetPaths, catalog: Catalog | None) -> None:
        self._store = store
        self._paths = paths
        self._catalog = catalog

    def read(self, day: date) -> StoredPublication:
        """Read a day's record.

        Raises:
            CurationError: when the stored document is no record.
        """
        key = self._paths.publication_key(day)
        content = self._store.read(key)
        if content is None:
            return StoredPublication(None, None)
        try:
            return StoredPublication(from_json(content.data, source=self._store.uri(key)), content.version)
        except ValueError as error:
            raise CurationError(str(error)) from error

    def publish(self, day: date, version: Version, *, over: StoredPublication, retention: Retention) -> Publication:
        """Make a complete version current, if the record is still the one the run started from.

        Raises:
            Superseded: when another run published first; nothing has changed then.
        """
        record = published(over.record, version, dataset=self._paths.dataset, ingestion_date=str(day))
        now = datetime.fromisoformat(version.published_at)
        kept = pruned(record, now=now, keep_versions=retention.keep_versions, keep_hours=retention.keep_hours)
        self._swap(day, kept, over=over)
        self.show(day)
        forgotten = {old.run_id for old in record.versions} - {old.run_id for old in kept.versions}
        for run_id in sorted(forgotten):
            self._discard_if_possible(day, run_id)
        return kept

    def rollback(self, day: date, run_id: str | None, *, now: datetime) -> Publication:
        """Make a kept version current again: the newest one older than the current one, or the one named.

        Raises:
            CurationError: when the day was never published, no such version is kept, or its files are not complete.
            Superseded: when a run published meanwhile.
        """
        stored = self.read(day)
        if stored.record is None:
            raise CurationError(f"{day}: never published, so there is nothing to roll back")
        try:
            record = rolled_back(stored.record, run_id, at=_iso(now))
        except ValueError as error:
            raise CurationError(str(error)) from error
        missing = self.damage(day, record.current)
        if missing is not None:
            raise CurationError(f"{day}: {missing}; choose another version or restore the files")
        self._swap(day, record, over=stored)
        self.show(day)
        return record

    def repair(self) -> list[date]:
        """Let every record name its files in this data root, and the catalog the record's version.

        Returns:
            The days that were wrong. A record is when the data root was copied or moved here from another place.

        Raises:
            CurationError: when a record names files elsewhere that are not here as well.
        """
        keys = [item.key for item in self._store.objects(self._paths.publications_prefix())]
        days = [day for key in keys if (day := date_in(key)) is not None]
        # Both are done for every day, whatever comes of the first.
        return [day for day in days if any([self._bring_here(day), self.show(day)])]

    def show(self, day: date) -> bool:
        """Let the catalog show the record's version and check that it does; tell whether it had to change.

        A run that publishes meanwhile moves the record on, so the record is read again until both agree.

        Raises:
            CurationError: when they still do not after a few attempts.
        """
        if self._catalog is None:
            return False
        for attempt in range(_ATTEMPTS):
            record = self.read(day).record
            if record is None or self._catalog.location(day) == record.current.location:
                return attempt > 0
            self._catalog.point(day, record.current.location)
        raise CurationError(
            f"{day}: the catalog's partition does not stay on the published version after {_ATTEMPTS} attempts; "
            "the publication record holds: find out who else changes the partition, then run repair"
        )

    def discard(self, day: date, run_id: str) -> None:
        """Delete the files of a version that no record names."""
        self._store.delete_prefix(self._paths.version_prefix(day, run_id))

    def damage(self, day: date, version: Version) -> str | None:
        """Say what is wrong with the files of a recorded version, or None when they are all there."""
        prefix = self._paths.version_prefix(day, version.run_id)
        if not version.location.startswith(self._store.uri(prefix)):
            return (
                f"version {version.run_id} is recorded at {version.location}, "
                "which is not below this data root; if it was copied here, run repair"
            )
        files = [item for item in self._store.objects(prefix) if item.key.endswith(".parquet")]
        found = (len(files), sum(item.size_bytes for item in files))
        if found != (version.files, version.bytes):
            return (
                f"version {version.run_id} should have {version.files} files of {version.bytes} bytes together, "
                f"but {self._store.uri(prefix)} has {found[0]} of {found[1]}"
            )
        return None

    def _bring_here(self, day: date) -> bool:
        """Let a record that was copied from another data root name its files in this one; tell whether it had to."""
        stored = self.read(day)
        if stored.record is None:
            return False
        record = relocated(stored.record, lambda version: self._location_here(day, version))
        if record == stored.record:
            return False
        missing = self.damage(day, record.current)
        if missing is not None:
            raise CurationError(
                f"{day}: published at {stored.record.current.location}, but {missing}; "
                "copy the files of its version here, then run repair again"
            )
        self._swap(day, record, over=stored)
        return True

    def _location_here(self, day: date, version: Version) -> str:
        prefix = self._paths.version_prefix(day, version.run_id)
        _, known, within = version.location.rpartition(prefix)
        return f"{self._store.uri(prefix)}{within}" if known else version.location

    def _discard_if_possible(self, day: date, run_id: str) -> None:
        """Delete a version that the record has forgotten; if that fails, the day's next run sweeps it."""
        try:
            self.discard(day, run_id)
        except (CurationError, OSError) as error:
            log.warning("version %s is forgotten, but could not be deleted yet: %s", run_id, error)

    def _swap(self, day: date, record: Publication, *, over: StoredPublication) -> None:
        """Replace the record that ``over`` was read from; a write of ours whose answer got lost counts as done."""
        for _ in range(_ATTEMPTS):
            try:
                self._store.replace(self._paths.publication_key(day), to_json(record), expected=over.token)
            except WriteConflict:
                found = self.read(day)
                if found.record == record:
                    return
                if found.token != over.token:
                    raise _superseded(day, found.record) from None
            else:
                return
        record_uri = self._store.uri(self._paths.publication_key(day))
        raise CurationError(
            f"{day}: storage declined {_ATTEMPTS} times to replace {record_uri}, though no other run did; "
            f"nothing was changed; run {day} again"
        )


def _superseded(day: date, winner: Publication | None) -> Superseded:
    by = f"run {winner.current.run_id} published" if winner else "the publication record was deleted"
    return Superseded(
        f"{day}: superseded, {by} while this run was at work; nothing was changed; "
        f"if raw data arrived since, run {day} again"
    )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
