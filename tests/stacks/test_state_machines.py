import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stacks.definitions.backfill import DATES_PER_EXECUTION
from tests.stacks.asl_interpreter import Interpreter, StateError
from tests.stacks.synthesis import synthesized, walk

INVOKE = "arn:aws:states:::lambda:invoke"
RUN_JOB = "arn:aws:states:::glue:startJobRun.sync"
PUBLISH = "arn:aws:states:::sns:publish"
START = "arn:aws:states:::states:startExecution.sync:2"
CONTEXT = {"Execution": {"Name": "nightly", "StartTime": "2025-01-02T01:00:00.000Z", "RedriveCount": 0}}

READY = {"ingestion_date": "2025-01-01", "status": "ready", "objects": 1, "published_run_id": None}
UNCHANGED = {**READY, "status": "unchanged", "published_run_id": "20250102T010000Z-0123abcd"}
REPORT = {"subject": "[events] 2025-01-01 published", "message": "10 rows", "summary": {"rows_written": 10}}

Answers = dict[str, Any]


def definition(name: str) -> dict[str, Any]:
    return synthesized().machine(f"prod-events-{name}")


def answering(answers: Answers) -> Callable[[str, Any], Any]:
    """Answer tasks by their resource, or lambdas by the module in their name; an iterator gives one answer per call."""

    def handle(resource: str, arguments: Any) -> Any:
        key = resource
        if resource == INVOKE:
            key = next(name for name in answers if name.lower() in arguments["FunctionName"].lower())
        answer = answers[key]
        if isinstance(answer, Iterator):
            answer = next(answer)
        if callable(answer):
            answer = answer(arguments)
        if isinstance(answer, Exception):
            raise answer
        return {"Payload": answer} if resource == INVOKE else answer

    return handle


def pipeline(data: Any, **answers: Any) -> tuple[Interpreter, Callable[[], Any]]:
    job = answers.get("job", {"Id": "jr_1", "JobRunState": "SUCCEEDED"})
    handler = answering(
        {"Sensor": answers.get("sensor", READY), "Report": REPORT, RUN_JOB: job, PUBLISH: {"MessageId": "1"}}
    )
    machine = Interpreter(definition("pipeline"), handler, context=CONTEXT)
    return machine, lambda: machine.run(data)


class TestPipeline:
    def test_a_new_day_is_curated_reported_and_announced(self) -> None:
        machine, run = pipeline({"ingestion_date": "2025-01-01", "force": False})
        assert run() == {"ingestion_date": "2025-01-01", "status": "published", "summary": {"rows_written": 10}}
        tasks = dict(machine.execution.tasks[1:2] + machine.execution.tasks[3:])
        assert tasks[RUN_JOB]["Arguments"] == {"--ingestion_date": "2025-01-01", "--force": "false"}
        assert (tasks[PUBLISH]["Subject"], tasks[PUBLISH]["Message"]) == (REPORT["subject"], REPORT["message"])

    def test_a_published_and_unchanged_day_is_left_alone(self) -> None:
        machine, run = pipeline({"ingestion_date": "2025-01-01"}, sensor=UNCHANGED)
        assert run() == {"ingestion_date": "2025-01-01", "status": "unchanged", "run_id": UNCHANGED["published_run_id"]}
        assert [resource for resource, _ in machine.execution.tasks] == [INVOKE]

    def test_force_runs_an_unchanged_day_again(self) -> None:
        machine, run = pipeline({"ingestion_date": "2025-01-01", "force": True}, sensor=UNCHANGED)
        assert run()["status"] == "published"
        assert machine.execution.tasks[1][1]["Arguments"]["--force"] == "true"

    def test_the_scheduled_time_is_handed_to_the_sensor_which_answers_with_the_date(self) -> None:
        machine, run = pipeline({"scheduled_time": "2025-01-02T01:00:00Z", "wait_minutes": 90})
        assert run()["ingestion_date"] == "2025-01-01"
        payload = machine.execution.tasks[0][1]["Payload"]
        assert payload == {"scheduled_time": "2025-01-02T01:00:00Z", "wait_until": "2025-01-02T02:30:00.000Z"}

    def test_it_polls_while_the_sensor_says_waiting(self) -> None:
        sensor = iter([{**READY, "status": "waiting"}, {**READY, "status": "waiting"}, READY])
        machine, run = pipeline({"scheduled_time": "2025-01-02T01:00:00Z", "wait_minutes": 90}, sensor=sensor)
        assert run()["status"] == "published"
        assert machine.execution.waited == 2 * 600

    def test_raw_data_that_was_refused_is_left_alone(self) -> None:
        refused = {**READY, "status": "refused", "held_back_by": "20250102T010000Z-0123abcd"}
        machine, run = pipeline({"ingestion_date": "2025-01-01", "unless_refused": True}, sensor=refused)
        assert run() == {"ingestion_date": "2025-01-01", "status": "refused", "run_id": refused["held_back_by"]}
        assert machine.execution.tasks[0][1]["Payload"] == {"ingestion_date": "2025-01-01", "unless_refused": True}
        assert len(machine.execution.tasks) == 1

    def test_what_it_does_not_know_reaches_the_sensor_which_refuses_it(self) -> None:
        machine, run = pipeline({"ingestion_date": "2025-01-01", "forse": True, "notify": False})
        run()
        assert machine.execution.tasks[0][1]["Payload"] == {"ingestion_date": "2025-01-01", "forse": True}

    @pytest.mark.parametrize("error", ["RawDataMissing", "InvalidInput"])
    def test_missing_data_and_bad_input_fail_at_once(self, error: str) -> None:
        machine, run = pipeline({"ingestion_date": "2025-01-01"}, sensor=StateError(error, "why"))
        with pytest.raises(StateError, match=error):
            run()
        assert len(machine.execution.tasks) == 1

    @pytest.mark.parametrize("state", ["FAILED", "TIMEOUT", "STOPPED"])
    def test_a_failed_job_run_is_never_tried_again(self, state: str) -> None:
        failure = StateError("States.TaskFailed", json.dumps({"JobRunState": state}))
        machine, run = pipeline({"ingestion_date": "2025-01-01"}, job=failure)
        with pytest.raises(StateError, match=r"States\.TaskFailed"):
            run()
        assert [resource for resource, _ in machine.execution.tasks] == [INVOKE, RUN_JOB]

    @pytest.mark.parametrize("answer", [{"Id": "jr_1", "JobRunState": "STOPPED"}, {"Id": "jr_1"}])
    def test_a_job_run_that_did_not_succeed_is_no_success_even_if_it_raised_no_error(self, answer: Any) -> None:
        machine, run = pipeline({"ingestion_date": "2025-01-01"}, job=answer)
        with pytest.raises(StateError, match=r"JobRunNotSucceeded") as failed:
            run()
        assert json.loads(failed.value.cause) == answer
        assert [resource for resource, _ in machine.execution.tasks] == [INVOKE, RUN_JOB]

    @pytest.mark.parametrize(
        "error", ["Glue.AWSGlueException", "Glue.ThrottlingException", "Glue.ConcurrentRunsExceededException"]
    )
    def test_a_throttled_start_is_tried_again(self, error: str) -> None:
        job = iter([StateError(error), StateError(error), {"JobRunState": "SUCCEEDED"}])
        machine, run = pipeline({"ingestion_date": "2025-01-01"}, job=job)
        assert run()["status"] == "published"
        assert machine.execution.retries == 2

    def test_throttling_that_does_not_end_fails(self) -> None:
        _, run = pipeline({"ingestion_date": "2025-01-01"}, job=StateError("Glue.ThrottlingException"))
        with pytest.raises(StateError, match=r"Glue\.ThrottlingException"):
            run()

    def test_a_throttled_sensor_is_tried_again(self) -> None:
        sensor = iter([StateError("Lambda.TooManyRequestsException"), StateError("ServiceThrottled"), READY])
        machine, run = pipeline({"ingestion_date": "2025-01-01"}, sensor=sensor)
        assert run()["status"] == "published"
        assert machine.execution.retries == 2

    def test_a_date_of_a_backfill_is_not_announced(self) -> None:
        machine, run = pipeline(
            {"ingestion_date": "2025-01-01", "force": False, "notify": False, "backfill": "nightly"}
        )
        assert run()["status"] == "published"
        assert machine.execution.tasks[0][1]["Payload"] == {"ingestion_date": "2025-01-01", "force": False}
        assert PUBLISH not in [resource for resource, _ in machine.execution.tasks]

    def test_an_answer_it_does_not_know_fails(self) -> None:
        _, run = pipeline({"ingestion_date": "2025-01-01"}, sensor={**READY, "status": "perhaps"})
        with pytest.raises(StateError, match=r"UnknownSensorStatus.*perhaps"):
            run()

    def test_nothing_is_caught_so_that_a_failed_execution_can_be_redriven(self) -> None:
        assert not [value for value in walk(definition("pipeline")) if isinstance(value, dict) and "Catch" in value]


def redriven(times: int) -> dict[str, Any]:
    return {"Execution": {**CONTEXT["Execution"], "RedriveCount": times}}


def runs(days: int) -> list[dict[str, str]]:
    return [
        {"ingestion_date": f"20{day // 336 + 10}-{day // 28 % 12 + 1:02d}-{day % 28 + 1:02d}"} for day in range(days)
    ]


class Backfill:
    """The two machines of a backfill together, over a pipeline that the test makes up."""

    def __init__(self, outcome: Callable[[str], Any], *, redrives_of_days: int = 0) -> None:
        self.outcome = outcome
        self.redrives_of_days = redrives_of_days
        self.batches: list[str] = []
        self.executions: list[tuple[str, Any]] = []
        self.chunks: list[Interpreter] = []
        self.summaries: list[Any] = []
        self.messages = 0

    def run(self, plan: dict[str, Any], *, redrives: int = 0) -> Any:
        context = redriven(redrives)
        answers = {"Plan": plan, "Summary": self._summarize, START: self._days, PUBLISH: self._publish}
        return Interpreter(definition("backfill"), answering(answers), context=context).run({"start": "2025-01-01"})

    def _days(self, arguments: Any) -> Any:
        self.batches.append(arguments["Name"])
        context = redriven(self.redrives_of_days)
        self.chunks.append(Interpreter(definition("days"), answering({START: self._date}), context=context))
        return {"Output": self.chunks[-1].run(arguments["Input"])}

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

    def test_reasons_are_kept_for_as_many_failures_as_fit(self) -> None:
        backfill = Backfill(failing_on("2010-06-01"))
        with pytest.raises(StateError):
            backfill.run(plan(runs(150), on_failure="continue", max_concurrency=40))
        assert [item.get("reason") for item in backfill.summaries[-1]["results"] if item["status"] == "failed"] == [
            "null rate 12 %, limit 3 %"
        ]

    def test_a_cause_without_a_message_is_given_as_it_is(self) -> None:
        backfill = Backfill(lambda _: StateError("States.Timeout", ""))
        with pytest.raises(StateError):
            backfill.run(plan(runs(1)))
        assert backfill.summaries[-1]["results"][0]["reason"] == "States.Timeout: "

    def test_ten_years_stay_below_the_limits_of_one_execution(self) -> None:
        backfill = Backfill(
            lambda _: StateError("States.TaskFailed", json.dumps({"errorMessage": "🌍" * 5000}, ensure_ascii=False))
        )
        with pytest.raises(StateError, match="3650 failed"):
            backfill.run(plan(runs(3650), on_failure="continue", max_concurrency=40))
        assert len(backfill.statuses) == 3650
        data = json.dumps(backfill.summaries[-1], separators=(",", ":"), ensure_ascii=False)
        assert len(data.encode()) < 256 * 1024
        events_per_date = 16
        assert DATES_PER_EXECUTION * events_per_date < 25_000
        assert len(backfill.chunks) * events_per_date < 25_000

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


class TestDefinitions:
    @pytest.mark.parametrize("name", ["pipeline", "backfill", "days"])
    def test_only_transient_errors_are_retried_with_backoff_and_jitter(self, name: str) -> None:
        retriers = [
            retrier for value in walk(definition(name)) if isinstance(value, dict) for retrier in value.get("Retry", [])
        ]
        assert retriers
        for retrier in retriers:
            assert not {"States.ALL", "States.TaskFailed", "States.Timeout"} & set(retrier["ErrorEquals"])
            assert retrier["BackoffRate"] > 1
            assert retrier["JitterStrategy"] == "FULL"

    @pytest.mark.parametrize("name", ["pipeline", "backfill", "days"])
    def test_every_state_is_reached_and_leads_on(self, name: str) -> None:
        machine = definition(name)
        states = machine["States"]
        named = {machine["StartAt"]} | {
            value[key]
            for value in walk(states)
            if isinstance(value, dict)
            for key in ("Next", "Default")
            if key in value
        }
        inside = {inner for state in states.values() for inner in state.get("ItemProcessor", {}).get("States", {})}
        assert named - inside == set(states)
        for state in states.values():
            assert {"Next", "End", "Default", "Error"} & set(state)

    def test_timeouts_are_ordered_job_task_execution_backfill(self) -> None:
        job_minutes = synthesized().only("AWS::Glue::Job", Name="prod-events-curation")["Timeout"]
        task = definition("pipeline")["States"]["CurateDay"]["TimeoutSeconds"]
        timeouts = [definition(name)["TimeoutSeconds"] for name in ("pipeline", "days", "backfill")]
        ordered = [job_minutes * 60, task, *timeouts]
        assert ordered == sorted(set(ordered))
