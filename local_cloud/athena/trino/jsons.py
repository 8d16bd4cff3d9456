"""JSON values, held as their text: parsing, paths, casts from and to other types."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, Final

from local_cloud.athena.errors import NotSupported, QueryFailed
from local_cloud.athena.trino import texts
from local_cloud.athena.trino.datatypes import DOUBLE, Type
from local_cloud.athena.trino.values import TrinoMap

Convert = Callable[[Any], Any]
_STEP: Final = re.compile(r"""\.([\w:$\-/@|#]+)|\.?\["((?:[^"\\]|\\.)+)"\]|\.?\[([\w-]+)\]|\.?\['([^']+)'\]""")
MISSING: Final = object()


class Number(str):
    """A number as it was written."""

    __slots__ = ()


class _Exact(Number):
    """A number that is written digit by digit, fraction or not."""

    __slots__ = ()


def loads(text: str) -> Any:
    """Parse a text, numbers left as written.

    Raises:
        ValueError: when it is no JSON.
    """
    return json.loads(text, parse_float=Number, parse_int=Number, parse_constant=_no_constant)


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def dumps(value: Any, *, ordered: bool = False) -> str:
    """Write without spaces; fractions as doubles are written."""
    if isinstance(value, Number):
        return (
            str(value)
            if isinstance(value, _Exact) or value.lstrip("-").isdigit()
            else texts.plain(float(value), real=False)
        )
    if isinstance(value, dict):
        items = sorted(value.items()) if ordered else value.items()
        return "{" + ",".join(f"{dumps(key)}:{dumps(item, ordered=ordered)}" for key, item in items) + "}"
    if isinstance(value, list):
        return "[" + ",".join(dumps(item, ordered=ordered) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def parse(text: str) -> str:
    """Do what json_parse does: keys come sorted."""
    try:
        return dumps(loads(text), ordered=True)
    except (ValueError, RecursionError):
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: '{text}'") from None


@cache
def steps(path: str) -> tuple[str, ...]:
    """Split a path like `$.a[0]["b"]`."""
    found = list(_STEP.finditer(path, 1)) if path.startswith("$") else []
    if not path.startswith("$") or "".join(step[0] for step in found) != path[1:]:
        raise NotSupported(f"the JSON path '{path}'")
    names = [next(filter(None, step.groups())) for step in found]
    if any(name.startswith("-") and name[1:].isdigit() for name in names):
        raise NotSupported(f"the JSON path '{path}'")
    return tuple(re.sub(r"\\(.)", r"\1", name) for name in names)


def at(text: str, path: str) -> Any:
    """Return what lies at a path; MISSING when nothing does or the text is no JSON."""
    wanted = steps(path)
    try:
        found = loads(text)
    except (ValueError, RecursionError):
        return MISSING
    for name in wanted:
        if isinstance(found, dict):
            found = found.get(name, MISSING)
        elif isinstance(found, list) and name.isdigit():
            found = found[int(name)] if int(name) < len(found) else MISSING
        else:
            return MISSING
        if found is MISSING:
            return MISSING
    return found


def scalar(value: Any) -> str | None:
    """Return the text of a number, a string or a truth value; nothing else has one."""
    if value is MISSING or value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def from_json(target: Type, *, inner: Callable[[Type, Type], Convert | None]) -> Convert | None:
    """Return what casts JSON to a type; null becomes NULL."""
    build = _builder(target, inner)
    if build is None:
        return None

    def convert(text: str) -> Any:
        try:
            return build(loads(text))
        except (ValueError, KeyError, TypeError):
            raise QueryFailed(f"INVALID_CAST_ARGUMENT: Cannot cast to {target}. {text}") from None

    return convert


def _builder(target: Type, inner: Callable[[Type, Type], Convert | None]) -> Convert | None:
    if target.name == "json":
        return dumps
    if target.name in {"array", "row", "map"}:
        return _collection(target, inner)
    if target.name not in {
        "varchar",
        "boolean",
        "tinyint",
        "smallint",
        "integer",
        "bigint",
        "real",
        "double",
        "decimal",
    }:
        return None
    from_text, from_double = inner(Type("varchar"), target), inner(DOUBLE, target)
    from_truth, from_whole = inner(Type("boolean"), target), inner(Type("decimal", (38, 0)), target)
    assert from_text is not None and from_double is not None and from_whole is not None  # noqa: S101, PT018 # all casts exist

    def build(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, bool):
            return from_truth(value) if from_truth else None
        if isinstance(value, Number):
            whole = value.lstrip("-").isdigit()
            exact = whole or target.name == "decimal"
            return from_whole(Decimal(value)) if whole else from_text(value) if exact else from_double(float(value))
        if isinstance(value, str):
            return from_text(value)
        raise TypeError

    return build


def _collection(target: Type, inner: Callable[[Type, Type], Convert | None]) -> Convert | None:
    builders = [_builder(item, inner) for item in target.items]
    found = [builder for builder in builders if builder is not None]
    if len(found) != len(builders):
        return None
    if target.name == "array":
        return lambda value: None if value is None else tuple(found[0](item) for item in _list(value))
    if target.name == "map":
        key = inner(Type("varchar"), target.items[0])
        if key is None:
            return None
        return lambda value: (
            None if value is None else TrinoMap((key(name), found[1](item)) for name, item in _dict(value).items())
        )
    return lambda value: None if value is None else _row(value, target, found)


def _row(value: Any, target: Type, builders: list[Convert]) -> tuple[Any, ...]:
    if isinstance(value, list) and len(value) == len(builders):
        return tuple(build(item) for build, item in zip(builders, value, strict=True))
    by_name = {str(key).lower(): item for key, item in _dict(value).items()}
    return tuple(build(by_name.get(name or "")) for build, name in zip(builders, target.fields, strict=True))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def to_json(source: Type) -> Convert | None:
    """Return what casts values of a type to JSON."""
    build = _plain(source)
    return None if build is None else lambda value: dumps(build(value))


def _plain(source: Type) -> Convert | None:  # noqa: PLR0911 # one line per kind of value
    if source.name == "row" and None in source.fields:
        raise NotSupported("a cast to JSON of a row whose fields have no names")
    inner = [_plain(item) for item in source.items]
    if None in inner:
        return None
    found = [_null_kept(item) for item in inner if item is not None]
    if source.name == "array":
        return lambda value: [found[0](item) for item in value]
    if source.name == "row":
        return lambda value: dict(zip(source.fields, (b(i) for b, i in zip(found, value, strict=True)), strict=True))
    write = texts.writer(source)
    if source.name == "map":
        key = texts.writer(source.items[0])
        return None if key is None else lambda value: dict(sorted((key(k), found[1](v)) for k, v in value.items()))
    if source.is_float:
        return lambda value: (
            Number(texts.plain(value, real=source.name == "real")) if value - value == 0 else str(value)
        )
    if source.is_number:
        return lambda value: _Exact(str(value))
    if source.name == "json":
        return loads
    return bool if source.name == "boolean" else write


def _null_kept(build: Convert) -> Convert:
    return lambda value: None if value is None else build(value)
