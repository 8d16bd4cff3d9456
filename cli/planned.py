"""A date of a backfill that was not started: what would be done with it, as a value and as a line of a table."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from cli.ranges import in_ranges
from cli.views import new_table
from cli.words import duration, size
from core.prices import usd
from core.wording import plural

RUNS: Final = "would run"
SKIPS: Final = "would be skipped"
FAILS: Final = "would fail"
_STYLES: Final = {RUNS: "yellow", SKIPS: "cyan", FAILS: "red"}


@dataclass(frozen=True)
class PlannedDate:
    """What a backfill would do with a date, and an estimate of its job by runs with about as much raw data."""

    ingestion_date: date
    what: str
    why: str
    raw_bytes: int
    seconds: float | None = None
    cost_usd: float | None = None


def planned_table(planned: Iterable[PlannedDate]) -> RenderableType:
    table = new_table("date", "what", **{"raw data": "right", "about": "right", "cost": "right", "why": "left"})
    for dates, alike in in_ranges(planned, lambda item: None if item.what == RUNS else (item.what, item.why)):
        item = alike[0]
        table.add_row(
            dates,
            Text(item.what, _STYLES[item.what]),
            size(sum(one.raw_bytes for one in alike)),
            "-" if item.seconds is None else duration(item.seconds),
            "-" if item.cost_usd is None else usd(item.cost_usd),
            Text(f"{plural(len(alike), 'date')}: {item.why}" if len(alike) > 1 else item.why),
        )
    return table
