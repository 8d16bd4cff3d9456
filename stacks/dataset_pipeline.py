"""Everything that runs for one dataset, and what watches it; nothing in it is shared with another dataset.

A nested stack of the pipeline stack: it comes and goes with its contract, and its size depends on no other dataset.
"""

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from deployed_dataset import Dataset
from stacks.constructs.backfill import Backfill
from stacks.constructs.curation_job import CurationJob
from stacks.constructs.daily_pipeline import DailyPipeline
from stacks.constructs.dataset_dashboard import DatasetDashboard
from stacks.constructs.dead_letters import DeadLetters
from stacks.constructs.deployed_code import DeployedCode
from stacks.constructs.incident_alerts import IncidentAlerts
from stacks.constructs.late_data import LateData
from stacks.constructs.schedule import SCHEDULED_TIME, Call, DailySchedule, DailyTime
from stacks.constructs.shared_resources import DataExports, SharedResources


class DatasetPipeline(cdk.NestedStack):
    def __init__(self, scope: Construct, *, dataset: Dataset, code: DeployedCode, exports: DataExports) -> None:
        super().__init__(scope, dataset.name, description=f"Data pipeline: what runs and watches {dataset.name}")
        shared = SharedResources(self, "Shared", exports=exports, code=code)
        self.job = CurationJob(self, "Curation", dataset=dataset, shared=shared)
        self.daily = DailyPipeline(self, "Daily", dataset=dataset, job=self.job, shared=shared)
        self.backfill = Backfill(self, "Backfill", dataset=dataset, pipeline=self.daily, shared=shared)
        self.dead_letters = DeadLetters(
            self, "DeadLetters", dataset=dataset, of="start", what=f"The daily start of {dataset.name}", shared=shared
        )
        self.schedule = _schedule(self, dataset, self.daily, self.dead_letters.queue, shared)
        if dataset.settings.late_data:
            LateData(self, "LateData", dataset=dataset, pipeline=self.daily.state_machine, shared=shared)
        self.alerts = IncidentAlerts(self, "Alerts", dataset=dataset, shared=shared)
        DatasetDashboard(self, "Dashboard", dataset=dataset)


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
