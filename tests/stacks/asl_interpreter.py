"""A strict interpreter of the part of Amazon States Language that our machines use; knows nothing of AWS.

An unknown field or an expression without a result is an error, as in Step Functions. Tasks are answered by the test,
and time does not pass.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jsonata import Jsonata

FIELDS = {
    "Pass": {"Type", "Assign", "Output", "Next", "End"},
    "Task": {"Type", "Resource", "Arguments", "TimeoutSeconds", "Retry", "Catch", "Assign", "Output", "Next", "End"},
    "Choice": {"Type", "Choices", "Default"},
    "Wait": {"Type", "Seconds", "Next"},
    "Fail": {"Type", "Error", "Cause"},
    "Map": {"Type", "Items", "MaxConcurrency", "ItemProcessor", "Assign", "Output", "Next", "End"},
}


class StateError(Exception):
    def __init__(self, name: str, cause: str = "") -> None:
        super().__init__(f"{name}: {cause}")
        self.name = name
        self.cause = cause


@dataclass
class Execution:
    """What one execution did: the states it went through, the tasks it asked for, the seconds it would have waited."""

    states: list[str] = field(default_factory=list)
    tasks: list[tuple[str, Any]] = field(default_factory=list)
    waited: int = 0
    retries: int = 0
    concurrency: list[int] = field(default_factory=list)


TaskHandler = Callable[[str, Any], Any]


class Interpreter:
    def __init__(self, definition: Mapping[str, Any], handler: TaskHandler, *, context: Mapping[str, Any]) -> None:
        self._definition = definition
        self._handler = handler
        self._context = dict(context)
        self.execution = Execution()

    def run(self, data: Any) -> Any:
        """Return the output. Raises StateError when the execution fails."""
        return self._machine(self._definition, data, {})

    def _machine(self, machine: Mapping[str, Any], data: Any, variables: Mapping[str, Any]) -> Any:
        scope, name = dict(variables), machine["StartAt"]
        while name is not None:
            state = machine["States"][name]
            unknown = set(state) - FIELDS[state["Type"]]
            assert not unknown, f"{name}: {unknown}"
            self.execution.states.append(name)
            data, name = self._enter(state, data, scope)
        return data

    def _enter(self, state: Mapping[str, Any], data: Any, scope: dict[str, Any]) -> tuple[Any, str | None]:
        match state["Type"]:
            case "Choice":
                return data, self._choose(state, data, scope)
            case "Wait":
                seconds = self._value(state["Seconds"], data, scope)
                assert isinstance(seconds, int), f"{state['Seconds']} is {seconds!r}, not a whole number"
                self.execution.waited += seconds
                return data, state["Next"]
            case "Fail":
                raise StateError(state["Error"], self._value(state["Cause"], data, scope))
            case "Map":
                return self._leave(state, data, scope, self._map(state, data, scope))
            case "Task":
                return self._task(state, data, scope)
            case _:
                return self._leave(state, data, scope, data)

    def _leave(self, state: Mapping[str, Any], data: Any, scope: dict[str, Any], result: Any) -> tuple[Any, str | None]:
        assert state.get("End") is True or state["Next"]
        output = self._value(state["Output"], data, scope, result) if "Output" in state else result
        assigned = self._value(state.get("Assign", {}), data, scope, result)
        scope.update(assigned)
        return output, state.get("Next")

    def _choose(self, state: Mapping[str, Any], data: Any, scope: dict[str, Any]) -> str:
        for choice in state["Choices"]:
            answer = self._value(choice["Condition"], data, scope)
            assert isinstance(answer, bool), f"{choice['Condition']} is {answer!r}, not a boolean"
            if answer:
                return str(choice["Next"])
        return str(state["Default"])

    def _map(self, state: Mapping[str, Any], data: Any, scope: dict[str, Any]) -> list[Any]:
        items = self._value(state["Items"], data, scope)
        assert isinstance(items, list)
        self.execution.concurrency.append(self._value(state["MaxConcurrency"], data, scope))
        return [self._machine(state["ItemProcessor"], item, scope) for item in items]

    def _task(self, state: Mapping[str, Any], data: Any, scope: dict[str, Any]) -> tuple[Any, str | None]:
        attempts = [0] * len(state.get("Retry", []))
        while True:
            arguments = self._value(state["Arguments"], data, scope)
            self.execution.tasks.append((state["Resource"], arguments))
            try:
                return self._leave(state, data, scope, self._handler(state["Resource"], arguments))
            except StateError as error:
                if self._is_retried(state, attempts, error):
                    continue
                for catcher in state.get("Catch", []):
                    if {error.name, "States.ALL"} & set(catcher["ErrorEquals"]):
                        problem = {"Error": error.name, "Cause": error.cause}
                        return self._value(catcher.get("Output", problem), data, scope, error=problem), catcher["Next"]
                raise

    def _is_retried(self, state: Mapping[str, Any], attempts: list[int], error: StateError) -> bool:
        for position, retrier in enumerate(state.get("Retry", [])):
            if error.name in retrier["ErrorEquals"]:
                attempts[position] += 1
                self.execution.retries += 1
                return bool(attempts[position] <= retrier["MaxAttempts"])
        return False

    def _value(self, template: Any, data: Any, scope: Mapping[str, Any], result: Any = None, error: Any = None) -> Any:
        if isinstance(template, dict):
            return {name: self._value(item, data, scope, result, error) for name, item in template.items()}
        if isinstance(template, list):
            return [self._value(item, data, scope, result, error) for item in template]
        found = re.fullmatch(r"\{%(.*)%\}", template, re.DOTALL) if isinstance(template, str) else None
        if found is None:
            return template
        states = {"input": data, "result": result, "errorOutput": error, "context": self._context}
        return _evaluate(found[1].strip(), {**scope, "states": states})


def _evaluate(expression: str, variables: Mapping[str, Any]) -> Any:
    value = _query(expression, variables)
    if value is None and not _query(f"$exists(({expression}))", variables):
        raise StateError("States.QueryEvaluationError", f"no result: {expression}")
    return json.loads(json.dumps(value))


def _query(expression: str, variables: Mapping[str, Any]) -> Any:
    query = Jsonata(expression)
    frame = query.create_frame()
    for name, value in variables.items():
        frame.bind(name, value)
    return query.evaluate(None, frame)
