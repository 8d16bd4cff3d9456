"""Binds expressions: looks names up, gives every part its type and refuses what Trino refuses.

Each kind of syntax has a handler, registered by the modules beside this one with the arguments it understands; a kind
without a handler, or an argument that its handler does not name, is refused.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from sqlglot import exp

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import scope
from local_cloud.athena.trino.bound import Bound, applied, coerced, column
from local_cloud.athena.trino.datatypes import Type, common
from local_cloud.athena.trino.scope import Field, Relation, Row
from local_cloud.athena.trino.source import Source
from local_cloud.athena.trino.values import Zoned

Handler = Callable[["Expressions", Any], Bound]
HANDLERS: Final[dict[type[exp.Expr], tuple[frozenset[str], Handler]]] = {}
# What the parser notes about itself and what changes nothing.
_NOTES: Final = frozenset({"is_string", "typed", "safe", "_type", "quoted", "value_constructor", "copy", "nested"})


def handles(kind: type[exp.Expr], arguments: str = "this") -> Callable[[Handler], Handler]:
    """Register what binds a kind of syntax, and the parser's arguments that it looks at."""

    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = frozenset(arguments.split()), handler
        return handler

    return register


class Subqueries(Protocol):
    """What an expression needs of the statement that it is in."""

    source: Source
    now: Zoned
    parameters: Sequence[exp.Expr]

    def subquery(self, node: exp.Expr, outer: "Expressions") -> Relation: ...


@dataclass
class Grouping:
    """The keys of GROUP BY and the aggregates found on the way; a row after it is the keys, then the aggregates."""

    plain: "Expressions"
    keys: dict[Hashable, int]
    sets: tuple[tuple[int, ...], ...] = ()
    aggregates: list[Any] = field(default_factory=list)
    slots: dict[Hashable, int] = field(default_factory=dict)

    def slot(self, key: Hashable, make: Callable[[], Any]) -> int:
        if key not in self.slots:
            self.slots[key] = len(self.keys) + len(self.aggregates)
            self.aggregates.append(make())
        return self.slots[key]


@dataclass
class Expressions:
    """Names and rules at one place of a query. `current` is its row while a subquery looks at it."""

    statement: Subqueries
    fields: tuple[Field, ...] = ()
    outer: "Expressions | None" = None
    lambdas: dict[str, Bound] = field(default_factory=dict)
    grouping: Grouping | None = None
    windows: list[Any] | None = None
    aliases: dict[str, Bound] = field(default_factory=dict)
    clause: str = ""
    current: Row = ()
    references: int = 0

    def bind(self, node: exp.Expr) -> Bound:
        """Bind one expression.

        Raises:
            QueryFailed: in Athena's words.
        """
        if self.grouping is not None:
            key = self._group_key(node, self.grouping)
            if key is not None:
                return key
        arguments, handler = HANDLERS.get(type(node), (frozenset(), _unknown))
        for name, value in node.args.items():
            if value and name not in arguments and name not in _NOTES:
                raise NotSupported(f"{self.position(node)}: {type(node).__name__.upper()} with {name}")
        return handler(self, node)

    def _group_key(self, node: exp.Expr, grouping: Grouping) -> Bound | None:
        if isinstance(node, exp.Literal | exp.Null | exp.Boolean):
            return None
        try:
            plain = replace(grouping.plain, lambdas=self.lambdas, references=0).bind(node)
        except QueryFailed:
            return None
        index = grouping.keys.get(plain.key)
        return None if index is None else column(plain.type, index)

    def position(self, node: exp.Expr) -> str:
        return self.statement.source.position(node)

    def typed(self, node: exp.Expr, wanted: Type, *, what: str) -> Bound:
        """Bind what must be of a type."""
        value = self.bind(node)
        if common(value.type, wanted) != wanted:
            raise QueryFailed(
                f"TYPE_MISMATCH: {self.position(node)}: {what} must evaluate to a {wanted} (actual: {value.type})"
            )
        return coerced(value, wanted)

    def together(self, nodes: Sequence[exp.Expr], *, what: str) -> tuple[Type, list[Bound]]:
        """Bind what must have one type, and convert it to that."""
        values = [self.bind(node) for node in nodes]
        kind = values[0].type
        for node, value in zip(nodes, values, strict=True):
            met = common(kind, value.type)
            if met is None:
                raise QueryFailed(
                    f"TYPE_MISMATCH: {self.position(node)}: {what} must be the same type or coercible to a common "
                    "type. "
                    ""
                    f"Cannot find common type between {kind} and {value.type}, all types (without duplicates): "
                    f"[{', '.join(dict.fromkeys(str(item.type) for item in values))}]"
                )
            kind = met
        return kind, [coerced(value, kind) for value in values]

    def column(self, node: exp.Expr, names: Sequence[str]) -> Bound:
        """Look a name up: variables of lambdas, aliases, columns, fields of rows, then the queries around."""
        bound = self._named(node, names)
        if bound is None:
            shown = ".".join(names)
            raise QueryFailed(
                f"COLUMN_NOT_FOUND: {self.position(node)}: Column '{shown}' cannot be resolved or requester is not "
                "authorized to access requested resources"
            )
        return bound

    def _named(self, node: exp.Expr, names: Sequence[str]) -> Bound | None:
        start = self.lambdas.get(names[0]) or (self.aliases.get(names[0]) if len(names) == 1 else None)
        if start is not None:
            return self._fields_of(start, names[1:])
        for length in range(len(names), 0, -1):
            found = scope.found(self.fields, names[: length - 1], names[length - 1], position=self.position(node))
            if found is not None:
                return self._fields_of(self._own(found, node, names), names[length:])
        if self.outer is None:
            return None
        return self._outside(self.outer, node, names)

    def own(self, index: int) -> Bound:
        """Take a column by its place."""
        item = self.fields[index]
        if item.asked is not None:
            item.asked()
        return column(item.type, index)

    def _own(self, index: int, node: exp.Expr, names: Sequence[str]) -> Bound:
        own = self.own(index)
        if self.grouping is None:
            return own
        if own.key in self.grouping.keys:
            return column(own.type, self.grouping.keys[own.key])
        raise QueryFailed(
            f"EXPRESSION_NOT_AGGREGATE: {self.position(node)}: '{'.'.join(names)}' must be an aggregate expression or "
            "appear in GROUP BY clause"
        )

    def _outside(self, outer: "Expressions", node: exp.Expr, names: Sequence[str]) -> Bound | None:
        found = outer._named(node, names)
        if found is None:
            return None
        outer.references += 1
        return Bound(found.type, lambda _row: found.run(outer.current), ("outer", id(outer), found.key))

    def _fields_of(self, value: Bound, names: Sequence[str]) -> Bound | None:
        for name in names:
            if value.type.name != "row" or name not in value.type.fields:
                return None
            value = field_of(value, value.type.fields.index(name))
        return value

    def references_outside(self) -> int:
        """Count what was looked up here and around here; unchanged, a subquery does not depend on the row."""
        return self.references + (self.outer.references_outside() if self.outer else 0)


def field_of(value: Bound, index: int) -> Bound:
    """Take one field of a row."""
    return applied(("field", index), value.type.items[index], lambda row: row[index], [value])


def _unknown(binder: Expressions, node: Any) -> Bound:
    raise NotSupported(f"{binder.position(node)}: the syntax {type(node).__name__}")
