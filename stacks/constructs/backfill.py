"""The backfill of a dataset: two state machines and the two functions that plan and sum up."""

from constructs import Construct

from deployed_dataset import Dataset
from stacks.constructs.daily_pipeline import DailyPipeline
from stacks.constructs.data_access import allow_key
from stacks.constructs.python_function import PythonFunction
from stacks.constructs.shared_resources import SharedResources
from stacks.constructs.state_machine import StateMachine
from stacks.definitions.backfill import backfill_definition, days_definition

_SECONDS_PER_HOUR = 3600


class Backfill(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        dataset: Dataset,
        pipeline: DailyPipeline,
        shared: SharedResources,
    ) -> None:
        super().__init__(scope, construct_id)
        settings = dataset.settings
        timeout_seconds = settings.backfill_timeout_hours * _SECONDS_PER_HOUR
        runs = str(settings.max_concurrent_runs)
        self.plan, self.summary = (
            PythonFunction(self, part, module=module, dataset=dataset, shared=shared, environment=environment)
            for part, module, environment in (
                ("Plan", "backfill_plan", {"MAX_CONCURRENT_RUNS": runs}),
                ("Summary", "backfill_summary", {"DATASET": dataset.name, "ENVIRONMENT": settings.environment}),
            )
        )
        self.days = StateMachine(
            self,
            "Days",
            name=dataset.days_name,
            settings=settings,
            definition=days_definition(
                pipeline_arn=pipeline.state_machine.machine.ref, timeout_seconds=timeout_seconds - _SECONDS_PER_HOUR
            ),
        )
        self.days.allow_nested(pipeline.state_machine)
        self.state_machine = StateMachine(
            self,
            "StateMachine",
            name=dataset.backfill_name,
            settings=settings,
            definition=backfill_definition(
                plan_arn=self.plan.arn,
                summary_arn=self.summary.arn,
                days_machine_arn=self.days.machine.ref,
                topic_arn=shared.topic.topic_arn,
                timeout_seconds=timeout_seconds,
            ),
        )
        role = self.state_machine.role
        self.state_machine.allow_nested(self.days)
        functions = [self.plan.arn, self.summary.arn]
        role.allow(actions=["lambda:InvokeFunction"], resources=functions)
        role.allow(actions=["sns:Publish"], resources=[shared.topic.topic_arn])
        allow_key(role, shared, writes=True, services=["sns"])
