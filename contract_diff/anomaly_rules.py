"""Rules against earlier dates, compared: none of them changes what is written or what readers may build on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from contract.model import AnomalyRule
from contract_diff.changes import Change, safe, shown

_READERS: Final = safe("it tells odd days from usual ones; the table's rows mean the same")
_WRITTEN: Final = safe("it judges dates to come; written ones were judged by the rules of their day")
COMPARED: Final = ("id", "metric", "column", "tolerance", "minimum_dates", "severity")
NOT_COMPARED: Final = {"description": "documentation, compared in the document"}


def anomaly_rule_changes(
    old: Sequence[AnomalyRule], new: Sequence[AnomalyRule], renamed: Mapping[str, str]
) -> Iterator[Change]:
    """Compare rules of the same id, or else on the same metric of the same column; ``renamed`` has its new names."""
    left = list(new)
    for before in old:
        column = None if before.column is None else renamed.get(before.column, before.column)
        after = next((rule for rule in left if rule.id == before.id), None) or next(
            (rule for rule in left if (rule.metric, rule.column) == (before.metric, column)), None
        )
        if after is None:
            yield Change(f"rule {before.id}", f"removed: {_text(before)}", _READERS, _WRITTEN)
        else:
            left.remove(after)
            yield from _changed(before, after, column)
    for added in left:
        yield Change(f"rule {added.id}", f"added: {_text(added)}", _READERS, _WRITTEN)


def _changed(old: AnomalyRule, new: AnomalyRule, column: str | None) -> Iterator[Change]:
    moved = [
        f"{name.replace('_', ' ')} {shown(before)} -> {shown(after)}"
        for name in COMPARED
        if (before := column if name == "column" else getattr(old, name)) != (after := getattr(new, name))
    ]
    if moved:
        yield Change(f"rule {old.id}", ", ".join(moved), _READERS, _WRITTEN)


def _text(rule: AnomalyRule) -> str:
    of = f" of {rule.column}" if rule.column else ""
    settings = f"tolerance {rule.tolerance:g}, from {rule.minimum_dates} dates on"
    return f"{rule.metric}{of} as usual ({rule.severity}), {settings}"
