"""What is kept: the bucket, the catalog, the workgroup, the topic with its confirmed subscriptions, the key."""

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_glue as glue
from constructs import Construct

from config import Settings
from deployed_dataset import Dataset
from stacks.constructs.alert_topic import AlertTopic
from stacks.constructs.curated_table import CuratedTable
from stacks.constructs.data_bucket import DataBucket
from stacks.constructs.encryption_key import EncryptionKey
from stacks.constructs.metrics_table import MetricsTable
from stacks.constructs.quarantine_table import QuarantineTable
from stacks.constructs.query_workgroup import QueryWorkgroup
from stacks.constructs.saved_queries import SavedQueries
from stacks.constructs.shared_resources import DataExports


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
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=settings.database, description="Published days of every dataset, and the metrics of their runs."
            ),
        )
        bucket_name = self.storage.bucket.bucket_name
        self.workgroup = QueryWorkgroup(
            self, "Queries", settings=settings, bucket_name=bucket_name, key_arn=key.key_arn if key else None
        ).workgroup
        for dataset in datasets:
            self._add_tables(dataset, bucket_name)
        self.exports = DataExports(
            bucket_name=self.export_value(bucket_name),
            bucket_arn=self.export_value(self.storage.bucket.bucket_arn),
            topic_arn=self.export_value(self.alerts.topic.topic_arn),
            key_arn=self.export_value(key.key_arn) if key else None,
        )
        self._announce(settings, bucket_name)

    def _add_tables(self, dataset: Dataset, bucket_name: str) -> None:
        scope = Construct(self, dataset.name)
        curated = CuratedTable(scope, "Curated", dataset=dataset, bucket_name=bucket_name)
        metrics = MetricsTable(scope, "Metrics", dataset=dataset, bucket_name=bucket_name)
        quarantine = QuarantineTable(scope, "Quarantine", dataset=dataset, bucket_name=bucket_name)
        for table in (curated.table, metrics.table, quarantine.table):
            table.add_resource_dependency(self.database)
        SavedQueries(scope, "Saved", dataset=dataset, workgroup=self.workgroup)

    def _announce(self, settings: Settings, bucket_name: str) -> None:
        cdk.CfnOutput(self, "DataBucketName", value=bucket_name, description="Put raw data below raw/ in this bucket")
        cdk.CfnOutput(self, "DatabaseName", value=settings.database)
        cdk.CfnOutput(self, "WorkgroupName", value=self.workgroup.name)
        cdk.CfnOutput(self, "AlertTopicArn", value=self.alerts.topic.topic_arn)
