"""What a report on a range of dates is about: each date as it is published, and the run that was the last to count it.

Reads publication records and metrics; knows nothing of charts or HTML.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from cli.dataset import Dataset
from cli.quarantine import are_correctable
from core.checks import Check, failures, only_odd, read_checks
from core.days import days_from
from core.errors import InvalidDocument
from core.prices import Cost, read_cost, total
from core.publication import Publication
from core.rejections import RejectedLines, read_rejections
from core.runs import ENDED_WELL, SUPERSEDED, ListedRun, Metrics, is_overtaken

PUBLISHED: Final = "published"
WARNED: Final = "published with warnings"
ACCEPTED: Final = "published, accepted"
FAILED: Final = "failed"
NOTHING: Final = "nothing"
_READERS: Final = 8


@dataclass(frozen=True, kw_only=True)
class DateFacts:
    """One date. Counts, checks and distributions are those of the last run that counted its rows.

    ``state`` is that of the date, not of a run; ``shown_run`` is the published one, None without any, and
    ``rows_published`` are its rows. ``replaced`` are the quarantined lines that corrected ones stand for; ``accepted``
    are the checks that people let pass.
    """

    day: date
    state: str
    reason: str = ""
    run_id: str | None = None
    shown_run: str | None = None
    rows_published: int | None = None
    published_at: str | None = None
    contract_version: str | None = None
    rows_read: int | None = None
    replaced: int | None = None
    duplicates: int | None = None
    quarantined: int | None = None
    checks: tuple[Check, ...] = ()
    accepted: Mapping[str, Any] | None = None
    distributions: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    rejected: tuple[RejectedLines, ...] = ()
    runs: int = 0
    versions: int = 0
    is_rolled_back: bool = False
    cost: Cost | None = None

    @property
    def failed_checks(self) -> list[Check]:
        return [check for check in self.checks if not check.passed]

    def is_accepted(self, check: Check) -> bool:
        return self.accepted is not None and check.id in self.accepted["checks"]

    @property
    def could_be_accepted(self) -> bool:
        """Tell whether people may let the date pass: nothing but comparisons with earlier dates failed."""
        failed = failures(self.checks, severity="error")
        return bool(failed) and only_odd(failed)


@dataclass(frozen=True)
class RangeFacts:
    """All dates of a range, both ends included, whether or not anything happened on them."""

    dataset: str
    description: str
    contract_version: str
    dates: tuple[DateFacts, ...]
    unreadable: tuple[str, ...] = ()
    has_correctable_lines: bool = True

    @property
    def first(self) -> date:
        return self.dates[0].day

    @property
    def last(self) -> date:
        return self.dates[-1].day

    def states(self) -> Counter[str]:
        return Counter(facts.state for facts in self.dates)

    def total(self, name: str) -> int:
        return sum(getattr(facts, name) or 0 for facts in self.dates)

    @property
    def latest_published(self) -> DateFacts | None:
        return next((facts for facts in reversed(self.dates) if facts.shown_run is not None), None)

    def gaps(self) -> list[DateFacts]:
        """Return the dates without a run or version that come after one that has some, and before another."""
        known = [number for number, facts in enumerate(self.dates) if facts.state != NOTHING]
        return [] if not known else [facts for facts in self.dates[known[0] : known[-1]] if facts.state == NOTHING]

    def cost_usd(self) -> float | None:
        cost = total(facts.cost for facts in self.dates)
        return None if cost is None else cost.estimated_usd


def days_with_anything(dataset: Dataset) -> list[date]:
    """List the dates that were published or run, oldest first."""
    return sorted({*dataset.publications.records.days(), *(run.day for run in dataset.runs.listed())})


def range_facts(dataset: Dataset, first: date, last: date) -> RangeFacts:
    """Read what is known of each date of a range."""
    contract = dataset.contract
    listed = [run for run in dataset.runs.listed() if first <= run.day <= last]
    by_day: dict[date, list[ListedRun]] = {}
    for run in listed:
        by_day.setdefault(run.day, []).append(run)
    metrics = dataset.runs.read(listed)
    published = [day for day in dataset.publications.records.days() if first <= day <= last]
    with ThreadPoolExecutor(_READERS) as readers:
        records = dict(zip(published, readers.map(lambda day: _record(dataset, day), published), strict=True))
    problems = [record for record in records.values() if isinstance(record, str)]
    problems += [f"{run.day}: the metrics of run {run.run_id} cannot be used" for run in listed if run not in metrics]
    return RangeFacts(
        contract.name,
        contract.description,
        contract.version,
        tuple(_date_facts(day, records.get(day), by_day.get(day, []), metrics) for day in days_from(first, last)),
        tuple(problems),
        are_correctable(contract),
    )


def _record(dataset: Dataset, day: date) -> Publication | str | None:
    try:
        return dataset.publications.records.read(day).record
    except InvalidDocument as error:
        return f"{day}: {error}"


def _date_facts(
    day: date, found: Publication | str | None, runs: Sequence[ListedRun], metrics: Mapping[ListedRun, Metrics]
) -> DateFacts:
    record = found if isinstance(found, Publication) else None
    known = [metrics[run] for run in runs if run in metrics]
    costs = total(map(read_cost, known))
    latest = next((run for run in reversed(known) if not is_overtaken(run, record)), None)
    counted = _counted(record, [run for run in known if record is None or run.get("status") != SUPERSEDED])
    has_failed = latest is not None and latest["status"] not in ENDED_WELL and not _is_current(record, latest)
    facts = {} if counted is None else _of_run(counted)
    return DateFacts(
        day=day,
        state=_state(record, facts, has_failed=has_failed),
        reason=str(latest["message"] or latest["status"]) if latest is not None and has_failed else "",
        shown_run=None if record is None else record.current.run_id,
        rows_published=None if record is None else record.current.rows_written,
        published_at=None if record is None else record.current.published_at,
        runs=len(runs),
        versions=0 if record is None else len(record.versions),
        is_rolled_back=record is not None and bool(record.blocked),
        cost=costs,
        **(_of_record(record) | facts),
    )


def _is_current(record: Publication | None, run: Metrics) -> bool:
    return record is not None and record.current.run_id == run["run_id"]


def _counted(record: Publication | None, runs: Sequence[Metrics]) -> Metrics | None:
    """Return the run whose numbers are a date's: the last that counted, unless an older version was gone back to."""
    if record is not None and record.blocked:
        return next((run for run in runs if run["run_id"] == record.current.run_id), None)
    return next((run for run in reversed(runs) if run["checks"]), None)


def _state(record: Publication | None, facts: Mapping[str, Any], *, has_failed: bool) -> str:
    if has_failed:
        return FAILED
    if record is None:
        return NOTHING
    failed = {check.id for check in facts.get("checks", ()) if not check.passed}
    accepted = set((facts.get("accepted") or {}).get("checks", ()))
    if failed - accepted:
        return WARNED
    return ACCEPTED if failed else PUBLISHED


def _of_record(record: Publication | None) -> dict[str, Any]:
    if record is None:
        return {}
    current = record.current
    return {
        "run_id": current.run_id,
        "contract_version": str(current.contract["version"]),
        "rows_read": current.rows_read,
        "replaced": int(current.raw.get("rows_replaced", 0)),
        "duplicates": current.duplicates_removed,
        "quarantined": current.rows_quarantined,
    }


def _of_run(run: Metrics) -> dict[str, Any]:
    source = f"of run {run['run_id']}"
    return {
        "run_id": run["run_id"],
        "contract_version": str(run["contract"]["version"]),
        "rows_read": run["rows_read"],
        "replaced": run.get("rows_replaced"),
        "duplicates": run["duplicates_removed"],
        "quarantined": run["rows_quarantined"],
        "checks": read_checks(run, source=source),
        "accepted": run.get("accepted"),
        "distributions": {
            name: column["distribution"] for name, column in run["columns"].items() if column["distribution"]
        },
        "rejected": tuple(read_rejections(run, source=source)),
    }
