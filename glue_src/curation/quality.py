"""The gate: a run's counts against its contract's rules, as plain functions over plain values.

Fails closed: a rule without a count, or with an operator that nobody knows, is an error and never a pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from curation.counts import Counts
from data_contract import DataContract, Rule, holds
from data_contract.operators import Limit

_SUBJECTS = {
    "rowCount": "row",
    "nullValues": "null",
    "missingValues": "missing-value",
    "invalidValues": "invalid-value",
    "duplicateValues": "duplicate",
    "malformedLines": "malformed-line",
}
_WORDS = {
    "mustBe": "must be",
    "mustNotBe": "must not be",
    "mustBeGreaterThan": "must be greater than",
    "mustBeGreaterOrEqualTo": "must be at least",
    "mustBeLessThan": "must be less than",
    "mustBeLessOrEqualTo": "limit",
    "mustBeBetween": "must be between",
    "mustNotBeBetween": "must not be between",
}


@dataclass(frozen=True)
class Check:
    """One evaluated rule. ``value`` is the number that was compared with ``limit``; percentages are 0-100."""

    id: str
    metric: str
    column: str | None
    operator: str
    limit: Limit
    unit: str
    value: float
    severity: str
    passed: bool

    def sentence(self) -> str:
        """Say what was measured and what is allowed, for people."""
        unit, kind = (" %", "rate") if self.unit == "percent" else ("", "count")
        column = f" of {self.column}" if self.column else ""
        limits = self.limit if isinstance(self.limit, tuple) else (self.limit,)
        value, *limit_texts = _distinct_texts(self.value, limits)
        allowed = f"{_WORDS[self.operator]} {' and '.join(limit_texts)}{unit}"
        return f"{_SUBJECTS[self.metric]} {kind}{column} is {value}{unit}, {allowed}"


def evaluate(contract: DataContract, counts: Counts) -> list[Check]:
    """Evaluate every rule of the contract and the two that always hold: malformed lines are limited, a day has rows.

    A contract that states a rowCount rule of its own decides itself whether a day may be empty.
    """
    checks = [_check(rule, counts) for rule in contract.rules]
    if not any(rule.metric == "rowCount" for rule in contract.rules):
        checks.insert(0, _built_in("rows", "rowCount", "mustBeGreaterThan", 0, "rows", counts.rows_parsed))
    malformed = percentage(counts.rows_quarantined, counts.rows_read)
    limit = contract.max_malformed_percent
    return [_built_in("malformed_lines", "malformedLines", "mustBeLessOrEqualTo", limit, "percent", malformed), *checks]


def failures(checks: Sequence[Check], *, severity: str) -> list[Check]:
    """Return the checks of a severity that did not hold."""
    return [check for check in checks if not check.passed and check.severity == severity]


def percentage(count: int, total: int) -> float:
    """Return 100 * count / total, correctly rounded: a rate of exactly 3 % equals 3.0. No rows give 0."""
    return 100 * count / total if total else 0.0


def _check(rule: Rule, counts: Counts) -> Check:
    count = counts.by_rule[rule.id]
    value = percentage(count, counts.rows_parsed) if rule.unit == "percent" else count
    return Check(
        id=rule.id,
        metric=rule.metric,
        column=rule.column,
        operator=rule.operator,
        limit=rule.limit,
        unit=rule.unit,
        value=value,
        severity=rule.severity,
        passed=holds(rule.operator, value, rule.limit),
    )


def _built_in(id_: str, metric: str, operator: str, limit: float, unit: str, value: float) -> Check:
    passed = holds(operator, value, limit)
    return Check(id_, metric, None, operator, limit, unit, value, severity="error", passed=passed)


def _distinct_texts(value: float, limits: Sequence[float]) -> list[str]:
    """Write numbers shortly, but never so shortly that a value looks like a limit it differs from."""
    numbers = (value, *limits)
    texts = [f"{number:.0f}" if number == round(number) else f"{number:.4g}" for number in numbers]
    looks_equal = any(texts[0] == text and value != limit for text, limit in zip(texts[1:], limits, strict=True))
    return [repr(number) for number in numbers] if looks_equal else texts
