"""What the emulator's Step Functions lack: Glue tasks, nested executions as executions, stopping, time limits."""

import json
import threading
import time
from contextvars import ContextVar
from typing import Any, Final

from ministack.core.responses import now_iso
from ministack.services import glue, stepfunctions

from local_cloud.cancellation import Scope, inside, stopped_by
from local_cloud.glue_jobs import ENDED, find_run
from local_cloud.seams import UnknownEmulator, replace, require

_POLL_SECONDS: Final = 0.1
_START_JOB_RUN: Final = "arn:aws:states:::glue:startJobRun"
_RUNNING: Final = "RUNNING"
Data = dict[str, Any]
executing: Final[ContextVar[str]] = ContextVar("executing")
"""The ARN of the execution that the work of this context belongs to."""

_scopes: dict[str, Scope] = {}


def install() -> None:
    """Put the missing behaviour in place."""
    if _START_JOB_RUN in stepfunctions._SERVICE_DISPATCH:
        raise UnknownEmulator("stepfunctions runs Glue jobs by itself; this adapter was not written for that")
    stepfunctions._SERVICE_DISPATCH[_START_JOB_RUN] = _start_job_run
    require(stepfunctions, "_emit_execution_status_event", parameters=["execution"])
    require(stepfunctions, "_add_event", parameters=["execution", "event_type", "details"])
    require(stepfunctions, "_nested_start_execution_request", parameters=["input_data"])
    require(stepfunctions, "_start_execution", parameters=["data"])
    require(stepfunctions, "_describe_execution", parameters=["data"])
    replace(stepfunctions, "_invoke_nested_start_execution_sync", _run_nested, parameters=["resource", "input_data"])
    _wrap_executions()
    _wrap_tasks()
    _wrap_task_timeout()


def _start_job_run(resource: str, arguments: Data) -> Any:
    """Carry out `glue:startJobRun` and, for `.sync`, wait for the run, which ends with the task."""
    answer = _answer(glue._start_job_run(arguments), service="Glue")
    if not resource.endswith(".sync"):
        return answer
    name, run_id = arguments["JobName"], answer["JobRunId"]
    run = find_run(name, run_id)
    if run is None:
        raise stepfunctions._ExecutionError("Glue.EntityNotFoundException", f"job run {run_id} is gone")
    with stopped_by(lambda: glue._batch_stop_job_run({"JobName": name, "JobRunIds": [run_id]})):
        while run["JobRunState"] not in ENDED:
            time.sleep(_POLL_SECONDS)
    if run["JobRunState"] != "SUCCEEDED":
        raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(run))
    return run


def _run_nested(resource: str, arguments: Data) -> Any:
    """Carry out `startExecution.sync`: an execution like any other, with its events, that ends with this one."""
    request = stepfunctions._nested_start_execution_request(arguments)
    arn = _answer(stepfunctions._start_execution(request), service="StepFunctions")["executionArn"]
    child = stepfunctions._executions[arn]
    with stopped_by(lambda: stepfunctions._stop_execution({"executionArn": arn})):
        while child["status"] == _RUNNING:
            time.sleep(_POLL_SECONDS)
    described = _answer(stepfunctions._describe_execution({"executionArn": arn}), service="StepFunctions")
    result = {name[0].upper() + name[1:]: value for name, value in described.items()}
    if child["status"] != "SUCCEEDED":
        raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(result))
    if resource.endswith(".sync:2"):
        result |= {name: json.loads(result[name]) for name in ("Input", "Output")}
    return result


def _wrap_executions() -> None:
    """Give every execution a scope that stopping it or running out of its time cancels."""

    def run_execution(arn: str) -> None:
        scope = _scopes[arn] = Scope()
        timer = _timer(arn)
        executing.set(arn)
        try:
            with inside(scope):
                run(arn)
        finally:
            timer.cancel()
            _scopes.pop(arn, None)

    def stop_execution(data: Data) -> Any:
        answer = stop(data)
        _cancel(data.get("executionArn", ""))
        return answer

    def fail_execution(execution: Data, error: str, cause: str) -> None:
        if execution["status"] == _RUNNING:  # what was aborted or ran out of time stays so
            fail(execution, error, cause)

    run = replace(stepfunctions, "_run_execution", run_execution, parameters=["exec_arn"])
    stop = replace(stepfunctions, "_stop_execution", stop_execution, parameters=["data"])
    fail = replace(stepfunctions, "_fail_execution", fail_execution, parameters=["execution", "error", "cause"])


def _wrap_tasks() -> None:
    """Let an execution that was stopped begin no task any more, whatever its maps and catches would go on with."""

    def execute_task(state_def: Data, raw_input: Any, execution: Data, ctx: Data) -> Any:
        arn = executing.get(None)
        if arn is not None and stepfunctions._executions[arn]["status"] != _RUNNING:
            raise stepfunctions._ExecutionError("States.Runtime", f"{arn} has ended")
        return original(state_def, raw_input, execution, ctx)

    original = replace(
        stepfunctions, "_execute_task", execute_task, parameters=["state_def", "raw_input", "execution", "ctx"]
    )


def _wrap_task_timeout() -> None:
    """Stop a task's work when the task runs out of its time."""

    def invoke(resource: str, input_data: Data, timeout: float) -> Any:
        scope = Scope()
        try:
            with inside(scope):
                return original(resource, input_data, timeout)
        except stepfunctions._ExecutionError as error:
            if error.error == "States.Timeout":
                scope.cancel()
            raise

    original = replace(
        stepfunctions, "_invoke_resource_with_timeout", invoke, parameters=["resource", "input_data", "timeout"]
    )


def _timer(arn: str) -> threading.Timer:
    execution = stepfunctions._executions[arn]
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"]) or {}
    seconds = json.loads(machine.get("definition") or "{}").get("TimeoutSeconds")
    timer = threading.Timer(seconds or threading.TIMEOUT_MAX, _time_out, args=(execution,))
    timer.daemon = True
    if seconds:
        timer.start()
    return timer


def _time_out(execution: Data) -> None:
    if execution["status"] == _RUNNING:
        execution.update(status="TIMED_OUT", stopDate=now_iso())
        stepfunctions._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {}})
        stepfunctions._emit_execution_status_event(execution)
        _cancel(execution["executionArn"])


def _cancel(arn: str) -> None:
    scope = _scopes.get(arn)
    if scope is not None:
        scope.cancel()


def _answer(response: Any, *, service: str) -> Data:
    status, _, body = response
    answer: Data = json.loads(body)
    if status >= 300:
        error = str(answer.get("__type", "UnknownError")).rpartition("#")[2]
        raise stepfunctions._ExecutionError(f"{service}.{error}", answer.get("message", ""))
    return answer
