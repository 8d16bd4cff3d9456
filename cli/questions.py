"""Questions to the AWS services of a deployed account: what they answer, or that and why they cannot be asked.

Knows calls and permissions; what an answer means for a dataset, others know.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any
from urllib.parse import unquote

from adapters.aws import client, translated


def ask(service: str, operation: str, permission: str, **request: Any) -> Mapping[str, Any]:
    with translated(f"call {operation} of {service}", needs=permission):
        answer: Mapping[str, Any] = getattr(client(service), operation)(**request)
    return answer


def pages(service: str, operation: str, permission: str, key: str, **request: Any) -> list[Mapping[str, Any]]:
    with translated(f"call {operation} of {service}", needs=permission):
        pages = client(service).get_paginator(operation).paginate(**request)
        return [item for page in pages for item in page.get(key, ())]


def function_configuration(name: str) -> Mapping[str, Any]:
    return ask("lambda", "get_function_configuration", "lambda:GetFunctionConfiguration", FunctionName=name)


def schedules() -> list[Mapping[str, Any]]:
    return pages("scheduler", "list_schedules", "scheduler:ListSchedules", "Schedules")


def alarms_named(names: Sequence[str], **which: str) -> list[Mapping[str, Any]]:
    request = {"AlarmNames": names, **which}
    return pages("cloudwatch", "describe_alarms", "cloudwatch:DescribeAlarms", "MetricAlarms", **request)


def messages_in(queue: str) -> int:
    url = ask("sqs", "get_queue_url", "sqs:GetQueueUrl", QueueName=queue)["QueueUrl"]
    name = "ApproximateNumberOfMessages"
    found = ask("sqs", "get_queue_attributes", "sqs:GetQueueAttributes", QueueUrl=url, AttributeNames=[name])
    return int(found["Attributes"][name])


def denied_to(role_arn: str) -> list[str]:
    """Return the actions that a role is denied though its own policy allows them, by simulation."""
    name = role_arn.rpartition("/")[2]
    policy = ask("iam", "get_role_policy", "iam:GetRolePolicy", RoleName=name, PolicyName="Permissions")
    document = policy["PolicyDocument"]
    statements = (json.loads(unquote(document)) if isinstance(document, str) else document)["Statement"]
    denied = (action for statement in _listed(statements) for action in _denied_of(statement, role_arn))
    return sorted(set(denied))


def _denied_of(statement: Mapping[str, Any], role_arn: str) -> Iterator[str]:
    """Try a statement once for each value that its conditions name."""
    resources = [_example(resource) for resource in _listed(statement["Resource"]) if resource != "*"]
    conditions = {key: value for values in statement.get("Condition", {}).values() for key, value in values.items()}
    for values in product(*map(_listed, conditions.values())):
        results = pages(
            "iam",
            "simulate_principal_policy",
            "iam:SimulatePrincipalPolicy",
            "EvaluationResults",
            PolicySourceArn=role_arn,
            ActionNames=_listed(statement["Action"]),
            ContextEntries=[_said(key, value) for key, value in zip(conditions, values, strict=True)],
            **({"ResourceArns": resources} if resources else {}),
        )
        yield from (str(result["EvalActionName"]) for result in results if result["EvalDecision"] != "allowed")


def _said(key: str, value: str) -> dict[str, Any]:
    return {"ContextKeyName": key, "ContextKeyValues": [_example(value)], "ContextKeyType": "string"}


def _example(pattern: str) -> str:
    """Return something that a pattern matches."""
    return pattern.replace("*", "doctor")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
