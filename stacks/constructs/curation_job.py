"""The Glue job of a dataset, with the role that it runs as."""

from collections.abc import Mapping

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from contract import contract_json
from core.job_arguments import ARGUMENT_NAMES, capacity_argument
from deployed_dataset import Dataset
from stacks.constructs.data_access import allow_key, allow_listing, allow_objects, table_arns
from stacks.constructs.permission import ServiceRole, acknowledge
from stacks.constructs.retention import log_retention
from stacks.constructs.shared_resources import SharedResources
from stacks.constructs.source_archive import text_asset

_LOG_ACTIONS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
PER_RUN_ARGUMENTS = ("ingestion_date", "force", "execution")


class CurationJob(Construct):
    """Spark on Glue with auto scaling. Glue itself never retries: the state machine knows which errors are worth it."""

    def __init__(self, scope: Construct, construct_id: str, *, dataset: Dataset, shared: SharedResources) -> None:
        super().__init__(scope, construct_id)
        settings = dataset.settings
        self.contract = text_asset(self, "Contract", name=f"{dataset.name}.json", text=contract_json(dataset.contract))
        self.role = ServiceRole(self, "Role", service="glue")
        self.role.allow(
            actions=["s3:GetObject"],
            resources=shared.code.job_files,
            reason="Script, library and contract of every deployment; a run may begin while they are replaced.",
        )
        _allow_data(self.role, dataset, shared)
        _allow_catalog(self.role, dataset)
        log_prefix = f"/aws-glue/jobs/{dataset.job_name}"
        _allow_logs_and_metrics(self.role, log_prefix, security=dataset.job_name if shared.key else None)
        for stream in ("output", "error"):
            logs.LogGroup(
                self,
                f"{stream.capitalize()}Logs",
                log_group_name=f"{log_prefix}/{stream}",
                retention=log_retention(settings.log_days),
                removal_policy=RemovalPolicy.DESTROY,
            )
        security = _security_configuration(self, dataset, shared.key) if shared.key else None
        self.job = glue.CfnJob(
            self,
            "Job",
            name=dataset.job_name,
            description=f"Curates one day of {dataset.name}: parse, check, write, gate, publish",
            role=self.role.role.role_arn,
            command=glue.CfnJob.JobCommandProperty(
                name="glueetl", python_version="3", script_location=shared.code.script.s3_object_url
            ),
            glue_version=dataset.capacity.glue_version,
            worker_type=dataset.capacity.worker_type,
            number_of_workers=settings.max_workers,
            execution_class=dataset.capacity.execution_class,
            timeout=settings.job_timeout_minutes,
            max_retries=0,
            execution_property=glue.CfnJob.ExecutionPropertyProperty(max_concurrent_runs=settings.max_concurrent_runs),
            security_configuration=security.name if security else None,
            default_arguments={
                **_glue_arguments(self, log_prefix, library_uri=shared.code.library.s3_object_url),
                **_own_arguments(dataset, shared, self.contract),
            },
        )
        if security:
            self.job.add_resource_dependency(security)
        else:
            _acknowledge_no_security_configuration(self.job)


def _glue_arguments(scope: Construct, log_prefix: str, *, library_uri: str) -> Mapping[str, str]:
    return {
        "--job-language": "python",
        "--extra-py-files": library_uri,
        "--enable-auto-scaling": "true",
        "--enable-metrics": "true",
        "--enable-observability-metrics": "true",
        "--custom-logGroup-prefix": log_prefix,
        # Without it S3A asks us-east-2 for every bucket.
        "--conf": f"spark.hadoop.fs.s3a.endpoint.region={Stack.of(scope).region}",
    }


def _own_arguments(dataset: Dataset, shared: SharedResources, contract: assets.Asset) -> Mapping[str, str]:
    """Return everything the job parses, but for what the state machine adds per run."""
    settings = dataset.settings
    values = {
        "data_uri": f"s3://{shared.bucket_name}",
        "contract": contract.s3_object_url,
        "catalog_database": settings.database,
        "catalog_table": dataset.contract.table,
        "keep_versions": str(settings.keep_versions),
        "keep_hours": str(settings.keep_hours),
        "lease_minutes": str(settings.lease_minutes),
        "capacity": capacity_argument(dataset.capacity),
    }
    if set(values) | set(PER_RUN_ARGUMENTS) != set(ARGUMENT_NAMES):
        different = ", ".join(sorted((set(values) | set(PER_RUN_ARGUMENTS)) ^ set(ARGUMENT_NAMES)))
        raise ValueError(f"the job and its deployment disagree about these arguments: {different}")
    return {f"--{name}": value for name, value in values.items()}


def _allow_data(role: ServiceRole, dataset: Dataset, shared: SharedResources) -> None:
    files = [dataset.paths.versions, dataset.paths.quarantine]
    records = [dataset.paths.publications, dataset.paths.metrics]
    leases = [dataset.paths.leases]
    contracts = [dataset.paths.contracts]
    said = [dataset.paths.replays, *([dataset.paths.acceptances] if dataset.contract.can_be_accepted else [])]
    allow_objects(
        role,
        shared,
        [dataset.paths.raw, *files, *records, *leases, *contracts, *said],
        actions=["s3:GetObject"],
        reason=f"Days and runs of {dataset.name} are not known in advance; nothing outside its own prefixes.",
    )
    allow_objects(
        role,
        shared,
        [*files, *records, *leases, *contracts],
        actions=["s3:PutObject"],
        reason=f"Each run of {dataset.name} writes objects of its own; raw data is never written.",
    )
    allow_objects(
        role,
        shared,
        files,
        actions=["s3:AbortMultipartUpload"],
        reason=f"Spark writes the files of {dataset.name} in parts and gives up what a failed task began.",
    )
    allow_objects(
        role,
        shared,
        [*files, *leases],
        actions=["s3:DeleteObject"],
        reason=f"Discarded versions and ended leases of {dataset.name}; records and metrics are never deleted.",
    )
    allow_listing(role, shared, [dataset.paths.raw, *files, *records, *leases, *contracts, *said])
    allow_key(role, shared, writes=True)


def _allow_catalog(role: ServiceRole, dataset: Dataset) -> None:
    role.allow(
        actions=["glue:GetTable", "glue:GetPartition", "glue:CreatePartition", "glue:UpdatePartition"],
        resources=table_arns(Stack.of(role), dataset),
    )


def _allow_logs_and_metrics(role: ServiceRole, log_prefix: str, *, security: str | None) -> None:
    names = [f"{log_prefix}/*"]
    if security is not None:
        # Glue then adds role and security configuration to the name; where, with a prefix of one's own, is not written:
        # https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-runs.html (LogGroupName)
        names += [f"{log_prefix}-*", f"/aws-glue/jobs-*-{security}/*"]
    role.allow(
        actions=[*_LOG_ACTIONS, *(["logs:AssociateKmsKey"] if security else [])],
        resources=[_log_groups(role, name) for name in names],
        reason="Glue names the groups below the job's own prefix, and a stream per run and executor.",
    )
    role.allow(
        actions=["cloudwatch:PutMetricData"],
        resources=["*"],
        conditions={"StringEquals": {"cloudwatch:namespace": "Glue"}},
        reason="CloudWatch has no resources for metrics; the namespace is limited to Glue's.",
    )


def _log_groups(scope: Construct, name: str) -> str:
    return Stack.of(scope).format_arn(
        service="logs", resource="log-group", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
    )


def _security_configuration(scope: Construct, dataset: Dataset, key: kms.IKey) -> glue.CfnSecurityConfiguration:
    properties = glue.CfnSecurityConfiguration
    return glue.CfnSecurityConfiguration(
        scope,
        "Security",
        name=dataset.job_name,
        encryption_configuration=properties.EncryptionConfigurationProperty(
            cloud_watch_encryption=properties.CloudWatchEncryptionProperty(
                cloud_watch_encryption_mode="SSE-KMS", kms_key_arn=key.key_arn
            ),
            job_bookmarks_encryption=properties.JobBookmarksEncryptionProperty(
                job_bookmarks_encryption_mode="CSE-KMS", kms_key_arn=key.key_arn
            ),
            s3_encryptions=[
                properties.S3EncryptionProperty(s3_encryption_mode="SSE-KMS", kms_key_arn=key.key_arn),
            ],
        ),
    )


def _acknowledge_no_security_configuration(job: glue.CfnJob) -> None:
    acknowledge(job, "AwsSolutions-GL1", "Logs are encrypted by CloudWatch itself; -c kms=true adds a key of your own.")
    acknowledge(job, "AwsSolutions-GL3", "The job keeps no bookmarks; a publication record says what was read.")
