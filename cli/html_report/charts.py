"""Charts as SVG texts without scripts or styles of their own: colours are variables of the page, which has two themes.

Vega-Lite draws them (vl-convert); texts that came with data are made harmless before they get here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from core.days import days_from

_WIDTH: Final = 300
_HEIGHT: Final = 120
_SERIES: Final = 7
_MOST_DOTS: Final = 120
_TOLD_OF_A_MARK: Final = re.compile(r' (aria-[a-z]+|role)="[^"]*"')
_PLACES: Final = re.compile(r' (d|transform)="[^"<>]*"')
_LONG_NUMBER: Final = re.compile(r"(?<=\d)(\.\d)\d+")
_COLOURS: Final = [f"var(--series-{number})" for number in range(1, _SERIES + 1)]
# The first of January with its year.
_NEW_YEAR: Final = "utcmonth(datum.value) == 0 && utcdate(datum.value) == 1"
# 25k rows, but 0.02 % and not 20m: thousands are known to everybody, thousandths are not.
_SHORT: Final = "format(datum.value, abs(datum.value) < 1000 ? '~g' : '~s')"
_X: Final = {
    "field": "day",
    "type": "temporal",
    "scale": {"type": "utc"},
    "axis": {
        "title": None,
        "labelOverlap": "greedy",
        "labelSeparation": 12,
        "tickCount": 4,
        "grid": False,
        "labelFlush": True,
        "labelExpr": f"utcFormat(datum.value, {_NEW_YEAR} ? '%-d %b %Y' : '%-d %b')",
    },
}
_CONFIG: Final = {
    "font": "system-ui, sans-serif",
    "background": "transparent",
    "view": {"stroke": "transparent"},
    "axis": {
        "labelColor": "var(--soft)",
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
        "labelFontSize": 11,
    },
    "legend": {"labelColor": "var(--ink)", "labelFontSize": 11, "symbolSize": 60, "labelLimit": 130},
}


@dataclass(frozen=True)
class Point:
    """A value of a date, the limits that it has to keep, if any, and what it is marked as."""

    day: date
    value: float
    low: float | None = None
    high: float | None = None
    mark: str | None = None


MARKS: Final[Mapping[str, tuple[str, str]]] = {
    "failed": ("triangle-up", "var(--bad)"),
    "warning": ("square", "var(--warn)"),
    "accepted": ("diamond", "var(--warn)"),
}


def trend(points: Sequence[Point]) -> str:
    """Draw values over dates with their limits as dashed lines, and marks where one was not kept."""
    rows = _rows(points)
    own = {"color": "var(--series-1)"}
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "line", "strokeWidth": 1.5, "strokeJoin": "round", **own}, "encoding": _encoding("value")},
    ]
    if len(points) <= _MOST_DOTS:
        layers.append({"mark": {"type": "point", "filled": True, "size": 9, **own}, "encoding": _encoding("value")})
    for limit in ("low", "high"):
        if any(getattr(point, limit) is not None for point in points):
            mark = {"type": "line", "color": "var(--limit)", "strokeDash": [4, 3], "strokeWidth": 1.2}
            layers.append({"mark": {**mark, "interpolate": "step"}, "encoding": _encoding(limit)})
    for name, (shape, colour) in MARKS.items():
        if any(point.mark == name for point in points):
            look = {"shape": shape, "color": colour, "filled": name != "accepted", "size": 70, "opacity": 1}
            only = {"filter": {"field": "mark", "equal": name}}
            layers.append({"mark": {"type": "point", **look}, "transform": [only], "encoding": _encoding("value")})
    return _svg({"data": {"values": rows}, "layer": layers})


def _rows(points: Sequence[Point]) -> list[dict[str, Any]]:
    """Return a row for each point, and one without a value for each day that is missing: no line is drawn over it.

    Not where most days are missing, as of a source that delivers once a week.
    """
    rows = {point.day: {**vars(point), "day": str(point.day)} for point in points}
    first, days = points[0].day, (points[-1].day - points[0].day).days + 1
    if len(rows) * 2 < days:
        return list(rows.values())
    return [rows.get(day) or {"day": str(day), "value": None} for day in days_from(first, points[-1].day)]


def bars(values: Sequence[tuple[date, float]]) -> str:
    """Draw amounts per date."""
    rows = [{"day": str(day), "value": value} for day, value in values]
    mark = {"type": "bar", "color": "var(--series-1)", "width": max(1, min(8, round(_WIDTH / max(len(rows), 1) - 1)))}
    return _svg({"data": {"values": rows}, "mark": mark, "encoding": _encoding("value")})


def shares(rows: Sequence[tuple[date, str, int]], *, order: Sequence[str]) -> str:
    """Draw the shares of values over dates, those of one date stacked to 100 %."""
    days = len({day for day, _, _ in rows})
    values = [{"day": str(day), "value": count, "name": name, "rank": order.index(name)} for day, name, count in rows]
    encoding = {
        **_encoding("value"),
        "color": {
            "field": "name",
            "type": "nominal",
            "scale": {"domain": list(order), "range": _COLOURS[: len(order)]},
            "legend": {"title": None, "orient": "bottom", "columns": 2},
        },
        "order": {"field": "rank", "type": "quantitative"},
    }
    encoding["y"] = {**encoding["y"], "stack": "normalize", "axis": {"title": None, "format": "%", "tickCount": 4}}
    mark = {"type": "bar", "width": max(1, min(20, round(_WIDTH / max(days, 1)))), "binSpacing": 0}
    return _svg({"data": {"values": values}, "mark": mark, "encoding": encoding})


MOST_SHARES: Final = _SERIES


def _encoding(name: str) -> dict[str, Any]:
    axis: dict[str, Any] = {"title": None, "tickCount": 4}
    if name == "value":
        axis["labelExpr"] = _SHORT
    return {"x": dict(_X), "y": {"field": name, "type": "quantitative", "axis": axis}}


def _svg(spec: Mapping[str, Any]) -> str:
    from vl_convert import vegalite_to_svg  # noqa: PLC0415  large, and only needed for this page

    svg: str = vegalite_to_svg({"width": _WIDTH, "height": _HEIGHT, "config": _CONFIG, **spec})
    # What a mark is called and shown to be is told for the whole chart; hundredths of a pixel cannot be seen.
    return _PLACES.sub(lambda found: _LONG_NUMBER.sub(r"\1", found[0]), _TOLD_OF_A_MARK.sub("", svg))
