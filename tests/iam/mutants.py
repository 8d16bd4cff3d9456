"""Every small fault that a policy can have: a piece left out, changed to something else, or widened.

Makes faults in one statement at a time; whether they are noticed is for the proof to show.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from tests.iam.findings import prove
from tests.iam.policies import Call, Conditions, Policies, Statement, protected

_OTHER = "-other"


@dataclass(frozen=True)
class Mutant:
    """The statements of one role or resource, one of them faulty or gone."""

    fault: str
    owner: str
    of_role: bool
    statements: Sequence[Statement]

    def is_noticed(self, policies: Policies, calls: Sequence[Call]) -> bool:
        """Tell whether the proof, of the calls that these statements have a say in, finds something."""
        kept = policies.of_roles if self.of_role else policies.of_resources
        changed = {**kept, self.owner: self.statements}
        faulty = replace(policies, **{"of_roles" if self.of_role else "of_resources": changed})
        concerned = [call for call in calls if self.owner in (call.actor, protected(call.resource))]
        return bool(prove(concerned, faulty, statements=self.statements).findings)


def mutants(policies: Policies) -> Iterator[Mutant]:
    """Return all faulty versions of all statements."""
    for of_role, owners in ((True, policies.of_roles), (False, policies.of_resources)):
        for owner, statements in owners.items():
            for at, statement in enumerate(statements):
                for fault, faulty in _faults(statement, of_role=of_role):
                    changed = [*statements[:at], *([faulty] if faulty else []), *statements[at + 1 :]]
                    yield Mutant(f"{statement.place}: {fault}", owner, of_role, changed)


def _faults(statement: Statement, *, of_role: bool) -> Iterator[tuple[str, Statement | None]]:
    yield "left out", None
    other_actions = _other_actions if statement.effect == "Allow" else _unknown_actions
    for fault, actions in _changed_lists(statement.actions, other_actions):
        yield f"action {fault}", replace(statement, actions=actions)
    others = _other_resources if of_role else _other_resources_of_one
    for fault, resources in _changed_lists(statement.resources or (), others):
        yield f"resource {fault}", replace(statement, resources=resources)
    for fault, principals in _changed_lists(statement.principals or (), _other_principals):
        yield f"principal {fault}", replace(statement, principals=principals)
    for fault, conditions in _changed_conditions(statement.conditions):
        yield f"condition {fault}", replace(statement, conditions=conditions)


def _changed_lists(values: Sequence[str], others: Callable[[str], Sequence[str]]) -> Iterator[tuple[str, list[str]]]:
    for at, value in enumerate(values):
        rest = [*values[:at], *values[at + 1 :]]
        if rest:
            yield f"{value} left out", rest
        for other in others(value):
            if other not in values:
                yield f"{value} changed to {other}", [*values[:at], other, *values[at + 1 :]]


def _changed_conditions(conditions: Conditions) -> Iterator[tuple[str, Conditions]]:
    for operator, keys in conditions.items():
        for key, values in keys.items():
            without = {name: kept for name, kept in keys.items() if name != key}
            yield f"{operator} {key} left out", {**conditions, operator: without}
            for fault, changed in _changed_lists(values, partial(_other_values, operator)):
                yield f"{operator} {key} {fault}", {**conditions, operator: {**keys, key: changed}}


def _other_actions(action: str) -> list[str]:
    """Name an action that nobody asks for, and all of the service."""
    return [*_unknown_actions(action), f"{action.partition(':')[0]}:*"]


def _unknown_actions(action: str) -> list[str]:
    """Leave out all of the service: to refuse more is no fault."""
    return [f"{action.rstrip('*')}Other"]


def _other_resources(resource: str) -> list[str]:
    """Name something else, and what holds it: everything, and the folder above."""
    if resource == "*":
        return ["arn:aws:s3:::other"]
    head, name = resource.rsplit(":", 1)
    above = name.rstrip("*").rstrip("/").rpartition("/")[0]
    wider = [f"{head}:{above}/*"] if above else []
    return [f"{head}{_OTHER}:{name}", f"{head}:{_OTHER}{name}", "*", *wider]


def _other_resources_of_one(resource: str) -> list[str]:
    """Leave out everything: the policy of a resource reaches no further than to it."""
    return [other for other in _other_resources(resource) if other != "*"]


def _other_principals(principal: str) -> list[str]:
    if principal == "*":
        return ["ec2.amazonaws.com"]
    return ["ec2.amazonaws.com", "*"]


def _other_values(operator: str, value: str) -> list[str]:
    if operator.startswith("Bool"):
        return ["true" if value == "false" else "false"]
    if operator.startswith("Numeric"):
        return ["1.1", "1.3"]
    wider = ["*"] if operator.startswith("StringLike") else []
    if operator.startswith("Arn"):
        parts = value.split(":")
        wider = [":".join([*parts[:5], "*"]), *([":".join([*parts[:4], "*", *parts[5:]])] if parts[4] else [])]
    return [f"{value}{_OTHER}", f"x{value}", *wider]
