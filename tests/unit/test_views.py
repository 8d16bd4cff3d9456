"""Tables at every width of a terminal: nothing is cut off, and what is to be copied is whole."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from rich.console import Console, RenderableType

from cli.executions import RUNNING, DateState, Execution
from cli.outdated import OutdatedDate
from cli.output import Output
from cli.views import brief, dates_table, executions_table, outbox_view, outdated_table, query_table, report
from core.runs import Runs
from tests.unit.shop import DAY, Shop

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
    text = shown(query_table(names, ROWS, types=["varchar"] * 3), width)
    flat = re.sub(r"\s+", "", text)
    values = [*names, *(value for row in ROWS for value in row if value is not None)]
    assert [value for value in values if value.replace(" ", "") not in flat] == []
    if width >= 95:
        assert len([line for line in text.splitlines() if "evt-" in line and "[red]" in line]) == 1


def test_numbers_of_a_query_are_aligned_and_have_their_thousands_apart() -> None:
    types = ["varchar", "bigint", "decimal(12,2)", "double", "varchar"]
    rows: list[list[str | None]] = [["a", "1234567", "1234.50", "1.5E10", "12345"], ["b", "-7", "0.99", None, None]]
    lines = shown(query_table(["id", "rows", "price", "rate", "zip"], rows, types=types), 80).splitlines()
    assert [line.rstrip() for line in lines if line.strip() and "─" not in line] == [
        " id       rows    price    rate  zip",
        " a   1,234,567  1234.50  1.5E10  12345",
        " b          -7     0.99       -  -",
    ]


def test_a_query_without_rows_shows_its_columns_however_many() -> None:
    names = [f"column_{number}" for number in range(20)]
    assert shown(query_table(names, [], types=["varchar"] * 20), 80).split()[-20:] == names


PATH = "s3://prod-data-pipeline-123456789012/metrics/events/ingestion_date=2025-01-02/20250103T021504Z-9f3ac01b.json"
COMMAND = "pipeline backfill 2025-01-02 2025-01-31 --contract events --environment dev --concurrency 4 --continue"
WORDS = "null rate of user_id is 12 %, limit 3 %"


@pytest.mark.parametrize("width", [40, 80, 120])
class TestAtAnyWidth:
    """A path or a command that the table library broke could not be copied out of the terminal."""

    def test_a_message_of_the_outbox_is_whole(self, width: int) -> None:
        body = f"What:   {WORDS}\nReport: {PATH}\nNext:   fix the source, then: {COMMAND}\n"
        text = shown(
            outbox_view([{"subject": "[events] no", "at": "2025-01-02T00:00:00Z", "to": [], "body": body}]), width
        )
        assert PATH in text
        assert COMMAND in text

    def test_why_a_date_of_a_backfill_failed_is_whole(self, width: int) -> None:
        state = DateState(ingestion_date=date(2025, 1, 2), status="failed", reason=f"cannot read {PATH}: AccessDenied")
        words = replace(state, reason=WORDS)
        assert f"2025-01-02: cannot read {PATH}: AccessDenied" in shown(dates_table([state, words]), width)
        assert width < 80 or {word for word in WORDS.split() if word not in shown(dates_table([words]), width)} == set()

    def test_dates_that_were_not_run_share_a_row(self, width: int) -> None:
        left = [DateState(ingestion_date=date(2025, 1, day), status="not started") for day in (2, 3, 4, 6, 7)]
        told = replace(left[0], ingestion_date=date(2025, 1, 5), reason="nothing is published")
        lines = shown(dates_table([*left[:3], told, *left[3:]]), width).splitlines()
        first = next(line for line in lines if "2025-01-02" in line)
        assert width < 80 or ("not started" in first and "3 dates" in first)
        assert any("2025-01-04" in line for line in lines)
        assert [any(f"2025-01-0{day}" in line for line in lines) for day in (3, 5, 6, 7)] == [False, True, True, True]

    def test_dates_that_are_outdated_for_the_same_reason_share_a_row(self, width: int) -> None:
        found = [OutdatedDate(date(2025, 1, day), f"R{day}", "1.0.0", ("a column more",)) for day in (1, 2, 3, 5)]
        lines = shown(outdated_table(found), width).splitlines()
        assert [day for day in range(1, 6) if any(f"2025-01-0{day}" in line for line in lines)] == [1, 3, 5]
        assert any("1.0.0" in line and "3 dates: a" in line for line in lines)

    def test_a_line_of_words_is_whole(
        self, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("COLUMNS", str(width))
        Output(as_json=False).show(None, f"events: nothing is published below {PATH}; next: {COMMAND}")
        assert capsys.readouterr().out == f"events: nothing is published below {PATH}; next: {COMMAND}\n"

    def test_the_message_of_a_run_is_whole_in_its_report_and_about_its_dataset(self, width: int, shop: Shop) -> None:
        shop.refuse(1)
        (metrics,) = Runs(shop.store, shop.paths).of_day(DAY)
        metrics["message"] = f"{DAY}: {WORDS}; report {PATH}; fix the source, then: pipeline run {DAY}"
        told = Output(as_json=False, target=" --contract events").told
        text = shown(report(metrics, told=told), width)
        assert PATH in text
        assert f"then: pipeline run {DAY} --contract events" in text


@pytest.mark.parametrize(
    ("is_held_back", "said"), [(True, "waiting for another run of the date"), (False, "waiting for raw data")]
)
def test_waiting_for_another_run_is_not_waiting_for_raw_data(*, is_held_back: bool, said: str) -> None:
    execution = Execution(
        arn="a", name="run-1", status=RUNNING, started_at=datetime(2025, 1, 2, tzinfo=UTC), stopped_at=None,
        state="WaitForData", is_held_back=is_held_back,
    )  # fmt: skip
    assert said in shown(executions_table([execution]), 120)


def test_a_reason_in_brief_holds_no_raw_value_whatever_that_says() -> None:
    values = 'event_type "pipeline run 2025-01-01; report x" (2); amount 7.50 (1)'
    reason = f"2025-01-01: invalid-value count of event_type is 2, must be 0; most frequent invalid values: {values}"
    ending = "report s3://bucket/metrics/x.json; fix the source, then: pipeline run 2025-01-01"
    assert brief(f"{reason}; {ending}", date(2025, 1, 1)) == "invalid-value count of event_type is 2, must be 0"


def test_a_document_for_scripts_has_dates_as_texts_and_nothing_else_that_json_does_not_know(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = Output(as_json=True)
    output.show({"date": date(2025, 1, 2)})
    assert json.loads(capsys.readouterr().out) == {"date": "2025-01-02"}
    with pytest.raises(TypeError):
        output.show({"names": {"a", "b"}})
