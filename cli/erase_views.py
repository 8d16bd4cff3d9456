"""The plan and the receipt of an erasure as documents, tables and lines for a terminal; reads and prints nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table

from cli.views import new_table, whole
from cli.words import count, path_of
from core.wording import plural
from erasure.record import DateRecord, ErasureRecord

_PLACES: Final = {
    "column": "in the column itself",
    "text": "in text that is no record",
    "field": "in other fields",
    "document": "in a document of the pipeline",
}


def plan_document(record: ErasureRecord, others: Sequence[str]) -> dict[str, Any]:
    """Return the plan for scripts."""
    facts = {"dataset": record.dataset, "column": record.column}
    dates = {day: asdict(found) for day, found in sorted(record.dates.items())}
    return {**facts, "dates": dates, "other_datasets": list(others)}


def plan_views(record: ErasureRecord, others: Sequence[str], data_uri: str) -> list[RenderableType]:
    """Show the plan for people."""
    if not record.dates:
        value = f"the given value of {record.column}"
        nowhere = f"{value} is in nothing that runs read or wrote below {data_uri}: nothing is to be erased"
        return [whole(f"{record.dataset}: {nowhere}; objects that nobody reads were not searched")]
    title = f"{record.dataset}: what holds the given value of {record.column}"
    return [whole(title), _plan_table(record), *map(whole, _plan_lines(record, others))]


def receipt_lines(receipt: Mapping[str, Any], where: str) -> list[str]:
    """Say what a receipt holds."""
    dates = receipt["dates"]
    records = sum(found["raw_records"] for found in dates.values())
    erased = f"{plural(records, 'record')} of raw data erased on {plural(len(dates), 'date')}"
    absent = "nothing of the person is left in" if receipt["absent"] else "searched"
    searched = f"{absent} {plural(receipt['objects_searched'], 'object')}"
    return [f"{receipt['dataset']}: {erased}; {searched}", *_left_lines(receipt), f"receipt: {path_of(where)}"]


def _plan_table(record: ErasureRecord) -> Table:
    """Show what is to be erased of each date that is left."""
    names = ("raw\nrecords", "raw\nobjects", "rows of\nversions", "quaran-\ntined", "docu-\nments")
    table = new_table("date", **dict.fromkeys(names, "right"), then="left")
    for day, found in sorted(record.dates.items()):
        if not found.is_done:
            table.add_row(day, *map(_shown, _numbers(found)), _then(found))
    return table


def _plan_lines(record: ErasureRecord, others: Sequence[str]) -> Iterable[str]:
    """Say what is done already, and what stays."""
    for day, date in sorted(record.dates.items()):
        if date.problem is not None:
            yield f"{day} can only be erased once this is mended: {date.problem}"
    found = record.dates.values()
    if done := sum(date.is_done for date in found):
        yield f"{plural(done, 'date')} done before: erasure {record.id}, begun {record.started_at}"
    if words := sum(date.left_words for date in found):
        yield f"{plural(words, 'text')} of others hold the value in another field and stay; --anywhere erases them too"
    if any(date.is_rolled_back for date in found) and not record.publish_withdrawn:
        yield "dates that were rolled back are left, unless --publish-withdrawn is given"
    if others:
        yield f"the same raw data is read by {', '.join(others)}: erase the person there too"


def _numbers(found: DateRecord) -> tuple[int, ...]:
    rows = sum(found.versions.values())
    return sum(found.raw.values()), len(found.raw), rows, sum(found.quarantine.values()), len(found.documents)


def _shown(number: int) -> str:
    return count(number) if number else "-"


def _then(found: DateRecord) -> str:
    if found.problem is not None:
        return "nothing yet, see below"
    if found.is_rolled_back:
        return "was rolled back, see below"
    if found.needs_run:
        return "a new version, older ones deleted"
    if found.drops_previous:
        return "older versions deleted"
    return "what killed runs left is deleted" if found.left_behind else "-"


def _left_lines(receipt: Mapping[str, Any]) -> Iterator[str]:
    for item in receipt["still_there"]:
        yield f"{'still there' if item['is_persons'] else 'stays, of others'}: {_left_line(item)}"
    for key, why in receipt["not_searched"].items():
        yield f"not searched: {key}: {why}"
    for name in receipt["other_datasets"]:
        yield f"dataset {name} reads the same raw data: erase the person there too"
    for item in receipt["out_of_reach"]:
        until = f", until {item['until']}" if item["until"] else ""
        yield f"out of reach: {item['what']}{until}"


def _left_line(item: Mapping[str, Any]) -> str:
    columns = {name: number for name, number in item["places"].items() if name.startswith("column ")}
    said = [
        f"{count(number)} {_PLACES.get(name, f'in {name}')}" for name, number in (columns or item["places"]).items()
    ]
    said += [f"{count(item['longer_words'])} in longer words"] if item["longer_words"] else []
    return f"{item['key']}: {', '.join(said)}"
