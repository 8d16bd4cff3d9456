"""Records, metrics and executions as tables for a terminal that keep ids and numbers whole, however narrow it is.

Turns documents into Rich renderables; reads nothing and prints nothing.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from cli.executions import DateState, Execution
from cli.outdated import OutdatedDate, shown_reasons
from cli.ranges import in_ranges
from cli.words import count, moment, path_of, percent, size, status_style, step
from core.checks import Check, read_checks
from core.prices import read_cost, usd
from core.publication import Publication, Version
from core.rejections import read_rejections, without_example
from core.runs import Metrics
from core.wording import first_of, has_command, plural

_TOTALS = {
    "read": "rows_read",
    "written": "rows_written",
    "duplicates": "duplicates_removed",
    "quarantined": "rows_quarantined",
}
_HEADINGS = ("rows\nread", "rows\nwritten", "dupli-\ncates", "quaran-\ntined")
_MOST_VALUES = 6
_LONGEST_REASON = 160
_UNLIMITED = 10_000
# Types as Athena names them in a result.
_WHOLE_NUMBERS = {"tinyint", "smallint", "integer", "int", "bigint"}
_NUMBERS = _WHOLE_NUMBERS | {"float", "real", "double", "decimal"}
_WHOLE = {
    *("date", "run", "status", "date\nrun", "date, status\nrun", "published (UTC)\nreplaced (UTC)"),
    *("doing", "started (UTC)", "execution", "date, doing\nexecution", "started (UTC)\nseconds"),
}


def report(metrics: Metrics, *, told: Callable[[str], str] = str) -> RenderableType:
    """Show one run: outcome, rows, checks, columns, seconds; ``told`` completes the commands in its message."""
    parts: list[RenderableType] = [_heading(metrics), *_facts(metrics, told), *_places(metrics), *_rejections(metrics)]
    if metrics["checks"]:
        checks = read_checks(metrics, source=f"of run {metrics['run_id']}")
        accepted = metrics.get("accepted") or {}
        parts += [_checks_table(checks, accepted=accepted.get("checks", ())), _columns_table(metrics)]
    return Group(*parts)


def _checks_table(checks: Iterable[Check], *, accepted: Collection[str]) -> Table:
    """Show checks with the value that was compared and the limit; what people accepted did not hold either."""
    table = new_table("check", "column", value="right", limit="left", severity="left", result="left")
    for check in checks:
        style, result = ("green", "passed") if check.passed else ("bold red", "failed")
        if not check.passed and check.id in accepted:
            style, result = "yellow", "accepted"
        cells = [check.id, check.column or "-", check.measured(), check.allowed(), check.severity]
        table.add_row(*cells, Text(result, style), style=None if check.passed else "bold")
    return table


def runs_table(runs: Iterable[Metrics]) -> RenderableType:
    """Show runs in the order given; what a run wrote that was deleted is not among its rows."""
    numbers = dict.fromkeys((*_HEADINGS, "seconds"), "right")
    wide, narrow = new_table("date", "run", "status", **numbers), new_table("date, status\nrun", **numbers)
    for run in runs:
        day, run_id, status = run["ingestion_date"], run["run_id"], status_text(run["status"])
        total = run["seconds"].get("total")
        shown = {**run, "rows_written": None} if _is_deleted(run) else run
        cells = [*(count(shown[name]) for name in _TOTALS.values()), "-" if total is None else f"{total:.1f}"]
        wide.add_row(day, run_id, status, *cells)
        narrow.add_row(Text.assemble(day, " ", status, "\n", run_id), *cells)
    return Fitting(wide, narrow)


def published_table(records: Iterable[Publication]) -> RenderableType:
    """Show what readers see of each date."""
    numbers = dict.fromkeys(("rows\nwritten", "quaran-\ntined", "size", "versions\nkept"), "right")
    when = "published (UTC)"
    wide, narrow = new_table("date", "run", when, **numbers), new_table("date\nrun", when, **numbers)
    for record in records:
        day, current = record.ingestion_date, record.current
        rows, quarantined, versions = map(count, (current.rows_written, current.rows_quarantined, len(record.versions)))
        cells = (moment(current.published_at), rows, quarantined, size(current.bytes), versions)
        wide.add_row(day, current.run_id, *cells)
        narrow.add_row(f"{day}\n{current.run_id}", *cells)
    return Fitting(wide, narrow)


def outdated_table(found: Iterable[OutdatedDate]) -> RenderableType:
    """Show the dates that should be written again."""
    table = new_table("date", "contract", "why")
    for dates, alike in in_ranges(found, lambda item: (item.contract_version, item.reasons)):
        number = f"{count(len(alike))} dates: " if len(alike) > 1 else ""
        table.add_row(dates, alike[0].contract_version, Text(number + shown_reasons(alike[0].reasons)))
    return table


def versions_table(record: Publication) -> RenderableType:
    """Show the versions of one date that have their files, the published one first."""
    more = {"rows": "right", "files": "right", "size": "right", "contract": "left"}
    published, replaced = "published (UTC)", "replaced (UTC)"
    wide, narrow = new_table("run", published, replaced, **more), new_table("run", f"{published}\n{replaced}", **more)
    for version in record.versions:
        times = moment(version.published_at), _replaced(version, record)
        cells = _version_cells(version)
        wide.add_row(version.run_id, *times, *cells)
        narrow.add_row(version.run_id, "\n".join(times), *cells)
    return Fitting(wide, narrow)


def executions_table(executions: Iterable[Execution]) -> RenderableType:
    """Show executions that run: the date of each, what it is doing, and its name, which `pipeline follow` takes."""
    wide = new_table("date", "doing", "started (UTC)", "execution", seconds="right")
    narrow = new_table("date, doing\nexecution", "started (UTC)\nseconds")
    for execution in executions:
        day, doing = str(execution.ingestion_date or "-"), step(execution.state, held_back=execution.is_held_back)
        started, seconds = moment(execution.started_at.isoformat()), f"{execution.seconds:.0f}"
        wide.add_row(day, doing, started, execution.name, seconds)
        narrow.add_row(f"{day} {doing}\n{execution.name}".lstrip(), f"{started}\n{seconds}")
    return Fitting(wide, narrow)


def dates_table(states: Iterable[DateState]) -> RenderableType:
    """Show what has become of each date, and why some failed: below the table where that names a place.

    Dates that follow each other and have nothing to tell but the same status share a row.
    """
    shown, places = new_table("date", "status", rows="right", seconds="right", reason="left"), []
    for dates, alike in in_ranges(states, _said_of_a_date):
        state = alike[0]
        seconds = "-" if state.seconds is None else f"{state.seconds:.1f}"
        reason = brief(state.reason, state.ingestion_date) or _shortened("; ".join(state.remarks))
        status = Text(state.status, status_style(state.status))
        if "/" in reason:  # a path, which only the terminal may break, so that it can be copied
            places.append(whole(f"{state.ingestion_date}: {reason}"))
            reason = "see below"
        if len(alike) > 1:
            why = f": {reason}" if reason else ""
            shown.add_row(dates, status, "-", "-", Text(f"{count(len(alike))} dates{why}"))
        else:
            shown.add_row(dates, status, count(state.rows), seconds, Text(reason or "-"))
    return Group(shown, *places)


def _said_of_a_date(state: DateState) -> tuple[str, str] | None:
    return (state.status, state.reason) if state.status in {"not started", "unchanged"} else None


def query_table(names: Sequence[str], rows: Sequence[Sequence[Any]], *, types: Sequence[str]) -> RenderableType:
    """Show a query's result: a line per row, or a line per value where the terminal has no room for that.

    Numbers are aligned and whole ones have their thousands apart; null is a dash.
    """
    wide, narrow = new_table(), new_table("column", "value")
    kinds = [name.lower().partition("(")[0] for name in types]
    for name, kind in zip(names, kinds, strict=True):
        wide.add_column(Text(name), no_wrap=True, justify="right" if kind in _NUMBERS else "left")
    for row in rows:
        texts = [Text(_value(value, kind)) for value, kind in zip(row, kinds, strict=True)]
        wide.add_row(*texts)
        for name, text in zip(names, texts, strict=True):
            narrow.add_row(Text(name), text)
        narrow.add_section()
    if not rows:
        narrow = new_table("column")
        for name in names:
            narrow.add_row(Text(name))
    return Fitting(wide, narrow)


def _value(value: Any, kind: str) -> str:
    if value is None:
        return "-"
    text = str(value)
    return count(int(text)) if kind in _WHOLE_NUMBERS and text.lstrip("-").isdigit() else text


def outbox_view(messages: Iterable[Mapping[str, Any]]) -> RenderableType:
    """Show messages as a person would read them."""
    return Group(*(message_view(message) for message in messages))


def whole(text: str) -> Text:
    """Show lines that only the terminal breaks, so that a command in them can be copied."""
    return Text(text, no_wrap=True, overflow="ignore")


def status_text(status: str) -> Text:
    """Show a run's status in its colour."""
    return Text(status, status_style(status))


def outcome_line(run: Mapping[str, Any]) -> str:
    """Say in one line what came of a run that ended well."""
    if run["status"] == "unchanged":
        return str(run["message"])
    return (
        f"{run['ingestion_date']}: published run {run['run_id']}: {plural(run['rows_read'], 'row')} read, "
        f"{count(run['rows_written'])} written, {plural(run['duplicates_removed'], 'duplicate')} removed, "
        f"{count(run['rows_quarantined'])} quarantined{_why(run)}{_remarks(run)}"
    )


def _why(run: Mapping[str, Any]) -> str:
    """Name the command that tells why lines are in quarantine."""
    return f" (why: pipeline report {run['ingestion_date']})" if run["rows_quarantined"] else ""


def _remarks(run: Mapping[str, Any]) -> str:
    """Add what the run has to tell besides, and which command tells all of it, where that is not named yet."""
    told = "".join(f"; {remark}" for remark in run.get("remarks", ()))  # a deployment of an older release tells none
    more = "" if not told or run["rows_quarantined"] else f" (more: pipeline report {run['ingestion_date']})"
    return told + more


def brief(reason: str, day: date | None) -> str:
    """Return the reason without what the row or `pipeline report` says as well, and without the next step."""
    parts = without_example(reason).split("; ")
    kept = "; ".join(part for part in parts if not part.startswith("report ") and not has_command(part))
    return _shortened(kept.partition(f"{day}: ")[2] or kept)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON].rpartition(' ')[0]}…"


def _replaced(version: Version, record: Publication) -> str:
    return "(current)" if version is record.current else moment(version.replaced_at)


def _version_cells(version: Version) -> tuple[str, ...]:
    contract = f"{version.contract['id']} {version.contract['version']}"
    return count(version.rows_written), count(version.files), size(version.bytes), contract


def message_view(message: Mapping[str, Any]) -> RenderableType:
    """Show one message with its addresses."""
    to = ", ".join(message["to"]) or "nobody: no address is subscribed"
    heading = Text.assemble(
        (message["subject"], "bold"),
        (f"\n{moment(message['at'])} UTC, to {to}", "dim"),
        no_wrap=True,
        overflow="ignore",
    )
    lines = [whole(f"  {line}".rstrip()) for line in message["body"].rstrip().splitlines()]
    return Group(heading, *lines, Text(""))


def _heading(metrics: Metrics) -> Text:
    heading = Text.assemble(
        (f"{metrics['dataset']} {metrics['ingestion_date']}", "bold"), f", run {metrics['run_id']}: "
    )
    heading.append_text(status_text(metrics["status"]))
    return heading


def _facts(metrics: Metrics, told: Callable[[str], str]) -> Iterable[Text]:
    """Show each fact on a line that only the terminal breaks: it may hold a path, or a command to be copied."""
    for name, value in _fact_lines(metrics):
        yield _line(name, told(value) if name == "message" else value)


def _line(name: str, value: str) -> Text:
    return Text.assemble((f"  {name:<16}", "dim"), value, no_wrap=True, overflow="ignore")


def _fact_lines(metrics: Metrics) -> Iterable[tuple[str, str]]:
    raw, contract = metrics["raw"], metrics["contract"]
    if metrics["message"]:
        yield "message", metrics["message"]
    yield "started", f"{moment(metrics['started_at'])} UTC, contract {contract['id']} {contract['version']}"
    yield "raw", f"{plural(raw['objects'], 'object')}, {size(raw['bytes'])}, fingerprint {raw['fingerprint'] or '-'}"
    for key in raw.get("replayed", ()):
        yield "replayed", f"{key}: corrected lines"
    for ignored in raw["ignored"]:
        yield "ignored", f"{ignored['key']}: {ignored['reason']}"
    rows = ", ".join(f"{count(metrics[key])} {name}" for name, key in _TOTALS.items())
    yield "rows", rows + _replaced_lines(metrics) + _discarded(metrics)
    yield from _time_lines(metrics)
    yield from _drift_lines(metrics)
    if metrics["location"]:
        yield "files", f"{plural(metrics['files'], 'file')}, {size(metrics['bytes_out'])}"
    yield from _judgement_lines(metrics)
    for warning in metrics["warnings"]:
        yield "warning", warning
    if metrics["cleaned_up_runs"]:
        yield "cleaned up", f"leftovers of killed runs: {', '.join(metrics['cleaned_up_runs'])}"
    yield from _cost_lines(metrics)
    yield "seconds", ", ".join(f"{phase} {seconds:.1f}" for phase, seconds in metrics["seconds"].items()) or "-"


def _judgement_lines(metrics: Metrics) -> Iterable[tuple[str, str]]:
    accepted = metrics.get("accepted")
    if accepted:
        checks, when = ", ".join(accepted["checks"]), moment(accepted["accepted_at"])
        yield "accepted", f"{checks}: by {accepted['accepted_by']} at {when} UTC: {accepted['reason']}"
    for check in metrics.get("checks_not_judged", ()):
        yield "not judged", f"{check['id']}: {check['reason']}"


def _replaced_lines(metrics: Metrics) -> str:
    replaced = metrics.get("rows_replaced")
    return f"; corrected lines stand for {count(replaced)} of these" if replaced else ""


def _is_deleted(run: Metrics) -> bool:
    """Tell whether nothing is left of what a run wrote."""
    return bool(run["rows_written"]) and run["location"] is None


def _discarded(metrics: Metrics) -> str:
    if not _is_deleted(metrics):
        return ""
    kind = "rejected" if metrics["status"] == "gate_failed" else "unpublished"
    return f"; the {kind} output was deleted"


def _places(metrics: Metrics) -> Iterable[Text]:
    """Show where the files lie, each on a line that only the terminal breaks, so that it can be copied."""
    for name, place in (("files in", metrics["location"]), ("quarantine in", metrics["quarantine"])):
        if place:
            yield _line(name, path_of(place))


def _rejections(metrics: Metrics) -> Iterable[RenderableType]:
    """Show the most frequent reasons of malformed lines, each with its example on a line of its own."""
    rejected = read_rejections(metrics, source=f"of run {metrics['run_id']}")
    if not rejected:
        return
    yield Text("\n  why lines are malformed, with an example", "bold")
    for item in rejected:
        yield whole(f"  {count(item.lines):>7}  {item.reason}")
        for text in (item.detail, item.example):
            if text is not None:
                yield whole(f"{'':<11}{text}")
        yield whole(f"{'':<11}in {item.object_name}")
    replaced = metrics.get("rows_replaced") or 0
    others = (metrics["rows_quarantined"] or 0) - replaced - sum(item.lines for item in rejected)
    if others > 0:
        reasons = metrics.get("rejected_reasons")
        told = "other reasons" if reasons is None else plural(reasons - len(rejected), "other reason")
        yield whole(f"  {count(others):>7}  more {'line' if others == 1 else 'lines'}, for {told}")


def _time_lines(metrics: Metrics) -> Iterable[tuple[str, str]]:
    times = metrics["event_time"]
    if times is not None:
        other = plural(times["rows_on_other_days"], "row")
        yield "event time", f"{moment(times['first'])} to {moment(times['last'])}; {other} on other days"


def _cost_lines(metrics: Metrics) -> Iterable[tuple[str, str]]:
    cost = read_cost(metrics)
    if cost is not None:
        used = f"{count(round(cost.dpu_seconds))} DPU-seconds, list prices of {metrics['cost']['prices_of']}"
        about = "no price is known" if cost.estimated_usd is None else f"about {usd(cost.estimated_usd)}"
        yield "cost", f"{about} ({used})"


def _drift_lines(metrics: Metrics) -> Iterable[tuple[str, str]]:
    drift = metrics["schema_drift"]
    if drift is not None and drift["rows_with_unknown_fields"]:
        rows, sampled = count(drift["rows_with_unknown_fields"]), plural(drift["rows_looked_at"], "row")
        yield "unknown fields", f"{', '.join(drift['unknown_fields'])}: in {rows} of {sampled} sampled; not stored"


def _columns_table(metrics: Metrics) -> Table:
    table = new_table("column", **{"nulls": "right", "null %": "right", "distribution": "left"})
    for name, column in metrics["columns"].items():
        values = column["distribution"] or {}
        shown = first_of([f"{value} {count(rows)}" for value, rows in values.items()], _MOST_VALUES)
        distribution = Text(", ".join(shown) or "-")
        table.add_row(name, count(column["nulls"]), percent(column["null_percent"]), distribution)
    return table


def new_table(*texts: str, **aligned: Any) -> Table:
    """Make a table whose texts fold where the terminal is narrow, while dates, run ids and numbers never do."""
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, collapse_padding=True)
    for name in texts:
        table.add_column(name, overflow="fold", no_wrap=name in _WHOLE)
    for name, justify in aligned.items():
        table.add_column(name, justify=justify, no_wrap=justify == "right")
    return table


class Fitting:
    """The wide table where the terminal has room for its lines, the narrow one otherwise."""

    def __init__(self, wide: Table, narrow: Table) -> None:
        """Take two tables that say the same."""
        self._wide, self._narrow = wide, narrow

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Choose, as Rich asks what to print."""
        fits = Measurement.get(console, options.update(width=_UNLIMITED), self._wide).maximum <= options.max_width
        yield self._wide if fits else self._narrow
