"""`pipeline cancel`: whose job runs are stopped. Against state machines it is tried in tests/local."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cli import cancel
from cli.executions import CURATING, RUNNING, Execution
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
    executions: Any = Executions(state)
    work = cancel._Work(OWN, [DAY], is_backfill=False)  # noqa: SLF001  no command stops one without a deployment
    cancel._Stopping(DEPLOYMENT, executions, work).carry_out(why="cancelled by ann")  # noqa: SLF001  as above
    assert asked == stopped
    assert "jr_2" in at_work
