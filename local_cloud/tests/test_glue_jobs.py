"""How many job runs are at work at once, with processes that wait until they are told to end."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ministack.services import glue

from local_cloud import glue_jobs
from local_cloud.glue_jobs import GlueJobs
from local_cloud.spark_run import SparkHost

JOB = "curation"


class Processes:
    """Stands for Spark: each process runs until all may end, or until it is killed."""

    def __init__(self) -> None:
        self.may_end, self.running, self.started = threading.Event(), 0, 0
        self._lock = threading.Lock()

    def __call__(self, *_: object) -> "Processes":
        with self._lock:
            self.running += 1
            self.started += 1
        return self

    def wait(self, *, seconds: float) -> int:
        self.may_end.wait(seconds)
        with self._lock:
            self.running -= 1
        return 0

    def kill(self) -> None:
        """End with the others."""


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Processes]:
    processes = Processes()
    monkeypatch.setattr(glue_jobs, "SparkProcess", processes)
    monkeypatch.setattr(GlueJobs, "_prepared", lambda *_: None)
    monkeypatch.setattr("local_cloud.glue_jobs.eventbridge._put_events", lambda *_, **__: None)
    glue._jobs[JOB] = {
        "Name": JOB, "Timeout": 1, "ExecutionProperty": {"MaxConcurrentRuns": 10}, "ExecutionClass": "STANDARD",
    }  # fmt: skip
    yield processes
    processes.may_end.set()
    glue._job_runs.pop(JOB, None)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def states() -> list[str]:
    return [run["JobRunState"] for run in glue._job_runs[JOB]]


def test_as_many_runs_as_the_machine_takes_are_at_work_and_the_others_wait(
    processes: Processes, tmp_path: Path
) -> None:
    host = SparkHost(spark_submit=tmp_path, java_home=tmp_path)
    jobs = GlueJobs(host=host, folder=tmp_path, endpoint_url="", settings=dict, at_once=2)
    run_ids = [_started(jobs) for _ in range(5)]
    until(lambda: processes.running == 2)
    time.sleep(0.3)
    assert (processes.running, sorted(states())) == (2, ["RUNNING"] * 2 + ["STARTING"] * 3)
    waiting = next(run["Id"] for run in glue._job_runs[JOB] if run["JobRunState"] == "STARTING")
    jobs.stop({"JobName": JOB, "JobRunIds": [waiting]})
    processes.may_end.set()
    until(lambda: sorted(states()) == ["STOPPED"] + ["SUCCEEDED"] * 4)
    assert (processes.started, len(set(run_ids))) == (4, 5)


@pytest.mark.parametrize(
    ("job", "capacity", "used"),
    [
        ({"DefaultArguments": {"--enable-auto-scaling": "true"}}, 20.0, 240),
        ({"ExecutionClass": "FLEX"}, 20.0, 240),
        ({}, 20.0, None),
        ({"DefaultArguments": {"--enable-auto-scaling": "true"}, "WorkerType": "G.1X"}, 10.0, 120),
    ],
)
def test_a_run_that_scales_is_told_with_the_one_worker_that_it_used(
    processes: Processes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    job: dict[str, Any],
    capacity: float,
    used: int | None,
) -> None:
    glue._jobs[JOB] |= {"WorkerType": "G.2X", "NumberOfWorkers": 10, **job}
    jobs = GlueJobs(
        host=SparkHost(spark_submit=tmp_path, java_home=tmp_path), folder=tmp_path, endpoint_url="", settings=dict
    )
    _started(jobs)
    until(lambda: states() == ["RUNNING"])
    [run] = glue._job_runs[JOB]
    run["StartedOn"] -= 1000  # it waited for others before it was at work
    monkeypatch.setitem(glue_jobs._begun, run["Id"], time.monotonic() - 120)
    processes.may_end.set()
    until(lambda: states() == ["SUCCEEDED"])
    assert (run["ExecutionTime"], run["MaxCapacity"], run.get("DPUSeconds")) == (120, capacity, used)


def test_a_machine_of_one_core_takes_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    host = SparkHost(spark_submit=tmp_path, java_home=tmp_path)
    assert GlueJobs(host=host, folder=tmp_path, endpoint_url="", settings=dict).at_once == 2


def _started(jobs: GlueJobs) -> str:
    status, _, body = jobs.start({"JobName": JOB})
    assert status == 200, body
    answer: dict[str, Any] = json.loads(body)
    run_id: str = answer["JobRunId"]
    return run_id
