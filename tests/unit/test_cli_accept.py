"""`pipeline accept`: what can be accepted, what is kept of it, and that a run like any other follows."""

import getpass
import json
from typing import Any

import pytest

from cli import commands
from core.checks import Baseline, Check
from tests.unit.pipeline_command import Pipeline
from tests.unit.shop import CONTRACT, DAY, Shop

ODD = Check(
    "total_rows_usual", "rowCount", None, "mustBeBetween", (9_000, 11_000), "rows", 1_000, "error", passed=False,
    baseline=Baseline(56, 2),
)  # fmt: skip
WORDS = "row count is 1,000, expected 9,000 to 11,000 (56 dates, Wednesdays)"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Take down which dates are run, instead of starting Spark."""
    started: list[Any] = []

    def run_day(_place: object, day: object, *, force: bool, **_: object) -> int:
        started.append((day, force))
        return 0

    monkeypatch.setattr(commands, "run_day", run_day)
    return started


def stored(shop: Shop) -> dict[str, Any]:
    content = shop.store.read(shop.paths.acceptance_key(DAY))
    assert content is not None
    document: dict[str, Any] = json.loads(content.data)
    return document


def test_keeps_who_accepted_which_input_past_which_checks_and_runs_the_date(
    shop: Shop, pipeline: Pipeline, runs: list[Any]
) -> None:
    run_id = shop.find_odd(1, ODD)
    result = pipeline("accept", str(DAY), "--reason", " new year ")
    assert (result.exit_code, result.err) == (0, "")
    assert f"{DAY}: accepted as {getpass.getuser()}: {WORDS}" in result.out
    found = stored(shop)
    odd = {"id": "total_rows_usual", "metric": "rowCount", "column": None}
    assert (found["run_id"], found["checks"], found["reason"]) == (run_id, [odd], "new year")
    assert found["input"]["fingerprint"] == shop.raw().fingerprint
    assert found["accepted_by"] == getpass.getuser()
    assert found["input"]["contract_checksum"] == CONTRACT.checksum
    assert runs == [(DAY, False)]


@pytest.mark.parametrize("arguments", [(), ("--run", "x")])
def test_needs_a_run(shop: Shop, pipeline: Pipeline, runs: list[Any], arguments: tuple[str, ...]) -> None:
    assert shop.served() is None
    result = pipeline("accept", str(DAY), "--reason", "r", *arguments)
    assert result.exit_code == 1
    assert ("no run x below" if arguments else f"no runs found for {DAY} below") in result.err
    assert runs == []


def test_needs_a_run_that_failed(shop: Shop, pipeline: Pipeline, runs: list[Any]) -> None:
    run_id = shop.publish(1)
    result = pipeline("accept", str(DAY), "--reason", "r")
    assert f"{DAY}: run {run_id} is published; only a run that failed its checks can be accepted" in result.err
    assert (result.exit_code, runs) == (1, [])


def test_needs_a_run_of_that_date(shop: Shop, pipeline: Pipeline, runs: list[Any]) -> None:
    run_id = shop.find_odd(1, ODD)
    result = pipeline("accept", "2025-01-02", "--reason", "r", "--run", run_id)
    assert f"run {run_id} is one of {DAY}, not of 2025-01-02" in result.err
    assert (result.exit_code, runs) == (1, [])


def test_never_passes_a_broken_rule(shop: Shop, pipeline: Pipeline, runs: list[Any]) -> None:
    run_id = shop.find_odd(1, ODD, null_users=31)
    result = pipeline("accept", str(DAY), "--reason", "r")
    said = (
        f"{DAY}: run {run_id} failed checks that nobody can accept: null rate of user_id is 3.1 %, limit 3 %; fix the"
    )
    assert said in result.err
    assert WORDS not in result.err
    assert (result.exit_code, runs) == (1, [])
    assert shop.store.read(shop.paths.acceptance_key(DAY)) is None


def test_is_for_the_contract_of_today(shop: Shop, pipeline: Pipeline, runs: list[Any]) -> None:
    shop.find_odd(1, ODD)
    [item] = shop.store.objects(shop.paths.metrics_prefix(DAY))
    content = shop.store.read(item.key)
    assert content is not None
    shop.store.write(item.key, content.data.replace(CONTRACT.checksum.encode(), b"0" * 64))
    result = pipeline("accept", str(DAY), "--reason", "r")
    assert "was rejected under another contract (version 1.1.0) than " in result.err
    assert f"then run the date again and accept that run: pipeline run {DAY}" in result.err
    assert (result.exit_code, runs) == (1, [])


class TestWhatHasMovedOn:
    """A run over what lies there now would publish something else than what was rejected, or nothing."""

    def refused(self, pipeline: Pipeline, shop: Shop, runs: list[Any], *arguments: str) -> str:
        result = pipeline("accept", str(DAY), "--reason", "r", *arguments)
        assert (result.exit_code, runs) == (1, [])
        assert shop.store.read(shop.paths.acceptance_key(DAY)) is None
        return result.err

    def test_raw_data_that_has_changed_is_not_accepted(self, shop: Shop, pipeline: Pipeline, runs: list[Any]) -> None:
        run_id = shop.find_odd(1, ODD)
        shop.deliver(b"{}{}")
        assert f"the raw data has changed since run {run_id}; run the date again" in self.refused(pipeline, shop, runs)

    def test_nor_an_older_run_that_another_input_has_overtaken(
        self, shop: Shop, pipeline: Pipeline, runs: list[Any]
    ) -> None:
        run_id = shop.find_odd(1, ODD)
        shop.deliver(b"{}{}")
        shop.publish(2)
        assert "the raw data has changed since" in self.refused(pipeline, shop, runs, "--run", run_id)

    def test_nor_input_that_is_published_or_was_rolled_back(
        self, shop: Shop, pipeline: Pipeline, runs: list[Any]
    ) -> None:
        shop.publish(1)
        run_id = shop.find_odd(2, ODD)
        later = shop.publish(3, fingerprint=shop.raw().fingerprint)
        said = self.refused(pipeline, shop, runs, "--run", run_id)
        assert f"this input is published already, by run {later}" in said
        pipeline("rollback", str(DAY))
        said = self.refused(pipeline, shop, runs, "--run", run_id)
        assert (
            f"this input was published and rolled back; to publish that version again: pipeline rollback {DAY}" in said
        )


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "Missing option '--reason'"),
        (("--reason", "  "), "--reason has 2 characters; say in 1 to 500 why the day is right"),
        (("--reason", "x" * 501), "--reason has 501 characters"),
        (("--reason", "r", "--no-wait"), "--no-wait cannot be combined with --data_uri"),
    ],
)
def test_wrong_use_is_exit_code_2(
    shop: Shop, pipeline: Pipeline, runs: list[Any], arguments: tuple[str, ...], problem: str
) -> None:
    shop.find_odd(1, ODD)
    result = pipeline("accept", str(DAY), *arguments)
    assert result.exit_code == 2
    assert problem in result.err
    assert runs == []


def test_the_report_names_what_was_not_judged_and_who_accepted(shop: Shop, pipeline: Pipeline) -> None:
    shop.find_odd(1, ODD)
    [item] = shop.store.objects(shop.paths.metrics_prefix(DAY))
    content = shop.store.read(item.key)
    assert content is not None
    facts = {"run_id": "R", "checks": ["total_rows_usual"], "reason": "new year", "accepted_by": "ann"}
    changed = {
        "accepted": facts | {"accepted_at": "2025-01-02T09:00:00.000+00:00"},
        "checks_not_judged": [{"id": "user_id_nulls_usual", "reason": "3 published dates"}],
    }
    shop.store.write(item.key, json.dumps(json.loads(content.data) | changed).encode())
    said = " ".join(pipeline("report", str(DAY)).out.split())
    assert "accepted total_rows_usual: by ann at 2025-01-02 09:00:00 UTC: new year" in said
    assert "not judged user_id_nulls_usual: 3 published dates" in said
    assert "between 9,000 and 11,000" in said
    rows = [line.split() for line in pipeline("report", str(DAY)).out.splitlines() if "9,000" in line]
    assert rows[-1][-1] == "accepted"
