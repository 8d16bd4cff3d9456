"""The dates of a backfill while it runs: a table that is redrawn, or a line per change where there is no terminal."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli.executions import DateState
from cli.tables import new_table
from cli.words import count, status_style

_ROWS_SHOWN: Final = 20
_LONGEST_REASON: Final = 160


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


def dates_table(states: Iterable[DateState]) -> Table:
    """Show what has become of each date."""
    shown = new_table("date", "status", rows="right", seconds="right", reason="left")
    for state in states:
        seconds = "-" if state.seconds is None else f"{state.seconds:.1f}"
        status = Text(state.status, status_style(state.status))
        shown.add_row(str(state.ingestion_date), status, count(state.rows), seconds, Text(_brief(state)))
    return shown


def _brief(state: DateState) -> str:
    """Return the reason without what the row or `pipeline report` says as well."""
    parts = [part for part in state.reason.split("; ") if not part.startswith("report ")]
    text = "; ".join(parts).partition(f"{state.ingestion_date}: ")[2] or "; ".join(parts)
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"


def _progress(states: Sequence[DateState], *, seconds: float) -> RenderableType:
    """Show the running dates and the latest of the others, as many as fit on a screen."""
    counts = Counter(state.status for state in states)
    summary = ", ".join(f"{count(number)} {status}" for status, number in sorted(counts.items()))
    begun = [state for state in states if state.status != "waiting"]
    return Group(dates_table(begun[-_ROWS_SHOWN:]), Text(f"{seconds:.0f} s: {summary}"))
