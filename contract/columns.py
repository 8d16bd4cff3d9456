"""The columns of a dataset, read from the properties of its schema; rules are read elsewhere."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contract import odcs_keys
from contract.ddl_types import COMPLEX_KINDS, kind_of
from contract.property_types import property_type
from contract.section import Section

COLUMN_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}", re.ASCII)
RESERVED_NAMES: Final = ("ingestion_date", "run_id")
UNKNOWN_TYPE: Final = "unknown"


@dataclass(frozen=True)
class ReadColumn:
    """A column as far as it could be read; its type is UNKNOWN_TYPE after a problem with it."""

    name: str
    type: str
    section: Section

    @property
    def is_complex(self) -> bool:
        return kind_of(self.type) in COMPLEX_KINDS


def read_columns(schema: Section) -> list[ReadColumn]:
    """Read every property whose name could be read."""
    if not schema.items("properties"):
        schema.report("properties", "is required: at least one column")
    columns = [_read_column(prop) for prop in schema.sections("properties", named_by="name")]
    _report_doubled_names(columns)
    return [column for column in columns if column.name]


def _read_column(prop: Section) -> ReadColumn:
    prop.allow_only(odcs_keys.PROPERTY)
    name = prop.required_text("name")
    _check_name(prop, name)
    _refuse_unhonoured(prop, name)
    for key in ("description", "businessName", "classification"):
        prop.text(key)
    return ReadColumn(name, property_type(prop) or UNKNOWN_TYPE, prop)


def _check_name(prop: Section, name: str) -> None:
    if name.lower() in RESERVED_NAMES:
        prop.report("name", f"{name!r} is taken by the pipeline's own partitioning; rename the column")
    elif name.startswith("_"):
        prop.report("name", f"{name!r} starts with '_', which marks the pipeline's own columns; rename the column")
    elif name and COLUMN_NAME.fullmatch(name) is None:
        prop.report("name", f"{name!r} must be a letter, then up to 127 letters, digits or '_'")


def _refuse_unhonoured(prop: Section, name: str) -> None:
    """Report what ODCS can say about a column and this pipeline would not do."""
    physical = prop.text("physicalName")
    if physical is not None and physical != name:
        prop.report("physicalName", f"{physical!r} differs from the name {name!r}; columns are not renamed, so use one")
    if prop.flag("partitioned") or prop.values.get("partitionKeyPosition") not in (None, -1):
        prop.report("partitioned", "tables are partitioned by ingestion_date only; remove the key")
    if prop.values.get("semanticType") not in (None, "column", "dimension"):
        prop.report("semanticType", f"{prop.values['semanticType']!r} is not stored; allowed: column, dimension")


def _report_doubled_names(columns: Sequence[ReadColumn]) -> None:
    seen: dict[str, str] = {}
    for column in columns:
        first = seen.setdefault(column.name.lower(), column.section.path)
        if column.name and first != column.section.path:
            column.section.report("name", f"{column.name!r} is already the name of {first}; Athena ignores case")


def read_primary_key(schema: Section, columns: Sequence[ReadColumn]) -> tuple[str, ...]:
    """Return the key columns in the order of their positions, or of the document when none has a position."""
    keys = [column for column in columns if column.section.flag("primaryKey")]
    positions = {column.name: _position(column) for column in columns}
    if not keys:
        schema.report("properties", "need a primary key: set primaryKey: true on the column that identifies a row")
    for column in keys:
        if column.is_complex:
            column.section.report("primaryKey", f"a column of type {column.type} cannot be a key; use a simple one")
    given = [position for column in keys if (position := positions[column.name]) is not None]
    if given and (len(given) < len(keys) or len(set(given)) < len(given)):
        schema.report("properties", "need a primaryKeyPosition of its own on each primary key column, or on none")
        return ()
    return tuple(column.name for column in sorted(keys, key=lambda column: positions[column.name] or 0))


def _position(column: ReadColumn) -> int | None:
    if column.section.values.get("primaryKeyPosition") in (None, -1):
        return None
    if not column.section.flag("primaryKey"):
        column.section.report("primaryKeyPosition", "needs primaryKey: true beside it; set that, or remove this")
    return column.section.whole_number("primaryKeyPosition", at_least=1)
