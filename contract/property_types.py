"""The canonical type of an ODCS property, from its physicalType, its logicalType and what it contains."""

from collections.abc import Callable, Mapping
from typing import Final

from contract import odcs_keys
from contract.column_properties import column_properties
from contract.ddl_types import (
    TypeNotUsableError,
    canonical_type,
    decimal_digits,
    kind_of,
    map_of,
    struct_of,
)
from contract.section import Section
from core.wording import not_known

_INTEGERS: Final = ("tinyint", "smallint", "int", "bigint")
_DEFAULTS: Final = {
    "string": "string",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
_AGREEING_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("string",),
    "integer": (*_INTEGERS, "decimal"),
    "number": ("double", "float", "decimal", *_INTEGERS),
    "boolean": ("boolean",),
    "date": ("date",),
    "timestamp": ("timestamp",),
    "object": ("struct", "map"),
    "array": ("array",),
    "map": ("map",),
}
_FORMATS: Final = {"i8": "tinyint", "i16": "smallint", "i32": "int", "i64": "bigint", "f32": "float", "f64": "double"}
_UNSUPPORTED: Final = {
    "time": "'time' has no column type here; declare a string with a pattern, or a timestamp",
    "vector": "'vector' has no column type here; declare an array of numbers",
}
_OWNERS: Final = {"properties": "object", "items": "array", "map": "map"}
_FORMS_OF_TIMES: Final = ("format", "timezone", "defaultTimezone")
_OWN_COLUMN: Final = "make this a column of its own, or remove the key"
_ONLY_AT_THE_TOP: Final = ("primaryKey", "primaryKeyPosition", "required", "unique", "quality", "enum")


def property_type(prop: Section) -> str | None:
    """Return the canonical type of a property, or None after reporting why there is none."""
    before = prop.problems.count
    logical = _logical_type(prop)
    _report_misplaced(prop, logical)
    inside = _type_from_inside(prop, logical)
    written = _written_type(prop)
    if prop.problems.count > before:
        return None
    found = written or inside or _type_from_format(prop, logical) or _DEFAULTS.get(logical or "")
    if found is None:
        prop.report("logicalType", "is required where there is no physicalType; allowed: " + _names())
        return None
    return _checked(prop, found, logical=logical, written=written, inside=inside)


def _names() -> str:
    return ", ".join(odcs_keys.LOGICAL_TYPES)


def _logical_type(prop: Section) -> str | None:
    logical = prop.text("logicalType")
    if logical is None or logical in odcs_keys.LOGICAL_TYPES:
        return logical
    prop.report("logicalType", _UNSUPPORTED.get(logical) or not_known(logical, odcs_keys.LOGICAL_TYPES))
    return None


def _written_type(prop: Section) -> str | None:
    written = prop.text("physicalType")
    return None if written is None else _reporting(prop, "physicalType", lambda: canonical_type(written))


def _reporting(prop: Section, key: str, build: Callable[[], str]) -> str | None:
    try:
        return build()
    except TypeNotUsableError as problem:
        prop.report(key, str(problem))
        return None


def _report_misplaced(prop: Section, logical: str | None) -> None:
    """Report what is declared inside of a type that holds nothing, and what is wrong with it beside that."""
    for key, owner in _OWNERS.items():
        if not prop.has(key) or logical == owner:
            continue
        if logical is not None or not prop.has("logicalType"):  # else the logical type itself is the problem
            prop.report(key, f"belongs to logicalType {owner}, and this is {logical or 'not stated'}")
        _INSIDE[owner](prop)


def _type_from_inside(prop: Section, logical: str | None) -> str | None:
    """Return the type that nested declarations spell out, if there are any."""
    read = _INSIDE.get(logical or "")
    return None if read is None else read(prop)


def _object(prop: Section) -> str | None:
    fields = [(_nested_name(field), _nested_type(field)) for field in prop.sections("properties", named_by="name")]
    if not fields:
        return None if prop.has("physicalType") else "map<string,string>"
    known = [(name, field_type) for name, field_type in fields if name and field_type]
    return _reporting(prop, "properties", lambda: struct_of(known))


def _array(prop: Section) -> str | None:
    items = prop.section("items")
    if items is None:
        if not prop.has("physicalType"):
            prop.report("items", "is required for an array without a physicalType: say what it holds")
        return None
    return f"array<{_nested_type(items)}>"


def _map(prop: Section) -> str | None:
    entry = prop.section("map")
    if entry is None:
        if not prop.has("physicalType"):
            prop.report("map", "is required for a map without a physicalType: give its key and its value")
        return None
    entry.allow_only(odcs_keys.MAP)
    key, value = (_map_part(entry, part) for part in ("key", "value"))
    return _reporting(entry, "key", lambda: map_of(key or "string", value or "string"))


def _map_part(entry: Section, part: str) -> str | None:
    section = entry.section(part)
    if section is None:
        entry.report(part, "is required")
    return _nested_type(section) if section else None


_INSIDE: Final[Mapping[str, Callable[[Section], str | None]]] = {"object": _object, "array": _array, "map": _map}


def _nested_name(field: Section) -> str:
    name = field.required_text("name")
    if name and not (name.isascii() and name.isidentifier()):
        field.report("name", f"{name!r} must be a letter or '_', then letters, digits or '_'")
    return name


def _nested_type(prop: Section) -> str | None:
    """Return the type of a property inside another, where nothing but the type can be enforced."""
    prop.allow_only(odcs_keys.PROPERTY)
    for key in _ONLY_AT_THE_TOP:
        if prop.values.get(key) not in (None, False):
            prop.report(key, f"is checked on top-level columns only; {_OWN_COLUMN}")
    for key in ("transformSourceObjects", "transformLogic"):
        if prop.has(key):
            prop.report(key, f"is read on top-level columns only; {_OWN_COLUMN}")
    for name in column_properties(prop).values:
        prop.report(f"customProperties.{name}", "is read on top-level columns only; state it for the whole column")
    if prop.has("logicalTypeOptions"):
        _refuse_nested_options(prop)
    return property_type(prop)


def _refuse_nested_options(prop: Section) -> None:
    options = prop.section("logicalTypeOptions")
    for key in () if options is None else options.values:
        if key != "format" or prop.values.get("logicalType") not in ("integer", "number"):
            advice = "state it for the whole column" if key in _FORMS_OF_TIMES else "remove it here"
            prop.report(f"logicalTypeOptions.{key}", f"is read on top-level columns only; {advice}")


def _type_from_format(prop: Section, logical: str | None) -> str | None:
    if logical not in ("integer", "number"):
        return None
    options = prop.section("logicalTypeOptions")
    return None if options is None else _FORMATS.get(str(options.values.get("format")))


def _checked(prop: Section, found: str, *, logical: str | None, written: str | None, inside: str | None) -> str | None:
    """Return the type if all that is said about it agrees and it can be read from JSON."""
    if logical is not None and not _agrees(found, logical):
        kinds = ", ".join(_AGREEING_KINDS[logical])
        prop.report("physicalType", f"{found} does not agree with logicalType {logical}, which allows: {kinds}")
    if written is not None:
        for what, other in (("what is declared inside", inside), ("the format", _type_from_format(prop, logical))):
            if other is not None and other != written:
                prop.report("physicalType", f"{written} does not agree with {what}, which says {other}; leave one out")
    return found


def _agrees(found: str, logical: str) -> bool:
    kind = kind_of(found)
    if logical == "integer" and kind == "decimal":
        return decimal_digits(found)[1] == 0
    return kind in _AGREEING_KINDS[logical]
