"""The evaluated rules of a run, as its metrics object has them, and as CloudWatch gets them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.errors import InvalidDocument
from shared.metrics import Metric, MetricSet


@dataclass(frozen=True)
class Check:
    """One evaluated rule of the contract; ``value`` is None when nothing could be measured."""

    id: str
    operator: str
    limit: float | tuple[float, float]
    unit: str
    value: float | None
    severity: str
    passed: bool


def read_checks(metrics: Mapping[str, Any], *, source: str) -> tuple[Check, ...]:
    """Read the checks of a metrics object.

    Raises:
        InvalidDocument: naming ``source`` and the key that is missing or of the wrong kind.
    """
    try:
        return tuple(map(_check, metrics["checks"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidDocument(
            f"metrics object {source} cannot be used: {error!r}; it is not of this release's schema"
        ) from error


def check_values(dataset: str, checks: Sequence[Check]) -> list[MetricSet]:
    """Return the value of each check that could be measured, to be drawn against its limit."""
    return [
        MetricSet(
            {"Dataset": dataset, "Check": check.id},
            (Metric("CheckValue", check.value, "Percent" if check.unit == "percent" else "Count"),),
        )
        for check in checks
        if check.value is not None
    ]


def _check(document: Mapping[str, Any]) -> Check:
    limit, value = document["limit"], document["value"]
    return Check(
        id=str(document["id"]),
        operator=str(document["operator"]),
        limit=(float(limit[0]), float(limit[1])) if isinstance(limit, list) else float(limit),
        unit=str(document["unit"]),
        value=None if value is None else float(value),
        severity=str(document["severity"]),
        passed=document["passed"] is True,
    )
