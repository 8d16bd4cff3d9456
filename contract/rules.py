"""The rules that a contract states under `quality`, of the table and of its columns; knows no implied ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from contract import odcs_keys
from contract.columns import UNKNOWN_TYPE, ReadColumn
from contract.model import Metric, Rule, Scalar, Severity, Unit
from contract.section import Section, is_number
from contract.type_options import checked_pattern
from contract.values import value_problem
from core.operators import OPERATORS, RANGE_OPERATORS, Limit
from core.wording import did_you_mean, not_known

METRICS: Final = ("rowCount", "nullValues", "missingValues", "invalidValues", "duplicateValues")
SEVERITIES: Final = ("error", "warning")
UNITS: Final = ("rows", "percent")
_TABLE_METRICS: Final = ("rowCount", "duplicateValues")
_COLUMN_METRICS: Final = ("nullValues", "missingValues", "invalidValues", "duplicateValues")
_OLD_NAMES: Final = {
    "nullCheck": "nullValues",
    "duplicateCount": "duplicateValues",
    "uniqueCheck": "duplicateValues",
    "validValues": "invalidValues",
    "countCheck": "rowCount",
}
_NOT_RUN: Final = "would not be enforced; state it with a library metric ({}), or as type: text to document it only"
_ADVICE: Final = {
    "rule": "is the name before ODCS 3.1; write metric",
    **dict.fromkeys(("validValues", "missingValues", "pattern"), "belongs under arguments"),
    **dict.fromkeys(("query", "engine", "implementation"), _NOT_RUN.format(", ".join(METRICS))),
}


@dataclass(frozen=True)
class Draft:
    """A rule and what its author called it; the rule gets its id when all of them are known."""

    rule: Rule
    section: Section | None = None


def read_rules(owner: Section, columns: Sequence[ReadColumn], *, column: ReadColumn | None) -> list[Draft]:
    """Read the executable rules of a table or of one column; `type: text` is documentation and yields none."""
    drafts = []
    for quality in owner.sections("quality"):
        kind = quality.choice("type", ("library", "text", "sql", "custom"), default="library")
        if kind == "text":
            _check_text(quality)
        elif kind in ("sql", "custom"):
            quality.report("type", f"{kind!r} {_NOT_RUN.format(', '.join(METRICS))}")
        else:
            draft = _read_rule(quality, columns, column)
            drafts += [] if draft is None else [draft]
    return drafts


def _check_text(quality: Section) -> None:
    for key in quality.values:
        if key in OPERATORS or key in ("metric", "arguments"):
            quality.report(key, "type: text only documents and would not be enforced; remove the type or this key")
    quality.allow_only(odcs_keys.QUALITY | set(OPERATORS), advice=_ADVICE)
    quality.required_text("description")


def _read_rule(quality: Section, columns: Sequence[ReadColumn], column: ReadColumn | None) -> Draft | None:
    _check_keys(quality)
    metric = _metric(quality, column)
    operator, limit, unit = _comparison(quality)
    severity = quality.choice("severity", SEVERITIES, default="error")
    if metric is None or operator is None or limit is None:
        return None
    if metric == "rowCount" and unit != "rows":
        quality.report("unit", f"rowCount is a number of rows, not of {unit}; allowed: rows")
    rule = Rule(
        id="",
        metric=cast("Metric", metric),
        column=column.name if column else None,
        columns=_looked_at(quality, metric, columns, column),
        operator=operator,
        limit=limit,
        unit=cast("Unit", unit),
        severity=cast("Severity", severity),
        description=quality.text("description") or "",
        **(_values(quality, metric, column) if column else {}),
    )
    return Draft(rule, quality)


def _check_keys(quality: Section) -> None:
    quality.allow_only(odcs_keys.QUALITY | set(OPERATORS), advice=_ADVICE)
    quality.choice("dimension", odcs_keys.DIMENSIONS, default="")
    quality.text("name")


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


def _comparison(quality: Section) -> tuple[str | None, Limit | None, str]:
    unit = quality.choice("unit", UNITS, default="rows")
    given = [key for key in quality.values if key in OPERATORS]
    if len(given) != 1:
        found = f"found {', '.join(given)}" if given else "found none"
        near = next((hint for key in quality.values if (hint := did_you_mean(key, OPERATORS)) and "ust" in key), "")
        quality.problems.add(quality.path, f"needs exactly one operator of {', '.join(OPERATORS)}; {found}{near}")
        return None, None, unit
    operator = given[0]
    limit = _range(quality, operator) if operator in RANGE_OPERATORS else _scalar(quality, operator)
    _check_limit(quality, operator, limit, unit)
    return operator, limit, unit


def _scalar(quality: Section, operator: str) -> float | None:
    if not quality.has(operator):
        quality.report(operator, "must be a number, got nothing")
    return quality.number(operator)


def _range(quality: Section, operator: str) -> tuple[float, float] | None:
    given = quality.values.get(operator)
    if isinstance(given, list) and len(given) == 2 and all(is_number(end) for end in given) and given[0] < given[1]:
        return (given[0], given[1])
    quality.report(operator, f"must be two numbers, the smaller first, for example [1, 10]; got {given!r}")
    return None


def _check_limit(quality: Section, operator: str, limit: Limit | None, unit: str) -> None:
    ends = () if limit is None else limit if isinstance(limit, tuple) else (limit,)
    for end in ends:
        if unit == "percent" and not 0 <= end <= 100:
            quality.report(operator, f"{end} must lie in 0 to 100, because unit is percent")
        elif end < 0:
            quality.report(operator, f"{end} must not be negative: it limits a number of rows")


def _looked_at(
    quality: Section, metric: str, columns: Sequence[ReadColumn], column: ReadColumn | None
) -> tuple[str, ...]:
    """Return the names of the columns that the metric looks at."""
    if metric == "duplicateValues" and column is None:
        return _listed_columns(quality, columns)
    if metric == "duplicateValues" and column is not None and column.is_complex:
        quality.report("metric", f"duplicates of a column of type {column.type} are not counted; use a simple column")
    return (column.name,) if column else ()


def _listed_columns(quality: Section, columns: Sequence[ReadColumn]) -> tuple[str, ...]:
    arguments = quality.section("arguments")
    names = (arguments.items("properties") if arguments else None) or []
    if arguments is not None:
        arguments.allow_only({"properties"})
    if not names:
        quality.report("arguments.properties", "is required: the columns that together must be unique")
    by_name = {column.name: column for column in columns}
    for position, name in enumerate(names):
        path = f"arguments.properties[{position}]"
        if not isinstance(name, str) or name not in by_name:
            quality.report(path, not_known(name, by_name))
        elif names.index(name) != position:
            quality.report(path, f"{name!r} is listed twice")
        elif by_name[name].is_complex:
            quality.report(path, f"{name!r} is of type {by_name[name].type}; use simple columns")
    return tuple(name for name in names if isinstance(name, str))


def _values(quality: Section, metric: str, column: ReadColumn) -> Mapping[str, Any]:
    """Return the rule fields that a column's metric takes from `arguments`."""
    allowed = {"missingValues": {"missingValues"}, "invalidValues": {"validValues", "pattern"}}.get(metric, set())
    arguments = quality.section("arguments")
    if arguments is not None:
        _check_arguments(arguments, metric, allowed)
    given = {} if arguments is None else {key for key in allowed if arguments.has(key)}
    if allowed and not given:
        quality.report("arguments", f"is required: {' or '.join(sorted(allowed))} for {metric}")
    if arguments is None or not given:
        return {}
    if metric == "missingValues":
        return {"missing_values": listed_values(arguments, "missingValues", column.type, null_allowed=True)}
    return {
        "valid_values": listed_values(arguments, "validValues", column.type),
        "pattern": _column_pattern(arguments, column),
    }


def _check_arguments(arguments: Section, metric: str, allowed: set[str]) -> None:
    if allowed:
        arguments.allow_only(allowed)
    elif arguments.values:
        names = ", ".join(arguments.values)
        arguments.problems.add(arguments.path, f"{metric} of a column takes no arguments, got {names}")


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
    """Report each (path, value) that does not fit the column's type or is listed again."""
    seen: list[tuple[type, Any]] = []
    for path, value in values:
        problem = None if column_type == UNKNOWN_TYPE else value_problem(value, column_type)
        if problem is not None:
            section.report(path, problem)
        elif (type(value), value) in seen:
            section.report(path, f"{value!r} is listed twice")
        seen.append((type(value), value))
