"""`pipeline doctor` by what AWS answers, also in unknown forms; on a deployment it is tested in tests/local."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from cli import doctor, questions
from cli.deployment import Deployment
from cli.findings import RIGHT, WRONG, Finding
from config import ENVIRONMENTS
from core.errors import InvalidDocument
from core.faults import Fault
from deployed_dataset import Dataset as DeployedNames
from tests.unit.shop import CONTRACT, DAY

CHECKS = {
    *("bucket", "job", "functions", "state machines", "contract", "permissions", "schedule", "late data"),
    *("alert topic", "dead letters", "alarms", "table", "partitions", "days"),
}
ODD_ANSWERS: list[Any] = [None, {}, [], [{}], [None], "", {"Job": None}, {"Environment": {}}, 7]

DEPLOYMENT = Deployment(
    names=DeployedNames(CONTRACT, ENVIRONMENTS["prod"]), contract="events", bucket="data", database="db",
    workgroup="queries", partition="aws", region="eu-central-1", account="111122223333",
)  # fmt: skip


def always(answer: Any) -> Callable[..., Any]:
    return lambda *_args, **_request: answer


@pytest.mark.parametrize("answer", ODD_ANSWERS, ids=repr)
def test_an_answer_of_another_form_is_not_taken_for_right_and_ends_nothing(
    answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ask", "pages"):
        monkeypatch.setattr(questions, name, always(answer))
    for name in ("ask", "pages", "messages_in", "denied_to", "open_dataset", "GlueCatalog"):
        monkeypatch.setattr(doctor, name, always(answer))
    findings = doctor.examine(DEPLOYMENT, command=lambda words: f"pipeline {words}")
    assert {finding.check for finding in findings} == CHECKS
    assert {finding.check for finding in findings if finding.state == RIGHT} <= {
        "dead letters",
        "functions",
        "late data",
    }
    assert all(finding.says for finding in findings if finding.state != WRONG)


def found(
    monkeypatch: pytest.MonkeyPatch, check: str, *, deployment: Deployment = DEPLOYMENT, **answers: Any
) -> Finding:
    """Return what is said of one matter where AWS and the dataset give these answers, and to all else none."""
    for name in ("ask", "pages", "messages_in", "denied_to", "open_dataset", "GlueCatalog"):
        monkeypatch.setattr(doctor, name, answers.get(name, always({})))
    for name in ("ask", "pages"):
        monkeypatch.setattr(questions, name, answers.get(name, always({})))
    findings = doctor.examine(deployment, command=lambda words: f"pipeline {words}")
    (finding,) = (finding for finding in findings if finding.check == check)
    return finding


def dataset(*, faults: tuple[Fault, ...] = (), records: Callable[[], Any] = list, unrecorded: bool = False) -> Any:
    shown = {date(2025, 1, 9): "s3://data/x/"} if unrecorded else {}
    catalog = SimpleNamespace(days_shown_in_vain=list, shown_without_record=lambda: shown)
    publications = SimpleNamespace(faults=lambda _: list(faults), catalog=catalog)
    return always(SimpleNamespace(records=records, publications=publications))


@pytest.mark.parametrize(
    ("are_about_files", "unrecorded", "step"),
    [
        ([True], False, "pipeline run 2025-01-01"),
        ([True], True, "pipeline run 2025-01-01"),
        ([False], False, "pipeline repair"),
        ([True, False], True, "pipeline repair"),
        ([], True, "pipeline run 2025-01-09"),
    ],
)
def test_files_that_are_gone_are_written_again_by_a_run_as_no_repair_can(
    monkeypatch: pytest.MonkeyPatch, are_about_files: list[bool], step: str, *, unrecorded: bool
) -> None:
    faults = tuple(Fault(DAY, "not found", is_about_files=is_about_files) for is_about_files in are_about_files)
    catalog = always(SimpleNamespace(days_with_other_columns=list))
    opened = dataset(faults=faults, unrecorded=unrecorded)
    finding = found(monkeypatch, "partitions", open_dataset=opened, GlueCatalog=catalog)
    assert (finding.state, finding.next_step) == (WRONG, step)


def test_a_record_that_cannot_be_used_is_wrong_as_it_could_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def records() -> Any:
        raise InvalidDocument("record r cannot be used; restore the object from its older version")

    finding = found(monkeypatch, "partitions", open_dataset=dataset(records=records))
    assert (finding.state, finding.says) == (
        WRONG,
        "record r cannot be used; restore the object from its older version",
    )


@pytest.mark.parametrize("state", ["ENABLED", "DISABLED"])
def test_a_check_for_overdue_days_that_was_switched_off_is_wrong(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    schedules = [
        {"Name": "start", "State": "ENABLED", "Target": {"Arn": DEPLOYMENT.pipeline_arn}},
        {"Name": "overdue", "State": state, "Target": {"Arn": "arn:alert"}},
    ]
    finding = found(
        monkeypatch,
        "schedule",
        ask=always({"FunctionArn": "arn:alert"}),
        pages=lambda _service, operation, *_, **__: schedules if operation == "list_schedules" else [],
    )
    assert finding.state == (RIGHT if state == "ENABLED" else WRONG)
    assert "switch overdue on" in (finding.next_step or "") or state == "ENABLED"


def test_a_check_for_overdue_days_may_be_off_where_nothing_starts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    schedules = [
        {"Name": name, "State": "DISABLED", "Target": {"Arn": arn}}
        for name, arn in {"start": DEPLOYMENT.pipeline_arn, "overdue": "arn:alert"}.items()
    ]
    finding = found(
        monkeypatch,
        "schedule",
        ask=always({"FunctionArn": "arn:alert"}),
        pages=lambda _service, operation, *_, **__: schedules if operation == "list_schedules" else [],
    )
    assert "switch start on" in (finding.next_step or "")


@pytest.mark.parametrize("stale", ["days_with_other_columns", "days_shown_in_vain"])
def test_what_a_repair_mends_is_repaired_before_files_are_written_again(
    monkeypatch: pytest.MonkeyPatch, stale: str
) -> None:
    answers = {"days_with_other_columns": list, "days_shown_in_vain": list} | {stale: lambda: [date(2025, 1, 8)]}
    opened = dataset(faults=(Fault(DAY, "not found", is_about_files=True),))
    opened().publications.catalog.days_shown_in_vain = answers["days_shown_in_vain"]
    catalog = always(SimpleNamespace(days_with_other_columns=answers["days_with_other_columns"]))
    finding = found(monkeypatch, "partitions", open_dataset=opened, GlueCatalog=catalog)
    assert (finding.state, finding.next_step) == (WRONG, "pipeline repair")


@pytest.mark.parametrize(("promised", "state"), [(6, WRONG), (None, RIGHT)])
def test_a_check_for_overdue_days_that_is_not_there_is_wrong_where_freshness_is_promised(
    monkeypatch: pytest.MonkeyPatch, promised: float | None, state: str
) -> None:
    start = {"Name": "start", "State": "ENABLED", "Target": {"Arn": DEPLOYMENT.pipeline_arn}}
    names = DeployedNames(replace(CONTRACT, freshness_hours=promised), ENVIRONMENTS["prod"])
    finding = found(
        monkeypatch,
        "schedule",
        deployment=replace(DEPLOYMENT, names=names),
        ask=always({"FunctionArn": "arn:alert"}),
        pages=lambda _service, operation, *_, **__: [start] if operation == "list_schedules" else [],
    )
    assert finding.state == state


@pytest.mark.parametrize(("promised", "state"), [(6, WRONG), (None, RIGHT)])
def test_a_day_that_is_not_published_is_overdue_only_where_freshness_is_promised(
    monkeypatch: pytest.MonkeyPatch, promised: float | None, state: str
) -> None:
    start = {"Name": "start", "State": "ENABLED", "Target": {"Arn": DEPLOYMENT.pipeline_arn}}
    variables = {"TIME_ZONE": "UTC", "FRESHNESS_HOURS": "24"}
    records = SimpleNamespace(read=always(SimpleNamespace(record=None)))
    finding = found(
        monkeypatch,
        "days",
        deployment=replace(
            DEPLOYMENT, names=DeployedNames(replace(CONTRACT, freshness_hours=promised), ENVIRONMENTS["prod"])
        ),
        ask=always({"FunctionArn": "arn:alert", "Environment": {"Variables": variables}}),
        pages=lambda _service, operation, *_, **__: [start] if operation == "list_schedules" else [],
        open_dataset=always(SimpleNamespace(publications=SimpleNamespace(records=records))),
    )
    assert finding.state == state
    assert ("no freshness is promised" in finding.says) == (promised is None)


@pytest.mark.parametrize("is_told", [True, False])
def test_alarms_whose_actions_are_switched_off_are_wrong(monkeypatch: pytest.MonkeyPatch, *, is_told: bool) -> None:
    names = DEPLOYMENT.names.alarms(has_late_data=False)
    alarms = [{"AlarmName": name, "StateValue": "OK", "ActionsEnabled": is_told} for name in names]
    finding = found(
        monkeypatch,
        "alarms",
        pages=lambda _service, operation, *_, **__: alarms if operation == "describe_alarms" else [],
    )
    assert finding.state == (RIGHT if is_told else WRONG)
    assert is_told or names[0] in finding.says
