"""A data root with published and refused days, and the `pipeline` command over it."""

from pathlib import Path

import pytest

from tests.unit.drafts import Drafts
from tests.unit.pipeline_command import Pipeline
from tests.unit.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop")


@pytest.fixture
def pipeline(shop: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    monkeypatch.setenv("COLUMNS", "140")
    return Pipeline(shop.root, capsys, monkeypatch)


@pytest.fixture
def draft(tmp_path: Path) -> Drafts:
    return Drafts(tmp_path / "sample")
