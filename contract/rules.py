"""The rules that a contract states under `quality`, of the table and of its columns; knows no implied ones."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from contract import odcs_keys
from contract.columns import UNKNOWN_TYPE, ReadColumn
from contract.comparisons import read_comparison
from contract.custom_rules import CUSTOM_KEYS, ENGINES, SEVERITIES, read_custom
from contract.drafts import AnomalyDraft, Draft
from contract.model import Metric, Rule, Scalar, Severity, Unit
from contract.section import Section
from contract.type_options import checked_pattern
from contract.value_sets import key_of
from contract.values import value_problem
from core.operators import OPERATORS
from core.wording import not_known

METRICS: Final = ("rowCount", "nullValues", "missingValues", "invalidValues", "duplicateValues")
_TABLE_METRICS: Final = ("rowCount", "duplicateValues")
_COLUMN_METRICS: Final = ("nullValues", "missingValues", "invalidValues", "duplicateValues")
_OLD_NAMES: Final = {
    "nullCheck": "nullValues",
    "duplicateCount": "duplicateValues",
    "uniqueCheck": "duplicateValues",
    "validValues": "invalidValues",
    "countCheck": "rowCount",
}
_NOT_RUN_KEYS: Final = CUSTOM_KEYS | {"query"}
_TABLE_ARGUMENTS: Final = {
    "duplicateValues": frozenset({"properties"}),
    None: frozenset({"missingValues", "validValues", "pattern", "properties"}),  # of a metric that could not be read
}
_COLUMN_ARGUMENTS: Final = {
    "missingValues": frozenset({"missingValues"}),
    "invalidValues": frozenset({"validValues", "pattern"}),
    None: _TABLE_ARGUMENTS[None],
}
LONGEST_ID: Final = 128
_STABLE_ID: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_ID}}}", re.ASCII)
_NOT_RUN: Final = (
    "would not be enforced; state it with a library metric ({}), as type: custom with an engine of the pipeline "
    f"({', '.join(ENGINES)}), or as type: text to document it only"
)
_ADVICE: Final = {
    "rule": "is the name before ODCS 3.1; write metric",
    **dict.fromkeys(("validValues", "missingValues", "pattern"), "belongs under arguments"),
    **dict.fromkeys(sorted(_NOT_RUN_KEYS), _NOT_RUN.format(", ".join(METRICS))),
}


def read_rules(
    owner: Section, columns: Sequence[ReadColumn], *, column: ReadColumn | None
) -> list[Draft | AnomalyDraft]:
    """Read the executable rules of a table or of one column; `type: text` is documentation and yields none."""
    drafts: list[Draft | AnomalyDraft] = []
    for quality in owner.sections("quality"):
        kind = quality.choice("type", ("library", "text", "sql", "custom"), default="library")
        if kind == "text":
            _check_text(quality)
        elif kind == "custom" and quality.values.get("engine") in ENGINES:
            custom = read_custom(quality, column)
            drafts += [custom] if custom else []
        elif kind in ("sql", "custom"):
            _refuse_not_run(quality, kind)
        else:
            drafts.append(_read_rule(quality, columns, column))
    return drafts


def _refuse_not_run(quality: Section, kind: str) -> None:
    engine = quality.values.get("engine")
    if kind == "custom" and engine is not None:
        quality.report(
            "engine", f"{not_known(engine, ENGINES)}; a rule of another engine {_NOT_RUN.format(', '.join(METRICS))}"
        )
    else:
        quality.report("type", f"{kind!r} {_NOT_RUN.format(', '.join(METRICS))}")
    quality.allow_only(odcs_keys.QUALITY | set(OPERATORS) | _NOT_RUN_KEYS, advice=_ADVICE)
    quality.choice("dimension", odcs_keys.DIMENSIONS, default="")


def _check_text(quality: Section) -> None:
    for key in quality.values:
        if key in OPERATORS or key in ("metric", "arguments"):
            quality.report(key, "type: text only documents and would not be enforced; remove the type or this key")
    quality.allow_only(odcs_keys.QUALITY | set(OPERATORS), advice=_ADVICE)
    quality.required_text("description")


def _read_rule(quality: Section, columns: Sequence[ReadColumn], column: ReadColumn | None) -> Draft:
    """Read a rule, with a stand-in for whatever could not be read."""
    _check_keys(quality)
    before = quality.problems.count
    metric = _metric(quality, column)
    operator, limit, unit = read_comparison(quality)
    if metric == "rowCount" and unit != "rows":
        quality.report("unit", f"rowCount is a number of rows, not of {unit}; allowed: rows")
    has_limit = quality.problems.count == before
    looked_at = _looked_at(quality, metric, columns, column)
    values = _values(quality, metric, column) if column else {}
    is_sound = quality.problems.count == before
    rule = Rule(
        id="",
        metric=cast("Metric", metric or "nullValues"),
        column=column.name if column else None,
        columns=looked_at,
        operator=operator or "mustBe",
        limit=0 if limit is None else limit,
        unit=cast("Unit", unit),
        severity=cast("Severity", quality.choice("severity", SEVERITIES, default="error")),
        description=quality.text("description") or "",
        **values,
    )
    return Draft(rule, quality, has_limit=has_limit, is_sound=is_sound)


def _check_keys(quality: Section) -> None:
    quality.allow_only(odcs_keys.QUALITY | set(OPERATORS), advice=_ADVICE)
    quality.choice("dimension", odcs_keys.DIMENSIONS, default="")
    quality.text("name")
    rule_id = quality.text("id")
    if rule_id is not None and _STABLE_ID.fullmatch(rule_id) is None:
        quality.report("id", f"{rule_id!r} must be 1 to {LONGEST_ID} letters, digits, '_' or '-'")


def _metric(quality: Section, column: ReadColumn | None) -> str | None:
    metric = quality.values.get("metric")
    if metric is None:
        quality.report("metric", f"is required; allowed: {', '.join(METRICS)}")
        return None
    if metric not in METRICS:
        old = _OLD_NAMES.get(str(metric))
        allowed = f"{metric!r} is not known; allowed: {', '.join(METRICS)}; did you mean {old!r}?"
        quality.report("metric", allowed if old else not_known(metric, METRICS))
        return None
    allowed_here, place, other = (
        (_COLUMN_METRICS, "a column", "the table") if column else (_TABLE_METRICS, "the table", "a column")
    )
    if metric not in allowed_here:
        quality.report("metric", f"{metric} belongs to {other}; allowed for {place}: {', '.join(allowed_here)}")
        return None
    return str(metric)


def _looked_at(
    quality: Section, metric: str | None, columns: Sequence[ReadColumn], column: ReadColumn | None
) -> tuple[str, ...]:
    """Return the names of the columns that the metric looks at."""
    if column is None:
        return _columns_of_table_rule(quality, metric, columns)
    if metric == "duplicateValues" and column.is_complex:
        quality.report("metric", f"duplicates of a column of type {column.type} are not counted; use a simple column")
    return (column.name,)


def _columns_of_table_rule(quality: Section, metric: str | None, columns: Sequence[ReadColumn]) -> tuple[str, ...]:
    arguments = quality.section("arguments")
    if arguments is not None:
        _check_arguments(arguments, f"{metric} of the table", _TABLE_ARGUMENTS.get(metric, frozenset()))
    names = (arguments.items("properties") if arguments else None) or []
    if not names and metric == "duplicateValues":
        quality.report("arguments.properties", "is required: the columns that together must be unique")
    if arguments is None or metric == "rowCount":
        return ()
    by_name = {column.name: column for column in columns}
    for position, name in enumerate(names):
        path = f"properties[{position}]"
        if not isinstance(name, str) or name not in by_name:
            arguments.report(path, not_known(name, by_name))
        elif names.index(name) != position:
            arguments.report(path, f"{name!r} is listed twice")
        elif by_name[name].is_complex:
            arguments.report(path, f"{name!r} is of type {by_name[name].type}; use simple columns")
    return tuple(name for name in names if isinstance(name, str))


def _values(quality: Section, metric: str | None, column: ReadColumn) -> Mapping[str, Any]:
    """Return the rule fields that a column's metric takes from `arguments`."""
    allowed = _COLUMN_ARGUMENTS.get(metric, frozenset())
    arguments = quality.section("arguments")
    if arguments is not None:
        _check_arguments(arguments, f"{metric} of a column", allowed)
    given = set() if arguments is None else {key for key in allowed if arguments.has(key)}
    if metric is not None and allowed and not given:
        quality.report("arguments", f"is required: {' or '.join(sorted(allowed))} for {metric}")
    if arguments is None:
        return {}
    found: dict[str, Any] = {}
    if "missingValues" in given:
        found["missing_values"] = listed_values(arguments, "missingValues", column.type, null_allowed=True)
    if "validValues" in given:
        found["valid_values"] = listed_values(arguments, "validValues", column.type)
    if "pattern" in given:
        found["pattern"] = _column_pattern(arguments, column)
    return found


def _check_arguments(arguments: Section, metric: str, allowed: frozenset[str]) -> None:
    if allowed:
        arguments.allow_only(allowed)
    elif arguments.values:
        arguments.problems.add(arguments.path, f"{metric} takes no arguments, got {', '.join(arguments.values)}")


def _column_pattern(arguments: Section, column: ReadColumn) -> str | None:
    if arguments.has("pattern") and column.type not in ("string", UNKNOWN_TYPE):
        arguments.report("pattern", f"needs a string column, and {column.name} is {column.type}")
    return checked_pattern(arguments)


def listed_values(
    section: Section, key: str, column_type: str, *, null_allowed: bool = False
) -> tuple[Scalar, ...] | None:
    """Return the values of a list that must all fit a column's type, or None when there is no list."""
    values = section.items(key)
    if values is None:
        return None
    if not values:
        section.report(key, "must list at least one value")
    entries = [(f"{key}[{n}]", value) for n, value in enumerate(values) if not (null_allowed and value is None)]
    check_values(section, entries, column_type)
    return tuple(values)


def check_values(section: Section, values: Sequence[tuple[str, Any]], column_type: str) -> None:
    """Report each (path, value) that does not fit the column's type or is listed again, perhaps in other words.

    Rows are counted for each listed value, so those of one that stands twice would be counted twice.
    """
    seen: dict[object, Any] = {}
    for path, value in values:
        problem = None if column_type == UNKNOWN_TYPE else value_problem(value, column_type)
        is_typed = problem is None and column_type != UNKNOWN_TYPE
        key = key_of(value, column_type) if is_typed else (type(value), repr(value))
        if problem is not None:
            section.report(path, problem)
        elif key in seen:
            section.report(path, _again(value, seen[key], column_type))
        seen.setdefault(key, value)


def _again(value: object, before: object, column_type: str) -> str:
    if repr(value) == repr(before):
        return f"{value!r} is listed twice"
    return f"{value!r} is the same {column_type} as {before!r}, which is listed already; keep one of them"
