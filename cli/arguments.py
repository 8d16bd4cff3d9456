"""The words of the `pipeline` command line: commands, options, their help and their defaults.

Only describes and parses; what a command does is elsewhere.
"""

import argparse
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import NoReturn

from cli.dataset import Place, data_root
from cli.errors import WrongUse
from cli.local import ACTIONS
from data_contract.paths import parse_ingestion_date

DEFAULT_CONTRACT = Path(__file__).resolve().parent.parent / "contracts" / "events.odcs.yaml"
COMMANDS = {
    "run": "curate one date with the Spark of this machine and publish it, if it passes its checks",
    "status": "list the published version of each date, or all versions and runs of one date",
    "report": "show what a run read, counted, checked and wrote",
    "rollback": "publish an earlier version of a date again",
    "repair": "point the catalog's partitions at the published versions",
}
_VARIABLES = {
    "data_uri": "PIPELINE_DATA_URI",
    "contract": "PIPELINE_CONTRACT",
    "catalog_database": "PIPELINE_CATALOG_DATABASE",
    "catalog_table": "PIPELINE_CATALOG_TABLE",
}
_EXIT_CODES = "exit codes: 0 done, 1 the run or the command failed, 2 the command line cannot be used"


class Parser(argparse.ArgumentParser):
    """Reports a wrong command line in one line."""

    def error(self, message: str) -> NoReturn:
        raise WrongUse(f"{message}; see: {self.prog} --help")


def parser() -> Parser:
    """Describe the command line."""
    main = Parser(
        prog="pipeline", description="Run and look after the days of a dataset.", epilog=_EXIT_CODES, allow_abbrev=False
    )
    commands = main.add_subparsers(dest="command", required=True, metavar="COMMAND")
    parsers = {
        name: commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=_EXIT_CODES, allow_abbrev=False
        )
        for name, text in COMMANDS.items()
    }
    for name, command in parsers.items():
        if name in {"run", "rollback"}:
            command.add_argument("date", type=_day, metavar="DATE", help="ingestion date, YYYY-MM-DD")
        elif name in {"status", "report"}:
            command.add_argument("date", type=_day, nargs="?", metavar="DATE", help="ingestion date, YYYY-MM-DD")
    parsers["run"].add_argument("--force", action="store_true", help="also when this input is published already")
    parsers["report"].add_argument("--run", metavar="RUN_ID", help="this run, not the latest of the date")
    parsers["rollback"].add_argument(
        "--to", metavar="RUN_ID", help="this version, not the newest one that was replaced"
    )
    for command in parsers.values():
        _add_place(command)
    _add_local(commands)
    return main


def place_of(given: argparse.Namespace, environment: Mapping[str, str]) -> Place:
    """Return the place that options, or else the environment, name.

    Raises:
        WrongUse: without a data root.
    """
    chosen = {name: getattr(given, name) or environment.get(variable) or None for name, variable in _VARIABLES.items()}
    if chosen["data_uri"] is None:
        raise WrongUse("no data root; give --data_uri DIRECTORY (or s3://bucket/prefix), or set PIPELINE_DATA_URI")
    return Place(
        data_uri=data_root(chosen["data_uri"]),
        contract=chosen["contract"] or str(DEFAULT_CONTRACT),
        catalog_database=chosen["catalog_database"],
        catalog_table=chosen["catalog_table"],
    )


def _day(text: str) -> date:
    try:
        return parse_ingestion_date(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _add_local(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the one command that has no dataset."""
    text = "start, stop and describe the embedded AWS of this machine"
    actions = "\n".join(f"  {name:<8}{meaning}" for name, meaning in ACTIONS.items())
    local = commands.add_parser(
        "local",
        help=text,
        description=f"{text[0].upper()}{text[1:]}.\n\n{actions}",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    local.add_argument("action", choices=ACTIONS, metavar="ACTION", help="one of the words above")
    local.add_argument("--json", action="store_true", help="print one JSON document")


def _add_place(command: argparse.ArgumentParser) -> None:
    texts = {
        "data_uri": "directory or s3://bucket/prefix above raw/ and curated/",
        "contract": f"the dataset's contract, default contracts/{DEFAULT_CONTRACT.name}",
        "catalog_database": "Glue database that shows the published versions",
        "catalog_table": "its table, default the one of the contract",
    }
    where = command.add_argument_group("where (each may come from the environment variable named)")
    for name, text in texts.items():
        where.add_argument(f"--{name}", metavar="…", help=f"{text} ({_VARIABLES[name]})")
    command.add_argument("--json", action="store_true", help="print one JSON document")
