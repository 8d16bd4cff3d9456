"""Functions that take lambdas."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cmp_to_key
from typing import Any, Final

from sqlglot import exp

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino.bound import Bound, coerced
from local_cloud.athena.trino.datatypes import BOOLEAN, INTEGER, Type, array, common, mapping
from local_cloud.athena.trino.expressions import Expressions
from local_cloud.athena.trino.scope import Row
from local_cloud.athena.trino.values import TrinoMap, sort_key

Higher = Callable[[Expressions, exp.Anonymous], Bound]
HIGHER: Final[dict[str, Higher]] = {}
Applied = Callable[..., Any]


def _higher(name: str, count: int) -> Callable[[Higher], Higher]:
    def register(work: Higher) -> Higher:
        def checked(binder: Expressions, node: exp.Anonymous) -> Bound:
            if len(node.expressions) != count:
                raise QueryFailed(
                    f"FUNCTION_NOT_FOUND: {binder.position(node)}: Unexpected parameters for function {name}"
                )
            return work(binder, node)

        HIGHER[name] = checked
        return work

    return register


def _lambda(
    binder: Expressions, node: exp.Expr, kinds: Sequence[Type], *, wanted: Type | None = None
) -> tuple[Type, Callable[[Row], Applied]]:
    """Bind a lambda; for a row it becomes a function of its variables."""
    if not isinstance(node, exp.Lambda) or len(node.expressions) != len(kinds):
        raise QueryFailed(
            f"FUNCTION_NOT_FOUND: {binder.position(node)}: a lambda with {len(kinds)} variables is expected"
        )
    cells: list[list[Any]] = [[None] for _ in kinds]
    variables = {
        item.name.lower(): _variable(kind, cell)
        for item, kind, cell in zip(node.expressions, kinds, cells, strict=True)
    }
    body = replace(binder, lambdas={**binder.lambdas, **variables}).bind(node.this)
    if wanted is not None:
        if common(body.type, wanted) != wanted:
            raise QueryFailed(
                f"TYPE_MISMATCH: {binder.position(node.this)}: the lambda must give {wanted}, not {body.type}"
            )
        body = coerced(body, wanted)

    def prepared(row: Row) -> Applied:
        def call(*values: Any) -> Any:
            for cell, value in zip(cells, values, strict=True):
                cell[0] = value
            return body.run(row)

        return call

    return body.type, prepared


def _variable(kind: Type, cell: list[Any]) -> Bound:
    return Bound(kind, lambda _row: cell[0], ("variable", id(cell)))


def _over(
    kind: Type, name: str, values: Sequence[Bound], body: Callable[[Row], Applied], work: Callable[..., Any]
) -> Bound:
    """Call `work` with the lambda and the values of the other arguments; NULL when one of those is NULL."""

    def run(row: Row) -> Any:
        found = [value.run(row) for value in values]
        return None if any(value is None for value in found) else work(body(row), *found)

    return Bound(kind, run, (name, id(body)))


def _of(binder: Expressions, node: exp.Expr, name: str) -> Bound:
    value = binder.bind(node)
    if value.type.name != name:
        raise QueryFailed(f"FUNCTION_NOT_FOUND: {binder.position(node)}: an {name} is expected, not {value.type}")
    return value


@_higher("transform", 2)
def _transform(binder: Expressions, node: exp.Anonymous) -> Bound:
    items = _of(binder, node.expressions[0], "array")
    kind, body = _lambda(binder, node.expressions[1], items.type.items)
    return _over(array(kind), "transform", [items], body, lambda call, values: tuple(call(item) for item in values))


def _filtering(name: str, kind: Type | None, work: Callable[..., Any]) -> None:
    @_higher(name, 2)
    def _bind(binder: Expressions, node: exp.Anonymous) -> Bound:
        items = _of(binder, node.expressions[0], "array")
        _, body = _lambda(binder, node.expressions[1], items.type.items, wanted=BOOLEAN)
        return _over(kind or items.type, name, [items], body, work)


def _any(call: Applied, values: tuple[Any, ...]) -> bool | None:
    found = [call(item) for item in values]
    return True if True in found else None if None in found else False


def _all(call: Applied, values: tuple[Any, ...]) -> bool | None:
    found = [call(item) for item in values]
    return False if False in found else None if None in found else True


def _none(call: Applied, values: tuple[Any, ...]) -> bool | None:
    found = _any(call, values)
    return None if found is None else not found


_filtering("filter", None, lambda call, values: tuple(item for item in values if call(item) is True))
_filtering("any_match", BOOLEAN, _any)
_filtering("all_match", BOOLEAN, _all)
_filtering("none_match", BOOLEAN, _none)


@_higher("reduce", 4)
def _reduce(binder: Expressions, node: exp.Anonymous) -> Bound:
    items, start = _of(binder, node.expressions[0], "array"), binder.bind(node.expressions[1])
    kind, step = _lambda(binder, node.expressions[2], [start.type, items.type.items[0]])
    if kind != start.type:
        kind = common(kind, start.type) or kind
        start = coerced(start, kind)
        found, step = _lambda(binder, node.expressions[2], [kind, items.type.items[0]])
        if found != kind:
            raise NotSupported(f"{binder.position(node)}: reduce from {kind} to {found}; cast the state to one type")
    result, finish = _lambda(binder, node.expressions[3], [kind])

    def run(row: Row) -> Any:
        values, state = items.run(row), start.run(row)
        if values is None:
            return None
        call = step(row)
        for item in values:
            state = call(state, item)
        return finish(row)(state)

    return Bound(result, run, ("reduce", id(node)))


@_higher("map_filter", 2)
def _map_filter(binder: Expressions, node: exp.Anonymous) -> Bound:
    items = _of(binder, node.expressions[0], "map")
    _, body = _lambda(binder, node.expressions[1], items.type.items, wanted=BOOLEAN)
    return _over(
        items.type, "map_filter", [items], body,
        lambda call, found: TrinoMap((key, item) for key, item in found.items() if call(key, item) is True),
    )  # fmt: skip


@_higher("transform_values", 2)
def _transform_values(binder: Expressions, node: exp.Anonymous) -> Bound:
    items = _of(binder, node.expressions[0], "map")
    kind, body = _lambda(binder, node.expressions[1], items.type.items)
    return _over(
        mapping(items.type.items[0], kind), "transform_values", [items], body,
        lambda call, found: TrinoMap((key, call(key, item)) for key, item in found.items()),
    )  # fmt: skip


def _sorted_by_default(items: Bound) -> Bound:
    return Bound(
        items.type,
        lambda row: None if (found := items.run(row)) is None else tuple(sorted(found, key=sort_key)),
        ("array_sort", items.key),
    )


def _array_sort(binder: Expressions, node: exp.Anonymous) -> Bound:
    items = _of(binder, node.expressions[0], "array")
    if len(node.expressions) == 1:
        return _sorted_by_default(items)
    kind = items.type.items[0]
    _, body = _lambda(binder, node.expressions[1], [kind, kind], wanted=INTEGER)
    return _over(
        items.type, "array_sort", [items], body, lambda call, found: tuple(sorted(found, key=cmp_to_key(call)))
    )


HIGHER["array_sort"] = _array_sort
