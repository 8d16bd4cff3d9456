"""The commands that look at a dataset and change nothing: what each is given and what it calls."""

from typing import Annotated

import typer

from cli import commands, deployed, options
from cli.errors import WrongUse
from cli.html_report.command import write_html_report
from cli.options import Call
from cli.overview_view import show_overview


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


def overview(
    *,
    contract: options.OneContract = None,
    environment: options.Environment = None,
    data_uri: options.DataUri = None,
    as_json: options.Json = False,
) -> int:
    """Show all datasets on one screen.

    Below them is what needs a person; the exit code is 1 then.
    """
    return show_overview(Call(as_json, contract, environment, data_uri))


def doctor(
    *,
    contract: options.Contract = None,
    environment: options.Environment = None,
    as_json: options.Json = False,
) -> int:
    """Look whether what was deployed can do its work.

    Says what could not be looked at, too.
    """
    call = Call(as_json, contract, environment)
    return deployed.examine(call.deployment, output=call.output)


def report(
    day: options.AnyDate = None,
    *,
    run_id: options.Run = None,
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
    """Show what a run read, counted, checked and wrote.

    Or write a page on a range of dates, with --html.
    """
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
