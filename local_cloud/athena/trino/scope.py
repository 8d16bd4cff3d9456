"""Columns of relations, as names may reach them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from local_cloud.athena.errors import QueryFailed
from local_cloud.athena.trino.datatypes import Type

Row = tuple[Any, ...]
Rows = Callable[[], Iterator[Row]]


@dataclass(frozen=True)
class Field:
    """A column of a relation.

    `origin` is how the relation may be called: `(table,)` or `(catalog, database, table)`. `asked` tells a table that
    this column of it is needed.
    """

    name: str | None
    type: Type
    origin: tuple[str, ...] = ()
    hidden: bool = False
    asked: Callable[[], None] | None = None

    def answers(self, qualifier: Sequence[str], name: str) -> bool:
        if self.name is None or self.name.lower() != name:
            return False
        return not qualifier or tuple(qualifier) == self.origin[-len(qualifier) :]


@dataclass(frozen=True)
class Relation:
    """Columns and what yields their rows; it may be asked more than once."""

    fields: tuple[Field, ...]
    rows: Rows


def found(fields: Sequence[Field], qualifier: Sequence[str], name: str, *, position: str) -> int | None:
    """Find a column by its name.

    Raises:
        QueryFailed: when there is more than one.
    """
    matching = [index for index, item in enumerate(fields) if item.answers(qualifier, name)]
    if len(matching) > 1:
        raise QueryFailed(f"AMBIGUOUS_NAME: {position}: Column '{'.'.join([*qualifier, name])}' is ambiguous")
    return matching[0] if matching else None
