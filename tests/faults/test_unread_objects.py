"""Raw data that nobody reads is told, never left out in silence."""

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.directory import DirectoryStore
from core.errors import PipelineError, RawDataMissing
from core.raw_objects import RawObjects
from curation.run import DayRun
from tests.faults.plain_runs import CONTRACT, DAY, PATHS, lay_raw, plain_run, run_id, served_lines


def _run(root: Path, number: int = 1, settings: RawObjects | None = None) -> DayRun:
    run = plain_run(DirectoryStore(str(root)), root, run_id(number))
    run.contract = replace(CONTRACT, raw_objects=settings or RawObjects())
    return run


@pytest.mark.parametrize("name", ["delivery-1-2025-01-01-00-00-00", "part.csv.gz", "events.log", "events.tar.gz"])
def test_a_day_with_an_object_that_is_not_read_is_not_published(tmp_path: Path, name: str) -> None:
    lay_raw(tmp_path, "events.json", "good")
    lay_raw(tmp_path, name, "more")
    run = _run(tmp_path)
    told = rf"^{DAY}: 1 of 2 objects below file://.* would not be read, limit 0: {name} \(.*includeObjects"
    with pytest.raises(PipelineError, match=told):
        run.execute()
    assert served_lines(tmp_path) is None
    assert [item["key"] for item in run.report.raw["unread"]] == [f"{PATHS.raw_prefix(DAY)}{name}"]


def test_an_object_that_comes_beside_a_published_day_fails_its_next_run(tmp_path: Path) -> None:
    lay_raw(tmp_path, "events.json", "good")
    _run(tmp_path).execute()
    lay_raw(tmp_path, "late.log", "more")
    with pytest.raises(PipelineError, match="would not be read"):
        _run(tmp_path, 2).execute()
    assert served_lines(tmp_path) == ["good"]


@pytest.mark.parametrize(
    ("settings", "served"),
    [
        pytest.param(RawObjects(include=("delivery-*",)), ["more", "good"], id="included"),
        pytest.param(RawObjects(exclude=("delivery-*",)), ["good"], id="excluded"),
        pytest.param(RawObjects(max_unread=1), ["good"], id="allowed"),
    ],
)
def test_the_contract_says_what_is_read_and_what_is_left(
    tmp_path: Path, settings: RawObjects, served: list[str]
) -> None:
    lay_raw(tmp_path, "events.json", "good")
    lay_raw(tmp_path, "delivery-1", "more")
    _run(tmp_path, settings=settings).execute()
    assert served_lines(tmp_path) == served


def test_a_day_of_nothing_else_is_missing_data_that_names_them(tmp_path: Path) -> None:
    lay_raw(tmp_path, "events.csv", "a,b")
    with pytest.raises(RawDataMissing, match=r"not read: events\.csv \(does not end in"):
        _run(tmp_path).execute()
