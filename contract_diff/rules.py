"""What changed in the rules of a dataset: which are new, gone, stricter or laxer, and whether written dates still pass.

A rule is found again by its id, else by what it says. Written dates passed the old rules; only a rerun tells the new.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from contract.model import Rule
from contract.rule_limits import limit_text
from contract_diff.changes import Change, View, breaking, rerun, safe, shown
from contract_diff.rule_strictness import CONDITIONS, Shift, is_promise, shift_of
from core.operators import holds

# How each field of a rule is compared, or why it is not.
COMPARED: Final = {
    "id": "as a rule's name in metrics and alerts",
    "metric": "a rule of another metric is another rule",
    "column": "a rule of another column is another rule",
    "columns": "a rule of other columns is another rule",
    "operator": "with the limit",
    "limit": "with the operator",
    "unit": "with the limit",
    "severity": "an error stops the publication",
    **dict.fromkeys(CONDITIONS, "a condition on values"),
}
NOT_COMPARED: Final = {"description": "documentation, compared in the document"}
ONLY_RERUN_TELLS: Final = "written dates may not pass it; a rerun tells"
_NO_GATE: Final = "a warning stops nothing"


@dataclass(frozen=True)
class Names:
    """The columns of both contracts as rules name them: old names of renamed ones, those added and those removed."""

    renamed: Mapping[str, str]
    added: Collection[str]
    removed: Collection[str]

    def now(self, rule: Rule) -> Rule:
        """Return an old rule with the names that its columns have now."""
        column = None if rule.column is None else self.renamed.get(rule.column, rule.column)
        return replace(rule, column=column, columns=tuple(self.renamed.get(name, name) for name in rule.columns))


def rule_changes(old: Sequence[Rule], new: Sequence[Rule], names: Names) -> Iterator[Change]:
    pairs = list(_pairs([names.now(rule) for rule in old], list(new)))
    for before, after in pairs:
        if before is None and after is not None:
            yield Change(_place(after), f"added: {rule_text(after)}", *_added(after, names))
        elif after is None and before is not None:
            yield Change(_place(before), f"removed: {rule_text(before)}", *_removed(before, names))
        elif before is not None and after is not None:
            yield from _changed(before, after)


def rule_text(rule: Rule) -> str:
    """Write what a rule demands, on one line."""
    looks_at = f" of {', '.join(rule.columns)}" if rule.columns else ""
    conditions = "".join(
        f", {name.replace('_', ' ')} {shown(value)}"
        for name in CONDITIONS
        if (value := getattr(rule, name)) is not None
    )
    return (
        f"{rule.metric}{looks_at} {rule.operator} {limit_text(rule.limit)}{_unit(rule)} ({rule.severity}){conditions}"
    )


def _pairs(old: list[Rule], new: list[Rule]) -> Iterator[tuple[Rule | None, Rule | None]]:
    """Pair rules: of the same id, else of the same content, else the next on the same metric of the same columns."""
    keys = (
        lambda rule: (rule.id, _subject(rule)),
        lambda rule: (_subject(rule), rule_text(rule)),
        _subject,
    )
    for key in keys:
        for before in list(old):
            after = next((rule for rule in new if key(rule) == key(before)), None)
            if after is not None:
                old.remove(before)
                new.remove(after)
                yield before, after
    yield from ((rule, None) for rule in old)
    yield from ((None, rule) for rule in new)


def _subject(rule: Rule) -> tuple[str, str | None, tuple[str, ...]]:
    return rule.metric, rule.column and rule.column.lower(), tuple(sorted(name.lower() for name in rule.columns))


def _place(rule: Rule) -> str:
    return f"rule {rule.id}"


def _added(rule: Rule, names: Names) -> tuple[View, View]:
    readers = safe("what is published keeps to more than before")
    if rule.severity == "warning":
        return readers, safe(_NO_GATE)
    if rule.column in names.added and rule.metric == "invalidValues" and holds(rule.operator, 0, rule.limit):
        return readers, safe("the column is new, and null in written dates, which is not invalid")
    if rule.column in names.added:
        return readers, rerun("the column is new, and null in every row of written dates")
    return readers, rerun(ONLY_RERUN_TELLS)


def _removed(rule: Rule, names: Names) -> tuple[View, View]:
    if rule.column in names.removed:
        return safe("its column is removed"), safe()
    return _readers_of_less(rule, is_kept=False), safe("what passed the rule needs no other verdict")


def _readers_of_less(rule: Rule, *, is_kept: bool) -> View:
    """Return what a rule that lets more pass means for readers."""
    if rule.severity == "warning":
        return safe(_NO_GATE)
    if is_promise(rule) and not is_kept:
        what = "duplicates" if rule.metric == "duplicateValues" else "nulls"
        of = f" in {', '.join(rule.columns)}" if rule.columns else ""
        return breaking(f"queries may rely on there being no {what}{of}; from now on there may be some")
    return safe("days may be published that were refused before; the table's columns mean the same")


def _changed(old: Rule, new: Rule) -> Iterator[Change]:
    if old.id != new.id:
        why = "metrics, reports and alerts call it by the new id"
        yield Change(_place(old), f"now called {new.id}", safe(why), safe("metrics of written dates keep the old id"))
    shift = shift_of(old, new)
    if shift == Shift():
        return
    readers = (
        _readers_of_less(old, is_kept=is_promise(new))
        if shift.is_looser
        else safe("what is published keeps to more than before")
    )
    yield Change(_place(new), f"{_verb(shift)}: {_difference(old, new)}", readers, _written(new, shift))


def _difference(old: Rule, new: Rule) -> str:
    """Write what differs between two rules on the same metric, and of lists only what came and went."""
    limits = [f"{rule.operator} {limit_text(rule.limit)}{_unit(rule)}" for rule in (old, new)]
    parts = [f"{old.metric} {limits[0]} -> {limits[1]}"] if limits[0] != limits[1] else []
    parts += [f"severity {old.severity} -> {new.severity}"] if old.severity != new.severity else []
    for name in CONDITIONS:
        before, after = getattr(old, name), getattr(new, name)
        if before != after and CONDITIONS[name](before, after) != Shift():
            parts.append(f"{name.replace('_', ' ')} {_moves(before, after)}")
    return ", ".join(parts)


def _moves(old: object, new: object) -> str:
    if not (isinstance(old, tuple) and isinstance(new, tuple)):
        return f"{shown(old)} -> {shown(new)}"
    gone, come = (tuple(sorted(set(one) - set(other), key=str)) for one, other in ((old, new), (new, old)))
    return " and ".join(f"{word} {shown(values)}" for word, values in (("lose", gone), ("gain", come)) if values)


def _unit(rule: Rule) -> str:
    return " %" if rule.unit == "percent" else ""


def _verb(shift: Shift) -> str:
    if shift.is_looser and shift.is_tighter:
        return "changed"
    return "loosened" if shift.is_looser else "tightened"


def _written(new: Rule, shift: Shift) -> View:
    if not shift.is_tighter:
        return safe("what passed the rule passes it still")
    return safe(_NO_GATE) if new.severity == "warning" else rerun(ONLY_RERUN_TELLS)
