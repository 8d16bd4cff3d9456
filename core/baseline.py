"""What is usual for a date, from the published dates before it: counts and rates, as ranges that people read.

It knows no contract, no records and no clock: who judges a date brings the observations and compares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, log, sqrt
from typing import Final

from core.forecasts import Point, forecast, within_reach
from core.percentages import PercentScale, Sensitivity

DEFAULT_TOLERANCE: Final = 4.5

# Part of the tolerance that chance alone gets for a count: it needs less reserve than a measured spread.
_CHANCE: Final = 0.65
# The logarithm of the largest number that any data has, by far; a very wide range ends here.
_FAR: Final = 100.0


@dataclass(frozen=True)
class Observation:
    """One published date: a count, or a rate in percent of ``rows`` rows; for a count, ``rows`` is the count."""

    day: date
    value: float
    rows: int


@dataclass(frozen=True)
class Expected:
    """The range in which a value is usual, both ends included.

    ``dates`` is how many observations it was taken from; ``weekday`` is set (0 is Monday) when it is that of one day of
    the week.
    """

    low: float
    high: float
    dates: int
    weekday: int | None


def expected_count(
    history: Sequence[Observation], day: date, *, tolerance: float = DEFAULT_TOLERANCE
) -> Expected | None:
    """Return the usual range of a count of rows; None while there is too little history.

    On a logarithmic scale, so that half and double are as far, and never narrower than chance makes a count.
    """
    seen = forecast([Point(one.day, log(one.value + 1)) for one in within_reach(history, day)], day)
    if seen is None:
        return None
    reach = tolerance * seen.deviation(least=0.01, most=0.11)
    lowest, highest, reach = seen.crept(tolerance=tolerance, least=0.022, least_step=0.022) or (
        seen.centre,
        seen.centre,
        reach,
    )
    by_chance = _chance(max(exp(seen.centre) - 1, 0), tolerance)
    return Expected(
        max(0.0, min(exp(lowest - reach) - 1, by_chance[0])),
        max(exp(min(highest + reach, _FAR)) - 1, by_chance[1]),
        seen.dates,
        seen.weekday,
    )


def expected_rate(
    history: Sequence[Observation], day: date, *, rows: int, tolerance: float = DEFAULT_TOLERANCE
) -> Expected | None:
    """Return the usual range of a rate in percent, of so many rows; it begins at 0, as no rate is too low."""
    recent = within_reach(history, day)
    scale = PercentScale.of([one.rows for one in recent])
    seen = forecast([Point(one.day, scale.value(one.value)) for one in recent], day)
    if seen is None:
        return None
    asked = Sensitivity(tolerance=tolerance, ends=1, least=0.05, most=0.31, small=0.1)
    ranges = [scale.usual(seen, rows, asked), scale.before_it_crept(seen, rows, asked)]
    return Expected(0.0, min(one[1] for one in ranges if one is not None), seen.dates, seen.weekday)


def _chance(count: float, tolerance: float) -> tuple[float, float]:
    """Return the range of a count of independent events; the square root of one varies by a half."""
    root, reach = sqrt(count + 0.375), _CHANCE * tolerance / 2
    return max(0.0, root - reach) ** 2 - 0.375, (root + reach) ** 2
