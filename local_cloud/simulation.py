"""`SimulatePrincipalPolicy` with what the caller says of the request and for each resource, which the emulator ignores.

Decides nothing itself: the emulator's own evaluator does, by the policies of the role.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from xml.sax.saxutils import escape

from ministack.core import iam_evaluator, responses
from ministack.services import iam

from local_cloud.seams import require

_CALL: Final = "SimulatePrincipalPolicy"
_DECISIONS: Final = {"Allow": "allowed", "Deny": "explicitDeny"}

Parameters = Mapping[str, Any]


def install() -> None:
    """Put our answer in the place of the emulator's."""
    require(iam, "_simulate_principal_policy", parameters=["p"])
    require(iam_evaluator, "_gather_role_policies", parameters=["role_name", "account_id"])
    require(iam_evaluator, "evaluate", parameters=["ctx", "policies", "limits"])
    iam._IAM_HANDLERS[_CALL] = _simulate


def _simulate(parameters: Parameters) -> Any:
    arn = _first(parameters, "PolicySourceArn")
    account = responses.get_account_id()
    policies = iam_evaluator._gather_role_policies(arn.rpartition("/")[2], account)
    context = _context(parameters)
    results = "".join(
        _result(action, resource, _decision(action, resource, arn, account, context, policies))
        for action in _members(parameters, "ActionNames")
        for resource in [*_members(parameters, "ResourceArns")] or ["*"]
    )
    answer = f"<EvaluationResults>{results}</EvaluationResults><IsTruncated>false</IsTruncated>"
    return iam._xml(200, f"{_CALL}Response", f"<{_CALL}Result>{answer}</{_CALL}Result>", ns="iam")


def _decision(
    action: str, resource: str, arn: str, account: str, context: Mapping[str, Sequence[str]], policies: Any
) -> str:
    request = iam_evaluator.EvalContext(
        principal_arn=arn,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=responses.get_region(),
        service_context=dict(context),
    )
    return _DECISIONS.get(iam_evaluator.evaluate(request, policies).decision, "implicitDeny")


def _result(action: str, resource: str, decision: str) -> str:
    parts = {"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": decision}
    return f"<member>{''.join(f'<{name}>{escape(value)}</{name}>' for name, value in parts.items())}</member>"


def _context(parameters: Parameters) -> dict[str, Any]:
    """Return what is said of the request by the name of its key in lower case, as the evaluator looks it up."""
    found = {}
    number = 1
    while name := _first(parameters, f"ContextEntries.member.{number}.ContextKeyName"):
        values = list(_members(parameters, f"ContextEntries.member.{number}.ContextKeyValues"))
        found[name.lower()] = values[0] if len(values) == 1 else values
        number += 1
    return found


def _members(parameters: Parameters, name: str) -> Iterator[str]:
    number = 1
    while value := _first(parameters, f"{name}.member.{number}"):
        yield value
        number += 1


def _first(parameters: Parameters, name: str) -> str:
    value = parameters.get(name, "")
    return str(value[0] if isinstance(value, list) else value)
