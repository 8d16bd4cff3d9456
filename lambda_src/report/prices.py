"""What a job run costs: list prices in one table with their date, and the billed quantity.

Prices differ by region and change; an amount is an estimate and is called one wherever it is shown.
"""

from collections.abc import Mapping
from typing import Final

# US dollars per DPU-hour in us-east-1, by Glue's major version: standard and Flex (https://aws.amazon.com/glue/pricing/).
PRICES_OF: Final = "2026-11"
_USD_PER_DPU_HOUR: Final[Mapping[str, Mapping[str, float]]] = {
    "6": {"STANDARD": 0.308, "FLEX": 0.203},
    "5": {"STANDARD": 0.44, "FLEX": 0.29},
}
# DPUs of one worker (https://docs.aws.amazon.com/glue/latest/dg/worker-types.html).
_DPU_BY_WORKER: Final[Mapping[str, float]] = {"G.025X": 0.25, "G.1X": 1, "G.2X": 2, "G.4X": 4, "G.8X": 8}
_BILLED_SECONDS_AT_LEAST: Final = 60


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
