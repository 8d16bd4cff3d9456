"""`pipeline report --html FILE`: which dates the page is about, and where it is written."""

import os
import tempfile
import webbrowser
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from cli.dataset import Dataset
from cli.errors import CommandFailed, WrongUse
from cli.html_report.facts import days_with_anything, range_facts
from cli.html_report.page import html_page
from cli.output import Output, shown_progress
from cli.views import whole
from cli.words import size
from core.wording import plural

_DEFAULT_DATES: Final = 60
_LONGEST_RANGE: Final = timedelta(days=3 * 366)


def write_html_report(
    dataset: Dataset, wanted: tuple[date | None, date | None], *, file: str, open_it: bool, output: Output
) -> int:
    """Write the page on a range of dates, by default the last sixty up to the latest that was run."""
    path = Path(file).expanduser().resolve()
    if not path.parent.is_dir():
        raise WrongUse(f"--html {file!r}: there is no directory {path.parent}; create it, or name another file")
    if path.is_dir():
        raise WrongUse(f"--html {file!r} is a directory; name a file in it, such as report.html")
    first, last = _range(dataset, *wanted)
    with shown_progress(output.progress, f"report on {first} to {last}") as show_step:
        show_step("reading metrics")
        facts = range_facts(dataset, first, last)
        show_step("drawing")
        page = html_page(facts, made_at=datetime.now(UTC), options=output.target)
        size_bytes = _write(path, page)
    document = {"file": str(path), "from": str(first), "to": str(last), "bytes": size_bytes}
    output.show(document, whole(f"{path}: {plural(len(facts.dates), 'date')}, {size(size_bytes)}"))
    if open_it and not webbrowser.open(path.as_uri()):
        raise CommandFailed(f"no browser could be started; open {path}")
    return 0


def _range(dataset: Dataset, first: date | None, last: date | None) -> tuple[date, date]:
    days = days_with_anything(dataset)
    if not days:
        raise CommandFailed(f"no runs found below {dataset.place.data_uri}, so there is nothing to report")
    last = last or days[-1]
    first = first or max(days[0], last - timedelta(days=_DEFAULT_DATES - 1))
    if first > last:
        raise WrongUse(f"the range {first} to {last} ends before it begins; swap --from and --to, or give both")
    if last - first > _LONGEST_RANGE:
        raise WrongUse(f"the range {first} to {last} is longer than three years; give a shorter one")
    return first, last


def _write(path: Path, page: str) -> int:
    """Put the page in place at once, so that nobody opens half of it."""
    data = page.encode("utf-8", "replace")
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as writer:
            writer.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return len(data)
