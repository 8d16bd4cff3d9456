"""What the commands do in a deployed environment: start executions, follow them to their end, query, list.

Every wait can be interrupted: the execution goes on, and the message says how to come back to it.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from cli import doctor
from cli.athena import MOST_ROWS, run_query
from cli.dataset import Dataset, open_dataset
from cli.deployment import Deployment
from cli.errors import CommandFailed, Interrupted
from cli.executions import STOPPED, DateState, Execution, Executions, dates_asked
from cli.findings import as_document, findings_view, is_well
from cli.output import Output, shown_backfill, shown_progress
from cli.views import dates_table, outcome_line, query_table, whole
from cli.words import count, size, step
from core.layout import started_at
from core.prices import Cost, read_cost, total, usd


def run_day(deployment: Deployment, day: date, *, force: bool, wait: bool, output: Output) -> int:
    """Start the pipeline for a date and follow it; 0 when the date is published afterwards."""
    execution = Executions(deployment).start_run(day, force=force)
    return _followed(deployment, execution, output) if wait else _left(execution, output)


def backfill(
    deployment: Deployment, days: Sequence[date], *, options: Mapping[str, Any], wait: bool, output: Output
) -> int:
    """Start a backfill and follow it; 0 when every date is published afterwards."""
    execution = Executions(deployment).start_backfill(days, options)
    return _followed(deployment, execution, output) if wait else _left(execution, output)


def follow(deployment: Deployment, name: str, *, output: Output) -> int:
    """Follow an execution that was started before, by its name or ARN, and end as it does."""
    return _followed(deployment, Executions(deployment).describe(deployment.execution_arn(name)), output)


def examine(deployment: Deployment, *, output: Output) -> int:
    """Look at what a dataset needs; 1 when something of it is wrong."""
    with shown_progress(output.progress, f"looking at {deployment.names.prefix}"):
        findings = doctor.examine(deployment, command=output.next_command)
    output.show(as_document(findings), findings_view(findings))
    return 0 if is_well(findings) else 1


def query(deployment: Deployment, sql: str, *, output: Output) -> int:
    """Run a statement in Athena and show its rows."""
    result = run_query(deployment, sql)
    if output.as_json:
        output.show(asdict(result))
        return 0
    output.console.print(query_table(result.names, result.rows, types=result.types), crop=False)
    if result.names and not result.rows:
        output.console.print("no rows")
    if result.has_more:
        output.console.print(whole(f"the first {count(MOST_ROWS)} rows; the full result: {result.output_location}"))
    output.console.print(f"{size(result.scanned_bytes)} scanned", style="dim")
    return 0


def _followed(deployment: Deployment, execution: Execution, output: Output) -> int:
    with _left_running(execution, output):
        if deployment.is_backfill(execution.arn):
            return _follow_backfill(deployment, execution, output)
        return _follow_run(deployment, execution, output)


def run_to_end(deployment: Deployment, day: date, *, force: bool, output: Output) -> Execution:
    """Start the pipeline for a date and return its execution when it has ended, however it did."""
    execution = Executions(deployment).start_run(day, force=force)
    with _left_running(execution, output):
        return _ended(deployment, execution, output)


def _follow_run(deployment: Deployment, execution: Execution, output: Output) -> int:
    execution = _ended(deployment, execution, output)
    if output.as_json:
        output.show(_run_document(execution))
        return 0 if execution.has_succeeded else 1
    if not execution.has_succeeded:
        raise CommandFailed(output.told(f"{execution.reason}; execution {execution.name}"))
    output.show(None, _run_line(execution))
    return 0


def _ended(deployment: Deployment, execution: Execution, output: Output) -> Execution:
    """Wait for the end of an execution, showing what it does until then."""
    executions = Executions(deployment)
    execution = executions.looked_into(execution)
    with shown_progress(output.progress, str(execution.ingestion_date or execution.name)) as show_step:
        while execution.is_running:
            show_step(step(execution.state, held_back=execution.is_held_back))
            time.sleep(deployment.poll_seconds)
            execution = executions.looked_into(executions.describe(execution.arn))
    return execution


def _run_document(execution: Execution) -> dict[str, Any]:
    facts = _named(execution)
    if not execution.has_succeeded:
        facts |= {"ingestion_date": execution.ingestion_date, "status": "failed", "message": execution.reason}
    return facts | dict(execution.output or {})


def _named(execution: Execution) -> dict[str, Any]:
    return {"execution_arn": execution.arn, "execution_status": execution.status}


def _run_line(execution: Execution) -> str:
    output = execution.output or {}
    run_id, fault = output.get("run_id"), output.get("fault")
    if output.get("status") == "published":
        return outcome_line({**output, **output["summary"]})
    if output.get("status") == "refused":
        why = f"this raw data failed its checks in run {run_id}"
    elif output.get("status") == "changed_since":
        why = "the raw data has changed since late data started this execution; another one runs what is there now"
    elif output.get("is_rolled_back"):
        why = f"this input is blocked: it was rolled back, and run {run_id} is published instead; --force publishes it"
    else:
        repaired = f"; readers could not find it, which is now repaired: {fault}" if fault else ""
        why = f"already published by run {run_id}{repaired}"
    return f"{output.get('ingestion_date')}: nothing to do, {why}"


def _follow_backfill(deployment: Deployment, execution: Execution, output: Output) -> int:
    executions, dates = Executions(deployment), dates_asked(execution)
    ended: dict[date, DateState] = {}
    with shown_backfill(output.progress) as show:
        while True:
            execution = executions.describe(execution.arn)
            # What had ended before a redrive may have ended again since the last look.
            is_told_anew = execution.redrives > 0 and not execution.is_running
            states = executions.dates_of(execution, dates, {} if is_told_anew else ended)
            ended = {day: state for day, state in states.items() if state.status not in {"waiting", "running"}}
            show(list(states.values()), execution.seconds)
            if not execution.is_running:
                break
            time.sleep(deployment.poll_seconds)
    final = [_final(state) for state in states.values()]
    cost = _cost_since(open_dataset(deployment.place), execution.started_at, dates)
    if output.as_json:
        output.show(_backfill_document(execution, final) | {"estimated_cost_usd": cost and cost.estimated_usd})
    else:
        output.console.print(dates_table(final), crop=False)
        if cost is not None and cost.estimated_usd is not None:
            used = f"{count(round(cost.dpu_seconds))} DPU-seconds"
            output.console.print(f"about {usd(cost.estimated_usd)} for all its runs ({used})", style="dim")
    if execution.has_succeeded:
        return 0
    if output.as_json:
        return 1
    raise CommandFailed(f"{_why_backfill_failed(execution, final)}; execution {execution.name}")


def _cost_since(dataset: Dataset, moment: datetime, dates: Sequence[date]) -> Cost | None:
    """Add up what the runs of these dates have cost that started since then, failed ones too."""
    wanted, start = set(dates), moment.astimezone(UTC).replace(microsecond=0)
    since = [run for run in dataset.runs.listed() if run.day in wanted and started_at(run.run_id) >= start]
    return total(map(read_cost, dataset.runs.read(since).values()))


def _final(state: DateState) -> DateState:
    """Say of a date that nothing will start any more."""
    is_left = state.status == "waiting"
    return DateState(ingestion_date=state.ingestion_date, status="not started") if is_left else state


def _backfill_document(execution: Execution, states: list[DateState]) -> dict[str, Any]:
    dates = [asdict(state) for state in states]
    return _named(execution) | {"message": None if execution.has_succeeded else execution.reason, "dates": dates}


def _why_backfill_failed(execution: Execution, states: list[DateState]) -> str:
    became = Counter(state.status for state in states)
    told = [f"{count(became[status])} {status}" for status in (STOPPED, "not started") if became[status]]
    if execution.status == "ABORTED":
        what, then = [execution.reason, *told], "to go on, run"
    elif became["failed"]:
        what, then = (
            [f"{count(became['failed'])} of {count(len(states))} dates failed", *told],
            "fix the cause, then run",
        )
    else:
        return execution.reason
    return f"{', '.join(what)}; {then} the same command again: published dates are skipped"


def _left(execution: Execution, output: Output) -> int:
    command = output.next_command(f"follow {execution.name}")
    output.show(_named(execution), f"started {execution.name}", whole(f"follow it with: {command}"))
    return 0


@contextmanager
def _left_running(execution: Execution, output: Output) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        command = output.next_command(f"follow {execution.name}")
        raise Interrupted(f"{execution.name} is still running; follow it with: {command}") from None
