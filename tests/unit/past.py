"""Published dates that no run has to make: their records and metrics, as far as a later date looks at them."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.directory import DirectoryStore
from contract import load_contract
from core.layout import DatasetPaths
from core.publication import Publication, Version, from_json, published, to_json


class Past:
    """Writes what the published dates of a data root would have left."""

    def __init__(self, root: Path, contract: Path) -> None:
        self.contract = load_contract(contract)
        self.paths = DatasetPaths(self.contract.name, self.contract.source_system)
        self.store = DirectoryStore(str(root))

    def publish(
        self,
        day: date,
        rows: int,
        *,
        columns: Mapping[str, Any] | None = None,
        malformed: int = 0,
        accepted: Mapping[str, Any] | None = None,
    ) -> None:
        """Let a date be published, over what it has; ``columns`` are those of its metrics."""
        before = self.store.read(self.paths.publication_key(day))
        run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{rows:08x}"
        version = Version(
            run_id=run_id,
            location=self.store.uri(self.paths.version_prefix(day, run_id)),
            published_at=f"{day + timedelta(days=1)}T01:00:00.000+00:00",
            replaced_at=None,
            raw={"objects": 1, "bytes": 1, "fingerprint": run_id},
            contract={"id": "visits", "version": "1.0.0", "checksum": self.contract.checksum},
            rows_read=rows + malformed,
            rows_quarantined=malformed,
            duplicates_removed=0,
            rows_written=rows,
            files=1,
            bytes=1,
            accepted=accepted,
        )
        record = published(
            None if before is None else _record(before.data),
            version,
            dataset=self.contract.name,
            ingestion_date=str(day),
        )
        self.store.write(self.paths.publication_key(day), to_json(record))
        self.fail(day, run_id, columns=columns, status="published")

    def fail(self, day: date, run_id: str, *, columns: Mapping[str, Any] | None, status: str = "gate_failed") -> None:
        """Let a run of a date leave metrics, and nothing else."""
        document = {"schema_version": 1, "run_id": run_id, "status": status, "columns": columns or {}}
        self.store.write(self.paths.metrics_key(day, run_id), json.dumps(document).encode())


def _record(data: bytes) -> Publication:
    return from_json(data, source="the record")
