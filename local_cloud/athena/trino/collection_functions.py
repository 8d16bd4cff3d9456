"""Functions on arrays and maps: https://trino.io/docs/current/functions/array.html."""

import itertools
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import zip_longest
from typing import Any, Final

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import operators
from local_cloud.athena.trino.functions import scalar
from local_cloud.athena.trino.values import Months, TrinoMap, equal, group_key, less, sort_key

_LONGEST: Final = 10_000

scalar("cardinality(array(T)) bigint", "cardinality(map(K, V)) bigint")(len)
scalar("map() map(unknown, unknown)")(TrinoMap)
scalar("map_keys(map(K, V)) array(K)")(tuple)
scalar("map_values(map(K, V)) array(V)")(lambda value: tuple(value.values()))
scalar("flatten(array(array(T))) array(T)")(
    lambda value: tuple(item for inner in value if inner is not None for item in inner)
)
scalar("array_distinct(array(T)) array(T)")(lambda value: tuple(dict.fromkeys(map(group_key, value))))
scalar("concat(array(T), array(T), ...) array(T)")(lambda *values: tuple(item for value in values for item in value))
scalar("concat(array(T), T) array(T)", nulls=True)(lambda value, item: None if value is None else (*value, item))
scalar("concat(T, array(T)) array(T)", nulls=True)(lambda item, value: None if value is None else (item, *value))
scalar("array_remove(array(T), T) array(T)")(
    lambda value, gone: tuple(item for item in value if item is None or item != gone)
)
scalar("array_union(array(T), array(T)) array(T)")(lambda a, b: tuple(dict.fromkeys(map(group_key, (*a, *b)))))
scalar("array_intersect(array(T), array(T)) array(T)")(lambda a, b: tuple(i for i in dict.fromkeys(a) if i in b))
scalar("array_except(array(T), array(T)) array(T)")(lambda a, b: tuple(i for i in dict.fromkeys(a) if i not in b))


@scalar("map(array(K), array(V)) map(K, V)")
def _map(keys: tuple[Any, ...], values: tuple[Any, ...]) -> TrinoMap:
    if len(keys) != len(values):
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT: Key and value arrays must be the same length")
    return _entries(zip(keys, values, strict=True))


def _entries(pairs: Any) -> TrinoMap:
    found: TrinoMap = TrinoMap()
    for key, value in pairs:
        if key is None:
            raise QueryFailed("INVALID_FUNCTION_ARGUMENT: map key cannot be null")
        if key in found:
            raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: Duplicate map keys ({key}) are not allowed")
        found[key] = value
    return found


@scalar("map_entries(map(K, V)) array(row(K, V))")
def _map_entries(value: TrinoMap) -> tuple[Any, ...]:
    return tuple(value.items())


@scalar("map_concat(map(K, V), map(K, V), ...) map(K, V)")
def _map_concat(*maps: TrinoMap) -> TrinoMap:
    return TrinoMap((key, value) for each in maps for key, value in each.items())


@scalar("element_at(array(T), bigint) T")
def _element_at(value: tuple[Any, ...], index: int) -> Any:
    if index == 0:
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1")
    place = index - 1 if index > 0 else len(value) + index
    return value[place] if 0 <= place < len(value) else None


scalar("element_at(map(K, V), K) V")(lambda value, key: value.get(key))


@scalar("contains(array(T), T) boolean")
def _contains(value: tuple[Any, ...], wanted: Any) -> bool | None:
    found = [None if item is None else equal(item, wanted) for item in value]
    return True if True in found else None if None in found else False


@scalar("array_position(array(T), T) bigint")
def _array_position(value: tuple[Any, ...], wanted: Any) -> int:
    return next((place for place, item in enumerate(value, 1) if item is not None and equal(item, wanted)), 0)


def _extreme(name: str, sign: int) -> None:
    @scalar(f"{name}(array(T)) T")
    def _work(value: tuple[Any, ...]) -> Any:
        if not value or any(item is None for item in value):
            return None
        return max(value, key=sort_key) if sign > 0 else min(value, key=sort_key)


_extreme("array_max", 1)
_extreme("array_min", -1)


@scalar("arrays_overlap(array(T), array(T)) boolean")
def _overlap(left: tuple[Any, ...], right: tuple[Any, ...]) -> bool | None:
    if {item for item in left if item is not None} & {item for item in right if item is not None}:
        return True
    return None if (None in left and right) or (None in right and left) else False


@scalar("slice(array(T), bigint, bigint) array(T)")
def _slice(value: tuple[Any, ...], start: int, length: int) -> tuple[Any, ...]:
    if start == 0 or length < 0:
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1, and length must not be negative")
    begin = start - 1 if start > 0 else len(value) + start
    return value[begin : begin + length] if begin >= 0 else ()


@scalar("zip(array(T), array(U)) array(row(T, U))", "zip(array(T), array(U), array(V)) array(row(T, U, V))")
def _zip(*values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(zip_longest(*values))


@scalar("sequence(bigint, bigint) array(bigint)", "sequence(bigint, bigint, bigint) array(bigint)")
def _sequence(start: int, end: int, step: int | None = None) -> tuple[int, ...]:
    by = step if step is not None else 1 if end >= start else -1
    if by == 0 or (end - start) * by < 0:
        raise QueryFailed(
            "INVALID_FUNCTION_ARGUMENT: sequence stop value should be greater than or equal to start value if "
            "step is greater than zero otherwise stop should be less than or equal to start"
        )
    return _short(itertools.islice(range(start, end + (1 if by > 0 else -1), by), _LONGEST + 1))


def _short(values: Iterable[Any]) -> tuple[Any, ...]:
    found = tuple(values)
    if len(found) > _LONGEST:
        raise QueryFailed(
            "INVALID_FUNCTION_ARGUMENT: result of sequence function must not have more than 10000 entries"
        )
    return found


@scalar(
    "sequence(date, date) array(date)",
    "sequence(date, date, days) array(date)",
    "sequence(date, date, months) array(date)",
)
@scalar(
    "sequence(timestamp, timestamp, days) array(timestamp)", "sequence(timestamp, timestamp, months) array(timestamp)"
)
def _times(start: date | datetime, end: date | datetime, step: timedelta | Months | None = None) -> tuple[Any, ...]:
    by = step if step is not None else timedelta(days=1 if end >= start else -1)
    forwards = by > Months(0) if isinstance(by, Months) else by > timedelta(0)
    if by in (Months(0), timedelta(0)) or (forwards and less(end, start)) or (not forwards and less(start, end)):
        raise QueryFailed(
            "INVALID_FUNCTION_ARGUMENT: sequence stop value should be greater than or equal to start value if "
            "step is greater than zero otherwise stop should be less than or equal to start"
        )
    found: list[Any] = []
    value: Any = start
    while len(found) <= _LONGEST and (not less(end, value) if forwards else not less(value, end)):
        found.append(value)
        try:
            value = operators.shifted(start, _times_over(by, len(found)))
        except NotSupported:  # after the last year nothing is left to list
            break
    return _short(found)


def _times_over(span: timedelta | Months, count: int) -> timedelta | Months:
    return Months(span.count * count) if isinstance(span, Months) else span * count
