"""Values as text: what a cast to varchar writes, and the numbers and times inside of results."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NoReturn

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import zones
from local_cloud.athena.trino.datatypes import Type
from local_cloud.athena.trino.values import Months, Zoned, limited, to_real

_NOT_FINITE: Final = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def shortest(value: float, *, real: bool) -> str:
    """Write the fewest digits that are still this number."""
    if not real:
        return repr(value)
    tries = (f"{value:.{digits}g}" for digits in range(1, 10))
    return next((text for text in tries if to_real(float(text)) == value), repr(value))


def scientific(value: float, *, real: bool) -> str:
    """Write a number as a cast does: `1.5E1`."""
    text = shortest(value, real=real)
    if text in _NOT_FINITE:
        return _NOT_FINITE[text]
    sign, digits, _ = Decimal(text).normalize().as_tuple()
    if value == 0:
        return "-0.0E0" if text.startswith("-") else "0.0E0"
    rest = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{rest}E{Decimal(text).adjusted()}"


def plain(value: float, *, real: bool) -> str:
    """Write a number as results show it: scientific only from 10 million on and below a thousandth."""
    text = shortest(value, real=real)
    if text in _NOT_FINITE:
        return _NOT_FINITE[text]
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        whole = f"{Decimal(text):f}"
        return whole if "." in whole else f"{whole}.0"
    return scientific(value, real=real)


def timestamp(value: datetime, *, digits: int) -> str:
    fraction = f".{value.microsecond:06}"[: digits + 1] if digits else ""
    return f"{value.year:04}-{value:%m-%d %H:%M:%S}{fraction}"


def zoned(value: Zoned, *, digits: int) -> str:
    return f"{timestamp(zones.local(value), digits=digits)} {value.zone}"


def interval(value: timedelta) -> str:
    sign = "-" if value < timedelta(0) else ""
    value = abs(value)
    minutes, seconds = divmod(value.seconds, 60)
    clock = f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{value.microseconds // 1000:03}"
    return f"{sign}{value.days} {clock}"


def months(value: Months) -> str:
    years, rest = divmod(abs(value.count), 12)
    return f"{'-' if value.count < 0 else ''}{years}-{rest}"


def writer(kind: Type) -> Callable[[Any], str] | None:
    """Return what a cast to varchar does to values of a type; None where Trino has no such cast."""
    digits = kind.sizes[0] if kind.sizes else 0
    writers: dict[str, Callable[[Any], str]] = {
        "boolean": lambda value: "true" if value else "false",
        "real": lambda value: scientific(value, real=True),
        "double": lambda value: scientific(value, real=False),
        "decimal": lambda value: f"{value:f}",
        "date": lambda value: f"{value.year:04}-{value:%m-%d}",
        "timestamp": lambda value: timestamp(value, digits=digits),
        "timestamp with time zone": lambda value: zoned(value, digits=digits),
        "time": lambda value: f"{value:%H:%M:%S.%f}"[: 9 + digits] if digits else f"{value:%H:%M:%S}",
        "interval day to second": interval,
        "interval year to month": months,
        **dict.fromkeys(("tinyint", "smallint", "integer", "bigint", "varchar", "unknown"), str),
    }
    return writers.get(kind.name)


_DATE: Final = re.compile(r"\s*(\d{4})-(\d{1,2})-(\d{1,2})\s*")
_TIMESTAMP: Final = re.compile(
    r"\s*(\d{4})-(\d{1,2})-(\d{1,2})(?: (\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?)?\s*([A-Za-z+-].*?)?\s*"
)


def to_date(text: str) -> date:
    found = _DATE.fullmatch(text)
    try:
        if found is not None:
            return date(*map(int, found.groups()))
    except ValueError:
        _no_value("date", text)
    return _no_value("date", text)


def to_timestamp(text: str, *, digits: int) -> tuple[datetime, str | None]:
    """Read a timestamp and the zone it names, rounded to so many digits of a second."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        _no_value("timestamp", text)
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    if fraction and len(fraction) > 9:
        raise NotSupported(f"a timestamp with more than 9 digits of a second: {text}")
    try:
        value = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))  # noqa: DTZ001 # Trino's timestamps have no zone
    except ValueError:
        _no_value("timestamp", text)
    return rounded(value, int((fraction or "0").ljust(9, "0")), digits=digits), zone


@limited
def rounded(value: datetime, nanoseconds: int, *, digits: int) -> datetime:
    """Add a fraction of a second, rounded half up."""
    step = 10 ** (9 - digits)
    return value + timedelta(microseconds=(nanoseconds + step // 2) // step * step // 1000)


def _no_value(kind: str, text: str) -> NoReturn:
    raise QueryFailed(f"INVALID_CAST_ARGUMENT: Value cannot be cast to {kind}: {text}")
