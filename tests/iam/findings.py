"""What is wrong with permissions: a call that is denied, a grant that nobody needs, a grant that reaches further.

The third is found by trying, beside every call, the same one to something else: another bucket, folder or account;
and another action.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from tests.iam.policies import Call, Decision, Policies, Statement, Use
from tests.iam.reasons import REASONS, Reason

_OTHER_ACCOUNT: Final = "999999999999"
_STRANGER: Final = f"arn:aws:iam::{_OTHER_ACCOUNT}:role/stranger"
_OTHER_SERVICE: Final = "ec2.amazonaws.com"
# A statement has to refuse these, whoever may do what.
_NEVER: Final[Mapping[str, str]] = {"aws:SecureTransport": "false", "s3:TlsVersion": "1.1"}
# By the key of the context, a value that no call has.
_OTHERS: Final[Mapping[str, str]] = {
    "aws:SourceAccount": _OTHER_ACCOUNT,
    "kms:ViaService": "dynamodb.us-east-1.amazonaws.com",
    "cloudwatch:namespace": "Other",
}


@dataclass(frozen=True)
class Proof:
    """What was found, to be mended or to be given a reason in `tests.iam.reasons`, and the reasons that applied."""

    findings: Sequence[str]
    reasons: frozenset[Reason]


@dataclass
class _Search:
    policies: Policies
    used: set[Use] = field(default_factory=set)
    findings: dict[str, None] = field(default_factory=dict)
    reasons: set[Reason] = field(default_factory=set)

    def decide(self, call: Call) -> Decision:
        decision = self.policies.decide(call)
        self.used |= decision.uses
        return decision

    def report(self, kind: str, text: str) -> None:
        """Note a finding, unless there is a reason for it."""
        excused = [reason for reason in REASONS if reason.covers(kind, text)]
        self.reasons.update(excused)
        if not excused:
            self.findings[f"{kind}: {text}"] = None


def prove(calls: Iterable[Call], policies: Policies, *, statements: Iterable[Statement] | None = None) -> Proof:
    """Prove policies by all calls that are made under them; with ``statements``, that each of these is needed."""
    search = _Search(policies)
    made = list(dict.fromkeys(calls))
    for call in made:
        if not search.decide(call).allowed and not call.may_fail:
            search.report("denied", f"{call} ({call.why})")
    _try_others(search, made)
    for statement in policies.statements() if statements is None else statements:
        for piece in statement.pieces():
            if piece not in search.used:
                search.report("needless", str(piece))
    return Proof(list(search.findings), frozenset(search.reasons))


def _try_others(search: _Search, made: Sequence[Call]) -> None:
    known = set(made)
    tried: set[Call] = set()
    for call in made:
        for other in insecure(call):
            if not search.decide(other).refused:
                search.report("not refused", str(other))
        for other in neighbours(call):
            if other in known or other in tried:
                continue
            tried.add(other)
            decision = search.policies.decide(other)
            if decision.allowed:
                search.report("too wide", f"{other}; by {'; '.join(sorted(map(str, decision.uses)))}")


def insecure(call: Call) -> Iterator[Call]:
    """Return the same call without TLS, or with an old one."""
    for key, value in _NEVER.items():
        if key in call.context and _is_ours(call):
            yield replace(call, context={**call.context, key: value})


@cache
def neighbours(call: Call) -> Sequence[Call]:
    """Return calls that differ from one in one place, and that nobody has to make."""
    resources = [] if call.resource == "*" else other_arns(call.resource)
    contexts = [
        {**call.context, key: other} for key, value in call.context.items() for other in _other_values(key, value)
    ]
    return [
        *(replace(call, resource=other) for other in resources),
        *(replace(call, context=other) for other in contexts),
        replace(call, action=f"{call.action}Other"),
        replace(call, actor=_OTHER_SERVICE if call.is_by_service else _STRANGER),
    ]


def _other_values(key: str, value: str) -> Iterable[str]:
    if key in _NEVER:
        return ()
    if key == "s3:prefix":
        return other_prefixes(value)
    return [_OTHERS[key]] if key in _OTHERS else other_arns(value)


def other_prefixes(prefix: str) -> list[str]:
    """Return folders beside and above one."""
    parts = prefix.rstrip("/").split("/")
    literal = _literal(parts)
    above = ["".join(f"{part}/" for part in parts[:length]) for length in range(literal - 1, -1, -1)]
    return [*_varied(parts, "/", literal), *(folder for folder in above if prefix.startswith(folder))]


def other_arns(arn: str) -> list[str]:
    """Return ARNs that differ in region, in account, or in one part of the name before the first that varies."""
    head, name = arn.split(":", 5)[:5], arn.split(":", 5)[5]
    others = [":".join([*head[:at], "other", *head[at + 1 :], name]) for at in (3, 4) if head[at]]
    separator = "/" if "/" in name else ":"
    parts = name.split(separator)
    return others + [":".join([*head, other]) for other in _varied(parts, separator, _literal(parts))]


def alike(calls: Iterable[Call]) -> list[Call]:
    """Return one of all calls that differ only in what differs from run to run."""
    return list({_literal_part(call): call for call in calls}.values())


def _literal_part(call: Call) -> tuple[str, ...]:
    more = (f"{key}={_folder(value)}" for key, value in call.context.items())
    return call.actor, call.action, _folder(call.resource), str(call.may_fail), *more


def _folder(text: str) -> str:
    literal, varies, _ = text.partition("{")
    return literal.rpartition("/")[0] if varies and "/" in literal else text


def _literal(parts: Sequence[str]) -> int:
    """Count the parts before the first that differs from run to run."""
    return next((number for number, part in enumerate(parts) if "{" in part), len(parts))


def _varied(parts: Sequence[str], separator: str, count: int) -> list[str]:
    return [separator.join([*parts[:at], f"{parts[at]}-other", *parts[at + 1 :]]) for at in range(count) if parts[at]]


def _is_ours(call: Call) -> bool:
    """Tell whether the policy of what is called is this deployment's: the CDK's own bucket has another owner."""
    return not call.resource.startswith("arn:aws:s3:::cdk-")
