import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from benchmarks.anomalies.judges import baseline
from benchmarks.anomalies.measure import judged_year
from benchmarks.anomalies.mixes import Mix, mixed
from core.forecasts import HISTORY_DAYS
from core.shares import ShareObservation, distance, expected_shares
from tests.unit.test_baseline import TODAY, TYPES, before, shares, usual_shares

EVEN = Mix(
    rows=300,
    values=6,
    lopsided=0.7,
    moves=0.05,
    heavy_tails=False,
    weekly=0.1,
    drift=0,
    growth=0,
    noise_of_rows=0.05,
    percent=1,
)


class TestShares:
    def test_distance_is_the_part_that_would_have_to_change_its_value(self) -> None:
        assert distance({"a": 50, "b": 50}, {"a": 60.0, "b": 40.0}) == pytest.approx(10)
        assert distance({"a": 7}, {"b": 100.0}) == pytest.approx(100)
        assert distance({"a": 3, "b": 1}, {"a": 75.0, "b": 25.0}) == 0

    def test_usual_shares_are_in_percent_of_all(self) -> None:
        expected = usual_shares(shares())
        assert sum(expected.shares.values()) == pytest.approx(100)
        assert expected.shares["purchase"] == pytest.approx(3, rel=0.05)
        assert expected.moved({"view": 62_000, "click": 35_000, "purchase": 3_000}) == ()

    @pytest.mark.parametrize("name", TYPES)
    @pytest.mark.parametrize("rows", [1_000, 1_000_000])
    def test_a_missing_value_has_moved(self, name: str, rows: int) -> None:
        counted = {other: 0 if other == name else rows * share // 100 for other, share in TYPES.items()}
        assert name in usual_shares(shares(rows), rows=sum(counted.values())).moved(counted)
        without = {other: count for other, count in counted.items() if count}
        assert name in usual_shares(shares(rows), rows=sum(counted.values())).moved(without)

    def test_with_many_values_each_may_be_further_off(self) -> None:
        history = shares()
        with_many = [
            ShareObservation(one.day, {**one.counts, **{f"rare_{number}": 1 for number in range(50)}})
            for one in history
        ]
        (low, high), (lower, higher) = (usual_shares(one).ranges["purchase"] for one in (history, with_many))
        assert higher - lower > 1.05 * (high - low)

    def test_the_value_that_moved_furthest_comes_first(self) -> None:
        moved = usual_shares(shares()).moved({"view": 30_000, "click": 64_000, "purchase": 6_000})
        assert moved == ("view", "click", "purchase")

    def test_a_value_that_nobody_has_seen_has_moved(self) -> None:
        expected = usual_shares(shares())
        assert expected.moved({"view": 62_000, "click": 35_000, "purchase": 3_000, "refund": 5_000}) == ("refund",)
        assert expected.moved({"view": 62_000, "click": 35_000, "purchase": 3_000, "refund": 20}) == ()

    def test_many_small_moves_are_far_together(self) -> None:
        expected = usual_shares(shares())
        assert (
            distance({"view": 62_500, "click": 34_500, "purchase": 3_000}, expected.shares) < expected.highest_distance
        )
        assert (
            distance({"view": 40_000, "click": 55_000, "purchase": 5_000}, expected.shares) > expected.highest_distance
        )

    def test_few_rows_may_be_further_off(self) -> None:
        few, many = usual_shares(shares(), rows=100), usual_shares(shares(), rows=1_000_000)
        assert few.highest_distance > many.highest_distance
        assert few.ranges["purchase"][0] < many.ranges["purchase"][0]
        assert few.ranges["purchase"][1] > many.ranges["purchase"][1]

    def test_dates_without_rows_have_no_shares(self) -> None:
        empty = [ShareObservation(one.day, dict.fromkeys(TYPES, 0)) for one in shares()[:10]]
        assert usual_shares(empty + shares()[10:]).dates == HISTORY_DAYS - 10

    def test_a_value_that_appeared_lately_is_expected_as_it_is(self) -> None:
        history = [
            ShareObservation(one.day, {**one.counts, "refund": 9_000} if at >= HISTORY_DAYS - 10 else one.counts)
            for at, one in enumerate(shares())
        ]
        expected = usual_shares(history)
        assert expected.ranges["refund"][0] > 1
        assert expected.moved({"view": 62_000, "click": 35_000, "purchase": 3_000, "refund": 9_000}) == ()


def test_a_small_share_that_is_always_there_must_not_be_gone() -> None:
    """Of 100,000 rows a tenth of a percent are a hundred; of 2,000 they are two, and may be none."""
    for rows, is_odd in ((100_000, True), (2_000, False)):
        chance = Random(3)
        history = []
        for back in range(1, 60):
            few = max(0, round(chance.gauss(rows / 1000, math.sqrt(rows / 1000))))
            history.append(ShareObservation(TODAY - timedelta(days=back), {"a": rows - few, "b": few}))
        usual = expected_shares(history, TODAY, rows=rows)
        assert usual is not None
        assert ("b" in usual.moved({"a": rows, "b": 0})) == is_odd
        assert usual.moved({"a": rows - rows // 1000, "b": rows // 1000}) == ()


@pytest.mark.parametrize(
    ("mix", "seeds"),
    [
        (replace(EVEN, rows=100, values=12), (3, 9)),
        (replace(EVEN, rows=300, values=6), (1, 2)),
        (replace(EVEN, rows=2_000, values=4), (0, 2)),
    ],
    ids=["100 rows, 12 values", "300 rows, 6 values", "2,000 rows, 4 values"],
)
def test_a_mix_that_moves_has_hardly_a_false_alarm_on_a_short_history_however_many_values_it_has(
    mix: Mix, seeds: Sequence[int]
) -> None:
    """Each of these years had one or two false alarms on 49 dates, while chance had no exact probability."""
    years = [judged_year(baseline("mixes"), mixed(mix, seed)[:70], "mixes") for seed in seeds]
    assert [year["quiet dates"] for year in years] == [49] * len(seeds)
    assert sum(year["quiet alarms"] for year in years) <= 1


@pytest.mark.parametrize("rows", [300, 2_000, 20_000])
def test_a_value_that_is_missing_is_found_where_there_were_thirty_rows_of_it(rows: int) -> None:
    year = judged_year(baseline("mixes"), mixed(replace(EVEN, rows=rows), 1)[:60], "mixes")
    for fault in ("most frequent type missing", "rare type missing"):
        assert year[f"{fault}, found"] == year[f"{fault}, tried"] > 0


@pytest.mark.parametrize("values", [2, 12])
def test_a_value_that_is_missing_is_found_where_nine_rows_of_it_are_usual_however_many_values_there_are(
    values: int,
) -> None:
    random = Random(1)
    others = {f"other_{at}": 290 // (values - 1) for at in range(values - 1)}
    known = [
        ShareObservation(day, {**others, "rare": sum(random.random() < 0.03 for _ in range(300))}) for day in before(60)
    ]
    assert usual_shares(known, rows=300).moved(others) == ("rare",)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("moves", [0.01, 0.05])
def test_a_value_twice_is_found_where_its_rows_are_many(moves: float, seed: int) -> None:
    year = judged_year(baseline("mixes"), mixed(replace(EVEN, rows=20_000, moves=moves), seed)[50:98], "mixes")
    for fault in ("most frequent type twice", "rare type twice"):
        assert year[f"{fault}, found"] >= 0.95 * year[f"{fault}, tried"] > 0


class TestCreeping:
    """A share is a little higher each day, or it is higher from one day on."""

    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize("change", [1.05, 1.04, 0.95])
    def test_is_found_within_three_weeks(self, change: float, seed: int) -> None:
        assert any(alarms(lambda at: change ** max(at, 0), seed, dates=21))
        assert not any(alarms(lambda _: 1.0, seed, dates=21))

    def test_keeps_the_range_where_it_was(self) -> None:
        crept = usual_shares(history(lambda at: 1.04**at if at > 0 else 1.0, seed=1, until=14))
        low, high = crept.ranges["c"]
        assert low < 21 < high < 24
        assert "c" in crept.moved({"a": 40_000, "b": 30_000, "c": 34_600, "d": 8_000, "e": 2_000})

    @pytest.mark.parametrize("seed", range(2))
    @pytest.mark.parametrize("step", [1.25, 1.7, 2.5])
    def test_is_told_from_a_step_which_is_told_on_its_days_only(self, step: float, seed: int) -> None:
        """The share of each other value makes a step as well, a smaller one."""
        found = alarms(lambda at: step if at >= 0 else 1.0, seed, dates=40)
        assert found[0]
        assert sum(found) <= 5


def history(factor: Callable[[int], float], *, seed: int, until: int) -> list[ShareObservation]:
    """Make dates of five values that vary by 3 %; from day 0 on, one has so many times its rows."""
    random = Random(seed)
    weights = {"a": 40, "b": 30, "c": 20, "d": 8, "e": 2}
    return [
        ShareObservation(
            TODAY + timedelta(days=at - until),
            {
                name: round(1_000 * weight * random.lognormvariate(0, 0.02) * (factor(at) if name == "c" else 1))
                for name, weight in weights.items()
            },
        )
        for at in range(-HISTORY_DAYS, until)
    ]


def alarms(factor: Callable[[int], float], seed: int, *, dates: int) -> list[bool]:
    observed = history(factor, seed=seed, until=dates)
    return [is_odd(observed[: HISTORY_DAYS + at], observed[HISTORY_DAYS + at]) for at in range(dates)]


def is_odd(known: Sequence[ShareObservation], now: ShareObservation) -> bool:
    expected = expected_shares(known, now.day, rows=sum(now.counts.values()))
    assert expected is not None
    return bool(expected.moved(now.counts)) or distance(now.counts, expected.shares) > expected.highest_distance


@pytest.mark.parametrize("rows", [0, 1, 100, 10**9])
@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_values_were_their_ranges_and_the_distance_are_percentages(seed: int, rows: int) -> None:
    random = Random(seed)
    scale, values = 10 ** random.uniform(0, 8), random.randint(1, 4)
    known = [
        ShareObservation(day, {f"value_{at}": random.choice([0, 1, round(scale)]) for at in range(values)})
        for day in before(80)
    ]
    expected = usual_shares(known, rows=rows)
    assert all(0 <= low <= high <= 100 for low, high in expected.ranges.values())
    assert 0 < expected.highest_distance <= 100


def test_a_column_of_one_value_is_usual_with_that_value() -> None:
    expected = usual_shares([ShareObservation(day, {"a": 10**9}) for day in before(60)], rows=1_000)
    assert expected.moved({"a": 1_000}) == ()
    assert expected.moved({"a": 900, "b": 100}) == ("a", "b")
