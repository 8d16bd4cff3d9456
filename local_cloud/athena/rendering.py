"""Values as Athena writes them into results, and the result object; knows no storage."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from local_cloud.athena.trino import texts
from local_cloud.athena.trino.datatypes import Type

Write = Callable[[Any], str]


def athena_type(kind: Type) -> str:
    """Name a type as GetQueryResults does."""
    return "float" if kind.name == "real" else kind.name


def writer(kind: Type) -> Write:
    """Return what shows values of a type."""
    if kind.name in {"array", "row", "map"}:
        return _nested(kind)
    if kind.is_float:
        return lambda value: texts.plain(value, real=kind.name == "real")
    if kind.name.startswith("timestamp"):  # never less than milliseconds
        return texts.writer(Type(kind.name, (max(3, *kind.sizes),))) or str
    if kind.name == "varbinary":
        return lambda value: " ".join(f"{byte:02x}" for byte in value)
    return texts.writer(kind) or str


def _nested(kind: Type) -> Write:
    inner = [_or_null(writer(item)) for item in kind.items]
    if kind.name == "array":
        return lambda value: f"[{', '.join(map(inner[0], value))}]"
    if kind.name == "map":
        return lambda value: f"{{{', '.join(f'{inner[0](key)}={inner[1](item)}' for key, item in value.items())}}}"
    names = [name or f"field{index}" for index, name in enumerate(kind.fields or [None] * len(kind.items))]
    return lambda value: (
        f"{{{', '.join(f'{name}={write(item)}' for name, write, item in zip(names, inner, value, strict=True))}}}"
    )


def _or_null(write: Write) -> Write:
    return lambda value: "null" if value is None else write(value)


def csv(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> bytes:
    """Write the object of a SELECT: every value quoted, and a NULL as nothing at all."""
    lines = [_line(columns), *(_line(row) for row in rows)]
    return "".join(f"{line}\n" for line in lines).encode()


def plain(rows: Iterable[Sequence[str | None]]) -> bytes:
    """Write the object of a statement that is no query: no header, tabs between."""
    return "".join("\t".join(value or "" for value in row) + "\n" for row in rows).encode()


def _line(values: Sequence[str | None]) -> str:
    return ",".join("" if value is None else '"' + value.replace('"', '""') + '"' for value in values)
