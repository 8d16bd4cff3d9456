"""A data root under test: raw objects in, runs of the job over them, and everything that a run leaves behind."""

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from contract import load_contract
from core.errors import PipelineError
from curate_job import prepared

ROOT = Path(__file__).resolve().parents[2]
EVENTS = ROOT / "contracts" / "events.odcs.yaml"
CONTRACTS = ROOT / "tests" / "contracts"
DAY = "2025-01-01"

Row = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What one run came to: its metrics document, and the error that ended it, if one did."""

    metrics: Mapping[str, Any]
    error: PipelineError | None

    @property
    def status(self) -> str:
        return str(self.metrics["status"])

    @property
    def message(self) -> str:
        return str(self.error)

    @property
    def location(self) -> Path:
        """The folder of the published version."""
        return local(self.metrics["location"])

    @property
    def failed_checks(self) -> set[str]:
        return {check["id"] for check in self.metrics["checks"] if not check["passed"]}

    @property
    def check_values(self) -> dict[str, float]:
        return {check["id"]: check["value"] for check in self.metrics["checks"]}

    def rows(self) -> list[Row]:
        return parquet_rows(self.location)

    def quarantine(self) -> list[Row]:
        return parquet_rows(local(self.metrics["quarantine"]))


@dataclass
class Lab:
    """A data root, and the contract that its runs use."""

    root: Path
    contract: Path
    arguments: tuple[str, ...] = field(default=())

    def put(
        self, content: bytes | str | Iterable[Mapping[str, Any]], name: str = "events.json", *, day: str = DAY
    ) -> Path:
        """Write a raw object: bytes and text as they are, rows as NDJSON; all but bytes compressed for a .gz name."""
        path = self.raw(day) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else _text(content).encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") and not isinstance(content, bytes) else data)
        return path

    def raw(self, day: str = DAY) -> Path:
        return self.root / f"raw/source_system={load_contract(self.contract).source_system}/ingestion_date={day}"

    def run(self, *arguments: str, day: str = DAY) -> Outcome:
        """Run the job in this process and read its metrics document, whatever the outcome."""
        _, run = prepared([*self.argv(day), *self.arguments, *arguments])
        error = None
        try:
            run.execute()
        except PipelineError as failure:
            error = failure
        return Outcome(json.loads(local(run.metrics_uri).read_bytes()), error)

    def argv(self, day: str = DAY) -> list[str]:
        return ["--ingestion_date", day, "--data_uri", f"file://{self.root}", "--contract", str(self.contract)]

    def files(self, folder: str = ".") -> dict[str, bytes]:
        """Return every file below a folder of the data root with its content."""
        paths = sorted(path for path in (self.root / folder).rglob("*") if path.is_file())
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in paths}

    def record(self, day: str = DAY) -> dict[str, Any]:
        """Return the publication record of a day."""
        [path] = (self.root / "publications").rglob(f"ingestion_date={day}.json")
        record: dict[str, Any] = json.loads(path.read_bytes())
        return record


def event(number: int, **values: object) -> Row:
    """Make an event that breaks no rule."""
    row = {"event_id": f"e{number}", "event_type": "login", "user_id": f"u{number}", "event_ts": f"{DAY}T10:00:00Z"}
    return row | values


def local(uri: str) -> Path:
    return Path(uri.removeprefix("file://"))


def parquet_rows(folder: Path) -> list[Row]:
    """Read the rows of a folder's Parquet files, without what folder names might add."""
    return [row for file in sorted(folder.glob("*.parquet")) for row in pq.ParquetFile(file).read().to_pylist()]


def as_set(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return rows in a form that compares as a multiset."""
    return sorted(repr(sorted(row.items())) for row in rows)


def duck() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _text(content: str | Iterable[Mapping[str, Any]]) -> str:
    return content if isinstance(content, str) else "".join(f"{json.dumps(row)}\n" for row in content)
