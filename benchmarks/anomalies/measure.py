"""One judge on one simulated year: its false alarms, the faults it finds, and how soon it sees a drift.

`python -m benchmarks.anomalies.measure JUDGE CHECKS SEED...` prints one JSON object for each check and seed.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import asdict
from typing import Any

from benchmarks.anomalies.faults import CLASSIC, CREEPING, DRIFT_DATES, SHIFT, SHIFT_DATES, SMALL
from benchmarks.anomalies.formulas import FORMULAS
from benchmarks.anomalies.judges import Judge, baseline
from benchmarks.anomalies.mixes import Mix, mix_of, mixed
from benchmarks.anomalies.simulate import FIRST_DAY, LEARNING_DAYS, Day, Shape, shape_of, simulated

# A drift or a new level begins on so many days of the judged year, each time as if nothing else had happened.
_STARTS = (20, 100, 180, 260)
# Years of these are judged as soon as a judge speaks, on a short history as well.
_JUDGED_EARLY = ("mixes", "rates")


def maker(judge: str) -> Callable[[str], Judge]:
    """Return what makes a judge; ``baseline@5`` is the baseline with another tolerance."""
    name, _, tolerance = judge.partition("@")
    if name == "baseline":
        return lambda check: baseline(check, tolerance=float(tolerance)) if tolerance else baseline(check)
    if name in FORMULAS:
        return FORMULAS[name]
    if name.startswith("river"):
        from benchmarks.anomalies.with_river import RIVER  # noqa: PLC0415  it is installed in its own environment only

        return RIVER[name]
    from benchmarks.anomalies.with_statsmodels import STATSMODELS  # noqa: PLC0415  as above

    return STATSMODELS[name]


def measured(judge: str, check: str, seed: int) -> dict[str, Any]:
    """Judge a year as it was and with every fault, what creeps, and where rows are counted, new levels as well."""
    make = maker(judge)
    shape, days = _year(check, seed)
    start = time.process_time()
    counted = judged_year(make(check), days, check)
    seconds = time.process_time() - start
    moving = list(_starts(make(check), days)) if check in CREEPING else []
    return {
        "judge": judge,
        "check": check,
        "seed": seed,
        "shape": asdict(shape),
        "counted": dict(counted),
        "drift_dates": [_found_after(deepcopy(one), left, CREEPING[check]) for one, left in moving],
        "shift_alarms": [_alarms_after_shift(deepcopy(one), left) for one, left in moving if check == "rows"],
        "ms_per_verdict": round(1000 * seconds / max(counted["verdicts"], 1), 2),
    }


def _year(check: str, seed: int) -> tuple[Shape | Mix, list[Day]]:
    if check in _JUDGED_EARLY:
        mix = mix_of(seed)
        return mix, mixed(mix, seed)
    shape = shape_of(seed)
    return shape, simulated(shape, seed)


def judged_year(judging: Judge, days: Sequence[Day], check: str) -> Counter[str]:
    """Judge every date of a year; what a date had of faults is never learnt, and every date as it was is."""
    counted = Counter[str]()
    for day in days:
        if (check in _JUDGED_EARLY or _passed(day) >= 0) and (usual := judging.usual(day)) is not None:
            counted.update(_counted(usual, day, check))
        judging.learn(day)
    return counted


def _starts(judging: Judge, days: Sequence[Day]) -> Iterator[tuple[Judge, Sequence[Day]]]:
    """Give the judge as it was before a drift or a new level begins, and the dates that are left."""
    left = list(_STARTS)
    for at, day in enumerate(days):
        if left and _passed(day) >= left[0]:
            left.pop(0)
            yield deepcopy(judging), days[at:]
        judging.learn(day)


def _passed(day: Day) -> int:
    """Return how many days of the judged year have passed."""
    return (day.day - FIRST_DAY).days - LEARNING_DAYS


def _counted(usual: Callable[[Day], bool], day: Day, check: str) -> Iterator[str]:
    """Name what is to be counted: dates and alarms by kind of day, and on quiet days the faults tried and found."""
    yield "verdicts"
    yield f"{day.kind} dates"
    if not usual(day):
        yield f"{day.kind} alarms"
    if day.kind != "quiet":
        return
    for name, fault in {**CLASSIC[check], **SMALL[check]}.items():
        if (faulty := fault(day)) is not None:
            yield f"{name}, tried"
            if not usual(faulty):
                yield f"{name}, found"


def _found_after(judging: Judge, days: Sequence[Day], crept: Callable[[Day, int], Day]) -> int | None:
    """Return on which date a drift raises its first alarm; what raises none is published and learnt."""
    for number, day in enumerate(days[:DRIFT_DATES], start=1):
        moved = crept(day, number)
        usual = judging.usual(moved)
        if day.kind == "quiet" and usual is not None and not usual(moved):
            return number
        judging.learn(moved)
    return None


def _alarms_after_shift(judging: Judge, days: Sequence[Day]) -> int:
    """Count the alarms on quiet dates after the rows have gone up for good, all of which people accept."""
    alarms = 0
    for day in days[:SHIFT_DATES]:
        more = day.scaled(SHIFT)
        usual = judging.usual(more)
        alarms += day.kind == "quiet" and usual is not None and not usual(more)
        judging.learn(more)
    return alarms


if __name__ == "__main__":
    for one_check in sys.argv[2].split(","):
        for one_seed in sys.argv[3:]:
            print(json.dumps(measured(sys.argv[1], one_check, int(one_seed))), flush=True)
