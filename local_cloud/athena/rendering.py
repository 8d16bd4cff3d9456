"""Values as Athena writes them into results, and the result object; knows no storage."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

_TYPES: Final[Mapping[str, str]] = {
    "HUGEINT": "bigint",
    "UBIGINT": "bigint",
    "FLOAT": "float",
    "BLOB": "varbinary",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "JSON": "json",
    "INTERVAL": "interval day to second",
    '"NULL"': "unknown",
}


def athena_type(duckdb_type: str) -> str:
    """Name a type as GetQueryResults does."""
    if duckdb_type.endswith("]"):
        return "array"
    base = duckdb_type.partition("(")[0]
    if base in {"STRUCT", "MAP"}:
        return {"STRUCT": "row", "MAP": "map"}[base]
    return "timestamp" if base.startswith("TIMESTAMP_") else _TYPES.get(base, base.lower())


def text(value: Any) -> str | None:  # noqa: C901, PLR0911 # one line per kind of value
    """Write one value; None stays None, which is an empty datum."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case float():
            return _double(value)
        case Decimal():
            return f"{value:f}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03}"
        case date():
            return value.isoformat()
        case timedelta():
            return _interval(value)
        case bytes():
            return " ".join(f"{byte:02x}" for byte in value)
        case list() | tuple():
            return f"[{', '.join(_nested(item) for item in value)}]"
        case dict():
            return f"{{{', '.join(f'{_nested(key)}={_nested(item)}' for key, item in value.items())}}}"
        case _:
            return str(value)


def _nested(value: Any) -> str:
    return text(value) or ("null" if value is None else "")


def _double(value: float) -> str:
    """As Java does: scientific from 10 million on and below a thousandth."""
    if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124 # NaN
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"  # noqa: PLR0124
    shortest = Decimal(repr(value))
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return f"{shortest:f}" if "." in f"{shortest:f}" else f"{shortest:f}.0"
    sign, digits, _ = shortest.normalize().as_tuple()
    first, rest = digits[0], "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{first}.{rest}E{shortest.adjusted()}"


def _interval(value: timedelta) -> str:
    minutes, seconds = divmod(value.seconds, 60)
    return f"{value.days} {minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{value.microseconds // 1000:03}"


def csv(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> bytes:
    """Write the object of a SELECT: every value quoted, and a NULL as nothing at all."""
    lines = [_line(columns), *(_line(row) for row in rows)]
    return "".join(f"{line}\n" for line in lines).encode()


def plain(rows: Iterable[Sequence[str | None]]) -> bytes:
    """Write the object of a statement that is no query: no header, tabs between."""
    return "".join("\t".join(value or "" for value in row) + "\n" for row in rows).encode()


def _line(values: Sequence[str | None]) -> str:
    return ",".join("" if value is None else '"' + value.replace('"', '""') + '"' for value in values)
