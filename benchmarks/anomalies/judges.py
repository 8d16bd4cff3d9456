"""Who says whether a date is usual: this project's baseline, behind the interface that every other judge has too.

A judge gets one series of dates, one after the other, and is asked about the next one before it learns it.
"""

from collections.abc import Callable
from typing import Protocol

from benchmarks.anomalies.simulate import Day
from core.baseline import DEFAULT_TOLERANCE, Observation, expected_count, expected_rate
from core.forecasts import HISTORY_DAYS
from core.shares import ShareObservation, distance, expected_shares

Usual = Callable[[Day], bool]


class Judge(Protocol):
    """One check of one data set. ``usual`` returns None while it has seen too little to speak."""

    def learn(self, day: Day) -> None: ...
    def usual(self, day: Day) -> Usual | None: ...


def value_of(day: Day, check: str) -> float:
    """Return what a check looks at: a count of rows, or a rate in percent."""
    return day.rows if check == "rows" else day.rate(check)


class Baseline:
    """`core.baseline`, for counts and rates."""

    def __init__(self, check: str, *, tolerance: float = DEFAULT_TOLERANCE) -> None:
        self._check, self._tolerance = check, tolerance
        self._history: list[Observation] = []

    def learn(self, day: Day) -> None:
        self._history.append(Observation(day.day, value_of(day, self._check), day.rows))

    def usual(self, day: Day) -> Usual | None:
        recent, check = self._history[-HISTORY_DAYS:], self._check
        expected = (
            expected_count(recent, day.day, tolerance=self._tolerance)
            if check == "rows"
            else expected_rate(recent, day.day, rows=day.rows, tolerance=self._tolerance)
        )
        return None if expected is None else lambda asked: expected.low <= value_of(asked, check) <= expected.high


class Shares:
    """`core.shares`, for the shares of the types."""

    def __init__(self, *, tolerance: float = DEFAULT_TOLERANCE) -> None:
        self._tolerance = tolerance
        self._history: list[ShareObservation] = []

    def learn(self, day: Day) -> None:
        self._history.append(ShareObservation(day.day, day.types))

    def usual(self, day: Day) -> Usual | None:
        recent = self._history[-HISTORY_DAYS:]
        expected = expected_shares(recent, day.day, rows=day.rows, tolerance=self._tolerance)
        if expected is None:
            return None
        return lambda asked: (
            distance(asked.types, expected.shares) <= expected.highest_distance and not expected.moved(asked.types)
        )


def baseline(check: str, *, tolerance: float = DEFAULT_TOLERANCE) -> Judge:
    """Return this project's judge for a check."""
    return Shares(tolerance=tolerance) if check in {"shares", "mixes"} else Baseline(check, tolerance=tolerance)
