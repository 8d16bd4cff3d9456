"""A line that shows that something is being done and for how long, where there is a terminal to show it on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

_LONGEST_STEP = 60


@contextmanager
def shown_progress(console: Console, what: str) -> Iterator[Callable[[str], None]]:
    """Show ``what`` and the step under way until the end; the function given takes each next step."""
    columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what)

        def show(step: str) -> None:
            progress.update(task, description=f"{what}: {step[:_LONGEST_STEP]}")

        yield show
