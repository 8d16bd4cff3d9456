"""One `pipeline` command from its words to its exit code: whatever goes wrong is one line on stderr."""

import sys
from collections.abc import Sequence
from typing import Any

import typer

from cli.app import app
from cli.errors import INTERRUPTED, CommandFailed
from contract import ContractError
from core.errors import PipelineError


def main(argv: Sequence[str]) -> int:
    """Carry out one command and return the exit code."""
    try:
        code = _carry_out(argv)
    except CommandFailed as failure:
        return _failed(failure, exit_code=failure.exit_code)
    except (PipelineError, ContractError, OSError) as failure:
        return _failed(failure, exit_code=1)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except Exception as error:
        if not type(error).__module__.startswith("botocore."):
            raise
        return _failed(_aws_problem(error), exit_code=1)
    if code == INTERRUPTED:  # which Typer makes of Ctrl-C, and says nothing
        return _failed("interrupted; pipeline status DATE shows what is published", exit_code=INTERRUPTED)
    return code


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


def _aws_problem(error: Exception) -> PipelineError:
    from adapters.aws import in_our_words  # noqa: PLC0415  botocore is slow to load, and is loaded here

    return in_our_words(error)


def _failed(reason: object, *, exit_code: int) -> int:
    print(f"pipeline: {reason}", file=sys.stderr)
    return exit_code
