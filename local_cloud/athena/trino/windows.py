"""Window functions: partitions, orders, frames."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlglot import exp

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import aggregates
from local_cloud.athena.trino.aggregates import Aggregate
from local_cloud.athena.trino.bound import Bound, coerced
from local_cloud.athena.trino.datatypes import BIGINT, DOUBLE, Type, common
from local_cloud.athena.trino.expressions import Expressions, handles
from local_cloud.athena.trino.scope import Row
from local_cloud.athena.trino.values import SortItem, group_key, sort_rows

# How many arguments each takes, and the type of its result where that is not the type of the first.
_RANKING: Final = {
    "row_number": BIGINT,
    "rank": BIGINT,
    "dense_rank": BIGINT,
    "percent_rank": DOUBLE,
    "cume_dist": DOUBLE,
}
_VALUES: Final = {"first_value": (1, 1), "last_value": (1, 1), "nth_value": (2, 2), "lag": (1, 3), "lead": (1, 3)}
NAMES: Final = frozenset({*_RANKING, *_VALUES, "ntile"})


@dataclass(frozen=True)
class Part:
    """The rows of one partition in order, and where the peers of each begin and end."""

    rows: list[Row]
    first: list[int]
    end: list[int]


Frame = Callable[[Part, int], tuple[int, int]]
Work = Callable[[Part, Frame], Iterator[Any]]


@dataclass(frozen=True)
class WindowCall:
    """One call over a window: what it answers for each row, in the order that the rows came."""

    partition: tuple[Bound, ...]
    order: tuple[SortItem, ...]
    frame: Frame
    work: Work

    def answers(self, rows: Sequence[Row]) -> list[Any]:
        parts: dict[Any, list[tuple[int, Row]]] = {}
        for position, row in enumerate(rows):
            parts.setdefault(tuple(group_key(key.run(row)) for key in self.partition), []).append((position, row))
        found: list[Any] = [None] * len(rows)
        for members in parts.values():
            keyed = [replace_key(item) for item in self.order]
            ordered = sort_rows(members, keyed)
            part = self._part([row for _, row in ordered])
            for (position, _), value in zip(ordered, self.work(part, self.frame), strict=True):
                found[position] = value
        return found

    def _part(self, rows: list[Row]) -> Part:
        keys = [tuple(group_key(item.key(row)) for item in self.order) for row in rows]
        first: list[int] = []
        for position, key in enumerate(keys):
            first.append(first[-1] if position and keys[position - 1] == key else position)
        end = [0] * len(rows)
        for position in range(len(rows) - 1, -1, -1):
            last = position == len(rows) - 1 or first[position + 1] != first[position]
            end[position] = position + 1 if last else end[position + 1]
        return Part(rows, first, end)


def replace_key(item: SortItem) -> SortItem:
    """Sort pairs of position and row by the row."""
    return replace(item, key=lambda pair: item.key(pair[1]))


@handles(exp.Window, "this partition_by order spec over alias")
def _window(binder: Expressions, node: exp.Window) -> Bound:
    if binder.windows is None:
        what = binder.clause or "This clause"
        raise QueryFailed(
            f"EXPRESSION_NOT_SCALAR: {binder.position(node)}: {what} cannot contain aggregations, window functions or "
            f"grouping operations: [{node.sql(dialect='trino')}]"
        )
    if node.args.get("alias"):
        raise NotSupported(f"{binder.position(node)}: a window that extends a named one")
    inside = replace(binder, windows=None, clause="A window function", aliases={})
    partition = tuple(inside.bind(item) for item in node.args.get("partition_by") or [])
    order_node = node.args.get("order")
    order = tuple(aggregates.sort_item(inside, item) for item in (order_node.expressions if order_node else []))
    kind, work = _called(inside, node.this)
    call = WindowCall(partition, order, _frame(binder, node.args.get("spec"), ordered=bool(order)), work)
    index = len(binder.windows)
    binder.windows.append(call)
    return Bound(kind, lambda row: row[-1][index], ("window", id(call)))


def _called(binder: Expressions, node: exp.Expr) -> tuple[Type, Work]:
    if isinstance(node, exp.IgnoreNulls):
        return _function(binder, node.this, ignore_nulls=True)
    if isinstance(node, exp.RespectNulls):
        return _function(binder, node.this, ignore_nulls=False)
    return _function(binder, node, ignore_nulls=False)


def _function(binder: Expressions, node: exp.Expr, *, ignore_nulls: bool) -> tuple[Type, Work]:
    call, condition = (node.this, node.expression.this) if isinstance(node, exp.Filter) else (node, None)
    name = str(call.this).lower() if isinstance(call, exp.Anonymous) else ""
    if aggregates.is_aggregate(call) and name != "grouping":
        if ignore_nulls:
            raise NotSupported(f"{binder.position(node)}: IGNORE NULLS of an aggregate")
        found = aggregates.called(binder, call, condition=condition)
        return found.type, _aggregated(found)
    if name not in NAMES or condition is not None:
        raise QueryFailed(
            f"FUNCTION_NOT_WINDOW: {binder.position(node)}: {name or node.sql()} is not a window function"
        )
    arguments = [binder.bind(item) for item in call.expressions]
    if name in _RANKING:
        return _RANKING[name], _ranked(name)
    if name == "ntile":
        return BIGINT, _tiles(arguments[0])
    least, most = _VALUES[name]
    if not least <= len(arguments) <= most:
        raise QueryFailed(f"FUNCTION_NOT_FOUND: {binder.position(node)}: Unexpected parameters for function {name}")
    if name in {"lag", "lead"}:
        return _moved(name, arguments, ignore_nulls=ignore_nulls)
    return arguments[0].type, _picked(name, arguments, ignore_nulls=ignore_nulls)


def _aggregated(call: Aggregate) -> Work:
    def work(part: Part, frame: Frame) -> Iterator[Any]:
        running, done, bounds, value = call.group(), 0, (0, 0), None
        plain = not call.order
        for position in range(len(part.rows)):
            start, end = frame(part, position)
            if plain and start == 0 and end >= done:
                for row in part.rows[done:end]:
                    running.add(row)
                value = running.result() if (start, end) != bounds or position == 0 else value
                done = end
            else:
                value = call.over(part.rows[start:end])
            bounds = start, end
            yield value

    return work


def _ranked(name: str) -> Work:
    def work(part: Part, _frame: Frame) -> Iterator[Any]:
        size, dense = len(part.rows), 0
        for position in range(size):
            first, end = part.first[position], part.end[position]
            dense += first == position
            yield {
                "row_number": position + 1,
                "rank": first + 1,
                "dense_rank": dense,
                "percent_rank": first / (size - 1) if size > 1 else 0.0,
                "cume_dist": end / size,
            }[name]

    return work


def _tiles(count: Bound) -> Work:
    def work(part: Part, _frame: Frame) -> Iterator[Any]:
        size = len(part.rows)
        for position, row in enumerate(part.rows):
            buckets = count.run(row)
            if buckets is not None and buckets <= 0:
                raise QueryFailed("INVALID_FUNCTION_ARGUMENT: Buckets must be greater than 0")
            if buckets is None:
                yield None
                continue
            each, more = divmod(size, buckets)
            large = more * (each + 1)
            yield position // (each + 1) + 1 if position < large else more + (position - large) // max(each, 1) + 1

    return work


def _moved(name: str, arguments: list[Bound], *, ignore_nulls: bool) -> tuple[Type, Work]:
    value, kind = arguments[0], arguments[0].type
    if len(arguments) == 3:
        kind = common(kind, arguments[2].type) or kind
        value, default = coerced(value, kind), coerced(arguments[2], kind)
    else:
        default = Bound(kind, lambda _row: None, "none")
    step = 1 if name == "lead" else -1

    def work(part: Part, _frame: Frame) -> Iterator[Any]:
        for position, row in enumerate(part.rows):
            offset = 1 if len(arguments) < 2 else arguments[1].run(row)
            if offset is None or offset < 0:
                raise QueryFailed("INVALID_FUNCTION_ARGUMENT: Offset must be at least 0")
            target = _skipping(part, position, step, offset, value) if ignore_nulls else position + step * offset
            inside = 0 <= target < len(part.rows)
            yield value.run(part.rows[target]) if inside else default.run(row)

    return kind, work


def _skipping(part: Part, position: int, step: int, offset: int, value: Bound) -> int:
    while offset and 0 <= position < len(part.rows):
        position += step
        if 0 <= position < len(part.rows) and value.run(part.rows[position]) is not None:
            offset -= 1
    return position


def _picked(name: str, arguments: list[Bound], *, ignore_nulls: bool) -> Work:
    value = arguments[0]

    def work(part: Part, frame: Frame) -> Iterator[Any]:
        for position, row in enumerate(part.rows):
            start, end = frame(part, position)
            shown: Sequence[int] = range(start, end)
            if ignore_nulls:
                shown = [index for index in shown if value.run(part.rows[index]) is not None]
            offset = (
                {"first_value": 1, "last_value": len(shown)}.get(name) if name != "nth_value" else arguments[1].run(row)
            )
            if name == "nth_value" and offset is not None and offset < 1:
                raise QueryFailed("INVALID_FUNCTION_ARGUMENT: Offset must be at least 1")
            yield value.run(part.rows[shown[offset - 1]]) if offset and offset <= len(shown) else None

    return work


def _frame(binder: Expressions, spec: exp.Expr | None, *, ordered: bool) -> Frame:
    if spec is None:
        return (lambda part, at: (0, part.end[at])) if ordered else (lambda part, _at: (0, len(part.rows)))
    kind = str(spec.args.get("kind") or "RANGE").upper()
    if spec.args.get("exclude"):
        raise NotSupported("EXCLUDE in a window frame")
    start = _edge(binder, spec, "start", kind)
    end = _edge(binder, spec, "end", kind) if spec.args.get("end") else _edge_current(kind, is_end=True)

    def frame(part: Part, at: int) -> tuple[int, int]:
        low, high = max(0, start(part, at)), min(len(part.rows), end(part, at))
        return (low, high) if low < high else (0, 0)

    return frame


Edge = Callable[[Part, int], int]


def _edge_current(kind: str, *, is_end: bool) -> Edge:
    if kind == "ROWS":
        return lambda _part, at: at + is_end
    return (lambda part, at: part.end[at]) if is_end else (lambda part, at: part.first[at])


def _edge(binder: Expressions, spec: exp.Expr, name: str, kind: str) -> Edge:
    edge, side = spec.args[name], str(spec.args.get(f"{name}_side") or "").upper()
    is_end = name == "end"
    if edge == "CURRENT ROW":
        return _edge_current(kind, is_end=is_end)
    if edge == "UNBOUNDED":
        return (lambda _part, _at: 0) if side == "PRECEDING" else (lambda part, _at: len(part.rows))
    if kind != "ROWS":
        raise NotSupported(f"a window frame of {kind} with an offset")
    offset = binder.bind(edge).constant
    if not isinstance(offset, int) or offset < 0:
        raise NotSupported("a window frame's offset that is no whole number")
    step = -offset if side == "PRECEDING" else offset
    return lambda _part, at: at + step + is_end
