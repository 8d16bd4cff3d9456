"""Which runs are at work on a day, so that what a killed run left behind can be told from what a live run is writing.

A run holds a lease while it may write. A lease is dead once its time is over or, on the machine that took it, once
its process is gone. Everything below a day's version folder that has neither a live lease nor a place in the record
is rubbish.
"""

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta

from curation.publications import Publications
from curation.storage import Store
from data_contract.paths import DatasetPaths, run_id_in


@dataclass(frozen=True)
class Lease:
    """Who is at work and until when at the latest (ISO 8601, UTC)."""

    run_id: str
    expires_at: str
    host: str
    process_id: int

    def is_dead(self, *, now: datetime) -> bool:
        """Tell whether the run can no longer be writing."""
        if datetime.fromisoformat(self.expires_at) <= now:
            return True
        return self.host == platform.node() and not _is_running(self.process_id)


@contextmanager
def held_lease(
    store: Store, paths: DatasetPaths, day: date, run_id: str, *, now: datetime, minutes: int
) -> Iterator[None]:
    """Hold a lease for a run; it must be given back after the last write, whatever the outcome."""
    expires_at = (now + timedelta(minutes=minutes)).astimezone(UTC).isoformat()
    lease = Lease(run_id, expires_at, platform.node(), os.getpid())
    key = paths.lease_key(day, run_id)
    store.write(key, json.dumps(asdict(lease)).encode())
    try:
        yield
    finally:
        store.delete([key])


def sweep(store: Store, paths: DatasetPaths, day: date, publications: Publications, *, now: datetime) -> list[str]:
    """Delete what dead runs of a day left behind; return their run ids.

    The order matters: folders, then leases, then the record. A run that finishes meanwhile is published before it
    gives its lease back, so a folder without a lease that is not in the record read last is nobody's.
    """
    folders = {run_id: prefix for prefix in store.folders(paths.versions_prefix(day)) if (run_id := run_id_in(prefix))}
    leases = _leases(store, paths, day)
    record = publications.read(day).record
    kept = {version.run_id for version in record.versions} if record else set()
    alive = {run_id for run_id, lease in leases.items() if not lease.is_dead(now=now)}
    abandoned = sorted(set(folders) - kept - alive)
    for run_id in abandoned:
        publications.discard(day, run_id)
    store.delete(paths.lease_key(day, run_id) for run_id in set(leases) - alive)
    return abandoned


def _leases(store: Store, paths: DatasetPaths, day: date) -> dict[str, Lease]:
    found: dict[str, Lease] = {}
    for item in store.objects(paths.leases_prefix(day)):
        content = store.read(item.key)
        if content is not None:  # else given back since it was listed
            lease = Lease(**json.loads(content.data))
            found[lease.run_id] = lease
    return found


def _is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
