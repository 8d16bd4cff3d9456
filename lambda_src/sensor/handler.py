"""Edge of the sensor: reads the event, the environment and the clock, and looks into the bucket.

What the day's raw data means is decided in `decision`.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from data_contract.publication import Publication
from sensor.decision import (
    Finding,
    SensorRequest,
    fault_of,
    find,
    is_refused,
    missing_message,
    parse_request,
    summary,
)
from shared.catalog import CatalogTable
from shared.environment import DataPlace, Environment
from shared.errors import RawDataMissing
from shared.job_runs import run_at_work_on
from shared.logs import StepLog
from shared.storage import list_raw_day, list_version_files, read_latest_metrics, read_publication
from shared.topic import publish


@dataclass(frozen=True)
class Settings:
    place: DataPlace
    contract_checksum: str
    zone: tzinfo
    alert_topic_arn: str
    job_name: str
    table: CatalogTable


def handler(event: object, context: object) -> dict[str, Any]:
    """Answer what the raw data of a day means for its run.

    Raises:
        RawDataMissing: after telling people, when there is no raw data and no reason to wait for it.
    """
    log, settings = StepLog("sensor", context), _settings(Environment(os.environ))
    request, place = parse_request(event, settings.zone), settings.place
    raw, record = list_raw_day(place, request.day), read_publication(place, request.day)
    now = datetime.now(UTC)
    finding = find(request, raw, record, contract_checksum=settings.contract_checksum, now=now)
    if finding.status == "unchanged" and record and (fault := _fault(record, request, settings)):
        finding = finding.to_be_healed(fault)
    if finding.status == "ready":
        finding = _with_other_runs(finding, request, settings)
    log.info("raw day listed", **summary(finding), ignored=len(raw.ignored))
    if finding.status == "missing":
        location = place.uri(place.paths.raw_prefix(request.day))
        message = missing_message(place.paths.dataset, request.day, raw, location=location, record=record)
        log.info("alert sent", message_id=publish(settings.alert_topic_arn, message), subject=message.subject)
        raise RawDataMissing(
            f"{request.day}: no raw data under {location}; deliver it, then: pipeline run {request.day}"
        )
    return summary(finding)


def _fault(record: Publication, request: SensorRequest, settings: Settings) -> str | None:
    """Compare what readers find with the record: a run may have died between its swap and the catalog."""
    files = list_version_files(settings.place, request.day, record.current.run_id)
    return fault_of(record.current, shown_at=settings.table.location(request.day), file_sizes=files)


def _with_other_runs(finding: Finding, request: SensorRequest, settings: Settings) -> Finding:
    """Ask, for a day that could be run, what its other runs do or found."""
    if job_run_id := run_at_work_on(request.day, settings.job_name):
        return finding.waiting_for(job_run_id)
    latest = read_latest_metrics(settings.place, request.day) if request.unless_refused else None
    if latest is not None and is_refused(finding, latest, contract_checksum=settings.contract_checksum):
        return finding.refused_by(str(latest["run_id"]))
    return finding


def _settings(environment: Environment) -> Settings:
    return Settings(
        environment.place(),
        environment.contract_checksum(),
        environment.time_zone(),
        environment.alert_topic_arn(),
        environment.job_name(),
        environment.catalog_table(),
    )
