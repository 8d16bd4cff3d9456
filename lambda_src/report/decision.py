"""What a finished run is to be reported as: the message, the summary and the metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final

from core.checks import percentage
from core.days import day_end
from core.prices import PRICES_OF, Cost
from core.publication import Publication
from core.wording import plural
from report.run_facts import JobRun, RunMetrics
from shared.messages import Message, clean, subject
from shared.metrics import Metric, MetricSet, check_values

# The delay of a backfilled day says nothing about how fresh the data is kept.
_FRESHNESS_FOR: Final = timedelta(days=7)
_FIELDS_SHOWN: Final = 10


@dataclass(frozen=True)
class FinishedRun:
    """A job run that ended well, the publication as it is now, and the metrics of the version that is published.

    ``fault`` is what readers did not find before it, ``alarms`` are sentences about what is wrong elsewhere meanwhile.
    """

    dataset: str
    day: date
    job_run: JobRun
    record: Publication
    metrics: RunMetrics
    metrics_uri: str
    fault: str | None
    alarms: tuple[str, ...] = ()

    @property
    def is_published_now(self) -> bool:
        """Say whether the published version is this job run's: of the same execution, and younger than its start."""
        if None not in (mine := self.job_run.execution, its := self.metrics.execution) and mine != its:
            return False
        started_at = self.job_run.started_at
        return started_at is None or datetime.fromisoformat(self.record.current.published_at) >= started_at

    @property
    def status(self) -> str:
        """What the job run came to."""
        return "published" if self.is_published_now else "unchanged"


def report_message(run: FinishedRun) -> Message:
    """Write the report for people."""
    done = "healed" if run.fault and not run.is_published_now else run.status
    found = len(run.metrics.warnings)
    noted = "" if found == 0 else f", {plural(found, 'warning')}"
    title = f"[{run.dataset}] {done} {run.day}: {plural(run.metrics.rows_written, 'row')}{noted}"
    parts = [_opening(run), "", *_table(run), *_warnings(run), *_rejected(run), *_notes(run), *_alarms(run)]
    return Message(subject(title), "\n".join(parts) + "\n")


def run_summary(run: FinishedRun) -> dict[str, Any]:
    """Return the numbers for the state machine's output."""
    metrics = run.metrics
    return {
        "rows_read": metrics.rows_read,
        "rows_written": metrics.rows_written,
        "duplicates_removed": metrics.duplicates_removed,
        "rows_quarantined": metrics.rows_quarantined,
        "warnings": len(metrics.warnings),
        "seconds": run.job_run.seconds,
        "dpu_seconds": run.job_run.dpu_seconds,
        "estimated_cost_usd": run.job_run.estimated_cost_usd,
        "run_id": metrics.run_id,
        "remarks": list(metrics.remarks),
    }


def run_metrics(run: FinishedRun, zone: tzinfo, dimensions: Mapping[str, str]) -> list[MetricSet]:
    """Return what CloudWatch gets: the run's effort always, the data's numbers only from the run that published."""
    if not run.is_published_now:
        return [MetricSet(dimensions, _effort(run.job_run))]
    totals = (*_effort(run.job_run), *_totals(run.metrics), *_freshness(run, zone))
    return [MetricSet(dimensions, totals), *check_values(dimensions, run.metrics.checks)]


def _opening(run: FinishedRun) -> str:
    what = f"{run.dataset} {run.day}"
    if run.fault:
        return f"{what} is published. Readers did not find what was published before: {clean(run.fault)}. Now they do."
    if run.is_published_now:
        return f"{what} is published."
    return f"{what} was published before from the same raw data; nothing was changed."


def _table(run: FinishedRun) -> list[str]:
    metrics, job_run = run.metrics, run.job_run
    counts = [
        ("Rows read", metrics.rows_read),
        ("Rows written", metrics.rows_written),
        ("Duplicates removed", metrics.duplicates_removed),
        ("Rows quarantined", metrics.rows_quarantined),
        ("Warnings", len(metrics.warnings)),
    ]
    rows = [(label, f"{number:,}") for label, number in counts]
    rows += [("Duration", _duration(job_run.seconds)), ("Cost", _cost(job_run)), ("Run", metrics.run_id)]
    return [f"{label:<20}{value}" for label, value in [*rows, ("Report", run.metrics_uri)]]


def _warnings(run: FinishedRun) -> list[str]:
    lines = [f"- {clean(check.sentence())}" for check in run.metrics.warnings]
    accepted = [clean(run.metrics.accepted)] if run.metrics.accepted else []
    heading = "Checks that did not hold, none of which keeps the day from being published:"
    return ["", heading, *lines, *accepted] if lines else []


def _rejected(run: FinishedRun) -> list[str]:
    lines = [f"- {clean(item.sentence())}" for item in run.metrics.rejected]
    return ["", "Why lines are in quarantine, the most frequent reasons:", *lines] if lines else []


def _notes(run: FinishedRun) -> list[str]:
    metrics, notes = run.metrics, [f"- {excess}" for excess in [_cost_excess(run)] if excess]
    notes += [f"- {clean(note)}" for note in metrics.notes]
    if metrics.rows_on_other_days:
        notes.append(f"- {plural(metrics.rows_on_other_days, 'row')} with an event time on another day")
    if metrics.unknown_fields:
        names = ", ".join(metrics.unknown_fields[:_FIELDS_SHOWN])
        more = f" and {len(metrics.unknown_fields) - _FIELDS_SHOWN} more" * (
            len(metrics.unknown_fields) > _FIELDS_SHOWN
        )
        notes.append(f"- fields that the contract does not have: {clean(names)}{more}")
    return ["", "Also seen:", *notes] if notes else []


def _alarms(run: FinishedRun) -> list[str]:
    lines = [f"- {clean(alarm)}" for alarm in run.alarms]
    return ["", "Alarms that are on in this environment:", *lines] if lines else []


def _cost(job_run: JobRun) -> str:
    if job_run.dpu_seconds is None:
        return "unknown: Glue reported no capacity"
    used = f"{job_run.dpu_seconds:,.0f} DPU-seconds, Glue {job_run.glue_version or 'version unknown'}"
    if job_run.estimated_cost_usd is None:
        return f"unknown: no price in the table of {PRICES_OF} ({used})"
    return f"about {job_run.estimated_cost_usd:,.4f} USD ({used}, list prices of {PRICES_OF})"


def _cost_excess(run: FinishedRun) -> str | None:
    job_run = run.job_run
    if job_run.dpu_seconds is None:
        return None
    return Cost(job_run.dpu_seconds, job_run.estimated_cost_usd, run.metrics.max_cost_usd).excess


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _effort(job_run: JobRun) -> tuple[Metric, ...]:
    cost = job_run.estimated_cost_usd
    known = (Metric("DpuSeconds", job_run.dpu_seconds, "Seconds"),) if job_run.dpu_seconds is not None else ()
    priced = (Metric("EstimatedCostUsd", cost, "None"),) if cost is not None else ()
    return (Metric("JobSeconds", job_run.seconds, "Seconds"), *known, *priced)


def _totals(metrics: RunMetrics) -> tuple[Metric, ...]:
    parsed = metrics.rows_written + metrics.duplicates_removed
    duplicate_percent = percentage(metrics.duplicates_removed, parsed)
    return (
        Metric("RowsRead", metrics.rows_read),
        Metric("RowsWritten", metrics.rows_written),
        Metric("DuplicatesRemoved", metrics.duplicates_removed),
        Metric("DuplicatePercent", duplicate_percent, "Percent"),
        Metric("RowsQuarantined", metrics.rows_quarantined),
        Metric("Warnings", len(metrics.warnings)),
    )


def _freshness(run: FinishedRun, zone: tzinfo) -> tuple[Metric, ...]:
    delay = datetime.fromisoformat(run.record.current.published_at) - day_end(run.day, zone)
    if run.record.previous or delay > _FRESHNESS_FOR:
        return ()
    return (Metric("FreshnessHours", delay / timedelta(hours=1), "None"),)
