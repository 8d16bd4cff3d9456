"""CAST: which conversions Trino has, and what each does to a value."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, Final

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import jsons, texts, zones
from local_cloud.athena.trino.datatypes import Type
from local_cloud.athena.trino.values import TrinoMap, Zoned, to_real

Convert = Callable[[Any], Any]
EXACT: Final = Context(prec=120, rounding=ROUND_HALF_UP)
_BITS: Final = {"tinyint": 7, "smallint": 15, "integer": 31, "bigint": 63}
_BOOLEANS: Final = {"t": True, "true": True, "1": True, "f": False, "false": False, "0": False}
_SHORT: Final = {"integer": "INT"}


def converter(source: Type, target: Type) -> Convert | None:  # noqa: PLR0911 # one line per kind of conversion
    """Return what converts a value that is not NULL; None when Trino has no such cast."""
    if source == target or source.name == "unknown":
        return _same
    if source.name == "json":
        return jsons.from_json(target, inner=converter)
    if target.name == "json":
        return jsons.to_json(source)
    if source.items or target.items:
        return _nested(source, target)
    if target.is_text:
        return _to_text(source, target)
    if target.is_whole or target.is_float or target.name in {"decimal", "boolean"}:
        return _to_number(source, target)
    if target.is_time:
        return _to_time(source, target)
    if target.name == "varbinary" and source.is_text:
        return str.encode
    if target.name == "time":
        return _to_clock(source, target)
    return _same if source.name == target.name else None


def _same(value: Any) -> Any:
    return value


def _nested(source: Type, target: Type) -> Convert | None:
    if source.name != target.name or len(source.items) != len(target.items):
        return None
    inner = [converter(a, b) for a, b in zip(source.items, target.items, strict=True)]
    found = [_keeping_null(item) for item in inner if item is not None]
    if len(found) != len(inner):
        return None
    if source.name == "array":
        return lambda value: tuple(map(found[0], value))
    if source.name == "map":
        return lambda value: TrinoMap((found[0](key), found[1](item)) for key, item in value.items())
    return lambda value: tuple(convert(item) for convert, item in zip(found, value, strict=True))


def _keeping_null(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _to_text(source: Type, target: Type) -> Convert | None:
    write = texts.writer(source)
    if write is None or not target.sizes:
        return write
    size = target.sizes[0]
    if source.is_text:
        return lambda value: value[:size]

    def convert(value: Any) -> str:
        text = write(value)
        if len(text) > size:
            raise QueryFailed(f"INVALID_CAST_ARGUMENT: Value {text} cannot be represented as varchar({size})")
        return text

    return convert


def _to_number(source: Type, target: Type) -> Convert | None:
    if source.is_text:
        return _text_to_number(target)
    if not source.is_number and source.name != "boolean":
        return None
    if target.name == "boolean":
        return bool
    if target.is_float:
        return (lambda value: to_real(float(value))) if target.name == "real" else float
    if target.is_whole:
        return lambda value: whole(_half_up(value, source, target), target)
    return lambda value: to_decimal(_as_decimal(value), target, shown=_shown(value), source=source)


def _shown(value: Any) -> str:
    return texts.plain(value, real=False) if isinstance(value, float) else str(value)


def _as_decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(repr(value) if isinstance(value, float) else int(value))


def _half_up(value: Any, source: Type, target: Type) -> int:
    if isinstance(value, float) and not math.isfinite(value):
        raise QueryFailed(f"INVALID_CAST_ARGUMENT: Cannot cast {source} {_shown(value)} to {target}")
    if isinstance(value, float | Decimal):
        return int(Decimal(value).to_integral_value(rounding=ROUND_HALF_UP, context=EXACT))
    return int(value)


def whole(value: int, kind: Type) -> int:
    """Keep a whole number within the bounds of its type."""
    bound = 1 << _BITS[kind.name]
    if -bound <= value < bound:
        return value
    raise QueryFailed(f"NUMERIC_VALUE_OUT_OF_RANGE: Out of range for {kind}: {value}")


def to_decimal(value: Decimal, kind: Type, *, shown: str = "", source: Type | None = None) -> Decimal:
    """Round half up to a decimal's scale and keep within its precision."""
    precision, scale = kind.sizes
    # Farther out a decimal cannot even be rounded, and a double reaches 309 digits.
    if value.is_finite() and (value == 0 or value.adjusted() < precision - scale):
        found = value.quantize(Decimal(1).scaleb(-scale), context=EXACT)
        if abs(found) < Decimal(10) ** (precision - scale):
            return abs(found) if found == 0 else found
    what = f"{str(source).partition('(')[0].upper()} '{shown}'" if source else str(value)
    raise QueryFailed(f"INVALID_CAST_ARGUMENT: Cannot cast {what} to DECIMAL({precision}, {scale})")


def _text_to_number(target: Type) -> Convert:
    shown = _SHORT.get(target.name, target.name.upper())

    def convert(text: str) -> Any:
        try:
            return _parsed(text, target)
        except (ValueError, KeyError, InvalidOperation):
            raise QueryFailed(f"INVALID_CAST_ARGUMENT: Cannot cast '{text}' to {shown}") from None

    return convert


def _parsed(text: str, target: Type) -> Any:
    if not text.isascii() or "_" in text:
        raise ValueError
    if target.name == "boolean":
        return _BOOLEANS[text.lower()]
    if target.is_whole:
        digits = text[1:] if text[:1] in {"+", "-"} else text
        bound = 1 << _BITS[target.name]
        if not digits.isdigit() or not -bound <= int(text) < bound:
            raise ValueError
        return int(text)
    if target.name == "decimal":
        number = Decimal(text.strip())
        if not number.is_finite():
            raise ValueError
        return to_decimal(number, target, shown=text, source=Type("varchar"))
    stripped = text.strip()
    if stripped.lstrip("+-") not in {"NaN", "Infinity"} and stripped.lower().lstrip("+-")[:1] in {"n", "i", ""}:
        raise ValueError
    return to_real(float(stripped)) if target.name == "real" else float(stripped)


def _to_time(source: Type, target: Type) -> Convert | None:
    if source.is_text:
        return _text_to_time(target)
    if not source.is_time:
        return None
    digits = target.sizes[0] if target.sizes else 0
    clock: Convert = zones.local if source.name == "timestamp with time zone" else _midnight
    if target.name == "date":
        return lambda value: clock(value).date()
    if target.name == "timestamp":
        return lambda value: _shortened(clock(value), digits)
    if source.name == target.name:
        return lambda value: Zoned(_shortened(value.moment, digits), value.zone)
    return lambda value: Zoned(_shortened(clock(value), digits), "UTC")


def _midnight(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001


def _shortened(value: datetime, digits: int) -> datetime:
    return texts.rounded(value.replace(microsecond=0), value.microsecond * 1000, digits=digits)


def _text_to_time(target: Type) -> Convert:
    digits = target.sizes[0] if target.sizes else 0
    if target.name == "date":
        return texts.to_date

    def convert(text: str) -> Any:
        clock, zone = texts.to_timestamp(text, digits=digits)
        if target.name == "timestamp":
            if zone is not None:
                raise QueryFailed(f"INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp: {text}")
            return clock
        return zones.moment(clock, zone or "UTC")

    return convert


def _to_clock(source: Type, target: Type) -> Convert | None:
    if source.name == "timestamp":
        return lambda value: value.time()
    if source.name == "timestamp with time zone":
        return lambda value: zones.local(value).time()
    if source.is_text:
        raise NotSupported(f"a cast from {source} to {target}")
    return None


def now() -> Zoned:
    """Return the moment with milliseconds, as Athena does."""
    found = datetime.now(UTC).replace(tzinfo=None)
    return Zoned(found - timedelta(microseconds=found.microsecond % 1000), "UTC")
