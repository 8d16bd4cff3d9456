"""Column types: the names that people write and the one form that Glue and Spark both read; knows nothing of ODCS."""

import re
from collections.abc import Callable, Collection, Iterator
from typing import Final

SYNONYMS: Final = {
    "string": ("string", "text", "varchar", "char", "character", "character varying", "nvarchar", "nchar"),
    "boolean": ("boolean", "bool"),
    "tinyint": ("tinyint", "byte", "int8"),
    "smallint": ("smallint", "short", "int2", "int16"),
    "int": ("int", "integer", "int4", "int32"),
    "bigint": ("bigint", "long", "int64"),
    "float": ("float", "real", "float4", "float32"),
    "double": ("double", "double precision", "float8", "float64"),
    "decimal": ("decimal", "numeric", "dec", "number"),
    "date": ("date",),
    "timestamp": (
        "timestamp",
        "timestamptz",
        "timestamp_tz",
        "timestamp_ltz",
        "timestamp_ntz",
        "timestamp with time zone",
        "timestamp with local time zone",
        "timestamp without time zone",
        "datetime",
    ),
}
INTEGER_BITS: Final = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
COMPLEX_KINDS: Final = ("array", "map", "struct")
MAX_PRECISION: Final = 38
MAX_FRACTION_DIGITS: Final = 6
_CANONICAL: Final = {synonym: name for name, synonyms in SYNONYMS.items() for synonym in synonyms}
_ALLOWED: Final = (
    "string, boolean, tinyint, smallint, int, bigint, float, double, decimal(p,s), date, timestamp, array<type>, "
    "map<string,type>, struct<name:type,...> and their usual SQL synonyms, such as varchar(n), text, integer, long, "
    "numeric(p,s), timestamptz"
)
_COMPLEX: Final = re.compile(r"(array|map|struct)\s*<(.*)>", re.IGNORECASE | re.DOTALL)
_SIMPLE: Final = re.compile(r"([a-z][a-z0-9_ ]*?)\s*(?:\(([^()]*)\)\s*([a-z ]*))?", re.IGNORECASE)
_FIELD: Final = re.compile(r"`?([A-Za-z_][A-Za-z0-9_]*)`?\s*[:\s]\s*(.+)", re.DOTALL)


class TypeNotUsableError(ValueError):
    """Say why a type cannot be used; the caller adds where it stands."""


def canonical_type(text: str) -> str:
    """Return the form of a type that is used throughout. Raises TypeNotUsableError."""
    stripped = text.strip()
    match = _COMPLEX.fullmatch(stripped)
    if match is None:
        return _simple_type(stripped)
    kind, parts = match.group(1).lower(), list(_split(match.group(2)))
    if kind == "array":
        return _array(parts, text)
    return _map(parts, text) if kind == "map" else struct_of([_field(part, text) for part in parts])


def struct_of(fields: list[tuple[str, str]]) -> str:
    """Return the struct of fields (name, canonical type).

    Raises TypeNotUsableError for names that differ only in case.
    """
    names = [name.lower() for name, _ in fields]
    doubled = [name for name, _ in fields if names.count(name.lower()) > 1]
    if doubled:
        raise TypeNotUsableError(f"it has field {doubled[0]!r} twice; upper and lower case do not tell fields apart")
    return f"struct<{','.join(f'{name}:{field_type}' for name, field_type in fields)}>"


def map_of(key: str, value: str) -> str:
    """Return the map type. Raises TypeNotUsableError for a key that JSON cannot have."""
    if key != "string":
        raise TypeNotUsableError(f"it has map keys of type {key}; JSON has only string keys: write map<string,{value}>")
    return f"map<string,{value}>"


def kind_of(canonical: str) -> str:
    """Return a type's name without its parameters: decimal(12,2) is decimal, struct<…> is struct."""
    return re.split(r"[(<]", canonical, maxsplit=1)[0]


def decimal_digits(canonical: str) -> tuple[int, int]:
    """Return precision and scale of a canonical decimal type."""
    precision, scale = canonical.removeprefix("decimal(").removesuffix(")").split(",")
    return int(precision), int(scale)


def inner_types(canonical: str) -> dict[str, str]:
    """Return the types that an array, map or struct holds, by ``element``, ``key`` and ``value``, or field name."""
    kind, parts = kind_of(canonical), list(_split(canonical.partition("<")[2].removesuffix(">")))
    if kind == "struct":
        return dict(_field(part, canonical) for part in parts)
    names = {"array": ("element",), "map": ("key", "value")}.get(kind, ())
    return dict(zip(names, parts, strict=False))


def holds(canonical: str, kinds: Collection[str]) -> bool:
    """Say whether a type is of one of these kinds, or holds one anywhere inside."""
    return kind_of(canonical) in kinds or holds_inside(canonical, kinds)


def holds_inside(canonical: str, kinds: Collection[str]) -> bool:
    """Say whether an array, map or struct holds one of these kinds anywhere inside."""
    return any(holds(inner, kinds) for inner in inner_types(canonical).values())


def with_leaves(canonical: str, leaf: Callable[[str], str]) -> str:
    """Return the type with each simple type in it, or it itself, replaced; keys of maps stay strings."""
    inner = inner_types(canonical)
    match kind_of(canonical):
        case "array":
            return f"array<{with_leaves(inner['element'], leaf)}>"
        case "map":
            return f"map<string,{with_leaves(inner['value'], leaf)}>"
        case "struct":
            return f"struct<{','.join(f'{name}:{with_leaves(field, leaf)}' for name, field in inner.items())}>"
    return leaf(canonical)


def _simple_type(text: str) -> str:
    match = _SIMPLE.fullmatch(text)
    if match is None:
        raise TypeNotUsableError(f"{text!r} is not a known type; allowed: {_ALLOWED}")
    words = " ".join(f"{match.group(1)} {match.group(3) or ''}".lower().split())
    name, parameters = _CANONICAL.get(words), match.group(2)
    if name is None:
        raise TypeNotUsableError(f"{text!r} is not a known type; allowed: {_ALLOWED}")
    if name == "decimal":
        return _decimal(parameters, text)
    if parameters is not None:
        _check_parameter(name, parameters, text)
    return name


def _decimal(parameters: str | None, text: str) -> str:
    numbers = [part.strip() for part in (parameters or "").split(",")]
    if len(numbers) not in (1, 2) or not all(part.isascii() and part.isdigit() for part in numbers):
        raise TypeNotUsableError(f"{text!r} needs its precision and scale, for example decimal(12,2)")
    precision, scale = int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0
    if not 1 <= precision <= MAX_PRECISION or scale > precision:
        raise TypeNotUsableError(f"{text!r} needs a precision of 1 to {MAX_PRECISION} and a scale up to that")
    return f"decimal({precision},{scale})"


def _check_parameter(name: str, parameters: str, text: str) -> None:
    is_whole = parameters.strip().isascii() and parameters.strip().isdigit()
    if name == "string" and (is_whole or parameters.strip().lower() == "max"):
        return
    if name == "timestamp" and is_whole and int(parameters) <= MAX_FRACTION_DIGITS:
        return
    advice = f"; timestamps keep 0 to {MAX_FRACTION_DIGITS} digits (microseconds)" if name == "timestamp" else ""
    raise TypeNotUsableError(f"{text!r} has parameters that {name} does not take{advice}")


def _array(parts: list[str], text: str) -> str:
    if len(parts) != 1:
        raise TypeNotUsableError(f"{text!r} needs exactly one type: array<type>")
    return f"array<{canonical_type(parts[0])}>"


def _map(parts: list[str], text: str) -> str:
    if len(parts) != 2:
        raise TypeNotUsableError(f"{text!r} needs exactly two types: map<string,type>")
    return map_of(canonical_type(parts[0]), canonical_type(parts[1]))


def _field(part: str, text: str) -> tuple[str, str]:
    match = _FIELD.fullmatch(part.strip())
    if match is None:
        form = "name:type, with letters, digits and _ in the name"
        raise TypeNotUsableError(f"{text!r} has a field {part.strip()!r} that is not of the form {form}")
    return match.group(1), canonical_type(match.group(2))


def _split(text: str) -> Iterator[str]:
    """Yield the parts between those commas that stand outside all brackets."""
    depth, start = 0, 0
    for position, character in enumerate(text):
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0:
            yield text[start:position]
            start = position + 1
    yield text[start:]
