"""The metrics document of a run: what happened, in numbers. Its schema is described in docs/metrics.md.

Builds plain JSON values; must not know where they are stored.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contract import DataContract
from core.anomalies import NotJudged
from core.checks import Check, percentage
from core.documents import as_documents
from core.prices import Cost
from core.publication import Version
from core.raw_day import RawDay
from core.rejections import RejectedLines
from core.replays import Replay
from core.runs import SCHEMA_VERSION
from core.times import iso
from curation.gate import Verdict
from curation.version import Counts, WrittenVersion

_NO_OBJECTS: Mapping[str, Any] = {"ignored": [], "unread": [], "replayed": []}
_NO_RAW_DATA: Mapping[str, Any] = {"objects": 0, "bytes": 0, "fingerprint": None, **_NO_OBJECTS}
TOTALS = ("rows_read", "rows_quarantined", "duplicates_removed", "rows_written")


@dataclass
class RunReport:
    """What is known of a run so far; filled in step by step and turned into documents at any time.

    ``counts`` and ``checks`` stay empty in a run that counted no rows; the totals are then null, or of the version
    left published.
    """

    run_id: str
    ingestion_date: str
    contract: DataContract
    started_at: datetime
    status: str = "error"
    message: str | None = None
    raw: dict[str, Any] = field(default_factory=lambda: dict(_NO_RAW_DATA))
    totals: dict[str, int | None] = field(default_factory=lambda: dict.fromkeys(TOTALS))
    counts: Counts | None = None
    checks: list[Check] = field(default_factory=list)
    not_judged: list[NotJudged] = field(default_factory=list)
    accepted: Mapping[str, Any] | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    location: str | None = None
    published_run_id: str | None = None
    files: int | None = None
    bytes_out: int | None = None
    quarantine_uri: str | None = None
    rejected: tuple[RejectedLines, ...] = ()
    rejected_reasons: int | None = None
    spark_version: str | None = None
    cost: Cost | None = None
    cleaned_up: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    execution: str | None = None

    def record_input(self, raw: RawDay) -> None:
        """Note what the run reads."""
        self.raw = {
            "objects": len(raw.objects),
            "bytes": raw.size_bytes,
            "fingerprint": raw.fingerprint if raw.objects else None,
            "ignored": as_documents(raw.ignored),
            "unread": as_documents(raw.unread),
            "replayed": [],
        }

    def record_replays(self, replays: Sequence[Replay]) -> None:
        """Note which of the raw objects bring corrected lines back."""
        self.raw["replayed"] = [replay.object_key for replay in replays]

    def record_output(self, written: WrittenVersion, *, quarantine_uri: str, files: int, size_bytes: int) -> None:
        """Note what the run wrote."""
        counts = self.counts = written.counts
        self.totals = {
            "rows_read": counts.rows_read,
            "rows_quarantined": counts.rows_quarantined,
            "duplicates_removed": counts.duplicates_removed,
            "rows_written": counts.rows_kept,
        }
        self.location = written.location
        self.files, self.bytes_out = files, size_bytes
        self.quarantine_uri = quarantine_uri if written.counts.rows_quarantined else None
        self.rejected, self.rejected_reasons = written.rejected, written.rejected_reasons
        self.spark_version = written.spark_version
        self.seconds |= written.seconds

    def record_verdict(self, verdict: Verdict) -> None:
        """Note what the gate found."""
        self.checks, self.not_judged = verdict.checks, verdict.not_judged
        self.accepted = None if verdict.acceptance is None else verdict.acceptance.facts()

    def record_unchanged(self, current: Version, *, message: str) -> None:
        """Note that the run had nothing to do: the totals are those of the version that stays published.

        What it may have counted and checked until it found that out is not told, as nothing became of it.
        """
        self.counts, self.checks, self.not_judged, self.accepted = None, [], [], None
        self.quarantine_uri, self.rejected, self.rejected_reasons = None, (), None
        self.status, self.message = "unchanged", message
        self.totals = {name: getattr(current, name) for name in TOTALS}
        self.published_run_id, self.location = current.run_id, current.location
        self.files, self.bytes_out = current.files, current.bytes


def document(report: RunReport) -> dict[str, Any]:
    """Write a report as the metrics document."""
    contract = report.contract
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": report.run_id,
        "dataset": contract.name,
        "ingestion_date": report.ingestion_date,
        "status": report.status,
        "message": report.message,
        "started_at": iso(report.started_at),
        "execution": report.execution,
        "contract": {"id": contract.id, "version": contract.version, "checksum": contract.checksum},
        "raw": report.raw,
        **report.totals,
        "rows_replaced": 0 if report.counts is None else report.counts.rows_replaced,
        "columns": _columns(contract, report.counts),
        "checks": as_documents(report.checks),
        "checks_not_judged": as_documents(report.not_judged),
        "accepted": report.accepted,
        "event_time": _event_time(report.counts),
        "schema_drift": _schema_drift(report.counts),
        "published_run_id": report.published_run_id,
        "location": report.location,
        "files": report.files,
        "bytes_in": report.raw["bytes"],
        "bytes_out": report.bytes_out,
        "quarantine": report.quarantine_uri,
        "rejected_lines": as_documents(report.rejected),
        "rejected_reasons": report.rejected_reasons,
        "cleaned_up_runs": report.cleaned_up,
        "warnings": report.warnings,
        "seconds": {phase: round(seconds, 3) for phase, seconds in report.seconds.items()},
        "spark_version": report.spark_version,
        "cost": None if report.cost is None else report.cost.document(),
    }


def _columns(contract: DataContract, counts: Counts | None) -> Mapping[str, Any]:
    if counts is None:
        return {}
    return {
        column.name: {
            "nulls": counts.nulls[column.name],
            "null_percent": percentage(counts.nulls[column.name], counts.rows_parsed),
            "distribution": counts.distributions.get(column.name),
        }
        for column in contract.columns
    }


def _event_time(counts: Counts | None) -> Mapping[str, Any] | None:
    if counts is None or counts.rows_on_other_days is None:
        return None
    first, last = counts.first_event, counts.last_event
    return {
        "first": None if first is None else iso(first),
        "last": None if last is None else iso(last),
        "rows_on_other_days": counts.rows_on_other_days,
    }


def _schema_drift(counts: Counts | None) -> Mapping[str, Any] | None:
    if counts is None:
        return None
    return {
        "rows_looked_at": counts.rows_looked_at_for_fields,
        "rows_with_unknown_fields": counts.rows_with_unknown_fields,
        "unknown_fields": list(counts.unknown_fields),
    }


class Stopwatch:
    """Measures named phases; a phase that fails is measured as well."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = time.monotonic() - start
