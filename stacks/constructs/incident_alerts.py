"""Who hears of a failed job, a failed execution and an overdue day, on two paths that do not need each other."""

from datetime import time

from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from config import day_without
from deployed_dataset import Dataset
from stacks.constructs.data_access import allow_key, allow_records, job_arn, table_arns
from stacks.constructs.dead_letters import DeadLetters
from stacks.constructs.python_function import PythonFunction, alert_variables
from stacks.constructs.schedule import SCHEDULED_TIME, Call, DailySchedule, DailyTime
from stacks.constructs.shared_resources import SharedResources
from stacks.constructs.state_machine import execution_arns, state_machine_arn

# Glue announces these and SUCCEEDED; ERROR and EXPIRED may never be announced, which is what the second rule is for.
JOB_STATES = ("FAILED", "TIMEOUT", "STOPPED")
EXECUTION_STATUSES = ("FAILED", "TIMED_OUT", "ABORTED")
# A publication that just makes it is not overdue; where clocks change, it is due up to an hour later on the clock.
_GRACE_MINUTES = 10
_CLOCK_CHANGE_MINUTES = 60
_MINUTES_PER_DAY = 24 * 60


class IncidentAlerts(Construct):
    """One function writes all messages; what it fails on ends in the dead-letter queue, whose alarm needs no code."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        dataset: Dataset,
        shared: SharedResources,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = DeadLetters(
            self, "DeadLetters", dataset=dataset, of="alert", what=f"An alert about {dataset.name}", shared=shared
        ).queue
        self.function = PythonFunction(
            self,
            "Function",
            module="alert",
            dataset=dataset,
            shared=shared,
            environment={**alert_variables(dataset, shared), "FRESHNESS_HOURS": dataset.freshness_variable},
            # What it looks up before it tells can be slow on a bad day; that must not keep the message back.
            timeout_seconds=600,
        )
        self.function.send_failures_to(self.dead_letters, shared)
        self._allow(dataset, shared)
        machines = [dataset.pipeline_name, dataset.backfill_name]
        self.job_rule = self._rule(
            "JobRule",
            f"Job runs of {dataset.name} that did not succeed",
            events.EventPattern(
                source=["aws.glue"],
                detail_type=["Glue Job State Change"],
                detail={"jobName": [dataset.job_name], "state": list(JOB_STATES)},
            ),
        )
        self.execution_rule = self._rule(
            "ExecutionRule",
            f"Executions of {dataset.name} that did not succeed",
            events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [state_machine_arn(self, name) for name in machines],
                    "status": list(EXECUTION_STATUSES),
                },
            ),
        )
        self.freshness = self._freshness(dataset, shared) if dataset.contract.freshness_hours is not None else None

    def _allow(self, dataset: Dataset, shared: SharedResources) -> None:
        role = self.function.role
        role.allow(actions=["sns:Publish"], resources=[shared.topic.topic_arn])
        role.allow(actions=["glue:GetJobRun"], resources=[job_arn(Stack.of(self), dataset)])
        role.allow(actions=["glue:GetPartition"], resources=table_arns(Stack.of(self), dataset))
        machines = [dataset.pipeline_name, dataset.backfill_name]
        role.allow(
            actions=["states:DescribeExecution"],
            resources=[execution_arns(self, name) for name in machines],
            reason=f"Executions of {' and '.join(machines)} are named when they start.",
        )
        allow_records(role, shared, dataset)
        allow_key(role, shared, writes=True, services=["s3", "sns"])

    def _rule(self, construct_id: str, description: str, pattern: events.EventPattern) -> events.Rule:
        target = targets.LambdaFunction(self.function.function, dead_letter_queue=self.dead_letters)
        return events.Rule(self, construct_id, description=description, event_pattern=pattern, targets=[target])

    def _freshness(self, dataset: Dataset, shared: SharedResources) -> DailySchedule:
        """Check once a day, when the last due day has to be there."""
        settings = dataset.settings
        due = freshness_check_time(dataset.freshness_hours, settings.time_zone)
        return DailySchedule(
            self,
            "Freshness",
            description=f"Is the last due day of {dataset.name} published?",
            at=DailyTime(due.hour, due.minute, settings.time_zone, settings.schedule_enabled),
            call=Call(
                self.function.arn, "lambda:InvokeFunction", {"check": "freshness", "scheduled_time": SCHEDULED_TIME}
            ),
            dead_letters=self.dead_letters,
            shared=shared,
        )


def freshness_check_time(freshness_hours: float, zone: str) -> time:
    """Return when on the clock the last due day has to be there, on every day of the year."""
    grace = _GRACE_MINUTES + (0 if zone == "UTC" else _CLOCK_CHANGE_MINUTES)
    hour, minute = divmod((round(freshness_hours * 60) + grace) % _MINUTES_PER_DAY, 60)
    due = time(hour, minute)
    while day_without(due, zone) is not None:  # Antarctica/Troll puts its clocks forward by two hours
        due = time((due.hour + 1) % 24, minute)
    return due
