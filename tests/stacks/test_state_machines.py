import pytest

from tests.stacks.machines import definition
from tests.stacks.synthesis import synthesized, walk


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
