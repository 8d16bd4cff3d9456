"""Odd days through the whole job: rejected with what is usual, published once they are accepted, keys across dates."""

import random
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from core.acceptances import Acceptance, AcceptedCheck, write_acceptance
from core.errors import GateFailed
from core.publication import RunInput
from tests.spark.lab import CONTRACTS, DAY, Lab, Outcome, Row
from tests.unit.past import Past

TODAY = date.fromisoformat(DAY)
KINDS = ("web", "app", "shop")


@pytest.fixture
def visits(tmp_path: Path) -> Lab:
    return Lab(tmp_path, CONTRACTS / "visits.odcs.yaml")


def rows(count: int, *, prefix: str = "v") -> list[Row]:
    return [{"visit": f"{prefix}{n}", "kind": KINDS[n % 3], "visitor": f"p{n}"} for n in range(count)]


def with_history(lab: Lab, *, usual: int = 300) -> Past:
    past, chance = Past(lab.root, lab.contract), random.Random(1)
    for back in range(1, 30):
        count = usual + chance.randint(-5, 5)
        kinds = dict.fromkeys(KINDS, count // 3)
        columns = {"kind": {"nulls": 0, "distribution": kinds}, "visitor": {"nulls": 0}}
        past.publish(TODAY - timedelta(days=back), count, columns=columns)
    # Their files are not there, so that no key can be looked up in them.
    for back in (1, 2):
        past.store.delete([past.paths.publication_key(TODAY - timedelta(days=back))])
    return past


def accept(past: Past, run: Outcome, *checks: str) -> None:
    given = RunInput(run.metrics["raw"]["fingerprint"], run.metrics["contract"]["checksum"])
    odd = tuple(
        AcceptedCheck(check["id"], check["metric"], check["column"])
        for check in run.metrics["checks"]
        if check["id"] in checks
    )
    acceptance = Acceptance(run.metrics["run_id"], given, odd, "a holiday", "ann", "2025-01-02T09:00:00.000+00:00")
    write_acceptance(past.store, past.paths, TODAY, acceptance)


def test_a_usual_day_is_published_and_an_odd_one_is_rejected_with_what_is_usual(visits: Lab) -> None:
    with_history(visits)
    visits.put(rows(300))
    assert visits.run().status == "published"
    visits.put(rows(120))
    run = visits.run()
    assert isinstance(run.error, GateFailed)
    assert run.failed_checks == {"rows_usual"}
    [found] = [check for check in run.metrics["checks"] if check["id"] == "rows_usual"]
    low, high = found["limit"]
    assert f"{DAY}: row count is 120, expected {low} to {high} (27 dates" in run.message
    assert f"; or, if the day is right as it is: pipeline accept {DAY} --reason TEXT" in run.message
    assert visits.record()["current"]["rows_written"] == 300


def test_an_accepted_day_is_published_once_and_the_record_says_who_and_why(visits: Lab) -> None:
    past = with_history(visits)
    visits.put(rows(120))
    rejected = visits.run()
    accept(past, rejected, *rejected.failed_checks)
    run = visits.run()
    assert run.status == "published"
    facts = {
        "run_id": rejected.metrics["run_id"],
        "checks": ["rows_usual"],
        "reason": "a holiday",
        "accepted_by": "ann",
        "accepted_at": "2025-01-02T09:00:00.000+00:00",
    }
    assert run.metrics["accepted"] == visits.record()["current"]["accepted"] == facts
    assert visits.run().status == "unchanged"
    visits.put(rows(119))
    assert visits.run().failed_checks == {"rows_usual"}


def test_keys_of_the_dates_before_are_counted_exactly(visits: Lab) -> None:
    """Of three dates with overlapping keys the third sees what its days allow, be a key there once or twice."""
    for day, published in (("2024-12-29", rows(40)), ("2024-12-30", rows(30)), ("2024-12-31", rows(20))):
        visits.put(published, day=day)
        assert visits.run(day=day).status == "published"
    visits.put([*rows(50), *rows(5), *rows(7, prefix="new"), {"visit": None, "kind": "web"}])
    run = visits.run()
    assert run.status == "published"
    assert run.check_values["seen_before"] == 30
    assert "seen_before" in run.failed_checks
    assert run.metrics["duplicates_removed"] == 5


def test_keys_of_the_dates_before_may_have_had_other_capitals(visits: Lab) -> None:
    text = visits.contract.read_text(encoding="utf-8")
    visits.put(rows(3), day="2024-12-31")
    assert visits.run(day="2024-12-31").status == "published"
    visits.contract = visits.root / "visits.yaml"
    renamed = text.replace("name: visit,", "name: Visit, transformSourceObjects: [visit],")
    assert renamed != text
    visits.contract.write_text(renamed, encoding="utf-8")
    visits.put(rows(5))
    assert visits.run().check_values["seen_before"] == 3


class TestAnEarlierVersionWithoutFiles:
    @pytest.fixture
    def gone(self, visits: Lab) -> str:
        """Publish a date, lose its files, and deliver the next date; return where the files were."""
        visits.put(rows(3), day="2024-12-31")
        earlier = visits.run(day="2024-12-31")
        shutil.rmtree(earlier.location)
        visits.put(rows(3))
        return str(earlier.metrics["location"])

    def test_ends_a_run_whose_rule_is_an_error(self, visits: Lab, gone: str) -> None:
        text = visits.contract.read_text(encoding="utf-8")
        visits.contract = visits.root / "visits.yaml"
        visits.contract.write_text(text.replace("mustBe: 0}, severity: warning}", "mustBe: 0}}"), encoding="utf-8")
        run = visits.run()
        assert run.status == "error"
        assert f"{gone}, which 2024-12-31 has published, cannot be compared with by visit: " in run.message
        assert visits.files("publications").keys() == {"publications/visits/ingestion_date=2024-12-31.json"}

    def test_is_told_where_the_rule_only_warns(self, visits: Lab, gone: str) -> None:
        run = visits.run()
        assert run.status == "published"
        assert "seen_before" not in run.check_values
        [found] = [item for item in run.metrics["checks_not_judged"] if item["id"] == "seen_before"]
        assert found["reason"].startswith(f"{gone}, which 2024-12-31 has published, cannot be compared with by visit: ")
