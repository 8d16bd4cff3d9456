"""The aggregate functions."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from local_cloud.athena.errors import QueryFailed
from local_cloud.athena.trino.aggregates import aggregate
from local_cloud.athena.trino.casts import EXACT
from local_cloud.athena.trino.values import TrinoMap, group_key, sort_key, to_real


@dataclass
class _Count:
    found: int = 0

    def add(self, *values: Any) -> None:
        if not values or values[0] is not None:
            self.found += 1

    def result(self) -> int:
        return self.found


aggregate("count() bigint", "count(T) bigint", running=True)(_Count)


@dataclass
class _Sum:
    """A sum, or with `average` the mean; `finish` gives it the form of its type."""

    finish: Callable[[Any], Any]
    average: bool = False
    total: Any = 0
    count: int = 0

    def add(self, value: Any) -> None:
        if value is not None:
            self.total = EXACT.add(self.total, value) if isinstance(value, Decimal) else self.total + value
            self.count += 1

    def result(self) -> Any:
        if not self.count:
            return None
        if not self.average:
            return self.finish(self.total)
        if isinstance(self.total, Decimal):
            return EXACT.divide(self.total, self.count).quantize(
                Decimal(1).scaleb(_exponent(self.total)), context=EXACT
            )
        return self.finish(self.total / self.count)


def _exponent(value: Decimal) -> int:
    return int(value.as_tuple().exponent)


def _bigint(total: int) -> int:
    if not -(1 << 63) <= total < 1 << 63:
        raise QueryFailed(f"NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: {total}")
    return total


def _decimal(total: Decimal) -> Decimal:
    if len(total.as_tuple().digits) > 38:
        raise QueryFailed("NUMERIC_VALUE_OUT_OF_RANGE: Decimal overflow")
    return total


def _same(value: Any) -> Any:
    return value


aggregate("sum(bigint) bigint", running=True)(lambda: _Sum(_bigint))
aggregate("sum(real) real", running=True)(lambda: _Sum(to_real))
aggregate("sum(double) double", running=True)(lambda: _Sum(float))
aggregate("sum(decimal) decimal", running=True)(lambda: _Sum(_decimal, total=Decimal(0)))
aggregate("avg(bigint) double", running=True)(lambda: _Sum(float, average=True))
aggregate("avg(real) real", running=True)(lambda: _Sum(to_real, average=True))
aggregate("avg(double) double", running=True)(lambda: _Sum(float, average=True))
aggregate("avg(decimal) decimal", running=True)(lambda: _Sum(_same, average=True, total=Decimal(0)))
aggregate("sum(days) days")(lambda values: sum(values[1:], start=values[0]))


@dataclass
class _Best:
    """The greatest or the least value; NaN counts as greater than any number."""

    sign: int
    found: Any = None

    def add(self, value: Any) -> None:
        if value is None:
            return
        if self.found is None or self._better(value):
            self.found = value

    def _better(self, value: Any) -> bool:
        if isinstance(value, float | tuple | TrinoMap):
            one, other = sort_key(value), sort_key(self.found)
            return bool(other < one if self.sign > 0 else one < other)
        return bool(self.found < value if self.sign > 0 else value < self.found)

    def result(self) -> Any:
        return self.found


aggregate("max(T) T", running=True)(lambda: _Best(1))
aggregate("min(T) T", running=True)(lambda: _Best(-1))


def _positive(count: int | None) -> int:
    if count is None or count <= 0:
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: the number of values must be positive: {count}")
    return count


def _several(name: str, *, descending: bool) -> None:
    @aggregate(f"{name}(T, bigint) array(T)")
    def _first(rows: list[Any]) -> tuple[Any, ...]:
        ordered = sorted((row[0] for row in rows), key=sort_key, reverse=descending)
        return tuple(ordered[: _positive(rows[0][1])])

    @aggregate(f"{name}_by(T, K) T", nulls=True)
    def _by(rows: list[Any]) -> Any:
        keyed = [row for row in rows if row[1] is not None]
        pick = max if descending else min
        return pick(keyed, key=lambda row: sort_key(row[1]))[0] if keyed else None

    @aggregate(f"{name}_by(T, K, bigint) array(T)", nulls=True)
    def _first_by(rows: list[Any]) -> Any:
        keyed = [row for row in rows if row[1] is not None]
        keyed.sort(key=lambda row: sort_key(row[1]), reverse=descending)
        return tuple(row[0] for row in keyed[: _positive(rows[0][2])]) if keyed else None


_several("max", descending=True)
_several("min", descending=False)


@dataclass
class _CountIf:
    found: int = 0

    def add(self, value: Any) -> None:
        self.found += value is True

    def result(self) -> int:
        return self.found


aggregate("count_if(boolean) bigint", running=True)(_CountIf)
aggregate("bool_and(boolean) boolean", "every(boolean) boolean")(all)
aggregate("bool_or(boolean) boolean")(any)
aggregate("arbitrary(T) T", "any_value(T) T")(lambda values: values[0])
aggregate("array_agg(T) array(T)", nulls=True)(tuple)
aggregate("histogram(T) map(T, bigint)")(lambda values: TrinoMap(Counter(map(group_key, values))))
aggregate("listagg(varchar, varchar) varchar")(lambda rows: rows[0][1].join(row[0] for row in rows))


@dataclass
class _Distinct:
    """Exact, which is within the error that Athena's own answer may have."""

    seen: set[Any] = field(default_factory=set)

    def add(self, value: Any, *_error: Any) -> None:
        if value is not None:
            self.seen.add(group_key(value))

    def result(self) -> int:
        return len(self.seen)


aggregate("approx_distinct(T) bigint", "approx_distinct(T, double) bigint", running=True)(_Distinct)


def _percentile(ordered: list[Any], share: float) -> Any:
    if not 0 <= share <= 1:
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT: Percentile must be between 0 and 1")
    return ordered[min(len(ordered) - 1, math.floor(share * len(ordered)))]


for _kind in ("bigint", "double", "real"):

    @aggregate(f"approx_percentile({_kind}, double) {_kind}")
    def _one_percentile(rows: list[Any]) -> Any:
        return _percentile(sorted(row[0] for row in rows), rows[0][1])

    @aggregate(f"approx_percentile({_kind}, array(double)) array({_kind})")
    def _percentiles(rows: list[Any]) -> Any:
        ordered = sorted(row[0] for row in rows)
        return tuple(_percentile(ordered, share) for share in rows[0][1])


@aggregate("map_agg(K, V) map(K, V)", nulls=True)
def _map(rows: list[Any]) -> Any:
    found: TrinoMap = TrinoMap()
    for key, value in rows:
        if key is not None:
            found.setdefault(key, value)
    return found or None


@aggregate("multimap_agg(K, V) map(K, array(V))", nulls=True)
def _multimap(rows: list[Any]) -> Any:
    found: dict[Any, list[Any]] = {}
    for key, value in rows:
        if key is not None:
            found.setdefault(key, []).append(value)
    return TrinoMap({key: tuple(values) for key, values in found.items()}) or None


def _moments(values: list[float]) -> tuple[int, float, float]:
    """Count, mean and the sum of squared differences, one value after the other."""
    count, mean, squares = 0, 0.0, 0.0
    for value in values:
        count += 1
        delta = value - mean
        mean += delta / count
        squares += delta * (value - mean)
    return count, mean, squares


def _variance(*, sample: bool, root: bool) -> Callable[[list[float]], float | None]:
    def work(values: list[float]) -> float | None:
        count, _, squares = _moments(values)
        if count <= sample:
            return None
        found = squares / (count - sample)
        return math.sqrt(found) if root else found

    return work


aggregate("stddev(double) double", "stddev_samp(double) double")(_variance(sample=True, root=True))
aggregate("stddev_pop(double) double")(_variance(sample=False, root=True))
aggregate("variance(double) double", "var_samp(double) double")(_variance(sample=True, root=False))
aggregate("var_pop(double) double")(_variance(sample=False, root=False))


@aggregate("corr(double, double) double")
def _corr(rows: list[Any]) -> float | None:
    mean_y, mean_x = sum(y for y, _ in rows) / len(rows), sum(x for _, x in rows) / len(rows)
    away = [(y - mean_y, x - mean_x) for y, x in rows]
    both, squares_y, squares_x = sum(y * x for y, x in away), sum(y * y for y, _ in away), sum(x * x for _, x in away)
    return both / math.sqrt(squares_x * squares_y) if squares_x and squares_y else None
