"""FROM: joins of relations, and UNNEST over the rows before it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

from sqlglot import exp

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino.bound import Bound, coerced
from local_cloud.athena.trino.datatypes import BIGINT, BOOLEAN, Type, common
from local_cloud.athena.trino.expressions import Expressions
from local_cloud.athena.trino.scope import Field, Relation, Row


@dataclass
class Condition:
    """An ON: pairs of expressions that must be equal, found by a hash, and whatever else must hold."""

    left: list[Bound] = field(default_factory=list)
    right: list[Bound] = field(default_factory=list)
    rest: list[Bound] = field(default_factory=list)


def conjuncts(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.Paren):
        return conjuncts(node.this)
    return [*conjuncts(node.this), *conjuncts(node.expression)] if isinstance(node, exp.And) else [node]


def condition(binder: Expressions, node: exp.Expr, left: Relation, right: Relation) -> Condition:
    """Bind an ON over both sides; what compares one side with the other is kept apart."""
    found = Condition()
    sides = [replace(binder, fields=side.fields, outer=None) for side in (left, right)]
    for part in conjuncts(node):
        whole = binder.typed(part, BOOLEAN, what="JOIN ON clause")
        pair = _pair(part, *sides) if isinstance(part, exp.EQ) else None
        if pair is None:
            found.rest.append(whole)
        else:
            found.left.append(pair[0])
            found.right.append(pair[1])
    return found


def _pair(node: exp.Binary, left: Expressions, right: Expressions) -> tuple[Bound, Bound] | None:
    for first, second in ((node.left, node.right), (node.right, node.left)):
        try:
            one, other = left.bind(first), right.bind(second)
        except QueryFailed:
            continue
        kind = common(one.type, other.type)
        if kind is not None and not kind.items and "constant" not in (one.key[0], other.key[0]):  # type: ignore[index]
            return coerced(one, kind), coerced(other, kind)
    return None


def joined(
    left: Relation, right: Relation, on: Condition | None, *, side: str, go_on: Callable[[], None] = lambda: None
) -> Relation:
    """Join two relations; `side` names the one whose rows all stay: LEFT, RIGHT, FULL or nothing.

    `go_on` is called for every row of the left one, to raise when the query was stopped.
    """
    on = on or Condition()
    no_left, no_right = (None,) * len(left.fields), (None,) * len(right.fields)

    def rows() -> Iterator[Row]:
        listed = list(right.rows())
        table = _hashed(listed, on.right) if on.right else None
        used: set[int] = set()
        for row in left.rows():
            go_on()
            matched = False
            for index in range(len(listed)) if table is None else table.get(_key(row, on.left), ()):
                both = row + listed[index]
                if all(test.run(both) is True for test in on.rest):
                    matched = True
                    used.add(index)
                    yield both
            if not matched and side in {"LEFT", "FULL"}:
                yield row + no_right
        if side in {"RIGHT", "FULL"}:
            yield from (no_left + row for index, row in enumerate(listed) if index not in used)

    return Relation(left.fields + right.fields, rows)


def _hashed(rows: Sequence[Row], keys: Sequence[Bound]) -> dict[Any, list[int]]:
    table: dict[Any, list[int]] = {}
    for index, row in enumerate(rows):
        key = _key(row, keys)
        if key is not None:
            table.setdefault(key, []).append(index)
    return table


def _key(row: Row, keys: Sequence[Bound]) -> Any:
    """Return what is looked up; None, which no row has, when a part of it is NULL or NaN and so equals nothing."""
    values = tuple(key.run(row) for key in keys)
    return None if any(value is None or value != value for value in values) else values  # noqa: PLR0124 # NaN


def using(binder: Expressions, names: Sequence[str], left: Relation, right: Relation, *, side: str) -> Relation:
    """Join by columns of the same names, which come first and once."""
    first, second = replace(binder, fields=left.fields), replace(binder, fields=right.fields)
    on, merged = Condition(), list[tuple[Field, int, int]]()
    for name in names:
        pair = [_index(side_binder, name) for side_binder in (first, second)]
        one, other = first.own(pair[0]), second.own(pair[1])
        kind = common(one.type, other.type)
        if kind is None:
            raise QueryFailed(
                f"TYPE_MISMATCH: Column types of '{name}' in USING do not match: {one.type}, {other.type}"
            )
        on.left.append(coerced(one, kind))
        on.right.append(coerced(other, kind))
        merged.append((Field(name, kind), pair[0], pair[1] + len(left.fields)))
    whole = joined(left, right, on, side=side)
    taken = {index for _, a, b in merged for index in (a, b)}
    kept = [index for index in range(len(whole.fields)) if index not in taken]
    fields = tuple(item for item, _, _ in merged) + tuple(whole.fields[index] for index in kept)

    def rows() -> Iterator[Row]:
        for row in whole.rows():
            keys = tuple(row[a] if row[a] is not None else row[b] for _, a, b in merged)
            yield keys + tuple(row[index] for index in kept)

    return Relation(fields, rows)


def _index(binder: Expressions, name: str) -> int:
    found = [index for index, item in enumerate(binder.fields) if item.answers((), name)]
    if len(found) != 1:
        code = "AMBIGUOUS_NAME" if found else "COLUMN_NOT_FOUND"
        side = "ambiguous" if found else "missing from one side of join"
        raise QueryFailed(f"{code}: Column '{name}' is {side}")
    return found[0]


def dependent(left: Relation, right: Relation, binder: Expressions, *, outer: bool) -> Relation:
    """Join each row with what a relation gives for it."""
    nothing = (None,) * len(right.fields)

    def rows() -> Iterator[Row]:
        for row in left.rows():
            binder.current = row
            empty = True
            for more in list(right.rows()):
                empty = False
                yield row + more
            if empty and outer:
                yield row + nothing

    return Relation(left.fields + right.fields, rows)


def unnested(binder: Expressions, node: exp.Unnest) -> Relation:
    """Bind UNNEST: arrays side by side, rows and maps as columns, and a number when asked for."""
    alias, ordinal = node.args.get("alias"), node.args.get("offset")
    values = [binder.bind(item) for item in node.expressions]
    kinds = [kind for value in values for kind in _columns(value.type, binder.position(node))]
    names = [item.name.lower() for item in (alias.args.get("columns") or [])] if alias else []
    origin = (alias.name.lower(),) if alias and alias.this else ()
    if isinstance(ordinal, exp.Expr):
        names.append(ordinal.name.lower())
    all_kinds = [*kinds, *([BIGINT] if ordinal else [])]
    if names and len(names) != len(all_kinds):
        raise QueryFailed(
            f"MISMATCHED_COLUMN_ALIASES: {binder.position(node)}: Column alias list has {len(names)} entries but "
            f"'{'.'.join(origin)}' has {len(all_kinds)} columns available"
        )
    own = [name for value in values for name in _names(value.type)]
    given: Sequence[str | None] = names or [*own, *([None] if ordinal else [])]
    fields = tuple(Field(name, kind, origin) for name, kind in zip(given, all_kinds, strict=True))
    spread = [_spread(value.type) for value in values]
    gaps = [(None,) * len(_columns(value.type, "")) for value in values]

    def rows() -> Iterator[Row]:
        found = [value.run(binder.current) for value in values]
        listed = [[] if item is None else make(item) for make, item in zip(spread, found, strict=True)]
        for number, parts in enumerate(zip_longest(*listed), 1):
            flat = tuple(
                item for part, gap in zip(parts, gaps, strict=True) for item in (gap if part is None else part)
            )
            yield (*flat, number) if ordinal else flat

    return Relation(fields, rows)


def _columns(kind: Type, position: str) -> tuple[Type, ...]:
    if kind.name == "map":
        return kind.items
    if kind.name == "array":
        return kind.items[0].items if kind.items[0].name == "row" else kind.items
    raise QueryFailed(f"TYPE_MISMATCH: {position}: Cannot unnest type: {kind}")


def _names(kind: Type) -> tuple[str | None, ...]:
    """Name the columns of an array of rows by its fields."""
    if kind.name == "array" and kind.items[0].name == "row":
        return kind.items[0].fields
    return (None,) * len(kind.items)


def _spread(kind: Type) -> Callable[[Any], list[Row | None]]:
    if kind.name == "map":
        return lambda value: list(value.items())
    if kind.items[0].name == "row":
        return list
    return lambda value: [(item,) for item in value]


def check(node: exp.Join) -> str:
    """Return the side of a join, and refuse kinds that Trino has not."""
    method, kind = node.args.get("method"), str(node.args.get("kind") or "").upper()
    if method:
        raise NotSupported("Natural join not supported")
    if kind not in {"", "INNER", "CROSS", "OUTER"} or any(
        node.args.get(name) for name in ("global_", "hint", "match_condition")
    ):
        raise NotSupported(f"the join {kind}")
    return str(node.args.get("side") or "").upper()
