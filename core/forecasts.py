"""What the days before lead to expect of the next one: level, day of the week, spread, and whether the level crept.

It works on any scale on which changes add up, such as logarithms; it knows nothing of counts, rates, rows or contracts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, sqrt
from typing import Final, Protocol, TypeVar

MINIMUM_HISTORY: Final = 21
HISTORY_DAYS: Final = 84

# The level is that of so many dates: a week, so that every day of the week is in it once.
_LEVEL_DATES = 7
# With fewer dates of one weekday than this, a weekday has no profile of its own.
_SAME_WEEKDAY = 3
# What makes a median of deviations, and a 90th percentile of them, the standard deviation of a normal distribution.
_FROM_MEDIAN, _FROM_90TH = 1.4826, 0.6080
# Values further from a median than so many spreads are left out of a mean.
_NEAR = 3.0
# Dates further than so many spreads from the median of four weeks are odd: no level is taken from them, unless the last
# ones all are.
_ODD, _LONG_DATES, _CHANGED_DATES = 4.0, 28, 4
# A spread that was measured on few dates is uncertain itself: it is taken to be 1 + (this / dates)² times as wide.
_FEW_DATES = 13
# Whether the level crept is seen against the dates that are older than two weeks.
_EARLIER_DAYS = 14
# The level of a week against that of a month or two: its own noise, in spreads.
_LEVEL_NOISE = 0.6
_JUMP_DATES = 3
_MOST_JUMPS = 8


@dataclass(frozen=True)
class _Fit:
    effects: Sequence[float]
    plain: Sequence[float]
    levels: Sequence[float]
    deviations: Sequence[float]

    @property
    def spread(self) -> float:
        return _FROM_MEDIAN * middle(self.deviations)


class Dated(Protocol):
    @property
    def day(self) -> date: ...


_Dated = TypeVar("_Dated", bound=Dated)


@dataclass(frozen=True)
class Point:
    day: date
    value: float


@dataclass(frozen=True)
class Forecast:
    """What is expected on the judged date, on the scale of the points.

    ``spread`` is the usual deviation of a date from what the dates before it led to expect, ``tail`` the same as the
    widest tenth of the deviations tell it. ``fitted`` has what was expected of each date of ``history``.
    """

    day: date
    centre: float
    spread: float
    tail: float
    history: Sequence[Point]
    fitted: Sequence[float]
    effects: Sequence[float]
    weekday: int | None

    @property
    def dates(self) -> int:
        return len(self.history)

    def reach(self, *, tolerance: float, least: float, most: float) -> float:
        """Return how far from the centre is still usual.

        It is no further than ``most``, unless three quarters of the tolerance are: a few faults in the history look
        like wide tails, and must not hide the next one.
        """
        wide = tolerance * max(self.spread, self.tail, least)
        return min(wide, max(most, 0.75 * tolerance * self.spread))

    def crept(self, *, tolerance: float, least: float) -> tuple[float, float] | None:
        """Return where the level was before it moved away little by little, as a range; None when it has not."""
        limit = max(tolerance * _LEVEL_NOISE * self.spread, least)
        plain = [point.value - self.effects[point.day.weekday()] for point in self.history]
        if _within(plain, self.history, limit) is not None:
            return None
        moved = _without_jumps(plain, jump=max(tolerance * self.spread, least))
        if _within(moved, self.history, limit) is not None:
            return None
        low, high = _earlier_levels(moved, self.history)
        effect = self.effects[self.day.weekday()]
        return low + effect - limit, high + effect + limit


def within_reach(history: Iterable[_Dated], day: date) -> list[_Dated]:
    """Return what lies before a date and not too far back, from the oldest to the newest, in whatever order it came."""
    first = day - timedelta(days=HISTORY_DAYS)
    return sorted((one for one in history if first <= one.day < day), key=_day_of)


def forecast(history: Sequence[Point], day: date) -> Forecast | None:
    """Look at the dates `within_reach` of a date; None when they are too few to speak."""
    if len(history) < MINIMUM_HISTORY:
        return None
    seasonal = sum(point.day.weekday() == day.weekday() for point in history) >= _SAME_WEEKDAY
    rough = _fit(history, seasonal=seasonal, spread=None)
    fit = _fit(history, seasonal=seasonal, spread=rough.spread)
    wider = _uncertainty(len(history), len(history) / 7 if seasonal else None)
    return Forecast(
        day=day,
        centre=_level(fit.plain[-_LONG_DATES:], rough.spread) + fit.effects[day.weekday()],
        spread=fit.spread * wider,
        tail=_FROM_90TH * fit.deviations[ceil(0.9 * len(history)) - 1] * wider,
        history=history,
        fitted=[level + fit.effects[point.day.weekday()] for level, point in zip(fit.levels, history, strict=True)],
        effects=fit.effects,
        weekday=day.weekday() if seasonal else None,
    )


def _fit(history: Sequence[Point], *, seasonal: bool, spread: float | None) -> _Fit:
    effects = _weekday_effects(history, spread) if seasonal else [0.0] * 7
    plain = [point.value - effects[point.day.weekday()] for point in history]
    levels = [_level(_before(plain, at), spread) for at in range(len(plain))]
    deviations = sorted(abs(value - level) for value, level in zip(plain, levels, strict=True))
    return _Fit(effects, plain, levels, deviations)


def _level(values: Sequence[float], spread: float | None) -> float:
    """Return the level after a series of values: that of the last week, without odd dates.

    Where the last few are all odd, the level has changed, and they alone tell it.
    """
    if spread is None:
        return middle(values[-_LEVEL_DATES:])
    usual = middle(values)
    near = [value for value in values if abs(value - usual) <= _ODD * spread]
    run = 0
    while run < len(values) and abs(values[-1 - run] - usual) > _ODD * spread:
        run += 1
    recent = (values[-run:] if run >= _CHANGED_DATES else near)[-_LEVEL_DATES:]
    return _usual(recent, spread)


def _usual(values: Sequence[float], spread: float | None) -> float:
    """Return the mean of the values that are not far from their median; the median, while the spread is not known.

    Up to half of the values may be odd. The mean of those that are not is closer to the truth than the median is.
    """
    centre = middle(values)
    if spread is None:
        return centre
    near = [value for value in values if abs(value - centre) <= _NEAR * spread]
    return sum(near) / len(near) if near else centre


def middle(values: Iterable[float]) -> float:
    """Return the median. A forecast asks for some two hundred, and the library's costs three times as much."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _day_of(one: Dated) -> date:
    return one.day


def _weekday_effects(history: Sequence[Point], spread: float | None) -> list[float]:
    """Return how far each day of the week usually is from the level around it; the second look has a better level."""
    effects = [0.0] * 7
    for _ in range(2):
        plain = [point.value - effects[point.day.weekday()] for point in history]
        apart: list[list[float]] = [[] for _ in range(7)]
        for at, point in enumerate(history):
            apart[point.day.weekday()].append(plain[at] - _usual(_around(plain, at), spread))
        effects = [effect + (_usual(own, spread) if own else 0.0) for effect, own in zip(effects, apart, strict=True)]
    return effects


def _around(values: Sequence[float], at: int) -> Sequence[float]:
    start = min(max(at - _LEVEL_DATES // 2, 0), len(values) - _LEVEL_DATES)
    return values[start : start + _LEVEL_DATES]


def _before(values: Sequence[float], at: int) -> Sequence[float]:
    """Return the values from which the level was known then; for the first ones, with those that follow."""
    if at >= _LEVEL_DATES:
        return values[max(0, at - _LONG_DATES) : at]
    return [*values[:at], *values[at + 1 : _LEVEL_DATES + 1]]


def _uncertainty(dates: int, same_weekday: float | None) -> float:
    """Return how much wider than the deviations seen a prediction is: the profile was made from the same dates."""
    few = 1 + (_FEW_DATES / dates) ** 2
    if same_weekday is None:
        return few
    return few * sqrt((1 + 1 / same_weekday) / (1 - 1 / same_weekday))


def _earlier_levels(values: Sequence[float], history: Sequence[Point]) -> tuple[float, float]:
    """Return where the level would be, had it stayed as it was, and had it gone on as it went."""
    last = history[-1].day
    ages = [(last - point.day).days for point in history]
    earlier = [(age, value) for age, value in zip(ages, values, strict=True) if age >= _EARLIER_DAYS]
    half = len(earlier) // 2
    if half < _LEVEL_DATES:
        level = middle([value for _, value in earlier] or values)
        return level, level
    (old_age, old), (new_age, new) = (_centre_of(part) for part in (earlier[:half], earlier[half:]))
    gone_on = new + (new - old) * new_age / (old_age - new_age)
    level = middle(value for _, value in earlier)
    return min(level, gone_on), max(level, gone_on)


def _centre_of(part: Sequence[tuple[int, float]]) -> tuple[float, float]:
    return middle(age for age, _ in part), middle(value for _, value in part)


def _within(values: Sequence[float], history: Sequence[Point], limit: float) -> float | None:
    """Return the level where it is where it was, give or take a limit."""
    low, high = _earlier_levels(values, history)
    level = middle(values[-_LEVEL_DATES:])
    return level if low - limit <= level <= high + limit else None


def _without_jumps(values: Sequence[float], *, jump: float) -> list[float]:
    """Lift what lies before a sudden step to what lies behind it: a step was seen on its day, and is no creeping."""
    moved = list(values)
    for _ in range(_MOST_JUMPS):
        steps = [
            (middle(moved[at : at + _JUMP_DATES]) - middle(moved[at - _JUMP_DATES : at]), at)
            for at in range(_JUMP_DATES, len(moved) - _JUMP_DATES + 1)
        ]
        step, at = max(steps, key=lambda found: abs(found[0]))
        if abs(step) <= jump:
            break
        moved[:at] = [value + step for value in moved[:at]]
    return moved
