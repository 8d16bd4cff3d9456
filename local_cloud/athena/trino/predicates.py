"""Comparisons, IN, BETWEEN, LIKE, and what asks a subquery."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from sqlglot import exp

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import operators
from local_cloud.athena.trino.bound import NOT_CONSTANT, Bound, applied, coerced, constant, with_nulls
from local_cloud.athena.trino.datatypes import BOOLEAN, VARCHAR, Type, common
from local_cloud.athena.trino.expressions import Expressions, handles
from local_cloud.athena.trino.scope import Relation, Row
from local_cloud.athena.trino.values import equal

SIGNS: Final = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}


def compare(binder: Expressions, node: exp.Binary, left: Bound, right: Bound) -> Bound:
    """Bind a comparison of what was bound already."""
    sign = SIGNS[type(node)]
    found = operators.compared(sign, left, right)
    if found is None:
        position = binder.statement.source.operator(node, sign)
        raise QueryFailed(f"TYPE_MISMATCH: {position}: Cannot apply operator: {left.type} {sign} {right.type}")
    return found


def _comparison(binder: Expressions, node: exp.Binary) -> Bound:
    if isinstance(node.right, exp.Any | exp.All):
        return _quantified(binder, node)
    return compare(binder, node, binder.bind(node.left), binder.bind(node.right))


for _kind in SIGNS:
    handles(_kind, "this expression")(_comparison)


def _quantified(binder: Expressions, node: exp.Binary) -> Bound:
    every = isinstance(node.right, exp.All)
    inner = node.right.this
    query = inner.this if isinstance(inner, exp.Subquery | exp.Paren) else inner
    if not isinstance(query, exp.Query):
        raise NotSupported(f"{binder.position(node)}: ANY and ALL of something else than a subquery")
    left = binder.bind(node.left)
    relation, rows = _one_column(binder, query)
    cell: list[Any] = [None]
    item = Bound(relation.fields[0].type, lambda _row: cell[0], ("quantified", id(cell)))
    test = compare(binder, node, left, item)

    def run(row: Row) -> Any:
        results = []
        for (value,) in rows(row):
            cell[0] = value
            results.append(test.run(row))
        decided = not every
        return decided if decided in results else None if None in results else every

    return Bound(BOOLEAN, run, ("quantified", id(cell)))


@handles(exp.Is, "this expression")
def _is(binder: Expressions, node: exp.Is) -> Bound:
    if not isinstance(node.expression, exp.Null):
        raise NotSupported(f"{binder.position(node)}: IS with something else than NULL")
    return with_nulls("is null", BOOLEAN, lambda value: value is None, [binder.bind(node.this)])


def _distinct(binder: Expressions, node: exp.Binary) -> Bound:
    left, right = binder.bind(node.left), binder.bind(node.right)
    kind = common(left.type, right.type)
    if kind is None:
        raise QueryFailed(
            f"TYPE_MISMATCH: {binder.position(node)}: Cannot apply operator: {left.type} IS DISTINCT FROM {right.type}"
        )
    same = isinstance(node, exp.NullSafeEQ)

    def work(a: Any, b: Any) -> bool:
        both_nan = a is not None and b is not None and a != a and b != b  # noqa: PLR0124 # NaN
        return (a == b or both_nan) == same

    return with_nulls(("distinct", same), BOOLEAN, work, [coerced(left, kind), coerced(right, kind)])


handles(exp.NullSafeEQ, "this expression")(_distinct)
handles(exp.NullSafeNEQ, "this expression")(_distinct)


@handles(exp.Between, "this low high")
def _between(binder: Expressions, node: exp.Between) -> Bound:
    value, low, high = (binder.bind(node.args[part]) for part in ("this", "low", "high"))
    above, below = operators.compared(">=", value, low), operators.compared("<=", value, high)
    if above is None or below is None:
        raise QueryFailed(
            f"TYPE_MISMATCH: {binder.position(node)}: Cannot check if {value.type} is BETWEEN {low.type} and "
            f"{high.type}"
        )

    def run(row: Row) -> Any:
        first, second = above.run(row), below.run(row)
        return False if first is False or second is False else None if None in (first, second) else True

    return Bound(BOOLEAN, run, ("between", above.key, below.key))


@handles(exp.In, "this expressions query")
def _in(binder: Expressions, node: exp.In) -> Bound:
    if node.args.get("query"):
        return _in_subquery(binder, node)
    kind, [value, *items] = _same_type(binder, node)
    if any(item.constant is NOT_CONSTANT for item in items) or kind.items:
        return _in_list(value, items)
    allowed = frozenset(item.constant for item in items if item.constant is not None)
    no_match = None if any(item.constant is None for item in items) else False
    return applied(
        ("in", tuple(item.key for item in items)), BOOLEAN, lambda found: found in allowed or no_match, [value]
    )


def _same_type(binder: Expressions, node: exp.In) -> tuple[Type, list[Bound]]:
    values = [binder.bind(item) for item in (node.this, *node.expressions)]
    kind = values[0].type
    for item in values[1:]:
        met = common(kind, item.type)
        if met is None:
            raise QueryFailed(
                f"TYPE_MISMATCH: {binder.position(node.expressions[0])}: IN value and list items must be the same type "
                f"or coercible to a common type. Cannot find common type between {kind} and {item.type}"
            )
        kind = met
    return kind, [coerced(item, kind) for item in values]


def _in_list(value: Bound, items: list[Bound]) -> Bound:
    def run(row: Row) -> Any:
        wanted = value.run(row)
        if wanted is None:
            return None
        found = (item.run(row) for item in items)
        results = [None if item is None else equal(wanted, item) for item in found]
        return True if True in results else None if None in results else False

    return Bound(BOOLEAN, run, ("in", value.key, *(item.key for item in items)))


def _in_subquery(binder: Expressions, node: exp.In) -> Bound:
    query = node.args["query"]
    value = binder.bind(node.this)
    relation, rows = _one_column(binder, query.this if isinstance(query, exp.Subquery) else query)
    kind = common(value.type, relation.fields[0].type)
    if kind is None:
        raise QueryFailed(
            f"TYPE_MISMATCH: {binder.position(node)}: value and result of subquery must be of the same type for IN "
            f"expression: {value.type} vs {relation.fields[0].type}"
        )
    item = coerced(Bound(relation.fields[0].type, lambda row: row[0], "item"), kind)
    wanted = coerced(value, kind)
    sets: dict[int, tuple[list[Row], frozenset[Any]]] = {}  # of the one list that an independent subquery keeps

    def run(row: Row) -> Any:
        listed = rows(row)
        if not listed:
            return False
        key = wanted.run(row)
        kept = sets.get(0)
        if kept is None or kept[0] is not listed:
            kept = sets[0] = listed, frozenset(item.run(each) for each in listed)
        if key is None:
            return None
        return True if key in kept[1] and key == key else None if None in kept[1] else False  # noqa: PLR0124 # NaN

    return Bound(BOOLEAN, run, ("in subquery", id(sets)))


def _one_column(binder: Expressions, query: exp.Expr) -> tuple[Relation, Callable[[Row], list[Row]]]:
    relation, rows = subquery(binder, query)
    if len(relation.fields) != 1:
        raise QueryFailed(
            f"SYNTAX_ERROR: {binder.position(query)}: Multiple columns returned by subquery are not yet supported. "
            f"Found {len(relation.fields)}"
        )
    return relation, rows


def subquery(binder: Expressions, query: exp.Expr) -> tuple[Relation, Callable[[Row], list[Row]]]:
    """Bind a subquery; one that does not depend on the row is run once."""
    if binder.lambdas:
        raise NotSupported(f"{binder.position(query)}: Lambda expression cannot contain subqueries")
    before = binder.references_outside()
    relation = binder.statement.subquery(query, binder)
    alone = binder.references_outside() == before
    kept: list[list[Row]] = []

    def rows(row: Row) -> list[Row]:
        if alone and kept:
            return kept[0]
        binder.current = row
        found = list(relation.rows())
        if alone:
            kept.append(found)
        return found

    return relation, rows


@handles(exp.Subquery)
def _scalar(binder: Expressions, node: exp.Subquery) -> Bound:
    relation, rows = _one_column(binder, node.this)

    def run(row: Row) -> Any:
        found = rows(row)
        if len(found) > 1:
            raise QueryFailed("SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows")
        return found[0][0] if found else None

    return Bound(relation.fields[0].type, run, ("subquery", id(relation)))


@handles(exp.Exists)
def _exists(binder: Expressions, node: exp.Exists) -> Bound:
    relation, rows = subquery(binder, node.this)
    return Bound(BOOLEAN, lambda row: bool(rows(row)), ("exists", id(relation)))


@handles(exp.Like, "this expression negate")
def _like(binder: Expressions, node: exp.Like) -> Bound:
    return _matched(binder, node, None)


@handles(exp.Escape, "this expression")
def _escaped(binder: Expressions, node: exp.Escape) -> Bound:
    return _matched(binder, node.this, node.expression)


def _matched(binder: Expressions, node: exp.Expr, escape: exp.Expr | None) -> Bound:
    values = [
        binder.typed(side, VARCHAR, what=f"{name} of LIKE expression")
        for name, side in (("Left side", node.this), ("Pattern for right side", node.expression))
    ]
    sign = binder.bind(escape) if escape is not None else constant(VARCHAR, "")
    found = applied(
        "like", BOOLEAN, lambda text, by, end: _pattern(by, end).fullmatch(text) is not None, [*values, sign]
    )
    return applied("not", BOOLEAN, lambda truth: not truth, [found]) if node.args.get("negate") else found


@cache
def _pattern(text: str, escape: str) -> re.Pattern[str]:
    written, letters = "", iter(text)
    for letter in letters:
        if escape and letter == escape:
            following = next(letters, "")
            if following not in {"%", "_", escape} or not following:
                raise QueryFailed(
                    "INVALID_FUNCTION_ARGUMENT: Escape character must be followed by '%', '_' or the escape character "
                    "itself"
                )
            written += re.escape(following)
        else:
            written += {"%": ".*", "_": "."}.get(letter, re.escape(letter))
    return re.compile(written, re.DOTALL)
