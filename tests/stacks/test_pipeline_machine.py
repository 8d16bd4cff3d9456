import json
from collections.abc import Callable
from typing import Any

import pytest

from config import EVENTS_PER_LOOK
from tests.stacks.asl_interpreter import Interpreter, StateError
from tests.stacks.machines import (
    CONTEXT,
    INVOKE,
    PUBLISH,
    READY,
    REPORT,
    RUN_ID,
    RUN_JOB,
    UNCHANGED,
    answering,
    definition,
)
from tests.stacks.synthesis import walk


def pipeline(data: Any, **answers: Any) -> tuple[Interpreter, Callable[[], Any]]:
    job = answers.get("job", {"Id": "jr_1", "JobRunState": "SUCCEEDED"})
    handler = answering(
        {
            "Sensor": answers.get("sensor", READY),
            "Report": answers.get("report", REPORT),
            RUN_JOB: job,
            PUBLISH: {"MessageId": "1"},
        }
    )
    machine = Interpreter(definition("pipeline"), handler, context=CONTEXT)
    return machine, lambda: machine.run(data)


def reported(machine: Interpreter) -> Any:
    """Return what the report is asked about."""
    (payload,) = (given["Payload"] for _, given in machine.execution.tasks if "Report" in str(given))
    return payload


def test_a_look_for_raw_data_adds_as_many_events_as_the_settings_reckon_with() -> None:
    def events(looks: int) -> int:
        waiting = {"ingestion_date": "2025-01-01", "status": "waiting"}
        machine, run = pipeline({"ingestion_date": "2025-01-01"}, sensor=iter([*[waiting] * looks, READY]))
        run()
        return machine.execution.events

    assert events(10) - events(3) == 7 * EVENTS_PER_LOOK


class TestPipeline:
    def test_a_new_day_is_curated_reported_and_announced(self) -> None:
        machine, run = pipeline({"ingestion_date": "2025-01-01", "force": False})
        assert run() == {
            "ingestion_date": "2025-01-01",
            "status": "published",
            "run_id": RUN_ID,
            "fault": None,
            "summary": REPORT["summary"],
        }
        tasks = dict(machine.execution.tasks[1:2] + machine.execution.tasks[3:])
        assert tasks[RUN_JOB]["Arguments"] == {
            "--ingestion_date": "2025-01-01",
            "--force": "false",
            "--execution": "nightly",
        }
        assert (tasks[PUBLISH]["Subject"], tasks[PUBLISH]["Message"]) == (REPORT["subject"], REPORT["message"])

    def test_a_published_and_unchanged_day_is_left_alone(self) -> None:
        machine, run = pipeline({"ingestion_date": "2025-01-01"}, sensor=UNCHANGED)
        left = {"ingestion_date": "2025-01-01", "status": "unchanged", "run_id": UNCHANGED["published_run_id"]}
        assert run() == {**left, "is_rolled_back": False}
        assert [resource for resource, _ in machine.execution.tasks] == [INVOKE]

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            ({"is_rolled_back": True}, {"is_rolled_back": True}),
            ({"is_rolled_back": False}, {"is_rolled_back": False}),
            ({"published_run_id": None}, {"run_id": None}),
        ],
    )
    def test_what_is_published_is_told_as_the_sensor_saw_it(self, answer: Any, told: Any) -> None:
        _, run = pipeline({"ingestion_date": "2025-01-01"}, sensor={**UNCHANGED, **answer})
        assert run().items() >= told.items()

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

    def test_raw_data_that_has_changed_since_is_left_to_another_execution(self) -> None:
        machine, run = pipeline(
            {"ingestion_date": "2025-01-01", "only_state": "0" * 32}, sensor={**READY, "status": "changed_since"}
        )
        assert run() == {"ingestion_date": "2025-01-01", "status": "changed_since"}
        assert machine.execution.tasks[0][1]["Payload"] == {"ingestion_date": "2025-01-01", "only_state": "0" * 32}
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
        with pytest.raises(StateError, match=r"^JobRunNotSucceeded:") as failed:
            run()
        assert json.loads(failed.value.cause) == answer
        assert [resource for resource, _ in machine.execution.tasks] == [INVOKE, RUN_JOB]

    @pytest.mark.parametrize(
        "error", ["Glue.AWSGlueException", "Glue.ThrottlingException", "Glue.InternalServiceException"]
    )
    def test_a_throttled_start_is_tried_again(self, error: str) -> None:
        job = iter([StateError(error), StateError(error), {"JobRunState": "SUCCEEDED"}])
        machine, run = pipeline({"ingestion_date": "2025-01-01"}, job=job)
        assert run()["status"] == "published"
        assert machine.execution.retries == 2

    @pytest.mark.parametrize(
        "error", ["Glue.ConcurrentRunsExceededException", "Glue.ResourceNumberLimitExceededException"]
    )
    def test_it_waits_its_turn_for_hours_when_no_run_of_the_job_is_free(self, error: str) -> None:
        job = iter([*(StateError(error) for _ in range(150)), {"Id": "jr_1", "JobRunState": "SUCCEEDED"}])
        machine, run = pipeline({"ingestion_date": "2025-01-01"}, job=job)
        assert run()["status"] == "published"
        assert 150 * 60 <= machine.execution.waited < 150 * 600

    @pytest.mark.parametrize(("random", "seconds"), [("0", 60), ("0.999999", 599)])
    def test_its_turn_is_tried_for_again_after_one_to_ten_minutes(self, random: str, seconds: int) -> None:
        machine = json.loads(json.dumps(definition("pipeline")).replace("$random()", random))
        full = StateError("Glue.ConcurrentRunsExceededException")
        answers = {"Sensor": iter([READY, UNCHANGED]), RUN_JOB: full}
        interpreter = Interpreter(machine, answering(answers), context=CONTEXT)
        interpreter.run({"ingestion_date": "2025-01-01"})
        assert interpreter.execution.waited == seconds

    def test_it_looks_again_after_it_waited_for_a_free_run(self) -> None:
        """What another run of the date has published or refused meanwhile costs no job run."""
        full = StateError("Glue.ConcurrentRunsExceededException")
        asked = {"ingestion_date": "2025-01-01", "unless_refused": True}
        machine, run = pipeline(asked, sensor=iter([READY, UNCHANGED]), job=full)
        assert run()["status"] == "unchanged"
        assert [resource for resource, _ in machine.execution.tasks] == [INVOKE, RUN_JOB, INVOKE]
        assert [given["Payload"] for resource, given in machine.execution.tasks if resource == INVOKE] == [asked, asked]

    def test_throttling_that_comes_between_waits_for_hours_is_survived(self) -> None:
        """A retrier counts its attempts for as long as a state is not left."""
        full, throttled = StateError("Glue.ConcurrentRunsExceededException"), StateError("Glue.AWSGlueException")
        job = iter([*[throttled, full] * 20, {"Id": "jr_1", "JobRunState": "SUCCEEDED"}])
        _, run = pipeline({"ingestion_date": "2025-01-01"}, job=job)
        assert run()["status"] == "published"

    def test_what_readers_did_not_find_is_told_to_the_report(self) -> None:
        for raw, told in ((READY, None), ({**READY, "fault": "no partition"}, "no partition")):
            machine, run = pipeline({"ingestion_date": "2025-01-01"}, sensor=raw)
            assert run()["fault"] == told
            assert reported(machine)["fault"] == told

    def test_the_report_is_asked_about_the_date_and_its_job_run(self) -> None:
        job = {"Id": "jr_1", "JobRunState": "SUCCEEDED"}
        machine, run = pipeline({"ingestion_date": "2025-01-01"}, job=job)
        run()
        assert reported(machine) == {"ingestion_date": "2025-01-01", "job_run": job, "fault": None}

    def test_its_output_says_what_the_job_run_came_to(self) -> None:
        report = {**REPORT, "status": "unchanged"}
        _, run = pipeline({"ingestion_date": "2025-01-01", "force": False}, report=report)
        assert run()["status"] == "unchanged"

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
        known = "ready, unchanged, refused, changed_since, waiting"
        with pytest.raises(StateError, match=rf"^UnknownSensorStatus: The sensor answered perhaps; known: {known}$"):
            run()

    def test_only_a_full_job_is_caught_so_that_a_failed_execution_can_be_redriven(self) -> None:
        states = [value for value in walk(definition("pipeline")) if isinstance(value, dict)]
        caught = [catcher["ErrorEquals"] for state in states for catcher in state.get("Catch", [])]
        assert caught == [["Glue.ConcurrentRunsExceededException", "Glue.ResourceNumberLimitExceededException"]]
