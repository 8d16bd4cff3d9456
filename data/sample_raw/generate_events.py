"""Own the command that writes sample days as raw objects, and `generate_day`, the same for tests.

Runs with bare Python: `python3 data/sample_raw/generate_events.py 2025-01-01 --out sample`. It must not know the
pipeline that reads the result.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from raw_store import RawStore, SampleDataError, open_store
from sample_days import Chunk, Counts, Defects, Series, add_up, even_parts, plan_chunks

MAX_OBJECTS = 10_000  # the number in an object's name has four digits
GENERATED_NAME = re.compile(r"events(-\d{4})?\.json(\.gz)?")


@dataclass(frozen=True)
class WrittenObject:
    """One raw object as it was written, with the exact number of rows that carry each defect."""

    path: str
    ingestion_date: date
    size_bytes: int
    counts: Counts

    def report(self, *, as_json: bool) -> str:
        """Describe the object in one line."""
        rows, defects = self.counts.rows, self.counts.defects
        if as_json:
            facts = {"path": self.path, "ingestion_date": self.ingestion_date.isoformat(), "rows": rows}
            return json.dumps(facts | {"bytes": self.size_bytes, "defects": defects})
        found = [f"{count} {name.removesuffix('_rows')}" for name, count in defects.items() if count]
        return f"{self.path}: {rows} rows, {self.size_bytes} bytes; defective rows: {', '.join(found) or 'none'}"


def generate_day(
    day: date,
    *,
    out: str,
    rows: int = 10_000,
    seed: int = 7,
    defects: Defects | None = None,
    objects: int = 1,
    compress: bool = False,
    workers: int = 1,
) -> list[WrittenObject]:
    """Write one date's objects, replacing those of an earlier run; all are complete before the first one appears.

    The bytes depend on every argument except `out` and `workers`.

    Raises SampleDataError when the request cannot be met; nothing was written then.
    """
    if rows < 0:
        raise SampleDataError(f"--rows {rows} is below 0")
    names = object_names(objects, compress=compress)
    series = Series(seed=seed, day=day, label="day")
    planned = plan_chunks(even_parts(rows, objects), series=series, defects=defects or Defects(), compress=compress)
    store = open_store(out)
    _refuse_leftovers(store, day, names)
    blobs = render_chunks([chunk for chunks in planned for chunk in chunks], workers=workers)
    with store.staging() as staging:
        paths = [Path(staging) / name for name in names]
        for path, chunks in zip(paths, planned, strict=True):
            with path.open("wb") as staged:
                staged.writelines(islice(blobs, len(chunks)))
        return [
            publish(store, path, day, add_up([chunk.counts for chunk in chunks]))
            for path, chunks in zip(paths, planned, strict=True)
        ]


def object_names(objects: int, *, compress: bool) -> list[str]:
    """Return the names of a date's objects."""
    if not 1 <= objects <= MAX_OBJECTS:
        raise SampleDataError(f"--objects {objects} is outside 1 to {MAX_OBJECTS}")
    suffix = ".json.gz" if compress else ".json"
    return [f"events{suffix}", *(f"events-{number:04d}{suffix}" for number in range(1, objects))]


def _refuse_leftovers(store: RawStore, day: date, names: Iterable[str]) -> None:
    """Raise when an object of an earlier run would stay beside the new ones and repeat the day's events."""
    leftovers = sorted({name for name in store.names(day) if GENERATED_NAME.fullmatch(name)} - set(names))
    if leftovers:
        raise SampleDataError(
            f"{day}: {', '.join(leftovers)} of an earlier run would stay beside the new objects; "
            "remove them, choose another --out, or repeat that run's --objects and --gzip"
        )


def render_chunks(chunks: Sequence[Chunk], *, workers: int) -> Iterator[bytes]:
    """Render the chunks in their order, at most a few ahead of the reader."""
    if min(workers, len(chunks)) <= 1:
        yield from map(Chunk.render, chunks)
        return
    with ProcessPoolExecutor(workers) as pool:
        waiting: deque[Future[bytes]] = deque()
        for chunk in chunks:
            waiting.append(pool.submit(chunk.render))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def publish(store: RawStore, staged: Path, day: date, counts: Counts) -> WrittenObject:
    """Let a finished object appear under its own name."""
    size_bytes = staged.stat().st_size
    return WrittenObject(store.publish(staged, day, staged.name), day, size_bytes, counts)


def parse_day(text: str) -> date:
    """Read YYYY-MM-DD, and no other of the forms that ISO 8601 allows."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError as impossible:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date: {impossible}") from impossible
    raise argparse.ArgumentTypeError(f"{text!r} is not a date; write it as YYYY-MM-DD, for example 2025-01-31")


def _parse_days(text: str) -> list[date]:
    first, dots, last = text.partition("..")
    start, end = parse_day(first), parse_day(last if dots else first)
    if start > end:
        raise argparse.ArgumentTypeError(f"{text!r} ends before it starts; write it as START..END")
    return [start + timedelta(days=number) for number in range((end - start).days + 1)]


def _parse_percent(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as wrong:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from wrong


def _parse_workers(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes; give 1 or more")
    return int(text)


class OneLineParser(argparse.ArgumentParser):
    """Reports a wrong argument in one line, without the usage before it, and exits with 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def add_shared_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what both commands take."""
    parser.add_argument("--seed", type=int, default=7, help="same seed and arguments, same bytes (default 7)")
    parser.add_argument("--out", required=True, help="directory above raw/, or s3://bucket/prefix")
    parser.add_argument("--gzip", action="store_true", help="compress the objects and add .gz to their names")
    parser.add_argument("--json", action="store_true", help="print one JSON object per object written")
    parser.add_argument("--workers", type=_parse_workers, default=os.cpu_count() or 1, help="default: all cores")


def _parser() -> OneLineParser:
    parser = OneLineParser(description="Write sample days of raw events.", allow_abbrev=False)
    dates: dict[str, Any] = {"type": _parse_days, "default": [], "metavar": "DATE"}
    parser.add_argument("dates", nargs="*", help="YYYY-MM-DD, or START..END (both inclusive)", **dates)
    parser.add_argument("--dates", nargs="+", dest="more_dates", help="the same, as an option", **dates)
    parser.add_argument("--rows", type=int, default=10_000, help="lines per date, defects included (default 10000)")
    parser.add_argument("--objects", type=int, default=1, help="objects per date (default 1)")
    add_shared_arguments(parser)
    _add_defect_arguments(parser.add_argument_group("defects (percentages are of the well-formed rows)"))
    return parser


def _add_defect_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--empty", action="store_true", help="write objects without rows, whatever --rows says")
    for field in fields(Defects):
        switch, default = f"--{field.name.replace('_', '-')}", field.default
        if field.name.endswith("_percent"):
            group.add_argument(switch, type=_parse_percent, default=default, metavar="P", help=f"default {default}")
        elif field.name.endswith("_rows"):
            group.add_argument(switch, type=int, default=default, metavar="N", help=f"default {default}")
        else:
            group.add_argument(switch, metavar="NAME", help="add a field that the contract does not know")


def exit_with_one_line(main: Callable[[list[str]], None]) -> NoReturn:
    """Run a command with the process's arguments; a request that cannot be met is one line on stderr and exit 2."""
    try:
        main(sys.argv[1:])
    except (SampleDataError, OSError) as error:
        print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        sys.exit(2)
    sys.exit(0)


def main(argv: list[str]) -> None:
    """Write the dates that the arguments name and print one line per object."""
    parser = _parser()
    args = parser.parse_args(argv)
    days = list(dict.fromkeys(day for group in args.dates + args.more_dates for day in group))
    if not days:
        parser.error("no date given; name at least one, for example 2025-01-31 or 2025-01-01..2025-01-03")
    defects = Defects(**{field.name: getattr(args, field.name) for field in fields(Defects)})
    names, store = object_names(args.objects, compress=args.gzip), open_store(args.out)
    for day in days:  # all before the first, so that a refusal leaves nothing half done
        _refuse_leftovers(store, day, names)
    for day in days:
        for written in generate_day(
            day,
            out=args.out,
            rows=0 if args.empty else args.rows,
            seed=args.seed,
            defects=defects,
            objects=args.objects,
            compress=args.gzip,
            workers=args.workers,
        ):
            print(written.report(as_json=args.json), flush=True)


if __name__ == "__main__":
    exit_with_one_line(main)
