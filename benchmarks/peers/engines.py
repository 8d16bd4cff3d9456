"""Which engines are measured, where the code of each is, in which environment it runs and what it is compared with."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Engine:
    """One thing to measure.

    ``place`` is module and function. ``environment`` names a file in requirements/. ``without_checks`` is measured the
    same way without checks, so that the difference is their price. ``reads_raw`` tells that it takes a session and the
    day's folder, and not a frame.
    """

    place: str
    environment: str
    without_checks: str | None
    reads_raw: bool = False

    def load(self) -> Callable[..., Any]:
        """Import the engine, which only its own environment can."""
        module, _, name = self.place.partition(":")
        function: Callable[..., Any] = getattr(import_module(f"benchmarks.peers.{module}"), name)
        return function

    @property
    def is_peer(self) -> bool:
        """Tell whether it is somebody else's, so that it has to show that it can fail."""
        return self.place.startswith("with_")


def _of_each_spark(suffix: str, environment: str) -> dict[str, Engine]:
    marks = f"this_job_marks{suffix}"
    return {
        f"read_columns{suffix}": Engine("plain:read_columns", environment, None),
        f"one_aggregate{suffix}": Engine("plain:one_aggregate", environment, f"read_columns{suffix}"),
        marks: Engine("job:this_job_marks", environment, None, reads_raw=True),
        f"this_job_checks{suffix}": Engine("job:this_job_checks", environment, marks, reads_raw=True),
    }


ENGINES: dict[str, Engine] = {
    **_of_each_spark("", "plain"),
    "pandera": Engine("with_pandera:evaluate", "pandera", "read_columns"),
    "cuallee": Engine("with_cuallee:evaluate", "cuallee", "read_columns"),
    "great_expectations": Engine("with_great_expectations:evaluate", "great_expectations", "read_columns"),
    "great_expectations_uncached": Engine(
        "with_great_expectations:evaluate_uncached", "great_expectations", "read_columns"
    ),
    # Soda Core allows no PySpark from 4 on, so the yardsticks are measured on its Spark too.
    **_of_each_spark("_spark35", "plain_spark35"),
    "soda": Engine("with_soda:evaluate", "soda", "read_columns_spark35"),
}
