"""Entry of the CDK: settings from the context, contracts from their folder, two stacks, and cdk-nag over all of it.

It asks neither AWS nor the network for anything; account and region stay open unless the settings name them.
"""

from pathlib import Path

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from config import Settings, settings_from
from core.wording import DEFAULT_ENVIRONMENT
from deployed_dataset import ROOT, load_datasets
from stacks.data_stack import DataStack
from stacks.pipeline_stack import PipelineStack

CONTRACTS = ROOT / "contracts"
# 2,500 resources of nested stacks per operation, of which a dataset has some 60:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_AT_ONCE = 40


def build(app: cdk.App, contracts: Path) -> Settings:
    """Add the stacks of the environment that the app's context chooses."""
    settings = settings_from(app.node.get_all_context())
    datasets = load_datasets(settings, contracts)
    env = cdk.Environment(account=settings.account, region=settings.region)
    name = f"{settings.environment}-data-pipeline"
    data = DataStack(
        app,
        "Data",
        stack_name=f"{name}-data",
        description="Data pipeline: bucket, catalog, workgroup, alert topic",
        env=env,
        settings=settings,
        datasets=datasets,
    )
    pipeline = PipelineStack(
        app,
        "Pipeline",
        stack_name=f"{name}-pipeline",
        description="Data pipeline: a nested stack per dataset, with what runs and watches it",
        env=env,
        datasets=datasets,
        exports=data.exports,
    )
    pipeline.add_stack_dependency(data)
    if settings.environment == DEFAULT_ENVIRONMENT and not settings.alert_emails:
        cdk.Annotations.of(data).add_warning_v2(
            "data-pipeline:NobodyIsTold",
            f"{settings.environment}: alert_emails is empty, so nobody hears of a failed run; set it with "
            "-c alert_emails=you@example.com, or subscribe something else to the alert topic",
        )
    if len(datasets) > _AT_ONCE:
        cdk.Annotations.of(pipeline).add_info_v2(
            "data-pipeline:ManyDatasets",
            f"{len(datasets)} datasets: CloudFormation creates or deletes the resources of about {_AT_ONCE} in one "
            "operation; add more than that in steps (docs/deploy.md, What is created)",
        )
    cdk.Tags.of(app).add("data-pipeline:environment", settings.environment)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
    return settings


if __name__ == "__main__":
    application = cdk.App()
    build(application, CONTRACTS)
    application.synth()
