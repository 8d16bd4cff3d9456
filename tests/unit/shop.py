"""A data root with published and refused days, made with the pipeline's own records and metrics but without Spark."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.directory import DirectoryStore
from contract import load_contract
from core.checks import Check, evaluate
from core.layout import DatasetPaths
from core.publication import Version
from core.publishing import Publications, Retention
from core.raw_day import RawDay, list_raw_day
from core.rejections import RejectedLines
from core.times import iso
from curation.metrics import RunReport, document
from curation.version import Counts
from tests.unit.programs import ROOT

CONTRACT = load_contract(ROOT / "contracts" / "events.odcs.yaml")
DAY = date(2025, 1, 1)
START = datetime(2025, 1, 2, 3, 0, tzinfo=UTC)
COUNTS = Counts(
    rows_read=1010,
    rows_quarantined=10,
    lines_to_read_again=0,
    duplicates_removed=15,
    rows_on_other_days=4,
    first_event=datetime(2025, 1, 1, tzinfo=UTC),
    last_event=datetime(2025, 1, 1, 23, 59, tzinfo=UTC),
    nulls={column.name: 0 for column in CONTRACT.columns} | {"user_id": 30},
    distributions={"event_type": {"login": 600, "view_item": 400, "add_to_cart": 0, "purchase": 0}},
    by_rule={rule.id: 0 for rule in CONTRACT.rules} | {"total_rows": 1000, "user_id_null_rate": 30},
    rows_looked_at_for_fields=1010,
    rows_with_unknown_fields=7,
    unknown_fields=("coupon",),
)


@dataclass
class Shop:
    """The data root and what publishes there."""

    root: Path

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.store = DirectoryStore(str(self.root))
        self.paths = DatasetPaths(CONTRACT.name, CONTRACT.source_system)
        self.publications = Publications(self.store, self.paths, None)

    def run_id(self, number: int) -> str:
        return f"{START + timedelta(minutes=number):%Y%m%dT%H%M%SZ}-{number:08x}"

    def publish(
        self,
        number: int,
        *,
        day: date = DAY,
        rows: int = 985,
        raw: int | None = None,
        fingerprint: str | None = None,
        minutes: int = 0,
    ) -> str:
        """Publish a version with one file of one byte, ``minutes`` after its run began, and store the metrics."""
        run_id, moment = self.run_id(number), START + timedelta(minutes=number + minutes)
        folder = self.paths.version_prefix(day, run_id) + "outcome=accepted/"
        self.store.write(f"{folder}part-0.parquet", b"x")
        version = Version(
            run_id=run_id,
            location=self.store.uri(folder),
            published_at=iso(moment),
            replaced_at=None,
            raw={"objects": 1, "bytes": 12_345, "fingerprint": fingerprint or f"{number if raw is None else raw:032x}"},
            contract={"id": CONTRACT.id, "version": CONTRACT.version, "checksum": CONTRACT.checksum},
            rows_read=1010,
            rows_quarantined=10,
            duplicates_removed=15,
            rows_written=rows,
            files=1,
            bytes=1,
        )
        self.publications.publish(day, version, over=self.publications.records.read(day), retention=Retention())
        self.note(number, day=day, status="published", counts=COUNTS)
        return run_id

    def refuse(self, number: int, *, day: date = DAY, null_users: int = 31) -> str:
        """Store the metrics of a run whose gate failed."""
        counts = replace(COUNTS, by_rule=dict(COUNTS.by_rule) | {"user_id_null_rate": null_users})
        self.note(number, day=day, status="gate_failed", counts=counts, message="null rate of user_id is too high")
        return self.run_id(number)

    def find_odd(self, number: int, odd: Check, *, day: date = DAY, null_users: int = 30) -> str:
        """Store the metrics of a run over a day's raw data that failed on an anomaly, or on broken rules as well."""
        self.deliver(b"{}", day=day)
        counts = replace(COUNTS, by_rule=dict(COUNTS.by_rule) | {"user_id_null_rate": null_users})
        self.note(number, day=day, status="gate_failed", counts=counts, message="odd", odd=(odd,))
        return self.run_id(number)

    def deliver(self, content: bytes, *, day: date = DAY) -> None:
        """Put raw data of a day in place of what was there."""
        self.store.write(f"{self.paths.raw_prefix(day)}events.json", content)

    def raw(self, day: date = DAY) -> RawDay:
        return list_raw_day(self.store, self.paths, day, CONTRACT.raw_objects)

    def reject(
        self, number: int, rejected: tuple[RejectedLines, ...], *, day: date = DAY, reasons: int | None = None
    ) -> None:
        """Store the metrics of a run that tells why lines were malformed, and perhaps for how many reasons."""
        self.note(number, day=day, status="gate_failed", counts=COUNTS, rejected=rejected, reasons=reasons)

    def note(
        self,
        number: int,
        *,
        day: date,
        status: str,
        counts: Counts,
        message: str | None = None,
        rejected: tuple[RejectedLines, ...] = (),
        odd: tuple[Check, ...] = (),
        reasons: int | None = None,
    ) -> None:
        report = RunReport(self.run_id(number), str(day), CONTRACT, START + timedelta(minutes=number), status, message)
        report.counts, report.checks = (
            counts,
            [*evaluate(CONTRACT.rules, counts, max_malformed_percent=CONTRACT.max_malformed_percent), *odd],
        )
        report.totals, report.rejected = dict.fromkeys(report.totals, 1010), rejected
        report.rejected_reasons = reasons
        report.record_input(self.raw(day))
        report.seconds = {"list": 0.25, "total": 1.5}
        if status == "published":
            report.location = self.store.uri(self.paths.version_prefix(day, report.run_id) + "outcome=accepted/")
            report.files, report.bytes_out = 1, 1
        self.write_metrics(number, document(report), day=day)

    def write_metrics(self, number: int, metrics: dict[str, Any], *, day: date = DAY) -> None:
        self.store.write(self.paths.metrics_key(day, self.run_id(number)), json.dumps(metrics).encode())

    def served(self, day: date = DAY) -> str | None:
        record = self.publications.records.read(day).record
        return None if record is None else record.current.run_id
