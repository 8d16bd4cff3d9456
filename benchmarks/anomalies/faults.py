"""The classic faults: what each makes of a date that was fine, and which check has to find it."""

from collections.abc import Callable, Mapping
from typing import Final

from benchmarks.anomalies.simulate import Day

Fault = Callable[[Day], Day]

DRIFT_A_DAY: Final = 0.985
DRIFT_DATES: Final = 35
SHIFT: Final = 1.6
SHIFT_DATES: Final = 28

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
}
# Smaller ones, of which nobody can say that they must be found: how far a judge sees.
SMALL: Final[Mapping[str, Mapping[str, Fault]]] = {
    "rows": {"70 % of the rows": lambda day: day.scaled(0.7)},
    "nulls": {"1 % to 3 %": lambda day: day.with_rate("nulls", 3)},
    "malformed": {"0.02 % to 0.5 %": lambda day: day.with_rate("malformed", 0.5)},
    "duplicates": {"0.5 % to 2 %": lambda day: day.with_rate("duplicates", 2)},
    "shares": {},
}
