"""What is odd about a day: its counts, rates and shares against what was usual on the dates before it.

The statistics are in `core.baseline` and `core.shares`; here a rule's metric becomes a number of a day, and a range
becomes a check.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from core.baseline import Expected, Observation, expected_count, expected_rate
from core.checks import AnyRule, Baseline, Check, Rows, percentage
from core.history import DateProfile, of_column
from core.shares import ShareObservation, distance, expected_shares, shares_of

COLUMN_METRICS: Final = ("nullValues", "valueShares")
# What a row is counted under that has none of a column's valid values.
OTHER_VALUE: Final = "(another value or null)"
_MOST_VALUES: Final = 5
# So many accepted dates are a new level, where at most one date that needed no acceptance lies between two of them.
_NO_LONGER_ODD: Final = 5
_NEIGHBOURS: Final = 2


class AnomalyRule(AnyRule, Protocol):
    """A rule whose limit earlier dates make."""

    @property
    def tolerance(self) -> float: ...
    @property
    def minimum_dates(self) -> int: ...


class Profile(Rows, Protocol):
    """The counts of a day, be it published or just written."""

    @property
    def duplicates_removed(self) -> int: ...
    @property
    def nulls(self) -> Mapping[str, int]: ...
    @property
    def distributions(self) -> Mapping[str, Mapping[str, int]]: ...


@dataclass(frozen=True)
class NotJudged:
    """An anomaly rule that said nothing of a day, and why."""

    id: str
    reason: str


def find_anomalies(
    rules: Sequence[AnomalyRule], profile: Profile, history: Sequence[DateProfile], *, day: date
) -> tuple[list[Check], list[NotJudged]]:
    """Judge a day by each rule; those that have too little to compare with are told apart.

    Dates in ``history`` that are not before the day are left out, so that the order in which dates are run does not
    matter where the history is the same.
    """
    checks, not_judged = [], []
    before = sorted((past for past in history if past.day < day), key=lambda past: past.day)
    for rule in rules:
        judged = _judge(rule, profile, _telling(before, rule.id), day)
        if isinstance(judged, Check):
            checks.append(judged)
        else:
            not_judged.append(NotJudged(rule.id, judged))
    return checks, not_judged


def _telling(before: Sequence[DateProfile], rule_id: str) -> list[DateProfile]:
    """Return the dates that tell what is usual: not those which people accepted past the rule as odd.

    Where they accepted many that lie close together, these are no odd dates but what the source is like since then.
    """
    accepted = [at for at, past in enumerate(before) if rule_id in past.accepted]
    odd = {at for stretch in _stretches(accepted) if len(stretch) < _NO_LONGER_ODD for at in stretch}
    return [past for at, past in enumerate(before) if at not in odd]


def _stretches(places: Sequence[int]) -> list[list[int]]:
    """Part places in order into stretches, in which no two neighbours have more than one other place between them."""
    stretches: list[list[int]] = []
    for place in places:
        if stretches and place - stretches[-1][-1] <= _NEIGHBOURS:
            stretches[-1].append(place)
        else:
            stretches.append([place])
    return stretches


def _judge(rule: AnomalyRule, profile: Profile, history: Sequence[DateProfile], day: date) -> Check | str:
    if rule.metric == "valueShares":
        return _judge_shares(rule, profile, history, day)
    known = [(past, found) for past in history if (found := _measure(rule, past)) is not None]
    now = _measure(rule, profile)
    if now is None:
        return "the day has no rows"
    if len(known) < rule.minimum_dates:
        return _too_few(rule, len(known))
    observations = [Observation(past.day, value, rows) for past, (value, rows) in known]
    value, rows = now
    if rule.metric == "rowCount":
        counted = expected_count(observations, day, tolerance=rule.tolerance)
        return _too_few(rule, len(known)) if counted is None else _count_check(rule, value, counted)
    rate = expected_rate(observations, day, rows=rows, tolerance=rule.tolerance)
    return _too_few(rule, len(known)) if rate is None else _rate_check(rule, value, rate)


def _measure(rule: AnomalyRule, profile: Profile) -> tuple[float, int] | None:
    """Return a rule's number of a day and the rows that it is a share of; None where the day has none."""
    rows = profile.rows_parsed
    if rule.metric == "rowCount":
        return rows, rows
    if rule.metric == "malformedLines":
        counted, of = profile.rows_quarantined, profile.rows_read
    elif rule.metric == "duplicateValues":
        counted, of = profile.duplicates_removed, rows
    elif rule.metric == "nullValues":
        nulls = of_column(profile.nulls, rule.column)
        if nulls is None:
            return None
        counted, of = nulls, rows
    else:
        raise ValueError(f"rule {rule.id}: metric {rule.metric!r} has no baseline")
    return (percentage(counted, of), of) if of else None


def _count_check(rule: AnomalyRule, value: float, usual: Expected) -> Check:
    # Whole rows, and never a range without one.
    low, high = math.floor(usual.low), math.ceil(usual.high)
    baseline = Baseline(usual.dates, usual.weekday)
    return _check(rule, "mustBeBetween", (low, high), value, passed=low <= value <= high, baseline=baseline)


def _rate_check(rule: AnomalyRule, value: float, usual: Expected) -> Check:
    baseline = Baseline(usual.dates, usual.weekday)
    return _check(rule, "mustBeLessOrEqualTo", usual.high, value, passed=value <= usual.high, baseline=baseline)


def _judge_shares(rule: AnomalyRule, profile: Profile, history: Sequence[DateProfile], day: date) -> Check | str:
    counts = _counts(rule, profile)
    observations = [ShareObservation(past.day, found) for past in history if (found := _counts(rule, past)) is not None]
    if counts is None:
        return "the day has no rows"
    if len(observations) < rule.minimum_dates:
        return _too_few(rule, len(observations))
    usual = expected_shares(observations, day, rows=profile.rows_parsed, tolerance=rule.tolerance)
    if usual is None:
        return _too_few(rule, len(observations))
    moved, shares = usual.moved(counts), shares_of(counts)
    named = tuple(_moved(name, shares.get(name, 0.0), *usual.range_of(name)) for name in moved[:_MOST_VALUES])
    value, limit = distance(counts, usual.shares), usual.highest_distance
    baseline = Baseline(usual.dates, usual.weekday, named)
    return _check(rule, "mustBeLessOrEqualTo", limit, value, passed=value <= limit and not moved, baseline=baseline)


def _counts(rule: AnomalyRule, profile: Profile) -> Mapping[str, int] | None:
    distribution = of_column(profile.distributions, rule.column)
    if distribution is None or profile.rows_parsed == 0:
        return None
    others = profile.rows_parsed - sum(distribution.values())
    # Metrics of an earlier release may have rows twice, where one value was listed in two ways: they tell no shares.
    return None if others < 0 else {**distribution, OTHER_VALUE: others}


def _moved(name: str, share: float, low: float, high: float) -> str:
    return f"{name} {share:.3g} %, expected {low:.3g} to {high:.3g} %"


def _check(
    rule: AnomalyRule,
    operator: str,
    limit: float | tuple[float, float],
    value: float,
    *,
    passed: bool,
    baseline: Baseline,
) -> Check:
    return Check(rule.id, rule.metric, rule.column, operator, limit, rule.unit, value, rule.severity, passed, baseline)


def _too_few(rule: AnomalyRule, dates: int) -> str:
    return f"{dates} published dates before it can be compared with, needs {rule.minimum_dates}"
