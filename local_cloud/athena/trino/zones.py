"""Time zones: what a moment reads on the clocks of a zone, and back."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino.values import Zoned, limited

_OFFSET: Final = re.compile(r"(?:UTC|GMT|UT)?([+-])(\d{1,2}):?(\d{2})?")
_UTC_NAMES: Final = {"utc", "z", "gmt", "ut", "zulu", "greenwich", "universal", "etc/utc", "etc/gmt"}


@cache
def _zone(name: str) -> tzinfo:
    offset = _OFFSET.fullmatch(name)
    if offset:
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        if span > timedelta(hours=14):
            raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: Invalid offset: {name}")
        return timezone(-span if offset[1] == "-" else span)
    if name.lower() in _UTC_NAMES:
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        if "/" in name:
            raise NotSupported(f"the time zone {name}: Athena may know it, this machine does not") from error
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: '{name}' is not a valid time zone") from error


@cache
def named(name: str) -> str:
    """Return how a zone is shown.

    Raises:
        QueryFailed: when there is no such zone.
    """
    zone = _zone(name)
    offset = _OFFSET.fullmatch(name)
    if name.lower() in _UTC_NAMES:
        return "UTC"
    if offset is None:
        return str(zone)
    shown = f"{offset[1]}{int(offset[2]):02}:{offset[3] or '00'}"
    return "UTC" if shown in {"+00:00", "-00:00"} else shown


@limited
def local(value: Zoned) -> datetime:
    """Read the clock of its own zone."""
    if value.zone == "UTC":
        return value.moment
    return value.moment.replace(tzinfo=UTC).astimezone(_zone(value.zone)).replace(tzinfo=None)


@limited
def moment(clock: datetime, zone: str) -> Zoned:
    """Find the moment when the clocks of a zone read this."""
    shown = named(zone)
    if shown == "UTC":
        return Zoned(clock, shown)
    return Zoned(clock.replace(tzinfo=_zone(shown)).astimezone(UTC).replace(tzinfo=None), shown)


def offset_minutes(value: Zoned) -> int:
    return int((local(value) - value.moment).total_seconds() // 60)
