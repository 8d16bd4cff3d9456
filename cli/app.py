"""The `pipeline` command line: which commands there are, what each is given and what it calls."""

import os
from datetime import date
from functools import partial
from typing import Annotated, Final

import typer

from cli import (
    commands,
    contract_check,
    contract_diff,
    contract_draft,
    contract_release,
    deployed,
    local,
    options,
    release,
)
from cli.acceptance import give_acceptance
from cli.cancel import cancel
from cli.dry_run import show_plan
from cli.erase import Asked
from cli.erase import erase as erase_person
from cli.errors import WrongUse
from cli.html_report.command import write_html_report
from cli.options import Call, date_argument
from cli.outdated import Outdated
from cli.output import Output
from cli.overview_view import show_overview
from cli.replay import bring_back, export, require_other_contract
from cli.views import outbox_view
from contract_init import DEFAULT_LIMIT

_EXIT_CODES: Final = (
    "exit codes: 0 done, 1 the run or the command failed, 2 the command line cannot be used, 130 interrupted"
)
_NO_WAIT: Final = "--no-wait cannot be combined with --data_uri: Spark on this machine ends with the command"

app = typer.Typer(
    name="pipeline",
    help="Run and look after the days of a dataset, in AWS or on this machine.",
    epilog=_EXIT_CODES,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
command = partial(app.command, epilog=_EXIT_CODES)


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


_contract_app = typer.Typer(help="Draft, check, compare and release the contracts of datasets.", rich_markup_mode=None)
app.add_typer(_contract_app, name="contract", epilog=_EXIT_CODES)
_DIFF_EXIT_CODES: Final = "exit codes: 0 no breaking change, 1 breaking changes, 2 a contract that cannot be used"
contract_command = partial(_contract_app.command, epilog=_EXIT_CODES)


@command()
def run(
    day: options.Date,
    *,
    force: options.Force = False,
    no_wait: options.NoWait = False,
    contract: options.Contract = None,
    environment: options.Environment = None,
    data_uri: options.DataUri = None,
    catalog_database: options.CatalogDatabase = None,
    catalog_table: options.CatalogTable = None,
    as_json: options.Json = False,
) -> int:
    """Curate one date and publish it, if it passes its checks."""
    call = Call(as_json, contract, environment, data_uri, catalog_database, catalog_table)
    if call.place is None:
        return deployed.run_day(call.deployment, day, force=force, wait=not no_wait, output=call.output)
    if no_wait:
        raise WrongUse(_NO_WAIT)
    return commands.run_day(call.place, day, force=force, environment=os.environ, output=call.output)


@command()
def accept(
    day: options.Date,
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", show_default=False, help="why the day is right")],
    run_id: Annotated[
        str | None, typer.Option("--run", metavar="RUN_ID", help="this run, not the latest of the date")
    ] = None,
    no_wait: options.NoWait = False,
    contract: options.Contract = None,
    environment: options.Environment = None,
    data_uri: options.DataUri = None,
    catalog_database: options.CatalogDatabase = None,
    catalog_table: options.CatalogTable = None,
    as_json: options.Json = False,
) -> int:
    """Publish a date whose latest run failed on anomalies alone: exactly that input, past exactly these checks."""
    call = Call(as_json, contract, environment, data_uri, catalog_database, catalog_table)
    if call.place is not None and no_wait:
        raise WrongUse(_NO_WAIT)
    give_acceptance(call.dataset, day, run_id=run_id, reason=reason, output=call.output)
    if call.place is None:
        return deployed.run_day(call.deployment, day, force=False, wait=not no_wait, output=call.output)
    return commands.run_day(call.place, day, force=False, environment=os.environ, output=call.output)


@command()
def replay(
    day: options.Date,
    *,
    from_file: Annotated[
        str | None, typer.Option("--from", metavar="FILE", help="the rejected lines, corrected, one for each")
    ] = None,
    export_to: Annotated[
        str | None, typer.Option("--export", metavar="FILE", help="write the rejected lines there, to correct them")
    ] = None,
    run_id: Annotated[
        str | None, typer.Option("--run", metavar="RUN_ID", help="what this run rejected; default: the latest that did")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="put other lines in place of an earlier replay's")] = False,
    no_wait: options.NoWait = False,
    contract: options.Contract = None,
    environment: options.Environment = None,
    data_uri: options.DataUri = None,
    catalog_database: options.CatalogDatabase = None,
    catalog_table: options.CatalogTable = None,
    as_json: options.Json = False,
) -> int:
    """Bring rejected lines of a date back in: corrected (--export, --from), or as they are under a mended contract."""
    call = Call(as_json, contract, environment, data_uri, catalog_database, catalog_table)
    if call.place is not None and no_wait:
        raise WrongUse(_NO_WAIT)
    if from_file is not None and export_to is not None:
        raise WrongUse("--export writes the lines that --from reads after they were corrected; give one of them")
    if again and from_file is None:
        raise WrongUse("--again goes with --from FILE")
    if export_to is not None:
        return export(call.dataset, day, run_id=run_id, file=export_to, output=call.output)
    if from_file is None:
        require_other_contract(call.dataset, day, run_id=run_id, output=call.output)
    else:
        bring_back(call.dataset, day, run_id=run_id, file=from_file, again=again, output=call.output)
    if call.place is None:
        return deployed.run_day(call.deployment, day, force=False, wait=not no_wait, output=call.output)
    return commands.run_day(call.place, day, force=False, environment=os.environ, output=call.output)


@command()
def backfill(
    start: Annotated[date | None, date_argument("START", "first date")] = None,
    end: Annotated[date | None, date_argument("END", "last date")] = None,
    *,
    outdated: Annotated[
        bool, typer.Option("--outdated", help="only dates that status --outdated lists, of all or of these")
    ] = False,
    concurrency: Annotated[int, typer.Option(min=1, metavar="N", help="how many dates to run at once")] = 1,
    go_on: Annotated[bool, typer.Option("--continue", help="continue after a failed date")] = False,
    force: options.Force = False,
    no_wait: options.NoWait = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="only say what would be done with each date, how long and how dear")
    ] = False,
    contract: options.Contract = None,
    environment: options.Environment = None,
    data_uri: options.DataUri = None,
    catalog_database: options.CatalogDatabase = None,
    catalog_table: options.CatalogTable = None,
    as_json: options.Json = False,
) -> int:
    """Run every date from START to END, both included, or those that are outdated."""
    call = Call(as_json, contract, environment, data_uri, catalog_database, catalog_table)
    if call.place is not None and (no_wait or concurrency > 1):
        raise WrongUse("--no-wait and --concurrency go with a deployment; on this machine one date runs at a time")
    days = _backfilled(call, start, end, outdated=outdated)
    if not days:
        nothing = f"{call.dataset.contract.name}: no published date is outdated, so there is nothing to run"
        call.output.show({"dates": []}, nothing)
        return 0
    if dry_run:
        return show_plan(call.dataset, days, force=force, concurrency=concurrency, output=call.output)
    if call.place is not None:
        return commands.run_days(call.place, days, force=force, go_on=go_on, environment=os.environ, output=call.output)
    asked = {"max_concurrency": concurrency, "on_failure": "continue" if go_on else "stop", "force": force}
    return deployed.backfill(call.deployment, days, options=asked, wait=not no_wait, output=call.output)


def _backfilled(call: Call, start: date | None, end: date | None, *, outdated: bool) -> list[date]:
    """Return the dates that a backfill is asked for."""
    if start is not None and end is not None and start > end:
        raise WrongUse(f"START {start} is after END {end}; swap them")
    if outdated:
        return [found.ingestion_date for found in Outdated(call.dataset).dates(first=start, last=end)]
    if start is None or end is None:
        raise WrongUse("backfill needs START and END, or --outdated")
    return [date.fromordinal(number) for number in range(start.toordinal(), end.toordinal() + 1)]


@command()
def follow(
    execution: Annotated[
        str, typer.Argument(metavar="EXECUTION", help="name or ARN of the execution", show_default=False)
    ],
    *,
    contract: options.Contract = None,
    environment: options.Environment = None,
    as_json: options.Json = False,
) -> int:
    """Follow a running execution to its end."""
    call = Call(as_json, contract, environment)
    return deployed.follow(call.deployment, execution, output=call.output)


@command("cancel")
def cancel_execution(
    target: Annotated[
        str,
        typer.Argument(
            metavar="EXECUTION", help="name or ARN of the execution, or the date that it works on", show_default=False
        ),
    ],
    *,
    contract: options.Contract = None,
    environment: options.Environment = None,
    as_json: options.Json = False,
) -> int:
    """Stop a running execution with all that it started, and say what became of each date."""
    call = Call(as_json, contract, environment)
    return cancel(call.deployment, target, output=call.output)


@command()
def status(
    day: options.AnyDate = None,
    *,
    outdated: Annotated[
        bool, typer.Option("--outdated", help="the dates that another contract or an older job wrote, where it matters")
    ] = False,
    contract: options.Contract = None,
    environment: options.Environment = None,
    data_uri: options.DataUri = None,
    catalog_database: options.CatalogDatabase = None,
    catalog_table: options.CatalogTable = None,
    as_json: options.Json = False,
) -> int:
    """List the version of each date, or all versions and runs of one."""
    call = Call(as_json, contract, environment, data_uri, catalog_database, catalog_table)
    if outdated:
        return commands.show_outdated(call.dataset, first=day, last=day, output=call.output)
    if day is None:
        return commands.show_status(call.dataset, under_way=call.under_way(), output=call.output)
    return commands.show_day(call.dataset, day, under_way=call.under_way(), output=call.output)


@command()
def overview(
    *,
    contract: options.OneContract = None,
    environment: options.Environment = None,
    data_uri: options.DataUri = None,
    as_json: options.Json = False,
) -> int:
    """Show all datasets on one screen and what needs a person (exit code 1)."""
    return show_overview(Call(as_json, contract, environment, data_uri))


@command()
def doctor(
    *,
    contract: options.Contract = None,
    environment: options.Environment = None,
    as_json: options.Json = False,
) -> int:
    """Look whether what was deployed can do its work, and say what could not be looked at."""
    call = Call(as_json, contract, environment)
    return deployed.examine(call.deployment, output=call.output)


@command()
def report(
    day: options.AnyDate = None,
    *,
    run_id: Annotated[
        str | None, typer.Option("--run", metavar="RUN_ID", help="this run, not the latest of the date")
    ] = None,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="write a page on a range of dates to this file")
    ] = None,
    first: options.From = None,
    last: options.To = None,
    open_it: Annotated[bool, typer.Option("--open", help="with --html: open the page in the browser")] = False,
    contract: options.Contract = None,
    environment: options.Environment = None,
    data_uri: options.DataUri = None,
    catalog_database: options.CatalogDatabase = None,
    catalog_table: options.CatalogTable = None,
    as_json: options.Json = False,
) -> int:
    """Show what a run read, counted, checked and wrote; or write a page on a range of dates (--html)."""
    call = Call(as_json, contract, environment, data_uri, catalog_database, catalog_table)
    if html is not None:
        if run_id is not None or (day is not None and (first or last)):
            raise WrongUse("a page is about a range of dates; give --html FILE with --from and --to, or with one DATE")
        wanted = (day or first, day or last)
        return write_html_report(call.dataset, wanted, file=html, open_it=open_it, output=call.output)
    if first or last or open_it:
        raise WrongUse("--from, --to and --open go with --html FILE")
    if (day is None) == (run_id is None):
        raise WrongUse("report needs a date or a run; give DATE, or --run RUN_ID, or --html FILE for a range of dates")
    return commands.show_report(call.dataset, day, run_id=run_id, output=call.output)


@command()
def rollback(
    day: options.Date,
    *,
    to: Annotated[
        str | None, typer.Option(metavar="RUN_ID", help="this version, instead of the newest older one")
    ] = None,
    contract: options.Contract = None,
    environment: options.Environment = None,
    data_uri: options.DataUri = None,
    catalog_database: options.CatalogDatabase = None,
    catalog_table: options.CatalogTable = None,
    as_json: options.Json = False,
) -> int:
    """Publish an earlier version of a date again."""
    call = Call(as_json, contract, environment, data_uri, catalog_database, catalog_table)
    return commands.roll_back(call.dataset, day, to=to, output=call.output)


@command()
def repair(
    *,
    contract: options.Contract = None,
    environment: options.Environment = None,
    data_uri: options.DataUri = None,
    catalog_database: options.CatalogDatabase = None,
    catalog_table: options.CatalogTable = None,
    as_json: options.Json = False,
) -> int:
    """Point the catalog's partitions at the published versions."""
    call = Call(as_json, contract, environment, data_uri, catalog_database, catalog_table)
    return commands.repair(call.dataset, output=call.output)


@command()
def erase(
    *,
    column: Annotated[
        str, typer.Option("--column", metavar="COLUMN", show_default=False, help="what tells the person")
    ],
    value: Annotated[
        str | None, typer.Option("--value", metavar="VALUE", show_default=False, help="its value, as the table has it")
    ] = None,
    value_file: Annotated[
        str | None,
        typer.Option("--value-file", metavar="FILE", show_default=False, help="the value from a file, - for stdin"),
    ] = None,
    anywhere: Annotated[
        bool, typer.Option("--anywhere", help="also lines of others that hold the value in another field")
    ] = False,
    publish_withdrawn: Annotated[
        bool, typer.Option("--publish-withdrawn", help="also dates that were rolled back: their raw data is published")
    ] = False,
    unpublish: Annotated[
        bool, typer.Option("--unpublish", help="take from readers the dates that fail their checks without these lines")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only show what would be erased")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="erase without asking")] = False,
    contract: options.Contract = None,
    environment: options.Environment = None,
    data_uri: options.DataUri = None,
    catalog_database: options.CatalogDatabase = None,
    catalog_table: options.CatalogTable = None,
    as_json: options.Json = False,
) -> int:
    """Erase a person from raw data, versions, quarantine and metrics of all dates; shows the plan first."""
    call = Call(as_json, contract, environment, data_uri, catalog_database, catalog_table)
    asked = Asked(
        column=column,
        value=value,
        value_file=value_file,
        anywhere=anywhere,
        publish_withdrawn=publish_withdrawn,
        unpublish=unpublish,
        dry_run=dry_run,
        yes=yes,
    )
    return erase_person(call, asked, environment=os.environ)


@command()
def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", show_default=False, help="one statement")],
    *,
    contract: options.Contract = None,
    environment: options.Environment = None,
    as_json: options.Json = False,
) -> int:
    """Run SQL in Athena and show the rows."""
    call = Call(as_json, contract, environment)
    return deployed.query(call.deployment, sql, output=call.output)


@command()
def outbox(
    *,
    last: Annotated[int, typer.Option(min=1, metavar="N", help="only the latest N")] = 10,
    as_json: options.Json = False,
) -> int:
    """Show the messages that the embedded AWS would have mailed."""
    state = local.state_folder(os.environ)
    messages = local.read_outbox(state)[-last:]
    Output(as_json).show(messages, outbox_view(messages) if messages else f"no messages in {state}")
    return 0


def _action(text: str) -> str:
    if text not in local.ACTIONS:
        raise typer.BadParameter(f"unknown action {text!r}; allowed: {', '.join(local.ACTIONS)}")
    return text


_ACTIONS: Final = "; ".join(f"{name}: {meaning}" for name, meaning in local.ACTIONS.items())


@command("local")
def local_cloud(
    action: Annotated[str, typer.Argument(parser=_action, metavar="ACTION", show_default=False, help=_ACTIONS)],
    *,
    as_json: options.Json = False,
) -> int:
    """Start, stop and describe the embedded AWS of this machine."""
    return local.carry_out(action, environment=os.environ, output=Output(as_json))


_Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", show_default=False, help="contracts: .yaml, .yml, .json")
]


@contract_command("check")
def check_contracts(
    files: _Files,
    *,
    released: Annotated[
        bool, typer.Option("--released", help="also fail where no contracts.lock says what was released")
    ] = False,
    as_json: options.Json = False,
) -> int:
    """Say what each contract is, or everything that is wrong with it."""
    return contract_check.check_contracts(files, is_released=released, output=Output(as_json))


@contract_command("json")
def print_contracts(files: _Files) -> int:
    """Print contracts as the JSON that the job reads where PyYAML is not installed."""
    return contract_check.print_contracts(files)


@contract_command("init")
def init_contract(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", show_default=False, help="raw objects, or folders that hold some")
    ],
    *,
    name: Annotated[str, typer.Option(metavar="NAME", show_default=False, help="the dataset's name")],
    source_system: Annotated[
        str | None,
        typer.Option("--source-system", metavar="NAME", help="where it comes from; default: as the paths say"),
    ] = None,
    output: Annotated[str | None, typer.Option(metavar="FILE", help="write it there; default: to stdout")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="overwrite the output if it exists")] = False,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="look at so many records")] = DEFAULT_LIMIT,
    as_json: options.Json = False,
) -> int:
    """Draft a contract from sample objects: columns, types, key and rules, with what was measured as comments."""
    sample = contract_draft.SampleOptions(paths, name, source_system, limit)
    return contract_draft.init_contract(sample, place=output, replace=replace, output=Output(as_json))


_Compared = "a contract's file, or one of a git revision as REVISION:path"


@contract_command("diff", epilog=_DIFF_EXIT_CODES)
def diff_contracts(
    old: Annotated[str, typer.Argument(metavar="OLD", show_default=False, help=_Compared)],
    new: Annotated[str, typer.Argument(metavar="NEW", show_default=False, help=_Compared)],
    *,
    as_json: options.Json = False,
) -> int:
    """List what changed, for readers and for written data: safe, rerun needed or breaking (exit code 1)."""
    return contract_diff.diff_contracts(old, new, output=Output(as_json))


@contract_command("release")
def release_contracts(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE...", show_default=False, help="contracts, or folders; default: contracts/"),
    ] = None,
    *,
    as_json: options.Json = False,
) -> int:
    """Put contracts into contracts.lock beside them, if their versions are raised as far as their changes need."""
    return contract_release.release_contracts(paths, output=Output(as_json))
