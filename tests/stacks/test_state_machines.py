from collections.abc import Iterator
from typing import Any

import pytest

from config import ENVIRONMENTS
from tests.stacks.machines import INVOKE, PUBLISH, RUN_JOB, START, definition
from tests.stacks.synthesis import synthesized, walk

# For how many seconds each kind of task waits out an outage at the most, and by which errors it knows one.
OUTAGES = {
    INVOKE: (
        122,
        """
        Lambda.ServiceException Lambda.AWSLambdaException Lambda.SdkClientException Lambda.TooManyRequestsException
        Lambda.ClientExecutionTimeoutException ServiceThrottled ServiceUnavailable
        """,
    ),
    RUN_JOB: (
        275,
        """
        Glue.AWSGlueException Glue.ThrottlingException Glue.InternalServiceException Glue.OperationTimeoutException
        Glue.SdkClientException
        """,
    ),
    PUBLISH: (
        122,
        """
        SNS.AmazonSNSException SNS.InternalErrorException SNS.ThrottledException SNS.KMSThrottlingException
        SNS.SdkClientException
        """,
    ),
    START: (
        515,
        """
        StepFunctions.AWSStepFunctionsException StepFunctions.ExecutionLimitExceededException
        StepFunctions.ThrottlingException StepFunctions.SdkClientException
        """,
    ),
}
# What the tasks of each machine call, by the name that it has.
CALLED = {
    "pipeline": {
        "FindRawData": "prod-events-sensor",
        "CurateDay": "prod-events-curation",
        "Report": "prod-events-report",
        "NotifySuccess": "the topic",
    },
    "days": {"RunDate": "prod-events-pipeline"},
    "backfill": {
        "Plan": "prod-events-backfill-plan",
        "RunDates": "prod-events-days",
        "Summarize": "prod-events-backfill-summary",
        "NotifySummary": "the topic",
    },
}


def tasks(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the tasks of a machine by their names, also those inside a map."""
    for value in walk(definition(name)):
        for state_name, state in value.get("States", {}).items() if isinstance(value, dict) else ():
            if state["Type"] == "Task":
                yield state_name, state


def names() -> dict[str, str]:
    """Return the names of what tasks call, by how a definition refers to it."""
    kinds = (
        ("AWS::Lambda::Function", "FunctionName", "<{}.Arn>"),
        ("AWS::Glue::Job", "Name", "<{}>"),
        ("AWS::StepFunctions::StateMachine", "StateMachineName", "<{}>"),
    )
    found = {
        form.format(logical_id): str(resource["Properties"][name])
        for kind, name, form in kinds
        for logical_id, resource in synthesized().resources(kind).items()
    }
    return {**found, synthesized().exported("AlertsTopic"): "the topic"}


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

    @pytest.mark.parametrize("name", CALLED)
    def test_each_task_waits_out_an_outage_of_its_service(self, name: str) -> None:
        for _, task in tasks(name):
            (retrier,) = task["Retry"]
            pauses = [
                min(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** attempt, retrier["MaxDelaySeconds"])
                for attempt in range(retrier["MaxAttempts"])
            ]
            seconds, errors = OUTAGES[task["Resource"]]
            assert set(retrier["ErrorEquals"]) == set(errors.split())
            assert sum(pauses) == seconds

    @pytest.mark.parametrize("name", CALLED)
    def test_each_task_calls_what_it_is_named_for(self, name: str) -> None:
        targets = ("FunctionName", "JobName", "TopicArn", "StateMachineArn")
        found = {
            state: names()[value]
            for state, task in tasks(name)
            for key, value in task["Arguments"].items()
            if key in targets
        }
        assert found == CALLED[name]

    @pytest.mark.parametrize("name", ["pipeline", "backfill", "days"])
    def test_every_state_is_reached_and_leads_on(self, name: str) -> None:
        machine = definition(name)
        states = machine["States"]
        assert machine["QueryLanguage"] == "JSONata"
        named = {machine["StartAt"]} | {
            value[key]
            for value in walk(states)
            if isinstance(value, dict)
            for key in ("Next", "Default")
            if key in value
        }
        inside = {inner for state in states.values() for inner in state.get("ItemProcessor", {}).get("States", {})}
        assert named - inside == set(states)
        for value in walk(machine):
            for state in value.get("States", {}).values() if isinstance(value, dict) else ():
                leads_on = {"Next", "End", "Default"} & set(state)
                assert len(leads_on) == (state["Type"] != "Fail")
                assert state.get("End", True) is True

    def test_a_date_that_failed_is_a_result_and_not_run_again(self) -> None:
        """The interpreter of the other tests ends a state that may be the last one, whatever was caught."""
        states = definition("days")["States"]["RunBatch"]["ItemProcessor"]["States"]
        assert [catcher["Next"] for catcher in states["RunDate"]["Catch"]] == ["DateFailed"]
        assert states["DateFailed"] == {"Type": "Pass", "End": True}

    def test_dates_of_a_batch_run_inside_the_execution_that_began_them(self) -> None:
        """In a distributed map each would be an execution more, with a history and a name of its own."""
        assert definition("days")["States"]["RunBatch"]["ItemProcessor"]["ProcessorConfig"] == {"Mode": "INLINE"}

    def test_timeouts_are_ordered_job_task_execution_backfill(self) -> None:
        job_minutes = synthesized().only("AWS::Glue::Job", Name="prod-events-curation")["Timeout"]
        task = definition("pipeline")["States"]["CurateDay"]["TimeoutSeconds"]
        timeouts = [definition(name)["TimeoutSeconds"] for name in ("pipeline", "days", "backfill")]
        ordered = [job_minutes * 60, task, *timeouts]
        assert ordered == sorted(set(ordered))

    def test_timeouts_are_those_of_the_settings(self) -> None:
        settings = ENVIRONMENTS["prod"]
        hours = settings.backfill_timeout_hours
        assert definition("pipeline")["States"]["CurateDay"]["TimeoutSeconds"] == settings.task_timeout_minutes * 60
        assert definition("pipeline")["TimeoutSeconds"] == settings.execution_timeout_minutes * 60
        assert definition("backfill")["TimeoutSeconds"] == hours * 3600
        # An hour is left to sum up what did not end.
        assert definition("days")["TimeoutSeconds"] == (hours - 1) * 3600
