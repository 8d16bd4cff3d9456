"""The publication record of one day: which version readers see, what it was made of, and what it replaced.

The record is the truth and the catalog its shadow. This module decides what a record becomes; it does not store it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from core.documents import content_of, refused

SCHEMA_VERSION = 1
# Raised whenever the job makes other rows of the same input and contract, so that dates of before are found and rerun.
JOB_VERSION = 1


@dataclass(frozen=True)
class RunInput:
    """What determines a version's rows: the raw objects and the contract they were read with."""

    fingerprint: str
    contract_checksum: str


@dataclass(frozen=True)
class Version:
    """One complete version of a day. Times are ISO 8601 in UTC; ``location`` is the folder of its Parquet files.

    ``sequence_number`` is its place in the order in which the day's versions were first published, from 1. A rollback
    changes `published_at`, and clocks and run ids of two machines may disagree, so neither tells which one is older.
    Versions of records that were written without it have 0 and are ordered by run id. ``accepted`` tells who let an odd
    day pass which checks, and why: see `core.acceptances`. ``job_version`` is that of the job that wrote it.
    """

    run_id: str
    location: str
    published_at: str
    replaced_at: str | None
    raw: Mapping[str, Any]
    contract: Mapping[str, Any]
    rows_read: int
    rows_quarantined: int
    duplicates_removed: int
    rows_written: int
    files: int
    bytes: int
    sequence_number: int = 0
    accepted: Mapping[str, Any] | None = None
    job_version: int = 1

    @property
    def input(self) -> RunInput:
        """What this version was made of."""
        return RunInput(self.raw["fingerprint"], self.contract["checksum"])

    @property
    def is_of_an_older_job(self) -> bool:
        """Tell whether a run of today may make other rows of the same."""
        return self.job_version < JOB_VERSION


@dataclass(frozen=True)
class Publication:
    """The record: the current version, the versions it can go back to (newest first), and the blocked input.

    ``blocked`` is the input of each version that was rolled back since the last one was published: the same input is
    not published again by itself.
    """

    dataset: str
    ingestion_date: str
    current: Version
    previous: tuple[Version, ...] = ()
    blocked: tuple[RunInput, ...] = ()

    @property
    def versions(self) -> tuple[Version, ...]:
        """All versions whose files are kept."""
        return (self.current, *self.previous)

    def blocks(self, run_input: RunInput) -> bool:
        """Tell whether this input is that of a version which people withdrew."""
        return run_input != self.current.input and run_input in self.blocked

    def withdraws(self, fingerprint: str) -> bool:
        """Tell whether people withdrew a version of this raw data, under whichever contract, and have another one."""
        blocked = {withdrawn.fingerprint for withdrawn in self.blocked}
        return fingerprint in blocked - {self.current.input.fingerprint}

    def is_up_to_date(self, run_input: RunInput) -> bool:
        """Tell whether a run over this input would have nothing to do."""
        is_current = run_input == self.current.input and not self.current.is_of_an_older_job
        return is_current or self.blocks(run_input)


def published(before: Publication | None, version: Version, *, dataset: str, ingestion_date: str) -> Publication:
    """Put a new version in front of all that was there."""
    previous = () if before is None else _replaced(before, at=version.published_at)
    newest = max((old.sequence_number for old in previous), default=0)
    return Publication(dataset, ingestion_date, replace(version, sequence_number=newest + 1), previous)


def rolled_back(before: Publication, run_id: str | None, *, at: str) -> Publication:
    """Make a kept version current again (default: the newest older one) and block the input of the one withdrawn.

    Raises:
        ValueError: when no such version is kept; the message lists those that are.
    """
    chosen = _newest_older(before) if run_id is None else _kept(before, run_id)
    others = tuple(version for version in _replaced(before, at=at) if version.run_id != chosen.run_id)
    current = replace(chosen, published_at=at, replaced_at=None)
    withdrawn = dict.fromkeys((*before.blocked, before.current.input))
    blocked = tuple(run_input for run_input in withdrawn if run_input != chosen.input)
    return replace(before, current=current, previous=others, blocked=blocked)


def relocated(record: Publication, locate: Callable[[Version], str]) -> Publication:
    """Let every version lie where ``locate`` says."""
    current, *previous = (replace(version, location=locate(version)) for version in record.versions)
    return replace(record, current=current, previous=tuple(previous))


def without_expired(record: Publication, *, now: datetime, keep_versions: int, keep_hours: int) -> Publication:
    """Leave out replaced versions beyond the newest ``keep_versions`` that were replaced over ``keep_hours`` ago."""
    oldest = now - timedelta(hours=keep_hours)
    kept = tuple(
        version
        for position, version in enumerate(record.previous)
        if position < keep_versions or datetime.fromisoformat(version.replaced_at or version.published_at) > oldest
    )
    return replace(record, previous=kept)


def as_document(record: Publication) -> dict[str, Any]:
    """Return a record as programs read it, where blocked input is called ``held``."""
    document = {"schema_version": SCHEMA_VERSION, **asdict(record)}
    return {("held" if name == "blocked" else name): value for name, value in document.items()}


def to_json(record: Publication) -> bytes:
    """Write a record as a JSON document."""
    return json.dumps(as_document(record), indent=2).encode()


def from_json(data: bytes, *, source: str) -> Publication:
    """Read a record.

    Raises:
        InvalidDocument: naming ``source`` when the document is not a record of this schema version.
    """
    with refused(f"publication record {source} cannot be used", next_step="restore the object from its older version"):
        document = content_of(data, schema_version=SCHEMA_VERSION)
        return Publication(
            dataset=document["dataset"],
            ingestion_date=document["ingestion_date"],
            current=Version(**document["current"]),
            previous=tuple(Version(**version) for version in document["previous"]),
            blocked=tuple(RunInput(**withdrawn) for withdrawn in document["held"]),
        )


def _newest_older(record: Publication) -> Version:
    older = [version for version in record.previous if _age(version) < _age(record.current)]
    if not older:
        message = f"{record.ingestion_date}: no version is older than run {record.current.run_id}, which is published"
        raise ValueError(f"{message}; {_candidates(record)}")
    return max(older, key=_age)


def _kept(record: Publication, run_id: str) -> Version:
    found = next((version for version in record.previous if version.run_id == run_id), None)
    if found is None:
        reason = "is published already" if run_id == record.current.run_id else "is not kept"
        raise ValueError(f"{record.ingestion_date}: version {run_id} {reason}; {_candidates(record)}")
    return found


def _candidates(record: Publication) -> str:
    names = ", ".join(version.run_id for version in sorted(record.previous, key=_age, reverse=True))
    return f"choose one of these with --to: {names}" if names else "no other version is kept"


def _age(version: Version) -> tuple[int, str]:
    """Return what orders a day's versions, oldest first."""
    return version.sequence_number, version.run_id


def _replaced(before: Publication, *, at: str) -> tuple[Version, ...]:
    return (replace(before.current, replaced_at=at), *before.previous)
