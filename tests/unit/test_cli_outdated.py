"""`status --outdated` and `backfill --outdated`: dates that another contract or an older job wrote, if it matters."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli import commands
from contract import contract_json, parse_contract
from core import publication
from core.publication import to_json
from tests.unit.pipeline_command import Pipeline
from tests.unit.programs import ROOT
from tests.unit.shop import CONTRACT, DAY, Shop

NEXT = date(2025, 1, 2)
Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Take down which dates are run, instead of starting Spark."""
    started: list[Any] = []

    def curate(_place: object, day: date, *, force: bool, **_: object) -> dict[str, Any]:
        started.append((day, force))
        return published(day)

    monkeypatch.setattr(commands, "curate", curate)
    return started


def published(day: date) -> dict[str, Any]:
    counts = dict.fromkeys(("rows_read", "rows_written", "duplicates_removed", "rows_quarantined"), 0)
    return {"status": "published", "run_id": "R", "ingestion_date": str(day), "message": None, **counts}


def column(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in document["schema"][0]["properties"] if one["name"] == name)
    return found


CHANGES: dict[str, tuple[Edit, str]] = {
    "another key": (lambda d: column(d, "user_id").update(primaryKey=True, primaryKeyPosition=2), "primary key: "),
    "a column more": (
        lambda d: d["schema"][0]["properties"].append({"name": "x", "logicalType": "string"}),
        "",
    ),
    "a description": (lambda d: d["schema"][0].update(description="other"), ""),
    "an expression": (lambda d: column(d, "device").update(transformLogic="upper(session_id)"), "column device"),
    "a stricter rule": (lambda d: column(d, "item_id").update(required=True), "rule item_id"),
    "a day judged by those before": (
        lambda d: d["schema"][0]["quality"].append(
            {"type": "custom", "engine": "baseline", "implementation": {"metric": "malformedLines"}}
        ),
        "",
    ),
}


def changed(tmp_path: Path, edit: Edit) -> str:
    document = json.loads(contract_json(CONTRACT))
    edit(document)
    path = tmp_path / "changed.odcs.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return str(path)


def keep(shop: Shop) -> None:
    """Keep the contract that published, as the job does."""
    shop.store.write(shop.paths.contract_key(CONTRACT.checksum), contract_json(CONTRACT).encode())


@pytest.mark.parametrize("what", CHANGES)
def test_only_a_change_that_matters_to_what_is_written_makes_dates_outdated(
    shop: Shop, pipeline: Pipeline, tmp_path: Path, what: str
) -> None:
    edit, reason = CHANGES[what]
    shop.publish(1)
    keep(shop)
    found = pipeline.json("status", "--outdated", "--contract", changed(tmp_path, edit))["outdated"]
    if not reason:
        assert found == []
        return
    [outdated] = found
    assert (outdated["ingestion_date"], outdated["contract_version"]) == (str(DAY), CONTRACT.version)
    assert outdated["reasons"][0].startswith(reason)


def test_nothing_is_outdated_under_the_same_contract(shop: Shop, pipeline: Pipeline) -> None:
    shop.publish(1)
    assert (
        f"events: no published date is outdated under contract {CONTRACT.version}"
        in pipeline("status", "--outdated").out
    )


def test_a_contract_of_which_no_copy_is_kept_counts_as_one_that_matters(
    shop: Shop, pipeline: Pipeline, tmp_path: Path
) -> None:
    shop.publish(1)
    result = pipeline("status", "--outdated", "--contract", changed(tmp_path, CHANGES["a column more"][0]))
    assert "written under another contract, of which no copy is kept" in " ".join(result.out.split())
    assert "next: pipeline backfill --outdated" in result.out


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"apiVersion": "v9"}'])
def test_a_copy_that_this_release_cannot_read_is_told(
    shop: Shop, pipeline: Pipeline, tmp_path: Path, content: bytes
) -> None:
    shop.publish(1)
    shop.store.write(shop.paths.contract_key(CONTRACT.checksum), content)
    found = pipeline.json("status", "--outdated", "--contract", changed(tmp_path, CHANGES["a column more"][0]))
    assert found["outdated"][0]["reasons"][0].startswith("its contract cannot be read by this release: ")


def test_a_date_of_an_older_job_is_outdated_and_no_longer_up_to_date(
    shop: Shop, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.publish(1)
    record = shop.publications.records.read(DAY).record
    assert record is not None
    assert record.is_up_to_date(record.current.input)
    for module in ("core.publication", "cli.outdated"):
        monkeypatch.setattr(f"{module}.JOB_VERSION", publication.JOB_VERSION + (module == "core.publication"))
    [found] = pipeline.json("status", "--outdated")["outdated"]
    assert found["reasons"] == ["written by an older job, version 1; today's is 2"]
    assert not record.is_up_to_date(record.current.input)


def test_a_withdrawn_input_is_not_published_because_the_job_is_new(
    shop: Shop, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.publish(1)
    shop.publish(2)
    pipeline("rollback", str(DAY))
    monkeypatch.setattr("core.publication.JOB_VERSION", publication.JOB_VERSION + 1)
    record = shop.publications.records.read(DAY).record
    assert record is not None
    [blocked] = record.blocked
    assert record.is_up_to_date(blocked)


def test_a_backfill_runs_just_the_outdated_dates_of_all_or_of_a_range(
    shop: Shop, pipeline: Pipeline, tmp_path: Path, runs: list[Any]
) -> None:
    for number, day in enumerate((DAY, NEXT, date(2025, 1, 3)), start=1):
        shop.publish(number, day=day)
    keep(shop)
    contract = changed(tmp_path, CHANGES["another key"][0])
    checksum = parse_contract(yaml.safe_load(Path(contract).read_text(encoding="utf-8"))).checksum
    record = shop.publications.records.read(NEXT).record
    assert record is not None
    current = replace(record.current, contract={**record.current.contract, "checksum": checksum})
    shop.store.write(shop.paths.publication_key(NEXT), to_json(replace(record, current=current)))
    assert pipeline("backfill", "--outdated", "--contract", contract).exit_code == 0
    assert runs == [(DAY, False), (date(2025, 1, 3), False)]
    runs.clear()
    assert pipeline("backfill", "2025-01-02", "2025-01-31", "--outdated", "--contract", contract).exit_code == 0
    assert runs == [(date(2025, 1, 3), False)]


def test_a_backfill_without_outdated_dates_says_so_and_runs_nothing(
    shop: Shop, pipeline: Pipeline, runs: list[Any]
) -> None:
    shop.publish(1)
    result = pipeline("backfill", "--outdated")
    assert (result.exit_code, runs) == (0, [])
    assert "events: no published date is outdated, so there is nothing to run" in result.out


class TestBackfillOfADirectory:
    @pytest.fixture
    def started(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """Let the second day fail."""
        days: list[int] = []

        def curate(_place: object, day: date, **_: object) -> dict[str, Any]:
            days.append(day.day)
            if day.day == 2:
                return published(day) | {"status": "gate_failed", "message": "too many nulls", "log": "the.log"}
            return published(day)

        monkeypatch.setattr(commands, "curate", curate)
        return days

    def test_runs_each_date_and_stops_at_the_first_that_fails(self, pipeline: Pipeline, started: list[int]) -> None:
        result = pipeline("backfill", "2025-01-01", "2025-01-03")
        assert (result.exit_code, started) == (1, [1, 2])
        assert "2025-01-02: gate_failed: too many nulls; log the.log" in result.out
        assert "1 of 3 dates failed: 2025-01-02, 1 not started; fix the cause, then run the same command" in result.err

    def test_continues_where_that_is_asked_for(self, pipeline: Pipeline, started: list[int]) -> None:
        result = pipeline("backfill", "2025-01-01", "2025-01-03", "--continue")
        assert (result.exit_code, started) == (1, [1, 2, 3])
        assert "1 of 3 dates failed: 2025-01-02; fix the cause" in result.err

    def test_is_one_document_for_scripts(self, pipeline: Pipeline, started: list[int]) -> None:
        result = pipeline("backfill", "2025-01-01", "2025-01-03", "--continue", "--json")
        assert (result.exit_code, started) == (1, [1, 2, 3])
        statuses = [one["status"] for one in json.loads(result.out)["dates"]]
        assert statuses == ["published", "gate_failed", "published"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "backfill needs START and END, or --outdated"),
        (("2025-01-01",), "backfill needs START and END, or --outdated"),
        (("2025-01-02", "2025-01-01"), "START 2025-01-02 is after END 2025-01-01; swap them"),
        (("2025-01-01", "2025-01-02", "--concurrency", "2"), "on this machine one date runs at a time"),
        (("2025-01-01", "2025-01-02", "--no-wait"), "on this machine one date runs at a time"),
    ],
)
def test_wrong_use_is_exit_code_2(
    pipeline: Pipeline, runs: list[Any], arguments: tuple[str, ...], problem: str
) -> None:
    result = pipeline("backfill", *arguments)
    assert result.exit_code == 2
    assert problem in result.err
    assert runs == []


def test_every_shipped_contract_is_read_from_what_the_job_keeps() -> None:
    for path in (ROOT / "contracts").glob("*.yaml"):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        contract = parse_contract(document)
        assert parse_contract(json.loads(contract_json(contract))).checksum == contract.checksum
