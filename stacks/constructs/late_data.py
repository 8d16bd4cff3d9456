"""Reruns of days whose raw data changed: event, rule, delaying queue, function, execution.

Two events lead to a look at a day: an object that was created or deleted, and an execution that ended, whichever way.
The second closes a gap: while a day's first run is at work, what arrives is neither read by it nor late yet.
"""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from deployed_dataset import LATE_DATA, Dataset
from stacks.constructs.alarm import Alarm
from stacks.constructs.data_access import allow_key, allow_records
from stacks.constructs.dataset_dashboard import NAMESPACE
from stacks.constructs.dead_letters import DeadLetters, encrypted_queue
from stacks.constructs.python_function import PythonFunction, data_variables
from stacks.constructs.shared_resources import SharedResources
from stacks.constructs.state_machine import StateMachine, execution_arns

_TIMEOUT_SECONDS = 120
_BATCH = 1000
_BATCHING_WINDOW_SECONDS = 60
# An execution that RUNNING announces has nothing to look at yet; PENDING_REDRIVE is announced by its redrive.
_ENDINGS = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
# Four deliveries after the first, each when the message is visible again, and the longest delay; what is older than
# that was not even tried.
_OLDEST_MINUTES = 90
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
_RECEIVING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


class LateData(Construct):
    """The delay lets an upload of many files end first; one batch then starts at most one run per date."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        dataset: Dataset,
        pipeline: StateMachine,
        shared: SharedResources,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = DeadLetters(
            self, "DeadLetters", dataset=dataset, of="late-data", what=f"Late data of {dataset.name}", shared=shared
        ).queue
        self.queue = _arrivals(self, dataset, shared, self.dead_letters)
        self.rules = [
            events.Rule(
                self,
                name,
                event_pattern=pattern,
                description=description,
                targets=[targets.SqsQueue(self.queue, dead_letter_queue=self.dead_letters)],
            )
            for name, description, pattern in (
                ("Rule", f"Raw objects that arrive or go for {dataset.name}", _raw_objects(dataset, shared)),
                ("EndedRule", f"Executions of {dataset.name} that ended", _ended_executions(pipeline)),
            )
        ]
        self.function = _function(self, dataset, pipeline, shared)
        self._connect(shared)
        self.alarms = [
            Alarm(
                self,
                name,
                name=dataset.alarm_name(f"late-data-{part}"),
                metric=metric,
                topic=shared.topic,
                above=above,
                description=description,
                look=look,
            ).alarm
            for name, part, metric, above, description, look in self._watched(dataset)
        ]

    def _watched(self, dataset: Dataset) -> list[tuple[str, str, cloudwatch.IMetric, float, str, str]]:
        """Say what goes wrong without a message of its own: the function, days of a batch, a queue nobody empties."""
        function = dataset.function_name(LATE_DATA)
        log = f"aws logs tail /aws/lambda/{function} --since 3h"
        trigger = f"aws lambda list-event-source-mappings --function-name {function}"
        tried_again = "the events are tried again, and then wait in the dead-letter queue."
        not_handled = cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name="LateDataNotHandled",
            dimensions_map=dataset.metric_dimensions,
            statistic=cloudwatch.Stats.SUM,
            # As long as it takes until a message comes again, so that the alarm stays on for as long as it fails.
            period=Duration.minutes(15),
        )
        age = self.queue.metric_approximate_age_of_oldest_message(
            period=Duration.minutes(5), statistic=cloudwatch.Stats.MAXIMUM
        )
        broken = (
            f"The late-data function of {dataset.name} failed, so days may not be rerun. Read its log and fix the "
            f"cause; {tried_again}"
        )
        not_looked_at = (
            f"Late data of {dataset.name} could not be looked at, so days may not be rerun. Read the lines 'day not "
            "handled', 'message not understood' and 'given up' in the log of the late-data function and fix the cause; "
            f"{tried_again}"
        )
        waiting = (
            f"Late data of {dataset.name} waits for more than {_OLDEST_MINUTES} minutes, so nobody takes it from the "
            "queue. See whether the function's trigger is enabled and its invocations are throttled, and fix the "
            "cause; nothing is lost for four days."
        )
        return [
            ("Errors", "errors", self.function.function.metric_errors(period=Duration.minutes(5)), 0, broken, log),
            ("NotHandled", "not-handled", not_handled, 0, not_looked_at, log),
            ("Waiting", "waiting", age, _OLDEST_MINUTES * 60, waiting, trigger),
        ]

    def _connect(self, shared: SharedResources) -> None:
        """Let the function take messages from the queue; those it cannot handle go back one by one."""
        self.mapping = lambda_.EventSourceMapping(
            self,
            "Mapping",
            target=self.function.function,
            event_source_arn=self.queue.queue_arn,
            batch_size=_BATCH,
            max_batching_window=Duration.seconds(_BATCHING_WINDOW_SECONDS),
            report_batch_item_failures=True,
        )
        self.function.role.allow(actions=_RECEIVING, resources=[self.queue.queue_arn])
        allow_key(self.function.role, shared, writes=False, services=["s3", "sqs"])


def _arrivals(scope: Construct, dataset: Dataset, shared: SharedResources, dead_letters: sqs.IQueue) -> sqs.Queue:
    return encrypted_queue(
        scope,
        "Arrivals",
        name=dataset.queue_name("arrivals"),
        key=shared.key,
        retention=Duration.days(4),
        delay=Duration.minutes(dataset.settings.late_data_delay_minutes),
        # Six times the function's timeout, and the batching window:
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        visibility=Duration.seconds(6 * _TIMEOUT_SECONDS + _BATCHING_WINDOW_SECONDS),
        redrive=sqs.DeadLetterQueue(max_receive_count=5, queue=dead_letters),
    )


def _raw_objects(dataset: Dataset, shared: SharedResources) -> events.EventPattern:
    return events.EventPattern(
        source=["aws.s3"],
        detail_type=["Object Created", "Object Deleted"],
        detail={"bucket": {"name": [shared.bucket_name]}, "object": {"key": [{"prefix": dataset.paths.raw}]}},
    )


def _ended_executions(pipeline: StateMachine) -> events.EventPattern:
    return events.EventPattern(
        source=["aws.states"],
        detail_type=["Step Functions Execution Status Change"],
        detail={"stateMachineArn": [pipeline.arn], "status": list(_ENDINGS)},
    )


def _function(scope: Construct, dataset: Dataset, pipeline: StateMachine, shared: SharedResources) -> PythonFunction:
    function = PythonFunction(
        scope,
        "Function",
        module="late_data",
        dataset=dataset,
        shared=shared,
        timeout_seconds=_TIMEOUT_SECONDS,
        memory_mb=512,
        environment={
            **data_variables(dataset, shared),
            "CONTRACT_CHECKSUM": dataset.contract.checksum,
            "FRESHNESS_HOURS": dataset.freshness_variable,
            "SCHEDULE": dataset.schedule_variable,
            "RAW_OBJECTS": dataset.contract.raw_objects.to_json(),
            "STATE_MACHINE_ARN": pipeline.machine.ref,
        },
    )
    allow_records(function.role, shared, dataset, listed=[dataset.paths.raw])
    function.role.allow(actions=["states:StartExecution"], resources=[pipeline.arn])
    function.role.allow(
        actions=["states:DescribeExecution", "states:GetExecutionHistory"],
        resources=[execution_arns(scope, pipeline.name)],
        reason=f"Executions of {pipeline.name} are named when they start.",
    )
    return function
