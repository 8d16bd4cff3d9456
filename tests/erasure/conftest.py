"""One Spark session, the job in this process, and the `pipeline` command that runs it."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cli import commands
from cli.dataset import Place
from tests.spark.conftest import spark  # noqa: F401  a fixture
from tests.spark.lab import CONTRACTS, Lab, Row
from tests.unit.pipeline_command import Pipeline

MEMBERS = CONTRACTS / "members.odcs.yaml"


class Club(Lab):
    """A data root whose dates are run by the `pipeline` command with the job in this process."""

    def curate(self, _place: Place, day: date, **_: object) -> Mapping[str, Any]:
        outcome = self.run(day=str(day))
        return {**outcome.metrics, "message": outcome.message, "log": "-"}

    def quarantined(self) -> list[Row]:
        """Return the malformed lines of all runs."""
        files = (path for path in sorted((self.root / "quarantine").rglob("*.parquet")))
        return [row for path in files for row in pq.ParquetFile(path).read().to_pylist()]

    def receipt(self) -> dict[str, Any]:
        """Return the latest receipt."""
        *_, path = sorted((self.root / "erasures").rglob("*.receipt.json"))
        document: dict[str, Any] = json.loads(path.read_bytes())
        return document


@pytest.fixture
def club(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Club:
    club = Club(tmp_path / "data", MEMBERS)
    monkeypatch.setattr(commands, "curate", club.curate)
    return club


@pytest.fixture
def pipeline(club: Club, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    monkeypatch.setenv("COLUMNS", "160")
    command = Pipeline(club.root, capsys, monkeypatch)
    monkeypatch.setenv("PIPELINE_CONTRACT", str(club.contract))
    return command
