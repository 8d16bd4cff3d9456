"""What became of each date of a backfill, and how to say it in a few lines however many dates there are."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from core.causes import read_cause
from core.days import MOST_AT_ONCE, days_from
from core.wording import backfill_flags, first_of, with_options
from shared.inputs import Input
from shared.messages import Message, clean, subject

_STATUSES: Final = ("published", "unchanged", "failed", "not_started")
_FAILURES_SHOWN: Final = 20
_REASON_LIMIT: Final = 500
# The state machine cuts a reason off at 300, in the units that JavaScript counts.
_CUT_FROM: Final = 290
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
    max_concurrency: int = 1
    force: bool = False

    @property
    def days(self) -> list[date]:
        """All dates of the backfill, in order."""
        return sorted({*self.published, *self.unchanged, *_failed_days(self), *self.not_started})

    @property
    def left(self) -> list[date]:
        """The dates that are still to be run, in order."""
        return sorted({*_failed_days(self), *self.not_started})


def read_results(event: object) -> BackfillResult:
    """Read the results of the runs. Raises InvalidInput."""
    given = Input(event, allowed=("results", "on_failure", "max_concurrency", "force"))
    rows = [_row(item, position) for position, item in enumerate(given.items("results"))]
    by_status = {status: sorted(failure for found, failure in rows if found == status) for status in _STATUSES}
    return BackfillResult(
        published=tuple(day for day, _ in by_status["published"]),
        unchanged=tuple(day for day, _ in by_status["unchanged"]),
        failed=tuple(Failure(day, reason) for day, reason in by_status["failed"]),
        not_started=tuple(day for day, _ in by_status["not_started"]),
        on_failure=given.one_of("on_failure", ("stop", "continue"), default="stop"),
        max_concurrency=given.whole("max_concurrency", default=1, minimum=1, maximum=MOST_AT_ONCE),
        force=given.flag("force", default=False),
    )


def as_output(result: BackfillResult, *, dataset: str, options: str = "") -> dict[str, Any]:
    """Return the summary for the state machine, with the message to send."""
    message = summary_message(result, dataset=dataset, options=options)
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


def summary_message(result: BackfillResult, *, dataset: str, options: str = "") -> Message:
    """Write the summary for people; ``options`` are what a command of `pipeline` needs to mean this dataset."""
    groups = {"published": result.published, "unchanged": result.unchanged, "failed": _failed_days(result)}
    counts = ", ".join(f"{len(days):,} {status}" for status, days in groups.items())
    if result.not_started:
        counts += f", {len(result.not_started):,} not started"
    groups["not started"] = result.not_started
    lines = [f"{status.capitalize() + ':':<13}{_ranges(days)}" for status, days in groups.items() if days]
    next_step = _next(result, options)
    body = "\n".join([f"Backfill of {dataset}: {counts}.", "", *lines, *_failures(result, options), *next_step])
    return Message(subject(f"[{dataset}] backfill {_span(result.days)}{_outcome(result)}"), f"{body}\n")


def _outcome(result: BackfillResult) -> str:
    """Say what came of a backfill; first what is left to do, as a subject may be too long."""
    counts = {
        "failed": result.failed,
        "not started": result.not_started,
        "published": result.published,
        "unchanged": result.unchanged,
    }
    told = ", ".join(f"{len(days):,} {status}" for status, days in counts.items() if days)
    return f"{'failed' if result.failed else 'finished'}: {told or 'no dates'}"


def _row(item: object, position: int) -> tuple[str, tuple[date, str]]:
    given = Input(item, allowed=("ingestion_date", "status", "reason"), name=f"results[{position}]")
    reason = read_cause(given.value("reason")).text if given.has("reason") else ""
    return given.one_of("status", _STATUSES), (given.day("ingestion_date"), reason or "no reason was given")


def _failed_days(result: BackfillResult) -> tuple[date, ...]:
    return tuple(failure.ingestion_date for failure in result.failed)


def _failures(result: BackfillResult, options: str) -> list[str]:
    shown = result.failed[:_FAILURES_SHOWN]
    lines = [_failure(failure, options) for failure in shown]
    more = [f"- and {len(result.failed) - len(shown)} more"] if len(result.failed) > len(shown) else []
    return ["", *lines, *more] if lines else []


def _failure(failure: Failure, options: str) -> str:
    day, reason = failure.ingestion_date, clean(_whole_parts(failure), limit=_REASON_LIMIT)
    return f"- {with_options(reason if str(day) in reason else f'{day}: {reason}', options)}"


def _whole_parts(failure: Failure) -> str:
    """Leave out the end of a reason that the state machine has cut off: half a path or command would be another one."""
    reason = failure.reason
    units = len(reason.encode("utf-16-le", "surrogatepass")) // 2
    if units < _CUT_FROM:
        return reason
    kept = reason.rpartition("; ")[0] or f"{reason[: _CUT_FROM // 2].rpartition(' ')[0]}..."
    return f"{kept}; for more: pipeline status {failure.ingestion_date}"


def _next(result: BackfillResult, options: str) -> list[str]:
    if not result.failed:
        return []
    stopped = "It stopped at the first failure, as on_failure says. " if result.on_failure == "stop" else ""
    commands = [with_options(command, options) for command in _commands(result)]
    skipped = "" if result.force else " Published dates are skipped."
    return ["", f"{stopped}Next: fix the cause, then run what is left.{skipped}", "", *commands]


def _commands(result: BackfillResult) -> list[str]:
    """Return the commands that run the dates that are left, and no date that the backfill was not for.

    Where published dates are not skipped, a command is for the dates between two of them.
    """
    spans = _spans(result.left, () if result.force else result.days)
    flags = backfill_flags(
        concurrency=result.max_concurrency, goes_on=result.on_failure == "continue", is_forced=result.force
    )
    shown = [f"  pipeline backfill {first} {last}{flags}" for first, last in spans[:_FAILURES_SHOWN]]
    more = [f"  and {len(spans) - len(shown)} more, up to {spans[-1][1]}"] if len(spans) > len(shown) else []
    return [*shown, *more]


def _span(days: Sequence[date]) -> str:
    """Name the dates of a backfill in a subject."""
    if not days:
        return ""
    return f"{days[0]} " if len(days) == 1 else f"{days[0]} to {days[-1]} "


def _spans(days: Sequence[date], passed_over: Collection[date] = ()) -> list[tuple[date, date]]:
    """Join days into spans, across days that may be passed over."""
    spans: list[tuple[date, date]] = []
    known = set(passed_over)
    for day in days:
        if spans and known.issuperset(days_from(spans[-1][1], day)[1:-1]):
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans


def _ranges(days: Sequence[date]) -> str:
    """Write days with runs of consecutive ones as first to last."""
    spans = [str(first) if first == last else f"{first} to {last}" for first, last in _spans(days)]
    return ", ".join(first_of(spans, _FAILURES_SHOWN))
