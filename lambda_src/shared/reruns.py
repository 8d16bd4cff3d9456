"""The names of the executions that late data starts, and how many of them one delivery of raw data gets.

Step Functions keeps a name for 90 days: while that execution runs, the same start is answered with it, and later it is
refused. https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

# The first run, and two more when it breaks, times out or is stopped; what its gate refuses is not run again at all.
MOST_RUNS: Final = 3
_MAX_NAME: Final = 80
_FINGERPRINT_IN_NAME: Final = 16
_LAST: Final = re.compile(
    rf"late-.*-[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}-[0-9a-f]{{{_FINGERPRINT_IN_NAME}}}(-[0-9a-f]{{8}})?-{MOST_RUNS}"
)


def execution_names(dataset: str, day: date, state: str, *, after_run: str | None) -> Sequence[str]:
    """Name the runs that one delivery of raw data may get, in order.

    ``state`` tells this raw data from another and ``after_run`` is the latest run over other raw data, so that what
    comes back after something else was run is a delivery of its own, and a repeated event never is.
    """
    after = "" if after_run is None else f"-{after_run.rpartition('-')[2]}"
    ends = ["", *(f"-{number}" for number in range(2, MOST_RUNS + 1))]
    delivery = f"-{day}-{state[:_FINGERPRINT_IN_NAME]}{after}"
    return [f"late-{dataset}"[: _MAX_NAME - len(delivery) - len(ends[-1])] + delivery + end for end in ends]


def is_last_run(execution_name: str) -> bool:
    """Tell whether an execution is the last one that late data starts for a delivery."""
    return _LAST.fullmatch(execution_name) is not None
