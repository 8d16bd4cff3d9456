"""Rules that would check nothing, could never pass, or contradict each other; each is a problem of the contract."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from contract.columns import UNKNOWN_TYPE
from contract.drafts import Draft
from contract.model import Rule
from contract.rule_limits import can_pass_together, limit_problem, limit_text
from contract.value_sets import CONDITIONS, condition_texts, counts_every_row, leave_no_value, rules_out_nothing
from core.operators import allows_only_zero


def report_pointless_rules(drafts: Sequence[Draft], *, types: Mapping[str, str]) -> None:
    """Report each rule whose answer is known without data, and each that cannot pass beside the others.

    Of a rule that could not be read as a whole, only what the rest would not change is reported.
    """
    useful = [draft for draft in drafts if draft.has_limit and not _has_pointless_limit(draft)]
    known = [draft for draft in useful if draft.is_sound and types.get(draft.rule.column or "") != UNKNOWN_TYPE]
    _report_contradictions([draft for draft in known if draft.rule.severity == "error"])
    for column, column_type in types.items():
        if column_type != UNKNOWN_TYPE:
            of_column = [draft for draft in drafts if draft.rule.column == column]
            _report_missing_values(of_column, column_type)
            _report_value_conditions(of_column, column_type)


def _has_pointless_limit(draft: Draft) -> bool:
    problem = limit_problem(draft.rule)
    if problem is not None:
        draft.report(draft.rule.operator, problem)
    return problem is not None


def _report_contradictions(drafts: Sequence[Draft]) -> None:
    """Report each rule that cannot pass beside those before it on the same metric of the same columns."""
    by_subject: dict[tuple[object, ...], list[Draft]] = {}
    for draft in drafts:
        before = by_subject.setdefault(_subject(draft.rule), [])
        if can_pass_together([*(other.rule for other in before), draft.rule]):
            before.append(draft)
        else:
            draft.report(draft.rule.operator, _contradiction(draft, before))


def _subject(rule: Rule) -> tuple[object, ...]:
    """Return what is equal for rules that compare the same count, or the share that it is, however they list values."""
    compared = ["missing_values", "look_back_days", *(CONDITIONS if rule.metric == "invalidValues" else ())]
    return rule.metric, frozenset(rule.columns), *(_unordered(getattr(rule, field)) for field in compared)


def _unordered(value: object) -> object:
    return frozenset(value) if isinstance(value, tuple) else value


def _contradiction(draft: Draft, others: Sequence[Draft]) -> str:
    culprits = [other for other in others if not can_pass_together([other.rule, draft.rule])] or others
    named = ", ".join(f"{_limit(other.rule)} ({other.origin})" for other in culprits)
    return f"{_limit(draft.rule)} and {named} can never pass together, so no run could; change one, or its severity"


def _limit(rule: Rule) -> str:
    return f"{rule.operator} {limit_text(rule.limit)} {rule.unit}"


def _report_missing_values(drafts: Sequence[Draft], column_type: str) -> None:
    for draft in drafts:
        if draft.is_sound and draft.rule.metric == "missingValues" and counts_every_row(draft.rule, column_type):
            draft.report(
                "arguments.missingValues",
                f"lists null and every {column_type} value, so it counts all rows; list what means missing",
            )


def _report_value_conditions(drafts: Sequence[Draft], column_type: str) -> None:
    """Report conditions that no value breaks or that no value meets, alone or beside those without any tolerance."""
    on_values = [_readable(draft) for draft in drafts if draft.rule.metric == "invalidValues"]
    strict: list[Draft] = []
    for draft in sorted(on_values, key=lambda draft: not _is_strict(draft)):
        if draft.is_sound and rules_out_nothing(draft.rule, column_type):
            draft.report("arguments", _rules_out_nothing(draft.rule, column_type))
        elif leave_no_value([draft.rule], column_type):
            draft.report("arguments", _leaves_no_value(draft.rule, column_type))
        elif leave_no_value([draft.rule, *(other.rule for other in strict)], column_type):
            beside = " beside " + ", ".join(f"{condition_texts([other.rule])} ({other.origin})" for other in strict)
            draft.report("arguments", _leaves_no_value(draft.rule, column_type, beside=beside))
        elif _is_strict(draft):
            strict.append(draft)


def _readable(draft: Draft) -> Draft:
    """Leave out a list that may hold values of no column type; with fewer conditions more values are valid."""
    is_readable = draft.is_sound and None not in (draft.rule.valid_values or ())
    return draft if is_readable else replace(draft, rule=replace(draft.rule, valid_values=None), is_sound=False)


def _is_strict(draft: Draft) -> bool:
    rule = draft.rule
    is_error = draft.has_limit and rule.severity == "error"
    return is_error and allows_only_zero(rule.operator, rule.limit, unit=rule.unit)


def _rules_out_nothing(rule: Rule, column_type: str) -> str:
    line_breaks = r"; to forbid line breaks, write ^[^\n]*$" if "." in (rule.pattern or "") else ""
    return (
        f"no {column_type} value breaks {condition_texts([rule])}, so the rule checks nothing; "
        f"remove it, or state a condition that some value breaks{line_breaks}"
    )


def _leaves_no_value(rule: Rule, column_type: str, *, beside: str = "") -> str:
    return (
        f"no {column_type} value meets {condition_texts([rule])}{beside}, so every value would be invalid; "
        "change the conditions so that some value meets all of them"
    )
