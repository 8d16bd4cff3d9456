"""Which values a metric can take, and whether the limits on it tell any of them apart.

Decides with the operators themselves, at one value of every stretch on which their answer cannot change.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from contract.model import Rule
from core.operators import Limit, holds

_MOST_ROWS = 2**63 - 1  # as counts are bigints
_NO_ROWS = "for no rows at all write mustBe: 0"
_EMPTY_DAYS = "to allow empty days, write mustBeGreaterThan: 0 with severity: warning"
_WHOLE_ROWS = "a number of rows is whole; for a share of them add unit: percent"


def limit_problem(rule: Rule) -> str | None:
    """Return why a rule could never fail, or never pass, whatever is measured; None when it can do both."""
    answers = {holds(rule.operator, value, rule.limit) for value in _values(rule.metric, rule.unit, (rule,))}
    if answers == {True, False}:
        return None
    every_or_no, so = ("every", "checks nothing") if answers == {True} else ("no", "can never pass")
    return (
        f"{limit_text(rule.limit)} holds for {every_or_no} value that {rule.metric} can take "
        f"({_domain(rule)}), so the rule {so}; {_advice(rule, never_fails=answers == {True})}"
    )


def can_pass_together(rules: Sequence[Rule]) -> bool:
    """Say whether rules on one metric of the same columns can pass in one run, be their units rows or percent."""
    if all(holds(rule.operator, 0, rule.limit) for rule in rules):
        return True
    # No rows are 0 percent; some rows are any share, as the day may be as large as it likes.
    return all(_has_common_value([rule for rule in rules if rule.unit == unit], unit) for unit in ("rows", "percent"))


def limit_text(limit: Limit) -> str:
    return str(list(limit)) if isinstance(limit, tuple) else str(limit)


def _has_common_value(rules: Sequence[Rule], unit: str) -> bool:
    metric = rules[0].metric if rules else ""
    positive = (value for value in _values(metric, unit, rules) if value > 0)
    return any(all(holds(rule.operator, value, rule.limit) for rule in rules) for value in positive)


def _values(metric: str, unit: str, rules: Iterable[Rule]) -> list[float]:
    """Return a value of every stretch between, and at, the limits of rules; all are values the metric can take."""
    ends = {end for rule in rules for end in _ends(rule.limit)}
    if unit == "rows":
        whole = {math.floor(end) + step for end in ends for step in (0, 1)}
        return sorted({0, 1, _MOST_ROWS, *(rows for rows in whole if 0 <= rows <= _MOST_ROWS)})
    edges = sorted({0.0, 100.0, *(float(end) for end in ends if 0 <= end <= 100)})
    between = [(low + high) / 2 for low, high in pairwise(edges)]
    # The first of equal values is no duplicate, so not all rows can be.
    return sorted({*edges, *between} - ({100.0} if metric == "duplicateValues" else set()))


def _ends(limit: Limit) -> tuple[float, ...]:
    return limit if isinstance(limit, tuple) else (limit,)


def _domain(rule: Rule) -> str:
    if rule.unit == "rows":
        return "whole numbers from 0" + (" to 2^63 - 1" if max(_ends(rule.limit)) >= _MOST_ROWS else "")
    return "0 to less than 100 percent" if rule.metric == "duplicateValues" else "0 to 100 percent"


def _advice(rule: Rule, *, never_fails: bool) -> str:
    if rule.unit == "rows" and any(end != math.floor(end) for end in _ends(rule.limit)):
        return _WHOLE_ROWS
    if never_fails:
        return f"{_EMPTY_DAYS if rule.metric == 'rowCount' else _NO_ROWS}, else a limit that some value breaks"
    return "write a limit that some value meets, such as mustBe: 0"
