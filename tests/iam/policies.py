"""AWS's evaluation of policies, as far as this deployment's policies need it: statements, principals and conditions.

Knows no template and no service; whatever it does not understand is an error, never a guess.
Rules: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import fnmatch
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

Conditions = Mapping[str, Mapping[str, Sequence[str]]]
IF_EXISTS: Final = "IfExists"


class NotUnderstood(Exception):
    """A policy says something that this evaluation does not cover."""


@dataclass(frozen=True)
class Call:
    """What somebody asks of AWS. ``actor`` is the ARN of a role or the name of a service.

    With ``may_fail`` whoever asks goes on when it is denied.
    """

    actor: str
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    may_fail: bool = False

    def __str__(self) -> str:
        more = ", ".join(f"{key}={value}" for key, value in sorted(self.context.items()))
        return f"{self.actor}: {self.action} on {self.resource}" + (f" with {more}" if more else "")

    def __hash__(self) -> int:
        return hash((self.actor, self.action, self.resource))

    @property
    def is_by_service(self) -> bool:
        return not self.actor.startswith("arn:")


@dataclass(frozen=True)
class Use:
    """One piece of a statement that a call needed: an action on a resource, or a value of a condition."""

    place: str
    piece: str

    def __str__(self) -> str:
        return f"{self.place}: {self.piece}"


@dataclass(frozen=True)
class Statement:
    """A statement whose references are resolved. ``principals`` are None where the policy belongs to its actor."""

    place: str
    effect: str
    actions: Sequence[str]
    resources: Sequence[str] | None
    principals: Sequence[str] | None
    conditions: Conditions

    def pieces(self) -> Iterator[Use]:
        """Name everything in it that some call has to need."""
        for action in self.actions:
            for resource in self.resources or ("its own",):
                yield Use(self.place, f"{action} on {resource}")
        for principal in self.principals or ():
            yield Use(self.place, f"principal {principal}")
        for operator, keys in self.conditions.items():
            for key, values in keys.items():
                yield from (Use(self.place, f"{operator} {key} {value}") for value in values)

    def uses(self, call: Call, *, by_root: bool = False) -> set[Use]:
        """Return the pieces by which it covers a call; none when it does not.

        With ``by_root`` it is asked whether it leaves the decision to the account's own policies.
        """
        actions = [pattern for pattern in self.actions if matches(pattern.lower(), call.action.lower())]
        if not actions:
            return set()
        patterns = self.resources or ("its own",)
        resources = [text for text in patterns if self.resources is None or matches(text, call.resource)]
        principals = [text for text in self.principals or () if _is_meant(text, call, by_root=by_root)]
        values = self._condition_uses(call.context)
        if not resources or values is None or (self.principals is not None and not principals):
            return set()
        pieces = {Use(self.place, f"{action} on {resource}") for action in actions for resource in resources}
        return pieces | {Use(self.place, f"principal {text}") for text in principals} | values

    def _condition_uses(self, context: Mapping[str, str]) -> set[Use] | None:
        if not self.conditions:
            return set()
        found = set()
        given = {key.lower(): value for key, value in context.items()}
        for operator, keys in self.conditions.items():
            compare = _comparison(operator.removesuffix(IF_EXISTS))
            for key, values in keys.items():
                actual = given.get(key.lower())
                if actual is None and operator.endswith(IF_EXISTS):
                    continue
                fitting = [value for value in values if actual is not None and compare(value, actual)]
                if not fitting:
                    return None
                found |= {Use(self.place, f"{operator} {key} {value}") for value in fitting}
        return found


@dataclass(frozen=True)
class Policies:
    """All policies of a deployment: of roles by their ARN, of resources by the ARN of what they protect."""

    of_roles: Mapping[str, Sequence[Statement]]
    of_resources: Mapping[str, Sequence[Statement]]

    def statements(self) -> Iterator[Statement]:
        for statements in (*self.of_roles.values(), *self.of_resources.values()):
            yield from statements

    def decide(self, call: Call) -> "Decision":
        """Decide as AWS does when actor and resource belong to one account."""
        own = self.of_roles.get(call.actor, ())
        at_resource = self.of_resources.get(protected(call.resource), ())
        denied = _uses([*own, *at_resource], call, "Deny")
        if denied:
            return Decision(allowed=False, refused=True, uses=frozenset(denied))
        uses = self._allowed(call, own, at_resource)
        return Decision(allowed=bool(uses), refused=False, uses=frozenset(uses))

    def _allowed(self, call: Call, own: Sequence[Statement], at_resource: Sequence[Statement]) -> set[Use]:
        by_policy_of_resource = _uses(at_resource, call, "Allow")
        if call.action == "sts:AssumeRole":
            return by_policy_of_resource
        by_own_policy = _uses(own, call, "Allow")
        if call.action.startswith("kms:"):
            # A key's policy alone decides, and may leave it to the account's policies:
            # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
            left = set() if call.is_by_service else _uses(at_resource, call, "Allow", by_root=True)
            is_foreign = call.resource not in self.of_resources
            by_own_policy = by_own_policy | left if by_own_policy and (left or is_foreign) else set()
        return by_own_policy | by_policy_of_resource


@dataclass(frozen=True)
class Decision:
    """Whether a call is allowed, whether a statement refuses it, and the pieces by which it was decided."""

    allowed: bool
    refused: bool
    uses: frozenset[Use]


def protected(resource: str) -> str:
    """Return the ARN of what has a policy: an object has none of its own, its bucket has."""
    return resource.partition("/")[0] if resource.startswith("arn:aws:s3:::") else resource


def matches(pattern: str, text: str) -> bool:
    """Compare with wildcards, which are ``*`` and ``?`` and nothing else."""
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]")), re.DOTALL)


def _uses(statements: Sequence[Statement], call: Call, effect: str, *, by_root: bool = False) -> set[Use]:
    found = (statement.uses(call, by_root=by_root) for statement in statements if statement.effect == effect)
    return set().union(*found)


def _is_meant(principal: str, call: Call, *, by_root: bool) -> bool:
    if principal.endswith(":root"):
        return by_root and principal.split(":")[4] == call.actor.split(":")[4]
    return not by_root and principal in ("*", call.actor)


def _comparison(operator: str) -> Callable[[str, str], bool]:
    try:
        return _COMPARISONS[operator]
    except KeyError:
        known = ", ".join(sorted(_COMPARISONS))
        raise NotUnderstood(f"condition operator {operator}; known are {known}: add it to {__name__}") from None


def _arn_matches(pattern: str, arn: str) -> bool:
    """Compare part by part; a wildcard does not reach beyond a colon, but in the last part."""
    expected, actual = pattern.split(":", 5), arn.split(":", 5)
    return len(expected) == len(actual) and all(map(matches, expected, actual))


_COMPARISONS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "StringEquals": lambda expected, actual: expected == actual,
    "StringLike": matches,
    "ArnEquals": _arn_matches,
    "ArnLike": _arn_matches,
    "Bool": lambda expected, actual: expected.lower() == actual.lower(),
    "NumericLessThan": lambda expected, actual: float(actual) < float(expected),
}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
