"""From the profile of arrays to the type of their column: typed where all elements are alike; knows no rules."""

from typing import Final

from contract_init.names import have_clash, is_legal_inside
from contract_init.profile import Field
from contract_init.types import ColumnType, simple_type

_MOST_FIELDS_OF_A_STRUCT: Final = 20
_MOST_DEPTH_OF_A_STRUCT: Final = 3


# Objects with one field, whose name is the type of the value: OpenTelemetry's, and those of analytics exports.
ONE_OF_MANY: Final = frozenset(
    "stringValue intValue boolValue doubleValue bytesValue arrayValue kvlistValue "
    "string_value int_value float_value double_value".split()
)


def array_type(found: Field, name: str) -> ColumnType:
    """Return the type of a field that holds arrays only: typed where all elements are alike, else of strings."""
    element = found.element
    if element is None or not element.count:
        return ColumnType(
            "array", "array<string>", measured=("always empty in the sample, so what it holds is a guess",)
        )
    inside = _inside_type(element, name, depth=0)
    if inside is None:
        return ColumnType("string", measured=("arrays of objects that differ, each kept as JSON text",))
    return ColumnType("array", f"array<{inside}>")


def _inside_type(found: Field, name: str, *, depth: int) -> str | None:
    """Return the DDL type of values inside an array; None where only their JSON text holds all of them."""
    kinds = set(found.kinds)
    if kinds == {"object"}:
        return _struct(found, depth=depth)
    if kinds == {"array"} and depth < _MOST_DEPTH_OF_A_STRUCT:
        inner = found.element
        inside = "string" if inner is None or not inner.count else _inside_type(inner, name, depth=depth + 1)
        return None if inside is None else f"array<{inside}>"
    simple = simple_type(found, name)
    return simple.ddl if simple.is_plain and not kinds & {"object", "array"} else "string"


def _struct(found: Field, *, depth: int) -> str | None:
    names = list(found.fields)
    is_known = names and not found.has_more_fields and len(names) <= _MOST_FIELDS_OF_A_STRUCT
    if not is_known or depth >= _MOST_DEPTH_OF_A_STRUCT or not all(map(is_legal_inside, names)) or have_clash(names):
        return None
    fields = [(name, _field_of_struct(inner, name, depth=depth)) for name, inner in found.fields.items()]
    return f"struct<{','.join(f'{name}:{inside}' for name, inside in fields)}>"


def _field_of_struct(found: Field, name: str, *, depth: int) -> str:
    """Return the type of a field; objects that may each have other fields are kept as text."""
    is_varied = any(inner.count < found.count for inner in found.fields.values()) or found.fields.keys() <= ONE_OF_MANY
    if found.kinds.keys() == {"object"} and is_varied:
        return "string"
    return _inside_type(found, name, depth=depth + 1) or "string"
