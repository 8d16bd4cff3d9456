"""What Step Functions tells in nested JSON: why something failed, and what a function answered.

A Glue task's cause is the job run, a Lambda task's is the error with its trace, and a nested execution's is that
execution with a cause of its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from core.documents import json_object

_MAX_DEPTH: Final = 8


@dataclass(frozen=True)
class Cause:
    """The innermost reason, and what it was found in: the error's class, the job run, the nested execution."""

    text: str
    error: str = ""
    job_run_id: str = ""
    job_state: str = ""
    execution: str = ""


def read_cause(cause: object, *, error: str = "", depth: int = 0) -> Cause:
    """Unwrap a cause, given as text or as JSON values; whatever is not understood is the reason as it stands."""
    document = json_object(cause)
    if document is None or depth >= _MAX_DEPTH:
        return Cause(_text(cause), error)
    if "JobRunState" in document:
        return _job_run(document)
    if "errorMessage" in document:
        return Cause(_text(document["errorMessage"]), _text(document.get("errorType") or error))
    if "Cause" in document:
        inner = read_cause(document["Cause"], error=_text(document.get("Error") or error), depth=depth + 1)
        return replace(inner, execution=inner.execution or _text(document.get("ExecutionArn")))
    return Cause(_text(cause), error)


def answer_in(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a function answered in an event of an execution's history; nothing for all others."""
    task = json_object(event.get("taskSucceededEventDetails", {}).get("output")) or {}
    answer = task.get("Payload")
    return answer if isinstance(answer, dict) else {}


def _job_run(document: dict[str, Any]) -> Cause:
    state = _text(document["JobRunState"])
    message = _text(document.get("ErrorMessage")) or f"the job run ended as {state}"
    return Cause(message, "States.TaskFailed", job_run_id=_text(document.get("Id")), job_state=state)


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, default=str)
