"""Runs a state machine in LocalStack's interpreter, which moto carries, with JSONata by its reference implementation.

Neither knows the emulator that the embedded AWS runs its machines in. Tasks are answered by the test, and time does not
pass: waits and pauses between attempts are counted.
"""

import atexit
import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from unittest import mock

from moto.stepfunctions.parser import quotas
from moto.stepfunctions.parser.api import HistoryEventType, StateMachineType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.inline_iteration_component import (
    InlineIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.evaluation_details import AWSExecutionDetails
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramError
from moto.stepfunctions.parser.asl.eval.variable_store import NoSuchVariable
from moto.stepfunctions.parser.asl.jsonata.jsonata import extract_jsonata_variable_references
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.mocking.mock_config import MockedResponseReturn

JSONATA: Final = Path(__file__).with_name("jsonata.mjs")


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
    events: int = 0  # of its history; AWS adds those of its start and of a task's submission
    retries: int = 0
    concurrency: list[int] = field(default_factory=list)


TaskHandler = Callable[[str, Any], Any]


class Interpreter:
    def __init__(self, definition: Mapping[str, Any], handler: TaskHandler, *, context: Mapping[str, Any]) -> None:
        self._definition = json.dumps(definition)
        self._handler = handler
        self._context = context
        self.execution = Execution()

    def run(self, data: Any) -> Any:
        """Return the output. Raises StateError when the execution fails."""
        program, _ = AmazonStateLanguageParser.parse(self._definition)
        context: Any = {
            "Execution": {"Id": "", "RoleArn": "", "Input": data, **self._context["Execution"]},
            "StateMachine": {"Id": "", "Name": ""},
        }
        environment = Environment(
            aws_execution_details=AWSExecutionDetails(account="111122223333", region="eu-west-1", role_arn=""),
            execution_type=StateMachineType.STANDARD,
            context=context,
            event_history_context=EventHistoryContext.of_program_start(),
            cloud_watch_logging_session=None,
            activity_store={},
        )
        with self._outside_world():
            program.eval(environment)
        self.execution.events = len(environment.event_manager.get_event_history())
        ended: Any = environment.program_state()
        if isinstance(ended, ProgramError):
            problem: Any = ended.error
            raise StateError(problem["error"], problem.get("cause", ""))
        assert isinstance(ended, ProgramEnded)
        return environment.states.get_input()

    @contextmanager
    def _outside_world(self) -> Iterator[None]:
        """Put this execution's in place of what the interpreter would call: AWS, the clock, a JSONata of its own."""
        done = self.execution
        enter, iterate = CommonStateField.eval, InlineIterationComponent._eval_body
        ask = StateTaskService._before_eval_execution

        def entered(state: Any, environment: Any) -> None:
            done.states.append(state.name)
            enter(state, environment)

        def iterated(component: Any, environment: Any) -> None:
            done.concurrency.append(environment.stack[-1].max_concurrency)
            iterate(component, environment)

        def asked(state: Any, env: Any, *, raw_parameters: Any, **others: Any) -> None:
            env.asked = state.resource.resource_arn, raw_parameters
            done.tasks.append(env.asked)
            ask(state, env, raw_parameters=raw_parameters, **others)

        def answered(environment: Any) -> MockedResponseReturn:
            try:
                return MockedResponseReturn(0, 0, self._handler(*environment.asked))
            except StateError as error:
                raise _failure(environment, error) from error

        def waited(_: Any, *, env: Any, wait_seconds: int) -> None:  # noqa: ARG001, the interpreter names it
            done.waited += wait_seconds

        def paused(_: float) -> None:
            done.retries += 1

        instead = [
            (StateTaskService, "_before_eval_execution", asked),
            (Environment, "is_mocked_mode", lambda _: True),
            (Environment, "get_current_mocked_response", answered),
            (CommonStateField, "eval", entered),
            (InlineIterationComponent, "_eval_body", iterated),
            (WaitFunction, "_wait_interval", waited),
            (retrier_decl, "time", SimpleNamespace(sleep=paused)),
            (StringJSONata, "_eval_body", _evaluated),
            # The limit is one of UTF-8, and it would count what JSON escapes:
            # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
            (quotas, "to_json_str", partial(json.dumps, ensure_ascii=False, separators=(",", ":"))),
        ]
        with ExitStack() as replaced:
            for owner, name, substitute in instead:
                replaced.enter_context(mock.patch.object(owner, name, substitute))
            yield


def _evaluated(string: Any, environment: Any) -> None:
    variables = {"states": environment.states._states_data}
    for reference in extract_jsonata_variable_references(string.expression):
        name = reference.removeprefix("$").split(".")[0]
        with suppress(NoSuchVariable):  # then it is a function
            variables.setdefault(name, environment.variable_store.get(name))
    answer = _jsonata(string.expression, variables)
    if "value" not in answer:
        why = f"{string.expression}: {answer.get('error', 'no result')}"
        raise _failure(environment, StateError("States.QueryEvaluationError", why))
    environment.stack.append(answer["value"])


def _failure(environment: Any, error: StateError) -> FailureEventException:
    of_the_language = error.name.startswith("States.")
    details: Any = {"taskFailedEventDetails": {"error": error.name, "cause": error.cause}}
    return FailureEventException(
        FailureEvent(
            environment,
            StatesErrorName.from_name(error.name) if of_the_language else CustomErrorName(error.name),
            HistoryEventType.TaskFailed,
            event_details=details,
        )
    )


def _jsonata(expression: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    node, asked = _node()
    with asked:
        assert node.stdin
        assert node.stdout
        print(json.dumps([expression, variables]), file=node.stdin, flush=True)
        line = node.stdout.readline()
        assert line, f"{JSONATA} ended; its reason is on stderr"
        answer: dict[str, Any] = json.loads(line)
        return answer


@cache
def _node() -> tuple[subprocess.Popen[str], threading.Lock]:
    """Start Node, once a process; the items of a map ask it from threads of their own."""
    command = [shutil.which("node") or "node", str(JSONATA)]
    node = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
    atexit.register(node.communicate)
    return node, threading.Lock()
