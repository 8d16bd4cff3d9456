"""The events that raise an alert, read into typed values; what they mean to people is decided elsewhere."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, Final

from core.causes import Cause, read_cause
from core.documents import json_object
from core.layout import as_ingestion_date
from core.times import parse_moment
from shared.inputs import Input, InvalidInput
from shared.requests import day_asked_for

JOB_RUN: Final = "Glue Job State Change"
EXECUTION: Final = "Step Functions Execution Status Change"
_JOB_STATES: Final = ("FAILED", "TIMEOUT", "STOPPED")
_STATUSES: Final = ("FAILED", "TIMED_OUT", "ABORTED")
# The job begins its message with the date; Glue may put the class of the error and its category before it.
_DATED: Final = re.compile(r"(?:^|[\s;:])(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}): (?P<text>.+)", re.DOTALL)


@dataclass(frozen=True)
class JobRunEnded:
    """A job run that did not succeed. ``day`` comes from the message, the event itself has no arguments.

    ``at`` is when that was announced, None where the event does not tell.
    """

    job: str
    run_id: str
    state: str
    message: str
    day: date | None
    at: datetime | None = None


@dataclass(frozen=True)
class ExecutionEnded:
    """An execution that did not succeed. ``given`` is its input, empty when EventBridge left it out.

    ``asked_day`` is the one date that the input asks for, by itself or by the time of a schedule; ``at`` as above.
    """

    arn: str
    name: str
    status: str
    given: Mapping[str, Any]
    asked_day: date | None
    cause: Cause
    at: datetime | None = None


@dataclass(frozen=True)
class FreshnessCheck:
    """The schedule's question whether the last day that is due was published."""

    at: datetime


def read_event(event: object, zone: tzinfo) -> JobRunEnded | ExecutionEnded | FreshnessCheck:
    """Tell the three kinds of event apart. Raises InvalidInput for any other.

    ``zone`` is the one in which the dataset's schedule has its days.
    """
    if isinstance(event, Mapping) and "check" in event:
        given = Input(event, allowed=("check", "scheduled_time"))
        given.one_of("check", ("freshness",))
        return FreshnessCheck(given.moment("scheduled_time"))
    kind = event.get("detail-type") if isinstance(event, Mapping) else None
    detail = event.get("detail") if isinstance(event, Mapping) else None
    if kind == JOB_RUN and isinstance(detail, Mapping):
        return _job_run(detail, _moment(event))
    if kind == EXECUTION and isinstance(detail, Mapping):
        return _execution(detail, zone, _moment(event))
    raise InvalidInput(
        f"event {str(kind)[:80]!r} is not known; expected {JOB_RUN!r}, {EXECUTION!r} or a freshness check"
    )


def _job_run(detail: Mapping[str, Any], at: datetime | None) -> JobRunEnded:
    state = _text(detail, "state")
    if state not in _JOB_STATES:
        raise InvalidInput(f"job run state {state[:80]!r} is no failure; expected {', '.join(_JOB_STATES)}")
    message = str(detail.get("message") or "")
    return JobRunEnded(_text(detail, "jobName"), _text(detail, "jobRunId"), state, message, dated(message)[0], at)


def _execution(detail: Mapping[str, Any], zone: tzinfo, at: datetime | None) -> ExecutionEnded:
    status = _text(detail, "status")
    if status not in _STATUSES:
        raise InvalidInput(f"execution status {status[:80]!r} is no failure; expected {', '.join(_STATUSES)}")
    cause = read_cause(detail.get("cause"), error=str(detail.get("error") or ""))
    arn, name, given = _text(detail, "executionArn"), _text(detail, "name"), json_object(detail.get("input")) or {}
    return ExecutionEnded(arn, name, status, given, day_asked_for(given, zone), cause, at)


def _moment(event: object) -> datetime | None:
    """Read when EventBridge says that something happened."""
    try:
        return parse_moment(str(event["time"])) if isinstance(event, Mapping) else None
    except (KeyError, ValueError):
        return None


def dated(message: str) -> tuple[date | None, str]:
    """Split a message of the job into its date and the text after it; the date is None when there is none."""
    found = _DATED.search(message)
    if found is None:
        return None, message
    day = as_ingestion_date(found["date"])
    return (None, message) if day is None else (day, found["text"])


def _text(detail: Mapping[str, Any], key: str) -> str:
    value = detail.get(key)
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"the event's detail has no {key}; expected the event as EventBridge sends it")
    return value
