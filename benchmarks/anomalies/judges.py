"""Who says whether a date is usual: this project's baseline behind the interface that every other judge has too.

A judge gets one series, date after date, and is asked about the next value before it learns it.
"""

from collections.abc import Callable
from datetime import date
from typing import Protocol

from core.baseline import DEFAULT_TOLERANCE, Observation, expected_count, expected_rate

Usual = Callable[[float], bool]


class Judge(Protocol):
    """One series. ``usual`` returns None while it has seen too little to speak."""

    def learn(self, day: date, value: float, rows: int) -> None: ...
    def usual(self, day: date, rows: int) -> Usual | None: ...


class Baseline:
    """`core.baseline`, for counts or for rates."""

    def __init__(self, *, is_rate: bool, tolerance: float = DEFAULT_TOLERANCE) -> None:
        self._is_rate, self._tolerance = is_rate, tolerance
        self._history: list[Observation] = []

    def learn(self, day: date, value: float, rows: int) -> None:
        self._history.append(Observation(day, value, rows))

    def usual(self, day: date, rows: int) -> Usual | None:
        recent = self._history[-100:]
        expected = (
            expected_rate(recent, day, rows=rows, tolerance=self._tolerance)
            if self._is_rate
            else expected_count(recent, day, tolerance=self._tolerance)
        )
        return None if expected is None else lambda value: expected.low <= value <= expected.high
