"""The ids by which rules are known in metrics and alerts: unique in a contract, and stable while nothing changes."""

import re
from collections.abc import Sequence
from dataclasses import replace

from contract.drafts import AnomalyDraft, Draft
from contract.model import AnomalyRule, Rule
from core.checks import MALFORMED_ID, ROWS_ID


def with_ids(drafts: Sequence[Draft | AnomalyDraft]) -> tuple[Rule | AnomalyRule, ...]:
    """Give each rule its stated id, else its name as a slug, else its column and metric; a taken one gets a number."""
    stated = [_stated_id(draft) for draft in drafts]
    _report_doubled(drafts, stated)
    built_in = _built_in(drafts)
    for draft, rule_id in zip(drafts, stated, strict=True):
        if rule_id in built_in:
            draft.report("id", f"{rule_id!r} is the id of a check that every run makes by itself; choose another one")
    taken = {*built_in, *(rule_id for rule_id in stated if rule_id)}
    rules: list[Rule | AnomalyRule] = []
    for draft, rule_id in zip(drafts, stated, strict=True):
        unique = rule_id or _free_id(_proposed_id(draft), taken)
        taken.add(unique)
        rules.append(replace(draft.rule, id=unique))
    return tuple(rules)


def _built_in(drafts: Sequence[Draft | AnomalyDraft]) -> set[str]:
    """Return the ids of the checks that stand in metrics beside the contract's rules."""
    counts_rows = any(isinstance(draft.rule, Rule) and draft.rule.metric == "rowCount" for draft in drafts)
    return {MALFORMED_ID} if counts_rows else {MALFORMED_ID, ROWS_ID}


def _stated_id(draft: Draft | AnomalyDraft) -> str | None:
    rule_id = draft.section.values.get("id") if draft.is_stated else None
    return rule_id if isinstance(rule_id, str) else None


def _report_doubled(drafts: Sequence[Draft | AnomalyDraft], stated: Sequence[str | None]) -> None:
    for position, (draft, rule_id) in enumerate(zip(drafts, stated, strict=True)):
        if rule_id is not None and rule_id in stated[:position]:
            draft.report("id", f"{rule_id!r} is already the id of another rule of this contract")


def _proposed_id(draft: Draft | AnomalyDraft) -> str:
    name = draft.section.values.get("name") if draft.is_stated else None
    slug = re.sub(r"[^a-z0-9]+", "_", str(name or "").lower()).strip("_")
    return slug or f"{draft.rule.column or 'table'}_{draft.rule.metric}"


def _free_id(proposed: str, taken: set[str]) -> str:
    candidate, number = proposed, 2
    while candidate in taken:
        candidate, number = f"{proposed}_{number}", number + 1
    return candidate
