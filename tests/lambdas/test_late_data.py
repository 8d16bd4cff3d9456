import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from threading import Barrier
from typing import Any

import pytest
from moto.backends import get_backend

from adapters.aws import client
from adapters.s3 import S3Store
from core.publication import Publication, RunInput
from core.raw_day import RawDay, RawObject, fingerprint, list_raw_day
from core.raw_objects import RawObjects
from late_data.decision import RunHistory, Sla, judge, known_already
from late_data.handler import handler
from sensor.handler import handler as sensor
from shared.environment import DataPlace, Environment
from shared.inputs import InvalidInput
from shared.reruns import MOST_RUNS, execution_names, is_last_run
from tests.lambdas.cloud import (
    ACCOUNT,
    BUCKET,
    CHECKSUM,
    DAY,
    PATHS,
    REGION,
    RUN_ID,
    Cloud,
    answer,
    event,
    s3_error,
    version,
)

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


def left_metrics(
    cloud: Cloud, fingerprint: str, *, run_id: str, status: str = "gate_failed", checksum: str = CHECKSUM
) -> None:
    """What a run leaves that did not publish."""
    facts = {
        "schema_version": 1,
        "run_id": run_id,
        "status": status,
        "contract": {"checksum": checksum},
        "message": "no",
    }
    cloud.put(
        PATHS.metrics_key(DAY, run_id),
        json.dumps({**facts, "raw": {"fingerprint": fingerprint, "unread": []}}).encode(),
    )


def executions(cloud: Cloud) -> list[Any]:
    machines = get_backend("stepfunctions")[ACCOUNT][REGION].state_machines
    return [
        execution for machine in machines if machine.arn == cloud.state_machine_arn for execution in machine.executions
    ]


def first_name() -> str:
    """The name of the first execution for what lies there now."""
    return execution_names("events", DAY, list_raw_day(S3Store(BUCKET), PATHS, DAY, RawObjects()))[0]


def not_handled(output: str) -> list[float]:
    """What the alarm's metric counts."""
    lines = [json.loads(text) for text in output.splitlines() if '"_aws"' in text]
    assert all((line["Environment"], line["Dataset"]) == ("prod", "events") for line in lines)
    return [line["LateDataNotHandled"] for line in lines]


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
            first_name(): {
                "ingestion_date": "2025-01-02",
                "force": False,
                "unless_refused": True,
                "only_state": changed,
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
        assert cloud.calls == ["s3:ListObjectsV2", "s3:GetObject", "s3:ListObjectsV2"]
        assert handle(message(raw_key(names[0]))) == []
        assert len(cloud.started) == 1

    def test_is_not_run_again_for_raw_data_whose_run_is_at_work(self, cloud: Cloud) -> None:
        self.publish(cloud, published="0" * 32)
        cloud.put_raw("events.json")
        name = first_name()
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
        """A name can be used once in 90 days, and what comes back when other objects are deleted is no new delivery."""
        cloud.put_raw("events.json")
        for run_id in ("20250103T021504Z-9f3ac01b", "20250104T021504Z-00c0ffee"):
            record = Publication("events", str(DAY), version(fingerprint="0" * 32, run_id=run_id))
            cloud.publish(record)
            assert handle(message(raw_key())) == []
            for execution in executions(cloud):
                execution.status = "SUCCEEDED"
        assert sorted(cloud.started) == [first_name(), f"{first_name()}-2"]

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

    def test_whose_event_leaves_its_output_out_is_asked_for_its_date(self, cloud: Cloud) -> None:
        cloud.publish(Publication("events", str(DAY), version(fingerprint="0" * 32)))
        cloud.put_raw("events.json")
        asked = json.dumps({"ingestion_date": str(DAY)})
        started = client("stepfunctions").start_execution(
            stateMachineArn=cloud.state_machine_arn, name="r", input=asked
        )
        ended = self.ended(None)
        body = json.loads(ended["body"])
        body["detail"] |= {"executionArn": started["executionArn"], "outputDetails": {"included": False}}
        assert handle({**ended, "body": json.dumps(body)}) == []
        assert first_name() in cloud.started

    @pytest.mark.parametrize("output", ["no json", [], {"ingestion_date": "2025-02-30"}, {"ingestion_date": 7}])
    def test_without_a_date_comes_again_and_becomes_a_dead_letter(self, cloud: Cloud, output: object) -> None:
        assert handle(self.ended(output)) == [event("sqs_record")["messageId"]]
        assert cloud.started == {}


class TestFailedExecution:
    """Whatever arrived while it was at work would wait for nobody: the rule on executions that ended well is silent."""

    def ended(self, status: str = "FAILED", *, given: object = None, **detail: Any) -> dict[str, Any]:
        sample = {
            "FAILED": "execution_failed_job_run",
            "TIMED_OUT": "execution_timed_out",
            "ABORTED": "execution_aborted",
        }
        body = event(sample[status])
        body["detail"] |= detail
        if given is not None:
            body["detail"]["input"] = given if isinstance(given, str) else json.dumps(given)
        return {**event("sqs_record"), "messageId": "m9", "body": json.dumps(body)}

    @pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
    @pytest.mark.parametrize(
        "given",
        [
            None,
            {"scheduled_time": "2025-01-03T01:00:00Z", "wait_minutes": 120},
            {"detail-type": "Scheduled Event", "time": "2025-01-03T01:00:00Z"},
        ],
    )
    def test_leads_to_a_run_of_raw_data_that_none_has_looked_at(self, cloud: Cloud, status: str, given: object) -> None:
        cloud.put_raw("first.json")
        left_metrics(cloud, raw_fingerprint("first.json"), run_id=RUN_ID)
        cloud.put_raw("second.json")
        assert handle(self.ended(status, given=given)) == []
        assert len(cloud.started) == 1

    def test_leads_to_nothing_when_its_gate_refused_this_raw_data(self, cloud: Cloud) -> None:
        cloud.put_raw("first.json")
        left_metrics(cloud, raw_fingerprint("first.json"), run_id=RUN_ID)
        assert handle(self.ended()) == []
        assert cloud.started == {}

    def test_leads_to_a_run_when_its_gate_refused_this_raw_data_under_another_contract(self, cloud: Cloud) -> None:
        cloud.put_raw("first.json")
        left_metrics(cloud, raw_fingerprint("first.json"), run_id=RUN_ID, checksum="b" * 64)
        assert handle(self.ended()) == []
        assert len(cloud.started) == 1

    def test_of_the_schedule_leaves_nothing_to_the_schedule_any_more(self, cloud: Cloud) -> None:
        """A day before it is due: what comes is left to the schedule, unless that has ended."""
        later = datetime.combine(TODAY + timedelta(days=1), time(1), UTC)
        cloud.put_raw("events.json", day=TODAY)
        assert handle(message(raw_key(day=TODAY)), self.ended(given={"ingestion_date": str(TODAY)})) == []
        assert cloud.started == {}
        assert handle(self.ended(given={"scheduled_time": f"{later:%Y-%m-%dT%H:%M:%SZ}"})) == []
        assert [given["ingestion_date"] for given in cloud.started.values()] == [str(TODAY)]

    @pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
    def test_of_the_schedule_is_about_the_day_that_the_sensor_makes_of_its_time(
        self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, zone: str
    ) -> None:
        monkeypatch.setenv("TIME_ZONE", zone)
        day = date.fromisoformat(
            sensor({"scheduled_time": "2025-01-03T11:30:00Z", "wait_until": "9999-01-01T00:00:00Z"}, None)[
                "ingestion_date"
            ]
        )
        cloud.put_raw("events.json", day=day)
        assert handle(self.ended(given={"scheduled_time": "2025-01-03T11:30:00Z"})) == []
        assert [given["ingestion_date"] for given in cloud.started.values()] == [str(day)]

    def test_whose_input_was_left_out_is_asked_for_it(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        asked = client("stepfunctions").start_execution(
            stateMachineArn=cloud.state_machine_arn, name="large", input=json.dumps({"ingestion_date": "2025-01-02"})
        )
        left_out: dict[str, Any] = {"input": None, "inputDetails": {"included": False}}
        assert handle(self.ended(executionArn=asked["executionArn"], **left_out)) == []
        assert len(cloud.started) == 2

    def test_whose_input_nobody_has_any_more_comes_again(self, cloud: Cloud) -> None:
        arn = f"{cloud.state_machine_arn.replace(':stateMachine:', ':execution:')}:gone"
        assert handle(self.ended(executionArn=arn, input=None)) == ["m9"]

    @pytest.mark.parametrize(
        "given", ["no json", "[]", "7", "{}", {"ingestion_date": "2025-02-30"}, {"forse": True}, "[" * 99_999]
    )
    def test_that_was_about_no_day_is_done_with(self, cloud: Cloud, given: object) -> None:
        """People were told; there is nothing to look at, and no dead letter to write."""
        cloud.put_raw("events.json")
        assert handle(self.ended(given=given)) == []
        assert cloud.started == {}

    @pytest.mark.parametrize("status", ["RUNNING", "perhaps", None, 7])
    def test_that_has_not_ended_is_no_message_for_this_function(self, cloud: Cloud, status: object) -> None:
        cloud.put_raw("events.json")
        ended = self.ended()
        body = json.loads(ended["body"])
        body["detail"]["status"] = status
        assert handle({**ended, "body": json.dumps(body)}) == ["m9"]


class TestAttempts:
    """How often raw data that is neither published nor refused is run by itself."""

    def end(self, cloud: Cloud, status: str) -> None:
        for execution in executions(cloud):
            if execution.status == "RUNNING":
                execution.status = status

    def test_are_limited_when_every_run_breaks(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        for _ in range(6):
            assert handle(message(raw_key())) == []
            self.end(cloud, "FAILED")
        stem = first_name()
        assert sorted(cloud.started) == [stem, f"{stem}-2", f"{stem}-3"]

    @pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE"])
    @pytest.mark.parametrize("failed", [0, 1])
    def test_do_not_begin_while_one_is_at_work(self, cloud: Cloud, failed: int, status: str) -> None:
        cloud.put_raw("events.json")
        for state in (*["FAILED"] * failed, status):
            assert handle(message(raw_key())) == []
            self.end(cloud, state)
        assert handle(message(raw_key())) == []
        assert sorted(cloud.started) == [first_name(), f"{first_name()}-2"][: failed + 1]

    def test_begin_anew_with_every_delivery(self, cloud: Cloud) -> None:
        """Good bytes whose rerun is stopped, bad ones that are refused, the good ones again, and so on."""
        cloud.publish(Publication("events", str(DAY), version(fingerprint="0" * 32)))
        for number in range(MOST_RUNS + 2):
            self.delivered_at(cloud, number, b"good")
            assert handle(message(raw_key()), message(raw_key())) == []
            assert len(cloud.started) == number + min(number, 1) + 1
            self.end(cloud, "ABORTED")
            self.delivered_at(cloud, number + 100, b"bad")
            assert handle(message(raw_key())) == []
            fingerprint = list_raw_day(S3Store(BUCKET), PATHS, DAY, RawObjects()).fingerprint
            left_metrics(cloud, fingerprint, run_id=f"20250104T00000{number}Z-0000000{number}")
            self.end(cloud, "FAILED")

    def delivered_at(self, cloud: Cloud, minute: int, data: bytes) -> None:
        cloud.put_raw("events.json", data)
        stored: Any = get_backend("s3")[ACCOUNT]["aws"].get_object(BUCKET, raw_key())
        stored.last_modified = datetime(2025, 1, 3) + timedelta(minutes=minute)  # noqa: DTZ001  as the backend has it

    def test_that_are_used_up_by_runs_which_published_nothing_of_it_are_a_matter_for_the_alarm(
        self, cloud: Cloud, capsys: pytest.CaptureFixture[str]
    ) -> None:
        cloud.put_raw("events.json")
        for _ in range(MOST_RUNS):
            assert handle(message(raw_key())) == []
            self.end(cloud, "SUCCEEDED")
        assert not_handled(capsys.readouterr().out) == []
        assert handle(message(raw_key())) == ["m1"]
        assert not_handled(capsys.readouterr().out) == [1]


class TestStoppedRun:
    """Who stops a run does not want it back at once, and is told that it was stopped."""

    def stopped(self, seen: str | None, *, kind: str = "ABORTED") -> dict[str, Any]:
        body = event("execution_aborted" if kind == "ABORTED" else "execution_failed_job_run_stopped")
        answers = (
            []
            if seen is None
            else [
                {
                    "type": "TaskSucceeded",
                    "id": 5,
                    "timestamp": 0,
                    "taskSucceededEventDetails": {
                        "resourceType": "lambda",
                        "resource": "invoke",
                        "output": json.dumps({"Payload": {"fingerprint": seen}}),
                    },
                }
            ]
        )
        other = {"type": "TaskStateEntered", "id": 6, "timestamp": 0, "stateEnteredEventDetails": {"name": "CurateDay"}}
        answer("stepfunctions", "GetExecutionHistory", status=200, body=json.dumps({"events": [other, *answers]}))
        return {**event("sqs_record"), "messageId": "m9", "body": json.dumps(body)}

    @pytest.mark.parametrize("kind", ["ABORTED", "STOPPED"])
    def test_is_not_started_again_for_the_same_raw_data(self, cloud: Cloud, kind: str) -> None:
        cloud.put_raw("events.json")
        assert handle(self.stopped(raw_fingerprint("events.json"), kind=kind)) == []
        assert cloud.started == {}

    @pytest.mark.parametrize("kind", ["ABORTED", "STOPPED"])
    def test_is_followed_by_one_of_what_arrived_meanwhile(self, cloud: Cloud, kind: str) -> None:
        cloud.put_raw("events.json")
        cloud.put_raw("second.json")
        assert handle(self.stopped(raw_fingerprint("events.json"), kind=kind)) == []
        assert len(cloud.started) == 1

    def test_is_followed_by_one_when_nobody_knows_what_it_saw(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        assert handle(self.stopped(None)) == []
        assert len(cloud.started) == 1

    def test_is_followed_by_one_when_its_raw_data_is_delivered_again(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        assert handle(self.stopped(raw_fingerprint("events.json")), message(raw_key())) == []
        assert len(cloud.started) == 1

    @pytest.mark.parametrize("other", ["0" * 32, None])
    def test_is_followed_by_one_when_another_that_was_stopped_saw_something_else(self, other: str | None) -> None:
        raw = RawDay(PATHS.raw_prefix(DAY), (RawObject(raw_key(), 3, MD5),))
        for stopped, is_left in (([raw.fingerprint] * 2, True), ([raw.fingerprint, other], False)):
            assert (known_already(raw, [], stopped, contract_checksum=CHECKSUM) is not None) is is_left

    def test_whose_history_cannot_be_read_comes_again(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        stopped = self.stopped(None)
        denied = json.dumps({"__type": "AccessDeniedException", "message": "no"})
        answer("stepfunctions", "GetExecutionHistory", status=400, body=denied)
        assert handle(stopped) == ["m9"]


class TestUnpublishedDay:
    def test_that_is_overdue_is_run(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        assert handle(message(raw_key())) == []
        assert list(cloud.started.values()) == [
            {
                "ingestion_date": "2025-01-02",
                "force": False,
                "unless_refused": True,
                "only_state": raw_fingerprint("events.json"),
            }
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
        metrics = {"schema_version": 1, "run_id": RUN_ID, "status": "gate_failed", "raw": {"fingerprint": "0" * 32}}
        cloud.put(PATHS.metrics_key(TODAY, RUN_ID), json.dumps(metrics).encode())
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
        days = [DAY - timedelta(days=number) for number in range(60)]
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

    def test_starts_none_after_a_run_has_told_so(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        for number, name in enumerate(("delivery-1", "delivery-2")):
            cloud.put_raw(name)
            raw = list_raw_day(S3Store(BUCKET), PATHS, DAY, RawObjects())
            assert handle(message(raw_key(name))) == []
            for execution in executions(cloud):
                execution.status = "FAILED"
            run_id = f"20250104T00000{number}Z-0000000{number}"
            facts = {"schema_version": 1, "run_id": run_id, "status": "error", "contract": {"checksum": CHECKSUM}}
            seen = {"fingerprint": raw.fingerprint, "unread": [vars(item) for item in raw.unread]}
            cloud.put(PATHS.metrics_key(DAY, run_id), json.dumps({**facts, "raw": seen}).encode())
            assert handle(message(raw_key(name))) == []
            assert len(cloud.started) == number + 1

    def test_starts_none_where_the_contract_leaves_it_out(self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RAW_OBJECTS", RawObjects(exclude=("*.txt",)).to_json())
        cloud.put_raw("events.json")
        assert handle(message(raw_key("notes.txt"))) == []
        assert cloud.started == {}


class TestDeletedObject:
    """Raw data is versioned: deleting an object's latest version brings the one before it back."""

    def deleted(self, name: str) -> dict[str, Any]:
        body = event("s3_object_created")
        del body["detail"]["object"]["size"]
        body |= {"detail-type": "Object Deleted"}
        body["detail"]["object"]["key"] = raw_key(name)
        return {**event("sqs_record"), "body": json.dumps(body)}

    def test_leads_to_a_rerun_of_what_is_left(self, cloud: Cloud) -> None:
        cloud.publish(Publication("events", str(DAY), version(fingerprint="0" * 32)))
        cloud.put_raw("events.json")
        assert handle(self.deleted("withdrawn.json")) == []
        assert list(cloud.started) == [first_name()]

    def test_leads_to_nothing_when_no_raw_data_is_left(self, cloud: Cloud) -> None:
        cloud.publish(Publication("events", str(DAY), version(fingerprint="0" * 32)))
        assert handle(self.deleted("events.json")) == []
        assert cloud.started == {}


class TestPartialFailure:
    def test_returns_only_the_messages_that_cannot_be_read(self, cloud: Cloud) -> None:
        cloud.put_raw("events.json")
        bad = {
            "text": "no json",
            "deep": "[" * 100_000,
            "list": "[]",
            "null": "null",
            "other": json.dumps({**event("s3_object_created"), "detail-type": "Object Restore Completed"}),
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

    def test_when_aws_denies_or_throttles_brings_the_message_back(
        self, cloud: Cloud, capsys: pytest.CaptureFixture[str]
    ) -> None:
        cloud.put_raw("events.json")
        answer("s3", "ListObjectsV2", status=403, body=s3_error("AccessDenied"))
        assert handle(message(raw_key())) == ["m1"]
        assert not_handled(capsys.readouterr().out) == [1]

    def test_is_counted_by_days_and_messages(self, cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
        for number in range(2):
            cloud.put_raw("events.json", day=DAY - timedelta(days=number))
            cloud.put(PATHS.publication_key(DAY - timedelta(days=number)), b"no record")
        records = [message(raw_key(day=DAY - timedelta(days=number % 2))) for number in range(6)]
        handle(*records, {**event("sqs_record"), "body": "no json"})
        assert not_handled(capsys.readouterr().out) == [3]

    def test_that_did_not_happen_is_not_counted(self, cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
        cloud.put_raw("events.json")
        handle(message(raw_key()))
        assert not_handled(capsys.readouterr().out) == []

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
def test_execution_names_fit_and_hold_date_fingerprint_arrival_and_a_number(dataset: str) -> None:
    arrived = datetime(2025, 1, 3, 2, 15, 4, 999_999, timezone(timedelta(hours=1)))
    raw = RawDay(PATHS.raw_prefix(DAY), (RawObject(raw_key(), 3, MD5, modified_at=arrived),))
    names = execution_names(dataset, DAY, raw)
    delivery = f"-2025-01-02-{raw.fingerprint[:16]}-20250103T011504"
    assert [name.partition(delivery)[2] for name in names] == ["", "-2", "-3"]
    assert len(names) == MOST_RUNS
    assert max(map(len, names)) <= 80
    (beginning,) = {name.partition(delivery)[0] for name in names}
    assert beginning == f"late-{dataset}"[: 80 - len(delivery) - 2]
    assert [is_last_run(name) for name in names] == [False, False, True]


@pytest.mark.parametrize(
    "name", ["run-2025-01-02-3", "late-events-2025-01-02-3", "7c1f0a52-96d3-4e0b-8f57-2f1f6f0a9b31"]
)
def test_an_execution_of_somebody_else_is_never_the_last_of_late_data(name: str) -> None:
    assert not is_last_run(name)
