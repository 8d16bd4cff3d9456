"""What a person reads while and after an execution runs; real executions are in tests/local."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from unittest.mock import Mock

import pytest
from rich.console import Console

from cli import deployed
from cli.errors import CommandFailed, Interrupted
from cli.executions import RUNNING, DateState, Execution
from cli.output import Output, shown_backfill
from core.causes import Cause

NAME = "run-2025-01-01-abcdef01"
DEPLOYMENT = Mock(is_embedded=True, **{"is_backfill.return_value": False})
COUNTS = {"rows_read": 1010, "rows_written": 985, "duplicates_removed": 15, "rows_quarantined": 10}
REMARKS = ["1 warning: null rate of customer_id is 100 %, limit 5 %", "no column reads customerId"]


def execution(ended: str, /, **output: Any) -> Execution:
    start, given = datetime(2025, 1, 2, tzinfo=UTC), {"ingestion_date": "2025-01-01"}
    return Execution(
        arn=f"arn:{NAME}", name=NAME, status=ended, started_at=start, stopped_at=start, input=given, output=output
    )


@pytest.fixture
def follow(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def carry_out(found: Execution) -> str:
        executions = Mock(describe=lambda _: found, looked_into=lambda item: item)
        monkeypatch.setattr(deployed, "Executions", lambda _: executions)
        monkeypatch.setenv("COLUMNS", "300")
        assert deployed.follow(DEPLOYMENT, f"arn:{NAME}", output=Output(as_json=False, target=" --contract trips")) == 0
        return capsys.readouterr().out.removesuffix("\n")

    return carry_out


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (
            {"status": "published", "run_id": "R", "summary": COUNTS},
            (
                "published run R: 1,010 rows read, 985 written, 15 duplicates removed, 10 quarantined (why: pipeline "
                "report 2025-01-01 --contract trips)"
            ),
        ),
        (
            {"status": "published", "run_id": "R", "summary": COUNTS | {"rows_quarantined": 0, "remarks": REMARKS}},
            (
                "published run R: 1,010 rows read, 985 written, 15 duplicates removed, 0 quarantined; 1 warning: null "
                "rate of customer_id is 100 %, limit 5 %; no column reads customerId (more: pipeline report 2025-01-01 "
                "--contract trips)"
            ),
        ),
        ({"status": "unchanged", "run_id": "R"}, "nothing to do, already published by run R"),
        (
            {"status": "unchanged", "run_id": "R", "fault": "no files"},
            "nothing to do, already published by run R; readers could not find it, which is now repaired: no files",
        ),
        ({"status": "refused", "run_id": "R"}, "nothing to do, this raw data failed its checks in run R"),
        (
            {"status": "unchanged", "run_id": "R", "is_rolled_back": True},
            (
                "nothing to do, this input is blocked: it was rolled back, and run R is published instead; "
                "--force publishes it"
            ),
        ),
    ],
)
def test_an_execution_that_ended_well_is_one_line(follow: Any, output: Mapping[str, Any], said: str) -> None:
    assert follow(execution("SUCCEEDED", ingestion_date="2025-01-01", **output)) == f"2025-01-01: {said}"


@pytest.mark.parametrize(
    ("status", "said"), [("TIMED_OUT", "timed out"), ("ABORTED", "was aborted"), ("FAILED", "failed")]
)
def test_one_that_did_not_says_how_it_ended_and_which_it_was(follow: Any, status: str, said: str) -> None:
    with pytest.raises(CommandFailed, match=f"^the execution {said}; execution {NAME}$"):
        follow(execution(status))


def test_one_that_was_stopped_tells_what_whoever_stopped_it_said(follow: Any) -> None:
    stopped = replace(execution("ABORTED"), cause=Cause("wrong contract deployed", "Stopped by ops"))
    with pytest.raises(CommandFailed, match=r"^the execution was aborted: wrong contract deployed; execution "):
        follow(stopped)


def test_the_command_in_a_reason_is_about_the_same_dataset(follow: Any) -> None:
    failed = replace(execution("FAILED"), cause=Cause("2025-01-01: no; fix the source, then: pipeline run 2025-01-01"))
    with pytest.raises(CommandFailed, match="then: pipeline run 2025-01-01 --contract trips; execution "):
        follow(failed)


def test_one_that_found_other_raw_data_than_it_was_started_for_says_who_runs_that(follow: Any) -> None:
    said = follow(execution("SUCCEEDED", ingestion_date="2025-01-01", status="changed_since"))
    assert said.startswith("2025-01-01: nothing to do, the raw data has changed since late data started this execution")


def test_one_that_is_left_can_be_followed_again_with_the_command_that_is_printed(
    follow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.deployed.time.sleep", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(Interrupted) as left:
        follow(execution(RUNNING))
    assert str(left.value) == f"{NAME} is still running; follow it with: pipeline follow {NAME} --contract trips"
    assert left.value.exit_code == 130


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_backfill_says_what_changed_and_on_a_terminal_how_far_it_is(is_terminal: bool) -> None:
    console = Console(width=80, force_terminal=is_terminal, highlight=False, no_color=True)
    first, second = date(2025, 1, 1), date(2025, 1, 2)
    with console.capture() as captured, shown_backfill(console) as show:
        for statuses in (("running", "waiting"), ("running", "waiting"), ("published", "running")):
            states = zip((first, second), statuses, strict=True)
            show([DateState(ingestion_date=day, status=status) for day, status in states], 7.2)
    lines = ["2025-01-01: running", "2025-01-01: published", "2025-01-02: running"]
    assert is_terminal or captured.get().splitlines() == lines
    assert not is_terminal or "7 s: 1 published, 1 running" in captured.get()
