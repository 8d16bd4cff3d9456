"""Which executions are a backfill's own: people cancel and follow it, and those of others are left alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from cli import deployed
from cli.executions import RUNNING, DateState, Execution, Executions, dates_asked
from cli.output import Output
from cli.views import dates_table
from core.backfills import date_in_name, name_prefix
from tests.unit.test_overview import DEPLOYMENT

DAY = date(2025, 1, 1)
START = datetime(2025, 1, 2, tzinfo=UTC)


class NotFound(Exception):
    """What Step Functions says of an execution that it does not have."""


def backfill(name: str, given: Any = None, *, redrives: int = 0) -> Execution:
    return Execution(
        arn=f"arn:{name}", name=name, status=RUNNING, started_at=START, stopped_at=None, input=given, redrives=redrives
    )


def executions(listed: Mapping[str, str], *, backfills: Sequence[str] = (), **described: Any) -> Executions:
    """Return executions as Step Functions lists them, the youngest first, each with its status."""

    def describe(*, executionArn: str) -> dict[str, Any]:  # noqa: N803  as AWS calls it
        name = executionArn.removeprefix("arn:")
        if name not in listed and name not in backfills:
            raise NotFound
        return {
            "executionArn": executionArn,
            "name": name,
            "status": listed.get(name, RUNNING),
            "startDate": START,
            "output": '{"status": "published"}',
            **described,
        }

    items = [
        {"executionArn": f"arn:{name}", "name": name, "status": status, "startDate": START}
        for name, status in listed.items()
    ]
    paginator = SimpleNamespace(paginate=lambda **_: [{"executions": items}])
    found = Executions(DEPLOYMENT)
    vars(found)["_client"] = SimpleNamespace(
        get_paginator=lambda _: paginator,
        describe_execution=describe,
        exceptions=SimpleNamespace(ExecutionDoesNotExist=NotFound, InvalidArn=NotFound),
    )
    return found


def started_by(name: str, listed: list[str], *, redrives: int = 0, backfills: Sequence[str] = ()) -> list[str]:
    found = executions(dict.fromkeys(listed, RUNNING), backfills=backfills)
    return [item.name for item in found.dates_started_by(backfill(name, redrives=redrives))]


@pytest.mark.parametrize(
    "other", ["x-0-2025-01-01", "x-2-2025-01-01", "x-y-2025-01-01", "x-2025-01-01-2025-01-01", "xy-2025-01-01"]
)
def test_those_of_a_backfill_whose_name_begins_alike_are_not_its_own(other: str) -> None:
    assert started_by("x", [other, "x-2025-01-01"]) == ["x-2025-01-01"]


def test_a_date_that_is_published_with_a_warning_tells_it_in_its_row() -> None:
    warning = "1 warning: null rate of customer_id is 100 %, limit 5 %"
    output = {"status": "published", "summary": {"rows_written": 985, "remarks": [warning]}}
    found = executions({"x-2025-01-01": "SUCCEEDED"}, output=json.dumps(output))
    ended = replace(backfill("x-2025-01-01"), status="SUCCEEDED")
    state = found.date_state(date(2025, 1, 1), ended)
    assert (state.rows, state.remarks, state.reason) == (985, (warning,), "")
    console = Console(width=200, record=True)
    console.print(dates_table([state]))
    assert warning in console.export_text()


@pytest.mark.parametrize(
    ("remarks", "shown"),
    [
        (["1 warning: not in the catalog: 2025-01-01: denied"], "1 warning: not in the catalog: 2025-01-01: denied"),
        (["1 warning: denied; next: pipeline repair", "no column reads a"], "1 warning: denied; next: pipeline repair"),
        (["no column reads pipeline run"], "no column reads pipeline run"),
        (["1 warning: " + "a " * 99, "no column reads b"], "1 warning: a a a"),
    ],
)
def test_what_a_published_date_has_to_tell_is_no_reason_of_a_failure_that_is_cut(
    remarks: list[str], shown: str
) -> None:
    state = DateState(ingestion_date=date(2025, 1, 1), status="published", rows=1, remarks=tuple(remarks))
    console = Console(width=400, record=True)
    console.print(dates_table([state]))
    text = console.export_text()
    assert shown in text
    assert ("…" in text) == (len(remarks[0]) > 160)


@pytest.mark.parametrize("status", ["unchanged", "refused"])
def test_only_a_date_that_was_published_has_something_to_tell_beside_its_counts(status: str) -> None:
    output = {"status": status, "summary": {"remarks": ["1 warning: the cost"]}}
    found = executions({"x-2025-01-01": "SUCCEEDED"}, output=json.dumps(output))
    ended = replace(backfill("x-2025-01-01"), status="SUCCEEDED")
    assert found.date_state(date(2025, 1, 1), ended).remarks == ()


def test_those_of_each_attempt_of_a_redriven_backfill_are_its_own() -> None:
    names = ["x-2025-01-01", "x-1-2025-01-02", "x-2-2025-01-02"]
    assert started_by("x", [*names, "x-3-2025-01-02"], redrives=2) == names


@pytest.mark.parametrize("redrives", [0, 3])
def test_how_often_a_backfill_was_redriven_is_read(redrives: int) -> None:
    assert executions({"x": RUNNING}, redriveCount=redrives).describe("arn:x").redrives == redrives


def test_those_of_a_backfill_that_is_called_like_an_attempt_are_its_own() -> None:
    names = ["x-2-2025-01-01", "x-1-2025-01-01", "x-2025-01-01"]
    assert started_by("x", names, redrives=2, backfills=["x-2"]) == names[1:]


def test_of_a_date_that_a_redriven_backfill_ran_again_the_last_time_counts() -> None:
    listed = {"x-2-2025-01-02": RUNNING, "x-1-2025-01-02": "ABORTED", "x-1-2025-01-01": "SUCCEEDED"}
    found = executions({**listed, "x-2025-01-01": "FAILED"})
    days, again = [DAY, date(2025, 1, 2)], backfill("x", redrives=2)
    states = found.dates_of(again, days, {})
    assert [states[day].status for day in days] == ["published", "running"]
    known = {day: DateState(ingestion_date=day, status="failed") for day in days}
    states = found.dates_of(again, days, known)
    assert [states[day].status for day in days] == ["failed", "running"]  # which was not asked for, or runs


@pytest.mark.parametrize(("redrives", "asked_last"), [(0, set()), (1, {DAY})])
def test_following_one_that_was_redriven_asks_for_every_date_again_in_the_end(
    monkeypatch: pytest.MonkeyPatch, redrives: int, asked_last: set[date]
) -> None:
    arn, asked = DEPLOYMENT.execution_arn("backfill-x"), []
    one = replace(backfill("backfill-x", {"dates": [str(DAY)]}, redrives=redrives), arn=arn)
    described = iter([one, one, replace(one, status="SUCCEEDED")])

    def dates_of(_: Execution, dates: Sequence[date], known: Mapping[date, DateState]) -> dict[date, DateState]:
        asked.append({*dates} - {*known})
        return {day: DateState(ingestion_date=day, status="failed") for day in dates}

    fake = SimpleNamespace(describe=lambda _: next(described), dates_of=dates_of)
    monkeypatch.setattr(deployed, "Executions", lambda _: fake)
    monkeypatch.setattr(deployed, "open_dataset", lambda _: None)
    monkeypatch.setattr(deployed, "_cost_since", lambda *_: None)
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert deployed.follow(DEPLOYMENT, "backfill-x", output=Output(as_json=True, target="")) == 0
    assert asked == [{DAY}, asked_last]


@pytest.mark.parametrize("name", ["january", "2025.q1", "a b", "x" * 80, "backfill-2025-01-01-2025-01-02-0a1b2c3d"])
def test_they_are_found_whatever_the_name_of_the_backfill(name: str) -> None:
    assert date_in_name(f"{name_prefix(name)}-{DAY}", name) == DAY
    assert started_by(name, [f"{name_prefix(name)}-{DAY}"]) == [f"{name_prefix(name)}-{DAY}"]


@pytest.mark.parametrize("name", ["x", "x-2025-02-30", "x-", "x--1-2025-01-01"])
def test_what_has_no_date_in_its_name_is_none_of_it(name: str) -> None:
    assert date_in_name(name, "x", redrives=9) is None


@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        {"start": "2025-01-01"},
        {"start": "2025-02-30", "end": "2025-03-01"},
        {"dates": [1]},
        {"dates": 7},
        {"start": "2025-01-01", "end": "2034-12-30"},
    ],
    ids=repr,
)
def test_an_input_that_the_plan_refuses_names_no_dates(given: Any) -> None:
    assert dates_asked(backfill("x", given)) == []
