"""Rules of `type: custom` that the pipeline's own engines check: `baseline` and `lookBack`; both compare dates.

What they look at is stated under `implementation`, whose keys are closed as all others are.
"""

from typing import Final, cast

from contract import odcs_keys
from contract.columns import ReadColumn
from contract.comparisons import read_comparison
from contract.drafts import AnomalyDraft, Draft
from contract.model import AnomalyMetric, AnomalyRule, Rule, Severity, Unit
from contract.section import Section
from core.baseline import DEFAULT_TOLERANCE
from core.forecasts import HISTORY_DAYS, MINIMUM_HISTORY
from core.operators import OPERATORS
from core.wording import not_known

BASELINE: Final = "baseline"
LOOK_BACK: Final = "lookBack"
ENGINES: Final = (BASELINE, LOOK_BACK)
CUSTOM_KEYS: Final = frozenset({"engine", "implementation"})
SEVERITIES: Final = ("error", "warning")
MAX_LOOK_BACK_DAYS: Final = 31
MOST_MINIMUM_DATES: Final = HISTORY_DAYS * 2 // 3
_TABLE_METRICS: Final = ("rowCount", "malformedLines", "duplicateValues")
_COLUMN_METRICS: Final = ("nullValues", "valueShares")
_LOWEST_TOLERANCE, _HIGHEST_TOLERANCE = 1, 100


def read_custom(quality: Section, column: ReadColumn | None) -> Draft | AnomalyDraft | None:
    """Read a rule of an engine that is known; whatever is wrong with it is reported."""
    about = odcs_keys.QUALITY_ABOUT | CUSTOM_KEYS
    engine = quality.values.get("engine")
    quality.allow_only(about - {"unit"}, advice=_advice(engine))
    quality.choice("dimension", odcs_keys.DIMENSIONS, default="")
    implementation = quality.section("implementation")
    if implementation is None:
        quality.report("implementation", f"is required: {_REQUIRED[str(engine)]}")
        return None
    return (
        _look_back(quality, implementation, column)
        if engine == LOOK_BACK
        else _anomaly(quality, implementation, column)
    )


_REQUIRED: Final = {
    BASELINE: "metric, and if wanted tolerance and minimumDates",
    LOOK_BACK: "days, and an operator such as mustBe: 0",
}
_NO_LIMIT: Final = "the range comes from earlier dates; to make it wider or narrower state implementation.tolerance"


def _advice(engine: object) -> dict[str, str]:
    below = "belongs under implementation"
    limits = dict.fromkeys((*OPERATORS, "unit"), _NO_LIMIT if engine == BASELINE else below)
    return dict.fromkeys(("metric", "tolerance", "minimumDates", "days"), below) | limits


def _anomaly(quality: Section, implementation: Section, column: ReadColumn | None) -> AnomalyDraft:
    implementation.allow_only(
        ("metric", "tolerance", "minimumDates"), advice=dict.fromkeys((*OPERATORS, "unit"), _NO_LIMIT)
    )
    rule = AnomalyRule(
        id="",
        metric=cast("AnomalyMetric", _metric(implementation, column)),
        column=column.name if column else None,
        tolerance=_tolerance(implementation),
        minimum_dates=_minimum_dates(implementation),
        severity=_severity(quality),
        description=quality.text("description") or "",
    )
    return AnomalyDraft(rule, quality)


def _metric(implementation: Section, column: ReadColumn | None) -> str:
    metric = implementation.values.get("metric")
    here, other, place = (
        (_COLUMN_METRICS, _TABLE_METRICS, "a column") if column else (_TABLE_METRICS, _COLUMN_METRICS, "the table")
    )
    if metric is None:
        implementation.report("metric", f"is required; allowed for {place}: {', '.join(here)}")
    elif metric in other:
        elsewhere = "the table" if column else "a column"
        implementation.report("metric", f"{metric} belongs to {elsewhere}; allowed for {place}: {', '.join(here)}")
    elif metric not in here:
        implementation.report("metric", not_known(metric, here))
    return str(metric) if metric in here else here[0]


def _tolerance(implementation: Section) -> float:
    given = implementation.number("tolerance")
    if given is not None and not _LOWEST_TOLERANCE <= given <= _HIGHEST_TOLERANCE:
        allowed = f"{_LOWEST_TOLERANCE} to {_HIGHEST_TOLERANCE}"
        implementation.report("tolerance", f"{given:g} must lie in {allowed}; the default is {DEFAULT_TOLERANCE:g}")
    return DEFAULT_TOLERANCE if given is None else given


def _minimum_dates(implementation: Section) -> int:
    given = implementation.whole_number("minimumDates", at_least=MINIMUM_HISTORY)
    if given is not None and given > MOST_MINIMUM_DATES:
        implementation.report(
            "minimumDates",
            f"{given} must be at most {MOST_MINIMUM_DATES}, as {HISTORY_DAYS} days are looked back on and dates may be "
            "missing",
        )
    return MINIMUM_HISTORY if given is None else given


def _look_back(quality: Section, implementation: Section, column: ReadColumn | None) -> Draft:
    before = quality.problems.count
    implementation.allow_only({"days", "unit", *OPERATORS})
    if column is not None:
        quality.report("engine", f"{LOOK_BACK} looks at the primary key; state it under quality of the table")
    days = implementation.whole_number("days", at_least=1)
    if days is None and not implementation.has("days"):
        implementation.report("days", "is required: how many dates before are looked at")
    elif days is not None and days > MAX_LOOK_BACK_DAYS:
        implementation.report("days", f"{days} must be at most {MAX_LOOK_BACK_DAYS}: their keys are read in every run")
    operator, limit, unit = read_comparison(implementation)
    rule = Rule(
        id="",
        metric="earlierDuplicates",
        column=None,
        columns=(),
        operator=operator or "mustBe",
        limit=0 if limit is None else limit,
        unit=cast("Unit", unit),
        severity=_severity(quality),
        look_back_days=days,
        description=quality.text("description") or "",
    )
    is_sound = quality.problems.count == before
    return Draft(rule, quality, has_limit=is_sound, is_sound=is_sound, limits=implementation)


def _severity(quality: Section) -> Severity:
    return cast("Severity", quality.choice("severity", SEVERITIES, default="error"))
