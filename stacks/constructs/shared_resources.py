"""What the datasets share: of the data stack bucket, topic and key, of the pipeline stack the code."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from stacks.constructs.deployed_code import DeployedCode


@dataclass(frozen=True)
class DataExports:
    """What the data stack tells the others.

    Bucket and topic are exports, which are there under every setting and whoever uses them: CloudFormation removes and
    changes none that is in use. The key comes and goes with a setting, so it is looked up by the name of a parameter.
    """

    bucket_name: str
    bucket_arn: str
    topic_arn: str
    key_parameter: str | None
    old_key_arns: Sequence[str]


class SharedResources(Construct):
    """The bucket, the topic, the code and the key, if there is one, inside a stack that uses them."""

    def __init__(self, scope: Construct, construct_id: str, *, exports: DataExports, code: DeployedCode) -> None:
        super().__init__(scope, construct_id)
        self.code = code
        self.bucket_name = exports.bucket_name
        self.bucket_arn = exports.bucket_arn
        self.topic: sns.ITopic = sns.Topic.from_topic_arn(self, "Topic", exports.topic_arn)
        self.key: kms.IKey | None = _key(self, exports.key_parameter) if exports.key_parameter else None
        self.old_key_arns = exports.old_key_arns


def _key(scope: Construct, parameter: str) -> kms.IKey:
    return kms.Key.from_key_arn(scope, "Key", ssm.StringParameter.value_for_string_parameter(scope, parameter))
