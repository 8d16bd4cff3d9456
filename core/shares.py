"""What is usual for the shares of a column's values on a date, from the published dates before it.

Each value has its own range, and all of them together a distance; how both are worded and judged is not known here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from math import ceil, hypot, pi, sqrt
from typing import Final

from core.baseline import DEFAULT_TOLERANCE
from core.forecasts import FROM_MEDIAN, Point, doubt, forecast, middle, within_reach
from core.percentages import PercentScale, Sensitivity

# A distance to this power varies normally, be it made by one value that moved or by many: Wilson and Hilferty's root
# of a sum of squares (https://doi.org/10.1073/pnas.17.12.684).
_ROOT: Final = 2 / 3
# Part of the tolerance that the distance gets: it is one number, where each value may be unusual.
_OF_DISTANCE: Final = 0.9
# On that scale a distance varies by this part of itself at least, and less than this, in percentage points, is no news.
_LEAST_SPREAD: Final = 0.12
_SMALL_DISTANCE: Final = 0.5
# What makes a 90th percentile above a median the deviation of a normal distribution.
_FROM_90TH: Final = 1 / 1.2816


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


def expected_shares(
    history: Sequence[ShareObservation], day: date, *, rows: int, tolerance: float = DEFAULT_TOLERANCE
) -> ExpectedShares | None:
    """Return the usual shares of a column's values among so many rows; None while there is too little history."""
    recent = [one for one in within_reach(history, day) if any(one.counts.values())]
    observed = [shares_of(one.counts) for one in recent]
    scale = PercentScale.of([_total(one.counts) for one in recent])
    names = sorted({name for shares in observed for name in shares})
    seen = {
        name: found
        for name in names
        if (found := forecast(_points(recent, [scale.value(shares.get(name, 0.0)) for shares in observed]), day))
    }
    if not seen:
        return None
    shares = _whole({name: scale.percent(found.centre) for name, found in seen.items()})
    asked = Sensitivity(tolerance=tolerance, ends=2 * len(seen), least=0.045, most=0.22, small=0.2)
    fitted = [{name: scale.percent(found.fitted[at]) for name, found in seen.items()} for at in range(len(recent))]
    first = next(iter(seen.values()))
    return ExpectedShares(
        shares=shares,
        ranges={
            name: scale.before_it_crept(found, rows, asked) or scale.usual(found, rows, asked)
            for name, found in seen.items()
        },
        highest_new=scale.usual_of_none(rows, asked),
        highest_distance=_highest_distance(
            [distance(one.counts, expected) for one, expected in zip(recent, fitted, strict=True)],
            by_chance=[_by_chance(shares, _total(one.counts)) for one in recent],
            now=_by_chance(shares, rows),
            tolerance=tolerance,
        ),
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


def _points(recent: Sequence[ShareObservation], values: Sequence[float]) -> list[Point]:
    return [Point(one.day, value) for one, value in zip(recent, values, strict=True)]


def _highest_distance(distances: Sequence[float], *, by_chance: Sequence[float], now: float, tolerance: float) -> float:
    """Return how far a date may be, of which chance makes ``now``, after dates of which it made ``by_chance``."""
    roots = sorted(found**_ROOT for found in _as_now(distances, by_chance, now))
    usual = max(middle(roots), now**_ROOT)
    tail = _FROM_90TH * (roots[ceil(0.9 * len(roots)) - 1] - usual)
    spread = max(FROM_MEDIAN * middle(abs(root - usual) for root in roots), tail, _LEAST_SPREAD * usual)
    highest: float = (usual + _OF_DISTANCE * tolerance * spread) ** (1 / _ROOT)
    return min(max(doubt(len(roots)) * highest, _SMALL_DISTANCE), 100.0)


def _as_now(distances: Sequence[float], by_chance: Sequence[float], now: float) -> list[float]:
    """Return what the distances would have been with today's rows; what chance does not make stays as it was."""
    beside = middle(found**2 - chance**2 for found, chance in zip(distances, by_chance, strict=True))
    source = sqrt(max(beside, 0.0))
    varied = [hypot(source, chance) for chance in by_chance]
    return [
        found * hypot(source, now) / before if before else found
        for found, before in zip(distances, varied, strict=True)
    ]


def _by_chance(shares: Mapping[str, float], rows: int) -> float:
    """Return the distance that chance alone makes of so many rows, on average."""
    return sum(sqrt(2 * share * (100 - share) / (pi * max(rows, 1))) for share in shares.values()) / 2


def _whole(shares: Mapping[str, float]) -> dict[str, float]:
    total = sum(shares.values())
    return {name: min(100 * share / total, 100.0) if total else 0.0 for name, share in shares.items()}


def _total(counts: Mapping[str, int]) -> int:
    return sum(counts.values())
