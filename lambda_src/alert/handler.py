"""Edge of the alerts: reads the event, the environment and the bucket, and sends what `decision` writes."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from adapters.glue_jobs import ingestion_date_of
from alert.decision import (
    day_of,
    execution_message,
    is_about_malformed_lines,
    is_refused,
    is_said_by,
    is_told_by_a_backfill,
    job_run_message,
    overdue_message,
    reported_run,
    standing,
)
from alert.events import ExecutionEnded, FreshnessCheck, JobRunEnded, read_event
from core.causes import read_cause
from core.checks import read_checks
from core.days import due_time, last_due_day
from core.layout import as_ingestion_date, started_at
from core.refusals import told_by_an_earlier_run
from core.rejections import RejectedLines, read_rejections
from core.runs import Metrics
from shared.environment import DataPlace, Environment
from shared.executions import described
from shared.logs import StepLog
from shared.messages import Message
from shared.metrics import Metric, MetricSet, check_values, emit
from shared.reruns import is_last_run
from shared.topic import publish


@dataclass(frozen=True)
class Settings:
    place: DataPlace
    zone: tzinfo
    freshness_hours: float
    alert_topic_arn: str
    options: str
    dimensions: Mapping[str, str]


def handler(event: object, context: object) -> dict[str, Any]:
    """Send the message that an event calls for; answer its subject, or None when there is nothing to tell."""
    log, settings = StepLog("alert", context), _settings(Environment(os.environ))
    told = read_event(event, settings.zone)
    message = _message(told, settings, log)
    if message is not None:
        message_id = publish(settings.alert_topic_arn, message)
        log.info("alert sent", subject=message.subject, message_id=message_id)
    if isinstance(told, JobRunEnded):
        _emit_checks(told, settings, log)
    return {"subject": None if message is None else message.subject}


def _settings(environment: Environment) -> Settings:
    return Settings(
        environment.place(with_catalog=True),
        environment.time_zone(),
        environment.freshness_hours(),
        environment.alert_topic_arn(),
        environment.command_options(),
        environment.metric_dimensions(),
    )


def _message(event: JobRunEnded | ExecutionEnded | FreshnessCheck, settings: Settings, log: StepLog) -> Message | None:
    dataset = settings.place.paths.dataset
    if isinstance(event, JobRunEnded):
        day = day_of(event) or as_ingestion_date(
            log.if_known("date of the job run not known", lambda: ingestion_date_of(event.run_id, event.job))
        )
        if _is_told_already(event, day, settings, log):
            return None
        readers, rejected = _readers(day, settings, log), _rejected(event, settings, log)
        return job_run_message(dataset, event, day=day, readers=readers, rejected=rejected, options=settings.options)
    if isinstance(event, ExecutionEnded):
        return _execution(event, settings, log)
    return _overdue(event, settings, log)


def _rejected(event: JobRunEnded, settings: Settings, log: StepLog) -> tuple[RejectedLines, ...]:
    """Return why lines were malformed, when that is why the run failed; an alert without it is better than none."""
    day, run_id, runs = event.day, reported_run(event), settings.place.runs
    if day is None or run_id is None or not is_about_malformed_lines(event):
        return ()
    found = log.if_known(
        "reasons of malformed lines not known",
        lambda: read_rejections(runs.metrics(day, run_id), source=runs.metrics_uri(day, run_id)),
    )
    return found or ()


def _emit_checks(event: JobRunEnded, settings: Settings, log: StepLog) -> None:
    """Give CloudWatch what a refused run measured, which nobody else does."""
    day, run_id = event.day, reported_run(event)
    if day is None or run_id is None:
        return
    runs = settings.place.runs
    checks = log.if_known(
        "checks of the run not known",
        lambda: read_checks(runs.metrics(day, run_id), source=runs.metrics_uri(day, run_id)),
    )
    for metric_set in check_values(settings.dimensions, checks or ()):
        emit(metric_set, at=datetime.now(UTC))


def _execution(event: ExecutionEnded, settings: Settings, log: StepLog) -> Message | None:
    if is_told_by_a_backfill(event):
        log.info("left to the summary of the backfill", execution=event.arn)
        return None
    event = _with_cause(event, log)
    day = day_of(event)
    is_repeated = _is_told_already(event, day, settings, log)
    if is_repeated and (is_refused(event) or not is_last_run(event.name)):
        return None
    return execution_message(
        settings.place.paths.dataset,
        event,
        readers=_readers(day, settings, log),
        options=settings.options,
        is_repeated=is_repeated,
    )


def _with_cause(event: ExecutionEnded, log: StepLog) -> ExecutionEnded:
    """Ask why an execution ended, if its event does not tell; an alert without that is better than none."""
    if event.cause.text:
        return event
    found = log.if_known("cause of the execution not known", lambda: described(event.arn) or {})
    if found is None:
        return event
    return replace(event, cause=read_cause(found.get("cause"), error=str(found.get("error") or event.cause.error)))


def _is_told_already(event: JobRunEnded | ExecutionEnded, day: date | None, settings: Settings, log: StepLog) -> bool:
    """Tell whether an earlier run of the day failed on the same raw data for the same reason, so people know.

    One bad day is run by the schedule, by a backfill and by late data.
    """
    if day is None:
        return False
    runs = log.if_known("other runs of the day not known", lambda: settings.place.runs.readable(day)) or []
    mine = _run_of(event, runs)
    earlier = None if mine is None else told_by_an_earlier_run(runs, mine)
    if earlier is not None:
        log.info("told of an earlier run already", ingestion_date=str(day), run=earlier)
    return earlier is not None


def _run_of(event: JobRunEnded | ExecutionEnded, runs: Sequence[Metrics]) -> Metrics | None:
    """Return the run that an event is about; ``runs`` are those of its day, the latest first.

    Of several that say the same it is the latest that an execution started before the event, which may come late: a run
    on somebody's own machine has no event.
    """
    if (run_id := reported_run(event)) is not None:
        return next((run for run in runs if run["run_id"] == run_id), None)
    started = (run for run in runs if run.get("execution") is not None and not _began_after(run, event))
    return next((run for run in started if is_said_by(run, event)), None)


def _began_after(run: Metrics, event: JobRunEnded | ExecutionEnded) -> bool:
    """Tell whether a run began when what an event tells was over already."""
    try:
        return event.at is not None and started_at(str(run["run_id"])) > event.at
    except ValueError:
        return False


def _readers(day: date | None, settings: Settings, log: StepLog) -> str:
    """Say what readers have of a day as its record has it: a run may fail after it has published."""
    told = None if day is None else log.if_known("what readers have is not known", lambda: _standing(day, settings))
    return told or "pipeline status tells what is published"


def _standing(day: date, settings: Settings) -> str:
    record, catalog = settings.place.publications.records.read(day).record, settings.place.catalog
    return standing(record, shown_at=catalog.location(day) if record and catalog else None)


def _overdue(check: FreshnessCheck, settings: Settings, log: StepLog) -> Message | None:
    hours, zone, dataset = settings.freshness_hours, settings.zone, settings.place.paths.dataset
    day = last_due_day(check.at, zone, freshness_hours=hours)
    is_overdue = settings.place.publications.records.read(day).record is None
    emit(MetricSet(settings.dimensions, (Metric("Overdue", int(is_overdue)),)), at=check.at)
    log.info("freshness checked", ingestion_date=str(day), is_overdue=is_overdue)
    due = due_time(day, zone, freshness_hours=hours)
    return overdue_message(dataset, day, due=due, options=settings.options) if is_overdue else None
