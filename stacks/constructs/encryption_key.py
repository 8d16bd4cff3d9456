"""The customer-managed key, for those who need one."""

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

# Those that write to the encrypted topic and queues themselves, and not through one of our roles:
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
_SENDERS = ("events.amazonaws.com", "cloudwatch.amazonaws.com")


class EncryptionKey(Construct):
    """One key for data, alerts, queues and the job's logs; rotated every year, and kept when the stack goes."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self.key = kms.Key(
            self, "Key", description="Data pipeline", enable_key_rotation=True, removal_policy=RemovalPolicy.RETAIN
        )
        for service in _SENDERS:
            self.key.add_to_resource_policy(
                iam.PolicyStatement(
                    actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                    principals=[iam.ServicePrincipal(service)],
                    resources=["*"],
                    # Which of them say for which account they use a key is not documented for every one; who says
                    # another is refused, and who may send at all is up to the policies of topic and queues.
                    conditions={"StringEqualsIfExists": {"aws:SourceAccount": stack.account}},
                )
            )
        groups = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name="/aws-glue/jobs*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
                principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
                resources=["*"],
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
            )
        )
