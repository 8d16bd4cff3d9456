"""What of a contract determines the rows that a run writes and the verdict on them; no documentation does."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from contract.model import AnomalyRule, Column, DataContract, Rule
from contract.sources import Source

_NAMES_OF_A_RULE: Final = ("id", "description", "column")
_ENDS_A_SOURCE: Final = re.compile(r'[\s"]')
_MADE_OF: Final = (
    "sources",
    "time_pattern",
    "time_zone",
    "epoch_unit",
    "sent_as_string",
    "logic",
    "null_result_allowed",
    "is_stored",
)


def checksum_of(contract: DataContract) -> str:
    """Digest what determines rows and verdict (64 hexadecimal digits): the same digest means that no rerun is needed.

    In it are names and types of columns and what they are made of, the key, the event time, the source system, which
    objects are read and how records are packed in them, the limit on malformed lines, and the rules with their limits,
    severities and conditions, stated or implied, those on anomalies among them.

    Not in it are texts, tags and the like; `id` and `version` of the contract; names of rules, of the dataset and of
    its table, which say where a result lies and how it is called; the freshness; limits on cost; and every order, of
    columns, key, rules or listed values. What is not stated is left out, so that an option that is added later changes
    no digest.
    """
    meaning = {
        "columns": {column.name: column.type for column in contract.columns},
        "made_of": {column.name: _made_of(column) for column in contract.columns if _made_of(column)} or None,
        "event_time": contract.event_time,
        "key": sorted(contract.primary_key),
        "max_malformed_percent": contract.max_malformed_percent,
        "object_format": None if contract.object_format == "lines" else contract.object_format,
        "records_path": None if contract.records_path is None else str(contract.records_path),
        "raw_objects": {name: value for name, value in vars(contract.raw_objects).items() if value},
        "rules": [_rule(rule) for rule in contract.rules],
        "anomaly_rules": [_anomaly_rule(rule) for rule in contract.anomaly_rules] or None,
        "source_system": contract.source_system,
    }
    return hashlib.sha256(_canonical(meaning).encode()).hexdigest()


def _made_of(column: Column) -> dict[str, Any]:
    """Return what is said of a column's value beside the field of its name in its usual form."""
    said = {entry.name: getattr(column, entry.name) for entry in fields(Column) if entry.name in _MADE_OF}
    usual = Column(column.name, column.type)
    # As texts, because the order of sources matters.
    return {
        name: " ".join(map(_source, value)) if name == "sources" else getattr(value, "sql", value)
        for name, value in said.items()
        if value != getattr(usual, name)
    }


def _source(source: Source) -> str:
    """Write a place so that no two lists of them are one text; names may hold spaces and quotes."""
    text = str(source)
    return json.dumps(text) if _ENDS_A_SOURCE.search(text) else text


def _rule(rule: Rule) -> dict[str, Any]:
    return {entry.name: getattr(rule, entry.name) for entry in fields(rule) if entry.name not in _NAMES_OF_A_RULE}


def _anomaly_rule(rule: AnomalyRule) -> dict[str, Any]:
    # A rule on a column says it nowhere else.
    return {entry.name: getattr(rule, entry.name) for entry in fields(rule) if entry.name not in ("id", "description")}


def _canonical(value: Any) -> str:
    """Write a value so that equal ones are equal texts: 1 and 1.0, lists in any order, keys that are not given."""
    if isinstance(value, Mapping):
        parts = [f"{json.dumps(key)}:{_canonical(item)}" for key, item in sorted(value.items()) if item is not None]
        return f"{{{','.join(parts)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(sorted(_canonical(item) for item in value))}]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value)
