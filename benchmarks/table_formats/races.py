"""What becomes of two commits at once: of one date, and of many; it must not know how the figures are shown."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any, Final

from pyiceberg.table import Table

from benchmarks.recording import Measurement
from benchmarks.table_formats.iceberg import WAYS, delete_and_add, new_table, opened, rows_by_day, written
from benchmarks.table_formats.places import Place
from benchmarks.table_formats.rows import days

_DATE, _OTHER = days(2)
AT_ONCE: Final = (2, 8, 16)
_ROWS: Final = (200, 300)  # of the first run and of the second


def one_date(place: Place) -> Iterator[Measurement]:
    """Let two runs of a date start from the same table, and the second commit after the first has."""
    for way, publish in WAYS.items():
        for start, has in {
            "an empty table": [],
            "other dates only": [_OTHER],
            "the date as well": [_OTHER, _DATE],
        }.items():
            table = new_table(place)
            for day in has:
                publish(opened(place, table), day, [written(table, day)])
            yield {"way": way, "starts_from": start, **_second_of_two(place, table, publish)}
    yield {"way": "delete and add, opened before the commit only", **_late_look(place)}


def many_dates(place: Place) -> Iterator[Measurement]:
    """Publish a date each from several threads that start together; the table was opened before."""
    for number in AT_ONCE:
        table = new_table(place)
        chosen = days(number)
        prepared = [(opened(place, table), day, [written(table, day)]) for day in chosen]
        found = at_once([partial(delete_and_add, *run) for run in prepared])
        shown = rows_by_day(opened(place, table))
        yield {
            "format": "iceberg",
            "catalog": place.catalog_name,
            "at_once": number,
            **found,
            "dates_shown": len(shown),
        }


def both(ends: Sequence[str]) -> Measurement:
    """Say how each of two runs ended."""
    first, second = ends
    return {"first": first, "second": second}


def outcome(work: Callable[[], Any]) -> str:
    """Do something and name how it ended."""
    try:
        work()
    except Exception as error:  # noqa: BLE001  which error it is, is what is asked
        return f"{type(error).__name__}: {str(error).splitlines()[0][:160]}"
    return "published"


def at_once(works: list[Callable[[], Any]]) -> Measurement:
    """Start everything together; return the longest time, and how often which end was seen."""
    barrier = Barrier(len(works))

    def started(work: Callable[[], Any]) -> tuple[str, float]:
        barrier.wait()
        start = time.perf_counter()
        end = outcome(work)
        return end.partition(":")[0], time.perf_counter() - start

    with ThreadPoolExecutor(len(works)) as pool:
        ends = list(pool.map(started, works))
    seconds = sorted(took for _, took in ends)
    return {
        "ends": dict(Counter(end for end, _ in ends)),
        "fastest_seconds": round(seconds[0], 2),
        "slowest_seconds": round(seconds[-1], 2),
    }


def _second_of_two(place: Place, table: Table, publish: Callable[..., None]) -> Measurement:
    runs = [(opened(place, table), _DATE, [written(table, _DATE, rows=rows)]) for rows in _ROWS]
    ends = [outcome(partial(publish, *run)) for run in runs]
    return {**both(ends), "rows_of_the_date": rows_by_day(opened(place, table)).get(_DATE)}


def _late_look(place: Place) -> Measurement:
    """Let the second run, which started with the first, open the table only when it commits."""
    table = new_table(place)
    paths = [written(table, _DATE, rows=rows) for rows in _ROWS]
    ends = [outcome(partial(delete_and_add, opened(place, table), _DATE, [path])) for path in paths]
    return {**both(ends), "rows_of_the_date": rows_by_day(opened(place, table)).get(_DATE)}
