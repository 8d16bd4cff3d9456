"""What a command says: one result, as a view for people or a document for scripts, and its progress until then.

Owns the terminal; must not know where results come from.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from cli.executions import DateState
from cli.views import dates_table, whole
from cli.words import counted
from core.wording import with_options

_LONGEST_STEP: Final = 60
_ROWS_SHOWN: Final = 20


@dataclass(frozen=True)
class Output:
    """Where a command says what it found, and in which form; ``target`` are the words that name its dataset."""

    as_json: bool
    target: str = ""

    @cached_property
    def console(self) -> Console:
        return _console()

    @property
    def progress(self) -> Console:
        """Where it says what it is doing: not into a document for scripts."""
        return _console(stderr=True) if self.as_json else self.console

    def show(self, document: Any, *views: Any) -> None:
        """Print a document for scripts, dates as texts, or its views for people."""
        if self.as_json:
            self.console.file.write(json.dumps(document, indent=2, default=date.isoformat) + "\n")
        else:
            shown = (whole(with_options(view, self.target)) if isinstance(view, str) else view for view in views)
            self.console.print(Group(*shown), crop=False)  # as a group, since others are wrapped as one text

    def next_command(self, words: str) -> str:
        """Return a command that goes on from here, about the same dataset."""
        return f"pipeline {words}{self.target}"

    def told(self, message: str) -> str:
        """Return a message of a run or of another part, whose commands are about the same dataset."""
        return with_options(message, self.target)


def _console(*, stderr: bool = False) -> Console:
    """Return a terminal that shows texts as they are: a path may look like markup."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


@contextmanager
def shown_progress(console: Console, what: str) -> Iterator[Callable[[str], None]]:
    """Show ``what`` and the step under way until the end; the function given takes each next step."""
    columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what)

        def show(step: str) -> None:
            progress.update(task, description=f"{what}: {step[:_LONGEST_STEP]}")

        yield show


@contextmanager
def shown_backfill(console: Console) -> Iterator[Callable[[Sequence[DateState], float], None]]:
    """Show the dates of a backfill until the end: a table that is redrawn, or a line per change without a terminal.

    The function given takes the states and the seconds passed.
    """
    said: dict[date, str] = {}

    def tell(states: Sequence[DateState], _seconds: float) -> None:
        for state in states:
            if said.get(state.ingestion_date, "waiting") != state.status:
                console.print(f"{state.ingestion_date}: {state.status}", soft_wrap=True, highlight=False)
            said[state.ingestion_date] = state.status

    if not console.is_terminal:
        yield tell
        return
    with Live(console=console, transient=True, auto_refresh=False) as live:
        yield lambda states, seconds: live.update(_progress(states, seconds), refresh=True)


def _progress(states: Sequence[DateState], seconds: float) -> RenderableType:
    """Show the running dates and the latest of the others, as many as fit on a screen."""
    begun = [state for state in states if state.status != "waiting"]
    return Group(
        dates_table(begun[-_ROWS_SHOWN:]), Text(f"{seconds:.0f} s: {counted(state.status for state in states)}")
    )
