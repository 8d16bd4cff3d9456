"""What each command of `pipeline` does with an opened dataset; returns the exit code.

Prints results on the console it is given, one JSON document with ``--json``; failures are raised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from cli import ROOT
from cli.dataset import Dataset, Place, open_dataset, require_catalog
from cli.errors import CommandFailed
from cli.executions import Execution
from cli.outdated import Outdated
from cli.output import Output, shown_progress
from cli.spark import NoOutcome, Submission, submit
from cli.spark_classes import class_archive, run_options
from cli.views import (
    executions_table,
    outcome_line,
    outdated_table,
    published_table,
    report,
    runs_table,
    versions_table,
    whole,
)
from cli.words import count
from contract import load_contract
from core.errors import InvalidDocument, PipelineError
from core.faults import Fault
from core.publication import Publication, Version, as_document
from core.remarks import remarks
from core.runs import ENDED_WELL, Metrics
from core.wording import plural

_FAULTS_SHOWN = 20
_JAVA_VARIABLES = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "SPARK_SUBMIT_OPTS")


def run_day(place: Place, day: date, *, force: bool, environment: Mapping[str, str], output: Output) -> int:
    """Curate a date with the local Spark; 0 when it is published afterwards, 1 when the run failed."""
    outcome = curate(place, day, force=force, environment=environment, output=output)
    good = outcome["status"] in ENDED_WELL
    if output.as_json:
        output.show(outcome)
    elif good:
        output.show(outcome, outcome_line(outcome))
    else:
        raise CommandFailed(output.told(_failure(outcome)))
    return 0 if good else 1


def run_days(
    place: Place, days: Sequence[date], *, force: bool, go_on: bool, environment: Mapping[str, str], output: Output
) -> int:
    """Curate dates one after the other with the local Spark; 0 when each is published afterwards."""
    outcomes: list[Mapping[str, Any]] = []
    for day in days:
        outcome = _curated(place, day, force=force, environment=environment, output=output)
        outcomes.append(outcome)
        good = outcome["status"] in ENDED_WELL
        if not output.as_json:
            output.show(None, outcome_line(outcome) if good else whole(output.told(f"{day}: {_failure(outcome)}")))
        if not good and not go_on:
            break
    failed = [str(one["ingestion_date"]) for one in outcomes if one["status"] not in ENDED_WELL]
    if output.as_json:
        output.show({"dates": outcomes})
        return 1 if failed else 0
    if failed:
        left = f", {count(len(days) - len(outcomes))} not started" if len(outcomes) < len(days) else ""
        which = f"{count(len(failed))} of {plural(len(days), 'date')} failed: {', '.join(failed)}{left}"
        raise CommandFailed(f"{which}; fix the cause, then run the same command again: published dates are skipped")
    return 0


def _curated(
    place: Place, day: date, *, force: bool, environment: Mapping[str, str], output: Output
) -> Mapping[str, Any]:
    """Curate one date of several: one whose job broke off is a date that failed, and keeps no other from its turn."""
    try:
        return curate(place, day, force=force, environment=environment, output=output)
    except NoOutcome as error:
        return {"ingestion_date": str(day), "status": "error", "message": error.reason, "log": str(error.log)}


def curate(
    place: Place, day: date, *, force: bool, environment: Mapping[str, str], output: Output
) -> Mapping[str, Any]:
    """Run the job for a date with the local Spark and return its outcome, with the ``log`` of the run."""
    dataset = load_contract(place.contract).name
    log = ROOT / ".data" / "logs" / f"{dataset}-{day}-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.log"
    catalog = {"catalog_database": place.catalog_database, "catalog_table": place.catalog_table}
    job = Submission(
        ingestion_date=day,
        data_uri=place.data_uri,
        contract=str(Path(place.contract).resolve()),
        log=log,
        force=force,
        job_options=tuple(f"--{name}={value}" for name, value in catalog.items() if value is not None),
        java_options=_java_options(place, day, environment),
    )
    with shown_progress(output.progress, str(day)) as show_step:
        show_step("starting Spark")
        return {**submit(job, environment=environment, on_step=show_step), "log": str(log)}


def _java_options(place: Place, day: date, environment: Mapping[str, str]) -> str:
    """Return what Java runs a date soonest with; where its raw data cannot be listed, the job will say why.

    Beside options that people have set for Java nothing is chosen for them: there can be one garbage collector.
    """
    if any(environment.get(name) for name in _JAVA_VARIABLES):
        return class_archive()
    try:
        dataset = open_dataset(place)
        return run_options(dataset.store.objects(dataset.paths.raw_prefix(day)))
    except PipelineError:
        return class_archive()


def _failure(outcome: Mapping[str, Any]) -> str:
    return f"{outcome['status']}: {outcome['message']}; log {outcome['log']}"


def roll_back(dataset: Dataset, day: date, *, to: str | None, output: Output) -> int:
    """Make a kept version current again."""
    if dataset.place.data_uri.startswith("s3://"):
        require_catalog(dataset.place, why="queries would keep showing the version that was rolled back")
    record = dataset.publications.rollback(day, to, now=datetime.now(UTC))
    current, (withdrawn, *_) = record.current, record.previous
    is_blocked = record.blocks(withdrawn.input)
    blocked = "; its input is blocked: only --force publishes it again" if is_blocked else ""
    document = {"ingestion_date": str(day), "published_run_id": current.run_id, "withdrawn_run_id": withdrawn.run_id}
    lost = _lost_files(dataset, day, withdrawn)
    undo = f"to undo: {output.next_command(f'rollback {day} --to {withdrawn.run_id}')}"
    output.show(
        document | {"location": current.location},
        f"{day}: run {current.run_id} with {plural(current.rows_written, 'row')} is published again",
        f"run {withdrawn.run_id} is {'kept' if lost is None else 'not complete'}{blocked}",
        whole(undo if lost is None else f"this cannot be undone before the files are restored: {lost}"),
    )
    return 0


def _lost_files(dataset: Dataset, day: date, withdrawn: Version) -> str | None:
    try:
        return dataset.publications.integrity_problem(day, withdrawn)
    except PipelineError:
        return None  # the date is rolled back, whatever becomes of this look


def repair(dataset: Dataset, *, output: Output) -> int:
    """Let records name the files of this data root, and the catalog show what the records say."""
    if dataset.place.data_uri.startswith("s3://"):
        require_catalog(dataset.place, why="repair points the partitions of a catalog at the published versions")
    repaired = dataset.publications.repair()
    days = [str(day) for day in repaired.days]
    problems = {str(day): str(problem) for day, problem in repaired.problems.items()}
    result = f"repaired {', '.join(days)}" if days else "nothing to repair" if not problems else "nothing was repaired"
    output.show({"repaired": days, "not_repaired": problems}, f"{dataset.contract.name}: {result}")
    if problems:
        raise CommandFailed(f"{plural(len(problems), 'date')} not repaired: {'; '.join(problems.values())}")
    return 0


def show_status(dataset: Dataset, *, under_way: Sequence[Execution], output: Output) -> int:
    """Show which version of each date is published, and what is at work."""
    records = dataset.records()
    name, place = dataset.contract.name, dataset.place.data_uri
    view = published_table(records) if records else f"{name}: nothing is published below {place}"
    faults = [] if output.as_json else dataset.publications.faults(records)
    output.show([as_document(record) for record in records], view, *_faults(faults, output), *_under_way(under_way))
    return 0


def show_outdated(dataset: Dataset, *, first: date | None, last: date | None, output: Output) -> int:
    """Show which dates should be written again and why, and which the catalog shows by other columns than the table."""
    found = Outdated(dataset).dates(first=first, last=last)
    other_columns = dataset.publications.catalog.days_with_other_columns()
    document = {
        "outdated": [asdict(item) for item in found],
        "partitions_with_other_columns": other_columns,
    }
    name, version = dataset.contract.name, dataset.contract.version
    none = f"{name}: no published date is outdated under contract {version}"
    views: list[Any] = [outdated_table(found), whole(f"next: {output.next_command('backfill --outdated')}")]
    columns = (
        f"{plural(len(other_columns), 'partition')} of the catalog, {other_columns[0]} the first, with other columns "
        f"than the table; next: {output.next_command('repair')}"
        if other_columns
        else ""
    )
    output.show(document, *(views if found else [none]), *([whole(columns)] if columns else []))
    return 0


def show_day(dataset: Dataset, day: date, *, under_way: Sequence[Execution], output: Output) -> int:
    """Show the versions and the runs of one date."""
    record, runs = dataset.publications.records.read(day).record, dataset.runs.of_day(day)
    at_work = [execution for execution in under_way if execution.ingestion_date == day]
    if record is None and not runs and not at_work:
        raise _never_run(dataset, day, output)
    versions = versions_table(record) if record else f"{day}: no version is published"
    told = {str(run["run_id"]): _told(run) for run in runs}
    shorts = [_short(run) | {"remarks": told[run["run_id"]]} for run in runs]
    document = {"publication": None if record is None else as_document(record), "runs": shorts}
    shown_runs = ["runs", runs_table(runs)] if runs else []
    faults = [] if output.as_json or record is None else dataset.publications.faults([record])
    notes = [*_faults(faults, output), *_blocked(record), *_replayed(record), *_remarks(record, told, output)]
    output.show(document, versions, *notes, *shown_runs, *_under_way(at_work))
    return 0


def show_report(dataset: Dataset, day: date | None, *, run_id: str | None, output: Output) -> int:
    """Show the metrics of a run: the one named, or the latest of a date."""
    runs = dataset.runs.of_day(day) if day is not None else []
    if run_id is None and not runs:
        raise _never_run(dataset, day, output)
    metrics = runs[-1] if run_id is None else dataset.run(run_id)
    output.show(metrics, report(metrics, told=output.told))
    return 0


def _never_run(dataset: Dataset, day: date | None, output: Output) -> CommandFailed:
    command = output.next_command(f"run {day}")
    return CommandFailed(f"no runs found for {day} below {dataset.place.data_uri}; next: {command}")


def _short(run: Metrics) -> dict[str, Any]:
    names = (
        "run_id status message started_at rows_read rows_written duplicates_removed rows_quarantined seconds".split()
    )
    return {name: run[name] for name in names}


def _under_way(executions: Sequence[Execution]) -> list[Any]:
    return ["under way", executions_table(executions)] if executions else []


def _faults(faults: Sequence[Fault], output: Output) -> list[Any]:
    """Say which published days readers do not find, and what puts each right."""
    shown = [
        whole(f"{fault.day}: readers do not find it: {fault.reason}; next: {output.next_command(fault.cure)}")
        for fault in faults[:_FAULTS_SHOWN]
    ]
    more = [f"and {count(len(faults) - len(shown))} more dates"] if len(faults) > len(shown) else []
    return [*shown, *more]


def _replayed(record: Publication | None) -> list[str]:
    keys = [] if record is None else record.current.raw.get("replayed", [])
    return [f"corrected lines were replayed: {key}" for key in keys]


def _told(run: Metrics) -> list[str]:
    """Return what a run that published has to tell besides its counts; why another one did not, is told elsewhere.

    Of checks of another release it is told that they cannot be read, as all else of the date can.
    """
    if run["status"] != "published":
        return []
    try:
        return remarks(run, source=f"of run {run['run_id']}")
    except InvalidDocument as error:
        return [str(error)]


def _remarks(record: Publication | None, told: Mapping[str, Sequence[str]], output: Output) -> list[Any]:
    """Say what the run that readers see has to tell besides its counts."""
    if record is None or not (found := told.get(record.current.run_id)):
        return []
    run_id = record.current.run_id
    more = whole(f"more: {output.next_command(f'report --run {run_id}')}")
    return [Text(f"published run {run_id}: {'; '.join(found)}"), more]


def _blocked(record: Publication | None) -> list[str]:
    if record is None or not record.blocked:
        return []
    fingerprints = ", ".join(dict.fromkeys(blocked.fingerprint for blocked in record.blocked))
    return [f"blocked input, as it was rolled back: raw data {fingerprints}; only --force publishes it again"]
