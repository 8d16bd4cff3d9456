"""Which day an execution of the pipeline is asked for: by its date, or by the time of a schedule.

It reads what people and schedules give to the state machine; what is done with the day is not known here.
"""

from collections.abc import Mapping
from datetime import date, tzinfo

from core.days import previous_day
from shared.inputs import Input, InvalidInput


def without_envelope(event: object) -> object:
    """Take the time out of what a schedule sends by itself, when its target has no input of its own."""
    if isinstance(event, Mapping) and event.get("detail-type") == "Scheduled Event" and "time" in event:
        return {"scheduled_time": event["time"]}
    return event


def requested_day(given: Input, zone: tzinfo) -> date:
    """Return the date asked for, or the day before the time of a schedule. Raises InvalidInput."""
    if given.has("ingestion_date") == given.has("scheduled_time"):
        raise InvalidInput("the input needs either ingestion_date or scheduled_time, and not both")
    return given.day("ingestion_date") if given.has("ingestion_date") else _day_before(given, zone)


def day_asked_for(event: object, zone: tzinfo) -> date | None:
    """Return the date that an execution was asked for, or None when its input does not tell or is about several."""
    given = without_envelope(event)
    try:
        return requested_day(Input(given, allowed=tuple(given) if isinstance(given, Mapping) else ()), zone)
    except InvalidInput:
        return None


def _day_before(given: Input, zone: tzinfo) -> date:
    moment = given.moment("scheduled_time")
    try:
        return previous_day(moment, zone)
    except OverflowError:
        raise InvalidInput(f"the input: there is no day before the scheduled_time {moment}") from None
