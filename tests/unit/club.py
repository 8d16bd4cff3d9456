"""A data root of the members contract whose runs are the job's own but for Spark: rows are parsed and written here."""

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from adapters.directory import DirectoryStore
from contract import load_contract
from core.errors import PipelineError
from core.job_arguments import JobArguments
from core.layout import DatasetPaths
from core.ports import Store
from core.publication import Publication
from core.publishing import Publications
from core.rejections import rejected_lines
from curation.metrics import RunReport
from curation.run import DayRun
from curation.version import Counts, WriteRequest, WrittenVersion
from tests.unit.programs import ROOT

MEMBERS = ROOT / "tests" / "contracts" / "members.odcs.yaml"
DAY = date(2025, 1, 1)
START = datetime(2025, 6, 1, tzinfo=UTC)
_TEXTS = ("line", "reason", "source_object", "kind", "ingestion_date", "run_id", "record")


@dataclass
class Club:
    """The data root; ``runs`` are the dates that were run, in order."""

    root: Path
    contract_file: Path = MEMBERS
    runs: list[date] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.contract = load_contract(self.contract_file)
        self.store: Store = DirectoryStore(str(self.root))
        self.paths = DatasetPaths(self.contract.name, self.contract.source_system)

    @property
    def publications(self) -> Publications:
        return Publications(self.store, self.paths, None)

    def put(self, *lines: str | bytes | Mapping[str, Any], name: str = "a.json", day: date = DAY) -> Path:
        """Write a raw object of these lines, compressed for a .gz name."""
        data = b"".join(_line(line) + b"\n" for line in lines)
        path = self.root / self.paths.raw_prefix(day) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    def raw(self, name: str = "a.json", day: date = DAY) -> list[bytes]:
        """Return the lines of a raw object that are not blank."""
        data = (self.root / self.paths.raw_prefix(day) / name).read_bytes()
        return [line for line in (gzip.decompress(data) if name.endswith(".gz") else data).split(b"\n") if line]

    def run(self, day: date = DAY, *, force: bool = False) -> Mapping[str, Any]:
        """Run a date and return its metrics with what the command adds."""
        self.runs.append(day)
        number = sum(1 for _ in (self.root / "metrics").rglob("*.json"))
        run_id = f"{START + timedelta(minutes=number):%Y%m%dT%H%M%SZ}-{number:08x}"
        run = DayRun(
            arguments=JobArguments(day, f"file://{self.root}", "unused", force=force),
            contract=self.contract,
            store=self.store,
            paths=self.paths,
            publications=self.publications,
            write_version=self._write_version,
            report=RunReport(run_id, str(day), self.contract, datetime.now(UTC)),
        )
        message = ""
        try:
            run.execute()
        except PipelineError as error:
            message = str(error)
        metrics: dict[str, Any] = json.loads(Path(run.metrics_uri.removeprefix("file://")).read_bytes())
        return {**metrics, "message": message, "log": "-"}

    def record(self, day: date = DAY) -> Publication:
        record = self.publications.records.read(day).record
        assert record is not None
        return record

    def rows(self, day: date = DAY) -> list[dict[str, Any]]:
        """Return the rows that readers see."""
        folder = Path(self.record(day).current.location.removeprefix("file://"))
        rows = [row for file in sorted(folder.glob("*.parquet")) for row in pq.ParquetFile(file).read().to_pylist()]
        return sorted(rows, key=lambda row: str(row["visit"]))

    def receipt(self) -> dict[str, Any]:
        """Return the latest receipt."""
        *_, path = sorted((self.root / "erasures").rglob("*.receipt.json"))
        document: dict[str, Any] = json.loads(path.read_bytes())
        return document

    def _write_version(self, request: WriteRequest) -> WrittenVersion:
        rows: dict[str, dict[str, Any]] = {}
        malformed: list[tuple[str, bytes]] = []
        read = 0
        for uri in request.raw_sizes:
            data = Path(uri.removeprefix("file://")).read_bytes()
            for line in (gzip.decompress(data) if uri.endswith(".gz") else data).split(b"\n"):
                row = _parsed(line)
                read += bool(line)
                if row is not None:
                    rows[row["visit"]] = row
                elif line:
                    malformed.append((uri.partition(f"{self.root}/")[2], line))
        self._write(request.accepted_uri, list(rows.values()))
        if malformed:
            self._write(request.quarantine_uri, [_quarantined(object_, line, request) for object_, line in malformed])
        counts = self._counts(read, malformed=len(malformed), kept=len(rows))
        rejected = [
            rejected_lines("malformed", len(malformed), example=line.decode("utf-8", "replace"), object_=object_)
            for object_, line in malformed[:1]
        ]
        return WrittenVersion(counts, request.accepted_uri, "none", {}, tuple(rejected))

    def _write(self, uri: str, rows: list[dict[str, Any]]) -> None:
        folder = Path(uri.removeprefix("file://"))
        folder.mkdir(parents=True)
        stored = {column.name: pa.string() for column in self.contract.stored_columns} | {"number": pa.int64()}
        is_quarantine = bool(rows) and "line_bytes" in rows[0]
        types = {**dict.fromkeys(_TEXTS, pa.string()), "line_bytes": pa.binary()} if is_quarantine else stored
        pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(types.items())), folder / "part-0.parquet")
        (folder / ".part-0.parquet.crc").write_bytes(b"as Hadoop leaves one")

    def _counts(self, read: int, *, malformed: int, kept: int) -> Counts:
        parsed = read - malformed
        return Counts(
            rows_read=read,
            rows_quarantined=malformed,
            lines_to_read_again=0,
            duplicates_removed=parsed - kept,
            rows_on_other_days=None,
            first_event=None,
            last_event=None,
            nulls={column.name: 0 for column in self.contract.columns},
            distributions={},
            by_rule={rule.id: parsed if rule.metric == "rowCount" else 0 for rule in self.contract.rules},
            rows_looked_at_for_fields=parsed,
            rows_with_unknown_fields=0,
            unknown_fields=(),
        )


def visit(name: str, user: str | None, **more: Any) -> dict[str, Any]:
    return {"visit": name, "user_id": user, **more}


def _line(line: str | bytes | Mapping[str, Any]) -> bytes:
    if isinstance(line, Mapping):
        return json.dumps(line).encode()
    return line if isinstance(line, bytes) else line.encode()


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
        names = ("visit", "user_id", "number", "note", "kind")
        row = {name: found.get(name) for name in names} | {"user_id": found.get("userId") or found.get("user_id")}
    except (ValueError, AttributeError):
        return None
    return row if isinstance(row["number"], int | None) else None


def _quarantined(object_: str, line: bytes, request: WriteRequest) -> dict[str, Any]:
    texts: Iterable[tuple[str, Any]] = zip(
        _TEXTS,
        (line.decode("utf-8", "replace"), "malformed", object_, "malformed", str(request.ingestion_date), "", None),
        strict=True,
    )
    return {**dict(texts), "line_bytes": line}
