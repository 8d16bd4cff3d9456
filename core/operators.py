"""The eight comparison operators of ODCS; knows nothing of metrics or contracts."""

import math
import operator as compare
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

Limit: TypeAlias = float | tuple[float, float]

SCALAR_OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "mustBe": compare.eq,
    "mustNotBe": compare.ne,
    "mustBeGreaterThan": compare.gt,
    "mustBeGreaterOrEqualTo": compare.ge,
    "mustBeLessThan": compare.lt,
    "mustBeLessOrEqualTo": compare.le,
}
RANGE_OPERATORS: Final = ("mustBeBetween", "mustNotBeBetween")
OPERATORS: Final = (*SCALAR_OPERATORS, *RANGE_OPERATORS)


def holds(operator: str, value: float, limit: Limit) -> bool:
    """Say whether a measured value satisfies an operator and its limit.

    `mustBeBetween` includes both ends, and `mustNotBeBetween` is its exact opposite, so a value on an end fails it.
    A value that is not a number satisfies nothing.

    Raises ValueError for an operator that ODCS does not define and for a limit of the wrong shape.
    """
    if operator not in OPERATORS:
        raise ValueError(f"operator {operator!r} is not known; allowed: {', '.join(OPERATORS)}")
    if math.isnan(value):
        return False
    if isinstance(limit, tuple):
        return _holds_in_range(operator, value, limit)
    if operator in RANGE_OPERATORS:
        raise ValueError(f"operator {operator} needs a pair of numbers, got {limit!r}")
    return SCALAR_OPERATORS[operator](value, limit)


def _holds_in_range(operator: str, value: float, limit: tuple[float, float]) -> bool:
    if operator not in RANGE_OPERATORS:
        raise ValueError(f"operator {operator} needs one number, got {limit!r}")
    lower, upper = limit
    is_between = lower <= value <= upper
    return is_between if operator == "mustBeBetween" else not is_between


def allows_only_zero(operator: str, limit: Limit, *, unit: str) -> bool:
    """Say whether a rule on a count can pass for no count above zero."""
    highest = limit[1] if isinstance(limit, tuple) else limit
    first_above_zero = 1 if unit == "rows" else 0  # one row of a huge table is an arbitrarily small percentage
    if operator in ("mustBe", "mustBeLessOrEqualTo", "mustBeBetween"):
        return highest == 0 or (operator != "mustBe" and highest < first_above_zero)
    return operator == "mustBeLessThan" and highest <= first_above_zero
