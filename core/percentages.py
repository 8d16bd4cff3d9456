"""What range of a percentage is usual: what its source does by itself, and what chance makes of it among the rows.

It knows no contract and no dates, and not what is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import asinh, cosh, hypot, log, sinh, sqrt
from statistics import median
from typing import Final

from core.chance import counts_by_chance, tail_of
from core.forecasts import LEVEL_DATES, Forecast

# Percentages below this are not told apart: 0.02 % instead of 0.01 % is no news.
_SMALL_PERCENT: Final = 0.1
# The variance that a percentage has beside chance, as a share of its square: that of a source which varies by 30 %.
_VARIANCE_OF_SOURCE: Final = 0.09
# Beyond this lies no number that data has; a very wide range ends here.
_FAR: Final = 100.0


@dataclass(frozen=True)
class Sensitivity:
    """How far is too far, of a check that has so many ``ends`` which it could pass by chance.

    On the scale, a source is taken to vary by ``least`` at least, and wide tails count up to ``most``; ``small`` is
    what is no news in percentage points.
    """

    tolerance: float
    ends: int
    least: float
    most: float
    small: float

    @property
    def reach(self) -> float:
        """How many deviations of the source are usual: more where several values may each be unusual."""
        return sqrt(self.tolerance**2 + 2 * log(max(self.ends / 2, 1)))

    @property
    def tail(self) -> float:
        """How probable it may be that chance passes one of the ends."""
        return tail_of(self.tolerance, ends=self.ends)

    @property
    def tail_of_none(self) -> float:
        """The same of a value without a row, which is what is looked for, and could hardly be so of many at once."""
        return tail_of(self.tolerance, ends=1)


@dataclass(frozen=True)
class PercentScale:
    """The scale on which percentages of about so many rows vary equally, however high they are.

    The variance of so many rows, chance and the source together, is ``rows + 0.09 rows²``. What stabilises it is close
    to the square root where rows are few, and to the log-odds where they are many: 1 % is then as far from 2 % as 50 %
    is from 67 %.
    """

    rows: float

    @classmethod
    def of(cls, rows: Sequence[int]) -> "PercentScale":
        return cls(max(median(rows or [0]), 1.0))

    def value(self, percent: float) -> float:
        odds = (percent + _SMALL_PERCENT) / (100 - percent + _SMALL_PERCENT)
        return 2 * asinh(sqrt(_VARIANCE_OF_SOURCE * self.rows * odds))

    def percent(self, value: float) -> float:
        odds = self._odds(value)
        return min(max((odds * (100 + _SMALL_PERCENT) - _SMALL_PERCENT) / (1 + odds), 0.0), 100.0)

    def level(self, value: float) -> float:
        """Return the percentage of which values on the scale have this one as their mean.

        A mean of roots is below the root of a mean: by chance, a quarter of a row is missing, or half a row where
        the scale is that of log-odds.
        """
        of_source = _VARIANCE_OF_SOURCE * self.rows * self._odds(value)
        missing = (1 + 2 * of_source) / (1 + of_source) / 4
        percent = self.percent(value)
        return percent + 100 * missing / self.rows * (1 - percent / 100)

    def usual(self, seen: Forecast, rows: int, asked: Sensitivity) -> tuple[float, float]:
        """Return the usual range in percent, among so many rows."""
        return self._around(seen.centre, seen.centre, self._of_source(seen, asked), rows, asked)

    def before_it_crept(self, seen: Forecast, rows: int, asked: Sensitivity) -> tuple[float, float] | None:
        """Return the range that was usual before the level crept away; None when it has not."""
        crept = seen.crept(tolerance=asked.reach, least=asked.least, least_step=asked.least / 2)
        return None if crept is None else self._around(crept.lowest, crept.highest, crept.reach, rows, asked)

    def usual_of_none(self, rows: int, asked: Sensitivity) -> float:
        """Return up to which percentage something that was never there is no news."""
        return min(max(self._by_chance(0.0, rows, asked.tail)[1], asked.small), 100.0)

    def _around(
        self, lowest: float, highest: float, reach: float, rows: int, asked: Sensitivity
    ) -> tuple[float, float]:
        """Return a range around levels on the scale.

        What the source does and what chance does add up as independent deviations do, on each side by themselves. A
        value that is always there must not be gone, however small its percentage is.
        """
        bottom, top = self.level(lowest), self.level(highest)
        by_source = self.percent(lowest - reach), self.percent(highest + reach)
        by_chance = self._by_chance(bottom, rows, asked.tail)[0], self._by_chance(top, rows, asked.tail)[1]
        low = bottom - hypot(max(bottom - by_source[0], asked.small), bottom - by_chance[0])
        high = top + hypot(max(by_source[1] - top, asked.small), by_chance[1] - top)
        fewest = self._by_chance(bottom, rows, asked.tail_of_none)[0]
        none_is_usual = min(by_source[0], fewest) * rows < 100
        return max(low, 0.0 if none_is_usual else 100 / rows), min(high, 100.0)

    def _of_source(self, seen: Forecast, asked: Sensitivity) -> float:
        """Return how far the source may go by itself: the level that it is measured from varies by chance as well."""
        both = seen.deviation(least=asked.least, most=asked.most)
        by_chance = (1 + 1 / LEVEL_DATES) * self._chance(seen.centre) ** 2
        return asked.reach * sqrt(max(both**2 - by_chance, asked.least**2))

    def _by_chance(self, percent: float, rows: int, tail: float) -> tuple[float, float]:
        """Return what chance makes of a percentage that is known from the dates which tell its level."""
        if rows == 0:
            return 0.0, 100.0
        low, high = counts_by_chance(percent / 100, rows, known_from=LEVEL_DATES * self.rows, tail=tail)
        return min(100 * low / rows, percent), max(100 * high / rows, percent)

    def _chance(self, value: float) -> float:
        """Return the standard deviation on the scale that chance alone gives to a percentage of the usual rows."""
        return sqrt(_VARIANCE_OF_SOURCE) / cosh(max(value, 0.0) / 2) * (1 + self._odds(value))

    def _odds(self, value: float) -> float:
        return sinh(min(max(value, 0.0), _FAR) / 2) ** 2 / (_VARIANCE_OF_SOURCE * self.rows)
