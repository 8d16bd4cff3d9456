"""Synthesizes the application in process, as the CDK command line would, and answers questions about the templates."""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from app import CONTRACTS, build

ROOT = Path(__file__).resolve().parent.parent.parent
STACKS = ("Data", "Pipeline")
Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Synthesis:
    """The output folder of one synthesis; it stays until the test run ends."""

    folder: Path

    @cached_property
    def templates(self) -> dict[str, dict[str, Any]]:
        """The templates by path: a stack's, and below it those of its nested stacks, as in ``Pipeline/events``."""
        found = {}
        for stack in STACKS:
            found[stack] = self._read(f"{stack}.template.json")
            for asset in self._read(f"{stack}.assets.json")["files"].values():
                if (file := asset["source"]["path"]).endswith(".nested.template.json"):
                    found[f"{stack}/{asset['displayName'].partition(' ')[0]}"] = self._read(file)
        return found

    def _read(self, name: str) -> dict[str, Any]:
        template: dict[str, Any] = json.loads((self.folder / name).read_text(encoding="utf-8"))
        return template

    def resources(self, kind: str, *, stack: str | None = None) -> dict[str, Resource]:
        """Return the resources of a type by logical id, of all stacks or of one by its path."""
        return {
            name: resource
            for path, template in self.templates.items()
            if stack in (None, path)
            for name, resource in template["Resources"].items()
            if resource["Type"] == kind
        }

    def properties(self, kind: str, *, stack: str | None = None) -> list[dict[str, Any]]:
        return [dict(resource["Properties"]) for resource in self.resources(kind, stack=stack).values()]

    def only(self, kind: str, **wanted: Any) -> dict[str, Any]:
        """Return the properties of the one resource of a type that has these."""
        found = [
            item for item in self.properties(kind) if all(item.get(name) == value for name, value in wanted.items())
        ]
        assert len(found) == 1, f"{len(found)} resources of type {kind} with {wanted}"
        return found[0]

    def function(self, module: str) -> dict[str, Any]:
        return self.only("AWS::Lambda::Function", Handler=f"{module}.handler.handler")

    def machine(self, name: str) -> dict[str, Any]:
        """Return the definition of a state machine, with tokens as text and the partition of most regions."""
        properties = self.only("AWS::StepFunctions::StateMachine", StateMachineName=name)
        definition: dict[str, Any] = json.loads(
            written(properties["DefinitionString"]).replace("<AWS::Partition>", "aws")
        )
        return definition

    def statements(self, role: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return what a role may do."""
        return [dict(statement) for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]]

    def exported(self, logical_id: str) -> str:
        """Return how ``written`` has an import of what is exported by its name, by how its logical id begins."""
        outputs = [output for output in self.templates["Data"]["Outputs"].values() if "Export" in output]
        values = {output["Export"]["Name"]: written(output["Value"]) for output in outputs}
        (name,) = [name for name, value in values.items() if re.fullmatch(rf"<{logical_id}\w+>", value)]
        return f"<{name}>"

    def role_of(self, reference: Mapping[str, Any]) -> dict[str, Any]:
        return self.behind(reference, kind="AWS::IAM::Role")

    def behind(self, reference: Mapping[str, Any], *, kind: str) -> dict[str, Any]:
        """Return the properties of the resource that ``{"Ref": id}`` or ``{"Fn::GetAtt": [id, "Arn"]}`` names."""
        name = reference["Ref"] if "Ref" in reference else reference["Fn::GetAtt"][0]
        return dict(self.resources(kind)[name]["Properties"])


def cdk_settings() -> dict[str, Any]:
    """Return the context that the CDK command line hands to the application."""
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return context


@cache
def synthesized(*overrides: str, contracts: Path = CONTRACTS) -> Synthesis:
    """Synthesize with ``name=value`` overrides, as ``cdk synth -c name=value`` does. cdk-nag findings raise."""
    context = cdk_settings() | dict(override.split("=", 1) for override in overrides)
    folder = Path(tempfile.mkdtemp(prefix="synthesis-"))
    app = cdk.App(outdir=str(folder), context=context)
    build(app, contracts)
    app.synth()
    return Synthesis(folder)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def written(value: Any) -> str:
    """Write a value as text, with ``<Name>`` for a Ref or an import and ``<Name.Attribute>`` for a GetAtt."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Fn::Join":
        return "".join(written(part) for part in argument[1])
    if function == "Fn::GetAtt":
        return f"<{'.'.join(argument)}>"
    if function == "Fn::Sub":
        return str(argument)
    return f"<{written(argument) if isinstance(argument, dict) else argument}>"


def plain(value: Any) -> Any:
    """Return a JSON value in which all that CloudFormation fills in is text, as ``written`` has it."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::")):
        return written(value)
    return {name: plain(item) for name, item in value.items()}


def walk(value: Any) -> Iterator[Any]:
    """Yield a JSON value and all values inside it."""
    yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from walk(child)
