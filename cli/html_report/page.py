"""The page: what stands on it, in which order and in which words. Every text that came with data passes `shown`.

Takes facts and makes one HTML document; reads no data and writes no file.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Final

from cli.html_report.charts import MOST_SHARES, Point, bars, shares, trend
from cli.html_report.facts import ACCEPTED, FAILED, NOTHING, PUBLISHED, WARNED, DateFacts, RangeFacts
from cli.views import brief
from cli.words import count, moment, percent
from core.checks import Check
from core.prices import PRICES_OF, total, usd
from core.rejections import RejectedLines, printable
from core.wording import plural

_FOLDER: Final = Path(__file__).parent
_LONGEST: Final = 300
_LONGEST_NAME: Final = 40
_MOST_CHARTS: Final = 24
_MOST_ROWS: Final = 40
_MOST_DATES_NAMED: Final = 5
_MOST_SINGLE_BARS: Final = 120
_OTHER: Final = "other values"
GLYPHS: Final[Mapping[str, tuple[str, str]]] = {
    PUBLISHED: ("good", "✓"),
    WARNED: ("warn", "!"),
    ACCEPTED: ("warn", "◇"),
    FAILED: ("bad", "✕"),
    NOTHING: ("none", "○"),
}


@dataclass(frozen=True)
class Chart:
    """A drawing, what it shows in a few words, and the same in a sentence for who cannot see it."""

    title: str
    svg: str
    told: str


def html_page(facts: RangeFacts, *, made_at: datetime, options: str) -> str:
    """Return the report as one document; ``options`` are what commands on it have to say about the dataset."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415  only needed for this page
    from markupsafe import Markup  # noqa: PLC0415  as above

    style = (_FOLDER / "style.css").read_text(encoding="utf-8")
    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters |= {"shown": shown, "count": count, "moment": moment, "percent": percent, "usd": usd}
    environment.filters["svg"] = Markup  # drawn here, from texts that were made harmless
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template(
        "page.html.j2"
    ).render(
        facts=facts,
        style=Markup(style),  # noqa: S704  a file of ours
        style_hash=digest,
        made_at=made_at,
        options=options,
        glyphs=GLYPHS,
        summary=_summary(facts, made_at),
        attention=_attention(facts)[:_MOST_ROWS],
        months=_months(facts),
        trends=_trends(facts),
        quiet=_quiet_checks(facts),
        distributions=_distributions(facts),
        failed=_failed_checks(facts)[:_MOST_ROWS],
        failed_count=len(_failed_checks(facts)),
        reasons=_reasons(facts),
        quarantined=_quarantined(facts),
        versions=[item for item in facts.dates if item.versions > 1 or item.is_rolled_back][-_MOST_ROWS:],
        costs=_costs(facts),
        cost_chart=_cost_chart(facts),
        contracts=_contracts(facts),
        prices_of=PRICES_OF,
    )


def shown(text: object, limit: int = _LONGEST) -> str:
    """Make a text fit for a page: control and direction characters are written out, what is too long is cut off."""
    return printable(str(text), limit=limit)


def _summary(facts: RangeFacts, made_at: datetime) -> str:
    states = facts.states()
    published = sum(item.shown_run is not None for item in facts.dates)
    of_these = ((WARNED, "with warnings"), (ACCEPTED, "accepted by a person"))
    some = [f"{states[state]} of them {words}" for state, words in of_these if states[state]]
    others = ((FAILED, "whose last run failed"), (NOTHING, "without a run"))
    parts = [", ".join([f"{published} of {plural(len(facts.dates), 'date')} are published", *some])]
    parts += [f"{plural(states[state], 'date')} {words}" for state, words in others if states[state]]
    latest = facts.latest_published
    if latest is None:
        return f"{'; '.join(parts)}."
    days = (made_at.date() - latest.day).days
    age = f"{plural(abs(days), 'day')} {'before' if days >= 0 else 'after'} this page was made"
    return f"{'; '.join(parts)}. The latest one published is {latest.day}, {age}."


@dataclass(frozen=True)
class Attention:
    """A date on which somebody has to do something: what is wrong, what readers see meanwhile, and commands."""

    day: date
    state: str
    says: str
    readers: str
    commands: Sequence[str]


def _attention(facts: RangeFacts) -> list[Attention]:
    found = [_of_failed(item) for item in facts.dates if item.state == FAILED]
    found += [
        Attention(item.day, NOTHING, "though dates before and after it are there", "", [f"pipeline run {item.day}"])
        for item in facts.gaps()
    ]
    return sorted(found, key=lambda item: item.day, reverse=True)


def _of_failed(item: DateFacts) -> Attention:
    readers = (
        f"Readers see the version of run {item.shown_run}." if item.shown_run else "Nothing of this date is published."
    )
    accept = [f"pipeline accept {item.day} --reason TEXT"] if item.could_be_accepted else []
    return Attention(
        item.day,
        FAILED,
        brief(item.reason, item.day),
        readers,
        [f"pipeline report {item.day}", f"pipeline run {item.day}", *accept],
    )


def _months(facts: RangeFacts) -> list[tuple[str, list[list[DateFacts | None]]]]:
    """Return a calendar: months of weeks of seven cells, Monday first."""
    months = []
    for (year, month), items in groupby(facts.dates, key=lambda item: (item.day.year, item.day.month)):
        dates = list(items)
        cells: list[DateFacts | None] = [*[None] * _place_in_grid(dates[0].day), *dates]
        cells += [None] * (-len(cells) % 7)
        weeks = [cells[start : start + 7] for start in range(0, len(cells), 7)]
        months.append((f"{date(year, month, 1):%B %Y}", [week for week in weeks if any(week)]))
    return months


def _place_in_grid(day: date) -> int:
    first = day.replace(day=1)
    return first.weekday() + (day - first).days


def _trends(facts: RangeFacts) -> list[Chart]:
    charts = [_rows_chart(facts)]
    charts += [_check_chart(id_, points) for id_, points in _checks(facts).items() if _is_worth_drawing(points)]
    return [chart for chart in charts if chart is not None][:_MOST_CHARTS]


_Checked = Sequence[tuple[DateFacts, Check]]


def _checks(facts: RangeFacts) -> dict[str, list[tuple[DateFacts, Check]]]:
    """Return the checks of all dates by their id, in the order of the latest contract."""
    found: dict[str, list[tuple[DateFacts, Check]]] = {
        check.id: [] for item in reversed(facts.dates) for check in item.checks
    }
    for item in facts.dates:
        for check in item.checks:
            found[check.id].append((item, check))
    return found


def _is_worth_drawing(checked: _Checked) -> bool:
    """Tell a rate or a count that moves, or was wrong once, from one that a sentence tells as well."""
    if any(not check.passed for _, check in checked):
        return True
    latest = checked[-1][1]
    moves = len({check.value for _, check in checked}) > 1
    return moves and (latest.unit == "percent" or latest.baseline is not None)


def _quiet_checks(facts: RangeFacts) -> list[str]:
    quiet = [checked[-1][1] for checked in _checks(facts).values() if not _is_worth_drawing(checked)]
    return [f"{_label(check)} ({shown(check.allowed(), _LONGEST_NAME)})" for check in quiet]


def _rows_chart(facts: RangeFacts) -> Chart | None:
    published = [(item.day, item.rows_published) for item in facts.dates if item.rows_published is not None]
    if not published:
        return None
    points = [Point(day, rows) for day, rows in published]
    return Chart("rows published", trend(points), _told("rows published", points, unit=""))


def _check_chart(id_: str, checked: _Checked) -> Chart:
    points = [Point(item.day, check.value, *_limits(check), _mark(item, check)) for item, check in checked]
    label, unit = _label(checked[-1][1]), " %" if checked[-1][1].unit == "percent" else ""
    title = f"{label}{unit and ', %'}"
    return Chart(title, trend(points), f"{_told(label, points, unit=unit)} Check {shown(id_, _LONGEST_NAME)}.")


def _label(check: Check) -> str:
    name = check.sentence().partition(" is ")[0].partition(" differ by ")[0]
    against = ", against earlier dates" if check.baseline is not None else ""
    return shown(name + against, 2 * _LONGEST_NAME)


def _limits(check: Check) -> tuple[float | None, float | None]:
    if isinstance(check.limit, tuple):
        return check.limit
    return (check.limit, None) if "Greater" in check.operator else (None, check.limit)


def _mark(item: DateFacts, check: Check) -> str | None:
    if check.passed:
        return None
    if item.is_accepted(check):
        return "accepted"
    return "failed" if check.severity == "error" else "warning"


def _told(name: str, points: Sequence[Point], *, unit: str) -> str:
    values = [point.value for point in points]
    failed = [str(point.day) for point in points if point.mark]
    lowest, highest = (f"{value:,.6g}{unit}" for value in (min(values), max(values)))
    marked = f" Marked: {', '.join(failed[:_MOST_DATES_NAMED])}{' and more' * (len(failed) > _MOST_DATES_NAMED)}."
    return f"{name} on {plural(len(points), 'date')}: {lowest} to {highest}.{marked if failed else ''}"


def _distributions(facts: RangeFacts) -> list[Chart]:
    names = dict.fromkeys(name for item in facts.dates for name in item.distributions)
    return [_shares_chart(facts, name) for name in names]


def _shares_chart(facts: RangeFacts, column: str) -> Chart:
    total: Counter[str] = Counter()
    for item in facts.dates:
        total.update(item.distributions.get(column, {}))
    most = [value for value, _ in total.most_common(MOST_SHARES)]
    kept = most if len(total) <= MOST_SHARES else most[:-1]
    labels = _distinct([shown(value, _LONGEST_NAME) for value in kept])
    named = dict(zip(kept, labels, strict=True))
    rows: Counter[tuple[date, str]] = Counter()
    is_long = len(facts.dates) > _MOST_SINGLE_BARS
    for item in facts.dates:
        for value, number in item.distributions.get(column, {}).items():
            rows[_week_of(item.day) if is_long else item.day, named.get(value, _OTHER)] += number
    order = [*labels, *([_OTHER] if len(total) > len(kept) else [])]
    all_rows = sum(total.values()) or 1
    told = ", ".join(f"{named[value]} {percent(100 * total[value] / all_rows)} %" for value in kept)
    drawn = shares([(day, name, number) for (day, name), number in rows.items()], order=order)
    title = shown(column, _LONGEST_NAME) + ", by week" * is_long
    return Chart(title, drawn, f"Shares of {shown(column)} over all dates: {told}.")


def _week_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _distinct(labels: Sequence[str]) -> list[str]:
    """Keep values apart that look alike once they are shown."""
    seen: Counter[str] = Counter()
    found = []
    for label in labels:
        seen[label] += 1
        found.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return found


def _failed_checks(facts: RangeFacts) -> list[tuple[DateFacts, Check, str]]:
    """Return the checks that did not hold, the latest date first, each with what became of it."""
    words = {"failed": "kept it from being published", "warning": "warning", "accepted": "accepted"}
    return [
        (item, check, words[_mark(item, check) or "warning"])
        for item in reversed(facts.dates)
        for check in item.failed_checks
    ]


@dataclass(frozen=True)
class Reason:
    """Why lines were malformed: how many on how many dates, and one of the latest."""

    reason: str
    lines: int
    dates: int
    latest: RejectedLines


def _reasons(facts: RangeFacts) -> list[Reason]:
    by_reason: dict[str, list[RejectedLines]] = {}
    for item in facts.dates:
        for rejected in item.rejected:
            by_reason.setdefault(rejected.reason, []).append(rejected)
    found = [Reason(name, sum(one.lines for one in all_), len(all_), all_[-1]) for name, all_ in by_reason.items()]
    return sorted(found, key=lambda reason: -reason.lines)[:_MOST_ROWS]


def _quarantined(facts: RangeFacts) -> str:
    """Say how the lines of the tile come about: those of the table, and those that are not in it."""
    all_lines, replaced = facts.total("quarantined"), facts.total("replaced")
    if not all_lines:
        return "No line is in quarantine."
    listed = sum(reason.lines for reason in _reasons(facts))
    others = max(0, all_lines - listed - replaced)
    kinds = ((listed, "in this table"), (replaced, "lines that corrected ones stand for"), (others, "of other reasons"))
    told = "; ".join(f"{count(lines)} {words}" for lines, words in kinds if lines)
    return f"{plural(all_lines, 'line')} quarantined by the last run of each date, failed ones too: {told}."


def _costs(facts: RangeFacts) -> list[tuple[str, float, float | None]]:
    """Return DPU-seconds and dollars by month of the data."""
    months = []
    for month, items in groupby(facts.dates, key=lambda item: f"{item.day:%Y-%m}"):
        cost = total(item.cost for item in items)
        if cost is not None:
            months.append((month, cost.dpu_seconds, cost.estimated_usd))
    return months


def _cost_chart(facts: RangeFacts) -> Chart | None:
    costs = [(item.day, item.cost.estimated_usd) for item in facts.dates if item.cost is not None]
    known = [(day, amount) for day, amount in costs if amount is not None]
    if not known:
        return None
    total = sum(amount for _, amount in known)
    return Chart("estimated cost per date, USD", bars(known), f"{usd(total)} on {plural(len(known), 'date')}.")


def _contracts(facts: RangeFacts) -> list[tuple[str, date, date, int]]:
    """Return the contract versions that dates were judged under, each stretch of dates by itself."""
    dated = [(item.contract_version, item.day) for item in facts.dates if item.contract_version is not None]
    stretches = []
    for version, items in groupby(dated, key=lambda pair: pair[0]):
        days = [day for _, day in items]
        stretches.append((str(version), days[0], days[-1], len(days)))
    return stretches
