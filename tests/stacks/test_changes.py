"""What CloudFormation makes of a deployed environment whose settings change, by the schemas of its resource types."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from config import Settings
from tests.stacks.synthesis import Synthesis, synthesized, walk

# Another environment, account or region is another deployment.
ELSEWHERE = {"environment", "account", "region"}
KEY = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
OTHER_VALUES = {
    "database": "other_database",
    "alert_emails": "a@example.com,b@example.com",
    "notify_success": "false",
    "time_zone": "Europe/Berlin",
    "schedule_enabled": "false",
    "schedule_hour": "5",
    "wait_for_data_minutes": "30",
    "poll_minutes": "20",
    "late_data": "false",
    "late_data_delay_minutes": "1",
    "glue_version": "5.1",
    "worker_type": "G.2X",
    "max_workers": "5",
    "flex": "true",
    "job_timeout_minutes": "90",
    "max_concurrent_runs": "3",
    "keep_versions": "1",
    "keep_hours": "48",
    "backfill_timeout_hours": "200",
    "scan_cutoff_gb": "7",
    "results_days": "3",
    "quarantine_days": "14",
    "noncurrent_days": "7",
    "raw_infrequent_days": "45",
    "raw_archive_days": "120",
    "log_days": "30",
    "kms": "true",
    "old_key_arns": KEY,
    "destroy_data": "true",
    "confirm_destroy_data": "true",
}
DEPLOYMENTS = [(), *((f"{name}={value}",) for name, value in OTHER_VALUES.items())]
CHANGES = list(itertools.permutations(DEPLOYMENTS, 2))

# Replacing one of these loses what it holds, or what was set up for it elsewhere: data, partitions, subscriptions,
# messages. A name of the code's own must not do that.
KEPT = {
    "Data": {
        "AWS::S3::Bucket": {"StorageBucket5CB7C8EA", "StorageAccessLogs96FB524C"},
        "AWS::Glue::Database": {"Database"},
        "AWS::SNS::Topic": {"AlertsTopicCF7C81C9"},
        "AWS::Athena::WorkGroup": {"QueriesWorkgroup01ADB217"},
        "AWS::KMS::Key": {"EncryptionKey3A692D6E"},
        "AWS::CloudFormation::Stack": {"eventsNestedStackeventsNestedStackResourceEEBECCFE"},
    },
    "Data/events": {"AWS::Glue::Table": {"CuratedTable76459399", "MetricsTableFC24B2D8", "QuarantineTableB18E1FD3"}},
    "Pipeline": {"AWS::CloudFormation::Stack": {"eventsNestedStackeventsNestedStackResourceEEBECCFE"}},
    "Pipeline/events": {
        "AWS::SQS::Queue": {
            "LateDataArrivalsB9949DB0",
            "LateDataDeadLettersQueue4EDE83F2",
            "DeadLettersQueue631681B1",
            "AlertsDeadLettersQueueC9EE662F",
        },
        "AWS::StepFunctions::StateMachine": {
            "DailyStateMachineE561AD00",
            "BackfillStateMachine2DAF06EB",
            "BackfillDaysMachineCC8E0F39",
        },
        "AWS::Glue::Job": {"CurationJobBF87F5E0"},
    },
}


def test_every_setting_is_changed_here() -> None:
    assert {item.name for item in fields(Settings)} - ELSEWHERE == set(OTHER_VALUES)


@pytest.mark.parametrize("path", KEPT)
def test_what_holds_something_keeps_its_logical_ids(path: str) -> None:
    kinds = {kind: set(synthesized("kms=true").resources(kind, stack=path)) for kind in KEPT[path]}
    assert kinds == KEPT[path]


def test_data_and_its_key_alone_stay_when_the_stacks_go() -> None:
    """A name that stays behind would be taken when the stacks are deployed again."""
    policies = ("DeletionPolicy", "UpdateReplacePolicy")
    kept = {
        resource["Type"]
        for _, resource in resources(synthesized("kms=true"))
        if "Retain" in (resource.get(policy) for policy in policies)
    }
    assert kept == {"AWS::S3::Bucket", "AWS::KMS::Key"}


def exports(synthesis: Synthesis) -> dict[str, str]:
    """Return what each export holds, as text."""
    return {
        output["Export"]["Name"]: json.dumps(output["Value"], sort_keys=True)
        for template in synthesis.templates.values()
        for output in template.get("Outputs", {}).values()
        if "Export" in output
    }


def imports(synthesis: Synthesis) -> set[str]:
    return {
        value["Fn::ImportValue"]
        for template in synthesis.templates.values()
        for value in walk(template)
        if isinstance(value, dict) and "Fn::ImportValue" in value
    }


def test_no_change_removes_or_alters_an_export_that_is_in_use() -> None:
    assert imports(synthesized()) <= set(exports(synthesized()))
    for before, after in CHANGES:
        old, new = exports(synthesized(*before)), exports(synthesized(*after))
        gone = {name for name in old if new.get(name) != old[name]}
        assert not gone & imports(synthesized(*before)), f"{before} -> {after}"


def resources(synthesis: Synthesis) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, template in synthesis.templates.items():
        for name, resource in template["Resources"].items():
            yield f"{path}/{name}", resource


def schema(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    return found


def values(resource: dict[str, Any], pointers: list[str]) -> list[str]:
    """Return the values at pointers such as ``/properties/Name``, as text; an empty one where there is none."""
    found = []
    for pointer in pointers:
        value: Any = resource.get("Properties", {})
        for part in pointer.split("/")[2:]:
            value = value.get(part) if isinstance(value, dict) else None
        found.append("" if value is None else json.dumps(value, sort_keys=True))
    return found


# Athena tells them apart by an id: https://docs.aws.amazon.com/athena/latest/APIReference/API_NamedQuery.html
NOT_UNIQUE = {"AWS::Athena::NamedQuery"}


def identity(resource: dict[str, Any]) -> tuple[str, ...] | None:
    """Return type and names of a resource, or None when CloudFormation names it."""
    fixed = schema(resource["Type"]).get("createOnlyProperties", [])
    names = values(resource, [pointer for pointer in fixed if pointer.endswith("Name")])
    names = [name for name in names if name.startswith('"')]  # a reference is another resource's name
    return (resource["Type"], *names) if names and resource["Type"] not in NOT_UNIQUE else None


def is_replaced(before: dict[str, Any], after: dict[str, Any]) -> bool:
    pointers = schema(before["Type"]).get("createOnlyProperties", [])
    return before["Type"] != after["Type"] or values(before, pointers) != values(after, pointers)


def test_what_has_a_name_of_ours_is_found_by_it() -> None:
    named = {name[0] for _, resource in resources(synthesized("kms=true")) if (name := identity(resource))}
    assert {"AWS::SQS::Queue", "AWS::Lambda::Function", "AWS::StepFunctions::StateMachine"} < named
    assert {"AWS::Glue::Table", "AWS::Glue::Database", "AWS::SSM::Parameter"} < named


def test_no_change_makes_a_second_resource_of_one_name() -> None:
    """CloudFormation creates what replaces a resource before it deletes that, so two would have one name."""
    for before, after in CHANGES:
        old = {identity(resource): (place, resource) for place, resource in resources(synthesized(*before))}
        for place, resource in resources(synthesized(*after)):
            if (name := identity(resource)) is not None and name in old:
                old_place, old_resource = old[name]
                assert place == old_place, f"{before} -> {after}: {name}"
                assert not is_replaced(old_resource, resource), f"{before} -> {after}: {name}"


# Of the resources in nested stacks that one operation creates, updates or deletes:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MOST_PER_OPERATION = 2_500
DATASETS = 60


def test_no_change_of_sixty_datasets_is_more_than_one_operation_may_do() -> None:
    for before, after in CHANGES:
        old, new = (synthesized(*item).templates["Pipeline/events"]["Resources"] for item in (before, after))
        touched = [name for name in old.keys() | new.keys() if old.get(name) != new.get(name)]
        assert DATASETS * len(touched) <= MOST_PER_OPERATION, f"{before} -> {after}: {len(touched)}"


# What a change replaces or removes, for these settings only; docs/deploy.md says what to do then.
REPLACED = {
    "database": {"AWS::Glue::Database", "AWS::Glue::Table", "AWS::Athena::WorkGroup"},
    "kms": {"AWS::KMS::Key"},
    "late_data": {"AWS::SQS::Queue"},
}


def test_only_three_settings_replace_or_remove_what_holds_something() -> None:
    kept = {f"{path}/{name}" for path, kinds in KEPT.items() for names in kinds.values() for name in names}
    for before, after in CHANGES:
        changed = {item.partition("=")[0] for item in before + after}
        old, new = dict(resources(synthesized(*before))), dict(resources(synthesized(*after)))
        gone = {old[name]["Type"] for name in old.keys() & kept if name not in new or is_replaced(old[name], new[name])}
        expected = set().union(*(REPLACED.get(name, set()) for name in changed))
        assert gone <= expected, f"{before} -> {after}"
        if "database" in changed:
            assert gone >= REPLACED["database"], f"{before} -> {after}"
