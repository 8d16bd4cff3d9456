"""From the measurements of engines to the table that people read; it measures nothing itself."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.peers.engines import ENGINES
from benchmarks.summary import median_of, ratio_to

_ROW = "{:<28} {:>6} {:>8} {:>7} {:>7} {:>7} {:>8} {:>7} {:>7} {:>7} {:>8}"
_UNITS = ("seconds", "cpu_seconds")


def table(measured: Sequence[Mapping[str, Any]]) -> str:
    """Write one line per engine: median seconds, of that the checks' own, and ratios to one_aggregate on its Spark.

    The checks' own seconds are those of the engine minus those without checks in the same round.
    """
    entries = list(_with_own_seconds(measured))
    half = ("whole", "checks", "/ one")
    lines = [_ROW.format("", "", "seconds", "", "", "cpu", "", "", "python", "", "peak")]
    lines.append(_ROW.format("engine", "spark", *half, *half, "cpu", "rounds", "MB"))
    return "\n".join([*lines, *(_line(name, entries) for name in dict.fromkeys(entry["design"] for entry in entries))])


def _with_own_seconds(measured: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    by_round = {(entry["design"], entry["round"]): entry for entry in measured}
    for entry in measured:
        without = by_round.get((ENGINES[entry["design"]].without_checks, entry["round"]))
        own = {} if without is None else {f"own_{unit}": entry[unit] - without[unit] for unit in _UNITS}
        yield {**entry, **own}


def _line(name: str, entries: Sequence[Mapping[str, Any]]) -> str:
    own = [entry for entry in entries if entry["design"] == name]
    same_spark = [entry for entry in entries if entry["spark"] == own[0]["spark"]]
    floor = next((entry["design"] for entry in same_spark if entry["design"].startswith("one_aggregate")), "")
    times = []
    for unit in _UNITS:
        whole, checks = median_of(own, unit, digits=1), median_of(own, f"own_{unit}", digits=1)
        times += [whole, checks, ratio_to(own, floor, same_spark, unit=unit)]
    python, peak = median_of(own, "python_cpu_seconds", digits=1), median_of(own, "peak_mb", digits=0)
    return _ROW.format(name, own[0]["spark"], *times, python, len(own), peak)
