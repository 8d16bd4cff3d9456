"""Which partitions a query cannot need: conditions on the keys alone, with literals, joined by AND."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlglot import exp

Condition = Callable[[Mapping[str, str]], bool]
_TESTS: Final[Mapping[type[exp.Expr], Callable[[Any, Any], bool]]] = {
    exp.EQ: lambda left, right: bool(left == right),
    exp.LT: lambda left, right: bool(left < right),
    exp.LTE: lambda left, right: bool(left <= right),
    exp.GT: lambda left, right: bool(left > right),
    exp.GTE: lambda left, right: bool(left >= right),
}


def conditions(table: exp.Table, *, keys: frozenset[str]) -> list[Condition]:
    """Return the conditions that every needed partition of a table fulfils; text keys only.

    A condition of WHERE is never true for a row that a join filled up with NULL, so outer joins need no care.
    """
    select = table.find_ancestor(exp.Select)
    if select is None or table.find_ancestor(exp.From, exp.Join) is None:
        return []
    where = select.args.get("where")
    alone = not select.args.get("joins")
    found = [_condition(part, table, keys=keys, alone=alone) for part in _parts(where.this if where else None)]
    return [condition for condition in found if condition is not None]


def _parts(node: exp.Expr | None) -> list[exp.Expr]:
    if isinstance(node, exp.Paren):
        return _parts(node.this)
    if isinstance(node, exp.And):
        return [*_parts(node.this), *_parts(node.expression)]
    return [] if node is None else [node]


def _condition(part: exp.Expr, table: exp.Table, *, keys: frozenset[str], alone: bool) -> Condition | None:
    column = part.this
    if not isinstance(column, exp.Column) or column.name.lower() not in keys or column.text("db"):
        return None
    if column.table.lower() != table.alias_or_name.lower() if column.table else not alone:
        return None
    return _test(part, column.name.lower())


def _test(part: exp.Expr, key: str) -> Condition | None:
    if isinstance(part, exp.In) and part.expressions and all(_is_text(item) for item in part.expressions):
        allowed = frozenset(item.name for item in part.expressions)
        return lambda values: values[key] in allowed
    if isinstance(part, exp.Between) and _is_text(part.args["low"]) and _is_text(part.args["high"]):
        low, high = part.args["low"].name, part.args["high"].name
        return lambda values: low <= values[key] <= high
    if type(part) in _TESTS and _is_text(part.expression):
        compare, right = _TESTS[type(part)], part.expression.name
        return lambda values: compare(values[key], right)
    return None


def _is_text(node: Any) -> bool:
    return isinstance(node, exp.Literal) and bool(node.is_string)
