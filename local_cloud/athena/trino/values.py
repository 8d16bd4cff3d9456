"""Values of Trino's types as Python holds them, and how they compare, sort and group."""

import math
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cmp_to_key, wraps
from typing import Any, Final, ParamSpec, TypeVar

from local_cloud.athena.errors import NotSupported
from local_cloud.athena.trino.datatypes import Type

NAN: Final = math.nan
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, order=True, slots=True)
class Months:
    """An interval of years and months."""

    count: int


@dataclass(frozen=True, slots=True)
class Zoned:
    """A moment, in UTC, with the zone it is shown in; equal moments are equal, whatever their zones."""

    moment: datetime
    zone: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Zoned) and self.moment == other.moment

    def __lt__(self, other: "Zoned") -> bool:
        return self.moment < other.moment

    def __hash__(self) -> int:
        return hash(self.moment)


def limited(work: Callable[P, R]) -> Callable[P, R]:
    """Refuse what leaves the years that Python's dates and intervals reach."""

    @wraps(work)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            return work(*arguments, **options)
        except (OverflowError, ValueError) as error:
            raise NotSupported("a year before 1 or after 9999") from error

    return run


class TrinoMap(dict[Any, Any]):
    """A map that can be a key of a group."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


def to_real(value: float) -> float:
    """Round to the 32 bits of a real."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def equal(left: Any, right: Any) -> bool | None:
    """Compare two values that are not NULL but may hold NULL inside."""
    if isinstance(left, tuple):
        if len(left) != len(right):
            return False
        found = [None if a is None or b is None else equal(a, b) for a, b in zip(left, right, strict=True)]
        return False if False in found else None if None in found else True
    if isinstance(left, TrinoMap):
        if left.keys() != right.keys():
            return False
        return equal(tuple(left.values()), tuple(right[key] for key in left))
    return bool(left == right)


def less(left: Any, right: Any) -> bool:
    """Compare two values that are not NULL; arrays and rows element by element."""
    if isinstance(left, tuple):
        for a, b in zip(left, right, strict=False):
            if a is None or b is None:
                raise ValueError
            if a != b:
                return less(a, b)
        return len(left) < len(right)
    return bool(left < right)


def _ordered(left: Any, right: Any) -> int:
    """Order values of one type, NULL and NaN last, inside of arrays and rows too."""
    if left is None or right is None:
        return (left is None) - (right is None)
    if isinstance(left, float) and (left != left or right != right):  # noqa: PLR0124 # NaN
        return int(left != left) - int(right != right)  # noqa: PLR0124 # NaN
    if isinstance(left, TrinoMap):
        raise NotSupported("an order of maps")
    if isinstance(left, tuple):
        for a, b in zip(left, right, strict=False):
            found = _ordered(a, b)
            if found:
                return found
        return len(left) - len(right)
    return -1 if left < right else int(right < left)


sort_key: Final = cmp_to_key(_ordered)


@dataclass(frozen=True)
class SortItem:
    """One key of an order. NULL is last in both directions unless it is said otherwise."""

    key: Callable[[Any], Any]
    descending: bool
    nulls_first: bool


def sort_rows(rows: list[Any], items: Iterable[SortItem]) -> list[Any]:
    """Sort by the last key first, which a stable sort allows."""
    for item in reversed(list(items)):
        key = item.key
        nulls = [row for row in rows if key(row) is None]
        others = [row for row in rows if key(row) is not None]
        others.sort(key=lambda row, key=key: sort_key(key(row)), reverse=item.descending)  # type: ignore[misc]
        rows = nulls + others if item.nulls_first else others + nulls
    return rows


def group_key(value: Any) -> Any:
    """Make every NaN the same one; values of one type are compared only with each other."""
    if isinstance(value, float) and value != value:  # noqa: PLR0124 # NaN
        return NAN
    return value


_CHECKED: Final = {"date", "varchar", "boolean", "double", "tinyint", "smallint", "integer", "bigint", "varbinary"}


def reader(kind: Type) -> Callable[[Any], Any] | None:
    """Return what turns a value of the file reader into one of ours; None when nothing is to do."""
    if kind.name in _CHECKED or kind.name in {"decimal", "timestamp", "real"}:
        return None
    inner = [_optional(reader(item)) for item in kind.items]
    if kind.name == "array":
        return lambda value: tuple(inner[0](item) for item in value)
    if kind.name == "row":
        return lambda value: tuple(read(item) for read, item in zip(inner, value.values(), strict=True))
    if kind.name == "map":
        return lambda value: TrinoMap((inner[0](key), inner[1](item)) for key, item in _pairs(value))
    raise TypeError(str(kind))


def _pairs(value: Mapping[Any, Any]) -> Iterable[tuple[Any, Any]]:
    return value.items()


def _optional(read: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    if read is None:
        return lambda value: value
    return lambda value: None if value is None else read(value)


Value = bool | int | float | str | bytes | Decimal | date | datetime | time | timedelta | Months | Zoned | None
