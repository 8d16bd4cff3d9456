"""Years of published dates, made from a seed: how many rows, of what type, how many null, malformed or duplicate.

It knows nothing of how they are judged. The same seed gives the same year everywhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from math import cos, exp, log, pi, sqrt
from random import Random

FIRST_DAY = date(2024, 1, 1)
LEARNING_DAYS = 98
JUDGED_DAYS = 365
RATES = {"nulls": 1.0, "malformed": 0.02, "duplicates": 0.5}
HOLIDAY_LEVEL = 0.3
# With four degrees of freedom, one day in 200 is beyond four standard deviations; with normal noise, one in 16,000.
_TAIL_DEGREES = 4
_WEEKENDS = {"flat": 1.0, "quiet weekends": 0.4, "busy weekends": 1.8}
_TYPES = {
    "few": {"view": 62.0, "click": 35.0, "purchase": 3.0},
    "some": {"view": 45.0, "click": 25.0, "search": 14.0, "cart": 8.0, "purchase": 5.0, "refund": 3.0},
    "many": {f"type_{number:02}": 20 * 0.8**number for number in range(12)},
}


@dataclass(frozen=True)
class Shape:
    """What a data set is like: its size, its noise (``sigma``, as a share of a day), and how it moves."""

    rows: int
    sigma: float
    heavy_tails: bool
    weekend: str
    growth: float
    seasons: float
    missing: float
    holidays: bool
    accepted: float
    rate_sigma: float
    share_sigma: float
    types: str


@dataclass(frozen=True)
class Day:
    """One date: rows by type and rows per kind of trouble; ``kind`` is quiet, holiday or accepted (an odd day)."""

    day: date
    types: Mapping[str, int]
    troubles: Mapping[str, int]
    kind: str = "quiet"

    @cached_property
    def rows(self) -> int:
        return sum(self.types.values())

    def rate(self, trouble: str) -> float:
        return 100 * self.troubles[trouble] / self.rows if self.rows else 0.0

    def scaled(self, factor: float) -> "Day":
        """Return the day with so many times its rows, in the same proportions."""
        return replace(
            self,
            types={name: round(count * factor) for name, count in self.types.items()},
            troubles={name: round(count * factor) for name, count in self.troubles.items()},
        )

    def without(self, name: str) -> "Day":
        """Return the day without the rows of one type, and without the troubles that were in them."""
        left = {other: 0 if other == name else count for other, count in self.types.items()}
        factor = sum(left.values()) / max(self.rows, 1)
        return replace(self, types=left, troubles={key: round(count * factor) for key, count in self.troubles.items()})

    def times(self, name: str, factor: float) -> "Day":
        """Return the day with so many times the rows of one type, on top of those of the others."""
        return replace(self, types={**self.types, name: round(self.types[name] * factor)})

    def with_rate(self, trouble: str, percent: float) -> "Day":
        return replace(self, troubles={**self.troubles, trouble: round(self.rows * percent / 100)})


def shape_of(seed: int) -> Shape:
    """Draw a shape; seeds in a row go through the noises and the tails, so that each is there equally often."""
    random = Random(f"shape {seed}")
    return Shape(
        rows=random.choice([300, 1_000, 5_000, 50_000, 1_000_000, 10_000_000]),
        sigma=(0.02, 0.04, 0.06, 0.08, 0.12)[seed % 5],
        heavy_tails=seed // 5 % 2 == 1,
        weekend=random.choice(list(_WEEKENDS)),
        growth=random.choice([0.0, 0.1, 0.4]),
        seasons=random.choice([0.0, 0.1]),
        missing=random.choice([0.0, 0.03]),
        holidays=random.random() < 2 / 3,
        accepted=random.choice([0.0, 0.0, 0.03]),
        rate_sigma=random.choice([0.05, 0.15, 0.3]),
        share_sigma=random.choice([0.02, 0.05, 0.1]),
        types=random.choice(list(_TYPES)),
    )


def simulated(shape: Shape, seed: int) -> list[Day]:
    """Return the dates of a year, and of the months before it from which a judge learns."""
    random = Random(f"year {seed}")
    days = [FIRST_DAY + timedelta(at) for at in range(LEARNING_DAYS + JUDGED_DAYS)]
    holidays = _holidays(random, days) if shape.holidays else set()
    made = [_day(random, shape, at, day, is_holiday=day in holidays) for at, day in enumerate(days)]
    return [day for day in made if random.random() >= shape.missing]


def _holidays(random: Random, days: Sequence[date]) -> set[date]:
    alone = {day for day in days if random.random() < 8 / 365}
    return alone | {day for day in days if day.month == 12 and 24 <= day.day <= 26}


def _day(random: Random, shape: Shape, at: int, day: date, *, is_holiday: bool) -> Day:
    level = shape.rows * (1 + shape.growth) ** (at / 365) * (1 + shape.seasons * cos(2 * pi * at / 365))
    level *= _WEEKENDS[shape.weekend] if day.weekday() >= 5 else 1.0
    level *= exp(noise(random, shape.sigma, heavy=shape.heavy_tails))
    kind = "holiday" if is_holiday else "accepted" if random.random() < shape.accepted else "quiet"
    level *= HOLIDAY_LEVEL if is_holiday else random.choice([0.5, 2.0, 0.1]) if kind == "accepted" else 1.0
    types = dict(zip(_TYPES[shape.types], _split(random, shape, at, day, level), strict=True))
    rows = sum(types.values())
    troubles = {name: _binomial(random, rows, _rate(random, shape, day, usual)) for name, usual in RATES.items()}
    return Day(day, types, troubles, kind)


def _split(random: Random, shape: Shape, at: int, day: date, level: float) -> Iterator[int]:
    """Part the rows into types: each has its noise, moves with the year, and a little with the weekend."""
    usual = _TYPES[shape.types].values()
    weights = [
        share
        * exp(random.gauss(0, shape.share_sigma) + 0.1 * cos(2 * pi * (at / 365 + number / 5)))
        * (1.2 if number % 2 and day.weekday() >= 5 else 1.0)
        for number, share in enumerate(usual)
    ]
    total = sum(weights)
    return (poisson(random, level * weight / total) for weight in weights)


def _rate(random: Random, shape: Shape, day: date, usual: float) -> float:
    weekend = 1.3 if day.weekday() >= 5 else 1.0
    return min(usual / 100 * weekend * exp(noise(random, shape.rate_sigma, heavy=shape.heavy_tails)), 1.0)


def noise(random: Random, sigma: float, *, heavy: bool) -> float:
    """Draw noise of a standard deviation; with heavy tails, from Student's distribution."""
    if not heavy:
        return random.gauss(0, sigma)
    chi_square = sum(random.gauss(0, 1) ** 2 for _ in range(_TAIL_DEGREES))
    scale = sigma * sqrt((_TAIL_DEGREES - 2) / _TAIL_DEGREES)
    return scale * random.gauss(0, 1) / sqrt(chi_square / _TAIL_DEGREES)


def _binomial(random: Random, rows: int, share: float) -> int:
    return min(rows, poisson(random, rows * share))


def poisson(random: Random, mean: float) -> int:
    """Draw a count: exact for a small mean, by the normal distribution for a large one."""
    if mean > 200:
        return max(0, round(random.gauss(mean, sqrt(mean))))
    count, left = 0, mean
    while (left := left + log(1 - random.random())) > 0:
        count += 1
    return count
