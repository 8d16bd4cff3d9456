import json
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from adapters.aws import client
from core.publication import Publication, RunInput
from core.raw_day import RawDay, RawObject, fingerprint, list_raw_day
from core.raw_objects import RawObjects
from late_data.decision import RunHistory, Sla, execution_name, judge
from late_data.handler import handler
from shared.environment import DataPlace, Environment
from shared.inputs import InvalidInput
from tests.lambdas.cloud import CHECKSUM, DAY, PATHS, RUN_ID, Cloud, answer, event, s3_error, version

MD5 = "8a80554c91d9fca8acb82f023de02f11"  # of what put_raw writes
TODAY = datetime.now(UTC).date()


def message(key: str, *, message_id: str = "m1", size: int = 3, bucket: str | None = None) -> dict[str, Any]:
    """A queue message about an object that was created."""
    body = event("s3_object_created")
    body["detail"]["object"] |= {"key": key, "size": size}
    if bucket:
        body["detail"]["bucket"]["name"] = bucket
    return {**event("sqs_record"), "messageId": message_id, "body": json.dumps(body)}


def raw_key(name: str = "events.json", day: date = DAY) -> str:
    return f"{PATHS.raw_prefix(day)}{name}"


def handle(*messages: dict[str, Any]) -> list[str]:
    """The ids of the messages that come again."""
    failures = handler({"Records": list(messages)}, None)["batchItemFailures"]
    return [failure["itemIdentifier"] for failure in failures]


def raw_fingerprint(*names: str, day: date = DAY) -> str:
    return fingerprint([RawObject(raw_key(name, day), 3, MD5) for name in names])


class TestPublishedDay:
    def publish(self, cloud: Cloud, *, published: str, held: tuple[RunInput, ...] = ()) -> None:
        cloud.publish(Publication("events", str(DAY), version(fingerprint=published), blocked=held))

    def test_is_run_again_when_its_raw_data_has_changed(self, cloud: Cloud) -> None:
        self.publish(cloud, published=raw_fingerprint("events.json"))
        cloud.put_raw("events.json")
        cloud.put_raw("late-0001.json")
        assert handle(message(raw_key("late-0001.json"))) == []
        changed = raw_fingerprint("events.json", "late-0001.json")
        assert cloud.started == {
            f"late-events-2025-01-02-{changed[:16]}-9f3ac01b": {
                "ingestion_date": "2025-01-02",
                "force": False,
                "unless_refused": True,
            }
        }

    def test_is_left_alone_when_it_was_made_of_this_raw_data(self, cloud: Cloud) -> None:
        self.publish(cloud, published=raw_fingerprint("events.json"))
        cloud.put_raw("events.json")
        assert handle(message(raw_key())) == []
        assert cloud.started == {}

    def test_is_left_alone_when_this_raw_data_was_rolled_back(self, cloud: Cloud) -> None:
        held = (RunInput(raw_fingerprint("events.json"), CHECKSUM), RunInput("1" * 32, CHECKSUM))
        self.publish(cloud, published="0" * 32, held=held)
        cloud.put_raw("events.json")
        handle(message(raw_key()))
        assert cloud.started == {}

    def test_is_run_once_for_many_objects_and_repeated_events(self, cloud: Cloud) -> None:
        self.publish(cloud, published="0" * 32)
        names = [f"late-{number}.json" for number in range(10)]
        for name in names:
            cloud.put_raw(name)
        cloud.count_calls("s3")
        assert handle(*(message(raw_key(name), message_id=name) for name in names)) == []
        assert cloud.calls == ["s3:ListObjectsV2", "s3:GetObject"]
        assert handle(message(raw_key(names[0]))) == []
        assert len(cloud.started) == 1

    def test_is_not_run_again_for_raw_data_whose_run_has_ended(self, cloud: Cloud) -> None:
        self.publish(cloud, published="0" * 32)
        cloud.put_raw("events.json")
        name = f"late-events-2025-01-02-{raw_fingerprint('events.json')[:16]}-9f3ac01b"
        # AWS refuses the name of an execution that is closed, and any other input for one that runs.
        client("stepfunctions").start_execution(
            stateMachineArn=cloud.state_machine_arn, name=name, input='{"first": 1}'
        )
        assert handle(message(raw_key())) == []
        assert cloud.started == {name: {"first": 1}}

    def test_is_run_again_for_each_further_change(self, cloud: Cloud) -> None:
        self.publish(cloud, published="0" * 32)
        for name in ("a.json", "b.json"):
            cloud.put_raw(name)
            handle(message(raw_key(name)))
        assert len(cloud.started) == 2

    def test_is_run_again_when_its_raw_data_comes_back_to_what_it_was_before(self, cloud: Cloud) -> None:
        """A name can be used once in 90 days; the version that is to be replaced makes this a run of its own."""
        cloud.put_raw("events.json")
        for run_id in ("20250103T021504Z-9f3ac01b", "20250104T021504Z-00c0ffee"):
            record = Publication("events", str(DAY), version(fingerprint="0" * 32, run_id=run_id))
            cloud.publish(record)
            assert handle(message(raw_key())) == []
        assert len(cloud.started) == 2

    def test_whose_raw_data_is_gone_is_left_alone(self, cloud: Cloud) -> None:
        self.publish(cloud, published="0" * 32)
        assert handle(message(raw_key())) == []
        assert cloud.started == {}


class TestEndedExecution:
    """What arrived while a day's first run was at work was neither read by it nor late data yet."""

    def ended(self, output: object) -> dict[str, Any]:
        body = event("execution_succeeded")
        body["detail"]["output"] = output if output is None or isinstance(output, str) else json.dumps(output)
        return {**event("sqs_record"), "body": json.dumps(body)}

    def test_leads_to_a_rerun_when_raw_data_arrived_meanwhile(self, cloud: Cloud) -> None:
        cloud.publish(Publication("events", str(DAY), version(fingerprint=raw_fingerprint("events.json"))))
        cloud.put_raw("events.json")
        cloud.put_raw("second.json")
        ended = self.ended({"ingestion_date": "2025-01-02", "status": "published"})
        assert handle(ended, message(raw_key("second.json"))) == []
        assert len(cloud.started) == 1

    def test_leads_to_nothing_when_all_of_it_was_read(self, cloud: Cloud) -> None:
        cloud.publish(Publication("events", str(DAY), version(fingerprint=raw_fingerprint("events.json"))))
        cloud.put_raw("events.json")
        assert handle(self.ended({"ingestion_date": "2025-01-02", "status": "published"})) == []
        assert cloud.started == {}

    @pytest.mark.parametrize("output", [None, "no json", [], {"ingestion_date": "2025-02-30"}, {"ingestion_date": 7}])
    def test_without_a_date_comes_again_and_becomes_a_dead_letter(self, cloud: Cloud, output: object) -> None:
        assert handle(self.ended(output)) == [event("sqs_record")["messageId"]]
        assert cloud.started == {}


class TestUnpublishedDay:
    def test_that_is_overdue_is_run(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        assert handle(message(raw_key())) == []
        assert list(cloud.started.values()) == [
            {"ingestion_date": "2025-01-02", "force": False, "unless_refused": True}
        ]

    @pytest.mark.parametrize("day", [TODAY, TODAY + timedelta(days=400)])
    def test_that_is_not_due_belongs_to_the_schedule(self, cloud: Cloud, day: date) -> None:
        cloud.put_raw("events.json", day=day)
        assert handle(message(raw_key(day=day))) == []
        assert cloud.started == {}

    @pytest.mark.parametrize(
        ("schedule", "zone", "from_on"),
        [
            ("1+120", "UTC", "2025-01-03T03:00:00Z"),
            ("23+120", "UTC", "2025-01-03T06:00:00Z"),
            ("off", "UTC", "2025-01-03T06:00:00Z"),
            ("1+120", "America/New_York", "2025-01-03T08:00:00Z"),
            ("1+0", "Europe/Berlin", "2025-01-03T00:00:00Z"),
        ],
    )
    def test_is_left_to_the_schedule_while_that_waits_and_no_longer_than_to_its_due_time(
        self, schedule: str, zone: str, from_on: str
    ) -> None:
        """The scheduled run gives up hours before the day is due; what comes then would be run by nobody."""
        environment = Environment({"SCHEDULE": schedule, "TIME_ZONE": zone, "FRESHNESS_HOURS": "6"})
        sla = Sla(environment.time_zone(), environment.freshness_hours(), environment.schedule())
        raw, moment = RawDay(PATHS.raw_prefix(DAY), (RawObject(raw_key(), 3, MD5),)), datetime.fromisoformat(from_on)
        for now, starts in ((moment - timedelta(seconds=1), False), (moment, True)):
            assert judge(DAY, raw, RunHistory(None, None), now=now, sla=sla).start is starts

    def test_that_was_refused_is_run_by_what_arrives_next_although_it_is_not_due(self, cloud: Cloud) -> None:
        """Its scheduled run has ended and waits for nothing."""
        cloud.put_raw("events.json", day=TODAY)
        cloud.put(PATHS.metrics_key(TODAY, RUN_ID), b'{"schema_version": 1, "status": "gate_failed"}')
        assert handle(message(raw_key(day=TODAY))) == []
        assert [given["ingestion_date"] for given in cloud.started.values()] == [str(TODAY)]

    def test_that_is_the_last_of_the_calendar_is_not_due_and_keeps_no_other_back(self, cloud: Cloud) -> None:
        for day in (date.max, DAY):
            cloud.put_raw("events.json", day=day)
        assert handle(*(message(raw_key(day=day)) for day in (date.max, DAY))) == []
        assert [given["ingestion_date"] for given in cloud.started.values()] == [str(DAY)]

    def test_is_run_as_soon_as_the_schedule_gave_up(self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FRESHNESS_HOURS", "72")
        monkeypatch.setenv("SCHEDULE", "0+0")
        yesterday = TODAY - timedelta(days=1)
        cloud.put_raw("events.json", day=yesterday)
        handle(message(raw_key(day=yesterday)))
        assert [given["ingestion_date"] for given in cloud.started.values()] == [str(yesterday)]

    def test_is_one_of_many_when_history_is_uploaded_at_once(
        self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Several days are looked at side by side, each with its own outcome."""
        days = [DAY - timedelta(days=number) for number in range(120)]
        for day in days:
            cloud.put_raw("events.json", day=day)
        together = Barrier(4)

        def one_breaks(place: DataPlace, day: date) -> RawDay:
            if day in days[:4]:
                together.wait(timeout=10)
            if day == days[2]:
                raise RuntimeError("unforeseen")
            return list_raw_day(place.store, place.paths, day, place.raw_objects)

        monkeypatch.setattr(DataPlace, "raw_day", one_breaks)
        assert handle(*(message(raw_key(day=day), message_id=str(day)) for day in days[::-1])) == [str(days[2])]
        assert {given["ingestion_date"] for given in cloud.started.values()} == {str(day) for day in days} - {
            str(days[2])
        }

    def test_is_due_after_the_promised_hours(self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
        cloud.put_raw("events.json", day=TODAY - timedelta(days=2))
        monkeypatch.setenv("SCHEDULE", "off")
        monkeypatch.setenv("FRESHNESS_HOURS", "72")
        handle(message(raw_key(day=TODAY - timedelta(days=2))))
        assert cloud.started == {}
        monkeypatch.setenv("FRESHNESS_HOURS", "23.5")
        handle(message(raw_key(day=TODAY - timedelta(days=2))))
        assert len(cloud.started) == 1


class TestIgnored:
    @pytest.mark.parametrize(
        ("key", "size"),
        [
            (raw_key("_SUCCESS"), 3),
            (raw_key("events.json"), 0),
            (raw_key(""), 0),
            (raw_key("_tmp/ingestion_date=2025-01-02/events.json"), 3),
            ("raw/source_system=other/ingestion_date=2025-01-02/events.json", 3),
            ("raw/source_system=app/ingestion_date=2025-02-30/events.json", 3),
            ("raw/source_system=app/events.json", 3),
            ("curated/events/ingestion_date=2025-01-02/run_id=1/part.json", 3),
            ("x/raw/source_system=app/ingestion_date=2025-01-02/events.json", 3),
            ("raw/source_system=app/ingestion_date=2025-01-02/../../../etc/passwd", 3),
            ("", 3),
        ],
    )
    def test_is_what_is_no_raw_input(self, cloud: Cloud, key: str, size: int) -> None:
        cloud.put_raw("events.json")
        cloud.count_calls("s3")
        assert handle(message(key, size=size)) == []
        assert (cloud.calls, cloud.started) == ([], {})

    def test_is_what_lies_in_another_bucket(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        assert handle(message(raw_key(), bucket="another-bucket")) == []
        assert cloud.started == {}


class TestAnObjectThatIsNotRead:
    def test_starts_a_run_which_tells_so_once(self, cloud: Cloud) -> None:
        cloud.publish(Publication("events", str(DAY), version(fingerprint=raw_fingerprint("events.json"))))
        cloud.put_raw("events.json")
        cloud.put_raw("delivery-1-2025-01-02")
        for _ in range(2):
            assert handle(message(raw_key("delivery-1-2025-01-02"))) == []
        assert len(cloud.started) == 1

    def test_starts_none_where_the_contract_leaves_it_out(self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RAW_OBJECTS", RawObjects(exclude=("*.txt",)).to_json())
        cloud.put_raw("events.json")
        assert handle(message(raw_key("notes.txt"))) == []
        assert cloud.started == {}


class TestPartialFailure:
    def test_returns_only_the_messages_that_cannot_be_read(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        bad = {
            "text": "no json",
            "deep": "[" * 100_000,
            "list": "[]",
            "null": "null",
            "other": json.dumps({**event("s3_object_created"), "detail-type": "Object Deleted"}),
            "shape": json.dumps({"detail-type": "Object Created", "detail": {"object": {"key": 7}}}),
        }
        records = [{**event("sqs_record"), "messageId": name, "body": body} for name, body in bad.items()]
        assert handle(*records, message(raw_key())) == list(bad)
        assert len(cloud.started) == 1

    def test_of_one_day_leaves_the_others_alone(self, cloud: Cloud) -> None:
        other = DAY + timedelta(days=1)
        for day in (DAY, other):
            cloud.put_raw("events.json", day=day)
        cloud.put(PATHS.publication_key(DAY), b"no record")
        assert handle(
            message(raw_key(), message_id="a"), message(raw_key(), message_id="b"), message(raw_key(day=other))
        ) == ["a", "b"]
        assert [given["ingestion_date"] for given in cloud.started.values()] == [str(other)]

    def test_when_aws_denies_or_throttles_brings_the_message_back(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        answer("s3", "ListObjectsV2", status=403, body=s3_error("AccessDenied"))
        assert handle(message(raw_key())) == ["m1"]

    def test_when_the_state_machine_is_gone_brings_the_message_back(
        self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        cloud.put_raw("events.json")
        monkeypatch.setenv("STATE_MACHINE_ARN", f"{cloud.state_machine_arn}x")
        assert handle(message(raw_key())) == ["m1"]
        assert "StateMachineDoesNotExist" in capsys.readouterr().out

    @pytest.mark.usefixtures("cloud")
    @pytest.mark.parametrize("given", [{}, {"Records": "x"}, {"Records": ["x"]}, [], None])
    def test_of_an_event_that_is_no_batch_is_an_error(self, given: object) -> None:
        with pytest.raises(InvalidInput):
            handler(given, None)

    @pytest.mark.usefixtures("cloud")
    def test_of_nothing_is_none(self) -> None:
        assert handle() == []


@pytest.mark.parametrize("dataset", ["events", "a" * 64])
@pytest.mark.parametrize("published", [None, "20250103T021504Z-9f3ac01b"])
def test_an_execution_name_fits_and_ends_with_date_fingerprint_and_what_it_replaces(
    dataset: str, published: str | None
) -> None:
    name = execution_name(dataset, DAY, "0123456789abcdef" * 2, published_run_id=published)
    assert len(name) <= 80
    assert name.startswith(f"late-{dataset[:36]}")
    assert name.endswith("-2025-01-02-0123456789abcdef" + ("-9f3ac01b" if published else ""))
