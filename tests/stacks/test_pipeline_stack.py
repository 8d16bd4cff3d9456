import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config import settings_from
from contract import contract_json, load_contract
from core.job_arguments import ARGUMENT_NAMES, parse_job_arguments
from core.prices import Capacity
from deployed_dataset import Dataset
from shared.environment import Environment
from tests.stacks.event_patterns import matches
from tests.stacks.synthesis import ROOT, plain, synthesized, written

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
        assert (properties["NumberOfWorkers"], properties["Timeout"]) == (10, 120)
        assert properties["DefaultArguments"]["--enable-auto-scaling"] == "true"

    def test_it_is_a_spark_job_in_python(self) -> None:
        command = job()["Command"]
        assert (command["Name"], command["PythonVersion"]) == ("glueetl", "3")
        assert job()["DefaultArguments"]["--job-language"] == "python"

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
        assert parsed.data_uri == f"s3://{synthesized().exported('StorageBucket')}"
        assert (parsed.catalog_database, parsed.catalog_table) == ("prod_data_pipeline", "curated_events")
        assert (parsed.keep_versions, parsed.keep_hours) == (2, 24)
        assert parsed.capacity == Capacity(glue_version="6.0", worker_type="G.1X", execution_class="STANDARD")
        assert {f"--{name}" for name in ARGUMENT_NAMES} <= set(everything)

    @pytest.mark.parametrize("overrides", [(), ("job_timeout_minutes=30",)])
    def test_a_lease_outlives_the_job_by_an_hour(self, overrides: tuple[str, ...]) -> None:
        """What a run that died held is free again soon."""
        assert int(job(*overrides)["DefaultArguments"]["--lease_minutes"]) == job(*overrides)["Timeout"] + 60

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

    def test_all_logs_are_kept_for_as_long(self) -> None:
        assert {item["RetentionInDays"] for item in synthesized().properties("AWS::Logs::LogGroup")} == {90}


FUNCTIONS = {
    "sensor": "DATA_BUCKET DATASET SOURCE_SYSTEM CONTRACT_CHECKSUM RAW_OBJECTS TIME_ZONE ALERT_TOPIC_ARN JOB_NAME "
    "CATALOG_DATABASE CATALOG_TABLE ENVIRONMENT",
    "report": "DATA_BUCKET DATASET SOURCE_SYSTEM TIME_ZONE ALERT_TOPIC_ARN ENVIRONMENT",
    "backfill_plan": "MAX_CONCURRENT_RUNS",
    "backfill_summary": "DATASET ENVIRONMENT",
    "late_data": "DATA_BUCKET DATASET SOURCE_SYSTEM CONTRACT_CHECKSUM TIME_ZONE FRESHNESS_HOURS STATE_MACHINE_ARN "
    "SCHEDULE RAW_OBJECTS ENVIRONMENT",
    "alert": "DATA_BUCKET DATASET SOURCE_SYSTEM TIME_ZONE FRESHNESS_HOURS ALERT_TOPIC_ARN "
    "CATALOG_DATABASE CATALOG_TABLE ENVIRONMENT",
}


# Seconds and megabytes: what lists raw data needs more memory, and a message is worth waiting for what it looks up.
LIMITS = {
    "sensor": (60, 512),
    "report": (60, 256),
    "backfill_plan": (60, 256),
    "backfill_summary": (60, 256),
    "late_data": (120, 512),
    "alert": (600, 256),
}


def variables() -> dict[str, str]:
    """Return the value of each variable, whichever function reads it."""
    return {
        "ALERT_TOPIC_ARN": synthesized().exported("AlertsTopic"),
        "CATALOG_DATABASE": "prod_data_pipeline",
        "CATALOG_TABLE": "curated_events",
        "CONTRACT_CHECKSUM": CONTRACT.checksum,
        "DATASET": "events",
        "DATA_BUCKET": synthesized().exported("StorageBucket"),
        "ENVIRONMENT": "prod",
        "FRESHNESS_HOURS": "6",
        "JOB_NAME": "prod-events-curation",
        "MAX_CONCURRENT_RUNS": "10",
        "RAW_OBJECTS": CONTRACT.raw_objects.to_json(),
        "SCHEDULE": "1+120",
        "SOURCE_SYSTEM": "app",
        "STATE_MACHINE_ARN": "prod-events-pipeline",
        "TIME_ZONE": "UTC",
    }


class TestFunctions:
    @pytest.mark.parametrize("module", FUNCTIONS)
    def test_each_gets_the_environment_that_it_reads(self, module: str) -> None:
        given = dict(synthesized().function(module)["Environment"]["Variables"])
        if "STATE_MACHINE_ARN" in given:
            machine = synthesized().behind(given["STATE_MACHINE_ARN"], kind="AWS::StepFunctions::StateMachine")
            given["STATE_MACHINE_ARN"] = machine["StateMachineName"]
        expected = variables()
        assert {name: written(value) for name, value in given.items()} == {
            name: expected[name] for name in FUNCTIONS[module].split()
        }

    def test_settings_reach_them(self) -> None:
        synthesis = synthesized(
            "time_zone=Europe/Berlin", "schedule_hour=4", "wait_for_data_minutes=30", "database=other_database"
        )
        given = [item["Environment"]["Variables"] for item in synthesis.properties("AWS::Lambda::Function")]
        expected = {"TIME_ZONE": "Europe/Berlin", "SCHEDULE": "4+30", "CATALOG_DATABASE": "other_database"}
        for name, value in expected.items():
            assert {item[name] for item in given if name in item} == {value}

    @pytest.mark.parametrize("module", FUNCTIONS)
    def test_each_has_time_and_memory_for_what_it_does(self, module: str) -> None:
        function = synthesized().function(module)
        assert (function["Timeout"], function["MemorySize"]) == LIMITS[module]
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
        assert "ReservedConcurrentExecutions" not in function

    @pytest.mark.parametrize("module", FUNCTIONS)
    def test_each_writes_the_log_that_has_its_name(self, module: str) -> None:
        function = synthesized().function(module)
        group = synthesized().behind(function["LoggingConfig"]["LogGroup"], kind="AWS::Logs::LogGroup")
        assert function["FunctionName"] == f"prod-events-{module.replace('_', '-')}"
        assert group["LogGroupName"] == f"/aws/lambda/{function['FunctionName']}"

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
            (destination,) = machine["LoggingConfiguration"]["Destinations"]
            group = synthesized().behind(
                destination["CloudWatchLogsLogGroup"]["LogGroupArn"], kind="AWS::Logs::LogGroup"
            )
            assert group["LogGroupName"] == f"/aws/vendedlogs/states/{machine['StateMachineName']}"

    def test_success_messages_can_be_switched_off(self) -> None:
        state = synthesized("notify_success=false").machine("prod-events-pipeline")["States"]["ReadInput"]
        assert state["Assign"]["notify"] is False


def queue_name(arn: Any) -> str:
    return str(synthesized().behind(arn, kind="AWS::SQS::Queue")["QueueName"])


class TestEveryQueue:
    def test_it_is_encrypted(self) -> None:
        assert {item["SqsManagedSseEnabled"] for item in synthesized().properties("AWS::SQS::Queue")} == {True}

    def test_dead_letters_are_kept_for_as_long_as_sqs_allows_and_no_queue_forgets_what_another_keeps(self) -> None:
        kept = {
            item["QueueName"]: item["MessageRetentionPeriod"] for item in synthesized().properties("AWS::SQS::Queue")
        }
        days = {name.removeprefix("prod-events-"): seconds / 86_400 for name, seconds in kept.items()}
        dead = dict.fromkeys(("start-dead-letters", "alert-dead-letters", "late-data-dead-letters"), 14)
        assert days == {"arrivals": 4, **dead}


class TestSchedule:
    def schedule(self, *overrides: str) -> dict[str, Any]:
        return synthesized(*overrides).only("AWS::Scheduler::Schedule", Description="Runs the previous day of events")

    def test_it_runs_in_the_night_of_the_default_time_zone(self) -> None:
        schedule = self.schedule()
        assert schedule["ScheduleExpression"] == "cron(0 1 * * ? *)"

    def test_it_runs_the_day_before_at_the_hour_of_the_time_zone(self) -> None:
        schedule = self.schedule("time_zone=Europe/Berlin", "schedule_hour=3")
        assert schedule["ScheduleExpression"] == "cron(0 3 * * ? *)"
        assert schedule["ScheduleExpressionTimezone"] == "Europe/Berlin"
        assert schedule["State"] == "ENABLED"
        payload = json.loads(schedule["Target"]["Input"])
        assert payload == {"scheduled_time": "<aws.scheduler.scheduled-time>", "wait_minutes": 120}

    def test_each_schedule_is_on_and_keeps_to_the_minute(self) -> None:
        for schedule in synthesized().properties("AWS::Scheduler::Schedule"):
            assert (schedule["State"], schedule["FlexibleTimeWindow"]) == ("ENABLED", {"Mode": "OFF"})
            assert schedule["ScheduleExpressionTimezone"] == "UTC"

    def test_it_is_there_but_off_in_dev(self) -> None:
        assert self.schedule("environment=dev")["State"] == "DISABLED"

    def test_what_it_cannot_start_becomes_a_dead_letter(self) -> None:
        assert queue_name(self.schedule()["Target"]["DeadLetterConfig"]["Arn"]) == "prod-events-start-dead-letters"

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

    def test_nothing_else_leads_to_a_look(self) -> None:
        machine = "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:prod-events-pipeline"
        assert plain(self.pattern()) == {
            "source": ["aws.s3"],
            "detail-type": ["Object Created", "Object Deleted"],
            "detail": {
                "bucket": {"name": [synthesized().exported("StorageBucket")]},
                "object": {"key": [{"prefix": "raw/source_system=app/"}]},
            },
        }
        assert plain(self.pattern("aws.states")) == {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {"stateMachineArn": [machine], "status": ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]},
        }

    def test_both_kinds_of_events_go_to_the_one_queue(self) -> None:
        targets = [target for rule in self.rules() for target in rule["Targets"]]
        assert [queue_name(target["Arn"]) for target in targets] == ["prod-events-arrivals"] * 2
        dead = [queue_name(target["DeadLetterConfig"]["Arn"]) for target in targets]
        assert dead == ["prod-events-late-data-dead-letters"] * 2
        assert {rule["State"] for rule in self.rules()} == {"ENABLED"}

    def test_events_wait_in_a_queue_and_fail_one_by_one(self) -> None:
        (mapping,) = synthesized().properties("AWS::Lambda::EventSourceMapping")
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        for overrides, minutes in (((), 5), (("late_data_delay_minutes=7",), 7)):
            queue = synthesized(*overrides).only("AWS::SQS::Queue", QueueName="prod-events-arrivals")
            assert queue["DelaySeconds"] == minutes * 60
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        longest = 6 * synthesized().function("late_data")["Timeout"] + mapping["MaximumBatchingWindowInSeconds"]
        assert queue["VisibilityTimeout"] >= longest

    def test_the_function_takes_many_at_once_from_the_queue(self) -> None:
        (mapping,) = synthesized().properties("AWS::Lambda::EventSourceMapping")
        function = synthesized().behind(mapping["FunctionName"], kind="AWS::Lambda::Function")
        assert (queue_name(mapping["EventSourceArn"]), function["FunctionName"]) == (
            "prod-events-arrivals",
            "prod-events-late-data",
        )
        assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (1000, 60)
        assert mapping.get("Enabled", True)

    def test_what_it_failed_on_five_times_is_a_dead_letter(self) -> None:
        redrive = synthesized().only("AWS::SQS::Queue", QueueName="prod-events-arrivals")["RedrivePolicy"]
        assert queue_name(redrive["deadLetterTargetArn"]) == "prod-events-late-data-dead-letters"
        assert redrive["maxReceiveCount"] == 5

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
