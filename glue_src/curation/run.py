"""One run of one day, step by step: list, decide, write a version, gate, publish.

Knows the order of the steps and what each outcome leaves behind; how a step is done is in its own module.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from curation.errors import CurationError, GateFailed, RunFailed
from curation.explain import explained
from curation.leases import held_lease, sweep
from curation.metrics import RunReport, document, iso
from curation.publications import Publications, Retention, StoredPublication
from curation.quality import evaluate, failures
from curation.raw_input import RawInput, fingerprint_of, list_raw, require_unchanged
from curation.stopwatch import Stopwatch
from curation.storage import Store
from curation.version import VersionTask, WrittenVersion
from data_contract import DataContract
from data_contract.job_arguments import JobArguments
from data_contract.paths import DatasetPaths
from data_contract.publication import Publication, RunInput, Version

log = logging.getLogger("curation")


@dataclass
class DayRun:
    """A run of one day; however it ends, its ``report`` tells the outcome and is stored."""

    arguments: JobArguments
    contract: DataContract
    store: Store
    paths: DatasetPaths
    publications: Publications
    write_version: Callable[[VersionTask], WrittenVersion]
    report: RunReport
    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    gzipped: list[str] = field(init=False, default_factory=list)

    def execute(self) -> None:
        """Carry out the run.

        Raises:
            RunFailed: one of its branches; what readers see is as it was before, unless the message says otherwise.
        """
        try:
            with self.stopwatch.phase("total"):
                self._execute()
            self._save_metrics()
        except RunFailed as failure:
            failure.args = (self._told(str(failure)),)
            self._end(failure.status, str(failure))
            raise
        except Exception as error:
            message = self._told(explained(error, gzipped=self.gzipped))
            self._end("error", message)
            raise CurationError(message) from error
        except BaseException:
            self._end("error", self._told("stopped from outside; run the date again"))
            raise

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
            over = self.publications.read(day)
            raw = list_raw(self.store, self.paths, day)
            run_input = RunInput(fingerprint_of(self.store, raw), self.contract.checksum)
            self.report.took(raw, fingerprint=run_input.fingerprint)
        self.gzipped = [self.store.uri(item.key) for item in raw.objects if item.key.endswith(".gz")]
        log.info("listed %s objects, %s bytes, fingerprint %s", len(raw.objects), raw.size_bytes, run_input.fingerprint)
        self.report.cleaned_up = sweep(self.store, self.paths, day, self.publications, now=datetime.now(UTC))
        if over.record is not None and not self.arguments.force and self._is_settled(over.record, run_input):
            self._leave_unchanged(over.record)
            return
        lease = held_lease(
            self.store, self.paths, day, self.report.run_id, now=datetime.now(UTC), minutes=self.arguments.lease_minutes
        )
        with lease:
            self._write_and_publish(raw, over)

    def _is_settled(self, record: Publication, run_input: RunInput) -> bool:
        """Tell whether this input needs no run; files that somebody deleted, or a data root that moved, do need one.

        Raises:
            CurationError: when such files are those of a version that people went back to from this input.
        """
        if not record.settles(run_input):
            return False
        damage = self.publications.damage(self.arguments.ingestion_date, record.current)
        if damage is not None and record.holds(run_input):
            raise CurationError(
                f"{damage}; this input was rolled back, so it is not published in its place: restore the files; "
                f"to publish it after all: pipeline run {self.arguments.ingestion_date} --force"
            )
        if damage is not None:
            log.warning("the input is unchanged, but %s: writing it anew", damage)
        return damage is None

    def _leave_unchanged(self, record: Publication) -> None:
        day = self.arguments.ingestion_date
        self.publications.show(day)  # heals a catalog that a killed run left behind its record
        held = self.report.raw["fingerprint"] in {withdrawn.fingerprint for withdrawn in record.held}
        why = "this input was rolled back; give --force true to publish it again" if held else "already published"
        self.report.left(record.current, message=f"{day}: nothing to do, {why}")
        log.info("unchanged: %s", self.report.message)

    def _write_and_publish(self, raw: RawInput, over: StoredPublication) -> None:
        try:
            written = self._write(raw)
            self._gate(written)
            self._publish(written, over)
        except BaseException:
            self._discard_unless_published()
            raise

    def _write(self, raw: RawInput) -> WrittenVersion:
        day, run_id = self.arguments.ingestion_date, self.report.run_id
        version_prefix = self.paths.version_prefix(day, run_id)
        task = VersionTask(
            contract=self.contract,
            ingestion_date=day,
            raw_prefix=raw.prefix,
            raw_uri=self.store.uri(raw.prefix),
            raw_sizes={self.store.uri(item.key): item.size_bytes for item in raw.objects},
            version_uri=self.store.uri(version_prefix),
            quarantine_uri=self.store.uri(self.paths.quarantine_prefix(day, run_id)),
        )
        written = self.write_version(task)
        self.store.delete_prefix(f"{version_prefix}{task.quarantined_folder}")
        files = [item for item in self.store.objects(version_prefix) if item.key.endswith(".parquet")]
        size_bytes = sum(item.size_bytes for item in files)
        self.report.wrote(written, quarantine_uri=task.quarantine_uri, files=len(files), size_bytes=size_bytes)
        require_unchanged(self.store, raw)
        log.info("wrote %s rows in %s files to %s", written.counts.rows_kept, len(files), written.location)
        return written

    def _gate(self, written: WrittenVersion) -> None:
        self.report.checks = evaluate(self.contract, written.counts)
        for check in failures(self.report.checks, severity="warning"):
            log.warning("check %s: %s", check.id, check.sentence())
        failed = failures(self.report.checks, severity="error")
        if failed:
            day = self.arguments.ingestion_date
            raise GateFailed(
                f"{day}: {'; '.join(check.sentence() for check in failed)}; report {self.metrics_uri}; "
                f"fix the source, then: pipeline run {day}"
            )

    def _publish(self, written: WrittenVersion, over: StoredPublication) -> None:
        self.report.status = "publishing"
        self._save_metrics()
        retention = Retention(self.arguments.keep_versions, self.arguments.keep_hours)
        with self.stopwatch.phase("publish"):
            version = self._version(written)
            self.publications.publish(self.arguments.ingestion_date, version, over=over, retention=retention)
        self.report.status, self.report.published_run_id = "published", self.report.run_id
        log.info("published run %s", self.report.run_id)

    def _version(self, written: WrittenVersion) -> Version:
        contract = self.contract
        totals = {name: value or 0 for name, value in self.report.totals.items()}
        return Version(
            run_id=self.report.run_id,
            location=written.location,
            published_at=iso(datetime.now(UTC)),
            replaced_at=None,
            raw={key: self.report.raw[key] for key in ("objects", "bytes", "fingerprint")},
            contract={"id": contract.id, "version": contract.version, "checksum": contract.checksum},
            files=self.report.files or 0,
            bytes=self.report.bytes_out or 0,
            **totals,
        )

    def _discard_unless_published(self) -> None:
        """Delete the run's version; when that fails too, the run's own error is told and the next run sweeps."""
        day = self.arguments.ingestion_date
        try:
            record = self.publications.read(day).record
            if record is None or self.report.run_id not in {version.run_id for version in record.versions}:
                self.report.location = None
                self.publications.discard(day, self.report.run_id)
            else:
                self.report.published_run_id = record.current.run_id
        except Exception as error:  # noqa: BLE001  whatever else is broken must not hide why the run failed
            log.warning("the version of this run could not be deleted, the next run will: %s", explained(error))

    def _end(self, status: str, message: str) -> None:
        self.report.status, self.report.message = status, message
        log.error("%s: %s", status, message)
        try:
            self._save_metrics()
        except Exception as error:  # noqa: BLE001  as above
            log.error("the metrics could not be written: %s", explained(error))  # noqa: TRY400  one line says it

    def _save_metrics(self) -> None:
        self.report.seconds |= self.stopwatch.seconds
        # One line: Athena reads one JSON object per line.
        self.store.write(self._metrics_key, f"{json.dumps(document(self.report))}\n".encode())
