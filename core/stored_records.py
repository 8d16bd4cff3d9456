"""The stored publication records of one dataset: read, and replaced only where nobody else has replaced them.

Knows what storage may answer to a write; must not know what a record means to readers.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

from core.errors import CommitStateUnknown, PipelineError, ServiceError, Superseded, TransientError
from core.layout import DatasetPaths, date_in
from core.ports import Store, WriteConflict
from core.publication import Publication, Version, from_json, to_json

# Storage may decline a swap without anybody having swapped, which is rare and over at the next attempt.
_ATTEMPTS = 5
_READERS = 8


@dataclass(frozen=True)
class StoredPublication:
    """A record and the token that a swap of it must name; both None before the first publication."""

    record: Publication | None
    token: str | None


class StoredRecords:
    """Reads, swaps and removes the publication records of one dataset."""

    def __init__(self, store: Store, paths: DatasetPaths) -> None:
        self._store = store
        self._paths = paths

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

    def read_all(self, days: Iterable[date]) -> list[Publication]:
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

    def swap(self, day: date, record: Publication, *, over: StoredPublication) -> None:
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
                raise commit_state_unknown(day, error) from error
            else:
                return
        if unanswered is not None:
            raise commit_state_unknown(day, unanswered) from unanswered
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
            raise commit_state_unknown(day, error) from error
        # Another run may have published over ours since.
        if found.record == record or state_of(record.current) in _states(found.record) - _states(over.record):
            return True
        if found.token != over.token:
            raise _superseded(day, found.record)
        return False

    def remove(self, day: date, *, over: StoredPublication) -> None:
        """Delete the record that ``over`` was read from; that it is gone already counts as done, as in `swap`.

        Raises:
            Superseded: when another run published meanwhile.
            ServiceError: when storage declines, though no run did.
        """
        found = over
        for _ in range(_ATTEMPTS):
            if found.token is None:
                return
            if found.token != over.token:
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


def _states(record: Publication | None) -> set[tuple[str, str]]:
    return set() if record is None else {state_of(version) for version in record.versions}


def state_of(version: Version) -> tuple[str, str]:
    """Tell a version that was published from the same one that people went back to later."""
    return version.run_id, version.published_at


def commit_state_unknown(day: date, reason: PipelineError) -> CommitStateUnknown:
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
