"""`python -m cli`: the `pipeline` command."""

import signal
import sys
from collections.abc import Sequence
from typing import Any, Final

import typer

from cli.app import app
from cli.deployment import NO_DEPLOYMENT_HINT
from cli.errors import CommandFailed
from curation.errors import RunFailed
from data_contract import ContractError

INTERRUPTED: Final = 130
_NOT_CONFIGURED: Final = {
    "NoRegionError": "No AWS region is configured; set AWS_DEFAULT_REGION or AWS_PROFILE",
    "NoCredentialsError": "No AWS credentials are configured; set AWS_PROFILE or AWS_ACCESS_KEY_ID and its secret",
    "PartialCredentialsError": "The AWS credentials are incomplete; set AWS_PROFILE or both parts of the key",
}


def main(argv: Sequence[str]) -> int:
    """Carry out one command and return the exit code; whatever goes wrong is one line on stderr."""
    try:
        return _carry_out(argv)
    except CommandFailed as failure:
        return _failed(failure, exit_code=failure.exit_code)
    except (RunFailed, ContractError, OSError) as failure:
        return _failed(failure, exit_code=1)
    except (KeyboardInterrupt, typer.Abort):
        return _failed("interrupted; pipeline status DATE shows what is published", exit_code=INTERRUPTED)
    except Exception as error:
        if not type(error).__module__.startswith("botocore."):
            raise
        return _failed(_aws_problem(error), exit_code=1)


def _carry_out(argv: Sequence[str]) -> int:
    command: Any = typer.main.get_command(app)
    try:
        code: int = command.main(list(argv), prog_name="pipeline", standalone_mode=False)
    except typer.TyperException as wrong:
        context = getattr(wrong, "ctx", None)
        asked = context.command_path if context is not None else "pipeline"
        message = wrong.format_message()
        stop = "" if message.endswith((".", "?")) else "."
        return _failed(f"{message}{stop} See: {asked} --help", exit_code=wrong.exit_code)
    return code


def _aws_problem(error: Exception) -> str:
    """Say what went wrong with AWS; by the names of botocore's classes, as it is slow to load."""
    names = {kind.__name__ for kind in type(error).__mro__}
    for name, problem in _NOT_CONFIGURED.items():
        if name in names:
            return f"{problem}, or {NO_DEPLOYMENT_HINT}"
    if "ClientError" in names:
        return f"AWS returned an error: {error}"
    return f"AWS could not be {'reached' if 'HTTPClientError' in names else 'called'}: {error}"


def _failed(reason: object, *, exit_code: int) -> int:
    print(f"pipeline: {reason}", file=sys.stderr)
    return exit_code


def end_on_sigterm() -> None:
    """Let SIGTERM unwind the stack as Ctrl-C does, so that no Spark stays behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


if __name__ == "__main__":
    end_on_sigterm()
    sys.exit(main(sys.argv[1:]))
