"""What Glue says about the runs of a job. Nothing is started or stopped."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from adapters.aws import client, translated

# https://docs.aws.amazon.com/glue/latest/webapi/API_JobRun.html
_AT_WORK: Final = frozenset({"WAITING", "STARTING", "RUNNING", "STOPPING"})
# As many as one call gives. That the latest come first is what Glue does, though not what its documents promise; a run
# that is missed costs a `superseded`, nothing more.
_RUNS_READ: Final = 200


def run_at_work_on(day: date, job_name: str) -> str | None:
    """Return the id of a job run that works on a day now, or None."""
    with translated(f"list the runs of job {job_name}", needs="glue:GetJobRuns"):
        runs: list[dict[str, Any]] = client("glue").get_job_runs(JobName=job_name, MaxResults=_RUNS_READ)["JobRuns"]
    return next((str(run["Id"]) for run in runs if run["JobRunState"] in _AT_WORK and _works_on(day, run)), None)


def _works_on(day: date, run: Mapping[str, Any]) -> bool:
    return bool(run.get("Arguments", {}).get("--ingestion_date") == str(day))
