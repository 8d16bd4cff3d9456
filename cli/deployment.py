"""A deployed environment as the commands see it: its bucket, database, workgroup and the state machines of one dataset.

Everything is found by the names that the stacks give; must not start, change or print anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from cli.dataset import Place
from cli.errors import CommandFailed, WrongUse
from config import ENVIRONMENTS
from contract import load_contract
from core.errors import PipelineError, ServiceError
from deployed_dataset import Dataset as DeployedNames

NO_DEPLOYMENT_HINT: Final = (
    'for the embedded AWS of this machine: eval "$(./pipeline local env)"; '
    "or for a directory or a bucket without state machines: --data_uri DIRECTORY"
)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One dataset of one environment, in the account and region of the caller's credentials."""

    names: DeployedNames
    contract: str
    bucket: str
    database: str
    workgroup: str
    partition: str
    region: str
    account: str

    @property
    def place(self) -> Place:
        """Where the dataset lies, with the catalog that shows it."""
        return Place(data_uri=f"s3://{self.bucket}", contract=self.contract, catalog_database=self.database)

    @property
    def pipeline_arn(self) -> str:
        return self._arn("stateMachine", self.names.pipeline_name)

    @property
    def backfill_arn(self) -> str:
        return self._arn("stateMachine", self.names.backfill_name)

    @property
    def days_arn(self) -> str:
        """The machine that takes a batch of a backfill's dates through the pipeline."""
        return self._arn("stateMachine", self.names.days_name)

    @property
    def is_embedded(self) -> bool:
        """Say whether this is the embedded AWS: it has an account that AWS gives to nobody."""
        return not self.account.strip("0")

    @property
    def poll_seconds(self) -> float:
        """How often to ask what something is doing: nothing is throttled on this machine, where a run takes seconds."""
        return 0.3 if self.is_embedded else 2.0

    def execution_arn(self, name: str) -> str:
        """Return the ARN of an execution, given by that or by its name, whose first word tells a backfill."""
        if name.startswith("arn:"):
            return name
        machine = self.names.backfill_name if name.startswith("backfill-") else self.names.pipeline_name
        return self._arn("execution", f"{machine}:{name}")

    def is_backfill(self, execution_arn: str) -> bool:
        return f":{self.names.backfill_name}:" in execution_arn

    @cached_property
    def raw_uri(self) -> str:
        return f"s3://{self.bucket}/{self.names.paths.raw}"

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:{self.partition}:states:{self.region}:{self.account}:{kind}:{name}"


def find_deployment(contract: str, *, environment: str) -> Deployment:
    """Look up what was deployed.

    Raises:
        WrongUse: when there is no such environment.
        CommandFailed: when it is not deployed where the credentials lead.
    """
    if environment not in ENVIRONMENTS:
        raise WrongUse(f"unknown environment {environment!r}; allowed: {', '.join(ENVIRONMENTS)}")
    names = DeployedNames(load_contract(contract), ENVIRONMENTS[environment])
    stack = _stack(f"{environment}-data-pipeline-data")
    outputs = {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}
    _, partition, _, region, account, *_ = stack["StackId"].split(":")
    return Deployment(
        names=names,
        contract=contract,
        bucket=outputs["DataBucketName"],
        database=outputs["DatabaseName"],
        workgroup=outputs["WorkgroupName"],
        partition=partition,
        region=region,
        account=account,
    )


def _stack(name: str) -> Mapping[str, Any]:
    from adapters.aws import client, translated  # noqa: PLC0415  slow to load, and no command on a directory needs it

    try:
        with translated(f"look up stack {name}", needs="cloudformation:DescribeStacks"):
            stack: Mapping[str, Any] = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ServiceError as error:
        if "does not exist" not in str(error):
            raise CommandFailed(f"{error}; {NO_DEPLOYMENT_HINT}") from error
        raise CommandFailed(
            f"no stack {name} in the account and region of these credentials; "
            f"next: cdk deploy --all (docs/deploy.md), or {NO_DEPLOYMENT_HINT}"
        ) from error
    except PipelineError as error:
        raise CommandFailed(f"{error}; {NO_DEPLOYMENT_HINT}") from error
    return stack
