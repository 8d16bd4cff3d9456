import json
import re
from datetime import date, timedelta
from typing import Any

import pytest

from backfill_plan.handler import handler as plan
from backfill_summary.handler import handler as summarize
from core.backfills import name_prefix
from shared.environment import InvalidEnvironment
from shared.inputs import InvalidInput
from shared.messages import Message
from tests.lambdas.cloud import event, is_documented

PAYLOAD_LIMIT = 256 * 1024  # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
BACKFILL = {"start": "2025-01-01", "end": "2025-01-03", "backfill_id": "january"}


def days(first: str, count: int) -> list[str]:
    return [str(date.fromisoformat(first) + timedelta(days=offset)) for offset in range(count)]


def planned(**given: object) -> list[str]:
    return [run["ingestion_date"] for run in plan({"backfill_id": "january", **given}, None)["runs"]]


@pytest.fixture(autouse=True)
def as_many_runs_as_a_map_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_CONCURRENT_RUNS", "200")


class TestPlan:
    def test_of_a_range_holds_both_ends_and_the_defaults(self) -> None:
        assert plan(BACKFILL, None) == {
            "runs": [
                {"ingestion_date": "2025-01-01"},
                {"ingestion_date": "2025-01-02"},
                {"ingestion_date": "2025-01-03"},
            ],
            "name_prefix": "january",
            "max_concurrency": 1,
            "on_failure": "stop",
            "force": False,
        }

    def test_passes_on_what_is_asked_for(self) -> None:
        answer = plan({**BACKFILL, "max_concurrency": 40, "on_failure": "continue", "force": True}, None)
        assert (answer["max_concurrency"], answer["on_failure"], answer["force"]) == (40, "continue", True)

    def test_of_listed_dates_keeps_their_order(self) -> None:
        assert planned(dates=["2025-03-01", "2024-02-29"]) == ["2025-03-01", "2024-02-29"]

    def test_of_one_day_and_over_a_leap_day(self) -> None:
        assert planned(start="2024-02-29", end="2024-02-29") == ["2024-02-29"]
        assert planned(start="2024-02-28", end="2024-03-01") == ["2024-02-28", "2024-02-29", "2024-03-01"]

    def test_of_3650_dates_fits_into_the_payload_of_a_state(self) -> None:
        answer = plan({"backfill_id": "x" * 80, "dates": days("2015-01-01", 3650)}, None)
        assert len(answer["runs"]) == 3650
        assert len(json.dumps(answer)) < PAYLOAD_LIMIT

    def test_runs_no_more_dates_at_once_than_the_job_allows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MAX_CONCURRENT_RUNS", "3")
        assert plan({**BACKFILL, "max_concurrency": 3}, None)["max_concurrency"] == 3
        with pytest.raises(InvalidInput, match="max_concurrency is 4, expected a whole number from 1 to 3"):
            plan({**BACKFILL, "max_concurrency": 4}, None)

    @pytest.mark.parametrize("value", ["0", "x", "-1", ""])
    def test_of_an_environment_that_cannot_be_used_is_refused(
        self, monkeypatch: pytest.MonkeyPatch, value: str
    ) -> None:
        monkeypatch.setenv("MAX_CONCURRENT_RUNS", value)
        with pytest.raises(InvalidEnvironment, match="MAX_CONCURRENT_RUNS"):
            plan(BACKFILL, None)

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({}, "either start and end (both inclusive) or dates"),
            ({"start": "2025-01-01", "end": "2025-01-02", "dates": ["2025-01-01"]}, "and not both"),
            ({"start": "2025-01-01"}, "end is missing"),
            ({"end": "2025-01-01"}, "start is missing"),
            ({"start": "2025-01-03", "end": "2025-01-01"}, "start 2025-01-03 is after end 2025-01-01"),
            ({"start": "2025-02-29", "end": "2025-03-01"}, "start is '2025-02-29', expected a day of the calendar"),
            ({"start": "2015-01-01", "end": "2024-12-29"}, "has 3,651 dates, limit 3,650"),
            ({"start": "0001-01-01", "end": "9999-12-31"}, "has 3,652,059 dates, limit 3,650"),
            ({"dates": ["2025-01-01"] * 3651}, "dates has 3,651 dates, limit 3,650"),
            ({"dates": []}, "dates is empty"),
            ({"dates": "2025-01-01"}, "dates is '2025-01-01', expected a list"),
            ({"dates": ["2025-01-01", "2025-1-2"]}, "dates[1] is '2025-1-2'"),
            ({"dates": ["2025-01-01", None]}, "dates[1] is None"),
            ({"dates": ["2025-01-01", "2025-01-02", "2025-01-01"]}, "dates[2] repeats 2025-01-01"),
            (
                {"start": "2025-01-01", "end": "2025-01-02", "concurrency": 3},
                "'concurrency' is not known; allowed: start",
            ),
            ({**BACKFILL, "max_concurrency": 0}, "max_concurrency is 0, expected a whole number from 1 to 40"),
            ({**BACKFILL, "max_concurrency": 41}, "max_concurrency is 41"),
            ({**BACKFILL, "max_concurrency": True}, "max_concurrency is True"),
            ({**BACKFILL, "max_concurrency": 1.0}, "max_concurrency is 1.0"),
            ({**BACKFILL, "max_concurrency": "2"}, "max_concurrency is '2'"),
            ({**BACKFILL, "on_failure": "ignore"}, "on_failure is 'ignore', expected stop or continue"),
            ({**BACKFILL, "on_failure": ["stop"]}, "on_failure is ['stop'], expected stop or continue"),
            ({**BACKFILL, "force": 1}, "force is 1, expected true or false"),
            ({**BACKFILL, "backfill_id": ""}, "backfill_id is '', expected a text"),
            ({**BACKFILL, "start": "x" * 10_000}, "..., expected a day of the calendar"),
        ],
    )
    def test_of_wrong_input_is_refused_with_the_value_and_what_is_allowed(
        self, given: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(InvalidInput, match=re.escape(message)) as refused:
            plan({"backfill_id": "january", **given}, None)
        assert len(str(refused.value)) < 300


class TestExecutionNames:
    IDS = ("january", "x" * 65, "x" * 66, "x" * 80, "x" * 79 + "y", "a b", "a_b", "a-b", "über", "a:b", "\ud800", "🌍")

    def test_have_at_most_80_allowed_characters_with_a_redrive_count(self) -> None:
        names = [f"{name_prefix(backfill_id)}-2025-01-01-999" for backfill_id in self.IDS]
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,80}", name) for name in names)

    def test_differ_between_backfills(self) -> None:
        assert len({name_prefix(backfill_id) for backfill_id in self.IDS}) == len(self.IDS)

    def test_are_those_of_the_backfill_where_it_can_be_read(self) -> None:
        assert name_prefix("january") == "january"
        assert name_prefix("a b").startswith("a-b-")


@pytest.mark.usefixtures("cloud")
class TestSummary:
    def row(self, day: str, status: str, **more: object) -> dict[str, object]:
        return {"ingestion_date": day, "status": status, **more}

    def test_tells_every_date_and_the_reason_of_each_failure(self) -> None:
        gate = event("glue_job_failed_gate")["detail"]["message"]
        results = [
            *(self.row(day, "published") for day in days("2025-01-04", 3)),
            self.row("2025-01-02", "failed", reason=gate),
            self.row("2025-01-01", "unchanged"),
            *(self.row(day, "not_started") for day in ("2025-01-07", "2025-01-09")),
        ]
        answer = summarize({"results": results, "on_failure": "stop"}, None)
        assert answer["published"] == ["2025-01-04", "2025-01-05", "2025-01-06"]
        assert answer["unchanged"] == ["2025-01-01"]
        assert answer["not_started"] == ["2025-01-07", "2025-01-09"]
        assert answer["failed"] == [{"ingestion_date": "2025-01-02", "reason": gate}]
        subject = "[events] backfill 2025-01-01 to 2025-01-09 failed: 1 failed, 2 not started, 3 published, 1..."
        assert answer["subject"] == subject
        assert answer["message"] == (
            "Backfill of events: 3 published, 1 unchanged, 1 failed, 2 not started.\n"
            "\n"
            "Published:   2025-01-04 to 2025-01-06\n"
            "Unchanged:   2025-01-01\n"
            "Failed:      2025-01-02\n"
            "Not started: 2025-01-07, 2025-01-09\n"
            "\n"
            f"- {gate} --contract events\n"
            "\n"
            "It stopped at the first failure, as on_failure says. Next: fix the cause, then run what is left. "
            "Published dates are skipped.\n"
            "\n"
            "  pipeline backfill 2025-01-02 2025-01-02 --contract events\n"
            "  pipeline backfill 2025-01-07 2025-01-07 --contract events\n"
            "  pipeline backfill 2025-01-09 2025-01-09 --contract events\n"
        )
        assert is_documented(Message(answer["subject"], answer["message"]))

    def test_of_a_backfill_that_went_well_is_short(self) -> None:
        results = [self.row(day, "published") for day in days("2025-01-01", 31)]
        answer = summarize({"results": results, "on_failure": "continue"}, None)
        assert answer["subject"] == "[events] backfill 2025-01-01 to 2025-01-31 finished: 31 published"
        assert answer["message"] == (
            "Backfill of events: 31 published, 0 unchanged, 0 failed.\n\nPublished:   2025-01-01 to 2025-01-31\n"
        )

    def commands(self, results: list[dict[str, object]], **more: object) -> list[str]:
        message = summarize({"results": results, "on_failure": "stop", **more}, None)["message"]
        return [line.strip() for line in message.splitlines() if line.startswith("  pipeline backfill ")]

    def test_goes_on_with_what_is_left_by_one_command_past_what_is_published(self) -> None:
        done, left = days("2025-01-01", 4), days("2025-01-05", 27)
        results = [
            *(self.row(day, "published") for day in done),
            self.row(left[0], "failed"),
            self.row("2025-01-06", "published"),
            *(self.row(day, "not_started") for day in left[2:]),
        ]
        assert self.commands(results) == ["pipeline backfill 2025-01-05 2025-01-31 --contract events"]

    def test_goes_on_as_it_was_started(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A forced one would run published dates again, so they are left out."""
        monkeypatch.setenv("ENVIRONMENT", "dev")
        results = [
            self.row(day, "failed" if day.endswith(("1", "2", "4")) else "published") for day in days("2025-01-01", 5)
        ]
        flags = "--contract events --environment dev --concurrency 3 --continue"
        more = {"on_failure": "continue", "max_concurrency": 3}
        assert self.commands(results, **more) == [f"pipeline backfill 2025-01-01 2025-01-04 {flags}"]
        assert self.commands(results, **more, force=True) == [
            f"pipeline backfill 2025-01-01 2025-01-02 {flags} --force",
            f"pipeline backfill 2025-01-04 2025-01-04 {flags} --force",
        ]

    @pytest.mark.parametrize("force", [False, True])
    def test_says_that_published_dates_are_skipped_unless_it_was_forced(self, *, force: bool) -> None:
        message = summarize({"results": [self.row("2025-01-01", "failed")], "force": force}, None)["message"]
        assert ("Published dates are skipped." in message) is not force

    def test_never_runs_a_date_that_it_was_not_for(self) -> None:
        results = [self.row(day, "failed") for day in ("2025-01-01", "2025-01-03")]
        assert [command.split()[2:4] for command in self.commands(results)] == [["2025-01-01"] * 2, ["2025-01-03"] * 2]

    @pytest.mark.parametrize("length", range(150, 330, 7))
    def test_has_no_half_path_or_command_of_a_reason_that_was_cut_off(self, length: int) -> None:
        path = f"s3://prod-data-pipeline-123456789012/metrics/events/ingestion_date=2025-01-02/{'x' * 60}.json"
        step = "fix the source, then: pipeline run 2025-01-02"
        whole = f"2025-01-02: {'null rate of user_id, ' * (length // 22)}; report {path}; {step}"
        message = summarize({"results": [self.row("2025-01-02", "failed", reason=whole[:300])]}, None)["message"]
        (told,) = [line for line in message.splitlines() if line.startswith("- ")]
        assert "s3://" not in told or path in told
        assert told.endswith(" --contract events")
        assert step in told or "; for more: pipeline status 2025-01-02" in told

    @pytest.mark.parametrize(
        ("cause", "expected"),
        [
            (
                event("execution_failed_job_run")["detail"]["cause"],
                "2025-01-02: null rate of user_id is 12 %, limit 3 %",
            ),
            (event("backfill_failed_nested")["detail"]["cause"], "2025-01-02: null rate of user_id is 12 %, limit 3 %"),
            ({"Error": "RawDataMissing", "Cause": '{"errorMessage": "no raw data", "errorType": "x"}'}, "no raw data"),
            ("Execution was aborted", "Execution was aborted"),
            ({"odd": 1}, '{"odd": 1}'),
            (None, "no reason was given"),
            ("", "no reason was given"),
        ],
    )
    def test_finds_the_innermost_reason(self, cause: object, expected: str) -> None:
        answer = summarize({"results": [self.row("2025-01-02", "failed", reason=cause)], "on_failure": "stop"}, None)
        assert answer["failed"][0]["reason"].startswith(expected)

    def test_of_3650_failures_stays_short_enough_for_a_message_and_a_state(self) -> None:
        results = [self.row(day, "failed", reason="x" * 200) for day in days("2015-01-01", 3650)]
        answer = summarize({"results": results, "on_failure": "continue"}, None)
        assert len(answer["failed"]) == 3650
        assert len(json.dumps(answer)) < PAYLOAD_LIMIT
        assert len(answer["message"]) < 10_000
        assert "- and 3630 more\n" in answer["message"]

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({}, "results is missing"),
            ({"results": {}}, "results is {}, expected a list"),
            ({"results": ["x"]}, "results[0] is 'x', expected a JSON object"),
            ({"results": [{"ingestion_date": "2025-01-01", "status": "done"}]}, "results[0]: status is 'done'"),
            ({"results": [{"ingestion_date": "1", "status": "failed"}]}, "results[0]: ingestion_date is '1'"),
        ],
    )
    def test_of_wrong_input_is_refused(self, given: object, message: str) -> None:
        with pytest.raises(InvalidInput, match=re.escape(message)):
            summarize(given, None)
