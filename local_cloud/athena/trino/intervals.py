"""Interval literals."""

import operator
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino.datatypes import DAYS, MONTHS, Type
from local_cloud.athena.trino.values import Months

_SECONDS: Final = {"DAY": 86400, "HOUR": 3600, "MINUTE": 60, "SECOND": 1, "WEEK": 604800}
_NUMBER: Final = re.compile(r"([+-]?)(\d+)(?:\.(\d{1,3}))?")
_YEARS: Final = re.compile(r"([+-]?)(\d+)-(\d+)")
_DAYS: Final = re.compile(r"([+-]?)(\d+) (\d+):(\d+)(?::(\d+)(?:\.(\d{1,3}))?)?")


def literal(text: str, unit: str) -> tuple[Type, Any]:
    """Read `INTERVAL 'text' unit`."""
    unit = unit.removesuffix("S") if unit not in {"", "S"} else unit
    if unit == "YEAR TO MONTH" and (found := _YEARS.fullmatch(text)):
        return MONTHS, Months(_signed(found[1], int(found[2]) * 12 + int(found[3])))
    if unit == "DAY TO SECOND" and (found := _DAYS.fullmatch(text)):
        sign, days, hours, minutes, seconds, fraction = found.groups()
        total = int(days) * 86400 + int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
        milliseconds = total * 1000 + int((fraction or "0").ljust(3, "0"))
        return DAYS, timedelta(milliseconds=_signed(sign, milliseconds))
    number = _NUMBER.fullmatch(text)
    if number is None or (number[3] and unit != "SECOND"):
        raise QueryFailed(f"INVALID_LITERAL: Invalid INTERVAL {unit} value: {text}")
    if unit in {"YEAR", "MONTH"}:
        return MONTHS, Months(_signed(number[1], int(number[2]) * (12 if unit == "YEAR" else 1)))
    if unit not in _SECONDS:
        raise NotSupported(f"the interval unit {unit}")
    milliseconds = int(number[2]) * _SECONDS[unit] * 1000 + int((number[3] or "0").ljust(3, "0"))
    return DAYS, timedelta(milliseconds=_signed(number[1], milliseconds))


def _signed(sign: str, value: int) -> int:
    return -value if sign == "-" else value


def negated(kind: Type) -> Callable[[Any], Any]:
    if kind == MONTHS:
        return lambda value: Months(-value.count)
    if kind.is_whole:
        return lambda value: _checked(-value, kind)
    return operator.neg


def _checked(value: int, kind: Type) -> int:
    if value == 1 << {"tinyint": 7, "smallint": 15, "integer": 31, "bigint": 63}[kind.name]:
        raise QueryFailed(f"NUMERIC_VALUE_OUT_OF_RANGE: {kind} negation overflow: {-value}")
    return value
