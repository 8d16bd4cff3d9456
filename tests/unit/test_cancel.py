"""`pipeline cancel`: whose job runs are stopped. Against state machines it is tried in tests/local."""

import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from adapters import glue_jobs
from cli import cancel
from cli.executions import CURATING, RUNNING, DateState, Execution
from cli.output import Output
from core.errors import ServiceError
from tests.unit.shop import DAY
from tests.unit.test_overview import DEPLOYMENT

OWN = Execution(
    arn=f"{DEPLOYMENT.pipeline_arn}:own", name="own", status=RUNNING, started_at=datetime(2025, 1, 2, tzinfo=UTC),
    stopped_at=None, input={"ingestion_date": str(DAY)},
)  # fmt: skip


class Executions:
    """One execution in a state, which ends when it is stopped."""

    def __init__(self, state: str) -> None:
        self.found = replace(OWN, state=state)

    def describe(self, _arn: str) -> Execution:
        return self.found

    def looked_into(self, execution: Execution) -> Execution:
        return execution

    def stop(self, _execution: Execution, *, why: str) -> None:
        assert why == "cancelled by ann"
        self.found = replace(self.found, status="ABORTED")


def carry_out(state: str) -> None:
    executions: Any = Executions(state)
    work = cancel._Work(OWN, [DAY], is_backfill=False)  # noqa: SLF001  no command stops one without a deployment
    cancel._Stopping(DEPLOYMENT, executions, work).carry_out(why="cancelled by ann")  # noqa: SLF001  as above


@pytest.mark.parametrize(("state", "stopped"), [(CURATING, ["jr_1"]), ("WaitForData", []), ("FindRawData", [])])
def test_only_the_job_run_of_an_execution_that_curates_is_its_own(
    monkeypatch: pytest.MonkeyPatch, state: str, stopped: list[str]
) -> None:
    at_work, asked = {"jr_1": str(DAY), "jr_2": "2025-01-09"}, []

    def stop(run_id: str, _job: str) -> None:
        asked.append(run_id)
        del at_work[run_id]

    monkeypatch.setattr(cancel, "_PATIENCE_SECONDS", -1)
    monkeypatch.setattr(cancel, "runs_at_work", lambda _job: [(day, run_id) for run_id, day in at_work.items()])
    monkeypatch.setattr(cancel, "stop_job_run", stop)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    carry_out(state)
    assert asked == stopped
    assert "jr_2" in at_work


def test_a_job_run_that_ends_within_seconds_is_not_stopped_here(monkeypatch: pytest.MonkeyPatch) -> None:
    at_work, asked = [(str(DAY), "jr_1")], list[str]()
    monkeypatch.setattr(cancel, "runs_at_work", lambda _job: list(at_work))
    monkeypatch.setattr(cancel, "stop_job_run", lambda run_id, _job: asked.append(run_id))
    monkeypatch.setattr(time, "sleep", lambda _seconds: at_work.clear())
    carry_out(CURATING)
    assert (at_work, asked) == ([], [])


@pytest.mark.parametrize(("state", "is_told"), [("RUNNING", True), ("STOPPED", False)])
def test_a_job_run_that_glue_does_not_stop_is_told_where_it_works_on(
    monkeypatch: pytest.MonkeyPatch, state: str, *, is_told: bool
) -> None:
    runs = [{"Id": "jr_2", "JobRunState": "RUNNING"}, {"Id": "jr_1", "JobRunState": state}]
    glue = SimpleNamespace(
        batch_stop_job_run=lambda **_: {"Errors": [{"JobRunId": "jr_1", "ErrorDetail": {"ErrorMessage": "not now"}}]},
        get_job_runs=lambda **_: {"JobRuns": runs},
    )
    monkeypatch.setattr(glue_jobs, "client", lambda _service: glue)
    told = "Glue does not stop run jr_1 of job curation: not now"
    with pytest.raises(ServiceError, match=told) if is_told else nullcontext():
        glue_jobs.stop_job_run("jr_1", "curation")


@pytest.mark.parametrize(
    ("became", "command"),
    [
        ("sspp", "to run what is left: pipeline backfill 2025-01-01 2025-01-02"),
        ("pfpn", "to run what is left: pipeline backfill 2025-01-02 2025-01-04"),
        ("ppnp", "to run what is left: pipeline run 2025-01-03"),
        ("s.pn", "to run what is left, for each of these dates: pipeline run DATE"),
        ("ss.n", "to run what is left, for each of these dates: pipeline run DATE"),
        ("pppp", None),
    ],
)
def test_what_is_left_is_run_by_one_command_where_no_other_date_comes_with_it(became: str, command: str | None) -> None:
    """Other dates are those that were not asked for, here as points; what is published a backfill passes over."""
    kinds = {"s": "stopped", "p": "published", "f": "failed", "n": "not started"}
    states = [
        DateState(ingestion_date=DAY + timedelta(days=number), status=kinds[kind])
        for number, kind in enumerate(became)
        if kind in kinds
    ]
    console = Console(width=200)
    with console.capture() as captured:
        console.print(*cancel.outcome_lines(["backfill"], states, Output(as_json=False)), sep="\n")
    last = captured.get().strip().splitlines()[-1].strip()
    assert last == command if command else last.startswith("cancelled backfill: 4 published")
