"""The classic faults: what each makes of a date that was fine, and which check has to find it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from benchmarks.anomalies.mixes import RISES
from benchmarks.anomalies.simulate import Day

Fault = Callable[[Day], Day | None]
# A rare type is the rarest that has so much of the day: in percent, and in rows.
_RARE_PERCENT, _RARE_ROWS = 2, 30

DRIFT_A_DAY: Final = 0.985
DRIFT_DATES: Final = 35
RISE_A_DAY: Final = 1.05
SHIFT: Final = 1.6
SHIFT_DATES: Final = 28


def _rare(day: Day) -> str | None:
    """Name the rarest type that has enough rows to be missed, if any."""
    enough = max(day.rows * _RARE_PERCENT / 100, _RARE_ROWS)
    found = [(count, name) for name, count in day.types.items() if count >= enough]
    return min(found)[1] if found else None


def _risen(day: Day, *, rise: int) -> Day:
    return replace(day, troubles={"rates": day.troubles[f"rates x{rise}"]})


def _grown(day: Day, trouble: str, days: int) -> Day:
    return day.with_rate(trouble, min(day.rate(trouble) * RISE_A_DAY**days, 100))


CLASSIC: Final[Mapping[str, Mapping[str, Fault]]] = {
    "rows": {
        "half the rows": lambda day: day.scaled(0.5),
        "twice the rows": lambda day: day.scaled(2),
        "5 % of the rows": lambda day: day.scaled(0.05),
    },
    "nulls": {"1 % to 8 %": lambda day: day.with_rate("nulls", 8)},
    "malformed": {"0.02 % to 2 %": lambda day: day.with_rate("malformed", 2)},
    "duplicates": {"0.5 % to 4 %": lambda day: day.with_rate("duplicates", 4)},
    "shares": {
        "most frequent type missing": lambda day: day.without(next(iter(day.types))),
        "rarest type missing": lambda day: day.without(list(day.types)[-1]),
    },
    "mixes": {
        "most frequent type missing": lambda day: day.without(next(iter(day.types))),
        "rare type missing": lambda day: None if (name := _rare(day)) is None else day.without(name),
        "most frequent type twice": lambda day: day.times(next(iter(day.types)), 2),
        "rare type twice": lambda day: None if (name := _rare(day)) is None else day.times(name, 2),
    },
    "rates": {f"x{rise}": partial(_risen, rise=rise) for rise in RISES},
}
# Smaller ones, of which nobody can say that they must be found: how far a judge sees.
SMALL: Final[Mapping[str, Mapping[str, Fault]]] = {
    "rows": {"70 % of the rows": lambda day: day.scaled(0.7)},
    "nulls": {"1 % to 3 %": lambda day: day.with_rate("nulls", 3)},
    "malformed": {"0.02 % to 0.5 %": lambda day: day.with_rate("malformed", 0.5)},
    "duplicates": {"0.5 % to 2 %": lambda day: day.with_rate("duplicates", 2)},
    "shares": {},
    "mixes": {},
    "rates": {},
}
# What a day becomes of which everything was a little more, or less, each day for so many days. Where it is given as a
# rate of what rows are there, that grows by a twentieth a day.
CREEPING: Final[Mapping[str, Callable[[Day, int], Day]]] = {
    "rows": lambda day, days: day.scaled(DRIFT_A_DAY**days),
    "nulls": lambda day, days: _grown(day, "nulls", days),
    "rates": lambda day, days: _grown(day, "rates", days),
    "mixes": lambda day, days: day.times(list(day.types)[len(day.types) // 2], RISE_A_DAY**days),
}
