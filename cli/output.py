"""What a command says: one result, as a view for people or a document for scripts, and its progress until then.

Owns the terminal; must not know where results come from.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from types import TracebackType
from typing import Any, Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from cli.executions import DateState
from cli.views import dates_table
from cli.words import count

_LONGEST_STEP: Final = 60
_ROWS_SHOWN: Final = 20


@dataclass(frozen=True)
class Output:
    """Where a command says what it found, and in which form; ``target`` are the words that name its dataset."""

    as_json: bool
    target: str = ""

    @cached_property
    def console(self) -> Console:
        return Console(highlight=False, soft_wrap=self.as_json)

    @property
    def progress(self) -> Console:
        """Where it says what it is doing: not into a document for scripts."""
        return Console(stderr=True, highlight=False) if self.as_json else self.console

    def show(self, document: Any, *views: Any) -> None:
        """Print a document for scripts or its views for people."""
        if self.as_json:
            self.console.file.write(json.dumps(document, indent=2) + "\n")
            return
        for view in views:
            # A line of text may be a command to be copied, so only the terminal breaks it.
            self.console.print(view, crop=False, soft_wrap=isinstance(view, str))

    def next_command(self, words: str) -> str:
        """Return a command that goes on from here, about the same dataset."""
        return f"pipeline {words}{self.target}"


@contextmanager
def shown_progress(console: Console, what: str) -> Iterator[Callable[[str], None]]:
    """Show ``what`` and the step under way until the end; the function given takes each next step."""
    columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what)

        def show(step: str) -> None:
            progress.update(task, description=f"{what}: {step[:_LONGEST_STEP]}")

        yield show


class BackfillView:
    """Shows the states it is given until it is left."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, transient=True, auto_refresh=False)
        self._said: dict[date, str] = {}

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def show(self, states: Sequence[DateState], *, seconds: float) -> None:
        """Show how far the backfill is."""
        if self._console.is_terminal:
            self._live.update(_progress(states, seconds=seconds), refresh=True)
            return
        for state in states:
            if self._said.get(state.ingestion_date, "waiting") != state.status:
                self._console.print(f"{state.ingestion_date}: {state.status}", soft_wrap=True, highlight=False)
            self._said[state.ingestion_date] = state.status


def _progress(states: Sequence[DateState], *, seconds: float) -> RenderableType:
    """Show the running dates and the latest of the others, as many as fit on a screen."""
    counts = Counter(state.status for state in states)
    summary = ", ".join(f"{count(number)} {status}" for status, number in sorted(counts.items()))
    begun = [state for state in states if state.status != "waiting"]
    return Group(dates_table(begun[-_ROWS_SHOWN:]), Text(f"{seconds:.0f} s: {summary}"))
