"""A day is judged by the published dates before it, and by nothing else that lies in the data root."""

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from core.acceptances import Acceptance, AcceptedCheck, write_acceptance
from core.anomalies import OTHER_VALUE
from core.checks import Check, read_checks
from core.documents import as_documents
from core.forecasts import HISTORY_DAYS, MINIMUM_HISTORY
from core.history import History
from core.ports import Content
from core.publication import RunInput, to_json
from core.publishing import Publications
from curation.gate import Gate, Verdict
from curation.version import Counts, WrittenVersion
from tests.unit.past import Past
from tests.unit.programs import ROOT

VISITS = ROOT / "tests" / "contracts" / "visits.odcs.yaml"
DAY = date(2025, 3, 4)  # a Tuesday
INPUT = RunInput("f" * 32, "c" * 64)
ACCEPTED_ROWS = Acceptance("run", INPUT, (AcceptedCheck("rows_usual", "rowCount", None),), "", "ann", "").facts()
MIX = {"web": 0.6, "app": 0.35, "shop": 0.05}


def columns(rows: int, *, mix: Mapping[str, float] = MIX, no_visitor: float = 0.02) -> dict[str, Any]:
    counts = {kind: int(rows * share) for kind, share in mix.items()}
    return {"kind": {"nulls": 0, "distribution": counts}, "visitor": {"nulls": round(rows * no_visitor)}}


def counts_of(rows: int, *, malformed: int = 0, **about: Any) -> Counts:
    found = columns(rows, **about)
    return Counts(
        rows_read=rows + malformed,
        rows_quarantined=malformed,
        lines_to_read_again=0,
        duplicates_removed=0,
        rows_on_other_days=None,
        first_event=None,
        last_event=None,
        nulls={name: column["nulls"] for name, column in found.items()},
        distributions={"kind": found["kind"]["distribution"]},
        by_rule={"rows": rows, "seen_before": 0, "kind_invalidValues": 0},
        rows_looked_at_for_fields=0,
        rows_with_unknown_fields=0,
        unknown_fields=(),
    )


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return Past(tmp_path, VISITS)


def quiet(past: Past, *, dates: int = 60, rows: int = 10_000, until: date = DAY) -> None:
    """Publish dates that differ by chance only."""
    chance = random.Random(7)
    for back in range(1, dates + 1):
        day_rows = round(rows * chance.uniform(0.97, 1.03))
        past.publish(until - timedelta(days=back), day_rows, columns=columns(day_rows), malformed=day_rows // 500)


def judge(past: Past, counts: Counts, *, day: date = DAY) -> Verdict:
    publications = Publications(past.store, past.paths, None)
    written = WrittenVersion(counts, "file:///x/", "4.1.1", {})
    over = publications.records.read(day).record
    return Gate(past.contract, past.store, past.paths, publications).judge(day, written, INPUT, over)


def failed(verdict: Verdict) -> set[str]:
    return {check.id for check in verdict.checks if not check.passed}


def check(verdict: Verdict, rule_id: str) -> Check:
    [found] = [check for check in verdict.checks if check.id == rule_id]
    return found


class TestVerdicts:
    @pytest.mark.parametrize(
        ("counts", "odd"),
        [
            (counts_of(10_000, malformed=20), set()),
            (counts_of(5_000, malformed=10), {"rows_usual"}),
            (counts_of(20_000, malformed=40), {"rows_usual"}),
            (counts_of(10_000, malformed=20, no_visitor=0.2), {"visitors_usual"}),
            (counts_of(10_000, malformed=900), {"malformed_usual"}),
            (counts_of(10_000, malformed=20, mix={"web": 0.65, "app": 0.35, "shop": 0}), {"kinds_usual"}),
            (counts_of(10_000, malformed=20, mix={"web": 0.1, "app": 0.85, "shop": 0.05}), {"kinds_usual"}),
        ],
        ids=["quiet", "half the data", "a doubled day", "nulls", "malformed lines", "a value missing", "another mix"],
    )
    def test_names_what_is_odd_and_nothing_else(self, past: Past, counts: Counts, odd: set[str]) -> None:
        quiet(past)
        assert failed(judge(past, counts)) == odd

    def test_is_an_error_or_a_warning_as_the_rule_says(self, past: Past) -> None:
        quiet(past)
        verdict = judge(past, counts_of(5_000, malformed=2_000))
        assert failed(verdict) == {"rows_usual", "malformed_usual"}
        assert [check.id for check in verdict.failed] == ["rows_usual"]

    def test_is_silent_with_too_little_history_and_says_so(self, past: Past) -> None:
        quiet(past, dates=MINIMUM_HISTORY - 1)
        verdict = judge(past, counts_of(1_000))
        assert failed(verdict) == set()
        assert {item.id for item in verdict.not_judged} == {
            "rows_usual", "malformed_usual", "kinds_usual", "visitors_usual"
        }  # fmt: skip
        reason = f"{MINIMUM_HISTORY - 1} published dates before it can be compared with, needs {MINIMUM_HISTORY}"
        assert {item.reason for item in verdict.not_judged} == {reason}

    def test_of_a_day_without_rows_is_that_there_is_nothing_to_take_rates_of(self, past: Past) -> None:
        quiet(past)
        verdict = judge(past, counts_of(0))
        assert {item.id: item.reason for item in verdict.not_judged} == dict.fromkeys(
            ("malformed_usual", "kinds_usual", "visitors_usual"), "the day has no rows"
        )
        assert "rows_usual" in failed(verdict)


class TestHistory:
    def test_leaves_out_runs_that_published_nothing(self, past: Past) -> None:
        quiet(past)
        before = judge(past, counts_of(10_000, malformed=20))
        for back in range(1, 30):
            day = DAY - timedelta(days=back)
            past.fail(day, f"20990101T000000Z-{back:08x}", columns=columns(7, no_visitor=0.9))
        assert judge(past, counts_of(10_000, malformed=20)).checks == before.checks

    def test_takes_the_version_that_is_current(self, past: Past) -> None:
        quiet(past, rows=300)
        quiet(past, rows=10_000)
        assert failed(judge(past, counts_of(10_000, malformed=20))) == set()

    def test_is_that_of_the_dates_before_whatever_came_after(self, past: Past) -> None:
        quiet(past)
        before = judge(past, counts_of(10_000, malformed=20))
        for ahead in range(40):
            past.publish(DAY + timedelta(days=ahead), 90_000, columns=columns(90_000, no_visitor=0.9))
        assert judge(past, counts_of(10_000, malformed=20)).checks == before.checks

    def test_makes_one_verdict_in_whatever_order_its_dates_were_published(self, tmp_path: Path) -> None:
        verdicts = []
        for seed in range(3):
            past = Past(tmp_path / str(seed), VISITS)
            days = [DAY - timedelta(days=back) for back in range(1, 50)]
            random.Random(seed).shuffle(days)
            for day in days:
                rows = 10_000 + 1_000 * (day.weekday() == 5) + day.day
                past.publish(day, rows, columns=columns(rows))
            verdicts.append(judge(past, counts_of(8_000)).checks)
        assert verdicts[0] == verdicts[1] == verdicts[2]

    def test_goes_on_without_metrics_that_are_gone_or_broken(self, past: Past) -> None:
        quiet(past)
        gone, broken = (DAY - timedelta(days=back) for back in (3, 4))
        past.store.delete([item.key for item in past.store.objects(past.paths.metrics_prefix(gone))])
        [item] = past.store.objects(past.paths.metrics_prefix(broken))
        past.store.write(item.key, b"{")
        past.store.write(past.paths.publication_key(DAY - timedelta(days=5)), b"{")
        verdict = judge(past, counts_of(10_000, malformed=20))
        assert failed(verdict) == set()
        assert [problem.partition(": ")[0] for problem in verdict.problems] == [
            f"{DAY - timedelta(days=5)} is left out of what is usual",
            f"{broken} is left out of what is usual in columns",
            f"{gone} is left out of what is usual in columns",
        ]

    @pytest.mark.parametrize(
        "columns_of_metrics",
        [
            None,
            [],
            {"kind": None},
            {"kind": {"nulls": 1, "distribution": {"web": None}}},
            {"kind": {"nulls": 1, "distribution": {"web": "7"}}},
            {"kind": {"nulls": 1, "distribution": [7]}},
            {"kind": {"nulls": -5}},
            {"kind": {"nulls": True}},
            {"kind": {}},
        ],
    )
    def test_leaves_out_metrics_that_are_broken_inside(self, past: Past, columns_of_metrics: Any) -> None:
        quiet(past)
        before = judge(past, counts_of(10_000, malformed=20))
        past.publish(DAY - timedelta(days=61), 10_000)
        day = DAY - timedelta(days=61)
        [item] = past.store.objects(past.paths.metrics_prefix(day))
        document = {"schema_version": 1, "run_id": "r", "status": "published", "columns": columns_of_metrics}
        past.store.write(item.key, json.dumps(document).encode())
        verdict = judge(past, counts_of(10_000, malformed=20))
        assert [problem.partition(": ")[0] for problem in verdict.problems] == [
            f"{day} is left out of what is usual in columns"
        ]
        assert [check for check in verdict.checks if check.column] == [check for check in before.checks if check.column]

    @pytest.mark.parametrize("rows", ["x", None, -1, True, 1.5])
    def test_leaves_out_records_that_are_broken_inside(self, past: Past, rows: Any) -> None:
        quiet(past)
        before = judge(past, counts_of(10_000, malformed=20))
        day = DAY - timedelta(days=61)
        past.publish(day, 10_000, columns=columns(10_000))
        key = past.paths.publication_key(day)
        content = past.store.read(key)
        assert content is not None
        document = json.loads(content.data)
        document["current"]["rows_read"] = rows
        past.store.write(key, json.dumps(document).encode())
        verdict = judge(past, counts_of(10_000, malformed=20))
        assert [problem.partition(": ")[0] for problem in verdict.problems] == [f"{day} is left out of what is usual"]
        assert verdict.checks == before.checks

    def test_leaves_out_a_short_stretch_that_was_accepted_past_the_rule(self, past: Past) -> None:
        """What was accepted stands in the record of the version that is current; a rerun of the day is another one."""
        quiet(past)
        for back in range(1, 5):
            past.publish(DAY - timedelta(days=back), 3_000, columns=columns(3_000), malformed=6, accepted=ACCEPTED_ROWS)
        assert failed(judge(past, counts_of(10_000, malformed=20))) == set()
        for back in range(1, 5):
            past.publish(DAY - timedelta(days=back), 3_000, columns=columns(3_000), malformed=6)
        assert failed(judge(past, counts_of(10_000, malformed=20))) == {"rows_usual"}

    @pytest.mark.parametrize("accepted", [{}, {"checks": "rows_usual"}, {"checks": [1]}, {"checks": None}], ids=str)
    def test_leaves_out_a_date_of_which_nobody_knows_what_was_accepted(
        self, past: Past, accepted: dict[str, Any]
    ) -> None:
        quiet(past)
        before = judge(past, counts_of(10_000, malformed=20))
        day = DAY - timedelta(days=61)
        past.publish(day, 10_000, columns=columns(10_000), accepted=accepted)
        verdict = judge(past, counts_of(10_000, malformed=20))
        assert [problem.partition(": ")[0] for problem in verdict.problems] == [f"{day} is left out of what is usual"]
        assert verdict.checks == before.checks

    def test_knows_a_column_that_had_other_capitals(self, past: Past) -> None:
        for back in range(1, 60):
            found = {name.upper(): column for name, column in columns(10_000).items()}
            past.publish(DAY - timedelta(days=back), 10_000, columns=found)
        verdict = judge(past, counts_of(10_000, no_visitor=0.5))
        assert failed(verdict) == {"visitors_usual"}
        assert verdict.not_judged == []

    def test_leaves_out_shares_of_more_rows_than_a_date_had(self, past: Past) -> None:
        """A contract could once list a value in two ways, such as 1 and 1.0, and each had all its rows."""
        quiet(past, dates=MINIMUM_HISTORY + 5)
        for back in range(1, 5):
            twice = {"web": 0.6, "app": 0.6, "shop": 0.4}
            past.publish(DAY - timedelta(days=back), 10_000, columns=columns(10_000, mix=twice), malformed=20)
        verdict = judge(past, counts_of(10_000, malformed=20))
        assert failed(verdict) == set()
        usual = check(verdict, "kinds_usual").baseline
        assert usual is not None
        assert usual.dates == MINIMUM_HISTORY + 1

    def test_of_two_years_is_read_within_a_second_where_each_read_takes_time(self, past: Past) -> None:
        quiet(past, dates=730)
        store = _Slow(past)
        publications = Publications(store, past.paths, None)
        start = monotonic()
        profiles, problems = History(store, past.paths, publications).profiles(DAY, days=HISTORY_DAYS, of_columns=True)
        assert (len(profiles), problems) == (HISTORY_DAYS, [])
        assert all(profile.nulls and profile.distributions for profile in profiles)
        assert monotonic() - start < 2.5  # one after the other it would be 5; on a quiet machine it is 0.7
        assert store.reads == 2 * HISTORY_DAYS


class TestMessages:
    def test_say_what_was_found_what_was_expected_and_by_which_dates(self, past: Past) -> None:
        quiet(past)
        found = check(judge(past, counts_of(5_130, malformed=10)), "rows_usual")
        low, high = found.limit if isinstance(found.limit, tuple) else (0, 0)
        assert 8_000 < low < high < 12_500
        assert found.sentence().startswith(f"row count is 5,130, expected {low:,} to {high:,} (")
        assert "(60 dates" in found.sentence()
        assert found.allowed() == f"between {low:,} and {high:,} ({found.baseline.words() if found.baseline else ''})"

    def test_name_the_day_of_the_week_where_it_makes_the_range(self, past: Past) -> None:
        for back in range(1, HISTORY_DAYS + 1):
            day = DAY - timedelta(days=back)
            rows = (40_000 if day.weekday() == 1 else 10_000) + day.day * 10
            past.publish(day, rows, columns=columns(rows))
        assert ", Tuesdays)" in check(judge(past, counts_of(10_000)), "rows_usual").sentence()

    def test_name_the_values_whose_share_moved(self, past: Past) -> None:
        quiet(past)
        verdict = judge(past, counts_of(10_000, malformed=20, mix={"web": 0.65, "app": 0.35, "shop": 0}))
        assert ": shop 0 %, expected " in check(verdict, "kinds_usual").sentence()

    def test_name_a_value_that_no_date_before_had(self, past: Past) -> None:
        quiet(past)
        counts = counts_of(10_000, malformed=20, mix={"web": 0.5, "app": 0.3, "shop": 0.05, "kiosk": 0.15})
        said = check(judge(past, counts), "kinds_usual").sentence()
        assert "kiosk 15 %, expected 0 to " in said
        few = counts_of(10_000, malformed=20, mix=MIX | {"web": 0.5999, "kiosk": 0.0001})
        assert failed(judge(past, few)) == set()

    def test_count_rows_that_have_none_of_the_values(self, past: Past) -> None:
        quiet(past)
        verdict = judge(past, counts_of(10_000, malformed=20, mix={"web": 0.3, "app": 0.17, "shop": 0.03}))
        assert f"{OTHER_VALUE} 50 %, expected 0 to " in check(verdict, "kinds_usual").sentence()

    def test_are_the_same_when_a_check_is_read_again(self, past: Past) -> None:
        quiet(past)
        checks = judge(past, counts_of(5_000, mix={"web": 1.0, "app": 0, "shop": 0})).checks
        stored = read_checks({"checks": as_documents(checks)}, source="metrics.json")
        assert [check.sentence() for check in stored] == [check.sentence() for check in checks]


class TestAcceptance:
    ROWS = AcceptedCheck("rows_usual", "rowCount", None)
    ACCEPTANCE = Acceptance("run", INPUT, (ROWS,), "a sale", "ann", datetime(2025, 3, 5, tzinfo=UTC).isoformat())

    def accept(self, past: Past, **changes: Any) -> None:
        write_acceptance(past.store, past.paths, DAY, replace(self.ACCEPTANCE, **changes))

    def test_lets_exactly_what_was_accepted_pass(self, past: Past) -> None:
        quiet(past)
        odd = counts_of(5_000, malformed=10)
        assert judge(past, odd).failed
        self.accept(past)
        verdict = judge(past, odd)
        assert (verdict.failed, verdict.acceptance) == ([], self.ACCEPTANCE)
        assert failed(verdict) == {"rows_usual"}

    @pytest.mark.parametrize(
        "changes",
        [
            {"input": replace(INPUT, fingerprint="0" * 32)},
            {"input": replace(INPUT, contract_checksum="0" * 64)},
            {"checks": (AcceptedCheck("kinds_usual", "valueShares", "kind"),)},
            {"checks": (AcceptedCheck("rows_usual", "malformedLines", None),)},
        ],
        ids=["other raw data", "another contract", "another check", "a check that was called so"],
    )
    def test_lets_nothing_else_pass(self, past: Past, changes: dict[str, Any]) -> None:
        quiet(past)
        self.accept(past, **changes)
        verdict = judge(past, counts_of(5_000, malformed=10))
        assert [check.id for check in verdict.failed] == ["rows_usual"]

    def test_never_lets_a_broken_rule_pass(self, past: Past) -> None:
        quiet(past)
        checks = (self.ROWS, AcceptedCheck("rows", "rowCount", None))
        self.accept(past, checks=checks)
        verdict = judge(past, counts_of(1))
        assert [check.id for check in verdict.failed] == ["rows", "rows_usual"]
        assert not verdict.could_be_accepted
        assert not replace(self.ACCEPTANCE, checks=checks).covers(verdict.failed, INPUT)

    def test_lets_it_pass_once(self, past: Past) -> None:
        """A version that was published by it and rolled back is not published again without another decision."""
        quiet(past)
        self.accept(past)
        past.publish(DAY, 5_000)
        record = Publications(past.store, past.paths, None).records.read(DAY).record
        assert record is not None
        used = replace(record, current=replace(record.current, accepted=self.ACCEPTANCE.facts()))
        past.store.write(past.paths.publication_key(DAY), to_json(used))
        assert [check.id for check in judge(past, counts_of(5_000, malformed=10)).failed] == ["rows_usual"]
        self.accept(past, accepted_at="2025-03-06T00:00:00+00:00")
        assert judge(past, counts_of(5_000, malformed=10)).failed == []


class _Slow:
    """A store whose reads take as long as S3's."""

    def __init__(self, past: Past) -> None:
        self._store = past.store
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def read(self, key: str) -> Content | None:
        self.reads += 1
        sleep(0.03)
        return self._store.read(key)
