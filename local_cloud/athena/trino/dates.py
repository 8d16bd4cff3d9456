"""Months, weeks and days: moving, cutting and counting, on dates, timestamps and moments in a zone."""

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import Any, Final

from local_cloud.athena.errors import QueryFailed
from local_cloud.athena.trino import zones
from local_cloud.athena.trino.values import Zoned, limited

_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_SPANS: Final = {
    "millisecond": timedelta(milliseconds=1),
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}


def unit(written: str, kind: str) -> str:
    """Check a unit; dates know none below a day.

    Raises:
        QueryFailed: when it is none.
    """
    name = written.lower()
    if name not in {*_MONTHS, *_SPANS} or (kind == "DATE" and name in {"millisecond", "second", "minute", "hour"}):
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: '{written}' is not a valid {kind} field")
    return name


@limited
def moved(value: Any, by: str, count: int) -> Any:
    """Add so many units; a day that its month does not have becomes the last one."""
    if isinstance(value, Zoned):
        if by in {"millisecond", "second", "minute", "hour"}:
            return Zoned(value.moment + _SPANS[by] * count, value.zone)
        return zones.moment(moved(zones.local(value), by, count), value.zone)
    if by in _SPANS:
        return value + _SPANS[by] * count
    whole = value.year * 12 + value.month - 1 + _MONTHS[by] * count
    year, month = divmod(whole, 12)
    return value.replace(year=year, month=month + 1, day=min(value.day, monthrange(year, month + 1)[1]))


@limited
def cut(value: Any, to: str) -> Any:
    """Go back to the beginning of the unit that a value is in."""
    if isinstance(value, Zoned):
        return zones.moment(cut(zones.local(value), to), value.zone)
    if to == "millisecond":
        return value.replace(microsecond=value.microsecond // 1000 * 1000)
    if isinstance(value, datetime):
        smaller = {"second": 1, "minute": 2, "hour": 3}.get(to, 4)
        zeros: dict[str, Any] = dict.fromkeys(("microsecond", "second", "minute", "hour")[:smaller], 0)
        value = value.replace(**zeros)
    if to == "week":
        return value - timedelta(days=value.weekday())
    if to in _MONTHS:
        month = {"month": value.month, "quarter": (value.month - 1) // 3 * 3 + 1, "year": 1}[to]
        return value.replace(month=month, day=1)
    return value


def between(start: Any, end: Any, by: str) -> int:
    """Count the whole units from one value to another, which may be before it."""
    if isinstance(start, Zoned):
        if by in {"millisecond", "second", "minute", "hour"}:
            return between(start.moment, end.moment, by)
        end = zones.local(Zoned(end.moment, start.zone))
        start = zones.local(start)
    if by in _SPANS:
        span = end - start
        return int(abs(span) // _SPANS[by]) * (-1 if span < timedelta(0) else 1)
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and moved(start, "month", months) > end:
        months -= 1
    elif months < 0 and moved(start, "month", months) < end:
        months += 1
    return int(abs(months) // _MONTHS[by]) * (-1 if months < 0 else 1)


def last_day(value: date) -> date:
    return date(value.year, value.month, monthrange(value.year, value.month)[1])
