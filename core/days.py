"""Days: ranges of them, the limits of a backfill, and in the pipeline's time zone when one ends and which is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

# Dates of one backfill: so many statuses fit into what a state machine hands on.
_MOST_BACKFILL_DATES: Final = 3650
# Dates that a backfill runs at once, which is the limit of an inline map:
# https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
MOST_AT_ONCE: Final = 40


def time_zone(name: str) -> tzinfo:
    """Find a time zone; UTC needs no time zone database.

    Raises:
        ValueError: when there is no such zone.
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:  # ZoneInfo opens a file of that name: a folder's name is an OSError
        raise ValueError(name) from error


def days_from(first: date, last: date) -> list[date]:
    """Return each day of a range, both ends included; none where it ends before it begins."""
    return [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]


def is_range(days: Sequence[date]) -> bool:
    """Tell whether days in order follow each other without a gap."""
    return (days[-1] - days[0]).days + 1 == len(days)


def too_many_dates(count: int) -> str | None:
    """Say that so many dates are too many for one backfill, or None."""
    if count <= _MOST_BACKFILL_DATES:
        return None
    return f"has {count:,} dates, limit {_MOST_BACKFILL_DATES:,}; split it into several backfills"


def day_end(day: date, zone: tzinfo) -> datetime:
    """Return the first moment after a day, in UTC; days of 23 and 25 hours end where the zone says."""
    return _after(day, time.min, zone, timedelta())


def due_time(day: date, zone: tzinfo, *, freshness_hours: float) -> datetime:
    """Return the moment by which a day is to be published, in UTC."""
    return _after(day, time.min, zone, timedelta(hours=freshness_hours))


@dataclass(frozen=True)
class Schedule:
    """The daily run of the day before: the hour at which it begins, and for how long it waits for raw data."""

    hour: int
    wait_minutes: int

    def waits_until(self, day: date, zone: tzinfo) -> datetime:
        """Return the moment from which on no scheduled run waits for a day's raw data any more, in UTC."""
        return _after(day, time(self.hour), zone, timedelta(minutes=self.wait_minutes))


def previous_day(moment: datetime, zone: tzinfo) -> date:
    """Return the last whole day before a moment."""
    return moment.astimezone(zone).date() - timedelta(days=1)


def last_due_day(now: datetime, zone: tzinfo, *, freshness_hours: float) -> date:
    """Return the newest day whose due time has passed."""
    day = previous_day(now, zone)
    while due_time(day, zone, freshness_hours=freshness_hours) > now:
        day -= timedelta(days=1)
    return day


def _after(day: date, begins: time, zone: tzinfo, more: timedelta) -> datetime:
    """Return a moment of the next day, and more, in UTC; the last one there is for the last days of the calendar."""
    try:
        return datetime.combine(day + timedelta(days=1), begins, zone).astimezone(UTC) + more
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
