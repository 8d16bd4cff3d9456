"""A club, and the `pipeline` command over it with `erase` for one person of it."""

import shutil
from pathlib import Path

import pytest

from cli import commands
from tests.unit.club import MEMBERS, Club
from tests.unit.erase.person import Erase
from tests.unit.pipeline_command import Pipeline


@pytest.fixture
def club(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Club:
    # Beside no other contract: every one in its folder is read, twice.
    club = Club(tmp_path / "data", Path(shutil.copy(MEMBERS, tmp_path)))
    club.root.mkdir()
    monkeypatch.setattr(commands, "curate", lambda _, day, *, force, **__: club.run(day, force=force))
    return club


@pytest.fixture
def pipeline(club: Club, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    monkeypatch.setenv("COLUMNS", "160")
    command = Pipeline(club.root, capsys, monkeypatch)
    monkeypatch.setenv("PIPELINE_CONTRACT", str(club.contract_file))
    return command


@pytest.fixture
def erase(pipeline: Pipeline) -> Erase:
    return Erase(pipeline)
