import fnmatch
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from stacks.constructs.permission import ServiceRole
from tests.stacks.synthesis import ROOT, Synthesis, as_list, synthesized, written

CURATED_TABLE = {"catalog", "database/prod_data_pipeline", "table/prod_data_pipeline/curated_events"}
VARIANTS = [(), ("kms=true",), ("late_data=false",)]
# AWS has no resource level for these: (action prefix, why it is harmless).
WITHOUT_RESOURCES = ("logs:", "xray:", "cloudwatch:PutMetricData")

# https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html
RUNNING_A_JOB = {"glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"}
# https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
NESTING = {
    "states:StartExecution",
    "states:DescribeExecution",
    "states:StopExecution",
    "events:PutTargets",
    "events:PutRule",
    "events:DescribeRule",
}


def grants(synthesis: Synthesis, role: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each action, resource and condition that a role has."""
    for statement in synthesis.statements(role):
        assert statement["Effect"] == "Allow"
        for action in as_list(statement["Action"]):
            for resource in as_list(statement["Resource"]):
                yield action, written(resource), statement.get("Condition", {})


def of_function(module: str) -> list[tuple[str, str, dict[str, Any]]]:
    synthesis = synthesized()
    return list(grants(synthesis, synthesis.role_of(synthesis.function(module)["Role"])))


def of_machine(name: str) -> list[tuple[str, str, dict[str, Any]]]:
    synthesis = synthesized()
    machine = synthesis.only("AWS::StepFunctions::StateMachine", StateMachineName=f"prod-events-{name}")
    return list(grants(synthesis, synthesis.role_of(machine["RoleArn"])))


def of_job() -> list[tuple[str, str, dict[str, Any]]]:
    synthesis = synthesized()
    return list(grants(synthesis, synthesis.role_of(synthesis.only("AWS::Glue::Job")["Role"])))


def keys(rules: list[tuple[str, str, dict[str, Any]]], action: str) -> set[str]:
    """Return the key patterns of the data bucket for which an S3 action is granted."""
    resources = {resource for granted, resource, _ in rules if granted == action}
    return {resource.partition("/")[2] for resource in resources if "StorageBucket" in resource}


def listed(rules: list[tuple[str, str, dict[str, Any]]]) -> set[str]:
    (condition,) = [condition for action, _, condition in rules if action == "s3:ListBucket"]
    return set(condition["StringLike"]["s3:prefix"])


def may(rules: list[tuple[str, str, dict[str, Any]]], action: str, key: str) -> bool:
    return any(fnmatch.fnmatchcase(key, pattern) for pattern in keys(rules, action))


def _with_longest_names(value: Any) -> Any:
    """Replace what CloudFormation fills in by text of a realistic length."""
    if isinstance(value, list):
        return [_with_longest_names(item) for item in value]
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref")):
        return written(value) if "Fn::Join" in value else "x" * 100
    if isinstance(value, dict):
        return {name: _with_longest_names(item) for name, item in value.items()}
    return value


class TestEveryRole:
    @pytest.mark.parametrize("variant", VARIANTS)
    def test_it_has_its_own_policy_and_no_managed_one(self, variant: tuple[str, ...]) -> None:
        roles = synthesized(*variant).properties("AWS::IAM::Role")
        assert roles
        assert not [role for role in roles if "ManagedPolicyArns" in role]
        assert synthesized(*variant).properties("AWS::IAM::Policy") == []
        assert synthesized(*variant).properties("AWS::IAM::ManagedPolicy") == []

    @pytest.mark.parametrize("variant", VARIANTS)
    def test_it_fits_into_the_size_that_iam_allows(self, variant: tuple[str, ...]) -> None:
        # Ten thousand characters of inline policies: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
        for role in synthesized(*variant).properties("AWS::IAM::Role"):
            text = json.dumps(_with_longest_names(role["Policies"]), separators=(",", ":"))
            assert len(text) < 10_240

    @pytest.mark.parametrize("variant", VARIANTS)
    def test_no_action_has_a_wildcard_and_no_resource_is_everything(self, variant: tuple[str, ...]) -> None:
        synthesis = synthesized(*variant)
        for role in synthesis.properties("AWS::IAM::Role"):
            for action, resource, condition in grants(synthesis, role):
                assert "*" not in action
                if resource == "*":
                    assert action.startswith(WITHOUT_RESOURCES)
                    assert condition or not action.startswith("cloudwatch:")

    @pytest.mark.parametrize("variant", VARIANTS)
    def test_no_two_actors_share_one(self, variant: tuple[str, ...]) -> None:
        synthesis = synthesized(*variant)
        users = [
            written(properties[name])
            for kind, name in [
                ("AWS::Lambda::Function", "Role"),
                ("AWS::Glue::Job", "Role"),
                ("AWS::StepFunctions::StateMachine", "RoleArn"),
            ]
            for properties in synthesis.properties(kind)
        ]
        assert len(users) == len(set(users))

    def test_services_that_say_for_whom_they_act_are_asked(self) -> None:
        for role in synthesized().properties("AWS::IAM::Role"):
            (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
            service = statement["Principal"]["Service"]
            if service == "lambda.amazonaws.com":
                continue
            condition = statement["Condition"]
            assert condition["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
            assert ("aws:SourceArn" in condition.get("ArnLike", {})) is (service != "glue.amazonaws.com")


def policies_of(kind: str) -> list[dict[str, Any]]:
    return [policy for variant in VARIANTS for policy in synthesized(*variant).properties(kind)]


class TestEveryPolicyOfAResource:
    @pytest.mark.parametrize(
        ("kind", "protected"),
        [("AWS::S3::BucketPolicy", "Bucket"), ("AWS::SQS::QueuePolicy", "Queues"), ("AWS::SNS::TopicPolicy", "Topics")],
    )
    def test_it_is_about_that_resource_alone(self, kind: str, protected: str) -> None:
        for policy in policies_of(kind):
            (resource,) = as_list(policy[protected])
            for statement in policy["PolicyDocument"]["Statement"]:
                for named in as_list(statement["Resource"]):
                    assert written(named).startswith((f"<{resource['Ref']}>", f"<{resource['Ref']}.Arn>"))

    @pytest.mark.parametrize("kind", ["AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"])
    def test_it_refuses_everybody_without_tls(self, kind: str) -> None:
        for policy in policies_of(kind):
            (refusal,) = [
                statement
                for statement in policy["PolicyDocument"]["Statement"]
                if statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
            ]
            assert refusal["Effect"] == "Deny"
            assert refusal["Principal"] in ("*", {"AWS": "*"})


class TestServiceRole:
    def test_a_wildcard_without_a_reason_is_refused(self) -> None:
        role = ServiceRole(cdk.Stack(cdk.App(), "Some"), "Role", service="glue")
        with pytest.raises(ValueError, match=r"s3:GetObject on arn:aws:s3:::b/\* needs a reason for its wildcard"):
            role.allow(actions=["s3:GetObject"], resources=["arn:aws:s3:::b/*"])


class TestJobRole:
    def test_it_reads_its_code_of_every_deployment_and_no_other_files_that_the_cdk_keeps(self) -> None:
        folder = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}/prod-data-pipeline-pipeline/"
        assert {name.partition(":s3:::")[2] for name in self.code()} == {
            f"{folder}*.py", f"{folder}*.zip", f"{folder}*.json"
        }  # fmt: skip
        arguments = synthesized().only("AWS::Glue::Job")["DefaultArguments"]
        script = synthesized().only("AWS::Glue::Job")["Command"]["ScriptLocation"]
        for uri in (script, arguments["--extra-py-files"], arguments["--contract"]):
            place = written(uri).removeprefix("s3://")
            assert any(fnmatch.fnmatchcase(place, name.partition(":s3:::")[2]) for name in self.code())

    def test_a_deployment_of_other_code_leaves_its_permissions_alone(self, tmp_path: Path) -> None:
        text = (ROOT / "contracts" / "events.odcs.yaml").read_text(encoding="utf-8")
        (tmp_path / "events.odcs.yaml").write_text(
            text.replace("mustBeLessOrEqualTo: 3", "mustBeLessOrEqualTo: 4"), encoding="utf-8"
        )
        before, after = synthesized(), synthesized(contracts=tmp_path)
        assert before.only("AWS::Glue::Job") != after.only("AWS::Glue::Job")
        assert before.resources("AWS::IAM::Role") == after.resources("AWS::IAM::Role")

    def test_it_reads_the_prefixes_of_its_dataset(self) -> None:
        assert keys(of_job(), "s3:GetObject") == {
            f"{prefix}/*"
            for prefix in (
                "raw/source_system=app",
                "curated/events",
                "quarantine/events",
                "publications/events",
                "metrics/events",
                "leases/events",
                "contracts/events",
                "acceptances/events",
                "replays/events",
            )
        }

    def test_it_reads_acceptances_only_where_an_anomaly_can_stop_a_day(self, tmp_path: Path) -> None:
        text = (ROOT / "contracts" / "events.odcs.yaml").read_text(encoding="utf-8")
        rule = "implementation:\n          metric: rowCount\n"
        (tmp_path / "events.odcs.yaml").write_text(text.replace(rule, f"{rule}        severity: warning\n"), "utf-8")
        found = synthesized(contracts=tmp_path)
        statements = found.statements(found.role_of(found.only("AWS::Glue::Job")["Role"]))
        assert "acceptances" not in json.dumps(statements)
        assert "contracts/events/*" in json.dumps(statements)

    @pytest.mark.parametrize("prefix", ["acceptances", "replays"])
    def test_it_never_says_itself_what_people_say(self, prefix: str) -> None:
        for action in ("s3:PutObject", "s3:DeleteObject"):
            assert not may(of_job(), action, f"{prefix}/events/ingestion_date=2025-01-01.json")

    def code(self) -> set[str]:
        return {
            resource for action, resource, _ in of_job() if action == "s3:GetObject" and "StorageBucket" not in resource
        }

    @pytest.mark.parametrize("action", ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"])
    def test_raw_data_and_other_datasets_are_never_changed(self, action: str) -> None:
        assert not may(of_job(), action, "raw/source_system=app/ingestion_date=2025-01-01/events.json")
        assert not may(of_job(), action, "curated/other/ingestion_date=2025-01-01/run_id=x/part.parquet")

    def test_publication_records_and_metrics_are_written_and_never_deleted(self) -> None:
        for key in (
            "publications/events/ingestion_date=2025-01-01.json",
            "metrics/events/ingestion_date=2025-01-01/x.json",
        ):
            assert may(of_job(), "s3:PutObject", key)
            assert not may(of_job(), "s3:DeleteObject", key)

    @pytest.mark.parametrize("folder", ["raw/source_system=app/", "curated/events/", "leases/events/x"])
    def test_it_lists_its_folders(self, folder: str) -> None:
        assert any(fnmatch.fnmatchcase(folder, pattern) for pattern in listed(of_job()))

    @pytest.mark.parametrize("folder", ["", "raw/", "athena-results/", "curated/other/", "raw/source_system=other/"])
    def test_it_lists_nothing_else(self, folder: str) -> None:
        assert not any(fnmatch.fnmatchcase(folder, pattern) for pattern in listed(of_job()))

    def test_with_a_key_it_may_also_write_the_log_groups_that_glue_names_after_the_security_configuration(self) -> None:
        # https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-runs.html (LogGroupName of a JobRun)
        synthesis = synthesized("kms=true")
        job = synthesis.only("AWS::Glue::Job")
        rules = grants(synthesis, synthesis.role_of(job["Role"]))
        patterns = [
            resource.partition("log-group:")[2] for action, resource, _ in rules if action == "logs:PutLogEvents"
        ]
        (key,) = synthesis.properties("AWS::KMS::Key")
        of_key = [
            written(statement["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]).partition("log-group:")[2]
            for statement in key["KeyPolicy"]["Statement"]
            if "ArnLike" in statement.get("Condition", {})
        ]
        prefix = job["DefaultArguments"]["--custom-logGroup-prefix"]
        for group in (
            f"{prefix}/output",
            f"{prefix}-some-role-{job['SecurityConfiguration']}/output",
            f"/aws-glue/jobs-some-role-{job['SecurityConfiguration']}/output",
        ):
            assert any(fnmatch.fnmatchcase(group, pattern) for pattern in patterns)
            assert any(fnmatch.fnmatchcase(group, pattern) for pattern in of_key)
        assert not any(fnmatch.fnmatchcase("/aws-glue/jobs/output", pattern) for pattern in patterns)

    def test_in_the_catalog_it_touches_one_table(self) -> None:
        rules = [(action, resource) for action, resource, _ in of_job() if action.startswith("glue:")]
        assert {action for action, _ in rules} == {
            "glue:GetTable",
            "glue:GetPartition",
            "glue:CreatePartition",
            "glue:UpdatePartition",
        }
        assert {resource.rpartition(">:")[2] for _, resource in rules} == CURATED_TABLE


class TestFunctionRoles:
    @pytest.mark.parametrize(
        ("module", "actions"),
        [
            ("sensor", {"s3:ListBucket", "s3:GetObject", "sns:Publish", "glue:GetJobRuns", "glue:GetPartition"}),
            ("report", {"s3:ListBucket", "s3:GetObject", "cloudwatch:DescribeAlarms"}),
            ("backfill_plan", set()),
            ("backfill_summary", set()),
            (
                "late_data",
                {
                    "s3:ListBucket",
                    "s3:GetObject",
                    "states:StartExecution",
                    "states:DescribeExecution",
                    "states:GetExecutionHistory",
                    "sqs:ReceiveMessage",
                    "sqs:DeleteMessage",
                    "sqs:GetQueueAttributes",
                },
            ),
            (
                "alert",
                {
                    "s3:ListBucket",
                    "s3:GetObject",
                    "sns:Publish",
                    "glue:GetJobRun",
                    "glue:GetPartition",
                    "states:DescribeExecution",
                    "sqs:SendMessage",
                },
            ),
        ],
    )
    def test_each_may_do_what_it_does_and_write_its_log(self, module: str, actions: set[str]) -> None:
        granted = {action for action, _, _ in of_function(module)}
        assert granted == actions | {"logs:CreateLogStream", "logs:PutLogEvents"}

    @pytest.mark.parametrize(
        ("module", "action", "resource"),
        [
            ("report", "cloudwatch:DescribeAlarms", "alarm:*"),
            ("late_data", "states:StartExecution", "stateMachine:prod-events-pipeline"),
            ("late_data", "sqs:ReceiveMessage", "<LateDataArrivals*.Arn>"),
            ("late_data", "sqs:DeleteMessage", "<LateDataArrivals*.Arn>"),
            ("late_data", "states:DescribeExecution", "execution:prod-events-pipeline:*"),
            ("late_data", "states:GetExecutionHistory", "execution:prod-events-pipeline:*"),
            ("alert", "glue:GetJobRun", "job/prod-events-curation"),
            ("alert", "sqs:SendMessage", "<AlertsDeadLettersQueue*.Arn>"),
            ("alert", "sns:Publish", "<*AlertsTopic*>"),
            ("sensor", "sns:Publish", "<*AlertsTopic*>"),
            ("sensor", "glue:GetJobRuns", "job/prod-events-curation"),
        ],
    )
    def test_each_may_do_it_to_its_own_resources_only(self, module: str, action: str, resource: str) -> None:
        (granted,) = {resource for found, resource, _ in of_function(module) if found == action}
        assert fnmatch.fnmatchcase(granted.rpartition(">:")[2] or granted, resource)

    def test_alerts_ask_for_the_cause_of_executions_that_they_are_about(self) -> None:
        asked = {resource for action, resource, _ in of_function("alert") if action == "states:DescribeExecution"}
        machines = {resource.rpartition(":execution:")[2] for resource in asked}
        assert machines == {"prod-events-pipeline:*", "prod-events-backfill:*"}

    @pytest.mark.parametrize("module", ["sensor", "alert"])
    def test_those_that_look_at_partitions_know_one_table(self, module: str) -> None:
        rules = {resource for action, resource, _ in of_function(module) if action == "glue:GetPartition"}
        assert {resource.rpartition(">:")[2] for resource in rules} == CURATED_TABLE

    def test_alerts_look_at_publications_and_metrics_only(self) -> None:
        read = {"publications/events/*", "metrics/events/*"}
        assert listed(of_function("alert")) == keys(of_function("alert"), "s3:GetObject") == read

    @pytest.mark.parametrize(
        ("module", "read", "counted"),
        [
            ("sensor", {"publications/events/*", "metrics/events/*"}, {"curated/events/*"}),
            ("late_data", {"publications/events/*", "metrics/events/*"}, set()),
        ],
    )
    def test_those_that_look_at_raw_data_list_it_and_read_only_what_runs_left(
        self, module: str, read: set[str], counted: set[str]
    ) -> None:
        assert listed(of_function(module)) == {"raw/source_system=app/*", *read, *counted}
        assert keys(of_function(module), "s3:GetObject") == read


class TestScheduleRoles:
    @pytest.mark.parametrize(
        ("description", "action", "resource"),
        [
            ("Runs the previous day of events", "states:StartExecution", "<DailyStateMachine*>"),
            ("Is the last due day of events published?", "lambda:InvokeFunction", "<AlertsFunction*.Arn>"),
        ],
    )
    def test_each_may_make_its_call_and_keep_what_it_could_not_deliver(
        self, description: str, action: str, resource: str
    ) -> None:
        synthesis = synthesized()
        schedule = synthesis.only("AWS::Scheduler::Schedule", Description=description)
        granted = {
            found: target for found, target, _ in grants(synthesis, synthesis.role_of(schedule["Target"]["RoleArn"]))
        }
        assert set(granted) == {action, "sqs:SendMessage"}
        assert fnmatch.fnmatchcase(granted[action], resource)
        assert granted[action] == written(schedule["Target"]["Arn"])
        assert granted["sqs:SendMessage"] == written(schedule["Target"]["DeadLetterConfig"]["Arn"])


class TestMachineRoles:
    def resources(self, name: str, action: str) -> set[str]:
        return {resource.rpartition(">:")[2] for granted, resource, _ in of_machine(name) if granted == action}

    def test_the_pipeline_runs_one_job(self) -> None:
        for action in ("glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"):
            assert self.resources("pipeline", action) == {"job/prod-events-curation"}

    def test_a_backfill_starts_its_helper_and_that_the_pipeline(self) -> None:
        assert self.resources("backfill", "states:StartExecution") == {"stateMachine:prod-events-days"}
        assert self.resources("days", "states:StartExecution") == {"stateMachine:prod-events-pipeline"}
        assert self.resources("days", "states:StopExecution") == {"execution:prod-events-pipeline:*"}

    @pytest.mark.parametrize(
        ("name", "actions"),
        [
            ("pipeline", {"lambda:InvokeFunction", "sns:Publish", *RUNNING_A_JOB}),
            ("days", NESTING),
            ("backfill", {"lambda:InvokeFunction", "sns:Publish", *NESTING}),
        ],
    )
    def test_each_may_do_what_its_tasks_need_and_write_its_log(self, name: str, actions: set[str]) -> None:
        granted = {action for action, resource, _ in of_machine(name) if resource != "*"}
        assert granted == actions

    def test_each_invokes_its_own_functions_only(self) -> None:
        for name, modules in (("pipeline", {"Sensor", "Report"}), ("backfill", {"Plan", "Summary"}), ("days", set())):
            arns = {resource for action, resource, _ in of_machine(name) if action == "lambda:InvokeFunction"}
            assert len(arns) == len(modules)
            assert all(any(module in arn for module in modules) for arn in arns)
