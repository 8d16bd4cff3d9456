"""`backfill --dry-run`: what it would do with each date and why, how long and how dear that would be by earlier runs.

Starts and writes nothing.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from statistics import median
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from cli.dataset import Dataset
from cli.output import Output, shown_progress
from cli.ranges import in_ranges
from cli.views import new_table, whole
from cli.words import count, duration, size
from core.errors import PipelineError
from core.layout import started_at
from core.prices import read_cost, usd
from core.publication import Publication, RunInput
from core.raw_day import RawDay
from core.refusals import refusing_run
from core.runs import Metrics
from core.wording import plural

_RUNS: Final = "would run"
_SKIPS: Final = "would be skipped"
_FAILS: Final = "would fail"
_STYLES: Final = {_RUNS: "yellow", _SKIPS: "cyan", _FAILS: "red"}
_READERS: Final = 8
_RUNS_LOOKED_AT: Final = 60
_MOST_ALIKE: Final = 5


@dataclass(frozen=True)
class _PlannedDate:
    """What a backfill would do with a date, and an estimate of its job by runs with about as much raw data."""

    ingestion_date: date
    what: str
    why: str
    raw_bytes: int
    seconds: float | None = None
    cost_usd: float | None = None


@dataclass(frozen=True)
class _PastRun:
    """What a run that wrote a version took."""

    raw_bytes: int
    seconds: float
    cost_usd: float | None


def show_plan(dataset: Dataset, days: Sequence[date], *, force: bool, concurrency: int, output: Output) -> int:
    """Show what a backfill of these dates would do."""
    with shown_progress(output.progress, f"looking at {plural(len(days), 'date')}"):
        past = _past_runs(dataset)
        with ThreadPoolExecutor(_READERS) as readers:
            planned = list(readers.map(lambda day: _planned(dataset, day, past, force=force), days))
    document = {
        "dates": [asdict(item) for item in planned],
        "estimated_job_seconds": _sum([item.seconds for item in planned]),
        "estimated_cost_usd": _sum([item.cost_usd for item in planned]),
    }
    output.show(document, _table(planned), *_summary(planned, past, concurrency))
    return 0


def _planned(dataset: Dataset, day: date, past: Sequence[_PastRun], *, force: bool) -> _PlannedDate:
    try:
        raw = dataset.raw_day(day)
        record = dataset.publications.records.read(day).record
        what, why = _decided(dataset, day, raw, record, force=force)
    except PipelineError as error:
        return _PlannedDate(day, _FAILS, str(error).removeprefix(f"{day}: "), 0)
    if what != _RUNS:
        return _PlannedDate(day, what, why, raw.size_bytes)
    alike = sorted(past, key=lambda run: abs(_size(run.raw_bytes) - _size(raw.size_bytes)))[:_MOST_ALIKE]
    costs = [run.cost_usd for run in alike if run.cost_usd is not None]
    return _PlannedDate(
        day,
        what,
        why,
        raw.size_bytes,
        seconds=median(run.seconds for run in alike) if alike else None,
        cost_usd=median(costs) if costs else None,
    )


def _decided(dataset: Dataset, day: date, raw: RawDay, record: Publication | None, *, force: bool) -> tuple[str, str]:
    """Say what a run would make of a day, as the sensor and the job decide it."""
    if not raw.objects:
        return _FAILS, "no raw data"
    if raw.leaves_too_much_unread:
        return _FAILS, f"{plural(len(raw.unread), 'object')} would not be read, limit {raw.max_unread}"
    run_input = dataset.input_of(raw)
    if record is not None and not force and record.is_up_to_date(run_input):
        missing = dataset.publications.hidden_from_readers(day, record.current)
        if record.blocks(run_input):
            return _SKIPS, "its input is blocked, as it was rolled back; --force publishes it"
        return (_SKIPS, "published from the same raw data") if missing is None else (_RUNS, missing)
    refused = refusing_run(dataset.runs.readable(day), raw, contract_checksum=dataset.contract.checksum)
    repeats = f"; run {refused} failed its checks on the same raw data" if refused else ""
    return _RUNS, _reason(record, run_input) + repeats


def _reason(record: Publication | None, run_input: RunInput) -> str:
    if record is None:
        return "not published"
    if record.current.input.fingerprint != run_input.fingerprint:
        return "its raw data has changed"
    if record.current.input.contract_checksum != run_input.contract_checksum:
        return "written under another contract"
    return "written by an older job" if record.current.is_of_an_older_job else "forced"


def _past_runs(dataset: Dataset) -> list[_PastRun]:
    listed = sorted(dataset.runs.listed(), key=lambda run: started_at(run.run_id))[-_RUNS_LOOKED_AT:]
    return [_past_run(metrics) for metrics in dataset.runs.read(listed).values() if _wrote(metrics)]


def _wrote(metrics: Metrics) -> bool:
    return metrics["status"] == "published" and "total" in metrics["seconds"]


def _past_run(metrics: Metrics) -> _PastRun:
    cost = read_cost(metrics)
    usd_ = None if cost is None else cost.estimated_usd
    return _PastRun(metrics["raw"]["bytes"], metrics["seconds"]["total"], usd_)


def _size(raw_bytes: int) -> float:
    """Return a size as sizes compare: by how many times one is another."""
    return math.log(raw_bytes + 1)


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known), 4) if known else None


def _table(planned: Iterable[_PlannedDate]) -> RenderableType:
    table = new_table("date", "what", **{"raw data": "right", "about": "right", "cost": "right", "why": "left"})
    for dates, alike in in_ranges(planned, lambda item: None if item.what == _RUNS else (item.what, item.why)):
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


def _summary(planned: Sequence[_PlannedDate], past: Sequence[_PastRun], concurrency: int) -> Iterator[object]:
    counts = Counter(item.what for item in planned)
    yield whole(", ".join(f"{count(counts[what])} {what}" for what in (_RUNS, _SKIPS, _FAILS) if counts[what]))
    seconds, cost = (_sum([getattr(item, name) for item in planned]) for name in ("seconds", "cost_usd"))
    if seconds is not None:
        at_once = f", {duration(seconds / concurrency)} with {concurrency} at once" if concurrency > 1 else ""
        about = "" if cost is None else f"; about {usd(cost)}"
        by = f"by {plural(len(past), 'earlier run')}; the start of each job comes on top"
        yield whole(f"about {duration(seconds)} of job time{at_once}{about} ({by})")
    elif counts[_RUNS]:
        yield whole("how long it would take is not known: no run has published anything yet")
