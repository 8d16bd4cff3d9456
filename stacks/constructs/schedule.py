"""A daily call by EventBridge Scheduler, with a role that may do this one thing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.constructs.data_access import allow_key
from stacks.constructs.permission import ServiceRole
from stacks.constructs.shared_resources import SharedResources

# Scheduler puts the time for which the call was planned, in UTC, in its place.
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
_MAX_AGE_SECONDS = 3600
_MAX_RETRIES = 10


@dataclass(frozen=True)
class DailyTime:
    """A minute of every day in a time zone; a schedule that is switched off stays there, disabled."""

    hour: int
    minute: int
    time_zone: str
    enabled: bool


@dataclass(frozen=True)
class Call:
    """What is called, the permission that this takes, and what is said."""

    target_arn: str
    action: str
    payload: Mapping[str, Any]


class DailySchedule(Construct):
    """What cannot be delivered within an hour becomes a dead letter."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        description: str,
        at: DailyTime,
        call: Call,
        dead_letters: sqs.IQueue,
        shared: SharedResources,
    ) -> None:
        super().__init__(scope, construct_id)
        group = scheduler.CfnScheduleGroup(self, "Group")
        self.role = ServiceRole(self, "Role", service="scheduler", source_arn=group.attr_arn)
        self.role.allow(actions=[call.action], resources=[call.target_arn])
        self.role.allow(actions=["sqs:SendMessage"], resources=[dead_letters.queue_arn])
        allow_key(self.role, shared, writes=True, services=["sqs"])
        self.schedule = scheduler.CfnSchedule(
            self,
            "Schedule",
            description=description,
            group_name=group.ref,
            state="ENABLED" if at.enabled else "DISABLED",
            schedule_expression=f"cron({at.minute} {at.hour} * * ? *)",
            schedule_expression_timezone=at.time_zone,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=call.target_arn,
                role_arn=self.role.role.role_arn,
                input=Stack.of(self).to_json_string(dict(call.payload)),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=dead_letters.queue_arn),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=_MAX_AGE_SECONDS, maximum_retry_attempts=_MAX_RETRIES
                ),
            ),
        )
