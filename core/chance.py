"""What chance alone makes of a part of so many rows, when the part is known from other rows that were counted too.

It knows no dates, no week and no source that varies by itself.
"""

from itertools import accumulate
from math import exp, fsum, lgamma, sqrt
from statistics import NormalDist
from typing import Final

_NORMAL: Final = NormalDist()
# Part of a tolerance that chance gets. Its probabilities are exact, so it needs no reserve for spreads that were
# measured, or for tails wider than those of a normal distribution.
_OF_TOLERANCE: Final = 0.733
# Smaller probabilities are lost among the rounding of sums, and no data has days that are this improbable.
_LEAST_TAIL: Final = 1e-10
# What is left out of a sum, as a part of a tail.
_NEGLIGIBLE: Final = 1e-6
# Above so many expected rows the corrected normal distribution is as good as the sum, to a tenth of a row.
_MANY: Final = 100


def tail_of(tolerance: float, *, ends: int) -> float:
    """Return how probable it may be that chance passes an end, where a check has so many ends that it could pass.

    The more ends, the rarer each, so that a check errs as often whatever it looks at.
    """
    return max(2 * _NORMAL.cdf(-_OF_TOLERANCE * tolerance) / ends, _LEAST_TAIL)


def counts_by_chance(share: float, rows: int, *, known_from: float, tail: float) -> tuple[float, float]:
    """Return the range of a count among so many rows, of which either end is passed with a probability of ``tail``.

    The share, of 1, was found among ``known_from`` other rows and is uncertain itself, so the count has a beta-binomial
    distribution: one row more of each kind is taken to have been seen, as none seen does not mean that there is none.
    """
    if share > 0.5:
        low, high = counts_by_chance(1 - share, rows, known_from=known_from, tail=tail)
        return rows - high, rows - low
    of_it, of_others = share * known_from + 1, (1 - share) * known_from + 1
    if rows * of_it / (of_it + of_others) > _MANY:
        return _by_moments(of_it, of_others, rows, tail)
    return _by_sum(of_it, of_others, rows, tail)


def _by_sum(of_it: float, of_others: float, rows: int, tail: float) -> tuple[float, float]:
    found = _probabilities(of_it, of_others, rows, least=tail * _NEGLIGIBLE)
    # The first of them is a difference of large numbers and has their rounding, which all the others take over.
    passed = tail * fsum(found)
    return _passing(found, passed), len(found) - 1 - _passing(found[::-1], passed)


def _passing(probabilities: list[float], passed: float) -> int:
    """Return the position at which the sum of the probabilities from the first one on exceeds what may be passed."""
    return next((position for position, total in enumerate(accumulate(probabilities)) if total > passed), 0)


def _probabilities(of_it: float, of_others: float, rows: int, *, least: float) -> list[float]:
    """Return those of the counts from 0 on, as long as they rise or are not negligible."""
    together = of_it + of_others
    mean = rows * of_it / together
    found = [exp(lgamma(of_others + rows) + lgamma(together) - lgamma(of_others) - lgamma(together + rows))]
    for count in range(rows):
        if count > mean and found[-1] < least:
            break
        found.append(found[-1] * (rows - count) * (count + of_it) / ((count + 1) * (rows - count - 1 + of_others)))
    return found


def _by_moments(of_it: float, of_others: float, rows: int, tail: float) -> tuple[float, float]:
    """Correct the normal distribution by the skewness, as Cornish and Fisher do (https://doi.org/10.2307/1400905)."""
    together = of_it + of_others
    share = of_it / together
    deviation = sqrt(rows * share * (1 - share) * (together + rows) / (together + 1))
    skewed = (
        (together + 2 * rows)
        * (1 - 2 * share)
        / (together + 2)
        * sqrt((1 + together) / (rows * share * (1 - share) * (together + rows)))
    )
    reach = -_NORMAL.inv_cdf(tail)
    centre = rows * share + deviation * skewed * (reach**2 - 1) / 6
    return max(centre - reach * deviation, 0.0), min(centre + reach * deviation, float(rows))
