"""What can be replaced at any time: per dataset the job, the state machines, the schedule and the late-data reruns."""

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from deployed_dataset import Dataset
from stacks.constructs.backfill import Backfill
from stacks.constructs.curation_job import CurationJob, JobCode, job_code
from stacks.constructs.daily_pipeline import DailyPipeline
from stacks.constructs.dead_letters import DeadLetters
from stacks.constructs.late_data import LateData
from stacks.constructs.schedule import SCHEDULED_TIME, Call, DailySchedule, DailyTime
from stacks.constructs.shared_resources import DataExports, SharedResources


class PipelineStack(cdk.Stack):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        datasets: Sequence[Dataset],
        exports: DataExports,
        **stack: Any,
    ) -> None:
        super().__init__(scope, construct_id, **stack)
        shared = SharedResources(self, "Shared", exports=exports)
        code = job_code(self)
        for dataset in datasets:
            DatasetPipeline(self, dataset=dataset, code=code, shared=shared)
        cdk.CfnOutput(self, "PipelineNames", value=",".join(dataset.pipeline_name for dataset in datasets))
        cdk.CfnOutput(self, "BackfillNames", value=",".join(dataset.backfill_name for dataset in datasets))


class DatasetPipeline(Construct):
    """Everything that runs for one dataset; nothing in it is shared with another."""

    def __init__(
        self,
        scope: Construct,
        *,
        dataset: Dataset,
        code: JobCode,
        shared: SharedResources,
    ) -> None:
        super().__init__(scope, dataset.name)
        settings = dataset.settings
        self.job = CurationJob(self, "Curation", dataset=dataset, code=code, shared=shared)
        self.daily = DailyPipeline(self, "Daily", dataset=dataset, job=self.job, shared=shared)
        self.backfill = Backfill(self, "Backfill", dataset=dataset, pipeline=self.daily, shared=shared)
        self.dead_letters = DeadLetters(self, "DeadLetters", what=f"The daily start of {dataset.name}", shared=shared)
        self.schedule = _schedule(self, dataset, self.daily, self.dead_letters.queue, shared)
        if settings.late_data:
            LateData(
                self,
                "LateData",
                dataset=dataset,
                pipeline=self.daily.state_machine,
                shared=shared,
            )


def _schedule(
    scope: Construct, dataset: Dataset, daily: DailyPipeline, dead_letters: sqs.IQueue, shared: SharedResources
) -> DailySchedule:
    settings = dataset.settings
    return DailySchedule(
        scope,
        "Schedule",
        description=f"Runs the previous day of {dataset.name}",
        at=DailyTime(settings.schedule_hour, 0, settings.time_zone, settings.schedule_enabled),
        call=Call(
            daily.state_machine.machine.ref,
            "states:StartExecution",
            {"scheduled_time": SCHEDULED_TIME, "wait_minutes": settings.wait_for_data_minutes},
        ),
        dead_letters=dead_letters,
        shared=shared,
    )
