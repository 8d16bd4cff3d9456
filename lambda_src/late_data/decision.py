"""Which days late raw data belongs to, and whether a day is to be run again because of it."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, Final

from core.causes import read_cause
from core.days import Schedule, due_time
from core.layout import date_in, parse_ingestion_date
from core.publication import Publication
from core.raw_day import RawDay
from core.refusals import refusing_run
from core.runs import Metrics
from core.times import iso_seconds
from shared.environment import DataPlace
from shared.inputs import InvalidInput
from shared.requests import day_asked_for, without_envelope

_CREATED: Final = "Object Created"
# An older version of the object may be there again.
_DELETED: Final = "Object Deleted"
_SOME_BYTES: Final = 1  # the event of a deletion tells no size
_ENDED: Final = "Step Functions Execution Status Change"
_ENDINGS: Final = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


@dataclass(frozen=True)
class Arrival:
    """One raw object that arrived or went, and the queue message that said so."""

    message_id: str
    bucket: str
    key: str
    size_bytes: int


@dataclass(frozen=True)
class RunEnded:
    """An execution that ended; its day is looked at again, as raw data may have arrived while it was at work.

    ``given`` is its input, None where EventBridge left it out, or of one that ended well its output. ``is_stopped``
    when it, or its job run, was stopped by somebody.
    """

    message_id: str
    arn: str
    given: object
    is_stopped: bool = False


@dataclass(frozen=True)
class DayEvent:
    """What a message means for one day: ``stopped`` is the execution that was stopped, if that is all it tells."""

    message_id: str
    day: date
    stopped: str | None = None
    is_end_of_schedule: bool = False


@dataclass(frozen=True)
class Look:
    """One look at a day on behalf of all messages of a batch that are about it.

    ``stopped`` are the executions that people stopped, when the batch tells nothing else; ``is_past_schedule`` when the
    schedule's own execution has ended.
    """

    day: date
    message_ids: tuple[str, ...]
    stopped: tuple[str, ...] = ()
    is_past_schedule: bool = False


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
            return _run_ended(message_id, detail)
        bucket, key = detail["bucket"]["name"], detail["object"]["key"]
        size = _SOME_BYTES if kind == _DELETED else detail["object"]["size"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput(f"message {message_id} is no event that EventBridge sends here: {error!r}") from error
    if kind not in (_CREATED, _DELETED) or not isinstance(key, str) or not isinstance(size, int):
        expected = f"expected {_CREATED!r} with key and size, {_DELETED!r} with a key, or {_ENDED!r}"
        raise InvalidInput(f"message {message_id} is {str(kind)[:80]!r}, {expected}")
    return Arrival(message_id, str(bucket), key, size)


def read_given(text: object) -> object:
    """Read the input of an execution; what is no JSON names no day."""
    try:
        return json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return {}


def day_event(message: Arrival | RunEnded, place: DataPlace, *, zone: tzinfo) -> DayEvent | None:
    """Say which day a message is about, or None when it is about no raw data of this dataset, or about no day at all.

    An execution whose input names no day failed before it could have looked at any, and people were told.
    """
    if isinstance(message, RunEnded):
        return _ended_day(message, zone)
    day = date_in(message.key)
    if day is None or message.bucket != place.bucket or not message.key.startswith(place.paths.raw_prefix(day)):
        return None
    prefix = place.paths.raw_prefix(day)
    classified = place.raw_objects.classify(message.key, message.size_bytes, day_prefix=prefix)
    return None if classified.kind == "ignored" else DayEvent(message.message_id, day)


def looks(events: Iterable[DayEvent]) -> list[Look]:
    """Put the events of each day together, in order of day."""
    by_day: dict[date, list[DayEvent]] = {}
    for event in events:
        by_day.setdefault(event.day, []).append(event)
    return [_look(day, by_day[day]) for day in sorted(by_day)]


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


def judge(
    day: date, raw: RawDay, runs: RunHistory, *, now: datetime, sla: Sla, is_past_schedule: bool = False
) -> RerunDecision:
    """Decide whether a day is to be run: published from other raw data, or never published and left to nobody else."""
    if not raw.objects:
        return RerunDecision(start=False, reason="no raw data is left")
    if raw.leaves_too_much_unread:
        return RerunDecision(start=True, reason=f"{len(raw.unread)} objects are not read, which a run has to tell")
    if runs.record is not None:
        return _changed(raw.fingerprint, runs.record)
    if runs.latest_run is not None:
        return RerunDecision(start=True, reason=f"not published, and run {runs.latest_run} has looked at it already")
    if is_past_schedule:
        return RerunDecision(start=True, reason="not published, and its scheduled execution has ended")
    return _unless_waited_for(day, now=now, sla=sla)


def known_already(
    raw: RawDay, runs: Sequence[Metrics], stopped: Collection[str | None], *, contract_checksum: str
) -> str | None:
    """Say why raw data that could be run is left alone, as people know of it; None when it is to be run."""
    refusing = refusing_run(runs, raw, contract_checksum=contract_checksum)
    if refusing is not None:
        return f"run {refusing} refused this raw data"
    # Whoever stopped a run does not want it back; other raw data, or a further delivery of this, is another matter.
    return "somebody stopped the run of this raw data" if stopped and set(stopped) == {raw.fingerprint} else None


def execution_input(day: date, raw: RawDay) -> str:
    """Ask for a run of this raw data, unless it was refused: a person knows of that already.

    What has changed by the time that the run could begin is left to the run of what is there then.
    """
    return json.dumps({"ingestion_date": str(day), "force": False, "unless_refused": True, "only_state": raw.state})


def batch_response(failed: Sequence[str]) -> dict[str, Any]:
    """Return the messages to be delivered again; SQS deletes the others.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _changed(fingerprint: str, record: Publication) -> RerunDecision:
    if fingerprint == record.current.input.fingerprint:
        return RerunDecision(start=False, reason=f"published from this raw data by run {record.current.run_id}")
    if record.withdraws(fingerprint):
        return RerunDecision(start=False, reason="this raw data was rolled back and is blocked")
    return RerunDecision(start=True, reason=f"the raw data is not that of the published run {record.current.run_id}")


def _unless_waited_for(day: date, *, now: datetime, sla: Sla) -> RerunDecision:
    """Leave a day that never ran to the schedule for as long as that waits for it, or to people until it is due."""
    due = due_time(day, sla.zone, freshness_hours=sla.freshness_hours)
    if sla.schedule is None:
        return RerunDecision(start=now >= due, reason=f"not published, and due at {iso_seconds(due)}")
    until = min(due, sla.schedule.waits_until(day, sla.zone))
    return RerunDecision(
        start=now >= until, reason=f"not published, and left to the schedule until {iso_seconds(until)}"
    )


def _run_ended(message_id: str, detail: Mapping[str, Any]) -> RunEnded:
    status, arn = detail["status"], str(detail["executionArn"])
    if status not in _ENDINGS:
        raise ValueError(f"status {str(status)[:80]!r} is no end of an execution")
    if status == "SUCCEEDED" and detail.get("output") is not None:
        given = json.loads(detail["output"])
        parse_ingestion_date(given["ingestion_date"])
        return RunEnded(message_id, arn, {"ingestion_date": given["ingestion_date"]})
    text = detail.get("input")
    is_stopped = status == "ABORTED" or read_cause(detail.get("cause")).job_state == "STOPPED"
    return RunEnded(message_id, arn, None if text is None else read_given(text), is_stopped=is_stopped)


def _ended_day(ended: RunEnded, zone: tzinfo) -> DayEvent | None:
    day = day_asked_for(ended.given, zone)
    if day is None:
        return None
    given = without_envelope(ended.given)
    is_scheduled = isinstance(given, Mapping) and "scheduled_time" in given
    return DayEvent(ended.message_id, day, ended.arn if ended.is_stopped else None, is_end_of_schedule=is_scheduled)


def _look(day: date, events: Sequence[DayEvent]) -> Look:
    stopped = [event.stopped for event in events if event.stopped is not None]
    return Look(
        day,
        tuple(event.message_id for event in events),
        stopped=tuple(stopped) if len(stopped) == len(events) else (),
        is_past_schedule=any(event.is_end_of_schedule for event in events),
    )
