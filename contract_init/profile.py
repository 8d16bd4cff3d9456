"""What the values of each field were: kinds, sizes, forms and how many differ, counted value by value.

Memory is bounded by the number of fields, of which there is a most; must not know what a contract makes of it.
"""

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from contract_init.times import epoch_units, forms_of

MOST_FIELDS: Final = 10_000
MOST_FIELDS_OF_AN_OBJECT: Final = 500
MOST_DEPTH: Final = 12
MOST_LISTED: Final = 25
_LONGEST_LISTED: Final = 80
_FORMS_TRIED_ON_ALL: Final = 50
_FIRST_DAY: Final = 19_000_101
_LAST_DAY: Final = 21_001_231
_HASH_MASK: Final = 2**64 - 1
_MOST_EXPONENT: Final = 60


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
            self.days += _FIRST_DAY <= number <= _LAST_DAY and bool(forms_of(str(number)))
        self.epochs.update(epoch_units(number))  # type: ignore[arg-type]

    @property
    def ends(self) -> tuple[Decimal, ...]:
        """The lowest and the highest number, if there are any."""
        return tuple(Decimal(end) for end in (self.lowest, self.highest) if end is not None)

    def _add_digits(self, number: Decimal) -> None:
        _, digits, exponent = number.as_tuple()
        if not isinstance(exponent, int) or abs(exponent) > _MOST_EXPONENT:
            self.has_exponent = True
            return
        self.scale = max(self.scale, -exponent)
        self.whole_digits = max(self.whole_digits, len(digits) + exponent)
        self.has_exponent |= exponent > 0


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
        digits = text.removeprefix("-")
        whole, _, fraction = digits.partition(".")
        if not whole or (len(whole) > 1 and whole[0] == "0"):
            self.leading_zeros += 1
        elif fraction or "." in digits:
            self.decimals.add(Decimal(text))
        else:
            self.integers.add(int(text))

    @property
    def all_forms(self) -> list[str]:
        """The forms that all texts have, in the order in which they were found."""
        return [form for form, count in self.forms.items() if count == self.count]


@dataclass
class Field:
    """The values of one field: of a record, of an object inside, or the elements of an array."""

    kinds: Counter[str] = field(default_factory=Counter)
    nulls: int = 0
    fields: "dict[str, Field]" = field(default_factory=dict)
    has_more_fields: bool = False
    element: "Field | None" = None
    integers: Numbers = field(default_factory=Numbers)
    decimals: Numbers = field(default_factory=Numbers)
    strings: Strings = field(default_factory=Strings)
    distinct: Distinct | None = None
    room: Room = field(default_factory=lambda: Room(MOST_FIELDS))

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

    def _add_simple(self, value: Any) -> None:
        if isinstance(value, bool):
            self.kinds["boolean"] += 1
        elif isinstance(value, str):
            self.kinds["string"] += 1
            self.strings.add(value)
        elif isinstance(value, int):
            self.kinds["integer"] += 1
            self.integers.add(value)
        else:
            self.kinds["decimal"] += 1
            self.decimals.add(value)


def record_profile() -> Field:
    """Return the profile of records, which counts how many values of each field differ too."""
    return Field(distinct=Distinct())


def _may_be_number(text: str) -> bool:
    digits = text.removeprefix("-").replace(".", "", 1)
    return 0 < len(text) <= 40 and digits.isascii() and digits.isdigit()
