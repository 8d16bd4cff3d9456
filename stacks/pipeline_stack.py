"""What can be replaced at any time: the code, once, and a nested stack per dataset with everything that runs for it."""

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from deployed_dataset import Dataset
from stacks.constructs.deployed_code import DeployedCode
from stacks.constructs.shared_resources import DataExports
from stacks.dataset_pipeline import DatasetPipeline


class PipelineStack(cdk.Stack):
    """Its files lie below a prefix of their own, so that a role's permission on them outlives each deployment."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stack_name: str,
        datasets: Sequence[Dataset],
        exports: DataExports,
        **stack: Any,
    ) -> None:
        prefix = f"{stack_name}/"
        synthesizer = cdk.DefaultStackSynthesizer(bucket_prefix=prefix)
        super().__init__(scope, construct_id, stack_name=stack_name, synthesizer=synthesizer, **stack)
        code = DeployedCode(self, "Code", prefix=prefix)
        for dataset in datasets:
            DatasetPipeline(self, dataset=dataset, code=code, exports=exports)
