"""What a dataset looks like over time: rows, rates against their limits, seconds, cost, freshness, failures."""

from dataclasses import dataclass

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from contract import DataContract
from core.checks import MALFORMED_ID
from deployed_dataset import Dataset
from stacks.constructs.state_machine import state_machine_arn

NAMESPACE = "DataPipeline"
_DAY = Duration.days(1)
_WIDTH = 12
_MAX_CHECKS_PER_WIDGET = 20


_WORDS = {
    "mustBe": "must be",
    "mustNotBe": "must not be",
    "mustBeGreaterThan": "must be above",
    "mustBeGreaterOrEqualTo": "must be at least",
    "mustBeLessThan": "must be below",
    "mustBeLessOrEqualTo": "must be at most",
}


@dataclass(frozen=True)
class _Check:
    """What is drawn of a check; without a limit when it has two."""

    id: str
    operator: str
    limit: float | None


class DatasetDashboard(Construct):
    def __init__(self, scope: Construct, construct_id: str, *, dataset: Dataset) -> None:
        super().__init__(scope, construct_id)
        self.dashboard = cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=dataset.pipeline_name,
            default_interval=Duration.days(30),
            widgets=[
                [
                    _graph("Rows", dataset, ["RowsRead", "RowsWritten"]),
                    _graph("Left out", dataset, ["DuplicatesRemoved", "RowsQuarantined"]),
                ],
                [
                    _rates(dataset, unit, title)
                    for unit, title in (("percent", "Rates, percent"), ("rows", "Counts, rows"))
                ],
                [
                    _graph("Seconds", dataset, ["JobSeconds", "DpuSeconds"]),
                    _graph(
                        "Estimated cost, USD per day", dataset, ["EstimatedCostUsd"], statistic=cloudwatch.Stats.SUM
                    ),
                ],
                [
                    _graph("Hours from the end of a day to its publication", dataset, ["FreshnessHours", "Overdue"]),
                    _executions(self, dataset),
                ],
                [_graph("Warnings", dataset, ["Warnings"])],
            ],
        )


def _graph(
    title: str, dataset: Dataset, names: list[str], *, statistic: str = cloudwatch.Stats.MAXIMUM
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title, left=[_metric(name, dataset.metric_dimensions, statistic) for name in names], width=_WIDTH
    )


def _metric(name: str, dimensions: dict[str, str], statistic: str, label: str | None = None) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=NAMESPACE, metric_name=name, dimensions_map=dimensions, statistic=statistic, period=_DAY, label=label
    )


def _rates(dataset: Dataset, unit: str, title: str) -> cloudwatch.GraphWidget:
    """Show each check's value, and its limit as a line where it has a single one."""
    checks = _checks(dataset.contract, unit)[:_MAX_CHECKS_PER_WIDGET]
    return cloudwatch.GraphWidget(
        title=title,
        left=[
            _metric("CheckValue", {**dataset.metric_dimensions, "Check": check.id}, cloudwatch.Stats.MAXIMUM, check.id)
            for check in checks
        ],
        left_annotations=[
            cloudwatch.HorizontalAnnotation(
                value=check.limit, label=f"{check.id} {_WORDS.get(check.operator, check.operator)} {check.limit:g}"
            )
            for check in checks
            if check.limit is not None
        ],
        width=_WIDTH,
    )


def _checks(contract: DataContract, unit: str) -> list[_Check]:
    """Return the checks of a unit; the limit on malformed lines is one that every contract has.

    Those against earlier dates have a range of their own each day, which no line can show.
    """
    malformed = _Check(MALFORMED_ID, "mustBeLessOrEqualTo", contract.max_malformed_percent)
    rules = [
        _Check(rule.id, rule.operator, None if isinstance(rule.limit, tuple) else rule.limit)
        for rule in contract.rules
        if rule.unit == unit
    ]
    rules += [_Check(rule.id, "", None) for rule in contract.anomaly_rules if rule.unit == unit]
    return [malformed, *rules] if unit == "percent" else rules


def _executions(scope: Construct, dataset: Dataset) -> cloudwatch.GraphWidget:
    machine = {"StateMachineArn": state_machine_arn(scope, dataset.pipeline_name)}
    failures = ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted")
    return cloudwatch.GraphWidget(
        title="Executions that did not succeed",
        left=[
            cloudwatch.Metric(
                namespace="AWS/States",
                metric_name=name,
                dimensions_map=machine,
                statistic=cloudwatch.Stats.SUM,
                period=_DAY,
                region=Stack.of(scope).region,
            )
            for name in failures
        ],
        width=_WIDTH,
    )
