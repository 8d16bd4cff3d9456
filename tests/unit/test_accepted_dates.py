from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

import pytest

from contract.model import AnomalyRule
from core.anomalies import find_anomalies
from core.baseline import DEFAULT_TOLERANCE
from core.forecasts import MINIMUM_HISTORY
from core.history import DateProfile

DAY = date(2025, 3, 4)
ROWS = AnomalyRule("rows_usual", "rowCount", None, DEFAULT_TOLERANCE, MINIMUM_HISTORY)
MALFORMED = AnomalyRule("malformed_usual", "malformedLines", None, DEFAULT_TOLERANCE, MINIMUM_HISTORY)


def profile(back: int, rows: int, *accepted: str) -> DateProfile:
    return DateProfile(DAY - timedelta(days=back), rows, rows // 100, 0, accepted=frozenset(accepted))


def dates(odd: Sequence[int], *, rows: int, accepted: Sequence[str] = (), seed: int = 1) -> list[DateProfile]:
    """Make sixty dates of 10,000 rows with 3 % of noise; those so many days ago had other rows."""
    random = Random(seed)
    return [
        profile(
            back,
            round((rows if back in odd else 10_000) * random.lognormvariate(0, 0.03)),
            *(accepted if back in odd else ()),
        )
        for back in range(60, 0, -1)
    ]


def passes(history: Sequence[DateProfile], rows: int, rule: AnomalyRule = ROWS) -> bool:
    [check], _ = find_anomalies([rule], profile(0, rows), history, day=DAY)
    return check.passed


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("days", [1, 2, 3, 4])
def test_an_outage_that_people_accepted_is_not_what_is_expected_afterwards(days: int, seed: int) -> None:
    accepted = dates(range(1, days + 1), rows=3_000, accepted=["rows_usual"], seed=seed)
    assert passes(accepted, 10_000)
    assert not passes(accepted, 3_000)


def test_one_that_nobody_had_to_accept_is() -> None:
    assert not passes(dates(range(1, 5), rows=3_000), 10_000)


@pytest.mark.parametrize("accepted_past", ["kinds_usual", "malformed_usual"])
def test_what_was_accepted_past_another_check_tells_what_is_usual_for_this_one(accepted_past: str) -> None:
    assert passes(dates(range(1, 5), rows=3_000, accepted=[accepted_past]), 3_000)


def test_an_accepted_day_tells_what_is_usual_for_other_checks() -> None:
    """Of 21 dates one is left out for the counts of rows, which are too few then, and none for malformed lines."""
    history = dates([5], rows=3_000, accepted=["rows_usual"])[-MINIMUM_HISTORY:]
    checks, not_judged = find_anomalies([ROWS, MALFORMED], profile(0, 10_000), history, day=DAY)
    assert [check.id for check in checks] == ["malformed_usual"]
    assert [(item.id, item.reason) for item in not_judged] == [
        ("rows_usual", "20 published dates before it can be compared with, needs 21")
    ]


@pytest.mark.parametrize("odd", [range(1, 6), range(1, 10), [1, 2, 4, 5, 6], [1, 3, 5, 7, 9]], ids=str)
def test_many_that_lie_close_together_are_the_new_level(odd: Sequence[int]) -> None:
    history = [
        past if past.accepted or past.day < DAY - timedelta(days=max(odd)) else profile((DAY - past.day).days, 16_000)
        for past in dates(odd, rows=16_000, accepted=["rows_usual"])
    ]
    assert passes(history, 16_000)
    assert not passes(history, 10_000)


def test_many_that_lie_apart_are_not() -> None:
    history = dates([3, 10, 17, 24, 31, 38], rows=3_000, accepted=["rows_usual"])
    assert passes(history, 10_000)
    assert not passes(history, 3_000)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("days", [4, 5])
def test_the_order_in_which_dates_were_run_changes_nothing(days: int, seed: int) -> None:
    history = dates(range(1, days + 1), rows=3_000, accepted=["rows_usual"])
    shuffled = Random(seed).sample(history, len(history))
    today = profile(0, 10_000)
    assert find_anomalies([ROWS], today, shuffled, day=DAY) == find_anomalies([ROWS], today, history, day=DAY)
