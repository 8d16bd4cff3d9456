"""Which runs are at work on a day, so that what a killed run left behind can be told from what a live run is writing.

A run holds a lease while it may write. A lease is dead once its time is over or, on the machine that took it, once
its process is gone. Everything below a day's version folder that has neither a live lease nor a place in the record
is rubbish.
"""

import json
import logging
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from curation.errors import CurationError
from curation.publications import Publications
from curation.storage import Store, StoredObject
from data_contract.paths import DatasetPaths, run_id_in

log = logging.getLogger("curation")
_LONGEST_LEASE = timedelta(days=7)


@dataclass(frozen=True)
class Lease:
    """Who is at work and until when at the latest (ISO 8601, UTC).

    ``process`` is the number and, where the system tells, the start of the process, as numbers are used again.
    """

    run_id: str
    expires_at: str
    host: str
    process: str

    def is_dead(self, *, now: datetime) -> bool:
        """Tell whether the run can no longer be writing."""
        if datetime.fromisoformat(self.expires_at) <= now:
            return True
        return self.host == _host() and self.process != _process(int(self.process.partition(" ")[0]))


@contextmanager
def held_lease(
    store: Store, paths: DatasetPaths, day: date, run_id: str, *, now: datetime, minutes: int
) -> Iterator[None]:
    """Hold a lease for a run; it must be given back after the last write, whatever the outcome."""
    expires_at = (now + timedelta(minutes=minutes)).astimezone(UTC).isoformat()
    lease = Lease(run_id, expires_at, _host(), str(_process(os.getpid())))
    key = paths.lease_key(day, run_id)
    store.write(key, json.dumps(asdict(lease)).encode())
    try:
        yield
    finally:
        try:
            store.delete([key])
        except (CurationError, OSError) as error:
            log.warning("lease %s could not be given back, it ends at %s: %s", store.uri(key), expires_at, error)


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
            lease = _read(content.data) or _unreadable(item)
            found[lease.run_id] = lease
    return found


def _read(data: bytes) -> Lease | None:
    try:
        lease = Lease(**json.loads(data))
        lease.is_dead(now=datetime.now(UTC))
    except (ValueError, TypeError, AttributeError):
        return None
    return lease


def _unreadable(item: StoredObject) -> Lease:
    """Take a lease that another release wrote, or nobody of ours, for alive as long as a lease can be."""
    expires_at = item.modified_at + _LONGEST_LEASE
    return Lease(run_id_in(item.key) or item.key, expires_at.isoformat(), host="", process="")


def _host() -> str:
    """Name the set of processes that this one can see: containers may share a name, and a machine may restart."""
    marks = [platform.node()]
    boot = Path("/proc/sys/kernel/random/boot_id")
    if boot.exists():
        marks += [boot.read_text(encoding="ascii").strip(), str(Path("/proc/self/ns/pid").readlink())]
    return " ".join(marks)


def _process(number: int) -> str | None:
    """Name a process so that no later one has the same name, or return None when there is none of that number."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass  # somebody else's, and alive
    try:
        # The values after the name, which may itself hold spaces and brackets: proc(5).
        values = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return str(number)  # a system without /proc
    state, start = values[0], values[19]
    return None if state in "ZX" else f"{number} {start}"
