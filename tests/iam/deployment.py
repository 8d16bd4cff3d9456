"""The synthesized templates with their references resolved, as CloudFormation would resolve them in one account.

What CloudFormation would name itself gets the name of its stack and its logical id. Knows no calls.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.iam.policies import Conditions, Policies, Statement, as_list

ACCOUNT: Final = "000000000000"
REGION: Final = "us-east-1"
_PSEUDO: Final = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}
# The property that names a resource, and its ARN.
_KINDS: Final = {
    "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::{name}"),
    "AWS::IAM::Role": ("RoleName", "arn:aws:iam::{account}:role/{name}"),
    "AWS::SQS::Queue": ("QueueName", "arn:aws:sqs:{region}:{account}:{name}"),
    "AWS::SNS::Topic": ("TopicName", "arn:aws:sns:{region}:{account}:{name}"),
    "AWS::KMS::Key": ("", "arn:aws:kms:{region}:{account}:key/{name}"),
    "AWS::Lambda::Function": ("FunctionName", "arn:aws:lambda:{region}:{account}:function:{name}"),
    "AWS::Logs::LogGroup": ("LogGroupName", "arn:aws:logs:{region}:{account}:log-group:{name}:*"),
    "AWS::Events::Rule": ("Name", "arn:aws:events:{region}:{account}:rule/{name}"),
    "AWS::Glue::Job": ("Name", "arn:aws:glue:{region}:{account}:job/{name}"),
    "AWS::CloudWatch::Alarm": ("AlarmName", "arn:aws:cloudwatch:{region}:{account}:alarm:{name}"),
    "AWS::Scheduler::ScheduleGroup": ("Name", "arn:aws:scheduler:{region}:{account}:schedule-group/{name}"),
    "AWS::Scheduler::Schedule": ("Name", "arn:aws:scheduler:{region}:{account}:schedule/{name}"),
    "AWS::StepFunctions::StateMachine": (
        "StateMachineName",
        "arn:aws:states:{region}:{account}:stateMachine:{name}",
    ),
}
_REFERENCES_BY_ARN: Final = ("AWS::SNS::Topic", "AWS::StepFunctions::StateMachine")


class NotResolved(Exception):
    """A template refers to something in a way that is not covered here."""


@dataclass(frozen=True)
class Resource:
    """A resource with its properties resolved."""

    path: str
    logical_id: str
    kind: str
    name: str
    properties: Mapping[str, Any]

    @property
    def arn(self) -> str:
        return _KINDS[self.kind][1].format(name=self.name, account=ACCOUNT, region=REGION)


class Deployment:
    """Templates by path, as `tests.stacks.synthesis` has them: a stack's, and below it those of its nested stacks."""

    def __init__(self, templates: Mapping[str, Mapping[str, Any]]) -> None:
        self._templates = templates
        self.resources = list(self._resolved_resources())

    def of(self, kind: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.kind == kind]

    def generated_names(self) -> set[str]:
        """Return the names that calls may hold and that CloudFormation would generate."""
        named = [item for item in self.resources if item.kind in _KINDS]
        return {item.name for item in named if item.name == invented_name(item.path, item.logical_id)}

    def by_arn(self, arn: str) -> Resource | None:
        return next((item for item in self.resources if item.kind in _KINDS and item.arn == arn), None)

    def policies(self) -> Policies:
        """Return every policy that there is: of roles, buckets, queues, topics, keys and functions, and the trusts."""
        of_resources: dict[str, list[Statement]] = {}
        for arn, statement in self._resource_statements():
            of_resources.setdefault(arn, []).append(statement)
        return Policies({role.arn: list(_of_role(role)) for role in self.of("AWS::IAM::Role")}, of_resources)

    def _resource_statements(self) -> Iterator[tuple[str, Statement]]:
        for role in self.of("AWS::IAM::Role"):
            document = role.properties["AssumeRolePolicyDocument"]
            yield from ((role.arn, item) for item in _statements(f"trust of {_place(role)}", document))
        for key in self.of("AWS::KMS::Key"):
            yield from ((key.arn, item) for item in _statements(_place(key), key.properties["KeyPolicy"]))
        for kind, protected in _POLICY_RESOURCES.items():
            for policy in self.of(kind):
                for arn in map(self._protected, as_list(policy.properties[protected])):
                    document = policy.properties["PolicyDocument"]
                    yield from ((arn, item) for item in _statements(_place(policy), document))
        for permission in self.of("AWS::Lambda::Permission"):
            yield permission.properties["FunctionName"], _of_permission(permission)

    def _protected(self, reference: str) -> str:
        """Return the ARN of what a policy refers to by ARN, by name or by the address of a queue."""
        if reference.startswith("arn:"):
            return reference
        name = reference.rpartition("/")[2]
        kinds = ("AWS::SQS::Queue",) if reference.startswith("https:") else ("AWS::S3::Bucket",)
        found = [item.arn for item in self.resources if item.kind in kinds and item.name == name]
        if len(found) != 1:
            raise NotResolved(f"{len(found)} resources are called {name}")
        return found[0]

    def _resolved_resources(self) -> Iterator[Resource]:
        for path, template in self._templates.items():
            for logical_id, raw in template["Resources"].items():
                properties = self._resolve(path, raw.get("Properties", {}))
                yield Resource(path, logical_id, raw["Type"], self._name(path, logical_id), properties)

    def _name(self, path: str, logical_id: str) -> str:
        resource = self._templates[path]["Resources"][logical_id]
        property_name = _KINDS.get(resource["Type"], ("Name", ""))[0]
        given = resource.get("Properties", {}).get(property_name)
        return invented_name(path, logical_id) if given is None else str(self._resolve(path, given))

    def _resolve(self, path: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._resolve(path, item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._called(path, function, argument)
        return {name: self._resolve(path, item) for name, item in value.items()}

    def _called(self, path: str, function: str, argument: Any) -> Any:
        if function == "Ref":
            return self._referenced(path, argument)
        if function == "Fn::GetAtt":
            return self._attribute(path, *argument)
        if function == "Fn::Join":
            return argument[0].join(str(self._resolve(path, part)) for part in argument[1])
        if function == "Fn::Sub" and isinstance(argument, str):
            return re.sub(r"\$\{([^}]+)\}", lambda found: str(self._referenced(path, found[1])), argument)
        if function == "Fn::ImportValue":
            return self._exported(str(self._resolve(path, argument)))
        raise NotResolved(f"{path}: {function}")

    def _referenced(self, path: str, name: str) -> Any:
        if name in _PSEUDO:
            return _PSEUDO[name]
        template = self._templates[path]
        if name in template.get("Parameters", {}):
            return self._parameter(path, name, template["Parameters"][name])
        kind = template["Resources"][name]["Type"]
        own = self._name(path, name)
        if kind == "AWS::SQS::Queue":
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{own}"
        return _arn(kind, own) if kind in _REFERENCES_BY_ARN else own

    def _attribute(self, path: str, logical_id: str, attribute: str) -> str:
        kind, name = self._templates[path]["Resources"][logical_id]["Type"], self._name(path, logical_id)
        return _arn(kind, name) if attribute == "Arn" and kind in _KINDS else f"{name}.{attribute}"

    def _parameter(self, path: str, name: str, parameter: Mapping[str, Any]) -> Any:
        if parameter["Type"] == "AWS::SSM::Parameter::Value<String>" and name != "BootstrapVersion":
            for other, template in self._templates.items():
                for resource in template["Resources"].values():
                    properties = resource.get("Properties", {})
                    if resource["Type"] == "AWS::SSM::Parameter" and properties["Name"] == parameter["Default"]:
                        return self._resolve(other, properties["Value"])
            raise NotResolved(f"{path}: no parameter of the Systems Manager is called {parameter['Default']}")
        parent = path.partition("/")[0]
        for resource in self._templates[parent]["Resources"].values():
            given = resource.get("Properties", {}).get("Parameters", {})
            if resource["Type"] == "AWS::CloudFormation::Stack" and name in given:
                return self._resolve(parent, given[name])
        return parameter.get("Default", name)

    def _exported(self, name: str) -> Any:
        for path, template in self._templates.items():
            for output in template.get("Outputs", {}).values():
                if "Export" in output and self._resolve(path, output["Export"]["Name"]) == name:
                    return self._resolve(path, output["Value"])
        raise NotResolved(f"nothing exports {name}")


_POLICY_RESOURCES: Final = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SNS::TopicPolicy": "Topics",
}


def invented_name(path: str, logical_id: str) -> str:
    """Name what CloudFormation would name."""
    return f"{path.replace('/', '-')}-{logical_id}"


def _arn(kind: str, name: str) -> str:
    return _KINDS[kind][1].format(name=name, account=ACCOUNT, region=REGION)


def _place(resource: Resource) -> str:
    return f"{resource.path} {resource.logical_id}"


def _of_role(role: Resource) -> Iterator[Statement]:
    for policy in role.properties.get("Policies", ()):
        yield from _statements(_place(role), policy["PolicyDocument"])


def _of_permission(permission: Resource) -> Statement:
    properties = permission.properties
    conditions = {
        operator: {f"AWS:{name}": [properties[name]]}
        for operator, name in (("ArnLike", "SourceArn"), ("StringEquals", "SourceAccount"))
        if name in properties
    }
    actions, functions, principals = ([properties[name]] for name in ("Action", "FunctionName", "Principal"))
    return Statement(_place(permission), "Allow", actions, functions, principals, conditions)


def _statements(place: str, document: Mapping[str, Any]) -> Iterator[Statement]:
    for number, raw in enumerate(as_list(document["Statement"]), start=1):
        principal = raw.get("Principal")
        yield Statement(
            f"{place}, statement {number}",
            raw["Effect"],
            as_list(raw["Action"]),
            as_list(raw["Resource"]) if "Resource" in raw else None,
            None if principal is None else _principals(principal),
            _conditions(raw.get("Condition", {})),
        )


def _principals(principal: Any) -> list[str]:
    if isinstance(principal, str):
        return [principal]
    return [text for texts in principal.values() for text in as_list(texts)]


def _conditions(raw: Mapping[str, Mapping[str, Any]]) -> Conditions:
    return {
        operator: {key: [str(value) for value in as_list(values)] for key, values in keys.items()}
        for operator, keys in raw.items()
    }
