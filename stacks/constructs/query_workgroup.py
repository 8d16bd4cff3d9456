"""The Athena workgroup in which the published data is queried."""

from aws_cdk import aws_athena as athena
from constructs import Construct

from config import Settings
from stacks.constructs.data_bucket import RESULTS_PREFIX

_BYTES_PER_GB = 1_000_000_000


class QueryWorkgroup(Construct):
    """Its settings override the client's: where results go, their encryption, how much one query may scan."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, bucket_name: str, key_arn: str | None
    ) -> None:
        super().__init__(scope, construct_id)
        encryption = athena.CfnWorkGroup.EncryptionConfigurationProperty(
            encryption_option="SSE_KMS" if key_arn else "SSE_S3", kms_key=key_arn
        )
        self.workgroup = athena.CfnWorkGroup(
            self,
            "Workgroup",
            name=settings.database.replace("_", "-"),
            description="Queries over the published data",
            recursive_delete_option=True,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                requester_pays_enabled=False,
                bytes_scanned_cutoff_per_query=settings.scan_cutoff_gb * _BYTES_PER_GB,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=f"s3://{bucket_name}/{RESULTS_PREFIX}", encryption_configuration=encryption
                ),
            ),
        )
