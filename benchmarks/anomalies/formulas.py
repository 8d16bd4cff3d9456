"""Published rules that are a formula and no library to be installed here, rewritten from what their authors document.

The change against the day before, and the normal distribution around the mean of all dates, are those of deequ 2
(`RelativeRateOfChangeStrategy`, `OnlineNormalStrategy`, `BatchNormalStrategy`, with their default factor of three);
the standard score of the last 14 dates, and of one day of the week, that of elementary, with its default of three.
"""

from collections.abc import Callable
from math import inf, sqrt
from statistics import fmean, median, stdev

from benchmarks.anomalies.judges import Judge, Usual, value_of
from benchmarks.anomalies.simulate import Day

_DATES_TO_SPEAK = 14
_FACTOR = 3.0


class Seen:
    """The values of one check; a rate is never too low."""

    def __init__(self, check: str) -> None:
        self._check = check
        self._days: list[Day] = []
        self._values: list[float] = []

    def learn(self, day: Day) -> None:
        self._days.append(day)
        self._values.append(value_of(day, self._check))

    def _between(self, low: float, high: float) -> Usual:
        lowest = low if self._check == "rows" else -inf
        return lambda asked: lowest <= value_of(asked, self._check) <= high

    def _is_low_rate(self, value: float) -> bool:
        return self._check != "rows" and value <= median(self._values[-28:])


class RateOfChange(Seen):
    """No more than twice, no less than half of the date before."""

    def usual(self, day: Day) -> Usual | None:
        del day
        return self._between(self._values[-1] / 2, self._values[-1] * 2) if self._values else None


class BatchNormal(Seen):
    """Three standard deviations around the mean of all dates before."""

    def usual(self, day: Day) -> Usual | None:
        del day
        return self._around(self._values)

    def _around(self, values: list[float], *, at_least: int = _DATES_TO_SPEAK) -> Usual | None:
        if len(values) < at_least:
            return None
        mean, reach = fmean(values), _FACTOR * stdev(values)
        return self._between(mean - reach, mean + reach)


class OnlineNormal(Seen):
    """The same, where the judged date is one of those that the mean and the deviation are taken from."""

    def usual(self, day: Day) -> Usual | None:
        del day
        if len(self._values) < _DATES_TO_SPEAK:
            return None
        dates, mean = len(self._values) + 1, fmean(self._values)
        squares = sum((value - mean) ** 2 for value in self._values)

        def is_usual(asked: Day) -> bool:
            value = value_of(asked, self._check)
            with_it = mean + (value - mean) / dates
            deviation = sqrt((squares + (value - mean) * (value - with_it)) / dates)
            return self._is_low_rate(value) or abs(value - with_it) <= _FACTOR * deviation

        return is_usual


class StandardScore(BatchNormal):
    """Three standard deviations around the mean of the last 14 dates."""

    def usual(self, day: Day) -> Usual | None:
        del day
        return self._around(self._values[-14:])


class WeekdayScore(BatchNormal):
    """Three standard deviations around the mean of the same day of the week, in the last twelve weeks."""

    def usual(self, day: Day) -> Usual | None:
        same = [
            value
            for seen, value in zip(self._days[-84:], self._values[-84:], strict=True)
            if seen.day.weekday() == day.day.weekday()
        ]
        return self._around(same, at_least=3)


FORMULAS: dict[str, Callable[[str], Judge]] = {
    "rate_of_change": RateOfChange,
    "batch_normal": BatchNormal,
    "online_normal": OnlineNormal,
    "standard_score": StandardScore,
    "weekday_score": WeekdayScore,
}
