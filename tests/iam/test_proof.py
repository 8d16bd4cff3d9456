"""Permissions, proved in both directions by the calls of a whole run, which `make proof-iam` records."""

import pytest

from tests.iam.deployment import ACCOUNT, REGION
from tests.iam.findings import alike, prove
from tests.iam.mutants import mutants
from tests.iam.policies import Call
from tests.iam.reasons import REASONS
from tests.iam.variants import VARIANTS, deployed, kept_facts, variant

MUTATED = ("no key", "a key after another")


@pytest.mark.parametrize("name", VARIANTS)
def test_every_call_is_allowed_every_grant_is_needed_and_none_reaches_further(name: str) -> None:
    assert variant(name, kept_facts()).proof().findings == []


def test_every_reason_excuses_something() -> None:
    used = {reason for name in VARIANTS for reason in variant(name, kept_facts()).proof().reasons}
    assert [reason for reason in REASONS if reason not in used] == []


@pytest.mark.parametrize("name", MUTATED)
def test_no_statement_can_lose_gain_or_change_a_piece_unnoticed(name: str) -> None:
    proved = variant(name, kept_facts())
    calls, made = alike(proved.calls), list(mutants(proved.policies))
    assert len(made) > 500
    missed = [mutant.fault for mutant in made if not mutant.is_noticed(proved.policies, calls)]
    assert [fault for fault in missed if not _is_no_fault(fault)] == []


def _is_no_fault(fault: str) -> bool:
    """Tell of an action that only a written reason keeps, which nobody would miss."""
    place, _, action = fault.removesuffix(" left out").partition(": action ")
    return any(reason.covers("needless", f"{place}: {action} on ") for reason in REASONS)


@pytest.mark.parametrize(
    ("function", "action", "resource"),
    [
        ("DailyReport", "sns:Publish", f"arn:aws:sns:{REGION}:{ACCOUNT}:Data-AlertsTopicCF7C81C9"),
        ("DailyReport", "s3:PutObject", "arn:aws:s3:::Data-StorageBucket5CB7C8EA/metrics/events/{run}.json"),
        (
            "AlertsFunction",
            "states:StartExecution",
            f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:prod-events-pipeline",
        ),
        ("AlertsFunction", "s3:GetObject", "arn:aws:s3:::Data-StorageBucket5CB7C8EA/raw/source_system=app/{file}"),
    ],
)
def test_a_call_that_a_function_may_not_make_is_found(function: str, action: str, resource: str) -> None:
    proved = variant("no key", kept_facts())
    (role,) = [role for role in proved.policies.of_roles if f"-{function}Role" in role]
    call = Call(role, action, resource, {}, "added")
    assert f"denied: {call} (added)" in prove([*proved.calls, call], proved.policies).findings


def test_every_actor_of_the_deployment_is_at_work_in_the_run() -> None:
    active = {call.actor for call in variant("no key", kept_facts()).calls}
    assert {role.arn for role in deployed("no key").of("AWS::IAM::Role")} <= active
