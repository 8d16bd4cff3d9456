"""Whether texts are envelopes of records, and where in them the records lie; knows values and no contract.

An envelope is an object that has one array of objects and nothing that identifies or times it: else it is a record.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contract_init.names import words
from contract_init.times import epoch_units, forms_of

# The array itself is the text.
ARRAY: Final = ("",)
_ENOUGH: Final = 0.95
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
    objects = [text for text in texts if isinstance(text, dict)]
    while len(names) < _MOST_LEVELS and (name := _array_of_records(objects)) is not None:
        names.append(name)
        objects = [element for value in objects for element in value.get(name) or () if isinstance(element, dict)]
    return RecordsPath(tuple(names))


def _array_of_records(objects: Sequence[dict[str, Any]]) -> str | None:
    """Return the name of the array for which these objects are an envelope, or None when they are records."""
    found = {name for value in objects for name, inner in value.items() if _is_array_of_objects(inner)}
    if len(found) != 1:
        return None
    name = found.pop()
    having = [value for value in objects if isinstance(value.get(name), list)]
    others = [(other, inner) for value in objects for other, inner in value.items() if other != name]
    if len(having) < len(objects) * _ENOUGH or any(_identifies(other, inner) for other, inner in others):
        return None
    return name


def _is_array_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(element, dict) for element in value)


def _identifies(name: str, value: Any) -> bool:
    """Say whether a field makes its object a thing of its own: it names or times it."""
    if isinstance(value, str):
        return words(name)[-1:] in ([word] for word in _IDENTIFYING) or bool(forms_of(value))
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return is_number and (words(name)[-1:] == ["id"] or any(epoch_units(value)))
