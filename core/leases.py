"""Which runs are at work on a day, so that what a killed run left behind can be told from what a live run is writing.

A run holds a lease while it may write. A lease is dead once its time is over or, on the machine that took it, once
its process is gone. A version folder that has neither a live lease nor a place in the record is an orphan version.
"""

import json
import os
import platform
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from core.errors import Superseded
from core.layout import DatasetPaths, date_in, run_id_in
from core.ports import Store, StoredObject, WriteConflict
from core.publishing import Publications

_LONGEST_LEASE = timedelta(days=7)
# A run takes its lease for lost when its time is over; others wait longer, as clocks differ between machines.
_CLOCK_DIFFERENCE = timedelta(minutes=5)


@dataclass(frozen=True)
class LeaseRecord:
    """Who is at work and until when at the latest (ISO 8601, UTC).

    ``process`` is the number and, where the system tells, the start of the process, as numbers are used again. Both are
    empty for a lease that only time ends.
    """

    run_id: str
    expires_at: str
    host: str
    process: str

    def is_over(self, *, now: datetime) -> bool:
        return datetime.fromisoformat(self.expires_at) <= now

    def is_dead(self, *, now: datetime) -> bool:
        """Tell, from outside, whether the run can no longer be writing."""
        if self.is_over(now=now - _CLOCK_DIFFERENCE):
            return True
        if not self.process or self.host != _host():
            return False
        number, _, start = self.process.partition(" ")
        found = _process(int(number))
        # One whose start cannot be read, such as another user's where `/proc` hides these, is taken for the same.
        return found is None or (bool(start) and found not in (number, self.process))

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()


class Lease:
    """A lease that this run holds, until it gives it back or its time is over."""

    def __init__(self, store: Store, key: str, *, record: LeaseRecord, version: str, minutes: int) -> None:
        self._store, self._key, self._record, self._version, self._minutes = store, key, record, version, minutes

    @property
    def run_id(self) -> str:
        return self._record.run_id

    @property
    def expires_at(self) -> str:
        return self._record.expires_at

    def is_over(self, *, now: datetime) -> bool:
        """Tell whether its time is over, so that a sweep may have deleted what it stood for."""
        return self._record.is_over(now=now)

    def renew(self, *, now: datetime) -> None:
        """Extend the lease from now, to time alone where storage may publish the version when this process is gone.

        Raises:
            Superseded: when its time is over, or another run has taken it.
        """
        if self._record.is_over(now=now):
            raise Superseded(self._lost(f"its lease ended at {self.expires_at}"))
        extended = replace(self._record, expires_at=_expiry(now, self._minutes))
        try:
            self._replace(replace(extended, host="", process="") if self._store.writes_late else extended)
        except WriteConflict:
            raise Superseded(self._lost("another run took its lease")) from None

    def give_back(self) -> None:
        """Delete the lease; it must not be needed any more."""
        self._store.delete([self._key])

    def _replace(self, record: LeaseRecord) -> None:
        self._version = _written(self._store, self._key, record, expected=self._version)
        self._record = record

    def _lost(self, why: str) -> str:
        return (
            f"superseded, {why} before run {self.run_id} could publish; nothing was changed; run the date again, and "
            "let --lease_minutes be at least the job's timeout"
        )


def take_lease(store: Store, paths: DatasetPaths, day: date, run_id: str, *, now: datetime, minutes: int) -> Lease:
    """Take a lease for a run; it must be given back after the last write, whatever the outcome."""
    record = LeaseRecord(run_id, _expiry(now, minutes), _host(), str(_process(os.getpid())))
    key = paths.lease_key(day, run_id)
    version = _written(store, key, record, expected=None)
    return Lease(store, key, record=record, version=version, minutes=minutes)


def runs_at_work(store: Store, paths: DatasetPaths, *, now: datetime) -> list[tuple[date, str]]:
    """Return the day and the id of each run that holds a lease, as far as can be told from outside."""
    found = _leases_below(store, paths.leases)
    days = ((date_in(key), lease) for key, lease in found.items() if not lease.is_dead(now=now))
    return [(day, lease.run_id) for day, lease in days if day is not None]


def sweep(store: Store, paths: DatasetPaths, day: date, publications: Publications, *, now: datetime) -> list[str]:
    """Delete the orphan versions that dead runs of a day left behind; return their run ids.

    The order matters: folders, then leases, then the record. A run that finishes meanwhile is published before it
    gives its lease back, so a folder without a lease that is not in the record read last is nobody's.
    """
    folders = {run_id: prefix for prefix in store.folders(paths.versions_prefix(day)) if (run_id := run_id_in(prefix))}
    leases = _leases(store, paths, day)
    record = publications.records.read(day).record
    kept = {version.run_id for version in record.versions} if record else set()
    alive = {run_id for run_id, lease in leases.items() if not lease.is_dead(now=now)}
    dead = [paths.lease_key(day, run_id) for run_id in sorted(set(leases) - alive)]
    # First the leases: a run that wakes up finds its own gone before its files are.
    store.delete(dead)
    orphans = sorted(set(folders) - kept - alive)
    if orphans and record is not None:
        publications.catalog.show(day)  # a run that was killed behind its swap may have left the catalog on one of them
    for run_id in orphans:
        store.delete_prefix(paths.unfinished_quarantine_prefix(day, run_id))
        publications.discard(day, run_id)
    return orphans


def at_work(store: Store, paths: DatasetPaths, day: date, *, now: datetime) -> dict[str, str]:
    """Return until when at the latest each run of a day may be writing, by its id."""
    leases = _leases(store, paths, day)
    return {run_id: lease.expires_at for run_id, lease in leases.items() if not lease.is_dead(now=now)}


def _written(store: Store, key: str, record: LeaseRecord, *, expected: str | None) -> str:
    """Write a lease over the version ``expected`` and return its own; a write of ours whose answer got lost counts."""
    try:
        return store.replace(key, record.to_json(), expected=expected)
    except WriteConflict:
        found = store.read(key)
        if found is None or found.data != record.to_json():
            raise
        return found.version


def _expiry(now: datetime, minutes: int) -> str:
    return (now + timedelta(minutes=minutes)).astimezone(UTC).isoformat()


def _leases(store: Store, paths: DatasetPaths, day: date) -> dict[str, LeaseRecord]:
    return {lease.run_id: lease for lease in _leases_below(store, paths.leases_prefix(day)).values()}


def _leases_below(store: Store, prefix: str) -> dict[str, LeaseRecord]:
    found: dict[str, LeaseRecord] = {}
    for item in store.objects(prefix):
        content = store.read(item.key)
        if content is not None:  # else given back since it was listed
            found[item.key] = _read(content.data) or _unreadable(item)
    return found


def _read(data: bytes) -> LeaseRecord | None:
    try:
        lease = LeaseRecord(**json.loads(data))
        lease.is_dead(now=datetime.now(UTC))
    except (ValueError, TypeError, AttributeError):
        return None
    return lease


def _unreadable(item: StoredObject) -> LeaseRecord:
    """Take a lease that another release wrote, or nobody of ours, for alive as long as a lease can be."""
    expires_at = item.modified_at + _LONGEST_LEASE
    return LeaseRecord(run_id_in(item.key) or item.key, expires_at.isoformat(), host="", process="")


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
        return str(number)  # a system without /proc, or one that hides it
    state, start = values[0], values[19]
    return None if state in "ZX" else f"{number} {start}"
