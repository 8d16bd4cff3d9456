"""The nodes that an expression may be made of, and nothing else; knows neither their spelling nor their types."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Node:
    """A part of an expression; ``at`` is its offset in the text, which does not tell two expressions apart."""

    at: int = field(default=0, compare=False, kw_only=True)

    @property
    def parts(self) -> "tuple[Node, ...]":
        """Return the nodes inside, in the order in which they are written."""
        return ()


@dataclass(frozen=True)
class Literal(Node):
    """A value and its canonical type (``null`` for NULL)."""

    value: str | int | Decimal | bool | date | datetime | None
    type: str


@dataclass(frozen=True)
class ColumnName(Node):
    name: str


@dataclass(frozen=True)
class StructField(Node):
    struct: Node
    name: str

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.struct,)


@dataclass(frozen=True)
class Item(Node):
    """An element of an array by position from 0, or a value of a map by key."""

    whole: Node
    key: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return self.whole, self.key


@dataclass(frozen=True)
class Binary(Node):
    operator: str
    left: Node
    right: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return self.left, self.right


@dataclass(frozen=True)
class Not(Node):
    operand: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.operand,)


@dataclass(frozen=True)
class IsNull(Node):
    operand: Node
    negated: bool

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.operand,)


@dataclass(frozen=True)
class In(Node):
    operand: Node
    items: tuple[Node, ...]
    negated: bool

    @property
    def parts(self) -> tuple[Node, ...]:
        return self.operand, *self.items


@dataclass(frozen=True)
class Between(Node):
    operand: Node
    low: Node
    high: Node
    negated: bool

    @property
    def parts(self) -> tuple[Node, ...]:
        return self.operand, self.low, self.high


@dataclass(frozen=True)
class Matches(Node):
    """LIKE or RLIKE; the pattern is a text that was checked, and portable already."""

    operator: str
    operand: Node
    pattern: str
    negated: bool

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.operand,)


@dataclass(frozen=True)
class Case(Node):
    """CASE in both forms: with an operand that is compared, or with conditions."""

    operand: Node | None
    branches: tuple[tuple[Node, Node], ...]
    otherwise: Node | None

    @property
    def parts(self) -> tuple[Node, ...]:
        inside = [self.operand, *(node for branch in self.branches for node in branch), self.otherwise]
        return tuple(node for node in inside if node is not None)


@dataclass(frozen=True)
class Cast(Node):
    operand: Node
    type: str

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.operand,)


@dataclass(frozen=True)
class Call(Node):
    """A function of the list, by its canonical name."""

    name: str
    arguments: tuple[Node, ...]

    @property
    def parts(self) -> tuple[Node, ...]:
        return self.arguments


def columns_of(node: Node) -> Iterator[str]:
    """Yield the column names read, in the order of the text, with repeats."""
    if isinstance(node, ColumnName):
        yield node.name
    for part in node.parts:
        yield from columns_of(part)


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return the node with every node in it changed, the innermost first."""

    def inside(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(inside, value))
        return rebuilt(value, change) if isinstance(value, Node) else value

    return change(replace(node, **{part.name: inside(getattr(node, part.name)) for part in fields(node)}))
