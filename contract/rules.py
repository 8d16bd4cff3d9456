"""The rules that a contract states under `quality`, of the table and of its columns; knows no implied ones."""

import re
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
_NOT_RUN_KEYS: Final = frozenset({"query", "engine", "implementation"})
_TABLE_ARGUMENTS: Final = {
    "duplicateValues": frozenset({"properties"}),
    None: frozenset({"missingValues", "validValues", "pattern", "properties"}),  # of a metric that could not be read
}
_COLUMN_ARGUMENTS: Final = {
    "missingValues": frozenset({"missingValues"}),
    "invalidValues": frozenset({"validValues", "pattern"}),
    None: _TABLE_ARGUMENTS[None],
}
_STABLE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
_NOT_RUN: Final = "would not be enforced; state it with a library metric ({}), or as type: text to document it only"
_ADVICE: Final = {
    "rule": "is the name before ODCS 3.1; write metric",
    **dict.fromkeys(("validValues", "missingValues", "pattern"), "belongs under arguments"),
    **dict.fromkeys(sorted(_NOT_RUN_KEYS), _NOT_RUN.format(", ".join(METRICS))),
}


@dataclass(frozen=True)
class Draft:
    """A rule and the section that states it, which for an implied one is its column's.

    `key` is where in the section an implied rule stands. The rule gets its id when all of them are known. Its limit
    means something when `has_limit`, and nothing that it looks at could not be read when `is_sound`.
    """

    rule: Rule
    section: Section
    key: str = ""
    has_limit: bool = True
    is_sound: bool = True

    @property
    def is_stated(self) -> bool:
        return not self.key

    def report(self, key: str, text: str) -> None:
        """Report a problem at a key of a stated rule, or where an implied one comes from."""
        self.section.report(key if self.is_stated else self.key, text)

    @property
    def origin(self) -> str:
        """Say where the rule is stated, for a problem that another one has with it."""
        return self.section.path if self.is_stated else self.section.at(self.key)


def read_rules(owner: Section, columns: Sequence[ReadColumn], *, column: ReadColumn | None) -> list[Draft]:
    """Read the executable rules of a table or of one column; `type: text` is documentation and yields none."""
    drafts = []
    for quality in owner.sections("quality"):
        kind = quality.choice("type", ("library", "text", "sql", "custom"), default="library")
        if kind == "text":
            _check_text(quality)
        elif kind in ("sql", "custom"):
            _refuse_not_run(quality, kind)
        else:
            drafts.append(_read_rule(quality, columns, column))
    return drafts


def _refuse_not_run(quality: Section, kind: str) -> None:
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
    operator, limit, unit = _comparison(quality)
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
        quality.report("id", f"{rule_id!r} must be 1 to 128 letters, digits, '_' or '-'")


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
    limits = [_limit(quality, operator, unit) for operator in given]
    return (given[0], limits[0], unit) if len(given) == 1 else (None, None, unit)


def _limit(quality: Section, operator: str, unit: str) -> Limit | None:
    limit = _range(quality, operator) if operator in RANGE_OPERATORS else _scalar(quality, operator)
    _check_limit(quality, operator, limit, unit)
    return limit


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
    """Report each (path, value) that does not fit the column's type or is listed again."""
    seen: set[tuple[type, str]] = set()
    for path, value in values:
        problem = None if column_type == UNKNOWN_TYPE else value_problem(value, column_type)
        if problem is not None:
            section.report(path, problem)
        elif (type(value), repr(value)) in seen:
            section.report(path, f"{value!r} is listed twice")
        seen.add((type(value), repr(value)))
