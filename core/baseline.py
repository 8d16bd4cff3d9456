"""What is usual for a date, from the published dates before it: counts, rates and shares, as ranges that people read.

It knows no contract, no records and no clock: who judges a date brings the observations and compares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from math import asinh, cosh, exp, hypot, log, pi, sinh, sqrt
from statistics import median
from typing import Final

from core.forecasts import HISTORY_DAYS, MINIMUM_HISTORY, Forecast, Point, forecast, within_reach

__all__ = [
    "DEFAULT_TOLERANCE",
    "HISTORY_DAYS",
    "MINIMUM_HISTORY",
    "Expected",
    "ExpectedShares",
    "Observation",
    "ShareObservation",
    "distance",
    "expected_count",
    "expected_rate",
    "expected_shares",
    "shares_of",
]

DEFAULT_TOLERANCE: Final = 4.5

# Part of the tolerance that chance alone gets: it is exact for counts of single events, and needs no reserve.
_CHANCE = 0.65
# A distance is a size, and strays further above its median than a difference of the same spread does.
_DISTANCE = 1.2
# Rates below this, in percent, are not told apart: 0.02 % instead of 0.01 % is no news.
_SMALL_PERCENT = 0.1
# The variance that a rate has beside chance, as a share of its square: that of a source which varies by 30 %.
_VARIANCE_OF_SOURCE = 0.09
# A share that moves by less, in percentage points, is no news, however steady it was.
_SMALL_SHARE = 0.2
# Beyond this on any of the scales lies no number that data has; a very wide range ends here.
_FAR = 100.0


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


@dataclass(frozen=True)
class ShareObservation:
    """One published date: rows per value of a column, and those with none of its values."""

    day: date
    counts: Mapping[str, int]


@dataclass(frozen=True)
class ExpectedShares:
    """The usual shares in percent, the usual range of each, and how far a date may be from all of them together.

    ``highest_new`` is the share up to which a value that none of the dates had is no news.
    """

    shares: Mapping[str, float]
    ranges: Mapping[str, tuple[float, float]]
    highest_new: float
    highest_distance: float
    dates: int
    weekday: int | None

    def range_of(self, name: str) -> tuple[float, float]:
        """Return the usual range of a value's share in percent, also of a value that none of the dates had."""
        return self.ranges.get(name, (0.0, self.highest_new))

    def moved(self, counts: Mapping[str, int]) -> tuple[str, ...]:
        """Return the values whose share is not usual, the one that moved furthest first."""
        found = shares_of(counts)
        change = {name: found.get(name, 0.0) - self.shares.get(name, 0.0) for name in {*self.ranges, *found}}
        return tuple(
            sorted(filter(partial(self._is_unusual, found), change), key=lambda name: (-abs(change[name]), name))
        )

    def _is_unusual(self, found: Mapping[str, float], name: str) -> bool:
        low, high = self.range_of(name)
        return not low <= found.get(name, 0.0) <= high


@dataclass(frozen=True)
class _Scale:
    """The scale on which rates of about so many rows vary equally, however high they are.

    The variance of so many rows, chance and the source together, is ``rows + 0.09 rows²``. What stabilises it is close
    to the square root where rows are few, and to the log-odds of the rate where they are many: 1 % is then as far
    from 2 % as 50 % is from 67 %.
    """

    rows: float

    @classmethod
    def of(cls, rows: Sequence[int]) -> "_Scale":
        return cls(max(median(rows or [0]), 1.0))

    def value(self, percent: float) -> float:
        odds = (percent + _SMALL_PERCENT) / (100 - percent + _SMALL_PERCENT)
        return 2 * asinh(sqrt(_VARIANCE_OF_SOURCE * self.rows * odds))

    def percent(self, value: float) -> float:
        odds = self._odds(value)
        return min(max((odds * (100 + _SMALL_PERCENT) - _SMALL_PERCENT) / (1 + odds), 0.0), 100.0)

    def _odds(self, value: float) -> float:
        return sinh(min(max(value, 0.0), _FAR) / 2) ** 2 / (_VARIANCE_OF_SOURCE * self.rows)

    def chance(self, value: float, rows: float) -> float:
        """Return the standard deviation that chance alone gives a rate around a value, among so many rows."""
        at_usual_rows = sqrt(_VARIANCE_OF_SOURCE) / cosh(max(value, 0.0) / 2) * (1 + self._odds(value))
        return at_usual_rows * sqrt(self.rows / max(rows, 1))

    def reach(self, seen: Forecast, rows: int, *, tolerance: float, least: float, most: float) -> float:
        """Return how far from the centre is usual among so many rows: what the source does, and what chance does."""
        both = seen.deviation(least=least, most=most)
        source = sqrt(max(both**2 - self.chance(seen.centre, self.rows) ** 2, least**2))
        return tolerance * hypot(source, _CHANCE * self.chance(seen.centre, rows))


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
    low, high = seen.crept(tolerance=tolerance, least=0.022) or (seen.centre - reach, seen.centre + reach)
    by_chance = _chance(max(exp(seen.centre) - 1, 0), tolerance)
    return Expected(
        max(0.0, min(exp(low) - 1, by_chance[0])), max(exp(min(high, _FAR)) - 1, by_chance[1]), seen.dates, seen.weekday
    )


def expected_rate(
    history: Sequence[Observation], day: date, *, rows: int, tolerance: float = DEFAULT_TOLERANCE
) -> Expected | None:
    """Return the usual range of a rate in percent, of so many rows; it begins at 0, as no rate is too low."""
    recent = within_reach(history, day)
    scale = _Scale.of([one.rows for one in recent])
    seen = forecast([Point(one.day, scale.value(one.value)) for one in recent], day)
    if seen is None:
        return None
    reach = scale.reach(seen, rows, tolerance=tolerance, least=0.05, most=0.31)
    level = scale.percent(seen.centre)
    high = max(
        scale.percent(seen.centre + reach), level + _SMALL_PERCENT, _percent_by_chance(level, rows, tolerance)[1]
    )
    return Expected(0.0, min(high, 100.0), seen.dates, seen.weekday)


def expected_shares(
    history: Sequence[ShareObservation], day: date, *, rows: int, tolerance: float = DEFAULT_TOLERANCE
) -> ExpectedShares | None:
    """Return the usual shares of a column's values among so many rows; None while there is too little history."""
    recent = [one for one in within_reach(history, day) if any(one.counts.values())]
    observed = {one.day: shares_of(one.counts) for one in recent}
    scale = _Scale.of([sum(one.counts.values()) for one in recent])
    names = sorted({name for one in recent for name in one.counts})
    seen = {
        name: found
        for name in names
        if (found := forecast([Point(at, scale.value(shares.get(name, 0.0))) for at, shares in observed.items()], day))
    }
    if not seen:
        return None
    shares = _whole({name: scale.percent(found.centre) for name, found in seen.items()})
    # Each value may be unusual by chance: of ten, each may be so a tenth as often as one alone.
    wider = sqrt(tolerance**2 + 2 * log(len(seen)) / _CHANCE**2)
    first = next(iter(seen.values()))
    return ExpectedShares(
        shares=shares,
        ranges={name: _share_range(found, scale, rows, wider) for name, found in seen.items()},
        highest_new=_around_level(0.0, rows, wider)[1],
        highest_distance=_highest_distance(seen, scale, observed, shares, rows, tolerance),
        dates=first.dates,
        weekday=first.weekday,
    )


def distance(counts: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """Return how much of 100 % would have to change its value to get from expected shares to the counted ones.

    That is the total variation distance: half the sum of the differences, in percentage points.
    """
    found = shares_of(counts)
    return sum(abs(found.get(name, 0.0) - shares.get(name, 0.0)) for name in {*found, *shares}) / 2


def shares_of(counts: Mapping[str, int]) -> dict[str, float]:
    """Return counts as percent of their sum."""
    total = sum(counts.values())
    return {name: 100 * count / total if total else 0.0 for name, count in counts.items()}


def _share_range(seen: Forecast, scale: _Scale, rows: int, tolerance: float) -> tuple[float, float]:
    level, reach = scale.percent(seen.centre), scale.reach(seen, rows, tolerance=tolerance, least=0.03, most=0.22)
    low, high = _around_level(level, rows, tolerance)
    # A value that is always there must not be gone, however small its share is.
    lowest = max(0.0, min(scale.percent(seen.centre - reach), _percent_by_chance(level, rows, tolerance)[0]))
    none_is_usual = lowest * rows / 100 < 1
    low = min(lowest, low) if none_is_usual else min(lowest, max(low, 100 / rows))
    return low, max(scale.percent(seen.centre + reach), high)


def _around_level(percent: float, rows: int, tolerance: float) -> tuple[float, float]:
    """Return what chance makes of a share among so many rows, and at the least a few tenths around it."""
    low, high = _percent_by_chance(percent, rows, tolerance)
    low, high = min(low, percent - _SMALL_SHARE), max(high, percent + _SMALL_SHARE)
    return max(0.0, low), min(100.0, high)


def _highest_distance(
    seen: Mapping[str, Forecast],
    scale: _Scale,
    observed: Mapping[date, Mapping[str, float]],
    shares: Mapping[str, float],
    rows: int,
    tolerance: float,
) -> float:
    history = next(iter(seen.values())).history
    distances = [
        sum(abs(observed[point.day].get(name, 0.0) - scale.percent(found.fitted[at])) for name, found in seen.items())
        / 2
        for at, point in enumerate(history)
    ]
    usual = median(distances)
    spread = 1.4826 * median(abs(one - usual) for one in distances)
    by_chance = sum(sqrt(2 * share * (100 - share) / (pi * max(rows, 1))) for share in shares.values()) / 2
    return max(usual, by_chance) + _DISTANCE * tolerance * max(spread, 0.25 * max(usual, by_chance), 0.2)


def _whole(shares: Mapping[str, float]) -> dict[str, float]:
    total = sum(shares.values())
    return {name: min(100 * share / total, 100.0) if total else 0.0 for name, share in shares.items()}


def _chance(count: float, tolerance: float) -> tuple[float, float]:
    """Return the range of a count of independent events; the square root of one varies by a half."""
    root, reach = sqrt(count + 0.375), _CHANCE * tolerance / 2
    return max(0.0, root - reach) ** 2 - 0.375, (root + reach) ** 2


def _percent_by_chance(percent: float, rows: int, tolerance: float) -> tuple[float, float]:
    if rows == 0:
        return 0.0, 100.0
    low, high = _chance(percent * rows / 100, tolerance)
    return 100 * low / rows, 100 * high / rows
