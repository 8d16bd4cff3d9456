"""The AWS that the handlers meet in the tests: services in process, and answers that go wrong."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.backends import get_backend

from adapters.aws import client
from core.layout import DatasetPaths
from core.publication import Publication, Version, to_json
from shared.messages import Message

EVENTS = Path(__file__).resolve().parents[1] / "events"
REGION = "eu-central-1"
ACCOUNT = "123456789012"
BUCKET = f"prod-data-pipeline-{ACCOUNT}"
CHECKSUM = "a" * 64
JOB = "prod-events-curation"
DATABASE = "prod_data_pipeline"
TABLE = "curated_events"
PATHS = DatasetPaths("events", "app")
DAY = date(2025, 1, 2)
RUN_ID = "20250103T021504Z-9f3ac01b"


def event(name: str) -> dict[str, Any]:
    """A sample event of tests/events."""
    document: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return document


def version(*, fingerprint: str, run_id: str = RUN_ID, published_at: str = "2025-01-03T02:17:30.000+00:00") -> Version:
    return Version(
        run_id=run_id,
        location=f"s3://{BUCKET}/{PATHS.version_prefix(DAY, run_id)}outcome=accepted/",
        published_at=published_at,
        replaced_at=None,
        raw={"objects": 2, "bytes": 4567890, "fingerprint": fingerprint},
        contract={"id": "events", "version": "1.0.0", "checksum": CHECKSUM},
        rows_read=10250,
        rows_quarantined=50,
        duplicates_removed=200,
        rows_written=10000,
        files=1,
        bytes=123456,
    )


@dataclass
class Cloud:
    """One bucket, one table, one topic, one state machine; all calls are recorded as ``service:Operation``."""

    topic_arn: str
    state_machine_arn: str
    calls: list[str] = field(default_factory=list)

    def put_raw(self, name: str, data: bytes = b"{}\n", *, day: date = DAY) -> None:
        self.put(f"{PATHS.raw_prefix(day)}{name}", data)

    def put(self, key: str, data: bytes) -> None:
        client("s3").put_object(Bucket=BUCKET, Key=key, Body=data)

    def publish(self, record: Publication, *, day: date = DAY) -> None:
        """Publish a version as the job does: its files, its record, its partition."""
        current = record.current
        folder = current.location.removeprefix(f"s3://{BUCKET}/")
        for number in range(current.files):
            self.put(f"{folder}part-{number}.parquet", b"x" * (current.bytes // current.files))
        self.put(PATHS.publication_key(day), to_json(record))
        self.show(current.location, day=day)

    def show(self, location: str | None, *, day: date = DAY) -> None:
        """Let the catalog show a day there, or nowhere."""
        place = {"DatabaseName": DATABASE, "TableName": TABLE}
        found = client("glue").get_partitions(**place)["Partitions"]
        if [str(day)] in [partition["Values"] for partition in found]:
            client("glue").delete_partition(**place, PartitionValues=[str(day)])
        if location is not None:
            partition = {"Values": [str(day)], "StorageDescriptor": {"Location": location}}
            client("glue").create_partition(**place, PartitionInput=partition)

    def put_raw_parts(self, count: int) -> None:
        """Put many objects past the API, which would take its time."""
        bucket = get_backend("s3")[ACCOUNT]["aws"]
        for number in range(count):
            bucket.put_object(BUCKET, f"{PATHS.raw_prefix(DAY)}part-{number:04}.json", b"{}\n")

    def set_job_runs(self, *runs: tuple[str, date]) -> None:
        """Let Glue list these runs of the job: the state and the day of each, the latest first."""
        listed = [
            {"Id": f"jr_{number}", "JobRunState": state, "Arguments": {"--ingestion_date": str(day)}}
            for number, (state, day) in enumerate(runs)
        ]
        answer("glue", "GetJobRuns", status=200, body=json.dumps({"JobRuns": listed}))

    @property
    def sent(self) -> list[Message]:
        """What was published to the topic."""
        topic = get_backend("sns")[ACCOUNT][REGION].topics[self.topic_arn]
        return [Message(subject or "", text) for _, text, subject, *_ in topic.sent_notifications]

    @property
    def started(self) -> dict[str, Any]:
        """The inputs of the executions by their names."""
        sfn = client("stepfunctions")
        pages = sfn.get_paginator("list_executions").paginate(stateMachineArn=self.state_machine_arn)
        arns = {item["name"]: item["executionArn"] for page in pages for item in page["executions"]}
        return {name: json.loads(sfn.describe_execution(executionArn=arn)["input"]) for name, arn in arns.items()}

    def count_calls(self, service: str) -> None:
        def note(model: Any, **_: Any) -> None:
            self.calls.append(f"{service}:{model.name}")

        client(service).meta.events.register("before-call.*.*", note)


def answer(service: str, operation: str, *, status: int, body: str, only: int | None = None) -> Callable[[], int]:
    """Let AWS answer every attempt of an operation like this, or one of them; returns how many there were.

    A later answer takes the place of an earlier one.
    """
    attempts = []

    def reply(request: Any, **_: Any) -> AWSResponse | None:
        attempts.append(request.url)
        if only not in (None, len(attempts)):
            return None
        raw = BytesIO(body.encode())
        raw.stream = lambda *_a, **_k: iter([raw.read()])  # type: ignore[attr-defined]  # as urllib3's response has it
        return AWSResponse(request.url, status, HTTPHeaders(), raw)

    events, name = client(service).meta.events, client(service).meta.service_model.service_id.hyphenize()
    if earlier := _replies.get((service, operation)):
        events.unregister(f"before-send.{name}.{operation}", earlier)
    events.register_first(f"before-send.{name}.{operation}", reply)
    _replies[service, operation] = reply
    return lambda: len(attempts)


_replies: dict[tuple[str, str], Callable[..., AWSResponse | None]] = {}


def is_documented(message: Message) -> bool:
    """Say whether docs/alerts.md shows this very message."""
    document = (Path(__file__).resolve().parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")
    return f"```text\n{message.subject}\n\n{message.body}```" in document


def s3_error(code: str, message: str = "as told") -> str:
    return f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>1</RequestId></Error>"
