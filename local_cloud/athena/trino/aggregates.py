"""Aggregates: how a call is bound, and what it does with the rows of a group or of a window's frame."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from sqlglot import exp

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import functions
from local_cloud.athena.trino.bound import Bound, coerced, column
from local_cloud.athena.trino.datatypes import BOOLEAN, Type, decimal
from local_cloud.athena.trino.expressions import Expressions, handles
from local_cloud.athena.trino.functions import Function
from local_cloud.athena.trino.scope import Row
from local_cloud.athena.trino.values import SortItem, group_key, sort_rows

AGGREGATES: Final[dict[str, list[Function]]] = functions.AGGREGATES
_MODIFIERS: Final = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.Window)


class State(Protocol):
    """What an aggregate knows of the rows so far."""

    def add(self, *values: Any) -> None: ...

    def result(self) -> Any: ...


@dataclass
class Collected:
    """Keeps what it is given until the end. NULLs are left out unless the function takes them."""

    finish: Callable[[list[Any]], Any]
    takes_nulls: bool
    kept: list[Any] = field(default_factory=list)

    def add(self, *values: Any) -> None:
        if self.takes_nulls or not any(value is None for value in values):
            self.kept.append(values[0] if len(values) == 1 else values)

    def result(self) -> Any:
        return self.finish(self.kept) if self.kept else None


@dataclass(frozen=True)
class Aggregate:
    """One call, ready to be started for a group."""

    type: Type
    arguments: tuple[Bound, ...]
    start: Callable[[], State]
    distinct: bool = False
    condition: Bound | None = None
    order: tuple[SortItem, ...] = ()

    @property
    def key(self) -> Any:
        parts = tuple(item.key for item in self.arguments)
        condition = self.condition.key if self.condition else None
        return ("aggregate", id(self.start), str(self.type), parts, self.distinct, condition, self.order)

    def group(self) -> "Group":
        return Group(self, self.start())

    def over(self, rows: Iterable[Row]) -> Any:
        """Answer for some rows at once."""
        group = self.group()
        for row in rows:
            group.add(row)
        return group.result()


@dataclass
class Group:
    """An aggregate of one group."""

    call: Aggregate
    state: State
    _seen: set[Any] = field(default_factory=set)
    _waiting: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        if self.call.condition is not None and self.call.condition.run(row) is not True:
            return
        if self.call.order:
            self._waiting.append(row)
        else:
            self._take(row)

    def _take(self, row: Row) -> None:
        values = tuple(argument.run(row) for argument in self.call.arguments)
        if self.call.distinct:
            key = tuple(map(group_key, values))
            if key in self._seen:
                return
            self._seen.add(key)
        self.state.add(*values)

    def result(self) -> Any:
        if self.call.order:
            for row in sort_rows(self._waiting, self.call.order):
                self._take(row)
            self._waiting = []
        return self.state.result()


def aggregate(
    *signatures: str, nulls: bool = False, running: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register what answers for a list of values, or, when `running`, what makes a state that takes them one by one."""

    def register(work: Callable[..., Any]) -> Callable[..., Any]:
        start = work if running else lambda: Collected(work, nulls)
        for signature in signatures:
            function = functions.declared(signature, start)
            AGGREGATES.setdefault(function.name, []).append(function)
        return work

    return register


def is_aggregate(node: exp.Expr) -> bool:
    if isinstance(node, exp.GroupConcat | exp.ArgMax | exp.ArgMin):
        return True
    return isinstance(node, exp.Anonymous) and (
        str(node.this).lower() in AGGREGATES or str(node.this).lower() == "grouping"
    )


def aggregates_in(node: exp.Expr) -> bool:
    """Tell whether an expression needs a group: an aggregate that is no window, outside of subqueries."""
    if isinstance(node, exp.Query):
        return False
    if isinstance(node, exp.Window):
        inner = node.this
        while isinstance(inner, _MODIFIERS):
            inner = inner.this
        children = [*inner.iter_expressions(), *(part for part in node.iter_expressions() if part is not node.this)]
        return any(map(aggregates_in, children))
    return is_aggregate(node) or any(map(aggregates_in, node.iter_expressions()))


def called(binder: Expressions, node: exp.Expr, *, condition: exp.Expr | None = None) -> Aggregate:
    """Bind an aggregate's arguments in the rows that it is over."""
    name, arguments, order, distinct = _parts(node)
    values = [binder.bind(argument) for argument in arguments]
    found = functions.overload(AGGREGATES[name], values)
    if found is None:
        shown = ", ".join(str(value.type) for value in values)
        raise QueryFailed(
            f"FUNCTION_NOT_FOUND: {binder.position(node)}: Unexpected parameters ({shown}) for function {name}. "
            f"Expected: {functions.shown(AGGREGATES[name])}"
        )
    function, kinds, result = found
    converted = tuple(coerced(value, kind) for value, kind in zip(values, kinds, strict=True))
    wanted = binder.typed(condition, BOOLEAN, what="FILTER clause") if condition is not None else None
    items = tuple(sort_item(binder, item) for item in order)
    if name == "sum" and result.name == "decimal":
        result = decimal(38, result.sizes[1])
    return Aggregate(result, converted, function.work, distinct, wanted, items)


def _parts(node: exp.Expr) -> tuple[str, list[exp.Expr], list[exp.Expr], bool]:
    if isinstance(node, exp.ArgMax | exp.ArgMin):
        count = [node.args["count"]] if node.args.get("count") else []
        return ("max_by" if isinstance(node, exp.ArgMax) else "min_by"), [node.this, node.expression, *count], [], False
    if isinstance(node, exp.GroupConcat):
        return _listagg(node)
    arguments = list(node.expressions)
    order: list[exp.Expr] = []
    if arguments and isinstance(arguments[-1], exp.Order):
        last = arguments.pop()
        order = list(last.expressions)
        arguments.append(last.this)
    distinct = bool(arguments) and isinstance(arguments[0], exp.Distinct)
    if distinct:
        arguments = list(arguments[0].expressions)
        if isinstance(arguments[0], exp.Tuple):
            raise NotSupported("DISTINCT of several values in an aggregate")
    if len(arguments) == 1 and isinstance(arguments[0], exp.Star):
        arguments = []
    return str(node.this).lower(), arguments, order, distinct


def _listagg(node: exp.GroupConcat) -> tuple[str, list[exp.Expr], list[exp.Expr], bool]:
    if any(value for name, value in node.args.items() if name not in {"this", "separator"}):
        raise NotSupported("LISTAGG with ON OVERFLOW")
    inner, order = node.this, []
    if isinstance(inner, exp.Order):
        inner, order = inner.this, list(inner.expressions)
    distinct = isinstance(inner, exp.Distinct)
    value = inner.expressions[0] if distinct else inner
    return "listagg", [value, node.args.get("separator") or exp.Literal.string("")], order, distinct


def sort_item(binder: Expressions, node: exp.Expr) -> SortItem:
    """Bind one key of an order; NULL is last unless it is said otherwise."""
    if not isinstance(node, exp.Ordered):
        raise NotSupported(f"{binder.position(node)}: this ORDER BY")
    return SortItem(binder.bind(node.this).run, bool(node.args.get("desc")), bool(node.args.get("nulls_first")))


def _in_group(binder: Expressions, node: exp.Expr, condition: exp.Expr | None) -> Bound:
    grouping = binder.grouping
    if grouping is None:
        what = binder.clause or "This clause"
        raise QueryFailed(
            f"EXPRESSION_NOT_SCALAR: {binder.position(node)}: {what} cannot contain aggregations, window functions or "
            f"grouping operations: [{node.sql(dialect='trino')}]"
        )
    if any(aggregates_in(part) for part in node.iter_expressions()):
        raise QueryFailed(
            f"NESTED_AGGREGATION: {binder.position(node)}: Cannot nest aggregations inside aggregation "
            f"'{node.sql(dialect='trino')}'"
        )
    call = called(replace(grouping.plain, lambdas=binder.lambdas), node, condition=condition)
    return column(call.type, grouping.slot(call.key, lambda: call))


def bind(binder: Expressions, node: exp.Expr) -> Bound:
    """Bind an aggregate of the group that the binder is in."""
    return _in_group(binder, node, None)


@handles(exp.Filter, "this expression")
def _filtered(binder: Expressions, node: exp.Filter) -> Bound:
    if not is_aggregate(node.this):
        raise QueryFailed(f"FUNCTION_NOT_AGGREGATE: {binder.position(node)}: Filter is only valid for aggregations")
    return _in_group(binder, node.this, node.expression.this)


handles(exp.ArgMax, "this expression count")(bind)
handles(exp.ArgMin, "this expression count")(bind)
handles(exp.GroupConcat, "this separator")(bind)


def states(calls: Sequence[Aggregate]) -> list[Group]:
    return [call.group() for call in calls]
