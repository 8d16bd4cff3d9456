"""GROUP BY: which sets of keys there are, and the rows of its groups."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Any

from sqlglot import exp

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import aggregates
from local_cloud.athena.trino.aggregates import Group
from local_cloud.athena.trino.bound import Bound
from local_cloud.athena.trino.expressions import Expressions, Grouping
from local_cloud.athena.trino.scope import Relation, Row
from local_cloud.athena.trino.values import group_key

Set = tuple[exp.Expr, ...]


def bound(binder: Expressions, group: exp.Expr | None, items: Sequence[exp.Expr]) -> tuple[Grouping, list[Bound]]:
    """Bind the keys; a number means an item of the select list."""
    sets = _sets(group) if group is not None else [()]
    keys: dict[Any, int] = {}
    values: list[Bound] = []
    numbered = []
    for each in sets:
        numbers = []
        for node in each:
            value = binder.bind(_target(binder, node, items))
            if value.key not in keys:
                keys[value.key] = len(values)
                values.append(value)
            numbers.append(keys[value.key])
        numbered.append(tuple(dict.fromkeys(numbers)))
    return Grouping(binder, keys, tuple(numbered)), values


def _target(binder: Expressions, node: exp.Expr, items: Sequence[exp.Expr]) -> exp.Expr:
    target = node
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
        if not 0 < int(node.name) <= len(items):
            raise QueryFailed(
                f"INVALID_COLUMN_REFERENCE: {binder.position(node)}: GROUP BY position {node.name} is not in select "
                "list"
            )
        target = items[int(node.name) - 1]
        target = target.this if isinstance(target, exp.Alias) else target
    if aggregates.aggregates_in(target) or target.find(exp.Window):
        raise QueryFailed(
            f"EXPRESSION_NOT_SCALAR: {binder.position(target)}: GROUP BY clause cannot contain aggregations, window "
            f"functions or grouping operations: [{target.sql(dialect='trino')}]"
        )
    return target


def _sets(group: exp.Expr) -> list[Set]:
    unknown = [name for name, value in group.args.items() if value and name != "expressions"]
    if unknown:
        raise NotSupported(f"GROUP BY with {unknown[0]}")
    choices = [_choices(item) for item in group.expressions]
    return [tuple(node for part in parts for node in part) for parts in product(*choices)]


def _choices(item: exp.Expr) -> list[Set]:
    parts = [_members(part) for part in item.expressions] if isinstance(item, exp.Rollup | exp.Cube) else []
    if isinstance(item, exp.Rollup):
        return [_flat(parts[:length]) for length in range(len(parts), -1, -1)]
    if isinstance(item, exp.Cube):
        return [_flat(chosen) for size in range(len(parts), -1, -1) for chosen in combinations(parts, size)]
    if isinstance(item, exp.GroupingSets):
        return [choice for part in item.expressions for choice in _choices(part)]
    return [_members(item)]


def _members(item: exp.Expr) -> Set:
    if isinstance(item, exp.Tuple):
        return tuple(item.expressions)
    return (item.this,) if isinstance(item, exp.Paren) else (item,)


def _flat(parts: Sequence[Set]) -> Set:
    return tuple(node for part in parts for node in part)


def rows(source: Relation, grouping: Grouping, keys: Sequence[Bound]) -> Iterator[Row]:
    """Give one row per group: the keys, then what the aggregates answer."""
    listed = list(source.rows()) if len(grouping.sets) > 1 else None
    for each in grouping.sets:
        yield from _of_set(listed if listed is not None else source.rows(), grouping, keys, each)


def _of_set(source: Any, grouping: Grouping, keys: Sequence[Bound], wanted: tuple[int, ...]) -> Iterator[Row]:
    calls = [call for call in grouping.aggregates if call is not None]
    groups: dict[tuple[Any, ...], list[Group]] = {}
    if not wanted:
        groups[()] = aggregates.states(calls)
    chosen = [keys[index].run for index in wanted]
    for row in source:
        key = tuple(group_key(run(row)) for run in chosen)
        states = groups.get(key)
        if states is None:
            states = groups[key] = aggregates.states(calls)
        for state in states:
            state.add(row)
    present = frozenset(wanted)
    for key, states in groups.items():
        by_index = dict(zip(wanted, key, strict=True))
        answers = iter([state.result() for state in states])
        yield (
            *(by_index.get(index) for index in range(len(keys))),
            *(present if call is None else next(answers) for call in grouping.aggregates),
        )
