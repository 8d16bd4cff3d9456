"""What Glue says about the runs of a job, those at work above all, and their stopping. Nothing is started."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from adapters.aws import client, translated
from core.errors import ServiceError

# https://docs.aws.amazon.com/glue/latest/webapi/API_JobRun.html
_AT_WORK: Final = frozenset({"WAITING", "STARTING", "RUNNING", "STOPPING"})
# As many as one call gives. That the latest come first is what Glue does, though not what its documents promise; a run
# that is missed costs a `superseded`, nothing more.
_RUNS_READ: Final = 200


def run_at_work_on(day: date, job_name: str) -> str | None:
    """Return the id of a job run that works on a day now, or None."""
    return next((run_id for works_on, run_id in runs_at_work(job_name) if works_on == str(day)), None)


def runs_at_work(job_name: str) -> list[tuple[str, str]]:
    """Return the ingestion date and the id of each job run that is at work."""
    with translated(f"list the runs of job {job_name}", needs="glue:GetJobRuns"):
        runs: list[dict[str, Any]] = client("glue").get_job_runs(JobName=job_name, MaxResults=_RUNS_READ)["JobRuns"]
    return [(str(_date(run)), str(run["Id"])) for run in runs if run["JobRunState"] in _AT_WORK]


def ingestion_date_of(run_id: str, job_name: str) -> str | None:
    """Return the ingestion date that a job run was given, or None."""
    with translated(f"read job run {run_id} of job {job_name}", needs="glue:GetJobRun"):
        return _date(client("glue").get_job_run(JobName=job_name, RunId=run_id)["JobRun"])


def stop_job_run(run_id: str, job_name: str) -> None:
    """Ask Glue to stop a run; one that has ended meanwhile is no error.

    Raises:
        ServiceError: with what Glue says where it cannot.
    """
    with translated(f"stop run {run_id} of job {job_name}", needs="glue:BatchStopJobRun"):
        answer = client("glue").batch_stop_job_run(JobName=job_name, JobRunIds=[run_id])
    errors = [error["ErrorDetail"] for error in answer.get("Errors", ())]
    if errors and any(found == run_id for _, found in runs_at_work(job_name)):
        raise ServiceError(f"Glue does not stop run {run_id} of job {job_name}: {errors[0].get('ErrorMessage')}")


def _date(run: Mapping[str, Any]) -> str | None:
    given: str | None = run.get("Arguments", {}).get("--ingestion_date")
    return given
