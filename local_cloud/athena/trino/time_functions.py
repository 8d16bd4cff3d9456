"""Functions on dates and times: https://trino.io/docs/current/functions/datetime.html."""

import math
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from sqlglot import exp

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import dates, texts, zones
from local_cloud.athena.trino.bound import NOT_CONSTANT, Bound, applied, coerced
from local_cloud.athena.trino.datatypes import BIGINT, DATE, VARCHAR, Type, common
from local_cloud.athena.trino.expressions import Expressions
from local_cloud.athena.trino.forms import form
from local_cloud.athena.trino.functions import scalar
from local_cloud.athena.trino.values import Zoned

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 # Trino's timestamps have no zone


def _clock(value: Any) -> Any:
    return zones.local(value) if isinstance(value, Zoned) else value


def _part(names: str, work: Callable[[Any], int], *, of_date: bool = True) -> None:
    kinds = ["timestamp", "zoned", *(["date"] if of_date else [])]
    for name in names.split():
        scalar(*(f"{name}({kind}) bigint" for kind in kinds))(lambda value: work(_clock(value)))


_part("year", lambda value: int(value.year))
_part("quarter", lambda value: (int(value.month) + 2) // 3)
_part("month", lambda value: int(value.month))
_part("week week_of_year", lambda value: int(value.isocalendar()[1]))
_part("year_of_week yow", lambda value: int(value.isocalendar()[0]))
_part("day day_of_month", lambda value: int(value.day))
_part("day_of_week dow", lambda value: int(value.isoweekday()))
_part("day_of_year doy", lambda value: int(value.timetuple().tm_yday))
_part("hour", lambda value: int(value.hour), of_date=False)
_part("minute", lambda value: int(value.minute), of_date=False)
_part("second", lambda value: int(value.second), of_date=False)
_part("millisecond", lambda value: int(value.microsecond) // 1000, of_date=False)


def _interval_part(name: str, work: Callable[[Any], int], kind: str) -> None:
    scalar(f"{name}({kind}) bigint")(work)


def _whole(value: timedelta, unit: timedelta) -> int:
    return int(abs(value) // unit) * (-1 if value < timedelta(0) else 1)


_interval_part("year", lambda value: int(value.count / 12), "months")
_interval_part("month", lambda value: value.count - int(value.count / 12) * 12, "months")
_interval_part("day", lambda value: _whole(value, timedelta(days=1)), "days")
_interval_part("hour", lambda value: _whole(value, timedelta(hours=1)) % 24, "days")
_interval_part("minute", lambda value: _whole(value, timedelta(minutes=1)) % 60, "days")
_interval_part("second", lambda value: _whole(value, timedelta(seconds=1)) % 60, "days")
scalar("to_milliseconds(days) bigint")(lambda value: _whole(value, timedelta(milliseconds=1)))
scalar("last_day_of_month(date) date", "last_day_of_month(timestamp) date", "last_day_of_month(zoned) date")(
    lambda value: dates.last_day(_clock(value))
)
scalar("timezone_hour(zoned) bigint")(lambda value: int(zones.offset_minutes(value) / 60))
scalar("timezone_minute(zoned) bigint")(lambda value: abs(zones.offset_minutes(value)) % 60)
scalar("at_timezone(zoned, varchar) zoned")(lambda value, zone: Zoned(value.moment, zones.named(zone)))


@form("with_timezone", 2, 2)
def _with_timezone(binder: Expressions, node: exp.Expr, arguments: list[exp.Expr]) -> Bound:
    value, zone = (binder.bind(item) for item in arguments)
    if value.type.name not in {"timestamp", "date"} or not zone.type.is_text:
        raise QueryFailed(
            f"FUNCTION_NOT_FOUND: {binder.position(node)}: Unexpected parameters for function with_timezone"
        )
    clock = coerced(value, Type("timestamp", value.type.sizes or (0,)))
    return applied("with_timezone", Type("timestamp with time zone", clock.type.sizes), zones.moment, [clock, zone])


def _unit(binder: Expressions, node: exp.Expr, kind: Type) -> str:
    value = binder.bind(node)
    if value.constant is NOT_CONSTANT or not isinstance(value.constant, str):
        raise NotSupported(f"{binder.position(node)}: a unit that is no literal")
    return dates.unit(value.constant, "DATE" if kind == DATE else "TIMESTAMP")


def _time(binder: Expressions, node: exp.Expr, name: str) -> Bound:
    value = binder.bind(node)
    if not value.type.is_time and value.type.name != "unknown":
        raise QueryFailed(
            f"FUNCTION_NOT_FOUND: {binder.position(node)}: Unexpected parameters ({value.type}) for function {name}"
        )
    return value


@form("date_trunc", 2, 2)
def _date_trunc(binder: Expressions, _node: exp.Expr, arguments: list[exp.Expr]) -> Bound:
    value = _time(binder, arguments[1], "date_trunc")
    unit = _unit(binder, arguments[0], value.type)
    return applied(("date_trunc", unit), value.type, lambda found: dates.cut(found, unit), [value])


@form("date_add", 3, 3)
def _date_add(binder: Expressions, _node: exp.Expr, arguments: list[exp.Expr]) -> Bound:
    value = _time(binder, arguments[2], "date_add")
    unit = _unit(binder, arguments[0], value.type)
    count = binder.typed(arguments[1], BIGINT, what="The amount of date_add")
    return applied(("date_add", unit), value.type, lambda by, found: dates.moved(found, unit, by), [count, value])


@form("date_diff", 3, 3)
def _date_diff(binder: Expressions, node: exp.Expr, arguments: list[exp.Expr]) -> Bound:
    start, end = (_time(binder, item, "date_diff") for item in arguments[1:])
    kind = common(start.type, end.type)
    if kind is None:
        raise QueryFailed(f"FUNCTION_NOT_FOUND: {binder.position(node)}: Unexpected parameters for function date_diff")
    unit = _unit(binder, arguments[0], kind)
    sides = [coerced(start, kind), coerced(end, kind)]
    return applied(("date_diff", unit), BIGINT, lambda a, b: dates.between(a, b, unit), sides)


@form("date", 1, 1)
def _date(binder: Expressions, _node: exp.Expr, arguments: list[exp.Expr]) -> Bound:
    return binder.bind(exp.Cast(this=arguments[0], to=exp.DataType.build("date")))


@scalar("from_unixtime(double) zoned")
def _from_unixtime(seconds: float) -> Zoned:
    return _moment(seconds, "UTC")


@scalar("from_unixtime(double, varchar) zoned")
def _from_unixtime_in(seconds: float, zone: str) -> Zoned:
    return _moment(seconds, zones.named(zone))


def _moment(seconds: float, zone: str) -> Zoned:
    try:
        milliseconds = int(Decimal(repr(seconds * 1000)).to_integral_value(ROUND_HALF_UP))
        return Zoned(_EPOCH + timedelta(milliseconds=milliseconds), zone)
    except (OverflowError, ArithmeticError, ValueError) as error:
        raise NotSupported(f"the time {seconds}: a year after 9999; is it in milliseconds?") from error


@scalar("to_unixtime(zoned) double", "to_unixtime(timestamp) double")
def _to_unixtime(value: Any) -> float:
    moment = value.moment if isinstance(value, Zoned) else value
    return (moment - _EPOCH) / timedelta(seconds=1)


@scalar("from_iso8601_date(varchar) date")
def _iso_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise QueryFailed(f'INVALID_FUNCTION_ARGUMENT: Invalid format: "{text}"') from error


@scalar("from_iso8601_timestamp(varchar) zoned")
def _iso_timestamp(text: str) -> Zoned:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise QueryFailed(f'INVALID_FUNCTION_ARGUMENT: Invalid format: "{text}"') from error
    if " " in text:
        raise QueryFailed(f'INVALID_FUNCTION_ARGUMENT: Invalid format: "{text}"')
    offset = found.utcoffset() or timedelta(0)
    clock = found.replace(tzinfo=None, microsecond=found.microsecond // 1000 * 1000)
    minutes = int(offset.total_seconds() // 60)
    sign, size = ("-" if minutes < 0 else "+"), abs(minutes)
    return zones.moment(clock, f"{sign}{size // 60:02}:{size % 60:02}")


@form("to_iso8601", 1, 1)
def _to_iso(binder: Expressions, node: exp.Expr, arguments: list[exp.Expr]) -> Bound:
    value = _time(binder, arguments[0], "to_iso8601")
    digits = value.type.sizes[0] if value.type.sizes else 0
    return applied(("to_iso8601", node.key), VARCHAR, lambda found: _iso(found, digits), [value])


def _iso(value: Any, digits: int) -> str:
    if isinstance(value, Zoned):
        zone = "Z" if not zones.offset_minutes(value) else _offset(zones.offset_minutes(value))
        return texts.timestamp(zones.local(value), digits=digits).replace(" ", "T") + zone
    return texts.timestamp(value, digits=digits).replace(" ", "T") if isinstance(value, datetime) else value.isoformat()


def _offset(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


@scalar("human_readable_seconds(double) varchar")
def _readable(seconds: float) -> str:
    if not math.isfinite(seconds):
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: Invalid argument found: {seconds}")
    rest, shown = round(abs(seconds)), []
    for name, size in (("week", 604800), ("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, rest = divmod(rest, size)
        if count:
            shown.append(f"{count} {name}{'' if count == 1 else 's'}")
    return ", ".join(shown) or "0 seconds"
