"""Edge of the backfill's planning: reads event and environment and answers with the plan that `decision` makes."""

import os
from typing import Any

from backfill_plan.decision import as_output, plan_backfill
from shared.environment import Environment
from shared.logs import StepLog


def handler(event: object, context: object) -> dict[str, Any]:
    """Answer which dates a backfill runs and how."""
    log, runs = StepLog("backfill_plan", context), Environment(os.environ).max_concurrent_runs()
    plan = plan_backfill(event, max_concurrent_runs=runs)
    log.info("backfill planned", dates=len(plan.dates), first=min(plan.dates), last=max(plan.dates), force=plan.force)
    return as_output(plan)
