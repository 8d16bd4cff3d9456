"""Own the command that adds one more object to a date: events that arrived late, and events sent once more.

Runs with bare Python: `python3 data/sample_raw/add_late_events.py 2025-01-01 --rows 500 --out sample`. It never
touches an object that is there already.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

from generate_events import (
    OneLineParser,
    WrittenObject,
    add_shared_arguments,
    exit_with_one_line,
    parse_day,
    publish,
    render_chunks,
)
from raw_store import RawStore, SampleDataError, open_store
from sample_days import Defects, Series, add_up, encode, plan_chunks
from sample_events import Event, render, resend

DATA_NAME = re.compile(r".+\.(json|ndjson)(\.gz)?")
LATE_NAME = re.compile(r"late-events-([0-9]+)\.json(\.gz)?")
LATE_DEFECTS = Defects(duplicate_percent=Decimal(0))


def add_late_events(
    day: date,
    *,
    out: str,
    rows: int = 500,
    resend_rows: int = 0,
    seed: int = 7,
    compress: bool = False,
    workers: int = 1,
) -> WrittenObject:
    """Add an object with new events of the date and, after them, some of its existing events sent again.

    The object's number goes into the random stream: repeated additions with one seed never repeat an event_id.

    Raises SampleDataError when the request cannot be met; nothing was written then.
    """
    for switch, value in (("--rows", rows), ("--resend", resend_rows)):
        if value < 0:
            raise SampleDataError(f"{switch} {value} is below 0")
    store = open_store(out)
    names = store.names(day)
    label = f"late-events-{1 + max((int(found[1]) for found in map(LATE_NAME.fullmatch, names) if found), default=0)}"
    series = Series(seed=seed, day=day, label=label)
    [chunks] = plan_chunks([rows], series=series, defects=LATE_DEFECTS, compress=compress)
    counts = add_up([chunk.counts for chunk in chunks])
    with store.staging() as staging:
        resent = _resends(_lines(store, day, names, Path(staging)), day, resend_rows, series.stream(0, "resend"))
        path = Path(staging) / (f"{label}.json.gz" if compress else f"{label}.json")
        with path.open("wb") as staged:
            staged.writelines(render_chunks(chunks, workers=workers))
            staged.write(encode(resent, compress=compress))
        return publish(store, path, day, replace(counts, rows=rows + resend_rows, duplicate_rows=resend_rows))


def _resends(lines: Iterable[bytes], day: date, wanted: int, rng: Random) -> list[str]:
    """Pick existing events by reservoir sampling, so that a day of any size is read once and never held."""
    chosen: list[Event] = []
    for seen, line in enumerate(lines if wanted else (), start=1):
        place = len(chosen) if len(chosen) < wanted else rng.randrange(seen)
        if place < wanted and (event := _event_of(line, day)):
            chosen[place : place + 1] = [event]
    if len(chosen) < wanted:
        raise SampleDataError(
            f"--resend {wanted}: {day} holds only {len(chosen)} events with an event_id and a time on that day"
        )
    return [render(resend(event, variant)) for variant, event in enumerate(chosen)]


def _lines(store: RawStore, day: date, names: list[str], staging: Path) -> Iterator[bytes]:
    for name in filter(DATA_NAME.fullmatch, names):
        copy = store.local_copy(day, name, staging)
        try:
            with gzip.open(copy) if name.endswith(".gz") else copy.open("rb") as lines:
                yield from lines
        except (EOFError, zlib.error) as broken:
            raise SampleDataError(f"{day}: {name} cannot be read: {broken}; remove it or drop --resend") from broken


def _event_of(line: bytes, day: date) -> Event | None:
    """Return the line as an event, or nothing when it could not be recognised as one that was sent before."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None  # a malformed line is an expected part of the sample data
    if not isinstance(row, dict) or not isinstance(row.get("event_id"), str):
        return None
    if not re.fullmatch(rf"{day}T\d\d:\d\d:\d\d\.\d{{3}}Z", str(row.get("event_ts"))):
        return None
    return {json.dumps(name)[1:-1]: json.dumps(value, separators=(",", ":")) for name, value in row.items()}


def main(argv: list[str]) -> None:
    """Add late events to the date that the arguments name and print one line."""
    parser = OneLineParser(description="Add late events to a date of raw events.", allow_abbrev=False)
    parser.add_argument("date", type=parse_day, metavar="DATE", help="YYYY-MM-DD")
    parser.add_argument("--rows", type=int, default=500, help="new events (default 500)")
    parser.add_argument("--resend", type=int, default=0, metavar="N", help="existing events sent again (default 0)")
    add_shared_arguments(parser)
    args = parser.parse_args(argv)
    written = add_late_events(
        args.date,
        out=args.out,
        rows=args.rows,
        resend_rows=args.resend,
        seed=args.seed,
        compress=args.gzip,
        workers=args.workers,
    )
    print(written.report(as_json=args.json), flush=True)


if __name__ == "__main__":
    exit_with_one_line(main)
