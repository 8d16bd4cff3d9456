"""What a job run costs: list prices in one table with their date, and the billed quantity.

Prices differ by region and change; an amount is an estimate and is called one wherever it is shown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

# US dollars per DPU-hour in us-east-1, by Glue's major version: standard and Flex (https://aws.amazon.com/glue/pricing/).
PRICES_OF: Final = "2026-11"
_USD_PER_DPU_HOUR: Final[Mapping[str, Mapping[str, float]]] = {
    "6": {"STANDARD": 0.308, "FLEX": 0.203},
    "5": {"STANDARD": 0.44, "FLEX": 0.29},
}
# DPUs of one worker (https://docs.aws.amazon.com/glue/latest/dg/worker-types.html).
_DPU_BY_WORKER: Final[Mapping[str, float]] = {"G.025X": 0.25, "G.1X": 1, "G.2X": 2, "G.4X": 4, "G.8X": 8}
_BILLED_SECONDS_AT_LEAST: Final = 60


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What a deployed job runs on: the version of Glue, its worker type and its execution class."""

    glue_version: str
    worker_type: str
    execution_class: str

    def cost(self, *, driver_seconds: float, executor_seconds: float, limit_usd: float | None = None) -> "Cost | None":
        """Estimate what a run costs whose driver and executors took so long, each on a worker of its own.

        None for a worker type that is not in the table.
        """
        capacity = dpus(self.worker_type, 1)
        if capacity is None:
            return None
        billed = dpu_seconds(driver_seconds, capacity) + executor_seconds * capacity
        amount = cost_usd(billed, glue_version=self.glue_version, execution_class=self.execution_class)
        return Cost(round(billed, 1), amount, limit_usd)


@dataclass(frozen=True)
class Cost:
    """What a run used, what that costs by the price table, which may have no price for it, and what it may cost."""

    dpu_seconds: float
    estimated_usd: float | None

    limit_usd: float | None = None

    def document(self) -> dict[str, Any]:
        """Return the cost as metrics have it."""
        return {**vars(self), "prices_of": PRICES_OF}

    @property
    def excess(self) -> str | None:
        """Say that the run cost more than the contract's `maxRunCostUsd`, or None."""
        if self.limit_usd is None or self.estimated_usd is None or self.estimated_usd <= self.limit_usd:
            return None
        return f"the run cost about {usd(self.estimated_usd)}, more than the {usd(self.limit_usd)} of maxRunCostUsd"


def read_cost(metrics: Mapping[str, Any]) -> Cost | None:
    """Return what the run of a metrics document cost; None off AWS, and where an older release told nothing."""
    cost = metrics.get("cost")
    return None if cost is None else Cost(cost["dpu_seconds"], cost["estimated_usd"], cost["limit_usd"])


def total(costs: Iterable[Cost | None]) -> Cost | None:
    """Add up what is known; None where nothing is."""
    known = [cost for cost in costs if cost is not None]
    amounts = [cost.estimated_usd for cost in known if cost.estimated_usd is not None]
    return Cost(sum(cost.dpu_seconds for cost in known), sum(amounts) if amounts else None) if known else None


def usd(amount: float) -> str:
    """Write an amount: to the cent from a dollar on, and to a hundredth of a cent below."""
    return f"{amount:,.2f} USD" if amount >= 1 else f"{amount:,.4f} USD"


def dpus(worker_type: str, workers: float) -> float | None:
    """Return the DPUs of a number of workers, or None for a worker type that is not in the table."""
    per_worker = _DPU_BY_WORKER.get(worker_type)
    return None if per_worker is None else per_worker * workers


def dpu_seconds(seconds: float, capacity: float) -> float:
    """Return what a run of constant capacity is billed for."""
    return max(seconds, _BILLED_SECONDS_AT_LEAST) * capacity


def cost_usd(billed_dpu_seconds: float, *, glue_version: str, execution_class: str) -> float | None:
    """Estimate a run's cost, or None when the table has no price for it."""
    price = _USD_PER_DPU_HOUR.get(glue_version.partition(".")[0], {}).get(execution_class)
    return None if price is None else round(billed_dpu_seconds / 3600 * price, 4)
