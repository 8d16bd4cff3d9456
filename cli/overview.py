"""How a dataset is, for somebody who looks at all of them: fresh or overdue, failed, at work, hidden, blocked, dear.

Reads what runs and publications left behind, and says what needs a person; it changes and prints nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from adapters.aws import says_missing, translated
from cli.dataset import Dataset
from cli.deployment import Deployment
from cli.executions import Execution, Executions
from cli.questions import alarms_named, function_configuration, schedules
from cli.views import brief
from core.days import days_from, last_due_day, time_zone
from core.errors import PipelineError
from core.faults import Fault
from core.layout import parse_ingestion_date, started_at
from core.leases import runs_at_work
from core.prices import read_cost, total, usd
from core.publication import Publication
from core.remarks import warned
from core.runs import ENDED_WELL, ListedRun, Metrics, is_overtaken
from core.wording import plural

# What is older was news once; `pipeline status` lists all of it.
WINDOW: Final = timedelta(days=35)
_DEPLOY: Final = "cdk deploy --all"
_MOST_FAILED: Final = 5
_MOST_EXECUTIONS: Final = 3
# What was aborted somebody has stopped.
_ENDED_BADLY: Final = ("FAILED", "TIMED_OUT")


@dataclass(frozen=True)
class Sla:
    """When a dataset's days are due: hours after their end in a time zone; not judged where nothing starts them."""

    zone: tzinfo
    hours: float | None
    is_scheduled: bool

    def last_due_day(self, now: datetime) -> date | None:
        if self.hours is None or not self.is_scheduled:
            return None
        return last_due_day(now, self.zone, freshness_hours=self.hours)


@dataclass(frozen=True)
class Failure:
    """What the latest run of a date came to that is not good, or an execution that got no run that far."""

    ingestion_date: date | None
    run: str
    status: str
    reason: str
    at: str


@dataclass(frozen=True)
class Problem:
    """Something that needs a person, and what to do; the step is a command's words, or a sentence."""

    says: str
    next_step: str


@dataclass(frozen=True, kw_only=True)
class Overview:
    """One dataset: dates of the window as they are published, runs that started in it, costs of the calendar month."""

    dataset: str
    last_published: date | None = None
    published_at: str | None = None
    is_judged: bool = False
    overdue: tuple[date, ...] = ()
    failures: tuple[Failure, ...] = ()
    at_work: tuple[str, ...] = ()
    rows_read: int = 0
    rows_quarantined: int = 0
    blocked: tuple[date, ...] = ()
    warned: tuple[date, ...] = ()
    faults: tuple[Fault, ...] = ()
    month_usd: float | None = None
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    not_looked_at: tuple[str, ...] = ()


def unreadable(dataset: str, reason: str) -> Overview:
    """Return what is known of a dataset that cannot be looked at."""
    return Overview(dataset=dataset, problems=(Problem(f"cannot be looked at: {reason}", "pipeline doctor"),))


def look(dataset: Dataset, deployment: Deployment | None, *, now: datetime) -> Overview:
    """Look at one dataset; ``deployment`` is None where it lies on a place of its own, without state machines."""
    return _Look(dataset, deployment, now).overview()


class _Look:
    def __init__(self, dataset: Dataset, deployment: Deployment | None, now: datetime) -> None:
        self._dataset, self._deployment, self._now = dataset, deployment, now
        self._first = (now - WINDOW).date()
        self._not_looked_at: list[str] = []
        self._sla = Sla(UTC, None, is_scheduled=False) if deployment is None else self._deployed_sla(deployment)

    def _deployed_sla(self, deployment: Deployment) -> Sla:
        """Return when days are due, as it was deployed; what of that may not be seen is as config.py has it."""
        names, settings = deployment.names, deployment.names.settings
        zone, is_scheduled = settings.time_zone, settings.schedule_enabled
        with self._if_allowed():
            name = names.function_name("alert")
            found = function_configuration(name)
            zone = str(found["Environment"]["Variables"].get("TIME_ZONE", zone))
        with self._if_allowed():
            states = [item["State"] for item in schedules() if item["Target"]["Arn"] == deployment.pipeline_arn]
            is_scheduled = "ENABLED" in states
        return Sla(time_zone(zone), self._dataset.contract.freshness_hours, is_scheduled)

    @contextmanager
    def _if_allowed(self) -> Iterator[None]:
        """Note what AWS does not let the caller see, which is no reason to show nothing."""
        try:
            yield
        except PipelineError as error:
            missing = f"not deployed, or not as it is here; next: {_DEPLOY}; " if says_missing(error) else ""
            self._not_looked_at.append(f"{missing}{error}")

    def overview(self) -> Overview:
        dataset, deployment = self._dataset, self._deployment
        days = dataset.publications.records.days()
        records = dataset.publications.records.read_all([day for day in days if day >= self._first] or days[-1:])
        runs, metrics = self._runs(records)
        overdue = self._overdue(days)
        at_work = self._at_work()
        current = {record.current.run_id for record in records}
        unfinished = [run for run in runs if run.run_id not in current and str(run.day) not in at_work]
        failed = [*self._failures(unfinished, metrics, records), *self._stopped(records, metrics)]
        failures = sorted((item for item in failed if not self._is_over(item)), key=lambda item: item.at)
        faults = dataset.publications.faults(records)
        blocked = tuple(parse_ingestion_date(record.ingestion_date) for record in records if record.blocked)
        cost = self._cost(metrics)
        with_warnings = self._warned(records, metrics)
        last = records[-1] if records else None
        return Overview(
            dataset=dataset.contract.name,
            last_published=None if last is None else parse_ingestion_date(last.ingestion_date),
            published_at=None if last is None else last.current.published_at,
            is_judged=self._sla.last_due_day(self._now) is not None,
            overdue=overdue,
            failures=tuple(reversed(failures)),
            at_work=at_work,
            rows_read=sum(record.current.rows_read for record in records),
            rows_quarantined=sum(record.current.rows_quarantined for record in records),
            blocked=blocked,
            warned=tuple(with_warnings),
            faults=tuple(faults),
            month_usd=cost,
            problems=(
                *_of_overdue(overdue),
                *_of_failures(failures, overdue),
                *_of_faults(faults),
                *self._of_cost(cost),
                *([] if deployment is None else self._of_alarms(deployment)),
            ),
            notes=tuple(_of_warned(with_warnings)),
            not_looked_at=tuple(self._not_looked_at),
        )

    def _runs(self, records: Iterable[Publication]) -> tuple[list[ListedRun], dict[ListedRun, Metrics]]:
        """Return the latest run of each date that ran in the window, and the metrics of these and of the month.

        And of the runs that readers see, which need not be the latest of their dates.
        """
        recent = [run for run in self._dataset.runs.listed() if started_at(run.run_id).date() >= self._first]
        latest = list({run.day: run for run in recent}.values())
        month = [run for run in recent if self._is_of_month(run)]
        seen = {record.current.run_id for record in records}
        shown = [run for run in recent if run.run_id in seen]
        return latest, self._dataset.runs.read(dict.fromkeys([*latest, *month, *shown]))

    def _is_of_month(self, run: ListedRun) -> bool:
        start = started_at(run.run_id)
        return (start.year, start.month) == (self._now.year, self._now.month)

    def _overdue(self, days: Sequence[date]) -> tuple[date, ...]:
        """Return the days of the window that are due and not published, from the first that ever was."""
        due = self._sla.last_due_day(self._now)
        if due is None:
            return ()
        first = max(self._first, days[0]) if days else due
        published = set(days)
        return tuple(day for day in days_from(first, due) if day not in published)

    def _warned(
        self, records: Iterable[Publication], metrics: Mapping[ListedRun, Metrics]
    ) -> dict[date, tuple[str, bool]]:
        """Return the dates that are published with warnings: by which run, and whether that is the date's latest."""
        latest = {run.day: run.run_id for run in sorted(metrics)}
        found = {}
        for record in records:
            day, run_id = parse_ingestion_date(record.ingestion_date), record.current.run_id
            run = metrics.get(ListedRun(day, run_id))
            with self._if_allowed():
                if run is not None and warned(run, source=f"of run {run_id}"):
                    found[day] = (run_id, latest[day] == run_id)
        return found

    def _at_work(self) -> tuple[str, ...]:
        if self._deployment is None:
            found = runs_at_work(self._dataset.store, self._dataset.paths, now=self._now)
            return tuple(str(day) for day, _ in found)
        executions: list[Execution] = []
        with self._if_allowed(), translated("list executions", needs="states:ListExecutions"):
            executions = Executions(self._deployment).under_way()
        return tuple(str(execution.ingestion_date or execution.name) for execution in executions)

    def _failures(
        self, latest: Iterable[ListedRun], metrics: Mapping[ListedRun, Metrics], records: Iterable[Publication]
    ) -> Iterator[Failure]:
        published = {record.ingestion_date: record for record in records}
        for run in latest:
            found = metrics.get(run)
            if found is None or found["status"] in ENDED_WELL or is_overtaken(found, published.get(str(run.day))):
                continue
            yield Failure(run.day, run.run_id, found["status"], found["message"] or "", found["started_at"])

    def _stopped(self, records: Sequence[Publication], metrics: Mapping[ListedRun, Metrics]) -> Iterator[Failure]:
        """Return the last executions that ended badly after the last that is known of their date."""
        if self._deployment is None:
            return
        last_known = {parse_ingestion_date(item.ingestion_date): item.current.published_at for item in records}
        for run, found in metrics.items():
            last_known[run.day] = max(last_known.get(run.day, ""), str(found["started_at"]))
        for execution in self._last_stopped():
            day, at = execution.ingestion_date, (execution.stopped_at or execution.started_at).astimezone(UTC)
            known = last_known.get(day) if day is not None else None
            if known is None or datetime.fromisoformat(known) < execution.started_at:
                yield Failure(day, execution.name, execution.status.lower(), execution.reason, at.isoformat())

    def _is_over(self, failure: Failure) -> bool:
        """Tell whether a run of the date would have nothing to do: what is published is made of its raw data."""
        if failure.ingestion_date is None:
            return False
        dataset, day = self._dataset, failure.ingestion_date
        record = dataset.publications.records.read(day).record
        if record is None:
            return False
        raw = dataset.raw_day(day)
        return bool(raw.objects) and record.is_up_to_date(dataset.input_of(raw))

    def _last_stopped(self) -> list[Execution]:
        if self._deployment is None:
            return []
        found: list[Execution] = []
        with self._if_allowed(), translated("list executions", needs="states:ListExecutions"):
            executions = Executions(self._deployment)
            found = executions.last_ended(_ENDED_BADLY, since=self._now - WINDOW, most=_MOST_EXECUTIONS)
        # One that failed before it knew its date is told by its alert, and never made up for.
        by_day = {execution.ingestion_date: execution for execution in reversed(found) if execution.ingestion_date}
        return list(by_day.values())

    def _cost(self, metrics: Mapping[ListedRun, Metrics]) -> float | None:
        cost = total(read_cost(found) for run, found in metrics.items() if self._is_of_month(run))
        return None if cost is None else cost.estimated_usd

    def _of_cost(self, cost: float | None) -> Iterator[Problem]:
        limit = self._dataset.contract.max_monthly_cost_usd
        if cost is not None and limit is not None and cost > limit:
            says = f"the runs of {self._now:%Y-%m} cost about {usd(cost)}, limit {usd(limit)} (maxMonthlyCostUsd)"
            yield Problem(says, "find out which runs were needed, or raise the limit in the contract")

    def _of_alarms(self, deployment: Deployment) -> Iterator[Problem]:
        names = deployment.names.alarms(has_late_data=True)  # one that was not deployed is not found
        with self._if_allowed():
            for alarm in alarms_named(names, StateValue="ALARM"):
                yield Problem(f"alarm {alarm['AlarmName']} is on", alarm.get("AlarmDescription") or "pipeline doctor")


def _of_warned(found: Mapping[date, tuple[str, bool]]) -> Iterator[Problem]:
    """Say that dates were published though checks of severity warning failed; that needs a look, and no repair."""
    if found:
        last = max(found)
        run_id, is_latest = found[last]
        step = f"pipeline report {last}" if is_latest else f"pipeline report --run {run_id}"
        yield Problem(f"{plural(len(found), 'date')} published with warnings, {last} the last", step)


def _of_overdue(overdue: Sequence[date]) -> Iterator[Problem]:
    if len(overdue) == 1:
        yield Problem(f"{overdue[0]} is overdue", f"pipeline run {overdue[0]}")
    elif overdue:
        first, last = overdue[0], overdue[-1]
        yield Problem(f"{len(overdue)} days are overdue, {first} to {last}", f"pipeline backfill {first} {last}")


def _of_failures(failures: Sequence[Failure], overdue: Sequence[date]) -> Iterator[Problem]:
    for failure in failures[: -_MOST_FAILED - 1 : -1]:
        day = failure.ingestion_date
        named = f"{day} {failure.status}" if day else f"{failure.run} {failure.status}"
        is_overdue = ", and overdue" if day in overdue else ""
        yield Problem(
            f"{named}{is_overdue}: {brief(failure.reason, day)}", f"pipeline status {day}" if day else "pipeline status"
        )
    if len(failures) > _MOST_FAILED:
        yield Problem(f"and {plural(len(failures) - _MOST_FAILED, 'earlier failure')}", "pipeline status")


def _of_faults(faults: Sequence[Fault]) -> Iterator[Problem]:
    gone = [fault for fault in faults if fault.is_about_files]
    turned = [fault for fault in faults if not fault.is_about_files]
    for found in filter(None, (gone, turned)):
        days, first = plural(len(found), "published day"), found[0]
        yield Problem(f"readers do not find {days}, {first.day} the first: {first.reason}", f"pipeline {first.cure}")
