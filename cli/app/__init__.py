"""The `pipeline` command line: which commands there are, in the order of `--help`.

What each is given and what it calls is in the modules beside; none of them knows another.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Final

import typer

from cli import release
from cli.app.changes import erase, repair, rollback
from cli.app.contracts import check_contracts, diff_contracts, init_contract, print_contracts, release_contracts
from cli.app.machine import local_cloud, outbox
from cli.app.runs import accept, backfill, cancel_execution, follow, replay, run
from cli.app.views import doctor, overview, query, report, status

_EXIT_CODES: Final = (
    "exit codes: 0 done, 1 the run or the command failed, 2 the command line cannot be used, 130 interrupted"
)
_DIFF_EXIT_CODES: Final = "exit codes: 0 no breaking change, 1 breaking changes, 2 a contract that cannot be used"

app = typer.Typer(
    name="pipeline",
    help="Run and look after the days of a dataset, in AWS or on this machine.",
    epilog=_EXIT_CODES,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
_contract_app = typer.Typer(help="Draft, check, compare and release the contracts of datasets.", rich_markup_mode=None)


def _show_version(is_asked: bool) -> None:  # noqa: FBT001  how Typer calls it
    if is_asked:
        print(f"pipeline {release()}")
        raise typer.Exit


@app.callback()
def _of_all_commands(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="show the version and exit")
    ] = False,
) -> None:
    """Run and look after the days of a dataset, in AWS or on this machine."""


_COMMANDS: Final[Mapping[str, Callable[..., int]]] = {
    "run": run,
    "accept": accept,
    "replay": replay,
    "backfill": backfill,
    "follow": follow,
    "cancel": cancel_execution,
    "status": status,
    "overview": overview,
    "doctor": doctor,
    "report": report,
    "rollback": rollback,
    "repair": repair,
    "erase": erase,
    "query": query,
    "outbox": outbox,
    "local": local_cloud,
}
_CONTRACT_COMMANDS: Final[Mapping[str, Callable[..., int]]] = {
    "check": check_contracts,
    "json": print_contracts,
    "init": init_contract,
    "diff": diff_contracts,
    "release": release_contracts,
}

for _name, _function in _COMMANDS.items():
    app.command(_name, epilog=_EXIT_CODES)(_function)
for _name, _function in _CONTRACT_COMMANDS.items():
    _contract_app.command(_name, epilog=_DIFF_EXIT_CODES if _name == "diff" else _EXIT_CODES)(_function)
app.add_typer(_contract_app, name="contract", epilog=_EXIT_CODES)
