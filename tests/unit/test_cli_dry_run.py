"""`pipeline backfill --dry-run`: what it says of a date is what the job then does with it."""

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.stores import open_store
from core.errors import PipelineError
from core.prices import Cost
from core.publication import from_json, to_json
from tests.faults.plain_runs import DAY, PATHS, lay_raw, plain_run, run_id
from tests.unit.pipeline_command import Pipeline, lines_with
from tests.unit.shop import Shop


def run(root: Path, number: int, *, force: bool = False) -> str:
    run = plain_run(open_store(f"file://{root}"), root, run_id(number), force=force)
    try:
        run.execute()
    except PipelineError:
        assert run.report.status not in ("published", "unchanged")
    return run.report.status


def deliver(root: Path) -> None:
    lay_raw(root, "a.json", "1", "2")


def publish(root: Path) -> None:
    deliver(root)
    assert run(root, 1) == "published"


def change_raw(root: Path) -> None:
    publish(root)
    lay_raw(root, "late.json", "3")


def roll_back(root: Path) -> None:
    change_raw(root)
    assert run(root, 2) == "published"
    Shop(root).publications.rollback(DAY, None, now=Shop(root).raw(DAY).latest_arrival)  # type: ignore[arg-type]


def rewrite(root: Path, old: bytes, new: bytes) -> None:
    publish(root)
    key = root / PATHS.publication_key(DAY)
    text = key.read_bytes()
    assert old in text
    key.write_bytes(to_json(from_json(text.replace(old, new), source="test")))


def change_contract(root: Path) -> None:
    publish(root)
    key = root / PATHS.publication_key(DAY)
    record = json.loads(key.read_bytes())
    record["current"]["contract"]["checksum"] = "0" * 64
    key.write_text(json.dumps(record))


def raise_job_version(root: Path) -> None:
    rewrite(root, b'"job_version": 1', b'"job_version": 0')


def delete_files(root: Path) -> None:
    publish(root)
    shutil.rmtree(root / PATHS.version_prefix(DAY, run_id(1)))


def leave_unread(root: Path) -> None:
    deliver(root)
    lay_raw(root, "b.csv", "x")


def hide_everything(root: Path) -> None:
    lay_raw(root, "_a.json", "1")


STATES: list[tuple[Callable[[Path], None], str, str]] = [
    (lambda _root: None, "would fail", "no raw data"),
    (hide_everything, "would fail", "no raw data"),
    (leave_unread, "would fail", "1 object would not be read, limit 0"),
    (deliver, "would run", "not published"),
    (publish, "would be skipped", "published from the same raw data"),
    (change_raw, "would run", "its raw data has changed"),
    (change_contract, "would run", "written under another contract"),
    (raise_job_version, "would run", "written by an older job"),
    (roll_back, "would be skipped", "its input is blocked, as it was rolled back; --force publishes it"),
    (delete_files, "would run", f"version {run_id(1)} should have 2 files"),
]
OUTCOMES = {"would run": ("published",), "would be skipped": ("unchanged",), "would fail": ("raw_missing", "error")}


@pytest.mark.parametrize(("prepare", "what", "why"), STATES, ids=lambda value: getattr(value, "__name__", str(value)))
@pytest.mark.parametrize("force", [False, True])
def test_a_date_is_judged_as_the_job_then_does(
    pipeline: Pipeline, shop: Shop, prepare: Callable[[Path], None], what: str, why: str, *, force: bool
) -> None:
    prepare(shop.root)
    before = sorted(path for path in shop.root.rglob("*"))
    options = ["--force"] if force else []
    [planned] = pipeline.json("backfill", str(DAY), str(DAY), "--dry-run", *options)["dates"]
    assert sorted(path for path in shop.root.rglob("*")) == before
    if force and what != "would fail":
        assert planned["what"] == "would run"
    else:
        assert (planned["what"], planned["why"][: len(why)]) == (what, why)
    assert run(shop.root, 9, force=force) in OUTCOMES[planned["what"]]


class TestEstimate:
    def test_is_that_of_the_runs_with_about_as_much_raw_data(self, pipeline: Pipeline, shop: Shop) -> None:
        for number, (raw_bytes, seconds, usd) in enumerate([(10, 30, 0.1), (20, 40, 0.2), (10**9, 900, 5.0)] * 4):
            day = DAY - timedelta(days=number)
            shop.publish(number, day=day)
            key = shop.root / shop.paths.metrics_key(day, shop.run_id(number))
            metrics = json.loads(key.read_bytes())
            metrics["raw"]["bytes"], metrics["seconds"] = raw_bytes, {"total": seconds}
            key.write_text(json.dumps(metrics | {"cost": Cost(1, usd).document()}))
        lay_raw(shop.root, "a.json", "1" * 12)
        plan = pipeline.json("backfill", str(DAY), str(DAY + timedelta(days=1)), "--dry-run", "--force")
        assert [(item["seconds"], item["cost_usd"]) for item in plan["dates"]] == [(30, 0.1), (None, None)]
        assert (plan["estimated_job_seconds"], plan["estimated_cost_usd"]) == (30, 0.1)
        said = pipeline("backfill", str(DAY), str(DAY), "--dry-run", "--force").out
        assert "1 would run\n" in said
        assert (
            "about 30 s of job time; about 0.1000 USD (by 12 earlier runs; the start of each job comes on top)" in said
        )

    def test_is_not_known_before_anything_was_published(self, pipeline: Pipeline, shop: Shop) -> None:
        deliver(shop.root)
        said = pipeline("backfill", str(DAY), str(DAY), "--dry-run").out
        assert "how long it would take is not known: no run has published anything yet" in said
        assert lines_with(said, str(DAY), "would run", "not published")


def test_dates_of_which_the_same_is_said_share_a_row(pipeline: Pipeline, shop: Shop) -> None:
    deliver(shop.root)
    said = pipeline("backfill", str(DAY), str(DAY + timedelta(days=4)), "--dry-run").out
    assert lines_with(said, str(DAY), "would run", "not published")
    assert lines_with(said, str(DAY + timedelta(days=1)), "would fail", "4 dates: no raw data")
    assert lines_with(said, str(DAY + timedelta(days=4)))
    assert not lines_with(said, str(DAY + timedelta(days=2)))


def test_a_run_that_would_fail_its_checks_again_is_named(pipeline: Pipeline, shop: Shop) -> None:
    shop.deliver(b"{}")
    refused = shop.refuse(1)
    [planned] = pipeline.json("backfill", str(DAY), str(DAY), "--dry-run")["dates"]
    assert planned["why"] == f"not published; run {refused} failed its checks on the same raw data"
