"""Edge of the sensor: reads the event, the environment and the clock, and looks into the bucket.

What the day's raw data means is decided in `decision`.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from adapters.glue_jobs import run_at_work_on
from core.errors import RawDataMissing
from core.raw_day import RawDay
from core.refusals import refusing_run
from sensor.decision import (
    Finding,
    SensorRequest,
    find,
    missing_message,
    parse_request,
    summary,
)
from shared.environment import DataPlace, Environment
from shared.logs import StepLog
from shared.topic import publish


@dataclass(frozen=True)
class Settings:
    place: DataPlace
    contract_checksum: str
    zone: tzinfo
    alert_topic_arn: str
    job_name: str
    options: str


def handler(event: object, context: object) -> dict[str, Any]:
    """Answer what the raw data of a day means for its run.

    Raises:
        RawDataMissing: after telling people, when there is no raw data and no reason to wait for it.
    """
    log, settings = StepLog("sensor", context), _settings(Environment(os.environ))
    request, place = parse_request(event, settings.zone), settings.place
    raw, record = place.raw_day(request.day), place.publications.records.read(request.day).record
    now = datetime.now(UTC)
    finding = find(request, raw, record, contract_checksum=settings.contract_checksum, now=now)
    # A run may have died between its swap and the catalog, and files may have been deleted.
    if finding.status == "unchanged" and record:
        fault = place.publications.hidden_from_readers(request.day, record.current)
        finding = finding if fault is None else finding.to_be_healed(fault)
    if finding.status == "ready":
        finding = _with_other_runs(finding, raw, request, settings)
    log.info("raw day listed", **summary(finding), ignored=len(raw.ignored))
    if finding.status == "missing":
        location = place.store.uri(raw.prefix)
        message = missing_message(
            place.paths.dataset, request.day, raw, location=location, record=record, options=settings.options
        )
        log.info("alert sent", message_id=publish(settings.alert_topic_arn, message), subject=message.subject)
        raise RawDataMissing(
            f"{request.day}: no raw data under {location}; deliver it, "
            f"then: pipeline run {request.day}{settings.options}"
        )
    return summary(finding)


def _with_other_runs(finding: Finding, raw: RawDay, request: SensorRequest, settings: Settings) -> Finding:
    """Ask, for a day that could be run, what its other runs do or found."""
    if job_run_id := run_at_work_on(request.day, settings.job_name):
        return finding.waiting_for(job_run_id)
    runs = settings.place.runs.readable(request.day) if request.unless_refused else []
    refusing = refusing_run(runs, raw, contract_checksum=settings.contract_checksum)
    return finding if refusing is None else finding.refused_by(refusing)


def _settings(environment: Environment) -> Settings:
    return Settings(
        environment.place(with_catalog=True, with_raw_data=True),
        environment.contract_checksum(),
        environment.time_zone(),
        environment.alert_topic_arn(),
        environment.job_name(),
        environment.command_options(),
    )
