"""What changed in the documentation of a contract: everything that its document says and the model does not hold.

Knows ODCS's keys; whatever a key means to rows, checks or the table is compared in the model.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from contract import odcs_keys
from contract.agreements import FRESHNESS_NAMES
from contract.own_properties import COLUMN_PROPERTIES
from contract_diff.changes import Change, documented

_MEANING: Final = frozenset(
    "arguments customProperties enum id items kind logicalType logicalTypeOptions map metric name partitioned "
    "partitionKeyPosition physicalName physicalType primaryKey primaryKeyPosition properties property quality required "
    "schema semanticType severity slaProperties transformLogic transformSourceObjects type unique unit value "
    "version".split()
)
_DOCUMENTATION: Final = (
    odcs_keys.ROOT
    | odcs_keys.SCHEMA
    | odcs_keys.PROPERTY
    | odcs_keys.QUALITY
    | odcs_keys.SLA
    | odcs_keys.ENUM_VALUE
    | odcs_keys.CUSTOM_PROPERTY
) - _MEANING


def documentation_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Yield a change for each text of documentation that differs where both documents have the part it is about."""
    before, after = dict(_texts(old, "")), dict(_texts(new, ""))
    for place in dict.fromkeys((*before, *after)):
        owner, _, key = place.rpartition("/")
        if f"{owner}/" in before and f"{owner}/" in after and before.get(place) != after.get(place):
            verb = "removed" if place not in after else "added" if place not in before else "changed"
            yield documented(owner or "contract", f"{key} {verb}")


def _texts(values: Mapping[str, Any], place: str) -> Iterator[tuple[str, Any]]:
    """Yield each text of documentation by its place, the names on the way and its key, and each part by its names."""
    yield f"{place}/", None
    for key, value in values.items():
        if key in _DOCUMENTATION or _is_free(key, values, place):
            yield f"{place}/{key}", value
        elif isinstance(value, Mapping):
            yield from _texts(value, f"{place} {key}".strip())
        elif isinstance(value, list):
            told: dict[str, list[Mapping[str, Any]]] = {}  # several may have one name
            for position, item in enumerate(value):
                name = _called(key, item, position) if isinstance(item, Mapping) else ""
                if isinstance(item, Mapping) and _is_only_told(key, item):
                    told.setdefault(f"{place}/{name}", []).append(item)
                elif isinstance(item, Mapping):
                    yield from _texts(item, f"{place} {name}".strip())
            yield from told.items()


def _is_only_told(key: str, item: Mapping[str, Any]) -> bool:
    """Say whether an entry of a list is documentation as a whole: a promise that nobody enforces, a rule in words."""
    if key == "slaProperties":
        return str(item.get("property")).lower() not in FRESHNESS_NAMES
    return key == "quality" and item.get("type") == "text"


def _is_free(key: str, values: Mapping[str, Any], place: str) -> bool:
    """Say whether a key means nothing here though it does elsewhere: names of documents, properties of one's own."""
    if key == "name":
        return not place
    if key == "id":
        return "metric" not in values and bool(place)
    is_own = values.get("property") not in (None, *COLUMN_PROPERTIES)
    return key == "value" and is_own and not place.startswith(_OF_THE_DATASET)


_OF_THE_DATASET: Final = ("customProperties ", "SLA ")
_WORDS: Final = {"properties": "column", "schema": "dataset", "quality": "rule", "slaProperties": "SLA"}


def _called(key: str, item: Mapping[str, Any], position: int) -> str:
    name = next((item[by] for by in ("name", "property", "id") if isinstance(item.get(by), str)), f"[{position}]")
    return f"{_WORDS.get(key, key)} {name}".replace("/", " ")
