"""Executions that are stopped, as a client sees them."""

import json
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest

from local_cloud.tests.emulator import ACCOUNT, client, emulator

_SERVE: Final = "import local_cloud.step_functions as parts; parts.install(); from ministack import app; app.main()"
_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/any"
_ITEMS: Final = 6


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with emulator(tmp_path_factory.mktemp("steps"), ["-c", _SERVE]) as url:
        yield client("stepfunctions", url)


def _machine(steps: Any, name: str, definition: dict[str, Any]) -> str:
    made = steps.create_state_machine(name=name, roleArn=_ROLE, definition=json.dumps(definition))
    arn: str = made["stateMachineArn"]
    return arn


def _until(steps: Any, machine: str, status: str) -> list[str]:
    """Return the executions of a machine as soon as one has a status."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = [item["status"] for item in steps.list_executions(stateMachineArn=machine)["executions"]]
        if status in found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"no execution of {machine} became {status}")


@pytest.mark.parametrize("catches", [False, True], ids=["a failure ends it", "failures are caught"])
def test_one_that_was_stopped_starts_nothing_more(steps: Any, catches: bool) -> None:
    waiting = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}
    child = _machine(steps, f"child-{catches}", waiting)
    run = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": child, "Input.$": "$"},
        "End": True,
    }
    if catches:
        run["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "Again"}]
    states = {"Run": run, "Again": {**run, "Catch": []}} if catches else {"Run": run}
    each = {"Type": "Map", "MaxConcurrency": 1, "Iterator": {"StartAt": "Run", "States": states}, "End": True}
    parent = _machine(steps, f"parent-{catches}", {"StartAt": "Each", "States": {"Each": each}})
    asked = json.dumps([{} for _ in range(_ITEMS)])
    execution = steps.start_execution(stateMachineArn=parent, input=asked)["executionArn"]
    assert _until(steps, child, "RUNNING") == ["RUNNING"]
    steps.stop_execution(executionArn=execution)
    assert _until(steps, child, "ABORTED") == ["ABORTED"]
    time.sleep(1)
    assert _until(steps, child, "ABORTED") == ["ABORTED"]
    assert steps.describe_execution(executionArn=execution)["status"] == "ABORTED"
