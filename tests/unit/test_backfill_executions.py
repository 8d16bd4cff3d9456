"""Which executions are a backfill's own: people cancel and follow it, and those of others are left alone."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from cli.executions import RUNNING, Execution, Executions, dates_asked
from core.backfills import date_in_name, name_prefix
from tests.unit.test_overview import DEPLOYMENT

DAY = date(2025, 1, 1)
START = datetime(2025, 1, 2, tzinfo=UTC)


def backfill(name: str, given: Any = None, *, redrives: int = 0) -> Execution:
    return Execution(
        arn=f"arn:{name}", name=name, status=RUNNING, started_at=START, stopped_at=None, input=given, redrives=redrives
    )


def started_by(name: str, listed: list[str], *, redrives: int = 0) -> list[str]:
    items = [{"executionArn": item, "name": item, "status": RUNNING, "startDate": START} for item in listed]
    paginator = SimpleNamespace(paginate=lambda **_: [{"executions": items}])
    executions = Executions(DEPLOYMENT)
    vars(executions)["_client"] = SimpleNamespace(get_paginator=lambda _: paginator)
    return [item.name for item in executions.dates_started_by(backfill(name, redrives=redrives))]


@pytest.mark.parametrize("other", ["x-2-2025-01-01", "x-y-2025-01-01", "x-2025-01-01-2025-01-01", "xy-2025-01-01"])
def test_those_of_a_backfill_whose_name_begins_alike_are_not_its_own(other: str) -> None:
    assert started_by("x", [other, "x-2025-01-01"]) == ["x-2025-01-01"]


def test_those_of_each_attempt_of_a_redriven_backfill_are_its_own() -> None:
    names = ["x-2025-01-01", "x-1-2025-01-02", "x-2-2025-01-02"]
    assert started_by("x", [*names, "x-3-2025-01-02"], redrives=2) == names


@pytest.mark.parametrize("name", ["january", "2025.q1", "a b", "x" * 80, "backfill-2025-01-01-2025-01-02-0a1b2c3d"])
def test_they_are_found_whatever_the_name_of_the_backfill(name: str) -> None:
    assert date_in_name(f"{name_prefix(name)}-{DAY}", name) == DAY
    assert started_by(name, [f"{name_prefix(name)}-{DAY}"]) == [f"{name_prefix(name)}-{DAY}"]


@pytest.mark.parametrize("name", ["x", "x-2025-02-30", "x-", "x--1-2025-01-01"])
def test_what_has_no_date_in_its_name_is_none_of_it(name: str) -> None:
    assert date_in_name(name, "x", redrives=9) is None


@pytest.mark.parametrize(
    "given",
    [None, {}, {"start": "2025-01-01"}, {"start": "2025-02-30", "end": "2025-03-01"}, {"dates": [1]}, {"dates": 7}],
    ids=repr,
)
def test_an_input_that_the_plan_refuses_names_no_dates(given: Any) -> None:
    assert dates_asked(backfill("x", given)) == []
