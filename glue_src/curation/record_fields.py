"""The fields of a raw record that columns are read from: what the JSON parser is to read, and where a value then lies.

Knows the places and types of fields; must not know what makes a value fit its column.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from contract import Column as ContractColumn
from contract.ddl_types import inner_types, kind_of
from contract.sources import Entry, Fields, Source, merged
from curation.composing import let
from curation.json_reader import JSON_OPTIONS

ReadType = Callable[[ContractColumn], str]


def fields_ddl(columns: Iterable[ContractColumn], read_type: ReadType, *, between: str = " ") -> str:
    """Return the DDL of all fields that columns are read from, each once: ``"`id` string, `meta` struct<…>"``."""
    fields = record_fields(columns, read_type)
    return ", ".join(f"{quoted(str(name))}{between}{_type(inside)}" for name, inside in fields.items())


def record_fields(columns: Iterable[ContractColumn], read_type: ReadType) -> Fields:
    """Return the fields of a record, without those of its envelope, merged as `merged` does."""
    return merged(
        (column.name, source, read_type(column))
        for column in columns
        for source in column.sources
        if not source.in_envelope
    )


def field_value(column: ContractColumn, record: Callable[[str], Column], envelope: Column | None = None) -> Column:
    """Return the first of a column's sources that is there.

    ``record`` gives the fields of the parsed record by name; ``envelope`` is a struct with that of each level.
    """
    values = []
    for source in column.sources:
        if not source.in_envelope:
            values.append(_at(source, record))
        elif envelope is not None:
            values.append(_at(Source(source.inner_steps), envelope.getField(str(source.level)).getField))
    return values[0] if len(values) == 1 else F.coalesce(*values)


def quoted(name: str) -> str:
    """Quote a name of any characters for DDL and column references."""
    return f"`{name.replace('`', '``')}`"


def _at(source: Source, parsed: Callable[[str], Column]) -> Column:
    first, *inner = source.steps
    value = parsed(str(first))
    for step in inner:
        value = value.getField(step) if isinstance(step, str) else _element(value, step)
    return value


def _element(array: Column, step: int | Entry) -> Column:
    if isinstance(step, int):
        return F.get(array, F.lit(step))
    return F.get(F.filter(array, lambda element: element.getField(step.field) == step.text), F.lit(0))


def _type(inside: "str | Fields") -> str:
    if isinstance(inside, str):
        return inside
    if 0 in inside:
        return f"array<{_type(inside[0])}>"
    return f"struct<{', '.join(f'{quoted(str(name))}: {_type(found)}' for name, found in inside.items())}>"


def unread_names(columns: Iterable[ContractColumn], read_type: ReadType, line: Column) -> Column:
    """Return the paths of a record's fields that no column reads, at every level that columns look into or declare."""
    return _named_in(line, record_fields(columns, read_type), F.array_except, prefix="")


def repeated_names(columns: Iterable[ContractColumn], read_type: ReadType, line: Column) -> Column:
    """Return the paths of the fields that columns read and an object gives more than once, at the same levels."""
    return _named_in(line, record_fields(columns, read_type), _repeated_of, prefix="")


def repeated_on(steps: Sequence[str], object_: Column) -> Column:
    """Return the paths of the fields on a way through an object, given as text, that are there more than once."""
    *outer, last = steps
    fields: Fields = {last: "string"}
    for name in reversed(outer):
        fields = {name: fields}
    return _named_in(object_, fields, _repeated_of, prefix="")


def _repeated_of(names: Column, known: Column) -> Column:
    def repeated_in(found: Column) -> Column:
        return F.filter(known, lambda name: F.size(F.filter(found, lambda other: other == name)) > 1)

    return let(names, repeated_in)


def _named_in(
    object_: Column,
    fields: "Mapping[str | int, str | Fields]",
    chosen: Callable[[Column, Column], Column],
    *,
    prefix: str,
) -> Column:
    """Return the paths that are chosen of an object's names and those that are known, and of the objects in it.

    The object is given as text; of what is none, there are no names.
    """
    known = F.array(*(F.lit(str(name)) for name in fields))
    here = chosen(F.coalesce(F.json_object_keys(object_), F.array().cast("array<string>")), known)
    opened = {name: inner for name, inside in fields.items() if (inner := _objects_in(inside)) is not None}
    if not opened and not prefix:
        return here
    ddl = ", ".join(
        f"{quoted(str(name))}: {'array<string>' if many else 'string'}" for name, (many, _) in opened.items()
    )
    texts = F.from_json(object_, f"struct<{ddl}>", JSON_OPTIONS) if opened else F.lit(None)
    inside = [
        _named_inside(texts.getField(str(name)), inner, chosen, prefix=f"{prefix}{name}")
        for name, inner in opened.items()
    ]
    return F.concat(F.transform(here, lambda name: F.concat(F.lit(prefix), name)), *inside)


def _named_inside(
    text: Column,
    inner: "tuple[bool, Mapping[str | int, str | Fields]]",
    chosen: Callable[[Column, Column], Column],
    *,
    prefix: str,
) -> Column:
    many, fields = inner
    if not many:
        return _named_in(text, fields, chosen, prefix=f"{prefix}.")
    each = F.transform(text, lambda element: _named_in(element, fields, chosen, prefix=f"{prefix}[]."))
    return F.coalesce(F.array_distinct(F.flatten(each)), F.array().cast("array<string>"))


def _objects_in(inside: "str | Fields") -> "tuple[bool, Mapping[str | int, str | Fields]] | None":
    """Return the fields of an object, or of the objects of an array (then True); None for another value."""
    if not isinstance(inside, str):
        if 0 not in inside:
            return False, inside
        element = _objects_in(inside[0])
        return None if element is None or element[0] else (True, element[1])
    match kind_of(inside):
        case "struct":
            return False, dict(inner_types(inside).items())
        case "array":
            element = _objects_in(inner_types(inside)["element"])
            return None if element is None or element[0] else (True, element[1])
    return None
