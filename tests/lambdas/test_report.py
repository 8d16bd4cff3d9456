import json
from typing import Any

import pytest

from adapters.aws import client
from core.errors import InvalidDocument
from core.prices import Cost
from core.publication import Publication
from report.handler import handler
from report.run_facts import read_job_run
from shared.inputs import InvalidInput
from shared.messages import Message
from tests.lambdas.cloud import DAY, PATHS, RUN_ID, Cloud, answer, event, is_documented, version


@pytest.fixture
def published(cloud: Cloud) -> Cloud:
    cloud.publish(Publication("events", str(DAY), version(fingerprint="0" * 32)))
    put_metrics(cloud)
    return cloud


def put_metrics(cloud: Cloud, **changed: object) -> None:
    document = {**event("metrics_published"), **changed}
    cloud.put(PATHS.metrics_key(DAY, RUN_ID), json.dumps(document).encode())


def report(*, fault: str | None = None, **changed: Any) -> dict[str, Any]:
    job_run = {key: value for key, value in {**event("job_run"), **changed}.items() if value is not None}
    return handler({"ingestion_date": str(DAY), "job_run": job_run, "fault": fault}, None)


def emitted(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, float]]:
    """The metrics by their dimensions, as CloudWatch would take them from the log."""
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    found = {}
    for document in documents:
        [definition] = document["_aws"]["CloudWatchMetrics"]
        assert definition["Namespace"] == "DataPipeline"
        [dimensions] = definition["Dimensions"]
        values = {metric["Name"]: document[metric["Name"]] for metric in definition["Metrics"]}
        found["/".join(document[name] for name in dimensions)] = values
    return found


@pytest.mark.usefixtures("published")
class TestPublishedRun:
    def test_is_reported_with_its_numbers(self) -> None:
        answer = report()
        assert answer["status"] == "published"
        assert answer["subject"] == "[events] published 2025-01-02: 10,000 rows, 1 warning"
        assert answer["message"] == (
            "events 2025-01-02 is published.\n"
            "\n"
            "Rows read           10,250\n"
            "Rows written        10,000\n"
            "Duplicates removed  200\n"
            "Rows quarantined    50\n"
            "Warnings            1\n"
            "Duration            2 min 13 s\n"
            "Cost                about 0.0351 USD (410 DPU-seconds, Glue 6.0, list prices of 2026-11)\n"
            "Run                 20250103T021504Z-9f3ac01b\n"
            "Report              s3://prod-data-pipeline-123456789012/metrics/events/ingestion_date=2025-01-02/"
            "20250103T021504Z-9f3ac01b.json\n"
            "\n"
            "Checks that did not hold, none of which keeps the day from being published:\n"
            "- invalid-value count of price is 12, must be between 0 and 10\n"
            "\n"
            "Why lines are in quarantine, the most frequent reasons:\n"
            "- 48 x price is not decimal(12,2), for example "
            'price is not decimal(12,2): "free" in events-3.json\n'
            "- 2 x not one JSON object: text after the end of the JSON object, for example "
            '{"event_id": "e9"} trailing in events-1.json\n'
            "\n"
            "Also seen:\n"
            "- fields that the contract does not have: coupon\n"
        )
        assert is_documented(Message(answer["subject"], answer["message"]))

    def test_is_reported_with_what_else_was_seen(self, cloud: Cloud) -> None:
        fields = [f"x{number}\nNext: rm" for number in range(12)]
        put_metrics(cloud, schema_drift={"unknown_fields": fields}, event_time={"rows_on_other_days": 1})
        shown = ", ".join(f"x{number} Next: rm" for number in range(10))
        assert report()["message"].endswith(
            "\n\nAlso seen:\n"
            "- 1 row with an event time on another day\n"
            f"- fields that the contract does not have: {shown} and 2 more\n"
        )

    def test_says_that_it_cost_more_than_the_contract_allows(self, cloud: Cloud) -> None:
        excess = "- the run cost about 0.0351 USD, more than the 0.0300 USD of maxRunCostUsd\n"
        cost = event("metrics_published")["cost"]
        for limit, noted in [(0.03, True), (0.04, False), (None, False)]:
            told_by_the_run = Cost(cost["dpu_seconds"], cost["estimated_usd"], limit).excess
            put_metrics(cloud, cost={**cost, "limit_usd": limit}, warnings=[told_by_the_run] if noted else [])
            assert (f"Also seen:\n{excess}" in report()["message"]) is noted
            assert report()["message"].count("maxRunCostUsd") == noted

    def test_says_what_the_run_warned_of(self, cloud: Cloud) -> None:
        warning = "no line of 1 object is a row: a.json (1 line)"
        put_metrics(cloud, warnings=[warning])
        assert f"Also seen:\n- {warning}\n" in report()["message"]

    def test_says_who_accepted_what_was_odd(self, cloud: Cloud) -> None:
        checks = [
            check if check["baseline"] is None else {**check, "passed": False, "value": 5130}
            for check in event("metrics_published")["checks"]
        ]
        accepted = {"accepted_by": "ann", "reason": "a sale\nNext: rm", "run_id": "R", "checks": ["rows_usual"]}
        put_metrics(cloud, checks=checks, accepted=accepted)
        assert (
            "- row count is 5,130, expected 9,500 to 10,700 (56 dates, Thursdays)\nAccepted by ann: a sale Next: rm\n"
        ) in report()["message"]

    def test_shows_no_line_of_a_contract_that_shows_none(self, cloud: Cloud) -> None:
        rejected = [{**item, "example": None} for item in event("metrics_published")["rejected_lines"]]
        put_metrics(cloud, rejected_lines=rejected)
        assert "- 48 x price is not decimal(12,2), for example a line in events-3.json\n" in report()["message"]

    def test_of_a_release_that_told_no_reasons_is_reported(self, cloud: Cloud) -> None:
        document = {key: value for key, value in event("metrics_published").items() if key != "rejected_lines"}
        cloud.put(PATHS.metrics_key(DAY, RUN_ID), json.dumps(document).encode())
        assert "quarantine, the most" not in report()["message"]

    def test_is_summed_up_for_the_state_machine(self) -> None:
        assert report()["summary"] == {
            "rows_read": 10250,
            "rows_written": 10000,
            "duplicates_removed": 200,
            "rows_quarantined": 50,
            "warnings": 1,
            "seconds": 133.0,
            "dpu_seconds": 410.0,
            "estimated_cost_usd": 0.0351,
            "run_id": RUN_ID,
            "remarks": [
                "1 warning: invalid-value count of price is 12, must be between 0 and 10",
                "no column reads coupon (in 120 of 10,200 rows)",
            ],
        }

    def test_gives_its_numbers_to_cloudwatch(self, capsys: pytest.CaptureFixture[str]) -> None:
        report()
        metrics = emitted(capsys)
        assert metrics.pop("prod/events") == {
            "JobSeconds": 133.0,
            "DpuSeconds": 410.0,
            "EstimatedCostUsd": 0.0351,
            "RowsRead": 10250,
            "RowsWritten": 10000,
            "DuplicatesRemoved": 200,
            "DuplicatePercent": pytest.approx(1.96, abs=0.001),
            "RowsQuarantined": 50,
            "Warnings": 1,
            "FreshnessHours": pytest.approx(2.2917, abs=0.0001),
        }
        assert metrics["prod/events/user_id_null_rate"] == {"CheckValue": 2.5}
        assert metrics["prod/events/price_in_range"] == {"CheckValue": 12.0}
        assert set(metrics) == {f"prod/events/{check['id']}" for check in event("metrics_published")["checks"]}

    def test_its_numbers_are_apart_from_those_of_another_environment(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ENVIRONMENT", "dev")
        report()
        assert {name.partition("/")[0] for name in emitted(capsys)} == {"dev"}

    def test_does_not_claim_a_version_that_is_older_than_the_job_run(self, capsys: pytest.CaptureFixture[str]) -> None:
        answer = report(StartedOn=1735884000000)
        assert answer["subject"] == "[events] unchanged 2025-01-02: 10,000 rows, 1 warning"
        assert "was published before from the same raw data; nothing was changed" in answer["message"]
        assert set(emitted(capsys)["prod/events"]) == {"JobSeconds", "DpuSeconds", "EstimatedCostUsd"}

    @pytest.mark.parametrize(("later_ms", "status"), [(0, "published"), (1, "unchanged")])
    def test_claims_a_version_from_the_very_moment_of_its_start_on(self, later_ms: int, status: str) -> None:
        assert report(StartedOn=1735870650000 + later_ms)["status"] == status

    def test_does_not_claim_a_version_that_another_execution_published_meanwhile(
        self, cloud: Cloud, capsys: pytest.CaptureFixture[str]
    ) -> None:
        put_metrics(cloud, execution="backfill-2025-01-01-2025-01-31-0a1b2c3d-2025-01-02")
        assert report()["status"] == "unchanged"
        assert set(emitted(capsys)["prod/events"]) == {"JobSeconds", "DpuSeconds", "EstimatedCostUsd"}
        put_metrics(cloud, execution="run-2025-01-02-5f2c8d0e")
        assert report()["status"] == "published"

    def test_that_only_healed_what_readers_did_not_find_says_so(self) -> None:
        answer = report(StartedOn=1735884000000, fault="run x is published at\ns3://a, but the catalog shows nothing")
        assert answer["status"] == "unchanged"
        assert answer["subject"].startswith("[events] healed 2025-01-02: 10,000 rows")
        assert answer["message"].startswith(
            "events 2025-01-02 is published. Readers did not find what was published before: run x is published at "
            "s3://a, but the catalog shows nothing. Now they do.\n"
        )


class TestAlarms:
    """CloudWatch says once that an alarm went off; whoever missed that reads it with the next report."""

    def alarm(self, name: str, topic: str, state: str) -> None:
        watched: Any = {"MetricName": "Errors", "Namespace": "AWS/Lambda", "Statistic": "Sum", "Period": 300}
        limit: Any = {"EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold"}
        cloudwatch = client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName=name, AlarmDescription="Read its\nlog.", AlarmActions=[topic], **watched, **limit
        )
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")

    def test_that_are_on_are_named_in_every_report(self, published: Cloud) -> None:
        self.alarm("prod-LateData-Errors", published.topic_arn, "ALARM")
        self.alarm("prod-DeadLetters", published.topic_arn, "OK")
        self.alarm("of-somebody-else", f"{published.topic_arn}-2", "ALARM")
        message = report()["message"].partition("\nAlarms that are on in this environment:\n")[2]
        (line,) = message.splitlines()
        assert line.startswith("- prod-LateData-Errors, since 20")
        assert line.endswith("Z: Read its log.")

    @pytest.mark.usefixtures("published")
    def test_that_cannot_be_read_keep_no_report_back(self) -> None:
        denied = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
        answer("cloudwatch", "DescribeAlarms", status=403, body=denied)
        told = report()
        assert told["status"] == "published"
        assert "whether there are any is not known: cannot list the alarms of" in told["message"]


class TestFreshness:
    @pytest.mark.parametrize(
        ("published_at", "zone", "hours"),
        [
            ("2025-01-03T02:00:00+00:00", "UTC", 2.0),
            ("2025-01-03T02:00:00+00:00", "Europe/Berlin", 3.0),
            ("2025-01-10T00:00:00+00:00", "UTC", 168.0),
            ("2025-01-10T00:00:01+00:00", "UTC", None),
        ],
    )
    def test_is_the_delay_after_the_day_and_not_told_of_a_backfilled_one(
        self,
        cloud: Cloud,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        published_at: str,
        zone: str,
        hours: float | None,
    ) -> None:
        monkeypatch.setenv("TIME_ZONE", zone)
        current = version(fingerprint="0" * 32, published_at=published_at)
        cloud.publish(Publication("events", str(DAY), current))
        put_metrics(cloud)
        report(StartedOn=1735689600000)
        assert emitted(capsys)["prod/events"].get("FreshnessHours") == hours

    def test_is_told_of_the_first_publication_only(self, cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
        current = version(fingerprint="0" * 32)
        cloud.publish(Publication("events", str(DAY), current, previous=(current,)))
        put_metrics(cloud)
        report()
        assert "FreshnessHours" not in emitted(capsys)["prod/events"]


class TestCost:
    @pytest.mark.parametrize(
        ("changed", "dpu_seconds", "usd"),
        [
            ({}, 410.0, 0.0351),
            ({"ExecutionClass": "FLEX"}, 410.0, 0.0231),
            ({"DPUSeconds": 20.0, "ExecutionTime": 20}, 60.0, 0.0051),
            ({"DPUSeconds": 410.0, "ExecutionTime": None}, 410.0, 0.0351),
            ({"DPUSeconds": 90.0, "ExecutionTime": 45, "WorkerType": "G.2X"}, 120.0, 0.0103),
            ({"GlueVersion": "5.1"}, 410.0, 0.0501),
            ({"DPUSeconds": None}, 532.0, 0.0455),
            ({"DPUSeconds": None, "ExecutionTime": 20}, 240.0, 0.0205),
            ({"DPUSeconds": None, "MaxCapacity": None, "WorkerType": "G.2X", "NumberOfWorkers": 3}, 798.0, 0.0683),
            ({"DPUSeconds": None, "MaxCapacity": None, "WorkerType": "Z.9X"}, None, None),
            ({"GlueVersion": "7.0"}, 410.0, None),
            ({"GlueVersion": None}, 410.0, None),
        ],
    )
    def test_comes_from_the_reported_or_the_constant_capacity(
        self, changed: dict[str, object], dpu_seconds: float | None, usd: float | None
    ) -> None:
        job_run = read_job_run(
            {key: value for key, value in {**event("job_run"), **changed}.items() if value is not None}
        )
        assert (job_run.dpu_seconds, job_run.estimated_cost_usd) == (dpu_seconds, usd)

    @pytest.mark.usefixtures("published")
    @pytest.mark.parametrize(
        ("changed", "text"),
        [
            ({"GlueVersion": "7.0"}, "unknown: no price in the table of 2026-11 (410 DPU-seconds, Glue 7.0)"),
            ({"DPUSeconds": None, "MaxCapacity": None, "WorkerType": "Z.9X"}, "unknown: Glue reported no capacity"),
        ],
    )
    def test_that_is_not_known_is_said_to_be(self, changed: dict[str, Any], text: str) -> None:
        assert f"Cost                {text}\n" in report(**changed)["message"]


class TestWhatCannotBeReported:
    def test_is_a_success_without_a_publication(self, cloud: Cloud) -> None:
        put_metrics(cloud)
        with pytest.raises(
            InvalidDocument, match=r"2025-01-02: job run jr_\w+ ended well, but there is no publication"
        ):
            report()

    def test_is_a_version_without_metrics(self, cloud: Cloud) -> None:
        cloud.publish(Publication("events", str(DAY), version(fingerprint="0" * 32)))
        with pytest.raises(InvalidDocument, match=f"run {RUN_ID} has no metrics object s3://"):
            report()

    @pytest.mark.parametrize("content", [b"{", b"[]", b"[" * 100_000, b"\xff"])
    def test_is_a_metrics_object_that_is_no_json_object(self, published: Cloud, content: bytes) -> None:
        published.put(PATHS.metrics_key(DAY, RUN_ID), content)
        with pytest.raises(InvalidDocument, match=r"s3://.*\.json is not a valid metrics object"):
            report()

    @pytest.mark.parametrize(
        "changed", [{"rows_read": None}, {"checks": [{}]}, {"checks": None}, {"checks": ["x"]}, {"schema_drift": [1]}]
    )
    def test_is_a_metrics_object_of_another_schema(self, published: Cloud, changed: dict[str, object]) -> None:
        put_metrics(published, **changed)
        with pytest.raises(InvalidDocument, match="it is not of this release's schema"):
            report()

    @pytest.mark.usefixtures("published")
    @pytest.mark.parametrize(
        "given",
        [{}, {"ingestion_date": "2025-01-02"}, {"ingestion_date": "2025-01-02", "job_run": {}}, {"job_run": {}}, None],
    )
    def test_is_an_event_without_the_job_run(self, given: object) -> None:
        with pytest.raises(InvalidInput):
            handler(given, None)


@pytest.mark.parametrize("started_on", [1735870500456, 1735870500])
def test_a_start_is_read_in_seconds_and_in_milliseconds(started_on: int) -> None:
    started_at = read_job_run({**event("job_run"), "StartedOn": started_on}).started_at
    assert started_at is not None
    assert started_at.isoformat(timespec="seconds") == "2025-01-03T02:15:00+00:00"
