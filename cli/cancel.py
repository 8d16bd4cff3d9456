"""`pipeline cancel`: stops an execution and all that it started, waits for their end, says what became of each date.

Nothing that was published is touched: a date whose run was stopped is as it was before, or published by that run.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Final

from adapters.aws import caller
from adapters.glue_jobs import runs_at_work, stop_job_run
from cli.dataset import Dataset, open_dataset
from cli.deployment import Deployment
from cli.errors import CommandFailed, Interrupted
from cli.executions import CURATING, STOPPED, DateState, Execution, Executions, dates_asked
from cli.output import Output, shown_progress
from cli.views import dates_table, whole
from cli.words import counted
from core.days import is_range
from core.layout import as_ingestion_date

# Step Functions stops what an execution started, as far as it can; a job run that works on after this is stopped here.
_PATIENCE_SECONDS: Final = 10
_LONGEST_WAIT_SECONDS: Final = 600


@dataclass(frozen=True)
class _Work:
    """An execution with the dates that it was to run."""

    execution: Execution
    days: Sequence[date]
    is_backfill: bool


def cancel(deployment: Deployment, target: str, *, output: Output) -> int:
    """Cancel the execution of that name or ARN, or all that work on a date, and wait until they have ended."""
    executions, dataset = Executions(deployment), open_dataset(deployment.place)
    found = _found(deployment, executions, target)
    try:
        with shown_progress(output.progress, f"stopping {target}"):
            for work in found:
                _Stopping(deployment, executions, work).carry_out(why=f"cancelled by {caller()}")
    except KeyboardInterrupt:
        command = output.next_command(f"cancel {target}")
        raise Interrupted(f"{target} may still be running; go on with: {command}") from None
    states = [_as_readers_see_it(state, dataset) for work in found for state in _states(executions, work)]
    names = [work.execution.name for work in found]
    document = {"executions": names, "dates": [asdict(state) for state in states]}
    output.show(document, dates_table(states), *outcome_lines(names, states, output))
    return 0


def _found(deployment: Deployment, executions: Executions, target: str) -> list[_Work]:
    """Return what is named and runs. Raises CommandFailed when nothing of that name runs."""
    day = as_ingestion_date(target)
    if day is None:
        execution = executions.describe(deployment.execution_arn(target))
        if not execution.is_running:
            raise CommandFailed(f"{execution.name} has ended already: {execution.status}")
        return [_work(deployment, executions, execution)]
    running = [execution for execution in executions.under_way() if execution.ingestion_date == day]
    if not running:
        raise CommandFailed(f"no execution is working on {day}; pipeline status lists those that are running")
    return [_work(deployment, executions, execution) for execution in running]


def _work(deployment: Deployment, executions: Executions, execution: Execution) -> _Work:
    if deployment.is_backfill(execution.arn):
        return _Work(execution, dates_asked(execution), is_backfill=True)
    day = executions.looked_into(execution).ingestion_date
    return _Work(execution, [] if day is None else [day], is_backfill=False)


class _Stopping:
    """Stops one execution, from the outside in: what starts others first, so that it starts no more."""

    def __init__(self, deployment: Deployment, executions: Executions, work: _Work) -> None:
        self._deployment, self._executions, self._work = deployment, executions, work
        self._began = time.monotonic()

    def carry_out(self, *, why: str) -> None:
        """Stop it and wait. Raises CommandFailed when something of it does not end."""
        self._executions.stop(self._work.execution, why=why)
        while left := [*self._executions_left(why), *self._job_runs_left()]:
            if self._seconds > _LONGEST_WAIT_SECONDS:
                raise CommandFailed(f"still running after {self._seconds:.0f} s: {', '.join(left)}; try again")
            time.sleep(self._deployment.poll_seconds)

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _executions_left(self, why: str) -> Iterator[str]:
        own = self._work.execution
        for execution in self._executions.started_by(own) if self._work.is_backfill else ():
            if execution.is_running:
                self._executions.stop(execution, why=why)
                yield execution.name
        if self._executions.describe(own.arn).is_running:
            yield own.name

    def _job_runs_left(self) -> Iterator[str]:
        """Return the job runs of these executions that are still at work.

        A date has one job run at a time, and an execution that waits for that of another is in another state.
        """
        days, job_name = {str(day) for day in self._curated()}, self._deployment.names.job_name
        for day, run_id in runs_at_work(job_name) if days else ():
            if day in days:
                if self._seconds > _PATIENCE_SECONDS:
                    stop_job_run(run_id, job_name)
                yield run_id

    def _curated(self) -> Iterator[date]:
        """Return the dates whose execution was stopped, or is, while its own job ran."""
        own = [self._executions.describe(self._work.execution.arn)]
        for execution in self._executions.dates_started_by(own[0]) if self._work.is_backfill else own:
            if execution.is_running or execution.status == "ABORTED":
                looked = self._executions.looked_into(self._executions.describe(execution.arn))
                if looked.state == CURATING and looked.ingestion_date is not None:
                    yield looked.ingestion_date


def _states(executions: Executions, work: _Work) -> list[DateState]:
    """Return what became of each date, as its execution tells it."""
    if work.is_backfill:
        return list(executions.dates_of(work.execution, work.days, {}).values())
    execution = executions.describe(work.execution.arn)
    return [executions.date_state(day, execution) for day in work.days]


def _as_readers_see_it(state: DateState, dataset: Dataset) -> DateState:
    """Say of a date that was stopped, or not begun, what is published of it."""
    if state.status not in (STOPPED, "waiting"):
        return state
    record = dataset.publications.records.read(state.ingestion_date).record
    if record is None:
        published = "nothing is published"
    else:
        faults = dataset.publications.faults([record])
        hidden = f", but readers do not find it: {faults[0].reason}; next: pipeline repair" if faults else ""
        published = f"run {record.current.run_id} is published{hidden}"
    return replace(state, status="not started" if state.status == "waiting" else STOPPED, reason=published)


def outcome_lines(names: Sequence[str], states: Sequence[DateState], output: Output) -> Iterator[object]:
    """Say what became of the dates, and how to run those that are left."""
    became = counted(state.status for state in states)
    yield whole(f"cancelled {', '.join(names)}: {became or 'it had no date yet'}")
    left = sorted({state.ingestion_date for state in states if state.status in (STOPPED, "not started", "failed")})
    asked = sorted({state.ingestion_date for state in states})
    if len(left) == 1:
        yield whole(f"to run what is left: {output.next_command(f'run {left[0]}')}")
    elif left and (is_range(left) or is_range(asked)):  # it passes over what is published
        yield whole(f"to run what is left: {output.next_command(f'backfill {left[0]} {left[-1]}')}")
    elif left:
        yield whole(f"to run what is left, for each of these dates: {output.next_command('run DATE')}")
