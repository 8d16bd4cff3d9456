"""Which keys of an array of keys and values could be columns instead of the array, and what each of them would read.

Knows no records: what a value becomes it is told.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from contract.sources import Entry
from contract_init.names import Steps
from contract_init.profile import Field
from contract_init.types import ColumnType

_MOST_KEYS: Final = 10
_LONGEST_KEY: Final = 60


@dataclass(frozen=True)
class EntryValue:
    """What a key's values become: the places in the element, and their type."""

    key: str
    places: tuple[Steps, ...]
    type: ColumnType


@dataclass(frozen=True)
class Proposal:
    """A column that reads the values of one key."""

    name: str
    paths: tuple[str, ...]
    type: ColumnType


def entry_values(
    array: Field, of: Callable[[str, Field, Steps], Sequence[EntryValue]]
) -> list[tuple[Entry, EntryValue]]:
    """Return the most frequent keys that most arrays have, with what each becomes."""
    if array.entries.names is None:
        return []
    key_field, value_field = array.entries.names
    found = [value for key, field in _frequent(array) for value in of(key, field, (value_field,))]
    return [(Entry(key_field, value.key), value) for value in _readable_together(found)]


def _frequent(array: Field) -> Iterator[tuple[str, Field]]:
    given = {key: field.count + field.nulls for key, field in array.entries.values.items()}
    usual = [key for key, count in given.items() if count * 2 > array.count and 0 < len(key) <= _LONGEST_KEY]
    for key in sorted(usual, key=lambda key: -given[key])[:_MOST_KEYS]:
        yield key, array.entries.values[key]


def _readable_together(values: Sequence[EntryValue]) -> Iterator[EntryValue]:
    """Yield the values that can be read beside one another: a place is read once, as one type, whole or by parts."""
    types: defaultdict[Steps, set[str]] = defaultdict(set)
    for value in values:
        for place in value.places:
            types[place].add(_read_as(value.type))
    for value in values:
        if any(other[: len(place)] == place and other != place for place in value.places for other in types):
            continue
        is_one_type = all(len(types[place]) == 1 for place in value.places)
        yield value if is_one_type else replace(value, type=ColumnType("string"))


def _read_as(type_: ColumnType) -> str:
    """Return the type in which a value is parsed: what is in strings, and times, as strings."""
    return "string" if type_.is_sent_as_string or type_.logical in ("timestamp", "date") else type_.ddl
