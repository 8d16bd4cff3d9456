"""Years of a column whose mix of values moves, and of a rate: any number of values, even or lopsided, rare or frequent.

It knows nothing of how they are judged, and no judge was made for it: `simulate` has three mixes, this has any.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp
from random import Random
from typing import Final

from benchmarks.anomalies.simulate import FIRST_DAY, Day, noise, poisson

RISES: Final = (2, 3, 5, 8)
_DATES = 84 + 365
_ROWS = (100, 300, 1_000, 2_000, 10_000, 100_000, 1_000_000, 10_000_000)
_SATURDAY = 5


@dataclass(frozen=True)
class Mix:
    """What a column is like: ``lopsided`` is the spread of its values' weights, ``moves`` what each does in a day.

    ``weekly`` is what a weekend adds to every second value, ``drift`` how far a value goes in a year, as logarithms.
    ``percent`` is the rate, which moves in the same ways.
    """

    rows: int
    values: int
    lopsided: float
    moves: float
    heavy_tails: bool
    weekly: float
    drift: float
    growth: float
    noise_of_rows: float
    percent: float


def mix_of(seed: int) -> Mix:
    """Draw a mix; seeds in a row go through the sizes and the tails, so that each is there equally often."""
    random = Random(f"mix {seed}")
    return Mix(
        rows=_ROWS[seed % len(_ROWS)],
        values=random.randint(2, 12),
        lopsided=random.choice([0.3, 0.7, 1.0, 1.5]),
        moves=random.choice([0.01, 0.02, 0.05, 0.1]),
        heavy_tails=seed // len(_ROWS) % 4 == 3,
        weekly=random.choice([0.0, 0.1, 0.3]),
        drift=random.choice([0.0, 0.1, 0.4]),
        growth=random.choice([0.0, 0.3]),
        noise_of_rows=random.choice([0.0, 0.05, 0.15]),
        percent=random.choice([0.02, 0.1, 0.5, 1.0, 3.0, 10.0]),
    )


def mixed(mix: Mix, seed: int) -> list[Day]:
    """Return the dates of a year, and of the twelve weeks before it; the first of its values has the most rows."""
    random, of_rates = Random(f"mixed {seed}"), Random(f"rates {seed}")
    weights = sorted((exp(random.gauss(0, mix.lopsided)) for _ in range(mix.values)), reverse=True)
    ways = [random.gauss(0, mix.drift) for _ in weights]
    way = of_rates.gauss(0, mix.drift)
    made = (_types(random, mix, at, weights, ways) for at in range(_DATES))
    return [Day(_day(at), types, _rates(of_rates, mix, at, sum(types.values()), way)) for at, types in enumerate(made)]


def _types(random: Random, mix: Mix, at: int, weights: Sequence[float], ways: Sequence[float]) -> Mapping[str, int]:
    rows = mix.rows * (1 + mix.growth) ** (at / 365) * exp(random.gauss(0, mix.noise_of_rows))
    moved = list(_moved(random, mix, at, weights, ways))
    counts = [poisson(random, rows * weight / sum(moved)) for weight in moved]
    return {f"value_{number:02}": count for number, count in enumerate(counts)}


def _moved(random: Random, mix: Mix, at: int, weights: Sequence[float], ways: Sequence[float]) -> Iterator[float]:
    for number, (weight, way) in enumerate(zip(weights, ways, strict=True)):
        yield weight * _move(random, mix, at, way, weekly=mix.weekly if number % 2 else 0.0)


def _rates(random: Random, mix: Mix, at: int, rows: int, way: float) -> Mapping[str, int]:
    """Count the rows with the trouble, and those that a fault of so many times the rate would have had."""
    expected = rows * mix.percent / 100 * _move(random, mix, at, way, weekly=mix.weekly)
    rises = {f"rates x{rise}": min(rows, poisson(random, rise * expected)) for rise in RISES}
    return {"rates": min(rows, poisson(random, expected)), **rises}


def _move(random: Random, mix: Mix, at: int, way: float, *, weekly: float) -> float:
    weekend = weekly if _day(at).weekday() >= _SATURDAY else 0.0
    return exp(noise(random, mix.moves, heavy=mix.heavy_tails) + weekend + way * at / 365)


def _day(at: int) -> date:
    return FIRST_DAY + timedelta(at)
