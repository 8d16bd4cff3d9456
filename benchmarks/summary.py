"""From measurements to the table that people read: medians and their ratios; it measures nothing itself."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

_FLOOR, _FLOOR_WITH_WINDOW = "bare", "bare_with_window"


def table(measured: Sequence[Mapping[str, Any]]) -> str:
    """Write one line per design: median seconds, its ratio to the two floors, rounds, peak memory.

    A ratio is the median of the ratios within each round, so that a slow quarter of an hour does not count as a slow
    design.
    """
    lines = [f"{'design':<28} {'rows':>10} {'seconds':>8} {'vs bare':>8} {'vs window':>9} {'rounds':>6} {'peak MB':>8}"]
    names = dict.fromkeys((entry["design"], entry["rows"]) for entry in measured)
    return "\n".join([*lines, *(_line(name, rows, measured) for name, rows in names)])


def _line(name: str, rows: int, measured: Sequence[Mapping[str, Any]]) -> str:
    own = [entry for entry in measured if (entry["design"], entry["rows"]) == (name, rows)]
    seconds = median(entry["seconds"] for entry in own)
    peaks = [entry["peak_mb"] for entry in own if entry.get("peak_mb")]
    bare, window = (_ratio(own, floor, measured) for floor in (_FLOOR, _FLOOR_WITH_WINDOW))
    peak = f"{median(peaks):.0f}" if peaks else ""
    return f"{name:<28} {rows:>10,} {seconds:>8.1f} {bare:>8} {window:>9} {len(own):>6} {peak:>8}"


def _ratio(own: Iterable[Mapping[str, Any]], floor: str, measured: Sequence[Mapping[str, Any]]) -> str:
    floors = {(entry["round"], entry["rows"]): entry["seconds"] for entry in measured if entry["design"] == floor}
    ratios = [
        entry["seconds"] / floors[entry["round"], entry["rows"]]
        for entry in own
        if (entry["round"], entry["rows"]) in floors
    ]
    return f"{median(ratios):.2f}" if ratios else ""
