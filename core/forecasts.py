"""What the days before lead to expect of the next one: level, day of the week, spread, and whether the level crept.

It works on any scale on which changes add up, such as logarithms; it knows nothing of counts, rates, rows or contracts.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, sqrt
from typing import Final, NamedTuple, Protocol, TypeVar

MINIMUM_HISTORY: Final = 21
HISTORY_DAYS: Final = 84

# The level is that of so many dates: a week, so that every day of the week is in it once.
LEVEL_DATES: Final = 7
# With fewer dates of one weekday than this, a weekday has no profile of its own.
_SAME_WEEKDAY = 3
# What makes a median of deviations, and a 90th percentile of them, the standard deviation of a normal distribution.
FROM_MEDIAN, _FROM_90TH = 1.4826, 0.6080
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
_LEVEL_NOISE = 0.4
_JUMP_DATES = 5
# From the last but one date before a step to the second behind it.
_STEPS_BETWEEN = 3
_MOST_JUMPS = 8


class _Jump(NamedTuple):
    """A place in the history: the gap between the dates on its sides, the step, and the pace on either side."""

    gap: float
    step: float
    pace: float

    def is_step(self, *, clear: float, least: float) -> bool:
        """Tell whether there is a step.

        Where the values creep, those on either side touch or overlap. A clear gap between them is a step, and so is a
        smaller one of which the pace of the dates around it explains less than half.
        """
        return self.gap > clear or (self.gap > least and self.gap > 2 * _STEPS_BETWEEN * self.pace)


class Dated(Protocol):
    @property
    def day(self) -> date: ...


_Dated = TypeVar("_Dated", bound=Dated)


class Point(NamedTuple):
    day: date
    value: float


class Crept(NamedTuple):
    """Between what levels a date would be had nothing crept, and how far from these is usual."""

    lowest: float
    highest: float
    reach: float


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

    def deviation(self, *, least: float, most: float) -> float:
        """Return the deviation that counts as one, of which a tolerance allows several.

        Wide tails make it wider, up to ``most``, unless the spread itself is wider still: a few faults in the history
        look like wide tails, and must not hide the next one.
        """
        return min(max(self.spread, self.tail, least), max(most, 0.75 * self.spread))

    def crept(self, *, tolerance: float, least: float, least_step: float) -> "Crept | None":
        """Return where the level was before it moved away little by little; None when it has not.

        ``least`` is the least deviation of a level that counts as one, ``least_step`` the same of a sudden step.
        """
        limit = tolerance * max(_LEVEL_NOISE * self.spread, least)
        plain = _without_effects(self.history, self.effects)
        if _stayed(plain, self.history, limit):
            return None
        clear, smaller = (tolerance * max(self.spread / 3, step) for step in (least, least_step))
        moved = _without_jumps(plain, clear=clear, least=smaller)
        if _stayed(moved, self.history, limit):
            return None
        low, high = _earlier_levels(moved, self.history)
        effect = self.effects[self.day.weekday()]
        return Crept(low + effect, high + effect, limit)


def within_reach(history: Iterable[_Dated], day: date) -> list[_Dated]:
    """Return what lies before a date and not too far back, from the oldest to the newest, in whatever order it came."""
    first = day - timedelta(days=HISTORY_DAYS)
    return sorted((one for one in history if first <= one.day < day), key=_day_of)


def forecast(history: Sequence[Point], day: date) -> Forecast | None:
    """Look at the dates `within_reach` of a date; None when they are too few to speak."""
    if len(history) < MINIMUM_HISTORY:
        return None
    seasonal = sum(point.day.weekday() == day.weekday() for point in history) >= _SAME_WEEKDAY
    effects, spread = _first_look(history, seasonal=seasonal)
    if seasonal:
        effects = _weekday_effects(history, effects, reach=_NEAR * spread)
    plain = _without_effects(history, effects)
    *levels, level = _levels(plain, spread)
    deviations = sorted(abs(value - before) for value, before in zip(plain, levels, strict=True))
    wider = _uncertainty(len(history), len(history) / 7 if seasonal else None)
    return Forecast(
        day=day,
        centre=level + effects[day.weekday()],
        spread=FROM_MEDIAN * _median(deviations) * wider,
        tail=_FROM_90TH * deviations[ceil(0.9 * len(history)) - 1] * wider,
        history=history,
        fitted=[before + effects[point.day.weekday()] for before, point in zip(levels, history, strict=True)],
        effects=effects,
        weekday=day.weekday() if seasonal else None,
    )


def _first_look(history: Sequence[Point], *, seasonal: bool) -> tuple[Sequence[float], float]:
    """Return the profile of the week and the spread by medians alone, which need no idea of what is odd."""
    effects: Sequence[float] = [0.0] * 7
    if seasonal:
        effects = _weekday_effects(history, _weekday_effects(history, effects))
    plain = _without_effects(history, effects)
    levels = (_usual(_before(plain, at), None) for at in range(len(plain)))
    return effects, FROM_MEDIAN * middle(abs(value - level) for value, level in zip(plain, levels, strict=True))


def _weekday_effects(history: Sequence[Point], effects: Sequence[float], reach: float | None = None) -> Sequence[float]:
    """Return how far each day of the week usually is from the level around it, better than it was known."""
    plain = _without_effects(history, effects)
    apart: list[list[float]] = [[] for _ in range(7)]
    for at, point in enumerate(history):
        apart[point.day.weekday()].append(plain[at] - _usual(_around(plain, at), reach))
    return [effect + (_usual(own, reach) if own else 0.0) for effect, own in zip(effects, apart, strict=True)]


def _without_effects(history: Sequence[Point], effects: Sequence[float]) -> list[float]:
    return [point.value - effects[point.day.weekday()] for point in history]


def _levels(values: Sequence[float], spread: float) -> list[float]:
    """Return the level as it was known before each value, and after the last."""
    levels = [_usual(_before(values, at), _NEAR * spread) for at in range(LEVEL_DATES)]
    window = sorted(values[:LEVEL_DATES])
    for at in range(LEVEL_DATES, len(values) + 1):
        levels.append(_usual(_telling(values, at, _median(window), _ODD * spread), _NEAR * spread))
        if at < len(values):
            insort(window, values[at])
        if at >= _LONG_DATES:
            del window[bisect_left(window, values[at - _LONG_DATES])]
    return levels


def _telling(values: Sequence[float], end: int, usual: float, reach: float) -> Sequence[float]:
    """Return the values that tell the level: the last week's, without odd ones.

    Where the last few are all odd, the level has changed, and they alone tell it.
    """
    near: list[float] = []
    odd = 0
    for at in range(end - 1, max(end - _LONG_DATES, 0) - 1, -1):
        if abs(values[at] - usual) <= reach:
            near.append(values[at])
        elif not near:
            odd += 1
        if len(near) == LEVEL_DATES or odd == LEVEL_DATES:
            break
    return values[end - odd : end] if odd >= _CHANGED_DATES else near


def _usual(values: Sequence[float], reach: float | None) -> float:
    """Return the mean of the values that are not far from their median; the median, while nobody knows what far is.

    Up to half of the values may be odd. The mean of those that are not is closer to the truth than the median is.
    """
    ordered = sorted(values)
    centre = _median(ordered)
    if reach is None:
        return centre
    near = ordered
    if max(centre - ordered[0], ordered[-1] - centre) > reach:
        near = [value for value in ordered if abs(value - centre) <= reach]
    return sum(near) / len(near) if near else centre


def middle(values: Iterable[float]) -> float:
    """Return the median. A forecast asks for some two hundred, and the library's costs three times as much."""
    return _median(sorted(values))


def _median(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _day_of(one: Dated) -> date:
    return one.day


def _around(values: Sequence[float], at: int) -> Sequence[float]:
    start = min(max(at - LEVEL_DATES // 2, 0), len(values) - LEVEL_DATES)
    return values[start : start + LEVEL_DATES]


def _before(values: Sequence[float], at: int) -> Sequence[float]:
    """Return the values from which the level was known then; for the first ones, with those that follow."""
    if at >= LEVEL_DATES:
        return values[at - LEVEL_DATES : at]
    return [*values[:at], *values[at + 1 : LEVEL_DATES + 1]]


def doubt(dates: int) -> float:
    """Return how much wider than on many dates a spread is taken to be, that was measured on so many."""
    return 1 + (_FEW_DATES / dates) ** 2


def _uncertainty(dates: int, same_weekday: float | None) -> float:
    """Return how much wider than the deviations seen a prediction is: the profile was made from the same dates."""
    if same_weekday is None:
        return doubt(dates)
    return doubt(dates) * sqrt((1 + 1 / same_weekday) / (1 - 1 / same_weekday))


def _earlier_levels(values: Sequence[float], history: Sequence[Point]) -> tuple[float, float]:
    """Return where the level would be, had it stayed as it was, and had it gone on as it went."""
    last = history[-1].day
    ages = [(last - point.day).days for point in history]
    earlier = [(age, value) for age, value in zip(ages, values, strict=True) if age >= _EARLIER_DAYS]
    half = len(earlier) // 2
    if half < LEVEL_DATES:
        level = middle([value for _, value in earlier] or values)
        return level, level
    (old_age, old), (new_age, new) = (_centre_of(part) for part in (earlier[:half], earlier[half:]))
    gone_on = new + (new - old) * new_age / (old_age - new_age)
    level = middle(value for _, value in earlier)
    return min(level, gone_on), max(level, gone_on)


def _centre_of(part: Sequence[tuple[int, float]]) -> tuple[float, float]:
    return middle(age for age, _ in part), middle(value for _, value in part)


def _stayed(values: Sequence[float], history: Sequence[Point], limit: float) -> bool:
    low, high = _earlier_levels(values, history)
    return low - limit <= middle(values[-LEVEL_DATES:]) <= high + limit


def _without_jumps(values: Sequence[float], *, clear: float, least: float) -> list[float]:
    """Lift what lies before a sudden step to what lies behind it: a step was seen on its day, and is no creeping."""
    moved = list(values)
    for _ in range(_MOST_JUMPS):
        places = range(_JUMP_DATES, len(moved) - _JUMP_DATES + 1)
        found = [(jump, at) for at in places if (jump := _jump(moved, at)).is_step(clear=clear, least=least)]
        if not found:
            break
        jump, at = max(found)
        moved[:at] = [value + jump.step for value in moved[:at]]
    return moved


def _jump(values: Sequence[float], at: int) -> _Jump:
    """Compare the dates before a step with those behind it, one odd date on either side left out."""
    before, after = sorted(values[at - _JUMP_DATES : at]), sorted(values[at : at + _JUMP_DATES])
    return _Jump(
        gap=max(after[1] - before[-2], before[1] - after[-2]),
        step=after[_JUMP_DATES // 2] - before[_JUMP_DATES // 2],
        pace=max(before[-2] - before[1], after[-2] - after[1]) / (_JUMP_DATES - 3),
    )
