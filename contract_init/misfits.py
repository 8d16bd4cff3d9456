"""Which values of a field are usual where a few are not: what is drafted of those, and which lines do not fit it.

Knows values and their profile; must not know what a column is called or where its records lie.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from contract_init.names import Steps, value_behind
from contract_init.profile import FEW, Field, Strings, kind_of, number_in
from contract_init.times import EPOCH_RANGES, READABLE_SECONDS, UNITS_WITH_FRACTIONS, are_of_different_days, forms_of

_LONGEST_EXAMPLE: Final = 40
_ANY_NUMBER: Final = re.compile(r"-?[0-9.]+(?:[eE][+-]?[0-9]+)?", re.ASCII)
_NUMBERS: Final = ("integer", "decimal")


@dataclass(frozen=True)
class Fit:
    """What usual values are: JSON kinds; of strings those that hold a number, or a time of a form.

    A type that reads numbers in strings reads ``any_number_in_strings``, also such as 007 and 1E3: no line with one is
    malformed.
    """

    kinds: frozenset[str]
    form: str | None = None
    numbers_in_strings: bool = False
    any_number_in_strings: bool = False
    epoch_unit: str | None = None

    @property
    def is_time(self) -> bool:
        return self.form is not None or self.epoch_unit is not None

    def accepts(self, value: Any) -> bool:
        """Say whether a value is usual. Null always is."""
        if value is None:
            return True
        if kind_of(value) not in self.kinds:
            return False
        if isinstance(value, str) and self.form is not None:
            return self.form in forms_of(value)
        if isinstance(value, str) and self.any_number_in_strings and _ANY_NUMBER.fullmatch(value):
            return True
        number = number_in(value) if isinstance(value, str) and self.numbers_in_strings else value
        if number is None:
            return False
        return self.epoch_unit is None or _is_readable(number, self.epoch_unit)


@dataclass(frozen=True)
class Usual:
    """What the values at a place are, but for ``misfits`` at most; ``level`` is that of an envelope around records."""

    steps: Steps
    fit: Fit
    misfits: int
    level: int | None = None

    def misfit_in(self, value: Any) -> Any:
        """Return the value that does not fit in a record, or in the object around it; None where all do."""
        found = value_behind(self.steps, value)
        return None if self.fit.accepts(found) else found


@dataclass
class Misfits:
    """How many records were left out as malformed, for which places, and the first value of each."""

    records: int = 0
    counts: Counter[Usual] = field(default_factory=Counter)
    examples: dict[Usual, str] = field(default_factory=dict)

    def add_all(self, found: Iterable[tuple[Usual, Any]]) -> bool:
        """Count the values of a record that do not fit; say whether there were any."""
        values = list(found)
        self.records += bool(values)
        for usual, value in values:
            self.counts[usual] += 1
            self.examples.setdefault(usual, _example(value))
        return bool(values)


def usual_parts(found: Field) -> Iterator[tuple[Fit, Field]]:
    """Yield what by far most values of a field are, each with the profile of those, if a few are something else."""
    for fit, part in (*_number_parts(found), *_time_parts(found), *_kind_parts(found)):
        if found.count * (1 - FEW) <= part.count < found.count:
            yield fit, part


def unreadable_moments(found: Field, unit: str) -> Fit | None:
    """Return what fits numbers since 1970 some of which may lie beyond the years that a timestamp has."""
    has_fractions = unit not in UNITS_WITH_FRACTIONS and any(one.fractions for one in found.numbers)
    if not has_fractions and all(_is_readable(int(end), unit) for one in found.numbers for end in one.ends):
        return None
    return Fit(frozenset((*_NUMBERS, "string")), numbers_in_strings=True, epoch_unit=unit)


def moments(found: Field, unit: str) -> int:
    """Return how many numbers surely are moments: those of the years 2001 to 2100 that have no digits too many."""
    return sum(one.epochs[unit] - (one.fractions if unit not in UNITS_WITH_FRACTIONS else 0) for one in found.numbers)


def affordable(usual: list[Usual], lines: float) -> tuple[Usual, ...]:
    """Return those for which, all together, no more than so many lines are malformed: the fewest, and times, first."""
    chosen: list[Usual] = []
    for one in sorted(usual, key=lambda one: (one.misfits, not one.fit.is_time)):
        if sum(other.misfits for other in (*chosen, one)) <= lines:
            chosen.append(one)
    return tuple(chosen)


def _number_parts(found: Field) -> Iterator[tuple[Fit, Field]]:
    strings = found.strings
    in_strings = strings.integers.count + strings.decimals.count
    fit = Fit(frozenset((*_NUMBERS, "string")), numbers_in_strings=True)
    yield fit, _part(found, {kind: found.kinds[kind] for kind in _NUMBERS}, in_strings)


def _time_parts(found: Field) -> Iterator[tuple[Fit, Field]]:
    least = found.count * (1 - FEW)
    usual = [(form, count) for form, count in found.strings.forms.items() if count >= least]
    if usual and not are_of_different_days([form for form, _ in usual]):
        form, count = max(usual, key=lambda entry: entry[1])
        yield Fit(frozenset(("string",)), form=form), _part(found, {}, count)


def _kind_parts(found: Field) -> Iterator[tuple[Fit, Field]]:
    for kind in ("boolean", "object", "array"):
        yield Fit(frozenset((kind,))), _part(found, {kind: found.kinds[kind]}, 0)


def _part(found: Field, kinds: dict[str, int], strings: int) -> Field:
    """Return a profile of some of the values: of these kinds, and so many strings of the kind that is counted apart."""
    counted = Counter({kind: count for kind, count in {**kinds, "string": strings}.items() if count})
    texts = replace(found.strings, count=strings, empty=0, leading_zeros=0, values=None) if strings else Strings()
    return replace(found, kinds=counted, strings=texts)


def _is_readable(number: Decimal | int, unit: str) -> bool:
    if isinstance(number, Decimal) and unit not in UNITS_WITH_FRACTIONS:
        return False
    factor = EPOCH_RANGES[unit][0] // EPOCH_RANGES["s"][0]
    return READABLE_SECONDS[0] * factor <= number < READABLE_SECONDS[1] * factor


def _example(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_EXAMPLE else f"{text[:_LONGEST_EXAMPLE]}…"
