"""The code of jobs and functions as it is deployed: the same files for every dataset, published once."""

from typing import Final

from aws_cdk import Annotations
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from deployed_dataset import ROOT
from stacks.constructs.source_archive import zipped

_JOB_PACKAGES: Final = {
    "curation": ROOT / "glue_src" / "curation",
    **{name: ROOT / name for name in ("core", "contract", "adapters")},
}
# They need the standard library and the runtime's boto3 only, and share most of their code.
_FUNCTION_PACKAGES: Final = {"": ROOT / "lambda_src", "core": ROOT / "core", "adapters": ROOT / "adapters"}
# Of the job's script, its library and its contracts.
_JOB_SUFFIXES: Final = (".py", ".zip", ".json")


class DeployedCode(Construct):
    """Below ``prefix`` of the bucket that the CDK keeps files in; a file's name is the hash of what it holds."""

    def __init__(self, scope: Construct, construct_id: str, *, prefix: str) -> None:
        super().__init__(scope, construct_id)
        self.script = assets.Asset(self, "Script", path=str(ROOT / "glue_src" / "curate_job.py"))
        with zipped(_JOB_PACKAGES) as library:
            self.library = assets.Asset(self, "Library", path=library)
        with zipped(_FUNCTION_PACKAGES) as functions:
            self.functions = assets.Asset(self, "Functions", path=functions)
        Annotations.of(self.functions).acknowledge_warning(
            "@aws-cdk/aws-lambda:codeFromBucketObjectVersionNotSpecified", "The key is the hash of the code."
        )
        self._prefix = prefix

    @property
    def job_files(self) -> list[str]:
        """ARN patterns of what a job reads, under this deployment and the ones before and after it.

        A deployment replaces a role before the job that has it, and a run that starts in between, or is at work, still
        reads the files of the deployment before.
        """
        return [self.script.bucket.arn_for_objects(f"{self._prefix}*{suffix}") for suffix in _JOB_SUFFIXES]
