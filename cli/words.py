"""Numbers, times and places as people read them. Plain functions over plain values."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

STYLES = {
    "published": "green",
    "unchanged": "cyan",
    "gate_failed": "red",
    "publishing": "yellow",
    "running": "yellow",
    "waiting": "dim",
    "not started": "dim",
}
_OTHER_STYLE = "red"
_MINUTE = 60
_LEAST_RATE = 0.01
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def count(value: int | None) -> str:
    """Write a whole number with thousands apart, or a dash for none."""
    return "-" if value is None else f"{value:,}"


def counted(statuses: Iterable[str]) -> str:
    """Write how often each status is there: ``2 failed, 1 published``."""
    return ", ".join(f"{count(number)} {status}" for status, number in sorted(Counter(statuses).items()))


def percent(value: float) -> str:
    """Write a rate, 0 to 100, with two decimals; one that only rounding makes nothing, or everything, says so."""
    if 0 < value < _LEAST_RATE:
        return f"<{_LEAST_RATE}"
    return f">{100 - _LEAST_RATE}" if 100 - _LEAST_RATE < value < 100 else f"{value:.2f}"


def size(value: int | None) -> str:
    """Write a number of bytes in the largest fitting unit (powers of 1000)."""
    if value is None:
        return "-"
    amount, unit = float(value), 0
    while amount >= 1000 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.3g} {_UNITS[unit]}"


def duration(seconds: float) -> str:
    """Write how long something takes: seconds below two minutes, then minutes, then hours and minutes."""
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / _MINUTE), _MINUTE)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def moment(iso_time: str | None) -> str:
    """Write an ISO 8601 time to the second; all times of the pipeline are UTC."""
    return "-" if iso_time is None else f"{datetime.fromisoformat(iso_time):%Y-%m-%d %H:%M:%S}"


def path_of(uri: str) -> str:
    """Write a local URI as a path, short where it lies below the current directory; others stay as they are."""
    if not uri.startswith("file://"):
        return uri
    path = Path(uri.removeprefix("file://"))
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def step(state: str, *, held_back: bool = False) -> str:
    """Say what an execution is doing in a state; ``held_back`` by another run of its date it waits for that one."""
    if held_back and state == "WaitForData":
        return "waiting for another run of the date"
    return _STEPS.get(state, state or "starting")


def status_style(status: str) -> str:
    """Return the style in which a run's status is shown."""
    return STYLES.get(status, _OTHER_STYLE)


_STEPS = {
    "FindRawData": "looking for raw data",
    "WaitForData": "waiting for raw data",
    "WaitForFreeRun": "waiting for a free run of the Glue job",
    "CurateDay": "curating: the Glue job is running",
    "Report": "reporting",
    "NotifySuccess": "notifying",
    "Plan": "planning its dates",
    "RunDates": "running its dates",
    "Summarize": "summarizing",
    "NotifySummary": "notifying",
}
