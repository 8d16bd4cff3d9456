"""One SELECT: WHERE, GROUP BY, HAVING, windows, the select list, DISTINCT and ORDER BY."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from sqlglot import exp

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import aggregates, grouping
from local_cloud.athena.trino.bound import Bound, column
from local_cloud.athena.trino.datatypes import BOOLEAN
from local_cloud.athena.trino.expressions import Expressions, Subqueries
from local_cloud.athena.trino.scope import Field, Relation, Row
from local_cloud.athena.trino.values import SortItem, group_key, sort_rows

_ARGUMENTS: Final = frozenset(
    "expressions from_ joins where group having order limit offset distinct with_ windows laterals hint".split()
)


class Sources(Subqueries, Protocol):
    """What a SELECT needs of the statement that it is in."""

    def relation(self, node: exp.Expr, outer: Expressions | None) -> Relation: ...

    def joined(self, left: Relation, nodes: Sequence[exp.Join], outer: Expressions | None) -> Relation: ...


@dataclass(frozen=True)
class Item:
    """One column of the result."""

    name: str | None
    value: Bound


def bound(statement: Sources, node: exp.Select, outer: Expressions | None) -> Relation:
    """Bind a SELECT, but for its LIMIT."""
    _check(node)
    _name_windows(node)
    source = _from(statement, node, outer)
    plain = Expressions(statement, source.fields, outer=outer, clause="WHERE clause")
    where = node.args.get("where")
    if where is not None:
        source = _filtered(source, plain.typed(where.this, BOOLEAN, what="WHERE clause"))
    windows: list[Any] = []
    binder, grouped = _grouped(plain, node, source)
    binder.windows, binder.clause = windows, "SELECT"
    items = [item for written in node.expressions for item in _items(binder, written)]
    having = node.args.get("having")
    kept = (
        replace(binder, windows=None, clause="HAVING clause").typed(having.this, BOOLEAN, what="HAVING clause")
        if having
        else None
    )
    order = node.args.get("order")
    keys = _order(binder, order.expressions if order else [], items, distinct=bool(node.args.get("distinct")))
    runs = [item.value.run for item in items]

    def rows() -> Iterator[Row]:
        found = grouped()
        if kept is not None:
            found = (row for row in found if kept.run(row) is True)
        if windows:
            found = _with_windows(list(found), windows)
        if node.args.get("distinct"):
            found = _distinct(found, runs)
        if keys:
            found = iter(sort_rows(list(found), keys))
        return (tuple(run(row) for run in runs) for row in found)

    fields = tuple(Field(item.name, item.value.type) for item in items)
    return Relation(fields, rows)


def _check(node: exp.Select) -> None:
    unknown = [name for name, value in node.args.items() if value and name not in _ARGUMENTS]
    if unknown:
        raise NotSupported(f"SELECT with {unknown[0].upper()}")
    if node.args.get("distinct") and node.args["distinct"].args.get("on"):
        raise NotSupported("DISTINCT ON")
    if not node.expressions:
        raise NotSupported("a SELECT without columns")


def _name_windows(node: exp.Select) -> None:
    """Put the windows of the WINDOW clause where they are called by name."""
    defined = node.args.get("windows") or []
    named = {item.name.lower(): item for item in defined}
    for window in node.find_all(exp.Window):
        alias = window.args.get("alias")
        if alias is None or any(window is item for item in defined):
            continue
        found = named.get(alias.name.lower())
        if found is None:
            raise QueryFailed(f"INVALID_WINDOW_REFERENCE: Cannot resolve WINDOW name {alias.name}")
        if any(window.args.get(part) for part in ("partition_by", "order", "spec")):
            raise NotSupported("a window that extends a named one")
        window.set("alias", None)
        for part in ("partition_by", "order", "spec"):
            value = found.args.get(part)
            window.set(part, [item.copy() for item in value] if isinstance(value, list) else value and value.copy())


def _from(statement: Sources, node: exp.Select, outer: Expressions | None) -> Relation:
    clause = node.args.get("from_")
    if clause is None:
        return Relation((), lambda: iter([()]))
    found = statement.relation(clause.this, outer)
    return statement.joined(found, [*(node.args.get("joins") or []), *(node.args.get("laterals") or [])], outer)


def _filtered(source: Relation, condition: Bound) -> Relation:
    return Relation(source.fields, lambda: (row for row in source.rows() if condition.run(row) is True))


def _grouped(plain: Expressions, node: exp.Select, source: Relation) -> tuple[Expressions, Callable[[], Iterator[Row]]]:
    group, order, having = (node.args.get(name) for name in ("group", "order", "having"))
    asking = [*node.expressions, *(order.expressions if order else []), *([having.this] if having else [])]
    if group is None and having is None and not any(map(aggregates.aggregates_in, asking)):
        return replace(plain), source.rows
    found, keys = grouping.bound(replace(plain, clause="An aggregate"), group, node.expressions)
    return replace(plain, grouping=found), lambda: grouping.rows(source, found, keys)


def _items(binder: Expressions, node: exp.Expr) -> list[Item]:
    star = node.this if isinstance(node, exp.Column) else node
    if isinstance(star, exp.Star):
        return _all(binder, node, star)
    if isinstance(node, exp.Alias):
        return [Item(node.alias, binder.bind(node.this))]
    name = node.name if isinstance(node, exp.Column) else node.expression.name if isinstance(node, exp.Dot) else None
    return [Item(name, binder.bind(node))]


def _all(binder: Expressions, node: exp.Expr, star: exp.Star) -> list[Item]:
    if any(star.args.values()):
        raise NotSupported(f"{binder.position(node)}: a star with exceptions")
    qualifier = tuple(part.name.lower() for part in node.parts[:-1]) if isinstance(node, exp.Column) else ()
    wanted = [
        index
        for index, item in enumerate(binder.fields)
        if not item.hidden and (not qualifier or qualifier == item.origin[-len(qualifier) :])
    ]
    if not wanted and qualifier:
        raise QueryFailed(f"TABLE_NOT_FOUND: {binder.position(node)}: Table '{'.'.join(qualifier)}' not found")
    if not wanted:
        raise QueryFailed("COLUMN_NOT_FOUND: SELECT * not allowed in queries without FROM clause")
    return [_column(binder, node, index) for index in wanted]


def _column(binder: Expressions, node: exp.Expr, index: int) -> Item:
    own, item = binder.own(index), binder.fields[index]
    if binder.grouping is None:
        return Item(item.name, own)
    if own.key not in binder.grouping.keys:
        raise QueryFailed(
            f"EXPRESSION_NOT_AGGREGATE: {binder.position(node)}: '{item.name}' must be an aggregate expression or "
            "appear "
            "in GROUP BY clause"
        )
    return Item(item.name, column(own.type, binder.grouping.keys[own.key]))


def _order(binder: Expressions, nodes: Sequence[exp.Expr], items: Sequence[Item], *, distinct: bool) -> list[SortItem]:
    names: dict[str, Bound] = {}
    for item in items:
        if item.name is not None:
            names.setdefault(item.name.lower(), item.value)
    ordering = replace(binder, aliases=names, clause="ORDER BY")
    found = []
    for node in nodes:
        key_item, key = _sort_item(ordering, node, [item.value for item in items])
        if distinct and key not in {item.value.key for item in items}:
            raise QueryFailed(
                f"EXPRESSION_NOT_IN_DISTINCT: {binder.position(node)}: For SELECT DISTINCT, ORDER BY expressions must "
                "appear in select list"
            )
        found.append(key_item)
    return found


def sort_item(binder: Expressions, node: exp.Expr, columns: Sequence[Bound]) -> SortItem:
    """Bind one key of an ORDER BY; a number means a column of the result."""
    return _sort_item(binder, node, columns)[0]


def _sort_item(binder: Expressions, node: exp.Expr, columns: Sequence[Bound]) -> tuple[SortItem, Any]:
    target = node.this
    if isinstance(target, exp.Literal) and not target.is_string and target.name.isdigit():
        if not 0 < int(target.name) <= len(columns):
            raise QueryFailed(
                f"INVALID_COLUMN_REFERENCE: {binder.position(target)}: ORDER BY position {target.name} is not in "
                "select list"
            )
        value = columns[int(target.name) - 1]
    else:
        value = binder.bind(target)
    if value.type.name in {"map", "json"}:
        raise QueryFailed(
            f"TYPE_MISMATCH: {binder.position(target)}: Type {value.type} is not orderable, and "
            "therefore cannot be used "
            "in ORDER BY"
        )
    return SortItem(value.run, bool(node.args.get("desc")), bool(node.args.get("nulls_first"))), value.key


def own_columns(binder: Expressions) -> list[Bound]:
    return [binder.own(index) for index in range(len(binder.fields))]


def _with_windows(rows: list[Row], windows: Sequence[Any]) -> Iterator[Row]:
    answers = [window.answers(rows) for window in windows]
    return ((*row, values) for row, values in zip(rows, zip(*answers, strict=True), strict=True))


def _distinct(rows: Iterator[Row], runs: Sequence[Callable[[Row], Any]]) -> Iterator[Row]:
    seen: set[Row] = set()
    for row in rows:
        key = tuple(group_key(run(row)) for run in runs)
        if key not in seen:
            seen.add(key)
            yield row
