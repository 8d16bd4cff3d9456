"""A Lambda function of ours, with its role, its log group and the one zip that all of them share."""

from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from deployed_dataset import Dataset
from stacks.constructs.data_access import allow_key
from stacks.constructs.permission import ServiceRole, acknowledge
from stacks.constructs.retention import log_retention
from stacks.constructs.shared_resources import SharedResources

RUNTIME = lambda_.Runtime.PYTHON_3_13


def data_variables(dataset: Dataset, shared: SharedResources) -> dict[str, str]:
    """Return the variables of a function that looks at days of a dataset."""
    return {
        "DATA_BUCKET": shared.bucket_name,
        "DATASET": dataset.name,
        "ENVIRONMENT": dataset.settings.environment,
        "SOURCE_SYSTEM": dataset.contract.source_system,
        "TIME_ZONE": dataset.settings.time_zone,
    }


def alert_variables(dataset: Dataset, shared: SharedResources) -> dict[str, str]:
    """Return the variables of one that also tells people what readers have of a day."""
    return {
        **data_variables(dataset, shared),
        "ALERT_TOPIC_ARN": shared.topic.topic_arn,
        "CATALOG_DATABASE": dataset.settings.database,
        "CATALOG_TABLE": dataset.contract.table,
    }


class PythonFunction(Construct):
    """Runs `<module>.handler.handler`. It may write its own log and nothing else until a caller allows it more."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        module: str,
        dataset: Dataset,
        shared: SharedResources,
        environment: Mapping[str, str],
        timeout_seconds: int = 60,
        memory_mb: int = 256,
    ) -> None:
        super().__init__(scope, construct_id)
        name = dataset.function_name(module.replace("_", "-"))
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/lambda/{name}",
            retention=log_retention(dataset.settings.log_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        # Lambda does not say for which function it assumes a role, so the trust cannot be narrowed.
        self.role = ServiceRole(self, "Role", service="lambda", own_account=False)
        self.role.allow(
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[self.log_group.log_group_arn],
            reason="A log group's ARN ends in `:*`, which stands for its own streams.",
        )
        code = shared.code.functions
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            handler=f"{module}.handler.handler",
            code=lambda_.Code.from_bucket(code.bucket, code.s3_object_key),
            runtime=RUNTIME,
            architecture=lambda_.Architecture.ARM_64,
            role=self.role.role,
            log_group=self.log_group,
            environment=dict(environment),
            timeout=Duration.seconds(timeout_seconds),
            memory_size=memory_mb,
        )
        # The reference to the role orders the two already, and cfn-lint objects to saying it twice.
        self._resource.add_deletion_override("DependsOn")
        acknowledge(
            self.function,
            "AwsSolutions-L1",
            "Python 3.13 is supported until 2029 and is what Glue 6.0 runs, so job and functions share one version.",
        )

    def send_failures_to(self, queue: sqs.IQueue, shared: SharedResources) -> None:
        """Put an event that the function failed on, when it was invoked without waiting, into a queue."""
        self._resource.dead_letter_config = lambda_.CfnFunction.DeadLetterConfigProperty(target_arn=queue.queue_arn)
        self.role.allow(actions=["sqs:SendMessage"], resources=[queue.queue_arn])
        allow_key(self.role, shared, writes=True, services=["sqs"])

    @property
    def arn(self) -> str:
        return self.function.function_arn

    @property
    def _resource(self) -> lambda_.CfnFunction:
        resource = self.function.node.default_child
        if not isinstance(resource, lambda_.CfnFunction):
            raise TypeError(f"{self.node.path}: expected a CfnFunction, got {type(resource).__name__}")
        return resource
