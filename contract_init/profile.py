"""What the values of each field were: kinds, sizes, forms and how many differ, counted value by value.

Memory is bounded by the number of fields, of which there is a most; must not know what a contract makes of it.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from contract.agreements import DEFAULT_MAX_MALFORMED_PERCENT
from contract_init.times import epoch_units, forms_of

# Of so few values that are odd the others count as all: as many lines may be malformed where a contract says nothing
# else. Of fewer than a hundred values it is not one.
FEW: Final = DEFAULT_MAX_MALFORMED_PERCENT / 100
MOST_FIELDS: Final = 10_000
MOST_FIELDS_OF_AN_OBJECT: Final = 500
MOST_DEPTH: Final = 12
MOST_LISTED: Final = 25
MOST_ENTRIES: Final = 200
_KEYS_AND_VALUES: Final = (("key", "value"), ("Key", "Value"), ("name", "value"), ("Name", "Value"))
_LONGEST_LISTED: Final = 80
_FORMS_TRIED_ON_ALL: Final = 50
_FIRST_DAY: Final = 19_000_101
_LAST_DAY: Final = 21_001_231
_HASH_MASK: Final = 2**64 - 1
_MOST_EXPONENT: Final = 60
_DIGITS_OF_DOUBLE: Final = 15
_EXACT_IN_DOUBLE: Final = 2**53
_KINDS: Final = ((dict, "object"), (list, "array"), (str, "string"), (int, "integer"))


@dataclass
class Room:
    """How many more fields are told apart, in all objects together."""

    left: int


@dataclass
class Distinct:
    """How many values differ; it stops counting when they repeat too often to identify anything."""

    hashes: "array[int] | None" = field(default_factory=lambda: array("Q"))
    next_look: int = 256

    def add(self, value: object) -> None:
        if self.hashes is None:
            return
        self.hashes.append(hash(value) & _HASH_MASK)
        if len(self.hashes) >= self.next_look:
            self.next_look *= 4
            if self.count < len(self.hashes) * 0.7:
                self.hashes = None

    @property
    def count(self) -> int:
        """The number of values that differ; 0 when they repeat too often."""
        return len(set(self.hashes or ()))


@dataclass
class Numbers:
    """The range of numbers and how they are written."""

    count: int = 0
    lowest: Decimal | int | None = None
    highest: Decimal | int | None = None
    whole_digits: int = 0
    scale: int = 0
    has_exponent: bool = False
    fits_double: bool = True
    fractions: int = 0
    epochs: Counter[str] = field(default_factory=Counter)
    days: int = 0

    def add(self, number: Decimal | int) -> None:
        self.count += 1
        self.lowest = number if self.lowest is None else min(self.lowest, number)
        self.highest = number if self.highest is None else max(self.highest, number)
        if isinstance(number, Decimal):
            self._add_digits(number)
        else:
            self.whole_digits = max(self.whole_digits, len(str(abs(number))))
            self.fits_double &= abs(number) <= _EXACT_IN_DOUBLE or _is_as_double(number)
            self.days += _FIRST_DAY <= number <= _LAST_DAY and bool(forms_of(str(number)))
        self.epochs.update(epoch_units(number))  # type: ignore[arg-type]

    @classmethod
    def of_all(cls, numbers: "Iterable[Numbers]") -> "Numbers":
        """Return what was counted of several together."""
        used = [one for one in numbers if one.count]
        return cls(
            sum(one.count for one in used),
            min((one.lowest for one in used if one.lowest is not None), default=None),
            max((one.highest for one in used if one.highest is not None), default=None),
            max((one.whole_digits for one in used), default=0),
            max((one.scale for one in used), default=0),
            any(one.has_exponent for one in used),
            all(one.fits_double for one in used),
            sum(one.fractions for one in used),
            sum((one.epochs for one in used), Counter[str]()),
            sum(one.days for one in used),
        )

    @property
    def ends(self) -> tuple[Decimal, ...]:
        """The lowest and the highest number, if there are any."""
        return tuple(Decimal(end) for end in (self.lowest, self.highest) if end is not None)

    def _add_digits(self, number: Decimal) -> None:
        _, digits, exponent = number.as_tuple()
        places = int(exponent)
        self.scale = max(self.scale, -places)
        self.fractions += places < 0
        self.whole_digits = max(self.whole_digits, len(digits) + places)
        self.has_exponent |= places > 0 or places < -_MOST_EXPONENT
        self.fits_double &= len(digits) <= _DIGITS_OF_DOUBLE or _is_as_double(number)


@dataclass
class Strings:
    """The lengths of texts, the few values that there are, and how many texts are numbers, booleans or times."""

    count: int = 0
    longest: int = 0
    empty: int = 0
    values: Counter[str] | None = field(default_factory=Counter)
    booleans: int = 0
    leading_zeros: int = 0
    integers: Numbers = field(default_factory=Numbers)
    decimals: Numbers = field(default_factory=Numbers)
    forms: Counter[str] = field(default_factory=Counter)

    def add(self, text: str) -> None:
        self.count += 1
        self.longest = max(self.longest, len(text))
        self.empty += not text
        self._list(text)
        if text in ("true", "false"):
            self.booleans += 1
        elif _may_be_number(text):
            self._add_number(text)
        # Once no form was seen for a while, the texts are no times, and trying costs more than all else.
        if self.forms or self.count <= _FORMS_TRIED_ON_ALL:
            self.forms.update(forms_of(text))

    def _list(self, text: str) -> None:
        if self.values is None:
            return
        self.values[text] += 1
        if len(self.values) > MOST_LISTED or len(text) > _LONGEST_LISTED:
            self.values = None

    def _add_number(self, text: str) -> None:
        number = number_in(text)
        if number is None:
            self.leading_zeros += 1
        elif isinstance(number, Decimal):
            self.decimals.add(number)
        else:
            self.integers.add(number)

    @property
    def are_values(self) -> bool:
        """Whether nearly all texts are numbers or booleans, which another day has others of."""
        return max(self.integers.count + self.decimals.count, self.booleans) >= (1 - FEW) * self.count

    @property
    def all_forms(self) -> list[str]:
        """The forms that all texts have, in the order in which they were found."""
        return [form for form, count in self.forms.items() if count == self.count]


@dataclass
class Entries:
    """The values in arrays of keys and values, by their key; of equal keys in an array the first counts.

    ``names`` are those of the two fields, of which every element has to have the key; None where one had none.
    """

    names: tuple[str, str] | None = None
    values: "dict[str, Field]" = field(default_factory=dict)
    is_broken: bool = False

    def add(self, elements: Iterable[Any], *, room: Room, depth: int) -> None:
        """Count the elements of an array."""
        seen: set[str] = set()
        for element in elements:
            names = _key_and_value(element)
            self.is_broken |= names is None or names != (self.names or names)
            if self.is_broken or names is None:
                self.names = None
                self.values.clear()
                return
            self.names = names
            key = element[names[0]]
            if key not in seen:
                seen.add(key)
                self._add_value(key, element.get(names[1]), room, depth)

    def _add_value(self, key: str, value: Any, room: Room, depth: int) -> None:
        if key not in self.values:
            if len(self.values) >= MOST_ENTRIES or room.left <= 0:
                return
            room.left -= 1
            self.values[key] = Field(room=room)
        self.values[key].add(value, depth=depth + 1)


@dataclass
class Field:
    """The values of one field: of a record, of an object inside, or the elements of an array."""

    kinds: Counter[str] = field(default_factory=Counter)
    nulls: int = 0
    fields: "dict[str, Field]" = field(default_factory=dict)
    has_more_fields: bool = False
    element: "Field | None" = None
    entries: Entries = field(default_factory=Entries)
    integers: Numbers = field(default_factory=Numbers)
    decimals: Numbers = field(default_factory=Numbers)
    strings: Strings = field(default_factory=Strings)
    distinct: Distinct | None = None
    room: Room = field(default_factory=lambda: Room(MOST_FIELDS))

    @property
    def numbers(self) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """The integers and decimals, and those in strings."""
        return self.integers, self.decimals, self.strings.integers, self.strings.decimals

    @property
    def count(self) -> int:
        """The number of values that are not null."""
        return self.kinds.total()

    def add(self, value: Any, *, depth: int = 0) -> None:
        """Count a value and all that is in it."""
        if value is None:
            self.nulls += 1
        elif isinstance(value, dict):
            self.kinds["object"] += 1
            self._add_fields(value, depth)
        elif isinstance(value, list):
            self.kinds["array"] += 1
            self._add_elements(value, depth)
        else:
            self._add_simple(value)
            if self.distinct is not None and isinstance(value, str | int):
                self.distinct.add(value)

    def _add_fields(self, value: Mapping[str, Any], depth: int) -> None:
        if depth >= MOST_DEPTH:
            self.has_more_fields = True
            return
        for name, inner in value.items():
            found = self.fields.get(name) or self._new_field(name)
            if found is not None:
                found.add(inner, depth=depth + 1)

    def _new_field(self, name: str) -> "Field | None":
        if len(self.fields) >= MOST_FIELDS_OF_AN_OBJECT or self.room.left <= 0:
            self.has_more_fields = True
            return None
        self.room.left -= 1
        self.fields[name] = Field(distinct=Distinct() if self.distinct is not None else None, room=self.room)
        return self.fields[name]

    def _add_elements(self, values: list[Any], depth: int) -> None:
        if self.element is None:
            self.element = Field(room=self.room)
        for inner in values:
            self.element.add(inner, depth=depth + 1)
        self.entries.add(values, room=self.room, depth=depth + 1)

    def _add_simple(self, value: Any) -> None:
        kind = kind_of(value)
        self.kinds[kind] += 1
        if kind == "string":
            self.strings.add(value)
        elif kind == "integer":
            self.integers.add(value)
        elif kind == "decimal":
            self.decimals.add(value)


def _key_and_value(element: Any) -> tuple[str, str] | None:
    """Return the names of the two fields of a key and its value; None for other objects."""
    if not isinstance(element, dict):
        return None
    for names in _KEYS_AND_VALUES:
        if isinstance(element.get(names[0]), str) and (names[0] in ("key", "Key") or element.keys() == set(names)):
            return names
    return None


def record_profile() -> Field:
    """Return the profile of records, which counts how many values of each field differ too."""
    return Field(distinct=Distinct())


def _is_as_double(number: Decimal | int) -> bool:
    """Say whether a number is the same after a double has held it, which prints as the shortest that is read as it."""
    try:
        return Decimal(repr(float(number))) == number
    except OverflowError:
        return False


def kind_of(value: Any) -> str:
    """Return the kind of a JSON value that is not null."""
    if isinstance(value, bool):
        return "boolean"
    return next((kind for type_, kind in _KINDS if isinstance(value, type_)), "decimal")


def number_in(text: str) -> Decimal | int | None:
    """Return the number that a text holds; None where there is none, or it has zeros in front that a number loses."""
    if not _may_be_number(text):
        return None
    digits = text.removeprefix("-")
    whole, point, _ = digits.partition(".")
    if not whole or (len(whole) > 1 and whole[0] == "0"):
        return None
    return Decimal(text) if point else int(text)


def _may_be_number(text: str) -> bool:
    digits = text.removeprefix("-").replace(".", "", 1)
    return 0 < len(text) <= 40 and digits.isascii() and digits.isdigit()
