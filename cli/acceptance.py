"""`pipeline accept`: people let an odd day pass; only a run whose anomaly checks alone kept it from being published.

Writes the acceptance and nothing else: the run that follows is one like any other, through the same gate.
"""

import getpass
from datetime import UTC, date, datetime

from cli.dataset import Dataset
from cli.errors import CommandFailed, WrongUse
from cli.output import Output
from core.acceptances import Acceptance, write_acceptance
from core.checks import Check, failures, read_checks
from core.publication import RunInput
from core.runs import Metrics
from core.times import iso

_LONGEST_REASON = 500


def give_acceptance(dataset: Dataset, day: date, *, run_id: str | None, reason: str, output: Output) -> Acceptance:
    """Accept the input of a date's latest run, or of the run named, and say what that lets pass.

    Raises:
        CommandFailed: when that run did not fail on anomalies alone, or its contract is not the one of today.
        WrongUse: when there is no reason to keep.
    """
    if not reason.strip() or len(reason) > _LONGEST_REASON:
        raise WrongUse(f"--reason has {len(reason)} characters; say in 1 to {_LONGEST_REASON} why the day is right")
    metrics = _rejected_run(dataset, day, run_id, output)
    odd = _anomalies(metrics, day)
    acceptance = Acceptance(
        run_id=metrics["run_id"],
        input=_input(dataset, metrics, day, output),
        checks=tuple(check.id for check in odd),
        reason=reason.strip(),
        accepted_by=_caller(dataset),
        accepted_at=iso(datetime.now(UTC)),
    )
    write_acceptance(dataset.store, dataset.paths, day, acceptance)
    lines = [f"{day}: accepted as {acceptance.accepted_by}: {check.sentence()}" for check in odd]
    output.progress.print(*lines, sep="\n", soft_wrap=True)
    return acceptance


def _rejected_run(dataset: Dataset, day: date, run_id: str | None, output: Output) -> Metrics:
    metrics = dataset.runs.latest(day) if run_id is None else dataset.run(run_id)
    if metrics is None:
        raise CommandFailed(f"no runs found for {day} below {dataset.place.data_uri}; next: {_run(output, day)}")
    if metrics["ingestion_date"] != str(day):
        raise CommandFailed(f"run {metrics['run_id']} is one of {metrics['ingestion_date']}, not of {day}")
    if metrics["status"] != "gate_failed":
        raise CommandFailed(
            f"{day}: run {metrics['run_id']} is {metrics['status']}; only a run that failed its checks can be accepted"
        )
    return metrics


def _anomalies(metrics: Metrics, day: date) -> list[Check]:
    failed = failures(read_checks(metrics, source=f"of run {metrics['run_id']}"), severity="error")
    hard = [check.sentence() for check in failed if check.baseline is None]
    if hard:
        raise CommandFailed(
            f"{day}: run {metrics['run_id']} failed checks that nobody can accept: {'; '.join(hard)}; fix the source, "
            "or change the limit in the contract"
        )
    return failed


def _input(dataset: Dataset, metrics: Metrics, day: date, output: Output) -> RunInput:
    if metrics["contract"]["checksum"] != dataset.contract.checksum:
        raise CommandFailed(
            f"{day}: the contract has changed since run {metrics['run_id']}, so that run tells nothing of it; "
            f"run the date again and accept that run: {_run(output, day)}"
        )
    return RunInput(metrics["raw"]["fingerprint"], metrics["contract"]["checksum"])


def _run(output: Output, day: date) -> str:
    return output.next_command(f"run {day} --force")


def _caller(dataset: Dataset) -> str:
    if not dataset.place.data_uri.startswith("s3://"):
        return getpass.getuser()
    from adapters.aws import caller  # noqa: PLC0415  slow to load, and no command on a directory needs it

    return caller()
