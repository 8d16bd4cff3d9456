"""An expression with its type: what it gives for a row."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.athena.errors import QueryFailed
from local_cloud.athena.trino.casts import converter
from local_cloud.athena.trino.datatypes import Type

Run = Callable[[tuple[Any, ...]], Any]
NOT_CONSTANT: Final = object()


@dataclass(frozen=True)
class Bound:
    """`key` is equal for expressions that mean the same; `constant` is the value of a literal."""

    type: Type
    run: Run
    key: Hashable
    constant: Any = NOT_CONSTANT


def constant(kind: Type, value: Any) -> Bound:
    return Bound(kind, lambda _row: value, ("constant", str(kind), value), value)


def column(kind: Type, index: int, *, scope: Hashable = None) -> Bound:
    return Bound(kind, lambda row: row[index], ("column", scope, index))


def applied(name: Hashable, kind: Type, work: Callable[..., Any], arguments: Sequence[Bound]) -> Bound:
    """Call a function for values that are not NULL; with a NULL among them the result is NULL."""
    key = ("call", name, str(kind), *(argument.key for argument in arguments))
    runs = [argument.run for argument in arguments]
    if len(runs) == 1:
        return Bound(kind, _one(work, runs[0]), key)
    if len(runs) == 2:
        return Bound(kind, _two(work, *runs), key)
    return Bound(kind, _many(work, runs), key)


def _one(work: Callable[..., Any], first: Run) -> Run:
    def run(row: tuple[Any, ...]) -> Any:
        value = first(row)
        return None if value is None else work(value)

    return run


def _two(work: Callable[..., Any], first: Run, second: Run) -> Run:
    def run(row: tuple[Any, ...]) -> Any:
        left, right = first(row), second(row)
        return None if left is None or right is None else work(left, right)

    return run


def _many(work: Callable[..., Any], runs: Sequence[Run]) -> Run:
    def run(row: tuple[Any, ...]) -> Any:
        values = [each(row) for each in runs]
        return None if None in values and any(value is None for value in values) else work(*values)

    return run


def with_nulls(name: Hashable, kind: Type, work: Callable[..., Any], arguments: Sequence[Bound]) -> Bound:
    """Call a function that looks at NULLs itself."""
    runs = [argument.run for argument in arguments]
    key = ("call", name, str(kind), *(argument.key for argument in arguments))
    return Bound(kind, lambda row: work(*(each(row) for each in runs)), key)


def coerced(value: Bound, kind: Type) -> Bound:
    """Convert to a type that holds all of its values."""
    source = value.type
    unchanged = (source.is_whole and kind.is_whole) or (source.name == kind.name and source.name != "decimal")
    if source == kind or (unchanged and not source.items):
        return Bound(kind, value.run, value.key, value.constant)
    convert = converter(source, kind)
    if convert is None:
        raise QueryFailed(f"TYPE_MISMATCH: Cannot convert {source} to {kind}")
    if value.constant is not NOT_CONSTANT:
        return constant(kind, None if value.constant is None else convert(value.constant))
    return applied("coerce", kind, convert, [value])
