"""Whether texts are envelopes of records, and where in them the records lie; knows values and no contract.

An envelope is an object that has one array of objects and nothing that identifies or times it: else it is a record.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contract_init.names import words
from contract_init.times import epoch_units, forms_of

# The array itself is the text.
ARRAY: Final = ("",)
# What fewer than these have is told, and does not decide what the others are.
_NEARLY_ALL: Final = 0.9
_KEY_AND_VALUE: Final = frozenset("key value Key Value".split())
_MOST_LEVELS: Final = 4
_IDENTIFYING: Final = ("id", "uuid", "guid", "key")


@dataclass(frozen=True)
class RecordsPath:
    """The arrays to go through, outermost first; ARRAY when texts are arrays, empty when they are the records."""

    names: tuple[str, ...] = ()

    def records(self, text: Any) -> Iterator[tuple[tuple[dict[str, Any], ...], Any]]:
        """Yield the records of a text, each with the objects around it, outermost first."""
        if self.names == ARRAY:
            yield from (((), record) for record in (text if isinstance(text, list) else ()))
        else:
            yield from _inside(text, self.names, ())

    @property
    def levels(self) -> tuple[str, ...]:
        """The array in each of the objects around a record, outermost first."""
        return () if self.names == ARRAY else self.names

    def prefix(self, level: int) -> tuple[str, ...]:
        """Return the arrays on the way to an object around records."""
        return self.names[:level]


def _inside(value: Any, names: Sequence[str], around: tuple[dict[str, Any], ...]) -> Iterator[Any]:
    if not names:
        yield around, value
        return
    elements = value.get(names[0]) if isinstance(value, dict) else None
    for element in elements if isinstance(elements, list) else ():
        yield from _inside(element, names[1:], (*around, value))


def find_records_path(texts: Sequence[Any]) -> RecordsPath:
    """Find where the records of these texts lie."""
    arrays = sum(isinstance(text, list) for text in texts)
    if arrays * 2 > len(texts):
        return RecordsPath(ARRAY)
    names: list[str] = []
    common = common_fields([fields_of(text) for text in texts])
    objects = [text for text in texts if isinstance(text, dict) and (not common or common & text.keys())]
    while len(names) < _MOST_LEVELS and (name := _array_of_records(objects)) is not None:
        names.append(name)
        objects = [element for value in objects for element in value.get(name) or () if isinstance(element, dict)]
    return RecordsPath(tuple(names))


def fields_of(text: Any) -> frozenset[str]:
    """Return the fields of a text; an array is one that has no name."""
    return frozenset(text) if isinstance(text, dict) else frozenset(ARRAY)


def common_fields(fields: Sequence[Collection[str]]) -> frozenset[str]:
    """Return the fields that nearly all texts have."""
    counts = Counter(name for of_text in fields for name in of_text)
    return frozenset(name for name, count in counts.items() if count >= len(fields) * _NEARLY_ALL)


def _array_of_records(objects: Sequence[dict[str, Any]]) -> str | None:
    """Return the name of the array for which nearly all of these objects are an envelope; None for records."""
    found = Counter(name for value in objects for name, inner in value.items() if _is_array_of_records(name, inner))
    usual = [name for name, count in found.items() if count >= found.total() * (1 - _NEARLY_ALL)]
    if len(usual) != 1:
        return None
    name = usual[0]
    having = [value for value in objects if isinstance(value.get(name), list)]
    named = sum(any(_identifies(other, inner) for other, inner in value.items() if other != name) for value in having)
    if len(having) < len(objects) * _NEARLY_ALL or named > len(having) * (1 - _NEARLY_ALL):
        return None
    return name


def _is_array_of_records(name: str, value: Any) -> bool:
    """Say whether a value, under a name that a path can say, is an array of objects, and not of keys and values."""
    is_of_objects = (
        bool(name.strip())
        and isinstance(value, list)
        and bool(value)
        and all(isinstance(element, dict) for element in value)
    )
    return is_of_objects and not all(_KEY_AND_VALUE.issuperset(element) for element in value)


def _identifies(name: str, value: Any) -> bool:
    """Say whether a field makes its object a thing of its own: it names or times it."""
    if isinstance(value, str):
        return words(name)[-1:] in ([word] for word in _IDENTIFYING) or bool(forms_of(value))
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return is_number and (words(name)[-1:] == ["id"] or any(epoch_units(value)))
