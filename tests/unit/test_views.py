"""Tables at every width of a terminal: nothing is cut off, and what is to be copied is whole."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from rich.console import Console, RenderableType

from cli.executions import RUNNING, Execution
from cli.views import executions_table, query_table

BACKFILL = "backfill-2025-01-01-2025-03-01-12345678"
NAMES = ["run-2025-01-01-abcdef01", f"{BACKFILL}-2025-01-02", BACKFILL]
STATES = ["CurateDay", "WaitForFreeRun", "RunDates"]
ROWS: list[list[Any]] = [
    ["evt-000001", "2025-01-01 10:15:30.123000 UTC", "{campaign=spring sale, source=mail}"],
    ["evt-000002", None, "[/b] [red]"],
]


def shown(view: RenderableType, width: int) -> str:
    console = Console(width=width, highlight=False)
    with console.capture() as captured:
        console.print(view, crop=False)
    return captured.get()


@pytest.mark.parametrize("width", range(80, 160))
def test_executions_fit_with_their_dates_steps_and_names_whole(width: int) -> None:
    days = [date(2025, 1, 1), date(2025, 1, 2), None]
    executions = [
        Execution(
            arn=name, name=name, status=RUNNING, started_at=datetime(2025, 1, 2, tzinfo=UTC), stopped_at=None,
            state=state, sensed_date=day,
        )
        for name, state, day in zip(NAMES, STATES, days, strict=True)
    ]  # fmt: skip
    text = shown(executions_table(executions), width)
    steps = ["curating: the Glue job is running", "waiting for a free run of the Glue job", "running its dates"]
    assert {word for word in [*NAMES, *steps, "2025-01-01", "2025-01-02 00:00:00"] if word not in text} == set()
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("width", range(40, 120))
def test_rows_of_a_query_are_a_line_each_or_a_line_per_value_and_never_cut(width: int) -> None:
    names = ["event_id", "a[/b]", "properties"]
    text = shown(query_table(names, ROWS), width)
    flat = re.sub(r"\s+", "", text)
    values = [*names, *(value for row in ROWS for value in row if value is not None)]
    assert [value for value in values if value.replace(" ", "") not in flat] == []
    if width >= 95:
        assert len([line for line in text.splitlines() if "evt-" in line and "[red]" in line]) == 1


def test_a_query_without_rows_shows_its_columns_however_many() -> None:
    names = [f"column_{number}" for number in range(20)]
    assert shown(query_table(names, []), 80).split()[-20:] == names
