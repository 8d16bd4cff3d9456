"""Alarms that reach the topic without passing through any code of ours."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct


class Alarm(Construct):
    """Goes off when the metric is above a threshold, and says so once; no data is no trouble.

    Its text ends with the command that shows the cause. What lasts is named again in the report of every run.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        metric: cloudwatch.IMetric,
        topic: sns.ITopic,
        description: str,
        look: str,
        above: float = 0,
    ) -> None:
        super().__init__(scope, construct_id)
        self.alarm = cloudwatch.Alarm(
            self,
            "Alarm",
            alarm_name=name,
            metric=metric,
            threshold=above,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=f"{description} Next: {look}",
        )
        self.alarm.add_alarm_action(actions.SnsAction(topic))
