import json
import re
from datetime import UTC, datetime, time
from typing import Any

import pytest

from alert.decision import job_run_message
from alert.events import JobRunEnded
from config import ENVIRONMENTS
from contract import load_contract
from deployed_dataset import Dataset
from shared.environment import Environment
from shared.metrics import NAMESPACE, Metric, MetricSet, as_document
from stacks.constructs.incident_alerts import freshness_check_time
from tests.stacks.event_patterns import matches
from tests.stacks.synthesis import ROOT, plain, synthesized, walk, written

EVENTS = ROOT / "tests" / "events"


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event


def rule(source: str) -> dict[str, Any]:
    rules = synthesized().resources("AWS::Events::Rule")
    (found,) = [
        dict(item["Properties"])
        for name, item in rules.items()
        if name.startswith("Alerts") and item["Properties"]["EventPattern"]["source"] == [source]
    ]
    return found


def job_event(state: str, job: str = "prod-events-curation") -> dict[str, Any]:
    event = sample("glue_job_failed_gate")
    return {**event, "detail": {**event["detail"], "state": state, "jobName": job}}


def execution_event(status: str, machine: str) -> dict[str, Any]:
    event = sample("execution_failed_job_run")
    arns = {
        written(arn).rpartition(":")[2]: arn for arn in rule("aws.states")["EventPattern"]["detail"]["stateMachineArn"]
    }
    return {**event, "detail": {**event["detail"], "status": status, "stateMachineArn": arns.get(machine, "another")}}


class TestRules:
    @pytest.mark.parametrize(
        ("state", "expected"), [("FAILED", True), ("TIMEOUT", True), ("STOPPED", True), ("SUCCEEDED", False)]
    )
    def test_job_runs_that_did_not_succeed_are_announced(self, state: str, *, expected: bool) -> None:
        assert matches(rule("aws.glue")["EventPattern"], job_event(state)) is expected

    def test_other_jobs_of_the_account_are_not(self) -> None:
        assert not matches(rule("aws.glue")["EventPattern"], job_event("FAILED", job="prod-events-curation-2"))

    @pytest.mark.parametrize(
        ("status", "expected"),
        [("FAILED", True), ("TIMED_OUT", True), ("ABORTED", True), ("SUCCEEDED", False), ("RUNNING", False)],
    )
    @pytest.mark.parametrize("machine", ["prod-events-pipeline", "prod-events-backfill"])
    def test_executions_that_did_not_succeed_are_too(self, status: str, machine: str, *, expected: bool) -> None:
        assert matches(rule("aws.states")["EventPattern"], execution_event(status, machine)) is expected

    def test_the_helper_machine_of_a_backfill_is_not_an_incident_of_its_own(self) -> None:
        assert not matches(rule("aws.states")["EventPattern"], execution_event("FAILED", "prod-events-days"))

    def test_nothing_else_is_announced(self) -> None:
        machines = "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:prod-events"
        assert plain(rule("aws.glue")["EventPattern"]) == {
            "source": ["aws.glue"],
            "detail-type": ["Glue Job State Change"],
            "detail": {"jobName": ["prod-events-curation"], "state": ["FAILED", "TIMEOUT", "STOPPED"]},
        }
        assert plain(rule("aws.states")["EventPattern"]) == {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {
                "stateMachineArn": [f"{machines}-pipeline", f"{machines}-backfill"],
                "status": ["FAILED", "TIMED_OUT", "ABORTED"],
            },
        }

    @pytest.mark.parametrize("source", ["aws.glue", "aws.states"])
    def test_each_reaches_the_alert_function_and_loses_nothing(self, source: str) -> None:
        (target,) = rule(source)["Targets"]
        function = synthesized().resources("AWS::Lambda::Function")[target["Arn"]["Fn::GetAtt"][0]]
        assert function["Properties"]["FunctionName"] == "prod-events-alert"
        dead_letters = synthesized().behind(target["DeadLetterConfig"]["Arn"], kind="AWS::SQS::Queue")
        assert dead_letters["QueueName"] == "prod-events-alert-dead-letters"
        assert "InputTransformer" not in target
        assert rule(source)["State"] == "ENABLED"

    def test_the_log_that_a_message_names_is_the_one_the_job_writes(self) -> None:
        job = synthesized().only("AWS::Glue::Job")
        ended = JobRunEnded(job["Name"], "jr_1", "TIMEOUT", "", None)
        groups = [item.get("LogGroupName") for item in synthesized().properties("AWS::Logs::LogGroup")]
        (group,) = re.findall(r"aws logs tail (\S+) ", job_run_message("events", ended, day=None, readers="").body)
        assert group in groups

    def test_what_the_function_fails_on_is_kept_as_well(self) -> None:
        target = synthesized().function("alert")["DeadLetterConfig"]["TargetArn"]
        assert synthesized().behind(target, kind="AWS::SQS::Queue")["QueueName"] == "prod-events-alert-dead-letters"


class TestFreshness:
    def schedule(self, *overrides: str) -> dict[str, Any]:
        question = "Is the last due day of events published?"
        return synthesized(*overrides).only("AWS::Scheduler::Schedule", Description=question)

    def test_it_asks_shortly_after_a_day_is_due_by_the_contract(self) -> None:
        assert self.schedule()["ScheduleExpression"] == "cron(10 6 * * ? *)"
        assert json.loads(self.schedule()["Target"]["Input"]) == sample("freshness_check") | {
            "scheduled_time": "<aws.scheduler.scheduled-time>"
        }

    def test_where_clocks_change_it_leaves_the_hour_that_may_be_missing(self) -> None:
        assert self.schedule("time_zone=Europe/Berlin")["ScheduleExpression"] == "cron(10 7 * * ? *)"

    @pytest.mark.parametrize(
        ("hours", "zone", "expected"),
        [
            (24, "Europe/Berlin", time(1, 10)),
            (24, "Europe/London", time(2, 10)),
            (23.5, "Atlantic/Azores", time(1, 40)),
            (47, "UTC", time(23, 10)),
            (24, "Antarctica/Troll", time(3, 10)),
        ],
    )
    def test_it_asks_at_a_time_that_every_day_has(self, hours: float, zone: str, expected: time) -> None:
        assert freshness_check_time(hours, zone) == expected


DEAD_LETTERS = ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 300)
# Namespace, metric, statistic, period in seconds, and what is watched.
WATCHED = {
    "start-dead-letters": (*DEAD_LETTERS, "prod-events-start-dead-letters"),
    "alert-dead-letters": (*DEAD_LETTERS, "prod-events-alert-dead-letters"),
    "late-data-dead-letters": (*DEAD_LETTERS, "prod-events-late-data-dead-letters"),
    "late-data-errors": ("AWS/Lambda", "Errors", "Sum", 300, "prod-events-late-data"),
    "late-data-not-handled": (NAMESPACE, "LateDataNotHandled", "Sum", 900, "events"),
    "late-data-waiting": ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", 300, "prod-events-arrivals"),
}


def watched_name(dimension: dict[str, Any]) -> str:
    """Return the name of the queue, function or dataset that a dimension names as its kind."""
    name, value = dimension["Name"], dimension["Value"]
    kinds = {"QueueName": "AWS::SQS::Queue", "FunctionName": "AWS::Lambda::Function"}
    return str(synthesized().behind(value, kind=kinds[name])[name] if name in kinds else value)


class TestAlarms:
    def test_every_dead_letter_queue_and_late_data_have_one(self) -> None:
        alarms = synthesized().properties("AWS::CloudWatch::Alarm")
        queues = synthesized().properties("AWS::SQS::Queue")
        letters = [alarm for alarm in alarms if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"]
        assert (
            len(letters) == len([queue for queue in queues if queue["MessageRetentionPeriod"] == 14 * 24 * 3600]) == 3
        )
        names = ("Errors", "LateDataNotHandled", "ApproximateAgeOfOldestMessage")
        assert [len([alarm for alarm in alarms if alarm["MetricName"] == name]) for name in names] == [1, 1, 1]

    def test_they_have_the_names_that_doctor_and_overview_ask_for(self) -> None:
        alarms = synthesized().properties("AWS::CloudWatch::Alarm")
        queues = synthesized().properties("AWS::SQS::Queue")
        dataset = Dataset(load_contract(ROOT / "contracts" / "events.odcs.yaml"), ENVIRONMENTS["prod"])
        assert {alarm["AlarmName"] for alarm in alarms} == set(dataset.alarms(has_late_data=True))
        assert set(dataset.dead_letter_queues(has_late_data=True)) < {queue["QueueName"] for queue in queues}

    @pytest.mark.parametrize("overrides", [(), ("environment=dev",)], ids=["prod", "dev"])
    def test_the_one_on_days_that_were_not_handled_watches_what_the_function_counts(
        self, overrides: tuple[str, ...]
    ) -> None:
        alarm = synthesized(*overrides).only("AWS::CloudWatch::Alarm", MetricName="LateDataNotHandled")
        counted = as_document(
            MetricSet(metric_dimensions(*overrides), (Metric("LateDataNotHandled", 1),)), at=datetime.now(UTC)
        )
        (definition,) = counted["_aws"]["CloudWatchMetrics"]
        assert alarm["Namespace"] == definition["Namespace"]
        assert [sorted(item["Name"] for item in alarm["Dimensions"])] == [sorted(definition["Dimensions"][0])]
        assert {item["Name"]: item["Value"] for item in alarm["Dimensions"]} == metric_dimensions(*overrides)

    def test_the_one_on_the_age_of_late_data_lets_a_message_be_tried_until_it_is_a_dead_letter(self) -> None:
        alarm = synthesized().only("AWS::CloudWatch::Alarm", MetricName="ApproximateAgeOfOldestMessage")
        (queue,) = [item for item in synthesized().properties("AWS::SQS::Queue") if "RedrivePolicy" in item]
        longest = 15 * 60 + queue["VisibilityTimeout"] * queue["RedrivePolicy"]["maxReceiveCount"]
        assert longest < alarm["Threshold"] < queue["MessageRetentionPeriod"]
        assert f"waits for more than {alarm['Threshold'] // 60} minutes" in alarm["AlarmDescription"]

    def test_each_acts_on_the_topic_and_says_what_to_do(self) -> None:
        for alarm in synthesized().properties("AWS::CloudWatch::Alarm"):
            assert [written(action) for action in alarm["AlarmActions"]] == [written(topic_arn())]
            assert alarm["TreatMissingData"] == "notBreaching"
            is_age = alarm["MetricName"] == "ApproximateAgeOfOldestMessage"
            assert (alarm["ComparisonOperator"], alarm["Threshold"] > 0) == ("GreaterThanThreshold", is_age)
            assert "fix the cause" in " ".join(alarm["AlarmDescription"].split())

    @pytest.mark.parametrize(
        ("name", "command"),
        [
            ("errors", "aws logs tail /aws/lambda/prod-events-late-data --since 3h"),
            ("not-handled", "aws logs tail /aws/lambda/prod-events-late-data --since 3h"),
            ("waiting", "aws lambda list-event-source-mappings --function-name prod-events-late-data"),
        ],
    )
    def test_those_on_late_data_end_with_a_command_that_shows_the_cause(self, name: str, command: str) -> None:
        alarm = synthesized().only("AWS::CloudWatch::Alarm", AlarmName=f"prod-events-late-data-{name}")
        assert alarm["AlarmDescription"].endswith(f" Next: {command}")
        functions = {item["FunctionName"] for item in synthesized().properties("AWS::Lambda::Function")}
        assert "prod-events-late-data" in functions

    @pytest.mark.parametrize("name", WATCHED)
    def test_each_watches_one_thing_and_goes_off_within_one_period(self, name: str) -> None:
        alarm = synthesized().only("AWS::CloudWatch::Alarm", AlarmName=f"prod-events-{name}")
        (dimension,) = [item for item in alarm["Dimensions"] if item["Name"] != "Environment"]
        watched = alarm["Namespace"], alarm["MetricName"], alarm["Statistic"], alarm["Period"], watched_name(dimension)
        assert watched == WATCHED[name]
        assert alarm["EvaluationPeriods"] == alarm.get("DatapointsToAlarm", 1) == 1
        assert alarm.get("ActionsEnabled", True)

    def test_the_runbook_knows_every_queue_that_an_alarm_can_name(self) -> None:
        runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
        section = runbook.partition("\n## Dead letters\n")[2].partition("\n## ")[0]
        named = {f"prod-events-{part}" for part in re.findall(r"`prod-<dataset>-([a-z-]+)`", section)}
        queues = {item["QueueName"] for item in synthesized().properties("AWS::SQS::Queue")}
        assert named == queues
        for alarm in synthesized().properties("AWS::CloudWatch::Alarm"):
            is_queue = alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
            said, _, command = alarm["AlarmDescription"].partition(" Next: ")
            assert said.endswith("docs/runbook.md, Dead letters.") is is_queue
            assert (f" get-queue-url --queue-name {alarm['AlarmName']} " in command) is is_queue
            assert (alarm["AlarmName"] in queues) is is_queue


def topic_arn() -> Any:
    return synthesized().function("sensor")["Environment"]["Variables"]["ALERT_TOPIC_ARN"]


def metric_dimensions(*overrides: str) -> dict[str, str]:
    """By what the functions of an environment tell their metrics from those of another one."""
    given = synthesized(*overrides).function("late_data")["Environment"]["Variables"]
    return Environment({name: given[name] for name in ("ENVIRONMENT", "DATASET")}).metric_dimensions()


class TestDashboard:
    def body(self) -> str:
        return written(synthesized().only("AWS::CloudWatch::Dashboard")["DashboardBody"])

    def test_every_rule_of_the_contract_is_drawn_with_its_limit(self) -> None:
        body = self.body()
        limits = {
            "event_id_duplicates": "must be at most 2",
            "user_id_null_rate": "must be at most 3",
            "total_rows": "must be above 0",
            "event_type_valid": "must be 0",
            "malformed_lines": "must be at most 1",
        }
        for check, limit in limits.items():
            assert f'"Check","{check}"' in body
            assert f'"label":"{check} {limit}"' in body

    def test_rules_against_earlier_dates_are_drawn_without_a_limit_as_theirs_is_another_one_each_day(self) -> None:
        body = self.body()
        for check in ("total_rows_usual", "event_type_shares_usual", "user_id_nulls_usual"):
            assert f'"Check","{check}"' in body
            assert f'"label":"{check} ' not in body

    @pytest.mark.parametrize(
        "metric",
        [
            "RowsRead",
            "RowsWritten",
            "RowsQuarantined",
            "JobSeconds",
            "EstimatedCostUsd",
            "FreshnessHours",
            "Overdue",
            "ExecutionsFailed",
        ],
    )
    def test_it_shows(self, metric: str) -> None:
        assert f'"{metric}"' in self.body()

    def test_what_functions_emit_is_looked_for_where_they_emit_it(self) -> None:
        ours = [value for value in walk(json.loads(self.body())) if isinstance(value, list) and "Dataset" in value]
        assert ours
        assert {value[0] for value in ours} == {NAMESPACE}
        for value in ours:
            names = [item for item in value[2:] if isinstance(item, str)]
            dimensions = dict(zip(names[::2], names[1::2], strict=True))
            assert dimensions.items() >= metric_dimensions().items()

    def test_it_shows_no_metric_that_nobody_emits(self) -> None:
        shown = {
            value[1]
            for value in walk(json.loads(self.body()))
            if isinstance(value, list) and value[:1] == ["DataPipeline"]
        }
        source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "lambda_src").rglob("*.py"))
        assert {name for name in shown if f'"{name}"' not in source} == set()
