"""The custom properties that mean something here, as ODCS has no words for it, and where people should put them.

Knows their names and places, not what they mean; imports nothing that reads a contract.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

DATASET_PROPERTIES: Final = (
    "sourceSystem",
    "eventTime",
    "maxMalformedPercent",
    "includeObjects",
    "excludeObjects",
    "maxUnreadObjects",
    "objectFormat",
    "recordsPath",
    "exampleLines",
    "maxRunCostUsd",
    "maxMonthlyCostUsd",
)
COLUMN_PROPERTIES: Final = ("epochUnit", "sentAs", "inputOnly", "nullResult")
TYPE_OPTIONS: Final = frozenset(
    "multipleOf minProperties maxProperties minItems maxItems uniqueItems format timezone defaultTimezone minimum "
    "maximum exclusiveMinimum exclusiveMaximum minLength maxLength pattern".split()
)
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
# What YAML reads as something else than the text it looks like.
_WORDS: Final = frozenset("true false yes no on off y n null".split())


def where_it_belongs(key: str, value: Any) -> str | None:
    """Say where a key that stands in a wrong place belongs, ready to be typed; None where that is not known."""
    *path, name = key.split(".")
    if path in ([], ["customProperties"]) and name in COLUMN_PROPERTIES:
        return f"this is a custom property of the column; write customProperties: [{_entry(name, value)}]"
    if path in ([], ["customProperties"]) and name in DATASET_PROPERTIES:
        entry = _entry(name, value)
        return f"this is a custom property of the contract; add {entry} to customProperties at the top level"
    if path in ([], ["logicalTypeOptions"]) and name in TYPE_OPTIONS:
        return f"this is an option of the column's type; write logicalTypeOptions: {{{name}: {_written(value)}}}"
    return None


def as_entries(values: Mapping[str, Any]) -> str:
    """Write custom properties that stand as a mapping as the list that they have to be."""
    return f"[{', '.join(_entry(name, value) for name, value in values.items())}]"


def _entry(name: str, value: Any) -> str:
    return f"{{property: {name}, value: {_written(value)}}}"


def _written(value: Any) -> str:
    """Write a value as YAML takes it inside of brackets."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)
