"""The names that CloudFormation gave, and those that `tests.iam.deployment` gives instead."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.iam.deployment import Deployment, invented_name

_STACKS: Final = {"prod-data-pipeline-data": "Data", "prod-data-pipeline-pipeline": "Pipeline"}
_NESTED: Final = "AWS::CloudFormation::Stack"


def physical_names(cloudformation: Any, deployment: Deployment) -> Mapping[str, str]:
    """Return by physical name the invented one, of all resources whose name was left to CloudFormation."""
    invented = deployment.generated_names()
    found = {
        physical: invented_name(path, logical_id)
        for stack, path in _STACKS.items()
        for path, logical_id, physical in _resources(cloudformation, stack, path)
    }
    return {physical: name for physical, name in found.items() if name in invented}


def _resources(cloudformation: Any, stack: str, path: str) -> Iterator[tuple[str, str, str]]:
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    for item in (item for page in pages for item in page["StackResourceSummaries"]):
        logical_id, physical = item["LogicalResourceId"], item["PhysicalResourceId"]
        if item["ResourceType"] == _NESTED:
            nested = f"{path}/{logical_id.partition('NestedStack')[0]}"
            yield from _resources(cloudformation, physical, nested)
        else:
            yield path, logical_id, physical.rpartition("/")[2].rpartition(":")[2]
