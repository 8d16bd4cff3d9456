"""`python -m cli`: the `pipeline` command."""

import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from cli.app import app
from cli.errors import CommandFailed
from curation.errors import RunFailed
from data_contract import ContractError

INTERRUPTED = 130


def main(argv: Sequence[str]) -> int:
    """Carry out one command and return the exit code; whatever goes wrong is one line on stderr."""
    try:
        return _carry_out(argv)
    except CommandFailed as failure:
        return _failed(failure, exit_code=failure.exit_code)
    except (RunFailed, ContractError, OSError) as failure:
        return _failed(failure, exit_code=1)
    except (KeyboardInterrupt, typer.Abort):
        return _failed("interrupted; pipeline status DATE tells what is published", exit_code=INTERRUPTED)
    except Exception as error:
        if not type(error).__module__.startswith("botocore."):
            raise
        # botocore's ClientError, which is slow to load; its errors of connections have a response too, which is none.
        is_answer = isinstance(getattr(error, "response", None), Mapping)
        return _failed(f"AWS {'answered' if is_answer else 'cannot be reached as asked'}: {error}", exit_code=1)


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


def _failed(reason: object, *, exit_code: int) -> int:
    print(f"pipeline: {reason}", file=sys.stderr)
    return exit_code


def end_on_sigterm() -> None:
    """Let SIGTERM unwind the stack as Ctrl-C does, so that no Spark stays behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


if __name__ == "__main__":
    end_on_sigterm()
    sys.exit(main(sys.argv[1:]))
