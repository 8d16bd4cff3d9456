"""Which days late raw data belongs to, and whether a day is to be run again because of it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, Final

from core.days import Schedule, due_time
from core.layout import date_in, parse_ingestion_date
from core.publication import Publication
from core.raw_day import RawDay
from core.times import iso_seconds
from shared.environment import DataPlace
from shared.inputs import InvalidInput

# https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
_MAX_NAME: Final = 80
_FINGERPRINT_IN_NAME: Final = 16

_CREATED: Final = "Object Created"
_ENDED: Final = "Step Functions Execution Status Change"


@dataclass(frozen=True)
class Arrival:
    """One raw object that arrived, and the queue message that said so."""

    message_id: str
    bucket: str
    key: str
    size_bytes: int


@dataclass(frozen=True)
class RunEnded:
    """An execution that ended well; its day is looked at again, as raw data may have arrived while it was at work."""

    message_id: str
    day: date


@dataclass(frozen=True)
class RerunDecision:
    """Whether to start a run, and the reason for the log."""

    start: bool
    reason: str


def read_message(record: Mapping[str, Any]) -> Arrival | RunEnded:
    """Read the event in a queue message. Raises InvalidInput for one that is not known."""
    message_id = str(record.get("messageId", ""))
    try:
        event = json.loads(record["body"])
        kind, detail = event["detail-type"], event["detail"]
        if kind == _ENDED:
            return RunEnded(message_id, parse_ingestion_date(json.loads(detail["output"])["ingestion_date"]))
        bucket, key, size = detail["bucket"]["name"], detail["object"]["key"], detail["object"]["size"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidInput(f"message {message_id} is no event that EventBridge sends here: {error!r}") from error
    if kind != _CREATED or not isinstance(key, str) or not isinstance(size, int):
        expected = f"expected {_CREATED!r} with key and size, or {_ENDED!r}"
        raise InvalidInput(f"message {message_id} is {str(kind)[:80]!r}, {expected}")
    return Arrival(message_id, str(bucket), key, size)


def day_of(message: Arrival | RunEnded, place: DataPlace) -> date | None:
    """Return the day that a message is about, or None when it is about no raw data of this dataset."""
    if isinstance(message, RunEnded):
        return message.day
    day = date_in(message.key)
    if day is None or message.bucket != place.bucket or not message.key.startswith(place.paths.raw_prefix(day)):
        return None
    prefix = place.paths.raw_prefix(day)
    classified = place.raw_objects.classify(message.key, message.size_bytes, day_prefix=prefix)
    return None if classified.kind == "ignored" else day


def by_day(messages: Iterable[Arrival | RunEnded], place: DataPlace) -> dict[date, list[str]]:
    """Group the ids of messages by day and leave out what is no raw input."""
    grouped: dict[date, list[str]] = {}
    for message in messages:
        if (day := day_of(message, place)) is not None:
            grouped.setdefault(day, []).append(message.message_id)
    return dict(sorted(grouped.items()))


@dataclass(frozen=True)
class Sla:
    """When a day is to be published, and which schedule sees to that; None where people start the runs."""

    zone: tzinfo
    freshness_hours: float
    schedule: Schedule | None


@dataclass(frozen=True)
class RunHistory:
    """What became of a day: its publication record, if it has one, and the latest run that left metrics."""

    record: Publication | None
    latest_run: str | None


def judge(day: date, raw: RawDay, runs: RunHistory, *, now: datetime, sla: Sla) -> RerunDecision:
    """Decide whether a day is to be run: published from other raw data, or never published and left to nobody else."""
    if not raw.objects:
        return RerunDecision(start=False, reason="no raw data is left")
    if raw.leaves_too_much_unread:
        return RerunDecision(start=True, reason=f"{len(raw.unread)} objects are not read, which a run has to tell")
    if runs.record is not None:
        return _changed(raw.fingerprint, runs.record)
    if runs.latest_run is not None:
        return RerunDecision(start=True, reason=f"not published, and run {runs.latest_run} has looked at it already")
    due = due_time(day, sla.zone, freshness_hours=sla.freshness_hours)
    if sla.schedule is None:
        return RerunDecision(start=now >= due, reason=f"not published, and due at {iso_seconds(due)}")
    until = min(due, sla.schedule.waits_until(day, sla.zone))
    return RerunDecision(
        start=now >= until, reason=f"not published, and left to the schedule until {iso_seconds(until)}"
    )


def execution_name(dataset: str, day: date, fingerprint: str, *, published_run_id: str | None) -> str:
    """Name a rerun by its input and by what it is to replace, so that a repeated event cannot start it twice.

    Without the latter, raw data that comes back to an earlier state would find its name taken, for 90 days.
    """
    replaced = "" if published_run_id is None else f"-{published_run_id.rpartition('-')[2]}"
    end = f"-{day}-{fingerprint[:_FINGERPRINT_IN_NAME]}{replaced}"
    return f"late-{dataset}"[: _MAX_NAME - len(end)] + end


def execution_input(day: date) -> str:
    """Ask for a run, unless this raw data was refused: a person knows of that already."""
    return json.dumps({"ingestion_date": str(day), "force": False, "unless_refused": True})


def batch_response(failed: Sequence[str]) -> dict[str, Any]:
    """Return the messages to be delivered again; SQS deletes the others.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _changed(fingerprint: str, record: Publication) -> RerunDecision:
    if fingerprint == record.current.input.fingerprint:
        return RerunDecision(start=False, reason=f"published from this raw data by run {record.current.run_id}")
    if fingerprint in {withdrawn.fingerprint for withdrawn in record.blocked}:
        return RerunDecision(start=False, reason="this raw data was rolled back and is blocked")
    return RerunDecision(start=True, reason=f"the raw data is not that of the published run {record.current.run_id}")
