"""The commands about the embedded AWS of this machine."""

import os
from typing import Annotated, Final

import typer

from cli import local, options
from cli.output import Output
from cli.views import outbox_view

_ACTIONS: Final = "; ".join(f"{name}: {meaning}" for name, meaning in local.ACTIONS.items())


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


def local_cloud(
    action: Annotated[str, typer.Argument(parser=_action, metavar="ACTION", show_default=False, help=_ACTIONS)],
    *,
    as_json: options.Json = False,
) -> int:
    """Start, stop and describe the embedded AWS of this machine."""
    return local.carry_out(action, environment=os.environ, output=Output(as_json))
