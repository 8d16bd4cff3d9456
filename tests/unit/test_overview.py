"""`pipeline overview`: what is asked, how often, and what of it needs a person. On the embedded AWS: tests/local."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli import overview, overview_view, questions
from cli.dataset import Dataset, Place, open_dataset
from cli.deployment import Deployment
from cli.executions import Execution
from cli.overview import Overview, Sla, look
from config import ENVIRONMENTS
from contract import DataContract
from core.checks import Check
from core.errors import AccessDenied
from core.leases import take_lease
from core.prices import Cost
from curation.metrics import RunReport, document
from deployed_dataset import Dataset as DeployedNames
from tests.unit.pipeline_command import Pipeline, lines_with
from tests.unit.programs import ROOT
from tests.unit.shop import CONTRACT, COUNTS, DAY, START, Shop

CONTRACT_FILE = str(ROOT / "contracts" / "events.odcs.yaml")
NOW = START + timedelta(days=8)
DEPLOYMENT = Deployment(
    names=DeployedNames(CONTRACT, ENVIRONMENTS["prod"]), contract="events", bucket="data", database="db",
    workgroup="queries", partition="aws", region="eu-central-1", account="111122223333",
)  # fmt: skip
NO_CUSTOMERS = Check(
    "customers", "nullValues", "customer_id", "mustBeLessOrEqualTo", 5, "percent", 100.0, "warning", passed=False
)
ALERT_SETTINGS = {"Environment": {"Variables": {"TIME_ZONE": "Europe/Berlin"}}}
SCHEDULE = {"Target": {"Arn": DEPLOYMENT.pipeline_arn}, "State": "ENABLED"}


class Aws:
    """What AWS would answer about a deployed dataset; an error is raised instead."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {
            "get_function_configuration": ALERT_SETTINGS, "list_schedules": [SCHEDULE], "describe_alarms": [],
        }  # fmt: skip
        self.running: list[Execution] = []
        self.ended: list[Execution] = []

    def ask(self, _service: str, operation: str, *_: Any, **request: Any) -> Any:
        answer = self.answers[operation]
        if isinstance(answer, Exception):
            raise answer
        if operation == "describe_alarms":
            return [alarm for alarm in answer if alarm["AlarmName"] in request["AlarmNames"]]
        return answer

    def under_way(self) -> list[Execution]:
        return self.running

    def last_ended(self, *_: Any, **_limits: Any) -> list[Execution]:
        return self.ended


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    aws = Aws()
    monkeypatch.setattr(questions, "ask", aws.ask)
    monkeypatch.setattr(questions, "pages", aws.ask)
    monkeypatch.setattr(overview, "Executions", lambda _deployment: aws)
    return aws


def dataset(shop: Shop, contract: DataContract = CONTRACT) -> Dataset:
    return replace(open_dataset(Place(data_uri=f"file://{shop.root}", contract=CONTRACT_FILE)), contract=contract)


def looked_at(shop: Shop, deployment: Deployment | None = None, *, now: datetime = NOW, **changed: Any) -> Overview:
    return look(dataset(shop, replace(CONTRACT, **changed)), deployment, now=now)


def said(found: Overview) -> list[str]:
    return [problem.says for problem in found.problems]


def execution(day: date, status: str, *, started: datetime) -> Execution:
    return Execution(
        arn="arn", name=f"run-{day}", status=status, started_at=started, stopped_at=started + timedelta(minutes=5),
        input={"ingestion_date": str(day)},
    )  # fmt: skip


class TestFreshness:
    @pytest.mark.usefixtures("aws")
    def test_of_a_dataset_that_is_scheduled_lists_the_days_that_are_due_and_not_published(self, shop: Shop) -> None:
        for number, day in enumerate((DAY, DAY + timedelta(days=1), DAY + timedelta(days=4))):
            shop.publish(number, day=day)
        found = looked_at(shop, DEPLOYMENT, freshness_hours=6.0)
        missing = [2, 3, 5, 6, 7]
        assert list(found.overdue) == [DAY + timedelta(days=number) for number in missing]
        assert found.last_published == DAY + timedelta(days=4)
        assert said(found) == ["5 days are overdue, 2025-01-03 to 2025-01-08"]
        assert found.problems[0].next_step == "pipeline backfill 2025-01-03 2025-01-08"

    @pytest.mark.usefixtures("aws")
    def test_names_one_day_alone(self, shop: Shop) -> None:
        found = looked_at(shop, DEPLOYMENT, freshness_hours=6.0)
        assert (said(found), found.problems[0].next_step) == (["2025-01-08 is overdue"], "pipeline run 2025-01-08")

    @pytest.mark.usefixtures("aws")
    def test_follows_the_time_zone_that_is_deployed(self, shop: Shop) -> None:
        day, due = DAY + timedelta(days=7), datetime(2025, 1, 9, 5, tzinfo=UTC)  # six in the morning in Berlin
        shop.publish(1, day=day - timedelta(days=1))
        before, after = (
            looked_at(shop, DEPLOYMENT, now=now, freshness_hours=6.0) for now in (due - timedelta(seconds=1), due)
        )
        assert (before.overdue, after.overdue) == ((), (day,))

    @pytest.mark.parametrize("why", ["no promise", "switched off", "not scheduled", "a directory"])
    def test_is_not_judged_where_nothing_promises_or_starts_a_day(self, shop: Shop, aws: Aws, why: str) -> None:
        shop.publish(1)
        if why == "switched off":
            aws.answers["list_schedules"] = [{**SCHEDULE, "State": "DISABLED"}]
        if why == "not scheduled":
            aws.answers["list_schedules"] = [{**SCHEDULE, "Target": {"Arn": "another"}}]
        deployment = None if why == "a directory" else DEPLOYMENT
        found = looked_at(shop, deployment, freshness_hours=None if why == "no promise" else 6.0)
        assert (found.is_judged, found.overdue, found.problems) == (False, (), ())

    def test_falls_back_to_the_settings_where_aws_does_not_let_see_the_deployed_ones(
        self, shop: Shop, aws: Aws
    ) -> None:
        for operation in aws.answers:
            aws.answers[operation] = AccessDenied(f"may not {operation}")
        found = looked_at(shop, DEPLOYMENT, freshness_hours=6.0)
        assert len(found.overdue) == 1
        assert found.not_looked_at == tuple(f"may not {operation}" for operation in aws.answers)


class TestFailures:
    def test_are_the_dates_whose_latest_run_failed(self, shop: Shop) -> None:
        days = [DAY + timedelta(days=number) for number in range(3)]
        shop.refuse(1, day=days[0])
        shop.publish(2, day=days[0])
        shop.publish(3, day=days[1])
        refused = shop.refuse(4, day=days[1])
        found = looked_at(shop)
        assert [(item.ingestion_date, item.run) for item in found.failures] == [(days[1], refused)]
        assert said(found) == ["2025-01-02 gate_failed: null rate of user_id is too high"]
        assert found.problems[0].next_step == "pipeline status 2025-01-02"

    def test_that_are_many_are_shown_from_the_latest(self, shop: Shop) -> None:
        for number in range(8):
            shop.refuse(number, day=DAY + timedelta(days=number))
        found = looked_at(shop)
        assert [text[:10] for text in said(found)[:5]] == [f"2025-01-0{number}" for number in (8, 7, 6, 5, 4)]
        assert said(found)[5:] == ["and 3 earlier failures"]
        assert len(found.failures) == 8

    def test_that_are_older_than_the_window_are_left_out(self, shop: Shop) -> None:
        shop.refuse(1)
        assert said(looked_at(shop, now=START + timedelta(days=35))) != []
        assert said(looked_at(shop, now=START + timedelta(days=37))) == []

    def test_of_an_execution_without_a_run_are_told_until_something_is_known_of_its_date(
        self, shop: Shop, aws: Aws
    ) -> None:
        aws.ended = [execution(DAY, "TIMED_OUT", started=START + timedelta(minutes=3))]
        aws.answers["list_schedules"] = []
        assert said(looked_at(shop, DEPLOYMENT)) == ["2025-01-01 timed_out: the execution timed out"]
        shop.publish(4)
        assert said(looked_at(shop, DEPLOYMENT)) == []

    def test_of_a_run_that_was_killed_while_it_published_are_told_unless_it_did(self, shop: Shop) -> None:
        shop.publish(1)
        metrics = json.loads((shop.root / shop.paths.metrics_key(DAY, shop.run_id(1))).read_bytes())
        for number in (1, 2):
            run_id = shop.run_id(number)
            shop.write_metrics(number, {**metrics, "run_id": run_id, "status": "publishing"})
        assert said(looked_at(shop)) == ["2025-01-01 publishing: "]
        (shop.root / shop.paths.metrics_key(DAY, shop.run_id(2))).unlink()
        assert said(looked_at(shop)) == []

    def test_are_over_when_what_is_published_is_made_of_the_raw_data(self, shop: Shop) -> None:
        shop.deliver(b"{}")
        shop.publish(1, fingerprint=shop.raw().fingerprint)
        shop.refuse(2)  # of something that was delivered beside it, and is gone again
        assert said(looked_at(shop)) == []
        shop.deliver(b"{} ")
        assert said(looked_at(shop)) == ["2025-01-01 gate_failed: null rate of user_id is too high"]

    @pytest.mark.parametrize(("minutes", "problems"), [(2, []), (0, ["2025-01-01 superseded: its lease ended"])])
    def test_are_runs_that_were_superseded_unless_another_one_published_meanwhile(
        self, shop: Shop, minutes: int, problems: list[str]
    ) -> None:
        shop.publish(1, minutes=minutes)
        shop.note(2, day=DAY, status="superseded", counts=COUNTS, message="its lease ended")
        assert said(looked_at(shop)) == problems

    def test_that_may_not_be_seen_hide_nothing_else(
        self, shop: Shop, aws: Aws, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> list[Execution]:
            raise ClientError({"Error": {"Code": "StateMachineDoesNotExist", "Message": "none"}}, "ListExecutions")

        monkeypatch.setattr(aws, "under_way", fail)
        shop.publish(1)
        found = looked_at(shop, DEPLOYMENT, freshness_hours=None)
        assert found.last_published == DAY
        [unseen] = found.not_looked_at
        assert unseen.startswith("not deployed, or not as it is here; next: cdk deploy --all; cannot list executions")


class TestOtherStates:
    def test_runs_at_work_are_those_that_hold_a_lease(self, shop: Shop) -> None:
        take_lease(shop.store, shop.paths, DAY, shop.run_id(1), now=datetime.now(UTC), minutes=5)
        take_lease(shop.store, shop.paths, DAY + timedelta(days=1), shop.run_id(2), now=START, minutes=5)
        assert looked_at(shop, now=datetime.now(UTC)).at_work == ("2025-01-01",)

    def test_executions_at_work_are_those_of_the_deployment(self, shop: Shop, aws: Aws) -> None:
        aws.running = [execution(DAY, "RUNNING", started=NOW)]
        assert looked_at(shop, DEPLOYMENT).at_work == ("2025-01-01",)

    def test_days_that_readers_do_not_find_need_a_person(self, shop: Shop) -> None:
        for number in range(2):
            shop.publish(number, day=DAY + timedelta(days=number))
            (shop.root / shop.paths.version_prefix(DAY + timedelta(days=number), shop.run_id(number))).joinpath(
                "outcome=accepted", "part-0.parquet"
            ).unlink()
        found = looked_at(shop)
        [problem] = found.problems
        assert problem.says.startswith("readers do not find 2 published days, 2025-01-01 the first: version")
        assert problem.next_step == "pipeline run 2025-01-01"

    def test_blocked_input_is_shown_and_needs_nobody(self, shop: Shop, pipeline: Pipeline) -> None:
        shop.publish(1)
        shop.publish(2)
        pipeline("rollback", str(DAY))
        found = looked_at(shop)
        assert (found.blocked, found.problems) == ((DAY,), ())

    def test_warnings_are_those_of_the_run_that_readers_see(self, shop: Shop) -> None:
        run_id = shop.publish(1)
        shop.note(1, day=DAY, status="published", counts=COUNTS, odd=(NO_CUSTOMERS,))
        shop.write_metrics(2, {**document(RunReport(shop.run_id(2), str(DAY), CONTRACT, START)), "status": "unchanged"})
        [note] = looked_at(shop).notes
        assert note.next_step == f"pipeline report --run {run_id}"

    def test_its_own_alarms_that_are_on_need_a_person(self, shop: Shop, aws: Aws) -> None:
        names = ("prod-events-start-dead-letters", "prod-events-eu-start-dead-letters", "prod-events-of-somebody")
        alarms = [{"AlarmName": name, "AlarmDescription": "do this"} for name in names]
        aws.answers |= {"list_schedules": [], "describe_alarms": alarms}
        [problem] = looked_at(shop, DEPLOYMENT).problems
        assert (problem.says, problem.next_step) == ("alarm prod-events-start-dead-letters is on", "do this")

    def test_the_rate_of_quarantined_lines_is_that_of_what_is_published(self, shop: Shop) -> None:
        for number in range(3):
            shop.publish(number, day=DAY + timedelta(days=number))
        shop.refuse(4)
        found = looked_at(shop)
        assert (found.rows_read, found.rows_quarantined) == (3030, 30)

    def test_the_cost_is_that_of_the_runs_of_this_month_and_has_a_limit(self, shop: Shop) -> None:
        for number, day in enumerate((DAY, DAY, DAY + timedelta(days=1))):
            shop.publish(number, day=day)
            key = shop.root / shop.paths.metrics_key(day, shop.run_id(number))
            key.write_text(json.dumps(json.loads(key.read_bytes()) | {"cost": Cost(3600, 0.5).document()}))
        shop.publish(5, day=DAY + timedelta(days=2))  # of a release that told no cost, or without AWS
        assert looked_at(shop).month_usd == pytest.approx(1.5)
        assert looked_at(shop, now=NOW + timedelta(days=25)).month_usd is None
        assert said(looked_at(shop, max_monthly_cost_usd=1.5)) == []
        assert said(looked_at(shop, max_monthly_cost_usd=1.4)) == [
            "the runs of 2025-01 cost about 1.50 USD, limit 1.40 USD (maxMonthlyCostUsd)"
        ]


class TestCalls:
    def test_do_not_grow_with_the_years(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        shop, days = Shop(tmp_path), 1000
        for number in range(days):
            shop.publish(number, day=DAY + timedelta(days=number))
        for number in range(days):  # each a day after the other, as a schedule starts them
            old = shop.root / shop.paths.metrics_key(DAY + timedelta(days=number), shop.run_id(number))
            started = START + timedelta(days=number)
            old.rename(old.with_name(f"{started:%Y%m%dT%H%M%SZ}-{number:08x}.json"))
        opened, calls = dataset(shop), Counter[str]()
        for name in ("read", "objects"):
            original = getattr(opened.store, name)

            def counted(key: str, original: Any = original, name: str = name) -> Any:
                calls[name] += 1
                return original(key)

            monkeypatch.setattr(opened.store, name, counted)
        look(opened, None, now=START + timedelta(days=days))
        window = overview.WINDOW.days
        assert calls["read"] <= 2 * (window + 1)
        assert calls["objects"] <= window + 4


class TestCommand:
    @pytest.fixture
    def now(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Clock(datetime):
            @classmethod
            def now(cls, _zone: Any = None) -> Any:
                return NOW

        monkeypatch.setattr(overview_view, "datetime", Clock)

    @pytest.mark.usefixtures("now")
    @pytest.mark.parametrize("columns", ["80", "120"])
    def test_shows_all_on_one_screen_and_says_what_to_do(
        self, shop: Shop, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, columns: str
    ) -> None:
        monkeypatch.setenv("COLUMNS", columns)
        shop.publish(1)
        refused = shop.refuse(2)
        result = pipeline("overview")
        assert result.exit_code == 1
        assert max(len(line) for line in result.out.splitlines() if "next:" not in line) <= int(columns)
        assert lines_with(result.out, "events")
        assert "datasets that need a person: 1 of 1; looked at the last 35 days" in result.out
        assert (
            "events: 2025-01-01 gate_failed: null rate of user_id is too high\n  next: pipeline status 2025-01-01"
            in result.out
        )
        assert refused not in result.out

    @pytest.mark.usefixtures("now")
    def test_warnings_of_what_is_published_are_told_and_need_nobody(self, shop: Shop, pipeline: Pipeline) -> None:
        dull, second, third = (DAY + timedelta(days=number) for number in range(3))
        shop.publish(1, day=dull)
        for number, day in ((2, second), (3, third)):
            shop.publish(number, day=day)
            shop.note(number, day=day, status="published", counts=COUNTS, odd=(NO_CUSTOMERS,))
        found = looked_at(shop)
        assert (found.warned, found.problems) == ((second, third), ())
        result = pipeline("overview")
        lines = result.out.splitlines()
        at = lines.index("events: 2 dates published with warnings, 2025-01-03 the last")
        assert (result.exit_code, lines[at + 1].strip()) == (0, "next: pipeline report 2025-01-03")

    @pytest.mark.usefixtures("now")
    def test_says_for_scripts_what_it_found(self, shop: Shop, pipeline: Pipeline) -> None:
        shop.publish(1)
        document = pipeline.json("overview")
        assert document["ok"] is True
        assert document["datasets"][0] | {"published_at": ""} == {
            "dataset": "events", "last_published": "2025-01-01", "published_at": "", "is_judged": False, "overdue": [],
            "failures": [], "at_work": [], "rows_read": 1010, "rows_quarantined": 10, "blocked": [], "faults": [],
            "month_usd": None, "problems": [], "not_looked_at": [], "warned": [], "notes": [],
        }  # fmt: skip

    @pytest.mark.usefixtures("now")
    def test_tells_scripts_the_next_steps_as_they_are_typed(
        self, shop: Shop, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(overview_view, "all_contracts", lambda: [CONTRACT_FILE] * 2)
        shop.refuse(2)
        result = pipeline("overview", "--json")
        steps = [dataset["problems"][0]["next_step"] for dataset in json.loads(result.out)["datasets"]]
        assert steps[0].startswith("pipeline status 2025-01-01 --contract ")
        assert steps[0] in pipeline("overview").out.replace("\n", "")

    @pytest.mark.usefixtures("now")
    def test_shows_the_other_datasets_when_one_cannot_be_read(
        self, shop: Shop, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(overview_view, "all_contracts", lambda: ["events", CONTRACT_FILE])
        shop.publish(1)
        (shop.root / shop.paths.publication_key(DAY)).write_text("{")
        result = pipeline("overview")
        assert result.exit_code == 1
        assert len(lines_with(result.out, "cannot be looked at: publication record")) == 2


@pytest.fixture(autouse=True)
def _no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")


def test_no_due_day_without_a_promise() -> None:
    assert Sla(UTC, None, is_scheduled=True).last_due_day(NOW) is None
