"""A check: a rule of the contract, evaluated. How it is judged, worded, stored and read again.

Fails closed: a rule without a count, or with an operator that nobody knows, is an error and never a pass.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from core.documents import refused_metrics
from core.operators import Limit, holds
from core.wording import plural

# The ids of the checks that no contract has to state.
MALFORMED_ID: Final = "malformed_lines"
ROWS_ID: Final = "rows"

_SUBJECTS = {
    "rowCount": "row",
    "nullValues": "null",
    "missingValues": "missing-value",
    "invalidValues": "invalid-value",
    "duplicateValues": "duplicate",
    "earlierDuplicates": "duplicate-of-an-earlier-date",
    "malformedLines": "malformed-line",
    "valueShares": "value",
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
_SYMBOLS = {
    "mustBe": "=",
    "mustNotBe": "not",
    "mustBeGreaterThan": ">",
    "mustBeGreaterOrEqualTo": ">=",
    "mustBeLessThan": "<",
    "mustBeLessOrEqualTo": "<=",
    "mustBeBetween": "between",
    "mustNotBeBetween": "not between",
}


_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


class AnyRule(Protocol):
    """What any check takes from a rule of the contract."""

    @property
    def id(self) -> str: ...
    @property
    def metric(self) -> str: ...
    @property
    def column(self) -> str | None: ...
    @property
    def unit(self) -> str: ...
    @property
    def severity(self) -> str: ...


class Rule(AnyRule, Protocol):
    """A rule that states its limit."""

    @property
    def operator(self) -> str: ...
    @property
    def limit(self) -> Limit: ...


class Rows(Protocol):
    """The rows of a day."""

    @property
    def rows_read(self) -> int: ...
    @property
    def rows_quarantined(self) -> int: ...
    @property
    def rows_parsed(self) -> int: ...


class Counted(Rows, Protocol):
    """What checks take from the counts of a run."""

    @property
    def by_rule(self) -> Mapping[str, int]: ...


@dataclass(frozen=True)
class Baseline:
    """The earlier dates that a check's limit was made of: how many, of which day of the week (0 is Monday) if only one.

    ``moved`` says which shares of single values are unusual.
    """

    dates: int
    weekday: int | None
    moved: tuple[str, ...] = ()

    def words(self) -> str:
        """Say which dates these are."""
        dates = plural(self.dates, "date")
        return dates if self.weekday is None else f"{dates}, {_DAYS[self.weekday]}"


@dataclass(frozen=True)
class Check:
    """One evaluated rule. ``value`` is the number that was compared with ``limit``; percentages are 0-100.

    Where earlier dates made the limit, ``baseline`` tells which.
    """

    id: str
    metric: str
    column: str | None
    operator: str
    limit: Limit
    unit: str
    value: float
    severity: str
    passed: bool
    baseline: Baseline | None = None

    def sentence(self) -> str:
        """Say what was measured and what is allowed, for people."""
        if self.baseline is not None:
            return self._against(self.baseline)
        kind = "rate" if self.unit == "percent" else "count"
        column = f" of {self.column}" if self.column else ""
        value, allowed = self._texts()
        return f"{_SUBJECTS[self.metric]} {kind}{column} is {value}, {_WORDS[self.operator]} {allowed}"

    def measured(self) -> str:
        """Write the value for a table, never so shortly that it looks like a limit it differs from."""
        return self._texts()[0]

    def allowed(self) -> str:
        """Write the limit for a table."""
        limit = f"{_SYMBOLS[self.operator]} {self._texts()[1]}"
        return limit if self.baseline is None else f"{limit} ({self.baseline.words()})"

    def _against(self, baseline: Baseline) -> str:
        value, allowed = self._texts()
        expected = allowed.replace(" and ", " to ") if isinstance(self.limit, tuple) else f"at most {allowed}"
        usual = f"{value}, expected {expected} ({baseline.words()})"
        if self.metric == "valueShares":
            moved = f": {'; '.join(baseline.moved)}" if baseline.moved else ""
            return f"shares of {self.column} differ by {usual}{moved}"
        kind = "count" if self.unit == "rows" else "rate"
        column = f" of {self.column}" if self.column else ""
        return f"{_SUBJECTS[self.metric]} {kind}{column} is {usual}"

    def _texts(self) -> tuple[str, str]:
        unit = " %" if self.unit == "percent" else ""
        limits = self.limit if isinstance(self.limit, tuple) else (self.limit,)
        value, *limit_texts = _distinct_texts(self.value, limits)
        return f"{value}{unit}", f"{' and '.join(limit_texts)}{unit}"


def evaluate(rules: Sequence[Rule], counts: Counted, *, max_malformed_percent: float) -> list[Check]:
    """Evaluate every rule and the two that always hold: malformed lines are limited, and a day has rows.

    A contract that states a rowCount rule of its own decides itself whether a day may be empty.
    """
    malformed = percentage(counts.rows_quarantined, counts.rows_read)
    checks = [
        _built_in(MALFORMED_ID, "malformedLines", "mustBeLessOrEqualTo", max_malformed_percent, "percent", malformed)
    ]
    if not any(rule.metric == "rowCount" for rule in rules):
        checks.append(_built_in(ROWS_ID, "rowCount", "mustBeGreaterThan", 0, "rows", counts.rows_parsed))
    return checks + [_check(rule, counts) for rule in rules]


def failures(checks: Sequence[Check], *, severity: str) -> list[Check]:
    """Return the checks of a severity that did not hold."""
    return [check for check in checks if not check.passed and check.severity == severity]


def only_odd(failed: Sequence[Check]) -> bool:
    """Tell whether nothing but comparisons with earlier dates failed, past which people may let a day."""
    return all(check.baseline is not None for check in failed)


def percentage(count: int, total: int) -> float:
    """Return 100 * count / total, correctly rounded: a rate of exactly 3 % equals 3.0. No rows give 0."""
    return 100 * count / total if total else 0.0


def read_checks(metrics: Mapping[str, Any], *, source: str) -> tuple[Check, ...]:
    """Read the checks of a metrics object.

    Raises:
        InvalidDocument: naming ``source`` and the key that is missing or of the wrong kind.
    """
    with refused_metrics(source):
        return tuple(map(_read, metrics["checks"]))


def _read(document: Mapping[str, Any]) -> Check:
    limit = document["limit"]
    return Check(
        id=str(document["id"]),
        metric=_known(document["metric"], _SUBJECTS),
        column=document["column"],
        operator=_known(document["operator"], _WORDS),
        limit=(limit[0] + 0, limit[1] + 0) if isinstance(limit, list | tuple) else limit + 0,
        unit=str(document["unit"]),
        value=document["value"] + 0,
        severity=str(document["severity"]),
        passed=document["passed"] is True,
        baseline=_read_baseline(document.get("baseline")),
    )


def _read_baseline(document: Mapping[str, Any] | None) -> Baseline | None:
    if document is None:
        return None
    weekday = document["weekday"]
    return Baseline(document["dates"] + 0, None if weekday is None else range(7)[weekday], tuple(document["moved"]))


def _known(name: Any, names: Mapping[str, str]) -> str:
    if name not in names:
        raise ValueError(f"{name!r} is none of {', '.join(names)}")
    return str(name)


def _check(rule: Rule, counts: Counted) -> Check:
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
    texts = [f"{number:,.0f}" if number == round(number) else f"{number:.4g}" for number in numbers]
    looks_equal = any(texts[0] == text and value != limit for text, limit in zip(texts[1:], limits, strict=True))
    return [repr(number) for number in numbers] if looks_equal else texts
