import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from benchmarks.anomalies.faults import CLASSIC
from benchmarks.anomalies.judges import baseline
from benchmarks.anomalies.measure import judged_year
from benchmarks.anomalies.simulate import shape_of, simulated
from core.baseline import DEFAULT_TOLERANCE, Expected, Observation, expected_count, expected_rate
from core.forecasts import HISTORY_DAYS, MINIMUM_HISTORY
from core.shares import ExpectedShares, ShareObservation, expected_shares

HELD_OUT_SEED = 1_001
TODAY = date(2025, 6, 24)
TUESDAY = 1
TYPES = {"view": 62, "click": 35, "purchase": 3}


def before(dates: int, *, until: date = TODAY) -> list[date]:
    return [until - timedelta(days=back) for back in range(dates, 0, -1)]


def counts(values: Sequence[float], *, until: date = TODAY) -> list[Observation]:
    return [
        Observation(day, value, round(value))
        for day, value in zip(before(len(values), until=until), values, strict=True)
    ]


def weekly(rows: int = 100_000, *, dates: int = HISTORY_DAYS, weekend: float = 0.4, seed: int = 1) -> list[Observation]:
    """Make counts with 3 % of noise and other weekends."""
    random = Random(seed)
    levels = [weekend if day.weekday() >= 5 else 1.0 for day in before(dates)]
    return counts([round(rows * level * random.lognormvariate(0, 0.03)) for level in levels])


def rates(percent: float, *, rows: int = 100_000, dates: int = HISTORY_DAYS, seed: int = 1) -> list[Observation]:
    random = Random(seed)
    return [Observation(day, min(percent * random.lognormvariate(0, 0.1), 95.0), rows) for day in before(dates)]


def shares(rows: int = 100_000, *, dates: int = HISTORY_DAYS, seed: int = 1) -> list[ShareObservation]:
    random = Random(seed)
    return [
        ShareObservation(
            day, {name: round(rows * share / 100 * random.lognormvariate(0, 0.02)) for name, share in TYPES.items()}
        )
        for day in before(dates)
    ]


def usual(history: Sequence[Observation], **options: float) -> Expected:
    expected = expected_count(history, TODAY, **options)
    assert expected is not None
    return expected


def usual_rate(history: Sequence[Observation], *, rows: int = 100_000) -> Expected:
    expected = expected_rate(history, TODAY, rows=rows)
    assert expected is not None
    return expected


def usual_shares(history: Sequence[ShareObservation], *, rows: int = 100_000) -> ExpectedShares:
    expected = expected_shares(history, TODAY, rows=rows)
    assert expected is not None
    return expected


class TestHistory:
    def test_three_weeks_are_the_least(self) -> None:
        assert MINIMUM_HISTORY == 21
        assert expected_count(counts([1000.0] * 20), TODAY) is None
        assert expected_count(counts([1000.0] * 21), TODAY) is not None
        assert expected_rate(rates(1, dates=20), TODAY, rows=1000) is None
        assert expected_shares(shares(dates=20), TODAY, rows=1000) is None

    def test_no_history_is_too_little(self) -> None:
        assert expected_count([], TODAY) is None
        assert expected_rate([], TODAY, rows=0) is None
        assert expected_shares([], TODAY, rows=0) is None

    @pytest.mark.parametrize("seed", range(5))
    def test_the_order_in_which_dates_come_changes_nothing(self, seed: int) -> None:
        shuffled, of_shares, of_rates = weekly(), shares(), rates(1)
        for history in (shuffled, of_shares, of_rates):
            Random(seed).shuffle(history)
        assert usual(shuffled) == usual(weekly())
        assert usual_rate(of_rates) == usual_rate(rates(1))
        assert usual_shares(of_shares) == usual_shares(shares())

    def test_the_judged_date_and_later_ones_are_no_history(self) -> None:
        later = [Observation(TODAY + timedelta(days=ahead), 5.0, 5) for ahead in range(60)]
        assert usual(weekly() + later) == usual(weekly())
        only_later = [ShareObservation(one.day, {"view": 5}) for one in later]
        assert expected_shares(only_later, TODAY, rows=5) is None

    def test_what_is_too_long_ago_is_no_history(self) -> None:
        old = counts([7.0] * 100, until=TODAY - timedelta(days=HISTORY_DAYS))
        assert usual(old + weekly()) == usual(weekly())
        assert expected_count(old, TODAY) is None

    @pytest.mark.parametrize("seed", range(5))
    def test_missing_dates_change_little(self, seed: int) -> None:
        kept = [one for one in weekly() if Random(f"{seed} {one.day}").random() < 0.8]
        whole, gaps = usual(weekly()), usual(kept)
        assert gaps.dates == len(kept) < whole.dates
        assert gaps.low == pytest.approx(whole.low, rel=0.06)
        assert gaps.high == pytest.approx(whole.high, rel=0.06)

    def test_it_tells_how_many_dates_and_which_weekday_it_used(self) -> None:
        expected = usual(weekly())
        assert (expected.dates, expected.weekday) == (HISTORY_DAYS, TUESDAY)
        assert usual_shares(shares()).weekday == TUESDAY

    def test_a_day_of_the_week_with_fewer_than_three_dates_is_not_told_apart(self) -> None:
        expected = usual([one for one in weekly() if one.day.weekday() != TUESDAY])
        assert expected.weekday is None
        assert expected.low < 100_000 < expected.high

    def test_two_years_for_fifty_checks_take_below_a_second(self) -> None:
        """On a quiet machine it is 50 ms; the limit has room for a busy one."""
        history = weekly(dates=730)
        start = time.process_time()
        for _ in range(50):
            usual(history)
        assert time.process_time() - start < 1


class TestCounts:
    @pytest.mark.parametrize("rows", [1_000, 30_000, 10_000_000])
    @pytest.mark.parametrize("weekend", [0.4, 1.0, 1.8])
    @pytest.mark.parametrize("factor", [0.05, 0.5, 2.0])
    def test_half_a_doubled_and_a_nearly_empty_day_are_unusual(self, rows: int, weekend: float, factor: float) -> None:
        history = weekly(rows, weekend=weekend)
        for day in (TODAY, TODAY + timedelta(days=4)):
            level = weekend if day.weekday() >= 5 else 1.0
            expected = expected_count(history, day)
            assert expected is not None
            assert expected.low < rows * level < expected.high
            assert not expected.low <= rows * level * factor <= expected.high

    def test_a_weekend_is_compared_with_weekends(self) -> None:
        saturday = expected_count(weekly(), date(2025, 6, 28))
        assert saturday is not None
        assert saturday.weekday == 5
        assert 25_000 < saturday.low < 40_000 < saturday.high < 60_000

    def test_a_steady_count_leaves_room_for_a_few_percent(self) -> None:
        expected = usual(counts([1_000_000.0] * 60))
        assert 900_000 < expected.low < 970_000
        assert 1_030_000 < expected.high < 1_100_000

    def test_days_without_rows_are_usual_where_they_always_were(self) -> None:
        expected = usual(counts([0.0] * 60))
        assert expected.low == 0
        assert 2 < expected.high < 10

    def test_closed_weekends_are_told_apart(self) -> None:
        history = weekly(weekend=0.0)
        closed, open_day = expected_count(history, date(2025, 6, 28)), expected_count(history, TODAY)
        assert closed is not None
        assert open_day is not None
        assert closed.low == 0
        assert closed.high < 20
        assert open_day.low > 50_000

    @pytest.mark.parametrize("mean", [1, 4, 20])
    def test_tiny_counts_may_vary_as_chance_makes_them(self, mean: int) -> None:
        random = Random(mean)
        values = [float(sum(random.random() < mean / 1000 for _ in range(1000))) for _ in range(HISTORY_DAYS + 60)]
        outside = 0
        for start in range(0, 60, 2):
            expected = expected_count(counts(values[start : start + HISTORY_DAYS]), TODAY)
            assert expected is not None
            outside += not expected.low <= values[start + HISTORY_DAYS] <= expected.high
        assert outside <= 1

    @pytest.mark.parametrize("at", [-1, -2, -7, -30, 0])
    @pytest.mark.parametrize("factor", [0.0, 0.1, 20.0])
    def test_one_poisoned_date_changes_little(self, at: int, factor: float) -> None:
        poisoned = weekly()
        poisoned[at] = Observation(poisoned[at].day, poisoned[at].value * factor, 1)
        clean, expected = usual(weekly()), usual(poisoned)
        assert expected.low == pytest.approx(clean.low, rel=0.05)
        assert expected.high == pytest.approx(clean.high, rel=0.05)

    @pytest.mark.parametrize("seed", range(10))
    def test_one_date_in_seven_may_be_odd_and_half_is_found_still(self, seed: int) -> None:
        random = Random(seed)
        odd = [
            Observation(
                one.day, one.value * (random.choice([0.1, 0.5, 2.0]) if random.random() < 1 / 7 else 1), one.rows
            )
            for one in weekly(seed=seed)
        ]
        expected = usual(odd)
        assert 50_000 < expected.low < 95_000
        assert 105_000 < expected.high < 200_000

    def test_three_holidays_in_a_row_do_not_change_what_is_expected(self) -> None:
        holidays = weekly()
        for at in (-1, -2, -3):
            holidays[at] = Observation(holidays[at].day, holidays[at].value * 0.3, 1)
        assert usual(holidays).low == pytest.approx(usual(weekly()).low, rel=0.08)

    def test_four_odd_dates_of_the_last_week_do_not_either_when_others_lie_between(self) -> None:
        odd = weekly()
        for at in (-2, -3, -4, -6):
            odd[at] = Observation(odd[at].day, odd[at].value * 0.3, 1)
        assert usual(odd).low == pytest.approx(usual(weekly()).low, rel=0.08)

    def test_a_new_level_is_expected_after_five_dates(self) -> None:
        history = weekly()
        for at in range(-5, 0):
            history[at] = Observation(history[at].day, history[at].value * 1.6, 1)
        expected = usual(history)
        assert expected.low < 160_000 < expected.high
        assert expected.low > 100_000

    @pytest.mark.parametrize("growth", [2, 3])
    @pytest.mark.parametrize("seed", range(3))
    def test_growth_is_expected_to_go_on(self, growth: int, seed: int) -> None:
        random = Random(seed)
        values = [10_000 * growth ** (at / 365) * random.lognormvariate(0, 0.03) for at in range(HISTORY_DAYS)]
        expected = usual(counts(values))
        assert expected.low < 10_000 * growth ** (HISTORY_DAYS / 365) < expected.high / 1.05

    @pytest.mark.parametrize("change", [0.985, 1.015])
    @pytest.mark.parametrize("seed", range(3))
    def test_a_slow_drift_is_found_within_three_weeks(self, change: float, seed: int) -> None:
        random = Random(seed)
        steady = [100_000 * random.lognormvariate(0, 0.03) for _ in range(HISTORY_DAYS)]
        assert any(_is_unusual(values) for values in _drifting(steady, change, random, dates=21))
        assert not any(_is_unusual(values) for values in _drifting(steady, 1.0, random, dates=21))

    @pytest.mark.parametrize("seed", range(5))
    def test_when_the_level_crept_the_range_stays_where_it_was(self, seed: int) -> None:
        random = Random(seed)
        steady = [100_000 * random.lognormvariate(0, 0.03) for _ in range(HISTORY_DAYS)]
        drifted = [value * 0.985**day for day, value in enumerate(steady[-12:], start=1)]
        expected = usual(counts(steady[:-12] + drifted))
        assert 82_000 < expected.low < 95_000
        assert expected.low < 100_000 < expected.high

    def test_the_fewer_dates_the_wider_the_range(self) -> None:
        widths = [
            sum(math.log(expected.high / expected.low) for expected in map(usual, histories))
            for histories in ([weekly(dates=dates, seed=seed) for seed in range(10)] for dates in (21, 35, 84))
        ]
        assert widths[0] > 1.5 * widths[2]
        assert widths[1] > 1.1 * widths[2]

    @pytest.mark.parametrize("seed", range(3))
    def test_a_smaller_tolerance_gives_a_narrower_range(self, seed: int) -> None:
        ranges = [usual(weekly(seed=seed), tolerance=tolerance) for tolerance in (3, DEFAULT_TOLERANCE, 6)]
        assert ranges[0].low > ranges[1].low > ranges[2].low
        assert ranges[0].high < ranges[1].high < ranges[2].high


def _drifting(steady: Sequence[float], change: float, random: Random, *, dates: int) -> Iterator[list[float]]:
    """Give the history and its judged last value, for each date of a drift that nobody stops."""
    values = list(steady)
    for day in range(1, dates + 1):
        values.append(100_000 * change**day * random.lognormvariate(0, 0.03))
        yield values


def _is_unusual(values: Sequence[float]) -> bool:
    expected = usual(counts(values[:-1][-HISTORY_DAYS:]))
    return not expected.low <= values[-1] <= expected.high


def _above(limit: int, *, mean: float) -> float:
    """Return how probable more than so many events are by chance alone."""
    return 1 - sum(math.exp(-mean) * mean**count / math.factorial(count) for count in range(limit + 1))


class TestRates:
    def test_no_rate_is_too_low(self) -> None:
        assert usual_rate(rates(5)).low == 0

    @pytest.mark.parametrize(("percent", "jump"), [(1, 8), (0.02, 0.5), (0.5, 4), (0, 0.5), (20, 45)])
    def test_a_jump_is_unusual_and_what_always_was_is_not(self, percent: float, jump: float) -> None:
        expected = usual_rate(rates(percent))
        assert percent <= expected.high < jump

    def test_a_tenth_of_a_percent_point_is_no_news(self) -> None:
        assert usual_rate(rates(0), rows=10_000_000).high >= 0.1

    def test_a_rate_of_few_rows_may_be_further_off(self) -> None:
        highs = [usual_rate(rates(1), rows=rows).high for rows in (50, 300, 3_000, 1_000_000)]
        assert highs == sorted(highs, reverse=True)
        assert highs[0] > 6
        assert highs[-1] < 2.5

    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize(
        ("rows", "percent", "jump"), [(300, 1, 8), (1_000, 0.5, 4), (300, 0, 4), (2_000, 0.1, 1.5)]
    )
    def test_a_jump_among_few_rows_is_found_where_chance_does_not_make_it(
        self, rows: int, percent: float, jump: float, seed: int
    ) -> None:
        random = Random(seed)
        by_chance = [sum(random.random() < percent / 100 for _ in range(rows)) for _ in range(HISTORY_DAYS)]
        history = [
            Observation(day, 100 * count / rows, rows)
            for day, count in zip(before(HISTORY_DAYS), by_chance, strict=True)
        ]
        assert percent < usual_rate(history, rows=rows).high < jump

    def test_four_percent_of_300_rows_are_found_where_half_a_percent_is_usual(self) -> None:
        """They are 12 rows instead of 1.5. On 120 rows they are 5 instead of 0.6, and half of such days look quiet."""
        limits = []
        for seed in range(40):
            random = Random(seed)
            found = [sum(random.random() < 0.005 for _ in range(300)) for _ in range(HISTORY_DAYS)]
            days = zip(before(HISTORY_DAYS), found, strict=True)
            history = [Observation(day, count / 3, 300) for day, count in days]
            limits.append(math.floor(3 * usual_rate(history, rows=300).high))
        assert sum(_above(limit, mean=12) for limit in limits) / len(limits) > 0.85
        assert sum(_above(limit, mean=1.5) for limit in limits) / len(limits) < 1 / 365

    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize(("percent", "rows"), [(1.0, 100_000), (3.0, 2_000)])
    def test_a_rate_that_grows_by_a_twentieth_a_day_is_found_within_four_weeks(
        self, percent: float, rows: int, seed: int
    ) -> None:
        assert any(self.alarms(lambda at: 1.05**at, percent=percent, rows=rows, seed=seed))
        assert not any(self.alarms(lambda _: 1.0, percent=percent, rows=rows, seed=seed))

    def test_a_rate_that_sank_little_by_little_must_not_come_back(self) -> None:
        sinking = [*rates(4, dates=70), *(Observation(day, 4 * 0.93**at, 100_000) for at, day in enumerate(before(14)))]
        sinking[:70] = [replace(one, day=one.day - timedelta(days=14)) for one in sinking[:70]]
        assert usual_rate(sinking).high < 4

    @pytest.mark.parametrize("step", [1.7, 2.5])
    def test_a_step_of_a_rate_is_told_on_its_days_only(self, step: float) -> None:
        found = self.alarms(lambda _: step, percent=2, rows=100_000, seed=1)
        assert found[0]
        assert sum(found) <= 5

    def alarms(self, factor: Callable[[int], float], *, percent: float, rows: int, seed: int) -> list[bool]:
        """Judge 28 dates, each of which is learnt; days since the first make the rate so many times what it was."""
        random = Random(seed)
        found = []
        known: list[Observation] = []
        for at, day in enumerate(before(HISTORY_DAYS + 28), start=-HISTORY_DAYS):
            mean = rows * percent / 100 * random.lognormvariate(0, 0.05) * (factor(at) if at >= 0 else 1)
            now = Observation(day, 100 * max(random.gauss(mean, math.sqrt(mean)), 0) / rows, rows)
            if at >= 0:
                expected = expected_rate(known, day, rows=rows)
                assert expected is not None
                found.append(now.value > expected.high)
            known.append(now)
        return found

    @pytest.mark.parametrize("percent", [0.0, 100.0])
    def test_rates_at_the_ends_have_a_range(self, percent: float) -> None:
        assert usual_rate([Observation(day, percent, 500) for day in before(40)]).high >= percent

    def test_a_day_without_rows_has_no_unusual_rate(self) -> None:
        assert usual_rate(rates(1), rows=0).high == 100

    def test_one_spike_in_the_history_changes_little(self) -> None:
        spiked = rates(1)
        spiked[-3] = Observation(spiked[-3].day, 60.0, 100_000)
        assert usual_rate(spiked).high == pytest.approx(usual_rate(rates(1)).high, rel=0.1)


@pytest.mark.parametrize("check", ["rows", "nulls"])
def test_a_simulated_year_has_hardly_a_false_alarm_and_its_classic_faults_are_found(check: str) -> None:
    year = judged_year(baseline(check), simulated(shape_of(HELD_OUT_SEED), HELD_OUT_SEED), check)
    assert year["quiet dates"] > 300
    assert year["quiet alarms"] <= 1
    for fault in CLASSIC[check]:
        assert year[f"{fault}, found"] > 0.95 * year[f"{fault}, tried"]


def _any_history(seed: int) -> list[Observation]:
    random = Random(seed)
    scale = 10 ** random.uniform(0, 7)
    values = [
        random.choice([0.0, 1.0, scale, scale * random.lognormvariate(0, 2)]) for _ in range(random.randrange(21, 90))
    ]
    return counts([float(round(value)) for value in values])


@pytest.mark.parametrize("seed", range(50))
@pytest.mark.parametrize("tolerance", [1.0, DEFAULT_TOLERANCE, 1_000.0])
def test_whatever_the_history_a_range_is_finite_and_in_order(seed: int, tolerance: float) -> None:
    history = _any_history(seed)
    percents = [Observation(one.day, min(one.value, 100.0), one.rows) for one in history]
    parts = [ShareObservation(one.day, {"a": round(one.value), "b": 3, "c": 0}) for one in history]
    count = usual(history, tolerance=tolerance)
    rate = expected_rate(percents, TODAY, rows=100, tolerance=tolerance)
    by_value = expected_shares(parts, TODAY, rows=100, tolerance=tolerance)
    assert rate is not None
    assert by_value is not None
    ends = [(count.low, count.high), (rate.low, rate.high), *by_value.ranges.values()]
    assert all(0 <= low <= high < math.inf for low, high in ends)
    assert all(high <= 100 for _, high in ends[1:])
    assert 0 < by_value.highest_distance <= 100
