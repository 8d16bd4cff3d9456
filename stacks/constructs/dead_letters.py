"""A queue for what could not be delivered or handled; a message in it means that somebody has to look."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from deployed_dataset import Dataset
from stacks.constructs.alarm import Alarm
from stacks.constructs.permission import acknowledge
from stacks.constructs.shared_resources import SharedResources


def encrypted_queue(
    scope: Construct,
    construct_id: str,
    *,
    name: str,
    key: kms.IKey | None,
    retention: Duration,
    delay: Duration | None = None,
    visibility: Duration | None = None,
    redrive: sqs.DeadLetterQueue | None = None,
) -> sqs.Queue:
    """Create a queue that is encrypted and TLS only."""
    return sqs.Queue(
        scope,
        construct_id,
        queue_name=name,
        encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
        encryption_master_key=key,
        enforce_ssl=True,
        retention_period=retention,
        delivery_delay=delay,
        visibility_timeout=visibility,
        dead_letter_queue=redrive,
    )


class DeadLetters(Construct):
    """Kept for as long as SQS allows, so that a long weekend loses nothing, and never without its alarm."""

    def __init__(
        self, scope: Construct, construct_id: str, *, dataset: Dataset, of: str, what: str, shared: SharedResources
    ) -> None:
        super().__init__(scope, construct_id)
        name = dataset.queue_name(f"{of}-dead-letters")
        self.queue = encrypted_queue(self, "Queue", name=name, key=shared.key, retention=Duration.days(14))
        acknowledge(self.queue, "AwsSolutions-SQS3", "It is a dead-letter queue, of targets that are no queues.")
        self.alarm = Alarm(
            self,
            "NotEmpty",
            name=name,
            metric=self.queue.metric_approximate_number_of_messages_visible(
                period=Duration.minutes(5), statistic=cloudwatch.Stats.MAXIMUM
            ),
            topic=shared.topic,
            description=(
                f"{what} could not be delivered or handled and became a dead letter. Read the messages of the queue, "
                "fix the cause and do what they asked for: docs/runbook.md, Dead letters."
            ),
            look=(
                "aws sqs receive-message --max-number-of-messages 10 --attribute-names All --message-attribute-names "
                f"All --queue-url $(aws sqs get-queue-url --queue-name {name} --query QueueUrl --output text)"
            ),
        ).alarm
