"""What became of each date of a backfill, and how to say it in a few lines however many dates there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from core.causes import read_cause
from shared.inputs import Input
from shared.messages import Message, clean, subject

_STATUSES: Final = ("published", "unchanged", "failed", "not_started")
_FAILURES_SHOWN: Final = 20
_REASON_LIMIT: Final = 500
# All reasons of an output together, which has to stay below Step Functions' 256 KiB.
_REASONS_LENGTH: Final = 30_000


@dataclass(frozen=True)
class Failure:
    ingestion_date: date
    reason: str


@dataclass(frozen=True)
class BackfillResult:
    """The dates of one backfill by what became of them, each list in order of date."""

    published: tuple[date, ...]
    unchanged: tuple[date, ...]
    failed: tuple[Failure, ...]
    not_started: tuple[date, ...]
    on_failure: str


def read_results(event: object) -> BackfillResult:
    """Read the results of the runs. Raises InvalidInput."""
    given = Input(event, allowed=("results", "on_failure"))
    rows = [_row(item, position) for position, item in enumerate(given.items("results"))]
    by_status = {status: sorted(failure for found, failure in rows if found == status) for status in _STATUSES}
    return BackfillResult(
        published=tuple(day for day, _ in by_status["published"]),
        unchanged=tuple(day for day, _ in by_status["unchanged"]),
        failed=tuple(Failure(day, reason) for day, reason in by_status["failed"]),
        not_started=tuple(day for day, _ in by_status["not_started"]),
        on_failure=given.one_of("on_failure", ("stop", "continue"), default="stop"),
    )


def as_output(result: BackfillResult, *, dataset: str) -> dict[str, Any]:
    """Return the summary for the state machine, with the message to send."""
    message = summary_message(result, dataset=dataset)
    limit = min(_REASON_LIMIT, _REASONS_LENGTH // max(1, len(result.failed)))
    return {
        "published": [str(day) for day in result.published],
        "unchanged": [str(day) for day in result.unchanged],
        "failed": [
            {"ingestion_date": str(failure.ingestion_date), "reason": clean(failure.reason, limit=limit)}
            for failure in result.failed
        ],
        "not_started": [str(day) for day in result.not_started],
        "subject": message.subject,
        "message": message.body,
    }


def summary_message(result: BackfillResult, *, dataset: str) -> Message:
    """Write the summary for people."""
    groups = {"published": result.published, "unchanged": result.unchanged, "failed": _failed_days(result)}
    counts = ", ".join(f"{len(days):,} {status}" for status, days in groups.items())
    groups["not started"] = result.not_started
    lines = [f"{status.capitalize() + ':':<13}{_ranges(days)}" for status, days in groups.items() if days]
    body = "\n".join([f"Backfill of {dataset}: {counts}.", "", *lines, *_failures(result), *_next(result)])
    return Message(subject(f"[{dataset}] backfill {'failed' if result.failed else 'finished'}: {counts}"), f"{body}\n")


def _row(item: object, position: int) -> tuple[str, tuple[date, str]]:
    given = Input(item, allowed=("ingestion_date", "status", "reason"), name=f"results[{position}]")
    reason = read_cause(given.value("reason")).text if given.has("reason") else ""
    return given.one_of("status", _STATUSES), (given.day("ingestion_date"), reason or "no reason was given")


def _failed_days(result: BackfillResult) -> tuple[date, ...]:
    return tuple(failure.ingestion_date for failure in result.failed)


def _failures(result: BackfillResult) -> list[str]:
    shown = result.failed[:_FAILURES_SHOWN]
    lines = [_failure(failure) for failure in shown]
    more = [f"- and {len(result.failed) - len(shown)} more"] if len(result.failed) > len(shown) else []
    return ["", *lines, *more] if lines else []


def _failure(failure: Failure) -> str:
    reason = clean(failure.reason, limit=_REASON_LIMIT)
    named = reason if str(failure.ingestion_date) in reason else f"{failure.ingestion_date}: {reason}"
    return f"- {named}"


def _next(result: BackfillResult) -> list[str]:
    if not result.failed:
        return []
    stopped = "It stopped at the first failure, as on_failure says. " if result.on_failure == "stop" else ""
    return ["", f"{stopped}Next: fix the cause, then start the same backfill again; published dates are skipped."]


def _ranges(days: Sequence[date]) -> str:
    """Write days with runs of consecutive ones as first to last."""
    spans: list[tuple[date, date]] = []
    for day in days:
        if spans and spans[-1][1] + timedelta(days=1) == day:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    shown = [str(first) if first == last else f"{first} to {last}" for first, last in spans[:_FAILURES_SHOWN]]
    more = [f"and {len(spans) - len(shown)} more"] if len(spans) > len(shown) else []
    return ", ".join([*shown, *more])
