"""What the other stacks use of the data stack."""

from dataclasses import dataclass

from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct


@dataclass(frozen=True)
class DataExports:
    """The data stack's exports. They are there whether or not somebody uses them.

    So a dataset can be added or removed in one deployment: no export appears or vanishes with its users.
    """

    bucket_name: str
    bucket_arn: str
    topic_arn: str
    key_arn: str | None


class SharedResources(Construct):
    """The bucket, the topic and the key, if there is one, inside a stack that imports them."""

    def __init__(self, scope: Construct, construct_id: str, *, exports: DataExports) -> None:
        super().__init__(scope, construct_id)
        self.bucket_name = exports.bucket_name
        self.bucket_arn = exports.bucket_arn
        self.topic: sns.ITopic = sns.Topic.from_topic_arn(self, "Topic", exports.topic_arn)
        self.key: kms.IKey | None = kms.Key.from_key_arn(self, "Key", exports.key_arn) if exports.key_arn else None
