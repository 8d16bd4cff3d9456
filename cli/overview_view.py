"""`pipeline overview`: all datasets on one screen, and below them what needs a person."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from adapters.aws import client
from cli.contracts import all_contracts
from cli.options import Call
from cli.output import shown_progress
from cli.overview import WINDOW, Overview, look, unreadable
from cli.views import Fitting, new_table, whole
from cli.words import count, moment, percent
from contract import ContractError
from core.errors import PipelineError
from core.prices import usd
from core.wording import first_named, plural

_DATASETS_AT_ONCE: Final = 4
_DATES_SHOWN: Final = 3


def show_overview(call: Call) -> int:
    """Show every dataset, or the one that is named; 1 when something of one needs a person."""
    names = [call.contract] if call.contract is not None else all_contracts()
    calls = [call] if len(names) == 1 else [replace(call, contract=name) for name in names]
    now = datetime.now(UTC)
    with shown_progress(call.output.progress, f"looking at {plural(len(calls), 'dataset')}"):
        found = _looked_at(calls, now)
    is_well = not any(overview.problems for overview in found)
    document = {"ok": is_well, "datasets": [asdict(overview) for overview in found]}
    views = (_table(found, now), _summary(found), *_told(found), *_not_looked_at(found))
    call.output.show(document, *views)
    return 0 if is_well else 1


def _looked_at(calls: Sequence[Call], now: datetime) -> list[Overview]:
    for call in calls[:1]:  # that there is no deployment, or no data root, is said once
        _ = call.place or call.deployment
    if not calls[0].place:
        for service in ("s3", "glue", "lambda", "scheduler", "stepfunctions", "cloudwatch", "cloudformation"):
            client(service)  # made before the threads begin: making one is not safe in several at once
    with ThreadPoolExecutor(_DATASETS_AT_ONCE) as lookers:
        return list(lookers.map(lambda call: _look_at(call, now), calls))


def _look_at(call: Call, now: datetime) -> Overview:
    try:
        found = look(call.dataset, None if call.place else call.deployment, now=now)
    except (PipelineError, ContractError) as error:
        found = unreadable(call.contract or "the only dataset", str(error))
    problems, notes = (
        tuple(replace(item, next_step=call.output.told(item.next_step)) for item in items)
        for items in (found.problems, found.notes)
    )
    return replace(found, problems=problems, notes=notes)


def _table(found: Iterable[Overview], now: datetime) -> RenderableType:
    """Show a line per dataset; dates of the window, costs of the calendar month."""
    numbers = dict.fromkeys(("over-\ndue", "failed", "at\nwork", "quaran-\ntined", "blocked", "hidden"), "right")
    cost = {f"cost in\n{now:%Y-%m}": "right"}
    wide = new_table("dataset", "last date", "published (UTC)", **numbers, **cost)
    narrow = new_table("dataset\nlast date", **numbers, **cost)
    for overview in found:
        last = "-" if overview.last_published is None else str(overview.last_published)
        cells = [*_cells(overview), "-" if overview.month_usd is None else usd(overview.month_usd)]
        style = "bold red" if overview.problems else None
        wide.add_row(Text(overview.dataset), last, moment(overview.published_at), *cells, style=style)
        narrow.add_row(Text(f"{overview.dataset}\n{last}"), *cells, style=style)
    return Fitting(wide, narrow)


def _cells(overview: Overview) -> list[str]:
    rate = 100 * overview.rows_quarantined / overview.rows_read if overview.rows_read else None
    numbers = (overview.failures, overview.at_work)
    failed, at_work = ("-" if not items else count(len(items)) for items in numbers)
    overdue = count(len(overview.overdue)) if overview.is_judged else "-"
    blocked, hidden = ("-" if not items else count(len(items)) for items in (overview.blocked, overview.faults))
    return [overdue, failed, at_work, "-" if rate is None else f"{percent(rate)} %", blocked, hidden]


def _summary(found: Sequence[Overview]) -> RenderableType:
    days = WINDOW.days
    troubled = sum(bool(overview.problems) for overview in found)
    state = f"datasets that need a person: {troubled} of {len(found)}" if troubled else "nothing needs a person"
    return whole(f"{state}; looked at the last {days} days")


def _told(found: Sequence[Overview]) -> Iterable[RenderableType]:
    """Say what needs a person, and what should be looked at all the same."""
    for overview in found:
        for problem in (*overview.problems, *overview.notes):
            yield whole(f"\n{overview.dataset}: {problem.says}")
            yield whole(f"  next: {problem.next_step}")
        if overview.blocked:
            yield whole(f"\n{overview.dataset}: {_blocked(overview.blocked)}")


def _blocked(days: Sequence[date]) -> str:
    return f"input is blocked, as it was rolled back: {first_named(list(map(str, days)), _DATES_SHOWN)}"


def _not_looked_at(found: Iterable[Overview]) -> Iterable[RenderableType]:
    reasons = dict.fromkeys(f"{overview.dataset}: {reason}" for overview in found for reason in overview.not_looked_at)
    for reason in reasons:
        yield whole(f"\nnot looked at: {reason}")
