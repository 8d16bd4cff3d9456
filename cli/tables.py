"""Tables that keep ids and numbers whole, however narrow the terminal is."""

from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table

_UNLIMITED = 10_000
_WHOLE = {
    *("date", "run", "status", "date\nrun", "date, status\nrun", "published (UTC)\nreplaced (UTC)"),
    *("doing", "started (UTC)", "execution", "date, doing\nexecution", "started (UTC)\nseconds"),
}


def new_table(*texts: str, **aligned: Any) -> Table:
    """Make a table whose texts fold where the terminal is narrow, while dates, run ids and numbers never do."""
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, collapse_padding=True)
    for name in texts:
        table.add_column(name, overflow="fold", no_wrap=name in _WHOLE)
    for name, justify in aligned.items():
        table.add_column(name, justify=justify, no_wrap=justify == "right")
    return table


class Fitting:
    """The wide table where the terminal has room for its lines, the narrow one otherwise."""

    def __init__(self, wide: Table, narrow: Table) -> None:
        """Take two tables that say the same."""
        self._wide, self._narrow = wide, narrow

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Choose, as Rich asks what to print."""
        fits = Measurement.get(console, options.update(width=_UNLIMITED), self._wide).maximum <= options.max_width
        yield self._wide if fits else self._narrow
