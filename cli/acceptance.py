"""`pipeline accept`: people let an odd day pass; only a run whose anomaly checks alone kept it from being published.

Writes the acceptance and nothing else: the run that follows is one like any other, through the same gate.
"""

import getpass
from datetime import UTC, date, datetime

from cli.dataset import Dataset
from cli.errors import CommandFailed, WrongUse
from cli.output import Output
from core.acceptances import Acceptance, accepted, write_acceptance
from core.checks import Check, failures, read_checks
from core.publication import RunInput
from core.runs import Metrics
from core.times import iso

_LONGEST_REASON = 500


def give_acceptance(dataset: Dataset, day: date, *, run_id: str | None, reason: str, output: Output) -> Acceptance:
    """Accept the input of a date's latest run, or of the run named, and say what that lets pass.

    Raises:
        CommandFailed: when that run did not fail on anomalies alone, or another run over the same date would read
            something else, or have nothing to publish.
        WrongUse: when there is no reason to keep.
    """
    if not reason.strip() or len(reason) > _LONGEST_REASON:
        raise WrongUse(f"--reason has {len(reason)} characters; say in 1 to {_LONGEST_REASON} why the day is right")
    metrics = _rejected_run(dataset, day, run_id, output)
    odd = _anomalies(metrics, day)
    acceptance = Acceptance(
        run_id=metrics["run_id"],
        input=_input(dataset, metrics, day, output),
        checks=tuple(accepted(check) for check in odd),
        reason=reason.strip(),
        accepted_by=caller_of(dataset),
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
    """Return the input that was rejected, if it is what a run of now would read and publish."""
    run_id, contract = metrics["run_id"], metrics["contract"]
    if contract["checksum"] != dataset.contract.checksum:
        raise CommandFailed(
            f"{day}: run {run_id} was rejected under another contract (version {contract['version']}) than "
            f"{dataset.place.contract} ({dataset.contract.version}), so it tells nothing of this one; deploy the "
            f"contract, or check out the deployed one, then run the date again and accept that run: {_run(output, day)}"
        )
    rejected = RunInput(metrics["raw"]["fingerprint"], contract["checksum"])
    raw = dataset.raw_day(day)
    if raw.fingerprint != rejected.fingerprint:
        raise CommandFailed(
            f"{day}: the raw data has changed since run {run_id}; run the date again, and accept that run if it is "
            f"rejected as well: {_run(output, day)}"
        )
    record = dataset.publications.records.read(day).record
    if record is not None and record.current.input == rejected:
        raise CommandFailed(f"{day}: this input is published already, by run {record.current.run_id}")
    if record is not None and record.blocks(rejected):
        raise CommandFailed(
            f"{day}: this input was published and rolled back; to publish that version again: "
            f"{output.next_command(f'rollback {day} --to RUN_ID')}"
        )
    return rejected


def _run(output: Output, day: date) -> str:
    return output.next_command(f"run {day}")


def caller_of(dataset: Dataset) -> str:
    if not dataset.place.data_uri.startswith("s3://"):
        return _user()
    from adapters.aws import caller  # noqa: PLC0415  slow to load, and no command on a directory needs it

    return caller()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # where nobody is logged in, as in some containers
        return "an unknown user of this machine"
