"""What is kept: the bucket, the catalog, the workgroup, the topic with its confirmed subscriptions, the key."""

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_glue as glue
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from config import Settings
from deployed_dataset import Dataset
from stacks.constructs.alert_topic import AlertTopic
from stacks.constructs.data_bucket import DataBucket
from stacks.constructs.encryption_key import EncryptionKey
from stacks.constructs.query_workgroup import QueryWorkgroup
from stacks.constructs.shared_resources import DataExports
from stacks.dataset_catalog import DatasetCatalog


class DataStack(cdk.Stack):
    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, datasets: Sequence[Dataset], **stack: Any
    ) -> None:
        super().__init__(scope, construct_id, **stack)
        self.encryption = EncryptionKey(self, "Encryption") if settings.kms else None
        key = self.encryption.key if self.encryption else None
        self.storage = DataBucket(self, "Storage", settings=settings, datasets=datasets, key=key)
        self.alerts = AlertTopic(self, "Alerts", emails=settings.alert_emails, key=key)
        self.database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=self.account,
            database_name=settings.database,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=settings.database, description="Published days of every dataset, and the metrics of their runs."
            ),
        )
        bucket_name = self.storage.bucket.bucket_name
        self.workgroup = QueryWorkgroup(
            self, "Queries", settings=settings, bucket_name=bucket_name, key_arn=key.key_arn if key else None
        ).workgroup
        for dataset in datasets:
            catalog = DatasetCatalog(self, dataset=dataset, bucket_name=bucket_name, workgroup=self.workgroup)
            catalog.node.add_dependency(self.database)
        self.exports = DataExports(
            bucket_name=self.export_value(bucket_name),
            bucket_arn=self.export_value(self.storage.bucket.bucket_arn),
            topic_arn=self.export_value(self.alerts.topic.topic_arn),
            key_parameter=self._announce_key(key.key_arn) if key else None,
            old_key_arns=settings.old_key_arns,
        )
        self._announce(settings, bucket_name)

    def _announce_key(self, key_arn: str) -> str:
        """Write the key's ARN where the other stacks look it up, and return the name of the place."""
        name = f"/{self.stack_name}/key-arn"
        ssm.StringParameter(self, "KeyArn", parameter_name=name, string_value=key_arn, description="The pipeline's key")
        return name

    def _announce(self, settings: Settings, bucket_name: str) -> None:
        cdk.CfnOutput(self, "DataBucketName", value=bucket_name, description="Put raw data below raw/ in this bucket")
        cdk.CfnOutput(self, "DatabaseName", value=settings.database)
        cdk.CfnOutput(self, "WorkgroupName", value=self.workgroup.name)
        cdk.CfnOutput(self, "AlertTopicArn", value=self.alerts.topic.topic_arn)
