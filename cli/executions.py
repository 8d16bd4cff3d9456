"""Executions of the deployed state machines: started, looked at, and what became of the dates they are for.

Reads what Step Functions says; must not print or wait.
"""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import islice, takewhile
from typing import Any, Final

from cli.deployment import Deployment
from cli.errors import CommandFailed
from core.backfills import date_in_name, name_prefix
from core.causes import Cause, answer_in, read_cause
from core.days import days_from, is_range, too_many_dates
from core.documents import json_object
from core.layout import as_ingestion_date, parse_ingestion_date

RUNNING: Final = "RUNNING"
STOPPED: Final = "stopped"
# The state in which the job of a date runs.
CURATING: Final = "CurateDay"
_ENDED: Final = {"FAILED": "failed", "TIMED_OUT": "timed out", "ABORTED": "was aborted"}
# The sensor's answer is among them, also while an execution curates or waits.
_EVENTS: Final = 50


@dataclass(frozen=True, kw_only=True)
class Execution:
    """One execution as it is now; ``input`` and ``output`` are None where they are no JSON objects."""

    arn: str
    name: str
    status: str
    started_at: datetime
    stopped_at: datetime | None
    input: Mapping[str, Any] | None = None
    output: Mapping[str, Any] | None = None
    cause: Cause | None = None
    redrives: int = 0
    # Of one that was looked into: the state that it entered last, the date that the sensor made of its input, and
    # whether there is raw data, so that what it waits for is another run of the date.
    state: str = ""
    sensed_date: date | None = None
    is_held_back: bool = False

    @property
    def is_running(self) -> bool:
        return self.status == RUNNING

    @property
    def has_succeeded(self) -> bool:
        return self.status == "SUCCEEDED"

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return ((self.stopped_at or datetime.now(UTC)) - self.started_at).total_seconds()

    @property
    def reason(self) -> str:
        """Why it did not succeed, in one line."""
        if self.cause is not None and self.cause.text:
            stopped = "the execution was aborted: " if self.status == "ABORTED" else ""
            return stopped + " ".join(self.cause.text.split())
        return f"the execution {_ENDED.get(self.status, self.status)}"

    @property
    def ingestion_date(self) -> date | None:
        """The date that it is for, where its input or the sensor says so."""
        return self.sensed_date or _date_of(self.input)


@dataclass(frozen=True, kw_only=True)
class DateState:
    """What has become of one date of a backfill."""

    ingestion_date: date
    status: str
    rows: int | None = None
    seconds: float | None = None
    reason: str = ""
    remarks: tuple[str, ...] = ()


class Executions:
    """The executions of one deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def start_run(self, day: date, *, force: bool) -> Execution:
        """Start the pipeline for a date."""
        name = f"run-{day}-{secrets.token_hex(4)}"
        return self._start(self._deployment.pipeline_arn, name, {"ingestion_date": str(day), "force": force})

    def start_backfill(self, days: Sequence[date], options: Mapping[str, Any]) -> Execution:
        """Start a backfill of dates, which are in order."""
        start, end = days[0], days[-1]
        name = f"backfill-{start}-{end}-{secrets.token_hex(4)}"
        dates = {"start": str(start), "end": str(end)} if is_range(days) else {"dates": list(map(str, days))}
        asked = {**dates, **options}
        return self._start(self._deployment.backfill_arn, name, asked)

    def stop(self, execution: Execution, *, why: str) -> None:
        """Stop an execution; one that has ended meanwhile stays as it is."""
        self._client.stop_execution(executionArn=execution.arn, error="Cancelled", cause=why)

    def started_by(self, backfill: Execution) -> Iterator[Execution]:
        """Return the executions that a backfill started: of its batches first, then of their dates."""
        for machine_arn in (self._deployment.days_arn, self._deployment.pipeline_arn):
            yield from self._started(machine_arn, backfill)

    def dates_started_by(self, backfill: Execution) -> Iterator[Execution]:
        """Return the executions of the dates of a backfill."""
        return self._started(self._deployment.pipeline_arn, backfill)

    def _started(self, machine_arn: str, backfill: Execution) -> Iterator[Execution]:
        of_others = self._prefixes_of_others(backfill)
        listed = self._listed(machine_arn)  # the youngest first
        for item in takewhile(lambda item: item["startDate"] >= backfill.started_at, listed):
            day = date_in_name(item["name"], backfill.name, redrives=backfill.redrives)
            if day is not None and item["name"].removesuffix(f"-{day}") not in of_others:
                yield _execution(item)

    def _prefixes_of_others(self, backfill: Execution) -> set[str]:
        """Return which attempts of a redriven backfill are called like a backfill of its own: `x-2`, and `x` again."""
        prefix, machine = name_prefix(backfill.name), backfill.arn.removesuffix(backfill.name)
        attempts = [f"{prefix}-{number}" for number in range(1, backfill.redrives + 1)]
        return {name for name in attempts if self._described(f"{machine}{name}") is not None}

    def describe(self, arn: str) -> Execution:
        """Return an execution as it is now.

        Raises:
            CommandFailed: when there is none, or no longer: Step Functions keeps closed ones for 90 days.
        """
        found = self._described(arn)
        if found is None:
            raise CommandFailed(f"no execution {arn}; pipeline status lists those that are running")
        return found

    def looked_into(self, execution: Execution) -> Execution:
        """Return an execution with what its latest events tell: its state, and the date of a scheduled one."""
        history = self._client.get_execution_history(
            executionArn=execution.arn, reverseOrder=True, maxResults=_EVENTS, includeExecutionData=True
        )
        found = (event.get("stateEnteredEventDetails") for event in history["events"])
        entered = (details["name"] for details in found if details is not None)
        answers = (answer for event in history["events"] if _date_of(answer := answer_in(event)) is not None)
        latest = next(answers, {})
        return replace(
            execution,
            state=next(entered, ""),
            sensed_date=_date_of(latest),
            is_held_back=latest.get("status") == "waiting" and latest.get("held_back_by") is not None,
        )

    def under_way(self) -> list[Execution]:
        """Return the pipeline's and the backfill's executions that run now, looked into, oldest first."""
        arns = [self._deployment.pipeline_arn, self._deployment.backfill_arn]
        listed = [item for arn in arns for item in self._listed(arn, statusFilter=RUNNING)]
        found = (self._described(item["executionArn"]) for item in listed)
        at_work = (self.looked_into(item) for item in found if item is not None)
        return sorted(at_work, key=lambda item: item.started_at)

    def last_ended(self, statuses: Sequence[str], *, since: datetime, most: int) -> list[Execution]:
        """Return the latest of the pipeline's executions that ended so, ``most`` of each, the latest start first."""
        found = []
        for status in statuses:
            all_of_them = self._listed(self._deployment.pipeline_arn, statusFilter=status)
            listed = takewhile(lambda item: item["startDate"] >= since, all_of_them)
            found += [self._described(item["executionArn"]) for item in islice(listed, most)]
        known = [item for item in found if item is not None]
        dated = [item if item.ingestion_date else self.looked_into(item) for item in known]
        return sorted(dated, key=lambda item: item.started_at, reverse=True)

    def dates_of(
        self, backfill: Execution, dates: Sequence[date], known: Mapping[date, DateState]
    ) -> dict[date, DateState]:
        """Return what has become of each date of a backfill; dates in ``known`` have ended and are not asked for.

        Of a date that a redriven backfill runs again, the last time counts.
        """
        states = {day: DateState(ingestion_date=day, status="waiting") for day in dates} | dict(known)
        latest: dict[date, Execution] = {}
        for execution in self.dates_started_by(backfill):  # the youngest first
            day = date_in_name(execution.name, backfill.name, redrives=backfill.redrives)
            if day in states:
                latest.setdefault(day, execution)
        asked = {day: self.date_state(day, latest[day]) for day in latest if day not in known or latest[day].is_running}
        return states | asked

    def date_state(self, day: date, execution: Execution) -> DateState:
        """Return what an execution of the pipeline, running or ended, has made of its date."""
        if execution.is_running:
            return DateState(ingestion_date=day, status="running", seconds=execution.seconds)
        execution = self.describe(execution.arn)
        if not execution.has_succeeded:
            status = STOPPED if execution.status == "ABORTED" else "failed"
            return DateState(ingestion_date=day, status=status, seconds=execution.seconds, reason=execution.reason)
        output = execution.output or {}
        status, summary = str(output.get("status")), output.get("summary", {})
        return DateState(
            ingestion_date=day,
            status=status,
            rows=summary.get("rows_written"),
            seconds=execution.seconds,
            remarks=tuple(summary.get("remarks", ())) if status == "published" else (),
        )

    def _listed(self, machine_arn: str, **which: str) -> Iterator[Mapping[str, Any]]:
        pages = self._client.get_paginator("list_executions").paginate(stateMachineArn=machine_arn, **which)
        for page in pages:
            yield from page["executions"]

    def _start(self, machine_arn: str, name: str, asked: Mapping[str, Any]) -> Execution:
        try:
            started = self._client.start_execution(stateMachineArn=machine_arn, name=name, input=json.dumps(asked))
        except self._client.exceptions.StateMachineDoesNotExist as error:
            raise CommandFailed(
                f"no state machine {machine_arn}; next: deploy the dataset with cdk deploy --all"
            ) from error
        return self.describe(started["executionArn"])

    def _described(self, arn: str) -> Execution | None:
        try:
            found = self._client.describe_execution(executionArn=arn)
        except (self._client.exceptions.ExecutionDoesNotExist, self._client.exceptions.InvalidArn):
            return None
        return _execution(found)

    @cached_property
    def _client(self) -> Any:
        from adapters.aws import client  # noqa: PLC0415  slow to load, and no command on a directory needs it

        return client("stepfunctions")


def _execution(found: Mapping[str, Any]) -> Execution:
    """Return an execution as it was described or, without what it was given and came to, listed."""
    return Execution(
        arn=found["executionArn"],
        name=found["name"],
        status=found["status"],
        started_at=found["startDate"],
        stopped_at=found.get("stopDate"),
        input=json_object(found.get("input")),
        output=json_object(found.get("output")),
        cause=read_cause(found["cause"], error=found.get("error", "")) if "cause" in found else None,
        redrives=found.get("redriveCount", 0),
    )


def dates_asked(backfill: Execution) -> list[date]:
    """Return the dates that the input of a backfill names, in its order; none where it cannot be used and fails."""
    asked = backfill.input or {}
    try:
        if "dates" in asked:
            return [parse_ingestion_date(text) for text in asked["dates"]]
        first, last = (parse_ingestion_date(asked[name]) for name in ("start", "end"))
    except (KeyError, TypeError, ValueError):
        return []
    return [] if too_many_dates((last - first).days + 1) else days_from(first, last)


def _date_of(document: Mapping[str, Any] | None) -> date | None:
    """Return the ingestion date that an input or an answer names."""
    return None if document is None else as_ingestion_date(document.get("ingestion_date"))
