"""Who is to be forgotten: a column of the contract, its value, and when a value of a record is that value.

A record is the person's when any field that the column is read from holds the value, whichever of them wins.
"""

import hashlib
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import cached_property
from typing import Any, Final

from contract import Column, DataContract
from contract.ddl_types import INTEGER_BITS, MAX_PRECISION, decimal_digits, kind_of
from contract.sources import Entry, Step, Steps
from core.wording import not_known
from erasure.words import Words

_NUMBER: Final = re.compile(r"[-+]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][-+]?0*[0-9]{1,4})?")
# A number with a fraction or an exponent as a text column has it, or with all of its digits.
_DOUBLE: Final = re.compile(r"-?(?:(?:0|[1-9][0-9]*)[.][0-9]+|[1-9][.][0-9]+E-?[0-9]{1,3})")
# All spellings of a double have so many digits in common, if it has them.
_SURE_DIGITS: Final = 12
_EXPONENT: Final = rb"[0.]*[eE][-+]?[0-9]+(?![0-9A-Za-z])"
# A character of a number that a string spells as an escape, which hardly any writer does.
_ESCAPED: Final = re.compile(rb"\\u00(?:2[bBdDeE]|3[0-9]|[46]5)")
# Digits beyond the scale are rounded away from zero, as Spark does.
_DIGITS: Final = Context(prec=MAX_PRECISION, rounding=ROUND_HALF_UP)
_LONGEST_VALUE: Final = 1_000


class SubjectNotUsable(ValueError):
    """Say why a column or value cannot tell a person; nothing was read."""


class Number(str):
    """A number, true, false or null of JSON, as it is written there."""

    __slots__ = ()


class Members(list[tuple[str, Any]]):
    """An object of JSON with all of its members, also where a name stands twice."""

    __slots__ = ()


@dataclass(frozen=True)
class Subject:
    """A column and the value in it that is one person's; ``value`` is the text of the value as the column has it."""

    contract: DataContract
    column: Column
    value: str

    def digest(self, salt: str) -> str:
        """Return what records tell of the value, which they never hold; salted, as columns may hold digests too."""
        return hashlib.sha256(f"{salt}{self.value}".encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def is_number(self) -> bool:
        return self.column.type != "string"

    @cached_property
    def words(self) -> Words:
        return Words(self.value, is_number=self.is_number)

    def may_be_in(self, data: bytes) -> bool:
        """Tell fast whether a text could hold the value; a decimal has too many spellings to tell."""
        if kind_of(self.column.type) == "decimal" or (self.is_number and self.value.startswith("-")):
            return True
        return self.words.may_be_in(data) or self.may_be_a_number_in(data)

    def may_be_a_number_in(self, data: bytes) -> bool:
        """Tell fast whether a text has a number of which the value could be another spelling: ``1e6`` is 1000000."""
        if self.is_number and _ESCAPED.search(data) is not None:
            return True
        may_be = self.is_number or self.double is not None
        return may_be and self._other_spelling.search(data) is not None

    @cached_property
    def _other_spelling(self) -> re.Pattern[bytes]:
        """The digits of the value with a point anywhere; of an integer with an exponent behind them."""
        number = self.value if self.double is None else repr(self.double).partition("e")[0]
        digits = re.sub("[^0-9]", "", number).strip("0")[: None if self.is_number else _SURE_DIGITS] or "0"
        spelt = b"[.]?".join(digit.encode() for digit in digits)
        return re.compile(spelt + _EXPONENT if self.is_number else spelt)

    @cached_property
    def double(self) -> float | None:
        """The number of JSON that becomes the value in a text column; None where only a text does.

        Digits alone stay as they are, so that the value is such a number in the form of one only: ``+5`` is another
        person than ``5.0``.
        """
        if self.is_number or _DOUBLE.fullmatch(self.value) is None:
            return None
        return double if math.isfinite(double := float(self.value)) else None

    def is_in_record(self, record: object) -> bool:
        """Tell whether a parsed record holds the value in a field of the column."""
        sources = (source.steps for source in self.column.sources if not source.in_envelope)
        return self._is_at_any(record, sources)

    def is_in_envelope(self, envelope: object, *, level: int) -> bool:
        """Tell whether the object around records, of a level counted from the outermost, holds the value for them."""
        sources = (source.inner_steps for source in self.column.sources if source.level == level)
        return self._is_at_any(envelope, sources)

    def _is_at_any(self, record: object, places: Iterator[Steps]) -> bool:
        return any(self.is_value(found) for steps in places for found in _values_at(record, steps))

    def is_value(self, found: object) -> bool:
        """Tell whether a value of JSON becomes the value in the column, or would if it was of the right kind."""
        if not isinstance(found, str):
            return False
        if self.is_number:
            number = _number(found, self.column.type)
            return number is not None and number == Decimal(self.value)
        return str(found) == self.value or (isinstance(found, Number) and self._is_double(found))

    def _is_double(self, number: Number) -> bool:
        is_kept = _NUMBER.fullmatch(number) is None or number.lstrip("-").isdigit()
        return not is_kept and float(number) == self.double


def subject_of(contract: DataContract, column_name: str, value: str) -> Subject:
    """Return who a column and a value tell of.

    Raises:
        SubjectNotUsable: when the column does not identify anybody, or cannot hold the value.
    """
    allowed = [column.name for column in contract.columns if _unusable_because(column) is None]
    column = next((column for column in contract.columns if column.name == column_name), None)
    if column is None:
        raise SubjectNotUsable(f"column {not_known(column_name, allowed)}")
    problem = _unusable_because(column)
    if problem is not None:
        raise SubjectNotUsable(f"column {column_name} {problem}; columns that can: {', '.join(allowed) or 'none'}")
    return Subject(contract, column, _as_held(column, value))


def _unusable_because(column: Column) -> str | None:
    if column.logic is not None:
        inputs = " and ".join(column.logic.columns)
        return f"is derived of {inputs}: give a column that it is made of, what is derived goes with it"
    if column.valid_values:
        return "lists its valid values, so that they tell nobody from another"
    if kind_of(column.type) not in ("string", "decimal", *INTEGER_BITS):
        return f"is of type {column.type}, whose values tell nobody from another"
    return None


def _as_held(column: Column, value: str) -> str:
    """Return the value as the column holds it."""
    if not value.strip() or len(value) > _LONGEST_VALUE:
        raise SubjectNotUsable(
            f"the value has {len(value)} characters; give 1 to {_LONGEST_VALUE}, and not only spaces"
        )
    if column.type == "string":
        return value
    number = _number(value, column.type)
    bits = INTEGER_BITS.get(kind_of(column.type))
    if number is None or (bits is not None and not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1)):
        raise SubjectNotUsable(f"the value is no number that column {column.name} of type {column.type} could hold")
    return f"{number:f}"


def _number(text: str, type_: str) -> Decimal | None:
    """Read a number as a column of integers or decimals holds it."""
    if _NUMBER.fullmatch(text.strip()) is None:
        return None
    found = Decimal(text.strip())
    try:
        if kind_of(type_) != "decimal":
            return whole if (whole := found.to_integral_value()) == found else None
        _, scale = decimal_digits(type_)
        return found.quantize(Decimal(1).scaleb(-scale), context=_DIGITS)
    except InvalidOperation:
        return None


def _values_at(value: object, steps: Sequence[Step]) -> Iterator[object]:
    """Yield every value at a place, also those that another of the same name or key hides."""
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    for inner in _inner(value, step):
        yield from _values_at(inner, rest)


def _inner(value: object, step: Step) -> Iterator[object]:
    if isinstance(step, str):
        yield from (inner for name, inner in value if name == step) if isinstance(value, Members) else ()
    elif not isinstance(value, list) or isinstance(value, Members):
        return
    elif isinstance(step, Entry):
        yield from (element for element in value if step.text in map(str, _inner(element, step.field)))
    elif step < len(value):
        yield value[step]
