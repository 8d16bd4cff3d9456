"""Glue jobs as real runs: the job's script in the Spark of this machine, with Glue's limits, states and events."""

import contextvars
import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ministack.core.responses import error_response_json, get_account_id, get_region, json_response
from ministack.services import eventbridge, glue, s3
from ministack.services.cloudformation import provisioners

from local_cloud.jvms import Jvms
from local_cloud.seams import replace, require
from local_cloud.spark_run import ScriptRun, SparkHost, SparkProcess

ENDED: Final = frozenset({"SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED"})
_SECONDS_PER_MINUTE: Final = 60
# DPUs of one worker (https://docs.aws.amazon.com/glue/latest/dg/worker-types.html).
_DPU_BY_WORKER: Final[Mapping[str | None, float]] = {"G.025X": 0.25, "G.1X": 1, "G.2X": 2, "G.4X": 4, "G.8X": 8}
_MOST_RUNS: Final = 200
_FEWEST_AT_ONCE: Final = 2
_LOOK_SECONDS: Final = 0.2
_KEPT_ATTRIBUTES: Final = {"ExecutionProperty": {"MaxConcurrentRuns": 1}, "ExecutionClass": "STANDARD"}
JobRun = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class GlueJobs:
    """Starts and stops job runs.

    ``settings`` gives, when a run starts, the Spark settings with which it reaches S3. At most ``at_once`` runs are
    Sparks at a time, however many were started: Glue has machines for each, and here they would hold up each other.
    """

    host: SparkHost
    folder: Path
    endpoint_url: str
    settings: Callable[[], Mapping[str, str]]
    at_once: int = field(default_factory=lambda: max(_FEWEST_AT_ONCE, os.cpu_count() or 1))
    _free: threading.Semaphore = field(init=False)
    _jvms: Jvms = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_free", threading.Semaphore(self.at_once))
        object.__setattr__(self, "_jvms", Jvms(folder=self.folder.with_name("jvms"), most=self.at_once))

    def install(self) -> None:
        """Take the place of the emulator's job runs, which succeed without running anything."""
        shutil.rmtree(self._jvms.folder, ignore_errors=True)  # what the JVMs of the emulator before have left
        require(eventbridge, "_put_events", parameters=["data", "allow_aws_source"])
        require(s3, "_get_object_data", parameters=["bucket_name", "key", "version_id"])
        replace(glue, "_start_job_run", self.start, parameters=["data"])
        replace(glue, "_batch_stop_job_run", self.stop, parameters=["data"])
        replace(glue, "_get_job_runs", list_runs, parameters=["data"])
        _keep_attributes()

    def start(self, data: dict[str, Any]) -> Any:
        """Answer StartJobRun."""
        name = data.get("JobName", "")
        job = glue._jobs.get(name)
        if job is None:
            return error_response_json("EntityNotFoundException", f"Failed to start job run: no job {name}", 400)
        limit = job["ExecutionProperty"]["MaxConcurrentRuns"]
        if sum(run["JobRunState"] not in ENDED for run in glue._job_runs.get(name, [])) >= limit:
            return error_response_json("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {name}", 400)
        run = _new_run(job, data)
        glue._job_runs.setdefault(name, []).append(run)
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._carry_out, job, run), daemon=True).start()
        return json_response({"JobRunId": run["Id"]})

    def stop(self, data: dict[str, Any]) -> Any:
        """Answer BatchStopJobRun; Spark is killed before the answer."""
        name, stopped, errors = data.get("JobName", ""), [], []
        for run_id in data.get("JobRunIds", []):
            run = find_run(name, run_id)
            named = {"JobName": name, "JobRunId": run_id}
            if run is None or not _end(run, "STOPPED"):
                reason = "not found" if run is None else f"in state {run['JobRunState']}"
                detail = {"ErrorCode": "InvalidInputException", "ErrorMessage": f"Job run {run_id} is {reason}"}
                errors.append({**named, "ErrorDetail": detail})
            else:
                _kill(run_id)
                stopped.append(named)
        return json_response({"SuccessfulSubmissions": stopped, "Errors": errors})

    def _carry_out(self, job: Mapping[str, Any], run: JobRun) -> None:
        try:
            prepared = self._prepared(job, run)
        except (LookupError, OSError) as error:
            _end(run, "FAILED", f"LAUNCH ERROR | {error}")
            return
        while not self._free.acquire(timeout=_LOOK_SECONDS):
            if run["JobRunState"] in ENDED:  # stopped while it waited
                return
        try:
            self._run(run, prepared)
        except OSError as error:
            _end(run, "FAILED", f"LAUNCH ERROR | {error}")
        finally:
            _processes.pop(run["Id"], None)
            _begun.pop(run["Id"], None)
            self._free.release()

    def _run(self, run: JobRun, prepared: ScriptRun) -> None:
        if run["JobRunState"] in ENDED:
            return
        _begun[run["Id"]] = time.monotonic()
        run["JobRunState"] = "RUNNING"
        process = _processes[run["Id"]] = SparkProcess(prepared, self.host, self._jvms)
        if run["JobRunState"] in ENDED:  # stopped while Spark was being started
            process.kill()
        code = process.wait(seconds=run["Timeout"] * _SECONDS_PER_MINUTE)
        if code is None:
            _end(run, "TIMEOUT", f"Job run timed out after {run['Timeout']} minutes")
        elif code == 0:
            _end(run, "SUCCEEDED")
        else:
            _end(run, "FAILED", process.last_error(code))

    def _prepared(self, job: Mapping[str, Any], run: JobRun) -> ScriptRun:
        folder = self.folder / run["Id"]
        folder.mkdir(parents=True)
        arguments = {**run["Arguments"], "--JOB_NAME": run["JobName"], "--JOB_RUN_ID": run["Id"]}
        libraries = filter(None, arguments.get("--extra-py-files", "").split(","))
        return ScriptRun(
            script=_fetched(job["Command"]["ScriptLocation"], folder / "script.py"),
            libraries=tuple(
                _fetched(uri, folder / f"library_{position}.zip") for position, uri in enumerate(libraries)
            ),
            arguments=arguments,
            settings=self.settings(),
            environment=credentials(self.endpoint_url, job["Role"]),
            folder=folder,
        )


def credentials(endpoint_url: str, role: str) -> dict[str, str]:
    """Return the variables with which a client of this account and region talks to the emulator, as a role.

    boto3 says it as the token of its session, Hadoop as the name of its user.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": get_account_id(),
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": role,
        "HADOOP_USER_NAME": role.rpartition("/")[2],
        "AWS_DEFAULT_REGION": get_region(),
        "AWS_REGION": get_region(),
    }


def list_runs(data: Mapping[str, Any]) -> Any:
    """Answer GetJobRuns: the latest first, in pages."""
    runs: list[JobRun] = glue._job_runs.get(data.get("JobName", ""), [])[::-1]
    begin = int(data.get("NextToken") or 0)
    end = begin + int(data.get("MaxResults") or _MOST_RUNS)
    return json_response({"JobRuns": runs[begin:end]} | ({"NextToken": str(end)} if end < len(runs) else {}))


def find_run(job_name: str, run_id: str) -> JobRun | None:
    """Return a run as it is now."""
    runs: list[JobRun] = glue._job_runs.get(job_name, [])
    return next((run for run in runs if run["Id"] == run_id), None)


def end_interrupted_runs() -> None:
    """Mark the runs that a killed emulator left unfinished; their Spark ended with it."""
    for runs in list(glue._job_runs.all_values()):
        for run in runs:
            if run["JobRunState"] not in ENDED:
                run.update(JobRunState="FAILED", ErrorMessage="the local cloud was stopped during the run")


_processes: dict[str, SparkProcess] = {}
# Since when runs have been at work: Glue counts the seconds from there, and none in which a run waits to be started.
_begun: dict[str, float] = {}
_ending = threading.Lock()


def _keep_attributes() -> None:
    """Keep attributes of a job that the emulator drops."""

    def create_job(data: dict[str, Any]) -> Any:
        answer = create(data)
        _store_attributes(data.get("Name", ""), data)
        return answer

    def update_job(data: dict[str, Any]) -> Any:
        answer = update(data)
        _store_attributes(data.get("JobName", ""), data.get("JobUpdate", {}))
        return answer

    create = replace(glue, "_create_job", create_job, parameters=["data"])
    update = replace(glue, "_update_job", update_job, parameters=["data"])
    provisioners._GLUE_JOB_DEFAULTS.update(_KEPT_ATTRIBUTES)


def _store_attributes(name: str, given: Mapping[str, Any]) -> None:
    job = glue._jobs.get(name)
    if job is not None:
        for attribute, default in _KEPT_ATTRIBUTES.items():
            job[attribute] = given.get(attribute) or job.get(attribute, default)


def _new_run(job: Mapping[str, Any], data: Mapping[str, Any]) -> JobRun:
    now = int(time.time())
    workers = data.get("NumberOfWorkers") or job.get("NumberOfWorkers")
    worker_type = data.get("WorkerType") or job.get("WorkerType")
    return {
        "Id": f"jr_{secrets.token_hex(32)}",
        "JobName": job["Name"],
        "StartedOn": now,
        "LastModifiedOn": now,
        "JobRunState": "STARTING",
        "Arguments": {**job.get("DefaultArguments", {}), **(data.get("Arguments") or {})},
        "PredecessorRuns": [],
        "ExecutionTime": 0,
        "Attempt": 0,
        "Timeout": int(data.get("Timeout") or job["Timeout"]),
        "WorkerType": worker_type,
        "NumberOfWorkers": workers,
        "MaxCapacity": float(workers or 2) * _DPU_BY_WORKER.get(worker_type, 1),
        "GlueVersion": job.get("GlueVersion"),
        "ExecutionClass": data.get("ExecutionClass") or job["ExecutionClass"],
    }


def _end(run: JobRun, state: str, message: str = "") -> bool:
    """Move a run to its final state and announce it; False when it had ended already."""
    with _ending:
        if run["JobRunState"] in ENDED:
            return False
        now = int(time.time())
        seconds = round(time.monotonic() - _begun[run["Id"]]) if run["Id"] in _begun else 0
        run.update(JobRunState=state, CompletedOn=now, LastModifiedOn=now, ExecutionTime=seconds)
        if _scales(run):
            run["DPUSeconds"] = seconds * _DPU_BY_WORKER.get(run["WorkerType"], 1)
        if message:
            run["ErrorMessage"] = message
    detail = {
        "jobName": run["JobName"],
        "severity": "ERROR" if state in {"FAILED", "TIMEOUT"} else "INFO",
        "state": state,
        "jobRunId": run["Id"],
        "message": message or f"Job run {state.lower()}",
    }
    entry = {"Source": "aws.glue", "DetailType": "Glue Job State Change", "Detail": json.dumps(detail)}
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    return True


def _scales(run: JobRun) -> bool:
    """Tell whether Glue would say what a run used instead of what it could have: here, one worker that is all of Spark.

    https://docs.aws.amazon.com/glue/latest/webapi/API_JobRun.html (DPUSeconds)
    """
    scales: str | None = run["Arguments"].get("--enable-auto-scaling")
    return bool(run["ExecutionClass"] == "FLEX") or scales == "true"


def _kill(run_id: str) -> None:
    process = _processes.get(run_id)
    if process is not None:
        process.kill()


def _fetched(uri: str, target: Path) -> Path:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    content: bytes | None = s3._get_object_data(bucket, key)
    if content is None:
        raise LookupError(f"Error downloading from S3 for bucket: {bucket}, key: {key}")
    target.write_bytes(content)
    return target
