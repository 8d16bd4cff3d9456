"""The commands that run dates: what each is given, in AWS or on a place of its own, and what it calls."""

import os
from datetime import date
from typing import Annotated

import typer

from cli import commands, deployed, options
from cli.acceptance import give_acceptance
from cli.cancel import cancel
from cli.dry_run import show_plan
from cli.errors import WrongUse
from cli.options import Call, date_argument
from cli.outdated import Outdated
from cli.replay import bring_back, export, require_other_contract
from core.days import days_from, too_many_dates


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
    _require_waiting(call, no_wait=no_wait)
    return _run(call, day, force=force, no_wait=no_wait)


def _require_waiting(call: Call, *, no_wait: bool) -> None:
    if call.place is not None and no_wait:
        raise WrongUse("--no-wait cannot be combined with --data_uri: Spark on this machine ends with the command")


def _run(call: Call, day: date, *, force: bool = False, no_wait: bool) -> int:
    """Run a date in the deployment, or on a place of its own with the Spark of this machine."""
    if call.place is None:
        return deployed.run_day(call.deployment, day, force=force, wait=not no_wait, output=call.output)
    return commands.run_day(call.place, day, force=force, environment=os.environ, output=call.output)


def accept(
    day: options.Date,
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", show_default=False, help="why the day is right")],
    run_id: options.Run = None,
    no_wait: options.NoWait = False,
    contract: options.Contract = None,
    environment: options.Environment = None,
    data_uri: options.DataUri = None,
    catalog_database: options.CatalogDatabase = None,
    catalog_table: options.CatalogTable = None,
    as_json: options.Json = False,
) -> int:
    """Publish a date that failed on anomalies alone.

    Exactly the input of its latest run, or of the run named, past exactly the checks that it failed.
    """
    call = Call(as_json, contract, environment, data_uri, catalog_database, catalog_table)
    _require_waiting(call, no_wait=no_wait)
    call.require_deployed_contract()
    give_acceptance(call.dataset, day, run_id=run_id, reason=reason, output=call.output)
    return _run(call, day, no_wait=no_wait)


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
    again: Annotated[
        bool, typer.Option("--again", help="all of its lines again, in place of an earlier replay")
    ] = False,
    no_wait: options.NoWait = False,
    contract: options.Contract = None,
    environment: options.Environment = None,
    data_uri: options.DataUri = None,
    catalog_database: options.CatalogDatabase = None,
    catalog_table: options.CatalogTable = None,
    as_json: options.Json = False,
) -> int:
    """Bring rejected lines of a date back in.

    Corrected: --export them, correct them, give them back with --from. Without either option as they are, under a
    contract that was mended and deployed.
    """
    call = Call(as_json, contract, environment, data_uri, catalog_database, catalog_table)
    _require_waiting(call, no_wait=no_wait)
    if from_file is not None and export_to is not None:
        raise WrongUse("--export writes the lines that --from reads after they were corrected; give one of them")
    if again and from_file is None and export_to is None:
        raise WrongUse("--again goes with --from FILE or --export FILE")
    if export_to is not None:
        return export(call.dataset, day, run_id=run_id, file=export_to, again=again, output=call.output)
    call.require_deployed_contract()
    if from_file is None:
        require_other_contract(call.dataset, day, run_id=run_id, output=call.output)
    else:
        bring_back(call.dataset, day, run_id=run_id, file=from_file, again=again, output=call.output)
    return _run(call, day, no_wait=no_wait)


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
    """Run every date from START to END, or what is outdated."""
    call = Call(as_json, contract, environment, data_uri, catalog_database, catalog_table)
    if call.place is not None and (no_wait or concurrency > 1):
        raise WrongUse("--no-wait and --concurrency go with a deployment; on this machine one date runs at a time")
    days = _backfilled(call, start, end, outdated=outdated)
    if not days:
        nothing = f"{call.dataset.contract.name}: no published date is outdated, so there is nothing to run"
        call.output.show({"dates": []}, nothing)
        return 0
    if dry_run:
        call.require_deployed_contract()
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
        call.require_deployed_contract()
        return [found.ingestion_date for found in Outdated(call.dataset).dates(first=start, last=end)]
    if start is None or end is None:
        raise WrongUse("backfill needs START and END, or --outdated")
    if (problem := too_many_dates((end - start).days + 1)) is not None:
        raise WrongUse(f"{start} to {end} {problem}")
    return days_from(start, end)


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
    """Stop a running execution with all that it started.

    Says what became of each of its dates.
    """
    call = Call(as_json, contract, environment)
    return cancel(call.deployment, target, output=call.output)
