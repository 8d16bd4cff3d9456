"""The names of the executions that late data starts, and how many of them one delivery of raw data gets.

Step Functions keeps a name for 90 days: while that execution runs, the same start is answered with it, and later it is
refused. https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

import re
from collections.abc import Sequence
from datetime import UTC, date
from typing import Final

from core.raw_day import RawDay

# The first run, and two more when it breaks, times out or is stopped; what its gate refuses is not run again at all.
MOST_RUNS: Final = 3
_MAX_NAME: Final = 80
_FINGERPRINT_IN_NAME: Final = 16
_LAST: Final = re.compile(
    rf"late-.*-[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}-[0-9a-f]{{{_FINGERPRINT_IN_NAME}}}-[0-9]{{8}}T[0-9]{{6}}-{MOST_RUNS}"
)


def execution_names(dataset: str, day: date, raw: RawDay) -> Sequence[str]:
    """Name the runs that one delivery of raw data may get, in order.

    A delivery is raw data and when the youngest of it arrived, so that what comes back after something else is one of
    its own, and a repeated event never is.
    """
    arrived = "" if raw.latest_arrival is None else f"-{raw.latest_arrival.astimezone(UTC):%Y%m%dT%H%M%S}"
    delivery = f"-{day}-{raw.state[:_FINGERPRINT_IN_NAME]}{arrived}"
    ends = ["", *(f"-{number}" for number in range(2, MOST_RUNS + 1))]
    return [f"late-{dataset}"[: _MAX_NAME - len(delivery) - len(ends[-1])] + delivery + end for end in ends]


def is_last_run(execution_name: str) -> bool:
    """Tell whether an execution is the last one that late data starts for a delivery."""
    return _LAST.fullmatch(execution_name) is not None
