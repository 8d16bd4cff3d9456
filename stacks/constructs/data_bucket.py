"""The bucket that holds everything of all datasets, and the one that records who touched it."""

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from config import Settings
from deployed_dataset import Dataset
from stacks.constructs.permission import acknowledge

RESULTS_PREFIX = "athena-results/"
_LEASE_DAYS = 14
_ABANDONED_UPLOAD_DAYS = 3


class DataBucket(Construct):
    """Private, TLS only, versioned, kept; its events go to EventBridge."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        datasets: Sequence[Dataset],
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, construct_id)
        removal = RemovalPolicy.DESTROY if settings.data_is_destroyed else RemovalPolicy.RETAIN
        self.access_logs = _access_log_bucket(self, settings, removal)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            bucket_key_enabled=True if key else None,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            server_access_logs_bucket=self.access_logs,
            server_access_logs_prefix="data/",
            lifecycle_rules=_lifecycle(settings, datasets),
            removal_policy=removal,
        )
        resource = self.bucket.node.default_child
        if not isinstance(resource, s3.CfnBucket):
            raise TypeError(f"{self.node.path}: expected a CfnBucket, got {type(resource).__name__}")
        # The L2 property for this would deploy a custom resource with a Lambda of its own.
        resource.add_property_override(
            "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", value=True
        )


def _access_log_bucket(scope: Construct, settings: Settings, removal: RemovalPolicy) -> s3.Bucket:
    bucket = s3.Bucket(
        scope,
        "AccessLogs",
        encryption=s3.BucketEncryption.S3_MANAGED,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        lifecycle_rules=[s3.LifecycleRule(id="expire", expiration=Duration.days(settings.log_days))],
        removal_policy=removal,
    )
    acknowledge(bucket, "AwsSolutions-S1", "It holds access logs; logging its own writes would never end.")
    return bucket


def _lifecycle(settings: Settings, datasets: Sequence[Dataset]) -> list[s3.LifecycleRule]:
    """Return the rules per kind of data; curated data, metrics and publication records do not expire."""
    raw = {_root(dataset.paths.raw) for dataset in datasets}
    quarantine = {_root(dataset.paths.quarantine) for dataset in datasets}
    leases = {_root(dataset.paths.leases) for dataset in datasets}
    return [
        s3.LifecycleRule(
            id="noncurrent-and-abandoned",
            noncurrent_version_expiration=Duration.days(settings.noncurrent_days),
            abort_incomplete_multipart_upload_after=Duration.days(_ABANDONED_UPLOAD_DAYS),
            expired_object_delete_marker=True,
        ),
        *(_raw_rule(prefix, settings) for prefix in sorted(raw)),
        *(_expiry(prefix, settings.quarantine_days) for prefix in sorted(quarantine)),
        *(_expiry(prefix, _LEASE_DAYS) for prefix in sorted(leases)),
        _expiry(RESULTS_PREFIX, settings.results_days),
    ]


def _raw_rule(prefix: str, settings: Settings) -> s3.LifecycleRule:
    # Both classes answer at once: a day can be run again however old it is.
    return s3.LifecycleRule(
        id=f"colder-{prefix.rstrip('/')}",
        prefix=prefix,
        transitions=[
            s3.Transition(
                storage_class=s3.StorageClass.INFREQUENT_ACCESS,
                transition_after=Duration.days(settings.raw_infrequent_days),
            ),
            s3.Transition(
                storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL,
                transition_after=Duration.days(settings.raw_archive_days),
            ),
        ],
    )


def _expiry(prefix: str, days: int) -> s3.LifecycleRule:
    return s3.LifecycleRule(id=f"expire-{prefix.rstrip('/')}", prefix=prefix, expiration=Duration.days(days))


def _root(prefix: str) -> str:
    return prefix.partition("/")[0] + "/"
