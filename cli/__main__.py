"""`python -m cli`: the `pipeline` command."""

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from rich.console import Console

from cli import commands, local
from cli.arguments import parser, place_of
from cli.commands import Output
from cli.dataset import Dataset, open_dataset
from cli.errors import CommandFailed, WrongUse
from curation.errors import RunFailed
from data_contract import ContractError

INTERRUPTED = 130


def main(argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Carry out one command and return the exit code; whatever goes wrong is one line on stderr."""
    try:
        return _carry_out(parser().parse_args(argv), environment)
    except CommandFailed as failure:
        return _failed(failure, exit_code=failure.exit_code)
    except (RunFailed, ContractError, OSError) as failure:
        return _failed(failure, exit_code=1)
    except KeyboardInterrupt:
        return _failed("interrupted; pipeline status DATE tells what is published", exit_code=INTERRUPTED)
    except Exception as error:
        if not type(error).__module__.startswith("botocore."):
            raise
        return _failed(f"AWS cannot be reached as asked: {error}", exit_code=1)


def _carry_out(given: argparse.Namespace, environment: Mapping[str, str]) -> int:
    if given.command == "report" and (given.date is None) == (given.run is None):
        raise WrongUse("report needs a date or a run; give DATE, or --run RUN_ID")
    output = Output(Console(highlight=False, soft_wrap=given.json), given.json)
    if given.command == "local":
        return local.carry_out(given.action, environment=environment, output=output)
    place = place_of(given, environment)
    if given.command == "run":
        return commands.run_day(place, given.date, force=given.force, environment=environment, output=output)
    return _look_after(open_dataset(place), given, output)


def _look_after(dataset: Dataset, given: argparse.Namespace, output: Output) -> int:
    match given.command:
        case "rollback":
            return commands.roll_back(dataset, given.date, to=given.to, output=output)
        case "repair":
            return commands.repair(dataset, output=output)
        case "report":
            return commands.show_report(dataset, given.date, run_id=given.run, output=output)
        case _ if given.date is None:
            return commands.show_status(dataset, output=output)
        case _:
            return commands.show_day(dataset, given.date, output=output)


def _failed(reason: object, *, exit_code: int) -> int:
    print(f"pipeline: {reason}", file=sys.stderr)
    return exit_code


def end_on_sigterm() -> None:
    """Let SIGTERM unwind the stack as Ctrl-C does, so that no Spark stays behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


if __name__ == "__main__":
    end_on_sigterm()
    sys.exit(main(sys.argv[1:], os.environ))
