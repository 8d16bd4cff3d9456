"""Late data in every order of events: deliveries, runs that end in every way, events that come late, twice or mixed.

The functions are the real ones, on the services in process; what the job and Step Functions do is played here.
"""

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from moto.backends import get_backend

from adapters.s3 import S3Store
from alert.handler import handler as alert
from core.publication import Publication, RunInput
from core.publishing import Publications
from core.raw_day import RawDay, list_raw_day
from core.raw_objects import RawObjects
from core.runs import Runs
from late_data.handler import handler as late_data
from sensor.handler import handler as sensor
from shared.reruns import MOST_RUNS
from tests.lambdas.cloud import ACCOUNT, BUCKET, CHECKSUM, DAY, PATHS, REGION, Cloud, event, version

SEEDS = range(10)
STEPS = 30
GOOD, BAD, CRASHING = b'{"good": 1}\n', b'{"bad": 1}\n', b'{"crash": 1}\n'


@dataclass
class Run:
    """One execution: what it saw when its job listed the raw data, if it got there."""

    name: str
    given: dict[str, Any]
    seen: RawDay | None = None
    is_late: bool = True


@dataclass
class World:
    """What happens around the functions, one random step after the other."""

    cloud: Cloud
    chance: random.Random
    events: list[dict[str, Any]] = field(default_factory=list)
    running: list[Run] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    runs_of: Counter[str] = field(default_factory=Counter)
    deliveries_of: Counter[str] = field(default_factory=Counter)
    number: int = 0
    told: set[str] = field(default_factory=set)

    def deliver(self) -> None:
        """Put one of two objects there, as good, bad or breaking bytes."""
        name, data = self.chance.choice(["a.json", "b.json"]), self.chance.choice([GOOD, GOOD, BAD, BAD, CRASHING])
        self.cloud.put_raw(name, data)
        self.deliveries_of[self.raw().fingerprint] += 1
        body = event("s3_object_created")
        body["detail"]["object"] |= {"key": f"{PATHS.raw_prefix(DAY)}{name}", "size": len(data)}
        self.announce(body)

    def announce(self, body: dict[str, Any]) -> None:
        """Send an event to late data, sometimes twice."""
        self.events += [body] * self.chance.choice([1, 1, 1, 2])

    def start_by_hand(self) -> None:
        self.start({"ingestion_date": str(DAY), "force": False})

    def start_by_schedule(self) -> None:
        self.start({"scheduled_time": "2025-01-03T01:00:00Z", "wait_minutes": 120})

    def start(self, given: dict[str, Any]) -> None:
        self.number += 1
        self.running.append(Run(f"other-{self.number}", given, is_late=False))

    def take_up(self) -> None:
        """Play what the machine does with executions that late data started."""
        machines = get_backend("stepfunctions")[ACCOUNT][REGION].state_machines
        for execution in (item for machine in machines for item in machine.executions):
            if execution.name not in self.known:
                self.known.add(execution.name)
                self.running.append(Run(execution.name, json.loads(execution.execution_input)))

    def advance(self) -> None:
        """Let one execution go on: look at the raw data, or end in one of the ways."""
        if not self.running:
            return
        run = self.chance.choice(self.running)
        if run.seen is None:
            self.look(run)
        else:
            self.finish(run)

    def look(self, run: Run) -> None:
        if any(other.seen is not None for other in self.running):
            return  # the sensor lets it wait
        asked = {key: value for key, value in run.given.items() if key != "wait_minutes"}
        answer = sensor(asked, None)
        if answer["status"] in {"unchanged", "refused", "changed_since"}:
            self.end(run, "SUCCEEDED", output={"ingestion_date": str(DAY), "status": answer["status"]})
        else:
            run.seen = self.raw()
            self.runs_of[run.seen.fingerprint] += run.is_late

    def finish(self, run: Run) -> None:
        raw = run.seen
        assert raw is not None
        contents = {self.read(item.key) for item in raw.objects}
        if self.chance.random() < 0.25:
            self.stop(run)
        elif raw.fingerprint != self.raw().fingerprint and self.chance.random() < 0.5:
            self.fail(run, raw, "error", f"{DAY}: raw object changed while it was read; run the date again")
        elif CRASHING in contents:
            self.fail(run, raw, "error", f"{DAY}: a.json is not a complete gzip file; run the date again")
        elif BAD in contents:
            self.fail(run, raw, "gate_failed", f"{DAY}: null rate of user_id is 12 %, limit 3 %")
        else:
            self.publish(run, raw)

    def publish(self, run: Run, raw: RawDay) -> None:
        run_id = self.run_id()
        before = Publications(S3Store(BUCKET), PATHS, None).records.read(DAY).record
        blocked: tuple[RunInput, ...] = () if before is None else before.blocked
        self.cloud.publish(
            Publication("events", str(DAY), version(fingerprint=raw.fingerprint, run_id=run_id), (), blocked)
        )
        self.leave_metrics(run_id, raw, "published", None)
        self.end(run, "SUCCEEDED", output={"ingestion_date": str(DAY), "status": "published"})

    def fail(self, run: Run, raw: RawDay, status: str, message: str) -> None:
        run_id = self.run_id()
        report = f"s3://{BUCKET}/{PATHS.metrics_key(DAY, run_id)}"
        message = f"{message}; report {report}; fix it, then: run again" if status == "gate_failed" else message
        self.leave_metrics(run_id, raw, status, message)
        job = event("glue_job_failed_gate")
        job["detail"]["message"] = message
        job_run = {"Id": job["detail"]["jobRunId"], "JobRunState": "FAILED", "ErrorMessage": message}
        if self.chance.random() < 0.9:
            self.tell(job, raw.fingerprint)
        self.end(run, "FAILED", error="States.TaskFailed", cause=json.dumps(job_run))

    def stop(self, run: Run) -> None:
        """People stop it; sometimes it only runs out of time, without any metrics."""
        status = self.chance.choice(["ABORTED", "ABORTED", "TIMED_OUT"])
        self.end(run, status, cause="wrong date" if status == "ABORTED" else None)

    def end(self, run: Run, status: str, *, output: object = None, **detail: object) -> None:
        self.running.remove(run)
        body = event("execution_succeeded" if status == "SUCCEEDED" else "execution_timed_out")
        body["detail"] |= {"status": status, "name": run.name, "input": json.dumps(run.given), **detail}
        body["detail"]["executionArn"] = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:events-pipeline:{run.name}"
        body["detail"]["output"] = None if output is None else json.dumps(output)
        for machine in get_backend("stepfunctions")[ACCOUNT][REGION].state_machines:
            for execution in machine.executions:
                if execution.name == run.name:
                    execution.status = status
        if status != "SUCCEEDED":
            self.tell(body, None if run.seen is None else run.seen.fingerprint)
        self.announce(body)

    def tell(self, body: dict[str, Any], fingerprint: str | None) -> None:
        before = len(self.cloud.sent)
        alert(body, None)
        if fingerprint is not None and len(self.cloud.sent) > before:
            self.told.add(fingerprint)

    def handle(self) -> None:
        """Deliver some of the waiting events, in any order."""
        self.chance.shuffle(self.events)
        count = self.chance.randint(1, 3)
        batch, self.events = self.events[:count], self.events[count:]
        records = [
            {**event("sqs_record"), "messageId": str(at), "body": json.dumps(body)} for at, body in enumerate(batch)
        ]
        assert late_data({"Records": records}, None) == {"batchItemFailures": []}
        self.take_up()

    def come_to_rest(self) -> None:
        for _ in range(400):
            if self.events:
                self.handle()
            elif self.running:
                self.advance()
            else:
                return
        raise AssertionError("it does not come to rest")

    def raw(self) -> RawDay:
        return list_raw_day(S3Store(BUCKET), PATHS, DAY, RawObjects())

    def read(self, key: str) -> bytes:
        content = S3Store(BUCKET).read(key)
        assert content is not None
        return content.data

    def run_id(self) -> str:
        self.number += 1
        return f"20250104T{self.number:06}Z-{self.number:08x}"

    def leave_metrics(self, run_id: str, raw: RawDay, status: str, message: str | None) -> None:
        document = {
            "schema_version": 1,
            "run_id": run_id,
            "status": status,
            "message": message,
            "started_at": run_id,
            "contract": {"checksum": CHECKSUM},
            "raw": {"fingerprint": raw.fingerprint, "unread": []},
            "checks": [],
        }
        self.cloud.put(PATHS.metrics_key(DAY, run_id), json.dumps(document).encode())


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("is_due", [True, False])
def test_the_last_delivery_is_published_or_refused_or_people_know_of_it(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, seed: int, *, is_due: bool
) -> None:
    if not is_due:  # so the day is left to the schedule, whose run has begun
        monkeypatch.setenv("SCHEDULE", "off")
        monkeypatch.setenv("FRESHNESS_HOURS", "99999")
    world = World(cloud, random.Random(seed))
    steps = [world.deliver] * 3 + [world.handle] * 4 + [world.advance] * 6 + [world.start_by_hand]
    world.deliver()
    world.start_by_schedule()
    for _ in range(world.chance.choice([2, 4, 6, STEPS])):
        world.chance.choice(steps)()
    world.deliver()
    world.come_to_rest()
    last, record = world.raw().fingerprint, Publications(S3Store(BUCKET), PATHS, None).records.read(DAY).record
    is_published = record is not None and record.current.input.fingerprint == last
    # A day that never got anywhere is told by the freshness check, once it is due.
    is_told_when_due = not is_due and record is None and Runs(S3Store(BUCKET), PATHS).latest_id(DAY) is None
    assert is_published or last in world.told or is_told_when_due, "nobody knows of the last delivery"
    for raw, runs in world.runs_of.items():
        assert runs <= MOST_RUNS * world.deliveries_of[raw], "late data runs a delivery too often"
