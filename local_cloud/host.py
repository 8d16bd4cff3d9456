"""The emulator with its gaps filled and the gateway beside it, as one thing that is started and stopped."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ministack import app as emulator
from ministack.services import s3

from local_cloud import athena, emulator_fixes, outbox, partitions, recording, simulation, step_functions
from local_cloud.durability import Application, Snapshots
from local_cloud.glue_jobs import GlueJobs, end_interrupted_runs
from local_cloud.recording import CALLS, Recorder
from local_cloud.seams import require_version
from local_cloud.spark_run import SparkHost
from local_cloud.webhdfs import Gateway, spark_settings


@dataclass(frozen=True)
class Cloud:
    """What is served, and what has to be told when it starts and stops."""

    application: Application
    gateway: Gateway
    snapshots: Snapshots

    def started(self) -> None:
        """Go on from the state that was loaded."""
        end_interrupted_runs()
        self.gateway.start()
        self.snapshots.start()

    def stop(self) -> None:
        self.gateway.stop()


def assembled(state: Path, endpoint_url: str, spark: SparkHost, *, is_recorded: bool = False) -> Cloud:
    """Put the parts together; with ``is_recorded`` it writes down who asks for what.

    Raises:
        UnknownEmulator: when the emulator is not the release that the parts were written for.
    """
    require_version()
    recorder = Recorder(state / CALLS) if is_recorded else None
    gateway = Gateway(endpoint_url, region="us-east-1", note=recorder.note_files if recorder else None)

    def settings() -> Mapping[str, str]:
        return spark_settings(list(s3._buckets), port=gateway.port)

    jobs = GlueJobs(
        host=spark,
        folder=state / "job-runs",
        endpoint_url=endpoint_url,
        settings=settings,
    )
    jobs.install()
    partitions.install()
    athena.install()
    step_functions.install()
    outbox.install(state / "outbox.jsonl")
    emulator_fixes.install()
    simulation.install()
    recording.install_roles()
    if recorder:
        recorder.install()
    snapshots = Snapshots()
    application: Any = emulator.app
    served = snapshots.around(application)
    return Cloud(recorder.around(served) if recorder else served, gateway, snapshots)
