"""The `pipeline` command line: which commands there are, what each is given and what it calls."""

from datetime import date
from typing import Annotated, Any

import typer

from cli import commands, deployed, local
from cli.errors import WrongUse
from cli.options import EXIT_CODES, AnyDate, Call, Date, Force, NoWait, command, date_argument
from cli.views import outbox_view

app = typer.Typer(
    name="pipeline",
    help="Run and look after the days of a dataset, in AWS or on this machine.",
    epilog=EXIT_CODES,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _require_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        raise WrongUse("which COMMAND? see: pipeline --help")


@command(app, "run", "curate one date and publish it, if it passes its checks", runs="anywhere")
def run(call: Call, day: Date, *, force: Force = False, no_wait: NoWait = False) -> int:
    """Run a date: in the deployed state machine, or with the Spark of this machine where a data root is named."""
    if call.place is None:
        return deployed.run_day(call.deployment, day, force=force, wait=not no_wait, output=call.output)
    if no_wait:
        raise WrongUse("--no-wait goes without --data_uri: the Spark of this machine ends with the command")
    return commands.run_day(call.place, day, force=force, environment=call.environment, output=call.output)


@command(app, "backfill", "run every date from START to END, both included", runs="deployed")
def backfill(
    call: Call,
    start: Annotated[date, date_argument("START", "first date")],
    end: Annotated[date, date_argument("END", "last date")],
    *,
    concurrency: Annotated[int, typer.Option(min=1, metavar="N", help="dates at once")] = 1,
    go_on: Annotated[bool, typer.Option("--continue", help="go on after a date has failed")] = False,
    force: Force = False,
    no_wait: NoWait = False,
) -> int:
    """Start a backfill and show what becomes of each date."""
    if start > end:
        raise WrongUse(f"START {start} is after END {end}; exchange them")
    options = {
        "max_concurrency": concurrency,
        "on_failure": "continue" if go_on else "stop",
        "force": force,
    }
    return deployed.backfill(call.deployment, start, end, options=options, wait=not no_wait, output=call.output)


@command(app, "follow", "follow an execution that was started before, to its end", runs="deployed")
def follow(
    call: Call,
    execution: Annotated[str, typer.Argument(metavar="EXECUTION", help="its name or ARN", show_default=False)],
) -> int:
    """Come back to a run or a backfill."""
    return deployed.follow(call.deployment, execution, output=call.output)


@command(
    app, "status", "list the published version of each date, or all versions and runs of one date", runs="anywhere"
)
def status(call: Call, day: AnyDate = None) -> int:
    """Show what is published and what is at work."""
    if day is None:
        return commands.show_status(call.dataset, under_way=call.under_way(), output=call.output)
    return commands.show_day(call.dataset, day, under_way=call.under_way(), output=call.output)


@command(app, "report", "show what a run read, counted, checked and wrote", runs="anywhere")
def report(
    call: Call,
    day: AnyDate = None,
    *,
    run_id: Annotated[
        str | None, typer.Option("--run", metavar="RUN_ID", help="this run, not the latest of the date")
    ] = None,
) -> int:
    """Show one run."""
    if (day is None) == (run_id is None):
        raise WrongUse("report needs a date or a run; give DATE, or --run RUN_ID")
    return commands.show_report(call.dataset, day, run_id=run_id, output=call.output)


@command(app, "rollback", "publish an earlier version of a date again", runs="anywhere")
def rollback(
    call: Call,
    day: Date,
    *,
    to: Annotated[
        str | None, typer.Option(metavar="RUN_ID", help="this version, instead of the newest older one")
    ] = None,
) -> int:
    """Go back to a version that is kept."""
    return commands.roll_back(call.dataset, day, to=to, output=call.output)


@command(app, "repair", "point the catalog's partitions at the published versions", runs="anywhere")
def repair(call: Call) -> int:
    """Let the catalog show what the records say."""
    return commands.repair(call.dataset, output=call.output)


@command(app, "query", "run SQL in Athena and show the rows", runs="deployed")
def query(
    call: Call, sql: Annotated[str, typer.Argument(metavar="SQL", show_default=False, help="one statement")]
) -> int:
    """Query what is published."""
    return deployed.query(call.deployment, sql, output=call.output)


@command(app, "outbox", "show the messages that the embedded AWS would have mailed", runs="here")
def outbox(
    call: Call,
    *,
    last: Annotated[int, typer.Option(min=1, metavar="N", help="how many, the latest ones")] = 10,
) -> int:
    """Show messages, the latest at the end."""
    state = local.state_folder(call.environment)
    messages: list[Any] = list(local.read_outbox(state))[-last:]
    call.output.show(messages, outbox_view(messages) if messages else f"no message in {state}")
    return 0


def _action(text: str) -> str:
    if text not in local.ACTIONS:
        raise WrongUse(f"local {text!r} is not known; allowed: {', '.join(local.ACTIONS)}")
    return text


_ACTIONS = "; ".join(f"{name}: {meaning}" for name, meaning in local.ACTIONS.items())


@command(app, "local", "start, stop and describe the embedded AWS of this machine", runs="here")
def local_cloud(
    call: Call,
    action: Annotated[str, typer.Argument(parser=_action, metavar="ACTION", show_default=False, help=_ACTIONS)],
) -> int:
    """Look after the embedded AWS."""
    return local.carry_out(action, environment=call.environment, output=call.output)
