"""From measurements to the table that people read: medians and their ratios; it measures nothing itself."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

_FLOORS = ("bare", "bare_with_window")
_ROW = "{:<28} {:>10} {:>8} {:>7} {:>9} {:>8} {:>7} {:>9} {:>6} {:>7} {:>8}"


def table(measured: Sequence[Mapping[str, Any]]) -> str:
    """Write one line per design: median seconds, its ratio to the two floors, rounds, peak memory.

    A ratio is the median of the ratios within each round, so that a slow quarter of an hour does not count as a slow
    design.
    """
    ratios = ("/ bare", "/ window")
    header = ("design", "rows", "seconds", *ratios, "cpu s", *ratios, "cores", "rounds", "peak MB")
    lines = [_ROW.format(*header)]
    names = dict.fromkeys((entry["design"], entry["rows"]) for entry in measured)
    return "\n".join([*lines, *(_line(name, rows, measured) for name, rows in names)])


def _line(name: str, rows: int, measured: Sequence[Mapping[str, Any]]) -> str:
    own = [entry for entry in measured if (entry["design"], entry["rows"]) == (name, rows)]
    times = (text for unit in ("seconds", "cpu_seconds") for text in _times(own, measured, unit=unit))
    busy, peak = median_of(own, "cores_busy", digits=2), median_of(own, "peak_mb", digits=0)
    return _ROW.format(name, f"{rows:,}", *times, busy, len(own), peak)


def _times(own: Sequence[Mapping[str, Any]], measured: Sequence[Mapping[str, Any]], *, unit: str) -> list[str]:
    return [median_of(own, unit, digits=1), *(ratio_to(own, floor, measured, unit=unit) for floor in _FLOORS)]


def median_of(entries: Iterable[Mapping[str, Any]], name: str, *, digits: int) -> str:
    """Write the median of what was measured under a name; nothing where it was not."""
    values = [entry[name] for entry in entries if entry.get(name)]
    return f"{median(values):.{digits}f}" if values else ""


def ratio_to(own: Iterable[Mapping[str, Any]], floor: str, measured: Sequence[Mapping[str, Any]], *, unit: str) -> str:
    """Write the median of the ratios to a floor within each round."""
    floors = {(entry["round"], entry["rows"]): entry.get(unit) for entry in measured if entry["design"] == floor}
    pairs = [(entry.get(unit), floors.get((entry["round"], entry["rows"]))) for entry in own]
    ratios = [value / at_least for value, at_least in pairs if value and at_least]
    return f"{median(ratios):.2f}" if ratios else ""
