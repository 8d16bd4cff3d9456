"""The state machine for one date, with the two functions around the job."""

from aws_cdk import ArnFormat, Stack
from constructs import Construct

from config import SHORTEST_TRY_SECONDS
from deployed_dataset import Dataset
from stacks.constructs.curation_job import CurationJob
from stacks.constructs.data_access import allow_key, allow_records, job_arn, table_arns
from stacks.constructs.python_function import PythonFunction, alert_variables, data_variables
from stacks.constructs.shared_resources import SharedResources
from stacks.constructs.state_machine import StateMachine
from stacks.definitions.pipeline import Waits, pipeline_definition


class DailyPipeline(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        dataset: Dataset,
        job: CurationJob,
        shared: SharedResources,
    ) -> None:
        super().__init__(scope, construct_id)
        settings = dataset.settings
        self.sensor = _sensor(self, dataset, shared)
        self.report = _report(self, dataset, shared)
        self.state_machine = StateMachine(
            self,
            "StateMachine",
            name=dataset.pipeline_name,
            settings=settings,
            definition=pipeline_definition(
                sensor_arn=self.sensor.arn,
                report_arn=self.report.arn,
                job_name=job.job.ref,
                topic_arn=shared.topic.topic_arn,
                waits=Waits(settings.poll_minutes * 60, SHORTEST_TRY_SECONDS, settings.longest_try_seconds),
                task_timeout_seconds=settings.task_timeout_minutes * 60,
                timeout_seconds=settings.execution_timeout_minutes * 60,
                notify_success=settings.notify_success,
            ),
        )
        self._allow_tasks(dataset, shared)

    def _allow_tasks(self, dataset: Dataset, shared: SharedResources) -> None:
        role = self.state_machine.role
        functions = [self.sensor.arn, self.report.arn]
        role.allow(actions=["lambda:InvokeFunction"], resources=functions)
        # What `.sync` calls: https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html
        role.allow(
            actions=["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"],
            resources=[job_arn(Stack.of(self), dataset)],
        )
        role.allow(actions=["sns:Publish"], resources=[shared.topic.topic_arn])
        allow_key(role, shared, writes=True, services=["sns"])


def _sensor(scope: Construct, dataset: Dataset, shared: SharedResources) -> PythonFunction:
    sensor = PythonFunction(
        scope,
        "Sensor",
        module="sensor",
        dataset=dataset,
        shared=shared,
        memory_mb=512,
        environment={
            **alert_variables(dataset, shared),
            "CONTRACT_CHECKSUM": dataset.contract.checksum,
            "RAW_OBJECTS": dataset.contract.raw_objects.to_json(),
            "JOB_NAME": dataset.job_name,
        },
    )
    allow_records(sensor.role, shared, dataset, listed=[dataset.paths.raw, dataset.paths.versions])
    sensor.role.allow(actions=["glue:GetJobRuns"], resources=[job_arn(Stack.of(scope), dataset)])
    sensor.role.allow(actions=["glue:GetPartition"], resources=table_arns(Stack.of(scope), dataset))
    sensor.role.allow(actions=["sns:Publish"], resources=[shared.topic.topic_arn])
    allow_key(sensor.role, shared, writes=True, services=["s3", "sns"])
    return sensor


def _report(scope: Construct, dataset: Dataset, shared: SharedResources) -> PythonFunction:
    report = PythonFunction(
        scope,
        "Report",
        module="report",
        dataset=dataset,
        shared=shared,
        environment={**data_variables(dataset, shared), "ALERT_TOPIC_ARN": shared.topic.topic_arn},
    )
    alarms = Stack.of(scope).format_arn(
        service="cloudwatch", resource="alarm", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    report.role.allow(
        actions=["cloudwatch:DescribeAlarms"],
        resources=[alarms],
        reason="It names the alarms that are on, whichever they are; those of other topics are not asked for.",
    )
    allow_records(report.role, shared, dataset)
    allow_key(report.role, shared, writes=False)
    return report
