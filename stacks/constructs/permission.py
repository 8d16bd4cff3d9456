"""Roles and their permissions, each wildcard with its reason at the statement that needs it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct


class ServiceRole(Construct):
    """A role that one service may assume; it may do nothing until a caller allows it something.

    Its policy is part of the role, so whatever refers to the role finds the permissions in place. With ``own_account``
    the service may assume it on behalf of this account only, and with ``source_arn`` of one resource; that takes a
    service which says for whom it acts.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: str,
        own_account: bool = True,
        source_arn: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        conditions: dict[str, Any] = {}
        if own_account:
            conditions["StringEquals"] = {"aws:SourceAccount": cdk.Stack.of(self).account}
        if source_arn is not None:
            conditions["ArnLike"] = {"aws:SourceArn": source_arn}
        self._document = iam.PolicyDocument()
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(f"{service}.amazonaws.com", conditions=conditions),
            inline_policies={"Permissions": self._document},
        )

    def allow(
        self,
        *,
        actions: Sequence[str],
        resources: Sequence[str],
        conditions: Mapping[str, Any] | None = None,
        reason: str | None = None,
    ) -> None:
        """Add a statement.

        Raises:
            ValueError: when a resource holds a wildcard and no reason is given.
        """
        statement = iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
        self._document.add_statements(statement)
        texts = [_written_out(cdk.Stack.of(self).resolve(resource)) for resource in resources]
        for text in (text for text in texts if "*" in text):
            if reason is None:
                raise ValueError(f"{self.node.path}: {', '.join(actions)} on {text} needs a reason for its wildcard")
            acknowledge(self.role, f"AwsSolutions-IAM5[Resource::{text}]", reason)


def acknowledge(scope: Construct, finding: str, reason: str) -> None:
    """Say at the resource why a finding of cdk-nag does not apply to it."""
    cdk.Validations.of(scope).acknowledge(cdk.Acknowledgment(id=finding, reason=reason))


def _written_out(value: Any) -> str:
    """Write a resolved ARN the way cdk-nag names it in a finding."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Fn::Join":
        return "".join(_written_out(part) for part in argument[1])
    if function == "Ref":
        return f"<{argument}>"
    if function == "Fn::Sub":
        return re.sub(r"\$\{([^}]+)\}", r"<\1>", argument)
    if function == "Fn::GetAtt":
        return f"<{'.'.join(argument)}>"
    return _written_out(argument)
