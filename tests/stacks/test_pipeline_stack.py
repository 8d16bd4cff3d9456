import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config import settings_from
from contract import contract_json, load_contract
from core.job_arguments import ARGUMENT_NAMES, parse_job_arguments
from deployed_dataset import Dataset
from shared.environment import Environment
from tests.stacks.event_patterns import matches
from tests.stacks.synthesis import ROOT, synthesized, written

CONTRACT = load_contract(ROOT / "contracts" / "events.odcs.yaml")


def job(*overrides: str) -> dict[str, Any]:
    return synthesized(*overrides).only("AWS::Glue::Job")


def asset(uri: Any) -> Path:
    """Return the file that will be at an asset's S3 URI."""
    name = written(uri).rpartition("/")[2]
    return synthesized().folder / f"asset.{name}"


class TestJob:
    def test_it_is_pinned_scales_itself_and_leaves_retries_to_the_state_machine(self) -> None:
        properties = job()
        assert properties["Name"] == "prod-events-curation"
        assert (properties["GlueVersion"], properties["WorkerType"]) == ("6.0", "G.1X")
        assert (properties["ExecutionClass"], properties["MaxRetries"]) == ("STANDARD", 0)
        assert properties["ExecutionProperty"] == {"MaxConcurrentRuns": 10}
        assert properties["DefaultArguments"]["--enable-auto-scaling"] == "true"

    def test_settings_reach_it(self) -> None:
        properties = job(
            "glue_version=5.1", "flex=true", "worker_type=G.2X", "max_workers=20", "job_timeout_minutes=30"
        )
        assert (properties["GlueVersion"], properties["ExecutionClass"]) == ("5.1", "FLEX")
        assert (properties["WorkerType"], properties["NumberOfWorkers"]) == ("G.2X", 20)
        assert properties["Timeout"] == 30

    def test_its_arguments_are_those_that_the_script_parses(self) -> None:
        # Glue's own among them: AWS does not say which of those it keeps from the script.
        arguments = {name: written(value) for name, value in job()["DefaultArguments"].items()}
        per_run = synthesized().machine("prod-events-pipeline")["States"]["CurateDay"]["Arguments"]["Arguments"]
        run = {"--ingestion_date": "2025-01-01", "--force": "false", "--execution": "run-2025-01-01-0a1b2c3d"}
        assert set(run) == set(per_run)
        everything = {**arguments, **run, "--JOB_NAME": "x"}
        parsed = parse_job_arguments([part for pair in everything.items() for part in pair])
        assert (parsed.catalog_database, parsed.catalog_table) == ("prod_data_pipeline", "curated_events")
        assert {f"--{name}" for name in ARGUMENT_NAMES} <= set(everything)

    def test_a_lease_outlives_the_job(self) -> None:
        assert int(job()["DefaultArguments"]["--lease_minutes"]) > job()["Timeout"]

    def test_its_metrics_and_logs_are_on(self) -> None:
        arguments = job()["DefaultArguments"]
        assert arguments["--enable-metrics"] == arguments["--enable-observability-metrics"] == "true"
        assert arguments["--custom-logGroup-prefix"] == "/aws-glue/jobs/prod-events-curation"

    def test_s3a_is_told_its_region(self) -> None:
        conf = written(job()["DefaultArguments"]["--conf"])
        assert conf == "spark.hadoop.fs.s3a.endpoint.region=<AWS::Region>"
        assert job("region=eu-central-1")["DefaultArguments"]["--conf"].endswith("=eu-central-1")

    def test_the_contract_is_shipped_as_json(self) -> None:
        assert asset(job()["DefaultArguments"]["--contract"]).read_text(encoding="utf-8") == contract_json(CONTRACT)

    def test_the_library_has_its_packages_at_the_root_and_nothing_else(self) -> None:
        with zipfile.ZipFile(asset(job()["DefaultArguments"]["--extra-py-files"])) as library:
            names = library.namelist()
        assert {name.partition("/")[0] for name in names} == {"adapters", "contract", "core", "curation"}
        assert {"curation/__init__.py", "core/__init__.py"} <= set(names)
        assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]

    def test_the_script_is_the_one_in_the_repository(self) -> None:
        shipped = asset(job()["Command"]["ScriptLocation"])
        assert shipped.read_bytes() == (ROOT / "glue_src" / "curate_job.py").read_bytes()

    def test_its_logs_are_its_own_and_do_not_last_for_ever(self) -> None:
        groups = {
            item.get("LogGroupName"): item["RetentionInDays"]
            for item in synthesized("log_days=14").properties("AWS::Logs::LogGroup")
        }
        prefix = job()["DefaultArguments"]["--custom-logGroup-prefix"]
        assert {groups[f"{prefix}/{stream}"] for stream in ("output", "error")} == {14}
        assert set(groups.values()) == {14}


FUNCTIONS = {
    "sensor": "DATA_BUCKET DATASET SOURCE_SYSTEM CONTRACT_CHECKSUM RAW_OBJECTS TIME_ZONE ALERT_TOPIC_ARN JOB_NAME "
    "CATALOG_DATABASE CATALOG_TABLE ENVIRONMENT",
    "report": "DATA_BUCKET DATASET SOURCE_SYSTEM TIME_ZONE ALERT_TOPIC_ARN",
    "backfill_plan": "MAX_CONCURRENT_RUNS",
    "backfill_summary": "DATASET ENVIRONMENT",
    "late_data": "DATA_BUCKET DATASET SOURCE_SYSTEM CONTRACT_CHECKSUM TIME_ZONE FRESHNESS_HOURS STATE_MACHINE_ARN "
    "SCHEDULE RAW_OBJECTS",
    "alert": "DATA_BUCKET DATASET SOURCE_SYSTEM TIME_ZONE FRESHNESS_HOURS ALERT_TOPIC_ARN "
    "CATALOG_DATABASE CATALOG_TABLE ENVIRONMENT",
}


class TestFunctions:
    @pytest.mark.parametrize("module", FUNCTIONS)
    def test_each_gets_the_environment_that_it_reads(self, module: str) -> None:
        function = synthesized().function(module)
        assert set(function["Environment"]["Variables"]) == set(FUNCTIONS[module].split())
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])

    @pytest.mark.parametrize("hours", [1 / 3_600, 1 / 60, 1 / 12, 1.5, 6, 99_999])
    def test_every_freshness_that_a_contract_can_promise_is_read_by_the_functions(self, hours: float) -> None:
        dataset = Dataset(replace(CONTRACT, freshness_hours=hours), settings_from({"environment": "prod"}))
        read = Environment({"FRESHNESS_HOURS": dataset.freshness_variable}).freshness_hours()
        assert read == pytest.approx(hours, abs=1e-6)

    def test_a_backfill_runs_no_more_dates_at_once_than_the_job_allows(self) -> None:
        synthesis = synthesized("max_concurrent_runs=7")
        runs = synthesis.only("AWS::Glue::Job")["ExecutionProperty"]["MaxConcurrentRuns"]
        assert (
            synthesis.function("backfill_plan")["Environment"]["Variables"]["MAX_CONCURRENT_RUNS"] == str(runs) == "7"
        )

    @pytest.mark.parametrize("module", FUNCTIONS)
    def test_the_zip_holds_its_handler_and_what_that_imports(self, module: str) -> None:
        code = Path(synthesized().function(module)["Code"]["S3Key"]).name
        with zipfile.ZipFile(synthesized().folder / f"asset.{code}") as archive:
            names = set(archive.namelist())
        assert {f"{module}/handler.py", "shared/__init__.py", "core/layout.py", "adapters/s3.py"} <= names

    def test_there_is_no_function_besides_ours(self) -> None:
        handlers = [item["Handler"] for item in synthesized().properties("AWS::Lambda::Function")]
        assert sorted(handlers) == sorted(f"{module}.handler.handler" for module in FUNCTIONS)

    def test_the_sensor_knows_the_contract_that_the_job_records(self) -> None:
        variables = synthesized().function("sensor")["Environment"]["Variables"]
        assert variables["CONTRACT_CHECKSUM"] == CONTRACT.checksum


class TestStateMachines:
    def test_there_are_three_per_dataset_with_names_that_people_can_type(self) -> None:
        machines = synthesized().properties("AWS::StepFunctions::StateMachine")
        names = ["prod-events-backfill", "prod-events-days", "prod-events-pipeline"]
        assert sorted(item["StateMachineName"] for item in machines) == names

    def test_all_events_are_logged_without_the_data_and_traced(self) -> None:
        for machine in synthesized().properties("AWS::StepFunctions::StateMachine"):
            assert machine["LoggingConfiguration"]["Level"] == "ALL"
            assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
            assert machine["TracingConfiguration"] == {"Enabled": True}

    def test_success_messages_can_be_switched_off(self) -> None:
        state = synthesized("notify_success=false").machine("prod-events-pipeline")["States"]["ReadInput"]
        assert state["Assign"]["notify"] is False


class TestSchedule:
    def schedule(self, *overrides: str) -> dict[str, Any]:
        return synthesized(*overrides).only("AWS::Scheduler::Schedule", Description="Runs the previous day of events")

    def test_it_runs_the_day_before_at_the_hour_of_the_time_zone(self) -> None:
        schedule = self.schedule("time_zone=Europe/Berlin", "schedule_hour=3")
        assert schedule["ScheduleExpression"] == "cron(0 3 * * ? *)"
        assert schedule["ScheduleExpressionTimezone"] == "Europe/Berlin"
        assert schedule["State"] == "ENABLED"
        payload = json.loads(schedule["Target"]["Input"])
        assert payload == {"scheduled_time": "<aws.scheduler.scheduled-time>", "wait_minutes": 120}

    def test_it_is_there_but_off_in_dev(self) -> None:
        assert self.schedule("environment=dev")["State"] == "DISABLED"

    def test_what_it_cannot_start_becomes_a_dead_letter(self) -> None:
        assert "DeadLetterConfig" in self.schedule()["Target"]

    def test_each_schedule_tries_again_for_an_hour_before(self) -> None:
        schedules = synthesized().properties("AWS::Scheduler::Schedule")
        retries = [schedule["Target"]["RetryPolicy"] for schedule in schedules]
        assert retries == [{"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 10}] * 2


class TestLateData:
    EVENT = json.loads((ROOT / "tests" / "events" / "s3_object_created.json").read_text(encoding="utf-8"))

    def rules(self, *overrides: str) -> list[dict[str, Any]]:
        found = synthesized(*overrides).resources("AWS::Events::Rule")
        return [dict(rule["Properties"]) for name, rule in found.items() if name.startswith("LateData")]

    def pattern(self, source: str = "aws.s3") -> dict[str, Any]:
        (pattern,) = [rule["EventPattern"] for rule in self.rules() if rule["EventPattern"]["source"] == [source]]
        return dict(pattern)

    def event(self, key: str) -> dict[str, Any]:
        """Return the sample event for a key, in our bucket, whose name a template does not know yet."""
        detail = self.EVENT["detail"]
        bucket = {"name": self.pattern()["detail"]["bucket"]["name"][0]}
        return {**self.EVENT, "detail": {**detail, "bucket": bucket, "object": {**detail["object"], "key": key}}}

    @pytest.mark.parametrize(
        ("key", "expected"),
        [
            ("raw/source_system=app/ingestion_date=2025-01-01/events.json", True),
            ("raw/source_system=app2/ingestion_date=2025-01-01/events.json", False),
            ("curated/events/ingestion_date=2025-01-01/run_id=x/part-0.parquet", False),
            ("publications/events/ingestion_date=2025-01-01.json", False),
        ],
    )
    def test_only_raw_objects_of_the_source_are_looked_at(self, key: str, *, expected: bool) -> None:
        assert matches(self.pattern(), self.event(key)) is expected

    @pytest.mark.parametrize(("kind", "expected"), [("Object Deleted", True), ("Object Tags Added", False)])
    def test_an_object_that_is_deleted_leads_to_a_look_as_an_older_one_may_be_there(
        self, kind: str, *, expected: bool
    ) -> None:
        event = self.event("raw/source_system=app/ingestion_date=2025-01-01/events.json")
        assert matches(self.pattern(), {**event, "detail-type": kind}) is expected

    @pytest.mark.parametrize(
        ("status", "machine", "expected"),
        [
            ("SUCCEEDED", "prod-events-pipeline", True),
            ("SUCCEEDED", "prod-events-backfill", False),
            ("RUNNING", "prod-events-pipeline", False),
            ("FAILED", "prod-events-pipeline", True),
            ("TIMED_OUT", "prod-events-pipeline", True),
            ("ABORTED", "prod-events-pipeline", True),
            ("FAILED", "prod-events-backfill", False),
        ],
    )
    def test_a_day_is_looked_at_again_when_an_execution_ended(
        self, status: str, machine: str, *, expected: bool
    ) -> None:
        event = json.loads((ROOT / "tests" / "events" / "execution_succeeded.json").read_text(encoding="utf-8"))
        (arn,) = self.pattern("aws.states")["detail"]["stateMachineArn"]
        given = arn if written(arn).endswith(f":{machine}") else "another"
        event["detail"] |= {"stateMachineArn": given, "status": status}
        assert matches(self.pattern("aws.states"), event) is expected

    def test_both_kinds_of_events_go_to_the_one_queue(self) -> None:
        targets = [rule["Targets"] for rule in self.rules()]
        assert len(targets) == 2
        assert len({written(target["Arn"]) for (target,) in targets}) == 1
        assert all(target["DeadLetterConfig"]["Arn"] for (target,) in targets)

    def test_events_wait_in_a_queue_and_fail_one_by_one(self) -> None:
        (mapping,) = synthesized().properties("AWS::Lambda::EventSourceMapping")
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        queues = synthesized("late_data_delay_minutes=7").resources("AWS::SQS::Queue")
        (queue,) = [item["Properties"] for item in queues.values() if "RedrivePolicy" in item["Properties"]]
        assert queue["DelaySeconds"] == 7 * 60
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        longest = 6 * synthesized().function("late_data")["Timeout"] + mapping["MaximumBatchingWindowInSeconds"]
        assert queue["VisibilityTimeout"] >= longest

    def test_only_its_rule_may_send_to_the_queues(self) -> None:
        rules = set(synthesized().resources("AWS::Events::Rule"))
        statements = [
            statement
            for name, policy in synthesized().resources("AWS::SQS::QueuePolicy").items()
            if name.startswith("LateData")
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Allow"
        ]
        assert len(statements) == 4
        for statement in statements:
            assert statement["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::GetAtt"][0] in rules

    def test_it_can_be_switched_off(self) -> None:
        synthesis = synthesized("late_data=false")
        assert synthesis.properties("AWS::Lambda::EventSourceMapping") == []
        assert self.rules("late_data=false") == []
