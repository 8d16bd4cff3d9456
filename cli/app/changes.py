"""The commands that change what is published, without new raw data: what each is given and what it calls."""

import os
from typing import Annotated

import typer

from cli import commands, options
from cli.erase import Asked
from cli.erase import erase as erase_person
from cli.options import Call


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
    """Erase a person from everything of a dataset.

    From raw data, versions, quarantine and metrics of all dates. Shows the plan first, and proves it afterwards.
    """
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
