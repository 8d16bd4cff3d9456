"""Edge of the backfill's planning: reads the event and answers with the plan that `decision` makes of it."""

from typing import Any

from backfill_plan.decision import as_output, plan_backfill
from shared.logs import StepLog


def handler(event: object, context: object) -> dict[str, Any]:
    """Answer which dates a backfill runs and how."""
    log, plan = StepLog("backfill_plan", context), plan_backfill(event)
    log.info("backfill planned", dates=len(plan.dates), first=min(plan.dates), last=max(plan.dates), force=plan.force)
    return as_output(plan)
