"""What a rule compares its count with: an operator, a limit, and whether that is rows or percent."""

from typing import Final

from contract.section import Section, is_number
from core.operators import OPERATORS, RANGE_OPERATORS, Limit
from core.wording import did_you_mean

UNITS: Final = ("rows", "percent")


def read_comparison(quality: Section) -> tuple[str | None, Limit | None, str]:
    """Return operator, limit and unit of a rule; None for each of the first two that could not be read."""
    unit = quality.choice("unit", UNITS, default="rows")
    given = [key for key in quality.values if key in OPERATORS]
    if len(given) != 1:
        found = f"found {', '.join(given)}" if given else "found none"
        near = next((hint for key in quality.values if (hint := did_you_mean(key, OPERATORS)) and "ust" in key), "")
        quality.problems.add(quality.path, f"needs exactly one operator of {', '.join(OPERATORS)}; {found}{near}")
    limits = [_limit(quality, operator, unit) for operator in given]
    return (given[0], limits[0], unit) if len(given) == 1 else (None, None, unit)


def _limit(quality: Section, operator: str, unit: str) -> Limit | None:
    limit = _range(quality, operator) if operator in RANGE_OPERATORS else _scalar(quality, operator)
    _check_limit(quality, operator, limit, unit)
    return limit


def _scalar(quality: Section, operator: str) -> float | None:
    if not quality.has(operator):
        quality.report(operator, "must be a number, got nothing")
    return quality.number(operator)


def _range(quality: Section, operator: str) -> tuple[float, float] | None:
    given = quality.values.get(operator)
    if isinstance(given, list) and len(given) == 2 and all(is_number(end) for end in given) and given[0] < given[1]:
        return (given[0], given[1])
    quality.report(operator, f"must be two numbers, the smaller first, for example [1, 10]; got {given!r}")
    return None


def _check_limit(quality: Section, operator: str, limit: Limit | None, unit: str) -> None:
    ends = () if limit is None else limit if isinstance(limit, tuple) else (limit,)
    for end in ends:
        if unit == "percent" and not 0 <= end <= 100:
            quality.report(operator, f"{end} must lie in 0 to 100, because unit is percent")
        elif end < 0:
            quality.report(operator, f"{end} must not be negative: it limits a number of rows")
