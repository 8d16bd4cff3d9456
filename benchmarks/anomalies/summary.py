"""From measured years to the tables that people read; it measures nothing itself."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import sqrt
from statistics import median
from typing import Any

from benchmarks.anomalies.faults import CLASSIC, SMALL

Year = dict[str, Any]
_NOISES = (0.03, 0.05, 0.07, 0.09, 0.13, 1.0)


def tables(years: Sequence[Year]) -> str:
    """Write a table for each check, one line per judge, and some of the baseline's by noise or by size."""
    checks = dict.fromkeys(year["check"] for year in years)
    parts = [_table(check, _of(years, check=check), by=_judge) for check in checks]
    rows = sorted(_of(years, check="rows", judge="baseline"), key=_noise_of)
    parts.append(_table("rows, by noise of a day", rows, by=_noise))
    for check in ("rates", "mixes"):
        of_check = sorted(_of(years, check=check, judge="baseline"), key=_rows_of)
        parts.append(_table(f"{check}, by rows of a day", of_check, by=_rows))
    mixes = sorted(_of(years, check="mixes", judge="baseline"), key=_moves)
    parts.append(_table("mixes, by move of a value", mixes, by=_moves))
    return "\n\n".join(parts)


def _table(title: str, years: Sequence[Year], *, by: Callable[[Year], str]) -> str:
    check = title.partition(",")[0]
    faults = [*CLASSIC[check], *SMALL[check]]
    header = [title, "years", "false a year", "holidays", "accepted", *faults, "drift seen after", "after a new level"]
    lines = [header, ["---"] * len(header)]
    groups = {name: [year for year in years if by(year) == name] for name in map(by, years)}
    lines += [[name, *_cells(own, faults)] for name, own in groups.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(years: Sequence[Year], faults: Iterable[str]) -> list[str]:
    counted = Counter[str]()
    for year in years:
        counted.update(year["counted"])
    found = [_percent(counted[f"{name}, found"], counted[f"{name}, tried"]) for name in faults]
    false = 365 * counted["quiet alarms"] / max(counted["quiet dates"], 1)
    odd = [_percent(counted[f"{kind} alarms"], counted[f"{kind} dates"]) for kind in ("holiday", "accepted")]
    drifts = [date for year in years for date in year["drift_dates"]]
    shifts = [alarms for year in years for alarms in year["shift_alarms"]]
    return [str(len(years)), f"{false:.2f}", *odd, *found, _drift(drifts), f"{median(shifts):.0f}" if shifts else ""]


def _drift(dates: Sequence[int | None]) -> str:
    """Write the median date on which a drift was seen, and in how many of all it was."""
    if not dates:
        return ""
    seen = [date for date in dates if date is not None]
    when = f"{median(seen):.0f} dates" if seen else "never"
    return f"{when} ({_percent(len(seen), len(dates))})"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


def _of(years: Iterable[Year], **wanted: str) -> list[Year]:
    return [year for year in years if all(year[key] == value for key, value in wanted.items())]


def _judge(year: Year) -> str:
    return f"`{year['judge']}`"


def _moves(year: Year) -> str:
    """Name how far each value of a mix moves in a day, and with what tails."""
    shape = year["shape"]
    return f"{100 * shape['moves']:2.0f} %, {'heavy tails' if shape['heavy_tails'] else 'normal'}"


def _rows(year: Year) -> str:
    return f"{_rows_of(year):,}"


def _rows_of(year: Year) -> int:
    rows: int = year["shape"]["rows"]
    return rows


def _noise(year: Year) -> str:
    """Name the class of a year's noise: that of the process and of counting so many rows, together."""
    limit, is_heavy = _noise_of(year)
    at_most = f"up to {100 * limit:.0f} %" if limit < 1 else "above 13 %"
    return f"{at_most}, {'heavy tails' if is_heavy else 'normal'}"


def _noise_of(year: Year) -> tuple[float, bool]:
    shape = year["shape"]
    noise = sqrt(shape["sigma"] ** 2 + 1 / shape["rows"])
    return next(limit for limit in _NOISES if noise <= limit), shape["heavy_tails"]
