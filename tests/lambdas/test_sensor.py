import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from adapters.aws import client
from adapters.s3 import S3Store
from core.errors import AccessDenied, InvalidDocument, RawDataMissing, ServiceThrottled, ServiceUnavailable
from core.publication import Publication, RunInput
from core.raw_day import RawDay, RawObject, fingerprint, list_raw_day
from core.raw_objects import RawObjects
from sensor.decision import SensorRequest, find
from sensor.handler import handler
from shared.inputs import InvalidInput
from tests.lambdas.cloud import BUCKET, CHECKSUM, DAY, PATHS, RUN_ID, Cloud, answer, is_documented, s3_error, version
from tests.lambdas.cloud import event as sample

MD5_OF_TWO_BRACES = "8a80554c91d9fca8acb82f023de02f11"  # of b"{}\n", which is S3's ETag of it


def look(**event: Any) -> dict[str, Any]:
    return handler({"ingestion_date": str(DAY), **event}, None)


class TestRawData:
    def test_of_one_object_is_ready(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        found = look(force=False)
        key = f"{PATHS.raw_prefix(DAY)}events.json"
        assert found.pop("latest_arrival").endswith("Z")
        assert found == {
            "ingestion_date": "2025-01-02",
            "status": "ready",
            "objects": 1,
            "bytes": 3,
            "fingerprint": fingerprint([RawObject(key, 3, MD5_OF_TWO_BRACES)]),
            "published_run_id": None,
            "force": False,
            "held_back_by": None,
            "is_rolled_back": False,
            "fault": None,
        }

    def test_has_the_fingerprint_that_the_job_finds_in_the_same_bucket(self, cloud: Cloud) -> None:
        for name in ("b.json", "a.ndjson", "sub/c.json.gz", "_SUCCESS", "empty.json"):
            cloud.put_raw(name, b"" if name == "empty.json" else name.encode())
        assert look()["fingerprint"] == list_raw_day(S3Store(BUCKET), PATHS, DAY, RawObjects()).fingerprint

    def test_that_is_published_is_run_again_when_an_object_beside_it_is_not_read(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        fingerprint = look()["fingerprint"]
        cloud.publish(Publication("events", str(DAY), version(fingerprint=fingerprint)))
        assert look()["status"] == "unchanged"
        cloud.put_raw("delivery-1")
        assert (look()["status"], look()["fingerprint"]) == ("ready", fingerprint)

    def test_of_1500_objects_is_listed_to_the_last_page(self, cloud: Cloud) -> None:
        cloud.put_raw_parts(1500)
        cloud.count_calls("s3")
        found = look()
        assert (found["status"], found["objects"], found["bytes"]) == ("ready", 1500, 4500)
        assert cloud.calls == ["s3:ListObjectsV2", "s3:ListObjectsV2", "s3:GetObject"]

    def test_leaves_out_markers_hidden_names_other_endings_and_zero_bytes(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        before = look()
        cloud.put_raw("", b"")
        cloud.put_raw("sub/", b"")
        cloud.put_raw("_SUCCESS", b"x")
        cloud.put_raw(".part-1.json", b"x")
        cloud.put_raw("README.txt", b"x")
        cloud.put_raw("empty.json", b"")
        assert {**look(), "latest_arrival": ""} == {**before, "latest_arrival": ""}

    def test_of_another_day_or_source_is_not_seen(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json", day=date(2025, 1, 3))
        cloud.put("raw/source_system=other/ingestion_date=2025-01-02/events.json", b"x")
        with pytest.raises(RawDataMissing):
            look()


class TestPublishedInput:
    def published(self, cloud: Cloud, *, held: tuple[RunInput, ...] = (), raw_fingerprint: str | None = None) -> None:
        cloud.put_raw("events.json")
        current = version(fingerprint=raw_fingerprint or look()["fingerprint"])
        cloud.publish(Publication("events", str(DAY), current, blocked=held))

    def test_is_unchanged(self, cloud: Cloud) -> None:
        self.published(cloud)
        found = look()
        assert (found["status"], found["published_run_id"]) == ("unchanged", RUN_ID)

    @pytest.mark.parametrize("shown_at", [None, f"s3://{BUCKET}/{PATHS.version_prefix(DAY, 'before')}"])
    def test_is_ready_when_the_catalog_does_not_show_it(self, cloud: Cloud, shown_at: str | None) -> None:
        self.published(cloud)
        cloud.show(shown_at)
        found = look()
        assert (found["status"], found["force"], found["published_run_id"]) == ("ready", False, RUN_ID)
        assert found["fault"].endswith(f"but the catalog shows {shown_at or 'nothing'}")

    @pytest.mark.parametrize("damage", ["deleted", "cut off", "one too many"])
    def test_is_ready_when_its_files_are_not_whole(self, cloud: Cloud, damage: str) -> None:
        self.published(cloud)
        folder = f"{PATHS.version_prefix(DAY, RUN_ID)}outcome=accepted/"
        if damage == "deleted":
            client("s3").delete_object(Bucket=BUCKET, Key=f"{folder}part-0.parquet")
        else:
            cloud.put(f"{folder}part-{1 if damage == 'one too many' else 0}.parquet", b"x")
        assert look()["status"] == "ready"

    def test_that_is_not_whole_waits_for_the_run_that_may_be_mending_it(self, cloud: Cloud) -> None:
        self.published(cloud)
        cloud.show(None)
        cloud.set_job_runs(("RUNNING", DAY))
        assert look()["status"] == "waiting"

    def test_in_a_catalog_that_cannot_be_read_is_an_error_that_names_the_permission(self, cloud: Cloud) -> None:
        self.published(cloud)
        answer("glue", "GetPartition", status=400, body='{"__type": "AccessDeniedException", "Message": "no"}')
        with pytest.raises(AccessDenied, match=r"of prod_data_pipeline.curated_events: .*glue:GetPartition"):
            look()

    def test_is_ready_when_forced(self, cloud: Cloud) -> None:
        self.published(cloud)
        found = look(force=True)
        assert (found["status"], found["force"], found["published_run_id"]) == ("ready", True, RUN_ID)

    def test_is_ready_after_an_object_was_added(self, cloud: Cloud) -> None:
        self.published(cloud)
        cloud.put_raw("late.json")
        assert look()["status"] == "ready"

    def test_is_ready_under_another_contract(self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
        self.published(cloud)
        monkeypatch.setenv("CONTRACT_CHECKSUM", "b" * 64)
        assert look()["status"] == "ready"

    def rolled_back(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        held = (RunInput(look()["fingerprint"], CHECKSUM), RunInput("1" * 32, CHECKSUM))
        self.published(cloud, held=held, raw_fingerprint="0" * 32)

    def test_is_unchanged_when_it_was_rolled_back(self, cloud: Cloud) -> None:
        self.rolled_back(cloud)
        found = look()
        assert (found["status"], found["is_rolled_back"]) == ("unchanged", True)

    def test_is_ready_when_the_catalog_does_not_show_what_was_rolled_back_to(self, cloud: Cloud) -> None:
        self.rolled_back(cloud)
        cloud.show(f"s3://{BUCKET}/{PATHS.version_prefix(DAY, 'withdrawn')}")
        found = look()
        assert (found["status"], found["is_rolled_back"]) == ("ready", True)
        assert found["fault"].endswith("run_id=withdrawn/")

    def test_with_an_unreadable_record_is_an_error_that_names_it(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        cloud.put(PATHS.publication_key(DAY), b'{"schema_version": 99}')
        with pytest.raises(InvalidDocument, match=f"s3://{BUCKET}/publications/events/ingestion_date=2025-01-02.json"):
            look()


class TestMissingData:
    def test_sends_one_alert_and_raises(self, cloud: Cloud) -> None:
        cloud.put_raw("empty.json", b"")
        with pytest.raises(
            RawDataMissing, match=r"2025-01-02: no raw data under s3://.*; deliver it, then: pipeline run"
        ):
            look()
        [message] = cloud.sent
        assert message.subject == "[events] no raw data for 2025-01-02"
        assert message.body == (
            "What:   the raw data of events for 2025-01-02 is missing; nothing was run and nothing was published\n"
            f"Why:    no object that counts as input lies under s3://{BUCKET}/raw/source_system=app/"
            "ingestion_date=2025-01-02/; not read: empty.json (zero bytes)\n"
            "Next:   deliver the files, then: pipeline run 2025-01-02 --contract events\n"
        )
        assert is_documented(message)

    def test_of_a_published_day_says_what_stays(self, cloud: Cloud) -> None:
        cloud.publish(Publication("events", str(DAY), version(fingerprint="0" * 32)))
        with pytest.raises(RawDataMissing):
            look()
        assert f"run {RUN_ID} stays published" in cloud.sent[0].body

    def test_names_only_some_of_many_ignored_objects_and_cleans_their_names(self, cloud: Cloud) -> None:
        for number in range(7):
            cloud.put_raw(f"a{number}\n\x1b[31mNext: rm.txt", b"x")
        with pytest.raises(RawDataMissing):
            look()
        body = cloud.sent[0].body
        assert "and 2 more" in body
        assert "\x1b" not in body
        assert body.count("\n") == 3

    def test_is_waited_for_until_the_deadline_without_an_alert(self, cloud: Cloud) -> None:
        found = look(wait_until="2999-01-01T00:00:00Z")
        assert (found["status"], found["objects"], found["fingerprint"]) == ("waiting", 0, None)
        assert cloud.sent == []

    def test_is_missing_after_the_deadline(self, cloud: Cloud) -> None:
        with pytest.raises(RawDataMissing):
            look(wait_until="2025-01-03T06:00:00+00:00")
        assert len(cloud.sent) == 1

    def test_is_missing_from_the_very_deadline_on(self) -> None:
        until = datetime(2025, 1, 3, 6, tzinfo=UTC)
        request, none = (
            SensorRequest(DAY, force=False, wait_until=until, unless_refused=False),
            RawDay(PATHS.raw_prefix(DAY), ()),
        )
        for now, status in ((until - timedelta(seconds=1), "waiting"), (until, "missing")):
            assert find(request, none, None, contract_checksum=CHECKSUM, now=now).status == status

    def test_is_an_error_when_nobody_could_be_told(self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ALERT_TOPIC_ARN", cloud.topic_arn + "x")
        with pytest.raises(Exception, match=r"cannot publish to arn:aws:sns.*alertsx: NotFound"):
            look()


class TestOtherRuns:
    @pytest.mark.parametrize("state", ["WAITING", "STARTING", "RUNNING", "STOPPING"])
    def test_of_the_day_that_are_at_work_are_waited_for_even_by_force(self, cloud: Cloud, state: str) -> None:
        cloud.put_raw("events.json")
        cloud.set_job_runs(("RUNNING", DAY + timedelta(days=1)), (state, DAY))
        for force in (False, True):
            found = look(force=force)
            assert (found["status"], found["held_back_by"]) == ("waiting", "jr_1")

    @pytest.mark.parametrize("state", ["SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"])
    def test_that_ended_or_are_for_another_day_hold_nothing_up(self, cloud: Cloud, state: str) -> None:
        cloud.put_raw("events.json")
        cloud.set_job_runs(("RUNNING", DAY - timedelta(days=1)), (state, DAY))
        assert look()["status"] == "ready"

    def test_are_not_asked_for_when_there_is_nothing_to_do(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        cloud.publish(Publication("events", str(DAY), version(fingerprint=look()["fingerprint"])))
        cloud.set_job_runs(("RUNNING", DAY))
        assert look()["status"] == "unchanged"

    def test_that_cannot_be_listed_are_an_error_that_names_the_permission(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        answer("glue", "GetJobRuns", status=400, body='{"__type": "AccessDeniedException", "Message": "no"}')
        with pytest.raises(AccessDenied, match="allow the caller's role glue:GetJobRuns"):
            look()


class TestRefusedInput:
    def refuse(
        self, cloud: Cloud, *, status: str = "gate_failed", checksum: str = CHECKSUM, run_id: str = RUN_ID
    ) -> None:
        raw, contract = {"fingerprint": look()["fingerprint"]}, {"checksum": checksum}
        metrics = {"schema_version": 1, "run_id": run_id, "status": status, "raw": raw, "contract": contract}
        cloud.put(PATHS.metrics_key(DAY, run_id), json.dumps(metrics).encode())

    def test_is_left_alone_where_that_is_asked_for(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        self.refuse(cloud)
        found = look(unless_refused=True)
        assert (found["status"], found["held_back_by"]) == ("refused", RUN_ID)
        assert look()["status"] == "ready"

    def test_is_what_the_latest_run_refused(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        self.refuse(cloud)
        self.refuse(cloud, status="error", run_id="20250103T031504Z-00c0ffee")
        assert look(unless_refused=True)["status"] == "ready"

    def test_is_ready_after_an_object_was_added(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        self.refuse(cloud)
        cloud.put_raw("more.json")
        assert look(unless_refused=True)["status"] == "ready"

    def test_is_ready_under_another_contract(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        self.refuse(cloud, checksum="b" * 64)
        assert look(unless_refused=True)["status"] == "ready"

    def test_of_a_day_that_never_ran_is_ready(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        assert look(unless_refused=True)["status"] == "ready"


class TestOnlyState:
    """A run that late data started for some raw data, and that had to wait while more of it came."""

    def test_is_ready_as_long_as_it_is_there(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        state = list_raw_day(S3Store(BUCKET), PATHS, DAY, RawObjects()).state
        assert look(only_state=state)["status"] == "ready"

    @pytest.mark.parametrize("name", ["more.json", "delivery-1"])
    def test_is_left_to_another_run_once_it_has_changed(self, cloud: Cloud, name: str) -> None:
        cloud.put_raw("events.json")
        state = list_raw_day(S3Store(BUCKET), PATHS, DAY, RawObjects()).state
        cloud.put_raw(name)
        assert look(only_state=state)["status"] == "changed_since"

    def test_is_missing_when_all_of_it_is_gone(self, cloud: Cloud) -> None:
        with pytest.raises(RawDataMissing):
            look(only_state="0" * 32)
        assert len(cloud.sent) == 1


class TestSchedule:
    @pytest.mark.parametrize(
        ("zone", "moment", "day"),
        [
            ("UTC", "2022-03-22T18:59:43Z", "2022-03-21"),
            ("UTC", "2022-03-22T00:00:00Z", "2022-03-21"),
            ("Europe/Berlin", "2022-03-22T23:30:00Z", "2022-03-22"),
            ("America/Los_Angeles", "2022-03-22T02:00:00Z", "2022-03-20"),
            ("Europe/Berlin", "2025-03-30T22:30:00Z", "2025-03-30"),
        ],
    )
    def test_means_the_day_before_in_the_time_zone(
        self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, zone: str, moment: str, day: str
    ) -> None:
        monkeypatch.setenv("TIME_ZONE", zone)
        cloud.put_raw("events.json", day=date.fromisoformat(day))
        assert handler({"scheduled_time": moment}, None)["ingestion_date"] == day

    @pytest.mark.parametrize("source", ["aws.scheduler", "aws.events"])
    def test_may_send_its_own_event_as_it_comes(self, cloud: Cloud, source: str) -> None:
        cloud.put_raw("events.json")
        assert handler({**sample("scheduled_event"), "source": source}, None)["ingestion_date"] == str(DAY)


class TestInput:
    @pytest.mark.parametrize(
        ("event", "message"),
        [
            ({}, "either ingestion_date or scheduled_time"),
            ({"ingestion_date": "2025-01-01", "scheduled_time": "2025-01-02T00:00:00Z"}, "and not both"),
            ({"ingestion_date": "2025-02-30"}, "'2025-02-30', expected a day of the calendar"),
            ({"ingestion_date": "2025-1-1"}, "'2025-1-1', expected"),
            ({"ingestion_date": "\uff12\uff10\uff12\uff15-01-01"}, "expected a day of the calendar"),
            ({"ingestion_date": "../../etc"}, "expected a day of the calendar"),
            ({"ingestion_date": "2025-01-01\n"}, "expected a day of the calendar"),
            ({"ingestion_date": 20250101}, "20250101, expected a date as YYYY-MM-DD"),
            ({"ingestion_date": None}, "None, expected a date"),
            ({"ingestion_date": "2025-01-01", "force": "false"}, "force is 'false', expected true or false"),
            ({"ingestion_date": "2025-01-01", "forced": True}, "did you mean 'force'"),
            ({"ingestion_date": "2025-01-01", "wait_until": "tomorrow"}, "expected a time in UTC such as"),
            ({"ingestion_date": "2025-01-01", "wait_until": "2025-01-02T06:00:00"}, "expected a time in UTC"),
            ({"scheduled_time": "0001-01-01T00:00:00Z"}, "there is no day before"),
            ({"scheduled_time": "<aws.scheduler.scheduled-time>"}, "expected a time in UTC"),
            ([], r"the input is \[\], expected a JSON object"),
            ("2025-01-01", "expected a JSON object"),
            (None, "expected a JSON object"),
        ],
    )
    def test_that_is_wrong_is_refused_and_nothing_is_read(self, cloud: Cloud, event: object, message: str) -> None:
        cloud.count_calls("s3")
        with pytest.raises(InvalidInput, match=message):
            handler(event, None)
        assert cloud.calls == []


class TestAws:
    def test_access_denied_names_the_place_and_the_permission(self, cloud: Cloud) -> None:
        answer("s3", "ListObjectsV2", status=403, body=s3_error("AccessDenied"))
        with pytest.raises(AccessDenied, match=r"cannot list s3://prod.*/ingestion_date=2025-01-02/: .*s3:ListBucket"):
            look()
        assert cloud.sent == []

    def test_an_unreadable_record_is_not_taken_for_an_unpublished_day(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        cloud.put(PATHS.publication_key(DAY), b"{}")
        answer("s3", "GetObject", status=403, body=s3_error("AccessDenied"))
        with pytest.raises(AccessDenied, match=r"cannot read s3://.*\.json: .*s3:GetObject and s3:ListBucket"):
            look()

    @pytest.mark.usefixtures("cloud")
    @pytest.mark.parametrize(
        ("status", "code", "expected"),
        [
            (503, "SlowDown", ServiceThrottled),
            (503, "ServiceUnavailable", ServiceUnavailable),
            (500, "InternalError", ServiceUnavailable),
        ],
    )
    def test_a_passing_trouble_is_retried_and_then_raised_under_a_name_to_retry(
        self, status: int, code: str, expected: type[Exception]
    ) -> None:
        attempts = answer("s3", "ListObjectsV2", status=status, body=s3_error(code))
        with pytest.raises(expected, match=f"cannot list s3://.*: {code}"):
            look()
        assert attempts() == 5

    def test_a_throttle_in_the_middle_of_a_long_listing_is_survived(self, cloud: Cloud) -> None:
        cloud.put_raw_parts(1001)
        attempts = answer("s3", "ListObjectsV2", status=503, body=s3_error("SlowDown"), only=2)
        assert look()["objects"] == 1001
        assert attempts() == 3
