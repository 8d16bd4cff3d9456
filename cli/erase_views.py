"""The plan of an erasure as a table and lines for a terminal; reads and prints nothing."""

from collections.abc import Iterable

from rich.table import Table

from cli.views import new_table
from cli.words import count, plural
from erasure.record import DateRecord, ErasureRecord


def plan_table(record: ErasureRecord) -> Table:
    """Show what is to be erased of each date that is left."""
    names = ("raw\nrecords", "raw\nobjects", "rows of\nversions", "quaran-\ntined", "docu-\nments")
    table = new_table("date", **dict.fromkeys(names, "right"), then="left")
    for day, found in sorted(record.dates.items()):
        if not found.is_done:
            table.add_row(day, *map(_shown, _numbers(found)), _then(found))
    return table


def plan_lines(record: ErasureRecord) -> Iterable[str]:
    """Say what is done already, and what stays."""
    done = sum(found.is_done for found in record.dates.values())
    if done:
        yield f"{plural(done, 'date')} done before: erasure {record.id}, begun {record.started_at}"
    words = sum(found.left_words for found in record.dates.values())
    if words:
        yield f"{plural(words, 'text')} of others hold the value in another field and stay; --anywhere erases them too"
    if any(found.is_rolled_back for found in record.dates.values()) and not record.publish_withdrawn:
        yield "dates that were rolled back are left, unless --publish-withdrawn is given"


def _numbers(found: DateRecord) -> tuple[int, ...]:
    rows = sum(found.versions.values())
    return sum(found.raw.values()), len(found.raw), rows, sum(found.quarantine.values()), len(found.documents)


def _shown(number: int) -> str:
    return count(number) if number else "-"


def _then(found: DateRecord) -> str:
    if found.is_rolled_back:
        return "rolled back: see below"
    if found.needs_run:
        return "a new version, older ones deleted"
    return "older versions deleted" if found.drops_previous else "-"
