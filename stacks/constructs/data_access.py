"""Grants on the prefixes of the data bucket and its key, and the ARNs of a dataset's job and table."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Stack

from deployed_dataset import Dataset
from stacks.constructs.permission import ServiceRole
from stacks.constructs.shared_resources import SharedResources


def allow_listing(role: ServiceRole, shared: SharedResources, prefixes: Sequence[str]) -> None:
    """Let a role list what is below prefixes.

    Listing is also what makes a missing object "not found" instead of "access denied".
    """
    conditions = {"StringLike": {"s3:prefix": sorted(f"{prefix}*" for prefix in prefixes)}}
    role.allow(actions=["s3:ListBucket"], resources=[shared.bucket_arn], conditions=conditions)


def allow_objects(
    role: ServiceRole, shared: SharedResources, prefixes: Sequence[str], *, actions: Sequence[str], reason: str
) -> None:
    """Let a role do something to every object below prefixes."""
    role.allow(actions=actions, resources=[f"{shared.bucket_arn}/{prefix}*" for prefix in prefixes], reason=reason)


def allow_records(role: ServiceRole, shared: SharedResources, dataset: Dataset, *, listed: Sequence[str] = ()) -> None:
    """Let a role read what runs left behind, and see what is below the prefixes ``listed``."""
    prefixes = [dataset.paths.publications, dataset.paths.metrics]
    allow_listing(role, shared, [*listed, *prefixes])
    reason = f"One publication record per day and one metrics object per run of {dataset.name}."
    allow_objects(role, shared, prefixes, actions=["s3:GetObject"], reason=reason)


def allow_key(role: ServiceRole, shared: SharedResources, *, writes: bool, services: Sequence[str] = ("s3",)) -> None:
    """Let a role use the customer-managed key, if there is one, through the services that encrypt with it.

    Keys that were used before decrypt what still lies in bucket or queue.
    """
    if shared.key is not None:
        actions = ["kms:Decrypt", "kms:GenerateDataKey"] if writes else ["kms:Decrypt"]
        role.allow(actions=actions, resources=[shared.key.key_arn], conditions=_via(role, services))
    kept = [service for service in services if service == "s3" or not writes]
    if shared.old_key_arns and kept:
        role.allow(actions=["kms:Decrypt"], resources=shared.old_key_arns, conditions=_via(role, kept))


def _via(role: ServiceRole, services: Sequence[str]) -> Mapping[str, Any]:
    region = Stack.of(role).region
    return {"StringEquals": {"kms:ViaService": [f"{service}.{region}.amazonaws.com" for service in services]}}


def job_arn(stack: Stack, dataset: Dataset) -> str:
    return stack.format_arn(service="glue", resource="job", resource_name=dataset.job_name)


def table_arns(stack: Stack, dataset: Dataset) -> list[str]:
    """Return what an action on a partition needs: the catalog, the database and the curated table."""
    database = dataset.settings.database
    return [
        stack.format_arn(service="glue", resource="catalog"),
        stack.format_arn(service="glue", resource="database", resource_name=database),
        stack.format_arn(service="glue", resource="table", resource_name=f"{database}/{dataset.contract.table}"),
    ]
