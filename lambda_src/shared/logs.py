"""One JSON line per step on standard output, which CloudWatch Logs Insights reads as fields.

It knows nothing of steps; docs/decisions/150-lambda-logging.md says why this is enough.
"""

import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from core.errors import PipelineError

_Answer = TypeVar("_Answer")


class StepLog:
    """Writes the lines of one invocation, each with the function's name and the request's id."""

    def __init__(self, function: str, context: object) -> None:
        self._fixed = {"function": function, "request_id": getattr(context, "aws_request_id", "")}

    def info(self, step: str, **fields: object) -> None:
        self._write("INFO", step, fields)

    def warning(self, step: str, **fields: object) -> None:
        self._write("WARNING", step, fields)

    def failed(self, step: str, error: Exception, **fields: object) -> None:
        """Say what went wrong with a step that keeps nothing from going on."""
        self.warning(step, **fields, error_type=type(error).__name__, error=str(error))

    def if_known(self, step: str, ask: Callable[[], _Answer]) -> _Answer | None:
        """Return what is asked for, or None with a line that says why it is not known."""
        try:
            return ask()
        except PipelineError as error:
            self.failed(step, error)
            return None

    def _write(self, level: str, step: str, fields: dict[str, Any]) -> None:
        write_line({"level": level, "step": step, **self._fixed, **fields})


def write_line(document: dict[str, Any]) -> None:
    """Write one JSON document in one line; control characters in values come out escaped."""
    sys.stdout.write(json.dumps(document, default=str) + "\n")
    sys.stdout.flush()
