"""Edge of the backfill's summary: reads the results and the environment; `decision` says what they come to."""

import os
from typing import Any

from backfill_summary.decision import as_output, read_results
from shared.environment import Environment
from shared.logs import StepLog


def handler(event: object, context: object) -> dict[str, Any]:
    """Answer what became of each date, with the message to send."""
    log, environment = StepLog("backfill_summary", context), Environment(os.environ)
    output = as_output(read_results(event), dataset=environment.dataset(), options=environment.command_options())
    log.info("backfill ended", **{status: len(output[status]) for status in ("published", "unchanged", "failed")})
    return output
