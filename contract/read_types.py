"""As which types a column's value is read from JSON, before it gets its own.

The JSON parser judges most types by itself. What it would change in silence, or cannot read, is read as another type.
"""

from typing import Final

from contract.ddl_types import INTEGER_BITS, with_leaves
from contract.model import Column

TIMES: Final = ("date", "timestamp")
# What a source may write as a string where the contract says so.
SENT_AS_STRING: Final = (*INTEGER_BITS, "boolean", "float", "double")
# Seconds and milliseconds may have a fraction, which a double holds to the microsecond for some 200 years.
_EPOCH_TYPES: Final = {"s": "double", "ms": "double", "us": "bigint", "ns": "bigint"}
# The parser takes 200 for a tinyint and makes it -56.
_WIDER: Final = {"tinyint": "smallint"}


def read_type(column: Column) -> str:
    """Return the DDL type as which the JSON parser reads a column's value."""
    return with_leaves(column.type, lambda leaf: read_leaf(leaf, column))


def read_leaf(leaf: str, column: Column) -> str:
    """Return the DDL type as which a simple type in the column is read."""
    if leaf in TIMES:
        is_number = column.epoch_unit is not None and not column.sent_as_string
        return _EPOCH_TYPES[str(column.epoch_unit)] if is_number else "string"
    if column.sent_as_string and leaf in SENT_AS_STRING:
        return "string"
    return _WIDER.get(leaf, leaf)
