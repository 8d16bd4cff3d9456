"""Runs of a day without Spark: everything that decides and publishes is real, only the rows are plain files."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from adapters.directory import DirectoryStore
from contract import DataContract, load_contract
from core.job_arguments import JobArguments
from core.layout import DatasetPaths
from core.leases import LeaseRecord, take_lease
from core.ports import Store
from core.publishing import Publications
from curation.metrics import RunReport
from curation.run import DayRun
from curation.version import Counts, WriteRequest, WrittenVersion

DAY = date(2025, 1, 1)
CONTRACT = load_contract(Path(__file__).parents[2] / "contracts" / "events.odcs.yaml")
PATHS = DatasetPaths(CONTRACT.name, CONTRACT.source_system)


@dataclass
class FakeCatalog:
    """The partitions of a table, in memory."""

    partitions: dict[date, str] = field(default_factory=dict)

    def location(self, ingestion_date: date) -> str | None:
        return self.partitions.get(ingestion_date)

    def locations(self) -> dict[date, str]:
        return dict(self.partitions)

    def days_with_other_columns(self) -> list[date]:
        return []

    def point(self, ingestion_date: date, location: str) -> None:
        self.partitions[ingestion_date] = location

    def remove(self, ingestion_date: date) -> None:
        self.partitions.pop(ingestion_date, None)


def counts(contract: DataContract, rows: int) -> Counts:
    """Counts of a day that passes its gate when it has rows."""
    by_rule = {rule.id: rows if rule.metric == "rowCount" else 0 for rule in contract.rules}
    nulls = {column.name: 0 for column in contract.columns}
    distributions = {
        column.name: {str(value): 0 for value in column.valid_values}
        for column in contract.columns
        if column.valid_values
    }
    return Counts(
        rows_read=rows,
        rows_quarantined=0,
        lines_to_read_again=0,
        duplicates_removed=0,
        rows_on_other_days=0,
        first_event=None,
        last_event=None,
        nulls=nulls,
        distributions=distributions,
        by_rule=by_rule,
        rows_looked_at_for_fields=rows,
        rows_with_unknown_fields=0,
        unknown_fields=(),
    )


def plain_run(store: Store, root: Path, run_id: str, *, catalog: FakeCatalog | None = None, **arguments: Any) -> DayRun:
    """A run whose version is two files that hold the raw lines' count; the job's arguments are as given."""

    def write_version(request: WriteRequest) -> WrittenVersion:
        texts = [Path(uri.removeprefix("file://")).read_text() for uri in request.raw_sizes]
        lines = [line for text in texts for line in text.splitlines() if line]
        folder = request.accepted_uri.removeprefix(f"file://{root}/")
        store.write(f"{folder}part-0.parquet", json.dumps(lines).encode())
        store.write(f"{folder}part-1.parquet", b"end")
        return WrittenVersion(counts(CONTRACT, len(lines)), request.accepted_uri, "none", {})

    return DayRun(
        arguments=JobArguments(DAY, f"file://{root}", "unused", **({"keep_hours": 0} | arguments)),
        contract=CONTRACT,
        store=store,
        paths=PATHS,
        publications=Publications(store, PATHS, catalog),
        write_version=write_version,
        report=RunReport(run_id, str(DAY), CONTRACT, datetime.now(UTC)),
    )


def run_id(number: int) -> str:
    """A run id in the job's form."""
    return f"20250101T000000Z-{number:08x}"


def lay_raw(root: Path, name: str, *lines: str) -> None:
    """Deliver a raw object of the day."""
    folder = root / PATHS.raw_prefix(DAY)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(f"{line}\n" for line in lines))


def served_lines(root: Path) -> list[str] | None:
    """What a reader that follows the publication sees: the lines of one complete version, or None before the first."""
    record = root / PATHS.publication_key(DAY)
    if not record.exists():
        return None
    current = json.loads(record.read_bytes())["current"]
    folder = Path(current["location"].removeprefix("file://"))
    files = sorted(path for path in folder.iterdir() if path.suffix == ".parquet")
    assert [path.name for path in files] == ["part-0.parquet", "part-1.parquet"]
    assert sum(path.stat().st_size for path in files) == current["bytes"]
    lines: list[str] = json.loads(files[0].read_bytes())
    assert len(lines) == current["rows_written"]
    return lines


def plain_store(root: Path) -> DirectoryStore:
    """A store that does as it is told."""
    return DirectoryStore(str(root))


def version_folders(root: Path) -> list[str]:
    """The runs of which version folders of the day are there."""
    return [
        folder.rpartition("run_id=")[2].strip("/") for folder in plain_store(root).folders(PATHS.versions_prefix(DAY))
    ]


def leave_behind(store: DirectoryStore, *, number: int, **change: str) -> None:
    """Leave a version folder and a lease, as a killed run does; by default that of this very process."""
    store.write(f"{PATHS.version_prefix(DAY, run_id(number))}outcome=accepted/part-0.parquet", b"rows")
    take_lease(store, PATHS, DAY, run_id(number), now=datetime.now(UTC), minutes=5)
    content = store.read(PATHS.lease_key(DAY, run_id(number)))
    assert content is not None
    lease = LeaseRecord(**(json.loads(content.data) | change))
    store.write(PATHS.lease_key(DAY, run_id(number)), lease.to_json())
