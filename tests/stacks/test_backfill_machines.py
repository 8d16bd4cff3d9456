import json
from collections.abc import Callable
from typing import Any

import pytest

from stacks.definitions.backfill import DATES_PER_EXECUTION
from tests.stacks.asl_interpreter import Interpreter, StateError
from tests.stacks.machines import (
    CONTEXT,
    PUBLISH,
    START,
    answering,
    definition,
)
from tests.stacks.synthesis import walk


def redriven(times: int) -> dict[str, Any]:
    return {"Execution": {**CONTEXT["Execution"], "RedriveCount": times}}


def runs(days: int) -> list[dict[str, str]]:
    return [
        {"ingestion_date": f"20{day // 336 + 10}-{day // 28 % 12 + 1:02d}-{day % 28 + 1:02d}"} for day in range(days)
    ]


class Backfill:
    """The two machines of a backfill together, over a pipeline that the test makes up."""

    def __init__(
        self,
        outcome: Callable[[str], Any],
        *,
        redrives_of_days: int = 0,
        interpreted_chunks: int | None = None,
        machine: Any = None,
    ) -> None:
        self.outcome = outcome
        self.redrives_of_days = redrives_of_days
        self.interpreted_chunks = interpreted_chunks  # of all others every date is published
        self.machine = machine or definition("backfill")
        self.planned: list[Any] = []
        self.batches: list[str] = []
        self.executions: list[tuple[str, Any]] = []
        self.chunks: list[Interpreter] = []
        self.summaries: list[Any] = []
        self.messages = 0

    def run(self, plan: dict[str, Any], *, redrives: int = 0) -> Any:
        context = redriven(redrives)
        answers = {
            "Plan": lambda arguments: self._plan(arguments, plan),
            "Summary": self._summarize,
            START: self._days,
            PUBLISH: self._publish,
        }
        return Interpreter(self.machine, answering(answers), context=context).run({"start": "2025-01-01"})

    def _plan(self, arguments: Any, plan: dict[str, Any]) -> dict[str, Any]:
        self.planned.append(arguments["Payload"])
        return plan

    def _days(self, arguments: Any) -> Any:
        if len(self.chunks) == self.interpreted_chunks:
            return self._published(arguments)
        self.batches.append(arguments["Name"])
        context = redriven(self.redrives_of_days)
        self.chunks.append(Interpreter(definition("days"), answering({START: self._date}), context=context))
        return {"Output": self.chunks[-1].run(arguments["Input"])}

    def _published(self, arguments: Any) -> Any:
        results = [
            {"ingestion_date": run["ingestion_date"], "status": "published"} for run in arguments["Input"]["runs"]
        ]
        return {"Output": {"results": results, "stopped": False}}

    def _date(self, arguments: Any) -> Any:
        self.executions.append((arguments["Name"], arguments["Input"]))
        outcome = self.outcome(arguments["Input"]["ingestion_date"])
        return outcome if isinstance(outcome, Exception) else {"Output": {"status": outcome}}

    def _summarize(self, arguments: Any) -> Any:
        self.summaries.append(arguments["Payload"])
        failed = [item for item in arguments["Payload"]["results"] if item["status"] == "failed"]
        return {"failed": failed, "subject": "backfill", "message": f"{len(failed)} failed"}

    def _publish(self, _: Any) -> Any:
        self.messages += 1
        return {}

    @property
    def statuses(self) -> list[str]:
        return [item["status"] for item in self.summaries[-1]["results"]]


def plan(days: list[dict[str, str]], **choices: Any) -> dict[str, Any]:
    return {
        "runs": days,
        "name_prefix": "nightly",
        "max_concurrency": 1,
        "on_failure": "stop",
        "force": False,
        **choices,
    }


def failing_on(*days: str) -> Callable[[str], Any]:
    job_run = json.dumps({"JobRunState": "FAILED", "ErrorMessage": "null rate 12 %, limit 3 %"})
    cause = json.dumps({"Error": "States.TaskFailed", "Cause": job_run})
    return lambda day: StateError("States.TaskFailed", cause) if day in days else "published"


class TestBackfill:
    def test_each_date_is_an_execution_with_a_name_of_its_own(self) -> None:
        backfill = Backfill(lambda _: "published")
        assert backfill.run(plan(runs(2), force=True))["failed"] == []
        assert backfill.executions == [
            (f"nightly-{day}", {"ingestion_date": day, "force": True, "notify": False, "backfill": "nightly"})
            for day in ("2010-01-01", "2010-01-02")
        ]
        assert backfill.messages == 1

    def test_the_plan_is_made_of_what_was_asked_for_and_the_name_of_the_execution(self) -> None:
        backfill = Backfill(lambda _: "published")
        backfill.run(plan(runs(1)))
        assert backfill.planned == [{"start": "2025-01-01", "backfill_id": "nightly"}]

    def test_unchanged_dates_are_told_apart(self) -> None:
        backfill = Backfill(lambda day: "unchanged" if day == "2010-01-01" else "published")
        backfill.run(plan(runs(2)))
        assert backfill.statuses == ["unchanged", "published"]

    def test_it_stops_after_the_first_failure_and_still_sums_up(self) -> None:
        backfill = Backfill(failing_on("2010-01-02"))
        with pytest.raises(StateError, match="BackfillFailed: 1 failed"):
            backfill.run(plan(runs(4)))
        assert backfill.statuses == ["published", "failed", "not_started", "not_started"]
        assert len(backfill.executions) == 2
        assert backfill.messages == 1

    def test_it_goes_on_when_asked_to_and_fails_at_the_end(self) -> None:
        backfill = Backfill(failing_on("2010-01-02"))
        with pytest.raises(StateError, match="BackfillFailed"):
            backfill.run(plan(runs(4), on_failure="continue", max_concurrency=3))
        assert backfill.statuses == ["published", "failed", "published", "published"]
        dates = [item["ingestion_date"] for item in backfill.summaries[-1]["results"]]
        assert dates == [run["ingestion_date"] for run in runs(4)]
        assert backfill.chunks[0].execution.concurrency == [3]

    def test_stopping_lets_those_that_run_beside_a_failure_end(self) -> None:
        backfill = Backfill(failing_on("2010-01-01"))
        with pytest.raises(StateError):
            backfill.run(plan(runs(4), max_concurrency=2))
        assert backfill.statuses == ["failed", "published", "not_started", "not_started"]

    def test_the_reason_of_a_failure_is_dug_out_of_nested_causes(self) -> None:
        backfill = Backfill(failing_on("2010-01-01"))
        with pytest.raises(StateError):
            backfill.run(plan(runs(1)))
        assert backfill.summaries[-1]["results"][0]["reason"] == "null rate 12 %, limit 3 %"

    def test_the_whole_message_of_a_failed_gate_survives(self) -> None:
        report = (
            f"s3://prod-data-pipeline-data-storagebucket1a2b3c4d-{'x' * 12}/metrics/events/ingestion_date=2010-01-01"
        )
        message = (
            f"2010-01-01: null rate of user_id is 12 %, limit 3 %; report {report}/20250103T021504Z-9f3ac01b.json; "
            "fix the source, then: pipeline run 2010-01-01"
        )
        job_run = json.dumps({"JobRunState": "FAILED", "ErrorMessage": message})
        backfill = Backfill(
            lambda _: StateError("States.TaskFailed", json.dumps({"Error": "States.TaskFailed", "Cause": job_run}))
        )
        with pytest.raises(StateError):
            backfill.run(plan(runs(1)))
        assert backfill.summaries[-1]["results"][0]["reason"] == message

    @pytest.mark.parametrize("status", ["TIMED_OUT", "ABORTED"])
    def test_an_execution_that_left_no_message_is_named_by_how_it_ended(self, status: str) -> None:
        cause = json.dumps({"ExecutionArn": "arn:aws:states:x", "Input": {"force": False}, "Status": status})
        backfill = Backfill(lambda _: StateError("States.TaskFailed", cause))
        with pytest.raises(StateError):
            backfill.run(plan(runs(1)))
        assert backfill.summaries[-1]["results"][0]["reason"] == f"the execution ended as {status}"

    def test_a_cause_that_is_plain_text_is_taken_from_the_execution_that_failed(self) -> None:
        cause = {"Cause": "Rate exceeded (Service: AWSGlue)", "Error": "Glue.ThrottlingException", "Status": "FAILED"}
        backfill = Backfill(lambda _: StateError("States.TaskFailed", json.dumps(cause)))
        with pytest.raises(StateError):
            backfill.run(plan(runs(1)))
        assert backfill.summaries[-1]["results"][0]["reason"] == "Rate exceeded (Service: AWSGlue)"

    @pytest.mark.parametrize("failures", [1, 29, 30, 31, 100])
    @pytest.mark.parametrize("batch", [150, 30, 1])
    def test_reasons_are_kept_for_as_many_failures_as_fit(self, failures: int, batch: int) -> None:
        """Whether they come in one execution of many dates or in many of few: the first thirty keep theirs."""
        days = [run["ingestion_date"] for run in runs(failures)]
        machine = json.dumps(definition("backfill")).replace(f"< {DATES_PER_EXECUTION} ", f"< {batch} ")
        machine = machine.replace(f">= {DATES_PER_EXECUTION} ", f">= {batch} ")
        backfill = Backfill(failing_on(*days), machine=json.loads(machine))
        with pytest.raises(StateError):
            backfill.run(plan(runs(failures + 2), on_failure="continue", max_concurrency=40))
        assert len(backfill.batches) == -(-(failures + 2) // batch)
        reasons = [item.get("reason") for item in backfill.summaries[-1]["results"] if item["status"] == "failed"]
        assert reasons == ["null rate 12 %, limit 3 %"] * min(failures, 30) + [None] * (failures - 30)
        assert backfill.statuses == ["failed"] * failures + ["published"] * 2

    def test_a_cause_without_a_message_is_given_as_it_is(self) -> None:
        backfill = Backfill(lambda _: StateError("States.Timeout", ""))
        with pytest.raises(StateError):
            backfill.run(plan(runs(1)))
        assert backfill.summaries[-1]["results"][0]["reason"] == "States.Timeout: "

    @pytest.mark.parametrize("on_failure", ["continue", "stop"])
    def test_ten_years_stay_below_the_limits_of_one_execution(self, on_failure: str) -> None:
        """Of all statuses `failed` is the shortest, so those that failed are only as many as may keep a reason."""
        cause = json.dumps({"errorMessage": "🌍" * 1000}, ensure_ascii=False)
        backfill = Backfill(lambda _: StateError("States.TaskFailed", cause), interpreted_chunks=1)
        with pytest.raises(StateError, match=r"BackfillFailed: \d+ failed"):
            backfill.run(plan(runs(3650), on_failure=on_failure, max_concurrency=40))
        assert len(backfill.statuses) == 3650
        data = json.dumps(backfill.summaries[-1], separators=(",", ":"), ensure_ascii=False)
        assert len(data.encode()) < 256 * 1024
        assert (
            backfill.chunks[0].execution.events + DATES_PER_EXECUTION < 25_000 / 2
        )  # AWS has an event more for each, and redrives need room

    def test_no_dates_are_no_executions(self) -> None:
        backfill = Backfill(failing_on())
        assert backfill.run(plan([]))["failed"] == []
        assert (backfill.batches, backfill.executions, backfill.statuses) == ([], [], [])
        days = Interpreter(definition("days"), answering({}), context=CONTEXT)
        assert days.run(plan([])) == {"results": [], "stopped": False}

    def test_later_chunks_are_not_begun_after_a_stop(self) -> None:
        backfill = Backfill(failing_on("2010-01-02"))
        with pytest.raises(StateError):
            backfill.run(plan(runs(DATES_PER_EXECUTION + 5)))
        assert len(backfill.chunks) == 1
        assert backfill.statuses.count("not_started") == DATES_PER_EXECUTION + 3

    @pytest.mark.parametrize(
        ("redrives", "redrives_of_days", "batch", "date"),
        [
            (0, 0, "nightly-2010-01-01", "nightly-2010-01-01"),
            (1, 1, "nightly-1-2010-01-01", "nightly-1-1-2010-01-01"),
            (2, 0, "nightly-2-2010-01-01", "nightly-2-2010-01-01"),
            (0, 3, "nightly-2010-01-01", "nightly-3-2010-01-01"),
            (2, 3, "nightly-2-2010-01-01", "nightly-2-3-2010-01-01"),
        ],
    )
    def test_what_is_redriven_uses_names_that_are_not_taken(
        self, redrives: int, redrives_of_days: int, batch: str, date: str
    ) -> None:
        backfill = Backfill(lambda _: "published", redrives_of_days=redrives_of_days)
        backfill.run(plan(runs(1)), redrives=redrives)
        assert (backfill.batches, [name for name, _ in backfill.executions]) == ([batch], [date])

    @pytest.mark.parametrize("name", ["backfill", "days"])
    def test_names_are_made_where_a_redrive_begins_and_not_before(self, name: str) -> None:
        """A redrive keeps the variables and begins at the failed state, which is never the one that planned."""
        machine = definition(name)
        naming = [value for value in walk(machine) if isinstance(value, dict) and value.get("Resource") == START]
        assert len(naming) == 1
        assert "RedriveCount" in naming[0]["Arguments"]["Name"]
