"""One run of one day, step by step: list, decide, write a version, gate, publish.

Knows the order of the steps and what each outcome leaves behind; how a step is done is in its own module.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from contract import DataContract, contract_json
from core.checks import Check, failures
from core.errors import (
    AccessDenied,
    CatalogNotUpdated,
    CommitStateUnknown,
    GateFailed,
    PipelineError,
    RawDataMissing,
    ServiceError,
    Superseded,
)
from core.history import History
from core.job_arguments import JobArguments
from core.layout import DatasetPaths
from core.leases import Lease, sweep, take_lease
from core.ports import Store
from core.publication import JOB_VERSION, Publication, RunInput, Version
from core.publishing import Publications, Retention
from core.raw_day import RawDay, list_raw_day, require_unchanged
from core.raw_objects import compression_of
from core.rejections import VALUES_WORDS
from core.replays import read_replays, replaced_lines
from core.stored_records import StoredPublication
from core.times import iso
from curation.explain import explained
from curation.findings import findings
from curation.gate import Gate, Verdict
from curation.metrics import RunReport, Stopwatch, document
from curation.version import WriteRequest, WrittenVersion

log = logging.getLogger("pipeline")

STATUSES: Final[Mapping[type[PipelineError], str]] = {
    GateFailed: "gate_failed",
    RawDataMissing: "raw_missing",
    Superseded: "superseded",
}
# After these of a swap it is certain that no record names the version, nor will: its files may go.
_DEFINITE_REJECTIONS: Final = (Superseded, AccessDenied, ServiceError)


@dataclass
class DayRun:
    """A run of one day; however it ends, its ``report`` tells the outcome and is stored."""

    arguments: JobArguments
    contract: DataContract
    store: Store
    paths: DatasetPaths
    publications: Publications
    write_version: Callable[[WriteRequest], WrittenVersion]
    report: RunReport
    executor_seconds: Callable[[], float] = lambda: 0.0
    invalid_values: Callable[[DataContract, WrittenVersion, list[str]], list[str]] = lambda *_: []
    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    compressed: list[str] = field(init=False, default_factory=list)
    replaced: Mapping[str, int] = field(init=False, default_factory=dict)

    def execute(self) -> None:
        """Carry out the run.

        Raises:
            PipelineError: one of its branches; what readers see is as it was before, unless the message says otherwise.
        """
        try:
            with self.stopwatch.phase("total"):
                self._execute()
        except PipelineError as failure:
            failure.args = (self._told(str(failure)),)
            self._end(STATUSES.get(type(failure), "error"), str(failure))
            raise
        except Exception as error:
            message = self._told(explained(error, compressed=self.compressed))
            self._end("error", message)
            raise PipelineError(message) from error
        except BaseException:
            self._end("error", self._told("stopped from outside; run the date again"))
            raise
        self._save_metrics_if_possible()

    def _told(self, reason: str) -> str:
        """Put the date before the reason of a failure, by which alerts know it, and that the run is published if so."""
        day = f"{self.arguments.ingestion_date}: "
        is_published = self.report.published_run_id == self.report.run_id
        published = f"run {self.report.run_id} is published, but " if is_published else ""
        return f"{day}{published}{reason.removeprefix(day)}"

    @property
    def metrics_uri(self) -> str:
        """Where the metrics document of this run lies."""
        return self.store.uri(self._metrics_key)

    @property
    def _metrics_key(self) -> str:
        return self.paths.metrics_key(self.arguments.ingestion_date, self.report.run_id)

    def _execute(self) -> None:
        day = self.arguments.ingestion_date
        with self.stopwatch.phase("list"):
            over = self.publications.records.read(day)
            raw = list_raw_day(self.store, self.paths, day, self.contract.raw_objects)
            run_input = RunInput(raw.fingerprint, self.contract.checksum)
        self.report.record_input(raw)
        replays = read_replays(self.store, self.paths, day).in_force(raw)
        self.report.record_replays(replays)
        self.replaced = replaced_lines(replays)
        self.report.cleaned_up = sweep(self.store, self.paths, day, self.publications, now=datetime.now(UTC))
        self._require_objects(raw)
        uris = [self.store.uri(item.key) for item in raw.objects]
        self.compressed = [uri for uri in uris if compression_of(uri)]
        log.info("listed %s objects, %s bytes, fingerprint %s", len(raw.objects), raw.size_bytes, run_input.fingerprint)
        if over.record is not None and not self.arguments.force and self._is_up_to_date(over.record, run_input):
            self._leave_unchanged(over.record, run_input)
            return
        lease = take_lease(
            self.store, self.paths, day, self.report.run_id, now=datetime.now(UTC), minutes=self.arguments.lease_minutes
        )
        try:
            self._write_and_publish(raw, run_input, over, lease)
        except Superseded:
            record = self.publications.records.read(day).record
            if record is None or self.arguments.force or not self._is_up_to_date(record, run_input):
                raise
            self.store.delete_prefix(self.paths.quarantine_prefix(day, self.report.run_id))
            self._leave_unchanged(record, run_input, meanwhile=True)

    def _require_objects(self, raw: RawDay) -> None:
        day, where = self.arguments.ingestion_date, self.store.uri(raw.prefix)
        if not raw.objects:
            others = f"; not read: {raw.others_named()}" if raw.others_named() else ""
            raise RawDataMissing(
                f"{day}: no raw data below {where}{others}; deliver the day's objects, then run {day} again"
            )
        if raw.leaves_too_much_unread:
            raise PipelineError(
                f"{day}: {len(raw.unread)} of {len(raw.objects) + len(raw.unread)} objects below {where} would not be "
                f"read, limit {raw.max_unread}: {raw.unread_named()}; list them in includeObjects or excludeObjects of "
                f"the contract, or deliver them under other names, then run {day} again"
            )

    def _is_up_to_date(self, record: Publication, run_input: RunInput) -> bool:
        """Tell whether this input needs no run; files that somebody deleted, or a data root that moved, do need one.

        Raises:
            PipelineError: when such files are those of a version that people went back to from this input.
        """
        if not record.is_up_to_date(run_input):
            return False
        problem = self.publications.integrity_problem(self.arguments.ingestion_date, record.current)
        if problem is not None and record.blocks(run_input):
            raise PipelineError(
                f"{problem}; this input was rolled back, so it is not published in its place: restore the files; "
                f"to publish it after all: pipeline run {self.arguments.ingestion_date} --force"
            )
        if problem is not None:
            log.warning("the input is unchanged, but %s: writing it again", problem)
        return problem is None

    def _leave_unchanged(self, record: Publication, run_input: RunInput, *, meanwhile: bool = False) -> None:
        day = self.arguments.ingestion_date
        self.publications.catalog.show(day)  # heals a catalog that a killed run left behind its record
        if record.blocks(run_input):
            why = f"this input was rolled back; to publish it after all: pipeline run {day} --force"
        elif meanwhile:
            why = f"run {record.current.run_id} published the same raw data while this run was at work"
        else:
            why = "already published"
        self.report.record_unchanged(record.current, message=f"{day}: nothing to do, {why}")
        log.info("unchanged: %s", self.report.message)

    def _write_and_publish(self, raw: RawDay, run_input: RunInput, over: StoredPublication, lease: Lease) -> None:
        try:
            written = self._write(raw)
            self._gate(written, run_input, over.record)
            self._keep_contract()
            self._save_metrics(status="publishing")
            lease.renew(now=datetime.now(UTC))
        except BaseException:
            self._abandon(lease)  # no record was offered this version yet
            raise
        try:
            self._publish(written, over, lease)
        except _DEFINITE_REJECTIONS:
            self._abandon(lease)
            raise
        except CatalogNotUpdated:
            self._give_back(lease)
            raise
        except (PipelineError, OSError) as error:  # files and lease stay, as the swap may still come to pass
            raise CommitStateUnknown(
                f"it is not known whether run {self.report.run_id} was published ({error.__cause__ or error}); its "
                f"files are kept; see: pipeline status {self.arguments.ingestion_date}; or run it again after "
                f"{lease.expires_at}"
            ) from error
        self._give_back(lease)

    def _write(self, raw: RawDay) -> WrittenVersion:
        day, run_id = self.arguments.ingestion_date, self.report.run_id
        version_prefix = self.paths.version_prefix(day, run_id)
        request = WriteRequest(
            contract=self.contract,
            ingestion_date=day,
            raw_prefix=raw.prefix,
            raw_uri=self.store.uri(raw.prefix),
            raw_sizes={self.store.uri(item.key): item.size_bytes for item in raw.objects},
            version_uri=self.store.uri(version_prefix),
            quarantine_uri=self.store.uri(self.paths.quarantine_prefix(day, run_id)),
            earlier_uris=self._earlier_versions(),
            replaced=self.replaced,
        )
        written = self.write_version(request)
        self.store.delete_prefix(f"{version_prefix}{request.quarantined_folder}")
        files = [item for item in self.store.objects(version_prefix) if item.key.endswith(".parquet")]
        size_bytes = sum(item.size_bytes for item in files)
        self.report.record_output(
            written, quarantine_uri=request.quarantine_uri, files=len(files), size_bytes=size_bytes
        )
        require_unchanged(self.store, raw)
        if written.lost_objects is not None:
            self._warn(written.lost_objects)
        stood_for = sum(self.replaced.values())
        if written.counts.rows_replaced < stood_for:
            self._warn(
                f"corrected lines stand for {stood_for} others, of which {written.counts.rows_replaced} are "
                "rejected: records may be there twice; see docs/decisions/306-replayed-lines.md"
            )
        log.info("wrote %s rows in %s files to %s", written.counts.rows_kept, len(files), written.location)
        return written

    def _earlier_versions(self) -> Mapping[date, str]:
        """Return where the dates before are published whose keys some rule compares with."""
        days = self.contract.look_back_days
        if days == 0:
            return {}
        history = History(self.store, self.paths, self.publications)
        versions = history.versions(self.arguments.ingestion_date, days=days)
        return {day: version.location for day, version in versions.items()}

    def _gate(self, written: WrittenVersion, run_input: RunInput, over: Publication | None) -> None:
        day = self.arguments.ingestion_date
        with self.stopwatch.phase("gate"):
            gate = Gate(self.contract, self.store, self.paths, self.publications)
            verdict = gate.judge(day, written, run_input, over)
        self.report.record_verdict(verdict)
        for problem in verdict.problems:
            self._warn(problem)
        for check in failures(verdict.checks, severity="warning"):
            log.warning("check %s: %s", check.id, check.sentence())
        if verdict.failed:
            found = [*(check.sentence() for check in verdict.failed), *findings(verdict.failed, self.contract, written)]
            found += self._values_behind(verdict.failed, written)
            raise GateFailed(f"{day}: {'; '.join(found)}; report {self.metrics_uri}; {self._next_step(verdict)}")

    def _values_behind(self, failed: Sequence[Check], written: WrittenVersion) -> list[str]:
        if not self.contract.shows_example_lines:
            return []
        try:
            with self.stopwatch.phase("invalid_values"):
                found = self.invalid_values(self.contract, written, [check.id for check in failed])
        except Exception as error:  # noqa: BLE001  what cannot be shown must not hide what failed
            self._warn(f"the values that broke the rules could not be looked up: {explained(error)}")
            return []
        return [f"{VALUES_WORDS}{'; '.join(found)}"] if found else []

    def _next_step(self, verdict: Verdict) -> str:
        day = self.arguments.ingestion_date
        accept = f"; or, if the day is right as it is: pipeline accept {day} --reason TEXT"
        return f"fix the source, then: pipeline run {day}{accept if verdict.could_be_accepted else ''}"

    def _keep_contract(self) -> None:
        """Keep what the version was written under, so that it can be told later whether a change matters to it."""
        key = self.paths.contract_key(self.contract.checksum)
        if self.store.read(key) is None:
            self.store.write(key, contract_json(self.contract).encode())

    def _publish(self, written: WrittenVersion, over: StoredPublication, lease: Lease) -> None:
        """Swap the record, then let the rest follow: nothing behind the swap fails the run, but the catalog."""
        day, report = self.arguments.ingestion_date, self.report
        retention = Retention(self.arguments.keep_versions, self.arguments.keep_hours)
        with self.stopwatch.phase("publish"):
            version = self._version(written)
            expired = self.publications.publish(day, version, over=over, retention=retention)
            if lease.is_over(now=datetime.now(UTC)):
                self.publications.withdraw_if_swept(day, version, over=over)
            report.status, report.published_run_id = "published", report.run_id
            log.info("published run %s", report.run_id)
            # First, as readers go by the catalog: of a version that it still names no file may be missing.
            self.publications.catalog.show(day)
            for problem in self.publications.delete_versions(day, expired):
                self._warn(problem)

    def _version(self, written: WrittenVersion) -> Version:
        contract = self.contract
        totals: Mapping[str, Any] = {name: value or 0 for name, value in self.report.totals.items()}
        return Version(
            run_id=self.report.run_id,
            location=written.location,
            published_at=iso(datetime.now(UTC)),
            replaced_at=None,
            raw={key: self.report.raw[key] for key in ("objects", "bytes", "fingerprint")} | self._replayed(written),
            contract={"id": contract.id, "version": contract.version, "checksum": contract.checksum},
            files=self.report.files or 0,
            bytes=self.report.bytes_out or 0,
            accepted=self.report.accepted,
            job_version=JOB_VERSION,
            **totals,
        )

    def _replayed(self, written: WrittenVersion) -> dict[str, Any]:
        """Return what a record says of corrected lines, where there are any."""
        keys = self.report.raw["replayed"]
        return {"replayed": keys, "rows_replaced": written.counts.rows_replaced} if keys else {}

    def _abandon(self, lease: Lease) -> None:
        """Delete the version, which nothing names; where that fails too, the next run sweeps.

        What an engine that died left of the quarantine goes first, as in a sweep: nobody finds it without the version.
        """
        day, run_id = self.arguments.ingestion_date, self.report.run_id
        self.report.location = None
        try:
            self.store.delete_prefix(self.paths.unfinished_quarantine_prefix(day, run_id))
            self.publications.discard(day, run_id)
        except Exception as error:  # noqa: BLE001  whatever else is broken must not hide why the run failed
            log.warning("the version of this run could not be deleted, the next run will: %s", explained(error))
        self._give_back(lease)

    def _give_back(self, lease: Lease) -> None:
        try:
            lease.give_back()
        except Exception as error:  # noqa: BLE001  it expires by itself
            self._warn(f"lease of run {lease.run_id} could not be given back, it ends at {lease.expires_at}: {error}")

    def _warn(self, text: str) -> None:
        self.report.warnings.append(text)
        log.warning("%s", text)

    def _end(self, status: str, message: str) -> None:
        self.report.status, self.report.message = status, message
        log.error("%s: %s", status, message)
        self._save_metrics_if_possible()

    def _save_metrics_if_possible(self) -> None:
        """Write the metrics; what the run came to stands, whether or not they can be written."""
        self._note_cost()
        if self.report.cost is not None and self.report.cost.excess is not None:
            self._warn(self.report.cost.excess)
        try:
            self._save_metrics()
        except Exception as error:  # noqa: BLE001  as above
            self._warn(f"the metrics could not be written: {explained(error)}")

    def _note_cost(self) -> None:
        """Estimate what the run has cost by now, where it runs on something that costs."""
        if self.arguments.capacity is None:
            return
        seconds = (datetime.now(UTC) - self.report.started_at).total_seconds()
        try:
            executors = self.executor_seconds()
        except Exception as error:  # noqa: BLE001  a JVM that died must not hide what the run came to
            self._warn(f"the cost of this run is not known, Spark tells nothing of its executors: {explained(error)}")
            return
        self.report.cost = self.arguments.capacity.cost(
            driver_seconds=seconds, executor_seconds=executors, limit_usd=self.contract.max_run_cost_usd
        )

    def _save_metrics(self, *, status: str | None = None) -> None:
        self.report.seconds |= self.stopwatch.seconds
        written = document(self.report) | ({"status": status} if status else {})
        # One line: Athena reads one JSON object per line.
        self.store.write(self._metrics_key, f"{json.dumps(written)}\n".encode())
