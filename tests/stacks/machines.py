"""The synthesized state machines, and answers for their tasks."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.stacks.synthesis import synthesized

INVOKE = "arn:aws:states:::lambda:invoke"
RUN_JOB = "arn:aws:states:::glue:startJobRun.sync"
PUBLISH = "arn:aws:states:::sns:publish"
START = "arn:aws:states:::states:startExecution.sync:2"
CONTEXT = {"Execution": {"Name": "nightly", "StartTime": "2025-01-02T01:00:00.000Z", "RedriveCount": 0}}

READY = {"ingestion_date": "2025-01-01", "status": "ready", "objects": 1, "published_run_id": None}
UNCHANGED = {**READY, "status": "unchanged", "published_run_id": "20250102T010000Z-0123abcd"}
RUN_ID = "20250102T010000Z-0123abcd"
REPORT = {
    "status": "published",
    "subject": "[events] 2025-01-01 published",
    "message": "10 rows",
    "summary": {"rows_written": 10, "run_id": RUN_ID},
}

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
