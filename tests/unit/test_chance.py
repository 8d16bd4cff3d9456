import itertools
from fractions import Fraction
from math import comb, factorial

import pytest

from core.chance import counts_by_chance, tail_of


def above(count: int, *, of_it: int, of_others: int, rows: int) -> float:
    """Add up exactly how probable more than ``count`` of so many rows are, of an urn that gets each ball back twice."""
    together = of_it + of_others - 1
    whole = Fraction(factorial(rows + together), factorial(together))
    ways = sum(
        comb(rows, found) * _rising(of_it, found) * _rising(of_others, rows - found)
        for found in range(count + 1, rows + 1)
    )
    return float(ways / whole)


def _rising(start: int, times: int) -> int:
    return factorial(start + times - 1) // factorial(start - 1)


@pytest.mark.parametrize("rows", [1, 7, 60, 120])
@pytest.mark.parametrize(("seen", "known_from"), [(0, 300), (1, 300), (20, 300), (100, 300), (200, 300), (60, 60)])
@pytest.mark.parametrize("tail", [0.05, 0.001, 0.00002])
def test_each_end_is_passed_as_rarely_as_asked_and_no_end_is_wider_than_that(
    rows: int, seen: int, known_from: int, tail: float
) -> None:
    low, high = counts_by_chance(seen / known_from, rows, known_from=known_from, tail=tail)
    urn = {"of_it": seen + 1, "of_others": known_from - seen + 1}
    other_urn = {"of_it": urn["of_others"], "of_others": urn["of_it"]}
    assert above(round(high), rows=rows, **urn) <= tail * 1.001 + 1e-12
    assert above(round(rows - low), rows=rows, **other_urn) <= tail * 1.001 + 1e-12
    assert high == 0 or above(round(high) - 1, rows=rows, **urn) > tail * 0.999
    assert low == rows or above(round(rows - low) - 1, rows=rows, **other_urn) > tail * 0.999


@pytest.mark.parametrize("share", [0.002, 0.01, 0.2, 0.5, 0.8])
@pytest.mark.parametrize("tail", [0.001, 0.00002])
def test_many_rows_are_reckoned_as_few_ones_are(share: float, tail: float) -> None:
    """Above a hundred expected rows there is no sum any more: the ends go on without a step."""
    rows = [round(expected / min(share, 1 - share)) for expected in (97, 99, 101.2, 103)]
    ends = [counts_by_chance(share, one, known_from=7 * one, tail=tail) for one in rows]
    for (low, high), (next_low, next_high) in itertools.pairwise(ends):
        assert 0 <= next_low - low <= 3 / min(share, 1 - share)
        assert 0 <= next_high - high <= 3 / min(share, 1 - share)
    halves = [(high - low) / 2 for low, high in ends]
    assert halves[2] == pytest.approx(halves[1], rel=0.03)


@pytest.mark.parametrize("rows", [0, 1, 1_000, 10_000_000])
@pytest.mark.parametrize("share", [0.0, 1e-9, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("tolerance", [1, 4.5, 100])
def test_every_range_lies_among_the_rows_and_around_what_is_expected(rows: int, share: float, tolerance: float) -> None:
    tail = tail_of(tolerance, ends=20)
    low, high = counts_by_chance(share, rows, known_from=max(7 * rows, 1), tail=tail)
    assert 0 <= low <= share * rows <= high <= rows or (rows == 1 and 0 <= low <= high <= 1)


def test_the_less_is_known_the_wider_is_the_range() -> None:
    little, much = (counts_by_chance(0.1, 500, known_from=known, tail=0.001) for known in (100, 100_000))
    assert little[0] < much[0] < 50 < much[1] < little[1]


def test_what_was_never_seen_may_be_there_in_a_few_rows() -> None:
    assert counts_by_chance(0.0, 1_000, known_from=7_000, tail=0.0005)[1] in range(2, 6)


def test_a_check_with_many_ends_passes_each_more_rarely() -> None:
    assert tail_of(4.5, ends=1) == pytest.approx(0.00097, rel=0.01)
    assert tail_of(4.5, ends=24) == pytest.approx(tail_of(4.5, ends=1) / 24)
    assert tail_of(3, ends=1) > tail_of(4.5, ends=1) > tail_of(6, ends=1) > 0
