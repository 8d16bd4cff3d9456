"""The rules that a column implies without a `quality` entry: required, unique, enum and value options."""

from collections.abc import Mapping, Sequence
from typing import Any

from contract import odcs_keys
from contract.columns import ReadColumn
from contract.drafts import Draft
from contract.model import Metric, Rule
from contract.rules import check_values
from contract.section import Section
from contract.type_options import value_conditions
from core.operators import allows_only_zero


def implied_rules(column: ReadColumn, stated: Sequence[Draft], *, primary_key: tuple[str, ...]) -> list[Draft]:
    """Return a zero-tolerance rule for each promise of the column that no stated rule already holds it to."""
    drafts = []
    if column.section.flag("required") and not _is_stated("nullValues", stated):
        drafts.append(Draft(_no_rows(column, "nullValues", f"{column.name} is required"), column.section, "required"))
    if _needs_uniqueness(column, primary_key) and not _is_stated("duplicateValues", stated):
        drafts.append(Draft(_no_rows(column, "duplicateValues", f"{column.name} is unique"), column.section, "unique"))
    return [*drafts, *_values_rule(column)]


def _values_rule(column: ReadColumn) -> list[Draft]:
    before = column.section.problems.count
    conditions = value_conditions(column.section, column.type)
    key = "logicalTypeOptions" if conditions else "enum"
    allowed_values = _enum_values(column)
    if allowed_values is not None:
        conditions["valid_values"] = allowed_values
    if not conditions:
        return []
    rule = _no_rows(column, "invalidValues", f"{column.name} keeps to its declared values", **conditions)
    return [Draft(rule, column.section, key, is_sound=column.section.problems.count == before)]


def _is_stated(metric: str, stated: Sequence[Draft]) -> bool:
    """Say whether a stated rule gates on the same metric with no tolerance at all."""
    return any(
        draft.rule.metric == metric
        and draft.rule.severity == "error"
        and allows_only_zero(draft.rule.operator, draft.rule.limit, unit=draft.rule.unit)
        for draft in stated
    )


def _needs_uniqueness(column: ReadColumn, primary_key: tuple[str, ...]) -> bool:
    """Say whether `unique` adds something: duplicates of the primary key are removed by the pipeline anyway."""
    if not column.section.flag("unique") or primary_key == (column.name,):
        return False
    if column.is_complex:
        column.section.report("unique", f"duplicates of a column of type {column.type} are not counted; remove the key")
    return True


def _enum_values(column: ReadColumn) -> tuple[Any, ...] | None:
    if not column.section.has("enum"):
        return None
    given = column.section.items("enum")
    if given is None:
        return None
    if not given:
        column.section.report("enum", "must list at least one value")
    values = []
    for position, entry in enumerate(given):
        if not isinstance(entry, Mapping):
            column.section.report(f"enum[{position}]", f"{entry!r} must be written as {{value: {entry}}}, as all are")
            continue
        Section(entry, column.section.at(f"enum[{position}]"), column.section.problems).allow_only(odcs_keys.ENUM_VALUE)
        values.append((f"enum[{position}].value", entry.get("value")))
    check_values(column.section, values, column.type)
    return tuple(value for _, value in values)


def _no_rows(column: ReadColumn, metric: Metric, description: str, **conditions: Any) -> Rule:
    return Rule(
        id="",
        metric=metric,
        column=column.name,
        columns=(column.name,),
        operator="mustBe",
        limit=0,
        description=description,
        **conditions,
    )
