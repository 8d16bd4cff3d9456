"""Binds whole queries: WITH, set operations, VALUES and FROM; a SELECT's own clauses are in `selects`."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from sqlglot import exp

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import (
    aggregate_functions,
    calls,
    joins,
    predicates,
    scalars,
    selects,
    standard_json,
    syntax,
)
from local_cloud.athena.trino.bound import coerced, column
from local_cloud.athena.trino.casts import now
from local_cloud.athena.trino.datatypes import common
from local_cloud.athena.trino.expressions import Expressions
from local_cloud.athena.trino.scope import Field, Relation, Row
from local_cloud.athena.trino.source import Source
from local_cloud.athena.trino.values import Zoned, group_key, sort_rows

REGISTERED: Final = (aggregate_functions, calls, predicates, scalars, standard_json, syntax)  # by being imported
_SET_ARGUMENTS: Final = {"this", "expression", "distinct", "with_", "order", "limit", "offset"}


@dataclass(frozen=True)
class TableName:
    """A table as it was asked for, with its place in the statement for the message when there is none."""

    database: str
    name: str
    position: str


Tables = Callable[[TableName, exp.Table], Relation]


@dataclass
class Statement:
    """One text on its way to rows. `tables` finds relations, `moment` is when the query began."""

    source: Source
    database: str
    tables: Tables
    now: Zoned = field(default_factory=now)
    parameters: Sequence[exp.Expr] = ()
    go_on: Callable[[], None] = lambda: None
    _with: dict[str, tuple[exp.CTE, dict[str, Any]]] = field(default_factory=dict)

    def subquery(self, node: exp.Expr, outer: Expressions) -> Relation:
        return self.query(node, outer)

    def query(self, node: exp.Expr, outer: Expressions | None = None) -> Relation:
        """Bind a query.

        Raises:
            QueryFailed: what Athena would say of it, or that this engine does not know it.
        """
        before = self._with
        self._with = {**before, **self._named(node)}
        try:
            return self._bound(node, outer)
        finally:
            self._with = before

    def _named(self, node: exp.Expr) -> dict[str, tuple[exp.CTE, dict[str, Any]]]:
        found: dict[str, tuple[exp.CTE, dict[str, Any]]] = {}
        clause = node.args.get("with_")
        if clause is not None and clause.args.get("recursive"):
            raise NotSupported("WITH RECURSIVE")
        for cte in clause.expressions if clause is not None else ():
            name = cte.alias.lower()
            if name in found:
                raise QueryFailed(f"DUPLICATE_NAMED_QUERY: WITH query name '{cte.alias}' specified more than once")
            found[name] = cte, {**self._with, **found}
        return found

    def _bound(self, node: exp.Expr, outer: Expressions | None) -> Relation:
        match node:
            case exp.Select():
                return limited(node, selects.bound(self, node, outer))
            case exp.SetOperation():
                return self._ordered(node, self._set_operation(node, outer))
            case exp.Values():
                return self._ordered(node, self._values(node, outer))
            case exp.Subquery() if not node.args.get("joins"):
                return self._ordered(node, self.query(node.this, outer))
        raise NotSupported(f"the query {type(node).__name__}")

    def _ordered(self, node: exp.Expr, relation: Relation) -> Relation:
        order = node.args.get("order")
        if order is None:
            return limited(node, relation)
        binder = Expressions(self, relation.fields, clause="ORDER BY")
        items = [selects.sort_item(binder, item, selects.own_columns(binder)) for item in order.expressions]
        return limited(node, Relation(relation.fields, lambda: iter(sort_rows(list(relation.rows()), items))))

    def _set_operation(self, node: exp.SetOperation, outer: Expressions | None) -> Relation:
        unknown = [name for name, value in node.args.items() if value and name not in _SET_ARGUMENTS]
        if unknown:
            raise NotSupported(f"{node.key.upper()} with {unknown[0]}")
        word, sides = node.key.upper(), [self.query(side, outer) for side in (node.this, node.expression)]
        left, right = sides
        if len(left.fields) != len(right.fields):
            raise QueryFailed(
                f"TYPE_MISMATCH: {self.source.position(node)}: {word} query has different number of fields: "
                f"{len(left.fields)}, {len(right.fields)}"
            )
        kinds = []
        for number, (a, b) in enumerate(zip(left.fields, right.fields, strict=True), 1):
            kind = common(a.type, b.type)
            if kind is None:
                raise QueryFailed(
                    f"TYPE_MISMATCH: {self.source.position(node)}: column {number} in {word} query has incompatible "
                    "types: "
                    f"{a.type}, {b.type}"
                )
            kinds.append(kind)
        first, second = (_converted(side, kinds) for side in sides)
        fields = tuple(Field(item.name, kind) for item, kind in zip(left.fields, kinds, strict=True))
        return Relation(fields, _combined(word, first, second, distinct=node.args.get("distinct") is not False))

    def _values(self, node: exp.Values, outer: Expressions | None) -> Relation:
        binder = Expressions(self, (), outer=outer, clause="VALUES")
        listed = [item.expressions if isinstance(item, exp.Tuple) else [item] for item in node.expressions]
        if len({len(items) for items in listed}) != 1:
            raise QueryFailed(f"TYPE_MISMATCH: {self.source.position(node)}: Values rows have mismatched sizes")
        columns = [binder.together(items, what="Values rows: all") for items in zip(*listed, strict=True)]
        fields = tuple(Field(None, kind) for kind, _ in columns)

        def rows() -> Iterator[Row]:
            for number in range(len(listed)):
                yield tuple(values[number].run(()) for _, values in columns)

        return _aliased(Relation(fields, rows), node.args.get("alias"))

    def relation(self, node: exp.Expr, outer: Expressions | None) -> Relation:
        """Bind one item of FROM."""
        match node:
            case exp.Table():
                found = self._table(node)
            case exp.Unnest():
                found = joins.unnested(Expressions(self, (), outer=outer, clause="UNNEST"), node)
            case exp.Values():
                found = self._values(node, outer)
            case exp.Subquery() if isinstance(node.this, exp.Table):
                found = _aliased(self.relation(node.this, outer), node.args.get("alias"))
            case exp.Subquery():
                found = _aliased(self.query(node, outer), node.args.get("alias"))
            case exp.Lateral() if isinstance(node.this, exp.Subquery):
                found = _aliased(self.query(node.this, outer), node.args.get("alias"))
            case _:
                raise NotSupported(f"{type(node).__name__} in FROM")
        return self.joined(found, node.args.get("joins") or [], outer)

    def joined(self, left: Relation, nodes: Sequence[exp.Join], outer: Expressions | None) -> Relation:
        for node in nodes:
            left = self._join(left, node, outer)
        return left

    def _join(self, left: Relation, node: exp.Join, outer: Expressions | None) -> Relation:
        side, item, on, using = joins.check(node), node.this, node.args.get("on"), node.args.get("using")
        binder = Expressions(self, left.fields, outer=outer, clause="JOIN clause")
        if isinstance(item, exp.Unnest | exp.Lateral):
            if using or side in {"RIGHT", "FULL"} or (on is not None and on != exp.true()):
                raise NotSupported(f"{self.source.position(item)}: UNNEST and LATERAL on other conditions than ON TRUE")
            inner = joins.unnested(binder, item) if isinstance(item, exp.Unnest) else self.relation(item, binder)
            return joins.dependent(left, inner, binder, outer=side == "LEFT")
        right = self.relation(item, outer)
        if using:
            return joins.using(binder, [part.name.lower() for part in using], left, right, side=side)
        if on is None and str(node.args.get("kind") or "") != "CROSS" and (side or self.source.follows(item, "JOIN")):
            raise QueryFailed(f"SYNTAX_ERROR: {self.source.position(item)}: a join without ON")
        both = Expressions(self, left.fields + right.fields, outer=outer, clause="JOIN clause")
        found = joins.condition(both, on, left, right) if on is not None else None
        return joins.joined(left, right, found, side=side, go_on=self.go_on)

    def _table(self, node: exp.Table) -> Relation:
        unknown = [
            name
            for name, value in node.args.items()
            if value and name not in {"this", "db", "catalog", "alias", "joins"}
        ]
        if unknown:
            raise NotSupported(f"{self.source.position(node)}: a table with {unknown[0].upper()}")
        if not isinstance(node.this, exp.Identifier):
            raise NotSupported(f"{self.source.position(node)}: table functions")
        name = node.name.lower()
        if not node.db and name in self._with:
            return _aliased(self._cte(name), node.args.get("alias"), origin=(name,))
        if node.catalog and node.catalog.lower() != "awsdatacatalog":
            raise NotSupported(f"{self.source.position(node)}: the catalog {node.catalog}")
        wanted = TableName((node.db or self.database).lower(), name, self.source.position(node))
        origin = ("awsdatacatalog", wanted.database, name)
        return _aliased(self.tables(wanted, node), node.args.get("alias"), origin=origin)

    def _cte(self, name: str) -> Relation:
        cte, around = self._with[name]
        before, self._with = self._with, around
        try:
            return _aliased(self.query(cte.this), cte.args.get("alias"))
        finally:
            self._with = before


def _aliased(relation: Relation, alias: Any, *, origin: tuple[str, ...] = ()) -> Relation:
    """Call a relation, and its columns, as its alias says."""
    if alias is not None and alias.this is not None:
        origin = (alias.name.lower(),)
    names = [item.name for item in (alias.args.get("columns") or [])] if alias is not None else []
    shown = [item for item in relation.fields if not item.hidden]
    if names and len(names) != len(shown):
        raise QueryFailed(
            f"MISMATCHED_COLUMN_ALIASES: Column alias list has {len(names)} entries but '{'.'.join(origin)}' has "
            f"{len(shown)} columns available"
        )
    given = iter(names)
    fields = tuple(
        Field(next(given) if names and not item.hidden else item.name, item.type, origin, item.hidden, item.asked)
        for item in relation.fields
    )
    return Relation(fields, relation.rows)


def _converted(relation: Relation, kinds: Sequence[Any]) -> Callable[[], Iterator[Row]]:
    items = [
        coerced(column(item.type, index), kind)
        for index, (item, kind) in enumerate(zip(relation.fields, kinds, strict=True))
    ]
    if all(item.type == kind for item, kind in zip(relation.fields, kinds, strict=True)):
        return relation.rows
    return lambda: (tuple(item.run(row) for item in items) for row in relation.rows())


def _combined(
    word: str, first: Callable[[], Iterator[Row]], second: Callable[[], Iterator[Row]], *, distinct: bool
) -> Callable[[], Iterator[Row]]:
    def rows() -> Iterator[Row]:
        if word == "UNION":
            found: Iterator[Row] = (row for side in (first, second) for row in side())
        else:
            counts = Counter(tuple(map(group_key, row)) for row in second())
            found = _matched(word, first(), counts, distinct=distinct)
        yield from unique(found) if distinct else found

    return rows


def _matched(word: str, rows: Iterator[Row], counts: Counter[Row], *, distinct: bool) -> Iterator[Row]:
    for row in rows:
        key = tuple(map(group_key, row))
        there = counts[key] > 0
        if there and not distinct:
            counts[key] -= 1
        if there == (word == "INTERSECT"):
            yield row


def unique(rows: Iterator[Row]) -> Iterator[Row]:
    seen: set[Row] = set()
    for row in rows:
        key = tuple(map(group_key, row))
        if key not in seen:
            seen.add(key)
            yield row


def limited(node: exp.Expr, relation: Relation) -> Relation:
    """Apply OFFSET, LIMIT and FETCH."""
    start = _count(node.args["offset"].expression) if node.args.get("offset") else 0
    limit = node.args.get("limit")
    if limit is None and not start:
        return relation
    count = _limit(limit)
    end = None if count is None else start + count
    return Relation(relation.fields, lambda: islice(relation.rows(), start, end))


def _limit(node: exp.Expr | None) -> int | None:
    if node is None:
        return None
    if isinstance(node, exp.Fetch):
        options = node.args.get("limit_options")
        if options is not None and (options.args.get("percent") or options.args.get("with_ties")):
            raise NotSupported("FETCH FIRST with TIES or PERCENT")
        return _count(node.args["count"]) if node.args.get("count") else 1
    if isinstance(node.expression, exp.Var) and node.expression.name.upper() == "ALL":
        return None
    return _count(node.expression)


def _count(node: exp.Expr) -> int:
    if not isinstance(node, exp.Literal) or node.is_string or not node.name.isdigit():
        raise NotSupported(f"a limit or offset that is no whole number: {node.sql()}")
    return int(node.name)
