"""What a commit costs when the table has years behind it; it must not know how the figures are shown."""

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any, Final

from pyiceberg.table import Table

from benchmarks.recording import Measurement
from benchmarks.table_formats.history import Upkeep, tables_with
from benchmarks.table_formats.iceberg import data_files, delete_and_add, opened, written
from benchmarks.table_formats.places import Place
from benchmarks.table_formats.rows import days

DATES: Final = (1, 365, 1_000, 3_650)
_ROUNDS: Final = 3


def commit_times(place: Place) -> Iterator[Measurement]:
    """Publish a new date and one from the middle again, a few times each, per size of the table and upkeep."""
    for dates in DATES:
        for upkeep, table in tables_with(place, dates):
            yield from _measured(place, table, dates=dates, upkeep=upkeep)


def acts(dates: int) -> dict[str, list[str]]:
    """Return the dates to publish in each round: new ones, and some from the middle of those that there are."""
    known = days(dates + _ROUNDS)
    return {"new date": known[dates:], "date again": [known[dates // 2 + number] for number in range(_ROUNDS)]}


def timed(work: Callable[[], Any]) -> dict[str, float]:
    """Return the seconds by the clock and of this process's processor."""
    start, processor = time.perf_counter(), time.process_time()
    work()
    return {
        "seconds": round(time.perf_counter() - start, 3),
        "cpu_seconds": round(time.process_time() - processor, 3),
    }


def medians(measured: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each figure."""
    return {name: round(median(one[name] for one in measured), 3) for name in measured[0]}


def _measured(place: Place, table: Table, *, dates: int, upkeep: Upkeep) -> Iterator[Measurement]:
    for act, chosen in acts(dates).items():
        found = [_commit(place, table, day) for day in chosen]
        facts = {"format": "iceberg", "catalog": place.catalog_name, "upkeep": upkeep.name, "dates": dates, "act": act}
        yield {**facts, **medians(found), **_state(opened(place, table))}


def _commit(place: Place, table: Table, day: str) -> dict[str, float]:
    path, before = written(table, day), place.stored(f"{table.location()}/metadata")
    times = timed(lambda: delete_and_add(opened(place, table), day, [path]))
    after = place.stored(f"{table.location()}/metadata")
    new = [size for name, size in after.items() if name not in before]
    shown = [file.file_path for file in data_files(opened(place, table), day)]
    if shown != [path]:
        raise ValueError(f"{day} was to show {path} alone, but shows {shown}")
    return {**times, "objects_written": len(new), "bytes_written": sum(new)}


def _state(table: Table) -> Measurement:
    snapshot = table.current_snapshot()
    return {
        "metadata_bytes": len(table.io.new_input(table.metadata_location)),
        "snapshots": len(table.metadata.snapshots),
        "manifests": len(snapshot.manifests(table.io)),
    }
