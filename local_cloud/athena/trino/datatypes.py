"""Trino's types: how they are written, which one holds two others, what is converted unasked."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from local_cloud.athena.errors import NotSupported, QueryFailed

_MOST_DIGITS: Final = 38


@dataclass(frozen=True)
class Type:
    """A name with sizes (`varchar(3)`), element types (`array(bigint)`) or fields.

    A varchar without size has no limit.
    """

    name: str
    sizes: tuple[int, ...] = ()
    items: tuple["Type", ...] = ()
    fields: tuple[str | None, ...] = ()

    def __str__(self) -> str:
        if self.name == "row":
            named = (
                f"{name} {kind}" if name else str(kind) for name, kind in zip(self.fields, self.items, strict=True)
            )
            return f"row({', '.join(named)})"
        inner = ", ".join(map(str, self.sizes or self.items))
        if self.name == "timestamp with time zone":
            return f"timestamp({inner}) with time zone"
        return f"{self.name}({inner.replace(', ', ',') if self.name == 'decimal' else inner})" if inner else self.name

    def hive(self) -> str:
        """Write it as the catalog declares columns."""
        if self.name == "row":
            inside = (f"{name}:{kind.hive()}" for name, kind in zip(self.fields, self.items, strict=True))
            return f"struct<{','.join(inside)}>"
        if self.items:
            return f"{self.name}<{','.join(item.hive() for item in self.items)}>"
        if self.name == "decimal":
            return str(self)
        return _TO_HIVE.get(self.name, self.name)

    @property
    def is_text(self) -> bool:
        return self.name == "varchar"

    @property
    def is_whole(self) -> bool:
        return self.name in WHOLES

    @property
    def is_float(self) -> bool:
        return self.name in {"real", "double"}

    @property
    def is_number(self) -> bool:
        return self.is_whole or self.is_float or self.name == "decimal"

    @property
    def is_time(self) -> bool:
        return self.name in {"date", "timestamp", "timestamp with time zone"}


WHOLES: Final = ("tinyint", "smallint", "integer", "bigint")
_DIGITS: Final = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
UNKNOWN: Final = Type("unknown")
BOOLEAN: Final = Type("boolean")
INTEGER: Final = Type("integer")
BIGINT: Final = Type("bigint")
REAL: Final = Type("real")
DOUBLE: Final = Type("double")
VARCHAR: Final = Type("varchar")
VARBINARY: Final = Type("varbinary")
DATE: Final = Type("date")
TIME: Final = Type("time", (3,))
TIMESTAMP: Final = Type("timestamp", (3,))
ZONED: Final = Type("timestamp with time zone", (3,))
JSON: Final = Type("json")
DAYS: Final = Type("interval day to second")
MONTHS: Final = Type("interval year to month")


def array(item: Type) -> Type:
    return Type("array", items=(item,))


def mapping(key: Type, value: Type) -> Type:
    return Type("map", items=(key, value))


def row(*fields: tuple[str | None, Type]) -> Type:
    return Type("row", items=tuple(kind for _, kind in fields), fields=tuple(name for name, _ in fields))


def decimal(precision: int, scale: int) -> Type:
    return Type("decimal", (min(_MOST_DIGITS, precision), scale))


def as_decimal(kind: Type) -> Type:
    """Return the decimal that holds every value of a whole number's type."""
    return kind if kind.name == "decimal" else decimal(_DIGITS[kind.name], 0)


def common(left: Type, right: Type) -> Type | None:  # noqa: PLR0911 # one line per rule
    """Return the type that both are converted to where they meet, if there is one.

    https://trino.io/docs/current/language/types.html
    """
    if right in {left, UNKNOWN}:
        return left
    if left == UNKNOWN:
        return right
    if left.is_number and right.is_number:
        return _common_number(left, right)
    if left.name == right.name and left.is_text:
        return VARCHAR if not left.sizes or not right.sizes else max(left, right, key=lambda kind: kind.sizes)
    if left.is_time and right.is_time:
        return _common_time(left, right)
    if left.name == right.name and len(left.items) == len(right.items) > 0:
        return _common_items(left, right)
    return None


def _common_number(left: Type, right: Type) -> Type:
    for name in ("double", "real"):
        if name in {left.name, right.name}:
            return Type(name)
    if "decimal" not in {left.name, right.name}:
        return max(left, right, key=lambda kind: WHOLES.index(kind.name))
    (p1, s1), (p2, s2) = as_decimal(left).sizes, as_decimal(right).sizes
    return decimal(max(p1 - s1, p2 - s2) + max(s1, s2), max(s1, s2))


def _common_time(left: Type, right: Type) -> Type:
    order = ("date", "timestamp", "timestamp with time zone")
    sizes = max(left.sizes, right.sizes)
    return Type(max(left.name, right.name, key=order.index), sizes)


def _common_items(left: Type, right: Type) -> Type | None:
    items = [common(a, b) for a, b in zip(left.items, right.items, strict=True)]
    found = tuple(item for item in items if item is not None)
    names = tuple(a if a == b else None for a, b in zip(left.fields, right.fields, strict=True))
    return Type(left.name, items=found, fields=names) if len(found) == len(items) else None


def coercible(actual: Type, wanted: Type) -> bool:
    """Tell whether a value is converted without a cast."""
    return common(actual, wanted) == wanted


_NAMES: Final = {
    exp.DType.VARCHAR: "varchar", exp.DType.INT: "integer", exp.DType.FLOAT: "real",
    exp.DType.VARBINARY: "varbinary", exp.DType.BINARY: "varbinary", exp.DType.TIMESTAMPTZ: "timestamp with time zone",
    exp.DType.TIMESTAMPNTZ: "timestamp", exp.DType.STRUCT: "row", exp.DType.NULL: "unknown",
}  # fmt: skip
_PLAIN: Final = frozenset(
    "boolean tinyint smallint integer bigint real double decimal varchar varbinary date timestamp json array map row "
    "time unknown".split()
) | {"timestamp with time zone"}


def of_sql(written: exp.DataType) -> Type:
    """Read a type as it stands in a cast.

    Raises:
        QueryFailed: when there is no such type here.
    """
    if not isinstance(written.this, exp.DType):
        raise NotSupported(f"the type {written.sql()}")
    if written.this == exp.DType.TEXT:
        raise QueryFailed("TYPE_NOT_FOUND: Unknown type: string; text is varchar")
    name = _NAMES.get(written.this, str(written.this.value).lower())
    if name not in _PLAIN:
        raise NotSupported(f"the type {written.sql(dialect='trino').lower()}")
    if name == "row":
        return row(*(_field(item) for item in written.expressions))
    items = tuple(of_sql(item) for item in written.expressions if isinstance(item, exp.DataType))
    sizes = tuple(int(item.name) for item in written.expressions if isinstance(item, exp.DataTypeParam))
    return _sized(name, sizes, items)


def _sized(name: str, sizes: tuple[int, ...], items: tuple[Type, ...]) -> Type:
    if name.startswith("time"):
        if sizes and sizes[0] > 6:
            raise NotSupported(f"{name} with more than 6 digits of a second")
        return Type(name, sizes or (3,))
    if name == "decimal":
        precision, scale = (*sizes, 0, 0)[:2] if sizes else (_MOST_DIGITS, 0)
        if not 0 < precision <= _MOST_DIGITS or scale > precision:
            raise QueryFailed(f"INVALID_PARAMETER_USAGE: DECIMAL precision must be in range [1, 38]: {precision}")
        return Type(name, (precision, scale))
    if (name == "array" and len(items) != 1) or (name == "map" and len(items) != 2):
        raise NotSupported(f"the type {name} with {len(items)} parameters")
    return Type(name, sizes, items)


def _field(written: exp.Expr) -> tuple[str | None, Type]:
    if isinstance(written, exp.ColumnDef):
        return written.name.lower(), of_sql(written.args["kind"])
    if isinstance(written, exp.DataType):
        return None, of_sql(written)
    raise NotSupported(f"the field {written.sql()}")


_TO_HIVE: Final = {"varchar": "string", "integer": "int", "real": "float", "varbinary": "binary", "json": "string"}
_HIVE: Final = {"string": "varchar", "int": "integer", "float": "real", "binary": "varbinary"}
_PARAMETERS: Final = re.compile(r"(\w+)\s*(?:\(([\d,\s]+)\))?$")


def of_hive(declared: str) -> Type:
    """Read a column's type as the catalog declares it."""
    text = declared.strip().lower()
    name, _, inner = text.partition("<")
    if inner:
        return _nested_hive(name, inner[:-1])
    found = _PARAMETERS.match(text)
    if found is None:
        raise NotSupported(f"the declared type {declared}")
    kind = _HIVE.get(found[1], found[1])
    sizes = tuple(int(size) for size in found[2].split(",")) if found[2] else ()
    if kind == "decimal" and not sizes:
        sizes = (10, 0)
    if kind not in _PLAIN or kind == "json":
        raise NotSupported(f"the declared type {declared}")
    return _sized(kind, sizes, ())


def _nested_hive(name: str, inner: str) -> Type:
    parts = _split(inner)
    if name == "struct":
        pairs = [part.partition(":") for part in parts]
        return row(*((field.strip(), of_hive(kind)) for field, _, kind in pairs))
    return _sized(name, (), tuple(map(of_hive, parts)))


def _split(inner: str) -> list[str]:
    parts, depth = [""], 0
    for letter in inner:
        depth += {"<": 1, "(": 1, ">": -1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def each(kind: Type, change: Callable[[Type], Type]) -> Type:
    """Change the element types of a type."""
    return Type(kind.name, kind.sizes, tuple(change(item) for item in kind.items), kind.fields)
