"""Whether a rule lets more pass than another one, or less: limits, severities and conditions compared.

Knows rules only; what that means for readers and for written data is decided by who asks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from contract.model import Rule
from core.operators import Limit, allows_only_zero, holds

_HIGHEST: Final = {"rows": 2.0**63, "percent": 100.0}


@dataclass(frozen=True)
class Shift:
    """Whether something passes now that did not before, and the other way round."""

    is_looser: bool = False
    is_tighter: bool = False

    def __or__(self, other: "Shift") -> "Shift":
        return Shift(self.is_looser or other.is_looser, self.is_tighter or other.is_tighter)


SAME: Final = Shift()
LOOSER: Final = Shift(is_looser=True)
TIGHTER: Final = Shift(is_tighter=True)
BOTH: Final = Shift(is_looser=True, is_tighter=True)


def shift_of(old: Rule, new: Rule) -> Shift:
    """Return how a rule on the same metric of the same columns moved."""
    shift = _limits(old, new) | _severities(old, new)
    for name, compare in CONDITIONS.items():
        shift |= compare(getattr(old, name), getattr(new, name))
    return shift


def is_promise(rule: Rule) -> bool:
    """Say whether readers may build on what a rule says of every row: no nulls, or no duplicates.

    Values are no such promise: a value that was not allowed before is data like any other, and null is not.
    """
    is_strict = rule.severity == "error" and allows_only_zero(rule.operator, rule.limit, unit=rule.unit)
    return is_strict and (rule.metric in ("nullValues", "duplicateValues") or _misses_null(rule))


def _misses_null(rule: Rule) -> bool:
    return rule.metric == "missingValues" and None in (rule.missing_values or ())


def _severities(old: Rule, new: Rule) -> Shift:
    if old.severity == new.severity:
        return SAME
    return TIGHTER if new.severity == "error" else LOOSER


def _limits(old: Rule, new: Rule) -> Shift:
    if old.unit != new.unit:
        zero = [allows_only_zero(rule.operator, rule.limit, unit=rule.unit) for rule in (old, new)]
        return SAME if all(zero) else TIGHTER if zero[1] else LOOSER if zero[0] else BOTH
    values = _values((old.limit, new.limit), unit=old.unit)
    before = {value for value in values if holds(old.operator, value, old.limit)}
    after = {value for value in values if holds(new.operator, value, new.limit)}
    return Shift(is_looser=bool(after - before), is_tighter=bool(before - after))


def _values(limits: Sequence[Limit], *, unit: str) -> list[float]:
    """Return a value of every stretch on which no answer to the limits can change, and their ends."""
    ends = [end for limit in limits for end in (limit if isinstance(limit, tuple) else (limit,))]
    if unit == "rows":
        return sorted({0, *(max(0, int(end) + step) for end in ends for step in (-1, 0, 1))})
    edges = sorted({0.0, *map(float, ends), _HIGHEST[unit]})
    return sorted({*edges, *((low + high) / 2 for low, high in pairwise(edges))})


def _fewer_pass(old: Sequence[Any] | None, new: Sequence[Any] | None) -> Shift:
    """Compare lists of valid values."""
    if old is None or new is None:
        return SAME if old == new else TIGHTER if old is None else LOOSER
    return Shift(is_looser=not set(new) <= set(old), is_tighter=not set(old) <= set(new))


def _more_pass(old: Sequence[Any] | None, new: Sequence[Any] | None) -> Shift:
    """Compare lists of values that count as missing."""
    return Shift(is_looser=not set(old or ()) <= set(new or ()), is_tighter=not set(new or ()) <= set(old or ()))


def _patterns(old: str | None, new: str | None) -> Shift:
    if old == new:
        return SAME
    return TIGHTER if old is None else LOOSER if new is None else BOTH


def _lowest(old: float | None, new: float | None) -> Shift:
    if old == new:
        return SAME
    return TIGHTER if old is None or (new is not None and new > old) else LOOSER


def _highest(old: float | None, new: float | None) -> Shift:
    if old == new:
        return SAME
    return TIGHTER if old is None or (new is not None and new < old) else LOOSER


# How each condition on values is compared, by the field of the rule.
CONDITIONS: Final[Mapping[str, Callable[[Any, Any], Shift]]] = {
    "valid_values": _fewer_pass,
    "missing_values": _more_pass,
    "pattern": _patterns,
    "minimum": _lowest,
    "exclusive_minimum": _lowest,
    "min_length": _lowest,
    "maximum": _highest,
    "exclusive_maximum": _highest,
    "max_length": _highest,
    "look_back_days": _lowest,
}
