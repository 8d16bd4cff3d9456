"""A state machine with its role and log; what it does is in `stacks.definitions`."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from config import Settings
from stacks.constructs.permission import ServiceRole
from stacks.constructs.retention import log_retention

# What Step Functions needs to write to a log group, none of which has a resource level:
# https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy
_LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
_TRACING = (
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
)


class StateMachine(Construct):
    """Logs all events without the data in them and is traced. The role may do that only, until a caller adds to it."""

    def __init__(
        self, scope: Construct, construct_id: str, *, name: str, definition: Mapping[str, Any], settings: Settings
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = name
        self.arn = state_machine_arn(self, name)
        self.role = ServiceRole(self, "Role", service="states", source_arn=self.arn)
        self.role.allow(
            actions=_LOG_DELIVERY,
            resources=["*"],
            reason="Log deliveries and resource policies of CloudWatch Logs have no resource level.",
        )
        self.role.allow(actions=_TRACING, resources=["*"], reason="X-Ray has no resource level for traces.")
        # Step Functions refuses other group names above a number of groups; /aws/vendedlogs/ keeps clear of that limit.
        log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/vendedlogs/states/{name}",
            retention=log_retention(settings.log_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.machine = sfn.CfnStateMachine(
            self,
            "Machine",
            state_machine_name=name,
            role_arn=self.role.role.role_arn,
            definition_string=Stack.of(self).to_json_string(dict(definition), 2),
            logging_configuration=sfn.CfnStateMachine.LoggingConfigurationProperty(
                level="ALL",
                include_execution_data=False,
                destinations=[
                    sfn.CfnStateMachine.LogDestinationProperty(
                        cloud_watch_logs_log_group=sfn.CfnStateMachine.CloudWatchLogsLogGroupProperty(
                            log_group_arn=log_group.log_group_arn
                        )
                    )
                ],
            ),
            tracing_configuration=sfn.CfnStateMachine.TracingConfigurationProperty(enabled=True),
        )

    def allow_nested(self, child: "StateMachine") -> None:
        """Let this machine start another one, wait for it and stop it (`startExecution.sync:2`)."""
        stack = Stack.of(self)
        executions = execution_arns(self, child.name)
        rule = stack.format_arn(
            service="events", resource="rule", resource_name="StepFunctionsGetEventsForStepFunctionsExecutionRule"
        )
        self.role.allow(actions=["states:StartExecution"], resources=[child.arn])
        self.role.allow(
            actions=["states:DescribeExecution", "states:StopExecution"],
            resources=[executions],
            reason=f"Executions of {child.name} are named when they start.",
        )
        # The rule by which Step Functions itself learns that the child ended; it makes and owns it.
        self.role.allow(actions=["events:PutTargets", "events:PutRule", "events:DescribeRule"], resources=[rule])


def state_machine_arn(scope: Construct, name: str) -> str:
    """Return the ARN that a machine of this stack has by its name, without a reference to it."""
    return Stack.of(scope).format_arn(
        service="states", resource="stateMachine", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
    )


def execution_arns(scope: Construct, name: str) -> str:
    """Return the ARN pattern of all executions of a machine of this stack."""
    return Stack.of(scope).format_arn(
        service="states",
        resource="execution",
        resource_name=f"{name}:*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
