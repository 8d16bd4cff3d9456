"""CloudWatch metrics in the embedded metric format: a JSON line in the log, no call and no permission.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.checks import Check
from shared.logs import write_line

NAMESPACE: Final = "DataPipeline"


@dataclass(frozen=True)
class Metric:
    """One value; ``unit`` is a CloudWatch unit."""

    name: str
    value: float
    unit: str = "Count"


@dataclass(frozen=True)
class MetricSet:
    """Values that share their dimensions, environment and dataset first."""

    dimensions: Mapping[str, str]
    metrics: tuple[Metric, ...]


def check_values(dimensions: Mapping[str, str], checks: Sequence[Check]) -> list[MetricSet]:
    """Return the value of each check, to be drawn against its limit."""
    return [
        MetricSet(
            {**dimensions, "Check": check.id},
            (Metric("CheckValue", check.value, "Percent" if check.unit == "percent" else "Count"),),
        )
        for check in checks
    ]


def emit(metric_set: MetricSet, *, at: datetime) -> None:
    """Write one set of metrics into the log, from where CloudWatch takes it."""
    write_line(as_document(metric_set, at=at))


def as_document(metric_set: MetricSet, *, at: datetime) -> dict[str, Any]:
    """Return the embedded metric document."""
    definition = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(metric_set.dimensions)],
        "Metrics": [{"Name": metric.name, "Unit": metric.unit} for metric in metric_set.metrics],
    }
    return {
        "_aws": {"Timestamp": int(at.timestamp() * 1000), "CloudWatchMetrics": [definition]},
        **metric_set.dimensions,
        **{metric.name: metric.value for metric in metric_set.metrics},
    }
