"""Whether the contract that was deployed is the one here, from which commands take what a deployed job would do.

Asks a function for its setting; must not know what depends on the answer.
"""

from cli.deployment import Deployment
from cli.errors import CommandFailed
from cli.output import Output
from cli.questions import function_configuration
from core.errors import AccessDenied


def deployed_checksum(deployment: Deployment) -> str | None:
    """Return the checksum of the contract that was deployed, as the sensor has it; None from an older release.

    Raises:
        AccessDenied: when the caller may not see it, or not decrypt it.
    """
    name = deployment.names.function_name("sensor")
    found = function_configuration(name)
    environment = found["Environment"]
    if "Variables" not in environment:  # AWS answers so to who may not use the key
        why = environment.get("Error", {}).get("Message", "it shows no variables")
        raise AccessDenied(f"the variables of {name} cannot be read: {why}")
    checksum: str | None = environment["Variables"].get("CONTRACT_CHECKSUM")
    return checksum


def require_same_contract(deployment: Deployment, output: Output) -> None:
    """Check that the deployed job works under the contract that is here; who may not see that is told so.

    Raises:
        CommandFailed: when it is another one: the job would do something else than this command expects.
    """
    try:
        deployed = deployed_checksum(deployment)
    except AccessDenied as error:
        output.progress.print(f"not checked whether the deployed contract is the one here: {error}", soft_wrap=True)
        return
    if deployed != deployment.names.contract.checksum:
        raise CommandFailed(
            f"the deployed contract of {deployment.names.name} is not that of {deployment.contract}, so the job would "
            "do something else than is planned here; deploy it with cdk deploy --all, or check out the deployed one"
        )
