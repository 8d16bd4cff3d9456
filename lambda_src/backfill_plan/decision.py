"""The dates of a backfill and how they are run; what a run does is not known here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from core.backfills import name_prefix
from core.days import MOST_AT_ONCE, days_from, too_many_dates
from shared.inputs import Input, InvalidInput, parse_day

_KEYS: Final = ("start", "end", "dates", "max_concurrency", "on_failure", "force", "backfill_id")


@dataclass(frozen=True)
class BackfillPlan:
    """The runs of one backfill, in the order given. A run's execution name is ``<name_prefix>-<ingestion_date>``."""

    dates: tuple[date, ...]
    name_prefix: str
    max_concurrency: int
    on_failure: str
    force: bool


def plan_backfill(event: object, *, max_concurrent_runs: int) -> BackfillPlan:
    """Read and validate the input of a backfill; more dates at once than the job allows would only wait and give up.

    Raises:
        InvalidInput: naming the key, its value and what is allowed.
    """
    given, concurrency = Input(event, allowed=_KEYS), min(MOST_AT_ONCE, max_concurrent_runs)
    return BackfillPlan(
        dates=_dates(given),
        name_prefix=name_prefix(given.text("backfill_id")),
        max_concurrency=given.whole("max_concurrency", default=1, minimum=1, maximum=concurrency),
        on_failure=given.one_of("on_failure", ("stop", "continue"), default="stop"),
        force=given.flag("force", default=False),
    )


def as_output(plan: BackfillPlan) -> dict[str, Any]:
    """Return the plan for the state machine; it holds nothing per run but the date, to stay below 256 KiB."""
    return {
        "runs": [{"ingestion_date": str(day)} for day in plan.dates],
        "name_prefix": plan.name_prefix,
        "max_concurrency": plan.max_concurrency,
        "on_failure": plan.on_failure,
        "force": plan.force,
    }


def _dates(given: Input) -> tuple[date, ...]:
    has_range = given.has("start") or given.has("end")
    if has_range == given.has("dates"):
        raise InvalidInput("the input needs either start and end (both inclusive) or dates, and not both")
    return _range(given.day("start"), given.day("end")) if has_range else _listed(given.items("dates"))


def _range(start: date, end: date) -> tuple[date, ...]:
    if start > end:
        raise InvalidInput(f"the input: start {start} is after end {end}; exchange them")
    _limit((end - start).days + 1, f"{start} to {end}")
    return tuple(days_from(start, end))


def _listed(values: Sequence[object]) -> tuple[date, ...]:
    if not values:
        raise InvalidInput("the input: dates is empty; give at least one, such as 2025-01-31")
    _limit(len(values), "dates")
    days = tuple(parse_day(value, f"the input: dates[{position}]") for position, value in enumerate(values))
    seen: set[date] = set()
    for position, day in enumerate(days):
        if day in seen:
            raise InvalidInput(f"the input: dates[{position}] repeats {day}; give each date once")
        seen.add(day)
    return days


def _limit(count: int, what: str) -> None:
    if (problem := too_many_dates(count)) is not None:
        raise InvalidInput(f"the input: {what} {problem}")
