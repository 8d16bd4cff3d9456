"""Edge of the report: reads the event, the environment and the bucket; `decision` says what the run comes to."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from core.errors import InvalidDocument, PipelineError
from report.decision import FinishedRun, report_message, run_metrics, run_summary
from report.run_facts import ReportRequest, read_request, read_run_metrics
from shared.alarms import alarms_on
from shared.environment import DataPlace, Environment
from shared.logs import StepLog
from shared.metrics import emit


@dataclass(frozen=True)
class Settings:
    place: DataPlace
    zone: tzinfo
    alert_topic_arn: str
    dimensions: Mapping[str, str]


def handler(event: object, context: object) -> dict[str, Any]:
    """Answer what a job run that ended well has done, and give its numbers to CloudWatch."""
    log, settings = StepLog("report", context), _settings(Environment(os.environ))
    request = read_request(event)
    run = replace(_finished_run(settings.place, request), alarms=_alarms(settings, log))
    for metric_set in run_metrics(run, settings.zone, settings.dimensions):
        emit(metric_set, at=datetime.now(UTC))
    message, summary = report_message(run), run_summary(run)
    log.info("run reported", ingestion_date=str(run.day), job_run_id=run.job_run.id, status=run.status, **summary)
    return {"status": run.status, "subject": message.subject, "message": message.body, "summary": summary}


def _settings(environment: Environment) -> Settings:
    return Settings(
        environment.place(),
        environment.time_zone(),
        environment.alert_topic_arn(),
        environment.metric_dimensions(),
    )


def _alarms(settings: Settings, log: StepLog) -> tuple[str, ...]:
    """Name the alarms that are on; that they cannot be read keeps no report back."""
    try:
        return tuple(alarm.sentence() for alarm in alarms_on(settings.alert_topic_arn))
    except PipelineError as error:
        log.failed("alarms not known", error)
        return (f"whether there are any is not known: {error}",)


def _finished_run(place: DataPlace, request: ReportRequest) -> FinishedRun:
    day, job_run = request.day, request.job_run
    record = place.publications.records.read(day).record
    if record is None:
        where = place.store.uri(place.paths.publication_key(day))
        raise InvalidDocument(f"{day}: job run {job_run.id} ended well, but there is no publication record {where}")
    run_id = record.current.run_id
    uri = place.runs.metrics_uri(day, run_id)
    metrics = read_run_metrics(place.runs.metrics(day, run_id), source=uri)
    return FinishedRun(place.paths.dataset, day, job_run, record, metrics, uri, request.fault)
